"""What streams cost: time to the first event and memory of an open stream, beside a bare proxy.  See README.md."""

from __future__ import annotations

import argparse
import os
import resource
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from kit import GATEWAY_CORE, HERE, LOAD_CORE, ROOT, SERVE, free_port, pinned

if TYPE_CHECKING:
    from collections.abc import Iterable

FIRST_EVENT, MEMORY = 1.5, 40.0
"""The most: added time as a ratio to the bare proxy's; KB of an open stream."""
POLICY = ROOT / "examples" / "policies" / "ai-gateway.xml"
BODY = (HERE / "body.json").read_bytes()


@dataclass
class Candidate:
    name: str
    port: int
    process: subprocess.Popen[bytes]
    connection: socket.socket | None = None
    blocks: list[float] = field(default_factory=list)
    """Microseconds to the first event, block by block."""
    kilobytes: float = 0.0

    def request(self, what: str) -> bytes:
        path = f"/openai/deployments/gpt-4o/chat/completions?api-version=2024-10-21&{what}"
        head = f"POST {path} HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\nx-team: red\r\n"
        return f"{head}Content-Length: {len(BODY)}\r\n\r\n".encode() + BODY

    def memory(self) -> int:
        """Resident KB."""
        for line in Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1])
        raise AssertionError("no such process")


def connect(port: int) -> socket.socket:
    made = socket.create_connection(("127.0.0.1", port), timeout=30)
    made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return made


def until(connection: socket.socket, mark: bytes, data: bytes = b"") -> bytes:
    """What has come when the mark has, `data` before it."""
    while mark not in data:
        piece = connection.recv(65_536)
        if not piece:
            sys.exit(f"cut: {data!r}")
        data += piece
    return data


def first_event(candidate: Candidate) -> float:
    """Microseconds from the request to the first event, over a kept connection."""
    connection = candidate.connection = candidate.connection or connect(candidate.port)
    request = candidate.request("a=b")
    start = time.perf_counter()
    connection.sendall(request)
    data = until(connection, b"data: ")
    taken = time.perf_counter() - start
    if not data.startswith(b"HTTP/1.1 200"):
        sys.exit(f"{candidate.name}: {data!r}")
    data = until(connection, b"[DONE]\n\n", data)
    if b"chunked" in data:  # a stream that came at once may go out as a body of known length
        until(connection, b"[DONE]\n\n\r\n0\r\n\r\n", data)
    return taken * 1e6


def low(values: Iterable[float]) -> float:
    """The lowest tenth: above it are the moments in which somebody else had the core."""
    return statistics.quantiles(values, n=10)[0]


def ready(candidate: Candidate) -> None:
    end = time.monotonic() + 30
    while True:
        try:
            connect(candidate.port).close()
            return
        except OSError:
            if time.monotonic() > end or candidate.process.poll() is not None:
                sys.exit(f"{candidate.name} does not listen")
            time.sleep(0.05)


def hold(candidate: Candidate, count: int) -> None:
    """Memory of open streams, each of which has had some events.

    Twice as many are opened: the first ones may live in what start-up left free.  The larger figure counts.
    """
    sizes, opened = [candidate.memory()], []
    for _ in range(2):
        some = []
        for _ in range(count):
            made = connect(candidate.port)
            made.sendall(candidate.request("hold"))
            some.append(made)
        for connection in some:
            until(connection, b"data: ")
        opened += some
        time.sleep(3)
        sizes.append(candidate.memory())
    candidate.kilobytes = max(sizes[1] - sizes[0], sizes[2] - sizes[1]) / count
    for connection in opened:
        connection.close()


def show(candidates: dict[str, Candidate], streams: int) -> bool:
    direct = candidates["direct"].blocks
    added = {
        name: [mine - theirs for mine, theirs in zip(c.blocks, direct, strict=True)] for name, c in candidates.items()
    }
    middle = statistics.median
    ratios = [a / b for a, b in zip(added["gateway"], added["bare proxy"], strict=True) if b > 0]
    print(f"{'':<12} {'first event µs':>15} {'added µs':>9} {f'KB a stream ({streams} open)':>26}")
    for name, c in candidates.items():
        size = f"{c.kilobytes:.1f}" if c.kilobytes else ""
        print(f"{name:<12} {middle(c.blocks):>15.0f} {middle(added[name]):>9.0f} {size:>26}")
    ratio, size = middle(ratios), candidates["gateway"].kilobytes
    print(f"the gateway adds {ratio:.2f} times what the bare proxy adds (at most {FIRST_EVENT})")
    print(f"an open stream holds {size:.1f} KB (at most {MEMORY:.0f})")
    return ratio <= FIRST_EVENT and size <= MEMORY


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--blocks", type=int, default=60)
    parser.add_argument("--each", type=int, default=20, help="requests of a block")
    parser.add_argument("--streams", type=int, default=1000)
    chosen = parser.parse_args()
    os.sched_setaffinity(0, {int(LOAD_CORE)})
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        policy = folder / "policy.xml"
        policy.write_text(POLICY.read_text().replace('"60000"', '"2000000000"'))
        ports = {name: free_port() for name in ("direct", "bare proxy", "gateway")}
        url = f"http://127.0.0.1:{ports['direct']}"
        serve = [str(policy), "--backend", url, "--port", str(ports["gateway"]), "--admin-port", "0"]
        commands = {
            "direct": (LOAD_CORE, [str(HERE / "stream_backend.py")]),
            "bare proxy": (GATEWAY_CORE, [str(HERE / "baseline.py")]),
            "gateway": (GATEWAY_CORE, ["-c", SERVE, *serve, "--access-log", "off"]),
        }
        candidates = {}
        for name, (core, words) in commands.items():
            more = {"BACKEND": url, "PORT": str(ports[name])}
            process = pinned(core, [sys.executable, *words], folder / "log", **more)
            candidates[name] = Candidate(name, ports[name], process)
        try:
            for candidate in candidates.values():
                ready(candidate)
                for _ in range(200):  # warm
                    first_event(candidate)
            time.sleep(2)  # the vocabulary for older models is loaded behind the first requests
            for name in ("bare proxy", "gateway"):
                hold(candidates[name], chosen.streams)
            for _ in range(chosen.blocks):
                for candidate in candidates.values():
                    candidate.blocks.append(low(first_event(candidate) for _ in range(chosen.each)))
            if not show(candidates, chosen.streams):
                sys.exit(1)
        finally:
            for candidate in candidates.values():
                candidate.process.terminate()
            for candidate in candidates.values():
                try:
                    candidate.process.wait(10)
                except subprocess.TimeoutExpired:
                    candidate.process.kill()


if __name__ == "__main__":
    main()
