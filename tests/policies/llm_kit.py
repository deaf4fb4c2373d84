"""Calls of models through the harness, for the tests of the token policies.

One token is one character (the harness counts that way); `PROMPT` is estimated at `ESTIMATE` tokens.
"""

import json

PROMPT = {"messages": [{"role": "user", "content": "hi"}], "model": "m"}
STREAMED = {**PROMPT, "stream": True}
ESTIMATE = 3 + 3 + 4 + 2
URL = "http://gw.test/v1/chat/completions"
NAMES = {
    "remaining_tokens_header_name": "left",
    "remaining_tokens_variable_name": "left",
    "remaining_quota_tokens_header_name": "quota-left",
    "remaining_quota_tokens_variable_name": "quota-left",
    "tokens_consumed_header_name": "used",
    "tokens_consumed_variable_name": "used",
    "retry_after_variable_name": "wait",
}


def limit(tokens_per_minute=None, key="k", element="llm-token-limit", **attributes):
    """A limit that shows everything it can; attributes with `_` for `-`, None: left out."""
    attributes = {"counter_key": key, "tokens_per_minute": tokens_per_minute, **NAMES, **attributes}
    named = (f'{k.replace("_", "-")}="{v}"' for k, v in attributes.items() if v is not None)
    return f"<{element} {' '.join(named)} />"


def quota(tokens, period="Hourly", **attributes):
    return limit(token_quota=tokens, token_quota_period=period, **attributes)


def usage(total, prompt=10):
    return {"usage": {"prompt_tokens": prompt, "completion_tokens": total - prompt, "total_tokens": total}}


def answer(kit, body, status=200, kind="application/json", stream=None):
    """A backend's answer; `stream`: it comes in these pieces."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return lambda r: kit.reply(status, data, [("Content-Type", kind)], None if stream is None else kit.Stream(*stream))


def streamed(kit, chunks, kind="text/event-stream"):
    return answer(kit, b"", kind=kind, stream=chunks)


async def call(h, kit, inbound, body=PROMPT, url=URL, finish=True, **parts):
    """One call through a policy; its body relayed to the end."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    headers = parts.pop("headers", ())
    ex = h.exchange("POST", url, body=data, headers=headers)
    await h.run(kit.policies(inbound=inbound, **parts), ex=ex)
    if finish:
        await h.finish(ex)
    return ex


async def spend(h, kit, inbound, total, **rest):
    """A call that costs so much."""
    h.transport.answers = [answer(kit, usage(total, 0))]
    return await call(h, kit, inbound, **rest)


async def left(h, kit, tokens_per_minute=None, key="k", **attributes):
    """Tokens left for the key now, by a call that costs nothing; a header's text."""
    ex = await spend(h, kit, limit(tokens_per_minute, key, **attributes), 0)
    return ex.response.headers["left" if tokens_per_minute else "quota-left"]


def shown(ex):
    return ex.response.status, ex.response.headers.get("left"), ex.response.headers.get("used")


def refusal(ex):
    """Status, body and the seconds to wait."""
    return ex.response.status, json.loads(ex.response.body.wire())["message"], ex.response.headers.get("Retry-After")


def sse(*events):
    """Events as a server sends them; a text stands for itself."""
    return [f"data: {e if isinstance(e, str) else json.dumps(e)}\n\n".encode() for e in events]


def events(*texts, reported=None):
    """A chat stream."""
    out = [{"id": "c1", "choices": [{"index": 0, "delta": {"content": t}}]} for t in texts]
    if reported:
        out.append({"choices": [], "usage": reported})
    return sse(*out, "[DONE]")
