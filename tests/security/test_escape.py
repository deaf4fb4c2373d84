"""Attempts to reach more than the declared library: each is refused, or harmless with the result stated here.

Every attempt runs twice, with the platform's list enforced and with all of our library (`--any-type`); the second
outcome is written only where it differs.  `CS1061`: refused with that code; `= text`: the text of the value;
`! Exception`: that C# exception.
"""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path
from typing import Any

import pytest

from apimpy.cli.eval import evaluate
from apimpy.csharp.bind import bind
from apimpy.csharp.emit import emit
from apimpy.csharp.parser import parse
from apimpy.csharp.types import Property
from apimpy.dotnet.compile import CompileOptions, library
from apimpy.dotnet.universe import universe

CONTEXT: dict[str, Any] = {
    "request": {"method": "GET", "url": "https://h/p?a=b", "headers": {"A": "b"}, "body": "{}"},
    "variables": {"n": {"type": "int", "value": 1}},
}

ATTEMPTS: list[tuple[str, ...]] = [
    # Python's attributes, by member access
    ("@(context.__class__)", "CS1061"),
    ('@("".__class__)', "CS1061"),
    ('@("".__class__.__base__.__subclasses__())', "CS1061"),
    ("@(context.__dict__)", "CS1061"),
    ("@(context.__init__.__globals__)", "CS1061"),
    ("@(context.Request.__class__.__mro__)", "CS1061"),
    ("@((1).__add__(2))", "CS1061"),
    ('@("a".join(new[] {"b"}))', "CS1061"),
    ('@("a".format(1))', "CS1061"),
    ('@("a".upper())', "CS1061"),
    ('@("a".encode())', "CS1061"),
    ("@(new List<int>().append(1))", "CS1061"),
    ("@(new List<int>().pop())", "CS1061"),
    ("@(new int[1].__len__())", "CS1061"),
    # Python's names
    ('@(__import__("os"))', "CS0103"),
    ("@(__builtins__)", "CS0103"),
    ('@(eval("1"))', "CS0103"),
    ('@(exec("1"))', "CS0103"),
    ('@(open("/etc/passwd"))', "CS0103"),
    ('@(getattr(context, "rt"))', "CS0103"),
    ("@(globals())", "CS0103"),
    ("@(self)", "CS0103"),
    ("@(None)", "CS0103"),
    ("@(rt)", "CS0103"),
    ("@(context.rt)", "CS1061"),
    ("@(context.services)", "CS1061"),
    ("@(context.fn)", "CS1061"),
    ("@(v0)", "CS0103"),
    ("@(g0)", "CS0103"),
    ("@(g1)", "CS0103"),
    ("@(x1)", "CS0103"),
    # names of the generated code, as variables
    ('@{ var g0 = 5; return g0 + "a".Length; }', "= 6"),
    ("@{ var rt = 5; var context1 = 3; for (int i = 0; i < 3; i++) { rt++; } return rt; }", "= 8"),
    ("@{ var __builtins__ = 5; return __builtins__; }", "= 5"),
    ("@{ var __class__ = 5; return new { __class__ }.__class__; }", "= 5"),
    ("@{ var lambda = 5; var def = 6; var None = 7; var import_ = 8; return lambda + def + None; }", "= 18"),
    ("@{ var @class = 5; return @class; }", "= 5"),
    ("@{ var v0 = 1; var x1 = 2; var t0 = 3; return v0 + x1 + t0; }", "= 6"),
    ("@(new { __class__ = 1, __dict__ = 2 }.__class__)", "= 1"),
    ("@(new { self = 1, return_ = 2 }.self)", "= 1"),
    # format strings
    ('@(string.Format("{0.__class__}", context))', "! FormatException"),
    ('@(string.Format("{0.__class__.__init__.__globals__}", "x"))', "! FormatException"),
    ('@(string.Format("{0[0]}", "x"))', "! FormatException"),
    ('@(string.Format("{__class__}", "x"))', "! FormatException"),
    ('@(string.Format("{0!r}", "x"))', "! FormatException"),
    ('@($"{"x":__class__}")', "= x"),
    ('@($"{1:{0.__class__}}")', "CS8076"),
    ('@((1).ToString("{0.__class__}"))', "= {1__class__}"),
    ('@((1.5).ToString("__class__"))', "= __class__"),
    ('@(DateTime.UnixEpoch.ToString("%p__class__"))', "EXP002", "= p__cla00__"),
    ('@(new DateTime(2020,1,1).ToString("{0.__class__}"))', "= {0.__cla00__}"),
    ('@("%s %(a)s {0}" + 1)', "= %s %(a)s {0}1"),
    # JSON: names, paths, types
    ('@(JObject.Parse("{\\"__class__\\": 1}")["__class__"])', "= 1"),
    ('@(JObject.Parse("{\\"__dict__\\": {\\"a\\": 2}}").SelectToken("__dict__.a"))', "= 2"),
    ('@(JObject.Parse("{\\"a\\": 1}").SelectToken("$.__class__"))', "= "),
    ('@(JObject.Parse("{\\"a\\": 1}")["__class__"] == null)', "= True"),
    ('@(JObject.Parse("{\\"a\\": 1}").SelectToken("$[?(@.__class__ == 1)]"))', "= "),
    ('@(JObject.Parse("{\\"a\\": [1]}").SelectToken("$.a[?(__import__(\'os\'))]"))', "! JsonException"),
    ('@(JObject.Parse("{\\"a\\": 1}").Property("__class__"))', "= "),
    ("@(JObject.FromObject(new { __class__ = 1 }).ToString(Newtonsoft.Json.Formatting.None))", '= {"__class__":1}'),
    ("@(JObject.FromObject(context).ToString())", "! JsonSerializationException"),
    (
        '@(JToken.FromObject(context.Request)["Method"] + "" + JToken.FromObject(context.Request)["__class__"])',
        "= GET",
    ),
    ("@(JsonConvert.SerializeObject(context))", "! JsonSerializationException"),
    ("@(JsonConvert.SerializeObject(context.Request.Headers))", '= {"A":["b"]}'),
    ("@(JsonConvert.SerializeObject(new Func<int>(() => 1)))", "= {}"),
    (
        '@(JsonConvert.DeserializeObject("{\\"$type\\":\\"System.Diagnostics.Process, System\\"}").ToString())',
        '= {\n  "$type": "System.Diagnostics.Process, System"\n}',
    ),
    (
        '@(JsonConvert.DeserializeObject<Dictionary<string, object>>("{\\"$type\\":\\"System.IO.FileInfo\\"}").Count)',
        "= 0",
    ),
    (
        '@(JsonConvert.DeserializeObject<object>("{}", new JsonSerializerSettings { MaxDepth = 9 }))',
        "EXP001",
        "= {}",
    ),
    ('@(JObject.Parse("{}").ToObject(typeof(System.IO.FileInfo)))', "CS0234"),
    # types, reflection, activation
    ("@(context.GetType())", "= System.Type"),
    ("@(context.GetType().Assembly)", "CS1061"),
    ('@("".GetType().Assembly.GetTypes().Length)', "CS1061"),
    ('@("".GetType().Assembly)', "CS1061"),
    ('@("".GetType().GetMethods().Length)', "CS1061"),
    ('@("".GetType().GetMethod("ToString").Invoke("", null))', "CS1061"),
    ("@(typeof(string).Assembly.Location)", "CS1061"),
    ("@(typeof(string).GetMethods())", "CS1061"),
    ("@(typeof(string).BaseType.Name)", "EXP001", "= Object"),
    ("@(typeof(System.Diagnostics.Process))", "CS0246"),
    ('@(Type.GetType("System.Diagnostics.Process"))', "CS1501"),
    ('@(System.Type.GetType("System.IO.File").GetMethod("ReadAllText"))', "CS1501"),
    ("@(Activator.CreateInstance(typeof(string)))", "CS0103"),
    ('@(System.Activator.CreateInstance("mscorlib", "System.IO.FileInfo"))', "CS0234"),
    ("@(System.Reflection.Assembly.GetExecutingAssembly().Location)", "CS0234"),
    ('@(System.Reflection.Assembly.Load("os"))', "CS0234"),
    ("@(AppDomain.CurrentDomain.BaseDirectory)", "CS0103"),
    # processes, files, environment, network
    ('@(System.Diagnostics.Process.Start("sh", "-c id"))', "CS0234"),
    ("@(System.Diagnostics.Process.GetCurrentProcess().Id)", "CS0234"),
    ('@(System.IO.File.ReadAllText("/etc/passwd"))', "CS0234"),
    ('@(System.IO.File.Exists("/etc/passwd"))', "CS0234"),
    ('@(System.IO.Directory.GetFiles("/"))', "CS0234"),
    ('@(new System.IO.StreamReader("/etc/passwd").ReadToEnd())', "CS0234"),
    ('@(new StreamReader("/etc/passwd").ReadToEnd())', "CS0246"),
    ('@(new FileStream("/etc/passwd", FileMode.Open))', "CS0246"),
    ('@(File.ReadAllText("/etc/passwd"))', "CS0103"),
    ("@(Path.GetTempPath())", "CS0103"),
    ('@(Environment.GetEnvironmentVariable("PATH"))', "CS0117"),
    ("@(Environment.MachineName)", "EXP001", "EXP006"),
    ("@(Environment.UserName)", "CS0117"),
    ("@(Environment.CommandLine)", "CS0117"),
    ("@(Environment.CurrentDirectory)", "CS0117"),
    ("@{ Environment.Exit(3); return 1; }", "CS0117"),
    ('@{ Environment.FailFast("x"); return 1; }', "CS0117"),
    ("@(Environment.StackTrace)", "CS0117"),
    ('@(new System.Net.WebClient().DownloadString("http://127.0.0.1/"))', "CS0234"),
    ('@(new System.Net.Http.HttpClient().GetStringAsync("http://127.0.0.1/").Result)', "CS0246"),
    ('@(System.Net.Dns.GetHostEntry("localhost"))', "CS0234"),
    ('@(new System.Net.Sockets.TcpClient("127.0.0.1", 80))', "CS0234"),
    # XML
    ('@(XDocument.Load("/etc/passwd").ToString())', "EXP002", "EXP006"),
    ('@(XElement.Load("file:///etc/passwd").ToString())', "EXP006"),
    (
        "@(XDocument.Parse(\"<!DOCTYPE a [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><a>&x;</a>\").Root.Value)",
        "! XmlException",
    ),
    ("@(XElement.Parse(\"<!DOCTYPE a [<!ENTITY x 'y'>]><a>&x;</a>\").Value)", "! XmlException"),
    ('@(XElement.Parse("<a>&x;</a>").Value)', "! XmlException"),
    ('@(XElement.Parse("<a>&#0;</a>").Value)', "! XmlException"),
    (
        "@(XElement.Parse(\"<xi:include xmlns:xi='urn:x' href='/etc/passwd' parse='text'/>\").ToString())",
        '= <xi:include xmlns:xi="urn:x" href="/etc/passwd" parse="text" />',
    ),
    ('@{ var d = new XmlDocument(); d.Load("/etc/passwd"); return d.OuterXml; }', "EXP006"),
    (
        "@{ var d = new XmlDocument(); d.LoadXml(\"<!DOCTYPE a [<!ENTITY x 'y'>]><a>&x;</a>\"); return d.OuterXml; }",
        "! XmlException",
    ),
    ("@{ var d = new XmlDocument(); d.XmlResolver = null; return 1; }", "CS1061"),
    ("@(new System.Xml.Xsl.XslCompiledTransform())", "CS0246"),
    ('@(XmlReader.Create("/etc/passwd"))', "EXP006"),
    # threads, memory
    ("@{ new Thread(() => { }).Start(); return 1; }", "CS0246"),
    ("@{ Task.Run(() => 1); return 1; }", "CS0103"),
    ("@{ Thread.Sleep(100000); return 1; }", "CS0103"),
    ("@(Task.Run(() => 1).Result)", "CS0103"),
    ("@{ System.Threading.ThreadPool.QueueUserWorkItem(x => { }); return 1; }", "CS0234"),
    ("@{ unsafe { int* p = null; } return 1; }", "CS0227"),
    ("@(System.Runtime.InteropServices.Marshal.SizeOf(1))", "CS0234"),
    ("@(System.Runtime.CompilerServices.RuntimeHelpers.GetHashCode(1))", "CS0234"),
    ("@{ GC.Collect(); return 1; }", "CS0103"),
    # delegates
    ('@(new Func<string, string>(System.IO.File.ReadAllText)("/etc/passwd"))', "CS0234"),
    ('@{ Func<string> f = "a".ToString; return f.Method.Name; }', "CS1061"),
    ('@{ Func<string> f = "a".ToString; return f.Target; }', "CS1061"),
    ("@{ Func<int> f = () => 1; return f.__closure__; }", "CS1061"),
    ("@{ Func<int> f = () => 1; return f.__globals__; }", "CS1061"),
    ("@{ Func<int> f = () => 1; return f.GetType().Name; }", "EXP001", "= Object"),
    ("@{ Func<int> f = () => 1; return f.DynamicInvoke(); }", "CS1061"),
    ("@{ Func<object> f = null; f = () => f; return f; }", '= "delegate"'),
    # host objects as values
    ("@{ object o = context; return o.ToString(); }", "= Apim.IProxyRequestContext"),
    ("@(context.ToString())", "= Apim.IProxyRequestContext"),
    ("@(context.Request.ToString())", "= Apim.IRequest"),
    ("@(context.Variables.ToString())", "= System.Object"),
    ('@("" + context)', "= Apim.IProxyRequestContext"),
    # names that come from data
    ('@(context.Variables["__class__"])', "! KeyNotFoundException"),
    ('@(context.Variables.GetValueOrDefault<string>("__class__"))', "= "),
    ('@(context.Variables.ContainsKey("__class__"))', "= False"),
    ('@(context.Request.Headers["__class__"])', "! KeyNotFoundException"),
    ('@(context.Request.Headers.GetValueOrDefault("__class__", "none"))', "= none"),
    ('@(context.Request.MatchedParameters["__class__"])', "! KeyNotFoundException"),
    ('@(context.Request.Url.Query.GetValueOrDefault("__class__", "none"))', "= none"),
    ("@(((dynamic)context).rt)", "EXP005"),
    ("@{ dynamic d = context; return d.__class__; }", "EXP005"),
    ("@(nameof(context.__class__))", "CS1061"),
    ('@(Enum.Parse(typeof(StringComparison), "__class__"))', "! ArgumentException"),
    ("@(Convert.ChangeType(context, typeof(string)))", "! InvalidCastException"),
    ("@(context as object == null)", "= False"),
    ("@(object.ReferenceEquals(context, context))", "= True"),
    ("@(context.Equals(context))", "= True"),
    # encodings, zones, cultures, patterns: names that reach other libraries
    ('@(System.Text.Encoding.GetEncoding("rot13").GetBytes("a"))', "! ArgumentException"),
    ('@(System.Text.Encoding.GetEncoding("unicode_escape").GetString(new byte[] {65}))', "! ArgumentException"),
    ('@(System.Text.Encoding.GetEncoding("zlib_codec"))', "! ArgumentException"),
    ('@(System.Text.Encoding.GetEncoding("idna").GetBytes("ä"))', "! ArgumentException"),
    ('@(TimeZoneInfo.FindSystemTimeZoneById("../../etc/passwd"))', "! TimeZoneNotFoundException"),
    ('@(TimeZoneInfo.FindSystemTimeZoneById("/etc/passwd"))', "! TimeZoneNotFoundException"),
    ('@(new System.Globalization.CultureInfo("../../x").Name)', "EXP001", "! CultureNotFoundException"),
    ('@(Regex.IsMatch("a", "(?{__import__(\'os\')})"))', "! ArgumentException"),
    ('@(Regex.Replace("a", "a", "\\\\g<0>"))', "= \\g<0>"),
    ('@(Regex.Replace("a", "(?<__class__>a)", "${__class__}"))', "= a"),
    ('@(Regex.Match("a", "(?P<x>a)").Success)', "! ArgumentException"),
    ('@(Regex.IsMatch("a", "(?L)a"))', "! ArgumentException"),
    ('@(new Uri("file:///etc/passwd").LocalPath)', "= /etc/passwd"),
    # types and namespaces of ours
    ("@(1 is __class__)", "CS0246"),
    ("@((__class__)1)", "CS0246"),
    ("@(new __class__())", "CS0246"),
    ("@(typeof(apimpy.dotnet.ops))", "CS0246"),
    ("@(apimpy.dotnet.ops)", "CS0103"),
    ('@(os.system("id"))', "CS0103"),
    ("@(sys.modules)", "CS0103"),
    ("@(Apim.Services)", "CS0234"),
    ("@(new Apim.IProxyRequestContext())", "CS0144"),
    ("@(new IRequest())", "CS0144"),
    # text that leaves its expression
    ('@("a"; import os)', "CS1026"),
    ("@{ import os; return 1; }", "CS0246"),
    ('@("\\"); import os #")', '= "); import os #'),
    ('@(@"""""")', '= ""'),
    ('@("\n")', "CS1010"),
    ("@('\\'')", "= '"),
    ("@{ goto __class__; }", "CS0159"),
    # Python's words as C# names
    ('@{ string f(string __class__) { return __class__; } return f("a"); }', "= a"),
    ("@(new[] {1}.Select(__class__ => __class__ + 1).First())", "= 2"),
    ("@(new[] {1}.Select(lambda => lambda + 1).First())", "= 2"),
    ('@(new Dictionary<string, object> { ["__class__"] = 1 }["__class__"])', "= 1"),
    ('@(new Dictionary<string, object> { ["a"] = context }["a"].ToString())', "= Apim.IProxyRequestContext"),
    ("@(System.Environment.NewLine)", "EXP001", "= \n"),
    ("@(System.Console.ReadLine())", "CS0234"),
    ('@{ System.Console.WriteLine("x"); return 1; }', "CS0234"),
    # exceptions, certificates, and what else the framework offers
    ("@(new Random().GetType().Assembly)", "CS1061"),
    ('@(new Exception("x").StackTrace)', "= "),
    ('@(new Exception("x").TargetSite)', "CS1061"),
    ('@{ try { throw new Exception("x"); } catch (Exception e) { return e.StackTrace; } }', "= "),
    ('@{ try { throw new Exception("x"); } catch (Exception e) { return e.ToString(); } }', "= System.Exception: x"),
    ("@{ try { int i = 0; return 1 / i; } catch (Exception e) { return e.__traceback__; } }", "CS1061"),
    ("@{ try { int i = 0; return 1 / i; } catch (Exception e) { return e.args; } }", "CS1061"),
    (
        '@(new X509Certificate2("/etc/ssl/certs/ca.crt", "password").Subject)',
        "CS1503",
    ),
    ('@(new X509Certificate2("/etc/passwd").Subject)', "EXP006"),
    ("@(new X509Store().Certificates.Count)", "CS0246"),
    ('@(context.Deployment.Certificates["x"].PrivateKey)', "! KeyNotFoundException"),
    ("@(new System.CodeDom.Compiler.CompilerParameters())", "CS0246"),
    ("@(System.Linq.Expressions.Expression.Constant(1))", "CS0234"),
    ("@(Microsoft.Win32.Registry.LocalMachine)", "CS0103"),
    ("@(new System.Runtime.Serialization.Formatters.Binary.BinaryFormatter())", "CS0246"),
    ("@(System.Web.HttpContext.Current)", "CS0234"),
    ('@(global::System.IO.File.ReadAllText("a"))', "CS1026"),
    ("@(System.Delegate.CreateDelegate(null, null))", "CS0117"),
    ("@(new StackTrace().ToString())", "CS0246"),
    ('@(context.Trace("x"))', "CS0029"),
    ("@(string.Concat(new object[] { context, context.Request }))", "= Apim.IProxyRequestContextApim.IRequest"),
    ("@(new List<object> { context }.First().ToString())", "= Apim.IProxyRequestContext"),
    ("@(new { context }.ToString())", "= { context = Apim.IProxyRequestContext }"),
    ("@((context, 1).ToString())", "= (Apim.IProxyRequestContext, 1)"),
    ("@(Tuple.Create(context).ToString())", "= (Apim.IProxyRequestContext)"),
    ("@(context.Request.Body.GetType())", "= System.Type"),
]


