"""What the tests of the token policies share: keys, tokens made by PyJWT, and a policy around them."""

from __future__ import annotations

import base64
import json
from functools import cache

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa

NOW = 1_700_000_000
"""Where the clock of the harness stands."""
SECRET = b"0123456789abcdef" * 4
CURVES = {"ES256": ec.SECP256R1, "ES384": ec.SECP384R1, "ES512": ec.SECP521R1}


def rsa_private(name="main"):
    """One key for every name."""
    return _rsa(name)


@cache
def _rsa(name):
    return rsa.generate_private_key(65537, 2048)


@cache
def ec_private(algorithm):
    """One key for every algorithm."""
    return ec.generate_private_key(CURVES[algorithm]())


def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def number(value):
    return b64(value.to_bytes((value.bit_length() + 7) // 8))


def modulus(key):
    return number(key.public_key().public_numbers().n)


def exponent(key):
    return number(key.public_key().public_numbers().e)


def rsa_element(name="main", id="k1"):
    key = rsa_private(name)
    named = f' id="{id}"' if id else ""
    return f'<key{named} n="{modulus(key)}" e="{exponent(key)}" />'


def secret_element(secret=SECRET, id=None):
    named = f' id="{id}"' if id else ""
    return f"<key{named}>{base64.b64encode(secret).decode()}</key>"


def signing(*keys):
    return f"<issuer-signing-keys>{''.join(keys or (rsa_element(),))}</issuer-signing-keys>"


def jwk(key, id, **more):
    """The public half, as PyJWT writes it."""
    maker = jwt.algorithms.RSAAlgorithm if isinstance(key, rsa.RSAPrivateKey) else jwt.algorithms.ECAlgorithm
    found = maker.to_jwk(key.public_key(), as_dict=True)
    found.pop("key_ops", None)
    return found | ({"kid": id} if id else {}) | more


def claims(**changes):
    """Claims of a good token; None leaves one out."""
    found = {"iss": "https://issuer.test", "aud": "api://orders", "sub": "S-1", "exp": NOW + 600} | changes
    return {k: v for k, v in found.items() if v is not None}


def token(algorithm="RS256", key=None, kid="k1", headers=None, payload=None, **changes):
    if key is None:
        key = (
            SECRET
            if algorithm.startswith("HS")
            else ec_private(algorithm)
            if algorithm.startswith("ES")
            else rsa_private()
        )
    head = {**(headers or {}), **({"kid": kid} if kid else {})}
    return jwt.encode(claims(**changes) if payload is None else payload, key, algorithm, headers=head)


def raw(header, payload, signature=b""):
    """A token of any content; `payload` may be bytes."""
    body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    return f"{b64(json.dumps(header).encode())}.{b64(body)}.{b64(signature)}"


def policy(inner=None, element="validate-jwt", **attributes):
    if element == "validate-jwt":
        if not {"header_name", "query_parameter_name", "token_value"} & set(attributes):
            attributes = {"header_name": "Authorization", **attributes}
        inner = signing() if inner is None else inner
    given = "".join(f' {k.replace("_", "-")}="{v}"' for k, v in attributes.items())
    return f"<{element}{given}>{inner or ''}</{element}>"


def bearer(text):
    return {"Authorization": f"Bearer {text}"}


def body(status, message):
    return f'{{ "statusCode": {status}, "message": {json.dumps(message, ensure_ascii=False)} }}'.encode()


async def ask(h, kit, text, sent=None, **request):
    """Run a policy; `sent` is the token in the Authorization header."""
    if sent is not None:
        request.setdefault("headers", bearer(sent))
    return await h.run(kit.policies(inbound=text), **request)


def told(ex):
    """None when the request passed, else reason and message."""
    error = ex.last_error
    if error is None:
        assert (ex.response.status, ex.response.body.data) == (200, b"hello")
        return None
    return error.reason, error.message
