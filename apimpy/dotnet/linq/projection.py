"""Where, Select, SelectMany, Take, Skip, Concat, Zip and the like: operators that go through a sequence once."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from itertools import chain, count, dropwhile, islice, takewhile
from typing import Any

from apimpy.csharp.types import Type, array_of
from apimpy.dotnet.exceptions import ArgumentOutOfRangeException
from apimpy.dotnet.linq.enumerable import Lazy, charged, enumerable, given
from apimpy.dotnet.typecheck import default_of
from apimpy.dotnet.values import Array, Runtime, iterate, source

__all__: list[str] = []

Function = Callable[..., Any]
_E = enumerable

# --- Where, Select ---------------------------------------------------------------------------------------------------


@_E.method("static IEnumerable<T> Where<T>(this IEnumerable<T> source, Func<T, bool> predicate)", reify=True)
def where(t: Type, items: Any, predicate: Function) -> Lazy:
    source(items)
    given(predicate, "predicate")
    return Lazy(lambda: filter(predicate, iterate(items)), t)


@_E.method("static IEnumerable<T> Where<T>(this IEnumerable<T> source, Func<T, int, bool> predicate)", reify=True)
def where_indexed(t: Type, items: Any, predicate: Function) -> Lazy:
    source(items)
    given(predicate, "predicate")
    return Lazy(lambda: (v for i, v in enumerate(iterate(items)) if predicate(v, i)), t)


@_E.method("static IEnumerable<R> Select<T, R>(this IEnumerable<T> source, Func<T, R> selector)", reify=True)
def select(_t: Type, r: Type, items: Any, selector: Function) -> Lazy:
    source(items)
    given(selector, "selector")
    return Lazy(lambda: map(selector, iterate(items)), r)


@_E.method("static IEnumerable<R> Select<T, R>(this IEnumerable<T> source, Func<T, int, R> selector)", reify=True)
def select_indexed(_t: Type, r: Type, items: Any, selector: Function) -> Lazy:
    source(items)
    given(selector, "selector")
    return Lazy(lambda: map(selector, iterate(items), count()), r)


# --- SelectMany ------------------------------------------------------------------------------------------------------


def _flat(rt: Runtime, groups: Iterator[Any]) -> Iterator[Any]:
    return charged(rt, chain.from_iterable(map(iterate, groups)))


@_E.method(
    "static IEnumerable<R> SelectMany<T, R>(this IEnumerable<T> source, Func<T, IEnumerable<R>> selector)",
    rt=True,
    reify=True,
)
def select_many(rt: Runtime, _t: Type, r: Type, items: Any, selector: Function) -> Lazy:
    source(items)
    given(selector, "selector")
    return Lazy(lambda: _flat(rt, map(selector, iterate(items))), r)


@_E.method(
    "static IEnumerable<R> SelectMany<T, R>(this IEnumerable<T> source, Func<T, int, IEnumerable<R>> selector)",
    rt=True,
    reify=True,
)
def select_many_indexed(rt: Runtime, _t: Type, r: Type, items: Any, selector: Function) -> Lazy:
    source(items)
    given(selector, "selector")
    return Lazy(lambda: _flat(rt, map(selector, iterate(items), count())), r)


@_E.method(
    "static IEnumerable<R> SelectMany<T, C, R>(this IEnumerable<T> source, "
    "Func<T, IEnumerable<C>> collectionSelector, Func<T, C, R> resultSelector)",
    reify=True,
)
def select_many_result(_t: Type, _c: Type, r: Type, items: Any, collection: Function, result: Function) -> Lazy:
    source(items)
    given(collection, "collectionSelector")
    given(result, "resultSelector")
    return Lazy(lambda: (result(v, c) for v in iterate(items) for c in iterate(collection(v))), r)


@_E.method(
    "static IEnumerable<R> SelectMany<T, C, R>(this IEnumerable<T> source, "
    "Func<T, int, IEnumerable<C>> collectionSelector, Func<T, C, R> resultSelector)",
    reify=True,
)
def select_many_result_indexed(_t: Type, _c: Type, r: Type, items: Any, collection: Function, result: Function) -> Lazy:
    source(items)
    given(collection, "collectionSelector")
    given(result, "resultSelector")
    return Lazy(lambda: (result(v, c) for i, v in enumerate(iterate(items)) for c in iterate(collection(v, i))), r)


# --- Take, Skip ------------------------------------------------------------------------------------------------------


@_E.method("static IEnumerable<T> Take<T>(this IEnumerable<T> source, int count)", reify=True)
def take(t: Type, items: Any, n: int) -> Lazy:
    source(items)
    return Lazy(lambda: islice(iterate(items), max(n, 0)), t)


@_E.method("static IEnumerable<T> Skip<T>(this IEnumerable<T> source, int count)", reify=True)
def skip(t: Type, items: Any, n: int) -> Lazy:
    source(items)
    return Lazy(lambda: islice(iterate(items), max(n, 0), None), t)


@_E.method("static IEnumerable<T> TakeLast<T>(this IEnumerable<T> source, int count)", reify=True, since="core")
def take_last(t: Type, items: Any, n: int) -> Lazy:
    source(items)
    return Lazy(lambda: iter(deque(iterate(items), max(n, 0))), t)


@_E.method("static IEnumerable<T> SkipLast<T>(this IEnumerable<T> source, int count)", reify=True, since="core")
def skip_last(t: Type, items: Any, n: int) -> Lazy:
    source(items)

    def run() -> Iterator[Any]:
        held = list(iterate(items))
        return iter(held[: max(len(held) - max(n, 0), 0)])

    return Lazy(run, t)


@_E.method("static IEnumerable<T> TakeWhile<T>(this IEnumerable<T> source, Func<T, bool> predicate)", reify=True)
def take_while(t: Type, items: Any, predicate: Function) -> Lazy:
    source(items)
    given(predicate, "predicate")
    return Lazy(lambda: takewhile(predicate, iterate(items)), t)


@_E.method("static IEnumerable<T> TakeWhile<T>(this IEnumerable<T> source, Func<T, int, bool> predicate)", reify=True)
def take_while_indexed(t: Type, items: Any, predicate: Function) -> Lazy:
    source(items)
    given(predicate, "predicate")

    def run() -> Iterator[Any]:
        for i, v in enumerate(iterate(items)):
            if not predicate(v, i):
                return
            yield v

    return Lazy(run, t)


@_E.method("static IEnumerable<T> SkipWhile<T>(this IEnumerable<T> source, Func<T, bool> predicate)", reify=True)
def skip_while(t: Type, items: Any, predicate: Function) -> Lazy:
    source(items)
    given(predicate, "predicate")
    return Lazy(lambda: dropwhile(predicate, iterate(items)), t)


@_E.method("static IEnumerable<T> SkipWhile<T>(this IEnumerable<T> source, Func<T, int, bool> predicate)", reify=True)
def skip_while_indexed(t: Type, items: Any, predicate: Function) -> Lazy:
    source(items)
    given(predicate, "predicate")

    def run() -> Iterator[Any]:
        rest = iterate(items)
        for i, v in enumerate(rest):
            if not predicate(v, i):
                yield v
                yield from rest

    return Lazy(run, t)


# --- joining ends ----------------------------------------------------------------------------------------------------


@_E.method("static IEnumerable<T> Concat<T>(this IEnumerable<T> first, IEnumerable<T> second)", rt=True, reify=True)
def concat(rt: Runtime, t: Type, first: Any, second: Any) -> Lazy:
    given(first, "first")
    given(second, "second")
    return Lazy(lambda: charged(rt, chain(iterate(first), iterate(second))), t)


@_E.method("static IEnumerable<T> Append<T>(this IEnumerable<T> source, T element)", rt=True, reify=True)
def append(rt: Runtime, t: Type, items: Any, element: Any) -> Lazy:
    source(items)
    return Lazy(lambda: charged(rt, chain(iterate(items), (element,))), t)


@_E.method("static IEnumerable<T> Prepend<T>(this IEnumerable<T> source, T element)", rt=True, reify=True)
def prepend(rt: Runtime, t: Type, items: Any, element: Any) -> Lazy:
    source(items)
    return Lazy(lambda: charged(rt, chain((element,), iterate(items))), t)


@_E.method("static IEnumerable<T> Reverse<T>(this IEnumerable<T> source)", reify=True)
def reverse(t: Type, items: Any) -> Lazy:
    source(items)
    return Lazy(lambda: iter(list(iterate(items))[::-1]), t)


def _or_default(items: Any, default: Any) -> Iterator[Any]:
    empty = True
    for v in iterate(items):
        empty = False
        yield v
    if empty:
        yield default


@_E.method("static IEnumerable<T> DefaultIfEmpty<T>(this IEnumerable<T> source)", reify=True)
def default_if_empty(t: Type, items: Any) -> Lazy:
    source(items)
    return Lazy(lambda: _or_default(items, default_of(t)), t)


@_E.method("static IEnumerable<T> DefaultIfEmpty<T>(this IEnumerable<T> source, T defaultValue)", reify=True)
def default_if_empty_value(t: Type, items: Any, default: Any) -> Lazy:
    source(items)
    return Lazy(lambda: _or_default(items, default), t)


@_E.method(
    "static IEnumerable<R> Zip<T, U, R>(this IEnumerable<T> first, IEnumerable<U> second, "
    "Func<T, U, R> resultSelector)",
    reify=True,
)
def zip_(_t: Type, _u: Type, r: Type, first: Any, second: Any, result: Function) -> Lazy:
    given(first, "first")
    given(second, "second")
    given(result, "resultSelector")
    return Lazy(lambda: map(result, iterate(first), iterate(second)), r)


@_E.method("static IEnumerable<T[]> Chunk<T>(this IEnumerable<T> source, int size)", reify=True, since="core")
def chunk(t: Type, items: Any, size: int) -> Lazy:
    source(items)
    if size < 1:
        raise ArgumentOutOfRangeException("size")

    def run() -> Iterator[Any]:
        rest = iterate(items)
        while part := list(islice(rest, size)):
            yield Array(t, part)

    return Lazy(run, array_of(t))