def outcome(expression: str, *, any_type: bool, context: dict[str, Any] = CONTEXT) -> str:
    row, _ = evaluate("", expression, context, CompileOptions(any_type=any_type, placeholders=False))
    if row["ok"]:
        return "= " + (row["text"] if row["text"] is not None else json.dumps(row["value"]))
    if row["phase"] == "compile":
        return row["codes"][0]
    return "! " + row["exception"].rpartition(".")[2]


@pytest.mark.parametrize("attempt", ATTEMPTS, ids=[row[0] for row in ATTEMPTS])
def test_attempt(attempt: tuple[str, ...]) -> None:
    """Refused at compile time, or harmless."""
    expression, strict, *rest = attempt
    lenient = rest[0] if rest else strict
    assert (outcome(expression, any_type=False), outcome(expression, any_type=True)) == (strict, lenient)


NAMES = [
    "__class__",
    "__dict__",
    "__init__",
    "__globals__",
    "rt",
    "services",
    "_",
    "clr_type",
    "format",
    "mro",
    "items",
]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "receiver",
    [
        "context",
        "context.Request",
        "context.Request.Headers",
        "context.Request.Url",
        "context.Request.Body",
        "context.Variables",
        '"text"',
        "1",
        "1.5m",
        "DateTime.UtcNow",
        "Guid.Empty",
        "new int[1]",
        "new List<int>()",
        'JObject.Parse("{}")',
        "new { a = 1 }",
        "(1, 2)",
        'XElement.Parse("<a/>")',
        'Regex.Match("a", "a")',
        "Encoding.UTF8",
        "new Exception()",
    ],
)
def test_no_receiver_has_members_of_python(receiver: str, name: str) -> None:
    """A name that is no declared member is refused, whatever Python object stands behind the receiver."""
    for member in (f"({receiver}).{name}", f"({receiver}).{name}()", f"({receiver})?.{name}"):
        assert outcome(f"@({member})", any_type=True).startswith("CS")


