"""ToList, ToArray, ToDictionary, ToHashSet, Cast, OfType, AsEnumerable; and Range, Repeat, Empty."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import repeat
from typing import TYPE_CHECKING, Any

from apimpy.dotnet.collections_.dictionary import Dictionary
from apimpy.dotnet.collections_.hashset import HashSet
from apimpy.dotnet.collections_.list_ import List
from apimpy.dotnet.exceptions import ArgumentOutOfRangeException
from apimpy.dotnet.linq.enumerable import Lazy, charged, enumerable, given
from apimpy.dotnet.typecheck import cast, element_type, is_instance, unbox
from apimpy.dotnet.values import Array, Runtime, box, iterate, source

if TYPE_CHECKING:
    from apimpy.csharp.types import Type

__all__: list[str] = []

Function = Callable[..., Any]
_E = enumerable


def _held(rt: Runtime, items: Any) -> list[Any]:
    """The elements; copying is charged, though less than computing."""
    held = list(iterate(source(items)))
    rt.check_size(len(held))
    rt.tick(1 + len(held) // 16)
    return held


@_E.method("static List<T> ToList<T>(this IEnumerable<T> source)", rt=True, reify=True)
def to_list(rt: Runtime, t: Type, items: Any) -> List:
    return List(t, _held(rt, items))


@_E.method("static T[] ToArray<T>(this IEnumerable<T> source)", rt=True, reify=True)
def to_array(rt: Runtime, t: Type, items: Any) -> Array:
    return Array(t, _held(rt, items))


@_E.method("static HashSet<T> ToHashSet<T>(this IEnumerable<T> source)", reify=True)
def to_hash_set(t: Type, items: Any) -> HashSet:
    return HashSet(t, source(items))


@_E.method("static HashSet<T> ToHashSet<T>(this IEnumerable<T> source, IEqualityComparer<T> comparer)", reify=True)
def to_hash_set_by(t: Type, items: Any, comparer: Any) -> HashSet:
    return HashSet(t, source(items), comparer)


def _dictionary(k: Type, v: Type, items: Any, key_of: Function, value_of: Function | None, comparer: Any) -> Dictionary:
    source(items)
    given(key_of, "keySelector")
    made = Dictionary(k, v, comparer)
    for item in iterate(items):
        made.add(key_of(item), item if value_of is None else value_of(item))
    return made


_HEAD = "(this IEnumerable<T> source, Func<T, K> keySelector"
_C = ", IEqualityComparer<K> comparer)"
_E.method(
    f"static Dictionary<K, T> ToDictionary<T, K>{_HEAD})",
    lambda t, k, items, key: _dictionary(k, t, items, key, None, None),
    reify=True,
)
_E.method(
    f"static Dictionary<K, T> ToDictionary<T, K>{_HEAD}{_C}",
    lambda t, k, items, key, c: _dictionary(k, t, items, key, None, c),
    reify=True,
)
_E.method(
    f"static Dictionary<K, E> ToDictionary<T, K, E>{_HEAD}, Func<T, E> elementSelector)",
    lambda _t, k, e, items, key, element: _dictionary(k, e, items, key, given(element, "elementSelector"), None),
    reify=True,
)
_E.method(
    f"static Dictionary<K, E> ToDictionary<T, K, E>{_HEAD}, Func<T, E> elementSelector{_C}",
    lambda _t, k, e, items, key, element, c: _dictionary(k, e, items, key, given(element, "elementSelector"), c),
    reify=True,
)
_E.method(
    "static Dictionary<K, V> ToDictionary<K, V>(this IEnumerable<KeyValuePair<K, V>> source)",
    lambda k, v, items: _dictionary(k, v, items, lambda p: p[0], lambda p: p[1], None),
    reify=True,
    since="core",
)

_E.method("static IEnumerable<T> AsEnumerable<T>(this IEnumerable<T> source)", lambda items: items)

# --- Cast, OfType ----------------------------------------------------------------------------------------------------


@_E.method("static IEnumerable<R> Cast<R>(this System.Collections.IEnumerable source)", rt=True, reify=True)
def cast_all(rt: Runtime, r: Type, items: Any) -> Any:
    of = element_type(source(items))
    if of is r:
        return items
    return Lazy(lambda: (cast(box(v, of), r) for v in charged(rt, iterate(items))), r)


@_E.method("static IEnumerable<R> OfType<R>(this System.Collections.IEnumerable source)", rt=True, reify=True)
def of_type(rt: Runtime, r: Type, items: Any) -> Lazy:
    of = element_type(source(items))

    def run() -> Iterator[Any]:
        for v in charged(rt, iterate(items)):
            boxed = box(v, of)
            if is_instance(boxed, r):
                yield unbox(boxed, r)

    return Lazy(run, r)


# --- Range, Repeat, Empty --------------------------------------------------------------------------------------------


@_E.method("static IEnumerable<int> Range(int start, int count)", rt=True)
def range_(rt: Runtime, start: int, count: int) -> Lazy:
    if count < 0 or start + count - 1 > 2**31 - 1:
        raise ArgumentOutOfRangeException("count")
    return Lazy(lambda: charged(rt, range(start, start + count)), _int())


def _int() -> Type:
    from apimpy.dotnet.universe import universe

    return universe().named("System.Int32")


@_E.method("static IEnumerable<T> Repeat<T>(T element, int count)", rt=True, reify=True)
def repeat_(rt: Runtime, t: Type, element: Any, count: int) -> Lazy:
    if count < 0:
        raise ArgumentOutOfRangeException("count")
    return Lazy(lambda: charged(rt, repeat(element, count)), t)


@_E.method("static IEnumerable<T> Empty<T>()", reify=True)
def empty(t: Type) -> Array:
    return Array(t)
