"""Elements against declarations: what is accepted, and what is said about the rest."""

import pytest

from apimpy.policies import catalogue


def problems(h, kit, inner, section="inbound", **kw):
    h.compile(kit.policies(**{section: inner}), **kw)
    return [(d.code, d.message) for d in h.sink]


@pytest.mark.step("base 5", "choose 2", "include-fragment 2", "set-header 8", "retry 3")
@pytest.mark.parametrize(
    ("inner", "code", "text"),
    [
        ("<set-headr />", "POL001", "There is no policy <set-headr>"),
        ('<set-variable name="a" value="b" valu="c" />', "POL003", "The 'valu' attribute is not declared."),
        ('<set-variable name="a" />', "POL004", "The required attribute 'value' is missing."),
        ('<set-variable name="@(1)" value="b" />', "POL009", "'name' of <set-variable> does not take expressions"),
        ('<set-variable name="" value="b" />', "POL005", "The name field is required."),
        ('<set-status code="abc" />', "POL005", "'abc' is not a whole number"),
        ('<set-status code="99" />', "POL005", "at least 100"),
        ('<set-status code="1000" />', "POL005", "at most 999"),
        ('<set-header name="a" exists-action="maybe" />', "POL005", "one of override, skip, append, delete"),
        ('<set-header name="a b"><value>x</value></set-header>', "POL005", "'a b' is no header name"),
        ('<set-header name="a"><value>x\ny</value></set-header>', "POL005", "cannot hold line breaks"),
        ('<set-header name="a" />', "POL007", "needs a <value>"),
        ('<set-header name="a"><valeu>x</valeu></set-header>', "POL006", "List of possible elements expected: 'value'"),
        ('<set-header name="a">text</set-header>', "POL008", "The element 'set-header' cannot contain text."),
        ("<choose />", "POL007", "needs at least 1 <when>"),
        ('<choose><when condition="maybe" /></choose>', "POL005", "must be true or false"),
        ('<choose><when condition="true"><base /></when></choose>', "POL011", "direct child of a section"),
        ("<base /><base />", "POL011", "at most once"),
        ('<retry condition="true" count="51" interval="0"><base /></retry>', "POL005", "at most 50"),
        ('<retry condition="true" count="1" interval="0" />', "POL007", "needs at least 1 policies"),
        ("<set-backend-service />", "POL010", "exactly one of base-url and backend-id"),
        ('<set-backend-service base-url="http://a" backend-id="b" />', "POL010", "exactly one of"),
        (
            '<set-backend-service backend-id="b" sf-listener-name="x" />',
            "POL019",
            "'sf-listener-name' is not supported",
        ),
        ('<set-body template="liquid">{{body.x | nope}}</set-body>', "POL005", "There is no filter 'nope'"),
        ('<set-body template="liquid">@("x")</set-body>', "POL019", "an expression cannot bring a template"),
        ('<set-body template="razor">x</set-body>', "POL005", "one of liquid, none"),
        ('<llm-token-limit counter-key="a" />', "POL010", "needs tokens-per-minute or token-quota"),
        ('<llm-token-limit counter-key="" tokens-per-minute="1" />', "POL005", "counter-key is empty"),
        ('<llm-token-limit counter-key="a" token-quota="1" />', "POL010", "go together"),
        (
            '<llm-token-limit counter-key="a" token-quota="1" token-quota-period="day" />',
            "POL005",
            "one of Hourly, Daily",
        ),
        (
            '<llm-token-limit counter-key="a" token-quota="0" token-quota-period="Daily" />',
            "POL005",
            "at least 1",
        ),
        (
            '<llm-token-limit counter-key="a" tokens-per-minute="1" remaining-tokens-header-name="a b" />',
            "POL005",
            "is no header name",
        ),
        (
            '<llm-token-limit counter-key="a" tokens-per-minute="1" remaining-tokens-variable-name="" />',
            "POL005",
            "remaining-tokens-variable-name is empty",
        ),
        (
            '<llm-token-limit counter-key="a" tokens-per-minute="@(1)" />',
            "POL009",
            "'tokens-per-minute' of <llm-token-limit> does not take expressions",
        ),
        (
            '<llm-token-limit counter-key="a" tokens-per-minute="1" estimate-prompt-token="true" />',
            "POL020",
            "old or wrong spelling",
        ),
        ("<llm-emit-token-metric />", "POL007", "needs at least 1 <dimension>"),
        (
            '<llm-emit-token-metric><dimension name="Team" /></llm-emit-token-metric>',
            "POL010",
            "The dimension 'Team' needs a value",
        ),
        ("<quota renewal-period='400' />", "POL010", "<quota> needs calls or bandwidth"),
        (
            '<retry condition="true" count="1" interval="0" max-interval="1"><set-method>GET</set-method></retry>',
            "POL010",
            "max-interval of <retry> needs delta",
        ),
        ('<ip-filter action="allow" />', "POL007", "<ip-filter> needs <address> or <address-range>"),
        (
            '<llm-content-safety backend-id="b"><block-lists><id>x</id></block-lists></llm-content-safety>',
            "POL020",
            "old",
        ),
        ("<wait><set-method>GET</set-method></wait>", "POL006", "'wait' has invalid child element 'set-method'"),
        ("<proxy />", "POL004", "The required attribute 'url' is missing."),
        ("<http-data-source />", "POL002", "<http-data-source> is not allowed in the section inbound"),
        (
            '<llm-emit-token-metric><dimension name="Subscription Id" /></llm-emit-token-metric>',
            "POL010",
            "The dimension 'Subscription Id' needs a value",
        ),
        (
            "<llm-emit-token-metric>" + '<dimension name="Location" />' * 11 + "</llm-emit-token-metric>",
            "POL007",
            "at most 10 dimensions",
        ),
        ("<get-authorization-context />", "POL018", "<get-authorization-context> is not supported yet"),
        ('<limit-concurrency key="k" max-count="1"><a /></limit-concurrency>', "POL001", "There is no policy <a>"),
        ("<forward-request />", "POL002", "<forward-request> is not allowed in the section inbound"),
        ("<jsonp />", "POL002", "<jsonp> is not allowed in the section inbound"),
        ("some text", "POL008", "The element 'inbound' cannot contain text."),
        ('<include-fragment fragment-id="nope" />', "DOC008", "Policy fragment with id 'nope' could not be found."),
        ('<include-fragment fragment-id="nested" />', "POL013", "cannot include another fragment"),
        ('<include-fragment fragment-id="based" />', "POL011", "a fragment cannot hold <base />"),
        ('<include-fragment fragment-id="sections" />', "POL013", "a fragment cannot hold sections"),
        ('<include-fragment fragment-id="root" />', "DOC006", "must be <fragment>"),
    ],
)
def test_problems(h, kit, inner, code, text):
    fragments = {
        "nested": '<fragment><include-fragment fragment-id="based" /></fragment>',
        "based": "<fragment><base /></fragment>",
        "sections": "<fragment><inbound /></fragment>",
        "root": "<policies />",
    }
    found = problems(h, kit, inner, fragments=fragments)
    assert any(c == code and text in m for c, m in found), found


