"""The response cache, over whole requests."""

import pytest
from response_cache import LOOKUP, STORE, URL, bodies, call, lookup, numbered

from apimpy.runtime.exchange import Api, Deployment, Group, Operation, Subscription, User
from apimpy.runtime.message import Url
from apimpy.runtime.ports import StoreUnavailable
from apimpy.stores.cache import MemoryCache


class Broken:
    """A cache that does not answer."""

    async def get(self, key, now):
        raise StoreUnavailable("the cache is down")

    async def put(self, key, value, size, seconds, now):
        raise StoreUnavailable("the cache is down")

    async def remove(self, key):
        raise StoreUnavailable("the cache is down")


@pytest.fixture
def h(kit):
    return numbered(kit)


# --- hit and miss -----------------------------------------------------------------------------------------------------


@pytest.mark.step("cache-lookup 6", "cache-store 3")
async def test_a_hit_has_status_headers_and_body(h, kit):
    """cache-lookup 6, cache-store 3: as it was stored, without a backend."""
    outbound = '<set-header name="x-a" exists-action="append"><value>1</value><value>2</value></set-header>' + STORE
    first = await call(h, kit, outbound=outbound)
    h.clock.time += 59
    second = await call(h, kit, outbound=outbound)
    assert (first.response.body.wire(), second.response.body.wire(), len(h.transport.sent)) == (
        b"answer 1",
        b"answer 1",
        1,
    )
    assert (second.response.status, second.response.reason) == (200, "OK")
    assert second.response.headers["Content-Type"] == "text/plain"
    assert second.response.headers.getall("x-a") == first.response.headers.getall("x-a") == ["1, 2"]
    h.clock.time += 1
    assert (await call(h, kit, outbound=outbound)).response.body.wire() == b"answer 2"


@pytest.mark.step("cache-lookup 6")
async def test_a_hit_skips_inbound_and_backend_and_goes_on_after_the_store(h, kit):
    """cache-lookup 6."""

    def mark(name):
        return f'<set-variable name="{name}" value="x" />'

    parts = {
        "inbound": mark("before") + LOOKUP + mark("after"),
        "backend": "<base />",
        "outbound": mark("early") + STORE + mark("late"),
        "on_error": mark("error"),
    }
    assert list((await call(h, kit, **parts)).variables) == ["before", "after", "early", "late"]
    ex = await call(h, kit, **parts)
    assert (list(ex.variables), ex.section) == (["before", "late"], "outbound")


@pytest.mark.step("cache-store 3 4")
async def test_what_was_changed_before_the_store_is_in_the_copy(h, kit):
    """cache-store 3: as it is at this point."""
    outbound = (
        "<set-body>@(ex.response.body.data + b' early')</set-body>"
        + STORE
        + "<set-body>@(ex.response.body.data + b' late')</set-body>"
    )
    assert [(await call(h, kit, outbound=outbound)).response.body.wire() for _ in range(2)] == [
        b"answer 1 early late"
    ] * 2


NESTED = f'<choose><when condition="true">{STORE}<set-variable name="branch" value="x" /></when></choose>'


@pytest.mark.step("cache-lookup 6")
@pytest.mark.parametrize(
    ("outbound", "expected"),
    [
        (NESTED + '<set-variable name="late" value="x" />', ["late"]),
        ('<set-variable name="late" value="x" />' + STORE, []),
    ],
)
async def test_where_a_hit_goes_on(h, kit, outbound, expected):
    """cache-lookup 6: the store may stand in a container; then after that."""
    await call(h, kit, outbound=outbound)
    assert list((await call(h, kit, outbound=outbound)).variables) == expected


async def test_a_hit_without_a_store_runs_all_of_outbound(h, kit):
    await call(h, kit)
    assert list((await call(h, kit, outbound='<set-variable name="late" value="x" />')).variables) == ["late"]


async def test_a_lookup_in_a_container(h, kit):
    inbound = f'<choose><when condition="@(True)">{LOOKUP}</when></choose><set-variable name="after" value="x" />'
    assert await bodies(h, kit, {}, {}, inbound=inbound) == [1, 1]
    assert list((await call(h, kit, inbound=inbound)).variables) == []


