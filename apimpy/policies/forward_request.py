"""`forward-request`: send the request to the backend and take its response."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urljoin

from apimpy.backends.affinity import bound_member, cookie_for, without_cookie
from apimpy.backends.entity import Backend, Pool
from apimpy.policies._target import retarget
from apimpy.policies._upstream import choose, no_connection, present_credentials, send_to
from apimpy.policies._wire import request_headers
from apimpy.policy.base import Action, Policy
from apimpy.policy.facts import at_most_one, partial
from apimpy.policy.fields import attr
from apimpy.runtime.faults import PolicyFault
from apimpy.runtime.flow import BODY_REQUEST, Flow
from apimpy.runtime.headers import strip_hop_by_hop
from apimpy.runtime.message import Body, Request, Response, Url

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from apimpy.policy.bind import Binding
    from apimpy.policy.plan import Plan
    from apimpy.policy.value import Value
    from apimpy.runtime.exchange import Exchange

__all__ = ["ForwardRequest"]

_REPLAY_LIMIT = 2 << 20
"""A body of announced length up to this is kept for a retry without being asked."""
_MAX_REDIRECTS = 50
_COALESCE = 8 << 10


class _Sent(Body):
    """A request body that was streamed to a backend and is gone."""

    __slots__ = ()

    def __init__(self) -> None:
        super().__init__()
        self.consumed = True


class ForwardRequest(
    Policy,
    element="forward-request",
    sections=("backend",),
    category="routing",
    support=partial("HTTP/1.1 is spoken whatever http-version says, and continue-timeout has no effect."),
    rules=(at_most_one("timeout", "timeout-ms"),),
):
    """Sends the request to the backend base URL plus operation path and query; its answer becomes the response.

    The handshake of a WebSocket is sent as one, and messages pass when outbound leaves its answer at 101.
    Bodies stream both ways; a body stays in memory when `buffer-request-body` is true, so that a `retry` can send it
    again (small ones are kept there anyway).
    The backend is the entity that was chosen, of a pool the member that is next, with its credentials; one whose
    circuit breaker is open is not asked: 503.
    No connection: `BackendConnectionFailure`; no response head in time: `Timeout`; both leave no response.
    An error status is an ordinary response unless `fail-on-error-status-code`.
    """

    timeout: Value[int] = attr(default=300, minimum=0, unit="seconds", doc="Time until the response's headers.")
    timeout_ms: Value[int] | None = attr(default=None, minimum=0, unit="milliseconds", doc="The same, finer.")
    continue_timeout: Value[int] | None = attr(default=None, minimum=0, unit="seconds", doc="Wait for 100 Continue.")
    http_version: str = attr(default="1", allowed=("1", "2or1", "2"), doc="Protocol to the backend.")
    follow_redirects: Value[bool] = attr(default=False, doc="Follow 3xx answers.")
    buffer_request_body: bool = attr(default=False, doc="Keep the body for another attempt.")
    buffer_response: bool = attr(default=True, doc="Gather small chunks of the response.")
    fail_on_error_status_code: bool = attr(default=False, doc="400 to 599 go to on-error.")

    def check(self, cx: Binding) -> None:
        here = self.source
        if self.continue_timeout is not None:
            cx.report("POL019", "continue-timeout has no effect: requests are sent at once", here.name_span)
        if self.http_version == "2":
            cx.report("POL019", "HTTP/2 to the backend is not supported: HTTP/1.1 is used", here.name_span)

    def prepare(self, plan: Plan) -> Action:
        needs = self.needs() | (BODY_REQUEST if self.buffer_request_body else 0)
        in_retry, plain = plan.in_retry, self._is_plain()

        async def run(ex: Exchange) -> Flow:
            if ex.response is not None:
                await ex.response.body.close()
                ex.response = None
            if ex.tunnel is not None:
                ex.tunnel.close()
                ex.tunnel = None
            if in_retry:
                await _keep(ex.request.body)
            backend, sessions, is_bound = self._choose(ex)
            request = await self._request(ex, backend)
            if sessions is not None and sessions.affinity is not None:
                _strip_cookie(request, sessions.affinity)
            follow = not plain and self.follow_redirects.get(ex)
            response = await self._send(ex, backend, request)
            if follow:
                response = await self._follow(ex, backend, request, response)
            if sessions is not None and backend is not None and not is_bound:
                response.headers.add("Set-Cookie", cookie_for(sessions, backend.id))
            self._accept(ex, response)
            return Flow.NEXT

        return Action(run, True, needs)

    def _is_plain(self) -> bool:
        return self.follow_redirects.is_literal and self.source.get("follow-redirects") is None

    def _entity(self, ex: Exchange) -> Backend | Pool | None:
        """The entity that was chosen, or that stands for the URL of the service."""
        target, backends = ex.backend, ex.services.backends
        found: Backend | Pool | None = None
        base = ex.service_url if target is None else target.url
        if target is not None and target.id is not None:
            found = backends.get(target.id)  # None: a reload took it away meanwhile
        elif base is not None:
            found = backends.matching(base)
        return found

    def _choose(self, ex: Exchange) -> tuple[Backend | None, Pool | None, bool]:
        """The backend to ask now, the pool with sessions that it was taken from, and whether the session is its."""
        entity = self._entity(ex)
        ex.served_by = None
        if entity is None:
            return None, None, False
        if isinstance(entity, Backend):
            backend = choose(ex, entity, self.element)
            ex.served_by = backend.id
            return backend, None, False
        bound = None if entity.affinity is None else bound_member(entity, ex.request.headers.get("Cookie"))
        backend = choose(ex, entity, self.element, bound)
        assert ex.backend is not None, "pools are chosen by set-backend-service"
        ex.served_by, ex.backend.url = backend.id, backend.url
        return backend, None if entity.affinity is None else entity, bound == backend.id

    async def _request(self, ex: Exchange, backend: Backend | None) -> Request:
        url = retarget(ex)
        if ex.backend is None and ex.service_url is None:
            raise no_connection("No backend is configured for this operation.")
        mine = ex.request
        body = mine.body
        if isinstance(body, _Sent):
            why = "The request body was streamed and cannot be sent again; set buffer-request-body to true."
            raise PolicyFault(self.element, "RequestBodyNotBuffered", why)
        if body.stream is not None:
            outgoing = Body(None, body.stream, body.length)
            mine.body = _Sent()
        else:
            outgoing = Body(body.wire())
        request = Request(mine.method, url, request_headers(mine), outgoing)
        request.dial = mine.dial
        request.origin = mine
        request.upgrade = mine.upgrade and mine.method == "GET"
        if backend is not None:
            await present_credentials(ex, backend, request, self.element)
        return request

    async def _send(self, ex: Exchange, backend: Backend | None, request: Request) -> Response:
        seconds = self.timeout.get(ex) if self.timeout_ms is None else self.timeout_ms.get(ex) / 1000
        return await send_to(ex, backend, request, seconds or None, self.element)

    async def _follow(self, ex: Exchange, backend: Backend | None, request: Request, response: Response) -> Response:
        for _ in range(_MAX_REDIRECTS):
            location = response.headers.get("Location")
            if response.status not in (301, 302, 303, 307, 308) or location is None:
                break
            if response.status in (307, 308) and request.body.stream is not None:
                break  # the body is gone
            try:
                url = Url.parse(urljoin(str(request.url), location))
            except ValueError:
                break
            await response.body.close()
            if url.authority != request.url.authority:
                secret = backend.credentials.names if backend is not None and backend.credentials is not None else ()
                for name in ("Authorization", "Cookie", "Host", *secret):
                    request.headers.popall(name, None)
                backend = None
            if response.status == 303 or (response.status in (301, 302) and request.method == "POST"):
                request.headers.popall("Content-Type", None)
                request = Request("GET" if request.method != "HEAD" else "HEAD", url, request.headers, Body())
            else:
                upgrade, request = request.upgrade, Request(request.method, url, request.headers, request.body)
                request.upgrade = upgrade
            response = await self._send(ex, backend, request)
        return response

    def _accept(self, ex: Exchange, response: Response) -> None:
        strip_hop_by_hop(response.headers)
        body = response.body
        if self.buffer_response and body.stream is not None and ex.services.options.sse_buffering == "platform":
            body.stream = _Coalesced(body.stream)
        ex.response, ex.upstream, ex.tunnel = response, body, response.tunnel
        if self.fail_on_error_status_code and 400 <= response.status <= 599:
            why = f"The backend answered with status code {response.status}."
            raise PolicyFault(self.element, "BackendErrorStatusCode", why, status=response.status, keep_response=True)


def _strip_cookie(request: Request, name: str) -> None:
    """The cookie of the session belongs to the gateway."""
    left = [without_cookie(value, name) for value in request.headers.popall("Cookie", [])]
    for value in filter(None, left):
        request.headers.add("Cookie", value)


async def _keep(body: Body) -> None:
    """Keep a small body for another attempt."""
    if body.stream is not None and body.length is not None and body.length <= _REPLAY_LIMIT:
        await body.buffer(_REPLAY_LIMIT)


class _Coalesced:
    """Chunks gathered to 8 KB, as the platform does with buffer-response."""

    def __init__(self, stream: AsyncIterator[bytes]) -> None:
        self._stream = stream

    def __aiter__(self) -> _Coalesced:
        return self

    async def __anext__(self) -> bytes:
        parts, size = [], 0
        async for chunk in self._stream:
            parts.append(chunk)
            size += len(chunk)
            if size >= _COALESCE:
                break
        if not parts:
            raise StopAsyncIteration
        return b"".join(parts)

    async def aclose(self) -> None:
        close = getattr(self._stream, "aclose", None)
        if close is not None:
            await close()
