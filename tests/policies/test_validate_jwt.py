"""validate-jwt with the keys of the policy itself: every numbered step and every row of the tables of errors.

Numbers in comments and test names are those of the steps in `docs/behaviour.md`.  Tokens are made by PyJWT.
"""

import importlib.util
import sys
from pathlib import Path

import pytest

from apimpy.dotnet.crypto.x509 import Certificate
from apimpy.runtime.exchange import Deployment

_spec = importlib.util.spec_from_file_location("jwt_kit", Path(__file__).with_name("jwt_kit.py"))
if "jwt_kit" not in sys.modules:
    _module = importlib.util.module_from_spec(_spec)
    sys.modules["jwt_kit"] = _module
    _spec.loader.exec_module(_module)
K = sys.modules["jwt_kit"]
NOW = K.NOW
MISSING = ("TokenNotPresent", "JWT not present.")
MALFORMED = ("JwtInvalid", "IDX12741: JWT must have three segments (JWS) or five segments (JWE).")
UNSIGNED = (
    "TokenSignatureInvalid",
    "IDX10504: Unable to validate signature, token does not have a signature: '[hidden]'. Access denied.",
)


async def check(h, kit, policy, sent=None, **request):
    return K.told(await K.ask(h, kit, policy, sent, **request))


# --- 1 to 5: where the token is ---------------------------------------------------------------------------------------


@pytest.mark.step("validate-jwt 1")
@pytest.mark.parametrize(
    ("attributes", "codes"),
    [
        ({}, ["POL010"]),
        ({"header_name": "A", "query_parameter_name": "b"}, ["POL010"]),
        ({"header_name": "A", "token_value": "t"}, ["POL010"]),
        ({"header_name": "A"}, []),
        ({"query_parameter_name": "b"}, []),
        ({"token_value": "t"}, []),
    ],
)
def test_1_exactly_one_place(h, kit, attributes, codes):
    given = "".join(f' {k.replace("_", "-")}="{v}"' for k, v in attributes.items())
    h.compile(kit.policies(inbound=f"<validate-jwt{given} />"))
    assert h.codes() == codes


@pytest.mark.step("validate-jwt 2 3 4 5", "token-error 1")
@pytest.mark.parametrize(
    ("attributes", "headers", "expected"),
    [
        # 2: the Authorization header
        ({}, {"Authorization": "Bearer {t}"}, None),
        ({}, {"Authorization": "bearer   {t} "}, None),
        ({}, {"Authorization": "{t}"}, None),
        ({"require_scheme": "Bearer"}, {"Authorization": "bEARER {t}"}, None),
        ({"require_scheme": "Bearer"}, {"Authorization": "{t}"}, MISSING),
        ({"require_scheme": "Bearer"}, {"Authorization": "Bearer{t}"}, MISSING),
        ({"require_scheme": "Bearer"}, {"Authorization": "Basic {t}"}, MISSING),
        ({"require_scheme": "DPoP"}, {"Authorization": "DPoP {t}"}, None),
        ({"require_scheme": "DPoP"}, {"Authorization": "Bearer {t}"}, MISSING),
        ({"require_scheme": "@('Be' + 'arer')"}, {"Authorization": "Bearer {t}"}, None),
        ({"header_name": "@('author' + 'ization')", "require_scheme": "DPoP"}, {"Authorization": "DPoP {t}"}, None),
        # 3: another header
        ({"header_name": "X-Token"}, {"x-token": "{t}"}, None),
        ({"header_name": "X-Token"}, {"X-Token": "Bearer {t}"}, None),
        ({"header_name": "X-Token", "require_scheme": "DPoP"}, {"X-Token": "{t}"}, None),
        # 4: a value must not bring its scheme
        ({"token_value": "@(V.get('t', '{t}'))"}, {}, None),
        (
            {"token_value": "@('Bearer {t}')"},
            {},
            ("JwtInvalid", "IDX12709: JWT is not well formed: its header is not JSON in base64url."),
        ),
        # 5: missing or empty
        ({}, {}, MISSING),
        ({}, {"Authorization": ""}, MISSING),
        ({}, {"Authorization": "Bearer "}, MISSING),
        ({"header_name": "X-Token"}, {"Authorization": "Bearer {t}"}, MISSING),
        ({"token_value": "@('')"}, {}, MISSING),
        ({"token_value": "@(None)"}, {}, MISSING),
    ],
)
async def test_2_to_5_header_and_value(h, kit, attributes, headers, expected):
    text = K.token()
    attributes = {k: v.replace("{t}", text) for k, v in attributes.items()}
    headers = {k: v.replace("{t}", text) for k, v in headers.items()}
    assert await check(h, kit, K.policy(**attributes), headers=headers) == expected


