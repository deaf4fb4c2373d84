"""Where a configuration comes from: a gateway file, a folder, or a single policy document with flags.

The single document is a small model like any other: one API at `/` that needs no key.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from apimpy.configuration.model import (
    ApiSpec,
    GatewayFile,
    NamedValue,
    OperationSpec,
    PolicyText,
    Secret,
    SubscriptionSpec,
)
from apimpy.record import Record, replace
from apimpy.source import SourceFile

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from apimpy.diagnostics import Sink

__all__ = ["Flags", "configured", "read_model", "single_policy", "with_flags"]

GATEWAY_FILES = ("gateway.yaml", "gateway.yml")


class Flags(Record, frozen=True):
    """What the command line adds to any configuration."""

    named_values: tuple[tuple[str, str], ...] = ()
    fragments: Path | None = None
    subscriptions: tuple[tuple[str, str], ...] = ()


def configured(path: Path) -> Path | None:
    """The gateway file or service folder that a path means; None: it is something else."""
    if path.is_dir():
        for name in GATEWAY_FILES:
            if (path / name).is_file():
                return path / name
        from apimpy.configuration.apiops import service_folder

        return service_folder(path)
    return path if path.suffix.lower() in (".yaml", ".yml") else None


def read_model(
    path: Path,
    sink: Sink,
    *,
    environ: Mapping[str, str],
    environment: str | None = None,
    complete: bool = True,
) -> GatewayFile | None:
    """The model of what `configured` found.  `complete`: every named value and key must have a value."""
    if path.is_dir():
        from apimpy.configuration.apiops import read_folder

        return read_folder(path, sink, environ=environ, environment=environment, complete=complete)
    from apimpy.configuration.read import read_gateway_file

    return read_gateway_file(path, sink, environ=environ, complete=complete)


def single_policy(policy: Path, key_header: str) -> GatewayFile:
    """One policy document as the scope of one API."""
    here = SourceFile(str(policy), "").span(0)
    operations = (
        OperationSpec("openai", here, "*", "/openai/deployments/{deployment-id}/*", "openai"),
        OperationSpec("any", here, "*", "/*", "any"),
    )
    api = ApiSpec(
        "api",
        here,
        name="api",
        subscription_required=False,
        key_header=key_header,
        policy=PolicyText(here, str(policy)),
        operations=operations,
    )
    return GatewayFile(here, apis=(api,), single=True)


def with_flags(model: GatewayFile, flags: Flags) -> GatewayFile:
    """The model with what the command line says; named values and fragments of it go before the model's own."""
    here = SourceFile("<command line>", "").span(0)
    given = {name: NamedValue(name, here, Secret(value)) for name, value in flags.named_values}
    values = [v for v in model.named_values if v.name not in given]
    fragments = {p.stem: PolicyText(here, str(p)) for p in _documents(flags.fragments)}
    keys = [SubscriptionSpec(name, here, name, primary=Secret(key)) for name, key in flags.subscriptions]
    return replace(
        model,
        named_values=(*values, *given.values()),
        fragments={**model.fragments, **fragments},
        subscriptions=(*model.subscriptions, *keys),
    )


def _documents(folder: Path | None) -> Iterable[Path]:
    return () if folder is None else sorted(folder.glob("*.xml"))
