"""What is fuzzed: functions of a text that may report anything, but raise only what their callers expect.

`TARGETS[name]` is (function, seeds).  A function returns normally or raises; `EXPECTED` are outcomes, not faults.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

from apimpy.csharp.lexer import find_end, tokenize
from apimpy.csharp.parser import parse
from apimpy.diagnostics import Sink
from apimpy.document.convert import convert
from apimpy.document.layout import Style, layout
from apimpy.document.reader import read
from apimpy.dotnet.compile import CompiledExpression, CompileOptions, compile_island
from apimpy.dotnet.encode import encode
from apimpy.dotnet.exceptions import BudgetExceeded, ClrError
from apimpy.dotnet.values import Limits, from_text
from apimpy.policies import catalogue
from apimpy.policy.shape import shape_of
from apimpy.runtime.fixture import load_fixture
from apimpy.source import SourceFile, SourceMap

__all__ = ["EXPECTED", "PIECES", "SEPARATOR", "TARGETS"]

ROOT = Path(__file__).parents[2]
EXPECTED = (ClrError, BudgetExceeded)
SEPARATOR = "\x1f"
"""Stands between the two texts of targets that take two."""
SMALL = Limits(steps=20_000, seconds=1.0, size=200_000, regex_seconds=0.5)
OPTIONS = CompileOptions(any_type=True, placeholders=False)


class InternalError(Exception):
    """Generated code failed with something that is no C# exception."""


# --- the language


def fuzz_lexer(text: str) -> None:
    tokens, _ = tokenize(text)
    at = 0
    for token in tokens:
        assert token.start >= at, "tokens overlap"
        assert token.end <= len(text), "a token ends behind the text"
        at = token.start
    tokenize(text, placeholders=True)
    for opening in ("(", "{"):
        end = find_end(opening + text, 0)
        assert -1 <= end <= len(text) + 1


def fuzz_parser(text: str) -> None:
    for block in (False, True):
        try:
            tree, problems = parse(text, block=block)
        except RecursionError:  # the compiler's front door reports it
            continue
        assert tree is not None or problems, "neither a tree nor a problem"
        for p in problems:
            assert 0 <= p.start <= p.end <= len(text) + 1, f"a problem outside the text: {p}"


def compiled(text: str, *, block: bool) -> CompiledExpression | None:
    sink = Sink()
    map = SourceMap.identity(SourceFile("fuzz", text), 0, len(text))
    made = compile_island(text, map, block, "object", sink, OPTIONS)
    assert made is not None or list(sink), "refused without a word"
    return made


def fuzz_compile(text: str) -> None:
    compiled(text, block=False)
    compiled(text, block=True)


def fuzz_evaluate(text: str) -> None:
    for block in (False, True):
        made = compiled(text, block=block)
        if made is not None:
            call(made, {})


def call(made: CompiledExpression, variables: dict[str, str]) -> None:
    exchange = load_fixture(
        {
            "request": {"url": "https://api.example/a/b?c=d", "headers": {"X-A": ["1"]}, "body": '{"a": [1, null]}'},
            "variables": {name: {"type": "string", "value": value} for name, value in variables.items()},
        }
    )
    exchange.rt.limits = SMALL
    exchange.rt.begin()
    try:
        encode(made.call(exchange, exchange.rt))
    except ClrError as error:
        if error.message.startswith("Internal error"):
            raise InternalError(error.message) from error.__cause__


# --- documents


def fuzz_document(text: str) -> None:
    sink = Sink()
    read(SourceFile("policy.xml", text), sink)
    for diagnostic in sink:
        str(diagnostic)


def fuzz_layout(text: str) -> None:
    """Laid out once a document stays, and its encodings lead to one another; what would change it raises by itself."""
    file, style = SourceFile("policy.xml", text), Style(indent=2, width=80, expressions=len(text) % 2 == 0)
    first = layout(file, Sink(), _shape, style)
    if first is None:
        return
    laid_out = SourceFile("policy.xml", first)
    assert layout(laid_out, Sink(), _shape, style) == first, "a second layout changes something"
    xml = convert(laid_out, Sink(), "xml")
    if xml is None:
        return
    raw = convert(SourceFile("policy.xml", xml), Sink(), "rawxml")
    assert raw is not None, "there is no way back"
    assert first in (xml, raw), "two spellings in one document"
    assert convert(SourceFile("policy.xml", raw), Sink(), "xml") == xml, "there and back is something else"


def _shape(document: Any) -> Any:
    return shape_of(document, catalogue())


# --- the library, through expressions that read two variables


