"""Does a request fail that could succeed while the preferred of two backends fails in every way?  See README.md.

    python bench/failover.py                         # 10,000 requests, 8 clients
    python bench/failover.py --requests 1000 --seed 7

Exit 1 when one does, or when traffic does not return to the preferred backend.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field

import aiohttp
from kit import HERE, ROOT, free_port

FAULTS = ("status=429,retry-after=1", "status=500", "reset", "hang", "cut=3")
SHARES = (0.01, 0.05, 0.05, 0.02, 0.05)
"""Of the requests that reach the preferred backend."""
ROUND = 500
"""Requests of one schedule; the mock remembers a thousand."""
AFTER = 20
"""Requests after each round, when the preferred backend is well again: all of them are for it."""


@dataclass
class Tally:
    answered: Counter[str] = field(default_factory=Counter)
    """By backend; `broken off`: a stream that ended early after bytes of it were relayed."""
    failed: list[str] = field(default_factory=list)
    met: Counter[str] = field(default_factory=Counter)
    """Faults."""
    returned: int = 0


async def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--requests", type=int, default=10_000)
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    async with (
        processes() as (url, admin, preferred, other),
        aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=30)) as http,
    ):
        for mock in (preferred, other):  # the first answer of a process takes longer than the gateway's patience
            await ask(http, mock, 0)
            await ask(http, mock, 1)
        tally, began = Tally(), time.monotonic()
        rounds = range(0, chosen.requests, ROUND)
        for first in rounds:
            numbers = iter(range(first, min(first + ROUND, chosen.requests)))
            await schedule(http, preferred, chosen.seed + first)
            await asyncio.gather(*(client(http, url, numbers, tally) for _ in range(chosen.clients)))
            await gather_faults(http, preferred, tally)
            tally.returned += await returned(http, url, admin, preferred)
        seconds = time.monotonic() - began
        async with http.get(f"{admin}/metrics") as page:
            found = re.search(
                r'^apimpy_backend_trips_total\{backend="preferred"\} (\S+)', await page.text(), re.MULTILINE
            )
        trips = int(float(found[1])) if found else 0
    return report(tally, seconds, trips, len(rounds) * AFTER)


def report(tally: Tally, seconds: float, trips: int, after: int) -> int:
    total = sum(tally.answered.values()) + len(tally.failed)
    print(f"requests {total} in {seconds:.0f} s, half of them streams")
    print("faults met: " + ", ".join(f"{fault} {tally.met[fault]}" for fault in FAULTS))
    print("answered by " + ", ".join(f"{name} {tally.answered[name]}" for name in ("preferred", "other")))
    print(f"broken off after bytes were relayed: {tally.answered['broken off']}")
    print(f"failed and could have succeeded: {len(tally.failed)}")
    for line in tally.failed[:10]:
        print("  " + line)
    print(
        f"the breaker opened {trips} times; when it closed, {tally.returned} of {after} went to the preferred backend"
    )
    return int(bool(tally.failed) or tally.returned != after or tally.answered["broken off"] > tally.met["cut=3"])


@contextlib.asynccontextmanager
async def processes() -> AsyncIterator[tuple[str, str, str, str]]:
    """URLs of the gateway, its admin port, the preferred backend and the other."""
    port, admin, *mocks = (free_port() for _ in range(4))
    urls = {name: f"http://127.0.0.1:{p}" for name, p in zip(("preferred", "other"), mocks, strict=True)}
    values = [f"--named-value={name}-url={url}" for name, url in urls.items()]
    ports = ["--port", str(port), "--admin-port", str(admin), "--access-log", "off"]
    commands = [["mock", "--name", name, "--port", url.rpartition(":")[2]] for name, url in urls.items()]
    commands.append(["serve", str(HERE / "policies" / "failover.yaml"), *ports, *values])
    with tempfile.TemporaryFile() as log, contextlib.ExitStack() as stack:
        for words in commands:
            command = [sys.executable, "-m", "apimpy", *words]
            process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=log, text=True)
            stack.callback(process.wait, 20)
            stack.callback(process.terminate)
            assert process.stdout is not None
            if "listening on" not in process.stdout.readline():
                log.seek(0)
                sys.exit(log.read().decode())
        yield f"http://127.0.0.1:{port}", f"http://127.0.0.1:{admin}", urls["preferred"], urls["other"]


async def schedule(http: aiohttp.ClientSession, mock: str, seed: int | None) -> None:
    """What the mock does from now on; None: it is well."""
    rules = [f"{fault},share={share}" for fault, share in zip(FAULTS, SHARES, strict=True)]
    asked = {"faults": [] if seed is None else rules, "seed": seed or 0}
    async with http.put(f"{mock}/mock/faults", json=asked) as answer:
        answer.raise_for_status()


async def gather_faults(http: aiohttp.ClientSession, mock: str, tally: Tally) -> None:
    async with http.get(f"{mock}/mock/requests") as answer:
        seen = (await answer.json())["requests"]
    assert seen[0]["number"] == 1, "the mock has forgotten requests"
    tally.met.update(row["fault"].partition(",share")[0] for row in seen if row["fault"])


async def returned(http: aiohttp.ClientSession, url: str, admin: str, mock: str) -> int:
    """How many of the requests after the breaker has closed the preferred backend answers."""
    await schedule(http, mock, None)
    while True:
        async with http.get(f"{admin}/backends") as page:
            states = {row["id"]: row for row in (await page.json())["backends"]}
        if states["preferred"]["breaker"]["state"] != "open":
            break
        await asyncio.sleep(0.02)
    return [await ask(http, url, number) for number in range(AFTER)].count("preferred")


async def client(http: aiohttp.ClientSession, url: str, numbers: Iterator[int], tally: Tally) -> None:
    for number in numbers:
        try:
            tally.answered[await ask(http, url, number)] += 1
        except (aiohttp.ClientError, TimeoutError, ValueError, LookupError) as error:
            tally.failed.append(f"{number}: {type(error).__name__} {error}")


async def ask(http: aiohttp.ClientSession, url: str, number: int) -> str:
    """The backend that gave the whole and right answer, or `broken off`.  Every second request is for a stream."""
    stream, text = number % 2 == 1, f"number {number}"
    body = {"model": "m", "stream": stream, "messages": [{"role": "user", "content": text}]}
    got = b""
    async with http.post(f"{url}/v1/chat/completions", json=body) as answer:
        if answer.status != 200:
            raise ValueError(f"status {answer.status}")
        try:
            async for piece in answer.content.iter_any():
                got += piece
        except aiohttp.ClientPayloadError:
            if stream and got:
                return "broken off"
            raise
    if said(got, stream) != f"You said: {text}":
        raise ValueError(f"a wrong answer: {got[-200:]!r}")
    return answer.headers["x-mock-name"]


def said(got: bytes, stream: bool) -> str:
    """The text of an answer that is whole."""
    if not stream:
        return str(json.loads(got)["choices"][0]["message"]["content"])
    if not got.endswith(b"data: [DONE]\n\n"):
        raise ValueError("a stream without an end")
    events = [json.loads(line[6:]) for line in got.splitlines() if line.startswith(b"data: {")]
    return "".join(choice["delta"].get("content") or "" for event in events for choice in event["choices"])


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
