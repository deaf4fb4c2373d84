"""The constructs of the language with an example each: the first table of `docs/expressions.md`.

Whether one is implemented is not said here: the examples are compiled.  A test checks that they use every kind of node
that the syntax tree has.
"""

from __future__ import annotations

__all__ = ["CONSTRUCTS"]

Row = tuple[str, str]

CONSTRUCTS: tuple[tuple[str, tuple[Row, ...]], ...] = (
    (
        "Literals and text",
        (
            ("integers: decimal, hexadecimal, binary, suffixes", "@(1_000 + 0xFF + 0b101 + 2U + 3L)"),
            ("floating point and decimal", "@(1.5 + 2e3 + 0.5f)"),
            ("decimal", "@(1.10m * 3)"),
            ("characters and strings, escapes", "@('a' + \"b\\n\\u00e9\")"),
            ("verbatim strings", '@(@"C:\\temp ""x""")'),
            ("interpolation: alignment, format", '@($"{context.Request.Method,-6} {12.5:N2}")'),
            ("verbatim interpolation", '@($@"{1}\\{2}")'),
            ("`true`, `false`, `null`, `default`", "@(default(int?) ?? (true ? 1 : default))"),
        ),
    ),
    (
        "Names, members, calls",
        (
            ("`context`, members", "@(context.Request.Method)"),
            (
                "types by keyword, short or full name",
                '@(string.Empty + Math.PI + System.Net.WebUtility.UrlEncode("a b"))',
            ),
            ("named and optional arguments", "@(context.Request.Body.As<string>(preserveContent: true))"),
            ("generic methods, inference", '@(context.Variables.GetValueOrDefault("a", "b").Split(\',\'))'),
            ("indexers", '@(JObject.Parse("{}")["a"])'),
            ("`?.` and `?[ ]`", "@(context.User?.Groups?.FirstOrDefault()?.Name?[0])"),
            ("`out` arguments", '@{ return int.TryParse("5", out var n) ? n : 0; }'),
            ("`nameof`", "@(nameof(context.Request.Method))"),
            ("`typeof`", "@(typeof(string) == null)"),
            ("`sizeof`", "@(sizeof(long))"),
        ),
    ),
    (
        "Operators",
        (
            ("arithmetic, 32 and 64 bits wide", "@(7 / 2 * 3 - 5 % 2)"),
            ("shifts and bits", "@((1 << 4 | 3) & ~1 ^ 8 >> 1)"),
            ("comparison and equality", '@(1 < 2 && "a" != "b" || 2 >= 3)'),
            ("`? :`, `??`", '@((context.User == null ? null : context.User.Id) ?? "none")'),
            ("on `T?` (lifted)", "@((int?)null + 1 == null)"),
            ("string concatenation", "@(\"a\" + 1 + 'b' + null)"),
            ("`checked`, `unchecked`", "@(unchecked(int.MaxValue + 1) + checked(1 + 1))"),
            ("casts, numeric and user-defined", '@((int)2.9 + (long)JToken.Parse("5"))'),
            ("`as`, `is`", "@(context.Variables as object is string)"),
            ("`is` with a variable, `is` a constant", "@(context.Variables.Count is int n && n is 0)"),
            ("assignment, compound assignment, `++`", "@{ var i = 1; i += 2; i++; return --i; }"),
            ("`throw` expressions", '@(context.User?.Id ?? throw new Exception("who?"))'),
        ),
    ),
    (
        "Making objects",
        (
            ("objects with arguments", "@(new DateTime(2024, 2, 29))"),
            ("object and collection initialisers", '@(new JObject { ["a"] = 1, { "b", new JArray { 1, 2 } } })'),
            ("members in initialisers", '@(new XElement("a") { Value = "b" })'),
            ("arrays", "@(new int[3].Length + new[] { 1, 2 }.Sum() + new int[,] { { 1 } }.Length)"),
            ("array initialisers in declarations", '@{ string[] a = { "x", "y" }; return a.Length; }'),
            ("anonymous objects", "@(JsonConvert.SerializeObject(new { a = 1, context.Request.Method }))"),
            ("tuples", '@{ (int a, string b) t = (1, "x"); return t.b; }'),
            ("deconstruction", "@{ var (a, b) = (1, 2); return a + b; }"),
        ),
    ),
    (
        "Functions and queries",
        (
            ("lambdas", "@(new[] { 3, 1, 2 }.Where(n => n > 1).Select(n => n * 2).ToList())"),
            ("lambdas with statements", "@(new[] { 1 }.Sum(n => { var twice = n * 2; return twice; }))"),
            ("method groups", '@(new[] { "1" }.Select(int.Parse).First())'),
            ("local functions, recursion", "@{ int F(int n) { return n < 2 ? 1 : n * F(n - 1); } return F(5); }"),
            ("local functions with `=>`", '@{ string Hi(string who = "you") => "hi " + who; return Hi(); }'),
            ("queries", "@((from n in new[] { 3, 1 } where n > 0 orderby n select n * 2).ToList())"),
        ),
    ),
    (
        "Statements",
        (
            ("declarations, `var`, `const`", "@{ const int two = 2; var a = 1; long b = a, c = two; return b + c; }"),
            ("`if`, `else`", "@{ if (context.User == null) { return 1; } else { return 2; } }"),
            ("`for`", "@{ var n = 0; for (var i = 0; i < 3; i++) { if (i == 1) { continue; } n += i; } return n; }"),
            ("`foreach`", '@{ var n = 0; foreach (var c in "abc") { n += c; } return n; }'),
            ("`while`, `do`", "@{ var n = 0; while (n < 3) { n++; } do { n--; } while (n > 0); return n; }"),
            ("`break`", "@{ while (true) { break; } return 1; }"),
            (
                "`switch`, `goto case`",
                '@{ switch ("a") { case "b": return 1; case "a": goto case "b"; default: return 0; } }',
            ),
            (
                "`switch` on types, `when`",
                "@{ object o = 1; switch (o) { case int n when n > 0: return n; default: return 0; } }",
            ),
            (
                "`try`, `catch`, `when`, `finally`",
                '@{ try { return 1; } catch (Exception e) when (e.Message != "") { throw; } finally { ; } }',
            ),
            ("`throw`", '@{ throw new Exception("no"); }'),
            ("`using`", "@{ using (var h = SHA256.Create()) { return h.ComputeHash(new byte[0]); } }"),
            ("`lock`", '@{ lock ("x") { return 1; } }'),
            ("`checked` blocks", "@{ checked { var n = 1; return n + 1; } }"),
            ("unbraced bodies (the platform refuses them in a block)", "@{ if (true) return 1; return 2; }"),
        ),
    ),
    (
        "What there is not",
        (
            ("members outside the list", "@(System.Environment.NewLine)"),
            ("`dynamic`", "@{ dynamic d = 1; return d; }"),
            ("`await`", "@{ return await context.Request; }"),
            ("labels and `goto label`", "@{ goto end; end: return 1; }"),
            ("C# 8: `??=`", '@{ string s = null; s ??= "a"; return s; }'),
            ("C# 8: switch expressions", "@(1 switch { 1 => 2, _ => 3 })"),
            ("C# 8: ranges, `^1`", '@("abc"[^1])'),
            ("C# 9: `is not`, relational patterns", "@(1 is not 2)"),
            ("C# 9: `new()`", '@{ Uri u = new("https://a"); return u; }'),
            ("C# 11: raw strings", '@("""a""")'),
            ("C# 12: collection expressions", "@{ int[] a = [1, 2]; return a; }"),
        ),
    ),
)
