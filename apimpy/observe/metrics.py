"""Prometheus metrics: names and labels in one place, plain dictionaries on the hot path, families made at scrape time.

| metric | labels |
|---|---|
| `apimpy_requests_total` | `api`, `operation`, `status` |
| `apimpy_request_duration_seconds` (histogram) | `api`, `operation` |
| `apimpy_requests_in_flight` | |
| `apimpy_websocket_open` | |
| `apimpy_websocket_closed_total` | `api`, `code` |
| `apimpy_websocket_messages_total`, `…_bytes_total` | `api`, `direction` (`received sent`) |
| `apimpy_reloads_total` | `result` (`ok failed`) |
| `apimpy_configuration_timestamp_seconds` | |
| `apimpy_store_up` | |
| `apimpy_store_failures_total` | `verb` |
| `apimpy_store_charges_waiting` | |
| `apimpy_store_charges_dropped_total` | |
| `apimpy_llm_tokens_total` | `namespace`, `kind` (`prompt completion cached reasoning total`), one per dimension |
| `apimpy_llm_series_dropped_total` | `namespace` |
| `apimpy_custom_metric` (sum and count) | `namespace`, `metric`, one per dimension |
| `apimpy_custom_series_dropped_total` | `namespace` |
| `apimpy_policy_refusals_total` | `policy`, `reason`, `api` |
| `apimpy_cache_lookups_total` | `cache` (`semantic response`), `api`, `outcome` (`hit miss bypass error`) |
| `apimpy_backend_attempts_total`, `…_failures_total`, `…_trips_total`, `apimpy_backend_open` | `backend` |

Every gateway has its own registry, so two in one process do not meet.  The number of token series is bounded, and so
is that of custom ones: when a namespace has `SERIES_LIMIT` of them (or `LABEL_LIMIT` labels), further ones are counted
together under `overflow`.
"""

from __future__ import annotations

import re
import time
from bisect import bisect_left
from typing import TYPE_CHECKING, Protocol

from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from apimpy.runtime.exchange import LastError

__all__ = [
    "CONTENT_TYPE",
    "LABEL_LIMIT",
    "SERIES_LIMIT",
    "CustomMetrics",
    "Metrics",
    "RefusalMetrics",
    "RequestMetrics",
    "TokenMetrics",
    "label_name",
]

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0)
SERIES_LIMIT = 5000
"""Label sets of one namespace."""
LABEL_LIMIT = 32
"""Labels of one namespace of token metrics, whose names may be computed; every series has all of them."""
OVERFLOW = "overflow"
_CODES = frozenset(range(1000, 1016))
_OTHER_CODE = 4000
"""Stands for all codes of applications, of which there may be thousands."""
_VALUE_LENGTH = 256
_RESERVED = frozenset({"namespace", "kind", "le", "quantile", "job", "instance"})


def label_name(dimension: str) -> str:
    """A dimension's name as a label: lower case, `_` for everything else.

    >>> label_name("Subscription ID")
    'subscription_id'
    """
    label = re.sub(r"[^a-z0-9_]", "_", dimension.lower())
    if not label or label[0].isdigit() or label.startswith("__") or label in _RESERVED:
        return "dimension_" + label.lstrip("_")
    return label


class RequestMetrics:
    """Requests and their durations by API, operation and status."""

    def __init__(self) -> None:
        self.in_flight = 0
        self._counts: dict[tuple[str, str, int], int] = {}
        self._durations: dict[tuple[str, str], list[float]] = {}
        """One count for each bucket, then one for all above, then the sum."""

    def add(self, api: str, operation: str, status: int, seconds: float) -> None:
        """One finished request; `status` 499 when the caller left before the head."""
        key = (api, operation, status)
        self._counts[key] = self._counts.get(key, 0) + 1
        row = self._durations.get((api, operation))
        if row is None:
            row = self._durations[api, operation] = [0.0] * (len(BUCKETS) + 2)
        row[bisect_left(BUCKETS, seconds)] += 1
        row[-1] += seconds

    def collect(self) -> Iterator[Metric]:
        yield GaugeMetricFamily("apimpy_requests_in_flight", "Requests being handled now.", self.in_flight)
        total = CounterMetricFamily("apimpy_requests", "Requests finished.", labels=("api", "operation", "status"))
        for (api, operation, status), count in list(self._counts.items()):
            total.add_metric((api, operation, str(status)), count)
        yield total
        durations = HistogramMetricFamily(
            "apimpy_request_duration_seconds",
            "Seconds from the request's head to the last byte of the response.",
            labels=("api", "operation"),
        )
        for labels, row in list(self._durations.items()):
            buckets, running = [], 0.0
            for bound, hits in zip((*map(str, BUCKETS), "+Inf"), row[:-1], strict=True):
                running += hits
                buckets.append((bound, running))
            durations.add_metric(labels, buckets, row[-1])
        yield durations


