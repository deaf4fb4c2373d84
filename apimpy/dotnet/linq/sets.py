"""Distinct, Union, Intersect, Except and their `…By` forms: sequences as sets, in the order of first occurrence."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import chain
from typing import TYPE_CHECKING, Any

from apimpy.dotnet.comparison import Key, equality_key
from apimpy.dotnet.linq.enumerable import Lazy, charged, enumerable, given
from apimpy.dotnet.values import Runtime, iterate, source

if TYPE_CHECKING:
    from apimpy.csharp.types import Type

__all__: list[str] = []

Function = Callable[..., Any]
_E = enumerable


def _key(select: Function | None, hashed: Key) -> Function:
    """What says whether two elements are the same: the hash of the element, or of its selected key."""
    if select is None:
        return hashed or _itself
    return select if hashed is None else lambda v: hashed(select(v))


def _itself(value: Any) -> Any:
    return value


def _unique(items: Iterator[Any], key: Function) -> Iterator[Any]:
    seen = set()
    for v in items:
        h = key(v)
        if h not in seen:
            seen.add(h)
            yield v


def _distinct(t: Type, items: Any, select: Function | None, k: Type, comparer: Any) -> Lazy:
    source(items)
    key = _key(select, equality_key(k, comparer))
    return Lazy(lambda: _unique(iterate(items), key), t)


def _union(rt: Runtime, t: Type, a: Any, b: Any, select: Function | None, k: Type, comparer: Any) -> Lazy:
    given(a, "first")
    given(b, "second")
    key = _key(select, equality_key(k, comparer))
    return Lazy(lambda: _unique(charged(rt, chain(iterate(a), iterate(b))), key), t)


def _intersect(t: Type, a: Any, b: Any, select: Function | None, k: Type, comparer: Any, keys: bool = False) -> Lazy:
    given(a, "first")
    given(b, "second")
    hashed = equality_key(k, comparer)
    key = _key(select, hashed)

    def run() -> Iterator[Any]:
        wanted = set(map(_key(None if keys else select, hashed), iterate(b)))
        return _unique((v for v in iterate(a) if key(v) in wanted), key)

    return Lazy(run, t)


def _except(t: Type, a: Any, b: Any, select: Function | None, k: Type, comparer: Any, keys: bool = False) -> Lazy:
    given(a, "first")
    given(b, "second")
    hashed = equality_key(k, comparer)
    key = _key(select, hashed)

    def run() -> Iterator[Any]:
        unwanted = set(map(_key(None if keys else select, hashed), iterate(b)))
        return _unique((v for v in iterate(a) if key(v) not in unwanted), key)

    return Lazy(run, t)


_SAME = "(this IEnumerable<T> first, IEnumerable<T> second"
_C = ", IEqualityComparer<T> comparer)"
_E.method(
    "static IEnumerable<T> Distinct<T>(this IEnumerable<T> source)",
    lambda t, s: _distinct(t, s, None, t, None),
    reify=True,
)
_E.method(
    "static IEnumerable<T> Distinct<T>(this IEnumerable<T> source" + _C,
    lambda t, s, c: _distinct(t, s, None, t, c),
    reify=True,
)
_E.method(
    f"static IEnumerable<T> Union<T>{_SAME})",
    lambda rt, t, a, b: _union(rt, t, a, b, None, t, None),
    rt=True,
    reify=True,
)
_E.method(
    f"static IEnumerable<T> Union<T>{_SAME}{_C}",
    lambda rt, t, a, b, c: _union(rt, t, a, b, None, t, c),
    rt=True,
    reify=True,
)
_E.method(f"static IEnumerable<T> Intersect<T>{_SAME})", lambda t, a, b: _intersect(t, a, b, None, t, None), reify=True)
_E.method(
    f"static IEnumerable<T> Intersect<T>{_SAME}{_C}", lambda t, a, b, c: _intersect(t, a, b, None, t, c), reify=True
)
_E.method(f"static IEnumerable<T> Except<T>{_SAME})", lambda t, a, b: _except(t, a, b, None, t, None), reify=True)
_E.method(f"static IEnumerable<T> Except<T>{_SAME}{_C}", lambda t, a, b, c: _except(t, a, b, None, t, c), reify=True)

# --- by key ----------------------------------------------------------------------------------------------------------

_KEY = ", Func<T, K> keySelector"
_CK = ", IEqualityComparer<K> comparer)"
_E.method(
    f"static IEnumerable<T> DistinctBy<T, K>(this IEnumerable<T> source{_KEY})",
    lambda t, k, s, f: _distinct(t, s, given(f, "keySelector"), k, None),
    reify=True,
    since="core",
)
_E.method(
    f"static IEnumerable<T> DistinctBy<T, K>(this IEnumerable<T> source{_KEY}{_CK}",
    lambda t, k, s, f, c: _distinct(t, s, given(f, "keySelector"), k, c),
    reify=True,
    since="core",
)
_E.method(
    f"static IEnumerable<T> UnionBy<T, K>{_SAME}{_KEY})",
    lambda rt, t, k, a, b, f: _union(rt, t, a, b, given(f, "keySelector"), k, None),
    rt=True,
    reify=True,
    since="core",
)
_KEYED = "(this IEnumerable<T> first, IEnumerable<K> second"
_E.method(
    f"static IEnumerable<T> IntersectBy<T, K>{_KEYED}{_KEY})",
    lambda t, k, a, b, f: _intersect(t, a, b, given(f, "keySelector"), k, None, keys=True),
    reify=True,
    since="core",
)
_E.method(
    f"static IEnumerable<T> ExceptBy<T, K>{_KEYED}{_KEY})",
    lambda t, k, a, b, f: _except(t, a, b, given(f, "keySelector"), k, None, keys=True),
    reify=True,
    since="core",
)