@pytest.mark.step("cache-lookup 6")
async def test_every_scope_has_its_own_lookup_and_store(h, kit):
    """cache-lookup 6: the store that matches is the one of the same scope."""
    wide = kit.policies(inbound=LOOKUP, outbound="<base />" + STORE + '<set-variable name="wide" value="x" />')
    narrow = kit.policies(
        inbound=f"<base />{lookup(inside='<vary-by-header>x</vary-by-header>')}",
        outbound=STORE.replace("60", "600") + '<set-variable name="narrow" value="x" /><base />',
    )

    async def ask(value):
        ex = h.exchange(headers=[("x", value)])
        await h.run(("product", wide), ("api", narrow), ex=ex)
        return ex.response.body.wire(), list(ex.variables)

    assert await ask("a") == (b"answer 1", ["narrow", "wide"])
    assert await ask("b") == (b"answer 1", ["wide"])
    h.clock.time += 60
    assert await ask("a") == (b"answer 1", ["narrow", "wide"])
    assert await ask("b") == (b"answer 1", ["wide"])
    assert len(h.transport.sent) == 1


async def test_a_failure_after_a_hit_goes_to_on_error(h, kit):
    await call(h, kit)
    outbound = STORE + '<set-variable name="x" value="@(boom())" />'
    ex = await call(h, kit, outbound=outbound)
    assert (ex.response.status, ex.last_error.section) == (500, "outbound")


# --- who may be served ------------------------------------------------------------------------------------------------


@pytest.mark.step("cache-lookup 1")
@pytest.mark.parametrize("method", ["HEAD", "POST", "PUT", "DELETE", "OPTIONS"])
async def test_only_get(h, kit, method):
    """cache-lookup 1."""
    await call(h, kit)
    assert await bodies(h, kit, {"method": method}, {"method": method}, {}) == [2, 3, 1]
    h.services.cache = MemoryCache()
    assert await bodies(h, kit, {"method": method}, {}) == [4, 5]


AUTHORIZED = {"headers": [("authorization", "Bearer x")]}


@pytest.mark.step("cache-lookup 2")
@pytest.mark.parametrize(
    ("attribute", "got"),
    [
        ("", [2, 1]),
        ('allow-private-response-caching="false"', [2, 1]),
        ('allow-private-response-caching="true"', [1, 1]),
        ('allow-private-response-caching="@(True)"', [1, 1]),
    ],
)
async def test_authorization(h, kit, attribute, got):
    """cache-lookup 2: neither served nor stored."""
    inbound = lookup(attribute)
    assert await bodies(h, kit, {}, inbound=inbound) == [1]
    assert await bodies(h, kit, AUTHORIZED, {}, inbound=inbound) == got


@pytest.mark.step("cache-lookup 2")
async def test_an_authorized_response_is_not_stored(h, kit):
    """cache-lookup 2."""
    assert await bodies(h, kit, AUTHORIZED, AUTHORIZED, {}, {}) == [1, 2, 3, 3]


# --- the key ----------------------------------------------------------------------------------------------------------


def ann(*groups, id="ann"):
    return User(id, groups=tuple(Group(g, g) for g in groups))


