"""Run-time failures of policies, as `context.LastError` and the caller see them.

`PolicyFault` carries what the platform's error has (source, reason, message, status) and is filled with the position
(scope, section, path, policy id) by the pipeline when it passes through.  The response body is built by
`error_response`, byte for byte as the platform writes it: one line, one space inside the braces and after colons and
commas.  The functions below are the predefined errors; policies raise these and nothing else.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from apimpy.runtime.message import Response

__all__ = ["PolicyFault", "error_body", "error_response", "internal_error_body", "reason_phrase"]


class PolicyFault(Exception):
    """A policy failed; control goes to on-error.

    `message` is `LastError.Message`.  `status` and `client_message` make the default response; `client_message` None
    with status 500 is the platform's "Internal server error" with the activity id.  `headers` join that response.
    `keep_response` leaves `context.Response` as it is (a backend answer that counts as an error).
    """

    def __init__(
        self,
        source: str,
        reason: str | None,
        message: str,
        *,
        status: int = 500,
        client_message: str | None = None,
        headers: tuple[tuple[str, str], ...] = (),
        keep_response: bool = False,
        response_is_null: bool = False,
    ) -> None:
        super().__init__(f"{source}: {reason}: {message}")
        self.source, self.reason, self.message = source, reason, message
        self.status, self.client_message, self.headers = status, client_message, headers
        self.keep_response = keep_response
        self.response_is_null = response_is_null
        """For `retry`: the condition sees `context.Response == null` (transport failures)."""
        self.scope: str | None = None
        self.section: str | None = None
        self.path: str | None = None
        self.policy_id: str | None = None
        self.located = False
        """Position filled in (the innermost step did it)."""
        self.trace_entry: object = None
        """Of a traced request: the entry of the step that failed."""


def error_body(status: int, message: str) -> bytes:
    """`{ "statusCode": 429, "message": "…" }`, exactly as the platform spaces it."""
    import json

    return f'{{ "statusCode": {status}, "message": {json.dumps(message, ensure_ascii=False)} }}'.encode()


def internal_error_body(activity_id: str) -> bytes:
    """The platform's body for unexpected errors."""
    return f'{{ "statusCode": 500, "message": "Internal server error", "activityId": "{activity_id}" }}'.encode()


def error_response(fault: PolicyFault, activity_id: str) -> Response:
    """What the caller gets when on-error changes nothing."""
    from apimpy.runtime.message import Body, Headers, Response

    if fault.client_message is None and fault.status == 500:
        body = internal_error_body(activity_id)
    elif fault.client_message is None and fault.status == 504:
        text = f'{{ "statusCode": 504, "message": "Gateway timeout", "activityId": "{activity_id}" }}'
        body = text.encode()
    else:
        body = error_body(fault.status, fault.message if fault.client_message is None else fault.client_message)
    headers = Headers([("Content-Type", "application/json"), *fault.headers])
    return Response(fault.status, headers=headers, body=Body(body))


def reason_phrase(status: int) -> str:
    """The standard phrase of a status code, "" when there is none."""
    return _phrases().get(status, "")


@cache
def _phrases() -> dict[int, str]:
    from http import HTTPStatus

    return {s.value: s.phrase for s in HTTPStatus}
