"""AI gateway documents that others wrote, loaded as they are and served (the folder: `APIMPY_CORPUS`)."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from corpus_kit import INTERNAL, JSON, KEY, KEYED, Document, Sent, Step, chat, completion, corpus, error, play, token

CORPUS = corpus()
HUB = "Azure-Samples__ai-hub-gateway-solution-accelerator/"
AOAI = "microsoft__AzureOpenAI-with-APIM/apim_policies__AOAI_Policy-"

COMPLETIONS = (("POST", "/deployments/{deployment-id}/chat/completions"), ("POST", "/chat/completions"))
CHAT = "/openai/deployments/chat/chat/completions"
AS_PRODUCT = KEYED | JSON

OF_CHAT = Sent(method="POST", url="https://default.example/deployments/chat/chat/completions", body=chat())

PRODUCT_LIMITS = Document(
    name="a token limit for each model of a product",
    file=HUB + "infra__modules__apim__policies__hr_product_policy__at_e9a5c4f3.xml",
    scope="product",
    api_path="openai",
    operations=COMPLETIONS,
    keyed=True,
    steps=(
        Step(
            why="the limit of the branch runs: 2000 - 120 are left after the response",
            method="POST",
            path=CHAT,
            headers=AS_PRODUCT,
            body=chat(),
            replies=(completion(100, 20),),
            answer=completion(100, 20)[2],
            answered={"consumed-tokens": "120", "remaining-tokens": "1880"},
            sent=(OF_CHAT,),
        ),
        Step(
            why="without an estimate the call that crosses the limit succeeds: 1880 - 2500 is a debt of 620",
            method="POST",
            path=CHAT,
            headers=AS_PRODUCT,
            body=chat(),
            replies=(completion(2000, 500),),
            answer=completion(2000, 500)[2],
            answered={"consumed-tokens": "2500", "remaining-tokens": "0"},
            sent=(OF_CHAT,),
        ),
        Step(
            why="a bucket of 2000 a minute pays 620 back in 18.6 s, rounded up; the limit's own header carries it, and "
            "nothing was consumed",
            method="POST",
            path=CHAT,
            headers=AS_PRODUCT,
            body=chat(),
            status=429,
            answer=error(429, "Token limit is exceeded. Try again in 19 seconds."),
            answered=JSON | {"retry-after": "19", "remaining-tokens": "0", "consumed-tokens": None},
        ),
        Step(
            why="another model is another counter-key: its bucket of 10000 is full",
            method="POST",
            path="/openai/deployments/gpt-4o/chat/completions",
            headers=AS_PRODUCT,
            body=chat(),
            replies=(completion(10, 5),),
            answer=completion(10, 5)[2],
            answered={"consumed-tokens": "15", "remaining-tokens": "9985"},
            sent=(Sent(method="POST", url="https://default.example/deployments/gpt-4o/chat/completions"),),
        ),
        Step(
            why="19 seconds later the balance is 13.3: admitted, and overdrawn again",
            wait=19,
            method="POST",
            path=CHAT,
            headers=AS_PRODUCT,
            body=chat(),
            replies=(completion(10, 5),),
            answer=completion(10, 5)[2],
            answered={"consumed-tokens": "15", "remaining-tokens": "0"},
            sent=(OF_CHAT,),
        ),
        Step(
            why="the matched operation has no deployment-id: its indexer throws",
            method="POST",
            path="/openai/chat/completions",
            headers=AS_PRODUCT,
            body=chat(),
            status=500,
            answer=INTERNAL,
        ),
    ),
)

TENANT_LIMIT = Document(
    name="a limit with an estimate",
    file="Azure__apim-landing-zone-accelerator/scenarios__workload-genai__policies__multi-tenancy__"
    "multi-tenant-product1-policy__at_544b4b34.xml",
    scope="product",
    operations=(("POST", "/deployments/{deployment-id}/*"),),
    keyed=True,
    steps=(
        Step(
            why="an estimate of 8 fits into 100; afterwards the reported 60 count",
            method="POST",
            path="/deployments/gpt-4o/chat/completions",
            headers=AS_PRODUCT,
            body=chat(),
            replies=(completion(9, 51),),
            answer=completion(9, 51)[2],
            answered={"x-apim-max-consumed-tokens": "60", "x-apim-max-remaining-tokens": "40"},
            sent=(Sent(method="POST", url="https://default.example/deployments/gpt-4o/chat/completions"),),
        ),
        Step(
            why="a prompt larger than the limit can never fit: no time to wait for",
            method="POST",
            path="/deployments/gpt-4o/chat/completions",
            headers=AS_PRODUCT,
            body=chat("one two three " * 100),
            status=429,
            answer=error(429, "Token limit is exceeded."),
            answered=JSON
            | {"Retry-After": None, "x-apim-max-remaining-tokens": "40", "x-apim-max-consumed-tokens": None},
        ),
        Step(
            why="8 fit into 40; the answer costs more than there was, and what is left is never negative",
            method="POST",
            path="/deployments/gpt-4o/chat/completions",
            headers=AS_PRODUCT,
            body=chat(),
            replies=(completion(9, 66),),
            answer=completion(9, 66)[2],
            answered={"x-apim-max-consumed-tokens": "75", "x-apim-max-remaining-tokens": "0"},
            sent=(Sent(method="POST", url="https://default.example/deployments/gpt-4o/chat/completions"),),
        ),
        Step(
            why="a debt of 35 and 8 for the prompt at 100 a minute are 25.8 s; the default header",
            method="POST",
            path="/deployments/gpt-4o/chat/completions",
            headers=AS_PRODUCT,
            body=chat(),
            status=429,
            reason="Too Many Requests",
            answer=error(429, "Token limit is exceeded. Try again in 26 seconds."),
            answered=JSON | {"Retry-After": "26", "x-apim-max-remaining-tokens": "0"},
        ),
        Step(
            why="an error of the backend gives the estimate back: 26 s paid 43.33, less 35 leaves 8",
            wait=26,
            method="POST",
            path="/deployments/gpt-4o/chat/completions",
            headers=AS_PRODUCT,
            body=chat(),
            replies=((400, JSON, b'{"error":{}}'),),
            status=400,
            answer=b'{"error":{}}',
            answered={"x-apim-max-consumed-tokens": "0", "x-apim-max-remaining-tokens": "8"},
            sent=(Sent(method="POST", url="https://default.example/deployments/gpt-4o/chat/completions"),),
        ),
    ),
)

POOLS = """<fragment><set-variable name="backendPools" value="@(new JArray(
  new JObject(new JProperty("poolName", "pool-a"), new JProperty("poolType", "azure-openai"),
    new JProperty("supportedModels", new JArray("GPT-4o"))),
  new JObject(new JProperty("poolName", "pool-b"), new JProperty("poolType", "external"),
    new JProperty("supportedModels", new JArray("llama")))))" /></fragment>"""
