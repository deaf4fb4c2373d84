"""`set-variable`: assign a context variable."""

from __future__ import annotations

from typing import TYPE_CHECKING

from apimpy.policies._sections import ALL_SECTIONS
from apimpy.policy.base import Action, Policy
from apimpy.policy.fields import attr
from apimpy.policy.value import Constant, Value
from apimpy.runtime.flow import Flow

if TYPE_CHECKING:
    from apimpy.policy.plan import Plan
    from apimpy.runtime.exchange import Exchange

__all__ = ["SetVariable"]


class SetVariable(Policy, element="set-variable", sections=ALL_SECTIONS, category="transformation"):
    """Stores a value under a name, for this request, in every section.

    A literal is always a string; an expression keeps its C# type.
    """

    name: str = attr(non_empty=True, doc="Name of the variable; case matters.")
    value: Value[object] = attr(doc="Its value.")

    def prepare(self, plan: Plan) -> Action:
        name, get = self.name, self.value.get
        if isinstance(self.value, Constant):
            literal = self.value.value

            def keep(ex: Exchange) -> Flow:
                ex.variables[name] = literal
                return Flow.NEXT

            return Action(keep, False, 0)

        def run(ex: Exchange) -> Flow:
            ex.variables[name] = get(ex)
            return Flow.NEXT

        return Action(run, False, self.needs())
