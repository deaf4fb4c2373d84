"""choose, include-fragment, retry around anything, and what holds for every policy: order, errors, sections."""

from types import SimpleNamespace

import pytest

from apimpy.policies.retry import wait_before

FAILS = '<set-variable name="x" value="@(boom())" />'


def mark(name):
    return f'<set-variable name="log" value="@(V.get("log", "") + "{name} ")" />'


def when(condition, *inner):
    return f'<when condition="{condition}">{"".join(inner)}</when>'


def parts(section, text):
    """A document with the text in one section; in on-error an error comes before."""
    if section == "on_error":
        return {"inbound": FAILS, "on_error": text}
    if section == "backend":
        return {"backend": f"<choose>{when('true', text, '<forward-request />')}</choose>"}
    return {section: text}


SECTIONS = ["inbound", "backend", "outbound", "on_error"]


# --- failures ---------------------------------------------------------------------------------------------------------


@pytest.mark.step("failure 1")
@pytest.mark.parametrize(
    ("section", "log"),
    [
        ("inbound", "in error"),
        ("backend", "in back error"),
        ("outbound", "in back out error"),
    ],
)
async def test_a_failure_skips_the_rest(h, kit, section, log):
    """The rest of the section and the sections after it."""
    texts = {"inbound": "in", "backend": "back", "outbound": "out"}
    steps = {name: mark(word) + (FAILS + mark("never") if name == section else "") for name, word in texts.items()}
    steps["backend"] = f"<choose>{when('true', steps['backend'], '<forward-request />')}</choose>"
    ex = await h.run(kit.policies(**steps, on_error=mark("error")))
    assert ex.variables["log"].split() == log.split()
    assert len(h.transport.sent) == (section == "outbound")


# --- values -----------------------------------------------------------------------------------------------------------

NEXT = "(V.update(n=V.get('n', 0) + 1) or V['n'])"


@pytest.mark.step("common 1")
async def test_attributes_before_children(h, kit):
    values = f"<value>@({NEXT})</value><value>@({NEXT})</value>"
    await h.run(kit.policies(inbound=f"<set-header name=\"@('a' + str({NEXT}))\">{values}</set-header>"))
    assert h.transport.sent[0].headers["a1"] == "2, 3"


@pytest.mark.step("common 1")
async def test_values_are_computed_in_every_round(h, kit):
    inner = f'<set-header name="n" exists-action="append"><value>@({NEXT})</value></set-header>'
    await h.run(kit.policies(inbound=f'<retry condition="@(V["n"] < 3)" count="9" interval="0">{inner}</retry>'))
    assert h.transport.sent[0].headers["n"] == "1, 2, 3"


# --- choose -----------------------------------------------------------------------------------------------------------


@pytest.mark.step("choose 1 2 4")
@pytest.mark.parametrize(
    ("branches", "log"),
    [
        (when("@(True)", mark("a")) + when("@(boom())", mark("b")), "a"),
        (when("@(False)", mark("a")) + when("true", mark("b")) + when("true", mark("c")), "b"),
        (when("@(False)", mark("a")) + f"<otherwise>{mark('z')}</otherwise>", "z"),
        (when("true", mark("a")) + f"<otherwise>{mark('z')}</otherwise>", "a"),
        (when("@(False)", mark("a")), ""),
        (when("@('True')", mark("a")), "a"),
        (when("true") + when("true", mark("b")), ""),
        (when("false", mark("a")) + "<otherwise />", ""),
        (when("@(5)", mark("a")), "error"),
        (when("@(None)", mark("a")), "error"),
        (when("@('maybe')", mark("a")), "error"),
    ],
)
@pytest.mark.parametrize("waits", [False, True])
async def test_choose(h, kit, branches, log, waits):
    """With branches that wait and with branches that do not."""
    if waits:
        pause = '<retry condition="false" count="1" interval="1"><set-method>GET</set-method></retry>'
        branches = branches.replace('">', f'">{pause}', 1)
    ex = await h.run(kit.policies(inbound=f"<choose>{branches}</choose>", on_error=mark("error")))
    assert ex.variables.get("log", "").strip() == log
    if log == "error":
        error = ex.last_error
        assert (ex.response.status, error.source, error.path) == (500, "choose", r"choose[1]\when[1]")


@pytest.mark.step("choose 2")
@pytest.mark.parametrize(
    ("inner", "loads"),
    [
        (when("true") + "<otherwise />", True),
        ("<otherwise />" + when("true"), False),
        (when("true") + "<otherwise /><otherwise />", False),
        ("<otherwise />", False),
        (when("yes"), False),
    ],
)
def test_shape_of_choose(h, kit, inner, loads):
    assert (h.compile(kit.policies(inbound=f"<choose>{inner}</choose>")) is not None) == loads


