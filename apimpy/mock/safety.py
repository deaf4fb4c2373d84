"""A stand-in for Azure AI Content Safety: it goes by words, so a test says in the prompt what it wants found.

`POST …/contentsafety/text:analyze`: a word of the table below finds its category with severity 4, and with another
severity when a number follows: `violence-6`.  The name of a blocklist in the text is a hit of that list.
`POST …/contentsafety/text:shieldPrompt`: `jailbreak`, or a demand to ignore earlier instructions, is an attack.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from apimpy.mock.call import Call, Document, Refusal

if TYPE_CHECKING:
    from apimpy.mock.answers import Speaker

__all__ = ["MOST_CHARACTERS", "analyze", "shield"]

MOST_CHARACTERS = 10_000
"""Of a text; beyond, the service refuses."""
_USUAL_SEVERITY, _MOST_SEVERITY = 4, 7
_WORDS = {
    "Hate": ("hate", "hateful"),
    "SelfHarm": ("selfharm", "self-harm", "suicide"),
    "Sexual": ("sexual", "porn"),
    "Violence": ("violence", "violent", "kill", "murder"),
}
_FOUND = {
    category: re.compile(rf"(?<!\w)(?:{'|'.join(words)})(?:-(\d))?(?!\w)", re.IGNORECASE)
    for category, words in _WORDS.items()
}
_ATTACK = re.compile(
    r"(?<!\w)(?:jailbreak|(?:ignore|disregard|forget)\s+(?:(?:all|any|the|your)\s+)*(?:previous|prior|above|earlier)\s+"
    r"(?:instructions|rules|prompts))(?!\w)",
    re.IGNORECASE,
)
_STEP = {"FourSeverityLevels": 2, "EightSeverityLevels": 1}


def analyze(call: Call, speaker: Speaker) -> Document:
    """Categories with severities, and hits of blocklists."""
    text = _text(call, "text")
    categories = _names(call, "categories") or list(_WORDS)
    unknown = [name for name in categories if name not in _WORDS]
    step = _STEP.get(str(call.body.get("outputType") or "FourSeverityLevels"))
    if unknown or step is None:
        raise _invalid(f"{'categories' if unknown else 'outputType'}: the value is not one of those that there are.")
    hits = [
        {"blocklistName": name, "blocklistItemId": f"mock-{name}", "blocklistItemText": name}
        for name in _names(call, "blocklistNames")
        if name and re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text, re.IGNORECASE)
    ]
    found = [{"category": name, "severity": _severity(name, text) // step * step} for name in categories]
    halted = bool(hits) and call.body.get("haltOnBlocklistHit") is True
    return {"blocklistsMatch": hits, "categoriesAnalysis": [] if halted else found}


def shield(call: Call, speaker: Speaker) -> Document:
    """Whether the prompt, or one of the documents, attacks."""
    documents = _names(call, "documents")
    if call.body.get("userPrompt") is None and not documents:
        raise _invalid("userPrompt or documents is required.")
    prompt = _text(call, "userPrompt") if call.body.get("userPrompt") is not None else None
    if sum(map(len, documents)) > MOST_CHARACTERS:
        raise _invalid(f"documents: more than {MOST_CHARACTERS} characters.")
    out: Document = {"documentsAnalysis": [{"attackDetected": bool(_ATTACK.search(d))} for d in documents]}
    if prompt is not None:
        out = {"userPromptAnalysis": {"attackDetected": bool(_ATTACK.search(prompt))}, **out}
    return out


def _severity(category: str, text: str) -> int:
    found = [int(m[1]) if m[1] else _USUAL_SEVERITY for m in _FOUND[category].finditer(text)]
    return min(max(found, default=0), _MOST_SEVERITY)


def _text(call: Call, name: str) -> str:
    value = call.body.get(name)
    if not isinstance(value, str):
        raise _invalid(f"{name}: a string is required.")
    if len(value) > MOST_CHARACTERS:
        raise _invalid(f"{name}: {len(value)} characters, more than {MOST_CHARACTERS}.")
    return value


def _names(call: Call, name: str) -> list[str]:
    value = call.body.get(name)
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(v, str) for v in value):
        raise _invalid(f"{name}: a list of strings is expected.")
    return value


def _invalid(message: str) -> Refusal:
    return Refusal(400, message, "InvalidRequestBody")
