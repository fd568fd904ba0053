"""Definitions of flows: read from dicts, `Flow`s, and YAML or JSON files."""

import json
import os
from typing import Any, Dict, Mapping, Optional, Union

from ai_spine.exceptions import ConfigurationError, ValidationError
from ai_spine.models import Flow
from ai_spine.utils import one_line
from ai_spine.validation import check_id, check_mapping
from ai_spine.wire import Model

Definition = Union[str, "os.PathLike[str]", Mapping[str, Any], Flow]

FILE_SUFFIXES = (".yaml", ".yml", ".json")


def read_definition(
    definition: Definition, flow_id: Optional[str] = None
) -> Dict[str, Any]:
    """Gives a definition as the JSON to send.

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
    return body


def read_file(path: Union[str, "os.PathLike[str]"]) -> Any:
    """Gives what a YAML or JSON file holds.

    Raises:
        ConfigurationError: It cannot be read, is not what its name says, or PyYAML is missing.
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


def _read_json(name: str, text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ConfigurationError(f"{name} is not JSON: {error}") from None


def _read_yaml(name: str, text: str) -> Any:
    try:
        import yaml
    except ImportError:
        raise ConfigurationError(
            f"{name} is YAML, which needs PyYAML: pip install 'ai-spine-sdk[local]'"
        ) from None
    try:
        return yaml.safe_load(text)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise ConfigurationError(
            f"{name} is not YAML: {one_line(str(error), 300)}"
        ) from None


def _definition_of(flow: Flow) -> Dict[str, Any]:
    """Gives a flow's fields but for those that it lacks; what users put in them stays whole."""
    told = _known(flow)
    told["nodes"] = [_known(node) for node in flow.nodes or ()]
    return told


def _known(model: Model) -> Dict[str, Any]:
    return {name: value for name, value in model.to_dict().items() if value is not None}
