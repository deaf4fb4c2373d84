"""`JContainer.Merge`: lays content over a container.  Members that are containers on both sides merge."""

from __future__ import annotations

from typing import Any

from apimpy.dotnet.exceptions import ArgumentException
from apimpy.dotnet.json_net.kinds import NULL, MergeSettings
from apimpy.dotnet.json_net.scalars import type_name
from apimpy.dotnet.json_net.tree import (
    JArray,
    JContainer,
    JObject,
    JProperty,
    JToken,
    JValue,
    bounded,
    from_content,
    is_multi,
)
from apimpy.dotnet.values import box, iterate, type_of

__all__ = ["merge"]

CONCAT, UNION, REPLACE, MERGE = range(4)


@bounded
def merge(target: JContainer, content: Any, settings: MergeSettings | None) -> None:
    """`target.Merge(content, settings)`"""
    if content is None:
        return
    if not isinstance(content, JToken) and not is_multi(content):
        raise ArgumentException(
            f"Could not determine JSON object type for type {type_name(type_of(content))}.", "content"
        )
    _merge(target, content, settings)


def _handling(settings: MergeSettings | None, name: str) -> int:
    if settings is None:
        return 0
    value = settings.get(name)
    return 0 if value is None else value.value


def _is_null(token: JToken) -> bool:
    return isinstance(token, JValue) and (token.kind is NULL or token.value is None)


def _merge(target: JContainer, content: Any, settings: MergeSettings | None) -> None:
    if isinstance(target, JObject):
        if isinstance(content, JObject):
            _merge_object(target, content, settings)
    elif isinstance(target, JArray):
        if isinstance(content, JArray) or is_multi(content):
            _merge_array(target, content, settings)
    elif isinstance(target, JProperty) and isinstance(content, JProperty) and content.value.kind is not NULL:
        target.set_item(0, content.value)


def _merge_object(target: JObject, content: JObject, settings: MergeSettings | None) -> None:
    comparison = None if settings is None else settings.get("PropertyNameComparison")
    for name, value in content.pairs():
        mine = find_property(target, name, comparison)
        if mine is None:
            target.attach(name, value)
            continue
        current = mine.value
        if isinstance(current, JContainer) and current.kind is value.kind:
            _merge(current, value, settings)
        elif not _is_null(value) or _handling(settings, "MergeNullValueHandling") == 1:
            mine.set_item(0, value)


def find_property(target: JObject, name: str, comparison: Any) -> JProperty | None:
    """A property by name under a `StringComparison` (None: ordinal)."""
    found = target.property(name)
    if found is not None or comparison is None or not comparison.value & 1:
        # the comparisons that respect case have even values
        return found
    folded = name.lower()
    return next((target.property(n) for n in list(target.keys()) if n.lower() == folded), None)


def _merge_array(target: JArray, content: Any, settings: MergeSettings | None) -> None:
    from apimpy.dotnet.json_net.typing_ import element_type

    if isinstance(content, JArray):
        items: list[Any] = list(content.children())
    else:
        of = element_type(content)
        items = [item if of is None else box(item, of) for item in iterate(content)]
    handling = _handling(settings, "MergeArrayHandling")
    if handling == REPLACE:
        if target is content:
            return
        target.clear()
    if handling in (CONCAT, REPLACE):
        for item in items:
            target.insert_item(target.count, from_content(item))
    elif handling == UNION:
        for item in items:
            token = from_content(item)
            if not any(token.same(known) for known in target.children()):
                target.insert_item(target.count, token)
    else:
        for i, item in enumerate(items):
            if i >= target.count:
                target.insert_item(target.count, from_content(item))
                continue
            current = target.at(i)
            if isinstance(current, JContainer):
                if item is not None:
                    _merge(current, item, settings)
            elif item is not None and from_content(item).kind is not NULL:
                target.set_item(i, from_content(item))
