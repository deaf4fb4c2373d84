"""JSON text to XML text, as `json-to-xml` does it.

    {"a": {"b": [1, true], "c": null}}
    <a><b>1</b><b>True</b><c xsi:nil="true" xmlns:xsi="…" /></a>

One root property that holds an object is the root element; anything else goes into `<Document>`.
"""

from __future__ import annotations

import json
from typing import Any

from apimpy.pattern import pattern
from apimpy.record import Record

__all__ = ["XmlOptions", "to_xml"]

_XSI = "http://www.w3.org/2001/XMLSchema-instance"
_MAX_DEPTH = 256
_TEXT = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#xD;"})
_QUOTED = _TEXT | str.maketrans({'"': "&quot;", "\t": "&#x9;", "\n": "&#xA;"})
_INVALID = pattern("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_PLAIN_NAME = pattern("(?!_x[0-9A-Fa-f])[A-Za-z_](?:[A-Za-z0-9.-]|_(?!x[0-9A-Fa-f]))*")
_ESCAPED = pattern("_x(?:[0-9A-Fa-f]{4}|[0-9A-Fa-f]{8})_")


class XmlOptions(Record, frozen=True, eq=True):
    """`namespace_prefix` and `attribute_block` None: no namespaces, no attributes."""

    parse_date: bool = True
    separator: str = "_"
    namespace_prefix: str | None = None
    attribute_block: str | None = None


class _Number(str):
    """The text of a number."""

    __slots__ = ()


def to_xml(text: str, options: XmlOptions) -> str:
    """ValueError with a sentence when the text is no JSON, or its content cannot be XML."""
    try:
        value = json.loads(text, parse_int=_Number, parse_float=_double, parse_constant=_constant)
    except RecursionError:
        raise ValueError(f"The JSON text is nested deeper than {_MAX_DEPTH} levels.") from None
    writer = _Writer(options)
    name = "Document"
    if isinstance(value, dict) and len(value) == 1:
        ((key, only),) = value.items()
        if isinstance(only, dict) and key != options.attribute_block:
            writer.member(key, only, frozenset({"xml"}), 1)
            return "".join(writer.out)
    writer.element(name, value, frozenset({"xml"}), 1)
    return "".join(writer.out)


def _double(text: str) -> _Number:
    from apimpy.dotnet.values import to_string

    return _Number(to_string(float(text)))


def _constant(text: str) -> Any:
    raise ValueError(f"{text} is no JSON.")


class _Writer:
    def __init__(self, options: XmlOptions) -> None:
        self.options = options
        self.out: list[str] = []

    def member(self, key: str, value: Any, scope: frozenset[str], depth: int) -> None:
        """A property: one element, or one for each item of an array."""
        if isinstance(value, dict):  # its own declarations count for its own name
            scope |= {prefix for prefix, _ in self._declarations(value)}
        name = self._name(key, scope)
        if isinstance(value, list) and value:
            for item in value:
                within = scope | {p for p, _ in self._declarations(item)} if isinstance(item, dict) else scope
                self.element(self._name(key, within), item, within, depth)
        else:
            self.element(name, value, scope, depth)

    def element(self, name: str, value: Any, scope: frozenset[str], depth: int) -> None:
        if depth > _MAX_DEPTH:
            raise ValueError(f"The JSON text is nested deeper than {_MAX_DEPTH} levels.")
        out = self.out
        if isinstance(value, dict):
            declared = self._declarations(value)
            scope |= {prefix for prefix, _ in declared}
            block = self._attribute_block(value)
            start = [name, *(f'xmlns:{p}="{_quoted(uri)}"' if p else f'xmlns="{_quoted(uri)}"' for p, uri in declared)]
            start += [f'{self._name(k, scope)}="{_quoted(self._scalar(v))}"' for k, v in block.items()]
            rest = [(k, v) for k, v in value.items() if not self._is_markup(k, v)]
            out.append(f"<{' '.join(start)}{'>' if rest else ' />'}")
            for key, inner in rest:
                self.member(key, inner, scope, depth + 1)
            if rest:
                out.append(f"</{name}>")
        elif isinstance(value, list):
            out.append(f"<{name}>" if value else f"<{name} />")
            for item in value:
                self.element("Array", item, scope, depth + 1)
            if value:
                out.append(f"</{name}>")
        elif value is None:
            out.append(f'<{name} xsi:nil="true" xmlns:xsi="{_XSI}" />')
        else:
            text = _checked(self._scalar(value)).translate(_TEXT)
            out.append(f"<{name}>{text}</{name}>" if text else f"<{name} />")

    def _scalar(self, value: Any) -> str:
        if value is None:
            return ""
        if isinstance(value, bool):
            return "True" if value else "False"
        if isinstance(value, (dict, list)):
            return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
        text = str(value)
        if self.options.parse_date and not isinstance(value, _Number) and (18 < len(text) < 41 or text[:1] == "/"):
            from apimpy.dotnet.json_net.scalars import date_of

            date = date_of(text) if text.isascii() else None
            if date is not None:
                text = date.clr_format("o")
        return text

    # --- what is no element ---

    def _is_markup(self, key: str, value: Any) -> bool:
        if key == self.options.attribute_block:
            return isinstance(value, dict)
        return isinstance(value, str) and self._declared_prefix(key) is not None

    def _attribute_block(self, value: dict[str, Any]) -> dict[str, Any]:
        name = self.options.attribute_block
        block = value.get(name) if name is not None else None
        return block if isinstance(block, dict) else {}

    def _declarations(self, value: dict[str, Any]) -> list[tuple[str, str]]:
        """Prefix and namespace of the properties that declare one; "" is the default namespace."""
        if not self.options.namespace_prefix:
            return []
        return [
            (prefix, uri)
            for key, uri in value.items()
            if isinstance(uri, str) and (prefix := self._declared_prefix(key)) is not None
        ]

    def _declared_prefix(self, key: str) -> str | None:
        mark = self.options.namespace_prefix
        if not mark:
            return None
        if key == mark:
            return ""
        prefix = key.removeprefix(mark + self.options.separator)
        return prefix if prefix != key and _encoded(prefix) == prefix else None

    def _name(self, key: str, scope: frozenset[str]) -> str:
        prefix, separator, local = key.partition(self.options.separator)
        if self.options.namespace_prefix and separator and local and prefix and prefix in scope:
            return f"{prefix}:{_encoded(local)}"
        return _encoded(key)


def _checked(text: str) -> str:
    if m := _INVALID.search(text):
        raise ValueError(f"'\\u{ord(m[0]):04x}' is no character of XML.")
    return text


def _quoted(text: str) -> str:
    return _checked(text).translate(_QUOTED)


def _encoded(name: str) -> str:
    """A name of XML: `_xHHHH_` for each character that cannot stand in one."""
    if _PLAIN_NAME.fullmatch(name):
        return name
    out = []
    for i, c in enumerate(name):
        if c == "_":
            out.append("_x005F_" if _ESCAPED.match(name, i) else c)
        elif _fits(c, first=i == 0):
            out.append(c)
        else:
            out.append(f"_x{ord(c):0{4 if ord(c) < 0x10000 else 8}X}_")
    return "".join(out) or "_"


def _fits(c: str, *, first: bool) -> bool:
    from apimpy.dotnet.exceptions import ClrError
    from apimpy.dotnet.xml_.names import verify

    try:
        verify(c if first else f"_{c}")
    except ClrError:
        return False
    return True