@pytest.mark.step("validate-jwt 5")
@pytest.mark.parametrize(
    ("name", "query", "expected"),
    [
        ("auth", "auth={t}", None),
        ("AUTH", "x=1&auth={t}", None),
        ("@('au' + 'th')", "auth={t}", None),
        ("auth", "", MISSING),
        ("auth", "auth=", MISSING),
        ("auth", "other={t}", MISSING),
    ],
)
async def test_2_to_5_query(h, kit, name, query, expected):
    url = "https://gw.test/api/orders?" + query.replace("{t}", K.token())
    assert await check(h, kit, K.policy(query_parameter_name=name), url=url) == expected


async def test_two_tokens_are_none(h, kit):
    """Nobody can have one token checked and another one read by the backend."""
    text = K.token()
    both = [("Authorization", f"Bearer {text}"), ("Authorization", f"Bearer {text}")]
    reason, _ = await check(h, kit, K.policy(), headers=both)
    assert reason == "JwtInvalid"
    url = f"https://gw.test/api/orders?a={text}&A={text}"
    reason, _ = await check(h, kit, K.policy(query_parameter_name="a"), url=url)
    assert reason == "JwtInvalid"


# --- 6: what a token is -----------------------------------------------------------------------------------------------


NOT_WELL_FORMED = "IDX12709: JWT is not well formed: "
HEAD, BODY, SIGNATURE = K.token().split(".")


@pytest.mark.step("validate-jwt 6", "token-error 2")
@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x", MALFORMED[1]),
        ("a.b", MALFORMED[1]),
        ("a.b.c.d", MALFORMED[1]),
        ("a.b.c.d.e.f", MALFORMED[1]),
        ("jé.b.c", MALFORMED[1]),
        (".a.b", NOT_WELL_FORMED + "its header is not JSON in base64url."),
        ("!.a.b", NOT_WELL_FORMED + "its header is not JSON in base64url."),
        (f"{K.b64(b'[]')}.a.b", NOT_WELL_FORMED + "its header is not JSON in base64url."),
        (K.raw({"typ": "JWT"}, {}), NOT_WELL_FORMED + "its header names no algorithm."),
        (K.raw({"alg": 5}, {}), NOT_WELL_FORMED + "its header names no algorithm."),
        (K.raw({"alg": "RS256", "kid": 5}, {}), NOT_WELL_FORMED + "its key id is not text."),
        (
            K.raw({"alg": "RS256", "crit": ["b64"]}, {}),
            "IDX12709: JWT is not supported: its header has critical extensions.",
        ),
        (K.raw({"alg": "RS256"}, b"[1]"), NOT_WELL_FORMED + "its payload is not JSON in base64url."),
        (K.raw({"alg": "RS256"}, b"\xff{}"), NOT_WELL_FORMED + "its payload is not JSON in base64url."),
        (K.raw({"alg": "RS256"}, {"exp": "soon"}), NOT_WELL_FORMED + "a claim cannot be read."),
        (K.raw({"alg": "RS256"}, b'{"exp":1e400}'), None),
        (K.raw({"alg": "RS256"}, b"[" * 900 + b"]" * 900), NOT_WELL_FORMED + "its payload is not JSON in base64url."),
        (f"{HEAD}.{BODY}=.{SIGNATURE}", NOT_WELL_FORMED + "its payload is not JSON in base64url."),
        (f"{HEAD}.{BODY}.{SIGNATURE}==", NOT_WELL_FORMED + "its payload is not JSON in base64url."),
        (
            "a" * 256_001,
            "IDX10209: Token has length: '256001' which is larger than the MaximumTokenSizeInBytes: '256000'.",
        ),
    ],
)
async def test_6_malformed(h, kit, text, message):
    """Row malformed: JwtInvalid, without the words Access denied."""
    ex = await K.ask(h, kit, K.policy(token_value=f"@({text!r})"))
    assert ex.last_error.reason == "JwtInvalid"
    assert message in (ex.last_error.message, None)
    assert ex.response.body.data == K.body(401, ex.last_error.message)


