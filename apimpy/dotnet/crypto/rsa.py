"""RSA keys: sign, verify, encrypt, decrypt, and exchange as parameters or XML."""

from __future__ import annotations

import base64
import re
from typing import TYPE_CHECKING, Any

from apimpy.dotnet.crypto.hash_ import digest
from apimpy.dotnet.decl import clr_type, enum_type
from apimpy.dotnet.exceptions import ArgumentException, ArgumentNullException, CryptographicException
from apimpy.dotnet.web.octets import byte_array, octets
from apimpy.record import Record

if TYPE_CHECKING:
    from collections.abc import Callable

    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
    from cryptography.hazmat.primitives.hashes import HashAlgorithm

    from apimpy.dotnet.values import Array, EnumValue

__all__ = ["EncryptionPadding", "HashName", "RsaKey", "SignaturePadding"]

SPACE = "System.Security.Cryptography."
HASHES = ("MD5", "SHA1", "SHA256", "SHA384", "SHA512")


class HashName(Record, frozen=True, eq=True):
    """A HashAlgorithmName."""

    name: str | None = None

    def clr_to_string(self) -> str:
        return self.name or ""


class SignaturePadding(Record, frozen=True, eq=True):
    """An RSASignaturePadding: `Pkcs1` or `Pss`."""

    mode: str

    def clr_to_string(self) -> str:
        return self.mode


class EncryptionPadding(Record, frozen=True, eq=True):
    """An RSAEncryptionPadding; `hash_name` of OAEP."""

    mode: str
    hash_name: HashName = HashName()

    def clr_to_string(self) -> str:
        return self.mode + self.hash_name.clr_to_string()


class Parameters(Record):
    """RSAParameters: numbers as big-endian bytes, None for what a public key does not have."""

    numbers: dict[str, bytes | None]


class RsaKey:
    """An RSA key pair, or a public key only.  Without a key a pair is made when it is first needed."""

    __slots__ = ("_private", "_public", "bits")

    def __init__(
        self, private: RSAPrivateKey | None = None, public: RSAPublicKey | None = None, bits: int = 2048
    ) -> None:
        self._private, self._public = private, public
        self.bits = bits

    def clr_to_string(self) -> str:
        return SPACE + "RSACng"

    def _ensure(self) -> None:
        if self._private is None and self._public is None:
            from cryptography.hazmat.primitives.asymmetric import rsa as keys

            self._private = keys.generate_private_key(65537, self.bits)

    @property
    def private(self) -> RSAPrivateKey:
        self._ensure()
        if self._private is None:
            raise CryptographicException("Key does not exist.")
        return self._private

    @property
    def has_private(self) -> bool:
        self._ensure()
        return self._private is not None

    @property
    def public(self) -> RSAPublicKey:
        self._ensure()
        if self._public is None:
            assert self._private is not None
            self._public = self._private.public_key()
        return self._public

    @property
    def key_size(self) -> int:
        if self._private is None and self._public is None:
            return self.bits
        return self.public.key_size

    def replace(self, private: RSAPrivateKey | None, public: RSAPublicKey | None) -> None:
        self._private, self._public = private, public

    def dispose(self) -> None:
        """Nothing to release."""


def _algorithm(name: HashName) -> HashAlgorithm:
    from cryptography.hazmat.primitives import hashes

    if not name.name:
        raise ArgumentException("The hash algorithm name cannot be null or empty.", "hashAlgorithm")
    found = name.name.upper()
    if found not in HASHES:
        raise CryptographicException(f"'{name.name}' is not a known hash algorithm.")
    made: HashAlgorithm = getattr(hashes, found)()
    return made


def _signature(padding: SignaturePadding | None, algorithm: HashAlgorithm) -> Any:
    from cryptography.hazmat.primitives.asymmetric import padding as schemes

    if padding is None:
        raise ArgumentNullException("padding")
    if padding.mode == "Pkcs1":
        return schemes.PKCS1v15()
    return schemes.PSS(schemes.MGF1(algorithm), algorithm.digest_size)


def _encryption(padding: EncryptionPadding | None) -> Any:
    from cryptography.hazmat.primitives.asymmetric import padding as schemes

    if padding is None:
        raise ArgumentNullException("padding")
    if padding.mode == "Pkcs1":
        return schemes.PKCS1v15()
    algorithm = _algorithm(padding.hash_name)
    return schemes.OAEP(schemes.MGF1(algorithm), algorithm, None)


