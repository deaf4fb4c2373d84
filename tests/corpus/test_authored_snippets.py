"""Samples of a collection of snippets, loaded as they are and served: who may call, and who is sent to sign in."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import jwt
import pytest
from corpus_kit import INTERNAL, JSON, KEYED, NOW, Document, Sent, Step, corpus, dumps, error, found, literal, play
from cryptography.hazmat.primitives.asymmetric import rsa

CORPUS = corpus()
SNIPPETS = "Azure__api-management-policy-snippets/examples__"
HERE = {"Host": "gw.example"}
"""The caller names the gateway by a name of its own."""
THERE = Sent(url="https://default.example/a")

# ------------------------------------------------------------------------------------------------------- tokens

SECRET = b"0123456789abcdef" * 4
PRIVATE = rsa.generate_private_key(65537, 2048)
JWKS = dumps(
    {"keys": [jwt.algorithms.RSAAlgorithm.to_jwk(PRIVATE.public_key(), as_dict=True) | {"kid": "k1", "use": "sig"}]}
)


def _given(claims: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in claims.items() if value is not None}


def bearer(**claims: Any) -> dict[str, str]:
    """An Authorization header with a token of the provider's key.  A claim None: left out."""
    return {"Authorization": "Bearer " + jwt.encode(_given(claims), PRIVATE, "RS256", headers={"kid": "k1"})}


def shared(secret: bytes = SECRET, **claims: Any) -> dict[str, str]:
    """An Authorization header with a token of a shared key."""
    return {"Authorization": "Bearer " + jwt.encode(claims, secret, "HS256")}


def provider(issuer: str, keys: str) -> tuple[tuple[int, dict[str, str], bytes], tuple[int, dict[str, str], bytes]]:
    """The two answers of a provider: its configuration, its keys."""
    return (200, JSON, dumps({"issuer": issuer, "jwks_uri": keys})), (200, JSON, JWKS)


REFUSED = error(401, "Unauthorized. Access token is missing or invalid.")
BACKEND = (200, {}, b"backend")
GOOGLE_FETCH = (
    Sent(url="https://accounts.google.com/.well-known/openid-configuration"),
    Sent(url="https://keys.example/certs"),
)

GOOGLE = Document(
    name="tokens of a provider",
    file=SNIPPETS + "Simple Google OAuth validate-jwt.policy.xml",
    steps=(
        Step(
            why="no token: refused before anything is fetched; the text is the policy's",
            status=401,
            answer=REFUSED,
            answered=JSON,
        ),
        Step(
            why="the metadata and then the keys are fetched; an issuer of the list without a scheme is good; 100 "
            "seconds late is within the clock skew of 120; the token goes on to the backend",
            path="/a",
            headers=bearer(iss="accounts.google.com", aud="whoever", exp=NOW - 100),
            replies=(*provider("https://accounts.google.com", "https://keys.example/certs"), BACKEND),
            sent=(
                *GOOGLE_FETCH,
                Sent(url="https://default.example/a", headers={"Authorization": lambda v: v.startswith("Bearer ")}),
            ),
        ),
        Step(
            why="121 seconds late; nothing is fetched again within the hour",
            headers=bearer(iss="accounts.google.com", exp=NOW - 121),
            status=401,
            answer=REFUSED,
        ),
        Step(
            why="an issuer that neither the list nor the metadata has",
            headers=bearer(iss="https://other.example", exp=NOW + 600),
            status=401,
            answer=REFUSED,
        ),
        Step(
            why="a token without an end is refused: exp is required by default",
            headers=bearer(iss="accounts.google.com"),
            status=401,
            answer=REFUSED,
        ),
        Step(
            why="after an hour the configuration is fetched anew; the issuer of the metadata counts too",
            wait=3601,
            path="/a",
            headers=bearer(iss="https://accounts.google.com", exp=NOW + 7200),
            replies=(*provider("https://accounts.google.com", "https://keys.example/certs"), BACKEND),
            sent=(*GOOGLE_FETCH, THERE),
        ),
    ),
)

