"""System.Collections.Generic.Queue<T>, Stack<T> and LinkedList<T>."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any

from apimpy.dotnet.collections_.enumerator import Enumerator
from apimpy.dotnet.collections_.interfaces import copy_to
from apimpy.dotnet.comparison import equality
from apimpy.dotnet.decl import TypeDecl, clr_type
from apimpy.dotnet.exceptions import ArgumentNullException, ArgumentOutOfRangeException, InvalidOperationException
from apimpy.dotnet.typecheck import default_of
from apimpy.dotnet.values import Array, iterate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from apimpy.csharp.types import Type

__all__ = ["Queue", "Stack"]

_G = "System.Collections.Generic."


class Queue:
    """First in, first out.  `items` holds the elements in enumeration order."""

    __slots__ = ("items", "of", "version")

    empty = "Queue empty."

    def __init__(self, of: Type, items: Any = ()) -> None:
        self.of = of
        self.items: deque[Any] = deque(items)
        self.version = 0

    @property
    def clr_type(self) -> Type:
        return queue.of(self.of)

    def clr_to_string(self) -> str:
        return self.clr_type.full_name

    def __iter__(self) -> Iterator[Any]:
        version = self.version
        for item in list(self.items):
            yield item
            if self.version != version:
                raise InvalidOperationException("Collection was modified after the enumerator was instantiated.")

    def __len__(self) -> int:
        return len(self.items)

    def put(self, item: Any) -> None:
        self.items.append(item)
        self.version += 1

    def peek(self) -> Any:
        if not self.items:
            raise InvalidOperationException(self.empty)
        return self.items[0]

    def take(self) -> Any:
        value = self.peek()
        self.items.popleft()
        self.version += 1
        return value

    def try_peek(self) -> tuple[bool, Any]:
        return (True, self.items[0]) if self.items else (False, default_of(self.of))

    def try_take(self) -> tuple[bool, Any]:
        return (True, self.take()) if self.items else (False, default_of(self.of))

    def clear(self) -> None:
        self.items.clear()
        self.version += 1


class Stack(Queue):
    """Last in, first out: the top is the first element."""

    __slots__ = ()

    empty = "Stack empty."

    @property
    def clr_type(self) -> Type:
        return stack.of(self.of)

    def put(self, item: Any) -> None:
        self.items.appendleft(item)
        self.version += 1


def _given(items: Any) -> Iterator[Any]:
    if items is None:
        raise ArgumentNullException("collection")
    return iterate(items)


def _contains(self: Queue, item: Any) -> bool:
    same = equality(self.of)
    return any(same(v, item) for v in self.items)


def _declare(name: str, make: type[Queue], filled: Callable[[Type, Any], Queue], put: str, take: str) -> TypeDecl:
    decl = clr_type(
        f"{_G}{name}<T>", bases="object, IReadOnlyCollection<T>, System.Collections.ICollection", python=make
    )

    def with_capacity(of: Type, capacity: int) -> Queue:
        if capacity < 0:
            raise ArgumentOutOfRangeException("capacity", "Non-negative number required.")
        return make(of)

    decl.ctor(f"{name}()", make, reify=True)
    decl.ctor(f"{name}(int capacity)", with_capacity, reify=True)
    decl.ctor(f"{name}(IEnumerable<T> collection)", filled, reify=True)
    decl.prop("int Count", len)
    decl.method(f"void {put}(T item)", make.put)
    decl.method(f"T? {take}()", make.take)
    decl.method("T? Peek()", make.peek)
    decl.method(f"bool Try{take}(out T result)", make.try_take, since="core")
    decl.method("bool TryPeek(out T result)", make.try_peek, since="core")
    decl.method("void Clear()", make.clear)
    decl.method("bool Contains(T item)", _contains)
    decl.method("T[] ToArray()", lambda q: Array(q.of, q.items))
    decl.method("void CopyTo(T[] array, int arrayIndex)", copy_to)
    decl.method("void TrimExcess()", lambda _q: None)
    decl.method("IEnumerator<T> GetEnumerator()", lambda q: Enumerator(q, q.of))
    return decl


queue = _declare("Queue", Queue, lambda t, c: Queue(t, _given(c)), "Enqueue", "Dequeue")
stack = _declare("Stack", Stack, lambda t, c: Stack(t, list(_given(c))[::-1]), "Push", "Pop")

_LINKED = "use List<T>: policy expressions may not use LinkedList<T>"
linked_list = clr_type(
    _G + "LinkedList<T>", bases="object, ICollection<T>, IReadOnlyCollection<T>", allowed="", unsupported=_LINKED
)
linked_list.ctor("LinkedList()", unsupported=_LINKED)
linked_list.ctor("LinkedList(IEnumerable<T> collection)", unsupported=_LINKED)
