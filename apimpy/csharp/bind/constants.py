"""Arithmetic of constants, at compile time."""

from __future__ import annotations

import math
import operator
from decimal import Decimal
from typing import Any

from apimpy.csharp.known import INTEGRAL, keyword
from apimpy.csharp.types import MISSING, Type

PYTHON: dict[str, Any] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "%": operator.mod,
    "&": operator.and_,
    "|": operator.or_,
    "^": operator.xor,
    "<<": operator.lshift,
    ">>": operator.rshift,
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    ">": operator.gt,
    "<=": operator.le,
    ">=": operator.ge,
}
"""C# operators whose meaning on constants Python shares."""


class Overflow(Exception):
    """A constant does not fit."""


class DivideByZero(Exception):
    """A constant division by zero."""


def promote(a: str, b: str) -> str | None:
    """Binary numeric promotion of two keywords; None when there is none (decimal with double, ulong with signed)."""
    pair = {a, b}
    if "decimal" in pair:
        return None if pair & {"double", "float"} else "decimal"
    if "double" in pair:
        return "double"
    if "float" in pair:
        return "float"
    if "ulong" in pair:
        return None if pair & {"sbyte", "short", "int", "long"} else "ulong"
    if "long" in pair:
        return "long"
    if "uint" in pair:
        return "long" if pair & {"sbyte", "short", "int"} else "uint"
    return "int"


def trunc_div(a: int, b: int) -> int:
    q = abs(a) // abs(b)
    return q if (a < 0) == (b < 0) else -q


def arithmetic(op: str, a: Any, b: Any, word: str) -> Any:
    if word in INTEGRAL:
        if op in ("/", "%"):
            if not b:
                raise DivideByZero
            q = trunc_div(a, b)
            return q if op == "/" else a - q * b
        if op in ("<<", ">>"):
            bits = INTEGRAL[word][0]
            b &= bits - 1
            return a << b if op == "<<" else a >> b
    elif word in ("double", "float"):
        if op == "/":
            if not b:
                return math.nan if a != a or not a else math.copysign(math.inf, a) * math.copysign(1, b)
            return a / b
        if op == "%":
            return math.nan if not b or math.isinf(a) else math.fmod(a, b)
    elif word == "decimal" and op in ("/", "%") and not b:
        raise DivideByZero
    return PYTHON[op](a, b)


def fit(value: int, word: str, *, checked: bool) -> int:
    bits, signed = INTEGRAL[word]
    low = -(1 << bits - 1) if signed else 0
    high = (1 << bits - (1 if signed else 0)) - 1
    if low <= value <= high:
        return value
    if checked:
        raise Overflow
    value &= (1 << bits) - 1
    return value - (1 << bits) if signed and value > high else value


def fold_convert(value: Any, a: Type, b: Type, *, checked: bool) -> Any:
    """A numeric constant converted; MISSING when that is left to run time; Overflow as OverflowError."""
    wa, wb = keyword(a), keyword(b)
    if wa == "char":
        value = ord(value)
    if wb in INTEGRAL:
        if isinstance(value, float) and not math.isfinite(value):
            raise OverflowError
        try:
            return fit(int(value), wb, checked=checked)
        except Overflow:
            raise OverflowError from None
    if wb == "char":
        try:
            return chr(fit(int(value), "ushort", checked=checked))
        except Overflow:
            raise OverflowError from None
    if wb == "double":
        return float(value)
    if wb == "decimal":
        return MISSING if isinstance(value, float) else Decimal(value)
    return MISSING  # float: rounding is the run time's business
