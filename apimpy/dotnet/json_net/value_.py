"""C#'s `JValue` and `JRaw`: declarations over `tree`."""

from __future__ import annotations

from typing import Any

from apimpy.dotnet.decl import clr_type
from apimpy.dotnet.json_net.kinds import COMMENT, NULL, STRING, UNDEFINED
from apimpy.dotnet.json_net.scalars import kind_of
from apimpy.dotnet.json_net.token import content
from apimpy.dotnet.json_net.tree import JRaw, JValue
from apimpy.dotnet.values import Char, Int64, Single, UInt64, to_string

__all__ = ["value_"]


def _positive_zero(value: float) -> JValue:
    """Json.NET keeps one boxed zero, which has no sign."""
    return JValue(value or 0.0)


value_ = clr_type(
    "Newtonsoft.Json.Linq.JValue",
    bases="JToken, IComparable, IComparable<JValue>, IEquatable<JValue>, IFormattable, IConvertible",
    python=JValue,
)
for _type, _marker in (("long", Int64), ("ulong", UInt64), ("float", Single)):
    value_.ctor(f"JValue({_type} value)", lambda value, marker=_marker: JValue(marker(value)))
for _type in ("bool", "decimal", "DateTime", "DateTimeOffset", "Guid", "TimeSpan", "Uri?"):
    value_.ctor(f"JValue({_type} value)", JValue)
value_.ctor("JValue(double value)", _positive_zero)
value_.ctor("JValue(char value)", lambda value: JValue.of(Char(value), STRING))
value_.ctor("JValue(string? value)", lambda value: JValue.of(value, STRING))
value_.ctor("JValue(object? value)", content)
value_.ctor("JValue(JValue other)", JValue.clone)
value_.method("static JValue CreateComment(string? value)", lambda text: JValue.of(text, COMMENT))
value_.method("static JValue CreateString(string? value)", lambda text: JValue.of(text, STRING))
value_.method("static JValue CreateNull()", lambda: JValue.of(None, NULL))
value_.method("static JValue CreateUndefined()", lambda: JValue.of(None, UNDEFINED))


def _assign(token: JValue, value: Any) -> None:
    token.kind = kind_of(value)
    token.value = value


value_.prop("object? Value", lambda token: token.value, _assign)
value_.method("bool Equals(JValue? other)", lambda token, other: token == other)
value_.method("bool Equals(object? obj)", lambda token, other: isinstance(other, JValue) and token == other)
value_.method("int GetHashCode()", lambda token: hash(token) & 0x7FFFFFFF if token.value is not None else 0)
value_.method("int CompareTo(JValue? obj)", JValue.compare_to)
value_.method("string ToString()", lambda token: to_string(token.value))
value_.method("string ToString(string? format)", JValue.clr_format)
value_.method("string ToString(IFormatProvider? formatProvider)", lambda token, _provider: to_string(token.value))
value_.method("string ToString(string? format, IFormatProvider? formatProvider)", lambda t, fmt, _p: t.clr_format(fmt))

raw_ = clr_type("Newtonsoft.Json.Linq.JRaw", bases="JValue", python=JRaw)
raw_.ctor("JRaw(object? rawJson)", JRaw)
raw_.ctor("JRaw(JRaw other)", JRaw.clone)