# --- 8 to 11: keys and algorithms -------------------------------------------------------------------------------------


def certificate(private):
    """A certificate of the deployment for a key."""
    from datetime import UTC, datetime

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.serialization import Encoding

    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "signer")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(private.public_key())
        .serial_number(7)
        .not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2040, 1, 1, tzinfo=UTC))
        .sign(private, hashes.SHA256())
    )
    return Certificate(made, made.public_bytes(Encoding.DER), private)


@pytest.fixture
def certified(h):
    """A deployment with certificates `rsa` and, for every curve, `ES…`."""
    keys = {"rsa": K.rsa_private(), **{name: K.ec_private(name) for name in K.CURVES}}
    h.services.deployment = Deployment(certificates=tuple((n, certificate(k)) for n, k in keys.items()))


ALGORITHMS = [f"{family}{bits}" for family in ("RS", "PS", "ES", "HS") for bits in (256, 384, 512)]


@pytest.mark.step("validate-jwt 9 11")
@pytest.mark.parametrize("algorithm", ALGORITHMS)
async def test_9_and_11_every_algorithm_with_its_key(h, kit, certified, algorithm):
    if algorithm.startswith("HS"):
        key = K.secret_element(id="k1")
    elif algorithm.startswith("ES"):
        key = f'<key id="k1" certificate-id="{algorithm}" />'
    else:
        key = K.rsa_element()
    assert await check(h, kit, K.policy(K.signing(key)), K.token(algorithm)) is None


@pytest.mark.step("validate-jwt 9")
@pytest.mark.parametrize("algorithm", ["RS256", "PS384"])
async def test_9_a_certificate_of_the_deployment(h, kit, certified, algorithm):
    policy = K.policy(K.signing('<key certificate-id="RSA" />'))  # ids ignore case
    assert await check(h, kit, policy, K.token(algorithm)) is None
    reason, _ = await check(h, kit, policy, K.token(algorithm, K.rsa_private("other")))
    assert reason == "TokenSignatureInvalid"


async def test_9_a_certificate_that_is_not_there_is_an_error_of_ours(h, kit):
    ex = await K.ask(h, kit, K.policy(K.signing('<key certificate-id="gone" />')), K.token())
    assert (ex.response.status, ex.last_error.source, ex.last_error.reason) == (
        500,
        "validate-jwt",
        "CertificateNotFound",
    )


@pytest.mark.step("validate-jwt 9")
@pytest.mark.parametrize(
    ("keys", "codes"),
    [
        ('<key id="a">dGhpcyBpcyBhIHNlY3JldCBvZiBieXRlcw==</key>', []),
        ("<key> dGhpcyBpcyBhIHNlY3Jl\n dCBvZiBieXRlcw== </key>", []),
        ("<key>{{signing-key}}</key>", []),
        ('<key n="{{n}}" e="AQAB" />', []),
        ("<key>not base64</key>", ["POL005"]),
        ("<key>dGVzdA==</key>", ["POL005"]),  # four bytes
        ("<key />", ["POL010"]),
        ('<key n="AQAB" />', ["POL010"]),
        ('<key e="AQAB" />', ["POL010"]),
        ('<key certificate-id="a">dGhpcyBpcyBhIHNlY3JldCBvZiBieXRlcw==</key>', ["POL010"]),
        ('<key n="modulus" e="exponent" />', ["POL005"]),  # 41 bits
        (f'<key n="{K.modulus(K.rsa_private())}" e="AQ" />', ["POL005"]),
        (f'<key n="{K.modulus(K.rsa_private())}" e="AQAB" />', []),
        ("", ["POL007"]),
    ],
)
def test_9_forms_of_keys(h, kit, keys, codes):
    h.compile(kit.policies(inbound=K.policy(f"<issuer-signing-keys>{keys}</issuer-signing-keys>")))
    assert h.codes() == codes


