"""What must not be shown: known secrets, the headers and parameters that carry credentials, tokens by their looks.

A `Mask` is made once per configuration; traces and logs of messages pass every text through it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from apimpy.pattern import pattern

if TYPE_CHECKING:
    from collections.abc import Iterable

    from apimpy.runtime.message import Headers, Url

__all__ = ["HIDDEN", "Mask"]

HIDDEN = "****"

_CREDENTIAL_NAMES = frozenset(
    {
        "access_token",
        "api-key",
        "apim-debug-authorization",
        "authorization",
        "client_secret",
        "code",
        "cookie",
        "ocp-apim-debug",
        "ocp-apim-subscription-key",
        "proxy-authorization",
        "set-cookie",
        "sig",
        "subscription-key",
        "x-amz-security-token",
        "x-api-key",
        "x-functions-key",
        "x-goog-api-key",
    }
)
_SCHEME = pattern(r"(?i)\b(bearer|basic|sharedaccesssignature|sharedkey) +[^\s,\"']{4,}")
_JWT = pattern(r"\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*(\.[A-Za-z0-9_-]*){0,2}")
_SHORT = 4
"""A secret shorter than this hides a text only when it is all of it: its characters stand everywhere."""


class Mask:
    """Hides secrets in texts.  `names`: further headers and query parameters that carry credentials."""

    __slots__ = ("_long", "_names", "_short")

    def __init__(self, secrets: Iterable[str] = (), names: Iterable[str] = ()) -> None:
        known = {s for s in secrets if s}
        self._short = frozenset(s for s in known if len(s) < _SHORT)
        self._long = tuple(sorted((s for s in known if len(s) >= _SHORT), key=len, reverse=True))
        self._names = _CREDENTIAL_NAMES | {n.lower() for n in names}

    def more(self, secrets: Iterable[str]) -> Mask:
        """A mask that knows further secrets."""
        return Mask((*self._short, *self._long, *secrets), self._names)

    def text(self, text: str) -> str:
        """The text without secrets and tokens."""
        if text in self._short:
            return HIDDEN
        for secret in self._long:
            if secret in text:
                text = text.replace(secret, HIDDEN)
        if "eyJ" in text:
            text = _JWT.sub(HIDDEN, text)
        return _SCHEME.sub(rf"\1 {HIDDEN}", text)

    def named(self, name: str, value: str) -> str:
        """The value of a header or parameter: the scheme of a credential stays, nothing else of it."""
        if name.lower() not in self._names:
            return self.text(value)
        scheme, space, rest = value.partition(" ")
        return f"{scheme} {HIDDEN}" if space and rest and scheme.isalpha() else HIDDEN

    def headers(self, headers: Headers[str] | Iterable[tuple[str, str]]) -> list[dict[str, str]]:
        """Headers as a trace lists them: `[{"name": …, "value": …}]`."""
        pairs = headers.items() if hasattr(headers, "items") else headers
        return [{"name": name, "value": self.named(name, value)} for name, value in pairs]

    def url(self, url: Url) -> str:
        """A URL without the values of its secret parameters."""
        bare = str(url.replace(query_string=""))
        if not url.query_string:
            return self.text(bare)
        shown = []
        for pair in url.query_string.split("&"):
            name, sep, value = pair.partition("=")
            shown.append(name + sep + (self.named(name, value) if sep else ""))
        return self.text(bare) + "?" + "&".join(shown)
