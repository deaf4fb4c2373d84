"""Metrics keep their names and labels, and their number stays bounded."""

from __future__ import annotations

from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from apimpy.observe import metrics as module
from apimpy.observe.metrics import LABEL_LIMIT, OVERFLOW, SERIES_LIMIT, Metrics, label_name
from apimpy.runtime.exchange import LastError


def samples(metrics: Metrics, name: str) -> dict[frozenset[tuple[str, str]], float]:
    return {
        frozenset(s.labels.items()): s.value
        for family in text_string_to_metric_families(metrics.render().decode())
        for s in family.samples
        if s.name == name
    }


@pytest.mark.parametrize(
    ("dimension", "label"),
    [
        ("Subscription ID", "subscription_id"),
        ("API ID", "api_id"),
        ("team", "team"),
        ("Kosten-Stelle ä", "kosten_stelle__"),
        ("7days", "dimension_7days"),
        ("Kind", "dimension_kind"),
        ("__name__", "dimension_name__"),
        ("", "dimension_"),
    ],
)
def test_label_name(dimension: str, label: str) -> None:
    assert label_name(dimension) == label


def test_tokens_by_dimension_and_kind() -> None:
    metrics = Metrics(process=False)
    metrics.tokens.emit("genai", {"Team": "red"}, {"prompt": 10, "completion": 5, "total": 15})
    metrics.tokens.emit("genai", {"Team": "red"}, {"prompt": 1, "completion": 1, "total": 2, "cached": 1})
    metrics.tokens.emit("genai", {"Team": 'bl"ue\n'}, {"prompt": 3, "completion": 0, "total": 3})
    found = samples(metrics, "apimpy_llm_tokens_total")
    assert found[frozenset({("namespace", "genai"), ("kind", "prompt"), ("team", "red")})] == 11
    assert found[frozenset({("namespace", "genai"), ("kind", "total"), ("team", "red")})] == 17
    assert found[frozenset({("namespace", "genai"), ("kind", "cached"), ("team", "red")})] == 1
    assert found[frozenset({("namespace", "genai"), ("kind", "total"), ("team", 'bl"ue\n')})] == 3


def test_labels_are_the_union_of_a_namespace() -> None:
    metrics = Metrics(process=False)
    metrics.tokens.emit("a", {"Region": "here"}, {"total": 1})
    metrics.tokens.emit("a", {"Team": "red"}, {"total": 1})
    metrics.tokens.emit("b", {"Other": "x"}, {"total": 1})
    labels = {frozenset(dict(key)) for key in samples(metrics, "apimpy_llm_tokens_total")}
    assert labels == {
        frozenset({"namespace", "kind", "team", "region"}),
        frozenset({"namespace", "kind", "other"}),
    }


def test_two_spellings_of_one_dimension_are_one_series() -> None:
    metrics = Metrics(process=False)
    metrics.tokens.emit("a", {"Team ID": "red"}, {"total": 1})
    metrics.tokens.emit("a", {"team-id": "red"}, {"total": 2})
    assert list(samples(metrics, "apimpy_llm_tokens_total").values()) == [3]


def test_series_are_bounded() -> None:
    metrics = Metrics(process=False)
    for i in range(SERIES_LIMIT + 100):
        metrics.tokens.emit("a", {"caller": str(i)}, {"total": 1})
    found = samples(metrics, "apimpy_llm_tokens_total")
    assert len(found) == SERIES_LIMIT + 1
    assert found[frozenset({("namespace", "a"), ("kind", "total"), ("caller", OVERFLOW)})] == 100
    assert list(samples(metrics, "apimpy_llm_series_dropped_total").values()) == [100]


