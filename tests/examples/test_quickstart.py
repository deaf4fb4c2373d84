"""The documents do what they say: every command in their `console` blocks runs, and its output is the one shown.

`$ command` is run as it stands, in a folder that holds `examples/` and the files whose text a block gives (an info
string such as `xml hello.xml`); what follows is its whole output, where `…` stands for anything.  `apimpy serve`,
`apimpy mock` and the example gateways run until the next one.  The ports are replaced by free ones; `apimpy` is this
package, and `python` the one that runs the tests.
"""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import stat
import sys
from dataclasses import dataclass, field
from pathlib import Path

import click
import pytest
from ports import free_port

from apimpy.cli.main import cli
from apimpy.policies import catalogue

ROOT = Path(__file__).resolve().parents[2]
RUN = "python examples/gateways/run.py"
DOCUMENTS = (
    *("docs/quickstart.md", "docs/mock.md", "docs/fmt.md", "README.md"),
    *(f"examples/gateways/{name}/README.md" for name in ("chargeback", "faq", "hackathon", "overflow", "regions")),
)
BLOCK = re.compile(r"^```(\w+)(?: (\S+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PORTS = {
    "apimpy serve": {"--port": "8080", "--admin-port": "8081"},
    "apimpy mock": {"--port": "8090"},
    RUN: {"--port": "8080", "--admin-port": "8081", "--mock-port": "9001"},
}


@dataclass
class Step:
    command: str
    output: list[str] = field(default_factory=list)


def steps_of(text: str) -> list[Step | tuple[str, str]]:
    """Commands, and files as (name, text), in order."""
    out: list[Step | tuple[str, str]] = []
    for language, name, body in BLOCK.findall(text):
        if name:
            out.append((name, body))
        elif language == "console":
            for line in body.splitlines():
                if line.startswith("$ "):
                    out.append(Step(line[2:]))
                else:
                    step = out[-1]
                    assert isinstance(step, Step), f"output before a command: {line!r}"
                    step.output.append(line)
    return out


def matches(shown: list[str], got: str) -> bool:
    pattern = ".*".join(re.escape(part) for part in "\n".join(shown).strip().split("…"))
    return re.fullmatch(pattern, got.replace("\r", "").strip(), re.DOTALL) is not None


@pytest.mark.parametrize("name", DOCUMENTS)
async def test_every_command_does_what_is_shown(name: str, tmp_path: Path) -> None:
    if shutil.which("curl") is None:
        pytest.skip("curl is not installed: the documents' commands cannot run")
    text = (ROOT / name).read_text(encoding="utf-8")
    free = _free_ports()
    for usual, port in free.items():
        text = text.replace(f":{usual}", f":{port}")
    ports = {command: {flag: free[usual] for flag, usual in flags.items()} for command, flags in PORTS.items()}
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    session = Session(tmp_path, ports)
    steps = steps_of(text)
    assert any(isinstance(s, Step) for s in steps), "no commands found"
    try:
        for step in steps:
            if isinstance(step, tuple):
                (tmp_path / step[0]).write_text(step[1], encoding="utf-8")
                continue
            got = await session.run(step.command)
            assert matches(step.output, got), f"{name}: $ {step.command}\nshows {step.output}\ngave {got!r}"
    finally:
        await session.stop()


def _free_ports() -> dict[str, str]:
    """A free port for each of the usual ones; the second mock listens next to the first."""
    out = {usual: str(free_port()) for flags in PORTS.values() for usual in flags.values()}
    out["9002"] = str(int(out["9001"]) + 1)
    return out


class Session:
    """A folder with commands run in it, and at most one gateway or mock."""

    def __init__(self, folder: Path, ports: dict[str, dict[str, str]]) -> None:
        self.folder, self.ports = folder, ports
        bin = folder / ".bin"
        bin.mkdir()
        for name, words in (("apimpy", "-m apimpy"), ("python", "")):
            command = bin / name
            command.write_text(f'#!/bin/sh\nPYTHONPATH="{ROOT}" exec "{sys.executable}" {words} "$@"\n')
            command.chmod(command.stat().st_mode | stat.S_IXUSR)
        self.env = {**os.environ, "PATH": f"{bin}:{os.environ['PATH']}", "no_proxy": "*"}
        self.gateway: asyncio.subprocess.Process | None = None

    async def run(self, command: str) -> str:
        """What it prints; for a command that serves, until it says where."""
        serving = next((name for name in PORTS if command.startswith(f"{name} ")), None)
        if serving:
            await self.stop()
            extra = [word for pair in self.ports[serving].items() for word in pair]
            command = " ".join(["exec", command, *extra])
        process = await asyncio.create_subprocess_shell(
            command,
            cwd=self.folder,
            env=self.env,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        assert process.stdout is not None
        if serving:
            self.gateway = process
            said = ""
            while "listening on" not in said and (line := await asyncio.wait_for(process.stdout.readline(), 30)):
                said += line.decode()
            return said
        out, _ = await asyncio.wait_for(process.communicate(), 60)
        return out.decode()

    async def stop(self) -> None:
        if self.gateway is not None:
            process, self.gateway = self.gateway, None
            if process.returncode is None:
                process.terminate()
            await asyncio.wait_for(process.communicate(), 20)


def test_the_readme_names_exactly_the_policies_that_run() -> None:
    """The middle column of the table holds every policy of the catalogue, the last column none of them."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    table = text.partition("## What runs")[2].partition("\n\nA policy that")[0]
    rows = [line.split("|") for line in table.splitlines() if line.startswith("| ") and line.count("|") == 4]
    named = [set(re.findall(r"`([a-z][a-z-]*)`", " ".join(row[i] for row in rows))) for i in (2, 3)]
    policies = {p.element for p in catalogue() if catalogue().runs(p.element)}
    assert policies - named[0] == set(), "policies that run and are not named"
    assert policies & named[1] == set(), "policies that run and are said not to"
    known = {p.element for p in catalogue()}
    assert named[0] & known - policies == set(), "policies that do not run and are said to"


def test_the_readme_names_exactly_the_commands() -> None:
    row = next(line for line in _text(ROOT / "README.md").splitlines() if line.startswith("| commands |"))
    assert re.findall(r"`(\w+)`", row.split("|")[2]) == cli.list_commands(click.Context(cli))


def test_links_lead_somewhere() -> None:
    for path in [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").glob("*.md")]:
        for target in re.findall(r"\]\(([^)#\s]+)\)", path.read_text(encoding="utf-8")):
            assert "://" in target or (path.parent / target).exists(), f"{path.name}: {target}"


def test_compat_names_tests_that_exist() -> None:
    text = (ROOT / "docs" / "compat.md").read_text(encoding="utf-8")
    cited = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", text)
    missing = [
        f"{file}::{name}"
        for file, name in cited
        if not re.search(rf"^(async )?def {name}\(", _text(ROOT / file), re.MULTILINE)
    ]
    assert cited
    assert missing == []


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.exists() else ""
