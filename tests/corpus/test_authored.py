"""Documents that others wrote for their APIs, loaded as they are and served (the folder: `APIMPY_CORPUS`)."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from corpus_kit import (
    INTERNAL,
    JSON,
    KEYED,
    NOW,
    Document,
    Sent,
    Step,
    attribute,
    base64url,
    corpus,
    dumps,
    error,
    literal,
    play,
)
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.padding import PKCS7

CORPUS = corpus()
SNIPPETS = "Azure__api-management-policy-snippets/examples__"
HMCTS = "hmcts__hmi-apim-infrastructures/infrastructure__resources__"

# ------------------------------------------------------------------------------------------- signing and crypto

SECRET = "not/really+a=secret"
AES_KEY, AES_IV = bytes(range(24)), bytes(range(100, 116))


def signed(value: str) -> bool:
    """`Bearer` and a JWT signed with SECRET that ends ten minutes from now."""
    scheme, _, jwt = value.partition(" ")
    head, payload, signature = jwt.split(".")
    assert scheme == "Bearer"
    assert base64url(b'{"typ":"JWT","alg":"HS256"}') == head
    assert base64url(dumps({"exp": NOW + 600, "username": "john_doe"})) == payload
    assert base64url(hmac.digest(SECRET.encode(), f"{head}.{payload}".encode(), hashlib.sha256)) == signature
    return True


def encrypted(text: str) -> str:
    pad = PKCS7(128).padder()
    padded = pad.update(text.encode()) + pad.finalize()
    encryptor = Cipher(algorithms.AES(AES_KEY), modes.CBC(AES_IV)).encryptor()
    return base64.b64encode(encryptor.update(padded) + encryptor.finalize()).decode()


SIGNED_TOKEN = Document(
    name="a signed token for the backend",
    file=SNIPPETS + "Create HMAC SHA256-Signed JWT.policy.xml",
    named={"hashing-secret": SECRET},
    steps=(
        Step(
            why="override replaces the caller's header by the value of the expression; DateTime.Now is the clock's",
            headers={"Authorization": "Basic dTpw", "X-Other": "stays"},
            path="/orders?x=1",
            sent=(
                Sent(
                    url="https://default.example/orders?x=1",
                    headers={"Authorization": signed, "X-Other": "stays"},
                ),
            ),
        ),
    ),
)

DECRYPT = Document(
    name="decrypt the body",
    file=SNIPPETS + "Decrypt AES Data using policy expressions.xml",
    named={"AES-Key": base64.b64encode(AES_KEY).decode(), "AES-IV": base64.b64encode(AES_IV).decode()},
    steps=(
        Step(
            why='Decrypt("Aes", …) is CBC with PKCS#7; return-response ends it: the backend sees nothing, and without '
            "a set-header there is no Content-Type",
            method="POST",
            headers=JSON,
            body=dumps({"encrpText": encrypted("Grüße, 世界")}),
            reason="Success",
            answer="Grüße, 世界".encode(),
            answered={"Content-Type": None},
        ),
        Step(
            why="Convert.FromBase64String throws for what is no base64; an expression that throws is a 500",
            method="POST",
            headers=JSON,
            body=dumps({"encrpText": "?"}),
            status=500,
            answer=INTERNAL,
            answered=JSON,
        ),
        Step(
            why="a request without body has no context.Request.Body: null reference, 500",
            status=500,
            answer=INTERNAL,
        ),
    ),
)

# ------------------------------------------------------------------------------------------------------ routing

NOT_FOUND = error(404, "Resource not found")

WRONG_METHOD = Document(
    name="405 for a wrong method",
    file=SNIPPETS + "Return HTTP 405 if the HTTP Method of the request is not defined.xml",
    answers_unmatched=True,
    api_path="echo",
    operations=(("POST", "/resource-cached"), ("POST", "/other")),
    steps=(
        Step(
            why="a method that no operation has matches nothing: the global on-error runs with LastError.Source "
            "configuration, and return-response replaces the 404",
            path="/echo/resource-cached",
            status=405,
            reason="Method not allowed",
            answer={"status": "HTTP 405", "message": "Method not allowed"},
        ),
        Step(
            why="the condition does not hold for another path: the default response of OperationNotFound stays",
            path="/echo/other",
            status=404,
            answer=NOT_FOUND,
            answered=JSON,
        ),
        Step(
            why="an operation matches: base in the backend section is the global forward-request, on-error never runs",
            method="POST",
            path="/echo/resource-cached",
            replies=((404, {}, b"gone"),),
            status=404,
            answer=b"gone",
            sent=(Sent(method="POST", url="https://default.example/resource-cached"),),
        ),
    ),
)

BY_SIZE = Document(
    name="large bodies to another host",
    file=SNIPPETS + "Route requests based on size.policy.xml",
    named={"alternate-path-and-query": "large/bodies?via=gateway", "alternate-host": "https://big.example/base/"},
    steps=(
        Step(
            why="255999 < 256000: no branch changes anything",
            method="PUT",
            path="/files/a%20b?x=1",
            body=b"x" * 255_999,
            sent=(Sent(method="PUT", url="https://default.example/files/a%20b?x=1", body=b"x" * 255_999),),
        ),
        Step(
            why="rewrite-uri replaces the path, adds the missing slash and appends the caller's query to its own; "
            "base-url and path meet in one slash",
            method="PUT",
            path="/files/a%20b?x=1",
            body=b"x" * 256_000,
            sent=(
                Sent(
                    method="PUT",
                    url="https://big.example/base/large/bodies?via=gateway&x=1",
                    headers={"Host": "big.example", "Content-Length": "256000"},
                    body=b"x" * 256_000,
                ),
            ),
        ),
        Step(
            why="the indexer of the headers throws for a header that is not there",
            status=500,
            answer=INTERNAL,
        ),
    ),
)

WORKFLOW = (
    "MLogdberg__APIManagementARMTemplateCreator/APIManagementTemplate.Test__Samples__Policies__"
    "AzureResource-LogicApp-unmodified.json__L8.xml"
)

LOGIC_APP = Document(
    name="a logic app behind a key",
    file=WORKFLOW,
    named={"orderrequest59a6b4783fb21a7984df42ae": "sv=1.0&sig=a%2Fb"},
    api_path="orders",
    keyed=True,
    steps=(
        Step(
            why="the named value is part of a literal; rewrite-uri came before set-backend-service, and both hold; "
            "the key header is deleted; a section order of inbound, outbound, backend is as good as any",
            method="POST",
            path="/orders/17?z=1",
            headers=KEYED | JSON,
            body=b"{}",
            replies=((202, {"Location": "https://x.example/status"}, b""),),
            status=202,
            answer=b"",
            answered={"Location": "https://x.example/status"},
            sent=(
                Sent(
                    method="POST",
                    url=attribute(WORKFLOW, "base-url") + "/?api-version=2016-06-01&sp=/triggers/request/run"
                    "&sv=1.0&sig=a%2Fb&z=1",
                    headers={"Ocp-Apim-Subscription-Key": None, "Content-Type": "application/json"},
                    body=b"{}",
                ),
            ),
        ),
        Step(
            why="no key: refused before the policies; the chain's on-error is empty, so the default answer stays",
            path="/orders/17",
            status=401,
            answer=error(
                401,
                "Access denied due to missing subscription key. Make sure to include subscription key when making "
                "requests to an API.",
            ),
            answered=JSON | {"Vary": "Origin"},
        ),
        Step(
            why="a key of nobody",
            path="/orders/17",
            headers={"Ocp-Apim-Subscription-Key": "nobody's"},
            status=401,
            answer=error(
                401,
                "Access denied due to invalid subscription key. Make sure to provide a valid key for an active "
                "subscription.",
            ),
            answered=JSON,
        ),
    ),
)

# ------------------------------------------------------------------------------------------------ bodies, events

GRID = SNIPPETS + "Forward Azure Event Grid Event.xml"
EVENT = {
    "id": "e-1",
    "subject": "orders/17",
    "eventType": "orders.created",
    "eventTime": "2017-06-26T18:41:00.9584103Z",
    "dataVersion": "2.0",
    "metadataVersion": "1",
    "topic": "/topics/orders",
    "data": {"total": 12.50, "lines": [1, 2]},
}
VALIDATION = {
    "id": "e-2",
    "eventType": "Microsoft.EventGrid.SubscriptionValidationEvent",
    "data": {"validationCode": "512d38b6"},
}

EVENT_GRID = Document(
    name="one event from the grid",
    file=GRID,
    steps=(
        Step(
            why="the first event's members become headers, its data the body; Json.NET made a date of the time, whose "
            "ToString() is the invariant general form; the operation's path goes to the new base",
            method="POST",
            path="/events",
            headers={"Content-Type": "application/cloudevents+json"},
            body=dumps([EVENT]),
            sent=(
                Sent(
                    method="POST",
                    url=attribute(GRID, "base-url") + "/events",
                    headers={
                        "Content-Type": "application/json",
                        "X-Event-Id": "e-1",
                        "X-Event-Subject": "orders/17",
                        "X-Event-Type": "orders.created",
                        "X-Event-Time": "06/26/2017 18:41:00",
                        "X-Event-Data-Version": "2.0",
                        "X-Event-Metadata-Version": "1",
                        "X-Event-Topic": "/topics/orders",
                    },
                    body=EVENT["data"],
                ),
            ),
        ),
        Step(
            why="the handshake is answered here",
            method="POST",
            headers=JSON,
            body=dumps([VALIDATION]),
            answer={"validationResponse": "512d38b6"},
            answered=JSON,
        ),
        Step(
            why="more than one event: 400 with the literal body, white space and all; set-status without a reason "
            "takes the standard phrase",
            method="POST",
            headers=JSON,
            body=dumps([EVENT, EVENT]),
            status=400,
            reason="Bad Request",
            answer=lambda body: body == literal(EVENT_GRID.file, 1),
            answered=JSON,
        ),
        Step(
            why="an object is no array: the reader throws, 500",
            method="POST",
            headers=JSON,
            body=dumps(EVENT),
            status=500,
            answer=INTERNAL,
        ),
    ),
)

READ_ONLY = Document(
    name="a read-only query endpoint",
    file="ukparliament__ApiManagement/Policy__Operation__SPARQLEndpointPOST.xml",
    steps=(
        Step(
            why="the body was read and put back: the backend gets the same bytes as UTF-8, the Content-Type stays",
            method="POST",
            path="/sparql",
            headers={"Content-Type": "application/sparql-query; charset=utf-8"},
            body="SELECT * { ?é ?p ?o }".encode(),
            sent=(
                Sent(
                    method="POST",
                    url="https://default.example/sparql",
                    headers={"Content-Type": "application/sparql-query; charset=utf-8"},
                    body="SELECT * { ?é ?p ?o }".encode(),
                ),
            ),
        ),
        Step(
            why="the first condition holds, whatever the case of the header's value",
            method="POST",
            path="/sparql",
            headers={"Content-Type": "Application/SPARQL-Update"},
            body=b"DELETE WHERE { ?s ?p ?o }",
            status=403,
            reason="Forbidden",
            answer=b"Read-only endpoint",
            answered={"Content-Type": None},
        ),
        Step(
            why="the second condition holds: the variable has the body, lower-cased here only",
            method="POST",
            path="/sparql",
            headers={"Content-Type": "application/x-www-form-urlencoded"},
            body=b"UPDATE=CLEAR+ALL",
            status=403,
            answer=b"Read-only endpoint",
        ),
        Step(why="no body, no context.Request.Body", path="/sparql", status=500, answer=INTERNAL),
    ),
)

REFORMAT = Document(
    name="rewrite a good answer",
    file="Azure-Samples__apim-genai-gateway-toolkit/capabilities-v2__rate-limiting__adaptive-rate-limiting-policy.xml",
    fragments={
        "adaptive-rate-limiting-v2": '<fragment><set-header name="x-limited"><value>yes</value></set-header></fragment>'
    },
    backends={"payg-backend-1": "https://payg.example/openai"},
    steps=(
        Step(
            why="the fragment stands where it is included; the entity's URL is the base; JObject.ToString() writes "
            "indented JSON, and the length is the new one",
            path="/deployments/a/models",
            replies=((200, JSON, b'{"b":[1,{"c":null}],"a":1.50}'),),
            answer=lambda body: (
                body.replace(b"\r\n", b"\n")
                == b'{\n  "b": [\n    1,\n    {\n      "c": null\n    }\n  ],\n  "a": 1.5\n}'
            ),
            answered=JSON,
            sent=(Sent(url="https://payg.example/openai/deployments/a/models", headers={"x-limited": "yes"}),),
        ),
        Step(
            why="another status leaves the body alone",
            replies=((201, JSON, b'{"b":1}'),),
            status=201,
            answer=b'{"b":1}',
            sent=(Sent(url="https://payg.example/openai/"),),
        ),
        Step(
            why="a 200 that is no JSON: the reader throws in outbound, 500",
            replies=((200, JSON, b"<html>"),),
            status=500,
            answer=INTERNAL,
            sent=(Sent(url="https://payg.example/openai/"),),
        ),
    ),
)

PERSON = Document(
    name="choose by destination",
    file=HMCTS + "policy-files__eLinks__api-op-get-people-by-id-elinks-policy.xml",
    operations=(("GET", "/people/{id}"),),
    fragments={
        "hmi-elinks-auth-bearer": '<fragment><set-header name="Authorization"><value>Bearer x</value></set-header>'
        "</fragment>",
        "hmi-invalid-destination-response": HMCTS + "policy-fragments__invalid-destination-response-fragment.xml",
        "hmi-failed-destination-authentication-response": HMCTS
        + "policy-fragments__failed-destination-authentication-response-fragment.xml",
    },
    steps=(
        Step(
            why="literal text is the body as it stands in the document; set-body's braces are JSON, no named value",
            path="/people/7",
            headers={"Destination-System": "MOCK"},
            reason="OK",
            answer=lambda body: body == literal(PERSON.file, 1),
            answered=JSON,
        ),
        Step(
            why="otherwise: the fragment answers; comparing strings is exact, so mock is not MOCK",
            path="/people/7",
            headers={"Destination-System": "mock"},
            status=400,
            answer={"message": "mock destination doesn't support this functionality"},
            answered=JSON,
        ),
        Step(
            why="no header: GetValueOrDefault gives the empty default",
            path="/people/7",
            status=400,
            answer={"message": " destination doesn't support this functionality"},
        ),
    ),
)

DOCUMENTS = (
    SIGNED_TOKEN,
    DECRYPT,
    WRONG_METHOD,
    BY_SIZE,
    LOGIC_APP,
    EVENT_GRID,
    READ_ONLY,
    REFORMAT,
    PERSON,
)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda d: d.name)
async def test_authored(document: Document, bench: Callable[[Any, Path], Awaitable[Any]]) -> None:
    await play(document, await bench(document, CORPUS))
