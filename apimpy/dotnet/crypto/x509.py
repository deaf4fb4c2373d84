"""X509Certificate2 and what hangs on it.

    cert = Certificate.load(der_or_pem_or_pfx, password)

The object behind `context.Request.Certificate` is a `Certificate`; the gateway and fixtures make it with `load`.
"""

from __future__ import annotations

import base64
import binascii
import calendar
from functools import cache
from typing import TYPE_CHECKING, Any

from apimpy.dotnet.crypto.hash_ import digest
from apimpy.dotnet.crypto.oid import Encoded, Oid, friendly_name, read_element
from apimpy.dotnet.crypto.rsa import HashName, RsaKey
from apimpy.dotnet.crypto.x509_name import NAME_TYPES, name_info, name_text
from apimpy.dotnet.decl import clr_type, enum_type
from apimpy.dotnet.exceptions import ArgumentException, CryptographicException, NotSupportedException
from apimpy.dotnet.values import Array, EnumValue, Runtime, to_string
from apimpy.dotnet.web.octets import byte_array

if TYPE_CHECKING:
    from datetime import datetime

    from cryptography.x509 import Certificate as Raw
    from cryptography.x509 import Name

    from apimpy.dotnet.time.datetime import DateTime

__all__ = ["Certificate"]

SPACE = "System.Security.Cryptography.X509Certificates."


class Certificate:
    """An X509Certificate2: the parsed certificate, its DER bytes, and the private key of a PFX."""

    __slots__ = ("data", "friendly_name", "key", "raw")

    def __init__(self, raw: Raw, data: bytes, key: Any = None) -> None:
        self.raw, self.data, self.key = raw, data, key
        self.friendly_name = ""

    @classmethod
    def load(cls, data: bytes, password: str | None = None) -> Certificate:
        """DER, PEM, base64 of DER, or PKCS#12.  CryptographicException when it is none of them."""
        from cryptography import x509
        from cryptography.hazmat.primitives.serialization import Encoding

        der = _unarmoured(data)
        try:
            raw = x509.load_der_x509_certificate(der)
        except ValueError:
            return cls._load_pfx(der, password)
        return cls(raw, raw.public_bytes(Encoding.DER))

    @classmethod
    def _load_pfx(cls, data: bytes, password: str | None) -> Certificate:
        from cryptography.hazmat.primitives.serialization import Encoding, pkcs12

        try:
            key, raw, _ = pkcs12.load_key_and_certificates(data, None if password is None else password.encode())
        except ValueError as error:
            text = "The specified network password is not correct." if "password" in str(error) else None
            raise CryptographicException(text or "Cannot find the requested object.") from error
        if raw is None:
            raise CryptographicException("Cannot find the requested object.")
        return cls(raw, raw.public_bytes(Encoding.DER), key)

    @property
    def thumbprint(self) -> str:
        return digest("SHA1", self.data).hex().upper()

    @property
    def serial(self) -> bytes:
        """Big-endian, as in DER: a leading zero where the first bit is set."""
        number = self.raw.serial_number
        return number.to_bytes(number.bit_length() // 8 + 1, "big", signed=True)

    @property
    def key_algorithm(self) -> str:
        return str(self.raw.public_key_algorithm_oid.dotted_string)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Certificate) and other.data == self.data

    def __hash__(self) -> int:
        return hash(self.data)

    def dispose(self) -> None:
        """Nothing to release."""

    def clr_to_string(self) -> str:
        blocks = (
            ("Subject", name_text(self.raw.subject)),
            ("Issuer", name_text(self.raw.issuer)),
            ("Serial Number", self.serial.hex().upper()),
            ("Not Before", to_string(_local(self.raw.not_valid_before_utc))),
            ("Not After", to_string(_local(self.raw.not_valid_after_utc))),
            ("Thumbprint", self.thumbprint),
        )
        return "\n".join(f"[{title}]\n  {text}\n" for title, text in blocks)


