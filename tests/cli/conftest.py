"""The command line: as a process, and the same call inside this process for long tables (a process costs 0.3 s)."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import apimpy as apimpy_package
from apimpy.cli.main import main

ROOT = Path(apimpy_package.__file__).parents[1]

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="session")
def apimpy() -> Run:
    """`apimpy(*words, stdin=…, cwd=…)` as a real process with UTF-8 streams, warnings as errors."""

    def run(*words: str | Path, stdin: str | None = None, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUTF8": "1", "PYTHONWARNINGS": "error"}
        return subprocess.run(
            [sys.executable, "-m", "apimpy", *map(str, words)],
            input=stdin,
            capture_output=True,
            encoding="utf-8",
            timeout=60,
            cwd=cwd,
            env=environment,
            check=False,
        )

    return run


@pytest.fixture
def inside(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """The same call and the same answer without a process."""

    def run(*words: str | Path, stdin: str | None = None, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
        if cwd is not None:
            monkeypatch.chdir(cwd)
        monkeypatch.setattr(sys, "stdin", io.StringIO(stdin or ""))
        with pytest.raises(SystemExit) as end:
            main([str(word) for word in words])
        said = capsys.readouterr()
        return subprocess.CompletedProcess(words, int(end.value.code or 0), said.out, said.err)

    return run
