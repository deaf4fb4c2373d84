"""Recorded and calculated sequences of the token policies: what a gateway answers at which second.

Rows are calls in order: seconds since the beginning, what the model reports, and what the caller gets.
"""

import sys
from datetime import UTC, datetime

import pytest

from apimpy.stores.cache import MemoryCache

L = sys.modules["llm_kit"]
ESTIMATE = L.ESTIMATE


def at(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


def refused(seconds):
    return (429, f"Token limit is exceeded. Try again in {seconds} seconds.", str(seconds))


RATES = {
    "a sliding minute: every charge leaves 60 seconds after it was made": (
        "sliding",
        100,
        [
            (1.9, 59, "41"),
            (17.7, 55, "0"),
            (33.1, 0, refused(29)),
            (48.5, 0, refused(14)),
            (64.0, 55, "0"),
        ],
    ),
    "the same sequence as it was first seen": (
        "sliding",
        100,
        [(1.9, 59, "41"), (17.7, 55, "0"), (33.0, 0, refused(29)), (48.5, 0, refused(14)), (64.5, 55, "0")],
    ),
    "a bucket: debt is paid back at a sixtieth of the limit a second": (
        "bucket",
        300,
        [(0.0, 262, "38"), (3.8, 262, "0"), (3.8, 0, refused(41))],
    ),
    "a bucket: waits of more than a minute": ("bucket", 10, [(0.0, 40, "0"), (0.0, 0, refused(180))]),
}


@pytest.mark.parametrize("name", RATES)
async def test_rates(h, kit, name):
    algorithm, tokens, calls = RATES[name]
    h.options(rate_algorithm=algorithm)
    begun = h.clock.time
    for seconds, cost, expected in calls:
        h.clock.time = begun + seconds
        ex = await L.spend(h, kit, L.limit(tokens, estimate_prompt_tokens="false"), cost)
        got = ex.response.headers["left"] if isinstance(expected, str) else L.refusal(ex)
        assert got == expected, f"at {seconds}"


QUOTAS = {
    "a quota that is spent to the last token is not passed": (
        100,
        "Hourly",
        [
            ("2026-03-02T10:00:00", 100, "0"),
            ("2026-03-02T10:00:10", 1, "0"),
            ("2026-03-02T10:00:20", 0, (403, "is exceeded. Try again in 59 minutes and 40 seconds.", "3580")),
            ("2026-03-02T11:00:00", 10, "90"),
        ],
    ),
    "the end of the hour is named in words and in seconds": (
        10,
        "Hourly",
        [
            ("2026-03-02T10:00:00", 11, "0"),
            ("2026-03-02T10:38:27", 0, (403, "is exceeded. Try again in 21 minutes and 33 seconds.", "1293")),
        ],
    ),
    "a day begins at midnight UTC": (
        10,
        "Daily",
        [
            ("2026-03-02T23:58:59", 11, "0"),
            ("2026-03-02T23:58:59", 0, (403, "is exceeded. Try again in 1 minute and 1 second.", "61")),
            ("2026-03-03T00:00:00", 1, "9"),
        ],
    ),
    "a month, however long it is; times of a day or more have no seconds": (
        10,
        "Monthly",
        [
            ("2028-02-28T22:58:57", 11, "0"),
            ("2028-02-28T22:58:57", 0, (403, "is exceeded. Try again in 1 day, 1 hour and 1 minute.", "90063")),
            ("2028-02-29T23:59:59", 0, (403, "is exceeded. Try again in 1 second.", "1")),
            ("2028-03-01T00:00:00", 1, "9"),
        ],
    ),
    "a year ends on the first of January": (
        10,
        "Yearly",
        [
            ("2026-12-31T00:00:00", 11, "0"),
            ("2026-12-31T00:00:00", 0, (403, "is exceeded. Try again in 1 day.", "86400")),
            ("2027-01-01T00:00:00", 1, "9"),
        ],
    ),
    "fractions of a second round up": (
        10,
        "Hourly",
        [
            ("2026-03-02T10:59:58.500", 11, "0"),
            ("2026-03-02T10:59:58.500", 0, (403, "is exceeded. Try again in 2 seconds.", "2")),
        ],
    ),
}


@pytest.mark.parametrize("name", QUOTAS)
async def test_quotas(h, kit, name):
    tokens, period, calls = QUOTAS[name]
    for moment, cost, expected in calls:
        h.clock.time = at(moment)
        ex = await L.spend(h, kit, L.quota(tokens, period), cost)
        if isinstance(expected, str):
            got = ex.response.headers["quota-left"]
        else:
            status, message, seconds = L.refusal(ex)
            got = (status, message.removeprefix("Token quota "), seconds)
        assert got == expected, moment


@pytest.mark.parametrize(
    ("start", "last", "first"),
    [
        ("monday", "2026-03-08T23:59:59", "2026-03-09T00:00:00"),
        ("sunday", "2026-03-07T23:59:59", "2026-03-08T00:00:00"),
    ],
)
async def test_weeks(h, kit, start, last, first):
    """2026-03-09 is a Monday."""
    h.options(week_start=start)
    h.clock.time = at("2026-03-04T12:00:00")
    await L.spend(h, kit, L.quota(10, "Weekly"), 11)
    h.clock.time = at(last)
    assert L.refusal(await L.spend(h, kit, L.quota(10, "Weekly"), 0))[0] == 403
    h.clock.time = at(first)
    assert await L.left(h, kit, token_quota=10, token_quota_period="Weekly") == "10"


async def test_a_prompt_above_the_rate_never_fits(h, kit):
    body = {"messages": [{"role": "user", "content": "x" * 70}]}
    ex = await L.call(h, kit, L.limit(50, estimate_prompt_tokens="true"), body)
    assert L.refusal(ex) == (429, "Token limit is exceeded.", None)
    assert not h.transport.sent


async def test_an_image_in_a_stream(h, kit):
    """Estimated though the policy does not ask for it; the headers leave before the completion is known."""
    content = [{"type": "text", "text": "hi"}, {"type": "image_url", "image_url": {"url": "data:"}}]
    body = {"messages": [{"role": "user", "content": content}], "stream": True}
    h.transport.answers = [L.streamed(kit, L.events("four"))]
    ex = await L.call(h, kit, L.limit(5000, estimate_prompt_tokens="false"), body)
    assert L.shown(ex) == (200, str(5000 - ESTIMATE - 1200), str(ESTIMATE + 1200))
    assert await L.left(h, kit, 5000) == str(5000 - ESTIMATE - 1200 - 4)


async def test_the_second_of_two_limits_refuses(h, kit):
    """Its refusal, the first's reservation given back, and the variable set between them visible in on-error."""
    second = L.quota(5, key="person")
    await L.spend(h, kit, second, 6)
    both = (
        L.limit(100, key="all", estimate_prompt_tokens="true")
        + '<set-variable name="budget" value="person" />'
        + second
    )
    on_error = '<return-response><set-status code="418" /><set-body>@(V["budget"])</set-body></return-response>'
    ex = await L.call(h, kit, both, on_error=on_error)
    assert (ex.response.status, ex.response.body.wire()) == (418, b"person")
    e = ex.last_error
    assert (e.source, e.reason, e.section, e.status) == ("llm-token-limit", "OpenAITokenQuotaExceeded", "inbound", 403)
    assert await L.left(h, kit, 100, key="all") == "100"


CACHE = '<cache-lookup vary-by-developer="false" vary-by-developer-groups="false" />'


@pytest.mark.parametrize(("before", "headers"), [(True, (None, None)), (False, ("30", "0"))])
async def test_a_hit_of_a_cache(h, kit, before, headers):
    """Before the limit: that does not run.  After it: nothing is charged, what was reserved comes back."""
    h.services.cache = MemoryCache()
    limit = L.limit(100, estimate_prompt_tokens="true")
    get = "<set-method>GET</set-method>"  # only answers to GET are kept
    inbound = get + CACHE + limit if before else limit + get + CACHE
    h.transport.answers = [L.answer(kit, L.usage(70))]
    parts = {"outbound": '<cache-store duration="60" />'}
    await L.call(h, kit, inbound, **parts)
    ex = await L.call(h, kit, inbound, **parts)
    assert len(h.transport.sent) == 1
    assert (ex.response.headers.get("left"), ex.response.headers.get("used")) == headers


METRIC = '<llm-emit-token-metric><dimension name="Location" /></llm-emit-token-metric>'


@pytest.mark.parametrize(
    ("url", "body", "chunks", "values"),
    [
        (
            "http://gw.test/v1/responses",
            {"input": "hi", "stream": True},
            L.sse(
                {"type": "response.output_text.delta", "delta": "hello"},
                {"type": "response.completed", "response": {"usage": {"input_tokens": 9, "output_tokens": 8}}},
            ),
            {"prompt": 9, "completion": 8, "total": 17},
        ),
        (L.URL, L.STREAMED, L.events("hel", "lo"), {"prompt": ESTIMATE, "completion": 5, "total": ESTIMATE + 5}),
    ],
)
async def test_metrics_of_streams(h, kit, url, body, chunks, values):
    """Without asking for usage: Responses report it all the same, chat does not."""
    h.transport.answers = [L.streamed(kit, chunks)]
    await L.call(h, kit, METRIC, body, url=url)
    assert [v for _, _, v in h.meter.emitted] == [values]


@pytest.mark.parametrize("element", ["llm-token-limit", "azure-openai-token-limit"])
@pytest.mark.parametrize(
    ("policy", "status", "reason", "message"),
    [
        (
            {"tokens_per_minute": 60},
            429,
            "OpenAITokenLimitExceeded",
            "Token limit is exceeded. Try again in 40 seconds.",
        ),
        (
            {"token_quota": 60, "token_quota_period": "Daily"},
            403,
            "OpenAITokenQuotaExceeded",
            "Token quota is exceeded. Try again in 12 hours.",
        ),
    ],
)
async def test_last_error_and_body(h, kit, element, policy, status, reason, message):
    h.clock.time = at("2026-03-02T12:00:00")
    inbound = L.limit(element=element, id="budget", **policy)
    await L.spend(h, kit, inbound, 100)
    ex = await L.call(h, kit, inbound)
    assert ex.response.status == status
    assert ex.response.body.wire() == f'{{ "statusCode": {status}, "message": "{message}" }}'.encode()
    assert ex.response.headers["Content-Type"] == "application/json"
    e = ex.last_error
    assert (e.source, e.reason, e.message, e.scope, e.section, e.policy_id) == (
        element,
        reason,
        message,
        "api",
        "inbound",
        "budget",
    )
    assert ex.variables["wait"] == int(ex.response.headers["Retry-After"])


async def test_spent_after_100_of_100(h, kit):
    """41 left after spending 59 of 100; 0, never less, after more than all of it."""
    assert (await L.spend(h, kit, L.limit(100), 59)).response.headers["left"] == "41"
    assert (await L.spend(h, kit, L.limit(100), 590)).response.headers["left"] == "0"


async def test_a_stream_may_pass_the_quota_by_one_answer(h, kit):
    """18 tokens shown, 520 spent: the counter knows, and the next call is refused."""
    chunks = L.events("x" * 508)
    h.transport.answers = [L.streamed(kit, chunks)]
    ex = await L.call(h, kit, L.quota(500), L.STREAMED)
    assert (ex.response.headers["used"], ex.response.headers["quota-left"]) == (str(ESTIMATE), str(500 - ESTIMATE))
    assert b"".join(chunks) == h.out
    assert L.refusal(await L.call(h, kit, L.quota(500)))[0] == 403


async def test_a_get_under_the_limit_of_an_api(h, kit):
    """Admitted and free; refused while the key has nothing left."""
    limit = kit.policies(inbound=L.limit(100))
    get = {"url": "http://gw.test/v1/models"}
    assert L.shown(await h.run(limit, **get)) == (200, "100", "0")
    await L.spend(h, kit, L.limit(100), 150)
    assert (await h.run(limit, **get)).response.status == 429
