"""Variables that are read where they may not be set."""

from __future__ import annotations

from typing import TYPE_CHECKING

from apimpy.lint.rule import Rule

if TYPE_CHECKING:
    from apimpy.lint.flow import Flow, Read
    from apimpy.lint.rule import Report
    from apimpy.lint.subject import Subject

__all__ = ["UnsetVariable"]


class UnsetVariable(Rule, code="RUN003", kind="runtime", whole=True):
    """A variable is read where it may not be set yet.

    ## What it does

    Reports `context.Variables["name"]` where no policy sets the variable before, or only a branch of a `choose` that a
    request need not take.
    Nothing is said where another document may have set it: behind `<base />`, and in fragments.

    ## Why

    The indexer throws when there is no such variable, and the caller gets 500.

    ## Avoid

    ```xml
    <policies>
      <inbound>
        <choose>
          <when condition="@(context.Request.Headers.ContainsKey("x-team"))">
            <set-variable name="team" value="@(context.Request.Headers.GetValueOrDefault("x-team", ""))" />
          </when>
        </choose>
        <set-header name="x-owner" exists-action="override">
          <value>@((string)context.Variables["team"])</value>
        </set-header>
      </inbound>
    </policies>
    ```

    ## Prefer

    Set it on every way, or read it with `GetValueOrDefault`:

    ```xml
    <policies>
      <inbound>
        <choose>
          <when condition="@(context.Request.Headers.ContainsKey("x-team"))">
            <set-variable name="team" value="@(context.Request.Headers.GetValueOrDefault("x-team", ""))" />
          </when>
        </choose>
        <set-header name="x-owner" exists-action="override">
          <value>@(context.Variables.GetValueOrDefault<string>("team", "none"))</value>
        </set-header>
      </inbound>
    </policies>
    ```
    """

    def check(self, document: Subject, report: Report) -> None:
        if not any(e.uses for e in document.expressions()) and "return-response" not in document.elements:
            return
        flow = document.flow
        for read in flow.reads:
            if not read.required or read.visit.section == "on-error":
                continue
            help_ = f'set it before on every way, or read it with GetValueOrDefault("{read.name}", …)'
            if read.state == "unset":
                late = next((w for w in flow.writes if w.name == read.name), None)
                where = f"it is set in line {late.span.line_col[0]}, later" if late else "nothing sets it"
                report(read.span, f"the variable '{read.name}' is not set here: {where}", help=help_)
            elif read.state == "sometimes" and not _may_know(read, flow):
                report(read.span, f"the variable '{read.name}' is set on some ways to here only", help=help_)


def _may_know(read: Read, flow: Flow) -> bool:
    """The read stands in a branch of its own: its condition may be one that only holds when the variable is set."""
    for write in flow.writes:
        if write.name == read.name and write.order < read.order:
            apart = [c for c in read.visit.inside if not any(c is other for other in write.visit.inside)]
            if any(c.element in ("when", "otherwise") for c in apart):
                return True
    return False
