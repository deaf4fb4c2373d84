"""What the tables of documents are made of: a document, its requests, and everything that must come of each.

What each request must give was worked out from the specification before anything ran; `why` is the rule.  A document
is named, never quoted: where an answer must repeat what it holds, the test takes it from the file.
"""

from __future__ import annotations

import base64
import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

NOW = 1_700_000_000
"""Where the clock of the fixture stands."""
KEY = "key-of-the-test"
KEYED = {"Ocp-Apim-Subscription-Key": KEY}
JSON = {"Content-Type": "application/json"}
INTERNAL = object()
"""The platform's body of an unexpected error, with the id of the exchange."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """What the backend must have seen.  A header None: it was not there.  A body None: not looked at."""

    url: str
    method: str = "GET"
    headers: Mapping[str, Any] = field(default_factory=dict)
    body: Any = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A request and everything that must come of it.

    Bodies: bytes are exact, a dict or list is JSON, a function looks for itself, None is not looked at.
    A reply with the status 0 is a closed port.  `wait` turns the clock on first; `slept` is what the gateway itself
    waited for, if it was more than nothing.
    """

    why: str
    method: str = "GET"
    path: str = "/"
    logged: tuple[Mapping[str, Any], ...] = ()
    """Members of the JSON that `log-to-eventhub` sent, all that are looked at."""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Any = None
    wait: float = 0
    replies: tuple[tuple[int, Mapping[str, str], bytes], ...] = ()
    status: int = 200
    reason: str | None = None
    answer: Any = b"backend"
    answered: Mapping[str, Any] = field(default_factory=dict)
    sent: tuple[Sent, ...] = ()
    slept: tuple[Any, ...] = ()
    metered: tuple[tuple[str, Mapping[str, str], Mapping[str, int]], ...] = ()
    measured: tuple[tuple[str, str, Mapping[str, str], float], ...] = ()
    """What `emit-metric` told: namespace, name, dimensions, value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A document with what it needs around it.  Files, fragments: in the corpus, or a text that stands in for one."""

    name: str
    file: str
    steps: tuple[Step, ...]
    scope: str = "api"
    named: Mapping[str, str] = field(default_factory=dict)
    fragments: Mapping[str, str] = field(default_factory=dict)
    backends: Mapping[str, str] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)
    api_path: str = ""
    operations: tuple[tuple[str, str], ...] = (("*", "/*"),)
    answers_unmatched: bool = False
    """Its on-error section also sees what no operation matches, as that of the global scope does.

    A global document proper may not hold `<base />`, and those that others wrote do.
    """
    loggers: tuple[str, ...] = ()
    keyed: bool = False
    key_header: str | None = None
    around: str | None = None
    """The text of the global scope; None: the default one."""
    service_url: str = "https://default.example"
    subscription: tuple[str, str] = ("sub-1", "First")
    """Id and name."""
    product: str | None = None
    """The name of the product the key is for; None: no product, unless the scope is one."""
    user: str | None = None
    """The id of the user the key belongs to."""
    region: str = "local"