OTHER = K.rsa_element("other", "k2")
UNKNOWN = "IDX10501: Signature validation failed. Unable to match key: kid: 'forged'. Access denied."


@pytest.mark.step("validate-jwt 10", "token-error 4 5")
@pytest.mark.parametrize(
    ("keys", "kid", "private", "reason"),
    [
        ((K.rsa_element(), OTHER), "k1", "main", None),
        ((K.rsa_element(), OTHER), "k2", "other", None),
        # the id chooses: the right key under another id is not tried
        ((K.rsa_element(), OTHER), "k2", "main", "TokenSignatureInvalid"),
        # no key of this id: all are tried
        ((K.rsa_element(), OTHER), "forged", "other", None),
        ((K.rsa_element(), OTHER), "forged", "third", "TokenSignatureKeyNotFound"),
        # no id: all are tried
        ((K.rsa_element(), OTHER), None, "other", None),
        ((K.rsa_element(), OTHER), None, "third", "TokenSignatureInvalid"),
        # keys without id are always candidates
        ((K.rsa_element(id=None), OTHER), "k2", "main", None),
        ((K.rsa_element(id=None), OTHER), "forged", "third", "TokenSignatureInvalid"),
        ((K.rsa_element("other", "k1"), K.rsa_element()), "k1", "main", None),  # two of one id
    ],
)
async def test_10_the_key_id_chooses(h, kit, keys, kid, private, reason):
    found = await check(h, kit, K.policy(K.signing(*keys)), K.token(key=K.rsa_private(private), kid=kid))
    assert (found and found[0]) == reason
    if reason == "TokenSignatureKeyNotFound":
        assert found[1] == UNKNOWN


@pytest.mark.step("validate-jwt 10")
@pytest.mark.parametrize("kid", ["k1", None])
async def test_10_no_keys_at_all(h, kit, kid):
    reason, message = await check(h, kit, K.policy(""), K.token(kid=kid))
    if kid:
        assert reason == "TokenSignatureKeyNotFound"
    else:
        text = "IDX10500: Signature validation failed. No security keys were provided. Access denied."
        assert (reason, message) == ("TokenSignatureInvalid", text)


def confused(algorithm, secret):
    """An HMAC token whose secret is the text of a public key (PyJWT refuses to make one)."""
    import hashlib
    import hmac

    digest = {"HS256": hashlib.sha256, "HS384": hashlib.sha384, "HS512": hashlib.sha512}[algorithm]
    unsigned = K.raw({"alg": algorithm, "typ": "JWT", "kid": "k1"}, K.claims())
    signed = unsigned.rpartition(".")[0]
    return f"{signed}.{K.b64(hmac.new(secret, signed.encode(), digest).digest())}"


def public_texts():
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    public = K.rsa_private().public_key()
    yield public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    yield public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).strip()
    yield public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    yield public.public_bytes(Encoding.DER, PublicFormat.PKCS1)
    yield public.public_numbers().n.to_bytes(256)
    yield K.modulus(K.rsa_private()).encode()


@pytest.mark.step("validate-jwt 11")
@pytest.mark.parametrize("algorithm", ["HS256", "HS384", "HS512"])
async def test_11_a_public_key_is_no_secret(h, kit, certified, algorithm):
    """Key confusion: an HMAC made with the RSA key's public bytes."""
    for keys in ((K.rsa_element(),), ('<key id="k1" certificate-id="rsa" />',), (K.rsa_element(), K.secret_element())):
        for secret in public_texts():
            reason, _ = await check(h, kit, K.policy(K.signing(*keys)), confused(algorithm, secret))
            assert reason == "TokenSignatureInvalid"


