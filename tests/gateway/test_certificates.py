"""Certificates of a gateway file: what is read, what is reported, and a backend that asks for one."""

from __future__ import annotations

import ssl
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    pkcs12,
)

from apimpy.configuration.read import read_gateway_file
from apimpy.diagnostics import Sink

HEAD = "version: 1\napis: [{id: a, path: a, subscription_required: false, service_url: http://h}]\n"


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """client.pfx (password `pw`), client.pem with client.key, and files that hold neither."""
    folder = tmp_path_factory.mktemp("certificates")
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "client")])
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2040, 1, 1, tzinfo=UTC))
        .sign(key, hashes.SHA256())
    )
    pfx = pkcs12.serialize_key_and_certificates(b"client", key, certificate, None, BestAvailableEncryption(b"pw"))
    (folder / "client.pfx").write_bytes(pfx)
    (folder / "client.pem").write_bytes(certificate.public_bytes(Encoding.PEM))
    (folder / "client.key").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    (folder / "nothing").write_bytes(b"nothing")
    return folder


@pytest.mark.parametrize(
    ("text", "has_key"),
    [
        ("{file: client.pfx, password: pw}", True),
        ("{file: client.pfx, password: {env: PW}}", True),
        ("{file: client.pem}", False),
        ("{file: client.pem, key: client.key}", True),
    ],
)
def test_what_is_read(files: Path, text: str, has_key: bool) -> None:
    (files / "gateway.yaml").write_text(f"{HEAD}certificates: {{mine: {text}}}\n")
    sink = Sink()
    model = read_gateway_file(files / "gateway.yaml", sink, environ={"PW": "pw"})
    assert model is not None
    assert list(sink) == []
    ((id_, certificate),) = model.certificates
    assert (id_, certificate.key is not None) == ("mine", has_key)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("{}", "CFG006"),
        ("{file: none.pfx}", "CFG011"),
        ("{file: nothing}", "CFG007"),
        ("{file: client.pfx, password: wrong}", "CFG007"),
        ("{file: client.pem, key: nothing}", "CFG007"),
        ("{file: client.pem, size: 5}", "CFG004"),
        ("client.pfx", "CFG005"),
    ],
)
def test_what_is_reported(files: Path, text: str, problem: str) -> None:
    (files / "gateway.yaml").write_text(f"{HEAD}certificates: {{mine: {text}}}\n")
    sink = Sink()
    read_gateway_file(files / "gateway.yaml", sink, environ={})
    (found,) = sink
    assert (found.code, found.span.line_col[0]) == (problem, 3)
    assert "wrong" not in found.message


async def test_a_backend_that_asks_for_one(
    files: Path, tmp_path: Path, configured: Callable[..., Awaitable[Any]]
) -> None:
    """A real TLS server takes the certificate of the credentials, and nobody without it."""
    import aiohttp

    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(files / "client.pem"))
    context.load_cert_chain(files / "client.pem", files / "client.key")
    context.verify_mode = ssl.CERT_REQUIRED

    async def hello(request: web.BaseRequest) -> web.StreamResponse:
        assert request.transport is not None
        return web.Response(text=str(request.transport.get_extra_info("peercert")["subject"][0][0][1]))

    runner = web.ServerRunner(web.Server(hello), shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context).start()
    url = f"https://127.0.0.1:{runner.addresses[0][1]}"
    tls = "tls: {validateCertificateChain: false, validateCertificateName: false}"
    for name in ("client.pem", "client.key"):
        (tmp_path / name).write_bytes((files / name).read_bytes())
    (tmp_path / "gateway.yaml").write_text(
        "version: 1\ncertificates: {mine: {file: client.pem, key: client.key}}\nbackends:\n"
        f"  with: {{url: {url}/a, {tls}, credentials: {{certificateIds: [mine]}}}}\n  bare: {{url: {url}/b, {tls}}}\n"
        f"apis:\n  - {{id: a, path: a, subscription_required: false, service_url: {url}/a}}\n"
        f"  - {{id: b, path: b, subscription_required: false, service_url: {url}/b}}\n"
    )
    running = await configured(tmp_path / "gateway.yaml")
    async with aiohttp.ClientSession() as session:
        async with session.get(running.url + "/a") as answer:
            assert (answer.status, await answer.text()) == (200, "client")
        async with session.get(running.url + "/b") as answer:
            assert answer.status == 500
    await runner.cleanup()
