"""Measure compiled expressions beside hand-written Python, and what compiling a corpus costs.  See ../README.md."""

from __future__ import annotations

import argparse
import gc
import json
import math
import os
import statistics
import sys
from itertools import repeat
from pathlib import Path
from time import process_time
from typing import TYPE_CHECKING, Any

sys.path.insert(0, str(Path(__file__).resolve().parent))

from cases import CASES, FIXTURE
from handwritten import HANDWRITTEN

from apimpy.diagnostics import Sink
from apimpy.dotnet.compile import compile_island
from apimpy.dotnet.values import type_of
from apimpy.runtime.fixture import load_fixture
from apimpy.source import SourceFile, SourceMap

if TYPE_CHECKING:
    from collections.abc import Callable

    from apimpy.dotnet.compile import CompiledExpression

    Call = Callable[[Any, Any], Any]

RATIO_LIMIT = 2.0
COLD_LIMIT = 6.0
WARM_LIMIT = 0.1
ENVIRONMENT = "APIMPY_CORPUS"
SLICE = 0.004
"""CPU seconds of one measurement of one function."""


def compiled(text: str) -> CompiledExpression | None:
    """An expression with its brackets."""
    block = text[1] == "{"
    source = text[2:-1]
    return compile_island(
        source, SourceMap.identity(SourceFile("bench", text), 2, len(source)), block, "object", Sink()
    )


# --- calling ---------------------------------------------------------------------------------------------------------


def seconds(call: Call, context: Any, count: int) -> float:
    """CPU time of that many calls."""
    rt = context.rt
    start = process_time()
    for _ in repeat(None, count):
        call(context, rt)
    return process_time() - start


def enough(call: Call, context: Any) -> int:
    """How many calls fill a measurement."""
    count = 16
    while (spent := seconds(call, context, count)) < SLICE / 4:
        count *= 2
    return max(1, round(count * SLICE / spent))


def differs(name: str, ours: Call, theirs: Call) -> str | None:
    """What is not equal, on a fresh exchange each; twice, because the second call finds what the first left."""
    one, other = load_fixture(FIXTURE), load_fixture(FIXTURE)
    for _ in range(2):
        a, b = ours(one, one.rt), theirs(other, other.rt)
        if a != b or (a is not None and type_of(a) is not type_of(b) and type_of(a).full_name != "System.Int64"):
            return f"{name}: compiled gives {a!r}, hand-written {b!r}"
    return None


def measure(rounds: int, only: str) -> float:
    """The table; the geometric mean of the ratios."""
    pairs: dict[str, tuple[Call, Call]] = {}
    for name, text in CASES.items():
        made = compiled(text)
        if made is None:
            sys.exit(f"{name} does not compile")
        if only in name:
            pairs[name] = made.call, HANDWRITTEN[name]
    wrong = [w for name, pair in pairs.items() if (w := differs(name, *pair)) is not None]
    if wrong:
        sys.exit("\n".join(wrong))
    context = load_fixture(FIXTURE)
    counts = {name: (enough(a, context), enough(b, context)) for name, (a, b) in pairs.items()}
    spent: dict[str, tuple[list[float], list[float]]] = {name: ([], []) for name in pairs}
    gc.collect()
    gc.freeze()  # what is here stays; the collector runs as it does in a server, for trees of tokens are cycles
    for _ in range(rounds):
        for name, pair in pairs.items():
            for call, count, times in zip(pair, counts[name], spent[name], strict=True):
                times.append(seconds(call, context, count) / count * 1e9)
    print(f"{'expression':24}{'compiled':>10}{'by hand':>10}{'ratio':>8}")
    logarithms = []
    for name, (ours, theirs) in spent.items():
        a, b = statistics.median(ours), statistics.median(theirs)
        logarithms.append(math.log(a / b))
        print(f"{name:24}{a:7.0f} ns{b:7.0f} ns{a / b:8.2f}")
    mean = math.exp(statistics.fmean(logarithms))
    print(f"{'geometric mean':44}{mean:8.2f}   at most {RATIO_LIMIT}")
    return mean


# --- compiling -------------------------------------------------------------------------------------------------------


def compile_all(texts: list[str]) -> float:
    """CPU milliseconds per expression."""
    start = process_time()
    for text in texts:
        compiled(text)
    return (process_time() - start) * 1e3 / len(texts)


def compiling(corpus: Path) -> tuple[float, float]:
    """Cold and warm cost of a corpus: lines of JSON with a `text` each."""
    file = corpus / "expressions.jsonl" if corpus.is_dir() else corpus
    lines = file.read_text(encoding="utf-8").splitlines()
    texts = [json.loads(line)["text"] for line in lines if line.strip()]
    cold, warm = compile_all(texts), compile_all(texts)
    print(f"compiling {len(texts)} expressions: {cold:.2f} ms each, at most {COLD_LIMIT:g};", end=" ")
    print(f"again {warm:.3f} ms, {warm / cold:.3f} of it, at most {WARM_LIMIT:g}")
    return cold, warm / cold


def main() -> int:
    parser = argparse.ArgumentParser(prog="bench/expressions", description=__doc__)
    parser.add_argument("corpus", nargs="?", type=Path, default=os.environ.get(ENVIRONMENT))
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--only", default="", metavar="TEXT", help="measure the expressions with this in their name")
    chosen = parser.parse_args()
    within = True
    if chosen.corpus is None:
        print(f"no corpus (argument or {ENVIRONMENT}): compiling is not measured")
    else:  # first: nothing of the library is imported yet
        cold, again = compiling(Path(chosen.corpus))
        within = cold <= COLD_LIMIT and again <= WARM_LIMIT
    mean = measure(chosen.rounds, chosen.only)
    return 0 if within and mean <= RATIO_LIMIT else 1


if __name__ == "__main__":
    sys.exit(main())
