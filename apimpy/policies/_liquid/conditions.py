"""`if`, `unless` and `case` with DotLiquid's operators and its order of evaluation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import liquid.builtin.tags.case_tag as cases
from liquid.ast import BlockNode, ConditionalBlockNode, Node
from liquid.builtin.expressions import parse_primitive
from liquid.builtin.expressions.primitive import Blank, Empty
from liquid.builtin.tags import if_tag
from liquid.expression import Expression
from liquid.parser import get_parser
from liquid.tag import Tag
from liquid.token import (
    TOKEN_AND,
    TOKEN_CONTAINS,
    TOKEN_EOF,
    TOKEN_OR,
    TOKEN_RBRACKET,
    TOKEN_TAG,
    TOKEN_WORD,
    Token,
)

from apimpy.policies._liquid.rendering import Context
from apimpy.policies._liquid.values import Members, compare, equal, extent, text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from liquid import Environment
    from liquid.context import RenderContext
    from liquid.stream import TokenStream

    from apimpy.dotnet.values import Runtime

__all__ = ["CaseTag", "IfTag", "UnlessTag"]

_WORDS = ("contains", "startswith", "endswith", "haskey", "hasvalue")
_SIGNS = ("==", "!=", "<>", "<", ">", "<=", ">=")
_JUDGES = {
    "<": lambda n: n < 0,
    ">": lambda n: n > 0,
    "<=": lambda n: n <= 0,
    ">=": lambda n: n >= 0,
}


class _Comparison(Expression):
    __slots__ = ("left", "operator", "right")

    def __init__(self, token: Token, left: Expression, operator: str, right: Expression) -> None:
        super().__init__(token)
        self.left, self.operator, self.right = left, operator, right

    def evaluate(self, context: RenderContext) -> bool:
        assert isinstance(context, Context)
        rt = context.rt
        rt.tick()
        a, b = self.left.evaluate(context), self.right.evaluate(context)
        if self.operator in ("==", "!=", "<>"):
            return _same(rt, a, b) is (self.operator == "==")
        if self.operator in _JUDGES:
            return compare(rt, a, b, _JUDGES[self.operator])
        if isinstance(a, (list, tuple, range)):
            rt.tick(extent(a))
        return _holds(rt, a, self.operator, b)

    def children(self) -> Iterable[Expression]:
        return [self.left, self.right]


def _holds(rt: Runtime, a: Any, word: str, b: Any) -> bool:
    if word == "haskey":
        return isinstance(a, Members) and isinstance(b, str) and b in a
    if word == "hasvalue":
        return isinstance(a, Members) and any(equal(rt, a[name], b) for name in a)
    if isinstance(a, str):
        part = text(b)
        return part in a if word == "contains" else a.startswith(part) if word == "startswith" else a.endswith(part)
    if not isinstance(a, (list, tuple, range)):
        return False
    if word == "contains":
        return any(type(v) is type(b) and equal(rt, v, b) for v in a)
    return bool(a) and equal(rt, a[0 if word == "startswith" else -1], b)


def _same(rt: Runtime, a: Any, b: Any) -> bool:
    """`empty` and `blank` stand for whatever can be enumerated and has nothing in it."""
    for symbol, other in ((a, b), (b, a)):
        if isinstance(symbol, (Empty, Blank)):
            return isinstance(other, (str, list, tuple, range, Members)) and not extent(other)
    return equal(rt, a, b)


class _Condition(Expression):
    """One value, or several joined from the right: `a and b or c` is `a and (b or c)`."""

    __slots__ = ("first", "rest", "word")

    def __init__(self, token: Token, first: Expression, word: str = "", rest: _Condition | None = None) -> None:
        super().__init__(token)
        self.first, self.word, self.rest = first, word, rest

    def evaluate(self, context: RenderContext) -> bool:
        condition: _Condition | None = self
        holds = False
        while condition is not None:
            value = condition.first.evaluate(context)
            holds = value is not None and value is not False
            if (condition.word == TOKEN_OR and holds) or (condition.word == TOKEN_AND and not holds):
                return holds
            condition = condition.rest
        return holds

    def children(self) -> Iterable[Expression]:
        return [self.first] if self.rest is None else [self.first, self.rest]


class _Not(Expression):
    __slots__ = ("inner",)

    def __init__(self, inner: Expression) -> None:
        super().__init__(inner.token)
        self.inner = inner

    def evaluate(self, context: RenderContext) -> bool:
        return not self.inner.evaluate(context)

    def children(self) -> Iterable[Expression]:
        return [self.inner]


def _condition(env: Environment, tokens: TokenStream) -> _Condition:
    """The condition in a tag; words that are operators may begin with a capital."""
    tokens.tokens = list(_operators(tokens.tokens))
    terms: list[tuple[Expression, str]] = []
    while True:
        left = parse_primitive(env, tokens)
        if tokens.current.kind == TOKEN_CONTAINS or tokens.current.value in _SIGNS:
            sign = next(tokens)
            left = _Comparison(sign, left, sign.value.lower(), parse_primitive(env, tokens))
        if tokens.current.kind not in (TOKEN_AND, TOKEN_OR):
            break
        terms.append((left, next(tokens).kind))
    tokens.expect_eos()
    found = _Condition(left.token, left)
    for term, word in reversed(terms):
        found = _Condition(term.token, term, word, found)
    return found


def _operators(tokens: Iterable[Token]) -> Iterator[Token]:
    before = ""
    for token in tokens:
        if token.kind == TOKEN_WORD and before in _ENDS and token.value.lower() in _WORDS:
            token = Token(TOKEN_CONTAINS, token.value, token.start_index, token.source)
        before = token.kind
        yield token


_ENDS = (TOKEN_WORD, TOKEN_RBRACKET, "string", "identstring", "identindex", "integer", "float")


class IfTag(Tag):
    name = "if"
    end = "endif"

    def parse(self, stream: TokenStream) -> Node:
        block_of = get_parser(self.env).parse_block
        token = stream.eat(TOKEN_TAG)
        first = self.condition(_condition(self.env, stream.into_inner(tag=token)))
        ends = frozenset((self.end, "elsif", "else", TOKEN_EOF))
        consequence = block_of(stream, ends)
        others: list[ConditionalBlockNode] = []
        while stream.current.is_tag("elsif"):
            other = next(stream)
            condition = _condition(self.env, stream.into_inner(tag=other))
            others.append(ConditionalBlockNode(other, condition, block_of(stream, ends)))
        default: BlockNode | None = None
        if stream.current.is_tag("else"):
            next(stream)
            default = block_of(stream, frozenset((self.end, TOKEN_EOF)))
        stream.expect(TOKEN_TAG, value=self.end)
        return if_tag.IfNode(token, first, consequence, others, default)

    def condition(self, found: Expression) -> Expression:
        return found


class UnlessTag(IfTag):
    name = "unless"
    end = "endunless"

    def condition(self, found: Expression) -> Expression:
        return _Not(found)


class _Any(cases._AnyExpression):
    __slots__ = ()

    def evaluate(self, context: RenderContext) -> list[bool]:
        assert isinstance(context, Context)
        left = self.left.evaluate(context)
        return [_same(context.rt, left, right.evaluate(context)) for right in self.expressions]


class CaseTag(cases.CaseTag):
    def parse(self, stream: TokenStream) -> Node:
        node = super().parse(stream)
        assert isinstance(node, cases.CaseNode)
        for block in node.blocks:
            if isinstance(block, cases.MultiExpressionBlockNode):
                held = block.expression
                block.expression = _Any(held.token, held.left, held.expressions)
        return node
