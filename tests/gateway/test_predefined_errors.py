"""Every error that the platform names, over a socket: all bytes of the answer, and what an on-error policy sees of it.

A row runs twice: against a gateway whose global policy has no on-error policies, and against one that shows
`context.LastError` in response headers.  Date is the only header that is not compared.
"""
# ruff: noqa: E501  (a row of a table is a line)

from __future__ import annotations

import asyncio
import base64
import contextlib
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jwt
import pytest
from aiohttp import web
from ports import free_port

from apimpy.gateway.server import Limits, Server
from apimpy.runtime.services import SystemClock

NOW = 1_700_000_000
"""2023-11-14 22:13:20 UTC: the clock of these gateways stands still."""
SECRET = b"0123456789abcdef" * 2
KEY = "k-1"
SHOWN = ("Source", "Reason", "Message", "Section", "Scope", "Path", "PolicyId")
SHOW = "".join(
    f'<set-header name="X-{name}"><value>@(context.LastError.{name} ?? "-")</value></set-header>' for name in SHOWN
) + (
    '<set-header name="X-Status"><value>@(context.Response.StatusCode + " " + context.Response.StatusReason)</value></set-header>'
    '<set-header name="X-Id"><value>@(context.RequestId.ToString())</value></set-header>'
)
GLOBAL = "<policies><inbound /><backend><forward-request /></backend><outbound /><on-error>{}</on-error></policies>"
WITH_ID = '<check-header id="who" name="X-Who" failed-check-httpcode="401" failed-check-error-message="Who?" ignore-case="false" />'
FILE = """
version: 1
options: {options}
policy: global.xml
apis:
  - id: api
    path: shop
    service_url: {service_url}
    subscription_required: {keyed}
    {scope}: row.xml
    operations: [{{id: all, method: GET, url_template: "/*"}}, {{id: post, method: POST, url_template: "/*"}}]
products: [{{id: team, apis: [api]{product}}}]
subscriptions: [{{id: red, product: team, start: 2023-11-14, keys: {key}}}]
"""
INTERNAL = '{ "statusCode": 500, "message": "Internal server error", "activityId": "<id>" }'
_ID = re.compile(r'(?<="activityId": ")[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}(?=")')


def told(status: int, message: str) -> str:
    return f'{{ "statusCode": {status}, "message": "{message}" }}'


@dataclass(frozen=True)
class Row:
    """A policy, the request that it fails, and both answers.

    `error`: source, reason, message, section, scope, path as in `SHOWN`; "-" is null, the path of a policy that stands
    in no other is empty, and a message that ends in "…" may go on.  `first`: requests that pass before.
    """

    name: str
    policy: str
    status: str
    body: str
    error: tuple[str, ...]
    headers: tuple[str, ...] = ()
    sent: tuple[str, ...] = (f"Ocp-Apim-Subscription-Key: {KEY}",)
    target: str = "/shop/x"
    first: int = 0
    section: str = "inbound"
    scope: str = "api"
    service: str = "echo"
    """Which backend: see `backends`."""
    keyed: bool = True
    policy_id: str = "-"
    options: str = "{}"
    unix: bool = False
    """The caller comes over a Unix socket, so it has no address."""


# --- the rows ---------------------------------------------------------------------------------------------------------

