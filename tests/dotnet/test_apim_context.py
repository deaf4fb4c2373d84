"""The declarations of `context`, asked by their C# names."""

from __future__ import annotations

from typing import Any

import pytest

from apimpy.csharp.types import Method, Property
from apimpy.dotnet.exceptions import ClrError
from apimpy.dotnet.universe import universe
from apimpy.dotnet.values import to_string, type_of
from apimpy.runtime.exchange import BackendTarget, Exchange
from apimpy.runtime.fixture import load_fixture
from apimpy.runtime.message import Url

universe()

FIXTURE: dict[str, Any] = {
    "request": {
        "method": "POST",
        "url": "https://api.contoso.com/a/b?status=open&tag=a&TAG=b&q=caf%C3%A9%20%26&empty=",
        "originalUrl": "https://api.contoso.com:8443/orig?key=k",
        "ipAddress": "203.0.113.7",
        "headers": {"Accept": ["application/json", "text/plain"], "X-Name": "😀"},
        "body": "{}",
        "matchedParameters": {"customerId": "42"},
    },
    "api": {
        "id": "a1",
        "name": "Orders",
        "path": "orders",
        "revision": "3",
        "isCurrentRevision": True,
        "serviceUrl": "https://backend:8443/svc",
    },
    "operation": {"id": "op", "name": "List", "method": "GET", "urlTemplate": "/x/{y}"},
    "product": {"id": "gold", "name": "Gold", "state": "NotPublished", "subscriptionLimit": 5, "apis": [{"id": "a1"}]},
    "subscription": {"id": "s1", "name": "Sub", "createdDate": "2023-05-06T07:08:09Z"},
    "user": {
        "id": "u1",
        "email": "j@x",
        "registrationDate": "2022-01-02T03:04:05Z",
        "groups": [{"id": "g", "name": "G"}],
    },
    "deployment": {"region": "West Europe", "gatewayId": "managed"},
    "lastError": {"source": "validate-jwt", "message": "bad", "reason": "TokenExpired"},
    "requestId": "0F8FAD5B-D9CB-469F-A165-70867728950E",
    "timestamp": "2024-03-04T05:06:07.1234567Z",
    "elapsedMs": 1234.5,
}


@pytest.fixture
def ex() -> Exchange:
    return load_fixture(FIXTURE)


def member(type_name: str, name: str) -> Property | Method:
    decl = universe().any_type(type_name, 0)
    assert decl is not None
    for owner in (decl, *(b.decl for b in decl.bases())):
        if owner.own(name):
            return owner.own(name)[0]
    raise LookupError(name)


