"""`quota` and `quota-by-key` over whole requests."""

from datetime import UTC, datetime

import pytest

from apimpy.runtime.exchange import Api, Operation, Product, Subscription
from apimpy.runtime.message import Body
from apimpy.stores.counters import MemoryCounterStore

START = "2023-11-14T00:00:00Z"
NOON = datetime(2023, 11, 14, 12, tzinfo=UTC).timestamp()
QUOTA = '<quota calls="2" renewal-period="3600" />'
BY_KEY = '<quota-by-key calls="2" renewal-period="3600" counter-key="k" />'
BOTH = [QUOTA, BY_KEY]


@pytest.fixture
def h(kit):
    h = kit.Harness()
    h.services.counters = MemoryCounterStore()
    h.clock.time = NOON
    return h


async def call(h, kit, inbound, scope="product", subscription="sub", start=START, **rest):
    entities = {name: rest.pop(name) for name in ("api", "operation", "product") if name in rest}
    ex = h.exchange(**{k: rest.pop(k) for k in ("headers", "body", "method") if k in rest})
    if subscription:
        ex.subscription = Subscription(subscription, subscription, start=start)
    ex.api = entities.get("api") or Api("orders", "Orders API")
    ex.operation = entities.get("operation") or Operation("list", "List orders", "GET", "/orders")
    ex.product = entities.get("product") or Product("team", "Team")
    await h.run((scope, kit.policies(inbound=inbound, **rest)), ex=ex)
    ex.sent = len(ex.response.body.wire() or b"")
    await h.finish(ex)
    return ex


async def statuses(h, kit, policy, count=3, **rest):
    return [(await call(h, kit, policy, **rest)).response.status for _ in range(count)]


@pytest.mark.step("quota 2 3 5", "quota-by-key 5")
@pytest.mark.parametrize("policy", BOTH)
async def test_refusal(h, kit, policy):
    """quota 2, 3 and 5: so many calls in a window counted from the start, then 403."""
    assert await statuses(h, kit, policy, 2) == [200, 200]
    h.clock.time += 1798
    ex = await call(h, kit, policy)
    assert (ex.response.status, ex.response.reason) == (403, "Forbidden")
    assert ex.response.headers["Retry-After"] == "1802"
    assert ex.response.body.wire() == (
        b'{ "statusCode": 403, "message": "Out of call volume quota. Quota will be replenished in 00:30:02." }'
    )
    assert len(h.transport.sent) == 2
    h.clock.time += 1801
    assert await statuses(h, kit, policy, 1) == [403]
    h.clock.time += 1
    assert await statuses(h, kit, policy) == [200, 200, 403]


@pytest.mark.step("quota 6", "quota-by-key 5")
@pytest.mark.parametrize(("policy", "source"), [(QUOTA, "quota"), (BY_KEY, "quota-by-key")])
async def test_last_error(h, kit, policy, source):
    """quota 6, quota-by-key 5."""
    await statuses(h, kit, policy, 2)
    e = (await call(h, kit, policy.replace("calls", 'id="q" calls'))).last_error
    assert (e.source, e.reason, e.policy_id, e.scope) == (source, "QuotaExceeded", "q", "product")
    assert e.message == "Out of call volume quota. Quota will be replenished in 01:00:00."


@pytest.mark.step("quota 2 5")
@pytest.mark.parametrize("policy", BOTH)
async def test_a_window_without_end(h, kit, policy):
    """quota 2 and 5: the message ends after the first sentence, and nobody is told to wait."""
    policy = policy.replace("3600", "0")
    assert await statuses(h, kit, policy, 2) == [200, 200]
    h.clock.time += 1e9
    ex = await call(h, kit, policy)
    assert (ex.response.status, "Retry-After" in ex.response.headers) == (403, False)
    assert ex.response.body.wire() == b'{ "statusCode": 403, "message": "Out of call volume quota." }'