@cache
def expression(source: str) -> CompiledExpression:
    made = compiled(source, block=source.lstrip().startswith("var"))
    assert made is not None, source
    return made


def through(*sources: str) -> Callable[[str], None]:
    """Evaluates expressions over `a` and `b`, the two parts of the text."""
    named = [s.replace("$a", '((string)context.Variables["a"])') for s in sources]
    named = [s.replace("$b", '((string)context.Variables["b"])') for s in named]

    def run(text: str) -> None:
        a, _, b = from_text(text).partition(SEPARATOR)
        for source in named:
            try:
                call(expression(source), {"a": a, "b": b})
            except EXPECTED:
                continue

    return run


REGEX = through(
    "Regex.Match($b, $a).Value",
    "Regex.Replace($b, $a, $b)",
    "Regex.Split($b, $a).Length",
    "Regex.Matches($b, $a, RegexOptions.IgnoreCase | RegexOptions.RightToLeft).Count",
    "Regex.IsMatch($b, $a, RegexOptions.IgnorePatternWhitespace | RegexOptions.Multiline | RegexOptions.Singleline)",
    "Regex.IsMatch($b, $a, RegexOptions.ECMAScript)",
    "Regex.Escape($a) + Regex.Unescape($b)",
)
JSON_PATH = through(
    "JToken.Parse(\"{'a':{'b':[1,2,{'c':null}],'d e':true},'x':[[],{}]}\").SelectTokens($a)",
    "JToken.Parse(\"[1,{'a':'b'},[2,3]]\").SelectToken($a, true)",
    "JToken.Parse($b)",
    "JObject.Parse($b).SelectTokens($a)",
    "JsonConvert.DeserializeObject<Dictionary<string, object>>($b)",
)
DATES = through(
    "DateTime.Parse($b)",
    "DateTimeOffset.Parse($b)",
    "TimeSpan.Parse($b)",
    "new DateTime(2024, 2, 29, 23, 59, 58, 7).ToString($a)",
    "new DateTimeOffset(2024, 2, 29, 23, 59, 58, TimeSpan.FromHours(5.5)).ToString($a)",
    "new TimeSpan(1, 2, 3, 4, 5).ToString($a)",
    "DateTime.ParseExact($b, $a, null)",
    "DateTimeOffset.ParseExact($b, $a, null)",
    "TimeSpan.ParseExact($b, $a, null)",
)
NUMBERS = through(
    "(-1234567).ToString($a)",
    "1234567890123L.ToString($a)",
    "0.1.ToString($a)",
    "(-1234.5678m).ToString($a)",
    "double.Parse($b).ToString($a)",
    "decimal.Parse($b).ToString($a)",
    "long.Parse($b).ToString($a)",
    "1.5e300.ToString($a) + 3.25f.ToString($a)",
    "string.Format($a, $b, 1.5, null)",
    "int.Parse($b, System.Globalization.NumberStyles.Any)",
    "Guid.Parse($b).ToString($a)",
    "Convert.ToInt32($b, 16)",
)


# --- seeds


def rows() -> Iterator[dict[str, Any]]:
    for folder in ("expressions", "own"):
        for path in sorted((ROOT / "tests/conformance" / folder).glob("*.jsonl")):
            yield from (json.loads(line) for line in path.read_text(encoding="utf-8").splitlines())


@cache
def islands() -> tuple[str, ...]:
    """The text between the brackets of conformance cases."""
    return tuple(dict.fromkeys(row["expr"].strip()[2:-1] for row in rows() if len(row["expr"]) < 400))


@cache
def documents() -> tuple[str, ...]:
    return tuple(p.read_text(encoding="utf-8") for p in sorted((ROOT / "examples/policies").rglob("*.xml")))


def pairs(*texts: str) -> Callable[[], tuple[str, ...]]:
    return lambda: tuple(t.replace("|||", SEPARATOR) for t in texts)


