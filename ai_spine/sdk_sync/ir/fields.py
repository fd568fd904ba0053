"""`IRType` and `IRField`: what a field of a model may hold. It says all that a JSON Schema says."""

from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Any, Dict, List, Mapping, Optional

from ai_spine.sdk_sync.errors import ConfigError
from ai_spine.sdk_sync.ir.references import name_referred_to, reference_to
from ai_spine.sdk_sync.unset import UNSET as UNSET
from ai_spine.utils import one_line

JSONSchema = Dict[str, Any]
NULL_SCHEMA = {"type": "null"}
NULLABLE = "x-nullable"  # marks an `anyOf` that only adds null
METADATA = "x-metadata"


class IRType(str, Enum):
    """The kinds of values, named as JSON Schema names them."""

    STRING = "string"
    INTEGER = "integer"
    NUMBER = "number"
    BOOLEAN = "boolean"
    ARRAY = "array"
    OBJECT = "object"
    NULL = "null"
    ANY = "any"
    """No type is said: any value that the constraints allow."""
    UNION = "union"
    """One of several: `union_types`, or a list of types as the constraint `type`."""
    REF = "$ref"
    """Another model, by its name."""


_UNTYPED = (IRType.ANY, IRType.UNION, IRType.REF)
# Keywords that have an attribute of their own, and the type of what it holds.
_OWN_KEYWORDS: Mapping[str, Any] = {
    "description": str,
    "items": (dict, bool),
    "properties": dict,
}


