"""What a request to a model is, what its prompt costs, what a response reports."""

import json
import zlib

import pytest

from apimpy.policies._llm.call import llm_call
from apimpy.policies._llm.estimate import prompt_tokens
from apimpy.policies._llm.stream import SseReader
from apimpy.policies._llm.texts import completion_texts
from apimpy.policies._llm.usage import Usage, usage_in

M = [{"role": "user", "content": "hi"}]
GW = "http://gw.test"


@pytest.mark.parametrize(
    ("path", "body", "expected"),
    [
        ("/v1/chat/completions", {"messages": M, "model": "gpt-4o"}, ("chat", "gpt-4o", False)),
        ("/openai/deployments/dep/chat/completions", {"messages": M, "stream": True}, ("chat", "dep", True)),
        ("/v1/chat/completions", {"messages": M, "stream": "true"}, ("chat", None, False)),
        ("/v1/completions", {"prompt": "x", "model": "m"}, ("completion", "m", False)),
        ("/v1/responses", {"input": "x", "model": "m"}, ("responses", "m", False)),
        ("/v1/responses", {"input": "x", "messages": M}, ("none", None, False)),
        ("/v1/embeddings", {"input": ["x"], "model": "e"}, ("embeddings", "e", False)),
        ("/v1/messages", {"messages": M, "system": "s", "model": "claude"}, ("anthropic", "claude", False)),
        ("/v1/messages", {"messages": M, "max_tokens": 1}, ("none", None, False)),
        ("/v1beta/models/gemini-2:generateContent", {"contents": []}, ("gemini", "gemini-2", False)),
        ("/v1beta/models/gemini-2:streamGenerateContent", {"contents": []}, ("gemini", "gemini-2", True)),
        ("/model/nova/converse", {"messages": []}, ("bedrock", "nova", False)),
        ("/model/nova/converse-stream", {"messages": []}, ("bedrock", "nova", True)),
        ("/v1/models", {"messages": M}, ("none", None, False)),
        ("/v1/chat/completions/", {"messages": M}, ("chat", None, False)),
        ("/V1/Chat/Completions", {"messages": M}, ("chat", None, False)),
        ("/v1/models/g:StreamGenerateContent", {"contents": []}, ("gemini", "g", True)),
        ("/v1/chat/completions", {"messages": M, "stream": 1}, ("chat", None, False)),
        ("/v1/chat/completions", {"messages": M, "model": 5}, ("chat", None, False)),
        ("/v1/embeddings", {"input": "x", "stream": True}, ("embeddings", None, True)),
        ("/v1/chat/completions", ["no", "object"], ("none", None, False)),
        ("/v1/chat/completions", {"prompt": "x"}, ("none", None, False)),
    ],
)
async def test_classification(h, path, body, expected):
    ex = h.exchange("POST", GW + path, body=json.dumps(body).encode())
    call = await llm_call(ex)
    assert (call.kind, call.model, call.stream) == expected
    assert await llm_call(ex) is call
    assert not ex.request.body.consumed


@pytest.mark.parametrize(("method", "body"), [("GET", b""), ("POST", b"{"), ("POST", b"\xff"), ("PUT", b"{}")])
async def test_no_call(h, method, body):
    ex = h.exchange(method, f"{GW}/v1/chat/completions", body=body)
    assert (await llm_call(ex)).kind == "none"


async def test_a_path_that_policies_rewrote(h, kit):
    ex = h.exchange("POST", f"{GW}/ask", body=json.dumps({"messages": M}).encode())
    ex.operation_path = "/openai/deployments/dep/chat/completions"
    call = await llm_call(ex)
    assert (call.kind, call.model) == ("chat", "dep")


def packed(data):
    packer = zlib.compressobj(wbits=31)
    return packer.compress(data) + packer.flush()


@pytest.mark.parametrize(
    ("data", "encoding", "kind"),
    [
        (b'\xef\xbb\xbf{"messages": []}', None, "chat"),
        (b'{"messages": [{"content": "\\ud800"}]}', None, "chat"),
        (b'{"messages": [], "temperature": NaN}', None, "chat"),
        (packed(b'{"messages": []}'), "gzip", "chat"),
        (packed(b'{"messages": []}'), None, "none"),
        (b'{"messages": []}', "gzip", "chat"),
        (b"[" * 100_000, None, "none"),
        (b'{"messages": [' + b"[" * 3000 + b"]" * 3000 + b"]}", None, "none"),
        (b"", None, "none"),
    ],
)
async def test_bodies_that_some_models_read(h, data, encoding, kind):
    headers = [("Content-Encoding", encoding)] if encoding else []
    ex = h.exchange("POST", f"{GW}/v1/chat/completions", body=data, headers=headers)
    call = await llm_call(ex)
    assert call.kind == kind
    assert await call.estimate(h.services.token_counter) >= 0
    assert ex.request.body.data == data


