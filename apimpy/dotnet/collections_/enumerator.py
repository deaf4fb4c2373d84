"""Explicit enumeration: what `GetEnumerator()` gives, with `MoveNext()` and `Current`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from apimpy.csharp.types import ClrType, Type
from apimpy.dotnet.exceptions import InvalidOperationException, NotSupportedException
from apimpy.dotnet.typecheck import default_of
from apimpy.dotnet.values import Array, iterate

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Enumerator", "enumerator"]


class Enumerator:
    """An IEnumerator<T> over any sequence.  `strict`: reading `Current` outside the sequence throws."""

    __slots__ = ("_source", "_state", "current", "of", "source", "strict")

    def __init__(self, source: Any, of: Type, *, strict: bool = False) -> None:
        self.source, self.of, self.strict = source, of, strict
        self._source: Iterator[Any] = iterate(source)
        self._state = 0
        self.current = default_of(of)

    @property
    def clr_type(self) -> Type:
        assert ClrType.universe is not None
        return ClrType.universe.named("System.Collections.Generic.IEnumerator", self.of)

    def move_next(self) -> bool:
        if self._state == 2:
            return False
        try:
            self.current = next(self._source)
        except StopIteration:
            self._state = 2
            self.current = default_of(self.of)
            return False
        self._state = 1
        return True

    def get_current(self) -> Any:
        if self.strict and self._state != 1:
            raise InvalidOperationException(
                "Enumeration already finished." if self._state else "Enumeration has not started. Call MoveNext."
            )
        return self.current

    def reset(self) -> None:
        if not hasattr(self.source, "__len__"):
            raise NotSupportedException
        self._source, self._state = iterate(self.source), 0
        self.current = default_of(self.of)


def enumerator(source: Any, of: Type) -> Enumerator:
    return Enumerator(source, of, strict=isinstance(source, Array))