MISSING = "Access denied due to missing subscription key. Make sure to include subscription key when making requests to {} API."
INVALID = "Access denied due to invalid subscription key. Make sure to provide a valid key for an active subscription."
CHALLENGE = (
    'WWW-Authenticate: AzureApiManagementKey realm="http://gw.test:8080/shop",name="Ocp-Apim-Subscription-Key",type="header"',
    "Vary: Origin",
)
BEFORE_POLICIES = [
    Row("no API", "", "404 Not Found", told(404, "Resource not found"),
        ("configuration", "OperationNotFound", "Unable to match incoming request to an operation.", "-", "-", "-"), target="/none"),
    Row("no operation", "", "404 Not Found", told(404, "Resource not found"),
        ("configuration", "OperationNotFound", "Unable to match incoming request to an operation.", "-", "-", "-"), target="PUT /shop/x"),
    Row("no key", "", "401 Unauthorized", told(401, MISSING.format("an")),
        ("authorization", "SubscriptionKeyNotFound", MISSING.format("this"), "-", "-", "-"), CHALLENGE, sent=()),
    Row("a key of nobody", "", "401 Unauthorized", told(401, INVALID),
        ("authorization", "SubscriptionKeyInvalid", INVALID, "-", "-", "-"), CHALLENGE, sent=("Ocp-Apim-Subscription-Key: none",)),
    Row("a key of nobody, where none is needed", "", "401 Unauthorized", told(401, INVALID),
        ("authorization", "SubscriptionKeyInvalid", INVALID, "-", "-", "-"), CHALLENGE, sent=("Ocp-Apim-Subscription-Key: none",), keyed=False),
]  # fmt: skip

LIMITS = [
    Row("rate-limit", '<rate-limit calls="1" renewal-period="60" />', "429 Too Many Requests", told(429, "Rate limit is exceeded. Try again in 60 seconds."),
        ("rate-limit", "RateLimitExceeded", "Rate limit is exceeded. Try again in 60 seconds.", "inbound", "api", ""), ("Retry-After: 60",), first=1),
    Row("rate-limit, sliding", '<rate-limit calls="2" renewal-period="90" retry-after-header-name="X-Wait" remaining-calls-header-name="X-Left" total-calls-header-name="X-Total" />',
        "429 Too Many Requests", told(429, "Rate limit is exceeded. Try again in 90 seconds."),
        ("rate-limit", "RateLimitExceeded", "Rate limit is exceeded. Try again in 90 seconds.", "inbound", "api", ""),
        ("X-Wait: 90", "X-Left: 0", "X-Total: 2"), first=2, options="{rate_algorithm: sliding}"),
    Row("rate-limit-by-key", '<rate-limit-by-key calls="1" renewal-period="5" counter-key="k" />', "429 Too Many Requests", told(429, "Rate limit is exceeded. Try again in 5 seconds."),
        ("rate-limit-by-key", "RateLimitExceeded", "Rate limit is exceeded. Try again in 5 seconds.", "inbound", "api", ""), ("Retry-After: 5",), first=1),
    Row("quota of calls", '<quota calls="1" renewal-period="86400" />', "403 Forbidden", told(403, "Out of call volume quota. Quota will be replenished in 01:46:40."),
        ("quota", "QuotaExceeded", "Out of call volume quota. Quota will be replenished in 01:46:40.", "inbound", "product", ""), ("Retry-After: 6400",), first=1, scope="product"),
    Row("quota of calls, for days", '<quota calls="1" renewal-period="2592000" />', "403 Forbidden", told(403, "Out of call volume quota. Quota will be replenished in 29.01:46:40."),
        ("quota", "QuotaExceeded", "Out of call volume quota. Quota will be replenished in 29.01:46:40.", "inbound", "product", ""), ("Retry-After: 2512000",), first=1, scope="product"),
    Row("quota of calls, for ever", '<quota calls="1" renewal-period="0" />', "403 Forbidden", told(403, "Out of call volume quota."),
        ("quota", "QuotaExceeded", "Out of call volume quota.", "inbound", "product", ""), first=1, scope="product"),
    Row("quota of bandwidth", '<quota bandwidth="1" renewal-period="86400" />', "403 Forbidden", told(403, "Out of bandwidth quota. Quota will be replenished in 01:46:40."),
        ("quota", "QuotaExceeded", "Out of bandwidth quota. Quota will be replenished in 01:46:40.", "inbound", "product", ""), ("Retry-After: 6400",), first=1, scope="product",
        sent=(f"Ocp-Apim-Subscription-Key: {KEY}", "X-Long: " + "x" * 1024)),
    Row("quota-by-key of calls", '<quota-by-key calls="1" renewal-period="3600" counter-key="k" first-period-start="2023-11-14T22:00:00Z" />', "403 Forbidden",
        told(403, "Out of call volume quota. Quota will be replenished in 00:46:40."),
        ("quota-by-key", "QuotaExceeded", "Out of call volume quota. Quota will be replenished in 00:46:40.", "inbound", "api", ""), ("Retry-After: 2800",), first=1),
    Row("quota-by-key of bandwidth", '<quota-by-key bandwidth="1" renewal-period="3600" counter-key="k" first-period-start="2023-11-14T22:00:00Z" />', "403 Forbidden",
        told(403, "Out of bandwidth quota. Quota will be replenished in 00:46:40."),
        ("quota-by-key", "QuotaExceeded", "Out of bandwidth quota. Quota will be replenished in 00:46:40.", "inbound", "api", ""), ("Retry-After: 2800",), first=1,
        sent=(f"Ocp-Apim-Subscription-Key: {KEY}", "X-Long: " + "x" * 1024)),
    Row("limit-concurrency", '<limit-concurrency key="k" max-count="1"><limit-concurrency key="k" max-count="1"><set-method>GET</set-method></limit-concurrency></limit-concurrency>',
        "429 Too Many Requests", told(429, "Concurrency limit is exceeded."),
        ("limit-concurrency", "ConcurrencyLimitExceeded", "Concurrency limit is exceeded.", "inbound", "api", r"limit-concurrency[1]\limit-concurrency[1]")),
]  # fmt: skip

