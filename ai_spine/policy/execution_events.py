"""The events of an execution: typed, and none reported twice. Pure."""

import json
from typing import Dict, List, NamedTuple, Optional, Set, Tuple

from ai_spine.models import Execution, LogLine, NodeProgress, NodeResult
from ai_spine.models.base import UnexpectedResponse
from ai_spine.policy.event_streams import ServerEvent

NODE, EXECUTION, PROGRESS, LOG = "node", "execution", "progress", "log"
_LONGEST_NUMBER = 18  # digits


class ExecutionEvent(NamedTuple):
    """A change of an execution or of one of its nodes.

    Example:
        >>> execution = client.execute_flow("sentiment-analysis", {"text": "Fine."})
        >>> events = list(client.stream_execution(execution.execution_id))
        >>> [(event.type, str(event.node.status)) for event in events if event.node][:2]
        [('node', 'running'), ('node', 'completed')]
        >>> events[-1].is_final, events[-1].execution.succeeded
        (True, True)
    """

    id: Optional[str]
    """The server's id for it; `None` where the server has no stream and was polled."""
    type: str
    """`node`, `execution`, `progress` or `log`."""
    node: Optional[NodeResult] = None
    """Of a `node` event, the result of the node at that time."""
    execution: Optional[Execution] = None
    """Of an `execution` event, the execution at that time."""
    progress: Optional[NodeProgress] = None
    """Of a `progress` event, how far a node is."""
    log: Optional[LogLine] = None
    """Of a `log` event, a line that an agent printed or logged."""

    @property
    def is_final(self) -> bool:
        """Whether the execution is done, so that no event follows."""
        return self.execution is not None and self.execution.is_done


def read_event(event: ServerEvent) -> Optional[ExecutionEvent]:
    """Parse an event of a stream; return `None` if its type is unknown.

    Raises:
        UnexpectedResponse: Its data does not fit its type.
    """
    if event.type not in (NODE, EXECUTION, PROGRESS, LOG):
        return None
    try:
        data = json.loads(event.data)
    except (ValueError, RecursionError):
        raise UnexpectedResponse("what is not JSON") from None
    event_id = event.id or None  # an empty id says nothing
    if event.type == NODE:
        return ExecutionEvent(event_id, NODE, node=NodeResult.from_wire(data))
    if event.type == PROGRESS:
        return ExecutionEvent(event_id, PROGRESS, progress=NodeProgress.from_wire(data))
    if event.type == LOG:
        return ExecutionEvent(event_id, LOG, log=LogLine.from_wire(data))
    return ExecutionEvent(event_id, EXECUTION, execution=Execution.from_wire(data))


def events_from_poll(
    execution: Execution, nodes: List[NodeResult]
) -> List[ExecutionEvent]:
    """Return the result of a poll as events; a final one comes last."""
    of_nodes = [ExecutionEvent(None, NODE, node=node) for node in nodes]
    own = ExecutionEvent(None, EXECUTION, execution=execution)
    return [*of_nodes, own] if execution.is_done else [own, *of_nodes]


class SeenEvents:
    """Remembers which events were reported: by id, or by state where they have no id."""

    def __init__(self) -> None:
        self._number = -1
        self._ids: Set[str] = set()
        self._states: Dict[Tuple[str, str], Set[str]] = {}

    def is_new(self, event: ExecutionEvent) -> bool:
        """Return whether an event is new, and remember it."""
        if event.progress is not None or event.log is not None:
            return event.id is None or self._is_new_id(event.id)
        changed = event.node or event.execution
        node_id = str(event.node.node_id) if event.node is not None else ""
        states = self._states.setdefault((event.type, node_id), set())
        status = str(changed.status) if changed is not None else ""
        is_new = status not in states
        states.add(status)
        if event.is_final:  # it ends everything, so it is new, whatever its id
            return True
        return is_new if event.id is None else self._is_new_id(event.id)

    def _is_new_id(self, text: str) -> bool:
        if text.isascii() and text.isdigit() and len(text) <= _LONGEST_NUMBER:
            is_new = int(text) > self._number
            self._number = max(self._number, int(text))
            return is_new
        is_new = text not in self._ids
        self._ids.add(text)
        return is_new
