"""Certificates and RSA: fixed certificates with the answers of .NET, keys by round trip."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from apimpy.dotnet.crypto import oid, rsa, x509
from apimpy.dotnet.exceptions import ArgumentException, ArgumentNullException, ClrError, CryptographicException
from apimpy.dotnet.universe import universe
from apimpy.dotnet.values import to_string
from apimpy.dotnet.web.octets import byte_array

universe()

CERTS = {
    name: base64.b64decode(text)
    for name, text in json.loads((Path(__file__).parent / "crypto_certificates.json").read_text()).items()
}


def load(name: str) -> x509.Certificate:
    return x509.Certificate.load(CERTS[name], "pw" if name == "p12" else None)


def read(value: Any, path: str) -> Any:
    """Members by their C# names, as declared."""
    for name in path.split("."):
        decl = next(d for d in universe().types() if d.python is type(value))
        item = next(x.declarations[name][0] for x in (decl, *(b.decl for b in decl.bases())) if name in x.declarations)
        value = getattr(value, item.attr) if item.attr else item.impl(value)
    return value


EC_NAME = (
    "OID.1.2.3.4.5=odd, STREET=St 1, OID.0.9.2342.19200300.100.1.1=uid1, T=T, SN=Su, G=Gi, DC=corp, SERIALNUMBER=123, "
    'E=a@b.c, CN="x=y#z\\q", OU=" B; ", OU=A, O="ACME, ""Inc"" + Co", L=München, S=Bayern, C=DE'
)


@pytest.mark.parametrize(
    ("name", "path", "expected"),
    [
        ("ec", "Subject", EC_NAME),
        ("ec", "SubjectName.Name", EC_NAME),
        ("ec", "NotBefore", "01/02/2024 03:04:05"),
        ("ec", "NotAfter", "01/02/2034 13:04:05"),
        ("ec", "SerialNumber", "00C0FFEE"),
        ("ec", "GetSerialNumberString", "00C0FFEE"),
        ("ec", "Thumbprint", "A8B4528CDE1C3FCC1B6A5109FC15C690683B9D77"),
        ("ec", "GetCertHashString", "A8B4528CDE1C3FCC1B6A5109FC15C690683B9D77"),
        ("ec", "SignatureAlgorithm.FriendlyName", "sha256ECDSA"),
        ("ec", "SignatureAlgorithm.Value", "1.2.840.10045.4.3.2"),
        ("ec", "PublicKey.Oid.FriendlyName", "ECC"),
        ("ec", "GetKeyAlgorithm", "1.2.840.10045.2.1"),
        ("ec", "GetEffectiveDateString", "01/02/2024 03:04:05"),
        ("ec", "Version", 3),
        ("ec", "HasPrivateKey", False),
        ("ec", "Extensions.Count", 1),
        ("ec", "FriendlyName", ""),
        ("org", "SerialNumber", "008F01"),
        ("org", "GetKeyAlgorithm", "1.2.840.113549.1.1.1"),
        ("rsa", "Subject", 'OU="<q>\'s", O="Line\nTwo  x", CN=rsa.example'),
        ("rsa", "GetName", 'CN=rsa.example, O="Line\nTwo  x", OU="<q>\'s"'),
        ("p12", "HasPrivateKey", True),
        ("p12", "Thumbprint", "CF01373AD211B01AF9E6E06EAD70DE79EEC37051"),
        ("pem", "Thumbprint", "CF01373AD211B01AF9E6E06EAD70DE79EEC37051"),
    ],
)
def test_members(name: str, path: str, expected: Any) -> None:
    value = read(load(name), path)
    assert (to_string(value) if path.startswith("Not") else value) == expected


def test_bytes() -> None:
    cert = load("ec")
    assert bytes(x509.get_serial_number(cert)) == bytes.fromhex("eeffc000")
    assert len(x509.get_public_key(cert)) == 65
    assert len(x509.get_public_key(load("org"))) == 270
    assert bytes(x509.raw_data(load("pem"))) == CERTS["rsa"]
    assert x509.get_rsa_public_key(cert) is None
    assert x509.get_rsa_private_key(load("rsa")) is None


@pytest.mark.parametrize(
    ("name", "kind", "expected"),
    [
        ("ec", "SimpleName", "x=y#z\\q"),
        ("ec", "EmailName", "m@x.y"),
        ("ec", "UpnName", "u@p.n"),
        ("ec", "DnsName", "one.example"),
        ("ec", "DnsFromAlternativeName", "one.example"),
        ("ec", "UrlName", "https://u/"),
        ("rsa", "DnsName", "rsa.example"),
        ("rsa", "DnsFromAlternativeName", ""),
        ("rsa", "EmailName", ""),
        ("org", "SimpleName", "Only Org"),
    ],
)
def test_name_info(name: str, kind: str, expected: str) -> None:
    assert x509.get_name_info(load(name), x509.name_type.enum_members[kind], False) == expected


def test_text_and_equality() -> None:
    assert load("org").clr_to_string() == (
        "[Subject]\n  O=Only Org\n\n[Issuer]\n  O=Only Org\n\n[Serial Number]\n  008F01\n\n"
        "[Not Before]\n  01/02/2024 03:04:05\n\n[Not After]\n  01/02/2034 13:04:05\n\n"
        "[Thumbprint]\n  6458096AC8ADE62CDF19C4B035E7839FD528C3A9\n"
    )
    assert load("rsa") == load("pem")
    assert load("rsa") != load("org")
    assert x509.Certificate.load(base64.b64encode(CERTS["rsa"])) == load("rsa")


