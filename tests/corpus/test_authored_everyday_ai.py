"""Calls of models beside everyday policies, in documents that others wrote (the folder: `APIMPY_CORPUS`)."""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from corpus_kit import (
    INTERNAL,
    JSON,
    KEYED,
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
    play,
)

CORPUS = corpus()
HUB = "Azure-Samples__ai-hub-gateway-solution-accelerator/"
AOAI = "microsoft__AzureOpenAI-with-APIM/apim_policies__"
ZONE = "Azure__apim-landing-zone-accelerator/scenarios__workload-genai__policies__"
HERE = "https://default.example"
CALLER = KEYED | JSON
COMPLETIONS = (("POST", "/deployments/{deployment-id}/chat/completions"),)
CHAT = "/openai/deployments/gpt-4o/chat/completions"

# ------------------------------------------------------------------------------------------- limits and metrics

IN_POOL = Sent(
    method="POST",
    url="https://pool.example/openai/deployments/gpt-4o/chat/completions",
    headers={"Authorization": "Bearer token|https://cognitiveservices.azure.com|id-1"},
    body=chat(),
)
POOL_USAGE = {
    "SubscriptionId": "sub-1",
    "ClientIP": "127.0.0.1",
    "RequestId": "127.0.0.1",
    "OperationName": "op0",
}

LANDING_ZONE = Document(
    name="a pool behind a limit, through three fragments",
    file=ZONE + "genai-policy.xml",
    api_path="openai",
    operations=COMPLETIONS,
    keyed=True,
    named={"apim-identity": "id-1"},
    backends={"aoai-lb-pool": "https://pool.example/openai"},
    fragments={
        "simple-priority-weighted": ZONE + "fragments__load-balancing__simple-priority-weighted.xml",
        "rate-limiting-by-tokens": ZONE + "fragments__rate-limiting__rate-limiting-by-tokens.xml",
        "usage-tracking-with-appinsights": ZONE + "fragments__usage-tracking__usage-tracking-with-appinsights.xml",
    },
    steps=(
        Step(
            why="the first retry does not wait, and sends the same body; the limit counts what was reported, and one "
            "metric tells it",
            method="POST",
            path=CHAT,
            headers=CALLER,
            body=chat(),
            replies=((429, {"Retry-After": "7"}, b""), completion(9, 41)),
            answer=completion(9, 41)[2],
            answered={"x-apim-max-consumed-tokens": "50", "x-apim-max-remaining-tokens": "450", "Retry-After": None},
            sent=(IN_POOL, IN_POOL),
            metered=(("aoai.token.usage", POOL_USAGE, {"prompt": 9, "completion": 41, "total": 50}),),
        ),
        Step(
            why="three retries, at once and after a second each; the last 429 is the answer; in two seconds 16.67 "
            "tokens came back, and the 8 that were taken for the prompt are given back",
            method="POST",
            path=CHAT,
            headers=CALLER,
            body=chat(),
            replies=tuple((429, {"Retry-After": f"{n}"}, b"busy") for n in range(4)),
            status=429,
            answer=b"busy",
            answered={"Retry-After": "3", "x-apim-max-consumed-tokens": "0", "x-apim-max-remaining-tokens": "466"},
            sent=(IN_POOL,) * 4,
            slept=(1, 1),
        ),
        Step(
            why="other errors are not retried",
            method="POST",
            path=CHAT,
            headers=CALLER,
            body=chat(),
            replies=((503, {}, b"down"),),
            status=503,
            answer=b"down",
            sent=(IN_POOL,),
        ),
        Step(
            why="a prompt that can never fit is refused in inbound, where nobody retries",
            method="POST",
            path=CHAT,
            headers=CALLER,
            body=chat("one two three " * 200),
            status=429,
            answer=error(429, "Token limit is exceeded."),
            answered=JSON | {"Retry-After": None, "x-apim-max-remaining-tokens": "466"},
        ),
    ),
)

TRACKED = {"API ID": "api", "Subscription ID": "sub-1", "User ID": "N/A", "Product ID": "N/A"}
COUNTED = "https://aoai.example/openai/deployments/gpt-4o/chat/completions"

