"""Every shipped conformance case against the recorded answer of a real C# compiler and the real class library.

One test per theme file; its failure lists the cases that disagree.  What does not agree yet stands in
`expected-failures.toml` with a reason; a listed case that agrees fails the test, so the list only shrinks.

The scorer is strict: the type, the value and the text must be those of .NET (or of .NET Framework, where a case
records them as `netfx`); an error must come in the same phase and a run-time one with the same exception type.
"""

from __future__ import annotations

import json
import math
import struct
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from apimpy.cli.eval import evaluate
from apimpy.dotnet.compile import CompileOptions
from apimpy.dotnet.values import well_formed

HERE = Path(__file__).parent
FILES = {p.stem: p for folder in ("expressions", "own") for p in sorted((HERE / folder).glob("*.jsonl"))}
THEMES = list(FILES)
EXPECTED = tomllib.loads((HERE / "expected-failures.toml").read_text(encoding="utf-8"))
STRICT = CompileOptions(placeholders=False)
LENIENT = CompileOptions(any_type=True, placeholders=False)
SEQUENCES = ("System.Collections.Generic.IEnumerable`1", "System.Linq.IGrouping", "System.Collections.IEnumerable")
"""Types without a name of their own: their elements are compared, not their type."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a case came to; `why` is None when it agrees."""

    case: dict[str, Any]
    row: dict[str, Any]
    why: str | None


@cache
def fixture(name: str) -> dict[str, Any]:
    return json.loads((HERE / "fixtures" / f"{name}.json").read_text(encoding="utf-8"))


@cache
def cases(theme: str) -> tuple[dict[str, Any], ...]:
    lines = FILES[theme].read_text(encoding="utf-8").splitlines()
    return tuple(json.loads(line) for line in lines if line.strip())


def answer(case: dict[str, Any], options: CompileOptions) -> dict[str, Any]:
    """The row that `apimpy eval --jsonl` prints, after a trip through JSON."""
    context = fixture(case["fixture"]) if "fixture" in case else {}
    try:
        row, _ = evaluate(case["id"], case["expr"], context, options)
    except Exception as error:  # a defect: it counts as a disagreement of this case, the others still run
        return {"ok": False, "phase": "defect", "exception": type(error).__name__, "error": str(error), "codes": []}
    return json.loads(well_formed(json.dumps(row, ensure_ascii=False)))


def equal(a: Any, b: Any, kind: str = "") -> bool:
    """Values as the conformance README encodes them."""
    if isinstance(a, bool) or isinstance(b, bool):
        return a is b
    if isinstance(a, int | float) and isinstance(b, int | float):
        if kind == "System.Single":
            return _single(a) == _single(b)
        return a == b and math.copysign(1, a) == math.copysign(1, b)
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(map(equal, a, b))
    if isinstance(a, dict) and isinstance(b, dict):
        return list(a) == list(b) and all(equal(a[k], b[k]) for k in a)
    return type(a) is type(b) and a == b


def _single(value: float) -> bytes | float:
    try:
        return struct.pack("f", value)
    except OverflowError:
        return value


def why_not(case: dict[str, Any], row: dict[str, Any]) -> str | None:
    """None when the answer is the recorded one, else the first difference."""
    want = case["expect"]
    if "error" in want:
        if row["ok"]:
            return f"a value, {row['value']!r}, instead of an error of phase {want['error']}"
        if row["phase"] != want["error"]:
            return f"error of phase {row['phase']} ({row['exception'] or row['error']}) instead of {want['error']}"
        if want["error"] == "run" and want.get("exception", row["exception"]) != row["exception"]:
            return f"{row['exception']} ({row['error']}) instead of {want['exception']}"
        return None
    if not row["ok"]:
        return f"{row['phase']} error {row['exception'] or row['codes']}: {row['error']}"
    first: str | None = None
    for wanted in (want, {**want, **case["netfx"]}) if "netfx" in case else (want,):
        difference = _difference(wanted, row)
        if difference is None:
            return None
        first = first or difference
    return first


def _difference(want: dict[str, Any], row: dict[str, Any]) -> str | None:
    kind = want["type"] or ""
    lazy = kind == "anonymous" or kind.startswith(SEQUENCES)
    if row["type"] != want["type"] and not lazy:
        return f"type {row['type']} instead of {want['type']}"
    if not equal(want["value"], row["value"], kind):
        return f"value {row['value']!r} instead of {want['value']!r}"
    if want.get("text") is not None and want["text"] != (row["text"] or "").replace("\r\n", "\n"):
        return f"text {row['text']!r} instead of {want['text']!r}"
    return None


@cache
def judged(theme: str) -> tuple[Verdict, ...]:
    """The cases of a theme with all of .NET allowed where they need more than policies may use."""
    found = []
    for case in cases(theme):
        row = answer(case, LENIENT if "outside" in case else STRICT)
        found.append(Verdict(case, row, why_not(case, row)))
    return tuple(found)


@cache
def admitted(theme: str) -> tuple[dict[str, Any], ...]:
    """Cases that use more than the platform's list, yet are not refused when the list is enforced."""
    outside = [case for case in cases(theme) if "outside" in case]
    return tuple(case for case in outside if answer(case, STRICT).get("phase") != "compile")


def _report(disagree: dict[str, str], listed: dict[str, str]) -> None:
    new = [f"  {id}: {text}" for id, text in disagree.items() if id not in listed]
    healed = [f"  {id}" for id in listed if id not in disagree]
    lines = []
    if new:
        lines += [f"{len(new)} cases disagree:", *new]
    if healed:
        lines += [f"{len(healed)} cases of expected-failures.toml agree now; strike them out:", *healed]
    assert not lines, "\n".join(lines)


