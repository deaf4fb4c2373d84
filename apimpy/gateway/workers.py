"""Several processes behind one port.

The parent opens the sockets, forks and waits; it runs no event loop, so it can fork again when a worker dies.  Workers
take connections from the one listening socket.  One more process answers on the admin port for all of them.
SIGTERM and SIGINT go to everybody and drain, SIGHUP to the workers and reloads.  A worker whose parent has gone ends.
"""

from __future__ import annotations

import contextlib
import gc
import logging
import os
import select
import shutil
import signal
import socket
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Seat", "run_workers"]

log = logging.getLogger("apimpy.gateway")

_BACKLOG = 4096
_SHORT_LIFE, _PAUSE = 5.0, 1.0
"""Who lived shorter (seconds) has a successor only after a pause."""


@dataclass(frozen=True, slots=True)
class Seat:
    """Where one process of several works.

    `listener`: takes connections.  `admin`: the socket file of its own admin listener; None for who answers for all.
    `life`: a pipe that ends with the parent.  `ready`: a pipe for one byte when it listens.
    """

    listener: socket.socket
    admin: Path | None
    life: int
    ready: int

    def say_ready(self) -> None:
        """It takes requests."""
        os.write(self.ready, b"r")


class _Family:
    """The parent and its processes."""

    def __init__(self, count: int, listener: socket.socket, admin: socket.socket, folder: Path) -> None:
        self._listener, self._admin = listener, admin
        self.sockets = [folder / f"{n}.sock" for n in range(count)]
        self._life, self._alive = os.pipe()
        self._ready, self._say = os.pipe()
        self._born: dict[int, tuple[int, float]] = {}
        """What each process is (the number of a worker; -1 answers for all), and since when."""
        self.stopping = False
        self.failed = False

    def fork(self, which: int, work: Callable[[Seat], int]) -> None:
        """A process that does `work`."""
        pid = os.fork()
        if pid:
            self._born[pid] = which, time.monotonic()
            if self.stopping:  # the signal came in between
                os.kill(pid, signal.SIGTERM)
            return
        status = 1
        try:
            for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
                signal.signal(number, signal.SIG_DFL)
            os.close(self._alive)
            os.close(self._ready)
            seat = Seat(
                self._listener if which >= 0 else self._admin,
                self.sockets[which] if which >= 0 else None,
                self._life,
                self._say,
            )
            status = work(seat)
        except BaseException:  # the parent's own code must not run on in a child
            log.exception("a worker failed")
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(status)

    def tell(self, number: int, *, everybody: bool = True) -> None:
        """A signal for the workers, and for who answers for them."""
        for pid, (which, _) in list(self._born.items()):
            if everybody or which >= 0:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, number)

    def wait_ready(self) -> bool:
        """Everybody listens; false when somebody ended before."""
        missing = len(self._born)
        while missing and not self.stopping:
            if select.select([self._ready], [], [], 0.05)[0]:
                missing -= len(os.read(self._ready, missing))
            else:
                pid, status = os.waitpid(-1, os.WNOHANG)
                if pid:
                    self._bury(pid, status)
                    return False
        return not self.stopping

    def wait_one(self) -> tuple[int, float] | None:
        """What has ended, and how long it lived; None when nobody is left."""
        if not self._born:
            return None
        return self._bury(*os.wait())

    def _bury(self, pid: int, status: int) -> tuple[int, float]:
        which, since = self._born.pop(pid)
        if status:
            self.failed = True
        return which, time.monotonic() - since


def run_workers(
    count: int,
    listener: socket.socket,
    admin: socket.socket,
    work: Callable[[Seat], int],
    answer: Callable[[Seat, list[Path]], int],
    started: Callable[[], None],
) -> int:
    """Run `work` in so many processes and `answer` in another until a signal; the exit status.

    `started` is called when all of them listen.
    """
    folder = Path(tempfile.mkdtemp(prefix="apimpy-"))
    family = _Family(count, listener, admin, folder)

    def job(which: int) -> Callable[[Seat], int]:
        return work if which >= 0 else lambda seat: answer(seat, family.sockets)

    def stop(number: int, frame: object) -> None:
        family.stopping = True
        family.tell(signal.SIGTERM)

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    signal.signal(signal.SIGHUP, lambda number, frame: family.tell(number, everybody=False))
    gc.collect()
    gc.freeze()  # pages that nobody collects stay shared
    try:
        for which in range(-1, count):
            family.fork(which, job(which))
        if family.wait_ready():
            started()
        elif not family.stopping:
            family.failed = True
            stop(signal.SIGTERM, None)
        while (ended := family.wait_one()) is not None:
            which, lived = ended
            if family.stopping:
                continue
            log.error("%s ended; another begins", f"worker {which}" if which >= 0 else "the admin process")
            if lived < _SHORT_LIFE:
                time.sleep(_PAUSE)
            if not family.stopping:
                family.fork(which, job(which))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return int(family.failed)
