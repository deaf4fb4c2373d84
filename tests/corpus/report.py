"""How much of what others wrote is understood: `report.py --corpus DIR --conformance DIR`.

Either folder may be left out; `APIMPY_CORPUS` and `APIMPY_CONFORMANCE` name them as well.

- Corpus: every document must read or say why not, and nothing may raise; the XML schema must accept what is XML and
  has no error; lint must correct nothing for the worse; then the distinct expressions of `expressions.jsonl` are
  bound, and the share without an error is printed.
- Conformance: `apimpy eval --jsonl` runs every expression with its fixture; the share that agrees is printed. Cases
  marked `outside` use types that policies may not use and are left out.

Exit 1 when a share is below its threshold or anything raised.
"""

from __future__ import annotations

import argparse
import json
import os
import struct
import subprocess
import sys
import time
import traceback
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lxml import etree

import apimpy
from apimpy.cli.eval import compile_text
from apimpy.diagnostics import Severity, Sink
from apimpy.document.reader import load, load_text
from apimpy.dotnet.compile import CompileOptions
from apimpy.lint.check import check_text
from apimpy.lint.fixing import corrected
from apimpy.pipeline.check import check_document
from apimpy.policies import catalogue
from apimpy.source import SourceFile

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from apimpy.diagnostics import Diagnostic
    from apimpy.document.model import Document
    from apimpy.policy.base import Catalogue

CONFORMANCE_THRESHOLD = 99.0
EXPRESSIONS_THRESHOLD = 98.0

_UNNAMED = (
    "System.Collections.Generic.IEnumerable`1",
    "System.Collections.IEnumerable",
    "System.Linq.IGrouping",
    "anonymous",
)
"""Run-time types without a public name: only the elements count."""


_FLOATING = {"System.Single": "<f", "System.Double": "<d"}


@dataclass(slots=True)
class Part:
    """One line of the report: how many of how many, and what is behind the rest."""

    title: str
    threshold: float
    total: int = 0
    good: int = 0
    raised: int = 0
    misses: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def share(self) -> float:
        return 100 * self.good / self.total if self.total else 0.0

    @property
    def ok(self) -> bool:
        return self.total > 0 and self.share >= self.threshold and not self.raised

    def __str__(self) -> str:
        verdict = "ok" if self.ok else "BELOW" if not self.raised else "RAISED"
        head = (
            f"{self.title}: {self.good} of {self.total} ({self.share:.2f} %, at least {self.threshold:g} %) {verdict}"
        )
        if self.raised:
            head += f", {self.raised} raised"
        return "\n".join([head, *(f"    {note}" for note in self.notes)])


