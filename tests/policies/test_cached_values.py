"""The cache of values, over whole requests."""

import pytest

from apimpy.dotnet.apim.carriers import parse_as
from apimpy.dotnet.universe import universe
from apimpy.dotnet.values import Array, Int64, to_string
from apimpy.runtime.exchange import Deployment
from apimpy.runtime.tasks import KeyLocks
from apimpy.stores.cache import MemoryCache


@pytest.fixture
def h(kit):
    h = kit.Harness()
    h.services.cache = MemoryCache()
    return h


async def call(h, kit, inbound):
    return await h.run(kit.policies(inbound=inbound))


def put(key="k", value="v", duration="60"):
    return f'<cache-store-value key="{key}" value="{value}" duration="{duration}" />'


def get(key="k", default=None):
    attribute = "" if default is None else f'default-value="{default}"'
    return f'<cache-lookup-value key="{key}" variable-name="got" {attribute} />'


async def value(h, kit, *policies):
    """The variable after each request; None when it was not set."""
    return [(await call(h, kit, p)).variables.get("got", "unset") for p in policies]


@pytest.mark.step("cache-lookup-value 1 2", "cache-store-value 1", "cache-remove-value 1")
@pytest.mark.parametrize(
    ("policies", "expected"),
    [
        ([put(), get()], "v"),
        ([get()], "unset"),
        ([get(default="d")], "d"),
        ([get(default="@(1 + 1)")], 2),
        ([get(default="@(None)")], None),
        ([put(), get(default="d")], "v"),
        ([put(), get("K")], "unset"),
        ([put("@('a' + 'b')"), get("ab")], "v"),
        ([put("@(None)"), get("")], "v"),
        ([put(), put(value="w"), get()], "w"),
        ([put(), put(value="@(None)"), get()], "unset"),
        ([put(duration="0"), get()], "unset"),
        ([put(), put(value="w", duration="-5"), get()], "unset"),
        ([put(duration="@(7)"), get()], "v"),
        ([put(), '<cache-remove-value key="k" />', get()], "unset"),
        ([put(), "<cache-remove-value key=\"@('k')\" />", get()], "unset"),
        ([put(), '<cache-remove-value key="other" />', get()], "v"),
        ([put() + get()], "v"),
    ],
)
async def test_values(h, kit, policies, expected):
    """cache-lookup-value, cache-store-value, cache-remove-value."""
    assert (await value(h, kit, *policies))[-1] == expected


@pytest.mark.step("cache-store-value 1")
async def test_a_value_ends(h, kit):
    await call(h, kit, put(duration="10"))
    h.clock.time += 9.9
    assert await value(h, kit, get()) == ["v"]
    h.clock.time += 0.1
    assert await value(h, kit, get()) == ["unset"]


@pytest.mark.step("cache-store-value 2")
async def test_keys_of_services_and_responses_are_apart(h, kit):
    """Keys are namespaced per service, apart from response-cache keys."""
    lookup = '<cache-lookup vary-by-developer="false" vary-by-developer-groups="false" />'
    await h.run(kit.policies(inbound=put() + lookup, outbound='<cache-store duration="60" />'))
    assert len(h.services.cache) == 2
    h.services.deployment = Deployment(service_id="other")
    assert await value(h, kit, get()) == ["unset"]


@pytest.mark.step("cache-lookup-value 1")
@pytest.mark.parametrize("boxed", [Int64(5), 5, 1.5, True, "text"])
async def test_types_survive(h, kit, boxed):
    """cache-lookup-value: the original type."""
    ex = h.exchange()
    ex.variables["in"] = boxed
    await h.run(kit.policies(inbound=put(value="@(V['in'])") + get()), ex=ex)
    assert (ex.variables["got"], type(ex.variables["got"])) == (boxed, type(boxed))


async def test_changes_of_one_request_are_not_seen_by_another(h, kit):
    byte = universe().named("System.Byte")
    token = parse_as("Newtonsoft.Json.Linq.JObject", '{"a": [1]}')
    array = Array(byte, [1, 2])
    ex = h.exchange()
    ex.variables.update(token=token, array=array)
    await h.run(kit.policies(inbound=put("t", "@(V['token'])") + put("a", "@(V['array'])")), ex=ex)

    async def look(key):
        return (await value(h, kit, get(key)))[0]

    found = await look("t")
    assert found is not token
    assert (type(found), to_string(found)) == (type(token), to_string(token))
    assert (await look("t")) is not found
    copy = await look("a")
    assert (copy is not array, list(copy), copy.clr_type.full_name) == (True, [1, 2], "System.Byte[]")


