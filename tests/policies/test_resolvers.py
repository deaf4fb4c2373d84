"""Resolvers of GraphQL fields: documents of their own, checked like others; none of them runs yet."""

import pytest

from apimpy.diagnostics import Sink
from apimpy.document.reader import read
from apimpy.pipeline.check import check_document
from apimpy.policies import catalogue
from apimpy.source import SourceFile

REQUEST = "<http-request><set-method>GET</set-method><set-url>https://a.test/</set-url></http-request>"
CONNECTION = "<connection-info><connection-string>x</connection-string>{}</connection-info>"
COSMOS = CONNECTION.format("<database-name>d</database-name><container-name>c</container-name>")
SQL = CONNECTION.format("")
EVENT = "<publish-event><targets><graphql-subscription id='s' /></targets></publish-event>"
RESPONSE = f"<http-response>{EVENT}</http-response>"
STATEMENT = "<sql-statement>select 1</sql-statement>"


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        (f"<http-data-source>{REQUEST}</http-data-source>", ["POL018"]),
        (
            f"<http-data-source>{REQUEST}<backend><forward-request /></backend>{RESPONSE}</http-data-source>",
            ["POL018"],
        ),
        ("<http-data-source />", ["POL007", "POL018"]),
        (f"<http-data-source>{REQUEST}<http-reply /></http-data-source>", ["POL018", "POL006"]),
        (
            f"<sql-data-source>{SQL}<request single-result='maybe'>{STATEMENT}</request></sql-data-source>",
            ["POL018", "POL005"],
        ),
        (f"<sql-data-source>{SQL}<request>{STATEMENT}</request></sql-data-source>", ["POL018"]),
        (
            f"<cosmosdb-data-source>{COSMOS}<read-request><id>@(1)</id></read-request></cosmosdb-data-source>",
            ["POL018"],
        ),
        (f"<cosmosdb-data-source>{COSMOS}</cosmosdb-data-source>", ["POL007", "POL018"]),
        ("<set-method>GET</set-method>", ["DOC006"]),
    ],
)
def test_resolvers(document, expected):
    sink = Sink()
    root = read(SourceFile("resolver.xml", document), sink)
    assert root is not None
    check_document(root, catalogue(), None, sink)
    assert [d.code for d in sink] == expected


@pytest.mark.parametrize(
    ("policy", "help_"),
    [
        (f"<http-data-source>{REQUEST}</http-data-source>", "it is the root of a resolver's document"),
        (EVENT, "it may stand in: http-response, response"),
    ],
)
def test_a_resolver_is_no_policy_of_a_section(policy, help_):
    sink = Sink()
    root = read(SourceFile("p.xml", f"<policies><inbound>{policy}</inbound></policies>"), sink)
    assert root is not None
    check_document(root, catalogue(), None, sink)
    assert [d.help for d in sink if d.code == "POL002"] == [help_]
