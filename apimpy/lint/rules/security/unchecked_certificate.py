"""Certificates of callers that nobody looks at."""

from __future__ import annotations

from typing import TYPE_CHECKING

from apimpy.lint.rule import Rule

if TYPE_CHECKING:
    from apimpy.lint.rule import Report
    from apimpy.lint.subject import Subject

__all__ = ["UncheckedCertificate"]

_CHECKS = {
    "validate-trust": "a certificate that anybody has made passes",
    "validate-not-before": "a certificate passes before its time",
    "validate-not-after": "an expired certificate passes",
    "validate-revocation": "a revoked certificate passes",
}


class UncheckedCertificate(Rule, code="SEC006", elements=("validate-client-certificate",)):
    """`validate-client-certificate` leaves out a check.

    ## What it does

    Reports `validate-trust="false"`, `validate-not-before="false"`, `validate-not-after="false"`,
    `validate-revocation="false"`, and `ignore-error="true"`.
    Nothing is said about trust and revocation when an identity is pinned by its thumbprint.

    ## Why

    Each of these checks is on unless it is turned off, and what it keeps out is then let in.

    ## Avoid

    ```xml
    <validate-client-certificate validate-not-after="false">
      <identities>
        <identity subject="CN=orders.example.org" />
      </identities>
    </validate-client-certificate>
    ```

    ## Prefer

    ```xml
    <validate-client-certificate>
      <identities>
        <identity subject="CN=orders.example.org" />
      </identities>
    </validate-client-certificate>
    ```
    """

    def check(self, document: Subject, report: Report) -> None:
        for policy in document.policies("validate-client-certificate"):
            identities = [e for e in policy.source.walk() if e.name == "identity"]
            pinned = bool(identities) and all(e.get("thumbprint") is not None for e in identities)
            for name, what in _CHECKS.items():
                off = document.word(policy, name) == "false"
                if off and not (pinned and name in ("validate-trust", "validate-revocation")):
                    report(document.at(policy, name), what, help="leave the attribute out")
            if document.word(policy, "ignore-error") == "true":
                where = document.at(policy, "ignore-error")
                report(where, "a request without a valid certificate goes on", help="leave the attribute out")
