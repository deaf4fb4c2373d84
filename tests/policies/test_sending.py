"""send-request, send-one-way-request, wait, limit-concurrency."""

import asyncio
import logging

import pytest

from apimpy.runtime.message import Body, Response
from apimpy.runtime.ports import ConnectFailed, TimedOut
from apimpy.runtime.tasks import Background, LocalGate, settle

URL = "<set-url>https://other.test/x?y=1</set-url>"
BASIC = '<authentication-basic username="u" password="p" />'
POST = "<set-method>POST</set-method>"


def send(inner=URL, name="r", **attributes):
    given = "".join(f' {k.replace("_", "-")}="{v}"' for k, v in attributes.items())
    variable = f' response-variable-name="{name}"' if name else ""
    return f"<send-request{variable}{given}>{inner}</send-request>"


def header(name, value, action="override"):
    return f'<set-header name="{name}" exists-action="{action}"><value>{value}</value></set-header>'


@pytest.fixture
def asked(h, kit):
    """The requests to the other service; the backend answers as usual."""
    requests = []

    def answer(request):
        if request.url.host == "backend.test":
            return kit.reply(200, b"hello")
        requests.append((request, request.body.data))
        return kit.reply(202, b"side", [("X-Side", "1"), ("Location", "/elsewhere")])

    h.transport.answers = [answer]
    return requests


# --- what is sent -----------------------------------------------------------------------------------------------------


@pytest.mark.step("send-request 1 2 7", "authentication-basic 3", "set-header 1")
@pytest.mark.parametrize(
    ("inner", "line", "headers", "body"),
    [
        (URL, "GET https://other.test/x?y=1", {}, b""),  # the method defaults to GET
        (URL + "<set-method>@('put')</set-method>", "PUT https://other.test/x?y=1", {}, b""),
        (URL + POST + "<set-body>text</set-body>", "POST https://other.test/x?y=1", {}, b"text"),
        ("<set-url>@('http://o.test:81/' + 'é b')</set-url>", "GET http://o.test:81/%C3%A9%20b", {}, b""),
        ("<set-url>https://bücher.test/#top</set-url>", "GET https://xn--bcher-kva.test/", {}, b""),
        (URL + header("A", "1") + header("A", "2", "append"), "GET https://other.test/x?y=1", {"A": "1, 2"}, b""),
        (URL + header("A", "1", "skip"), "GET https://other.test/x?y=1", {"A": "1"}, b""),
        (URL + header("Host", "virtual"), "GET https://other.test/x?y=1", {"Host": "virtual"}, b""),
        (
            URL + BASIC,
            "GET https://other.test/x?y=1",
            {"Authorization": "Basic dTpw"},
            b"",
        ),
        (
            URL + '<authentication-managed-identity resource="res" />',
            "GET https://other.test/x?y=1",
            {"Authorization": "Bearer token-for-res-None"},
            b"",
        ),
        (  # in document order: the later one wins
            URL + BASIC + header("Authorization", "mine"),
            "GET https://other.test/x?y=1",
            {"Authorization": "mine"},
            b"",
        ),
        (
            URL + header("Authorization", "mine") + BASIC,
            "GET https://other.test/x?y=1",
            {"Authorization": "Basic dTpw"},
            b"",
        ),
    ],
)
async def test_a_new_request(h, kit, asked, inner, line, headers, body):
    await h.run(kit.policies(inbound=send(inner)), method="POST", headers={"X-Caller": "1"}, body=b"caller's")
    ((request, sent),) = asked
    assert (f"{request.method} {request.url}", dict(request.headers), sent) == (line, headers, body)
    assert h.transport.bodies[-1] == b"caller's"  # the calling request is not changed
    assert dict(h.transport.sent[-1].headers) == {"X-Caller": "1"}


