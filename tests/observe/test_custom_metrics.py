"""What `emit-metric` makes of `/metrics`."""

import pytest

from apimpy.observe import metrics
from apimpy.observe.metrics import Metrics


@pytest.fixture
def shown():
    made = Metrics(process=False)

    def text():
        return [line for line in made.render().decode().splitlines() if line.startswith("apimpy_custom")]

    return made.custom, text


def test_sum_and_count(shown):
    sink, text = shown
    for value in (1, 2.5, -0.5):
        sink.observe("API Management", "Calls", {"API ID": "orders", "Team": "red"}, value)
    labels = '{api_id="orders",metric="Calls",namespace="API Management",team="red"}'
    assert text() == [f"apimpy_custom_metric_count{labels} 3.0", f"apimpy_custom_metric_sum{labels} 3.0"]


def test_series_are_apart(shown):
    sink, text = shown
    sink.observe("a", "x", {"d": "1"}, 1)
    sink.observe("b", "x", {"d": "1"}, 1)
    sink.observe("a", "y", {"d": "1"}, 1)
    sink.observe("a", "x", {"d": "2"}, 1)
    assert len(text()) == 8


def test_spellings_of_a_dimension_are_one_label(shown):
    sink, text = shown
    sink.observe("n", "x", {"Team Name": "a"}, 1)
    sink.observe("n", "x", {"team_name": "a"}, 2)
    assert text()[1] == 'apimpy_custom_metric_sum{metric="x",namespace="n",team_name="a"} 3.0'


@pytest.mark.parametrize("name", ["Metric", "namespace", "metric"])
def test_dimensions_cannot_replace_our_labels(shown, name):
    sink, text = shown
    sink.observe("n", "x", {name: "mine"}, 1)
    assert 'metric="x"' in text()[0]
    assert 'namespace="n"' in text()[0]
    assert f'dimension_{name.lower()}="mine"' in text()[0]


def test_the_number_of_series_is_bounded(shown, monkeypatch):
    monkeypatch.setattr(metrics, "SERIES_LIMIT", 2)
    sink, text = shown
    for n in range(5):
        sink.observe("n", "x", {"d": str(n)}, 1)
    assert 'apimpy_custom_metric_count{d="overflow",metric="x",namespace="n"} 3.0' in text()
    assert 'apimpy_custom_series_dropped_total{namespace="n"} 3.0' in text()


def test_long_values_are_cut(shown):
    sink, text = shown
    sink.observe("n", "x", {"d": "v" * 1000}, 1)
    assert f'd="{"v" * 256}"' in text()[0]
