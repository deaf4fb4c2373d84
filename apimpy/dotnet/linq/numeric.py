"""Sum, Average, Min and Max: one overload for each numeric type, its nullable, and with a selector for both."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from apimpy.dotnet.comparison import sort_key
from apimpy.dotnet.exceptions import OverflowException
from apimpy.dotnet.linq.enumerable import enumerable, given, no_elements
from apimpy.dotnet.typecheck import nullable_of
from apimpy.dotnet.values import iterate, single, source

if TYPE_CHECKING:
    from apimpy.csharp.types import Type

__all__: list[str] = []

Function = Callable[..., Any]
_E = enumerable
_NUMBERS = ("int", "long", "float", "double", "decimal")

# --- the sums --------------------------------------------------------------------------------------------------------


def _sum_integers(bits: int) -> Function:
    limit = 1 << (bits - 1)

    def add(values: Iterator[Any]) -> int:
        total = 0
        for v in values:
            total += v
            if not -limit <= total < limit:
                raise OverflowException
        return total

    return add


def _sum_doubles(values: Iterator[Any]) -> float:
    total = 0.0
    for v in values:  # one after the other: Python's own sum compensates rounding errors, .NET's does not
        total += v
    return total


def _sum_floats(values: Iterator[Any]) -> float:
    return single(_sum_doubles(values))


def _sum_decimals(values: Iterator[Any]) -> Decimal:
    from apimpy.dotnet.system.arithmetic import decimal_add

    total = Decimal(0)
    for v in values:
        total = decimal_add(total, v)
    return total


_SUMS: dict[str, Function] = {
    "int": _sum_integers(32),
    "long": _sum_integers(64),
    "float": _sum_floats,
    "double": _sum_doubles,
    "decimal": _sum_decimals,
}


def _mean_of_integers(values: list[Any]) -> float:
    return float(_SUMS["long"](iter(values))) / len(values)


def _mean_of_floats(values: list[Any]) -> float:
    return single(_sum_doubles(iter(values)) / len(values))


def _mean_of_doubles(values: list[Any]) -> float:
    return _sum_doubles(iter(values)) / len(values)


def _mean_of_decimals(values: list[Any]) -> Decimal:
    from apimpy.dotnet.system.arithmetic import decimal_div

    return decimal_div(_sum_decimals(iter(values)), Decimal(len(values)))


_MEANS: dict[str, tuple[str, Function]] = {
    "int": ("double", _mean_of_integers),
    "long": ("double", _mean_of_integers),
    "float": ("float", _mean_of_floats),
    "double": ("double", _mean_of_doubles),
    "decimal": ("decimal", _mean_of_decimals),
}

# --- the extremes ----------------------------------------------------------------------------------------------------


def _is_nan(value: Any) -> bool:
    return isinstance(value, float) and value != value


def _min_number(values: list[Any]) -> Any:
    for v in values:  # NaN is the least of all
        if _is_nan(v):
            return v
    return min(values)


def _max_number(values: list[Any]) -> Any:
    return max([v for v in values if not _is_nan(v)] or values)


# --- declarations ----------------------------------------------------------------------------------------------------


def _present(values: Iterator[Any]) -> Iterator[Any]:
    return (v for v in values if v is not None)


def _declare(name: str, kind: str, result: str, total: Function, empty: Any) -> None:
    """One operator for one type: plain, nullable, and both with a selector.  `empty` None: an empty sequence throws."""

    def plain(values: Iterator[Any]) -> Any:
        held = list(values)
        if held:
            return total(held)
        if empty is None:
            raise no_elements()
        return empty

    def nullable(values: Iterator[Any]) -> Any:
        held = list(_present(values))
        return total(held) if held else empty

    def selected(calculate: Function) -> Function:
        def apply(items: Any, selector: Function) -> Any:
            source(items)
            return calculate(map(given(selector, "selector"), iterate(items)))

        return apply

    for mark, calculate in (("", plain), ("?", nullable)):
        head = f"static {result}{mark} {name}"
        element = kind + mark
        _E.method(
            f"{head}(this IEnumerable<{element}> source)",
            lambda items, run=calculate: run(iterate(source(items))),
        )
        _E.method(f"{head}<T>(this IEnumerable<T> source, Func<T, {element}> selector)", selected(calculate))


_ZEROS: dict[str, Any] = {"int": 0, "long": 0, "float": 0.0, "double": 0.0, "decimal": Decimal(0)}
for _kind in _NUMBERS:
    _declare("Sum", _kind, _kind, _SUMS[_kind], _ZEROS[_kind])
    _declare("Average", _kind, *_MEANS[_kind], None)
    _declare("Min", _kind, _kind, _min_number, None)
    _declare("Max", _kind, _kind, _max_number, None)


# --- Min and Max of anything -----------------------------------------------------------------------------------------


def _extreme(t: Type, values: Iterator[Any], largest: bool, comparer: Any = None) -> Any:
    """The first of the least or greatest; null where a reference or nullable sequence has no value."""
    held = [v for v in values if v is not None]
    if not held:
        if t.is_value and nullable_of(t) is None:
            raise no_elements()
        return None
    return (max if largest else min)(held, key=sort_key(t, comparer))


def _declare_any(name: str, largest: bool) -> None:
    def plain(t: Type, items: Any) -> Any:
        return _extreme(t, iterate(source(items)), largest)

    def selected(_t: Type, r: Type, items: Any, selector: Function) -> Any:
        source(items)
        return _extreme(r, map(given(selector, "selector"), iterate(items)), largest)

    def compared(t: Type, items: Any, comparer: Any) -> Any:
        return _extreme(t, iterate(source(items)), largest, comparer)

    def by(t: Type, k: Type, items: Any, selector: Function, comparer: Any = None) -> Any:
        source(items)
        given(selector, "keySelector")
        held = [(selector(v), v) for v in iterate(items)]
        known = [pair for pair in held if pair[0] is not None] or held
        if not known:
            if t.is_value and nullable_of(t) is None:
                raise no_elements()
            return None
        key = sort_key(k, comparer)
        return (max if largest else min)(known, key=lambda pair: pair[0] if key is None else key(pair[0]))[1]

    def by_default(t: Type, k: Type, items: Any, selector: Function) -> Any:
        return by(t, k, items, selector)

    _E.method(f"static T? {name}<T>(this IEnumerable<T> source)", plain, reify=True)
    _E.method(f"static R? {name}<T, R>(this IEnumerable<T> source, Func<T, R> selector)", selected, reify=True)
    _E.method(
        f"static T? {name}<T>(this IEnumerable<T> source, IComparer<T> comparer)", compared, reify=True, since="core"
    )
    head = f"static T? {name}By<T, K>(this IEnumerable<T> source, Func<T, K> keySelector"
    _E.method(head + ")", by_default, reify=True, since="core")
    _E.method(head + ", IComparer<K> comparer)", by, reify=True, since="core")


_declare_any("Min", largest=False)
_declare_any("Max", largest=True)
