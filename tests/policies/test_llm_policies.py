"""Token limits and token metrics over whole requests.

One token is one character (the harness counts that way); `PROMPT` estimates to 12 tokens.
"""

import json
import sys

import pytest

from apimpy.backends.entity import Backend
from apimpy.backends.registry import Backends
from apimpy.runtime.exchange import Api, BackendTarget, Subscription
from apimpy.runtime.message import Url
from apimpy.runtime.ports import ConnectFailed

L = sys.modules["llm_kit"]
PROMPT, STREAMED, ESTIMATE, URL = L.PROMPT, L.STREAMED, L.ESTIMATE, L.URL
answer, call, events, limit, shown, usage = L.answer, L.call, L.events, L.limit, L.shown, L.usage


async def test_reported_usage_is_charged(h, kit):
    h.transport.answers = [answer(kit, usage(59)), answer(kit, usage(55))]
    assert shown(await call(h, kit, limit(100))) == (200, "41", "59")
    ex = await call(h, kit, limit(100))
    assert shown(ex) == (200, "0", "55")
    assert (ex.variables["left"], ex.variables["used"]) == (0, 55)
    ex = await call(h, kit, limit(100))
    assert shown(ex) == (429, "0", None)
    assert len(h.transport.sent) == 2


async def test_refusal(h, kit):
    h.options(rate_algorithm="sliding")
    h.transport.answers = [answer(kit, usage(100))]
    await call(h, kit, limit(100))
    h.clock.time += 31
    ex = await call(h, kit, limit(100, id="tl"))
    assert (
        ex.response.body.wire()
        == b'{ "statusCode": 429, "message": "Token limit is exceeded. Try again in 29 seconds." }'
    )
    assert (ex.response.headers["Retry-After"], ex.variables["wait"], ex.variables["left"]) == ("29", 29, 0)
    e = ex.last_error
    assert (e.source, e.reason, e.section, e.policy_id) == (
        "llm-token-limit",
        "OpenAITokenLimitExceeded",
        "inbound",
        "tl",
    )
    h.clock.time += 29
    assert (await call(h, kit, limit(100))).response.status == 200


async def test_retry_after_header_name_replaces_the_default(h, kit):
    h.transport.answers = [answer(kit, usage(200))]
    await call(h, kit, limit(100))
    ex = await call(h, kit, limit(100, retry_after_header_name="x-wait"))
    assert "Retry-After" not in ex.response.headers
    assert ex.response.headers["x-wait"] == "60"


async def test_a_prompt_that_never_fits_has_no_retry_time(h, kit):
    ex = await call(h, kit, limit(ESTIMATE - 1, estimate_prompt_tokens="true"))
    assert ex.response.body.wire() == b'{ "statusCode": 429, "message": "Token limit is exceeded." }'
    assert "Retry-After" not in ex.response.headers
    assert not h.transport.sent


async def test_both_elements_share_the_counter(h, kit):
    h.transport.answers = [answer(kit, usage(60))]
    await call(h, kit, limit(100))
    assert shown(await call(h, kit, limit(100, element="azure-openai-token-limit"))) == (200, "0", "60")


@pytest.mark.parametrize(
    ("reply", "status", "left", "used"),
    [
        (usage(30), 200, "70", "30"),
        ({"choices": [{"message": {"content": "hello"}}]}, 200, str(100 - ESTIMATE - 5), str(ESTIMATE + 5)),
        (b"not json", 200, str(100 - ESTIMATE), str(ESTIMATE)),
    ],
)
@pytest.mark.parametrize("estimate", ["true", "false"])
async def test_answers(h, kit, reply, status, left, used, estimate):
    h.transport.answers = [answer(kit, reply, status)]
    assert shown(await call(h, kit, limit(100, estimate_prompt_tokens=estimate))) == (status, left, used)


@pytest.mark.parametrize(
    ("parts", "reply", "expected"),
    [
        ({}, 500, (500, "100", "0")),
        ({}, ConnectFailed("x"), (500, "100", None)),
        ({"backend": "<return-response />"}, 200, (200, "100", None)),
        ({"backend": ""}, 200, (200, "100", None)),
    ],
)
async def test_estimates_are_given_back(h, kit, parts, reply, expected):
    h.transport.answers = [reply if isinstance(reply, Exception) else answer(kit, usage(50), reply)]
    ex = await call(h, kit, limit(100, estimate_prompt_tokens="true"), **parts)
    assert shown(ex) == expected
    h.transport.answers = [answer(kit, usage(0, 0))]
    assert shown(await call(h, kit, limit(100)))[1] == "100"


