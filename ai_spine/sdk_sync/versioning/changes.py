"""`SchemaChange`: one difference between two versions of a schema, and whom it breaks."""

from dataclasses import dataclass
from enum import Enum
from typing import Any, Dict, NamedTuple, Optional

from ai_spine.utils import one_line

_SHOWN = 100


class ChangeType(str, Enum):
    """The kinds of changes."""

    FIELD_ADDED = "field_added"
    FIELD_REMOVED = "field_removed"
    FIELD_RENAMED = "field_renamed"
    FIELD_TYPE_CHANGED = "field_type_changed"
    """The types of its values, or whether it may be null, or the members of a union."""
    FIELD_REQUIRED_CHANGED = "field_required_changed"
    CONSTRAINT_ADDED = "constraint_added"
    CONSTRAINT_REMOVED = "constraint_removed"
    CONSTRAINT_CHANGED = "constraint_changed"


class Effect(NamedTuple):
    """What a change does to the values that fit a schema."""

    narrows: bool = False
    """Whether a value that fitted may fit no longer."""
    widens: bool = False
    """Whether a value that did not fit may fit now."""

    def __or__(self, other: "Effect") -> "Effect":
        return Effect(self.narrows or other.narrows, self.widens or other.widens)


HARMLESS = Effect()
UNKNOWN = Effect(True, True)


@dataclass(frozen=True)
class SchemaChange:
    """A difference between two versions of a schema.

    Attributes:
        type: Its kind.
        field_name: The field, such as `address.street`, `items[].price` or `prices.*`; empty for
            the model as a whole.
        old_value: What was there: the schema of a field, a name, a type, or the value of a
            constraint; `None` if nothing.
        new_value: What is there now, likewise.
        breaking: Whether it breaks the direction that was checked.
        description: The change, as a sentence.
        path: The JSON Pointer of the place: in the old schema for what was removed, otherwise in
            the new one.
        breaks_requests: Whether the new server may refuse what an old client sends.
        breaks_responses: Whether an old client may fail to read what the new server sends.
        constraint: The keyword that was added, removed or changed.
    """

    type: ChangeType
    field_name: str
    old_value: Any
    new_value: Any
    breaking: bool
    description: str
    path: str = ""
    breaks_requests: bool = False
    breaks_responses: bool = False
    constraint: Optional[str] = None

    def to_dict(self) -> Dict[str, Any]:
        """Return the change as JSON."""
        return {**vars(self), "type": self.type.value}


def is_breaking(change: SchemaChange, direction: str) -> bool:
    """Return whether a change breaks a direction."""
    breaks_requests = change.breaks_requests and direction != "response"
    return breaks_requests or (change.breaks_responses and direction != "request")


def shown(value: Any) -> str:
    """Return a value or a name as it is shown in a sentence.

    Example:
        >>> shown("line\\nbreak")
        "'line\\\\nbreak'"
    """
    return one_line(repr(value), _SHOWN)


def subject(name: str) -> str:
    """Return what a sentence calls the field of this name; without a name, it is the model."""
    return f"field {shown(name)}" if name else "the model"


def capitalized(text: str) -> str:
    """Return a sentence that begins with a capital letter; the rest stays as it is."""
    return text[:1].upper() + text[1:]