@pytest.mark.parametrize(
    "name", ["__class__", "constructor", "__proto__", "__import__('os')", "}", "{0}", "%s", "'", "\\"]
)
def test_names_from_data_are_data(name: str) -> None:
    """Names of headers, variables, parameters and JSON members are keys, never names of Python."""
    context = {
        "request": {"method": "GET", "url": "https://h/", "headers": {"X": name}, "body": json.dumps({name: 1})},
        "variables": {name: {"type": "string", "value": "v"}, "key": {"type": "string", "value": name}},
    }
    for expression, text in [
        ('@(context.Variables[(string)context.Variables["key"]])', "v"),
        ('@(context.Request.Body.As<JObject>(true)[(string)context.Variables["key"]])', "1"),
        ('@(context.Request.Headers.GetValueOrDefault((string)context.Variables["key"], "none"))', "none"),
        ('@(string.Format("{0}", context.Request.Headers.GetValueOrDefault("X")))', name),
        ('@(new JObject { [(string)context.Variables["key"]] = 1 }.Count)', "1"),
        ('@($"{context.Variables["key"]}")', name),
    ]:
        assert outcome(expression, any_type=False, context=context) == f"= {text}"


# --- what generated code may name

_NAME = re.compile(r"context|rt|expression|[a-z]_?\d+|__builtins__|[a-z]")
ANCHORS = Path(__file__).parent.parent / "conformance" / "expressions"


