"""Headers that a policy of inbound promises to whatever response the caller gets."""

from __future__ import annotations

from typing import TYPE_CHECKING

from apimpy.pattern import pattern
from apimpy.runtime.exchange import ResponseHook

if TYPE_CHECKING:
    from collections.abc import Mapping

    from apimpy.policy.base import Item
    from apimpy.policy.bind import Binding
    from apimpy.runtime.exchange import Exchange

__all__ = ["check_header_names", "promise"]

_TOKEN = pattern(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")


def promise(ex: Exchange, headers: Mapping[str, str]) -> None:
    """Put headers on the response before outbound begins, wherever the response comes from.  The last writer wins."""
    if ex.queued is None:
        ex.queued = {}
    ex.queued.update(headers)
    for hook in ex.hooks:
        if type(hook) is _Promised:
            hook.headers.update(headers)
            return
    ex.hooks.append(_Promised(dict(headers)))


class _Promised(ResponseHook):
    """The promises of one request."""

    __slots__ = ("headers",)

    def __init__(self, headers: dict[str, str]) -> None:
        self.headers = headers

    async def on_response(self, ex: Exchange) -> None:
        if ex.response is not None:
            for name, value in self.headers.items():
                ex.response.headers[name] = value

    async def on_short_circuit(self, ex: Exchange) -> None:
        await self.on_response(ex)


def check_header_names(item: Item, cx: Binding) -> None:
    """The attributes `…-header-name` of an element name headers that can exist."""
    for a in item.source.attributes:
        if a.name.endswith("-header-name") and not _TOKEN.fullmatch(a.value_span.text.strip()):
            cx.report("POL005", f"{a.value_span.text!r} is no header name", a.value_span)
