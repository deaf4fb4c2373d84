"""`cors`: answer preflight requests and let other origins read responses."""

from __future__ import annotations

from typing import TYPE_CHECKING

from apimpy.pattern import pattern
from apimpy.policies._sections import INBOUND
from apimpy.policy.base import Action, Item, Policy
from apimpy.policy.fields import REQUIRED, attr, child, children, text
from apimpy.policy.value import Value
from apimpy.runtime.exchange import ResponseHook
from apimpy.runtime.flow import Flow
from apimpy.runtime.message import Headers, Response

if TYPE_CHECKING:
    from apimpy.policy.bind import Binding
    from apimpy.policy.plan import Plan
    from apimpy.runtime.exchange import Exchange
    from apimpy.runtime.message import Request

__all__ = ["Cors", "preflight_method", "same_origin"]

_ORIGIN = pattern(r"([a-z][a-z0-9+.-]*)://(\[[0-9a-f:.]+\]|[^/:?#@]+)(?::(\d{1,5}))?/?")
_PORTS = {"http": "80", "https": "443"}
_DEFAULT_METHODS = ("GET", "POST")
_SAFELISTED = frozenset({"accept", "accept-language", "content-language", "content-type", "range"})
_ALLOW = "Access-Control-Allow-"


class Origin(Item, element="origin"):
    content: Value[str] = text(sample="https://example.com", doc="`*`, or scheme, host and port.")


class Method(Item, element="method"):
    content: Value[str] = text(sample="*", doc="A verb, or `*`.")


class HeaderName(Item, element="header"):
    content: str = text(sample="*", doc="A header, or `*`.")


class AllowedOrigins(Item, element="allowed-origins"):
    origins: tuple[Origin, ...] = children(Origin, at_least=1)


class AllowedMethods(Item, element="allowed-methods"):
    max_age: Value[int] = attr(
        name="preflight-result-max-age", default=0, minimum=0, unit="seconds", doc="How long a preflight holds."
    )
    methods: tuple[Method, ...] = children(Method, at_least=1)


class AllowedHeaders(Item, element="allowed-headers"):
    headers: tuple[HeaderName, ...] = children(HeaderName, at_least=1)


class ExposeHeaders(Item, element="expose-headers"):
    headers: tuple[HeaderName, ...] = children(HeaderName, at_least=1)


