"""examples/observability: its gateway serves mixed traffic, and every panel of its dashboard shows some of it."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import os
import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest
import yaml
from mocks import mock_processes
from ports import free_port
from processes import running
from prometheus_client.parser import text_string_to_metric_families

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

FOLDER = Path(__file__).resolve().parents[2] / "examples" / "observability"
DASHBOARD = json.loads((FOLDER / "dashboard.json").read_text(encoding="utf-8"))
VARIABLES = {"$__range": "1m", "$__rate_interval": "1m", "$api": ".*", "$namespace": ".*"}
KINDS = {"stat", "timeseries", "table", "state-timeline"}


def panels() -> Iterator[dict[str, Any]]:
    for panel in DASHBOARD["panels"]:
        if panel["type"] != "row":
            yield panel


def filled(expression: str) -> str:
    """An expression as Grafana sends it."""
    constants = {f"${v['name']}": v["query"] for v in DASHBOARD["templating"]["list"] if v["type"] == "constant"}
    for name, value in {**VARIABLES, **constants}.items():
        expression = expression.replace(name, value)
    return expression


EXPRESSIONS = [
    pytest.param(target["expr"], id=f"{panel['title']} {target['refId']}")
    for panel in panels()
    for target in panel["targets"]
]


# --- the file itself --------------------------------------------------------------------------------------------------


def test_it_is_a_dashboard() -> None:
    assert DASHBOARD["schemaVersion"] >= 36
    assert {panel["type"] for panel in panels()} == KINDS
    ids = [panel["id"] for panel in DASHBOARD["panels"]]
    assert len(set(ids)) == len(ids) > 15
    for panel in panels():
        assert panel["title"]
        assert panel["datasource"] == {"type": "prometheus", "uid": "${source}"}
        refs = [target["refId"] for target in panel["targets"]]
        assert len(set(refs)) == len(refs) > 0


def test_no_two_panels_lie_on_each_other() -> None:
    taken: dict[tuple[int, int], str] = {}
    for panel in DASHBOARD["panels"]:
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= 24
        for x in range(place["x"], place["x"] + place["w"]):
            for y in range(place["y"], place["y"] + place["h"]):
                assert taken.setdefault((x, y), panel["title"]) == panel["title"]


def test_every_variable_is_there_and_used() -> None:
    text = " ".join(target["expr"] for panel in panels() for target in panel["targets"])
    used = set(re.findall(r"\$(?!__)(\w+)", text)) | {"source"}
    assert used == {variable["name"] for variable in DASHBOARD["templating"]["list"]}
    assert "$" not in filled(text)


def test_it_shows_what_the_workbook_shows() -> None:
    titles = {panel["title"] for panel in panels()}
    assert titles >= {f"Tokens by {what}" for what in ("user", "application", "product", "model")}
    assert titles >= {"Limits hit", "Cache hit share", "Circuit breakers", "Failures by backend"}


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_every_expression_is_promql(expression: str) -> None:
    promql_parser = pytest.importorskip("promql_parser", reason="promql-parser is not installed")
    promql_parser.parse(filled(expression))


def test_the_scrape_configuration_names_the_admin_port() -> None:
    config = yaml.safe_load((FOLDER / "prometheus.yml").read_text(encoding="utf-8"))
    [job] = config["scrape_configs"]
    assert job["static_configs"] == [{"targets": ["127.0.0.1:8081"]}]


# --- with a gateway ---------------------------------------------------------------------------------------------------

PATH = "/openai/deployments/{model}/chat/completions?api-version=2024-10-21"


class Traffic:
    """A gateway that serves the example in front of two mocks, the first of which fails at first."""

    def __init__(self, url: str, admin: str, session: aiohttp.ClientSession) -> None:
        self.url, self.admin, self._session = url, admin, session

    async def ask(self, text: str, key: str = "assistant-key", model: str = "gpt-4o") -> int:
        body = {"messages": [{"role": "user", "content": text}], "max_tokens": 20}
        address = self.url + PATH.format(model=model)
        async with self._session.post(address, json=body, headers={"api-key": key}) as got:
            await got.read()
            return got.status

    async def mixed(self) -> list[int]:
        """Answers, a hit of the cache, limits, a wrong key; how each of them ended."""
        calls = [
            ("what is a token", "assistant-key", "gpt-4o"),
            ("what is a token", "assistant-key", "gpt-4o"),
            ("how old is the moon", "assistant-key", "gpt-4o-mini"),
            *[("hello", "website-key", "gpt-4o-mini")] * 7,
            ("word " * 400, "assistant-key", "gpt-4o"),
            ("who are you", "wrong-key", "gpt-4o"),
        ]
        return [await self.ask(*call) for call in calls]

    async def metrics(self) -> str:
        async with self._session.get(self.admin + "/metrics") as got:
            return await got.text()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return Path(shutil.copytree(FOLDER, tmp_path_factory.mktemp("observability") / "copy"))


@contextlib.asynccontextmanager
async def serving(folder: Path) -> AsyncIterator[Traffic]:
    async with mock_processes(first=["--fault", "status=500,calls=1-2"], second=[]) as mocks:
        file = folder / "gateway.yaml"
        text = (FOLDER / "gateway.yaml").read_text(encoding="utf-8")
        for address, mock in (("http://127.0.0.1:9001", mocks["first"]), ("http://127.0.0.1:9002", mocks["second"])):
            text = text.replace(address, mock.url)
        file.write_text(text)
        words = ("--port", "0", "--admin-port", "0", "--access-log", "off")
        async with running("serve", str(folder), *words) as started, aiohttp.ClientSession() as session:
            url, admin = started.urls
            yield Traffic(url, admin, session)
            await session.close()
            assert (await started.stop())[0] == 0


WANTED = [200, 200, 200, *[200] * 6, 429, 429, 401]


async def test_every_metric_and_label_exists(folder: Path) -> None:
    """Every metric, and every label an expression names, is in what the gateway shows after mixed traffic."""
    async with serving(folder) as traffic:
        assert await traffic.mixed() == WANTED
        page = await traffic.metrics()
    labels: dict[str, set[str]] = {}
    for family in text_string_to_metric_families(page):
        for sample in family.samples:
            labels.setdefault(sample.name, set()).update(sample.labels)
    for panel in panels():
        for target in panel["targets"]:
            expression = filled(target["expr"])
            named = set(re.findall(r"\bapimpy_\w+", expression))
            assert named
            assert named <= labels.keys(), panel["title"]
            wanted = {
                name for found in re.findall(r"\{([^}]*)\}", expression) for name in re.findall(r"(\w+)\s*[=!]", found)
            }
            grouped = {n.strip() for found in re.findall(r"\bby\s*\(([^)]*)\)", expression) for n in found.split(",")}
            shown = set(re.findall(r"\{\{(\w+)\}\}", target["legendFormat"]))
            for name in named:
                assert wanted | grouped <= labels[name], panel["title"]
            assert shown <= grouped or not grouped, panel["title"]
    refusals = re.findall(r'apimpy_policy_refusals_total\{api="models",policy="([\w-]+)",reason="(\w+)"\} (\d+)', page)
    assert sorted(refusals) == [
        ("authorization", "SubscriptionKeyInvalid", "1"),
        ("llm-token-limit", "OpenAITokenLimitExceeded", "1"),
        ("rate-limit-by-key", "RateLimitExceeded", "1"),
    ]
    assert 'apimpy_backend_open{backend="first"} 1.0' in page
    assert re.search(r'apimpy_cache_lookups_total\{api="models",cache="semantic",outcome="hit"\} [1-9]', page)


async def test_the_log_of_the_example(folder: Path) -> None:
    (folder / "llm.jsonl").unlink(missing_ok=True)
    async with serving(folder) as traffic:
        assert await traffic.mixed() == WANTED
    rows = [json.loads(line) for line in (folder / "llm.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [row["ResponseCode"] for row in rows] == WANTED
    assert {row.get("Cache") for row in rows} == {"semantic", None}
    assert {row.get("BackendId") for row in rows} == {"second", None}
    assert [row["UserId"] for row in rows if "UserId" in row] == ["bob"] * 3 + ["ann"] * 7 + ["bob"]
    hits = [row for row in rows if row.get("Cache") == "semantic"]
    assert [row["TotalTokens"] for row in hits] == [0] * len(hits)
    assert not any("RequestMessages" in row for row in rows)


# --- with Prometheus --------------------------------------------------------------------------------------------------


@contextlib.asynccontextmanager
async def prometheus(folder: Path, admin: str) -> AsyncIterator[str]:
    """A real Prometheus that scrapes the gateway with the configuration of the example, only more often; its URL."""
    program = os.environ.get("APIMPY_TEST_PROMETHEUS") or shutil.which("prometheus")
    if program is None:
        pytest.skip("no prometheus: put one on PATH, or name it in APIMPY_TEST_PROMETHEUS")
    config = (FOLDER / "prometheus.yml").read_text(encoding="utf-8").replace("15s", "200ms")
    (folder / "prometheus.yml").write_text(config.replace("127.0.0.1:8081", admin.removeprefix("http://")))
    port = free_port()
    process = await asyncio.create_subprocess_exec(
        program,
        f"--config.file={folder / 'prometheus.yml'}",
        f"--storage.tsdb.path={folder / 'tsdb'}",
        f"--web.listen-address=127.0.0.1:{port}",
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        await process.wait()


async def answer(session: aiohttp.ClientSession, url: str, expression: str) -> list[dict[str, Any]]:
    """The samples of an instant query; none while Prometheus is on its way up."""
    try:
        async with session.get(url + "/api/v1/query", params={"query": expression}) as got:
            if got.status == 503:
                return []
            found = await got.json()
    except aiohttp.ClientConnectorError:
        return []
    assert found["status"] == "success", (expression, found)
    samples: list[dict[str, Any]] = found["data"]["result"]
    return samples


async def test_every_expression_has_an_answer(folder: Path) -> None:
    """Each panel's expressions, evaluated by a Prometheus that scrapes the gateway, show numbers of its traffic."""
    async with serving(folder) as traffic, prometheus(folder, traffic.admin) as url, aiohttp.ClientSession() as session:
        waiting = {(panel["title"], t["refId"]): filled(t["expr"]) for panel in panels() for t in panel["targets"]}
        answers: dict[tuple[str, str], Any] = {}
        async with asyncio.timeout(60):
            while not any(sample["value"][1] == "1" for sample in await answer(session, url, "up")):
                await asyncio.sleep(0.1)
            for number in itertools.count():
                await traffic.mixed()
                await traffic.ask(f"what is {number} times seven")
                for name, expression in list(waiting.items()):
                    samples = await answer(session, url, expression)
                    if samples:
                        answers[name] = samples
                        del waiting[name]
                if not waiting:
                    break
        assert not any(sample["value"][1] == "NaN" for samples in answers.values() for sample in samples)
        assert {sample["metric"]["user_id"] for sample in answers["Tokens by user", "A"]} <= {"ann", "bob"}
        assert {sample["metric"]["backend"] for sample in answers["Circuit breakers", "A"]} >= {"first", "second"}
