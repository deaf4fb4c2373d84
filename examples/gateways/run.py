# ruff: noqa: INP001, T201, S603  (a script: it stands alone, prints, and starts the processes next to it)
"""One of the example gateways with the mocks that stand for its models, in one command.

    python examples/gateways/run.py overflow

Starts an `apimpy mock` for every host of the gateway's backends and `apimpy serve` in front of them, says where they
listen, and stays until Ctrl-C.  Other flags are for `apimpy serve`: `--trace`, `--redis URL`, `--access-log text`.
"""

from __future__ import annotations

import argparse
import contextlib
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import NoReturn

HERE = Path(__file__).resolve().parent
MOCKS = {
    "chargeback": ("model",),
    "faq": ("model",),
    "hackathon": ("model",),
    "overflow": ("ptu", "payg"),
    "regions": ("west", "north"),
}
"""The mocks of each gateway; the named value `ptu-url` of its file leads to the mock `ptu`."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("gateway", choices=sorted(MOCKS))
    parser.add_argument("--port", default="8080", help="of the gateway; 0 picks one")
    parser.add_argument("--admin-port", default="8081", help="for metrics, health and traces; 0 picks one")
    parser.add_argument("--mock-port", type=int, default=9001, help="of the first mock; the next has the next; 0 picks")
    given, more = parser.parse_known_args()
    signal.signal(signal.SIGTERM, _stop)
    with contextlib.ExitStack() as stack:
        try:
            mocks = {}
            for place, name in enumerate(MOCKS[given.gateway]):
                port = given.mock_port and given.mock_port + place
                mocks[name], _ = start(stack, "mock", "--name", name, "--port", str(port))
            gateway = serve(stack, given, mocks, more)
            return gateway.wait()
        except KeyboardInterrupt:
            return 130


def serve(
    stack: contextlib.ExitStack, given: argparse.Namespace, mocks: dict[str, str], more: list[str]
) -> subprocess.Popen[str]:
    """The gateway that is told where the mocks are; prints where all of them listen."""
    values = [f"--named-value={name}-url={url}" for name, url in mocks.items()]
    ports = ["--port", given.port, "--admin-port", given.admin_port, "--access-log", "off"]
    path = HERE / given.gateway / "gateway.yaml"
    url, process = start(stack, "serve", str(path), *ports, *values, *more)
    told = ", ".join(f"{name} on {where}" for name, where in mocks.items())
    print(f"{given.gateway} listening on {url}; mocks: {told}", flush=True)
    return process


def start(stack: contextlib.ExitStack, *words: str) -> tuple[str, subprocess.Popen[str]]:
    """Where `apimpy` with these words listens (and its admin port), and its process, which ends with the stack."""
    process = subprocess.Popen(
        [sys.executable, "-m", "apimpy", *words], cwd=HERE.parents[1], stdout=subprocess.PIPE, text=True
    )
    stack.callback(_end, process)
    assert process.stdout is not None
    found = re.search(r"listening on (http://.*)", process.stdout.readline())
    if found is None:
        sys.exit(1)  # it has said why
    return found[1], process


def _end(process: subprocess.Popen[str]) -> None:
    process.terminate()
    process.wait()


def _stop(number: int, frame: object) -> NoReturn:
    sys.exit(128 + number)


if __name__ == "__main__":
    sys.exit(main())
