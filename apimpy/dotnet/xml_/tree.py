"""The tree model of LINQ to XML in Python: nodes, attributes, elements, documents, and the rules for adding content.

- `nodes` of a container and `attributes` of an element are lists; every node knows its `parent`.
- An element remembers whether it is written `<a />` or `<a></a>` (`empty`).
- A node or attribute that already has a parent is copied when it is added elsewhere; text is joined to text before it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import wraps
from typing import Any, TypeVar

from apimpy.csharp.types import ClrType, Type
from apimpy.dotnet.exceptions import (
    ArgumentException,
    ArgumentNullException,
    BudgetExceeded,
    InvalidOperationException,
)
from apimpy.dotnet.xml_.names import XML_URI, XMLNS_URI, XName

__all__ = [
    "XAttribute",
    "XCData",
    "XComment",
    "XContainer",
    "XDeclaration",
    "XDocument",
    "XDocumentType",
    "XElement",
    "XNode",
    "XObject",
    "XProcessingInstruction",
    "XText",
    "bounded",
]

F = TypeVar("F", bound=Callable[..., Any])

NO_PARENT = "The parent is missing."
WHITE = " \t\r\n"


def bounded(fn: F) -> F:
    """A walk over a whole tree: one that is nested too deep ends the evaluation instead of the process."""

    @wraps(fn)
    def walk(*args: Any) -> Any:
        try:
            return fn(*args)
        except RecursionError:
            raise BudgetExceeded("the XML value is nested too deep") from None

    return walk  # type: ignore[return-value]


class XObject:
    __slots__ = ("parent",)
    clr_name = "XObject"
    parent: XContainer | None

    @property
    def clr_type(self) -> Type:
        assert ClrType.universe is not None
        return ClrType.universe.named("System.Xml.Linq." + self.clr_name)

    @property
    def element(self) -> XElement | None:
        """The parent as C# sees it: never the document."""
        return self.parent if isinstance(self.parent, XElement) else None

    @property
    def document(self) -> XDocument | None:
        top: XObject = self
        while top.parent is not None:
            top = top.parent
        return top if isinstance(top, XDocument) else None


class XNode(XObject):
    __slots__ = ()
    node_type = "None"

    def copy(self) -> XNode:
        raise NotImplementedError  # every kind copies itself

    def same(self, other: XNode) -> bool:
        """Deep equality with a node of the same class."""
        raise NotImplementedError  # every kind compares its own parts

    def require_parent(self) -> XContainer:
        if self.parent is None:
            raise InvalidOperationException(NO_PARENT)
        return self.parent

    def index(self) -> int:
        for i, node in enumerate(self.require_parent().nodes):
            if node is self:
                return i
        raise AssertionError

    def sibling(self, step: int) -> XNode | None:
        if self.parent is None:
            return None
        at = self.index() + step
        return self.parent.nodes[at] if 0 <= at < len(self.parent.nodes) else None

    def remove(self) -> None:
        parent = self.require_parent()
        del parent.nodes[self.index()]
        self.parent = None
        if not parent.nodes:
            parent.emptied()

    def add_beside(self, content: Any, offset: int) -> None:
        parent = self.require_parent()
        parent.insert(self.index() + offset, content)

    def replace_with(self, content: Any) -> None:
        parent = self.require_parent()
        at = self.index()
        del parent.nodes[at]
        self.parent = None
        parent.insert(at, content)
        if not parent.nodes:
            parent.emptied()

    def ancestors(self) -> Iterator[XElement]:
        node = self.parent
        while isinstance(node, XElement):
            yield node
            node = node.parent

    def markup(self, indent: bool = True, omit_duplicates: bool = False) -> str:
        from apimpy.dotnet.xml_.write import markup

        return markup(self, indent, omit_duplicates)

    def clr_to_string(self) -> str:
        return self.markup()


class XText(XNode):
    __slots__ = ("value",)
    clr_name = "XText"
    node_type = "Text"

    def __init__(self, value: str) -> None:
        self.parent, self.value = None, value

    def copy(self) -> XNode:
        return type(self)(self.value)

    def same(self, other: XNode) -> bool:
        return self.node_type == other.node_type and self.value == other.value  # type: ignore[attr-defined]


