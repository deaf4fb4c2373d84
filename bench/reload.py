"""Reload under load: does a request fail, is a count lost, does memory grow?  See README.md.

    python bench/reload.py                       # 200 reloads in 60 s at 32 connections
    python bench/reload.py --seconds 10 --reloads 30

Exit 1 when a request failed or the count is not exact.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from kit import GATEWAY_CORE, LOAD_CORE, SERVE, backend, free_port, load, pinned

POLICY = """<policies>
  <inbound>
    <base />
    <quota-by-key calls="{calls}" renewal-period="0" counter-key="all" />
    <set-header name="X-Round"><value>@("{round}" + context.Request.Method)</value></set-header>
  </inbound>
  <backend><forward-request /></backend>
  <outbound><base /></outbound>
  <on-error><base /></on-error>
</policies>"""
_COUNTED = re.compile(r'^apimpy_requests_total\{[^}]*status="(?:200|499)"[^}]*\} ([0-9.e+]+)', re.MULTILINE)
"""The load leaves requests behind when it ends: the quota has them, and the metrics as 499."""
SPARE = 7
"""Calls that must still fit when the load has ended."""


def resident(pid: int) -> int:
    """KiB of a process that are in memory."""
    return int(re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())[1])  # type: ignore[index]


def ask(url: str) -> int:
    try:
        with urlopen(Request(url, b"{}", {"Content-Type": "application/json"}), timeout=10) as answer:
            return int(answer.status)
    except HTTPError as error:
        return error.code


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--reloads", type=int, default=200)
    chosen = parser.parse_args()
    os.sched_setaffinity(0, {int(LOAD_CORE)})
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        policy = folder / "policy.xml"
        policy.write_text(POLICY.format(calls=2_000_000_000, round="start"))
        model, model_url = backend(folder)
        port, admin = free_port(), free_port()
        words = [str(policy), "--backend", model_url, "--port", str(port), "--admin-port", str(admin)]
        gateway = pinned(GATEWAY_CORE, [sys.executable, "-c", SERVE, *words, "--access-log", "off"], folder / "log")
        try:
            sys.exit(run(policy, gateway, f"http://127.0.0.1:{port}/", f"http://127.0.0.1:{admin}", chosen))
        finally:
            for process in (gateway, model):
                process.terminate()
                process.wait(20)


def run(policy: Path, gateway: subprocess.Popen[bytes], url: str, admin: str, chosen: argparse.Namespace) -> int:
    answered = 0
    end = time.monotonic() + 30
    while not answered:
        try:
            answered = int(ask(url) == 200)
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.05)

    def reload(calls: int, name: str) -> float:
        policy.write_text(POLICY.format(calls=calls, round=name))
        began = time.monotonic()
        with urlopen(Request(f"{admin}/reload", b""), timeout=60) as answer:
            assert answer.read() == b"reloaded\n"
        return time.monotonic() - began

    clients = subprocess.Popen(load(url, chosen.seconds, "none"), stdout=subprocess.PIPE, text=True)
    began, took, memory = time.monotonic(), [], []
    for number in range(chosen.reloads):
        due = began + chosen.seconds * number / chosen.reloads
        time.sleep(max(0.0, due - time.monotonic()))
        took.append(reload(2_000_000_000, f"round {number}"))
        memory.append(resident(gateway.pid))
    while clients.poll() is None:
        took.append(reload(2_000_000_000, "more"))
        time.sleep(chosen.seconds / chosen.reloads)
    said = json.loads(clients.communicate()[0].splitlines()[-1])
    with urlopen(f"{admin}/metrics", timeout=10) as page:
        found = _COUNTED.findall(page.read().decode())
    passed = int(sum(map(float, found)))
    reload(passed + SPARE, "exact")
    left = 0
    while ask(url) == 200:
        left += 1
    tenth = max(1, len(memory) // 10)
    first, last = (statistics.median(part) / 1024 for part in (memory[tenth : 2 * tenth], memory[-tenth:]))
    print(f"reloads {len(took)}, median {statistics.median(took) * 1000:.0f} ms")
    print(f"requests {said['requests']}, bad {said['bad']}")
    print(f"counted {passed}: {left} more of {SPARE} passed; memory {first:.1f} MiB early, {last:.1f} MiB late")
    return int(bool(said["bad"]) or left != SPARE)


if __name__ == "__main__":
    main()
