"""System.Object, ValueType, Type and TypeCode.

A run-time `System.Type` is the static type object of `csharp.types` itself: types are interned, so `==` is identity.
"""

from __future__ import annotations

import struct
import zlib
from decimal import Decimal
from typing import Any

from apimpy.csharp.types import AnonymousType, ArrayType, ClrType, Named, TupleType, Type
from apimpy.dotnet.decl import clr_type, enum_type
from apimpy.dotnet.values import BOXES, EnumValue, Single, equals, to_string, type_of

__all__ = ["hash_code", "object_", "type_", "type_code", "type_code_of", "type_name", "wrap32"]

object_ = clr_type("System.Object", alias="object", python=object, allowed="ToString Equals GetHashCode .ctor")
value_type = clr_type("System.ValueType", bases="object", allowed="ToString Equals GetHashCode")
member_info = clr_type("System.Reflection.MemberInfo", allowed="")
type_ = clr_type("System.Type", bases="System.Reflection.MemberInfo", python=Type, allowed="")

_CODES = {
    "Empty": 0,
    "Object": 1,
    "DBNull": 2,
    "Boolean": 3,
    "Char": 4,
    "SByte": 5,
    "Byte": 6,
    "Int16": 7,
    "UInt16": 8,
    "Int32": 9,
    "UInt32": 10,
    "Int64": 11,
    "UInt64": 12,
    "Single": 13,
    "Double": 14,
    "Decimal": 15,
    "DateTime": 16,
    "String": 18,
}
type_code = enum_type("System.TypeCode", _CODES, allowed="")


# --- hash codes ------------------------------------------------------------------------------------------------------


def wrap32(value: int) -> int:
    value &= 0xFFFFFFFF
    return value - (1 << 32) if value >> 31 else value


def _hash_double(value: float) -> int:
    if value != value:
        return 0x7FF00000
    bits: int = struct.unpack("<Q", struct.pack("<d", 0.0 if value == 0 else value))[0]
    return wrap32(bits ^ (bits >> 32))


def _hash_decimal(value: Decimal) -> int:
    sign, digits, exponent = value.as_tuple()
    assert isinstance(exponent, int)
    coefficient = int("".join(map(str, digits)))
    while exponent < 0 and coefficient % 10 == 0:
        coefficient //= 10
        exponent += 1
    flags = (sign << 31) | (-exponent << 16)
    return wrap32(flags ^ coefficient ^ (coefficient >> 32) ^ (coefficient >> 64))


def hash_code(value: Any) -> int:
    """`GetHashCode()` of a boxed value: stable across runs, equal for equal values."""
    if value is None:
        return 0
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, EnumValue):
        return wrap32(value.value)
    if isinstance(value, int):
        return wrap32(value ^ (value >> 32)) if type(value) in _LONG else wrap32(value)
    if isinstance(value, Single):
        if value != value:
            return 0x7F800000
        return int(struct.unpack("<i", struct.pack("<f", value or 0.0))[0])
    if isinstance(value, float):
        return _hash_double(value)
    if isinstance(value, str):
        if type(value) is _CHAR:
            return wrap32(ord(value) | (ord(value) << 16))
        return wrap32(zlib.crc32(value.encode("utf-16-le", "surrogatepass")))
    if isinstance(value, Decimal):
        return _hash_decimal(value)
    return wrap32(hash(value))


_LONG = (BOXES["System.Int64"], BOXES["System.UInt64"])
_CHAR = BOXES["System.Char"]


# --- object ----------------------------------------------------------------------------------------------------------

_VALUE_TYPES = (int, float, Decimal, EnumValue, _CHAR)


def _reference_equals(a: Any, b: Any) -> bool:
    # two boxes are two objects; Python may share the small numbers that stand for them
    return a is b and not isinstance(a, _VALUE_TYPES)


class Plain:
    """`new object()`."""

    __slots__ = ()


object_.ctor("Object()", Plain)
object_.method("string ToString()", to_string)
object_.method("bool Equals(object? obj)", equals)
object_.method("int GetHashCode()", hash_code)
object_.method("Type GetType()", type_of)
object_.method("static bool Equals(object? objA, object? objB)", equals)
object_.method("static bool ReferenceEquals(object? objA, object? objB)", _reference_equals)


