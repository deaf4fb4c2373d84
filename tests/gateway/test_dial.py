"""Connections made another way: certificates that are not checked, proxies.  A real TLS server, a real proxy."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from apimpy.gateway.client import HttpTransport
from apimpy.gateway.client_certificate import client_context
from apimpy.runtime.message import Body, Dial, Headers, Request, Url
from apimpy.runtime.ports import ConnectFailed


@pytest.fixture
async def transport() -> AsyncIterator[HttpTransport]:
    made = HttpTransport()
    yield made
    await made.aclose()


@pytest.fixture
async def secure(tmp_path: Path) -> AsyncIterator[str]:
    """A server whose certificate is its own and for another name."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "elsewhere")])
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2040, 1, 1, tzinfo=UTC))
        .sign(key, hashes.SHA256())
    )
    file = tmp_path / "server.pem"
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    file.write_bytes(secret + certificate.public_bytes(Encoding.PEM))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(file)

    async def hello(request: web.BaseRequest) -> web.StreamResponse:
        return web.Response(text="hello")

    runner = web.ServerRunner(web.Server(hello), shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context).start()
    yield f"https://localhost:{runner.addresses[0][1]}/"
    await runner.cleanup()


def request(url: str, dial: Dial | None) -> Request:
    made = Request("GET", Url.parse(url), Headers(), Body())
    made.dial = dial
    return made


@pytest.mark.parametrize("dial", [None, Dial(name=False)])
async def test_a_certificate_nobody_vouches_for(transport: HttpTransport, secure: str, dial: Dial | None) -> None:
    with pytest.raises(ConnectFailed, match="certificate"):
        await transport.send(request(secure, dial), timeout=5)


@pytest.mark.parametrize("dial", [Dial(chain=False), Dial(chain=False, name=False)])
async def test_without_checking(transport: HttpTransport, secure: str, dial: Dial) -> None:
    response = await transport.send(request(secure, dial), timeout=5)
    assert await response.body.buffer() == b"hello"
    with pytest.raises(ConnectFailed):  # a connection that was not checked is not used for others
        await transport.send(request(secure, None), timeout=5)


@pytest.mark.parametrize(
    ("chain", "name", "mode", "hostname"),
    [
        (True, True, ssl.CERT_REQUIRED, True),
        (True, False, ssl.CERT_REQUIRED, False),
        (False, True, ssl.CERT_NONE, False),
        (False, False, ssl.CERT_NONE, False),
    ],
)
def test_what_a_context_checks(chain: bool, name: bool, mode: ssl.VerifyMode, hostname: bool) -> None:
    context = client_context(None, chain=chain, name=name)
    assert (context.verify_mode, context.check_hostname) == (mode, hostname)


async def test_through_a_proxy(transport: HttpTransport) -> None:
    heads: list[bytes] = []

    async def proxy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nvia")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(proxy, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        dial = Dial(proxy=f"http://127.0.0.1:{port}", account=("ann", "pw"))
        response = await transport.send(request("http://backend.example/a?b=1", dial), timeout=5)
        assert await response.body.buffer() == b"via"
    (head,) = heads
    assert head.startswith(b"GET http://backend.example/a?b=1 HTTP/1.1\r\n")
    assert b"Proxy-Authorization: Basic YW5uOnB3" in head


@pytest.mark.parametrize("account", [None, ("ann", "pw")])
async def test_through_a_proxy_to_a_secure_server(
    transport: HttpTransport, secure: str, account: tuple[str, str] | None
) -> None:
    """The proxy sees a CONNECT and bytes; TLS is between the two ends."""
    heads: list[bytes] = []

    async def relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65536):
            writer.write(data)
        writer.close()

    async def proxy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append(await reader.readuntil(b"\r\n\r\n"))
        there = await asyncio.open_connection("127.0.0.1", Url.parse(secure).port)
        writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        with contextlib.suppress(ConnectionError):
            await asyncio.gather(relay(reader, there[1]), relay(there[0], writer))

    server = await asyncio.start_server(proxy, "127.0.0.1", 0)
    async with server:
        dial = Dial(chain=False, proxy=f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", account=account)
        for _ in range(2):  # the second goes on the same connection
            response = await transport.send(request(secure, dial), timeout=5)
            assert await response.body.buffer() == b"hello"
        with pytest.raises(ConnectFailed, match="certificate"):
            await transport.send(request(secure, Dial(proxy=dial.proxy)), timeout=5)
        await transport.aclose()
    assert len(heads) == 2
    assert heads[0].startswith(f"CONNECT {Url.parse(secure).authority} HTTP/1.1\r\n".encode())
    assert (b"Proxy-Authorization: Basic YW5uOnB3\r\n" in heads[0]) == (account is not None)


@pytest.mark.parametrize(
    ("says", "text"),
    [
        (b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n", "the proxy answered 407 Proxy Authentication Required"),
        (b"SSH-2.0\r\n\r\n", "the proxy answered SSH-2.0"),
        (b"", "the proxy closed the connection"),
    ],
)
async def test_a_proxy_that_does_not_connect(transport: HttpTransport, says: bytes, text: str) -> None:
    async def proxy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(says)
        writer.close()

    server = await asyncio.start_server(proxy, "127.0.0.1", 0)
    async with server:
        dial = Dial(proxy=f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}")
        with pytest.raises(ConnectFailed, match=text):
            await transport.send(request("https://backend.example/", dial), timeout=5)
