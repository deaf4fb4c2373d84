"""What rules look at: one document as it is written, what its policies and expressions mean, and facts about it.

Facts (which policies are reached, which variables are set by then) are worked out when the first rule asks.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from apimpy.document.model import Element, Island, Text
from apimpy.policies._inside import inside
from apimpy.policy.base import Item, Policy, fields_of
from apimpy.record import Record, field

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from apimpy.document.model import Attribute, Document
    from apimpy.lint.expressions import Expression, Expressions
    from apimpy.lint.flow import Flow
    from apimpy.pipeline.check import BoundDocument

__all__ = ["Subject", "Surroundings", "own"]


class Surroundings(Record, frozen=True):
    """What stands around a document of a gateway file or a service folder."""

    outer: tuple[tuple[BoundDocument, ...], ...]
    """The documents that its `<base />` stands for, broad to narrow, for every way by which a request may get here."""
    others: tuple[Document, ...] = ()
    """All other documents, fragments included."""
    any_variable: bool = False
    """An expression somewhere asks for a variable whose name only a request tells."""
    pools: Mapping[str, int] = field(default_factory=dict)
    """The backends that are pools, by id, and how many members they have."""
    backends: frozenset[str] = frozenset()
    """The ids of all backends."""
    unchecked: frozenset[str] = frozenset()
    """The ids of backends whose certificates are not looked at, and of pools that hold one."""
    key_headers: frozenset[str] = frozenset()
    """The headers that bring subscription keys to the APIs of this document, where no backend puts its own there."""
    secret_values: frozenset[str] = frozenset()
    """The named values that are secret."""


class Subject:
    """A document to check.

    `sections` holds bound policies by section (fragments inlined); a fragment on its own has the one section `""`.
    `whole` False: something was left out because of an error.  `gateway`: the kind given with `--gateway`, or None.
    `scope` None: nobody knows where the document belongs; `around` None: nor what stands around it.
    """

    def __init__(
        self,
        document: Document,
        sections: Mapping[str, tuple[Policy, ...]],
        expressions: Expressions,
        *,
        scope: str | None = None,
        whole: bool = True,
        gateway: str | None = None,
        around: Surroundings | None = None,
    ) -> None:
        self.document, self.sections, self._expressions = document, sections, expressions
        self.scope, self.whole, self.gateway, self.around = scope, whole, gateway, around

    @property
    def is_fragment(self) -> bool:
        return self.document.kind == "fragment"

    @cached_property
    def all_policies(self) -> tuple[Policy, ...]:
        """Every policy at any depth, in document order."""
        return tuple(p for policies in self.sections.values() for one in policies for p in inside(one))

    @cached_property
    def elements(self) -> frozenset[str]:
        """The names of all policies and other elements below the root."""
        names = {p.element for p in self.all_policies}
        return frozenset(names | {e.name for e in self.document.root.walk()})

    def policies(self, *elements: str) -> Iterator[Policy]:
        """The policies of these names, at any depth, in document order."""
        return (p for p in self.all_policies if p.element in elements)

    def section_of(self, policy: Policy) -> str:
        """The section a policy stands in, at any depth; "" in a fragment on its own."""
        return self._section_by_id.get(id(policy), "")

    @cached_property
    def _section_by_id(self) -> dict[int, str]:
        return {id(p): name for name, held in self.sections.items() for one in held for p in inside(one)}

    def expression(self, item: Item | Element, attribute: str | None = None) -> Expression | None:
        """The expression in an attribute of an element, or in its text; None when there is a literal or nothing."""
        element = item.source if isinstance(item, Item) else item
        if attribute is None:
            value = element.value
        else:
            found = element.get(attribute)
            value = found.value if found is not None else None
        return self._expressions.of(value) if isinstance(value, Island) else None

    @staticmethod
    def literal(item: Item | Element, attribute: str | None = None) -> str | None:
        """The literal in an attribute of an element, or its text; None for an expression, for nothing, and for what
        holds a named value."""
        element = item.source if isinstance(item, Item) else item
        if attribute is None:
            value = element.value
        else:
            found = element.get(attribute)
            value = found.value if found is not None else None
        return value.value if isinstance(value, Text) and "{{" not in value.value else None

    @classmethod
    def word(cls, item: Item | Element, attribute: str) -> str:
        """The literal in an attribute as a word that is compared: without space around it, in lower case; or empty."""
        return (cls.literal(item, attribute) or "").strip().lower()

    @staticmethod
    def at(item: Item | Element, attribute: str) -> Attribute | Element:
        """The place of an attribute, or of its element when it has none: what `report` takes."""
        element = item.source if isinstance(item, Item) else item
        return element.get(attribute) or element

    def section(self, name: str) -> tuple[Policy, ...]:
        """The policies that stand directly in a section, in order."""
        return self.sections.get(name, ())

    def expressions(self, policy: Policy | None = None) -> Iterator[Expression]:
        """The expressions of a policy without those of the policies it runs; without a policy: all there are."""
        if policy is None:
            yield from self._all_expressions
            return
        for item in own(policy):
            yield from self.expressions_of(item)

    @cached_property
    def _all_expressions(self) -> tuple[Expression, ...]:
        found = {id(e): e for p in self.all_policies for e in self.expressions(p)}
        return tuple(found.values())

    def expressions_of(self, item: Item) -> Iterator[Expression]:
        """The expressions in the attributes and the text of one element."""
        element = item.source
        for value in (*(a.value for a in element.attributes), element.value):
            if isinstance(value, Island):
                found = self._expressions.of(value)
                if found is not None:
                    yield found

    def texts(self, policy: Policy) -> Iterator[Text]:
        """The literal attributes and texts of a policy, without those of the policies it runs."""
        for item in own(policy):
            element = item.source
            yield from (a.value for a in element.attributes if isinstance(a.value, Text))
            if isinstance(element.value, Text):
                yield element.value

    @cached_property
    def flow(self) -> Flow:
        """What is reached, and with which variables."""
        from apimpy.lint.flow import flow_of

        return flow_of(self)


def own(item: Item) -> Iterator[Item]:
    """An item and the items it is made of, without the policies it runs."""
    yield item
    for f in fields_of(type(item)):
        if f.spec.kind == "steps":
            continue
        held = getattr(item, f.attribute)
        for one in held if isinstance(held, tuple) else (held,):
            if isinstance(one, Item):
                yield from own(one)
