"""One walk over the text of a document: tags, attributes, text and islands, with exact positions.

The scanner is tolerant: it always gives a tree and never decides what is well-formed.  It notes what looks wrong and
what must be masked (expressions, and markup that is refused) so that a strict XML parser can judge the rest.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from apimpy.document.decode import decode, joined
from apimpy.document.islands import IslandFinder, starts_island
from apimpy.document.model import Attribute, Comment, Element, Encoding, Island, Node, Text
from apimpy.pattern import pattern
from apimpy.record import Record, field

if TYPE_CHECKING:
    from apimpy.diagnostics import Sink
    from apimpy.document.named_values import NamedValues
    from apimpy.source import SourceFile, SourceMap, Span

__all__ = ["MAX_DEPTH", "Scan"]

MAX_DEPTH = 128

_NAME = pattern(r"[^\s<>/=\"'&!?;]+")
_ATTRIBUTE = pattern(r"([^\s<>/=\"'&]+)(\s*=\s*)([\"'])")
_JUNK = pattern(r"[^\s<>/]+|/")
_SPACE = pattern(r"\s*")
_END_TAG = pattern(r"</([^\s<>/=\"'&]*)\s*(>?)")
_STRAY = pattern(r"(?<!@)@(?:\(|\{(?!\{\s*[A-Za-z0-9_.\-]+\s*\}\}))")
_ESCAPED = pattern(r"@@(?=[({])")
_NOT_BREAK = pattern(r"[^\r\n]")


class _Open(Record):
    """An element whose end has not come yet."""

    name: str
    start: int
    name_span: Span
    attributes: tuple[Attribute, ...]
    content: int
    is_liquid: bool
    """A Liquid template, or an element inside one."""
    nodes: list[Node] = field(default_factory=list)


class Scan:
    """The result: `roots`, `problems` (message, span) that a strict parser would refuse, `masked()`."""

    def __init__(self, file: SourceFile, sink: Sink, encoding: Encoding, names: NamedValues) -> None:
        self.file, self.text, self.sink, self.names = file, file.text, sink, names
        self.strict = encoding == "xml"
        self.finder = IslandFinder(file)
        self.roots: list[Element] = []
        self.problems: list[tuple[str, Span]] = []
        self.broken_island = False
        self._masks: list[tuple[int, int, str]] = []
        self._stack: list[_Open] = []
        self._too_deep = False
        self._run()

    def masked(self) -> str:
        """The text with expressions and refused markup blanked, line breaks kept, every length unchanged."""
        out, at = [], 0
        for start, end, fill in self._masks:
            if start >= at:
                out += [self.text[at:start], _NOT_BREAK.sub(fill, self.text[start:end])]
                at = end
        out.append(self.text[at:])
        return "".join(out)

    # --- text ---

    def _run(self) -> None:
        text, size, i = self.text, len(self.text), 0
        while i < size:
            first = self._skip(i)
            if self._stack and starts_island(text, first):
                i = self._text_island(i, first)
                continue
            lt = text.find("<", i)
            end = lt if lt >= 0 else size
            if end > i:
                self._run_of_text(i, end)
            i = self._markup(lt) if lt >= 0 else size
        for left in self._stack:
            self.problems.append((f"<{left.name}> is never closed", left.name_span))
        while self._stack:
            self._close(size, size)

    def _skip(self, i: int) -> int:
        m = _SPACE.match(self.text, i)
        return m.end() if m else i

    def _text_island(self, start: int, at: int) -> int:
        lt = self.text.find("<", at)
        bound = lt if lt >= 0 else len(self.text)
        close = self.finder.end(at, bound, strict=self.strict)
        if close is None:
            self._unterminated(at, bound)
            self._append_text(start, bound, literal=True)
            return bound
        self._masks.append((at, close[1], "x"))
        self._stack[-1].nodes.append(self._island(at, *close))
        return close[1]

    def _run_of_text(self, start: int, end: int) -> None:
        if self._stack:
            self._append_text(start, end)
            return
        first = self._skip(start)
        if first < end:
            self.problems.append(("text is not allowed outside the root element", self.file.span(first, end)))

    def _append_text(self, start: int, end: int, *, entities: bool = True, literal: bool = False) -> None:
        owner = self._stack[-1]
        text, map_ = decode(self.file, start, end, entities=entities)
        owner.nodes.append(self._literal(text, map_, self.file.span(start, end), owner.is_liquid, literal))

    def _literal(self, text: str, map_: SourceMap, span: Span, liquid: bool, literal: bool) -> Text | Island:
        """A literal value; an island when a named value brought one."""
        new, new_map = self.names.replace(text, map_, liquid=liquid)
        if new is not text and not literal:
            island = _whole_island(new, new_map, span)
            if island is not None:
                return island
        if "@" in text and not literal and not liquid:
            stray = _STRAY.search(text)
            if stray:
                self.sink.report(
                    "DOC010",
                    "an expression inside other text is not evaluated",
                    map_.span(*stray.span()),
                    help='make the whole value one expression: @("text " + …)',
                )
            escapes = [(m.start(), m.end(), "@") for m in _ESCAPED.finditer(new)]
            if escapes:
                new, new_map = new_map.replace(escapes, new)
        return Text(new, new_map, span)

    # --- islands ---

    def _island(self, start: int, close: int, end: int, *, entities: bool = True) -> Island:
        text, map_ = decode(self.file, start + 2, close, entities=entities)
        text, map_ = self.names.replace(text, map_)
        return Island(text, map_, self.text[start + 1] == "{", self.file.span(start, end))

    def _unterminated(self, start: int, bound: int) -> None:
        bracket = self.text[start + 1]
        kind, closing = ("code block", "}") if bracket == "{" else ("explicit expression block", ")")
        self.broken_island = True
        self._masks.append((start, bound, "x"))
        self.sink.report(
            "DOC003",
            f'The {kind} is missing a closing "{closing}" character. Make sure you have a matching "{closing}" '
            f'character for all the "{bracket}" characters within this block',
            self.file.span(start, bound),
        )

    # --- markup ---

    def _markup(self, lt: int) -> int:
        text = self.text
        if text.startswith("<!--", lt):
            return self._comment(lt)
        if text.startswith("<![CDATA[", lt):
            return self._cdata(lt)
        if text.startswith("<?", lt):
            end = text.find("?>", lt)
            end = len(text) if end < 0 else end + 2
            if lt == 0 and text.startswith("<?xml", lt):
                self._masks.append((lt, end, " "))  # its encoding speaks of bytes we no longer have
            return end
        if text.startswith("<!", lt):
            return self._declaration(lt)
        if text.startswith("</", lt):
            return self._end_tag(lt)
        m = _NAME.match(text, lt + 1)
        if m is None:
            self.problems.append(("'<' does not start a tag here; write &lt;", self.file.span(lt, lt + 1)))
            if self._stack:
                self._append_text(lt, lt + 1)
            return lt + 1
        return self._start_tag(lt, m)

    def _comment(self, lt: int) -> int:
        end = self.text.find("-->", lt + 4)
        if end < 0:
            self.problems.append(("the comment is never closed", self.file.span(lt, lt + 4)))
            return len(self.text)
        inner = self.text[lt + 4 : end]
        dashes = inner.find("--")
        if dashes >= 0 or inner.endswith("-"):
            at = lt + 4 + (dashes if dashes >= 0 else len(inner) - 1)
            self.problems.append(("'--' is not allowed inside a comment", self.file.span(at, at + 2)))
        if self._stack:
            self._stack[-1].nodes.append(Comment(inner, self.file.span(lt, end + 3)))
        return end + 3

    def _cdata(self, lt: int) -> int:
        start = lt + 9
        end = self.text.find("]]>", start)
        if end < 0 or not self._stack:
            where = self.file.span(lt, start)
            self.problems.append(("a CDATA section is never closed, or stands outside the root element", where))
            return start if end < 0 else end + 3
        first = self._skip(start)
        close = None
        if first < end and starts_island(self.text, first):
            close = self.finder.end(first, end, strict=True, entities=False)
            if close is None:
                self._unterminated(first, end)
        if close is not None and self._skip(close[1]) >= end:
            self._stack[-1].nodes.append(self._island(first, *close, entities=False))
        else:
            self._append_text(start, end, entities=False)
        return end + 3

    def _declaration(self, lt: int) -> int:
        """`<!DOCTYPE …>` and its like: refused, and never shown to the XML parser."""
        depth, i = 0, lt
        for m in re.finditer(r"[<>]", self.text[lt:]):
            depth += 1 if m[0] == "<" else -1
            if depth == 0:
                i = lt + m.end()
                break
        else:
            i = len(self.text)
        self._masks.append((lt, i, " "))
        self.sink.report("DOC005", "document type declarations are not allowed in a policy", self.file.span(lt, i))
        return i

    def _end_tag(self, lt: int) -> int:
        m = _END_TAG.match(self.text, lt)
        assert m is not None
        name, end = m[1], m.end()
        span = self.file.span(lt, end)
        if not m[2]:
            self.problems.append((f"the end tag </{name}> has no '>'", span))
        if not self._stack:
            self.problems.append((f"</{name}> closes nothing", span))
        elif self._stack[-1].name == name:
            self._close(lt, end)
        else:
            top = self._stack[-1]
            line, _ = top.name_span.line_col
            self.problems.append((f"</{name}> closes <{top.name}> of line {line}", span))
            if any(o.name == name for o in self._stack):
                while self._stack[-1].name != name:
                    self._close(lt, lt)
                self._close(lt, end)
        return end

    def _start_tag(self, lt: int, m: re.Match[str]) -> int:
        text, name, i = self.text, m[0], m.end()
        name_span = self.file.span(lt + 1, i)
        if self.roots and not self._stack:
            self.problems.append(("a document has one root element", name_span))
        attributes: list[Attribute] = []
        while True:
            i = self._skip(i)
            if text.startswith("/>", i):
                self._open(name, lt, name_span, attributes, i + 2)
                self._close(i + 2, i + 2)
                return i + 2
            if text.startswith(">", i):
                self._open(name, lt, name_span, attributes, i + 1)
                return i + 1
            found = _ATTRIBUTE.match(text, i)
            if found:
                i = self._attribute(found, attributes)
                continue
            junk = _JUNK.match(text, i)
            if junk is None:  # the end of the text, or the next tag
                self.problems.append((f"the start tag <{name}> has no '>'", name_span))
                self._open(name, lt, name_span, attributes, i)
                return i
            self.problems.append(
                (f'{_short(junk[0])} is no attribute: name="value" is expected', self.file.span(*junk.span()))
            )
            i = junk.end()

    def _attribute(self, m: re.Match[str], attributes: list[Attribute]) -> int:
        text, start, quote = self.text, m.end(), m[3]
        close = text.find(quote, start)
        if close < 0:
            close = _first(text, start, "<>")
            self.problems.append((f"the value of attribute {m[1]!r} is never closed", self.file.span(*m.span())))
        value: Text | Island | None = None
        first = self._skip(start)
        if starts_island(text, first) and first < close:
            found = self.finder.end(first, close, strict=self.strict)
            if found is None:
                self._unterminated(first, close)
            else:
                self._masks.append((first, found[1], "x"))
                after = self._skip(found[1])
                if text.startswith(quote, after):
                    value, close = self._island(first, *found), after
                else:
                    close = _first(text, found[1], quote)
                    self._text_after(self.file.span(found[1], close))
        if value is None:
            literal, map_ = decode(self.file, start, close, flat=True)
            value = self._literal(
                literal,
                map_,
                self.file.span(start, close),
                liquid=self._in_template(),
                literal=first < close and starts_island(text, first),
            )
            if "<" in literal and "<" in text[start:close] and not starts_island(text, first):
                at = text.index("<", start)
                self.problems.append(
                    ("'<' is not allowed in an attribute value; write &lt;", self.file.span(at, at + 1))
                )
        end = min(close + 1, len(text))
        if any(a.name == m[1] for a in attributes):
            self.problems.append((f"attribute {m[1]!r} appears twice", self.file.span(*m.span(1))))
        attributes.append(
            Attribute(
                m[1], value, self.file.span(m.start(), end), self.file.span(*m.span(1)), self.file.span(start, close)
            )
        )
        return end

    def _text_after(self, span: Span) -> None:
        self.sink.report(
            "DOC009",
            "text after an expression: the whole value must be one expression",
            span,
            help='join the parts in C#: @("Bearer " + token)',
        )

    # --- tree ---

    def _open(self, name: str, start: int, name_span: Span, attributes: list[Attribute], content: int) -> None:
        if len(self._stack) >= MAX_DEPTH and not self._too_deep:
            self._too_deep = True
            self.sink.report("DOC004", f"elements are nested deeper than {MAX_DEPTH} levels", name_span)
        liquid = self._in_template() or (name == "set-body" and any(map(_says_liquid, attributes)))
        self._stack.append(_Open(name, start, name_span, tuple(attributes), content, liquid))

    def _in_template(self) -> bool:
        return bool(self._stack) and self._stack[-1].is_liquid

    def _close(self, content_end: int, end: int) -> None:
        o = self._stack.pop()
        element = Element(
            o.name,
            o.attributes,
            tuple(o.nodes),
            self.file.span(o.start, end),
            o.name_span,
            self.file.span(o.content, max(o.content, content_end)),
            tuple(n for n in o.nodes if isinstance(n, Element)),
            self._value(o),
        )
        if self._stack:
            self._stack[-1].nodes.append(element)
        else:
            self.roots.append(element)

    def _value(self, o: _Open) -> Text | Island | None:
        runs = [n for n in o.nodes if isinstance(n, (Text, Island))]
        solid = [n for n in runs if isinstance(n, Island) or not (n.value.isspace() or not n.value)]
        if not solid:
            return None
        island = next((n for n in solid if isinstance(n, Island)), None)
        if island is not None and len(solid) == 1:
            return island
        span = solid[0].span.cover(solid[-1].span)
        if island is not None:
            if solid[0] is island:
                self._text_after(solid[1].span)
            # an expression among other text is text, brackets and all
            return Text(*decode(self.file, span.start, span.end), span)
        parts = [(n.value, n.map) for n in runs if isinstance(n, Text)]
        return Text(*joined(parts, (self.file, o.content)), span)


def _first(text: str, start: int, chars: str) -> int:
    """The first of the characters at or after start, else the end."""
    found = [i for i in (text.find(c, start) for c in chars) if i >= 0]
    return min(found, default=len(text))


def _short(text: str) -> str:
    return repr(text if len(text) <= 40 else text[:40] + "…")


def _whole_island(text: str, map_: SourceMap, span: Span) -> Island | None:
    """The island that a value became when named values were put in, if it is nothing else."""
    from apimpy.csharp.lexer import find_end

    stripped = text.strip()
    if not starts_island(stripped, 0) or find_end(stripped, 0) != len(stripped):
        return None
    lead = len(text) - len(text.lstrip())
    cuts = [(0, lead + 2, ""), (lead + len(stripped) - 1, len(text), "")]
    source, inner = map_.replace(cuts, text)
    return Island(source, inner, stripped[1] == "{", span)


def _says_liquid(a: Attribute) -> bool:
    return a.name == "template" and isinstance(a.value, Text) and a.value.value.strip().lower() == "liquid"