def _of_theme(table: str, theme: str) -> dict[str, str]:
    ids = {case["id"] for case in cases(theme)}
    return {id: reason for id, reason in EXPECTED[table].items() if id in ids}


@pytest.mark.parametrize("theme", THEMES)
def test_theme(theme: str) -> None:
    """Type, value and text, or phase and exception, are those of .NET."""
    disagree = {v.case["id"]: f"{v.case['expr']}\n      {v.why}" for v in judged(theme) if v.why is not None}
    _report(disagree, _of_theme("answers", theme))


@pytest.mark.parametrize("theme", [t for t in THEMES if any("outside" in c for c in cases(t))])
def test_outside_is_refused(theme: str) -> None:
    """What the platform's list does not contain is refused at compile time."""
    passed = {case["id"]: f"{case['expr']}\n      needs {case['outside']}" for case in admitted(theme)}
    _report(passed, _of_theme("outside", theme))


def test_expected_failures_name_cases_and_reasons() -> None:
    """Every listed id exists, and every one has a reason in words."""
    assert set(EXPECTED) == {"answers", "outside"}
    known = {case["id"]: case for theme in THEMES for case in cases(theme)}
    for table, rows in EXPECTED.items():
        for id, reason in rows.items():
            assert id in known, f"{table}: no case {id}"
            assert len(reason.split()) > 2, f"{table}: {id} needs a reason"
            assert table != "outside" or "outside" in known[id]


def test_published_share(capsys: pytest.CaptureFixture[str]) -> None:
    """The share that agrees is a published figure: print it, with the parts that are wishes."""
    verdicts = [v for theme in THEMES for v in judged(theme)]
    inside = [v for v in verdicts if "outside" not in v.case]
    outside = [v for v in verdicts if "outside" in v.case]
    refused = len(outside) - sum(len(admitted(theme)) for theme in THEMES)
    codes = [v for v in verdicts if v.case["expect"].get("codes") and v.row.get("phase") == "compile"]
    same_code = sum(bool(set(v.row["codes"]) & set(v.case["expect"]["codes"])) for v in codes)
    worded = [v for v in verdicts if "message" in v.case["expect"] and v.row.get("phase") == "run"]
    same_words = sum(_first_line(v.row["error"]) == _first_line(v.case["expect"]["message"]) for v in worded)
    with capsys.disabled():
        print(
            f"\nconformance: {_share(sum(v.why is None for v in inside), len(inside))} agree;"
            f" outside the platform's list: {_share(sum(v.why is None for v in outside), len(outside))} agree with"
            f" --any-type, {_share(refused, len(outside))} are refused without;"
            f" the compiler's code: {_share(same_code, len(codes))}; the message: {_share(same_words, len(worded))}"
        )
    assert len(verdicts) == sum(len(cases(theme)) for theme in THEMES)
    assert same_code / len(codes) > 0.85
    assert same_words / len(worded) > 0.9


def _first_line(message: str) -> str:
    return message.splitlines()[0].partition(" (Parameter '")[0] if message else ""


def _share(part: int, whole: int) -> str:
    return f"{part} of {whole} ({100 * part / whole:.1f} %)"


@pytest.mark.parametrize(
    ("a", "b", "kind", "same"),
    [
        (1, 1.0, "", True),
        (0.0, -0.0, "", False),
        (True, 1, "", False),
        ("1", 1, "", False),
        (None, "", "", False),
        (0.1, 0.10000000149011612, "System.Single", True),
        (0.1, 0.10000000149011612, "System.Double", False),
        ([1, [2]], [1, [2]], "", True),
        ([1, 2], [2, 1], "", False),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}, "", False),
    ],
)
def test_scorer_equality(a: Any, b: Any, kind: str, same: bool) -> None:
    """The scorer itself: signs of zero, order of keys and 32-bit floats count."""
    assert equal(a, b, kind) is same


@pytest.mark.parametrize(
    ("expect", "row", "agrees"),
    [
        ({"error": "compile"}, {"ok": False, "phase": "compile", "exception": None, "error": "x", "codes": []}, True),
        ({"error": "compile"}, {"ok": False, "phase": "run", "exception": "X", "error": "x", "codes": []}, False),
        ({"error": "run", "exception": "X"}, {"ok": False, "phase": "run", "exception": "X", "error": ""}, True),
        ({"error": "run", "exception": "X"}, {"ok": False, "phase": "run", "exception": "Y", "error": ""}, False),
        ({"error": "run"}, {"ok": True, "type": None, "value": None, "text": ""}, False),
        ({"type": None, "value": None, "text": ""}, {"ok": True, "type": None, "value": None, "text": ""}, True),
        (
            {"type": "System.Int32", "value": 1, "text": "1"},
            {"ok": True, "type": "System.Int64", "value": 1, "text": "1"},
            False,
        ),
        (
            {"type": "System.String", "value": "a\n", "text": "a\n"},
            {"ok": True, "type": "System.String", "value": "a\n", "text": "a\r\n"},
            True,
        ),
    ],
)
def test_scorer_verdict(expect: dict[str, Any], row: dict[str, Any], agrees: bool) -> None:
    """The scorer itself: phases, exceptions and types count."""
    assert (why_not({"expect": expect}, row) is None) is agrees
