"""Every example policy, served by the real gateway over real sockets: what callers get, and what backends see.

The table has rows for every file of `examples/policies`; a file without one fails.
Rows are in `example_*.py` beside the kit of the tests.
"""

from __future__ import annotations

import json
import re
import time
from pathlib import Path
from typing import Any

import aiohttp
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from example_access import ROWS as ACCESS
from example_ai import ROWS as AI
from example_kit import CHAT, FOLDER, FRAGMENTS, JSON, OK, USAGE, Call, Row, chat
from example_messages import ROWS as MESSAGES
from yarl import URL

ROWS = [*AI, *MESSAGES, *ACCESS]


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
