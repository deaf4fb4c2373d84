"""Prompts in logs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from apimpy.csharp import bound as bd
from apimpy.csharp.walk import plain
from apimpy.lint.models import for_models
from apimpy.lint.origins import value_parts
from apimpy.lint.rule import Rule

if TYPE_CHECKING:
    from apimpy.lint.rule import Report
    from apimpy.lint.subject import Subject

__all__ = ["LoggedPrompt"]

_LOGS = ("trace", "log-to-eventhub")
_BODIES = ("context.Request.Body", "context.Response.Body")


class LoggedPrompt(Rule, code="AIG009", elements=_LOGS):
    """Prompts or completions are written to a log.

    ## What it does

    Reports `trace` and `log-to-eventhub` whose values hold the body of the request or of the response, in a document
    that is about language models.

    ## Why

    People write into prompts what they would not write into a log, and nobody asks them.
    To keep prompts takes a place that is made for it, and their knowing.

    ## Avoid

    ```xml
    <llm-token-limit counter-key="shared" tokens-per-minute="500" estimate-prompt-tokens="true" />
    <trace source="chat">
      <message>@(context.Request.Body?.As<string>(preserveContent: true) ?? "")</message>
    </trace>
    ```

    ## Prefer

    ```xml
    <llm-token-limit counter-key="shared" tokens-per-minute="500" estimate-prompt-tokens="true"
        tokens-consumed-variable-name="tokens" />
    <trace source="chat">
      <message>@("tokens: " + context.Variables.GetValueOrDefault<int>("tokens"))</message>
    </trace>
    ```
    """

    def check(self, document: Subject, report: Report) -> None:
        for policy in document.policies(*_LOGS):
            for expression in document.expressions(policy):
                for node in value_parts(expression.root):
                    if not isinstance(node, bd.BCall) or node.method.decl.effect != "body":
                        continue
                    source = plain(node.receiver if node.receiver is not None else node.args[0])
                    if expression.path(source) in _BODIES and for_models(document):
                        what = "prompts" if expression.path(source) == _BODIES[0] else "completions"
                        report(expression.span(node), f"{what} are written to a log", help="log counts and ids")
