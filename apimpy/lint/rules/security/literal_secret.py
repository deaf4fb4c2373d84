"""Secrets in the text of a document."""

from __future__ import annotations

from typing import TYPE_CHECKING

from apimpy.document.model import Text
from apimpy.lint.rule import ERROR, Rule
from apimpy.pattern import pattern

if TYPE_CHECKING:
    from collections.abc import Iterator

    from apimpy.document.model import Element
    from apimpy.lint.rule import Report
    from apimpy.lint.subject import Subject
    from apimpy.source import Span

__all__ = ["LiteralSecret"]

_HEADERS = ("authorization", "api-key", "x-api-key", "x-functions-key", "ocp-apim-subscription-key", "cookie")
_PARAMETERS = ("code", "key", "api-key", "apikey", "subscription-key", "sig", "access_token", "client_secret")
_SHAPES = pattern(
    r"sk-[A-Za-z0-9_-]{20,}|AKIA[A-Z0-9]{16}|AccountKey=[A-Za-z0-9+/=]{40,}|SharedAccessKey=[A-Za-z0-9+/=]{30,}"
    r"|eyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.|-----BEGIN [A-Z ]*PRIVATE KEY-----|gh[pousr]_[A-Za-z0-9]{30,}"
)
_WORDS = pattern(r"[A-Za-z0-9+/_=.~$!@#%^&*:-]{6,}")
_PLACEHOLDER = pattern(
    r"(?i)^[<\[(].*[>\])]$|x{4,}|\.\.\.|your|example|placeholder|change.?me|dummy|sample|test|secret"
)


class LiteralSecret(Rule, code="SEC003", level=ERROR):
    """A secret stands in the document.

    ## What it does

    Reports a password of `authentication-basic`, a value of `Authorization`, `api-key` and similar headers and query
    parameters, a symmetric key of `validate-jwt`, and text that has the shape of a known kind of key, when they are
    written as they are.
    What looks like a placeholder is left alone.

    ## Why

    Policies are read by everybody who reads the repository, the portal or an export of the service.
    A named value that is marked secret, or a reference into a key vault, keeps it out of all of them.

    ## Avoid

    ```xml
    <set-header name="api-key" exists-action="override">
      <value>7f3c9a51d0e84b6f92ab</value>
    </set-header>
    ```

    ## Prefer

    ```xml
    <set-header name="api-key" exists-action="override">
      <value>{{openai-key}}</value>
    </set-header>
    ```
    """

    def check(self, document: Subject, report: Report) -> None:
        for element in document.document.root.walk():
            for what, value, span in _secrets(element):
                if _looks_real(value):
                    report(span, f"{what} stands in the document", help="put it into a secret named value: {{name}}")


def _secrets(element: Element) -> Iterator[tuple[str, str, Span]]:
    """What may be a secret, what it is called, and where it stands."""
    texts = [a.value for a in element.attributes if isinstance(a.value, Text)]
    if isinstance(element.value, Text):
        texts.append(element.value)
    for text in texts:
        found = _SHAPES.search(text.value)
        if found is not None:
            yield "a key", found[0], text.map.span(found.start(), found.end())
            return
    name = element.get("name")
    called = name.value.value.lower() if name is not None and isinstance(name.value, Text) else ""
    if element.name == "authentication-basic":
        password = element.get("password")
        if password is not None and isinstance(password.value, Text):
            yield "a password", password.value.value, password.value_span
    elif (element.name == "set-header" and called in _HEADERS) or (
        element.name == "set-query-parameter" and called in _PARAMETERS
    ):
        for child in element.children:
            if child.name == "value" and isinstance(child.value, Text):
                value = child.value.value.strip()
                scheme, _, rest = value.partition(" ")
                yield f"the value of '{called}'", rest.strip() or scheme, child.value.span
    elif element.name == "key" and isinstance(element.value, Text):
        yield "a signing key", element.value.value.strip(), element.value.span


def _looks_real(value: str) -> bool:
    """Not a named value, not a placeholder, and of some length."""
    return "{{" not in value and _WORDS.fullmatch(value) is not None and _PLACEHOLDER.search(value) is None
