"""Calls, indexing and conditional access."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from apimpy.csharp import bound as bd
from apimpy.csharp import nodes as n
from apimpy.csharp.bind.arguments import Arg, Candidate, arguments, slots_of
from apimpy.csharp.bind.calls import apply, resolve
from apimpy.csharp.bind.functions import call_local
from apimpy.csharp.bind.inference import Inference, infer
from apimpy.csharp.bind.lambdas import is_open
from apimpy.csharp.bind.names import no_member, property_
from apimpy.csharp.known import is_nullable, strip_nullable
from apimpy.csharp.lookup import delegate_signature, is_delegate, is_reference, lookup
from apimpy.csharp.types import ERROR, NULL, VOID, ArrayType, Method, Named, Property

if TYPE_CHECKING:
    from apimpy.csharp.bind.binder import Binder
    from apimpy.csharp.bound import BExpr


def call(b: Binder, node: n.Call) -> BExpr:
    target_node = node.target
    if isinstance(target_node, n.Name) and target_node.name == "nameof" and b.find("nameof") is None:
        return _nameof(b, node)
    reported = len(b.problems)
    target = b.bind(target_node)
    if isinstance(target, bd.BProperty) and isinstance(target_node, n.Member) and not is_delegate(target.type):
        extensions = tuple(b.universe.extensions(target_node.name.name))  # a property is not in the way of a call
        if extensions and target.receiver is not None:
            own = b.problems[reported:]  # what concerns the property: it is not what is called
            b.problems[reported:] = [p for p in own if p.start < target_node.name.start]
            type_args = target_node.name.type_args
            bound_args = tuple(b.type(t) for t in type_args) if type_args is not None else None
            target = bd.BMethodGroup(
                VOID,
                target.start,
                target.end,
                target_node.name.name,
                target.receiver,
                extensions,
                bound_args,
                target_node.name,
                True,
            )
    args = arguments(b, node.args)
    return invoke(b, node, target, args)


def _nameof(b: Binder, node: n.Call) -> BExpr:
    if len(node.args) != 1 or node.args[0].value is None:
        return b.error(node, "CS1501", f"No overload for method 'nameof' takes {len(node.args)} arguments")
    inner = node.args[0].value
    while isinstance(inner, n.Parenthesised):
        inner = inner.value
    with b.speculation() as problems:
        b.bind(inner)
    b.problems.extend(p for p in problems if p.code not in ("CS0120", "EXP001", "EXP002"))
    word = inner.name.name if isinstance(inner, n.Member) else inner.name if isinstance(inner, n.Name) else ""
    if not word:
        return b.error(inner, "CS8081", "Expression does not have a name.")
    return bd.BConst(b.k.string_, node.start, node.end, const=word)


def invoke(b: Binder, node: n.Node, target: BExpr, args: list[Arg]) -> BExpr:
    if isinstance(target, bd.BMethodGroup):
        return _call_group(b, node, target, args)
    if isinstance(target, bd.BLocalFunctionRef):
        return call_local(b, node, target, args)
    if target.type is ERROR:
        return b.broken(node)
    if isinstance(target, bd.BTypeRef):
        return b.error(node, "CS1955", f"Non-invocable member '{target.of.name}' cannot be used like a method.")
    if is_delegate(target.type):
        shape = delegate_signature(target.type)
        c = resolve(b, node, "Invoke", [shape], args, None, target.type.name)
        if c is None:
            return b.broken(node)
        values, _ = apply(b, node, c, args)
        b.effects.loops = True
        return bd.BInvoke(shape.result, node.start, node.end, target, values, nullable=is_reference(shape.result))
    if isinstance(target, bd.BProperty):
        called = node.target if isinstance(node, n.Call) else node
        return b.error(
            called.name if isinstance(called, n.Member) else called,
            "CS1955",
            f"Non-invocable member '{target.prop.owner.alias or target.prop.owner.name}.{target.prop.name}' cannot "
            "be used "
            "like a method.",
        )
    return b.error(node, "CS0149", "Method name expected")


def _call_group(b: Binder, node: n.Node, group: bd.BMethodGroup, args: list[Arg]) -> BExpr:
    receiver = group.receiver
    name_at = group.at
    c, used = _choose(b, group, args, name_at)
    if c is None:
        results = {m.result for m in group.methods}
        known = results.pop() if len(results) == 1 else ERROR
        return b.broken(node, ERROR if is_open(known) else known)
    m = c.method
    b.check_allowed(m.owner, m.name, name_at)
    if m.decl.unsupported:
        b.error(name_at, "EXP006", f"'{m.owner.name}.{m.name}' is not supported: {m.decl.unsupported}")
    if not m.static and receiver is None:
        return b.error(
            node.target if isinstance(node, n.Call) else node,
            "CS0120",
            f"An object reference is required for the non-static field, method, or property '{m.signature}'",
            t=m.result,
        )
    values, outs = apply(b, node, c, used)
    own = None if m.static else receiver
    if m.decl.effect == "body":
        _reads_body(b, own if own is not None else values[0])
    nullable = m.decl.nullable or (m.type_params != () and is_reference(m.result) and _type_param_result(m))
    return bd.BCall(m.result, node.start, node.end, m, own, values, outs, nullable=nullable)


def _choose(b: Binder, group: bd.BMethodGroup, args: list[Arg], name_at: n.Node) -> tuple[Candidate | None, list[Arg]]:
    """The method of the group, and the arguments with the receiver in front for an extension method."""
    receiver, name = group.receiver, group.name
    if receiver is None:
        static = [m for m in group.methods if m.static]
        c = resolve(b, name_at, name, static, args, group.type_args, quiet=len(static) < len(group.methods))
        if c is None and len(static) < len(group.methods):
            c = resolve(b, name_at, name, group.methods, args, group.type_args)
        return c, args
    with_receiver = [_receiver_arg(receiver), *args]
    if not group.extensions:
        extensions = b.universe.extensions(name)
        c = resolve(b, name_at, name, group.methods, args, group.type_args, quiet=bool(extensions))
        if c is not None or not extensions:
            return c, args
        c = resolve(b, name_at, name, extensions, with_receiver, group.type_args, quiet=True)
        if c is None:
            resolve(b, name_at, name, group.methods, args, group.type_args)
        return c, with_receiver
    methods = [m for m in group.methods if _accepts(b, m, receiver)]
    broken = any(a.value is not None and a.value.type is ERROR for a in with_receiver)
    if not methods and not broken:
        _no_extension(b, group, receiver)
        return None, args
    c = resolve(b, name_at, name, methods, with_receiver, group.type_args, quiet=True)
    if c is None and not broken:
        other = None if _fits_shape(b, methods, with_receiver) else _for_another_receiver(b, group, with_receiver)
        if other is not None:
            _wrong_receiver(b, receiver, group.name, other)
        else:
            resolve(b, name_at, name, methods, with_receiver, group.type_args)
    return c, with_receiver


def _fits_shape(b: Binder, methods: list[Method], args: list[Arg]) -> bool:
    """One of the methods takes this many arguments, and its type arguments can be inferred."""
    for m in methods:
        slots = slots_of(m, args, expanded=False)
        if slots is not None and (not m.type_params or infer(b, m, args, slots, expanded=False) is not None):
            return True
    return False


def _for_another_receiver(b: Binder, group: bd.BMethodGroup, args: list[Arg]) -> Method | None:
    """The extension method that fits every argument but the receiver."""
    for m in group.methods:
        slots = slots_of(m, args, expanded=False)
        if slots is None:
            continue
        chosen: Method | None = m
        if m.type_params:
            chosen = infer(b, m, args[1:], slots[1:], expanded=False)
        if chosen is not None and all(
            a.value is not None and b.can_convert(a.value, chosen.params[slot].type)
            for a, slot in zip(args[1:], slots[1:], strict=True)
        ):
            return chosen
    return None


def _type_param_result(m: Method) -> bool:
    """`T F<T>()`: the result may be whatever T allows, null included."""
    head = m.decl.signature.removeprefix("static ").split()[0]
    return head in {p.name for p in m.type_params}


def _receiver_arg(receiver: BExpr) -> Arg:
    return Arg(n.Argument(receiver.start, receiver.end, None), receiver, None, "")


def _accepts(b: Binder, m: Method, receiver: BExpr) -> bool:
    """The receiver could be the first argument of this extension method (type arguments aside)."""
    first = m.params[0].type

    if m.type_params:
        inference = Inference(m.type_params)
        inference.infer(first, receiver.type)
        fixed = inference.fixed()
        first = first.subst(fixed)

        if is_open(first):
            return isinstance(m.params[0].type, Named) and not m.params[0].type.args
    conversion = b.classify(receiver, first)
    return conversion is not None and conversion.kind in ("identity", "reference", "box", "error")


def _no_extension(b: Binder, group: bd.BMethodGroup, receiver: BExpr) -> BExpr:
    m = group.methods[0]
    if lookup(receiver.type, group.name):
        return b.error(group.at, "CS1501", f"No overload for method '{group.name}' takes these arguments")
    if m.type_params or len(group.methods) > 1:
        return no_member(b, group.at, receiver.type, group.name)
    return _wrong_receiver(b, receiver, group.name, m)


def _wrong_receiver(b: Binder, receiver: BExpr, name: str, m: Method) -> BExpr:
    return b.error(
        receiver,
        "CS1929",
        f"'{receiver.type.name}' does not contain a definition for '{name}' and the best extension method overload "
        f"'{m.signature}' requires a receiver of type '{m.params[0].type.name}'",
    )


def _behind(b: Binder, e: BExpr) -> BExpr:
    """What the receiver of a conditional access stands for."""
    return next((source for temp, source in b.temp_sources if temp is e), e)


def _reads_body(b: Binder, source: BExpr) -> None:
    """`As<T>` on a message body: which message's?"""
    while isinstance(source, bd.BConvert):
        source = source.operand
    source = _behind(b, source)
    if isinstance(source, bd.BProperty) and isinstance(source.receiver, bd.BProperty | bd.BTemp | bd.BConvert):
        owner = _behind(b, source.receiver)
        if isinstance(owner, bd.BProperty) and isinstance(owner.receiver, bd.BContext):
            if owner.prop.name == "Request":
                b.effects.request_body = True
                return
            if owner.prop.name == "Response":
                b.effects.response_body = True
                return
        elif isinstance(owner, bd.BConvert):  # a response kept in a variable is in memory
            return
    b.effects.request_body = b.effects.response_body = True


