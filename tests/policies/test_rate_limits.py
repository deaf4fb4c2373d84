"""`rate-limit` and `rate-limit-by-key` over whole requests."""

import pytest

from apimpy.runtime.exchange import Api, Operation, Product, Subscription
from apimpy.runtime.ports import ConnectFailed
from apimpy.stores.counters import MemoryCounterStore

SHOWN = (
    'remaining-calls-header-name="left" total-calls-header-name="total" remaining-calls-variable-name="left" '
    'retry-after-variable-name="wait"'
)
BY_KEY = f'<rate-limit-by-key calls="2" renewal-period="60" counter-key="k" {SHOWN} />'
LIMIT = f'<rate-limit calls="2" renewal-period="60" {SHOWN} />'


@pytest.fixture
def h(kit):
    h = kit.Harness()
    h.services.counters = MemoryCounterStore()
    h.options(rate_algorithm="sliding")
    return h


async def call(h, kit, inbound, scope="api", subscription="sub", api=None, operation=None, product=None, **parts):
    ex = h.exchange(headers=parts.pop("headers", ()))
    ex.subscription = Subscription(subscription, subscription) if subscription else None
    ex.api = api or Api("orders", "Orders API")
    ex.operation = operation or Operation("list", "List orders", "GET", "/orders")
    ex.product = product
    await h.run((scope, kit.policies(inbound=inbound, **parts)), ex=ex)
    await h.finish(ex)
    return ex


def told(ex):
    return ex.response.status, ex.response.headers.get("left"), ex.response.headers.get("total"), ex.variables["left"]


@pytest.mark.step("rate-limit 4 5 6 7 8", "rate-limit-by-key 3 9")
@pytest.mark.parametrize("policy", [LIMIT, BY_KEY])
async def test_calls_pass_until_the_limit(h, kit, policy):
    """rate-limit 5 to 7, rate-limit-by-key 3 and 9: counted at once, headers and variables, then the refusal."""
    assert told(await call(h, kit, policy)) == (200, "1", "2", 1)
    h.clock.time += 18
    assert told(await call(h, kit, policy)) == (200, "0", "2", 0)
    h.clock.time += 18
    ex = await call(h, kit, policy)
    assert told(ex) == (429, "0", "2", 0)
    assert ex.response.reason == "Too Many Requests"
    body = b'{ "statusCode": 429, "message": "Rate limit is exceeded. Try again in 24 seconds." }'
    assert ex.response.body.wire() == body
    assert len(body) == 84  # the length of a captured one
    assert (ex.response.headers["Content-Type"], ex.response.headers["Retry-After"]) == ("application/json", "24")
    assert ex.variables["wait"] == 24
    assert len(h.transport.sent) == 2
    h.clock.time += 24  # rejected calls are not counted
    assert told(await call(h, kit, policy)) == (200, "0", "2", 0)


@pytest.mark.step("rate-limit 7", "rate-limit-by-key 9")
@pytest.mark.parametrize(
    ("policy", "source"),
    [
        ('<rate-limit calls="1" renewal-period="60" id="mine" />', "rate-limit"),
        ('<rate-limit-by-key calls="1" renewal-period="60" counter-key="k" id="mine" />', "rate-limit-by-key"),
    ],
)
async def test_last_error(h, kit, policy, source):
    """rate-limit 7, rate-limit-by-key 9: LastError."""
    await call(h, kit, policy)
    e = (await call(h, kit, policy)).last_error
    assert (e.source, e.reason, e.message) == (
        source,
        "RateLimitExceeded",
        "Rate limit is exceeded. Try again in 60 seconds.",
    )
    assert (e.scope, e.section, e.path, e.policy_id, e.status) == ("api", "inbound", "", "mine", 429)


@pytest.mark.step("rate-limit 7", "rate-limit-by-key 9")
@pytest.mark.parametrize("policy", [LIMIT, BY_KEY])
async def test_retry_after_header_name_replaces_the_default(h, kit, policy):
    policy = policy.replace("calls=", 'retry-after-header-name="x-wait" calls=', 1)
    for _ in range(2):
        await call(h, kit, policy)
    ex = await call(h, kit, policy)
    assert (ex.response.headers["x-wait"], "Retry-After" in ex.response.headers) == ("60", False)