@pytest.mark.step("cache-lookup 3 4")
@pytest.mark.parametrize(
    ("inbound", "first", "second", "same"),
    [
        (LOOKUP, {}, {"api": Api("users", "Users")}, False),
        (LOOKUP, {}, {"api": Api("orders", "Orders", revision="2")}, False),
        (LOOKUP, {}, {"operation": Operation("get", "Get", "GET", "/x")}, False),
        (LOOKUP, {}, {"service_url": Url.parse("https://backend.test/base")}, False),
        (LOOKUP, {}, {"service_url": Url.parse("http://other.test/base")}, False),
        (LOOKUP, {}, {"service_url": Url.parse("http://backend.test:81/base")}, False),
        (LOOKUP, {}, {"url": "http://gw.test/other?a=1"}, False),
        (LOOKUP, {}, {"url": "http://gw.test/Orders?a=1"}, False),
        (LOOKUP, {}, {"url": "http://elsewhere.test/orders?a=1"}, True),
        (LOOKUP, {}, {"headers": [("x", "y")], "subscription": Subscription("s", "s"), "user": ann("g")}, True),
        # no parameter named: all of them
        (LOOKUP, {}, {"url": "http://gw.test/orders?a=2"}, False),
        (LOOKUP, {}, {"url": "http://gw.test/orders"}, False),
        (LOOKUP, {}, {"url": "http://gw.test/orders?a=1&b=2"}, False),
        (LOOKUP, {"url": URL + "&b=2"}, {"url": "http://gw.test/orders?b=2&a=1"}, True),
        (LOOKUP, {}, {"url": "http://gw.test/orders?A=1"}, True),
        (LOOKUP, {"url": URL + "&a=2"}, {"url": "http://gw.test/orders?a=2&a=1"}, False),
        (LOOKUP, {"url": URL + "&b"}, {"url": URL + "&b="}, False),
    ],
)
async def test_what_tells_requests_apart(h, kit, inbound, first, second, same):
    """cache-lookup 3 and 4."""
    assert await bodies(h, kit, first, second, inbound=inbound) == ([1, 1] if same else [1, 2])


PARAMETERS = (
    "<vary-by-query-parameter>a; B</vary-by-query-parameter><vary-by-query-parameter>c</vary-by-query-parameter>"
)


@pytest.mark.step("cache-lookup 4")
@pytest.mark.parametrize(
    ("query", "same"),
    [
        ("a=1&b=2&c=3", True),
        ("c=3&b=2&a=1", True),
        ("A=1&b=2&C=3", True),
        ("a=1&b=2&c=3&other=4", True),
        ("a=1&b=2&c=4", False),
        ("a=1&b=2", False),
        ("a=1&b=2&c=", False),
        ("a=1&b=2&%63=3", True),
    ],
)
async def test_vary_by_query_parameter(h, kit, query, same):
    """cache-lookup 4: only those that are named, in any order and case; lists with semicolons."""
    urls = [{"url": f"http://gw.test/orders?{q}"} for q in ("a=1&b=2&c=3", query)]
    assert await bodies(h, kit, *urls, inbound=lookup("", PARAMETERS)) == ([1, 1] if same else [1, 2])


@pytest.mark.step("cache-lookup 4")
async def test_unlisted_parameters_still_reach_the_backend(h, kit):
    """cache-lookup 4."""
    await call(h, kit, lookup("", PARAMETERS), url="http://gw.test/orders?x=1&a=2")
    assert h.transport.sent[0].url.query_string == "x=1&a=2"


@pytest.mark.step("cache-lookup 5")
@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        ([("Accept", "*/*")], [("accept", "*/*")], True),
        ([("Accept", "*/*")], [("Accept", "*/*"), ("Other", "x")], True),
        ([("Accept", "*/*")], [("Accept", "text/plain")], False),
        ([("Accept", "*/*")], [], False),
        ([], [("Accept", "")], True),
        ([("Accept", "a"), ("Accept", "b")], [("Accept", "a,b")], True),
        ([("Accept", "a&x-b=c")], [("Accept", "a"), ("X-B", "c")], False),
    ],
)
async def test_vary_by_header(h, kit, first, second, same):
    """cache-lookup 5: names in any case, absent is empty."""
    inside = "<vary-by-header>ACCEPT</vary-by-header><vary-by-header>x-b</vary-by-header>"
    calls = [{"headers": first}, {"headers": second}]
    assert await bodies(h, kit, *calls, inbound=lookup("", inside)) == ([1, 1] if same else [1, 2])


