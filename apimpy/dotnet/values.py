"""How C# values look in Python at run time, and the few helpers every module of the library shares.

Unboxed (the static type is known, so the value need not say it):

| C# | Python |
| --- | --- |
| `bool` | `bool` |
| integers | `int`, always inside their range |
| `double`, `float` | `float` (`float` values are rounded to 32 bits) |
| `decimal` | `decimal.Decimal` (its exponent is the scale) |
| `char` | `str` of length 1 |
| `string` | `str`, every character one UTF-16 unit: text beyond the basic plane is stored as a surrogate PAIR. \
`from_text`/`to_text` convert at the edges (bodies, headers, encodings); inside, indexes and lengths are C#'s for free |
| enum | `EnumValue` |
| `T?` (Nullable) | None or the value |
| `DateTime`, `TimeSpan`, `Guid`, … | small immutable classes of their modules |
| `T[]` | `Array` (a list that knows its element type) |
| `List<T>`, `Dictionary<K,V>`, … | classes of `collections_` |
| `IEnumerable<T>` | any Python iterable that can be iterated AGAIN; lazy ones are `Query` |
| dictionaries of `context` | any Python mapping |
| delegates | callables |
| tuple, anonymous object | `tuple` subclasses: `ClrTuple`, `Anonymous` |

Boxed (static type `object`, an interface, or a type parameter bound to them): the same, except that a type which would
be mistaken for another gets a marker subclass: `Int64(int)`, `Byte(int)`, `Char(str)`, `Single(float)` ….  A plain
`int` is `System.Int32`, `float` is `System.Double`, `str` is `System.String`.  The compiler boxes and unboxes.

A Python class whose instances are C# objects may define: `clr_type` (attribute or property: its run-time `Type`),
`clr_to_string()`, `clr_iter()` (enumeration, where it differs from `__iter__`), `__eq__`/`__hash__` (Equals,
GetHashCode), `__lt__` (IComparable).
"""

from __future__ import annotations

import re
import struct
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Protocol, Self

from apimpy.csharp.types import AnonymousType, ClrType, Named, TupleType, Type, array_of
from apimpy.dotnet.exceptions import (
    ArgumentNullException,
    BudgetExceeded,
    ClrError,
    NullReferenceException,
)
from apimpy.pattern import pattern
from apimpy.record import Record, field

__all__ = [
    "Anonymous",
    "Array",
    "ClrTuple",
    "EnumValue",
    "KeyValuePair",
    "Limits",
    "Query",
    "Runtime",
    "box",
    "check_size",
    "equals",
    "from_text",
    "iterate",
    "source",
    "to_string",
    "to_text",
    "type_of",
    "well_formed",
]

# --- UTF-16 ----------------------------------------------------------------------------------------------------------

_ASTRAL = pattern("[\U00010000-\U0010ffff]")
_PAIR = pattern("[\ud800-\udbff][\udc00-\udfff]")
_LONE = pattern("[\ud800-\udfff]")


def _split(m: re.Match[str]) -> str:
    n = ord(m[0]) - 0x10000
    return chr(0xD800 + (n >> 10)) + chr(0xDC00 + (n & 0x3FF))


def _join(m: re.Match[str]) -> str:
    return chr(0x10000 + ((ord(m[0][0]) - 0xD800) << 10) + (ord(m[0][1]) - 0xDC00))


def from_text(text: str) -> str:
    """Ordinary Python text as a C# string (surrogate pairs)."""
    return text if text.isascii() else _ASTRAL.sub(_split, text)


def to_text(value: str) -> str:
    """A C# string as ordinary Python text; a lone surrogate stays."""
    return value if value.isascii() else _PAIR.sub(_join, value)


def well_formed(value: str) -> str:
    """A C# string as Python text that can be encoded: lone surrogates become U+FFFD, as .NET's encoders do."""
    return value if value.isascii() else _LONE.sub("\ufffd", _PAIR.sub(_join, value))


# --- boxes -----------------------------------------------------------------------------------------------------------


class Int64(int):
    __slots__ = ()


class Int16(int):
    __slots__ = ()


class SByte(int):
    __slots__ = ()


class Byte(int):
    __slots__ = ()


class UInt16(int):
    __slots__ = ()


class UInt32(int):
    __slots__ = ()


class UInt64(int):
    __slots__ = ()


class Single(float):
    __slots__ = ()


class Char(str):
    __slots__ = ()


BOXES: dict[str, type] = {
    "System.Int64": Int64,
    "System.Int16": Int16,
    "System.SByte": SByte,
    "System.Byte": Byte,
    "System.UInt16": UInt16,
    "System.UInt32": UInt32,
    "System.UInt64": UInt64,
    "System.Single": Single,
    "System.Char": Char,
}
"""Marker classes for boxed values, by the full name of the C# type."""


