"""Policies inside policies, for those who look for one of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from apimpy.policy.base import Item, Policy, fields_of

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["inside"]


def inside(item: Item) -> Iterator[Policy]:
    """The policy itself and all that it holds, in document order."""
    if isinstance(item, Policy):
        yield item
    for f in fields_of(type(item)):
        held = getattr(item, f.attribute)
        for one in held if isinstance(held, tuple) else (held,):
            if isinstance(one, Item):
                yield from inside(one)