CHECK = '<check-header name="X-Who" failed-check-httpcode="{}" failed-check-error-message="{}" ignore-case="false">{}</check-header>'
ADMISSION = [
    Row("jsonp", '<jsonp callback-parameter-name="call" />', "400 Bad Request", told(400, "Value of callback parameter call is not a valid JavaScript identifier."),
        ("jsonp", "CallbackParameterInvalid", "Value of callback parameter call is not a valid JavaScript identifier.", "outbound", "api", ""),
        section="outbound", target="/shop/x?call=1-2"),
    Row("ip-filter, no address", '<ip-filter action="allow"><address>10.0.0.1</address></ip-filter>', "403 Forbidden", told(403, "Forbidden"),
        ("ip-filter", "FailedToParseCallerIP", "Failed to establish IP address for the caller. Access denied.", "inbound", "api", ""), unix=True),
    Row("ip-filter, not allowed", '<ip-filter action="allow"><address>10.0.0.1</address></ip-filter>', "403 Forbidden", told(403, "Forbidden"),
        ("ip-filter", "CallerIpNotAllowed", "Caller IP address 127.0.0.1 is not allowed. Access denied.", "inbound", "api", "")),
    Row("ip-filter, forbidden", '<ip-filter action="forbid"><address-range from="127.0.0.0" to="127.0.0.9" /></ip-filter>', "403 Forbidden", told(403, "Forbidden"),
        ("ip-filter", "CallerIpBlocked", "Caller IP address is blocked. Access denied.", "inbound", "api", "")),
    Row("check-header, none", CHECK.format(401, "Not authorized", ""), "401 Unauthorized", told(401, "Not authorized"),
        ("check-header", "HeaderNotFound", "Header X-Who was not found in the request. Access denied.", "inbound", "api", "")),
    Row("check-header with an id", f'<choose><when condition="true"><set-method>GET</set-method>{WITH_ID}</when></choose>', "401 Unauthorized", told(401, "Who?"),
        ("check-header", "HeaderNotFound", "Header X-Who was not found in the request. Access denied.", "inbound", "api", r"choose[1]\when[1]\check-header[1]"), policy_id="who"),
    Row("check-header, another value", CHECK.format(418, "&quot;No&quot;", "<value>me</value>"), "418 I'm a Teapot", told(418, r"\"No\""),
        ("check-header", "HeaderValueNotAllowed", "Header X-Who value of you is not allowed. Access denied.", "inbound", "api", ""),
        sent=(f"Ocp-Apim-Subscription-Key: {KEY}", "X-Who: you")),
]  # fmt: skip

ISSUED = {"iss": "https://issuer.test", "aud": "shop", "exp": NOW + 60}
JWT = (
    '<validate-jwt header-name="Authorization"{}><issuer-signing-keys><key id="k1">'
    + base64.b64encode(SECRET).decode()
    + "</key></issuer-signing-keys>{}</validate-jwt>"
)