def box(value: Any, of: Type) -> Any:
    """The boxed form of an unboxed value of that static type."""
    if value is None or not isinstance(of, Named):
        return value
    if of.decl.full_name == "System.Nullable":
        return box(value, of.args[0])
    marker = BOXES.get(of.decl.full_name)
    return value if marker is None else marker(value)


# --- objects ---------------------------------------------------------------------------------------------------------


class EnumValue:
    """A value of an enum type; `name` is None for a number without a name."""

    __slots__ = ("decl", "value")

    def __init__(self, decl: ClrType, value: int) -> None:
        self.decl, self.value = decl, value

    @property
    def clr_type(self) -> Type:
        return self.decl.of()

    def clr_to_string(self) -> str:
        if self.decl.enum_flags and self.value:
            rest, names = self.value, []
            for name, member in sorted(self.decl.enum_members.items(), key=lambda kv: -kv[1].value):
                if member.value and rest & member.value == member.value:
                    names.append(name)
                    rest &= ~member.value
            return ", ".join(reversed(names)) if not rest else str(self.value)
        for name, member in self.decl.enum_members.items():
            if member.value == self.value:
                return name
        return str(self.value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, EnumValue) and other.value == self.value and other.decl is self.decl

    def __hash__(self) -> int:
        return hash(self.value)

    def __lt__(self, other: EnumValue) -> bool:
        return self.value < other.value

    def __repr__(self) -> str:
        return f"{self.decl.name}.{self.clr_to_string()}"


class Array(list[Any]):
    """A C# array of rank 1: fixed length (nothing changes it), knows its element type.  Elements are unboxed.

    An array of rank n is an `Array` whose `shape` is its dimensions, stored row by row.
    """

    __slots__ = ("of", "shape")

    def __init__(self, of: Type, items: Iterable[Any] = (), shape: tuple[int, ...] | None = None) -> None:
        list.__init__(self, items)
        self.of, self.shape = of, shape

    @property
    def clr_type(self) -> Type:
        return array_of(self.of, len(self.shape) if self.shape else 1)

    def clr_to_string(self) -> str:
        return self.clr_type.full_name

    __eq__ = object.__eq__
    __ne__ = object.__ne__
    __hash__ = object.__hash__  # type: ignore[assignment]


class KeyValuePair(tuple[Any, Any]):
    """System.Collections.Generic.KeyValuePair<K, V>: (key, value)."""

    __slots__ = ()

    def __new__(cls, key: Any, value: Any) -> Self:
        return tuple.__new__(cls, (key, value))

    def clr_to_string(self) -> str:
        return f"[{to_string(self[0])}, {to_string(self[1])}]"


class ClrTuple(tuple[Any, ...]):  # noqa: SLOT001  carries its type; tuples take no slots
    """A value tuple or System.Tuple; `clr_type` is set on the instance when it is boxed."""

    clr_type: Type

    def clr_to_string(self) -> str:
        kind = getattr(self, "clr_type", None)
        types = kind.elements if isinstance(kind, TupleType) else kind.args if isinstance(kind, Named) else ()
        items = (box(v, t) for v, t in zip(self, types, strict=True)) if types else self
        texts = [to_string(item) for item in items]
        if len(self) == 8 and isinstance(self[7], ClrTuple):
            texts[7] = texts[7][1:-1]  # the eighth of a tuple is the tuple of the others
        return f"({', '.join(texts)})"


class Anonymous(tuple[Any, ...]):  # noqa: SLOT001  as above
    """An anonymous object: values in the order of `clr_type.names`."""

    clr_type: AnonymousType

    def clr_to_string(self) -> str:
        parts = (
            f"{n} = {to_string(box(v, t))}"
            for n, v, t in zip(self.clr_type.names, self, self.clr_type.types, strict=True)
        )
        return f"{{ {', '.join(parts)} }}"


class Query:
    """A lazy sequence that can be enumerated again: `Query(lambda: generator, element type or None)`."""

    __slots__ = ("factory", "of")

    def __init__(self, factory: Callable[[], Iterator[Any]], of: Type | None = None) -> None:
        self.factory, self.of = factory, of

    def __iter__(self) -> Iterator[Any]:
        return self.factory()


def iterate(value: Any) -> Iterator[Any]:
    """Enumerate any C# enumerable; a dictionary gives `KeyValuePair`s; null throws as `foreach` does."""
    if value is None:
        raise NullReferenceException
    clr_iter = getattr(value, "clr_iter", None)
    if clr_iter is not None:
        return clr_iter()  # type: ignore[no-any-return]
    if isinstance(value, (list, Query)):  # asking for a mapping is slow
        return iter(value)
    if isinstance(value, Mapping):
        return iter([KeyValuePair(k, v) for k, v in value.items()])
    return iter(value)


