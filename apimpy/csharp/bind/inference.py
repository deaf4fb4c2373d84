"""Type inference: the type arguments of a generic method, best common types (C# 12.6.3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from apimpy.csharp import bound as bd
from apimpy.csharp.bind.arguments import Arg, target_type
from apimpy.csharp.conversions import implicit
from apimpy.csharp.known import is_nullable, strip_nullable
from apimpy.csharp.lookup import as_instance_of, delegate_signature, is_delegate
from apimpy.csharp.types import ERROR, NULL, VOID, ArrayType, Method, Named, TupleType, Type, TypeParam

if TYPE_CHECKING:
    from collections.abc import Sequence

    from apimpy.csharp.bind.binder import Binder
    from apimpy.csharp.bound import BExpr


class Inference:
    def __init__(self, params: tuple[TypeParam, ...]) -> None:
        self.params = frozenset(params)
        self.bounds: dict[TypeParam, list[Type]] = {p: [] for p in params}
        self.exact: dict[TypeParam, Type] = {}

    def infer(self, target: Type, source: Type, *, exact: bool = False) -> None:
        if source in (NULL, ERROR, VOID):
            return
        if isinstance(target, TypeParam):
            if target in self.params:
                if exact and target not in self.exact:
                    self.exact[target] = source
                if source not in self.bounds[target]:
                    self.bounds[target].append(source)
            return
        if isinstance(target, ArrayType):
            if isinstance(source, ArrayType) and source.rank == target.rank:
                self.infer(target.element, source.element, exact=exact)
            return
        if isinstance(target, TupleType):
            if isinstance(source, TupleType) and len(source.elements) == len(target.elements):
                for t, s in zip(target.elements, source.elements, strict=True):
                    self.infer(t, s)
            return
        if not isinstance(target, Named) or not target.args:
            return
        if is_nullable(target):
            self.infer(target.args[0], strip_nullable(source), exact=exact)
            return
        use = as_instance_of(source, target.decl)
        if use is not None:
            covariant = target.decl.name in (
                "IEnumerable",
                "IEnumerator",
                "IReadOnlyCollection",
                "IReadOnlyList",
                "IGrouping",
            )
            for t, s in zip(target.args, use.args, strict=True):
                self.infer(t, s, exact=not covariant)

    def fixed(self) -> dict[TypeParam, Type]:
        out: dict[TypeParam, Type] = {}
        for p, bounds in self.bounds.items():
            if p in self.exact:
                out[p] = self.exact[p]
            elif bounds:
                best = common_type(bounds)
                if best is not None:
                    out[p] = best
        return out


def common_type(types: Sequence[Type]) -> Type | None:
    """The one of the types to which all others convert implicitly."""
    for t in types:
        if all(o is t or implicit(o, t) is not None for o in types):
            return t
    return None


def _mentions(t: Type, params: frozenset[TypeParam]) -> bool:
    if isinstance(t, TypeParam):
        return t in params
    if isinstance(t, ArrayType):
        return _mentions(t.element, params)
    if isinstance(t, Named):
        return any(_mentions(a, params) for a in t.args)
    if isinstance(t, TupleType):
        return any(_mentions(e, params) for e in t.elements)
    return False


def infer(b: Binder, m: Method, args: list[Arg], slots: list[int], *, expanded: bool) -> Method | None:
    inference = Inference(m.type_params)
    waiting: list[int] = []
    for i, a in enumerate(args):
        target = target_type(m, slots[i], expanded=expanded)
        if a.value is None:
            continue
        if isinstance(a.value, bd.BUnboundLambda | bd.BMethodGroup | bd.BLocalFunctionRef):
            waiting.append(i)
        elif not (isinstance(a.value, bd.BDefault) and a.value.type is NULL):
            inference.infer(target, a.value.type, exact=a.mode == "ref")
    progress = True
    while waiting and progress:
        progress = False
        for i in list(waiting):
            target = target_type(m, slots[i], expanded=expanded)
            if not is_delegate(target):
                waiting.remove(i)
                continue
            known = inference.fixed()
            shape = delegate_signature(target)
            inputs = [p.type.subst(known) for p in shape.params]
            if any(_mentions(t, inference.params) for t in inputs):
                explicit_types = _lambda_types(b, args[i].value)
                if explicit_types is None or len(explicit_types) != len(inputs):
                    continue
                for p, t in zip(shape.params, explicit_types, strict=True):
                    inference.infer(p.type, t, exact=True)
                inputs = explicit_types
            value = args[i].value
            result: Type | None = None
            if isinstance(value, bd.BUnboundLambda):
                made, problems = b.speculate(value, inputs, None)
                args[i].problems = problems or args[i].problems
                result = made.result if made is not None else None
            elif isinstance(value, bd.BMethodGroup):
                chosen = b.method_for(value, inputs)
                result = chosen.result if chosen is not None else None
            elif isinstance(value, bd.BLocalFunctionRef):
                result = value.symbol.result
            if result is not None and result is not VOID:
                inference.infer(shape.result, result)
            waiting.remove(i)
            progress = True
    known = inference.fixed()
    if len(known) < len(m.type_params):
        return None
    return m.subst(known)


def _lambda_types(b: Binder, value: BExpr | None) -> list[Type] | None:
    if isinstance(value, bd.BUnboundLambda) and value.node.params and all(p.type for p in value.node.params):
        return [b.type(p.type) for p in value.node.params if p.type is not None]
    return None


def best_common(b: Binder, values: list[BExpr]) -> Type | None:
    """The best common type of several expressions."""
    types = []
    for v in values:
        if (
            v.type not in (NULL, ERROR)
            and not isinstance(v, bd.BUnboundLambda | bd.BMethodGroup)
            and v.type not in types
        ):
            types.append(v.type)
    for t in types:
        if all(b.can_convert(v, t) for v in values):
            return t
    return None