def test_trust_needs_a_trusted_issuer() -> None:
    assert not x509.trusted(load("rsa"), 1_750_000_000.0)
    assert not x509.trusted(load("rsa"), 0.0)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: x509.Certificate.load(b"\1\2\3"), CryptographicException, "Cannot find the requested object."),
        (
            lambda: x509.Certificate.load(CERTS["p12"], "no"),
            CryptographicException,
            "The specified network password is not correct.",
        ),
        (lambda: x509.certificate2.declarations[".ctor"][0].impl(None), ArgumentException, "Array may not be empty"),
    ],
)
def test_load_errors(call: Any, error: type[ClrError], message: str) -> None:
    with pytest.raises(error, match=message):
        call()


# --- RSA -------------------------------------------------------------------------------------------------------------

DATA = byte_array(b"\1\2\3")
SHA256 = rsa.HashName("SHA256")


def private() -> rsa.RsaKey:
    key = x509.get_rsa_private_key(load("p12"))
    assert key is not None
    return key


def public() -> rsa.RsaKey:
    key = x509.get_rsa_public_key(load("rsa"))
    assert key is not None
    return key


@pytest.mark.parametrize("padding", ["Pkcs1", "Pss"])
def test_sign_and_verify(padding: str) -> None:
    scheme = rsa.SignaturePadding(padding)
    signature = rsa.sign_data(private(), DATA, SHA256, scheme)
    assert rsa.verify_data(public(), DATA, signature, SHA256, scheme)
    assert not rsa.verify_data(public(), byte_array(b"x"), signature, SHA256, scheme)
    assert not rsa.verify_data(public(), DATA, byte_array(bytes(3)), SHA256, scheme)


def test_signature_is_that_of_dotnet() -> None:
    signature = rsa.sign_data(private(), DATA, SHA256, rsa.SignaturePadding("Pkcs1"))
    assert bytes(signature).hex().startswith("46357a27b897a060840b18e7f8b9231335df11b0a932f051")
    hashed = byte_array(bytes.fromhex("039058c6f2c0cb492c533b0a4d14ef77cc0f78abccced5287d84a1a2011cfb81"))
    assert list(rsa.sign_hash(private(), hashed, SHA256, rsa.SignaturePadding("Pkcs1"))) == list(signature)
    assert rsa.verify_hash(public(), hashed, signature, SHA256, rsa.SignaturePadding("Pkcs1"))


@pytest.mark.parametrize("padding", [rsa.EncryptionPadding("Pkcs1"), rsa.EncryptionPadding("Oaep", SHA256)])
def test_encrypt(padding: rsa.EncryptionPadding) -> None:
    assert list(rsa.decrypt(private(), rsa.encrypt(public(), DATA, padding), padding)) == [1, 2, 3]


def test_parameters_and_xml() -> None:
    text = rsa.to_xml_string(private(), True)
    assert text.startswith("<RSAKeyValue><Modulus>")
    assert [t for t in ("<P>", "<D>") if t in rsa.to_xml_string(public(), False)] == []
    copy = rsa.RsaKey()
    rsa.from_xml_string(copy, text)
    assert rsa.to_xml_string(copy, True) == text
    only_d = rsa.export_parameters(private(), True)
    only_d.numbers = {n: v for n, v in only_d.numbers.items() if n in ("Modulus", "Exponent", "D")}
    signature = rsa.sign_data(rsa.create_from(only_d), DATA, SHA256, rsa.SignaturePadding("Pkcs1"))
    assert rsa.verify_data(public(), DATA, signature, SHA256, rsa.SignaturePadding("Pkcs1"))


def test_texts() -> None:
    texts = [rsa.SignaturePadding("Pss"), rsa.EncryptionPadding("Oaep", SHA256), SHA256, rsa.HashName()]
    assert list(map(to_string, texts)) == ["Pss", "OaepSHA256", "SHA256", ""]
    assert public().key_size == 2048
    assert [oid.Oid.of(t).name for t in ("1.2.840.113549.1.1.11", "2.5.4.3", "9.9.9")] == ["sha256RSA", "CN", None]
    assert oid.Oid.of("SHA256").value == "2.16.840.1.101.3.4.2.1"


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda: rsa.sign_data(private(), DATA, rsa.HashName("nope"), rsa.SignaturePadding("Pss")), ClrError),
        (lambda: rsa.sign_data(private(), DATA, SHA256, None), ArgumentNullException),
        (lambda: rsa.sign_data(public(), DATA, SHA256, rsa.SignaturePadding("Pss")), CryptographicException),
        (
            lambda: rsa.decrypt(private(), byte_array(bytes(256)), rsa.EncryptionPadding("Oaep", SHA256)),
            CryptographicException,
        ),
        (lambda: rsa.create_sized(100), CryptographicException),
        (lambda: rsa.import_parameters(rsa.RsaKey(), rsa.Parameters({})), CryptographicException),
    ],
)
def test_rsa_errors(call: Any, error: type[ClrError]) -> None:
    with pytest.raises(error):
        call()
