"""What a token says, against what a policy asks: lifetime, audience, issuer, required claims."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from apimpy.pattern import pattern
from apimpy.policies._jwt.failure import TokenError, denied, invalid, shown
from apimpy.record import Record

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = [
    "RequiredClaim",
    "check_audience",
    "check_client",
    "check_issuer",
    "check_lifetime",
    "check_required",
    "for_tenant",
    "texts",
]

_TENANT = pattern(r"[0-9A-Za-z][0-9A-Za-z.-]{0,254}")
Claims = dict[str, Any]


class RequiredClaim(Record, frozen=True, eq=True):
    """`values` empty: the claim must merely be there."""

    name: str
    values: tuple[str, ...] = ()
    match_all: bool = True
    separator: str | None = None


def texts(value: Any) -> list[str]:
    """A claim as texts: the elements of an array, anything else as its JSON text."""
    return [_text(v) for v in value] if isinstance(value, list) else [_text(value)]


def _text(value: Any) -> str:
    import orjson

    if isinstance(value, str):
        return value
    try:
        return orjson.dumps(value).decode()
    except orjson.JSONEncodeError:  # nested deeper than anybody compares
        return ""


def _moment(claims: Claims, name: str) -> float | None:
    """A time in seconds since 1970; None when the token does not say it."""
    value = claims.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise invalid(f"IDX12709: JWT is not well formed: {name} is not a number.")
    return float(value)


def _date(seconds: float) -> str:
    from datetime import UTC, datetime, timedelta

    try:
        return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)).strftime("%m/%d/%Y %H:%M:%S")
    except OverflowError:
        return f"{seconds:.0f}"


def check_lifetime(claims: Claims, now: float, skew: float, *, require_expiration: bool) -> None:
    """`nbf` and `exp` against the clock."""
    ends, begins = _moment(claims, "exp"), _moment(claims, "nbf")
    if ends is None:
        if require_expiration:
            raise invalid("IDX10225: Lifetime validation failed. The token is missing an Expiration Time.")
    elif now >= ends + skew:
        text = "IDX10223: Lifetime validation failed. The token is expired. "
        raise denied("TokenExpired", f"{text}ValidTo: '{_date(ends)}', Current time: '{_date(now)}'.")
    if begins is not None and now < begins - skew:
        text = "IDX10222: Lifetime validation failed. The token is not yet valid. "
        raise invalid(f"{text}ValidFrom: '{_date(begins)}', Current time: '{_date(now)}'.")


def _audiences(claims: Claims) -> list[str]:
    value = claims.get("aud")
    return [v for v in (value if isinstance(value, list) else [value]) if isinstance(v, str)]


def check_audience(claims: Claims, wanted: Sequence[str]) -> None:
    """One of the token's audiences is wanted."""
    given = _audiences(claims)
    if not any(a in wanted for a in given):
        text = f"IDX10214: Audience validation failed. Audiences: '{shown(', '.join(given))}'. "
        raise denied("TokenAudienceNotAllowed", f"{text}Did not match: '{', '.join(wanted)}'.")


def for_tenant(issuer: str, claims: Claims) -> str | None:
    """An issuer's text for the token's tenant; None when the token has none and the issuer needs one."""
    if "{tenantid}" not in issuer:
        return issuer
    tenant = claims.get("tid")
    return issuer.replace("{tenantid}", tenant) if isinstance(tenant, str) and _TENANT.fullmatch(tenant) else None


def check_issuer(claims: Claims, accepted: Iterable[str]) -> None:
    """The token's issuer is one of those accepted."""
    given, expected = claims.get("iss"), []
    for issuer in accepted:
        name = for_tenant(issuer, claims)
        if name is not None:
            if name == given:
                return
            expected.append(name)
    shown_name = shown(given) if isinstance(given, str) else "null"
    text = f"IDX10205: Issuer validation failed. Issuer: '{shown_name}'. "
    raise denied("TokenIssuerNotAllowed", f"{text}Did not match: '{', '.join(expected)}'.")


def check_client(claims: Claims, allowed: frozenset[str]) -> None:
    """The application that asked for the token (`azp`, in tokens of version 1 `appid`) is allowed; ids ignore case."""
    name = "azp" if "azp" in claims else "appid"
    if name not in claims:
        raise _missing([name])
    given = claims[name]
    if not isinstance(given, str) or given.lower() not in allowed:
        raise _not_allowed(name, shown(_text(given)))


def check_required(claims: Claims, required: Sequence[RequiredClaim], *, mismatch: bool = False) -> None:
    """Every required claim is there and says what it must.  `mismatch`: the other reason and text for a value."""
    absent = [r.name for r in required if r.name not in claims]
    if absent:
        raise _missing(absent)
    for rule in required:
        if not rule.values:
            continue
        value = claims[rule.name]
        given = value.split(rule.separator) if rule.separator and isinstance(value, str) else texts(value)
        lacking = [v for v in rule.values if v not in given]
        if lacking if rule.match_all else len(lacking) == len(rule.values):
            if mismatch:
                text = f"Claim value mismatch: {rule.name}={lacking[0]}."
                raise TokenError("TokenClaimValueMismatch", text)
            raise _not_allowed(rule.name, shown(",".join(given)))


def _missing(names: Sequence[str]) -> TokenError:
    return denied("TokenClaimNotFound", f"JWT is missing the following claims: {', '.join(names)}")


def _not_allowed(name: str, given: str) -> TokenError:
    return denied("TokenClaimValueNotAllowed", f"Claim {name} value of {given} is not allowed")
