"""Managed identity away from Azure: where `authentication-managed-identity` gets its tokens.

`static`: one token for everything.  `file`: read again when the file changes (somebody else renews it).
`command`: run for each resource, `{resource}` and `{client_id}` filled in, without a shell; it prints a token, or JSON
as `az account get-access-token` does.  Tokens never reach a log.
"""

from __future__ import annotations

import asyncio
import shlex
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import orjson

from apimpy.runtime.ports import ManagedIdentityError

if TYPE_CHECKING:
    from pathlib import Path

    from apimpy.runtime.ports import Clock

__all__ = ["CommandIdentity", "FileIdentity", "NoIdentity", "StaticIdentity"]

_DEFAULT_LIFE = 300.0
_RENEW_BEFORE = 60.0


class NoIdentity:
    """None was configured."""

    async def token(self, resource: str, client_id: str | None) -> str:
        raise ManagedIdentityError(
            "no managed identity is configured: use --identity-token, --identity-file or --identity-command"
        )


@dataclass(frozen=True, slots=True)
class StaticIdentity:
    value: str

    async def token(self, resource: str, client_id: str | None) -> str:
        return self.value


class FileIdentity:
    """A token in a file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._seen: tuple[int, int] | None = None
        self._token = ""

    async def token(self, resource: str, client_id: str | None) -> str:
        return await asyncio.to_thread(self._read)

    def _read(self) -> str:
        try:
            stat = self._path.stat()
            version = (stat.st_mtime_ns, stat.st_size)
            if version != self._seen:
                self._token = self._path.read_text("utf-8").strip()
                self._seen = version
        except (OSError, UnicodeDecodeError) as error:
            raise ManagedIdentityError(f"the identity file {self._path} cannot be read: {error}") from error
        if not self._token:
            raise ManagedIdentityError(f"the identity file {self._path} is empty")
        return self._token


class CommandIdentity:
    """A program that prints tokens; each is kept until it expires (five minutes when it does not say)."""

    def __init__(self, command: str, clock: Clock, *, timeout: float = 30.0) -> None:
        self._words = shlex.split(command)
        if not self._words:
            raise ValueError("the identity command is empty")
        self._clock, self._timeout = clock, timeout
        self._tokens: dict[tuple[str, str | None], tuple[str, float]] = {}
        self._lock = asyncio.Lock()

    async def token(self, resource: str, client_id: str | None) -> str:
        key = (resource, client_id)
        if (token := self._kept(key)) is not None:
            return token
        async with self._lock:  # one run at a time; whoever waited finds the token of the first
            if (token := self._kept(key)) is not None:
                return token
            token, expires = self._parse(await self._run(resource, client_id or ""))
            if len(self._tokens) > 1000:
                self._tokens.clear()
            self._tokens[key] = (token, expires)
            return token

    def _kept(self, key: tuple[str, str | None]) -> str | None:
        found = self._tokens.get(key)
        return found[0] if found is not None and found[1] - _RENEW_BEFORE > self._clock.now() else None

    async def _run(self, resource: str, client_id: str) -> bytes:
        words = [w.replace("{resource}", resource).replace("{client_id}", client_id) for w in self._words]
        pipe = asyncio.subprocess.PIPE
        try:
            process = await asyncio.create_subprocess_exec(
                *words, stdin=asyncio.subprocess.DEVNULL, stdout=pipe, stderr=pipe
            )
        except (OSError, ValueError) as error:
            raise ManagedIdentityError(f"the identity command {words[0]} cannot be run: {error}") from error
        try:
            async with asyncio.timeout(self._timeout):
                out, err = await process.communicate()
        except BaseException as error:
            if process.returncode is None:
                process.kill()
                await process.wait()
            if isinstance(error, TimeoutError):
                raise ManagedIdentityError(f"the identity command took more than {self._timeout:g} s") from error
            raise
        if process.returncode:
            last = err.decode("utf-8", "replace").strip().splitlines()[-1:] or ["no message"]
            raise ManagedIdentityError(f"the identity command ended with {process.returncode}: {last[0][:200]}")
        return out

    def _parse(self, out: bytes) -> tuple[str, float]:
        text = out.decode("utf-8", "replace").strip()
        expires = self._clock.now() + _DEFAULT_LIFE + _RENEW_BEFORE
        if text.startswith("{"):
            try:
                row = orjson.loads(text)
            except ValueError as error:
                raise ManagedIdentityError("the identity command printed JSON that cannot be read") from error
            text = str(row.get("accessToken") or row.get("access_token") or "")
            expires = self._expiry(row) or expires
        if not text or any(c.isspace() for c in text):
            raise ManagedIdentityError("the identity command printed no token")
        return text, expires

    def _expiry(self, row: dict[str, Any]) -> float | None:
        """When the token ends: `expires_on` (Unix or ISO), `expires_in` (seconds), `expiresOn` (local time)."""
        for name in ("expires_on", "expiresOn"):
            value = row.get(name)
            if isinstance(value, (int, float)) or (isinstance(value, str) and value.isdigit()):
                return float(value)
            if isinstance(value, str):
                try:
                    when = datetime.fromisoformat(value)
                except ValueError:
                    continue
                return (when if when.tzinfo else when.astimezone()).astimezone(UTC).timestamp()
        value = row.get("expires_in")
        return self._clock.now() + float(value) if isinstance(value, (int, float)) else None
