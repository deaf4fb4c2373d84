"""Mocks, logs and routing in documents that others wrote, served as they are (the folder: `APIMPY_CORPUS`)."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from corpus_kit import INTERNAL, JSON, KEYED, Document, Sent, Step, chat, completion, corpus, play

CORPUS = corpus()
ARM = "MLogdberg__APIManagementARMTemplateCreator/APIManagementTemplate.Test__Samples"
TOOLKIT = "Azure-Samples__apim-genai-gateway-toolkit/capabilities__"
HUB = "Azure-Samples__ai-hub-gateway-solution-accelerator/infra__modules__apim__policies__"
HMCTS = "hmcts__hmi-apim-infrastructures/infrastructure__resources__"
HERE = "https://default.example"

# -------------------------------------------------------------------------------------------------------- mocks


def anyone(body: bytes) -> bool:
    """The policy file of the document: anybody, any header."""
    root = ET.fromstring(body)
    return (root.tag, [(e.tag, e.attrib) for e in root]) == (
        "cross-domain-policy",
        [("allow-http-request-headers-from", {"domain": "*", "headers": "*"})],
    )


CROSS_DOMAIN = Step(
    why="the policy file at the root of the gateway, before any API is looked for",
    path="/crossdomain.xml",
    answer=anyone,
    answered={"Content-Type": "text/x-cross-domain-policy"},
)

TESTING = Document(
    name="a mock where it is tested",
    file=ARM + "Template__templateParameters.json__L232.xml",
    scope="global",
    api_path="orders",
    answers_unmatched=True,
    named={"environment": "atest"},
    steps=(
        Step(
            why="two literals with the named value between the quotes; no description of the API: status and type",
            path="/orders/1",
            reason="OK",
            answer=b"",
            answered=JSON,
        ),
        Step(why="any method", method="DELETE", path="/orders/1", answer=b"", answered=JSON),
        CROSS_DOMAIN,
    ),
)

LIVE = Document(
    name="no mock anywhere else",
    file=TESTING.file,
    scope="global",
    api_path="orders",
    answers_unmatched=True,
    named={"environment": "test"},
    steps=(
        Step(why="the condition does not hold", path="/orders/1", sent=(Sent(url=f"{HERE}/1"),)),
        CROSS_DOMAIN,
        Step(
            why="elsewhere it is a path like any other",
            path="/orders/crossdomain.xml",
            sent=(Sent(url=f"{HERE}/crossdomain.xml"),),
        ),
    ),
)

PEOPLE = Document(
    name="update a person by destination",
    file=HMCTS + "policy-files__eLinks__api-op-update-people-elinks-policy.xml",
    scope="operation",
    operations=(("PUT", "/people/{id}"),),
    fragments={
        "hmi-elinks-auth-bearer": '<fragment><set-header name="Authorization"><value>x</value></set-header></fragment>',
        "hmi-invalid-destination-response": HMCTS + "policy-fragments__invalid-destination-response-fragment.xml",
        "hmi-failed-destination-authentication-response": HMCTS
        + "policy-fragments__failed-destination-authentication-response-fragment.xml",
    },
    steps=(
        Step(
            why="a mock without a body",
            method="PUT",
            path="/people/7",
            headers=JSON | {"Destination-System": "MOCK"},
            body=b"{}",
            status=204,
            reason="No Content",
            answer=b"",
        ),
        *(
            Step(
                why="names keep their case; the fragment answers",
                method="PUT",
                path="/people/7",
                headers=JSON | {"Destination-System": name},
                body=b"{}",
                status=400,
                answer={"message": f"{name} destination doesn't support this functionality"},
                answered=JSON,
            )
            for name in ("elinks", "MOCK,ELINKS")
        ),
    ),
)

# ---------------------------------------------------------------------------------------------- logs and routes

CHAT = "/openai/deployments/gpt-4o/chat/completions"
BY_PAYG = Sent(method="POST", url="https://payg.example/openai/deployments/gpt-4o/chat/completions", body=chat())

TRACKING = Document(
    name="usage as metric and as event",
    file=TOOLKIT + "usage-tracking__usage-tracking-policy.xml",
    api_path="openai",
    operations=(("POST", "/deployments/{deployment-id}/chat/completions"),),
    keyed=True,
    loggers=("eventhub-logger",),
    backends={"payg-backend-1": "https://payg.example/openai"},
    options={"metric_dimension_cap": 10},
    fragments={
        "usage-tracking-inbound": TOOLKIT + "usage-tracking__usage-tracking-inbound.xml",
        "usage-tracking-outbound": TOOLKIT + "usage-tracking__usage-tracking-outbound.xml",
    },
    steps=(
        Step(
            why="the body is read with preserveContent, so that the caller gets it as well; dates are invariant text, "
            "and the number of tokens was made text",
            method="POST",
            path=CHAT,
            headers=KEYED | JSON,
            body=chat(),
            replies=(completion(9, 3),),
            answer=completion(9, 3)[2],
            sent=(BY_PAYG,),
            metered=(
                (
                    "usage-tracking",
                    {
                        "API ID": "api",
                        "Operation ID": "op0",
                        "Product ID": "N/A",
                        "Subscription ID": "sub-1",
                        "Location": "local",
                        "Gateway ID": "managed",
                        "Client IP": "127.0.0.1",
                    },
                    {"prompt": 9, "completion": 3, "total": 12},
                ),
            ),
            logged=(
                {
                    "Type": "Message",
                    "EventTime": "11/14/2023 22:13:20",
                    "ServiceName": "apimpy",
                    "GatewayId": "managed",
                    "RequestIp": "127.0.0.1",
                    "OperationName": "op0",
                    "SubscriptionId": "sub-1",
                    "TotalTokens": "12",
                },
            ),
        ),
        Step(
            why="an error is neither",
            method="POST",
            path=CHAT,
            headers=KEYED | JSON,
            body=chat(),
            replies=((404, JSON, b"{}"),),
            status=404,
            answer=b"{}",
            sent=(BY_PAYG,),
        ),
    ),
)

INTELLIGENCE = HUB + "doc-intelligence-api-policy.xml"
ANALYZED = Sent(
    method="POST",
    url="https://intel.example/documentintelligence/documentModels/prebuilt-invoice:analyze?api-version=1",
    headers={"Authorization": "Bearer token|https://cognitiveservices.azure.com|id-1", "api-key": None},
    body=b"%PDF-",
)
RESULT = Sent(url="https://intel.example/documentintelligence/documentModels/prebuilt-invoice/analyzeResults/1")

DOCUMENTS_READ = Document(
    name="routes of a model, through three fragments",
    file=INTELLIGENCE,
    api_path="documentintelligence",
    operations=(
        ("POST", "/documentModels/{modelId}:analyze"),
        ("GET", "/documentModels/{modelId}/analyzeResults/{resultId}"),
    ),
    keyed=True,
    loggers=("usage-eventhub-logger",),
    named={"uami-client-id": "id-1"},
    backends={"REPLACE-BACKEND-ID": "https://intel.example/documentintelligence"},
    fragments={
        "aad-auth": '<fragment><set-variable name="checked" value="no" /></fragment>',
        "validate-routes": HUB + "frag-validate-routes.xml",
        "backend-routing": HUB + "frag-backend-routing.xml",
        "ai-usage": HUB + "frag-ai-usage.xml",
    },
    steps=(
        Step(
            why="the only route of the model; an empty body is no JSON; the host of the answer's address becomes that "
            "of the gateway; nothing but a 200 is logged",
            method="POST",
            path="/documentintelligence/documentModels/prebuilt-invoice:analyze?api-version=1",
            headers=KEYED | {"api-key": "mine", "Content-Type": "application/pdf"},
            body=b"%PDF-",
            replies=((202, {"Operation-Location": "https://intel.example/results/1?x=intel.example"}, b""),),
            status=202,
            answer=b"",
            answered={"operation-location": "https://127.0.0.1/results/1?x=127.0.0.1"},
            sent=(ANALYZED,),
        ),
        Step(
            why="the result, with the routes out of the cache; a variable that nobody set is caught, and the defaults "
            "of the event stand; without an address the header is there and empty",
            path="/documentintelligence/documentModels/prebuilt-invoice/analyzeResults/1",
            headers=KEYED,
            replies=((200, JSON, b'{"analyzeResult": {"modelId": "prebuilt-invoice", "pages": [{}, {}]}}'),),
            answer=b'{"analyzeResult": {"modelId": "prebuilt-invoice", "pages": [{}, {}]}}',
            answered=JSON | {"operation-location": ""},
            sent=(RESULT,),
            logged=(
                {
                    "timestamp": "11/14/2023 22:13:20",
                    "appId": "NA",
                    "subscriptionId": "sub-1",
                    "productName": "Portal-Admin",
                    "targetService": "AI-Document-Intelligence",
                    "model": "prebuilt-invoice",
                    "operationName": "op1",
                    "backendId": "REPLACE-BACKEND-ID",
                    "routeName": "Doc-Intelligence-EUS",
                    "promptTokens": 1,
                    "responseTokens": 0,
                    "totalTokens": 1,
                },
            ),
        ),
        Step(
            why="a 404 is answered as it is",
            path="/documentintelligence/documentModels/prebuilt-invoice/analyzeResults/1",
            headers=KEYED,
            replies=((404, JSON, b'{"error":1}'),),
            status=404,
            answer=b'{"error":1}',
            sent=(RESULT,),
        ),
        Step(
            why="no cluster for the model: its name and the region in an array",
            method="POST",
            path="/documentintelligence/documentModels/custom:analyze",
            headers=KEYED,
            body=b"%PDF-",
            status=400,
            reason="No routes",
            answer=lambda body: (
                json.loads(body)[0]["name"] == "custom"
                and "(custom)" in json.loads(body)[0]["url"]
                and "(local)" in json.loads(body)[0]["url"]
            ),
            answered={"Content-Type": None},
        ),
        Step(
            why="busy: the fragment looks for a parameter that these operations do not have, and its indexer fails; so "
            "does the condition of the retry, which casts a literal, a string, to int",
            path="/documentintelligence/documentModels/prebuilt-invoice/analyzeResults/1",
            headers=KEYED,
            replies=((429, {"Retry-After": "5"}, b""),),
            status=500,
            answer=INTERNAL,
            sent=(RESULT,),
        ),
    ),
)

DOCUMENTS = (TESTING, LIVE, PEOPLE, TRACKING, DOCUMENTS_READ)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda d: d.name)
async def test_authored_everyday_hub(document: Document, bench: Callable[[Any, Path], Awaitable[Any]]) -> None:
    await play(document, await bench(document, CORPUS))
