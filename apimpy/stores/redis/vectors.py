"""Responses under vectors, on a Redis that can search: `ports.VectorStore`.

An entry is a hash, `apimpy:1:semantic-<dimensions>:{<its own name>}`:

    v  the vector: unit length, 32-bit floats, little-endian    t  created, in UTC seconds
    p  the partition: hexadecimal SHA-256                       u  until when it counts
    r  the response, in the bytes of `codec`                    n  bytes it is counted as

There is one index for each number of dimensions, made when first needed.  A lookup is one `FT.SEARCH`: the nearest in
the partition that still counts, with its response.  The key itself ends a little later than `u`: an index may hold
what has ended until the server gets round to it, and the nearest entry must not hide the next.

It needs the query engine (`FT.*`) at one address, and database 0.  The nodes of a cluster search for themselves, each
what it holds.
"""

from __future__ import annotations

import math
import re
import secrets
import struct
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from apimpy.runtime.ports import CachedResponse, Nearest, StoreUnavailable
from apimpy.stores.redis.codec import decode, encode

if TYPE_CHECKING:
    from collections.abc import Sequence

    from apimpy.stores.redis.connection import RedisLink

__all__ = ["RedisVectorStore"]

_NOT_THERE = re.compile("no such index|unknown index|index.* not found", re.IGNORECASE)
_THERE = re.compile("already exists", re.IGNORECASE)
_NO_ENGINE = re.compile("unknown command", re.IGNORECASE)
_OVERHEAD = 256
"""Bytes of an entry besides vector and response, about."""
_SHARE = 16
"""The size is looked at whenever this process has added so small a part of the limit, and as much more is freed."""
_AT_ONCE, _ROUNDS = 500, 40
"""Entries that are dropped by one command, and how many of these follow each other at most."""