CHARGED = Document(
    name="who used how much of which deployment",
    file=AOAI + "AOAI_Policy-Token_Tracking_aka_Charge_back.xml",
    api_path="openai",
    operations=(*COMPLETIONS, ("POST", "/responses")),
    keyed=True,
    backends={"azure-openai-openai-endpoint": "https://aoai.example/openai"},
    steps=(
        Step(
            why="the backend's path has the deployment in its fourth part; five dimensions, two without a value",
            method="POST",
            path=CHAT,
            headers=CALLER,
            body=chat(),
            replies=(completion(9, 3),),
            answer=completion(9, 3)[2],
            answered={"consumed-tokens": "12", "remaining-tokens": "9999988"},
            sent=(
                Sent(
                    method="POST",
                    url=COUNTED,
                    headers={"Authorization": "Bearer token|https://cognitiveservices.azure.com/|system"},
                    body=chat(),
                ),
            ),
            metered=(
                ("API Management", TRACKED | {"Deployment ID": "gpt-4o"}, {"prompt": 9, "completion": 3, "total": 12}),
            ),
        ),
        Step(
            why="another error of the backend: nothing is charged or told",
            method="POST",
            path=CHAT,
            headers=CALLER,
            body=chat(),
            replies=((400, JSON, b"{}"),),
            status=400,
            answer={},
            answered={"consumed-tokens": "0", "remaining-tokens": "9999988"},
            sent=(Sent(method="POST", url=COUNTED),),
        ),
        Step(
            why="a path with three parts has no fourth: null is stored, and the dimension has no value",
            method="POST",
            path="/openai/responses",
            headers=CALLER,
            body=dumps({"model": "gpt-4o", "input": "Hello"}),
            replies=(
                (
                    200,
                    JSON,
                    dumps({"object": "response", "usage": {"input_tokens": 7, "output_tokens": 5, "total_tokens": 12}}),
                ),
            ),
            answer=lambda body: json.loads(body)["usage"]["total_tokens"] == 12,
            answered={"consumed-tokens": "12", "remaining-tokens": "9999976"},
            sent=(Sent(method="POST", url="https://aoai.example/openai/responses"),),
            metered=(
                ("API Management", TRACKED | {"Deployment ID": "N/A"}, {"prompt": 7, "completion": 5, "total": 12}),
            ),
        ),
    ),
)

NEVER_COUNTED = Document(
    name="a limit that nobody counts for",
    file=HUB + "infra__modules__apim__policies__hr_product_policy__at_3231e9a2.xml",
    scope="product",
    keyed=True,
    steps=(
        *(
            Step(
                why="how much a call counts is read from a variable that nobody set: it fails when the response is "
                "there, so the call is not counted",
                method="POST",
                headers=CALLER,
                body=chat(**more),
                replies=(completion(9000, 9000),),
                answer=completion(9000, 9000)[2],
                answered={"remainingTPM": "10000", "totalTPM": "10000"},
                sent=(Sent(method="POST", url=f"{HERE}/", body=chat(**more)),),
            )
            for more in ({}, {}, {"stream": None})
        ),
        Step(
            why="a stream passes by: its value does not matter; the body was read with preserveContent",
            method="POST",
            headers=CALLER,
            body=chat(stream=False),
            answered={"remainingTPM": None, "totalTPM": None},
            sent=(Sent(method="POST", url=f"{HERE}/", body=chat(stream=False)),),
        ),
        Step(why="no JSON", method="POST", headers=CALLER, body=b"Hello", status=500, answer=INTERNAL),
    ),
)

KEYS = Document(
    name="one more value for a header",
    file=AOAI + "AOAI_Policy-SAS_Token.xml",
    backends={"aoai-primary-backend": "https://aoai.example/openai"},
    named={"aoai-api-key": "k-1"},
    steps=(
        Step(
            why="append makes the header",
            path="/models",
            sent=(Sent(url="https://aoai.example/openai/models", headers={"api-key": "k-1"}),),
        ),
        Step(
            why="and adds to the caller's, on one line",
            path="/models",
            headers={"API-Key": "mine"},
            sent=(
                Sent(
                    url="https://aoai.example/openai/models",
                    headers={"api-key": lambda v: re.fullmatch(r"mine, ?k-1", v)},
                ),
            ),
        ),
    ),
)

# ----------------------------------------------------------------------------------------------------- contents

SAFETY = AOAI + "Governance_Policy-Content_Safety-then-AOAI.xml"


def checks(text: str) -> Sent:
    """The question about a text."""

    def asked(body: bytes) -> bool:
        sent = json.loads(body)
        return (sent["text"], sent["blocklistNames"], sent["haltOnBlocklistHit"]) == (text, [], False)

    url, key = found(SAFETY, r"<set-url>([^<]+)"), {"Ocp-Apim-Subscription-Key": "s-1", "X-Caller": None}
    return Sent(method="POST", url=url, headers=key, body=asked)


def judged(*severities: int) -> tuple[int, dict[str, str], bytes]:
    return 200, JSON, dumps({"categoriesAnalysis": [{"category": "Hate", "severity": s} for s in severities]})


