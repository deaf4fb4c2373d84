"""Metrics and LLM logs as OTLP over HTTP (binary protobuf), for whoever collects telemetry that way.

    sender = OtlpSender("http://127.0.0.1:4318", {}, resource("apimpy"))
    OtlpMetrics(metrics.families, sender)      # what /metrics shows, in the same names
    OtlpRows(sender)                           # a `RowWriter` of the LLM log

The messages are built from the metrics as they are: no second copy of every series is kept, as a telemetry library
would.  Needs the extra `otel`, which is the generated classes of the protocol; this module is imported by nobody who
did not ask for OTLP.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
import urllib.error
import urllib.request
from collections import deque
from datetime import datetime
from http.client import HTTPException
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, InstrumentationScope, KeyValue
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord, ResourceLogs, ScopeLogs, SeverityNumber
from opentelemetry.proto.metrics.v1.metrics_pb2 import AggregationTemporality, ResourceMetrics, ScopeMetrics
from opentelemetry.proto.metrics.v1.metrics_pb2 import Metric as MetricMessage
from opentelemetry.proto.resource.v1.resource_pb2 import Resource

from apimpy import __version__

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from prometheus_client.core import Metric

__all__ = ["OtlpMetrics", "OtlpRows", "OtlpSender", "logs_request", "metrics_request", "resource"]

log = logging.getLogger("apimpy.otlp")

_PATIENCE = 10.0
"""Seconds to wait for the collector."""
_AGAIN = frozenset({429, 502, 503, 504})
"""Answers after which a request may be sent once more."""
_LATE_BYTES = 16 << 20
"""Bytes of log requests that wait for a collector that is away."""
_SCOPE = InstrumentationScope(name="apimpy", version=__version__)
_CUMULATIVE = AggregationTemporality.AGGREGATION_TEMPORALITY_CUMULATIVE
_GEN_AI = {
    "ModelName": "gen_ai.response.model",
    "DeploymentName": "gen_ai.request.model",
    "RequestId": "gen_ai.response.id",
    "PromptTokens": "gen_ai.usage.input_tokens",
    "CompletionTokens": "gen_ai.usage.output_tokens",
}
"""Columns of the first row of a call that OpenTelemetry has a name for."""
EVENT = "apimpy.llm.call"


def resource(service: str) -> Resource:
    """This process as a source of telemetry."""
    attributes = {"service.name": service, "service.version": __version__, "service.instance.id": str(uuid4())}
    return Resource(attributes=_attributes(attributes))


class OtlpSender:
    """Posts requests, on a thread."""

    def __init__(self, url: str, headers: Mapping[str, str], resource: Resource) -> None:
        self._url, self.resource = url.rstrip("/"), resource
        self._headers = {**headers, "Content-Type": "application/x-protobuf"}
        self._failing = False

    def send(self, signal: str, data: bytes) -> bool:
        """Post to `/v1/{signal}`; False when it may be tried again.  A refusal is told once and not tried again."""
        request = urllib.request.Request(  # noqa: S310  (http or https: checked where it was configured)
            f"{self._url}/v1/{signal}", data, self._headers, method="POST"
        )
        again = True
        try:
            with urllib.request.urlopen(request, timeout=_PATIENCE):  # noqa: S310
                self._failing = False
                return True
        except urllib.error.HTTPError as error:
            why, again = f"HTTP {error.code}", error.code in _AGAIN
            error.close()
        except (OSError, HTTPException, ValueError) as error:
            why = str(getattr(error, "reason", error))
        if not self._failing:
            log.warning("OTLP: %s are not taken: %s", signal, why)
        self._failing = True
        return not again


class OtlpMetrics:
    """Sends what `collect` yields, every `interval` seconds and at the end."""

    def __init__(self, collect: Callable[[], Iterable[Metric]], sender: OtlpSender, interval: float = 15.0) -> None:
        self._collect, self._sender, self._interval = collect, sender, interval
        self._start = time.time_ns()

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await asyncio.sleep(self._interval)
            await self.send()

    async def send(self) -> None:
        """Now.  A request that is lost costs nothing: the next one has the same sums and more."""
        families = list(self._collect())
        await asyncio.to_thread(self._send, families, time.time_ns())

    def _send(self, families: list[Metric], now: int) -> None:
        message = metrics_request(families, self._sender.resource, self._start, now)
        self._sender.send("metrics", message.SerializeToString())


class OtlpRows:
    """The `RowWriter` that makes log records of rows.  What a collector did not take waits for the next batch."""

    def __init__(self, sender: OtlpSender) -> None:
        self._sender = sender
        self._late: deque[bytes] = deque()

    def write(self, rows: list[dict[str, Any]], dropped: int) -> None:
        """Send the rows, late ones first."""
        if dropped:
            log.warning("LLM log: %d records were dropped", dropped)
        if rows:
            self._late.append(logs_request(rows, self._sender.resource, time.time_ns()).SerializeToString())
        while self._late and self._sender.send("logs", self._late[0]):
            self._late.popleft()
        while sum(map(len, self._late)) > _LATE_BYTES:
            self._late.popleft()
            log.warning("LLM log: records were dropped, the collector has been away for too long")


def metrics_request(families: Iterable[Metric], source: Resource, start: int, now: int) -> ExportMetricsServiceRequest:
    """Prometheus families as cumulative metrics; times are nanoseconds since the epoch."""
    scope = ScopeMetrics(scope=_SCOPE)
    for family in families:
        if not family.samples:
            continue
        metric = scope.metrics.add(name=family.name, description=family.documentation)
        if family.type == "histogram":
            _histogram(metric, family, start, now)
        elif family.type == "summary":
            _summary(metric, family, start, now)
        else:
            _numbers(metric, family, start, now)
    return ExportMetricsServiceRequest(resource_metrics=[ResourceMetrics(resource=source, scope_metrics=[scope])])


def _numbers(metric: MetricMessage, family: Metric, start: int, now: int) -> None:
    counter = family.type == "counter"
    if counter:
        metric.sum.aggregation_temporality = _CUMULATIVE
        metric.sum.is_monotonic = True
    points = metric.sum.data_points if counter else metric.gauge.data_points
    for sample in family.samples:
        if counter and not sample.name.endswith("_total"):
            continue
        points.add(
            attributes=_attributes(sample.labels),
            start_time_unix_nano=start if counter else 0,
            time_unix_nano=now,
            as_double=sample.value,
        )


def _histogram(metric: MetricMessage, family: Metric, start: int, now: int) -> None:
    metric.histogram.aggregation_temporality = _CUMULATIVE
    found: dict[tuple[tuple[str, str], ...], Any] = {}
    before: dict[tuple[tuple[str, str], ...], float] = {}
    for sample in family.samples:
        labels = {name: value for name, value in sample.labels.items() if name != "le"}
        key = tuple(labels.items())
        point = found.get(key)
        if point is None:
            point = found[key] = metric.histogram.data_points.add(
                attributes=_attributes(labels), start_time_unix_nano=start, time_unix_nano=now
            )
        if sample.name.endswith("_bucket"):
            if sample.labels["le"] != "+Inf":
                point.explicit_bounds.append(float(sample.labels["le"]))
            point.bucket_counts.append(int(sample.value - before.get(key, 0)))
            before[key] = sample.value
        elif sample.name.endswith("_count"):
            point.count = int(sample.value)
        elif sample.name.endswith("_sum"):
            point.sum = sample.value


def _summary(metric: MetricMessage, family: Metric, start: int, now: int) -> None:
    found: dict[tuple[tuple[str, str], ...], Any] = {}
    for sample in family.samples:
        key = tuple(sample.labels.items())
        point = found.get(key)
        if point is None:
            point = found[key] = metric.summary.data_points.add(
                attributes=_attributes(sample.labels), start_time_unix_nano=start, time_unix_nano=now
            )
        if sample.name.endswith("_count"):
            point.count = int(sample.value)
        else:
            point.sum = sample.value


def logs_request(rows: Iterable[dict[str, Any]], source: Resource, now: int) -> ExportLogsServiceRequest:
    """Rows of the LLM log as records: the row is the body, what OpenTelemetry has names for is attributes, too."""
    scope = ScopeLogs(scope=_SCOPE)
    for row in rows:
        code = row.get("ResponseCode")
        failed = "LastErrorSource" in row or (isinstance(code, int) and code >= 400)
        known = {name: row[column] for column, name in _GEN_AI.items() if column in row}
        scope.log_records.append(
            LogRecord(
                time_unix_nano=_nanoseconds(row.get("TimeGenerated"), now),
                observed_time_unix_nano=now,
                severity_number=SeverityNumber.SEVERITY_NUMBER_WARN if failed else SeverityNumber.SEVERITY_NUMBER_INFO,
                severity_text="WARN" if failed else "INFO",
                event_name=EVENT,
                attributes=_attributes({"event.name": EVENT, **known}),
                body=_value(row),
            )
        )
    return ExportLogsServiceRequest(resource_logs=[ResourceLogs(resource=source, scope_logs=[scope])])


def _nanoseconds(stamp: Any, otherwise: int) -> int:
    with contextlib.suppress(TypeError, ValueError):  # a redaction may have hidden it
        return int(datetime.fromisoformat(stamp).timestamp() * 1000) * 1_000_000
    return otherwise


def _attributes(values: Mapping[str, Any]) -> list[KeyValue]:
    return [KeyValue(key=name, value=_value(value)) for name, value in values.items()]


def _value(value: Any) -> AnyValue:
    """JSON data as the protocol's value."""
    out = AnyValue()
    if isinstance(value, bool):
        out.bool_value = value
    elif isinstance(value, int):
        out.int_value = value
    elif isinstance(value, float):
        out.double_value = value
    elif isinstance(value, str):
        out.string_value = value
    elif isinstance(value, dict):
        out.kvlist_value.values.extend(_attributes(value))
    elif isinstance(value, list):
        out.array_value.values.extend(_value(item) for item in value)
    return out
