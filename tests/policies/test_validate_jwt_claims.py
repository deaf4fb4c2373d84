"""validate-jwt: what a token says against what the policy asks, steps 16 to 20 of `docs/behaviour.md`."""

import importlib.util
import json
import sys
from pathlib import Path

import pytest

_spec = importlib.util.spec_from_file_location("jwt_kit", Path(__file__).with_name("jwt_kit.py"))
if "jwt_kit" not in sys.modules:
    _module = importlib.util.module_from_spec(_spec)
    sys.modules["jwt_kit"] = _module
    _spec.loader.exec_module(_module)
K = sys.modules["jwt_kit"]
NOW = K.NOW


async def check(h, kit, policy, sent=None, **request):
    return K.told(await K.ask(h, kit, policy, sent, **request))


# --- 16 to 20: claims -------------------------------------------------------------------------------------------------

TIME = "Current time: '11/14/2023 22:13:20'."
EXPIRED = "IDX10223: Lifetime validation failed. The token is expired. ValidTo: '{}', " + TIME + " Access denied."
EARLY = "IDX10222: Lifetime validation failed. The token is not yet valid. ValidFrom: '{}', " + TIME
NO_END = ("JwtInvalid", "IDX10225: Lifetime validation failed. The token is missing an Expiration Time.")


@pytest.mark.step("validate-jwt 16", "token-error 6 7 8")
@pytest.mark.parametrize(
    ("attributes", "changes", "expected"),
    [
        ({}, {"exp": NOW + 1}, None),
        ({}, {"exp": NOW}, ("TokenExpired", EXPIRED.format("11/14/2023 22:13:20"))),
        ({}, {"exp": NOW - 60}, ("TokenExpired", EXPIRED.format("11/14/2023 22:12:20"))),
        ({}, {"exp": NOW - 0.5}, ("TokenExpired", EXPIRED.format("11/14/2023 22:13:19"))),
        ({"clock_skew": "61"}, {"exp": NOW - 60}, None),
        ({"clock_skew": "00:01:01"}, {"exp": NOW - 60}, None),
        ({"clock_skew": "@(61)"}, {"exp": NOW - 60}, None),
        ({"clock_skew": "@('00:01:01')"}, {"exp": NOW - 60}, None),
        ({"clock_skew": "60"}, {"exp": NOW - 60}, ("TokenExpired", EXPIRED.format("11/14/2023 22:12:20"))),
        ({}, {"nbf": NOW}, None),
        ({}, {"nbf": NOW + 60}, ("JwtInvalid", EARLY.format("11/14/2023 22:14:20"))),
        ({"clock_skew": "60"}, {"nbf": NOW + 60}, None),
        ({}, {"exp": None}, NO_END),
        ({"require_expiration_time": "true"}, {"exp": None}, NO_END),
        ({"require_expiration_time": "false"}, {"exp": None}, None),
        ({"require_expiration_time": "@(1 == 2)"}, {"exp": None}, None),
        (
            {"require_expiration_time": "false"},
            {"exp": NOW - 1},
            ("TokenExpired", EXPIRED.format("11/14/2023 22:13:19")),
        ),
        ({}, {"iat": NOW + 999}, None),  # when it was issued is not asked
    ],
)
async def test_16_lifetime(h, kit, attributes, changes, expected):
    assert await check(h, kit, K.policy(**attributes), K.token(payload=K.claims(**changes))) == expected


@pytest.mark.parametrize("bad", [True, "1700000600", [1], {"a": 1}])
@pytest.mark.parametrize("name", ["exp", "nbf"])
async def test_16_times_are_numbers(h, kit, name, bad):
    import jwt

    payload = K.claims(**{name: bad})
    text = jwt.PyJWS().encode(json.dumps(payload).encode(), K.rsa_private(), "RS256", headers={"kid": "k1"})
    reason, _ = await check(h, kit, K.policy(), text)
    assert reason == "JwtInvalid"


@pytest.mark.parametrize(
    ("skew", "codes"), [("5", []), ("00:05:00", []), ("{{s}}", []), ("x", ["POL005"]), ("-1", ["POL005"])]
)
def test_16_clock_skew_literals(h, kit, skew, codes):
    h.compile(kit.policies(inbound=K.policy(clock_skew=skew)))
    assert h.codes() == codes


async def test_16_clock_skew_of_an_expression(h, kit):
    ex = await K.ask(h, kit, K.policy(clock_skew="@('soon')"), K.token())
    assert (ex.response.status, ex.last_error.reason) == (500, "ExpressionValueValidationFailure")


AUDIENCE = "IDX10214: Audience validation failed. Audiences: '{}'. Did not match: 'api://orders, other'. Access denied."


@pytest.mark.step("validate-jwt 17", "token-error 9")
@pytest.mark.parametrize(
    ("given", "refused"),
    [
        ("api://orders", None),
        ("other", None),
        (["x", "other"], None),
        ("API://orders", "API://orders"),
        ("api://orders ", "api://orders "),
        (["x", "y"], "x, y"),
        ([], ""),
        (["x", 5, None], "x"),
        ({"a": "other"}, ""),
        (None, ""),
    ],
)
async def test_17_audiences(h, kit, given, refused):
    inner = K.signing() + "<audiences><audience>api://orders</audience><audience>@('ot' + 'her')</audience></audiences>"
    payload = K.claims(aud=None) | ({} if given is None else {"aud": given})
    expected = None if refused is None else ("TokenAudienceNotAllowed", AUDIENCE.format(refused))
    assert await check(h, kit, K.policy(inner), K.token(payload=payload)) == expected


