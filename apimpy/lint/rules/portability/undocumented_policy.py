"""Policies that are in no reference."""

from __future__ import annotations

from typing import TYPE_CHECKING

from apimpy.lint.rule import INFO, Rule

if TYPE_CHECKING:
    from apimpy.lint.rule import Report
    from apimpy.lint.subject import Subject

__all__ = ["UndocumentedPolicy"]

_UNDOCUMENTED = ("cache-value", "invoke-request")


class UndocumentedPolicy(Rule, code="PRT003", level=INFO, elements=_UNDOCUMENTED):
    """A policy is in no reference of the platform.

    ## What it does

    Reports `cache-value` and `invoke-request`.

    ## Why

    They are known from the authoring toolkit only.
    What is not documented may change or go without notice, and behaves here as far as can be told from outside.

    ## Avoid

    ```xml
    <cache-value key="rates" variable-name="rates">
      <value>
        <set-variable name="rates" value="@(context.RequestId.ToString())" />
      </value>
    </cache-value>
    ```

    ## Prefer

    ```xml
    <cache-lookup-value key="rates" variable-name="rates" />
    <choose>
      <when condition="@(!context.Variables.ContainsKey("rates"))">
        <set-variable name="rates" value="@(context.RequestId.ToString())" />
        <cache-store-value key="rates" value="@((string)context.Variables["rates"])" duration="300" />
      </when>
    </choose>
    ```
    """

    def check(self, document: Subject, report: Report) -> None:
        for policy in document.policies(*_UNDOCUMENTED):
            help_ = "use documented policies, or accept that it may change"
            report(policy, f"<{policy.element}> is in no reference of the platform", help=help_)
