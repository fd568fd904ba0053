"""Flows given as a row of agents, as tests write them."""

from typing import Any, Callable, List, NamedTuple, Sequence, Union

from ai_spine.exceptions import ConfigurationError
from ai_spine.flows.definitions import FILE_SUFFIXES
from ai_spine.local.agents.functions import AgentFunction, Function
from ai_spine.local.definitions import FlowItem, LoadedFlow, load_flows
from ai_spine.models import Flow, FlowNode
from ai_spine.policy.validation import check_id

RowItem = Union[Function, AgentFunction, str]


class InlineFlow(NamedTuple):
    """A flow, its source, and the agents that were given with it."""

    flow: Flow
    source: str
    agents: List[AgentFunction]


def read_inline(flow: FlowItem, agents: Sequence[RowItem]) -> InlineFlow:
    """Return the flow of an id and a row of agents, or that of a definition.

    Raises:
        ConfigurationError: It is neither, or an agent cannot be one.
        ValidationError: The flow's id cannot be one.
    """
    if agents:
        if not isinstance(flow, str):
            raise ConfigurationError(
                "agents in a row need the id of their flow; a definition names its own agents"
            )
        return _row_of(check_id("flow_id", flow), agents)
    if isinstance(flow, str) and not flow.endswith(FILE_SUFFIXES):
        raise ConfigurationError(
            f"flow {flow!r} has no agents: pass them after it, or pass a definition"
        )
    loaded: LoadedFlow = load_flows([flow])[0]
    check_id("flow_id", loaded.flow.flow_id)
    return InlineFlow(loaded.flow, loaded.source, [])


def name_of(function: Any) -> str:
    """Return the name of a function; empty for a lambda, a mock and others that have none."""
    name = getattr(function, "__name__", "")
    return name if isinstance(name, str) and name.isidentifier() else ""


def _row_of(flow_id: str, agents: Sequence[RowItem]) -> InlineFlow:
    nodes: List[FlowNode] = []
    made: List[AgentFunction] = []
    for agent in agents:
        node_id = _free(_node_id_of(agent, flow_id), [node.id for node in nodes])
        if not isinstance(agent, str):
            made.append(_made_agent(agent, f"{flow_id}.{node_id}"))
        agent_id = agent if isinstance(agent, str) else made[-1].agent_id
        needs = [nodes[-1].id] if nodes else []
        nodes.append(FlowNode(node_id, agent_id=agent_id, depends_on=needs))
    first, last = nodes[0].id, nodes[-1].id
    flow = Flow(flow_id, nodes=nodes, entry_point=first, exit_points=[last])
    return InlineFlow(flow, f"flow {flow_id!r}", made)


def _node_id_of(agent: Any, flow_id: str) -> str:
    if isinstance(agent, str):
        return agent
    if isinstance(agent, AgentFunction):
        return agent.agent_id
    return name_of(agent) or flow_id


def _free(name: str, taken: Sequence[str]) -> str:
    """Return a name that is not taken: itself, or with a number."""
    number, free = 1, name
    while free in taken:
        number += 1
        free = f"{name}-{number}"
    return free


def _made_agent(
    agent: Union[AgentFunction, Callable[..., Any]], agent_id: str
) -> AgentFunction:
    """Return an agent; a plain function belongs to its flow, so that namesakes do not meet."""
    return agent if isinstance(agent, AgentFunction) else AgentFunction(agent, agent_id)
