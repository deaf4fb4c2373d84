"""A gateway from its configuration: the real implementation of every port."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from apimpy.backends.registry import Backends
from apimpy.gateway.app import Gateway
from apimpy.gateway.client import HttpTransport
from apimpy.gateway.identity import CommandIdentity, FileIdentity, NoIdentity, StaticIdentity
from apimpy.gateway.mcp import InsideTransport
from apimpy.gateway.state import memory_state
from apimpy.gateway.tracing import Tracing
from apimpy.observe.events import FileEventLogger
from apimpy.observe.metrics import Metrics
from apimpy.runtime.services import Services, SystemClock

if TYPE_CHECKING:
    from apimpy.configuration.assemble import Assembled
    from apimpy.configuration.model import IdentitySpec
    from apimpy.gateway.config import ServeConfig
    from apimpy.gateway.state import State
    from apimpy.observe.llm_log import LlmLog
    from apimpy.observe.logs import AccessLog
    from apimpy.runtime.message import Url
    from apimpy.runtime.ports import ManagedIdentity
    from apimpy.tokens.counter import TiktokenCounter

__all__ = ["build_gateway"]


def _identity(config: ServeConfig, spec: IdentitySpec | None) -> ManagedIdentity:
    """What the command line says, else the gateway file."""
    if config.identity_token is not None:
        return StaticIdentity(config.identity_token)
    if config.identity_file is not None:
        return FileIdentity(config.identity_file)
    if config.identity_command is not None:
        return CommandIdentity(config.identity_command, SystemClock())
    if spec is not None and spec.token is not None:
        return StaticIdentity(spec.token.text)
    if spec is not None and spec.path:
        return FileIdentity(Path(spec.path))
    if spec is not None and spec.command:
        return CommandIdentity(spec.command, SystemClock())
    return NoIdentity()


def build_gateway(
    config: ServeConfig,
    assembled: Assembled,
    backend: Url | None,
    counter: TiktokenCounter,
    access_log: AccessLog | None = None,
    state: State | None = None,
    llm_log: LlmLog | None = None,
) -> Gateway:
    """A gateway with the real implementation of every port.  `backend`: of the APIs that name none.

    `state`: where state is kept; by default in this process.
    """
    metrics = Metrics()
    options = config.options_with(assembled.model.options)
    if state is None:
        state = memory_state(options.cache_size, options.semantic_cache_size)
    transport = InsideTransport(HttpTransport())
    services = Services(
        clock=SystemClock(),
        transport=transport,
        token_store=state.token_store,
        token_counter=counter,
        token_meter=metrics.tokens,
        identity=_identity(config, assembled.model.identity),
        options=options,
        deployment=assembled.deployment,
        backends=Backends(assembled.backends, state.breakers),
        concurrency=state.concurrency,
        counters=state.counters,
        cache=state.cache,
        external_cache=state.external_cache,
        vectors=state.vectors,
        cache_meter=metrics.caches,
        metric_sink=metrics.custom,
        event_loggers={name: FileEventLogger(name, path) for name, path in config.event_loggers},
    )
    tracing = Tracing(services.clock, everything=config.trace) if config.workers == 1 else None
    configuration = assembled.configuration(backend)
    gateway = Gateway(configuration, services, metrics=metrics, access_log=access_log, tracing=tracing, llm_log=llm_log)
    transport.gateway = gateway
    metrics.backends.source = partial(_backend_rows, gateway)
    return gateway


def _backend_rows(gateway: Gateway) -> list[tuple[str, int, int, int, bool]]:
    services = gateway.services  # a reload replaces them
    return services.backends.rows(services.clock.now())
