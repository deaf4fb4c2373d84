"""validate-jwt with a provider that listens on a socket: steps 12 to 15, and 18 with metadata."""

import asyncio
import importlib.util
import json
import logging
import sys
from pathlib import Path

import pytest
from aiohttp import web

from apimpy.gateway.client import HttpTransport
from apimpy.policies._jwt import openid

_spec = importlib.util.spec_from_file_location("jwt_kit", Path(__file__).with_name("jwt_kit.py"))
if "jwt_kit" not in sys.modules:
    _module = importlib.util.module_from_spec(_spec)
    sys.modules["jwt_kit"] = _module
    _spec.loader.exec_module(_module)
K = sys.modules["jwt_kit"]


class Provider:
    """An identity provider; `config` and `jwks` are what it publishes, `hits` who asked."""

    def __init__(self):
        self.url = ""
        self.hits = []
        self.config = {}
        self.jwks = {"keys": [K.jwk(K.rsa_private(), "k1"), K.jwk(K.ec_private("ES256"), "e1")]}
        self.delay = 0.0
        self.answers = {}

    @property
    def issuer(self):
        return self.url

    @property
    def at(self):
        return f"{self.url}/.well-known/openid-configuration"

    async def handle(self, request):
        self.hits.append(request.path)
        assert request.headers["Accept-Encoding"] == "identity"
        await asyncio.sleep(self.delay)
        if request.path in self.answers:
            made = self.answers[request.path]
            return await made(request) if callable(made) else made
        if request.path.endswith("/.well-known/openid-configuration"):
            found = {"issuer": self.issuer, "jwks_uri": f"{self.url}/keys"} | self.config
            return web.json_response({k: v for k, v in found.items() if v is not None})
        return web.json_response(self.jwks)


class Split:
    """The provider's requests go out for real, the backend's to the fake."""

    def __init__(self, backend, real):
        self.backend, self.real = backend, real

    async def send(self, request, *, timeout):
        chosen = self.real if request.url.host == "127.0.0.1" else self.backend
        return await chosen.send(request, timeout=timeout)


@pytest.fixture
async def start(h):
    runners = []
    real = HttpTransport()
    h.services.transport = Split(h.transport, real)

    async def begin():
        provider = Provider()
        runner = web.ServerRunner(web.Server(provider.handle), shutdown_timeout=0.1)
        await runner.setup()
        runners.append(runner)
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        provider.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        provider.stop = runner.cleanup
        return provider

    yield begin
    await h.services.background.drain(0)
    await real.aclose()
    for runner in runners:
        await runner.cleanup()


@pytest.fixture
async def provider(start):
    return await start()


def policy(*providers, inner="", **attributes):
    urls = [p if isinstance(p, str) else p.at for p in providers]
    return K.policy("".join(f'<openid-config url="{u}" />' for u in urls) + inner, **attributes)


async def check(h, kit, text, sent):
    return K.told(await K.ask(h, kit, text, sent))


def unreachable(*urls):
    return "JwtInvalid", f"IDX20803: Unable to obtain configuration from: '{', '.join(urls)}'."


# --- 12: configuration, keys, issuer ----------------------------------------------------------------------------------


@pytest.mark.step("validate-jwt 12")
@pytest.mark.parametrize(
    ("made", "reason"),
    [
        ({"algorithm": "RS256"}, None),
        ({"algorithm": "RS384"}, None),
        ({"algorithm": "RS512"}, None),
        ({"algorithm": "PS256"}, None),
        ({"algorithm": "ES256", "kid": "e1"}, None),
        ({"algorithm": "RS256", "kid": None}, None),
        ({"exp": K.NOW}, "TokenExpired"),
        ({"nbf": K.NOW + 9}, "JwtInvalid"),
        ({"iss": "https://elsewhere.test"}, "TokenIssuerNotAllowed"),
        ({"iss": None}, "TokenIssuerNotAllowed"),
        ({"key": "other"}, "TokenSignatureInvalid"),
        ({"key": "other", "kid": "forged"}, "TokenSignatureKeyNotFound"),
    ],
)
async def test_12_tokens_of_a_provider(h, kit, provider, made, reason):
    if made.get("key"):
        made = made | {"key": K.rsa_private(made["key"])}
    found = await check(h, kit, policy(provider), K.token(**{"iss": provider.issuer} | made))
    assert (found and found[0]) == reason
    assert provider.hits == ["/.well-known/openid-configuration", "/keys"]


