"""What each kind of expression means: one function per node class, in the table at the end."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from apimpy.csharp import bound as bd
from apimpy.csharp import nodes as n
from apimpy.csharp import operators
from apimpy.csharp.binder import Binder
from apimpy.csharp.bound import BExpr, LocalFunctionSymbol
from apimpy.csharp.calls import Arg, Candidate, apply, resolve
from apimpy.csharp.conversions import explicit
from apimpy.csharp.known import INTEGRAL, NUMERIC, is_nullable, keyword, strip_nullable
from apimpy.csharp.lookup import (
    delegate_signature,
    is_delegate,
    is_enum,
    is_reference,
    is_subtype,
    lookup,
    member_names,
)
from apimpy.csharp.query import desugar
from apimpy.csharp.types import (
    ERROR,
    MISSING,
    NULL,
    VOID,
    AnonymousType,
    ArrayType,
    Method,
    Named,
    Property,
    TupleType,
    Type,
    anonymous_of,
    array_of,
    tuple_of,
)
from apimpy.spell import nearest

__all__ = ["BIND"]


# --- literals


def literal(b: Binder, node: n.Literal_) -> BExpr:
    if node.kind == "null":
        return bd.BConst(NULL, node.start, node.end, const=None, nullable=True)
    value = node.value
    if node.kind == "decimal":
        value = Decimal(value)
    elif node.kind in ("double", "float"):
        value = float(value)
        if node.kind == "float":
            import struct

            try:
                value = struct.unpack("f", struct.pack("f", value))[0]
            except OverflowError:
                return b.error(node, "CS0594", "Floating-point constant is outside the range of type 'float'")
    return bd.BConst(b.k.word(node.kind), node.start, node.end, const=value)


def interpolated(b: Binder, node: n.Interpolated) -> BExpr:
    parts: list[str | tuple[BExpr, int | None, str | None]] = []
    broken = False
    for p in node.parts:
        if isinstance(p, str):
            parts.append(p)
            continue
        value = b.value(p.value)
        if isinstance(value, bd.BUnboundLambda | bd.BMethodGroup) or value.type is VOID:
            value = b.convert(value, b.k.object_, p.value)
        align: int | None = None
        if p.align is not None:
            e = b.convert(b.value(p.align), b.k.int_, p.align)
            if e.const is MISSING and e.type is not ERROR:
                b.error(p.align, "CS0150", "A constant value is expected")
            elif e.const is not MISSING:
                align = e.const
        broken = broken or value.type is ERROR
        parts.append((value, align, p.format))
    if broken:
        return b.broken(node)
    return bd.BInterpolated(b.k.string_, node.start, node.end, parts)


def placeholder(b: Binder, node: n.Placeholder) -> BExpr:
    """A named value without a value: of unknown type, silently."""
    b.unknown = True
    return b.broken(node)


# --- names and members


def name(b: Binder, node: n.Name) -> BExpr:
    found = b.find(node.name)
    if found is not None:
        if isinstance(found, LocalFunctionSymbol):
            return bd.BLocalFunctionRef(b.k.object_, node.start, node.end, found)
        b.use(found)
        nullable = is_reference(found.type)
        return bd.BLocal(found.type, node.start, node.end, found, const=found.const, nullable=nullable)
    if node.name == "context":
        return bd.BContext(b.universe.context_type, node.start, node.end)
    arity = len(node.type_args or ())
    decl = b.universe.find(node.name, arity)
    if decl is not None:
        return bd.BTypeRef(VOID, node.start, node.end, decl.of(*(b.type(t) for t in node.type_args or ())))
    if b.universe.is_namespace(node.name):
        return bd.BNamespace(VOID, node.start, node.end, node.name)
    if node.name in ("this", "base"):
        return b.error(
            node,
            "CS0026",
            f"Keyword '{node.name}' is not valid in a static property, static method, or static field initializer",
        )
    names = [k for s in b.scopes for k in s] + ["context", *b.universe.type_names()]
    near = nearest(node.name, names)
    return b.error(
        node,
        "CS0103",
        f"The name '{node.name}' does not exist in the current context",
        f"did you mean '{near}'?" if near else None,
    )


def predefined(b: Binder, node: n.PredefinedName) -> BExpr:
    return bd.BTypeRef(VOID, node.start, node.end, b.universe.find(node.name, 0).of())


def member(b: Binder, node: n.Member) -> BExpr:
    target = b.bind(node.target)
    return member_of(b, node, target, node.name)


def member_of(b: Binder, node: n.Node, target: BExpr, wanted: n.Name) -> BExpr:
    """`target.wanted`."""
    word = wanted.name
    if isinstance(target, bd.BNamespace):
        full = f"{target.name}.{word}"
        decl = b.universe.find(full, len(wanted.type_args or ()))
        if decl is not None:
            return bd.BTypeRef(VOID, node.start, node.end, decl.of(*(b.type(t) for t in wanted.type_args or ())))
        if b.universe.is_namespace(full):
            return bd.BNamespace(VOID, node.start, node.end, full)
        return b.error(
            wanted,
            "CS0234",
            f"The type or namespace name '{word}' does not exist in the namespace '{target.name}' (are you missing an "
            "assembly reference?)",
        )
    if isinstance(target, bd.BTypeRef):
        return _static_member(b, node, target.of, wanted)
    if target.type is ERROR:
        return b.broken(node)
    if isinstance(target, bd.BMethodGroup | bd.BLocalFunctionRef):
        return b.error(
            node, "CS0119", f"'{getattr(target, 'name', '')}' is a method, which is not valid in the given context"
        )
    if isinstance(target, bd.BUnboundLambda):
        return b.error(node, "CS0023", "Operator '.' cannot be applied to operand of type 'lambda expression'")
    if target.type is NULL:
        return b.error(node, "CS0023", "Operator '.' cannot be applied to operand of type '<null>'")
    if target.type is VOID:
        return b.error(node, "CS0023", "Operator '.' cannot be applied to operand of type 'void'")
    t = target.type
    if isinstance(t, AnonymousType) and word in t.names:
        i = t.names.index(word)
        return bd.BItem(t.types[i], node.start, node.end, target, i, nullable=is_reference(t.types[i]))
    if isinstance(t, TupleType):
        i = t.names.index(word) if word in t.names else -1
        if i < 0 and word.startswith("Item") and word[4:].isdigit() and 0 < int(word[4:]) <= len(t.elements):
            i = int(word[4:]) - 1
        if i >= 0:
            return bd.BItem(t.elements[i], node.start, node.end, target, i, nullable=is_reference(t.elements[i]))
    found = lookup(t, word)
    type_args = tuple(b.type(x) for x in wanted.type_args) if wanted.type_args is not None else None
    if found and isinstance(found[0], Property):
        return _property(b, node, found[0], target, [], wanted)
    methods = tuple(m for m in found if isinstance(m, Method) and not m.static)
    extensions = b.universe.extensions(word)
    if methods or extensions:
        group = methods or tuple(extensions)
        return bd.BMethodGroup(VOID, node.start, node.end, word, target, group, type_args, not methods)
    if found:
        return b.error(
            node,
            "CS0176",
            f"Member '{t.name}.{word}' cannot be accessed with an instance reference; qualify it with a type name instead",
        )
    return _no_member(b, wanted, t, word)


def _no_member(b: Binder, where: n.Node, t: Type, word: str) -> BExpr:
    near = nearest(word, member_names(t))
    return b.error(
        where,
        "CS1061",
        f"'{t.name}' does not contain a definition for '{word}' and no accessible extension method '{word}' accepting a "
        f"first argument of type '{t.name}' could be found (are you missing a using directive or an assembly reference?)",
        f"did you mean '{near}'?" if near else None,
    )


def _static_member(b: Binder, node: n.Node, t: Type, wanted: n.Name) -> BExpr:
    word = wanted.name
    if isinstance(t, Named) and is_enum(t) and word in t.decl.enum_members:
        b.check_allowed(t.decl, word, wanted)
        return bd.BConst(t, node.start, node.end, const=t.decl.enum_members[word])
    found = lookup(t, word)
    if found and isinstance(found[0], Property):
        if not found[0].static:
            return b.error(
                node,
                "CS0120",
                f"An object reference is required for the non-static field, method, or property '{t.name}.{word}'",
            )
        return _property(b, node, found[0], None, [], wanted)
    methods = tuple(m for m in found if isinstance(m, Method) and m.static)
    type_args = tuple(b.type(x) for x in wanted.type_args) if wanted.type_args is not None else None
    if methods or found:
        return bd.BMethodGroup(
            VOID,
            node.start,
            node.end,
            word,
            None,
            methods or tuple(m for m in found if isinstance(m, Method)),
            type_args,
        )
    if isinstance(t, Named):
        nested = b.universe.declaration(f"{t.decl.full_name}.{word}", 0)
        if nested is not None:
            return bd.BTypeRef(VOID, node.start, node.end, nested.of())
    near = nearest(word, member_names(t))
    return b.error(
        wanted,
        "CS0117",
        f"'{t.name}' does not contain a definition for '{word}'",
        f"did you mean '{near}'?" if near else None,
    )


def _property(b: Binder, node: n.Node, p: Property, receiver: BExpr | None, index: list[BExpr], where: n.Node) -> BExpr:
    b.check_allowed(p.owner, "Item" if p.name == "this[]" else p.name, where)
    if p.decl.unsupported:
        b.error(where, "EXP006", f"'{p.owner.name}.{p.name}' is not supported: {p.decl.unsupported}")
    const = p.decl.const if p.decl.const is not MISSING and _constant(p.decl.const) else MISSING
    nullable = p.decl.nullable or (bool(p.index) and is_reference(p.type) and _generic_result(p))
    return bd.BProperty(p.type, node.start, node.end, p, receiver, index, const=const, nullable=nullable)


def _generic_result(p: Property) -> bool:
    """Elements of collections may be null."""
    return p.decl.signature.split()[0].startswith("T")


def _constant(value: Any) -> bool:
    return isinstance(value, bool | int | float | str)


# --- calls


def call(b: Binder, node: n.Call) -> BExpr:
    target_node = node.target
    if isinstance(target_node, n.Name) and target_node.name == "nameof" and b.find("nameof") is None:
        return _nameof(b, node)
    target = b.bind(target_node)
    if isinstance(target, bd.BProperty) and isinstance(target_node, n.Member) and not is_delegate(target.type):
        extensions = tuple(b.universe.extensions(target_node.name.name))  # a property is not in the way of a call
        if extensions and target.receiver is not None:
            type_args = target_node.name.type_args
            bound_args = tuple(b.type(t) for t in type_args) if type_args is not None else None
            target = bd.BMethodGroup(
                VOID, target.start, target.end, target_node.name.name, target.receiver, extensions, bound_args, True
            )
    args = b.arguments(node.args)
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
        return _call_local(b, node, target.symbol, args)
    if target.type is ERROR:
        return b.broken(node)
    if isinstance(target, bd.BTypeRef):
        return b.error(node, "CS1955", f"Non-invocable member '{target.of.name}' cannot be used like a method.")
    if is_delegate(target.type):
        shape = delegate_signature(target.type)
        c = resolve(b, node, "Invoke", [shape], args, None)
        if c is None:
            return b.broken(node)
        values, _ = apply(b, node, c, args)
        b.effects.loops = True
        return bd.BInvoke(shape.result, node.start, node.end, target, values, nullable=is_reference(shape.result))
    if isinstance(target, bd.BProperty):
        return b.error(
            node,
            "CS1955",
            f"Non-invocable member '{target.prop.owner.name}.{target.prop.name}' cannot be used like a method.",
        )
    return b.error(node, "CS0149", "Method name expected")


def _call_group(b: Binder, node: n.Node, group: bd.BMethodGroup, args: list[Arg]) -> BExpr:
    receiver = group.receiver
    name_at = _name_span(group)
    c: Candidate | None = None
    used = args
    if not group.extensions:
        extension_exists = receiver is not None and bool(b.universe.extensions(group.name))
        c = resolve(b, name_at, group.name, group.methods, args, group.type_args, quiet=extension_exists)
        if c is None and extension_exists:
            assert receiver is not None
            methods = b.universe.extensions(group.name)
            used = [_receiver_arg(receiver), *args]
            c = resolve(b, name_at, group.name, methods, used, group.type_args, quiet=True)
            if c is None:
                resolve(b, name_at, group.name, group.methods, args, group.type_args)
    else:
        assert receiver is not None
        used = [_receiver_arg(receiver), *args]
        methods = [m for m in group.methods if _accepts(b, m, receiver)]
        if not methods:
            if not any(a.value is not None and a.value.type is ERROR for a in used):
                return _no_extension(b, group, receiver)
        c = resolve(b, name_at, group.name, methods, used, group.type_args)
    if c is None:
        return b.broken(node)
    m = c.method
    b.check_allowed(m.owner, m.name, name_at)
    if m.decl.unsupported:
        b.error(name_at, "EXP006", f"'{m.owner.name}.{m.name}' is not supported: {m.decl.unsupported}")
    if not m.static and receiver is None:
        return b.error(
            node,
            "CS0120",
            f"An object reference is required for the non-static field, method, or property '{m.signature}'",
        )
    values, outs = apply(b, node, c, used)
    own = None if m.static else receiver
    if m.decl.effect == "body":
        _reads_body(b, own if own is not None else values[0])
    nullable = m.decl.nullable or (m.type_params != () and is_reference(m.result) and _type_param_result(m))
    return bd.BCall(m.result, node.start, node.end, m, own, values, outs, nullable=nullable)


def _type_param_result(m: Method) -> bool:
    """`T F<T>()`: the result may be whatever T allows, null included."""
    head = m.decl.signature.removeprefix("static ").split()[0]
    return head in {p.name for p in m.type_params}


def _receiver_arg(receiver: BExpr) -> Arg:
    return Arg(n.Argument(receiver.start, receiver.end, None), receiver, None, "")


def _accepts(b: Binder, m: Method, receiver: BExpr) -> bool:
    """The receiver could be the first argument of this extension method (type arguments aside)."""
    first = m.params[0].type
    from apimpy.csharp.calls import _Inference

    if m.type_params:
        inference = _Inference(m.type_params)
        inference.infer(first, receiver.type)
        fixed = inference.fixed()
        first = first.subst(fixed)
        from apimpy.csharp.binder import _open

        if _open(first):
            return isinstance(m.params[0].type, Named) and not m.params[0].type.args
    conversion = b.classify(receiver, first)
    return conversion is not None and conversion.kind in ("identity", "reference", "box", "error")


def _no_extension(b: Binder, group: bd.BMethodGroup, receiver: BExpr) -> BExpr:
    m = group.methods[0]
    if lookup(receiver.type, group.name):
        return b.error(_name_span(group), "CS1501", f"No overload for method '{group.name}' takes these arguments")
    if m.type_params or len(group.methods) > 1:
        return _no_member(b, _name_span(group), receiver.type, group.name)
    return b.error(
        receiver,
        "CS1929",
        f"'{receiver.type.name}' does not contain a definition for '{group.name}' and the best extension method overload "
        f"'{m.signature}' requires a receiver of type '{m.params[0].type.name}'",
    )


def _name_span(group: bd.BMethodGroup) -> n.Node:
    return (
        n.Node(max(group.start, group.end - len(group.name)), group.end)
        if group.type_args is None
        else n.Node(group.start, group.end)
    )


def _reads_body(b: Binder, source: BExpr) -> None:
    """`As<T>` on a message body: which message's?"""
    while isinstance(source, bd.BConvert):
        source = source.operand
    if isinstance(source, bd.BTemp):
        source = next((t for k, t in b.temp_sources if k is source), source)  # type: ignore[attr-defined]
    if isinstance(source, bd.BProperty) and isinstance(source.receiver, bd.BProperty | bd.BTemp | bd.BConvert):
        owner = source.receiver
        if isinstance(owner, bd.BTemp):
            owner = next((t for k, t in b.temp_sources if k is owner), owner)  # type: ignore[attr-defined]
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