@pytest.mark.step("quota 5")
@pytest.mark.parametrize("policy", BOTH)
async def test_days_in_the_message(h, kit, policy):
    """quota 5: TimeSpan text."""
    policy = policy.replace("3600", "2592000").replace("counter-key", f'first-period-start="{START}" counter-key')
    h.clock.time = datetime(2023, 11, 29, 16, 46, 4, tzinfo=UTC).timestamp()
    await statuses(h, kit, policy, 2)
    ex = await call(h, kit, policy)
    assert ex.last_error.message == "Out of call volume quota. Quota will be replenished in 14.07:13:56."
    assert ex.response.headers["Retry-After"] == str(14 * 86400 + 7 * 3600 + 13 * 60 + 56)


@pytest.mark.parametrize("policy", BOTH)
async def test_a_fraction_of_a_second_is_rounded_up(h, kit, policy):
    h.clock.time += 0.4
    await statuses(h, kit, policy, 2)
    assert (await call(h, kit, policy)).response.headers["Retry-After"] == "3600"


# --- bandwidth --------------------------------------------------------------------------------------------------------

HEAD = {"headers": [("A", "b" * 20)]}
"""25 bytes: name, value and four more."""


def answers(h, kit, size, **more):
    h.transport.answers = [lambda r: kit.reply(200, b"x" * size, [("B", "")], **more)]


@pytest.mark.step("quota 3 5")
@pytest.mark.parametrize("policy", BOTH)
async def test_bandwidth(h, kit, policy):
    """quota 3 and 5: bodies and headers of both messages, 1024 bytes a kilobyte, added at the end."""
    policy = policy.replace('calls="2"', 'bandwidth="1"')
    answers(h, kit, 994)
    ex = await call(h, kit, policy, **HEAD)  # 25 + 5 + 994: all of it, to the byte
    assert ex.response.status == 200
    ex = await call(h, kit, policy)
    assert ex.response.status == 403
    assert ex.last_error.message == "Out of bandwidth quota. Quota will be replenished in 01:00:00."
    assert ex.response.headers["Retry-After"] == "3600"
    h.clock.time += 3600
    assert (await call(h, kit, policy)).response.status == 200


@pytest.mark.step("quota 3")
@pytest.mark.parametrize("policy", BOTH)
async def test_one_byte_less_lets_another_call_pass(h, kit, policy):
    policy = policy.replace('calls="2"', 'bandwidth="1"')
    answers(h, kit, 993)
    assert await statuses(h, kit, policy, **HEAD) == [200, 200, 403]


@pytest.mark.step("quota 3")
@pytest.mark.parametrize(
    "body",
    [
        lambda kit: b"y" * 1024,
        lambda kit: Body(None, kit.Stream(b"y" * 1000, b"y" * 24), 1024),
        lambda kit: Body(None, kit.Stream(b"y" * 1000, b"y" * 24)),
    ],
)
@pytest.mark.parametrize("policy", BOTH)
async def test_request_bodies_count(h, kit, policy, body):
    answers(h, kit, 0)
    policy = policy.replace('calls="2"', 'bandwidth="1"')
    assert await statuses(h, kit, policy, 2, method="POST", body=body(kit)) == [200, 403]
    assert h.transport.bodies == [b"y" * 1024]


async def test_request_bodies_count_when_the_condition_is_asked_later(h, kit):
    """Nobody knows yet whether the body will count when it passes."""
    answers(h, kit, 0)
    increment = 'increment-condition="@(ex.response.status == 200)"'
    policy = BY_KEY.replace('calls="2"', f'bandwidth="1" {increment}')
    body = Body(None, kit.Stream(b"y" * 1000, b"y" * 24))
    assert await statuses(h, kit, policy, 2, method="POST", body=body) == [200, 403]


@pytest.mark.parametrize("policy", BOTH)
async def test_a_body_that_is_counted_can_be_let_go(h, kit, policy):
    stream = kit.Stream(b"y")
    inbound = policy.replace('calls="2"', 'bandwidth="1"') + "<return-response />"
    ex = await call(h, kit, inbound, method="POST", body=Body(None, stream))
    await ex.request.body.close()
    assert stream.closed


