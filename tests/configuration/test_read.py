"""`gateway.yaml`: what is read, and every mistake with its code and place."""
# ruff: noqa: E501  (a row of a table is a line)

from __future__ import annotations

from pathlib import Path

import pytest

from apimpy.configuration.assemble import check
from apimpy.configuration.model import GatewayFile
from apimpy.configuration.read import read_gateway_file, scope_of
from apimpy.diagnostics import Severity, Sink

POLICY = "<policies><inbound><base/>{}</inbound></policies>"
API = "apis: [{id: a, path: a}]\n"


def read(
    folder: Path, text: str, *, environ: dict[str, str] | None = None, complete: bool = True
) -> tuple[GatewayFile | None, Sink]:
    """The model of `version: 1` and the text, fully checked."""
    sink = Sink()
    path = folder / "gateway.yaml"
    path.write_text("version: 1\n" + text, encoding="utf-8")
    model = read_gateway_file(path, sink, environ=environ or {}, complete=complete)
    if model is not None:
        check(model, sink)
    return model, sink


def problems(sink: Sink) -> list[str]:
    return [f"{d.code} {d.span.line_col[0]}:{d.span.line_col[1]}" for d in sink]


WRONG: list[tuple[str, str, str]] = [
    # unknown keys
    ("apsi: []", "CFG004 2:1", "did you mean 'apis'?"),
    ("gateway: {knd: v2}", "CFG004 2:11", "did you mean 'kind'?"),
    ("apis: [{id: a, path: a, polcy: x.xml}]", "CFG004 2:25", "did you mean 'policy'?"),
    ("apis: [{id: a, path: a, operations: [{id: o, method: GET, url_template: /, pth: x}]}]", "CFG004 2:76", ""),
    ("apis: [{id: a, path: a, subscription_key: {headr: x}}]", "CFG004 2:44", "did you mean 'header'?"),
    (API + "products: [{id: p, api: [a]}]", "CFG004 3:20", "did you mean 'apis'?"),
    (API + "subscriptions: [{id: s, api: a, keys: {primry: k}}]", "CFG004 3:40", "did you mean 'primary'?"),
    ("users: [{id: u, mail: x}]", "CFG004 2:17", "did you mean 'email'?"),
    ("options: {rate_algoritm: bucket}", "CFG004 2:11", "did you mean 'rate_algorithm'?"),
    ("backends: {b: {url: http://x, tsl: {}}}", "CFG004 2:31", "did you mean 'tls'?"),
    ("backends: {b: {url: http://x, tls: {validateCertificateChan: true}}}", "CFG004 2:37", "did you mean"),
    ("backends: {b: {url: http://x, credentials: {headers: {}}}}", "CFG004 2:45", "did you mean 'header'?"),
    ("managed_identity: {kind: static, token: t, pth: x}", "CFG004 2:44", ""),
    ("named_values: {n: {value: x, secrt: true}}", "CFG004 2:30", "did you mean 'secret'?"),
    ("version_sets: {v: {scheme: segment, naem: x}}", "CFG004 2:37", ""),
    # wrong types
    ("apis: {}", "CFG005 2:7", "a list, not a mapping"),
    ("apis: [a]", "CFG005 2:8", "a mapping, not a text"),
    ("apis: [{id: [a], path: a}]", "CFG005 2:13", "a text, not a list"),
    ("apis: [{id: a, path: a, subscription_required: maybe}]", "CFG005 2:48", "true or false"),
    ("apis: [{id: a, path: a, policy: {x: 1}}]", "CFG005 2:33", "a path, not a mapping"),
    ("apis: [{id: a, path: a, openapi: [x]}]", "CFG005 2:34", "a path, not a list"),
    (API + "products: [{id: p, apis: [[a]]}]", "CFG005 3:27", "a text, not a list"),
    (API + "products: [{id: p, subscriptions_limit: many}]", "CFG005 3:41", "a whole number"),
    ("named_values: {n: [x]}", "CFG005 2:19", "a text, or a mapping"),
    ("named_values: {n: {env: [x]}}", "CFG005 2:25", "a text, not a list"),
    ("fragments: {f: 1}", "CFG005 2:16", "a path, not a number"),
    ("backends: [x]", "CFG005 2:11", "a mapping, not a list"),
    ("backends: {b: {url: http://x, credentials: {header: {n: [{}]}}}}", "CFG005 2:58", "a text, not a mapping"),
    ("options: {rate_algorithm: [x]}", "CFG005 2:27", ""),
    # missing keys
    ("apis: [{path: a}]", "CFG006 2:8", "needs the key 'id'"),
    ("apis: [{id: a}]", "CFG006 2:8", "needs the key 'path'"),
    ("apis: [{id: a, path: a, operations: [{id: o, method: GET}]}]", "CFG006 2:38", "'url_template'"),
    ("apis: [{id: a, path: a, version: v1}]", "CFG006 2:34", "'version_set'"),
    (API + "subscriptions: [{id: s, keys: k}]", "CFG006 3:17", "one of product, api and scope"),
    (API + "subscriptions: [{id: s, api: a, scope: /apis, keys: k}]", "CFG006 3:17", "only one"),
    (API + "subscriptions: [{id: s, api: a}]", "CFG006 3:17", "'keys'"),
    (API + "subscriptions: [{id: s, api: a, keys: {}}]", "CFG006 3:39", "'primary'"),
    ("named_values: {n: {secret: true}}", "CFG006 2:19", "one of value, env and file"),
    ("named_values: {n: {value: x, env: Y}}", "CFG006 2:19", "only one"),
    ("managed_identity: {kind: file}", "CFG006 2:19", "'path'"),
    ("backends: {b: {title: x}}", "CFG006 2:15", "'url'"),
    ("backends: {b: {url: http://x, credentials: {authorization: {parameter: x}}}}", "CFG006 2:60", "'scheme'"),
    ("version_sets: {v: {scheme: header}}", "CFG006 2:19", "'name'"),
    # values that cannot be
    ("gateway: {kind: v3}", "CFG007 2:17", "one of v2, classic"),
    ("options: {rate_algorithm: leaky}", "CFG007 2:27", "bucket, sliding"),
    ("options: {timeout_status: x}", "CFG007 2:27", "a number"),
    ("apis: [{id: a, path: a, service_url: ftp://x}]", "CFG007 2:38", "http or https"),
    ("apis: [{id: a, path: a, policy: '<policies/>'}]", "CFG007 2:33", "not a document"),
    ("redis: localhost:6379", "CFG007 2:8", "redis wants redis://HOST"),
    ("redis: {env: NO_REDIS}", "CFG011 2:14", "no variable NO_REDIS"),
    ("apis: [{id: a, path: a, operations: [{id: o, method: 'GE T', url_template: /}]}]", "CFG007 2:43", "no HTTP method"),
    (API + "products: [{id: p, state: draft}]", "CFG007 3:27", "Published, NotPublished"),
    (API + "subscriptions: [{id: s, api: a, keys: k, state: actve}]", "CFG007 3:49", "active, suspended"),
    (API + "subscriptions: [{id: s, scope: nowhere, keys: k}]", "CFG007 3:32", "all-apis, all-access"),
    (API + "subscriptions: [{id: s, api: a, keys: k, end: soon}]", "CFG007 3:22", "ISO 8601"),
    (API + "subscriptions: [{id: s, api: a, keys: {primary: {value: ''}}}]", "CFG007 3:22", "is empty"),
    ("named_values: {n n: x}", "CFG007 2:16", "cannot be the name"),
    ("named_values: {n: ''}", "CFG007 2:19", "0 characters"),
    ("backends: {b: {url: nope}}", "CFG007 2:21", "http or https"),
    ("backends: {b: {url: http://x, circuitBreaker: {rules: [{failureCondition: {count: 1, interval: 10s}}]}}}", "CFG007 2:96", "PT10S"),
    # ids that lead nowhere
    (API + "products: [{id: p, apis: [b]}]", "CFG008 3:27", "there is no API 'b'"),
    (API + "products: [{id: p, groups: [develoers]}]", "CFG008 3:29", "did you mean 'developers'?"),
    (API + "subscriptions: [{id: s, product: p, keys: k}]", "CFG008 3:34", "there is no product 'p'"),
    (API + "subscriptions: [{id: s, api: b, keys: k}]", "CFG008 3:30", "there is no API 'b'"),
    (API + "subscriptions: [{id: s, scope: /products/p, keys: k}]", "CFG008 3:32", "there is no product"),
    (API + "subscriptions: [{id: s, api: a, user: ann, keys: k}]", "CFG008 3:39", "there is no user 'ann'"),
    ("users: [{id: u, groups: [gods]}]", "CFG008 2:26", "there is no group"),
    ("apis: [{id: a, path: a, version: v1, version_set: vs}]", "CFG008 2:51", "there is no version set"),
    ("backends: {b: {pool: {services: [{id: /backends/c}]}}}", "CFG008 2:39", "there is no backend 'c'"),
    (API + "products: [{id: p, apis: [A]}]", "CFG021 3:27", "is called 'a'"),
    # twice
    ("apis: [{id: a, path: a}, {id: a, path: b}]", "CFG009 2:31", "two APIs"),
    (API + "products: [{id: p}, {id: P}]", "CFG009 3:26", "two products"),
    ("apis: [{id: a, path: a, operations: [{id: o, method: GET, url_template: /}, {id: O, method: PUT, url_template: /}]}]", "CFG009 2:82", "two operations"),
    ("apis: [{id: a, path: a, operations: [{id: o, method: GET, url_template: '/{x}'}, {id: p, method: get, url_template: '/{y}'}]}]", "CFG009 2:117", "one method and template"),
    ("apis: [{id: a, path: a}, {id: a, path: a, revision: 1, current: false}]", "CFG009 2:31", "two revisions 1"),
    ("apis: [{id: a, path: a, current: false}, {id: a, path: a, revision: 2, current: false}]", "CFG006 2:13", "is current"),
    ("apis: [{id: a, path: a}, {id: b, path: /A/}]", "CFG014 2:31", "have the path"),
    (API + "subscriptions: [{id: s, api: a, keys: k}, {id: t, api: a, keys: k}]", "CFG019 3:48", "the same key"),
    (API + "products: [{id: p, apis: [a], subscription_required: false}, {id: q, apis: [a], subscription_required: false}]", "CFG013 3:77", "two products without keys"),
    # files
    ("policy: none.xml", "CFG010 2:9", "none.xml"),
    ("fragments: {f: none.xml}", "CFG010 2:16", "none.xml"),
    ("apis: [{id: a, path: a, openapi: none.json}]", "CFG010 2:34", "none.json"),
    ("named_values: {n: {env: NOWHERE}}", "CFG011 2:25", "no variable NOWHERE"),
    ("named_values: {n: {file: none}}", "CFG011 2:26", "cannot read none"),
    (API + "subscriptions: [{id: s, api: a, keys: {primary: {env: NOWHERE}}}]", "CFG011 3:55", "primary key"),
    # templates
    *(
        (f"apis: [{{id: a, path: a, operations: [{{id: o, method: GET, url_template: '{template}'}}]}}]", "CFG012 2:73", says)
        for template, says in [
            ("/{a", "a brace without its partner"),
            ("/a}", "a brace without its partner"),
            ("/{}", "names no parameter"),
            ("/{a}/{a}", "appears twice"),
            ("/*/a", "nothing may follow"),
            ("/{*a}/b", "nothing may follow"),
            ("/a*", "stands alone"),
            ("/x-{*a}", "a segment of its own"),
            ("/?{a}", "not NAME=VALUE"),
            ("/?a=x{b}", "a parameter or a literal"),
            ("/{a}?b={a}", "appears twice"),
        ]
    ),
    # known, and not here yet
    ("backends: {b: {url: http://x, tls: {serverX509Names: []}}}", "CFG015 2:12", "tls.serverX509Names of a backend is not"),
    ("backends: {b: {url: http://x, properties: {}, tls: {serverCertificateThumbprints: []}}}", "CFG015 2:12", "of a backend are not"),
    ("managed_identity: {kind: azure}", "CFG015 2:26", "azure"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "problem", "says"), WRONG, ids=[f"{i} {row[1]}" for i, row in enumerate(WRONG)])
