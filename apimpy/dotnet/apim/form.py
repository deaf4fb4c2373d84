"""Form bodies: `AsFormUrlEncodedContent`, and back with `ToFormUrlEncodedContent` and `ToQueryString`."""

from __future__ import annotations

from typing import Any

from apimpy.csharp.types import ClrType
from apimpy.dotnet.collections_.dictionary import Dictionary
from apimpy.dotnet.collections_.list_ import List
from apimpy.dotnet.decl import clr_type
from apimpy.dotnet.exceptions import ArgumentNullException
from apimpy.dotnet.values import iterate
from apimpy.dotnet.web.webutility import form_decode, form_encode

__all__ = ["FormContent", "form_text", "parse_form"]


class FormContent(Dictionary):
    """Dictionary<string, IList<string>>.  Reading a name that is not there adds it with an empty list."""

    __slots__ = ()

    def __init__(self) -> None:
        universe = ClrType.universe
        assert universe is not None
        string = universe.named("System.String")
        super().__init__(string, universe.named("System.Collections.Generic.IList", string))

    def __getitem__(self, key: Any) -> Any:
        if key not in self:
            self.put(key, List(self.key_type))
        return super().__getitem__(key)


def parse_form(text: str) -> FormContent:
    made = FormContent()
    for pair in text.split("&"):
        if pair:
            name, _, value = pair.partition("=")
            made[form_decode(name)].append(form_decode(value))
    return made


def form_text(form: Any) -> str | None:
    """`a=1&b=2`; null when there is nothing."""
    if form is None:
        raise ArgumentNullException("dictionary")
    pairs = [(name, value) for name, values in iterate(form) for value in iterate(values)]
    return "&".join(f"{form_encode(n)}={form_encode(v or '')}" for n, v in pairs) or None


extensions = clr_type("Apim.FormExtensions", kind="static")

extensions.method(
    "static string? ToFormUrlEncodedContent(this IDictionary<string, IList<string>> dictionary)", form_text
)


@extensions.method("static string? ToQueryString(this IDictionary<string, IList<string>> dictionary)")
def to_query_string(form: Any) -> str | None:
    text = form_text(form)
    return None if text is None else "?" + text
