"""HashAlgorithm and HMAC families.

    SHA256.Create().ComputeHash(bytes)   →   Hasher("sha256", …).compute(bytes)

All concrete classes share one Python class; `clr_name` says which C# class an object is.
"""

from __future__ import annotations

import hashlib
import hmac as hmac_
import secrets
from typing import TYPE_CHECKING, Any

from apimpy.csharp.types import ClrType, Type
from apimpy.dotnet.decl import TypeDecl, clr_type
from apimpy.dotnet.exceptions import (
    ArgumentException,
    ArgumentNullException,
    ArgumentOutOfRangeException,
    CryptographicException,
    InvalidCastException,
    NullReferenceException,
    ObjectDisposedException,
)
from apimpy.dotnet.web.octets import byte_array

if TYPE_CHECKING:
    from collections.abc import Callable

    from apimpy.dotnet.values import Array

__all__ = ["HMACS", "Hasher", "digest", "hash_algorithm"]

SPACE = "System.Security.Cryptography."
FAMILIES = ("MD5", "SHA1", "SHA256", "SHA384", "SHA512")
HMACS = tuple("HMAC" + f for f in FAMILIES)


class Hasher:
    """A HashAlgorithm: what it has been fed, and the last finished hash."""

    __slots__ = ("_key", "_open", "_state", "clr_name", "disposed", "name", "value")

    def __init__(self, clr_name: str, name: str, key: bytes | None = None) -> None:
        self.clr_name, self.name = clr_name, name
        self._key = key
        self._state: Any = None
        self._open = False
        self.value: bytes | None = None
        self.disposed = False
        if key is not None:
            self.rekey(key)

    @property
    def clr_type(self) -> Type:
        universe = ClrType.universe
        assert universe is not None
        return universe.named(SPACE + self.clr_name)

    @property
    def key(self) -> bytes | None:
        return self._key

    def rekey(self, key: bytes) -> None:
        block = hashlib.new(self.name).block_size
        self._key = key if len(key) <= block else hashlib.new(self.name, key).digest()

    @property
    def size(self) -> int:
        """Bytes of a hash."""
        return int(hashlib.new(self.name).digest_size)

    def _alive(self) -> None:
        if self.disposed:
            raise ObjectDisposedException

    def compute(self, data: bytes) -> bytes:
        self._alive()
        if self._open:
            self.update(data)
            return self.finish()
        key = self._key
        self.value = hashlib.new(self.name, data).digest() if key is None else hmac_.digest(key, data, self.name)
        return self.value

    def update(self, data: bytes) -> None:
        self._alive()
        if not self._open:
            self._open = True
            self._state = hashlib.new(self.name) if self._key is None else hmac_.new(self._key, digestmod=self.name)
        self._state.update(data)

    def finish(self) -> bytes:
        value: bytes = self._state.digest()
        self.value = value
        self.reset()
        return value

    def reset(self) -> None:
        self._state, self._open = None, False

    @property
    def result(self) -> bytes | None:
        self._alive()
        if self._open:
            raise CryptographicException("Hash must be finalized before the hash value is retrieved.")
        return self.value

    def dispose(self) -> None:
        self.disposed = True
        self._key = self.value = None

    def clr_to_string(self) -> str:
        return SPACE + self.clr_name


def digest(name: str | None, data: bytes) -> bytes:
    """The hash of `data` by the algorithm a HashAlgorithmName names."""
    known = _BY_NAME.get((name or "").upper())
    if known is None:
        raise CryptographicException(f"'{name}' is not a known hash algorithm.")
    return hashlib.new(known[1], data).digest()


def _window(buffer: Array | None, offset: int, count: int, param: str = "buffer") -> bytes:
    if buffer is None:
        raise ArgumentNullException(param)
    if offset < 0:
        raise ArgumentOutOfRangeException("offset", "Non-negative number required.")
    if count < 0 or count > len(buffer):
        raise ArgumentException("Value was invalid.")
    if len(buffer) - count < offset:
        raise ArgumentException(
            "Offset and length were out of bounds for the array or count is greater than the number of elements from "
            "index to the end of the source collection."
        )
    return bytes(buffer[offset : offset + count])


# --- names -----------------------------------------------------------------------------------------------------------

