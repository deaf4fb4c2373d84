"""The semantic cache in memory at 100,000 entries, beside a bare scan with numpy.  See README.md.

    python bench/vectors.py                      # 100,000 entries of 1,536 numbers: some GB of memory, minutes
    python bench/vectors.py --entries 20000

Exit 1 when a lookup is not ten times faster than the scan, or misses more than one hit in a hundred.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import sys
import time

import numpy as np

from apimpy.runtime.ports import CachedResponse
from apimpy.stores.vectors import MemoryVectorStore

THRESHOLD = 0.05
CLUSTERS = 1000
NEAR = 0.05
"""Share of the queries that lie within a tenth of the threshold from it."""


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

    held, taken, scanned, blocked = [], [], [], []
    stop = asyncio.Event()

    async def watch() -> None:
        """How long the loop was away, at the most, while lookups ran."""
        while not stop.is_set():
            before = time.perf_counter()
            await asyncio.sleep(0)
            blocked.append(time.perf_counter() - before)
            await asyncio.sleep(0.001)

    watching = asyncio.create_task(watch())
    for query in asked:
        before = time.perf_counter()
        found = await store.nearest("p", query, now)
        taken.append(time.perf_counter() - before)
        held.append(2.0 if found is None else found.distance)
    stop.set()
    await watching
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
    print(f"the loop was away for {statistics.quantiles(blocked, n=100)[98] * 1000:.2f} ms at p99")
    return int(scan / mine < 10 or recall < 0.99 or wrong > 0)


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
