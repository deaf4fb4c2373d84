"""The harness as a fixture."""

import importlib.util
import sys
from pathlib import Path

import pytest

_spec = importlib.util.spec_from_file_location("pipeline_harness", Path(__file__).with_name("harness.py"))
if "pipeline_harness" not in sys.modules:
    _module = importlib.util.module_from_spec(_spec)
    sys.modules["pipeline_harness"] = _module
    _spec.loader.exec_module(_module)


@pytest.fixture
def kit():
    return sys.modules["pipeline_harness"]


@pytest.fixture
def h(kit):
    return kit.Harness()
