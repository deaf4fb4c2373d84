"""Run-time types: `is`, casts and default values of C# types.

is_instance(boxed, type)     # `boxed is T`
cast(boxed, type)            # `(T)boxed`: the unboxed value, or InvalidCastException
default_of(type)             # `default(T)`
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import cache
from typing import Any

from apimpy.csharp.types import AnonymousType, ArrayType, ClrType, Named, TupleType, Type
from apimpy.dotnet.exceptions import ClrError, InvalidCastException, NullReferenceException
from apimpy.dotnet.values import ClrTuple, EnumValue, Query, type_of

__all__ = ["assignable", "cast", "default_of", "element_type", "is_instance", "nullable_of", "unbox"]

_COLLECTIONS = "System.Collections.Generic."
_COVARIANT = frozenset(_COLLECTIONS + n for n in ("IEnumerable", "IEnumerator", "IReadOnlyCollection", "IReadOnlyList"))
_CONTRAVARIANT = frozenset(_COLLECTIONS + n for n in ("IComparer", "IEqualityComparer"))
_GROUPING = "System.Linq.IGrouping"
_ARRAY_INTERFACES = frozenset(
    _COLLECTIONS + n for n in ("IList", "ICollection", "IEnumerable", "IReadOnlyList", "IReadOnlyCollection")
)

_UNBOX: dict[str, Callable[[Any], Any]] = {
    **{f"System.{n}": int for n in ("Int64", "Int16", "SByte", "Byte", "UInt16", "UInt32", "UInt64")},
    "System.Single": float,
    "System.Char": str,
}
_UNDERLYING = frozenset(("System.Int32",))


def nullable_of(type: Type) -> Type | None:
    """T of `T?`, None for any other type."""
    return type.args[0] if isinstance(type, Named) and type.decl.full_name == "System.Nullable" else None


def _is_object(type: Type) -> bool:
    return isinstance(type, Named) and type.decl.full_name == "System.Object"


@cache
def assignable(source: Type, target: Type) -> bool:
    """Whether a value whose run-time type is `source` is a `target`: inheritance, interfaces, variance, arrays."""
    if source is target or _is_object(target):
        return True
    inner = nullable_of(target)
    if inner is not None:
        return source is inner
    if isinstance(source, ArrayType):
        if isinstance(target, ArrayType):
            return source.rank == target.rank and _varies(source.element, target.element)
        if isinstance(target, Named) and len(target.args) == 1 and source.rank == 1:
            # arrays implement IList<T> of every base of their element
            if target.decl.full_name in _ARRAY_INTERFACES:
                return _varies(source.element, target.args[0])
    if isinstance(source, TupleType) and isinstance(target, TupleType):
        return source.elements == target.elements
    if isinstance(source, Named) and isinstance(target, Named) and source.decl is target.decl:
        return _variant(source, target)
    return any(assignable(base, target) for base in source.bases())


def _varies(source: Type, target: Type) -> bool:
    """Identical, or both references and convertible: variance never reaches into value types."""
    return source is target or (not source.is_value and not target.is_value and assignable(source, target))


def _variant(source: Named, target: Named) -> bool:
    name = source.decl.full_name
    pairs = zip(source.args, target.args, strict=True)
    if name in _COVARIANT or name == _GROUPING:
        return all(_varies(s, t) for s, t in pairs)
    if name in _CONTRAVARIANT:
        return all(_varies(t, s) for s, t in pairs)
    return False


def is_instance(value: Any, type: Type) -> bool:
    """`value is T` of a boxed value; null is nothing's instance."""
    if value is None:
        return False
    if isinstance(type, Named):
        name = type.decl.full_name
        if name == "System.Object":
            return True
        if name == "System.Nullable":
            return is_instance(value, type.args[0])
        if type.decl.kind == "delegate":
            return callable(value) and not isinstance(value, ClrError)
        if isinstance(value, Query) and not isinstance(getattr(value, "clr_type", None), Type):
            if name == "System.Collections.IEnumerable":
                return True
            return name == _COLLECTIONS + "IEnumerable" and (value.of is None or _varies(value.of, type.args[0]))
        if name in _CONTEXT_DICTIONARIES and isinstance(value, Mapping) and not hasattr(value, "clr_type"):
            return True
    elif isinstance(type, TupleType):
        actual = getattr(value, "clr_type", None)
        if actual is None:
            return isinstance(value, ClrTuple) and len(value) == len(type.elements)
        return isinstance(actual, TupleType) and actual.elements == type.elements
    elif isinstance(type, AnonymousType):
        return getattr(value, "clr_type", None) is type
    return assignable(type_of(value), type)