def read(value: Any, path: str) -> Any:
    """`Request.Url.Host`, through the declared types."""
    kind = "IProxyRequestContext"
    for name in path.split("."):
        found = member(kind, name)
        if isinstance(found, Property):
            value = getattr(value, found.decl.attr) if found.decl.attr else found.getter(value)  # type: ignore[misc]
            kind = found.type.name.rstrip("?")
        else:
            value = found.impl(value)
            kind = found.result.name
        if value is None:
            return None
    return value


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("Request.Method", "POST"),
        ("Request.IpAddress", "203.0.113.7"),
        ("Request.Url.Scheme", "https"),
        ("Request.Url.Host", "api.contoso.com"),
        ("Request.Url.Port", 443),
        ("Request.Url.Path", "/a/b"),
        ("Request.Url.QueryString", "?status=open&tag=a&TAG=b&q=caf%C3%A9%20%26&empty="),
        ("Request.OriginalUrl.ToString", "https://api.contoso.com:8443/orig?key=k"),
        ("Request.Certificate", None),
        ("Request.PrivateEndpointConnection", None),
        ("Response", None),
        ("Api.Name", "Orders"),
        ("Api.Id", "a1"),
        ("Api.Version", None),
        ("Api.Revision", "3"),
        ("Api.IsCurrentRevision", True),
        ("Api.ServiceUrl.Port", 8443),
        ("Api.SubscriptionKeyParameterNames.Header", "Ocp-Apim-Subscription-Key"),
        ("Api.SubscriptionKeyParameterNames.Query", "subscription-key"),
        ("Operation.UrlTemplate", "/x/{y}"),
        ("Product.SubscriptionLimit", 5),
        ("Product.SubscriptionsLimit", 5),
        ("Product.Workspace", None),
        ("Subscription.Key", None),
        ("Subscription.EndDate", None),
        ("User.Email", "j@x"),
        ("User.Note", None),
        ("Deployment.Region", "West Europe"),
        ("Deployment.Gateway.Id", "managed"),
        ("Deployment.Gateway.IsManaged", True),
        ("Deployment.SustainabilityInfo", None),
        ("LastError.Source", "validate-jwt"),
        ("LastError.Reason", "TokenExpired"),
        ("LastError.PolicyId", None),
        ("LastError.TransportErrorCode", 0),
        ("Backend", None),
        ("GraphQL", None),
        ("Workspace", None),
        ("Tracing", False),
    ],
)
def test_members(ex: Exchange, path: str, expected: Any) -> None:
    assert read(ex, path) == expected


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("Timestamp", "03/04/2024 05:06:07"),
        ("Elapsed", "00:00:01.2345000"),
        ("RequestId", "0f8fad5b-d9cb-469f-a165-70867728950e"),
        ("Product.State", "NotPublished"),
        ("Subscription.CreatedDate", "05/06/2023 07:08:09"),
        ("User.RegistrationDate", "01/02/2022 03:04:05"),
        ("Request.OriginalUrl", "https://api.contoso.com:8443/orig?key=k"),
        ("Request.Url.ToUri", "https://api.contoso.com/a/b?status=open&tag=a&TAG=b&q=café %26&empty="),
    ],
)
def test_converted_members(ex: Exchange, path: str, expected: str) -> None:
    assert to_string(read(ex, path)) == expected


def test_timestamp_is_exact(ex: Exchange) -> None:
    assert read(ex, "Timestamp").clr_format("o") == "2024-03-04T05:06:07.1234567Z"


@pytest.mark.parametrize(
    ("path", "expected"),
    [("Api.Protocols", ["https"]), ("Product.Apis", 1), ("User.Groups", 1), ("Product.Groups", 0)],
)
def test_sequences(ex: Exchange, path: str, expected: Any) -> None:
    found = read(ex, path)
    assert (list(found) if isinstance(expected, list) else len(found)) == expected


def test_backend_only_when_an_entity_is_selected(ex: Exchange) -> None:
    ex.backend = BackendTarget(Url.parse("https://b/"))
    assert read(ex, "Backend") is None
    ex.backend.id, ex.backend.kind = "pool-1", "Pool"
    assert read(ex, "Backend.Id") == "pool-1"
    assert to_string(read(ex, "Backend.Type")) == "Pool"


def test_trace(ex: Exchange) -> None:
    first, second = (m.impl for m in universe().any_type("IProxyRequestContext", 0).own("Trace"))  # type: ignore[union-attr]
    first(ex, "hello")
    second(ex, "source", 5)
    assert ex.traces == ["hello", "source: 5"]


def test_objects_know_their_interface(ex: Exchange) -> None:
    found = [type_of(v).name for v in (ex, ex.request, ex.request.url, ex.request.body, ex.api, ex.user, ex.last_error)]
    assert found == ["IProxyRequestContext", "IRequest", "IUrl", "IMessageBody", "IApi", "IUser", "ILastError"]


def test_every_interface_member_parses() -> None:
    count = 0
    for decl in universe().types():
        if decl.full_name.startswith(("Apim.", "System.Net", "System.Uri", "System.Security")):
            count += sum(len(decl.own(name)) for name in decl.declarations)
    assert count > 400


def test_bad_date_is_a_clr_error() -> None:
    ex = load_fixture({"subscription": {"id": "s", "createdDate": "soon"}})
    with pytest.raises(ClrError):
        read(ex, "Subscription.CreatedDate")
