"""Statements: loops, switches, exceptions, functions, scopes.

The outcomes were given by a real C# compiler and the real class library: type and text of the value, or `!` and the
exception.
"""

from __future__ import annotations

import pytest

from apimpy.cli.eval import evaluate
from apimpy.dotnet.compile import CompileOptions

ROWS = [
    ("@{ int x = 1, y = x + 1; return y; }", "Int32 2"),
    ('@{ const string s = "a" + "b"; return s; }', "String ab"),
    (
        "@{ var a = new[] { 3, 1, 2 }; foreach (var x in a) { if (x == 1) { continue; } if (x == 2) { break; } return x; } return 0; }",
        "Int32 3",
    ),
    ("@{ int n = 0; for (int i = 0, j = 10; i < j; i += 2, j--) { n += j; } return n; }", "Int32 34"),
    ("@{ int n = 0; for (;;) { if (++n > 5) { break; } } return n; }", "Int32 6"),
    ("@{ int n = 0; while (n < 5) { n++; if (n == 3) { continue; } } return n; }", "Int32 5"),
    ("@{ int n = 10; do { n++; } while (n < 5); return n; }", "Int32 11"),
    ("@{ int n = 0; do { n++; if (n < 5) { continue; } break; } while (true); return n; }", "Int32 5"),
    (
        "@{ int n = 0; for (int i = 0; i < 3; i++) { for (int j = 0; j < 3; j++) { if (j == 1) { break; } if (i == 1) { continue; } n += 10 * i + j + 1; } } return n; }",
        "Int32 22",
    ),
    ("@{ foreach (var c in \"ab\") { return c; } return 'z'; }", "Char a"),
    (
        '@{ string s = ""; foreach (var p in new Dictionary<string, int> { ["a"] = 1, ["b"] = 2 }) { s += p.Key + p.Value; } return s; }',
        "String a1b2",
    ),
    (
        "@{ string s = \"\"; foreach (var p in JObject.Parse(\"{'a':1,'b':[2]}\")) { s += p.Key + p.Value.Type; } return s; }",
        "String aIntegerbArray",
    ),
    (
        '@{ string s = ""; foreach (JProperty p in JObject.Parse("{\'a\':1}").Properties()) { s += p.Name; } return s; }',
        "String a",
    ),
    ("@{ long n = 0; foreach (long x in new[] { 1, 2 }) { n += x; } return n; }", "Int64 3"),
    ("@{ int n = 0; foreach (int x in new object[] { 1, 2 }) { n += x; } return n; }", "Int32 3"),
    ('@{ int n = 0; foreach (int x in new object[] { 1, "a" }) { n += x; } return n; }', "! InvalidCastException"),
    ("@{ int[] a = null; foreach (var x in a) { } return 1; }", "! NullReferenceException"),
    (
        "@{ var l = new List<int> { 1, 2 }; foreach (var x in l) { l.Add(3); } return 1; }",
        "! InvalidOperationException",
    ),
    ('@{ var s = ""; foreach (var (k, v) in new[] { ("a", 1), ("b", 2) }) { s += k + v; } return s; }', "String a1b2"),
    ('@{ switch ("b") { case "a": return 1; case "b": case "c": return 2; default: return 3; } }', "Int32 2"),
    ("@{ switch (5) { case 1: return 1; default: return 9; case 2: return 2; } }", "Int32 9"),
    (
        '@{ string s = null; switch (s) { case null: return "null"; case "a": return "a"; } return "none"; }',
        "String null",
    ),
    (
        '@{ object o = 5; switch (o) { case string s: return s; case int n when n > 10: return "big"; case int n: return "int" + n; default: return "?"; } }',
        "String int5",
    ),
    (
        "@{ int n = 0; switch (1) { case 1: n++; goto case 2; case 2: n += 10; goto default; default: n += 100; break; } return n; }",
        "Int32 111",
    ),
    (
        "@{ int n = 0; for (int i = 0; i < 5; i++) { switch (i) { case 1: continue; case 3: n += 100; break; default: n++; break; } } return n; }",
        "Int32 103",
    ),
    ('@{ switch (DayOfWeek.Monday) { case DayOfWeek.Monday: return "m"; default: return "d"; } }', "String m"),
    ("@{ char c = 'x'; switch (c) { case 'x': return 1; } return 2; }", "Int32 1"),
    (
        '@{ try { throw new InvalidOperationException("a"); } catch (ArgumentException) { return 1; } catch (InvalidOperationException e) { return e.Message; } }',
        "String a",
    ),
    (
        '@{ try { throw new ArgumentNullException("p"); } catch (ArgumentException e) { return e.ParamName + e.GetType().Name; } }',
        "String pArgumentNullException",
    ),
    ('@{ try { int.Parse("x"); return 1; } catch { return 2; } }', "Int32 2"),
    ("@{ int n = 0; try { n = 1; return n; } finally { n = 2; } }", "Int32 1"),
    ("@{ int n = 0; try { n++; } finally { n += 10; } return n; }", "Int32 11"),
    (
        '@{ int n = 0; try { try { throw new Exception("a"); } finally { n = 5; } } catch { n *= 2; } return n; }',
        "Int32 10",
    ),
    (
        '@{ try { try { throw new Exception("a"); } catch (Exception) { throw; } } catch (Exception e) { return e.Message + "!"; } }',
        "String a!",
    ),
    (
        '@{ try { try { throw new Exception("a"); } catch (Exception e) { throw new InvalidOperationException("b", e); } } catch (Exception e) { return e.Message + e.InnerException.Message; } }',
        "String ba",
    ),
    (
        '@{ try { throw new Exception("a"); } catch (Exception e) when (e.Message == "b") { return 1; } catch (Exception e) when (e.Message == "a") { return 2; } }',
        "Int32 2",
    ),
    (
        "@{ int n = 0; for (int i = 0; i < 3; i++) { try { if (i == 1) { continue; } n++; } finally { n += 10; } } return n; }",
        "Int32 32",
    ),
    ("@{ int n = 0; while (true) { try { break; } finally { n = 7; } } return n; }", "Int32 7"),
    ("@{ object o = null; try { o.ToString(); return 1; } catch (NullReferenceException) { return 2; } }", "Int32 2"),
    ("@{ var a = new int[1]; try { a[1] = 1; return 1; } catch (IndexOutOfRangeException) { return 2; } }", "Int32 2"),
    ('@{ try { object o = "a"; return (int)o; } catch (InvalidCastException) { return "cast"; } }', "String cast"),
    (
        "@{ try { int z = 0; return 1 / z; } catch (DivideByZeroException e) { return e.Message; } }",
        "String Attempted to divide by zero.",
    ),
    ("@{ try { return new List<int>()[0]; } catch (ArgumentOutOfRangeException) { return 1; } }", "Int32 1"),
    (
        "@{ try { return new int[0].First(); } catch (InvalidOperationException e) { return e.Message; } }",
        "String Sequence contains no elements",
    ),
    ('@{ throw new ArgumentException("bad", "p"); }', "! ArgumentException"),
    ("@{ throw null; }", "! NullReferenceException"),
    ('@{ using (var r = new System.IO.StringReader("ab")) { return r.ReadToEnd(); } }', "String ab"),
    ("@{ using (var h = SHA256.Create()) { return h.ComputeHash(new byte[0]).Length; } }", "Int32 32"),
    ("@{ int F(int n) { return n < 2 ? 1 : n * F(n - 1); } return F(10); }", "Int32 3628800"),
    (
        '@{ int F(int a, int b = 5, params int[] c) { return a + b + c.Sum(); } return F(1) + "," + F(1, 2) + "," + F(1, 2, 3, 4) + "," + F(b: 1, a: 2); }',
        "String 6,3,10,3",
    ),
    (
        "@{ void F(out int a, ref int b) { a = b; b = 9; } int x; int y = 3; F(out x, ref y); return x * 10 + y; }",
        "Int32 39",
    ),
    ('@{ string s = ""; void F(string t) => s += t; F("a"); F("b"); return s; }', "String ab"),
    (
        "@{ bool Even(int n) => n == 0 || Odd(n - 1); bool Odd(int n) => n != 0 && Even(n - 1); return Even(10); }",
        "Boolean True",
    ),
    ("@{ int x = 1; { int y = 2; x += y; } { int y = 3; x += y; } return x; }", "Int32 6"),
    ("@{ ; ; return 1; }", "Int32 1"),
    ('@{ var (a, b) = (1, "x"); return b + a; }', "String x1"),
    ('@{ int a; string b; (a, b) = (1, "x"); return b + a; }', "String x1"),
    ("@{ int a = 1, b = 2; (a, b) = (b, a); return a * 10 + b; }", "Int32 21"),
    ('@{ (int n, string s) t = (1, "x"); t.n = 5; return t.s + t.n; }', "String x5"),
    ('@{ int.TryParse("12", out var n); return n; }', "Int32 12"),
    ('@{ if (int.TryParse("x", out int n)) { return 1; } else { return n; } }', "Int32 0"),
    ('@{ var d = new Dictionary<string, int>(); return d.TryGetValue("a", out var v) ? v : -1; }', "Int32 -1"),
    ("@{ lock (new object()) { return 1; } }", "Int32 1"),
    ("@{ var a = new int[2][]; a[0] = new[] { 1, 2 }; return a[0][1] + (a[1] == null ? 10 : 0); }", "Int32 12"),
    ("@{ var a = new int[2, 3]; a[1, 2] = 5; return a[1, 2] + a.Length + a.GetLength(1); }", "Int32 14"),
    ('@{ int[] a = { 1, 2, 3 }; Array.Reverse(a); return string.Join("", a); }', "String 321"),
    ("@{ var f = new Func<int, Func<int, int>>(x => y => x * 10 + y); return f(1)(2); }", "Int32 12"),
    (
        '@{ Func<int, string> f = x => { if (x > 0) if (x > 1) return "a"; else return "b"; return "c"; }; return f(0) + f(1) + f(2); }',
        "String cba",
    ),
    ("@{ Action<int> a = null; int n = 0; a = x => { n += x; if (x > 0) { a(x - 1); } }; a(3); return n; }", "Int32 6"),
    (
        "@{ if (context == null) { return 1; } else if (context.Variables.Count > 5) { return 2; } else { return 3; } }",
        "Int32 3",
    ),
    ("@{ return; }", "! CS0126"),
    ("@{ { return 1; } }", "Int32 1"),
]


def outcome(expression: str) -> str:
    row, _ = evaluate("", expression, {}, CompileOptions(any_type=True, placeholders=False))
    if row["ok"]:
        return f"{(row['type'] or 'null').rpartition('.')[2]} {row['text']}"
    if row["phase"] == "compile":
        return "! " + row["codes"][0]
    return "! " + row["exception"].rpartition(".")[2]


@pytest.mark.parametrize(("expression", "expected"), ROWS, ids=[row[0] for row in ROWS])
def test_statement(expression: str, expected: str) -> None:
    """What C# gives."""
    assert outcome(expression) == expected
