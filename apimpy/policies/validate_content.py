"""`validate-content`: check the size of a body and its shape."""

from __future__ import annotations

from apimpy.policies._validation import ACTIONS
from apimpy.policy.base import Item, Policy
from apimpy.policy.facts import PLANNED, exactly_one
from apimpy.policy.fields import attr, child, children
from apimpy.policy.value import Value

__all__ = ["ValidateContent"]


class MappedType(Item, element="type", rules=(exactly_one("from", "when"),)):
    """A content type that stands for another."""

    from_: str | None = attr(name="from", default=None, doc="The content type of the message.")
    when: Value[bool] | None = attr(default=None, doc="A condition instead.")
    to: str = attr(doc="The content type to go by.")


class ContentTypeMap(Item, element="content-type-map"):
    """Which content type to go by."""

    any_content_type_value: str | None = attr(default=None, doc="For every message, whatever its own.")
    missing_content_type_value: str | None = attr(default=None, doc="For messages without one.")
    types: tuple[MappedType, ...] = children(MappedType)


class Content(Item, element="content"):
    """How bodies of a content type are checked."""

    type: str | None = attr(default=None, doc="Content type; without it every one that the API declares.")
    validate_as: str = attr(allowed=("json", "xml", "soap"), doc="The kind of schema.")
    schema_id: str | None = attr(default=None, doc="A schema of the service instead of the API's.")
    schema_ref: str | None = attr(default=None, doc="JSON pointer into that schema.")
    action: str = attr(allowed=ACTIONS, doc="What a body of another shape does.")
    allow_additional_properties: bool | None = attr(
        default=None, doc="JSON: members that the schema does not name; else as the schema says."
    )
    case_insensitive_property_names: bool = attr(default=False, doc="JSON: compare names ignoring case.")


class ValidateContent(
    Policy,
    element="validate-content",
    sections=("inbound", "outbound", "on-error"),
    category="content-validation",
    support=PLANNED,
    ordered=True,
):
    """Checks size and content type of a body, and the body against a schema.

    `prevent` fails the request with 400 and a response with 502; `detect` only records what was found.
    """

    unspecified_content_type_action: Value[str] = attr(allowed=ACTIONS, doc="What an undeclared content type does.")
    max_size: Value[int] = attr(maximum=4 << 20, unit="bytes", sample="102400", doc="Largest body.")
    size_exceeded_action: Value[str] = attr(allowed=ACTIONS, doc="What a larger one does.")
    errors_variable_name: str | None = attr(default=None, doc="Variable that receives what was found.")
    types: ContentTypeMap | None = child(ContentTypeMap)
    contents: tuple[Content, ...] = children(Content)