# --- declarations ----------------------------------------------------------------------------------------------------

hash_algorithm_name = clr_type(SPACE + "HashAlgorithmName", kind="struct", python=HashName)
signature_mode = enum_type(SPACE + "RSASignaturePaddingMode", ("Pkcs1", "Pss"), allowed="")
encryption_mode = enum_type(SPACE + "RSAEncryptionPaddingMode", ("Pkcs1", "Oaep"), allowed="")
signature_padding = clr_type(SPACE + "RSASignaturePadding", python=SignaturePadding)
encryption_padding = clr_type(SPACE + "RSAEncryptionPadding", python=EncryptionPadding)
rsa_parameters = clr_type(SPACE + "RSAParameters", kind="struct", python=Parameters, allowed="")
asymmetric = clr_type(SPACE + "AsymmetricAlgorithm", bases="object, IDisposable")
rsa = clr_type(SPACE + "RSA", bases="AsymmetricAlgorithm", python=RsaKey)
rsa_cng = clr_type(SPACE + "RSACng", bases="RSA", allowed="")
rsa_provider = clr_type(SPACE + "RSACryptoServiceProvider", bases="RSA", allowed="")

for _name in HASHES:
    hash_algorithm_name.const(f"HashAlgorithmName {_name}", HashName(_name))
for _name in ("Pkcs1", "Pss"):
    signature_padding.const(f"RSASignaturePadding {_name}", SignaturePadding(_name))
encryption_padding.const("RSAEncryptionPadding Pkcs1", EncryptionPadding("Pkcs1"))
for _name in HASHES[1:]:
    encryption_padding.const(f"RSAEncryptionPadding Oaep{_name}", EncryptionPadding("Oaep", HashName(_name)))

hash_algorithm_name.ctor("HashAlgorithmName(string? name)", HashName)
hash_algorithm_name.prop("string? Name", attr="name")
hash_algorithm_name.method("string ToString()", HashName.clr_to_string)


@hash_algorithm_name.method("static bool operator ==(HashAlgorithmName left, HashAlgorithmName right)")
def same_name(a: HashName, b: HashName) -> bool:
    return a == b


@hash_algorithm_name.method("static bool operator !=(HashAlgorithmName left, HashAlgorithmName right)")
def other_name(a: HashName, b: HashName) -> bool:
    return a != b


@signature_padding.prop("RSASignaturePaddingMode Mode")
def signature_padding_mode(self: SignaturePadding) -> EnumValue:
    return signature_mode.enum_members[self.mode]  # type: ignore[no-any-return]


@encryption_padding.prop("RSAEncryptionPaddingMode Mode")
def encryption_padding_mode(self: EncryptionPadding) -> EnumValue:
    return encryption_mode.enum_members[self.mode]  # type: ignore[no-any-return]


encryption_padding.prop("HashAlgorithmName OaepHashAlgorithm", attr="hash_name")


@encryption_padding.method("static RSAEncryptionPadding CreateOaep(HashAlgorithmName hashAlgorithm)")
def create_oaep(name: HashName) -> EncryptionPadding:
    return EncryptionPadding("Oaep", name)


asymmetric.method("void Dispose()", RsaKey.dispose)
asymmetric.method("void Clear()", RsaKey.dispose)


def _set_key_size(self: RsaKey, bits: int) -> None:
    if self.key_size != bits:
        _check_size(bits)
        self.bits = bits
        self.replace(None, None)


asymmetric.prop("int KeySize", attr="key_size", setter=_set_key_size)


def _check_size(bits: int) -> None:
    if not 1024 <= bits <= 4096 or bits % 8:
        raise CryptographicException("Specified key is not a valid size for this algorithm.")


@asymmetric.prop("string SignatureAlgorithm")
def signature_algorithm(self: RsaKey) -> str:
    return "RSA"


@asymmetric.prop("string KeyExchangeAlgorithm")
def key_exchange_algorithm(self: RsaKey) -> str:
    return "RSA"


@rsa.method("static RSA Create()")
def create() -> RsaKey:
    return RsaKey()


@rsa.method("static RSA Create(int keySizeInBits)")
def create_sized(bits: int) -> RsaKey:
    _check_size(bits)
    return RsaKey(bits=bits)


