"""RNGCryptoServiceProvider and RandomNumberGenerator: always the operating system's generator, never a seeded one."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from apimpy.dotnet.decl import clr_type
from apimpy.dotnet.exceptions import ArgumentException, ArgumentNullException, ArgumentOutOfRangeException

if TYPE_CHECKING:
    from apimpy.dotnet.values import Array

__all__ = ["Generator"]

SPACE = "System.Security.Cryptography."


class Generator:
    """A source of random bytes; it has no state."""

    __slots__ = ()

    def dispose(self) -> None:
        """Nothing to release."""

    def clr_to_string(self) -> str:
        return SPACE + "RNGCryptoServiceProvider"


# GetBytes is filed under the listed class: the declaring type decides what policies may use
generator = clr_type(SPACE + "RandomNumberGenerator", bases="object, IDisposable", allowed="")
provider = clr_type(SPACE + "RNGCryptoServiceProvider", bases="RandomNumberGenerator", python=Generator)

generator.method("static RandomNumberGenerator Create()", Generator)
provider.ctor("RNGCryptoServiceProvider()", Generator)


def get_bytes(self: Generator, data: Array | None) -> None:
    if data is None:
        raise ArgumentNullException("data")
    data[:] = secrets.token_bytes(len(data))


def get_some_bytes(self: Generator, data: Array | None, offset: int, count: int) -> None:
    if data is None:
        raise ArgumentNullException("data")
    if offset < 0:
        raise ArgumentOutOfRangeException("offset", "Non-negative number required.")
    if count < 0 or count > len(data) - offset:
        raise ArgumentException(
            "Offset and length were out of bounds for the array or count is greater than the number of elements from "
            "index to the end of the source collection."
        )
    data[offset : offset + count] = secrets.token_bytes(count)


def get_non_zero_bytes(self: Generator, data: Array | None) -> None:
    if data is None:
        raise ArgumentNullException("data")
    data[:] = [1 + secrets.randbelow(255) for _ in data]


for _decl in (generator, provider):
    _decl.method("void GetBytes(byte[] data)", get_bytes)
    _decl.method("void GetBytes(byte[] data, int offset, int count)", get_some_bytes)
    _decl.method("void GetNonZeroBytes(byte[] data)", get_non_zero_bytes)
generator.method("void Dispose()", Generator.dispose)
