"""Plain values of JSON: which `JTokenType` a C# value has, how values compare, and how each is written."""

from __future__ import annotations

import base64
import time
from decimal import Decimal
from json.encoder import encode_basestring
from typing import Any

from apimpy.csharp.types import AnonymousType, Type
from apimpy.dotnet.decl import clr_type
from apimpy.dotnet.exceptions import ArgumentException, InvalidCastException
from apimpy.dotnet.json_net.kinds import (
    BOOLEAN,
    BYTES,
    DATE,
    FLOAT,
    GUID,
    INTEGER,
    NULL,
    STRING,
    TIMESPAN,
    UNDEFINED,
    URI,
)
from apimpy.dotnet.values import (
    Array,
    Byte,
    EnumValue,
    Int16,
    Int64,
    Runtime,
    SByte,
    Single,
    UInt16,
    UInt32,
    UInt64,
    equals,
    to_string,
    type_of,
)

__all__ = ["BigInteger", "compare", "date_of", "is_bytes", "kind_of", "quote", "scalar_text", "type_name"]


class BigInteger(int):
    """An integer beyond 64 bits, as Json.NET reads it."""

    __slots__ = ()


big_integer = clr_type(
    "System.Numerics.BigInteger", kind="struct", bases="IComparable, IFormattable", python=BigInteger, allowed=""
)

_KINDS: dict[type, EnumValue] = {
    str: STRING,
    bool: BOOLEAN,
    int: INTEGER,
    Int64: INTEGER,
    Int16: INTEGER,
    SByte: INTEGER,
    Byte: INTEGER,
    UInt16: INTEGER,
    UInt32: INTEGER,
    UInt64: INTEGER,
    BigInteger: INTEGER,
    EnumValue: INTEGER,
    float: FLOAT,
    Single: FLOAT,
    Decimal: FLOAT,
    type(None): NULL,
}
_NAMED_KINDS = {
    "System.DateTime": DATE,
    "System.DateTimeOffset": DATE,
    "System.Guid": GUID,
    "System.TimeSpan": TIMESPAN,
    "System.Uri": URI,
}


def is_bytes(value: Any) -> bool:
    return isinstance(value, Array) and value.of.full_name == "System.Byte" and value.shape is None


def find_kind(value: Any) -> EnumValue | None:
    """The kind of a boxed value, or None when it is not a plain value of JSON."""
    kind = _KINDS.get(type(value))
    if kind is None:
        if is_bytes(value):
            return BYTES
        if not isinstance(value, (str, tuple, list)):
            return _NAMED_KINDS.get(type_of(value).full_name)
    return kind


def kind_of(value: Any) -> EnumValue:
    kind = find_kind(value)
    if kind is None:
        raise ArgumentException(f"Could not determine JSON object type for type {type_name(type_of(value))}.")
    return kind


def type_name(of: Type) -> str:
    """The name of a type in messages; that of an anonymous one is the compiler's."""
    if not isinstance(of, AnonymousType):
        return of.full_name
    return f"<>f__AnonymousType0`{len(of.types)}[{','.join(map(type_name, of.types))}]"


def date_of(text: str) -> Any:
    """The DateTime a JSON string stands for, or None."""
    if text[0] != "/" and (len(text) < 19 or text[10] != "T" or not "0" <= text[0] <= "9"):
        return None
    from apimpy.dotnet.time.datetime import from_iso

    return from_iso(text)


def compare(kind: EnumValue, a: Any, b: Any) -> int:
    """Order of two values as values of that kind, as `JValue.CompareTo` has it."""
    if a is b:
        return 0
    if b is None:
        return 1
    if a is None:
        return -1
    if kind is INTEGER:
        return _compare_integers(a, b)
    if kind is FLOAT:
        return _compare_floats(a, b)
    if kind is BOOLEAN:
        return _sign(_converted("Boolean", a), _converted("Boolean", b))
    if kind is DATE:
        return _compare_dates(a, b)
    name = _EXACT.get(kind)
    if name is None:
        return _ordinal(to_string(a), to_string(b))
    if find_kind(b) is not kind:
        raise ArgumentException(f"Object must be of type {name}.")
    if kind is BYTES:
        return _sign(list(a), list(b))
    if kind is URI:
        return _sign(to_string(a), to_string(b))
    return 0 if equals(a, b) else -1 if a < b else 1


class _WallClock:
    """For the one conversion that asks for today: a time without a date.  Comparisons are not given a `Runtime`."""

    def now(self) -> float:
        return time.time()

    def ticks(self) -> int:
        return int(time.time() * 10_000_000) + 621_355_968_000_000_000


