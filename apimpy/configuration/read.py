"""`gateway.yaml`: one file that says what a gateway serves.  docs/gateway.md describes it key by key.

    model = read_gateway_file(Path("gateway.yaml"), sink, environ=os.environ)

Paths in it are relative to the file.  Unknown keys and wrong types are errors with their place; whether ids lead
anywhere is checked by `assemble`.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from apimpy.configuration.backends import check_url, read_backends
from apimpy.configuration.certificates import read_certificates
from apimpy.configuration.fields import Section, wrong_type
from apimpy.configuration.mcp import reference
from apimpy.configuration.model import (
    ApiSpec,
    GatewayFile,
    GroupSpec,
    IdentitySpec,
    McpSpec,
    McpToolSpec,
    NamedValue,
    OperationSpec,
    PolicyText,
    ProductSpec,
    Ref,
    SubscriptionSpec,
    UserSpec,
    VersionSet,
)
from apimpy.configuration.observing import read_llm_log, read_otlp
from apimpy.configuration.openapi import Described, read_description
from apimpy.configuration.options import OptionError, option_value
from apimpy.configuration.values import Surroundings, check_name, check_value, read_value, redis_problem
from apimpy.configuration.yaml_source import load
from apimpy.record import replace
from apimpy.spell import nearest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from apimpy.configuration.yaml_source import Node
    from apimpy.diagnostics import Sink

__all__ = ["STATES", "read_gateway_file", "scope_of"]

STATES = ("active", "suspended", "submitted", "rejected", "cancelled", "expired")
_KINDS = ("v2", "classic", "consumption", "self-hosted", "workspace")
_DEPLOYMENT = ("region", "service_name", "service_id", "gateway_id", "instance_id")


def read_gateway_file(
    path: Path, sink: Sink, *, environ: Mapping[str, str], complete: bool = True
) -> GatewayFile | None:
    """The model of a gateway file; None when it cannot be read at all."""
    root = load(path, sink)
    if root is None:
        return None
    return _Reader(Surroundings(path.parent, environ, complete), sink).file(root)


def scope_of(text: str) -> tuple[str, str | None] | None:
    """A subscription's scope as the platform writes it: `/products/x`, `/apis/x`, `/apis`, or the service itself."""
    if text.lower() in ("all-apis", "all_apis"):
        return "apis", None
    if text.lower() in ("all-access", "all_access", "service"):
        return "service", None
    parts = [p for p in text.strip("/").split("/") if p]
    for i in reversed(range(len(parts))):
        word = parts[i].lower()
        if word in ("products", "apis"):
            if i + 1 == len(parts):
                return ("apis", None) if word == "apis" else None
            return ("product" if word == "products" else "api"), parts[i + 1]
    return ("service", None) if text.startswith("/") else None


