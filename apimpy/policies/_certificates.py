"""The certificates of the deployment, as policies name them: by id or by thumbprint."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from apimpy.dotnet.crypto.x509 import Certificate
    from apimpy.runtime.exchange import Deployment

__all__ = ["by_id", "by_thumbprint"]


def by_id(deployment: Deployment, id: str) -> Certificate | None:
    """An uploaded certificate; ids ignore case."""
    wanted = id.lower()
    return next((held for name, held in deployment.certificates if name.lower() == wanted), None)


def by_thumbprint(deployment: Deployment, thumbprint: str) -> Certificate | None:
    """The certificate with this SHA-1; case and everything between the digits do not count."""
    wanted = "".join(c for c in thumbprint if c.isalnum()).upper()
    return next((held for _, held in deployment.certificates if held.thumbprint == wanted), None)
