"""Custom number formats: `0.00`, `#,##0.##`, `0.0%`, `0.00E+00`, `pos;neg;zero`, quoted and escaped literals."""

from __future__ import annotations

from typing import TYPE_CHECKING

from apimpy.record import Record

if TYPE_CHECKING:
    from apimpy.dotnet.system.digits import Number

__all__ = ["exponent_text", "format_custom"]

_FAR = 1 << 30


class _Section(Record):
    """What one section of the format asks for."""

    digit_count: int = 0
    point: int = -1
    first_zero: int = _FAR
    last_zero: int = 0
    scientific: bool = False
    thousands: bool = False
    shift: int = 0


def exponent_text(letter: str, value: int, digits: int, plus: bool) -> str:
    sign = "-" if value < 0 else "+" if plus else ""
    return f"{letter}{sign}{abs(value):0{digits}d}"


def _find_section(fmt: str, section: int) -> int:
    """Where the section starts; the first one if that section is missing or empty."""
    if section == 0:
        return 0
    i, n = 0, len(fmt)
    while i < n:
        c = fmt[i]
        i += 1
        if c in "'\"":
            while i < n and fmt[i] != c:
                i += 1
            i += 1
        elif c == "\\":
            i += 1
        elif c == ";":
            section -= 1
            if section == 0:
                return i if i < n and fmt[i] != ";" else 0
    return 0


def _exponent_zeros(fmt: str, i: int) -> int:
    """After an E at i - 1: the index past `+000`, or -1 when no exponent follows."""
    n = len(fmt)
    start = i + 1 if i + 1 < n and fmt[i] in "+-" and fmt[i + 1] == "0" else i
    if start >= n or fmt[start] != "0":
        return -1
    while start < n and fmt[start] == "0":
        start += 1
    return start


def _scan(fmt: str, start: int) -> _Section:
    found = _Section()
    comma, commas = -1, 0
    i, n = start, len(fmt)
    while i < n:
        c = fmt[i]
        i += 1
        if c == ";":
            break
        if c == "#":
            found.digit_count += 1
        elif c == "0":
            if found.first_zero == _FAR:
                found.first_zero = found.digit_count
            found.digit_count += 1
            found.last_zero = found.digit_count
        elif c == ".":
            if found.point < 0:
                found.point = found.digit_count
        elif c == ",":
            if found.digit_count > 0 and found.point < 0:
                if comma >= 0:
                    if comma == found.digit_count:
                        commas += 1
                        continue
                    found.thousands = True
                comma, commas = found.digit_count, 1
        elif c == "%":
            found.shift += 2
        elif c == "‰":
            found.shift += 3
        elif c in "'\"":
            while i < n and fmt[i] != c:
                i += 1
            i += 1
        elif c == "\\":
            i += 1
        elif c in "Ee":
            end = _exponent_zeros(fmt, i)
            if end >= 0:
                i = end
                found.scientific = True
    if found.point < 0:
        found.point = found.digit_count
    if comma >= 0:
        if comma == found.point:
            found.shift -= commas * 3
        else:
            found.thousands = True
    return found


def format_custom(number: Number, fmt: str) -> str:
    """The number by a custom format.  Changes `number`."""
    start = _find_section(fmt, 2 if not number.digits else 1 if number.negative else 0)
    while True:
        section = _scan(fmt, start)
        if not number.digits:
            if not number.floating:
                number.negative = False
            number.scale = 0
            break
        number.scale += section.shift
        keep = section.digit_count if section.scientific else number.scale + section.digit_count - section.point
        number.round(keep)
        if number.digits:
            break
        zero = _find_section(fmt, 2)
        if zero == start:
            break
        start = zero
    text = _write(number, fmt, start, section)
    if not number.negative or start != 0:
        return text
    return "-" + text if number.scale != 0 or text else text


def _write(number: Number, fmt: str, start: int, section: _Section) -> str:
    digits, at = number.digits, 0
    first_zero = max(section.point - section.first_zero, 0) if section.first_zero < section.point else 0
    last_zero = min(section.point - section.last_zero, 0)
    scientific = section.scientific
    if scientific:
        position, adjust = section.point, 0
    else:
        position = max(number.scale, section.point)
        adjust = number.scale - section.point
    shown = max(first_zero, position + min(adjust, 0))
    grouping = section.thousands

    out: list[str] = []

    def put(digit: str) -> None:
        out.append(digit)
        # a separator stands left of every third digit before the point
        if grouping and position > 1 and (position - 1) % 3 == 0 and position - 1 < shown:
            out.append(",")

    point_written = False
    i, n = start, len(fmt)
    while i < n:
        c = fmt[i]
        i += 1
        if c == ";":
            break
        if adjust > 0 and c in "#0.":
            while adjust > 0:
                put(digits[at] if at < len(digits) else "0")
                at += 1
                position -= 1
                adjust -= 1
        if c in "#0":
            if adjust < 0:
                adjust += 1
                digit = "0" if position <= first_zero else ""
            elif at < len(digits):
                digit = digits[at]
                at += 1
            else:
                digit = "0" if position > last_zero else ""
            if digit:
                put(digit)
            position -= 1
        elif c == ".":
            if position == 0 and not point_written:
                if last_zero < 0 or (section.point < section.digit_count and at < len(digits)):
                    out.append(".")
                    point_written = True
        elif c == ",":
            continue
        elif c in "'\"":
            end = fmt.find(c, i)
            end = n if end < 0 else end
            out.append(fmt[i:end])
            i = end + 1
        elif c == "\\":
            if i < n:
                out.append(fmt[i])
                i += 1
        elif c in "Ee":
            end = _exponent_zeros(fmt, i)
            if scientific and end >= 0:
                signed = fmt[i] in "+-"
                exponent = number.scale - section.point if digits else 0
                out.append(exponent_text(c, exponent, min(end - i - signed, 10), fmt[i] == "+"))
                i = end
                scientific = False
            else:
                out.append(c)
                if not scientific:
                    if i < n and fmt[i] in "+-":
                        out.append(fmt[i])
                        i += 1
                    while i < n and fmt[i] == "0":
                        out.append("0")
                        i += 1
        else:
            out.append(c)
    return "".join(out)