def _call_local(b: Binder, node: n.Node, f: LocalFunctionSymbol, args: list[Arg]) -> BExpr:
    b.effects.loops = True
    params = f.params
    required = sum(1 for p in params if p[3] is MISSING and p[2] != "params")
    values: list[BExpr | None] = [None] * len(params)
    outs: list[tuple[int, BExpr | None]] = []
    rest: list[BExpr] = []
    variadic = bool(params) and params[-1][2] == "params"
    for i, a in enumerate(args):
        slot = next((j for j, p in enumerate(params) if p[0] == a.name), -1) if a.name else i
        if variadic and slot >= len(params) - 1 and not a.name:
            last = params[-1][1]
            assert isinstance(last, ArrayType)
            if a.value is not None and len(args) == len(params) and b.can_convert(a.value, last):
                values[-1] = b.convert(a.value, last, a.node)
            elif a.value is not None:
                rest.append(b.convert(a.value, last.element, a.node))
            continue
        if not 0 <= slot < len(params):
            return b.error(node, "CS1501", f"No overload for method '{f.name}' takes {len(args)} arguments")
        _, t, mode, _ = params[slot]
        if mode in ("out", "ref"):
            place = b.out_target(a, t)
            outs.append((slot, place))
            if mode == "ref" and place is not None:
                values[slot] = place
            continue
        if a.value is None:
            return b.error(a.node, "CS1615", f"Argument {i + 1} may not be passed with the 'out' keyword")
        values[slot] = b.convert(a.value, t, a.node)
    if len(args) < required:
        missing = params[len(args)][0]
        return b.error(
            node,
            "CS7036",
            f"There is no argument given that corresponds to the required formal parameter '{missing}' of '{f.name}'",
        )
    out: list[BExpr] = []
    for i, p in enumerate(params):
        v = values[i]
        if v is not None:
            out.append(v)
        elif p[2] == "params":
            assert isinstance(p[1], ArrayType)
            out.append(bd.BArrayNew(p[1], node.start, node.end, p[1].element, [], rest))
        elif p[2] != "out":
            out.append(bd.BConst(p[1], node.start, node.end, const=p[3], nullable=p[3] is None))
    return bd.BLocalCall(f.result, node.start, node.end, f, out, outs, nullable=is_reference(f.result))