def nested(depth, inside):
    return json.loads("[" * depth + inside + "]" * depth)


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/embeddings", {"input": nested(900, '"x"')}),
        ("/v1/chat/completions", {"messages": [{"role": "user", "tool_calls": nested(900, "1")}]}),
        ("/v1/chat/completions", {"messages": [{"role": "user", "tool_calls": nested(300, "1")}]}),
        ("/v1/chat/completions", {"messages": [], "response_format": {"json_schema": nested(900, "1")}}),
    ],
)
async def test_bodies_nested_too_deeply_are_counted_roughly(h, path, body):
    data = json.dumps(body).encode()
    call = await llm_call(h.exchange("POST", GW + path, body=data))
    assert len(data) // 8 < await call.estimate(h.services.token_counter) <= len(data)


async def test_deployment_parameter_and_options(h):
    body = json.dumps({"messages": M, "system": "s"}).encode()
    ex = h.exchange("POST", f"{GW}/chat/completions", body=body, matched_parameters={"deployment-id": "d"})
    assert (await llm_call(ex)).model == "d"
    h.options(anthropic_parsing="off")
    ex = h.exchange("POST", f"{GW}/v1/messages", body=body)
    assert (await llm_call(ex)).kind == "none"


IMAGE = {"type": "image_url", "image_url": {"url": "data:"}}
TOOL = {
    "type": "function",
    "function": {
        "name": "f",
        "description": "dd",
        "parameters": {"properties": {"p": {"type": "t", "description": "d", "enum": ["a", "bb"]}}},
    },
}


class Counter:
    """One token a character."""

    def __init__(self, encoding="o200k_base"):
        self.encoding = encoding

    def count(self, text, model):
        return len(text)

    def encoding_name(self, model):
        return self.encoding


@pytest.mark.parametrize(
    ("kind", "body", "model", "tokens"),
    [
        ("none", {}, None, 0),
        ("chat", {"messages": M}, "m", 3 + 3 + 4 + 2),
        ("chat", {"messages": [*M, *M]}, "m", 3 + 2 * 9),
        ("chat", {"messages": [{"role": "user", "content": "hi", "name": "bob"}]}, "m", 3 + 9 + 1 + 3),
        (
            "chat",
            {"messages": [{"role": "user", "content": "hi", "name": "bob"}]},
            "gpt-3.5-turbo-0301",
            3 + 10 - 1 + 3,
        ),
        (
            "chat",
            {"messages": [{"role": "user", "content": [{"type": "text", "text": "hi"}, IMAGE]}]},
            "m",
            3 + 9 + 1200,
        ),
        ("chat", {"messages": [{"role": "a", "content": None, "tool_calls": [1]}]}, "m", 3 + 3 + 1 + 3),
        ("chat", {"messages": [], "tools": [TOOL]}, "m", 3 + 12 + 7 + 1 + 2 + 3 + 3 + 1 + 1 + 1 - 3 + 3 + 1 + 3 + 2),
        ("chat", {"messages": [], "functions": [{"name": "f"}]}, "m", 3 + 12 + 7 + 1),
        ("chat", {"messages": [], "response_format": {"json_schema": {"b": 1, "a": 2}}}, "m", 3 + len('{"a":2,"b":1}')),
        ("chat", {"messages": ["odd", 5]}, "m", 3 + 6),
        ("completion", {"prompt": "abc", "suffix": "d"}, "m", 4),
        ("completion", {"prompt": ["ab", "c"]}, "m", 3),
        ("completion", {"prompt": [1, 2, 3]}, "m", 3),
        ("embeddings", {"input": [[1, 2], [3]]}, "m", 3),
        ("embeddings", {"input": None}, "m", 0),
        ("responses", {"input": "hi"}, "m", 3 + 9),
        ("responses", {"input": M, "instructions": "do"}, "m", 3 + 2 + 9),
        ("responses", {"input": [{"type": "function_call_output", "output": "abc"}]}, "m", 3 + 3 + 3),
        ("anthropic", {"system": "ss", "messages": M}, "m", 2 + 3 + 2),
        (
            "anthropic",
            {"messages": [{"role": "user", "content": [{"type": "image"}]}], "tools": [1]},
            "m",
            3 + 1200 + 3,
        ),
        (
            "gemini",
            {"systemInstruction": {"parts": [{"text": "s"}]}, "contents": [{"parts": [{"text": "hi"}]}]},
            "m",
            3,
        ),
        ("gemini", {"contents": [{"parts": [{"inlineData": {"mimeType": "image/png"}}]}]}, "m", 1200),
        ("bedrock", {"messages": [{"role": "user", "content": [{"text": "hi"}]}]}, "m", 3 + 9),
        (
            "gemini",
            {"system_instruction": {"parts": [{"text": "ss"}]}, "contents": [{"parts": [{"text": "hi"}]}]},
            "m",
            4,
        ),
        (
            "bedrock",
            {
                "messages": [
                    {"role": "user", "content": [{"image": {}}, {"toolResult": {"content": [{"text": "hi"}]}}]},
                    {"role": "user", "content": [{"toolUse": {"name": "f", "input": {}}}]},
                ],
                "toolConfig": {"tools": [1]},
            },
            "m",
            3 + 3 + 4 + 1200 + 2 + 3 + 4 + 1 + 2 + 3,
        ),
    ],
)
def test_prompt_estimate(kind, body, model, tokens):
    assert prompt_tokens(kind, body, model, Counter()) == tokens


