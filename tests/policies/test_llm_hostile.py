"""Whatever comes as a request or an answer: reading it for token counting never fails."""

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from apimpy.policies._llm.bound import completion_bound
from apimpy.policies._llm.ending import ending
from apimpy.policies._llm.estimate import prompt_tokens
from apimpy.policies._llm.stream import ArrayReader, FrameReader, SseReader
from apimpy.policies._llm.texts import completion_texts
from apimpy.policies._llm.transcript import Transcript
from apimpy.policies._llm.usage import is_final, usage_in

KINDS = ("chat", "completion", "responses", "embeddings", "anthropic", "gemini", "bedrock", "none")
NAMES_OF_FIELDS = """
    messages role content type text image_url image name tool_calls function tools functions parameters properties
    enum description prompt suffix input instructions output system contents parts inlineData mimeType usage
    prompt_tokens completion_tokens total_tokens input_tokens output_tokens usageMetadata promptTokenCount
    candidates choices delta index message response item block content_block contentBlockDelta contentBlockStart
    contentBlockStop messageStop contentBlockIndex metadata toolUse toolResult start n max_tokens generationConfig
    inferenceConfig response_format json_schema format schema toolConfig prompt_tokens_details cached_tokens
    arguments function_call reasoning_content refusal finish_reason finishReason functionCall args thinking
    partial_json summary output_index sequence_number
"""
WORDS = ("text", "image", "tool_use", "response.created", "content_block_start", "message_delta", "response.text.delta")
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4) | st.sampled_from(WORDS)
NAMES = st.sampled_from(NAMES_OF_FIELDS.split())
VALUES = st.recursive(SCALARS, lambda v: st.lists(v, max_size=3) | st.dictionaries(NAMES, v, max_size=4), max_leaves=20)
PIECES = (b"data: ", b"\n\n", b"\r\n", b'{"a":', b"[DONE]", b"\0\0\0\x20\0\0\0\x04")


class Counter:
    def count(self, text, model):
        return len(text)

    def encoding_name(self, model):
        return "o200k_base"


@settings(max_examples=300)
@given(st.sampled_from(KINDS), st.dictionaries(NAMES, VALUES, max_size=6))
def test_messages_of_any_shape(kind, message):
    assert prompt_tokens(kind, message, "m", Counter()) >= 0
    assert completion_bound(kind, message, 5) >= 0
    for before in (None, usage_in(kind, message)):
        usage = usage_in(kind, message, before)
        assert usage is None or min(usage.prompt, usage.completion, usage.total) >= 0
    assert is_final(kind, message) in (True, False)
    assert all(isinstance(text, str) for text in completion_texts(kind, message))
    transcript = Transcript(kind)
    transcript.take_object(message)
    transcript.take(json.dumps(message).encode())
    assert "".join(transcript.fresh()) == "".join(transcript.texts())
    assert ending(transcript, 1, 2)


@settings(max_examples=200)
@given(st.lists(st.binary(max_size=40) | st.sampled_from(PIECES), max_size=8), st.sampled_from(KINDS), st.booleans())
def test_streams_of_any_bytes(chunks, kind, packed):
    encoding = "gzip" if packed else None
    for reader in (SseReader(kind, encoding), FrameReader(kind), ArrayReader(kind, encoding)):
        for chunk in chunks:
            reader.feed(chunk)
            end = reader.boundary(chunk)
            assert end is None or 0 <= end <= len(chunk)
        reader.finish()
        assert reader.transcript.size >= 0
