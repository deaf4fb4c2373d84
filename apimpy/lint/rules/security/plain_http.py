"""Addresses without TLS."""

from __future__ import annotations

from typing import TYPE_CHECKING

from apimpy.lint.rule import Rule
from apimpy.pattern import pattern

if TYPE_CHECKING:
    from collections.abc import Iterator

    from apimpy.document.model import Attribute, Element, Text
    from apimpy.lint.rule import Report
    from apimpy.lint.subject import Subject

__all__ = ["PlainHttp"]

_PLACES = ("openid-config", "send-request", "send-one-way-request", "set-backend-service")
_PUBLIC = pattern(r"(?i)\s*http://((?:[a-z0-9-]+\.)+[a-z]{2,})(?=[:/?\s]|$)")
_PRIVATE = (".local", ".internal", ".svc", ".lan", ".intranet", ".corp", ".localhost", ".test", ".example", ".invalid")


class PlainHttp(Rule, code="SEC007", elements=_PLACES):
    """Requests or keys go over the open network unencrypted.

    ## What it does

    Reports `http://` with a public host name in `openid-config`, `send-request`, `send-one-way-request` and
    `set-backend-service`.
    Addresses, names without a dot, and names that end in `.local`, `.internal` and the like are left alone.

    ## Why

    Whoever is on the way can read and change what is sent; with `openid-config` they choose the keys by which tokens
    are judged.

    ## Avoid

    ```xml
    <set-backend-service base-url="http://orders.contoso.com/v1" />
    ```

    ## Prefer

    ```xml
    <set-backend-service base-url="https://orders.contoso.com/v1" />
    ```
    """

    def check(self, document: Subject, report: Report) -> None:
        for policy in document.policies(*_PLACES, "validate-jwt"):
            for where, text in _addresses(document, policy.source):
                found = _PUBLIC.match(text)
                if found is None or found[1].lower().endswith(_PRIVATE) or "{{" in found[0]:
                    continue
                report(where, f"what goes to {found[1]} can be read and changed on the way", help="use https://")


def _addresses(document: Subject, element: Element) -> Iterator[tuple[Attribute | Element | Text, str]]:
    for inner in element.walk():
        name = {"openid-config": "url", "set-backend-service": "base-url"}.get(inner.name)
        at = inner.get(name) if name else None
        if at is not None and name:
            yield at, document.literal(inner, name) or ""
        elif inner.name == "set-url":
            yield inner, document.literal(inner) or ""
