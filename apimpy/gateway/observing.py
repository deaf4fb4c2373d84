"""Where calls and telemetry go, put together from flags and the gateway file: the LLM log and OTLP.

    watched = Observing.of(config, assembled.model, lock)       # ConfigError
    gateway = build_gateway(…, llm_log=watched.llm_log)
    async with watched.running(gateway.metrics): …

Nothing is made that was not asked for; the classes of OTLP are not even imported.
"""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path
from typing import TYPE_CHECKING

from apimpy.configuration.model import LlmLogSpec, OtlpSpec
from apimpy.gateway.config import ConfigError
from apimpy.observe.llm_log import LlmLog, LlmLogSettings, RowWriter
from apimpy.observe.llm_record import Bounds
from apimpy.observe.redaction import Redaction, RedactionError
from apimpy.observe.row_files import FileRows, StdoutRows
from apimpy.record import replace
from apimpy.source import SourceFile

if TYPE_CHECKING:
    import threading
    from collections.abc import AsyncIterator

    from apimpy.configuration.model import GatewayFile
    from apimpy.gateway.config import ServeConfig
    from apimpy.observe.metrics import Metrics
    from apimpy.observe.otlp import OtlpSender
    from apimpy.source import Span

__all__ = ["Observing", "llm_log_spec", "otlp_spec"]


class Observing:
    """What was asked for."""

    def __init__(self, llm_log: LlmLog | None, sender: OtlpSender | None, otlp: OtlpSpec | None) -> None:
        self.llm_log = llm_log
        self._sender, self._otlp = sender, otlp

    @classmethod
    def of(cls, config: ServeConfig, model: GatewayFile, lock: threading.Lock) -> Observing:
        """`lock`: of standard output.  ConfigError."""
        spec, otlp = llm_log_spec(config, model), otlp_spec(config, model)
        sender = None if otlp is None else _sender(otlp, model.deployment.get("service_name", "apimpy"))
        return cls(None if spec is None else _llm_log(spec, config, sender, lock), sender, otlp)

    @contextlib.asynccontextmanager
    async def running(self, metrics: Metrics) -> AsyncIterator[None]:
        """Report metrics meanwhile; at the end, everything that is left."""
        reporting = None
        if self._sender is not None and self._otlp is not None and self._otlp.metrics:
            from apimpy.observe.otlp import OtlpMetrics

            reports = OtlpMetrics(metrics.families, self._sender, float(self._otlp.interval))
            reporting = asyncio.create_task(reports.run())
        try:
            yield
        finally:
            if self.llm_log is not None:
                await self.llm_log.aclose()
            if reporting is not None:
                reporting.cancel()
                await reports.send()


def llm_log_spec(config: ServeConfig, model: GatewayFile) -> LlmLogSpec | None:
    """What is logged of calls: the gateway file's, with what flags say in its place.  ConfigError."""
    spec = model.llm_log
    if config.llm_log:
        spec = replace(spec or LlmLogSpec(_flags()), to=config.llm_log)
    if spec is None:
        if config.llm_messages is not None or config.llm_redact:
            raise ConfigError("--llm-messages and --llm-redact need --llm-log")
        return None
    if config.llm_messages is not None:
        spec = replace(spec, messages=config.llm_messages)
    return replace(spec, patterns=(*spec.patterns, *config.llm_redact))


def otlp_spec(config: ServeConfig, model: GatewayFile) -> OtlpSpec | None:
    """The collector: the one of the gateway file, at the URL of the flag."""
    if config.otlp is None:
        return model.otlp
    return OtlpSpec(_flags(), config.otlp) if model.otlp is None else replace(model.otlp, url=config.otlp)


def _flags() -> Span:
    return SourceFile("<command line>", "").span(0)


def _llm_log(spec: LlmLogSpec, config: ServeConfig, sender: OtlpSender | None, lock: threading.Lock) -> LlmLog:
    writers: list[RowWriter] = []
    for place in dict.fromkeys(spec.to):
        if place == "otlp":
            if sender is None:
                raise ConfigError("the LLM log goes to otlp, and no collector is named: --otlp URL")
            from apimpy.observe.otlp import OtlpRows

            writers.append(OtlpRows(sender))
        elif place == "-":
            if config.workers > 1:
                raise ConfigError("the LLM log of several workers needs a file: their lines would be mixed on a pipe")
            writers.append(StdoutRows(lock))
        else:
            path = Path(place)
            if path.is_dir() or not path.parent.is_dir():
                raise ConfigError(f"the LLM log {place!r} is no file in a folder that exists")
            writers.append(FileRows(path, spec.max_file_bytes))
    try:
        redaction = Redaction(spec.patterns, spec.paths)
    except RedactionError as error:
        raise ConfigError(f"--llm-redact: {error}") from error
    settings = LlmLogSettings(
        requests=spec.messages in ("requests", "all"),
        responses=spec.messages in ("responses", "all"),
        bounds=Bounds(spec.max_bytes, spec.max_bytes),
        headers=spec.headers,
        redaction=redaction,
        hidden_headers=spec.hidden_headers,
    )
    return LlmLog(settings, writers)


def _sender(otlp: OtlpSpec, service: str) -> OtlpSender:
    try:
        from apimpy.observe.otlp import OtlpSender, resource
    except ModuleNotFoundError as error:
        raise ConfigError(f"OTLP needs the extra: pip install 'apimpy[otel]' ({error})") from error
    headers = {name: secret.text for name, secret in otlp.headers}
    return OtlpSender(otlp.url, headers, resource(service))
