"""Reads XML text into the tree: expat finds the markup, names and white space follow .NET's rules.

No document type, no entities of one's own, no network; depth and size are bounded.  A text that is not well-formed
throws the XmlException that .NET throws.
"""

from __future__ import annotations

import re
from typing import Any
from xml.parsers import expat

from apimpy.dotnet.exceptions import ArgumentNullException, BudgetExceeded, ClrError, XmlException
from apimpy.dotnet.values import from_text, to_text
from apimpy.dotnet.xml_.names import XML_URI, XMLNS_URI, XName
from apimpy.dotnet.xml_.tree import (
    WHITE,
    XAttribute,
    XCData,
    XComment,
    XContainer,
    XDeclaration,
    XDocument,
    XElement,
    XNode,
    XProcessingInstruction,
    XText,
)
from apimpy.pattern import pattern

__all__ = ["parse_document", "parse_document_bytes", "parse_element"]

MAX_DEPTH = 256
MAX_SIZE = 50_000_000

_NO_DTD = (
    "For security reasons DTD is prohibited in this XML document. To enable DTD processing set the DtdProcessing "
    "property on XmlReaderSettings to Parse and pass the settings into XmlReader.Create method."
)
_ROOT = "Data at the root level is invalid."


def parse_document(text: str | None, *, preserve: bool = False) -> XDocument:
    """`XDocument.Parse(text)`; `preserve` keeps white space between elements."""
    if text is None:
        raise ArgumentNullException("s")
    source = to_text(text)
    if source.startswith("\ufeff"):
        raise XmlException(f"{_ROOT} Line 1, position 1.")
    try:
        data = source.encode()
    except UnicodeEncodeError as error:
        bad = source[error.start]
        line, column = _position(source, error.start)
        raise XmlException(
            f"'{bad}', hexadecimal value 0x{ord(bad):02X}, is an invalid character. Line {line}, position {column}."
        ) from None
    return _Builder(data, preserve, "utf-8").run()


def parse_element(text: str | None, *, preserve: bool = False) -> XElement:
    """`XElement.Parse(text)`"""
    root = parse_document(text, preserve=preserve).root
    assert root is not None
    root.parent = None
    return root


def parse_document_bytes(data: bytes, *, preserve: bool = False) -> XDocument:
    """A document in the encoding that it names itself (default UTF-8)."""
    return _Builder(bytes(data), preserve, None).run()


def _position(text: str, at: int) -> tuple[int, int]:
    line_start = text.rfind("\n", 0, at) + 1
    return text.count("\n", 0, at) + 1, at - line_start + 1


