"""`jsonp`: wrap a JSON response in a JavaScript call."""

from __future__ import annotations

from typing import TYPE_CHECKING

from apimpy.pattern import pattern
from apimpy.policies._content import NotText, is_json, media_type, put, read
from apimpy.policy.base import Action, Policy
from apimpy.policy.fields import attr
from apimpy.runtime.faults import PolicyFault
from apimpy.runtime.flow import BODY_RESPONSE, Flow
from apimpy.runtime.running import buffer_bodies

if TYPE_CHECKING:
    from apimpy.policy.plan import Plan
    from apimpy.policy.value import Value
    from apimpy.runtime.exchange import Exchange

__all__ = ["Jsonp", "is_callback"]

_RESERVED = pattern(
    "await|break|case|catch|class|const|continue|debugger|default|delete|do|else|enum|export|extends|false|finally|for|"
    "function|if|import|in|instanceof|new|null|return|super|switch|this|throw|true|try|typeof|var|void|while|with|yield"
)


class Jsonp(
    Policy,
    element="jsonp",
    sections=("outbound",),
    repeatable=False,
    gateways=("classic", "v2", "consumption", "self-hosted"),
    category="cross-domain",
):
    """When the caller's query names a callback, a JSON response becomes a call of it.

    The callback is a JavaScript identifier, dots allowed; anything else is answered with 400.
    Responses that are not JSON stay as they are.
    """

    callback_parameter_name: Value[str] = attr(non_empty=True, doc="Query parameter with the callback.")

    def prepare(self, plan: Plan) -> Action:
        async def run(ex: Exchange) -> Flow:
            name = self.callback_parameter_name.get(ex)
            callback = _parameter(ex, name)
            if callback is None:
                return Flow.NEXT
            if not is_callback(callback):
                why = f"Value of callback parameter {name} is not a valid JavaScript identifier."
                raise PolicyFault(self.element, "CallbackParameterInvalid", why, status=400)
            response = ex.response
            if response is None or not is_json(media_type(response)):
                return Flow.NEXT
            await buffer_bodies(ex, BODY_RESPONSE)
            try:
                content = read(ex, response)
            except NotText as error:
                ex.notes.append(f"{self.element}: {error}")
                return Flow.NEXT
            if content is not None:
                put(response, content, f"{callback}({content.text});", "application/javascript; charset=utf-8")
            return Flow.NEXT

        return Action(run, True, self.needs())


def is_callback(text: str) -> bool:
    """Whether a text is a JavaScript identifier, or several joined by dots."""
    first, *rest = text.split(".")
    return not _RESERVED.fullmatch(first) and all(_identifier(part) for part in (first, *rest))


def _identifier(text: str) -> bool:
    return text.replace("$", "_").isidentifier()


def _parameter(ex: Exchange, name: str) -> str | None:
    low = name.lower()
    for key, values in ex.request.original_url.query.items():
        if key.lower() == low:
            return values[0]
    return None