@pytest.mark.step("send-request 1 2 7")
async def test_a_copy_in_inbound(h, kit, asked):
    inner = "<set-url>https://other.test/copy</set-url>" + header("A", "1", "append") + header("B", "2")
    headers = {"A": "0", "Connection": "close", "Host": "gw.test", "X-Forwarded-For": "10.0.0.9"}
    ex = await h.run(kit.policies(inbound=send(inner, mode="copy")), method="PATCH", headers=headers, body=b"body")
    ((request, sent),) = asked
    assert (request.method, str(request.url), sent) == ("PATCH", "https://other.test/copy", b"body")
    assert dict(request.headers) == {"A": "0, 1", "B": "2", "X-Forwarded-For": "10.0.0.9"}
    assert h.transport.bodies == [b"body", b"body"]
    assert dict(ex.request.headers) == headers


async def test_a_copy_without_url_goes_where_the_request_goes(h, kit):
    ex = await h.run(kit.policies(inbound=send("", mode="copy")))
    assert [str(r.url) for r in h.transport.sent] == ["http://backend.test/base/api/orders?a=1"] * 2
    assert ex.variables["r"].status == 200


@pytest.mark.step("send-request 1")
@pytest.mark.parametrize(("url", "host"), [("", "virtual"), (URL, None)])
async def test_the_host_of_a_copy(h, kit, url, host):
    """What a policy set goes where the request goes, and nowhere else."""
    await h.run(kit.policies(inbound=header("Host", "virtual") + send(url, mode="copy")))
    assert [r.headers.get("Host") for r in h.transport.sent] == [host, "virtual"]


async def test_a_copy_of_a_streamed_body_leaves_it_to_the_backend(h, kit, asked):
    body = Body(None, kit.Stream(b"a", b"b"))
    await h.run(kit.policies(inbound=send(mode="@('copy')")), method="POST", body=body)
    assert asked[0][1] == b"ab"
    assert h.transport.bodies[-1] == b"ab"


@pytest.mark.step("send-request 1")
@pytest.mark.parametrize("section", ["outbound", "on_error"])
async def test_a_copy_after_the_backend_has_no_body(h, kit, asked, section):
    parts = {section: send(mode="copy")}
    if section == "on_error":
        parts["inbound"] = '<set-variable name="x" value="@(boom())" />'
    ex = await h.run(kit.policies(**parts), method="POST", body=b"body")
    assert asked[0][1] == b""
    assert ex.variables["r"].status == 202


# --- what comes back --------------------------------------------------------------------------------------------------


@pytest.mark.step("send-request 4 7")
@pytest.mark.parametrize("status", [200, 302, 404, 500])
async def test_any_status_is_a_success(h, kit, status):
    h.transport.answers = [kit.reply(status, b"side", [("Location", "/x")]), kit.reply(200, b"hello")]
    ex = await h.run(kit.policies(inbound=send()))
    response = ex.variables["r"]
    assert isinstance(response, Response)
    assert (response.status, response.body.data, len(h.transport.sent)) == (status, b"side", 2)
    assert (ex.response.status, ex.response.body.data) == (200, b"hello")  # the caller's response is its own


@pytest.mark.step("send-request 6")
async def test_the_body_can_be_read_once(h, kit, asked):
    ex = await h.run(kit.policies(inbound=send(name="@('r' + '2')")))
    body = ex.variables["r2"].body
    assert (body.read(preserve=False), body.read(preserve=False)) == (b"side", None)


async def test_a_streamed_answer_is_there_when_expressions_run(h, kit):
    h.transport.answers = [kit.reply(stream=kit.Stream(b"si", b"de")), kit.reply()]
    read = '<set-variable name="t" value="@(V["r"].body.read(True).decode())" />'
    ex = await h.run(kit.policies(inbound=send() + read))
    assert ex.variables["t"] == "side"


@pytest.mark.step("send-request 8")
async def test_without_a_variable_the_response_is_dropped(h, kit):
    stream = kit.Stream(b"side")
    h.transport.answers = [kit.reply(stream=stream), kit.reply()]
    ex = await h.run(kit.policies(inbound=send(name="")))
    assert (ex.variables, stream.closed) == ({}, True)