@pytest.mark.step("validate-jwt 11")
@pytest.mark.parametrize(
    ("keys", "made"),
    [
        ((K.rsa_element(),), {"algorithm": "HS256"}),
        ((K.secret_element(id="k1"),), {"algorithm": "RS256"}),
        (('<key id="k1" certificate-id="ES256" />',), {"algorithm": "RS256"}),
        (('<key id="k1" certificate-id="ES384" />',), {"algorithm": "ES256"}),
        ((K.rsa_element(),), {"algorithm": "ES256"}),
    ],
)
async def test_11_an_algorithm_takes_its_kind_of_key_only(h, kit, certified, keys, made):
    reason, _ = await check(h, kit, K.policy(K.signing(*keys)), K.token(**made))
    assert reason == "TokenSignatureInvalid"


def unsigned(algorithm="none", signature=b""):
    return K.raw({"alg": algorithm, "typ": "JWT"}, K.claims(), signature)


@pytest.mark.step("validate-jwt 11", "token-error 3")
@pytest.mark.parametrize(
    ("text", "required", "expected"),
    [
        (unsigned(), "true", UNSIGNED),  # row unsigned
        (unsigned(), "false", None),
        (unsigned(), "@(1 == 2)", None),
        (unsigned("none", b"x"), "false", UNSIGNED),
        (unsigned("RS256"), "true", UNSIGNED),
        (unsigned("RS256"), "false", UNSIGNED),
        *[
            (
                unsigned(name, b"x"),
                required,
                (
                    "TokenSignatureInvalid",
                    f"IDX10511: Signature validation failed. Algorithm '{name}' is not supported. Access denied.",
                ),
            )
            for name in ("None", "NONE", "nOnE", "", "A128CBC-HS256", "EdDSA")
            for required in ("true", "false")
        ],
        (K.token(key=K.rsa_private("other"), kid="k1"), "false", None),  # a signature that is there must be right
    ],
)
async def test_11_unsigned(h, kit, text, required, expected):
    found = await check(h, kit, K.policy(require_signed_tokens=required), text)
    if expected is None and text.split(".")[2]:
        assert found[0] == "TokenSignatureInvalid"
    else:
        assert found == expected


# --- 21 to 23: the outcome --------------------------------------------------------------------------------------------


@pytest.mark.step("validate-jwt 21")
async def test_21_a_token_that_passes_is_stored(h, kit):
    text = K.token(roles=["a", "b"], exp=NOW + 600)
    read = '<set-variable name="s" value="@(V["caller"].first("sub"))" />'
    policy = K.policy(output_token_variable_name="caller") + read
    ex = await K.ask(h, kit, policy, text)
    found = ex.variables["caller"]
    assert (found.algorithm, found.type, found.claims["roles"]) == ("RS256", "JWT", ["a", "b"])
    assert ex.variables["s"] == "S-1"
    assert dict(h.transport.sent[0].headers) == K.bearer(text)


async def test_21_c_sharp_reads_it(h, kit):
    """The variable is C#'s Jwt: counter keys are made of its claims."""
    from apimpy.pipeline.compile import compile_document
    from apimpy.policies import catalogue

    caller = '((Jwt)context.Variables["caller"])'
    expression = f'@({caller}.Claims.GetValueOrDefault("roles", "") + "/" + {caller}.Subject)'
    text = kit.policies(
        inbound=K.policy(output_token_variable_name="caller") + f'<set-variable name="key" value="{expression}" />'
    )
    program = compile_document([("api", h.document(text))], catalogue(), {}, h.sink)
    assert program is not None, [str(d) for d in h.sink]
    ex = h.exchange(headers=K.bearer(K.token(roles=["a", "b"])))
    await program.run(ex)
    assert ex.variables["key"] == "a,b/S-1"


@pytest.mark.step("validate-jwt 21")
async def test_21_nothing_is_stored_without_a_pass(h, kit):
    ex = await K.ask(h, kit, K.policy(output_token_variable_name="caller"), K.token(exp=NOW))
    assert (ex.variables, h.transport.sent) == ({}, [])


