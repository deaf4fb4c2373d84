"""Output and loops: DotLiquid's text of values, what it goes over, and the platform's `JSONArrayFor`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TextIO

from liquid.builtin import output
from liquid.builtin.expressions import FilteredExpression, LoopExpression
from liquid.builtin.tags import cycle_tag, for_tag, tablerow_tag
from liquid.exceptions import BreakLoop, ContinueLoop
from liquid.parser import get_parser
from liquid.stream import TokenStream
from liquid.tag import Tag
from liquid.token import TOKEN_DOT, TOKEN_OUTPUT, TOKEN_TAG, TOKEN_WORD, Token

from apimpy.policies._liquid.rendering import Context
from apimpy.policies._liquid.values import extent, items, text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from liquid.ast import Node
    from liquid.context import RenderContext

__all__ = ["CycleTag", "ForTag", "JsonArrayTag", "OutputTag", "Stream", "TableRowTag"]


class Stream(TokenStream):
    """Tokens in which a member may have any name: `body.limit`, `body.empty`."""

    def into_inner(self, *, tag: Token | None = None, eat: bool = True) -> TokenStream:
        inner = super().into_inner(tag=tag, eat=eat)
        before = ""
        for i, token in enumerate(inner.tokens):
            if before == TOKEN_DOT and token.kind != TOKEN_WORD and token.value.isidentifier():
                inner.tokens[i] = Token(TOKEN_WORD, token.value, token.start_index, token.source)
            before = token.kind
        return inner


class _OutputNode(output.OutputNode):
    __slots__ = ()

    def render_to_output(self, context: RenderContext, buffer: TextIO) -> int:
        assert isinstance(context, Context)
        context.rt.tick()
        return buffer.write(text(self.expression.evaluate(context)))


class OutputTag(output.Output):
    node_class = _OutputNode

    def parse(self, stream: TokenStream) -> _OutputNode:
        token = stream.eat(TOKEN_OUTPUT)
        return _OutputNode(token, FilteredExpression.parse(self.env, stream.into_inner(tag=token, eat=False)))


class _CycleNode(cycle_tag.CycleNode):
    __slots__ = ()

    def render_to_output(self, context: RenderContext, buffer: TextIO) -> int:
        values = [arg.evaluate(context) for arg in self.args]
        group = text(self.group.evaluate(context)) if self.group else repr([text(v) for v in values])
        return buffer.write(text(values[context.cycle(group, len(values))]))


class CycleTag(cycle_tag.CycleTag):
    node_class = _CycleNode


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
        assert isinstance(context, Context)
        values = items(obj)
        size = extent(values)
        context.rt.tick(size + 1)
        return iter(values), size


class ForTag(for_tag.ForTag):
    def parse(self, stream: TokenStream) -> Node:
        node = super().parse(stream)
        assert isinstance(node, for_tag.ForNode)
        node.expression = _Items.of(node.expression)
        return node


class TableRowTag(tablerow_tag.TablerowTag):
    def parse(self, stream: TokenStream) -> tablerow_tag.TablerowNode:
        node = super().parse(stream)
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


class JsonArrayTag(Tag):
    name = "JSONArrayFor"
    end = "endJSONArrayFor"

    def parse(self, stream: TokenStream) -> Node:
        token = stream.eat(TOKEN_TAG)
        expression = LoopExpression.parse(self.env, stream.into_inner(tag=token))
        block = get_parser(self.env).parse_block(stream, frozenset((self.end,)))
        stream.expect(TOKEN_TAG, value=self.end)
        return _JsonArrayNode(token, _Items.of(expression), block)
