"""Which conversions exist between types (C# 10.2 to 10.5), standard and user-defined."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from apimpy.csharp.bound import Conversion
from apimpy.csharp.known import INTEGRAL, NUMERIC, WIDENS, is_nullable, keyword, strip_nullable
from apimpy.csharp.lookup import all_bases, is_enum, is_reference, is_subtype
from apimpy.csharp.types import ERROR, MISSING, NULL, VOID, ArrayType, Method, Named, TupleType, Type

__all__ = ["explicit", "implicit", "implicit_from_constant", "standard_implicit"]

IDENTITY = Conversion("identity")
NUMERIC_CONVERSION = Conversion("numeric")
EXPLICIT_NUMERIC = Conversion("numeric", explicit=True)
REFERENCE = Conversion("reference")
BOX = Conversion("box")
NULL_CONVERSION = Conversion("null")
ERROR_CONVERSION = Conversion("error")


@lru_cache(maxsize=8192)
def standard_implicit(a: Type, b: Type) -> Conversion | None:
    """An implicit conversion that is not user-defined, between types."""
    if a is b:
        return IDENTITY
    if a is ERROR or b is ERROR:
        return ERROR_CONVERSION
    if a is VOID or b is VOID:
        return None
    if a is NULL:
        return NULL_CONVERSION if is_reference(b) or is_nullable(b) else None
    wa, wb = keyword(a), keyword(b)
    if wa and wb and wb in WIDENS.get(wa, ()):
        return NUMERIC_CONVERSION
    if isinstance(a, TupleType) and isinstance(b, TupleType) and len(a.elements) == len(b.elements):
        if a.elements == b.elements:
            return IDENTITY
        if all(standard_implicit(x, y) for x, y in zip(a.elements, b.elements, strict=True)):
            return Conversion("tuple")
        return None
    if is_nullable(b):
        target = strip_nullable(b)
        inner = standard_implicit(strip_nullable(a), target)
        if inner is None or inner.kind not in ("identity", "numeric", "tuple"):
            return None
        return Conversion("lift" if is_nullable(a) else "wrap", inner)
    if is_subtype(a, b):
        return BOX if a.is_value and not b.is_value else REFERENCE
    return None


def implicit_from_constant(value: Any, a: Type, b: Type) -> Conversion | None:
    """Constant int (and literal 0 to enums) conversions (C# 10.2.11, 10.2.4)."""
    if value is MISSING:
        return None
    target = strip_nullable(b)
    word = keyword(a)
    if word in ("int", "long") and isinstance(value, int):
        if is_enum(target) and value == 0 and word == "int":
            found = Conversion("enum")
        else:
            bits = INTEGRAL.get(keyword(target))
            if bits is None or (word == "long" and keyword(target) != "ulong"):
                return None
            low = -(1 << bits[0] - 1) if bits[1] else 0
            high = (1 << bits[0] - (1 if bits[1] else 0)) - 1
            if not low <= value <= high:
                return None
            found = Conversion("constant")
        return Conversion("wrap", found) if is_nullable(b) else found
    return None


def _operators(t: Type, name: str) -> list[Method]:
    out: list[Method] = []
    for base in all_bases(strip_nullable(t)):
        if isinstance(base, Named):
            out.extend(m.subst(base.mapping) for m in base.decl.own(name) if isinstance(m, Method))
    return out


def _score(c: Conversion | None) -> int:
    if c is None:
        return 1000
    if c.kind == "identity":
        return 0
    if c.explicit:
        return 20
    return {"reference": 2, "null": 2, "numeric": 3, "wrap": 3, "lift": 4, "box": 5, "constant": 1}.get(c.kind, 6)


def _user(a: Type, b: Type, names: tuple[str, ...], *, allow_explicit: bool) -> Conversion | None:
    best: tuple[int, Conversion] | None = None
    seen: set[int] = set()
    for name in names:
        for t in (a, b):
            if t in (NULL, ERROR, VOID):
                continue
            for m in _operators(t, name):
                if id(m) in seen:
                    continue
                seen.add(id(m))
                to_param = standard_implicit(a, m.params[0].type)
                if to_param is None and allow_explicit:
                    to_param = _standard_explicit(a, m.params[0].type)
                if to_param is None:
                    continue
                from_result = standard_implicit(m.result, b)
                if from_result is None and allow_explicit:
                    from_result = _standard_explicit(m.result, b)
                if from_result is None:
                    continue
                score = _score(to_param) * 30 + _score(from_result) + (name == "explicit")
                if best is None or score < best[0]:
                    best = score, Conversion("user", to_param, m, from_result, explicit=name == "explicit")
    return best[1] if best else None


@lru_cache(maxsize=8192)
def implicit(a: Type, b: Type) -> Conversion | None:
    """Any implicit conversion between types."""
    found = standard_implicit(a, b)
    if found is not None or a is NULL:
        return found
    if (isinstance(a, Named) and a.decl.kind == "interface") or (isinstance(b, Named) and b.decl.kind == "interface"):
        return None
    found = _user(a, b, ("implicit",), allow_explicit=False)
    if found is None and is_nullable(a) and is_nullable(b):
        inner = _user(strip_nullable(a), strip_nullable(b), ("implicit",), allow_explicit=False)
        return Conversion("lift", inner) if inner else None
    return found


@lru_cache(maxsize=8192)
def _standard_explicit(a: Type, b: Type) -> Conversion | None:
    wa, wb = keyword(a), keyword(b)
    if wa in NUMERIC and wb in NUMERIC:
        return EXPLICIT_NUMERIC
    if is_enum(a) and (wb in NUMERIC or is_enum(b)):
        return Conversion("enum", explicit=True)
    if is_enum(b) and wa in NUMERIC:
        return Conversion("enum", explicit=True)
    if is_nullable(a) and is_nullable(b):
        inner = standard_implicit(strip_nullable(a), strip_nullable(b)) or _standard_explicit(
            strip_nullable(a), strip_nullable(b)
        )
        return Conversion("lift", inner, explicit=True) if inner else None
    if is_nullable(b) and a.is_value:
        inner = standard_implicit(a, strip_nullable(b)) or _standard_explicit(a, strip_nullable(b))
        return Conversion("wrap", inner, explicit=True) if inner else None
    if is_nullable(a) and b.is_value:
        inner = standard_implicit(strip_nullable(a), b) or _standard_explicit(strip_nullable(a), b)
        return Conversion("unwrap", inner, explicit=True) if inner else None
    if a.is_value:
        return None
    if b.is_value:
        return Conversion("unbox", explicit=True) if is_subtype(b, a) or _is_interface(a) else None
    if not (is_reference(a) and is_reference(b)) or a is NULL:
        return None
    if is_subtype(b, a) or _interface_cast(a, b) or _interface_cast(b, a):
        return Conversion("cast", explicit=True)
    if isinstance(a, ArrayType) and isinstance(b, ArrayType) and a.rank == b.rank:
        return Conversion("cast", explicit=True) if _standard_explicit(a.element, b.element) else None
    if isinstance(b, ArrayType) and _is_interface(a):
        return Conversion("cast", explicit=True)
    return None


def _is_interface(t: Type) -> bool:
    return isinstance(t, Named) and t.decl.kind == "interface"


def _interface_cast(a: Type, b: Type) -> bool:
    """Between an interface and a class that may be extended (or another interface)."""
    return _is_interface(a) and (_is_interface(b) or (isinstance(b, Named) and b.decl.kind == "class"))


@lru_cache(maxsize=8192)
def explicit(a: Type, b: Type) -> Conversion | None:
    """Any conversion a cast performs."""
    found = implicit(a, b) or _standard_explicit(a, b)
    if found is not None:
        return found
    found = _user(a, b, ("explicit", "implicit"), allow_explicit=True)
    if found is None and is_nullable(a) and is_nullable(b):
        inner = _user(strip_nullable(a), strip_nullable(b), ("explicit", "implicit"), allow_explicit=True)
        return Conversion("lift", inner, explicit=True) if inner else None
    return found