@pytest.mark.step("rate-limit 7")
@pytest.mark.parametrize(("passed", "wait"), [(59.9, "1"), (58.5, "2"), (0.4, "60")])
async def test_part_of_a_second_is_a_second(h, kit, passed, wait):
    for _ in range(2):
        await call(h, kit, LIMIT)
    h.clock.time += passed
    assert (await call(h, kit, LIMIT)).response.headers["Retry-After"] == wait


@pytest.mark.step("rate-limit 4", "rate-limit-by-key 2")
@pytest.mark.parametrize("policy", [LIMIT, BY_KEY])
async def test_bucket_of_the_v2_tiers(h, kit, policy):
    """rate-limit 4, second half: capacity `calls`, refilled at `calls / renewal-period` a second."""
    h.options(rate_algorithm="bucket")
    assert [told(await call(h, kit, policy))[:2] for _ in range(3)] == [(200, "1"), (200, "0"), (429, "0")]
    ex = await call(h, kit, policy)
    assert ex.response.headers["Retry-After"] == "30"
    h.clock.time += 30
    assert [told(await call(h, kit, policy))[:2] for _ in range(2)] == [(200, "0"), (429, "0")]


@pytest.mark.step("rate-limit 5", "common 4")
@pytest.mark.parametrize(
    ("outcome", "parts", "status"),
    [
        (ConnectFailed("x"), {}, 500),
        (None, {"backend": '<return-response><set-status code="204" /></return-response>'}, 204),
        (None, {"outbound": "<return-response />"}, 200),
        (None, {"outbound": '<set-variable name="x" value="@(boom())" />'}, 500),
    ],
)
async def test_counted_and_shown_whatever_comes_of_the_call(h, kit, outcome, parts, status):
    """rate-limit 5 and the promise of headers: backend failures, return-response, errors."""
    if outcome is not None:
        h.transport.answers = [outcome]
    ex = await call(h, kit, LIMIT, **parts)
    assert (ex.response.status, ex.response.headers["left"]) == (status, "1")
    assert told(await call(h, kit, LIMIT))[1] == "0"


@pytest.mark.step("common 4")
async def test_outbound_may_change_the_promised_headers(h, kit):
    outbound = '<set-header name="left" exists-action="delete" />'
    assert "left" not in (await call(h, kit, LIMIT, outbound=outbound)).response.headers


# --- rate-limit -------------------------------------------------------------------------------------------------------


@pytest.mark.step("rate-limit 1")
async def test_without_a_subscription_nothing_happens(h, kit):
    """rate-limit 1."""
    for _ in range(4):
        ex = await call(h, kit, LIMIT, subscription=None)
        assert (ex.response.status, "left" in ex.response.headers, "left" in ex.variables) == (200, False, False)


@pytest.mark.step("rate-limit 2")
@pytest.mark.parametrize(
    ("scope", "other", "shared"),
    [
        ("api", {"subscription": "other"}, False),
        ("api", {"api": Api("users", "Users")}, False),
        ("api", {"operation": Operation("get", "Get", "GET", "/x")}, True),
        ("api", {"product": Product("gold", "Gold")}, True),
        ("operation", {"operation": Operation("get", "Get", "GET", "/x")}, False),
        ("product", {"api": Api("users", "Users"), "product": Product("team", "Team")}, True),
        ("product", {"product": Product("gold", "Gold")}, False),
    ],
)
async def test_whose_counter(h, kit, scope, other, shared):
    """rate-limit 2: subscription and the entity of the scope."""
    first = {"product": Product("team", "Team")} if scope == "product" else {}
    await call(h, kit, LIMIT, scope, **first)
    assert told(await call(h, kit, LIMIT, scope, **(first | other)))[1] == ("0" if shared else "1")


CHILDREN = """<rate-limit calls="9" renewal-period="60" remaining-calls-header-name="left">
  <api name="Orders API" calls="5" renewal-period="60" />
  <api id="ORDERS" name="Users" calls="4" renewal-period="60">
    <operation name="List orders" calls="2" renewal-period="300" />
    <operation id="Get" calls="1" renewal-period="60" />
  </api>
  <api name="Users" calls="3" renewal-period="60" />
</rate-limit>"""
GET = Operation("get", "Get order", "GET", "/orders/{id}")
OTHER = Operation("put", "Put order", "PUT", "/orders/{id}")