_FREE = Runtime(_WallClock(), None)
_EXACT = {BYTES: "byte[]", GUID: "Guid", TIMESPAN: "TimeSpan", URI: "Uri"}


def _converted(name: str, value: Any) -> Any:
    """`Convert.ToX(value)`"""
    from apimpy.dotnet.json_net.library import call

    return call(_FREE, "System.Convert", "To" + name, ("System.Object",), value)


def _ordinal(a: str, b: str) -> int:
    """`string.CompareOrdinal`: the difference of the first characters that differ, else of the lengths."""
    for x, y in zip(a, b, strict=False):
        if x != y:
            return ord(x) - ord(y)
    return len(a) - len(b)


def _compare_integers(a: Any, b: Any) -> int:
    if isinstance(a, (int, EnumValue)) and isinstance(b, (int, EnumValue)):
        return _sign(_integer(a), _integer(b))
    if isinstance(a, Decimal) or isinstance(b, Decimal):
        return _sign(_converted("Decimal", a), _converted("Decimal", b))
    if isinstance(a, float) or isinstance(b, float):
        return _compare_floats(a, b)
    return _sign(int(_converted("Int64", a)), int(_converted("Int64", b)))


def _compare_floats(a: Any, b: Any) -> int:
    if isinstance(a, Decimal) or isinstance(b, Decimal):
        return _sign(_converted("Decimal", a), _converted("Decimal", b))
    x = float(a) if isinstance(a, (int, float)) else _converted("Double", a)
    y = float(b) if isinstance(b, (int, float)) else _converted("Double", b)
    epsilon = (abs(x) + abs(y) + 10.0) * 2.2204460492503131e-16
    return 0 if x == y or -epsilon < x - y < epsilon else _sign(x, y)


def _compare_dates(a: Any, b: Any) -> int:
    offsets = [type_of(v).full_name == "System.DateTimeOffset" for v in (a, b)]
    if type_of(a).full_name == "System.DateTime":
        other = b.reading if offsets[1] else _converted("DateTime", b)
        return -1 if a < other else int(other < a)
    if not offsets[0]:
        raise InvalidCastException(
            f"Unable to cast object of type '{type_of(a).full_name}' to type 'System.DateTimeOffset'."
        )
    if not offsets[1]:
        from apimpy.dotnet.json_net.library import call

        date = _converted("DateTime", b)
        b = call(_FREE, "System.DateTimeOffset", ".ctor", ("System.DateTime",), date)
    return -1 if a < b else int(b < a)


def _integer(value: Any) -> Any:
    return value.value if isinstance(value, EnumValue) else value


def _sign(a: Any, b: Any) -> int:
    return int(a > b) - int(a < b)


# --- text ------------------------------------------------------------------------------------------------------------


def quote(text: str) -> str:
    """A JSON string literal exactly as Json.NET writes it."""
    out = encode_basestring(text)
    if not out.isascii():
        out = out.replace("\x85", "\\u0085").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
    return out


def float_text(value: float) -> str:
    if value != value or value in (float("inf"), float("-inf")):
        return '"NaN"' if value != value else '"Infinity"' if value > 0 else '"-Infinity"'
    text = repr(value)
    # Python and .NET agree on the digits; they part at the exponents
    if "e" in text or len(text) > 16 or type(value) is not float:
        text = to_string(value)
    return text if "." in text or "E" in text else text + ".0"


def date_text(value: Any) -> str:
    """ISO 8601 as Json.NET writes dates: the fraction only as far as it has digits."""
    text: str = value.clr_format("o")
    head, _, tail = text.partition(".")
    fraction = tail[:7].rstrip("0")
    return f"{head}.{fraction}{tail[7:]}" if fraction else head + tail[7:]


def plain_text(kind: EnumValue, value: Any) -> str:
    """The text inside the quotes, for kinds that are written as strings."""
    if kind is DATE:
        return date_text(value)
    if kind is BYTES:
        return base64.b64encode(bytes(value)).decode("ascii")
    if kind is URI:
        original = getattr(value, "original", None) or getattr(value, "original_string", None)
        return original if isinstance(original, str) else to_string(value)
    return to_string(value)


def scalar_text(kind: EnumValue, value: Any) -> str:
    """The JSON text of a plain value."""
    if kind is UNDEFINED:
        return "undefined"
    if value is None:
        return "null"
    if kind is STRING:
        return quote(str(value))
    if kind is INTEGER:
        return int.__repr__(_integer(value))
    if kind is BOOLEAN:
        return "true" if value else "false"
    if kind is FLOAT:
        if isinstance(value, Decimal):
            text = to_string(value)
            return text if "." in text else text + ".0"
        return float_text(value)
    return quote(plain_text(kind, value))
