"""Flows as tools of a model: their names, their definitions, and the arguments of a call. Pure."""

import hashlib
import json
import re
from typing import Any, Dict, Iterable, List, Mapping, Optional, Union

from ai_spine.exceptions import ValidationError
from ai_spine.models import Flow
from ai_spine.policy.json_encoding import kind_of
from ai_spine.utils import one_line
from ai_spine.utils.did_you_mean import hint

FORMATS = ("openai", "anthropic", "mcp")
Arguments = Union[None, str, Mapping[str, Any]]
"""The arguments of a call: a mapping, or the JSON text that a model wrote."""

_LONGEST_NAME = 64
_LONGEST_DESCRIPTION = 1024  # characters, at OpenAI
_PLAIN = rf"[a-zA-Z0-9_-]{{1,{_LONGEST_NAME}}}"
_DIGEST_LENGTH = 8
_DERIVED = rf"(?s).+_[0-9a-f]{{{_DIGEST_LENGTH}}}"
# The APIs of models refuse these at the top of a schema; the server checks inputs by them anyway.
_REFUSED_AT_THE_TOP = ("$schema", "allOf", "anyOf", "enum", "not", "oneOf")


def tool_names(flow_ids: Iterable[str]) -> Dict[str, str]:
    """Return the names of tools, each with the id of its flow.

    An id that can be a name is one. Any other is made plain and cut, and gets a digest of the id,
    so that its name depends on no other flow.

    Example:
        >>> tool_names(["credit_analysis", "Año nuevo"])
        {'credit_analysis': 'credit_analysis', 'A_o_nuevo_239258c6': 'Año nuevo'}
    """
    distinct = list(dict.fromkeys(flow_ids))
    taken = {flow_id for flow_id in distinct if re.fullmatch(_PLAIN, flow_id)}
    derived: Dict[str, str] = {}
    for flow_id in sorted(set(distinct) - taken):
        number = 0
        while _derived_name(flow_id, number) in taken:
            number += 1
        derived[flow_id] = _derived_name(flow_id, number)
        taken.add(derived[flow_id])
    return {derived.get(flow_id, flow_id): flow_id for flow_id in distinct}


def is_derived(name: str) -> bool:
    """Return whether a name may be derived from a flow's id, and not be the id itself.

    Example:
        >>> is_derived("A_o_nuevo_239258c6"), is_derived("credit_analysis")
        (True, False)
    """
    return re.fullmatch(_DERIVED, name) is not None


def define_tools(flows: Iterable[Flow], form: str) -> List[Dict[str, Any]]:
    """Return the definitions of flows as tools.

    Args:
        flows: The flows.
        form: `openai`, `anthropic` or `mcp`.

    Example:
        >>> define_tools([Flow("f", description="Adds.")], "anthropic")[0]["description"]
        'Adds.'
    """
    by_id: Dict[str, Flow] = {}
    for flow in flows:
        by_id.setdefault(str(flow.flow_id), flow)
    define = {"openai": _for_openai, "anthropic": _for_anthropic, "mcp": _for_mcp}[form]
    names = tool_names(by_id)
    return [define(name, by_id[flow_id]) for name, flow_id in names.items()]


def check_format(value: Any) -> str:
    """Return the format of definitions.

    Raises:
        ValidationError: There is no such format.
    """
    if isinstance(value, str) and value in FORMATS:
        return value
    shown = one_line(repr(value), 60) if isinstance(value, str) else kind_of(value)
    meant = hint(value, FORMATS) if isinstance(value, str) else ""
    raise ValidationError(
        f"format must be one of {', '.join(FORMATS)}, not {shown}{meant}"
    )


