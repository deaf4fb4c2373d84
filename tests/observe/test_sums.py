"""Pages of metrics, added up."""

from __future__ import annotations

from prometheus_client.parser import text_string_to_metric_families

from apimpy.observe.metrics import Metrics
from apimpy.observe.sums import summed


def page(*requests: tuple[str, int], up: bool = True) -> str:
    metrics = Metrics(process=False)
    for api, status in requests:
        metrics.requests.add(api, "o", status, 0.3)

    class Store:
        waiting, dropped, failures = 2, 0, {"rate_take": 3}

    store = Store()
    store.up = up  # type: ignore[attr-defined]
    metrics.watch(store)  # type: ignore[arg-type]
    return metrics.render().decode()


def samples(text: str) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    return {
        (s.name, tuple(sorted(s.labels.items()))): s.value
        for family in text_string_to_metric_families(text)
        for s in family.samples
    }


def test_sums_and_smallest() -> None:
    odd = 'a "b" {c} \\ d\n'
    found = samples(summed([page(("x", 200), (odd, 200)), page(("x", 200), ("y", 429), up=False)]))

    def requests(api: str, status: str) -> float | None:
        return found.get(("apimpy_requests_total", (("api", api), ("operation", "o"), ("status", status))))

    assert [requests("x", "200"), requests(odd, "200"), requests("y", "429")] == [2, 1, 1]
    assert found["apimpy_request_duration_seconds_count", (("api", "x"), ("operation", "o"))] == 2
    assert found["apimpy_request_duration_seconds_bucket", (("api", "x"), ("le", "0.5"), ("operation", "o"))] == 2
    assert found["apimpy_store_failures_total", (("verb", "rate_take"),)] == 6
    assert (found["apimpy_store_up", ()], found["apimpy_store_charges_waiting", ()]) == (0, 4)
    assert found["apimpy_configuration_timestamp_seconds", ()] > 1e9


def test_open_for_one_is_open() -> None:
    pages = [f'# TYPE apimpy_backend_open gauge\napimpy_backend_open{{backend="b"}} {n}\n' for n in (1.0, 0.0, 1.0)]
    assert samples(summed(pages)) == {("apimpy_backend_open", (("backend", "b"),)): 1.0}


def test_one_page_and_none() -> None:
    one = page(("x", 200))
    assert samples(summed([one])) == samples(one)
    assert summed([]) == "\n"
