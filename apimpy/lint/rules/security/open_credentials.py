"""CORS that trusts everybody."""

from __future__ import annotations

from typing import TYPE_CHECKING

from apimpy.lint.rule import ERROR, Rule
from apimpy.policies.cors import Cors
from apimpy.policy.value import Constant

if TYPE_CHECKING:
    from apimpy.lint.rule import Report
    from apimpy.lint.subject import Subject

__all__ = ["OpenCredentials"]


class OpenCredentials(Rule, code="SEC001", level=ERROR, elements=("cors",)):
    """Every origin may send credentials.

    ## What it does

    Reports `cors` with `allow-credentials="true"` and the origin `*`.

    ## Why

    Any web page that a user visits can then call the API with the user's cookies and read the answer.

    ## Avoid

    ```xml
    <cors allow-credentials="true">
      <allowed-origins>
        <origin>*</origin>
      </allowed-origins>
      <allowed-headers>
        <header>*</header>
      </allowed-headers>
    </cors>
    ```

    ## Prefer

    ```xml
    <cors allow-credentials="true">
      <allowed-origins>
        <origin>https://portal.example.org</origin>
      </allowed-origins>
      <allowed-headers>
        <header>*</header>
      </allowed-headers>
    </cors>
    ```
    """

    def check(self, document: Subject, report: Report) -> None:
        for cors in document.policies("cors"):
            if not isinstance(cors, Cors) or not _holds(cors.allow_credentials):
                continue
            for origin in cors.allowed_origins.origins:
                if isinstance(origin.content, Constant) and origin.content.value.strip() == "*":
                    report(origin, "every origin is allowed and may send credentials", help="list the origins")


def _holds(value: object) -> bool:
    return isinstance(value, Constant) and value.value is True
