"""Fuzz one target:  python tests/fuzz/fuzz.py TARGET --seconds N [--plain]

With atheris installed coverage guides the mutations; without it (or with --plain) they are blind.  Every exception
that is not an expected outcome, and every input that takes longer than five seconds, is reported once per place,
minimised.  Exit code 1 when something was found.
"""

from __future__ import annotations

import argparse
import json
import random
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parents[1])]

PATIENCE = 5.0


class Hang(BaseException):
    """An input took longer than it may."""


def _alarm(*_: Any) -> None:
    raise Hang


def place(error: BaseException) -> str:
    """What identifies a fault: the exception and the innermost line of ours."""
    cause: BaseException = error
    while cause.__cause__ is not None:
        cause = cause.__cause__
    frames = [f for f in traceback.extract_tb(cause.__traceback__) if "apimpy" in f.filename]
    if isinstance(cause, Hang | RecursionError):
        frames = frames[:6]
    at = f"{frames[-1].filename.rpartition('/apimpy/')[2]}:{frames[-1].lineno}" if frames else str(error)[:80]
    return f"{type(cause).__name__} {at}"


def outcome(run: Callable[[str], None], text: str, expected: tuple[type[BaseException], ...]) -> tuple[str, str] | None:
    """(place, message) of a fault; None when all is well."""
    signal.signal(signal.SIGALRM, _alarm)
    signal.setitimer(signal.ITIMER_REAL, PATIENCE)
    try:
        run(text)
    except expected:
        return None
    except Hang as error:
        return place(error), f"took more than {PATIENCE:g} s"
    except Exception as error:
        return place(error), f"{type(error).__name__}: {error}"
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
    return None


def mutate(rng: random.Random, text: str, others: tuple[str, ...], pieces: list[str]) -> str:
    for _ in range(rng.choice((1, 1, 2, 4, 8))):
        i = rng.randrange(len(text) + 1)
        j = min(len(text), i + rng.choice((1, 1, 2, 5, 20)))
        kind = rng.randrange(7)
        if kind == 0:
            text = text[:i] + text[j:]
        elif kind in (1, 2):
            text = text[:i] + rng.choice(pieces) + text[i:]
        elif kind == 3:
            text = text[:i] + rng.choice(pieces) + text[j:]
        elif kind == 4:
            text = text[:i] + text[i:j] * rng.choice((2, 3, 50)) + text[j:]
        elif kind == 5:
            other = rng.choice(others)
            k = rng.randrange(len(other) + 1)
            text = text[:i] + other[k : k + rng.choice((5, 20, 80))] + text[j:]
        else:
            text = text[:i] + chr(rng.choice((0, 9, 10, 34, 92, 127, 0xE9, 0x2028, 0xD800, 0xFFFF, 0x1F600))) + text[j:]
    return text[:4000]


def minimised(run: Callable[[str], None], text: str, at: str, expected: Any, seconds: float = 30.0) -> str:
    """A shorter text with the same fault."""
    end, size = time.monotonic() + seconds, max(1, len(text) // 2)
    while size and time.monotonic() < end:
        i, shorter = 0, False
        while i < len(text) and time.monotonic() < end:
            candidate = text[:i] + text[i + size :]
            found = outcome(run, candidate, expected)
            if found is not None and found[0] == at:
                text, shorter = candidate, True
            else:
                i += size
        if not shorter:
            size //= 2
    return text


class Session:
    """Counts, and notes each fault once."""

    def __init__(self, target: str) -> None:
        from targets import EXPECTED, TARGETS

        self.run, seeds = TARGETS[target]
        self.expected, self.seeds = EXPECTED, seeds()
        self.faults: dict[str, tuple[str, str]] = {}
        self.count = 0

    def one(self, text: str) -> None:
        self.count += 1
        found = outcome(self.run, text, self.expected)
        if found is not None and found[0] not in self.faults:
            self.faults[found[0]] = (text, found[1])


def plain(target: str, seconds: float, seed: int) -> Session:
    from targets import PIECES

    session, rng = Session(target), random.Random(seed)
    end = time.monotonic() + seconds
    pool = list(session.seeds)
    for text in pool[:200]:
        session.one(text)
    while time.monotonic() < end:
        text = mutate(rng, rng.choice(pool), session.seeds, PIECES[target])
        session.one(text)
        if rng.random() < 0.02:  # now and then a mutation of a mutation
            pool.append(text)
            if len(pool) > 4 * len(session.seeds) + 400:
                del pool[len(session.seeds) + rng.randrange(200)]
    return session


def guided(target: str, seconds: float, seed: int) -> tuple[int, dict[str, tuple[str, str]]]:
    """In a process of its own, which libFuzzer ends when the time is over."""
    with tempfile.TemporaryDirectory() as folder:
        notes = Path(folder) / "notes.json"
        command = [sys.executable, __file__, target, "--seconds", str(seconds), "--seed", str(seed), "--child", folder]
        subprocess.run(command, check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        if not notes.exists():
            raise SystemExit("the guided process left nothing behind; try --plain")
        count, faults = json.loads(notes.read_text(encoding="utf-8"))
        return count, {k: tuple(v) for k, v in faults.items()}


def child(target: str, seconds: float, seed: int, folder: str) -> None:
    import atheris

    with atheris.instrument_imports(include=["apimpy"]):
        import targets
    session, rng = Session(target), random.Random(seed)
    corpus, notes = Path(folder) / "corpus", Path(folder) / "notes.json"
    corpus.mkdir()
    for i, text in enumerate(session.seeds):
        (corpus / str(i)).write_bytes(text.encode("utf-8", "surrogatepass"))
    written = 0.0

    def test(data: bytes) -> None:
        nonlocal written
        before = len(session.faults)
        session.one(data.decode("utf-8", "replace"))
        if len(session.faults) != before or time.monotonic() > written + 1:
            written = time.monotonic()
            notes.write_text(json.dumps([session.count, session.faults]), encoding="utf-8")

    def mutated(data: bytes, size: int, _seed: int) -> bytes:
        if rng.random() < 0.3:
            return atheris.Mutate(data, size)
        text = mutate(rng, data.decode("utf-8", "replace"), session.seeds, targets.PIECES[target])
        return text.encode("utf-8", "replace")[:size]

    options = [f"-max_total_time={int(seconds)}", "-max_len=4000", "-timeout=60", "-rss_limit_mb=4000", f"-seed={seed}"]
    atheris.Setup([sys.argv[0], *options, str(corpus)], test, custom_mutator=mutated)
    atheris.Fuzz()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("target")
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--plain", action="store_true", help="without coverage")
    parser.add_argument("--child", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.child:
        child(args.target, args.seconds, args.seed, args.child)
        return 0
    try:
        import atheris  # noqa: F401
    except ImportError:
        args.plain = True
    if args.plain:
        session = plain(args.target, args.seconds, args.seed)
        count, faults = session.count, session.faults
    else:
        count, faults = guided(args.target, args.seconds, args.seed)
        session = Session(args.target)
    sys.stdout.write(f"{args.target}: {count} executions, {len(faults)} faults\n")
    for at, (text, message) in faults.items():
        shown = minimised(session.run, text, at, session.expected)
        sys.stdout.write(f"  {at}\n    {message}\n    {shown!r}\n")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
