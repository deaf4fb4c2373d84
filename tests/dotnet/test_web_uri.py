"""System.Uri: every expectation is what .NET answers (on Linux), except that `/x` is relative as on Windows."""

from __future__ import annotations

from typing import Any

import pytest

from apimpy.dotnet.exceptions import ClrError, InvalidOperationException, UriFormatException
from apimpy.dotnet.universe import universe
from apimpy.dotnet.values import from_text
from apimpy.dotnet.web import escaping, uri, uri_builder
from apimpy.dotnet.web.uri_parse import Uri, host_type, parse, resolve


def kind(name: str) -> Any:
    return uri.uri_kind.enum_members[name]


@pytest.mark.parametrize(
    ("text", "shown", "absolute"),
    [
        ("HTTP://HOST.com", "http://host.com/", "http://host.com/"),
        ("http://host.com:80/", "http://host.com/", "http://host.com/"),
        ("http://host:0443/", "http://host:443/", "http://host:443/"),
        ("http://host.com/a/../b/./c/..", "http://host.com/b/", "http://host.com/b/"),
        ("http://host.com/../../x", "http://host.com/x", "http://host.com/x"),
        ("http://h/a/b/%2e%2e/c", "http://h/a/c", "http://h/a/c"),
        ("http://h/a//b/../c", "http://h/a//c", "http://h/a//c"),
        ("http://h/...", "http://h/...", "http://h/..."),
        ("http://h/a%2fb%41%20c d/é", "http://h/a%2fbA c d/é", "http://h/a%2fbA%20c%20d/%C3%A9"),
        ("http://h/%zz%4", "http://h/%25zz%254", "http://h/%25zz%254"),
        ('http://h/a|b^c`d{e}"<>', 'http://h/a|b^c`d{e}"<>', "http://h/a%7Cb%5Ec%60d%7Be%7D%22%3C%3E"),
        ("http://h/a%C3%A9%e2%82%ac%FF", "http://h/aé€%FF", "http://h/a%C3%A9%E2%82%AC%FF"),
        ("http://h/%ff%e9", "http://h/%FF%E9", "http://h/%ff%e9"),
        ("http://h/a[b]?c[d]#e[f]", "http://h/a[b]?c[d]#e[f]", "http://h/a[b]?c[d]#e[f]"),
        ("http://h/x?a%20b%26c%2Fd#%20%2F", "http://h/x?a b%26c%2Fd# %2F", "http://h/x?a%20b%26c%2Fd#%20%2F"),
        ("http://h/a\\b", "http://h/a/b", "http://h/a/b"),
        ("http://h?x", "http://h/?x", "http://h/?x"),
        ("  http://h/x  ", "http://h/x", "http://h/x"),
        ("http://us er:p%40w@h/", "http://us er:p%40w@h/", "http://us%20er:p%40w@h/"),
        ("http://[2001:DB8::1]:81/x", "http://[2001:db8::1]:81/x", "http://[2001:db8::1]:81/x"),
        ("http://1.2.3/a", "http://1.2.0.3/a", "http://1.2.0.3/a"),
        ("http://0x7f.1/", "http://127.0.0.1/", "http://127.0.0.1/"),
        ("custom://Foo/a/../b%41", "custom://foo/bA", "custom://foo/bA"),
        ("custom:a/../b?x#f", "custom:a/../b?x#f", "custom:a/../b?x#f"),
        ("custom://", "custom:///", "custom:///"),
        ("urn:isbn:123", "urn:isbn:123", "urn:isbn:123"),
        ("mailto:a b@c?subject=x y", "mailto:a b@c?subject=x y", "mailto:a%20b@c?subject=x%20y"),
        ("C:\\dir\\file", "file:///C:/dir/file", "file:///C:/dir/file"),
        ("\\\\srv\\share\\f", "file://srv/share/f", "file://srv/share/f"),
        ("net.tcp://h:808/x", "net.tcp://h/x", "net.tcp://h/x"),
        ("h.com:80/x", "h.com:80/x", "h.com:80/x"),
    ],
)
def test_canonical_form(text: str, shown: str, absolute: str) -> None:
    found = parse(from_text(text), absolute=True)
    assert (found.clr_to_string(), found.absolute_uri) == (shown, absolute)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("http://", "Invalid URI: The hostname could not be parsed."),
        ("http://a b/", "Invalid URI: The hostname could not be parsed."),
        ("http://a..b/", "Invalid URI: The hostname could not be parsed."),
        ("http://h@i@j/", "Invalid URI: The hostname could not be parsed."),
        ("http://[zz]/", "Invalid URI: The hostname could not be parsed."),
        ("http://h:99999/", "Invalid URI: Invalid port specified."),
        ("http://h: 80/", "Invalid URI: Invalid port specified."),
        ("1http://h", "Invalid URI: The URI scheme is not valid."),
        ("http:/h", "Invalid URI: The Authority/Host could not be parsed."),
        ("not a uri", "Invalid URI: The format of the URI could not be determined."),
        ("/rel", "Invalid URI: The format of the URI could not be determined."),
        ("", "Invalid URI: The URI is empty."),
        ("x:y", "Invalid URI: A Dos path must be rooted, for example, 'c:\\\\'."),
    ],
)
def test_errors(text: str, message: str) -> None:
    with pytest.raises(UriFormatException) as caught:
        uri.new_uri(text)
    assert caught.value.message == message
    assert uri.try_create(text, kind("Absolute")) == (False, None)


