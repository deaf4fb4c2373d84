"""Encrypted tokens: step 7, the encryptions of step 11, and the examples that RFC 7516 prints."""

import importlib.util
import json
import sys
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import hashes, hmac, keywrap
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.padding import PKCS7

from apimpy.dotnet.crypto.x509 import Certificate
from apimpy.policies._jwt.decryption import DecryptionKey, decrypt
from apimpy.policies._jwt.failure import TokenError
from apimpy.policies._jwt.parsing import octets
from apimpy.runtime.exchange import Deployment

_spec = importlib.util.spec_from_file_location("jwt_kit", Path(__file__).with_name("jwt_kit.py"))
if "jwt_kit" not in sys.modules:
    _module = importlib.util.module_from_spec(_spec)
    sys.modules["jwt_kit"] = _module
    _spec.loader.exec_module(_module)
K = sys.modules["jwt_kit"]

SIZES = {"A128GCM": 16, "A192GCM": 24, "A256GCM": 32, "A128CBC-HS256": 32, "A192CBC-HS384": 48, "A256CBC-HS512": 64}
HASHES = {32: hashes.SHA256, 48: hashes.SHA384, 64: hashes.SHA512}
VECTOR = bytes(range(16))


def content_key(enc):
    return bytes(range(100, 100 + SIZES[enc]))


def seal(plain, alg="dir", enc="A256GCM", key=None, **header):
    """A token of five segments, made after RFC 7518 without the code under test."""
    head = K.b64(json.dumps({"alg": alg, "enc": enc} | header).encode())
    cek = content_key(enc)
    if alg == "dir":
        wrapped = b""
    elif alg.startswith("RSA"):
        digest = hashes.SHA256() if alg.endswith("256") else hashes.SHA1()
        wrapped = key.public_key().encrypt(cek, padding.OAEP(padding.MGF1(digest), digest, None))
    else:
        wrapped = keywrap.aes_key_wrap(key, cek)
    if enc.endswith("GCM"):
        vector = VECTOR[:12]
        both = AESGCM(cek).encrypt(vector, plain, head.encode())
        sealed, tag = both[:-16], both[-16:]
    else:
        half, vector = len(cek) // 2, VECTOR
        padder = PKCS7(128).padder()
        encryptor = Cipher(algorithms.AES(cek[half:]), modes.CBC(vector)).encryptor()
        sealed = encryptor.update(padder.update(plain) + padder.finalize()) + encryptor.finalize()
        mac = hmac.HMAC(cek[:half], HASHES[len(cek)]())
        mac.update(head.encode() + vector + sealed + (8 * len(head)).to_bytes(8, "big"))
        tag = mac.finalize()[:half]
    return ".".join((head, *map(K.b64, (wrapped, vector, sealed, tag))))


def keys(*elements):
    return f"<decryption-keys>{''.join(elements)}</decryption-keys>"


@pytest.fixture
def certified(h):
    """A deployment with the certificates `main` and `other`."""
    from datetime import UTC, datetime

    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import Encoding

    found = []
    for name in ("main", "other"):
        private = K.rsa_private(name)
        subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
        builder = x509.CertificateBuilder(subject, subject, private.public_key(), 1)
        builder = builder.not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
        made = builder.not_valid_after(datetime(2040, 1, 1, tzinfo=UTC)).sign(private, hashes.SHA256())
        found.append((name, Certificate(made, made.public_bytes(Encoding.DER), private)))
    made = Certificate(found[0][1].raw, found[0][1].data)
    h.services.deployment = Deployment(certificates=(*found, ("public", made)))


async def check(h, kit, decryption, sent, **attributes):
    return K.told(await K.ask(h, kit, K.policy(K.signing() + decryption, **attributes), sent))


# --- the examples of RFC 7516 -----------------------------------------------------------------------------------------

A3 = (
    "eyJhbGciOiJBMTI4S1ciLCJlbmMiOiJBMTI4Q0JDLUhTMjU2In0."
    "6KB707dM9YTIgHtLvtgWQ8mKwboJW3of9locizkDTHzBC2IlrT1oOQ."
    "AxY8DCtDaGlsbGljb3RoZQ."
    "KDlTtXchhZTGufMYmOYGS4HffxPSUrfmqCHXaI9wOGY."
    "U0m_YmjN04DJvceFICbCVQ"
)
A3_KEY = "GawgguFyGrWKav7AX4VKUg"


def test_7_example_a3():
    key = DecryptionKey(None, secret=octets(A3_KEY))
    assert decrypt(A3.split("."), [key]) == b"Live long and prosper."


@pytest.mark.parametrize("at", range(5))
def test_7_example_a3_changed(at):
    parts = A3.split(".")
    parts[at] = ("e" if parts[at][0] != "e" else "f") + parts[at][1:]
    with pytest.raises(TokenError) as caught:
        decrypt(parts, [DecryptionKey(None, secret=octets(A3_KEY))])
    assert caught.value.reason == "JwtInvalid"


# --- 7 and 11 ---------------------------------------------------------------------------------------------------------


@pytest.mark.step("validate-jwt 6 7 11")
@pytest.mark.parametrize("enc", SIZES)
async def test_11_every_encryption(h, kit, enc):
    inner = K.token()
    decryption = keys(K.secret_element(content_key(enc)))
    assert await check(h, kit, decryption, seal(inner.encode(), enc=enc)) is None


