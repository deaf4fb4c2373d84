"""What each kind of statement means."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from apimpy.csharp import bound as bd
from apimpy.csharp import nodes as n
from apimpy.csharp.bind.creation import array_init
from apimpy.csharp.bind.flow import ends
from apimpy.csharp.bind.functions import declare_functions
from apimpy.csharp.bind.lambdas import is_statement
from apimpy.csharp.lookup import as_instance_of, is_reference, is_subtype
from apimpy.csharp.types import ERROR, MISSING, NULL, VOID, ArrayType, Named, TupleType, Type, tuple_of

if TYPE_CHECKING:
    from apimpy.csharp.bind.binder import Binder
    from apimpy.csharp.bound import BExpr, BStmt


def bind_program(b: Binder, tree: n.Block) -> bd.BBlock:
    """The statements of a `@{ }`; every path must return."""
    check_braces(b, tree)
    block = bind_body(b, tree)
    if not ends(block) and not b.problems:
        at = n.Node(max(0, tree.end - 1), tree.end)
        b.error(at, "CS0161", "not all code paths return a value")
    return block


def check_braces(b: Binder, node: Any) -> None:
    """In a code block the bodies of control statements must be blocks (the service's own parser insists).

    Lambdas and local functions are not looked into: the service only balances their brackets.
    """
    for s in node.body:
        _braces(b, s)


def _braces(b: Binder, s: n.Stmt) -> None:
    bodies: list[n.Stmt] = []
    if isinstance(s, n.If):
        bodies = [s.then]
        if s.other is not None:
            if isinstance(s.other, n.If):
                _braces(b, s.other)
            else:
                bodies.append(s.other)
    elif isinstance(s, n.While | n.Do | n.For | n.Foreach | n.Using | n.Lock):
        bodies = [s.body]
    elif isinstance(s, n.Block):
        check_braces(b, s)
    elif isinstance(s, n.Try):
        for block in (s.body, *(c.body for c in s.catches), s.finally_):
            if block is not None:
                check_braces(b, block)
    elif isinstance(s, n.Switch):
        for section in s.sections:
            for x in section.body:
                _braces(b, x)
    for body in bodies:
        if isinstance(body, n.Block):
            check_braces(b, body)
        elif not (isinstance(body, n.Using) and isinstance(s, n.Using)):
            b.error(
                n.Node(body.start, body.end),
                "EXP004",
                'Block statements must be enclosed in "{" and "}". You cannot use single-statement control-flow '
                "statements in policy expressions.",
            )
            return


def bind_body(b: Binder, node: n.Block) -> bd.BBlock:
    with b.scope():
        declare_functions(b, node.body)
        b.later[-1].update(d.name for s in node.body if isinstance(s, n.Declaration) for d in s.items)
        return bd.BBlock(node.start, node.end, [b.statement(s) for s in node.body])


def embedded(b: Binder, node: n.Stmt, *, loop: bool = False) -> BStmt:
    """The body of a control statement, in a scope of its own."""
    if isinstance(node, n.Declaration | n.LocalFunction):
        b.error(node, "CS1023", "Embedded statement cannot be a declaration or labeled statement")
    if loop:
        b.fn.loops += 1
        b.fn.breakable += 1
        b.effects.loops = True
    try:
        with b.scope():
            return b.statement(node)
    finally:
        if loop:
            b.fn.loops -= 1
            b.fn.breakable -= 1


def condition(b: Binder, node: n.Expr, *, loop: bool = False) -> BExpr:
    """`loop`: evaluated in every round, so that variables declared in it are new in every round."""
    b.fn.loops += loop
    try:
        return b.convert(b.value(node), b.k.bool_, node)
    finally:
        b.fn.loops -= loop


def block(b: Binder, node: n.Block) -> BStmt:
    return bind_body(b, node)


def empty(b: Binder, node: n.Empty) -> BStmt:
    return bd.BBlock(node.start, node.end, [])


def declaration(b: Binder, node: n.Declaration) -> BStmt:
    out: list[BStmt] = []
    if node.type.is_var and len(node.items) > 1:
        b.error(node, "CS0819", "Implicitly-typed variables cannot have multiple declarators")
    for d in node.items:
        out.extend(_declarator(b, node, d))
    return out[0] if len(out) == 1 else _flat(node, out)


def _flat(node: n.Node, out: list[BStmt]) -> BStmt:
    return bd.BBlock(node.start, node.end, out)


def _declarator(b: Binder, node: n.Declaration, d: n.Declarator) -> list[BStmt]:
    name_at = n.Node(d.start, d.start + len(d.name))
    if node.type.is_var and b.universe.find("var", 0) is None:
        value = _inferred(b, d)
        local = b.declare(name_at, d.name, value.type if value is not None else ERROR)
    else:
        t = b.type(node.type)
        if t is VOID:
            b.error(node.type, "CS1547", "Keyword 'void' cannot be used in this context")
            t = ERROR
        local = b.declare(name_at, d.name, t)  # in scope of its own initialiser, without a value yet
        value = _initial(b, d, t)
    if node.const:
        if value is None:
            b.error(name_at, "CS0145", "A const field requires a value to be provided")
        elif value.type is not ERROR:
            local.const = value.const
            if value.const is MISSING:
                b.error(d.value or d, "CS0133", f"The expression being assigned to '{d.name}' must be constant")
    return [bd.BDeclare(node.start, node.end, local, value)]


def _inferred(b: Binder, d: n.Declarator) -> BExpr | None:
    """The value that gives a `var` its type."""
    if d.value is None:
        b.error(d, "CS0818", "Implicitly-typed variables must be initialized")
        return None
    if isinstance(d.value, n.ArrayInitializer):
        b.error(d, "CS0820", "Cannot initialize an implicitly-typed variable with an array initializer")
        return None
    return b.natural(d.value, d)


def _initial(b: Binder, d: n.Declarator, t: Type) -> BExpr | None:
    """The initial value of a variable of a declared type."""
    if d.value is None:
        return None
    if not isinstance(d.value, n.ArrayInitializer):
        value = b.value(d.value)
        return b.convert(value, t, d.value) if t is not ERROR else value
    if isinstance(t, ArrayType):
        return array_init(b, d.value, t)
    if t is not ERROR:
        b.error(
            d.value,
            "CS0622",
            "Can only use array initializer expressions to assign to array types. Try using a new expression instead.",
        )
    return b.broken(d)


def deconstruction(b: Binder, node: n.Deconstruction) -> BStmt:
    """`var (a, b) = …` and `(int a, var b) = …`."""
    value = b.value(node.value)
    wanted = [None if t is None or t.is_var else b.type(t) for t in node.types]
    if isinstance(value, bd.BTuple) and len(value.values) == len(wanted):  # each part becomes what its variable is
        target = tuple(w if w is not None else v.type for w, v in zip(wanted, value.values, strict=True))
        value = b.convert(value, tuple_of(target, (None,) * len(target)), node.value)
    types = _parts(b, value.type, len(node.names), node, node.value)
    first: list[bd.Local | None] = []
    then: list[BStmt] = []
    for name, w, t in zip(node.names, wanted, types, strict=True):
        if name.name == "_":
            first.append(None)
        elif w is None or w is t or t is ERROR:
            first.append(b.declare(name, name.name, w or t))
        else:
            part = b.hidden("part", t)
            first.append(part)
            at = n.Node(name.start - len(w.name) - 1, name.end)
            given = b.convert(bd.BLocal(t, node.start, node.end, part), w, at)
            then.append(bd.BDeclare(node.start, node.end, b.declare(name, name.name, w), given))
    return _flat(node, [bd.BDeconstruct(node.start, node.end, first, value), *then])


def _parts(b: Binder, t: Type, count: int, where: n.Node, source: n.Node) -> list[Type]:
    if isinstance(t, TupleType) and len(t.elements) == count:
        return list(t.elements)
    if isinstance(t, TupleType):
        b.error(
            where, "CS8132", f"Cannot deconstruct a tuple of '{len(t.elements)}' elements into '{count}' variables."
        )
        return [ERROR] * count
    if t is not ERROR:
        b.error(
            source,
            "CS8129",
            f"No suitable 'Deconstruct' instance or extension method was found for type '{t.name}', with {count} "
            "out parameters and a void return type.",
        )
    return [ERROR] * count


def expression(b: Binder, node: n.ExprStmt) -> BStmt:
    if isinstance(node.value, n.Assign) and isinstance(node.value.target, n.Tuple):
        return _tuple_assign(b, node.value)
    value = b.value(node.value, throws=True)
    if value.type is not ERROR and not is_statement(value):
        b.error(
            node.value,
            "CS0201",
            "Only assignment, call, increment, decrement, await, and new object expressions can be used as a statement",
        )
    return bd.BExprStmt(node.start, node.end, value)


def _tuple_assign(b: Binder, node: n.Assign) -> BStmt:
    """`(a, b) = (b, a)`: all values first, then the assignments."""
    assert isinstance(node.target, n.Tuple)
    value = b.value(node.value)
    types = _parts(b, value.type, len(node.target.elements), node, node.value)
    holders = [b.hidden("part", t) for t in types]
    out: list[BStmt] = []
    out.append(bd.BDeconstruct(node.start, node.end, list(holders), value))
    for target_node, holder in zip(node.target.elements, holders, strict=True):
        if isinstance(target_node, n.Name) and target_node.name == "_" and b.find("_") is None:
            continue
        target = b.value(target_node)
        if isinstance(target, bd.BLocal):
            b.use(target.local, assign=True)
        if target.type is ERROR:
            continue
        part: BExpr = bd.BLocal(holder.type, node.start, node.end, holder)
        converted = b.convert(part, target.type, target_node)
        out.append(bd.BExprStmt(node.start, node.end, bd.BAssign(target.type, node.start, node.end, target, converted)))
    return _flat(node, out)


def if_(b: Binder, node: n.If) -> BStmt:
    test = condition(b, node.test)
    then = embedded(b, node.then)
    other = embedded(b, node.other) if node.other is not None else None
    return bd.BIf(node.start, node.end, test, then, other)


def while_(b: Binder, node: n.While) -> BStmt:
    test = condition(b, node.test, loop=True)
    return bd.BWhile(node.start, node.end, test, embedded(b, node.body, loop=True), "while")


def do(b: Binder, node: n.Do) -> BStmt:
    body = embedded(b, node.body, loop=True)
    return bd.BWhile(node.start, node.end, condition(b, node.test, loop=True), body, "do")


def for_(b: Binder, node: n.For) -> BStmt:
    with b.scope():
        init = []
        for s in node.init:
            if isinstance(s, n.Declaration):
                for d in s.items:
                    init.extend(_declarator(b, s, d))
            else:
                init.append(b.statement(s))
        test = condition(b, node.test, loop=True) if node.test is not None else None
        b.fn.loops += 1
        step = [b.value(e) for e in node.step]
        b.fn.loops -= 1
        for e, s_node in zip(step, node.step, strict=True):
            if e.type is not ERROR and not is_statement(e):
                b.error(
                    s_node,
                    "CS0201",
                    "Only assignment, call, increment, decrement, await, and new object expressions can be used "
                    "as a statement",
                )
        body = embedded(b, node.body, loop=True)
        return bd.BFor(node.start, node.end, init, test, step, body)


def element_type(b: Binder, t: Type) -> Type | None:
    """What `foreach` enumerates."""
    if isinstance(t, ArrayType):
        return t.element
    generic = b.universe.declaration("System.Collections.Generic.IEnumerable", 1)
    if isinstance(t, Named):
        own = b.universe.foreach_element(t)
        if own is not None:
            return own  # type: ignore[no-any-return]
    use = as_instance_of(t, generic)
    if use is not None:
        return use.args[0]
    plain = b.universe.declaration("System.Collections.IEnumerable", 0)
    return b.k.object_ if plain is not None and is_subtype(t, plain.of()) else None


def foreach(b: Binder, node: n.Foreach) -> BStmt:
    source = b.value(node.source)
    item: Type = ERROR
    if source.type is not ERROR:
        found = element_type(b, source.type)
        if source.type is NULL or source.const is None:
            b.error(node.source, "CS0186", "Use of null is not valid in this context")
        elif found is None:
            b.error(
                node.source,
                "CS1579",
                f"foreach statement cannot operate on variables of type '{source.type.name}' because "
                f"'{source.type.name}' "
                "does not contain a public instance or extension definition for 'GetEnumerator'",
            )
        else:
            item = found
    with b.scope():
        b.fn.loops += 1
        temp = b.temp(item, node.source)
        temp.nullable = is_reference(item)
        element: BExpr = temp
        if len(node.names) > 1:
            types = _parts(b, item, len(node.names), node, node.source)
            locals_ = [b.declare(node, x, t) for x, t in zip(node.names, types, strict=True)]
        else:
            assert node.type is not None
            t = item if node.type.is_var else b.type(node.type)
            if t is not item and t is not ERROR and item is not ERROR:
                element = b.cast(temp, t, n.Node(node.start, node.start + len("foreach")))
            locals_ = [b.declare(node, node.names[0], t, readonly=True)]
        b.fn.loops -= 1
        body = embedded(b, node.body, loop=True)
    return bd.BForeach(node.start, node.end, locals_, source, temp, element, body)


def return_(b: Binder, node: n.Return) -> BStmt:
    fn = b.fn
    if fn.in_finally:
        b.error(
            n.Node(node.start, node.start + len("return")),
            "CS0157",
            "Control cannot leave the body of a finally clause",
        )
    if node.value is None:
        if fn.depth == 0 or (fn.result is not None and fn.result is not VOID):
            b.error(node, "CS0126", "An object of a type convertible to 'object' is required")
        return bd.BReturn(node.start, node.end, None)
    value = b.value(node.value)
    if fn.result is VOID:
        if value.type is not ERROR:
            b.error(
                node,
                "CS0127",
                "Since the function returns void, a return keyword must not be followed by an object expression",
            )
        return bd.BReturn(node.start, node.end, value)
    if fn.result is not None:
        value = b.convert(value, fn.result, node.value)
    elif fn.depth == 0:
        value = outcome(b, value, node.value)
    fn.returns.append(value)
    return bd.BReturn(node.start, node.end, value)


def outcome(b: Binder, value: BExpr, where: n.Node) -> BExpr:
    """The value of the whole expression: boxed to object, its static type remembered."""
    if value.type is VOID and not isinstance(value, bd.BUnboundLambda | bd.BMethodGroup):
        return b.error(where, "CS0029", "Cannot implicitly convert type 'void' to 'object'")
    if isinstance(value, bd.BDefault) and value.type is NULL:
        return bd.BConst(NULL, value.start, value.end, const=None, nullable=True)
    b.outcomes.append(value)
    return b.convert(value, b.k.object_, where)


def break_(b: Binder, node: n.Break) -> BStmt:
    if not b.fn.breakable:
        b.error(node, "CS0139", "No enclosing loop out of which to break or continue")
    return bd.BBreak(node.start, node.end)


def continue_(b: Binder, node: n.Continue) -> BStmt:
    if not b.fn.loops:
        b.error(node, "CS0139", "No enclosing loop out of which to break or continue")
    return bd.BContinue(node.start, node.end)


def rethrow(b: Binder, node: n.Rethrow) -> BStmt:
    if b.fn.in_finally and b.fn.in_catch:
        b.error(
            node,
            "CS0724",
            "A throw statement with no arguments is not allowed in a finally clause that is nested inside the nearest "
            "enclosing catch clause",
        )
    if not b.fn.in_catch:
        b.error(node, "CS0156", "A throw statement with no arguments is not allowed outside of a catch clause")
    return bd.BRethrow(node.start, node.end)


def checked(b: Binder, node: n.CheckedBlock) -> BStmt:
    before, b.checked = b.checked, node.on
    try:
        return bind_body(b, node.body)
    finally:
        b.checked = before


def try_(b: Binder, node: n.Try) -> BStmt:
    if not node.catches and node.finally_ is None:
        b.error(n.Node(node.body.end - 1, node.body.end), "CS1524", "Expected catch or finally")
    body = bind_body(b, node.body)
    exception = b.universe.named("System.Exception")
    catches: list[bd.BCatch] = []
    for i, c in enumerate(node.catches):
        if i and node.catches[i - 1].type is None and node.catches[i - 1].when is None:
            b.error(
                n.Node(c.start, c.start + len("catch")),
                "CS1017",
                "Catch clauses cannot follow the general catch clause of a try statement",
            )
            break
        with b.scope():
            t: Type = exception
            if c.type is not None:
                t = b.type(c.type)
                if t is not ERROR and not is_subtype(t, exception):
                    b.error(c.type, "CS0155", "The type caught or thrown must be derived from System.Exception")
                    t = ERROR
                for earlier in catches:
                    if (
                        earlier.when is None
                        and t is not ERROR
                        and earlier.type is not ERROR
                        and is_subtype(t, earlier.type)
                    ):
                        b.error(
                            c.type,
                            "CS0160",
                            "A previous catch clause already catches all exceptions of this or of a super type "
                            f"('{earlier.type.name}')",
                        )
            local = b.declare(c, c.name, t) if c.name is not None else None
            when = condition(b, c.when) if c.when is not None else None
            b.fn.in_catch += 1
            outside, b.fn.in_finally = b.fn.in_finally, 0
            catches.append(bd.BCatch(t, local, when, bind_body(b, c.body)))
            b.fn.in_catch -= 1
            b.fn.in_finally = outside
    final: bd.BBlock | None = None
    if node.finally_ is not None:
        b.fn.in_finally += 1
        final = bind_body(b, node.finally_)
        b.fn.in_finally -= 1
    return bd.BTry(node.start, node.end, body, catches, final)


def using(b: Binder, node: n.Using) -> BStmt:
    with b.scope():
        disposable = b.universe.named("System.IDisposable")
        declared: list[bd.BDeclare] = []
        value: BExpr | None = None
        if isinstance(node.resource, n.Declaration):
            for d in node.resource.items:
                for s in _declarator(b, node.resource, d):
                    assert isinstance(s, bd.BDeclare)
                    s.local.readonly = False
                    declared.append(s)
                    _check_disposable(b, s.local.type, disposable, node.resource)
        else:
            value = b.value(node.resource)
            _check_disposable(b, value.type, disposable, node.resource)
        return bd.BUsing(node.start, node.end, declared, value, embedded(b, node.body))


def _check_disposable(b: Binder, t: Type, disposable: Type, where: n.Node) -> None:
    if t not in (ERROR, NULL) and not is_subtype(t, disposable):
        b.error(
            where,
            "CS1674",
            f"'{t.name}': type used in a using statement must be implicitly convertible to 'System.IDisposable'",
        )


def lock(b: Binder, node: n.Lock) -> BStmt:
    """One request is one task: locking is only evaluating the expression."""
    value = b.value(node.value)
    if value.type is not ERROR and not is_reference(value.type):
        b.error(node.value, "CS0185", f"'{value.type.name}' is not a reference type as required by the lock statement")
    body = embedded(b, node.body)
    return bd.BBlock(node.start, node.end, [bd.BExprStmt(node.start, node.end, value), body])
