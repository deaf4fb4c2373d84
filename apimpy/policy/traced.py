"""The traced twin of a policy: the same declaration, with steps and values that report to `exchange.trace`.

Made for the first traced request of a program, never for others.  A policy is copied with every expression replaced by
one that tells what it evaluated; `traced_action` puts the beginning and the end of a step around its action.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from apimpy.document.model import Island
from apimpy.policy.base import Action, Field, Item, fields_of
from apimpy.policy.value import Computed
from apimpy.runtime.faults import PolicyFault
from apimpy.runtime.tracing import Place

if TYPE_CHECKING:
    from apimpy.policy.base import Policy
    from apimpy.runtime.exchange import Exchange
    from apimpy.runtime.flow import Flow
    from apimpy.runtime.tracing import Trace

__all__ = ["traced_action", "watched"]

_I = TypeVar("_I", bound=Item)


def watched(item: _I) -> _I:
    """A copy whose expressions report.  Policies in it are left: each is copied when it becomes a step itself."""
    copy = object.__new__(type(item))
    copy.__dict__.update(item.__dict__)
    for f in fields_of(type(item)):
        if f.spec.kind != "steps":
            copy.__dict__[f.attribute] = _watched_field(getattr(item, f.attribute), f, item)
    return copy


def _watched_field(held: Any, f: Field, item: Item) -> Any:
    if isinstance(held, Computed):
        return _Watched(held, _source_of(item, f))
    if isinstance(held, Item):
        return watched(held)
    if isinstance(held, tuple):
        return tuple(watched(one) if isinstance(one, Item) else one for one in held)
    return held


def _source_of(item: Item, f: Field) -> str:
    """The expression as it was written."""
    element = item.source
    if f.spec.kind == "attr":
        found = next((a for n in (f.name, *f.spec.aliases) if (a := element.get(n)) is not None), None)
        value = found.value if found is not None else None
    else:
        carrier = element.children[0] if element.value is None and len(element.children) == 1 else element
        value = carrier.value
    return value.span.text if isinstance(value, Island) else ""


class _Watched(Computed[Any]):
    """An expression that reports its values."""

    __slots__ = ("_text",)

    def __init__(self, computed: Computed[Any], text: str) -> None:
        for name in Computed.__slots__:
            setattr(self, name, getattr(computed, name))
        self._text = text

    def get(self, ex: Exchange) -> Any:
        try:
            value = super().get(ex)
        except PolicyFault as fault:
            if ex.trace is not None:
                ex.trace.not_evaluated(self.name, self._text, fault)
            raise
        if ex.trace is not None:
            ex.trace.evaluated(self.name, self._text, value)
        return value


def traced_action(policy: Policy, action: Action, scope: str, path: str) -> Action:
    """The action with its beginning and end reported."""
    place = Place(policy.element, scope, path, policy.policy_id, policy.source.name_span)
    call = action.run

    def run(ex: Exchange) -> Flow:
        trace = _trace(ex)
        token = trace.enter(place)
        try:
            flow: Flow = call(ex)
        except PolicyFault as fault:
            trace.leave(token, fault)
            raise
        trace.leave(token)
        return flow

    async def run_waiting(ex: Exchange) -> Flow:
        trace = _trace(ex)
        token = trace.enter(place)
        fault = None
        try:
            flow: Flow = await call(ex)
            return flow
        except PolicyFault as failure:
            fault = failure
            raise
        finally:
            trace.leave(token, fault)

    return action._replace(run=run_waiting if action.is_async else run)


def _trace(ex: Exchange) -> Trace:
    assert ex.trace is not None, "the twin runs for traced requests only"
    return ex.trace
