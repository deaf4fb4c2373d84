"""System.Net.WebUtility against what .NET answers."""

from __future__ import annotations

import pytest

from apimpy.dotnet.exceptions import ArgumentNullException, ArgumentOutOfRangeException
from apimpy.dotnet.universe import universe
from apimpy.dotnet.values import from_text
from apimpy.dotnet.web import webutility
from apimpy.dotnet.web.octets import byte_array


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a b&c=d/é?~*", "a+b%26c%3Dd%2F%C3%A9%3F%7E*"),
        ("-_.!*'()", "-_.!*%27()"),
        ("é😀", "%C3%A9%F0%9F%98%80"),
        ("\ud800x", "%EF%BF%BDx"),
        ("\x00\x7f", "%00%7F"),
        ("", ""),
        (None, None),
    ],
)
def test_url_encode(text: str | None, expected: str | None) -> None:
    assert webutility.url_encode(None if text is None else from_text(text)) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a+b%26c%C3%A9", "a b&cé"),
        ("%zz%4", "%zz%4"),
        ("%E9", "\ufffd"),
        ("%C3%28x", "\ufffd(x"),
        ("%F0%9F%98%80", "😀"),
        ("é+", "é "),
        (None, None),
    ],
)
def test_url_decode(text: str | None, expected: str | None) -> None:
    assert webutility.url_decode(text) == (None if expected is None else from_text(expected))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('<a href="x">\'&é</a>', "&lt;a href=&quot;x&quot;&gt;&#39;&amp;&#233;&lt;/a&gt;"),
        ("\u00a0\u00ff\u0100€😀", "&#160;&#255;\u0100€&#128512;"),
        ("\ud800", "\ufffd"),
        ("\x7f\x80", "\x7f\x80"),
        (None, None),
    ],
)
def test_html_encode(text: str | None, expected: str | None) -> None:
    assert webutility.html_encode_(None if text is None else from_text(text)) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("&lt;p&gt; &amp; &quot; &#39; &#xe9; &eacute; &nbsp;|", "<p> & \" ' é é \u00a0|"),
        ("&unknown; & &lt", "&unknown; & &lt"),
        ("&#x1F600;&#128512;", "😀😀"),
        ("&#xD800;&#x110000;&#;&#x;&#xZZ;&#-1;", "&#xD800;&#x110000;&#;&#x;&#xZZ;&#-1;"),
        ("&amp;amp;", "&amp;"),
        ("&AMP;&Eacute;&apos;&euro;&thetasym;", "&AMP;É'€ϑ"),
        ("&# 65;&#+65;&#00065;", "AAA"),
        (None, None),
    ],
)
def test_html_decode(text: str | None, expected: str | None) -> None:
    assert webutility.html_decode_(text) == (None if expected is None else from_text(expected))


def test_bytes() -> None:
    universe()
    assert bytes(webutility.url_encode_to_bytes(byte_array(b"A &\xff"), 1, 3) or []) == b"+%26%FF"
    assert bytes(webutility.url_decode_to_bytes(byte_array(b"a+%20%zz"), 0, 8) or []) == b"a  %zz"
    with pytest.raises(ArgumentNullException):
        webutility.url_encode_to_bytes(None, 0, 1)
    with pytest.raises(ArgumentOutOfRangeException):
        webutility.url_encode_to_bytes(byte_array(b"a"), 0, 2)
