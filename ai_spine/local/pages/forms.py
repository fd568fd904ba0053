"""A form for the input of a flow, made from its schema, and what was entered into it. Pure."""

import json
from typing import Any, Dict, List, Mapping, NamedTuple, Optional, Sequence, Tuple

from ai_spine.flows.json_reading import parse_json
from ai_spine.local.schemas import Schema, misfits
from ai_spine.policy.input_schemas import inputs_of, kinds_of, required_of, text_of

PREFIX = "value:"  # before the name of an input, in the names of the form's fields
_TEXT, _NUMBER, _CHOICE, _JSON = "text", "number", "choice", "json"


class Field(NamedTuple):
    """One field of a form."""

    name: str
    kind: str
    """`text`, `number`, `choice` or `json`."""
    hint: str
    required: bool
    text: str
    """What stands in it."""
    choices: Tuple[str, ...] = ()
    values: Tuple[Any, ...] = ()
    """What the choices stand for."""
    step: str = "any"
    """Of a number: `1` if it must be whole."""
    error: str = ""

    @property
    def key(self) -> str:
        """The name of the field in the form."""
        return PREFIX + self.name


def fields_of(schema: Optional[Schema], values: Mapping[str, Any]) -> List[Field]:
    """Return the fields of a schema's form, filled in; none if it describes no object.

    Example:
        >>> schema = {"properties": {"income": {"type": "number"}}, "required": ["income"]}
        >>> [(field.name, field.kind, field.text) for field in fields_of(schema, {"income": 5})]
        [('income', 'number', '5')]
    """
    whole, required = schema or {}, required_of(schema or {})
    return [
        _field(name, described, kinds_of(described, whole), name in required, values)
        for name, described in inputs_of(whole).items()
    ]


def read_fields(
    schema: Schema, form: Mapping[str, str]
) -> Tuple[Dict[str, Any], List[Field]]:
    """Return the input that was entered, and the form with the errors in it.

    Args:
        schema: The flow's schema.
        form: What was sent, by the keys of the fields.

    Returns:
        The input; and the fields, of which those with an error say what is wrong.
    """
    given: Dict[str, Any] = {}
    fields: List[Field] = []
    for field in fields_of(schema, {}):
        text = form.get(field.key, "").replace("\r\n", "\n")
        field = field._replace(text=text)
        try:
            if text or (field.required and field.kind == _TEXT):
                given[field.name] = _value_of(field)
        except ValueError as error:
            field = field._replace(error=str(error))
        fields.append(field)
    words: Dict[str, str] = {}
    for misfit in misfits(schema, given):
        first = str(misfit.path[0]) if misfit.path else ""
        inner = str(misfit._replace(path=misfit.path[1:])) if misfit.path[1:] else ""
        words.setdefault(first, inner or misfit.message)
    checked = [
        f if f.error else f._replace(error=words.get(f.name, "")) for f in fields
    ]
    return given, checked


def _field(
    name: str,
    described: Mapping[str, Any],
    kinds: Sequence[str],
    required: bool,
    given: Mapping[str, Any],
) -> Field:
    kinds = [kind for kind in kinds if kind != "null"]
    hints = [str(described["description"])] if "description" in described else []
    if "default" in described:
        hints.append(f"By default {json.dumps(described['default'])}.")
    elif not required:
        hints.append("May be left empty.")
    kind = _JSON
    values: Tuple[Any, ...] = ()
    if "enum" in described or kinds == ["boolean"]:
        kind, values = _CHOICE, tuple(described.get("enum", (True, False)))
    elif kinds == ["string"]:
        kind = _TEXT
    elif kinds and set(kinds) <= {"number", "integer"}:
        kind = _NUMBER
    hints += ["JSON."] if kind == _JSON else []
    text = text_of(given[name]) if given.get(name) is not None else ""
    if kind == _JSON and name in given:
        text = json.dumps(given[name])
    step = "1" if kinds == ["integer"] else "any"
    hint = " ".join(each if each.endswith(".") else f"{each}." for each in hints)
    choices = tuple(map(text_of, values))
    return Field(name, kind, hint, required, text, choices, values, step)


def _value_of(field: Field) -> Any:
    """Return what was entered into a field.

    Raises:
        ValueError: It is no JSON.
    """
    if field.kind == _CHOICE:
        return dict(zip(field.choices, field.values)).get(field.text, field.text)
    if field.kind == _TEXT:
        return field.text
    try:
        return parse_json(field.text)
    except ValueError:
        wanted = "a number" if field.kind == _NUMBER else "JSON"
        raise ValueError(f"must be {wanted}") from None
