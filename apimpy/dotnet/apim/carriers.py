"""The run-time classes behind the interfaces of `context`, and conversions every interface shares.

The runtime stands above the library, so it is not imported here: `carrier` finds a class by name when the declarations
are loaded, for `is`, casts and overloads on boxed values such as `(IResponse)context.Variables["reply"]`.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from apimpy.csharp.types import ClrType
from apimpy.dotnet.values import from_text

if TYPE_CHECKING:
    from collections.abc import Callable

    from apimpy.dotnet.time.datetime import DateTime

__all__ = ["carrier", "date_of", "dated", "instant", "parse_as", "texts"]


def carrier(module: str, name: str) -> type:
    """A class of `apimpy.runtime`."""
    found = getattr(import_module("apimpy.runtime." + module), name)
    assert isinstance(found, type)
    return found


@cache
def _parser(type_name: str) -> Callable[[str], Any]:
    universe = ClrType.universe
    assert universe is not None
    decl = universe.declaration(type_name, 0)
    assert decl is not None, type_name
    impl: Callable[[str], Any] = next(d.impl for d in decl.declarations["Parse"] if "," not in d.signature)
    return impl


def parse_as(type_name: str, text: str) -> Any:
    """`T.Parse(text)` of a declared type."""
    return _parser(type_name)(text)


def texts(attribute: str) -> Callable[[Any], str | None]:
    """A getter for text that people wrote: it may hold characters beyond the basic plane."""

    read = attrgetter(attribute)

    def get(self: Any) -> str | None:
        value: str | None = read(self)
        return value if value is None or value.isascii() else from_text(value)

    return get


def date_of(text: str) -> DateTime:
    """ISO 8601 text as DateTime."""
    from apimpy.dotnet.exceptions import FormatException
    from apimpy.dotnet.time.datetime import from_iso

    found = from_iso(text)
    if found is None:
        raise FormatException(f"String '{text}' was not recognized as a valid DateTime.")
    return found


def dated(attribute: str, *, nullable: bool = False) -> Callable[[Any], DateTime | None]:
    """A getter for a date kept as ISO 8601 text; absent is null, or the earliest date for a plain DateTime."""

    def get(self: Any) -> DateTime | None:
        from apimpy.dotnet.time.datetime import DateTime

        text = getattr(self, attribute)
        if text:
            return date_of(text)
        return None if nullable else DateTime(0)

    return get


def instant(seconds: float) -> DateTime:
    """UTC seconds as DateTime.

    A float holds present times to a quarter of a microsecond; a clock that knows better gives a float with `ticks`.
    """
    ticks = getattr(seconds, "ticks", None)
    return _utc()(_UNIX_EPOCH + round(seconds * 1_000_000) * 10 if ticks is None else ticks)


_UNIX_EPOCH = 621_355_968_000_000_000


@cache
def _utc() -> Callable[[int], DateTime]:
    from apimpy.dotnet.time.datetime import utc_from_ticks

    return utc_from_ticks
