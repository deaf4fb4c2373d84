"""Reading a mapping key by key: what is taken is known, what is left over was a mistake.

    section = Section(node, "an API", sink)
    path = section.text("path", default="")
    …
    section.done()          # reports the keys that nobody took

A wrong type, a missing key, a value out of range: one diagnostic each, at the value; the reader gets the default and
goes on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from apimpy.spell import nearest

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from apimpy.configuration.yaml_source import Entry, Node
    from apimpy.diagnostics import Sink
    from apimpy.source import Span

__all__ = ["Section", "items", "mapping", "said", "wrong_type"]

_SAID = {
    "map": "a mapping",
    "list": "a list",
    "text": "a text",
    "number": "a number",
    "bool": "true or false",
    "null": "nothing",
}


def said(node: Node) -> str:
    """What a node is, in words."""
    return _SAID[node.kind]


def wrong_type(node: Node, what: str, wanted: str, sink: Sink) -> None:
    """CFG005."""
    sink.report("CFG005", f"{what} is {wanted}, not {said(node)}", node.span)


def mapping(node: Node | None, what: str, sink: Sink) -> dict[str, Entry]:
    """The entries of a mapping; none, and a report, when it is something else."""
    if node is None or node.kind == "null":
        return {}
    if node.kind != "map":
        wrong_type(node, what, "a mapping", sink)
        return {}
    entries: dict[str, Entry] = node.value
    return entries


def items(node: Node | None, what: str, sink: Sink) -> list[Node]:
    """The items of a list; none, and a report, when it is something else."""
    if node is None or node.kind == "null":
        return []
    if node.kind != "list":
        wrong_type(node, what, "a list", sink)
        return []
    found: list[Node] = node.value
    return found


class Section:
    """One mapping.  `strict` False: keys nobody takes are of no interest (documents that others write).

    Texts are written for people: `what` is "an API", "the backend 'x'".
    """

    __slots__ = ("_entries", "_taken", "sink", "source", "span", "strict", "what")

    def __init__(self, node: Node, what: str, sink: Sink, *, strict: bool = True) -> None:
        self.what, self.sink, self.source, self.span = what, sink, node, node.span
        self.strict = strict
        self._entries = mapping(node, what, sink)
        self._taken: list[str] = []

    def __contains__(self, key: str) -> bool:
        return key in self._entries

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def node(self, key: str) -> Node | None:
        """What a key holds; None when it is not there or null."""
        if key not in self._taken:
            self._taken.append(key)
        entry = self._entries.get(key)
        return None if entry is None or entry.node.kind == "null" else entry.node

    def key_span(self, key: str) -> Span:
        """Where a key stands; the section when it is not there."""
        entry = self._entries.get(key)
        return self.span if entry is None else entry.key_span

    def at(self, key: str) -> Span:
        """Where a value stands; the section when there is none."""
        entry = self._entries.get(key)
        return self.span if entry is None else entry.node.span

    def required(self, key: str) -> Node | None:
        """What a key must hold; CFG006 when it does not."""
        node = self.node(key)
        if node is None and self.source.kind in ("map", "null"):  # anything else has been reported
            self.sink.report("CFG006", f"{self.what} needs the key '{key}'", self.span)
        return node

    def text(
        self, key: str, default: str = "", *, required: bool = False, choices: Sequence[str] = (), most: int = 0
    ) -> str:
        """A text; numbers are taken as they were written.  `choices` are compared ignoring case."""
        node = self.required(key) if required else self.node(key)
        if node is None:
            return default
        if node.kind not in ("text", "number"):
            wrong_type(node, f"'{key}'", "a text", self.sink)
            return default
        text = node.text
        if choices:
            found = next((c for c in choices if c.lower() == text.lower()), None)
            if found is None:
                near = nearest(text, choices)
                help_ = f"did you mean {near!r}?" if near else None
                message = f"'{key}' is one of {', '.join(choices)}, not {text!r}"
                self.sink.report("CFG007", message, node.span, help=help_)
                return default
            return found
        if required and not text:
            self.sink.report("CFG007", f"'{key}' is empty", node.span)
        if most and len(text) > most:
            self.sink.report("CFG007", f"'{key}' has {len(text)} characters; {most} are allowed", node.span)
        return text

    def optional(self, key: str) -> str | None:
        """A text that may be absent."""
        return self.text(key) if self.node(key) is not None else None

    def flag(self, key: str, default: bool = False) -> bool:
        """true or false; texts of lenient documents count too."""
        node = self.node(key)
        if node is None:
            return default
        if node.kind == "bool":
            return bool(node.value)
        if not self.strict and node.text.lower() in ("true", "false"):
            return node.text.lower() == "true"
        wrong_type(node, f"'{key}'", "true or false", self.sink)
        return default

    def number(self, key: str, *, least: int = 0, most: int | None = None) -> int | None:
        """A whole number."""
        node = self.node(key)
        if node is None:
            return None
        value: Any = node.value
        if not self.strict and node.kind == "text" and node.text.isascii() and node.text.isdigit():
            value = int(node.text)
        if not isinstance(value, int) or isinstance(value, bool):
            wrong_type(node, f"'{key}'", "a whole number", self.sink)
            return None
        if value < least or (most is not None and value > most):
            rule = f"at least {least}" if most is None else f"from {least} to {most}"
            self.sink.report("CFG007", f"'{key}' is {rule}, not {value}", node.span)
            return None
        return value

    def section(self, key: str, what: str | None = None) -> Section | None:
        """A mapping below this one."""
        node = self.node(key)
        if node is None:
            return None
        return Section(node, what or f"'{key}'", self.sink, strict=self.strict)

    def entries(self, key: str) -> dict[str, Entry]:
        """The entries of a mapping whose keys are names."""
        return mapping(self.node(key), f"'{key}'", self.sink)

    def items(self, key: str) -> list[Node]:
        """The items of a list."""
        return items(self.node(key), f"'{key}'", self.sink)

    def texts(self, key: str) -> list[Node]:
        """The items of a list of texts; a single text is a list of one."""
        node = self.node(key)
        if node is not None and node.kind in ("text", "number"):
            return [node]
        found = []
        for item in items(node, f"'{key}'", self.sink):
            if item.kind in ("text", "number"):
                found.append(item)
            else:
                wrong_type(item, f"an item of '{key}'", "a text", self.sink)
        return found

    def known(self, *keys: str) -> None:
        """Keys that mean nothing to us."""
        self._taken.extend(k for k in keys if k not in self._taken)

    def done(self, also: Iterable[str] = ()) -> None:
        """Report the keys that were not taken."""
        if not self.strict:
            return
        known = [*self._taken, *also]
        for key, entry in self._entries.items():
            if key not in known:
                near = nearest(key, known)
                help_ = f"did you mean '{near}'?" if near else f"keys: {', '.join(sorted(known))}"
                self.sink.report("CFG004", f"{self.what} has no key '{key}'", entry.key_span, help=help_)
