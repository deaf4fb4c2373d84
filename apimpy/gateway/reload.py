"""Hot reload: compile aside, swap once, keep everything that counts.

    reloader = Reloader(gateway, load, default)
    await reloader.reload()          # SIGHUP, POST /reload on the admin port, a watched file

`load` reads, checks and binds in a thread, so requests go on meanwhile.  With an error the old configuration stays and
`reloader.last` says why; without one, configuration and options are replaced between two requests, while counters,
caches, connections and metrics stay the objects they were.  Requests under way finish with what they began with.
"""

from __future__ import annotations

import asyncio
import dataclasses
import logging
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING

from apimpy.diagnostics import Severity
from apimpy.gateway.config import ConfigError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable

    from apimpy.configuration.assemble import Assembled
    from apimpy.gateway.app import Gateway
    from apimpy.gateway.load import Loaded
    from apimpy.runtime.message import Url
    from apimpy.runtime.services import Options

__all__ = ["Outcome", "Reloader", "Watch"]

log = logging.getLogger("apimpy.gateway")

WATCHED = frozenset({".xml", ".yaml", ".yml", ".json", ".env", ".xslt", ".xsl", ".liquid"})
INTERVAL = 1.0
"""Seconds between two looks at the files."""
SETTLED = 0.2
"""Seconds without a change before a change counts: editors and checkouts write several files."""


@dataclasses.dataclass(frozen=True, slots=True)
class Outcome:
    """What a reload came to."""

    ok: bool
    at: float
    """Seconds since the epoch."""
    problems: tuple[str, ...] = ()
    """Errors and warnings, a line each."""

    def __str__(self) -> str:
        if self.ok:
            return "reloaded"
        first = self.problems[0] if self.problems else "no reason given"
        return f"reload failed, the earlier configuration goes on: {first}"


class Reloader:
    """Replaces the configuration of a running gateway."""

    def __init__(
        self,
        gateway: Gateway,
        load: Callable[[], Loaded],
        default: Url | None,
        options: Callable[[Assembled], Options],
    ) -> None:
        self._gateway = gateway
        self._load = load
        self._default = default
        self._options = options
        self._one_at_a_time = asyncio.Lock()
        self.last: Outcome | None = None
        """The latest outcome; None before the first reload."""

    async def reload(self) -> Outcome:
        """Compile and swap.  Never raises; a second call waits for the first and compiles again."""
        async with self._one_at_a_time:
            try:
                outcome = await self._reload()
            except ConfigError as error:
                outcome = Outcome(False, time.time(), (str(error),))
            except Exception as error:  # a defect of ours must not take the gateway down
                log.exception("reload failed")
                outcome = Outcome(False, time.time(), (f"{type(error).__name__}: {error}",))
            self.last = outcome
            self._gateway.metrics.reloads.add(outcome.ok, outcome.at)
            log.log(logging.INFO if outcome.ok else logging.ERROR, "%s", outcome)
            return outcome

    async def _reload(self) -> Outcome:
        loaded = await asyncio.to_thread(self._load)
        said = tuple(str(d) for d in loaded.diagnostics if d.severity >= Severity.WARNING)
        assembled = loaded.assembled
        if assembled is None:
            errors = tuple(str(d) for d in loaded.diagnostics if d.severity >= Severity.ERROR)
            return Outcome(False, time.time(), (*errors, *(line for line in said if line not in errors)))
        configuration = await asyncio.to_thread(assembled.configuration, self._default)
        gateway = self._gateway
        services = dataclasses.replace(
            gateway.services,
            options=self._options(assembled),
            deployment=assembled.deployment,
            backends=gateway.services.backends.with_entities(assembled.backends),
        )
        gateway.configuration, gateway.services = configuration, services
        return Outcome(True, time.time(), said)


class Watch:
    """The files of a configuration, as they were when this was made."""

    def __init__(self, path: Path, also: Iterable[Path] = ()) -> None:
        self._roots = path, tuple(also)
        self._seen = _stamps(*self._roots)

    async def run(self, changed: Callable[[], Awaitable[object]]) -> None:
        """Await `changed()` after every change; until cancelled."""
        while True:
            await asyncio.sleep(INTERVAL)
            now = await asyncio.to_thread(_stamps, *self._roots)
            if now == self._seen:
                continue
            while self._seen != now:
                self._seen = now
                await asyncio.sleep(SETTLED)
                now = await asyncio.to_thread(_stamps, *self._roots)
            await changed()


def _stamps(path: Path, also: tuple[Path, ...]) -> dict[str, tuple[int, int]]:
    """Size and time of every file that may belong to the configuration."""
    out: dict[str, tuple[int, int]] = {}
    alone = path.is_file() and path.suffix == ".xml"
    roots = [path if alone or path.is_dir() else path.parent, *also]
    for root in roots:
        if root.is_file():
            _note(root, out)
            continue
        for folder, folders, files in os.walk(root):
            folders[:] = [f for f in folders if not f.startswith(".")]
            for name in files:
                if Path(name).suffix.lower() in WATCHED or name == ".env":
                    _note(Path(folder, name), out)
    return out


def _note(file: Path, out: dict[str, tuple[int, int]]) -> None:
    try:
        status = file.stat()
    except OSError:
        return  # gone again: its absence is the change
    out[str(file)] = (status.st_mtime_ns, status.st_size)
