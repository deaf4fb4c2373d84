"""OrderBy and ThenBy: stable sorts by one key after the other."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from apimpy.dotnet.comparison import Key, sort_key
from apimpy.dotnet.decl import clr_type
from apimpy.dotnet.exceptions import ClrError, InvalidOperationException
from apimpy.dotnet.linq.enumerable import Lazy, enumerable, given
from apimpy.dotnet.values import iterate, source

if TYPE_CHECKING:
    from apimpy.csharp.types import Type

__all__ = ["Ordered"]

Function = Callable[..., Any]
_E = enumerable

ordered_enumerable = clr_type("System.Linq.IOrderedEnumerable<T>", kind="interface", bases="IEnumerable<T>", allowed="")


class Ordered(Lazy):
    """IOrderedEnumerable<T>: the source, and the criteria from the first to the last one given."""

    __slots__ = ("criteria", "items")

    def __init__(self, of: Type, items: Any, criteria: tuple[tuple[Function | None, Key, bool], ...]) -> None:
        super().__init__(self._sorted, of)
        self.items, self.criteria = items, criteria

    @property
    def clr_type(self) -> Type | None:
        assert self.of is not None
        return ordered_enumerable.of(self.of)

    def clr_to_string(self) -> str:
        return f"System.Linq.OrderedEnumerable`1[{self.of.full_name if self.of is not None else ''}]"

    def _sorted(self) -> Iterator[Any]:
        held = list(iterate(self.items))
        order = list(range(len(held)))
        keys: list[list[Any]] = []
        for selector, key, _ in self.criteria:
            column = held if selector is None else list(map(selector, held))
            keys.append(column if key is None else list(map(key, column)))
        try:
            for column, (_, _, descending) in zip(reversed(keys), reversed(self.criteria), strict=True):
                order.sort(key=column.__getitem__, reverse=descending)
        except ClrError as e:
            raise InvalidOperationException("Failed to compare two elements in the array.", e) from e
        return iter([held[i] for i in order])


def _declare(name: str, then: str, descending: bool) -> None:
    def order(t: Type, k: Type, items: Any, selector: Function, comparer: Any = None) -> Ordered:
        source(items)
        given(selector, "keySelector")
        return Ordered(t, items, ((selector, sort_key(k, comparer), descending),))

    def order_default(t: Type, k: Type, items: Any, selector: Function) -> Ordered:
        return order(t, k, items, selector)

    def further(t: Type, k: Type, items: Any, selector: Function, comparer: Any = None) -> Ordered:
        source(items)
        given(selector, "keySelector")
        return Ordered(t, items.items, (*items.criteria, (selector, sort_key(k, comparer), descending)))

    def further_default(t: Type, k: Type, items: Any, selector: Function) -> Ordered:
        return further(t, k, items, selector)

    result = "static IOrderedEnumerable<T>"
    head = f"{result} {name}<T, K>(this IEnumerable<T> source, Func<T, K> keySelector"
    _E.method(head + ")", order_default, reify=True)
    _E.method(head + ", IComparer<K> comparer)", order, reify=True)
    head = f"{result} {then}<T, K>(this IOrderedEnumerable<T> source, Func<T, K> keySelector"
    _E.method(head + ")", further_default, reify=True)
    _E.method(head + ", IComparer<K> comparer)", further, reify=True)


_declare("OrderBy", "ThenBy", descending=False)
_declare("OrderByDescending", "ThenByDescending", descending=True)


def _declare_plain(name: str, descending: bool) -> None:
    def order(t: Type, items: Any, comparer: Any = None) -> Ordered:
        return Ordered(t, source(items), ((None, sort_key(t, comparer), descending),))

    def order_default(t: Type, items: Any) -> Ordered:
        return order(t, items)

    head = f"static IOrderedEnumerable<T> {name}<T>(this IEnumerable<T> source"
    _E.method(head + ")", order_default, reify=True, since="core")
    _E.method(head + ", IComparer<T> comparer)", order, reify=True, since="core")


_declare_plain("Order", descending=False)
_declare_plain("OrderDescending", descending=True)
