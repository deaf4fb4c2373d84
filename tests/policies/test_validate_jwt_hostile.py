"""No change to a token validates, and no text makes the policies raise anything but their failure."""

import asyncio
import contextlib
import importlib.util
import json
import string
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apimpy.policies._jwt.claims import RequiredClaim, check_audience, check_issuer, check_lifetime, check_required
from apimpy.policies._jwt.decryption import DecryptionKey, decrypt
from apimpy.policies._jwt.failure import TokenError
from apimpy.policies._jwt.keys import KeySet, key_from_jwk, keys_from_jwks, secret_key
from apimpy.policies._jwt.parsing import octets, parse, segments
from apimpy.policies._jwt.signatures import verify

_spec = importlib.util.spec_from_file_location("jwt_kit", Path(__file__).with_name("jwt_kit.py"))
if "jwt_kit" not in sys.modules:
    _module = importlib.util.module_from_spec(_spec)
    sys.modules["jwt_kit"] = _module
    _spec.loader.exec_module(_module)
K = sys.modules["jwt_kit"]

KEYS = KeySet(
    [
        key_from_jwk(K.jwk(K.rsa_private(), "k1")),
        *[key_from_jwk(K.jwk(K.ec_private(name), name)) for name in K.CURVES],
        secret_key(K.SECRET, "h1"),
    ]
)
KIDS = {"RS": "k1", "PS": "k1", "HS": "h1"}
GOOD = {
    name: K.token(name, kid=KIDS.get(name[:2], name), roles=["a"])
    for name in (f"{family}{bits}" for family in ("RS", "PS", "ES", "HS") for bits in (256, 384, 512))
}
ALPHABET = string.ascii_letters + string.digits + "-_"
LIMITS = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


def passes(text, keys=KEYS):
    """A signature verifies.  Anything but TokenError is a defect."""
    try:
        if len(segments(text)) != 3:
            return False
        verify(parse(text), keys)
    except TokenError:
        return False
    return True


def test_the_good_ones_pass():
    assert [name for name, text in GOOD.items() if not passes(text)] == []


@LIMITS
@given(st.sampled_from(sorted(GOOD)), st.integers(0, 5000), st.sampled_from(ALPHABET + ".=+/ \n\0é"))
def test_one_character_replaced(name, at, character):
    text = GOOD[name]
    at %= len(text)
    changed = text[:at] + character + text[at + 1 :]
    assert passes(changed) == (changed == text)


@pytest.mark.parametrize("name", sorted(GOOD))
def test_every_last_character(name):
    """Bits that base64url does not use make no second spelling of a token."""
    text = GOOD[name]
    spellings = [text[:-1] + c for c in ALPHABET]
    assert [s for s in spellings if passes(s)] == [text]


@LIMITS
@given(st.sampled_from(sorted(GOOD)), st.integers(0, 5000), st.integers(1, 4), st.text(ALPHABET, max_size=4))
def test_pieces_cut_out_and_put_in(name, at, length, new):
    text = GOOD[name]
    at %= len(text)
    changed = text[:at] + new + text[at + length :]
    assert passes(changed) == (changed == text)


@LIMITS
@given(st.sampled_from(sorted(GOOD)), st.integers(0, 5000), st.integers(0, 7))
def test_one_bit_of_the_signature(name, at, bit):
    head, payload, tail = GOOD[name].split(".")
    signature = bytearray(octets(tail))
    signature[at % len(signature)] ^= 1 << bit
    assert not passes(f"{head}.{payload}.{K.b64(bytes(signature))}")


@LIMITS
@given(
    st.sampled_from(sorted(GOOD)),
    st.dictionaries(st.sampled_from(["alg", "kid", "typ", "jwk", "jku", "x5c", "crit"]), json_values, max_size=3),
    st.dictionaries(st.sampled_from(["exp", "aud", "sub"]), json_values, max_size=2),
)
def test_other_header_or_claims_under_the_same_signature(name, header, payload):
    head, body, tail = GOOD[name].split(".")
    header = json.loads(octets(head)) | header
    payload = json.loads(octets(body)) | payload
    made = K.raw(header, payload, octets(tail))
    assert not passes(made) or made == GOOD[name]


@LIMITS
@given(st.sampled_from(sorted(GOOD)), st.sampled_from(["none", "None", "", *sorted(GOOD)]), st.binary(max_size=600))
def test_any_algorithm_with_any_signature(name, algorithm, signature):
    head, body, _ = GOOD[name].split(".")
    header = json.loads(octets(head)) | {"alg": algorithm}
    assert not passes(K.raw(header, octets(body), signature))


def test_parts_of_two_tokens_are_none():
    parts = {name: text.split(".") for name, text in GOOD.items()}
    for one, a in parts.items():
        for other, b in parts.items():
            if one != other:
                for mixed in ((a[0], a[1], b[2]), (a[0], b[1], b[2]), (b[0], a[1], a[2])):
                    text = ".".join(mixed)
                    assert not passes(text) or text in GOOD.values()


