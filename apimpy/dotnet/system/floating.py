"""System.Double and System.Single."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from apimpy.dotnet.decl import TypeDecl, clr_type
from apimpy.dotnet.exceptions import ArgumentException
from apimpy.dotnet.system.number_format import double_text, format_double, format_single, single_text
from apimpy.dotnet.system.number_parse import FLOAT, check_float_styles, parse_double, parse_single, read_double
from apimpy.dotnet.system.object_ import hash_code, type_code
from apimpy.dotnet.values import EnumValue, Single, single

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["compare_floats", "double", "single_"]

_INF = math.inf


def compare_floats(a: float, b: float) -> int:
    """`CompareTo`: NaN is smallest and equal to itself."""
    if a == b:
        return 0
    if a < b:
        return -1
    if a > b:
        return 1
    return (b != b) - (a != a)


def _equals(a: float, b: float) -> bool:
    return a == b or (a != a and b != b)


def _is_normal(tiny: float) -> Callable[[float], bool]:
    return lambda d: tiny <= abs(d) < _INF


def _floating(
    name: str,
    alias: str,
    box: type,
    text: Callable[[float], str],
    formatted: Callable[[float, str | None], str],
    parse: Callable[[str | None, int], float],
    tiny: float,
) -> TypeDecl:
    t = clr_type(
        "System." + name,
        kind="struct",
        alias=alias,
        python=box,
        bases=f"IComparable, IComparable<{alias}>, IEquatable<{alias}>, IConvertible, IFormattable",
    )
    narrow = single if box is Single else float

    def parse_plain(s: str | None) -> float:
        return parse(s, FLOAT)

    def parse_styled(s: str | None, style: EnumValue) -> float:
        check_float_styles(style.value)
        return parse(s, style.value)

    def try_parse(s: str | None) -> tuple[bool, float]:
        value = read_double(s, FLOAT)
        return (False, 0.0) if value is None else (True, narrow(value))

    def try_parse_styled(s: str | None, style: EnumValue, provider: Any) -> tuple[bool, float]:
        check_float_styles(style.value)
        value = read_double(s, style.value)
        return (False, 0.0) if value is None else (True, narrow(value))

    def compare_object(self: float, other: Any) -> int:
        if other is None:
            return 1
        if not isinstance(other, float) or type(other) is not box:
            raise ArgumentException(f"Object must be of type {name}.")
        return compare_floats(self, other)

    def equals_object(self: float, other: Any) -> bool:
        return isinstance(other, float) and type(other) is box and _equals(self, other)

    t.method(f"static {alias} Parse(string s)", parse_plain)
    t.method(f"static {alias} Parse(string s, IFormatProvider? provider)", lambda s, _provider: parse_plain(s))
    t.method(f"static {alias} Parse(string s, NumberStyles style)", parse_styled)
    t.method(
        f"static {alias} Parse(string s, NumberStyles style, IFormatProvider? provider)",
        lambda s, style, _provider: parse_styled(s, style),
    )
    t.method(f"static bool TryParse(string? s, out {alias} result)", try_parse)
    t.method(
        f"static bool TryParse(string? s, NumberStyles style, IFormatProvider? provider, out {alias} result)",
        try_parse_styled,
    )
    t.method("string ToString()", text)
    t.method("string ToString(IFormatProvider? provider)", lambda self, _provider: text(self))
    t.method("string ToString(string? format)", formatted)
    t.method("string ToString(string? format, IFormatProvider? provider)", lambda self, fmt, _p: formatted(self, fmt))
    t.method(f"int CompareTo({alias} value)", compare_floats)
    t.method("int CompareTo(object? value)", compare_object)
    t.method(f"bool Equals({alias} obj)", _equals)
    t.method("bool Equals(object? obj)", equals_object)
    t.method("int GetHashCode()", lambda self: hash_code(box(self)))
    t.method("TypeCode GetTypeCode()", lambda _self: type_code.enum_members[name])
    t.method(f"static bool IsNaN({alias} d)", lambda d: d != d)
    t.method(f"static bool IsInfinity({alias} d)", math.isinf)
    t.method(f"static bool IsPositiveInfinity({alias} d)", lambda d: d == _INF)
    t.method(f"static bool IsNegativeInfinity({alias} d)", lambda d: d == -_INF)
    t.method(f"static bool IsFinite({alias} d)", math.isfinite, since="core")
    t.method(f"static bool IsNegative({alias} d)", lambda d: math.copysign(1.0, d) < 0, since="core")
    t.method(f"static bool IsNormal({alias} d)", _is_normal(tiny), since="core")
    t.method(f"static bool IsSubnormal({alias} d)", lambda d: 0 < abs(d) < tiny, since="core")
    t.const(f"{alias} NaN", -math.nan)  # the sign bit is set, as in what 0.0 / 0 leaves
    t.const(f"{alias} PositiveInfinity", _INF)
    t.const(f"{alias} NegativeInfinity", -_INF)
    return t


double = _floating("Double", "double", float, double_text, format_double, parse_double, 2.2250738585072014e-308)
double.const("double MaxValue", 1.7976931348623157e308)
double.const("double MinValue", -1.7976931348623157e308)
double.const("double Epsilon", 5e-324)

single_ = _floating("Single", "float", Single, single_text, format_single, parse_single, single(1.17549435e-38))
single_.const("float MaxValue", single(3.4028234663852886e38))
single_.const("float MinValue", single(-3.4028234663852886e38))
single_.const("float Epsilon", single(1e-45))
