"""Every example policy, served by the real gateway over real sockets: what callers get, and what backends see.

The table has rows for every file of `examples/policies`; a file without one fails.  In a row, texts that begin with `~`
are regular expressions, None is a header that is absent, and bodies that are not bytes are compared as JSON.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from yarl import URL

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "examples" / "policies"
FRAGMENTS = FOLDER / "fragments"
JSON = {"Content-Type": "application/json"}
CHAT = "/v1/chat/completions"
OK = (200, JSON, b'{"ok":true}')
INTERNAL = {"statusCode": 500, "message": "Internal server error", "activityId": r"~[0-9a-f-]{36}"}
Answer = tuple[int, dict[str, str], bytes]


@dataclass(frozen=True)
class Call:
    """One request and its answer.  `sends` None: no body."""

    request: str
    status: int
    got: Any = None
    """The body of the answer."""
    headers: dict[str, str] = field(default_factory=dict)
    sends: Any = None
    shows: dict[str, Any] = field(default_factory=dict)
    """Headers of the answer; a list for one that comes several times."""
    reason: str | None = None


@dataclass(frozen=True)
class Seen:
    """A request at a backend.  `body` None: not looked at."""

    request: str
    headers: dict[str, Any] = field(default_factory=dict)
    body: Any = None


@dataclass(frozen=True)
class Row:
    """Calls in order.  Values of `named` like `@small` become the URL of the backend small, `@closed` of none."""

    file: str
    why: str
    calls: list[Call]
    seen: dict[str, list[Seen]] = field(default_factory=dict)
    backend: str = "@main"
    named: dict[str, str] = field(default_factory=dict)
    answers: dict[str, list[Answer]] = field(default_factory=dict)
    delay: float = 0.0
    settings: dict[str, Any] = field(default_factory=dict)
    metrics: str | None = None


def chat(text: str, **more: Any) -> dict[str, Any]:
    return {"model": "gpt-4o", "messages": [{"role": "user", "content": text}], **more}


def problem(title: str, status: int, where: str) -> dict[str, Any]:
    return {"title": title, "status": status, "where": where, "instance": "~urn:uuid:[0-9a-f-]{36}"}


def words(n: int) -> str:
    return "word " * n


USAGE = b'{"choices":[],"usage":{"prompt_tokens":5,"completion_tokens":7,"total_tokens":12}}'
ORDER = {
    "first": "Ann",
    "last": "Lee",
    "card": "4111 1111",
    "lines": [
        {"sku": "b", "qty": 2, "price": 0.1},
        {"sku": "a", "price": "1.25"},
        {"sku": "c", "qty": 0, "price": 9},
    ],
}
NEW_ORDER = {
    "customer": {"name": "Ann Lee"},
    "items": [{"sku": "A", "quantity": 1, "amount": 1.25}, {"sku": "B", "quantity": 2, "amount": 0.2}],
    "total": 1.45,
}
NO_ORDER = {"error": "An order is a JSON object with lines."}
AZURE = "/openai/deployments/gpt-4o/chat/completions?api-version=2024-10-21"
KEYED = {"subscriptions": (("red", "k-red"), ("blue", "k-blue")), "subscription_header": "api-key"}
TWO = {"small-backend": "@small", "large-backend": "@large"}
PAIR = {"primary-backend": "@primary", "fallback-backend": "@fallback"}
IDENTITY = {"azure-openai-endpoint": "@main", "api-version": "2024-10-21"}
CALLER = {"default-team": "guests", "contact": "ops@example.org"}
TEXT = "the quick brown fox and the lazy dog"
NETWORK = {"backend-user": "gate", "backend-password": "keeper"}
PAGE = "https://app.example.org"
SERVICES = {"customer-url": "@customers", "stock-url": "@stock", "audit-url": "@audit"}
REFUSED = {"statusCode": 401, "message": "Sign in first."}
UNSIGNED = "eyJhbGciOiJub25lIn0.eyJleHAiOjQxMDI0NDQ4MDB9."
ANN = {"x-caller": "ann"}
USED_UP = r"~Token quota is exceeded\. Try again in .*(day|hour|minute|second)s?\."
SIXTY = (200, JSON, b'{"usage":{"prompt_tokens":9,"completion_tokens":51,"total_tokens":60}}')


def budgets(month: str, day: str, used_up: str = "~true|false") -> dict[str, Any]:
    """Headers that say what is left."""
    return {"x-month-left": month, "x-day-left": day, "x-day-used-up": used_up}


ORDER_REPLY = (
    b'<?xml version="1.0"?><s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>'
    b"<Order><id>7</id><item>a</item><item>b</item></Order></s:Body></s:Envelope>"
)

ROWS = [
    Row(
        "ai-gateway.xml",
        "every team has its counter, the backend is told who calls",
        [
            Call("POST " + CHAT, 200, json.loads(USAGE), {}, chat("hi"), {"x-consumed-tokens": "12"}),
            Call(
                "POST " + CHAT,
                200,
                json.loads(USAGE),
                {"x-team": "red"},
                chat("hi"),
                {"x-consumed-tokens": "12", "x-remaining-tokens": r"~599\d\d", "x-served-by": "apimpy"},
            ),
        ],
        seen={
            "main": [
                Seen("POST " + CHAT, {"x-caller": "unknown"}, chat("hi")),
                Seen("POST " + CHAT, {"x-caller": "team-red"}, chat("hi")),
            ]
        },
        answers={"main": [(200, JSON, USAGE)]},
        metrics=r'apimpy_llm_tokens_total\{api_id="api",kind="total",namespace="genai",team="red"\} 12\.0',
    ),
    Row(
        "ai-gateway.xml",
        "a stream passes through, and is counted",
        [Call("POST " + CHAT, 200, r"~(?s)data: \{.*data: \[DONE\]\s*", {"x-team": "red"}, chat("hi", stream=True))],
        backend="@mock",
        metrics=r'apimpy_llm_tokens_total\{api_id="api",kind="completion",namespace="genai",team="red"\} [1-9]',
    ),
    Row(
        "demo.xml",
        "no team: the policy's answer; more than 240 tokens a minute: 429; another team is not concerned",
        [
            Call("POST " + CHAT, 401, {"error": "~Say who you are.*"}, {}, chat("hi"), reason="Unauthorized"),
            Call("POST " + CHAT, 200, None, {"x-team": "red"}, chat(words(100)), {"x-served-by": "apimpy"}),
            Call(
                "POST " + CHAT,
                429,
                {"statusCode": 429, "message": r"~Token limit is exceeded. Try again in \d+ seconds\."},
                {"x-team": "red"},
                chat(words(100)),
                {"x-error-reason": "OpenAITokenLimitExceeded", "Retry-After": r"~\d+", "x-served-by": None},
            ),
            Call("POST " + CHAT, 200, None, {"x-team": "blue"}, chat(words(100)), {"x-error-reason": None}),
        ],
        backend="@mock",
    ),
    Row(
        "token-limit.xml",
        "a counter for every key; the wait in the header the policy names",
        [
            Call("POST " + AZURE, 401, {"error": {"code": "401", "message": "~Send your key.*"}}, {}, chat("hi")),
            Call(
                "POST " + AZURE,
                401,
                {
                    "statusCode": 401,
                    "message": "Access denied due to invalid subscription key. "
                    "Make sure to provide a valid key for an active subscription.",
                },
                {"api-key": "nobody's"},
                chat("hi"),
            ),
            Call("POST " + AZURE, 200, None, {"api-key": "k-red"}, chat(words(300)), {"x-tokens-remaining": "0"}),
            Call(
                "POST " + AZURE,
                429,
                None,
                {"api-key": "k-red"},
                chat(words(300)),
                {"x-tokens-retry-after": r"~[1-9]\d*", "Retry-After": None, "x-tokens-remaining": "0"},
            ),
            Call("POST " + AZURE, 200, None, {"api-key": "k-blue"}, chat("hi"), {"x-tokens-remaining": r"~4\d\d"}),
        ],
        backend="@mock",
        settings=KEYED,
        metrics=r'apimpy_llm_tokens_total\{deployment="gpt-4o",kind="total",.*subscription_id="red"\} 6',
    ),
    Row(
        "model-routing.xml",
        "the model chooses the backend, upper and lower case alike; the body arrives as it was sent",
        [
            Call("POST " + CHAT, 200, {"ok": True}, {}, {"model": "GPT-4o-mini"}, {"x-model": "gpt-4o-mini"}),
            Call("POST " + CHAT, 200, {"ok": True}, {}, chat("hi"), {"x-model": "gpt-4o"}),
        ],
        seen={
            "small": [Seen("POST " + CHAT, {}, {"model": "GPT-4o-mini"})],
            "large": [Seen("POST " + CHAT, {}, chat("hi"))],
            "main": [],
        },
        named=TWO,
    ),
    Row(
        "model-routing.xml",
        "models nobody serves, and requests without one",
        [
            Call(
                "POST " + CHAT,
                404,
                {"error": {"code": "model_not_found", "message": "The model 'claude' is not available here."}},
                {},
                {"model": "Claude"},
                {"x-model": None},
            ),
            Call("GET /v1/models", 404, {"error": {"code": "model_not_found", "message": "~The model '' is.*"}}),
        ],
        seen={"small": [], "large": [], "main": []},
        named=TWO,
    ),
    Row(
        "retry-fallback.xml",
        "a primary that answers is all that is asked",
        [Call("POST " + CHAT, 200, {"ok": True}, {}, chat("hi"), {"x-attempts": "1"})],
        seen={"primary": [Seen("POST " + CHAT, {}, chat("hi"))], "fallback": []},
        named=PAIR,
    ),
    Row(
        "retry-fallback.xml",
        "a throttled primary: the fallback gets the same request, body included",
        [Call("POST " + CHAT, 200, {"from": "fallback"}, {}, chat("hi"), {"x-attempts": "2", "Retry-After": None})],
        seen={"primary": [Seen("POST " + CHAT)], "fallback": [Seen("POST " + CHAT, {}, chat("hi"))]},
        named=PAIR,
        answers={
            "primary": [(429, {"Retry-After": "9"}, b"slow down")],
            "fallback": [(200, JSON, b'{"from":"fallback"}')],
        },
    ),
    Row(
        "retry-fallback.xml",
        "a primary that cannot be reached",
        [Call("POST " + CHAT, 200, {"ok": True}, {}, chat("hi"), {"x-attempts": "2"})],
        seen={"fallback": [Seen("POST " + CHAT, {}, chat("hi"))]},
        named=PAIR | {"primary-backend": "@closed"},
    ),
    Row(
        "retry-fallback.xml",
        "nobody can: the last answer goes to the caller, an error answer when there is none",
        [Call("POST " + CHAT, 503, b"busy", {}, chat("hi"), {"x-attempts": "3"})],
        seen={"primary": [Seen("POST " + CHAT)], "fallback": [Seen("POST " + CHAT), Seen("POST " + CHAT)]},
        named=PAIR,
        answers={"primary": [(500, {}, b"broken")], "fallback": [(503, {}, b"busy")]},
    ),
    Row(
        "retry-fallback.xml",
        "nobody is there: the default error answer",
        [Call("POST " + CHAT, 500, INTERNAL, {}, chat("hi"), {"x-attempts": "3"})],
        named={"primary-backend": "@closed", "fallback-backend": "@closed"},
    ),
    Row(
        "headers-and-urls.xml",
        "path mapped, query kept as encoded, headers added, skipped, appended and deleted",
        [
            Call(
                "GET /store/items/7?page=2&q=a%20b",
                200,
                b"item",
                {"Cookie": "session=1", "Via": "1.0 edge", "x-correlation-id": "abc"},
                shows={
                    "X-Powered-By": None,
                    "Cache-Control": "no-store",
                    "Set-Cookie": ["region=eu; Path=/", "theme=dark; Path=/"],
                },
            )
        ],
        seen={
            "main": [
                Seen(
                    "GET /api/v2/items/7?page=2&q=a%20b",
                    {"Accept-Language": "en", "Via": "1.0 edge, 1.1 store", "x-correlation-id": "abc", "Cookie": None},
                )
            ]
        },
        named={"backend-url": "@main"},
        answers={"main": [(200, {"X-Powered-By": "PHP", "Set-Cookie": "session=2"}, b"item")]},
    ),
    Row(
        "headers-and-urls.xml",
        "the backend's redirect becomes a public one and is not followed; what is there is not overwritten",
        [
            Call(
                "GET /store/old",
                302,
                b"",
                {"Accept-Language": "de"},
                shows={"Location": "/store/items/8", "Cache-Control": "max-age=5"},
            )
        ],
        seen={
            "main": [
                Seen(
                    "GET /api/v2/old",
                    {"Accept-Language": "de", "Via": "1.1 store", "x-correlation-id": "~[0-9a-f]{32}"},
                )
            ]
        },
        named={"backend-url": "https://store.internal"},
        answers={
            "main": [(302, {"Location": "https://store.internal/api/v2/items/8", "Cache-Control": "max-age=5"}, b"")]
        },
    ),
    Row(
        "body-transform.xml",
        "old format in, new format to the backend; the answer cut down",
        [Call("POST /orders", 200, {"state": "new", "order": 7}, {}, ORDER)],
        seen={"main": [Seen("POST /orders", JSON, NEW_ORDER)]},
        answers={"main": [(200, JSON, b'{"id": 7, "internal": {"shard": 3}, "state": "new"}')]},
    ),
    Row(
        "body-transform.xml",
        "what is no order is refused; an error of the backend passes as it is",
        [
            Call("POST /orders", 400, NO_ORDER, {}, {"lines": 1}),
            Call("POST /orders", 400, NO_ORDER, {}, b"{broken"),
            Call("GET /orders", 400, NO_ORDER),
            Call("POST /orders", 409, b"conflict", {}, {"last": "Lee", "lines": []}),
        ],
        seen={"main": [Seen("POST /orders", {}, {"customer": {"name": "Lee"}, "items": [], "total": 0})]},
        answers={"main": [(409, {}, b"conflict")]},
    ),
    Row(
        "chat-defaults.xml",
        "a system message and a ceiling for the answer",
        [
            Call("POST " + CHAT, 200, None, {}, chat("hi", n=3, max_tokens=1000, temperature=0.5)),
            Call("POST " + CHAT, 200, None, {}, {"model": "m", "messages": [{"role": "system", "content": "Mine."}]}),
            Call("POST /v1/embeddings", 200, None, {}, {"model": "e", "input": "x", "n": 2}),
            Call("GET /v1/models", 200),
        ],
        seen={
            "main": [
                Seen(
                    "POST " + CHAT,
                    {},
                    {
                        "model": "gpt-4o",
                        "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "hi"}],
                        "max_tokens": 256,
                        "temperature": 0.5,
                    },
                ),
                Seen(
                    "POST " + CHAT,
                    {},
                    {"model": "m", "messages": [{"role": "system", "content": "Mine."}], "max_tokens": 256},
                ),
                Seen("POST /v1/embeddings", {}, {"model": "e", "input": "x", "n": 2}),
                Seen("GET /v1/models", {}, b""),
            ]
        },
        named={"house-rules": "Be brief."},
    ),
    Row(
        "managed-identity.xml",
        "OpenAI in, Azure OpenAI out, signed in as the gateway; the caller's keys stay here",
        [Call(f"POST {CHAT}?trace=1", 200, {"ok": True}, {"Authorization": "Bearer mine", "api-key": "k"}, chat("hi"))],
        seen={"main": [Seen("POST " + AZURE, {"Authorization": "Bearer gateway-token", "api-key": None}, chat("hi"))]},
        named=IDENTITY,
        settings={"identity_token": "gateway-token"},
    ),
    Row(
        "managed-identity.xml",
        "the subscription key is not forwarded; a deployment's name is escaped",
        [
            Call(
                "POST /v1/embeddings",
                200,
                None,
                {"Ocp-Apim-Subscription-Key": "k-red"},
                {"model": "my model/1", "input": "x"},
            )
        ],
        seen={
            "main": [
                Seen(
                    "POST /openai/deployments/my%20model%2F1/embeddings?api-version=2024-10-21",
                    {"Ocp-Apim-Subscription-Key": None, "Authorization": "Bearer gateway-token"},
                )
            ]
        },
        named=IDENTITY,
        settings={"identity_token": "gateway-token", "subscriptions": (("red", "k-red"),)},
    ),
    Row(
        "managed-identity.xml",
        "without an identity nothing is sent",
        [Call("POST " + CHAT, 500, INTERNAL, {}, chat("hi"))],
        seen={"main": []},
        named=IDENTITY,
    ),
    Row(
        "error-handling.xml",
        "a good answer passes; a broken backend, an error of the caller, a bad header",
        [
            Call("GET /a", 200, {"ok": True}),
            Call(
                "GET /b",
                502,
                problem("BackendErrorStatusCode", 502, "forward-request in backend"),
                shows={"Content-Type": "application/problem+json"},
                reason="Bad Gateway",
            ),
            Call("GET /c", 404, problem("BackendErrorStatusCode", 404, "forward-request in backend")),
            Call(
                "GET /d",
                400,
                problem("ExpressionValueEvaluationFailure", 400, "set-variable in inbound"),
                {"x-size": "big"},
            ),
        ],
        seen={"main": [Seen("GET /a"), Seen("GET /b"), Seen("GET /c")]},
        answers={"main": [OK, (500, {"X-Trace": "secret"}, b"stack trace"), (404, {}, b"nope")]},
    ),
    Row(
        "error-handling.xml",
        "a backend that is too slow",
        [Call("GET /", 504, problem("Timeout", 504, "forward-request in backend"), reason="Gateway Timeout")],
        delay=10.0,
    ),
    Row(
        "error-handling.xml",
        "a backend that is not there",
        [
            Call(
                "GET /",
                503,
                problem("BackendConnectionFailure", 503, "request-forwarder in backend"),
                shows={"Retry-After": "5"},
            )
        ],
        backend="@closed",
    ),
    Row(
        "canned.xml",
        "every answer comes from the policy",
        [
            Call("GET /health", 200, b"ok", shows={"Content-Type": "text/plain"}),
            Call(
                "GET /v1/models",
                200,
                {"object": "list", "data": [{"id": m, "object": "model"} for m in ("gpt-4o", "gpt-4o-mini")]},
                shows={"Content-Type": "application/json"},
            ),
            Call("GET /", 302, b"", shows={"Location": "/health"}, reason="Found"),
            Call("POST /v1/models", 404, b"", reason="Nothing Here"),
            Call("GET /healthy", 404, b"", reason="Nothing Here"),
        ],
        seen={"main": []},
    ),
    Row(
        "expressions.xml",
        "the defaults, then what a caller sends",
        [
            Call(
                "GET /tour",
                200,
                {
                    "sorted": [1, 2, 3],
                    "running": [3, 4, 6],
                    "mean": 2.0,
                    "kinds": ["odd", "odd", "even"],
                    "twoDaysLater": "Fri 1 Mar 2024",
                    "unix": 1709078400,
                    "mostFrequent": "the",
                    "base64": "dGhl",
                    "fingerprint": hashlib.sha256(TEXT.encode()).hexdigest()[:8],
                    "summary": "03 numbers, 2.000 on average",
                },
            ),
            Call(
                "GET /tour?numbers=-4,7&text=b%20a&from=2023-12-31",
                200,
                {
                    "sorted": [-4, 7],
                    "running": [-4, 3],
                    "mean": 1.5,
                    "kinds": ["negative", "odd"],
                    "twoDaysLater": "Tue 2 Jan 2024",
                    "unix": 1703980800,
                    "mostFrequent": "a",
                    "base64": "YiBh",
                    "fingerprint": hashlib.sha256(b"b a").hexdigest()[:8],
                    "summary": "02 numbers, 1.500 on average",
                },
            ),
            Call(
                "GET /tour?numbers=1,x",
                500,
                INTERNAL,
                shows={"x-error": "ExpressionValueEvaluationFailure at set-variable"},
            ),
        ],
        seen={"main": []},
    ),
    Row(
        "with-fragments.xml",
        "the fragment says who calls: header, subscription, named value",
        [
            Call("GET /", 200, None, {"x-team": "red", "Ocp-Apim-Subscription-Key": "k"}),
            Call("GET /", 200, None, {"Ocp-Apim-Subscription-Key": "k"}),
            Call("GET /", 200),
        ],
        seen={"main": [Seen("GET /", {"x-caller": who}) for who in ("red", "gold", "guests")]},
        named=CALLER,
        settings={"fragments": FRAGMENTS, "subscriptions": (("gold", "k"),)},
    ),
    Row(
        "with-fragments.xml",
        "one fragment for a refusal and for errors",
        [
            Call(
                "GET /",
                403,
                {"title": "This team may not call.", "contact": "ops@example.org"},
                {"x-team": "blocked"},
                shows={"Content-Type": "application/problem+json"},
                reason="Forbidden",
            ),
            Call("GET /", 500, {"title": "BackendConnectionFailure", "contact": "ops@example.org"}),
        ],
        backend="@closed",
        named=CALLER,
        settings={"fragments": FRAGMENTS},
    ),
    Row(
        "access.xml",
        "known clients from known addresses",
        [
            Call("GET /a", 401, {"statusCode": 401, "message": "This client is not known."}),
            Call("GET /a", 401, {"statusCode": 401, "message": "This client is not known."}, {"X-Client": "desktop"}),
            Call("GET /a?debug=1&b=2", 200, {"ok": True}, {"X-Client": "Web"}),
        ],
        seen={"main": [Seen("GET /a?b=2&client=web", {"Authorization": "Basic Z2F0ZTprZWVwZXI="})]},
        named=NETWORK | {"first-address": "127.0.0.1", "last-address": "127.0.0.9"},
    ),
    Row(
        "access.xml",
        "other addresses are refused without details",
        [Call("GET /a", 403, {"statusCode": 403, "message": "Forbidden"}, {"X-Client": "web"}, reason="Forbidden")],
        named=NETWORK | {"first-address": "10.0.0.1", "last-address": "10.0.0.9"},
    ),
    Row(
        "cross-origin.xml",
        "preflights are answered here, other origins get nothing",
        [
            Call(
                "OPTIONS /a",
                200,
                b"",
                {
                    "Origin": PAGE,
                    "Access-Control-Request-Method": "PUT",
                    "Access-Control-Request-Headers": "x-request-id",
                },
                shows={
                    "Access-Control-Allow-Origin": PAGE,
                    "Access-Control-Allow-Credentials": "true",
                    "Access-Control-Allow-Methods": "GET,PUT",
                    "Access-Control-Allow-Headers": "Content-Type,X-Request-Id",
                    "Access-Control-Max-Age": "600",
                },
            ),
            Call(
                "GET /a", 200, b"", {"Origin": "https://other.example.org"}, shows={"Access-Control-Allow-Origin": None}
            ),
        ],
        seen={"main": []},
        named={"page-origin": PAGE},
    ),
    Row(
        "cross-origin.xml",
        "responses can be read by the page, or called back",
        [
            Call(
                "GET /a",
                200,
                {"see": "https://www.example.org/x"},
                {"Origin": PAGE},
                shows={"Access-Control-Allow-Origin": PAGE, "Access-Control-Expose-Headers": "X-Total"},
            ),
            Call(
                "GET /a?callback=page.show",
                200,
                b'page.show({"see":"https://www.example.org/x"});',
                shows={"Content-Type": "application/javascript; charset=utf-8", "Access-Control-Allow-Origin": None},
            ),
            Call("GET /a?callback=alert(1)", 400),
        ],
        named={"page-origin": PAGE},
        answers={"main": [(200, JSON, b'{"see":"http://legacy.example.org/x"}')]},
    ),
    Row(
        "enrich.xml",
        "two services asked side by side",
        [Call("GET /orders?id=7", 200, {"customer": {"name": "Ann"}, "stock": [1, 2]})],
        seen={
            "customers": [Seen("GET /customers/7", {"Authorization": "Basic Z2F0ZXdheTpzZWNyZXQ="}, b"")],
            "stock": [Seen("GET /stock", {"Authorization": None}, b"")],
            "main": [],
        },
        named=SERVICES,
        answers={"customers": [(200, JSON, b'{"name":"Ann"}')], "stock": [(200, JSON, b'{"items":[1,2]}')]},
    ),
    Row(
        "enrich.xml",
        "stock may be missing, the customer may not",
        [Call("GET /orders?id=7", 200, {"customer": {"name": "Ann"}, "stock": "unknown"})],
        named=SERVICES | {"stock-url": "@closed"},
        answers={"customers": [(200, JSON, b'{"name":"Ann"}')]},
    ),
    Row("enrich.xml", "no customer", [Call("GET /", 500, INTERNAL)], named=SERVICES | {"customer-url": "@closed"}),
    Row(
        "json-facade.xml",
        "JSON outside, SOAP inside",
        [Call("PUT /orders", 200, {"Envelope": {"Body": {"Order": {"id": "7", "item": ["a", "b"]}}}}, {}, {"id": 7})],
        seen={
            "main": [
                Seen(
                    "POST /orders",
                    {"Content-Type": "application/xml; charset=utf-8"},
                    b'<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><GetOrder version="2">'
                    b"<id>7</id></GetOrder></s:Body></s:Envelope>",
                )
            ]
        },
        answers={"main": [(200, {"Content-Type": "text/xml"}, ORDER_REPLY)]},
    ),
    Row(
        "soap-template.xml",
        "JSON outside, SOAP inside, by templates",
        [
            Call("PUT /orders", 200, {"id": 7, "items": ["A", "B"], "has-a": True}, {"x-client": "a<b"}, {"id": 7}),
            Call("PUT /orders", 500, INTERNAL, {"Content-Type": "application/json"}, b"{"),
        ],
        seen={
            "main": [
                Seen(
                    "POST /orders",
                    {"Content-Type": "text/xml"},
                    r'~(?s)\s*<s:Envelope .*<GetOrder client="a&lt;b"><id>7</id></GetOrder>.*',
                )
            ]
        },
        answers={"main": [(200, {"Content-Type": "text/xml"}, ORDER_REPLY)]},
    ),
    Row(
        "stylesheet.xml",
        "XML becomes a page",
        [
            Call(
                "GET /orders?title=Yours",
                200,
                b'<ul title="Yours"><li>a</li><li>b</li></ul>\n',
                shows={"Content-Type": "text/html; charset=utf-8"},
            ),
            Call("GET /orders", 500, INTERNAL),
        ],
        answers={"main": [(200, {"Content-Type": "text/xml"}, ORDER_REPLY), (200, JSON, b"{}")]},
    ),
    Row(
        "mocked.xml",
        "answers before there is a backend",
        [
            Call("POST /new", 201, b"", {"X-Preview": "created"}, {}, {"Content-Type": "application/json"}, "Created"),
            Call("POST /new", 503, b"", {"X-Preview": "trouble"}, {}, {"Content-Type": None}, "Service Unavailable"),
            Call("GET /old", 200, {"ok": True}),
        ],
        seen={"main": [Seen("GET /old")]},
    ),
    Row(
        "token-budgets.xml",
        "tokens of every caller for a day; the answer that crosses the budget still arrives",
        [
            Call(f"POST {CHAT}", 200, None, ANN, chat("hi"), budgets("940", "40", "false")),
            Call(f"POST {CHAT}", 200, None, ANN, chat("hi"), budgets("880", "0", "true")),
            Call(
                f"POST {CHAT}",
                403,
                {"error": {"type": "insufficient_quota", "message": USED_UP, "param": "ann"}},
                ANN,
                chat("hi"),
                reason="Budget used up",
            ),
            Call(f"POST {CHAT}", 200, None, {"x-caller": "bob", "x-plan": "gold"}, chat("hi"), budgets("820", "340")),
        ],
        seen={"main": [Seen(f"POST {CHAT}")] * 3},
        named={"tokens-a-month": "1000", "tokens-a-day": "100", "tokens-a-minute": "100000"},
        answers={"main": [SIXTY]},
    ),
    Row(
        "token-budgets.xml",
        "tokens of everybody for a month, and of every caller for a minute",
        [
            Call(f"POST {CHAT}", 200, None, ANN, chat("hi"), budgets("40", "940") | {"x-minute-left": "~[0-2]"}),
            Call(
                f"POST {CHAT}",
                429,
                {"statusCode": 429, "message": r"~Token limit is exceeded\. Try again in (29|30) seconds\."},
                ANN,
                chat("hi"),
                {"x-minute-left": "0", "x-day-left": "940", "x-month-left": "40", "Retry-After": "~29|30"},
            ),
            Call(f"POST {CHAT}", 200, None, {}, chat("hi"), budgets("0", "940")),
            Call(
                f"POST {CHAT}",
                403,
                {"error": {"type": "insufficient_quota", "message": USED_UP, "param": "everybody"}},
                {"x-caller": "bob"},
                chat("hi"),
            ),
        ],
        named={"tokens-a-month": "100", "tokens-a-day": "1000", "tokens-a-minute": "40"},
        answers={"main": [SIXTY]},
    ),
    Row(
        "fair-shares.xml",
        "so many calls a minute for every subscription",
        [
            Call("GET /a", 200, None, {"api-key": "k-red"}, shows={"x-remaining-calls": "1", "x-total-calls": "2"}),
            Call("GET /a", 200, None, {"api-key": "k-red"}, shows={"x-remaining-calls": "0"}),
            Call(
                "GET /a",
                429,
                {"statusCode": 429, "message": r"~Rate limit is exceeded\. Try again in (29|30) seconds\."},
                {"api-key": "k-red"},
                shows={"Retry-After": "~29|30", "x-remaining-calls": "0", "x-error-reason": "RateLimitExceeded"},
                reason="Too Many Requests",
            ),
            Call("GET /a", 200, None, {"api-key": "k-blue"}, shows={"x-remaining-calls": "1"}),
        ],
        seen={"main": [Seen("GET /a")] * 3},
        named={"calls-a-minute": "2", "answers-a-day": "100", "kilobytes-a-day": "99", "misses-a-minute": "100"},
        settings=KEYED,
    ),
    Row(
        "fair-shares.xml",
        "so many good answers a day: errors do not count",
        [
            Call("GET /a", 500, None, {"api-key": "k-red"}),
            Call("GET /a", 200, None, {"api-key": "k-red"}),
            Call(
                "GET /a",
                403,
                {
                    "statusCode": 403,
                    "message": r"~Out of call volume quota\. Quota will be replenished in \d\d:\d\d:\d\d\.",
                },
                {"api-key": "k-red"},
                shows={"Retry-After": r"~\d+", "x-error-reason": "QuotaExceeded"},
            ),
            Call("GET /a", 200, None, {"api-key": "k-blue"}),
        ],
        seen={"main": [Seen("GET /a")] * 3},
        named={"calls-a-minute": "10", "answers-a-day": "1", "kilobytes-a-day": "99", "misses-a-minute": "100"},
        answers={"main": [(500, {}, b""), OK]},
        settings=KEYED,
    ),
    Row(
        "fair-shares.xml",
        "guessing is slowed down by address; one call later, because the answer has to be seen first",
        [
            Call("GET /a", 404, None),
            Call("GET /b", 200, None),
            Call("GET /c", 404, None, {"api-key": "k-red"}),
            Call("GET /d", 429, None, shows={"x-remaining-calls": None}),
        ],
        seen={"main": [Seen("GET /a"), Seen("GET /b"), Seen("GET /c")]},
        named={"calls-a-minute": "10", "answers-a-day": "10", "kilobytes-a-day": "99", "misses-a-minute": "2"},
        answers={"main": [(404, {}, b""), OK, (404, {}, b"")]},
        settings=KEYED,
    ),
    Row(
        "fair-shares.xml",
        "so many kilobytes a day: the answer that crosses the limit still arrives",
        [
            Call("GET /a", 200, b"x" * 2000, {"api-key": "k-red"}),
            Call(
                "GET /a",
                403,
                {"statusCode": 403, "message": r"~Out of bandwidth quota\. Quota will be replenished in [\d:]+\."},
                {"api-key": "k-red"},
            ),
        ],
        named={"calls-a-minute": "9", "answers-a-day": "9", "kilobytes-a-day": "2", "misses-a-minute": "9"},
        answers={"main": [(200, {}, b"x" * 2000)]},
        settings=KEYED,
    ),
    Row(
        "cached.xml",
        "a page is fetched once for a language; parameters that are not named do not matter",
        [
            Call(
                "GET /items?page=1", 200, b"one", shows={"Cache-Control": "public, max-age=60", "x-served-by": "apimpy"}
            ),
            Call(
                "GET /items?page=1&session=7",
                200,
                b"one",
                shows={"Cache-Control": r"~public, max-age=(59|60)", "x-served-by": "apimpy", "Set-Cookie": None},
            ),
            Call("GET /items?page=1", 200, b"eins", {"Accept-Language": "de"}),
            Call("GET /items?page=2", 404, b"no such page", shows={"Cache-Control": None}),
            Call("GET /items?page=2", 200, b"two"),
            Call("GET /items?page=1", 200, b"one"),
        ],
        seen={
            "main": [
                Seen("GET /items?page=1", {"x-rates": "EUR 1.1", "Accept-Language": None}),
                Seen("GET /items?page=1", {"x-rates": "EUR 1.1", "Accept-Language": "de"}),
                Seen("GET /items?page=2"),
                Seen("GET /items?page=2"),
            ],
            "rates": [Seen("GET /")],
        },
        named={"rates-url": "@rates"},
        answers={
            "main": [
                (200, {"Set-Cookie": "a=b"}, b"one"),
                (200, {}, b"eins"),
                (404, {}, b"no such page"),
                (200, {}, b"two"),
            ],
            "rates": [(200, {}, b"EUR 1.1")],
        },
    ),
    Row(
        "cached.xml",
        "a POST is never answered from the cache, and has the rates fetched again",
        [
            Call("GET /items", 200),
            Call("POST /items", 200, None, {}, b"new"),
            Call("GET /items", 200),
            Call("GET /items?page=2", 200),
        ],
        seen={
            "main": [
                Seen("GET /items", {"x-rates": "first"}),
                Seen("POST /items", {"x-rates": "second"}, b"new"),
                Seen("GET /items?page=2", {"x-rates": "second"}),
            ],
            "rates": [Seen("GET /"), Seen("GET /")],
        },
        named={"rates-url": "@rates"},
        answers={"rates": [(200, {}, b"first"), (200, {}, b"second")]},
    ),
    Row(
        "telemetry.xml",
        "calls are counted by team",
        [
            Call("GET /", 200, None, {"x-team": "red"}),
            Call("GET /", 503, None, {"x-team": "red"}),
            Call("GET /", 200),
        ],
        answers={"main": [OK, (503, {}, b""), OK]},
        settings={"event_loggers": (("errors", Path(os.devnull)),)},
        metrics=r'apimpy_custom_metric_sum\{api_id="api",metric="Calls",namespace="shop",team="red"\} 2\.0',
    ),
    Row(
        "tokens.xml",
        "without a token nothing is asked of anybody, and without its provider no token passes",
        [
            Call("POST " + CHAT, 401, REFUSED, {}, chat("hi"), {"X-Refused": "TokenNotPresent"}),
            Call("POST " + CHAT, 401, REFUSED, {"Authorization": "Basic eDp5"}, chat("hi")),
            Call("POST " + CHAT, 401, REFUSED, {"Authorization": "Bearer x"}, chat("hi"), {"X-Refused": "JwtInvalid"}),
            Call("POST " + CHAT, 401, REFUSED, {"Authorization": f"Bearer {UNSIGNED}"}, chat("hi")),
        ],
        seen={"main": []},
        named={"openid-configuration": "@closed", "audience": "api://chat"},
    ),
]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.file}: {row.why}")
async def test_answers(row: Row, echo: Any, mock_url: Any, closed: str, serve_example: Any) -> None:
    backends: dict[str, Any] = {}

    async def resolve(text: str) -> str:
        name = text.removeprefix("@")
        if name == text:
            return text
        if name == "closed":
            return closed
        if name == "mock":
            return str(await mock_url())
        if name not in backends:
            backends[name] = await echo(row.answers.get(name, [OK]), row.delay)
        return str(backends[name].url)

    backend = await resolve(row.backend)
    named = {name: await resolve(value) for name, value in row.named.items()}
    started = await serve_example(FOLDER / row.file, backend, named, **row.settings)
    async with aiohttp.ClientSession(auto_decompress=False, cookie_jar=aiohttp.DummyCookieJar()) as session:
        for call in row.calls:
            await _check_call(session, started.url, call)
    for name, expected in row.seen.items():
        seen = backends[name].seen
        assert [s[0] for s in seen] == [e.request for e in expected], f"the requests at {name}"
        for (_, headers, body), wanted in zip(seen, expected, strict=True):
            _check_headers(headers, wanted.headers)
            _check_body(body, wanted.body)
    if row.metrics is not None:
        assert re.search(row.metrics, started.metrics()), started.metrics()


async def _check_call(session: aiohttp.ClientSession, url: str, call: Call) -> None:
    method, _, target = call.request.partition(" ")
    headers, data = dict(call.headers), call.sends
    if data is not None and not isinstance(data, bytes):
        data = json.dumps(data).encode()
        headers = JSON | headers
    address = URL(url + target, encoded=True)
    async with session.request(method, address, data=data, headers=headers, allow_redirects=False) as answer:
        body = await answer.read()
        assert (answer.status, call.request) == (call.status, call.request), body
        if call.reason is not None:
            assert answer.reason == call.reason
        _check_headers(answer.headers, call.shows)
        _check_body(body, call.got)


def _check_headers(headers: Any, expected: dict[str, Any]) -> None:
    for name, value in expected.items():
        got = headers.getall(name, [])
        wanted = [] if value is None else value if isinstance(value, list) else [value]
        assert len(got) == len(wanted), f"{name}: {got}"
        for one, pattern in zip(got, wanted, strict=True):
            assert _alike(one, pattern), f"{name}: {one!r}, not {pattern!r}"


def _check_body(body: bytes, expected: Any) -> None:
    if expected is None:
        return
    if isinstance(expected, bytes):
        assert body == expected
    elif isinstance(expected, str):
        assert _alike(body.decode(), expected)
    else:
        got = json.loads(body)
        assert _alike(got, expected), f"{got}, not {expected}"


def _alike(got: Any, expected: Any) -> bool:
    if isinstance(expected, str) and expected.startswith("~"):
        return isinstance(got, str) and re.fullmatch(expected[1:], got) is not None
    if isinstance(expected, dict) and isinstance(got, dict):
        return list(got) == list(expected) and all(_alike(got[k], v) for k, v in expected.items())
    if isinstance(expected, list) and isinstance(got, list):
        return len(got) == len(expected) and all(map(_alike, got, expected))
    return bool(got == expected)


def test_every_file_has_a_row() -> None:
    assert {row.file for row in ROWS} == {path.name for path in FOLDER.glob("*.xml")}


def test_every_fragment_is_included() -> None:
    included = re.findall(r'fragment-id="([^"]+)"', "".join(p.read_text() for p in FOLDER.glob("*.xml")))
    assert set(included) == {path.stem for path in FRAGMENTS.glob("*.xml")}


@pytest.mark.parametrize("path", sorted(FOLDER.rglob("*.xml")), ids=lambda path: path.name)
def test_says_what_it_is_for(path: Path) -> None:
    """The first thing in a file is a comment of at least one sentence."""
    text = path.read_text(encoding="utf-8")
    assert re.match(r"<!--\n  [A-Z].{40,}", text)


async def test_tokens_of_a_provider(echo: Any, serve_example: Any) -> None:
    """`tokens.xml` with a provider that signs: every caller by name, and each with their own tokens per minute."""
    private = rsa.generate_private_key(65537, 2048)
    provider, main = await echo([]), await echo([(200, JSON, USAGE)])
    public = jwt.algorithms.RSAAlgorithm.to_jwk(private.public_key(), as_dict=True) | {"kid": "k1"}
    described = {"issuer": "https://id.example.org", "jwks_uri": f"{provider.url}/keys"}
    provider.answers = [(200, JSON, json.dumps(d).encode()) for d in (described, {"keys": [public]})]
    named = {"openid-configuration": f"{provider.url}/config", "audience": "api://chat"}
    started = await serve_example(FOLDER / "tokens.xml", main.url, named)

    def signed(sub: str, **changes: Any) -> dict[str, str]:
        told = {"iss": "https://id.example.org", "aud": "api://chat", "sub": sub, "exp": int(time.time()) + 60}
        told |= {"name": sub.title(), "roles": ["Chat.User"], "scp": "read chat"}
        return {"Authorization": "Bearer " + jwt.encode(told | changes, private, "RS256", headers={"kid": "k1"})}

    rows = [
        (signed("ann"), 200, None),
        (signed("ann"), 200, None),
        (signed("ann"), 429, "OpenAITokenLimitExceeded"),
        (signed("bob"), 200, None),
        (signed("bob", roles=["Guest"]), 401, "TokenClaimValueNotAllowed"),
        (signed("bob", scp="chatter"), 401, "TokenClaimValueNotAllowed"),
        (signed("bob", aud="api://other"), 401, "TokenAudienceNotAllowed"),
        (signed("bob", iss="https://elsewhere"), 401, "TokenIssuerNotAllowed"),
        (signed("bob", exp=int(time.time()) - 31), 401, "TokenExpired"),
    ]
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session:
        for headers, status, reason in rows:
            async with session.post(started.url + CHAT, json=chat("hi"), headers=headers) as answer:
                assert (answer.status, answer.headers.get("X-Refused")) == (status, reason)
    assert [h.get("X-Caller") for _, h, _ in main.seen] == ["Ann", "Ann", "Bob"]
    assert all("Authorization" not in h for _, h, _ in main.seen)
    assert [line for line, _, _ in provider.seen] == ["GET /config", "GET /keys"]