def test_mistakes(tmp_path: Path, text: str, problem: str, says: str) -> None:
    """One mistake, one diagnostic, at its place."""
    _, sink = read(tmp_path, text)
    found, *more = [d for d in sink if d.code != "CFG015" or problem.startswith("CFG015")]
    assert (problems(sink)[-1], more) == (problem, []), [str(d) for d in sink]
    assert says in f"{found.message} {found.help}"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("apis: []", "CFG006 1:1"),
        ("version: 2", "CFG007 1:10"),
        ("- a", "CFG005 1:1"),
        ("version: 1\nversion: 1", "CFG003 2:1"),
        ("version: [", "CFG002 1:11"),
    ],
)
def test_the_file_itself(tmp_path: Path, text: str, problem: str) -> None:
    path = tmp_path / "gateway.yaml"
    path.write_text(text)
    sink = Sink()
    read_gateway_file(path, sink, environ={})
    assert problems(sink)[0] == problem


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    sink = Sink()
    assert read_gateway_file(tmp_path / "gateway.yaml", sink, environ={}) is None
    assert [d.code for d in sink] == ["CFG010"]


def test_the_whole_of_it(tmp_path: Path) -> None:
    """Every key of the file arrives in the model, or has no business there."""
    (tmp_path / "secret").write_text("from a file\n")
    (tmp_path / "global.xml").write_text(POLICY.format(""))
    model, sink = read(
        tmp_path,
        """
gateway: {kind: self-hosted, region: west, service_name: s, service_id: i, gateway_id: g, instance_id: n}
options: {rate_algorithm: sliding, timeout_status: 504, jwt_claim_mismatch: true}
redis: redis://127.0.0.1:6379
policy: global.xml
named_values: {a: {secret: true, env: A}, b: {file: secret}, c: 5000, d: {value: "x"}}
fragments: {}
backends:
  one: {url: http://one/x, credentials: {header: {k: [v, w], l: x}, query: {q: [1]}, authorization: {scheme: S, parameter: p}}}
  two:
    properties:
      url: http://two
      type: Single
      circuitBreaker: {rules: [{name: r, failureCondition: {count: 1, interval: PT10S, statusCodeRanges: [{min: 429, max: 429}]}, tripDuration: PT10S, acceptRetryAfter: true}]}
  all: {pool: {services: [{id: /backends/one, priority: 1}, {id: "/subscriptions/x/backends/two", priority: 2, weight: 50}]}}
version_sets: {v: {scheme: query, name: api-version}}
apis:
  - {id: a, path: /a/, name: A, description: d, service_url: http://a, subscription_required: false, protocols: [http, https],
     subscription_key: {header: k, query: q}, version: v1, version_set: v, revision: 3, current: true, online: false,
     operations: [{id: o, name: O, description: d, method: post, url_template: "/{x}"}]}
  - {id: b, path: ""}
groups: [{id: g, name: G, description: d}]
products: [{id: p, name: P, description: d, apis: [a, b], groups: [g, guests], approval_required: true, subscriptions_limit: 2, state: notpublished}]
subscriptions:
  - {id: s, name: S, product: p, keys: {primary: {env: A}, secondary: two}, state: active, user: u, created: 2024-01-01, start: 2024-01-02, end: "2030-01-01T00:00:00Z"}
  - {id: t, scope: all-access, keys: three}
users: [{id: u, email: u@x, first_name: F, last_name: L, note: n, groups: [g]}]
managed_identity: {kind: command, command: print}
""",
        environ={"A": "from the environment"},
    )
    assert model is not None
    assert [d.code for d in sink if d.severity > Severity.INFO] == []
    assert sink.errors == []
    assert [(v.name, v.value.text, v.secret) for v in model.named_values if v.value] == [
        ("a", "from the environment", True),
        ("b", "from a file", False),
        ("c", "5000", False),
        ("d", "x", False),
    ]
    assert model.options == {"rate_algorithm": "sliding", "timeout_status": 504, "jwt_claim_mismatch": True}
    assert (model.kind, len(model.deployment), model.redis) == ("self-hosted", 5, "redis://127.0.0.1:6379")
    a, b = model.apis
    assert (a.path, a.version, a.revision, a.online, a.key_header, a.key_query, a.protocols) == (
        "a", "v1", "3", False, "k", "q", ("http", "https"),
    )  # fmt: skip
    assert [(o.id, o.method, o.url_template) for o in (*a.operations, *b.operations)] == [
        ("o", "post", "/{x}"),
        ("any", "*", "/*"),
    ]
    assert model.products[0].state == "NotPublished"
    assert [(m.backend.id, m.priority, m.weight) for m in model.backends[2].pool] == [("one", 1, None), ("two", 2, 50)]
    assert model.backends[1].breaker[0]["failureCondition"]["statusCodeRanges"] == ((429, 429),)


