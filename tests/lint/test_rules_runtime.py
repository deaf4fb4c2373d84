"""Rules of run time beyond their pages: what else they find, and what they must leave alone."""

from __future__ import annotations

import pytest
from linting import lint

BODY = "context.Request.Body"


def document(inbound: str, backend: str = "<forward-request />", outbound: str = "", error: str = "") -> str:
    sections = f"<inbound>{inbound}</inbound><backend>{backend}</backend><outbound>{outbound}</outbound>"
    return f"<policies>{sections}<on-error>{error}</on-error></policies>"


def codes(text: str, *wanted: str) -> list[str]:
    found = lint(text)
    assert [str(d) for d in found if d.code.startswith(("DOC", "POL", "EXP003", "CS"))] == []
    return [d.code for d in found if d.code in wanted]


def var(value: str, name: str = "v") -> str:
    return f"<set-variable name='{name}' value='{value}' />"


def use(expression: str) -> str:
    return f"<set-header name='x'><value>@({expression})</value></set-header>"


CAST = '((int)context.Variables["v"]).ToString()'
WHEN = "<choose><when condition='@(context.Request.Method == \"GET\")'>{}</when></choose>"


@pytest.mark.parametrize(
    ("policies", "found"),
    [
        (var("1") + use(CAST), 1),
        (var("true") + use('((bool)context.Variables["v"]).ToString()'), 1),
        (var("@(1L)") + use(CAST), 1),
        (var("@{ var a = 1.5; return a; }") + use(CAST), 1),
        (var("@(1)") + use(CAST), 0),
        (var("@(1)") + use('(string)context.Variables["v"]'), 1),
        (var("1") + use('(string)context.Variables["v"]'), 0),
        # what nobody knows
        (var("{{n}}") + use(CAST), 0),
        (var(f'@({BODY}.As<JObject>(true)["a"])') + use(CAST), 0),
        (var("1") + WHEN.format(var("@(1)")) + use(CAST), 0),
        (var("1") + "<include-fragment fragment-id='f' />" + use(CAST), 0),
        # conversions that look
        (var("1") + use('Convert.ToInt32(context.Variables["v"]).ToString()'), 0),
        (var("1") + use('int.Parse((string)context.Variables["v"]).ToString()'), 0),
        (var("1") + use('context.Variables.GetValueOrDefault<int>("v").ToString()'), 0),
    ],
)
def test_types_of_variables(policies: str, found: int) -> None:
    """RUN004 where a cast must throw, and nowhere else."""
    assert codes(document(policies), "RUN004") == ["RUN004"] * found


def read(arguments: str = "", name: str = "v") -> str:
    return var(f"@({BODY}.As<string>({arguments}))", name)


@pytest.mark.parametrize(
    ("policies", "found"),
    [
        (read() + read(name="w"), 1),
        (read() + WHEN.format(read("true", "w")), 1),
        (read() + read(name="w") + read(name="u"), 2),
        (var(f"@({BODY}.As<string>() + {BODY}.As<string>())"), 1),
        # kept, renewed, or not surely read
        (read("true") + read(name="w"), 0),
        (read("preserveContent: true") + read("true", name="w"), 0),
        (read() + "<set-body>a</set-body>" + read(name="w"), 0),
        (read() + "<base />" + read(name="w"), 0),
        (WHEN.format(read()) + read(name="w"), 0),
        (var(f'@(context.Request.Method == "GET" ? "" : {BODY}.As<string>())') + read(name="w"), 0),
        (var(f'@{{ if (context.Request.Method == "GET") {{ return ""; }} return {BODY}.As<string>(); }}') + read(), 0),
        (f"<set-body>@({BODY}.As<string>())</set-body>" + read(), 0),
    ],
)
def test_bodies_that_are_gone(policies: str, found: int) -> None:
    """RUN005 where a read must fail, and nowhere else."""
    assert codes(document(policies), "RUN005") == ["RUN005"] * found


