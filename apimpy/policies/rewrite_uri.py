"""`rewrite-uri`: the path and query the backend sees."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote_plus

from apimpy.pattern import pattern
from apimpy.policies._sections import INBOUND
from apimpy.policies._target import escaped, retarget
from apimpy.policy.base import Action, Policy
from apimpy.policy.fields import attr
from apimpy.policy.value import Constant, Value, value_fault
from apimpy.runtime.faults import PolicyFault
from apimpy.runtime.flow import Flow

if TYPE_CHECKING:
    from apimpy.policy.plan import Plan
    from apimpy.runtime.exchange import Exchange

__all__ = ["RewriteUri", "placeholders"]

_PLACEHOLDER = pattern(r"\{\*?([^{}/?&=]+)\}")
_SEGMENT = ":@!$&'()*+,;=~-._"


def placeholders(template: str) -> list[str]:
    """The names of parameters in a template."""
    return _PLACEHOLDER.findall(template)


class RewriteUri(Policy, element="rewrite-uri", sections=INBOUND, category="transformation"):
    """Replaces the operation's path by a template; `{name}` is a parameter of the operation's URL template.

    Query parameters of the request that are no template parameters are appended unless `copy-unmatched-params` is
    false.  The last one executed wins and starts from the caller's query.
    """

    template: Value[str] = attr(sample="/", doc="Path and query, relative to the backend.")
    copy_unmatched_params: Value[bool] = attr(default=True, doc="Append the other query parameters.")

    def prepare(self, plan: Plan) -> Action:
        literal = isinstance(self.template, Constant)

        def run(ex: Exchange) -> Flow:
            template = self.template.get(ex).strip()
            if literal and "{" in template:
                template = self._filled(ex, template)
            if "\r" in template or "\n" in template or "\0" in template:
                raise value_fault(self.element, "The template field holds line breaks.")
            path, _, query = template.partition("?")
            if self.copy_unmatched_params.get(ex):
                query = "&".join(filter(None, [query, *_unmatched(ex, query)]))
            ex.operation_path = escaped(path if path.startswith("/") else "/" + path)
            ex.request.url = ex.request.url.replace(query_string=escaped(query))
            retarget(ex)
            return Flow.NEXT

        return Action(run, False, self.needs())

    def _filled(self, ex: Exchange, template: str) -> str:
        known = {k.lower(): v for k, v in ex.request.matched_parameters.items()}

        template_of_operation = ex.operation.url_template if ex.operation is not None else ""

        def put(m: re.Match[str]) -> str:
            value = known.get(m[1].lower())
            if value is None:
                why = "Only parameters specified in the original URL template can be used in the rewrite template"
                raise PolicyFault(self.element, "RewriteParameterNotFound", f"{why}: {m[1]}")
            rest = template_of_operation.find("{*" + m[1]) >= 0  # a rest-of-path parameter keeps its slashes
            return quote(value, safe=_SEGMENT + "/" if rest else _SEGMENT)

        return _PLACEHOLDER.sub(put, template)


def _unmatched(ex: Exchange, template_query: str) -> list[str]:
    """The caller's query parameters that neither the operation's template nor the rewrite template names."""
    incoming = ex.request.original_url.query_string
    if not incoming:
        return []
    taken = _names(template_query)
    if ex.operation is not None:
        taken |= _names(ex.operation.url_template.partition("?")[2])
    return [pair for pair in incoming.split("&") if pair and unquote_plus(pair.partition("=")[0]).lower() not in taken]


def _names(query: str) -> set[str]:
    return {unquote_plus(pair.partition("=")[0]).lower() for pair in query.split("&") if pair}
