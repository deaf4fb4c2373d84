"""Character classes in the syntax of the `regex` package."""

from __future__ import annotations

from functools import cache

__all__ = ["class_text", "escape", "known_property"]

_CATEGORIES = frozenset(
    [
        "L",
        "Lu",
        "Ll",
        "Lt",
        "Lm",
        "Lo",
        "M",
        "Mn",
        "Mc",
        "Me",
        "N",
        "Nd",
        "Nl",
        "No",
        "P",
        "Pc",
        "Pd",
        "Ps",
        "Pe",
        "Pi",
        "Pf",
        "Po",
        "S",
        "Sm",
        "Sc",
        "Sk",
        "So",
        "Z",
        "Zs",
        "Zl",
        "Zp",
        "C",
        "Cc",
        "Cf",
        "Cs",
        "Co",
        "Cn",
    ]
)
_UNICODE = {
    "d": r"\p{Nd}",
    "D": r"\P{Nd}",
    "s": r"\s",
    "S": r"\S",
    "w": r"\p{L}\p{Mn}\p{Nd}\p{Pc}",
}
_ASCII = {"d": "0-9", "w": "a-zA-Z0-9_", "s": r" \f\n\r\t\v"}


@cache
def known_property(name: str) -> str | None:
    r"""The name that `regex` gives to what .NET writes `\p{name}`; None if there is none."""
    if name in _CATEGORIES:
        return name
    if not name.startswith("Is"):
        return None
    import regex

    block = {"Greek": "GreekandCoptic"}.get(name[2:], name[2:].replace("-", ""))
    try:
        regex.compile(rf"\p{{Block={block}}}")
    except regex.error:
        return None
    return "Block=" + block


def escape(char: str) -> str:
    """A literal character, safe inside and outside of sets."""
    if char.isalnum() and char.isascii():
        return char
    code = ord(char)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"


def class_text(item: str, ascii: bool) -> tuple[str, bool]:
    r"""The inside of a set for one of `dDwWsS` or `p{X}`, and whether it has to be negated as a whole."""
    if item[0] in "pP":
        return rf"\{item[0]}{{{known_property(item[2:-1])}}}", False
    if ascii:
        return _ASCII[item.lower()], item.isupper()
    if item == "W":
        return _UNICODE["w"], True
    return _UNICODE[item], False
