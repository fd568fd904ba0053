"""`--follow`: shows the nodes of an execution on stderr while it runs."""

import os
import sys
import time
from typing import Any, Dict, Optional

from ai_spine.cli.output.live_drawing import LiveView, progress_text
from ai_spine.cli.output.printing import refuses_colour, say
from ai_spine.cli.output.terminal import is_terminal, takes_colour
from ai_spine.cli.session import session
from ai_spine.client import AISpine
from ai_spine.exceptions import AISpineError
from ai_spine.models import Execution, Flow, NodeProgress, NodeResult

_LAST_LOOK = (
    5.0  # seconds that asking for the end may take, where a stream took all the time
)


class LineView:
    """Prints a line for each event: for logs, and for terminals that cannot be drawn on."""

    def __init__(self) -> None:
        self._seen: Dict[str, Any] = {}

    def __enter__(self) -> "LineView":
        return self

    def __exit__(self, *_: Any) -> None:
        pass

    def show_flow(self, flow: Optional[Flow]) -> None:
        """Ignore the flow."""

    def see_execution(self, execution: Execution) -> None:
        """Print a new status of the execution."""
        self._print("execution", execution.execution_id, execution)

    def see_node(self, node: NodeResult) -> None:
        """Print a new status of a node."""
        self._print("node", node.node_id, node)

    def see_progress(self, progress: NodeProgress) -> None:
        """Print how far a node is."""
        say(f"node {progress.node_id}: {progress_text(progress)}")

    def _print(self, kind: str, name: Any, seen: Any) -> None:
        key = f"{kind} {name}"
        if self._seen.get(key) == seen.status:
            return
        self._seen[key] = seen.status
        took = seen.duration if seen.completed_at is not None else None
        after = f" after {took.total_seconds():.2f} s" if took is not None else ""
        reason = f": {seen.error_message}" if seen.error_message else ""
        say(f"{key}: {seen.status}{after}{reason if kind == 'node' else ''}")


def follow(
    client: AISpine, execution_id: str, timeout: float, interval: float
) -> Execution:
    """Show an execution until it is done, and return it.

    Args:
        client: The client.
        execution_id: The execution.
        timeout: Seconds for all of it.
        interval: The longest interval between polls of its end, in seconds.

    Raises:
        AISpineError: As `wait_for_execution` does.
    """
    ends = time.monotonic() + timeout
    flow_id = None
    with _view_for(execution_id) as view:
        for event in client.stream_execution(execution_id, timeout=timeout):
            if event.execution is not None:
                if flow_id is None and event.execution.flow_id is not None:
                    flow_id = event.execution.flow_id
                    view.show_flow(_flow_of(client, flow_id, view))
                view.see_execution(event.execution)
            if event.node is not None:
                view.see_node(event.node)
            if event.progress is not None:
                view.see_progress(event.progress)
    # The stream shows the progress; a poll returns the outcome and raises its error as usual.
    left = max(ends - time.monotonic(), _LAST_LOOK)
    return client.wait_for_execution(execution_id, left, interval)


def _view_for(execution_id: str) -> Any:
    options = session().options
    can_draw = is_terminal(sys.stderr) and os.environ.get("TERM") != "dumb"
    if not can_draw or options.get("debug"):  # log lines would cut the picture
        return LineView()
    return LiveView(execution_id, takes_colour(sys.stderr, refuses_colour()))


def _flow_of(client: AISpine, flow_id: str, view: Any) -> Optional[Flow]:
    """Return the flow to draw, if it can be read; otherwise nodes are listed as they start."""
    if isinstance(view, LineView):
        return None
    try:
        return client.get_flow(flow_id)
    except AISpineError:
        return None