@pytest.mark.step("send-request 3")
@pytest.mark.parametrize(("given", "seconds"), [(None, 60), ("5", 5), ("@(2 + 3)", 5), ("0", None)])
async def test_timeout(h, kit, given, seconds):
    await h.run(kit.policies(inbound=send(**({"timeout": given} if given else {}))))
    assert h.transport.timeouts[0] == seconds


class Slow:
    """A body that never comes."""

    closed = False

    def __aiter__(self):
        return self

    async def __anext__(self):
        await asyncio.sleep(60)

    async def aclose(self):
        self.closed = True


class Late(Slow):
    """A body that comes after a while, in time."""

    turns = 9

    async def __anext__(self):
        self.turns -= 1
        if self.turns < 0:
            raise StopAsyncIteration
        await asyncio.sleep(0)
        return b"."


@pytest.mark.step("send-request 3")
async def test_a_body_may_take_what_is_left_of_the_time(h, kit):
    h.transport.answers = [kit.reply(stream=Late()), kit.reply()]
    ex = await h.run(kit.policies(inbound=send()))
    assert ex.variables["r"].body.data == b"." * 9


@pytest.mark.step("send-request 3 5")
@pytest.mark.parametrize(
    ("failure", "reason", "message"),
    [
        (ConnectFailed("refused"), "BackendConnectionFailure", "refused"),
        (ConnectFailed(""), "BackendConnectionFailure", "Underlying transport connection was unexpectedly closed."),
        (TimedOut("late"), "Timeout", "late"),
        (TimedOut(""), "Timeout", "The response did not come in time."),
        ("slow body", "Timeout", "The response did not come in time."),
        ("large body", "BackendConnectionFailure", "body passes the limit of 3 bytes"),
    ],
)
async def test_failures(h, kit, failure, reason, message):
    h.options(max_buffered_body=3, timeout_status=504)

    def answer(request):
        if failure == "slow body":
            h.clock.time += 60  # the head took all of the time
            return kit.reply(stream=Slow())
        return kit.reply(stream=kit.Stream(b"12", b"34")) if failure == "large body" else failure

    h.transport.answers = [answer, kit.reply()]
    ex = await h.run(kit.policies(inbound=send()))
    error = ex.last_error
    assert (error.source, error.reason, error.message, ex.response.status) == ("send-request", reason, message, 500)
    assert "r" not in ex.variables
    h.transport.answers = [answer, kit.reply()]
    h.transport.sent.clear()
    ex = await h.run(kit.policies(inbound=send(ignore_error="true")))
    assert (ex.variables, ex.last_error, ex.response.status) == ({"r": None}, None, 200)


@pytest.mark.parametrize(
    ("inner", "reason"),
    [
        ("<set-url>@('nowhere')</set-url>", "ExpressionValueValidationFailure"),
        ("<set-url>@('http://a b/')</set-url>", "ExpressionValueValidationFailure"),
        ("<set-url>@(boom())</set-url>", "ExpressionValueEvaluationFailure"),
        (URL + '<authentication-managed-identity resource="fail" />', "ManagedIdentityTokenError"),
        (URL + '<proxy url="ftp://p:1" />', "ExpressionValueValidationFailure"),
        (URL + '<authentication-certificate thumbprint="ab" />', "CertificateNotFound"),
        (URL + header("A", "@('a\\nb')"), "ExpressionValueValidationFailure"),
    ],
)
async def test_a_request_that_cannot_be_made(h, kit, inner, reason):
    ex = await h.run(kit.policies(inbound=send(inner, ignore_error="true")))
    assert (ex.last_error.reason, ex.response.status, h.transport.sent) == (reason, 500, [])


async def test_new_without_url_by_expression(h, kit):
    ex = await h.run(kit.policies(inbound=send("", mode="@('new')")))
    assert "The set-url field is required." in ex.last_error.message


