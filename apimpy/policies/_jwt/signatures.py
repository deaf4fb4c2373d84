"""Signatures: the algorithms, each with the one kind of key it takes, and the check of a token against keys."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from apimpy.policies._jwt.failure import TokenError, denied, shown
from apimpy.policies._jwt.keys import RSA, SECRET
from apimpy.record import Record

if TYPE_CHECKING:
    from collections.abc import Callable

    from apimpy.policies._jwt.keys import Key, KeySet
    from apimpy.policies._jwt.parsing import Token

__all__ = ["Algorithm", "algorithms", "verify"]

_HASHES = (256, 384, 512)
_COORDINATE = {"P-256": 32, "P-384": 48, "P-521": 66}


class Algorithm(Record, frozen=True):
    """`check(material, signed, signature)` tells whether the signature is right; it never raises."""

    kind: str
    check: Callable[[Any, bytes, bytes], bool]


@cache
def algorithms() -> dict[str, Algorithm]:
    """Every algorithm by its name in token headers.  Loads the cryptography package."""
    found: dict[str, Algorithm] = {}
    for bits, curve in zip(_HASHES, _COORDINATE, strict=True):
        found[f"RS{bits}"] = Algorithm(RSA, _rsa(bits, pss=False))
        found[f"PS{bits}"] = Algorithm(RSA, _rsa(bits, pss=True))
        found[f"ES{bits}"] = Algorithm(curve, _ecdsa(bits, _COORDINATE[curve]))
        found[f"HS{bits}"] = Algorithm(SECRET, _hmac(bits))
    return found


def _rsa(bits: int, *, pss: bool) -> Callable[[Any, bytes, bytes], bool]:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import padding

    algorithm = getattr(hashes, f"SHA{bits}")()
    scheme = padding.PSS(padding.MGF1(algorithm), algorithm.digest_size) if pss else padding.PKCS1v15()

    def check(key: Any, signed: bytes, signature: bytes) -> bool:
        try:
            key.verify(signature, signed, scheme, algorithm)
        except (InvalidSignature, ValueError):
            return False
        return True

    return check


def _ecdsa(bits: int, size: int) -> Callable[[Any, bytes, bytes], bool]:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric.ec import ECDSA
    from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

    scheme = ECDSA(getattr(hashes, f"SHA{bits}")())

    def check(key: Any, signed: bytes, signature: bytes) -> bool:
        if len(signature) != 2 * size:
            return False
        r, s = int.from_bytes(signature[:size]), int.from_bytes(signature[size:])
        try:
            key.verify(encode_dss_signature(r, s), signed, scheme)
        except (InvalidSignature, ValueError):
            return False
        return True

    return check


def _hmac(bits: int) -> Callable[[Any, bytes, bytes], bool]:
    import hmac

    name = f"sha{bits}"

    def check(key: Any, signed: bytes, signature: bytes) -> bool:
        return hmac.compare_digest(hmac.digest(key, signed, name), signature)

    return check


def verify(token: Token, keys: KeySet) -> Key:
    """The key that verifies the token.  TokenError when none does."""
    algorithm = algorithms().get(token.algorithm)
    if algorithm is None:
        name = shown(token.algorithm)
        raise _refused(f"IDX10511: Signature validation failed. Algorithm '{name}' is not supported.")
    for key in keys.candidates(token.key_id):
        if key.kind == algorithm.kind and key.algorithm in (None, token.algorithm):
            if algorithm.check(key.material, token.signed, token.signature):
                return key
    id_ = token.key_id
    if id_ is not None and not keys.expects(id_):
        text = f"IDX10501: Signature validation failed. Unable to match key: kid: '{shown(id_)}'."
        raise denied("TokenSignatureKeyNotFound", text)
    if not keys.all:
        raise _refused("IDX10500: Signature validation failed. No security keys were provided.")
    if id_ is not None and keys.names(id_):
        raise _refused(f"IDX10511: Signature validation failed. Keys tried: kid: '{shown(id_)}'.")
    raise _refused("IDX10503: Signature validation failed. None of the keys verifies the token.")


def _refused(text: str) -> TokenError:
    return denied("TokenSignatureInvalid", text)
