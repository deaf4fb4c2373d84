"""What a row of the table of example policies is, and what rows have in common.

In a row, texts that begin with `~` are regular expressions, None is a header that is absent, and bodies that are not
bytes are compared as JSON.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "examples" / "policies"
FRAGMENTS = FOLDER / "fragments"

JSON = {"Content-Type": "application/json"}
CHAT = "/v1/chat/completions"
OK = (200, JSON, b'{"ok":true}')
INTERNAL = {"statusCode": 500, "message": "Internal server error", "activityId": r"~[0-9a-f-]{36}"}
Answer = tuple[int, dict[str, str], bytes]


@dataclass(frozen=True)
class Call:
    """One request and its answer.  `sends` None: no body."""

    request: str
    status: int
    got: Any = None
    """The body of the answer."""
    headers: dict[str, str] = field(default_factory=dict)
    sends: Any = None
    shows: dict[str, Any] = field(default_factory=dict)
    """Headers of the answer; a list for one that comes several times."""
    reason: str | None = None


@dataclass(frozen=True)
class Seen:
    """A request at a backend.  `body` None: not looked at."""

    request: str
    headers: dict[str, Any] = field(default_factory=dict)
    body: Any = None


@dataclass(frozen=True)
class Row:
    """Calls in order.  Values of `named` like `@small` become the URL of the backend small, `@closed` of none."""

    file: str
    why: str
    calls: list[Call]
    seen: dict[str, list[Seen]] = field(default_factory=dict)
    backend: str = "@main"
    named: dict[str, str] = field(default_factory=dict)
    answers: dict[str, list[Answer]] = field(default_factory=dict)
    delay: float = 0.0
    settings: dict[str, Any] = field(default_factory=dict)
    metrics: str | None = None


def chat(text: str, **more: Any) -> dict[str, Any]:
    return {"model": "gpt-4o", "messages": [{"role": "user", "content": text}], **more}


def problem(title: str, status: int, where: str) -> dict[str, Any]:
    return {"title": title, "status": status, "where": where, "instance": "~urn:uuid:[0-9a-f-]{36}"}


def words(n: int) -> str:
    return "word " * n


USAGE = b'{"choices":[],"usage":{"prompt_tokens":5,"completion_tokens":7,"total_tokens":12}}'
ORDER = {
    "first": "Ann",
    "last": "Lee",
    "card": "4111 1111",
    "lines": [
        {"sku": "b", "qty": 2, "price": 0.1},
        {"sku": "a", "price": "1.25"},
        {"sku": "c", "qty": 0, "price": 9},
    ],
}
NEW_ORDER = {
    "customer": {"name": "Ann Lee"},
    "items": [{"sku": "A", "quantity": 1, "amount": 1.25}, {"sku": "B", "quantity": 2, "amount": 0.2}],
    "total": 1.45,
}
NO_ORDER = {"error": "An order is a JSON object with lines."}
AZURE = "/openai/deployments/gpt-4o/chat/completions?api-version=2024-10-21"
KEYED = {"subscriptions": (("red", "k-red"), ("blue", "k-blue")), "subscription_header": "api-key"}
TWO = {"small-backend": "@small", "large-backend": "@large"}
PAIR = {"primary-backend": "@primary", "fallback-backend": "@fallback"}
IDENTITY = {"azure-openai-endpoint": "@main", "api-version": "2024-10-21"}
CALLER = {"default-team": "guests", "contact": "ops@example.org"}
TEXT = "the quick brown fox and the lazy dog"
NETWORK = {"backend-user": "gate", "backend-password": "keeper"}
PAGE = "https://app.example.org"
SERVICES = {"customer-url": "@customers", "stock-url": "@stock", "audit-url": "@audit"}
REFUSED = {"statusCode": 401, "message": "Sign in first."}
UNSIGNED = "eyJhbGciOiJub25lIn0.eyJleHAiOjQxMDI0NDQ4MDB9."
ANN = {"x-caller": "ann"}
USED_UP = r"~Token quota is exceeded\. Try again in .*(day|hour|minute|second)s?\."
SIXTY = (200, JSON, b'{"usage":{"prompt_tokens":9,"completion_tokens":51,"total_tokens":60}}')


def budgets(month: str, day: str, used_up: str = "~true|false") -> dict[str, Any]:
    """Headers that say what is left."""
    return {"x-month-left": month, "x-day-left": day, "x-day-used-up": used_up}


ORDER_REPLY = (
    b'<?xml version="1.0"?><s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>'
    b"<Order><id>7</id><item>a</item><item>b</item></Order></s:Body></s:Envelope>"
)
