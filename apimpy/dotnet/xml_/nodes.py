"""C#'s `XObject`, `XNode` and the nodes without children: declarations over `tree`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from apimpy.csharp.types import ClrType
from apimpy.dotnet.decl import clr_type, enum_type
from apimpy.dotnet.exceptions import ArgumentException, ArgumentNullException, InvalidOperationException
from apimpy.dotnet.values import EnumValue, Query
from apimpy.dotnet.xml_.names import verify
from apimpy.dotnet.xml_.tree import (
    WHITE,
    XCData,
    XComment,
    XDeclaration,
    XDocumentType,
    XElement,
    XNode,
    XObject,
    XProcessingInstruction,
    XText,
    bounded,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["as_query", "node_", "object_"]

save_options = enum_type(
    "System.Xml.Linq.SaveOptions",
    {"None": 0, "DisableFormatting": 1, "OmitDuplicateNamespaces": 2},
    flags=True,
    allowed="",
)
load_options = enum_type(
    "System.Xml.Linq.LoadOptions",
    {"None": 0, "PreserveWhitespace": 1, "SetBaseUri": 2, "SetLineInfo": 4},
    flags=True,
    allowed="",
)
node_type = enum_type(
    "System.Xml.XmlNodeType",
    [
        "None",
        "Element",
        "Attribute",
        "Text",
        "CDATA",
        "EntityReference",
        "Entity",
        "ProcessingInstruction",
        "Comment",
        "Document",
        "DocumentType",
        "DocumentFragment",
        "Notation",
        "Whitespace",
        "SignificantWhitespace",
        "EndElement",
        "EndEntity",
        "XmlDeclaration",
    ],
)
NODE_TYPES: dict[str, EnumValue] = node_type.enum_members


def as_query(items: Any, of: str = "XElement") -> Query:
    """A sequence of nodes that can be enumerated again: `items` is called for every enumeration."""
    assert ClrType.universe is not None
    return Query(items, ClrType.universe.named("System.Xml.Linq." + of))


# --- XObject ---------------------------------------------------------------------------------------------------------

object_ = clr_type("System.Xml.Linq.XObject", python=XObject, allowed=None)


def _type_of_node(node: XObject) -> EnumValue:
    return NODE_TYPES[getattr(node, "node_type", "Attribute")]


object_.prop("XElement? Parent", lambda node: node.element)
object_.prop("XDocument? Document", lambda node: node.document)
object_.prop("XmlNodeType NodeType", _type_of_node)
object_.prop("string BaseUri", lambda _node: "")

# --- XNode -----------------------------------------------------------------------------------------------------------

node_ = clr_type("System.Xml.Linq.XNode", bases="XObject", python=XNode)


@bounded
def deep_equals(a: XNode | None, b: XNode | None) -> bool:
    if a is None or b is None:
        return a is b
    return a is b or (type(a) is type(b) and a.same(b))


def _path(node: XNode) -> list[int]:
    """Where a node is in its tree, from the top."""
    out: list[int] = []
    while node.parent is not None:
        out.append(node.index())
        node = node.parent
    return out[::-1]


def _top(node: XNode) -> XNode:
    while node.parent is not None:
        node = node.parent
    return node


def compare_order(a: XNode | None, b: XNode | None) -> int:
    if a is b:
        return 0
    if a is None or b is None:
        return -1 if a is None else 1
    if _top(a) is not _top(b):
        raise InvalidOperationException("A common ancestor is missing.")
    return -1 if _path(a) < _path(b) else 1


def _beside(node: XNode, name: Any, *, after: bool, elements: bool) -> Query:
    def found() -> Iterator[XNode]:
        parent = node.parent
        if parent is None:
            return
        at = node.index()
        for other in list(parent.nodes[at + 1 :] if after else parent.nodes[:at]):
            if not elements or (isinstance(other, XElement) and (name is None or other.name == name)):
                yield other

    return as_query(found, "XElement" if elements else "XNode")


def ancestors(node: XNode, name: Any = None, *, with_self: bool = False) -> Iterator[XElement]:
    if with_self and isinstance(node, XElement) and (name is None or node.name == name):
        yield node
    for above in node.ancestors():
        if name is None or above.name == name:
            yield above


def named(walk: Any) -> Any:
    """The overload with a name of a method that yields elements: a null name finds none."""
    return lambda node, name: as_query(lambda: iter(()) if name is None else walk(node, name))


node_.method("static bool DeepEquals(XNode? n1, XNode? n2)", deep_equals)
node_.method("static int CompareDocumentOrder(XNode? n1, XNode? n2)", compare_order)
node_.prop("XNode? NextNode", lambda node: node.sibling(1))
node_.prop("XNode? PreviousNode", lambda node: node.sibling(-1))
node_.method("void Remove()", XNode.remove)
for _parameter in ("object? content", "params object?[] content"):
    node_.method(f"void AddAfterSelf({_parameter})", lambda node, content: node.add_beside(content, 1))
    node_.method(f"void AddBeforeSelf({_parameter})", lambda node, content: node.add_beside(content, 0))
    node_.method(f"void ReplaceWith({_parameter})", XNode.replace_with)
node_.method("IEnumerable<XElement> Ancestors()", lambda node: as_query(lambda: ancestors(node)))
node_.method("IEnumerable<XElement> Ancestors(XName? name)", named(ancestors))
node_.method("IEnumerable<XNode> NodesAfterSelf()", lambda n: _beside(n, None, after=True, elements=False))
node_.method("IEnumerable<XNode> NodesBeforeSelf()", lambda n: _beside(n, None, after=False, elements=False))
node_.method("IEnumerable<XElement> ElementsAfterSelf()", lambda n: _beside(n, None, after=True, elements=True))
node_.method("IEnumerable<XElement> ElementsBeforeSelf()", lambda n: _beside(n, None, after=False, elements=True))
node_.method(
    "IEnumerable<XElement> ElementsAfterSelf(XName name)", lambda n, name: _beside(n, name, after=True, elements=True)
)
node_.method(
    "IEnumerable<XElement> ElementsBeforeSelf(XName name)", lambda n, name: _beside(n, name, after=False, elements=True)
)
node_.method("bool IsAfter(XNode? node)", lambda a, b: compare_order(a, b) > 0)
node_.method("bool IsBefore(XNode? node)", lambda a, b: compare_order(a, b) < 0)
node_.method("string ToString()", lambda node: node.markup())


@node_.method("string ToString(SaveOptions options)")
def to_string(node: XNode, options: EnumValue) -> str:
    return node.markup(not options.value & 1, bool(options.value & 2))


class NodeComparer:
    """Compares nodes by document order or by content."""

    __slots__ = ()

    def compare(self, x: XNode | None, y: XNode | None) -> int:
        return compare_order(x, y)

    def equals(self, x: XNode | None, y: XNode | None) -> bool:
        return deep_equals(x, y)

    def hash_code(self, node: XNode | None) -> int:
        return 0 if node is None else hash(node.markup(False)) & 0x7FFFFFFF


class EqualityComparer(NodeComparer):
    __slots__ = ()


order_comparer = clr_type(
    "System.Xml.Linq.XNodeDocumentOrderComparer", bases="object, IComparer<XNode>", python=NodeComparer
)
order_comparer.ctor("XNodeDocumentOrderComparer()", NodeComparer)
order_comparer.method("int Compare(XNode? x, XNode? y)", NodeComparer.compare)
equality_comparer = clr_type(
    "System.Xml.Linq.XNodeEqualityComparer", bases="object, IEqualityComparer<XNode>", python=EqualityComparer
)
equality_comparer.ctor("XNodeEqualityComparer()", EqualityComparer)
equality_comparer.method("bool Equals(XNode? x, XNode? y)", NodeComparer.equals)
equality_comparer.method("int GetHashCode(XNode obj)", NodeComparer.hash_code)
node_.prop("static XNodeDocumentOrderComparer DocumentOrderComparer", NodeComparer)
node_.prop("static XNodeEqualityComparer EqualityComparer", EqualityComparer)

# --- texts -----------------------------------------------------------------------------------------------------------


def _required(value: Any, name: str) -> Any:
    if value is None:
        raise ArgumentNullException(name)
    return value


def _set_text(node: XText, value: str | None) -> None:
    node.value = _required(value, "value")


def _made(kind: type[XText]) -> Any:
    return lambda value: kind(_required(value, "value"))


text_ = clr_type("System.Xml.Linq.XText", bases="XNode", python=XText)
text_.ctor("XText(string value)", _made(XText))
text_.ctor("XText(XText other)", XText.copy)
text_.prop("string Value", lambda node: node.value, _set_text)

cdata_ = clr_type("System.Xml.Linq.XCData", bases="XText", python=XCData)
cdata_.ctor("XCData(string value)", _made(XCData))
cdata_.ctor("XCData(XCData other)", XCData.copy)

comment_ = clr_type("System.Xml.Linq.XComment", bases="XNode", python=XComment)
comment_.ctor("XComment(string value)", _made(XComment))
comment_.ctor("XComment(XComment other)", XComment.copy)
comment_.prop("string Value", lambda node: node.value, _set_text)

# --- the rest --------------------------------------------------------------------------------------------------------

instruction_ = clr_type("System.Xml.Linq.XProcessingInstruction", bases="XNode", python=XProcessingInstruction)


@instruction_.ctor("XProcessingInstruction(string target, string data)")
def new_instruction(target: str | None, data: str | None) -> XProcessingInstruction:
    verify(_required(target, "target"))
    if str(target).lower() == "xml":
        raise ArgumentException(f"'{target}' is an invalid name for a processing instruction.")
    return XProcessingInstruction(str(target), _required(data, "data").lstrip(WHITE))


def _attribute(name: str) -> tuple[Any, Any]:
    def setter(target: Any, value: Any) -> None:
        setattr(target, name, value)

    return lambda target: getattr(target, name), setter


instruction_.ctor("XProcessingInstruction(XProcessingInstruction other)", XProcessingInstruction.copy)
instruction_.prop("string Target", *_attribute("target"))
instruction_.prop("string Data", *_attribute("data"))

declaration_ = clr_type("System.Xml.Linq.XDeclaration", python=XDeclaration)
declaration_.ctor("XDeclaration(string? version, string? encoding, string? standalone)", XDeclaration)
declaration_.ctor(
    "XDeclaration(XDeclaration other)", lambda other: XDeclaration(other.version, other.encoding, other.standalone)
)
declaration_.prop("string? Version", *_attribute("version"))
declaration_.prop("string? Encoding", *_attribute("encoding"))
declaration_.prop("string? Standalone", *_attribute("standalone"))
declaration_.method("string ToString()", XDeclaration.clr_to_string)

document_type = clr_type("System.Xml.Linq.XDocumentType", bases="XNode", python=XDocumentType)
document_type.ctor(
    "XDocumentType(string name, string? publicId, string? systemId, string? internalSubset)", XDocumentType
)
document_type.ctor("XDocumentType(XDocumentType other)", XDocumentType.copy)
document_type.prop("string Name", *_attribute("name"))
document_type.prop("string? PublicId", *_attribute("public_id"))
document_type.prop("string? SystemId", *_attribute("system_id"))
document_type.prop("string? InternalSubset", *_attribute("subset"))