@pytest.mark.step("rate-limit 3 6")
@pytest.mark.parametrize(
    ("api", "operation", "left"),
    [
        (None, None, ["1", "0", "429 300"]),
        (None, GET, ["0", "429 60"]),
        (None, OTHER, ["3", "2", "1", "0", "429 60"]),
        (Api("u", "Users"), OTHER, ["2", "1", "0", "429 60"]),
        (Api("users", "USERS"), OTHER, ["8", "7"]),
    ],
)
async def test_limits_of_apis_and_operations(h, kit, api, operation, left):
    """rate-limit 3 and 6: ids before names and in any case; the smallest remainder; other APIs are ignored."""
    got = []
    for _ in left:
        ex = await call(h, kit, CHILDREN, "product", api=api, operation=operation)
        status = ex.response.status
        got.append(ex.response.headers["left"] if status == 200 else f"{status} {ex.response.headers['Retry-After']}")
    assert got == left


@pytest.mark.step("rate-limit 2")
async def test_limits_are_independent_and_each_must_pass(h, kit):
    """rate-limit 2: what one counter refuses is not counted by the others."""
    for _ in range(5):
        await call(h, kit, CHILDREN, "product", operation=GET)
    ex = await call(h, kit, CHILDREN, "product", operation=OTHER)
    assert ex.response.headers["left"] == "2"


# --- rate-limit-by-key ------------------------------------------------------------------------------------------------


@pytest.mark.step("rate-limit-by-key 1 2", "common 6")
async def test_one_counter_for_a_key_everywhere(h, kit):
    """rate-limit-by-key 1 and 2: scopes and instances share it, each with its own limit."""
    wide = BY_KEY.replace('calls="2"', 'calls="5"')
    await call(h, kit, BY_KEY, "global")
    assert told(await call(h, kit, wide, "api", api=Api("b", "B")))[1] == "3"
    assert told(await call(h, kit, BY_KEY, "operation"))[0] == 429
    assert told(await call(h, kit, BY_KEY.replace('"k"', '"K"')))[0] == 200


@pytest.mark.step("rate-limit-by-key 1")
async def test_a_key_of_null_is_empty(h, kit):
    """rate-limit-by-key 1."""
    await call(h, kit, BY_KEY.replace('"k"', '"@(None)"'))
    assert told(await call(h, kit, BY_KEY.replace('"k"', '""')))[1] == "0"


async def test_expressions(h, kit):
    policy = (
        BY_KEY.replace('"2"', '"@(1 + 2)"').replace('"60"', "\"@(V['p'])\"").replace('"k"', '"@(ex.request.method)"')
    )
    before = '<set-variable name="p" value="@(30)" />'
    assert told(await call(h, kit, before + policy))[1:3] == ("2", "3")
    ex = await call(h, kit, '<set-variable name="p" value="@(301)" />' + policy)
    assert (ex.response.status, ex.last_error.reason) == (500, "ExpressionValueValidationFailure")


@pytest.mark.step("rate-limit-by-key 3 7")
@pytest.mark.parametrize(
    ("increment", "left"),
    [
        ('increment-condition="true"', ["8", "7"]),
        ('increment-condition="false"', ["9", "9"]),
        ('increment-count="4"', ["5", "1", "0"]),  # more than there was: never negative
        ('increment-count="0"', ["9", "9"]),
        ('increment-count="-1"', ["9", "9"]),
        ('increment-condition="false" increment-count="4"', ["9", "9"]),
    ],
)
async def test_literal_increments_count_at_once(h, kit, increment, left):
    """rate-limit-by-key 3 and 7."""
    policy = BY_KEY.replace('"2"', '"9"').replace("counter-key", f"{increment} counter-key")
    assert [told(await call(h, kit, policy))[1] for _ in left] == left


def deferred(increment, calls=2):
    return BY_KEY.replace('"2"', f'"{calls}"').replace("counter-key", f"{increment} counter-key")


ON_200 = 'increment-condition="@(ex.response.status == 200)"'


@pytest.mark.step("rate-limit-by-key 4")
async def test_deferred_increments_come_one_call_later(h, kit):
    """rate-limit-by-key 4: only the check at inbound; the refusal one call later than with the plain form."""
    policy = deferred(ON_200)
    assert [told(await call(h, kit, policy))[:2] for _ in range(3)] == [(200, "2"), (200, "1"), (429, "0")]