@pytest.mark.step("send-request 1 2", "wait 1")
@pytest.mark.parametrize(
    ("policy", "codes"),
    [
        (send(), []),
        (send(""), ["POL007"]),
        (send("", mode="copy"), []),
        (send(URL * 2), ["POL007"]),
        (send(URL + '<authentication-certificate certificate-id="c" />'), []),
        (send(URL + "<authentication-certificate />"), ["POL010"]),
        (send(URL + BASIC + '<authentication-certificate certificate-id="c" />'), ["POL007"]),
        (send(URL + BASIC + '<authentication-managed-identity resource="r" />'), ["POL007"]),
        (send(mode="other"), ["POL005"]),
        (send(ignore_error="@(True)"), ["POL009"]),
        (send(URL + "<set-status code='200' />"), ["POL006"]),
        (f"<wait>{send()}</wait>", []),
        ('<wait><cache-lookup-value key="k" variable-name="v" /></wait>', []),
        ("<wait><set-method>GET</set-method></wait>", ["POL006"]),
        ("<wait />", ["POL007"]),
        ('<wait for="some"><choose><when condition="true" /></choose></wait>', ["POL005"]),
        ('<limit-concurrency key="a" max-count="1" />', ["POL007"]),
        ('<limit-concurrency key="a" max-count="0"><set-method>GET</set-method></limit-concurrency>', ["POL005"]),
        ('<limit-concurrency key="a" max-count="@(1)"><set-method>GET</set-method></limit-concurrency>', ["POL009"]),
        ("<send-one-way-request />", ["POL007"]),
    ],
)
def test_found_at_load(h, kit, policy, codes):
    h.compile(kit.policies(inbound=policy))
    assert h.codes() == codes


# --- send-one-way-request ---------------------------------------------------------------------------------------------


def one_way(inner=URL + POST + "<set-body>@(V['x'])</set-body>", **attributes):
    given = "".join(f' {k}="{v}"' for k, v in attributes.items())
    return f"<send-one-way-request{given}>{inner}</send-one-way-request>"


@pytest.mark.step("send-one-way-request 1")
async def test_one_way_is_evaluated_before_and_sent_behind(h, kit, asked):
    first, later = (f'<set-variable name="x" value="{v}" />' for v in ("before", "after"))
    ex = await h.run(kit.policies(inbound=first + one_way() + later))
    await h.services.background.drain()
    ((request, body),) = asked
    assert (request.method, body) == ("POST", b"before")
    assert ex.variables == {"x": "after"}


@pytest.mark.step("send-one-way-request 2")
@pytest.mark.parametrize(("attributes", "seconds"), [({}, 60), ({"timeout": "@(80 + 20)"}, 100)])
async def test_one_way_timeout(h, kit, attributes, seconds):
    await h.run(kit.policies(inbound=one_way(URL, **attributes)))
    await h.services.background.drain()
    assert seconds in h.transport.timeouts


@pytest.mark.step("send-one-way-request 1")
async def test_one_way_copies_the_body(h, kit, asked):
    body = Body(None, kit.Stream(b"a", b"b"))
    await h.run(kit.policies(inbound=one_way(URL, mode="copy")), method="POST", body=body)
    await h.services.background.drain()
    assert (asked[0][1], h.transport.bodies[0]) == (b"ab", b"ab")


@pytest.mark.step("send-one-way-request 2")
async def test_one_way_failures_are_only_logged(h, kit, caplog):
    def answer(request):
        return kit.reply() if request.url.host == "backend.test" else ConnectFailed("refused")

    h.transport.answers = [answer]
    with caplog.at_level(logging.WARNING, "apimpy.pipeline"):
        ex = await h.run(kit.policies(inbound=one_way(URL)))
        await h.services.background.drain()
    assert (ex.response.status, ex.last_error) == (200, None)
    assert "refused" in caplog.text


async def test_background_tells_of_defects_and_can_be_stopped(caplog):
    async def broken():
        raise ZeroDivisionError("oops")

    background = Background()
    background.start(broken())
    background.start(asyncio.sleep(60))
    await background.drain(0.01)
    assert "oops" in caplog.text
    await background.drain()