@pytest.mark.parametrize("size", [16, 24, 32])
async def test_7_wrapped_keys(h, kit, size):
    secret = bytes(range(size))
    sent = seal(K.token().encode(), f"A{size * 8}KW", "A128CBC-HS256", secret)
    assert await check(h, kit, keys(K.secret_element(secret)), sent) is None
    assert (await check(h, kit, keys(K.secret_element(secret[::-1])), sent))[0] == "JwtInvalid"


@pytest.mark.step("validate-jwt 7")
@pytest.mark.parametrize("alg", ["RSA-OAEP", "RSA-OAEP-256"])
async def test_7_certificates(h, kit, certified, alg):
    sent = seal(K.token().encode(), alg, "A256CBC-HS512", K.rsa_private())
    assert await check(h, kit, keys('<key certificate-id="main" />'), sent) is None
    both = keys('<key certificate-id="other" />', '<key certificate-id="main" />')
    assert await check(h, kit, both, sent) is None  # each is tried
    found = await check(h, kit, keys('<key certificate-id="other" />'), sent)
    assert found == ("JwtInvalid", "IDX10603: Decryption failed. Keys tried: 1.")


@pytest.mark.step("validate-jwt 7")
@pytest.mark.parametrize(
    ("kid", "passes"),
    [("a", True), ("b", False), ("c", True), (None, True)],
)
async def test_7_the_key_id_narrows(h, kit, kid, passes):
    right, wrong = content_key("A256GCM"), bytes(32)
    decryption = keys(K.secret_element(wrong, "b"), K.secret_element(right, "a"))
    sent = seal(K.token().encode(), **({"kid": kid} if kid else {}))
    assert (await check(h, kit, decryption, sent) is None) == passes


async def test_7_a_key_without_id_is_always_tried(h, kit):
    decryption = keys(K.secret_element(bytes(32), "b"), K.secret_element(content_key("A256GCM")))
    assert await check(h, kit, decryption, seal(K.token().encode(), kid="b")) is None


@pytest.mark.parametrize(
    ("sent", "message"),
    [
        (seal(b"x", alg="dir"), "IDX12741: JWT must have three segments (JWS) or five segments (JWE)."),
        (seal(b"a.b.c"), "IDX12709: JWT is not well formed: its header is not JSON in base64url."),
        (seal("é.b.c".encode()), "IDX12741: JWT must have three segments (JWS) or five segments (JWE)."),
        (
            seal(seal(K.token().encode()).encode()),
            "IDX12741: JWT must have three segments (JWS) or five segments (JWE).",
        ),
        (seal(K.token().encode(), zip="DEF"), "IDX10611: Decryption failed. Encryption 'A256GCM' is not supported."),
        (
            K.raw({"alg": "dir", "enc": "A1"}, {}) + ".a.b",
            "IDX10611: Decryption failed. Encryption 'A1' is not supported.",
        ),
        (K.raw({"alg": "dir"}, {}) + ".a.b", "IDX10611: Decryption failed. Encryption 'None' is not supported."),
        (
            K.raw({"alg": "dir", "enc": "A256GCM"}, {}) + ".!.b",
            "IDX12709: JWT is not well formed: a segment is not base64url.",
        ),
        (K.raw({"alg": "dir", "enc": "A256GCM"}, {}) + ".YQ.YQ", "IDX10603: Decryption failed. Keys tried: 1."),
        ("a.b.c.d.e", "IDX12709: JWT is not well formed: its header is not JSON in base64url."),
    ],
)
async def test_7_what_does_not_open(h, kit, sent, message):
    found = await check(h, kit, keys(K.secret_element(content_key("A256GCM"))), sent)
    assert found == ("JwtInvalid", message)


async def test_7_without_keys(h, kit):
    found = await check(h, kit, "", seal(K.token().encode()))
    assert found == ("JwtInvalid", "IDX10609: Decryption failed. No Keys tried.")


async def test_the_token_inside_is_checked_and_stored(h, kit):
    decryption = keys(K.secret_element(content_key("A256GCM")))
    policy = K.policy(K.signing() + decryption, output_token_variable_name="t")
    ex = await K.ask(h, kit, policy, seal(K.token(roles=["a"]).encode(), cty="JWT"))
    assert ex.variables["t"].claims["roles"] == ["a"]
    for made, reason in (
        ({"exp": K.NOW}, "TokenExpired"),
        ({"key": K.rsa_private("other")}, "TokenSignatureInvalid"),
    ):
        assert (await check(h, kit, decryption, seal(K.token(**made).encode())))[0] == reason


async def test_bare_claims_are_an_unsigned_token(h, kit):
    decryption = keys(K.secret_element(content_key("A256GCM")))
    sent = seal(json.dumps(K.claims(iss="a.b.c")).encode())
    assert (await check(h, kit, decryption, sent))[0] == "TokenSignatureInvalid"
    assert await check(h, kit, decryption, sent, require_signed_tokens="false") is None


async def test_a_certificate_without_a_private_key(h, kit, certified):
    for name in ("public", "gone"):
        ex = await K.ask(h, kit, K.policy(K.signing() + keys(f'<key certificate-id="{name}" />')), K.token())
        assert (ex.response.status, ex.last_error.reason) == (500, "CertificateNotFound")


def test_a_public_key_opens_nothing(h, kit):
    h.compile(kit.policies(inbound=K.policy(K.signing() + keys(K.rsa_element()))))
    assert h.codes() == ["POL019"]
