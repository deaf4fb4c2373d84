"""`{{name}}`: replaced as text, after decoding and before an expression is compiled.

A value may bring quotes, brackets or a whole expression; references inside a value are not resolved again.  Braces
around anything but a name (Liquid) are left alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from apimpy.document.model import NamedValueUse
from apimpy.pattern import pattern
from apimpy.spell import nearest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from apimpy.diagnostics import Sink
    from apimpy.source import SourceMap

__all__ = ["REFERENCE", "NamedValues"]

REFERENCE = pattern(r"\{\{\s*([A-Za-z0-9_.\-]{1,256})\s*\}\}")


class NamedValues:
    """Replaces references in the values of one document and remembers every use.

    With `values` None (linting without secrets) references stay as they are and nothing is reported; so do references
    to a name whose value is None.
    """

    __slots__ = ("_sink", "_values", "uses")

    def __init__(self, values: Mapping[str, str | None] | None, sink: Sink) -> None:
        self._values, self._sink = values, sink
        self.uses: list[NamedValueUse] = []

    def replace(self, text: str, map_: SourceMap, *, liquid: bool = False) -> tuple[str, SourceMap]:
        """The text with known names replaced.  In Liquid templates an unknown name is the template's own."""
        if "{{" not in text:
            return text, map_
        edits: list[tuple[int, int, str]] = []
        for m in REFERENCE.finditer(text):
            name, span = m[1], map_.span(*m.span())
            value = None if self._values is None else self._values.get(name)
            if liquid and value is None:
                continue
            self.uses.append(NamedValueUse(name, span, value is not None))
            if value is not None:
                edits.append((*m.span(), value))
            elif self._values is not None and name not in self._values:
                near = nearest(name, self._values)
                help_ = f"did you mean {near!r}?" if near else "give it with --named-value or in the gateway file"
                self._sink.report("DOC007", f"Cannot find a property '{name}'", span, help=help_)
        return map_.replace(edits, text) if edits else (text, map_)
