"""What a lint rule is: one class in one file, whose docstring is its page and whose examples are its tests.

    class OpenCredentials(Rule, code="SEC001", level=ERROR, elements=("cors",)):
        \"\"\"`cors` lets every origin send credentials.

        ## What it does
        …
        ## Why
        …
        ## Avoid
        ```xml
        <cors allow-credentials="true">…</cors>
        ```
        ## Prefer
        …
        \"\"\"

        def check(self, document: Subject, report: Report) -> None:
            for cors in document.policies("cors"):
                report(cors, "every origin is allowed and may send credentials", help="list the origins")

The file is `apimpy/lint/rules/<category>/<name>.py`: folder and file are category and name (`_` for `-`).
A rule holds no state, reads `Subject` and nothing else, and never imports another rule.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from apimpy.diagnostics import Diagnostic, Fix, Kind, Severity
from apimpy.document.model import Attribute, Element, Island, Text
from apimpy.policy.base import Item
from apimpy.source import Span

if TYPE_CHECKING:
    from apimpy.diagnostics import Sink
    from apimpy.lint.expressions import Expression
    from apimpy.lint.subject import Subject

__all__ = ["CATEGORIES", "ERROR", "INFO", "WARNING", "Place", "Report", "Rule", "place"]

INFO, WARNING, ERROR = Severity.INFO, Severity.WARNING, Severity.ERROR

CATEGORIES = {
    "service": "what Azure refuses or changes when the document is saved",
    "runtime": "what fails or surprises when a request arrives",
    "security": "what lets in more than it should, or gives away what it should not",
    "ai-gateway": "policies in front of language models",
    "portability": "what does not run on every gateway, or will not run for ever",
    "style": "what is harder to read than it need be",
}
"""The folders of `rules`, in the order of the index of pages."""


class Rule:
    """A rule.  Subclasses say `code` in the class statement and write `check`."""

    code: ClassVar[str]
    name: ClassVar[str]
    """From the file: `open_credentials.py` is `open-credentials`."""
    category: ClassVar[str]
    """From the folder."""
    level: ClassVar[Severity] = WARNING
    kind: ClassVar[Kind] = "advice"
    elements: ClassVar[tuple[str, ...]] = ()
    """The rule is imported and run only for documents with one of these elements; empty: for every document."""
    whole: ClassVar[bool] = False
    """Run only where nothing was left out: a policy with an error is missing from what the rule would see."""

    def __init_subclass__(
        cls,
        *,
        code: str,
        level: Severity = WARNING,
        kind: Kind = "advice",
        elements: tuple[str, ...] = (),
        whole: bool = False,
    ) -> None:
        super().__init_subclass__()
        *_, folder, file = cls.__module__.split(".")
        cls.code, cls.level, cls.kind, cls.elements, cls.whole = code, level, kind, elements, whole
        cls.name, cls.category = file.replace("_", "-"), folder.replace("_", "-")

    def check(self, document: Subject, report: Report) -> None:
        """Look at a document and report what is found."""
        raise AssertionError(f"{type(self).__name__} has no check")


Place = Any
"""Where a finding is: a span, or whatever has one.  See `place`."""


def place(where: Place) -> Span:
    """The span of a policy or an item (its element's name), an element (its name), an attribute (its value), a text, an
    island or an expression (all of it)."""
    if isinstance(where, Span):
        return where
    if isinstance(where, Item):
        return where.source.name_span
    if isinstance(where, Element):
        return where.name_span
    if isinstance(where, Attribute):
        return where.value_span
    if isinstance(where, Island | Text):
        return where.span
    found: Expression = where
    return found.island.span


class Report:
    """Takes the findings of one rule: `report(place, message, help="what to do")`, with `fix=…` where one is known."""

    __slots__ = ("_rule", "_sink")

    def __init__(self, rule: Rule, sink: Sink) -> None:
        self._rule, self._sink = rule, sink

    def __call__(
        self,
        where: Place,
        message: str,
        *,
        help: str,
        fix: Fix | None = None,
        related: tuple[tuple[Span, str], ...] = (),
    ) -> None:
        """`message` is a sentence in the user's words without a full stop; `help` what to do about it."""
        rule = self._rule
        fixes = () if fix is None else (fix,)
        span = place(where)
        self._sink.add(Diagnostic(rule.code, message, span, rule.level, rule.kind, rule.name, help, related, fixes))
