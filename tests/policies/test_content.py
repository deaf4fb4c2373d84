"""Policies that change the text of a body: find-and-replace, redirect-content-urls."""

import gzip
import zlib

import pytest

from apimpy.runtime.exchange import Api
from apimpy.runtime.message import Body, Response
from apimpy.stores.cache import MemoryCache


def body_of(message):
    return message.body.wire()


# --- find-and-replace -------------------------------------------------------------------------------------------------


def replace(old, new):
    return f'<find-and-replace from="{old}" to="{new}" />'


@pytest.mark.step("find-and-replace 1 2 3")
@pytest.mark.parametrize(
    ("policy", "body", "headers", "expected"),
    [
        (replace("a", "b"), b"aAa", {}, b"bAb"),  # every occurrence, ordinal, case-sensitive
        (replace("a.c", "x"), b"abc a.c", {}, b"abc x"),  # no pattern
        (replace("", "x"), b"abc", {}, b"abc"),  # empty `from`: no-op
        (replace("a", ""), b"abca", {}, b"bc"),
        (replace("@('b')", "@(7)"), b"abc", {}, b"a7c"),
        (replace("é", "è"), "é\xff".encode(), {"Content-Type": "text/plain"}, "è\xff".encode()),
        (replace("é", "è"), "é!".encode("latin-1"), {"Content-Type": 'text/plain; charset="ISO-8859-1"'}, b"\xe8!"),
        (replace("é", "€"), "é!".encode("latin-1"), {"Content-Type": "text/plain;charset=latin1"}, b"?!"),
        (replace("a", "é"), "a".encode("utf-16"), {}, "é".encode("utf-16")),
        (replace("a", "b"), b"a\xff\xfe", {}, b"b\xff\xfe"),  # bytes that are no text stay
        (replace("a", "b"), b"a", {"Content-Type": "text/plain; charset=rot13"}, b"b"),
        (replace("a", "b"), gzip.compress(b"aa", mtime=0), {"Content-Encoding": "gzip"}, b"bb"),
        (replace("a", "b"), zlib.compress(b"aa"), {"Content-Encoding": "deflate"}, b"bb"),
        (replace("a", "b"), zlib.compress(b"aa", wbits=-15), {"Content-Encoding": "deflate"}, b"bb"),
        (replace("a", "b"), b"", {}, b""),  # body absent: no-op
        (replace("a", "b"), b"aa", {"Content-Encoding": "br"}, b"aa"),  # cannot be unpacked: left alone
    ],
)
async def test_find_and_replace_on_both_messages(h, kit, policy, body, headers, expected):
    await h.run(kit.policies(inbound=policy), method="POST", body=body, headers=headers)
    assert h.transport.bodies == [expected]
    headers = {**headers, "Content-Length": str(len(body))}
    h.transport.answers = [lambda r: kit.reply(body=body, headers=headers)]
    ex = await h.run(kit.policies(outbound=policy))
    assert body_of(ex.response) == expected
    if expected != body:
        assert "Content-Encoding" not in ex.response.headers
        assert "Content-Length" not in ex.response.headers


async def test_find_and_replace_reads_a_stream(h, kit):
    h.transport.answers = [kit.reply(stream=kit.Stream(b"on", b"e two"))]
    ex = await h.run(kit.policies(outbound=replace("one", "1")))
    assert body_of(ex.response) == b"1 two"


async def test_a_body_that_unpacks_too_far_is_left_alone(h, kit):
    h.options(max_buffered_body=1000)
    packed = gzip.compress(b"a" * 5000)
    ex = await h.run(kit.policies(inbound=replace("a", "b")), body=packed, headers={"Content-Encoding": "gzip"})
    assert h.transport.bodies == [packed]
    assert "limit" in ex.notes[0]


# --- redirect-content-urls --------------------------------------------------------------------------------------------


@pytest.mark.step("redirect-content-urls 1 2")
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("http://backend.test/base/x?y", "https://gw.test/api/x?y"),
        ('"http://backend.test/base"', '"https://gw.test/api"'),
        ("http://backend.test/basement", "http://backend.test/basement"),
        ("http://backend.test:80/base/x", "http://backend.test:80/base/x"),  # matching is literal
        ("https://backend.test/base/x", "https://backend.test/base/x"),
        ("See http://backend.test/base.", "See https://gw.test/api."),
        ("nothing", "nothing"),
    ],
)
async def test_redirect_content_urls_outbound(h, kit, text, expected):
    h.transport.answers = [kit.reply(body=text.encode(), headers=[("Location", "http://backend.test/base/x")])]
    ex = h.exchange()
    ex.api = Api("a", "a", "api/")
    await h.run(kit.policies(outbound="<redirect-content-urls />"), ex=ex)
    assert body_of(ex.response).decode() == expected
    assert ex.response.headers["Location"] == "http://backend.test/base/x"  # headers are untouched


@pytest.mark.step("redirect-content-urls 1")
async def test_redirect_content_urls_inbound_is_the_reverse(h, kit):
    ex = h.exchange("POST", body=b"https://gw.test/api/x https://gw.test/apis")
    ex.api = Api("a", "a", "api")
    await h.run(kit.policies(inbound="<redirect-content-urls />"), ex=ex)
    assert h.transport.bodies == [b"http://backend.test/base/x https://gw.test/apis"]


async def test_redirect_content_urls_follows_the_chosen_backend(h, kit):
    h.transport.answers = [kit.reply(body=b"https://other.test:8443/v1/x")]
    inbound = '<set-backend-service base-url="https://other.test:8443/v1/" />'
    ex = await h.run(kit.policies(inbound=inbound, outbound="<redirect-content-urls />"))
    assert body_of(ex.response) == b"https://gw.test/x"


@pytest.mark.step("redirect-content-urls 3")
async def test_redirect_content_urls_before_the_store(h, kit):
    """What is kept has been changed; every answer shows the gateway's URLs."""
    h.services.cache = MemoryCache()
    h.transport.answers = [kit.reply(body=b"http://backend.test/base/x"), kit.reply(body=b"twice")]
    lookup = '<cache-lookup vary-by-developer="false" vary-by-developer-groups="false" />'
    outbound = '<redirect-content-urls /><cache-store duration="60" />'
    for _ in range(2):
        ex = await h.run(kit.policies(inbound=lookup, outbound=outbound))
        assert body_of(ex.response) == b"https://gw.test/x"
    assert len(h.transport.sent) == 1


async def test_redirect_content_urls_without_a_backend(h, kit):
    ex = h.exchange("POST", body=b"https://gw.test/api/x")
    ex.service_url = None
    await h.run(kit.policies(inbound="<redirect-content-urls />", backend=""), ex=ex)
    assert (ex.last_error, body_of(ex.request)) == (None, b"https://gw.test/api/x")


def test_bodies_are_edited_in_place():
    """Whoever watches a body keeps watching it."""
    from apimpy.policies._content import Content, put

    response = Response(body=Body(b"x"))
    body = response.body
    put(response, Content("x"), "y")
    assert (response.body is body, body.data) == (True, b"y")