@pytest.mark.step("validate-jwt 22 23", "answer 4")
@pytest.mark.parametrize(
    ("attributes", "status", "message"),
    [
        ({}, 401, "JWT not present."),
        ({"failed_validation_httpcode": "403"}, 403, "JWT not present."),
        ({"failed_validation_httpcode": "@(400 + 20)"}, 420, "JWT not present."),
        ({"failed_validation_error_message": "Go away"}, 401, "Go away"),
        ({"failed_validation_error_message": "@('say &quot;hi&quot;\\n')"}, 401, 'say "hi"\n'),
        ({"failed_validation_error_message": ""}, 401, ""),
        ({"failed_validation_httpcode": "500"}, 500, "JWT not present."),
    ],
)
async def test_22_and_23_the_answer(h, kit, attributes, status, message):
    ex = await K.ask(h, kit, K.policy(id="the-policy", **attributes))
    assert (ex.response.status, ex.response.body.data) == (status, K.body(status, message))
    assert dict(ex.response.headers) == {"Content-Type": "application/json"}  # no WWW-Authenticate
    error = ex.last_error
    assert (error.source, error.reason, error.message) == ("validate-jwt", "TokenNotPresent", "JWT not present.")
    assert (error.scope, error.section, error.path, error.policy_id) == ("api", "inbound", "", "the-policy")
    assert h.transport.sent == []


async def test_22_on_error_sees_the_answer(h, kit):
    seen = '<set-header name="X-Seen"><value>@(str(ex.response.status) + ex.last_error.reason)</value></set-header>'
    inside = f'<choose><when condition="@(True)">{K.policy()}</when></choose>'
    ex = await h.run(kit.policies(inbound=inside, on_error=seen))
    assert ex.response.headers["X-Seen"] == "401TokenNotPresent"
    assert ex.last_error.path == "choose[1]\\when[1]\\validate-jwt[1]"


# --- signatures are checked once --------------------------------------------------------------------------------------


async def test_a_verified_signature_is_remembered_but_not_the_verdict(h, kit, monkeypatch):
    from apimpy.policies._jwt import validation

    calls = []

    def counting(token, keys):
        calls.append(token)
        return verify(token, keys)

    verify = validation.verify
    monkeypatch.setattr(validation, "verify", counting)
    text = K.token()
    assert await check(h, kit, K.policy(), text) is None
    assert await check(h, kit, K.policy(), text) is None
    assert len(calls) == 1
    audience = K.policy(K.signing() + "<audiences><audience>x</audience></audiences>")
    assert (await check(h, kit, audience, text))[0] == "TokenAudienceNotAllowed"
    assert len(calls) == 1
    # other keys: the signature counts for nothing
    assert (await check(h, kit, K.policy(K.signing(OTHER)), text))[0] == "TokenSignatureKeyNotFound"
    assert len(calls) == 2
    # the same key under another id is another key
    assert await check(h, kit, K.policy(K.signing(K.rsa_element(id="k9"))), text) is None
    assert len(calls) == 3
    h.clock.time += 600
    assert (await check(h, kit, K.policy(), text))[0] == "TokenExpired"
    assert h.services.one(validation.Verified)._held == {}


async def test_the_memory_is_bounded_and_holds_only_what_was_verified(h, kit, monkeypatch):
    from apimpy.policies._jwt.validation import Verified

    monkeypatch.setattr(Verified, "most", 3)
    for i in range(5):
        assert await check(h, kit, K.policy(), K.token(sub=str(i))) is None
        assert await check(h, kit, K.policy(), K.token(sub=str(i), key=K.rsa_private("other"))) is not None
    held = h.services.one(Verified)._held
    assert [t.claims["sub"] for t, _ in held.values()] == ["2", "3", "4"]
    monkeypatch.setattr(Verified, "longest", 10)
    assert await check(h, kit, K.policy(), K.token(sub="long")) is None
    assert len(held) == 3


def test_lint_loads_nothing_heavy(tmp_path):
    import subprocess

    policy = tmp_path / "policy.xml"
    policy.write_text(
        f"<policies><inbound>{K.policy()}"
        '<validate-azure-ad-token tenant-id="t"><audiences><audience>a</audience></audiences></validate-azure-ad-token>'
        '<authentication-certificate certificate-id="a" /></inbound></policies>'
    )
    code = (
        "import sys\nfrom apimpy.cli.main import main\n"
        "try:\n    main(['lint', sys.argv[1]])\nexcept SystemExit as end:\n    assert not end.code\n"
        "print([m for m in ('aiohttp', 'asyncio', 'cryptography', 'ssl', 'logging') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code, str(policy)], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