async def test_a_response_can_be_a_value(h, kit):
    ex = h.exchange()
    ex.variables["r"] = kit.reply(201, b"body", [("A", "b")])
    await h.run(kit.policies(inbound=put(value="@(V['r'])")), ex=ex)
    found = (await value(h, kit, get()))[0]
    assert (found.status, found.headers["A"], found.body.wire()) == (201, "b", b"body")
    found.headers["A"] = "changed"
    assert (await value(h, kit, get()))[0].headers["A"] == "b"


@pytest.mark.parametrize("section", ["inbound", "backend", "outbound", "on_error"])
@pytest.mark.parametrize("policy", [put(), get(), '<cache-remove-value key="k" />'])
def test_values_in_every_section(h, kit, section, policy):
    h.compile(kit.policies(**{section: policy}))
    assert h.codes() == []


@pytest.mark.parametrize(
    ("policy", "codes"),
    [
        ('<cache-lookup-value key="k" />', ["POL004"]),
        ('<cache-lookup-value variable-name="v" />', ["POL004"]),
        ('<cache-lookup-value key="k" variable-name="@(1)" />', ["POL009"]),
        ('<cache-lookup-value key="k" variable-name="v" caching-type="x" />', ["POL005"]),
        ('<cache-store-value key="k" value="v" />', ["POL004"]),
        ('<cache-store-value key="k" duration="1" />', ["POL004"]),
        ('<cache-store-value key="k" value="v" duration="long" />', ["POL005"]),
        ("<cache-remove-value />", ["POL004"]),
    ],
)
def test_problems_at_load(h, kit, policy, codes):
    """Every attribute's type, range and place."""
    h.compile(kit.policies(inbound=policy))
    assert h.codes() == codes


def made(value="new", refresh="", expires="60", default="", key="k"):
    """`cache-value` whose policies count their runs in a variable."""
    more = f'refresh-after="{refresh}"' if refresh else ""
    more += f' default-value="{default}"' if default else ""
    setter = "" if value is None else f'<set-variable name="got" value="{value}" />'
    return (
        f'<cache-value key="{key}" variable-name="got" expires-after="{expires}" {more}><value>'
        f'<set-variable name="ran" value="yes" />{setter}</value></cache-value>'
    )


@pytest.mark.step("cache-value 1 2 3 4")
@pytest.mark.parametrize(
    ("policy", "waits", "expected"),
    [
        # what each request sees, and whether the policies ran for it
        (made("@(str(rt.clock.now()))"), [0, 30, 31], [("0", True), ("0", False), ("61", True)]),
        (
            made("@(str(rt.clock.now()))", refresh="10"),
            [0, 9, 1, 60],
            [("0", True), ("0", False), ("10", True), ("70", True)],
        ),
        (made("@(str(rt.clock.now()))", refresh="0"), [0, 1], [("0", True), ("1", True)]),
        (made(None), [0], [("unset", True)]),
        (made(None, default="d"), [0, 1], [("d", True), ("d", True)]),
        (made("@(None)", default="d"), [0, 1], [(None, True), (None, True)]),
        (made(expires="0"), [0, 1], [("new", True), ("new", True)]),
    ],
)
async def test_cache_value(h, kit, policy, waits, expected):
    start = h.clock.time
    got = []
    for seconds in waits:
        h.clock.time += seconds
        variables = (await call(h, kit, policy)).variables
        value = variables.get("got", "unset")
        if isinstance(value, str) and value[:1].isdigit():
            value = str(round(float(value) - start))
        got.append((value, "ran" in variables))
    assert got == expected


@pytest.mark.step("cache-value 2")
async def test_an_old_value_stays_when_none_is_made(h, kit):
    await call(h, kit, put())
    variables = (await call(h, kit, made(None))).variables
    assert (variables["got"], "ran" in variables) == ("v", True)


@pytest.mark.step("cache-value 3")
async def test_requests_that_miss_at_once_wait_for_one(h, kit):
    import asyncio

    slow = made("@(str(ex.id))").replace(
        "<value>", "<value><send-request><set-url>http://slow.test/</set-url></send-request>", 1
    )
    found = await asyncio.gather(*(call(h, kit, slow) for _ in range(5)))
    assert len({ex.variables["got"] for ex in found}) == 1
    assert sum("ran" in ex.variables for ex in found) == 1
    assert h.services.one(KeyLocks)._locks == {}