def index(b: Binder, node: n.Index) -> BExpr:
    target = b.value(node.target)
    args = b.arguments(node.args)
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
            values.append(number if number is not None else b.convert(a.value, b.k.long_, a.node))
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
    return _property(b, node, chosen, target, values, node)


def _no_getter(*_args: Any) -> Any:
    raise AssertionError("an indexer without a getter is never read")


def conditional_access(b: Binder, node: n.ConditionalAccess) -> BExpr:
    target = b.value(node.target)
    if target.type is ERROR:
        return b.broken(node)
    t = target.type
    if not (is_reference(t) or is_nullable(t)) or t is NULL:
        return b.error(node, "CS0023", f"Operator '?' cannot be applied to operand of type '{t.name}'")
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


# --- operators


def parenthesised(b: Binder, node: n.Parenthesised) -> BExpr:
    return b.bind(node.value)


def checked(b: Binder, node: n.Checked) -> BExpr:
    before, b.checked = b.checked, node.on
    try:
        return b.value(node.value)
    finally:
        b.checked = before


def conditional(b: Binder, node: n.Conditional) -> BExpr:
    test = b.convert(b.value(node.test), b.k.bool_, node.test)
    then, other = b.value(node.then), b.value(node.other)
    if then.type is ERROR or other.type is ERROR or test.type is ERROR:
        return b.broken(node)
    a = then if not isinstance(then, bd.BThrow) else other
    c = other if not isinstance(other, bd.BThrow) else then
    t: Type | None = None
    if a.type is c.type and a.type is not NULL and not isinstance(a, bd.BUnboundLambda | bd.BMethodGroup):
        t = a.type
    else:
        to_c = (
            not isinstance(c, bd.BUnboundLambda | bd.BMethodGroup) and c.type is not NULL and b.can_convert(a, c.type)
        )
        to_a = (
            not isinstance(a, bd.BUnboundLambda | bd.BMethodGroup) and a.type is not NULL and b.can_convert(c, a.type)
        )
        if to_c and to_a:
            # both ways: only constants do that; the non-constant's type wins
            t = c.type if a.const is not MISSING else a.type
        elif to_c:
            t = c.type
        elif to_a:
            t = a.type
    if t is None:
        shown = [operators._shown(then), operators._shown(other)]
        return b.error(
            node,
            "CS0173",
            "Type of conditional expression cannot be determined because there is no implicit conversion between "
            f"'{shown[0]}' and '{shown[1]}'",
        )
    x, y = b.convert(then, t, node.then), b.convert(other, t, node.other)
    const = MISSING
    if test.const is not MISSING and x.const is not MISSING and y.const is not MISSING:
        const = x.const if test.const else y.const
    return bd.BConditional(t, node.start, node.end, test, x, y, const=const, nullable=x.nullable or y.nullable)


