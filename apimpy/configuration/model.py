"""What a gateway file, an APIOps folder or a single policy document says: one model for the three.

Everything knows where it was written.  References are ids; whether they lead anywhere is checked by `assemble`.
Secrets are `Secret`: they never show in a `repr`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from apimpy.record import Record, field
from apimpy.runtime.exchange import DeclaredRequest, DeclaredResponse
from apimpy.source import SourceFile, Span

if TYPE_CHECKING:
    from apimpy.dotnet.crypto.x509 import Certificate

__all__ = [
    "ApiSpec",
    "BackendSpec",
    "Credentials",
    "GatewayFile",
    "GroupSpec",
    "IdentitySpec",
    "LlmLogSpec",
    "McpSpec",
    "McpToolSpec",
    "NamedValue",
    "OperationSpec",
    "OtlpSpec",
    "PolicyText",
    "PoolMember",
    "ProductSpec",
    "ProxySpec",
    "Ref",
    "Secret",
    "SubscriptionSpec",
    "UserSpec",
    "VersionSet",
]


class Secret:
    """A text that is never shown."""

    __slots__ = ("text",)

    def __init__(self, text: str) -> None:
        self.text = text

    def __repr__(self) -> str:
        return "Secret(…)"


class Ref(Record, frozen=True):
    """An id, and where it was written."""

    id: str
    span: Span


class PolicyText(Record, frozen=True):
    """A policy document: a file (`path`), or a text that something else holds (`inline`)."""

    span: Span
    """Where it was named."""
    path: str = ""
    inline: SourceFile | None = None


class NamedValue(Record, frozen=True):
    """`value` None: known, and without a value here (`lint` works without secrets)."""

    name: str
    span: Span
    value: Secret | None = None
    secret: bool = False
    tried: str = ""
    """Where the value was looked for, in words."""


class VersionSet(Record, frozen=True):
    """`scheme`: segment, header or query; `name`: of the header or parameter."""

    id: str
    span: Span
    scheme: str = "segment"
    name: str = ""


class OperationSpec(Record, frozen=True):
    id: str
    span: Span
    method: str
    url_template: str
    name: str = ""
    policy: PolicyText | None = None
    responses: tuple[DeclaredResponse, ...] = ()
    request: DeclaredRequest | None = None
    template_span: Span | None = None


class McpToolSpec(Record, frozen=True):
    """An operation of another API under the name of a tool."""

    name: str
    span: Span
    api: Ref
    operation: str
    description: str = ""


class McpSpec(Record, frozen=True):
    """An MCP server: tools that are operations of APIs, or the `backend` that is one."""

    tools: tuple[McpToolSpec, ...] = ()
    backend: Ref | None = None


class ApiSpec(Record, frozen=True):
    """One revision of an API.  APIs with one id are its revisions."""

    id: str
    span: Span
    path: str = ""
    name: str = ""
    service_url: str | None = None
    service_url_span: Span | None = None
    subscription_required: bool = True
    key_header: str = "Ocp-Apim-Subscription-Key"
    key_query: str = "subscription-key"
    protocols: tuple[str, ...] = ("https",)
    version: str | None = None
    version_set: Ref | None = None
    revision: str = "1"
    current: bool = True
    online: bool = True
    policy: PolicyText | None = None
    operations: tuple[OperationSpec, ...] = ()
    mcp: McpSpec | None = None
    """None: an API over HTTP."""


class ProductSpec(Record, frozen=True):
    id: str
    span: Span
    name: str = ""
    apis: tuple[Ref, ...] = ()
    groups: tuple[Ref, ...] = ()
    policy: PolicyText | None = None
    subscription_required: bool = True
    approval_required: bool = False
    subscriptions_limit: int | None = None
    state: str = "Published"


class SubscriptionSpec(Record, frozen=True):
    """`scope`: product, api, apis (all APIs) or service (all access); `target` for the first two."""

    id: str
    span: Span
    name: str = ""
    scope: str = "service"
    target: Ref | None = None
    primary: Secret | None = None
    secondary: Secret | None = None
    state: str = "active"
    user: Ref | None = None
    created: str | None = None
    start: str | None = None
    end: str | None = None
    allow_tracing: bool = False


class GroupSpec(Record, frozen=True):
    id: str
    span: Span
    name: str = ""


class UserSpec(Record, frozen=True):
    id: str
    span: Span
    email: str = ""
    first_name: str = ""
    last_name: str = ""
    note: str = ""
    groups: tuple[Ref, ...] = ()


class Credentials(Record, frozen=True):
    """What a backend is sent besides the request; values may hold `{{named values}}`."""

    headers: tuple[tuple[str, Secret], ...] = ()
    query: tuple[tuple[str, Secret], ...] = ()
    scheme: str = ""
    parameter: Secret | None = None
    identity: tuple[str, str | None] | None = None
    """Resource and client id of a managed identity."""
    certificates: tuple[str, ...] = ()
    """Ids or thumbprints."""


class PoolMember(Record, frozen=True):
    backend: Ref
    priority: int | None = None
    weight: int | None = None


class ProxySpec(Record, frozen=True):
    url: str
    username: str = ""
    password: Secret | None = None


class BackendSpec(Record, frozen=True):
    """`breaker`: the rules as they were written, checked, durations in seconds.  `affinity`: the name of a cookie."""

    id: str
    span: Span
    url: str | None = None
    url_span: Span | None = None
    kind: str = "Single"
    region: str | None = None
    credentials: Credentials | None = None
    pool: tuple[PoolMember, ...] = ()
    breaker: tuple[Mapping[str, Any], ...] = ()
    affinity: str | None = None
    proxy: ProxySpec | None = None
    check_chain: bool = True
    check_name: bool = True


class IdentitySpec(Record, frozen=True):
    """`kind`: static (`token`), file (`path`) or command (`command`)."""

    kind: str
    span: Span
    token: Secret | None = None
    path: str = ""
    command: str = ""


class LlmLogSpec(Record, frozen=True):
    """Calls of language models as records.  `to`: paths, `-` for standard output, `otlp` for the collector."""

    span: Span
    to: tuple[str, ...] = ()
    messages: str = "none"
    """none, requests, responses or all"""
    max_bytes: int = 256 << 10
    """Of the texts of a request, and of those of its response."""
    max_file_bytes: int = 256 << 20
    """Of a file; then a new one begins.  0: never."""
    headers: tuple[str, ...] = ()
    patterns: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    hidden_headers: tuple[str, ...] = ()


class OtlpSpec(Record, frozen=True):
    """A collector of telemetry: base URL, headers to send, seconds between two reports of the metrics."""

    span: Span
    url: str
    headers: tuple[tuple[str, Secret], ...] = ()
    interval: int = 15
    metrics: bool = True


class GatewayFile(Record, frozen=True):
    """Everything one gateway serves."""

    span: Span
    policy: PolicyText | None = None
    named_values: tuple[NamedValue, ...] = ()
    fragments: Mapping[str, PolicyText] = field(default_factory=dict)
    backends: tuple[BackendSpec, ...] = ()
    version_sets: tuple[VersionSet, ...] = ()
    apis: tuple[ApiSpec, ...] = ()
    products: tuple[ProductSpec, ...] = ()
    subscriptions: tuple[SubscriptionSpec, ...] = ()
    users: tuple[UserSpec, ...] = ()
    groups: tuple[GroupSpec, ...] = ()
    kind: str = "v2"
    deployment: Mapping[str, str] = field(default_factory=dict)
    """Of `region service_name service_id gateway_id instance_id`, those that were given."""
    options: Mapping[str, Any] = field(default_factory=dict)
    """Fidelity options that were given, checked."""
    redis: str | None = None
    """URL of the Redis that keeps state; may hold a password."""
    identity: IdentitySpec | None = None
    certificates: tuple[tuple[str, Certificate], ...] = ()
    """Of the gateway, by id."""
    llm_log: LlmLogSpec | None = None
    otlp: OtlpSpec | None = None
    single: bool = False
    """One policy document and flags: what policies name need not be known here."""
