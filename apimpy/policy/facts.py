"""The words of a declaration: where a policy may stand, which gateways have it, how far it runs, what goes together.

    class RateLimit(Policy, element="rate-limit", sections=INBOUND, scopes=("product", "api", "operation"), …
    class Quota(Policy, …, rules=(at_least_one("calls", "bandwidth"),))

A rule names attributes; a name in angle brackets is a child element.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from apimpy.record import Record

if TYPE_CHECKING:
    from apimpy.document.model import Element

__all__ = [
    "ALL_GATEWAYS",
    "ALL_SCOPES",
    "ALL_SECTIONS",
    "FULL",
    "GATEWAYS",
    "PLANNED",
    "RESOLVER",
    "SCOPES",
    "SECTIONS",
    "Rule",
    "Support",
    "at_least_one",
    "at_most_one",
    "exactly_one",
    "needs",
    "partial",
    "together",
]

SECTIONS = ("inbound", "backend", "outbound", "on-error")
ALL_SECTIONS = frozenset(SECTIONS)
RESOLVER = "resolver"
"""Where the policies stand that are the root of a document: those that resolve a field of a GraphQL API."""

SCOPES = ("global", "workspace", "product", "api", "operation")
"""Of the documents a policy may stand in, broadest first."""
ALL_SCOPES = frozenset(SCOPES)

GATEWAYS = ("classic", "v2", "consumption", "self-hosted", "workspace")
"""Kinds of the platform's gateway.  apimpy runs a policy wherever it stands; the kinds are for authors to know."""
ALL_GATEWAYS = frozenset(GATEWAYS)


class Support(Record, frozen=True, eq=True):
    """How far a policy runs here; `note` says in a sentence what of it does not."""

    level: Literal["full", "partial", "planned"]
    note: str = ""


FULL = Support("full")
PLANNED = Support("planned")
"""Declared and checked at load; a request that reaches it is answered with 500."""


def partial(note: str) -> Support:
    """Runs, except for what the sentence says."""
    return Support("partial", note)


class Rule(Record, frozen=True, eq=True):
    """What goes together.  `kind` is as the platform's reference calls it; `needs` belongs to `requires`."""

    kind: Literal["exactly-one-of", "at-least-one-of", "at-most-one-of", "required-together", "requires"]
    names: tuple[str, ...]
    needs: tuple[str, ...] = ()
    warning: bool = False

    @property
    def of_children(self) -> bool:
        """Whether it is about child elements."""
        return self.names[0].startswith("<")

    def broken(self, element: Element) -> str | None:
        """What is wrong, in a sentence; None when nothing is."""
        there = [name for name in self.names if _has(element, name)]
        count, owner = len(there), f"<{element.name}>"
        if self.kind == "exactly-one-of" and count != 1:
            return f"{owner} takes exactly one of {_listed(self.names, 'and')}"
        if self.kind == "at-least-one-of" and not count:
            return f"{owner} needs {_listed(self.names, 'or')}"
        if self.kind == "at-most-one-of" and count > 1:
            return f"{owner} takes at most one of {_listed(self.names, 'and')}"
        if self.kind == "required-together" and 0 < count < len(self.names):
            return f"{_listed(self.names, 'and')} of {owner} go together"
        if self.kind == "requires" and there and not all(_has(element, name) for name in self.needs):
            return f"{_listed(self.names, 'and')} of {owner} needs {_listed(self.needs, 'and')}"
        return None


def exactly_one(*names: str) -> Rule:
    return Rule("exactly-one-of", names)


def at_least_one(*names: str) -> Rule:
    return Rule("at-least-one-of", names)


def at_most_one(*names: str) -> Rule:
    return Rule("at-most-one-of", names)


def together(*names: str) -> Rule:
    """All of them or none."""
    return Rule("required-together", names)


def needs(name: str, *others: str, warning: bool = False) -> Rule:
    """With the first, all the others."""
    return Rule("requires", (name,), others, warning)


def _has(element: Element, name: str) -> bool:
    if name.startswith("<"):
        return any(c.name == name[1:-1] for c in element.children)
    return element.get(name) is not None


def _listed(names: tuple[str, ...], word: str) -> str:
    """
    >>> _listed(("a", "b", "c"), "or")
    'a, b or c'
    """
    return f" {word} ".join(filter(None, (", ".join(names[:-1]), names[-1])))