CUSTOM_ERROR = Document(
    name="an error text of one's own",
    file=SNIPPETS + "Use custom error messages for jwt-validate policy with on-error handler.policy.xml",
    named={"base64-encoded-hashing-secret": base64.b64encode(SECRET).decode()},
    keyed=True,
    steps=(
        Step(
            why="on-error answers itself, with the status the error had; the policy's own text never shows, and "
            "without a set-header there is no Content-Type",
            headers=KEYED,
            status=401,
            reason="Unauthorized",
            answer=lambda body: body == literal(CUSTOM_ERROR.file, 1),
            answered={"Content-Type": None},
        ),
        Step(
            why="a token of the secret; neither issuer nor audience is asked for",
            path="/a",
            headers=KEYED | shared(exp=NOW + 1),
            sent=(THERE,),
        ),
        Step(
            why="another secret: the signature does not hold",
            headers=KEYED | shared(b"another secret of good length!!!", exp=NOW + 600),
            status=401,
            answer=lambda body: body == literal(CUSTOM_ERROR.file, 1),
        ),
        Step(
            why="no clock skew unless the policy says so",
            headers=KEYED | shared(exp=NOW - 1),
            status=401,
            answer=lambda body: body == literal(CUSTOM_ERROR.file, 1),
        ),
        Step(
            why="no key: the error is of another source, and the default answer stays",
            status=401,
            answer=error(
                401,
                "Access denied due to missing subscription key. Make sure to include subscription key when making "
                "requests to an API.",
            ),
            answered=JSON,
        ),
    ),
)

QUERY = SNIPPETS + "Handle Power Query access request to custom API.policy.xml"


def queried(scope: str, **claims: Any) -> dict[str, str]:
    """The headers of a caller of the query policy."""
    mine = {
        "iss": "https://sts.windows.net/tenant-1/",
        "aud": found(QUERY, "<audience>([^<@]+)</audience>"),
        "exp": NOW + 600,
    }
    return {"Host": "gw.example:8443"} | bearer(**(mine | {"scp": scope} | claims))


LINKS = b'{"a":"https://sap.example:443/odata/x","b":"http://sap.example:443/odata","c":"https://sap.example/odata"}'

POWER_QUERY = Document(
    name="sign-in of a spreadsheet",
    file=QUERY,
    named={"AADTenantId": "tenant-1"},
    service_url="https://sap.example/odata",
    steps=(
        Step(
            why="a scheme without a token, trimmed: the challenge is a literal with the named value in it",
            headers={"Authorization": "Bearer "},
            status=401,
            reason="Unauthorized",
            answer=b"",
            answered={
                "WWW-Authenticate": lambda v: v.startswith("Bearer authorization_uri=") and "/tenant-1/oauth2/" in v
            },
        ),
        Step(
            why="a claim split at blanks holds the required value; every occurrence of host, port and path of the "
            "API's own service becomes the gateway's; what has no port is another text",
            path="/x",
            headers=queried("profile user_impersonation"),
            replies=(*provider("https://sts.windows.net/tenant-1/", "https://keys.example/aad"), (200, JSON, LINKS)),
            answer=LINKS.replace(b"sap.example:443/odata", b"gw.example:8443"),
            answered=JSON,
            sent=(
                Sent(url="https://login.microsoftonline.com/tenant-1/.well-known/openid-configuration"),
                Sent(url="https://keys.example/aad"),
                Sent(url="https://sap.example/odata/x"),
            ),
        ),
        Step(
            why="bodies are rewritten for GET only",
            method="POST",
            path="/x",
            headers=queried("user_impersonation"),
            replies=((200, JSON, LINKS),),
            answer=LINKS,
            sent=(Sent(method="POST", url="https://sap.example/odata/x"),),
        ),
        Step(
            why="the separator splits the claim, and its parts compare whole; without a text of the policy's the "
            "message is that of the failed check",
            headers=queried("user_impersonation_too profile"),
            status=401,
            answer=lambda body: json.loads(body)["message"].startswith("Claim scp value of "),
            answered=JSON,
        ),
        Step(
            why="the claim is not there; an empty on-error leaves the answer alone",
            headers=queried("x", scp=None),
            status=401,
            answer=error(401, "JWT is missing the following claims: scp. Access denied."),
        ),
        Step(
            why="a scheme in another place is no token of that scheme",
            headers={"Authorization": "Basic Bearer"},
            status=401,
            answer=error(401, "JWT not present."),
        ),
    ),
)

# ------------------------------------------------------------------------------------------- keys and addresses


def basic(text: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(text.encode()).decode()}


BASIC = Document(
    name="a name and a password",
    file=SNIPPETS + "Perform basic authentication.policy.xml",
    named={"UserId": "ada", "Password": "pa:ss"},
    steps=(
        Step(
            why="the first colon parts name and password; the header does not reach the backend",
            path="/a",
            headers=basic("ada:pa:ss"),
            sent=(Sent(url="https://default.example/a", headers={"Authorization": None}),),
        ),
        Step(
            why="another password: return-response with a status and nothing else",
            headers=basic("ada:pa:s"),
            status=401,
            reason="Not authorized",
            answer=b"",
            answered={"Content-Type": None},
        ),
        Step(
            why="names compare exactly",
            headers=basic("Ada:pa:ss"),
            status=401,
            reason="Not authorized",
            answer=b"",
        ),
        Step(
            why="another scheme gives no credentials: AsBasic is null",
            headers={"Authorization": "Bearer " + base64.b64encode(b"ada:pa:ss").decode()},
            status=401,
            reason="Not authorized",
            answer=b"",
        ),
        Step(
            why="check-header without values asks for presence only, and answers with its own text",
            status=401,
            reason="Unauthorized",
            answer=error(401, "Not authorized"),
            answered=JSON,
        ),
    ),
)

