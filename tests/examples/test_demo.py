"""`examples/demo.py` as a process: what it shows, what it leaves behind, how it ends."""

from __future__ import annotations

import os
import pty
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
COMMAND = [sys.executable, "examples/demo.py"]


def run() -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        COMMAND, cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False
    )


def gone(url: str) -> bool:
    host, _, port = url.removeprefix("http://").partition(":")
    with socket.socket() as probe:
        probe.settimeout(2)
        return probe.connect_ex((host, int(port))) != 0


def listening(output: str) -> list[str]:
    line = next(line for line in output.splitlines() if "listening on" in line)
    return re.findall(r"http://[\d.]+:\d+", line)


def test_shows_every_kind_of_answer_and_stops() -> None:
    """Without a terminal: 200, a stream, the policy's 401, then 429 with its headers; two metrics; exit 0."""
    done = run()
    assert (done.returncode, "Traceback" in done.stderr) == (0, False), done.stderr
    out = done.stdout
    statuses = re.findall(r"^< (\d+)", out, re.MULTILINE)
    assert statuses[:3] == ["200", "200", "401"]
    assert statuses[-2:] == ["429", "200"], "the limit is met, and the other team goes on"
    assert set(statuses[3:-2]) == {"200"}
    refused = next(line for line in out.splitlines() if line.startswith("< 429"))
    assert re.search(r"x-remaining-tokens: \d+  Retry-After: \d+  x-error-reason: OpenAITokenLimitExceeded", refused)
    assert "You said: Count to ten, please.  (11 events)" in out
    assert re.search(r'^  apimpy_llm_tokens_total\{kind="total",.*team="red"\} \d', out, re.MULTILINE)
    assert re.search(r'^  apimpy_requests_total\{.*status="429"\} 1', out, re.MULTILINE)
    assert all(gone(url) for url in listening(out))


def test_takes_other_ports_when_the_usual_ones_are_taken() -> None:
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            taken.bind(("127.0.0.1", 8081))
            taken.listen()
        except OSError:
            pass  # somebody else has it, which is what the test wants
        done = run()
    assert done.returncode == 0, done.stderr
    assert "are not both free" in done.stdout
    assert not any(url.endswith((":8080", ":8081")) for url in listening(done.stdout))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_stays_up_in_a_terminal_until_a_signal(number: signal.Signals) -> None:
    ours, theirs = pty.openpty()
    process = subprocess.Popen(COMMAND, cwd=ROOT, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True)
    os.close(theirs)
    out, end = "", time.monotonic() + 60
    try:
        while "curl -i" not in out and time.monotonic() < end:
            try:
                out += os.read(ours, 65536).decode()
            except OSError:  # the terminal is closed: the demo has ended
                pytest.fail(out)
        url = listening(out)[0]
        assert not gone(url)
        if number is signal.SIGINT:
            os.killpg(process.pid, number)  # as the terminal does
        else:
            process.send_signal(number)
        assert process.wait(20) == (0 if number is signal.SIGINT else 143)
        assert gone(url)
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        os.close(ours)
