"""The reference evaluator's modules by name (tests are no packages), and hypothesis's profiles."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

from hypothesis import HealthCheck, settings

HERE = Path(__file__).parent
for _name in ("operations", "scopes", "walk", "evaluator", "phrases", "generate"):
    if f"reference_{_name}" not in sys.modules:
        _spec = importlib.util.spec_from_file_location(f"reference_{_name}", HERE / f"{_name}.py")
        assert _spec is not None
        assert _spec.loader is not None
        _module = importlib.util.module_from_spec(_spec)
        sys.modules[f"reference_{_name}"] = _module
        _spec.loader.exec_module(_module)

_SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]
settings.register_profile("long", deadline=None, max_examples=20_000, suppress_health_check=_SLOW, print_blob=True)