async def test_12_an_expression_may_name_the_url(h, kit, provider):
    text = policy(f"@('{provider.url}' + '/.well-known/openid-configuration')")
    assert await check(h, kit, text, K.token(iss=provider.issuer)) is None


async def test_11_a_published_secret_is_no_key(h, kit, provider):
    """HMAC keys come from the policy only; a lying or careless endpoint cannot bring them in."""
    provider.jwks["keys"] += [{"kty": "oct", "kid": "h1", "k": K.b64(K.SECRET)}]
    for kid in ("h1", "k1", None):
        found = await check(h, kit, policy(provider), K.token("HS256", kid=kid, iss=provider.issuer))
        assert found[0] in ("TokenSignatureInvalid", "TokenSignatureKeyNotFound")


@pytest.mark.parametrize(
    ("changes", "passes"),
    [
        ({"use": "sig"}, True),
        ({"use": "enc"}, False),
        ({"key_ops": ["verify"]}, True),
        ({"key_ops": ["encrypt"]}, False),
        ({"alg": "RS256"}, True),
        ({"alg": "RS512"}, False),
        ({"alg": 5}, False),
        ({"kid": 5}, False),
        ({"kty": "OKP"}, False),
        ({"n": "AQAB"}, False),
        ({"n": 5}, False),
        ({"e": "AQ"}, False),
        ({"e": K.b64(b"\xff" * 9)}, False),
        ({"n": K.b64(b"\xff" * 4096)}, False),
    ],
)
async def test_12_which_published_keys_are_used(h, kit, provider, changes, passes):
    provider.jwks = {"keys": [K.jwk(K.rsa_private(), "k1") | changes, K.jwk(K.rsa_private("spare"), "s")]}
    found = await check(h, kit, policy(provider), K.token(iss=provider.issuer))
    assert (found is None) == passes


# --- 13: kept for an hour, asked again every five minutes at most -----------------------------------------------------


@pytest.mark.step("validate-jwt 13")
async def test_13_kept_for_an_hour(h, kit, provider):
    sent = {"iss": provider.issuer, "exp": K.NOW + 9999}
    for wait, hits in ((0, 2), (1, 2), (3298, 2), (302, 4), (1, 4)):
        h.clock.time += wait
        assert await check(h, kit, policy(provider), K.token(**sent)) is None
        assert len(provider.hits) == hits, wait


async def test_13_renewed_before_the_hour_ends_without_a_wait(h, kit, provider):
    sent = {"iss": provider.issuer, "exp": K.NOW + 9999}
    assert await check(h, kit, policy(provider), K.token(**sent)) is None
    h.clock.time += 3400
    provider.delay = 0.2
    assert await check(h, kit, policy(provider), K.token(**sent)) is None
    assert provider.hits.count("/keys") == 1
    await h.services.background.drain(5)
    assert provider.hits.count("/keys") == 2


@pytest.mark.step("validate-jwt 13")
async def test_13_a_new_key_is_found_once_in_five_minutes(h, kit, provider):
    rotated = K.token(iss=provider.issuer, exp=K.NOW + 9999, key=K.rsa_private("new"), kid="k2")
    assert await check(h, kit, policy(provider), K.token(iss=provider.issuer)) is None
    provider.jwks = {"keys": [K.jwk(K.rsa_private("new"), "k2")]}
    for wait, reason, hits in (
        (0, "TokenSignatureKeyNotFound", 2),
        (299, "TokenSignatureKeyNotFound", 2),
        (1, None, 4),
    ):
        h.clock.time += wait
        found = await check(h, kit, policy(provider), rotated)
        assert ((found and found[0]), len(provider.hits)) == (reason, hits)
    # the old key is gone, and with it what it had signed
    found = await check(h, kit, policy(provider), K.token(iss=provider.issuer, exp=K.NOW + 9999))
    assert found[0] == "TokenSignatureKeyNotFound"