def rows(path: Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            if line.strip():
                yield json.loads(line)


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def last_lines(text: str, count: int = 6) -> str:
    """The end of a traceback, or of many."""
    return "\n".join(text.rstrip().splitlines()[-count:])


def one_line(text: str, width: int = 110) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= width else flat[: width - 1] + "…"


# ---------------------------------------------------------------------------------------------------- documents


def documents(corpus: Path) -> Part:
    """Every document reads, or there is an error that says why not."""
    part = Part("documents that read or say why not", 100.0)
    policies = catalogue()
    read = runnable = 0
    for row in rows(corpus / "INDEX.jsonl"):
        part.total += 1
        sink = Sink()
        try:
            document = load(corpus / row["file"], sink, name=row["file"])
            whole = document is not None and document.well_formed
            refused = any(d.severity is Severity.ERROR for d in sink)
            if document is not None:
                check_document(document, policies, None, sink)
        except Exception:  # counted and shown: none may stop the report
            part.raised += 1
            part.misses.append(f"{row['file']}\n{last_lines(traceback.format_exc())}")
            continue
        read += whole
        if whole or refused:
            part.good += 1
        else:
            part.misses.append(f"{row['file']}: neither read nor refused")
        if whole and document is not None and not sink.errors and _only_runs(document, policies):
            runnable += 1
    part.notes.append(f"{read} read as written, {part.good - read} refused with a reason")
    part.notes.append(f"{runnable} use only policies that run and have no error")
    return part


def _only_runs(document: Document, policies: Catalogue) -> bool:
    """No element in it is a policy that is recognised only."""
    waiting = list(document.root.children)
    while waiting:
        element = waiting.pop()
        if policies.get(element.name) is not None and not policies.runs(element.name):
            return False
        waiting += element.children
    return True


def schemas(corpus: Path) -> Part:
    """The XML schema accepts every document that is XML and has no error."""
    part = Part("documents without errors that the XML schema accepts", 100.0)
    schema = etree.XMLSchema(etree.parse(Path(apimpy.__file__).parent / "schema" / "policies.xsd"))
    policies = catalogue()
    refused = wrong = 0
    for row in rows(corpus / "INDEX.jsonl"):
        try:
            tree = etree.parse(corpus / row["file"])
        except etree.XMLSyntaxError:
            continue  # expressions with raw quotes and brackets: no XML
        sink = Sink()
        document = load(corpus / row["file"], sink, name=row["file"])
        if document is None or document.kind == "other":
            continue
        check_document(document, policies, None, sink)
        accepted = schema.validate(tree)
        if sink.errors:
            wrong += 1
            refused += not accepted
            continue
        part.total += 1
        part.good += accepted
        if not accepted:
            part.misses.append(f"{row['file']}: {schema.error_log[0].message}")
    part.notes.append(f"{refused} of {wrong} with errors are refused too")
    return part


# -------------------------------------------------------------------------------------------------- expressions


def linted(corpus: Path) -> Part:
    """Rules raise nothing, and what they correct has no errors that were not there, and nothing left to correct."""
    part = Part("documents that lint leaves as right as they were", 100.0)
    changed = 0
    counts: Counter[str] = Counter()
    for row in rows(corpus / "INDEX.jsonl"):
        try:
            file = load_text(corpus / row["file"], Sink(), name=row["file"])
            if file is None:
                continue
            found = _findings(file)
            text, count = corrected(file, found, _findings, unsafe=True)
            left = _findings(SourceFile(file.name, text)) if count else []
        except Exception:  # counted and shown: none may stop the report
            part.raised += 1
            part.misses.append(f"{row['file']}\n{last_lines(traceback.format_exc())}")
            continue
        if row.get("category") in ("authored", "documentation"):
            counts.update(f"{d.code} {d.severity}" for d in found if d.code[:3] in _RULES)
        part.total += 1
        changed += count > 0
        new = _errors(left) - _errors(found)
        if not new and not any(d.fixes for d in left):
            part.good += 1
        else:
            part.misses.append(f"{row['file']}: new {dict(new)}, to correct {[str(d) for d in left if d.fixes]}")
    part.notes.append(f"{changed} corrected")
    part.notes += [f"{code}: {count}" for code, count in sorted(counts.items())]
    return part


_RULES = ("SVC", "RUN", "SEC", "AIG", "PRT", "STY")


def _findings(file: SourceFile) -> list[Diagnostic]:
    sink = Sink()
    check_text(file, sink)
    return list(sink)


def _errors(found: list[Diagnostic]) -> Counter[str]:
    return Counter(d.code for d in found if d.severity is Severity.ERROR)


def expressions(corpus: Path) -> Part:
    """Every distinct expression binds without an error."""
    part = Part("expressions that bind", EXPRESSIONS_THRESHOLD)
    options = CompileOptions()
    codes: Counter[str] = Counter()
    for row in rows(corpus / "expressions.jsonl"):
        part.total += 1
        sink = Sink()
        try:
            compile_text(row["text"], options, sink)
        except Exception:  # counted and shown: none may stop the report
            part.raised += 1
            part.misses.append(f"{one_line(row['text'])}\n{last_lines(traceback.format_exc())}")
            continue
        first = next((d for d in sink if d.severity is Severity.ERROR), None)
        if first is None:
            part.good += 1
        else:
            codes[first.code] += 1
            part.misses.append(f"{first.code} {first.message}  <-  {one_line(row['text'])}")
    if codes:
        part.notes.append("refused: " + ", ".join(f"{code} {n}" for code, n in codes.most_common()))
    return part


# -------------------------------------------------------------------------------------------------- conformance


def conformance(folder: Path) -> Part:
    """Every case gives the type, value and text, or the error, that the real compiler and library gave."""
    part = Part("conformance cases that agree", CONFORMANCE_THRESHOLD)
    cases: list[tuple[str, dict[str, Any]]] = []
    left_out = 0
    for path in sorted((folder / "expressions").glob("*.jsonl")):
        for case in rows(path):
            if case.get("outside"):
                left_out += 1
            else:
                cases.append((path.stem, case))
    got = _evaluated([case for _, case in cases], folder / "fixtures", part)
    themes: Counter[str] = Counter()
    for theme, case in cases:
        part.total += 1
        result = got.get(case["id"])
        if result is not None and result.get("exception") == "InternalError":
            part.raised += 1
        why = disagreement(case, result)
        if why is None:
            part.good += 1
        else:
            themes[theme] += 1
            part.misses.append(f"{case['id']}: {why}  <-  {one_line(case['expr'])}")
    if themes:
        part.notes.append("misses by theme: " + ", ".join(f"{theme} {n}" for theme, n in themes.most_common()))
    part.notes.append(f"{left_out} cases marked outside left out")
    return part


def _evaluated(cases: Iterable[dict[str, Any]], fixtures: Path, part: Part) -> dict[str, dict[str, Any]]:
    """What `apimpy eval --jsonl` says to the cases, by id."""
    asked = "".join(
        json.dumps({k: case[k] for k in ("id", "expr", "fixture") if k in case}, ensure_ascii=False) + "\n"
        for case in cases
    )
    done = subprocess.run(
        [sys.executable, "-P", "-m", "apimpy", "eval", "--jsonl", "-", "--fixtures", str(fixtures)],
        input=asked.encode("utf-8", "surrogatepass"),
        capture_output=True,
        check=False,
        env={**os.environ, "PYTHONUTF8": "1", "PYTHONPATH": str(Path(apimpy.__file__).parents[1])},
    )
    if done.returncode != 0:
        part.raised += 1
        part.misses.append(f"apimpy eval ended with {done.returncode}")
    if done.stderr:
        part.misses.append(last_lines(done.stderr.decode("utf-8", "replace")))
    found = (json.loads(line) for line in done.stdout.decode("utf-8").splitlines() if line.strip())
    return {row["id"]: row for row in found}


def disagreement(case: dict[str, Any], got: dict[str, Any] | None) -> str | None:
    """What is wrong with a result, or None."""
    expect = case["expect"]
    if got is None:
        return "no result"
    if "error" in expect:
        return _error_disagreement(expect, got)
    if not got["ok"]:
        return f"expected {one_line(json.dumps(expect['value']), 40)}, got {got['phase']} error {got['error']}"
    same_type = got["type"] == expect["type"] or (expect["type"] or "").startswith(_UNNAMED)
    if not same_type:
        return f"expected type {expect['type']}, got {got['type']}"
    readings = [expect]
    if "netfx" in case:
        readings.append({**expect, **case["netfx"]})
    if any(_agrees(reading, got) for reading in readings):
        return None
    shown = "text" if any(same(r["value"], got["value"], expect["type"]) for r in readings) else "value"
    return f"expected {shown} {one_line(json.dumps(expect[shown]), 60)}, got {one_line(json.dumps(got[shown]), 60)}"


def _error_disagreement(expect: dict[str, Any], got: dict[str, Any]) -> str | None:
    phase = expect["error"]
    if got["ok"]:
        return f"expected a {phase} error, got a value"
    if got["phase"] != phase:
        return f"expected a {phase} error, got a {got['phase']} error: {got['error']}"
    if phase == "run" and "exception" in expect and got["exception"] != expect["exception"]:
        return f"expected {expect['exception']}, got {got['exception']}: {got['error']}"
    return None


def _agrees(expect: dict[str, Any], got: dict[str, Any]) -> bool:
    text = expect.get("text")
    same_text = text is None or text == (got["text"] or "").replace("\r\n", "\n")
    return same_text and same(expect["value"], got["value"], expect["type"])


def same(a: Any, b: Any, type_: str | None) -> bool:
    """Whether two encoded values are equal: JSON equality that tells 1, 1.0 and true apart, keys in order.

    Where the type says that it is a floating-point number, it may be written without a fraction.
    """
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(same(x, y, None) for x, y in zip(a, b, strict=True))
    if isinstance(a, dict) and isinstance(b, dict):
        return list(a) == list(b) and all(same(a[k], b[k], None) for k in a)
    form = _FLOATING.get(type_ or "")
    if form is not None and _is_number(a) and _is_number(b):
        return _bits(a, form) == _bits(b, form)
    return type(a) is type(b) and bool(a == b)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _bits(value: float, form: str) -> bytes | None:
    """None: beyond the range of the type."""
    try:
        return struct.pack(form, value)
    except OverflowError:
        return None


# -------------------------------------------------------------------------------------------------------- main


def main(argv: list[str] | None = None) -> int:
    args = _arguments(argv)
    work: list[tuple[Callable[[Path], Part], Path]] = []
    if args.corpus is not None:
        work += [(part, args.corpus) for part in (documents, schemas, linted, expressions)]
    if args.conformance is not None:
        work.append((conformance, args.conformance))
    if not work:
        sys.stderr.write("nothing to do: give --corpus or --conformance (or APIMPY_CORPUS, APIMPY_CONFORMANCE)\n")
        return 2
    ok = True
    for count, folder in work:
        start = time.monotonic()
        part = count(folder)
        part.notes.append(f"{time.monotonic() - start:.1f} s")
        ok &= part.ok
        say(str(part))
        shown = part.misses if args.misses else part.misses[: 0 if part.ok else 10]
        for miss in shown:
            say("    - " + miss)
        if len(shown) < len(part.misses):
            say(f"    {len(part.misses) - len(shown)} misses not shown (--misses)")
    return 0 if ok else 1


def _arguments(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    for name in ("corpus", "conformance"):
        default = os.environ.get(f"APIMPY_{name.upper()}") or None
        parser.add_argument(f"--{name}", type=_folder, default=default, metavar="DIR")
    parser.add_argument("--misses", action="store_true", help="show everything that missed")
    return parser.parse_args(argv)


def _folder(text: str) -> Path:
    path = Path(text)
    if not path.is_dir():
        raise argparse.ArgumentTypeError(f"{text}: no such folder")
    return path


if __name__ == "__main__":
    sys.exit(main())
