"""Hash algorithms and HMAC against what .NET answers."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from apimpy.dotnet.crypto import hash_, rng
from apimpy.dotnet.exceptions import (
    ArgumentException,
    ArgumentNullException,
    ArgumentOutOfRangeException,
    ClrError,
    CryptographicException,
    InvalidCastException,
    NullReferenceException,
    ObjectDisposedException,
)
from apimpy.dotnet.universe import universe
from apimpy.dotnet.values import type_of
from apimpy.dotnet.web.octets import byte_array

universe()


def b64(value: Any) -> str:
    return base64.b64encode(bytes(value)).decode()


def made(decl: Any, *args: Any) -> Any:
    arity = len(args)
    for item in decl.declarations[".ctor"]:
        if (item.signature.count(",") + 1 if "()" not in item.signature else 0) == arity:
            return item.impl(*args)
    raise LookupError(decl)


@pytest.mark.parametrize(
    ("name", "data", "expected"),
    [
        ("SHA1", b"abc", "qZk+NkcGgWq6PiVxeFDCbJzQ2J0="),
        ("SHA1Managed", b"x", "EfatjsUqKYSrqv18O1FlA3hcIHI="),
        ("SHA256", b"", "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="),
        ("sha-256", b"abc", "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0="),
        ("System.Security.Cryptography.MD5", b"abc", "kAFQmDzST7DWlj99KOF/cg=="),
        ("SHA", b"abc", "qZk+NkcGgWq6PiVxeFDCbJzQ2J0="),
    ],
)
def test_create_by_name(name: str, data: bytes, expected: str) -> None:
    created = hash_.create("System.Security.Cryptography." + name if name == "SHA1Managed" else name)
    assert created is not None
    assert b64(hash_.compute_hash(created, byte_array(data))) == expected


@pytest.mark.parametrize(
    ("decl", "expected"),
    [
        (hash_.hmac_sha1, "EEFSxb/coHvGM+69RhmfAlXJ9J0="),
        (hash_.hmac_sha256, "UDH+PZicbRU3oBP6bnOdojRj/a7DtwE32Cjjas4iG9A="),
        (hash_.hmac_sha384, "xfl62f0QIMF019wCz4PEwb8V7iDsVVtpCtWOYtqKAO5EzNtly4yArP0Sfr7laJWK"),
        (
            hash_.hmac_sha512,
            "PFlToY9zA+xlO6FwrjNPr6COOEby7+MXuH786CN2JTy1Kowx3c3lo6Lu4YPCs0y5H4XmTdvDJfdpKxmUc1ecWA==",
        ),
    ],
)
def test_hmac(decl: Any, expected: str) -> None:
    hasher = made(decl, byte_array(b"key"))
    assert b64(hash_.compute_hash(hasher, byte_array(b"data"))) == expected
    assert b64(hash_.last_hash(hasher)) == expected
    hash_.transform_block(hasher, byte_array(b"xdat"), 1, 3, None, 0)
    hash_.transform_final_block(hasher, byte_array(b"a"), 0, 1)
    assert b64(hash_.last_hash(hasher)) == expected


def test_properties() -> None:
    sha = hash_.create("SHA256")
    assert sha is not None
    assert hash_.hash_size(sha) == 256
    assert hash_.last_hash(sha) is None
    assert type_of(made(hash_.hmac_sha256, byte_array(b"k"))).full_name == "System.Security.Cryptography.HMACSHA256"
    assert hash_.hash_name(made(hash_.hmac_sha256, byte_array(b"k"))) == "SHA256"
    assert [len(hash_.key(made(d))) for d in (hash_.hmac_md5, hash_.hmac_sha256, hash_.hmac_sha512)] == [64, 64, 128]
    assert len(hash_.key(made(hash_.hmac_sha256, byte_array(bytes(100))))) == 32
    assert hash_.create("nope") is None
    assert len(hash_.key(hash_.create("HMACSHA512"))) == 128  # type: ignore[arg-type]


def test_state() -> None:
    sha = hash_.create("SHA256")
    assert sha is not None
    hash_.transform_block(sha, byte_array(b"\1\2\3"), 0, 2, None, 0)
    with pytest.raises(CryptographicException, match="Hash must be finalized"):
        hash_.last_hash(sha)
    hash_.transform_final_block(sha, byte_array(b"\1\2\3"), 2, 1)
    last = hash_.last_hash(sha)
    assert last is not None
    assert bytes(last).hex() == "039058c6f2c0cb492c533b0a4d14ef77cc0f78abccced5287d84a1a2011cfb81"
    sha.dispose()
    with pytest.raises(ObjectDisposedException):
        hash_.compute_hash(sha, byte_array(b""))


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda h: hash_.compute_hash(h, None), ArgumentNullException),
        (lambda h: hash_.compute_hash_part(h, byte_array(bytes(3)), 1, 5), ArgumentException),
        (lambda h: hash_.compute_hash_part(h, byte_array(bytes(3)), 2, 2), ArgumentException),
        (lambda h: hash_.compute_hash_part(h, byte_array(bytes(3)), -1, 2), ArgumentOutOfRangeException),
        (lambda h: made(hash_.hmac_sha256, None), NullReferenceException),
        (lambda h: hash_.create(None), ArgumentNullException),
        (lambda h: hash_.sha256.declarations["Create"][1].impl("MD5"), InvalidCastException),
        (lambda h: hash_.digest("nope", b""), CryptographicException),
    ],
)
def test_errors(call: Any, error: type[ClrError]) -> None:
    with pytest.raises(error):
        call(hash_.create("SHA256"))


def test_random_bytes() -> None:
    data = byte_array(bytes(64))
    rng.get_bytes(rng.Generator(), data)
    assert any(data)
    rng.get_non_zero_bytes(rng.Generator(), data)
    assert all(data)
    rng.get_some_bytes(rng.Generator(), data, 0, 2)
    with pytest.raises(ArgumentException):
        rng.get_some_bytes(rng.Generator(), data, 63, 2)
