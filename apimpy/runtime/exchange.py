"""One request on its way through the pipeline: everything `context` shows, and what the gateway adds.

Expressions read it through the declarations of `apimpy.dotnet.apim` (C#'s `context` IS this object); policies change
it.  It lives for one request and belongs to one task.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from apimpy.record import Record

if TYPE_CHECKING:
    from apimpy.dotnet.values import Runtime
    from apimpy.runtime.message import Body, Request, Response, Url
    from apimpy.runtime.ports import Tunnel
    from apimpy.runtime.services import Services
    from apimpy.runtime.tracing import Trace

__all__ = [
    "Api",
    "BackendTarget",
    "DeclaredRequest",
    "DeclaredResponse",
    "Deployment",
    "Exchange",
    "Group",
    "Identity",
    "LastError",
    "Operation",
    "Parameter",
    "Product",
    "Representation",
    "ResponseHook",
    "Subscription",
    "TraceEntry",
    "User",
]


class Api(Record, frozen=True, eq=True):
    id: str
    name: str
    path: str = ""
    revision: str = "1"
    version: str | None = None
    is_current_revision: bool = True
    service_url: Url | None = None
    protocols: tuple[str, ...] = ("https",)
    key_header: str = "Ocp-Apim-Subscription-Key"
    key_query: str = "subscription-key"
    is_mcp: bool = False
    """An MCP server."""


class Representation(Record, frozen=True, eq=True):
    """What an API description says about one media type of a response."""

    content_type: str
    examples: tuple[bytes, ...] = ()
    schema: Any = None
    """JSON schema, references resolved; None: not described."""


class Parameter(Record, frozen=True, eq=True):
    """What an API description says about one parameter of an operation.  `place`: path, query or header."""

    name: str
    place: str
    required: bool = False
    schema: Any = None
    description: str = ""


class DeclaredRequest(Record, frozen=True, eq=True):
    """What an API description says about the requests of an operation.  `body`: the schema of a JSON body, or None."""

    parameters: tuple[Parameter, ...] = ()
    body: Any = None
    body_required: bool = False
    description: str = ""


class DeclaredResponse(Record, frozen=True, eq=True):
    status: int
    representations: tuple[Representation, ...] = ()


class Operation(Record, frozen=True, eq=True):
    id: str
    name: str
    method: str
    url_template: str
    responses: tuple[DeclaredResponse, ...] = ()
    """As the API's description declares them; `mock-response` answers with these."""


class Group(Record, frozen=True, eq=True):
    id: str
    name: str


class Identity(Record, frozen=True, eq=True):
    id: str
    provider: str


class Product(Record, frozen=True, eq=True):
    id: str
    name: str
    approval_required: bool = False
    subscription_required: bool = True
    subscriptions_limit: int | None = None
    state: str = "Published"
    groups: tuple[Group, ...] = ()
    apis: tuple[Api, ...] = ()


class Subscription(Record, frozen=True, eq=True):
    """`created`, `start` and `end` are ISO 8601 texts or None."""

    id: str
    name: str
    key: str | None = None
    primary_key: str | None = None
    secondary_key: str | None = None
    created: str | None = None
    start: str | None = None
    end: str | None = None
    allow_tracing: bool = False


class User(Record, frozen=True, eq=True):
    id: str
    email: str = ""
    first_name: str = ""
    last_name: str = ""
    note: str = ""
    registration_date: str | None = None
    groups: tuple[Group, ...] = ()
    identities: tuple[Identity, ...] = ()


class Deployment(Record, frozen=True, eq=True):
    region: str = "local"
    service_id: str = "apimpy"
    service_name: str = "apimpy"
    gateway_id: str = "managed"
    instance_id: str = "managed"
    is_managed: bool = True
    certificates: tuple[tuple[str, Any], ...] = ()


class BackendTarget(Record):
    """Where the next forward-request goes.  `id` None: a plain URL, no backend entity.

    `url` None: a pool, of which no member has been asked yet; then that of the latest.
    """

    url: Url | None
    id: str | None = None
    kind: str = "Single"
    region: str | None = None
    inherited: bool = False
    """The id came from a broader scope: a base-url cannot override it."""
    scope: str | None = None
    """The scope of the policy that chose it."""


class LastError(Record):
    source: str
    reason: str | None
    message: str
    scope: str | None = None
    section: str | None = None
    path: str | None = None
    policy_id: str | None = None
    elapsed_ms: int = 0
    status: int = 0


