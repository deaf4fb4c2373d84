"""Who may pass, and whom to ask, in documents that others wrote, served as they are (the folder: `APIMPY_CORPUS`)."""

from __future__ import annotations

import base64
import html
import json
import re
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

import jwt
import pytest
from corpus_kit import (
    INTERNAL,
    JSON,
    NOW,
    Document,
    Sent,
    Step,
    attribute,
    chat,
    completion,
    corpus,
    dumps,
    error,
    found,
    literal,
    play,
)
from cryptography.hazmat.primitives.asymmetric import rsa

CORPUS = corpus()
UK = "ukparliament__ApiManagement/Policy__Operation__"
HERE = "https://default.example"
SIGNER, STRANGER = (rsa.generate_private_key(65537, 2048) for _ in range(2))
KEYS = "https://keys.example/jwks"
GUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"


def signed(key: Any = SIGNER, **claims: Any) -> Mapping[str, str]:
    """The header with a token that ends in ten minutes."""
    text = jwt.encode({"exp": NOW + 600, **claims}, key, "RS256", headers={"kid": "k1"})
    return {"Authorization": f"Bearer {text}"}


def provider(issuer: str) -> tuple[tuple[int, Mapping[str, str], bytes], ...]:
    """What an identity provider answers: its configuration, and its keys."""
    key = jwt.algorithms.RSAAlgorithm.to_jwk(SIGNER.public_key(), as_dict=True)
    keys = {"keys": [{**key, "kid": "k1", "use": "sig"}]}
    return (200, JSON, dumps({"issuer": issuer, "jwks_uri": KEYS})), (200, JSON, dumps(keys))


# ------------------------------------------------------------------------------------------------------- gates

COURT = "hmcts__hmi-apim-infrastructures/infrastructure__resources__policy-files__api-policy.xml"
COURT_ISSUER = found(COURT, r"<issuer>([^<]+)")
COURT_CLAIMS = {"iss": COURT_ISSUER, "aud": found(COURT, r"<audience>([^<]+)"), "roles": ["x", "#oAuthRole#"]}
GOOD = {
    "Source-System": "SNL",
    "Destination-System": "CFT",
    "Request-Created-At": "2024-01-31T10:00:00.25+01:00",
    "Accept": "Application/JSON",
    "Content-Type": "application/json; charset=utf-8",
    "Origin": "https://court.example",
}
DENIED = error(401, attribute(COURT, "failed-validation-error-message"))


def complaint(header: str) -> str:
    """What the document says about a header that does not pass."""
    return found(COURT, rf'check-header name="{header}"[^>]* failed-check-error-message="([^"]+)"')


TICKS = ((NOW + 62_135_596_800) * 10_000_000).to_bytes(8, "little")

