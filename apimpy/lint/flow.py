"""The way of a request through a document: which policies it can reach, and which variables are set by then.

    for visit in subject.flow.visits:
        if not visit.reachable: …
    for read in subject.flow.reads:
        if read.state == "unset": …

One walk in effective order: inbound, backend, outbound; then on-error, which a failure anywhere can lead to.

- `choose`: conditions in order, each branch from there; what follows knows what all that go on have in common.
- `retry`: its policies once, then the condition; `limit-concurrency`: its policies once.
- `wait`: side by side; `all` knows what each of them set, `any` only what all of them did.
- `return-response` and `mock-response` end the way.
- `<base />` stands for the outer documents where they are known: what all of them set is set.
  Where they are not, and in the same way a fragment that nobody knows and the begin of a fragment on its own, it may
  set any variable.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, cast

from apimpy.document.model import Island
from apimpy.lint.subject import own
from apimpy.pattern import pattern
from apimpy.policy.base import SECTIONS, Item, Policy, fields_of
from apimpy.policy.value import Constant
from apimpy.record import Record, field, replace

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from apimpy.lint.expressions import Expression
    from apimpy.lint.subject import Subject, Surroundings
    from apimpy.pipeline.check import BoundDocument
    from apimpy.policies.choose import Choose
    from apimpy.policies.wait import Wait
    from apimpy.source import Span

__all__ = ["ENDS", "Flow", "Read", "Visit", "Write", "flow_of"]

ENDS = ("return-response", "mock-response")
_UNKNOWN = ("base", "include-fragment")
"""They stand for policies that are not here."""
_LIQUID = pattern(r"context\.Variables\s*(?:\.\s*([A-Za-z_]\w*)|\[\s*[\"']([^\"']+)[\"']\s*\])")


class _State(Record, frozen=True, eq=True):
    """What is known at a place: variables that are set on every way here; `open`: others may be set as well."""

    set: frozenset[str] = frozenset()
    open: bool = False


class Visit(Record, frozen=True):
    """A policy where the walk met it.  `inside`: the containers around it and their branches, outermost first."""

    policy: Policy
    section: str
    inside: tuple[Item, ...]
    reachable: bool
    cut: bool = False
    """The policy before it lets nothing on."""
    outside: bool = False
    """It stands in an outer document."""


class Write(Record, frozen=True):
    """A policy sets a variable.  `sure` False: only if all goes well (a cache that has the value)."""

    name: str
    span: Span
    policy: Policy
    visit: Visit
    order: int
    sure: bool = True


class Read(Record, frozen=True):
    """A policy asks for a variable.

    `required`: it fails without.  `state`: *set* on every way here, *unset* on all of them, *sometimes*, or *unknown*
    (somebody else may have set it).
    """

    name: str
    span: Span
    policy: Policy
    visit: Visit
    order: int
    required: bool
    state: Literal["set", "unset", "sometimes", "unknown"]


class Flow(Record, frozen=True):
    """What one walk found, in effective order."""

    visits: tuple[Visit, ...]
    """Policies of the document, those of its fragments included."""
    effective: tuple[Visit, ...]
    """These and those of the outer documents that `<base />` stands for, as often as it does."""
    reads: tuple[Read, ...]
    writes: tuple[Write, ...]
    last_elsewhere: int
    """Up to this order something may ask for any variable: policies outside the document, a computed name."""
    around: Surroundings | None

    def read_elsewhere(self, write: Write) -> bool:
        """Somebody nobody sees here may read the variable."""
        if self.around is None:
            return write.order <= self.last_elsewhere
        return self.around.any_variable or any(write.name in d.file.text for d in self.around.others)


class _Pending(Record):
    """A read, before all writes are known."""

    name: str
    span: Span
    policy: Policy
    visit: Visit
    order: int
    required: bool
    state: _State


class _Walk(Record):
    """One walk over a document."""

    subject: Subject
    section: str = ""
    visits: list[Visit] = field(default_factory=list)
    reads: list[_Pending] = field(default_factory=list)
    writes: list[Write] = field(default_factory=list)
    outer: tuple[tuple[BoundDocument, ...], ...] | None = None
    """The documents `<base />` stands for: every chain of them that there is, broad to narrow; None: nobody knows."""
    outside: bool = False
    elsewhere: int = -1
    any_write: bool = False
    order: int = 0

    def policies(self, policies: Iterable[Policy], state: _State | None, inside: tuple[Item, ...]) -> _State | None:
        """The state after policies in order; None: nothing goes on from there."""
        going = state is not None
        for policy in policies:
            cut, going = going and state is None, state is not None
            state = self.policy(policy, state, inside, cut=cut)
        return state

    def policy(
        self, policy: Policy, state: _State | None, inside: tuple[Item, ...], *, cut: bool = False
    ) -> _State | None:
        visit = Visit(policy, self.section, inside, state is not None, cut, self.outside)
        self.visits.append(visit)
        self.order += 1
        if policy.element == "choose":
            return self._choose(cast("Choose", policy), state, visit)
        if policy.element == "wait":
            return self._wait(cast("Wait", policy), state, visit)
        looped = policy.element == "retry"
        if not looped:
            self._ask(visit, self.subject.expressions(policy), state)
        for f in fields_of(type(policy)):
            if f.spec.kind == "steps":
                after = self.policies(getattr(policy, f.attribute), state, (*inside, policy))
                known = policy.element in ("retry", "limit-concurrency")
                state = after if known else _join(after, state)
        if looped:
            self._ask(visit, self.subject.expressions(policy), state)
        self._other_reads(visit, state)
        state = self._write(visit, state)
        if policy.element == "base" and self.outer is not None:
            return self.base(state)
        if policy.element in _UNKNOWN:
            self.elsewhere, self.any_write = self.order, True
            return None if state is None else replace(state, open=True)
        return None if policy.element in ENDS else state

    def base(self, state: _State | None) -> _State | None:
        """The state after the same section of the outer documents."""
        outer, outside = self.outer, self.outside
        assert outer is not None
        self.outside = True
        ends = []
        for chain in outer or ((),):
            self.outer = (chain[:-1],)
            ends.append(self.effective(chain[-1].sections.get(self.section), state) if chain else state)
        self.outer, self.outside = outer, outside
        return _joined(ends)

    def effective(self, policies: tuple[Policy, ...] | None, state: _State | None) -> _State | None:
        """The state after a section; one that is missing stands for `<base />`."""
        if policies is not None:
            return self.policies(policies, state, ())
        self.order += 1
        if self.outer is not None:
            return self.base(state)
        self.elsewhere, self.any_write = self.order, True
        return None if state is None else replace(state, open=True)

    def _choose(self, choose: Choose, state: _State | None, visit: Visit) -> _State | None:
        inside = (*visit.inside, choose)
        after: _State | None = None
        for when in choose.when:
            condition = self.subject.expression(when, "condition")
            if condition is not None:
                self._ask(visit, (condition,), state)
                if state is not None:
                    # whoever decides by a variable knows what to do without it, and its branches depend on that
                    state = replace(state, set=state.set | {u.name for u in condition.uses})
            truth = when.condition.value if isinstance(when.condition, Constant) else None
            if condition is not None and isinstance(condition.constant, bool):
                truth = condition.constant
            entered = None if truth is False else state
            after = _join(after, self.policies(when.policies, entered, (*inside, when)))
            if truth is True:
                state = None
        if choose.otherwise is not None:
            state = self.policies(choose.otherwise.policies, state, (*inside, choose.otherwise))
        return _join(after, state)

    def _wait(self, wait: Wait, state: _State | None, visit: Visit) -> _State | None:
        self._ask(visit, self.subject.expressions(wait), state)
        ends = [self.policy(p, state, (*visit.inside, wait)) for p in wait.policies]
        going = [end for end in ends if end is not None]
        if not going or len(going) < len(ends):
            return None if isinstance(wait.for_, Constant) and wait.for_.value == "all" else _joined(going)
        if isinstance(wait.for_, Constant) and wait.for_.value == "all":
            sets = (end.set for end in going)
            return _State(frozenset().union(*sets), any(end.open for end in going))
        return _joined(going)

    def _ask(self, visit: Visit, expressions: Iterable[Expression], state: _State | None) -> None:
        for expression in expressions:
            if expression.any_variable:
                self.elsewhere = self.order
            for use in expression.uses:
                self._read(use.name, use.span, visit, use.kind == "required", state)

    def _read(self, name: str, span: Span, visit: Visit, required: bool, state: _State | None) -> None:
        if state is not None and not self.outside:
            self.reads.append(_Pending(name, span, visit.policy, visit, self.order, required, state))

    def _other_reads(self, visit: Visit, state: _State | None) -> None:
        """Variables that are named outside expressions: in Liquid, and by return-response."""
        policy = visit.policy
        for text in self.subject.texts(policy):
            if "context.Variables" in text.value:
                for found in _LIQUID.finditer(text.value):
                    self._read(found[1] or found[2], text.span, visit, False, state)
        if policy.element == "return-response":
            at = policy.source.get("response-variable-name")
            if at is not None and not isinstance(at.value, Island):
                self._read(at.value.value, at.value_span, visit, True, state)

    def _write(self, visit: Visit, state: _State | None) -> _State | None:
        policy, names = visit.policy, set[str]()
        for item in own(policy):
            for attribute in item.source.attributes:
                if not _names_a_variable(item, attribute.name):
                    continue
                if isinstance(attribute.value, Island) or "{{" in attribute.value.value:
                    self.any_write = True
                    state = None if state is None else replace(state, open=True)
                    continue
                name = attribute.value.value
                sure = policy.element != "cache-lookup-value" or policy.source.get("default-value") is not None
                if state is not None:
                    self.writes.append(Write(name, attribute.value_span, policy, visit, self.order, sure))
                if sure:
                    names.add(name)
        return state if state is None or not names else replace(state, set=state.set | names)


def _names_a_variable(item: Item, attribute: str) -> bool:
    if item.element == "set-variable":
        return attribute == "name"
    return attribute.endswith("variable-name") and item.element != "return-response"


def _join(a: _State | None, b: _State | None) -> _State | None:
    """What is known where two ways meet."""
    if a is None or b is None:
        return b if a is None else a
    return _State(a.set & b.set, a.open or b.open)


def _joined(states: Iterable[_State | None]) -> _State | None:
    found: _State | None = None
    for state in states:
        found = _join(found, state)
    return found


def flow_of(subject: Subject) -> Flow:
    """Walk a document."""
    around = subject.around
    walk = _Walk(subject, outer=None if around is None else around.outer)
    if subject.is_fragment:
        walk.any_write = True
        walk.policies(subject.sections.get("", ()), _State(open=True), ())
    else:
        state: _State | None = _State()
        for name in SECTIONS[:-1]:
            walk.section = name
            state = walk.effective(subject.sections.get(name), state)
        walk.section = SECTIONS[-1]
        walk.effective(subject.sections.get(SECTIONS[-1]), _State(open=walk.any_write))
    elsewhere = walk.order if subject.is_fragment else walk.elsewhere
    own_visits = tuple(v for v in walk.visits if not v.outside)
    own_writes = tuple(w for w in walk.writes if not w.visit.outside)
    return Flow(own_visits, tuple(walk.visits), tuple(_settle(walk)), own_writes, elsewhere, around)


def _settle(walk: _Walk) -> Iterator[Read]:
    """What every read finds, now that all writes are known."""
    by_name: dict[str, list[Write]] = {}
    for write in walk.writes:
        by_name.setdefault(write.name, []).append(write)
    for read in walk.reads:
        before = [w for w in by_name.get(read.name, ()) if w.order < read.order]
        state: Literal["set", "unset", "sometimes", "unknown"]
        if read.name in read.state.set:
            state = "set"
        elif read.state.open or any(w.visit.outside for w in before):
            state = "unknown"
        else:
            state = "sometimes" if before else "unset"
        yield Read(read.name, read.span, read.policy, read.visit, read.order, read.required, state)