@pytest.mark.step("base 3", "forward-request 6 7")
@pytest.mark.parametrize(
    ("backend", "codes"),
    [
        ("<forward-request /><forward-request />", ["POL012"]),
        ('<forward-request timeout="1" timeout-ms="1" />', ["POL010"]),
        ('<forward-request http-version="2" />', ["POL019"]),
        ('<forward-request http-version="2or1" />', []),
        ('<forward-request http-version="1" />', []),
        ('<forward-request continue-timeout="5" />', ["POL019"]),
        ('<forward-request timeout="-1" />', ["POL005"]),
        ('<retry condition="@(True)" count="2" interval="0"><forward-request /></retry>', []),
    ],
)
def test_backend(h, kit, backend, codes):
    problems(h, kit, backend, "backend")
    assert h.codes() == codes


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("<policies><inbound /><inbound /></policies>", ["POL015"]),
        ("<policies><incoming /></policies>", ["POL006"]),
        ("<policies>text</policies>", ["POL008"]),
        ('<policies><inbound id="x" /></policies>', ["POL003"]),
        ("<fragment />", ["DOC006"]),
    ],
)
def test_documents(h, text, codes):
    assert h.compile(text) is None
    assert h.codes() == codes


@pytest.mark.step("base 5")
def test_base_at_global_scope_stands_for_nothing(h):
    assert h.compile(("global", "<policies><inbound><base /></inbound></policies>")) is not None
    assert h.codes() == ["POL011"]


def test_help_names_the_nearest(h, kit):
    problems(h, kit, '<set-variable name="a" valeu="b" />')
    assert [d.help for d in h.sink if d.code == "POL003"] == ["did you mean 'value'?"]


