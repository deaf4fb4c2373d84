"""IProxyRequestContext, the type of `context`, and what hangs directly on it.  The object is a `runtime.Exchange`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from apimpy.dotnet.apim.carriers import carrier, instant, parse_as, texts
from apimpy.dotnet.decl import clr_type, enum_type
from apimpy.dotnet.values import EnumValue, to_string, to_text

if TYPE_CHECKING:
    from apimpy.dotnet.time.datetime import DateTime
    from apimpy.dotnet.time.timespan import TimeSpan

__all__ = ["context"]

context = clr_type("Apim.IProxyRequestContext", kind="interface", python=carrier("exchange", "Exchange"))
last_error = clr_type("Apim.ILastError", kind="interface", python=carrier("exchange", "LastError"))
backend_type = enum_type("Apim.BackendType", ("Single", "Pool"))
backend = clr_type("Apim.IBackend", kind="interface", python=carrier("exchange", "BackendTarget"))
graphql = clr_type("Apim.IGraphQL", kind="interface")


def _none(self: Any) -> None:
    return None


context.prop("IContextApi? Api", attr="api")
context.prop("IOperation? Operation", attr="operation")
context.prop("IProduct? Product", attr="product")
context.prop("ISubscription? Subscription", attr="subscription")
context.prop("IUser? User", attr="user")
context.prop("IDeployment Deployment", attr="deployment")
context.prop("IRequest Request", attr="request")
context.prop("IResponse? Response", attr="response")
context.prop("ILastError? LastError", attr="last_error")
context.prop("IReadOnlyDictionary<string, object> Variables", attr="variables")
context.prop("bool Tracing", attr="tracing")
context.prop("IGraphQL? GraphQL", _none)
context.prop("IWorkspace? Workspace", _none)


@context.prop("IBackend? Backend")
def selected_backend(self: Any) -> Any:
    """Null unless a backend entity is selected."""
    target = self.backend
    return None if target is None or target.id is None else target


@context.prop("Guid RequestId")
def request_id(self: Any) -> Any:
    return parse_as("System.Guid", self.id)


@context.prop("DateTime Timestamp")
def timestamp(self: Any) -> DateTime:
    return instant(self.started)


@context.prop("TimeSpan Elapsed")
def elapsed(self: Any) -> TimeSpan:
    from apimpy.dotnet.time.timespan import TimeSpan

    return TimeSpan(round((self.services.clock.monotonic() - self.started_mono) * 10_000_000))


@context.method("void Trace(string? message)")
def trace(self: Any, message: str | None) -> None:
    self.traces.append(to_text(message or ""))


@context.method("void Trace(string? source, object? data)")
def trace_data(self: Any, source: str | None, data: Any) -> None:
    self.traces.append(to_text(f"{source or ''}: {to_string(data)}"))


last_error.prop("string Source", texts("source"))
last_error.prop("string? Reason", texts("reason"))
last_error.prop("string Message", texts("message"))
last_error.prop("string? Scope", attr="scope")
last_error.prop("string? Section", attr="section")
last_error.prop("string? Path", texts("path"))
last_error.prop("string? PolicyId", texts("policy_id"))
last_error.prop("int HttpErrorCode", attr="status")
last_error.prop("int Elapsed", attr="elapsed_ms")


@last_error.prop("int TransportErrorCode")
def transport_error_code(self: Any) -> int:
    return 0


backend.prop("string Id", attr="id")
backend.prop("string? AzureRegion", attr="region")


@backend.prop("BackendType Type")
def kind(self: Any) -> EnumValue:
    return backend_type.enum_members["Pool" if self.kind.lower() == "pool" else "Single"]  # type: ignore[no-any-return]


graphql.prop("IDictionary<string, JToken>? Arguments", _none)
graphql.prop("IDictionary<string, JToken>? GraphQLArguments", _none)
graphql.prop("JToken? Parent", _none)