@rsa.method("static RSA? Create(string algName)")
def create_named(name: str | None) -> RsaKey | None:
    if name is None:
        raise ArgumentNullException("name")
    return RsaKey() if name.lower() in ("rsa", "system.security.cryptography.rsa") else None


@rsa.method("static RSA Create(RSAParameters parameters)")
def create_from(parameters: Parameters) -> RsaKey:
    made = RsaKey()
    import_parameters(made, parameters)
    return made


rsa_cng.ctor("RSACng()", create)
rsa_provider.ctor("RSACryptoServiceProvider()", create)


@rsa.method("byte[] SignData(byte[] data, HashAlgorithmName hashAlgorithm, RSASignaturePadding padding)")
def sign_data(self: RsaKey, data: Array | None, name: HashName, padding: SignaturePadding | None) -> Array:
    raw = octets(data, "data")
    algorithm = _algorithm(name)
    return byte_array(self.private.sign(raw, _signature(padding, algorithm), algorithm))


@rsa.method(
    "byte[] SignData(byte[] data, int offset, int count, HashAlgorithmName hashAlgorithm, RSASignaturePadding padding)"
)
def sign_data_part(
    self: RsaKey, data: Array | None, offset: int, count: int, name: HashName, padding: SignaturePadding | None
) -> Array:
    raw = octets(data, "data")[offset : offset + count]
    algorithm = _algorithm(name)
    return byte_array(self.private.sign(raw, _signature(padding, algorithm), algorithm))


@rsa.method("byte[] SignHash(byte[] hash, HashAlgorithmName hashAlgorithm, RSASignaturePadding padding)")
def sign_hash(self: RsaKey, hash: Array | None, name: HashName, padding: SignaturePadding | None) -> Array:
    raw, algorithm = _hashed(hash, name)
    return byte_array(self.private.sign(raw, _signature(padding, algorithm), _prehashed(algorithm)))


def _hashed(hash: Array | None, name: HashName) -> tuple[bytes, HashAlgorithm]:
    raw, algorithm = octets(hash, "hash"), _algorithm(name)
    if len(raw) != algorithm.digest_size:
        raise CryptographicException(
            f"{name.name} algorithm hash size is {algorithm.digest_size} bytes. "
            f"The specified hash has {len(raw)} bytes."
        )
    return raw, algorithm


def _prehashed(algorithm: HashAlgorithm) -> Any:
    from cryptography.hazmat.primitives.asymmetric.utils import Prehashed

    return Prehashed(algorithm)


@rsa.method(
    "bool VerifyData(byte[] data, byte[] signature, HashAlgorithmName hashAlgorithm, RSASignaturePadding padding)"
)
def verify_data(
    self: RsaKey, data: Array | None, signature: Array | None, name: HashName, padding: SignaturePadding | None
) -> bool:
    raw, algorithm = octets(data, "data"), _algorithm(name)
    return _verify(self, digest(name.name, raw), octets(signature, "signature"), algorithm, padding)


@rsa.method(
    "bool VerifyHash(byte[] hash, byte[] signature, HashAlgorithmName hashAlgorithm, RSASignaturePadding padding)"
)
def verify_hash(
    self: RsaKey, hash: Array | None, signature: Array | None, name: HashName, padding: SignaturePadding | None
) -> bool:
    raw, algorithm = octets(hash, "hash"), _algorithm(name)
    if len(raw) != algorithm.digest_size:
        return False
    return _verify(self, raw, octets(signature, "signature"), algorithm, padding)


def _verify(
    self: RsaKey, hash: bytes, signature: bytes, algorithm: HashAlgorithm, padding: SignaturePadding | None
) -> bool:
    from cryptography.exceptions import InvalidSignature

    scheme = _signature(padding, algorithm)
    try:
        self.public.verify(signature, hash, scheme, _prehashed(algorithm))
    except InvalidSignature:
        return False
    return True


@rsa.method("byte[] Encrypt(byte[] data, RSAEncryptionPadding padding)")
def encrypt(self: RsaKey, data: Array | None, padding: EncryptionPadding | None) -> Array:
    raw, scheme = octets(data, "data"), _encryption(padding)
    try:
        return byte_array(self.public.encrypt(raw, scheme))
    except ValueError as error:
        raise CryptographicException("The parameter is incorrect.") from error


