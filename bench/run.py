"""Measure the gateway beside a bare aiohttp proxy: CPU microseconds for a request, and the ratio.  See README.md."""

from __future__ import annotations

import argparse
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from urllib.request import Request, urlopen

from kit import GATEWAY_CORE, HERE, LOAD_CORE, ROOT, SERVE, backend, cpu_seconds, free_port, identity, load, pinned

POLICIES = {
    "none": HERE / "policies" / "none.xml",
    "ten": HERE / "policies" / "ten.xml",
    "everyday": HERE / "policies" / "everyday.xml",
    "ai": ROOT / "examples" / "policies" / "ai-gateway.xml",
}


@dataclass
class Candidate:
    name: str
    port: int
    process: subprocess.Popen[bytes]
    token: str
    path: str = "/openai/deployments/gpt-4o/chat/completions?api-version=2024-10-21"
    microseconds: list[float] = field(default_factory=list)
    rates: list[float] = field(default_factory=list)
    p99: list[float] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}{self.path}"


QUIET = {"LITELLM_LOCAL_MODEL_COST_MAP": "True", "LITELLM_LOG": "ERROR", "LITELLM_MODE": "PRODUCTION"}


def litellm(python: Path, backend: str, redis: int, folder: Path) -> Candidate:
    """Another gateway, in an environment of its own."""
    config, port = folder / "litellm.yaml", free_port()
    text = (HERE / "litellm.yaml").read_text()
    config.write_text(text.replace("$BACKEND", backend).replace("$REDIS", str(redis)))
    command = [str(python.parent / "litellm"), "--config", str(config), "--host", "127.0.0.1", "--port", str(port)]
    process = pinned(GATEWAY_CORE, [*command, "--num_workers", "1"], folder / "log", **QUIET)
    return Candidate("litellm", port, process, "sk-bench", "/v1/chat/completions")


def serve_words(name: str, backend: str, port: int, log: bool) -> list[str]:
    return [
        str(POLICIES[name]),
        *("--backend", backend, "--port", str(port), "--admin-port", "0"),
        *("--access-log", "json" if log else "off"),
        *("--named-value", f"openid={backend}/openid/configuration.json"),
    ]


def tokens_free(policy: Path, folder: Path) -> Path:
    """The policy with a limit that the load cannot reach."""
    copy = folder / policy.name
    copy.write_text(policy.read_text().replace('tokens-per-minute="60000"', 'tokens-per-minute="2000000000"'))
    return copy


def answers(candidate: Candidate) -> None:
    """Wait for the first 200."""
    body = (HERE / "body.json").read_bytes()
    end = time.monotonic() + 90
    while True:
        try:
            headers = {"Content-Type": "application/json", "Authorization": f"Bearer {candidate.token}"}
            request = Request(candidate.url, body, headers)
            with urlopen(request, timeout=5) as answer:
                answer.read()
                return
        except OSError as error:
            if time.monotonic() > end or candidate.process.poll() is not None:
                sys.exit(f"{candidate.name} does not answer: {error}")
            time.sleep(0.05)


def window(candidate: Candidate, seconds: float, *, warming: bool = False) -> None:
    """One measured window."""
    before = cpu_seconds(candidate.process.pid)
    command = load(candidate.url, seconds, candidate.token)
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    spent = cpu_seconds(candidate.process.pid) - before
    result = json.loads(done.stdout.splitlines()[-1])
    if result["bad"] and not warming:
        sys.exit(f"{candidate.name}: {result['bad']} bad answers of {result['requests']}")
    candidate.microseconds.append(spent / result["requests"] * 1e6)
    candidate.rates.append(result["requests"] / result["seconds"])
    candidate.p99.append(result["p99"])