@pytest.mark.step("choose 3")
@pytest.mark.parametrize(
    ("section", "inner", "codes"),
    [
        ("inbound", '<cache-store duration="1" />', ["POL002"]),
        ("inbound", "<forward-request />", ["POL002"]),
        ("outbound", '<cache-store duration="1" />', []),
        ("outbound", "<rewrite-uri template='/' />", ["POL002"]),
        ("on_error", "<set-status code='500' />", []),
    ],
)
def test_a_branch_holds_what_its_section_may(h, kit, section, inner, codes):
    h.compile(kit.policies(**{section: f"<choose>{when('@(True)', inner)}</choose>"}))
    assert h.codes() == codes


# --- include-fragment -------------------------------------------------------------------------------------------------


@pytest.mark.step("include-fragment 3")
@pytest.mark.parametrize(("section", "codes"), [("inbound", []), ("outbound", ["POL002"])])
def test_policies_of_a_fragment_fit_the_section(h, kit, section, codes):
    fragments = {"f": "<fragment><rewrite-uri template='/' /></fragment>"}
    h.compile(kit.policies(**{section: '<include-fragment fragment-id="f" />'}), fragments=fragments)
    assert h.codes() == codes


# --- retry ------------------------------------------------------------------------------------------------------------


@pytest.mark.step("retry 2")
@pytest.mark.parametrize(
    ("interval", "delta", "most", "waits"),
    [
        (5, None, None, [(5, 5)] * 3),
        (5, 2, None, [(5, 5), (7, 7), (9, 9)]),
        (10, 10, 100, [(10, 10), (18, 22), (34, 46), (66, 94), (100, 100)]),
        (10, None, 4, [(4, 4)] * 2),
    ],
)
def test_waits_between_rounds(interval, delta, most, waits):
    """The least and the most that chance makes of them."""
    for which, edge in enumerate((min, max)):
        random = SimpleNamespace(uniform=lambda a, b, edge=edge: edge(a, b))
        got = [wait_before(n, interval, delta, most, random) for n in range(1, len(waits) + 1)]
        assert got == pytest.approx([w[which] for w in waits])


@pytest.mark.step("retry 2")
async def test_the_first_round_again_at_once(h, kit):
    """The second wait is that of the second round."""
    attributes = 'condition="true" count="3" interval="5" delta="2" first-fast-retry="true"'
    await h.run(kit.policies(backend=f"<retry {attributes}><forward-request /></retry>"))
    assert h.clock.slept == [7, 9]


@pytest.mark.step("retry 3")
@pytest.mark.parametrize(
    ("attributes", "codes"),
    [
        ('count="1" interval="0"', []),
        ('count="50" interval="0"', []),
        ('count="0" interval="0"', ["POL005"]),
        ('count="51" interval="0"', ["POL005"]),
        ('count="1" interval="-1"', ["POL005"]),
        ('interval="0"', ["POL004"]),
        ('count="1"', ["POL004"]),
    ],
)
def test_rounds_and_intervals(h, kit, attributes, codes):
    h.compile(kit.policies(inbound=f'<retry condition="@(False)" {attributes}><set-method>GET</set-method></retry>'))
    assert h.codes() == codes


@pytest.mark.step("retry 7")
@pytest.mark.parametrize("section", SECTIONS)
async def test_a_loop_in_every_section(h, kit, section):
    inner = '<set-variable name="n" value="@(V.get(\'n\', 0) + 1)" />'
    loop = f'<retry condition="@(V[\'n\'] &lt; 20)" count="50" interval="0">{inner}</retry>'
    ex = await h.run(kit.policies(**parts(section, loop)))
    assert (ex.variables["n"], h.clock.slept) == (20, [])


@pytest.mark.step("set-backend-service 3")
async def test_every_round_may_choose_its_backend(h, kit):
    chosen = "<set-backend-service base-url=\"@('http://b%d.test' % len(ex.services.transport.sent))\" />"
    h.transport.answers = [kit.reply(500), kit.reply(503), kit.reply(200)]
    retry = (
        f'<retry condition="@(ex.response.status >= 500)" count="5" interval="0">{chosen}<forward-request /></retry>'
    )
    ex = await h.run(kit.policies(backend=retry))
    assert [r.url.host for r in h.transport.sent] == ["b0.test", "b1.test", "b2.test"]
    assert ex.response.status == 200


# --- which message ----------------------------------------------------------------------------------------------------


@pytest.mark.step("set-header 1", "set-body 1")
@pytest.mark.parametrize("section", SECTIONS)
async def test_which_message_is_changed(h, kit, section):
    """The request before it is sent, afterwards the response."""
    policies = '<set-header name="X"><value>1</value></set-header><set-body>new</set-body>'
    ex = await h.run(kit.policies(**parts(section, policies)), method="POST", body=b"old")
    requests = [("X" in r.headers, body) for r, body in zip(h.transport.sent, h.transport.bodies, strict=True)]
    response = ("X" in ex.response.headers, ex.response.body.wire())
    if section in ("inbound", "backend"):
        assert (requests, response) == ([(True, b"new")], (False, b"hello"))
    else:
        assert (requests, response) == ([(False, b"old")] if section == "outbound" else [], (True, b"new"))
