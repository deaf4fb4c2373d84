"""Limits, quotas and caches in documents that others wrote, served as they are (the folder: `APIMPY_CORPUS`)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from corpus_kit import INTERNAL, JSON, KEYED, Document, Sent, Step, attribute, corpus, dumps, error, play

CORPUS = corpus()
UK = "ukparliament__ApiManagement/"
ARM = "MLogdberg__APIManagementARMTemplateCreator/APIManagementTemplate.Test__Samples"
TOOLKIT = "Azure-Samples__apim-genai-gateway-toolkit/capabilities__"
HERE = "https://default.example"


def too_many(seconds: int) -> bytes:
    return error(429, f"Rate limit is exceeded. Try again in {seconds} seconds.")


def used_up(time: str) -> bytes:
    return error(403, f"Out of call volume quota. Quota will be replenished in {time}.")


# ------------------------------------------------------------------------------------------------------- limits

BY_SUBSCRIPTION = Document(
    name="three calls for each subscription",
    file="Azure__azure-api-management-devops-resource-kit/example__demo__Input__operationRateLimit.xml",
    scope="operation",
    steps=(
        *(
            Step(why="a bucket of three", path=f"/orders/{n}", headers=KEYED, sent=(Sent(url=f"{HERE}/orders/{n}"),))
            for n in (1, 2, 3)
        ),
        Step(
            why="empty: 3 calls in 15 s come back one in 5 s; the refusal has the seconds in header and text",
            headers=KEYED,
            status=429,
            reason="Too Many Requests",
            answer=too_many(5),
            answered=JSON | {"Retry-After": "5"},
        ),
        Step(
            why="a refused call was not counted: after 5 s one fits",
            wait=5,
            headers=KEYED,
            sent=(Sent(url=f"{HERE}/", headers=KEYED),),
        ),
        Step(
            why="and no second one; 2 s later 3 s are left",
            wait=2,
            headers=KEYED,
            status=429,
            answer=too_many(3),
            answered={"Retry-After": "3"},
        ),
        Step(why="without a key there is no Subscription: null reference in the key", status=500, answer=INTERNAL),
    ),
)

STARTER = Document(
    name="five a minute and a hundred a week",
    file=ARM + "__StandardInstance-New.json__L1430.xml",
    scope="product",
    keyed=True,
    steps=(
        *(Step(why="a bucket of five", headers=KEYED, sent=(Sent(url=f"{HERE}/"),)) for _ in range(5)),
        Step(
            why="one call in 12 s comes back; the limit stands before the quota, which does not see this call",
            headers=KEYED,
            status=429,
            answer=too_many(12),
            answered=JSON | {"Retry-After": "12"},
        ),
        *(
            Step(
                why="as slow as the bucket fills; the quota's 6th to 100th",
                wait=12,
                headers=KEYED,
                sent=(Sent(url=f"{HERE}/"),),
            )
            for _ in range(95)
        ),
        Step(
            why="the 101st: weeks from the year 1 begin on Mondays at 0:00; it is Tuesday, 22:13:20 and 96 times 12 s; "
            "days stand before the hours",
            wait=12,
            headers=KEYED,
            status=403,
            reason="Forbidden",
            answer=used_up("5.01:27:28"),
            answered=JSON | {"Retry-After": "437248"},
        ),
        Step(
            why="a refused call costs no quota, but the bucket had counted it; the last second of the week",
            wait=437247,
            headers=KEYED,
            status=403,
            answer=used_up("00:00:01"),
            answered={"Retry-After": "1"},
        ),
        Step(why="a new week", wait=1, headers=KEYED, sent=(Sent(url=f"{HERE}/"),)),
    ),
)

TENANT_QUOTA = Document(
    name="a quota for a tenant",
    file="Azure__apim-landing-zone-accelerator/scenarios__workload-genai__policies__multi-tenancy__"
    "multi-tenant-product1-policy.xml",
    scope="product",
    keyed=True,
    steps=(
        *(Step(why="calls of this window", headers=KEYED, sent=(Sent(url=f"{HERE}/"),)) for _ in range(4)),
        Step(
            why="without conditions a call counts at once, whatever comes of it",
            headers=KEYED,
            replies=((503, {}, b"down"),),
            status=503,
            answer=b"down",
            sent=(Sent(url=f"{HERE}/"),),
        ),
        Step(
            why="five are used; windows of 300 s count from the year 1, this one is 200 s old",
            headers=KEYED,
            status=403,
            reason="Forbidden",
            answer=used_up("00:01:40"),
            answered=JSON | {"Retry-After": "100"},
        ),
        Step(
            why="a fixed window: nothing comes back before its end",
            wait=99,
            headers=KEYED,
            status=403,
            answer=used_up("00:00:01"),
            answered={"Retry-After": "1"},
        ),
        Step(why="the next window", wait=1, headers=KEYED, sent=(Sent(url=f"{HERE}/"),)),
    ),
)

WORKBENCH_FILE = UK + "Policy__Product__WorkbenchParliament.xml"
REFUSED = error(401, attribute(WORKBENCH_FILE, "failed-check-error-message"))

WORKBENCH = Document(
    name="one password for all",
    file=WORKBENCH_FILE,
    scope="product",
    keyed=True,
    steps=(
        Step(
            why="no header",
            headers=KEYED,
            status=401,
            reason="Unauthorized",
            answer=REFUSED,
            answered=JSON | {"WWW-Authenticate": None},
        ),
        Step(
            why="another value",
            headers=KEYED | {"Authorization": "Basic {0}"},
            status=401,
            answer=REFUSED,
        ),
        Step(
            why="ignore-case; single braces are no named value",
            headers=KEYED | {"authorization": "basic {0}-WORKBENCHAUTHORIZATION"},
            sent=(Sent(url=f"{HERE}/", headers={"Authorization": "basic {0}-WORKBENCHAUTHORIZATION"}),),
        ),
        Step(
            why="without a key nobody looks at the header",
            headers={"Authorization": "Basic {0}-WorkbenchAuthorization"},
            status=401,
            answer=lambda body: b"missing subscription key" in body,
        ),
    ),
)

EMBEDDINGS = "https://ptu.example/openai/deployments/embedding/embeddings"
TOLD = "prioritization-token-counting"


def told(deployment: str, consumed: int, left: int) -> Any:
    dimensions = {"deployment-id": deployment}
    return (
        (TOLD, "ConsumedTokens", dimensions, float(consumed)),
        (TOLD, "aoai-remaining-tokens", dimensions, float(left)),
    )


PRIORITY = Document(
    name="low priority ends first",
    file=TOOLKIT + "prioritization__prioritization-token-calculating.xml",
    api_path="openai",
    operations=(("POST", "/deployments/{deployment-id}/*"),),
    backends={"ptu-backend-1": "https://ptu.example/openai"},
    steps=(
        Step(
            why="4001 characters are 1001 tokens; both limits have expressions, so this call is counted at its end",
            method="POST",
            path="/openai/deployments/embedding/embeddings",
            headers=JSON,
            body=dumps({"model": "embedding", "input": "x" * 4001}),
            answered={
                "x-apim-remaining-tokens": "10000",
                "x-apim-total-tokens": "10000",
                "x-apim-remaining-requests": "10",
                "x-apim-total-requests": "10",
                "x-gw-remaining-tokens": "10000",
                "x-gw-remaining-requests": "10",
                "x-gw-priority": "high",
            },
            sent=(Sent(method="POST", url=EMBEDDINGS, body={"model": "embedding", "input": "x" * 4001}),),
            measured=told("embedding", 1001, 10000),
        ),
        Step(
            why="low priority passes while 8999 tokens and 9 calls are left",
            method="POST",
            path="/openai/deployments/embedding/embeddings",
            headers=JSON | {"x-priority": "low"},
            body=dumps({"max_tokens": 3500, "best_of": 2}),
            answered={"x-gw-remaining-tokens": "8999", "x-gw-remaining-requests": "9", "x-gw-priority": "low"},
            sent=(Sent(method="POST", url=EMBEDDINGS),),
            measured=told("embedding", 7000, 8999),
        ),
        Step(
            why="1999 are below 3000: return-response, with the headers the limits promised; nothing is told",
            method="POST",
            path="/openai/deployments/embedding/embeddings?priority=low",
            headers=JSON,
            body=b"{}",
            status=429,
            reason="Too Many Tokens",
            answer=lambda body: body.startswith(b"Low priority") and b"token" in body,
            answered={
                "x-gw-ratelimit-reason": "tokens-below-low-priority-threshold",
                "x-gw-ratelimit-value": "1999",
                "x-gw-priority": "low",
                "x-apim-remaining-tokens": "1999",
                "x-gw-remaining-tokens": None,
                "Retry-After": None,
            },
        ),
        Step(
            why="high priority still passes; the condition does not count a 429 of the backend, nor the one before",
            method="POST",
            path="/openai/deployments/embedding/embeddings?priority=high",
            headers=JSON,
            body=dumps({"max_tokens": 1000}),
            replies=((429, {"Retry-After": "3"}, b"busy"),),
            status=429,
            answer=b"busy",
            answered={"Retry-After": "3", "x-gw-remaining-tokens": "1999", "x-gw-remaining-requests": "8"},
            sent=(Sent(method="POST", url=EMBEDDINGS + "?priority=high"),),
            measured=told("embedding", 1000, 1999),
        ),
        Step(
            why="nothing was counted; without max_tokens a call is 16. A test passes while anything is left, and the "
            "2000 of the next are more than that",
            method="POST",
            path="/openai/deployments/embedding/embeddings",
            headers=JSON,
            body=b"{}",
            answered={"x-gw-remaining-tokens": "1999", "x-gw-remaining-requests": "8"},
            sent=(Sent(method="POST", url=EMBEDDINGS),),
            measured=told("embedding", 16, 1999),
        ),
        Step(
            why="1983 left",
            method="POST",
            path="/openai/deployments/embedding/embeddings",
            headers=JSON,
            body=dumps({"max_tokens": 2000}),
            answered={"x-gw-remaining-tokens": "1983"},
            sent=(Sent(method="POST", url=EMBEDDINGS),),
            measured=told("embedding", 2000, 1983),
        ),
        Step(
            why="17 above 10000, which leave at 166.67 a second: one fits within the first; the limit's own header",
            method="POST",
            path="/openai/deployments/embedding/embeddings",
            headers=JSON,
            body=b"{}",
            status=429,
            reason="Too Many Requests",
            answer=too_many(1),
            answered=JSON | {"x-apim-tokens-retry-after": "1", "Retry-After": None, "x-gw-priority": None},
        ),
        Step(
            why="another deployment has its own counters; its limits come from the list that the first call cached",
            method="POST",
            path="/openai/deployments/embedding100k/chat/completions",
            headers=JSON,
            body=b"{}",
            answered={"x-gw-remaining-tokens": "100000", "x-gw-remaining-requests": "100"},
            sent=(Sent(method="POST", url="https://ptu.example/openai/deployments/embedding100k/chat/completions"),),
            measured=told("embedding100k", 16, 100000),
        ),
        Step(
            why="a variable that holds null equals null",
            method="POST",
            path="/openai/deployments/gpt-5/chat/completions",
            headers=JSON,
            body=b"{}",
            status=404,
            reason="Deployment not found",
            answer=b"Deployment not found",
            answered={"Content-Type": None},
        ),
    ),
)

# ------------------------------------------------------------------------------------------------------- caches

CSV = {"Content-Type": "text/csv"}
WANTS_CSV = {"Accept": "text/csv"}

FIXED_QUERY = Document(
    name="answers kept for half an hour",
    file=UK + "Policy__Operation__FixedQueryGET.xml",
    scope="operation",
    steps=(
        Step(
            why="a miss: conditional headers are taken away, so that the whole answer comes; downstream public",
            path="/query/people?x=1",
            headers=WANTS_CSV | {"If-None-Match": '"1"', "Cache-Control": "no-cache"},
            replies=((200, CSV | {"Cache-Control": "private, max-age=5", "Set-Cookie": "s=1"}, b"a,b"),),
            answer=b"a,b",
            answered=CSV | {"Cache-Control": "public, max-age=1800, must-revalidate", "Set-Cookie": "s=1"},
            sent=(
                Sent(
                    url=f"{HERE}/query/people?x=1",
                    headers=WANTS_CSV | {"If-None-Match": None, "Cache-Control": None},
                ),
            ),
        ),
        Step(
            why="a hit after ten minutes: the rest of its time, and nobody else's cookie",
            wait=600,
            path="/query/people?x=1",
            headers=WANTS_CSV,
            answer=b"a,b",
            answered=CSV | {"Cache-Control": "public, max-age=1200, must-revalidate", "Set-Cookie": None},
        ),
        Step(
            why="another Accept is another entry; only a 200 is kept",
            path="/query/people?x=1",
            headers={"Accept": "text/html"},
            replies=((404, {}, b"none"),),
            status=404,
            answer=b"none",
            sent=(Sent(url=f"{HERE}/query/people?x=1"),),
        ),
        Step(
            why="the 404 was not",
            path="/query/people?x=1",
            headers={"Accept": "text/html"},
            sent=(Sent(url=f"{HERE}/query/people?x=1"),),
        ),
        Step(
            why="every query parameter counts when none is named",
            path="/query/people?x=2",
            headers=WANTS_CSV,
            sent=(Sent(url=f"{HERE}/query/people?x=2"),),
        ),
        Step(
            why="with Authorization neither read nor kept",
            path="/query/people?x=1",
            headers=WANTS_CSV | {"Authorization": "Basic eA=="},
            answer=b"backend",
            answered={"Content-Type": "text/plain"},
            sent=(Sent(url=f"{HERE}/query/people?x=1"),),
        ),
        Step(
            why="POST passes by",
            method="POST",
            path="/query/people?x=1",
            headers=WANTS_CSV,
            body=b"",
            sent=(Sent(method="POST", url=f"{HERE}/query/people?x=1"),),
        ),
        Step(
            why="the entry is still the first one, to its last second",
            wait=1199,
            path="/query/people?x=1",
            headers=WANTS_CSV,
            answer=b"a,b",
            answered={"Cache-Control": "public, max-age=1, must-revalidate"},
        ),
        Step(
            why="and then it is gone",
            wait=1,
            path="/query/people?x=1",
            headers=WANTS_CSV,
            answered={"Cache-Control": "public, max-age=1800, must-revalidate"},
            sent=(Sent(url=f"{HERE}/query/people?x=1"),),
        ),
    ),
)

PHOTOS = Document(
    name="photos: a cache before a limit",
    file=UK + "Policies__PhotoGET.xml",
    scope="operation",
    steps=(
        Step(
            why="the condition counts a 200 only",
            path="/photo/none",
            replies=((404, {}, b""),),
            status=404,
            answer=b"",
            sent=(Sent(url=f"{HERE}/photo/none"),),
        ),
        *(
            Step(
                why="60 a second",
                path=f"/photo/{n}",
                replies=((200, {}, b"%d" % n),),
                answer=b"%d" % n,
                sent=(Sent(url=f"{HERE}/photo/{n}"),),
            )
            for n in range(60)
        ),
        Step(
            why="the 61st that was counted",
            path="/photo/60",
            status=429,
            answer=too_many(1),
            answered={"Retry-After": "1"},
        ),
        Step(
            why="a hit leaves inbound before the limit",
            path="/photo/59",
            answer=b"59",
            answered={"Cache-Control": "public, max-age=1800, must-revalidate", "Retry-After": None},
        ),
        Step(why="a second later", wait=1, path="/photo/60", sent=(Sent(url=f"{HERE}/photo/60"),)),
    ),
)

REWRITTEN = Document(
    name="a cache before a rewrite",
    file=ARM + "Template__template.json__L442.xml",
    api_path="echo",
    steps=(
        Step(
            why="the other template replaces the path and keeps the query; nothing downstream may keep it",
            path="/echo/a?x=1",
            sent=(Sent(url=f"{HERE}/resource?x=1"),),
            answered={"Cache-Control": "no-store"},
        ),
        Step(
            why="from the cache",
            path="/echo/a?x=1",
            answered={"Cache-Control": "no-store", "Content-Type": "text/plain"},
        ),
        Step(
            why="the key was made from the path before the rewrite: another path is another entry",
            path="/echo/b?x=1",
            replies=((200, {}, b"b"),),
            answer=b"b",
            sent=(Sent(url=f"{HERE}/resource?x=1"),),
        ),
        Step(
            why="other methods: no look, no store, no directive",
            method="PUT",
            path="/echo/a?x=1",
            body=b"new",
            answered={"Cache-Control": None},
            sent=(Sent(method="PUT", url=f"{HERE}/resource?x=1", body=b"new"),),
        ),
        Step(why="and the entry stays", path="/echo/a?x=1"),
    ),
)

ROUND_ROBIN = Document(
    name="one after the other",
    file=TOOLKIT + "load-balancing__simple-round-robin-policy.xml",
    fragments={"simple-round-robin": TOOLKIT + "load-balancing__simple-round-robin.xml"},
    backends={"payg-backend-1": "https://one.example/openai", "payg-backend-2": "https://two.example/openai"},
    steps=(
        Step(
            why="nothing cached: the default is an int, the counter becomes 1, and 1 % 2 is the second",
            path="/models?a=1",
            answered={"x-apim-backend": "payg-backend-2"},
            sent=(Sent(url="https://two.example/openai/models?a=1", headers={"Host": "two.example"}),),
        ),
        Step(
            why="the counter came back as an int; an error of the backend is answered and named all the same",
            wait=1199,
            path="/models",
            replies=((500, {}, b"broken"),),
            status=500,
            answer=b"broken",
            answered={"x-apim-backend": "payg-backend-1"},
            sent=(Sent(url="https://one.example/openai/models"),),
        ),
        Step(
            why="every request keeps it for another 1200 s",
            wait=1199,
            path="/models",
            answered={"x-apim-backend": "payg-backend-2"},
            sent=(Sent(url="https://two.example/openai/models"),),
        ),
        Step(
            why="forgotten: from the start",
            wait=1200,
            path="/models",
            answered={"x-apim-backend": "payg-backend-2"},
            sent=(Sent(url="https://two.example/openai/models"),),
        ),
    ),
)

DOCUMENTS = (
    BY_SUBSCRIPTION,
    STARTER,
    TENANT_QUOTA,
    WORKBENCH,
    PRIORITY,
    FIXED_QUERY,
    PHOTOS,
    REWRITTEN,
    ROUND_ROBIN,
)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda d: d.name)
async def test_authored_everyday(document: Document, bench: Callable[[Any, Path], Awaitable[Any]]) -> None:
    await play(document, await bench(document, CORPUS))