UNIVERSAL_USAGE = {
    "productName": "Portal-Admin",
    "deploymentName": "gpt-4o",
    "Backend ID": "pool-a",
    "appId": "sub-1",
    "customDimension1": "NA",
}
POOL_A = "https://pool-a.example/openai/deployments/gpt-4o/chat/completions?api-version=2024-10-21"
API_KEYED = JSON | {"api-key": KEY}
ASKED = {"messages": [{"role": "user", "content": "Hello"}], "model": "gpt-4o"}
TRY_A = Sent(
    method="POST",
    url=POOL_A,
    headers={
        "Authorization": "Bearer token|https://cognitiveservices.azure.com|client-7",
        "api-key": None,
        "Host": "pool-a.example",
    },
    body=ASKED,
)

UNIVERSAL = Document(
    name="route by model, through seven fragments",
    file=HUB + "bicep__infra__modules__apim__policies__azure-open-ai-api-policy.xml",
    api_path="openai",
    operations=COMPLETIONS,
    keyed=True,
    key_header="api-key",
    named={"uami-client-id": "client-7"},
    backends={"pool-a": "https://pool-a.example/openai", "pool-b": "https://pool-b.example/v1"},
    fragments={
        "aad-auth": '<fragment><set-variable name="checked" value="no" /></fragment>',
        "throttling-events": '<fragment><set-header name="x-throttled" exists-action="override">'
        '<value>@((string)context.Variables["target-deployment"])</value></set-header></fragment>',
        "set-backend-pools": POOLS,
        **{
            id: HUB + f"bicep__infra__modules__apim__policies__frag-{id}.xml"
            for id in ("set-llm-requested-model", "set-target-backend-pool", "set-backend-authorization")
        },
        "set-llm-usage": HUB + "bicep__infra__modules__apim__policies__frag-set-llm-usage.xml",
    },
    steps=(
        Step(
            why="the model comes from the path and joins the body; the last rewrite-uri wins and starts from the "
            "caller's query; the token goes into the header; the 429 is retried at once with the same body; metrics "
            "are emitted once, for the answer the caller gets",
            method="POST",
            path="/openai/deployments/gpt-4o/chat/completions?api-version=2024-10-21",
            headers=API_KEYED,
            body=chat(),
            replies=((429, {"Retry-After": "7"}, b""), completion(9, 3)),
            answer=completion(9, 3)[2],
            answered={"Retry-After": None},
            sent=(TRY_A, TRY_A),
            metered=(("llm-usage", UNIVERSAL_USAGE, {"prompt": 9, "completion": 3, "total": 12}),),
        ),
        Step(
            why="two retries are one run and two more; then the last answer goes out as it is, and no metric",
            method="POST",
            path="/openai/deployments/gpt-4o/chat/completions?api-version=2024-10-21",
            headers=API_KEYED,
            body=chat(),
            replies=((429, {"Retry-After": "7"}, b"1"), (503, {}, b"2"), (429, {"Retry-After": "9"}, b"3")),
            status=429,
            answer=b"3",
            answered={"Retry-After": "9", "x-throttled": None},
            sent=(TRY_A, TRY_A, TRY_A),
        ),
        Step(
            why="without the path parameter the model of the body counts, compared without case; an external pool gets "
            "no token and the first rewrite",
            method="POST",
            path="/openai/chat/completions?api-version=1",
            headers=API_KEYED,
            body=chat(model="LLAMA"),
            sent=(
                Sent(
                    method="POST",
                    url="https://pool-b.example/v1/chat/completions?api-version=1",
                    headers={"Authorization": None, "api-key": None},
                    body={**ASKED, "model": "LLAMA"},
                ),
            ),
        ),
        Step(
            why="no model anywhere: the fragment's return-response ends the request",
            method="POST",
            path="/openai/chat/completions",
            headers=API_KEYED,
            body=chat(),
            status=400,
            reason="Bad Request",
            answer={
                "error": {
                    "message": "Model could not be detected",
                    "type": "invalid_request_error",
                    "code": "missing_model_parameter",
                    "param": "model",
                }
            },
            answered=JSON,
        ),
        Step(
            why="a model that no pool has",
            method="POST",
            path="/openai/deployments/o1/chat/completions",
            headers=API_KEYED,
            body=chat(),
            status=400,
            answer=lambda body: json.loads(body)["error"]["code"] == "missing_model_parameter",
        ),
        Step(
            why="a body that is no JSON: set-body throws; on-error runs with the variables of inbound and the 500 in "
            "place, and its fragment adds a header",
            method="POST",
            path="/openai/deployments/gpt-4o/chat/completions",
            headers=API_KEYED,
            body=b"{",
            status=500,
            answer=INTERNAL,
            answered={"x-throttled": "gpt-4o"},
        ),
    ),
)

