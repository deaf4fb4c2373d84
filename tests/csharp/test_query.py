"""Query expressions: what the clauses mean.

The outcomes were given by a real C# compiler and the real class library: type and text of the value, or `!` and the
exception.
"""

from __future__ import annotations

import pytest

from apimpy.cli.eval import evaluate
from apimpy.dotnet.compile import CompileOptions

ROWS = [
    ('@(string.Join(",", from x in new[] { 1, 2, 3 } where x > 1 select x * 2))', "String 4,6"),
    ('@(string.Join(",", from x in new[] { 3, 1, 2 } orderby x select x))', "String 1,2,3"),
    ('@(string.Join(",", from x in new[] { 3, 1, 2 } orderby x descending select x))', "String 3,2,1"),
    (
        '@(string.Join(",", from s in new[] { "bb", "a", "cc", "d" } orderby s.Length, s descending select s))',
        "String d,a,cc,bb",
    ),
    ('@(string.Join(",", from x in new[] { 1, 2 } from y in new[] { "a", "b" } select x + y))', "String 1a,1b,2a,2b"),
    (
        '@(string.Join(",", from x in new[] { 1, 2 } from y in Enumerable.Range(0, x) where y > 0 select x * 10 + y))',
        "String 21",
    ),
    (
        '@(string.Join(",", from x in new[] { 1, 2 } let y = x * x let z = y + 1 where z > 2 select x + y + z))',
        "String 11",
    ),
    (
        '@(string.Join(",", from x in new[] { 1, 2, 3, 4 } group x by x % 2 into g orderby g.Key select g.Key + ":" + g.Sum()))',
        "String 0:6,1:4",
    ),
    (
        '@(string.Join(",", (from x in new[] { 1, 2, 3, 4 } group x * 10 by x % 2).Select(g => g.Key + "=" + string.Join("+", g))))',
        "String 1=10+30,0=20+40",
    ),
    (
        '@(string.Join(",", from x in new[] { 1, 2 } join y in new[] { (1, "a"), (2, "b"), (1, "c") } on x equals y.Item1 select x + y.Item2))',
        "String 1a,1c,2b",
    ),
    (
        '@(string.Join(",", from x in new[] { 1, 2, 3 } join y in new[] { 1, 1, 2 } on x equals y into g select x + ":" + g.Count()))',
        "String 1:2,2:1,3:0",
    ),
    ('@(string.Join(",", from x in new[] { 1, 2 } select x into y where y > 1 select y))', "String 2"),
    ('@(string.Join(",", from int x in new object[] { 1, 2 } select x + 1))', "String 2,3"),
    ('@(string.Join(",", from c in "hello" where "aeiou".Contains(c) select c))', "String e,o"),
    (
        "@((from p in JObject.Parse(\"{'a':1,'b':2}\").Properties() where (int)p.Value > 1 select p.Name).First())",
        "String b",
    ),
    (
        "@((from t in JArray.Parse(\"[{'n':1},{'n':5}]\") let n = (int)t[\"n\"] orderby n descending select n).First())",
        "Int32 5",
    ),
    (
        '@(string.Join(",", from x in new[] { 1, 2 } select new { x, y = x * 2 } into o where o.y > 2 select o.x))',
        "String 2",
    ),
    ("@((from x in new[] { 1 } select (Func<int>)(() => x)).First()())", "Int32 1"),
    ("@((from x in new int[0] select x).Any())", "Boolean False"),
    ("@((from x in new[] { 1, 2, 3 } where x > 1 where x < 3 select x).Single())", "Int32 2"),
    (
        '@(string.Join(",", from x in new[] { 2, 1 } orderby x select x.ToString() + (from y in new[] { x, 5 } select y).Max()))',
        "String 15,25",
    ),
    (
        '@(string.Join(",", from a in new[] { 1, 2 } join b in new[] { 1, 2 } on a equals b join c in new[] { 2 } on b equals c select a + b + c))',
        "String 6",
    ),
    ("@((from x in (string[])null select x).Count())", "! ArgumentNullException"),
]


def outcome(expression: str) -> str:
    row, _ = evaluate("", expression, {}, CompileOptions(any_type=True, placeholders=False))
    if row["ok"]:
        return f"{(row['type'] or 'null').rpartition('.')[2]} {row['text']}"
    if row["phase"] == "compile":
        return "! " + row["codes"][0]
    return "! " + row["exception"].rpartition(".")[2]


@pytest.mark.parametrize(("expression", "expected"), ROWS, ids=[row[0] for row in ROWS])
def test_query(expression: str, expected: str) -> None:
    """What C# gives."""
    assert outcome(expression) == expected
