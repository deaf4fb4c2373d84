"""More dimensions than a metric keeps."""

from __future__ import annotations

from typing import TYPE_CHECKING

from apimpy.lint.rule import Rule
from apimpy.policies.emit_metric import EmitMetric

if TYPE_CHECKING:
    from collections.abc import Sequence

    from apimpy.document.model import Element
    from apimpy.lint.rule import Report
    from apimpy.lint.subject import Subject

__all__ = ["ManyDimensions"]

_CAP, _MOST = 5, 10
_TOKEN_METRICS = ("llm-emit-token-metric", "azure-openai-emit-token-metric")


class ManyDimensions(Rule, code="AIG001", elements=(*_TOKEN_METRICS, "emit-metric")):
    """A metric has more dimensions than are kept.

    ## What it does

    Reports the sixth dimension of a token metric, and the sixth custom dimension of `emit-metric`.

    ## Why

    Newer limits of the service keep five; what goes beyond is dropped without a word, and the numbers of the dashboard
    add up differently than meant.

    ## Avoid

    ```xml
    <llm-emit-token-metric namespace="ai">
      <dimension name="API ID" />
      <dimension name="Operation ID" />
      <dimension name="Product ID" />
      <dimension name="User ID" />
      <dimension name="Subscription ID" />
      <dimension name="Team" value="@(context.Request.Headers.GetValueOrDefault("x-team", "none"))" />
    </llm-emit-token-metric>
    ```

    ## Prefer

    ```xml
    <llm-emit-token-metric namespace="ai">
      <dimension name="API ID" />
      <dimension name="Product ID" />
      <dimension name="Subscription ID" />
      <dimension name="Team" value="@(context.Request.Headers.GetValueOrDefault("x-team", "none"))" />
    </llm-emit-token-metric>
    ```
    """

    def check(self, document: Subject, report: Report) -> None:
        for policy in document.policies(*_TOKEN_METRICS):
            _over(policy.source.children, "dimensions of a token metric", report)
        for policy in document.policies("emit-metric"):
            if isinstance(policy, EmitMetric):
                _over([d.source for d in policy.dimensions if d.is_custom], "custom dimensions of a metric", report)


def _over(found: Sequence[Element], what: str, report: Report) -> None:
    if _CAP < len(found) <= _MOST:  # more than that is refused
        report(found[_CAP], f"of {len(found)} {what} only {_CAP} are kept", help="leave out what nobody looks at")