def cast(b: Binder, node: n.Cast) -> BExpr:
    t = b.type(node.type)
    operand = b.value(node.operand)
    if t is ERROR or operand.type is ERROR:
        return b.broken(node)
    result = b.cast(operand, t, node)
    return result


def as_type(b: Binder, node: n.As) -> BExpr:
    operand, t = b.value(node.operand), b.type(node.type)
    if operand.type is ERROR or t is ERROR:
        return b.broken(node)
    if t.is_value and not is_nullable(t):
        return b.error(
            node,
            "CS0077",
            "The as operator must be used with a reference type or nullable type "
            f"('{t.name}' is a non-nullable value type)",
        )
    if not isinstance(operand, bd.BUnboundLambda | bd.BMethodGroup) and operand.type is not NULL:
        if not (is_subtype(operand.type, t) or _castable(operand.type, t)):
            return b.error(
                node,
                "CS0039",
                f"Cannot convert type '{operand.type.name}' to '{t.name}' via a reference conversion, boxing conversion, "
                "unboxing conversion, wrapping conversion, or null type conversion",
            )
    return bd.BAs(t, node.start, node.end, b.convert(operand, b.k.object_, node.operand), t, nullable=True)


def _castable(a: Type, t: Type) -> bool:
    c = explicit(a, t)
    return c is not None and c.kind in ("identity", "reference", "box", "cast", "unbox", "wrap", "lift")


