"""Members of a type, inherited ones included, and how types relate."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from apimpy.csharp.known import is_nullable
from apimpy.csharp.types import (
    NULL,
    AnonymousType,
    ArrayType,
    ClrType,
    Method,
    Named,
    Property,
    TupleType,
    Type,
    TypeParam,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = [
    "all_bases",
    "as_instance_of",
    "delegate_signature",
    "is_delegate",
    "is_enum",
    "is_reference",
    "is_subtype",
    "lookup",
    "member_names",
]

_COVARIANT = {
    "System.Collections.Generic.IEnumerable": (True,),
    "System.Collections.Generic.IEnumerator": (True,),
    "System.Collections.Generic.IReadOnlyCollection": (True,),
    "System.Collections.Generic.IReadOnlyList": (True,),
    "System.Linq.IOrderedEnumerable": (True,),
    "System.Linq.IGrouping": (True, True),
}


def _object() -> Named:
    assert ClrType.universe is not None
    return ClrType.universe.named("System.Object")


def direct_bases(t: Type) -> tuple[Named, ...]:
    if isinstance(t, TupleType):
        assert ClrType.universe is not None
        return (ClrType.universe.named("System.ValueType"),)
    return t.bases()


@lru_cache(maxsize=4096)
def all_bases(t: Type) -> tuple[Type, ...]:
    """The type itself, its base classes from near to far, then all interfaces, then object."""
    out: list[Type] = [t]
    interfaces: list[Type] = []
    current: Type | None = t
    base: Type
    while current is not None:
        nearer, current = direct_bases(current), None
        for base in nearer:
            if base.decl.kind == "interface":
                interfaces.append(base)
            else:
                current = base
                if base not in out:
                    out.append(base)
    i = 0
    while i < len(interfaces):
        base = interfaces[i]
        i += 1
        if base in out:
            continue
        out.append(base)
        interfaces.extend(direct_bases(base))
    if _object() not in out:
        out.append(_object())
    else:
        out.remove(_object())
        out.append(_object())
    return tuple(out)


@lru_cache(maxsize=8192)
def lookup(t: Type, name: str) -> tuple[Method | Property, ...]:
    """Members of that name, nearest first, with type arguments in place.  A property hides what lies behind it."""
    found: list[Method | Property] = []
    implementing = not (isinstance(t, Named) and t.decl.kind == "interface")
    for base in all_bases(t):
        if not isinstance(base, Named):
            continue
        if implementing and base.decl.kind == "interface":
            continue  # a class shows its own members: what it implements explicitly needs a cast
        for m in base.decl.own(name):
            m = m.subst(base.mapping) if base.args else m
            if isinstance(m, Property) and not m.index:
                return (*found, m) if found and isinstance(found[0], Method) else (m,)
            found.append(m)
    return tuple(found)


def member_names(t: Type) -> Iterator[str]:
    """Names of the accessible members, for completion and "did you mean"."""
    seen = set()
    for base in all_bases(t):
        if isinstance(base, Named):
            for name in [*base.decl.declarations, *base.decl.enum_members]:
                if (
                    name not in seen
                    and name[0] != "."
                    and " " not in name
                    and name not in ("this[]", "implicit", "explicit")
                ):
                    seen.add(name)
                    yield name


def is_delegate(t: Type) -> bool:
    return isinstance(t, Named) and t.decl.kind == "delegate"


def is_enum(t: Type) -> bool:
    return isinstance(t, Named) and t.decl.kind == "enum"


def delegate_signature(t: Type) -> Method:
    """The Invoke method of a delegate type."""
    found = lookup(t, "Invoke")
    assert found
    assert isinstance(found[0], Method)
    return found[0]


def is_reference(t: Type) -> bool:
    """A reference type (null is a value of it)."""
    if isinstance(t, (ArrayType, AnonymousType)) or t is NULL:
        return True
    return isinstance(t, Named) and not t.is_value


def as_instance_of(t: Type, decl: ClrType) -> Named | None:
    """The use of `decl` that `t` is or derives from."""
    for base in all_bases(t):
        if isinstance(base, Named) and base.decl is decl:
            return base
    return None


@lru_cache(maxsize=8192)
def is_subtype(a: Type, b: Type) -> bool:
    """An identity, reference or boxing conversion leads from a to b."""
    if a is b:
        return True
    if isinstance(b, TypeParam) or isinstance(a, TypeParam):
        return False
    if isinstance(a, TupleType) and isinstance(b, TupleType):
        return a.elements == b.elements
    if isinstance(a, ArrayType) and isinstance(b, ArrayType):
        return (
            a.rank == b.rank
            and is_reference(a.element)
            and is_reference(b.element)
            and is_subtype(a.element, b.element)
        )
    if is_nullable(a) and isinstance(a, Named):
        return b is _object() or (isinstance(b, Named) and b.decl.kind == "interface" and is_subtype(a.args[0], b))
    for base in all_bases(a):
        if base is b:
            return True
        if isinstance(base, Named) and isinstance(b, Named) and base.decl is b.decl:
            variance = _COVARIANT.get(b.decl.full_name)
            if variance and all(
                x is y or (v and is_reference(x) and is_subtype(x, y))
                for x, y, v in zip(base.args, b.args, variance, strict=True)
            ):
                return True
    return False