ASK = Sent(url="https://authorizer.example/check?code=1", headers={"Authorization": "Bearer a", "X-Other": None})
ALLOWED, DENIED = (200, JSON, b'{"status":200}'), (200, JSON, b'{"status":"403"}')

AUTHORIZER = Document(
    name="an authorizer elsewhere",
    file=SNIPPETS + "Authorize requests using external authorizer.policy.xml",
    named={"authorizer-url": "https://authorizer.example/check?code=1"},
    steps=(
        Step(
            why="no header: append on an answer that has none sets it; the host is the one the caller wrote",
            headers=HERE,
            status=401,
            reason="Unauthorized",
            answer=b"",
            answered={"WWW-Authenticate": "Bearer realm=gw.example"},
        ),
        Step(
            why="a miss leaves the variable unset: the authorizer is asked with nothing but the header it is given",
            path="/a",
            headers={"Authorization": "Bearer a", "X-Other": "1"},
            replies=(ALLOWED, BACKEND),
            sent=(ASK, Sent(url="https://default.example/a", headers={"Authorization": "Bearer a", "X-Other": "1"})),
        ),
        Step(
            why="within 5 seconds the stored status counts",
            wait=4,
            path="/a",
            headers={"Authorization": "Bearer a"},
            sent=(THERE,),
        ),
        Step(
            why="then it is asked again; whether number or text, ToString() is 403; the request ends here",
            wait=2,
            path="/a",
            headers={"Authorization": "Bearer a"},
            replies=(DENIED,),
            status=403,
            reason="Forbidden",
            answer=b"",
            sent=(ASK,),
        ),
        Step(
            why="a refusal is remembered as well",
            path="/a",
            headers={"Authorization": "Bearer a"},
            status=403,
            answer=b"",
        ),
        Step(
            why="another caller is another key; an answer without a status is a null reference",
            path="/a",
            headers={"Authorization": "Bearer b"},
            replies=((200, JSON, b"{}"),),
            status=500,
            answer=INTERNAL,
            sent=(Sent(url="https://authorizer.example/check?code=1", headers={"Authorization": "Bearer b"}),),
        ),
    ),
)


def forwarded(first: str) -> Callable[[str], bool]:
    """The address list: what the caller's proxy wrote, and then the gateway's peer."""
    return lambda value: [part.strip() for part in value.split(",")] == [first, "127.0.0.1"]


ADDRESSES = Document(
    name="addresses behind another gateway",
    file=SNIPPETS + "Filter on IP Address when using Application Gateway.policy.xml",
    named={"ipValidated": "Inside"},
    steps=(
        *(
            Step(
                why=f"{why}; the gateway's own peer stands behind the address already, and the header is put back",
                path="/a",
                headers={"X-Forwarded-For": address},
                sent=(Sent(url="https://default.example/a", headers={"X-Forwarded-For": forwarded(address)}),),
            )
            for address, why in (
                ("192.168.7.1:51000", "the first 16 bits agree"),
                ("172.31.255.255:1", "the last address of a range of 12 bits"),
                ("10.0.0.0:443", "the first address of a range of 8 bits"),
            )
        ),
        *(
            Step(
                why=why,
                headers={} if address is None else {"X-Forwarded-For": address},
                status=403,
                reason="Forbidden",
                answer=error(403, "Unauthorized"),
                answered=JSON,
            )
            for address, why in (
                ("172.32.0.1:1", "the address after the range"),
                ("10.1.2.3", "without a port the list is not cut at its colon, and no address has seven parts"),
                (None, "the peer alone is in no range"),
            )
        ),
        Step(
            why="Convert.ToByte throws for 300",
            headers={"X-Forwarded-For": "300.1.1.1:80"},
            status=500,
            answer=INTERNAL,
        ),
    ),
)

# ------------------------------------------------------------------------------------------- sign in, sign out

GONE = "oidc=; path=/; expires=Thu, 01 Jan 1970 00:00:00 GMT"
SESSION = HERE | {"Cookie": "a=1; oidcsession=key.until.signature"}