def token(secret: bytes | None = SECRET, algorithm: str = "HS256", kid: str = "k1", **changes: Any) -> str:
    claims = {k: v for k, v in (ISSUED | changes).items() if v is not None}
    return jwt.encode(claims, secret, algorithm, headers={"kid": kid})


def refused(
    name: str, sent: str | None, reason: str, message: str, inner: str = "", attributes: str = "",
    status: str = "401 Unauthorized", client: str | None = None,
) -> Row:  # fmt: skip
    """A row of `validate-jwt`."""
    error = ("validate-jwt", reason, message, "inbound", "api", "")
    headers = (f"Ocp-Apim-Subscription-Key: {KEY}", *([f"Authorization: {sent}"] if sent is not None else []))
    body = told(int(status[:3]), message if client is None else client)
    return Row(f"validate-jwt, {name}", JWT.format(attributes, inner), status, body, error, sent=headers)


CLAIM = '<required-claims><claim name="{}"><value>admin</value></claim>{}</required-claims>'
TOKENS = [
    refused("no token", None, "TokenNotPresent", "JWT not present."),
    refused("another scheme", f"Basic {token()}", "TokenNotPresent", "JWT not present.", attributes=' require-scheme="Bearer"'),
    refused("no token, own status and text", None, "TokenNotPresent", "JWT not present.", "", ' failed-validation-httpcode="403" failed-validation-error-message="No."', "403 Forbidden", "No."),
    refused("a signature that is not ours", f"Bearer {token(b'f' * 32)}", "TokenSignatureInvalid", "IDX10511: Signature validation failed. Keys tried: kid: 'k1'. Access denied."),
    refused("no signature", f"Bearer {token(None, 'none')}", "TokenSignatureInvalid", "IDX10504: Unable to validate signature, token does not have a signature: '[hidden]'. Access denied."),
    refused("a key id of nobody", f"Bearer {token(b'f' * 32, kid='k2')}", "TokenSignatureKeyNotFound", "IDX10501: Signature validation failed. Unable to match key: kid: 'k2'. Access denied."),
    refused("audience", f"Bearer {token()}", "TokenAudienceNotAllowed", "IDX10214: Audience validation failed. Audiences: 'shop'. Did not match: 'a, b'. Access denied.", "<audiences><audience>a</audience><audience>b</audience></audiences>"),
    refused("issuer", f"Bearer {token()}", "TokenIssuerNotAllowed", "IDX10205: Issuer validation failed. Issuer: 'https://issuer.test'. Did not match: 'me'. Access denied.", "<issuers><issuer>me</issuer></issuers>"),
    refused("expired", f"Bearer {token(exp=NOW - 1)}", "TokenExpired", "IDX10223: Lifetime validation failed. The token is expired. ValidTo: '11/14/2023 22:13:19', Current time: '11/14/2023 22:13:20'. Access denied."),
    refused("claims that are not there", f"Bearer {token()}", "TokenClaimNotFound", "JWT is missing the following claims: role, scp. Access denied.", CLAIM.format("role", '<claim name="scp" />')),
    refused("the value of a claim", f"Bearer {token(role='user')}", "TokenClaimValueNotAllowed", "Claim role value of user is not allowed. Access denied.", CLAIM.format("role", "")),
    refused("not yet valid", f"Bearer {token(nbf=NOW + 1)}", "JwtInvalid", "IDX10222: Lifetime validation failed. The token is not yet valid. ValidFrom: '11/14/2023 22:13:21', Current time: '11/14/2023 22:13:20'."),
    refused("no expiration time", f"Bearer {token(exp=None)}", "JwtInvalid", "IDX10225: Lifetime validation failed. The token is missing an Expiration Time."),
    refused("no JWT", "Bearer abc", "JwtInvalid", "IDX12741: JWT must have three segments (JWS) or five segments (JWE)."),
    Row("validate-azure-ad-token, no token", '<validate-azure-ad-token tenant-id="contoso"><client-application-ids><application-id>a</application-id></client-application-ids></validate-azure-ad-token>',
        "401 Unauthorized", told(401, "JWT not present."), ("validate-azure-ad-token", "TokenNotPresent", "JWT not present.", "inbound", "api", "")),
]  # fmt: skip