@pytest.mark.step("quota 5")
@pytest.mark.parametrize("policy", BOTH)
async def test_calls_are_reported_before_bandwidth(h, kit, policy):
    """quota 5."""
    policy = policy.replace('calls="2"', 'calls="1" bandwidth="1"')
    answers(h, kit, 2000)
    await call(h, kit, policy)
    assert (await call(h, kit, policy)).last_error.message.startswith("Out of call volume quota.")


@pytest.mark.parametrize("policy", BOTH)
async def test_refused_calls_add_no_bytes(h, kit, policy):
    policy = policy.replace('calls="2"', 'calls="1" bandwidth="9"')
    answers(h, kit, 10)
    await statuses(h, kit, policy, 2, body=b"z" * 20_000, method="POST", start=START)
    assert (await call(h, kit, policy)).last_error.message.startswith("Out of call volume quota.")


# --- quota ------------------------------------------------------------------------------------------------------------


@pytest.mark.step("quota 1")
async def test_without_a_subscription_nothing_happens(h, kit):
    """quota 1."""
    assert await statuses(h, kit, QUOTA, 4, subscription=None) == [200] * 4


@pytest.mark.step("quota 2")
@pytest.mark.parametrize(
    ("start", "wait"),
    [
        ("2023-11-14T11:59:00Z", 3540),
        ("2023-11-14T13:59:00+02:00", 3540),
        ("2023-11-01T00:30:00", 1800),
        (None, 3600),
        ("soon", 3600),
    ],
)
async def test_windows_are_counted_from_the_start_of_the_subscription(h, kit, start, wait):
    """quota 2."""
    for _ in range(2):
        await call(h, kit, QUOTA, start=start)
    assert (await call(h, kit, QUOTA, start=start)).response.headers["Retry-After"] == str(wait)


@pytest.mark.step("quota 7")
async def test_subscriptions_and_products_have_their_own(h, kit):
    assert await statuses(h, kit, QUOTA) == [200, 200, 403]
    assert await statuses(h, kit, QUOTA, subscription="other") == [200, 200, 403]
    assert await statuses(h, kit, QUOTA, product=Product("gold", "Gold")) == [200, 200, 403]
    assert await statuses(h, kit, QUOTA, 1, api=Api("users", "Users")) == [403]


CHILDREN = """<quota calls="9" renewal-period="3600">
  <api name="Orders API" calls="5" />
  <api id="ORDERS" name="Users" calls="4" renewal-period="7200">
    <operation name="List orders" calls="1" renewal-period="60" />
    <operation id="Get" calls="2" />
  </api>
  <api name="Users" bandwidth="1" />
</quota>"""
GET = Operation("get", "Get order", "GET", "/orders/{id}")
OTHER = Operation("put", "Put order", "PUT", "/orders/{id}")


@pytest.mark.step("quota 4")
@pytest.mark.parametrize(
    ("api", "operation", "passes", "wait"),
    [
        (None, None, 1, "60"),
        (None, GET, 2, "7200"),
        (None, OTHER, 4, "7200"),
        (Api("x", "None of them"), OTHER, 9, "3600"),
    ],
)
async def test_quotas_of_apis_and_operations(h, kit, api, operation, passes, wait):
    """quota 4: ids before names, periods inherited, each checked on its own."""
    for _ in range(passes):
        assert (await call(h, kit, CHILDREN, api=api, operation=operation)).response.status == 200
    ex = await call(h, kit, CHILDREN, api=api, operation=operation)
    assert (ex.response.status, ex.response.headers["Retry-After"]) == (403, wait)


@pytest.mark.step("quota 4")
async def test_bandwidth_of_an_api(h, kit):
    """quota 4, with the product's calls."""
    answers(h, kit, 1024)
    users = Api("u", "Users")
    assert await statuses(h, kit, CHILDREN, 2, api=users, operation=OTHER) == [200, 403]
    assert await statuses(h, kit, CHILDREN, 1, operation=OTHER) == [200]