# --- wait -------------------------------------------------------------------------------------------------------------


class Board:
    """A transport whose answers come when the test says so, by the last segment of the path."""

    def __init__(self, kit, order):
        self.kit, self.order, self.started, self.cancelled = kit, list(order), [], []
        self.gates = {}
        self.arrivals = asyncio.Queue()

    async def send(self, request, *, timeout):
        name = request.url.path.strip("/")
        if request.url.host == "backend.test":
            return self.kit.reply()
        self.started.append(name)
        self.arrivals.put_nowait(name)
        gate = self.gates.setdefault(name, asyncio.Event())
        if len(self.started) == len(self.order):
            self.gates.setdefault(self.order[0], asyncio.Event()).set()
        try:
            await gate.wait()
        except asyncio.CancelledError:
            self.cancelled.append(name)
            raise
        following = self.order[self.order.index(name) + 1 :]
        if following:
            self.gates[following[0]].set()
        if name.startswith("bad"):
            raise ConnectFailed(name)
        return self.kit.reply(200, name.encode())


def ask(name, variable=None):
    return send(f"<set-url>https://other.test/{name}</set-url>", variable or name)


async def waiting(h, kit, names, order, how="all", inner=None):
    h.services.transport = board = Board(kit, order)
    content = inner or "".join(map(ask, names))
    attribute = "" if how is None else f' for="{how}"'
    return board, await h.run(kit.policies(inbound=f"<wait{attribute}>{content}</wait>"))


@pytest.mark.step("wait 1 2 3")
@pytest.mark.parametrize("how", [None, "all", "@('All')"])
async def test_wait_for_all_runs_side_by_side(h, kit, how):
    board, ex = await waiting(h, kit, "abc", "cba", how)
    assert board.started == ["a", "b", "c"]
    assert {k: v.body.data for k, v in ex.variables.items()} == {"a": b"a", "b": b"b", "c": b"c"}


@pytest.mark.step("wait 2 5")
async def test_wait_for_any_cancels_the_rest(h, kit):
    board, ex = await waiting(h, kit, "abc", "bac", "any")
    assert (list(ex.variables), sorted(board.cancelled)) == (["b"], ["a", "c"])


@pytest.mark.step("wait 3")
async def test_the_last_finisher_wins(h, kit):
    _, ex = await waiting(h, kit, "", "ba", inner=ask("a", "v") + ask("b", "v"))
    assert ex.variables["v"].body.data == b"a"


@pytest.mark.step("wait 4")
async def test_all_raises_the_first_error_in_document_order(h, kit):
    board, ex = await waiting(h, kit, ["bad1", "ok", "bad2"], ["bad2", "bad1", "ok"])
    error = ex.last_error
    assert (error.message, error.source, error.path) == ("bad1", "send-request", "wait[1]\\send-request[1]")
    assert (list(ex.variables), board.cancelled) == (["ok"], [])  # the others finished


@pytest.mark.step("wait 4")
async def test_any_raises_when_the_first_to_finish_failed(h, kit):
    board, ex = await waiting(h, kit, ["ok", "bad"], ["bad", "ok"], "any")
    assert (ex.last_error.message, board.cancelled) == ("bad", ["ok"])


@pytest.mark.step("wait 1")
async def test_choose_in_wait(h, kit):
    inner = f'{ask("a")}<choose><when condition="true">{ask("b")}<return-response /></when></choose>'
    _, ex = await waiting(h, kit, "", "ab", inner=inner)
    assert sorted(ex.variables) == ["a", "b"]
    assert h.services.transport.started == ["a", "b"]
    assert ex.upstream is None  # a terminator ends everything


