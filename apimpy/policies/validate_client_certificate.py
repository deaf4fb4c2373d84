"""`validate-client-certificate`: require a TLS client certificate of certain identities."""

from __future__ import annotations

from apimpy.policy.base import Item, Policy
from apimpy.policy.facts import PLANNED, at_most_one
from apimpy.policy.fields import attr, child, children

__all__ = ["ValidateClientCertificate"]


class Identity(
    Item,
    element="identity",
    rules=(
        at_most_one("issuer-certificate-id", "issuer-subject"),
        at_most_one("issuer-certificate-id", "issuer-thumbprint"),
    ),
):
    """What a certificate must be, in all that is said."""

    thumbprint: str | None = attr(default=None, doc="SHA-1 thumbprint.")
    serial_number: str | None = attr(default=None, doc="Serial number.")
    common_name: str | None = attr(default=None, doc="Common name of the subject.")
    subject: str | None = attr(default=None, doc="Distinguished name of the subject.")
    dns_name: str | None = attr(default=None, doc="A DNS name among the subject's alternatives.")
    issuer_subject: str | None = attr(default=None, doc="Distinguished name of the issuer.")
    issuer_thumbprint: str | None = attr(default=None, doc="Thumbprint of the issuer's certificate.")
    issuer_certificate_id: str | None = attr(default=None, doc="Uploaded certificate of the issuer.")


class Identities(Item, element="identities"):
    """A certificate must be one of these."""

    items: tuple[Identity, ...] = children(Identity, at_least=1)


class ValidateClientCertificate(
    Policy,
    element="validate-client-certificate",
    sections=("inbound",),
    category="authentication-and-authorization",
    support=PLANNED,
):
    """Fails the request with 403 unless the caller's TLS certificate is valid and one of the identities."""

    validate_revocation: bool = attr(default=True, doc="It must not be revoked.")
    validate_trust: bool = attr(default=True, doc="Its chain must end at a trusted authority.")
    validate_not_before: bool = attr(default=True, doc="Its time must have begun.")
    validate_not_after: bool = attr(default=True, doc="Its time must not have ended.")
    ignore_error: bool = attr(default=False, doc="Go on when it is not valid.")
    identities: Identities | None = child(Identities)