GATEKEEPER = Document(
    name="a token, an origin and five headers",
    file=COURT,
    api_path="hmi",
    operations=(("GET", "/hearings"), ("POST", "/hearings")),
    steps=(
        Step(
            why="no token: the configured text, and nobody is asked for keys",
            path="/hmi/hearings",
            headers=GOOD,
            status=401,
            answer=DENIED,
            answered=JSON | {"WWW-Authenticate": None},
        ),
        Step(
            why="the first token brings the keys; the caller's headers stay, those of the policy join them, and the "
            "last six bytes of the id are the low ones of the clock's ticks; any origin is told the star",
            path="/hmi/hearings?x=1",
            headers=GOOD | signed(**COURT_CLAIMS),
            replies=(*provider(COURT_ISSUER), (200, {"Access-Control-Allow-Origin": "https://other.example"}, b"ok")),
            answer=b"ok",
            answered={
                "Strict-Transport-Security": "max-age=31536000; includeSubDomains; preload",
                "Access-Control-Allow-Origin": "*",
                "Access-Control-Allow-Credentials": None,
            },
            sent=(
                Sent(url=attribute(COURT, "url")),
                Sent(url=KEYS),
                Sent(
                    url=f"{HERE}/hearings?x=1",
                    headers={
                        "_EnableMocks": "true",
                        "X-Content-Type-Options": "nosniff",
                        "Request-Processed-At": "2023-11-14T22:13:20Z",
                        "transactionIdHMCTS": lambda v: re.fullmatch(GUID, v) and v.endswith(TICKS[:6].hex()),
                        "Source-System": "SNL",
                        "Accept": "Application/JSON",
                    },
                ),
            ),
        ),
        Step(
            why="match all: the role must be among those of the token; the keys are kept for an hour",
            path="/hmi/hearings",
            headers=GOOD | signed(**COURT_CLAIMS | {"roles": ["#oAuthRole"]}),
            status=401,
            answer=DENIED,
        ),
        Step(
            why="another audience",
            path="/hmi/hearings",
            headers=GOOD | signed(**COURT_CLAIMS | {"aud": "api://other"}),
            status=401,
            answer=DENIED,
        ),
        Step(
            why="the right name over another key",
            path="/hmi/hearings",
            headers=GOOD | signed(STRANGER, **COURT_CLAIMS),
            status=401,
            answer=DENIED,
        ),
        Step(
            why="there is no clock skew: the token has ended in the second it names",
            path="/hmi/hearings",
            headers=GOOD | signed(**COURT_CLAIMS | {"exp": NOW}),
            status=401,
            answer=DENIED,
        ),
        Step(
            why="names of systems keep their case; the error has the headers of cors, and none of outbound",
            path="/hmi/hearings",
            headers=GOOD | signed(**COURT_CLAIMS) | {"Source-System": "snl"},
            status=400,
            answer=error(400, complaint("Source-System")),
            answered=JSON | {"Access-Control-Allow-Origin": "*", "Strict-Transport-Security": None},
        ),
        Step(
            why="the list of the other header has a system more",
            method="POST",
            path="/hmi/hearings",
            headers=GOOD | signed(**COURT_CLAIMS) | {"Destination-System": "HMI", "transactionIdHMCTS": "mine"},
            body=b"{}",
            sent=(Sent(method="POST", url=f"{HERE}/hearings", headers={"transactionIdHMCTS": "mine"}, body=b"{}"),),
        ),
        Step(
            why="one of two media types, no list of them",
            path="/hmi/hearings",
            headers=GOOD | signed(**COURT_CLAIMS) | {"Accept": "application/json, text/plain"},
            status=406,
            reason="Not Acceptable",
            answer=error(406, complaint("Accept")),
        ),
        Step(
            why="present is enough for check-header, not for the pattern; entities in a reason are undone",
            path="/hmi/hearings",
            headers=GOOD | signed(**COURT_CLAIMS) | {"Request-Created-At": "2024-02-30 10:00"},
            status=400,
            reason="Bad request - 'Invalid Request-Created-At' http header",
            answer={"statusCode": 400, "message": complaint("Request-Created-At")},
            answered=JSON | {"Access-Control-Allow-Origin": "*"},
        ),
        Step(
            why="a preflight needs no token: cors alone sees it",
            method="OPTIONS",
            path="/hmi/hearings",
            headers={"Origin": "https://court.example", "Access-Control-Request-Method": "POST"},
            answer=b"",
            answered={
                "Access-Control-Allow-Origin": "*",
                "Access-Control-Allow-Methods": "GET,POST",
                "Access-Control-Allow-Headers": None,
                "Access-Control-Max-Age": "0",
                "Vary": None,
            },
        ),
        Step(
            why="no header is allowed, so a preflight that names one gets an empty 200",
            method="OPTIONS",
            path="/hmi/hearings",
            headers={
                "Origin": "https://court.example",
                "Access-Control-Request-Method": "POST",
                "Access-Control-Request-Headers": "x-mine",
            },
            answer=b"",
            answered={"Access-Control-Allow-Origin": None, "Access-Control-Allow-Methods": None},
        ),
    ),
)

