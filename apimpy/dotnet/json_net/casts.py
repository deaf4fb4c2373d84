"""From token to value: the explicit conversions `(int)token`, and `token.Value<T>()`.

Values come out unboxed, as the static type of the conversion says.
"""

from __future__ import annotations

import base64
from typing import Any

from apimpy.csharp.types import Named, Type
from apimpy.dotnet.exceptions import (
    ArgumentException,
    ArgumentNullException,
    FormatException,
    InvalidCastException,
    OverflowException,
)
from apimpy.dotnet.json_net.kinds import (
    BOOLEAN,
    BYTES,
    COMMENT,
    DATE,
    FLOAT,
    GUID,
    INTEGER,
    NULL,
    RAW,
    STRING,
    TIMESPAN,
    UNDEFINED,
    URI,
)
from apimpy.dotnet.json_net.library import call
from apimpy.dotnet.json_net.scalars import BigInteger, is_bytes
from apimpy.dotnet.json_net.tree import JProperty, JToken, JValue
from apimpy.dotnet.values import BOXES, Array, EnumValue, Int64, Runtime, to_string, type_of
from apimpy.record import Record

__all__ = ["CASTS", "Cast", "cast", "change_type", "default_of", "value_as"]

_TEXTS = (STRING, COMMENT, RAW)
_NUMBERS = frozenset((INTEGER, FLOAT, BOOLEAN, *_TEXTS))
_STRINGS = frozenset((DATE, BYTES, GUID, TIMESPAN, URI, *_NUMBERS))
_NOTHING = (NULL, UNDEFINED)

OBJECT = ("System.Object",)
TEXT = ("System.String",)


class Cast(Record, frozen=True, eq=True):
    """One target type: its keyword in C#, full name, name in messages, and the kinds of token it takes."""

    keyword: str
    full_name: str
    name: str
    kinds: frozenset[EnumValue]
    bits: int = 0
    signed: bool = True


def _cast(keyword: str, name: str, kinds: frozenset[EnumValue], bits: int = 0, signed: bool = True) -> Cast:
    return Cast(keyword, f"System.{name}", name, kinds, bits, signed)


CASTS = (
    _cast("bool", "Boolean", _NUMBERS),
    _cast("int", "Int32", _NUMBERS, 32),
    _cast("long", "Int64", _NUMBERS, 64),
    _cast("short", "Int16", _NUMBERS, 16),
    _cast("sbyte", "SByte", _NUMBERS, 8),
    _cast("byte", "Byte", _NUMBERS, 8, False),
    _cast("ushort", "UInt16", _NUMBERS, 16, False),
    _cast("uint", "UInt32", _NUMBERS, 32, False),
    _cast("ulong", "UInt64", _NUMBERS, 64, False),
    _cast("double", "Double", _NUMBERS),
    _cast("float", "Single", _NUMBERS),
    _cast("decimal", "Decimal", _NUMBERS),
    _cast("char", "Char", frozenset((INTEGER, FLOAT, *_TEXTS))),
    _cast("DateTime", "DateTime", frozenset((DATE, *_TEXTS))),
    _cast("DateTimeOffset", "DateTimeOffset", frozenset((DATE, *_TEXTS))),
    _cast("Guid", "Guid", frozenset((GUID, BYTES, *_TEXTS))),
    _cast("TimeSpan", "TimeSpan", frozenset((TIMESPAN, *_TEXTS))),
    _cast("string", "String", _STRINGS),
    _cast("Uri", "Uri", frozenset((URI, *_TEXTS))),
)
BYTES_CAST = Cast("byte[]", "System.Byte[]", "byte array", frozenset((BYTES, INTEGER, *_TEXTS)))
BY_FULL_NAME = {c.full_name: c for c in (*CASTS, BYTES_CAST)}


