"""YAML and JSON texts as trees of nodes that know their place.

    node = parse(SourceFile("gateway.yaml", text), sink)

Syntax errors and keys that appear twice are reported here; what the keys mean is the business of `fields` and `read`.
Scalars are read as YAML 1.2's core schema does: `yes`, `on` and dates are texts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from apimpy.pattern import pattern
from apimpy.record import Record
from apimpy.source import SourceFile, Span

if TYPE_CHECKING:
    from pathlib import Path

    from apimpy.diagnostics import Sink

__all__ = ["Entry", "Kind", "Node", "load", "parse", "parse_json", "parse_yaml", "plain", "read_text"]

Kind = Literal["map", "list", "text", "number", "bool", "null"]

MAX_SIZE = 32 << 20
_MAX_DEPTH = 100
_INT = pattern(r"[-+]?[0-9]+")
_FLOAT = pattern(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_JSON_NUMBER = pattern(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?")
_SPACE = pattern(r"[ \t\r\n]*")
_WORDS: dict[str, tuple[Kind, Any]] = {"true": ("bool", True), "false": ("bool", False), "null": ("null", None)}


class Node(Record, frozen=True):
    """`value`: a dict of `Entry` by key, a list of nodes, a text, a number, a bool or None."""

    kind: Kind
    value: Any
    span: Span
    text: str = ""
    """A scalar as it was written, quotes undone."""


class Entry(Record, frozen=True):
    """A key of a mapping, and what it holds."""

    key_span: Span
    node: Node


def load(path: str | Path, sink: Sink, *, at: Span | None = None, name: str | None = None) -> Node | None:
    """The tree of a file.  None after it has been reported why there is none; `at`: where the file was named."""
    text = read_text(path, sink, at=at, name=name)
    return None if text is None else parse(text, sink)


def read_text(path: str | Path, sink: Sink, *, at: Span | None = None, name: str | None = None) -> SourceFile | None:
    """The text of a file in UTF-8; CFG010 at `at` when it cannot be had."""
    shown = name or str(path)
    where = at or SourceFile(shown, "").span(0)
    try:
        with open(path, "rb") as f:
            data = f.read(MAX_SIZE + 1)
        if len(data) > MAX_SIZE:
            sink.report("CFG010", f"{shown} is too large: {MAX_SIZE >> 20} MiB are allowed", where)
            return None
        return SourceFile(shown, data.decode("utf-8-sig"))
    except OSError as error:
        sink.report("CFG010", f"cannot read {shown}: {error.strerror or error}", where)
    except UnicodeDecodeError as error:
        sink.report("CFG010", f"{shown} is not UTF-8 text: byte {error.start}", where)
    return None


def parse(file: SourceFile, sink: Sink) -> Node | None:
    """JSON for what is called `.json`, YAML for the rest."""
    return parse_json(file, sink) if file.name.lower().endswith(".json") else parse_yaml(file, sink)


def plain(node: Node) -> Any:
    """The value without positions."""
    if node.kind == "map":
        return {key: plain(entry.node) for key, entry in node.value.items()}
    if node.kind == "list":
        return [plain(item) for item in node.value]
    return node.value


# --- YAML -------------------------------------------------------------------------------------------------------------


def parse_yaml(file: SourceFile, sink: Sink) -> Node | None:
    """The tree of a YAML text; an empty one is null."""
    import yaml

    loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        root = yaml.compose(file.text, Loader=loader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
        at = mark.index if mark is not None else getattr(error, "position", 0)
        problem = getattr(error, "problem", None) or getattr(error, "reason", None) or "not YAML"
        sink.report("CFG002", f"not valid YAML: {problem}", file.span(min(at, len(file.text))))
        return None
    except RecursionError:
        sink.report("CFG002", "not valid YAML: nested too deeply", file.span(0))
        return None
    if root is None:
        return Node("null", None, file.span(0))
    return _Composed(file, sink).node(root, 0)


class _Composed:
    """PyYAML's nodes to ours.  An alias is its anchor's node again; one inside itself is refused."""

    def __init__(self, file: SourceFile, sink: Sink) -> None:
        self._file, self._sink = file, sink
        self._done: dict[int, Node] = {}
        self._open: set[int] = set()

    def node(self, raw: Any, depth: int) -> Node:
        found = self._done.get(id(raw))
        if found is not None:
            return found
        span = self._span(raw)
        if id(raw) in self._open or depth > _MAX_DEPTH:
            why = "an alias inside its own anchor" if id(raw) in self._open else "nested too deeply"
            self._sink.report("CFG002", f"not valid YAML: {why}", span)
            return Node("null", None, span)
        self._open.add(id(raw))
        if raw.id == "scalar":
            node = _scalar(raw, span)
        elif raw.id == "sequence":
            node = Node("list", [self.node(item, depth + 1) for item in raw.value], span)
        else:
            node = Node("map", self._entries(raw, depth), span)
        self._open.discard(id(raw))
        self._done[id(raw)] = node
        return node

    def _entries(self, raw: Any, depth: int) -> dict[str, Entry]:
        entries: dict[str, Entry] = {}
        merged: list[dict[str, Entry]] = []
        for key, value in raw.value:
            key_span = self._span(key)
            if key.id != "scalar":
                self._sink.report("CFG005", "a key is a text", key_span)
                continue
            node = self.node(value, depth + 1)
            if key.value == "<<" and not key.style:
                sources = node.value if node.kind == "list" else [node]
                merged += [source.value for source in sources if source.kind == "map"]
                continue
            if key.value in entries:
                _twice(key.value, key_span, entries[key.value].key_span, self._sink)
                continue
            entries[key.value] = Entry(key_span, node)
        for source in merged:
            for name, entry in source.items():
                entries.setdefault(name, entry)
        return entries

    def _span(self, raw: Any) -> Span:
        """A scalar as a whole; of a collection the first line."""
        start, end = raw.start_mark.index, raw.end_mark.index
        if raw.id != "scalar" or raw.style in ("|", ">"):
            line = self._file.text.find("\n", start, end)
            end = len(self._file.text[start : end if line < 0 else line].rstrip()) + start
        return self._file.span(start, end)


def _scalar(raw: Any, span: Span) -> Node:
    text: str = raw.value
    if raw.style:  # quoted, or a block: always a text
        return Node("text", text, span, text)
    word = _WORDS.get(text) or (_WORDS.get(text.lower()) if text.istitle() or text.isupper() else None)
    if word is not None:
        return Node(*word, span, text)
    if text in ("", "~"):
        return Node("null", None, span, text)
    if _INT.fullmatch(text) and len(text) < 20:
        return Node("number", int(text), span, text)
    if _FLOAT.fullmatch(text) and len(text) < 40:
        return Node("number", float(text), span, text)
    return Node("text", text, span, text)


def _twice(key: str, span: Span, first: Span, sink: Sink) -> None:
    line, _ = first.line_col
    message = f"the key '{key}' appears twice; the first one is in line {line}"
    sink.report("CFG003", message, span, related=((first, key),))


# --- JSON -------------------------------------------------------------------------------------------------------------


class _Broken(Exception):
    def __init__(self, message: str, at: int) -> None:
        super().__init__(message)
        self.message, self.at = message, at


def parse_json(file: SourceFile, sink: Sink) -> Node | None:
    """The tree of a JSON text."""
    reader = _Json(file, sink)
    try:
        node, at = reader.value(reader.skip(0), 0)
        at = reader.skip(at)
        if at != len(file.text):
            raise _Broken("text after the value", at)
    except _Broken as error:
        sink.report("CFG002", f"not valid JSON: {error.message}", file.span(min(error.at, len(file.text))))
        return None
    return node


class _Json:
    """A recursive reader; strings are taken apart by the standard library."""

    def __init__(self, file: SourceFile, sink: Sink) -> None:
        from json import JSONDecoder

        self._file, self._text, self._sink = file, file.text, sink
        self._decode = JSONDecoder().raw_decode

    def skip(self, at: int) -> int:
        found = _SPACE.match(self._text, at)
        return found.end() if found else at

    def value(self, at: int, depth: int) -> tuple[Node, int]:
        text = self._text
        if depth > _MAX_DEPTH:
            raise _Broken("nested too deeply", at)
        c = text[at : at + 1]
        if c == "{":
            return self._object(at, depth)
        if c == "[":
            return self._array(at, depth)
        if c == '"':
            value, end = self._string(at)
            return Node("text", value, self._file.span(at, end), value), end
        for word, (kind, constant) in _WORDS.items():
            if text.startswith(word, at):
                end = at + len(word)
                return Node(kind, constant, self._file.span(at, end), word), end
        number = _JSON_NUMBER.match(text, at)
        if number is None or len(number[0]) > 40:
            raise _Broken("a value is missing" if not c or c in "]},:" else f"unexpected {c!r}", at)
        whole = number[0].lstrip("-").isdigit()
        held = int(number[0]) if whole else float(number[0])
        return Node("number", held, self._file.span(at, number.end()), number[0]), number.end()

    def _string(self, at: int) -> tuple[str, int]:
        from json import JSONDecodeError

        try:
            value, end = self._decode(self._text, at)
        except JSONDecodeError as error:
            raise _Broken(error.msg[:1].lower() + error.msg[1:], error.pos) from None
        return str(value), end

    def _object(self, start: int, depth: int) -> tuple[Node, int]:
        entries: dict[str, Entry] = {}
        at = self.skip(start + 1)
        while self._text[at : at + 1] != "}":
            if entries or at != self.skip(start + 1):
                if self._text[at : at + 1] != ",":
                    raise _Broken("',' or '}' is missing", at)
                at = self.skip(at + 1)
            if self._text[at : at + 1] != '"':
                raise _Broken("a key in double quotes is missing", at)
            key, end = self._string(at)
            key_span = self._file.span(at, end)
            at = self.skip(end)
            if self._text[at : at + 1] != ":":
                raise _Broken("':' is missing", at)
            node, at = self.value(self.skip(at + 1), depth + 1)
            at = self.skip(at)
            if key in entries:
                _twice(key, key_span, entries[key].key_span, self._sink)
            else:
                entries[key] = Entry(key_span, node)
        return Node("map", entries, self._first_line(start, at + 1)), at + 1

    def _array(self, start: int, depth: int) -> tuple[Node, int]:
        items: list[Node] = []
        at = self.skip(start + 1)
        while self._text[at : at + 1] != "]":
            if items:
                if self._text[at : at + 1] != ",":
                    raise _Broken("',' or ']' is missing", at)
                at = self.skip(at + 1)
            node, at = self.value(at, depth + 1)
            items.append(node)
            at = self.skip(at)
        return Node("list", items, self._first_line(start, at + 1)), at + 1

    def _first_line(self, start: int, end: int) -> Span:
        line = self._text.find("\n", start, end)
        return self._file.span(start, end if line < 0 else line)
