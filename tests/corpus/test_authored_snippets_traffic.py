"""Samples of a collection of snippets, loaded as they are and served: limits, caches, retries, records."""

from __future__ import annotations

import json
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
    completion,
    corpus,
    error,
    found,
    play,
)

CORPUS = corpus()
SNIPPETS = "Azure__api-management-policy-snippets/examples__"
BACKEND = (200, {}, b"backend")
THERE = Sent(url="https://default.example/a")


def whole(*, inbound: str = "", forward: str = "<forward-request />", outbound: str = "") -> str:
    """The text of a global scope."""
    return (
        f"<policies><inbound>{inbound}</inbound><backend>{forward}</backend><outbound>{outbound}</outbound>"
        "<on-error /></policies>"
    )


# ------------------------------------------------------------------------------------------------------------ caches

KEPT = Document(
    name="kept as long as the backend says",
    file=SNIPPETS + "Set cache duration using response cache control header.policy.xml",
    around=whole(
        inbound='<cache-lookup vary-by-developer="false" vary-by-developer-groups="false" />',
        outbound='<set-header name="x-seen" exists-action="append"><value>1</value></set-header>',
    ),
    steps=(
        Step(
            why="a miss; the store reads the header of the backend, and downstream nobody may keep the answer",
            path="/a",
            replies=((200, {"Cache-Control": "public, max-age=10"}, b"one"),),
            answer=b"one",
            answered={"x-seen": "1", "Cache-Control": "no-store"},
            sent=(THERE,),
        ),
        Step(
            why="a hit goes on behind the store: what stands before it in outbound does not run again",
            wait=9,
            path="/a",
            answer=b"one",
            answered={"x-seen": "1", "Cache-Control": "no-store"},
        ),
        Step(
            why="after its time it is fetched again; without the header it is kept for the default of 300 seconds",
            wait=2,
            path="/a",
            replies=((200, {}, b"two"),),
            answer=b"two",
            sent=(THERE,),
        ),
        Step(
            why="all of the query is part of the key when no parameter is named",
            path="/a?x=1",
            replies=((200, {"Cache-Control": "max-age=0"}, b"three"),),
            answer=b"three",
            sent=(Sent(url="https://default.example/a?x=1"),),
        ),
        Step(
            why="no time at all stores nothing",
            path="/a?x=1",
            replies=((404, {"Cache-Control": "max-age=60"}, b"gone"),),
            status=404,
            answer=b"gone",
            sent=(Sent(url="https://default.example/a?x=1"),),
        ),
        Step(
            why="nor does a status other than 200",
            path="/a?x=1",
            sent=(Sent(url="https://default.example/a?x=1"),),
        ),
        Step(why="still within the 300 seconds", wait=299, path="/a", answer=b"two"),
        Step(why="beyond them", wait=2, path="/a", sent=(THERE,)),
        Step(
            why="another method is neither looked up nor stored",
            method="POST",
            path="/a",
            replies=((200, {}, b"four"),),
            answer=b"four",
            sent=(Sent(method="POST", url="https://default.example/a"),),
        ),
    ),
)

TRIPPED = Document(
    name="a breaker in the cache",
    file=SNIPPETS + "circuitbreaker.xml",
    around=whole(forward='<forward-request fail-on-error-status-code="true" />'),
    steps=(
        Step(why="a miss gives the default text, which parses as true", path="/a", sent=(THERE,)),
        Step(
            why="an error status goes to on-error, where the answer is the backend's; the breaker trips",
            path="/a",
            replies=((502, {"X-Why": "1"}, b"broken"),),
            status=502,
            answer=b"broken",
            answered={"X-Why": "1", "Retry-After": None},
            sent=(THERE,),
        ),
        Step(
            why="tripped: answered at once, and neither outbound nor on-error runs",
            wait=29,
            path="/a",
            status=503,
            reason="Service Unavailable. Circuit tripped!",
            answer=b"",
            answered={"Retry-After": "30"},
        ),
        Step(why="30 seconds are over", wait=2, path="/a", sent=(THERE,)),
        Step(why="and the state is true again", wait=29, path="/a", sent=(THERE,)),
    ),
)

# ------------------------------------------------------------------------------------------------------------ limits

TPM = SNIPPETS + "Rate limit by TPM.xml"


def limited(wait: int) -> bytes:
    return error(429, f"Rate limit is exceeded. Try again in {wait} seconds.")


CALLS = Document(
    name="five calls a minute for others",
    file=TPM,
    keyed=True,
    options={"rate_algorithm": "sliding"},
    steps=(
        *(
            Step(why="counted when it is asked", wait=10, path="/a", headers=KEYED, sent=(THERE,))
            for _ in range(5)  # at 10, 20, 30, 40 and 50
        ),
        Step(
            why="the sixth waits for the first to leave the window of 60 seconds: at 70",
            wait=5,
            path="/a",
            headers=KEYED,
            status=429,
            reason="Too Many Requests",
            answer=limited(15),
            answered=JSON | {"Retry-After": "15"},
        ),
        Step(why="which was not counted itself", wait=15, path="/a", headers=KEYED, sent=(THERE,)),
        Step(
            why="the next place is free at 80",
            path="/a",
            headers=KEYED,
            status=429,
            answer=limited(10),
            answered={"Retry-After": "10"},
        ),
    ),
)