# --- quota-by-key -----------------------------------------------------------------------------------------------------


@pytest.mark.step("quota-by-key 1")
async def test_one_counter_for_a_key_everywhere(h, kit):
    """quota-by-key 1."""
    assert await statuses(h, kit, BY_KEY, 1, scope="api", subscription=None) == [200]
    assert await statuses(h, kit, BY_KEY, 2, scope="operation", api=Api("x", "X")) == [200, 403]
    assert await statuses(h, kit, BY_KEY.replace('"k"', '"@(ex.request.method)"'), 1) == [200]


@pytest.mark.step("quota-by-key 2")
@pytest.mark.parametrize(
    ("start", "wait"),
    [(None, 600), ("2023-11-14T11:55:00Z", 300), ("2023-11-14T12:00:01Z", 1)],
)
async def test_windows_begin_at_first_period_start(h, kit, start, wait):
    """quota-by-key 2: the year 1 when it is not given."""
    first = "" if start is None else f'first-period-start="{start}"'
    policy = f'<quota-by-key calls="1" renewal-period="600" counter-key="k" {first} />'
    await call(h, kit, policy)
    assert (await call(h, kit, policy)).response.headers["Retry-After"] == str(wait)


@pytest.mark.step("quota-by-key 3")
async def test_a_request_is_counted_once(h, kit):
    """quota-by-key 3: several policies with one key."""
    assert await statuses(h, kit, BY_KEY + BY_KEY) == [200, 200, 403]


@pytest.mark.step("quota-by-key 3")
async def test_a_request_is_counted_once_whoever_does_it(h, kit):
    """quota-by-key 3: the first that counts at all decides, each compares with its own limit."""
    not_me = BY_KEY.replace("counter-key", 'increment-condition="false" counter-key')
    three = BY_KEY.replace('calls="2"', 'calls="9" increment-count="3"')
    assert await statuses(h, kit, not_me + three + BY_KEY) == [200, 403, 403]


async def test_other_periods_are_other_counters(h, kit):
    day = BY_KEY.replace('calls="2" renewal-period="3600"', 'calls="3" renewal-period="86400"')
    assert await statuses(h, kit, BY_KEY + day) == [200, 200, 403]
    h.clock.time += 3600
    ex = await call(h, kit, BY_KEY + day)
    assert ex.response.status == 200
    ex = await call(h, kit, BY_KEY + day)
    assert ex.last_error.message == "Out of call volume quota. Quota will be replenished in 11:00:00."


def counting(increment, calls=9):
    return BY_KEY.replace('"2"', f'"{calls}"').replace("counter-key", f"{increment} counter-key")


async def used(h, kit):
    """How many calls have been counted."""
    for calls in range(1, 20):
        policy = counting('increment-condition="false"', calls)
        if (await call(h, kit, policy)).response.status != 403:
            return calls - 1
    raise AssertionError("too many")


@pytest.mark.step("quota-by-key 4")
@pytest.mark.parametrize(
    ("answer", "increment", "expected"),
    [
        (200, "", 1),
        (200, 'increment-condition="true"', 1),
        (200, 'increment-condition="false"', 0),
        (200, 'increment-count="3"', 3),
        (200, 'increment-count="-1"', 0),
        (500, 'increment-count="3"', 3),
        (200, 'increment-condition="@(ex.response.status == 200)"', 1),
        (404, 'increment-condition="@(ex.response.status == 200)"', 0),
        (404, 'increment-count="@(ex.response.status - 400)"', 4),
        (200, 'increment-condition="@(ex.response.status == 200)" increment-count="2"', 2),
        (200, 'increment-condition="@(boom())"', 0),
    ],
)
async def test_increments(h, kit, answer, increment, expected):
    """quota-by-key 4: expressions see the response, literals count at once."""
    h.transport.answers = [kit.reply(answer)]
    assert (await call(h, kit, counting(increment))).response.status == answer
    assert await used(h, kit) == expected


