"""The metrics of several processes as those of one: pages of the text format, added up."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["summed"]

_SMALLEST = frozenset(
    {"apimpy_store_up", "apimpy_configuration_timestamp_seconds", "process_start_time_seconds", "process_max_fds"}
)
"""What says how the worst or the oldest of them fares."""
_LARGEST = frozenset({"apimpy_backend_open"})
"""What holds when it does for one of them."""


def _together(name: str, one: float, other: float) -> float:
    if name in _SMALLEST:
        return min(one, other)
    return max(one, other) if name in _LARGEST else one + other


def summed(pages: Iterable[str]) -> str:
    """One page.  Samples with the same name and labels are added; of some, the smallest or the largest is shown.

    >>> print(summed(["# TYPE a counter\\na{x=\\"1\\"} 2.0\\n", "# TYPE a counter\\na{x=\\"1\\"} 3.0\\n"]), end="")
    # TYPE a counter
    a{x="1"} 5.0
    """
    families: dict[str, tuple[dict[str, None], dict[str, float]]] = {}
    for page in pages:
        family: tuple[dict[str, None], dict[str, float]] = ({}, {})
        for line in page.splitlines():
            if line.startswith("#"):
                name = line.split(" ", 3)[2]
                family = families.setdefault(name, ({}, {}))
                family[0][line] = None
            elif line:
                sample, _, text = line.rpartition(" ")
                value, known = float(text), family[1].get(sample)
                if known is None:
                    family[1][sample] = value
                else:
                    family[1][sample] = _together(sample.partition("{")[0], value, known)
    lines = (
        line
        for headers, samples in families.values()
        for line in (*headers, *(f"{sample} {value!r}" for sample, value in samples.items()))
    )
    return "\n".join(lines) + "\n"
