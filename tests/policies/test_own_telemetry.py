"""`emit-metric` and `log-to-eventhub` over whole requests."""

import pytest

from apimpy.runtime.exchange import Api, Deployment, Operation, Product, Subscription, User
from apimpy.runtime.ports import Event

TEAM = '<dimension name="Team" value="red" />'


class Sink:
    def __init__(self):
        self.seen = []

    def observe(self, namespace, name, dimensions, value):
        self.seen.append((namespace, name, dimensions, value))


class Logger:
    def __init__(self):
        self.events = []

    def log(self, event):
        self.events.append(event)


@pytest.fixture
def h(kit):
    h = kit.Harness()
    h.services.metric_sink = Sink()
    h.services.event_loggers = {"audit": Logger()}
    return h


def metric(inside=TEAM, attributes=""):
    return f'<emit-metric name="Calls" {attributes}>{inside}</emit-metric>'


async def emitted(h, kit, policy, ex=None, **parts):
    ex = await h.run(kit.policies(**(parts or {"inbound": policy})), ex=ex)
    return ex, h.services.metric_sink.seen


# --- emit-metric ------------------------------------------------------------------------------------------------------


@pytest.mark.step("emit-metric 1")
@pytest.mark.parametrize(
    ("attributes", "namespace", "value"),
    [
        ("", "API Management", 1),
        ('namespace="mine"', "mine", 1),
        ('value="2.5"', "API Management", 2.5),
        ('value="-3"', "API Management", -3),
        ('value="@(1.5 * 2)"', "API Management", 3.0),
    ],
)
async def test_value_and_namespace(h, kit, attributes, namespace, value):
    """emit-metric 1."""
    _, seen = await emitted(h, kit, metric(attributes=attributes))
    assert seen == [(namespace, "Calls", {"Team": "red"}, value)]


ALL = ("API ID", "Operation ID", "Product ID", "User ID", "Subscription ID", "Location", "Gateway ID")


@pytest.mark.step("emit-metric 1")
async def test_default_dimensions(h, kit):
    """emit-metric 1: where their values come from."""
    ex = h.exchange()
    ex.api, ex.operation, ex.product = Api("a", "A"), Operation("o", "O", "GET", "/"), Product("p", "P")
    ex.user, ex.subscription = User("u"), Subscription("s", "S")
    ex.deployment = Deployment(region="north", gateway_id="gw")
    _, seen = await emitted(h, kit, metric("".join(f'<dimension name="{n}" />' for n in ALL)), ex)
    assert seen[0][2] == dict(zip(ALL, ["a", "o", "p", "u", "s", "north", "gw"], strict=True))


@pytest.mark.step("emit-metric 1")
async def test_missing_entities_are_empty(h, kit):
    """emit-metric 1."""
    _, seen = await emitted(h, kit, metric("".join(f'<dimension name="{n}" />' for n in ALL)))
    assert list(seen[0][2].values()) == ["", "", "", "", "", "local", "managed"]


@pytest.mark.step("emit-metric 3")
async def test_dimensions_are_evaluated_where_the_policy_stands(h, kit):
    """emit-metric 3."""
    inside = (
        '<dimension name="@(\'T\' + \'eam\')" value="@(ex.request.method)" /><dimension name="API ID" value="own" />'
    )
    _, seen = await emitted(h, kit, metric(inside))
    assert seen[0][2] == {"Team": "GET", "API ID": "own"}


@pytest.mark.step("emit-metric 3")
@pytest.mark.parametrize("section", ["inbound", "backend", "outbound"])
async def test_every_section(h, kit, section):
    """emit-metric 3."""
    _, seen = await emitted(h, kit, "", **{section: metric()})
    assert len(seen) == 1


@pytest.mark.step("emit-metric 3")
async def test_on_error(h, kit):
    """emit-metric 3."""
    parts = {"inbound": '<set-variable name="x" value="@(boom())" />', "on_error": metric()}
    _, seen = await emitted(h, kit, "", **parts)
    assert len(seen) == 1


@pytest.mark.parametrize(
    ("policy", "reason"),
    [
        (metric(attributes='value="@(boom())"'), "ExpressionValueEvaluationFailure"),
        (metric("<dimension name=\"@('Tea')\" />"), "ExpressionValueValidationFailure"),
        (metric(attributes="value=\"@('many')\""), "ExpressionValueEvaluationFailure"),
    ],
)
async def test_failures(h, kit, policy, reason):
    ex, seen = await emitted(h, kit, policy)
    assert (ex.response.status, ex.last_error.source, ex.last_error.reason) == (500, "emit-metric", reason)
    assert seen == []


@pytest.mark.step("emit-metric 3")
async def test_without_a_sink_nothing_happens(h, kit):
    """emit-metric 3."""
    h.services.metric_sink = None
    assert (await h.run(kit.policies(inbound=metric()))).response.status == 200


