"""The state of one rendering: names as DotLiquid finds them, filters, and what has been spent of the budgets."""

from __future__ import annotations

from functools import partial
from io import StringIO
from typing import TYPE_CHECKING, Any, TextIO

from liquid.context import RenderContext
from liquid.utils import ReadOnlyChainMap

from apimpy.dotnet.exceptions import BudgetExceeded
from apimpy.policies._liquid.filters import FILTERS
from apimpy.policies._liquid.values import Failure, member

if TYPE_CHECKING:
    from collections.abc import Mapping

    from liquid.token import Token

    from apimpy.dotnet.values import Runtime

__all__ = ["Context"]


class Output(StringIO):
    """Text of a bounded size; what is captured counts too."""

    def __init__(self, context: Context) -> None:
        super().__init__()
        self._context = context

    def write(self, written: str) -> int:
        self._context.spend(len(written))
        return super().write(written)


class Context(RenderContext):
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
        return Output(self)


def _unfiltered(value: Any, *args: Any, **named: Any) -> Any:
    return value
