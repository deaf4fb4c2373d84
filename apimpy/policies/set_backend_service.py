"""`set-backend-service`: the target of the next forward-request."""

from __future__ import annotations

from typing import TYPE_CHECKING

from apimpy.backends.entity import Backend
from apimpy.policies._sections import ALL_SECTIONS
from apimpy.policies._target import retarget
from apimpy.policy.base import Action, Policy
from apimpy.policy.facts import exactly_one, needs, partial
from apimpy.policy.fields import attr
from apimpy.policy.value import Value, value_fault
from apimpy.runtime.exchange import BackendTarget
from apimpy.runtime.faults import PolicyFault
from apimpy.runtime.flow import Flow
from apimpy.runtime.message import Url

if TYPE_CHECKING:
    from apimpy.policy.bind import Binding
    from apimpy.policy.plan import Plan
    from apimpy.runtime.exchange import Exchange

__all__ = ["SetBackendService"]


class SetBackendService(
    Policy,
    element="set-backend-service",
    sections=ALL_SECTIONS,
    unlisted=("outbound", "on-error"),
    category="routing",
    support=partial("The Service Fabric and Dapr attributes have no effect."),
    rules=(
        exactly_one("base-url", "backend-id"),
        needs("dapr-app-id", "backend-id"),
        needs("dapr-method", "dapr-app-id"),
        needs("sf-partition-key", "backend-id"),
    ),
):
    """Sets the backend: a base URL, or a backend entity by id.  The last one executed wins.

    The part of the path that names the operation is kept and appended.  Of a pool, each forward-request picks a member.
    A `base-url` cannot override a `backend-id` that a broader scope chose; it is ignored then.
    An empty `base-url` keeps the current backend; an unknown `backend-id` fails with 500.
    """

    base_url: Value[str] | None = attr(default=None, format="url", sample="https://example.com", doc="Base URL.")
    backend_id: Value[str] | None = attr(default=None, doc="Backend entity.")
    sf_resolve_condition: Value[bool] | None = attr(default=None, doc="Service Fabric.")
    sf_service_instance_name: Value[str] | None = attr(default=None, doc="Service Fabric.")
    sf_partition_key: Value[str] | None = attr(default=None, doc="Service Fabric.")
    sf_listener_name: Value[str] | None = attr(default=None, doc="Service Fabric.")
    sf_replica_type: Value[str] | None = attr(default=None, allowed=("primary", "secondary"), doc="Service Fabric.")
    dapr_app_id: Value[str] | None = attr(default=None, doc="Dapr.")
    dapr_method: Value[str] | None = attr(default=None, doc="Dapr.")
    dapr_namespace: Value[str] | None = attr(default=None, doc="Dapr.")

    def check(self, cx: Binding) -> None:
        for a in self.source.attributes:
            if a.name.startswith(("sf-", "dapr-")):
                cx.report("POL019", f"'{a.name}' is not supported: it has no effect", a.name_span)

    def prepare(self, plan: Plan) -> Action:
        scope, inherited = plan.scope, not plan.narrowest

        def run(ex: Exchange) -> Flow:
            if self.backend_id is not None:
                ex.backend = self._entity(ex, self.backend_id.get(ex), scope, inherited)
                retarget(ex)
            elif self.base_url is not None:
                self._base(ex, self.base_url.get(ex).strip(), scope)
            return Flow.NEXT

        return Action(run, False, self.needs())

    def _base(self, ex: Exchange, text: str, scope: str) -> None:
        current = ex.backend
        if not text:
            return
        if current is not None and current.id is not None and current.scope not in (None, scope):
            ex.notes.append(
                f"set-backend-service: base-url ignored, backend {current.id} came from scope {current.scope}"
            )
            return
        try:
            url = Url.of_backend(text)
        except ValueError as error:
            raise value_fault(self.element, f"The base-url field is {error}.") from error
        ex.backend = BackendTarget(url, scope=scope)
        retarget(ex)

    def _entity(self, ex: Exchange, id: str, scope: str, inherited: bool) -> BackendTarget:
        entity = ex.services.backends.get(id)
        if entity is None:
            raise PolicyFault(self.element, "BackendNotFound", f"Backend with id '{id}' could not be found.")
        url = entity.url if isinstance(entity, Backend) else None
        return BackendTarget(url, id, entity.kind, entity.region, inherited, scope)
