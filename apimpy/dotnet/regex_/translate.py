"""Writes a parsed .NET pattern in the syntax of the `regex` package.

Every group gets a name of its own (`g3` for group 3), so numbering follows .NET.  The result is compiled with
MULTILINE and DOTALL; what those mean in each place was decided by the parser.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from apimpy.dotnet.regex_ import nodes as n
from apimpy.dotnet.regex_.classes import class_text, escape

__all__ = ["compile_node", "write"]

_ANCHORS = {
    "A": r"\A",
    "Z": r"(?=\n?\Z)",
    "z": r"\Z",
    "G": r"\G",
    "^": "^",
    "$": "$",
    "b": r"\b",
    "B": r"\B",
}


def compile_node(node: n.Node, reverse: bool = False) -> Any:
    """A compiled pattern of the `regex` package."""
    import regex

    flags = regex.V0 | regex.MULTILINE | regex.DOTALL
    return regex.compile(write(node), flags | regex.REVERSE if reverse else flags)


def write(node: n.Node) -> str:
    match node:
        case n.Literal(char, folds):
            return _literal(char) if folds else escape(char)
        case n.Any(newline):
            return "." if newline else r"[^\n]"
        case n.CharSet():
            return char_set(node)
        case n.Anchor(kind, ascii):
            return f"(?a:\\{kind})" if ascii else _ANCHORS[kind]
        case n.Backreference(number, folds, ascii):
            text = _folded(f"(?P=g{number})", folds)
            return f"(?(g{number}){text})" if ascii else text
        case n.Group(number, body):
            return f"(?P<g{number}>{write(body)})"
        case n.Look(body, behind, negated):
            return f"(?{'<' if behind else ''}{'!' if negated else '='}{write(body)})"
        case n.Atomic(body):
            return f"(?>{write(body)})"
        case n.Conditional(test, yes, no):
            head = f"g{test}" if isinstance(test, int) else write(test)[1:-1]
            return f"(?({head}){_option(yes)}|{_option(no)})"
        case n.Repeat(body, least, most, lazy):
            return _atom(body) + _bounds(least, most) + ("?" if lazy else "")
        case n.Sequence(items):
            return _sequence(items)
        case n.Alternation(options):
            return "|".join(map(write, options))


def _sequence(items: tuple[n.Node, ...]) -> str:
    """The items in a row; a run of letters that ignore case becomes one group."""
    out: list[str] = []
    run: list[str] = []
    for item in (*items, None):
        if isinstance(item, n.Literal) and item.ignore_case:
            run.append(item.char)
            continue
        if run:
            out.append(_run(run))
            run.clear()
        if item is not None:
            out.append(_option(item))
    return "".join(out)


def _folded(text: str, folds: bool) -> str:
    return f"(?i:{text})" if folds else text


def _run(chars: list[str]) -> str:
    """Letters that ignore case; those with relatives of their own are written as sets."""
    out: list[str] = []
    plain: list[str] = []
    for char in (*chars, ""):
        if char and char not in _ODD and char.isascii():
            plain.append(char)
            continue
        if plain:
            out.append(_folded("".join(map(escape, plain)), any(c.lower() != c.upper() for c in plain)))
            plain.clear()
        if char:
            out.append(_literal(char))
    return "".join(out)


@cache
def _literal(char: str) -> str:
    """A letter in either case: .NET compares lower cases; `regex` knows more relatives, such as `s` and `ſ`."""
    low = char.lower()
    if len(low) != 1 or char.lower() == char.upper():
        return escape(char)
    return "".join(["[", *(escape(c) for c in sorted({low, char, *_relatives(low)})), "]"])


@cache
def _relatives(low: str) -> tuple[str, ...]:
    found = {c for c in (low.upper(), low.title()) if len(c) == 1 and c.lower() == low}
    return (*found, *_LOWERED.get(low, ""))


_LOWERED = {"k": "\u212a", "å": "\u212b", "ω": "\u2126", "ß": "ẞ", "θ": "ϴ"}
"""Letters whose lower case is another letter's as well."""
_ODD = frozenset("iIsS")


def _option(node: n.Node) -> str:
    text = write(node)
    return f"(?:{text})" if isinstance(node, n.Alternation) else text


def _atom(node: n.Node) -> str:
    """What a quantifier can follow."""
    return write(node) if isinstance(node, (n.Any, n.CharSet, n.Group)) else f"(?:{write(node)})"


def _bounds(least: int, most: int | None) -> str:
    match least, most:
        case 0, None:
            return "*"
        case 1, None:
            return "+"
        case 0, 1:
            return "?"
        case _:
            return f"{{{least},{'' if most is None else most}}}" if least != most else f"{{{least}}}"


def _shorthand(item: str) -> str:
    if item in "wW":
        return f"[{'^' if item == 'W' else ''}{class_text('w', ascii=False)[0]}]"
    return "\\" + item


def _both_cases(ranges: list[tuple[str, str]]) -> list[str]:
    """The other cases of the letters in some ranges, not yet listed by them."""
    listed = {chr(c) for low, high in ranges for c in range(ord(low), ord(high) + 1)}
    lowered = {c.lower() for c in listed}
    more = {r for c in lowered for r in (c, *_relatives(c)) if len(c) == 1} - listed
    return [escape(c) for c in sorted(more)]


def char_set(node: n.CharSet) -> str:
    """A set.  Parts that cannot stand in one list become alternatives, negation and subtraction lookaheads."""
    if len(node.items) == 1 and not node.ascii and isinstance(node.items[0], str) and node.subtract is None:
        only = node.items[0].removeprefix("\\")
        if only in "dDsSwW":
            return _shorthand(only.swapcase() if node.negated else only)
    inside: list[str] = []
    outside: list[str] = []
    folds = node.ignore_case
    ranges = [item for item in node.items if isinstance(item, tuple)]
    if folds and sum(ord(high) - ord(low) for low, high in ranges) < 0x200:
        folds = False  # few enough to be listed
        inside += _both_cases(ranges)
    for item in node.items:
        if isinstance(item, tuple):
            low, high = item
            inside.append(escape(low) if low == high else f"{escape(low)}-{escape(high)}")
        else:
            text, negated = class_text(item.removeprefix("\\"), node.ascii)
            if negated:
                outside.append(f"[^{text}]")
            else:
                inside.append(text)
    listed = "".join(inside)
    if outside:
        options = "|".join([f"[{listed}]"] * bool(listed) + outside)
        text = f"(?:(?!{options})[\\s\\S])" if node.negated else f"(?:{options})"
    else:
        text = f"[{'^' if node.negated else ''}{listed}]"
    text = _folded(text, folds)
    return f"(?:(?!{char_set(node.subtract)}){text})" if node.subtract is not None else text
