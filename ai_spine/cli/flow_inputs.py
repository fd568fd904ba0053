"""Reads the inputs of a flow as its schema describes them, and asks for those that are missing."""

from typing import Any, Dict, Mapping, Optional, Sequence

import click

from ai_spine.cli.values import read_pairs, read_value
from ai_spine.client import AISpine
from ai_spine.exceptions import NotFoundError
from ai_spine.policy.input_schemas import (
    Schema,
    inputs_of,
    kinds_of,
    required_of,
    text_of,
)

_WORDS = {
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "array": "a list, as JSON",
    "object": "an object, as JSON",
    "null": "null",
}
_KINDS: Mapping[str, Any] = {
    "integer": int,
    "number": (int, float),
    "boolean": bool,
    "array": list,
    "object": dict,
    "null": type(None),
}


def find_schema(client: AISpine, flow_id: str) -> Schema:
    """Return the schema of a flow's input; an empty one if the server has none, or no such flow."""
    try:
        return client.get_flow(flow_id).input_schema or {}
    except NotFoundError:  # executing it says so
        return {}


def read_inputs(pairs: Sequence[str], schema: Schema) -> Dict[str, Any]:
    """Read `key=value` pairs by the types of a schema; without one, as JSON, or else as text.

    Raises:
        click.UsageError: A pair is none, a key comes twice, or a value is not of its type.

    Example:
        >>> schema = {"properties": {"zip": {"type": "string"}}}
        >>> read_inputs(["zip=01234", "amount=5"], schema)
        {'zip': '01234', 'amount': 5}
    """
    read_pairs(pairs)  # for what is wrong with them
    texts = dict(pair.split("=", 1) for pair in pairs)
    return {name: _read_input(name, text, schema) for name, text in texts.items()}


def check_missing(given: Mapping[str, Any], schema: Schema, flow_id: str) -> None:
    """Refuse to go on without the inputs that the flow needs.

    Raises:
        click.UsageError: Some are missing.
    """
    missing = [name for name in required_of(schema) if name not in given]
    if missing:
        raise click.UsageError(
            f"flow {flow_id!r} needs {', '.join(missing)}: use -i {missing[0]}=..., "
            "--input or --interactive"
        )


def ask_for_inputs(given: Mapping[str, Any], schema: Schema) -> Dict[str, Any]:
    """Ask on the terminal for each input that is not given, and return all of them.

    Raises:
        click.UsageError: The flow does not describe its input.
        click.Abort: Nobody responds.
    """
    inputs = inputs_of(schema)
    if not inputs:
        raise click.UsageError(
            "--interactive: the flow does not say what it needs, since it has no input_schema"
        )
    values = dict(given)
    for name in inputs:
        if name not in values:
            text = _ask(name, schema)
            if text is not None:
                values[name] = _read_input(name, text, schema)
    return values


def _ask(name: str, schema: Schema) -> Optional[str]:
    """Return what somebody types; `None` if an input that may be missing stays so."""
    described = inputs_of(schema).get(name, {})
    hints = (
        [str(described["description"]).rstrip(".")]
        if "description" in described
        else []
    )
    kinds = [_WORDS[kind] for kind in kinds_of(described, schema) if kind in _WORDS]
    hints += [" or ".join(kinds)] if kinds else []
    if "enum" in described:
        hints.append("one of " + ", ".join(map(text_of, described["enum"])))
    if "default" in described:
        hints.append(f"by default {text_of(described['default'])}")
    is_required = name in required_of(schema)
    hints += [] if is_required or "default" in described else ["may be left empty"]
    prompt = f"{name} ({'; '.join(hints)})" if hints else name

    def check(text: str) -> str:
        if text or is_required:
            try:
                _read_input(name, text, schema)
            except click.UsageError as error:
                raise click.BadParameter(error.message) from None
        return text

    default = None if is_required else ""
    text: str = click.prompt(
        prompt, default=default, show_default=False, value_proc=check, err=True
    )
    return text if text or is_required else None


def _read_input(name: str, text: str, schema: Schema) -> Any:
    described = inputs_of(schema).get(name, {})
    value = read_value(text)
    if "enum" in described:
        return _read_choice(name, text, described["enum"])
    kinds = kinds_of(described, schema)
    if not kinds:
        return value
    for kind in kinds:
        if kind != "string" and _is_of(kind, value):
            return value
    if "string" in kinds:
        return text
    words = " or ".join(_WORDS.get(kind, kind) for kind in kinds)
    raise click.UsageError(f"{name} must be {words}, not {text!r}")


def _read_choice(name: str, text: str, choices: Any) -> Any:
    """Return the choice that a text means: the text itself, or the JSON that it is."""
    for wanted in (text, read_value(text)):
        if any(type(each) is type(wanted) and each == wanted for each in choices):
            return wanted
    words = ", ".join(map(text_of, choices))
    raise click.UsageError(f"{name} must be one of {words}, not {text!r}")


def _is_of(kind: str, value: Any) -> bool:
    if kind == "integer" and isinstance(value, float):
        return value.is_integer()
    is_number = kind in ("integer", "number")
    is_kind = isinstance(value, _KINDS.get(kind, ()))
    return is_kind and not (is_number and isinstance(value, bool))