def is_type(b: Binder, node: n.IsType) -> BExpr:
    operand = b.value(node.operand)
    if node.type.is_var and node.declared is not None and operand.type is not ERROR:
        local = b.declare(node, node.declared, operand.type) if node.declared != "_" else None
        return bd.BIs(b.k.bool_, node.start, node.end, operand, operand.type, local)
    if node.declared is None and len(node.type.parts) >= 1 and not node.type.ranks and not node.type.nullable:
        constant = _constant_pattern(b, node)
        if constant is not None:
            return _is_const(b, node, operand, constant)
    t = b.type(node.type)
    if operand.type is ERROR or t is ERROR:
        if node.declared is not None and t is not ERROR:
            b.declare(node, node.declared, t)
        return b.broken(node)
    if isinstance(operand, bd.BUnboundLambda | bd.BMethodGroup):
        return b.error(
            node,
            "CS0837",
            "The first operand of an 'is' or 'as' operator may not be a lambda expression, "
            "anonymous method, or method group.",
        )
    if node.declared is not None and operand.type is not NULL:
        if not (is_subtype(operand.type, t) or _castable(operand.type, t) or is_nullable(operand.type)):
            b.declare(node, node.declared, t)
            return b.error(
                node,
                "CS8121",
                f"An expression of type '{operand.type.name}' cannot be handled by a pattern of type '{t.name}'.",
            )
    local = None
    if node.declared is not None and node.declared != "_":
        local = b.declare(node, node.declared, t)
    boxed = b.convert(operand, b.k.object_, node.operand)
    return bd.BIs(b.k.bool_, node.start, node.end, boxed, t, local)


def _constant_pattern(b: Binder, node: n.IsType) -> n.Expr | None:
    """`x is Name` where Name is no type: a constant."""
    parts = node.type.parts
    if any(args for _, args in parts):
        return None
    full = ".".join(p for p, _ in parts)
    if b.universe.find(full, 0) is not None or b.universe.nested([p for p, _ in parts], 0) is not None:
        return None
    expr: n.Expr = n.Name(node.type.start, node.type.end, parts[0][0])
    for p, _ in parts[1:]:
        expr = n.Member(node.type.start, node.type.end, expr, n.Name(node.type.start, node.type.end, p))
    with b.speculation() as problems:
        value = b.bind(expr)
    return expr if not problems and not isinstance(value, bd.BTypeRef | bd.BNamespace) else None


def is_constant(b: Binder, node: n.IsConstant) -> BExpr:
    return _is_const(b, node, b.value(node.operand), node.value)


def _is_const(b: Binder, node: n.Node, operand: BExpr, value_node: n.Expr) -> BExpr:
    value = b.value(value_node)
    if operand.type is ERROR or value.type is ERROR:
        return b.broken(node)
    if value.const is MISSING:
        return b.error(value_node, "CS0150", "A constant value is expected")
    if value.type is NULL:
        if operand.type.is_value and not is_nullable(operand.type):
            return b.error(
                value_node,
                "CS0037",
                f"Cannot convert null to '{operand.type.name}' because it is a non-nullable value type",
            )
    elif operand.type is not b.k.object_:
        value = b.convert(value, strip_nullable(operand.type), value_node)
    boxed = b.convert(operand, b.k.object_, operand)
    return bd.BIsConst(b.k.bool_, node.start, node.end, boxed, b.convert(value, b.k.object_, value_node))