SEND = '<send-request mode="new" response-variable-name="r" timeout="1"><set-url>{}</set-url><set-method>GET</set-method></send-request>'
FAILURES = [
    Row("an expression throws", '<set-variable name="v" value="@(context.Variables[&quot;none&quot;].ToString())" />', "500 Internal Server Error", INTERNAL,
        ("set-variable", "ExpressionValueEvaluationFailure", "Expression evaluation failed. The given key 'none' was not present in the dictionary.", "inbound", "api", "")),
    Row("a null is used", '<choose><when condition="@(((string)null).Length == 1)"><set-method>GET</set-method></when></choose>', "500 Internal Server Error", INTERNAL,
        ("choose", "ExpressionValueEvaluationFailure", "Expression evaluation failed. Object reference not set to an instance of an object.", "inbound", "api", r"choose[1]\when[1]")),
    Row("a value that cannot be", '<set-status code="@(7)" reason="Seven" />', "500 Internal Server Error", INTERNAL,
        ("set-status", "ExpressionValueValidationFailure", "Expression value is invalid. The code field must be at least 100, not 7.", "inbound", "api", "")),
    Row("nobody listens", "", "500 Internal Server Error", INTERNAL,
        ("request-forwarder", "BackendConnectionFailure", "no connection to the backend: …", "backend", "global", ""), service="nobody"),
    Row("the backend hangs up", "", "500 Internal Server Error", INTERNAL,
        ("request-forwarder", "BackendConnectionFailure", "the backend closed the connection without an answer", "backend", "global", ""), service="hangs up"),
    Row("the backend breaks off", '<set-body>@(context.Response.Body.As&lt;string&gt;())</set-body>', "500 Internal Server Error", INTERNAL,
        ("request-forwarder", "BackendConnectionFailure", "the backend broke off its response", "outbound", "api", ""), section="outbound", service="breaks off"),
    Row("the backend is silent", '<forward-request timeout-ms="50" />', "500 Internal Server Error", INTERNAL,
        ("forward-request", "Timeout", "the backend did not answer in time", "backend", "api", ""), section="backend", service="silent"),
    Row("the backend is silent, 504", '<forward-request timeout-ms="50" />', "504 Gateway Timeout", '{ "statusCode": 504, "message": "Gateway timeout", "activityId": "<id>" }',
        ("forward-request", "Timeout", "the backend did not answer in time", "backend", "api", ""), section="backend", service="silent", options="{timeout_status: 504}"),
    Row("send-request to nobody", SEND.format("$NOBODY"), "500 Internal Server Error", INTERNAL,
        ("send-request", "BackendConnectionFailure", "no connection to the backend: …", "inbound", "api", "")),
    Row("send-request in vain", SEND.format("$SILENT"), "500 Internal Server Error", INTERNAL,
        ("send-request", "Timeout", "the backend did not answer in time", "inbound", "api", "")),
]  # fmt: skip

ROWS = [*BEFORE_POLICIES, *LIMITS, *ADMISSION, *TOKENS, *FAILURES]


# --- the gateways -----------------------------------------------------------------------------------------------------


class Standing(SystemClock):
    """Time for what the policies see; waiting is real."""

    def now(self) -> float:
        return float(NOW)

    def monotonic(self) -> float:
        return 1000.0


@dataclass
class Backends:
    """Backends that misbehave: their URLs by name, and whether one that stays silent was asked."""

    urls: dict[str, str]
    reached: asyncio.Event


