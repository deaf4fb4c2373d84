"""System.Globalization as far as signatures name it: one culture, the invariant one; expressions may not use it."""

from __future__ import annotations

from apimpy.dotnet.decl import clr_type, enum_type
from apimpy.dotnet.exceptions import ArgumentNullException, ClrError

__all__ = ["CultureInfo", "culture_info", "number_styles", "unicode_category"]

_NUMBER_STYLES = {
    "None": 0,
    "AllowLeadingWhite": 1,
    "AllowTrailingWhite": 2,
    "AllowLeadingSign": 4,
    "Integer": 7,
    "AllowTrailingSign": 8,
    "AllowParentheses": 16,
    "AllowDecimalPoint": 32,
    "AllowThousands": 64,
    "Number": 111,
    "AllowExponent": 128,
    "Float": 167,
    "AllowCurrencySymbol": 256,
    "Currency": 383,
    "Any": 511,
    "AllowHexSpecifier": 512,
    "HexNumber": 515,
}
number_styles = enum_type("System.Globalization.NumberStyles", _NUMBER_STYLES, flags=True, allowed="")

compare_options = enum_type(
    "System.Globalization.CompareOptions",
    {
        "None": 0,
        "IgnoreCase": 1,
        "IgnoreNonSpace": 2,
        "IgnoreSymbols": 4,
        "IgnoreKanaType": 8,
        "IgnoreWidth": 16,
        "OrdinalIgnoreCase": 0x10000000,
        "StringSort": 0x20000000,
        "Ordinal": 0x40000000,
    },
    flags=True,
    allowed="",
)

UNICODE_CATEGORIES = {
    "Lu": "UppercaseLetter",
    "Ll": "LowercaseLetter",
    "Lt": "TitlecaseLetter",
    "Lm": "ModifierLetter",
    "Lo": "OtherLetter",
    "Mn": "NonSpacingMark",
    "Mc": "SpacingCombiningMark",
    "Me": "EnclosingMark",
    "Nd": "DecimalDigitNumber",
    "Nl": "LetterNumber",
    "No": "OtherNumber",
    "Zs": "SpaceSeparator",
    "Zl": "LineSeparator",
    "Zp": "ParagraphSeparator",
    "Cc": "Control",
    "Cf": "Format",
    "Cs": "Surrogate",
    "Co": "PrivateUse",
    "Pc": "ConnectorPunctuation",
    "Pd": "DashPunctuation",
    "Ps": "OpenPunctuation",
    "Pe": "ClosePunctuation",
    "Pi": "InitialQuotePunctuation",
    "Pf": "FinalQuotePunctuation",
    "Po": "OtherPunctuation",
    "Sm": "MathSymbol",
    "Sc": "CurrencySymbol",
    "Sk": "ModifierSymbol",
    "So": "OtherSymbol",
    "Cn": "OtherNotAssigned",
}
"""Unicode's short names and C#'s, in the order of the enum."""

unicode_category = enum_type("System.Globalization.UnicodeCategory", tuple(UNICODE_CATEGORIES.values()), allowed="")


class _CultureNotFoundException(ClrError):
    full_name = "System.Globalization.CultureNotFoundException"
    default = "Culture is not supported."


class CultureInfo:
    """A culture by name; every one behaves as the invariant culture, because the platform runs with that."""

    __slots__ = ("name",)

    def __init__(self, name: str = "") -> None:
        self.name = name

    def clr_to_string(self) -> str:
        return self.name

    def __eq__(self, other: object) -> bool:
        return isinstance(other, CultureInfo) and other.name == self.name

    def __hash__(self) -> int:
        return hash(self.name)


_INVARIANT = CultureInfo()


def _culture(name: str | None) -> CultureInfo:
    if name is None:
        raise ArgumentNullException("name")
    if name and not name.replace("-", "").replace("_", "").isalnum():
        raise _CultureNotFoundException
    return CultureInfo(name)


def _invariant() -> CultureInfo:
    return _INVARIANT


def _itself(self: CultureInfo) -> CultureInfo:
    return self


number_format_info = clr_type(
    "System.Globalization.NumberFormatInfo", bases="object, IFormatProvider", python=None, allowed=""
)
number_format_info.prop("static NumberFormatInfo InvariantInfo", _invariant)
number_format_info.prop("static NumberFormatInfo CurrentInfo", _invariant)
number_format_info.prop("string NumberDecimalSeparator", lambda _self: ".")
number_format_info.prop("string NumberGroupSeparator", lambda _self: ",")
number_format_info.prop("string CurrencySymbol", lambda _self: "¤")
number_format_info.prop("string NegativeSign", lambda _self: "-")
number_format_info.prop("string PositiveSign", lambda _self: "+")
number_format_info.prop("string PercentSymbol", lambda _self: "%")
number_format_info.prop("string NaNSymbol", lambda _self: "NaN")

culture_info = clr_type(
    "System.Globalization.CultureInfo", bases="object, IFormatProvider", python=CultureInfo, allowed=""
)
culture_info.ctor("CultureInfo(string name)", _culture)
culture_info.method("static CultureInfo GetCultureInfo(string name)", _culture)
culture_info.method("static CultureInfo CreateSpecificCulture(string name)", _culture)
for _name in ("InvariantCulture", "CurrentCulture", "CurrentUICulture"):
    culture_info.prop(f"static CultureInfo {_name}", _invariant)
culture_info.prop("string Name", attr="name")
culture_info.prop("NumberFormatInfo NumberFormat", _itself)