def throw(b: Binder, node: n.Throw) -> BExpr:
    value = b.value(node.value)
    exception = b.universe.named("System.Exception")
    if value.type is ERROR:
        return b.broken(node)
    if value.type is not NULL and not is_subtype(value.type, exception):
        return b.error(
            node.value,
            "CS0155",
            "The type caught or thrown must be derived from System.Exception",
        )
    return bd.BThrow(NULL, node.start, node.end, value)


def type_of(b: Binder, node: n.TypeOf) -> BExpr:
    t = b.type(node.type)
    decl = b.universe.declaration("System.Type", 0)
    return bd.BTypeOf(decl.of() if decl else b.k.object_, node.start, node.end, t)


_SIZES = {"bool": 1, "char": 2, "float": 4, "double": 8, "decimal": 16}


def size_of(b: Binder, node: n.SizeOf) -> BExpr:
    t = b.type(node.type)
    word = keyword(t)
    size = INTEGRAL[word][0] // 8 if word in INTEGRAL else _SIZES.get(word)
    if size is None:
        if t is ERROR:
            return b.broken(node)
        return b.error(
            node,
            "CS0233",
            f"'{t.name}' does not have a predefined size, therefore sizeof can only be used in an unsafe context",
        )
    return bd.BConst(b.k.int_, node.start, node.end, const=size)


def default(b: Binder, node: n.Default) -> BExpr:
    if node.type is None:
        return bd.BDefault(NULL, node.start, node.end, nullable=True)
    t = b.type(node.type)
    return bd.BDefault(t, node.start, node.end, nullable=is_reference(t))


def tuple_(b: Binder, node: n.Tuple) -> BExpr:
    values = [b.value(e) for e in node.elements]
    if any(v.type is ERROR for v in values):
        return b.broken(node)
    names = [
        name_ or (e.name.name if isinstance(e, n.Member) else e.name if isinstance(e, n.Name) else None)
        for name_, e in zip(node.names, node.elements, strict=True)
    ]
    types = tuple(b.k.object_ if v.type is NULL else v.type for v in values)
    return bd.BTuple(tuple_of(types, tuple(names)), node.start, node.end, values)


def lambda_(b: Binder, node: n.Lambda) -> BExpr:
    return bd.BUnboundLambda(VOID, node.start, node.end, node)


def query(b: Binder, node: n.Query) -> BExpr:
    return b.value(desugar(node))


# --- assignment


def assign(b: Binder, node: n.Assign) -> BExpr:
    if not node.op and isinstance(node.target, n.Name) and node.target.name == "_" and b.find("_") is None:
        value = b.value(node.value)
        return bd.BAssign(value.type, node.start, node.end, bd.BError(value.type, node.start, node.end), value)
    if not node.op and isinstance(node.target, n.Tuple):
        return b.unsupported(node, "deconstructing assignment to existing variables")
    target = b.value(node.target)
    if not _assignable(b, target, node.target):
        b.value(node.value)
        return b.broken(node)
    if not node.op:
        value = b.convert(b.value(node.value), target.type, node.value)
        if target.type is ERROR or value.type is ERROR:
            return b.broken(node)
        return bd.BAssign(target.type, node.start, node.end, target, value, nullable=value.nullable)
    temp = b.temp(target.type, node.target)
    right = b.value(node.value)
    result = operators.binary_bound(b, node, node.op, temp, right)
    if result.type is ERROR:
        return b.broken(node)
    return _compound(b, node, target, temp, result, postfix=False, right=right)


def _compound(
    b: Binder, node: n.Node, target: BExpr, temp: bd.BTemp, result: BExpr, *, postfix: bool, right: BExpr | None = None
) -> BExpr:
    value = b.try_convert(result, target.type)
    if value is None:
        c = explicit(result.type, target.type)
        fits = right is None or b.can_convert(right, target.type) or keyword(strip_nullable(right.type)) == "int"
        if c is not None and fits and keyword(strip_nullable(target.type)) in NUMERIC:
            before, b.checked = b.checked, b.checked or False
            value = b.apply(result, c, target.type)
            b.checked = before
        elif c is not None and is_enum(target.type):
            value = b.apply(result, c, target.type)
        else:
            return b.convert(result, target.type, node)
    return bd.BCompound(target.type, node.start, node.end, target, temp, value, postfix)