USER_TOKEN = token(oid="user-1", tid="tenant-1", azp="app-1", sub="subject-1")
USAGE_BY_USER = {
    "API ID": "api",
    "Subscription ID": "N/A",
    "User ID": "N/A",
    "Product ID": "N/A",
    "Deployment ID": "gpt-4o",
}
AZURE = "https://aoai.example/openai/deployments/gpt-4o/chat/completions"
IDENTITY = "Bearer token|https://cognitiveservices.azure.com/|system"

END_USERS = Document(
    name="usage by end user",
    file=AOAI + "Token_Tracking_End_User_Context.xml",
    api_path="openai",
    operations=COMPLETIONS,
    backends={"azure-openai-openai-endpoint": "https://aoai.example/openai"},
    options={"metric_dimension_cap": 10},
    steps=(
        Step(
            why="the claims of the caller's token become dimensions; managed identity replaces Authorization; the "
            "private headers are deleted; a limit without a subscription counts by application and user",
            method="POST",
            path="/openai/deployments/gpt-4o/chat/completions",
            headers=JSON | {"Authorization": "Bearer " + USER_TOKEN},
            body=chat(),
            replies=(completion(9, 31),),
            answer=completion(9, 31)[2],
            answered={"consumed-tokens": "40", "remaining-tokens": "9999960"},
            sent=(Sent(method="POST", url=AZURE, headers={"Authorization": IDENTITY}, body=chat()),),
            metered=(
                (
                    "API Management",
                    USAGE_BY_USER
                    | {
                        "End User ID": "user-1",
                        "End User Tenant ID": "tenant-1",
                        "Client Application ID": "app-1",
                        "Identity Source": "jwt",
                    },
                    {"prompt": 9, "completion": 31, "total": 40},
                ),
            ),
        ),
        Step(
            why="headers go before the token in its own header (no scheme); sub stands in for oid, appid for azp",
            method="POST",
            path="/openai/deployments/gpt-4o/chat/completions",
            headers=JSON
            | {"x-apim-end-user-tenant-id": "tenant-2", "x-apim-end-user-jwt": token(sub="subject-2", appid="app-2")},
            body=chat(),
            replies=(completion(9, 1),),
            answer=completion(9, 1)[2],
            answered={"consumed-tokens": "10", "remaining-tokens": "9999990"},
            sent=(
                Sent(
                    method="POST",
                    url=AZURE,
                    headers={
                        "Authorization": IDENTITY,
                        "x-apim-end-user-tenant-id": None,
                        "x-apim-end-user-jwt": None,
                    },
                ),
            ),
            metered=(
                (
                    "API Management",
                    USAGE_BY_USER
                    | {
                        "End User ID": "subject-2",
                        "End User Tenant ID": "tenant-2",
                        "Client Application ID": "app-2",
                        "Identity Source": "header",
                    },
                    {"prompt": 9, "completion": 1, "total": 10},
                ),
            ),
        ),
        Step(
            why="neither headers nor a readable token: unknown everywhere, the address is the key; an error of the "
            "backend is passed on and not metered, and gives the estimate back",
            method="POST",
            path="/openai/deployments/gpt-4o/chat/completions",
            headers=JSON | {"Authorization": "Bearer not.a-token"},
            body=chat(),
            replies=((500, {}, b"broken"),),
            status=500,
            answer=b"broken",
            answered={"consumed-tokens": "0", "remaining-tokens": "10000000"},
            sent=(Sent(method="POST", url=AZURE, headers={"Authorization": IDENTITY}),),
        ),
    ),
)

