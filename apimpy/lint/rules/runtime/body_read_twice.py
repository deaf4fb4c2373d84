"""Bodies that are read when they are gone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from apimpy.lint.order import between, sure
from apimpy.lint.origins import body_reads, certain
from apimpy.lint.rule import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from apimpy.lint.expressions import Expression
    from apimpy.lint.flow import Visit
    from apimpy.lint.rule import Report
    from apimpy.lint.subject import Subject
    from apimpy.source import Span

__all__ = ["BodyReadTwice"]

_RENEWS = (
    *("set-body", "json-to-xml", "xml-to-json", "find-and-replace", "xsl-transform", "redirect-content-urls"),
    *("forward-request", "base", "include-fragment", "invoke-request", "validate-content", "jsonp", "retry"),
)
"""After these the body may be another one."""


class BodyReadTwice(Rule, code="RUN005", kind="runtime", whole=True):
    """A body is read a second time, and was not kept by the first.

    ## What it does

    Reports a read of `context.Request.Body` or `context.Response.Body` behind another one that always happens and lacks
    `preserveContent: true`, when nothing in between gives the message a new body.

    ## Why

    A body is a stream.
    Without `preserveContent` the first read uses it up: the second throws, and the caller gets 500.

    ## Avoid

    ```xml outbound
    <set-variable name="id" value="@(context.Response.Body.As<JObject>().Value<string>("id"))" />
    <set-variable name="name" value="@(context.Response.Body.As<JObject>(true).Value<string>("name"))" />
    ```

    ## Prefer

    ```xml outbound
    <set-variable name="id" value="@(context.Response.Body.As<JObject>(true).Value<string>("id"))" />
    <set-variable name="name" value="@(context.Response.Body.As<JObject>(true).Value<string>("name"))" />
    ```
    """

    def check(self, document: Subject, report: Report) -> None:
        if sum(e.island.source.count("Body") for e in document.expressions()) < 2:
            return
        for path in ("context.Request.Body", "context.Response.Body"):
            for first, second in _pairs(document, path):
                line = first.line_col[0]
                what = path.split(".")[1].lower()
                message = f"the body of the {what} is gone: it was read in line {line} and not kept"
                report(second, message, help="read it with preserveContent: true there", related=((first, "here"),))


def _pairs(document: Subject, path: str) -> Iterator[tuple[Span, Span]]:
    reads = [
        (visit, expression, call, kept)
        for visit in document.flow.visits
        if visit.reachable and (path == "context.Request.Body" or visit.section == "outbound")
        for expression in document.expressions(visit.policy)
        for call, kept in body_reads(expression, path)
    ]
    told: set[int] = set()
    for at, (visit, expression, call, kept) in enumerate(reads):
        if kept or visit.policy.element in _RENEWS or not _always(expression, call):
            continue
        for other, elsewhere, again, _ in reads[at + 1 :]:
            if id(again) in told or not _same_body(document, visit, other):
                continue
            if other is visit and (elsewhere is not expression or not _always(expression, again)):
                continue
            told.add(id(again))
            yield expression.span(call), elsewhere.span(again)


def _always(expression: Expression, call: object) -> bool:
    return any(node is call for node in certain(expression.root))


def _same_body(document: Subject, first: Visit, second: Visit) -> bool:
    if first is second:
        return True
    if not sure(first, second) or any(c.element == "retry" for c in second.inside):
        return False
    return not any(v.policy.element in _RENEWS for v in between(document, first, second))