_CONTEXT_DICTIONARIES = frozenset(
    _COLLECTIONS + n for n in ("IDictionary", "IReadOnlyDictionary", "IEnumerable", "IReadOnlyCollection")
)


def unbox(value: Any, type: Type) -> Any:
    """The unboxed form of a boxed value of exactly that type."""
    if isinstance(type, Named):
        convert = _UNBOX.get(type.decl.full_name)
        if convert is not None:
            return convert(value)
        if type.decl.full_name == "System.Nullable":
            return unbox(value, type.args[0])
    return value


def cast(value: Any, type: Type) -> Any:
    """`(T)value` of a boxed value, unboxed."""
    if value is None:
        if type.is_value and nullable_of(type) is None:
            raise NullReferenceException
        return None
    if is_instance(value, type):
        return unbox(value, type)
    plain = nullable_of(type) or type
    if isinstance(plain, Named) and isinstance(value, EnumValue) and plain.decl.full_name in _UNDERLYING:
        return value.value
    if isinstance(plain, Named) and plain.decl.kind == "enum" and value.__class__ is int:
        return EnumValue(plain.decl, value)
    raise InvalidCastException(
        f"Unable to cast object of type '{type_of(value).full_name}' to type '{type.full_name}'."
    )


@cache
def _default_name(decl: ClrType) -> str | None:
    """The constant of a struct that is its default value: Guid.Empty, TimeSpan.Zero, DateTime.MinValue."""
    for name in ("Empty", "Zero", "MinValue"):
        if name in decl.declarations:
            return name
    return None


def default_of(type: Type) -> Any:
    """`default(T)`, unboxed."""
    if isinstance(type, TupleType):
        return ClrTuple(default_of(t) for t in type.elements)
    if not type.is_value or not isinstance(type, Named):
        return None
    name = type.decl.full_name
    known = _DEFAULTS.get(name)
    if known is not None:
        return known
    if name == "System.Nullable":
        return None
    if type.decl.kind == "enum":
        return EnumValue(type.decl, 0)
    if name == _COLLECTIONS + "KeyValuePair":
        from apimpy.dotnet.collections_.keyvalue import pair_class

        return pair_class(*type.args)(default_of(type.args[0]), default_of(type.args[1]))
    constant = _default_name(type.decl)
    return type.decl.declarations[constant][0].const if constant else None


_DEFAULTS: dict[str, Any] = {
    "System.Boolean": False,
    "System.Char": "\0",
    "System.Double": 0.0,
    "System.Single": 0.0,
    "System.Decimal": Decimal(0),
    **{f"System.{n}": 0 for n in ("Int32", "Int64", "Int16", "SByte", "Byte", "UInt16", "UInt32", "UInt64")},
}


def element_type(value: Any) -> Type:
    """T of the IEnumerable<T> that a run-time sequence is; object where nothing says more."""
    assert ClrType.universe is not None
    if isinstance(value, str):
        return ClrType.universe.named("System.Char")
    found = getattr(value, "of", None)
    if isinstance(found, Type):
        return found
    if not isinstance(value, (Query, Mapping)) or hasattr(value, "clr_type"):
        argument = _sequence_argument(type_of(value))
        if argument is not None:
            return argument
    return ClrType.universe.named("System.Object")


@cache
def _sequence_argument(type: Type) -> Type | None:
    if isinstance(type, Named) and type.decl.full_name == _COLLECTIONS + "IEnumerable":
        return type.args[0]
    for base in type.bases():
        found = _sequence_argument(base)
        if found is not None:
            return found
    return None
