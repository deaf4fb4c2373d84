"""Parsing and rendering: the parser and the tags of python-liquid, with DotLiquid's conditions, names and output.

One environment serves every template and knows no loader: nothing is ever read from anywhere.  A rendering has the
budgets of an expression (steps, time, sizes), and its output is bounded.
"""

from __future__ import annotations

from functools import cache, partial
from io import StringIO
from typing import TYPE_CHECKING, Any, TextIO

import liquid.builtin.tags.case_tag as cases
from liquid import Environment, Mode
from liquid.ast import BlockNode, ConditionalBlockNode, Node
from liquid.builtin import content, illegal, output
from liquid.builtin.expressions import LoopExpression, parse_primitive
from liquid.builtin.expressions.primitive import Blank, Empty
from liquid.builtin.tags import assign_tag, capture_tag, comment_tag, cycle_tag, decrement_tag, for_tag
from liquid.builtin.tags import if_tag, ifchanged_tag, increment_tag, tablerow_tag
from liquid.context import RenderContext
from liquid.exceptions import BreakLoop, ContinueLoop, LiquidError, LiquidInterrupt
from liquid.expression import Expression
from liquid.parser import get_parser
from liquid.stream import TokenStream
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
from liquid.utils import ReadOnlyChainMap

from apimpy.dotnet.exceptions import BudgetExceeded, ClrError
from apimpy.policies._liquid.filters import FILTERS
from apimpy.policies._liquid.values import Failure, Members, compare, equal, extent, items, member, text
from apimpy.record import Record

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from apimpy.dotnet.values import Runtime

__all__ = ["Problem", "Template", "parse"]


class Problem(Record, frozen=True, eq=True):
    """Something wrong with a template, at [start, end) of its text."""

    message: str
    start: int
    end: int
    help: str | None = None


class Template:
    """A parsed template."""

    __slots__ = ("_bound",)

    def __init__(self, bound: Any) -> None:
        self._bound = bound

    def render(self, rt: Runtime, values: Mapping[str, Any], limit: int) -> str:
        """The text, of `limit` characters at most.  Failure when the template cannot go on."""
        context = _Context(self._bound, rt, values, limit)
        out = context.get_buffer()
        rt.begin()
        try:
            for node in self._bound.nodes:
                node.render(context, out)
        except LiquidInterrupt:
            pass  # a break outside of any loop ends the template
        except LiquidError as error:
            raise Failure(f"{error.message}.") from error
        except ClrError as error:
            raise Failure(error.text) from error
        except BudgetExceeded as error:
            raise Failure(f"The template is too expensive: {error}.") from error
        except RecursionError as error:
            raise Failure("The template is nested too deeply.") from error
        return out.getvalue()


def parse(source: str) -> tuple[Template | None, list[Problem]]:
    """The template, or None and why it is none.  Unknown filters are problems of a template that still renders."""
    try:
        bound = _environment().from_string(source)
        used = bound.analyze(include_partials=False).filters
    except LiquidError as error:
        token = error.token
        if token is None or token.start_index < 0:  # the end came too early
            start = end = len(source)
        else:
            start = token.start_index
            end = min(start + len(token.value), len(source))
        return None, [Problem(f"The template is not Liquid: {error.message}", start, end)]
    problems = []
    for name, spans in used.items():
        if name not in FILTERS:
            problems += [_unknown(name, source, span.index) for span in spans]
    return Template(bound), problems


def _unknown(name: str, source: str, index: int) -> Problem:
    from apimpy.spell import nearest

    at = source.find(name, max(0, index))
    start = index if at < 0 else at
    plain = name.replace("_", "").lower()
    near = next((f for f in FILTERS if f.lower() == plain), None) or nearest(name, FILTERS)
    help_ = f"did you mean {near!r}? Filters have their C# names" if near else "filters have their C# names"
    return Problem(f"There is no filter '{name}': the value stays as it is", start, start + len(name), help_)


# --- rendering --------------------------------------------------------------------------------------------------------


class _Output(StringIO):
    """Text of a bounded size; what is captured counts too."""

    def __init__(self, context: _Context) -> None:
        super().__init__()
        self._context = context

    def write(self, written: str) -> int:
        self._context.spend(len(written))
        return super().write(written)


class _Context(RenderContext):
    """Names and members as DotLiquid finds them: what is missing is null."""

    __slots__ = ("left", "limit", "rt")

    def __init__(self, bound: Any, rt: Runtime, values: Mapping[str, Any], limit: int) -> None:
        super().__init__(bound, globals=values)
        self.scope = ReadOnlyChainMap(self.locals, self.globals, self.counters)
        self.rt = rt
        self.limit = self.left = limit

    def spend(self, size: int) -> None:
        self.left -= size
        if self.left < 0:
            raise BudgetExceeded(f"the output passes the limit of {self.limit} characters")

    def get(self, path: list[object], *, token: Token | None, default: object = None) -> Any:
        found: Any = self.scope.get(str(path[0]))
        for name in path[1:]:
            found = member(found, name)
        return found

    def filter(self, name: str, token: Token | None) -> Any:
        found = FILTERS.get(name)
        self.rt.tick()
        return partial(self._apply, name, found) if found is not None else _unfiltered

    def _apply(self, name: str, found: Any, value: Any, *args: Any) -> Any:
        cost = sum(len(v) for v in (value, *args) if isinstance(v, str)) >> 6
        self.rt.tick(cost + 1)
        try:
            return found(self.rt, value, *args)
        except TypeError as error:
            raise Failure(f"The arguments of {name} do not fit.") from error

    def raise_for_loop_limit(self, length: int = 1) -> None:
        """Loops are paid for where their items are counted."""

    def get_buffer(self, buf: TextIO | None = None) -> StringIO:
        return _Output(self)


