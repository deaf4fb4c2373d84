"""The order in which hash tables enumerate, and the base of Dictionary and HashSet.

.NET's tables enumerate in the order of insertion, except that a new element takes the place of the one removed last.
Programs come to depend on it, so it is kept: a plain Python dict as long as nothing was removed, explicit slots then.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from apimpy.dotnet.comparison import Key

__all__ = ["Slots"]

_HOLE = object()


class Slots:
    """`data` maps the key (or its `key_of`) to the entry; subclasses say what an entry is."""

    __slots__ = ("data", "free", "key_of", "order", "place", "version")

    def __init__(self, key_of: Key) -> None:
        self.data: dict[Any, Any] = {}
        self.key_of = key_of
        self.order: list[Any] | None = None
        self.place: dict[Any, int] = {}
        self.free: list[int] = []
        self.version = 0

    def added(self, hashed: Any) -> None:
        """A new key went into `data`."""
        self.version += 1
        if self.order is None:
            return
        if self.free:
            i = self.free.pop()
            self.order[i] = hashed
        else:
            i = len(self.order)
            self.order.append(hashed)
        self.place[hashed] = i

    def removing(self, hashed: Any) -> None:
        """A key is about to leave `data`.  Enumerations under way go on, as in .NET."""
        if self.order is None:
            self.order = list(self.data)
            self.place = {h: i for i, h in enumerate(self.order)}
        i = self.place.pop(hashed)
        self.order[i] = _HOLE
        self.free.append(i)

    def cleared(self) -> None:
        self.data.clear()
        self.order, self.place, self.free = None, {}, []

    def hashes(self) -> Iterator[Any]:
        """The keys of `data` in enumeration order."""
        if self.order is None:
            return iter(list(self.data))
        return iter([h for h in self.order if h is not _HOLE])
