"""The base of the tree model: `JToken`, `JValue`, `JContainer` and the rules all of them share.  See `tree`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import cache, wraps
from typing import Any, TypeVar

from apimpy.csharp.types import ClrType, Type
from apimpy.dotnet.exceptions import (
    ArgumentException,
    BudgetExceeded,
    InvalidOperationException,
)
from apimpy.dotnet.json_net.kinds import (
    NULL,
    PROPERTY,
    RAW,
    STRING,
)
from apimpy.dotnet.json_net.scalars import kind_of
from apimpy.dotnet.values import EnumValue, to_string

__all__ = ["JContainer", "JRaw", "JToken", "JValue", "bounded", "from_content", "is_multi"]

_new = object.__new__
F = TypeVar("F", bound=Callable[..., Any])

MODIFIED = "Collection was modified; enumeration operation may not execute."
RANGE = "Index was out of range. Must be non-negative and less than the size of the collection."


def bounded(fn: F) -> F:
    """A walk over a whole tree: one that is nested too deep ends the evaluation instead of the process."""

    @wraps(fn)
    def walk(*args: Any, **options: Any) -> Any:
        try:
            return fn(*args, **options)
        except RecursionError:
            raise BudgetExceeded("the JSON value is nested too deep") from None

    return walk  # type: ignore[return-value]


@cache
def _writer() -> Any:
    from apimpy.dotnet.json_net import writer

    return writer


def is_multi(content: Any) -> bool:
    """Whether content given to a container is a sequence of things to add."""
    if content is None or isinstance(content, (str, JToken, int, float)):
        return False
    kind = getattr(content, "of", None)
    if kind is not None and isinstance(content, list) and kind.full_name == "System.Byte":
        return False
    # tuples are C# structs or objects here, never sequences
    return hasattr(content, "__iter__") and not isinstance(content, tuple)


def from_content(content: Any) -> JToken:
    return content if isinstance(content, JToken) else JValue(content)


class JToken:
    """Newtonsoft.Json.Linq.JToken"""

    __slots__ = ("_key", "_owner")
    kind: EnumValue
    clr_name = "Newtonsoft.Json.Linq.JToken"

    _owner: JContainer | None
    _key: str | None

    def __init__(self) -> None:
        self._owner = self._key = None

    __hash__ = object.__hash__

    @property
    def clr_type(self) -> Type:
        assert ClrType.universe is not None
        return ClrType.universe.named(self.clr_name)

    @property
    def parent(self) -> JContainer | None:
        owner = self._owner
        if self._key is not None and owner is not None:
            # the value of a member of an object: C# sees the property between them
            return owner.property(self._key)
        return owner

    @property
    def root(self) -> JToken:
        token: JToken = self
        while token._owner is not None:
            token = token._owner
        return token

    @property
    def has_values(self) -> bool:
        return False

    def children(self) -> list[JToken]:
        return []

    def as_sequence(self) -> Iterable[JToken]:
        """The token where an enumerable of tokens is wanted."""
        return self.children()

    def __iter__(self) -> Iterator[JToken]:
        return iter(self.children())

    def clr_iter(self) -> Iterator[Any]:
        return self._guarded()

    def _guarded(self) -> Iterator[JToken]:
        return iter(self.children())

    def require_parent(self) -> JContainer:
        parent = self.parent
        if parent is None:
            raise InvalidOperationException("The parent is missing.")
        return parent

    def next(self, step: int = 1) -> JToken | None:
        """The sibling that many places further."""
        parent = self.parent
        if parent is None:
            return None
        at = parent.index_of(self) + step
        return parent.children()[at] if 0 <= at < parent.count else None

    def remove(self) -> None:
        self.require_parent().remove_item(self)

    def replace(self, value: JToken | None) -> None:
        parent = self.require_parent()
        parent.set_item(parent.index_of(self), value)

    def child_at(self, key: Any) -> JToken | None:
        raise InvalidOperationException(f"Cannot access child value on {self.clr_name}.")

    def set_child(self, key: Any, value: JToken | None) -> None:
        raise InvalidOperationException(f"Cannot set child value on {self.clr_name}.")

    def ancestors(self) -> Iterator[JToken]:
        token = self.parent
        while token is not None:
            yield token
            token = token.parent

    def clone(self) -> JToken:
        raise NotImplementedError  # every kind copies itself

    def same(self, other: JToken) -> bool:
        """Deep equality with another token (not null)."""
        return self is other

    def compact(self) -> str:
        text: str = _writer().compact(self)
        return text

    def indented(self) -> str:
        text: str = _writer().indented(self)
        return text

    def clr_to_string(self) -> str:
        return self.indented()


class JValue(JToken):
    """Newtonsoft.Json.Linq.JValue: `kind` and the boxed `value`."""

    __slots__ = ("kind", "value")
    clr_name = "Newtonsoft.Json.Linq.JValue"

    def __init__(self, value: Any = None, kind: EnumValue | None = None) -> None:
        self._owner = self._key = None
        self.value = value
        self.kind = kind_of(value) if kind is None else kind

    @classmethod
    def of(cls, value: Any, kind: EnumValue) -> JValue:
        token = _new(cls)
        token.value, token.kind = value, kind
        token._owner = token._key = None
        return token

    def clone(self) -> JValue:
        return type(self).of(self.value, self.kind)

    def same(self, other: JToken) -> bool:
        return isinstance(other, JValue) and self == other

    def __eq__(self, other: object) -> bool:
        from apimpy.dotnet.json_net.scalars import compare

        if self is other:
            return True
        if not isinstance(other, JValue) or self.kind is not other.kind:
            return False
        return compare(self.kind, self.value, other.value) == 0

    def __hash__(self) -> int:
        return hash(self.value) if not isinstance(self.value, list) else hash(tuple(self.value))

    def __lt__(self, other: JValue) -> bool:
        return self.compare_to(other) < 0

    def compare_to(self, other: JValue | None) -> int:
        from apimpy.dotnet.json_net.scalars import compare

        if other is None:
            return 1
        kind = other.kind if self.kind is STRING and self.kind is not other.kind else self.kind
        return compare(kind, self.value, other.value)

    def clr_to_string(self) -> str:
        return to_string(self.value)

    def clr_format(self, fmt: str | None) -> str:
        """IFormattable: formats go to the value."""
        from apimpy.dotnet.system.string_format import format_value

        return "" if self.value is None else format_value(self.value, fmt)


class JRaw(JValue):
    """Newtonsoft.Json.Linq.JRaw: text that is written as it is."""

    __slots__ = ()
    clr_name = "Newtonsoft.Json.Linq.JRaw"

    def __init__(self, value: Any = None, kind: EnumValue | None = None) -> None:
        super().__init__(value, RAW)


class JContainer(JToken):
    """Newtonsoft.Json.Linq.JContainer: what has children."""

    __slots__ = ()
    clr_name = "Newtonsoft.Json.Linq.JContainer"

    @property
    def count(self) -> int:
        return len(self.children())

    @property
    def has_values(self) -> bool:
        return self.count > 0

    def index_of(self, item: JToken | None) -> int:
        for i, token in enumerate(self.children()):
            if token is item:
                return i
        return -1

    def clr_contains(self, item: JToken | None) -> bool:
        """`ICollection<JToken>.Contains`, which LINQ's Contains asks: by identity."""
        return self.index_of(item) >= 0

    def first(self) -> JToken | None:
        children = self.children()
        return children[0] if children else None

    def last(self) -> JToken | None:
        children = self.children()
        return children[-1] if children else None

    def adopt(self, item: JToken | None) -> JToken:
        """The token to attach here: null becomes a null value, one that has a parent (or would close a ring) a copy."""
        if item is None:
            return JValue.of(None, NULL)
        if item._owner is not None or item is self or (item.has_values and self.root is item):
            return item.clone()
        return item

    def add(self, content: Any) -> None:
        self.add_at(self.count, content)

    def add_at(self, index: int, content: Any) -> None:
        if is_multi(content):
            from apimpy.dotnet.json_net.typing_ import element_type
            from apimpy.dotnet.values import box, iterate

            of = element_type(content)
            for item in iterate(content):
                self.add_at(index, item if of is None else box(item, of))
                index += 1
        else:
            self.insert_item(index, from_content(content))

    def property(self, name: str) -> JContainer | None:
        """The property of that name; only objects have any."""
        return None

    def check_child(self, item: JToken) -> None:
        if item.kind is PROPERTY:
            raise ArgumentException(f"Can not add {item.clr_name} to {self.clr_name}.")

    def insert_item(self, index: int, item: JToken | None) -> None:
        raise NotImplementedError  # every container stores its own way

    def set_item(self, index: int, item: JToken | None) -> None:
        raise NotImplementedError  # every container stores its own way

    def remove_item(self, item: JToken | None) -> bool:
        raise NotImplementedError  # every container stores its own way

    def clear(self) -> None:
        raise NotImplementedError  # every container stores its own way

    def descendants(self, include_self: bool = False) -> Iterator[JToken]:
        if include_self:
            yield self
        stack = [iter(self.children())]
        while stack:
            token = next(stack[-1], None)
            if token is None:
                stack.pop()
                continue
            yield token
            if isinstance(token, JContainer):
                stack.append(iter(token.children()))