def cast(rt: Runtime, to: Cast, token: JToken | None, *, nullable: bool) -> Any:
    """The explicit conversion of a token; nullable ones (and reference types) take null."""
    if token is None:
        if nullable:
            return None
        raise ArgumentNullException("value")
    if isinstance(token, JProperty):
        token = token.value
    kind = token.kind
    if not isinstance(token, JValue) or not (kind in to.kinds or (nullable and kind in _NOTHING)):
        raise ArgumentException(f"Can not convert {kind.clr_to_string()} to {to.name}.")
    value = token.value
    if value is None and nullable:
        return None
    return convert(rt, to, value)


def convert(rt: Runtime, to: Cast, value: Any) -> Any:
    """`Convert.ToX(value)`, with the cases Json.NET treats itself."""
    kind = type(value)
    if to.bits:
        if kind is Int64 or kind is BigInteger:
            return _fitting(int(value), to)
        return int(call(rt, "System.Convert", "To" + to.name, OBJECT, value))
    if to.keyword == "string":
        return base64.b64encode(bytes(value)).decode() if is_bytes(value) else to_string(value)
    if to.keyword == "bool" and kind is bool:
        return value
    if to.keyword == "double" and kind is float:
        return value
    if kind is BigInteger:
        return float(value) if to.keyword == "double" else _big(rt, to, value)
    special = _SPECIAL.get(to.keyword)
    if special is not None:
        return special(rt, value)
    return call(rt, "System.Convert", "To" + to.name, OBJECT, value)


def _fitting(value: int, to: Cast) -> int:
    low, high = (-(1 << to.bits - 1), (1 << to.bits - 1) - 1) if to.signed else (0, (1 << to.bits) - 1)
    if not low <= value <= high:
        what = "an unsigned byte" if to.name == "Byte" else "a signed byte" if to.name == "SByte" else None
        article = "an" if to.name[0] in "AEIOU" and to.signed else "a"
        raise OverflowException(f"Value was either too large or too small for {what or f'{article} {to.name}'}.")
    return value


def _big(rt: Runtime, to: Cast, value: BigInteger) -> Any:
    if to.keyword == "bool":
        return bool(value)
    return call(rt, "System.Convert", "To" + to.name, TEXT, int.__repr__(value))


def _offset(rt: Runtime, value: Any) -> Any:
    name = type_of(value).full_name
    if name == "System.DateTimeOffset":
        return value
    if isinstance(value, str):
        return call(rt, "System.DateTimeOffset", "Parse", TEXT, value)
    date = call(rt, "System.Convert", "ToDateTime", OBJECT, value)
    return call(rt, "System.DateTimeOffset", ".ctor", ("System.DateTime",), date)


def _date(rt: Runtime, value: Any) -> Any:
    name = type_of(value).full_name
    if name == "System.DateTime":
        return value
    if name == "System.DateTimeOffset":
        from apimpy.dotnet.time.datetime import DateTime

        return DateTime(value.ticks)
    return call(rt, "System.Convert", "ToDateTime", OBJECT, value)


def _guid(rt: Runtime, value: Any) -> Any:
    if is_bytes(value):
        return call(rt, "System.Guid", ".ctor", ("System.Byte[]",), value)
    if type_of(value).full_name == "System.Guid":
        return value
    return call(rt, "System.Guid", ".ctor", TEXT, to_string(value))


def _timespan(rt: Runtime, value: Any) -> Any:
    if type_of(value).full_name == "System.TimeSpan":
        return value
    return call(rt, "System.TimeSpan", "Parse", TEXT, to_string(value))


def _uri(rt: Runtime, value: Any) -> Any:
    if type_of(value).full_name == "System.Uri":
        return value
    return call(rt, "System.Uri", ".ctor", TEXT, to_string(value))


def _bytes(rt: Runtime, value: Any) -> Any:
    if isinstance(value, str):
        return call(rt, "System.Convert", "FromBase64String", TEXT, str(value))
    if is_bytes(value):
        return value
    if isinstance(value, BigInteger):
        size = value.bit_length() // 8 + 1
        from apimpy.dotnet.universe import universe

        return Array(universe().named("System.Byte"), value.to_bytes(size, "little", signed=True))
    raise ArgumentException("Can not convert Integer to byte array.")