@pytest.mark.step("cache-lookup 5")
@pytest.mark.parametrize(
    ("developer", "groups", "first", "second", "same"),
    [
        ("false", "false", ann("a"), ann("b", id="bob"), True),
        ("true", "false", ann("a"), ann("b"), True),
        ("true", "false", ann("a"), ann("a", id="bob"), False),
        ("true", "true", ann("a"), None, False),
        ("@(True)", "false", ann("a"), ann("a", id="bob"), False),
        ("false", "true", ann("a", "b"), ann("b", "a", id="bob"), True),
        ("false", "true", ann("a", "b"), ann("a"), False),
        ("false", "true", ann("a,b"), ann("a", "b"), False),
        ("false", "@(True)", ann("a"), ann("b"), False),
        ("true", "true", None, None, True),
    ],
)
async def test_vary_by_developer_and_groups(h, kit, developer, groups, first, second, same):
    """cache-lookup 5: the user of the subscription; group ids sorted."""
    inbound = f'<cache-lookup vary-by-developer="{developer}" vary-by-developer-groups="{groups}" />'
    assert await bodies(h, kit, {"user": first}, {"user": second}, inbound=inbound) == ([1, 1] if same else [1, 2])


@pytest.mark.step("cache-lookup 3")
async def test_what_earlier_policies_changed_matters(h, kit):
    """cache-lookup 3: the backend's URL at lookup time."""
    rewritten = '<rewrite-uri template="/fixed" />' + lookup()
    first, second = {"url": "http://gw.test/a"}, {"url": "http://gw.test/b"}
    assert await bodies(h, kit, first, second, inbound=rewritten) == [1, 1]
    assert await bodies(h, kit, first, second, inbound=lookup() + '<rewrite-uri template="/fixed" />') == [2, 3]


@pytest.mark.step("cache-lookup 3")
async def test_services_do_not_share(h, kit):
    await call(h, kit)
    h.services.deployment = Deployment(service_id="other")
    assert await bodies(h, kit, {}) == [2]


# --- a miss -----------------------------------------------------------------------------------------------------------

CONDITIONAL = ["Cache-Control", "If-Match", "If-None-Match", "If-Modified-Since", "If-Unmodified-Since", "If-Range"]


@pytest.mark.step("cache-lookup 7")
@pytest.mark.parametrize("name", CONDITIONAL)
async def test_a_miss_asks_for_a_full_response(h, kit, name):
    """cache-lookup 7."""
    await call(h, kit, headers=[(name, "x"), ("Accept", "y")])
    sent = h.transport.sent[0].headers
    assert (name in sent, sent["Accept"]) == (False, "y")
    await call(h, kit, headers=[(name, "x")], method="POST")
    assert h.transport.sent[1].headers[name] == "x"


# --- downstream -------------------------------------------------------------------------------------------------------


@pytest.mark.step("cache-lookup 8")
@pytest.mark.parametrize(
    ("attributes", "missed", "hit"),
    [
        ("", "no-store", "no-store"),
        ('downstream-caching-type="none" must-revalidate="true"', "no-store", "no-store"),
        (
            'downstream-caching-type="private"',
            "private, max-age=60, must-revalidate",
            "private, max-age=40, must-revalidate",
        ),
        ('downstream-caching-type="Public" must-revalidate="false"', "public, max-age=60", "public, max-age=40"),
        (
            'downstream-caching-type="@(\'public\')" must-revalidate="@(False)"',
            "public, max-age=60",
            "public, max-age=40",
        ),
    ],
)
async def test_downstream_caching(h, kit, attributes, missed, hit):
    """cache-lookup 8."""
    inbound = lookup(attributes)
    assert (await call(h, kit, inbound)).response.headers["Cache-Control"] == missed
    h.clock.time += 20
    assert (await call(h, kit, inbound)).response.headers.getall("Cache-Control") == [hit]


@pytest.mark.step("cache-lookup 8")
@pytest.mark.parametrize(
    ("attributes", "expected"),
    [("", "no-store"), ('downstream-caching-type="public"', "max-age=5")],
)
async def test_downstream_caching_of_what_is_not_stored(h, kit, attributes, expected):
    h.transport.answers = [lambda r: kit.reply(404, b"", [("Cache-Control", "max-age=5")])]
    assert (await call(h, kit, lookup(attributes))).response.headers["Cache-Control"] == expected


async def test_requests_that_pass_by_are_left_alone(h, kit):
    ex = await call(h, kit, method="POST")
    assert "Cache-Control" not in ex.response.headers


