"""System.Nullable<T> and System.Nullable.  At run time a nullable is None or the value itself.

`GetValueOrDefault()` needs T's default, which an instance member of a generic type is not told; an extension method is.
"""

from __future__ import annotations

from typing import Any

from apimpy.csharp.types import Named, Type
from apimpy.dotnet.comparison import compare_values
from apimpy.dotnet.decl import clr_type
from apimpy.dotnet.exceptions import ArgumentNullException, InvalidOperationException
from apimpy.dotnet.system.object_ import hash_code
from apimpy.dotnet.values import box, equals, to_string

__all__ = ["nullable", "nullable_of", "value_of"]

nullable_of = clr_type("System.Nullable<T>", kind="struct")
nullable = clr_type("System.Nullable", kind="static")


def value_of(value: Any) -> Any:
    """`.Value`."""
    if value is None:
        raise InvalidOperationException("Nullable object must have a value.")
    return value


nullable_of.ctor("Nullable(T value)", lambda _type, value: value, reify=True)
nullable_of.prop("bool HasValue", lambda self: self is not None)
nullable_of.prop("T Value", value_of)
nullable_of.method("T GetValueOrDefault(T defaultValue)", lambda self, default: default if self is None else self)
nullable_of.method("string ToString()", to_string)
nullable_of.method("bool Equals(object? other)", equals)
nullable_of.method("int GetHashCode()", hash_code)


@nullable.method("static T GetValueOrDefault<T>(this Nullable<T> value)", reify=True)
def _value_or_default(of: Type, value: Any) -> Any:
    from apimpy.dotnet.typecheck import default_of

    return default_of(of) if value is None else value


def _underlying(kind: Type | None) -> Type | None:
    if kind is None:
        raise ArgumentNullException("nullableType")
    return kind.args[0] if isinstance(kind, Named) and kind.decl.full_name == "System.Nullable" else None


nullable.method(
    "static int Compare<T>(Nullable<T> n1, Nullable<T> n2)",
    lambda of, a, b: compare_values(box(a, of), box(b, of)),
    reify=True,
)
nullable.method(
    "static bool Equals<T>(Nullable<T> n1, Nullable<T> n2)",
    lambda of, a, b: equals(box(a, of), box(b, of)),
    reify=True,
)
nullable.method("static Type? GetUnderlyingType(Type nullableType)", _underlying)