def dumps(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def error(status: int, message: str) -> bytes:
    """The default body of a client's error, as the platform spaces it."""
    return f'{{ "statusCode": {status}, "message": "{message}" }}'.encode()


def completion(prompt: int, answer: int) -> tuple[int, Mapping[str, str], bytes]:
    """A chat completion that reports its usage."""
    usage = {"prompt_tokens": prompt, "completion_tokens": answer, "total_tokens": prompt + answer}
    message = {"role": "assistant", "content": "Hello!"}
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    shown = {"id": "c-1", "object": "chat.completion", "model": "gpt-4o", "choices": [choice], "usage": usage}
    return 200, JSON, dumps(shown)


def chat(text: str = "Hello", **more: Any) -> bytes:
    """A chat request; "Hello" is estimated at 8 tokens: 3, and 3 + 1 + 1 for the message."""
    return dumps({"messages": [{"role": "user", "content": text}], **more})


def base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def token(**claims: Any) -> str:
    """A JWT nobody will verify."""
    header = {"alg": "RS256", "typ": "JWT"}
    return f"{base64url(dumps(header))}.{base64url(dumps(claims))}.{base64url(b'signature')}"


def corpus() -> Path:
    """The folder of the documents; skips the module without one."""
    folder = os.environ.get("APIMPY_CORPUS")
    if not folder:
        pytest.skip("APIMPY_CORPUS is not set: the documents of others are not tested", allow_module_level=True)
    return Path(folder)


def literal(file: str, number: int) -> bytes:
    """The text of the n-th literal set-body of a document, as it stands there."""
    text = (corpus() / "policies" / file).read_text("utf-8-sig")
    bodies = [b for b in re.findall(r"<set-body>(.*?)</set-body>", text, re.DOTALL) if not b.startswith("@")]
    return bodies[number - 1].encode()


def attribute(file: str, name: str) -> str:
    """The value of the first attribute of this name in a document: an address that is its author's."""
    return found(file, rf'{name}="([^"@]+)"')


def found(file: str, pattern: str) -> str:
    """The first group of the first match in a document: what is its author's, wherever it stands."""
    match = re.search(pattern, (corpus() / "policies" / file).read_text("utf-8-sig"))
    assert match is not None
    return match[1]


async def play(document: Document, running: Any) -> None:
    """Every request of a document, in order, against its running gateway."""
    loggers = running.gateway.services.event_loggers.values()
    for step in document.steps:
        for logger in loggers:
            logger.texts.clear()
        running.clock.time += step.wait
        running.arrived.clear()
        running.transport.meant.clear()
        running.clock.slept.clear()
        running.meter.emitted.clear()
        running.gauge.observed.clear()
        running.replies[:] = step.replies
        got = await running.ask(step.method, step.path, step.headers, step.body)
        assert got.status == step.status, (step.why, got.body)
        if step.reason is not None:
            assert got.reason == step.reason, step.why
        texts = [text for logger in loggers for text in logger.texts]
        for text, members in zip(texts, step.logged, strict=True):
            assert {k: v for k, v in json.loads(text).items() if k in members} == members, step.why
        check_body(step.answer, got.body, step.why, got.activity)
        check_headers(step.answered, got.headers, step.why)
        assert [(a.method, a.url) for a in running.arrived] == [(s.method, s.url) for s in step.sent], step.why
        for arrived, sent in zip(running.arrived, step.sent, strict=True):
            check_headers(sent.headers, arrived.headers, step.why)
            check_body(sent.body, arrived.body, step.why, got.activity)
        assert running.replies == [], step.why
        assert tuple(s for s in running.clock.slept if s) == step.slept, step.why
        check_metrics(step, running.meter.emitted)
        assert tuple(running.gauge.observed) == step.measured, step.why


def check_body(expected: Any, body: bytes, why: str, activity: str) -> None:
    if expected is INTERNAL:
        wanted = f'{{ "statusCode": 500, "message": "Internal server error", "activityId": "{activity}" }}'
        assert body.decode() == wanted, why
    elif isinstance(expected, bytes):
        assert body == expected, why
    elif callable(expected):
        assert expected(body), (why, body)
    elif expected is not None:
        assert json.loads(body) == expected, why


def check_headers(expected: Mapping[str, Any], got: Any, why: str) -> None:
    for name, value in expected.items():
        values = got.getall(name, [])
        if value is None:
            assert values == [], (name, why)
        elif callable(value):
            assert len(values) == 1, (name, why)
            assert value(values[0]), (name, why)
        else:
            assert values == [value], (name, why)


def check_metrics(step: Step, emitted: list[Any]) -> None:
    assert len(emitted) == len(step.metered), step.why
    for (namespace, dimensions, values), wanted in zip(emitted, step.metered, strict=True):
        assert namespace == wanted[0], step.why
        assert {k: v for k, v in dimensions.items() if k in wanted[1]} == wanted[1], step.why
        assert {k: v for k, v in values.items() if k in wanted[2]} == wanted[2], step.why
