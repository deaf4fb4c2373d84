"""System.Linq.Enumerable: the declaration that the other modules of this package add their operators to.

Operators are lazy: they give a `Lazy`, which evaluates anew each time it is enumerated.  What an operator checks about
its arguments it checks at once.  Lambdas charge the budget themselves; operators that produce elements without calling
one charge it here.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any

from apimpy.csharp.types import ClrType, Type
from apimpy.dotnet.decl import clr_type
from apimpy.dotnet.exceptions import ArgumentNullException, ClrError, InvalidOperationException
from apimpy.dotnet.values import Query, Runtime

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

__all__ = ["Lazy", "charged", "elements_missing", "enumerable", "given", "more_than_one", "no_elements"]

enumerable = clr_type("System.Linq.Enumerable", kind="static")


class Lazy(Query):
    """A query that knows its C# type."""

    __slots__ = ()

    @property
    def clr_type(self) -> Type | None:
        if self.of is None:
            return None
        assert ClrType.universe is not None
        return ClrType.universe.named("System.Collections.Generic.IEnumerable", self.of)

    def clr_to_string(self) -> str:
        return "System.Linq.Enumerable+Iterator" + (f"`1[{self.of.full_name}]" if self.of is not None else "")


def given(value: Any, name: str) -> Any:
    """The argument, which must not be null."""
    if value is None:
        raise ArgumentNullException(name)
    return value


def charged(rt: Runtime, items: Iterable[Any]) -> Iterator[Any]:
    """The items, each of which costs a step of the budget; charged in chunks that grow."""
    source = iter(items)
    size = 1
    while chunk := list(islice(source, size)):
        rt.tick(len(chunk))
        yield from chunk
        size = min(size * 2, 64)


def no_elements() -> ClrError:
    return InvalidOperationException("Sequence contains no elements")


def elements_missing(predicate: Callable[..., Any] | None) -> ClrError:
    return InvalidOperationException("Sequence contains no matching element") if predicate else no_elements()


def more_than_one(predicate: Callable[..., Any] | None) -> ClrError:
    matching = "matching " if predicate else ""
    return InvalidOperationException(f"Sequence contains more than one {matching}element")
