"""Names and members: what `a`, `a.b` and `A.B` stand for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from apimpy.csharp import bound as bd
from apimpy.csharp import nodes as n
from apimpy.csharp.bound import BExpr, LocalFunctionSymbol
from apimpy.csharp.lookup import is_enum, is_reference, lookup, member_names
from apimpy.csharp.types import ERROR, MISSING, NULL, VOID, AnonymousType, Method, Named, Property, TupleType, Type
from apimpy.spell import nearest

if TYPE_CHECKING:
    from apimpy.csharp.bind.binder import Binder


def name(b: Binder, node: n.Name) -> BExpr:
    found = b.find(node.name)
    if found is not None:
        if isinstance(found, LocalFunctionSymbol):
            type_args = tuple(b.type(t) for t in node.type_args) if node.type_args is not None else None
            return bd.BLocalFunctionRef(b.k.object_, node.start, node.end, found, type_args)
        b.use(found)
        nullable = is_reference(found.type)
        return bd.BLocal(found.type, node.start, node.end, found, const=found.const, nullable=nullable)
    if node.name == "context":
        return bd.BContext(b.universe.context_type, node.start, node.end)
    arity = len(node.type_args or ())
    decl = b.universe.find(node.name, arity)
    if decl is not None:
        clash = b.clash(node, node.name, arity)
        return clash or bd.BTypeRef(VOID, node.start, node.end, decl.of(*(b.type(t) for t in node.type_args or ())))
    if b.universe.is_namespace(node.name):
        return bd.BNamespace(VOID, node.start, node.end, node.name)
    if node.name == "base":
        return b.error(node, "CS1511", "Keyword 'base' is not available in a static method")
    if node.name == "this":
        return b.error(
            node,
            "CS0026",
            f"Keyword '{node.name}' is not valid in a static property, static method, or static field initializer",
        )
    # the class around the expression is an object as well: `ReferenceEquals(a, b)`
    inherited = tuple(m for m in lookup(b.k.object_, node.name) if isinstance(m, Method) and m.static)
    if inherited:
        return bd.BMethodGroup(VOID, node.start, node.end, node.name, None, inherited, None, node)
    if any(node.name in names for names in b.later):
        return b.error(node, "CS0841", f"Cannot use local variable '{node.name}' before it is declared")
    names = [k for s in b.scopes for k in s] + ["context", *b.universe.type_names()]
    near = nearest(node.name, names)
    return b.error(
        node,
        "CS0103",
        f"The name '{node.name}' does not exist in the current context",
        f"did you mean '{near}'?" if near else None,
    )


def predefined(b: Binder, node: n.PredefinedName) -> BExpr:
    if node.name == "void":
        return b.error(node, "CS1547", "Keyword 'void' cannot be used in this context")
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
            node,
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
        if found[0].static:
            return _through_instance(b, node, t, word)
        return property_(b, node, found[0], target, [], wanted)
    methods = tuple(m for m in found if isinstance(m, Method) and not m.static)
    extensions = b.universe.extensions(word)
    if methods or extensions:
        group = methods or tuple(extensions)
        return bd.BMethodGroup(VOID, node.start, node.end, word, target, group, type_args, wanted, not methods)
    if found:
        return _through_instance(b, node, t, word)
    at: n.Node = wanted
    if isinstance(node, n.Member) and isinstance(node.target, n.Access):
        at = n.Node(wanted.start - 1, wanted.end)  # the compiler counts the dot of `?.Name` in
    return no_member(b, at, t, word)


def _through_instance(b: Binder, node: n.Node, t: Type, word: str) -> BExpr:
    return b.error(
        node,
        "CS0176",
        f"Member '{t.name}.{word}' cannot be accessed with an instance reference; qualify it with a type name instead",
    )


def no_member(b: Binder, where: n.Node, t: Type, word: str) -> BExpr:
    near = nearest(word, member_names(t))
    return b.error(
        where,
        "CS1061",
        f"'{t.name}' does not contain a definition for '{word}' and no accessible extension method '{word}' "
        "accepting a "
        f"first argument of type '{t.name}' could be found (are you missing a using directive or an assembly "
        "reference?)",
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
        return property_(b, node, found[0], None, [], wanted)
    methods = tuple(m for m in found if isinstance(m, Method))
    type_args = tuple(b.type(x) for x in wanted.type_args) if wanted.type_args is not None else None
    if methods or found:
        return bd.BMethodGroup(
            VOID,
            node.start,
            node.end,
            word,
            None,
            methods,
            type_args,
            wanted,
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


def property_(b: Binder, node: n.Node, p: Property, receiver: BExpr | None, index: list[BExpr], where: n.Node) -> BExpr:
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
