"""validate-azure-ad-token: its seven steps, against a tenant on a socket."""

import importlib.util
import sys
from pathlib import Path

import pytest
from aiohttp import web

from apimpy.gateway.client import HttpTransport
from apimpy.policies.validate_azure_ad_token import configuration_url

_spec = importlib.util.spec_from_file_location("jwt_kit", Path(__file__).with_name("jwt_kit.py"))
if "jwt_kit" not in sys.modules:
    _module = importlib.util.module_from_spec(_spec)
    sys.modules["jwt_kit"] = _module
    _spec.loader.exec_module(_module)
K = sys.modules["jwt_kit"]

TENANT = "11111111-2222-3333-4444-555555555555"
OTHER = "99999999-2222-3333-4444-555555555555"
APP = "aaaaaaaa-2222-3333-4444-555555555555"
V1 = f"https://sts.windows.net/{TENANT}/"
MISSING = ("TokenNotPresent", "JWT not present.")


class Authority:
    """The tenants of a directory: one by its id or domain, and `organizations` and `common`."""

    def __init__(self):
        self.url, self.hits = "", []

    @property
    def v2(self):
        return f"{self.url}/{TENANT}/v2.0"

    async def handle(self, request):
        self.hits.append(request.path)
        _, tenant, rest = request.path.split("/", 2)
        if rest == "v2.0/.well-known/openid-configuration":
            name = "{tenantid}" if tenant in ("organizations", "common") else TENANT
            keys_at = f"{self.url}/{tenant}/discovery/v2.0/keys"
            return web.json_response({"issuer": f"{self.url}/{name}/v2.0", "jwks_uri": keys_at})
        if rest == "discovery/v2.0/keys":
            return web.json_response({"keys": [K.jwk(K.rsa_private(), "k1")]})
        return web.Response(status=404)


class Split:
    def __init__(self, backend, real):
        self.backend, self.real = backend, real

    async def send(self, request, *, timeout):
        chosen = self.real if request.url.host == "127.0.0.1" else self.backend
        return await chosen.send(request, timeout=timeout)


