"""`authentication-certificate`: a client certificate for the TLS connection to the backend."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from apimpy.policies._certificates import by_id, by_thumbprint
from apimpy.policies._sections import INBOUND
from apimpy.policy.base import Policy
from apimpy.policy.facts import exactly_one, needs
from apimpy.policy.fields import attr
from apimpy.runtime.faults import PolicyFault
from apimpy.runtime.flow import Flow

if TYPE_CHECKING:
    from apimpy.dotnet.crypto.x509 import Certificate
    from apimpy.policy.value import Value
    from apimpy.runtime.exchange import Exchange
    from apimpy.runtime.message import Request, Response
    from apimpy.runtime.ports import Transport

__all__ = ["AuthenticationCertificate"]


class AuthenticationCertificate(
    Policy,
    element="authentication-certificate",
    sections=INBOUND,
    category="authentication-and-authorization",
    rules=(
        exactly_one("thumbprint", "certificate-id", "body"),
        needs("password", "body"),
    ),
):
    """Presents a certificate when the request is forwarded to the backend over TLS; headers stay as they are.

    The certificate is one of the deployment's, by id or thumbprint, or a PKCS#12 file with its password.
    One that is not there, cannot be read or has no private key fails the request with 500.  A later one replaces it.
    """

    thumbprint: Value[str] | None = attr(default=None, non_empty=True, doc="Certificate by its SHA-1 thumbprint.")
    certificate_id: Value[str] | None = attr(default=None, non_empty=True, doc="Certificate by its id.")
    body: Value[bytes] | None = attr(default=None, doc="PKCS#12 (PFX); base64 when it is not an expression.")
    password: Value[str] | None = attr(default=None, doc="Password of the PFX.")

    def run(self, ex: Exchange) -> Flow:
        certificate = self.certificate(ex)
        transport = ex.services.transport
        if isinstance(transport, _Presenting):
            transport = transport.inner
        ex.services = dataclasses.replace(ex.services, transport=_Presenting(transport, ex, certificate))
        return Flow.NEXT

    def edit(self, ex: Exchange, request: Request) -> None:
        """Apply to a request."""
        request.certificate = self.certificate(ex)

    def certificate(self, ex: Exchange) -> Certificate:
        """The certificate with its key.  PolicyFault when there is none."""
        if self.certificate_id is not None:
            name = self.certificate_id.get(ex)
            found = by_id(ex.deployment, name)
        elif self.thumbprint is not None:
            name = self.thumbprint.get(ex)
            found = by_thumbprint(ex.deployment, name)
        else:
            assert self.body is not None
            password = None if self.password is None else self.password.get(ex)
            return ex.services.one(_Files).load(self.element, self.body.get(ex), password)
        if found is None:
            raise _fault(self.element, f"There is no certificate '{name[:80]}'.")
        return _with_key(self.element, found)


def _fault(element: str, message: str) -> PolicyFault:
    return PolicyFault(element, "CertificateNotFound", message)


def _with_key(element: str, certificate: Certificate) -> Certificate:
    if certificate.key is None:
        raise _fault(element, f"The certificate {certificate.thumbprint} has no private key.")
    return certificate


class _Files:
    """PFX files that were opened: deriving their keys takes milliseconds on purpose."""

    __slots__ = ("_held",)
    most = 64

    def __init__(self) -> None:
        self._held: dict[bytes, Certificate] = {}

    def load(self, element: str, data: bytes, password: str | None) -> Certificate:
        import hashlib

        key = hashlib.sha256(repr((data, password)).encode("utf-8", "surrogatepass")).digest()
        found = self._held.get(key)
        if found is None:
            found = _with_key(element, _open(element, data, password))
            if len(self._held) >= self.most:
                del self._held[next(iter(self._held))]
            self._held[key] = found
        return found


def _open(element: str, data: bytes, password: str | None) -> Certificate:
    from cryptography.exceptions import UnsupportedAlgorithm

    from apimpy.dotnet.crypto.x509 import Certificate
    from apimpy.dotnet.exceptions import ClrError

    try:
        return Certificate.load(data, password)
    except (ClrError, UnsupportedAlgorithm, ValueError) as error:
        raise _fault(element, "The body is no PFX, or the password is wrong.") from error


class _Presenting:
    """A transport that presents a certificate with the request that goes to the backend, and with no other."""

    __slots__ = ("_certificate", "_ex", "inner")

    def __init__(self, inner: Transport, ex: Exchange, certificate: Certificate) -> None:
        self.inner, self._ex, self._certificate = inner, ex, certificate

    async def send(self, request: Request, *, timeout: float | None) -> Response:  # noqa: ASYNC109  the port's name
        if request.url is self._ex.request.url:
            request.certificate = self._certificate
        return await self.inner.send(request, timeout=timeout)

    async def aclose(self) -> None:
        await self.inner.aclose()
