"""What generated code calls where Python has no operator for it: null checks, wrap-around, boxing, casts, text.

The emitter reads these by name from the universe (`universe.ops`); they are the only functions of ours, besides the
declared members, that an expression can reach.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any

from apimpy.csharp.types import AnonymousType, ClrType, Named, TupleType, Type
from apimpy.dotnet import typecheck
from apimpy.dotnet.exceptions import (
    ArrayTypeMismatchException,
    BudgetExceeded,
    ClrError,
    IndexOutOfRangeException,
    InvalidOperationException,
    NullReferenceException,
    OverflowException,
)
from apimpy.dotnet.system import arithmetic
from apimpy.dotnet.system.string_format import align, format_value
from apimpy.dotnet.values import (
    BOXES,
    Anonymous,
    Array,
    ClrTuple,
    EnumValue,
    Runtime,
    equals,
    iterate,
    single,
    to_string,
)

__all__ = ["arithmetic", "equals", "iterate", "single", "to_string"]

Clr = ClrError
default_of = typecheck.default_of


# --- null and failure


def null_reference() -> Any:
    raise NullReferenceException


guarded = (ClrError, BudgetExceeded)
"""What a compiled expression may raise."""


def defect(error: Exception) -> ClrError | BudgetExceeded:
    """What stands for anything else that comes out of an expression."""
    if isinstance(error, RecursionError | MemoryError):
        much = "nests calls too deeply" if isinstance(error, RecursionError) else "needs too much memory"
        ended = BudgetExceeded(f"the expression {much}")
        ended.__suppress_context__ = True
        return ended
    made = ClrError(f"Internal error in the evaluation: {type(error).__name__}: {error}")
    made.__cause__ = error
    return made


def no_value() -> Any:
    raise InvalidOperationException("Nullable object must have a value.")


def throw(value: Any) -> Any:
    raise value if value is not None else NullReferenceException()


# --- integers


def wrap32(n: int) -> int:
    return ((n + 0x80000000) & 0xFFFFFFFF) - 0x80000000


def wrap64(n: int) -> int:
    return ((n + 0x8000000000000000) & 0xFFFFFFFFFFFFFFFF) - 0x8000000000000000


_RANGES = {
    (bits, signed): (-(1 << bits - 1) if signed else 0, (1 << bits - (1 if signed else 0)) - 1)
    for bits in (8, 16, 32, 64)
    for signed in (True, False)
}


def fit(n: int, bits: int, signed: bool) -> int:
    """Cut an integer to its width, as unchecked conversion does."""
    low, high = _RANGES[bits, signed]
    if low <= n <= high:
        return n
    n &= (1 << bits) - 1
    return n - (1 << bits) if signed and n > high else n


def fit_checked(n: int, bits: int, signed: bool) -> int:
    low, high = _RANGES[bits, signed]
    if low <= n <= high:
        return n
    raise OverflowException


def char_of(n: int) -> str:
    return chr(n & 0xFFFF)


def negate_decimal(n: Decimal) -> Decimal:
    return n.copy_negate() if n else n


def double_arith(op: str, a: float, b: float) -> float:
    if op == "/":
        return arithmetic.double_div(a, b)
    if op == "%":
        return arithmetic.double_rem(a, b)
    try:
        return a + b if op == "+" else a - b if op == "-" else a * b
    except OverflowError:
        return math.inf


# --- lifted operators


def lifted_compare(op: str, a: Any, b: Any) -> bool:
    if a is None or b is None:
        return False
    return bool(a < b if op == "<" else a > b if op == ">" else a <= b if op == "<=" else a >= b)


def lifted_bool(op: str, a: bool | None, b: bool | None) -> bool | None:
    """Three-valued `&` and `|`."""
    if op == "&":
        return False if a is False or b is False else None if a is None or b is None else True
    if op == "|":
        return True if a is True or b is True else None if a is None or b is None else False
    return None if a is None or b is None else a != b


# --- enums


def enum_of(decl: ClrType, n: int) -> EnumValue:
    for member in decl.enum_members.values():
        if member.value == n:
            return member  # type: ignore[no-any-return]
    return EnumValue(decl, n)


def enum_binary(decl: ClrType, op: str, a: Any, b: Any) -> Any:
    x = a.value if isinstance(a, EnumValue) else a
    y = b.value if isinstance(b, EnumValue) else b
    if op == "-" and isinstance(a, EnumValue) and isinstance(b, EnumValue):
        return x - y
    value = {"&": x & y, "|": x | y, "^": x ^ y, "+": x + y, "-": x - y}[op]
    return enum_of(decl, value)


def enum_not(decl: ClrType, a: EnumValue) -> EnumValue:
    return enum_of(decl, fit(~a.value, 32, True))


# --- arrays


def array_get(array: Any, i: int) -> Any:
    if 0 <= i < len(array):
        return array[i]
    raise IndexOutOfRangeException


def out_of_range() -> Any:
    raise IndexOutOfRangeException


def array_set(array: Any, i: int, value: Any) -> Any:
    if 0 <= i < len(array):
        array[i] = value
        return value
    raise IndexOutOfRangeException


def array_set_covariant(array: Any, i: int, value: Any, of: Type) -> Any:
    """A store through a variable of `of[]`: the array itself may be of a narrower type."""
    if (
        value is not None
        and isinstance(array, Array)
        and array.of is not of
        and not typecheck.is_instance(value, array.of)
    ):
        raise ArrayTypeMismatchException
    return array_set(array, i, value)


def _flat(array: Array, index: tuple[int, ...]) -> int:
    at = 0
    assert array.shape is not None
    for i, size in zip(index, array.shape, strict=True):
        if not 0 <= i < size:
            raise IndexOutOfRangeException
        at = at * size + i
    return at


def array_get_many(array: Array, *index: int) -> Any:
    return array[_flat(array, index)]


def array_set_many(array: Array, value: Any, *index: int) -> Any:
    array[_flat(array, index)] = value
    return value


def new_array(rt: Runtime, of: Type, sizes: tuple[int, ...]) -> Array:
    total = 1
    for size in sizes:
        if size < 0:
            raise OverflowException
        total *= size
    rt.check_size(total)
    zero = default_of(of)
    return Array(of, [zero] * total, sizes if len(sizes) > 1 else None)


def filled_array(of: Type, items: list[Any], shape: tuple[int, ...] | None = None) -> Array:
    return Array(of, items, shape)


# --- objects


def anonymous(kind: AnonymousType, values: Iterable[Any]) -> Anonymous:
    made = Anonymous(values)
    made.clr_type = kind
    return made


def box_tuple(kind: TupleType, value: tuple[Any, ...]) -> ClrTuple:
    made = ClrTuple(value)
    made.clr_type = kind
    return made


def replace_item(value: tuple[Any, ...], position: int, item: Any) -> ClrTuple:
    return ClrTuple((*value[:position], item, *value[position + 1 :]))


def same(a: Any, b: Any) -> bool:
    """Reference equality of two objects: two boxes are never one object."""
    return a is b and not isinstance(a, int | float)


def json_children(value: Any) -> Any:
    """A JSON token as the sequence of its children (an object enumerates differently under its own type)."""
    return None if value is None else value.as_sequence()


def dispose(value: Any) -> None:
    close = getattr(value, "clr_dispose", None)
    if close is not None:
        close()


def boxer(of: Type) -> Callable[[Any], Any] | None:
    """The function that boxes unboxed values of that type; None when nothing is to be done."""
    if isinstance(of, TupleType):
        return lambda value: None if value is None else box_tuple(of, value)
    if isinstance(of, Named):
        if of.decl.full_name == "System.Nullable":
            inner = boxer(of.args[0])
            return None if inner is None else lambda value: None if value is None else inner(value)
        if of.decl.name in ("KeyValuePair", "Tuple") or of.decl.full_name not in BOXES:
            return None
        return BOXES[of.decl.full_name]
    return None


def tester(of: Type) -> Callable[[Any], bool]:
    """`is of` for boxed values."""
    if isinstance(of, Named):
        exact = {
            "System.String": str,
            "System.Int32": int,
            "System.Boolean": bool,
            "System.Double": float,
        }.get(of.decl.full_name) or BOXES.get(of.decl.full_name)
        if exact is not None:
            return lambda value: type(value) is exact
    return lambda value: value is not None and typecheck.is_instance(value, of)


def caster(of: Type) -> Callable[[Any], Any]:
    """`(of)value` for references and unboxing: null passes only into references and nullables."""
    if isinstance(of, Named):
        exact = {
            "System.String": str,
            "System.Int32": int,
            "System.Boolean": bool,
        }.get(of.decl.full_name)
        if exact is str:

            def cast_string(value: Any) -> Any:
                return value if type(value) is str or value is None else typecheck.cast(value, of)

            return cast_string
        if exact is not None:

            def cast_exact(value: Any) -> Any:
                return value if type(value) is exact else typecheck.cast(value, of)

            return cast_exact
        python = of.decl.python
        if not of.is_value and not of.args and python is not None and of.decl.kind == "class":

            def cast_class(value: Any) -> Any:
                return value if value is None or isinstance(value, python) else typecheck.cast(value, of)

            return cast_class
    return lambda value: typecheck.cast(value, of)


def exact_class(of: Type) -> type | None:
    """The Python class whose own instances (not those of subclasses) are boxed and unboxed values of that type."""
    if not isinstance(of, Named) or of.args or of.decl.kind == "enum" or of.decl.full_name in BOXES:
        return None
    python, universe = of.decl.python, ClrType.universe
    if python is None or python is object or universe is None:
        return None
    known: Any = universe
    return python if known.by_python(python) is of.decl else None  # a class that two types share says nothing


def catcher(of: Type) -> type[BaseException]:
    """The Python class a catch clause of that type catches."""
    if isinstance(of, Named):
        if of.decl.full_name == "System.Exception":
            return ClrError
        python = of.decl.python
        if python is not None and issubclass(python, BaseException):
            return python
    return _NeverRaised


class Goto(Exception):
    """On the way from a `goto case` to its switch.  Not a C# exception: no `catch` of a policy sees it."""


class _NeverRaised(ClrError):
    """Stands for exception types nothing here throws."""


# --- text


def hole(value: Any, width: int | None, fmt: str | None) -> str:
    """A hole of an interpolated string; the value is boxed."""
    text = format_value(value, fmt) if fmt is not None else to_string(value)
    return text if width is None else align(text, width)


def concat(rt: Runtime, *parts: str) -> str:
    """Concatenation inside a loop: refuses to grow beyond the size budget."""
    rt.check_size(sum(map(len, parts)))
    return "".join(parts)
