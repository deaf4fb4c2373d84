"""An exchange from a JSON description, to run expressions without a gateway (`apimpy eval`, tests).

    ex = load_fixture({"request": {"url": "https://api.example/x"}, "variables": {"n": {"type": "int", "value": 1}}})

Member names follow `context` in camel case.  Time stands still, and whatever would leave the process is refused.
"""

from __future__ import annotations

import base64
import json
import random
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from apimpy.dotnet.apim.carriers import date_of, parse_as
from apimpy.dotnet.apim.jwt import parse_jwt
from apimpy.dotnet.crypto.x509 import Certificate
from apimpy.dotnet.time.ticks import UNIX_EPOCH
from apimpy.dotnet.universe import universe
from apimpy.dotnet.values import Array, Char, Int64, from_text
from apimpy.dotnet.web.octets import byte_array
from apimpy.runtime.exchange import (
    Api,
    Deployment,
    Exchange,
    Group,
    Identity,
    LastError,
    Operation,
    Product,
    Subscription,
    User,
)
from apimpy.runtime.message import Body, Headers, Request, Response, Url
from apimpy.runtime.ports import ManagedIdentityError, StoreUnavailable, TransportError
from apimpy.runtime.services import Services

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from apimpy.runtime.ports import TokenLimits, TokenVerdict

__all__ = ["FixedClock", "Moment", "Refusing", "fixture_services", "load_fixture", "read_fixture"]

DEFAULT_URL = "https://localhost/"
DEFAULT_ID = "00000000-0000-0000-0000-000000000001"
DEFAULT_TIME = "2024-01-01T00:00:00Z"

_TICKS = 10_000_000


class Moment(float):
    """UTC seconds that know their exact ticks (100 ns since the year 1); a float alone is too coarse."""

    ticks: int

    @classmethod
    def at(cls, ticks: int) -> Moment:
        made = cls((ticks - UNIX_EPOCH) / _TICKS)
        made.ticks = ticks
        return made


class FixedClock:
    """Always the same time: `ticks`, and `elapsed` seconds after the request arrived."""

    __slots__ = ("_elapsed", "_ticks")

    def __init__(self, ticks: int, elapsed: float = 0.0) -> None:
        self._ticks, self._elapsed = ticks, elapsed

    def now(self) -> float:
        return (self._ticks - UNIX_EPOCH) / _TICKS

    def ticks(self) -> int:
        return self._ticks

    def monotonic(self) -> float:
        return self._elapsed

    async def sleep(self, seconds: float) -> None:
        """No time passes."""


class Refusing:
    """Every port but the clock: a fixture has no network, no store, no identity."""

    async def send(self, request: Request, *, timeout: float | None) -> Response:  # noqa: ASYNC109 the port's own signature
        raise TransportError("a fixture has no network")

    async def aclose(self) -> None:
        """Nothing is open."""

    async def admit(
        self, limits: TokenLimits, rate_need: int | None, quota_need: int | None, now: float
    ) -> TokenVerdict:
        raise StoreUnavailable("a fixture has no token store")

    async def settle(self, limits: TokenLimits, rate: int, quota: int, reserved: float, now: float) -> TokenVerdict:
        raise StoreUnavailable("a fixture has no token store")

    def count(self, text: str, model: str | None) -> int:
        raise LookupError("a fixture has no token counter")

    def encoding_name(self, model: str | None) -> str:
        raise LookupError("a fixture has no token counter")

    def learn(self, deployment: str, model: str) -> None:
        """Nothing is counted."""

    def emit(self, namespace: str, dimensions: dict[str, str], values: dict[str, int]) -> None:
        """Nobody listens."""

    async def token(self, resource: str, client_id: str | None) -> str:
        raise ManagedIdentityError("a fixture has no managed identity")


def fixture_services(ticks: int, elapsed: float = 0.0, deployment: Deployment | None = None) -> Services:
    refusing = Refusing()
    services = Services(
        clock=FixedClock(ticks, elapsed),
        transport=refusing,
        token_store=refusing,
        token_counter=refusing,
        token_meter=refusing,
        identity=refusing,
        random=random.Random(0),  # noqa: S311 reproducible on purpose
    )
    if deployment is not None:
        services.deployment = deployment
    return services


