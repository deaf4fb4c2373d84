"""Token quotas, alone and with a rate: admission, what is shown, and windows that end while a call runs."""

import sys
from datetime import UTC, datetime

import pytest

from apimpy.dotnet.values import Int64
from apimpy.policies._llm.windows import PERIODS, span_text, window_end
from apimpy.runtime.ports import StoreUnavailable

L = sys.modules["llm_kit"]
ESTIMATE = L.ESTIMATE


def at(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


@pytest.fixture
def h(kit):
    h = kit.Harness()
    h.clock.time = at("2026-03-02T10:00:00")
    return h


@pytest.mark.parametrize(
    ("period", "now", "end"),
    [
        ("Hourly", "2026-03-02T10:59:59.9", "2026-03-02T11:00:00"),
        ("Daily", "2026-02-28T23:59:59", "2026-03-01T00:00:00"),
        ("Daily", "2026-03-01T00:00:00", "2026-03-02T00:00:00"),
        ("Weekly", "2026-03-02T00:00:00", "2026-03-09T00:00:00"),
        ("Weekly", "1970-01-01T00:00:00", "1970-01-05T00:00:00"),
        ("Monthly", "2026-12-31T23:59:59", "2027-01-01T00:00:00"),
        ("Monthly", "2028-02-29T12:00:00", "2028-03-01T00:00:00"),
        ("Yearly", "2026-01-01T00:00:00", "2027-01-01T00:00:00"),
        ("Yearly", "2028-12-31T23:59:59", "2029-01-01T00:00:00"),
    ],
)
def test_ends_of_windows(period, now, end):
    assert window_end(period, at(now), "monday") == at(end)


@pytest.mark.parametrize("period", PERIODS)
def test_windows_are_seamless(period):
    """What ends is later than now, and a window begins where the one before it ends."""
    end = window_end(period, at("2026-03-02T10:00:00"), "sunday")
    for _ in range(60):
        assert window_end(period, end - 0.5, "sunday") == end
        assert window_end(period, end, "sunday") > end
        end = window_end(period, end, "sunday")


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (1, "1 second"),
        (60, "1 minute"),
        (61, "1 minute and 1 second"),
        (3600, "1 hour"),
        (7384, "2 hours, 3 minutes and 4 seconds"),
        (86_399, "23 hours, 59 minutes and 59 seconds"),
        (86_401, "1 day"),
        (2 * 86_400 + 60, "2 days and 1 minute"),
        (40 * 86_400 + 7384, "40 days, 2 hours and 3 minutes"),
    ],
)
def test_spans(seconds, text):
    assert span_text(seconds) == text


async def test_rate_and_quota_together(h, kit):
    both = L.limit(100, token_quota=150, token_quota_period="Daily")
    ex = await L.spend(h, kit, both, 70)
    assert (ex.response.headers["left"], ex.response.headers["quota-left"]) == ("30", "80")
    assert (ex.variables["left"], ex.variables["quota-left"], ex.variables["used"]) == (30, 80, 70)
    ex = await L.spend(h, kit, both, 90)
    assert (ex.response.headers["left"], ex.response.headers["quota-left"]) == ("0", "0")
    ex = await L.spend(h, kit, both, 1)
    assert L.refusal(ex)[0] == 429, "the rate is tested first"
    assert (ex.response.headers["left"], ex.response.headers["quota-left"]) == ("0", "0")
    assert (ex.variables["left"], ex.variables["quota-left"], ex.variables["wait"]) == (0, 0, 36)
    h.clock.time += 61
    ex = await L.spend(h, kit, both, 1)
    assert L.refusal(ex)[0] == 403
    assert ex.response.headers["left"] == "41"


@pytest.mark.parametrize(
    ("quota", "spent", "expected"),
    [
        (ESTIMATE, 0, (200, None)),
        (ESTIMATE - 1, 0, (403, "Token quota will exceed. Try again in 1 hour.")),
        (ESTIMATE + 5, 5, (200, None)),
        (ESTIMATE + 4, 5, (403, "Token quota will exceed. Try again in 1 hour.")),
        (5, 6, (403, "Token quota is exceeded. Try again in 1 hour.")),
    ],
)
async def test_an_estimate_must_fit(h, kit, quota, spent, expected):
    await L.spend(h, kit, L.quota(quota), spent)
    h.transport.answers = [L.answer(kit, L.usage(0, 0))]
    ex = await L.call(h, kit, L.quota(quota, estimate_prompt_tokens="true"))
    message = L.refusal(ex)[1] if ex.response.status == 403 else None
    assert (ex.response.status, message) == expected
    assert await L.left(h, kit, token_quota=1000, token_quota_period="Hourly") == str(1000 - spent)


