"""`validate-jwt`: require a valid JSON Web Token."""

from __future__ import annotations

from typing import TYPE_CHECKING

from apimpy.policies._jwt.elements import (
    Audiences,
    DecryptionKeys,
    Issuers,
    OpenIdConfig,
    RequiredClaims,
    SigningKeys,
)
from apimpy.policies._jwt.terms import Terms, from_header, from_query, prepared
from apimpy.policies._sections import INBOUND
from apimpy.policy.base import Policy, values_of
from apimpy.policy.facts import exactly_one
from apimpy.policy.fields import attr, child, children
from apimpy.policy.value import Constant, value_fault

if TYPE_CHECKING:
    from apimpy.policy.base import Action
    from apimpy.policy.bind import Binding
    from apimpy.policy.plan import Plan
    from apimpy.policy.value import Value
    from apimpy.runtime.exchange import Exchange

__all__ = ["ValidateJwt", "seconds"]


class ValidateJwt(
    Policy,
    element="validate-jwt",
    sections=INBOUND,
    category="authentication-and-authorization",
    ordered=True,
    rules=(exactly_one("header-name", "query-parameter-name", "token-value"),),
):
    """Fails the request unless it brings a token that is signed, in its time, and says what is required.

    Keys are those written here and those that OpenID configurations publish; a token's `kid` chooses among them.
    The audience is checked when `audiences` are given, the issuer when `issuers` or OpenID configurations are.
    The caller gets the given status code with the reason, or the given message; `LastError` always has the reason.
    """

    header_name: Value[str] | None = attr(
        default=None, non_empty=True, sample="Authorization", doc="Header that holds the token."
    )
    query_parameter_name: Value[str] | None = attr(default=None, non_empty=True, doc="Query parameter that holds it.")
    token_value: Value[str] | None = attr(default=None, doc="The token itself, without a scheme.")
    failed_validation_httpcode: Value[int] = attr(
        default=401, minimum=100, maximum=999, doc="Status code of the failure."
    )
    failed_validation_error_message: Value[str] | None = attr(default=None, doc="Message of the failure's body.")
    require_expiration_time: Value[bool] = attr(default=True, doc="The token must say when it ends.")
    require_scheme: Value[str] | None = attr(default=None, doc="Scheme of the Authorization header.")
    require_signed_tokens: Value[bool] = attr(default=True, doc="The token must be signed.")
    clock_skew: Value[str] = attr(
        default="0", format="seconds-or-timespan", unit="seconds", doc="Difference of clocks: seconds or a TimeSpan."
    )
    output_token_variable_name: str | None = attr(default=None, doc="Variable that receives the Jwt.")
    openid: tuple[OpenIdConfig, ...] = children(OpenIdConfig, usual=True)
    signing_keys: SigningKeys | None = child(SigningKeys)
    decryption_keys: DecryptionKeys | None = child(DecryptionKeys)
    audiences: Audiences | None = child(Audiences)
    issuers: Issuers | None = child(Issuers)
    required_claims: RequiredClaims | None = child(RequiredClaims)

    def check(self, cx: Binding) -> None:
        where = self.source.name_span
        skew = self.clock_skew
        if isinstance(skew, Constant) and "{{" not in skew.value and seconds(skew.value) is None:
            at = self.source.get("clock-skew")
            message = f"clock-skew is seconds or a TimeSpan, not {skew.value!r}"
            cx.report("POL005", message, at.value_span if at else where)

    def prepare(self, plan: Plan) -> Action:
        from apimpy.policies._jwt.validation import OwnKeys, Validator, action

        signing = self.signing_keys.keys if self.signing_keys else ()
        opening = self.decryption_keys.keys if self.decryption_keys else ()
        validator = Validator(self.element, OwnKeys(self.element, signing, opening))
        output, waits = self.output_token_variable_name, bool(self.openid)
        terms = prepared(self._text, self._rest, literal=all(v.is_literal for v in values_of(self)))
        return action(validator, terms, self.needs(), output=output, waits=waits)

    def _rest(self, ex: Exchange) -> Terms:
        message = self.failed_validation_error_message
        skew = self.clock_skew.get(ex)
        tolerance = seconds(skew)
        if tolerance is None:
            raise value_fault(self.element, f"The clock-skew field is neither seconds nor a TimeSpan: {skew[:40]!r}.")
        return Terms(
            "",
            self.failed_validation_httpcode.get(ex),
            None if message is None else message.get(ex),
            tolerance,
            self.require_expiration_time.get(ex),
            self.require_signed_tokens.get(ex),
            (self.audiences.values(ex),) if self.audiences else (),
            self.issuers.values(ex) if self.issuers else (),
            self.required_claims.wanted(ex) if self.required_claims else (),
            tuple([o.url.get(ex) for o in self.openid]),
        )

    def _text(self, ex: Exchange) -> str:
        if self.header_name is not None:
            scheme = None if self.require_scheme is None else self.require_scheme.get(ex).strip()
            return from_header(ex, self.header_name.get(ex), scheme)
        if self.query_parameter_name is not None:
            return from_query(ex, self.query_parameter_name.get(ex))
        return "" if self.token_value is None else self.token_value.get(ex).strip()


def seconds(text: str) -> float | None:
    """Seconds, or the text of a TimeSpan; None for anything else, and for less than nothing."""
    from apimpy.dotnet.exceptions import ClrError
    from apimpy.dotnet.time.timespan import parse
    from apimpy.dotnet.values import from_text

    digits = text.strip()
    if digits.isascii() and digits.isdigit():
        return float(digits) if len(digits) < 10 else None
    try:
        ticks = parse(from_text(digits)).ticks
    except ClrError:
        return None
    return ticks / 10_000_000 if ticks >= 0 else None