async def test_variables_at_the_start_of_the_backend(h, kit):
    h.transport.answers = [answer(kit, usage(30))]
    backend = (
        "<choose><when condition=\"@(V.setdefault('seen', (V['used'], V['left'])) is None)\" />"
        "<otherwise><forward-request /></otherwise></choose>"
    )
    ex = await call(h, kit, limit(100, estimate_prompt_tokens="true"), backend=backend)
    assert ex.variables["seen"] == (ESTIMATE, 100 - ESTIMATE)


async def test_the_first_refusal_gives_back_earlier_reservations(h, kit):
    both = (
        limit(100, "a", estimate_prompt_tokens="true")
        + '<set-variable name="second" value="yes" />'
        + limit(5, "b", estimate_prompt_tokens="true")
    )
    ex = await call(h, kit, both)
    assert (ex.response.status, ex.variables["second"]) == (429, "yes")
    h.transport.answers = [answer(kit, usage(0, 0))]
    assert shown(await call(h, kit, limit(100, "a")))[1] == "100"


async def test_headers_survive_a_return_response(h, kit):
    h.transport.answers = [answer(kit, usage(30))]
    ex = await call(h, kit, limit(100), outbound='<return-response><set-status code="203" /></return-response>')
    assert shown(ex) == (203, "70", "30")


@pytest.mark.parametrize(("mode", "left"), [("each_instance", "40"), ("once", "70")])
async def test_one_key_twice(h, kit, mode, left):
    h.options(same_key_policy=mode)
    h.transport.answers = [answer(kit, usage(30))]
    assert shown(await call(h, kit, limit(100) + limit(100)))[1] == left


async def test_other_requests_are_admitted_for_nothing(h, kit):
    ex = await h.run(kit.policies(inbound=limit(100)), url="http://gw.test/v1/models")
    assert (ex.response.status, ex.response.headers["left"]) == (200, "100")


@pytest.mark.parametrize(
    ("option", "reported", "charged"),
    [
        ("prefer_reported", usage(30)["usage"], 30),
        ("estimate", usage(30)["usage"], ESTIMATE + 5),
        ("prefer_reported", None, ESTIMATE + 5),
    ],
)
async def test_streams_are_settled_at_their_end(h, kit, option, reported, charged):
    h.options(stream_usage=option)
    chunks = events("hel", "lo", reported=reported)
    h.transport.answers = [answer(kit, b"", kind="text/event-stream; charset=utf-8", stream=chunks)]
    ex = await call(h, kit, limit(100), STREAMED)
    assert shown(ex) == (200, str(100 - ESTIMATE), str(ESTIMATE))
    assert h.out == b"".join(events("hel", "lo", reported=reported))
    h.transport.answers = [answer(kit, usage(0, 0))]
    assert shown(await call(h, kit, limit(100)))[1] == str(100 - charged)


async def test_a_cut_stream_is_charged_as_far_as_it_came(h, kit):
    h.transport.answers = [answer(kit, b"", kind="text/event-stream", stream=events("hel", "lo"))]
    ex = await h.run(kit.policies(inbound=limit(100)), method="POST", url=URL, body=json.dumps(STREAMED).encode())
    await anext(ex.response.body.stream)
    for hook in ex.hooks:
        await hook.on_end(ex, False)
    h.transport.answers = [answer(kit, usage(0, 0))]
    assert shown(await call(h, kit, limit(100)))[1] == str(100 - ESTIMATE - 3)


def metric(*dimensions, element="llm-emit-token-metric", namespace=None):
    inner = "".join(f"<dimension {d} />" for d in dimensions)
    named = f'namespace="{namespace}"' if namespace else ""
    return f"<{element} {named}>{inner}</{element}>"


