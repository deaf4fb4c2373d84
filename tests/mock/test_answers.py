"""The shapes without a socket: whatever a body holds, they answer or refuse."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apimpy.mock import anthropic, chat, embeddings, responses, safety
from apimpy.mock.answers import Speaker
from apimpy.mock.call import Call, Events, Refusal

if TYPE_CHECKING:
    from collections.abc import Callable

    from apimpy.tokens.counter import TiktokenCounter

SHAPES: dict[str, Callable[[Call, Speaker], Any]] = {
    "chat": chat.chat,
    "completions": chat.completions,
    "responses": responses.responses,
    "messages": anthropic.messages,
    "count": anthropic.count_tokens,
    "embeddings": embeddings.embeddings,
    "analyze": safety.analyze,
    "shield": safety.shield,
}
WORDS = ("role", "content", "user", "text", "type", "image_url", "function", "name", "parameters", "properties", "enum")
LEAVES = st.none() | st.booleans() | st.integers(-2, 2**63) | st.floats(allow_nan=False) | st.sampled_from(WORDS)
VALUES = st.recursive(
    LEAVES | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(WORDS), inner, max_size=4),
    max_leaves=8,
)
MEMBERS = (
    "model messages prompt input n stop stop_sequences max_tokens max_completion_tokens max_output_tokens stream "
    "stream_options tools tool_choice response_format system instructions metadata text dimensions encoding_format "
    "suffix categories blocklistNames outputType userPrompt documents"
)
BODIES = st.dictionaries(st.sampled_from(MEMBERS.split()), VALUES, max_size=8)
USUAL = {
    "messages": [{"role": "user", "content": "hi"}],
    "prompt": "hi",
    "input": "hi",
    "max_tokens": 9,
    "text": "hi",
    "userPrompt": "hi",
}


@pytest.mark.parametrize("shape", SHAPES)
@settings(max_examples=40, deadline=None)
@given(body=BODIES, sound=st.booleans(), azure=st.booleans())
def test_no_body_is_an_error_of_ours(
    counter: TiktokenCounter, shape: str, body: dict[str, Any], sound: bool, azure: bool
) -> None:
    """An answer that is JSON, or a refusal."""
    whole = {**USUAL, **body} if sound else body
    call = Call(json.dumps(whole).encode(), whole, "gpt-4o", azure, {"anthropic-version": "1"})
    try:
        answer = SHAPES[shape](call, Speaker(counter))
    except Refusal:
        return
    written = orjson.dumps(answer.events if isinstance(answer, Events) else answer)
    assert written.startswith(b"[" if isinstance(answer, Events) else b"{")


@given(text=st.text(max_size=60), limit=st.integers(1, 20), stop=st.text(max_size=3))
@settings(max_examples=100, deadline=None)
def test_pieces_make_the_text_within_its_limits(counter: TiktokenCounter, text: str, limit: int, stop: str) -> None:
    """The text is a beginning of what is said, holds no stop sequence, and costs no more than allowed."""
    stops = [stop] if stop else []
    answer = Speaker(counter).say(text, "gpt-4o", limit, stops)
    assert "".join(answer.pieces) == answer.text
    assert f"You said: {text}".startswith(answer.text)
    assert answer.tokens <= limit
    assert not stop or stop not in answer.text
    assert (answer.stop is not None) <= (answer.reason == "stop")


SAID = "You said: one two three"
ENDS: list[tuple[list[str], str, str | None]] = [
    ([], SAID, None),
    (["nowhere"], SAID, None),
    (["three", "two"], "You said: one ", "two"),
    (["two", "two three"], "You said: one ", "two three"),  # of two at one place, the longer
    (["Y"], "", "Y"),
]


@pytest.mark.parametrize(("stops", "text", "stop"), ENDS)
def test_the_first_stop_sequence_ends_the_answer(
    counter: TiktokenCounter, stops: list[str], text: str, stop: str | None
) -> None:
    answer = Speaker(counter).say("one two three", "gpt-4o", None, stops)
    assert (answer.text, answer.stop, answer.reason) == (text, stop, "stop")


def test_variants_differ(counter: TiktokenCounter) -> None:
    texts = [Speaker(counter, fixed).say("hi", "gpt-4o", variant=i).text for fixed in ("fixed", None) for i in range(3)]
    assert all(a != b for a, b in pairwise(texts))
    assert texts[0] == "fixed"


def test_a_long_text_comes_in_pieces(counter: TiktokenCounter) -> None:
    text = "naïve 🚀🚀 日本語 " * 400
    answer = Speaker(counter, text).say("", "gpt-4o")
    assert "".join(answer.pieces) == text == answer.text
    assert len(answer.pieces) > 400
