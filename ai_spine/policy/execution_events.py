"""What becomes of an execution, as events: typed, and none told twice. Pure."""

import json
from typing import Dict, List, NamedTuple, Optional, Set, Tuple

from ai_spine.models import Execution, NodeResult
from ai_spine.models.base import UnexpectedResponse
from ai_spine.policy.event_streams import ServerEvent

NODE, EXECUTION = "node", "execution"
_LONGEST_NUMBER = 18  # digits


class ExecutionEvent(NamedTuple):
    """A change of an execution, or of one of its nodes.

    Example:
        >>> execution = client.execute_flow("sentiment-analysis", {"text": "Fine."})
        >>> events = list(client.stream_execution(execution.execution_id))
        >>> [(event.type, str(event.node.status)) for event in events if event.node][:2]
        [('node', 'running'), ('node', 'completed')]
        >>> events[-1].is_final, events[-1].execution.succeeded
        (True, True)
    """

    id: Optional[str]
    """The server's id for it; `None` where the server has no stream and was asked instead."""
    type: str
    """`node` or `execution`."""
    node: Optional[NodeResult] = None
    """Of a `node` event, the node as it stood then."""
    execution: Optional[Execution] = None
    """Of an `execution` event, the execution as it stood then."""

    @property
    def is_final(self) -> bool:
        """Whether the execution is done by it, so that none follows."""
        return self.execution is not None and self.execution.is_done


def read_event(told: ServerEvent) -> Optional[ExecutionEvent]:
    """Reads an event of a stream; `None` if it is of a type that is not known here.

    Raises:
        UnexpectedResponse: It does not hold what its type says.
    """
    if told.type not in (NODE, EXECUTION):
        return None
    try:
        data = json.loads(told.data)
    except (ValueError, RecursionError):
        raise UnexpectedResponse("what is not JSON") from None
    named = told.id or None  # an empty one tells nothing
    if told.type == NODE:
        return ExecutionEvent(named, NODE, node=NodeResult.from_wire(data))
    return ExecutionEvent(named, EXECUTION, execution=Execution.from_wire(data))


def events_of(execution: Execution, nodes: List[NodeResult]) -> List[ExecutionEvent]:
    """Gives what a look has shown as events, an end behind all else."""
    seen = [ExecutionEvent(None, NODE, node=node) for node in nodes]
    own = ExecutionEvent(None, EXECUTION, execution=execution)
    return [*seen, own] if execution.is_done else [own, *seen]


class Told:
    """Which events were told: by their ids, and where they have none, by what they say."""

    def __init__(self) -> None:
        self._number = -1
        self._ids: Set[str] = set()
        self._states: Dict[Tuple[str, str], Set[str]] = {}

    def is_news(self, event: ExecutionEvent) -> bool:
        """Tells whether an event was not told before, and notes it as told."""
        about = event.node or event.execution
        name = str(event.node.node_id) if event.node is not None else ""
        states = self._states.setdefault((event.type, name), set())
        status = str(about.status) if about is not None else ""
        is_news = status not in states
        states.add(status)
        if event.is_final:  # it ends all, so it cannot have been told: whatever its id
            return True
        return is_news if event.id is None else self._is_new_id(event.id)

    def _is_new_id(self, text: str) -> bool:
        if text.isascii() and text.isdigit() and len(text) <= _LONGEST_NUMBER:
            is_new = int(text) > self._number
            self._number = max(self._number, int(text))
            return is_new
        is_new = text not in self._ids
        self._ids.add(text)
        return is_new