@pytest.mark.parametrize("nested", ["{}", '<choose><when condition="true">{}</when></choose>'])
async def test_members_that_read_the_same_streamed_body(h, kit, asked, nested):
    body = "<set-body>@(ex.request.body.read(True))</set-body>"
    second = f'<choose><when condition="true">{send(URL + POST + body, "b")}</when></choose>'
    stream = Body(None, kit.Stream(b"x", b"y"))
    inbound = f"<wait>{nested.format(send(URL + POST + body, 'a'))}{second}</wait>"
    await h.run(kit.policies(inbound=inbound), method="POST", body=stream)
    assert [sent for _, sent in asked] == [b"xy", b"xy"]


async def test_a_caller_who_leaves_cancels_all(h, kit):
    h.services.transport = board = Board(kit, ["nobody"])
    task = asyncio.ensure_future(h.run(kit.policies(inbound=f"<wait>{ask('a')}{ask('b')}</wait>")))
    await board.arrivals.get()
    await board.arrivals.get()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert sorted(board.cancelled) == ["a", "b"]


async def test_settle_with_two_finished_at_once():
    async def one():
        return 1

    assert await settle([one, one], first=True) == [1, None]
    assert await settle([one, one], first=False) == [1, 1]


# --- limit-concurrency ------------------------------------------------------------------------------------------------


def limited(inner, key="k", most=1):
    return f'<limit-concurrency key="{key}" max-count="{most}">{inner}</limit-concurrency>'


@pytest.mark.step("limit-concurrency 3")
@pytest.mark.parametrize(
    ("inner", "status"),
    [
        ('<set-variable name="in" value="1" />', 200),
        ('<set-variable name="x" value="@(boom())" />', 500),
        ("<return-response />", 200),
    ],
)
async def test_the_place_is_given_back(h, kit, inner, status):
    for _ in range(3):
        ex = await h.run(kit.policies(inbound=limited(inner)))
        assert ex.response.status == status
    assert await h.services.concurrency.enter("k", 1)


@pytest.mark.step("limit-concurrency 1 2 3 5")
@pytest.mark.parametrize(
    ("first", "second", "refused"),
    [
        (("k", 1), ("k", 1), True),
        (("k", 1), ("@('k')", 1), True),
        (("k", 1), ("other", 1), False),
        (("k", 1), ("k", 2), False),  # each compares the shared count with its own limit
        (("k", 2), ("k", 1), True),
    ],
)
async def test_the_next_request_is_refused_at_once(h, kit, first, second, refused):
    h.services.transport = board = Board(kit, ["nobody"])
    inside = asyncio.ensure_future(h.run(kit.policies(inbound=limited(ask("a"), *first))))
    await board.arrivals.get()
    ex = await h.run(kit.policies(inbound=limited('<set-variable name="in" value="1" />', *second)))
    if refused:
        error = ex.last_error
        assert (error.source, error.reason, error.message) == (
            "limit-concurrency",
            "ConcurrencyLimitExceeded",
            "Concurrency limit is exceeded.",
        )
        assert (ex.response.status, ex.response.reason) == (429, "Too Many Requests")
        assert ex.response.body.data == b'{ "statusCode": 429, "message": "Concurrency limit is exceeded." }'
        assert "Retry-After" not in ex.response.headers
    assert ("in" in ex.variables) is not refused
    inside.cancel()  # the caller leaves
    with pytest.raises(asyncio.CancelledError):
        await inside
    ex = await h.run(kit.policies(inbound=limited('<set-variable name="in" value="1" />')))
    assert "in" in ex.variables


@pytest.mark.step("limit-concurrency 4")
async def test_around_forward_request_it_is_held_until_the_head(h, kit):
    h.transport.answers = [kit.reply(stream=kit.Stream(b"x"))]
    ex = await h.run(kit.policies(backend=limited("<forward-request />")))
    assert ex.response.body.stream is not None
    assert await h.services.concurrency.enter("k", 1)


async def test_a_gate_forgets_keys_nobody_holds():
    gate = LocalGate()
    assert await gate.enter("a", 2)
    assert await gate.enter("a", 2)
    assert not await gate.enter("a", 2)
    await gate.leave("a")
    await gate.leave("a")
    assert gate._inside == {}