ANSWERED = Sent(
    method="POST",
    url="https://aoai.example/openai" + attribute(SAFETY, "template"),
    headers={"Authorization": "Bearer token|https://cognitiveservices.azure.com|system"},
    body={
        "messages": [
            {"role": "system", "content": found(SAFETY, r'"content", "([^"]+)"')},
            {"role": "user", "content": 'Is "ä" safe?'},
        ],
        "temperature": 0.7,
        "top_p": 0.95,
        "max_tokens": 800,
    },
)
ASKING: dict[str, Any] = {
    "method": "POST",
    "path": "/ask?x=1",
    "headers": JSON | {"X-Caller": "1"},
    "body": dumps({"text": 'Is "ä" safe?'}),
}

SAFE = Document(
    name="a text is judged before it is answered",
    file=SAFETY,
    backends={"aoai-primary-backend": "https://aoai.example/openai"},
    named={"content-safety-api-key": "s-1"},
    steps=(
        Step(
            why="every severity is 0: LINQ over the token's children; another body for another backend; the caller's "
            "query joins that of the template",
            **ASKING,
            replies=(judged(0, 0), completion(9, 3)),
            answer=completion(9, 3)[2],
            sent=(
                checks('Is "ä" safe?'),
                Sent(method="POST", url=ANSWERED.url + "&x=1", headers=ANSWERED.headers, body=ANSWERED.body),
            ),
        ),
        Step(
            why="one is not",
            **ASKING,
            replies=(judged(0, 2),),
            status=403,
            reason="Forbidden",
            answer={"error": found(SAFETY, r'"error", "([^"]+)"')},
            answered={"Content-Type": None},
            sent=(checks('Is "ä" safe?'),),
        ),
        Step(
            why="nothing was judged: All of none is true",
            **ASKING,
            replies=(judged(), (500, {}, b"x")),
            status=500,
            answer=b"x",
            sent=(checks('Is "ä" safe?'), Sent(method="POST", url=ANSWERED.url + "&x=1")),
        ),
        Step(
            why="an answer without the member: All of null fails",
            **ASKING,
            replies=((401, JSON, b'{"error":{}}'),),
            status=500,
            answer=INTERNAL,
            sent=(checks('Is "ä" safe?'),),
        ),
    ),
)

ANALYSIS = HUB + "bicep__infra__usecase-onboarding__samples__document-analysis-pipeline__oai-policy.xml"


def costs(prompt: str, completion: str, total: str, cost: str, task: str) -> dict[str, str]:
    return {
        "X-Tokens-Prompt": prompt,
        "X-Tokens-Completion": completion,
        "X-Tokens-Total": total,
        "X-Estimated-Cost-USD": cost,
        "X-Task-Type": task,
        "X-Processing-Time-Ms": "0",
    }


def failed(body: bytes) -> bool:
    """The error of the failed expression, as the document's on-error section writes it."""
    told = json.loads(body)["error"]
    assert re.fullmatch(r"[0-9a-f-]{36}", told.pop("requestId"))
    return told == {
        "code": "set-variable",
        "message": "Expression evaluation failed. Unexpected character encountered while parsing value: b. "
        "Path '', line 0, position 0.",
        "taskType": "summarize",
        "timestamp": "2023-11-14T22:13:20.0000000Z",
    }