TOKENS = Document(
    name="five hundred tokens a minute for one subscription",
    file=TPM,
    keyed=True,
    subscription=("subscription1", "Any"),
    options={"rate_algorithm": "sliding"},
    steps=(
        Step(
            why="conditions that are expressions are asked at the end: only then do 400 tokens count; the body is read "
            "and kept",
            path="/a",
            headers=KEYED,
            replies=(completion(300, 100),),
            answer=completion(300, 100)[2],
            answered={"totalTPM": "500", "remainingTPM": "500"},
            sent=(THERE,),
        ),
        Step(
            why="400 are below 500, so it passes and makes 700: the refusal comes one call later",
            path="/a",
            headers=KEYED,
            replies=(completion(200, 100),),
            answer=completion(200, 100)[2],
            answered={"remainingTPM": "100"},
            sent=(THERE,),
        ),
        Step(
            why="both leave the window at the same moment",
            wait=30,
            path="/a",
            headers=KEYED,
            status=429,
            answer=limited(30),
            answered=JSON | {"Retry-After": "30"},
        ),
        Step(
            why="an error of the backend costs nothing, and its body is not read",
            wait=30,
            path="/a",
            headers=KEYED,
            replies=((500, {}, b"broken"),),
            status=500,
            answer=b"broken",
            answered={"remainingTPM": "500"},
            sent=(THERE,),
        ),
        Step(
            why="a body that is no JSON: the expression throws when all is done, and nothing is counted",
            path="/a",
            headers=KEYED,
            answered={"remainingTPM": "500"},
            sent=(THERE,),
        ),
        Step(
            why="so all of it is left",
            path="/a",
            headers=KEYED,
            replies=(completion(500, 0),),
            answer=completion(500, 0)[2],
            answered={"remainingTPM": "500"},
            sent=(THERE,),
        ),
        Step(why="and now nothing", path="/a", headers=KEYED, status=429, answer=limited(60)),
    ),
)

NAMED = Document(
    name="two hundred tokens a minute for a name",
    file=TPM,
    keyed=True,
    subscription=("sub-2", "subscription2"),
    options={"rate_algorithm": "sliding"},
    steps=(
        Step(
            why="the id is another; the second condition asks for the name",
            path="/a",
            headers=KEYED,
            replies=(completion(150, 50),),
            answer=completion(150, 50)[2],
            answered={"totalTPM": "200", "remainingTPM": "200"},
            sent=(THERE,),
        ),
        Step(
            why="200 of 200 are used",
            wait=1,
            path="/a",
            headers=KEYED,
            status=429,
            answer=limited(59),
            answered={"Retry-After": "59"},
        ),
    ),
)

# ----------------------------------------------------------------------------------------------------------- retries

REGIONS = SNIPPETS + "Back-end API redundancy.policy.xml"
EAST, WEST = (
    Sent(url=found(REGIONS, r'base-url="([^"]*eus[^"]*/)"') + "a"),
    Sent(url=found(REGIONS, r'base-url="([^"]*weu[^"]*/)"') + "a"),
)
LOST = (404, {}, b"lost")

REDUNDANT = Document(
    name="the other region instead",
    file=REGIONS,
    region="East US",
    steps=(
        Step(why="regions compare without case; the near one answers", path="/a", sent=(EAST,)),
        Step(
            why="404 there: the first retry waits for nothing and goes to the other region",
            path="/a",
            replies=(LOST, BACKEND),
            sent=(EAST, WEST),
        ),
        Step(why="for ten seconds the other one is asked at once", wait=9, path="/a", sent=(WEST,)),
        Step(
            why="404 everywhere: two retries, the second after 1 + (0.8 to 1.2) seconds, each to the other region; "
            "then the last answer passes; any other status ends the retries",
            path="/a",
            replies=(LOST, LOST, (404, {}, b"last")),
            status=404,
            answer=b"last",
            sent=(WEST, EAST, WEST),
            slept=(pytest.approx(2, abs=0.2),),
        ),
        Step(
            why="the near region's mark was renewed a moment ago",
            wait=9,
            path="/a",
            replies=((500, {}, b"broken"),),
            status=500,
            answer=b"broken",
            sent=(WEST,),
        ),
        Step(why="and is gone", wait=3, path="/a", sent=(EAST,)),
    ),
)

FROM_WEST = Document(
    name="the other region, seen from the west",
    file=REGIONS,
    region="west europe",
    steps=(
        Step(why="the near one is the other one", path="/a", replies=(LOST, BACKEND), sent=(WEST, EAST)),
        Step(why="and has its own mark", path="/a", sent=(EAST,)),
    ),
)

FROM_ELSEWHERE = Document(
    name="the other region, seen from elsewhere",
    file=REGIONS,
    steps=(
        Step(why="no condition holds: the first one is asked", path="/a", replies=(LOST, BACKEND), sent=(EAST, WEST)),
        Step(why="and nobody looks at the mark", path="/a", sent=(EAST,)),
    ),
)

