"""Rules of security and of AI gateways beyond their pages: what else they find, and what they must leave alone."""

from __future__ import annotations

import pytest
from linting import lint

from apimpy.lint.subject import Surroundings

JWT = "<validate-jwt header-name='Authorization'><openid-config url='https://a.test/c' /><audiences><audience>a</audience></audiences></validate-jwt>"  # noqa: E501
IP = "<ip-filter action='allow'><address>203.0.113.7</address></ip-filter>"
LOOKUP = "<cache-lookup vary-by-developer='false' vary-by-developer-groups='false' {}/>"
PRIVATE = LOOKUP.format("allow-private-response-caching='true' ")
SEMANTIC = (
    "<llm-semantic-cache-lookup score-threshold='0.05' embeddings-backend-id='e' "
    "embeddings-backend-auth='system-assigned' />"
)
LIMIT = "<llm-token-limit counter-key='a' tokens-per-minute='5' estimate-prompt-tokens='true' />"
WHEN = "<choose><when condition='@(context.Request.Method == \"GET\")'>{}</when></choose>"


def document(inbound: str, outbound: str = "<base />", backend: str = "<base />") -> str:
    sections = f"<inbound>{inbound}</inbound><backend>{backend}</backend><outbound>{outbound}</outbound>"
    return f"<policies>{sections}<on-error><base /></on-error></policies>"


def codes(text: str, *wanted: str, around: Surroundings | None = None) -> list[str]:
    found = lint(text, around=around)
    assert [str(d) for d in found if d.code.startswith(("DOC", "EXP003", "CS"))] == []
    return [d.code for d in found if d.code in wanted]


def trace(expression: str) -> str:
    return f"<trace source='a'><message>@({expression})</message></trace>"


def header(expression: str) -> str:
    return f"<set-header name='x'><value>@({expression})</value></set-header>"


AUTHORIZATION = 'context.Request.Headers.GetValueOrDefault("Authorization", "")'
TOKEN = "<authentication-managed-identity resource='https://a.test' output-token-variable-name='t' />"


@pytest.mark.parametrize(
    ("expression", "found"),
    [
        (AUTHORIZATION, 1),
        (f'"called with " + {AUTHORIZATION}', 1),
        (f'$"called with {{{AUTHORIZATION}}}"', 1),
        (f"{AUTHORIZATION}.Trim().ToLower()", 1),
        ('context.Request.Headers["api-key"][0]', 1),
        ('context.Subscription?.PrimaryKey ?? ""', 1),
        ('(string)context.Variables["t"]', 1),
        # parts, and what is no secret
        (f'{AUTHORIZATION}.AsJwt()?.Subject ?? ""', 0),
        (f'{AUTHORIZATION} == "" ? "none" : "some"', 0),
        (f"{AUTHORIZATION}.Length", 0),
        ('context.Request.Headers.GetValueOrDefault("x-team", "")', 0),
        ('context.Subscription?.Id ?? ""', 0),
        ('(string)context.Variables["u"]', 0),
    ],
)
def test_what_is_logged(expression: str, found: int) -> None:
    """SEC013 where a secret is part of what is written, and not where it is only looked at."""
    assert codes(document("<base />" + TOKEN + trace(expression)), "SEC013") == ["SEC013"] * found


def limit(expression: str) -> str:
    return f"<rate-limit-by-key calls='1' renewal-period='60' counter-key='@({expression})' />"


TEAM = 'context.Request.Headers.GetValueOrDefault("x-team", "")'
BACKEND = "<set-backend-service base-url='@({})' />"


