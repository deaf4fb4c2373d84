"""`Encrypt` and `Decrypt` on byte arrays, `VerifyNoRevocation` on certificates."""

from __future__ import annotations

from typing import TYPE_CHECKING

from apimpy.dotnet.crypto import symmetric, x509
from apimpy.dotnet.decl import clr_type
from apimpy.dotnet.exceptions import ArgumentException, ArgumentNullException
from apimpy.dotnet.web.octets import octets

if TYPE_CHECKING:
    from apimpy.dotnet.values import Array, Runtime

__all__ = ["by_name", "with_settings"]

extensions = clr_type("Apim.CryptoExtensions", kind="static")


def by_name(data: Array | None, name: str | None, key: Array | None, iv: Array | None, *, encrypt: bool) -> Array:
    """CBC with PKCS#7 padding: the defaults of the named algorithm."""
    cipher = symmetric.create(name or "")
    if cipher is None:
        raise ArgumentException("Unknown algorithm", "alg")
    return with_settings(data, cipher, key, iv, encrypt=encrypt)


def with_settings(
    data: Array | None, cipher: symmetric.Cipher | None, key: Array | None, iv: Array | None, *, encrypt: bool
) -> Array:
    if cipher is None:
        raise ArgumentNullException("alg")
    plain_key = None if key is None else bytes(key)
    plain_iv = None if iv is None else bytes(iv)
    return symmetric.transform_all(octets(data, "input"), cipher, plain_key, plain_iv, encrypt=encrypt)


@extensions.method("static byte[] Encrypt(this byte[] input, string alg, byte[] key, byte[] iv)")
def encrypt(data: Array | None, name: str | None, key: Array | None, iv: Array | None) -> Array:
    return by_name(data, name, key, iv, encrypt=True)


@extensions.method("static byte[] Decrypt(this byte[] input, string alg, byte[] key, byte[] iv)")
def decrypt(data: Array | None, name: str | None, key: Array | None, iv: Array | None) -> Array:
    return by_name(data, name, key, iv, encrypt=False)


@extensions.method("static byte[] Encrypt(this byte[] input, SymmetricAlgorithm alg, byte[] key, byte[] iv)")
def encrypt_with_key(data: Array | None, cipher: symmetric.Cipher | None, key: Array | None, iv: Array | None) -> Array:
    return with_settings(data, cipher, key, iv, encrypt=True)


@extensions.method("static byte[] Decrypt(this byte[] input, SymmetricAlgorithm alg, byte[] key, byte[] iv)")
def decrypt_with_key(data: Array | None, cipher: symmetric.Cipher | None, key: Array | None, iv: Array | None) -> Array:
    return with_settings(data, cipher, key, iv, encrypt=False)


@extensions.method("static byte[] Encrypt(this byte[] input, SymmetricAlgorithm alg)")
def encrypt_with(data: Array | None, cipher: symmetric.Cipher | None) -> Array:
    if cipher is None:
        raise ArgumentNullException("alg")
    return symmetric.transform_all(octets(data, "input"), cipher, cipher.key, cipher.iv, encrypt=True)


@extensions.method("static byte[] Decrypt(this byte[] input, SymmetricAlgorithm alg)")
def decrypt_with(data: Array | None, cipher: symmetric.Cipher | None) -> Array:
    if cipher is None:
        raise ArgumentNullException("alg")
    return symmetric.transform_all(octets(data, "input"), cipher, cipher.key, cipher.iv, encrypt=False)


@extensions.method("static bool VerifyNoRevocation(this X509Certificate2 input)", rt=True)
def verify_no_revocation(rt: Runtime, cert: x509.Certificate | None) -> bool:
    if cert is None:
        raise ArgumentNullException("input")
    return x509.trusted(cert, rt.clock.now())