_PROVIDER = {"MD5": "MD5CryptoServiceProvider", "SHA1": "SHA1CryptoServiceProvider"}
_BY_NAME: dict[str, tuple[str, str]] = {}
for _family in FAMILIES:
    _clr = _PROVIDER.get(_family, _family + "Managed")
    for _alias in (_family, _family.replace("SHA", "SHA-", 1), SPACE.upper() + _family):
        _BY_NAME[_alias] = (_clr, _family.lower())
    for _class in ("Managed", "CryptoServiceProvider"):
        _BY_NAME[SPACE.upper() + _family + _class.upper()] = (_family + _class, _family.lower())
_BY_NAME["SHA"] = _BY_NAME["SHA1"]
_HMAC_BY_NAME = {
    prefix + name.upper(): (name, name.removeprefix("HMAC").lower()) for name in HMACS for prefix in ("", SPACE.upper())
}


def create(name: str | None) -> Hasher | None:
    """`HashAlgorithm.Create(name)`: null for an unknown name."""
    if name is None:
        raise ArgumentNullException("name")
    upper = name.upper()
    if upper in _BY_NAME:
        return Hasher(*_BY_NAME[upper])
    return _create_keyed(upper)


def _create_keyed(upper: str) -> Hasher | None:
    found = _HMAC_BY_NAME.get(upper)
    return None if found is None else Hasher(*found, secrets.token_bytes(hashlib.new(found[1]).block_size))


def _create_hmac(name: str | None) -> Hasher | None:
    if name is None:
        raise ArgumentNullException("algName")
    return _create_keyed(name.upper())


# --- declarations ----------------------------------------------------------------------------------------------------

crypto_transform = clr_type(
    "System.Security.Cryptography.ICryptoTransform", kind="interface", bases="IDisposable", allowed=""
)
hash_algorithm = clr_type(SPACE + "HashAlgorithm", bases="object, ICryptoTransform, IDisposable", python=Hasher)
keyed = clr_type(SPACE + "KeyedHashAlgorithm", bases="HashAlgorithm")
hmac = clr_type(SPACE + "HMAC", bases="KeyedHashAlgorithm")


@hash_algorithm.method("byte[] ComputeHash(byte[] buffer)")
def compute_hash(self: Hasher, buffer: Array | None) -> Array:
    if buffer is None:
        raise ArgumentNullException("buffer")
    return byte_array(self.compute(bytes(buffer)))


@hash_algorithm.method("byte[] ComputeHash(byte[] buffer, int offset, int count)")
def compute_hash_part(self: Hasher, buffer: Array | None, offset: int, count: int) -> Array:
    return byte_array(self.compute(_window(buffer, offset, count)))


@hash_algorithm.method(
    "int TransformBlock(byte[] inputBuffer, int inputOffset, int inputCount, byte[]? outputBuffer, int outputOffset)"
)
def transform_block(
    self: Hasher, source: Array | None, offset: int, count: int, target: Array | None, target_offset: int
) -> int:
    data = _window(source, offset, count, "inputBuffer")
    self.update(data)
    if target is not None:
        target[target_offset : target_offset + count] = data
    return count


@hash_algorithm.method("byte[] TransformFinalBlock(byte[] inputBuffer, int inputOffset, int inputCount)")
def transform_final_block(self: Hasher, source: Array | None, offset: int, count: int) -> Array:
    data = _window(source, offset, count, "inputBuffer")
    self.update(data)
    self.finish()
    return byte_array(data)


@hash_algorithm.prop("byte[]? Hash")
def last_hash(self: Hasher) -> Array | None:
    value = self.result
    return None if value is None else byte_array(value)


@hash_algorithm.prop("int HashSize")
def hash_size(self: Hasher) -> int:
    return self.size * 8


@hash_algorithm.prop("int InputBlockSize")
def input_block_size(self: Hasher) -> int:
    return 1


@hash_algorithm.prop("int OutputBlockSize")
def output_block_size(self: Hasher) -> int:
    return 1


@hash_algorithm.prop("bool CanReuseTransform")
def can_reuse(self: Hasher) -> bool:
    return True


@hash_algorithm.prop("bool CanTransformMultipleBlocks")
def can_transform_multiple(self: Hasher) -> bool:
    return True