def _char(rt: Runtime, value: Any) -> Any:
    if isinstance(value, str):
        if len(value) != 1:
            raise FormatException("String must be exactly one character long.")
        return str(value)
    return call(rt, "System.Convert", "ToChar", OBJECT, value)


_SPECIAL = {
    "DateTime": _date,
    "DateTimeOffset": _offset,
    "Guid": _guid,
    "TimeSpan": _timespan,
    "Uri": _uri,
    "byte[]": _bytes,
    "char": _char,
}


# --- Value<T> --------------------------------------------------------------------------------------------------------


def default_of(of: Type) -> Any:
    """`default(T)`"""
    if not isinstance(of, Named) or not of.is_value:
        return None
    name = of.decl.full_name
    if name == "System.Nullable":
        return None
    if name == "System.Boolean":
        return False
    if name == "System.Char":
        return "\0"
    to = BY_FULL_NAME.get(name)
    if to is not None and to.bits:
        return 0
    from apimpy.dotnet.typecheck import default_of as default

    return default(of)


def _is_instance(value: Any, of: Named) -> bool:
    """Whether a boxed plain value is exactly of a type (or of a base)."""
    from apimpy.dotnet.json_net.typing_ import is_a

    return is_a(type_of(value), of.decl.full_name)


def unbox(value: Any) -> Any:
    """A boxed value without its marker."""
    kind = type(value)
    if kind in _MARKERS:
        return kind.__mro__[1](value)
    return value


_MARKERS = frozenset(BOXES.values())


def value_as(rt: Runtime, of: Type, token: JToken | None) -> Any:
    """`token.Value<T>()`: a cast of the token, else of its value, else `Convert.ChangeType`."""
    if token is None:
        return default_of(of)
    full_name = of.full_name
    if isinstance(token, JValue):
        value = token.value
        if full_name == "System.String":
            # the everyday case
            if type(value) is str or value is None:
                return value
    if isinstance(of, Named) and full_name not in ("System.IComparable", "System.IFormattable"):
        if _is_instance(token, of):
            return token
    if not isinstance(token, JValue):
        raise InvalidCastException(f"Cannot cast {token.clr_name} to Newtonsoft.Json.Linq.JToken.")
    value = token.value
    target = of
    if isinstance(of, Named):
        if value is not None and _is_instance(value, of):
            return unbox(value) if of.is_value else value
        if of.decl.full_name == "System.Nullable":
            if value is None:
                return None
            target = of.args[0]
            if isinstance(target, Named) and _is_instance(value, target):
                return unbox(value)
    elif value is not None and type_of(value) is of:
        return value
    return change_type(rt, value, target)


_CONVERTIBLE = (bool, int, float, str)


def change_type(rt: Runtime, value: Any, to: Type) -> Any:
    """`Convert.ChangeType(value, type, invariant)`"""
    if value is None:
        if to.is_value:
            raise InvalidCastException("Null object cannot be converted to a value type.")
        return None
    source = type_of(value).full_name
    if source not in ("System.DateTime", "System.Decimal") and (
        not isinstance(value, _CONVERTIBLE) or isinstance(value, BigInteger)
    ):
        if type_of(value) is to:
            return value
        raise InvalidCastException("Object must implement IConvertible.")
    known = BY_FULL_NAME.get(to.full_name)
    if known is not None and known.keyword == "string":
        return to_string(value)
    if known is None or known.keyword in ("Guid", "TimeSpan", "Uri", "DateTimeOffset", "byte[]"):
        raise InvalidCastException(f"Invalid cast from '{source}' to '{to.full_name}'.")
    converted = call(rt, "System.Convert", "To" + known.name, OBJECT, value)
    return int(converted) if known.bits else converted