REGEX_SEEDS = pairs(
    r"^(?<y>\d{4})-(?<m>\d\d)(?:T.*)?$|||2024-02-29T00:00",
    r"(?i:a+?)(?=b)(?<!c)[^\w\s-[aeiou]]*\p{Lu}|||aaab XYZ",
    r"\b(\w+)\s+\1\b|||the the",
    r"(?<o>\()(?>[^()]+)(?<-o>\))(?(o)x|y)|||((a)(b))",
    r"(a|b)*?c{2,3}\x41\u0042\cA\e\0\k<1>|||abcc",
    r"(?#c)(?n)(?<a>x)(y)[\d.]{,3}\Z|||xy",
)
PATH_SEEDS = pairs(
    "$.a.b[*].c|||{}",
    "$..[?(@.c == null && @.x > 1.5)]|||{'a':[1]}",
    "a['d e'][0,1]|||[1,2,{'c':null}]",
    'x[0:2:-1]|||{"a": 1e5, // c\n \'b\': "\\u00e9"}',
    "$[?(@ =~ /a.*/i || !(@.b != 'x'))]|||[NaN, Infinity, undefined, null, new Date(1)]",
)
DATE_SEEDS = pairs(
    "yyyy-MM-ddTHH:mm:ss.fffffffK|||2024-02-29T23:59:58.1234567+05:30",
    "R|||Thu, 29 Feb 2024 23:59:58 GMT",
    "dddd, d MMMM yy g h:m:s tt zzz|||Thursday, 29 February 24 A.D. 11:59:58 PM +05:30",
    "d\\.hh\\:mm\\:ss\\.FFFFFFF|||1.02:03:04.005",
    "c|||-10675199.02:48:05.4775808",
    "o|||9999-12-31T23:59:59.9999999Z",
    "'a'\"b\"%d|||12/31/2024 1:2 PM",
)
NUMBER_SEEDS = pairs(
    "N2|||-1,234.50",
    "#,##0.00;(#);zero|||1e308",
    "0.###E+00|||0x1F",
    "C|||(1.5)",
    "X8|||79228162514264337593543950335",
    "{0,-10:F3}{1:P1}{{}}{2}|||9223372036854775807",
    "G17|||\t12 ",
    "D|||{12345678-1234-1234-1234-123456789012}",
    "'a'\\#%‰,,.0|||1.",
)

Seeds = Callable[[], tuple[str, ...]]
TARGETS: dict[str, tuple[Callable[[str], None], Seeds]] = {
    "lexer": (fuzz_lexer, islands),
    "parser": (fuzz_parser, islands),
    "compile": (fuzz_compile, islands),
    "evaluate": (fuzz_evaluate, islands),
    "document": (fuzz_document, documents),
    "layout": (fuzz_layout, documents),
    "regex": (REGEX, REGEX_SEEDS),
    "jsonpath": (JSON_PATH, PATH_SEEDS),
    "dates": (DATES, DATE_SEEDS),
    "numbers": (NUMBERS, NUMBER_SEEDS),
}


def words(text: str) -> list[str]:
    return text.split()


_CSHARP = words(
    """( ) [ ] { } < > => ? ?. ?? : ; , . + - * / % & | ^ ~ ! = == != <= >= << >> && || += ++ -- @ $ " ' \\ // /* */ #
    var int long string bool object double decimal char byte null true false new return if else for foreach in while
    do switch case default break continue goto try catch finally when throw using is as out ref typeof checked
    unchecked from where select orderby group by into let join on equals x y context Func<int,int> List<int>
    Dictionary<string,int> (int) (a,b) x=> 0 1 0x1F 1.5 1e9 2147483648 'a' "a" $"{x}" @"" ToString() .Length"""
)
_XML = words(
    """< > </ /> <!-- --> <![CDATA[ ]]> <? ?> & &amp; &#1; " ' = @( @{ ) } {{ }}
    <policies> <inbound> <base/> <!DOCTYPE"""
)
_PATTERN = words(
    r"""( ) (?: (?= (?! (?<= (?<! (?<a> (?> (?i) (?( | [ ] [^ - -[ ] * + ? {2} {1,} ^ $ . \d \w \s \b \1
    \k<a> \p{L} \\"""
)
_PATH = words("$ . .. * [ ] [? ( ) @ == != =~ && || ! ' \" , : 0 -1 1.5 null true / { } NaN // /* */ \\u0041")
_FORMAT = words("y M d H h m s f F t z K g o R \\ ' \" % # 0 , . ; E+0 X N G C P - + : / T Z 00 2024 12 { } {0} ( ) 9")
PIECES = {
    "lexer": _CSHARP,
    "parser": _CSHARP,
    "compile": _CSHARP,
    "evaluate": _CSHARP,
    "document": _XML,
    "layout": [*_XML, "<!-- c -->\n", "&lt;", "&quot;", "\n\n", "\r\n", "//", '@"'],
    "regex": [*_PATTERN, SEPARATOR],
    "jsonpath": [*_PATH, SEPARATOR],
    "dates": [*_FORMAT, SEPARATOR],
    "numbers": [*_FORMAT, SEPARATOR],
}
"""What mutations insert."""