EVERYONE = Document(
    name="any origin, and less about the server",
    file=UK + "ALL.xml",
    scope="global",
    operations=(("GET", "/*"), ("PUT", "/*")),
    steps=(
        Step(
            why="without Origin no headers of cors; skip adds what is missing; delete takes whatever there is",
            path="/a",
            replies=((200, {"X-Powered-By": "a", "X-AspNet-Version": "4"}, b"ok"),),
            answer=b"ok",
            answered={
                "Strict-Transport-Security": "max-age=31536000",
                "X-Powered-By": None,
                "X-AspNet-Version": None,
                "Access-Control-Allow-Origin": None,
            },
            sent=(Sent(url=f"{HERE}/a", headers={"Request-Id": lambda v: re.fullmatch(GUID, v)}),),
        ),
        Step(
            why="skip leaves what is there, on both messages",
            headers={"request-id": "mine", "Origin": "https://a.example"},
            replies=((404, {"strict-transport-security": "max-age=1"}, b"none"),),
            status=404,
            answer=b"none",
            answered={
                "Strict-Transport-Security": "max-age=1",
                "Access-Control-Allow-Origin": "*",
                "Access-Control-Expose-Headers": "*",
                "Access-Control-Allow-Credentials": None,
            },
            sent=(Sent(url=f"{HERE}/", headers={"Request-Id": "mine"}),),
        ),
        Step(
            why="a preflight is answered here: a star stands for what was asked for; outbound does not run",
            method="OPTIONS",
            path="/a",
            headers={
                "Origin": "https://a.example",
                "Access-Control-Request-Method": "PUT",
                "Access-Control-Request-Headers": "x-a,x-b",
            },
            answer=b"",
            answered={
                "Access-Control-Allow-Origin": "*",
                "Access-Control-Allow-Methods": "PUT",
                "Access-Control-Allow-Headers": "x-a,x-b",
                "Strict-Transport-Security": None,
            },
        ),
    ),
)

KUDU = UK + "AppKuduALL.xml"
CLUSTER = ("master", "worker0", "worker1", "worker2")


def kudu(name: str) -> Sent:
    """Where the requests for one machine go, and as whom."""
    base = found(KUDU, r"(https://\{0\}[^&]+)").replace("{0}", f"n-{name}")
    user = base64.b64encode(f"$n-{name}:p:{name}".encode()).decode()
    return Sent(url=f"{base}/settings?a=1", headers={"Authorization": f"Basic {user}", "Cluster-Item": name.upper()})


ADMINS = Document(
    name="each machine its own account",
    file=KUDU,
    named={f"Test-{c}-name": f"n-{c}" for c in CLUSTER} | {f"Test-{c}-KuduPassword": f"p:{c}" for c in CLUSTER},
    steps=(
        *(
            Step(
                why="named values become variables, these the host and the account; the caller's own is replaced",
                path="/settings?a=1",
                headers={"Cluster-Item": name.upper(), "Authorization": "Basic eA=="},
                sent=(kudu(name),),
            )
            for name in CLUSTER
        ),
        *(
            Step(
                why="no such machine: literal text, without a type",
                headers=headers,
                status=400,
                reason="Bad request",
                answer=literal(KUDU, 1),
                answered={"Content-Type": None},
            )
            for headers in ({}, {"Cluster-Item": "worker3"})
        ),
    ),
)

# ------------------------------------------------------------------------------------------------ asking others

RESOURCE = UK + "IdGetGET.xml"
QUERY = found(RESOURCE, r'name="fixedQuery" value="([^"]+)"')
NAMESPACE = found(RESOURCE, r'name="namespace" value="([^"]+)"')
ASKED = Sent(
    url=f"{QUERY}exists?uri={NAMESPACE}43RHonMf",
    headers={"Accept": "application/sparql-results+json", "X-Caller": None},
)

