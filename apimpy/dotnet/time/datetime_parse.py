"""Text as dates under the invariant culture: `Parse` (any usual notation) and `ParseExact` (one given format).

Both give a `Parsed`: the clock reading, and the offset that the text named, if it did.  What that means for the kind
is decided by DateTime and DateTimeOffset.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from apimpy.dotnet.decl import enum_type
from apimpy.dotnet.exceptions import ArgumentException, ArgumentNullException, ClrError, FormatException
from apimpy.dotnet.time import exact
from apimpy.dotnet.time import ticks as tk
from apimpy.pattern import pattern
from apimpy.record import Record

if TYPE_CHECKING:
    from collections.abc import Sequence

    from apimpy.dotnet.values import Array, EnumValue, Runtime

__all__ = ["Parsed", "checked_formats", "checked_styles", "parse_exact", "parse_general"]

ALLOW_LEADING, ALLOW_TRAILING, ALLOW_INNER, NO_CURRENT_DATE = 1, 2, 4, 8
ADJUST_TO_UNIVERSAL, ASSUME_LOCAL, ASSUME_UNIVERSAL, ROUNDTRIP_KIND = 16, 32, 64, 128

date_time_styles = enum_type(
    "System.Globalization.DateTimeStyles",
    {
        "None": 0,
        "AllowLeadingWhite": ALLOW_LEADING,
        "AllowTrailingWhite": ALLOW_TRAILING,
        "AllowInnerWhite": ALLOW_INNER,
        "AllowWhiteSpaces": 7,
        "NoCurrentDateDefault": NO_CURRENT_DATE,
        "AdjustToUniversal": ADJUST_TO_UNIVERSAL,
        "AssumeLocal": ASSUME_LOCAL,
        "AssumeUniversal": ASSUME_UNIVERSAL,
        "RoundtripKind": ROUNDTRIP_KIND,
    },
    flags=True,
    allowed="",
)


class Parsed(Record, frozen=True, eq=True):
    """A clock reading in ticks; the offset in ticks if the text had one; `zulu`: it was written as Z or GMT."""

    ticks: int
    offset: int | None = None
    zulu: bool = False


def checked_styles(styles: EnumValue, param: str = "style") -> int:
    value = styles.value
    if value & ~255:
        raise ArgumentException("An undefined DateTimeStyles value is being used.", param)
    if value & ASSUME_LOCAL and value & ASSUME_UNIVERSAL:
        raise ArgumentException(
            "The DateTimeStyles values AssumeLocal and AssumeUniversal cannot be used together.", param
        )
    if value & ROUNDTRIP_KIND and value & (ASSUME_LOCAL | ASSUME_UNIVERSAL | ADJUST_TO_UNIVERSAL):
        raise ArgumentException(
            "The DateTimeStyles value RoundtripKind cannot be used with the values AssumeLocal, AssumeUniversal or "
            "AdjustToUniversal.",
            param,
        )
    return value


def checked_formats(formats: Array | None) -> list[str | None]:
    if formats is None:
        raise ArgumentNullException("formats")
    if not formats:
        raise FormatException("No format specifiers were provided.")
    return list(formats)


def _bad(text: str) -> ClrError:
    return FormatException(f"String '{text}' was not recognized as a valid DateTime.")


def _out_of_calendar(text: str) -> ClrError:
    return FormatException(
        f"The DateTime represented by the string '{text}' is not supported in calendar "
        "'System.Globalization.GregorianCalendar'."
    )


def two_digit_year(year: int) -> int:
    """0–29 belong to this century, as in .NET Framework and .NET up to 7."""
    return year + (2000 if year <= 29 else 1900)


# --- Parse -----------------------------------------------------------------------------------------------------------

_ISO_DATE = r"(?P<date>\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4})"
_ZONE = r"(?P<zone>Z|GMT|[+-]\d{1,2}(?::\d{1,2}|\d{2})?)"
_DATE_ZONE = pattern(_ISO_DATE + r"(?:\s*(?P<zone>Z|[+-]\d{2}:\d{2})|\s+(?P<gmt>GMT))", re.IGNORECASE | re.ASCII)
_TIME = pattern(
    r"(?<![\d:.])(?:(?P<hour>\d{1,2}):(?P<minute>\d{1,2})(?::(?P<second>\d{1,2})(?:\.(?P<fraction>\d+))?)?"
    r"\s*(?P<half>[AP]M(?![A-Z]))?|(?<![-/.])(?P<hour12>\d{1,2})\s*(?P<half12>[AP]M(?![A-Z])))"
    r"(?:\s*" + _ZONE + r"(?![A-Z\d:]))?",
    re.IGNORECASE | re.ASCII,
)
_HALF_ALONE = pattern(r"(?P<first>[AP]M)\s+(?P<rest>.*\d)|(?P<date>.*\d)\s+(?P<last>[AP]M)", re.IGNORECASE | re.ASCII)
_ISO_MARK = pattern(r"\d{3,4}[-/.]\d{1,2}[-/.]\d{1,2}\s*T", re.IGNORECASE | re.ASCII)
_ISO_TIME = pattern(r"\d\d:\d\d(?::\d\d|(?!:))", re.ASCII)
_ERA = pattern(r"(?:A\.D\.|AD)\s+(?=.*[-/])|\s+(?:A\.D\.|AD)\Z", re.IGNORECASE | re.ASCII)
_LEXEME = pattern(r"[^\W\d_]+|\s+|[\d,./:+#-]|\0", re.ASCII)
_DATE_TOKEN = pattern(r"\s*(?:(\d+)|([A-Za-z]+)\.?)\s*([-/.,]?)\s*", re.ASCII)
_KNOWN = frozenset(
    [w.lower() for names in (tk.MONTHS, tk.DAYS) for n in names for w in (n, n[:3])]
    + ["am", "pm", "t", "z", "gmt", "ad", "d"]
)


def parse_general(rt: Runtime, text: str | None, styles: int = 0, param: str = "s") -> Parsed:
    """`DateTime.Parse`: ISO 8601, `MM/dd/yyyy`, month names, RFC 1123, times with AM/PM, in the usual mixtures."""
    if text is None:
        raise ArgumentNullException(param)
    body = text.strip("\t\n\v\f\r \0")
    if len(body) > 1 and body[0] == body[-1] == "#":
        body = body[1:-1].strip("\t\n\v\f\r ")
    if not body:
        raise _bad(text)
    body = _ERA.sub("", body)
    _check_words(body, text)
    body = body.lstrip(",.")
    if m := _DATE_ZONE.fullmatch(body):
        return _with_zone(_date(rt, m["date"], text), m["zone"] or m["gmt"], text)
    m = _TIME.search(body)
    if m is None:
        if half := _HALF_ALONE.fullmatch(body):
            noon = (half["first"] or half["last"])[0] in "Pp"
            return Parsed(_date(rt, half["rest"] or half["date"], text) + noon * 12 * tk.HOUR)
        return Parsed(_date(rt, body, text))
    before, after = body[: m.start()], body[m.end() :]
    clock = _clock(m, text)
    if before.rstrip()[-1:] in ("T", "t"):
        return _with_zone(_iso_date(before, m, after, text) + clock, m["zone"], text)
    if before and not before[-1].isspace() and before[-1] != ",":
        raise _bad(text)
    before, after = before.strip(), after.strip()
    if before and after:
        raise _bad(text)
    if before.lower() in ("am", "pm") and not (m["half"] or m["half12"]):
        clock, before = _clock(m, text, before), ""
    if before or after:
        day = _date(rt, before or after, text, timed=bool(before))
    else:
        day = 0 if styles & NO_CURRENT_DATE else tk.now_ticks(rt) // tk.DAY * tk.DAY
    return _with_zone(day + clock, m["zone"], text)


def _check_words(body: str, text: str) -> None:
    """Refuses what is neither a number, a separator nor a word of dates; the first such thing decides the message."""
    start = text.index(body) if body in text else 0
    i = 0
    while i < len(body):
        m = _LEXEME.match(body, i) or _LETTERS.match(body, i)
        if m is None or (i == 0 and body[0] in "-/:+") or body[i : i + 4].upper() == "A.D.":
            raise _bad(text)
        word = m[0].lower()
        if word[0].isalpha() and (word not in _KNOWN or (word == "t" and i == 0)):
            if word == "zz" or (word.startswith("z") and _ISO_TIME.match(body, max(i - 8, 0))):
                raise _bad(text)
            raise FormatException(
                f"The string '{text}' was not recognized as a valid DateTime. "
                f"There is an unknown word starting at index '{start + i}'."
            )
        i = m.end()


_LETTERS = pattern(r"[^\W\d_]+")


def _iso_date(before: str, m: re.Match[str], after: str, text: str) -> int:
    """Ticks of the date in front of a T; what follows the T must be ISO 8601 too."""
    if (
        after.strip()
        or not _ISO_MARK.fullmatch(before.strip())
        or m["half"]
        or (m["zone"] or "").upper() == "GMT"
        or not _ISO_TIME.match(m[0])
    ):
        raise _bad(text)
    numbers = [int(n) for n in re.findall(r"\d+", before)]
    year, month, day = numbers
    if not (1 <= year <= 9999 and 1 <= month <= 12 and 1 <= day <= tk.days_in_month(year, month)):
        raise _out_of_calendar(text)
    return tk.day_number(year, month, day) * tk.DAY


def _with_zone(ticks: int, zone: str | None, text: str) -> Parsed:
    if zone is None:
        if ticks > tk.MAX_TICKS:  # the eighth digit of a second rounds up
            raise _bad(text)
        return Parsed(ticks)
    if zone[0] in "ZzGg":
        return Parsed(ticks, 0, zulu=True)
    head, colon, tail = zone[1:].partition(":")
    if not colon and len(head) > 2:
        head, tail = head[:-2], head[-2:]
    hours, minutes = int(head), int(tail or 0)
    if minutes > 59:
        raise _bad(text)
    offset = hours * tk.HOUR + minutes * tk.MINUTE
    if offset > 14 * tk.HOUR:
        raise FormatException(f"The time zone offset of string '{text}' must be within plus or minus 14 hours.")
    return Parsed(ticks, -offset if zone[0] == "-" else offset)


def _clock(m: re.Match[str], text: str, half: str = "") -> int:
    hour = int(m["hour"] or m["hour12"])
    minute, second = int(m["minute"] or 0), int(m["second"] or 0)
    half = (m["half"] or m["half12"] or half).upper()[:1]
    if half:
        hour = half_day(hour, half, text)
    if hour > 23 or minute > 59 or second > 59:
        raise _bad(text) if m["half12"] else _out_of_calendar(text)
    fraction = m["fraction"] or ""
    ticks = int(fraction[:7].ljust(7, "0")) + (len(fraction) > 7 and fraction[7] >= "5")
    return hour * tk.HOUR + minute * tk.MINUTE + second * tk.SECOND + ticks


def half_day(hour: int, half: str, text: str) -> int:
    """The hour of the day for one written with AM (`half` "A") or PM."""
    if half == "A":
        if hour > 12:
            raise _bad(text)
        return hour % 12
    return hour + 12 if hour < 12 else hour


def _date(rt: Runtime, part: str, text: str, timed: bool = False) -> int:
    """Ticks of the date in `part`; `text` is for messages, `timed`: a time follows."""
    numbers: list[str] = []
    month = weekday = None
    late = False  # the month's name came after a number
    i = 0
    while i < len(part):
        m = _DATE_TOKEN.match(part, i)
        if m is None:
            raise _bad(text)
        i = m.end()
        if m[3] and i == len(part) and m[3] not in ",.":
            raise _bad(text)
        if m[1]:
            numbers.append(m[1])
            continue
        short = m[2][:3].capitalize()
        name = m[2].capitalize()
        if weekday is None and any(name in (d, d[:3]) for d in tk.DAYS):
            weekday = [d[:3] for d in tk.DAYS].index(short)
        elif month is None and any(name in (n, n[:3]) for n in tk.MONTHS):
            month = [n[:3] for n in tk.MONTHS].index(short) + 1
            late = bool(numbers)
        else:
            raise _bad(text)
    year_text: str | None
    if month is not None and late and weekday is None and len(numbers) == 1 and len(numbers[0]) <= 2:
        year_text, mm, dd = numbers[0], month, 1  # "9 Feb": the invariant culture writes the year before the month
    else:
        year_text, mm, dd = _assign(numbers, month, text)
        if timed and len(numbers) + (month is not None) == 2 and (month is None or year_text is not None):
            raise _bad(text)  # two numbers and a time: it cannot be told which parts they are
    if year_text is None:
        year = tk.calendar(tk.now_ticks(rt)).year
    else:
        year = int(year_text)
        if len(year_text) <= 2:
            year = two_digit_year(year)
    if not (1 <= year <= 9999 and 1 <= mm <= 12 and 1 <= dd <= tk.days_in_month(year, mm)):
        raise _bad(text)
    number = tk.day_number(year, mm, dd)
    if weekday is not None and (number + 1) % 7 != weekday:
        raise FormatException(
            f"String '{text}' was not recognized as a valid DateTime because the day of week was incorrect."
        )
    return number * tk.DAY


def _assign(numbers: Sequence[str], month: int | None, text: str) -> tuple[str | None, int, int]:
    """Which number is the year (None: the current one), the month, the day."""
    years = [n for n in numbers if len(n) > 2]
    if len(years) > 1 or any(len(n) > 4 for n in numbers):
        raise _bad(text)
    rest = [int(n) for n in numbers if len(n) <= 2]
    year = years[0] if years else None
    if month is not None:
        if year is not None and len(rest) <= 1:
            return year, month, rest[0] if rest else 1
        if year is None and len(rest) == 2:
            return numbers[1], month, rest[0]
        if year is None and len(rest) == 1:
            return None, month, rest[0]
        raise _bad(text)
    if len(numbers) == 3:
        if year is None:
            return numbers[2], rest[0], rest[1]
        if numbers[1] != year:
            return year, rest[0], rest[1]
    elif len(numbers) == 2:
        return (None, rest[0], rest[1]) if year is None else (year, rest[0], 1)
    raise _bad(text)


# --- ParseExact ------------------------------------------------------------------------------------------------------


def parse_exact(
    rt: Runtime, text: str | None, formats: Sequence[str | None], styles: int = 0, param: str = "s"
) -> Parsed:
    """`DateTime.ParseExact` with one or several formats."""
    if text is None:
        raise ArgumentNullException(param)
    if len(formats) == 1:
        return _exact(rt, text, formats[0], styles, param)
    for fmt in formats:
        try:
            return _exact(rt, text, fmt, styles, param)
        except FormatException:
            continue
    raise _bad(text)


def _exact(rt: Runtime, text: str, fmt: str | None, styles: int, param: str) -> Parsed:
    if fmt is None:
        raise ArgumentNullException("format")
    found = exact.scan(text, fmt, styles & ALLOW_LEADING, styles & ALLOW_TRAILING, styles & ALLOW_INNER)
    if found is None:
        raise _bad(text)
    if fmt == "U":
        if param == "input":
            raise FormatException("Format specifier 'U' was invalid.")
        found["z"] = 0
    hour, half = found.get("H", 0), found.get("t")
    if "h" in found:
        hour = half_day(hour, "AP"[half or 0], text)
    elif half is not None and half != (hour >= 12):
        raise _bad(text)
    if not found.keys() & {"y", "M", "d"}:
        day = 0 if styles & NO_CURRENT_DATE else tk.now_ticks(rt) // tk.DAY
    else:
        year = found["y"] if "y" in found else tk.calendar(tk.now_ticks(rt)).year
        month, dd = found.get("M", 1), found.get("d", 1)
        if not (1 <= year <= 9999 and 1 <= month <= 12 and 1 <= dd <= tk.days_in_month(year, month)):
            raise _out_of_calendar(text)
        day = tk.day_number(year, month, dd)
    minute, second = found.get("m", 0), found.get("s", 0)
    if hour > 23 or minute > 59 or second > 59:
        raise _out_of_calendar(text)
    if "w" in found and (day + 1) % 7 != found["w"]:
        raise FormatException(
            f"String '{text}' was not recognized as a valid DateTime because the day of week was incorrect."
        )
    ticks = day * tk.DAY + hour * tk.HOUR + minute * tk.MINUTE + second * tk.SECOND + found.get("f", 0)
    return Parsed(ticks, found.get("z"), zulu="Z" in found)
