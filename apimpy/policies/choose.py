"""`choose`: if, else if, else over policies."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from apimpy.policies._sections import ALL_SECTIONS
from apimpy.policy.base import Action, Item, Policy
from apimpy.policy.fields import attr, child, children, steps
from apimpy.policy.value import Constant, Value
from apimpy.runtime.faults import PolicyFault

if TYPE_CHECKING:
    from collections.abc import Callable

    from apimpy.policy.bind import Binding
    from apimpy.policy.plan import Plan
    from apimpy.runtime.exchange import Exchange
    from apimpy.runtime.flow import Flow

__all__ = ["Choose", "Otherwise", "When"]


class When(Item, element="when"):
    """A branch."""

    condition: Value[bool] = attr(sample="@(context.User != null)", doc="The first branch whose condition holds runs.")
    policies: tuple[Policy, ...] = steps()


class Otherwise(Item, element="otherwise"):
    """The branch that runs when no condition holds."""

    policies: tuple[Policy, ...] = steps()


class Choose(Policy, element="choose", sections=ALL_SECTIONS, category="policy-control", ordered=True):
    """Runs the policies of the first branch whose condition holds, else those of `otherwise`.

    Conditions are evaluated in order, and only until one holds.
    A condition that fails or is no boolean fails the policy with 500.
    """

    when: tuple[When, ...] = children(When, at_least=1)
    otherwise: Otherwise | None = child(Otherwise)

    def check(self, cx: Binding) -> None:
        last = self.source.children[-1:]
        if self.otherwise is not None and last != (self.otherwise.source,):
            cx.report("POL006", "<otherwise> is the last branch of <choose>", self.otherwise.source.name_span)

    def prepare(self, plan: Plan) -> Action:
        rows: list[_Row] = []
        for number, when in enumerate(self.when, 1):
            label = f"when[{number}]"
            run, is_async = plan.branch(when.policies, label)
            if isinstance(when.condition, Constant) and not when.condition.value:
                continue
            rows.append((when.condition.get, run, is_async, f"{plan.path}\\{label}"))
        last, last_async = plan.branch(self.otherwise.policies if self.otherwise else (), "otherwise[1]")
        if last_async or any(is_async for _, _, is_async, _ in rows):
            return Action(_waiting(tuple(rows), last, last_async), True, self.needs())
        return Action(_plain(tuple(rows), last), False, self.needs())


_Row = tuple["Callable[[Exchange], bool]", "Callable[[Exchange], Any]", bool, str]


def _plain(rows: tuple[_Row, ...], last: Callable[[Exchange], Any]) -> Callable[[Exchange], Flow]:
    def run(ex: Exchange) -> Flow:
        path = None
        try:
            for condition, branch, _, path in rows:  # noqa: B007  (the handler reads it)
                if condition(ex):
                    return branch(ex)  # type: ignore[no-any-return]  # a sequence answers a Flow
        except PolicyFault as fault:
            _at(fault, path)
            raise
        return last(ex)  # type: ignore[no-any-return]

    return run


def _waiting(rows: tuple[_Row, ...], last: Callable[[Exchange], Any], last_async: bool) -> Callable[[Exchange], Any]:
    async def run(ex: Exchange) -> Flow:
        path = None
        try:
            for condition, branch, is_async, path in rows:  # noqa: B007  (the handler reads it)
                if condition(ex):
                    flow = branch(ex)
                    return await flow if is_async else flow  # type: ignore[no-any-return]
        except PolicyFault as fault:
            _at(fault, path)
            raise
        flow = last(ex)
        return await flow if last_async else flow  # type: ignore[no-any-return]

    return run


def _at(fault: PolicyFault, path: str | None) -> None:
    """A failing condition is told apart from its siblings by the branch's path."""
    if not fault.located and fault.path is None:
        fault.path = path
