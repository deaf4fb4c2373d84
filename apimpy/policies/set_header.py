"""`set-header`: set, append, keep or delete a header of the current message."""

from __future__ import annotations

from typing import TYPE_CHECKING

from multidict import istr

from apimpy.pattern import pattern
from apimpy.policies._sections import ALL_SECTIONS, REQUEST_SIDE
from apimpy.policy.base import Action, Item, Policy
from apimpy.policy.fields import attr, children, text
from apimpy.policy.value import Constant, Value, is_open, value_fault
from apimpy.runtime.flow import Flow
from apimpy.runtime.message import Request, Response

if TYPE_CHECKING:
    from collections.abc import Callable

    from apimpy.policy.bind import Binding
    from apimpy.policy.plan import Plan
    from apimpy.runtime.exchange import Exchange

__all__ = ["HeaderValue", "SetHeader"]

_TOKEN = pattern(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_FORBIDDEN = pattern(r"[\r\n\0]")
_PROTECTED = frozenset({"connection", "content-length", "keep-alive", "transfer-encoding"})
_SEPARATE_LINES = frozenset(
    {"user-agent", "www-authenticate", "proxy-authenticate", "cookie", "set-cookie", "warning", "date", "expires"}
    | {"if-modified-since", "if-unmodified-since", "last-modified", "retry-after"}
)
Message = Request | Response


class HeaderValue(Item, element="value"):
    """One value of the header."""

    content: Value[str] = text(doc="The value.")


class SetHeader(Policy, element="set-header", sections=ALL_SECTIONS, category="transformation"):
    """Edits a header of the request (inbound, backend) or the response (outbound, on-error).

    `override` replaces all values by those given, `skip` sets only what is absent, `append` adds, `delete` removes.
    Several values go out as one comma-separated line, except headers that cannot be joined (`Set-Cookie` and others).
    `Connection`, `Content-Length`, `Keep-Alive` and `Transfer-Encoding` are the gateway's own and stay as they are.
    """

    name: Value[str] = attr(non_empty=True, doc="Header name.")
    exists_action: Value[str] = attr(
        default="override", allowed=("override", "skip", "append", "delete"), doc="What to do when it is there."
    )
    values: tuple[HeaderValue, ...] = children(HeaderValue, usual=True)

    def check(self, cx: Binding) -> None:
        name = self.name.value if isinstance(self.name, Constant) else None
        if name is not None and not _TOKEN.fullmatch(name) and not is_open(name):
            at = self.source.get("name")
            where = at.value_span if at else self.source.name_span
            cx.report("POL005", f"{name!r} is no header name", where)
        for v in self.values:
            if isinstance(v.content, Constant) and _FORBIDDEN.search(v.content.value):
                cx.report("POL005", "a header value cannot hold line breaks", v.source.content_span)
        if isinstance(self.exists_action, Constant) and self.exists_action.value != "delete" and not self.values:
            cx.report("POL007", "<set-header> needs a <value> unless exists-action is delete", self.source.name_span)

    def prepare(self, plan: Plan) -> Action:
        edit = self.editor()
        if plan.section in REQUEST_SIDE:

            def on_request(ex: Exchange) -> Flow:
                edit(ex, ex.request)
                return Flow.NEXT

            return Action(on_request, False, self.needs())

        def on_response(ex: Exchange) -> Flow:
            if ex.response is None:
                ex.response = Response()
            edit(ex, ex.response)
            return Flow.NEXT

        return Action(on_response, False, self.needs())

    def editor(self) -> Callable[[Exchange, Message], None]:
        """A function that edits any message; as special as the literals allow."""
        if not (isinstance(self.name, Constant) and isinstance(self.exists_action, Constant)):
            return self._edit
        name, action, values = self.name.value, self.exists_action.value, [v.content for v in self.values]
        if name.lower() in _PROTECTED:
            return lambda ex, message: _leave(ex, name)
        if not values and action != "delete":
            return _nothing
        if name.lower() == "host" or len(values) != 1 or action != "override":
            return self._edit
        only, field = values[0], istr(name)
        if isinstance(only, Constant):
            literal = only.value

            def put(ex: Exchange, message: Message) -> None:
                message.headers[field] = literal

            return put
        get = only.get

        def put_computed(ex: Exchange, message: Message) -> None:
            value = get(ex)
            if "\n" in value or "\r" in value or "\0" in value:
                raise _bad_value(self.element)
            message.headers[field] = value

        return put_computed

    def _edit(self, ex: Exchange, message: Message) -> None:
        name = self.name.get(ex)
        action = self.exists_action.get(ex)
        values = [v.content.get(ex) for v in self.values]
        low = name.lower()
        if not _TOKEN.fullmatch(name):
            raise value_fault(self.element, "The name field is no header name.")
        if any(map(_FORBIDDEN.search, values)):
            raise _bad_value(self.element)
        if low in _PROTECTED:
            _leave(ex, name)
            return
        headers = message.headers
        if action == "delete":
            headers.popall(name, None)
        elif not values or (action == "skip" and name in headers):
            return
        else:
            if action == "override":
                headers.popall(name, None)
            for value in values:
                headers.add(name, value)
            if low not in _SEPARATE_LINES and (action == "append" or len(values) > 1):
                message.combine = (message.combine or set()) | {low}
        if low == "host" and isinstance(message, Request):
            message.host_overridden = action != "delete"


def _nothing(ex: Exchange, message: Message) -> None:
    """A statement without effect."""


def _leave(ex: Exchange, name: str) -> None:
    ex.notes.append(f"set-header: {name} is the gateway's own and was left as it is")


def _bad_value(element: str) -> Exception:
    return value_fault(element, "The value field holds characters that are not allowed in a header.")
