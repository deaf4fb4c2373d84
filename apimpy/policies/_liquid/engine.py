"""Parsing and rendering: the parser of python-liquid, with DotLiquid's conditions, names, filters and output.

One environment serves every template and knows no loader: nothing is ever read from anywhere.  A rendering has the
budgets of an expression (steps, time, sizes), and its output is bounded.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from liquid import Environment, Mode
from liquid.builtin import content, illegal
from liquid.builtin.tags import (
    assign_tag,
    capture_tag,
    comment_tag,
    decrement_tag,
    for_tag,
    ifchanged_tag,
    increment_tag,
)
from liquid.exceptions import LiquidError, LiquidInterrupt
from liquid.parser import get_parser

from apimpy.dotnet.exceptions import BudgetExceeded, ClrError
from apimpy.policies._liquid.conditions import CaseTag, IfTag, UnlessTag
from apimpy.policies._liquid.filters import FILTERS
from apimpy.policies._liquid.rendering import Context
from apimpy.policies._liquid.tags import CycleTag, ForTag, JsonArrayTag, OutputTag, Stream, TableRowTag
from apimpy.policies._liquid.values import Failure
from apimpy.record import Record
from apimpy.spell import nearest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from liquid.ast import Node
    from liquid.tag import Tag

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
        context = Context(self._bound, rt, values, limit)
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
    at = source.find(name, max(0, index))
    start = index if at < 0 else at
    plain = name.replace("_", "").lower()
    near = next((f for f in FILTERS if f.lower() == plain), None) or nearest(name, FILTERS)
    help_ = f"did you mean {near!r}? Filters have their C# names" if near else "filters have their C# names"
    return Problem(f"There is no filter '{name}': the value stays as it is", start, start + len(name), help_)


_TAGS: tuple[type[Tag], ...] = (
    content.Literal,
    illegal.Illegal,
    OutputTag,
    IfTag,
    UnlessTag,
    CaseTag,
    ForTag,
    JsonArrayTag,
    TableRowTag,
    CycleTag,
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

    def _parse(self, source: str) -> list[Node]:
        return get_parser(self).parse(Stream(self.tokenizer()(source)))


@cache
def _environment() -> _Environment:
    return _Environment(tolerance=Mode.STRICT, strict_filters=False)