def test_computed_names_are_bounded() -> None:
    """A policy that takes names from callers cannot fill the exposition."""
    metrics = Metrics(process=False)
    for i in range(LABEL_LIMIT + 100):
        metrics.tokens.emit("a", {f"name-{i}": "x"}, {"total": 1})
    metrics.tokens.emit("a", {"name-0": "y"}, {"total": 1})
    found = samples(metrics, "apimpy_llm_tokens_total")
    assert len(found) == LABEL_LIMIT + 2
    assert sum(found.values()) == LABEL_LIMIT + 101
    assert {len(key) for key in found} == {LABEL_LIMIT + 2}


def test_long_values_are_cut() -> None:
    """Values that begin alike are one series, and take no more memory than one."""
    metrics = Metrics(process=False)
    for i in range(SERIES_LIMIT * 2):
        metrics.tokens.emit("a", {"caller": "v" * 256 + str(i)}, {"total": 1})
    assert samples(metrics, "apimpy_llm_tokens_total") == {
        frozenset({("namespace", "a"), ("kind", "total"), ("caller", "v" * 256)}): SERIES_LIMIT * 2
    }


def test_requests_and_durations() -> None:
    metrics = Metrics(process=False)
    for status, seconds in ((200, 0.003), (200, 0.2), (429, 1000.0)):
        metrics.requests.add("api", "chat", status, seconds)
    counts = samples(metrics, "apimpy_requests_total")
    assert counts[frozenset({("api", "api"), ("operation", "chat"), ("status", "200")})] == 2
    assert counts[frozenset({("api", "api"), ("operation", "chat"), ("status", "429")})] == 1
    buckets = {
        dict(key)["le"]: value for key, value in samples(metrics, "apimpy_request_duration_seconds_bucket").items()
    }
    assert (buckets["0.0025"], buckets["0.005"], buckets["300.0"], buckets["+Inf"]) == (0, 1, 2, 3)
    assert list(samples(metrics, "apimpy_request_duration_seconds_sum").values()) == [pytest.approx(1000.203)]


def test_two_gateways_do_not_meet() -> None:
    first, second = Metrics(), Metrics()
    first.tokens.emit("a", {}, {"total": 1})
    assert not samples(second, "apimpy_llm_tokens_total")


@pytest.mark.parametrize(
    ("source", "reason", "status", "counted"),
    [
        ("rate-limit", "RateLimitExceeded", 429, True),
        ("quota-by-key", "QuotaExceeded", 403, True),
        ("authorization", "SubscriptionKeyNotFound", 401, True),
        ("llm-token-limit", None, 429, True),
        ("configuration", "OperationNotFound", 404, False),
        ("forward-request", "BackendErrorStatusCode", 404, False),
        ("forward-request", "BackendUnavailable", 503, False),
        ("set-body", "ExpressionValueEvaluationFailure", 500, False),
        ("transfer-response", "ClientConnectionFailure", 0, False),
    ],
)
def test_refusals(source: str, reason: str | None, status: int, counted: bool) -> None:
    metrics = Metrics(process=False)
    for _ in range(2):
        metrics.refusals.add(LastError(source, reason, "no", status=status), "a")
    labels = frozenset({("policy", source), ("reason", reason or ""), ("api", "a")})
    assert samples(metrics, "apimpy_policy_refusals_total") == ({labels: 2} if counted else {})


def test_refusals_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SERIES_LIMIT", 2)
    metrics = Metrics(process=False)
    for number in range(5):
        metrics.refusals.add(LastError("p", f"r{number}", "no", status=403), "a")
    found = {dict(key)["reason"]: value for key, value in samples(metrics, "apimpy_policy_refusals_total").items()}
    assert found == {"r0": 1, "r1": 1, OVERFLOW: 3}


def test_every_metric_is_documented() -> None:
    page = (Path(__file__).resolve().parents[2] / "docs" / "observability.md").read_text(encoding="utf-8")
    metrics = Metrics(process=False)
    for family in metrics.families():
        names = {
            "counter": (f"{family.name}_total",),
            "summary": (f"{family.name}_sum", f"{family.name}_count"),
        }.get(family.type, (family.name,))
        for name in names:
            assert f"`{name}`" in page
