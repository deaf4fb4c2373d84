"""C#'s `XContainer`, `XElement`, `XAttribute` and `XDocument`: declarations over `tree`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from apimpy.dotnet.decl import clr_type
from apimpy.dotnet.exceptions import ArgumentException, ArgumentNullException
from apimpy.dotnet.system.string_io import StringWriter, read_to_end
from apimpy.dotnet.xml_.names import XName, XNamespace
from apimpy.dotnet.xml_.nodes import ancestors, as_query, named
from apimpy.dotnet.xml_.parse import parse_document, parse_element
from apimpy.dotnet.xml_.text import TARGETS, convert, text_of
from apimpy.dotnet.xml_.tree import XAttribute, XContainer, XDeclaration, XDocument, XElement

if TYPE_CHECKING:
    from apimpy.dotnet.values import EnumValue

__all__ = ["attribute_", "container_", "document_", "element_"]

# --- XContainer ------------------------------------------------------------------------------------------------------

container_ = clr_type("System.Xml.Linq.XContainer", bases="XNode", python=XContainer)


def _replace_nodes(container: XContainer, content: Any) -> None:
    # the content is made before the old nodes go: it may be drawn from them
    content = _held(content)
    container.remove_nodes()
    container.add(content)


def _held(content: Any) -> Any:
    from apimpy.dotnet.values import Query

    return list(content) if isinstance(content, Query) else content


for _parameter in ("object? content", "params object?[] content"):
    container_.method(f"void Add({_parameter})", lambda c, content: c.add(content))
    container_.method(f"void AddFirst({_parameter})", lambda c, content: c.insert(0, content) and None)
    container_.method(f"void ReplaceNodes({_parameter})", _replace_nodes)
container_.method("void RemoveNodes()", lambda c: c.remove_nodes())
container_.method("XElement? Element(XName? name)", XContainer.first_element)
container_.method("IEnumerable<XElement> Elements()", lambda c: as_query(c.elements))
container_.method("IEnumerable<XElement> Elements(XName? name)", named(XContainer.elements))
container_.method("IEnumerable<XElement> Descendants()", lambda c: as_query(c.descendants))
container_.method("IEnumerable<XElement> Descendants(XName? name)", named(XContainer.descendants))
container_.method("IEnumerable<XNode> DescendantNodes()", lambda c: as_query(c.descendant_nodes, "XNode"))
container_.method("IEnumerable<XNode> Nodes()", lambda c: as_query(c.each, "XNode"))
container_.prop("XNode? FirstNode", lambda c: c.nodes[0] if c.nodes else None)
container_.prop("XNode? LastNode", lambda c: c.nodes[-1] if c.nodes else None)

# --- XAttribute ------------------------------------------------------------------------------------------------------

attribute_ = clr_type("System.Xml.Linq.XAttribute", bases="XObject", python=XAttribute)


def _name(name: XName | None) -> XName:
    if name is None:
        raise ArgumentNullException("name")
    return name


@attribute_.ctor("XAttribute(XName name, object value)")
def new_attribute(name: XName | None, value: Any) -> XAttribute:
    return XAttribute(_name(name), text_of(value.uri if isinstance(value, XNamespace) else value))


def _set_attribute_text(attribute: XAttribute, value: str | None) -> None:
    if value is None:
        raise ArgumentNullException("value")
    attribute.value = value


def _set_attribute(attribute: XAttribute, value: Any) -> None:
    attribute.value = text_of(value)


attribute_.ctor("XAttribute(XAttribute other)", lambda other: XAttribute(other.name, other.value))
attribute_.prop("XName Name", attr="name")
attribute_.prop("string Value", lambda attribute: attribute.value, _set_attribute_text)
attribute_.prop("bool IsNamespaceDeclaration", lambda attribute: attribute.is_declaration)
attribute_.prop("XAttribute? NextAttribute", lambda attribute: attribute.sibling(1))
attribute_.prop("XAttribute? PreviousAttribute", lambda attribute: attribute.sibling(-1))
attribute_.prop("static IEnumerable<XAttribute> EmptySequence", lambda: as_query(lambda: iter(()), "XAttribute"))
attribute_.method("void Remove()", XAttribute.remove)
attribute_.method("void SetValue(object value)", _set_attribute)
attribute_.method("string ToString()", XAttribute.clr_to_string)

# --- XElement --------------------------------------------------------------------------------------------------------

element_ = clr_type("System.Xml.Linq.XElement", bases="XContainer", python=XElement)


@element_.ctor("XElement(XName name, params object?[] content)")
def new_element(name: XName | None, content: Any) -> XElement:
    element = XElement(_name(name))
    element.add(content)
    return element


def _preserve(options: EnumValue) -> bool:
    return bool(options.value & 1)


def _set_element_value(element: XElement, name: XName | None, value: Any) -> None:
    known = element.first_element(_name(name))
    if value is None:
        if known is not None:
            known.remove()
    elif known is None:
        element.add(new_element(name, text_of(value)))
    else:
        known.value = text_of(value)


def _set_attribute_value(element: XElement, name: XName | None, value: Any) -> None:
    known = element.attribute(_name(name))
    if value is None:
        if known is not None:
            known.remove()
    elif known is None:
        element.add_attribute(new_attribute(name, value))
    else:
        _set_attribute(known, value)


def _rename(element: XElement, name: XName | None) -> None:
    element.name = _name(name)


def _set_value(element: XElement, value: Any) -> None:
    element.value = text_of(value)


def _remove_all(element: XElement) -> None:
    element.remove_attributes()
    element.remove_nodes()


def _replace_all(element: XElement, content: Any) -> None:
    content = _held(content)
    _remove_all(element)
    element.add(content)


def _replace_attributes(element: XElement, content: Any) -> None:
    content = _held(content)
    element.remove_attributes()
    element.add(content)


def _namespace(element: XElement, prefix: str | None) -> XNamespace | None:
    if prefix is None:
        raise ArgumentNullException("prefix")
    if not prefix:
        raise ArgumentException("The empty string '' is not a valid prefix.", "prefix")
    uri = element.namespace_of(prefix)
    return None if uri is None else XNamespace(uri)


def _prefix(element: XElement, space: XNamespace | None) -> str | None:
    if space is None:
        raise ArgumentNullException("ns")
    return element.prefix_of(space.uri)


def _save(node: XDocument | XElement, writer: StringWriter, options: EnumValue | None = None) -> None:
    """The declaration names the encoding of the writer, which is always that of strings."""
    flags = 0 if options is None else options.value
    declared = node.declaration if isinstance(node, XDocument) else None
    alone = f' standalone="{declared.standalone}"' if declared is not None and declared.standalone else ""
    line = "" if flags & 1 else "\n"
    writer.write(f'<?xml version="1.0" encoding="utf-16"{alone}?>{line}{node.markup(not flags & 1, bool(flags & 2))}')


element_.ctor("XElement(XName name)", lambda name: XElement(_name(name)))
element_.ctor("XElement(XName name, object? content)", new_element)
element_.ctor("XElement(XElement other)", lambda other: other.copy())
element_.method("static XElement Parse(string text)", parse_element)
element_.method(
    "static XElement Parse(string text, LoadOptions options)",
    lambda text, options: parse_element(text, preserve=_preserve(options)),
)
element_.method("static XElement Load(string uri)", unsupported="nothing is loaded from files or the network")
element_.method(
    "static XElement Load(System.IO.TextReader textReader)", lambda reader: parse_element(read_to_end(reader))
)
element_.method(
    "static XElement Load(System.IO.TextReader textReader, LoadOptions options)",
    lambda reader, options: parse_element(read_to_end(reader), preserve=_preserve(options)),
)
element_.method("void Save(string fileName)", unsupported="there are no files here")
element_.method("void Save(System.IO.TextWriter textWriter)", _save)
element_.method("void Save(System.IO.TextWriter textWriter, SaveOptions options)", _save)
element_.prop("XName Name", lambda element: element.name, _rename)
element_.prop("string Value", lambda element: element.value, lambda element, text: setattr(element, "value", text))
element_.prop("bool IsEmpty", attr="empty")
element_.prop("bool HasAttributes", lambda element: bool(element.attributes))
element_.prop("bool HasElements", lambda element: any(isinstance(n, XElement) for n in element.nodes))
element_.prop("XAttribute? FirstAttribute", lambda element: element.attributes[0] if element.attributes else None)
element_.prop("XAttribute? LastAttribute", lambda element: element.attributes[-1] if element.attributes else None)
element_.prop("static IEnumerable<XElement> EmptySequence", lambda: as_query(lambda: iter(())))
element_.method("XAttribute? Attribute(XName? name)", XElement.attribute)
element_.method("IEnumerable<XAttribute> Attributes()", lambda e: as_query(lambda: iter(e.attributes), "XAttribute"))
element_.method(
    "IEnumerable<XAttribute> Attributes(XName? name)",
    lambda e, name: as_query(lambda: (a for a in e.attributes if a.name == name), "XAttribute"),
)
element_.method("IEnumerable<XElement> AncestorsAndSelf()", lambda e: as_query(lambda: ancestors(e, with_self=True)))
element_.method(
    "IEnumerable<XElement> AncestorsAndSelf(XName? name)", named(lambda e, name: ancestors(e, name, with_self=True))
)
element_.method("IEnumerable<XElement> DescendantsAndSelf()", lambda e: as_query(lambda: e.descendants(None, True)))
element_.method(
    "IEnumerable<XElement> DescendantsAndSelf(XName? name)", named(lambda e, name: e.descendants(name, True))
)
element_.method(
    "IEnumerable<XNode> DescendantNodesAndSelf()", lambda e: as_query(lambda: e.descendant_nodes(True), "XNode")
)
element_.method("XNamespace GetDefaultNamespace()", lambda e: XNamespace(e.namespace_of("") or ""))
element_.method("XNamespace? GetNamespaceOfPrefix(string prefix)", _namespace)
element_.method("string? GetPrefixOfNamespace(XNamespace ns)", _prefix)
element_.method("void RemoveAll()", _remove_all)
element_.method("void RemoveAttributes()", XElement.remove_attributes)
for _parameter in ("object? content", "params object?[] content"):
    element_.method(f"void ReplaceAll({_parameter})", _replace_all)
    element_.method(f"void ReplaceAttributes({_parameter})", _replace_attributes)
element_.method("void SetElementValue(XName name, object? value)", _set_element_value)
element_.method("void SetAttributeValue(XName name, object? value)", _set_attribute_value)
element_.method("void SetValue(object value)", _set_value)


def _text(node: Any) -> str | None:
    return None if node is None else node.value


for _decl, _type, _param in ((element_, "XElement", "element"), (attribute_, "XAttribute", "attribute")):
    _decl.method(f"explicit operator string?({_type}? {_param})", _text)
    for _keyword in TARGETS:
        _decl.method(f"explicit operator {_keyword}({_type}? {_param})", convert(_keyword, False, _param), rt=True)
        _decl.method(f"explicit operator {_keyword}?({_type}? {_param})", convert(_keyword, True, _param), rt=True)

# --- XDocument -------------------------------------------------------------------------------------------------------

document_ = clr_type("System.Xml.Linq.XDocument", bases="XContainer", python=XDocument, denied="Load")


@document_.ctor("XDocument(params object?[] content)")
def new_document(content: Any) -> XDocument:
    document = XDocument()
    document.add(content)
    return document


@document_.ctor("XDocument(XDeclaration? declaration, params object?[] content)")
def new_declared(declaration: XDeclaration | None, content: Any) -> XDocument:
    document = new_document(content)
    document.declaration = declaration
    return document


def _declare(document: XDocument, declaration: XDeclaration | None) -> None:
    document.declaration = declaration


document_.ctor("XDocument()", XDocument)
document_.ctor("XDocument(XDocument other)", lambda other: other.copy())
document_.method("static XDocument Parse(string text)", parse_document)
document_.method(
    "static XDocument Parse(string text, LoadOptions options)",
    lambda text, options: parse_document(text, preserve=_preserve(options)),
)
document_.method("static XDocument Load(string uri)", unsupported="nothing is loaded from files or the network")
document_.method("void Save(string fileName)", unsupported="there are no files here")
document_.method("void Save(System.IO.TextWriter textWriter)", _save)
document_.method("void Save(System.IO.TextWriter textWriter, SaveOptions options)", _save)
document_.prop("XDeclaration? Declaration", lambda document: document.declaration, _declare)
document_.prop("XElement? Root", lambda document: document.root)
document_.prop(
    "XDocumentType? DocumentType",
    lambda document: next((n for n in document.nodes if n.node_type == "DocumentType"), None),
)
