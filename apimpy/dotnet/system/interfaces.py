"""The small interfaces of System.  Their members work on the boxed value of any type that implements them."""

from __future__ import annotations

from typing import Any

from apimpy.dotnet.decl import clr_type
from apimpy.dotnet.values import Runtime, equals

__all__ = ["comparable", "convertible", "disposable", "format_provider", "formattable"]

comparable = clr_type("System.IComparable", kind="interface", allowed="")
comparable_of = clr_type("System.IComparable<T>", kind="interface", allowed="")
equatable_of = clr_type("System.IEquatable<T>", kind="interface", allowed="")
formattable = clr_type("System.IFormattable", kind="interface", allowed="")
convertible = clr_type("System.IConvertible", kind="interface", allowed="")
cloneable = clr_type("System.ICloneable", kind="interface", allowed="")
disposable = clr_type("System.IDisposable", kind="interface", allowed="")
format_provider = clr_type("System.IFormatProvider", kind="interface", allowed="")
custom_formatter = clr_type("System.ICustomFormatter", kind="interface", allowed="")


def _compare(self: Any, other: Any) -> int:
    from apimpy.dotnet.system.comparers import compare_values

    return compare_values(self, other)


def _format(self: Any, fmt: str | None, provider: Any) -> str:
    from apimpy.dotnet.system.string_format import format_value

    return format_value(self, fmt)


def _clone(self: Any) -> Any:
    from apimpy.dotnet.values import Array

    return Array(self.of, self, self.shape) if isinstance(self, Array) else self


def _dispose(self: Any) -> None:
    """Objects that hold something define `clr_dispose`; the others have nothing to let go."""
    method = getattr(self, "clr_dispose", None)
    if method is not None:
        method()


def _converter(target: str) -> Any:
    def convert(rt: Runtime, self: Any, provider: Any) -> Any:
        from apimpy.dotnet.system.convert import convert_to

        return convert_to(self, target, rt)

    return convert


def _type_code(self: Any) -> Any:
    from apimpy.dotnet.system.object_ import type_code_of

    return type_code_of(self)


comparable.method("int CompareTo(object? obj)", _compare)
comparable_of.method("int CompareTo(T other)", _compare)
equatable_of.method("bool Equals(T other)", equals)
formattable.method("string ToString(string? format, IFormatProvider? formatProvider)", _format)
cloneable.method("object Clone()", _clone)
disposable.method("void Dispose()", _dispose)
format_provider.method("object? GetFormat(Type? formatType)", lambda _self, _kind: None)

convertible.method("TypeCode GetTypeCode()", _type_code)
for _alias, _name in (
    ("bool", "Boolean"),
    ("char", "Char"),
    ("sbyte", "SByte"),
    ("byte", "Byte"),
    ("short", "Int16"),
    ("ushort", "UInt16"),
    ("int", "Int32"),
    ("uint", "UInt32"),
    ("long", "Int64"),
    ("ulong", "UInt64"),
    ("float", "Single"),
    ("double", "Double"),
    ("decimal", "Decimal"),
    ("DateTime", "DateTime"),
    ("string", "String"),
):
    convertible.method(f"{_alias} To{_name}(IFormatProvider? provider)", _converter("System." + _name), rt=True)