SIGN_OUT = Document(
    name="sign out",
    file=SNIPPETS + "oauth-proxy__oauth-proxy-sign-out.xml",
    named={"CookiePrefix": "oidc"},
    steps=(
        Step(
            why="without a cookie the variable is string.Empty itself, so comparing references holds; the caller's "
            "URL, without the default port, is escaped into the query; no reason is the standard one",
            path="/oauth/signout?redirect=x",
            headers=HERE,
            status=302,
            reason="Found",
            answer=b"",
            answered={
                "Location": "/oauth/signin?redirect=" + quote("http://gw.example/oauth/signout?redirect=x", safe=""),
                "Set-Cookie": None,
            },
        ),
        Step(
            why="another cookie only is as good as none",
            path="/oauth/signout",
            headers=HERE | {"Cookie": "oidcsession2=a.b.c"},
            status=302,
            answer=b"",
            answered={"Location": "/oauth/signin?redirect=" + quote("http://gw.example/oauth/signout", safe="")},
        ),
        Step(
            why="two parts are not three",
            path="/oauth/signout",
            headers=HERE | {"Cookie": "oidcsession=key.until"},
            status=401,
            reason="Incorrect formed cookie",
            answer=b"",
        ),
        Step(
            why="nowhere to go: the cookie ends, and unescaping the empty default gives the same empty text",
            path="/oauth/signout",
            headers=SESSION,
            reason="OK",
            answer=b"",
            answered={"Set-Cookie": GONE, "Location": None},
        ),
        Step(
            why="a target among the own endpoints, whatever the case, would go round in circles",
            path="/oauth/signout?redirect=https%3A%2F%2Fgw.example%2FOAuth%2Fsignin",
            headers=SESSION,
            reason="OK",
            answer=b"",
            answered={"Set-Cookie": GONE, "Location": None},
        ),
        Step(
            why="any other target is gone to; the reason is the policy's",
            path="/oauth/signout?redirect=https%3A%2F%2Fapp.example%2Fhome%3Fa%3D1",
            headers=SESSION,
            status=302,
            reason="OK",
            answer=b"",
            answered={"Set-Cookie": GONE, "Location": "https://app.example/home?a=1"},
        ),
        Step(
            why="the constructor of Uri throws for a name that is no absolute address",
            path="/oauth/signout?redirect=home",
            headers=SESSION,
            status=500,
            answer=INTERNAL,
        ),
    ),
)

UUID = "[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"


def to_sign_in(location: str) -> bool:
    """Where the provider asks the user; the challenge is a hash, as base64url without padding."""
    parts, query = urlsplit(location), parse_qs(urlsplit(location).query)
    assert f"{parts.scheme}://{parts.netloc}{parts.path}" == (
        "https://login.microsoftonline.com/tenant-1/oauth2/v2.0/authorize"
    )
    assert query["client_id"] == ["client-1"]
    assert query["redirect_uri"] == ["https://gw.example/oauth/callback"]
    assert re.fullmatch(UUID * 2, query["state"][0])
    assert re.fullmatch(UUID * 2, query["nonce"][0])
    assert query["state"] != query["nonce"]
    assert re.fullmatch("[0-9A-Za-z_-]{43}", query["code_challenge"][0])
    return True


SIGN_IN = Document(
    name="sign in",
    file=SNIPPETS + "oauth-proxy__sign-in.xml",
    named={"TenantId": "tenant-1", "ClientId": "client-1"},
    steps=(
        Step(
            why="no target: the empty default compares equal, as a reference",
            path="/oauth/signin",
            status=400,
            reason="Bad Request",
            answer=lambda body: body == literal(SIGN_IN.file, 1),
        ),
        Step(
            why="an own endpoint as the target",
            path="/oauth/signin?redirect=https%3A%2F%2Fgw.example%2Foauth%2Fx",
            status=400,
            reason="Bad Request",
            answer=lambda body: body == literal(SIGN_IN.file, 2),
        ),
        Step(
            why="state and nonce are two GUIDs each; the cookie is named by the state",
            path="/oauth/signin?redirect=https%3A%2F%2Fapp.example%2F",
            headers=HERE,
            status=302,
            reason="Found",
            answer=b"",
            answered={
                "Location": to_sign_in,
                "Set-Cookie": lambda v: re.fullmatch(f"oidc-({UUID}){{2}}={UUID}; Secure; SameSite=None; Path=/", v),
            },
        ),
        Step(
            why="no absolute address",
            path="/oauth/signin?redirect=app",
            status=500,
            answer=INTERNAL,
        ),
    ),
)

DOCUMENTS = (
    GOOGLE,
    CUSTOM_ERROR,
    POWER_QUERY,
    BASIC,
    AUTHORIZER,
    ADDRESSES,
    SIGN_OUT,
    SIGN_IN,
)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda d: d.name)
async def test_authored_snippets(document: Document, bench: Callable[[Any, Path], Awaitable[Any]]) -> None:
    await play(document, await bench(document, CORPUS))