async def test_raising_a_quota_keeps_what_was_spent(h, kit):
    await L.spend(h, kit, L.quota(50), 60)
    assert (await L.spend(h, kit, L.quota(50), 0)).response.status == 403
    assert (await L.spend(h, kit, L.quota(100), 5)).response.headers["quota-left"] == "35"


async def test_amount_and_period_by_expression(h, kit):
    policy = L.limit(token_quota="@(V['amount'])", token_quota_period="@('daily')")
    set_amount = '<set-variable name="amount" value="@(%s)" />'
    ex = await L.spend(h, kit, set_amount % 100 + policy, 30)
    assert ex.response.headers["quota-left"] == "70"
    ex = await L.spend(h, kit, set_amount % 40 + policy, 30)
    assert ex.response.headers["quota-left"] == "0"
    for wrong in ("0", "'many'", "None"):
        ex = await L.spend(h, kit, set_amount % wrong + policy, 30)
        assert (ex.response.status, ex.last_error.source) == (500, "llm-token-limit")


async def test_a_wrong_period_by_expression(h, kit):
    ex = await L.call(h, kit, L.quota(5, "@('day')"))
    assert (ex.response.status, ex.last_error.reason) == (500, "ExpressionValueValidationFailure")


@pytest.mark.parametrize(
    ("quota", "kind"), [((1 << 31) - 1, int), (1 << 31, Int64), (10**18, Int64)], ids=["int", "long", "large"]
)
async def test_variables_are_int_while_they_can(h, kit, quota, kind):
    ex = await L.spend(h, kit, L.quota(quota), 0)
    assert type(ex.variables["quota-left"]) is kind
    assert ex.response.headers["quota-left"] == str(quota)


async def test_header_names_of_refusals(h, kit):
    policy = L.quota(5, retry_after_header_name="x-wait")
    await L.spend(h, kit, policy, 10)
    ex = await L.call(h, kit, policy)
    assert ("Retry-After" in ex.response.headers, ex.response.headers["x-wait"], ex.variables["wait"]) == (
        False,
        "3600",
        3600,
    )


@pytest.mark.parametrize(("cost", "left"), [(4, 100), (ESTIMATE, 100), (ESTIMATE + 30, 70)])
async def test_a_window_that_ends_while_the_call_runs(h, kit, cost, left):
    """What was reserved went with it; the new window gets what exceeds that, and never something back."""

    def late(request):
        h.clock.time += 3600
        return L.answer(kit, L.usage(cost, 0))(request)

    h.transport.answers = [late]
    ex = await L.call(h, kit, L.quota(100, estimate_prompt_tokens="true"))
    assert ex.response.headers["quota-left"] == str(left)


async def test_keys_are_shared_by_period_and_element(h, kit):
    await L.spend(h, kit, L.quota(100), 30)
    azure = L.quota(100, element="azure-openai-token-limit")
    assert (await L.spend(h, kit, azure, 0)).response.headers["quota-left"] == "70"
    assert (await L.spend(h, kit, L.quota(100, "Daily"), 0)).response.headers["quota-left"] == "100"
    assert (await L.spend(h, kit, L.quota(100, key="K"), 0)).response.headers["quota-left"] == "100"
    assert (await L.spend(h, kit, L.limit(100), 0)).response.headers["left"] == "100"


SAME_KEY = [
    ("each_instance", L.limit(100) + L.limit(100), "left", 40),
    ("once", L.limit(100) + L.limit(100), "left", 70),
    ("each_instance", L.quota(100) + L.quota(100), "quota-left", 40),
    ("once", L.quota(100) + L.quota(100), "quota-left", 70),
    ("once", L.limit(100) + L.quota(100), "left", 70),
    ("once", L.limit(100) + L.quota(100), "quota-left", 70),
    ("once", L.quota(100) + L.quota(100, "Daily"), "quota-left", 70),
]


@pytest.mark.parametrize(("mode", "policies", "header", "left"), SAME_KEY)
@pytest.mark.parametrize("estimate", ["false", "true"])
@pytest.mark.parametrize("scopes", [False, True])
async def test_one_key_in_two_elements(h, kit, mode, policies, header, left, estimate, scopes):
    """Of one document, or of two scopes: `once` charges every counter once, whichever element does."""
    h.options(same_key_policy=mode)
    policies = policies.replace(" />", f' estimate-prompt-tokens="{estimate}" />')
    h.transport.answers = [L.answer(kit, L.usage(30))]
    if scopes:
        first, second = policies.split("><")
        documents = [
            ("global", kit.policies(inbound=first + ">", backend="<forward-request />", outbound="", on_error="")),
            ("api", kit.policies(inbound="<base /><" + second)),
        ]
        ex = h.exchange("POST", L.URL, body=b'{"messages": [{"role": "user", "content": "hi"}]}')
        await h.run(*documents, ex=ex)
    else:
        ex = await L.call(h, kit, policies)
    assert (ex.response.status, ex.response.headers[header]) == (200, str(left))


