"""Rows of the example policies about callers, errors, limits and caches."""

from __future__ import annotations

import os
from pathlib import Path

from example_kit import CHAT, JSON, KEYED, NETWORK, OK, PAGE, REFUSED, UNSIGNED, Call, Row, Seen, chat, problem

ROWS = [
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