@pytest.mark.step("rate-limit-by-key 4")
async def test_deferred_increments_see_what_outbound_did(h, kit):
    """rate-limit-by-key 4: at the end of the outbound pipeline."""
    policy = deferred("increment-count=\"@(V['n'])\"", 9)
    outbound = '<set-variable name="n" value="@(len(ex.response.body.data))" />'
    await call(h, kit, policy, outbound=outbound)
    assert told(await call(h, kit, policy, outbound=outbound))[1] == "4"


async def test_deferred_increments_before_the_response_is_sent(h, kit):
    policy = deferred(ON_200)
    ex = h.exchange()
    await h.run(kit.policies(inbound=policy), ex=ex)  # nothing has been relayed yet
    assert told(await call(h, kit, policy))[1] == "1"


@pytest.mark.step("rate-limit-by-key 4 5 7 8")
@pytest.mark.parametrize(
    ("answer", "increment", "left"),
    [
        (404, ON_200, "9"),
        (200, ON_200, "8"),
        (ConnectFailed("x"), 'increment-condition="@(ex.response.status == 500)"', "8"),
        (ConnectFailed("x"), ON_200, "9"),
        (200, 'increment-condition="@(boom())"', "9"),
        (200, 'increment-count="@(boom())"', "9"),
        (200, 'increment-count="@(-3)"', "9"),
        (200, 'increment-count="@(3)"', "6"),
        (200, 'increment-condition="@(False)" increment-count="3"', "9"),
        (200, 'increment-condition="false" increment-count="@(3)"', "9"),
        (200, 'increment-after-response="true"', "8"),
        (200, 'increment-after-response="true" increment-count="5"', "4"),
        (200, 'increment-after-response="false"', "7"),
    ],
)
async def test_deferred_increments(h, kit, answer, increment, left):
    """rate-limit-by-key 4, 5, 7 and 8: on-error too; an expression that throws counts nothing and fails nothing."""
    h.transport.answers = [answer if isinstance(answer, Exception) else kit.reply(answer)]
    policy = deferred(increment, 9)
    ex = await call(h, kit, policy)
    assert ex.response.status == (500 if isinstance(answer, Exception) else answer)
    h.transport.answers = [kit.reply(200)]
    assert told(await call(h, kit, policy))[1] == left


async def test_a_deferred_increment_may_read_the_body(h, kit):
    h.transport.answers = [lambda r: kit.reply(200, stream=kit.Stream(b"12", b"34"))]
    policy = deferred('increment-count="@(len(ex.response.body.read(True)))"', 9)
    ex = await call(h, kit, policy)
    assert ex.response.body.wire() == b"1234"
    assert told(await call(h, kit, policy))[1] == "5"


async def test_a_body_too_large_for_the_increment_is_no_half_response(h, kit):
    h.options(rate_algorithm="sliding", max_buffered_body=3)
    h.transport.answers = [lambda r: kit.reply(200, stream=kit.Stream(b"12", b"34"))]
    ex = await call(h, kit, deferred('increment-count="@(len(ex.response.body.read(True)))"', 9))
    assert (ex.response.status, ex.notes) == (500, ["not counted: body passes the limit of 3 bytes"])


async def test_a_caller_that_left_is_counted_at_the_end(h, kit):
    policy = deferred('increment-count="@(2)"', 9)
    ex = h.exchange()
    inbound = h.compile(kit.policies(inbound=policy)).inbound
    await inbound[0].run(ex)
    for hook in ex.hooks:
        await hook.on_end(ex, False)
    assert told(await call(h, kit, policy))[1] == "7"


@pytest.mark.step("rate-limit-by-key 6")
@pytest.mark.parametrize(("increment", "left"), [("", "6"), ('increment-count="@(1)"', "7")])
async def test_several_instances_with_one_key_each_count(h, kit, increment, left):
    """rate-limit-by-key 6."""
    policy = deferred(increment, 9)
    await call(h, kit, policy + policy)
    assert told(await call(h, kit, policy))[1] == left


@pytest.mark.step("rate-limit-by-key 6")
@pytest.mark.parametrize("increment", ["", 'increment-count="@(1)"'])
async def test_one_instance_counts_a_request_once(h, kit, increment):
    """rate-limit-by-key 6: a retry around it runs it again."""
    policy = deferred(increment, 9)
    again = (
        '<retry condition="@(V[\'n\'] &lt; 3)" count="5" interval="0">'
        f'<set-variable name="n" value="@(V.get(\'n\', 0) + 1)" />{policy}</retry>'
    )
    ex = await call(h, kit, again)
    assert ex.variables["n"] == 3
    assert told(await call(h, kit, policy))[1] == ("7" if not increment else "8")


