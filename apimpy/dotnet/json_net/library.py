"""Calls into the declared class library by C# name: `Convert.ToInt32(object)`, `Regex.IsMatch(…)`.

Json.NET and LINQ to XML convert through the library's own members, so they convert exactly as those do.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from apimpy.csharp.types import Method, Named
from apimpy.dotnet.universe import universe

if TYPE_CHECKING:
    from apimpy.dotnet.values import Runtime

__all__ = ["call", "construct", "invoke"]


@cache
def _method(type_name: str, member: str, params: tuple[str, ...]) -> Method:
    decl = universe().declaration(type_name, 0)
    assert decl is not None, type_name
    for method in decl.own(member):
        if isinstance(method, Method) and tuple(p.type.full_name for p in method.params) == params:
            return method
    raise LookupError(f"{type_name}.{member}({', '.join(params)}) is not declared")


def call(rt: Runtime, type_name: str, member: str, params: tuple[str, ...], *args: Any) -> Any:
    """The (unboxed) result of a static member or constructor, chosen by the full names of its parameters' types."""
    method = _method(type_name, member, params)
    return method.impl(rt, *args) if method.decl.rt else method.impl(*args)


def construct(of: Named) -> Any:
    """A new object of a declared type through its constructor without parameters."""
    for method in of.decl.own(".ctor"):
        if isinstance(method, Method) and not method.params:
            return method.impl(*of.args) if method.decl.reify else method.impl()
    raise LookupError(f"{of.full_name} has no constructor without parameters")


def invoke(of: Named, member: str, target: Any, *args: Any) -> Any:
    """Call an instance method that takes that many arguments, without overloads of that length."""
    for method in of.decl.own(member):
        if isinstance(method, Method) and len(method.params) == len(args):
            return method.impl(target, *args)
    raise LookupError(f"{of.full_name}.{member}")
