"""Rows of the example policies that change and make messages."""

from __future__ import annotations

import hashlib

from example_kit import (
    CALLER,
    FRAGMENTS,
    INTERNAL,
    JSON,
    NEW_ORDER,
    NO_ORDER,
    ORDER,
    ORDER_REPLY,
    SERVICES,
    TEXT,
    Call,
    Row,
    Seen,
)

ROWS = [
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
]