def test_functions_cost_more_in_the_older_encoding():
    body = {"messages": [], "functions": [{"name": "f"}]}
    assert prompt_tokens("chat", body, "m", Counter("cl100k_base")) == 3 + 12 + 10 + 1


CHAT = {"prompt_tokens": 3, "completion_tokens": 4, "total_tokens": 7}


@pytest.mark.parametrize(
    ("kind", "message", "usage"),
    [
        ("chat", {"usage": CHAT}, Usage(3, 4, 7)),
        ("none", {"usage": CHAT}, Usage(3, 4, 7)),
        ("chat", {"usage": {"prompt_tokens": 3, "completion_tokens": 4}}, Usage(3, 4, 7)),
        (
            "chat",
            {
                "usage": {
                    **CHAT,
                    "prompt_tokens_details": {"cached_tokens": 1},
                    "completion_tokens_details": {"reasoning_tokens": 2},
                }
            },
            Usage(3, 4, 7, 1, 2),
        ),
        ("embeddings", {"usage": {"prompt_tokens": 5, "total_tokens": 5}}, Usage(5, 0, 5)),
        (
            "responses",
            {
                "usage": {
                    "input_tokens": 1,
                    "output_tokens": 2,
                    "total_tokens": 3,
                    "input_tokens_details": {"cached_tokens": 1},
                }
            },
            Usage(1, 2, 3, 1),
        ),
        ("responses", {"response": {"usage": {"input_tokens": 1, "output_tokens": 2}}}, Usage(1, 2, 3)),
        (
            "anthropic",
            {
                "usage": {
                    "input_tokens": 1,
                    "cache_creation_input_tokens": 2,
                    "cache_read_input_tokens": 4,
                    "output_tokens": 8,
                }
            },
            Usage(7, 8, 15, 4),
        ),
        (
            "gemini",
            {
                "usageMetadata": {
                    "promptTokenCount": 1,
                    "candidatesTokenCount": 2,
                    "thoughtsTokenCount": 4,
                    "totalTokenCount": 7,
                }
            },
            Usage(1, 6, 7, None, 4),
        ),
        ("bedrock", {"usage": {"inputTokens": 1, "outputTokens": 2, "totalTokens": 3}}, Usage(1, 2, 3)),
        ("bedrock", {"usage": {"inputTokens": 9, "outputTokens": 2, "cacheReadInputTokens": 4}}, Usage(9, 2, 11, 4)),
        ("bedrock", {"metadata": {"usage": {"inputTokens": 1, "outputTokens": 2}}}, Usage(1, 2, 3)),
        ("chat", {"usage": {**CHAT, "total_tokens": None}}, Usage(3, 4, 7)),
        ("chat", {"usage": {**CHAT, "total_tokens": 0}}, Usage(3, 4, 7)),
        ("chat", {"usage": {"prompt_tokens": 3.0, "completion_tokens": 4.0, "total_tokens": 7.0}}, Usage(3, 4, 7)),
        ("chat", {"usage": {"prompt_tokens": -3, "completion_tokens": "4", "total_tokens": True}}, Usage(0, 0, 0)),
        ("chat", {"usage": {"prompt_tokens": float("nan"), "completion_tokens": 1e300}}, Usage(0, 0, 0)),
        ("chat", {"usage": {"completion_tokens": 4}}, Usage(0, 4, 4)),
        (
            "chat",
            {"usage": {**CHAT, "prompt_tokens_details": {"cached_tokens": None}, "completion_tokens_details": 5}},
            Usage(3, 4, 7),
        ),
        (
            "none",
            {"usageMetadata": {"promptTokenCount": 1, "candidatesTokenCount": 2, "cachedContentTokenCount": 0}},
            Usage(1, 2, 3, 0),
        ),
        ("none", {"usage": {"input_tokens": 1, "cache_read_input_tokens": 4, "output_tokens": 8}}, Usage(5, 8, 13, 4)),
        ("gemini", {"usageMetadata": "odd"}, None),
        ("chat", {"usage": None}, None),
        ("chat", {"usage": {}}, None),
        ("chat", {}, None),
    ],
)
def test_usage(kind, message, usage):
    assert usage_in(kind, message) == usage


