"""DotLiquid's filters under their C# names.

A filter takes the runtime, its input and its arguments; text filters see the text of whatever comes in, and null stays
null.  Dates are formatted with .NET's format strings.  What may grow is measured before it is made.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import ROUND_HALF_EVEN, Decimal, DivisionByZero, InvalidOperation, Overflow, localcontext
from typing import Any

from apimpy.dotnet.time.datetime import DateTime
from apimpy.dotnet.time.ticks import now_ticks
from apimpy.dotnet.values import Runtime, from_text, to_text
from apimpy.dotnet.web.webutility import form_decode, form_encode, html_encode
from apimpy.pattern import pattern
from apimpy.policies._liquid.values import (
    Failure,
    Members,
    extent,
    items,
    member,
    number,
    of_collection,
    parsed_date,
    text,
)

__all__ = ["FILTERS", "Filter"]

Filter = Callable[..., Any]

_BLOCKS = pattern(r"(?is)<script.*?</script>|<!--.*?-->|<style.*?</style>")
_BREAK = pattern(r"\r?\n")
_TAGS = pattern(r"(?s)<.*?>")
_WORD_START = pattern(r"(?<!\S)\S")
_INT_MIN, _INT_MAX = -(2**63), 2**63 - 1


# --- text -------------------------------------------------------------------------------------------------------------


def _on_text(change: Callable[..., Any]) -> Filter:
    """A filter of text: null stays null."""

    def filter_(rt: Runtime, value: Any, *args: Any) -> Any:
        return None if value is None else change(rt, text(value), *args)

    return filter_


def _plain(change: Callable[[str], str]) -> Filter:
    return _on_text(lambda _rt, value: change(value))


def _append(rt: Runtime, value: str, other: Any) -> str:
    more = text(other)
    rt.check_size(len(value) + len(more))
    return value + more


def _prepend(rt: Runtime, value: str, other: Any) -> str:
    return _append(rt, text(other), value)


def _replace(rt: Runtime, value: str, old: Any, new: Any = "") -> str:
    what, by = text(old), text(new)
    if not what or not value:
        return value
    rt.check_size(len(value) + value.count(what) * max(0, len(by) - len(what)))
    return value.replace(what, by)


def _replace_first(rt: Runtime, value: str, old: Any, new: Any = "") -> str:
    what, by = text(old), text(new)
    rt.check_size(len(value) + len(by))
    return value.replace(what, by, 1) if what else value


def _split(rt: Runtime, value: Any, separator: Any = "") -> Any:
    whole, what = text(value), text(separator)
    if not whole.strip():
        return [whole]
    rt.tick((whole.count(what) if what else len(whole)) + 1)
    return [part for part in whole.split(what) if part] if what else list(whole)


def _slice(rt: Runtime, value: Any, start: Any, length: Any = 1) -> Any:
    first, count = _whole(start), _whole(length)
    if isinstance(value, (list, tuple, range)):
        first = max(0, extent(value) + first) if first < 0 else first
        chosen = value[first : first + max(0, count)]
        rt.tick(extent(chosen))
        return "".join(map(text, chosen))
    if not isinstance(value, str):
        return value
    if first > len(value):
        return None
    if first < 0:
        first += len(value)
        if first < 0:
            count, first = max(0, count + first), 0
    return value[first : first + max(0, count)]


def _truncate(rt: Runtime, value: str, length: Any = 50, ending: Any = "...") -> str:
    most, tail = _whole(length), text(ending)
    if not value:
        return value
    if most < 0:
        return tail
    return value[: max(0, most - len(tail))] + tail if len(value) > most else value


def _truncate_words(rt: Runtime, value: str, count: Any = 15, ending: Any = "...") -> str:
    most, tail = _whole(count), text(ending)
    if not value:
        return value
    if most <= 0:
        return tail
    words = value.split(" ", most)
    return " ".join(words[:most]) + tail if len(words) > most else value


def _newline_to_br(rt: Runtime, value: str) -> str:
    rt.check_size(len(value) + 6 * value.count("\n"))
    return _BREAK.sub(r"<br />\g<0>", value)


def _strip_newlines(value: str) -> str:
    return _BREAK.sub("", value)


def _default(rt: Runtime, value: Any, other: Any = None) -> Any:
    if value is None or (not isinstance(value, (list, tuple, range, Mapping)) and not text(value).strip()):
        return other
    return value


def _strip_html(value: str) -> str:
    return _TAGS.sub("", _BLOCKS.sub("", value))


# --- dates and money --------------------------------------------------------------------------------------------------


def _date(rt: Runtime, value: Any, form: Any = None) -> Any:
    if value is None:
        return None
    pattern_ = text(form)
    if isinstance(value, DateTime):
        date: DateTime | None = value
    else:
        written = text(value)
        if written.lower() in ("now", "today"):
            date = DateTime(now_ticks(rt), 1)
        elif not pattern_.strip() or (date := parsed_date(rt, written)) is None:
            return written
    assert date is not None
    return to_text(date.clr_format(from_text(pattern_)) if pattern_.strip() else date.clr_to_string())


_MONEY: dict[str, tuple[str, str, str, str, int]] = {
    # sign before the number, sign after it, groups, decimal point, digits
    "": ("¤", "", ",", ".", 2),
    "en": ("¤", "", ",", ".", 2),
    "en-us": ("$", "", ",", ".", 2),
    "en-ca": ("$", "", ",", ".", 2),
    "en-au": ("$", "", ",", ".", 2),
    "en-gb": ("£", "", ",", ".", 2),
    "en-ie": ("€", "", ",", ".", 2),
    "de-de": ("", " €", ".", ",", 2),
    "es-es": ("", " €", ".", ",", 2),
    "it-it": ("", " €", ".", ",", 2),
    "fr-fr": ("", " €", "\u202f", ",", 2),
    "ja-jp": ("¥", "", ",", ".", 0),
}


def _currency(rt: Runtime, value: Any, language: Any = None) -> Any:
    if value is None:
        return None
    amount = number(text(value).replace(",", "").replace("¤", "")) if isinstance(value, str) else number(value)
    if amount is None:
        return text(value)
    tag = text(language).strip().lower()
    form = _MONEY.get(tag)
    if form is None:
        raise Failure(f"Currency does not know the culture '{tag[:20]}'.")
    before, after, groups, point, digits = form
    exact = _exact(amount).quantize(Decimal(1).scaleb(-digits), "ROUND_HALF_UP")
    written = f"{abs(exact):,}".replace(",", "\0").replace(".", point).replace("\0", groups)
    whole = f"{before}{written}{after}"
    return whole if exact >= 0 else f"({whole})" if not tag else f"-{whole}"


# --- numbers ----------------------------------------------------------------------------------------------------------


def _whole(value: Any) -> int:
    found: Any = number(value)
    if found is None or abs(found) > 2**31:
        raise Failure(f"'{text(value)[:40]}' is no whole number.")
    return int(_exact(found).to_integral_value(ROUND_HALF_EVEN))


def _exact(value: float | Decimal) -> Decimal:
    found = value if isinstance(value, Decimal) else Decimal(repr(value))
    if not found.is_finite() or abs(found) > 10**28:
        raise Failure("The number is too large.")
    return found


def _math(word: str, operation: Callable[[Any, Any], Any]) -> Filter:
    """Whole numbers stay whole; when one of the two is not, both are decimals."""

    def filter_(rt: Runtime, value: Any, operand: Any) -> Any:
        if value is None or operand is None:
            return None
        a, b = number(value), number(operand)
        if a is None or b is None:
            raise Failure(f"{word} needs numbers.")
        try:
            if isinstance(a, int) and isinstance(b, int):
                found = operation(a, b)
                if not _INT_MIN <= found <= _INT_MAX:
                    raise Failure("Arithmetic operation resulted in an overflow.")
                return found
            with localcontext(prec=28):
                return _trimmed(operation(_exact(a), _exact(b)))
        except (ZeroDivisionError, DivisionByZero, InvalidOperation, Overflow) as error:
            zero = not b
            raise Failure("Attempted to divide by zero." if zero else "The number is too large.") from error

    return filter_


def _trimmed(value: Decimal) -> Decimal:
    short = value.normalize()
    return short.quantize(Decimal(1)) if short == short.to_integral_value() else short


def _divide(a: Any, b: Any) -> Any:
    if isinstance(a, int) and isinstance(b, int):
        quotient = abs(a) // abs(b)
        return quotient if (a < 0) == (b < 0) else -quotient
    return a / b


def _remainder(a: Any, b: Any) -> Any:
    if isinstance(a, int) and isinstance(b, int):
        return abs(a) % abs(b) * (-1 if a < 0 else 1)
    return a % b


def _plus(rt: Runtime, value: Any, operand: Any) -> Any:
    if isinstance(value, str) and (number(value) is None or number(operand) is None):
        return _append(rt, value, operand)
    return _SUM(rt, value, operand)


_SUM = _math("Plus", lambda a, b: a + b)


def _round(rt: Runtime, value: Any, places: Any = 0) -> Any:
    found = number(value)
    if found is None:
        return None
    digits = _whole(places)
    if not 0 <= digits <= 28:
        return None
    with localcontext(prec=60):
        return _exact(found).quantize(Decimal(1).scaleb(-digits), ROUND_HALF_EVEN)


def _abs(rt: Runtime, value: Any) -> Any:
    found = number(value)
    return 0 if found is None else abs(found)


def _at(best: Callable[..., Any]) -> Filter:
    def filter_(rt: Runtime, value: Any, bound: Any) -> Any:
        a, b = number(value), number(bound)
        return value if a is None or b is None else best(a, b, key=_exact)

    return filter_


# --- lists ------------------------------------------------------------------------------------------------------------


def _on_list(change: Callable[..., Any]) -> Filter:
    """A filter of a list; one value counts as a list of it, null stays null."""

    def filter_(rt: Runtime, value: Any, *args: Any) -> Any:
        if value is None:
            return None
        rt.tick(extent(value) if isinstance(value, (list, tuple, range, Members)) else 1)
        return change(rt, items(value), *args)

    return filter_


def _join(rt: Runtime, values: Sequence[Any], glue: Any = " ") -> str:
    between = text(glue)
    parts = [("True" if v else "False") if isinstance(v, bool) else text(v) for v in values]
    rt.check_size(sum(map(len, parts)) + len(between) * len(parts))
    return between.join(parts)


def _sort(rt: Runtime, values: Sequence[Any], by: Any = None) -> list[Any]:
    name = None if by is None else text(by)

    def key(value: Any) -> tuple[int, Any]:
        held = value if name is None else member(value, name)
        if held is None:
            return (0, 0)
        if isinstance(held, (int, float, Decimal)):
            return (1, _exact(held))
        return (2, held.ticks) if isinstance(held, DateTime) else (3, text(held).upper())

    return sorted(_flat(rt, values), key=key)


def _flat(rt: Runtime, values: Sequence[Any]) -> list[Any]:
    found: list[Any] = []
    for value in values:
        if isinstance(value, (list, tuple, range)):
            rt.tick(extent(value))
            found.extend(value)
        else:
            found.append(value)
    return found


def _map(rt: Runtime, values: Sequence[Any], name: Any) -> list[Any]:
    return [member(value, text(name)) for value in values]


def _uniq(rt: Runtime, values: Sequence[Any]) -> list[Any]:
    seen: set[Any] = set()
    kept = []
    for value in _flat(rt, values):
        key = (type(value).__name__, text(value)) if not isinstance(value, Members) else id(value)
        if key not in seen:
            seen.add(key)
            kept.append(value)
    return kept


def _size(rt: Runtime, value: Any) -> int:
    return extent(value) if isinstance(value, (str, list, tuple, range, Members)) else 0


def _end(word: str) -> Filter:
    return lambda rt, value: of_collection(value, word)


FILTERS: Mapping[str, Filter] = {
    "Abs": _abs,
    "Append": _on_text(_append),
    "AtLeast": _at(max),
    "AtMost": _at(min),
    "Capitalize": _plain(lambda s: _WORD_START.sub(lambda m: m[0].upper(), s)),
    "Compact": _on_list(lambda rt, values: [v for v in _flat(rt, values) if v is not None]),
    "Currency": _currency,
    "Date": _date,
    "Default": _default,
    "DividedBy": _math("DividedBy", _divide),
    "Downcase": _plain(str.lower),
    "Escape": _plain(lambda s: html_encode(from_text(s))),
    "First": _end("first"),
    "H": _plain(lambda s: html_encode(from_text(s))),
    "Join": _on_list(_join),
    "Last": _end("last"),
    "Lstrip": _plain(str.lstrip),
    "Map": _on_list(_map),
    "Minus": _math("Minus", lambda a, b: a - b),
    "Modulo": _math("Modulo", _remainder),
    "NewlineToBr": _on_text(_newline_to_br),
    "Plus": _plus,
    "Prepend": _on_text(_prepend),
    "Remove": _on_text(_replace),
    "RemoveFirst": _on_text(_replace_first),
    "Replace": _on_text(_replace),
    "ReplaceFirst": _on_text(_replace_first),
    "Round": _round,
    "Rstrip": _plain(str.rstrip),
    "Size": _size,
    "Slice": _slice,
    "Sort": _on_list(_sort),
    "Split": _split,
    "Strip": _plain(str.strip),
    "StripHtml": _plain(_strip_html),
    "StripNewlines": _plain(_strip_newlines),
    "Times": _math("Times", lambda a, b: a * b),
    "Truncate": _on_text(_truncate),
    "TruncateWords": _on_text(_truncate_words),
    "Uniq": _on_list(_uniq),
    "Upcase": _plain(str.upper),
    "UrlDecode": _plain(lambda s: to_text(form_decode(from_text(s)))),
    "UrlEncode": _plain(lambda s: form_encode(from_text(s))),
}
"""The filters that the platform documents."""