class XCData(XText):
    __slots__ = ()
    clr_name = "XCData"
    node_type = "CDATA"


class XComment(XText):
    """To C# not an XText, here it holds a text like one."""

    __slots__ = ()
    clr_name = "XComment"
    node_type = "Comment"


class XProcessingInstruction(XNode):
    __slots__ = ("data", "target")
    clr_name = "XProcessingInstruction"
    node_type = "ProcessingInstruction"

    def __init__(self, target: str, data: str) -> None:
        self.parent = None
        self.target, self.data = target, data

    def copy(self) -> XNode:
        return XProcessingInstruction(self.target, self.data)

    def same(self, other: XNode) -> bool:
        return isinstance(other, XProcessingInstruction) and (self.target, self.data) == (other.target, other.data)


class XDocumentType(XNode):
    __slots__ = ("name", "public_id", "subset", "system_id")
    clr_name = "XDocumentType"
    node_type = "DocumentType"

    def __init__(self, name: str, public_id: str | None, system_id: str | None, subset: str | None) -> None:
        self.parent = None
        self.name, self.public_id, self.system_id, self.subset = name, public_id, system_id, subset

    def copy(self) -> XNode:
        return XDocumentType(self.name, self.public_id, self.system_id, self.subset)

    def same(self, other: XNode) -> bool:
        return isinstance(other, XDocumentType) and self.markup() == other.markup()


class XDeclaration:
    """`<?xml version="1.0" …?>`"""

    __slots__ = ("encoding", "standalone", "version")

    def __init__(self, version: str | None, encoding: str | None, standalone: str | None) -> None:
        self.version, self.encoding, self.standalone = version, encoding, standalone

    def clr_to_string(self) -> str:
        pairs = (("version", self.version), ("encoding", self.encoding), ("standalone", self.standalone))
        return "<?xml" + "".join(f' {name}="{value}"' for name, value in pairs if value is not None) + "?>"


class XAttribute(XObject):
    __slots__ = ("name", "value")
    clr_name = "XAttribute"
    parent: XElement | None

    def __init__(self, name: XName, value: str) -> None:
        self.parent = None
        self.name, self.value = name, value
        if name.uri == XMLNS_URI or (not name.uri and name.local == "xmlns"):
            _check_declaration(name, value)

    @property
    def is_declaration(self) -> bool:
        return self.name.uri == XMLNS_URI if self.name.uri else self.name.local == "xmlns"

    @property
    def prefix(self) -> str:
        """The prefix that a namespace declaration declares."""
        return self.name.local if self.name.uri else ""

    def sibling(self, step: int) -> XAttribute | None:
        if self.parent is None:
            return None
        at = next(i for i, a in enumerate(self.parent.attributes) if a is self) + step
        return self.parent.attributes[at] if 0 <= at < len(self.parent.attributes) else None

    def remove(self) -> None:
        if self.parent is None:
            raise InvalidOperationException(NO_PARENT)
        self.parent.attributes = [a for a in self.parent.attributes if a is not self]
        self.parent = None

    def clr_to_string(self) -> str:
        from apimpy.dotnet.xml_.write import attribute_text

        return attribute_text(self)


def _check_declaration(name: XName, value: str) -> None:
    if name.uri == XMLNS_URI:
        if not value:
            raise ArgumentException(f"The prefix '{name.local}' cannot be bound to the empty namespace name.")
        if (value == XML_URI) != (name.local == "xml") or value == XMLNS_URI or name.local == "xmlns":
            raise ArgumentException(f"The prefix '{name.local}' cannot be bound to the namespace name '{value}'.")