@pytest.fixture
async def authority(h):
    found = Authority()
    real = HttpTransport()
    h.services.transport = Split(h.transport, real)
    runner = web.ServerRunner(web.Server(found.handle), shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    found.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield found
    await real.aclose()
    await runner.cleanup()


def ids(element, *names):
    return f"<{element}>{''.join(f'<application-id>{n}</application-id>' for n in names)}</{element}>"


CLIENTS = ids("client-application-ids", APP)


def policy(authority, inner=CLIENTS, tenant=TENANT, **attributes):
    return K.policy(inner, "validate-azure-ad-token", tenant_id=f"{authority.url}/{tenant}", **attributes)


def token(authority, **changes):
    return K.token(**{"iss": authority.v2, "tid": TENANT, "azp": APP, "ver": "2.0"} | changes)


async def check(h, kit, text, sent=None, **request):
    return K.told(await K.ask(h, kit, text, sent, **request))


# --- 1 ----------------------------------------------------------------------------------------------------------------


@pytest.mark.step("validate-azure-ad-token 1")
@pytest.mark.parametrize(
    ("attributes", "headers", "query", "expected"),
    [
        ({}, {"Authorization": "Bearer {t}"}, "", None),
        ({}, {"Authorization": "{t}"}, "", MISSING),
        ({}, {}, "", MISSING),
        ({"header_name": "X-T"}, {"X-T": "{t}"}, "", None),
        ({"header_name": "X-T"}, {"X-T": "Bearer {t}"}, "", None),
        ({"header_name": "X-T"}, {"Authorization": "Bearer {t}"}, "", MISSING),
        ({"query_parameter_name": "q"}, {}, "?q={t}", None),
        ({"query_parameter_name": "q"}, {"Authorization": "Bearer {t}"}, "", MISSING),
        ({"token_value": "@('{t}')"}, {}, "", None),
        ({"token_value": "@('')"}, {"Authorization": "Bearer {t}"}, "", MISSING),
    ],
)
async def test_1_where_the_token_is(h, kit, authority, attributes, headers, query, expected):
    text = token(authority)
    attributes = {k: v.replace("{t}", text) for k, v in attributes.items()}
    headers = {k: v.replace("{t}", text) for k, v in headers.items()}
    url = "https://gw.test/api/orders" + query.replace("{t}", text)
    assert await check(h, kit, policy(authority, **attributes), headers=headers, url=url) == expected


@pytest.mark.step("validate-azure-ad-token 1")
def test_1_one_place_at_most(h, kit):
    given = 'tenant-id="t" header-name="Authorization" token-value="x"'
    h.compile(kit.policies(inbound=f"<validate-azure-ad-token {given}>{CLIENTS}</validate-azure-ad-token>"))
    assert h.codes() == ["POL010"]


# --- 2 ----------------------------------------------------------------------------------------------------------------

CLOUD = "https://login.microsoftonline.com/{}/v2.0/.well-known/openid-configuration"


@pytest.mark.step("validate-azure-ad-token 2")
@pytest.mark.parametrize(
    ("tenant", "url"),
    [
        (TENANT, CLOUD.format(TENANT)),
        ("contoso.onmicrosoft.com", CLOUD.format("contoso.onmicrosoft.com")),
        ("organizations", CLOUD.format("organizations")),
        ("common", CLOUD.format("common")),
        ("https://login.microsoftonline.com/common", CLOUD.format("common")),
        (f"https://login.microsoftonline.com/{TENANT}/", CLOUD.format(TENANT)),
        (f"https://login.microsoftonline.com/{TENANT}/v2.0", CLOUD.format(TENANT)),
        ("login.microsoftonline.com/organizations", CLOUD.format("organizations")),
        (f"https://login.microsoftonline.us/{TENANT}", CLOUD.format(TENANT).replace(".com", ".us")),
        ("https://login.microsoftonline.com/", None),
        ("https://login.microsoftonline.com", None),
        ("a b", None),
        ("../x", None),
        ("a/b/c", None),
        ("x?y", None),
        ("", None),
        ("https://[/x", None),
    ],
)
def test_2_configuration_url(tenant, url):
    assert configuration_url(tenant) == url


@pytest.mark.step("validate-azure-ad-token 2 3")
@pytest.mark.parametrize(
    ("tenant", "changes", "reason"),
    [
        (TENANT, {}, None),
        (TENANT, {"iss": V1}, None),
        (TENANT, {"iss": f"https://sts.windows.net/{OTHER}/", "tid": OTHER}, "TokenIssuerNotAllowed"),
        (TENANT, {"iss": V1.rstrip("/")}, "TokenIssuerNotAllowed"),
        ("contoso.test", {"iss": V1}, None),
        ("contoso.test", {}, None),
        ("organizations", {}, None),
        ("common", {"iss": V1}, None),
        ("common", {"iss": f"https://sts.windows.net/{OTHER}/", "tid": OTHER}, None),
        ("common", {"iss": f"https://sts.windows.net/{OTHER}/"}, "TokenIssuerNotAllowed"),
        ("common", {"tid": None}, "TokenIssuerNotAllowed"),
    ],
)
async def test_2_and_3_issuers(h, kit, authority, tenant, changes, reason):
    found = await check(h, kit, policy(authority, tenant=tenant), token(authority, **changes))
    assert (found and found[0]) == reason
    assert authority.hits == [f"/{tenant}/v2.0/.well-known/openid-configuration", f"/{tenant}/discovery/v2.0/keys"]


async def test_2_the_tenant_may_be_an_expression(h, kit, authority):
    text = K.policy(CLIENTS, "validate-azure-ad-token", tenant_id=f"@('{authority.url}/' + 'common')")
    assert await check(h, kit, text, token(authority)) is None
    ex = await K.ask(h, kit, K.policy(CLIENTS, "validate-azure-ad-token", tenant_id="@('a b')"), token(authority))
    assert (ex.response.status, ex.last_error.reason) == (500, "ExpressionValueValidationFailure")


# --- 3 ----------------------------------------------------------------------------------------------------------------


@pytest.mark.step("validate-azure-ad-token 3")
@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"exp": K.NOW}, "TokenExpired"),
        ({"exp": None}, "JwtInvalid"),
        ({"nbf": K.NOW + 1}, "JwtInvalid"),
        ({"key": "other"}, "TokenSignatureInvalid"),
        ({"key": "other", "kid": "x"}, "TokenSignatureKeyNotFound"),
        ({"iss": "x"}, "TokenIssuerNotAllowed"),
    ],
)
async def test_3_always_checked(h, kit, authority, changes, reason):
    if "key" in changes:
        changes = changes | {"key": K.rsa_private(changes["key"])}
    assert (await check(h, kit, policy(authority), token(authority, **changes)))[0] == reason


@pytest.mark.step("validate-azure-ad-token 3")
async def test_3_unsigned(h, kit, authority):
    sent = K.raw({"alg": "none"}, K.claims(iss=authority.v2, azp=APP))
    assert (await check(h, kit, policy(authority), sent))[0] == "TokenSignatureInvalid"


# --- 4 to 6 -----------------------------------------------------------------------------------------------------------


def not_allowed(name, value):
    return "TokenClaimValueNotAllowed", f"Claim {name} value of {value} is not allowed. Access denied."