# --- types -----------------------------------------------------------------------------------------------------------


def type_name(kind: Type) -> str:
    """`Type.Name`: ``List`1``, `Int32`, `String[]`."""
    if isinstance(kind, Named):
        return f"{kind.decl.name}`{len(kind.args)}" if kind.args else kind.decl.name
    if isinstance(kind, ArrayType):
        return type_name(kind.element) + "[" + "," * (kind.rank - 1) + "]"
    if isinstance(kind, TupleType):
        return f"ValueTuple`{len(kind.elements)}"
    if isinstance(kind, AnonymousType):
        return f"<>f__AnonymousType0`{len(kind.names)}"
    return kind.name


def type_code_of(value: Any) -> EnumValue:
    """`Convert.GetTypeCode` of a boxed value."""
    if value is None:
        return type_code.enum_members["Empty"]  # type: ignore[no-any-return]
    return _code_of_type(type_of(value))


def _code_of_type(kind: Type | None) -> EnumValue:
    members = type_code.enum_members
    if kind is None:
        return members["Empty"]  # type: ignore[no-any-return]
    if isinstance(kind, Named):
        if kind.decl.kind == "enum":
            return members["Int32"]  # type: ignore[no-any-return]
        if kind.decl.namespace == "System" and kind.decl.name in members:
            return members[kind.decl.name]  # type: ignore[no-any-return]
    return members["Object"]  # type: ignore[no-any-return]


def _namespace(kind: Type) -> str | None:
    if isinstance(kind, Named):
        return kind.decl.namespace
    if isinstance(kind, ArrayType):
        return _namespace(kind.element)
    return "System" if isinstance(kind, TupleType) else None


def _kind_is(*kinds: str) -> Any:
    return lambda kind: isinstance(kind, Named) and kind.decl.kind in kinds


def _base_type(kind: Type) -> Type | None:
    return next((b for b in kind.bases() if b.decl.kind != "interface"), None)


def _is_instance(kind: Type, value: Any) -> bool:
    from apimpy.dotnet.typecheck import is_instance

    return value is not None and is_instance(value, kind)


def _arguments(kind: Type) -> Any:
    from apimpy.dotnet.values import Array

    assert ClrType.universe is not None
    return Array(ClrType.universe.named("System.Type"), kind.args if isinstance(kind, Named) else ())


def _element(kind: Type) -> Type | None:
    return kind.element if isinstance(kind, ArrayType) else None


member_info.prop("string Name", type_name)
type_.prop("string FullName", lambda kind: kind.full_name)
type_.prop("string? Namespace", _namespace)
type_.prop("bool IsArray", lambda kind: isinstance(kind, ArrayType))
type_.prop("bool IsValueType", lambda kind: kind.is_value)
type_.prop("bool IsEnum", _kind_is("enum"))
type_.prop("bool IsInterface", _kind_is("interface"))
type_.prop(
    "bool IsClass", lambda kind: not kind.is_value and not (isinstance(kind, Named) and kind.decl.kind == "interface")
)
type_.prop(
    "bool IsGenericType", lambda kind: isinstance(kind, TupleType) or bool(isinstance(kind, Named) and kind.args)
)
type_.prop("bool IsPrimitive", lambda kind: _code_of_type(kind).value in range(3, 15))
type_.prop("Type? BaseType", _base_type)
type_.method("string ToString()", lambda kind: kind.full_name)
type_.method("bool IsInstanceOfType(object? o)", _is_instance)
type_.method("Type? GetElementType()", _element)
type_.method("Type[] GetGenericArguments()", _arguments)
type_.method("bool Equals(Type? o)", lambda kind, other: kind is other)
type_.method("bool Equals(object? o)", lambda kind, other: kind is other)
type_.method("static TypeCode GetTypeCode(Type? type)", _code_of_type)
type_.method("static bool operator ==(Type? left, Type? right)", lambda a, b: a is b)
type_.method("static bool operator !=(Type? left, Type? right)", lambda a, b: a is not b)