DEREFERENCE = Document(
    name="is there such a thing",
    file=RESOURCE,
    operations=(("GET", "/{*id}"),),
    steps=(
        Step(
            why="it exists: a redirect, with the URI that was put together from variables",
            path="/43RHonMf",
            headers={"X-Caller": "1", "Accept": "text/html"},
            replies=((200, JSON, b'{"head":{},"boolean":true}'),),
            status=303,
            reason="See Other",
            answer=b"",
            answered={
                "Location": f"{QUERY}resource?uri={NAMESPACE}43RHonMf",
                "Strict-Transport-Security": "max-age=31536000",
            },
            sent=(ASKED,),
        ),
        Step(
            why="it does not: text whose entities are undone before C# sees them, a verbatim string over several lines",
            path="/43RHonMf",
            replies=((200, JSON, b'{"boolean":false}'),),
            status=404,
            reason="Not Found",
            answer=lambda body: body.startswith(f"<{NAMESPACE}43RHonMf> ".encode()) and body.count(b"\n- <") == 4,
            answered={"Content-Type": "text/plain", "Strict-Transport-Security": None},
            sent=(ASKED,),
        ),
        Step(
            why="any status is an answer; one without the member is a failed expression",
            path="/43RHonMf",
            replies=((500, JSON, b"{}"),),
            status=500,
            answer=INTERNAL,
            sent=(ASKED,),
        ),
        Step(
            why="an empty rest is the empty parameter; the literal text with its entities undone",
            path="/",
            status=400,
            reason="Bad Request",
            answer=lambda body: body.decode() == html.unescape(literal(RESOURCE, 1).decode()),
            answered={"Content-Type": "text/plain"},
        ),
    ),
)

CHARGEBACK = "seiggy__apim-chargeback/policies__entra-jwt-policy.xml"
CALLER = {"iss": "https://sts.windows.net/t-1/", "tid": "t-1", "aud": "api://gateway"}
USER = signed(**CALLER, azp="app-1", appid="ignored")
DAEMON = signed(**CALLER, appid="app-2")
OPENAI = "https://openai.example/v1/deployments/gpt-4o/chat/completions"
FOR_USAGE = {"Authorization": "Bearer token|api://usage|system"}
FOR_OPENAI = {"Authorization": "Bearer token|https://cognitiveservices.azure.com/|system"}
PRECHECK = Sent(url="https://usage.example/api/precheck/app-1/t-1?deploymentId=gpt-4o", headers=FOR_USAGE)
CHUNK = {"id": "c", "usage": {"total_tokens": 5}}
EVENTS = b'data: {"id":"a"}\n\ndata: ' + dumps(CHUNK) + b"\n\ndata: [DONE]\n\n"


def logged(request: Any, response: Any) -> Sent:
    told = {"tenantId": "t-1", "clientAppId": "app-1", "audience": "api://gateway", "deploymentId": "gpt-4o"}
    return Sent(
        method="POST",
        url="https://usage.example/api/log",
        headers=JSON | FOR_USAGE,
        body=told | {"requestBody": request, "responseBody": response},
    )