def read_fixture(path: Path) -> Exchange:
    """`load_fixture` of a file.  ValueError or KeyError when it is none."""
    return load_fixture(json.loads(path.read_text(encoding="utf-8")))


def load_fixture(data: dict[str, Any]) -> Exchange:
    """A fresh exchange; what the description leaves out is null in `context` (the request: an empty GET)."""
    universe()
    arrived = date_of(data.get("timestamp") or DEFAULT_TIME).ticks
    elapsed = float(data.get("elapsedMs") or 0) / 1000
    deployment = _deployment(data.get("deployment") or {})
    services = fixture_services(arrived + round(elapsed * _TICKS), elapsed, deployment)
    request = _request(data.get("request") or {})
    identifier = (data.get("requestId") or DEFAULT_ID).lower()
    ex = Exchange(identifier, request, services, services.runtime(), Moment.at(arrived))
    ex.started_mono = 0.0
    ex.response = _maybe(data.get("response"), _response)
    ex.api = _maybe(data.get("api"), _api)
    ex.operation = _maybe(data.get("operation"), _operation)
    ex.product = _maybe(data.get("product"), _product)
    ex.subscription = _maybe(data.get("subscription"), _subscription)
    ex.user = _maybe(data.get("user"), _user)
    ex.last_error = _maybe(data.get("lastError"), _last_error)
    ex.tracing = bool(data.get("tracing"))
    ex.variables = {
        from_text(name): _variable(item["type"], item.get("value"))
        for name, item in (data.get("variables") or {}).items()
    }
    return ex


def _maybe(data: Any, make: Callable[[dict[str, Any]], Any]) -> Any:
    return make(data) if isinstance(data, dict) else None


# --- messages --------------------------------------------------------------------------------------------------------


def _headers(data: dict[str, Any] | None) -> Headers[str]:
    headers: Headers[str] = Headers()
    for name, values in (data or {}).items():
        for value in values if isinstance(values, list) else [values]:
            headers.add(name, value)
    return headers


def _body(data: dict[str, Any]) -> Body:
    if data.get("bodyBase64") is not None:
        return Body(base64.b64decode(data["bodyBase64"]))
    text = data.get("body")
    return Body() if text is None else Body(text.encode())


def _certificate(data: Any) -> Certificate | None:
    return Certificate.load(base64.b64decode(data["der"])) if isinstance(data, dict) else None


def _request(data: dict[str, Any]) -> Request:
    url = data.get("url") or DEFAULT_URL
    return Request(
        data.get("method") or "GET",
        Url.parse(url),
        _headers(data.get("headers")),
        _body(data),
        original_url=Url.parse(data.get("originalUrl") or url),
        ip_address=data.get("ipAddress") or "",
        matched_parameters=data.get("matchedParameters") or {},
        certificate=_certificate(data.get("certificate")),
    )


def _response(data: dict[str, Any]) -> Response:
    return Response(data["statusCode"], data.get("statusReason"), _headers(data.get("headers")), _body(data))


# --- entities --------------------------------------------------------------------------------------------------------


def _api(data: dict[str, Any]) -> Api:
    names = data.get("subscriptionKeyParameterNames") or {}
    url = data.get("serviceUrl")
    return Api(
        id=data.get("id") or "",
        name=data.get("name") or "",
        path=data.get("path") or "",
        revision=data.get("revision") or "1",
        version=data.get("version"),
        is_current_revision=bool(data.get("isCurrentRevision")),
        service_url=Url.parse(url) if url else None,
        protocols=tuple(data.get("protocols") or ("https",)),
        key_header=names.get("header", "Ocp-Apim-Subscription-Key"),
        key_query=names.get("query", "subscription-key"),
    )


def _operation(data: dict[str, Any]) -> Operation:
    id_, name, method, template = (data.get(n) or "" for n in ("id", "name", "method", "urlTemplate"))
    return Operation(id_, name, method, template)


def _groups(data: dict[str, Any]) -> tuple[Group, ...]:
    return tuple(Group(g.get("id") or "", g.get("name") or "") for g in data.get("groups") or ())


