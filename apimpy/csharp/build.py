"""From productions to nodes: one small function per named alternative of the grammar.

The parser calls `BUILD[name](children, start, end)`; children are tokens and what other functions returned.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from apimpy.csharp import nodes as n
from apimpy.csharp.tokens import Token

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["BUILD"]

Children = list[Any]


def _binary(op: str) -> Callable[[Children, int, int], n.Expr]:
    def make(c: Children, s: int, e: int) -> n.Expr:
        return n.Binary(s, e, op, c[0], c[1], c[0].end, c[1].start)

    return make


def _binary_op(c: Children, s: int, e: int) -> n.Expr:
    return n.Binary(s, e, c[1].text, c[0], c[2], c[1].start, c[1].end)


def _args(items: Children) -> tuple[n.Argument, ...]:
    return tuple(a if isinstance(a, n.Argument) else n.Argument(a.start, a.end, a) for a in items)


class _Post:
    """A postfix operator waiting for what stands before it."""

    __slots__ = ("args", "end", "kind", "name", "start")

    def __init__(
        self, kind: str, start: int, end: int, name: n.Name | None = None, args: Children | None = None
    ) -> None:
        self.kind, self.start, self.end, self.name, self.args = kind, start, end, name, args


def _chain(c: Children, s: int, e: int) -> n.Expr:
    return _postfix(c[0], c[1:])


def _postfix(target: n.Expr, rest: list[_Post]) -> n.Expr:
    for i, p in enumerate(rest):
        if p.kind in ("member_if", "index_if"):
            access: n.Expr = n.Access(p.start, p.start)
            head = _apply(access, p)
            tail = rest[i + 1 :]
            # `x?.y++` and friends do not exist; an increment at the end applies to the whole
            last = [tail.pop()] if tail and tail[-1].kind == "increment" else []
            inner = _postfix(head, tail)
            whole: n.Expr = n.ConditionalAccess(target.start, inner.end, target, inner)
            return _postfix(whole, last) if last else whole
        target = _apply(target, p)
    return target


def _apply(target: n.Expr, p: _Post) -> n.Expr:
    if p.kind in ("member", "member_if"):
        assert p.name is not None
        return n.Member(target.start, p.end, target, p.name)
    if p.kind == "call":
        return n.Call(target.start, p.end, target, _args(p.args or []))
    if p.kind in ("index", "index_if"):
        return n.Index(target.start, p.end, target, _args(p.args or []))
    assert p.args is not None
    return n.Increment(target.start, p.end, p.args[0].text, target, False)


def _number(c: Children, s: int, e: int) -> n.Expr:
    kind, value = c[0].value
    return n.Literal(s, e, kind, value)


def _literal(kind: str, value: Any = ...) -> Callable[[Children, int, int], n.Expr]:
    def make(c: Children, s: int, e: int) -> n.Expr:
        return n.Literal(s, e, kind, c[0].value if value is ... else value)

    return make


def _interpolated(c: Children, s: int, e: int) -> n.Expr:
    return n.Interpolated(s, e, tuple(p.value if isinstance(p, Token) else p for p in c))


def _new_array(c: Children, s: int, e: int) -> n.Expr:
    given = (a.value if isinstance(a, n.Argument) else a for a in c[1:])
    sizes = tuple(a for a in given if isinstance(a, n.Expr))
    ranks = tuple(t.value for t in c[1:] if isinstance(t, Token))
    init = c[-1] if isinstance(c[-1], n.ArrayInitializer) else None
    return n.NewArray(s, e, _type([c[0]], c[0].start, c[0].end), sizes, ranks, init)


def _new_array_of(c: Children, s: int, e: int) -> n.Expr:
    ranks = tuple(t.value for t in c[1:-1])
    return n.NewArray(s, e, _type([c[0]], c[0].start, c[0].end), (), ranks, c[-1])


def _new_object(c: Children, s: int, e: int) -> n.Expr:
    init = c[-1] if isinstance(c[-1], n.Initializer) else None
    args = c[1:-1] if init is not None else c[1:]
    return n.New(s, e, c[0], _args(args), init)


def _anonymous(c: Children, s: int, e: int) -> n.Expr:
    names, values, places = zip(*c, strict=True) if c else ((), (), ())
    return n.NewAnonymous(s, e, names, values, places)


def _projected(c: Children, s: int, e: int) -> tuple[str | None, n.Expr, n.Node]:
    value = c[0]
    last = value.rest if isinstance(value, n.ConditionalAccess) else value
    if isinstance(last, n.Member):
        return last.name.name, value, value
    return (last.name if isinstance(last, n.Name) else None), value, value


def _type(c: Children, s: int, e: int) -> n.TypeNode:
    base: n.TypeNode = c[0]
    ranks = tuple(t.value for t in c[1:])
    return n.TypeNode(s, e, base.parts, base.elements, base.nullable, base.ranks + ranks) if ranks else base


def _type_part(c: Children, s: int, e: int) -> tuple[str, tuple[n.TypeNode, ...]]:
    return c[0].value, tuple(c[1:])


def _tuple_element(c: Any) -> tuple[n.TypeNode, str | None]:
    return c if isinstance(c, tuple) else (c, None)


def _tuple(c: Children, s: int, e: int) -> n.Expr:
    pairs = [x if isinstance(x, tuple) else (None, x) for x in c]
    return n.Tuple(s, e, tuple(v for _, v in pairs), tuple(k for k, _ in pairs))


def _initializer(c: Children, s: int, e: int) -> n.Initializer:
    return n.Initializer(s, e, tuple(c))


def _declaration(c: Children, s: int, e: int) -> n.Declaration:
    return n.Declaration(s, e, c[0], tuple(c[1:]))


def _const(c: Children, s: int, e: int) -> n.Declaration:
    d: n.Declaration = c[0]
    return n.Declaration(s, e, d.type, d.items, True)


def _for(c: Children, s: int, e: int) -> n.For:
    init, test, step, body = c
    first = tuple(x if isinstance(x, n.Stmt) else n.ExprStmt(x.start, x.end, x) for x in init)
    return n.For(s, e, first, test[0] if test else None, tuple(step), body)


def _local_function(c: Children, s: int, e: int) -> n.LocalFunction:
    result, name, *params, body = c
    type_params = tuple(t.parts[0][0] for t in name.type_args or ())
    return n.LocalFunction(s, e, result, name.name, type_params, tuple(params), body)


def _deconstruction(c: Children, s: int, e: int) -> n.Deconstruction:
    names = tuple(n.Name(t.start, t.end, t.value) for t in c[1:-1])
    return n.Deconstruction(s, e, names, (None,) * len(names), c[-1])


def _deconstruction_typed(c: Children, s: int, e: int) -> n.Deconstruction:
    names = tuple(n.Name(p.end - len(p.name), p.end, p.name) for p in c[:-1])
    return n.Deconstruction(s, e, names, tuple(p.type for p in c[:-1]), c[-1])


def _switch_section(c: Children, s: int, e: int) -> n.Section:
    labels = tuple(x for x in c if isinstance(x, n.Label))
    return n.Section(s, e, labels, tuple(x for x in c if isinstance(x, n.Stmt)))


def _query(c: Children, s: int, e: int) -> n.Query:
    source = c[0]
    first = n.QueryClause(source.start, source.end, "from", source.name, source.type, source.values)
    clauses: list[n.QueryClause] = [first]
    for x in c[1:]:
        clauses.extend(x if isinstance(x, list) else [x])
    return n.Query(s, e, tuple(clauses))


def _into(c: Children, s: int, e: int) -> list[n.QueryClause]:
    out = [n.QueryClause(c[0].start, c[0].end, "into", c[0].value)]
    for x in c[1:]:
        out.extend(x if isinstance(x, list) else [x])
    return out


def _join(kind: str) -> Callable[[Children, int, int], n.QueryClause]:
    def make(c: Children, s: int, e: int) -> n.QueryClause:
        source: n.QueryClause = c[0]
        values = (source.values[0], c[1], c[2])
        group = n.QueryClause(c[3].start, c[3].end, "into", c[3].value) if len(c) > 3 else None
        name = source.name if group is None else f"{source.name} {group.name}"
        return n.QueryClause(s, e, kind, name, source.type, values)

    return make


BUILD: dict[str, Callable[[Children, int, int], Any]] = {
    # expressions
    "start_expression": lambda c, s, e: c[0],
    "start_block": lambda c, s, e: n.Block(s, e, tuple(c)),
    "assign": lambda c, s, e: n.Assign(s, e, c[0], c[1]),
    "assign_op": lambda c, s, e: n.Assign(s, e, c[0], c[2], c[1].text[:-1]),
    "lambda_one": lambda c, s, e: n.Lambda(s, e, (n.Parameter(c[0].start, c[0].end, c[0].value),), c[1]),
    "lambda_many": lambda c, s, e: n.Lambda(s, e, tuple(c[:-1]), c[-1]),
    "delegate": lambda c, s, e: n.Lambda(s, e, tuple(c[1:-1]), c[-1]),
    "size_of": lambda c, s, e: n.SizeOf(s, e, c[1]),
    "parameter_untyped": lambda c, s, e: n.Parameter(s, e, c[0].value),
    "parameter": lambda c, s, e: n.Parameter(s, e, c[1].value, c[0]),
    "parameter_default": lambda c, s, e: n.Parameter(s, e, c[1].value, c[0], "", c[2]),
    "parameter_out": lambda c, s, e: n.Parameter(s, e, c[1].value, c[0], "out"),
    "parameter_ref": lambda c, s, e: n.Parameter(s, e, c[1].value, c[0], "ref"),
    "parameter_params": lambda c, s, e: n.Parameter(s, e, c[2].value, c[1], "params"),
    "throw_expression": lambda c, s, e: n.Throw(s, e, c[0]),
    "conditional": lambda c, s, e: n.Conditional(s, e, c[0], c[1], c[2]),
    "coalesce": _binary("??"),
    "coalesce_throw": lambda c, s, e: n.Binary(s, e, "??", c[0], n.Throw(c[1].start, e, c[1]), c[0].end, c[1].start),
    "or_else": _binary("||"),
    "and_also": _binary("&&"),
    "binary": _binary_op,
    "is_type": lambda c, s, e: n.IsType(s, e, c[0], c[1]),
    "is_declaration": lambda c, s, e: n.IsType(s, e, c[0], c[1], c[2].value),
    "is_constant": lambda c, s, e: n.IsConstant(s, e, c[0], c[1]),
    "as_type": lambda c, s, e: n.As(s, e, c[0], c[1]),
    "unary": lambda c, s, e: n.Unary(s, e, c[0].text, c[1]),
    "pre_increment": lambda c, s, e: n.Increment(s, e, c[0].text, c[1], True),
    "cast": lambda c, s, e: n.Cast(s, e, c[0], c[1]),
    "chain": _chain,
    "post_member": lambda c, s, e: _Post("member", s, e, c[0]),
    "post_member_if": lambda c, s, e: _Post("member_if", s, e, c[0]),
    "post_call": lambda c, s, e: _Post("call", s, e, None, c),
    "post_index": lambda c, s, e: _Post("index", s, e, None, c),
    "post_index_if": lambda c, s, e: _Post("index_if", s, e, None, c),
    "post_increment": lambda c, s, e: _Post("increment", s, e, None, c),
    "name": lambda c, s, e: n.Name(s, e, c[0].value),
    "generic_name": lambda c, s, e: n.Name(s, e, c[0].value, tuple(c[1:])),
    "argument_named": lambda c, s, e: n.Argument(s, e, c[1], c[0].value),
    "argument_named_out": lambda c, s, e: n.Argument(s, e, c[1], c[0].value, "out"),
    "argument_named_ref": lambda c, s, e: n.Argument(s, e, c[1], c[0].value, "ref"),
    "argument_named_out_declaration": lambda c, s, e: n.Argument(
        s, e, None, c[0].value, "out declaration", c[1], c[2].value
    ),
    "argument_out": lambda c, s, e: n.Argument(s, e, c[0], None, "out"),
    "argument_ref": lambda c, s, e: n.Argument(s, e, c[0], None, "ref"),
    "argument_out_declaration": lambda c, s, e: n.Argument(s, e, None, None, "out declaration", c[0], c[1].value),
    "predefined_name": lambda c, s, e: n.PredefinedName(s, e, c[0].text),
    "placeholder": lambda c, s, e: n.Placeholder(s, e, c[0].value),
    "number": _number,
    "string": _literal("string"),
    "char": _literal("char"),
    "true": _literal("bool", True),
    "false": _literal("bool", False),
    "null": _literal("null", None),
    "this": lambda c, s, e: n.Name(s, e, "this"),
    "base": lambda c, s, e: n.Name(s, e, "base"),
    "default_literal": lambda c, s, e: n.Default(s, e, None),
    "default_of": lambda c, s, e: n.Default(s, e, c[0]),
    "type_of": lambda c, s, e: n.TypeOf(s, e, c[0]),
    "checked": lambda c, s, e: n.Checked(s, e, c[0], True),
    "unchecked": lambda c, s, e: n.Checked(s, e, c[0], False),
    "parenthesised": lambda c, s, e: n.Parenthesised(s, e, c[0]),
    "tuple": _tuple,
    "tuple_named": lambda c, s, e: (c[0].value, c[1]),
    "interpolated": _interpolated,
    "hole": lambda c, s, e: n.Hole(s, e, c[0], None, None),
    "hole_format": lambda c, s, e: n.Hole(s, e, c[0], None, c[1].value),
    "hole_align": lambda c, s, e: n.Hole(s, e, c[0], c[1], None),
    "hole_align_format": lambda c, s, e: n.Hole(s, e, c[0], c[1], c[2].value),
    "new_object": _new_object,
    "new_object_init": lambda c, s, e: n.New(s, e, c[0], (), c[1]),
    "new_array": _new_array,
    "new_array_of": _new_array_of,
    "new_array_implicit": lambda c, s, e: n.NewArray(s, e, None, (), (c[0].value,), c[1]),
    "new_anonymous": _anonymous,
    "anonymous_named": lambda c, s, e: (c[0].value, c[1], n.Node(s, e)),
    "anonymous_projected": _projected,
    "initializer": _initializer,
    "initializer_member": lambda c, s, e: n.InitMember(s, e, c[0].value, c[1]),
    "initializer_index": lambda c, s, e: n.InitIndex(s, e, _args(c[:-1]), c[-1]),
    "initializer_elements": lambda c, s, e: n.InitElement(s, e, tuple(c)),
    "initializer_element": lambda c, s, e: n.InitElement(s, e, (c[0],)),
    "array_initializer": lambda c, s, e: n.ArrayInitializer(s, e, tuple(c)),
    # queries
    "query": _query,
    "query_source": lambda c, s, e: n.QueryClause(s, e, "from", c[0].value, None, (c[1],)),
    "query_source_typed": lambda c, s, e: n.QueryClause(s, e, "from", c[1].value, c[0], (c[2],)),
    "query_from": lambda c, s, e: c[0],
    "query_let": lambda c, s, e: n.QueryClause(s, e, "let", c[0].value, None, (c[1],)),
    "query_where": lambda c, s, e: n.QueryClause(s, e, "where", None, None, (c[0],)),
    "query_orderby": lambda c, s, e: n.QueryClause(
        s, e, "orderby", None, None, tuple(v for v, _ in c), tuple(d for _, d in c)
    ),
    "ordering": lambda c, s, e: (c[0], False),
    "ordering_descending": lambda c, s, e: (c[0], True),
    "query_join": _join("join"),
    "query_join_into": _join("join_into"),
    "query_select": lambda c, s, e: n.QueryClause(s, e, "select", None, None, (c[0],)),
    "query_group": lambda c, s, e: n.QueryClause(s, e, "group", None, None, (c[0], c[1])),
    "query_into": _into,
    # types
    "type": _type,
    "type_nullable": lambda c, s, e: n.TypeNode(s, e, c[0].parts, c[0].elements, True),
    "type_predefined": lambda c, s, e: n.TypeNode(s, e, ((c[0].text, ()),)),
    "type_named": lambda c, s, e: n.TypeNode(s, e, tuple(c)),
    "type_tuple": lambda c, s, e: n.TypeNode(s, e, (), tuple(_tuple_element(x) for x in c)),
    "type_tuple_named": lambda c, s, e: (c[0], c[1].value),
    "type_part": _type_part,
    # statements
    "block": lambda c, s, e: n.Block(s, e, tuple(c)),
    "empty": lambda c, s, e: n.Empty(s, e),
    "declaration": _declaration,
    "declarator": lambda c, s, e: n.Declarator(s, e, c[0].value, c[1] if len(c) > 1 else None),
    "const_declaration": _const,
    "expression_statement": lambda c, s, e: n.ExprStmt(s, e, c[0]),
    "return_statement": lambda c, s, e: n.Return(s, e, c[0] if c else None),
    "break_statement": lambda c, s, e: n.Break(s, e),
    "continue_statement": lambda c, s, e: n.Continue(s, e),
    "rethrow": lambda c, s, e: n.Rethrow(s, e),
    "goto_case": lambda c, s, e: n.Goto(s, e, c[0]),
    "goto_default": lambda c, s, e: n.Goto(s, e, None),
    "do_statement": lambda c, s, e: n.Do(s, e, c[0], c[1]),
    "checked_block": lambda c, s, e: n.CheckedBlock(s, e, c[0], True),
    "unchecked_block": lambda c, s, e: n.CheckedBlock(s, e, c[0], False),
    "try_statement": lambda c, s, e: n.Try(
        s,
        e,
        c[0],
        tuple(x for x in c[1:] if isinstance(x, n.Catch)),
        next((x for x in c[1:] if isinstance(x, n.Block)), None),
    ),
    "finally": lambda c, s, e: c[0],
    "catch_all": lambda c, s, e: n.Catch(s, e, None, None, None, c[0]),
    "catch_all_when": lambda c, s, e: n.Catch(s, e, None, None, c[0], c[1]),
    "catch_type": lambda c, s, e: n.Catch(s, e, c[0], None, None, c[1]),
    "catch_named": lambda c, s, e: n.Catch(s, e, c[0], c[1].value, None, c[2]),
    "catch_type_when": lambda c, s, e: n.Catch(s, e, c[0], None, c[1], c[2]),
    "catch_named_when": lambda c, s, e: n.Catch(s, e, c[0], c[1].value, c[2], c[3]),
    "switch_statement": lambda c, s, e: n.Switch(s, e, c[0], tuple(c[1:])),
    "switch_section": _switch_section,
    "case_constant": lambda c, s, e: n.Label(s, e, c[0]),
    "case_constant_when": lambda c, s, e: n.Label(s, e, c[0], None, None, c[1]),
    "case_declaration": lambda c, s, e: n.Label(s, e, None, c[0], c[1].value),
    "case_declaration_when": lambda c, s, e: n.Label(s, e, None, c[0], c[1].value, c[2]),
    "case_default": lambda c, s, e: n.Label(s, e),
    "local_function": _local_function,
    "local_function_expression": _local_function,
    "deconstruction": _deconstruction,
    "deconstruction_typed": _deconstruction_typed,
    "if_then": lambda c, s, e: n.If(s, e, c[0], c[1], None),
    "if_else": lambda c, s, e: n.If(s, e, c[0], c[1], c[2]),
    "while_statement": lambda c, s, e: n.While(s, e, c[0], c[1]),
    "for_statement": _for,
    "for_init": lambda c, s, e: c,
    "for_test": lambda c, s, e: c,
    "for_step": lambda c, s, e: c,
    "foreach_statement": lambda c, s, e: n.Foreach(s, e, c[0], (c[1].value,), c[2], c[3]),
    "foreach_deconstruction": lambda c, s, e: n.Foreach(s, e, None, tuple(t.value for t in c[1:-2]), c[-2], c[-1]),
    "using_statement": lambda c, s, e: n.Using(s, e, c[0], c[1]),
    "lock_statement": lambda c, s, e: n.Lock(s, e, c[0], c[1]),
}
