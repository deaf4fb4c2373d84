"""Sections, scopes, errors, hooks."""

import asyncio
import logging

import pytest

from apimpy.runtime.exchange import ResponseHook
from apimpy.runtime.ports import ConnectFailed, TimedOut


def mark(name):
    return f'<set-variable name="log" value="@(V.get("log", "") + "{name} ")" />'


@pytest.mark.step("forward-request 2")
async def test_default_global_forwards(h):
    ex = await h.run("<policies />")
    assert (ex.response.status, ex.response.body.data) == (200, b"hello")
    assert str(h.transport.sent[0].url) == "http://backend.test/base/api/orders?a=1"


@pytest.mark.step("base 1 2")
@pytest.mark.parametrize(
    ("global_", "api", "operation", "expected"),
    [
        ("g", "<base />a", "<base />o", "g a o"),
        ("g", "a<base />", "o<base />", "o a g"),
        ("g", "a", "<base />o", "a o"),
        ("g", None, "<base />o", "g o"),
        ("g", "", "<base />o", "o"),
        ("g", "<base />a", None, "g a"),
    ],
)
async def test_base_and_missing_sections(h, global_, api, operation, expected):
    def text(content):
        if content is None:
            return "<policies />"
        inner = "".join("<base />" if p == "B" else mark(p) for p in content.replace("<base />", "B"))
        return f"<policies><inbound>{inner}</inbound></policies>"

    broad = text(global_).replace("</policies>", "<backend><forward-request /></backend></policies>")
    ex = await h.run(("global", broad), ("api", text(api)), ("operation", text(operation)))
    assert ex.variables.get("log", "").split() == expected.split()
    assert ex.response.body.data == b"hello"


@pytest.mark.step("forward-request 1")
async def test_nothing_forwarded_is_an_empty_200(h, kit):
    ex = await h.run(kit.policies(backend="", outbound=mark("out")))
    assert (ex.response.status, ex.response.body.wire(), ex.variables["log"]) == (200, b"", "out ")
    assert not h.transport.sent


@pytest.mark.step("common 5", "return-response 4", "set-variable 4")
@pytest.mark.parametrize(
    ("section", "log"), [("inbound", "in"), ("backend", "in"), ("outbound", "in out"), ("on_error", "in err")]
)
async def test_return_response_ends_everything(h, kit, section, log):
    stop = '<return-response><set-status code="418" reason="tea" /></return-response>'
    parts = {"inbound": mark("in"), "outbound": mark("out"), "on_error": mark("err")}
    if section == "on_error":
        parts["inbound"] += '<set-variable name="x" value="@(boom())" />'
    if section == "backend":
        parts["backend"] = f'<choose><when condition="true">{stop}</when></choose>'
    else:
        parts[section] += stop
    if section == "inbound":
        parts["inbound"] += mark("never")
    ex = await h.run(kit.policies(**parts))
    assert (ex.response.status, ex.response.reason) == (418, "tea")
    assert ex.variables["log"].split() == log.split()


BAD = '<set-header name="a"><value>@(boom("bad"))</value></set-header>'
NEVER = '<when condition="false" />'