@pytest.mark.parametrize(
    ("kind", "message", "text"),
    [
        ("chat", {"choices": [{"message": {"content": "a"}}, {"message": {"content": "b"}}]}, "ab"),
        ("chat", {"choices": [{"message": {"tool_calls": [{"function": {"name": "f", "arguments": "{}"}}]}}]}, "f{}"),
        ("completion", {"choices": [{"text": "x"}]}, "x"),
        ("responses", {"output": [{"content": [{"text": "x"}]}, {"name": "f", "arguments": "{}"}]}, "xf{}"),
        ("anthropic", {"content": [{"type": "text", "text": "x"}]}, "x"),
        ("gemini", {"candidates": [{"content": {"parts": [{"text": "x"}]}}]}, "x"),
        ("bedrock", {"output": {"message": {"content": [{"text": "x"}]}}}, "x"),
        (
            "bedrock",
            {"output": {"message": {"content": [{"toolUse": {"name": "f", "input": {"a": 1}}}]}}},
            'f{"a":1}',
        ),
        (
            "bedrock",
            {"output": {"message": {"content": [{"reasoningContent": {"reasoningText": {"text": "r"}}}]}}},
            "r",
        ),
        ("chat", {"choices": [{"message": {"reasoning_content": "r", "content": "x", "refusal": "no"}}]}, "rxno"),
        (
            "chat",
            {"choices": [{"message": {"content": None, "function_call": {"name": "f", "arguments": "{}"}}}]},
            "f{}",
        ),
        ("anthropic", {"content": [{"type": "tool_use", "name": "f", "input": {}}, {"thinking": "t"}]}, "f{}t"),
        ("gemini", {"candidates": [{"content": {"parts": [{"functionCall": {"name": "f", "args": {}}}]}}]}, "f{}"),
        ("responses", {"output": [{"type": "reasoning", "summary": [{"text": "s"}]}]}, "s"),
        ("anthropic", {"content": [{"type": "tool_use", "name": "f", "input": nested(300, "1")}]}, "f"),
        ("chat", {"choices": "odd"}, ""),
    ],
)
def test_completion_texts(kind, message, text):
    assert "".join(completion_texts(kind, message)) == text


def chunk(text, index=0, **more):
    return {"choices": [{"index": index, "delta": {"content": text}, "finish_reason": None}], **more}


def sse(*events, end="\n\n"):
    lines = [f"data: {e if isinstance(e, str) else json.dumps(e, separators=(',', ':'))}{end}" for e in events]
    return "".join(lines).encode()