def _unarmoured(data: bytes) -> bytes:
    """Binary form of PEM or bare base64 (Windows takes both)."""
    text = data.strip()
    if text.startswith(b"-----BEGIN"):
        text = b"".join(line for line in text.splitlines() if not line.startswith(b"-----"))
    elif data[:1] == b"\x30":
        return data
    try:
        return base64.b64decode(b"".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        return data


def _local(moment: datetime) -> DateTime:
    """A moment as DateTime of kind Local: .NET shows validity in the host's zone, which is UTC."""
    from apimpy.dotnet.time.datetime import LOCAL, DateTime
    from apimpy.dotnet.time.ticks import SECOND, UNIX_EPOCH

    return DateTime(UNIX_EPOCH + calendar.timegm(moment.timetuple()) * SECOND, LOCAL)


@cache
def _roots() -> tuple[Raw, ...]:
    """The machine's trusted certificates; those that do not keep the rules of RFC 5280 are passed over."""
    import ssl
    import warnings

    from cryptography import x509

    roots = []
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for der in ssl.create_default_context().get_ca_certs(binary_form=True):
            try:
                roots.append(x509.load_der_x509_certificate(der))
            except (ValueError, Warning):
                continue
    return tuple(roots)


def trusted(cert: Certificate, now: float) -> bool:
    """Valid now, and issued by (or being) a certificate this machine trusts; revocation is not looked up."""
    raw = cert.raw
    if not raw.not_valid_before_utc.timestamp() <= now <= raw.not_valid_after_utc.timestamp():
        return False
    return any(root == raw or _issued(raw, root) for root in _roots())


def _issued(raw: Raw, issuer: Raw) -> bool:
    from cryptography.exceptions import InvalidSignature

    if raw.issuer != issuer.subject:
        return False
    try:
        raw.verify_directly_issued_by(issuer)
    except (InvalidSignature, ValueError, TypeError):
        return False
    return True


# --- declarations ----------------------------------------------------------------------------------------------------

content_type = enum_type(
    SPACE + "X509ContentType",
    {"Unknown": 0, "Cert": 1, "SerializedCert": 2, "Pfx": 3, "Pkcs12": 3, "SerializedStore": 4, "Pkcs7": 5}
    | {"Authenticode": 6},
)
name_type = enum_type(SPACE + "X509NameType", NAME_TYPES)
key_storage_flags = enum_type(
    SPACE + "X509KeyStorageFlags",
    {"DefaultKeySet": 0, "UserKeySet": 1, "MachineKeySet": 2, "Exportable": 4, "UserProtected": 8, "PersistKeySet": 16}
    | {"EphemeralKeySet": 32},
    flags=True,
    allowed="",
)


class DistinguishedName:
    """An X500DistinguishedName."""

    __slots__ = ("name",)

    def __init__(self, name: Name) -> None:
        self.name = name


class PublicKey:
    """The public key of a certificate."""

    __slots__ = ("cert",)

    def __init__(self, cert: Certificate) -> None:
        self.cert = cert


class Extensions:
    """The extensions of a certificate, as far as policies can see them: how many, and which."""

    __slots__ = ("items",)

    def __init__(self, cert: Certificate) -> None:
        self.items = [Encoded(Oid.of(e.oid.dotted_string), e.value.public_bytes()) for e in cert.raw.extensions]

    def __iter__(self) -> Any:
        return iter(self.items)


certificate = clr_type(SPACE + "X509Certificate", bases="object, IDisposable")
certificate2 = clr_type(SPACE + "X509Certificate2", bases="X509Certificate", python=Certificate)
distinguished_name = clr_type(SPACE + "X500DistinguishedName", python=DistinguishedName, allowed="Name")
public_key = clr_type(SPACE + "PublicKey", python=PublicKey)
extension_collection = clr_type(
    SPACE + "X509ExtensionCollection", bases="object, IEnumerable<AsnEncodedData>", python=Extensions, allowed=""
)
rsa_extensions = clr_type(SPACE + "RSACertificateExtensions", kind="static")


def _new(data: Array | None) -> Certificate:
    return _new_password(data, None)


def _new_password(data: Array | None, password: str | None) -> Certificate:
    if not data:
        raise ArgumentException("Array may not be empty or null.", "rawData")
    return Certificate.load(bytes(data), password)


def _new_flags(data: Array | None, password: str | None, flags: EnumValue) -> Certificate:
    return _new_password(data, password)


def _new_file(name: str | None) -> Certificate:
    raise CryptographicException("The system cannot find the file specified.")


for _decl in (certificate, certificate2):
    _name = _decl.name
    _decl.ctor(f"{_name}(byte[] rawData)", _new)
    _decl.ctor(f"{_name}(byte[] rawData, string? password)", _new_password)
    _decl.ctor(f"{_name}(byte[] rawData, string? password, X509KeyStorageFlags keyStorageFlags)", _new_flags)
    _decl.ctor(f"{_name}(string fileName)", _new_file, unsupported="expressions have no files; pass the bytes")


@certificate2.ctor("X509Certificate2(X509Certificate certificate)")
def new_copy(other: Certificate) -> Certificate:
    return other


@certificate.prop("string Subject")
def subject(self: Certificate) -> str:
    return name_text(self.raw.subject)


@certificate.prop("string Issuer")
def issuer(self: Certificate) -> str:
    return name_text(self.raw.issuer)


@certificate.method("string GetName()")
def get_name(self: Certificate) -> str:
    return name_text(self.raw.subject, most_significant_first=True)


@certificate.method("string GetIssuerName()")
def get_issuer_name(self: Certificate) -> str:
    return name_text(self.raw.issuer, most_significant_first=True)


@certificate.method("byte[] GetCertHash()")
def get_cert_hash(self: Certificate) -> Array:
    return byte_array(digest("SHA1", self.data))


@certificate.method("byte[] GetCertHash(HashAlgorithmName hashAlgorithm)", since="core")
def get_cert_hash_by(self: Certificate, name: HashName) -> Array:
    return byte_array(digest(name.name, self.data))


@certificate.method("string GetCertHashString()")
def get_cert_hash_string(self: Certificate) -> str:
    return self.thumbprint


@certificate.method("string GetCertHashString(HashAlgorithmName hashAlgorithm)", since="core")
def get_cert_hash_string_by(self: Certificate, name: HashName) -> str:
    return digest(name.name, self.data).hex().upper()


@certificate.method("byte[] GetSerialNumber()")
def get_serial_number(self: Certificate) -> Array:
    return byte_array(self.serial[::-1])


@certificate.method("string GetSerialNumberString()")
def get_serial_number_string(self: Certificate) -> str:
    return self.serial.hex().upper()


@certificate.method("byte[] GetRawCertData()")
def get_raw_cert_data(self: Certificate) -> Array:
    return byte_array(self.data)


@certificate.method("string GetRawCertDataString()")
def get_raw_cert_data_string(self: Certificate) -> str:
    return self.data.hex().upper()


def _key_bytes(self: Certificate) -> bytes:
    """The key itself: the bit string inside SubjectPublicKeyInfo."""
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    found = self.raw.public_key()
    if isinstance(found, RSAPublicKey):
        return found.public_bytes(Encoding.DER, PublicFormat.PKCS1)
    if isinstance(found, EllipticCurvePublicKey):
        return found.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return found.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


@certificate.method("byte[] GetPublicKey()")
def get_public_key(self: Certificate) -> Array:
    return byte_array(_key_bytes(self))


@certificate.method("string GetPublicKeyString()")
def get_public_key_string(self: Certificate) -> str:
    return _key_bytes(self).hex().upper()


@certificate.method("string GetKeyAlgorithm()")
def get_key_algorithm(self: Certificate) -> str:
    return self.key_algorithm


def _key_parameters(self: Certificate) -> bytes:
    """What follows the identifier of the key's algorithm: the curve, or DER's null."""
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    spki = self.raw.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    _, algorithm, _ = read_element(read_element(spki)[1])
    return read_element(algorithm)[2]


@certificate.method("byte[] GetKeyAlgorithmParameters()")
def get_key_algorithm_parameters(self: Certificate) -> Array:
    return byte_array(_key_parameters(self))


@certificate.method("string GetKeyAlgorithmParametersString()")
def get_key_algorithm_parameters_string(self: Certificate) -> str:
    return _key_parameters(self).hex().upper()


@certificate.method("string GetEffectiveDateString()")
def get_effective_date_string(self: Certificate) -> str:
    return to_string(not_before(self))


@certificate.method("string GetExpirationDateString()")
def get_expiration_date_string(self: Certificate) -> str:
    return to_string(not_after(self))


@certificate.method("string GetFormat()")
def get_format(self: Certificate) -> str:
    return "X509"


@certificate.method("bool Equals(X509Certificate? other)")
def equals_certificate(self: Certificate, other: Certificate | None) -> bool:
    return other is not None and self == other


@certificate.method("bool Equals(object? obj)")
def equals(self: Certificate, other: Any) -> bool:
    return isinstance(other, Certificate) and self == other


@certificate.method("int GetHashCode()")
def get_hash_code(self: Certificate) -> int:
    return int.from_bytes(digest("SHA1", self.data)[:4], "big", signed=True)


@certificate.method("byte[] Export(X509ContentType contentType)")
def export(self: Certificate, kind: EnumValue) -> Array:
    if kind.value != 1:
        raise CryptographicException("Only X509ContentType.Cert can be exported.")
    return byte_array(self.data)


certificate.method("void Dispose()", Certificate.dispose)
certificate.method("string ToString()", Certificate.clr_to_string)


@certificate2.prop("string Thumbprint")
def thumbprint(self: Certificate) -> str:
    return self.thumbprint


@certificate2.prop("string SerialNumber")
def serial_number(self: Certificate) -> str:
    return self.serial.hex().upper()


@certificate2.prop("DateTime NotBefore")
def not_before(self: Certificate) -> DateTime:
    return _local(self.raw.not_valid_before_utc)


@certificate2.prop("DateTime NotAfter")
def not_after(self: Certificate) -> DateTime:
    return _local(self.raw.not_valid_after_utc)


def _set_friendly_name(self: Certificate, value: str | None) -> None:
    self.friendly_name = value or ""


certificate2.prop("string FriendlyName", setter=_set_friendly_name, attr="friendly_name")


@certificate2.prop("bool HasPrivateKey")
def has_private_key(self: Certificate) -> bool:
    return self.key is not None


@certificate2.prop("bool Archived")
def archived(self: Certificate) -> bool:
    return False


@certificate2.prop("int Version")
def version(self: Certificate) -> int:
    return int(self.raw.version.value) + 1


@certificate2.prop("byte[] RawData")
def raw_data(self: Certificate) -> Array:
    return byte_array(self.data)


@certificate2.prop("X500DistinguishedName SubjectName")
def subject_name(self: Certificate) -> DistinguishedName:
    return DistinguishedName(self.raw.subject)


@certificate2.prop("X500DistinguishedName IssuerName")
def issuer_name(self: Certificate) -> DistinguishedName:
    return DistinguishedName(self.raw.issuer)


@certificate2.prop("Oid SignatureAlgorithm")
def signature_algorithm(self: Certificate) -> Oid:
    value = self.raw.signature_algorithm_oid.dotted_string
    return Oid(value, friendly_name(value))


@certificate2.prop("PublicKey PublicKey")
def get_public_key_object(self: Certificate) -> PublicKey:
    return PublicKey(self)


@certificate2.prop("AsymmetricAlgorithm? PrivateKey")
def private_key(self: Certificate) -> RsaKey | None:
    return get_rsa_private_key(self)


@certificate2.prop("X509ExtensionCollection Extensions")
def extensions(self: Certificate) -> Extensions:
    return Extensions(self)


@certificate2.method("string GetNameInfo(X509NameType nameType, bool forIssuer)")
def get_name_info(self: Certificate, kind: EnumValue, for_issuer: bool) -> str:
    if not 0 <= kind.value < len(NAME_TYPES):
        raise ArgumentException("The specified name type is not supported.", "nameType")
    return name_info(self.raw, NAME_TYPES[kind.value], issuer=for_issuer)


@certificate2.method("bool Verify()", rt=True)
def verify(rt: Runtime, self: Certificate) -> bool:
    return trusted(self, rt.clock.now())


certificate2.method("string ToString()", Certificate.clr_to_string)


def _content(name: str) -> EnumValue:
    found: EnumValue = content_type.enum_members[name]
    return found


@certificate2.method("static X509ContentType GetCertContentType(byte[] rawData)")
def get_cert_content_type(data: Array | None) -> EnumValue:
    if not data:
        raise ArgumentException("Array may not be empty or null.", "rawData")
    bare = bytes(data)
    if bare[:1] == b"\x30" and read_element(read_element(bare)[1])[0] == 2:  # the version of PKCS #12
        return _content("Pfx")
    Certificate.load(bare, None)
    return _content("Cert")


@distinguished_name.prop("string Name")
def dn_name(self: DistinguishedName) -> str:
    return name_text(self.name)


@public_key.prop("Oid Oid")
def public_key_oid(self: PublicKey) -> Oid:
    value = self.cert.key_algorithm
    return Oid(value, friendly_name(value))


@public_key.prop("AsymmetricAlgorithm Key")
def public_key_key(self: PublicKey) -> RsaKey:
    found = get_rsa_public_key(self.cert)
    if found is None:
        raise NotSupportedException("The certificate key algorithm is not supported.")
    return found


@public_key.prop("AsnEncodedData EncodedKeyValue")
def encoded_key_value(self: PublicKey) -> Encoded:
    return Encoded(public_key_oid(self), _key_bytes(self.cert))


@public_key.prop("AsnEncodedData EncodedParameters")
def encoded_parameters(self: PublicKey) -> Encoded:
    return Encoded(public_key_oid(self), _key_parameters(self.cert))


@extension_collection.prop("int Count")
def extension_count(self: Extensions) -> int:
    return len(self.items)


@rsa_extensions.method("static RSA? GetRSAPublicKey(this X509Certificate2 certificate)")
def get_rsa_public_key(cert: Certificate) -> RsaKey | None:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

    found = cert.raw.public_key()
    return RsaKey(public=found) if isinstance(found, RSAPublicKey) else None


@rsa_extensions.method("static RSA? GetRSAPrivateKey(this X509Certificate2 certificate)")
def get_rsa_private_key(cert: Certificate) -> RsaKey | None:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

    return RsaKey(private=cert.key) if isinstance(cert.key, RSAPrivateKey) else None


@rsa_extensions.method("static X509Certificate2 CopyWithPrivateKey(this X509Certificate2 certificate, RSA privateKey)")
def copy_with_private_key(cert: Certificate, key: RsaKey) -> Certificate:
    return Certificate(cert.raw, cert.data, key.private)