@pytest.mark.step("validate-jwt 17 18")
async def test_17_and_18_nothing_is_asked_for_by_default(h, kit):
    assert await check(h, kit, K.policy(), K.token(iss=None, aud=None)) is None


ISSUER = "IDX10205: Issuer validation failed. Issuer: '{}'. Did not match: 'https://issuer.test, two'. Access denied."


@pytest.mark.step("validate-jwt 18", "token-error 10")
@pytest.mark.parametrize(
    ("given", "refused"),
    [
        ("https://issuer.test", None),
        ("two", None),
        ("https://issuer.test/", "https://issuer.test/"),
        ("HTTPS://issuer.test", "HTTPS://issuer.test"),
        (None, "null"),
        (["two"], "null"),
    ],
)
async def test_18_issuers(h, kit, given, refused):
    import jwt

    inner = K.signing() + "<issuers><issuer>https://issuer.test</issuer><issuer>@('t' + 'wo')</issuer></issuers>"
    payload = json.dumps(K.claims(iss=given)).encode()
    text = jwt.PyJWS().encode(payload, K.rsa_private(), "RS256", headers={"kid": "k1"})
    expected = None if refused is None else ("TokenIssuerNotAllowed", ISSUER.format(refused))
    assert await check(h, kit, K.policy(inner), text) == expected


CLAIMS = {
    "roles": ["Reader", "Writer"],
    "scp": "read write",
    "csv": "a,b",
    "number": 7,
    "half": 1.5,
    "flag": True,
    "nothing": None,
    "mixed": [1, "two", False, {"k": [1]}],
    "object": {"a": 1, "b": "ü"},
    "empty": [],
    "blank": "",
}


def claim(name, *values, **attributes):
    given = "".join(f' {k}="{v}"' for k, v in attributes.items())
    return f'<claim name="{name}"{given}>{"".join(f"<value>{v}</value>" for v in values)}</claim>'


def not_allowed(name, value):
    return "TokenClaimValueNotAllowed", f"Claim {name} value of {value} is not allowed. Access denied."


def missing(names):
    return "TokenClaimNotFound", f"JWT is missing the following claims: {names}. Access denied."


@pytest.mark.step("validate-jwt 19 20", "token-error 11")
@pytest.mark.parametrize(
    ("required", "expected"),
    [
        # 19: presence, all absent names, all and any
        (claim("roles"), None),
        (claim("empty"), None),
        (claim("nothing"), None),
        (claim("gone"), missing("gone")),
        (claim("gone", "x") + claim("roles", "Nobody") + claim("left"), missing("gone, left")),
        (claim("Roles"), missing("Roles")),
        (claim("roles", "Reader"), None),
        (claim("roles", "Reader", "Writer"), None),
        (claim("roles", "Reader", "Admin"), not_allowed("roles", "Reader,Writer")),
        (claim("roles", "Reader", "Admin", match="all"), not_allowed("roles", "Reader,Writer")),
        (claim("roles", "Reader", "Admin", match="any"), None),
        (claim("roles", "Reader", "Admin", match="ANY"), None),
        (claim("roles", "Owner", "Admin", match="any"), not_allowed("roles", "Reader,Writer")),
        (claim("roles", "Owner", "Reader", match="@('an' + 'y')"), None),
        (claim("roles", "@('Read' + 'er')"), None),
        (claim("roles", "Reader") + claim("scp", "write"), not_allowed("scp", "read write")),
        # 20: values of the token
        (claim("roles", "reader"), not_allowed("roles", "Reader,Writer")),
        (claim("scp", "read write"), None),
        (claim("scp", "read"), not_allowed("scp", "read write")),
        (claim("scp", "read", separator=" "), None),
        (claim("scp", "read", "write", separator=" "), None),
        (claim("scp", "read write", separator=" "), not_allowed("scp", "read,write")),  # policy values are never split
        (claim("csv", "b", separator=","), None),
        (claim("roles", "Reader,Writer", separator=","), not_allowed("roles", "Reader,Writer")),
        (claim("number", "7"), None),
        (claim("number", "07"), not_allowed("number", "7")),
        (claim("half", "1.5"), None),
        (claim("flag", "true"), None),
        (claim("flag", "True"), not_allowed("flag", "true")),
        (claim("nothing", "null"), None),
        (claim("nothing", ""), not_allowed("nothing", "null")),
        (claim("blank", ""), None),
        (claim("empty", ""), not_allowed("empty", "")),
        (claim("mixed", "1", "two", "false"), None),
        (claim("mixed", "@('{\"k\":[1]}')"), None),
        (claim("object", '@(\'{"a":1,"b":"ü"}\')'), None),
    ],
)
async def test_19_and_20_required_claims(h, kit, required, expected):
    inner = f"{K.signing()}<required-claims>{required}</required-claims>"
    assert await check(h, kit, K.policy(inner), K.token(payload=K.claims() | CLAIMS)) == expected


@pytest.mark.step("token-error 11")
async def test_claim_value_mismatch_is_an_option(h, kit):
    """Row claim value: the reason and text seen in practice."""
    h.options(jwt_claim_mismatch=True)
    inner = f"{K.signing()}<required-claims>{claim('roles', 'Reader', 'Basic')}</required-claims>"
    found = await check(h, kit, K.policy(inner), K.token(roles=["Reader"]))
    assert found == ("TokenClaimValueMismatch", "Claim value mismatch: roles=Basic.")
