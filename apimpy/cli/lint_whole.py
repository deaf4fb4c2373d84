"""`apimpy lint` over a gateway file or an APIOps folder: the configuration, and every document in its scope."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from apimpy.configuration.assemble import check
from apimpy.configuration.source import Flags, read_model, with_flags
from apimpy.diagnostics import Sink
from apimpy.lint.check import Run
from apimpy.lint.expressions import Expressions
from apimpy.lint.subject import Subject, Surroundings
from apimpy.record import replace

if TYPE_CHECKING:
    from apimpy.configuration.model import GatewayFile
    from apimpy.lint.settings import Settings

__all__ = ["check_whole"]


def check_whole(
    source: Path,
    sink: Sink,
    values: dict[str, str],
    fragments: str | None,
    environment: str | None,
    settings: Settings | None,
) -> int:
    """Check a configuration and all its documents; how many files that was."""
    found = Sink()
    run = Run(settings)
    model = read_model(source, found, environ=os.environ, environment=environment, complete=False)
    if model is None:
        run.finish(found, [], [], sink)
        return 1
    folder = Path(fragments) if fragments else None
    expressions = Expressions()
    given = with_flags(model, Flags(tuple(values.items()), folder))
    documents, _ = check(given, found, compiler=expressions.compiler(found))
    broken = {problem.span.file.name for problem in found.errors}
    pairs = list(documents.all_bound())
    known = list(dict.fromkeys(document for document, _ in pairs))
    chains = documents.outer()
    dynamic = any(e.any_variable for e in expressions.all())
    known_to_all = _surroundings(model, any_variable=dynamic)
    for document, bound in pairs:
        around = None
        if id(bound) in chains and not broken:
            others = tuple(d for d in known if d is not document)
            keys = _key_headers(model, document.file.name) if bound.scope == "api" else frozenset()
            around = replace(known_to_all, outer=tuple(chains[id(bound)]), others=others, key_headers=keys)
        subject = Subject(
            document,
            bound.sections,
            expressions,
            scope=bound.scope,
            whole=document.file.name not in broken,
            gateway=settings.gateway if settings is not None else None,
            around=around,
        )
        run.rules(subject, found)
    run.finish(found, known, [], sink)
    return 1 + documents.count


def _surroundings(model: GatewayFile, *, any_variable: bool) -> Surroundings:
    """What is the same for every document of a model."""
    open_ = {b.id.lower() for b in model.backends if not (b.check_chain and b.check_name)}
    unchecked = {b.id for b in model.backends if {b.id.lower(), *(m.backend.id.lower() for m in b.pool)} & open_}
    return Surroundings(
        outer=(),
        any_variable=any_variable,
        pools={b.id: len(b.pool) for b in model.backends if b.pool},
        backends=frozenset(b.id for b in model.backends),
        unchecked=frozenset(unchecked),
        secret_values=frozenset(v.name for v in model.named_values if v.secret),
    )


def _key_headers(model: GatewayFile, file: str) -> frozenset[str]:
    """The headers with subscription keys of the APIs that have this document."""
    own = {
        a.key_header
        for a in model.apis
        if a.subscription_required
        and a.policy is not None
        and file in (a.policy.path, getattr(a.policy.inline, "name", ""))
    }
    replaced = {n.lower() for b in model.backends if b.credentials is not None for n, _ in b.credentials.headers}
    return frozenset(name for name in own if name.lower() not in replaced)