PARTS: list[tuple[str, dict[str, Any]]] = [
    (
        "https://user:pw@Host.com:8443/a/b.html?x=1&y=2#frag",
        {
            "Scheme": "https",
            "Host": "host.com",
            "Port": 8443,
            "Authority": "host.com:8443",
            "AbsolutePath": "/a/b.html",
            "Query": "?x=1&y=2",
            "Fragment": "#frag",
            "UserInfo": "user:pw",
            "PathAndQuery": "/a/b.html?x=1&y=2",
            "LocalPath": "/a/b.html",
            "Segments": ["/", "a/", "b.html"],
            "IsDefaultPort": False,
            "IsAbsoluteUri": True,
            "OriginalString": "https://user:pw@Host.com:8443/a/b.html?x=1&y=2#frag",
        },
    ),
    ("http://h/a%2FbA%20c", {"LocalPath": "/a/bA c", "Segments": ["/", "a%2FbA%20c"], "IsDefaultPort": True}),
    ("mailto:a@b.com", {"Host": "b.com", "Port": 25, "UserInfo": "a", "AbsolutePath": "", "Segments": []}),
    ("urn:isbn:123", {"Host": "", "Port": -1, "AbsolutePath": "isbn:123", "Authority": ""}),
    ("C:\\dir\\file", {"LocalPath": "C:\\dir\\file", "IsFile": True, "IsLoopback": True, "IsUnc": False}),
    ("\\\\srv\\share\\f", {"LocalPath": "\\\\srv\\share\\f", "IsUnc": True, "Host": "srv"}),
    ("http://[::1]/", {"Host": "[::1]", "DnsSafeHost": "::1", "IsLoopback": True}),
    ("http://münchen.de/", {"Host": "münchen.de", "IdnHost": "xn--mnchen-3ya.de"}),
]


@pytest.mark.parametrize(("text", "name", "expected"), [(t, n, v) for t, ps in PARTS for n, v in ps.items()])
def test_properties(text: str, name: str, expected: Any) -> None:
    universe()
    found = uri.from_text(text)
    declared = uri.uri.declarations[name][0]
    actual = getattr(found, declared.attr) if declared.attr else declared.impl(found)
    assert (list(actual) if isinstance(actual, list) else actual) == expected


