"""The gateway without a socket: a `Request` in, an `Exchange` with its response out.

    ex = gateway.open(request)       # the exchange exists: what happens next is logged and counted
    await gateway.run(ex)            # routing, subscription key, policies: ex.response is set
    …                                # the caller sends the response
    await gateway.close(ex, completed=True, sent=n)

`handle` is the first two.  The configuration it runs with is one immutable object, replaced as a whole on reload; an
exchange keeps the one it began with.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from apimpy.configuration.keys import key_invalid, key_missing, sent_key
from apimpy.configuration.mcp import ENDPOINT
from apimpy.observe.logs import AccessLog, AccessRecord
from apimpy.observe.metrics import Metrics
from apimpy.policies._target import retarget
from apimpy.policies.cors import preflight_method
from apimpy.policies.cross_domain import asks_for_policy_file
from apimpy.runtime.exchange import Exchange, LastError
from apimpy.runtime.faults import PolicyFault, error_response
from apimpy.runtime.message import BodyTooLarge, RecordedHeaders, Request, Response

if TYPE_CHECKING:
    from apimpy.configuration.keys import KeyRing
    from apimpy.configuration.routing import ApiRoute, Match, Program
    from apimpy.configuration.serving import Configuration
    from apimpy.gateway.tracing import Tracing
    from apimpy.observe.llm_log import LlmLog
    from apimpy.runtime.services import Services

__all__ = ["CLIENT_GONE", "Gateway", "too_large"]

log = logging.getLogger("apimpy.gateway")

CLIENT_GONE = 499
"""The status in log and metrics when the caller left before the response began."""
_NOT_FOUND = PolicyFault(
    "configuration",
    "OperationNotFound",
    "Unable to match incoming request to an operation.",
    status=404,
    client_message="Resource not found",
)

_NOT_FOUND_TRACE = (
    "Unable to identify Api or Operation for this request. Responding to the caller with 404 Resource Not Found."
)


def too_large(limit: int) -> PolicyFault:
    """The body of a request passes the limit."""
    message = f"The request body is larger than {limit} bytes."
    return PolicyFault("configuration", "RequestBodyTooLarge", message, status=413, client_message=message)


class Gateway:
    """Handles exchanges.  `services` and `metrics` outlive configurations."""

    def __init__(
        self,
        configuration: Configuration,
        services: Services,
        *,
        metrics: Metrics | None = None,
        access_log: AccessLog | None = None,
        tracing: Tracing | None = None,
        llm_log: LlmLog | None = None,
    ) -> None:
        self.configuration = configuration
        self.services = services
        self.metrics = metrics or Metrics(process=False)
        self._access_log = access_log if access_log is not None and access_log.enabled else None
        self.tracing = tracing
        self._llm_log = llm_log
        self._requests = self.metrics.requests
        self._bits = services.random.getrandbits

    def _id(self) -> str:
        """A version 4 GUID in format D; it identifies, it protects nothing."""
        bits = self._bits(128)
        text = f"{bits:032x}"
        variant = "89ab"[bits & 3]
        return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-{variant}{text[17:20]}-{text[20:]}"

    def open(self, request: Request) -> Exchange:
        """A new exchange; `close` must follow, whatever happens."""
        services = self.services
        self._requests.in_flight += 1
        return Exchange(self._id(), request, services, services.runtime(), services.clock.now())

    async def handle(self, request: Request) -> Exchange:
        """`open` and `run`."""
        ex = self.open(request)
        try:
            await self.run(ex)
        except BaseException:
            await self.close(ex, completed=False, sent=0)
            raise
        return ex

    async def run(self, ex: Exchange) -> None:
        """Leaves `ex.response` set; raises nothing but cancellation."""
        try:
            await self._run(ex, self.configuration)
        except asyncio.CancelledError:
            raise
        except BodyTooLarge as error:
            fault = PolicyFault("configuration", "BodyTooLarge", str(error), status=413, client_message=str(error))
            self.fail(ex, fault)
        except Exception as error:  # our bug: the caller gets the platform's 500, the log the truth
            log.exception("exchange %s failed", ex.id)
            self.fail(ex, PolicyFault("gateway", "InternalError", f"{type(error).__name__}: {error}"))
        if ex.response is None:
            ex.response = Response()
        for name, value in ex.debug:
            ex.response.headers[name] = value

    async def _run(self, ex: Exchange, configuration: Configuration) -> None:
        """Routing, the key, the policies."""
        request = ex.request
        if request.method == "OPTIONS" and await self._preflight(ex, configuration):
            return
        if asks_for_policy_file(request) and await _policy_file(ex, configuration):
            return
        match = configuration.router.match(request)
        if match is None:
            ex.api = configuration.router.api(request)
            self._maybe_trace(ex, configuration)
            if ex.trace is not None:
                ex.trace.note("configuration", {"message": _NOT_FOUND_TRACE}, "backend")
            if configuration.unmatched is None:
                self.fail(ex, _NOT_FOUND)
            else:
                await _twin(configuration.unmatched, ex).fail(ex, _NOT_FOUND)
            return
        _enter(ex, match)
        target = match.target
        fault = _authorize(ex, configuration.keys, match.route)
        self._maybe_trace(ex, configuration)
        if self._llm_log is not None:
            self._llm_log.begin(ex, configuration.mask)
        if fault is not None:
            await _twin(target.program, ex).fail(ex, fault)
            return
        if ex.service_url is not None:
            retarget(ex)
            if ex.trace is not None:
                ex.trace.rebase()
        product = ex.product
        program = target.program if product is None else target.products.get(product.id, target.program)
        await _twin(program, ex).run(ex)

    def _maybe_trace(self, ex: Exchange, configuration: Configuration) -> None:
        tracing = self.tracing
        if tracing is not None and tracing.asked(ex.request):
            tracing.begin(ex, configuration.mask)

    async def _preflight(self, ex: Exchange, configuration: Configuration) -> bool:
        """Whether the request was a CORS preflight that a policy has answered.

        It is about the operation with the method it asks for, and needs no key; an operation for OPTIONS itself goes
        before.  The product is that of a key in the query, which is all that browsers send.
        """
        request, router = ex.request, configuration.router
        asked = preflight_method(request)
        if asked is None:
            return False
        match = router.match(request)
        if match is None or match.operation.method.upper() != "OPTIONS":
            match = router.match(request, asked) or match
            if match is None:
                return False
            _enter(ex, match)
            if _authorize(ex, configuration.keys, match.route) is None and ex.product is not None:
                program = match.target.products.get(ex.product.id, match.target.program)
            else:
                program = match.target.program
            if await program.preflight(ex):
                return True
            ex.api = ex.operation = ex.product = ex.subscription = ex.user = None
            ex.service_url = ex.operation_path = None
            request.matched_parameters = {}
        return False

    def fail(self, ex: Exchange, fault: PolicyFault) -> None:
        """Answer with the default response to a fault outside the policies."""
        ex.last_error = LastError(fault.source, fault.reason, fault.message, status=fault.status)
        ex.response = error_response(fault, ex.id)

    def left(self, ex: Exchange, *, answering: bool) -> None:
        """The caller closed the connection: for the log, since nobody is there to read what on-error would say."""
        if ex.last_error is not None:
            return
        source = "transfer-response" if answering else "request-forwarder"
        message = "The caller closed the connection."
        ex.last_error = LastError(source, "ClientConnectionFailure", message, section=None if answering else ex.section)

    async def close(self, ex: Exchange, *, completed: bool, sent: int) -> None:
        """The last byte went, or it never will: settle hooks, count, log."""
        self._requests.in_flight -= 1
        response = ex.response
        # A response that nobody reads on must not keep its backend working.
        if response is not None and response.body.stream is not None:
            await response.body.close()
        if ex.upstream is not None and ex.upstream.stream is not None:
            await ex.upstream.close()
        if ex.tunnel is not None:
            ex.tunnel.close()
        ex.sent = sent
        for hook in ex.hooks:
            try:
                await hook.on_end(ex, completed)
            except Exception:  # settling one policy's account must not cost another's
                log.exception("settling exchange %s failed", ex.id)
        if ex.finished is not None:
            ex.finished(completed)
        status = response.status if response is not None else CLIENT_GONE
        seconds = ex.services.clock.monotonic() - ex.started_mono
        api, operation = ex.api, ex.operation
        answered = seconds if ex.answered is None else ex.answered - ex.started_mono
        self._requests.add(api.id if api else "", operation.id if operation else "", status, answered)
        if ex.last_error is not None:
            self.metrics.refusals.add(ex.last_error, api.id if api else "")
        if ex.trace is not None and self.tracing is not None:
            self.tracing.finish(ex, status, seconds, completed=completed)
        if self._access_log is not None:
            self._access_log.add(_record(ex, status, seconds, completed, sent))

    def refused(self, status: int, remote: str) -> None:
        """The server turned down something that never became a request (malformed, headers too large)."""
        self._requests.add("", "", status, 0.0)
        if self._access_log is not None:
            now = self.services.clock.now()
            self._access_log.add(AccessRecord(now, self._id(), remote, "-", "-", status, 0.0, 0, True))


def _twin(program: Program, ex: Exchange) -> Program:
    """The program to run: its traced twin for a traced request."""
    return program if ex.trace is None else program.traced()


async def _policy_file(ex: Exchange, configuration: Configuration) -> bool:
    """Whether the global scope answers for the root of the gateway, which belongs to no API."""
    everywhere = configuration.unmatched
    return everywhere is not None and await everywhere.preflight(ex)


def _enter(ex: Exchange, match: Match) -> None:
    """What a match says, on the exchange."""
    api = ex.api = match.route.api
    ex.operation = match.target.operation
    ex.service_url = api.service_url
    ex.operation_path = match.path
    if api.is_mcp:
        _enter_mcp(ex, match.path)
    ex.request.matched_parameters = match.parameters


def _enter_mcp(ex: Exchange, path: str) -> None:
    """Callers write the endpoint with `/mcp` or without; and what policies set of headers goes on to tools."""
    request = ex.request
    if path.rstrip("/").lower() == ENDPOINT:
        ex.operation_path = ""
    request.written = set()
    request.headers = RecordedHeaders(request.headers, request.written)


def _authorize(ex: Exchange, keys: KeyRing, route: ApiRoute) -> PolicyFault | None:
    """The subscription, or the open product, of a request; the fault when it may not pass."""
    api = route.api
    key = sent_key(ex.request, api)
    if key is None:
        if route.open_product is not None:
            ex.product = route.open_product
            return None
        return None if route.keyless else key_missing(ex.request, api)
    found = keys.find(key)
    if found is None or not found.opens(api, ex.started):
        return key_invalid(ex.request, api)
    ex.subscription, ex.product, ex.user = found.subscription, found.product, found.user
    return None


def _record(ex: Exchange, status: int, seconds: float, completed: bool, sent: int) -> AccessRecord:
    request, error = ex.request, ex.last_error
    target = ex.backend.url if ex.backend is not None else None
    return AccessRecord(
        time=ex.started,
        request_id=ex.id,
        remote=request.ip_address,
        method=request.method,
        path=request.original_url.path,
        status=status,
        seconds=seconds,
        bytes_sent=sent,
        completed=completed,
        api=ex.api.id if ex.api else None,
        operation=ex.operation.id if ex.operation else None,
        product=ex.product.id if ex.product else None,
        subscription=ex.subscription.id if ex.subscription else None,
        backend=ex.served_by or (target.authority if target is not None else None),
        error_source=error.source if error else None,
        error_reason=error.reason if error else None,
        error_message=error.message if error else None,
        notes=tuple(ex.notes),
    )
