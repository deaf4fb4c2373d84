"""Order and equality of elements: what Comparer<T>.Default, EqualityComparer<T>.Default and given comparers mean.

Python sorts by keys and looks up by hash, so both are offered as key functions: `sort_key(T, comparer)` and
`equality_key(T, comparer)`; None stands for "the value itself", which is the usual and fast case.

A comparer is any object with `compare(a, b)` (IComparer<T>) or `equals(a, b)` and `hash_code(a)`
(IEqualityComparer<T>); one that also has `key(a)` says equality by that key's.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from functools import cache, cmp_to_key
from typing import Any

from apimpy.csharp.types import Named, Type
from apimpy.dotnet import collation
from apimpy.dotnet.exceptions import ArgumentException, ClrError, InvalidOperationException
from apimpy.dotnet.values import ClrTuple, equals, type_of

__all__ = [
    "DefaultComparer",
    "DefaultEqualityComparer",
    "FunctionComparer",
    "compare_values",
    "equality",
    "equality_key",
    "ordered",
    "sort_key",
]

Key = Callable[[Any], Any] | None

_NUMBERS = frozenset(
    f"System.{n}"
    for n in ("Byte", "SByte", "Int16", "UInt16", "Int32", "UInt32", "Int64", "UInt64", "Decimal", "Boolean", "Char")
)
_FLOATS = frozenset(("System.Double", "System.Single"))
_PLAIN = _NUMBERS | frozenset(f"System.{n}" for n in ("String", "Guid", "DateTime", "DateTimeOffset", "TimeSpan"))
_TIMES = frozenset(("System.DateTime", "System.DateTimeOffset", "System.TimeSpan"))


def compare_values(a: Any, b: Any) -> int:
    """`Comparer<object>.Default.Compare(a, b)` of boxed values, and of unboxed ones of one type."""
    if a is b:
        return 0
    if a is None:
        return -1
    if b is None:
        return 1
    if isinstance(a, str):
        if not isinstance(b, str) or type(a) is not type(b):
            raise _not_of_type(a)
        return collation.compare(a, b) if type(a) is str else (a > b) - (a < b)
    if isinstance(a, float):
        if type(a) is not type(b):
            raise _not_of_type(a)
        return _compare_floats(a, b)
    if isinstance(a, (int, Decimal)):
        if type(a) is not type(b):
            raise _not_of_type(a)
        return (a > b) - (a < b)
    if isinstance(a, ClrTuple) and isinstance(b, ClrTuple) and len(a) == len(b):
        for x, y in zip(a, b, strict=True):
            if order := compare_values(x, y):
                return order
        return 0
    if _comparable(a) and not isinstance(a, (list, set, tuple)):
        if type(a) is not type(b):
            raise _not_of_type(a)
        return -1 if a < b else int(b < a)
    raise ArgumentException("At least one object must implement IComparable.")


def _comparable(value: Any) -> bool:
    own = getattr(type(value), "__lt__", None)
    return own is not None and own is not object.__lt__  # type: ignore[operator]


def _not_of_type(a: Any) -> ArgumentException:
    return ArgumentException(f"Object must be of type {type_of(a).full_name.removeprefix('System.')}.")


def _compare_floats(a: float, b: float) -> int:
    if a != a or b != b:  # NaN comes first
        return (b != b) - (a != a)
    return (a > b) - (a < b)


def _float_key(value: float) -> float:
    return float("-inf") if value != value else value


def _nan_first(value: float) -> tuple[bool, float]:
    return (True, value) if value == value else (False, 0.0)


def _name(type: Type) -> str:
    return type.decl.full_name if isinstance(type, Named) else ""


@cache
def _default_sort_key(type: Type) -> Key:
    name = _name(type)
    if name in _NUMBERS or name in _TIMES:
        return None
    if name in _FLOATS:
        return _nan_first
    if name == "System.String":
        return lambda v: ((), (), (), ()) if v is None else (_SOMETHING, *collation.key(v))
    if name == "System.Nullable":
        assert isinstance(type, Named)
        inner = _default_sort_key(type.args[0])
        if inner is None:
            return lambda v: (False, 0) if v is None else (True, v)
        return lambda v: (False, 0) if v is None else (True, inner(v))
    if isinstance(type, Named) and type.decl.kind == "enum":
        return lambda v: v.value
    return cmp_to_key(compare_values)


_SOMETHING = (1,)


def sort_key(type: Type, comparer: Any = None) -> Key:
    """The key to sort values of static type `type` by."""
    if comparer is None or isinstance(comparer, DefaultComparer):
        return _default_sort_key(type)
    return cmp_to_key(comparer.compare)


def ordered(items: list[Any], type: Type, comparer: Any = None) -> list[Any]:
    """The items sorted; a comparison that fails is wrapped as .NET's sorts do."""
    try:
        return sorted(items, key=sort_key(type, comparer))
    except ClrError as e:
        raise InvalidOperationException("Failed to compare two elements in the array.", e) from e


