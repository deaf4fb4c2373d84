"""Tracing of a running gateway: who may ask for it, and the traces of the latest requests.

The platform's way: the admin listener hands out a debug token for one API, valid for an hour at most; a request that
carries it in `Apim-Debug-Authorization` is traced, and its answer says `Apim-Trace-Id`.  A token that does not help is
answered with a header that says why.  The older way works as well: `Ocp-Apim-Trace: true` with the key of a
subscription that allows tracing.  `serve --trace` traces every request.

Tokens are signed, not stored: nothing has to be cleaned up, and whoever has the key of the process could check them.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections import OrderedDict
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, quote

from apimpy.observe.trace_json import summary, trace_documents, trace_json
from apimpy.runtime.changes import request_data
from apimpy.runtime.tracing import Trace

if TYPE_CHECKING:
    from apimpy.runtime.exchange import Exchange
    from apimpy.runtime.masking import Mask
    from apimpy.runtime.message import Request
    from apimpy.runtime.ports import Clock

__all__ = ["MAX_VALID", "Tracing"]

DEBUG_HEADER = "Apim-Debug-Authorization"
LEGACY_HEADER = "Ocp-Apim-Trace"
TRACE_ID = "Apim-Trace-Id"
MAX_VALID = 3600.0
"""Seconds a debug token may be valid."""
KEPT = 200
"""Traces that are kept; the oldest goes first."""
_ANY = "*"


class Tracing:
    """`everything`: every request is traced.  `location` is where the admin listener shows a trace by its id."""

    def __init__(self, clock: Clock, *, everything: bool = False, kept: int = KEPT) -> None:
        self.everything = everything
        self.location = ""
        self._clock = clock
        self._key = secrets.token_bytes(32)
        self._kept = kept
        self._traces: OrderedDict[str, tuple[dict[str, Any], dict[str, Any], dict[str, str]]] = OrderedDict()

    # --- credentials --------------------------------------------------------------------------------------------------

    def token(self, api: str | None, seconds: float) -> str:
        """A debug token for an API (None: for all of them), valid for so long from now."""
        claims = f"aid={quote(api or _ANY, safe='*')}&exp={int(self._clock.now() + min(seconds, MAX_VALID))}"
        return f"{claims}&sig={self._signature(claims)}"

    def _signature(self, claims: str) -> str:
        return hmac.new(self._key, claims.encode(), hashlib.sha256).hexdigest()

    def _verdict(self, token: str, api: str | None) -> str | None:
        """None when the token is good for the API, else the header that says what is wrong with it."""
        claims, _, signature = token.rpartition("&sig=")
        fields = {k: v[0] for k, v in parse_qs(claims).items()}
        encoded = signature.encode("utf-8", "surrogateescape")
        if not hmac.compare_digest(self._signature(claims).encode(), encoded) or "exp" not in fields:
            return f"{DEBUG_HEADER}-Expired"
        if float(fields["exp"]) < self._clock.now():
            return f"{DEBUG_HEADER}-Expired"
        wanted = fields.get("aid", "")
        if wanted != _ANY and (api is None or wanted.lower() != api.lower()):
            return f"{DEBUG_HEADER}-WrongAPI"
        return None

    # --- requests -----------------------------------------------------------------------------------------------------

    def asked(self, request: Request) -> bool:
        """Whether there is anything to decide about a request."""
        headers = request.headers
        return self.everything or DEBUG_HEADER in headers or LEGACY_HEADER in headers

    def begin(self, ex: Exchange, mask: Mask) -> None:
        """Trace the exchange if it may be; `ex.debug` gets the headers for the answer.

        API, operation and subscription are known by now.  The token goes no further than here.
        """
        headers = ex.request.headers
        token = headers.popall(DEBUG_HEADER, None)
        api = ex.api.id if ex.api is not None else None
        if token is not None:
            problem = self._verdict(token[0], api)
            if problem is not None:
                ex.debug = ((problem, "true"),)
        if token is None or ex.debug:
            legacy = headers.get(LEGACY_HEADER, "").strip().lower() == "true"
            if not self.everything and not (legacy and ex.subscription is not None and ex.subscription.allow_tracing):
                return
            if legacy and self.location:
                ex.debug = (*ex.debug, ("Ocp-Apim-Trace-Location", self.location + _trace_id(ex)))
        ex.debug = (*ex.debug, (TRACE_ID, _trace_id(ex)))
        trace = Trace(ex, mask)
        trace.note("api-inspector", {"request": request_data(ex.request, mask)})
        trace.note("api-inspector", {"configuration": _configuration(ex)})

    def finish(self, ex: Exchange, status: int, seconds: float, *, completed: bool) -> None:
        """Keep the trace of an exchange that has ended."""
        trace = ex.trace
        if trace is None:
            return
        sent = "Response has been sent to the caller in full" if completed else "The caller did not get all of it"
        trace.note("transfer-response", {"message": sent}, "outbound")
        id_ = _trace_id(ex)
        documents = {name: trace.mask.text(text) for name, text in trace_documents(trace.entries).items()}
        self._traces[id_] = (trace_json(id_, trace, ex), summary(id_, trace, ex, status, seconds), documents)
        while len(self._traces) > self._kept:
            self._traces.popitem(last=False)

    # --- what was traced ----------------------------------------------------------------------------------------------

    def find(self, id: str) -> dict[str, Any] | None:
        """A trace in the platform's shape."""
        found = self._traces.get(id)
        return None if found is None else found[0]

    def shown(self, id: str) -> dict[str, Any] | None:
        """A trace with its summary and the texts of its documents."""
        found = self._traces.get(id)
        return None if found is None else {"summary": found[1], "trace": found[0], "documents": found[2]}

    def latest(self) -> list[dict[str, Any]]:
        """Summaries, the newest first."""
        return [kept[1] for kept in reversed(self._traces.values())]


def _trace_id(ex: Exchange) -> str:
    return ex.id.replace("-", "")


def _configuration(ex: Exchange) -> dict[str, Any]:
    """What routing and the subscription key decided."""
    api, operation, url = ex.api, ex.operation, ex.service_url
    target = None
    if url is not None:
        target = {
            "scheme": url.scheme,
            "host": url.host,
            "port": url.port,
            "path": url.path,
            "queryString": "",
            "query": {},
            "isDefaultPort": url.default_port,
        }
    return {
        "api": None
        if api is None
        else {"from": f"/{api.path.strip('/')}", "to": target, "version": api.version, "revision": api.revision},
        "operation": None if operation is None else {"method": operation.method, "uriTemplate": operation.url_template},
        "user": ex.user.id if ex.user is not None else "-",
        "product": ex.product.id if ex.product is not None else "-",
    }