def test_secrets_never_show(tmp_path: Path) -> None:
    model, sink = read(
        tmp_path,
        API
        + "named_values: {n: {value: s3cr3t}}\nsubscriptions: [{id: s, api: a, keys: s3cr3t}, {id: t, api: a, keys: s3cr3t}]\n"
        "backends: {b: {url: http://x, credentials: {header: {k: [s3cr3t]}, authorization: {scheme: S, parameter: s3cr3t}}}}\n"
        "managed_identity: {kind: static, token: s3cr3t}",
    )
    shown = repr(model).replace(repr(model.span.file) if model else "", "")
    assert "s3cr3t" not in shown
    assert "s3cr3t" not in "".join(f"{d} {d.help}" for d in sink)


@pytest.mark.parametrize(("complete", "severity"), [(True, Severity.ERROR), (False, Severity.WARNING)])
def test_lint_works_without_secrets(tmp_path: Path, complete: bool, severity: Severity) -> None:
    """A missing value is reported once, where it is looked for; documents that use it are not blamed."""
    (tmp_path / "p.xml").write_text(
        POLICY.format('<set-header name="x"><value>@("{{n}}" + "{{n}}")</value></set-header>')
    )
    _, sink = read(tmp_path, "named_values: {n: {env: N}}\npolicy: p.xml", complete=complete)
    assert [(d.code, d.severity) for d in sink if d.severity > Severity.INFO and d.code != "POL011"] == [
        ("CFG011", severity)
    ]