@pytest.mark.step("quota-by-key 4")
async def test_literals_count_before_expressions_after(h, kit):
    """quota-by-key 4: seen from the backend section."""
    for increment, expected in (("", 1), ('increment-count="@(1)"', 0)):
        h.services.counters = MemoryCounterStore()
        program = h.compile(kit.policies(inbound=counting(increment)))
        ex = h.exchange()
        await program.inbound[0].run(ex)
        assert await used(h, kit) == expected


@pytest.mark.parametrize(
    ("increment", "status"),
    [
        ('increment-condition="@(ex.response.status == 200)"', 403),
        ('increment-condition="@(ex.response.status == 404)"', 200),
        ('increment-condition="false"', 200),
    ],
)
async def test_the_condition_is_for_bytes_too(h, kit, increment, status):
    policy = BY_KEY.replace('calls="2"', f'bandwidth="1" {increment}')
    answers(h, kit, 2000)
    assert await statuses(h, kit, policy, 2) == [200, status]


# --- both -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("policy", [*BOTH, counting('increment-count="@(1)"'), BOTH[0].replace("calls", "bandwidth")])
async def test_without_a_counter_store_calls_pass(kit, policy):
    h = kit.Harness()
    for _ in range(3):
        ex = await call(h, kit, policy)
        assert ex.response.status == 200
        assert ex.notes
        assert all(note.endswith("there is no counter store") for note in ex.notes)


@pytest.mark.step("quota-by-key 2")
@pytest.mark.parametrize(
    ("policy", "codes"),
    [
        ('<quota renewal-period="0" calls="1" />', []),
        ('<quota renewal-period="60" bandwidth="1" />', []),
        ('<quota renewal-period="60" />', ["POL010"]),
        ('<quota calls="1" />', ["POL004"]),
        ('<quota calls="0" renewal-period="1" />', ["POL005"]),
        ('<quota bandwidth="0" renewal-period="1" />', ["POL005"]),
        ('<quota calls="1" renewal-period="-1" />', ["POL005"]),
        ('<quota calls="@(1)" renewal-period="1" />', ["POL009"]),
        ('<quota calls="1" renewal-period="1"><api id="a" calls="1" /></quota>', []),
        ('<quota calls="1" renewal-period="1"><api id="a" /></quota>', ["POL010"]),
        ('<quota calls="1" renewal-period="1"><api calls="1" /></quota>', ["POL010"]),
        (
            '<quota calls="1" renewal-period="1"><api id="a" calls="1"><operation /></api></quota>',
            ["POL010", "POL010"],
        ),
        ('<quota-by-key calls="1" renewal-period="0" counter-key="k" />', []),
        ('<quota-by-key calls="1" renewal-period="300" counter-key="k" />', []),
        ('<quota-by-key calls="1" renewal-period="299" counter-key="k" />', ["POL005"]),
        ('<quota-by-key renewal-period="300" counter-key="k" />', ["POL010"]),
        ('<quota-by-key calls="1" renewal-period="300" />', ["POL004"]),
        ('<quota-by-key calls="@(1)" renewal-period="300" counter-key="@(\'k\')" />', ["POL009"]),
        ('<quota-by-key calls="1" renewal-period="0" counter-key="k" first-period-start="2024-01-31" />', ["POL005"]),
        (
            '<quota-by-key calls="1" renewal-period="0" counter-key="k" first-period-start="2024-02-31T00:00:00Z" />',
            ["POL005"],
        ),
    ],
)
def test_problems_at_load(h, kit, policy, codes):
    """Every attribute's type, range and place; quota-by-key 2: the shortest period."""
    h.compile(kit.policies(inbound=policy))
    assert h.codes() == codes


@pytest.mark.step("quota 1")
def test_quota_is_not_for_the_global_scope(h, kit):
    h.compile(("global", kit.policies(inbound=QUOTA)))
    assert "POL002" in h.codes()
