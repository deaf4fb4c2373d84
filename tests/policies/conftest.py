"""The harness as a fixture, and the modules beside it that tests share."""

import importlib.util
import sys
from pathlib import Path

import pytest


def _load(name, path):
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, path)
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        spec.loader.exec_module(module)


_load("pipeline_harness", Path(__file__).parent.parent / "pipeline" / "harness.py")
_load("llm_kit", Path(__file__).with_name("llm_kit.py"))


@pytest.fixture
def kit():
    return sys.modules["pipeline_harness"]


@pytest.fixture
def h(kit):
    return kit.Harness()
