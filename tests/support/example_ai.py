"""Rows of the example policies in front of language models."""

from __future__ import annotations

import json

from example_kit import (
    ANN,
    AZURE,
    CHAT,
    IDENTITY,
    INTERNAL,
    JSON,
    KEYED,
    PAIR,
    SIXTY,
    TWO,
    USAGE,
    USED_UP,
    Call,
    Row,
    Seen,
    budgets,
    chat,
    words,
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
]
