"""OTLP to a collector of our own that decodes what it is sent."""

from __future__ import annotations

import asyncio
import json
import logging
import sys
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest
from aiohttp import web
from processes import running

from apimpy.gateway.config import ConfigError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

pytest.importorskip("opentelemetry.proto", reason="the extra otel is not installed")

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest

from apimpy.observe.metrics import Metrics
from apimpy.observe.otlp import OtlpRows, OtlpSender, metrics_request, resource

POLICY = """<policies>
  <inbound>
    <llm-emit-token-metric namespace="genai"><dimension name="API ID" /></llm-emit-token-metric>
    <emit-metric name="calls" value="2.5"><dimension name="API ID" /></emit-metric>
    <check-header name="x-ok" failed-check-httpcode="403" failed-check-error-message="no" ignore-case="true" />
  </inbound>
</policies>"""
ANSWER = {
    "id": "chatcmpl-1",
    "model": "gpt-4o-x",
    "choices": [{"index": 0, "message": {"role": "assistant", "content": "yes"}}],
    "usage": {"prompt_tokens": 9, "completion_tokens": 2, "total_tokens": 11},
}
QUESTION = {"model": "gpt-4o", "messages": [{"role": "user", "content": "?"}]}
CHAT = "/v1/chat/completions"


def plain(value: Any) -> Any:
    """A value of the protocol as Python data."""
    kind = value.WhichOneof("value")
    if kind == "kvlist_value":
        return named(value.kvlist_value.values)
    if kind == "array_value":
        return [plain(item) for item in value.array_value.values]
    return None if kind is None else getattr(value, kind)


def named(attributes: Any) -> dict[str, Any]:
    return {one.key: plain(one.value) for one in attributes}


class Collector:
    """Answers with `statuses` in order, the last one again and again."""

    def __init__(self, *statuses: int) -> None:
        self.statuses = list(statuses) or [200]
        self.headers: list[Any] = []
        self.metrics: list[ExportMetricsServiceRequest] = []
        self.logs: list[ExportLogsServiceRequest] = []
        self.refused: list[str] = []

    async def __call__(self, request: web.BaseRequest) -> web.StreamResponse:
        data = await request.read()
        status = self.statuses.pop(0) if len(self.statuses) > 1 else self.statuses[0]
        if status != 200:
            self.refused.append(request.path)
            return web.Response(status=status)
        self.headers.append(request.headers.copy())
        if request.path == "/v1/metrics":
            self.metrics.append(ExportMetricsServiceRequest.FromString(data))
        elif request.path == "/v1/logs":
            self.logs.append(ExportLogsServiceRequest.FromString(data))
        else:
            return web.Response(status=404)
        return web.Response(body=b"", content_type="application/x-protobuf")

    def points(self) -> dict[str, list[Any]]:
        """Of the latest report, data points by metric."""
        found = {}
        for metric in self.metrics[-1].resource_metrics[0].scope_metrics[0].metrics:
            found[metric.name] = list(getattr(metric, metric.WhichOneof("data")).data_points)
        return found

    def records(self) -> list[Any]:
        return [
            r for sent in self.logs for group in sent.resource_logs for s in group.scope_logs for r in s.log_records
        ]


async def model(request: web.BaseRequest) -> web.StreamResponse:
    await request.read()
    return web.json_response(ANSWER)


async def ask(url: str, **headers: str) -> int:
    async with aiohttp.ClientSession() as session, session.post(url + CHAT, json=QUESTION, headers=headers) as got:
        await got.read()
        return got.status


def files(folder: Path, backend: str, more: str) -> Path:
    (folder / "policy.xml").write_text(POLICY)
    path = folder / "gateway.yaml"
    path.write_text(
        "version: 1\ngateway: {service_name: shop}\n"
        f"apis: [{{id: ai, path: '', service_url: '{backend}', subscription_required: false, policy: policy.xml}}]\n"
        + more
    )
    return path


async def test_metrics_and_logs_of_a_gateway(backend: Any, tmp_path: Path) -> None:
    """A real process that reports what its requests came to, at the latest when it ends."""
    collector = Collector()
    otlp = f"otlp: {{url: '{await backend(collector)}/', interval: 3600, headers: {{x-tenant: t-1}}}}\n"
    path = files(tmp_path, await backend(model), "llm_log: {to: [otlp, '-'], messages: all}\n" + otlp)
    words = ("--port", "0", "--admin-port", "0", "--access-log", "off")
    async with running("serve", str(path), *words) as started:
        url = started.urls[0]
        assert [await ask(url, **{"x-ok": "1"}), await ask(url)] == [200, 403]
        code, out, err = await started.stop()
    assert (code, err) == (0, "")
    assert {headers["x-tenant"] for headers in collector.headers} == {"t-1"}
    source = named(collector.metrics[-1].resource_metrics[0].resource.attributes)
    assert (source["service.name"], len(source["service.instance.id"])) == ("shop", 36)

    points = collector.points()
    tokens = {point_labels["kind"]: value for point_labels, value in map(labelled, points["apimpy_llm_tokens"])}
    assert tokens == {"prompt": 9, "completion": 2, "total": 11}
    requests = {labels["status"]: value for labels, value in map(labelled, points["apimpy_requests"])}
    assert requests == {"200": 1, "403": 1}
    [refused] = map(labelled, points["apimpy_policy_refusals"])
    assert refused == ({"policy": "check-header", "reason": "HeaderNotFound", "api": "ai"}, 1)
    [custom] = points["apimpy_custom_metric"]
    assert (named(custom.attributes)["metric"], custom.count, custom.sum) == ("calls", 2, 5.0)
    [duration] = points["apimpy_request_duration_seconds"]
    assert (duration.count, sum(duration.bucket_counts)) == (2, 2)
    assert len(duration.bucket_counts) == len(duration.explicit_bounds) + 1
    assert 0 < duration.start_time_unix_nano < duration.time_unix_nano

    rows = [json.loads(line) for line in out.splitlines()]
    records = collector.records()
    assert [plain(record.body) for record in records] == rows
    assert [(record.severity_text, record.event_name) for record in records] == [
        ("INFO", "apimpy.llm.call"),
        ("WARN", "apimpy.llm.call"),
    ]
    assert named(records[0].attributes) == {
        "event.name": "apimpy.llm.call",
        "gen_ai.request.model": "gpt-4o",
        "gen_ai.response.model": "gpt-4o-x",
        "gen_ai.response.id": "chatcmpl-1",
        "gen_ai.usage.input_tokens": 9,
        "gen_ai.usage.output_tokens": 2,
    }
    assert rows[0]["ResponseMessages"] == [{"role": "assistant", "content": "yes"}]


