"""Stylesheets: XSLT 1.0 that reads nothing but its input and writes nothing but its result.

The stylesheet is written as XML again and compiled; its elements get the lines of the policy file, so that what the
compiler says leads there.  What would load something (`document()`, includes, scripts) is found before it can run.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lxml import etree

from apimpy.document.model import Element, Island
from apimpy.document.writer import outer_xml
from apimpy.pattern import pattern
from apimpy.record import Record

if TYPE_CHECKING:
    from apimpy.source import Span

__all__ = ["XSLT", "Complaint", "NotTransformed", "Stylesheet", "compile_stylesheet"]

XSLT = "http://www.w3.org/1999/XSL/Transform"
_MICROSOFT = "urn:schemas-microsoft-com:xslt"
_COMMON = "http://exslt.org/common"

_STRINGS = pattern(r"\"[^\"]*\"|'[^']*'")
_DOCUMENT = pattern(r"(?<![\w.:-])document\s*\(")
_IN_BRACES = pattern(r"\{([^{}]*)\}")
_INPUT = etree.XMLParser(
    encoding="utf-8", resolve_entities=False, no_network=True, load_dtd=False, dtd_validation=False, huge_tree=False
)


def _nowhere() -> etree.XSLTAccessControl:
    """Nothing may be read or written."""
    kinds = ("read_file", "write_file", "create_dir", "read_network", "write_network")
    make: Any = etree.XSLTAccessControl  # its arguments are not in the stubs
    return make(**dict.fromkeys(kinds, False))  # type: ignore[no-any-return]


class NotTransformed(Exception):
    """A body that is no XML, or a transformation that failed; the text says why."""


class Complaint(Record, frozen=True, eq=True):
    """What is wrong with a stylesheet, and where."""

    message: str
    span: Span


class Stylesheet:
    """A compiled stylesheet."""

    __slots__ = ("_output", "_transform")

    def __init__(self, transform: Any, output: dict[str, str]) -> None:
        self._transform, self._output = transform, output

    def apply(self, text: str, parameters: dict[str, str]) -> tuple[bytes, str | None, str]:
        """The result as bytes, its media type (None: XML, the message keeps its own) and its encoding."""
        given = {}
        for name, value in parameters.items():
            try:
                given[name] = etree.XSLT.strparam(value)
            except ValueError as error:
                raise NotTransformed(f"The parameter '{name}' has characters that XML does not allow.") from error
        try:
            result = self._transform(_parsed(text), **given)
        except etree.XSLTError as error:
            raise NotTransformed(f"The transformation failed: {_reason(error)}") from error
        method = self._output.get("method") or ("html" if _is_html(result.getroot()) else "xml")
        encoding = self._output.get("encoding", "utf-8").lower()
        if method == "xml":
            return bytes(result), None, encoding
        plain = "text/html" if method == "html" else "text/plain"
        return bytes(result), self._output.get("media-type", plain), encoding


def _parsed(text: str) -> Any:
    try:
        root = etree.fromstring(text.encode("utf-8"), _INPUT)
    except UnicodeEncodeError:
        raise NotTransformed("The body is not XML: it has bytes that are no characters.") from None
    except etree.XMLSyntaxError as error:
        raise NotTransformed(f"The body is not XML: {error.msg or 'it is empty'}.") from error
    if root.getroottree().docinfo.internalDTD is not None:
        raise NotTransformed("The body is not XML that is taken: a document type is not allowed.")
    return root


def _is_html(root: Any) -> bool:
    return root is not None and isinstance(root.tag, str) and root.tag.lower() == "html"


def _reason(error: Exception) -> str:
    words = " ".join(str(error).split())
    return words if words.endswith(".") else f"{words}."


# --- compiling --------------------------------------------------------------------------------------------------------


def compile_stylesheet(element: Element) -> tuple[Stylesheet | None, list[Complaint]]:
    """The stylesheet, or None and why it is none."""
    if _name(element)[0] != XSLT or _name(element)[1] not in ("stylesheet", "transform"):
        what = "a stylesheet is <xsl:stylesheet> or <xsl:transform> of the XSLT namespace"
        return None, [Complaint(what, element.name_span)]
    found = [c for e in element.walk() for c in _loads_something(e)]
    if found:
        return None, found
    etree.clear_error_log()
    try:
        root = etree.fromstring(_text(element).encode("utf-8", "replace"), _INPUT)
        for ours, theirs in zip(element.walk(), root.iter("*"), strict=True):
            theirs.sourceline = ours.name_span.line_col[0]
        transform: Any = etree.XSLT(root, access_control=_nowhere())  # its error_log is not in the stubs
        log = [e for e in transform.error_log if e.level >= etree.ErrorLevels.ERROR]
        if not log:
            return Stylesheet(transform, _output(root)), []
        message = next((e.message for e in log if not e.message.startswith("compilation error")), log[0].message)
    except etree.XSLTParseError as error:
        log, message = list(error.error_log), _reason(error)
    except etree.XMLSyntaxError as error:
        return None, [Complaint(f"the stylesheet is not XML: {error.msg}", element.name_span)]
    return None, [Complaint(f"the stylesheet cannot be compiled: {message}", _place(element, log))]


def _text(element: Element) -> str:
    text = outer_xml(element).replace(f'"{_MICROSOFT}"', f'"{_COMMON}"')  # node-set() is the one function of both
    prefix, colon, _ = element.name.partition(":")
    if colon and element.get(f"xmlns:{prefix}") is None:  # declared on an element around the policy
        text = text.replace(f"<{element.name}", f'<{element.name} xmlns:{prefix}="{XSLT}"', 1)
    return text


def _output(root: Any) -> dict[str, str]:
    found: dict[str, str] = {}
    for output in root.findall(f"{{{XSLT}}}output"):
        found |= {str(k): str(v) for k, v in output.attrib.items()}
    return found


def _place(element: Element, log: list[Any]) -> Span:
    """The element that the first entry with a line speaks of."""
    for entry in log:
        if entry.line > 0:
            at = [e for e in element.walk() if e.name_span.line_col[0] == entry.line]
            named = [e for e in at if f"element '{e.name.rpartition(':')[2]}'" in entry.message]
            if at:
                return (named or at)[0].name_span
    return element.name_span


def _name(element: Element) -> tuple[str, str]:
    """Namespace and local name, as far as the element itself declares them; `xsl` is what it always is."""
    prefix, colon, local = element.name.rpartition(":")
    declared = element.get(f"xmlns:{prefix}" if colon else "xmlns")
    if declared is not None:
        return "" if isinstance(declared.value, Island) else declared.value.value, local
    return XSLT if prefix == "xsl" else prefix, local


def _loads_something(element: Element) -> list[Complaint]:
    prefix, _, local = element.name.rpartition(":")
    found = []
    if prefix == "xsl" and local in ("import", "include"):
        found.append(Complaint(f"<{element.name}>: a stylesheet cannot load another", element.name_span))
    if prefix and local == "script":
        found.append(Complaint(f"<{element.name}>: scripts are off", element.name_span))
    for a in element.attributes:
        written = a.value.source if isinstance(a.value, Island) else a.value.value
        paths = [written] if prefix == "xsl" else _IN_BRACES.findall(written)
        paths += _IN_BRACES.findall(written) if prefix == "xsl" else []
        if any(_DOCUMENT.search(_STRINGS.sub("", path)) for path in paths):
            found.append(Complaint("document() is off: a stylesheet cannot load a document", a.value_span))
    return found
