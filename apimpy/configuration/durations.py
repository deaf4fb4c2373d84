"""ISO 8601 durations, as the platform's resources write them: `PT10S`, `P1DT2H`."""

from __future__ import annotations

from apimpy.pattern import pattern

__all__ = ["seconds_of"]

_DURATION = pattern(r"P(?=.)(?:(\d+)D)?(?:T(?=.)(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?")


def seconds_of(text: str) -> float | None:
    """Seconds; None when the text is no duration.  Years and months have no fixed length and are none."""
    found = _DURATION.fullmatch(text)
    if found is None:
        return None
    days, hours, minutes, seconds = (float(part or 0) for part in found.groups())
    return ((days * 24 + hours) * 60 + minutes) * 60 + seconds
