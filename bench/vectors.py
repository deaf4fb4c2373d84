"""The semantic cache in memory at 100,000 entries, beside a bare scan with numpy.  See README.md.

    python bench/vectors.py                      # 100,000 entries of 1,536 numbers: some GB of memory, minutes
    python bench/vectors.py --entries 20000

Exit 1 when a lookup is not ten times faster than the scan, misses more than one hit in a hundred, or keeps the event
loop for more than a millisecond: at the 90th percentile, beyond what the machine takes beside any thread's work.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import statistics
import sys
import time
from typing import TYPE_CHECKING

import numpy as np

from apimpy.runtime.ports import CachedResponse
from apimpy.stores.vectors import MemoryVectorStore

if TYPE_CHECKING:
    from collections.abc import Awaitable

THRESHOLD = 0.05
CLUSTERS = 1000
NEAR = 0.05
"""Share of the queries that lie within a tenth of the threshold from it."""
OTHER_WORK = bytes(600_000)
"""Hashed in about the time of a lookup, and without the interpreter."""


def entries(count: int, dimensions: int, chance: np.random.Generator) -> np.ndarray:
    """Unit vectors around the middles of clusters."""
    middles = chance.standard_normal((CLUSTERS, dimensions), dtype=np.float32)
    rows = middles[chance.integers(0, CLUSTERS, count)]
    rows += 0.6 * chance.standard_normal((count, dimensions), dtype=np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def queries(rows: np.ndarray, count: int, chance: np.random.Generator) -> np.ndarray:
    """Entries, moved away by some distance: a few to about the threshold, the rest to either side of it."""
    picked = rows[chance.integers(0, len(rows), count)]
    side = chance.standard_normal(picked.shape, dtype=np.float32)
    side -= np.sum(side * picked, axis=1, keepdims=True) * picked
    side /= np.linalg.norm(side, axis=1, keepdims=True)
    near = chance.random(count) < NEAR
    distance = np.where(near, THRESHOLD * chance.uniform(0.9, 1.1, count), chance.uniform(0.0, 0.2, count))
    cosine = (1.0 - distance).astype(np.float32)[:, None]
    return cosine * picked + np.sqrt(1.0 - cosine**2) * side


async def absence(work: Awaitable[object]) -> float:
    """The longest time, in seconds, in which the loop did nothing but the work.

    The loop never sleeps meanwhile, so whatever keeps it from its next turn is seen: the interpreter held by a thread,
    and also the machine's own delays in switching between threads.
    """
    task = asyncio.ensure_future(work)
    worst, before = 0.0, time.perf_counter()
    while not task.done():
        await asyncio.sleep(0)
        after = time.perf_counter()
        worst, before = max(worst, after - before), after
    return worst


def shares(seconds: list[float]) -> tuple[float, str]:
    """The 90th percentile in milliseconds, and more in words."""
    cut = [1000 * one for one in statistics.quantiles(seconds, n=100)]
    return cut[89], f"{cut[49]:.2f} ms (p90 {cut[89]:.2f}, p99 {cut[98]:.2f})"


async def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--entries", type=int, default=100_000)
    parser.add_argument("--dimensions", type=int, default=1536)
    parser.add_argument("--queries", type=int, default=400)
    chosen = parser.parse_args()
    chance = np.random.default_rng(7)
    rows = entries(chosen.entries, chosen.dimensions, chance)
    asked = queries(rows, chosen.queries, chance)
    now = 0.0
    store = MemoryVectorStore(limit=1 << 40)
    began = time.perf_counter()
    for number, row in enumerate(rows):
        kept = CachedResponse(200, "OK", (("N", str(number)),), b"", 1e9)
        await store.add("p", row, kept, 1e9, now)
        if number % 256 == 0:
            await asyncio.sleep(0)
    print(f"{chosen.entries} entries kept in {time.perf_counter() - began:.1f} s")
    search = store._search
    assert search is not None
    while search._indexing:
        await asyncio.gather(*search._indexing)
    await store.add("p", rows[0], CachedResponse(200, "OK", (("N", "0"),), b"", 1e9), 1e9, now)
    print(f"indexed after {time.perf_counter() - began:.1f} s")

    held, taken, scanned = [], [], []
    for query in asked:
        before = time.perf_counter()
        found = await store.nearest("p", query, now)
        taken.append(time.perf_counter() - before)
        held.append(2.0 if found is None else found.distance)
    away, away_anyway = [], []
    for query in asked:
        away.append(await absence(store.nearest("p", query, now)))
        away_anyway.append(await absence(asyncio.to_thread(hashlib.sha256, OTHER_WORK)))
    exact = []
    for query in asked:
        before = time.perf_counter()
        exact.append(float(1.0 - np.max(rows @ query)))
        scanned.append(time.perf_counter() - before)
    hits = [n for n, distance in enumerate(exact) if distance <= THRESHOLD]
    recall = sum(held[n] <= THRESHOLD + 1e-6 for n in hits) / len(hits)
    wrong = sum(held[n] <= THRESHOLD - 1e-6 for n, distance in enumerate(exact) if distance > THRESHOLD)
    mine, scan = statistics.median(taken) * 1000, statistics.median(scanned) * 1000
    print(f"lookup {mine:.2f} ms, scan {scan:.2f} ms: {scan / mine:.1f} times faster")
    print(f"{len(hits)} hits at {THRESHOLD}, recall {recall:.4f}, wrong {wrong}")
    longest, anyway = shares(away), shares(away_anyway)
    print(f"the loop is away for {longest[1]} during a lookup, {anyway[1]} beside a thread that does not need Python")
    return int(scan / mine < 10 or recall < 0.99 or wrong > 0 or longest[0] > 1.0 + anyway[0])


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
