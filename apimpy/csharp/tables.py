"""LALR(1) tables of `grammar/csharp.lark`: lark builds them, once; everybody else loads data.

lark is the compiler of the grammar (`strict=True`: a conflict is an error) and is imported only here.  The tables are
plain JSON beside the grammar (`apimpy/_grammar/csharp.json`), written when the wheel is built; in a source tree they
are made on first use, and again whenever the grammar's text has changed.  Format (all data, no code):

    {"grammar": CRC-32 of the grammar, "start": {symbol: state}, "end": {symbol: state},
     "rules": [[left side, length, node name or null, kept children or null, expand]],
     "rows": [{terminal or nonterminal: action, …} per distinct row], "states": [row number]}

An action >= 0 is shift/goto to that state, < 0 is reduce by rule `-action - 1`.  A kept child is its index, or
`-index - 1` when it is a rule whose children are spliced in.

The build hook of the wheel runs this file alone: it imports nothing of the package, and at the top nothing that is
not Python's own.
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Sequence
from functools import cache
from typing import Any, NamedTuple

__all__ = ["Rule", "Tables", "build", "load"]

_PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
_STORED = os.path.join(_PACKAGE, "_grammar", "csharp.json")
_GRAMMARS = (
    os.path.join(os.path.dirname(_PACKAGE), "grammar", "csharp.lark"),  # of the source tree, when there is one
    os.path.join(_PACKAGE, "_grammar", "csharp.lark"),
)
START = ("start_expression", "start_block")


class Rule(NamedTuple):
    """A production: what to pop, and how its node is made."""

    left: str
    length: int
    name: str | None
    """The node's name; None for rules that only hand their children on."""
    keep: Sequence[int] | None
    """Children that stay (see the module's docstring); None: all, none spliced."""
    expand: bool
    """A `?rule`: a single child stands for the node."""


class Tables(NamedTuple):
    start: dict[str, int]
    end: dict[str, int]
    rules: tuple[Rule, ...]
    states: tuple[dict[str, int], ...]


def build(text: str) -> dict[str, Any]:
    """Compile the grammar with lark.  GrammarError on any conflict."""
    import json

    from lark import Lark
    from lark.lexer import Lexer
    from lark.parsers.lalr_analysis import Shift

    class NoLexer(Lexer):
        """Tokens come from `csharp.lexer`; lark never sees text."""

        def __init__(self, conf: Any) -> None:
            pass

        def lex(self, lexer_state: Any, parser_state: Any) -> Any:
            return iter(())

    compiled = Lark(text, parser="lalr", start=list(START), strict=True, lexer=NoLexer, maybe_placeholders=False)
    table: Any = compiled.parser.parser._parse_table
    numbers = _numbered(table, Shift)
    rules: list[Any] = []
    known: dict[Any, int] = {}
    rows: list[dict[str, int]] = []
    row_numbers: dict[str, int] = {}
    states: list[int] = []
    for state in numbers:
        actions = table.states[state]
        row: dict[str, int] = {}
        for symbol, (action, argument) in sorted(actions.items(), key=lambda kv: str(kv[0])):
            name = getattr(symbol, "name", symbol)
            if action is Shift:
                row[name] = numbers[argument]
                continue
            if argument not in known:
                known[argument] = len(rules)
                rules.append(_rule(argument))
            row[name] = -known[argument] - 1
        key = json.dumps(row)
        if key not in row_numbers:
            row_numbers[key] = len(rows)
            rows.append(row)
        states.append(row_numbers[key])
    return {
        "grammar": zlib.crc32(text.encode()),
        "start": {k: numbers[v] for k, v in table.start_states.items()},
        "end": {k: numbers[v] for k, v in table.end_states.items()},
        "rules": rules,
        "rows": rows,
        "states": states,
    }


def _numbered(table: Any, shift: Any) -> dict[Any, int]:
    """States by number, in the order of a walk from the start: the same in every process."""
    numbers: dict[Any, int] = {}
    waiting = [table.start_states[k] for k in START]
    while waiting:
        state = waiting.pop(0)
        if state in numbers:
            continue
        numbers[state] = len(numbers)
        actions = sorted(table.states[state].items(), key=lambda kv: str(kv[0]))
        waiting.extend(argument for _, (action, argument) in actions if action is shift)
    return numbers


def _rule(rule: Any) -> list[Any]:
    left = rule.origin.name
    keep: list[int] = []
    for i, symbol in enumerate(rule.expansion):
        if symbol.is_term:
            if not symbol.name.startswith("_"):
                keep.append(i)
        elif symbol.name.startswith("_"):
            keep.append(-i - 1)
        else:
            keep.append(i)
    plain = keep == list(range(len(rule.expansion)))
    inline = left.startswith("_")
    expand = bool(rule.options.expand1) and not rule.alias
    return [left, len(rule.expansion), None if inline else rule.alias or left, None if plain else keep, expand]


def _decode(data: dict[str, Any]) -> Tables:
    rows = data["rows"]
    rules = tuple(Rule(*rule) for rule in data["rules"])
    return Tables(data["start"], data["end"], rules, tuple(rows[i] for i in data["states"]))


@cache
def load() -> Tables:
    """The tables for the grammar as it stands: prebuilt when they fit, else built now (and kept if possible)."""
    import orjson  # the environment of the build hook does not have it

    with open(next(filter(os.path.exists, _GRAMMARS)), encoding="utf-8") as f:
        grammar = f.read()
    try:
        with open(_STORED, "rb") as f:
            data = orjson.loads(f.read())
        if data["grammar"] == zlib.crc32(grammar.encode()):
            return _decode(data)
    except (OSError, ValueError, KeyError):
        pass  # absent or of another version: built below
    data = build(grammar)
    _store(orjson.dumps(data))
    return _decode(data)


def _store(data: bytes) -> None:
    """Keep the tables beside the package; a read-only installation just builds them each time."""
    made = f"{_STORED}.{os.getpid()}"  # moved into place, so that nobody reads half of it
    try:
        os.makedirs(os.path.dirname(_STORED), exist_ok=True)
        with open(made, "wb") as f:
            f.write(data)
        os.replace(made, _STORED)
    except OSError:
        return
