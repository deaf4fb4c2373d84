"""`cosmosdb-data-source`: a GraphQL field resolved by Azure Cosmos DB."""

from __future__ import annotations

from apimpy.policies.publish_event import PublishEvent
from apimpy.policies.set_body import SetBody
from apimpy.policy.base import Item, Policy
from apimpy.policy.facts import PLANNED, exactly_one
from apimpy.policy.fields import REQUIRED, attr, child, children, text
from apimpy.policy.value import Value

__all__ = ["CosmosdbDataSource"]

_CONSISTENCY = ("bounded-staleness", "consistent-prefix", "eventual", "session", "strong")


class ConnectionString(Item, element="connection-string"):
    """The account."""

    use_managed_identity: bool = attr(default=False, doc="Sign in with the managed identity.")
    content: Value[str] = text(doc="Connection string.")


class DatabaseName(Item, element="database-name"):
    """The database."""

    content: Value[str] = text(doc="Its name.")


class ContainerName(Item, element="container-name"):
    """The container."""

    content: Value[str] = text(doc="Its name.")


class ConnectionInfo(Item, element="connection-info"):
    """Where the items are."""

    connection: ConnectionString = child(ConnectionString, default=REQUIRED)
    database: DatabaseName = child(DatabaseName, default=REQUIRED)
    container: ContainerName = child(ContainerName, default=REQUIRED)


class PartitionKey(Item, element="partition-key"):
    """The partition of the items."""

    data_type: str = attr(
        default="string", allowed=("string", "number", "bool", "none", "null"), doc="Type of the key."
    )
    template: str | None = attr(default=None, allowed=("liquid",), doc="Template language.")
    content: Value[object] = text(liquid=True, doc="The key.")


class ItemId(Item, element="id"):
    """One item."""

    template: str | None = attr(default=None, allowed=("liquid",), doc="Template language.")
    content: Value[str] = text(liquid=True, doc="Its id.")


class Etag(Item, element="etag"):
    """The version of the item that the request is for."""

    type: str = attr(default="match", allowed=("match", "no-match"), doc="Whether it must be that one.")
    template: str | None = attr(default=None, allowed=("liquid",), doc="Template language.")
    content: Value[str] = text(liquid=True, doc="The tag.")


class SqlStatement(Item, element="sql-statement"):
    """The query."""

    content: Value[str] = text(doc="SQL, with parameters.")


class QueryParameter(Item, element="parameter"):
    """A parameter of the query."""

    name: str = attr(doc="Its name, with the leading @.")
    content: Value[object] = text(doc="Its value.")


class QueryParameters(Item, element="parameters"):
    """The parameters of the query."""

    items: tuple[QueryParameter, ...] = children(QueryParameter, at_least=1)


class MaxItemCount(Item, element="max-item-count"):
    """How many items a page has."""

    template: str | None = attr(default=None, allowed=("liquid",), doc="Template language.")
    content: Value[int] = text(liquid=True, doc="The number; -1: all.")


class ContinuationToken(Item, element="continuation-token"):
    """Where a page begins."""

    template: str | None = attr(default=None, allowed=("liquid",), doc="Template language.")
    content: Value[str] = text(liquid=True, doc="What the last page said.")


class Paging(Item, element="paging"):
    """A page of the result."""

    count: MaxItemCount = child(MaxItemCount, default=REQUIRED)
    token: ContinuationToken = child(ContinuationToken, default=REQUIRED)


class QueryRequest(Item, element="query-request"):
    """Ask for items."""

    enable_low_precision_order_by: bool | None = attr(default=None, doc="Order numbers with less precision.")
    statement: SqlStatement | None = child(SqlStatement)
    parameters: QueryParameters | None = child(QueryParameters)
    partition: PartitionKey | None = child(PartitionKey)
    paging: Paging | None = child(Paging)


class ReadRequest(Item, element="read-request"):
    """Read one item."""

    id: ItemId = child(ItemId, default=REQUIRED)
    partition: PartitionKey | None = child(PartitionKey)


class DeleteRequest(Item, element="delete-request"):
    """Delete one item."""

    consistency_level: str | None = attr(default=None, allowed=_CONSISTENCY, doc="Consistency.")
    pre_trigger: str | None = attr(default=None, doc="Function to run before.")
    post_trigger: str | None = attr(default=None, doc="Function to run after.")
    etag: Etag | None = child(Etag)
    id: ItemId = child(ItemId, default=REQUIRED)
    partition: PartitionKey | None = child(PartitionKey)


class WriteRequest(Item, element="write-request"):
    """Write one item: the body, or the arguments of the field."""

    type: str = attr(default="upsert", allowed=("insert", "replace", "upsert"), doc="What is there already.")
    consistency_level: str | None = attr(default=None, allowed=_CONSISTENCY, doc="Consistency.")
    indexing_directive: str = attr(default="default", doc="How the item is indexed.")
    pre_trigger: str | None = attr(default=None, doc="Function to run before.")
    post_trigger: str | None = attr(default=None, doc="Function to run after.")
    id: ItemId | None = child(ItemId, doc="Needed when the type is replace.")
    partition: PartitionKey | None = child(PartitionKey)
    etag: Etag | None = child(Etag)
    body: SetBody | None = child(SetBody)


class CosmosResponse(Item, element="response"):
    """What becomes of the answer."""

    body: SetBody | None = child(SetBody)
    event: PublishEvent | None = child(PublishEvent)


class CosmosdbDataSource(
    Policy,
    element="cosmosdb-data-source",
    sections=("resolver",),
    scopes=("graphql-resolver",),
    gateways=("classic", "v2"),
    category="graphql-resolver",
    repeatable=False,
    maturity="preview",
    support=PLANNED,
    rules=(exactly_one("<query-request>", "<read-request>", "<delete-request>", "<write-request>"),),
):
    """Resolves a field by asking for, reading, deleting or writing items; the root of a resolver's document."""

    connection: ConnectionInfo = child(ConnectionInfo, default=REQUIRED)
    query: QueryRequest | None = child(QueryRequest)
    read: ReadRequest | None = child(ReadRequest)
    delete: DeleteRequest | None = child(DeleteRequest)
    write: WriteRequest | None = child(WriteRequest)
    response: CosmosResponse | None = child(CosmosResponse)
