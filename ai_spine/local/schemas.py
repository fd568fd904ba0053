"""The schemas of flows: given, or derived from the agents' types."""

import functools
import json
from typing import (
    Any,
    Callable,
    Dict,
    Iterator,
    List,
    Mapping,
    NamedTuple,
    Optional,
)
from urllib.parse import unquote

from ai_spine.exceptions import ConfigurationError
from ai_spine.models import Flow, FlowNode
from ai_spine.models.definition import SCHEMA_FIELDS
from ai_spine.policy.misfits import (
    EndlessSchemaError,
    Misfit,
    Schema,
    check_end,
    misfits,
    validator_class,
)
from ai_spine.utils import one_line

__all__ = ["Misfit", "Schema", "check_schemas", "misfits", "schemas_of"]
SchemasOf = Callable[[str], "Schemas"]
"""Returns the schemas of an agent, by its id."""
DIALECT = "https://json-schema.org/draft/2020-12/schema"
EXAMPLE_FIELD = "example_input"


class Schemas(NamedTuple):
    """What goes in, and what comes out."""

    input_schema: Optional[Schema] = None
    output_schema: Optional[Schema] = None


def schemas_of(flow: Flow, of_agent: SchemasOf) -> Schemas:
    """Return the schemas of a flow: its own, or what its agents' types say.

    Args:
        flow: The flow, which is valid.
        of_agent: Returns the schemas of an agent.
    """
    return Schemas(
        flow.input_schema or _derived_input(flow, of_agent),
        flow.output_schema or _derived_output(flow, of_agent),
    )


def declared_schemas(agent: Any) -> Schemas:
    """Return what the types of an agent's function say; nothing of other agents."""
    return Schemas(
        getattr(agent, "input_schema", None), getattr(agent, "output_schema", None)
    )


def check_schemas(flow: Flow, source: str, *, with_example: bool = True) -> None:
    """Refuse schemas that are none, and an example that breaks the flow's own schema.

    Args:
        flow: The flow.
        source: Where it comes from, for the message.
        with_example: Whether to check its example.

    Raises:
        ConfigurationError: Something is wrong.
    """
    for name in SCHEMA_FIELDS:
        schema = getattr(flow, name)
        if schema is not None:
            _check_schema(schema, f"{source}: its {name}")
    metadata = flow.metadata if isinstance(flow.metadata, dict) else {}
    example = metadata.get(EXAMPLE_FIELD)
    if with_example and flow.input_schema is not None and example is not None:
        found = misfits(flow.input_schema, example)
        if found:
            words = "; ".join(map(str, found[:5]))
            raise ConfigurationError(
                f"{source}: its {EXAMPLE_FIELD} does not fit its input_schema: {words}"
            )


def _check_schema(schema: Any, subject: str) -> None:
    if not isinstance(schema, dict):
        raise ConfigurationError(f"{subject} is no JSON Schema: an object is expected")
    flaw = _flaw_of(json.dumps(schema, default=str))
    if flaw:
        raise ConfigurationError(f"{subject} {flaw}")


# To look takes a millisecond, and each server of a test and each reload asks again.
@functools.lru_cache(maxsize=256)
def _flaw_of(text: str) -> str:
    """Return what is wrong with a schema, which is given as JSON; nothing if it is one."""
    from jsonschema.exceptions import SchemaError

    schema = json.loads(text)
    try:
        validator_class().check_schema(schema)
    except SchemaError as error:
        place = ".".join(map(str, error.absolute_path)) or "its root"
        return f"is no JSON Schema: at {place}, {one_line(error.message, 300)}"
    for reference in _references_in(schema):
        if not _is_in(schema, reference):
            shown = one_line(repr(reference), 200)
            return f"is no JSON Schema that stands by itself: {shown} is not in it"
    try:
        check_end(schema)
    except EndlessSchemaError as error:
        return f"cannot be checked: it {error}"
    return ""


def _references_in(schema: Any) -> Iterator[Any]:
    if isinstance(schema, dict):
        yield from (schema[key] for key in ("$ref", "$dynamicRef") if key in schema)
    parts = schema.values() if isinstance(schema, dict) else schema
    if isinstance(schema, (dict, list)):
        for part in parts:
            yield from _references_in(part)


def _is_in(schema: Any, reference: Any) -> bool:
    """Return whether a reference leads to a place in the schema, or to an anchor."""
    if not isinstance(reference, str) or not reference.startswith("#"):
        return False
    if not reference.startswith("#/"):
        return True
    for part in unquote(reference[2:]).split("/"):
        part = part.replace("~1", "/").replace("~0", "~")
        if isinstance(schema, list) and part.isdigit() and int(part) < len(schema):
            schema = schema[int(part)]
        elif isinstance(schema, dict) and part in schema:
            schema = schema[part]
        else:
            return False
    return True


def _derived_input(flow: Flow, of_agent: SchemasOf) -> Optional[Schema]:
    """Return what the first agents need: those that get nothing but the flow's own input."""
    by_id = {node.id: node for node in flow.nodes}

    def is_first(node: FlowNode) -> bool:
        above = [by_id[need] for need in node.depends_on or ()]
        return all(each.agent_id is None and is_first(each) for each in above)

    first = [
        node for node in flow.nodes if node.agent_id is not None and is_first(node)
    ]
    found = [of_agent(str(node.agent_id)).input_schema for node in first]
    return _merged([schema for schema in found if schema is not None])


def _merged(schemas: List[Schema]) -> Optional[Schema]:
    """Return a schema of objects that fit all schemas."""
    if len(schemas) < 2:
        return schemas[0] if schemas else None
    merged: Schema = {"$schema": DIALECT, "type": "object", "properties": {}}
    for schema in schemas:
        for name, wanted in schema.get("properties", {}).items():
            before = merged["properties"].setdefault(name, wanted)
            if before != wanted:
                merged["properties"][name] = {"allOf": [before, wanted]}
        merged.setdefault("$defs", {}).update(schema.get("$defs", {}))
    required = dict.fromkeys(name for s in schemas for name in s.get("required", ()))
    return {**merged, "required": list(required)}


def _derived_output(flow: Flow, of_agent: SchemasOf) -> Optional[Schema]:
    """Return what the exit points' agents return, by the ids of their nodes."""
    exits = [node for node in flow.nodes if node.id in (flow.exit_points or ())]
    found: Dict[str, Schema] = {}
    definitions: Mapping[str, Any] = {}
    for node in exits:
        schema = of_agent(node.agent_id).output_schema if node.agent_id else None
        if schema is not None:
            definitions = {**definitions, **schema.get("$defs", {})}
            inner = {k: v for k, v in schema.items() if k not in ("$defs", "$schema")}
            found[node.id] = inner
    if not found:
        return None
    made = {"$schema": DIALECT, "type": "object", "properties": found}
    return {**made, "$defs": definitions} if definitions else made