def labelled(point: Any) -> tuple[dict[str, Any], float]:
    return named(point.attributes), point.as_double


async def test_metrics_are_reported_again_and_again(configured: Any, backend: Any, tmp_path: Path) -> None:
    collector = Collector()
    path = files(tmp_path, await backend(model), "")
    (tmp_path / "gateway.yaml").write_text(
        path.read_text() + f"otlp: {{url: '{await backend(collector)}', interval: 1}}"
    )
    gateway = await configured(path, fill=False)
    await ask(gateway.url, **{"x-ok": "1"})
    async with asyncio.timeout(10):
        while len(collector.metrics) < 2:
            await asyncio.sleep(0.05)
    assert collector.points()["apimpy_requests"][0].as_double == 1


@pytest.fixture
async def sender(backend: Any) -> AsyncIterator[Any]:
    async def start(*statuses: int) -> tuple[Collector, OtlpSender]:
        collector = Collector(*statuses)
        return collector, OtlpSender(await backend(collector), {}, resource("x"))

    return start


@pytest.mark.parametrize(
    ("statuses", "written", "came"),
    [
        ((503, 200), 2, [["a"], ["b"]]),
        ((429, 429, 200), 3, [["a"], ["b"], ["c"]]),
        ((400, 200), 2, [["b"]]),
    ],
)
async def test_a_collector_that_is_away_gets_logs_later(
    sender: Any, statuses: tuple[int, ...], written: int, came: list[list[str]], caplog: pytest.LogCaptureFixture
) -> None:
    collector, sending = await sender(*statuses)
    rows = OtlpRows(sending)
    with caplog.at_level(logging.WARNING):
        for name in "abc"[:written]:
            await asyncio.to_thread(rows.write, [{"name": name}], 0)
    assert [
        [plain(r.body)["name"] for r in log.resource_logs[0].scope_logs[0].log_records] for log in collector.logs
    ] == came
    assert [r.message for r in caplog.records] == [f"OTLP: logs are not taken: HTTP {statuses[0]}"]


async def test_what_waits_too_long_is_dropped(
    sender: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("apimpy.observe.otlp._LATE_BYTES", 500)
    collector, sending = await sender(503)
    rows = OtlpRows(sending)
    with caplog.at_level(logging.WARNING):
        for number in range(4):
            await asyncio.to_thread(rows.write, [{"name": str(number) * 100}], number)
        collector.statuses = [200]
        await asyncio.to_thread(rows.write, [], 0)
    assert 0 < len(collector.logs) < 4
    assert "records were dropped, the collector has been away for too long" in caplog.text
    assert "3 records were dropped" in caplog.text


def test_nobody_there_is_told_once(caplog: pytest.LogCaptureFixture) -> None:
    sending = OtlpSender("http://127.0.0.1:1", {}, resource("x"))
    with caplog.at_level(logging.WARNING):
        assert [sending.send("metrics", b""), sending.send("metrics", b"")] == [False, False]
    assert len(caplog.records) == 1


def test_every_metric_has_a_form() -> None:
    """Counters are monotonic sums, the rest what it is; nothing without data is sent."""
    metrics = Metrics()
    metrics.caches.add("semantic", "a", "hit")
    sent = metrics_request(metrics.families(), resource("x"), 1, 2).resource_metrics[0].scope_metrics[0].metrics
    forms = {metric.name: metric.WhichOneof("data") for metric in sent}
    assert forms["apimpy_cache_lookups"] == "sum"
    assert forms["apimpy_requests_in_flight"] == "gauge"
    assert "apimpy_policy_refusals" not in forms
    assert all(metric.sum.is_monotonic for metric in sent if metric.HasField("sum"))


async def test_without_the_extra_it_says_what_to_install(
    configured: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "apimpy.observe.otlp", None)
    with pytest.raises(ConfigError, match=r"pip install 'apimpy\[otel\]'"):
        await configured(files(tmp_path, "http://127.0.0.1:1", "otlp: http://127.0.0.1:4318\n"), fill=False)
