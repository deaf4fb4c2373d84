"""What rules have to work with: expressions by what they mean, policies by where they stand."""

from __future__ import annotations

import pytest
from linting import inbound

from apimpy.diagnostics import Sink
from apimpy.document.reader import read
from apimpy.lint.expressions import Expressions
from apimpy.lint.subject import Subject
from apimpy.pipeline.check import check_document
from apimpy.policies import catalogue
from apimpy.source import SourceFile


def subject(text: str) -> Subject:
    sink = Sink()
    document = read(SourceFile("policy.xml", text), sink)
    assert document is not None
    expressions = Expressions()
    bound = check_document(document, catalogue(), None, sink, compiler=expressions.compiler(sink))
    assert [str(d) for d in sink.errors] == []
    return Subject(document, bound.sections, expressions)


def expression(source: str):
    held = subject(inbound(f"<set-variable name='v' value='{source}' />"))
    (policy,) = held.policies("set-variable")
    found = held.expression(policy, "value")
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("source", "members"),
    [
        ("@(DateTime.UtcNow.Year)", {"System.DateTime.UtcNow", "System.DateTime.Year"}),
        ("@(new Random().Next(3))", {"System.Random..ctor", "System.Random.Next"}),
        ("@(context.Request.Method)", {"Apim.IRequest.Method"}),
        ('@(context.Request.Body.As<JObject>(true)["a"].ToString())', {"Newtonsoft.Json.Linq.JToken.ToString"}),
        ("@{ return 1 + 1; }", set()),
    ],
)
def test_members(source: str, members: set[str]) -> None:
    """Members by the full name of the type that declares them."""
    assert members <= expression(source).members


@pytest.mark.parametrize(
    ("source", "paths"),
    [
        ("@(context.Request.Method)", {"context.Request.Method"}),
        ('@(context.User?.Id ?? "none")', {"context.User.Id"}),
        ("@(context.Request.Url.Query.Count)", {"context.Request.Url.Query.Count"}),
        ('@(((string)context.Variables["a"]).Length)', {"context.Variables"}),
        ("@(context.Request.Headers.ToList().Count)", {"context.Request.Headers"}),
    ],
)
def test_paths(source: str, paths: set[str]) -> None:
    """What is read of the context, and no more than that."""
    found = expression(source).paths
    longest = {p for p in found if not any(o.startswith(f"{p}.") for o in found)}
    assert longest == paths


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ("@(true)", True),
        ("@(1 + 1 == 2)", True),
        ('@("a" + "b")', "ab"),
        ("@{ return 7; }", 7),
        ("@(null)", None),
        ("@(context.Request.Method)", None),
        ('@("{{a}}" == "b")', None),
        ("@{ var a = 1; return a; }", None),
    ],
)
def test_constant(source: str, value: object) -> None:
    """The value of what is the same for every request."""
    assert expression(source).constant == value


@pytest.mark.parametrize(
    ("source", "uses", "dynamic"),
    [
        ('@(context.Variables["a"].ToString())', [("a", "required")], False),
        (
            '@(context.Variables.GetValueOrDefault("a", "") + (string)context.Variables["b"])',
            [("a", "optional"), ("b", "required")],
            False,
        ),
        (
            '@(context.Variables.ContainsKey("a") ? (string)context.Variables["a"] : "")',
            [("a", "asked"), ("a", "optional")],
            False,
        ),
        ('@{ object o; return context.Variables.TryGetValue("a", out o); }', [("a", "asked")], False),
        ("@((string)context.Variables[context.Request.Method])", [], True),
        ('@{ var all = context.Variables; return (string)all["a"]; }', [], True),
        ("@(context.Variables.Count)", [], True),
    ],
)
def test_variables(source: str, uses: list[tuple[str, str]], dynamic: bool) -> None:
    """How an expression asks for variables, and whether it may ask for any."""
    found = expression(source)
    assert sorted((u.name, u.kind) for u in found.uses) == uses
    assert found.any_variable is dynamic


def test_places() -> None:
    """A node of an expression has its span in the file; an attribute that is not there has its element's."""
    held = subject(inbound('<set-variable name="v" value="@(1 + context.Request.Url.Port)" />'))
    (policy,) = held.policies("set-variable")
    found = held.expression(policy, "value")
    assert found is not None
    (node,) = (n for n in found.nodes() if found.path(n) == "context.Request.Url.Port")
    assert found.span(node).text == "context.Request.Url.Port"
    assert held.at(policy, "nothing") is policy.source
    assert (held.literal(policy, "name"), held.literal(policy, "value"), held.literal(policy)) == ("v", None, None)


def test_calls() -> None:
    """Methods are found by name, extension methods too, with what they are given."""
    found = expression('@(context.Request.Headers.GetValueOrDefault("a", "b") + "x".Trim())')
    (call,) = found.calls("GetValueOrDefault")
    assert [arg.const for arg in call.args if isinstance(arg.const, str)] == ["a", "b"]
    assert list(found.calls("Substring")) == []


def test_policies_at_any_depth() -> None:
    """In document order, each with its section; the expressions of a container are not those of what it runs."""
    inner = '<set-method>@("GET")</set-method>'
    held = subject(inbound(f"<choose><when condition='@(true)'>{inner}</when><otherwise>{inner}</otherwise></choose>"))
    assert [p.element for p in held.all_policies] == ["base", "choose", "set-method", "set-method", *["base"] * 3]
    assert {held.section_of(p) for p in held.policies("choose", "set-method")} == {"inbound"}
    (choose,) = held.policies("choose")
    assert [e.text for e in held.expressions(choose)] == ["true"]
    assert [e.text for e in held.expressions()] == ["true", '"GET"', '"GET"']
    assert [p.element for p in held.section("inbound")] == ["base", "choose"]
    assert [v.policy.element for v in held.flow.visits][:4] == ["base", "choose", "set-method", "set-method"]
