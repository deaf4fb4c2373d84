"""From a path and flags to a configuration, and everything there is to say about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from apimpy.configuration.assemble import assemble
from apimpy.configuration.source import Flags, configured, read_model, single_policy, with_flags
from apimpy.diagnostics import Sink

if TYPE_CHECKING:
    from collections.abc import Mapping

    from apimpy.configuration.assemble import Assembled
    from apimpy.diagnostics import Diagnostic
    from apimpy.gateway.config import ServeConfig

__all__ = ["Loaded", "load_configuration"]


@dataclass(frozen=True, slots=True)
class Loaded:
    """`assembled` None: the diagnostics say why."""

    assembled: Assembled | None
    diagnostics: tuple[Diagnostic, ...]


def load_configuration(config: ServeConfig, environ: Mapping[str, str]) -> Loaded:
    """Read, check and bind what `config.policy` names: a policy document, a gateway file or a folder."""
    sink = Sink()
    source = configured(config.policy)
    if source is not None:
        model = read_model(source, sink, environ=environ, environment=config.environment)
    else:
        model = single_policy(config.policy, config.subscription_header)
    if model is None:
        return Loaded(None, tuple(sink))
    model = with_flags(model, Flags(config.named_values, config.fragments, config.subscriptions))
    assembled = assemble(model, sink, event_loggers=[name for name, _ in config.event_loggers])
    return Loaded(assembled, tuple(sink))
