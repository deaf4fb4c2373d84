"""What the service knows about the call: API, operation, product, subscription, user, deployment."""

from __future__ import annotations

from typing import Any

from apimpy.csharp.types import ClrType
from apimpy.dotnet.apim.carriers import carrier, dated, texts
from apimpy.dotnet.apim.views import CertificateView
from apimpy.dotnet.decl import clr_type, enum_type
from apimpy.dotnet.values import Array, EnumValue
from apimpy.dotnet.web.octets import string_array

__all__ = ["product_state"]

key_names = clr_type("Apim.ISubscriptionKeyParameterNames", kind="interface")
api = clr_type("Apim.IApi", kind="interface", python=carrier("exchange", "Api"))
context_api = clr_type("Apim.IContextApi", kind="interface", bases="IApi")
operation = clr_type("Apim.IOperation", kind="interface", python=carrier("exchange", "Operation"))
group = clr_type("Apim.IGroup", kind="interface", python=carrier("exchange", "Group"))
identity = clr_type("Apim.IUserIdentity", kind="interface", python=carrier("exchange", "Identity"))
product_state = enum_type("Apim.ProductState", ("NotPublished", "Published"))
product = clr_type("Apim.IProduct", kind="interface", python=carrier("exchange", "Product"))
subscription = clr_type("Apim.ISubscription", kind="interface", python=carrier("exchange", "Subscription"))
user = clr_type("Apim.IUser", kind="interface", python=carrier("exchange", "User"))
gateway = clr_type("Apim.IGateway", kind="interface")
deployment = clr_type("Apim.IDeployment", kind="interface", python=carrier("exchange", "Deployment"))
sustainability = clr_type("Apim.ISustainabilityInfo", kind="interface")
workspace = clr_type("Apim.IWorkspace", kind="interface")


def _itself(self: Any) -> Any:
    return self


def _none(self: Any) -> None:
    return None


def _sequence(attribute: str, of: str) -> Any:
    def get(self: Any) -> Array:
        universe = ClrType.universe
        assert universe is not None
        return Array(universe.named(of), getattr(self, attribute))

    return get


# --- API -------------------------------------------------------------------------------------------------------------

api.prop("string Id", attr="id")
api.prop("string Name", texts("name"))
api.prop("string Path", texts("path"))
api.prop("IUrl? ServiceUrl", attr="service_url")
api.prop("ISubscriptionKeyParameterNames SubscriptionKeyParameterNames", _itself)


@api.prop("IEnumerable<string> Protocols")
def protocols(self: Any) -> Array:
    return string_array(self.protocols)


key_names.prop("string Header", attr="key_header")
key_names.prop("string Query", attr="key_query")

context_api.prop("bool IsCurrentRevision", attr="is_current_revision")
context_api.prop("string Revision", attr="revision")
context_api.prop("string? Version", attr="version")

operation.prop("string Id", attr="id")
operation.prop("string Name", texts("name"))
operation.prop("string Method", attr="method")
operation.prop("string UrlTemplate", texts("url_template"))

# --- product and subscription ----------------------------------------------------------------------------------------

product.prop("string Id", attr="id")
product.prop("string Name", texts("name"))
product.prop("bool ApprovalRequired", attr="approval_required")
product.prop("bool SubscriptionRequired", attr="subscription_required")
product.prop("int? SubscriptionsLimit", attr="subscriptions_limit")
product.prop("int? SubscriptionLimit", attr="subscriptions_limit")
product.prop("IEnumerable<IGroup> Groups", _sequence("groups", "Apim.IGroup"))
product.prop("IEnumerable<IApi> Apis", _sequence("apis", "Apim.IApi"))
product.prop("IWorkspace? Workspace", _none)


@product.prop("ProductState State")
def state(self: Any) -> EnumValue:
    return product_state.enum_members["NotPublished" if self.state.lower() == "notpublished" else "Published"]  # type: ignore[no-any-return]


subscription.prop("string Id", attr="id")
subscription.prop("string? Name", texts("name"))
subscription.prop("string? Key", attr="key")
subscription.prop("string? PrimaryKey", attr="primary_key")
subscription.prop("string? SecondaryKey", attr="secondary_key")
subscription.prop("DateTime CreatedDate", dated("created"))
subscription.prop("DateTime? StartDate", dated("start", nullable=True))
subscription.prop("DateTime? EndDate", dated("end", nullable=True))

# --- people ----------------------------------------------------------------------------------------------------------

group.prop("string Id", attr="id")
group.prop("string Name", texts("name"))
identity.prop("string Id", attr="id")
identity.prop("string Provider", attr="provider")

user.prop("string Id", attr="id")
user.prop("string Email", texts("email"))
user.prop("string FirstName", texts("first_name"))
user.prop("string LastName", texts("last_name"))
user.prop("DateTime RegistrationDate", dated("registration_date"))
user.prop("IEnumerable<IGroup> Groups", _sequence("groups", "Apim.IGroup"))
user.prop("IEnumerable<IUserIdentity> Identities", _sequence("identities", "Apim.IUserIdentity"))


@user.prop("string? Note")
def note(self: Any) -> str | None:
    return texts("note")(self) or None  # no note is null


# --- deployment ------------------------------------------------------------------------------------------------------

deployment.prop("string GatewayId", attr="gateway_id")
deployment.prop("string Region", attr="region")
deployment.prop("string ServiceId", attr="service_id")
deployment.prop("string ServiceName", attr="service_name")
deployment.prop("IGateway Gateway", _itself)
deployment.prop("ISustainabilityInfo? SustainabilityInfo", _none)


@deployment.prop("IReadOnlyDictionary<string, X509Certificate2> Certificates")
def certificates(self: Any) -> CertificateView:
    return CertificateView(self.certificates)


gateway.prop("string Id", attr="gateway_id")
gateway.prop("string InstanceId", attr="instance_id")
gateway.prop("bool IsManaged", attr="is_managed")

sustainability.prop("string? CurrentCarbonIntensity", _none)
workspace.prop("string? Id", _none)
workspace.prop("string? Name", _none)