@pytest.mark.parametrize("element", ["llm-emit-token-metric", "azure-openai-emit-token-metric"])
async def test_metric(h, kit, element):
    h.transport.answers = [answer(kit, usage(30))]
    ex = h.exchange("POST", URL, body=json.dumps(PROMPT).encode())
    ex.api = Api("api-1", "One")
    ex.subscription = Subscription("sub-1", "S")
    ex.backend = BackendTarget(Url.parse("http://b.test"), "be-1")
    h.services.backends = Backends({"be-1": Backend("be-1", Url.parse("http://b.test"))})
    await h.run(
        kit.policies(
            inbound=metric(
                'name="API ID"',
                'name="Subscription ID"',
                'name="Product ID"',
                'name="Backend ID"',
                'name="Team" value="@(\'red\')"',
                'name="Sixth" value="x"',
                element=element,
                namespace="ns",
            )
        ),
        ex=ex,
    )
    assert h.meter.emitted == [
        (
            "ns",
            {"API ID": "api-1", "Subscription ID": "sub-1", "Product ID": "N/A", "Backend ID": "be-1", "Team": "red"},
            {"prompt": 10, "completion": 20, "total": 30},
        )
    ]


async def test_metric_details(h, kit):
    reported = {
        "prompt_tokens": 3,
        "completion_tokens": 4,
        "total_tokens": 7,
        "prompt_tokens_details": {"cached_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": 2},
    }
    h.transport.answers = [answer(kit, {"usage": reported})]
    await call(h, kit, metric('name="Location"'))
    assert h.meter.emitted == [
        (
            "API Management",
            {"Location": "local"},
            {"prompt": 3, "completion": 4, "total": 7, "cached": 0, "reasoning": 2},
        )
    ]


@pytest.mark.parametrize(
    ("reported", "values"),
    [
        (usage(30)["usage"], {"prompt": 10, "completion": 20, "total": 30}),
        (None, {"prompt": ESTIMATE, "completion": 5, "total": ESTIMATE + 5}),
    ],
)
async def test_metric_of_a_stream(h, kit, reported, values):
    chunks = events("hel", "lo", reported=reported)
    h.transport.answers = [answer(kit, b"", kind="text/event-stream", stream=chunks)]
    await call(h, kit, limit(1000) + metric('name="Location"'), STREAMED)
    assert [v for _, _, v in h.meter.emitted] == [values]


@pytest.mark.parametrize(
    ("parts", "status", "body"),
    [
        ({}, 500, usage(5)),
        ({}, None, None),
        ({"backend": "<return-response />"}, 200, usage(5)),
        ({}, 200, b"no json"),
    ],
)
async def test_metric_stays_silent(h, kit, parts, status, body):
    h.transport.answers = [ConnectFailed("x") if status is None else answer(kit, body, status)]
    await call(h, kit, metric('name="Location"'), **parts)
    assert h.meter.emitted == []


EIGHT = ("API ID", "Operation ID", "Product ID", "User ID", "Subscription ID", "Location", "Gateway ID", "Backend ID")


@pytest.mark.parametrize("cap", [5, 8, 2])
async def test_dimensions_above_the_cap_are_dropped(h, kit, cap):
    """Default ones count, too; what a request does not have is N/A."""
    h.options(metric_dimension_cap=cap)
    h.transport.answers = [answer(kit, usage(30))]
    await call(h, kit, metric(*(f'name="{name}"' for name in EIGHT)))
    values = dict.fromkeys(EIGHT, "N/A") | {"Location": "local", "Gateway ID": "managed"}
    assert [d for _, d, _ in h.meter.emitted] == [{name: values[name] for name in EIGHT[:cap]}]


async def test_dimensions_by_expression(h, kit):
    """Evaluated where the element stands; a computed name without a value that is no default one is N/A."""
    h.transport.answers = [answer(kit, usage(30))]
    before = '<set-variable name="team" value="red" />'
    after = '<set-variable name="team" value="blue" />'
    dimensions = ("name=\"@('Te' + 'am')\" value=\"@(V['team'])\"", "name=\"@('Loc' + 'ation')\"", "name=\"@('X')\"")
    await call(h, kit, before + metric(*dimensions, 'name="Empty" value=""') + after)
    assert [d for _, d, _ in h.meter.emitted] == [{"Team": "red", "Location": "local", "X": "N/A", "Empty": "N/A"}]


async def test_a_dimension_that_fails(h, kit):
    ex = await call(h, kit, metric('name="Team" value="@(boom())"'))
    assert (ex.response.status, ex.last_error.source, h.meter.emitted) == (500, "llm-emit-token-metric", [])


async def test_every_metric_emits_its_own(h, kit):
    h.transport.answers = [answer(kit, usage(30))]
    await call(h, kit, metric('name="Location"') + metric('name="API ID"', namespace="other"))
    assert [(n, list(d)) for n, d, _ in h.meter.emitted] == [("API Management", ["Location"]), ("other", ["API ID"])]
