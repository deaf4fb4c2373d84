"""The enums and option classes of Json.NET: `JTokenType`, `Formatting`, `JsonLoadSettings`, ….

`KIND` and the constants below it are the run-time values the tree model tags its tokens with.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from apimpy.dotnet.decl import clr_type, enum_type

if TYPE_CHECKING:
    from apimpy.dotnet.values import EnumValue

token_type = enum_type(
    "Newtonsoft.Json.Linq.JTokenType",
    [
        "None",
        "Object",
        "Array",
        "Constructor",
        "Property",
        "Comment",
        "Integer",
        "Float",
        "String",
        "Boolean",
        "Null",
        "Undefined",
        "Date",
        "Raw",
        "Bytes",
        "Guid",
        "Uri",
        "TimeSpan",
    ],
)
formatting = enum_type("Newtonsoft.Json.Formatting", ["None", "Indented"])
merge_array_handling = enum_type(
    "Newtonsoft.Json.Linq.MergeArrayHandling", ["Concat", "Union", "Replace", "Merge"], allowed=""
)
merge_null_handling = enum_type(
    "Newtonsoft.Json.Linq.MergeNullValueHandling", {"Ignore": 0, "Merge": 1}, flags=True, allowed=""
)
comment_handling = enum_type("Newtonsoft.Json.Linq.CommentHandling", ["Ignore", "Load"], allowed="")
line_info_handling = enum_type("Newtonsoft.Json.Linq.LineInfoHandling", ["Ignore", "Load"], allowed="")
duplicate_handling = enum_type(
    "Newtonsoft.Json.Linq.DuplicatePropertyNameHandling", ["Replace", "Ignore", "Error"], allowed=""
)
string_escape_handling = enum_type(
    "Newtonsoft.Json.StringEscapeHandling", ["Default", "EscapeNonAscii", "EscapeHtml"], allowed=""
)
null_value_handling = enum_type("Newtonsoft.Json.NullValueHandling", ["Include", "Ignore"], allowed="")
default_value_handling = enum_type(
    "Newtonsoft.Json.DefaultValueHandling",
    {"Include": 0, "Ignore": 1, "Populate": 2, "IgnoreAndPopulate": 3},
    flags=True,
    allowed="",
)
date_parse_handling = enum_type("Newtonsoft.Json.DateParseHandling", ["None", "DateTime", "DateTimeOffset"], allowed="")
date_format_handling = enum_type(
    "Newtonsoft.Json.DateFormatHandling", ["IsoDateFormat", "MicrosoftDateFormat"], allowed=""
)
date_zone_handling = enum_type(
    "Newtonsoft.Json.DateTimeZoneHandling", ["Local", "Utc", "Unspecified", "RoundtripKind"], allowed=""
)
float_parse_handling = enum_type("Newtonsoft.Json.FloatParseHandling", ["Double", "Decimal"], allowed="")
float_format_handling = enum_type(
    "Newtonsoft.Json.FloatFormatHandling", ["String", "Symbol", "DefaultValue"], allowed=""
)
missing_member_handling = enum_type("Newtonsoft.Json.MissingMemberHandling", ["Ignore", "Error"], allowed="")
reference_loop_handling = enum_type(
    "Newtonsoft.Json.ReferenceLoopHandling", ["Error", "Ignore", "Serialize"], allowed=""
)
type_name_handling = enum_type(
    "Newtonsoft.Json.TypeNameHandling",
    {"None": 0, "Objects": 1, "Arrays": 2, "All": 3, "Auto": 4},
    flags=True,
    allowed="",
)

KIND: dict[str, EnumValue] = token_type.enum_members
NONE, OBJECT, ARRAY, CONSTRUCTOR = KIND["None"], KIND["Object"], KIND["Array"], KIND["Constructor"]
PROPERTY, COMMENT, INTEGER, FLOAT = KIND["Property"], KIND["Comment"], KIND["Integer"], KIND["Float"]
STRING, BOOLEAN, NULL, UNDEFINED = KIND["String"], KIND["Boolean"], KIND["Null"], KIND["Undefined"]
DATE, RAW, BYTES, GUID = KIND["Date"], KIND["Raw"], KIND["Bytes"], KIND["Guid"]
URI, TIMESPAN = KIND["Uri"], KIND["TimeSpan"]


class _Options:
    """A settings object: every declared property, with its default until it is set."""

    __slots__ = ("_set",)
    _defaults: dict[str, Any] = {}

    def __init__(self) -> None:
        self._set: dict[str, Any] = {}

    def get(self, name: str) -> Any:
        return self._set.get(name, self._defaults.get(name))

    def put(self, name: str, value: Any) -> None:
        self._set[name] = value


class LoadSettings(_Options):
    __slots__ = ()
    _defaults = {
        "CommentHandling": comment_handling.enum_members["Ignore"],
        "LineInfoHandling": line_info_handling.enum_members["Load"],
        "DuplicatePropertyNameHandling": duplicate_handling.enum_members["Replace"],
    }


class MergeSettings(_Options):
    __slots__ = ()
    _defaults = {
        "MergeArrayHandling": merge_array_handling.enum_members["Concat"],
        "MergeNullValueHandling": merge_null_handling.enum_members["Ignore"],
    }


class SelectSettings(_Options):
    __slots__ = ()
    _defaults = {"ErrorWhenNoMatch": False}


class CloneSettings(_Options):
    __slots__ = ()
    _defaults = {"CopyAnnotations": True}


class SerializerSettings(_Options):
    __slots__ = ()
    _defaults = {
        "Formatting": formatting.enum_members["None"],
        "NullValueHandling": null_value_handling.enum_members["Include"],
        "DefaultValueHandling": default_value_handling.enum_members["Include"],
        "DateParseHandling": date_parse_handling.enum_members["DateTime"],
        "DateFormatHandling": date_format_handling.enum_members["IsoDateFormat"],
        "DateTimeZoneHandling": date_zone_handling.enum_members["RoundtripKind"],
        "FloatParseHandling": float_parse_handling.enum_members["Double"],
        "FloatFormatHandling": float_format_handling.enum_members["String"],
        "StringEscapeHandling": string_escape_handling.enum_members["Default"],
        "MissingMemberHandling": missing_member_handling.enum_members["Ignore"],
        "ReferenceLoopHandling": reference_loop_handling.enum_members["Error"],
        "TypeNameHandling": type_name_handling.enum_members["None"],
        "MaxDepth": 64,
        "CheckAdditionalContent": False,
    }


def _declare(name: str, python: type[_Options], properties: str) -> Any:
    decl = clr_type(name, python=python, allowed="")
    decl.ctor(f"{decl.name}()", python)
    for signature in properties.split(","):
        _property(decl, signature.strip())
    return decl


def _property(decl: Any, signature: str) -> None:
    name = signature.rsplit(maxsplit=1)[-1]

    def getter(self: _Options) -> Any:
        return self.get(name)

    def setter(self: _Options, value: Any) -> None:
        self.put(name, value)

    decl.prop(signature, getter, setter)


load_settings = _declare(
    "Newtonsoft.Json.Linq.JsonLoadSettings",
    LoadSettings,
    "CommentHandling CommentHandling, LineInfoHandling LineInfoHandling, "
    "DuplicatePropertyNameHandling DuplicatePropertyNameHandling",
)
merge_settings = _declare(
    "Newtonsoft.Json.Linq.JsonMergeSettings",
    MergeSettings,
    "MergeArrayHandling MergeArrayHandling, MergeNullValueHandling MergeNullValueHandling, "
    "StringComparison PropertyNameComparison",
)
select_settings = _declare("Newtonsoft.Json.Linq.JsonSelectSettings", SelectSettings, "bool ErrorWhenNoMatch")
clone_settings = _declare("Newtonsoft.Json.Linq.JsonCloneSettings", CloneSettings, "bool CopyAnnotations")
serializer_settings = _declare(
    "Newtonsoft.Json.JsonSerializerSettings",
    SerializerSettings,
    "Newtonsoft.Json.Formatting Formatting, NullValueHandling NullValueHandling, "
    "DefaultValueHandling DefaultValueHandling, DateParseHandling DateParseHandling, "
    "DateFormatHandling DateFormatHandling, DateTimeZoneHandling DateTimeZoneHandling, "
    "FloatParseHandling FloatParseHandling, FloatFormatHandling FloatFormatHandling, "
    "StringEscapeHandling StringEscapeHandling, MissingMemberHandling MissingMemberHandling, "
    "ReferenceLoopHandling ReferenceLoopHandling, TypeNameHandling TypeNameHandling, int? MaxDepth, "
    "bool CheckAdditionalContent, string? DateFormatString",
)
json_converter = clr_type(
    "Newtonsoft.Json.JsonConverter", allowed="", unsupported="custom converters are not available"
)
