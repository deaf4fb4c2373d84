"""Bodies, paths and conversions in documents that others wrote, served as they are (the folder: `APIMPY_CORPUS`)."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
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
    corpus,
    dumps,
    error,
    found,
    literal,
    play,
)

CORPUS = corpus()
UK = "ukparliament__ApiManagement/Policy__Operation__"
ARM = "MLogdberg__APIManagementARMTemplateCreator/APIManagementTemplate.Test__Samples"
KIT = "Azure__azure-api-management-devops-resource-kit/tests__ArmTemplates.Tests__Resources__ApiClientJsonResponses__"
HMCTS = "hmcts__hmi-apim-infrastructures/infrastructure__resources__"
HERE = "https://default.example"


def here(path: str, scheme: str = "http") -> Any:
    """An address of the gateway itself, whichever port it has."""
    return lambda value: re.fullmatch(rf"{scheme}://127\.0\.0\.1:\d+{re.escape(path)}", value)


# ------------------------------------------------------------------------------------------------------ answers

LATIN = {"Content-Type": "text/html; charset=iso-8859-1"}

HANSARD = Document(
    name="links of a site that moved",
    file=UK + "HistoricHansardGET.xml",
    api_path="historic-hansard",
    steps=(
        Step(
            why="the caller's URL has the API's path and no slash behind it; an empty set-body empties the body",
            path="/historic-hansard",
            status=301,
            reason="Moved Permanently",
            answer=b"",
            answered={"Location": here("/historic-hansard/index.html")},
            sent=(Sent(url=f"{HERE}/"),),
        ),
        Step(
            why="a folder that the backend does not like",
            path="/historic-hansard/commons/",
            replies=((400, {}, b"bad"),),
            status=301,
            answer=b"",
            answered={"Location": here("/historic-hansard/commons/index.html")},
            sent=(Sent(url=f"{HERE}/commons/"),),
        ),
        Step(
            why="no folder, and not found",
            path="/historic-hansard/commons/1803",
            replies=((404, {}, b"none"),),
            status=301,
            answer=b"",
            answered={"Location": here("/historic-hansard/commons/1803/index.html")},
            sent=(Sent(url=f"{HERE}/commons/1803"),),
        ),
        Step(
            why="otherwise every occurrence is replaced, case by case, one replacement after the other, in the charset "
            "of the message; the length is the new one",
            path="/historic-hansard/people",
            replies=(
                (
                    200,
                    LATIN,
                    (
                        b"<a href=\"/x\"><a href='/y'><img src=\"/data_files/1\"><img src='/z'>"
                        b"caf\xe9 data_files WESTMINSTER_HALL"
                    ),
                ),
            ),
            answer=b"<a href=\"/historic-hansard/x\"><a href='/historic-hansard/y'>"
            b"<img src=\"/historic-hansard/data-files/1\"><img src='/z'>caf\xe9 data-files WESTMINSTER_HALL",
            answered=LATIN | {"Content-Length": "148", "Location": None},
            sent=(Sent(url=f"{HERE}/people"),),
        ),
        Step(
            why="a missing folder is neither of the redirects: its text is edited and the status stays",
            path="/historic-hansard/lords/",
            replies=((404, {"Content-Type": "text/html"}, b"no lords_reports"),),
            status=404,
            answer=b"no lords-reports",
            sent=(Sent(url=f"{HERE}/lords/"),),
        ),
        Step(
            why="a 400 without a slash at its end is edited as well",
            path="/historic-hansard/x",
            replies=((400, {}, b"source_files"),),
            status=400,
            answer=b"source-files",
            sent=(Sent(url=f"{HERE}/x"),),
        ),
    ),
)

REDIRECT = Document(
    name="to https",
    file=UK + "RedirectHTTPALL.xml",
    operations=(("GET", "/*"), ("POST", "/*")),
    steps=(
        Step(
            why="the caller's URL with its query; entities are undone in text as well; every http: is replaced",
            path="/photo/1?next=http:x&y=%20",
            status=301,
            reason="Moved Permanently",
            answer=b"",
            answered={"Location": here("/photo/1?next=https:x&y=%20", "https")},
        ),
        Step(
            why="any method; nobody reads the body",
            method="POST",
            path="/",
            body=b"x",
            status=301,
            answer=b"",
            answered={"Location": here("/", "https")},
        ),
    ),
)

HEALTH = Document(
    name="is the gateway well",
    file=HMCTS + "policy-files__HMI-Health-Check__api-op-auth-health-check-policy.xml",
    api_path="health",
    steps=(
        Step(
            why="a Host of its own wins over that of the backend; the base ends with a slash and the path begins with "
            "one; return-response in outbound starts afresh, and a status without reason has its usual one",
            path="/health/check?deep=1",
            replies=((503, {"X-Reason": "down"}, b"down"),),
            status=200,
            reason="OK",
            answer={"status": "Up"},
            answered=JSON | {"X-Reason": None},
            sent=(
                Sent(
                    url=attribute(
                        HMCTS + "policy-files__HMI-Health-Check__api-op-auth-health-check-policy.xml", "base-url"
                    )
                    + "?deep=1",
                    headers=JSON | {"Host": "#hmiHost#"},
                ),
            ),
        ),
    ),
)

ECHO = Document(
    name="secrets out of the answer",
    file="Azure__azure-api-management-policy-toolkit/example__target__echo-api.retrieve-resource.xml.example.xml",
    scope="operation",
    named={"username": "u", "password": "p"},
    steps=(
        Step(
            why="127.0.0.1 is not 10.0.0.x: the token goes into a variable and from there, through an interpolated "
            "string with quotes inside, into the header; members are removed when they are there; sections that are "
            "missing inherit",
            path="/resource",
            headers={"Authorization": "Basic dTpw"},
            replies=(
                (200, JSON | {"Backend-Statistics": "1"}, b'{"name":"x","secret":[1],"rate":1.50,"location":{}}'),
            ),
            answer=lambda body: body.replace(b"\r\n", b"\n") == b'{\n  "name": "x",\n  "rate": 1.5\n}',
            answered=JSON | {"Backend-Statistics": None},
            sent=(
                Sent(
                    url=f"{HERE}/resource", headers={"Authorization": "Bearer token|resource|system", "X-Company": None}
                ),
            ),
        ),
        Step(
            why="neither is there; an empty object is two braces",
            replies=((201, JSON, b" {} "),),
            status=201,
            answer=b"{}",
            sent=(Sent(url=f"{HERE}/"),),
        ),
        Step(why="no JSON", status=500, answer=INTERNAL, answered=JSON, sent=(Sent(url=f"{HERE}/"),)),
    ),
)

CALLBACK = Document(
    name="padded JSON",
    file=KIT + "ApiManagementGetApiOperationPolicy_success_response.json__L6.xml",
    scope="operation",
    steps=(
        Step(
            why="without the parameter nothing is padded",
            replies=((200, JSON, b'{"a": 1}'),),
            answer=b'{"a": 1}',
            answered=JSON | {"X-My-Sample": "This is a sample"},
            sent=(Sent(url=f"{HERE}/"),),
        ),
        Step(
            why="the function's name, the body as it is, and a type of its own; the parameter is forwarded",
            path="/a?ProcessResponse=app.done&x=1",
            replies=((200, JSON, b'{"a": 1}'),),
            answer=b'app.done({"a": 1});',
            answered={"Content-Type": "application/javascript; charset=utf-8", "X-My-Sample": "This is a sample"},
            sent=(Sent(url=f"{HERE}/a?ProcessResponse=app.done&x=1"),),
        ),
        Step(
            why="what is no identifier is an error of the caller, although the backend was asked",
            path="/?ProcessResponse=alert(1)",
            replies=((200, JSON, b"{}"),),
            status=400,
            answer=error(400, "Value of callback parameter ProcessResponse is not a valid JavaScript identifier."),
            answered=JSON,
            sent=(Sent(url=f"{HERE}/?ProcessResponse=alert(1)"),),
        ),
        Step(
            why="other types stay as they are",
            path="/?ProcessResponse=f",
            answer=b"backend",
            answered={"Content-Type": "text/plain"},
            sent=(Sent(url=f"{HERE}/?ProcessResponse=f"),),
        ),
    ),
)

# -------------------------------------------------------------------------------------------------- conversions


def same(text: str) -> Callable[[bytes], bool]:
    """XML that says the same."""
    return lambda body: ET.canonicalize(body.decode(), strip_text=True) == ET.canonicalize(text, strip_text=True)


AS_XML = {"Content-Type": "application/xml; charset=utf-8"}

TO_XML = Document(
    name="always XML for the backend",
    file=ARM + "Template__template.json__L220.xml",
    steps=(
        Step(
            why="one member that is an object is the root; arrays repeat their element; null, booleans, empty values; "
            "neither Content-Type nor Accept matters",
            method="POST",
            headers={"Content-Type": "text/plain", "Accept": "application/json"},
            body=dumps({"order": {"lines": [{"sku": "A&B"}, {"sku": "<C>"}], "paid": True, "note": None, "tags": []}}),
            sent=(
                Sent(
                    method="POST",
                    url=f"{HERE}/",
                    headers=AS_XML,
                    body=same(
                        "<order><lines><sku>A&amp;B</sku></lines><lines><sku>&lt;C&gt;</sku></lines><paid>True</paid>"
                        '<note xsi:nil="true" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"/><tags/></order>'
                    ),
                ),
            ),
        ),
        Step(
            why="several members are wrapped; what is no XML name is encoded",
            method="PUT",
            headers=JSON,
            body=dumps({"a b": 1.5, "1st": "x"}),
            sent=(
                Sent(
                    method="PUT",
                    url=f"{HERE}/",
                    body=same("<Document><a_x0020_b>1.5</a_x0020_b><_x0031_st>x</_x0031_st></Document>"),
                ),
            ),
        ),
        Step(why="no JSON", method="POST", headers=JSON, body=b"<order/>", status=500, answer=INTERNAL),
    ),
)

CURRENCY = ARM + "__MaloInstance-Preview-Export.json__L1727.xml"
XML = {"Content-Type": "text/xml; charset=utf-8"}


def soap(inner: str) -> bytes:
    return f"<s:Envelope xmlns:s='http://schemas.xmlsoap.org/soap/envelope/'><s:Body>{inner}</s:Body></s:Envelope>".encode()


def asks(start: str | None, end: str | None) -> Callable[[bytes], bool]:
    """The SOAP request with these currencies."""

    def check(body: bytes) -> bool:
        space = found(CURRENCY, r'xmlns="([^"]+)"')
        root = ET.fromstring(body.decode())
        return [root.findtext(f".//{{{space}}}{name}") or None for name in ("FromCurrency", "ToCurrency")] == [
            start,
            end,
        ]

    return check


RATES = Document(
    name="REST before SOAP",
    file=CURRENCY,
    scope="operation",
    steps=(
        Step(
            why="the template sees the JSON that the message still is when it runs; the rewrite drops the query; the "
            "answer's elements are found without prefix, exactly or else in any case",
            method="POST",
            path="/rate?debug=1",
            headers=JSON,
            body=dumps({"fromCurrency": "EUR", "toCurrency": "SEK"}),
            replies=(
                (
                    200,
                    XML,
                    soap(
                        "<ConversionRateResponse xmlns='urn:x'><ConversionRateResult>9.5</ConversionRateResult>"
                        "</ConversionRateResponse>"
                    ),
                ),
            ),
            answer={"rate": 9.5},
            answered={"Content-Type": "application/json"},
            sent=(
                Sent(
                    method="POST",
                    url=HERE + attribute(CURRENCY, "template"),
                    headers={"Content-Type": "text/xml", "SOAPAction": found(CURRENCY, r"<value>(\"[^<]+)</value>")},
                    body=asks("EUR", "SEK"),
                ),
            ),
        ),
        Step(
            why="a fault has lower-case members below Fault; the backend's status stays",
            method="POST",
            headers=JSON,
            body=dumps({"fromCurrency": "EUR"}),
            replies=(
                (
                    500,
                    XML,
                    soap(
                        "<s:Fault><faultcode>s:Client</faultcode><faultstring>no such currency</faultstring></s:Fault>"
                    ),
                ),
            ),
            status=500,
            answer={"error": {"code": "s:Client", "message": "no such currency"}},
            answered={"Content-Type": "application/json"},
            sent=(Sent(method="POST", url=HERE + attribute(CURRENCY, "template"), body=asks("EUR", None)),),
        ),
        Step(
            why="a message that does not say it is JSON has no members; values go into markup as they are",
            method="POST",
            headers={"Content-Type": "text/plain"},
            body=dumps({"fromCurrency": "EUR"}),
            replies=((404, XML, soap("<s:Fault/>")),),
            status=404,
            answer={"error": {"code": "", "message": ""}},
            sent=(Sent(method="POST", url=HERE + attribute(CURRENCY, "template"), body=asks(None, None)),),
        ),
        Step(
            why="no escaping: what was no markup becomes markup",
            method="POST",
            headers=JSON,
            body=dumps({"fromCurrency": "E&R"}),
            replies=((404, XML, soap("<s:Fault><faultcode>1</faultcode></s:Fault>")),),
            status=404,
            answer={"error": {"code": "1", "message": ""}},
            sent=(
                Sent(
                    method="POST",
                    url=HERE + attribute(CURRENCY, "template"),
                    body=lambda body: b"<FromCurrency>E&R</FromCurrency>" in body,
                ),
            ),
        ),
    ),
)

INVOICE_FILE = (
    ARM + "__UrlHandling__service-apidev-apis-invoice-retrieval-api-operations-get-invoice-policies.json__L8.xml"
)
ARCHIVE = found(INVOICE_FILE, r'baseUrl = "([^"]+)"') + found(INVOICE_FILE, r'baseUrl \+"([^"]+)"')
PDF = {"Content-Type": "application/pdf"}
FETCHED = Sent(url=ARCHIVE + "18", headers=KEYED | {"X-Caller": None})
CONVERTED = Sent(
    method="POST",
    url=attribute(INVOICE_FILE, "base-url") + "/?code=c%2F1",
    headers={"Content-Type": "text/plain"},
    body=b'"JVBERi0="',
)

INVOICE = Document(
    name="invoices from two systems",
    file=INVOICE_FILE,
    scope="operation",
    api_path="invoices",
    operations=(("GET", "/{marketId}/{invoiceId}"),),
    keyed=True,
    named={"int0001functionkey": "c%2F1"},
    steps=(
        Step(
            why="parameters of the operation fill the template; the caller's query follows; what is good is called PDF",
            path="/invoices/SE/17?copy=2",
            headers=KEYED,
            answered=PDF,
            sent=(Sent(url=f"{HERE}/360/invoice/getinvoice?company=SE&invoice=17&copy=2"),),
        ),
        Step(
            why="204 is not",
            path="/invoices/SE/17",
            headers=KEYED,
            replies=((204, {}, b""),),
            status=204,
            answer=b"",
            answered={"Content-Type": None},
            sent=(Sent(url=f"{HERE}/360/invoice/getinvoice?company=SE&invoice=17"),),
        ),
        Step(
            why="an error is written into a body that is not quite JSON, with the int of the status as text, twice",
            path="/invoices/SE/17",
            headers=KEYED,
            replies=((404, {"Content-Type": "text/plain"}, b"not there"),),
            status=404,
            answer=lambda body: body.count(b"'404'") == 2 and b": 'not there'," in body and body.endswith(b"}}"),
            answered={"Content-Type": "text/plain"},
            sent=(Sent(url=f"{HERE}/360/invoice/getinvoice?company=SE&invoice=17"),),
        ),
        Step(
            why="the other market: a request of its own with the subscription's primary key; its body goes to another "
            "backend as POST, the path is only a query, and the answer takes the file name of the first response",
            path="/invoices/DE/18?copy=2",
            headers=KEYED | {"X-Caller": "1"},
            replies=((200, JSON | {"Content-Disposition": "inline"}, b'"JVBERi0="'), (200, {}, b"%PDF-")),
            answer=b"%PDF-",
            answered=PDF | {"Content-Disposition": "inline"},
            sent=(FETCHED, CONVERTED),
        ),
        Step(
            why="no file name there: the default of GetValueOrDefault",
            path="/invoices/DE/18",
            headers=KEYED,
            replies=((200, JSON, b'"JVBERi0="'), (200, {}, b"%PDF-")),
            answer=b"%PDF-",
            answered=PDF | {"Content-Disposition": "attachment; filename=DE_18.pdf"},
            sent=(FETCHED, CONVERTED),
        ),
        Step(
            why="status, reason and body of the first response are the answer; outbound does not run",
            path="/invoices/DE/18",
            headers=KEYED,
            replies=((410, {"X-Inner": "1"}, b'{"gone":true}'),),
            status=410,
            reason="Gone",
            answer={"gone": True},
            answered=JSON | {"X-Inner": None, "Content-Disposition": None},
            sent=(FETCHED,),
        ),
        Step(
            why="an error of the second backend fits none of the conditions",
            path="/invoices/DE/18",
            headers=KEYED,
            replies=((200, JSON, b'"JVBERi0="'), (502, {"Content-Type": "text/plain"}, b"bad")),
            status=502,
            answer=b"bad",
            answered={"Content-Type": "text/plain", "Content-Disposition": None},
            sent=(FETCHED, CONVERTED),
        ),
    ),
)

BY_USER = HMCTS + "policy-files__Video-Hearing__api-op-retrieve-vh-by-user-policy.xml"
MALFORMED: dict[str, Any] = {
    "status": 400,
    "reason": "Malformed request.",
    "answer": {"statusCode": 400, "message": found(BY_USER, r'JProperty\("message", "([^"]+)"\)')},
    "answered": {"Content-Type": None},
}

HEARINGS = Document(
    name="which query parameters there may be",
    file=BY_USER,
    named={},
    fragments={
        "hmi-vh-auth-token-generation": '<fragment><set-variable name="unused" value="" /></fragment>',
        "hmi-invalid-destination-response": HMCTS + "policy-fragments__invalid-destination-response-fragment.xml",
        "hmi-failed-destination-authentication-response": HMCTS
        + "policy-fragments__failed-destination-authentication-response-fragment.xml",
    },
    steps=(
        Step(
            why="the one allowed parameter: the literal list",
            path="/hearings?username=a%20b",
            headers={"Destination-System": "MOCK"},
            reason="OK",
            answer=lambda body: body == literal(BY_USER, 1),
            answered=JSON,
        ),
        Step(why="none", headers={"Destination-System": "MOCK"}, answer=lambda body: body == literal(BY_USER, 1)),
        Step(
            why="another one: the loops find it", path="/?user=a", headers={"Destination-System": "MOCK"}, **MALFORMED
        ),
        Step(why="keys keep their case", path="/?Username=a", **MALFORMED),
        Step(why="two are too many", path="/?username=a&x=1", headers={"Destination-System": "MOCK"}, **MALFORMED),
        Step(
            why="the same one twice is one key: the destination decides",
            path="/?username=a&username=b",
            headers={"Destination-System": "X"},
            status=400,
            reason="Bad Request",
            answer={"message": "X destination doesn't support this functionality"},
            answered=JSON,
        ),
    ),
)

DOCUMENTS = (HANSARD, REDIRECT, HEALTH, ECHO, CALLBACK, TO_XML, RATES, INVOICE, HEARINGS)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda d: d.name)
async def test_authored_everyday_bodies(document: Document, bench: Callable[[Any, Path], Awaitable[Any]]) -> None:
    await play(document, await bench(document, CORPUS))
