"""What a plan is made of: classes, their fields, and the types of those. No library is named."""

from dataclasses import dataclass, field, replace
from typing import Any, Callable, Iterator, List, Mapping, Optional, Tuple

from ai_spine.sdk_sync.ir import UNSET, SchemaVersion
from ai_spine.sdk_sync.ir.models import FIRST_VERSION


@dataclass(frozen=True)
class TypePlan:
    """A type in Python, and what else its values must fulfil.

    Attributes:
        kind: One of `str int float bool None Any list dict union literal name`; models of endpoints
            have `datetime date UUID file` as well.
        args: The type of the items, of the values, or the members of the union.
        values: The values of a literal.
        name: The class or alias that a `name` refers to.
        nullable: Whether null is among its values as well.
        ordered: Whether members of the union are tried in their order.
        bounds: What pydantic's `Field` enforces, by the names of its arguments.
        keywords: What only JSON Schema can say, as keywords.
        tag: The property that says which member of a union an object is.
        tagged: The values of that property, each with the name of a class or an alias.
    """

    kind: str
    args: Tuple["TypePlan", ...] = ()
    values: Tuple[Any, ...] = ()
    name: str = ""
    nullable: bool = False
    ordered: bool = False
    bounds: Mapping[str, Any] = field(default_factory=dict)
    keywords: Mapping[str, Any] = field(default_factory=dict)
    tag: str = ""
    tagged: Tuple[Tuple[str, str], ...] = ()

    def walk(self) -> Iterator["TypePlan"]:
        """Yield the type and all types in it."""
        yield self
        for each in self.args:
            yield from each.walk()

    def mapped(self, change: Callable[["TypePlan"], "TypePlan"]) -> "TypePlan":
        """Return the type with each type in it changed, from the innermost on."""
        return change(replace(self, args=tuple(a.mapped(change) for a in self.args)))


@dataclass(frozen=True)
class FieldPlan:
    """A field of a class.

    Attributes:
        name: Its name in Python.
        wire: Its name in JSON.
        type: Its type; `nullable` there says whether null may be sent.
        required: Whether it may not be absent.
        description: What it means.
        default: What an absent field stands for; `UNSET` if nothing.
    """

    name: str
    wire: str
    type: TypePlan
    required: bool = False
    description: Optional[str] = None
    default: Any = UNSET


@dataclass(frozen=True)
class ClassPlan:
    """A class, or an alias of a type.

    Attributes:
        name: Its name in Python.
        pointer: The JSON Pointer of its schema.
        description: What it is.
        version: The version of its schema.
        namespace: What its schema belongs to.
        tags: The tags of its schema.
        fields: The fields of a class.
        keeps_unknown: Whether unknown fields are kept, not refused.
        keywords: What an object must fulfil besides, as keywords of JSON Schema.
        alias: The type that it is another name for; `None` for a class.
        members: The members of an enum, each with its value.
    """

    name: str
    pointer: str
    description: Optional[str] = None
    version: SchemaVersion = FIRST_VERSION
    namespace: Optional[str] = None
    tags: List[str] = field(default_factory=list)
    fields: List[FieldPlan] = field(default_factory=list)
    keeps_unknown: bool = False
    keywords: Mapping[str, Any] = field(default_factory=dict)
    alias: Optional[TypePlan] = None
    members: Tuple[Tuple[str, str], ...] = ()
