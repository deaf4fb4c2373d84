"""What a policy is: a declaration of its element, and how it runs.

A policy is frozen: it holds what the document says, never what a request brought.  `prepare` turns it into an
`Action` once, at load time; that is where literals are folded and closures are made.
"""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, dataclass_transform

from apimpy.policy.fields import REQUIRED, FieldSpec, attr, child, children, steps, text
from apimpy.policy.value import Value
from apimpy.spell import nearest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from apimpy.document.model import Element
    from apimpy.policy.bind import Binding
    from apimpy.policy.plan import Plan
    from apimpy.runtime.exchange import Exchange
    from apimpy.runtime.flow import Flow

__all__ = ["ALL_SECTIONS", "SECTIONS", "Action", "Catalogue", "Field", "Item", "Known", "Policy", "fields_of"]

SECTIONS = ("inbound", "backend", "outbound", "on-error")
ALL_SECTIONS = frozenset(SECTIONS)


class Action(NamedTuple):
    """A policy ready to run.  `needs`: the bodies its own values read.

    `ahead(exchange, last)` is asked before the first policy of the section runs, if the policy stands directly in it.
    """

    run: Callable[..., Any]
    is_async: bool
    needs: int
    ahead: Callable[[Exchange, bool], Flow] | None = None


@dataclass_transform(kw_only_default=True, frozen_default=True, field_specifiers=(attr, text, child, children, steps))
class Item:
    """An element with declared content; child elements of policies are plain items."""

    element: ClassVar[str] = ""
    source: ClassVar[Element]
    """The element it was bound from (every instance has its own; set by the binder)."""
    _fields: ClassVar[tuple[Field, ...]]

    def __init_subclass__(cls, *, element: str | None = None, **rest: Any) -> None:
        super().__init_subclass__(**rest)
        if element is not None:
            cls.element = element

    def __init__(self, **values: Any) -> None:
        held = {f.attribute: f.spec.default for f in fields_of(type(self))}
        wrong = [name for name in values if name not in held]
        held |= values
        missing = [name for name, value in held.items() if value is REQUIRED]
        if wrong or missing:
            raise TypeError(f"{type(self).__name__}: missing {missing}, unknown {wrong}")
        self.__dict__.update(held)

    def check(self, cx: Binding) -> None:
        """Rules across fields; called when every field has been bound."""


class Policy(Item):
    """A policy.  Subclasses say `element` and `sections` in the class statement and write `run` or `prepare`."""

    sections: ClassVar[frozenset[str]] = frozenset()
    repeatable: ClassVar[bool] = True
    """False: at most once in a section of a document."""
    policy_id: ClassVar[str | None] = None
    """The `id` attribute every policy may carry (set by the binder)."""

    def __init_subclass__(
        cls, *, sections: Iterable[str] | None = None, repeatable: bool | None = None, **rest: Any
    ) -> None:
        super().__init_subclass__(**rest)
        if sections is not None:
            cls.sections = frozenset(sections)
        if repeatable is not None:
            cls.repeatable = repeatable

    def prepare(self, plan: Plan) -> Action:
        """The action for one place in a document.  The default runs `self.run(exchange)`."""
        run = getattr(self, "run", None)
        assert run is not None, f"{type(self).__name__} has neither run nor prepare"
        return Action(run, inspect.iscoroutinefunction(run), self.needs())

    def needs(self) -> int:
        """The bodies that the values of this element (not of nested policies) read."""
        found = 0
        for value in values_of(self):
            found |= value.needs
        return found


class Field(NamedTuple):
    """A declared field: its Python name, XML name, spec, and type (`kind`; `is_value` when it was `Value[kind]`)."""

    attribute: str
    name: str
    spec: FieldSpec
    kind: type
    is_value: bool


def fields_of(cls: type[Item]) -> tuple[Field, ...]:
    """The declared fields of a policy or item, in order; worked out when they are first asked for."""
    if "_fields" not in cls.__dict__:
        cls._fields = _declared(cls)
    return cls._fields


def _declared(cls: type[Item]) -> tuple[Field, ...]:
    found: dict[str, Field] = {}
    for base in reversed(cls.__mro__):
        for attribute, hint in inspect.get_annotations(base).items():
            spec = base.__dict__.get(attribute)
            if isinstance(spec, FieldSpec):
                kind, is_value = _kind(hint)
                found[attribute] = Field(attribute, spec.name or attribute.replace("_", "-"), spec, kind, is_value)
    return tuple(found.values())


_KINDS: dict[str, type] = {"str": str, "bool": bool, "int": int, "float": float, "bytes": bytes}


def _kind(hint: str) -> tuple[type, bool]:
    """The type inside `Value[T]`, `T | None`, `Value[T] | None`, as it is written (evaluating it would cost more)."""
    inner = hint.removesuffix("| None").strip()
    if is_value := inner.startswith("Value["):
        inner = inner.removeprefix("Value[").removesuffix("]")
    return _KINDS.get(inner, object), is_value


def values_of(item: Item) -> Iterator[Value[Any]]:
    """All values of an item and its child items, not of nested policies."""
    for f in fields_of(type(item)):
        held = getattr(item, f.attribute)
        if f.spec.kind == "steps":
            continue
        if isinstance(held, Value):
            yield held
        elif isinstance(held, Item):
            yield from values_of(held)
        elif isinstance(held, tuple):
            for one in held:
                if isinstance(one, Item):
                    yield from values_of(one)


class Known(NamedTuple):
    """A policy we recognise and cannot run yet."""

    name: str
    sections: frozenset[str]
    container: bool = False
    repeatable: bool = True


class Catalogue:
    """The policies of one gateway or linter: those that run, and those that are only recognised.

    `policies` is by element name; a class is asked for only when a document names its element.
    """

    def __init__(self, policies: Mapping[str, type[Policy]], known: Mapping[str, Known]) -> None:
        self._policies = policies
        self._known = {n: k for n, k in known.items() if n not in policies}

    def __iter__(self) -> Iterator[type[Policy]]:
        return iter(self._policies.values())

    def get(self, name: str) -> type[Policy] | None:
        """The class of a policy that runs."""
        return self._policies.get(name)

    def known(self, name: str) -> Known | None:
        """A policy that is recognised only."""
        return self._known.get(name)

    def sections(self, name: str) -> frozenset[str]:
        """Where a policy may stand; empty when nobody knows it."""
        policy, known = self.get(name), self.known(name)
        return policy.sections if policy is not None else known.sections if known is not None else frozenset()

    def repeatable(self, name: str) -> bool:
        """Whether a policy may stand more than once in a section."""
        policy, known = self.get(name), self.known(name)
        return policy.repeatable if policy is not None else known is None or known.repeatable

    def allowed(self, section: str) -> list[str]:
        """The names that may stand in a section."""
        return sorted(n for n in (*self._policies, *self._known) if section in self.sections(n))

    def near(self, name: str) -> str | None:
        """The policy name most like this one."""
        return nearest(name, (*self._policies, *self._known))
