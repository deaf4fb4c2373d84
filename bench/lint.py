"""Measure what `apimpy lint` costs for a document: from cold, and again when nothing has changed.  See README.md."""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
EXAMPLES = HERE.parent / "examples" / "policies"
COLD, AGAIN = 25.0, 4.0
"""CPU milliseconds for a document, at most."""
COPIES = 20
"""Of every example, where no corpus is given: start-up is shared by as many documents as a repository has."""


def gathered(corpus: Path | None, folder: Path) -> int:
    """Copy the documents into an empty folder; how many there are."""
    source = corpus or EXAMPLES
    files = sorted(source.rglob("*.xml"))
    for copy in range(1 if corpus else COPIES):
        for number, file in enumerate(files):
            shutil.copyfile(file, folder / f"{copy:02}-{number:04}.xml")
    return len(files) * (1 if corpus else COPIES)


def run(python: str, folder: Path, jobs: list[str]) -> tuple[float, float]:
    """CPU and wall seconds of one run over a folder, all its processes included."""
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    environment["PYTHONPATH"] = os.pathsep.join([str(HERE.parent), environment.get("PYTHONPATH", "")])
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    begun = time.perf_counter()
    command = [python, "-m", "apimpy", "lint", *jobs, "documents"]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    wall = time.perf_counter() - begun
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode not in (0, 1) or done.stderr:
        sys.exit(f"exit {done.returncode}\n{done.stderr}")
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, wall


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    given = os.environ.get("APIMPY_CORPUS")
    parser.add_argument("--corpus", type=Path, default=Path(given) if given else None, help="folder of documents")
    parser.add_argument("--python", default=sys.executable, help="interpreter of the installation to measure")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--jobs", help="processes; else one for every core")
    chosen = parser.parse_args()
    jobs = ["--jobs", chosen.jobs] if chosen.jobs else []
    cold: list[tuple[float, float]] = []
    again: list[tuple[float, float]] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "documents").mkdir()
        count = gathered(chosen.corpus, folder / "documents")
        run(chosen.python, folder, jobs)  # writes what is missing of bytecode and parse tables
        for _ in range(chosen.rounds):
            shutil.rmtree(folder / ".apimpy_cache")
            cold.append(run(chosen.python, folder, jobs))
            again.append(run(chosen.python, folder, jobs))
    bad = False
    for title, runs, limit in (("cold", cold, COLD), ("again", again, AGAIN)):
        cpu, wall = min(c for c, _ in runs), min(w for _, w in runs)
        spent = cpu / count * 1e3
        bad = bad or spent > limit
        print(f"{title:6} {spent:6.2f} ms CPU per document (at most {limit:g}); {count} documents in {wall:.2f} s")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