@pytest.mark.parametrize(
    ("policies", "found"),
    [
        # who chooses the counter
        (limit(TEAM), ["SEC011"]),
        (limit('context.Request.Url.Query["team"][0]'), ["SEC011"]),
        ("<base />" + limit(TEAM), []),
        ("<include-fragment fragment-id='f' />" + limit(TEAM), []),
        (JWT + limit(AUTHORIZATION), []),
        (limit(f"context.Request.IpAddress + {TEAM}"), []),
        (limit("context.Request.IpAddress"), []),
        (limit('(string)context.Variables["v"]'), []),
        (limit('context.Request.Headers.GetValueOrDefault("Ocp-Apim-Subscription-Key", "")'), []),
        # who chooses the backend
        (BACKEND.format(TEAM), ["SEC010"]),
        (BACKEND.format(f'"https://" + {TEAM} + ".a.test"'), ["SEC010"]),
        (BACKEND.format(f'"https://a.test/" + {TEAM}'), []),
        (BACKEND.format(f'{TEAM} == "us" ? "https://us.test" : "https://eu.test"'), []),
        ("<set-backend-service backend-id='@(" + TEAM + ")' />", ["SEC010"]),
        # who has verified the token
        (header(f'{AUTHORIZATION}.AsJwt()?.Subject ?? ""'), ["SEC012"]),
        (JWT + header(f'{AUTHORIZATION}.AsJwt()?.Subject ?? ""'), []),
        ("<base />" + header(f'{AUTHORIZATION}.AsJwt()?.Subject ?? ""'), []),
        # who gets what was kept
        (PRIVATE, ["SEC008"]),
        (PRIVATE.replace("developer='false'", "developer='true'"), []),
        (LOOKUP.format(""), []),
        (LOOKUP.format("") + IP, ["SEC009"]),
        (IP + LOOKUP.format(""), []),
        (LOOKUP.format("") + JWT, []),  # such requests pass by the cache
        (PRIVATE + JWT, ["SEC009", "SEC008"]),
        (LOOKUP.format("") + WHEN.format(IP), []),
        # unencrypted
        ("<set-backend-service base-url='http://orders/v1' />", []),
        ("<set-backend-service base-url='http://10.1.2.3/v1' />", []),
        ("<set-backend-service base-url='http://orders.internal/v1' />", []),
        ("<set-backend-service base-url='http://{{host}}/v1' />", []),
        ("<set-backend-service base-url='http://orders.contoso.com' />", ["SEC007"]),
        # semantic caches
        (SEMANTIC + LIMIT, []),
        (LIMIT + SEMANTIC, ["AIG005"]),
        (JWT + SEMANTIC, ["AIG002"]),
        (SEMANTIC + JWT, ["AIG003"]),
        (SEMANTIC + WHEN.format(JWT), []),
        (SEMANTIC.replace("0.05", "0.2"), []),
        (SEMANTIC.replace("0.05", "0.21"), ["AIG004"]),
        # prompts
        (LIMIT + trace("context.Request.Body.As<string>(true)"), ["AIG009"]),
        (LIMIT + trace('(string)context.Request.Body.As<JObject>(true)["model"]'), []),
        (trace("context.Request.Body.As<string>(true)"), []),
    ],
)
def test_policies(policies: str, found: list[str]) -> None:
    """The rules about callers, keys, caches and prompts."""
    wanted = (*(f"SEC{n:03}" for n in (7, 8, 9, 10, 11, 12)), *(f"AIG{n:03}" for n in range(2, 10)))
    assert codes(document(policies), *wanted) == found


RETRY = "<retry count='{}' interval='0' condition='@(context.Response == null)'>{}</retry>"
FORWARD = "<forward-request buffer-request-body='true' />"


@pytest.mark.parametrize(
    ("backend", "found"),
    [
        (FORWARD, ["AIG012"]),
        (RETRY.format(1, FORWARD), []),
        (RETRY.format(2, FORWARD), []),
        (RETRY.format(3, FORWARD), ["AIG013"]),
        ("<base />", []),
    ],
)
def test_pools(backend: str, found: list[str]) -> None:
    """A pool of three wants one or two retries; without a gateway file nobody knows what a pool is."""
    text = document("<set-backend-service backend-id='p' />", "", backend)
    around = Surroundings(((),), pools={"p": 3}, backends=frozenset({"p"}))
    assert codes(text, "AIG012", "AIG013", around=around) == found
    assert codes(text, "AIG012", "AIG013") == []
