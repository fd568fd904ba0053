"""Reads definitions of flows: from dicts, `Flow` objects, and YAML or JSON files."""

import json
import os
from typing import Any, Dict, Iterable, List, Mapping, Optional, Set, Tuple, Union

from ai_spine.exceptions import ConfigurationError, ValidationError
from ai_spine.models import Flow
from ai_spine.models.base import Model
from ai_spine.models.definition import SCHEMA_FIELDS
from ai_spine.policy.validation import check_id, check_mapping
from ai_spine.utils import one_line

Definition = Union[str, "os.PathLike[str]", Mapping[str, Any], Flow]

FILE_SUFFIXES = (".yaml", ".yml", ".json")
MAX_DEPTH = 100  # levels of mappings and lists in a definition, or in any other JSON
MAX_VALUES = 100000  # in a YAML file, with each alias written out


def read_definition(
    definition: Definition, flow_id: Optional[str] = None
) -> Dict[str, Any]:
    """Return a definition as the JSON to send.

    Schemas are sent in the metadata, which servers keep even if they do not know schemas.

    Args:
        definition: A mapping, a `Flow`, or the path of a YAML or JSON file.
        flow_id: The flow that it must be of; it is filled in where the definition names none.

    Raises:
        ValidationError: It is no definition, has no `flow_id`, or that of another flow.
        ConfigurationError: The file cannot be read, or PyYAML is not installed.

    Example:
        >>> read_definition(Flow("f", nodes=[], entry_point="a"))
        {'flow_id': 'f', 'nodes': [], 'entry_point': 'a'}
    """
    if isinstance(definition, Flow):
        data: Any = _definition_of(definition)
    elif isinstance(definition, (str, os.PathLike)):
        data = read_file(definition)
    else:
        data = definition
    body = dict(check_mapping("the definition of a flow", data))
    named = Flow.from_wire(body).flow_id
    if named is None:
        named = body["flow_id"] = flow_id
    check_id("flow_id", named)
    if flow_id is not None and named != flow_id:
        raise ValidationError(
            f"the definition is of flow {named!r}, not of {flow_id!r}"
        )
    return _with_schemas_in_metadata(body)


def _with_schemas_in_metadata(body: Dict[str, Any]) -> Dict[str, Any]:
    given = {name: body.pop(name) for name in SCHEMA_FIELDS if name in body}
    schemas = {name: schema for name, schema in given.items() if schema is not None}
    for name, schema in schemas.items():
        check_mapping(f"the {name} of a flow", schema)
    metadata = body.get("metadata")
    if schemas and (metadata is None or isinstance(metadata, Mapping)):
        body["metadata"] = {**(metadata or {}), **schemas}
    return body


def read_file(path: Union[str, "os.PathLike[str]"]) -> Any:
    """Return the content of a YAML or JSON file.

    Raises:
        ConfigurationError: It cannot be read, is not what its name says, is nested too deeply,
            or PyYAML is missing.
    """
    name = os.fspath(path)
    try:
        with open(name, encoding="utf-8-sig") as file:
            text = file.read()
    except OSError as error:
        raise ConfigurationError(f"{name} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ConfigurationError(
            f"{name} cannot be read: it is not UTF-8 text"
        ) from None
    except ValueError as error:
        raise ConfigurationError(f"{name!r} cannot be read: {error}") from None
    return _read_json(name, text) if name.endswith(".json") else _read_yaml(name, text)


def is_too_deep(value: Any) -> bool:
    """Return whether JSON is nested deeper than `MAX_DEPTH`, without descending any further.

    Example:
        >>> is_too_deep({"a": [1, 2]})
        False
    """
    level = [value]
    for _ in range(MAX_DEPTH + 1):
        level = [item for item in level if isinstance(item, (Mapping, list, tuple))]
        if not level:
            return False
        level = [child for item in level for child in _children(item)]
    return True


def _children(item: Any) -> Iterable[Any]:
    return item.values() if isinstance(item, Mapping) else item


def _read_json(name: str, text: str) -> Any:
    try:
        data = json.loads(text)
    except ValueError as error:
        raise ConfigurationError(f"{name} is not JSON: {error}") from None
    except RecursionError:
        raise _too_deep(name) from None
    if is_too_deep(data):
        raise _too_deep(name)
    return data


def _too_deep(name: str) -> ConfigurationError:
    return ConfigurationError(
        f"{name} is nested too deeply: more than {MAX_DEPTH} levels"
    )


def _read_yaml(name: str, text: str) -> Any:
    try:
        import yaml
    except ImportError:
        raise ConfigurationError(
            f"{name} is YAML, which needs PyYAML: pip install 'ai-spine-sdk[local]'"
        ) from None
    try:
        loader = yaml.SafeLoader(text)
        root = loader.get_single_node()
        if root is None:
            return None
        _check_nodes(name, root)
        return loader.construct_document(root)
    except ConfigurationError:
        raise
    except RecursionError:
        raise _too_deep(name) from None
    except Exception as error:  # a tag may make anything of its text
        raise ConfigurationError(f"{name} is not YAML: {yaml_fault(error)}") from None


def yaml_fault(error: Exception) -> str:
    """Return what is wrong in a YAML text, and in which line, without PyYAML's own drawing of it.

    Example:
        >>> yaml_fault(ValueError("month must be in 1..12"))
        'month must be in 1..12'
    """
    mark = getattr(error, "problem_mark", None)
    if mark is None:
        return one_line(str(error), 300)
    words = [getattr(error, "context", None), getattr(error, "problem", None)]
    said = one_line(" ".join(word for word in words if word), 300)
    return f"line {mark.line + 1} column {mark.column + 1}: {said}"


def _check_nodes(name: str, root: Any) -> None:
    """Refuse YAML whose aliases would expand without limit, before anything is built from it."""
    sizes: Dict[int, Tuple[int, int]] = {}  # values in a node, and levels
    above: Set[int] = set()
    waiting = [root]
    while waiting:
        node = waiting[-1]
        if id(node) in sizes:
            waiting.pop()
            continue
        parts = _parts_of(node)
        if id(node) in above:  # its parts are done
            waiting.pop()
            above.remove(id(node))
            sizes[id(node)] = _size_of(name, node, [sizes[id(part)] for part in parts])
            continue
        above.add(id(node))
        if any(id(part) in above for part in parts):
            raise ConfigurationError(f"{name} has an alias that contains itself")
        waiting += parts


def _size_of(name: str, node: Any, parts: List[Tuple[int, int]]) -> Tuple[int, int]:
    """Return how many values a node represents, and on how many levels."""
    values = 1 + sum(size for size, _ in parts)
    levels = max((depth for _, depth in parts), default=0) + isinstance(
        node.value, list
    )
    if values > MAX_VALUES:
        raise ConfigurationError(f"{name} holds more than {MAX_VALUES} values")
    if levels > MAX_DEPTH:
        raise _too_deep(name)
    return values, levels


def _parts_of(node: Any) -> List[Any]:
    """Return the parts of a node: the items of a list, the keys and values of a mapping."""
    if isinstance(node.value, str):
        return []
    flat: List[Any] = []
    for part in node.value:
        flat += part if isinstance(part, tuple) else [part]
    return flat


def _definition_of(flow: Flow) -> Dict[str, Any]:
    """Return the fields of a flow that are set; what users put into them stays complete."""
    definition = _known(flow)
    definition["nodes"] = [_known(node) for node in flow.nodes or ()]
    return definition


def _known(model: Model) -> Dict[str, Any]:
    return {name: value for name, value in model.to_dict().items() if value is not None}