def test_relative_uri_has_no_parts() -> None:
    relative = parse("/a?b")
    assert (relative.is_absolute, relative.clr_to_string()) == (False, "/a?b")
    with pytest.raises(InvalidOperationException):
        uri.segments(relative)
    assert parse("/x") == parse("/x")
    assert parse("/x") != parse("/X")
    with pytest.raises(UriFormatException, match="A relative URI cannot be created"):
        uri.new_kind("http://h/", kind("Relative"))


@pytest.mark.parametrize(
    ("base", "reference", "expected"),
    [
        *(
            ("http://a/b/c/d;p?q", r, e)
            for r, e in [
                ("g", "http://a/b/c/g"),
                ("./g", "http://a/b/c/g"),
                ("g/", "http://a/b/c/g/"),
                ("/g", "http://a/g"),
                ("//g", "http://g/"),
                ("?y", "http://a/b/c/d;p?y"),
                ("g?y", "http://a/b/c/g?y"),
                ("#s", "http://a/b/c/d;p?q#s"),
                ("g?y#s", "http://a/b/c/g?y#s"),
                ("", "http://a/b/c/d;p?q"),
                ("..", "http://a/b/"),
                ("../..", "http://a/"),
                ("../../../g", "http://a/g"),
                ("g?y/../x", "http://a/b/c/g?y/../x"),
                ("http:g", "http://a/b/c/g"),
                ("http://x/y", "http://x/y"),
                (" g ", "http://a/b/c/g"),
                ("a b", "http://a/b/c/a b"),
                ("1:b", "http://a/b/c/1:b"),
                ("/a//b", "http://a/a//b"),
            ]
        ),
        ("http://h", "x", "http://h/x"),
        ("http://h/a/b#f", "?z", "http://h/a/b?z"),
        ("urn:a:b", "c", "urn:c"),
    ],
)
def test_resolve(base: str, reference: str, expected: str) -> None:
    assert resolve(parse(base), reference).clr_to_string() == expected


@pytest.mark.parametrize(
    ("here", "there", "expected"),
    [
        ("http://h/a/b/c", "http://h/a/d", "../d"),
        ("http://h/a/b/c", "http://h/a/b/c", ""),
        ("http://h/a/b/", "http://h/a/b/c?x#y", "c?x#y"),
        ("http://h/a", "https://h/a", "https://h/a"),
        ("http://h/a/b", "http://h/", "../"),
        ("http://h/a/b/c/d", "http://h/x/y", "../../../x/y"),
        ("http://h/a", "http://h/a?q=1", "?q=1"),
        ("http://h/a/b", "http://h/a/c:d", "./c:d"),
        ("http://h/a/", "http://h/a", "../a"),
    ],
)
def test_make_relative(here: str, there: str, expected: str) -> None:
    assert uri.make_relative_uri(parse(here), parse(there)).clr_to_string() == expected


@pytest.mark.parametrize(
    ("a", "b", "same"),
    [
        ("http://h/a", "http://H/a", True),
        ("http://h/a", "http://h/A", False),
        ("http://h/a#x", "http://h/a#y", True),
        ("http://h/a", "http://h:80/a", True),
        ("http://h/%41", "http://h/A", True),
        ("http://u@h/", "http://h/", True),
        ("http://h/é", "http://h/%C3%A9", True),
        ("http://h/%2f", "http://h/%2F", False),
    ],
)
def test_equality(a: str, b: str, same: bool) -> None:
    assert uri.op_equal(parse(a), parse(b)) is same
    assert uri.op_unequal(parse(a), parse(b)) is not same
    assert uri.equals(parse(a), b) is same
    assert not same or uri.get_hash_code(parse(a)) == uri.get_hash_code(parse(b))


@pytest.mark.parametrize(
    ("base", "other", "expected"),
    [
        ("http://h/a/", "http://h/a/b", True),
        ("http://h/a", "http://h/b", True),
        ("http://h/", "https://h/", False),
        ("http://h/a/b", "http://H/A/c", False),
    ],
)
def test_is_base_of(base: str, other: str, expected: bool) -> None:
    assert uri.is_base_of(parse(base), parse(other)) is expected