class TraceEntry(Record, frozen=True, eq=True):
    """What one `trace` policy wrote."""

    source: str
    severity: str
    message: str
    metadata: tuple[tuple[str, str], ...] = ()


class ResponseHook:
    """What an inbound policy still has to do when the response comes (token accounting, queued headers).

    The pipeline calls, in the order in which the hooks were added:
    `on_backend_start` when the backend section begins; then exactly one of
    `on_response(exchange)` when the caller's final response head is known, before the outbound section, and
    `on_short_circuit(exchange)` when the backend was never called or failed (return-response, error).
    `on_pipeline_end` follows when the last policy has run (outbound or on-error), before the response is sent, and
    `on_end(completed)` when the last byte went to the caller, or `completed=False` when it did not; a caller that
    leaves early gets `on_end` alone.
    """

    async def on_backend_start(self, ex: Exchange) -> None:
        """The backend section begins."""

    async def on_response(self, ex: Exchange) -> None:
        """`ex.response` is the final backend response; its body may still be a stream."""

    async def on_short_circuit(self, ex: Exchange) -> None:
        """`ex.response` was made without the backend, or the backend failed."""

    async def on_pipeline_end(self, ex: Exchange) -> None:
        """No policy will run any more."""

    async def on_end(self, ex: Exchange, completed: bool) -> None:
        """The body has been relayed (or was cut)."""


class Exchange:
    """One request and its response.  `started` is UTC seconds, `started_mono` the monotonic clock at arrival."""

    __slots__ = (
        "answered",
        "api",
        "backend",
        "cached",
        "debug",
        "deployment",
        "finished",
        "hooks",
        "id",
        "last_error",
        "llm",
        "missed",
        "notes",
        "operation",
        "operation_path",
        "product",
        "queued",
        "request",
        "response",
        "rt",
        "section",
        "sent",
        "served_by",
        "service_url",
        "services",
        "skip_past",
        "started",
        "started_mono",
        "subscription",
        "trace",
        "traces",
        "tracing",
        "tunnel",
        "upstream",
        "user",
        "variables",
    )

    def __init__(self, id: str, request: Request, services: Services, rt: Runtime, started: float) -> None:
        self.id = id
        """GUID text in format D, lower case."""
        self.request = request
        self.services = services
        self.rt = rt
        self.started = started
        self.started_mono: float = services.clock.monotonic()
        self.response: Response | None = None
        self.variables: dict[str, Any] = {}
        """Values as boxed C# values."""
        self.section = "inbound"
        self.last_error: LastError | None = None
        self.backend: BackendTarget | None = None
        self.served_by: str | None = None
        """The backend entity that was asked last; of a pool the member."""
        self.service_url: Url | None = None
        """Base URL of the backend (API setting), path without trailing slash handling done yet."""
        self.operation_path: str | None = None
        """Path after the API's base path, as rewrite-uri left it; appended to the backend's base URL."""
        self.api: Api | None = None
        self.operation: Operation | None = None
        self.product: Product | None = None
        self.subscription: Subscription | None = None
        self.user: User | None = None
        self.deployment: Deployment = services.deployment
        self.hooks: list[ResponseHook] = []
        self.queued: dict[str, str] | None = None
        """Headers that policies promised to the caller's response, whichever response that will be."""
        self.upstream: Body | None = None
        """The body of the backend's last response; closed by the pipeline when it is not the one sent."""
        self.tunnel: Tunnel | None = None
        """The backend's connection after a handshake that it accepted; closed when the exchange ends."""
        self.llm: Any = None
        """Cached classification of the request for the token policies."""
        self.missed: dict[str, Any] | None = None
        """By scope, what a semantic lookup left for the policy that stores."""
        self.cached: dict[str, Any] | None = None
        """By scope, what `cache-lookup` left for `cache-store`."""
        self.skip_past: tuple[str, str] | None = None
        """A policy of inbound answered from a cache: outbound begins after the step of this element and scope."""
        self.sent = 0
        """Bytes of the response's body that went to the caller; known when hooks hear of the end."""
        self.answered: float | None = None
        """When a handshake had been answered (monotonic clock): what follows is no response time."""
        self.finished: Callable[[bool], None] | None = None
        self.debug: tuple[tuple[str, str], ...] = ()
        """Headers that tracing adds to the answer, whatever it is."""
        self.trace: Trace | None = None
        """The trace that is being written; its program is the traced twin."""
        self.tracing = False
        self.traces: list[str | TraceEntry] = []
        """Texts given to context.Trace, and what `trace` policies wrote."""
        self.notes: list[str] = []
        """Warnings for the access log and the trace."""