def test_a_rule_may_be_a_warning(h, kit):
    retry = '<retry condition="@(false)" count="1" interval="0" max-interval="1"><set-method>GET</set-method></retry>'
    assert h.compile(kit.policies(inbound=retry)) is not None
    assert h.codes() == ["POL010"]


def test_spans_point_into_the_fragment(h, kit):
    problems(
        h,
        kit,
        '<include-fragment fragment-id="f" />',
        fragments={"f": '<fragment>\n<set-status code="x" /></fragment>'},
    )
    assert [str(d.span) for d in h.sink] == ["f.xml:2:19"]


_PLANNED = '<proxy url="http://proxy.test:3128" />'


def test_warnings_leave_a_program(h, kit):
    assert h.compile(kit.policies(inbound=_PLANNED)) is not None


def test_malformed_documents_give_no_program(h, kit):
    assert h.compile("<policies><inbound></policies>") is None


LOOKUP = (
    '<llm-semantic-cache-lookup score-threshold="0.1" embeddings-backend-id="e" '
    'embeddings-backend-auth="system-assigned" />'
)
ONCE = {
    "rate-limit": ("inbound", '<rate-limit calls="1" renewal-period="1" />'),
    "quota": ("inbound", '<quota calls="1" renewal-period="400" />'),
    "authentication-basic": ("inbound", '<authentication-basic username="u" password="p" />'),
    "cache-lookup": ("inbound", '<cache-lookup vary-by-developer="false" vary-by-developer-groups="false" />'),
    "cache-store": ("outbound", '<cache-store duration="1" />'),
    "redirect-content-urls": ("inbound", "<redirect-content-urls />"),
    "cors": (
        "inbound",
        "<cors><allowed-origins><origin>https://a.test</origin></allowed-origins><allowed-headers><header>*</header></allowed-headers></cors>",
    ),
    "jsonp": ("outbound", '<jsonp callback-parameter-name="c" />'),
    "validate-parameters": (
        "inbound",
        '<validate-parameters specified-parameter-action="detect" unspecified-parameter-action="ignore" />',
    ),
    "validate-odata-request": ("inbound", "<validate-odata-request />"),
    "validate-headers": (
        "outbound",
        '<validate-headers specified-header-action="detect" unspecified-header-action="ignore" />',
    ),
    "llm-semantic-cache-lookup": ("inbound", LOOKUP),
    "llm-semantic-cache-store": ("outbound", '<llm-semantic-cache-store duration="1" />'),
    "azure-openai-semantic-cache-lookup": ("inbound", LOOKUP.replace("llm", "azure-openai")),
    "azure-openai-semantic-cache-store": ("outbound", '<azure-openai-semantic-cache-store duration="1" />'),
}


@pytest.mark.parametrize("name", ONCE)
def test_once_in_a_section(h, kit, name):
    section, text = ONCE[name]
    h.compile(kit.policies(**{section: text}))
    assert "POL014" not in h.codes()
    h.compile(kit.policies(**{section: f"{text}<set-method>GET</set-method>{text}"}))
    (found,) = [d for d in h.sink if d.code == "POL014"]
    assert (found.span.text, found.message) == (name, f"<{name}> may stand only once in a section")


def test_only_these_are_once():
    names = {n for n in catalogue().allowed("inbound") + catalogue().allowed("outbound") if n != "base"}
    assert {p.element for p in catalogue() if not p.repeatable} & names == set(ONCE)


def test_once_counts_fragments_and_not_branches(h, kit):
    one = ONCE["cors"][1]
    branch = f"<when condition='@(True)'>{one}</when>"
    h.compile(kit.policies(inbound=f"<choose>{branch}{branch}<otherwise>{one}</otherwise></choose>"))
    assert "POL014" not in h.codes()
    fragments = {"f": f"<fragment>{one}</fragment>"}
    h.compile(kit.policies(inbound=f'{one}<include-fragment fragment-id="f" />'), fragments=fragments)
    assert [d.span.file.name for d in h.sink if d.code == "POL014"] == ["f.xml"]


@pytest.mark.step("common 7")
def test_every_scope_may_have_its_own(h, kit):
    one = ONCE["cors"][1]
    everywhere = ("global", kit.policies(inbound=one, backend="<forward-request />"))
    h.compile(everywhere, kit.policies(inbound="<base />" + one))
    assert "POL014" not in h.codes()