def custom(count):
    return "".join(f'<dimension name="d{n}" value="x" />' for n in range(count))


@pytest.mark.step("emit-metric 1 2")
@pytest.mark.parametrize(
    ("policy", "codes"),
    [
        (metric(), []),
        (metric(custom(5) + '<dimension name="API ID" />'), []),
        (metric(custom(10)), []),
        (metric(custom(11)), ["POL007"]),
        (metric(""), []),
        (metric('<dimension name="Team" />'), ["POL010"]),
        (metric('<dimension name="api id" />'), ["POL010"]),
        (metric('<dimension name="Backend ID" />'), ["POL010"]),
        (metric('<dimension value="x" />'), ["POL004"]),
        (metric(attributes='value="many"'), ["POL005"]),
        (metric(attributes='namespace="@(1)"'), ["POL009"]),
        (metric().replace('name="Calls"', ""), ["POL004"]),
        (metric().replace('"Calls"', '"@(1)"'), ["POL009"]),
    ],
)
def test_metric_problems_at_load(h, kit, policy, codes):
    """emit-metric 1 and 2: names without values, and how many."""
    h.compile(kit.policies(inbound=policy))
    assert h.codes() == codes


# --- log-to-eventhub --------------------------------------------------------------------------------------------------


def event(content="hello", attributes=""):
    return f'<log-to-eventhub logger-id="audit" {attributes}>{content}</log-to-eventhub>'


@pytest.mark.step("log-to-eventhub 1 2")
@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        (event(), Event(0, "hello")),
        (event("\n  hello\n  there  \n"), Event(0, "hello\n  there")),
        (event("@('a' + 'b')"), Event(0, "ab")),
        (event("@(' a ')"), Event(0, "a")),
        (event("@(None)"), Event(0, "")),
        (event("@(12)"), Event(0, "12")),
        (event(attributes='partition-id="3"'), Event(0, "hello", "3")),
        (event(attributes='partition-key="eu"'), Event(0, "hello", None, "eu")),
        (event(attributes='partition-key="@(ex.request.method)"'), Event(0, "hello", None, "GET")),
        (event("@('x' * 204799 + 'é')"), Event(0, "x" * 204799)),
        (event("@('é' * 102400)"), Event(0, "é" * 102400)),
        (event("@('é' * 102401)"), Event(0, "é" * 102400)),
    ],
)
async def test_events(h, kit, policy, expected):
    """log-to-eventhub: text trimmed, cut at 200 KB, partition id or key."""
    assert (await h.run(kit.policies(inbound=policy))).response.status == 200
    (got,) = h.services.event_loggers["audit"].events
    assert (got.text, got.partition_id, got.partition_key) == (
        expected.text,
        expected.partition_id,
        expected.partition_key,
    )
    assert got.time == h.clock.time


@pytest.mark.step("log-to-eventhub 3")
@pytest.mark.parametrize("section", ["inbound", "backend", "outbound"])
async def test_events_in_every_section(h, kit, section):
    await h.run(kit.policies(**{section: event()}))
    assert len(h.services.event_loggers["audit"].events) == 1


@pytest.mark.step("log-to-eventhub 3")
async def test_events_on_error(h, kit):
    await h.run(kit.policies(inbound='<set-variable name="x" value="@(boom())" />', on_error=event()))
    assert len(h.services.event_loggers["audit"].events) == 1


@pytest.mark.step("log-to-eventhub 4")
async def test_an_unknown_logger(h, kit):
    ex = await h.run(kit.policies(inbound=event().replace("audit", "other")))
    e = ex.last_error
    assert (ex.response.status, e.source, e.reason) == (500, "log-to-eventhub", "LoggerNotFound")
    assert e.message == "Logger with id 'other' could not be found."


async def test_an_expression_that_throws_fails_the_request(h, kit):
    ex = await h.run(kit.policies(inbound=event("@(boom())")))
    assert (ex.response.status, ex.last_error.reason) == (500, "ExpressionValueEvaluationFailure")


@pytest.mark.step("log-to-eventhub 2")
@pytest.mark.parametrize(
    ("policy", "codes"),
    [
        (event(attributes='partition-id="1" partition-key="k"'), ["POL010"]),
        (event(attributes='partition-id="@(1)"'), ["POL009"]),
        (event().replace('"audit"', '"@(1)"'), ["POL009"]),
        ("<log-to-eventhub>x</log-to-eventhub>", ["POL004"]),
    ],
)
def test_event_problems_at_load(h, kit, policy, codes):
    """log-to-eventhub: every attribute's type and combination."""
    h.compile(kit.policies(inbound=policy))
    assert h.codes() == codes
