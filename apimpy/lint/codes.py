"""What the codes of the stages before the rules mean: one paragraph each, for their pages."""

from __future__ import annotations

__all__ = ["CSHARP", "HOME", "TEXTS", "page_uri"]

HOME = "https://github.com/apimpy/apimpy/blob/main/docs/rules/"
"""Where the pages of `docs/rules` can be read."""


def page_uri(code: str, name: str) -> str:
    """The page of a code."""
    return f"{HOME}{'csharp' if code.startswith('CS') else name}.md"


CSHARP = """# csharp

{made}

CS0103, CS1061 and others · error · Azure refuses to save the document

A finding whose code begins with `CS` is the C# compiler's: apimpy binds expressions by the rules of C#, and says what is wrong with the compiler's own code and wording.
The compiler's reference explains them: `https://learn.microsoft.com/dotnet/csharp/language-reference/compiler-messages/` and the code in small letters.

What an expression may use, types and members included, is listed in [docs/expressions.md](../expressions.md).
"""

TEXTS = {
    "DOC001": "The file cannot be read, or is not text in UTF-8 (or in UTF-16 with a byte order mark).",
    "DOC002": "The document is not well-formed XML once its expressions are taken out. A wrong end tag is named where it stands, together with the start tag that it does not fit.",
    "DOC003": "An expression `@(…)` or `@{…}` does not end: a bracket, a string or a comment in it is open.",
    "DOC004": "The document is larger than the service accepts: 256 KiB, a fragment 512 KiB.",
    "DOC005": "The document declares a document type or an entity. Policies may not.",
    "DOC006": "The root element is neither `<policies>` nor `<fragment>`, or not the one that belongs here.",
    "DOC007": "`{{name}}` names a value that the gateway does not have. Without any `--named-value` nothing is said about names.",
    "DOC008": "`include-fragment` names a fragment that does not exist. `--fragments` says where they are.",
    "DOC009": "Text stands behind an expression. A value is an expression as a whole or not at all: put the text into the expression.",
    "DOC010": "`@(…)` stands inside other text, where it is plain text and is not evaluated.",
    "DOC011": "The document holds a placeholder of a template engine, so it is not a policy yet.",
    "POL001": "There is no policy of this name.",
    "POL002": "The policy may not stand in this section.",
    "POL003": "The element has no such attribute.",
    "POL004": "A required attribute is missing.",
    "POL005": "The value of an attribute is not one that it takes.",
    "POL006": "The element may not hold this child element.",
    "POL007": "There are too few or too many child elements of a kind.",
    "POL008": "The element may not hold text.",
    "POL009": "The attribute does not take expressions.",
    "POL010": "Attributes or children do not go together: one excludes or requires another.",
    "POL011": "`<base />` stands only directly in a section of a `<policies>` document, and once; at global scope there is nothing it could stand for.",
    "POL012": "The section `backend` holds one policy.",
    "POL013": "A fragment cannot include another one, and cannot hold sections.",
    "POL014": "The policy may stand only once in a section.",
    "POL015": "A section appears twice.",
    "POL016": "The policy has no effect, or another one than it seems, where and how it stands.",
    "POL017": "`rewrite-uri` names a parameter that the operation's URL template does not have.",
    "POL018": "The policy is known, and apimpy cannot run it yet: a request that reaches it is answered with 500.",
    "POL019": "An option of the policy is known, and apimpy does not do it yet.",
    "POL020": "An attribute has an old or wrong spelling that is still understood.",
    "EXP001": "Policy expressions may not use this type.",
    "EXP002": "Policy expressions may not use this member of the type.",
    "EXP003": "The expression's type is not one that the attribute takes.",
    "EXP004": "The body of `if`, `for`, `while` and their like stands in braces in policy expressions.",
    "EXP005": "The feature of C# is not available in policy expressions.",
    "EXP006": "apimpy does not support this part of C# or .NET yet.",
    "EXP007": "An `object` is compared with a string by reference, as C# does it, and that is hardly ever the same. Cast it to `string` first.",
    "EXP008": "A named value in an expression has no value here, so the expression is not checked as a whole.",
    "EXP009": "The expression is too long or nested too deeply.",
    "EXP010": "A member is taken of something that may be null, and nothing in the expression asks whether it is. Use `?.` or compare with null.",
    "EXP011": "The body is read without `preserveContent: true`, so the backend gets none.",
    "LNT001": "`<!-- apimpy: ignore CODE reason -->` lacks the reason. Without it the comment has no effect: who reads the document later must be able to tell whether it still holds.",
    "LNT002": "`<!-- apimpy: ignore CODE reason -->` stands where there is no such finding. Remove it, so that it does not hide one later; `--fix` does.",
    "LNT003": "`<!-- apimpy: ignore … -->` names nothing, or a code or name that does not exist.",
    "CFG001": "The configuration contradicts itself or what a policy needs of it.",
    "CFG002": "The file is not YAML, JSON or TOML.",
    "CFG003": "A key appears twice in a mapping.",
    "CFG004": "There is no setting of this name.",
    "CFG005": "The value is of another type than the setting takes.",
    "CFG006": "A required key is missing.",
    "CFG007": "The value is not one that the setting takes.",
    "CFG008": "A name refers to something that the configuration does not have.",
    "CFG009": "Two things of a kind have the same id.",
    "CFG010": "A file that the configuration names does not exist.",
    "CFG011": "A secret or a named value has no value: the variable or file it comes from is not there.",
    "CFG012": "A URL template is malformed.",
    "CFG013": "An API is in two products that need no subscription, so it is not clear which one a request without a key belongs to.",
    "CFG014": "Two APIs have the same path and version.",
    "CFG015": "A setting is known, and apimpy does not do it yet.",
    "CFG016": "A policy is given for an operation that the API does not have.",
    "CFG017": "An override is given for something that does not exist.",
    "CFG018": "An API description (OpenAPI) is malformed.",
    "CFG019": "Two subscriptions have the same key.",
    "CFG020": "A version is part of a path although a version set names it elsewhere.",
    "CFG021": "Names differ in the case of letters only.",
    "CFG022": "An API has no description, so it has one operation for everything.",
    "CFG023": "A subscription has no key and cannot be used.",
}
"""By code."""
