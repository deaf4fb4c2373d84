"""The text of a path in a JSON document: `a.b[0]['odd name']`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from apimpy.dotnet.json_net.kinds import PROPERTY
from apimpy.dotnet.json_net.scalars import quote
from apimpy.dotnet.json_net.tree import JArray, JToken

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["path_of", "path_text"]

_SPECIAL = frozenset(". '/\"[]()\t\n\r\f\b\\\u0085\u2028\u2029")


def path_text(steps: Iterable[str | int | None]) -> str:
    """The path of those steps: names and indexes."""
    out = ""
    for step in steps:
        if isinstance(step, int):
            out += f"[{step}]"
        elif step is not None:
            if _SPECIAL.isdisjoint(step):
                out += "." + step if out else step
            else:
                inner = quote(step)[1:-1].replace('\\"', '"').replace("'", "\\'")
                out += f"['{inner}']"
    return out


def path_of(token: JToken) -> str:
    """`JToken.Path`"""
    steps: list[str | int | None] = []
    current: JToken | None = token
    if token.kind is PROPERTY:
        steps.append(token.name)  # type: ignore[attr-defined]
        current = token._owner
    while current is not None and current._owner is not None:
        owner = current._owner
        if isinstance(owner, JArray):
            steps.append(owner.index_of(current))
        elif current._key is not None:
            steps.append(current._key)
        else:  # the value of a detached property
            steps.append(owner.name)  # type: ignore[attr-defined]
        current = owner
    return path_text(reversed(steps))
