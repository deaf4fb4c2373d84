"""Samples of a collection of snippets, loaded as they are and served: templates, several calls, and who calls."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from corpus_kit import INTERNAL, JSON, KEYED, NOW, Document, Sent, Step, attribute, corpus, dumps, found, play

CORPUS = corpus()
SNIPPETS = "Azure__api-management-policy-snippets/"
BACKEND = (200, {}, b"backend")
XML = {"Content-Type": "text/xml"}

# --------------------------------------------------------------------------------------------------------- templates

CHAINED = SNIPPETS + "Snippets__Chained SOAP Requests.xml"
SOAP, TEMPURI = "{http://schemas.xmlsoap.org/soap/envelope/}", "{http://tempuri.org/}"


def envelope(inner: str) -> bytes:
    return f'<?xml version="1.0"?><s:Envelope xmlns:s="{SOAP[1:-1]}"><s:Body>{inner}</s:Body></s:Envelope>'.encode()


def answered(name: str, result: str) -> tuple[int, dict[str, str], bytes]:
    """The answer of a SOAP service."""
    inner = f'<{name}Response xmlns="{TEMPURI[1:-1]}"><{name}Result>{result}</{name}Result></{name}Response>'
    return 200, XML, envelope(inner)


def asks(name: str, text: str | None = None) -> Callable[[bytes], bool]:
    """The body is an envelope with this one request; `text` is that of its message."""

    def look(body: bytes) -> bool:
        (request,) = ET.fromstring(body).findall(f"{SOAP}Body/*")
        assert request.tag == TEMPURI + name
        assert request.findtext(TEMPURI + "message") == text
        return True

    return look


SESSION = Sent(
    method="POST",
    url=found(CHAINED, "<set-url>([^<@]+)</set-url>"),
    headers={"SOAPAction": "http://tempuri.org/Session", "Content-Type": "text/xml"},
    body=asks("Session"),
)


def sends(message: str) -> Sent:
    return Sent(
        method="POST",
        url="https://default.example/Echo.asmx",
        headers={"SOAPAction": "http://tempuri.org/Send", "Content-Type": "text/xml"},
        body=asks("Send", message),
    )


CHAIN = Document(
    name="two calls of a SOAP service, one after the other",
    file=CHAINED,
    steps=(
        Step(
            why="a template set as the caller's body is read back for the first call; its answer goes into the "
            "template of the second; the caller's query is dropped; names lose their prefix, and case does not matter",
            method="POST",
            path="/echo?x=1",
            replies=(answered("Session", "S-1"), answered("Send", "hello")),
            answer={"Response": "hello"},
            answered=JSON,
            sent=(SESSION, sends("S-1")),
        ),
        Step(
            why="an answer of another type is not taken apart: what the template asks for is nothing",
            method="POST",
            path="/echo",
            replies=(answered("Session", "S 2"), (200, {"Content-Type": "text/plain"}, envelope("x"))),
            answer={"Response": ""},
            answered=JSON,
            sent=(SESSION, sends("S 2")),
        ),
        Step(
            why="a fault has no result: FirstOrDefault is null, and its Value throws",
            method="POST",
            path="/echo",
            replies=((500, XML, envelope("<s:Fault/>")),),
            status=500,
            answer=INTERNAL,
            sent=(SESSION,),
        ),
        Step(
            why="what is no XML throws as well",
            method="POST",
            path="/echo",
            replies=((200, XML, b"{}"),),
            status=500,
            answer=INTERNAL,
            sent=(SESSION,),
        ),
    ),
)


def values(condition: str, *, last: str = "<value3>c</value3>", space: str = "") -> tuple[int, dict[str, str], bytes]:
    inner = f"<conditionValue>{condition}</conditionValue><value1>a</value1>{last}"
    return 200, XML, f"<message1{space}>{inner}</message1>".encode()


def data(**wanted: str) -> Callable[[bytes], bool]:
    """The body is a message with one element and these attributes."""

    def look(body: bytes) -> bool:
        message = ET.fromstring(body.strip())
        assert (message.tag, [e.tag for e in message]) == ("message3", ["data"])
        assert message[0].attrib == wanted
        return True

    return look


ASKED = Sent(url="https://values.example/v")

EXTRACTED = Document(
    name="values of a document, in a template",
    file=SNIPPETS + "examples__Extracting multiple values from xml documents.policy.xml",
    named={"my-send-request": "https://values.example/v"},
    steps=(
        Step(
            why="a variable that is an object is taken apart by the template; the backend sees nothing",
            replies=(values("true"),),
            answer=data(val1="a", val3="c"),
            answered=XML,
            sent=(ASKED,),
        ),
        Step(
            why="local names, whatever the namespace; the first of several; false is only another way",
            replies=(values("False", last="<b><value3>d</value3></b><value3>e</value3>", space=' xmlns="urn:x"'),),
            answer=data(val1="a", val3="d"),
            answered=XML,
            sent=(ASKED,),
        ),
        Step(
            why="a text that is no bool cannot be cast",
            replies=(values("maybe"),),
            status=500,
            answer=INTERNAL,
            sent=(ASKED,),
        ),
        Step(
            why="First throws when there is none",
            replies=(values("true", last=""),),
            status=500,
            answer=INTERNAL,
            sent=(ASKED,),
        ),
    ),
)


def lines(*wanted: str) -> Callable[[bytes], bool]:
    """The lines of the body, without white space around them and in any order."""
    return lambda body: sorted(line.strip() for line in body.decode().splitlines() if line.strip()) == sorted(wanted)


LISTED = Document(
    name="all headers, listed",
    file=SNIPPETS + "examples__List all inbound headers.policy.xml",
    steps=(
        Step(
            why="a template goes over the headers as pairs; the list of addresses is one of them",
            headers={"Host": "gw.example", "X-A": "1, 2"},
            answer=lines("Host: gw.example", "X-A: 1, 2", "X-Forwarded-For: 127.0.0.1"),
            answered={"Content-Type": None},
        ),
        Step(
            why="values are put out as they are",
            method="POST",
            headers={"Host": "gw.example", "Content-Type": "application/json", "X-A": "<{{ 1 }}>"},
            body=b"{}",
            answer=lines(
                "Host: gw.example",
                "X-A: <{{ 1 }}>",
                "X-Forwarded-For: 127.0.0.1",
                "Content-Type: application/json",
                "Content-Length: 2",
            ),
        ),
    ),
)

PIPELINE = SNIPPETS + "examples__Trigger Azure Data Factory Pipeline With Parameters.policy.xml"
PIPELINE_NAMES = {
    "Subscription-Id": "s-1",
    "ResourceGroup-Name": "rg",
    "DataFactory-Name": "df",
    "Pipeline-Name": "mail",
}


def run(more: str, body: Any) -> Sent:
    """The call that starts the pipeline: the template of the policy with its named values."""
    template = found(PIPELINE, 'template="([^"]*/[^"]*)"')
    for name, value in PIPELINE_NAMES.items():
        template = template.replace("{{" + name + "}}", value)
    return Sent(
        method="POST",
        url=f"{attribute(PIPELINE, 'base-url')}/{template}{more}",
        headers={
            "Authorization": "Bearer token|https://management.azure.com|system",
            "Content-Type": "application/json",
        },
        body=body,
    )


STARTED = (200, JSON, b'{"runId":"r-1"}')

PIPELINE_RUN = Document(
    name="a pipeline, started with a parameter",
    file=PIPELINE,
    named=PIPELINE_NAMES,
    operations=(("POST", "/run/{emailAddress}"),),
    steps=(
        Step(
            why="a parameter of the path is decoded; what is in comments is not there; the missing slash is added, and "
            "the caller's query follows that of the template",
            method="POST",
            path="/run/ada%40example.org?x=1",
            headers={"Authorization": "Bearer caller's"},
            replies=(STARTED,),
            answer=STARTED[2],
            sent=(run("&x=1", {"UserEmailAddress": "ada@example.org"}),),
        ),
        Step(
            why="a parameter that the template names is the template's; nothing is escaped for JSON",
            method="POST",
            path="/run/a%22b?api-version=mine",
            replies=((400, JSON, b'{"error":{}}'),),
            status=400,
            answer=b'{"error":{}}',
            sent=(run("", lambda body: b'"a"b"' in body),),
        ),
    ),
)

# ----------------------------------------------------------------------------------------------------- several at once

FRONT = Document(
    name="four calls, one answer",
    file=SNIPPETS + "examples__Backend for Frontend or curated API policy.xml",
    named={"bff-baseurl": "https://parts.example/v1", "bff-timeout": "10"},
    steps=(
        Step(
            why="copies of the request, with other addresses; JSON is embedded, and the order is that of the document",
            path="/front?param1=p",
            headers={"X-Own": "1"},
            replies=tuple((200, JSON, dumps({"n": n})) for n in range(1, 5)),
            reason="OK",
            answer=dumps([{"operation": f"operation{n}", "status": 200, "body": {"n": n}} for n in range(1, 5)]),
            answered={"Content-Type": None},
            sent=(
                Sent(url="https://parts.example/v1/operation1?param1=p", headers={"X-Own": "1"}),
                *(Sent(url=f"https://parts.example/v1/operation{n}", headers={"X-Own": "1"}) for n in (2, 3, 4)),
            ),
        ),
        Step(
            why="a text is a string of its own, nothing is the empty one; an error status is reported with what came, "
            "a part nobody answers for without a status: the variable is null",
            method="POST",
            path="/front",
            headers=JSON,
            body=b'{"q":1}',
            replies=((200, {}, b"plain"), (404, JSON, b'{"why":1}'), (0, {}, b""), (200, {}, b"")),
            status=207,
            reason="Multi Status",
            answer=dumps(
                [
                    {"operation": "operation1", "status": 200, "body": "plain"},
                    {"operation": "operation2", "status": 404, "error": {"why": 1}},
                    {"operation": "operation3", "error": ""},
                    {"operation": "operation4", "status": 200, "body": ""},
                ]
            ),
            sent=(
                Sent(method="POST", url="https://parts.example/v1/operation1?param1=value1", body=b'{"q":1}'),
                *(Sent(method="POST", url=f"https://parts.example/v1/operation{n}", body=b'{"q":1}') for n in (2, 4)),
            ),
        ),
    ),
)

# ----------------------------------------------------------------------------------------------------- about the call


def comb(second: int) -> Callable[[str], bool]:
    """A GUID that ends with the low six bytes of the .NET ticks, the lowest first."""
    ticks = (NOW + second + 62_135_596_800) * 10_000_000
    tail = (ticks & 0xFFFF_FFFF_FFFF).to_bytes(6, "little").hex()
    pattern = f"[0-9a-f]{{8}}-[0-9a-f]{{4}}-4[0-9a-f]{{3}}-[89ab][0-9a-f]{{3}}-{tail}"
    return lambda value: re.fullmatch(pattern, value) is not None


CORRELATED = Document(
    name="an id that sorts by time",
    file=SNIPPETS + "examples__Add correlation id to inbound request.policy.xml",
    steps=(
        Step(
            why="ten bytes of a new GUID and six of the clock, whose last eight are printed in order",
            path="/a",
            sent=(Sent(url="https://default.example/a", headers={"correlationid": comb(0)}),),
        ),
        Step(
            why="a second later",
            wait=1,
            path="/a",
            sent=(Sent(url="https://default.example/a", headers={"correlationid": comb(1)}),),
        ),
        Step(
            why="skip leaves a header that is there, whatever its case",
            path="/a",
            headers={"CorrelationId": "mine"},
            sent=(Sent(url="https://default.example/a", headers={"correlationid": "mine"}),),
        ),
    ),
)

TOLD = Document(
    name="who calls, told to the backend",
    file=SNIPPETS + "examples__Send request context information to the backend service.policy.xml",
    product="Gold & Co",
    user="u-1",
    region="West Europe",
    steps=(
        Step(
            why="a new parameter goes last, percent-encoded; two values of a header are one line",
            path="/a?b=1",
            headers=KEYED,
            sent=(
                Sent(
                    url="https://default.example/a?b=1&x-product-name=Gold%20%26%20Co",
                    headers={"x-request-context-data": lambda v: re.split(", ?", v) == ["u-1", "West Europe"]},
                ),
            ),
        ),
        Step(
            why="override leaves one, whatever the caller wrote and how often",
            path="/a?x-product-name=1&x-product-name=2",
            headers=KEYED | {"x-request-context-data": "mine"},
            sent=(
                Sent(
                    url="https://default.example/a?x-product-name=Gold%20%26%20Co",
                    headers={"x-request-context-data": lambda v: "mine" not in v},
                ),
            ),
        ),
        Step(why="without a key there is no product: null reference", path="/a", status=500, answer=INTERNAL),
    ),
)

ENVIRONMENTS = Document(
    name="an environment from a fragment",
    file="<policies><inbound><base /><include-fragment fragment-id='environment' />"
    "<set-backend-service backend-id='@((string)context.Variables[\"productsApiBackendId\"])' />"
    '<set-header name="x-timeout"><value>@(context.Variables.GetValueOrDefault("timeout", "none"))</value></set-header>'
    "</inbound></policies>",
    fragments={
        "environment": SNIPPETS + "examples__Multiple logical environments in one API Management Instance - Set "
        "Environment Variable Policy Fragment.xml"
    },
    named={f"timeout-dev{n}": f"{n}0" for n in (1, 2, 3)},
    backends={f"products-{name}": f"https://{name}.example/v1" for name in ("dev1", "dev2", "uat")},
    steps=(
        Step(
            why="the header says which; its named value came in when the fragment was loaded",
            path="/a",
            headers={"x-env": "dev2"},
            sent=(Sent(url="https://dev2.example/v1/a", headers={"x-timeout": "20"}),),
        ),
        Step(
            why="without the header, the name the gateway was called by",
            path="/a",
            headers={"Host": "dev1-apim.azure-api.net"},
            sent=(Sent(url="https://dev1.example/v1/a", headers={"x-timeout": "10"}),),
        ),
        Step(
            why="an environment nobody listed has a backend by its name, and no timeout",
            path="/a",
            headers={"x-env": "uat", "Host": "dev1-apim.azure-api.net"},
            sent=(Sent(url="https://uat.example/v1/a", headers={"x-timeout": "none"}),),
        ),
        Step(
            why="neither: the fragment ends the request",
            path="/a",
            headers={"Host": "dev2-apim.azure-api.net"},
            status=500,
            reason="Unsupported Environment",
            answer=b"",
        ),
        Step(
            why="a backend that does not exist is an error when it is chosen",
            path="/a",
            headers={"x-env": "dev3"},
            status=500,
            answer=INTERNAL,
        ),
    ),
)

DOCUMENTS = (
    CHAIN,
    EXTRACTED,
    LISTED,
    PIPELINE_RUN,
    FRONT,
    CORRELATED,
    TOLD,
    ENVIRONMENTS,
)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda d: d.name)
async def test_authored_snippets(document: Document, bench: Callable[[Any, Path], Awaitable[Any]]) -> None:
    await play(document, await bench(document, CORPUS))
