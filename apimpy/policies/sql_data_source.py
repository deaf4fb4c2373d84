"""`sql-data-source`: a GraphQL field resolved by a statement for Azure SQL."""

from __future__ import annotations

from apimpy.policies.authentication_certificate import AuthenticationCertificate
from apimpy.policies.include_fragment import IncludeFragment
from apimpy.policies.publish_event import PublishEvent
from apimpy.policies.set_body import SetBody
from apimpy.policy.base import Item, Policy
from apimpy.policy.facts import PLANNED
from apimpy.policy.fields import REQUIRED, attr, child, children, text
from apimpy.policy.value import Value

__all__ = ["SqlDataSource"]


class ConnectionString(Item, element="connection-string"):
    """The database."""

    use_managed_identity: Value[bool] = attr(default=False, doc="Sign in with the managed identity.")
    content: Value[str] = text(doc="Connection string.")


class ConnectionInfo(Item, element="connection-info"):
    """How to reach the database."""

    connection: ConnectionString = child(ConnectionString, default=REQUIRED)
    fragments: tuple[IncludeFragment, ...] = children(IncludeFragment)
    certificate: AuthenticationCertificate | None = child(AuthenticationCertificate)


class SqlStatement(Item, element="sql-statement"):
    """The statement."""

    content: Value[str] = text(doc="SQL, with parameters.")


class SqlParameter(Item, element="parameter"):
    """A parameter of the statement."""

    name: str = attr(doc="Its name, with the leading @.")
    sql_type: str | None = attr(default=None, doc="Its type.")
    content: Value[object] = text(doc="Its value.")


class SqlParameters(Item, element="parameters"):
    """The parameters of the statement."""

    items: tuple[SqlParameter, ...] = children(SqlParameter, at_least=1)


class SqlRequest(Item, element="request"):
    """What the database is asked."""

    single_result: Value[bool] = attr(default=False, doc="One row, as an object.")
    fragment: IncludeFragment | None = child(IncludeFragment)
    body: SetBody | None = child(SetBody)
    statement: SqlStatement = child(SqlStatement, default=REQUIRED)
    parameters: SqlParameters | None = child(SqlParameters)


class SqlResponse(Item, element="response"):
    """What becomes of the answer."""

    fragment: IncludeFragment | None = child(IncludeFragment)
    body: SetBody | None = child(SetBody)
    event: PublishEvent | None = child(PublishEvent)


class SqlDataSource(
    Policy,
    element="sql-data-source",
    sections=("resolver",),
    scopes=("graphql-resolver",),
    gateways=("classic", "v2"),
    category="graphql-resolver",
    repeatable=False,
    maturity="preview",
    support=PLANNED,
    ordered=True,
):
    """Resolves a field with the rows of a SQL statement; the root of a resolver's document."""

    connection: ConnectionInfo = child(ConnectionInfo, default=REQUIRED)
    fragments: tuple[IncludeFragment, ...] = children(IncludeFragment)
    request: SqlRequest = child(SqlRequest, default=REQUIRED)
    response: SqlResponse | None = child(SqlResponse)