async def test_once_still_tests_every_limit(h, kit):
    """A tighter limit with the same key refuses, though another one is charged."""
    h.options(same_key_policy="once", rate_algorithm="sliding")
    await L.spend(h, kit, L.limit(100), 60)
    assert (await L.call(h, kit, L.limit(100) + L.limit(50))).response.status == 429
    for estimating in ("false", "true"):
        first = L.limit(100, estimating, estimate_prompt_tokens=estimating)
        second = L.limit(ESTIMATE - 1, estimating, estimate_prompt_tokens="true")
        assert (await L.call(h, kit, first + second)).response.status == 429, "the prompt alone is too long for it"


@pytest.mark.parametrize("mode", ["each_instance", "once"])
@pytest.mark.parametrize("reserve", [False, True])
@pytest.mark.parametrize("algorithm", ["bucket", "sliding"])
@pytest.mark.parametrize(
    ("policy", "status"),
    [({"tokens_per_minute": ESTIMATE}, 429), ({"token_quota": ESTIMATE, "token_quota_period": "Daily"}, 403)],
)
async def test_a_request_does_not_stand_in_its_own_way(h, kit, mode, reserve, algorithm, policy, status):
    """Two limits with one key, as low as the prompt: the first request passes, one token less and it does not."""
    h.options(same_key_policy=mode, reserve_completion=reserve, rate_algorithm=algorithm)
    h.transport.answers = [L.answer(kit, L.usage(0, 0))]
    twice = L.limit(**policy, estimate_prompt_tokens="true") * 2
    assert (await L.call(h, kit, twice)).response.status == 200
    less = {name: value - 1 if isinstance(value, int) else value for name, value in policy.items()}
    twice = L.limit(key="less", **less, estimate_prompt_tokens="true") * 2
    assert (await L.call(h, kit, twice)).response.status == status


@pytest.mark.parametrize(
    ("backend", "second", "shown"),
    [
        ("<forward-request />", 300, (200, "270")),
        ("<return-response />", 300, (200, "300")),
        ("<forward-request />", 5, (429, "5")),
    ],
    ids=["answered", "not forwarded", "refused"],
)
async def test_the_last_limit_writes_a_header(h, kit, backend, second, shown):
    """Of several that name the same one; a refusal is the last."""
    h.transport.answers = [L.answer(kit, L.usage(30))]
    both = L.limit(100, "a") + L.limit(second, "b", estimate_prompt_tokens="true")
    ex = await L.call(h, kit, both, backend=backend)
    assert (ex.response.status, ex.response.headers["left"]) == shown


async def test_an_empty_key_is_a_key(h, kit):
    ex = await L.spend(h, kit, L.limit(100, "@(None)"), 30)
    assert ex.notes == ["llm-token-limit: the counter key is empty"]
    assert (await L.spend(h, kit, L.limit(100, "@('')"), 0)).response.headers["left"] == "70"


class Broken:
    """A store that answers so many times."""

    def __init__(self, store, times):
        self.store, self.times = store, times

    def _count(self):
        self.times -= 1
        if self.times < 0:
            raise StoreUnavailable("the store is down")

    async def admit(self, *args):
        self._count()
        return await self.store.admit(*args)

    async def settle(self, *args):
        self._count()
        return await self.store.settle(*args)


@pytest.mark.parametrize(("times", "shown"), [(0, (200, None, None)), (1, (200, "100", "30")), (2, (200, "70", "30"))])
async def test_a_store_that_does_not_answer(h, kit, times, shown):
    """Counting is no reason to stop serving."""
    h.services.token_store = Broken(h.services.token_store, times)
    ex = await L.spend(h, kit, L.limit(100), 30)
    assert L.shown(ex) == shown
    assert ex.notes == (["llm-token-limit: the store is down"] if times < 2 else [])


async def test_expressions_that_fail(h, kit):
    ex = await L.call(h, kit, L.limit(100, "@(boom('no key'))"))
    assert (ex.response.status, ex.last_error.source, ex.last_error.reason) == (
        500,
        "llm-token-limit",
        "ExpressionValueEvaluationFailure",
    )