METERED = Document(
    name="asked before and told after",
    file=CHARGEBACK,
    api_path="openai",
    named={
        "ExpectedAudience": "api://gateway",
        "ContainerAppAudience": "api://usage",
        "ContainerAppUrl": "https://usage.example",
    },
    backends={"openAiBackend": "https://openai.example/v1"},
    steps=(
        Step(
            why="the issuer of the shared endpoint has the tenant of the token put in; a variable holds the first "
            "token, the second replaces the header; usage is told aside, with the answer the caller got",
            method="POST",
            path="/openai/deployments/gpt-4o/chat/completions",
            headers=JSON | USER,
            body=chat(),
            replies=(
                *provider("https://sts.windows.net/{tenantid}/"),
                (200, JSON, b"{}"),
                completion(9, 3),
                (202, {}, b""),
            ),
            answer=completion(9, 3)[2],
            sent=(
                Sent(url=attribute(CHARGEBACK, "url")),
                Sent(url=KEYS),
                PRECHECK,
                Sent(method="POST", url=OPENAI, headers=FOR_OPENAI, body=json.loads(chat())),
                logged(json.loads(chat()), json.loads(completion(9, 3)[2])),
            ),
        ),
        Step(
            why="a stream is asked for its usage; the last event that is JSON is told, and the caller gets all of them",
            method="POST",
            path="/openai/deployments/gpt-4o/chat/completions",
            headers=JSON | USER,
            body=chat(stream=True),
            replies=((200, JSON, b"{}"), (200, {"Content-Type": "text/event-stream"}, EVENTS)),
            answer=EVENTS,
            sent=(
                PRECHECK,
                Sent(
                    method="POST",
                    url=OPENAI,
                    body=json.loads(chat(stream=True)) | {"stream_options": {"include_usage": True}},
                ),
                logged(json.loads(chat(stream=True)), CHUNK),
            ),
        ),
        Step(
            why="no deployment in the path: the model of the body; a token for an application has appid only; the "
            "refusal is passed on with its body",
            method="POST",
            path="/openai/responses",
            headers=JSON | DAEMON,
            body=dumps({"model": "o3"}),
            replies=((429, {"Retry-After": "9"}, b'{"quota":0}'),),
            status=429,
            reason="Too Many Requests",
            answer={"quota": 0},
            answered=JSON | {"Retry-After": None},
            sent=(Sent(url="https://usage.example/api/precheck/app-2/t-1?deploymentId=o3", headers=FOR_USAGE),),
        ),
        Step(
            why="neither: the last segment; 401 is passed on",
            method="POST",
            path="/openai/models",
            headers=JSON | USER,
            body=b"no JSON",
            replies=((401, {}, b'{"plan":null}'),),
            status=401,
            answer={"plan": None},
            sent=(Sent(url="https://usage.example/api/precheck/app-1/t-1?deploymentId=models"),),
        ),
        Step(
            why="any other answer is a 500 with the literal body",
            method="POST",
            path="/openai/deployments/gpt-4o/chat/completions",
            headers=JSON | USER,
            body=chat(),
            replies=((503, {}, b"down"),),
            status=500,
            reason="Internal Server Error",
            answer=literal(CHARGEBACK, 1),
            answered=JSON | {"ErrorSource": None},
            sent=(PRECHECK,),
        ),
        Step(
            why="another audience: on-error sees the error and the response it made, and adds headers to that; null is "
            "an empty header",
            method="POST",
            path="/openai/models",
            headers=JSON | signed(**CALLER | {"aud": "api://other"}),
            body=b"{}",
            status=401,
            answer=error(401, attribute(CHARGEBACK, "failed-validation-error-message")),
            answered=JSON
            | {
                "ErrorSource": "validate-jwt",
                "ErrorReason": "TokenClaimValueNotAllowed",
                "ErrorMessage": "Claim aud value of api://other is not allowed. Access denied.",
                "ErrorScope": "api",
                "ErrorSection": "inbound",
                "ErrorPolicyId": "",
                "ErrorStatusCode": "401",
            },
        ),
        Step(
            why="no body, no context.Request.Body: the expression fails",
            path="/openai/models",
            headers=USER,
            status=500,
            answer=INTERNAL,
            answered={
                "ErrorSource": "set-variable",
                "ErrorReason": "ExpressionValueEvaluationFailure",
                "ErrorMessage": "Expression evaluation failed. Object reference not set to an instance of an object.",
                "ErrorStatusCode": "500",
            },
        ),
    ),
)

DOCUMENTS = (GATEKEEPER, EVERYONE, ADMINS, DEREFERENCE, METERED)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda d: d.name)
async def test_authored_everyday_access(document: Document, bench: Callable[[Any, Path], Awaitable[Any]]) -> None:
    await play(document, await bench(document, CORPUS))