class XContainer(XNode):
    __slots__ = ("nodes",)
    clr_name = "XContainer"
    nodes: list[XNode]

    def emptied(self) -> None:
        """The last node is gone."""

    def filled(self) -> None:
        """Something was added, be it an empty string."""

    # --- content ---

    def add(self, content: Any) -> None:
        self.insert(len(self.nodes), content)

    def insert(self, at: int, content: Any) -> int:
        """Add content before a position; returns the position after it."""
        if content is None:
            return at
        if isinstance(content, str):
            return self._insert_text(at, str(content))
        if isinstance(content, XNode):
            return self._insert_node(at, content)
        if isinstance(content, XAttribute):
            self.add_attribute(content)
            return at
        if not isinstance(content, tuple) and (hasattr(content, "__iter__") or hasattr(content, "clr_iter")):
            from apimpy.dotnet.json_net.token_base import JToken
            from apimpy.dotnet.json_net.typing_ import element_type
            from apimpy.dotnet.values import box, iterate

            if isinstance(content, JToken):
                return at  # to LINQ to XML a token is the sequence of its children, down to values without any
            of = element_type(content)
            for item in list(iterate(content)):
                at = self.insert(at, item if of is None else box(item, of))
            return at
        from apimpy.dotnet.xml_.text import text_of

        return self._insert_text(at, text_of(content))

    def _insert_text(self, at: int, text: str) -> int:
        self.check_text(text)
        self.filled()
        if not text:
            return at
        if at and type(before := self.nodes[at - 1]) is XText:
            before.value += text
            return at
        return self._attach(at, XText(text))

    def _insert_node(self, at: int, node: XNode) -> int:
        self.check_node(node)
        if node.parent is not None:
            node = node.copy()
        else:
            top: XNode = self
            while top.parent is not None:
                top = top.parent
            if top is node:
                node = node.copy()
        return self._attach(at, node)

    def _attach(self, at: int, node: XNode) -> int:
        node.parent = self
        self.nodes.insert(at, node)
        self.filled()
        return at + 1

    def add_attribute(self, attribute: XAttribute) -> None:
        raise ArgumentException("An attribute cannot be added to content.")

    def check_text(self, text: str) -> None:
        """Refuse text that cannot be here."""

    def check_node(self, node: XNode) -> None:
        """Refuse a node that cannot be here."""

    def remove_nodes(self) -> None:
        for node in self.nodes:
            node.parent = None
        self.nodes = []
        self.emptied()

    # --- enumeration: live, ends at a node that was taken away ---

    def each(self) -> Iterator[XNode]:
        at = 0
        while at < len(self.nodes):
            node = self.nodes[at]
            yield node
            if node.parent is not self:
                return
            if not (at < len(self.nodes) and self.nodes[at] is node):
                at = node.index()
            at += 1

    def elements(self, name: XName | None = None) -> Iterator[XElement]:
        for node in self.each():
            if isinstance(node, XElement) and (name is None or node.name == name):
                yield node

    def first_element(self, name: XName | None) -> XElement | None:
        for node in self.nodes:
            if isinstance(node, XElement) and node.name == name:
                return node
        return None

    def descendant_nodes(self, include_self: bool = False) -> Iterator[XNode]:
        if include_self:
            yield self
        stack: list[Iterator[XNode]] = [iter(list(self.nodes))]
        while stack:
            node = next(stack[-1], None)
            if node is None:
                stack.pop()
                continue
            yield node
            if isinstance(node, XContainer):
                stack.append(iter(list(node.nodes)))

    def descendants(self, name: XName | None = None, include_self: bool = False) -> Iterator[XElement]:
        for node in self.descendant_nodes(include_self):
            if isinstance(node, XElement) and (name is None or node.name == name):
                yield node

    def same_nodes(self, other: XContainer) -> bool:
        mine, theirs = _joined(self.nodes), _joined(other.nodes)
        return len(mine) == len(theirs) and all(a.same(b) for a, b in zip(mine, theirs, strict=True))


def _joined(nodes: Iterable[XNode]) -> list[XNode]:
    """The nodes as deep equality sees them: neighbouring texts are one, empty ones none."""
    out: list[XNode] = []
    for node in nodes:
        if type(node) is XText:
            if not node.value:
                continue
            if out and type(last := out[-1]) is XText:
                out[-1] = XText(last.value + node.value)
                continue
        out.append(node)
    return out


