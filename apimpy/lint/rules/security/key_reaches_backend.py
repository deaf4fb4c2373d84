"""Subscription keys that go on to the backend."""

from __future__ import annotations

from typing import TYPE_CHECKING

from apimpy.lint.rule import INFO, Rule

if TYPE_CHECKING:
    from apimpy.lint.rule import Report
    from apimpy.lint.subject import Subject

__all__ = ["KeyReachesBackend"]


class KeyReachesBackend(Rule, code="SEC017", level=INFO, whole=True):
    """The subscription keys of an API reach its backend.

    ## What it does

    Reports the document of an API that wants subscription keys when neither it nor any other document touches the
    header that brings them.
    Which header that is is known when a gateway file or a service folder is checked; a document on its own is not
    reported.

    ## Why

    The header of the caller is sent on like any other.
    A backend that logs what it gets has the keys of all subscribers.

    ## Avoid

    ```xml keys=x-key
    <policies>
      <inbound>
        <set-header name="x-team" exists-action="override"><value>blue</value></set-header>
      </inbound>
    </policies>
    ```

    ## Prefer

    ```xml keys=x-key
    <policies>
      <inbound>
        <set-header name="x-team" exists-action="override"><value>blue</value></set-header>
        <set-header name="x-key" exists-action="delete" />
      </inbound>
    </policies>
    ```
    """

    def check(self, document: Subject, report: Report) -> None:
        around = document.around
        for header in sorted(around.key_headers) if around is not None else ():
            texts = [d.file.text for d in (document.document, *(around.others if around is not None else ()))]
            if not any(header.lower() in text.lower() for text in texts):
                help_ = f'<set-header name="{header}" exists-action="delete" />'
                report(document.document.root, f"subscription keys in '{header}' reach the backend", help=help_)