class RedisVectorStore:
    """The `VectorStore` port on Redis.

    `limit`: bytes of vectors and responses in one index, above which the oldest go.  Whoever adds looks after it now
    and then, so it may be passed by a sixteenth for each process that adds.
    """

    def __init__(self, link: RedisLink, limit: int = 256 << 20) -> None:
        self._link, self._limit = link, limit
        self._added: dict[int, int] = {}
        """Bytes added since the size was looked at, by dimensions; those whose index has been made."""

    async def refusal(self) -> str | None:
        """Why vectors cannot be kept there; None when they can, or when nobody answers."""
        if self._link.is_cluster:
            return "a semantic cache needs a Redis at one address, not redis+cluster://"
        if self._link.database != 0:
            return f"a semantic cache needs database 0 of a Redis, not {self._link.database}: no other can be searched"
        try:
            if await self._link.command("vector_check", "FT._LIST", fine=_NO_ENGINE) is None:
                return "a semantic cache needs a Redis with the query engine: this one does not know FT.SEARCH"
        except StoreUnavailable as error:
            return f"a semantic cache cannot use this Redis: {error}" if self._link.up else None
        return None

    async def nearest(self, partition: str, vector: Sequence[float], now: float) -> Nearest | None:
        """The entry at the smallest cosine distance; None when there is none."""
        unit = _unit(vector)
        if unit is None:
            return None
        dimensions = len(vector)
        await self._prepare(dimensions)
        query = f"(@p:{{{_tag(partition)}}} @u:[({now!r} +inf])=>[KNN 1 @v $q AS d]"
        words = ("PARAMS", "2", "q", unit, "RETURN", "2", "d", "r", "LIMIT", "0", "1", "DIALECT", "2")
        reply = await self._link.command(
            "vector_nearest", "FT.SEARCH", self._index(dimensions), query, *words, fine=_NOT_THERE
        )
        if reply is None:  # another server, or one that has forgotten
            self._added.pop(dimensions, None)
            await self._prepare(dimensions)
            return None
        for _, fields in _found(reply):
            response = decode(fields.get(b"r", b""))
            if isinstance(response, CachedResponse) and b"d" in fields:
                return Nearest(max(0.0, round(float(fields[b"d"]), 6)), response)
        return None

    async def add(
        self, partition: str, vector: Sequence[float], response: CachedResponse, seconds: float, now: float
    ) -> None:
        """Keep a response under a vector for so long."""
        unit, data = _unit(vector), encode(response)
        if unit is None or data is None:
            return
        dimensions, size = len(vector), len(unit) + len(data) + _OVERHEAD
        if size > self._limit:
            return
        await self._prepare(dimensions)
        key = f"{self._prefix(dimensions)}{{{secrets.token_hex(12)}}}"
        fields = ("p", _tag(partition), "t", now, "u", now + seconds, "n", size, "v", unit, "r", data)
        await self._link.run("vector_add", [key], now, seconds, *fields)
        self._added[dimensions] = self._added.get(dimensions, 0) + size
        if self._added[dimensions] * _SHARE >= self._limit:
            await self._make_room(dimensions)

    # --- the index ----------------------------------------------------------------------------------------------------

    def _index(self, dimensions: int) -> str:
        return f"{self._link.namespace}:semantic-{dimensions}"

    def _prefix(self, dimensions: int) -> str:
        return f"{self._index(dimensions)}:"

    async def _prepare(self, dimensions: int) -> None:
        """Make the index, unless it is known to be there.  Others may make it at the same time."""
        if dimensions in self._added:
            return
        words = (
            *("ON", "HASH", "PREFIX", "1", self._prefix(dimensions), "SCHEMA", "p", "TAG", "CASESENSITIVE"),
            *("u", "NUMERIC", "n", "NUMERIC", "SORTABLE", "t", "NUMERIC", "SORTABLE"),
            # what a search looks at is ten times the default: with it, one search in a few finds not the nearest
            *("v", "VECTOR", "HNSW", "12", "TYPE", "FLOAT32", "DIM", str(dimensions), "DISTANCE_METRIC", "COSINE"),
            *("M", "16", "EF_CONSTRUCTION", "128", "EF_RUNTIME", "128"),
        )
        await self._link.command("vector_index", "FT.CREATE", self._index(dimensions), *words, fine=_THERE)
        self._added[dimensions] = self._limit  # how much others have left there is not known: look soon

    async def _make_room(self, dimensions: int) -> None:
        """Drop the oldest while the index holds too much."""
        self._added[dimensions] = 0
        index = self._index(dimensions)
        reduce = ("GROUPBY", "0", "REDUCE", "SUM", "1", "@n", "AS", "total")
        reply = await self._link.command("vector_size", "FT.AGGREGATE", index, "*", *reduce, fine=_NOT_THERE)
        total = next((float(fields[b"total"]) for _, fields in _found(reply or {})), 0.0)
        if total <= self._limit:
            return
        enough = self._limit - self._limit // _SHARE
        oldest = ("SORTBY", "t", "ASC", "RETURN", "1", "n", "LIMIT", "0", str(_AT_ONCE))
        for _ in range(_ROUNDS):
            reply = await self._link.command("vector_oldest", "FT.SEARCH", index, "*", *oldest, fine=_NOT_THERE)
            keys = []
            for key, fields in _found(reply or {}):
                if total > enough:
                    keys.append(key)
                    total -= float(fields.get(b"n", 0))
            if not keys:
                return
            await self._link.command("vector_drop", "UNLINK", *keys)


def _tag(partition: str) -> str:
    """Tags fold case and end at commas; digits do neither."""
    return sha256(partition.encode("utf-8", "surrogatepass")).hexdigest()


def _unit(vector: Sequence[float]) -> bytes | None:
    length = math.hypot(*vector)
    if not 0.0 < length < math.inf:
        return None  # a null vector has no direction
    return struct.pack(f"<{len(vector)}f", *(number / length for number in vector))


def _found(reply: Any) -> list[tuple[bytes, dict[bytes, bytes]]]:
    """Key and fields of each result, in either version of the protocol; an entry that has just ended has none."""
    if isinstance(reply, dict):
        results = reply.get(b"results", [])
        return [(one.get(b"id", b""), one.get(b"extra_attributes") or {}) for one in results]
    made = []
    at = 1  # behind the number of results
    while at < len(reply):
        key, at = (reply[at], at + 1) if isinstance(reply[at], bytes) else (b"", at)
        fields = (reply[at] if at < len(reply) else None) or []
        made.append((key, dict(zip(fields[::2], fields[1::2], strict=False))))
        at += 1
    return made
