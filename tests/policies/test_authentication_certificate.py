"""authentication-certificate: which certificate, what goes wrong, and a real TLS handshake with a real backend."""

import asyncio
import base64
import ssl
from datetime import UTC, datetime

import pytest
from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    pkcs12,
)

from apimpy.dotnet.crypto.x509 import Certificate
from apimpy.gateway.client import HttpTransport
from apimpy.runtime.exchange import Deployment
from apimpy.runtime.message import Url


class Authority:
    """Issues certificates."""

    def __init__(self):
        self.key = rsa.generate_private_key(65537, 2048)
        self.root = self._issue("root", self.key, ca=True)

    def _issue(self, name, key, *, ca=False):
        subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
        issuer = subject if ca else self.root.subject
        builder = (
            x509.CertificateBuilder(issuer, subject, key.public_key(), x509.random_serial_number())
            .not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
            .not_valid_after(datetime(2040, 1, 1, tzinfo=UTC))
            .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key()), critical=False)
        )
        if ca:
            usage = x509.KeyUsage(True, False, False, False, False, True, True, False, False)
            builder = builder.add_extension(usage, critical=True)
        else:
            builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        return builder.sign(self.key, hashes.SHA256())

    def certificate(self, name):
        key = rsa.generate_private_key(65537, 2048)
        made = self._issue(name, key)
        return Certificate(made, made.public_bytes(Encoding.DER), key)


@pytest.fixture(scope="module")
def authority():
    return Authority()


@pytest.fixture(scope="module")
def client(authority):
    return authority.certificate("client")


def pfx(certificate, password=b"pass"):
    sealed = BestAvailableEncryption(password) if password else NoEncryption()
    return pkcs12.serialize_key_and_certificates(b"c", certificate.key, certificate.raw, None, sealed)


def policy(**attributes):
    return (
        "<authentication-certificate" + "".join(f' {k.replace("_", "-")}="{v}"' for k, v in attributes.items()) + " />"
    )


@pytest.fixture
def deployed(h, client):
    h.services.deployment = Deployment(
        certificates=(("the-client", client), ("public", Certificate(client.raw, client.data)))
    )


def presented(h):
    return [r.certificate for r in h.transport.sent]


@pytest.mark.step("authentication-certificate 1 2")
@pytest.mark.parametrize("name", ["the-client", "The-Client", "@('the-' + 'client')"])
async def test_1_by_id(h, kit, deployed, client, name):
    ex = await h.run(kit.policies(inbound=policy(certificate_id=name)))
    assert (presented(h), ex.response.status) == ([client], 200)
    # 2: nothing is visible in headers
    assert dict(h.transport.sent[0].headers) == {}


@pytest.mark.step("authentication-certificate 1")
@pytest.mark.parametrize("change", [str.upper, str.lower, lambda t: ":".join(t[i : i + 2] for i in range(0, 40, 2))])
async def test_1_by_thumbprint(h, kit, deployed, client, change):
    await h.run(kit.policies(inbound=policy(thumbprint=change(client.thumbprint))))
    assert presented(h) == [client]


@pytest.mark.step("authentication-certificate 1")
@pytest.mark.parametrize("form", ["bytes", "base64"])
@pytest.mark.parametrize("password", ["pass", "@('pa' + 'ss')"])
async def test_1_by_pfx(h, kit, client, form, password):
    data = base64.b64encode(pfx(client)).decode()
    body = data if form == "base64" else f"@(__import__('base64').b64decode('{data}'))"
    for _ in range(2):
        await h.run(kit.policies(inbound=policy(body=body, password=password)))
    assert presented(h) == [client, client]
    assert presented(h)[0] is presented(h)[1]  # opened once


async def test_1_by_pfx_without_a_password(h, kit, client):
    await h.run(kit.policies(inbound=policy(body=base64.b64encode(pfx(client, b"")).decode())))
    assert presented(h) == [client]


@pytest.mark.step("authentication-certificate 3")
@pytest.mark.parametrize(
    "attributes",
    [
        {"certificate_id": "gone"},
        {"thumbprint": "00" * 20},
        {"certificate_id": "public"},  # no private key
        {"body": "BODY"},
        {"body": "@(b'')"},
        {"body": "@(b'0' * 200)"},
        {"body": "@(bytes(range(48, 120)))"},
        {"body": "wrong", "password": "wrong"},
        {"body": "public"},
    ],
)
async def test_3_unknown_or_bad_is_a_500(h, kit, deployed, client, attributes):
    made = {
        "wrong": base64.b64encode(pfx(client)).decode(),
        "public": base64.b64encode(client.data).decode(),
    }
    if attributes.get("body") in made:
        attributes = attributes | {"body": made[attributes["body"]]}
    ex = await h.run(kit.policies(inbound=policy(**attributes)))
    assert (ex.response.status, ex.last_error.source, ex.last_error.reason) == (
        500,
        "authentication-certificate",
        "CertificateNotFound",
    )
    assert b"Internal server error" in ex.response.body.data
    assert h.transport.sent == []


@pytest.mark.step("authentication-certificate 3")
async def test_3_a_later_one_replaces_it(h, kit, deployed, client, authority):
    second = authority.certificate("second")
    h.services.deployment = Deployment(certificates=(("a", client), ("b", second)))
    await h.run(kit.policies(inbound=policy(certificate_id="a") + policy(certificate_id="b")))
    assert presented(h) == [second]


