"""Classes of data: slots and a constructor, made without the cost of a hundred dataclasses at import.

    class Span(Record, frozen=True, eq=True):
        file: SourceFile
        start: int
        end: int = 0
        notes: list[str] = field(default_factory=list)

A subclass of `Record` declares its fields as annotations, like a dataclass; type checkers see it as one.  The
constructor is compiled when the first instance is made, so a class that a run never uses costs next to nothing.

`frozen=True` is for the type checker, which refuses assignments; at run time there is no guard to pay for.
`eq=True` compares and hashes by value, otherwise it is by identity.  Fields made with `field(kw_only=True)` are given
by keyword only, so a subclass may still add positional ones.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, dataclass_transform

__all__ = ["Record", "field", "replace"]

R = TypeVar("R", bound="Record")

_NONE: Any = object()


class _Field:
    """What `field` was told."""

    __slots__ = ("default", "factory", "kw_only")

    def __init__(self, default: Any, factory: Callable[[], Any] | None, kw_only: bool) -> None:
        self.default, self.factory, self.kw_only = default, factory, kw_only


def field(*, default: Any = _NONE, default_factory: Callable[[], Any] | None = None, kw_only: bool = False) -> Any:
    """A field that needs more than a default value."""
    return _Field(default, default_factory, kw_only)


def _first(self: Any, *args: Any, **kwargs: Any) -> None:
    """The constructor until the first instance: compiles the real one."""
    cls: Any = type(self)
    cls.__init__ = _constructor(cls)
    cls.__init__(self, *args, **kwargs)


@dataclass_transform(eq_default=False, field_specifiers=(field,))
class _Meta(type):
    """Collects the fields of the class and its bases; slots instead of a dictionary."""

    record_fields: dict[str, _Field]

    def __new__(
        mcs,
        name: str,
        bases: tuple[type, ...],
        space: dict[str, Any],
        *,
        frozen: bool = False,  # noqa: ARG004  for type checkers
        eq: bool = False,
    ) -> _Meta:
        fields: dict[str, _Field] = {}
        for base in bases:
            fields.update(getattr(base, "record_fields", {}))
        own = [k for k, hint in space.get("__annotations__", {}).items() if not hint.startswith("ClassVar")]
        space["__slots__"] = tuple(k for k in own if k not in fields)
        for key in own:
            default = space.pop(key, _NONE)
            fields[key] = default if isinstance(default, _Field) else _Field(default, None, False)
        space["record_fields"] = fields
        space["__match_args__"] = tuple(k for k, f in fields.items() if not f.kw_only)
        space["__init__"] = _first  # every class its own: a base's compiled one must not be inherited
        if eq:
            space.setdefault("__eq__", _equal)
            space.setdefault("__hash__", _hash)
        return super().__new__(mcs, name, bases, space)


class Record(metaclass=_Meta):
    """Base of all classes of data."""

    def __repr__(self) -> str:
        values = ", ".join(f"{k}={getattr(self, k, None)!r}" for k in type(self).record_fields)
        return f"{type(self).__name__}({values})"


def replace(record: R, **changes: Any) -> R:
    """A copy with some fields changed."""
    held = {k: getattr(record, k) for k in type(record).record_fields}
    return type(record)(**(held | changes))


def _equal(self: Record, other: object) -> Any:
    if type(other) is not type(self):
        return NotImplemented
    return all(getattr(self, k) == getattr(other, k) for k in type(self).record_fields)


def _hash(self: Record) -> int:
    return hash(tuple(getattr(self, k) for k in type(self).record_fields))


def _constructor(cls: _Meta) -> Any:
    names: dict[str, Any] = {"_NONE": _NONE}
    positional: list[str] = []
    keyword: list[str] = []
    lines: list[str] = []
    for key, f in cls.record_fields.items():
        text = key
        if f.factory is not None:
            names[f"_{key}"] = f.factory
            text = f"{key}=_NONE"
            lines.append(f" self.{key} = _{key}() if {key} is _NONE else {key}")
        else:
            if f.default is not _NONE:
                names[f"_{key}"] = f.default
                text = f"{key}=_{key}"
            lines.append(f" self.{key} = {key}")
        (keyword if f.kw_only else positional).append(text)
    star = [", *, " + ", ".join(keyword)] if keyword else [""]
    head = f"def __init__(self, {', '.join(positional)}{star[0]}):"
    exec("\n".join([head, *(lines or [" pass"])]), names)  # noqa: S102  field names of our own classes
    return names["__init__"]