JOB = Sent(url="https://jobs.example/7?x=1")
ACCEPTED = (202, {"Location": "https://jobs.example/7?x=1"}, b"")

MASKED = Document(
    name="an asynchronous job, waited for",
    file=SNIPPETS + "Mask async calls as synchronous.policy.xml",
    steps=(
        Step(
            why="the body of retry runs once before its condition is asked; the answer of the last run is the caller's "
            "with its own headers only",
            method="POST",
            path="/a",
            body=b"{}",
            replies=(ACCEPTED, (202, {}, b""), (202, {}, b""), (201, JSON, b'{"done":1}')),
            status=201,
            answer={"done": 1},
            answered=JSON | {"Location": None},
            sent=(Sent(method="POST", url="https://default.example/a"), JOB, JOB, JOB),
            slept=(30, 30),
        ),
        Step(
            why="ten retries are eleven runs; then it goes on with what it has",
            path="/a",
            replies=(ACCEPTED, *((202, {"X-Run": str(n)}, b"") for n in range(11))),
            status=202,
            answer=b"",
            answered={"X-Run": "10"},
            sent=(THERE, *(JOB for _ in range(11))),
            slept=(30,) * 10,
        ),
        Step(
            why="an answer that names no place: the indexer of the headers throws; the child's error is followed by a "
            "condition about a variable that is not there, which throws as well",
            path="/a",
            status=500,
            answer=INTERNAL,
            sent=(THERE,),
        ),
    ),
)

# ------------------------------------------------------------------------------------------------------------ records

ADDRESS = {"Client IP": "127.0.0.1"}

METRICS = Document(
    name="tokens as metrics",
    file=SNIPPETS + "Send Azure OpenAI token usage metrics to Application Insights.xml",
    steps=(
        Step(
            why="three values with one dimension; the body is read three times and still delivered",
            method="POST",
            path="/a",
            replies=(completion(9, 31),),
            answer=completion(9, 31)[2],
            sent=(Sent(method="POST", url="https://default.example/a"),),
            measured=(
                ("azure-openai", "Completion Tokens", ADDRESS, 31.0),
                ("azure-openai", "Prompt Tokens", ADDRESS, 9.0),
                ("azure-openai", "Total Tokens", ADDRESS, 40.0),
            ),
        ),
        Step(
            why="no usage: indexing null throws before anything is emitted",
            path="/a",
            replies=((200, JSON, b'{"choices":[]}'),),
            status=500,
            answer=INTERNAL,
            sent=(THERE,),
        ),
        Step(
            why="an error of the backend that is no JSON becomes a 500 as well",
            path="/a",
            replies=((429, {"Retry-After": "1"}, b"later"),),
            status=500,
            answer=INTERNAL,
            sent=(THERE,),
        ),
    ),
)

LOGGED = SNIPPETS + "Log errors to Stackify.policy.xml"


def recorded(body: bytes) -> bool:
    """What the log is told of a missing header."""
    found = json.loads(body)
    assert (found["Environment"], found["AppName"], found["ServerName"]) == ("test", "orders", "apimpy")
    (message,) = found["Msgs"]
    assert message["Msg"] == "Header x-go was not found in the request. Access denied."
    assert (message["SrcMethod"], message["Level"], message["EpochMs"]) == ("check-header", "error", NOW * 1000)
    return True


ERRORS = Document(
    name="errors to a log",
    file=LOGGED,
    named={"stackify-api-key": "log key", "environment-name": "test", "app-name": "orders"},
    around=whole(
        inbound='<check-header name="x-go" failed-check-httpcode="400" failed-check-error-message="go?" '
        'ignore-case="true" />'
    ),
    steps=(
        Step(
            why="the log gets the message of the error, not the text for the caller, who gets the default answer",
            path="/a",
            status=400,
            answer=error(400, "go?"),
            answered=JSON,
            sent=(
                Sent(
                    method="POST",
                    url=found(LOGGED, "<set-url>([^<@]+)</set-url>"),
                    headers={"X-Stackify-Key": "log key", "X-Stackify-PV": "V1", "Content-Type": "value"},
                    body=recorded,
                ),
            ),
        ),
        Step(why="no error, no log", path="/a", headers={"x-go": "1"}, sent=(THERE,)),
        Step(
            why="an error status of the backend is no error of the gateway",
            path="/a",
            headers={"x-go": "1"},
            replies=((500, {}, b"broken"),),
            status=500,
            answer=b"broken",
            sent=(THERE,),
        ),
    ),
)

DOCUMENTS = (
    KEPT,
    TRIPPED,
    CALLS,
    TOKENS,
    NAMED,
    REDUNDANT,
    FROM_WEST,
    FROM_ELSEWHERE,
    MASKED,
    METRICS,
    ERRORS,
)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda d: d.name)
async def test_authored_snippets(document: Document, bench: Callable[[Any, Path], Awaitable[Any]]) -> None:
    await play(document, await bench(document, CORPUS))
