"""`proxy`: which request goes through which proxy.  The transport's side is `tests/gateway/test_dial.py`."""

import pytest

from apimpy.backends.entity import Backend
from apimpy.backends.registry import Backends
from apimpy.runtime.message import Dial, Url

PROXY = '<proxy url="http://proxy.test:3128" username="ann" password="@(\'p\' + \'w\')" />'
THROUGH = Dial(proxy="http://proxy.test:3128", account=("ann", "pw"))


@pytest.mark.step("proxy 1")
@pytest.mark.parametrize(
    ("inbound", "dial"),
    [
        ("", None),
        (PROXY, THROUGH),
        ('<proxy url=" http://proxy.test " />', Dial(proxy="http://proxy.test")),
        (PROXY + '<proxy url="http://other.test:1" />', Dial(proxy="http://other.test:1")),
        ('<set-backend-service backend-id="b" />', Dial(chain=False, proxy="http://mine.test:1")),
        (
            PROXY + '<set-backend-service backend-id="b" />',
            Dial(chain=False, proxy=THROUGH.proxy, account=THROUGH.account),
        ),
    ],
)
async def test_forwarding(h, kit, inbound, dial):
    backend = Backend("b", Url.parse("https://b.test"), dial=Dial(chain=False, proxy="http://mine.test:1"))
    h.services.backends = Backends({"b": backend})
    ex = await h.run(kit.policies(inbound=inbound))
    assert ex.response.status == 200
    assert h.transport.sent[0].dial == dial


@pytest.mark.step("proxy 1")
async def test_a_request_of_its_own(h, kit):
    inner = f"<send-request><set-url>http://other.test/</set-url>{PROXY}</send-request>"
    await h.run(kit.policies(inbound=inner))
    own, forwarded = h.transport.sent
    assert (own.dial, forwarded.dial) == (THROUGH, None)


@pytest.mark.parametrize("url", ["https://p:1", "ftp://p:1", "p:1", ""])
async def test_urls_that_name_no_proxy(h, kit, url):
    ex = await h.run(kit.policies(inbound=f"<proxy url=\"@('{url}')\" />"))
    assert (ex.response.status, ex.last_error.reason) == (500, "ExpressionValueValidationFailure")
    assert h.transport.sent == []
