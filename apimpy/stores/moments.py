"""Time as the counters reckon with it: whole microseconds.

Seconds since 1970 have a resolution of a quarter of a microsecond, so the time between two of them depends on when they
were.  Between whole microseconds it is exact, and a counter gives the same answers at any hour.
"""

from __future__ import annotations

import math

__all__ = ["EPSILON", "SECOND", "moment"]

SECOND = 1e6
EPSILON = 1e-6
"""Below it a difference of two levels (calls, tokens) is rounding."""


def moment(now: float) -> float:
    """The nearest whole microsecond.  A float, as in Redis: both stores do the same arithmetic.

    >>> moment(1_700_000_000.1) - moment(1_700_000_000)
    100000.0
    """
    return float(math.floor(now * SECOND + 0.5))
