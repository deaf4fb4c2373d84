"""Tree nodes: slotted classes with a constructor, made without the cost of a hundred dataclasses at import.

A subclass of `Record` declares its fields as annotations, like a dataclass; type checkers see it as one.  The
constructor is compiled when the first instance is made.  Fields made with `dataclasses.field(kw_only=True)` are given
by keyword only, so a subclass may still add positional ones.
"""

from __future__ import annotations

import dataclasses
from typing import Any, dataclass_transform

__all__ = ["Record", "replace"]

_NONE = dataclasses.MISSING


def _first(self: Any, *args: Any, **kwargs: Any) -> None:
    """The constructor until the first instance: compiles the real one."""
    cls: Any = type(self)
    cls.__init__ = _constructor(cls)
    cls.__init__(self, *args, **kwargs)


@dataclass_transform(eq_default=False, field_specifiers=(dataclasses.field,))
class _Meta(type):
    """Collects the fields of the class and its bases; slots instead of a dictionary."""

    record_fields: dict[str, Any]
    """Field name → its default, or what `dataclasses.field` gave."""

    def __new__(mcs, name: str, bases: tuple[type, ...], space: dict[str, Any]) -> _Meta:
        fields: dict[str, dataclasses.Field[Any] | Any] = {}
        for base in bases:
            fields.update(getattr(base, "record_fields", {}))
        own = list(space.get("__annotations__", ()))
        for key in own:
            fields[key] = space.pop(key, _NONE)
        space["__slots__"] = tuple(k for k in own if not any(k in getattr(b, "record_fields", {}) for b in bases))
        space["record_fields"] = fields
        space["__init__"] = _first  # every class its own: a base's compiled one must not be inherited
        return super().__new__(mcs, name, bases, space)


class Record(metaclass=_Meta):
    """Base of all nodes; compares by identity."""

    def __repr__(self) -> str:
        values = ", ".join(f"{k}={getattr(self, k, None)!r}" for k in type(self).record_fields)
        return f"{type(self).__name__}({values})"


def _constructor(cls: _Meta) -> Any:
    names: dict[str, Any] = {}
    positional: list[str] = []
    keyword: list[str] = []
    fields = cls.record_fields
    for key, default in fields.items():
        kw_only = isinstance(default, dataclasses.Field) and default.kw_only is True
        if isinstance(default, dataclasses.Field):
            default = default.default
        text = key
        if default is not _NONE:
            names[f"_{key}"] = default
            text = f"{key}=_{key}"
        (keyword if kw_only else positional).append(text)
    star = [", *, " + ", ".join(keyword)] if keyword else [""]
    lines = [f"def __init__(self, {', '.join(positional)}{star[0]}):"]
    lines += [f" self.{key} = {key}" for key in fields] or [" pass"]
    exec("\n".join(lines), names)  # noqa: S102  field names of our own classes
    return names["__init__"]


def replace(node: Any, **changes: Any) -> Any:
    """A copy of a node with some fields changed."""
    return type(node)(**{k: changes.get(k, getattr(node, k)) for k in type(node).record_fields})
