"""Block ciphers against what .NET answers."""

from __future__ import annotations

from typing import Any

import pytest

from apimpy.dotnet.apim import crypto_extensions as ext
from apimpy.dotnet.crypto import symmetric as sym
from apimpy.dotnet.exceptions import ArgumentException, ArgumentNullException, ClrError, CryptographicException
from apimpy.dotnet.universe import universe
from apimpy.dotnet.values import type_of
from apimpy.dotnet.web.octets import byte_array

universe()

HELLO = b"hello world"
COUNT = bytes(range(1, 25))


@pytest.mark.parametrize(
    ("name", "key", "iv", "expected"),
    [
        ("Aes", bytes(16), bytes(16), "7489adda96bb9c30fb4932e07731571a"),
        ("AES", bytes(32), bytes(16), "56cbe187babf7b5df62924d78a3a5099"),
        ("TripleDES", COUNT, bytes(8), "934273eedf52e1bbebd21bb2ca6214cc"),
        ("3des", COUNT[:16], bytes(8), "0a1d6f404361c4ed9af88928f7a5370c"),
        ("TripleDES", bytes(24), bytes(8), "def3f8ea781a12412c2d94fee5e1e06b"),
        ("DES", COUNT[:8], bytes(8), "2107cfa5c0c7de8bc13db2ae1d41b519"),
        ("Rijndael", bytes(16), bytes(16), "7489adda96bb9c30fb4932e07731571a"),
    ],
)
def test_encrypt_by_name(name: str, key: bytes, iv: bytes, expected: str) -> None:
    secret = ext.encrypt(byte_array(HELLO), name, byte_array(key), byte_array(iv))
    assert bytes(secret).hex() == expected
    assert bytes(ext.decrypt(secret, name, byte_array(key), byte_array(iv))) == HELLO


@pytest.mark.parametrize(
    ("name", "key", "iv", "error", "message"),
    [
        ("x", bytes(16), bytes(16), ArgumentException, "Unknown algorithm"),
        ("Aes", bytes(5), bytes(16), ArgumentException, "Specified key is not a valid size for this algorithm."),
        ("Aes", bytes(16), bytes(3), ArgumentException, "Specified initialization vector (IV) does not match"),
        ("Aes", None, bytes(16), ArgumentNullException, "Value cannot be null."),
        ("Aes", bytes(16), None, CryptographicException, "The cipher mode specified requires"),
        ("DES", bytes(8), bytes(8), CryptographicException, "Specified key is a known weak key for 'DES'"),
    ],
)
def test_encrypt_errors(name: str, key: bytes | None, iv: bytes | None, error: type[ClrError], message: str) -> None:
    with pytest.raises(error) as caught:
        ext.encrypt(
            byte_array(HELLO),
            name,
            None if key is None else byte_array(key),
            None if iv is None else byte_array(iv),
        )
    assert message in caught.value.message


@pytest.mark.parametrize(
    ("data", "message"),
    [(HELLO, "The input data is not a complete block."), (bytes(16), "Padding is invalid and cannot be removed.")],
)
def test_decrypt_errors(data: bytes, message: str) -> None:
    with pytest.raises(CryptographicException) as caught:
        ext.decrypt(byte_array(data), "Aes", byte_array(bytes(16)), byte_array(bytes(16)))
    assert caught.value.message == message


def cipher(mode: str, padding: str) -> sym.Cipher:
    made = sym.create("AES")
    assert made is not None
    made.mode, made.padding = sym.cipher_mode.enum_members[mode], sym.padding_mode.enum_members[padding]
    made.key = made.iv = bytes(16)
    return made


BLOCK = "659f2abfc5bc0708fb96e7a44af9d595"


@pytest.mark.parametrize(
    ("mode", "padding", "size", "expected"),
    [
        ("CBC", "PKCS7", 17, BLOCK + "ab0e7fd76f1f23b3871e2fb74d993834"),
        ("CBC", "Zeros", 17, BLOCK + "23cf5e54ebea18c0cf6145a39a749430"),
        ("CBC", "None", 16, BLOCK),
        ("CBC", "ANSIX923", 17, BLOCK + "f2ab1ec05c0464bd328a48203d5ee066"),
        ("ECB", "PKCS7", 17, BLOCK + "2f62a9a4b2e5c068c7aa1a7530b32488"),
        ("ECB", "Zeros", 17, BLOCK + "3ab60736f9cd20a2cfe1f24834b6253d"),
        ("ECB", "ANSIX923", 17, BLOCK + "95aaf5bd9065cc228825223bb15e924a"),
    ],
)
def test_modes_and_paddings(mode: str, padding: str, size: int, expected: str) -> None:
    data = byte_array(bytes(range(1, size + 1)))
    made = cipher(mode, padding)
    secret = sym.transform_final_block(sym.create_encryptor(made), data, 0, size)
    assert bytes(secret).hex() == expected
    plain = bytes(sym.transform_final_block(sym.create_decryptor(made), secret, 0, len(secret)))
    assert plain == bytes(data) + (bytes(15) if padding == "Zeros" else b"")


def test_random_padding_round_trip_in_blocks() -> None:
    made = cipher("CBC", "ISO10126")
    data = byte_array(bytes(range(40)))
    encryptor, target = sym.create_encryptor(made), byte_array(bytes(32))
    assert sym.transform_block(encryptor, data, 0, 32, target, 0) == 32
    secret = byte_array(bytes(target) + bytes(sym.transform_final_block(encryptor, data, 32, 8)))
    decryptor, plain = sym.create_decryptor(made), byte_array(bytes(48))
    count = sym.transform_block(decryptor, secret, 0, 32, plain, 0)
    assert count == 16
    assert bytes(plain[:16]) + bytes(sym.transform_final_block(decryptor, secret, 32, 16)) == bytes(data)


def test_unsupported_modes() -> None:
    for mode in ("CFB", "OFB", "CTS"):
        with pytest.raises(CryptographicException, match="Specified cipher mode is not valid"):
            sym.create_encryptor(cipher(mode, "PKCS7"))


def test_settings() -> None:
    made = sym.create("AES")
    assert made is not None
    assert type_of(made).full_name == "System.Security.Cryptography.AesCryptoServiceProvider"
    assert (made.key_size, len(made.key), len(made.iv), made.feedback) == (256, 32, 16, 8)
    made.resize(128)
    assert len(made.key) == 16
    first = made.key
    made.forget_key()
    assert made.key != first
    assert sym.valid_key_size(made, 192)
    assert not sym.valid_key_size(made, 100)
    assert sym.create("nope") is None
    assert bytes(ext.decrypt_with(ext.encrypt_with(byte_array(HELLO), made), made)) == HELLO


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda c: setattr(c, "key", bytes(3)), "Specified key is not a valid size"),
        (lambda c: setattr(c, "iv", bytes(3)), "Specified initialization vector"),
        (lambda c: c.resize(100), "Specified key is not a valid size"),
    ],
)
def test_bad_settings(change: Any, message: str) -> None:
    with pytest.raises(CryptographicException, match=message):
        change(sym.create("AES"))
