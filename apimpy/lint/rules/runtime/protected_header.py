"""Headers that are the gateway's own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from apimpy.lint.edits import remove
from apimpy.lint.rule import Rule

if TYPE_CHECKING:
    from apimpy.lint.rule import Report
    from apimpy.lint.subject import Subject

__all__ = ["ProtectedHeader"]

_PROTECTED = ("connection", "content-length", "keep-alive", "transfer-encoding")


class ProtectedHeader(Rule, code="RUN011", elements=("set-header",)):
    """`set-header` names a header that policies cannot change.

    ## What it does

    Reports `set-header` for `Connection`, `Content-Length`, `Keep-Alive` and `Transfer-Encoding`, in any spelling.

    ## Why

    The gateway writes these itself, for every connection and every body; the policy is passed over.

    ## Avoid

    ```xml
    <set-header name="Content-Length" exists-action="override"><value>0</value></set-header>
    ```

    ## Prefer

    ```xml
    <set-body />
    ```
    """

    def check(self, document: Subject, report: Report) -> None:
        for policy in document.policies("set-header"):
            name = document.literal(policy, "name")
            if name is not None and name.strip().lower() in _PROTECTED:
                where = document.at(policy, "name")
                fix = remove(policy.source.span, "remove it")
                report(where, f"policies cannot change the header '{name}'", help="leave it to the gateway", fix=fix)
