"""Bodies as text: media types, charset and compression, and how an edited text goes back into its message.

Bodies must have been buffered (`Action.needs`).  Bytes that are no text of the charset survive an edit of UTF-8.
"""

from __future__ import annotations

import codecs
import zlib
from typing import TYPE_CHECKING

from apimpy.pattern import pattern
from apimpy.policies._sections import REQUEST_SIDE
from apimpy.record import Record
from apimpy.runtime.flow import BODY_REQUEST, BODY_RESPONSE

if TYPE_CHECKING:
    from apimpy.runtime.exchange import Exchange
    from apimpy.runtime.message import Request, Response

__all__ = ["Content", "NotText", "accepts", "body_bit", "is_json", "is_xml", "media_type", "message_of", "put", "read"]

_CHARSET = pattern(r";\s*charset\s*=\s*\"?([^\s\";,]+)")
_XML_ENCODING = pattern(rb"<\?xml[^>]{0,80}?\sencoding\s*=\s*[\"']([A-Za-z0-9._-]+)")
_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_TEXT_CODECS = ("utf-8", "utf-16", "utf-32", "ascii", "iso8859", "cp125", "koi8", "shift_jis", "euc_", "gb", "big5")
"""Codecs that a header may name; Python has others that are no character encodings."""


class NotText(Exception):
    """A body that cannot be read; the text says why."""


class Content(Record, frozen=True):
    """A body as text, and how it was encoded."""

    text: str
    encoding: str = "utf-8"
    bom: bytes = b""


def body_bit(section: str) -> int:
    """The body that a policy of the section edits, as a bit of `needs`."""
    return BODY_REQUEST if section in REQUEST_SIDE else BODY_RESPONSE


def message_of(ex: Exchange, section: str) -> Request | Response | None:
    """The message that a policy of the section edits."""
    return ex.request if section in REQUEST_SIDE else ex.response


# --- media types ------------------------------------------------------------------------------------------------------


def media_type(message: Request | Response) -> str:
    """`application/json` of `Application/JSON; charset=utf-8`."""
    return message.headers.get("Content-Type", "").partition(";")[0].strip().lower()


def is_json(kind: str) -> bool:
    return kind in ("application/json", "text/json") or kind.endswith("+json")


def is_xml(kind: str) -> bool:
    return kind in ("application/xml", "text/xml") or kind.endswith("+xml")


def accepts(request: Request) -> list[str]:
    """The media types that Accept names, without those it refuses (`q=0`)."""
    found = []
    for line in request.headers.getall("Accept", []):
        for part in line.split(","):
            kind, *parameters = (p.strip().lower() for p in part.split(";"))
            weight = next((p[2:].strip() for p in parameters if p.startswith("q=")), "1")
            if kind and weight.strip("0.") != "":
                found.append(kind)
    return found


# --- text -------------------------------------------------------------------------------------------------------------


def read(ex: Exchange, message: Request | Response) -> Content | None:
    """The body as text; None when there is none (or an expression consumed it).  NotText when it cannot be read."""
    data = message.body.wire()
    if not data:
        return None
    data = _inflated(data, message.headers.get("Content-Encoding", ""), ex.services.options.max_buffered_body)
    for bom, encoding in _BOMS:
        if data.startswith(bom):
            return Content(_decoded(data[len(bom) :], encoding), encoding, bom)
    encoding = _codec(data, message)
    return Content(_decoded(data, encoding), encoding)


def put(message: Request | Response, content: Content, text: str, content_type: str | None = None) -> None:
    """Replace the text.  With a new `content_type` it goes out as UTF-8, else encoded as it came; never compressed."""
    body, headers = message.body, message.headers
    if content_type is not None:
        headers["Content-Type"] = content_type
        body.data = _encoded(text, "utf-8")
    else:
        body.data = content.bom + _encoded(text, content.encoding)
    headers.popall("Content-Encoding", None)
    headers.popall("Content-Length", None)


def _codec(data: bytes, message: Request | Response) -> str:
    declared = _CHARSET.search(message.headers.get("Content-Type", "").lower())
    name = declared[1] if declared else ""
    if not name and is_xml(media_type(message)) and (written := _XML_ENCODING.match(data)):
        name = written[1].decode()
    try:
        found = codecs.lookup(name).name if name else "utf-8"
    except (LookupError, ValueError):
        return "utf-8"
    return found if found.startswith(_TEXT_CODECS) else "utf-8"


def _decoded(data: bytes, encoding: str) -> str:
    return data.decode(encoding, "surrogateescape" if encoding in ("utf-8", "ascii") else "replace")


def _encoded(text: str, encoding: str) -> bytes:
    try:
        return text.encode(encoding, "surrogateescape")
    except UnicodeEncodeError:  # a character the charset does not have
        return text.encode(encoding, "replace")


def _inflated(data: bytes, encodings: str, limit: int) -> bytes:
    for name in reversed([e.strip().lower() for e in encodings.split(",") if e.strip()]):
        if name == "identity":
            continue
        if name not in ("gzip", "x-gzip", "deflate"):
            raise NotText(f"the content encoding {name} is not supported")
        raw = name == "deflate" and (data[0] & 0x0F != 8 or int.from_bytes(data[:2], "big") % 31 != 0)
        unpack = zlib.decompressobj(-15 if raw else 47)
        try:
            data = unpack.decompress(data, limit)
        except zlib.error as error:
            raise NotText(f"the body is not {name}: {error}") from error
        if unpack.unconsumed_tail:
            raise NotText(f"the unpacked body passes the limit of {limit} bytes")
        if not data:
            break
    return data