@pytest.fixture
async def backends() -> AsyncIterator[Backends]:
    broken = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 9\r\n\r\nhalf"
    over, reached = asyncio.Event(), asyncio.Event()

    def talk(said: bytes, *, stays: bool = False) -> Callable[..., Awaitable[None]]:
        async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
                await reader.readuntil(b"\r\n\r\n")
                writer.write(said)
                await writer.drain()
                if stays:
                    reached.set()
                    await over.wait()
            writer.close()

        return handle

    urls = {"nobody": f"http://127.0.0.1:{free_port()}"}
    async with contextlib.AsyncExitStack() as stack:
        for name, handler in {
            "hangs up": talk(b""),
            "breaks off": talk(broken),
            "silent": talk(b"", stays=True),
            "stalls": talk(broken, stays=True),
        }.items():
            server = await stack.enter_async_context(await asyncio.start_server(handler, "127.0.0.1", 0))
            urls[name] = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        stack.callback(over.set)
        yield Backends(urls, reached)


def write(folder: Path, row: Row, on_error: str, urls: dict[str, str]) -> Path:
    folder.mkdir()
    (folder / "global.xml").write_text(GLOBAL.format(on_error))
    policy = row.policy.replace("$NOBODY", urls["nobody"]).replace("$SILENT", urls["silent"])
    (folder / "row.xml").write_text(f"<policies><{row.section}>{policy}</{row.section}></policies>")
    path = folder / "gateway.yaml"
    in_product = row.scope == "product"
    path.write_text(
        FILE.format(
            options=row.options,
            service_url=urls.get(row.service, "$BACKEND"),
            keyed=str(row.keyed).lower(),
            scope="description" if in_product else "policy",
            product=", policy: row.xml" if in_product else "",
            key=KEY,
        )
    )
    return path


async def ask(connect: Awaitable[tuple[asyncio.StreamReader, asyncio.StreamWriter]], row: Row) -> tuple[list[str], str]:
    """The lines of the head, and the body."""
    reader, writer = await connect
    method, _, target = row.target.rpartition(" ")
    lines = [f"{method or 'GET'} {target} HTTP/1.1", "Host: gw.test:8080", "Connection: close", *row.sent]
    writer.write("".join(f"{line}\r\n" for line in lines).encode() + b"\r\n")
    answer = (await asyncio.wait_for(reader.read(), 10)).decode()
    writer.close()
    head, _, body = answer.partition("\r\n\r\n")
    return head.split("\r\n"), body


@pytest.mark.step(
    "predefined-error 1 2 3 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26",
    "answer 1 2 3 4",
    "failure 2 4",
    "last-error 1 2 3 4 5 6 7",
)
@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
async def test_predefined_errors(
    tmp_path: Path, configured: Callable[..., Awaitable[Any]], backends: Backends, row: Row
) -> None:
    """The answer, byte for byte; on-error sees the error and the response that the caller would get."""
    shown = [f"X-{name}: {value}" for name, value in zip(SHOWN, (*row.error, row.policy_id), strict=True)]
    for folder, on_error, more in (("quiet", "", []), ("telling", SHOW, [*shown, f"X-Status: {row.status}"])):
        running = await configured(write(tmp_path / folder, row, on_error, backends.urls))
        running.gateway.services.clock = Standing()
        assert running.diagnostics == []
        async with contextlib.AsyncExitStack() as stack:
            connect = await _door(stack, running, tmp_path / f"{folder}.sock" if row.unix else None)
            for _ in range(row.first):
                head, body = await ask(connect(), row)
                assert (head[0], body) == ("HTTP/1.1 200 OK", "echo")
            head, body = await ask(connect(), row)
        ids = _ID.findall(body)
        length = f"Content-Length: {len(body.encode())}"
        plain = ["Content-Type: application/json", length, "Connection: close", *row.headers]
        if more:
            more.extend(line for line in head if line.startswith("X-Id: "))
            assert not ids or f"X-Id: {ids[0]}" in head
            message = f"X-Message: {row.error[2]}"
            if message.endswith("…"):
                more.remove(message)
                more.extend(line for line in head if line.startswith(message[:-1]))
        assert _ID.sub("<id>", body) == row.body
        assert head[0] == f"HTTP/1.1 {row.status}"
        assert sorted(line for line in head[1:] if not line.startswith("Date: ")) == sorted([*plain, *more])