def _unfiltered(value: Any, *args: Any, **named: Any) -> Any:
    return value


class _OutputNode(output.OutputNode):
    __slots__ = ()

    def render_to_output(self, context: RenderContext, buffer: TextIO) -> int:
        assert isinstance(context, _Context)
        context.rt.tick()
        return buffer.write(text(self.expression.evaluate(context)))


class _OutputTag(output.Output):
    node_class = _OutputNode


class _CycleNode(cycle_tag.CycleNode):
    __slots__ = ()

    def render_to_output(self, context: RenderContext, buffer: TextIO) -> int:
        values = [arg.evaluate(context) for arg in self.args]
        group = text(self.group.evaluate(context)) if self.group else repr([text(v) for v in values])
        return buffer.write(text(values[context.cycle(group, len(values))]))


class _CycleTag(cycle_tag.CycleTag):
    node_class = _CycleNode


# --- conditions -------------------------------------------------------------------------------------------------------

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
        assert isinstance(context, _Context)
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


class _IfTag(Tag):
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


class _UnlessTag(_IfTag):
    name = "unless"
    end = "endunless"

    def condition(self, found: Expression) -> Expression:
        return _Not(found)


class _Any(cases._AnyExpression):
    __slots__ = ()

    def evaluate(self, context: RenderContext) -> list[bool]:
        assert isinstance(context, _Context)
        left = self.left.evaluate(context)
        return [_same(context.rt, left, right.evaluate(context)) for right in self.expressions]


class _CaseTag(cases.CaseTag):
    def parse(self, stream: TokenStream) -> Node:
        node = super().parse(stream)
        assert isinstance(node, cases.CaseNode)
        for block in node.blocks:
            if isinstance(block, cases.MultiExpressionBlockNode):
                held = block.expression
                block.expression = _Any(held.token, held.left, held.expressions)
        return node


# --- loops ------------------------------------------------------------------------------------------------------------


class _Items(LoopExpression):
    """What a loop goes over; every item is paid for before the first one is seen."""

    __slots__ = ()

    @classmethod
    def of(cls, found: LoopExpression) -> _Items:
        return cls(
            found.token,
            found.identifier,
            found.iterable,
            limit=found.limit,
            offset=found.offset,
            reversed_=found.reversed,
            cols=found.cols,
        )

    def _to_iter(self, obj: object, context: RenderContext) -> tuple[Iterator[Any], int]:
        assert isinstance(context, _Context)
        values = items(obj)
        size = extent(values)
        context.rt.tick(size + 1)
        return iter(values), size


class _ForTag(for_tag.ForTag):
    def parse(self, stream: TokenStream) -> Node:
        node = super().parse(stream)
        assert isinstance(node, for_tag.ForNode)
        node.expression = _Items.of(node.expression)
        return node


class _TableRowTag(tablerow_tag.TablerowTag):
    def parse(self, stream: TokenStream) -> Node:
        node = super().parse(stream)
        assert isinstance(node, tablerow_tag.TablerowNode)
        node.expression = _Items.of(node.expression)
        return node


class _JsonArrayNode(for_tag.ForNode):
    """A loop that writes a comma between its rounds."""

    __slots__ = ()

    def render_to_output(self, context: RenderContext, buffer: TextIO) -> int:
        values, length = self.expression.evaluate(context)
        name = self.expression.identifier
        loop = for_tag.ForLoop(name, values, length, context.parentloop())
        namespace: dict[str, object] = {"forloop": loop}
        with context.loop(namespace, loop):
            for item in loop:
                if not loop.first:
                    buffer.write(",")
                namespace[name] = item
                try:
                    self.block.render(context, buffer)
                except ContinueLoop:
                    continue
                except BreakLoop:
                    break
        return 0


class _JsonArrayTag(Tag):
    name = "JSONArrayFor"
    end = "endJSONArrayFor"

    def parse(self, stream: TokenStream) -> Node:
        token = stream.eat(TOKEN_TAG)
        expression = LoopExpression.parse(self.env, stream.into_inner(tag=token))
        block = get_parser(self.env).parse_block(stream, frozenset((self.end,)))
        stream.expect(TOKEN_TAG, value=self.end)
        return _JsonArrayNode(token, _Items.of(expression), block)


# --- the environment --------------------------------------------------------------------------------------------------

_TAGS: tuple[type[Tag], ...] = (
    content.Literal,
    illegal.Illegal,
    _OutputTag,
    _IfTag,
    _UnlessTag,
    _CaseTag,
    _ForTag,
    _JsonArrayTag,
    _TableRowTag,
    _CycleTag,
    assign_tag.AssignTag,
    capture_tag.CaptureTag,
    comment_tag.CommentTag,
    decrement_tag.DecrementTag,
    for_tag.BreakTag,
    for_tag.ContinueTag,
    ifchanged_tag.IfChangedTag,
    increment_tag.IncrementTag,
)


class _Environment(Environment):
    suppress_blank_control_flow_blocks = False

    def setup_tags_and_filters(self, *, extra: bool = False) -> None:
        for tag in _TAGS:
            self.add_tag(tag)


@cache
def _environment() -> _Environment:
    return _Environment(tolerance=Mode.STRICT, strict_filters=False)