def index(b: Binder, node: n.Index) -> BExpr:
    target = b.value(node.target)
    args = arguments(b, node.args)
    return index_of(b, node, target, args)


def index_of(b: Binder, node: n.Node, target: BExpr, args: list[Arg]) -> BExpr:
    if target.type is ERROR:
        return b.broken(node)
    if isinstance(target, bd.BMethodGroup | bd.BUnboundLambda):
        return b.error(node, "CS0021", "Cannot apply indexing with [] to an expression of type 'method group'")
    t = target.type
    if isinstance(t, ArrayType):
        if len(args) != t.rank:
            return b.error(node, "CS0022", f"Wrong number of indices inside []; expected {t.rank}")
        values = []
        for a in args:
            assert a.value is not None
            number = b.try_convert(a.value, b.k.int_)
            values.append(number if number is not None else b.convert(a.value, b.k.long_, node))
        return bd.BArrayIndex(t.element, node.start, node.end, target, values, nullable=is_reference(t.element))
    indexers = [p for p in lookup(t, "this[]") if isinstance(p, Property)]
    if not indexers:
        return b.error(node, "CS0021", f"Cannot apply indexing with [] to an expression of type '{t.name}'")
    methods = [
        Method(p.owner, "this[]", (), p.index, p.type, False, False, p.getter or _no_getter, p.decl) for p in indexers
    ]
    c = resolve(b, node, "this", methods, args, None)
    if c is None:
        return b.broken(node)
    chosen = next(p for p, m in zip(indexers, methods, strict=True) if m.decl is c.method.decl)
    values, _ = apply(b, node, c, args)
    return property_(b, node, chosen, target, values, node)