PIPELINE = Document(
    name="models, limits and costs of a use case",
    file=ANALYSIS,
    scope="product",
    keyed=True,
    fragments={
        "set-llm-requested-model": HUB + "bicep__infra__modules__apim__policies__frag-set-llm-requested-model.xml"
    },
    steps=(
        Step(
            why="usage becomes headers; 1500 tokens at the price of the small model, six digits",
            method="POST",
            headers=CALLER,
            body=chat(model="gpt-4o-mini", max_tokens=16000),
            replies=(completion(1000, 500),),
            answer=completion(1000, 500)[2],
            answered=costs("1000", "500", "1500", "0.000225", "summarize"),
            sent=(
                Sent(
                    method="POST",
                    url=f"{HERE}/",
                    headers={"X-Request-Id": lambda v: re.fullmatch(r"[0-9a-f-]{36}", v)},
                    body=chat(model="gpt-4o-mini", max_tokens=16000),
                ),
            ),
        ),
        Step(
            why="the model that costs most; a batch; without usage everything is 0",
            method="POST",
            headers=CALLER | {"X-Task-Type": "batch"},
            body=chat(model="gpt-4-turbo"),
            replies=((200, JSON, b'{"id":1}'),),
            answer=b'{"id":1}',
            answered=costs("0", "0", "0", "0.000000", "batch"),
            sent=(Sent(method="POST", url=f"{HERE}/"),),
        ),
        Step(
            why="its price: 2000 tokens",
            method="POST",
            headers=CALLER,
            body=chat(model="gpt-4-turbo"),
            replies=(completion(1500, 500),),
            answer=completion(1500, 500)[2],
            answered={"X-Estimated-Cost-USD": "0.020000"},
            sent=(Sent(method="POST", url=f"{HERE}/"),),
        ),
        Step(
            why="a string among objects: Contains compares values",
            method="POST",
            headers=CALLER,
            body=chat(model="gpt-5"),
            status=403,
            reason="Forbidden",
            answer=lambda body: json.loads(body)["error"]["code"] == "ModelNotAllowed",
            answered=JSON | {"X-Task-Type": None},
        ),
        Step(
            why="more than 16000",
            method="POST",
            headers=CALLER,
            body=chat(model="gpt-4o", max_tokens=16001),
            status=400,
            answer=lambda body: json.loads(body)["error"]["code"] == "MaxTokensExceeded",
            answered=JSON,
        ),
        Step(
            why="no model: the fragment answers",
            method="POST",
            headers=CALLER,
            body=b"Hello",
            status=400,
            answer=lambda body: json.loads(body)["error"]["code"] == "missing_model_parameter",
        ),
        Step(
            why="an answer that is no JSON: outbound fails, on-error writes another body over the 500",
            method="POST",
            headers=CALLER,
            body=chat(model="gpt-4o"),
            status=500,
            answer=failed,
            answered=JSON | {"X-Task-Type": None},
            sent=(Sent(method="POST", url=f"{HERE}/"),),
        ),
        *(
            Step(
                why="batches have a bucket of 100; one was taken",
                method="POST",
                headers=CALLER | {"X-Task-Type": "batch"},
                body=chat(model="gpt-4o"),
                replies=((200, JSON, b"{}"),),
                answer=b"{}",
                sent=(Sent(method="POST", url=f"{HERE}/"),),
            )
            for _ in range(99)
        ),
        Step(
            why="the next is refused, in the document's words: 100 in 60 s come back one in 0.6 s",
            method="POST",
            headers=CALLER | {"X-Task-Type": "batch"},
            body=chat(model="gpt-4o"),
            status=429,
            answer=lambda body: (
                json.loads(body)["error"]["code"] == "rate-limit-by-key"
                and json.loads(body)["error"]["message"] == "Rate limit is exceeded. Try again in 1 seconds."
                and json.loads(body)["error"]["requestId"] == "unknown"
            ),
            answered=JSON | {"Retry-After": "1"},
        ),
        Step(
            why="other tasks have another bucket",
            method="POST",
            headers=CALLER,
            body=chat(model="gpt-4o"),
            replies=(completion(1, 1),),
            answer=completion(1, 1)[2],
            answered={"X-Estimated-Cost-USD": "0.000005"},
            sent=(Sent(method="POST", url=f"{HERE}/"),),
        ),
    ),
)


def weather(unit: str, city: str) -> Callable[[bytes], bool]:
    """An invented report within its bounds."""

    def check(body: bytes) -> bool:
        told = json.loads(body)
        low, high = (14, 95) if unit == "Fahrenheit" else (-5, 35)
        return (
            (told["city"], told["temperature_format"]) == (city, unit)
            and low <= told["temperature"] <= high
            and round(told["temperature"], 1) == told["temperature"]
            and 20 <= told["humidity"] < 100
            and type(told["humidity"]) is int
            and 0 <= told["wind_speed"] <= 10
        )

    return check


WEATHER = Document(
    name="a tool that invents its answers",
    file=HUB + "bicep__infra__modules__apim__sample__weather__policy.xml",
    operations=(("GET", "/weather"), ("GET", "/weather/{city}")),
    steps=(
        *(
            Step(
                why="labels of a switch share a body",
                path="/weather/New%20York%20City",
                answer=weather("Fahrenheit", "New York City"),
            )
            for _ in range(5)
        ),
        *(
            Step(
                why="the default",
                path="/weather/K%C3%B6ln",
                answer=weather("Celsius", "Köln"),
                answered={"Content-Type": None},
            )
            for _ in range(5)
        ),
        Step(why="no such parameter: the indexer fails", path="/weather", status=500, answer=INTERNAL),
    ),
)

DOCUMENTS = (LANDING_ZONE, CHARGED, NEVER_COUNTED, KEYS, SAFE, PIPELINE, WEATHER)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda d: d.name)
async def test_authored_everyday_ai(document: Document, bench: Callable[[Any, Path], Awaitable[Any]]) -> None:
    await play(document, await bench(document, CORPUS))
