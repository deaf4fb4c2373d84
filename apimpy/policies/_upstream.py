"""Sending to a backend entity: the one that is available now, with its credentials, and word of what came of it.

    backend = choose(ex, entity, source)                  # 503 when its breaker is open, or every member's
    response = await send_to(ex, backend, request, seconds, source)

`forward-request` sends callers' requests this way, the AI policies their own.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING
from urllib.parse import quote

from apimpy.backends.breaker import retry_after_seconds
from apimpy.backends.entity import Backend
from apimpy.policies._certificates import by_id, by_thumbprint
from apimpy.record import replace
from apimpy.runtime.faults import PolicyFault
from apimpy.runtime.message import Body, BodyTooLarge
from apimpy.runtime.ports import ManagedIdentityError, TimedOut, TransportError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from apimpy.backends.entity import Pool
    from apimpy.runtime.exchange import Exchange
    from apimpy.runtime.message import Dial, Request, Response
    from apimpy.runtime.ports import BackendRegistry, Clock

__all__ = ["choose", "no_connection", "present_credentials", "read_whole", "send_to"]


def choose(ex: Exchange, entity: Backend | Pool, source: str, bound: str | None = None) -> Backend:
    """The backend to ask now.  PolicyFault 503 when none is available."""
    services = ex.services
    now = services.clock.now()
    picked: Backend | None = services.backends.pick(entity, now, bound)
    if picked is not None:
        return picked
    headers: tuple[tuple[str, str], ...] = ()
    if services.options.pool_exhausted_retry_after:
        headers = (("Retry-After", str(max(1, math.ceil(services.backends.wait(entity, now))))),)
    single = isinstance(entity, Backend)
    reason, text = "BackendUnavailable" if single else "BackendPoolUnavailable", "Service Unavailable"
    raise PolicyFault(source, reason, text, status=503, client_message=text, headers=headers)


async def send_to(
    ex: Exchange, backend: Backend | None, request: Request, seconds: float | None, source: str
) -> Response:
    """The head of the response, its body a stream.  PolicyFault when there is none.

    `seconds`: until the head; None: as long as it takes.  `backend` None: a URL that no entity stands for.
    """
    services = ex.services
    clock, backends = services.clock, services.backends
    if backend is not None and backend.dial is not None:
        request.dial = _joined(backend.dial, request.dial)
    try:
        response = await services.transport.send(request, timeout=seconds)
    except TimedOut as error:
        if backend is not None:
            await backends.not_answered(backend, clock.now(), "Timeout")
        message = str(error) or "The request to backend service timed out"
        status = services.options.timeout_status
        raise PolicyFault(source, "Timeout", message, status=status, response_is_null=True) from error
    except TransportError as error:
        if backend is not None:
            await backends.not_answered(backend, clock.now(), "BackendConnectionFailure")
        raise no_connection(str(error)) from error
    except BodyTooLarge as error:
        raise PolicyFault(
            "request-forwarder", "RequestBodyTooLarge", str(error), status=413, client_message="Payload Too Large"
        ) from error
    if backend is not None:
        now = clock.now()
        wanted = retry_after_seconds(response.headers.get("Retry-After"), now)
        try:
            await backends.answered(backend, now, response.status, wanted)
        except BaseException:  # the caller left while others were told: nobody has the response yet
            await response.body.close()
            if response.tunnel is not None:
                response.tunnel.close()
            raise
        if backend.rule is not None and backend.rule.fails_for("BackendConnectionFailure"):
            _watch(response.body, backends, backend, clock)
    return response


async def read_whole(ex: Exchange, response: Response) -> bytes:
    """The body of a response that nobody else has.  BodyTooLarge, TransportError."""
    try:
        return await response.body.buffer(ex.services.options.max_buffered_body)
    except BaseException:
        await response.body.close()
        raise


def _joined(backend: Dial, wanted: Dial | None) -> Dial:
    """What a backend says of its connections, with the proxy that a policy named before its own."""
    if wanted is None or wanted.proxy is None:
        return backend
    return replace(backend, proxy=wanted.proxy, account=wanted.account)


def no_connection(why: str) -> PolicyFault:
    """The backend could not be reached, or broke off before its response."""
    message = why or "Underlying transport connection was unexpectedly closed."
    return PolicyFault("request-forwarder", "BackendConnectionFailure", message, response_is_null=True)


async def present_credentials(ex: Exchange, backend: Backend, request: Request, source: str) -> None:
    """Give a request that is about to be sent the credentials of its backend.  PolicyFault without a token.

    Only this request has them: expressions never see them.
    """
    held = backend.credentials
    if held is None:
        return
    headers = request.headers
    for name, values in held.headers:
        headers.popall(name, None)
        for value in values:
            headers.add(name, value)
    if held.identity is not None:
        resource, client = held.identity
        try:
            headers["Authorization"] = f"Bearer {await ex.services.identity.token(resource, client)}"
        except ManagedIdentityError as error:
            raise PolicyFault(source, "ManagedIdentityTokenError", str(error)) from error
    elif held.authorization is not None:
        headers["Authorization"] = held.authorization
    if held.query:
        _set_query(request, held.query)
    if held.certificates:
        found = [by_id(ex.deployment, name) or by_thumbprint(ex.deployment, name) for name in held.certificates]
        request.certificate = next((c for c in found if c is not None and c.key is not None), None)


def _set_query(request: Request, pairs: tuple[tuple[str, str], ...]) -> None:
    """Parameters of the credentials replace those of the same name."""
    names = {quote(name, safe="").lower() for name, _ in pairs}
    kept = [p for p in request.url.query_string.split("&") if p and p.partition("=")[0].lower() not in names]
    kept += [f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in pairs]
    request.url = request.url.replace(query_string="&".join(kept))


def _watch(body: Body, backends: BackendRegistry, backend: Backend, clock: Clock) -> None:
    """Report a response that breaks off."""
    stream = body.stream
    if stream is not None:
        body.stream = _Watched(stream, backends, backend, clock)


class _Watched:
    """A stream whose end is of interest to a breaker."""

    __slots__ = ("_backend", "_backends", "_clock", "_stream")

    def __init__(self, stream: AsyncIterator[bytes], backends: BackendRegistry, backend: Backend, clock: Clock) -> None:
        self._stream, self._backends, self._backend, self._clock = stream, backends, backend, clock

    def __aiter__(self) -> _Watched:
        return self

    async def __anext__(self) -> bytes:
        try:
            return await self._stream.__anext__()
        except TransportError:
            await self._backends.broke_off(self._backend, self._clock.now())
            raise

    async def aclose(self) -> None:
        close = getattr(self._stream, "aclose", None)
        if close is not None:
            await close()