class WebSocketMetrics:
    """WebSockets: how many are open, how they ended, what passed."""

    def __init__(self) -> None:
        self._open = 0
        self._codes: dict[tuple[str, int], int] = {}
        self._passed: dict[str, list[int]] = {}
        """By API: bytes received and sent, messages received and sent."""

    def opened(self) -> None:
        self._open += 1

    def closed(self, api: str, code: int, size: tuple[int, int], messages: tuple[int, int]) -> None:
        """One that is over; what was received from the caller comes first."""
        self._open -= 1
        key = api, code if code in _CODES else _OTHER_CODE
        self._codes[key] = self._codes.get(key, 0) + 1
        row = self._passed.setdefault(api, [0, 0, 0, 0])
        for n, value in enumerate((*size, *messages)):
            row[n] += value

    def collect(self) -> Iterator[Metric]:
        yield GaugeMetricFamily("apimpy_websocket_open", "WebSockets that are open now.", self._open)
        closed = CounterMetricFamily("apimpy_websocket_closed", "WebSockets that are over.", labels=("api", "code"))
        for (api, code), count in list(self._codes.items()):
            closed.add_metric((api, str(code)), count)
        yield closed
        labels = ("api", "direction")
        size = CounterMetricFamily("apimpy_websocket_bytes", "Bytes of finished WebSockets.", labels=labels)
        messages = CounterMetricFamily("apimpy_websocket_messages", "Their messages.", labels=labels)
        for api, row in list(self._passed.items()):
            for n, direction in enumerate(("received", "sent")):
                size.add_metric((api, direction), row[n])
                messages.add_metric((api, direction), row[n + 2])
        yield from (size, messages)


class ReloadMetrics:
    """Reloads, and when the configuration that serves was loaded."""

    def __init__(self) -> None:
        self._counts = {"ok": 0, "failed": 0}
        self._loaded = time.time()

    def add(self, ok: bool, at: float) -> None:
        self._counts["ok" if ok else "failed"] += 1
        if ok:
            self._loaded = at

    def collect(self) -> Iterator[Metric]:
        total = CounterMetricFamily("apimpy_reloads", "Reloads of the configuration.", labels=("result",))
        for result, count in self._counts.items():
            total.add_metric((result,), count)
        yield total
        yield GaugeMetricFamily(
            "apimpy_configuration_timestamp_seconds", "When the configuration that serves was loaded.", self._loaded
        )


class Store(Protocol):
    """What a store that can be away tells of itself."""

    @property
    def up(self) -> bool: ...
    @property
    def waiting(self) -> int: ...
    @property
    def dropped(self) -> int: ...
    @property
    def failures(self) -> Mapping[str, int]: ...