class _Builder:
    def __init__(self, data: bytes, preserve: bool, encoding: str | None) -> None:
        if len(data) > MAX_SIZE:
            raise BudgetExceeded(f"an XML text of {len(data)} bytes passes the limit of {MAX_SIZE}")
        self.data, self.preserve = data, preserve
        self.document = XDocument()
        self.current: XContainer = self.document
        self.depth = 0
        self.names: list[tuple[str, int, int]] = []
        self.scopes: list[dict[str, str]] = [{"xml": XML_URI, "xmlns": XMLNS_URI, "": ""}]
        self.keep = [preserve]
        self.text: list[str] = []
        self.in_cdata = False
        parser = self.parser = expat.ParserCreate(encoding)
        parser.ordered_attributes = True
        parser.buffer_text = True
        parser.StartElementHandler = self.start
        parser.EndElementHandler = self.end
        parser.CharacterDataHandler = self.text.append
        parser.CommentHandler = self.comment
        parser.ProcessingInstructionHandler = self.instruction
        parser.StartCdataSectionHandler = self.start_cdata
        parser.EndCdataSectionHandler = self.end_cdata
        parser.StartDoctypeDeclHandler = self.doctype
        parser.XmlDeclHandler = self.declaration
        if preserve:
            # the only way to hear of white space outside the root
            parser.DefaultHandler = self.other

    def run(self) -> XDocument:
        try:
            self.parser.Parse(self.data, True)
        except expat.ExpatError as error:
            raise self.translate(error) from None
        self.flush()
        return self.document

    def here(self) -> tuple[int, int]:
        """Line and position, from 1, of the markup that is being reported."""
        return self.parser.CurrentLineNumber, self.parser.CurrentColumnNumber + 1

    def fail(self, message: str, line: int, column: int) -> ClrError:
        return XmlException(f"{message} Line {line}, position {column}.")

    # --- events ---

    def flush(self) -> None:
        if not self.text:
            return
        text = "".join(self.text)
        self.text.clear()
        if not self.keep[-1] and not text.strip(WHITE):
            if isinstance(self.current, XElement):
                self.current.empty = False
            return
        self.attach(XText(from_text(text)))

    def attach(self, node: XNode) -> None:
        node.parent = self.current
        self.current.nodes.append(node)
        self.current.filled()

    def start(self, tag: str, pairs: list[str]) -> None:
        self.flush()
        self.depth += 1
        line, column = self.here()
        if self.depth > MAX_DEPTH:
            raise BudgetExceeded(f"XML nested deeper than {MAX_DEPTH} levels")
        scope = self.scopes[-1]
        keep = self.keep[-1]
        names = [from_text(n) for n in pairs[::2]]
        values = [from_text(v) for v in pairs[1::2]]
        for name, value in zip(names, values, strict=True):
            if name == "xmlns" or name.startswith("xmlns:"):
                if scope is self.scopes[-1]:
                    scope = dict(scope)
                if name != "xmlns" and not value:
                    raise self.fail("Invalid namespace declaration.", *self.attribute_at(name, value=True))
                scope[name[6:]] = value
            elif name == "xml:space":
                if value not in ("default", "preserve"):
                    raise self.fail(f"'{value}' is an invalid xml:space value.", line, column + 1)
                keep = self.preserve or value == "preserve"
        self.scopes.append(scope)
        self.keep.append(keep)
        self.names.append((tag, line, column + 1))
        element = XElement(self.qualified(from_text(tag), scope, True, line, column + 1))
        # `<a/>` and `<a></a>` are told apart by the markup itself
        element.empty = self.closes_itself()
        for name, value in zip(names, values, strict=True):
            attribute = XAttribute.__new__(XAttribute)
            attribute.value = value
            if name == "xmlns":
                attribute.name = XName("xmlns")
            else:
                at = self.attribute_at(name) if ":" in name else (line, column + 1)
                attribute.name = self.qualified(name, scope, False, *at)
                if ":" in name and any(a.name == attribute.name for a in element.attributes):
                    raise self.fail(f"'{name}' is a duplicate attribute name.", line, column + 1)
            attribute.parent = element
            element.attributes.append(attribute)
        self.attach(element)
        self.current = element

    def attribute_at(self, name: str, *, value: bool = False) -> tuple[int, int]:
        """Line and position of an attribute of the element being reported, or of its value."""
        start = self.parser.CurrentByteIndex
        tag = self.data[start:].decode("utf-8", "replace")
        line, column = self.here()
        found = re.search(rf"\s({re.escape(to_text(name))}\s*=\s*)", tag)
        if found is None:
            return line, column + 1
        down, right = _position(tag, found.end(1) if value else found.start(1))
        return line + down - 1, right if down > 1 else column + right - 1

    def closes_itself(self) -> bool:
        at = self.parser.CurrentByteIndex
        m = _TAG.match(self.data, at)
        return m is not None and m[0].endswith(b"/>")

    def qualified(self, name: str, scope: dict[str, str], is_element: bool, line: int, column: int) -> XName:
        prefix, colon, local = name.partition(":")
        if not colon:
            return XName(name, scope[""] if is_element else "")
        if not local or not prefix or ":" in local:
            raise self.fail("The ':' character, hexadecimal value 0x3A, cannot be included in a name.", line, column)
        uri = scope.get(prefix)
        if uri is None:
            raise self.fail(f"'{prefix}' is an undeclared prefix.", line, column)
        return XName(local, uri)

    def end(self, tag: str) -> None:
        self.flush()
        self.depth -= 1
        self.scopes.pop()
        self.keep.pop()
        self.names.pop()
        parent = self.current.parent
        assert parent is not None
        self.current = parent

    def other(self, text: str) -> None:
        if not self.depth and text and not text.strip(WHITE):
            self.text.append(text)

    def comment(self, text: str) -> None:
        self.flush()
        self.attach(XComment(from_text(text)))

    def instruction(self, target: str, data: str) -> None:
        self.flush()
        self.attach(XProcessingInstruction(target, from_text(data)))

    def start_cdata(self) -> None:
        self.flush()

    def end_cdata(self) -> None:
        text = "".join(self.text)
        self.text.clear()
        self.attach(XCData(from_text(text)))

    def doctype(self, *args: Any) -> None:
        raise self.fail(_NO_DTD, *self.here())

    def declaration(self, version: str, encoding: str | None, standalone: int) -> None:
        if version != "1.0":
            raise self.fail(f"Version number '{version}' is invalid.", 1, self.data.find(b"version") + 10)
        alone = None if standalone == -1 else "yes" if standalone else "no"
        self.document.declaration = XDeclaration(version, encoding, alone)

    # --- errors ---

    def translate(self, error: expat.ExpatError) -> ClrError:
        """What .NET says about the same mistake."""
        line, column = error.lineno, error.offset + 1
        at = self.parser.ErrorByteIndex
        rest = self.data[at:].decode("utf-8", "replace")
        name = expat.errors.messages[error.code]
        if name in (expat.errors.XML_ERROR_NO_ELEMENTS, expat.errors.XML_ERROR_UNCLOSED_TOKEN) and self.depth == 0:
            if not self.data.strip():
                return XmlException("Root element is missing.")
        if name == expat.errors.XML_ERROR_TAG_MISMATCH and self.names:
            tag, start_line, start_column = self.names[-1]
            found = re.match(r"(?:</)?([^\s>]*)", rest)
            # expat points at the name in the end tag
            if not rest.startswith("</"):
                column -= 2
            return self.fail(
                f"The '{tag}' start tag on line {start_line} position {start_column} does not match the end tag of "
                f"'{found[1] if found else ''}'.",
                line,
                column + 2,
            )
        if name == expat.errors.XML_ERROR_MISPLACED_XML_PI:
            return self.fail(
                "Unexpected XML declaration. The XML declaration must be the first node in the document, and no "
                "whitespace characters are allowed to appear before it.",
                line,
                column + 2,
            )
        if name == expat.errors.XML_ERROR_XML_DECL:
            return self.fail("Syntax for an XML declaration is invalid.", line, column)
        if name == expat.errors.XML_ERROR_BAD_CHAR_REF:
            return self._bad_reference(rest, line, column)
        if name == expat.errors.XML_ERROR_UNCLOSED_CDATA_SECTION:
            end = _position(self.data.decode("utf-8", "replace"), len(self.data.decode("utf-8", "replace")))
            return self.fail("Unexpected end of file while parsing CDATA has occurred.", *end)
        if name == expat.errors.XML_ERROR_UNDEFINED_ENTITY:
            entity = re.match(r"&([^;]*);?", rest)
            return self.fail(f"Reference to undeclared entity '{entity[1] if entity else ''}'.", line, column + 1)
        if name == expat.errors.XML_ERROR_DUPLICATE_ATTRIBUTE:
            duplicate = re.match(r"[^\s=]*", rest)
            return self.fail(f"'{duplicate[0] if duplicate else ''}' is a duplicate attribute name.", line, column)
        if name == expat.errors.XML_ERROR_JUNK_AFTER_DOC_ELEMENT:
            if re.match(r"<[^!?/]", rest):
                return self.fail("There are multiple root elements.", line, column + 1)
            return self.fail(_ROOT, line, column)
        if name in (expat.errors.XML_ERROR_NO_ELEMENTS, expat.errors.XML_ERROR_UNCLOSED_TOKEN) or not rest:
            return self._ended()
        return self._bad(rest, line, column)

    def _bad_reference(self, rest: str, line: int, column: int) -> ClrError:
        found = re.match(r"&#(?:x([0-9A-Fa-f]+)|([0-9]+));", rest)
        code = int(found[1], 16) if found and found[1] else int(found[2]) if found else 0
        shown = chr(code) if 0 < code < 0x110000 else "."
        return self.fail(f"'{shown}', hexadecimal value 0x{code:02X}, is an invalid character.", line, column + 2)

    def _ended(self) -> ClrError:
        text = self.data.decode("utf-8", "replace")
        line, column = _position(text, len(text))
        if not self.names:
            return XmlException("Root element is missing.") if not text.strip() else self.fail(_ROOT, 1, 1)
        open_names = ", ".join(tag for tag, _, _ in reversed(self.names))
        return self.fail(
            f"Unexpected end of file has occurred. The following elements are not closed: {open_names}.", line, column
        )

    def _bad(self, rest: str, line: int, column: int) -> ClrError:
        c, code = rest[0], f"0x{ord(rest[0]):02X}"
        before = self.data[: self.parser.ErrorByteIndex].decode("utf-8", "replace")
        if ord(c) < 32 and c not in WHITE:
            return self.fail(f"'{c}', hexadecimal value {code}, is an invalid character.", line, column)
        start = self.data.decode("utf-8", "replace")
        white = len(start) - len(start.lstrip(WHITE))
        if start[white : white + 1] != "<" and not self.names:
            return self.fail(_ROOT, *_position(start, white))
        if before.endswith("--") and before.rfind("<!--") > before.rfind("-->"):
            return self.fail(
                "An XML comment cannot contain '--', and '-' cannot be the last character.", line, column - 2
            )
        tag = before[before.rfind("<") :]
        if before.endswith("]]") and c == ">":
            return self.fail("']]>' is not allowed in character data.", line, column - 2)
        if tag == "<" and c == "/" and not self.names:
            return self.fail("Unexpected end tag.", line, column + 1)
        if tag in ("<", "</"):
            return self.fail(f"Name cannot begin with the '{c}' character, hexadecimal value {code}.", line, column)
        if c == "&" or before.endswith("&"):
            return self.fail("An error occurred while parsing EntityName.", line, column + (c == "&"))
        expected = ""
        if before.endswith("="):
            expected = "'\"' or '''"
        elif re.fullmatch(r"<[\w:.-]+", tag):
            return self.fail(
                f"The '{c}' character, hexadecimal value {code}, cannot be included in a name.", line, column
            )
        elif _AFTER_NAME.fullmatch(tag):
            expected = "'='"
        elif tag.endswith("/") or tag.startswith("</"):
            expected = "'>'"
        elif c == "<" and (tag.count('"') | tag.count("'")) % 2:
            return self.fail("'<', hexadecimal value 0x3C, is an invalid attribute character.", line, column)
        elif tag[-1:] in "\"'" and _NAME_START.match(c):
            return self.fail(f"'{c}' is an unexpected token. Expecting whitespace.", line, column)
        hint = f" The expected token is {expected}." if expected else ""
        return self.fail(f"'{c}' is an unexpected token.{hint}", line, column)


_NAME_START = pattern(r"[\w:]")
_AFTER_NAME = pattern(r"""<[\w:.-]+(?:\s+[\w:.-]+\s*=\s*(?:"[^"]*"|'[^']*'))*\s+[\w:.-]+\s*""")
_TAG = pattern(rb"""<(?:[^"'>]|"[^"]*"|'[^']*')*>""")