hash_algorithm.method("void Initialize()", Hasher.reset)
hash_algorithm.method("void Clear()", Hasher.dispose)
hash_algorithm.method("void Dispose()", Hasher.dispose)


@hash_algorithm.method("static HashAlgorithm Create()")
def create_default() -> Hasher:
    return Hasher(*_BY_NAME["SHA1"])  # what .NET Framework does; .NET refuses


hash_algorithm.method("static HashAlgorithm? Create(string hashName)", create)


@keyed.prop("byte[] Key")
def key(self: Hasher) -> Array:
    return byte_array(self.key or b"")


@keyed.method("static KeyedHashAlgorithm Create()")
def create_keyed_default() -> Hasher:
    return Hasher("HMACSHA1", "sha1", secrets.token_bytes(64))


keyed.method("static KeyedHashAlgorithm? Create(string algName)", _create_hmac)
hmac.method("static HMAC Create()", create_keyed_default)
hmac.method("static HMAC? Create(string algorithmName)", _create_hmac)


def _set_key(self: Hasher, value: Array | None) -> None:
    if value is None:
        raise ArgumentNullException("value")
    if self._open:
        raise CryptographicException("Hash key cannot be changed after the first write to the stream.")
    self.rekey(bytes(value))


keyed.declarations["Key"][0].setter = _set_key


@hmac.prop("string HashName")
def hash_name(self: Hasher) -> str:
    return self.name.upper()


def _factory(clr_name: str, name: str) -> Callable[[], Hasher]:
    def make() -> Hasher:
        return Hasher(clr_name, name)

    return make


def _named_factory(family: str) -> Callable[[str | None], Hasher | None]:
    def make(name: str | None) -> Hasher | None:
        made = create(name)
        if made is not None and made.name != family.lower():
            raise InvalidCastException(
                f"Unable to cast object of type '{SPACE}{made.clr_name}' to type '{SPACE}{family}'."
            )
        return made

    return make


def _key_factory(clr_name: str, name: str) -> Callable[[Array | None], Hasher]:
    def make(given: Array | None) -> Hasher:
        if given is None:
            raise NullReferenceException
        return Hasher(clr_name, name, bytes(given))

    return make


def _random_factory(clr_name: str, name: str) -> Callable[[], Hasher]:
    def make() -> Hasher:
        # keys never come from the seedable generator of the run time
        return Hasher(clr_name, name, secrets.token_bytes(hashlib.new(name).block_size))

    return make


def _family_decl(family: str) -> TypeDecl:
    decl = clr_type(SPACE + family, bases="HashAlgorithm")
    decl.method(f"static {family} Create()", _factory(_PROVIDER.get(family, family + "Managed"), family.lower()))
    decl.method(f"static {family}? Create(string hashName)", _named_factory(family))
    return decl


def _class_decl(family: str, suffix: str, allowed: str | None) -> TypeDecl:
    decl = clr_type(SPACE + family + suffix, bases=family, allowed=allowed)
    decl.ctor(f"{family}{suffix}()", _factory(family + suffix, family.lower()))
    return decl


def _hmac_decl(family: str) -> TypeDecl:
    decl = clr_type(f"{SPACE}HMAC{family}", bases="HMAC")
    decl.ctor(f"HMAC{family}()", _random_factory("HMAC" + family, family.lower()))
    decl.ctor(f"HMAC{family}(byte[] key)", _key_factory("HMAC" + family, family.lower()))
    return decl


md5, sha1, sha256, sha384, sha512 = map(_family_decl, FAMILIES)
sha1_managed, sha256_managed, sha384_managed, sha512_managed = (_class_decl(f, "Managed", None) for f in FAMILIES[1:])
md5_provider, sha1_provider, sha256_provider, sha384_provider, sha512_provider = (
    _class_decl(f, "CryptoServiceProvider", "") for f in FAMILIES
)
hmac_md5, hmac_sha1, hmac_sha256, hmac_sha384, hmac_sha512 = map(_hmac_decl, FAMILIES)


@hmac_sha1.ctor("HMACSHA1(byte[] key, bool useManagedSha1)")
def new_managed_sha1(given: Array | None, managed: bool) -> Hasher:
    return _key_factory("HMACSHA1", "sha1")(given)
