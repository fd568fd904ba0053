"""Types with fields: dataclasses, `TypedDict`s and pydantic models, and whole schemas of them."""

import json
from typing import Any, Callable, Dict, List, Mapping, NamedTuple, Optional

from ai_spine.exceptions import ValidationError
from ai_spine.local.agents.input_types import (
    Definitions,
    InputType,
    MapOf,
    Schema,
    join,
)
from ai_spine.policy.json_encoding import encode_json
from ai_spine.utils import one_line


class Field(NamedTuple):
    """A field of an object, or a parameter of a function."""

    type: InputType
    is_required: bool = True
    default: Any = None
    """In the schema, where it is not required; `...` if it is not known."""
    description: str = ""


class ObjectOf(InputType):
    """An object with fields: a dataclass or a `TypedDict`.

    Args:
        name: The name of the class.
        make: Makes an instance of the fields' values.
        description: What it is.
    """

    words = "an object"

    def __init__(
        self, name: str, make: Callable[..., Any], description: str = ""
    ) -> None:
        self._name = name
        self.make = make
        self._description = description
        self.fields: Dict[str, Field] = {}  # known later, as it may contain itself

    def convert(self, value: Any, path: str, problems: List[str]) -> Any:
        if not isinstance(value, dict):
            return self.refuse(value, path, problems)
        before = len(problems)
        values = convert_fields(self.fields, value, path, problems)
        if len(problems) > before:
            return None
        try:
            return self.make(**values)
        except Exception as error:  # a check of the class's own, in __post_init__
            reason = one_line(str(error)) or type(error).__name__
            problems.append(f"{path or 'the input'}: {reason}")
            return None

    def schema(self, definitions: Definitions) -> Schema:
        return definitions.refer(self, self._name)

    def body(self, definitions: Definitions) -> Schema:
        known = {"title": self._name, "description": self._description}
        named = {key: text for key, text in known.items() if text}
        return {**named, **fields_schema(self.fields, definitions)}


class PydanticModel(InputType):
    """A pydantic model, which validates and describes itself."""

    words = "an object"

    def __init__(self, model: Any) -> None:
        self._model = model

    def convert(self, value: Any, path: str, problems: List[str]) -> Any:
        try:
            return self._model.model_validate(value)
        except Exception as error:  # pydantic's own has a list of errors
            listed = getattr(error, "errors", None)
            found = listed() if callable(listed) else [{"loc": (), "msg": str(error)}]
            for each in found:
                place = path
                for step in each["loc"]:
                    place = join(place, step)
                message = one_line(str(each["msg"]))
                problems.append(f"{place or 'the input'}: {message}")
            return None

    def schema(self, definitions: Definitions) -> Schema:
        return definitions.refer(self, self._model.__name__)

    def body(self, definitions: Definitions) -> Schema:
        made = self._schema_of("", definitions)
        taken = definitions.schemas
        inner = made.get("$defs", {})
        if any(name in taken and taken[name] != inner[name] for name in inner):
            made = self._schema_of(f"{self._model.__name__}.", definitions)
            inner = {
                f"{self._model.__name__}.{name}": schema
                for name, schema in made.get("$defs", {}).items()
            }
        made.pop("$defs", None)
        taken.update(inner)
        return made

    def _schema_of(self, prefix: str, definitions: Definitions) -> Schema:
        mode = "serialization" if definitions.for_output else "validation"
        schema: Schema = self._model.model_json_schema(
            by_alias=not definitions.for_output,
            ref_template=f"#/$defs/{prefix}{{model}}",
            mode=mode,
        )
        return schema


def convert_fields(
    fields: Mapping[str, Field], data: Dict[str, Any], path: str, problems: List[str]
) -> Dict[str, Any]:
    """Return the values of the fields that are there; others are ignored."""
    values = {}
    for name, field in fields.items():
        place = join(path, name)
        if name in data:
            values[name] = field.type.convert(data[name], place, problems)
        elif field.is_required:
            problems.append(f"{place}: is required")
    return values


def fields_schema(fields: Mapping[str, Field], definitions: Definitions) -> Schema:
    """Return the schema of an object that has these fields."""
    properties = {
        name: _field_schema(field, definitions) for name, field in fields.items()
    }
    required = [name for name, field in fields.items() if field.is_required]
    schema: Schema = {"type": "object", "properties": properties}
    return {**schema, "required": required} if required else schema


def schema_of(kind: Optional[InputType], definitions: Definitions) -> Optional[Schema]:
    """Return the whole schema of an object's type; `None` if nothing is known of it."""
    if kind is None or type(kind) is InputType or not kind.takes_objects:
        return None
    if isinstance(kind, MapOf) and kind.is_bare:
        return None
    return with_definitions(kind.body(definitions), definitions)


def with_definitions(schema: Schema, definitions: Definitions) -> Schema:
    """Return a schema with the definitions that it refers to."""
    found = definitions.schemas
    return {**schema, "$defs": found} if found else schema


def _field_schema(field: Field, definitions: Definitions) -> Schema:
    schema = field.type.schema(definitions)
    if field.description:
        schema = {**schema, "description": field.description}
    if not field.is_required and field.default is not ...:
        try:
            schema = {**schema, "default": json.loads(encode_json(field.default))}
        except ValidationError:  # what is not JSON is no default in a schema
            pass
    return schema
