"""Values as XML text and back: what `XmlConvert` does for LINQ to XML."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

from apimpy.dotnet.exceptions import ArgumentException, ArgumentNullException, FormatException
from apimpy.dotnet.json_net.library import call
from apimpy.dotnet.json_net.scalars import date_text
from apimpy.dotnet.values import Runtime, to_string, type_of
from apimpy.dotnet.xml_.tree import XObject
from apimpy.pattern import pattern

__all__ = ["TARGETS", "convert", "text_of"]

_WHITE = " \t\r\n"
TICKS = 10_000_000


def text_of(value: Any) -> str:
    """The text of content that is neither a node nor a sequence."""
    if value is None:
        raise ArgumentNullException("value")
    if isinstance(value, str):
        return str(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, XObject):
        raise ArgumentException("An XObject cannot be used as a value.")
    if isinstance(value, float):
        if value in (float("inf"), float("-inf")):
            return "INF" if value > 0 else "-INF"
        return to_string(value)
    if isinstance(value, (int, Decimal)):
        return to_string(value)
    name = type_of(value).full_name
    if name == "System.DateTime":
        return date_text(value)
    if name == "System.DateTimeOffset":
        text = date_text(value)
        return text[:-6] + "Z" if text.endswith("+00:00") else text
    if name == "System.TimeSpan":
        return duration_text(value.ticks)
    return to_string(value)


def duration_text(ticks: int) -> str:
    """An ISO 8601 duration: P1DT2H3M4.5S."""
    sign = "-" if ticks < 0 else ""
    seconds, fraction = divmod(abs(ticks), TICKS)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    date = f"{days}D" if days else ""
    time = (f"{hours}H" if hours else "") + (f"{minutes}M" if minutes else "")
    if seconds or fraction:
        time += str(seconds) + (f".{fraction:07d}".rstrip("0") if fraction else "") + "S"
    if not date and not time:
        return "PT0S"
    return f"{sign}P{date}{'T' + time if time else ''}"


_DURATION = pattern(
    r"(-)?P(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)(?:\.(\d+))?S)?)?", re.ASCII
)


def _duration(rt: Runtime, text: str) -> Any:
    from apimpy.dotnet.time.timespan import TimeSpan

    m = _DURATION.fullmatch(text.strip(_WHITE))
    if m is None or text.strip(_WHITE).endswith(("P", "T")):
        raise FormatException(f"The string '{text}' is not a valid TimeSpan value.")
    years, months, days, hours, minutes, seconds = (int(v or 0) for v in m.group(2, 3, 4, 5, 6, 7))
    total = ((years * 365 + months * 30 + days) * 24 + hours) * 3600 + minutes * 60 + seconds
    ticks = total * TICKS + int((m[8] or "").ljust(7, "0")[:7])
    return TimeSpan(-ticks if m[1] else ticks)


def _boolean(rt: Runtime, text: str) -> bool:
    found = {"1": True, "true": True, "0": False, "false": False}.get(text.strip(_WHITE).lower())
    if found is None:
        raise FormatException(f"The string '{text.lower()}' is not a valid Boolean value.")
    return found


_INTEGER = pattern(r"[+-]?[0-9]+")
_NATURAL = pattern(r"[0-9]+")
_DECIMAL = pattern(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)")
_FLOAT = pattern(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_BAD = "Input string was not in a correct format."


def _plain(pattern: re.Pattern[str], type_name: str) -> Any:
    def parse(rt: Runtime, text: str) -> Any:
        text = text.strip(_WHITE)
        if not pattern.fullmatch(text):
            raise FormatException(_BAD)
        return call(rt, type_name, "Parse", ("System.String",), text)

    return parse


def _real(type_name: str) -> Any:
    plain = _plain(_FLOAT, type_name)

    def parse(rt: Runtime, text: str) -> float:
        special = {"INF": "inf", "-INF": "-inf", "NaN": "nan"}.get(text.strip(_WHITE))
        return float(special) if special else plain(rt, text)

    return parse


def _date(rt: Runtime, text: str) -> Any:
    from apimpy.dotnet.time.datetime import from_iso
    from apimpy.dotnet.universe import universe
    from apimpy.dotnet.values import EnumValue

    found = from_iso(text) if text[:1].isdigit() else None
    if found is not None:
        return found
    styles = "System.Globalization.DateTimeStyles"
    params = ("System.String", "System.IFormatProvider", styles)
    roundtrip = EnumValue(universe().named(styles).decl, 128)
    return call(rt, "System.DateTime", "Parse", params, text, None, roundtrip)


def _through(type_name: str, member: str) -> Any:
    def parse(rt: Runtime, text: str) -> Any:
        return call(rt, type_name, member, ("System.String",), text.strip(_WHITE))

    return parse


TARGETS = {
    "bool": _boolean,
    "int": _plain(_INTEGER, "System.Int32"),
    "uint": _plain(_NATURAL, "System.UInt32"),
    "long": _plain(_INTEGER, "System.Int64"),
    "ulong": _plain(_NATURAL, "System.UInt64"),
    "float": _real("System.Single"),
    "double": _real("System.Double"),
    "decimal": _plain(_DECIMAL, "System.Decimal"),
    "DateTime": _date,
    "DateTimeOffset": _through("System.DateTimeOffset", "Parse"),
    "TimeSpan": _duration,
    "Guid": _through("System.Guid", ".ctor"),
}
"""The explicit conversions of elements and attributes, by the C# keyword of their target."""


def convert(target: str, nullable: bool, param: str) -> Any:
    """The conversion of an element or attribute through its value; null only to nullable types."""
    parse = TARGETS[target]

    def run(rt: Runtime, node: Any) -> Any:
        if node is None:
            if nullable:
                return None
            raise ArgumentNullException(param)
        return parse(rt, node.value)

    return run
