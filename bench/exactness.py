"""Is a token limit exact when four processes share it?  See README.md.

    python bench/exactness.py                         # five minutes of 64 clients, bucket; one worker is killed
    python bench/exactness.py --algorithm sliding --seconds 120

Exit 1 when a window held more than it may.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import aiohttp
from aiohttp import web
from kit import SERVE, free_port, pinned

LIMIT = 10_000
"""Tokens per minute."""
PROMPT = "Say something about the weather in a few words, please."
BOUNDS = (16, 64, 256, 1024)
"""`max_tokens` of the requests."""
POLICY = f"""<policies>
  <inbound>
    <base />
    <llm-token-limit tokens-per-minute="{LIMIT}" counter-key="all" estimate-prompt-tokens="true" />
    <set-header name="X-Between" exists-action="override">
      <value>@((context.Timestamp - new DateTime(1970, 1, 1)).TotalSeconds.ToString("F6") + " " +
        (DateTime.UtcNow - new DateTime(1970, 1, 1)).TotalSeconds.ToString("F6"))</value>
    </set-header>
  </inbound>
  <backend><base /></backend>
  <outbound><base /></outbound>
  <on-error><base /></on-error>
</policies>"""


class Model:
    """Answers with at most as many tokens as were asked for; knows when each call was admitted, and what it cost."""

    def __init__(self) -> None:
        self.admitted: list[tuple[float, float, int]] = []
        """Between which moments a call was admitted, and what it cost."""
        self.longest = 0.0
        self._chance = random.Random(11)

    async def answer(self, request: web.BaseRequest) -> web.StreamResponse:
        came, admitted = map(float, request.headers["X-Between"].split())
        self.longest = max(self.longest, admitted - came)
        body = await request.json()
        completion = self._chance.randint(1, body["max_tokens"])
        usage = {"prompt_tokens": 17, "completion_tokens": completion, "total_tokens": 17 + completion}
        self.admitted.append((came, admitted, usage["total_tokens"]))
        await asyncio.sleep(self._chance.random() * 0.05)
        message = {"role": "assistant", "content": "word " * completion}
        return web.json_response({"choices": [{"index": 0, "message": message}], "usage": usage})


async def client(session: aiohttp.ClientSession, url: str, until: float, seen: dict[object, int], seed: int) -> None:
    chance = random.Random(seed)
    while time.monotonic() < until:
        body = {"messages": [{"role": "user", "content": PROMPT}], "max_tokens": chance.choice(BOUNDS)}
        outcome: object
        try:
            async with session.post(url, json=body) as answer:
                await answer.read()
                outcome = answer.status
        except aiohttp.ClientError:
            outcome = "broken"
        seen[outcome] = seen.get(outcome, 0) + 1
        await asyncio.sleep(0.02 if outcome == 200 else 0.2 * chance.random())


def worst(admitted: list[tuple[float, float, int]], window: float) -> int:
    """The most tokens that were certainly admitted within so many seconds: decided after the first, before the last."""
    most = 0
    for first, (begin, _, _) in enumerate(admitted):
        held = 0
        for came, decided, tokens in admitted[first:]:
            if came >= begin + window:
                break
            held += tokens if decided < begin + window else 0
        most = max(most, held)
    return most


async def run(chosen: argparse.Namespace, folder: Path) -> int:
    model = Model()
    runner = web.ServerRunner(web.Server(model.answer), shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    redis_port, port, admin = free_port(), free_port(), free_port()
    durable = ["--save", "", "--appendonly", "yes", "--appendfsync", "always", "--dir", str(folder)]
    redis = pinned("0,1", ["redis-server", "--port", str(redis_port), *durable], folder / "redis.log")
    (folder / "policy.xml").write_text(POLICY)
    words = [
        *(str(folder / "policy.xml"), "--backend", f"http://127.0.0.1:{runner.addresses[0][1]}"),
        *("--port", str(port), "--admin-port", str(admin), "--workers", "4", "--access-log", "off"),
        *("--redis", f"redis://127.0.0.1:{redis_port}", "--rate-algorithm", chosen.algorithm),
        *("--option", "reserve_completion=true"),
        *("--option", "store_timeout=10000"),  # on a busy machine Redis must not count as away: limits are open then
    ]
    gateway = pinned("0,1", [sys.executable, "-c", SERVE, *words], folder / "log")
    url = f"http://127.0.0.1:{port}/openai/deployments/gpt-4o/chat/completions"
    try:
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
            await ready(session, f"http://127.0.0.1:{admin}/readyz")
            seen: dict[object, int] = {}
            until = time.monotonic() + chosen.seconds
            clients = [asyncio.create_task(client(session, url, until, seen, n)) for n in range(64)]
            await asyncio.sleep(chosen.seconds / 3)
            killed = kill_a_worker(gateway.pid)
            await asyncio.gather(*clients)
    finally:
        for process in (gateway, redis):
            process.terminate()
            process.wait(30)
        await runner.cleanup()
    print(f"{chosen.algorithm}: {seen}, worker {killed} was killed; {len(model.admitted)} calls reached the model")
    failed = False
    model.admitted.sort()
    print(f"  a decision took at most {model.longest:.2f} s")
    windows = (60.0,) if chosen.algorithm == "sliding" else (1.0, 10.0, 30.0, 60.0, 120.0)
    for window in windows:
        most = worst(model.admitted, window)
        bound = LIMIT if chosen.algorithm == "sliding" else LIMIT + LIMIT * window / 60
        # a reservation is at most the estimate of the prompt off what the prompt really cost
        spare = 2 * len([1 for came, _, _ in model.admitted if came >= model.admitted[-1][0] - window]) + 64
        failed |= most > bound + spare
        print(f"  {window:5.0f} s: at most {most} tokens; {bound:.0f} may be, and {spare} for estimates")
    used = sum(tokens for _, _, tokens in model.admitted) / (chosen.seconds / 60) / LIMIT
    print(f"  {used:.0%} of the limit was used")
    return int(failed)


def kill_a_worker(parent: int) -> int | None:
    """SIGKILL for one child of the gateway."""
    children = subprocess.run(["pgrep", "-P", str(parent)], capture_output=True, text=True, check=False).stdout.split()
    if not children:
        return None
    os.kill(int(children[-1]), signal.SIGKILL)
    return int(children[-1])


async def ready(session: aiohttp.ClientSession, url: str) -> None:
    async with asyncio.timeout(60):
        while True:
            try:
                async with session.get(url) as answer:
                    if answer.status == 200:
                        return
            except aiohttp.ClientError:
                pass
            await asyncio.sleep(0.1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=300)
    parser.add_argument("--algorithm", choices=["bucket", "sliding"], default="bucket")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as made:
        sys.exit(asyncio.run(run(chosen, Path(made))))


if __name__ == "__main__":
    main()