async def test_an_invalid_downstream_type_from_an_expression(h, kit):
    ex = await call(h, kit, lookup("downstream-caching-type=\"@('internal')\""))
    assert (ex.response.status, ex.last_error.reason) == (500, "ExpressionValueValidationFailure")


# --- which cache ------------------------------------------------------------------------------------------------------


@pytest.mark.step("cache 1")
@pytest.mark.parametrize(
    ("kind", "has_internal", "has_external", "used"),
    [
        ("internal", True, True, "internal"),
        ("internal", False, True, None),
        ("external", True, True, "external"),
        ("external", True, False, None),
        ("prefer-external", True, True, "external"),
        ("Prefer-External", True, False, "internal"),
        (None, True, True, "external"),
        (None, False, False, None),
    ],
)
async def test_caching_type(h, kit, kind, has_internal, has_external, used):
    """Cache kinds: no cache, no hit, and never a failure."""
    caches = {"internal": MemoryCache() if has_internal else None, "external": MemoryCache() if has_external else None}
    h.services.cache, h.services.external_cache = caches["internal"], caches["external"]
    attribute = f'caching-type="{kind}"' if kind else ""
    values = (
        f'<cache-store-value key="k" value="v" duration="60" {attribute} />'
        f'<cache-lookup-value key="k" variable-name="got" {attribute} />'
    )
    got = await bodies(h, kit, {}, {}, inbound=values + lookup(attribute))
    assert got == ([1, 1] if used else [1, 2])
    assert {n: len(c) for n, c in caches.items() if c is not None and len(c)} == ({used: 2} if used else {})
    assert ("got" in (await call(h, kit, values)).variables) == bool(used)
    await call(h, kit, f'<cache-remove-value key="k" {attribute} />')
    if used:
        assert len(caches[used]) == 1


@pytest.mark.step("cache 1")
async def test_a_cache_that_does_not_answer_never_fails_a_request(h, kit):
    """Cache kinds."""
    h.services.cache = Broken()
    inbound = (
        LOOKUP
        + '<cache-lookup-value key="k" variable-name="v" default-value="d" />'
        + '<cache-store-value key="k" value="v" duration="1" /><cache-remove-value key="k" />'
    )
    ex = await call(h, kit, inbound)
    assert (ex.response.status, ex.variables) == (200, {"v": "d"})
    names = ["cache-lookup", "cache-lookup-value", "cache-store-value", "cache-remove-value", "cache-store"]
    assert ex.notes == [f"{name}: the cache is down" for name in names]


# --- load -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("section", "policy", "codes"),
    [
        ("inbound", "<cache-lookup />", []),
        ("inbound", lookup('caching-type="internal"'), []),
        ("inbound", lookup('caching-type="@(1)"'), ["POL009"]),
        ("inbound", lookup('caching-type="none"'), ["POL005"]),
        ("inbound", lookup('downstream-caching-type="internal"'), ["POL005"]),
        ("inbound", lookup('must-revalidate="maybe"'), ["POL005"]),
        ("inbound", lookup("", "<vary-by-header></vary-by-header>"), ["POL005"]),
        ("inbound", lookup("", "<vary-by-query-parameter> ; </vary-by-query-parameter>"), ["POL005"]),
        ("inbound", lookup("", "<vary-by-header>@(1)</vary-by-header>"), ["POL009"]),
        ("inbound", lookup("", "<vary-by-query>a</vary-by-query>"), ["POL006"]),
        ("outbound", LOOKUP, ["POL002"]),
        ("inbound", STORE, ["POL002"]),
        ("on_error", STORE, ["POL002"]),
        ("outbound", "<cache-store />", ["POL004"]),
        ("outbound", '<cache-store duration="seconds" />', ["POL005"]),
        ("outbound", '<cache-store duration="1" cache-response="no" />', ["POL005"]),
    ],
)
def test_problems_at_load(h, kit, section, policy, codes):
    """Every attribute's type, range and place."""
    h.compile(kit.policies(**{section: policy}))
    assert h.codes() == codes
