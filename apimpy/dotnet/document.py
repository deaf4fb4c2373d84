"""`docs/expressions.md`, written from what is declared: the language by example, then every type and member.

    python -m apimpy.dotnet.document [FILE]

The examples of `CONSTRUCTS` are compiled when the page is written, so the page cannot claim what the compiler refuses;
types and members are the declarations that the binder itself reads.  A test compares the page with this module's text.
"""

from __future__ import annotations

import sys
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

import apimpy
from apimpy.csharp.types import ALL, ClrType
from apimpy.diagnostics import Severity, Sink
from apimpy.dotnet.compile import CompileOptions, compile_island, library
from apimpy.dotnet.constructs import CONSTRUCTS
from apimpy.dotnet.universe import IMPLICIT_USINGS
from apimpy.dotnet.values import EnumValue, Limits
from apimpy.source import SourceFile, SourceMap

if TYPE_CHECKING:
    from collections.abc import Iterator

    from apimpy.csharp.types import Declaration

__all__ = ["PAGE", "page"]

PAGE = Path(apimpy.__file__).parents[1] / "docs" / "expressions.md"

_HEAD = """# What may a policy expression contain?

<!-- Written by `make gen` from the declarations in apimpy/dotnet; edit those. -->

A policy expression is C# 7.3: `@( … )` holds one expression, `@{ … }` statements that return a value.
The variable `context` is there, and the .NET types below, which are the platform's list.
`apimpy lint` reports everything else.
`apimpy eval` tries an expression out (Tab completes), `apimpy explain` shows what one is compiled to.
"""
_KINDS = {"static": "static class"}


def page() -> str:
    """The text of the page."""
    types = sorted(library().types(), key=lambda t: (t.full_name, t.arity))
    usable = [t for t in types if _usable(t)]
    spaces = sorted({_space(t) for t in usable}, key=lambda s: (s != "Apim", s))
    return "\n".join(
        [
            _HEAD,
            *_language(),
            *_limits(),
            *_library_head(usable),
            *(line for space in spaces for line in _namespace(space, [t for t in usable if _space(t) == space])),
            *_refused([t for t in types if not _usable(t)]),
        ]
    )


# --- the language


def _language() -> Iterator[str]:
    yield "## The language"
    yield ""
    yield "Every example is compiled when this page is written; the last column is what the compiler says."
    for title, rows in CONSTRUCTS:
        yield ""
        yield f"### {title}"
        yield ""
        yield "| construct | example | state |"
        yield "|---|---|---|"
        for construct, example in rows:
            yield f"| {_cell(construct)} | {_code(example)} | {_cell(state_of(example))} |"
    yield ""


def state_of(example: str) -> str:
    """`implemented`, or what the compiler says against it."""
    sink = Sink()
    inner = example[2:-1]
    file = SourceFile("example", example)
    options = CompileOptions(placeholders=False)
    compiled = compile_island(
        inner, SourceMap.identity(file, 2, len(inner)), example[1] == "{", "object", sink, options
    )
    if compiled is not None:
        return "implemented"
    first = next((d for d in sink if d.severity is Severity.ERROR), None) or next(iter(sink))
    return f"{'refused' if first.severity is Severity.ERROR else 'not supported yet'}: {first.code} {first.message}"


def _limits() -> Iterator[str]:
    limits = Limits()
    yield "## Limits"
    yield ""
    yield "One evaluation may use so much; more is an error of the policy, not of the gateway."
    yield ""
    yield "| what | limit |"
    yield "|---|---|"
    yield f"| time | {limits.seconds:g} s |"
    yield f"| steps (loop iterations, calls of lambdas, elements of sequences) | {limits.steps:,} |"
    yield f"| characters of a string, elements of a collection | {limits.size:,} |"
    yield f"| calls inside calls | {limits.depth} |"
    yield f"| time of one regular expression | {limits.regex_seconds:g} s |"
    yield ""


# --- the library


def _usable(t: ClrType) -> bool:
    return t.namespace == "Apim" or (bool(t.allowed) and not t.unsupported)


def _space(t: ClrType) -> str:
    """The namespace; a type inside a type stands with the outer one."""
    space = t.namespace
    universe = library()
    while any(universe.declaration(space, arity) is not None for arity in range(3)):
        space = space.rpartition(".")[0]
    return space


def _library_head(usable: list[ClrType]) -> Iterator[str]:
    declared = [d for t in usable for name, d in _members(t)]
    without = sum(bool(d.unsupported) for d in declared)
    yield "## The library"
    yield ""
    yield f"{len(usable)} types with {len(declared)} members: {len(declared) - without} are implemented."
    yield f"The other {without} have a comment with the reason; `lint` warns of them, and an expression that needs one"
    yield "does not run."
    yield "A member of these types that is not shown is not known here: `lint` reports it (CS1061, CS0117)."
    yield "`modern .NET` marks what the .NET Framework behind the platform's classic tiers does not have."
    yield "`?` after a reference type: the value may be null."
    yield "Inherited members stand with the type that declares them, as the platform's list has it."
    yield ""
    yield f"Without a namespace: types of {', '.join(f'`{n}`' for n in IMPLICIT_USINGS if n != 'Apim')}."
    yield "Others are written in full: `System.Net.WebUtility`."
    yield ""


