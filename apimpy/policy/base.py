"""What a policy is: a declaration of its element, and how it runs.

A policy is frozen: it holds what the document says, never what a request brought.  `prepare` turns it into an
`Action` once, at load time; that is where literals are folded and closures are made.
"""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any, ClassVar, Literal, NamedTuple, dataclass_transform

from apimpy.policy.facts import ALL_GATEWAYS, ALL_SCOPES, ALL_SECTIONS, FULL, PLANNED, SECTIONS, Rule, Support
from apimpy.policy.fields import REQUIRED, FieldSpec, attr, child, children, steps, text
from apimpy.policy.unsupported import not_supported
from apimpy.policy.value import Value
from apimpy.spell import nearest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from apimpy.document.model import Element
    from apimpy.policy.bind import Binding
    from apimpy.policy.plan import Plan
    from apimpy.runtime.exchange import Exchange
    from apimpy.runtime.flow import Flow

__all__ = ["ALL_SECTIONS", "SECTIONS", "Action", "Catalogue", "Field", "Item", "Policy", "fields_of"]


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
    rules: ClassVar[tuple[Rule, ...]] = ()
    """What goes together; the binder reports what breaks them."""
    ordered: ClassVar[bool] = False
    """The reference asks for the child elements in the order of the fields; any order is accepted."""
    source: ClassVar[Element]
    """The element it was bound from (every instance has its own; set by the binder)."""
    _fields: ClassVar[tuple[Field, ...]]

    def __init_subclass__(
        cls,
        *,
        element: str | None = None,
        rules: tuple[Rule, ...] | None = None,
        ordered: bool | None = None,
        **rest: Any,
    ) -> None:
        super().__init_subclass__(**rest)
        if element is not None:
            cls.element = element
        if rules is not None:
            cls.rules = rules
        if ordered is not None:
            cls.ordered = ordered

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
    """A policy.  Subclasses say in the class statement what it is and where it may stand, and write `run` or `prepare`.

    One with `support=PLANNED` writes neither: it is checked at load, and fails when a request reaches it.
    """

    sections: ClassVar[frozenset[str]] = frozenset()
    unlisted: ClassVar[frozenset[str]] = frozenset()
    """Those of its sections that its page in the reference does not name, but other sources of the platform do."""
    scopes: ClassVar[frozenset[str]] = ALL_SCOPES
    gateways: ClassVar[frozenset[str]] = ALL_GATEWAYS
    category: ClassVar[str] = ""
    repeatable: ClassVar[bool] = True
    """False: at most once in a section of a document."""
    maturity: ClassVar[Literal["ga", "preview", "retired", "undocumented"]] = "ga"
    support: ClassVar[Support] = FULL
    docs: ClassVar[str | None] = None
    """Name of its page in the platform's reference; `<element>-policy` unless told, None for what has no page."""
    without_state: ClassVar[str | None] = None
    """When the store of its state does not answer: `open` (the request passes, uncounted) or `miss` (as if nothing were
    kept).  None: it keeps no state."""
    keeps_vectors: ClassVar[bool] = False
    """Its state is vectors, for which a Redis needs the query engine."""
    policy_id: ClassVar[str | None] = None
    """The `id` attribute every policy may carry (set by the binder)."""

    def __init_subclass__(
        cls,
        *,
        sections: Iterable[str] | None = None,
        unlisted: Iterable[str] | None = None,
        scopes: Iterable[str] | None = None,
        gateways: Iterable[str] | None = None,
        docs: str | None = "",
        **rest: Any,
    ) -> None:
        plain = {name: rest.pop(name) for name in _PLAIN if name in rest}
        super().__init_subclass__(**rest)
        sets = {"sections": sections, "unlisted": unlisted, "scopes": scopes, "gateways": gateways}
        plain |= {name: frozenset(held) for name, held in sets.items() if held is not None}
        for name, value in plain.items():
            setattr(cls, name, value)
        if "element" in cls.__dict__:
            cls.docs = f"{cls.element}-policy" if docs == "" else docs

    def prepare(self, plan: Plan) -> Action:
        """The action for one place in a document.  The default runs `self.run(exchange)`."""
        if self.support is PLANNED:
            return Action(self._fail, False, 0)
        run = getattr(self, "run", None)
        assert run is not None, f"{type(self).__name__} has neither run nor prepare"
        return Action(run, inspect.iscoroutinefunction(run), self.needs())

    def _fail(self, ex: Exchange) -> Flow:
        raise not_supported(self.element)

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


_PLAIN = ("category", "repeatable", "without_state", "maturity", "support")


class Catalogue:
    """The policies of one gateway or linter, by element name; a class is asked for only when its element is named."""

    def __init__(self, policies: Mapping[str, type[Policy]]) -> None:
        self._policies = policies

    def __iter__(self) -> Iterator[type[Policy]]:
        return iter(self._policies.values())

    def get(self, name: str) -> type[Policy] | None:
        """The class of a policy."""
        return self._policies.get(name)

    def runs(self, name: str) -> bool:
        """Whether there is a policy of this name, and a request that reaches it gets past it."""
        policy = self.get(name)
        return policy is not None and policy.support is not PLANNED

    def allowed(self, section: str) -> list[str]:
        """The names that may stand in a section."""
        return sorted(name for name, policy in self._policies.items() if section in policy.sections)

    def near(self, name: str) -> str | None:
        """The policy name most like this one."""
        return nearest(name, self._policies)
