"""APIOps folders: one folder or file for every resource of a service, as the publishing tools write them.

    model = read_folder(Path("artifacts"), sink, environ=os.environ, environment="prod")

Names are compared without regard to case, blanks, `_` and `-`, so the layouts of older tools are read too.  Properties
nobody here knows are ignored.  `configuration.{environment}.yaml`, in the folder or beside it, is laid over what the
folder says.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from apimpy.configuration.backends import check_url, last_id, read_backend
from apimpy.configuration.fields import Section
from apimpy.configuration.mcp import reference
from apimpy.configuration.model import (
    ApiSpec,
    GatewayFile,
    GroupSpec,
    McpSpec,
    McpToolSpec,
    NamedValue,
    OperationSpec,
    PolicyText,
    ProductSpec,
    Ref,
    Secret,
    SubscriptionSpec,
    UserSpec,
    VersionSet,
)
from apimpy.configuration.openapi import read_description, slug
from apimpy.configuration.overrides import Overrides
from apimpy.configuration.read import STATES, scope_of
from apimpy.configuration.values import Surroundings, check_name, check_value, env_file, missing_value
from apimpy.configuration.yaml_source import Node, load
from apimpy.record import replace
from apimpy.source import SourceFile, Span

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from apimpy.diagnostics import Sink

__all__ = ["is_service_folder", "read_folder", "service_folder"]

_COLLECTIONS = {
    "apis": "apis",
    "backends": "backends",
    "groups": "groups",
    "namedvalues": "namedvalues",
    "policyfragments": "fragments",
    "products": "products",
    "subscriptions": "subscriptions",
    "versionsets": "versionsets",
    "apiversionsets": "versionsets",
    "workspaces": "workspaces",
}
_MARKS = {"apis", "namedvalues", "fragments", "products", "versionsets"}
_DESCRIPTIONS = ("specification", "openapispec")
_HANDSHAKE = "onHandshake"
"""The one operation of an API of the type websocket."""
_GROUPS = ("administrators", "developers", "guests")


def _folded(name: str) -> str:
    return name.lower().replace(" ", "").replace("_", "").replace("-", "")


def is_service_folder(folder: Path) -> bool:
    """Whether a folder holds resources: one of the collections, with an information file or a policy in it."""
    for child in _folders(folder):
        if _COLLECTIONS.get(_folded(child.name)) in _MARKS:
            for _, _, names in os.walk(child):
                if any(_folded(n).endswith("information.json") or n.lower() == "policy.xml" for n in names):
                    return True
    return False


def service_folder(folder: Path) -> Path | None:
    """The folder itself, or the only one in it that holds resources; None when there is none."""
    if is_service_folder(folder):
        return folder
    inside = [child for child in _folders(folder) if is_service_folder(child)]
    return inside[0] if len(inside) == 1 else None


def read_folder(
    folder: Path,
    sink: Sink,
    *,
    environ: Mapping[str, str],
    environment: str | None = None,
    complete: bool = True,
) -> GatewayFile:
    """The model of a service folder."""
    environ = env_file(folder / ".env") | env_file(folder.parent / ".env") | dict(environ)
    overrides = Overrides.load(folder, environment, environ, sink)
    model = _Reader(folder, Surroundings(folder, environ, complete), overrides, sink).read()
    overrides.unused(sink)
    return model


def _children(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir(), key=lambda p: p.name.lower())
    except OSError:
        return []


def _folders(folder: Path) -> list[Path]:
    return [p for p in _children(folder) if p.is_dir()]


def _file(folder: Path, *stems: str, extensions: tuple[str, ...] = (".json",)) -> Path | None:
    """The file with one of the names, however it is spelled."""
    for path in _children(folder):
        if path.suffix.lower() in extensions and _folded(path.stem) in stems and path.is_file():
            return path
    return None


class _Resource:
    """One folder of a collection: its information file with what the overrides say."""

    def __init__(self, folder: Path, section: Section, overrides: Overrides) -> None:
        self.folder, self.section, self.overrides = folder, section, overrides
        self.name = folder.name

    @property
    def span(self) -> Span:
        return self.section.span


class _Reader:
    def __init__(self, folder: Path, around: Surroundings, overrides: Overrides, sink: Sink) -> None:
        self._folder, self._around, self._overrides, self._sink = folder, around, overrides, sink
        self._collections: dict[str, list[Path]] = {}
        for child in _folders(folder):
            kind = _COLLECTIONS.get(_folded(child.name))
            if kind is not None:
                self._collections.setdefault(kind, []).append(child)

    def read(self) -> GatewayFile:
        start = SourceFile(str(self._folder), "").span(0)
        for path in self._collections.get("workspaces", ()):
            if _folders(path):
                self._sink.report("CFG015", "workspaces are not supported yet", SourceFile(str(path), "").span(0))
        products = tuple(self._product(r) for r in self._resources("products", "product"))
        groups = [self._group(r) for r in self._resources("groups", "group")]
        named = {g.id.lower() for g in groups} | set(_GROUPS)
        for product in products:  # groups need not be exported
            groups += [GroupSpec(g.id, g.span, g.id) for g in product.groups if g.id.lower() not in named]
        version_sets = {v.id: v for v in (self._version_set(r) for r in self._resources("versionsets", "versionset"))}
        apis = tuple(self._apis(version_sets))
        subscriptions = tuple(self._subscriptions())
        owners = tuple({s.user.id: UserSpec(s.user.id, s.user.span) for s in subscriptions if s.user}.values())
        return GatewayFile(
            start,
            self._policy(self._folder, self._overrides),
            tuple(self._named_value(r) for r in self._resources("namedvalues", "namedvalue")),
            self._fragments(),
            tuple(self._backend(r) for r in self._resources("backends", "backend")),
            tuple(version_sets.values()),
            apis,
            products,
            subscriptions,
            owners,
            tuple(groups),
        )

    # --- files --------------------------------------------------------------------------------------------------------

    def _resources(self, collection: str, stem: str) -> Iterator[_Resource]:
        """The resources of a collection that have an information file."""
        for root in self._collections.get(collection, ()):
            for folder in _folders(root):
                resource = self._resource(folder, stem, collection)
                if resource is not None:
                    yield resource

    def _resource(self, folder: Path, stem: str, collection: str, name: str = "") -> _Resource | None:
        path = _file(folder, stem + "information")
        if path is None:
            return None
        node = load(path, self._sink)
        if node is None:
            return None
        overrides = self._overrides.below(collection, name or folder.name)
        return _Resource(folder, self._properties(node, overrides, f"{stem} '{folder.name}'"), overrides)

    def _properties(self, node: Node, overrides: Overrides, what: str) -> Section:
        """The object under `properties`, overrides laid over it."""
        outer = Section(node, what, self._sink, strict=False)
        inner = outer.node("properties") or node
        return Section(overrides.laid_over(inner), what, self._sink, strict=False)

    def _policy(self, folder: Path, overrides: Overrides) -> PolicyText | None:
        replaced = overrides.policy()
        if replaced is not None:
            return replaced
        path = _file(folder, "policy", extensions=(".xml",))
        if path is None:
            return None
        start = SourceFile(str(path), "").span(0)
        if path.name != "policy.xml":
            self._sink.report("CFG021", f"the tools write policy.xml, not {path.name}: only some systems see it", start)
        return PolicyText(start, str(path))

    # --- small resources ----------------------------------------------------------------------------------------------

    def _named_value(self, resource: _Resource) -> NamedValue:
        section, around = resource.section, self._around
        name = section.text("displayName", resource.name) or resource.name
        check_name(name, section.at("displayName"), self._sink)
        secret, vault = section.flag("secret"), section.node("keyVault") is not None
        text = section.optional("value")
        variable = "APIM_NV_" + "".join(c if c.isalnum() else "_" for c in name.upper())
        if text is None:
            text = around.environ.get(variable)
        value = None if text is None else Secret(text)
        if value is None:
            where = "its value is in a key vault" if vault else "the folder has none"
            tried = f"{where}, and the environment has no variable {variable}"
            missing_value(f"the named value '{name}'", tried, resource.span, around, self._sink)
        else:
            check_value(name, value, section.at("value"), self._sink)
        return NamedValue(name, resource.span, value, secret or vault)

    def _fragments(self) -> dict[str, PolicyText]:
        found: dict[str, PolicyText] = {}
        for root in self._collections.get("fragments", ()):
            for folder in _folders(root):
                overrides = self._overrides.below("policyfragments", folder.name)
                text = self._policy(folder, overrides)
                path = _file(folder, "policyfragmentinformation")
                node = None if path is None or text is not None else load(path, self._sink)
                if node is not None:  # older exports keep the text in the JSON
                    section = self._properties(node, overrides, f"policy fragment '{folder.name}'")
                    value = section.optional("value")
                    if value is not None:
                        inline = SourceFile(f"{node.span.file.name}#value", value)
                        text = PolicyText(section.at("value"), inline=inline)
                if text is not None:
                    found[folder.name] = text
                elif path is not None:
                    start = SourceFile(str(path), "").span(0)
                    self._sink.report("CFG010", f"the fragment '{folder.name}' has no policy.xml", start)
        return found

    def _backend(self, resource: _Resource) -> Any:
        node = resource.section.source
        return read_backend(resource.name, node, resource.span, self._sink, strict=False)

    def _version_set(self, resource: _Resource) -> VersionSet:
        section = resource.section
        scheme = section.text("versioningScheme", "Segment", choices=("Segment", "Header", "Query")).lower()
        key = {"header": "versionHeaderName", "query": "versionQueryName"}.get(scheme)
        return VersionSet(resource.name, resource.span, scheme, section.text(key, required=True) if key else "")

    def _group(self, resource: _Resource) -> GroupSpec:
        return GroupSpec(resource.name, resource.span, resource.section.text("displayName", resource.name))

    def _product(self, resource: _Resource) -> ProductSpec:
        section, folder = resource.section, resource.folder
        return ProductSpec(
            resource.name,
            resource.span,
            section.text("displayName", resource.name),
            tuple(self._links(folder, "apis", "apiId", resource.span)),
            tuple(self._links(folder, "groups", "groupId", resource.span)),
            self._policy(folder, resource.overrides),
            section.flag("subscriptionRequired", True),
            section.flag("approvalRequired"),
            section.number("subscriptionsLimit"),
            section.text("state", "published", choices=("Published", "NotPublished")),
        )

    def _links(self, folder: Path, kind: str, key: str, span: Span) -> Iterator[Ref]:
        """Members by folder, link object or list: the id in the JSON, else the folder's name."""
        seen: set[str] = set()
        for root in _folders(folder):
            if _folded(root.name) not in (kind, kind.removesuffix("s") + "links"):
                continue
            for child in _folders(root):
                ref = Ref(child.name, SourceFile(str(child), "").span(0))
                for path in _children(child):
                    node = load(path, self._sink) if path.suffix.lower() == ".json" else None
                    if node is not None and node.kind == "map":
                        section = self._properties(node, Overrides.none(), f"the link '{child.name}'")
                        linked = section.optional(key)
                        ref = Ref(last_id(linked), section.at(key)) if linked else Ref(child.name, node.span)
                if ref.id.lower() not in seen:
                    seen.add(ref.id.lower())
                    yield ref
        listed = _file(folder, kind)
        node = load(listed, self._sink) if listed is not None else None
        for item in node.value if node is not None and node.kind == "list" else ():
            name = Section(item, "a member", self._sink, strict=False).text("name")
            if name and name.lower() not in seen:
                seen.add(name.lower())
                yield Ref(name, item.span)

    def _subscriptions(self) -> Iterator[SubscriptionSpec]:
        for resource in self._resources("subscriptions", "subscription"):
            section = resource.section
            scope = section.text("scope", required=True)
            found = scope_of(scope) if scope else None
            if found is None and scope:
                self._sink.report("CFG007", f"'scope' names no product, API or service: {scope!r}", section.at("scope"))
            if found is None:
                continue
            kind, target = found
            owner = section.optional("ownerId")
            primary, secondary = self._key(resource, "primary"), self._key(resource, "secondary")
            if primary is None and secondary is None and section.text("state", "active").lower() == "active":
                variable = self._variable(resource, "primary")
                message = f"no key in the folder, and the environment has no variable {variable}: nobody can use it"
                self._sink.report("CFG023", f"the subscription '{resource.name}' has {message}", resource.span)
            yield SubscriptionSpec(
                resource.name,
                resource.span,
                section.text("displayName", resource.name),
                kind,
                None if target is None else Ref(target, section.at("scope")),
                primary,
                secondary,
                state=section.text("state", "active", choices=STATES),
                user=Ref(last_id(owner), section.at("ownerId")) if owner else None,
                created=section.optional("createdDate"),
                start=section.optional("startDate"),
                end=section.optional("endDate") or section.optional("expirationDate"),
                allow_tracing=section.flag("allowTracing"),
            )

    def _variable(self, resource: _Resource, which: str) -> str:
        name = "".join(c if c.isalnum() else "_" for c in resource.name.upper())
        return f"APIM_KEY_{name}" + ("" if which == "primary" else "_SECONDARY")

    def _key(self, resource: _Resource, which: str) -> Secret | None:
        text = resource.section.optional(f"{which}Key") or self._around.environ.get(self._variable(resource, which))
        return Secret(text) if text else None

    # --- APIs ---------------------------------------------------------------------------------------------------------

    def _apis(self, version_sets: dict[str, VersionSet]) -> Iterator[ApiSpec]:
        found: list[ApiSpec] = []
        for root in self._collections.get("apis", ()):
            for top in _folders(root):
                for folder in _with_information(top):
                    resource = self._resource(folder, "api", "apis", top.name)
                    if resource is not None:
                        found.append(self._api(resource, top.name, folder != top, version_sets))
        for id_ in dict.fromkeys(api.id.lower() for api in found):
            yield from _with_current([api for api in found if api.id.lower() == id_])

    def _api(self, resource: _Resource, top: str, nested: bool, version_sets: dict[str, VersionSet]) -> ApiSpec:
        section, folder = resource.section, resource.folder
        id_, _, revision = top.partition(";rev=")
        keys = section.section("subscriptionKeyParameterNames")
        version = section.text("apiVersion") or None
        if nested and version and len(folder.relative_to(folder.parents[2]).parts) > 2:
            id_ = f"{id_}-{version}"  # the oldest layout keeps the versions of an API in one folder
        version_set = self._version_set_of(section, version_sets, version)
        url = section.text("serviceUrl") or None
        if url is not None:
            check_url(url, section.at("serviceUrl"), self._sink)
        path = section.text("path").strip("/")
        if version and version_set and path.lower().endswith("/" + version.lower()):
            self._sink.report(
                "CFG020", f"the version '{version}' is in the path too: callers write it twice", section.at("path")
            )
        operations, server = self._operations(resource)
        current = section.node("isCurrent")
        return ApiSpec(
            id_,
            resource.span,
            path,
            section.text("displayName", id_),
            url or server,
            section.at("serviceUrl") if url else None,
            section.flag("subscriptionRequired", True),
            (keys.text("header") if keys else "") or "Ocp-Apim-Subscription-Key",
            (keys.text("query") if keys else "") or "subscription-key",
            tuple(n.text for n in section.texts("protocols")) or ("https",),
            version,
            version_set,
            revision or section.text("apiRevision", "1") or "1",
            (section.flag("isCurrent") if current is not None else not revision) if revision or nested else True,
            section.flag("isOnline", True),
            self._policy(folder, resource.overrides),
            operations,
            _mcp(section, self._sink),
        )

    def _version_set_of(self, section: Section, known: dict[str, VersionSet], version: str | None) -> Ref | None:
        id_ = section.optional("apiVersionSetId")
        inline = section.section("apiVersionSet")
        if not id_ and inline is not None:
            id_ = inline.optional("id") or inline.optional("name")
            scheme = inline.text("versioningScheme", "Segment").lower()
            name = inline.text("versionHeaderName") or inline.text("versionQueryName")
            if id_:
                known.setdefault(last_id(id_), VersionSet(last_id(id_), inline.span, scheme, name))
        return Ref(last_id(id_), section.at("apiVersionSetId")) if id_ and version else None

    def _operations(self, resource: _Resource) -> tuple[tuple[OperationSpec, ...], str | None]:
        section, folder = resource.section, resource.folder
        described = None
        specification = _file(folder, *_DESCRIPTIONS, extensions=(".json", ".yaml", ".yml"))
        start = SourceFile(str(specification or folder), "").span(0)
        kind = section.text("type", "http").lower()
        if kind not in ("http", "odata", "websocket", "mcp"):
            self._sink.report("CFG015", f"APIs of the type {kind} are not supported: it is served as HTTP", start)
        if specification is not None:
            literal = section.text("translateRequiredQueryParameters", "template").lower() != "query"
            described = read_description(specification, self._sink, at=start, query_in_template=literal)
            if described is None:
                return (), None
        elif kind in ("http", "odata"):
            message = f"the API '{resource.name}' has no specification: every request is its operation"
            self._sink.report("CFG022", message, resource.span)
        if described is not None:
            operations = described.operations
        elif kind == "mcp":
            operations = (OperationSpec("mcp", resource.span, "*", "/*", "mcp"),)
        elif kind == "websocket":
            operations = (OperationSpec(_HANDSHAKE, resource.span, "GET", "/*", _HANDSHAKE),)
        else:
            operations = (OperationSpec("any", resource.span, "*", "/*", "any"),)
        policies = {}
        for root in _folders(folder):
            if _folded(root.name) == "operations":
                for child in _folders(root):
                    below = resource.overrides.below("operations", child.name)
                    policy = self._policy(child, below)
                    if policy is not None:
                        policies[slug(child.name)] = (child, policy)
        out = []
        for operation in operations:
            found = policies.pop(operation.id.lower(), None) or policies.pop(slug(operation.name), None)
            out.append(operation if found is None else replace(operation, policy=found[1]))
        for child, policy in policies.values():
            message = f"the API '{resource.name}' has no operation '{child.name}': its policy is not used"
            self._sink.report("CFG016", message, policy.span)
        return tuple(out), described.server if described else None