def _no_getter(*_args: Any) -> Any:
    raise AssertionError("an indexer without a getter is never read")


def conditional_access(b: Binder, node: n.ConditionalAccess) -> BExpr:
    target = b.value(node.target)
    if target.type is ERROR:
        return b.broken(node)
    t = target.type
    if not (is_reference(t) or is_nullable(t)) or t is NULL:
        at = n.Node(node.target.end, node.target.end + 1)
        return b.error(at, "CS0023", f"Operator '?' cannot be applied to operand of type '{t.name}'")
    temp = b.temp(strip_nullable(t), node.target)
    b.temp_sources.append((temp, target))
    b.accesses.append(temp)
    try:
        rest = b.value(node.rest)
    finally:
        b.accesses.pop()
    if rest.type is ERROR:
        return b.broken(node)
    if isinstance(rest, bd.BMethodGroup):
        return b.error(node, "CS0023", "Operator '?' cannot be applied to operand of type 'method group'")
    result = rest.type
    if result is not VOID and result.is_value and not is_nullable(result):
        result = b.k.nullable(result)
        rest = b.convert(rest, result, rest)
    return bd.BConditionalAccess(result, node.start, node.end, target, temp, rest, nullable=True)


def access(b: Binder, node: n.Access) -> BExpr:
    return b.accesses[-1]