def _product(data: dict[str, Any]) -> Product:
    limit = data.get("subscriptionsLimit", data.get("subscriptionLimit"))
    return Product(
        id=data.get("id") or "",
        name=data.get("name") or "",
        approval_required=bool(data.get("approvalRequired")),
        subscription_required=bool(data.get("subscriptionRequired")),
        subscriptions_limit=limit,
        state=data.get("state") or "Published",
        groups=_groups(data),
        apis=tuple(_api(a) for a in data.get("apis") or ()),
    )


def _subscription(data: dict[str, Any]) -> Subscription:
    return Subscription(
        id=data.get("id") or "",
        name=data.get("name") or "",
        key=data.get("key"),
        primary_key=data.get("primaryKey"),
        secondary_key=data.get("secondaryKey"),
        created=data.get("createdDate"),
        start=data.get("startDate"),
        end=data.get("endDate"),
    )


def _user(data: dict[str, Any]) -> User:
    return User(
        id=data.get("id") or "",
        email=data.get("email") or "",
        first_name=data.get("firstName") or "",
        last_name=data.get("lastName") or "",
        note=data.get("note") or "",
        registration_date=data.get("registrationDate"),
        groups=_groups(data),
        identities=tuple(Identity(i.get("id") or "", i.get("provider") or "") for i in data.get("identities") or ()),
    )


def _deployment(data: dict[str, Any]) -> Deployment:
    gateway = data.get("gatewayId") or "managed"
    certificates = {name: _certificate(item) for name, item in (data.get("certificates") or {}).items()}
    return Deployment(
        region=data.get("region") or "local",
        service_id=data.get("serviceId") or "apimpy",
        service_name=data.get("serviceName") or "apimpy",
        gateway_id=gateway,
        instance_id=data.get("instanceId") or gateway,
        is_managed=gateway == "managed",
        certificates=tuple(certificates.items()),
    )


def _last_error(data: dict[str, Any]) -> LastError:
    return LastError(
        source=data.get("source") or "",
        reason=data.get("reason"),
        message=data.get("message") or "",
        scope=data.get("scope"),
        section=data.get("section"),
        path=data.get("path"),
        policy_id=data.get("policyId"),
    )


# --- variables -------------------------------------------------------------------------------------------------------


def _text(value: str) -> str:
    return from_text(value)


def _char(value: str) -> Char:
    return Char(from_text(value)[0])


def _bytes(value: str) -> Array:
    return byte_array(base64.b64decode(value))


def _strings(value: list[str | None]) -> Array:
    return Array(universe().named("System.String"), [None if v is None else from_text(v) for v in value])


def _span(value: str) -> Any:
    from apimpy.dotnet.time.timespan import parse

    return parse(value)


def _parsed(type_name: str) -> Callable[[str], Any]:
    def make(value: str) -> Any:
        return parse_as(type_name, from_text(value))

    return make


def _null(value: Any) -> None:
    return None


_MAKERS: dict[str, Callable[[Any], Any]] = {
    "null": _null,
    "string": _text,
    "int": int,
    "long": Int64,
    "double": float,
    "decimal": Decimal,
    "bool": bool,
    "char": _char,
    "DateTime": date_of,
    "TimeSpan": _span,
    "Guid": _parsed("System.Guid"),
    "byte[]": _bytes,
    "string[]": _strings,
    "JObject": _parsed("Newtonsoft.Json.Linq.JObject"),
    "JArray": _parsed("Newtonsoft.Json.Linq.JArray"),
    "JToken": _parsed("Newtonsoft.Json.Linq.JToken"),
    "XElement": _parsed("System.Xml.Linq.XElement"),
    "XDocument": _parsed("System.Xml.Linq.XDocument"),
    "Jwt": parse_jwt,
    "IResponse": _response,
}


def _variable(kind: str, value: Any) -> Any:
    """A boxed C# value of a named type.  ValueError for a type nobody knows."""
    make = _MAKERS.get(kind)
    if make is None:
        raise ValueError(f"a variable of type {kind!r} is not possible; one of {', '.join(_MAKERS)}")
    return None if value is None else make(value)
