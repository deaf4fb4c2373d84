"""A token's way to a verdict: decrypt, take apart, verify, and hold what it says against what the policy asks.

`Validator` is prepared once for a policy; loading it loads the cryptography package.  A signature that was verified is
not verified again while the key is in use.
"""

from __future__ import annotations

from base64 import b64encode
from typing import TYPE_CHECKING, NamedTuple

from apimpy.policies._certificates import by_id
from apimpy.policies._jwt.claims import check_audience, check_client, check_issuer, check_lifetime, check_required
from apimpy.policies._jwt.decryption import DecryptionKey, decrypt
from apimpy.policies._jwt.failure import TokenError, denied, invalid
from apimpy.policies._jwt.keys import NO_KEYS, Key, KeySet, key_from_public, rsa_key, secret_bytes, secret_key
from apimpy.policies._jwt.openid import Directory, bare
from apimpy.policies._jwt.parsing import MALFORMED, parse, segments
from apimpy.policies._jwt.signatures import algorithms, verify
from apimpy.policy.base import Action
from apimpy.runtime.faults import PolicyFault
from apimpy.runtime.flow import Flow

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from apimpy.policies._jwt.elements import DecryptionCertificate, KeyElement
    from apimpy.policies._jwt.openid import Metadata
    from apimpy.policies._jwt.parsing import Token
    from apimpy.policies._jwt.terms import Terms
    from apimpy.runtime.exchange import Deployment, Exchange

__all__ = ["OwnKeys", "Validator", "Verified", "action"]


# --- signatures that were verified ------------------------------------------------------------------------------------


class Verified:
    """Tokens whose signature was right, and with which key, by the hash of their text.

    Nobody without a key can fill it: tokens that failed never enter.
    """

    __slots__ = ("_held",)
    most = 4096
    longest = 8192

    def __init__(self) -> None:
        self._held: dict[bytes, tuple[Token, Key]] = {}

    @staticmethod
    def digest(text: str) -> bytes:
        import hashlib

        return hashlib.sha256(text.encode()).digest()

    def get(self, digest: bytes) -> tuple[Token, Key] | None:
        return self._held.get(digest)

    def add(self, digest: bytes, text: str, token: Token, key: Key) -> None:
        if len(text) <= self.longest:
            if len(self._held) >= self.most:
                del self._held[next(iter(self._held))]
            self._held[digest] = (token, key)

    def drop(self, digest: bytes) -> None:
        self._held.pop(digest, None)


# --- keys of the policy itself ----------------------------------------------------------------------------------------


def _no_certificate(element: str, id: str, what: str) -> PolicyFault:
    return PolicyFault(element, "CertificateNotFound", f"There is no certificate '{id}' {what}.")


class OwnKeys:
    """The keys that a policy names; certificates are looked up in the deployment, once."""

    __slots__ = ("_decryption", "_deployment", "_element", "_fixed", "_opening", "_signing", "_verifying")

    def __init__(
        self,
        element: str,
        signing: Iterable[KeyElement],
        decryption: Iterable[KeyElement | DecryptionCertificate],
    ) -> None:
        self._element = element
        self._signing, self._decryption = tuple(signing), tuple(decryption)
        self._deployment: Deployment | None = None
        self._fixed = {id(k): _own_key(k) for k in self._signing if k.certificate_id is None}
        self._verifying = NO_KEYS
        self._opening: tuple[DecryptionKey, ...] = ()

    def load(self, deployment: Deployment) -> None:
        """Look up certificates.  PolicyFault when one is missing or unfit."""
        if deployment is self._deployment:
            return
        keys = [self._certified(k, deployment) if k.certificate_id else self._fixed[id(k)] for k in self._signing]
        opening = [self._opener(k, deployment) for k in self._decryption]
        self._verifying = KeySet(k for k in keys if k is not None)
        self._opening = tuple(k for k in opening if k is not None)
        self._deployment = deployment

    @property
    def verifying(self) -> KeySet:
        return self._verifying

    @property
    def opening(self) -> tuple[DecryptionKey, ...]:
        return self._opening

    def _certified(self, key: KeyElement, deployment: Deployment) -> Key:
        assert key.certificate_id is not None
        held = by_id(deployment, key.certificate_id)
        made = key_from_public(held.raw.public_key(), key.id) if held is not None else None
        if made is None:
            raise _no_certificate(self._element, key.certificate_id, "that can check signatures")
        return made

    def _opener(self, key: KeyElement | DecryptionCertificate, deployment: Deployment) -> DecryptionKey | None:
        name = getattr(key, "id", None)
        if key.certificate_id is not None:
            held = by_id(deployment, key.certificate_id)
            if held is None or held.key is None:
                raise _no_certificate(self._element, key.certificate_id, "with a private key")
            return DecryptionKey(name, private=held.key)
        content = getattr(key, "content", None)
        return None if content is None else DecryptionKey(name, secret=secret_bytes(content))


def _own_key(key: KeyElement) -> Key | None:
    """A key written in the policy; None for one that binding has complained about."""
    try:
        if key.n is not None and key.e is not None:
            return rsa_key(key.n, key.e, key.id)
        return secret_key(secret_bytes(key.content or ""), key.id)
    except ValueError:
        return None


def _inner(data: bytes) -> str:
    """What was encrypted as a token of three segments; bare claims are one without a signature."""
    if data.lstrip()[:1] == b"{":
        return ".".join((*(b64encode(p, b"-_").rstrip(b"=").decode() for p in (b'{"alg":"none"}', data)), ""))
    text = data.decode("ascii", "replace")
    if text.count(".") != 2 or not text.isascii():
        raise invalid(MALFORMED)
    return text


