"""Plain values of JSON: which `JTokenType` a C# value has, how values compare, and how each is written."""

from __future__ import annotations

import base64
from decimal import Decimal
from json.encoder import encode_basestring
from typing import Any

from apimpy.dotnet.decl import clr_type
from apimpy.dotnet.exceptions import ArgumentException, FormatException
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
    SByte,
    Single,
    UInt16,
    UInt32,
    UInt64,
    equals,
    to_string,
    type_of,
)

__all__ = ["BigInteger", "compare", "date_of", "is_bytes", "kind_of", "quote", "scalar_text"]


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
        raise ArgumentException(f"Could not determine JSON object type for type {type_of(value).full_name}.")
    return kind


def date_of(text: str) -> Any:
    """The DateTime a JSON string stands for, or None."""
    if text[0] != "/" and (len(text) < 19 or text[10] != "T" or not "0" <= text[0] <= "9"):
        return None
    from apimpy.dotnet.time.datetime import from_iso

    return from_iso(text)


def compare(kind: EnumValue, a: Any, b: Any) -> int:
    """Order of two values of one kind, as `JValue.CompareTo` has it."""
    if a is b:
        return 0
    if b is None:
        return 1
    if a is None:
        return -1
    if kind is INTEGER:
        return _sign(_integer(a), _integer(b))
    if kind is FLOAT:
        if isinstance(a, Decimal) or isinstance(b, Decimal):
            return _sign(Decimal(a), Decimal(b))
        x, y = _float(a), _float(b)
        epsilon = (abs(x) + abs(y) + 10.0) * 2.2204460492503131e-16
        return 0 if x == y or -epsilon < x - y < epsilon else _sign(x, y)
    if kind is BYTES:
        return _sign(list(a), list(b))
    if kind is URI:
        return _sign(to_string(a), to_string(b))
    if isinstance(a, str) or isinstance(b, str):
        return _sign(to_string(a), to_string(b))
    if equals(a, b):
        return 0
    return -1 if a < b else 1


def _integer(value: Any) -> Any:
    if isinstance(value, EnumValue):
        return value.value
    if isinstance(value, (int, float, Decimal)):
        return value
    try:
        return int(to_string(value))
    except ValueError:
        raise FormatException("Input string was not in a correct format.") from None


def _float(value: Any) -> float:
    try:
        return float(value)
    except (TypeError, ValueError):
        raise FormatException("Input string was not in a correct format.") from None


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
