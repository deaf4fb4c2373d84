"""Writes XML as .NET's XmlWriter does: indentation that leaves mixed content alone, prefixes made up where needed."""

from __future__ import annotations

from typing import Any

from apimpy.dotnet.exceptions import ArgumentException
from apimpy.dotnet.xml_.names import XML_URI, XMLNS_URI
from apimpy.dotnet.xml_.tree import (
    XAttribute,
    XCData,
    XComment,
    XContainer,
    XDocument,
    XDocumentType,
    XElement,
    XNode,
    XProcessingInstruction,
    XText,
    bounded,
)
from apimpy.pattern import pattern

__all__ = ["attribute_text", "markup"]

_INVALID = pattern("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_LONE = pattern("[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]")
_TEXT = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r\n": "\n", "\r": "\n"}
_TEXT_RE = pattern("[&<>]|\r\n?")
_VALUE = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "\t": "&#x9;", "\n": "&#xA;", "\r": "&#xD;"}
_VALUE_RE = pattern('[&<>"\t\n\r]')


@bounded
def markup(node: XNode, indent: bool, omit_duplicates: bool) -> str:
    """`node.ToString(options)`"""
    writer = _Writer(indent, omit_duplicates)
    if isinstance(node, XDocument):
        for child in node.nodes:
            writer.node(child)
    else:
        if isinstance(node, XText) and not isinstance(node, XComment):
            writer.mixed = True
        writer.node(node)
    return "".join(writer.out)


def attribute_text(attribute: XAttribute) -> str:
    """`attribute.ToString()`: the prefix comes from the element it is on."""
    uri, parent = attribute.name.uri, attribute.parent
    prefix: str | None = ""
    if uri:
        prefix = parent.prefix_of(uri) if parent is not None else {XML_URI: "xml", XMLNS_URI: "xmlns"}.get(uri)
    if prefix is None:
        return f'p1:{attribute.name.local}="{_escape_value(attribute.value)}" xmlns:p1="{_escape_value(uri)}"'
    name = f"{prefix}:{attribute.name.local}" if prefix else attribute.name.local
    return f'{name}="{_escape_value(attribute.value)}"'


def _check(text: str) -> None:
    if m := _INVALID.search(text):
        raise ArgumentException(f"'{m[0]}', hexadecimal value 0x{ord(m[0]):02X}, is an invalid character.")
    if not text.isascii() and _LONE.search(text):
        raise ArgumentException("The surrogate pair is invalid. Missing a low surrogate character.")


def _escape_text(text: str) -> str:
    _check(text)
    return _TEXT_RE.sub(lambda m: _TEXT[m[0]], text)


def _escape_value(text: str) -> str:
    _check(text)
    return _VALUE_RE.sub(lambda m: _VALUE[m[0]], text)


def _lines(text: str) -> str:
    _check(text)
    return text.replace("\r\n", "\n").replace("\r", "\n")


