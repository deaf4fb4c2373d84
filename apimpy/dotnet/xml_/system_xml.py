"""The little of System.Xml that old policies use: XmlDocument with simple XPath, and XmlReader over a text.

An `XmlNode` is a view on a node of the LINQ tree; the XPath understood is location paths of names, `*`, `.`, `..`,
`@name`, `text()`, `//`, `local-name()='x'`, positions and equality predicates.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from apimpy.csharp.types import ClrType
from apimpy.dotnet.collections_.interfaces import boxed_enumerator
from apimpy.dotnet.decl import clr_type, enum_type
from apimpy.dotnet.exceptions import ArgumentOutOfRangeException
from apimpy.dotnet.system.string_io import read_to_end
from apimpy.dotnet.xml_.nodes import NODE_TYPES, node_
from apimpy.dotnet.xml_.parse import parse_document, parse_element
from apimpy.dotnet.xml_.tree import XAttribute, XContainer, XDocument, XElement, XObject
from apimpy.dotnet.xml_.xpath import evaluate

if TYPE_CHECKING:
    from collections.abc import Iterator

    from apimpy.dotnet.values import EnumValue

__all__ = ["XmlDocument", "XmlNode", "XmlReader"]

xml_formatting = enum_type("System.Xml.Formatting", ["None", "Indented"])


class XmlNode:
    """A node, or an attribute, of an XmlDocument."""

    __slots__ = ("owner", "target")

    def __init__(self, target: XObject, owner: XmlDocument) -> None:
        self.target, self.owner = target, owner

    @property
    def clr_type(self) -> Any:
        kind = "XmlElement" if isinstance(self.target, XElement) else "XmlNode"
        if isinstance(self.target, XAttribute):
            kind = "XmlAttribute"
        if isinstance(self.target, XDocument):
            kind = "XmlDocument"
        assert ClrType.universe is not None
        return ClrType.universe.named("System.Xml." + kind)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, XmlNode) and other.target is self.target

    def __hash__(self) -> int:
        return id(self.target)

    @property
    def nodes(self) -> list[Any]:
        return self.target.nodes if isinstance(self.target, XContainer) else []

    def view(self, target: XObject | None) -> XmlNode | None:
        return None if target is None else XmlNode(target, self.owner)

    def inner_text(self) -> str:
        if isinstance(self.target, XDocument):
            return "" if self.target.root is None else self.target.root.value
        return str(getattr(self.target, "value", ""))

    def set_inner_text(self, text: str) -> None:
        self.target.value = text or ""  # type: ignore[attr-defined]

    def outer(self) -> str:
        if isinstance(self.target, XAttribute):
            return self.target.clr_to_string()
        if isinstance(self.target, XDocument):
            head = self.target.declaration
            return ("" if head is None else head.clr_to_string()) + self.inner()
        return str(self.target.markup(False))  # type: ignore[attr-defined]

    def inner(self) -> str:
        return "".join(node.markup(False) for node in self.nodes) if self.nodes else ""

    def name(self) -> str:
        target = self.target
        if not isinstance(target, (XElement, XAttribute)):
            kind = getattr(target, "node_type", "")
            return f"#{'cdata-section' if kind == 'CDATA' else kind.lower()}"
        prefix = self.prefix()
        return f"{prefix}:{target.name.local}" if prefix else target.name.local

    def prefix(self) -> str:
        target = self.target
        owner = target if isinstance(target, XElement) else target.element
        if not isinstance(target, (XElement, XAttribute)) or not target.name.uri or owner is None:
            return ""
        if isinstance(target, XElement) and owner.namespace_of("") == target.name.uri:
            return ""
        return owner.prefix_of(target.name.uri) or ""

    def select(self, path: str, manager: Any = None) -> list[XmlNode]:
        names = {} if manager is None else manager.names
        return [XmlNode(found, self.owner) for found in evaluate(self.target, path, names)]


class XmlDocument(XmlNode):
    __slots__ = ("preserve",)

    def __init__(self) -> None:
        super().__init__(XDocument(), self)
        self.preserve = False

    def load(self, text: str | None) -> None:
        self.target = parse_document(text, preserve=self.preserve)


class XmlNodeList:
    __slots__ = ("items",)

    def __init__(self, items: list[XmlNode]) -> None:
        self.items = items

    def __iter__(self) -> Iterator[XmlNode]:
        return iter(self.items)

    def __len__(self) -> int:
        return len(self.items)

    def at(self, index: int) -> XmlNode | None:
        return self.items[index] if 0 <= index < len(self.items) else None


class XmlAttributes(XmlNodeList):
    __slots__ = ()

    def named(self, name: str) -> XmlNode | None:
        return next((a for a in self.items if a.name() == name), None)

    def require(self, index: int) -> XmlNode:
        if not 0 <= index < len(self.items):
            raise ArgumentOutOfRangeException("i", "Specified argument was out of the range of valid values.")
        return self.items[index]


class NamespaceManager:
    __slots__ = ("names",)

    def __init__(self, table: Any = None) -> None:
        self.names: dict[str, str] = {}

    def add(self, prefix: str, uri: str) -> None:
        self.names[prefix] = uri


class XmlReader:
    """A reader over a text whose nodes are visited in document order."""

    __slots__ = ("at", "document", "nodes", "owner")

    def __init__(self, text: str) -> None:
        self.owner = XmlDocument()
        self.document = parse_document(text)
        self.nodes = list(self.document.descendant_nodes())
        self.at = -1

    def read(self) -> bool:
        self.at = min(self.at + 1, len(self.nodes))
        return self.at < len(self.nodes)

    @property
    def current(self) -> Any:
        return self.nodes[self.at] if 0 <= self.at < len(self.nodes) else None

    def move_to_content(self) -> EnumValue:
        if self.at < 0:
            self.at = 0
        while self.current is not None and self.current.node_type in ("Comment", "ProcessingInstruction"):
            self.at += 1
        return self.node_type()

    def node_type(self) -> EnumValue:
        return NODE_TYPES[self.current.node_type if self.current is not None else "None"]

    def view(self) -> XmlNode:
        return XmlNode(self.current, self.owner)

    def to_following(self, name: str) -> bool:
        """Move on to the next element of that name."""
        while self.read():
            if isinstance(self.current, XElement) and self.view().name() == name:
                return True
        return False

    def take(self) -> Any:
        """The current node, and move behind it."""
        node = self.current
        inside = len(list(node.descendant_nodes())) if isinstance(node, XContainer) else 0
        self.at = min(self.at + 1 + inside, len(self.nodes))
        return node


_NAVIGABLE = "object, IEnumerable"
xml_node = clr_type("System.Xml.XmlNode", bases=_NAVIGABLE, python=XmlNode)
xml_element = clr_type("System.Xml.XmlElement", bases="XmlNode")
xml_attribute = clr_type("System.Xml.XmlAttribute", bases="XmlNode")
xml_document = clr_type("System.Xml.XmlDocument", bases="XmlNode", python=XmlDocument)
node_list = clr_type("System.Xml.XmlNodeList", bases=_NAVIGABLE, python=XmlNodeList)
attributes = clr_type("System.Xml.XmlAttributeCollection", bases=_NAVIGABLE, python=XmlAttributes)
manager_ = clr_type("System.Xml.XmlNamespaceManager", python=NamespaceManager)
table_ = clr_type("System.Xml.XmlNameTable")
reader_ = clr_type("System.Xml.XmlReader", bases="object, IDisposable", python=XmlReader)


def _children(node: XmlNode) -> XmlNodeList:
    return XmlNodeList([XmlNode(n, node.owner) for n in node.nodes])


def _attributes(node: XmlNode) -> list[XmlNode]:
    target = node.target
    return [XmlNode(a, node.owner) for a in target.attributes] if isinstance(target, XElement) else []


def _collection(node: XmlNode) -> XmlAttributes | None:
    return XmlAttributes(_attributes(node)) if isinstance(node.target, XElement) else None


def _end(node: XmlNode, at: int) -> XmlNode | None:
    return node.view(node.nodes[at]) if node.nodes else None


def _sibling(node: XmlNode, step: int) -> XmlNode | None:
    return node.view(node.target.sibling(step))  # type: ignore[attr-defined]


def _member(node: XmlNode, name: str) -> XmlNode | None:
    children = (XmlNode(n, node.owner) for n in node.nodes if isinstance(n, XElement))
    return next((c for c in children if c.name() == name), None)


def _first(node: XmlNode, path: str, manager: Any = None) -> XmlNode | None:
    found = node.select(path, manager)
    return found[0] if found else None


def _local(node: XmlNode) -> str:
    target = node.target
    return target.name.local if isinstance(target, (XElement, XAttribute)) else node.name()


def _uri(node: XmlNode) -> str:
    target = node.target
    return target.name.uri if isinstance(target, (XElement, XAttribute)) else ""


def _value(node: XmlNode) -> str | None:
    return None if isinstance(node.target, XContainer) else node.inner_text()


def _by_tag(node: XmlNode, name: str) -> XmlNodeList:
    target = node.target
    elements = target.descendants() if isinstance(target, XContainer) else iter(())
    views = [XmlNode(e, node.owner) for e in elements]
    return XmlNodeList([v for v in views if name in ("*", v.name())])


def _set_inner_xml(node: XmlNode, text: str) -> None:
    wrapper = parse_element(f"<x>{text}</x>")
    target = node.target
    assert isinstance(target, XContainer)
    target.remove_nodes()
    for child in list(wrapper.nodes):
        child.parent = None
        target.add(child)


def _get_attribute(node: XmlNode, name: str) -> str:
    attribute = XmlAttributes(_attributes(node)).named(name)
    return "" if attribute is None else attribute.inner_text()


xml_node.prop("string Name", XmlNode.name)
xml_node.prop("string LocalName", _local)
xml_node.prop("string NamespaceURI", _uri)
xml_node.prop("string Prefix", XmlNode.prefix)
xml_node.prop("string InnerText", XmlNode.inner_text, XmlNode.set_inner_text)
xml_node.prop("string InnerXml", XmlNode.inner, _set_inner_xml)
xml_node.prop("string OuterXml", XmlNode.outer)
xml_node.prop("string? Value", _value, XmlNode.set_inner_text)
xml_node.prop("XmlNodeType NodeType", lambda node: NODE_TYPES[getattr(node.target, "node_type", "Attribute")])
xml_node.prop("XmlNodeList ChildNodes", _children)
xml_node.prop("XmlAttributeCollection? Attributes", _collection)
xml_node.prop("XmlNode? FirstChild", lambda node: _end(node, 0))
xml_node.prop("XmlNode? LastChild", lambda node: _end(node, -1))
xml_node.prop("XmlNode? ParentNode", lambda node: node.view(node.target.parent))
xml_node.prop("XmlNode? NextSibling", lambda node: _sibling(node, 1))
xml_node.prop("XmlNode? PreviousSibling", lambda node: _sibling(node, -1))
xml_node.prop("bool HasChildNodes", lambda node: bool(node.nodes))
xml_node.prop("XmlDocument? OwnerDocument", lambda node: None if node is node.owner else node.owner)
xml_node.indexer("XmlElement? this[string name]", _member)
xml_node.method("XmlNode? SelectSingleNode(string xpath)", _first)
xml_node.method("XmlNode? SelectSingleNode(string xpath, XmlNamespaceManager nsmgr)", _first)
xml_node.method("XmlNodeList? SelectNodes(string xpath)", lambda node, path: XmlNodeList(node.select(path)))
xml_node.method(
    "XmlNodeList? SelectNodes(string xpath, XmlNamespaceManager nsmgr)",
    lambda node, path, manager: XmlNodeList(node.select(path, manager)),
)
for _decl in (xml_element, xml_document):
    _decl.method("XmlNodeList GetElementsByTagName(string name)", _by_tag)
xml_element.method("string GetAttribute(string name)", _get_attribute)
xml_element.method(
    "bool HasAttribute(string name)", lambda node, name: XmlAttributes(_attributes(node)).named(name) is not None
)

xml_document.ctor("XmlDocument()", XmlDocument)
xml_document.method("void LoadXml(string xml)", XmlDocument.load)
xml_document.method("void Load(string filename)", unsupported="nothing is loaded from files or the network")
xml_document.prop("XmlElement? DocumentElement", lambda document: document.view(document.target.root))
xml_document.prop("XmlNameTable NameTable", lambda document: document)
xml_document.prop(
    "bool PreserveWhitespace", lambda document: document.preserve, lambda d, value: setattr(d, "preserve", value)
)

for _decl in (xml_node, node_list):
    _decl.method("System.Collections.IEnumerator GetEnumerator()", boxed_enumerator)
node_list.prop("int Count", len)
node_list.method("XmlNode? Item(int index)", XmlNodeList.at)
node_list.indexer("XmlNode? this[int i]", XmlNodeList.at)
attributes.prop("int Count", len)
attributes.indexer("XmlAttribute? this[string name]", XmlAttributes.named)
attributes.indexer("XmlAttribute this[int i]", XmlAttributes.require)
attributes.method("XmlNode? GetNamedItem(string name)", XmlAttributes.named)

manager_.ctor("XmlNamespaceManager(XmlNameTable nameTable)", NamespaceManager)
manager_.method("void AddNamespace(string prefix, string uri)", NamespaceManager.add)

reader_.method("static XmlReader Create(System.IO.TextReader input)", lambda source: XmlReader(read_to_end(source)))
reader_.method("static XmlReader Create(string inputUri)", unsupported="nothing is loaded from files or the network")
reader_.method("bool Read()", XmlReader.read)
reader_.method("XmlNodeType MoveToContent()", XmlReader.move_to_content)
reader_.prop("XmlNodeType NodeType", XmlReader.node_type)
reader_.prop("bool EOF", lambda reader: reader.at >= len(reader.nodes))
reader_.prop("string LocalName", lambda reader: reader.current.name.local if reader.current is not None else "")
reader_.prop("string Name", lambda reader: "" if reader.current is None else reader.view().name())
reader_.prop("string Value", lambda reader: "" if reader.current is None else _value(reader.view()) or "")
reader_.prop("bool HasAttributes", lambda reader: bool(getattr(reader.current, "attributes", ())))
reader_.prop("int AttributeCount", lambda reader: len(getattr(reader.current, "attributes", ())))
reader_.method(
    "string? GetAttribute(string name)",
    lambda reader, name: next((a.inner_text() for a in _attributes(reader.view()) if a.name() == name), None),
)
reader_.method("bool ReadToFollowing(string name)", XmlReader.to_following)
reader_.method("string ReadElementContentAsString()", lambda reader: reader.take().value)
reader_.method("string ReadOuterXml()", lambda reader: "" if reader.current is None else reader.take().markup(False))
reader_.method("void Dispose()", lambda _reader: None)
reader_.method("void Close()", lambda _reader: None)


def _read_from(reader: XmlReader) -> Any:
    node = reader.take()
    return None if node is None else node.copy()


node_.method("static XNode ReadFrom(XmlReader reader)", _read_from)
