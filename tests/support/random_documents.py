"""Policy documents of every shape, for properties: `documents()` is a strategy of well-formed `rawxml` texts.

White space, line ends, comments, quotes, escapes and the order of things vary; so does what may be touched by a layout
(policies, sections, items) and what may not (text, CDATA, inline XML, templates, elements nobody knows).
"""

from __future__ import annotations

from hypothesis import strategies as st

__all__ = ["documents", "expressions"]

_BLANKS = st.sampled_from(["", "", " ", "\n", "\n  ", "\t", "\n\n", "\n \n\n    ", "\r\n", "  \r\n\t"])
_SPACES = st.sampled_from([" ", "  ", "\n", "\n\t   ", "\r\n  "])
_WORDS = st.sampled_from(
    ["a", "x-team", "{{name}}", "a &amp; b", " b ", "&#65;", "é", "", "&quot;", "1 &gt; 0", "two\nlines"]
)
_STRINGS = st.sampled_from(
    [
        '"a"',
        '"("',
        '"}"',
        '"\\""',
        '@"v ""q"" {"',
        '@"one\n   two"',
        '$"{1 + 1} {"x"}"',
        "'\"'",
        '"&amp;lt;"',
        '"@("',
        '"-->"',
    ]
)
_OPERATORS = st.sampled_from(
    ["+", "<", ">", "&&", "&amp;&amp;", "&lt;", "==", "/* ) */ +", "// ' \" (\n  +", "\n      +"]
)
_CODE = st.builds(
    lambda first, rest: first + "".join(f" {o} {s}" for o, s in rest),
    _STRINGS,
    st.lists(st.tuples(_OPERATORS, _STRINGS), max_size=3),
)
_BLOCKS = st.builds(
    lambda pad, code, end: f"{pad}var x = {code};{pad}{{ }}{pad}return x;{end}",
    st.sampled_from([" ", "\n", "\n    ", "\n\t\t", "\r\n   "]),
    _CODE,
    st.sampled_from(["", " ", "\n", "\n  "]),
)
_COMMENTS = st.sampled_from(
    ["<!-- c -->", "<!---->", "<!-- two\n     lines -->", '<!-- @("x") <a/> -->', "<!--\r\n-->", "<!-- & -->"]
)
_RAW = st.sampled_from(
    ["<![CDATA[ <x> ]]>", "<![CDATA[@(1 < 2)]]>", "<?pi x?>", "text", " text ", "&#32;", "&lt;b&gt;", "{{ body.x }}"]
)


def expressions() -> st.SearchStrategy[str]:
    """`@( … )` and `@{ … }`, some over several lines."""
    return st.one_of(_CODE.map(lambda c: f"@({c})"), _BLOCKS.map(lambda b: f"@{{{b}}}"))


def _quoted(value: str, quote: str) -> str:
    """An attribute's value; only expressions may hold the quote."""
    if not value.startswith("@"):
        value = value.replace(quote, "&quot;" if quote == '"' else "&apos;")
    return f"{quote}{value}{quote}"


def _attributes(*names: str) -> st.SearchStrategy[str]:
    one = st.builds(
        lambda space, name, eq, value, quote: f"{space}{name}{eq}{_quoted(value, quote)}",
        _SPACES,
        st.sampled_from(names),
        st.sampled_from(["=", "=", " = ", "=\n"]),
        st.one_of(_WORDS, expressions()),
        st.sampled_from('""\''),
    )
    return st.lists(one, max_size=4, unique_by=lambda a: a.strip().partition("=")[0].strip()).map("".join)


def _full(name: str, attributes: st.SearchStrategy[str], content: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    end = st.sampled_from(["", " ", "\n"])
    return st.builds(lambda a, s, c, e: f"<{name}{a}{s}>{c}</{name}{e}>", attributes, _BLANKS, content, end)


def _element(name: str, attributes: st.SearchStrategy[str], content: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    full = _full(name, attributes, content)
    return st.one_of(full, full, full, st.builds(lambda a, s: f"<{name}{a}{s}/>", attributes, _BLANKS))


def _sequence(*parts: st.SearchStrategy[str], least: int = 0) -> st.SearchStrategy[str]:
    pair = st.tuples(_BLANKS, st.one_of(*parts, _COMMENTS))
    return st.builds(
        lambda found, end: "".join(a + b for a, b in found) + end, st.lists(pair, min_size=least, max_size=4), _BLANKS
    )


_NONE = st.just("")
_VALUE = _element(
    "value",
    _NONE,
    st.one_of(
        _WORDS,
        st.builds(lambda a, e, b: a + e + b, _BLANKS, expressions(), _BLANKS),
        _sequence(_RAW),
    ),
)
_INLINE = _element("a", _attributes("x", "y"), _sequence(_RAW, st.just("<b> <c/> </b>"), _WORDS))
_BODY = _element(
    "set-body",
    st.sampled_from(["", "", ' template="liquid"', " template='none'"]),
    st.one_of(_WORDS, st.builds(lambda a, e, b: a + e + b, _BLANKS, expressions(), _BLANKS), _sequence(_INLINE, _RAW)),
)
_HEADER = _element("set-header", _attributes("name", "exists-action"), _sequence(_VALUE))
_LEAVES = st.one_of(
    st.sampled_from(["<base/>", "<base />", "<base></base>", "<base\n/>"]),
    _element("set-variable", _attributes("name", "value", "id"), _BLANKS),
    _HEADER,
    _BODY,
    _element("trace", _attributes("source", "severity"), _sequence(_element("message", _NONE, _WORDS), _RAW)),
    _element("nobody-knows", _attributes("x"), _sequence(_INLINE, _RAW)),
    _element("validate-content", _attributes("max-size"), _sequence(_element("content", _attributes("type"), _BLANKS))),
    _element("xsl-transform", _NONE, _sequence(_INLINE)),
)


def _nested(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    when = _element("when", _attributes("condition"), _sequence(inner))
    otherwise = _element("otherwise", _NONE, _sequence(inner))
    return st.one_of(
        _element("choose", _NONE, _sequence(when, otherwise)), _element("retry", _attributes("count"), _sequence(inner))
    )


_POLICIES = st.recursive(_LEAVES, _nested, max_leaves=6)


def documents() -> st.SearchStrategy[str]:
    """Whole documents: policies and fragments, with what may stand before and after the root."""
    section = st.one_of(
        [_full(name, _NONE, _sequence(_POLICIES, least=2)) for name in ("inbound", "backend", "outbound", "on-error")]
    )
    whole = _full("policies", _NONE, _sequence(section, least=1))
    root = st.one_of(whole, _full("fragment", _NONE, _sequence(_POLICIES, least=2)))
    around = st.one_of(_NONE, _NONE, _BLANKS, _sequence(st.just("<?pi x?>")))
    start = st.sampled_from(["", "", '<?xml version="1.0" encoding="utf-8"?>'])
    return st.builds(lambda a, b, c, d: a + b + c + d, start, around, root, around)