@dataclass(frozen=True)
class IRField:
    """A field of a model, or a part of one: items of an array, a member of a union.

    Items and members of unions have no name of their own and cannot be required: those are set to
    `item`, `option1`, `option2` and so on. Do not change the mappings and lists in it.

    Attributes:
        name: The name on the wire.
        type: The kind of its values; a text that is no kind names a model.
        required: Whether it may not be absent.
        nullable: Whether it may be null as well.
        description: What it means.
        default: What an absent field stands for; `UNSET` if nothing.
        constraints: All other keywords of JSON Schema, such as `format` or `minimum`.
        metadata: What programs of yours want to know of it.
        items: What the items of an array are.
        properties: What the properties of an object are, by their names.
        union_types: The members of a union.
        ref_name: The name of the model that a reference leads to.
        exclusive: Whether exactly one member of the union must fit (`oneOf`), not any (`anyOf`).

    Raises:
        ConfigError: The parts do not fit together.

    Example:
        >>> age = IRField("age", IRType.INTEGER, nullable=True, constraints={"minimum": 0})
        >>> age.to_json_schema()
        {'type': ['integer', 'null'], 'minimum': 0}
    """

    name: str
    type: IRType
    required: bool = False
    nullable: bool = False
    description: Optional[str] = None
    default: Any = UNSET
    constraints: Mapping[str, Any] = field(default_factory=dict)
    metadata: Mapping[str, Any] = field(default_factory=dict)
    items: Optional["IRField"] = None
    properties: Optional[Mapping[str, "IRField"]] = None
    union_types: Optional[List["IRField"]] = None
    ref_name: Optional[str] = None
    exclusive: bool = False

    def __post_init__(self) -> None:
        self._read_type()
        if self.type in (IRType.ANY, IRType.NULL):
            self._set("nullable", False)  # null is among its values anyway
        if self.items is not None:
            self._set("items", replace(self.items, name="item", required=False))
        if self.union_types is not None:
            members = enumerate(self.union_types, start=1)
            options = [
                replace(m, name=f"option{n}", required=False) for n, m in members
            ]
            self._set("union_types", options)
        if self.properties is not None:
            named = {n: replace(p, name=n) for n, p in self.properties.items()}
            self._set("properties", named)
        self._check()

    def to_json_schema(self) -> JSONSchema:
        """Return the field as a JSON Schema of the dialect 2020-12."""
        schema = self._nullable_schema() if self.nullable else self._core()
        if self.description is not None:
            schema["description"] = self.description
        if self.default is not UNSET:
            schema["default"] = self.default
        more = dict(self.constraints)
        if self.properties is not None:
            add_required(schema, self.properties.values(), more)
        schema.update(more)
        if self.metadata:
            schema[METADATA] = dict(self.metadata)
        return schema

    def sorted(self) -> "IRField":
        """Return the field with all that has names in their order; no meaning depends on it."""
        return replace(
            self,
            default=in_order(self.default),
            constraints=in_order(self.constraints),
            metadata=in_order(self.metadata),
            items=self.items and self.items.sorted(),
            properties=self.properties
            and {n: self.properties[n].sorted() for n in sorted(self.properties)},
            union_types=self.union_types and [m.sorted() for m in self.union_types],
        )

    def _core(self) -> JSONSchema:
        """Return what says of which type it is."""
        schema: JSONSchema = {}
        if self.type is IRType.REF:
            schema["$ref"] = reference_to(str(self.ref_name))
        elif self.type not in _UNTYPED:
            schema["type"] = self.type.value
        if self.union_types is not None:
            members = [member.to_json_schema() for member in self.union_types]
            schema["oneOf" if self.exclusive else "anyOf"] = members
        if self.items is not None:
            schema["items"] = self.items.to_json_schema()
        if self.properties is not None:
            schema["properties"] = {
                name: part.to_json_schema() for name, part in self.properties.items()
            }
        return schema

    def _nullable_schema(self) -> JSONSchema:
        core = self._core()
        if "type" in core:
            return {**core, "type": [core["type"], "null"]}
        return {"anyOf": [core, dict(NULL_SCHEMA)], NULLABLE: True}

    def _set(self, name: str, value: Any) -> None:
        object.__setattr__(self, name, value)

    def _read_type(self) -> None:
        try:
            self._set("type", IRType(self.type))
        except ValueError:
            if not isinstance(self.type, str) or self.ref_name is not None:
                raise self._error(f"{self.type!r} is no type") from None
            self._set("ref_name", str(self.type))
            self._set("type", IRType.REF)

    def _check(self) -> None:
        if not isinstance(self.name, str):
            raise self._error("its name must be a text")
        if (self.type is IRType.REF) != (self.ref_name is not None):
            raise self._error("a ref_name belongs to the type $ref, and only to it")
        is_union = self.type is IRType.UNION
        has_types = isinstance(self.constraints.get("type"), list)
        if is_union and (self.union_types is None) != has_types:
            raise self._error("a union needs union_types, or a list as constraint type")
        if not is_union and (self.union_types is not None or self.exclusive):
            raise self._error("union_types and exclusive belong to the type union")
        if self.nullable and has_types:
            raise self._error("a union of types is nullable if null is one of them")
        if "type" in self.constraints and not has_types:
            raise self._error("its type does not belong in the constraints")
        self._check_constraints()

    def _check_constraints(self) -> None:
        """Refuse keywords that are read as something else when the schema is read again."""
        if self.type in _UNTYPED[:2] and name_referred_to(self.constraints.get("$ref")):
            raise self._error("a reference to a model needs the type $ref")
        if isinstance(self.constraints.get("anyOf"), list) and (
            self.type is IRType.ANY
            or self.exclusive
            or (self.nullable and self.type in _UNTYPED)
        ):
            raise self._error("anyOf belongs in union_types")
        if self.type is IRType.ANY and isinstance(self.constraints.get("oneOf"), list):
            raise self._error("oneOf belongs in union_types")
        types = self.constraints.get("type", ())
        if len(types) == 2 and "null" in types:
            raise self._error("a type that may be null as well is said by nullable")
        for keyword, kinds in _OWN_KEYWORDS.items():
            if isinstance(self.constraints.get(keyword), kinds):
                raise self._error(f"{keyword} does not belong in the constraints")
        if "default" in self.constraints:
            raise self._error("its default does not belong in the constraints")

    def _error(self, words: str) -> ConfigError:
        return ConfigError(f"field {one_line(repr(self.name), 100)}: {words}")


def in_order(value: Any) -> Any:
    """Return JSON with the keys of all objects in their order.

    Example:
        >>> in_order({"b": [{"d": 1, "c": 2}], "a": 0})
        {'a': 0, 'b': [{'c': 2, 'd': 1}]}
    """
    if isinstance(value, Mapping):
        return {key: in_order(value[key]) for key in sorted(value)}
    return [in_order(each) for each in value] if isinstance(value, list) else value


def add_required(schema: JSONSchema, fields: Any, more: Dict[str, Any]) -> None:
    """Add the names of the required fields to a schema, and those that have no field.

    Args:
        schema: The schema.
        fields: The fields.
        more: The constraints; their own list of names is taken out of them.
    """
    names = [each.name for each in fields if each.required]
    if isinstance(more.get("required", []), list):
        names += [name for name in more.pop("required", []) if name not in names]
    if names:
        schema["required"] = names
