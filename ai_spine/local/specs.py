"""The flows and agents of a server as a specification, from which clients are generated."""

from typing import TYPE_CHECKING, Callable, Iterable, Mapping

from ai_spine.local.schemas import Schemas
from ai_spine.models import Flow

if TYPE_CHECKING:
    from ai_spine.sdk_sync.ir import IRSpec


def export_spec(
    flows: Iterable[Flow],
    schemas_of: Callable[[Flow], Schemas],
    agents: Mapping[str, str],
    schemas_of_agent: Callable[[str], Schemas],
    *,
    version: str,
    auth_required: bool,
) -> "IRSpec":
    """Return flows as tools, and agents, as a specification.

    Args:
        flows: The flows.
        schemas_of: Returns the schemas of a flow.
        agents: What agents do, by their ids.
        schemas_of_agent: Returns the schemas of an agent.
        version: The version of the specification, and of what has none of its own.
        auth_required: Whether the tools need a key.

    Raises:
        ConfigError: The version is none.
    """
    # Here, because few servers need it, and it takes time to import.
    from ai_spine.sdk_sync.flows import AgentInfo, spec_of_flows

    infos = [
        AgentInfo(agent_id, description, *schemas_of_agent(agent_id))
        for agent_id, description in agents.items()
    ]
    return spec_of_flows(
        flows, schemas_of, version=version, agents=infos, auth_required=auth_required
    )