async def test_only_the_backend_sees_it(h, kit, deployed, client):
    """Neither other requests of the same exchange, nor other exchanges."""
    other = "<send-request><set-url>https://other.test/</set-url></send-request>"
    await h.run(kit.policies(inbound=policy(certificate_id="the-client") + other))
    await h.run("<policies />")
    assert [(r.url.host, r.certificate) for r in h.transport.sent] == [
        ("other.test", None),
        ("backend.test", client),
        ("backend.test", None),
    ]


@pytest.mark.parametrize("element", ["send-request", "send-one-way-request"])
@pytest.mark.parametrize("mode", ["new", "copy"])
async def test_inside_a_request_of_ones_own(h, kit, deployed, client, element, mode):
    """That request presents it, and no other one does."""
    inner = "<set-url>https://other.test/</set-url>" + policy(certificate_id="@('the-' + 'client')")
    ex = h.exchange()
    await h.run(kit.policies(inbound=f'<{element} mode="{mode}">{inner}</{element}>'), ex=ex)
    while len(h.transport.sent) < 2:  # one of them may be on its way yet
        await asyncio.sleep(0)
    assert {r.url.host: r.certificate for r in h.transport.sent} == {"other.test": client, "backend.test": None}
    assert h.codes() == []


@pytest.mark.parametrize(
    ("attributes", "codes"),
    [
        ({}, ["POL010"]),
        ({"thumbprint": "a", "certificate_id": "b"}, ["POL010"]),
        ({"thumbprint": "a", "password": "p"}, ["POL010"]),
        ({"body": "a", "password": "p"}, []),
        ({"thumbprint": "{{t}}"}, []),
        ({"thumbprint": ""}, ["POL005"]),
    ],
)
def test_declaration(h, kit, attributes, codes):
    h.compile(kit.policies(inbound=policy(**attributes)))
    assert h.codes() == codes


# --- a real backend ---------------------------------------------------------------------------------------------------


@pytest.fixture
async def backend(h, authority, tmp_path, monkeypatch):
    """A server that asks for certificates of the authority, and tells the subject of each; its base URL."""
    own = authority.certificate("localhost")
    files = tmp_path / "server.pem", tmp_path / "root.pem"
    key = own.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    files[0].write_bytes(key + own.raw.public_bytes(Encoding.PEM))
    files[1].write_bytes(authority.root.public_bytes(Encoding.PEM))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(files[1]))
    context.load_cert_chain(files[0])
    context.verify_mode = ssl.CERT_OPTIONAL
    monkeypatch.setenv("SSL_CERT_FILE", str(files[1]))  # what the gateway trusts
    peers = []

    async def handle(request):
        peer = request.transport.get_extra_info("peercert")
        peers.append(request.transport)
        return web.Response(text=dict(pair[0] for pair in peer["subject"])["commonName"] if peer else "nobody")

    runner = web.ServerRunner(web.Server(handle), shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context).start()
    h.services.transport = HttpTransport()
    yield f"https://localhost:{runner.addresses[0][1]}", peers
    await h.services.transport.aclose()
    await runner.cleanup()


async def ask(h, kit, url, text):
    program = h.compile(kit.policies(inbound=text))
    ex = h.exchange()
    ex.service_url = Url.parse(url)
    await program.run(ex)
    await ex.response.body.buffer()
    return ex


@pytest.mark.step("authentication-certificate 2")
async def test_2_the_handshake(h, kit, deployed, backend, authority):
    url, peers = backend
    h.services.deployment = Deployment(
        certificates=(*h.services.deployment.certificates, ("second", authority.certificate("second")))
    )
    for name, subject in (("the-client", b"client"), ("second", b"second"), ("the-client", b"client")):
        ex = await ask(h, kit, url, policy(certificate_id=name))
        assert ex.last_error is None, ex.last_error.message
        assert ex.response.body.data == subject
    assert peers[0] is peers[2]  # the connection is used again
    assert peers[0] is not peers[1]


async def test_2_the_handshake_of_a_request_of_ones_own(h, kit, deployed, backend):
    inner = f"<set-url>{backend[0]}</set-url>{policy(certificate_id='the-client')}"
    asked = f'<send-request response-variable-name="r">{inner}</send-request><return-response />'
    ex = await ask(h, kit, backend[0], asked)
    assert ex.last_error is None, ex.last_error.message
    assert ex.variables["r"].body.data == b"client"


async def test_2_a_certificate_of_another_authority_is_refused(h, kit, backend):
    stranger = Authority().certificate("stranger")
    h.services.deployment = Deployment(certificates=(("s", stranger),))
    ex = await ask(h, kit, backend[0], policy(certificate_id="s"))
    assert (ex.response.status, ex.last_error.reason) == (500, "BackendConnectionFailure")


async def test_no_key_is_left_behind(h, kit, deployed, backend, tmp_path, monkeypatch):
    import tempfile

    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    ex = await ask(h, kit, backend[0], policy(certificate_id="the-client"))
    assert ex.response.body.data == b"client"
    assert list(folder.iterdir()) == []