def _mcp(section: Section, sink: Sink) -> McpSpec | None:
    """What an API of the type mcp says of its tools, or of the server behind it."""
    if section.text("type", "http").lower() != "mcp":
        return None
    tools = []
    for node in section.items("mcpTools"):
        tool = Section(node, "a tool", sink, strict=False)
        name, operation = tool.text("name", required=True), tool.text("operationId", required=True)
        found = reference(operation)
        if found is not None:
            at = tool.at("operationId")
            tools.append(McpToolSpec(name, tool.at("name"), Ref(found[0], at), found[1], tool.text("description")))
    backend = section.optional("backendId")
    section.known("mcpProperties")
    return McpSpec(tuple(tools), Ref(last_id(backend), section.at("backendId")) if backend else None)


def _with_information(top: Path) -> list[Path]:
    """The folder of an API; in the oldest layout, those of its versions and revisions."""
    if _file(top, "apiinformation") is not None:
        return [top]
    return [Path(at) for at, _, _ in sorted(os.walk(top)) if _file(Path(at), "apiinformation") is not None]


def _with_current(revisions: list[ApiSpec]) -> list[ApiSpec]:
    """Exactly one is current: the folder without `;rev=`, else the one that says so, else the highest."""
    current = [api for api in revisions if api.current]
    if len(current) == 1:
        return revisions
    best = (current or sorted(revisions, key=lambda a: (len(a.revision), a.revision), reverse=True))[0]
    return [replace(api, current=api is best) for api in revisions]