def _namespace(space: str, types: list[ClrType]) -> Iterator[str]:
    yield "## `context` and its types" if space == "Apim" else f"## {space}"
    yield ""
    if space == "Apim":
        types = sorted(types, key=lambda t: t is not library().context_type.decl)
        yield f"`context` is an `{types[0].name}`."
        yield ""
    for t in types:
        yield from _type(t)


def _type(t: ClrType) -> Iterator[str]:
    short = t.full_name.removeprefix("Apim.")
    yield f"### {short}{_parameters(t)}" + (f" ({t.alias})" if t.alias else "")
    yield ""
    facts = [_KINDS.get(t.kind, t.kind)]
    bases = [b for b in t.base_names if b not in ("object", "ValueType", "Enum")]
    if bases:
        facts.append("derives from " + ", ".join(f"`{b}`" for b in bases))
    if t.allowed is not ALL:
        facts.append("only the members shown may be used")
    if refused := _not_allowed(t):
        facts.append("not " + ", ".join(f"`{name}`" for name in refused))
    yield f"{_capital('; '.join(facts))}."
    members = list(_members(t))
    values = [f"{name} = {_number(v)}" for name, v in t.enum_members.items() if _allows(t, name)]
    if members or values:
        yield ""
        yield "```csharp"
        if values:
            yield ", ".join(values)
        for _, d in members:
            yield _declaration(d)
        yield "```"
    yield ""


def _parameters(t: ClrType) -> str:
    return f"<{', '.join(p.name for p in t.params)}>" if t.params else ""


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _number(value: object) -> str:
    return str(value.value) if isinstance(value, EnumValue) else str(value)


def _allows(t: ClrType, member: str) -> bool:
    return t.namespace == "Apim" or t.allows("Item" if member == "this[]" else member) or t.allows(member)


def _members(t: ClrType) -> Iterator[tuple[str, Declaration]]:
    """What may be used, constructors first, then by name."""
    for name in sorted(t.declarations, key=lambda n: (n != ".ctor", " " in n or n in ("implicit", "explicit"), n)):
        if _is_operator(name) or _allows(t, name):
            for d in t.declarations[name]:
                yield name, d


def _is_operator(name: str) -> bool:
    """Operators and conversions: expressions do not name them, so no list of members forbids them."""
    return " " in name or name in ("implicit", "explicit")


def _not_allowed(t: ClrType) -> list[str]:
    names = [*t.declarations, *t.enum_members]
    return sorted(name for name in names if not _is_operator(name) and not _allows(t, name))


def _declaration(d: Declaration) -> str:
    notes = []
    if d.unsupported:
        notes.append(f"not supported: {d.unsupported}")
    if d.since == "core":
        notes.append("modern .NET")
    prefix = "new " if d.kind == "ctor" else ""
    return prefix + d.signature + (f"  // {'; '.join(notes)}" if notes else "")


def _refused(types: list[ClrType]) -> Iterator[str]:
    yield "## Types that expressions may not use"
    yield ""
    yield "They are not on the platform's list: naming a member of one is EXP001."
    yield "Their values may still occur (a `catch` variable, the result of a member), and the types may be named in"
    yield "declarations, casts, `is` and `catch`."
    yield ""
    for space, group in groupby(sorted(types, key=lambda t: (_space(t), t.full_name, t.arity)), key=_space):
        names = dict.fromkeys(t.full_name.removeprefix(space + ".") + _parameters(t) for t in group)
        yield f"- {space}: " + ", ".join(f"`{name}`" for name in names)
    reasons = [t for t in types if t.unsupported]
    if reasons:
        yield ""
        yield "| instead of | |"
        yield "|---|---|"
        for t in reasons:
            yield f"| `{t.full_name}{_parameters(t)}` | {_cell(t.unsupported or '')} |"
    yield ""


# --- Markdown


def _cell(text: str) -> str:
    """Text in a table cell; what stands between backticks is code."""
    parts = " ".join(text.split()).split("`")
    for i, part in enumerate(parts):
        for c in "|" if i % 2 else "\\|<>*_":
            part = part.replace(c, "\\" + c)
        parts[i] = part
    return "`".join(parts)


def _code(text: str) -> str:
    """Code in a table cell; bars would end the cell."""
    fence = "``" if "`" in text else "`"
    return fence + " ".join(text.split()).replace("|", "\\|") + fence


def main(argv: list[str]) -> None:
    """Write the page."""
    path = Path(argv[1]) if len(argv) > 1 else PAGE
    path.write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv)
