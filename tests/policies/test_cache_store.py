"""cache-store: what is kept of a response, over whole requests."""

import pytest
from response_cache import LOOKUP, STORE, URL, bodies, call, numbered

from apimpy.runtime.ports import ConnectFailed


@pytest.fixture
def h(kit):
    return numbered(kit)


# --- what is stored ---------------------------------------------------------------------------------------------------


@pytest.mark.step("cache-store 2")
@pytest.mark.parametrize(
    ("attribute", "status", "stored"),
    [
        ("", 200, True),
        ("", 201, False),
        ("", 404, False),
        ('cache-response="true"', 404, True),
        ('cache-response="true"', 200, True),
        ('cache-response="false"', 200, False),
        ('cache-response="@(ex.response.status == 203)"', 203, True),
        ('cache-response="@(ex.response.status == 203)"', 200, False),
        ('cache-response="true"', 206, False),
    ],
)
async def test_which_statuses(h, kit, attribute, status, stored):
    """cache-store 2."""
    h.transport.answers = [lambda r: kit.reply(status, b"x")]
    store = f'<cache-store duration="60" {attribute} />'
    seen = [(await call(h, kit, outbound=store)).response.status for _ in range(2)]
    assert (seen, len(h.transport.sent)) == ([status, status], 1 if stored else 2)


@pytest.mark.step("cache-store 3")
@pytest.mark.parametrize(("duration", "got"), [("60", [1, 1]), ("0", [1, 2]), ("-1", [1, 2]), ("@(30 * 2)", [1, 1])])
async def test_duration(h, kit, duration, got):
    """cache-store 3."""
    assert await bodies(h, kit, {}, {}, outbound=f'<cache-store duration="{duration}" />') == got


@pytest.mark.step("cache-store 1")
async def test_without_a_lookup_nothing_is_stored(h, kit):
    """cache-store 1."""
    assert await bodies(h, kit, {}, inbound="") == [1]
    assert len(h.services.cache) == 0


@pytest.mark.step("cache-store 4")
async def test_headers_that_belong_to_one_caller_or_connection(h, kit):
    """cache-store 4."""
    headers = [
        ("Set-Cookie", "a=b"),
        ("Keep-Alive", "x"),
        ("Connection", "close, X-Hop"),
        ("X-Hop", "1"),
        ("X-Kept", "1"),
    ]
    h.transport.answers = [lambda r: kit.reply(200, b"x", headers)]
    outbound = '<set-header name="Trailer" exists-action="override"><value>t</value></set-header>' + STORE
    first = await call(h, kit, outbound=outbound)
    assert first.response.headers["Set-Cookie"] == "a=b"
    second = await call(h, kit, outbound=outbound)
    assert list(second.response.headers.items()) == [("X-Kept", "1"), ("Cache-Control", "no-store")]


@pytest.mark.step("cache-lookup 9", "common 4")
async def test_promised_headers_are_those_of_the_request_that_is_served(h, kit):
    limit = '<rate-limit-by-key calls="9" renewal-period="60" counter-key="k" remaining-calls-header-name="left" />'
    assert (await call(h, kit, LOOKUP + limit)).response.headers["left"] == "8"
    assert "left" not in (await call(h, kit, LOOKUP + limit)).response.headers
    assert (await call(h, kit, limit + LOOKUP)).response.headers["left"] == "7"


@pytest.mark.step("cache-store 4 5")
async def test_a_stream_is_stored_when_its_last_byte_has_passed(h, kit):
    """cache-store 4 and 5: the caller gets it as it comes."""
    h.transport.answers = [lambda r: kit.reply(200, stream=kit.Stream(b"one ", b"two"))]
    ex = h.exchange(url=URL)
    await h.run(kit.policies(inbound=LOOKUP, outbound=STORE), ex=ex)
    assert len(h.services.cache) == 0
    assert await anext(ex.response.body.stream) == b"one "
    assert len(h.services.cache) == 0
    await h.finish(ex)
    assert len(h.services.cache) == 1


@pytest.mark.parametrize("length", [None, 7])
async def test_a_stream_comes_back_whole(h, kit, length):
    def answer(request):
        made = kit.reply(200, stream=kit.Stream(b"one ", b"two"))
        made.body.length = length
        return made

    h.transport.answers = [answer]
    assert [(await call(h, kit)).response.body.wire() for _ in range(2)] == [b"one two"] * 2
    assert len(h.transport.sent) == 1


async def test_a_stream_that_ends_too_early_is_not_stored(h, kit):
    def answer(request):
        made = kit.reply(200, stream=kit.Stream(b"one"))
        made.body.length = 7
        return made

    h.transport.answers = [answer]
    await call(h, kit)
    assert len(h.services.cache) == 0


async def test_a_stream_that_is_let_go_is_not_stored(h, kit):
    source = kit.Stream(b"one", b"two")
    h.transport.answers = [kit.reply(200, stream=source)]
    ex = h.exchange(url=URL)
    await h.run(kit.policies(inbound=LOOKUP, outbound=STORE), ex=ex)
    await anext(ex.response.body.stream)
    await ex.response.body.close()
    assert (source.closed, len(h.services.cache)) == (True, 0)


async def test_a_stream_that_a_later_policy_reads(h, kit):
    h.transport.answers = [lambda r: kit.reply(200, stream=kit.Stream(b"one ", b"two"))]
    outbound = STORE + "<set-body>@(ex.response.body.data.upper())</set-body>"
    assert [(await call(h, kit, outbound=outbound)).response.body.wire() for _ in range(2)] == [b"ONE TWO"] * 2
    assert len(h.transport.sent) == 1


@pytest.mark.parametrize(("size", "stored"), [(10, True), (11, False)])
@pytest.mark.parametrize("how", ["bytes", "stream", "announced"])
async def test_large_bodies_are_not_stored(h, kit, size, stored, how):
    def answer(request):
        if how == "bytes":
            return kit.reply(200, b"x" * size)
        made = kit.reply(200, stream=kit.Stream(b"x" * 6, b"x" * (size - 6)))
        made.body.length = size if how == "announced" else None
        return made

    h.options(max_cached_response=10)
    h.transport.answers = [answer]
    ex = await call(h, kit)
    assert (ex.response.body.wire(), len(h.services.cache)) == (b"x" * size, int(stored))


async def test_errors_are_not_stored(h, kit):
    h.transport.answers = [ConnectFailed("x")]
    await call(h, kit)
    assert len(h.services.cache) == 0