@pytest.mark.step("rewrite-uri 2")
@pytest.mark.parametrize(
    ("policy", "problem"),
    [
        ('<set-backend-service backend-id="non" />', "CFG008 1:60"),
        ('<include-fragment fragment-id="non" />', "DOC008 1:58"),
        ('<set-header name="x"><value>{{non}}</value></set-header>', "DOC007 1:55"),
        ('<rewrite-uri template="/x/{id}/{non}" />', "POL017 1:50"),
        ("<set-haeder />", "POL001 1:28"),
        ('<rewrite-uri template="/x/{ID}" />', None),
        ('<set-backend-service backend-id="none" />', None),
    ],
)
def test_policies_are_checked_in_their_place(tmp_path: Path, policy: str, problem: str | None) -> None:
    (tmp_path / "p.xml").write_text(POLICY.format(policy))
    text = "backends: {none: {url: http://x}}\napis: [{id: a, path: a, operations: [{id: o, method: GET, url_template: '/{id}', policy: p.xml}]}]"
    _, sink = read(tmp_path, text)
    assert problems(sink) == ([problem] if problem else []), [str(d) for d in sink]
    assert all(d.span.file.name.endswith("p.xml") for d in sink)


def test_a_fragment_is_no_policy(tmp_path: Path) -> None:
    (tmp_path / "p.xml").write_text("<fragment />")
    _, sink = read(tmp_path, "policy: p.xml")
    assert problems(sink) == ["DOC006 1:2"]


@pytest.mark.parametrize(
    ("text", "scope"),
    [
        ("/products/x", ("product", "x")),
        ("/apis/x", ("api", "x")),
        ("/APIs", ("apis", None)),
        ("/", ("service", None)),
        ("/subscriptions/1/resourceGroups/g/providers/Microsoft.ApiManagement/service/s/products/x", ("product", "x")),
        ("/subscriptions/1/resourceGroups/g/providers/Microsoft.ApiManagement/service/s", ("service", None)),
        ("/subscriptions/1/service/s/apis", ("apis", None)),
        ("all-apis", ("apis", None)),
        ("All-Access", ("service", None)),
        ("/products", None),
        ("x", None),
    ],
)
def test_scopes(text: str, scope: tuple[str, str | None] | None) -> None:
    assert scope_of(text) == scope
