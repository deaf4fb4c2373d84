"""`llm-content-safety`: have prompts and completions checked by Azure AI Content Safety."""

from __future__ import annotations

from typing import TYPE_CHECKING

from apimpy.policies._llm.call import LlmCall, keep_readable, llm_call
from apimpy.policies._llm.prompt import inspected_text
from apimpy.policies._llm.spent import is_json, message_of, reader_of
from apimpy.policies._llm.texts import completion_texts
from apimpy.policies._safety import Held, Judge, Rules, Unjudged
from apimpy.policy.base import Action, Item, Policy
from apimpy.policy.fields import attr, child, children, text
from apimpy.policy.value import Value
from apimpy.runtime.exchange import ResponseHook
from apimpy.runtime.faults import PolicyFault
from apimpy.runtime.flow import BODY_REQUEST, Flow

if TYPE_CHECKING:
    from apimpy.policy.plan import Plan
    from apimpy.runtime.exchange import Exchange

__all__ = ["LlmContentSafety"]


class Category(Item, element="category"):
    """A kind of harm, and from which severity on it blocks."""

    name: Value[str] = attr(allowed=("Hate", "SelfHarm", "Sexual", "Violence"), doc="The kind.")
    threshold: Value[int] = attr(minimum=0, maximum=7, doc="Least severity that blocks; 0: everything.")


class Categories(Item, element="categories"):
    """The kinds of harm to look for."""

    output_type: Value[str] = attr(
        default="FourSeverityLevels",
        allowed=("FourSeverityLevels", "EightSeverityLevels"),
        doc="Severities 0, 2, 4, 6, or 0 to 7.",
    )
    items: tuple[Category, ...] = children(Category, at_least=1)


class BlocklistId(Item, element="id"):
    """A blocklist of the service."""

    content: Value[str] = text(doc="Its name.")


class Blocklists(Item, element="blocklists"):
    """Lists of terms that block."""

    items: tuple[BlocklistId, ...] = children(BlocklistId, at_least=1)


class LlmContentSafety(
    Policy,
    element="llm-content-safety",
    sections=("inbound", "outbound"),
    scopes=("global", "workspace", "product", "api"),
    category="content-validation",
):
    """Sends the text of a call of a language model to a content safety service, and blocks with 403 what it finds.

    In inbound the prompt is checked, and the completion with `enforce-on-completions`; in outbound the completion.
    What cannot be judged counts as found (`content_safety_fail`); callers never learn what it was, traces and logs do.
    A prompt of more than 10,000 characters is refused, and so is a completion without `window-size`.
    A stream is held back until a window of its text has been judged, and breaks off where something is found.
    """

    backend_id: Value[str] = attr(doc="Backend entity of the service.")
    shield_prompt: Value[bool] = attr(default=False, doc="Look for attacks on the model.")
    enforce_on_completions: Value[bool] = attr(default=False, doc="In inbound: check the completion too.")
    window_size: Value[int] = attr(
        default=10000, unit="characters", doc="Longest text of a response that is sent at once."
    )
    window_overlap_size: Value[int] | None = attr(
        default=None, unit="characters", doc="How much of a text is sent again with the next."
    )
    categories: Categories | None = child(Categories)
    blocklists: Blocklists | None = child(Blocklists, aliases=("block-lists",))

    def prepare(self, plan: Plan) -> Action:
        if plan.section in ("inbound", "backend"):
            return Action(self._check_prompt, True, self.needs() | BODY_REQUEST)
        return Action(self._check_completion, True, self.needs())

    async def _check_prompt(self, ex: Exchange) -> Flow:
        judge = Judge(ex, self.element, self._rules(ex))
        call = await _current(ex)
        try:
            problem = await judge.prompt(inspected_text(call))
        except Unjudged as error:
            problem = self._unjudged(ex, error)
        self._tell(ex, problem)
        if self.enforce_on_completions.get(ex):
            keep_readable(ex, call)
            ex.hooks.append(_Enforcer(self, judge))
        return Flow.NEXT

    async def _check_completion(self, ex: Exchange) -> Flow:
        await self.inspect(ex, Judge(ex, self.element, self._rules(ex)))
        return Flow.NEXT

    async def inspect(self, ex: Exchange, judge: Judge) -> None:
        """Have the response judged, or hold its stream back.  PolicyFault 403."""
        response, call = ex.response, await llm_call(ex)
        if response is None or not 200 <= response.status < 300 or call.kind in ("none", "embeddings"):
            return
        reader = reader_of(call, response)
        body = response.body
        if reader is not None and body.stream is not None:
            body.stream = Held(judge, reader, body.stream, ex.services.options.content_safety_fail == "open")
            return
        data = await body.buffer(ex.services.options.max_buffered_body)
        if reader is not None:
            reader.feed(data)
            reader.finish()
            texts: list[str] | None = reader.transcript.texts()
        else:
            message = message_of(data, response) if is_json(response) else None
            texts = None if message is None else completion_texts(call.kind, message)
        try:
            if texts is None:
                raise Unjudged("the response cannot be read")
            problem = await judge.completion("\n".join(texts))
        except Unjudged as error:
            problem = self._unjudged(ex, error)
        self._tell(ex, problem)

    def _rules(self, ex: Exchange) -> Rules:
        thresholds, output_type = {}, "FourSeverityLevels"
        if self.categories is not None:
            thresholds = {c.name.get(ex): c.threshold.get(ex) for c in self.categories.items}
            output_type = self.categories.output_type.get(ex)
        lists = () if self.blocklists is None else tuple(b.content.get(ex) for b in self.blocklists.items)
        window = None if self.source.get("window-size") is None else max(1, self.window_size.get(ex))
        overlap = 0 if self.window_overlap_size is None else self.window_overlap_size.get(ex)
        return Rules(
            self.backend_id.get(ex), self.shield_prompt.get(ex), output_type, thresholds, lists, window, overlap
        )

    def _unjudged(self, ex: Exchange, error: Unjudged) -> str | None:
        if ex.services.options.content_safety_fail == "open":
            ex.notes.append(f"{self.element}: not judged: {error}")
            return None
        return str(error)

    def _tell(self, ex: Exchange, problem: str | None) -> None:
        """Nothing, or the refusal."""
        if ex.trace is not None:
            ex.trace.note(self.element, {"message": problem or "nothing was found"})
        if problem is not None:
            ex.notes.append(f"{self.element}: {problem}")
            message = "Request failed content safety check."
            raise PolicyFault(self.element, "ContentSafetyPolicyViolated", message, status=403, client_message=message)


async def _current(ex: Exchange) -> LlmCall:
    """The call as it is now: policies may have set another body since somebody looked at it."""
    seen, ex.llm = ex.llm, None
    call = await llm_call(ex)
    ex.llm = seen or call
    return call


class _Enforcer(ResponseHook):
    """An inbound policy that also wants the completion judged."""

    __slots__ = ("_judge", "_policy")

    def __init__(self, policy: LlmContentSafety, judge: Judge) -> None:
        self._policy, self._judge = policy, judge

    async def on_response(self, ex: Exchange) -> None:
        await self._policy.inspect(ex, self._judge)