@rsa.method("byte[] Decrypt(byte[] data, RSAEncryptionPadding padding)")
def decrypt(self: RsaKey, data: Array | None, padding: EncryptionPadding | None) -> Array:
    raw, scheme = octets(data, "data"), _encryption(padding)
    try:
        return byte_array(self.private.decrypt(raw, scheme))
    except ValueError as error:
        raise CryptographicException("The parameter is incorrect.") from error


# --- parameters ------------------------------------------------------------------------------------------------------

_FIELDS = ("Modulus", "Exponent", "P", "Q", "DP", "DQ", "InverseQ", "D")


def _field(name: str) -> tuple[Callable[[Parameters], Array | None], Callable[[Parameters, Array | None], None]]:
    def get(self: Parameters) -> Array | None:
        value = self.numbers.get(name)
        return None if value is None else byte_array(value)

    def put(self: Parameters, value: Array | None) -> None:
        self.numbers[name] = None if value is None else bytes(value)

    return get, put


@rsa_parameters.ctor("RSAParameters()")
def new_parameters() -> Parameters:
    return Parameters({})


for _name in _FIELDS:
    rsa_parameters.prop(f"byte[]? {_name}", *_field(_name))


def _big_endian(value: int, size: int | None = None) -> bytes:
    return value.to_bytes(size or (value.bit_length() + 7) // 8 or 1, "big")


@rsa.method("RSAParameters ExportParameters(bool includePrivateParameters)")
def export_parameters(self: RsaKey, with_private: bool) -> Parameters:
    public = self.public.public_numbers()
    size = (self.public.key_size + 7) // 8
    numbers: dict[str, bytes | None] = {"Modulus": _big_endian(public.n, size), "Exponent": _big_endian(public.e)}
    if with_private:
        secret = self.private.private_numbers()
        half = (size + 1) // 2
        for name, value in (
            ("P", secret.p),
            ("Q", secret.q),
            ("DP", secret.dmp1),
            ("DQ", secret.dmq1),
            ("InverseQ", secret.iqmp),
        ):
            numbers[name] = _big_endian(value, half)
        numbers["D"] = _big_endian(secret.d, size)
    return Parameters(numbers)


@rsa.method("void ImportParameters(RSAParameters parameters)")
def import_parameters(self: RsaKey, parameters: Parameters) -> None:
    from cryptography.hazmat.primitives.asymmetric import rsa as keys

    values = {n: int.from_bytes(v, "big") for n, v in parameters.numbers.items() if v is not None}
    if "Modulus" not in values or "Exponent" not in values:
        raise CryptographicException(
            "The specified RSA parameters are not valid; both Exponent and Modulus are required fields."
        )
    public = keys.RSAPublicNumbers(values["Exponent"], values["Modulus"])
    try:
        if "D" not in values:
            self.replace(None, public.public_key())
            return
        if {"P", "Q", "DP", "DQ", "InverseQ"} <= set(values):
            p, q, dp, dq, inverse = (values[n] for n in ("P", "Q", "DP", "DQ", "InverseQ"))
        else:
            p, q = keys.rsa_recover_prime_factors(public.n, public.e, values["D"])
            dp, dq, inverse = values["D"] % (p - 1), values["D"] % (q - 1), keys.rsa_crt_iqmp(p, q)
        private = keys.RSAPrivateNumbers(p, q, values["D"], dp, dq, inverse, public)
        self.replace(private.private_key(), None)
    except ValueError as error:
        raise CryptographicException("The specified RSA parameters are not valid.") from error


@rsa.method("string ToXmlString(bool includePrivateParameters)")
def to_xml_string(self: RsaKey, with_private: bool) -> str:
    numbers = export_parameters(self, with_private).numbers
    parts = (f"<{n}>{base64.b64encode(v).decode()}</{n}>" for n in _FIELDS if (v := numbers.get(n)) is not None)
    return f"<RSAKeyValue>{''.join(parts)}</RSAKeyValue>"


@rsa.method("void FromXmlString(string xmlString)")
def from_xml_string(self: RsaKey, text: str | None) -> None:
    if text is None:
        raise ArgumentNullException("xmlString")
    numbers: dict[str, bytes | None] = {}
    for name, value in re.findall(r"<(\w+)>\s*([A-Za-z0-9+/=\s]+)</\1>", text):
        if name in _FIELDS:
            numbers[name] = base64.b64decode(value)
    import_parameters(self, Parameters(numbers))
