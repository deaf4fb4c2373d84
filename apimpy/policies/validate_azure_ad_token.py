"""`validate-azure-ad-token`: require a valid token of Microsoft Entra ID."""

from __future__ import annotations

from typing import TYPE_CHECKING

from apimpy.pattern import pattern
from apimpy.policies._jwt.elements import Audiences, DecryptionCertificates, RequiredClaims
from apimpy.policies._jwt.terms import Terms, from_header, from_query, prepared
from apimpy.policies._sections import INBOUND
from apimpy.policy.base import Item, Policy, values_of
from apimpy.policy.facts import at_most_one
from apimpy.policy.fields import attr, child, children, text
from apimpy.policy.value import Constant, value_fault
from apimpy.runtime.message import Url

if TYPE_CHECKING:
    from apimpy.policies._jwt.openid import Metadata
    from apimpy.policy.base import Action
    from apimpy.policy.bind import Binding
    from apimpy.policy.plan import Plan
    from apimpy.policy.value import Value
    from apimpy.runtime.exchange import Exchange

__all__ = ["ValidateAzureAdToken", "configuration_url"]

_AUTHORITY = "https://login.microsoftonline.com"
_TENANT = pattern(r"[0-9A-Za-z][0-9A-Za-z.-]{0,254}")
_HOST = pattern(r"[0-9A-Za-z][0-9A-Za-z.-]*|\[[0-9A-Fa-f:.]+\]")
_ISSUER = pattern(r"https?://[^/]+/([^/]+)/v2\.0")


class ApplicationId(Item, element="application-id"):
    """An application registered with the directory."""

    content: str = text(doc="Its id.")


class ClientApplicationIds(Item, element="client-application-ids"):
    """The applications that may call."""

    items: tuple[ApplicationId, ...] = children(ApplicationId, at_least=1)


class BackendApplicationIds(Item, element="backend-application-ids"):
    """The applications that tokens may be meant for."""

    items: tuple[ApplicationId, ...] = children(ApplicationId, at_least=1)


class ValidateAzureAdToken(
    Policy,
    element="validate-azure-ad-token",
    sections=INBOUND,
    category="authentication-and-authorization",
    ordered=True,
    rules=(at_most_one("header-name", "query-parameter-name", "token-value"),),
):
    """Fails the request unless it brings a token of a tenant, for the given applications, audiences and claims.

    Keys and issuers come from the tenant's OpenID configuration; `organizations` and `common` accept every tenant.
    The `Authorization` header must have the scheme Bearer; signature, lifetime and issuer are always checked.
    """

    tenant_id: Value[str] = attr(
        non_empty=True, sample="contoso.com", doc="Tenant: id, domain, authority URL, `organizations` or `common`."
    )
    header_name: Value[str] = attr(default="Authorization", non_empty=True, doc="Header that holds the token.")
    query_parameter_name: Value[str] | None = attr(default=None, non_empty=True, doc="Query parameter that holds it.")
    token_value: Value[str] | None = attr(default=None, doc="The token itself, without a scheme.")
    failed_validation_httpcode: Value[int] = attr(
        default=401, minimum=100, maximum=999, doc="Status code of the failure."
    )
    failed_validation_error_message: Value[str] | None = attr(default=None, doc="Message of the failure's body.")
    output_token_variable_name: str | None = attr(default=None, doc="Variable that receives the Jwt.")
    clients: ClientApplicationIds | None = child(ClientApplicationIds, usual=True)
    backends: BackendApplicationIds | None = child(BackendApplicationIds)
    audiences: Audiences | None = child(Audiences)
    required_claims: RequiredClaims | None = child(RequiredClaims)
    decryption_keys: DecryptionCertificates | None = child(DecryptionCertificates)

    def check(self, cx: Binding) -> None:
        where = self.source.name_span
        tenant = self.tenant_id
        if isinstance(tenant, Constant) and "{{" not in tenant.value and configuration_url(tenant.value) is None:
            at = self.source.get("tenant-id")
            message = f"tenant-id is a tenant or the URL of its authority, not {tenant.value!r}"
            cx.report("POL005", message, at.value_span if at else where)
        if self.clients is None and self.audiences is None and self.backends is None:
            message = "every token of the tenant passes: name client-application-ids or audiences"
            cx.report("POL016", message, where)

    def prepare(self, plan: Plan) -> Action:
        from apimpy.policies._jwt.validation import OwnKeys, Validator, action

        opening = self.decryption_keys.keys if self.decryption_keys else ()
        validator = Validator(self.element, OwnKeys(self.element, (), opening), _issuers)
        terms = prepared(self._text, self._rest, literal=all(v.is_literal for v in values_of(self)))
        return action(validator, terms, self.needs(), output=self.output_token_variable_name, waits=True)

    def _rest(self, ex: Exchange) -> Terms:
        tenant = self.tenant_id.get(ex)
        url = configuration_url(tenant)
        if url is None:
            raise value_fault(self.element, f"The tenant-id field is no tenant: {tenant[:40]!r}.")
        message = self.failed_validation_error_message
        groups = [self.audiences.values(ex)] if self.audiences else []
        if self.backends:
            groups.append(tuple([name for i in self.backends.items for name in (i.content, f"api://{i.content}")]))
        return Terms(
            "",
            self.failed_validation_httpcode.get(ex),
            None if message is None else message.get(ex),
            audiences=tuple(groups),
            required=self.required_claims.wanted(ex) if self.required_claims else (),
            urls=(url,),
            clients=frozenset(i.content.lower() for i in self.clients.items) if self.clients else frozenset(),
        )

    def _text(self, ex: Exchange) -> str:
        if self.token_value is not None:
            return self.token_value.get(ex).strip()
        if self.query_parameter_name is not None:
            return from_query(ex, self.query_parameter_name.get(ex))
        return from_header(ex, self.header_name.get(ex), "Bearer")


def configuration_url(tenant: str) -> str | None:
    """Where a tenant's configuration is; None for a text that names no tenant."""
    name = tenant.strip().rstrip("/")
    authority = _AUTHORITY
    if "/" in name:
        try:
            url = Url.parse(name if "://" in name else f"https://{name}")
        except ValueError:
            return None
        if not _HOST.fullmatch(url.host):
            return None
        authority, name = f"{url.scheme}://{url.authority}", url.path.strip("/").removesuffix("/v2.0")
    return f"{authority}/{name}/v2.0/.well-known/openid-configuration" if _TENANT.fullmatch(name) else None


def _issuers(known: Metadata) -> tuple[str, ...]:
    """The issuer of the configuration, and that of the same tenant's tokens of version 1."""
    found = _ISSUER.fullmatch(known.issuer)
    return (known.issuer, f"https://sts.windows.net/{found[1]}/") if found else (known.issuer,)