# --- equality --------------------------------------------------------------------------------------------------------

_NAN = object()


def _boxed_key(value: Any) -> Any:
    """Values of different types are never equal, though Python thinks 1 == True == 1.0."""
    if isinstance(value, (int, float, str, Decimal)):
        return (value.__class__, _NAN if value != value else value)
    return value


def _nan_key(value: Any) -> Any:
    return value if value == value else _NAN


@cache
def _default_equality_key(type: Type) -> Key:
    name = _name(type)
    if name in _PLAIN or not isinstance(type, Named) or type.decl.kind == "enum":
        return None
    if name in _FLOATS:
        return _nan_key
    if name == "System.Nullable":
        return _default_equality_key(type.args[0])
    return _boxed_key


class _Wrapped:
    """A value whose equality is a comparer's."""

    __slots__ = ("comparer", "value")

    def __init__(self, comparer: Any, value: Any) -> None:
        self.comparer, self.value = comparer, value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Wrapped) and bool(self.comparer.equals(self.value, other.value))

    def __hash__(self) -> int:
        return 0 if self.value is None else hash(self.comparer.hash_code(self.value))


def equality_key(type: Type, comparer: Any = None) -> Key:
    """The hashable key that says which values of static type `type` are equal."""
    if comparer is None or isinstance(comparer, DefaultEqualityComparer):
        return _default_equality_key(type)
    by_key: Key = getattr(comparer, "key", None)
    if by_key is not None:
        return lambda v: None if v is None else by_key(v)
    return lambda v: _Wrapped(comparer, v)


def equality(type: Type, comparer: Any = None) -> Callable[[Any, Any], bool]:
    """The test whether two values of static type `type` are equal."""
    key = equality_key(type, comparer)
    if key is None:
        return _same
    return lambda a, b: key(a) == key(b)


def _same(a: Any, b: Any) -> bool:
    return bool(a == b)


# --- the comparers C# code can hold ----------------------------------------------------------------------------------


class DefaultComparer:
    """Comparer<T>.Default."""

    __slots__ = ("clr_type", "of")

    def __init__(self, of: Type, clr_type: Type) -> None:
        self.of, self.clr_type = of, clr_type

    def compare(self, a: Any, b: Any) -> int:
        key = _default_sort_key(self.of)
        x, y = (a, b) if key is None else (key(a), key(b))
        return -1 if x < y else int(y < x)


class FunctionComparer:
    """Comparer<T>.Create(comparison)."""

    __slots__ = ("clr_type", "compare", "of")

    def __init__(self, of: Type, clr_type: Type, comparison: Callable[[Any, Any], int]) -> None:
        self.of, self.clr_type, self.compare = of, clr_type, comparison


class DefaultEqualityComparer:
    """EqualityComparer<T>.Default."""

    __slots__ = ("clr_type", "of")

    def __init__(self, of: Type, clr_type: Type) -> None:
        self.of, self.clr_type = of, clr_type

    def equals(self, a: Any, b: Any) -> bool:
        key = _default_equality_key(self.of)
        return equals(a, b) if key is None else bool(key(a) == key(b))

    def hash_code(self, a: Any) -> int:
        return 0 if a is None else hash(a) % 2**31