def show(candidates: list[Candidate], rounds: int) -> None:
    base = next((c for c in candidates if c.name == "baseline"), candidates[0])
    print(f"{'candidate':<10} {'ratio':>6} {'±':>5} {'CPU µs':>7} {'req/s':>7} {'p99 µs':>7}  ratios by round")
    for c in candidates:
        ratios = [a / b for a, b in zip(c.microseconds, base.microseconds, strict=True)]
        spread = (max(ratios) - min(ratios)) / 2
        middle = statistics.median
        listed = " ".join(f"{r:.2f}" for r in ratios)
        print(
            f"{c.name:<10} {middle(ratios):>6.2f} {spread:>5.2f} {middle(c.microseconds):>7.1f} {middle(c.rates):>7.0f}"
            f" {middle(c.p99):>7.0f}  {listed}"
        )
    print(f"median of {rounds} rounds; ratio = CPU for a request over that of {base.name} in the same round")


def profile(name: str, url: str, token: str, folder: Path, seconds: float) -> None:
    """One candidate under cProfile."""
    port, out = free_port(), folder / "profile"
    POLICIES[name] = tokens_free(POLICIES[name], folder)
    code = f"import cProfile,sys; sys.argv=sys.argv[:1]+sys.argv[1:]; cProfile.run({SERVE!r}, {str(out)!r})"
    words = serve_words(name, url, port, log=False)
    process = pinned(GATEWAY_CORE, [sys.executable, "-c", code, *words], folder / "log")
    candidate = Candidate(name, port, process, token)
    answers(candidate)
    window(candidate, seconds)
    process.send_signal(signal.SIGTERM)
    process.wait(20)
    import pstats

    pstats.Stats(str(out)).sort_stats("tottime").print_stats(45)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", action="append", choices=sorted(POLICIES), help="these candidates; repeatable")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--redis", action="store_true", help="the AI policy with its state in Redis as well")
    parser.add_argument("--litellm", type=Path, metavar="PYTHON", help="LiteLLM beside, from this environment")
    parser.add_argument("--log", action="store_true", help="with the access log on")
    parser.add_argument("--profile", choices=sorted(POLICIES))
    chosen = parser.parse_args()
    os.sched_setaffinity(0, {int(LOAD_CORE)})
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        model, url = backend(folder)
        running, token = [model], identity(folder, url)
        try:
            if chosen.profile:
                profile(chosen.profile, url, token, folder, chosen.seconds)
                return
            candidates: list[Candidate] = []
            for name in ["baseline", *(chosen.only or POLICIES)]:
                port = free_port()
                if name == "baseline":
                    words, more = [str(HERE / "baseline.py")], {"BACKEND": url, "PORT": str(port)}
                else:
                    POLICIES[name] = tokens_free(POLICIES[name], folder)
                    words, more = ["-c", SERVE, *serve_words(name, url, port, chosen.log)], {}
                process = pinned(GATEWAY_CORE, [sys.executable, *words], folder / "log", **more)
                running.append(process)
                candidates.append(Candidate(name, port, process, token))
            if chosen.redis or chosen.litellm:
                redis = free_port()
                server = ["redis-server", "--port", str(redis), "--save", "", "--appendonly", "no"]
                running.append(pinned(LOAD_CORE, server, folder / "redis.log"))
            if chosen.redis:
                port = free_port()
                POLICIES["ai"] = tokens_free(POLICIES["ai"], folder)
                words = [*serve_words("ai", url, port, chosen.log), "--redis", f"redis://127.0.0.1:{redis}"]
                process = pinned(GATEWAY_CORE, [sys.executable, "-c", SERVE, *words], folder / "log")
                candidates.append(Candidate("ai redis", port, process, token))
                running.append(process)
            if chosen.litellm:
                candidates.append(litellm(chosen.litellm, url, redis, folder))
                running.append(candidates[-1].process)
            try:
                for candidate in candidates:
                    answers(candidate)
                    window(candidate, 5 if candidate.name == "litellm" else 1, warming=True)
            except SystemExit:
                print((folder / "log").read_text(), file=sys.stderr)
                raise
            for candidate in candidates:
                for figures in (candidate.microseconds, candidate.rates, candidate.p99):
                    figures.clear()
            for _ in range(chosen.rounds):
                for candidate in candidates:
                    window(candidate, chosen.seconds)
            show(candidates, chosen.rounds)
        finally:
            for process in running:
                process.terminate()
            for process in running:
                try:
                    process.wait(10)
                except subprocess.TimeoutExpired:
                    process.kill()


if __name__ == "__main__":
    main()
