"""Tokens → syntax tree: the LALR driver, and what to say when it stops.

The driver is small on purpose: tables are data (`tables`), nodes are made by `build`.  A syntax error is reported
where the compiler reports it, with the compiler's code; the text after it is not looked at (one mistake, one
diagnostic).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from apimpy.csharp.build import BUILD
from apimpy.csharp.classify import classify
from apimpy.csharp.lexer import tokenize
from apimpy.csharp.tables import Tables, load
from apimpy.csharp.tokens import LexError, Token

if TYPE_CHECKING:
    from apimpy.csharp import nodes as n

__all__ = ["Problem", "parse"]


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong with the text, at offsets of that text; `code` is the compiler's."""

    code: str
    message: str
    start: int
    end: int


def parse(text: str, *, block: bool, placeholders: bool = False) -> tuple[n.Expr | n.Block | None, list[Problem]]:
    """Parse the inside of `@( )` or `@{ }`.  The tree is None when there is no usable one."""
    tokens, errors = tokenize(text, placeholders=placeholders)
    if errors:
        return None, [_lexical(errors)]
    tree, problem = _drive(load(), classify(tokens), "start_block" if block else "start_expression", len(text))
    return tree, [] if problem is None else [problem]


def _lexical(errors: list[LexError]) -> Problem:
    e = errors[0]
    return Problem(e.code, e.message, e.start, e.end)


def _drive(tables: Tables, tokens: list[Token], start: str, length: int) -> tuple[Any, Problem | None]:
    states, rules = tables.states, tables.rules
    state_stack = [tables.start[start]]
    values: list[Any] = []
    spans: list[tuple[int, int]] = []
    end_state = tables.end[start]
    stream = iter([*tokens, Token("$END", "", length, length)])
    token = next(stream)
    while True:
        if token.kind == "$END" and state_stack[-1] == end_state:
            return values[0], None
        action = states[state_stack[-1]].get(token.kind)
        if action is None:
            return None, _syntax_error(tables, state_stack[-1], token, tokens, length, start)
        if action >= 0:
            state_stack.append(action)
            values.append(token)
            spans.append((token.start, token.end))
            token = next(stream)
            continue
        rule = rules[-action - 1]
        count = rule.length
        if count:
            children = values[-count:]
            begin, finish = spans[-count][0], spans[-1][1]
            del values[-count:], spans[-count:], state_stack[-count:]
            if rule.keep is not None:
                kept: list[Any] = []
                for i in rule.keep:
                    if i >= 0:
                        kept.append(children[i])
                    else:
                        kept.extend(children[-i - 1])
                children = kept
        else:
            children, begin, finish = [], token.start, token.start
        if rule.name is None:
            value: Any = children
        elif rule.expand and len(children) == 1:
            value = children[0]
        else:
            value = BUILD[rule.name](children, begin, finish)
        values.append(value)
        spans.append((begin, finish))
        state_stack.append(states[state_stack[-1]][rule.left])


_CLOSERS = {
    "_SEMI": ("CS1002", "; expected"),
    "_RPAR": ("CS1026", ") expected"),
    "_RBRACE": ("CS1513", "} expected"),
    "_LBRACE": ("CS1514", "{ expected"),
    "_RSQB": ("CS1003", "Syntax error, ']' expected"),
    "_COLON": ("CS1003", "Syntax error, ':' expected"),
    "_K_IN": ("CS1515", "'in' expected"),
    "_LPAR": ("CS1003", "Syntax error, '(' expected"),
    "_HOLE_CLOSE": ("CS1003", "Syntax error, '}' expected"),
}
_OPERANDS = ("NUMBER", "STRING", "TRUE")


def _syntax_error(tables: Tables, state: int, token: Token, tokens: list[Token], length: int, start: str) -> Problem:
    """The compiler's words for a token that cannot stand here."""
    expected = tables.states[state]
    i = next((k for k, t in enumerate(tokens) if t is token), len(tokens))
    while i < len(tokens) and tokens[i].text == "" and tokens[i].kind != "$END":  # markers are not text
        i += 1
        token = tokens[i] if i < len(tokens) else Token("$END", "", length, length)
    before = next((t for t in reversed(tokens[:i]) if t.text), None)
    after_end = before.end if before is not None else 0
    shown = token.text or ("}" if start == "start_block" else ")")
    if "NUMBER" in expected and "IDENT" in expected:  # an operand or a statement should begin here
        if token.kind in ("IDENT", "PREDEFINED") and before is not None and before.kind in ("IDENT", "PREDEFINED"):
            return Problem("CS1002", "; expected", after_end, after_end)
        if token.kind == "_K_ELSE":
            return Problem("CS8641", "'else' cannot start a statement.", token.start, token.end)
        if token.kind == "_K_CATCH":
            return Problem("CS1524", "Expected catch or finally", token.start, token.end)
        if token.kind == "$END" and "_RBRACE" in expected and "_SEMI" in expected:
            return Problem("CS1513", "} expected", after_end, after_end)
        return Problem("CS1525", f"Invalid expression term '{shown}'", token.start, token.end)
    if "IDENT" in expected and not any(k in expected for k in ("_SEMI", "_RPAR", "_COMMA")):
        if "PREDEFINED" in expected:
            return Problem("CS1031", "Type expected", token.start, token.end)
        return Problem("CS1001", "Identifier expected", token.start, token.end)
    reachable = _closers(tables, expected)
    for kind in ("_SEMI", "_RPAR", "_RSQB", "_HOLE_CLOSE", "_COLON", "_K_IN", "_LBRACE", "_RBRACE", "_LPAR"):
        if kind in reachable:
            if kind == "_RPAR" and "_COMMA" in reachable and token.kind not in ("$END", "_SEMI", "_RBRACE"):
                return Problem("CS1003", "Syntax error, ',' expected", token.start, token.end)
            code, message = _CLOSERS[kind]
            return Problem(code, message, after_end, after_end)
    if start == "start_expression":
        return Problem("CS1026", ") expected", after_end, after_end)
    return Problem("CS1003", f"Syntax error, unexpected '{shown}'", token.start, token.end)


def _closers(tables: Tables, row: dict[str, int]) -> set[str]:
    """Terminals that can come here (reductions in a row are possible only on their look-aheads)."""
    return {k for k in row if k in _CLOSERS or k == "_COMMA"}