def declared_attributes() -> set[str]:
    """Python attributes that declarations name themselves (a property read without a call)."""
    found = set()
    for t in universe().types():
        for name in t.declarations:
            found |= {m.decl.attr for m in t.own(name) if isinstance(m, Property) and m.decl.attr is not None}
    return found


def emitted(text: str) -> tuple[Any, ast.Module] | None:
    """The generated function and its tree."""
    tree, problems = parse(text.strip()[2:-1], block=text.strip()[1] == "{")
    if tree is None or problems:
        return None
    found = bind(tree, library(), any_type=True)
    if found.problems or found.unknown:
        return None
    return emit(found.root, library(), "expression", "policy.xml", lambda offset: (1, 0), budget=found.effects.loops)


@pytest.mark.filterwarnings("ignore:.*with a literal:SyntaxWarning")
def test_generated_code_has_no_builtins_and_no_user_names() -> None:
    """Over all conformance expressions: names are ours, attributes are declared ones, there are no builtins."""
    attributes = declared_attributes() | {"begin", "tick", "check_size", "depth", "enter", "leave"}
    seen = 0
    for path in sorted(ANCHORS.glob("*.jsonl")):
        for line in path.read_text(encoding="utf-8").splitlines():
            text = json.loads(line)["expr"]
            made = emitted(text)
            if made is None:
                continue
            seen += 1
            function, tree = made
            assert function.__globals__["__builtins__"] == {}
            for node in ast.walk(tree):
                if isinstance(node, ast.Name):
                    assert _NAME.fullmatch(node.id), (node.id, text)
                elif isinstance(node, ast.Attribute):
                    assert node.attr in attributes, (node.attr, text)
                    assert not node.attr.startswith("__")
                elif isinstance(node, ast.arg):
                    assert _NAME.fullmatch(node.arg), (node.arg, text)
                elif isinstance(node, ast.FormattedValue):
                    assert node.format_spec is None
                else:
                    assert not isinstance(node, ast.Import | ast.ImportFrom | ast.Global | ast.Await)
    assert seen > 2000