async def test_the_first_of_two_limits_that_refuses_ends_the_request(h, kit):
    second = BY_KEY.replace('"k"', '"b"').replace('"left"', '"right"')
    one = BY_KEY.replace('calls="2"', 'calls="1"')
    assert [(await call(h, kit, one + second)).response.status for _ in range(3)] == [200, 429, 429]
    assert (await call(h, kit, second)).response.headers["right"] == "0"


# --- both -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("policy", [LIMIT, BY_KEY, deferred(ON_200)])
async def test_without_a_counter_store_calls_pass(kit, policy):
    h = kit.Harness()
    for _ in range(3):
        ex = await call(h, kit, policy)
        assert ex.response.status == 200
        assert all(note.endswith("there is no counter store") for note in ex.notes)
        assert ex.notes


@pytest.mark.step("rate-limit 9")
@pytest.mark.parametrize(
    ("policy", "codes"),
    [
        ('<rate-limit calls="1" renewal-period="300" />', []),
        ('<rate-limit calls="1" renewal-period="301" />', ["POL005"]),
        ('<rate-limit calls="0" renewal-period="1" />', ["POL005"]),
        ('<rate-limit calls="1" renewal-period="0" />', ["POL005"]),
        ('<rate-limit calls="1" />', ["POL004"]),
        ('<rate-limit renewal-period="1" />', ["POL004"]),
        ('<rate-limit calls="@(1)" renewal-period="1" />', ["POL009"]),
        ('<rate-limit calls="1" renewal-period="1" retry-after-header-name="a b" />', ["POL005"]),
        ('<rate-limit calls="1" renewal-period="1"><api calls="1" renewal-period="1" /></rate-limit>', ["POL010"]),
        (
            '<rate-limit calls="1" renewal-period="1"><api id="a" calls="1" renewal-period="301" /></rate-limit>',
            ["POL005"],
        ),
        ('<rate-limit calls="1" renewal-period="1"><api id="a" calls="1" /></rate-limit>', ["POL004"]),
        (
            """<rate-limit calls="1" renewal-period="1"><api id="a" calls="1" renewal-period="1">
            <operation calls="1" renewal-period="1" /></api></rate-limit>""",
            ["POL010"],
        ),
        ('<rate-limit calls="1" renewal-period="1"><operation id="a" /></rate-limit>', ["POL006"]),
        ('<rate-limit-by-key calls="1" renewal-period="301" counter-key="k" />', ["POL005"]),
        ('<rate-limit-by-key calls="@(1)" renewal-period="@(2)" counter-key="k" />', []),
        ('<rate-limit-by-key calls="1" renewal-period="1" />', ["POL004"]),
        ('<rate-limit-by-key calls="1" renewal-period="1" counter-key="k" increment-count="x" />', ["POL005"]),
        ('<rate-limit-by-key calls="1" renewal-period="1" counter-key="k" increment-condition="x" />', ["POL005"]),
        (
            '<rate-limit-by-key calls="1" renewal-period="1" counter-key="k" increment-after-response="@(True)" />',
            ["POL009"],
        ),
        (
            '<rate-limit-by-key calls="1" renewal-period="1" counter-key="k" total-calls-header-name="@(\'a\')" />',
            ["POL009"],
        ),
    ],
)
def test_problems_at_load(h, kit, policy, codes):
    """rate-limit 9, and every attribute's type, range and place."""
    h.compile(kit.policies(inbound=policy))
    assert h.codes() == codes


@pytest.mark.parametrize(("scope", "codes"), [("global", ["POL002"]), ("product", []), ("operation", [])])
def test_rate_limit_is_not_for_the_global_scope(h, kit, scope, codes):
    h.compile((scope, kit.policies(inbound=LIMIT)))
    assert [c for c in h.codes() if c != "POL011"] == codes


@pytest.mark.parametrize("policy", [LIMIT, BY_KEY])
def test_only_in_inbound(h, kit, policy):
    h.compile(kit.policies(outbound=policy))
    assert h.codes() == ["POL002"]