class _Writer:
    """XmlWriter: the stack of namespaces in scope, and the indenter that text switches off."""

    def __init__(self, indent: bool, omit_duplicates: bool) -> None:
        self.indent, self.omit = indent, omit_duplicates
        self.out: list[str] = []
        # prefix, namespace, and whether it still must be declared
        self.scope: list[list[Any]] = [["xmlns", XMLNS_URI, False], ["xml", XML_URI, False], ["", "", False]]
        self.level = 0
        self.mixed = False
        self.text_end = 0
        self.mixed_stack: list[bool] = []

    def _line(self) -> None:
        if self.indent and not self.mixed and self.text_end != len(self.out):
            self.out.append("\n" + "  " * self.level)

    def node(self, node: XNode) -> None:
        if isinstance(node, XElement):
            self._element(node)
        elif isinstance(node, XComment):
            self._line()
            text = _lines(node.value).replace("--", "- -").replace("--", "- -")
            self.out.append(f"<!--{text}{' ' if text.endswith('-') else ''}-->")
        elif isinstance(node, XText):
            self.mixed = True
            self.out.append(
                "<![CDATA[" + _lines(node.value).replace("]]>", "]]]]><![CDATA[>") + "]]>"
                if isinstance(node, XCData)
                else _escape_text(node.value)
            )
            self.text_end = len(self.out)
        elif isinstance(node, XProcessingInstruction):
            self._line()
            self.out.append(f"<?{node.target}{' ' + _lines(node.data) if node.data else ''}?>")
        elif isinstance(node, XDocumentType):
            self._line()
            self.out.append(_doctype(node))

    def _element(self, element: XElement) -> None:
        self._line()
        self.level += 1
        self.mixed_stack.append(self.mixed)
        base = len(self.scope)
        self.out.append(self._start(element, base))
        if element.empty:
            self.out[-1] += " />"
            self.level -= 1
        else:
            self.out[-1] += ">"
            self.mixed = False if self.level == 1 else self.mixed_stack[-1]
            content = len(self.out)
            for node in element.nodes:
                self.node(node)
            self.level -= 1
            if content != len(self.out):
                self._line()
            self.out.append(f"</{self._name_of(element, base)}>")
        self.mixed = self.mixed_stack.pop()
        del self.scope[base:]

    def _name_of(self, element: XElement, base: int) -> str:
        prefix = self.scope[base][0]
        return f"{prefix}:{element.name.local}" if prefix else element.name.local

    def _start(self, element: XElement, base: int) -> str:
        uri = element.name.uri
        prefix = _declared_prefix(element, uri, True) if uri else ""
        if prefix is None:
            prefix = self._known_prefix(uri) or ""
        self._imply(prefix, uri, base)
        parts = ["<" + self._name_of(element, base)]
        for attribute in element.attributes:
            parts.append(self._attribute(element, attribute, base))
        for known in reversed(self.scope[base:]):
            if known[2]:
                name = f"xmlns:{known[0]}" if known[0] else "xmlns"
                parts.append(f' {name}="{_escape_value(known[1])}"')
        return "".join(parts)

    def _attribute(self, element: XElement, attribute: XAttribute, base: int) -> str:
        uri, local = attribute.name.uri, attribute.name.local
        value = attribute.value
        if attribute.is_declaration:
            declared = attribute.prefix
            if self.omit and any(p == declared and u == value for p, u, _ in self.scope[:base]):
                self._explicit(declared, value, base)
                return ""
            self._explicit(declared, value, base)
            return f' {"xmlns:" + declared if declared else "xmlns"}="{_escape_value(value)}"'
        if not uri:
            return f' {local}="{_escape_value(value)}"'
        if uri == XML_URI:
            return f' xml:{local}="{_escape_value(value)}"'
        prefix = _declared_prefix(element, uri, False)
        if prefix is None:
            prefix = self._known_prefix(uri) or self._made_up()
        self._imply(prefix, uri, base)
        return f' {prefix}:{local}="{_escape_value(value)}"'

    def _made_up(self) -> str:
        name = f"p{len(self.scope) - 3}"
        taken = {known[0] for known in self.scope}
        i = 0
        while name + (str(i) if i else "") in taken:
            i += 1
        return name + (str(i) if i else "")

    def _known_prefix(self, uri: str) -> str | None:
        for at in range(len(self.scope) - 1, -1, -1):
            if self.scope[at][1] == uri:
                prefix = self.scope[at][0]
                if any(later[0] == prefix for later in self.scope[at + 1 :]):
                    return None
                return prefix  # type: ignore[no-any-return]
        return None

    def _imply(self, prefix: str, uri: str, base: int) -> None:
        """A prefix is used: it must be declared unless it is known with that meaning."""
        known: list[Any] | None = None
        for at in range(len(self.scope) - 1, -1, -1):
            if self.scope[at][0] == prefix:
                known = self.scope[at]
                if at >= base:
                    return
                break
        self.scope.append([prefix, uri, known is None or known[1] != uri])

    def _explicit(self, prefix: str, uri: str, base: int) -> None:
        for known in self.scope[base:]:
            if known[0] == prefix:
                if known[1] != uri:
                    from apimpy.dotnet.exceptions import XmlException

                    raise XmlException(
                        f"The prefix '{prefix}' cannot be redefined from '{known[1]}' to '{uri}' within the same "
                        "start element tag."
                    )
                known[2] = False
                return
        self.scope.append([prefix, uri, False])


def _declared_prefix(element: XElement, uri: str, allow_default: bool) -> str | None:
    """The prefix that declarations on the element and above give a namespace."""
    if uri == XML_URI:
        return "xml"
    hidden: set[str] = set()
    node: XContainer | None = element
    while isinstance(node, XElement):
        for attribute in reversed(node.attributes):
            if attribute.is_declaration:
                prefix = attribute.prefix
                if attribute.value == uri and prefix not in hidden and (allow_default or prefix):
                    return prefix
                hidden.add(prefix)
        node = node.parent
    return None


def _doctype(node: XDocumentType) -> str:
    out = "<!DOCTYPE " + node.name
    if node.public_id is not None:
        out += f' PUBLIC "{node.public_id}" "{node.system_id or ""}"'
    elif node.system_id is not None:
        out += f' SYSTEM "{node.system_id}"'
    if node.subset:
        out += f" [{node.subset}]"
    return out + ">"