@pytest.mark.step("validate-azure-ad-token 4")
@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, None),
        ({"azp": APP.upper()}, None),
        ({"azp": None, "appid": APP, "ver": "1.0"}, None),
        ({"azp": "x"}, not_allowed("azp", "x")),
        ({"azp": "x", "appid": APP}, not_allowed("azp", "x")),
        ({"azp": None, "appid": "x"}, not_allowed("appid", "x")),
        ({"azp": [APP]}, not_allowed("azp", f'["{APP}"]')),
        (
            {"azp": None},
            ("TokenClaimNotFound", "JWT is missing the following claims: appid. Access denied."),
        ),
    ],
)
async def test_4_client_applications(h, kit, authority, changes, expected):
    assert await check(h, kit, policy(authority), token(authority, **changes)) == expected


AUDIENCE = "<audiences><audience>@('a' + 'ud')</audience></audiences>"


@pytest.mark.step("validate-azure-ad-token 5 6")
@pytest.mark.parametrize(
    ("inner", "aud", "passes"),
    [
        (ids("backend-application-ids", "b-1", "b-2"), "b-1", True),
        (ids("backend-application-ids", "b-1", "b-2"), "api://b-2", True),
        (ids("backend-application-ids", "b-1", "b-2"), ["x", "b-2"], True),
        (ids("backend-application-ids", "b-1", "b-2"), "b-3", False),
        (ids("backend-application-ids", "b-1", "b-2"), "api://b-3", False),
        (AUDIENCE, "aud", True),
        (AUDIENCE, "api://aud", False),
        (AUDIENCE + ids("backend-application-ids", "b-1"), ["aud", "b-1"], True),
        (AUDIENCE + ids("backend-application-ids", "b-1"), "aud", False),
        (AUDIENCE + ids("backend-application-ids", "b-1"), "b-1", False),
        (CLIENTS, "anything", True),
    ],
)
async def test_5_and_6_audiences(h, kit, authority, inner, aud, passes):
    found = await check(h, kit, policy(authority, inner), token(authority, aud=aud))
    assert (found and found[0]) == (None if passes else "TokenAudienceNotAllowed")


@pytest.mark.step("validate-azure-ad-token 6")
async def test_6_claims_and_variable(h, kit, authority):
    required = (
        '<required-claims><claim name="roles" match="any"><value>a</value><value>b</value></claim></required-claims>'
    )
    text = policy(authority, CLIENTS + required, output_token_variable_name="t")
    ex = await K.ask(h, kit, text, token(authority, roles=["b"]))
    assert ex.variables["t"].claims["azp"] == [APP]
    assert await check(h, kit, text, token(authority, roles=["c"])) == not_allowed("roles", "c")


@pytest.mark.step("validate-azure-ad-token 6")
def test_6_decryption_keys_are_certificates(h, kit):
    def text(key):
        inner = f"{CLIENTS}<decryption-keys>{key}</decryption-keys>"
        return kit.policies(inbound=K.policy(inner, "validate-azure-ad-token", tenant_id="t"))

    h.compile(text('<key certificate-id="a" />'))
    assert h.codes() == []
    h.compile(text("<key>dGVzdA==</key>"))
    assert set(h.codes()) == {"POL004", "POL008"}


# --- 7 ----------------------------------------------------------------------------------------------------------------


@pytest.mark.step("validate-azure-ad-token 7")
async def test_7_the_failure(h, kit, authority):
    for attributes, status, message in (
        ({}, 401, "JWT not present."),
        ({"failed_validation_httpcode": "@(403)", "failed_validation_error_message": "no"}, 403, "no"),
    ):
        ex = await K.ask(h, kit, policy(authority, **attributes))
        assert (ex.response.status, ex.response.body.data) == (status, K.body(status, message))
        error = ex.last_error
        assert (error.source, error.reason) == ("validate-azure-ad-token", "TokenNotPresent")
        assert error.message == "JWT not present."


@pytest.mark.step("validate-azure-ad-token 4")
@pytest.mark.parametrize(
    ("text", "codes"),
    [
        (f'<validate-azure-ad-token tenant-id="t">{CLIENTS}</validate-azure-ad-token>', []),
        (f'<validate-azure-ad-token tenant-id="{{{{t}}}}">{CLIENTS}</validate-azure-ad-token>', []),
        (f"<validate-azure-ad-token>{CLIENTS}</validate-azure-ad-token>", ["POL004"]),
        (f'<validate-azure-ad-token tenant-id="a b">{CLIENTS}</validate-azure-ad-token>', ["POL005"]),
        ('<validate-azure-ad-token tenant-id="t" />', ["POL016"]),  # any token of the tenant
        ('<validate-azure-ad-token tenant-id="t"><audiences /></validate-azure-ad-token>', ["POL007"]),
        (
            '<validate-azure-ad-token tenant-id="t"><client-application-ids /></validate-azure-ad-token>',
            ["POL007"],
        ),
    ],
)
def test_declaration(h, kit, text, codes):
    h.compile(kit.policies(inbound=text))
    assert h.codes() == codes
