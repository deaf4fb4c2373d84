"""`set-query-parameter`: set, append, keep or delete a query parameter of the request."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote, unquote_plus

from apimpy.policies._sections import ALL_SECTIONS
from apimpy.policy.base import Action, Item, Policy
from apimpy.policy.fields import attr, children, text
from apimpy.policy.value import Constant, Value
from apimpy.runtime.flow import Flow

if TYPE_CHECKING:
    from collections.abc import Sequence

    from apimpy.policy.bind import Binding
    from apimpy.policy.plan import Plan
    from apimpy.runtime.exchange import Exchange

__all__ = ["ParameterValue", "SetQueryParameter", "edited"]

_NAME_SAFE = "!$'()*,;:@/?"
"""Left as they are in names, where authors write them: `$filter`."""


class ParameterValue(Item, element="value"):
    """One value of the parameter."""

    content: Value[str] = text(doc="The value, not encoded.")


class SetQueryParameter(
    Policy,
    element="set-query-parameter",
    sections=ALL_SECTIONS,
    unlisted=("outbound", "on-error"),
    category="transformation",
):
    """Edits the query of the request's URL.

    `override` replaces all values by those given, `skip` sets only what is absent, `append` adds, `delete` removes.
    Names are compared ignoring case, other parameters keep their place and spelling, new ones go last.
    Values are percent-encoded; several of them become repeated parameters.
    """

    name: Value[str] = attr(non_empty=True, doc="Parameter name.")
    exists_action: Value[str] = attr(
        default="override", allowed=("override", "skip", "append", "delete"), doc="What to do when it is there."
    )
    values: tuple[ParameterValue, ...] = children(ParameterValue, usual=True)

    def check(self, cx: Binding) -> None:
        if isinstance(self.exists_action, Constant) and self.exists_action.value != "delete" and not self.values:
            message = "<set-query-parameter> needs a <value> unless exists-action is delete"
            cx.report("POL007", message, self.source.name_span)

    def prepare(self, plan: Plan) -> Action:
        name, action, values = self.name, self.exists_action, tuple(v.content for v in self.values)

        def run(ex: Exchange) -> Flow:
            url = ex.request.url
            query = edited(url.query_string, name.get(ex), action.get(ex), [v.get(ex) for v in values])
            if query != url.query_string:
                ex.request.url = url.replace(query_string=query)
            return Flow.NEXT

        return Action(run, False, self.needs())


def edited(query: str, name: str, action: str, values: Sequence[str]) -> str:
    """A raw query string after one edit."""
    pairs = [pair for pair in query.split("&") if pair] if query else []
    low = name.lower()
    mine = [i for i, pair in enumerate(pairs) if unquote_plus(pair.partition("=")[0]).lower() == low]
    if action == "delete":
        new, at = [], None
    elif not values or (action == "skip" and mine):
        return query
    else:
        key = quote(name, safe=_NAME_SAFE, errors="replace")
        new = [f"{key}={quote(value, safe='', errors='replace')}" for value in values]
        at = mine[0] if mine and action == "override" else None
    if action == "append":
        return "&".join([*pairs, *new])
    kept = [pair for i, pair in enumerate(pairs) if i not in mine]
    if at is None:
        return "&".join([*kept, *new])
    return "&".join([*kept[:at], *new, *kept[at:]])
