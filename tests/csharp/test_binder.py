"""Binding: the static type of expressions, and what the compiler says about wrong ones, with its place.

`diagnostics.txt` holds the wrong ones: the expression, and below it carets under the offending text (`|` between two
characters), the code, and the sentence where it is the compiler's own.  Codes and sentences are those of a real C#
compiler (EXP codes are the platform's); the sentence is left out where ours is worded differently.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from apimpy.diagnostics import Diagnostic, Sink
from apimpy.dotnet.compile import CompiledExpression, CompileOptions, compile_island
from apimpy.source import SourceFile, SourceMap

LENIENT = CompileOptions(any_type=True, placeholders=False)


def compiled(
    text: str, expected: str = "object", options: CompileOptions = LENIENT
) -> tuple[CompiledExpression | None, list[Diagnostic]]:
    """Compile `@(…)` or `@{…}`; spans are offsets into that text."""
    file, sink = SourceFile("policy.xml", text), Sink()
    source = text[2:-1]
    made = compile_island(source, SourceMap.identity(file, 2, len(source)), text[1] == "{", expected, sink, options)
    return made, list(sink)


@pytest.mark.parametrize(
    ("expression", "type"),
    [
        ("1", "int"),
        ("1L", "long"),
        ("1u", "uint"),
        ("1ul", "ulong"),
        ("1.5", "double"),
        ("1.5f", "float"),
        ("1.5m", "decimal"),
        ("'a'", "char"),
        ('"a"', "string"),
        ("true", "bool"),
        ("1 + 1L", "long"),
        ("1 + 1u", "uint"),
        ("1u + 1L", "long"),
        ("(byte)1 + (byte)2", "int"),
        ("(short)1 * (short)2", "int"),
        ("'a' + 1", "int"),
        ("'a' + 'b'", "int"),
        ("1 + 1.5", "double"),
        ("1 + 1.5f", "float"),
        ("1 + 1.5m", "decimal"),
        ("1.5f + 1.5", "double"),
        ("1 / 2", "int"),
        ("1 << 2", "int"),
        ("1L >> 2", "long"),
        ("1 == 2", "bool"),
        ("1 < 2L", "bool"),
        ("!true", "bool"),
        ("~1", "int"),
        ("~1u", "uint"),
        ("-1u", "long"),
        ("-(byte)1", "int"),
        ("+'a'", "int"),
        ("1 & 2", "int"),
        ("true & false", "bool"),
        ('"a" + 1', "string"),
        ('1 + "a"', "string"),
        ("\"a\" + 'b'", "string"),
        ('"a" + null', "string"),
        ('null + "a"', "string"),
        ('"a" + context', "string"),
        ('"a" == null', "bool"),
        ("true ? 1 : 2L", "long"),
        ('true ? "a" : null', "string"),
        ("true ? (int?)1 : 2", "int?"),
        ("(int?)1 + 1", "int?"),
        ("(int?)1 < 2", "bool"),
        ("(int?)1 ?? 2", "int"),
        ("(int?)1 ?? (int?)2", "int?"),
        ("(int?)1 ?? 2L", "long"),
        ('(string)null ?? "a"', "string"),
        ("(object)1", "object"),
        ("(object)1 as string", "string"),
        ("1 as int?", "int?"),
        ("(object)1 is int", "bool"),
        ("typeof(int)", "Type"),
        ("nameof(String)", "string"),
        ("default(int)", "int"),
        ("default(string)", "string"),
        ("default(int?)", "int?"),
        ("new int[3]", "int[]"),
        ("new[] { 1, 2L }", "long[]"),
        ("new[] { 1, 2.5 }", "double[]"),
        ('new[] { "a", null }', "string[]"),
        ("new int[2, 2]", "int[,]"),
        ("new int[2][]", "int[][]"),
        ("new[] { 1 }[0]", "int"),
        ("new[] { new[] { 1 } }", "int[][]"),
        ("new List<int>()", "List<int>"),
        ("new List<int> { 1 }.Count", "int"),
        ('new Dictionary<string, int> { ["a"] = 1 }', "Dictionary<string, int>"),
        ('new Dictionary<string, int> { { "a", 1 } }["a"]', "int"),
        ('(1, "a")', "(int, string)"),
        ('(1, "a").Item2', "string"),
        ('(a: 1, b: "x").b', "string"),
        ("new { a = 1 }.a", "int"),
        ('new { a = 1, b = "x" }.b', "string"),
        ('$"{1}"', "string"),
        ('"abc"[0]', "char"),
        ('"abc".Length', "int"),
        ('"abc".Substring(1)', "string"),
        ("\"abc\".Split(',')", "string[]"),
        ("\"abc\".Split(',')[0].Length", "int"),
        ('"abc".Contains("a")', "bool"),
        ("\"abc\".IndexOf('a')", "int"),
        ('"abc"?.Length', "int?"),
        ("((string)null)?.Length", "int?"),
        ("((string)null)?.Trim()", "string"),
        ('"abc".Select(c => c)', "IEnumerable<char>"),
        ('"abc".Select(c => (int)c)', "IEnumerable<int>"),
        ('"abc".ToCharArray()', "char[]"),
        ("new[] { 1 }.Select(x => x * 2.0)", "IEnumerable<double>"),
        ("new[] { 1 }.Select((x, i) => x + i)", "IEnumerable<int>"),
        ("new[] { 1 }.Where(x => x > 0).ToList()", "List<int>"),
        ("new[] { 1 }.ToDictionary(x => x.ToString(), x => (long)x)", "Dictionary<string, long>"),
        ("new[] { 1 }.GroupBy(x => x % 2)", "IEnumerable<IGrouping<int, int>>"),
        ("new[] { 1 }.GroupBy(x => x % 2).First().Key", "int"),
        ("new[] { 1 }.Sum()", "int"),
        ("new[] { 1L }.Sum()", "long"),
        ("new[] { 1 }.Average()", "double"),
        ("new[] { 1 }.Sum(x => (double)x)", "double"),
        ("new[] { 1 }.Sum(x => (decimal)x)", "decimal"),
        ('new[] { "a" }.Max(x => x.Length)', "int"),
        ("new[] { 1 }.Aggregate((a, b) => a + b)", "int"),
        ('new[] { 1 }.Aggregate("", (a, b) => a + b)', "string"),
        ("new[] { 1 }.FirstOrDefault()", "int"),
        ('new[] { "a" }.OrderBy(x => x.Length).ThenBy(x => x)', "IOrderedEnumerable<string>"),
        ("new[] { 1 }.SelectMany(x => new[] { x.ToString() })", "IEnumerable<string>"),
        ('new[] { 1 }.Zip(new[] { "a" }, (a, b) => b + a)', "IEnumerable<string>"),
        ("new object[] { 1 }.OfType<int>()", "IEnumerable<int>"),
        ("new object[] { 1 }.Cast<string>()", "IEnumerable<string>"),
        ("Enumerable.Range(0, 3)", "IEnumerable<int>"),
        ("from x in new[] { 1 } select x.ToString()", "IEnumerable<string>"),
        ("from x in new[] { 1 } group x by x.ToString()", "IEnumerable<IGrouping<string, int>>"),
        ("Math.Max(1, 2)", "int"),
        ("Math.Max(1, 2L)", "long"),
        ("Math.Max(1, 2.0)", "double"),
        ("Math.Round(1.5)", "double"),
        ("Math.Round(1.5m)", "decimal"),
        ("Math.Abs(-1L)", "long"),
        ('int.Parse("1")', "int"),
        ("int.MaxValue", "int"),
        ("double.NaN", "double"),
        ('Convert.ToInt64("1")', "long"),
        ("DateTime.UtcNow", "DateTime"),
        ("DateTime.UtcNow - DateTime.UtcNow", "TimeSpan"),
        ("DateTime.UtcNow + TimeSpan.Zero", "DateTime"),
        ("DateTime.UtcNow.AddDays(1).Year", "int"),
        ("TimeSpan.FromSeconds(1).TotalSeconds", "double"),
        ("Guid.NewGuid()", "Guid"),
        ("Guid.NewGuid().ToString()", "string"),
        ('Encoding.UTF8.GetBytes("a")', "byte[]"),
        ("Convert.ToBase64String(new byte[0])", "string"),
        ('Regex.Match("a", "a").Groups[1].Value', "string"),
        ('Regex.IsMatch("a", "a")', "bool"),
        ('JObject.Parse("{}")', "JObject"),
        ('JObject.Parse("{}")["a"]', "JToken"),
        ('JObject.Parse("{}")["a"]["b"]', "JToken"),
        ('(string)JObject.Parse("{}")["a"]', "string"),
        ('(int)JObject.Parse("{}")["a"]', "int"),
        ('(int?)JObject.Parse("{}")["a"]', "int?"),
        ('JObject.Parse("{}").Value<string>("a")', "string"),
        ('JObject.Parse("{}").SelectToken("a")', "JToken"),
        ('JObject.Parse("{}").Properties()', "IEnumerable<JProperty>"),
        ('JArray.Parse("[]").Select(t => (string)t["a"])', "IEnumerable<string>"),
        ('JArray.Parse("[]").Count', "int"),
        ('JToken.Parse("1").ToObject<int>()', "int"),
        ("JsonConvert.SerializeObject(1)", "string"),
        ('JsonConvert.DeserializeObject<Dictionary<string, int>>("{}")', "Dictionary<string, int>"),
        ('XElement.Parse("<a/>").Elements()', "IEnumerable<XElement>"),
        ('XElement.Parse("<a/>").Value', "string"),
        ("context", "IProxyRequestContext"),
        ("context.Request", "IRequest"),
        ("context.Request.Method", "string"),
        ("context.Request.Headers", "IReadOnlyDictionary<string, string[]>"),
        ('context.Request.Headers["a"]', "string[]"),
        ('context.Request.Headers.GetValueOrDefault("a", "b")', "string"),
        ("context.Request.Body.As<string>()", "string"),
        ("context.Request.Body.As<JObject>(preserveContent: true)", "JObject"),
        ("context.Request.Url.Query", "IReadOnlyDictionary<string, string[]>"),
        ("context.Request.IpAddress", "string"),
        ('context.Request.MatchedParameters["a"]', "string"),
        ("context.Response.StatusCode", "int"),
        ("context.Variables", "IReadOnlyDictionary<string, object>"),
        ('context.Variables["a"]', "object"),
        ('context.Variables.GetValueOrDefault<int>("a")', "int"),
        ('context.Variables.GetValueOrDefault("a", "b")', "string"),
        ('context.Variables.GetValueOrDefault("a", 1L)', "long"),
        ("context.Elapsed", "TimeSpan"),
        ("context.Timestamp", "DateTime"),
        ("context.RequestId", "Guid"),
        ("context.LastError.Message", "string"),
        ("context.User?.Id", "string"),
        ("context.User.Groups.Select(g => g.Name)", "IEnumerable<string>"),
        ("context.Subscription?.Key", "string"),
        ('context.Request.Headers.GetValueOrDefault("a", "").AsJwt()', "Jwt"),
        ('context.Request.Headers.GetValueOrDefault("a", "").AsJwt()?.Claims', "IReadOnlyDictionary<string, string[]>"),
        ("context.Request.Certificate?.NotAfter", "DateTime?"),
        ('((Jwt)context.Variables["a"]).Claims["sub"].FirstOrDefault()', "string"),
        ("checked(1 + 1)", "int"),
        ("unchecked((byte)300)", "byte"),
        ("StringComparison.Ordinal", "StringComparison"),
        ("StringComparison.Ordinal | StringComparison.OrdinalIgnoreCase", "StringComparison"),
        ("(StringComparison)1", "StringComparison"),
        ("(int)StringComparison.Ordinal", "int"),
        ("RegexOptions.None | RegexOptions.Compiled", "RegexOptions"),
        ('new Func<int, string>(x => "a")', "Func<int, string>"),
        ('new Func<int, string>(x => "a")(1)', "string"),
        ("((Func<int, int>)(x => x + 1))(2)", "int"),
        ('int.TryParse("1", out var n) ? n : 0', "int"),
        ('string.Join(",", new[] { 1 })', "string"),
        ('string.Format("{0}", 1)', "string"),
        ('string.IsNullOrEmpty("")', "bool"),
        ('Tuple.Create(1, "a")', "Tuple<int, string>"),
        ('Tuple.Create(1, "a").Item2', "string"),
        ('new KeyValuePair<string, int>("a", 1).Value', "int"),
        ("new StringBuilder().Append(1)", "StringBuilder"),
        ('new Uri("http://a").Host', "string"),
        ('System.Net.WebUtility.UrlEncode("a")', "string"),
    ],
)
def test_type(expression: str, type: str) -> None:
    """The static type, before boxing."""
    made, found = compiled(f"@({expression})")
    assert made is not None, [str(d) for d in found]
    assert str(made.type) == type


def cases() -> list[tuple[str, int, int, str, str]]:
    """The rows of `diagnostics.txt`: expression, start, end, code, sentence."""
    rows = []
    for block in (Path(__file__).parent / "diagnostics.txt").read_text(encoding="utf-8").split("\n\n"):
        text, below = block.strip("\n").split("\n")
        m = re.fullmatch(r"( *)(\^+|\|) (\w+)(?: (.*))?", below)
        assert m is not None, below
        start = len(m[1])
        rows.append((text, start, start + m[2].count("^"), m[3], m[4] or ""))
    return rows


CASES = cases()


@pytest.mark.parametrize(("text", "start", "end", "code", "sentence"), CASES, ids=[c[0] for c in CASES])
def test_diagnostic(text: str, start: int, end: int, code: str, sentence: str) -> None:
    """The first finding: code, both ends, sentence."""
    made, found = compiled(text)
    assert made is None
    first = found[0]
    assert (first.code, first.span.start, first.span.end) == (code, start, end)
    assert sentence in ("", first.message)


@pytest.mark.parametrize(
    ("expression", "help"),
    [
        ("@(context.Request.Headerz)", "did you mean 'Headers'?"),
        ("@(context.Reqest)", "did you mean 'Request'?"),
        ("@(contxt.Request)", "did you mean 'context'?"),
        ('@("a".Lenght)', "did you mean 'Length'?"),
        ('@("a".ToUper())', "did you mean 'ToUpper'?"),
        ("@{ var count = 1; return cuont; }", "did you mean 'count'?"),
        ("@(new Lst<int>())", "did you mean 'List'?"),
        ('@(string.IsNullOrEmtpy("a"))', "did you mean 'IsNullOrEmpty'?"),
        ("@(completelyDifferent)", None),
    ],
)
def test_did_you_mean(expression: str, help: str | None) -> None:
    """Names that are nearly right are offered."""
    _, found = compiled(expression)
    assert found[0].help == help


STRICT = CompileOptions(placeholders=False)


@pytest.mark.parametrize(
    ("expression", "code", "start", "words"),
    [
        (
            "@(Environment.NewLine)",
            "EXP001",
            14,
            "Usage of type 'System.Environment' is not supported within expressions",
        ),
        ("@(new Random(1).Equals(null))", "", 0, ""),
        (
            '@(XDocument.Load("a"))',
            "EXP002",
            12,
            "Usage of member 'Load' of type 'System.Xml.Linq.XDocument' is not supported within expressions",
        ),
        ("@(new UTF8Encoding(true).IsSingleByte)", "EXP001", 2, "Usage of type 'System.Text.UTF8Encoding' is not"),
    ],
)
def test_allow_list(expression: str, code: str, start: int, words: str) -> None:
    """What the platform's list does not name is refused with the platform's words, unless everything is allowed."""
    _, strict = compiled(expression, options=STRICT)
    assert [d.code for d in strict[:1]] == ([code] if code else [])
    if code:
        assert strict[0].message.startswith(words)
        assert strict[0].span.start == start


@pytest.mark.parametrize(
    ("expression", "expected", "refused"),
    [
        ("@(true)", "bool", False),
        ("@(1)", "bool", True),
        ('@("true")', "bool", True),
        ("@(1)", "int", False),
        ('@("1")', "int", False),
        ("@(1.5)", "int", True),
        ("@(1L)", "int", False),
        ('@(JObject.Parse("{}")["a"])', "int", False),
        ("@(1.5)", "number", False),
        ("@(true)", "number", True),
        ('@("a")', "text", False),
        ("@(1)", "text", False),
        ("@(Guid.Empty)", "text", False),
        ("@(DateTime.UtcNow)", "text", False),
        ("@(StringComparison.Ordinal)", "text", False),
        ("@(new int[1])", "text", True),
        ("@(new List<int>())", "text", True),
        ("@((object)1)", "text", True),
        ("@(new byte[1])", "bytes-or-text", False),
        ("@(new int[1])", "any", False),
        ("@(new List<int>())", "any", False),
        ("@((object)1)", "any", True),
        ("@(null)", "text", False),
        ("@(context)", "object", False),
        ('@{ if (context.Variables.Count > 0) { return 1; } return "a"; }', "text", True),
        ("@{ if (context.Variables.Count > 0) { return 1; } return 2; }", "int", False),
        ("@{ if (context.Variables.Count > 0) { return null; } return true; }", "bool", False),
        ("@{ throw new Exception(); }", "bool", False),
    ],
)
def test_expected_type(expression: str, expected: str, refused: bool) -> None:
    """What an attribute takes; the wrong type is EXP003 over the whole expression."""
    made, found = compiled(expression, expected)
    if refused:
        assert [d.code for d in found] == ["EXP003"]
        assert (found[0].span.start, found[0].span.end) == (2, len(expression) - 1)
    else:
        assert found == []
        assert made is not None


@pytest.mark.parametrize(
    ("expression", "request_body", "response_body"),
    [
        ("@(context.Request.Method)", False, False),
        ("@(context.Request.Body.As<string>())", True, False),
        ("@(context.Response.Body.As<string>())", False, True),
        ('@(context.Variables.ContainsKey("a") ? context.Request.Body.As<string>() : "")', True, False),
    ],
)
def test_effects(expression: str, request_body: bool, response_body: bool) -> None:
    """Which bodies an expression may read: the pipeline buffers these before it runs."""
    made, found = compiled(expression)
    assert made is not None, [str(d) for d in found]
    assert (made.reads_request_body, made.reads_response_body) == (request_body, response_body)


def test_effects_through_a_variable() -> None:
    """A body reached through a variable counts as read."""
    made, _ = compiled("@{ var r = context.Request; return r.Body.As<JObject>(true); }")
    assert made is not None
    assert made.reads_request_body


@pytest.mark.parametrize(
    ("expression", "placeholders", "codes"),
    [
        ("@({{limit}} + 1)", True, []),
        ("@({{limit}})", True, []),
        ('@("{{limit}}")', True, []),
        ("@({{limit}} + foo)", True, ["CS0103"]),
        ("@({{limit}} + 1)", False, ["CS1525"]),
        ("@{ {{limit}} }", True, None),
    ],
)
def test_placeholders(expression: str, placeholders: bool, codes: list[str] | None) -> None:
    """A named value without a value has any type; what stands beside it is still checked."""
    made, found = compiled(expression, options=CompileOptions(placeholders=placeholders))
    if codes is not None:
        assert [d.code for d in found if d.code != "EXP008"] == codes
    if '"' not in expression:
        assert made is None  # there is nothing to run without the value; inside a string it is text


def test_several_problems_are_all_reported() -> None:
    """One mistake does not hide the next; each is told once, in order."""
    _, found = compiled("@{ var a = foo; var b = bar; var c = a + 1; return baz; }")
    assert [(d.code, d.span.text) for d in found] == [("CS0103", "foo"), ("CS0103", "bar"), ("CS0103", "baz")]


def test_source_limit() -> None:
    """An expression beyond the limit is refused without being read."""
    _, found = compiled("@(" + " " * 300_000 + "1)")
    assert [d.code for d in found] == ["EXP009"]


def test_text_is_kept() -> None:
    """A compiled expression knows its text."""
    made, _ = compiled("@( 1 + 1 )")
    assert made is not None
    assert made.text == " 1 + 1 "
