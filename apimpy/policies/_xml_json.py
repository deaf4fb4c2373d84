"""XML text to JSON text, as `xml-to-json` does it: two writers over one small tree.

Names keep their prefixes, so the tree is made of what the parser reads, not of expanded names.
No document type, no entities of one's own; depth is bounded.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from xml.parsers import expat

__all__ = ["WRITERS", "Node", "parsed", "to_json"]

_WHITE = " \t\r\n"
_MAX_DEPTH = 200


class Node:
    __slots__ = ("attributes", "content", "name")

    def __init__(self, name: str, attributes: list[tuple[str, str]]) -> None:
        self.name, self.attributes = name, attributes
        self.content: list[Node | str] = []

    @property
    def texts(self) -> list[str]:
        """Runs of text that are more than white space."""
        return [piece for piece in self.content if isinstance(piece, str) and piece.strip(_WHITE)]

    @property
    def elements(self) -> list[Node]:
        return [piece for piece in self.content if isinstance(piece, Node)]


def to_json(text: str, kind: str, *, always_array: bool) -> str:
    """`kind` is one of `WRITERS`.  ValueError with a sentence when the text is no XML."""
    version, root = parsed(text)
    document = WRITERS[kind](root, version, always_array)
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"))


# --- the tree ---------------------------------------------------------------------------------------------------------


class _Refused(Exception):
    """Well-formed, and not taken."""


def parsed(text: str) -> tuple[str | None, Node]:
    """The version of the XML declaration if there is one, and the root."""
    builder = _Builder()
    try:
        builder.parser.Parse(text.encode(), True)
    except UnicodeEncodeError:
        raise ValueError("The text has bytes that are no characters.") from None
    except expat.ExpatError as error:
        why = expat.ErrorString(error.code)
        raise ValueError(f"{why}. Line {error.lineno}, position {error.offset + 1}.") from None
    except _Refused as error:
        raise ValueError(str(error)) from None
    assert builder.root is not None
    return builder.version, builder.root


class _Builder:
    def __init__(self) -> None:
        self.version: str | None = None
        self.root: Node | None = None
        self.open: list[Node] = []
        self.prefixes: list[frozenset[str]] = [frozenset({"xml", "xmlns"})]
        self.text: list[str] = []
        parser = self.parser = expat.ParserCreate("utf-8")
        parser.ordered_attributes = True
        parser.buffer_text = True
        parser.XmlDeclHandler = self.declaration
        parser.StartDoctypeDeclHandler = self.doctype
        parser.StartElementHandler = self.start
        parser.EndElementHandler = self.end
        parser.CharacterDataHandler = self.text.append

    def declaration(self, version: str, encoding: str | None, standalone: int) -> None:
        self.version = version

    def doctype(self, *args: Any) -> None:
        raise _Refused("A document type is not allowed.")

    def start(self, tag: str, pairs: list[str]) -> None:
        self.flush()
        attributes = list(zip(pairs[::2], pairs[1::2], strict=True))
        declared = {name[6:] for name, _ in attributes if name.startswith("xmlns:")}
        scope = self.prefixes[-1] | declared
        for name in (tag, *(name for name, _ in attributes)):
            prefix, colon, local = name.partition(":")
            if colon and (prefix not in scope or not local or ":" in local):
                raise _Refused(f"'{prefix}' is an undeclared prefix. Line {self.parser.CurrentLineNumber}.")
        node = Node(tag, attributes)
        if self.open:
            self.open[-1].content.append(node)
        else:
            self.root = node
        self.open.append(node)
        self.prefixes.append(scope)
        if len(self.open) > _MAX_DEPTH:
            raise _Refused(f"Elements are nested deeper than {_MAX_DEPTH} levels.")

    def end(self, tag: str) -> None:
        self.flush()
        self.open.pop()
        self.prefixes.pop()

    def flush(self) -> None:
        if self.text and self.open:
            self.open[-1].content.append("".join(self.text))
        self.text.clear()


# --- direct -----------------------------------------------------------------------------------------------------------


def _direct(root: Node, version: str | None, always_array: bool) -> dict[str, Any]:
    """The structure of the XML: `@name` for attributes, `$` for the colon of a prefix, `#text` beside others."""
    document: dict[str, Any] = {} if version is None else {"version": version}
    document[_dollar(root.name)] = _direct_value(root, always_array)
    return document


def _direct_value(node: Node, always_array: bool) -> Any:
    elements, texts = node.elements, node.texts
    if not elements and not node.attributes:
        return "".join(texts) or None
    members: dict[str, Any] = {"@" + _dollar(name): value for name, value in node.attributes}
    _gather(members, node, _dollar, "#text", lambda n: _direct_value(n, always_array), always_array)
    return members


def _dollar(name: str) -> str:
    return name.replace(":", "$")


# --- javascript-friendly ----------------------------------------------------------------------------------------------


def _friendly(root: Node, version: str | None, always_array: bool) -> dict[str, Any]:
    """Plain members: no prefixes, no declarations; attributes like elements, `value` for text beside them."""
    return {_local(root.name): _friendly_value(root, always_array)}


def _friendly_value(node: Node, always_array: bool) -> Any:
    attributes = [(_local(n), v) for n, v in node.attributes if n != "xmlns" and not n.startswith("xmlns:")]
    elements, texts = node.elements, node.texts
    if not elements and not attributes:
        return "".join(texts) or None
    taken = {_local(child.name) for child in elements}
    members: dict[str, Any] = {}
    for name, value in attributes:
        members[f"@{name}" if name in taken or name in members else name] = value
    text_name = "#text" if "value" in taken or "value" in members else "value"
    _gather(members, node, _local, text_name, lambda n: _friendly_value(n, always_array), always_array)
    return members


def _local(name: str) -> str:
    return name.rpartition(":")[2]


def _gather(
    members: dict[str, Any],
    node: Node,
    rename: Callable[[str], str],
    text_name: str,
    value_of: Callable[[Node], Any],
    always_array: bool,
) -> None:
    """The content of an element by name, in order of first appearance; what is repeated becomes an array."""
    several: dict[str, list[Any]] = {}
    for piece in node.content:
        if isinstance(piece, Node):
            several.setdefault(rename(piece.name), []).append(value_of(piece))
        elif piece.strip(_WHITE):
            several.setdefault(text_name, []).append(piece)
    for name, values in several.items():
        keep = len(values) > 1 or (always_array and name != text_name)
        members[name] = values if keep else values[0]


WRITERS: dict[str, Callable[[Node, str | None, bool], dict[str, Any]]] = {
    "direct": _direct,
    "javascript-friendly": _friendly,
}
"""The kinds of conversion."""
