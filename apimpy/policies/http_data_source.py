"""`http-data-source`: a GraphQL field resolved by an HTTP call."""

from __future__ import annotations

from apimpy.policies._outgoing import SetUrl
from apimpy.policies.authentication_certificate import AuthenticationCertificate
from apimpy.policies.find_and_replace import FindAndReplace
from apimpy.policies.forward_request import ForwardRequest
from apimpy.policies.get_authorization_context import GetAuthorizationContext
from apimpy.policies.include_fragment import IncludeFragment
from apimpy.policies.publish_event import PublishEvent
from apimpy.policies.set_backend_service import SetBackendService
from apimpy.policies.set_body import SetBody
from apimpy.policies.set_header import SetHeader
from apimpy.policies.set_method import SetMethod
from apimpy.policies.xml_to_json import XmlToJson
from apimpy.policy.base import Item, Policy
from apimpy.policy.facts import PLANNED
from apimpy.policy.fields import REQUIRED, child, children

__all__ = ["HttpDataSource"]


class HttpRequest(Item, element="http-request"):
    """The request."""

    authorization: GetAuthorizationContext | None = child(GetAuthorizationContext)
    backend: SetBackendService | None = child(SetBackendService)
    method: SetMethod = child(SetMethod, default=REQUIRED)
    url: SetUrl = child(SetUrl, default=REQUIRED)
    fragments: tuple[IncludeFragment, ...] = children(IncludeFragment)
    headers: tuple[SetHeader, ...] = children(SetHeader)
    body: SetBody | None = child(SetBody)
    certificate: AuthenticationCertificate | None = child(AuthenticationCertificate)


class Sending(Item, element="backend"):
    """How it is sent."""

    forward: ForwardRequest | None = child(ForwardRequest)


class HttpResponse(Item, element="http-response"):
    """What becomes of the response."""

    body: SetBody | None = child(SetBody)
    json: XmlToJson | None = child(XmlToJson)
    replace: FindAndReplace | None = child(FindAndReplace)
    event: PublishEvent | None = child(PublishEvent)
    fragments: tuple[IncludeFragment, ...] = children(IncludeFragment)


class HttpDataSource(
    Policy,
    element="http-data-source",
    sections=("resolver",),
    scopes=("graphql-resolver",),
    gateways=("classic", "v2", "consumption"),
    category="graphql-resolver",
    repeatable=False,
    support=PLANNED,
    ordered=True,
):
    """Resolves a field with the JSON that a request of its own answers with; the root of a resolver's document."""

    request: HttpRequest = child(HttpRequest, default=REQUIRED)
    backend: Sending | None = child(Sending)
    response: HttpResponse | None = child(HttpResponse)
