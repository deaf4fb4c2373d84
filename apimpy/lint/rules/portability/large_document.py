"""Documents that are too large for the chosen gateway."""

from __future__ import annotations

from typing import TYPE_CHECKING

from apimpy.lint.rule import ERROR, Rule

if TYPE_CHECKING:
    from apimpy.lint.rule import Report
    from apimpy.lint.subject import Subject

__all__ = ["LargeDocument"]

_LARGEST = 16 * 1024
"""Bytes of a document on a consumption gateway."""


class LargeDocument(Rule, code="PRT008", level=ERROR):
    """A document is larger than a consumption gateway takes.

    ## What it does

    Reports documents of more than 16 KiB when `--gateway` is `consumption`.

    ## Why

    The other gateways take 256 KiB; this one refuses to save the document.

    ## Avoid

    A document with 17,000 letters of remarks:

    ```xml gateway=consumption remarks=17000
    <set-method>GET</set-method>
    ```

    ## Prefer

    ```xml gateway=consumption
    <set-method>GET</set-method>
    ```
    """

    def check(self, document: Subject, report: Report) -> None:
        if document.gateway != "consumption" or document.is_fragment:
            return
        size = len(document.document.file.text.encode("utf-8", "replace"))
        if size > _LARGEST:
            message = f"the document has {size} bytes: a consumption gateway takes {_LARGEST}"
            report(document.document.root, message, help="put parts of it into fragments")
