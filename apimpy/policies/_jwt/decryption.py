"""Encrypted tokens: five segments to the token inside.

Keys come by `dir`, AES key wrap or RSA-OAEP; contents are AES-CBC with HMAC or AES-GCM.  RSA1_5 is left out (its
padding tells too much to whoever asks often), and so are compressed contents (they grow without a limit).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from apimpy.policies._jwt.failure import invalid, shown
from apimpy.policies._jwt.parsing import header_of, octets
from apimpy.record import Record

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["DecryptionKey", "decrypt"]

_WRAPPED = {"A128KW": 16, "A192KW": 24, "A256KW": 32}
_CBC = {"A128CBC-HS256": ("sha256", 16), "A192CBC-HS384": ("sha384", 24), "A256CBC-HS512": ("sha512", 32)}
_GCM = {"A128GCM": 16, "A192GCM": 24, "A256GCM": 32}


class DecryptionKey(Record, frozen=True):
    """A secret, or the private key of a certificate."""

    id: str | None
    secret: bytes | None = None
    private: Any = None


def decrypt(parts: list[str], keys: Iterable[DecryptionKey]) -> bytes:
    """What a token of five segments holds.  TokenError when no key opens it."""
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.keywrap import InvalidUnwrap

    header = header_of(parts[0])
    content = header.get("enc")
    if "zip" in header or not isinstance(content, str) or content not in _CBC | _GCM:
        raise invalid(f"IDX10611: Decryption failed. Encryption '{shown(str(content))}' is not supported.")
    try:
        wrapped, vector, sealed, tag = map(octets, parts[1:])
    except ValueError:
        raise invalid("IDX12709: JWT is not well formed: a segment is not base64url.") from None
    id_ = header.get("kid")
    held = tuple(keys)
    named = [k for k in held if id_ is not None and k.id == id_]
    for key in [*named, *(k for k in held if k.id is None)] if named else held:
        try:
            secret = _content_key(header["alg"], wrapped, key)
            if secret is not None:
                return _open(content, secret, vector, sealed, tag, parts[0].encode())
        except (InvalidTag, InvalidUnwrap, ValueError):
            continue
    if not held:
        raise invalid("IDX10609: Decryption failed. No Keys tried.")
    raise invalid(f"IDX10603: Decryption failed. Keys tried: {len(held)}.")


def _content_key(algorithm: str, wrapped: bytes, key: DecryptionKey) -> bytes | None:
    """The key of the content; None when this key cannot have wrapped it."""
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import padding, rsa
    from cryptography.hazmat.primitives.keywrap import aes_key_unwrap

    if key.secret is not None:
        if algorithm == "dir":
            return None if wrapped else key.secret
        return aes_key_unwrap(key.secret, wrapped) if _WRAPPED.get(algorithm) == len(key.secret) else None
    digest = {"RSA-OAEP": hashes.SHA1, "RSA-OAEP-256": hashes.SHA256}.get(algorithm)
    if digest is None or not isinstance(key.private, rsa.RSAPrivateKey):
        return None
    return key.private.decrypt(wrapped, padding.OAEP(padding.MGF1(digest()), digest(), None))


def _open(content: str, key: bytes, vector: bytes, sealed: bytes, tag: bytes, about: bytes) -> bytes:
    """Decrypted and authenticated.  InvalidTag or ValueError when it is not what the sender sealed."""
    import hmac

    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM
    from cryptography.hazmat.primitives.padding import PKCS7

    if content in _GCM:
        if len(key) != _GCM[content] or len(vector) != 12 or len(tag) != 16:
            raise ValueError("sizes")
        return AESGCM(key).decrypt(vector, sealed + tag, about)
    digest, half = _CBC[content]
    if len(key) != 2 * half or len(vector) != 16:
        raise ValueError("sizes")
    proof = hmac.digest(key[:half], about + vector + sealed + (8 * len(about)).to_bytes(8), digest)[:half]
    if not hmac.compare_digest(proof, tag):
        raise ValueError("authentication")
    decryptor = Cipher(algorithms.AES(key[half:]), modes.CBC(vector)).decryptor()
    plain = decryptor.update(sealed) + decryptor.finalize()
    unpadder = PKCS7(128).unpadder()
    return unpadder.update(plain) + unpadder.finalize()
