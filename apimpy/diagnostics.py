"""Problems in what the user wrote: collected, sorted, printed; never raised.

A `Diagnostic` has a stable code, a span with both ends, a sentence in the user's words and help where we can guess.
Its `kind` says who would complain: *service* (Azure refuses to save it), *runtime* (fails when a request reaches it),
*advice* (our opinion), *unsupported* (valid there, not yet here).  C# problems carry the compiler's own code
(`CS0103`), ours a family and a number (`DOC` reading, `POL` shape and placement, `EXP` what policy expressions may not
do, `LNT` remarks to the linter, `CFG` configuration).  Rules of `lint` bring codes of their own.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import IntEnum
from typing import Any, Literal

from apimpy.record import Record, field
from apimpy.source import Span

__all__ = ["CODES", "Code", "Diagnostic", "Edit", "Fix", "Kind", "Severity", "Sink"]

Kind = Literal["service", "runtime", "advice", "unsupported"]


class Severity(IntEnum):
    INFO = 0
    WARNING = 1
    ERROR = 2

    def __str__(self) -> str:
        return self.name.lower()


class Code(Record, frozen=True, eq=True):
    """A kind of problem: what `lint` prints as code, name, severity and kind."""

    code: str
    name: str
    severity: Severity = Severity.ERROR
    kind: Kind = "service"


def _codes(*rows: Code) -> dict[str, Code]:
    return {r.code: r for r in rows}


_W, _I = Severity.WARNING, Severity.INFO
CODES = _codes(
    Code("DOC001", "unreadable-file", kind="service"),
    Code("DOC002", "not-well-formed"),
    Code("DOC003", "unterminated-expression"),
    Code("DOC004", "document-too-large"),
    Code("DOC005", "forbidden-markup"),
    Code("DOC006", "unknown-root"),
    Code("DOC007", "missing-named-value"),
    Code("DOC008", "missing-fragment"),
    Code("DOC009", "text-after-expression"),
    Code("DOC010", "expression-in-literal", _W, "advice"),
    Code("DOC011", "template-placeholder", _W, "advice"),
    Code("POL001", "unknown-policy"),
    Code("POL002", "section-placement"),
    Code("POL003", "unknown-attribute"),
    Code("POL004", "missing-attribute"),
    Code("POL005", "invalid-value"),
    Code("POL006", "unknown-element"),
    Code("POL007", "child-count"),
    Code("POL008", "unexpected-text"),
    Code("POL009", "expression-not-allowed"),
    Code("POL010", "attribute-combination"),
    Code("POL011", "base-placement"),
    Code("POL012", "backend-single-policy"),
    Code("POL013", "fragment-nesting"),
    Code("POL014", "repeated-policy"),
    Code("POL015", "section-repeated"),
    Code("POL016", "placement-advice", _W, "advice"),
    Code("POL017", "rewrite-parameter"),
    Code("POL018", "unsupported-policy", _W, "unsupported"),
    Code("POL019", "unsupported-option", _W, "unsupported"),
    Code("POL020", "deprecated-name", _W, "advice"),
    Code("EXP001", "type-not-allowed"),
    Code("EXP002", "member-not-allowed"),
    Code("EXP003", "return-type"),
    Code("EXP004", "unbraced-control-flow"),
    Code("EXP005", "feature-not-available"),
    Code("EXP006", "not-supported-yet", _W, "unsupported"),
    Code("EXP007", "object-string-comparison", _W, "advice"),
    Code("EXP008", "unresolved-named-value", _I, "advice"),
    Code("EXP009", "expression-too-large"),
    Code("EXP010", "possibly-null", _I, "advice"),
    Code("EXP011", "body-not-kept", _I, "advice"),
    Code("LNT001", "suppression-without-reason", _W, "advice"),
    Code("LNT002", "unused-suppression", _W, "advice"),
    Code("LNT003", "unknown-suppression", _W, "advice"),
    Code("CFG001", "invalid-configuration"),
    Code("CFG002", "syntax-error"),
    Code("CFG003", "duplicate-key"),
    Code("CFG004", "unknown-key"),
    Code("CFG005", "wrong-type"),
    Code("CFG006", "missing-key"),
    Code("CFG007", "invalid-setting"),
    Code("CFG008", "unknown-reference"),
    Code("CFG009", "duplicate-id"),
    Code("CFG010", "missing-file"),
    Code("CFG011", "value-missing", kind="runtime"),
    Code("CFG012", "invalid-template"),
    Code("CFG013", "several-open-products"),
    Code("CFG014", "duplicate-path"),
    Code("CFG015", "unsupported-setting", _W, "unsupported"),
    Code("CFG016", "orphan-operation-policy", _W, "advice"),
    Code("CFG017", "override-without-target", _W, "advice"),
    Code("CFG018", "invalid-description"),
    Code("CFG019", "repeated-key"),
    Code("CFG020", "version-in-path", _W, "advice"),
    Code("CFG021", "letter-case", _W, "advice"),
    Code("CFG022", "no-description", _W, "advice"),
    Code("CFG023", "subscription-without-key", _W, "advice"),
)


def _lookup(code: str) -> Code:
    known = CODES.get(code)
    if known is None:
        if not code.startswith("CS"):
            raise KeyError(f"unknown diagnostic code {code}")
        known = Code(code, "csharp-" + code[2:])
    return known


class Edit(Record, frozen=True, eq=True):
    span: Span
    text: str


class Fix(Record, frozen=True, eq=True):
    """A correction.  `safe`: the document does the same afterwards, so it may be made without being asked about."""

    title: str
    edits: tuple[Edit, ...]
    safe: bool = True


class Diagnostic(Record, frozen=True, eq=True):
    """One finding.  `severity` and `kind` default to those of the code's row in `CODES`."""

    code: str
    message: str
    span: Span
    severity: Severity
    kind: Kind
    name: str
    help: str | None = None
    related: tuple[tuple[Span, str], ...] = ()
    fixes: tuple[Fix, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """The public shape of `lint --format json`."""
        line, column = self.span.line_col
        end_line, end_column = self.span.file.line_col(self.span.end)
        return {
            "file": self.span.file.name,
            "line": line,
            "column": column,
            "end_line": end_line,
            "end_column": end_column,
            "code": self.code,
            "name": self.name,
            "severity": str(self.severity),
            "kind": self.kind,
            "message": self.message,
            "help": self.help,
        }

    def __str__(self) -> str:
        return f"{self.span}: {self.severity} {self.code} {self.message}"


class Sink(Record):
    """Collects diagnostics.  `report` never raises on what the user wrote; identical findings are kept once."""

    _items: dict[tuple[str, str, int, str], Diagnostic] = field(default_factory=dict)

    def report(
        self,
        code: str,
        message: str,
        span: Span,
        *,
        severity: Severity | None = None,
        kind: Kind | None = None,
        help: str | None = None,
        related: tuple[tuple[Span, str], ...] = (),
        fixes: tuple[Fix, ...] = (),
    ) -> Diagnostic:
        row = _lookup(code)
        item = Diagnostic(
            code,
            message,
            span,
            row.severity if severity is None else severity,
            row.kind if kind is None else kind,
            row.name,
            help,
            related,
            fixes,
        )
        self._items.setdefault((code, span.file.name, span.start, message), item)
        return item

    def add(self, item: Diagnostic) -> None:
        self._items.setdefault((item.code, item.span.file.name, item.span.start, item.message), item)

    def __iter__(self) -> Iterator[Diagnostic]:
        return iter(sorted(self._items.values(), key=lambda d: (d.span.file.name, d.span.start, d.span.end, d.code)))

    def __len__(self) -> int:
        return len(self._items)

    @property
    def errors(self) -> list[Diagnostic]:
        return [d for d in self if d.severity is Severity.ERROR]
