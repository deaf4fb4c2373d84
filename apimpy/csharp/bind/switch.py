"""`switch`: its labels, patterns and `goto case`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from apimpy.csharp import bound as bd
from apimpy.csharp import nodes as n
from apimpy.csharp.bind.flow import gotos_of, list_ends
from apimpy.csharp.bind.functions import declare_functions
from apimpy.csharp.bind.statements import condition
from apimpy.csharp.known import is_nullable, strip_nullable
from apimpy.csharp.lookup import is_subtype
from apimpy.csharp.types import ERROR, MISSING, NULL, Type

if TYPE_CHECKING:
    from apimpy.csharp.bind.binder import Binder
    from apimpy.csharp.bound import BExpr, BStmt


def switch(b: Binder, node: n.Switch) -> BStmt:
    value = b.value(node.value)
    holder = b.hidden("switch", value.type)
    sections: list[bd.BSection] = []
    default: int | None = None
    seen: set[Any] = set()
    b.fn.breakable += 1
    try:
        with b.scope():
            handled: list[Type] = []
            for s in node.sections:
                with b.scope():
                    labels: list[bd.BLabel] = []
                    for label in s.labels:
                        made = _label(b, label, value, seen)
                        labels.append(made)
                        of = made.of if made.of is not None else made.value.type if made.value is not None else None
                        if of is not None and any(is_subtype(of, t) for t in handled):
                            _unreachable(b, label)
                        if made.of is not None and (made.when is None or made.when.const is True):
                            handled.append(made.of)
                        if label.value is None and label.type is None:
                            if default is not None:
                                b.error(
                                    label,
                                    "CS0152",
                                    "The switch statement contains multiple cases with the label value 'default:'",
                                )
                            default = len(sections)
                    declare_functions(b, s.body)
                    body = [b.statement(x) for x in s.body]
                    sections.append(bd.BSection(labels, body))
                    if not list_ends(body, breaks=False):
                        last = node.sections[-1] is s
                        b.error(
                            s.labels[-1],
                            "CS8070" if last else "CS0163",
                            f"Control cannot fall {'out of' if last else 'through'} switch from "
                            f"{'final case label' if last else 'one case label to another'} "
                            f"('{_label_text(s.labels[-1])}')",
                        )
    finally:
        b.fn.breakable -= 1
    _check_gotos(b, node, sections, default)
    return bd.BSwitch(node.start, node.end, value, holder, sections, default)


def _unreachable(b: Binder, label: n.Label) -> None:
    pattern = label.type or label.value
    assert pattern is not None
    b.error(
        n.Node(pattern.start, pattern.end + (len(label.name) + 1 if label.name else 0)),
        "CS8120",
        "The switch case is unreachable. It has already been handled by a previous case or it is impossible to match.",
    )


def _check_gotos(b: Binder, node: n.Switch, sections: list[bd.BSection], default: int | None) -> None:
    """`goto case` and `goto default` name a label of this switch."""
    known = {x.value.const for s in sections for x in s.labels if x.value is not None and x.value.const is not MISSING}
    for goto_ in (g for s in sections for x in s.body for g in gotos_of(x)):
        missing = default is None if goto_.value is None else goto_.value.const not in known
        if missing and (goto_.value is None or goto_.value.type is not ERROR):
            label = "default:" if goto_.value is None else f"case {goto_.value.const}:"
            b.error(
                n.Node(goto_.start, goto_.end),
                "CS0159",
                f"No such label '{label}' within the scope of the goto statement",
            )


def _label_text(label: n.Label) -> str:
    return "default:" if label.value is None and label.type is None else "case:"


def _label(b: Binder, label: n.Label, value: BExpr, seen: set[Any]) -> bd.BLabel:
    test: BExpr | None = None
    of: Type | None = None
    local = None
    if label.value is not None:
        test = b.value(label.value)
        if test.type is not ERROR and value.type is not ERROR:
            if test.const is MISSING:
                b.error(label.value, "CS0150", "A constant value is expected")
            else:
                if value.type is not b.k.object_ and test.type is not NULL:
                    test = b.convert(test, strip_nullable(value.type), label.value)
                elif test.type is NULL and value.type.is_value and not is_nullable(value.type):
                    b.convert(test, value.type, label.value)
                key = (type(test.const), test.const)
                if key in seen:
                    b.error(
                        label,
                        "CS0152",
                        f"The switch statement contains multiple cases with the label value '{test.const}'",
                    )
                if label.when is None:
                    seen.add(key)
                test = b.convert(test, b.k.object_, label.value) if value.type is b.k.object_ else test
    elif label.type is not None:
        of = value.type if label.type.is_var else b.type(label.type)
        if label.name is not None and label.name != "_":
            local = b.declare(label, label.name, of)
    when = condition(b, label.when) if label.when is not None else None
    always = label.type is not None and label.type.is_var
    return bd.BLabel(test, of, local, when, always)


def goto(b: Binder, node: n.Goto) -> BStmt:
    value = b.value(node.value) if node.value is not None else None
    return bd.BGoto(node.start, node.end, value)