CHAT_STREAM = [
    chunk("He"),
    chunk('l"l\n'),
    chunk("ö\U0001f600"),
    chunk("!", 1),
    {"choices": [], "usage": CHAT},
    "[DONE]",
]
STREAMS = [
    ("chat", sse(chunk(None, usage=None) | {"choices": [{"index": 0, "delta": {"refusal": "no"}}]}), "no", None),
    (
        "responses",
        sse(
            {"type": "response.output_item.added", "output_index": 0, "item": {"type": "function_call", "name": "f"}},
            {"type": "response.function_call_arguments.delta", "output_index": 0, "delta": "{}"},
            {"type": "response.output_audio.delta", "output_index": 0, "delta": "AAAA"},
            {"type": "response.reasoning_summary_text.delta", "output_index": 0, "delta": "r"},
        ),
        "f{}r",
        None,
    ),
    (
        "anthropic",
        sse(
            {"type": "content_block_start", "index": 0, "content_block": {"type": "tool_use", "name": "f"}},
            {"type": "content_block_delta", "index": 0, "delta": {"type": "input_json_delta", "partial_json": "{}"}},
        ),
        "f{}",
        None,
    ),
    (
        "chat",
        b"".join(b'data: {"choices":[{"index":0,"delta":{"content":"\\u%s"}}]}\n\n' % u for u in (b"d83d", b"de00")),
        "\U0001f600",
        None,
    ),
    ("chat", sse(*CHAT_STREAM), 'Hel"l\nö\U0001f600!', Usage(3, 4, 7)),
    ("chat", sse(*CHAT_STREAM, end="\r\n\r\n"), 'Hel"l\nö\U0001f600!', Usage(3, 4, 7)),
    ("chat", sse(chunk("a", usage=None), chunk("b", usage=CHAT)), "ab", Usage(3, 4, 7)),
    ("chat", b": ping\n\nevent: x\ndata: " + json.dumps(chunk("a")).encode() + b"\n\ndata: {broken\n\n", "a", None),
    ("chat", b'data: {"choices":[{"index":0,\ndata: "delta":{"content":"x"}}]}\n\n', "x", None),
    ("chat", sse(chunk("a")) + b"data: " + json.dumps(chunk("b")).encode(), "ab", None),
    ("chat", sse({"choices": [], "prompt_filter_results": []}, chunk("a")), "a", None),
    (
        "chat",
        sse(
            {"choices": [{"index": 0, "delta": {"tool_calls": [{"function": {"name": "f", "arguments": '{"a":1}'}}]}}]}
        ),
        'f{"a":1}',
        None,
    ),
    ("completion", sse({"choices": [{"text": "a"}]}, {"choices": [{"text": "b"}]}, "[DONE]"), "ab", None),
    (
        "responses",
        sse(
            {"type": "response.output_text.delta", "delta": "a"},
            {"type": "response.completed", "response": {"usage": {"input_tokens": 1, "output_tokens": 2}}},
        ),
        "a",
        Usage(1, 2, 3),
    ),
    (
        "anthropic",
        sse(
            {"type": "message_start", "message": {"usage": {"input_tokens": 5, "output_tokens": 1}}},
            {"type": "content_block_delta", "delta": {"type": "text_delta", "text": "a"}},
            {"type": "message_delta", "usage": {"output_tokens": 7}},
        ),
        "a",
        Usage(5, 7, 12),
    ),
    (
        "gemini",
        sse(
            {"candidates": [{"content": {"parts": [{"text": "a"}]}}], "usageMetadata": {"promptTokenCount": 1}},
            {"usageMetadata": {"promptTokenCount": 1, "candidatesTokenCount": 2, "totalTokenCount": 3}},
        ),
        "a",
        Usage(1, 2, 3),
    ),
]


@pytest.mark.parametrize(("kind", "data", "text", "usage"), STREAMS)
@pytest.mark.parametrize("size", [1, 3, 7, 10_000])
def test_streams_cut_anywhere(kind, data, text, usage, size):
    reader = SseReader(kind, None)
    for at in range(0, len(data), size):
        reader.feed(data[at : at + size])
    reader.finish()
    assert ("".join(reader.transcript.texts()), reader.transcript.usage) == (text, usage)


def test_compressed_stream():
    packer = zlib.compressobj(wbits=31)
    data = packer.compress(sse(*CHAT_STREAM)) + packer.flush()
    reader = SseReader("chat", "gzip")
    for at in range(0, len(data), 5):
        reader.feed(data[at : at + 5])
    assert reader.transcript.usage == Usage(3, 4, 7)
    broken = SseReader("chat", "gzip")
    broken.feed(b"not gzip")
    assert broken.transcript.usage is None
