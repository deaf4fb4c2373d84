"""What policies do when the store of their state does not answer: what their class says, with a note and no failure."""

import inspect

import pytest

from apimpy.backends.entity import Backend
from apimpy.backends.registry import Backends
from apimpy.policies import catalogue
from apimpy.runtime.exchange import Api, Operation, Subscription
from apimpy.runtime.message import Url
from apimpy.runtime.ports import StoreUnavailable

ROWS = {
    "rate-limit": '<rate-limit calls="1" renewal-period="60" />',
    "rate-limit-by-key": '<rate-limit-by-key calls="1" renewal-period="60" counter-key="k" />',
    "quota": '<quota calls="1" bandwidth="1" renewal-period="3600" />',
    "quota-by-key": '<quota-by-key calls="1" bandwidth="1" renewal-period="3600" counter-key="k" />',
    "llm-token-limit": '<llm-token-limit counter-key="k" tokens-per-minute="1" />',
    "azure-openai-token-limit": '<azure-openai-token-limit counter-key="k" tokens-per-minute="1" />',
    "limit-concurrency": '<limit-concurrency key="k" max-count="1"><set-variable name="in" value="1" />'
    "</limit-concurrency>",
    "cache-lookup": '<cache-lookup vary-by-developer="false" vary-by-developer-groups="false" />',
    "cache-store": '<cache-lookup vary-by-developer="false" vary-by-developer-groups="false" />',
    "cache-lookup-value": '<cache-lookup-value key="k" variable-name="v" default-value="none" />',
    "cache-store-value": '<cache-store-value key="k" value="v" duration="60" />',
    "cache-value": '<cache-value key="k" variable-name="v"><value><set-variable name="v" value="made" /></value>'
    "</cache-value>",
    "cache-remove-value": '<cache-remove-value key="k" />',
} | {
    f"{kind}-semantic-cache-{verb}": f'<{kind}-semantic-cache-lookup score-threshold="0.1"'
    ' embeddings-backend-id="embed" embeddings-backend-auth="system-assigned" />'
    for kind in ("llm", "azure-openai")
    for verb in ("lookup", "store")
}
OUTBOUND = {"cache-store": '<cache-store duration="60" />'} | {
    f"{kind}-semantic-cache-store": f'<{kind}-semantic-cache-store duration="60" />' for kind in ("llm", "azure-openai")
}
EMBED = Backend("embed", Url.parse("http://embed.test/embeddings"))
CHAT = ("POST", "https://gw.test/openai/deployments/gpt-4o/chat/completions")


class Away:
    """Every port of state, and no answer."""

    def __getattr__(self, verb):
        async def call(*args):
            raise StoreUnavailable("away")

        return call


def keeping_state():
    return {p.element: p.without_state for p in catalogue() if p.without_state}


def test_the_rows_are_the_policies_that_say_so():
    assert keeping_state().keys() == ROWS.keys()
    assert set(keeping_state().values()) == {"open", "miss"}


@pytest.mark.parametrize("element", ROWS)
async def test_the_request_passes(kit, element):
    h = kit.Harness()
    away = Away()
    h.services.counters = h.services.token_store = h.services.concurrency = h.services.cache = away
    h.services.vectors, h.services.backends = away, Backends({"embed": EMBED})
    ex = h.exchange()
    asked = 1
    if "semantic" in element:  # an embedding comes before
        asked = 2
        ex = h.exchange(*CHAT, body=b'{"messages": [{"role": "user", "content": "Hi"}]}')
        h.transport.answers.insert(0, kit.reply(200, b'{"data": [{"embedding": [1, 0]}]}'))
    ex.subscription, ex.api = Subscription("s", "s"), Api("a", "A")
    ex.operation = Operation("o", "O", "GET", "/orders")
    await h.run(("api", kit.policies(inbound=ROWS[element], outbound=OUTBOUND.get(element, "<base />"))), ex=ex)
    await h.finish(ex)
    assert ex.response.status == 200
    assert len(h.transport.sent) == asked
    assert f"{element}: away" in ex.notes
    if element == "limit-concurrency":
        assert ex.variables["in"] == "1"
    if element == "cache-value":
        assert ex.variables["v"] == "made"
    if element == "cache-lookup-value":
        assert ex.variables["v"] == "none"


async def test_a_place_that_cannot_be_given_back_now(kit):
    """Inside already when the store goes away: what ran inside stands."""
    h = kit.Harness()

    class Gate:
        async def enter(self, key, limit):
            return True

        async def leave(self, key):
            raise StoreUnavailable("away")

    h.services.concurrency = Gate()
    ex = h.exchange()
    await h.run(("api", kit.policies(inbound=ROWS["limit-concurrency"])), ex=ex)
    assert (ex.response.status, ex.variables["in"], ex.notes) == (200, "1", ["limit-concurrency: away"])


def test_whoever_asks_a_store_says_what_happens_without():
    """By their source: the ports of state are reached through these words."""
    words = (
        "services.counters",
        "services.token_store",
        "services.concurrency",
        "services.vectors",
        "asked(",
        "take(ex",
    )
    for policy in catalogue():
        texts = [inspect.getsource(inspect.getmodule(c)) for c in policy.__mro__ if c.__module__ != "builtins"]
        asks = any(word in text for text in texts for word in words)
        assert asks == (policy.without_state is not None), policy.element
