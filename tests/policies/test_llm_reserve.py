"""Reserve and settle: the most that a completion may cost is taken before the call, and corrected after it."""

import asyncio
import sys

import pytest

from apimpy.policies._llm.bound import completion_bound
from apimpy.runtime.ports import ConnectFailed

L = sys.modules["llm_kit"]
ESTIMATE = L.ESTIMATE


def asks(**bounds):
    return {**L.PROMPT, **bounds}


@pytest.mark.parametrize(
    ("kind", "body", "tokens"),
    [
        ("chat", {}, 100),
        ("chat", {"max_tokens": 7}, 7),
        ("chat", {"max_completion_tokens": 8}, 8),
        ("responses", {"max_output_tokens": 9}, 9),
        ("chat", {"max_tokens": 1, "max_completion_tokens": 500}, 500),
        ("chat", {"max_tokens": 500, "max_completion_tokens": 1, "max_output_tokens": 2}, 500),
        ("chat", {"max_tokens": 7, "n": 3}, 21),
        ("chat", {"n": 3}, 300),
        ("completion", {"max_tokens": 7, "n": 2, "best_of": 5}, 35),
        ("completion", {"max_tokens": 7, "prompt": ["a", "b"]}, 14),
        ("completion", {"max_tokens": 7, "prompt": [1, 2, 3]}, 7),
        ("completion", {"max_tokens": 7, "prompt": [[1, 2], [3]], "n": 2}, 28),
        ("anthropic", {"max_tokens": 7}, 7),
        ("gemini", {"generationConfig": {"maxOutputTokens": 7, "candidateCount": 2}}, 14),
        ("gemini", {"max_tokens": 1}, 100),
        ("bedrock", {"inferenceConfig": {"maxTokens": 7}}, 7),
        ("embeddings", {"max_tokens": 7}, 0),
        ("none", {}, 0),
        ("chat", {"max_tokens": 0}, 100),
        ("chat", {"max_tokens": -5}, 100),
        ("chat", {"max_tokens": "7"}, 100),
        ("chat", {"max_tokens": True}, 100),
        ("chat", {"max_tokens": None}, 100),
        ("chat", {"max_tokens": 7.9}, 7),
        ("chat", {"max_tokens": float("nan")}, 100),
        ("chat", {"max_tokens": 1e300}, 1 << 62),
        ("chat", {"max_tokens": 7, "n": "3"}, 7),
        ("chat", {"max_tokens": 7, "n": 0}, 7),
        ("gemini", {"generationConfig": "odd"}, 100),
    ],
)
def test_bounds(kind, body, tokens):
    assert completion_bound(kind, body, 100) == tokens


class Slow:
    """A backend that answers everybody at once, when it is told to."""

    def __init__(self, kit, total):
        self.kit, self.total, self.go = kit, total, asyncio.Event()
        self.asked = 0

    async def send(self, request, *, timeout):
        self.asked += 1
        await self.go.wait()
        return L.answer(self.kit, L.usage(self.total))(request)

    async def aclose(self):
        """Nothing is open."""


async def storm(h, kit, inbound, cost, body, count=20):
    """So many calls at once; how many were admitted."""
    slow = h.services.transport = Slow(kit, cost)
    calls = [asyncio.ensure_future(L.call(h, kit, inbound, body)) for _ in range(count)]
    while slow.asked + sum(c.done() for c in calls) < count:
        await asyncio.sleep(0)
    slow.go.set()
    found = [(await c).response.status for c in calls]
    h.services.transport = h.transport
    assert sorted(set(found)) in ([200], [200, 429], [200, 403])
    return found.count(200)


KINDS = [("left", {"tokens_per_minute": 1000}), ("quota-left", {"token_quota": 1000, "token_quota_period": "Daily"})]


@pytest.mark.parametrize(("header", "policy"), KINDS)
@pytest.mark.parametrize("algorithm", ["bucket", "sliding"])
@pytest.mark.parametrize(
    ("reserve", "cost", "admitted", "left"),
    [
        (False, 112, 20, 0),
        (True, 112, 8, 1000 - 8 * 112),
        (True, ESTIMATE, 8, 1000 - 8 * ESTIMATE),
        (True, 200, 8, 0),
    ],
    ids=["off: everybody is let in", "exactly as much", "less", "each may pass by what it exceeds its own bound"],
)
async def test_calls_at_once(h, kit, header, policy, algorithm, reserve, cost, admitted, left):
    h.options(reserve_completion=reserve, rate_algorithm=algorithm)
    inbound = L.limit(**policy)
    assert await storm(h, kit, inbound, cost, asks(max_tokens=100)) == admitted
    ex = await L.call(h, kit, inbound, b"no call")
    assert ex.response.headers[header] == str(left)


