"""What others build into their pipelines: the files are what the page says, and their scripts run here."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "ci.md").read_text("utf-8")
BLOCKS = [yaml.safe_load(text) for text in re.findall(r"^```yaml\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)]
HOOKS = {hook["id"]: hook for hook in yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())}
ACTION = yaml.safe_load((ROOT / "action.yml").read_text())
TEMPLATE = yaml.safe_load((ROOT / "azure-pipelines" / "lint.yml").read_text())
GOOD = "<policies><inbound><base /><set-method>GET</set-method></inbound></policies>"
OLD = '<llm-token-limit counter-key="a" tokens-per-minute="5" estimate-prompt-tokens="true" />'
WARNED = f"<policies><inbound><base /><return-response />{OLD}</inbound></policies>"
BAD = "<policies><inbound><nonsense /></inbound></policies>"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A repository with policies, and `apimpy` on its path."""
    (tmp_path / "bin").mkdir()
    command = tmp_path / "bin" / "apimpy"
    command.write_text(f'#!/bin/sh\nPYTHONPATH={shlex.quote(str(ROOT))} exec {sys.executable} -m apimpy "$@"\n')
    command.chmod(0o755)
    for name, text in (("good", GOOD), ("warned", WARNED), ("bad", BAD)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "policy.xml").write_text(text)
    return tmp_path


def bash(script: str, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    words = ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", "-c", script]
    path = f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}"
    given = os.environ | {"PATH": path} | environment
    return subprocess.run(words, cwd=folder, env=given, capture_output=True, text=True, check=False)


def filled(step: dict[str, Any], kind: str, values: dict[str, str]) -> dict[str, str]:
    """The environment of a step, with inputs or parameters put in."""
    found = {}
    for name, text in step["env"].items():
        m = re.fullmatch(r"\$\{\{ (\w+)\.([\w-]+) \}\}", text)
        assert m is not None
        assert m[1] == kind
        found[name] = values[m[2]]
    return found


@pytest.mark.parametrize(("name", "code"), [("good", 0), ("warned", 0), ("bad", 1)])
@pytest.mark.parametrize("id_", HOOKS)
def test_hook(folder: Path, id_: str, name: str, code: int) -> None:
    """pre-commit calls the entry with its arguments and the files that changed."""
    hook = HOOKS[id_]
    assert (hook["language"], hook["types"]) == ("python", ["xml"])
    done = bash(f"{hook['entry']} {name}/policy.xml", folder)
    assert (done.returncode, done.stderr) == (code, "")


def test_hook_of_the_page(folder: Path) -> None:
    """The configuration that is shown names a hook, and its arguments are understood."""
    (hook,) = BLOCKS[0]["repos"][0]["hooks"]
    entry = f"{HOOKS[hook['id']]['entry']} {shlex.join(hook['args'])}"
    assert bash(f"{entry} warned/policy.xml", folder).returncode == 1


def action(folder: Path, **given: str) -> subprocess.CompletedProcess[str]:
    values = {name: row["default"] for name, row in ACTION["inputs"].items()} | given
    step = ACTION["runs"]["steps"][-1]
    return bash(step["run"], folder, **filled(step, "inputs", values))


def test_action(folder: Path) -> None:
    """Annotations for GitHub, the exit code of lint, and SARIF where it is asked for."""
    done = action(folder, paths="good bad", sarif="lint.sarif")
    assert done.returncode == 1
    assert done.stdout.startswith("::error file=bad/policy.xml,line=1,endLine=1,col=21,endColumn=29,title=POL001")
    assert '"POL001"' in (folder / "lint.sarif").read_text()
    assert (action(folder, paths="good").returncode, action(folder, paths="warned").returncode) == (0, 0)
    assert action(folder, paths="warned", args="--fail-level warning").returncode == 1
    wrong = action(folder, paths="nowhere", sarif="other.sarif")
    assert (wrong.returncode, (folder / "other.sarif").exists()) == (2, False)


def test_action_installs_itself_or_a_version(folder: Path) -> None:
    """pip gets the action's own folder, or the version that is named."""
    step = ACTION["runs"]["steps"][1]
    (folder / "bin" / "python").write_text('#!/bin/sh\necho "$@"\n')
    (folder / "bin" / "python").chmod(0o755)
    for version, wanted in (("", "/action"), ("1.2", "apimpy==1.2")):
        environment = filled(step, "inputs", {"version": version}) | {"GITHUB_ACTION_PATH": "/action"}
        assert bash(step["run"], folder, **environment).stdout.split()[-1] == wanted


def test_action_of_the_page(folder: Path) -> None:
    """What the page gives to the action are inputs of it, and so are the rows of its table."""
    given = BLOCKS[1]["jobs"]["lint"]["steps"][1]["with"]
    assert action(folder, **(given | {"paths": "warned"})).returncode == 1
    rows = re.findall(r"^\| `([\w-]+)` \|", PAGE.split("## Azure")[0], re.MULTILINE)
    assert rows == list(ACTION["inputs"])


def pipeline(folder: Path, **given: str) -> subprocess.CompletedProcess[str]:
    values = {row["name"]: row["default"] for row in TEMPLATE["parameters"]} | given
    step = TEMPLATE["steps"][2]
    return bash(step["bash"], folder, **filled(step, "parameters", values))


def test_pipeline(folder: Path) -> None:
    """Logging commands for the run, the exit code of lint, and test results for the task that follows."""
    done = pipeline(folder, paths="good bad")
    assert done.returncode == 1
    assert done.stdout.startswith("##vso[task.logissue type=error;sourcepath=bad/policy.xml;linenumber=1;")
    results = TEMPLATE["steps"][3]["inputs"]["testResultsFiles"]
    root = ET.parse(folder / results).getroot()
    assert (root.get("tests"), root.get("failures")) == ("2", "1")
    assert pipeline(folder, paths="good").returncode == 0
    assert pipeline(folder, paths="nowhere").returncode == 2


def test_pipeline_of_the_page(folder: Path) -> None:
    """What the page gives to the template are parameters of it, and so are the rows of its table."""
    given = BLOCKS[2]["steps"][1]["parameters"]
    assert pipeline(folder, **(given | {"paths": "warned"})).returncode == 1
    table = PAGE.split("## Azure")[1].split("## Anything")[0]
    assert re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE) == [row["name"] for row in TEMPLATE["parameters"]]


def test_commands_of_the_page(folder: Path) -> None:
    """Those that are shown run: with a baseline, an old repository is clean."""
    commands = "\n".join(re.findall(r"^```sh\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)).splitlines()
    lines = [line.replace("policies", "bad") for line in commands if line]
    codes = [bash(line, folder).returncode for line in lines]
    assert (len(lines), codes) == (3, [1, 0, 0])
