"""Build hook: compiles the grammar, so that an installed apimpy never needs to (and starts in a blink)."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class GrammarHook(BuildHookInterface):
    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        root = Path(self.root)
        spec = importlib.util.spec_from_file_location("apimpy_tables", root / "apimpy/csharp/tables.py")
        assert spec is not None
        assert spec.loader is not None
        tables = importlib.util.module_from_spec(spec)
        sys.modules[spec.name] = tables
        spec.loader.exec_module(tables)
        target = root / "apimpy/_grammar/csharp.json"
        target.parent.mkdir(exist_ok=True)
        data = tables.build((root / "grammar/csharp.lark").read_text(encoding="utf-8"))
        target.write_text(json.dumps(data, separators=(",", ":")), encoding="utf-8")
