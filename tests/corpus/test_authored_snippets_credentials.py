"""Samples of a collection of snippets, loaded as they are and served: what the gateway shows to a backend."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote

import pytest
from corpus_kit import INTERNAL, JSON, KEYED, NOW, Document, Sent, Step, corpus, dumps, found, play
from multidict import CIMultiDict

CORPUS = corpus()
SNIPPETS = "Azure__api-management-policy-snippets/examples__"
BACKEND = (200, {}, b"backend")
FORM = "application/x-www-form-urlencoded"
NO_KEY = {"Ocp-Apim-Subscription-Key": None}


def form(**wanted: str) -> Callable[[bytes], bool]:
    """The body is a form with exactly these members."""
    return lambda body: parse_qs(body.decode(), strict_parsing=True) == {k: [v] for k, v in wanted.items()}


def token(text: str, **more: Any) -> tuple[int, dict[str, str], bytes]:
    """The answer of a token endpoint."""
    return 200, JSON, dumps({"token_type": "Bearer", "access_token": text, **more})


# ----------------------------------------------------------------------------------------- a cookie, kept for all

LOGIN = {"Authorization": "Basic " + base64.b64encode(b"svc:p@ss").decode(), "Cookie": None}
ORDERS = "https://old.example/app/orders"

COOKIE = Document(
    name="a password first, then a cookie",
    file=SNIPPETS + "Switch from basic authentication to cookie based authentication after initial request.xml",
    named={"MYBACKEND_URL": "https://old.example/app", "MYBACKEND_USER": "svc", "MYBACKEND_PASSWORD": "p@ss"},
    steps=(
        Step(
            why="a miss gives the empty default: basic credentials; the cookie of the answer is stored, and the caller "
            "sees it too",
            path="/orders",
            headers={"Authorization": "Bearer caller's"},
            replies=((200, {"Set-Cookie": "sid=1; Path=/"}, b"first"),),
            answer=b"first",
            answered={"Set-Cookie": "sid=1; Path=/"},
            sent=(Sent(url=ORDERS, headers=LOGIN),),
        ),
        Step(
            why="a hit: the header of that answer, as it was, instead of the caller's cookie and of credentials",
            path="/orders",
            headers={"Cookie": "own=1"},
            sent=(Sent(url=ORDERS, headers={"Authorization": None, "Cookie": "sid=1; Path=/"}),),
        ),
        Step(
            why="another method is always asked with the password, and stores nothing while there is a cookie",
            method="POST",
            path="/orders",
            replies=((201, {"Set-Cookie": "sid=2"}, b""),),
            status=201,
            answer=b"",
            sent=(Sent(method="POST", url=ORDERS, headers=LOGIN),),
        ),
        Step(
            why="from 400 on the cookie is forgotten, and the answer passes",
            path="/orders",
            replies=((400, {"Set-Cookie": "sid=3"}, b"old"),),
            status=400,
            answer=b"old",
            sent=(Sent(url=ORDERS, headers={"Cookie": "sid=1; Path=/"}),),
        ),
        Step(
            why="an answer without a cookie stores the empty text, which counts as none",
            path="/orders",
            sent=(Sent(url=ORDERS, headers=LOGIN),),
        ),
        Step(why="so the password goes again", path="/orders", sent=(Sent(url=ORDERS, headers=LOGIN),)),
    ),
)

# ------------------------------------------------------------------------------------------------------- identity

BLOB_CALL = Sent(
    url="https://acct.blob.core.windows.net/container/a.json",
    headers={
        "Authorization": "Bearer token|https://storage.azure.com|system",
        "x-ms-version": "2019-07-07",
        "X-Own": None,
    },
)

BLOB = Document(
    name="a blob, read by the gateway itself",
    file=SNIPPETS + "Authenticate using Managed Identity to access Storage Account.xml",
    named={"storageaccountname": "acct", "blobtoread": "a.json"},
    steps=(
        Step(
            why="a new request has only what its children say; an interpolated JObject is its indented text; a body "
            "without a set-header has no type; whatever stands after return-response never runs",
            method="POST",
            headers={"Authorization": "Bearer caller's", "X-Own": "1"},
            body=b"ignored",
            replies=((200, JSON, b'{"b":2,"a":[]}'),),
            reason="OK",
            answer=lambda body: body.replace(b"\r\n", b"\n") == b'{\n  "b": 2,\n  "a": []\n}',
            answered={"Content-Type": None},
            sent=(BLOB_CALL,),
        ),
        Step(
            why="any status is an answer, and the policy does not look at it",
            replies=((404, JSON, b'{"error":"none"}'),),
            answer={"error": "none"},
            sent=(BLOB_CALL,),
        ),
        Step(
            why="what is no JSON object throws",
            replies=((200, {}, b"[1]"),),
            status=500,
            answer=INTERNAL,
            sent=(BLOB_CALL,),
        ),
    ),
)

VAULT = SNIPPETS + "Look up Key Vault secret using Managed Service Identity.policy.xml"
VAULT_CALL = Sent(
    url=found(VAULT, "<set-url>([^<@]+)</set-url>"),
    headers={"Authorization": "Bearer token|https://vault.azure.net|system"},
)

SECRET = Document(
    name="a secret, kept for an hour",
    file=VAULT,
    steps=(
        Step(
            why="a miss: the vault is asked with the gateway's identity; its text is the body, whatever its type was",
            replies=((200, {"Content-Type": "text/x"}, b'{ "value": "s\xc3\xa9cret" }'),),
            reason="Done",
            answer=b'{ "value": "s\xc3\xa9cret" }',
            answered=JSON,
            sent=(VAULT_CALL,),
        ),
        Step(
            why="a hit sets the variable, and nothing is sent",
            wait=3599,
            reason="Done",
            answer=b'{ "value": "s\xc3\xa9cret" }',
            answered=JSON,
        ),
        Step(
            why="after the hour it is asked again, and a refusal is stored as readily",
            wait=2,
            replies=((403, JSON, b'{"error":{}}'),),
            answer=b'{"error":{}}',
            sent=(VAULT_CALL,),
        ),
        Step(why="as this shows", answer=b'{"error":{}}', answered=JSON),
    ),
)

EXCHANGE = Document(
    name="an identity exchanged for a token of another tenant",
    file=SNIPPETS + "Get OAuth2 access token from AAD using MI and forward it to the backend.policy.xml",
    named={
        "tenant-id": "tenant-1",
        "aad-client-application-id": "app-1",
        "resource": "api://orders",
        "authorization-server": "https://login.example",
        "managed-identity-clientid": "identity-1",
    },
    steps=(
        Step(
            why="the identity's token goes into a variable, not into a header; the form carries it; the token of the "
            "answer goes to the backend, and the key does not",
            path="/a",
            headers=KEYED,
            replies=(token("T1"), BACKEND),
            sent=(
                Sent(
                    method="POST",
                    url="https://login.example/tenant-1/oauth2/v2.0/token",
                    headers=NO_KEY | {"Content-Type": FORM, "Authorization": None},
                    body=form(
                        client_id="app-1",
                        client_assertion_type="urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
                        client_assertion="token|api://AzureADTokenExchange|identity-1",
                        grant_type="client_credentials",
                        scope="api://orders/.default",
                    ),
                ),
                Sent(url="https://default.example/a", headers=NO_KEY | {"Authorization": "Bearer T1"}),
            ),
        ),
        Step(
            why="without the member there is null, whose ToString() throws",
            path="/a",
            replies=((400, JSON, b'{"error":"invalid_client"}'),),
            status=500,
            answer=INTERNAL,
            sent=(Sent(method="POST", url="https://login.example/tenant-1/oauth2/v2.0/token"),),
        ),
    ),
)

# ---------------------------------------------------------------------------------------------- client credentials

SERVER = {
    "authorizationServer": "https://login.example/t/token",
    "clientId": "app-1",
    "clientSecret": "s%2Fcret",
    "scope": "api%3A%2F%2Forders%2F.default",
}
ASKED = Sent(
    method="POST",
    url="https://login.example/t/token",
    headers=NO_KEY | {"Content-Type": FORM},
    body=form(
        client_id="app-1", scope="api://orders/.default", client_secret="s/cret", grant_type="client_credentials"
    ),
)


def with_token(text: str) -> Sent:
    return Sent(url="https://default.example/a", headers=NO_KEY | {"Authorization": "Bearer " + text})


CREDENTIALS = Document(
    name="a token for each request",
    file=SNIPPETS + "Get OAuth2 access token from AAD and forward it to the backend.policy.xml",
    named=SERVER,
    keyed=True,
    steps=(
        Step(
            why="white space and comments around and in an expression are nothing; its text is the body as it stands",
            path="/a",
            headers=KEYED | {"Authorization": "Basic dTpw"},
            replies=(token("T1"), BACKEND),
            sent=(ASKED, with_token("T1")),
        ),
        Step(
            why="and again",
            path="/a",
            headers=KEYED,
            replies=(token("T2"), BACKEND),
            sent=(ASKED, with_token("T2")),
        ),
        Step(
            why="an error has no such member: a null string adds nothing, and the scheme goes alone",
            path="/a",
            headers=KEYED,
            replies=((401, JSON, b'{"error":"invalid_client"}'), BACKEND),
            sent=(
                ASKED,
                Sent(url="https://default.example/a", headers={"Authorization": lambda v: v.strip() == "Bearer"}),
            ),
        ),
        Step(
            why="an error page is no JSON",
            path="/a",
            headers=KEYED,
            replies=((502, {}, b"<html/>"),),
            status=500,
            answer=INTERNAL,
            sent=(ASKED,),
        ),
    ),
)

KEPT = Document(
    name="a token, kept as long as it lives",
    file=SNIPPETS + "Backend OAuth2 Authentication With Cache.policy.xml",
    named=SERVER,
    steps=(
        Step(
            why="a miss: fetched, stored for its own time, sent",
            path="/a",
            headers=KEYED,
            replies=(token("T1", expires_in=100), BACKEND),
            sent=(ASKED, with_token("T1")),
        ),
        Step(why="a hit", wait=99, path="/a", headers=KEYED, sent=(with_token("T1"),)),
        Step(
            why="past its time: fetched anew; a number in a string converts",
            wait=2,
            path="/a",
            headers=KEYED,
            replies=(token("T2", expires_in="50"), BACKEND),
            sent=(ASKED, with_token("T2")),
        ),
        Step(
            why="the backend refuses the token: it is forgotten, and the caller sees the refusal",
            path="/a",
            headers=KEYED,
            replies=((403, {}, b"no"),),
            status=403,
            answer=b"no",
            sent=(with_token("T2"),),
        ),
        Step(
            why="so the next one fetches; another error status leaves the token alone",
            path="/a",
            headers=KEYED,
            replies=(token("T3", expires_in=100), (404, {}, b"gone")),
            status=404,
            answer=b"gone",
            sent=(ASKED, with_token("T3")),
        ),
        Step(why="as this shows", path="/a", headers=KEYED, sent=(with_token("T3"),)),
        Step(
            why="without its time the cast of null to int throws",
            wait=101,
            path="/a",
            headers=KEYED,
            replies=(token("T4"),),
            status=500,
            answer=INTERNAL,
            sent=(ASKED,),
        ),
    ),
)

# ------------------------------------------------------------------------------------------------------- signatures


def mac(key: bytes, text: str) -> str:
    return base64.b64encode(hmac.digest(key, text.encode(), hashlib.sha256)).decode()


def relay_token(url: str, now: float) -> str:
    """The signature for an address that ends in an hour."""
    address, until = quote(url, safe=""), int(now) + 3600
    signature = quote(mac(b"relay key", f"{address}\n{until}"), safe="")
    return f"SharedAccessSignature sr={address}&sig={signature}&se={until}&skn=send"


def relayed(path: str, signed: str) -> Sent:
    return Sent(
        method="POST",
        url="https://default.example" + path,
        headers={"ServiceBusAuthorization": signed, "Content-Type": "application/xml"},
        body=lambda body: not body.strip(),
    )


FIRST = relay_token("https://default.example/a?x=1&y=%20", NOW)

RELAY = Document(
    name="a signed address",
    file=SNIPPETS + "Generate Azure Relay Token.policy.xml",
    named={"accessKey": "relay key", "accessKeyName": "send"},
    steps=(
        Step(
            why="an empty base-url changes nothing, so the address is that of the API's own service; a template whose "
            "only content is a comment leaves white space, on both sides",
            method="POST",
            path="/a?x=1&y=%20",
            headers=JSON,
            body=b'{"a":1}',
            answer=lambda body: not body.strip(),
            answered=JSON,
            sent=(relayed("/a?x=1&y=%20", FIRST),),
        ),
        Step(
            why="within ten seconds the stored token goes out, whatever the address",
            wait=9,
            method="POST",
            path="/b",
            replies=((500, {"Content-Type": "text/xml"}, b"<no/>"),),
            status=500,
            answer=lambda body: not body.strip(),
            answered=JSON,
            sent=(relayed("/b", FIRST),),
        ),
        Step(
            why="then one is made for this address and this time",
            wait=2,
            method="POST",
            path="/b",
            answer=lambda body: not body.strip(),
            sent=(relayed("/b", relay_token("https://default.example/b", NOW + 11)),),
        ),
    ),
)

TABLE_KEY = base64.b64encode(bytes(range(64))).decode()


def in_table(day: str, more: str) -> str:
    """The address of the table, signed until `day`."""
    until = f"{day}T22:13:20Z"
    fields = ["raud", "", until, "/table/acct/Orders", "", "", "", "2021-06-08", "", "", "", ""]
    signature = mac(base64.b64decode(TABLE_KEY), "\n".join(fields))
    return f"https://default.example/Orders?sv=2021-06-08&sp=raud&se={until}&tn=Orders&sig={signature}{more}"


TABLE = Document(
    name="a signed query of a table",
    file=SNIPPETS + "Generate Shared Access Signature and forward request to Azure storage.policy.xml",
    named={"storageAccountAccessKey": TABLE_KEY, "storageAccountName": "acct", "tableName": "Orders"},
    steps=(
        Step(
            why="the clock stands at 22:13:20 on 14 November 2023, and a day later is the end; HtmlEncode changes no "
            "character of base64; a template that is an expression goes out as it is, the caller's query after it",
            path="/anything?top=5&x=a%20b",
            headers={"Accept": "text/html", "Content-Type": "text/plain"},
            sent=(
                Sent(
                    url=in_table("2023-11-15", "&top=5&x=a%20b"),
                    headers={
                        "Accept": "application/json;odata=nometadata",
                        "Accept-Charset": "UTF-8",
                        "Content-Type": "application/json",
                        "x-ms-date": "Tue, 14 Nov 2023 22:13:20 GMT",
                        "x-ms-version": "2021-06-08",
                        "DataServiceVersion": "1.0;NetFx",
                    },
                ),
            ),
        ),
        Step(
            why="a parameter that the template names is not appended",
            wait=86_400,
            path="/?sv=1&sig=mine",
            sent=(Sent(url=in_table("2023-11-16", ""), headers={"x-ms-date": "Wed, 15 Nov 2023 22:13:20 GMT"}),),
        ),
    ),
)

# --------------------------------------------------------------------------------------------- a token against forgery

ENTITY = "https://default.example/odata/Orders?x=1"
FETCH = Sent(
    method="HEAD",
    url=ENTITY,
    headers={"X-CSRF-Token": "Fetch", "Authorization": "Bearer mine", "Content-Type": None, "X-Own": None},
)


def fetched(*cookies: str) -> tuple[int, CIMultiDict[str], bytes]:
    """The answer to the fetch, with its cookies on lines of their own."""
    return 200, CIMultiDict([("x-csrf-token", "T0=="), *(("Set-Cookie", c) for c in cookies)]), b""


MINE = JSON | {"Authorization": "Bearer mine", "X-Own": "1"}

FORGERY = Document(
    name="a token against forgery, fetched first",
    file=SNIPPETS + "Get X-CSRF token from SAP gateway using send request.policy.xml",
    steps=(
        Step(
            why="reading needs none",
            path="/odata/Orders?x=1",
            headers={"Authorization": "Bearer mine"},
            sent=(Sent(url=ENTITY, headers={"X-CSRF-Token": None}),),
        ),
        Step(
            why="an existing session: Set-Cookie lines are joined by commas, so what is behind the comma of a part is "
            "the cookie; the caller's own request follows with token, cookie and body",
            method="POST",
            path="/odata/Orders?x=1",
            headers=MINE,
            body=b'{"a":1}',
            replies=(fetched("sap-usercontext=c; path=/", "SAP_SESSIONID_X=abc; path=/"), (201, {}, b"made")),
            status=201,
            answer=b"made",
            sent=(
                FETCH,
                Sent(
                    method="POST",
                    url=ENTITY,
                    headers=MINE | {"X-CSRF-Token": "T0==", "Cookie": "SAP_SESSIONID_X=abc"},
                    body=b'{"a":1}',
                ),
            ),
        ),
        Step(
            why="of two cookies the one of the new session is taken, wherever it stands",
            method="DELETE",
            path="/odata/Orders?x=1",
            headers=MINE,
            replies=(fetched("a=1; path=/", "SAP_SESSIONID_X=abc; path=/", "sap-XSRF_X=def; secure"), BACKEND),
            sent=(FETCH, Sent(method="DELETE", url=ENTITY, headers={"Cookie": "sap-XSRF_X=def"})),
        ),
        Step(
            why="the fetch is refused: the request goes on as the caller sent it",
            method="POST",
            path="/odata/Orders?x=1",
            headers=MINE | {"Cookie": "own=1"},
            replies=((401, {}, b""), (403, {}, b"token required")),
            status=403,
            answer=b"token required",
            sent=(FETCH, Sent(method="POST", url=ENTITY, headers={"X-CSRF-Token": None, "Cookie": "own=1"})),
        ),
        Step(
            why="no cookie at all: a null string cannot be split",
            method="POST",
            path="/odata/Orders?x=1",
            headers=MINE,
            replies=(fetched(),),
            status=500,
            answer=INTERNAL,
            sent=(FETCH,),
        ),
        Step(
            why="one cookie on one line: nothing behind a comma, so the index is outside the array",
            method="POST",
            path="/odata/Orders?x=1",
            headers=MINE,
            replies=(fetched("SAP_SESSIONID_X=abc; path=/"),),
            status=500,
            answer=lambda body: json.loads(body)["message"] == "Internal server error",
            sent=(FETCH,),
        ),
    ),
)

DOCUMENTS = (
    COOKIE,
    BLOB,
    SECRET,
    EXCHANGE,
    CREDENTIALS,
    KEPT,
    RELAY,
    TABLE,
    FORGERY,
)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda d: d.name)
async def test_authored_snippets(document: Document, bench: Callable[[Any, Path], Awaitable[Any]]) -> None:
    await play(document, await bench(document, CORPUS))
