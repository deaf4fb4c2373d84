"""C#'s `System.Xml.Linq.Extensions`: `Elements`, `Descendants`, `Attributes`, `Remove`, … on sequences of nodes."""

from __future__ import annotations

from functools import cmp_to_key
from typing import TYPE_CHECKING, Any

from apimpy.dotnet.decl import clr_type
from apimpy.dotnet.values import Query, iterate, source
from apimpy.dotnet.xml_.nodes import ancestors, as_query, compare_order

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from apimpy.csharp.types import Type

__all__ = ["extensions"]

extensions = clr_type("System.Xml.Linq.Extensions", kind="static")


def _each(walk: Callable[..., Iterable[Any]], of: str = "XElement") -> Callable[..., Query]:
    def run(nodes: Any, *name: Any) -> Query:
        source(nodes)
        if name and name[0] is None:
            return as_query(lambda: iter(()), of)
        return as_query(
            lambda: (found for node in iterate(nodes) if node is not None for found in walk(node, *name)), of
        )

    return run


def _attributes(element: Any, name: Any = None) -> list[Any]:
    return [a for a in element.attributes if name is None or a.name == name]


def _two(signature: str, walk: Callable[..., Iterable[Any]], of: str = "XElement") -> None:
    """Declare a method without and with a name."""
    plain, named = _each(walk, of), _each(walk, of)
    extensions.method(signature.format(""), plain)
    extensions.method(signature.format(", XName? name"), named)


def _up(node: Any, name: Any = None) -> Iterable[Any]:
    return ancestors(node, name)


def _up_and_self(node: Any, name: Any = None) -> Iterable[Any]:
    return ancestors(node, name, with_self=True)


def _down_and_self(node: Any, name: Any = None) -> Iterable[Any]:
    return node.descendants(name, True)  # type: ignore[no-any-return]


# .NET's are generic with constraints; written without, so that sequences of tokens keep to Json.NET's of the same names
_two("static IEnumerable<XElement> Elements(this IEnumerable<XContainer> source{})", lambda n, *name: n.elements(*name))
_two(
    "static IEnumerable<XElement> Descendants(this IEnumerable<XContainer> source{})",
    lambda n, *name: n.descendants(*name),
)
_two("static IEnumerable<XElement> DescendantsAndSelf(this IEnumerable<XElement> source{})", _down_and_self)
_two("static IEnumerable<XElement> Ancestors(this IEnumerable<XNode> source{})", _up)
_two("static IEnumerable<XElement> AncestorsAndSelf(this IEnumerable<XElement> source{})", _up_and_self)
_two("static IEnumerable<XAttribute> Attributes(this IEnumerable<XElement> source{})", _attributes, "XAttribute")
extensions.method(
    "static IEnumerable<XNode> Nodes(this IEnumerable<XContainer> source)", _each(lambda node: node.each(), "XNode")
)
extensions.method(
    "static IEnumerable<XNode> DescendantNodes(this IEnumerable<XContainer> source)",
    _each(lambda node: node.descendant_nodes(), "XNode"),
)
extensions.method(
    "static IEnumerable<XNode> DescendantNodesAndSelf(this IEnumerable<XElement> source)",
    _each(lambda node: node.descendant_nodes(True), "XNode"),
)


@extensions.method("static IEnumerable<T> InDocumentOrder<T>(this IEnumerable<T> source)", reify=True)
def in_document_order(of: Type, nodes: Any) -> Query:
    source(nodes)
    return Query(lambda: iter(sorted(iterate(nodes), key=cmp_to_key(compare_order))), of)


def _remove(nodes: Any) -> None:
    for node in list(iterate(source(nodes))):
        node.remove()


extensions.method("static void Remove(this IEnumerable<XAttribute?> source)", _remove)
extensions.method("static void Remove(this IEnumerable<XNode?> source)", _remove)
