# ruff: noqa: INP001, T201, S603  (a script: it stands alone, prints, and starts the gateway next to it)
"""A tour of the gateway in a few seconds: `make demo`, or `python examples/demo.py`.

Starts `apimpy serve examples/policies/demo.xml --mock` as a process of its own, sends a handful of requests through it
and prints what was sent and what came back, until the policy's token limit answers 429.  In a terminal the gateway then
stays up until Ctrl-C; elsewhere it is stopped and the demo ends: 0, or 1 when the 429 never came.
"""

from __future__ import annotations

import http.client
import json
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, NoReturn

ROOT = Path(__file__).resolve().parents[1]
POLICY = "examples/policies/demo.xml"
CHAT = "/v1/chat/completions"
TEAM = {"x-team": "red"}
SHOWN_HEADERS = ("x-remaining-tokens", "x-consumed-tokens", "Retry-After", "x-error-reason")
MOST_REQUESTS = 20


def main() -> int:
    signal.signal(signal.SIGTERM, _stop)
    began = time.monotonic()
    process, url, admin = start()
    limited = False
    try:
        limited = tour(url, admin)
        if not limited:
            print(f"\nNo 429 after {MOST_REQUESTS} requests: the token limit did not work.", file=sys.stderr)
            return 1
        print(f"\n({time.monotonic() - began:.1f} seconds)", flush=True)
        if sys.stdin.isatty() and sys.stdout.isatty():
            stay(process, url, admin)
    except KeyboardInterrupt:
        return 0 if limited else 130
    finally:
        process.terminate()
        process.wait()
    return 0


def start() -> tuple[subprocess.Popen[str], str, str]:
    """The running gateway, its URL and its admin URL; on other ports when the usual ones are taken."""
    for port, admin_port in (("8080", "8081"), ("0", "0")):
        if not (free(int(port)) and free(int(admin_port))):
            print(f"(ports {port} and {admin_port} are not both free: others are used)")
            continue
        words = ["serve", POLICY, "--mock", "--port", port, "--admin-port", admin_port, "--access-log", "off"]
        print("$ apimpy " + " ".join(words), flush=True)
        process = subprocess.Popen(
            [sys.executable, "-m", "apimpy", *words], cwd=ROOT, stdout=subprocess.PIPE, text=True
        )
        assert process.stdout is not None
        line = process.stdout.readline()
        found = re.findall(r"https?://\S+?:\d+", line)
        if len(found) >= 2:
            print(line, end="", flush=True)
            return process, found[0], found[-1]
        process.wait()  # it has said why; a port can be gone since we looked
    sys.exit("the gateway did not start")


def free(port: int) -> bool:
    """Whether somebody could listen here."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def tour(url: str, admin: str) -> bool:
    """Send the requests; whether one of them met the limit."""
    title("A chat completion. The backend is the built-in mock: it echoes, and counts tokens as a model would.")
    show(url, {**question("What is Azure API Management?"), "max_tokens": 40}, TEAM)
    title("The same as a stream: events pass through as they come.")
    show(url, {**question("Count to ten, please."), "stream": True}, TEAM)
    title("Without a team: the policy's own answer, no backend involved.")
    show(url, question("Who am I?"), {})
    title("More of the same, until team red has used its 240 tokens of this minute.")
    limited = False
    for number in range(1, MOST_REQUESTS + 1):
        words = f"Request {number}: please repeat this rather wordy sentence, so that it costs some tokens."
        if show(url, question(words), TEAM) == 429:
            limited = True
            break
    title("Team blue has a counter of its own.")
    show(url, question("And we?"), {"x-team": "blue"})
    title(f"What the gateway counted ({admin}/metrics):")
    _, _, text = exchange(admin, "GET", "/metrics", None, {})
    rows = [row for row in text.splitlines() if row.startswith(("apimpy_llm_tokens_total", "apimpy_requests_total"))]
    for wanted in ('kind="total"', 'status="429"'):
        print("  " + next((row for row in rows if wanted in row), f"(no series with {wanted})"), flush=True)
    return limited


def stay(process: subprocess.Popen[str], url: str, admin: str) -> None:
    """Leave the gateway to the user until Ctrl-C, which the terminal sends to both processes."""
    title(f"The gateway keeps running on {url} (metrics: {admin}/metrics). Ctrl-C ends it. Try:")
    body = json.dumps(question("hello"))
    print(f"  curl -i {url}{CHAT} -H 'content-type: application/json' -H 'x-team: green' -d '{body}'", flush=True)
    process.wait()


def question(text: str) -> dict[str, Any]:
    return {"model": "gpt-4o", "messages": [{"role": "user", "content": text}]}


def title(text: str) -> None:
    print(f"\n# {text}", flush=True)


def show(url: str, body: dict[str, Any], headers: dict[str, str]) -> int:
    """Send one chat request; print it and its answer in three lines; the status."""
    sent = " ".join(f"{name}: {value}" for name, value in headers.items()) or "(no x-team)"
    asked = body["messages"][0]["content"]
    print(f"> POST {CHAT}  {sent}  {asked!r}" + ("  stream" if body.get("stream") else ""))
    status, got, text = exchange(url, "POST", CHAT, body, headers)
    notes = [f"{name}: {got[name]}" for name in SHOWN_HEADERS if name in got]
    print("  ".join([f"< {status} {http.client.responses.get(status, '')}", *notes]))
    print("  " + first_words(text), flush=True)
    return status


def first_words(text: str) -> str:
    """The reply inside a body: of a completion, of a stream, or the body itself."""
    if text.startswith("data: "):
        events = [json.loads(row[6:]) for row in text.splitlines() if row.startswith("data: {")]
        words = "".join(c["delta"].get("content") or "" for e in events for c in e["choices"])
        return f"{words[:90]}  ({len(events)} events)"
    try:
        value = json.loads(text)
        words = value["choices"][0]["message"]["content"]
    except (ValueError, KeyError, TypeError):
        words = text
    return words if len(words) <= 100 else words[:99] + "…"


def exchange(
    base: str, method: str, path: str, body: dict[str, Any] | None, headers: dict[str, str]
) -> tuple[int, http.client.HTTPMessage, str]:
    """One request on a connection of its own."""
    connection = http.client.HTTPConnection(base.partition("://")[2], timeout=30)
    try:
        data = None if body is None else json.dumps(body).encode()
        connection.request(method, path, data, {"Content-Type": "application/json", **headers} if data else headers)
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read().decode()
    finally:
        connection.close()


def _stop(number: int, frame: object) -> NoReturn:
    sys.exit(128 + number)


if __name__ == "__main__":
    sys.exit(main())
