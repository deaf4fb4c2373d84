"""The nearest known name, for "did you mean"."""

from __future__ import annotations

from collections.abc import Iterable

__all__ = ["nearest"]


def _distance(a: str, b: str, limit: int) -> int:
    """Edit distance with adjacent swaps, or more than `limit`."""
    if abs(len(a) - len(b)) > limit:
        return limit + 1
    before: list[int] = []
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        before, last, row = row, before, [i]
        for j, y in enumerate(b, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (x != y))
            if i > 1 and j > 1 and x == b[j - 2] and y == a[i - 2]:
                cost = min(cost, last[j - 2] + 1)
            row.append(cost)
        if min(row) > limit:
            return limit + 1
    return row[-1]


def nearest(word: str, candidates: Iterable[str]) -> str | None:
    """The candidate most like `word`, ignoring case; None when none is near (a third of its length)."""
    limit = max(1, len(word) // 3)
    low = word.lower()
    best: tuple[int, str] | None = None
    for name in candidates:
        d = _distance(low, name.lower(), limit)
        if d <= limit and (best is None or (d, name) < best):
            best = (d, name)
    return best[1] if best else None