@pytest.mark.step("failure 4", "last-error 1 2 3 4 5 6 7", "answer 2", "predefined-error 6", "choose 3")
@pytest.mark.parametrize(
    ("inbound", "error"),
    [
        ('<set-variable id="p1" name="x" value="@(boom("bad"))" />', ("set-variable", "", "p1")),
        (
            f'<choose><when condition="false" /><when condition="true">{mark("x")}{BAD}</when></choose>',
            ("set-header", "choose[1]\\when[2]\\set-header[1]", None),
        ),
        ('<choose><when condition="@(boom("bad"))" /></choose>', ("choose", "choose[1]\\when[1]", None)),
        (
            f"<choose>{NEVER}</choose><choose>{NEVER}<otherwise>{BAD}</otherwise></choose>",
            ("set-header", "choose[2]\\otherwise[1]\\set-header[1]", None),
        ),
        (
            f'<retry condition="false" count="1" interval="0">{BAD}{BAD}</retry>',
            ("set-header", "retry[1]\\set-header[1]", None),
        ),
    ],
)
async def test_last_error_position(h, kit, inbound, error):
    ex = await h.run(kit.policies(inbound=inbound))
    e = ex.last_error
    assert (e.source, e.path, e.policy_id) == error
    assert (e.reason, e.message) == ("ExpressionValueEvaluationFailure", "Expression evaluation failed. bad")
    assert (e.scope, e.section, e.status) == ("api", "inbound", 500)
    assert ex.response.body.data == (
        b'{ "statusCode": 500, "message": "Internal server error", '
        b'"activityId": "6f0c2a3e-0000-4000-8000-000000000001" }'
    )
    assert ex.response.headers["Content-Type"] == "application/json"


@pytest.mark.step("last-error 4")
async def test_error_of_an_outer_scope_names_it(h, kit):
    broad = kit.policies(inbound='<set-variable name="x" value="@(boom())" />', backend="", outbound="", on_error="")
    ex = await h.run(("global", broad), ("api", kit.policies()))
    assert ex.last_error.scope == "global"


@pytest.mark.step("failure 2 3")
async def test_on_error_edits_the_default_response(h, kit):
    ex = await h.run(
        kit.policies(
            inbound='<set-variable name="x" value="@(boom())" />',
            on_error='<set-variable name="seen" value="@(ex.response.status)" /><set-status code="503" />'
            '<set-header name="X-Reason"><value>@(ex.last_error.reason)</value></set-header>',
        )
    )
    assert (ex.response.status, ex.variables["seen"]) == (503, 500)
    assert ex.response.headers["X-Reason"] == "ExpressionValueEvaluationFailure"


@pytest.mark.step("failure 5")
async def test_error_inside_on_error_stops_that_section(h, kit):
    ex = await h.run(
        kit.policies(
            inbound='<set-variable name="x" value="@(boom("one"))" />',
            on_error=f'<set-status code="502" /><set-variable name="x" value="@(boom("two"))" />{mark("never")}',
        )
    )
    assert (ex.response.status, ex.last_error.message, ex.last_error.section) == (
        502,
        "Expression evaluation failed. two",
        "on-error",
    )
    assert "log" not in ex.variables


async def test_unexpected_exception_is_a_500_and_logged(h, kit, caplog):
    with caplog.at_level(logging.ERROR, "apimpy.pipeline"):
        ex = await h.run(kit.policies(inbound='<set-variable name="x" value="@(1 / 0)" />'))
    assert (ex.response.status, ex.last_error.reason, ex.last_error.source) == (500, "InternalError", "set-variable")
    assert "ZeroDivisionError" in caplog.text


async def test_cancellation_passes_through(h, kit):
    h.transport.answers = [asyncio.CancelledError()]
    ex = h.exchange()
    with pytest.raises(asyncio.CancelledError):
        await h.run(kit.policies(on_error=mark("err")), ex=ex)
    assert "log" not in ex.variables


@pytest.mark.step("forward-request 4 5")
@pytest.mark.parametrize(
    ("error", "options", "expected"),
    [
        (ConnectFailed("refused"), {}, ("request-forwarder", "BackendConnectionFailure", "refused", 500)),
        (TimedOut(""), {}, ("forward-request", "Timeout", "The request to backend service timed out", 500)),
        (TimedOut("late"), {"timeout_status": 504}, ("forward-request", "Timeout", "late", 504)),
    ],
)
async def test_transport_failures(h, kit, error, options, expected):
    h.options(**options)
    h.transport.answers = [error]
    ex = await h.run(kit.policies())
    e = ex.last_error
    assert (e.source, e.reason, e.message, ex.response.status) == expected
    assert (e.section, e.scope) == ("backend", "global")