async def test_13_a_key_of_the_policy_is_nothing_to_ask_about(h, kit, provider):
    text = policy(provider, inner=K.signing(K.rsa_element("own", "own")))
    assert await check(h, kit, text, K.token(iss=provider.issuer)) is None
    h.clock.time += 400
    sent = K.token(iss=provider.issuer, key=K.rsa_private("own"), kid="own")
    assert await check(h, kit, text, sent) is None
    assert len(provider.hits) == 2


async def test_13_forged_key_ids_do_not_flood_the_provider(h, kit, provider):
    assert await check(h, kit, policy(provider), K.token(iss=provider.issuer)) is None
    h.clock.time += 400
    for i in range(20):
        found = await check(h, kit, policy(provider), K.token(key=K.rsa_private("other"), kid=f"forged-{i}"))
        assert found[0] == "TokenSignatureKeyNotFound"
    assert len(provider.hits) == 4


async def test_13_malformed_tokens_never_reach_the_provider(h, kit, provider):
    for text in ("x", "a.b.c", K.raw({"typ": "JWT"}, {})):
        assert (await check(h, kit, policy(provider), text))[0] == "JwtInvalid"
    assert provider.hits == []


async def test_13_one_fetch_for_any_number_of_requests_and_policies(h, kit, provider):
    provider.delay = 0.05
    text, sent = policy(provider) * 2, K.token(iss=provider.issuer)
    program = h.compile(kit.policies(inbound=text))
    exchanges = [h.exchange(headers=K.bearer(sent)) for _ in range(20)]
    await asyncio.gather(*(program.run(ex) for ex in exchanges))
    assert [K.told(ex) for ex in exchanges] == [None] * 20
    assert len(provider.hits) == 2


async def test_13_a_caller_that_leaves_does_not_take_the_fetch_along(h, kit, provider):
    provider.delay = 0.05
    program = h.compile(kit.policies(inbound=policy(provider)))
    first, second = (h.exchange(headers=K.bearer(K.token(iss=provider.issuer))) for _ in range(2))
    task = asyncio.ensure_future(program.run(first))
    await asyncio.sleep(0.02)
    waiting = asyncio.ensure_future(program.run(second))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await waiting
    assert K.told(second) is None
    assert len(provider.hits) == 2


# --- 14: several ------------------------------------------------------------------------------------------------------


@pytest.mark.step("validate-jwt 14")
async def test_14_keys_and_issuers_of_all_are_accepted(h, kit, start):
    one, two = await start(), await start()
    two.jwks = {"keys": [K.jwk(K.rsa_private("two"), "k2")]}
    text = policy(one, two)
    assert await check(h, kit, text, K.token(iss=one.issuer)) is None
    assert await check(h, kit, text, K.token(iss=two.issuer, key=K.rsa_private("two"), kid="k2")) is None
    assert (await check(h, kit, text, K.token(iss="third")))[0] == "TokenIssuerNotAllowed"


async def test_14_one_that_is_down_does_not_spoil_the_other(h, kit, start):
    one, two = await start(), await start()
    await two.stop()
    text = policy(one, two)
    assert await check(h, kit, text, K.token(iss=one.issuer)) is None
    assert (await check(h, kit, text, K.token(iss=two.issuer)))[0] == "TokenIssuerNotAllowed"


@pytest.mark.step("validate-jwt 8")
async def test_8_keys_of_policy_and_provider_are_united(h, kit, provider):
    text = policy(provider, inner=K.signing(K.rsa_element("own", "own")) + "<issuers><issuer>me</issuer></issuers>")
    assert await check(h, kit, text, K.token(iss=provider.issuer)) is None
    assert await check(h, kit, text, K.token(iss="me", key=K.rsa_private("own"), kid="own")) is None
    found = await check(h, kit, text, K.token(iss=provider.issuer, key=K.rsa_private("own"), kid="k1"))
    assert found[0] == "TokenSignatureInvalid"


# --- 15: unreachable and lying endpoints ------------------------------------------------------------------------------