U = "https://us%20er:pw@host.com:8443/a%20b/%C3%A9.html?x=%201&y=%C3%A9#fr%20ag"


@pytest.mark.parametrize(
    ("text", "components", "format", "expected"),
    [
        (U, ["AbsoluteUri"], "Unescaped", "https://us er:pw@host.com:8443/a b/é.html?x= 1&y=é#fr ag"),
        (U, ["HostAndPort"], "UriEscaped", "host.com:8443"),
        (U, ["PathAndQuery"], "UriEscaped", "/a%20b/%C3%A9.html?x=%201&y=%C3%A9"),
        (U, ["SchemeAndServer"], "UriEscaped", "https://host.com:8443"),
        (U, ["StrongAuthority"], "SafeUnescaped", "us er:pw@host.com:8443"),
        (U, ["Path"], "UriEscaped", "a%20b/%C3%A9.html"),
        (U, ["Query"], "Unescaped", "x= 1&y=é"),
        (U, ["UserInfo"], "UriEscaped", "us%20er:pw"),
        (U, ["Port"], "UriEscaped", "8443"),
        (U, ["KeepDelimiter", "Query"], "UriEscaped", "?x=%201&y=%C3%A9"),
        (U, ["KeepDelimiter", "Path"], "UriEscaped", "/a%20b/%C3%A9.html"),
        (U, ["KeepDelimiter", "Scheme"], "UriEscaped", "https://"),
        (U, ["Scheme", "Host", "Path"], "UriEscaped", "https://host.com/a%20b/%C3%A9.html"),
        (U, ["SerializationInfoString"], "UriEscaped", U),
        ("http://h/a", ["Port"], "UriEscaped", ""),
        ("http://h/a", ["StrongPort"], "UriEscaped", "80"),
        ("http://h/a", ["HostAndPort"], "UriEscaped", "h:80"),
        ("http://h/a", ["SchemeAndServer"], "UriEscaped", "http://h"),
    ],
)
def test_get_components(text: str, components: list[str], format: str, expected: str) -> None:
    value = 0
    for name in components:
        value |= uri.uri_components.enum_members[name].value
    wanted = type(kind("Absolute"))(uri.uri_components, value)
    assert uri.get_components(parse(text), wanted, uri.uri_format.enum_members[format]) == expected


@pytest.mark.parametrize(
    ("part", "expected"),
    [
        ("Scheme", "https://"),
        ("Authority", "https://u@host.com:8443"),
        ("Path", "https://u@host.com:8443/a/b"),
        ("Query", "https://u@host.com:8443/a/b?c"),
    ],
)
def test_get_left_part(part: str, expected: str) -> None:
    found = parse("https://u@host.com:8443/a/b?c#d")
    assert uri.get_left_part(found, uri.uri_partial.enum_members[part]) == expected


@pytest.mark.parametrize(
    ("text", "data", "whole"),
    [
        ("a b/c?d=e&f#g", "a%20b%2Fc%3Fd%3De%26f%23g", "a%20b/c?d=e&f#g"),
        ("-_.~!*'()", "-_.~%21%2A%27%28%29", "-_.~!*'()"),
        ("é€😀", "%C3%A9%E2%82%AC%F0%9F%98%80", "%C3%A9%E2%82%AC%F0%9F%98%80"),
        ("%41%zz", "%2541%25zz", "%2541%25zz"),
        ("A\x00\x7f\x80", "A%00%7F%C2%80", "A%00%7F%C2%80"),
        ('[]{}|\\^`<>"', "%5B%5D%7B%7D%7C%5C%5E%60%3C%3E%22", "[]%7B%7D%7C%5C%5E%60%3C%3E%22"),
    ],
)
def test_escape(text: str, data: str, whole: str) -> None:
    assert uri.escape_data_string(from_text(text)) == data
    assert uri.escape_uri_string(from_text(text)) == whole
    assert uri.unescape_data_string(data) == from_text(text)


