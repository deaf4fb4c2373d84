"""SymmetricAlgorithm: AES (Rijndael with 128-bit blocks), Triple DES and DES, in CBC and ECB mode.

The other modes of `CipherMode` are refused as .NET refuses them.  RC2 is declared; only its 128-bit form runs.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

from apimpy.csharp.types import ClrType, Type
from apimpy.dotnet.crypto import hash_
from apimpy.dotnet.crypto.hash_ import Hasher, crypto_transform
from apimpy.dotnet.decl import TypeDecl, clr_type, enum_type
from apimpy.dotnet.exceptions import (
    ArgumentException,
    ArgumentNullException,
    ArgumentOutOfRangeException,
    CryptographicException,
    ObjectDisposedException,
)
from apimpy.dotnet.web.octets import byte_array
from apimpy.record import Record

if TYPE_CHECKING:
    from apimpy.dotnet.values import Array, EnumValue

__all__ = ["Cipher", "Transform", "create", "transform_all"]

SPACE = "System.Security.Cryptography."

cipher_mode = enum_type(SPACE + "CipherMode", {"CBC": 1, "ECB": 2, "OFB": 3, "CFB": 4, "CTS": 5})
padding_mode = enum_type(SPACE + "PaddingMode", {"None": 1, "PKCS7": 2, "Zeros": 3, "ANSIX923": 4, "ISO10126": 5})
CBC: EnumValue = cipher_mode.enum_members["CBC"]
PKCS7: EnumValue = padding_mode.enum_members["PKCS7"]


class Family(Record, frozen=True, eq=True):
    """Facts of one cipher; sizes in bytes."""

    name: str
    block: int
    keys: tuple[int, ...]
    default_key: int


AES = Family("AES", 16, (16, 24, 32), 32)
TRIPLE_DES = Family("TripleDES", 8, (16, 24), 24)
DES = Family("DES", 8, (8,), 8)
RC2 = Family("RC2", 8, tuple(range(5, 17)), 16)

_WEAK_DES = frozenset(bytes.fromhex(k) for k in ("00" * 8, "fe" * 8, "1e1e1e1e0e0e0e0e", "e0e0e0e0f0f0f0f0"))
_BAD_KEY = "Specified key is not a valid size for this algorithm."
_BAD_IV = "Specified initialization vector (IV) does not match the block size for this algorithm."


class Cipher:
    """A SymmetricAlgorithm with its settings.  Key and IV are made at random when they are first needed."""

    __slots__ = ("_iv", "_key", "clr_name", "disposed", "family", "feedback", "key_size", "mode", "padding")

    def __init__(self, clr_name: str, family: Family) -> None:
        self.clr_name, self.family = clr_name, family
        self.mode, self.padding = CBC, PKCS7
        self.key_size = family.default_key * 8
        self.feedback = 8
        self._key: bytes | None = None
        self._iv: bytes | None = None
        self.disposed = False

    @property
    def clr_type(self) -> Type:
        universe = ClrType.universe
        assert universe is not None
        return universe.named(SPACE + self.clr_name)

    @property
    def key(self) -> bytes:
        if self._key is None:
            self._key = secrets.token_bytes(self.key_size // 8)
        return self._key

    @key.setter
    def key(self, value: bytes) -> None:
        if len(value) not in self.family.keys:
            raise CryptographicException(_BAD_KEY)
        self._key, self.key_size = value, len(value) * 8

    @property
    def iv(self) -> bytes:
        if self._iv is None:
            self._iv = secrets.token_bytes(self.family.block)
        return self._iv

    @iv.setter
    def iv(self, value: bytes) -> None:
        if len(value) != self.family.block:
            raise CryptographicException(_BAD_IV)
        self._iv = value

    def resize(self, bits: int) -> None:
        if bits % 8 or bits // 8 not in self.family.keys:
            raise CryptographicException(_BAD_KEY)
        self.key_size, self._key = bits, None

    def forget_key(self) -> None:
        self._key = None

    def forget_iv(self) -> None:
        self._iv = None

    def transform(self, key: bytes | None, iv: bytes | None, *, encrypt: bool) -> Transform:
        """CreateEncryptor / CreateDecryptor with an explicit key and IV."""
        if self.disposed:
            raise ObjectDisposedException
        if key is None:
            raise ArgumentNullException("rgbKey")
        if len(key) not in self.family.keys:
            raise ArgumentException(_BAD_KEY, "rgbKey")
        if iv is not None and len(iv) != self.family.block:
            raise ArgumentException(_BAD_IV, "rgbIV")
        if self.mode.value not in (1, 2):
            raise CryptographicException("Specified cipher mode is not valid for this algorithm.")
        if iv is None and self.mode.value == 1:
            raise CryptographicException(
                "The cipher mode specified requires that an initialization vector (IV) be used."
            )
        engine = _engine(self.family, key, iv if self.mode.value == 1 else None, encrypt)
        return Transform(engine, self.family.block, self.padding.value, encrypt)

    def dispose(self) -> None:
        self.disposed = True
        self._key = self._iv = None

    def clr_to_string(self) -> str:
        return SPACE + self.clr_name


def _engine(family: Family, key: bytes, iv: bytes | None, encrypt: bool) -> Any:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.decrepit.ciphers import algorithms as old
    from cryptography.hazmat.primitives.ciphers import Cipher as Engine
    from cryptography.hazmat.primitives.ciphers import algorithms, modes

    algorithm: Any
    if family is AES:
        algorithm = algorithms.AES(key)
    elif family is RC2:
        if len(key) != 16:
            raise CryptographicException("RC2 is available with a key of 128 bits only.")
        algorithm = old.RC2(key)
    elif family is DES:
        if bytes(b & 0xFE for b in key) in _WEAK_DES:
            raise CryptographicException("Specified key is a known weak key for 'DES' and cannot be used.")
        algorithm = old.TripleDES(key * 3)
    else:
        algorithm = old.TripleDES(key + key[:8] if len(key) == 16 else key)
    try:
        engine = Engine(algorithm, modes.ECB() if iv is None else modes.CBC(iv))  # noqa: S305 the policy's own choice
        return engine.encryptor() if encrypt else engine.decryptor()
    except UnsupportedAlgorithm as error:
        raise CryptographicException(str(error)) from error


class Transform:
    """An ICryptoTransform: whole blocks at once, padding in the final one."""

    __slots__ = ("block", "encrypt", "engine", "held", "padding")

    def __init__(self, engine: Any, block: int, padding: int, encrypt: bool) -> None:
        self.engine, self.block, self.padding, self.encrypt = engine, block, padding, encrypt
        self.held = b""
        """The last block of a decryption: it may be padding."""

    @property
    def clr_type(self) -> Type:
        return crypto_transform.of()

    def update(self, data: bytes) -> bytes:
        if len(data) % self.block:
            raise ArgumentException("Value was invalid.")
        out: bytes = self.engine.update(data)
        if self.encrypt or self.padding in (1, 3):
            return out
        out = self.held + out
        self.held = out[-self.block :]
        return out[: -self.block]

    def finish(self, data: bytes) -> bytes:
        if self.encrypt:
            padded: bytes = self.engine.update(self._pad(data)) + self.engine.finalize()
            return padded
        if len(data) % self.block:
            raise CryptographicException("The input data is not a complete block.")
        plain: bytes = self.held + self.engine.update(data) + self.engine.finalize()
        self.held = b""
        return self._unpad(plain)

    def _pad(self, data: bytes) -> bytes:
        rest = len(data) % self.block
        missing = self.block - rest
        if self.padding == 1:
            if rest:
                raise CryptographicException("The input data is not a complete block.")
            return data
        if self.padding == 3:
            return data + bytes(missing if rest else 0)
        if self.padding == 2:
            return data + bytes([missing]) * missing
        filler = bytes(missing - 1) if self.padding == 4 else secrets.token_bytes(missing - 1)
        return data + filler + bytes([missing])

    def _unpad(self, data: bytes) -> bytes:
        if self.padding in (1, 3) or not data:
            return data
        size = data[-1]
        filler = data[-size:-1] if size else b""
        fine = 0 < size <= self.block and (
            self.padding == 5 or filler == (bytes([size]) if self.padding == 2 else b"\0") * (size - 1)
        )
        if not fine:
            raise CryptographicException("Padding is invalid and cannot be removed.")
        return data[:-size]

    def dispose(self) -> None:
        self.held = b""


def create(name: str | None) -> Cipher | None:
    """`SymmetricAlgorithm.Create(name)`: null for an unknown name."""
    if name is None:
        raise ArgumentNullException("name")
    found = _BY_NAME.get(name.removeprefix(SPACE).upper())
    return None if found is None else Cipher(*found)


def transform_all(data: bytes, cipher: Cipher, key: bytes | None, iv: bytes | None, *, encrypt: bool) -> Array:
    """Encrypt or decrypt a whole message."""
    return byte_array(cipher.transform(key, iv, encrypt=encrypt).finish(data))


_CLASSES: tuple[tuple[str, Family], ...] = (
    ("AesManaged", AES),
    ("AesCryptoServiceProvider", AES),
    ("RijndaelManaged", AES),
    ("TripleDESCryptoServiceProvider", TRIPLE_DES),
    ("DESCryptoServiceProvider", DES),
    ("RC2CryptoServiceProvider", RC2),
)
_BY_NAME: dict[str, tuple[str, Family]] = {
    **{name.upper(): (name, family) for name, family in _CLASSES},
    "AES": ("AesCryptoServiceProvider", AES),
    "RIJNDAEL": ("RijndaelManaged", AES),
    "TRIPLEDES": ("TripleDESCryptoServiceProvider", TRIPLE_DES),
    "TRIPLE DES": ("TripleDESCryptoServiceProvider", TRIPLE_DES),
    "3DES": ("TripleDESCryptoServiceProvider", TRIPLE_DES),
    "DES": ("DESCryptoServiceProvider", DES),
    "RC2": ("RC2CryptoServiceProvider", RC2),
}


# --- declarations ----------------------------------------------------------------------------------------------------

symmetric = clr_type(SPACE + "SymmetricAlgorithm", bases="object, IDisposable", python=Cipher)


def _octets(value: Array | None) -> bytes | None:
    return None if value is None else bytes(value)


@symmetric.method(
    "static SymmetricAlgorithm Create()", unsupported='name the algorithm: SymmetricAlgorithm.Create("AES")'
)
def create_default() -> Cipher:
    raise CryptographicException('name the algorithm: SymmetricAlgorithm.Create("AES")')


symmetric.method("static SymmetricAlgorithm? Create(string algName)", create)


@symmetric.method("ICryptoTransform CreateEncryptor()")
def create_encryptor(self: Cipher) -> Transform:
    return self.transform(self.key, self.iv, encrypt=True)


@symmetric.method("ICryptoTransform CreateEncryptor(byte[] rgbKey, byte[]? rgbIV)")
def create_encryptor_with(self: Cipher, key: Array | None, iv: Array | None) -> Transform:
    return self.transform(_octets(key), _octets(iv), encrypt=True)


@symmetric.method("ICryptoTransform CreateDecryptor()")
def create_decryptor(self: Cipher) -> Transform:
    return self.transform(self.key, self.iv, encrypt=False)


@symmetric.method("ICryptoTransform CreateDecryptor(byte[] rgbKey, byte[]? rgbIV)")
def create_decryptor_with(self: Cipher, key: Array | None, iv: Array | None) -> Transform:
    return self.transform(_octets(key), _octets(iv), encrypt=False)


symmetric.method("void GenerateKey()", Cipher.forget_key)
symmetric.method("void GenerateIV()", Cipher.forget_iv)
symmetric.method("void Clear()", Cipher.dispose)
symmetric.method("void Dispose()", Cipher.dispose)


@symmetric.method("bool ValidKeySize(int bitLength)")
def valid_key_size(self: Cipher, bits: int) -> bool:
    return bits % 8 == 0 and bits // 8 in self.family.keys


def _key(self: Cipher) -> Array:
    return byte_array(self.key)


def _set_key(self: Cipher, value: Array | None) -> None:
    if value is None:
        raise ArgumentNullException("value")
    self.key = bytes(value)


def _iv(self: Cipher) -> Array:
    return byte_array(self.iv)


def _set_iv(self: Cipher, value: Array | None) -> None:
    if value is None:
        raise ArgumentNullException("value")
    self.iv = bytes(value)


def _set_mode(self: Cipher, value: EnumValue) -> None:
    if value.value not in (1, 2, 3, 4, 5):
        raise CryptographicException("Specified cipher mode is not valid for this algorithm.")
    self.mode = value


def _set_padding(self: Cipher, value: EnumValue) -> None:
    if value.value not in (1, 2, 3, 4, 5):
        raise CryptographicException("Specified padding mode is not valid for this algorithm.")
    self.padding = value


def _block_size(self: Cipher) -> int:
    return self.family.block * 8


def _set_block_size(self: Cipher, value: int) -> None:
    if value != self.family.block * 8:
        raise CryptographicException("Specified block size is not valid for this algorithm.")


def _set_feedback(self: Cipher, value: int) -> None:
    if value % 8 or not 0 < value <= self.family.block * 8:
        raise CryptographicException("Specified feedback size is not valid for this algorithm.")
    self.feedback = value


symmetric.prop("byte[] Key", _key, _set_key)
symmetric.prop("byte[] IV", _iv, _set_iv)
symmetric.prop("CipherMode Mode", setter=_set_mode, attr="mode")
symmetric.prop("PaddingMode Padding", setter=_set_padding, attr="padding")
symmetric.prop("int KeySize", setter=Cipher.resize, attr="key_size")
symmetric.prop("int BlockSize", _block_size, _set_block_size)
symmetric.prop("int FeedbackSize", setter=_set_feedback, attr="feedback")


def _base(name: str, implementation: str, family: Family) -> TypeDecl:
    decl = clr_type(SPACE + name, bases="SymmetricAlgorithm", allowed="")

    def make() -> Cipher:
        return Cipher(implementation, family)

    def make_named(algorithm: str | None) -> Cipher | None:
        return create(algorithm)

    decl.method(f"static {name} Create()", make)
    decl.method(f"static {name}? Create(string algorithmName)", make_named)
    return decl


def _class(name: str, base: str, family: Family) -> TypeDecl:
    decl = clr_type(SPACE + name, bases=base, allowed="")

    def make() -> Cipher:
        return Cipher(name, family)

    decl.ctor(f"{name}()", make)
    return decl


aes = _base("Aes", "AesCryptoServiceProvider", AES)
rijndael = _base("Rijndael", "RijndaelManaged", AES)
triple_des = _base("TripleDES", "TripleDESCryptoServiceProvider", TRIPLE_DES)
des = _base("DES", "DESCryptoServiceProvider", DES)
rc2 = _base("RC2", "RC2CryptoServiceProvider", RC2)
aes_managed = _class("AesManaged", "Aes", AES)
aes_provider = _class("AesCryptoServiceProvider", "Aes", AES)
rijndael_managed = _class("RijndaelManaged", "Rijndael", AES)
triple_des_provider = _class("TripleDESCryptoServiceProvider", "TripleDES", TRIPLE_DES)
des_provider = _class("DESCryptoServiceProvider", "DES", DES)
rc2_provider = _class("RC2CryptoServiceProvider", "RC2", RC2)


# --- ICryptoTransform ------------------------------------------------------------------------------------------------
# A HashAlgorithm is a transform too.


def _part(source: Array | None, offset: int, count: int) -> bytes:
    if source is None:
        raise ArgumentNullException("inputBuffer")
    if offset < 0:
        raise ArgumentOutOfRangeException("inputOffset", "Non-negative number required.")
    if count < 0 or count > len(source) - offset:
        raise ArgumentException("Value was invalid.")
    return bytes(source[offset : offset + count])


@crypto_transform.method("byte[] TransformFinalBlock(byte[] inputBuffer, int inputOffset, int inputCount)")
def transform_final_block(self: Transform | Hasher, source: Array | None, offset: int, count: int) -> Array:
    if isinstance(self, Hasher):
        return hash_.transform_final_block(self, source, offset, count)
    return byte_array(self.finish(_part(source, offset, count)))


@crypto_transform.method(
    "int TransformBlock(byte[] inputBuffer, int inputOffset, int inputCount, byte[] outputBuffer, int outputOffset)"
)
def transform_block(
    self: Transform | Hasher, source: Array | None, offset: int, count: int, target: Array | None, target_offset: int
) -> int:
    if isinstance(self, Hasher):
        return hash_.transform_block(self, source, offset, count, target, target_offset)
    if target is None:
        raise ArgumentNullException("outputBuffer")
    made = self.update(_part(source, offset, count))
    if target_offset < 0 or len(made) > len(target) - target_offset:
        raise ArgumentOutOfRangeException("outputBuffer")
    target[target_offset : target_offset + len(made)] = made
    return len(made)


@crypto_transform.prop("int InputBlockSize")
def input_block_size(self: Transform | Hasher) -> int:
    return 1 if isinstance(self, Hasher) else self.block


@crypto_transform.prop("int OutputBlockSize")
def output_block_size(self: Transform | Hasher) -> int:
    return 1 if isinstance(self, Hasher) else self.block


@crypto_transform.method("void Dispose()")
def dispose(self: Transform | Hasher) -> None:
    self.dispose()