CORS = '<cors terminate-unmatched-request="{}"><allowed-origins><origin>https://a.test</origin></allowed-origins><allowed-headers><header>*</header></allowed-headers></cors>'
ORIGIN = ("Origin: https://b.test", f"Ocp-Apim-Subscription-Key: {KEY}")


@pytest.mark.step("cors 8 10")
@pytest.mark.parametrize(
    ("terminate", "target", "sent", "length", "body"),
    [
        ("true", "/shop/x", ORIGIN, "Content-Length: 0", ""),
        ("true", "/shop/x", ORIGIN[:1], "Content-Length: 152", told(401, MISSING.format("an"))),
        ("false", "/shop/x", ORIGIN, "Content-Length: 4", "echo"),
        ("true", "OPTIONS /shop/x", (*ORIGIN, "Access-Control-Request-Method: GET"), "Content-Length: 0", ""),
        ("false", "OPTIONS /shop/x", (*ORIGIN, "Access-Control-Request-Method: GET"), "Content-Length: 0", ""),
    ],
)
async def test_an_origin_that_is_not_allowed(
    tmp_path: Path,
    configured: Callable[..., Awaitable[Any]],
    backends: Backends,
    terminate: str,
    target: str,
    sent: tuple[str, ...],
    length: str,
    body: str,
) -> None:
    """No error and no CORS header: an empty 200, or what there would be without the policy."""
    row = Row("cors", CORS.format(terminate), "200 OK", body, (), target=target, sent=sent)
    running = await configured(write(tmp_path / "g", row, SHOW, backends.urls))
    async with contextlib.AsyncExitStack() as stack:
        head, got = await ask((await _door(stack, running, None))(), row)
    assert got == body
    assert length in head
    assert not [line for line in head if line.startswith("Access-Control-")]
    assert len(running.seen) == (body == "echo")


@pytest.mark.step("predefined-error 4")
@pytest.mark.parametrize(
    ("service", "section", "source", "status"),
    [("silent", "backend", "request-forwarder", 499), ("stalls", None, "transfer-response", 200)],
)
async def test_a_caller_that_leaves(
    tmp_path: Path,
    configured: Callable[..., Awaitable[Any]],
    backends: Backends,
    service: str,
    section: str | None,
    source: str,
    status: int,
) -> None:
    """Nobody is told; the log has the reason, and the status 499 when no response had begun."""
    row = Row("gone", "", "", "", (), service=service)
    running = await configured(write(tmp_path / "g", row, SHOW, backends.urls))
    gateway, ended = running.gateway, asyncio.Event()
    close, seen = gateway.close, []

    async def noted(ex: Any, **rest: Any) -> None:
        await close(ex, **rest)
        seen.append((ex.last_error, ex.response))
        ended.set()

    gateway.close = noted
    host, port = running.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(f"GET /shop/x HTTP/1.1\r\nHost: gw.test\r\n{row.sent[0]}\r\n\r\n".encode())
    if service == "stalls":
        await reader.readuntil(b"half")
    else:
        await asyncio.wait_for(backends.reached.wait(), 5)
    writer.close()
    await asyncio.wait_for(ended.wait(), 5)
    ((error, response),) = seen
    assert (error.source, error.reason) == (source, "ClientConnectionFailure")
    assert (error.section, error.scope, error.path) == (section, None, None)
    assert (response is None) == (status == 499)
    assert f'status="{status}"'.encode() in gateway.metrics.render()


async def _door(stack: contextlib.AsyncExitStack, running: Any, path: Path | None) -> Callable[[], Awaitable[Any]]:
    """How to connect: over TCP, or over a Unix socket."""
    if path is None:
        host, port = running.url.removeprefix("http://").split(":")
        return lambda: asyncio.open_connection(host, int(port))
    runner = web.ServerRunner(Server(running.gateway, Limits()), shutdown_timeout=1.0)
    await runner.setup()
    stack.push_async_callback(runner.cleanup)
    await web.UnixSite(runner, str(path)).start()
    return lambda: asyncio.open_unix_connection(str(path))