@LIMITS
@given(st.text(max_size=60) | st.lists(st.text(ALPHABET, max_size=30), min_size=3, max_size=6).map(".".join))
def test_any_text(text):
    assert not passes(text)


@LIMITS
@given(st.dictionaries(st.text(max_size=5), json_values, max_size=4), json_values, st.binary(max_size=80))
def test_any_json(header, payload, signature):
    assert not passes(K.raw({"alg": "RS256"} | header, payload, signature))


@LIMITS
@given(st.dictionaries(st.sampled_from(["iss", "aud", "exp", "nbf", "tid", "roles"]), json_values))
def test_any_claims(claims):
    """Checks of claims end in a pass or a TokenError."""
    required = [RequiredClaim("roles", ("a",)), RequiredClaim("roles", ("a", "b"), False, " ")]
    for check in (
        lambda: check_lifetime(claims, 1.7e9, 5.0, require_expiration=True),
        lambda: check_audience(claims, ("a",)),
        lambda: check_issuer(claims, ("https://x/{tenantid}/", "y")),
        lambda: check_required(claims, required),
    ):
        with contextlib.suppress(TokenError):
            check()


@LIMITS
@given(
    json_values
    | st.fixed_dictionaries(
        {"kty": st.sampled_from(["RSA", "EC", "oct"])}
        | {name: json_values | st.text(ALPHABET, max_size=400) for name in ("n", "e", "x", "y")}
        | {"crv": st.sampled_from(["P-256", "P-384", "P-521", "secp256k1"])}
    )
)
def test_any_published_key(jwk):
    key_from_jwk(jwk)
    for document in ({"keys": [jwk]}, jwk):
        with contextlib.suppress(ValueError):
            keys_from_jwks(document)


@pytest.mark.parametrize("curve", ["P-256", "P-384", "P-521"])
def test_a_point_off_the_curve_is_no_key(curve):
    name = next(n for n in K.CURVES if K.jwk(K.ec_private(n), None)["crv"] == curve)
    good = K.jwk(K.ec_private(name), "a")
    assert key_from_jwk(good) is not None
    assert key_from_jwk(good | {"y": good["x"]}) is None
    assert key_from_jwk(good | {"x": K.b64(b"\0" + octets(good["x"]))}) is None


@LIMITS
@given(
    st.dictionaries(st.sampled_from(["alg", "enc", "kid", "zip"]), json_values, max_size=2),
    st.sampled_from(["dir", "A128KW", "A256KW", "RSA-OAEP", "RSA-OAEP-256", "RSA1_5", "ECDH-ES"]),
    st.sampled_from(["A128GCM", "A256GCM", "A128CBC-HS256", "A256CBC-HS512"]),
    st.lists(st.binary(max_size=48), min_size=4, max_size=4),
)
def test_any_encrypted_token(header, alg, enc, parts):
    keys = [DecryptionKey(None, secret=bytes(n)) for n in (16, 32, 64)]
    keys.append(DecryptionKey("r", private=K.rsa_private()))
    head = K.b64(json.dumps({"alg": alg, "enc": enc} | header).encode())
    with pytest.raises(TokenError):
        decrypt([head, *map(K.b64, parts)], keys)


@LIMITS
@given(text=st.text(max_size=50) | st.lists(st.text(ALPHABET, max_size=40), min_size=3, max_size=5).map(".".join))
def test_any_text_through_the_policy(h, kit, text):
    """Every text is answered with the policy's 401."""
    decryption = f"<decryption-keys>{K.secret_element()}</decryption-keys>"
    policy = K.policy(K.signing(K.rsa_element(), K.secret_element()) + decryption, token_value="@(V['t'])")
    program = h.compile(kit.policies(inbound=policy))
    ex = h.exchange()
    ex.variables["t"] = text
    asyncio.run(program.run(ex))
    assert (ex.response.status, ex.last_error.source) == (401, "validate-jwt")
    assert ex.last_error.reason in (
        "TokenNotPresent",
        "JwtInvalid",
        "TokenSignatureInvalid",
        "TokenSignatureKeyNotFound",
    )


def test_messages_do_not_hold_the_token():
    text = GOOD["RS256"]
    for changed in (text[:-2] + "AA", text.rpartition(".")[0] + "."):
        with pytest.raises(TokenError) as caught:
            verify(parse(changed), KEYS)
        assert all(part not in str(caught.value) for part in text.split("."))


def test_secrets_are_compared_in_constant_time(monkeypatch):
    """hmac.compare_digest decides, not ==."""
    import hmac

    from apimpy.policies._jwt import signatures

    seen = []
    fake = SimpleNamespace(digest=hmac.digest, compare_digest=lambda a, b: seen.append((a, b)) or True)
    monkeypatch.setitem(sys.modules, "hmac", fake)
    check = signatures._hmac(256)
    assert check(K.SECRET, b"x", b"y")
    assert len(seen) == 1