class StoreMetrics:
    """The store of state that gateways share."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def collect(self) -> Iterator[Metric]:
        store = self._store
        yield GaugeMetricFamily("apimpy_store_up", "1 while the shared store answers, else 0.", int(store.up))
        failures = CounterMetricFamily("apimpy_store_failures", "Operations without an answer.", labels=("verb",))
        for verb, count in list(store.failures.items()):
            failures.add_metric((verb,), count)
        yield failures
        yield GaugeMetricFamily("apimpy_store_charges_waiting", "Charges to deliver when it is back.", store.waiting)
        yield CounterMetricFamily("apimpy_store_charges_dropped", "Charges that waited too long.", store.dropped)


class TokenMetrics:
    """The `TokenMeter` port, and the collector of what it received.

    The labels of a namespace are the union over all policies that write to it; a policy without a dimension leaves its
    label empty.
    """

    def __init__(self) -> None:
        self._rows: dict[tuple[str, tuple[tuple[str, str], ...]], dict[str, int]] = {}
        self._overflow: dict[str, dict[str, int]] = {}
        self._labels: dict[str, dict[str, None]] = {}
        self._sizes: dict[str, int] = {}
        self._dropped: dict[str, int] = {}

    def emit(self, namespace: str, dimensions: dict[str, str], values: dict[str, int]) -> None:
        """`values` by kind: `prompt completion total cached reasoning`."""
        row = self._rows.get((namespace, tuple(dimensions.items())))
        if row is None:
            row = self._row(namespace, dimensions)
        for kind, value in values.items():
            row[kind] = row.get(kind, 0) + value

    def _row(self, namespace: str, dimensions: dict[str, str]) -> dict[str, int]:
        """A new row; past the limit, the one row of all others: callers may bring values, and names, without end."""
        labels = self._labels.setdefault(namespace, {})
        cut = tuple((name[:_VALUE_LENGTH], value[:_VALUE_LENGTH]) for name, value in dimensions.items())
        key = (namespace, cut)
        if key not in self._rows:
            size = self._sizes.get(namespace, 0)
            named = {label_name(name) for name, _ in cut}
            if size >= SERIES_LIMIT or len(labels.keys() | named) > LABEL_LIMIT:
                self._dropped[namespace] = self._dropped.get(namespace, 0) + 1
                return self._overflow.setdefault(namespace, {})
            self._sizes[namespace] = size + 1
            labels.update(dict.fromkeys(label_name(name) for name, _ in cut))
        return self._rows.setdefault(key, {})

    def collect(self) -> Iterator[Metric]:
        tokens = Metric("apimpy_llm_tokens", "Tokens of model calls, by the dimensions of the policies.", "counter")
        merged: dict[tuple[tuple[str, str], ...], int] = {}
        for (namespace, dimensions), row in list(self._rows.items()):
            labels = {"namespace": namespace, **dict.fromkeys(self._labels[namespace], "")}
            labels.update((label_name(name), value) for name, value in dimensions)
            for kind, value in list(row.items()):
                key = tuple({**labels, "kind": kind}.items())
                merged[key] = merged.get(key, 0) + value  # two spellings of a dimension are one label
        for namespace, row in list(self._overflow.items()):
            labels = {"namespace": namespace, **dict.fromkeys(self._labels[namespace], OVERFLOW)}
            for kind, value in list(row.items()):
                merged[tuple({**labels, "kind": kind}.items())] = value
        for key, value in merged.items():
            tokens.add_sample("apimpy_llm_tokens_total", dict(key), value)
        yield tokens
        dropped = CounterMetricFamily(
            "apimpy_llm_series_dropped", "Model calls counted as overflow: too many series.", labels=("namespace",)
        )
        for namespace, count in self._dropped.items():
            dropped.add_metric((namespace,), count)
        yield dropped


class CustomMetrics:
    """The `MetricSink` port, and the collector of what it received: how often, and the sum of the values."""

    def __init__(self) -> None:
        self._rows: dict[tuple[str, str, tuple[tuple[str, str], ...]], list[float]] = {}
        self._sizes: dict[str, int] = {}
        self._dropped: dict[str, int] = {}

    def observe(self, namespace: str, name: str, dimensions: dict[str, str], value: float) -> None:
        """One value of a metric."""
        row = self._rows.get((namespace, name, tuple(dimensions.items())))
        if row is None:
            row = self._row(namespace, name, dimensions)
        row[0] += 1
        row[1] += value

    def _row(self, namespace: str, name: str, dimensions: dict[str, str]) -> list[float]:
        size = self._sizes.get(namespace, 0)
        if size < SERIES_LIMIT:
            self._sizes[namespace] = size + 1
            labels = tuple(dimensions.items())
        else:
            self._dropped[namespace] = self._dropped.get(namespace, 0) + 1
            labels = tuple((label, OVERFLOW) for label in dimensions)
        return self._rows.setdefault((namespace, name, labels), [0, 0.0])

    def collect(self) -> Iterator[Metric]:
        metrics = Metric("apimpy_custom_metric", "Values of emit-metric, by the dimensions of the policies.", "summary")
        merged: dict[tuple[tuple[str, str], ...], list[float]] = {}
        for (namespace, name, dimensions), (count, total) in list(self._rows.items()):
            labels = {"namespace": namespace, "metric": name}
            for dimension, value in dimensions:
                label = label_name(dimension)
                labels["dimension_metric" if label == "metric" else label] = value[:_VALUE_LENGTH]
            row = merged.setdefault(tuple(labels.items()), [0, 0.0])  # two spellings of a dimension are one label
            row[0] += count
            row[1] += total
        for key, (count, total) in merged.items():
            metrics.add_sample("apimpy_custom_metric_count", dict(key), count)
            metrics.add_sample("apimpy_custom_metric_sum", dict(key), total)
        yield metrics
        dropped = CounterMetricFamily(
            "apimpy_custom_series_dropped", "Values counted as overflow: too many series.", labels=("namespace",)
        )
        for namespace, times in self._dropped.items():
            dropped.add_metric((namespace,), times)
        yield dropped


BackendRow = tuple[str, int, int, int, bool]
"""Id, attempts, failures, trips of the breaker, whether it is open."""


class BackendMetrics:
    """Attempts at backend entities, and their breakers; asked for when the metrics are."""

    def __init__(self) -> None:
        self.source: Callable[[], Iterable[BackendRow]] = tuple

    def collect(self) -> Iterator[Metric]:
        labels = ("backend",)
        attempts = CounterMetricFamily("apimpy_backend_attempts", "Requests sent to a backend.", labels=labels)
        failures = CounterMetricFamily("apimpy_backend_failures", "Those that its breaker counted.", labels=labels)
        trips = CounterMetricFamily("apimpy_backend_trips", "How often its breaker opened.", labels=labels)
        is_open = GaugeMetricFamily("apimpy_backend_open", "1 while its breaker is open.", labels=labels)
        for id_, *counts, opened in self.source():
            for family, count in zip((attempts, failures, trips), counts, strict=True):
                family.add_metric((id_,), count)
            is_open.add_metric((id_,), int(opened))
        yield from (attempts, failures, trips, is_open)


class CacheMetrics:
    """The `CacheMeter` port, and its collector."""

    def __init__(self) -> None:
        self._counts: dict[tuple[str, str, str], int] = {}

    def add(self, cache: str, api: str, outcome: str) -> None:
        """`cache`: `semantic response`; `outcome`: `hit miss bypass error`."""
        key = (cache, api, outcome)
        self._counts[key] = self._counts.get(key, 0) + 1

    def collect(self) -> Iterator[Metric]:
        labels = ("cache", "api", "outcome")
        total = CounterMetricFamily("apimpy_cache_lookups", "Lookups of caches.", labels=labels)
        for key, count in list(self._counts.items()):
            total.add_metric(key, count)
        yield total


_NO_POLICIES = frozenset({"configuration", "gateway", "forward-request", "request-forwarder", "transfer-response"})
"""Sources of errors that are no refusal: routing, the backend, the wire."""


class RefusalMetrics:
    """Requests that a policy (or the check of subscription keys) turned away: limits hit, calls not allowed."""

    def __init__(self) -> None:
        self._counts: dict[tuple[str, str, str], int] = {}

    def add(self, error: LastError, api: str) -> None:
        """How a request ended; what is no refusal (its status is none of 4xx, the backend said so) is passed over."""
        if not 400 <= error.status < 500 or error.source in _NO_POLICIES:
            return
        key = (error.source, error.reason or "", api)
        if key not in self._counts and len(self._counts) >= SERIES_LIMIT:
            key = (error.source, OVERFLOW, OVERFLOW)
        self._counts[key] = self._counts.get(key, 0) + 1

    def collect(self) -> Iterator[Metric]:
        labels = ("policy", "reason", "api")
        total = CounterMetricFamily("apimpy_policy_refusals", "Requests that policies turned away.", labels=labels)
        for key, count in list(self._counts.items()):
            total.add_metric(key, count)
        yield total


class Metrics:
    """Everything `/metrics` of one gateway shows."""

    def __init__(self, *, process: bool = True) -> None:
        self.requests = RequestMetrics()
        self.websockets = WebSocketMetrics()
        self.tokens = TokenMetrics()
        self.custom = CustomMetrics()
        self.reloads = ReloadMetrics()
        self.backends = BackendMetrics()
        self.caches = CacheMetrics()
        self.refusals = RefusalMetrics()
        self._registry = CollectorRegistry()
        self._registry.register(self.requests)
        self._registry.register(self.websockets)
        self._registry.register(self.tokens)
        self._registry.register(self.custom)
        self._registry.register(self.reloads)
        self._registry.register(self.backends)
        self._registry.register(self.caches)
        self._registry.register(self.refusals)
        if process:
            ProcessCollector(registry=self._registry)

    def watch(self, store: Store) -> None:
        """Show how a shared store fares."""
        self._registry.register(StoreMetrics(store))

    def families(self) -> list[Metric]:
        """What `render` writes, as data."""
        return list(self._registry.collect())

    def render(self) -> bytes:
        """The text exposition format."""
        return generate_latest(self._registry)