def read_arguments(name: str, arguments: Arguments) -> Mapping[str, Any]:
    """Return the arguments of a call as the input of its flow; none are an empty one.

    Args:
        name: The name of the tool, for errors.
        arguments: What the model sent.

    Raises:
        ValidationError: They are neither a mapping nor the JSON of an object.

    Example:
        >>> read_arguments("credit_analysis", '{"amount": 15000}')
        {'amount': 15000}
    """
    if arguments is None or isinstance(arguments, Mapping):
        return arguments or {}
    subject = f"the arguments of tool {one_line(repr(name), 100)}"
    if not isinstance(arguments, str):
        kind = kind_of(arguments)
        raise ValidationError(
            f"{subject} must be a mapping or the JSON of an object, not {kind}"
        )
    try:
        value = json.loads(arguments) if arguments.strip() else {}
    except (ValueError, RecursionError) as error:
        raise ValidationError(f"{subject} are not JSON: {error}") from None
    if not isinstance(value, dict):
        raise ValidationError(f"{subject} must be an object, not {kind_of(value)}")
    return value


def unknown_tool(name: str, known: Iterable[str]) -> str:
    """Return the sentence for a name that no flow has.

    Example:
        >>> unknown_tool("credit_analisys", ["credit_analysis"])
        "there is no flow for the tool 'credit_analisys'; is 'credit_analysis' meant?"
    """
    shown = one_line(repr(name), 100)
    return f"there is no flow for the tool {shown}{hint(name, known)}"


def _derived_name(flow_id: str, number: int) -> str:
    salted = f"{flow_id}#{number}" if number else flow_id
    data = salted.encode("utf-8", "backslashreplace")
    digest = hashlib.sha256(data).hexdigest()[:_DIGEST_LENGTH]
    plain = re.sub("[^a-zA-Z0-9_-]+", "_", flow_id).strip("_") or "flow"
    return f"{plain[: _LONGEST_NAME - _DIGEST_LENGTH - 1]}_{digest}"


def _for_openai(name: str, flow: Flow) -> Dict[str, Any]:
    function = {"name": name, "description": _description_of(flow)}
    parameters = _without_refused(_input_schema_of(flow))
    return {"type": "function", "function": {**function, "parameters": parameters}}


def _for_anthropic(name: str, flow: Flow) -> Dict[str, Any]:
    schema = _without_refused(_input_schema_of(flow))
    return {
        "name": name,
        "description": _description_of(flow),
        "input_schema": schema,
    }


def _for_mcp(name: str, flow: Flow) -> Dict[str, Any]:
    tool: Dict[str, Any] = {"name": name}
    if isinstance(flow.name, str) and flow.name:
        tool["title"] = flow.name
    tool["description"] = _description_of(flow)
    tool["inputSchema"] = _input_schema_of(flow)
    output_schema = _schema_of_object(flow.output_schema)
    if output_schema is not None:
        tool["outputSchema"] = output_schema
    return tool


def _description_of(flow: Flow) -> str:
    """Return what a model reads to decide whether the tool helps."""
    for text in (flow.description, flow.name):
        if isinstance(text, str) and text.strip():
            return text.strip()[:_LONGEST_DESCRIPTION]
    return f"Executes the flow {flow.flow_id}."[:_LONGEST_DESCRIPTION]


def _input_schema_of(flow: Flow) -> Dict[str, Any]:
    """Return the schema of a flow's input; without one, it may be any object."""
    schema = _schema_of_object(flow.input_schema)
    if schema is None:
        return {"type": "object", "properties": {}, "additionalProperties": True}
    return {**schema, "properties": schema.get("properties", {})}


def _schema_of_object(schema: Any) -> Optional[Dict[str, Any]]:
    """Return a schema that says that it is of objects; `None` if it is of something else."""
    if not isinstance(schema, Mapping) or not schema:
        return None
    if not isinstance(schema.get("properties", {}), Mapping):
        return None
    kind = schema.get("type", "object")
    is_object = kind == "object" or (isinstance(kind, list) and "object" in kind)
    return {**schema, "type": "object"} if is_object else None


def _without_refused(schema: Dict[str, Any]) -> Dict[str, Any]:
    return {k: v for k, v in schema.items() if k not in _REFUSED_AT_THE_TOP}