@pytest.mark.step("validate-jwt 15")
async def test_15_unreachable_is_a_failed_validation(h, kit, provider, caplog):
    await provider.stop()
    with caplog.at_level(logging.WARNING, "apimpy.openid"):
        ex = await K.ask(h, kit, policy(provider), K.token(iss=provider.issuer))
    assert K.told(ex) == unreachable(provider.at)
    assert (ex.response.status, ex.response.body.data) == (401, K.body(401, unreachable(provider.at)[1]))
    assert provider.at in caplog.text


async def test_13_and_15_a_failure_is_asked_about_again_after_five_minutes(h, kit, provider):
    provider.answers["/keys"] = web.Response(status=503)
    for wait, hits in ((0, 2), (1, 2), (298, 2)):
        h.clock.time += wait
        assert await check(h, kit, policy(provider), K.token(iss=provider.issuer)) == unreachable(provider.at)
        assert len(provider.hits) == hits
    provider.answers.clear()
    h.clock.time += 1
    assert await check(h, kit, policy(provider), K.token(iss=provider.issuer)) is None


async def test_15_a_copy_stays_in_use_while_the_provider_is_down(h, kit, provider):
    sent = K.token(iss=provider.issuer, exp=K.NOW + 99999)
    assert await check(h, kit, policy(provider), sent) is None
    await provider.stop()
    for wait in (3700, 1, 400):
        h.clock.time += wait
        assert await check(h, kit, policy(provider), sent) is None


def answer(status=200, data=b"{}", **headers):
    async def make(request):
        return web.Response(status=status, body=data, headers={k.replace("_", "-"): v for k, v in headers.items()})

    return make


