"""Flows for the local server: read from files, dicts and `Flow` objects, and checked."""

import json
from functools import lru_cache
from pathlib import Path
from typing import (
    Any,
    Container,
    Dict,
    Iterator,
    List,
    Mapping,
    NamedTuple,
    Optional,
    Sequence,
    Tuple,
    Union,
)

from ai_spine.exceptions import ConfigurationError
from ai_spine.flows.definitions import FILE_SUFFIXES, MAX_DEPTH, is_too_deep, read_file
from ai_spine.models import Flow
from ai_spine.models.base import UnexpectedResponse
from ai_spine.models.definition import SCHEMA_FIELDS
from ai_spine.models.graph import find_problems
from ai_spine.policy.json_encoding import encode_json

MAX_NODES = 1000
SAMPLES = Path(__file__).parent / "samples"
FlowItem = Union[str, Path, Flow, Mapping[str, Any]]
FlowSource = Union[None, str, Path, Sequence[FlowItem]]


class LoadedFlow(NamedTuple):
    """A flow, and where it came from, for messages."""

    flow: Flow
    source: str


def load_flows(source: FlowSource) -> List[LoadedFlow]:
    """Read the flows of a folder, or of a list of paths, dicts and `Flow`s.

    Raises:
        ConfigurationError: A file cannot be read, has no flow, or two flows have the same id.
    """
    loaded = [_load(item) for item in _items(source)]
    loaded = [LoadedFlow(_as_json(flow, where), where) for flow, where in loaded]
    sources: Dict[str, str] = {}
    for flow, where in loaded:
        if not isinstance(flow.flow_id, str):
            raise ConfigurationError(f"{where}: it has no flow_id")
        if flow.flow_id in sources:
            raise ConfigurationError(
                f"{where} and {sources[flow.flow_id]} both define the flow {flow.flow_id!r}"
            )
        sources[flow.flow_id] = where
    return loaded


@lru_cache(maxsize=None)
def load_samples() -> Tuple[LoadedFlow, ...]:
    """Return the flows of the samples: to read them takes half of the start of a server."""
    return tuple(load_flows(SAMPLES))


def check_flow(flow: Flow, agent_ids: Optional[Container[str]], source: str) -> None:
    """Refuse a flow that cannot run.

    Raises:
        ConfigurationError: Something is wrong with it; all of it is named in the one message.
    """
    if isinstance(flow.nodes, list) and len(flow.nodes) > MAX_NODES:
        raise ConfigurationError(
            f"{source}: it has {len(flow.nodes)} nodes, and may have {MAX_NODES}"
        )
    problems = find_problems(flow, agent_ids)
    if problems:
        raise ConfigurationError(f"{source}: {'; '.join(problems)}")


def describe_flow(flow: Flow) -> Dict[str, Any]:
    """Return a valid flow as the API describes it, with the defaults filled in."""
    schemas = {name: getattr(flow, name) for name in SCHEMA_FIELDS}
    given = {name: schema for name, schema in schemas.items() if schema is not None}
    metadata = flow.metadata or {}
    if given and isinstance(metadata, dict):
        metadata = {**metadata, **given}
    return {
        "flow_id": flow.flow_id,
        "name": flow.name or flow.flow_id,
        "description": flow.description or "",
        "version": "1.0.0" if flow.version is None else flow.version,
        "nodes": [
            {
                "id": node.id,
                "agent_id": node.agent_id,
                "type": node.type or "processor",
                "depends_on": node.depends_on or [],
                "config": node.config or {},
                "conditions": node.conditions,
            }
            for node in flow.nodes
        ],
        "entry_point": flow.entry_point,
        "exit_points": flow.exit_points,
        "metadata": metadata,
    }


def _items(source: FlowSource) -> Iterator[FlowItem]:
    if source is None:
        return
    if isinstance(source, (str, Path)):
        folder = Path(source)
        if not folder.is_dir():
            raise ConfigurationError(f"{folder} is not a folder of flows")
        yield from sorted(
            path for path in folder.iterdir() if path.suffix in FILE_SUFFIXES
        )
    elif isinstance(source, (list, tuple)):
        yield from source
    else:
        raise ConfigurationError(
            "flows must be a folder, or a list of paths, dicts and Flows"
        )


def _load(item: FlowItem) -> LoadedFlow:
    if isinstance(item, Flow):
        return LoadedFlow(item, f"flow {item.flow_id!r}")
    if isinstance(item, (str, Path)):
        data, where = read_file(item), str(item)
    else:
        kind = "a dict" if isinstance(item, dict) else type(item).__name__
        data, where = item, f"a flow given as {kind}"
    try:
        flow = Flow.from_wire(data)
    except UnexpectedResponse:
        raise ConfigurationError(
            f"{where} contains no flow: a mapping is expected"
        ) from None
    return LoadedFlow(flow, f"{where} (flow {flow.flow_id!r})")


def _as_json(flow: Flow, where: str) -> Flow:
    """Return a flow as JSON carries it: YAML has dates, which become text.

    Raises:
        ConfigurationError: It contains what is not JSON, or is nested too deeply.
    """
    try:
        plain = json.loads(encode_json(flow.to_dict()))
    except ValueError as error:
        raise ConfigurationError(f"{where}: {error}") from None
    if is_too_deep(plain):
        raise ConfigurationError(f"{where}: nested deeper than {MAX_DEPTH} levels")
    return Flow.from_wire(plain)
