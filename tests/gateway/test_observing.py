"""Where calls and telemetry go: flags, the gateway file, and mistakes in both."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from click.testing import CliRunner
from processes import running

from apimpy.cli.serve import serve_command
from apimpy.configuration.model import LlmLogSpec
from apimpy.configuration.read import read_gateway_file
from apimpy.diagnostics import Sink
from apimpy.gateway.config import ConfigError, ServeConfig
from apimpy.gateway.observing import Observing, llm_log_spec, otlp_spec

POLICY = "<policies><inbound><base /></inbound></policies>"


def read(folder: Path, text: str) -> tuple[Any, Sink]:
    sink = Sink()
    path = folder / "gateway.yaml"
    path.write_text("version: 1\n" + text)
    return read_gateway_file(path, sink, environ={"TOKEN": "t-1"}), sink


def test_every_key(tmp_path: Path) -> None:
    model, sink = read(
        tmp_path,
        """\
llm_log:
  to: [llm.jsonl, "-", otlp]
  messages: requests
  max_bytes: 1000
  max_file_bytes: 0
  headers: [x-team]
  redact: {patterns: 'a+', paths: [$.UserId], headers: [x-user]}
otlp: {url: "https://collector:4318/base", headers: {authorization: {env: TOKEN}}, interval: 5, metrics: false}
""",
    )
    assert [str(d) for d in sink] == []
    log = model.llm_log
    assert log.to == (str(tmp_path / "llm.jsonl"), "-", "otlp")
    assert (log.messages, log.max_bytes, log.max_file_bytes, log.headers) == ("requests", 1000, 0, ("x-team",))
    assert (log.patterns, log.paths, log.hidden_headers) == (("a+",), ("$.UserId",), ("x-user",))
    otlp = model.otlp
    assert (otlp.url, otlp.interval, otlp.metrics) == ("https://collector:4318/base", 5, False)
    assert [(name, secret.text) for name, secret in otlp.headers] == [("authorization", "t-1")]
    assert "t-1" not in repr(otlp.headers)


def test_what_is_not_said(tmp_path: Path) -> None:
    model, _ = read(tmp_path, "llm_log: {to: x}\notlp: http://127.0.0.1:4318\n")
    assert (model.llm_log.messages, model.llm_log.max_bytes, model.llm_log.max_file_bytes) == ("none", 1 << 18, 1 << 28)
    assert (model.otlp.interval, model.otlp.metrics) == (15, True)
    model, _ = read(tmp_path, "")
    assert (model.llm_log, model.otlp) == (None, None)
    made = Observing.of(ServeConfig(tmp_path), model, threading.Lock())
    assert made.llm_log is None


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("llm_log: {}", "CFG006 2:10"),
        ("llm_log: {to: x, mesages: all}", "CFG004 2:18"),
        ("llm_log: {to: x, messages: some}", "CFG007 2:28"),
        ("llm_log: {to: x, max_bytes: 0}", "CFG007 2:29"),
        ("llm_log: {to: x, max_bytes: 2097153}", "CFG007 2:29"),
        ("llm_log: {to: x, redact: {patterns: ['(']}}", "CFG007 2:38"),
        ("llm_log: {to: x, redact: {paths: [x]}}", "CFG007 2:35"),
        ("llm_log: {to: x, redact: {pattern: x}}", "CFG004 2:27"),
        ("otlp: localhost:4318", "CFG007 2:7"),
        ("otlp: {url: 'http://'}", "CFG007 2:13"),
        ("otlp: {}", "CFG006 2:7"),
        ("otlp: {url: http://x, interval: 0}", "CFG007 2:33"),
        ("otlp: {url: http://x, headers: {a: {env: NOBODY}}}", "CFG011 2:42"),
        ("otlp: {url: http://x, traces: true}", "CFG004 2:23"),
    ],
)
def test_mistakes(tmp_path: Path, text: str, where: str) -> None:
    _, sink = read(tmp_path, text)
    assert [f"{d.code} {d.span.line_col[0]}:{d.span.line_col[1]}" for d in sink] == [where]


def test_flags_go_before_the_file(tmp_path: Path) -> None:
    model, _ = read(
        tmp_path, "llm_log: {to: x, messages: all, redact: {patterns: [a]}}\notlp: {url: http://x, interval: 7}\n"
    )
    config = ServeConfig(tmp_path, llm_log=("y",), llm_messages="none", llm_redact=("b",), otlp="http://127.0.0.1:4318")
    spec, otlp = llm_log_spec(config, model), otlp_spec(config, model)
    assert isinstance(spec, LlmLogSpec)
    assert (spec.to, spec.messages, spec.patterns) == (("y",), "none", ("a", "b"))
    assert otlp is not None
    assert (otlp.url, otlp.interval) == ("http://127.0.0.1:4318", 7)


@pytest.mark.parametrize(
    ("flags", "says"),
    [
        ({"llm_messages": "all"}, "need --llm-log"),
        ({"llm_redact": ("x",)}, "need --llm-log"),
        ({"llm_log": ("-",), "llm_redact": ("(",)}, "no regular expression"),
        ({"llm_log": ("/no/such/folder/x",)}, "no file in a folder that exists"),
        ({"llm_log": ("otlp",)}, "no collector is named"),
        ({"llm_log": ("-",), "workers": 2}, "several workers needs a file"),
    ],
)
def test_flags_that_cannot_be(tmp_path: Path, flags: dict[str, Any], says: str) -> None:
    model, _ = read(tmp_path, "")
    with pytest.raises(ConfigError, match=says):
        Observing.of(ServeConfig(tmp_path, **flags), model, threading.Lock())


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--llm-log", "/no/such/folder/x"], "no file in a folder that exists"),
        (["--llm-log", "otlp"], "no collector is named"),
        (["--otlp", "localhost"], "--otlp wants http://HOST:PORT"),
        (["--llm-messages", "some"], "'some' is not one of"),
    ],
)
def test_the_command_says_what_is_wrong(tmp_path: Path, words: list[str], says: str) -> None:
    policy = tmp_path / "policy.xml"
    policy.write_text(POLICY)
    result = CliRunner().invoke(serve_command, [str(policy), "--mock", "--check", *words])
    assert result.exit_code == 2
    assert says in " ".join(result.output.split())


async def test_lines_on_standard_output_stay_whole(tmp_path: Path) -> None:
    """The log of requests and that of calls share it; the flags alone are enough, and the other lines are untouched."""
    policy = tmp_path / "policy.xml"
    policy.write_text(POLICY)
    words = ("--mock", "--port", "0", "--admin-port", "0", "--llm-log", "-", "--llm-messages", "all")
    async with (
        running("serve", str(policy), *words, "--llm-redact", r"\d{4,}") as started,
        aiohttp.ClientSession() as session,
    ):
        body = {"model": "gpt-4o", "messages": [{"role": "user", "content": "pin 12345, " + "x" * 20_000}]}
        for _ in range(20):
            async with session.post(started.urls[0] + "/v1/chat/completions", json=body) as got:
                assert got.status == 200
                await got.read()
        code, out, _ = await started.stop()
    assert code == 0
    rows = [json.loads(line) for line in out.splitlines()]
    calls = [row for row in rows if "CorrelationId" in row]
    assert len(calls) == len(rows) - len(calls) == 20
    assert {row["RequestMessages"][0]["content"][:11] for row in calls} == {"pin ****, x"}
    assert {row["CorrelationId"] for row in calls} == {row["request_id"] for row in rows if "request_id" in row}


async def test_workers_share_a_file(tmp_path: Path) -> None:
    policy, file = tmp_path / "policy.xml", tmp_path / "llm.jsonl"
    policy.write_text(POLICY)
    words = (
        "--mock",
        "--workers",
        "2",
        "--port",
        "0",
        "--admin-port",
        "0",
        "--access-log",
        "off",
        "--llm-log",
        str(file),
    )
    body = {"model": "gpt-4o", "messages": [{"role": "user", "content": "hello"}]}
    async with running("serve", str(policy), *words) as started, aiohttp.ClientSession() as session:
        for _ in range(20):
            async with session.post(
                started.urls[0] + "/v1/chat/completions", json=body, headers={"Connection": "close"}
            ) as got:
                assert got.status == 200
                await got.read()
        code, _, err = await started.stop()
    assert (code, err) == (0, "")
    rows = [json.loads(line) for line in file.read_text().splitlines()]
    assert len({row["CorrelationId"] for row in rows}) == len(rows) == 20
    assert {row["ResponseCode"] for row in rows} == {200}