async def endless(request):
    response = web.StreamResponse()
    await response.prepare(request)
    for _ in range(openid.MOST_BYTES // 65536 + 2):
        await response.write(b" " * 65536)
    await response.write_eof()
    return response


async def dripping(request):
    response = web.StreamResponse()
    await response.prepare(request)
    while True:
        await response.write(b" ")
        await asyncio.sleep(0.02)


async def silent(request):
    await asyncio.sleep(60)


KEYS_PATH = "/keys"
CONFIG_PATH = "/.well-known/openid-configuration"


@pytest.mark.parametrize("path", [CONFIG_PATH, KEYS_PATH])
@pytest.mark.parametrize(
    "lie",
    [
        answer(404),
        answer(500),
        answer(204, b""),
        answer(data=b""),
        answer(data=b"<html>"),
        answer(data=b"[]"),
        answer(data=b"null"),
        answer(data=b"{}"),
        answer(data=b'{"keys":{}}'),
        answer(data=b'{"keys":[]}'),
        answer(data=b'{"keys":[null,5,{"kty":"RSA"}]}'),
        answer(data=json.dumps({"keys": [{}] * 101}).encode()),
        answer(data=b'{"issuer":5,"jwks_uri":"x"}'),
        answer(data=b'{"issuer":"x","jwks_uri":"file:///etc/passwd"}'),
        answer(data=b'{"issuer":"x","jwks_uri":"http://[::1"}'),
        answer(data=b"[" * 100_000),
        answer(data=b"\xff\xfe"),
        answer(302, b""),
        answer(302, b"", Location="/.well-known/openid-configuration"),  # around and around
        answer(302, b"", Location="ftp://elsewhere.test/"),
        answer(302, b"", Location="http://"),
        answer(302, b"", Location="http://127.0.0.1:1/"),
        answer(data=b"not gzip", Content_Encoding="gzip"),
        endless,
        dripping,
        silent,
    ],
)
async def test_15_a_lying_endpoint(h, kit, provider, monkeypatch, path, lie):
    """The documented failure, in bounded time, and nothing else breaks."""
    monkeypatch.setattr(openid, "DEADLINE", 0.3)
    provider.answers[path] = lie
    async with asyncio.timeout(5):
        assert await check(h, kit, policy(provider), K.token(iss=provider.issuer)) == unreachable(provider.at)
    assert len(provider.hits) <= 2 * (openid.MOST_REDIRECTS + 1)


async def test_redirects_are_followed_a_little(h, kit, provider):
    provider.answers[CONFIG_PATH] = answer(302, b"", Location="/a/.well-known/openid-configuration")
    provider.answers[KEYS_PATH] = answer(308, b"", Location="/other/keys")
    assert await check(h, kit, policy(provider), K.token(iss=provider.issuer)) is None


@pytest.mark.parametrize(("issuer", "keys_at"), [("i", "http://keys.test/"), ("i", "HTTP://keys.test/")])
async def test_https_is_never_left(h, kit, issuer, keys_at):
    """Neither by the document nor by a redirect."""
    at = "https://id.test/config"
    described = json.dumps({"issuer": issuer, "jwks_uri": keys_at}).encode()
    keys = json.dumps({"keys": [K.jwk(K.rsa_private(), "k1")]}).encode()
    h.transport.answers = [
        lambda r: kit.reply(200, keys if r.url.host == "keys.test" else described),
    ]
    assert await check(h, kit, policy(at), K.token(iss=issuer)) == unreachable(at)
    h.services.shared.clear()
    h.transport.answers = [lambda r: kit.reply(302, b"", [("Location", "http://id.test/config")])]
    assert await check(h, kit, policy(at), K.token(iss=issuer)) == unreachable(at)
    assert {r.url.scheme for r in h.transport.sent} == {"https"}


async def test_a_directory_has_a_limited_number_of_entries(h, kit, provider, monkeypatch):
    monkeypatch.setattr(openid, "_MOST_ENTRIES", 3)
    for i in range(5):
        provider.answers[f"/{i}"] = answer(404)
        await check(h, kit, policy(f"{provider.url}/{i}"), K.token())
    entries = h.services.one(openid.Directory)._entries
    assert [url.rpartition("/")[2] for url in entries] == ["2", "3", "4"]


async def test_a_directory_full_of_fetches_takes_no_more(h, kit, provider, monkeypatch):
    monkeypatch.setattr(openid, "_MOST_ENTRIES", 1)
    monkeypatch.setattr(openid, "DEADLINE", 0.3)
    provider.answers["/slow"] = silent
    slow = asyncio.ensure_future(check(h, kit, policy(f"{provider.url}/slow"), K.token()))
    await asyncio.sleep(0.05)
    assert await check(h, kit, policy(provider), K.token(iss=provider.issuer)) == unreachable(provider.at)
    await slow
    assert await check(h, kit, policy(provider), K.token(iss=provider.issuer)) is None


async def test_a_query_is_not_shown(h, kit, provider, caplog):
    """What follows the path may be a secret: neither the caller nor the log gets it."""
    provider.answers["/c"] = answer(404)
    found = await check(h, kit, policy(f"{provider.url}/c?code=s3cret"), K.token())
    assert found == unreachable(f"{provider.url}/c")
    assert "s3cret" not in caplog.text


# --- 18: issuers and metadata -----------------------------------------------------------------------------------------


@pytest.mark.step("validate-jwt 18")
@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"iss": "https://login.test/t-1/v2.0", "tid": "t-1"}, None),
        ({"iss": "https://login.test/t-1/v2.0", "tid": "t-2"}, "TokenIssuerNotAllowed"),
        ({"iss": "https://login.test/t-1/v2.0"}, "TokenIssuerNotAllowed"),
        ({"iss": "https://login.test/{tenantid}/v2.0", "tid": "{tenantid}"}, "TokenIssuerNotAllowed"),
        ({"iss": "https://login.test/{tenantid}/v2.0"}, "TokenIssuerNotAllowed"),
        ({"iss": "https://login.test/a/b/v2.0", "tid": "a/b"}, "TokenIssuerNotAllowed"),
        ({"iss": "https://login.test//v2.0", "tid": ""}, "TokenIssuerNotAllowed"),
    ],
)
async def test_18_the_tenant_of_the_token(h, kit, provider, changes, reason):
    provider.config["issuer"] = "https://login.test/{tenantid}/v2.0"
    found = await check(h, kit, policy(provider), K.token(**changes))
    assert (found and found[0]) == reason


@pytest.mark.step("validate-jwt 12 18")
async def test_18_issuers_of_policy_and_metadata(h, kit, provider):
    text = policy(provider, inner="<issuers><issuer>mine</issuer></issuers>")
    for issuer, reason in ((provider.issuer, None), ("mine", None), ("x", "TokenIssuerNotAllowed")):
        found = await check(h, kit, text, K.token(iss=issuer))
        assert (found and found[0]) == reason
