"""Bound policies to steps: positions for `LastError.Path`, and one flat sequence per section or branch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from apimpy.record import Record, replace
from apimpy.runtime.flow import Step
from apimpy.runtime.running import sequence

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from apimpy.policy.base import Action, Policy

__all__ = ["Plan", "make_steps"]


class Plan(Record, frozen=True, eq=True):
    """The place a policy is prepared for."""

    section: str
    scope: str
    container: str = ""
    """Path of the container branch around it (`choose[1]\\when[2]`), "" at the top of a section."""
    label: str = ""
    """The policy's own position among its siblings (`choose[1]`)."""
    in_retry: bool = False
    narrowest: bool = True
    """No narrower scope of this chain has a document."""
    traced: bool = False
    """Steps and values report to `exchange.trace`."""

    @property
    def path(self) -> str:
        return f"{self.container}\\{self.label}" if self.container else self.label

    def branch(
        self, policies: Iterable[Policy], label: str = "", *, in_retry: bool = False
    ) -> tuple[Callable[..., Any], bool]:
        """Nested policies as one function, and whether it is a coroutine function."""
        return sequence(self.inner(policies, label, in_retry=in_retry))

    def inner(self, policies: Iterable[Policy], label: str = "", *, in_retry: bool = False) -> tuple[Step, ...]:
        """Nested policies as steps."""
        inside = f"{self.path}\\{label}" if label else self.path
        return make_steps(policies, replace(self, container=inside, label="", in_retry=in_retry or self.in_retry))


def make_steps(policies: Iterable[Policy], place: Plan) -> tuple[Step, ...]:
    """Steps for sibling policies; they are numbered among those of the same name."""
    counts: dict[str, int] = {}
    steps = []
    for policy in policies:
        counts[policy.element] = number = counts.get(policy.element, 0) + 1
        plan = replace(place, label=f"{policy.element}[{number}]")
        action: Action = _traced(policy, plan) if place.traced else policy.prepare(plan)
        path = plan.path if place.container else ""
        steps.append(
            Step(
                policy.element,
                action.run,
                action.is_async,
                action.needs,
                place.scope,
                path,
                policy.policy_id,
                policy.source.name_span,
                policy,
                None if place.container else action.ahead,
            )
        )
    return tuple(steps)


def _traced(policy: Policy, plan: Plan) -> Action:
    from apimpy.policy.traced import traced_action, watched  # only requests that are traced need it

    return traced_action(policy, watched(policy).prepare(plan), plan.scope, plan.path)