class Hook(ResponseHook):
    def __init__(self):
        self.calls = []

    async def on_backend_start(self, ex):
        self.calls.append("start")

    async def on_response(self, ex):
        self.calls.append(f"response {ex.response.status}")

    async def on_short_circuit(self, ex):
        self.calls.append(f"short {ex.response.status}")


@pytest.mark.parametrize(
    ("parts", "answer", "calls"),
    [
        ({}, None, ["start", "response 200"]),
        ({"inbound": "<return-response />"}, None, ["short 200"]),
        ({"inbound": '<set-variable name="x" value="@(boom())" />'}, None, ["short 500"]),
        ({}, ConnectFailed("x"), ["start", "short 500"]),
        ({"backend": ""}, None, ["start", "short 200"]),
        ({"outbound": '<set-variable name="x" value="@(boom())" />'}, None, ["start", "response 200"]),
        ({"outbound": "<return-response />"}, None, ["start", "response 200"]),
    ],
)
async def test_hooks(h, kit, parts, answer, calls):
    if answer is not None:
        h.transport.answers = [answer]
    ex, hook = h.exchange(), Hook()
    ex.hooks.append(hook)
    await h.run(kit.policies(**parts), ex=ex)
    assert hook.calls == calls


async def test_abandoned_backend_stream_is_closed(h, kit):
    stream = kit.Stream(b"a", b"b")
    h.transport.answers = [kit.reply(stream=stream)]
    await h.run(kit.policies(outbound="<return-response />"))
    assert stream.closed


@pytest.mark.step("forward-request 10")
async def test_streams_pass_untouched_unless_read(h, kit):
    stream = kit.Stream(b"a", b"b")
    h.transport.answers = [kit.reply(stream=stream)]
    ex = await h.run(
        kit.policies(
            outbound='<choose><when condition="false"><set-body>@(ex.response.body.data)</set-body></when></choose>'
        )
    )
    assert ex.response.body.stream is stream
    assert not stream.closed


async def test_body_is_buffered_for_the_step_that_reads_it(h, kit):
    h.transport.answers = [kit.reply(stream=kit.Stream(b"a", b"b"))]
    ex = await h.run(kit.policies(outbound="<set-body>@(ex.response.body.data + b'!')</set-body>"))
    assert ex.response.body.wire() == b"ab!"


async def test_body_above_the_buffer_limit(h, kit):
    h.options(max_buffered_body=3)
    h.transport.answers = [kit.reply(stream=kit.Stream(b"aa", b"bb"))]
    ex = await h.run(kit.policies(outbound="<set-body>@(ex.response.body.data)</set-body>"))
    assert (ex.response.status, ex.last_error.reason) == (500, "ResponseBodyTooLarge")
    body = kit.Body(None, kit.Stream(b"aa", b"bb"))
    ex = await h.run(kit.policies(inbound="<set-body>@(ex.request.body.data)</set-body>"), method="POST", body=body)
    assert ex.response.status == 413


FRAGMENT = f'<fragment>{mark("f")}<choose><when condition="true">{mark("g")}</when></choose></fragment>'


@pytest.mark.step("include-fragment 1")
async def test_fragments_are_inlined_everywhere(h, kit):
    include = '<include-fragment fragment-id="f" />'
    ex = await h.run(
        kit.policies(inbound=f'{include}<choose><when condition="true">{include}</when></choose>'),
        fragments={"f": FRAGMENT},
    )
    assert ex.variables["log"].split() == ["f", "g", "f", "g"]


@pytest.mark.step("include-fragment 4")
async def test_path_inside_a_fragment_is_the_effective_position(h, kit):
    fragment = '<fragment><set-variable name="x" value="@(boom())" /></fragment>'
    ex = await h.run(
        kit.policies(
            inbound='<choose><when condition="true"><set-variable name="a" value="" />'
            '<include-fragment fragment-id="f" /></when></choose>'
        ),
        fragments={"f": fragment},
    )
    assert ex.last_error.path == "choose[1]\\when[1]\\set-variable[2]"