class _Reader:
    def __init__(self, around: Surroundings, sink: Sink) -> None:
        self._around, self._sink = around, sink

    def file(self, root: Node) -> GatewayFile:
        section = Section(root, "a gateway file", self._sink)
        version = section.required("version")
        if version is not None and version.text != "1":
            self._sink.report("CFG007", f"'version' is 1, not {version.text!r}", version.span)
        kind, deployment = self._gateway(section)
        model = GatewayFile(
            section.span,
            self._policy(section),
            self._named_values(section),
            self._fragments(section),
            read_backends(section.node("backends"), self._sink),
            self._version_sets(section),
            tuple(self._api(node) for node in section.items("apis")),
            tuple(self._product(node) for node in section.items("products")),
            tuple(self._subscription(node) for node in section.items("subscriptions")),
            tuple(self._user(node) for node in section.items("users")),
            tuple(self._group(node) for node in section.items("groups")),
            kind,
            deployment,
            self._options(section),
            self._redis(section),
            self._identity(section),
            certificates=read_certificates(section.node("certificates"), self._around, self._sink),
            llm_log=read_llm_log(section, self._around.folder, self._sink),
            otlp=read_otlp(section, self._around, self._sink),
        )
        section.done()
        return model

    # --- the gateway itself -------------------------------------------------------------------------------------------

    def _gateway(self, section: Section) -> tuple[str, dict[str, str]]:
        gateway = section.section("gateway")
        if gateway is None:
            return "v2", {}
        kind = gateway.text("kind", "v2", choices=_KINDS)
        given = {key: text for key in _DEPLOYMENT if (text := gateway.optional(key)) is not None}
        gateway.done()
        return kind, given

    def _options(self, section: Section) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for name, entry in section.entries("options").items():
            if entry.node.kind in ("map", "list", "null"):
                wrong_type(entry.node, f"'{name}'", "a text, a number, or true or false", self._sink)
                continue
            try:
                found[name] = option_value(name, entry.node.text)
            except OptionError as error:
                if error.unknown:
                    self._sink.report("CFG004", str(error), entry.key_span, help=_option_help(name))
                else:
                    self._sink.report("CFG007", str(error), entry.node.span)
        return found

    def _redis(self, section: Section) -> str | None:
        node = section.node("redis")
        if node is None:
            return None
        value = read_value(node, "redis", self._around, self._sink)
        problem = None if value is None else redis_problem(value.text)
        if problem is not None:
            self._sink.report("CFG007", f"redis {problem}", node.span)
        return None if value is None or problem is not None else value.text

    def _identity(self, section: Section) -> IdentitySpec | None:
        identity = section.section("managed_identity")
        if identity is None:
            return None
        kind = identity.text("kind", required=True, choices=("static", "file", "command", "azure"))
        wanted = {"static": "token", "file": "path", "command": "command"}.get(kind)
        token = identity.node("token")
        if wanted is not None:
            identity.required(wanted)
        spec = IdentitySpec(
            kind,
            identity.span,
            None if token is None else read_value(token, "the token", self._around, self._sink),
            self._path(identity.text("path")) if identity.node("path") is not None else "",
            identity.text("command"),
        )
        identity.done()
        if kind == "azure":
            self._sink.report("CFG015", "managed_identity: the kind azure is not supported yet", identity.at("kind"))
            return None
        return spec if kind else None

    def _named_values(self, section: Section) -> tuple[NamedValue, ...]:
        found = []
        for name, entry in section.entries("named_values").items():
            check_name(name, entry.key_span, self._sink)
            node, secret = entry.node, False
            if node.kind == "map":
                secret = Section(node, f"the named value '{name}'", self._sink).flag("secret")
            value = read_value(node, f"the named value '{name}'", self._around, self._sink, more=("secret",))
            if value is not None:
                check_value(name, value, node.span, self._sink)
            found.append(NamedValue(name, entry.key_span, value, secret))
        return tuple(found)

    def _fragments(self, section: Section) -> dict[str, PolicyText]:
        found = {}
        for name, entry in section.entries("fragments").items():
            if entry.node.kind != "text":
                wrong_type(entry.node, f"the fragment '{name}'", "a path", self._sink)
                continue
            found[name] = PolicyText(entry.node.span, self._path(entry.node.text))
        return found

    def _version_sets(self, section: Section) -> tuple[VersionSet, ...]:
        found = []
        for id_, entry in section.entries("version_sets").items():
            row = Section(entry.node, f"the version set '{id_}'", self._sink)
            scheme = row.text("scheme", "segment", required=True, choices=("segment", "header", "query"))
            name = row.text("name", required=True) if scheme != "segment" else ""
            row.known("display_name", "description")
            row.done()
            found.append(VersionSet(id_, entry.key_span, scheme, name))
        return tuple(found)

    # --- APIs ---------------------------------------------------------------------------------------------------------

    def _api(self, node: Node) -> ApiSpec:
        row = Section(node, "an API", self._sink)
        id_ = row.text("id", required=True, most=256)
        row.what = f"the API '{id_}'"
        url = row.optional("service_url")
        if url is not None:
            check_url(url, row.at("service_url"), self._sink)
        keys = row.section("subscription_key")
        description = row.node("openapi")
        described = None
        if description is not None and description.kind == "text":
            described = read_description(Path(self._path(description.text)), self._sink, at=description.span)
        elif description is not None:
            wrong_type(description, "'openapi'", "a path", self._sink)
        if url is None and described is not None and described.server is not None:
            url = described.server
        version_set = self._ref(row, "version_set")
        spec = ApiSpec(
            id_,
            row.at("id"),
            row.text("path", most=400).strip("/") if "path" in row else self._no_path(row),
            row.text("name", id_) or id_,
            url,
            row.at("service_url") if row.node("service_url") is not None else None,
            row.flag("subscription_required", True),
            protocols=tuple(n.text for n in row.texts("protocols")) or ("https",),
            version=row.optional("version"),
            version_set=version_set,
            revision=row.text("revision", "1"),
            current=row.flag("current", True),
            online=row.flag("online", True),
            policy=self._policy(row),
            operations=self._operations(row, described),
            mcp=self._mcp(row),
        )
        if keys is not None:
            spec = replace(
                spec,
                key_header=keys.text("header", spec.key_header) or spec.key_header,
                key_query=keys.text("query", spec.key_query) or spec.key_query,
            )
            keys.done()
        if spec.version is not None and version_set is None:
            self._sink.report("CFG006", f"{row.what} has a version: it needs the key 'version_set'", row.at("version"))
        row.known("description")
        row.done()
        return spec

    def _mcp(self, row: Section) -> McpSpec | None:
        if row.text("type", "http", choices=("http", "mcp")) != "mcp":
            return None
        tools = []
        for node in row.items("mcp_tools"):
            tool = Section(node, "a tool", self._sink)
            name = tool.text("name", required=True, most=128)
            tool.what = f"the tool '{name}'"
            found = reference(tool.text("operation", required=True))
            if found is not None:
                at = tool.at("operation")
                tools.append(McpToolSpec(name, tool.at("name"), Ref(found[0], at), found[1], tool.text("description")))
            elif "operation" in tool:
                message = "'operation' is API/OPERATION, or the resource id of an operation"
                self._sink.report("CFG007", message, tool.at("operation"))
            tool.done()
        return McpSpec(tuple(tools), self._ref(row, "backend"))

    def _no_path(self, row: Section) -> str:
        row.required("path")
        return ""

    def _operations(self, row: Section, described: Described | None) -> tuple[OperationSpec, ...]:
        """Those of the description, changed and completed by those of the file."""
        found = {} if described is None else {o.id.lower(): o for o in described.operations}
        own: dict[str, OperationSpec] = {}
        for node in row.items("operations"):
            operation = Section(node, "an operation", self._sink)
            id_ = operation.text("id", required=True, most=80)
            operation.what = f"the operation '{id_}'"
            base = found.pop(id_.lower(), None)
            if base is None and described is not None and "url_template" not in operation:
                near = nearest(id_, [o.id for o in described.operations])
                message = f"the API description has no operation '{id_}'"
                help_ = f"did you mean {near!r}?" if near else None
                self._sink.report("CFG008", message, operation.at("id"), help=help_)
            needed = base is None and described is None
            spec = OperationSpec(
                base.id if base else id_,
                operation.at("id"),
                operation.text("method", base.method if base else "*", required=needed),
                operation.text("url_template", base.url_template if base else "/*", required=needed),
                operation.text("name", base.name if base else id_),
                self._policy(operation),
                base.responses if base else (),
                base.request if base else None,
                operation.at("url_template"),
            )
            operation.known("description")
            operation.done()
            if id_.lower() in own:
                self._sink.report("CFG009", f"there are two operations '{id_}'", spec.span)
            own[id_.lower()] = spec
        if described is not None:
            order = [o.id.lower() for o in described.operations]
            return tuple(own.get(k) or found[k] for k in order) + tuple(o for k, o in own.items() if k not in order)
        if "operations" not in row and row.text("type") == "mcp":
            return (OperationSpec("mcp", row.span, "*", "/*", "mcp"),)
        if "operations" not in row:
            return (OperationSpec("any", row.span, "*", "/*", "any"),)
        return tuple(own.values())

    # --- products, subscriptions, people ------------------------------------------------------------------------------

    def _product(self, node: Node) -> ProductSpec:
        row = Section(node, "a product", self._sink)
        id_ = row.text("id", required=True, most=256)
        row.what = f"the product '{id_}'"
        spec = ProductSpec(
            id_,
            row.at("id"),
            row.text("name", id_),
            self._refs(row, "apis"),
            self._refs(row, "groups"),
            self._policy(row),
            row.flag("subscription_required", True),
            row.flag("approval_required"),
            row.number("subscriptions_limit"),
            row.text("state", "Published", choices=("Published", "NotPublished")),
        )
        row.known("description")
        row.done()
        return spec

    def _subscription(self, node: Node) -> SubscriptionSpec:
        row = Section(node, "a subscription", self._sink)
        id_ = row.text("id", required=True, most=256)
        row.what = what = f"the subscription '{id_}'"
        product, api, scope = self._ref(row, "product"), self._ref(row, "api"), row.node("scope")
        if sum(x is not None for x in (product, api, scope)) != 1:
            self._sink.report("CFG006", f"{what} needs one of product, api and scope, and only one", row.span)
        kind, target = ("product", product) if product else ("api", api) if api else ("service", None)
        if scope is not None:
            found = scope_of(row.text("scope"))
            if found is None:
                message = "'scope' is all-apis, all-access, /products/ID or /apis/ID"
                self._sink.report("CFG007", f"{message}, not {scope.text!r}", scope.span)
            else:
                kind, target = found[0], None if found[1] is None else Ref(found[1], scope.span)
        primary = secondary = None
        keys = row.node("keys")
        if keys is None:
            row.required("keys")
        elif keys.kind == "text":
            primary = read_value(keys, f"the key of {what}", self._around, self._sink)
        else:
            pair = Section(keys, f"'keys' of {what}", self._sink)
            values = {}
            for name in ("primary", "secondary"):
                entry = pair.node(name)
                if entry is not None:
                    values[name] = read_value(entry, f"the {name} key of {what}", self._around, self._sink)
            pair.done()
            if not values and not list(pair):
                pair.required("primary")
            primary, secondary = values.get("primary"), values.get("secondary")
        spec = SubscriptionSpec(
            id_,
            row.at("id"),
            row.text("name", id_),
            kind,
            target,
            primary,
            secondary,
            row.text("state", "active", choices=STATES),
            self._ref(row, "user"),
            row.optional("created"),
            row.optional("start"),
            row.optional("end"),
            row.flag("allow_tracing"),
        )
        row.done()
        return spec

    def _user(self, node: Node) -> UserSpec:
        row = Section(node, "a user", self._sink)
        id_ = row.text("id", required=True)
        row.what = f"the user '{id_}'"
        spec = UserSpec(
            id_,
            row.at("id"),
            row.text("email"),
            row.text("first_name"),
            row.text("last_name"),
            row.text("note"),
            self._refs(row, "groups"),
        )
        row.done()
        return spec

    def _group(self, node: Node) -> GroupSpec:
        row = Section(node, "a group", self._sink)
        id_ = row.text("id", required=True)
        spec = GroupSpec(id_, row.at("id"), row.text("name", id_))
        row.known("description")
        row.done()
        return spec

    # --- parts --------------------------------------------------------------------------------------------------------

    def _path(self, text: str) -> str:
        return str(self._around.folder / text)

    def _policy(self, row: Section) -> PolicyText | None:
        node = row.node("policy")
        if node is None:
            return None
        if node.kind != "text":
            wrong_type(node, "'policy'", "a path", self._sink)
            return None
        if node.text.lstrip().startswith("<"):
            self._sink.report("CFG007", "'policy' is the path of a file, not a document", node.span)
            return None
        return PolicyText(node.span, self._path(node.text))

    def _ref(self, row: Section, key: str) -> Ref | None:
        text = row.optional(key)
        return Ref(text, row.at(key)) if text else None

    def _refs(self, row: Section, key: str) -> tuple[Ref, ...]:
        return tuple(Ref(node.text, node.span) for node in row.texts(key))


def _option_help(name: str) -> str | None:
    from dataclasses import fields

    from apimpy.runtime.services import Options

    near = nearest(name, [f.name for f in fields(Options)])
    return f"did you mean {near!r}?" if near else None
