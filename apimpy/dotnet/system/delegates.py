"""The delegate types of System.  A delegate is a Python callable; expressions may pass but not invoke them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from apimpy.dotnet.decl import TypeDecl, clr_type

if TYPE_CHECKING:
    pass

__all__ = ["action", "comparison", "converter", "func", "predicate"]

delegate = clr_type("System.Delegate", allowed="")
multicast_delegate = clr_type("System.MulticastDelegate", bases="Delegate", allowed="")


def _delegate(name: str, params: list[str], result: str, arguments: str) -> TypeDecl:
    full = f"{name}<{', '.join(params)}>" if params else name
    signature = f"{result} Invoke({arguments})"
    return clr_type(full, kind="delegate", bases="MulticastDelegate", delegate=signature, allowed="")


def _numbered(count: int) -> tuple[list[str], str]:
    params = ["T"] if count == 1 else [f"T{i}" for i in range(1, count + 1)]
    names = ["arg"] if count == 1 else [f"arg{i}" for i in range(1, count + 1)]
    return params, ", ".join(f"{p} {n}" for p, n in zip(params, names, strict=True))


def _func(count: int) -> TypeDecl:
    params, arguments = _numbered(count)
    return _delegate("System.Func", [*params, "TResult"], "TResult", arguments)


def _action(count: int) -> TypeDecl:
    params, arguments = _numbered(count)
    return _delegate("System.Action", params, "void", arguments)


func = _func(0)
func_1 = _func(1)
func_2 = _func(2)
func_3 = _func(3)
func_4 = _func(4)
func_5 = _func(5)
func_6 = _func(6)
func_7 = _func(7)
func_8 = _func(8)
action = _action(0)
action_1 = _action(1)
action_2 = _action(2)
action_3 = _action(3)
action_4 = _action(4)
action_5 = _action(5)
action_6 = _action(6)
action_7 = _action(7)
action_8 = _action(8)
predicate = _delegate("System.Predicate", ["T"], "bool", "T obj")
comparison = _delegate("System.Comparison", ["T"], "int", "T x, T y")
converter = _delegate("System.Converter", ["TInput", "TOutput"], "TOutput", "TInput input")