def _assignable(b: Binder, target: BExpr, where: n.Node) -> bool:
    if target.type is ERROR:
        return False
    if isinstance(target, bd.BLocal):
        local = target.local
        if local.const is not MISSING:
            b.error(where, "CS0131", "The left-hand side of an assignment must be a variable, property or indexer")
            return False
        if local.readonly:
            b.error(where, "CS1656", f"Cannot assign to '{local.name}' because it is a 'foreach iteration variable'")
            return False
        b.use(local, assign=True)
        target.const = MISSING
        return True
    if isinstance(target, bd.BArrayIndex):
        return True
    if isinstance(target, bd.BProperty):
        if target.prop.setter is None:
            owner = target.prop.owner
            if target.prop.index:
                b.error(
                    where,
                    "CS0200",
                    f"Property or indexer '{owner.name}.this[{', '.join(p.type.name for p in target.prop.index)}]' cannot be assigned to -- it is read only",
                )
            else:
                b.error(
                    where,
                    "CS0200",
                    f"Property or indexer '{owner.name}.{target.prop.name}' cannot be assigned to -- it is read only",
                )
            return False
        return True
    if isinstance(target, bd.BItem):
        if isinstance(target.target.type, TupleType) and isinstance(target.target, bd.BLocal):
            b.use(target.target.local, assign=True)
            return True
        b.error(where, "CS0200", "Property or indexer cannot be assigned to -- it is read only")
        return False
    b.error(where, "CS0131", "The left-hand side of an assignment must be a variable, property or indexer")
    return False


def increment(b: Binder, node: n.Increment) -> BExpr:
    target = b.value(node.operand)
    if not _assignable(b, target, node.operand):
        if target.type is not ERROR and not b.problems:
            b.error(
                node.operand,
                "CS1059",
                "The operand of an increment or decrement operator must be a variable, property or indexer",
            )
        return b.broken(node)
    base = strip_nullable(target.type)
    if keyword(base) not in NUMERIC and not is_enum(base):
        return b.error(
            node, "CS0023", f"Operator '{node.op}' cannot be applied to operand of type '{target.type.name}'"
        )
    temp = b.temp(target.type, node.operand)
    one = bd.BConst(b.k.int_, node.start, node.end, const=1)
    result = operators.binary_bound(b, node, node.op[0], temp, one)
    return _compound(b, node, target, temp, result, postfix=not node.prefix)


# --- creation


def new(b: Binder, node: n.New) -> BExpr:
    t = b.type(node.type)
    args = b.arguments(node.args)
    if t is ERROR:
        return b.broken(node)
    if is_delegate(t):
        if len(args) != 1 or args[0].value is None:
            return b.error(node, "CS0149", "Method name expected")
        return b.convert(args[0].value, t, node)
    made = construct(b, node, t, args)
    if made.type is ERROR or node.init is None:
        if node.init is not None:
            initializer(b, node.init, b.temp(t, node))
        return made
    temp = b.temp(t, node)
    actions = initializer(b, node.init, temp)
    return bd.BInit(t, node.start, node.end, made, temp, actions)


def construct(b: Binder, node: n.Node, t: Type, args: list[Arg]) -> BExpr:
    if isinstance(t, Named) and t.decl.full_name == "System.Nullable":
        if len(args) == 1 and args[0].value is not None:
            return b.convert(args[0].value, t, node)
        return bd.BDefault(t, node.start, node.end)
    if isinstance(t, TupleType):
        values = [b.convert(a.value, e, node) for a, e in zip(args, t.elements, strict=False) if a.value is not None]
        return bd.BTuple(t, node.start, node.end, values)
    if not isinstance(t, Named):
        return b.error(node, "CS0144", f"Cannot create an instance of the abstract class or interface '{t.name}'")
    if t.decl.kind == "interface":
        return b.error(node, "CS0144", f"Cannot create an instance of the abstract class or interface '{t.name}'")
    if t.decl.kind == "static":
        return b.error(node, "CS0712", f"Cannot create an instance of the static class '{t.name}'")
    ctors = [m.subst(t.mapping) for m in t.decl.own(".ctor") if isinstance(m, Method)]
    if t.is_value and not args and not any(not m.params for m in ctors):
        b.check_allowed(t.decl, ".ctor", node)
        return bd.BDefault(t, node.start, node.end)
    if not ctors:
        b.check_allowed(t.decl, ".ctor", node)
        if not b.problems or b.problems[-1].start != node.start:
            return b.error(
                node, "CS1729", f"'{t.name}' does not contain a constructor that takes {len(args)} arguments"
            )
        return b.broken(node)
    c = resolve(b, node, ".ctor", ctors, args, None, t.name)
    if c is None:
        return b.broken(node)
    b.check_allowed(t.decl, ".ctor", node)
    if c.method.decl.unsupported:
        b.error(node, "EXP006", f"'{t.name}' is not supported: {c.method.decl.unsupported}")
    values, outs = apply(b, node, c, args)
    return bd.BNew(t, node.start, node.end, c.method, values, outs)


def initializer(b: Binder, init: n.Initializer, temp: BExpr) -> list[BExpr]:
    """What an object or collection initialiser does to the object in `temp`."""
    actions: list[BExpr] = []
    for item in init.items:
        if isinstance(item, n.InitElement):
            values = [Arg(n.Argument(v.start, v.end, v), b.value(v), None, "") for v in item.values]
            add = member_of(b, item, temp, n.Name(item.start, item.end, "Add"))
            if add.type is ERROR:
                continue
            actions.append(invoke(b, item, add, values))
            continue
        if isinstance(item, n.InitMember):
            target = member_of(b, item, temp, n.Name(item.start, item.start + len(item.name), item.name))
        else:
            target = index_of(b, item, temp, b.arguments(item.args))
        if isinstance(item.value, n.Initializer):
            inner = b.temp(target.type, item)
            actions.append(
                bd.BInit(target.type, item.start, item.end, target, inner, initializer(b, item.value, inner))
            )
            continue
        value = b.value(item.value)
        if target.type is ERROR or not _assignable(b, target, item):
            continue
        actions.append(bd.BAssign(target.type, item.start, item.end, target, b.convert(value, target.type, item.value)))
    return actions


