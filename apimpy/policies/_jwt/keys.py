"""Keys that signatures are checked with, and which of them a token may mean.

A key knows its kind, and an algorithm takes keys of its kind only: an RSA key can never serve as an HMAC secret.
Secrets come from the policy alone; symmetric keys in a published key set are passed over.
"""

from __future__ import annotations

import binascii
from typing import TYPE_CHECKING, Any

from apimpy.policies._jwt.parsing import octets
from apimpy.record import Record

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = [
    "NO_KEYS",
    "RSA",
    "SECRET",
    "Key",
    "KeySet",
    "check_rsa",
    "key_from_jwk",
    "key_from_public",
    "keys_from_jwks",
    "rsa_key",
    "secret_bytes",
    "secret_key",
]

SECRET, RSA = "oct", "RSA"
_CURVES = {"P-256": ("SECP256R1", 32), "P-384": ("SECP384R1", 48), "P-521": ("SECP521R1", 66)}
LEAST_SECRET = 16
"""Bytes of an HMAC secret: fewer are refused by the platform's library as well."""
_LEAST_RSA, _MOST_RSA = 2048, 16384
_MOST_EXPONENT = 8
"""Bytes of an RSA exponent; a longer one would only make checks slow."""
_MOST_KEYS = 100


class Key(Record, frozen=True):
    """`material`: the secret's bytes, or a public key object.  `fingerprint`: equal exactly for equal keys."""

    kind: str
    material: Any
    fingerprint: bytes
    id: str | None = None
    algorithm: str | None = None
    """The only algorithm its owner uses it with; None: any of its kind."""


class KeySet:
    """Keys by their ids."""

    __slots__ = ("_by_id", "all", "unnamed")

    def __init__(self, keys: Iterable[Key] = ()) -> None:
        self.all = tuple(keys)
        self.unnamed = tuple(k for k in self.all if k.id is None)
        self._by_id: dict[str, tuple[Key, ...]] = {}
        for key in self.all:
            if key.id is not None:
                self._by_id[key.id] = (*self._by_id.get(key.id, ()), key)

    def names(self, key_id: str) -> bool:
        """A key has this id."""
        return key_id in self._by_id

    def expects(self, key_id: str) -> bool:
        """A key has this id, or none at all and so may be meant."""
        return bool(self.unnamed) or key_id in self._by_id

    def candidates(self, key_id: str | None) -> tuple[Key, ...]:
        """The keys to try: those of this id and those without one; every key when none has the id."""
        found = None if key_id is None else self._by_id.get(key_id)
        return self.all if found is None else found + self.unnamed


NO_KEYS = KeySet()


def _make(kind: str, material: Any, public: bytes, id: str | None, algorithm: str | None = None) -> Key:
    import hashlib

    what = f"{kind}\0{id!r}\0{algorithm!r}\0".encode("utf-8", "replace")
    return Key(kind, material, hashlib.sha256(what + public).digest(), id, algorithm)


def secret_bytes(text: str) -> bytes:
    """The bytes of base64 text, white space allowed.  ValueError with a sentence."""
    try:
        data = binascii.a2b_base64("".join(text.split()), strict_mode=True)
    except ValueError:
        raise ValueError("the key is not base64 text") from None
    if not data:
        raise ValueError("the key is empty")
    return data


def secret_key(data: bytes, id: str | None = None) -> Key:
    """An HMAC key.  ValueError with a sentence when it is too short to be one."""
    if len(data) < LEAST_SECRET:
        raise ValueError(f"the key has {len(data)} bytes; a signing key needs at least {LEAST_SECRET}")
    return _make(SECRET, data, data, id)


def _rsa_numbers(n: str, e: str) -> tuple[int, int]:
    try:
        modulus, exponent = octets(n.rstrip("=")), octets(e.rstrip("="))
    except ValueError:
        raise ValueError("n and e are not base64url text") from None
    bits = int.from_bytes(modulus).bit_length()
    if not _LEAST_RSA <= bits <= _MOST_RSA:
        raise ValueError(f"the key has {bits} bits; an RSA key has {_LEAST_RSA} to {_MOST_RSA}")
    if len(exponent) > _MOST_EXPONENT or int.from_bytes(exponent) < 3:
        raise ValueError("e is not the exponent of an RSA key")
    return int.from_bytes(modulus), int.from_bytes(exponent)


def check_rsa(n: str, e: str) -> None:
    """ValueError with a sentence when modulus and exponent are no key; nothing is loaded for it."""
    _rsa_numbers(n, e)


def rsa_key(n: str, e: str, id: str | None = None, algorithm: str | None = None) -> Key:
    """An RSA public key from modulus and exponent.  ValueError with a sentence."""
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicNumbers

    modulus, exponent = _rsa_numbers(n, e)
    public = RSAPublicNumbers(exponent, modulus).public_key()
    return _make(RSA, public, f"{modulus:x}.{exponent:x}".encode(), id, algorithm)


def _ec_key(jwk: dict[str, Any], id: str | None, algorithm: str | None) -> Key:
    from cryptography.hazmat.primitives.asymmetric import ec

    name = jwk["crv"]
    curve, size = _CURVES[name]
    x, y = octets(jwk["x"]), octets(jwk["y"])
    if len(x) != size or len(y) != size:
        raise ValueError("the coordinates do not fit the curve")
    numbers = ec.EllipticCurvePublicNumbers(int.from_bytes(x), int.from_bytes(y), getattr(ec, curve)())
    return _make(name, numbers.public_key(), x + y, id, algorithm)


def key_from_public(public: Any, id: str | None = None) -> Key | None:
    """The key of a certificate; None when it is of no kind that signs tokens."""
    from cryptography.hazmat.primitives.asymmetric import ec, rsa
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    if isinstance(public, rsa.RSAPublicKey) and _LEAST_RSA <= public.key_size <= _MOST_RSA:
        kind: str | None = RSA
    elif isinstance(public, ec.EllipticCurvePublicKey):
        kind = next((k for k, (curve, _) in _CURVES.items() if curve.lower() == public.curve.name), None)
    else:
        kind = None
    if kind is None:
        return None
    return _make(kind, public, public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo), id)


def key_from_jwk(jwk: Any) -> Key | None:
    """A published signing key; None for one of another use or kind, or one that is broken."""
    if not isinstance(jwk, dict) or jwk.get("use", "sig") != "sig":
        return None
    uses = jwk.get("key_ops")
    if uses is not None and not (isinstance(uses, list) and "verify" in uses):
        return None
    id_, algorithm = jwk.get("kid"), jwk.get("alg")
    if not isinstance(id_, (str, type(None))) or not isinstance(algorithm, (str, type(None))):
        return None
    try:
        if jwk.get("kty") == "RSA":
            return rsa_key(jwk["n"], jwk["e"], id_, algorithm)
        if jwk.get("kty") == "EC":
            return _ec_key(jwk, id_, algorithm)
    except (KeyError, TypeError, ValueError, AttributeError):
        return None
    return None


def keys_from_jwks(document: Any) -> KeySet:
    """The signing keys of a key set.  ValueError when the document is none, or has nothing usable."""
    listed = document.get("keys") if isinstance(document, dict) else None
    if not isinstance(listed, list) or len(listed) > _MOST_KEYS:
        raise ValueError("not a JSON Web Key Set")
    found = KeySet(key for key in map(key_from_jwk, listed) if key is not None)
    if not found.all:
        raise ValueError("the key set holds no signing key")
    return found