RESPONSE = "@(context.Response.Body.As<string>())"


def test_response_and_request_have_bodies_of_their_own() -> None:
    assert codes(document(read(), outbound=var(RESPONSE, "w")), "RUN005") == []
    assert codes(document("", outbound=var(RESPONSE) + var(RESPONSE, "w")), "RUN005") == ["RUN005"]


IDENTITY = '<authentication-managed-identity resource="https://a.test" />'
STORED = IDENTITY.replace(" />", ' output-token-variable-name="t" />')
KEY = '@(context.Request.Headers.GetValueOrDefault("Authorization", ""))'
LIMIT = f"<rate-limit-by-key calls='1' renewal-period='60' counter-key='{KEY}' />"
SET = "<set-header name='{}' exists-action='{}'><value>a</value></set-header>"
LOOKUP = "<cache-lookup vary-by-developer='false' vary-by-developer-groups='false' />"
STORE = "<cache-store duration='60' />"
RETRY = "<retry condition='@(context.Response == null)' count='1' interval='1'>{}</retry>"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        # the caller's token
        (document(IDENTITY + LIMIT), ["RUN012"]),
        (document(LIMIT + IDENTITY), []),
        (document(STORED + LIMIT), []),
        (document(WHEN.format(IDENTITY) + LIMIT), []),
        (document(IDENTITY + SET.format("Authorization", "override") + LIMIT), []),
        # one after the other
        (document(SET.format("a", "override") * 2), ["RUN017"]),
        (document(SET.format("a", "override") + SET.format("A", "delete").replace("<value>a</value>", "")), ["RUN017"]),
        (document(SET.format("a", "override") + SET.format("a", "append")), []),
        (document(SET.format("a", "override") + SET.format("b", "override")), []),
        (document(WHEN.format(SET.format("a", "override")) + SET.format("a", "override")), []),
        (document(var("1") + var('@((string)context.Variables["v"] + "1")')), []),
        (document("<set-method>GET</set-method><set-method>PUT</set-method>"), ["RUN017"]),
        # caches
        (document(LOOKUP), ["RUN009"]),
        (document("", outbound=STORE), ["RUN009"]),
        (document(LOOKUP, outbound=STORE), []),
        (document("<base />" + LOOKUP, outbound="<base />"), []),
        (document("<include-fragment fragment-id='f' />", outbound=STORE), []),
        (document(LOOKUP, outbound=STORE.replace("60", "0")), ["RUN015"]),
        (document(LOOKUP, outbound=STORE.replace("60", "@(context.Response.StatusCode)")), []),
        # retries
        (document("", RETRY.format("<forward-request />")), ["RUN007"]),
        (document("", RETRY.format("<forward-request buffer-request-body='TRUE' />")), []),
        (document("", RETRY.format("<forward-request buffer-request-body='false' />")), ["RUN007"]),
        (document("", "<forward-request />"), []),
        # nothing is sent
        (document("", ""), ["RUN008"]),
        (document("<return-response />", ""), []),
        (document("", "", "<set-body>a</set-body>"), []),
        (document("<set-status code='204' />", ""), []),
        (document("", "<base />"), []),
        # a status without a response
        (document("<set-status code='403' />"), ["RUN013"]),
        (document("<set-status code='403' /><return-response />"), []),
        (document("<set-status code='403' />", "<base />"), []),
        (document("<return-response><set-status code='403' /></return-response>"), []),
        # too late
        (document("", outbound="<set-method>GET</set-method>"), ["RUN010"]),
        (
            document(
                "",
                outbound="<send-request mode='new'><set-url>https://a.test</set-url>"
                "<set-method>GET</set-method></send-request>",
            ),
            [],
        ),
        (document(SET.format("transfer-encoding", "override")), ["RUN011"]),
    ],
)
def test_policies(text: str, found: list[str]) -> None:
    """The rules about order and effect."""
    wanted = [f"RUN{n:03}" for n in range(6, 18)]
    assert codes(text, *wanted) == found
