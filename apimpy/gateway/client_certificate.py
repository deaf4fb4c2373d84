"""A TLS context that presents a client certificate, and checks the server as far as it is told to.

Python's `ssl` reads keys from files only: the key goes through one that only this user may read, encrypted with a
password that is forgotten, and is gone before this returns.
"""

from __future__ import annotations

import secrets
import ssl
import tempfile
from typing import TYPE_CHECKING

from apimpy.runtime.ports import ConnectFailed

if TYPE_CHECKING:
    from apimpy.dotnet.crypto.x509 import Certificate

__all__ = ["client_context"]


def client_context(certificate: Certificate | None, *, chain: bool = True, name: bool = True) -> ssl.SSLContext:
    """Presents the certificate.  ConnectFailed when it is unfit.

    `chain` False: any certificate of a server will do; `name` False: one of a trusted authority for another name too.
    """
    from cryptography.hazmat.primitives import serialization as form

    context = ssl.create_default_context()
    context.set_alpn_protocols(["http/1.1"])
    context.check_hostname = chain and name  # without a chain a name proves nothing
    if not chain:
        context.verify_mode = ssl.CERT_NONE
    if certificate is None:
        return context
    password = secrets.token_hex(16)
    try:
        sealed = form.BestAvailableEncryption(password.encode())
        key = certificate.key.private_bytes(form.Encoding.PEM, form.PrivateFormat.PKCS8, sealed)
        with tempfile.NamedTemporaryFile(suffix=".pem") as file:
            file.write(key + certificate.raw.public_bytes(form.Encoding.PEM))
            file.flush()
            context.load_cert_chain(file.name, password=password)
    except (ssl.SSLError, OSError, ValueError, AttributeError) as error:
        raise ConnectFailed(f"the client certificate {certificate.thumbprint} cannot be used: {error}") from error
    return context
