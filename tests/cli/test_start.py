"""What `apimpy lint` must not import: it starts in a blink."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CODE = """
import json, sys
from apimpy.cli.main import main
try:
    main(["lint", *sys.argv[1:]])
except SystemExit as end:
    print(json.dumps({"exit": end.code, "modules": sorted(sys.modules)}))
"""
HEAVY = {"aiohttp", "asyncio", "cryptography", "lark", "logging", "numpy", "prometheus_client", "redis", "ssl"}
HEAVY |= {"tiktoken", "urllib.request", "xml.sax", "http.client", "email", "importlib.metadata", "tempfile", "yaml"}


def lint(*paths: Path) -> tuple[int, set[str]]:
    words = [sys.executable, "-c", CODE, *map(str, paths)]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    told = json.loads(done.stdout.splitlines()[-1])
    return told["exit"] or 0, set(told["modules"])


@pytest.mark.parametrize("policy", ["bench/policies/fifty.xml", "examples/policies/ai-gateway.xml"])
def test_lint_imports_nothing_heavy(policy: str) -> None:
    code, modules = lint(ROOT / policy)
    assert (code, HEAVY & modules) == (0, set())


def test_only_the_policies_of_the_document_are_imported(tmp_path: Path) -> None:
    policy = tmp_path / "policy.xml"
    policy.write_text('<policies><inbound><base /><set-status code="200" /></inbound></policies>')
    code, modules = lint(policy)
    named = {m.rpartition(".")[2] for m in modules if m.startswith("apimpy.policies.")}
    assert (code, {n for n in named if not n.startswith("_")}) == (0, {"base", "set_status"})
    assert "apimpy.pipeline.program" not in modules
