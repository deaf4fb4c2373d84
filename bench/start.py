"""Measure how long `apimpy lint` takes beside importing what it builds on: medians, and the ratio.  See README.md."""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
LIMIT = 3.5
BARE = "import lxml.etree, click"


def seconds(command: list[str]) -> float:
    """Wall time of one process, from start to exit."""
    # bytecode may be written: what is measured is the second start of an installation, not the first
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    start = time.perf_counter()
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    spent = time.perf_counter() - start
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)}: exit {done.returncode}\n{done.stdout}{done.stderr}")
    return spent


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--python", default=sys.executable, help="interpreter of the installation to measure")
    parser.add_argument("--policy", type=Path, default=HERE / "policies" / "fifty.xml")
    parser.add_argument("--rounds", type=int, default=20)
    chosen = parser.parse_args()
    commands = {
        "bare": [chosen.python, "-c", BARE],
        "lint": [chosen.python, "-m", "apimpy", "lint", str(chosen.policy)],
    }
    for command in commands.values():
        seconds(command)  # writes what is missing of bytecode and parse tables
    spent: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(chosen.rounds):
        for name, command in commands.items():
            spent[name].append(seconds(command))
    bare, lint = (statistics.median(spent[name]) for name in ("bare", "lint"))
    ratio = lint / bare
    print(f"bare  {bare * 1e3:6.1f} ms   python -c '{BARE}'")
    print(f"lint  {lint * 1e3:6.1f} ms   apimpy lint {chosen.policy.name}")
    print(f"ratio {ratio:6.2f}      median of {chosen.rounds} interleaved runs; at most {LIMIT}")
    return 0 if ratio <= LIMIT else 1


if __name__ == "__main__":
    sys.exit(main())
