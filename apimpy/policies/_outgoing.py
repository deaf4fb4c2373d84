"""What `send-request` and `send-one-way-request` share: the declaration of a request of one's own, and building it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from apimpy.pattern import pattern
from apimpy.policies._sections import REQUEST_SIDE
from apimpy.policies._target import escaped, target
from apimpy.policies._wire import request_headers
from apimpy.policies.authentication_basic import AuthenticationBasic
from apimpy.policies.authentication_certificate import AuthenticationCertificate
from apimpy.policies.authentication_managed_identity import AuthenticationManagedIdentity
from apimpy.policies.proxy import Proxy
from apimpy.policies.set_body import SetBody
from apimpy.policies.set_header import SetHeader
from apimpy.policies.set_method import SetMethod
from apimpy.policy.base import Item, Policy
from apimpy.policy.facts import at_most_one
from apimpy.policy.fields import attr, child, children, text
from apimpy.policy.value import Constant, Value, value_fault
from apimpy.runtime.flow import BODY_REQUEST
from apimpy.runtime.message import Body, Headers, Request, Url

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from apimpy.policy.bind import Binding
    from apimpy.runtime.exchange import Exchange

__all__ = ["Outgoing"]

_HOST = pattern(r"[A-Za-z0-9._~!$&'()*+;=%-]+|\[[0-9A-Fa-f:.]+\]")


class SetUrl(Item, element="set-url"):
    """Where the request goes."""

    url: Value[str] = text(
        sample="https://example.com/", doc="Absolute URL; characters that cannot stand in one are escaped."
    )

    def edit(self, ex: Exchange, request: Request) -> None:
        """Apply to a request."""
        written = self.url.get(ex).strip()
        try:
            url = Url.parse(written)
            host = url.host if url.host.isascii() else url.host.encode("idna").decode()
            if not _HOST.fullmatch(host):
                raise ValueError(f"no URL with a host: {written!r}")
        except ValueError as error:
            raise value_fault(self.element, f"The set-url field is {error}.") from error
        request.url = Url(url.scheme, host, url.port, escaped(url.path), escaped(url.query_string))


class Outgoing(
    Policy,
    rules=(at_most_one("<authentication-certificate>", "<authentication-basic>", "<authentication-managed-identity>"),),
):
    """A request of the policy's own; the caller's request stays as it is.

    `new` starts from nothing, `copy` from the current request: method, URL as it would go to the backend, headers and
    body (in outbound and on-error none).  The children then change it in document order.
    """

    mode: Value[str] = attr(default="new", allowed=("new", "copy"), doc="What the request starts from.")
    timeout: Value[int] = attr(default=60, minimum=0, unit="seconds", doc="Time for the answer; 0: no limit.")
    url: SetUrl | None = child(SetUrl, usual=True, doc="Needed unless mode is copy.")
    method: SetMethod | None = child(SetMethod, usual=True, doc="GET when there is none and mode is new.")
    headers: tuple[SetHeader, ...] = children(SetHeader)
    body: SetBody | None = child(SetBody)
    certificate: AuthenticationCertificate | None = child(AuthenticationCertificate)
    basic: AuthenticationBasic | None = child(AuthenticationBasic)
    identity: AuthenticationManagedIdentity | None = child(AuthenticationManagedIdentity)
    proxy: Proxy | None = child(Proxy)

    def check(self, cx: Binding) -> None:
        if isinstance(self.mode, Constant) and self.mode.value == "new" and self.url is None:
            message = f"<{self.element}> needs a <set-url> unless mode is copy"
            cx.report("POL007", message, self.source.name_span)

    def bodies(self, section: str) -> int:
        """The bodies to buffer before the request is built."""
        copies = not (isinstance(self.mode, Constant) and self.mode.value == "new")
        return self.needs() | (BODY_REQUEST if copies and self._keeps_body and section in REQUEST_SIDE else 0)

    @property
    def _keeps_body(self) -> bool:
        """A copy needs the current body: to send it, or for a template to read."""
        return self.body is None or self.body.reads_message

    def builder(self, section: str) -> Callable[[Exchange], Awaitable[Request]]:
        """A function that makes the request, with every expression evaluated."""
        edits = tuple(self._edits())

        async def build(ex: Exchange) -> Request:
            if self.mode.get(ex) == "copy":
                request = self._copy(ex, section)
            elif self.url is None:
                raise value_fault(self.element, "The set-url field is required.")
            else:
                request = Request("GET", ex.request.url, Headers(), Body())
            for edit, waits in edits:
                if waits:
                    await edit(ex, request)
                else:
                    edit(ex, request)
            made = Request(request.method, request.url, request_headers(request), request.body)
            made.certificate, made.dial = request.certificate, request.dial
            return made

        return build

    def _edits(self) -> list[tuple[Callable[[Exchange, Request], Any], bool]]:
        """What the children do, in document order, and which of it waits."""
        parts: list[Any] = [self.url, self.method, *self.headers, self.body]
        parts += [self.certificate, self.basic, self.identity, self.proxy]
        found: list[tuple[Callable[[Exchange, Request], Any], bool]] = []
        for part in sorted((p for p in parts if p is not None), key=lambda p: int(p.source.span.start)):
            edit = part.editor() if isinstance(part, (SetBody, SetHeader)) else part.edit
            found.append((edit, part is self.identity))
        return found

    def _copy(self, ex: Exchange, section: str) -> Request:
        current = ex.request
        data = current.body.wire() if section in REQUEST_SIDE and self._keeps_body else b""
        request = Request(current.method, target(ex), Headers(current.headers), Body(data))
        request.host_overridden = current.host_overridden and self.url is None
        request.combine = set(current.combine) if current.combine else None
        return request
