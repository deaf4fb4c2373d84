"""`apimpy trace`: what it prints for a policy, in both formats, and how it fails."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

POLICY = """<policies>
  <inbound>
    <base />
    <set-variable name="who" value="@(context.Request.Headers.GetValueOrDefault("X-Who","nobody"))" />
    <choose>
      <when condition="@(context.Variables.ContainsKey("who"))">
        <set-header name="X-A"><value>{{word}}</value></set-header>
      </when>
    </choose>
  </inbound>
  <backend>
    <retry condition="@(context.Response.StatusCode == 429)" count="2" interval="0"><forward-request /></retry>
  </backend>
  <outbound><base /></outbound>
  <on-error><base /></on-error>
</policies>"""
BUSY = "HTTP/1.1 429 Too Many Requests\nContent-Type: text/plain\n\nlater"


@pytest.fixture
def policy(tmp_path: Path) -> Path:
    path = tmp_path / "policy.xml"
    path.write_text(POLICY)
    (tmp_path / "busy.http").write_text(BUSY)
    (tmp_path / "fine.json").write_text('{"fine": true}')
    return path


def test_the_text(apimpy: Callable[..., Any], policy: Path) -> None:
    done = apimpy("trace", policy, "curl", "-H", "X-Who: ann", "http://localhost/a", "--named-value", "word=hello")
    assert done.returncode == 0, done.stderr
    lines = [line.rstrip() for line in done.stdout.splitlines()]
    assert lines[0].startswith("GET http://localhost/a → 200 OK in ")
    assert '    value: @(context.Request.Headers.GetValueOrDefault("X-Who","nobody")) = "ann"' in lines
    assert "        Request header 'X-A' was set to 'hello'" in lines
    steps = [line.split()[0] for line in lines if line.endswith(" ms") and "policy.xml" in line]
    assert steps == ["set-variable", "choose", "set-header", "retry", "forward-request"]
    depths = [len(line) - len(line.lstrip()) for line in lines if line.endswith(" ms") and "policy.xml" in line]
    assert depths == [2, 2, 6, 2, 4]
    assert lines.index("inbound") < lines.index("backend") < lines.index("outbound") < lines.index("response")


def test_replies_in_turn(apimpy: Callable[..., Any], policy: Path) -> None:
    folder = policy.parent
    words = ["--reply", folder / "busy.http", "--reply", folder / "fine.json", "--named-value", "word=w"]
    done = apimpy("trace", policy, "/a", "--format", "json", *words)
    assert done.returncode == 0, done.stderr
    backend = json.loads(done.stdout)["traceEntries"]["backend"]
    statuses = [e["data"]["response"]["status"]["code"] for e in backend if "response" in e["data"]]
    assert statuses == [429, 200]
    conditions = [e["data"]["value"] for e in backend if e["source"] == "retry" and "expression" in e["data"]]
    assert conditions == [True, False]


def test_in_front_of_the_mock(apimpy: Callable[..., Any], policy: Path, tmp_path: Path) -> None:
    (tmp_path / "chat.json").write_text(
        json.dumps(
            {
                "url": "/openai/deployments/gpt-4o/chat/completions?api-version=1",
                "headers": {"Content-Type": "application/json", "api-key": "k-secret"},
                "body": {"messages": [{"role": "user", "content": "hi"}]},
            }
        )
    )
    done = apimpy("trace", policy, tmp_path / "chat.json", "--mock", "--named-value", "word=w")
    assert done.returncode == 0, done.stderr
    assert "→ 200 OK" in done.stdout
    assert "chat.completion" in done.stdout
    assert "k-secret" not in done.stdout


def test_a_document_with_errors(apimpy: Callable[..., Any], tmp_path: Path) -> None:
    (tmp_path / "p.xml").write_text("<policies><inbound><nothing /></inbound></policies>")
    done = apimpy("trace", tmp_path / "p.xml", "/a")
    assert done.returncode == 1
    assert "p.xml:1:21: error POL001" in done.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["/a", "--mock", "--backend", "http://h"], "only one of"),
        (["nothing.http"], "no such file"),
        (["/a", "--backend", "h"], "--backend wants"),
        ([], "Missing argument"),
    ],
)
def test_wrong_usage(apimpy: Callable[..., Any], policy: Path, words: list[str], said: str) -> None:
    done = apimpy("trace", policy, *words)
    assert done.returncode == 2
    assert said in done.stderr