class XElement(XContainer):
    __slots__ = ("attributes", "empty", "name")
    clr_name = "XElement"
    node_type = "Element"

    def __init__(self, name: XName) -> None:
        self.parent = None
        self.name = name
        self.attributes: list[XAttribute] = []
        self.nodes = []
        self.empty = True

    def emptied(self) -> None:
        self.empty = True

    def filled(self) -> None:
        self.empty = False

    def add_attribute(self, attribute: XAttribute) -> None:
        if self.attribute(attribute.name) is not None:
            raise InvalidOperationException("Duplicate attribute.")
        if attribute.parent is not None:
            attribute = XAttribute(attribute.name, attribute.value)
        attribute.parent = self
        self.attributes.append(attribute)

    def check_node(self, node: XNode) -> None:
        if isinstance(node, (XDocument, XDocumentType)):
            raise ArgumentException(f"A node of type {node.node_type} cannot be added to content.")

    def attribute(self, name: XName | None) -> XAttribute | None:
        for attribute in self.attributes:
            if attribute.name == name:
                return attribute
        return None

    @property
    def value(self) -> str:
        if len(self.nodes) == 1 and type(only := self.nodes[0]) is XText:
            return only.value
        texts = (n.value for n in self.descendant_nodes() if type(n) is XText or type(n) is XCData)
        return "".join(texts)

    @value.setter
    def value(self, text: str | None) -> None:
        if text is None:
            raise ArgumentNullException("value")
        self.remove_nodes()
        self.add(text)

    @bounded
    def copy(self) -> XElement:
        made = XElement(self.name)
        made.empty = self.empty
        for attribute in self.attributes:
            made.add_attribute(attribute)
        for node in self.nodes:
            child = node.copy()
            child.parent = made
            made.nodes.append(child)
        return made

    @bounded
    def same(self, other: XNode) -> bool:
        return (
            isinstance(other, XElement)
            and self.name == other.name
            and self.empty == other.empty
            and [(a.name, a.value) for a in self.attributes] == [(a.name, a.value) for a in other.attributes]
            and self.same_nodes(other)
        )

    def remove_attributes(self) -> None:
        for attribute in self.attributes:
            attribute.parent = None
        self.attributes = []

    def namespace_of(self, prefix: str) -> str | None:
        """The namespace a prefix stands for here ("": the default one)."""
        if prefix == "xml":
            return XML_URI
        if prefix == "xmlns":
            return XMLNS_URI
        node: XContainer | None = self
        while isinstance(node, XElement):
            for attribute in node.attributes:
                if attribute.is_declaration and attribute.prefix == prefix:
                    return attribute.value
            node = node.parent
        return None

    def prefix_of(self, uri: str) -> str | None:
        """The innermost prefix declared for a namespace and not redeclared below."""
        node: XContainer | None = self
        while isinstance(node, XElement):
            for attribute in node.attributes:
                if attribute.name.uri == XMLNS_URI and attribute.value == uri:
                    if self.namespace_of(attribute.name.local) == uri:
                        return attribute.name.local
            node = node.parent
        return {XML_URI: "xml", XMLNS_URI: "xmlns"}.get(uri)


class XDocument(XContainer):
    __slots__ = ("declaration",)
    clr_name = "XDocument"
    node_type = "Document"

    def __init__(self) -> None:
        self.parent = None
        self.nodes = []
        self.declaration: XDeclaration | None = None

    @property
    def root(self) -> XElement | None:
        return next((n for n in self.nodes if isinstance(n, XElement)), None)

    def check_text(self, text: str) -> None:
        if text.strip(WHITE):
            raise ArgumentException("Non-whitespace characters cannot be added to content.")

    def check_node(self, node: XNode) -> None:
        if type(node) is XText:
            self.check_text(node.value)
        elif isinstance(node, (XDocument, XCData)):
            raise ArgumentException(f"A node of type {node.node_type} cannot be added to content.")
        elif (isinstance(node, XElement) and self.root is not None) or (
            isinstance(node, XDocumentType) and any(isinstance(n, (XDocumentType, XElement)) for n in self.nodes)
        ):
            raise InvalidOperationException("This operation would create an incorrectly structured document.")

    @bounded
    def copy(self) -> XDocument:
        made = XDocument()
        old = self.declaration
        made.declaration = None if old is None else XDeclaration(old.version, old.encoding, old.standalone)
        for node in self.nodes:
            made.add(node)
        return made

    def same(self, other: XNode) -> bool:
        return isinstance(other, XDocument) and self.same_nodes(other)