PRIORITIES = Document(
    name="route by priority",
    file=AOAI + "Priority_Routing.xml",
    backends={
        f"aoai-{kind}-backend": f"https://{kind.replace('_', '-')}.example/x"
        for kind in ("ptu", "regional", "data_zone", "circuit_breaker")
    },
    steps=tuple(
        Step(
            why=why,
            path="/models",
            headers={} if value is None else {"Priority": value},
            sent=(Sent(url=f"https://{host}.example/x/models"),),
        )
        for value, host, why in (
            (None, "ptu", "the default text 0 parses"),
            ("100", "ptu", "the bounds belong to the range"),
            ("101", "regional", "the next range"),
            (" +500 ", "regional", "int.TryParse allows white space and a sign"),
            ("1000", "data-zone", "the last range"),
            ("1001", "circuit-breaker", "otherwise"),
            ("-1", "circuit-breaker", "negative is in no range"),
            ("high", "ptu", "what does not parse counts as 0"),
            ("9999999999", "ptu", "more than an int does not parse"),
        )
    ),
)

DOCUMENTS = (
    PRODUCT_LIMITS,
    TENANT_LIMIT,
    UNIVERSAL,
    END_USERS,
    PRIORITIES,
)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda d: d.name)
async def test_authored_ai(document: Document, bench: Callable[[Any, Path], Awaitable[Any]]) -> None:
    await play(document, await bench(document, CORPUS))
