"""Tokens → syntax tree: the LALR driver, and what to say when it stops.

The driver is small on purpose: tables are data (`tables`), nodes are made by `build`.  What a syntax
error is called stands in `syntax_errors`; the text after it is not looked at (one mistake, one diagnostic).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from apimpy.csharp.build import BUILD
from apimpy.csharp.classify import classify
from apimpy.csharp.lexer import tokenize
from apimpy.csharp.syntax_errors import Problem, explain
from apimpy.csharp.tables import Tables, load
from apimpy.csharp.tokens import LexError, Token

if TYPE_CHECKING:
    from apimpy.csharp import nodes as n

__all__ = ["Problem", "parse"]


def parse(text: str, *, block: bool, placeholders: bool = False) -> tuple[n.Expr | n.Block | None, list[Problem]]:
    """Parse the inside of `@( )` or `@{ }`.  The tree is None when there is no usable one."""
    tokens, errors = tokenize(text, placeholders=placeholders)
    if errors:
        return None, [_lexical(errors)]
    tree, problem = _drive(load(), classify(tokens, block=block), "start_block" if block else "start_expression", text)
    return tree, [] if problem is None else [problem]


def _lexical(errors: list[LexError]) -> Problem:
    e = errors[0]
    return Problem(e.code, e.message, e.start, e.end)


def _drive(tables: Tables, tokens: list[Token], start: str, text: str) -> tuple[Any, Problem | None]:
    states, rules = tables.states, tables.rules
    state_stack = [tables.start[start]]
    values: list[Any] = []
    spans: list[tuple[int, int]] = []
    end_state = tables.end[start]
    stream = iter([*tokens, Token("$END", "", len(text), len(text))])
    token = next(stream)
    while True:
        if token.kind == "$END" and state_stack[-1] == end_state:
            return values[0], None
        action = states[state_stack[-1]].get(token.kind)
        if action is None:
            return None, explain(tables, state_stack, tokens, token, text)
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