def new_array(b: Binder, node: n.NewArray) -> BExpr:
    if node.element is None:
        assert node.init is not None
        if node.ranks[0] > 1:
            return b.unsupported(node, "implicitly typed arrays of more than one dimension")
        values = [b.value(v) for v in node.init.items if isinstance(v, n.Expr)]
        if any(v.type is ERROR for v in values):
            return b.broken(node)
        element = b.best_common(values)
        if element is None:
            return b.error(node, "CS0826", "No best type found for implicitly-typed array")
        items = [b.convert(v, element, v) for v in values]
        return bd.BArrayNew(array_of(element), node.start, node.end, element, [], items)
    element = b.type(node.element)
    if element is ERROR:
        return b.broken(node)
    ranks = list(node.ranks)
    if node.sizes:
        for rank in reversed(ranks):
            element = array_of(element, rank)
        rank = len(node.sizes)
    else:
        for inner in reversed(ranks[1:]):
            element = array_of(element, inner)
        rank = ranks[0]
    t = array_of(element, rank)
    sizes = [b.convert(b.value(s), b.k.int_, s) for s in node.sizes]
    for s in sizes:
        if isinstance(s.const, int) and s.const < 0:
            return b.error(s, "CS0248", "Cannot create an array with a negative size")
    if node.init is None:
        return bd.BArrayNew(t, node.start, node.end, element, sizes, None)
    made = array_init(b, node.init, t)
    if isinstance(made, bd.BArrayNew) and sizes and sizes[0].const is not MISSING:
        given = made.shape or (len(made.items or ()),)
        if tuple(s.const for s in sizes) != given:
            return b.error(node.init, "CS0847", f"An array initializer of length '{sizes[0].const}' is expected")
    return made


def array_init(b: Binder, init: n.ArrayInitializer, t: ArrayType) -> BExpr:
    """`{1, 2}` for a declared array type."""
    items: list[BExpr] = []
    shape: list[int] = []

    def level(node: n.ArrayInitializer, depth: int) -> None:
        if len(shape) <= depth:
            shape.append(len(node.items))
        elif shape[depth] != len(node.items):
            b.error(node, "CS0847", f"An array initializer of length '{shape[depth]}' is expected")
        for v in node.items:
            if depth < t.rank - 1:
                if isinstance(v, n.ArrayInitializer):
                    level(v, depth + 1)
                else:
                    b.error(v, "CS0846", "A nested array initializer is expected")
            elif isinstance(v, n.ArrayInitializer):
                b.error(
                    v,
                    "CS0623",
                    "Array initializers can only be used in a variable or field initializer. Try using a new expression instead.",
                )
            else:
                items.append(b.convert(b.value(v), t.element, v))

    level(init, 0)
    return bd.BArrayNew(t, init.start, init.end, t.element, [], items, tuple(shape) if t.rank > 1 else None)


def new_anonymous(b: Binder, node: n.NewAnonymous) -> BExpr:
    values = [b.value(v) for v in node.values]
    names: list[str] = []
    for given, v in zip(node.names, node.values, strict=True):
        if given is None:
            return b.error(
                v,
                "CS0746",
                "Invalid anonymous type member declarator. Anonymous type members must be declared with a member assignment, simple name or member access.",
            )
        names.append(given)
    for v, e in zip(node.values, values, strict=True):
        if e.type is NULL or e.type is VOID:
            return b.error(v, "CS0828", f"Cannot assign {e.type.name} to anonymous type property")
    if any(v.type is ERROR for v in values):
        return b.broken(node)
    t = anonymous_of(tuple(names), tuple(v.type for v in values))
    return bd.BAnonymous(t, node.start, node.end, values)


BIND: dict[type, Callable[[Binder, Any], BExpr]] = {
    n.Literal_: literal,
    n.Interpolated: interpolated,
    n.Placeholder: placeholder,
    n.Name: name,
    n.PredefinedName: predefined,
    n.Member: member,
    n.Call: call,
    n.Index: index,
    n.ConditionalAccess: conditional_access,
    n.Access: access,
    n.Parenthesised: parenthesised,
    n.Checked: checked,
    n.Unary: operators.unary,
    n.Binary: operators.binary,
    n.Conditional: conditional,
    n.Cast: cast,
    n.As: as_type,
    n.IsType: is_type,
    n.IsConstant: is_constant,
    n.Throw: throw,
    n.TypeOf: type_of,
    n.SizeOf: size_of,
    n.Default: default,
    n.Tuple: tuple_,
    n.Lambda: lambda_,
    n.Query: query,
    n.Assign: assign,
    n.Increment: increment,
    n.New: new,
    n.NewArray: new_array,
    n.NewAnonymous: new_anonymous,
}
