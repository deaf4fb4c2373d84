"""System.Random.  With a seed it gives the numbers .NET gives (Knuth's subtractive generator); without, the host's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from apimpy.dotnet.decl import clr_type
from apimpy.dotnet.exceptions import ArgumentNullException, ArgumentOutOfRangeException

if TYPE_CHECKING:
    from apimpy.dotnet.values import Runtime

__all__ = ["Random", "random_"]

_MAX = 0x7FFFFFFF
_SEED = 161803398


class Random:
    """`sample()` in [0, 2^31 - 1), from the seeded table or from the host's generator."""

    __slots__ = ("_at", "_host", "_table")

    def __init__(self, host: Any = None, seed: int = 0) -> None:
        self._host = host
        self._at = 0
        self._table: list[int] = [] if host is not None else _table(seed)

    def sample(self) -> int:
        if self._host is not None:
            return int(self._host.randrange(_MAX))
        self._at = self._at % 55 + 1
        value = self._table[self._at] - self._table[(self._at + 20) % 55 + 1]
        value -= value == _MAX
        value += _MAX if value < 0 else 0
        self._table[self._at] = value
        return value

    def fraction(self) -> float:
        return self.sample() * (1.0 / _MAX)

    def wide(self) -> float:
        """For ranges above 2^31."""
        value = self.sample()
        return ((-value if self.sample() % 2 == 0 else value) + (_MAX - 1)) / (2.0 * _MAX - 1)


def _table(seed: int) -> list[int]:
    table = [0] * 56
    previous = _SEED - min(abs(seed), _MAX)
    table[55] = previous
    current = 1
    for i in range(1, 55):
        at = 21 * i % 55
        table[at] = current
        current = previous - current
        current += _MAX if current < 0 else 0
        previous = table[at]
    for _ in range(4):
        for i in range(1, 56):
            value = _int32(table[i] - table[1 + (i + 30) % 55])
            table[i] = value + _MAX if value < 0 else value
    return table


def _int32(value: int) -> int:
    value &= 0xFFFFFFFF
    return value - (1 << 32) if value >> 31 else value


random_ = clr_type("System.Random", python=Random)
random_.ctor("Random()", lambda rt: Random(rt.random), rt=True)
random_.ctor("Random(int Seed)", lambda seed: Random(None, seed))
random_.method("int Next()", Random.sample)
random_.method("double NextDouble()", Random.fraction)


@random_.method("int Next(int maxValue)")
def _below(self: Random, most: int) -> int:
    if most < 0:
        raise ArgumentOutOfRangeException("maxValue", "'maxValue' must be greater than zero.")
    return int(self.fraction() * most)


@random_.method("int Next(int minValue, int maxValue)")
def _between(self: Random, least: int, most: int) -> int:
    if least > most:
        raise ArgumentOutOfRangeException("minValue", "'minValue' cannot be greater than maxValue.")
    width = most - least
    return int((self.fraction() if width <= _MAX else self.wide()) * width) + least


@random_.method("void NextBytes(byte[] buffer)")
def _bytes(self: Random, buffer: Any) -> None:
    if buffer is None:
        raise ArgumentNullException("buffer")
    for i in range(len(buffer)):
        buffer[i] = self.sample() & 0xFF


@random_.method("long NextInt64()", since="core")
def _long(self: Random) -> int:
    return (self.sample() << 32 | self.sample() << 1 | self.sample() & 1) % ((1 << 63) - 1)


@random_.method("long NextInt64(long maxValue)", since="core")
def _long_below(self: Random, most: int) -> int:
    if most < 0:
        raise ArgumentOutOfRangeException("maxValue", "'maxValue' must be greater than zero.")
    return _long(self) % most if most else 0


@random_.method("long NextInt64(long minValue, long maxValue)", since="core")
def _long_between(self: Random, least: int, most: int) -> int:
    if least > most:
        raise ArgumentOutOfRangeException("minValue", "'minValue' cannot be greater than maxValue.")
    return least + (_long(self) % (most - least) if most > least else 0)


def _shared(rt: Runtime) -> Random:
    return Random(rt.random)


random_.prop("static Random Shared", _shared, rt=True, since="core")
random_.method("float NextSingle()", lambda self: self.sample() % (1 << 24) / (1 << 24), since="core")