def source(value: Any, name: str = "source") -> Any:
    """The argument, or ArgumentNullException(name): the first line of most LINQ methods."""
    if value is None:
        raise ArgumentNullException(name)
    return value


# --- object members --------------------------------------------------------------------------------------------------


def type_of(value: Any) -> Type:
    """The run-time type of a boxed value (not None)."""
    universe: Any = ClrType.universe
    found = getattr(value, "clr_type", None)
    if isinstance(found, Type):
        return found
    name = _TYPE_NAMES.get(type(value))
    if name is None and isinstance(value, ClrError):
        name = value.full_name
    if name is None:
        for base in type(value).__mro__:
            decl: ClrType | None = universe.by_python(base)
            if decl is not None:
                return decl.of() if not decl.params else decl.open
        name = "System.Object"
    named: Type = universe.named(name)
    return named


_TYPE_NAMES: dict[type, str] = {
    bool: "System.Boolean",
    int: "System.Int32",
    float: "System.Double",
    str: "System.String",
    **{v: k for k, v in BOXES.items()},
}


def to_string(value: Any) -> str:
    """`ToString()` of a boxed value under the invariant culture; "" for null (as concatenation and formatting do)."""
    kind = type(value)
    if kind is str:
        return value  # type: ignore[no-any-return]
    if value is None:
        return ""
    if kind is bool:
        return "True" if value else "False"
    if isinstance(value, int):
        return int.__repr__(value)
    if isinstance(value, str):
        return str.__str__(value)
    method = getattr(value, "clr_to_string", None)
    if method is not None:
        return method()  # type: ignore[no-any-return]
    if isinstance(value, float):
        from apimpy.dotnet.system.number_format import double_text, single_text

        return single_text(value) if isinstance(value, Single) else double_text(value)
    if isinstance(value, ClrError):
        return f"{value.full_name}: {value.text}"
    if kind.__name__ == "Decimal":
        from apimpy.dotnet.system.number_format import decimal_text

        return decimal_text(value)
    return type_of(value).full_name


def equals(a: Any, b: Any) -> bool:
    """`object.Equals(a, b)` of boxed values."""
    if a is b:
        return True
    if a is None or b is None:
        return False
    if isinstance(a, (bool, int, float, str)) or isinstance(b, (bool, int, float, str)):  # b alone: a decimal beside 1
        return type(a) is type(b) and (a == b or (a != a and b != b))
    return bool(a == b)


def single(value: float) -> float:
    """Round to 32-bit precision."""
    try:
        return struct.unpack("f", struct.pack("f", value))[0]  # type: ignore[no-any-return]
    except OverflowError:
        return float("inf") if value > 0 else float("-inf")


# --- run time --------------------------------------------------------------------------------------------------------


class Limits(Record, frozen=True, eq=True):
    """Budgets of one evaluation."""

    steps: int = 1_000_000
    seconds: float = 1.0
    size: int = 50_000_000
    """Characters of a string, or elements of a collection."""
    depth: int = 100
    """Nested calls of local functions and delegates."""
    regex_seconds: float = 1.0


class ClockLike(Protocol):
    def now(self) -> float:
        """Seconds since 1970-01-01 UTC."""

    def ticks(self) -> int:
        """Ticks (100 ns) since 0001-01-01 UTC."""


class Runtime(Record):
    """What an evaluation may use besides its arguments: clock, randomness, limits, and the budget's counters.

    One per request (or per `eval`); `begin()` starts the budget of one evaluation.
    """

    clock: Any
    random: Any
    limits: Limits = field(default_factory=Limits)
    steps: int = 0
    deadline: float = 0.0
    depth: int = 0

    def begin(self) -> None:
        self.steps = self.limits.steps
        self.deadline = time.perf_counter() + self.limits.seconds
        self.depth = 0

    def tick(self, cost: int = 1) -> None:
        """Charge steps: every loop iteration, lambda call and element produced without one costs at least one."""
        self.steps = left = self.steps - cost
        if left < 0:
            raise BudgetExceeded(f"the expression took more than {self.limits.steps} steps")
        if not left & 0xFF and time.perf_counter() > self.deadline:
            raise BudgetExceeded(f"the expression took more than {self.limits.seconds:g} s")

    def check_size(self, size: int) -> None:
        """Refuse a string or collection of that size BEFORE it is made."""
        if size > self.limits.size:
            raise BudgetExceeded(f"a value of {size} elements passes the limit of {self.limits.size}")


SIZE_LIMIT = Limits().size


def check_size(size: int) -> None:
    """`Runtime.check_size` with the default limit, for functions that take no `rt`."""
    if size > SIZE_LIMIT:
        raise BudgetExceeded(f"a value of {size} elements passes the limit of {SIZE_LIMIT}")