def test_escape_refuses_half_a_character() -> None:
    with pytest.raises(UriFormatException, match="invalid sequence"):
        escaping.escape_data("\ud800x")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("%FF%41", "%FFA"),
        ("%c3", "%C3"),
        ("%C3%28", "%C3("),
        ("%ED%A0%80", "%ED%A0%80"),
        ("%F0%9F%98x%41", "%F0%9F%98xA"),
        ("100%", "100%"),
        ("a+b", "a+b"),
        ("%25zz", "%zz"),
    ],
)
def test_unescape(text: str, expected: str) -> None:
    assert uri.unescape_data_string(text) == expected


@pytest.mark.parametrize(
    ("text", "absolute", "either"),
    [
        ("http://h/a%20b", True, True),
        ("http://h/ü", True, True),
        ("http://h/a b", False, False),
        ("http://h/a#b#c", False, False),
        ("https://h?x=y|z", False, False),
        ("http://h/a[b]", False, False),
        ("/rel/path", False, True),
        ("a/b:c", False, True),
        ("1http://h", False, False),
        ("http:x", False, False),
        ("localhost:8080", True, True),
        ("a\\b", False, False),
        ("", False, True),
        ("C:\\x", False, False),
    ],
)
def test_is_well_formed(text: str, absolute: bool, either: bool) -> None:
    assert uri.is_well_formed_uri_string(text, kind("Absolute")) is absolute
    assert uri.is_well_formed_uri_string(text, kind("RelativeOrAbsolute")) is either


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("host.com", "Dns"),
        ("10.0.0.1", "IPv4"),
        ("::1", "IPv6"),
        ("[::1]", "IPv6"),
        ("a b", "Unknown"),
        ("", "Unknown"),
        ("host_x", "Dns"),
        ("-h", "Unknown"),
        ("999.1.1.1", "Dns"),
        ("a..b", "Unknown"),
        ("h.", "Dns"),
        ("a-.b", "Dns"),
    ],
)
def test_host_type(name: str, expected: str) -> None:
    assert host_type(name) == expected


def test_small_helpers() -> None:
    assert uri.hex_escape("é") == "%E9"
    assert uri.from_hex("b") == 11
    assert uri.is_hex_encoding("a%20", 1)
    assert uri.check_scheme_name("a+b.c-1")
    assert not uri.check_scheme_name("1a")
    with pytest.raises(ClrError, match="digit"):
        uri.from_hex("g")


def build(change: dict[str, Any], start: str = "http://h/x?y") -> Uri | str:
    made = uri_builder.new_text(start)
    for name, value in change.items():
        uri_builder.builder.declarations[name][0].setter(made, value)
    return made.clr_to_string()


@pytest.mark.parametrize(
    ("start", "change", "expected"),
    [
        ("host", {}, "http://host:80/"),
        ("http://u:p@h:8/p?q#f", {}, "http://u:p@h:8/p?q#f"),
        (
            "http://h/x?y",
            {"Query": "a=b", "Fragment": "z", "Path": "q r", "UserName": "me", "Password": "pw"},
            "http://me:pw@h:80/q%20r?a=b#z",
        ),
        ("http://h/", {"Scheme": "https", "Port": -1, "Host": "x.y"}, "https://x.y/"),
        ("http://h/", {"Query": "?a"}, "http://h:80/?a"),
    ],
)
def test_uri_builder(start: str, change: dict[str, Any], expected: str) -> None:
    assert build(change, start) == expected


def test_uri_builder_constructors() -> None:
    assert uri_builder.new().clr_to_string() == "http://localhost/"
    assert uri_builder.new_extra("https", "h", -1, "p", "?a=b").clr_to_string() == "https://h/p?a=b"
    assert uri_builder.uri(uri_builder.new_port("http", "h", 80)).clr_to_string() == "http://h/"
