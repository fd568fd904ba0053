"""The health of agents: services are asked, all at once; functions are always ready."""

import concurrent.futures
from typing import Any, Dict, List, NamedTuple, Sequence, Tuple

from ai_spine.exceptions import AISpineError
from ai_spine.local.agents.http_agents import AgentFailed, HttpAgent
from ai_spine.policy.redaction import Redactor, passwords_of
from ai_spine.utils import one_line

HEALTH_SECONDS = 2.0
_MOST_AT_ONCE = 16


class Health(NamedTuple):
    """The health of an agent and its endpoint, without a password."""

    is_ready: bool
    words: str
    endpoint: str


def health_of(agents: Sequence[Dict[str, Any]]) -> List[Health]:
    """Return the health of each agent, within about the timeout of one service.

    Args:
        agents: As the store keeps them.
    """
    pool = concurrent.futures.ThreadPoolExecutor(_MOST_AT_ONCE)
    try:
        asked = [pool.submit(_check, agent) for agent in agents]
        concurrent.futures.wait(asked, timeout=2 * HEALTH_SECONDS)
        return [
            _health_of(future, agent["endpoint"])
            for future, agent in zip(asked, agents)
        ]
    finally:
        pool.shutdown(wait=False)


def _health_of(
    future: "concurrent.futures.Future[Tuple[bool, str]]", endpoint: str
) -> Health:
    is_ready, words = False, "not checked: too many services are slow"
    if not future.cancel() and future.done():
        is_ready, words = future.result()
    redactor = Redactor(passwords_of([endpoint]))
    return Health(is_ready, redactor.redact(words), redactor.redact(endpoint))


def _check(agent: Dict[str, Any]) -> Tuple[bool, str]:
    endpoint = agent["endpoint"]
    if not endpoint.lower().startswith(("http://", "https://")):
        return True, "a function of this server"
    try:
        health = HttpAgent(agent["agent_id"], endpoint).health(HEALTH_SECONDS)
    except (AgentFailed, AISpineError) as error:
        return False, str(error)
    version = health.get("version")
    words = "ready"
    if isinstance(version, (str, int, float)):
        words += f", version {one_line(str(version), 40)}"
    return True, words