@pytest.mark.parametrize(("header", "policy"), KINDS)
async def test_a_bound_above_the_limit_takes_all_of_it(h, kit, header, policy):
    """The first call is not refused for what it might cost; while it runs, nobody else is let in."""
    h.options(reserve_completion=True)
    inbound = L.limit(**policy)
    assert await storm(h, kit, inbound, 60, asks(max_tokens=1_000_000)) == 1
    ex = await L.call(h, kit, inbound, b"no call")
    assert ex.response.headers[header] == "940"


async def test_a_prompt_above_the_limit_is_refused(h, kit):
    h.options(reserve_completion=True)
    assert L.refusal(await L.call(h, kit, L.limit(ESTIMATE - 1))) == (429, "Token limit is exceeded.", None)
    ex = await L.call(h, kit, L.quota(ESTIMATE - 1))
    assert L.refusal(ex)[:2] == (403, "Token quota will exceed. Try again in 46 minutes and 40 seconds.")


@pytest.mark.parametrize(("default", "seen"), [(300, 700 - ESTIMATE), (50, 950 - ESTIMATE)])
async def test_the_default_bound(h, kit, default, seen):
    h.options(reserve_completion=True, reserve_completion_default=default)
    h.transport.answers = [L.answer(kit, L.usage(0, 0))]
    backend = (
        "<choose><when condition=\"@(V.setdefault('seen', (V['left'], V['used'])) is None)\" />"
        "<otherwise><forward-request /></otherwise></choose>"
    )
    ex = await L.call(h, kit, L.limit(1000), backend=backend)
    assert ex.variables["seen"] == (seen, ESTIMATE)
    assert ex.response.headers["left"] == "1000"


@pytest.mark.parametrize("reply", [500, ConnectFailed("x")])
async def test_what_was_reserved_comes_back(h, kit, reply):
    h.options(reserve_completion=True)
    h.transport.answers = [reply if isinstance(reply, Exception) else L.answer(kit, {}, reply)]
    ex = await L.call(h, kit, L.limit(1000, token_quota=500, token_quota_period="Daily"), asks(max_tokens=90))
    assert (ex.response.headers["left"], ex.response.headers["quota-left"]) == ("1000", "500")


async def test_a_caller_that_leaves_before_the_answer(h, kit):
    h.options(reserve_completion=True)
    slow = h.services.transport = Slow(kit, 1)
    ex = h.exchange("POST", L.URL, body=b'{"messages": [], "max_tokens": 400}')
    run = asyncio.ensure_future(h.run(kit.policies(inbound=L.limit(500)), ex=ex))
    while not slow.asked:
        await asyncio.sleep(0)
    run.cancel()
    with pytest.raises(asyncio.CancelledError):
        await run
    for hook in ex.hooks:
        await hook.on_end(ex, False)
    h.services.transport = h.transport
    assert await L.left(h, kit, 500) == "500"


async def test_streams_are_reserved_too(h, kit):
    h.options(reserve_completion=True)
    h.transport.answers = [L.streamed(kit, L.events("hello"))]
    ex = await L.call(h, kit, L.limit(1000), {**L.STREAMED, "max_tokens": 100})
    assert ex.response.headers["left"] == str(1000 - 100 - ESTIMATE)
    assert ex.response.headers["used"] == str(ESTIMATE)
    h.options()
    assert await L.left(h, kit, 1000) == str(1000 - 5 - ESTIMATE)


@pytest.mark.parametrize("body", [b"{", b"\xff", b"", b"[1]", b'{"prompt": 1}'])
@pytest.mark.parametrize("reserve", [False, True])
async def test_bodies_that_cannot_be_estimated(h, kit, reserve, body):
    """Admitted for nothing, charged what the answer reports."""
    h.options(reserve_completion=reserve)
    h.transport.answers = [L.answer(kit, L.usage(30))]
    ex = await L.call(h, kit, L.limit(20, estimate_prompt_tokens="true"), body)
    assert L.shown(ex) == (200, "0", "30")
    assert (await L.call(h, kit, L.limit(20), body)).response.status == 429
