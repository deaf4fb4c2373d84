"""`byte[]` in Python: an `Array` of numbers, made from and turned into `bytes`."""

from __future__ import annotations

from functools import cache

from apimpy.csharp.types import ClrType, Type
from apimpy.dotnet.exceptions import ArgumentNullException
from apimpy.dotnet.values import Array

__all__ = ["byte_array", "octets", "string_array", "string_type"]


@cache
def _named(name: str) -> Type:
    universe = ClrType.universe
    assert universe is not None
    return universe.named(name)


def byte_array(data: bytes) -> Array:
    return Array(_named("System.Byte"), data)


def string_type() -> Type:
    return _named("System.String")


def string_array(items: list[str] | tuple[str, ...]) -> Array:
    return Array(_named("System.String"), items)


def octets(value: Array | None, param: str) -> bytes:
    """The bytes of an argument, or ArgumentNullException."""
    if value is None:
        raise ArgumentNullException(param)
    return bytes(value)