class Cors(Policy, element="cors", sections=INBOUND, repeatable=False, category="cross-domain"):
    """Answers CORS preflights before any other policy runs, and adds CORS headers to the responses of other requests.

    A request without `Origin` passes untouched.  One whose origin is not listed gets an empty 200 without CORS headers,
    unless `terminate-unmatched-request` is false: then the next `cors` policy is tried, and without one the request
    goes on.
    Only policies that stand directly in the section count.
    """

    allow_credentials: Value[bool] = attr(default=False, doc="Let the caller send credentials.")
    terminate_unmatched_request: Value[bool] = attr(default=True, doc="End what does not match with an empty 200.")
    allowed_origins: AllowedOrigins = child(AllowedOrigins, default=REQUIRED)
    allowed_methods: AllowedMethods | None = child(AllowedMethods, doc="Without it: GET and POST.")
    allowed_headers: AllowedHeaders | None = child(AllowedHeaders, doc="Without it: those that need no permission.")
    expose_headers: ExposeHeaders | None = child(ExposeHeaders)

    def check(self, cx: Binding) -> None:
        if cx.nested:
            cx.report("POL016", "<cors> has an effect only directly in the section", self.source.name_span)

    def prepare(self, plan: Plan) -> Action:
        if plan.container:
            return Action(lambda ex: Flow.NEXT, False, 0)

        def run(ex: Exchange) -> Flow:
            origin = ex.request.headers.get("Origin")
            if not origin or any(isinstance(hook, _CorsHeaders) for hook in ex.hooks):
                return Flow.NEXT
            found = self._matching(ex, origin)
            if found is None:
                if not self.terminate_unmatched_request.get(ex):
                    return Flow.NEXT
                ex.response = Response()
                return Flow.STOP
            headers = self._common(ex, origin, found)
            if self.expose_headers is not None:
                headers["Access-Control-Expose-Headers"] = _joined(self.expose_headers.headers)
            ex.queued = (ex.queued or {}) | headers
            ex.hooks.append(_CorsHeaders(headers))
            return Flow.NEXT

        return Action(run, False, self.needs(), self._preflight)

    def _preflight(self, ex: Exchange, last: bool) -> Flow:
        """Answer a preflight; anything else goes on."""
        requested = preflight_method(ex.request)
        if requested is None or (ex.operation is not None and ex.operation.method.upper() == "OPTIONS"):
            return Flow.NEXT
        answer = self._answer(ex, ex.request, requested)
        if answer is None:
            if not last and not self.terminate_unmatched_request.get(ex):
                return Flow.NEXT
            answer = Response()
        ex.response = answer
        return Flow.STOP

    def _answer(self, ex: Exchange, request: Request, requested: str) -> Response | None:
        """The answer to a preflight that matches."""
        origin = request.headers["Origin"]
        found = self._matching(ex, origin)
        if found is None:
            return None
        methods = (
            list(_DEFAULT_METHODS)
            if self.allowed_methods is None
            else [m.content.get(ex).strip() for m in self.allowed_methods.methods]
        )
        if "*" in methods:
            methods = [requested]
        elif requested.upper() not in map(str.upper, methods):
            return None
        wanted = ", ".join(request.headers.getall("Access-Control-Request-Headers", []))
        named = [] if self.allowed_headers is None else [h.content for h in self.allowed_headers.headers]
        if "*" not in named:
            known = _SAFELISTED | {name.lower() for name in named}
            if any(name.strip().lower() not in known for name in wanted.split(",") if name.strip()):
                return None
        headers = self._common(ex, origin, found)
        headers[_ALLOW + "Methods"] = ",".join(methods)
        if shown := wanted if "*" in named else ",".join(named):
            headers[_ALLOW + "Headers"] = shown
        if self.allowed_methods is not None:
            headers["Access-Control-Max-Age"] = str(self.allowed_methods.max_age.get(ex))
        if headers[_ALLOW + "Origin"] != "*":
            headers["Vary"] = "Origin"
        return Response(headers=Headers(headers))

    def _matching(self, ex: Exchange, origin: str) -> str | None:
        """The entry that allows an origin."""
        for entry in self.allowed_origins.origins:
            allowed = entry.content.get(ex).strip()
            if allowed == "*" or same_origin(allowed, origin):
                return allowed
        return None

    def _common(self, ex: Exchange, origin: str, found: str) -> dict[str, str]:
        credentials = self.allow_credentials.get(ex)
        headers = {_ALLOW + "Origin": "*" if found == "*" and not credentials else origin}
        if credentials:
            headers[_ALLOW + "Credentials"] = "true"
        return headers


class _CorsHeaders(ResponseHook):
    """Puts the headers on whatever response there is before outbound; those of the backend are replaced."""

    def __init__(self, headers: dict[str, str]) -> None:
        self.headers = headers

    async def on_response(self, ex: Exchange) -> None:
        if ex.response is not None:
            for name, value in self.headers.items():
                ex.response.headers[name] = value

    async def on_short_circuit(self, ex: Exchange) -> None:
        await self.on_response(ex)


def preflight_method(request: Request) -> str | None:
    """The method that a CORS preflight asks about; None when the request is none."""
    if request.method != "OPTIONS" or not request.headers.get("Origin"):
        return None
    return request.headers.get("Access-Control-Request-Method", "").strip() or None


def same_origin(allowed: str, origin: str) -> bool:
    """Scheme, host and port agree; what is no origin (`null`) must be the same text."""
    mine, theirs = _parts(allowed), _parts(origin)
    return allowed == origin if mine is None or theirs is None else mine == theirs


def _parts(origin: str) -> tuple[str, str, str | None] | None:
    m = _ORIGIN.fullmatch(origin.strip().lower())
    return None if m is None else (m[1], m[2], m[3] or _PORTS.get(m[1]))


def _joined(names: tuple[HeaderName, ...]) -> str:
    return ",".join(name.content for name in names)
