"""XML as JSON, the way `JsonConvert.SerializeObject` writes an `XElement` or `XDocument`.

Attributes become `@name`, text beside other content `#text`, elements of one name an array.  Comments, which Json.NET
writes as comments of JavaScript, are left out.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from apimpy.dotnet.json_net.kinds import STRING
from apimpy.dotnet.json_net.tree import JArray, JObject, JToken, JValue, bounded
from apimpy.dotnet.xml_.names import XMLNS_URI, XName
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
)

__all__ = ["from_xml", "is_xml"]

Scope = dict[str, str]


@bounded
def from_xml(node: XNode | XAttribute) -> JToken:
    """The token of an XML object."""
    out = JObject()
    scope = _outer(node)
    if isinstance(node, XDocument):
        _declaration(node, out)
        _grouped(node.nodes, scope, out)
    elif isinstance(node, XAttribute):
        out.put(_name(node, scope), _text(node.value))
    elif not isinstance(node, XComment):
        out.put(_name(node, _inner(node, scope)), _value(node, scope))
    return out


def _text(value: str) -> JValue:
    return JValue.of(value, STRING)


def _outer(node: Any) -> Scope:
    """Prefixes by namespace that are declared around a node."""
    chain = []
    parent = node.parent
    while isinstance(parent, XElement):
        chain.append(parent)
        parent = parent.parent
    scope: Scope = {}
    for element in reversed(chain):
        scope = _inner(element, scope)
    return scope


def _inner(node: XNode, scope: Scope) -> Scope:
    if not isinstance(node, XElement):
        return scope
    declared = {a.value: "" if a.name.local == "xmlns" else a.name.local for a in node.attributes if a.is_declaration}
    return {**scope, **declared} if declared else scope


def _full(name: XName, scope: Scope) -> str:
    prefix = "xmlns" if name.uri == XMLNS_URI else scope.get(name.uri, "")
    return f"{prefix}:{name.local}" if prefix else name.local


def _name(node: XNode | XAttribute, scope: Scope) -> str:
    if isinstance(node, XElement):
        return _full(node.name, scope)
    if isinstance(node, XAttribute):
        return "@" + _full(node.name, scope)
    if isinstance(node, XProcessingInstruction):
        return "?" + node.target
    if isinstance(node, XDocumentType):
        return "!DOCTYPE"
    return "#cdata-section" if isinstance(node, XCData) else "#text"


def _value(node: XNode, scope: Scope) -> JToken:
    if isinstance(node, XText):
        return _text(node.value)
    if isinstance(node, XProcessingInstruction):
        return _text(node.data)
    if isinstance(node, XDocumentType):
        out = JObject()
        for name, value in (("name", node.name), ("public", node.public_id), ("system", node.system_id)):
            if value:
                out.put("@" + name, _text(value))
        return out
    assert isinstance(node, XElement)
    scope = _inner(node, scope)
    nodes = node.nodes
    if not node.attributes:
        if not nodes:
            return JValue(None) if node.empty else _text("")
        if len(nodes) == 1 and type(nodes[0]) is XText:
            return _text(nodes[0].value)
    out = JObject()
    for attribute in node.attributes:
        out.put(_name(attribute, scope), _text(attribute.value))
    _grouped(nodes, scope, out)
    return out


def _grouped(nodes: Iterable[XNode], scope: Scope, out: JObject) -> None:
    """Children by name, in the order of the first of each name."""
    groups: dict[str, list[XNode]] = {}
    for node in nodes:
        if not isinstance(node, XComment):
            groups.setdefault(_name(node, _inner(node, scope)), []).append(node)
    for name, members in groups.items():
        values = [_value(member, scope) for member in members]
        out.put(name, values[0] if len(values) == 1 else JArray(values))


def _declaration(document: XDocument, out: JObject) -> None:
    found = document.declaration
    if found is None:
        return
    members = JObject()
    for name, value in (("version", found.version), ("encoding", found.encoding), ("standalone", found.standalone)):
        if value:
            members.put("@" + name, _text(value))
    out.put("?xml", members)


def is_xml(value: Any) -> bool:
    """Whether a value is written as XML: containers and other nodes, and attributes."""
    return isinstance(value, (XContainer, XNode, XAttribute))