# --- the verdict ------------------------------------------------------------------------------------------------------


class Opened(NamedTuple):
    """A token taken apart.  `key` verified its signature before; `digest` is the hash of `text`."""

    token: Token
    key: Key | None
    digest: bytes
    text: str


class Validator:
    """Tells whether tokens pass.  `issuers_of`: the issuers that a provider's configuration vouches for."""

    __slots__ = ("_issuers_of", "_own", "_united", "_united_from", "element")

    def __init__(
        self, element: str, own: OwnKeys, issuers_of: Callable[[Metadata], tuple[str, ...]] = lambda m: (m.issuer,)
    ) -> None:
        self.element = element
        self._own, self._issuers_of = own, issuers_of
        self._united_from: list[KeySet] = []
        self._united = NO_KEYS
        algorithms()  # loads what checks signatures before the first request needs it

    def open(self, ex: Exchange, terms: Terms) -> Opened:
        """The token, decrypted and taken apart.  TokenError when there is none; PolicyFault when a key is missing."""
        self._own.load(ex.deployment)
        text = terms.text
        if not text:
            raise TokenError("TokenNotPresent", "JWT not present.")
        if not text.isascii():
            raise invalid(MALFORMED)
        parts = segments(text)
        if len(parts) == 5:
            text = _inner(decrypt(parts, self._own.opening))
        verified = ex.services.one(Verified)
        digest = verified.digest(text)
        found = verified.get(digest)
        return Opened(parse(text), None, digest, text) if found is None else Opened(*found, digest, text)

    def ready(self, ex: Exchange, terms: Terms, key_id: str | None) -> Sequence[Metadata] | None:
        """The providers' configurations, unless one should be fetched first."""
        if not terms.urls:
            return ()
        services = ex.services
        return services.one(Directory).ready(terms.urls, key_id, self._own.verifying, services.clock.monotonic())

    async def fetched(self, ex: Exchange, terms: Terms, key_id: str | None) -> Sequence[Metadata]:
        """The providers' configurations."""
        return await ex.services.one(Directory).get(ex.services, terms.urls, key_id, self._own.verifying)

    def judge(self, ex: Exchange, terms: Terms, opened: Opened, known: Sequence[Metadata]) -> Token:
        """The token, when it passes.  TokenError."""
        token, key = opened.token, opened.key
        if terms.urls and not known:
            raise invalid(f"IDX20803: Unable to obtain configuration from: '{', '.join(map(bare, terms.urls))}'.")
        if token.signature and token.algorithm != "none":
            keys = self._keys(known)
            if key is None or not any(k.fingerprint == key.fingerprint for k in keys.candidates(token.key_id)):
                key = verify(token, keys)
                ex.services.one(Verified).add(opened.digest, opened.text, token, key)
        elif token.signature or token.algorithm != "none" or terms.require_signed:
            text = "IDX10504: Unable to validate signature, token does not have a signature: '[hidden]'."
            raise denied("TokenSignatureInvalid", text)
        self._check_claims(ex, terms, opened, known)
        return token

    def _keys(self, known: Sequence[Metadata]) -> KeySet:
        """The policy's own keys and those of its providers, united; made again when a provider has new ones."""
        if not known:
            return self._own.verifying
        sets = [self._own.verifying, *[m.keys for m in known]]
        if sets != self._united_from:  # by identity: a set that was fetched again is another one
            self._united = KeySet(k for s in sets for k in s.all)
            self._united_from = sets
        return self._united

    def _check_claims(self, ex: Exchange, terms: Terms, opened: Opened, known: Sequence[Metadata]) -> None:
        claims, services = opened.token.claims, ex.services
        try:
            check_lifetime(claims, services.clock.now(), terms.skew, require_expiration=terms.require_expiration)
        except TokenError as error:
            if error.reason == "TokenExpired":
                services.one(Verified).drop(opened.digest)
            raise
        for group in terms.audiences:
            check_audience(claims, group)
        if terms.issuers or terms.urls:
            check_issuer(claims, [*terms.issuers, *(i for m in known for i in self._issuers_of(m))])
        if terms.clients:
            check_client(claims, terms.clients)
        check_required(claims, terms.required, mismatch=services.options.jwt_claim_mismatch)

    def fault(self, error: TokenError, terms: Terms) -> PolicyFault:
        """The failure of the policy: the caller sees the author's message, or the reason."""
        told = error.message if terms.told is None else terms.told
        return PolicyFault(self.element, error.reason, error.message, status=terms.status, client_message=told)


def action(
    validator: Validator, terms: Callable[[Exchange], Terms], needs: int, *, output: str | None, waits: bool
) -> Action:
    """The policy ready to run.  `waits`: it has providers to ask, so it may have to wait for them."""

    def finish(ex: Exchange, wanted: Terms, opened: Opened, known: Sequence[Metadata]) -> Flow:
        token = validator.judge(ex, wanted, opened, known)
        if output:
            ex.variables[output] = token.jwt
        return Flow.NEXT

    def run(ex: Exchange) -> Flow:
        wanted = terms(ex)
        try:
            return finish(ex, wanted, validator.open(ex, wanted), ())
        except TokenError as error:
            raise validator.fault(error, wanted) from error

    async def run_waiting(ex: Exchange) -> Flow:
        wanted = terms(ex)
        try:
            opened = validator.open(ex, wanted)
            key_id = opened.token.key_id
            known = validator.ready(ex, wanted, key_id)
            if known is None:
                known = await validator.fetched(ex, wanted, key_id)
            return finish(ex, wanted, opened, known)
        except TokenError as error:
            raise validator.fault(error, wanted) from error

    return Action(run_waiting, True, needs) if waits else Action(run, False, needs)
