"""Certificates of the gateway, as `context.Deployment.Certificates` shows them and backends are shown them.

certificates:
  client: {file: client.pfx, password: {env: PFX_PASSWORD}}
  other: {file: other.pem, key: other.key}
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from apimpy.configuration.fields import Section, mapping
from apimpy.configuration.values import missing_value, read_value

if TYPE_CHECKING:
    from apimpy.configuration.model import Secret
    from apimpy.configuration.values import Surroundings
    from apimpy.configuration.yaml_source import Node
    from apimpy.diagnostics import Sink
    from apimpy.dotnet.crypto.x509 import Certificate

__all__ = ["read_certificates"]


def read_certificates(node: Node | None, around: Surroundings, sink: Sink) -> tuple[tuple[str, Certificate], ...]:
    """By id.  What cannot be read is reported and left out."""
    found = []
    for id_, entry in mapping(node, "'certificates'", sink).items():
        certificate = _certificate(id_, entry.node, around, sink)
        if certificate is not None:
            found.append((id_, certificate))
    return tuple(found)


def _certificate(id_: str, node: Node, around: Surroundings, sink: Sink) -> Certificate | None:
    what = f"the certificate '{id_}'"
    row = Section(node, what, sink)
    secret = row.node("password")
    password = None if secret is None else read_value(secret, f"the password of {what}", around, sink)
    data = _bytes(row, "file", what, around, sink)
    key = _bytes(row, "key", what, around, sink) if "key" in row else None
    row.done()
    if data is None:
        return None
    from apimpy.dotnet.crypto.x509 import Certificate
    from apimpy.dotnet.exceptions import ClrError

    try:
        made = Certificate.load(data, None if password is None else password.text)
        if key is not None:
            made.key = _private_key(key, password)
    except (ClrError, ValueError, TypeError) as error:
        why = error.text if isinstance(error, ClrError) else str(error)
        sink.report("CFG007", f"{what} cannot be read: {why}", row.at("file"))
        return None
    return made


def _bytes(row: Section, key: str, what: str, around: Surroundings, sink: Sink) -> bytes | None:
    path = row.text(key, required=True)
    if not path:
        return None
    try:
        return (around.folder / path).read_bytes()
    except OSError as error:
        missing_value(what, f"cannot read {path}: {error.strerror}", row.at(key), around, sink)
        return None


def _private_key(data: bytes, password: Secret | None) -> Any:
    """A key in PEM.  ValueError or TypeError when it is none, or the password is not right."""
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    return load_pem_private_key(data, None if password is None else password.text.encode())
