"""XName and XNamespace: expanded names of elements and attributes."""

from __future__ import annotations

import re

from apimpy.dotnet.decl import clr_type
from apimpy.dotnet.exceptions import ArgumentException, ArgumentNullException, XmlException
from apimpy.pattern import pattern
from apimpy.record import Record

__all__ = ["XML", "XMLNS", "XName", "XNamespace", "expanded", "namespace"]

XML_URI = "http://www.w3.org/XML/1998/namespace"
XMLNS_URI = "http://www.w3.org/2000/xmlns/"

_START = (
    "A-Z_a-z\xc0-\xd6\xd8-\xf6\xf8-\u02ff\u0370-\u037d\u037f-\u1fff\u200c-\u200d\u2070-\u218f\u2c00-\u2fef"
    "\u3001-\ud7ff\uf900-\ufdcf\ufdf0-\ufffd"
)
_REST = _START + "0-9.\\-\xb7\u0300-\u036f\u203f-\u2040"
_NC_NAME = pattern(f"[{_START}][{_REST}]*")
_NAME_START, _NAME_CHAR = re.compile(f"[{_START}]"), re.compile(f"[{_REST}]")


class XNamespace(Record, frozen=True, eq=True):
    uri: str

    def clr_to_string(self) -> str:
        return self.uri


class XName(Record, frozen=True, eq=True):
    local: str
    uri: str = ""

    def clr_to_string(self) -> str:
        return f"{{{self.uri}}}{self.local}" if self.uri else self.local


NONE, XML, XMLNS = XNamespace(""), XNamespace(XML_URI), XNamespace(XMLNS_URI)


def verify(name: str) -> str:
    """The name, if it is one without a colon; `XmlConvert.VerifyNCName`."""
    if _NC_NAME.fullmatch(name):
        return name
    if not name:
        raise ArgumentException("The empty string '' is not a valid local name.", None)
    first = name[0]
    if not _NAME_START.match(first):
        if _NAME_CHAR.match(first):
            raise XmlException(f"Name cannot begin with the '{first}' character, hexadecimal value 0x{ord(first):02X}.")
        bad = first
    else:
        bad = next(c for c in name if not _NAME_CHAR.match(c))
    raise XmlException(f"The '{bad}' character, hexadecimal value 0x{ord(bad):02X}, cannot be included in a name.")


def in_namespace(space: XNamespace | None, local: str | None) -> XName:
    if space is None:
        raise ArgumentNullException("ns")
    if local is None:
        raise ArgumentNullException("localName")
    return XName(verify(local), space.uri)


def expanded(text: str | None) -> XName | None:
    """The implicit conversion from `"{uri}local"` or `"local"`; null stays null."""
    return None if text is None else get_name(text)


def get_name(text: str | None) -> XName:
    if text is None:
        raise ArgumentNullException("expandedName")
    if text[:1] == "{":
        at = text.rfind("}")
        if at <= 1 or at == len(text) - 1:
            raise ArgumentException(f"'{text}' is an invalid expanded name.")
        return XName(verify(text[at + 1 :]), text[1:at])
    if not text:
        raise ArgumentException(f"'{text}' is an invalid expanded name.")
    return XName(verify(text))


def namespace(uri: str | None) -> XNamespace | None:
    return None if uri is None else XNamespace(uri)


def get_namespace(uri: str | None) -> XNamespace:
    if uri is None:
        raise ArgumentNullException("namespaceName")
    return XNamespace(uri)


name_ = clr_type("System.Xml.Linq.XName", bases="object, IEquatable<XName>", python=XName)
name_.prop("string LocalName", attr="local")
name_.prop("string NamespaceName", attr="uri")
name_.prop("XNamespace Namespace", lambda name: XNamespace(name.uri))
name_.method("static XName Get(string expandedName)", get_name)
name_.method(
    "static XName Get(string localName, string namespaceName)",
    lambda local, uri: in_namespace(get_namespace(uri), local),
)
name_.method("string ToString()", XName.clr_to_string)
name_.method("bool Equals(object? obj)", lambda a, b: a == b)
name_.method("int GetHashCode()", lambda name: hash(name) & 0x7FFFFFFF)
name_.method("implicit operator XName?(string? expandedName)", expanded)
name_.method("static bool operator ==(XName? left, XName? right)", lambda a, b: a == b)
name_.method("static bool operator !=(XName? left, XName? right)", lambda a, b: a != b)

namespace_ = clr_type("System.Xml.Linq.XNamespace", python=XNamespace)
namespace_.prop("string NamespaceName", attr="uri")
namespace_.const("XNamespace None", NONE)
namespace_.const("XNamespace Xml", XML)
namespace_.const("XNamespace Xmlns", XMLNS)
namespace_.method("static XNamespace Get(string namespaceName)", get_namespace)
namespace_.method("XName GetName(string localName)", in_namespace)
namespace_.method("string ToString()", XNamespace.clr_to_string)
namespace_.method("bool Equals(object? obj)", lambda a, b: a == b)
namespace_.method("int GetHashCode()", lambda space: hash(space) & 0x7FFFFFFF)
namespace_.method("implicit operator XNamespace?(string? namespaceName)", namespace)
namespace_.method("static XName operator +(XNamespace ns, string localName)", in_namespace)
namespace_.method("static bool operator ==(XNamespace? left, XNamespace? right)", lambda a, b: a == b)
namespace_.method("static bool operator !=(XNamespace? left, XNamespace? right)", lambda a, b: a != b)
