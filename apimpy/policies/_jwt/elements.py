"""The child elements that the token policies share, and what they mean for one request."""

from __future__ import annotations

from typing import TYPE_CHECKING

from apimpy.policies._jwt.claims import RequiredClaim
from apimpy.policies._jwt.keys import check_rsa, secret_bytes, secret_key
from apimpy.policy.base import Item
from apimpy.policy.facts import together
from apimpy.policy.fields import attr, children, text

if TYPE_CHECKING:
    from apimpy.policy.bind import Binding
    from apimpy.policy.value import Value
    from apimpy.runtime.exchange import Exchange

__all__ = [
    "Audiences",
    "DecryptionCertificates",
    "DecryptionKeys",
    "Issuers",
    "KeyElement",
    "OpenIdConfig",
    "RequiredClaims",
    "SigningKeys",
]


class OpenIdConfig(Item, element="openid-config"):
    """A provider's published configuration: its issuer is accepted, and its keys are used."""

    url: Value[str] = attr(
        non_empty=True,
        format="url",
        sample="https://example.com/.well-known/openid-configuration",
        doc="URL of the OpenID configuration.",
    )


class KeyElement(Item, element="key", rules=(together("n", "e"),)):
    """A key: base64 text, `n` and `e` of an RSA key, or an uploaded certificate."""

    id: str | None = attr(default=None, doc="The token's `kid`.")
    certificate_id: str | None = attr(default=None, doc="Uploaded certificate.")
    n: str | None = attr(default=None, doc="RSA modulus, base64url.")
    e: str | None = attr(default=None, doc="RSA exponent, base64url.")
    content: str | None = text(default=None, doc="Base64 of a symmetric key.")

    def check(self, cx: Binding) -> None:
        where = self.source.name_span
        if (self.n is None) != (self.e is None):
            return
        if sum(part is not None for part in (self.certificate_id, self.n, self.content)) != 1:
            cx.report("POL010", "<key> is one of base64 text, certificate-id, and n with e", where)
        elif why := self._wrong():
            cx.report("POL005", why, where)

    def _wrong(self) -> str | None:
        """Why the key can be none; None while a named value is still to be put in."""
        try:
            if self.content is not None and "{{" not in self.content:
                secret_bytes(self.content)
            if self.n is not None and self.e is not None and "{{" not in self.n + self.e:
                check_rsa(self.n, self.e)
        except ValueError as error:
            return str(error)
        return None


class SigningKeys(Item, element="issuer-signing-keys"):
    """Keys that signatures are checked with."""

    keys: tuple[KeyElement, ...] = children(KeyElement, at_least=1)

    def check(self, cx: Binding) -> None:
        for key in self.keys:
            if key.content is None or "{{" in key.content:
                continue
            try:
                data = secret_bytes(key.content)
            except ValueError:
                continue  # the key has said so
            try:
                secret_key(data)
            except ValueError as error:
                cx.report("POL005", str(error), key.source.name_span)


class DecryptionKeys(Item, element="decryption-keys"):
    """Keys that open encrypted tokens."""

    keys: tuple[KeyElement, ...] = children(KeyElement, at_least=1)

    def check(self, cx: Binding) -> None:
        for key in self.keys:
            if key.n is not None:
                cx.report("POL019", "a public key opens no token: this one has no effect", key.source.name_span)


class DecryptionCertificate(Item, element="key"):
    """An uploaded certificate with its private key."""

    certificate_id: str = attr(doc="Uploaded certificate.")


class DecryptionCertificates(Item, element="decryption-keys"):
    """Certificates that open encrypted tokens."""

    keys: tuple[DecryptionCertificate, ...] = children(DecryptionCertificate, at_least=1)


class Audience(Item, element="audience"):
    """A value of `aud`."""

    content: Value[str] = text(doc="The audience.")


class Audiences(Item, element="audiences"):
    """The token is meant for one of these."""

    items: tuple[Audience, ...] = children(Audience, at_least=1)

    def values(self, ex: Exchange) -> tuple[str, ...]:
        return tuple([a.content.get(ex) for a in self.items])


class Issuer(Item, element="issuer"):
    """A value of `iss`."""

    content: Value[str] = text(doc="The issuer.")


class Issuers(Item, element="issuers"):
    """The token was issued by one of these, or by one of the providers configured."""

    items: tuple[Issuer, ...] = children(Issuer, at_least=1)

    def values(self, ex: Exchange) -> tuple[str, ...]:
        return tuple([i.content.get(ex) for i in self.items])


class ClaimValue(Item, element="value"):
    """A value that a claim must have."""

    content: Value[str] = text(doc="The value.")


class Claim(Item, element="claim"):
    """A claim that must be there, with all or any of some values."""

    name: str = attr(non_empty=True, doc="Name of the claim.")
    match: Value[str] = attr(default="all", allowed=("all", "any"), doc="How many of the values must be there.")
    separator: str | None = attr(default=None, doc="Splits a text of the token into values.")
    values: tuple[ClaimValue, ...] = children(ClaimValue)

    def rule(self, ex: Exchange) -> RequiredClaim:
        match_all = self.match.get(ex) == "all"
        return RequiredClaim(self.name, tuple([v.content.get(ex) for v in self.values]), match_all, self.separator)


class RequiredClaims(Item, element="required-claims"):
    """Every one of these claims."""

    items: tuple[Claim, ...] = children(Claim, at_least=1)

    def wanted(self, ex: Exchange) -> tuple[RequiredClaim, ...]:
        return tuple([c.rule(ex) for c in self.items])
