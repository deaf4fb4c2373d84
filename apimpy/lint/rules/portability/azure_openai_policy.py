"""Policies whose newer twins serve every model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from apimpy.lint.edits import rename
from apimpy.lint.rule import INFO, Rule

if TYPE_CHECKING:
    from apimpy.lint.rule import Report
    from apimpy.lint.subject import Subject

__all__ = ["AzureOpenaiPolicy"]

_TWINS = (
    "azure-openai-token-limit",
    "azure-openai-emit-token-metric",
    "azure-openai-semantic-cache-lookup",
    "azure-openai-semantic-cache-store",
)


class AzureOpenaiPolicy(Rule, code="PRT001", level=INFO, elements=_TWINS):
    """An `azure-openai-*` policy has an `llm-*` twin.

    ## What it does

    Reports the policies whose names begin with `azure-openai-`.
    The correction renames them; the pair of a semantic cache is renamed together when both stand in the document.

    ## Why

    The `llm-*` policies take the same attributes and do the same for Azure OpenAI, and they work with every model whose
    API is like OpenAI's: the policy survives a change of backend.

    ## Avoid

    ```xml
    <azure-openai-token-limit counter-key="@(context.Subscription?.Id ?? "none")" tokens-per-minute="500"
        estimate-prompt-tokens="true" />
    ```

    ## Prefer

    ```xml
    <llm-token-limit counter-key="@(context.Subscription?.Id ?? "none")" tokens-per-minute="500"
        estimate-prompt-tokens="true" />
    ```
    """

    def check(self, document: Subject, report: Report) -> None:
        for policy in document.policies(*_TWINS):
            new = policy.element.replace("azure-openai-", "llm-")
            half = "semantic-cache" in new and len({p.element for p in document.policies(*_TWINS[2:])}) < 2
            old_only = policy.source.get("value") is not None
            fix = None if old_only else rename(policy.source, new, safe=not half)
            report(policy, f"<{new}> does the same for every model", help=f"rename to <{new}>", fix=fix)
