"""A picture of an execution that is drawn again and again in the same place of a terminal."""

import logging
import sys
import threading
import time
from typing import Any, Callable, Dict, List, Optional, Tuple

from ai_spine.cli.output.rows import text_of
from ai_spine.cli.output.tables import shortened, text_width
from ai_spine.cli.output.terminal import encodes, harmless, painted, put, size_of
from ai_spine.constants import LOGGER_NAME
from ai_spine.flows.drawing import flow_as_text
from ai_spine.models import Execution, Flow, NodeProgress, NodeResult
from ai_spine.models.statuses import TERMINAL_STATUSES, ExecutionStatus

_TICK = 0.2  # seconds between two pictures, if nothing happens
_WAITING = str(ExecutionStatus.PENDING)
_URGENT = (str(ExecutionStatus.RUNNING), str(ExecutionStatus.FAILED))


class NodeState:
    """What is known of a node: its status, since when, and how long it took."""

    def __init__(self) -> None:
        self.status = _WAITING
        self.error: Optional[str] = None
        self.progress = ""
        self._since: Optional[float] = None
        self._took: Optional[float] = None

    def see(self, node: NodeResult, now: float) -> None:
        """Note what a server sends about it."""
        if self._since is None:
            self._since = now
        self.status = text_of(node.status)
        self.error = node.error_message
        if self.is_done:
            self.progress = ""
        if self.is_done and self._took is None:
            known = node.duration
            self._took = now - self._since if known is None else known.total_seconds()

    @property
    def is_done(self) -> bool:
        """Whether nothing more will happen to it."""
        return self.status in TERMINAL_STATUSES or self.status == "skipped"

    @property
    def remark(self) -> str:
        """Why it failed, or how far it is."""
        return harmless(str(self.error or self.progress))

    def elapsed(self, now: float) -> str:
        """Return how long it has taken, in words; empty if it has not started."""
        if self._since is None or self.status == _WAITING:
            return ""
        return f"{now - self._since if self._took is None else self._took:.1f} s"


class Picture:
    """The lines that show an execution, for a terminal of any size.

    Args:
        execution_id: The execution.
        started: When it was first seen, by the clock that `lines` gets as well.
        is_coloured: Whether statuses have colours.
    """

    def __init__(self, execution_id: str, started: float, is_coloured: bool) -> None:
        self._execution_id = execution_id
        self._started = started
        self._is_coloured = is_coloured
        self._status = _WAITING
        self._flow: Optional[Flow] = None
        self._nodes: Dict[str, NodeState] = {}

    def show_flow(self, flow: Optional[Flow]) -> None:
        """Set the flow, whose nodes are shown before they start."""
        self._flow = flow
        listed = flow.nodes if flow is not None else None
        for node in listed if isinstance(listed, list) else []:
            self._nodes.setdefault(str(getattr(node, "id", None)), NodeState())

    def see_execution(self, execution: Execution) -> None:
        """Note the state of the execution."""
        self._status = text_of(execution.status)

    def see_node(self, node: NodeResult, now: float) -> None:
        """Note the state of a node."""
        self._nodes.setdefault(str(node.node_id), NodeState()).see(node, now)

    def see_progress(self, progress: NodeProgress) -> None:
        """Note how far a node is."""
        state = self._nodes.setdefault(str(progress.node_id), NodeState())
        state.progress = "" if state.is_done else progress_text(progress)

    def lines(self, columns: int, rows: int, now: float) -> List[str]:
        """Return the lines that fit on a screen with this many columns and rows."""
        # The last column stays free: some terminals wrap as soon as it is taken.
        width, room = max(columns - 1, 1), rows - 2
        seconds = f"{now - self._started:.1f} s"
        head = f"execution {self._execution_id}: {self._status}, {seconds}"
        if text_width(head) > width:  # what changes matters more than the id
            head = f"{self._status}, {seconds}"
        lines = [self._painted(shortened(head, width), self._status)]
        if room < 1:
            return lines
        graph = self._graph(width)
        if graph and len(graph) <= room:
            return lines + graph + self._remarks(width)[: room - len(graph)]
        return lines + self._list(width, room, now)

    def _graph(self, width: int) -> List[str]:
        """Draw the flow; nothing where it has nodes that the server's flow does not."""
        if self._flow is None or width < 20:
            return []
        states = {name: state.status for name, state in self._nodes.items()}
        in_ascii = not encodes("╭─▼✓", sys.stderr)
        text = flow_as_text(self._flow, states=states, width=width, ascii_only=in_ascii)
        return text.splitlines()

    def _remarks(self, width: int) -> List[str]:
        """Return why nodes failed, and how far others are."""
        return [
            shortened(f"{harmless(name)}: {state.remark}", width)
            for name, state in self._nodes.items()
            if state.remark
        ]

    def _list(self, width: int, room: int, now: float) -> List[str]:
        """Return a line for each node; if space is short, for running and failed ones."""
        shown, left = list(self._nodes.items()), ""
        if len(shown) > room:
            urgent = [pair for pair in shown if pair[1].status in _URGENT]
            hidden = [pair for pair in shown if pair[1].status not in _URGENT]
            shown, more = urgent[: room - 1], urgent[room - 1 :]
            left = _counted([state for _, state in more + hidden])
        names = max((text_width(harmless(name)) for name, _ in shown), default=0)
        names = min(names, max(width // 2, 1))
        lines = [self._node(name, state, names, width, now) for name, state in shown]
        return lines + ([shortened(left, width)] if left else [])

    def _node(
        self, name: str, state: NodeState, names: int, width: int, now: float
    ) -> str:
        label = shortened(harmless(name), names)
        label += " " * (names - text_width(label))
        line = f"{label}  {state.status:9}  {state.elapsed(now):>7}  {state.remark}".rstrip()
        if text_width(line) > width and not state.remark:
            line = f"{label}  {state.status}".rstrip()
        return self._painted(shortened(line, width), state.status)

    def _painted(self, text: str, status: str) -> str:
        return painted(text, status) if self._is_coloured else text


def progress_text(progress: NodeProgress) -> str:
    """Return how far a node is, in words such as `50 % reading`."""
    share, words = progress.progress, text_of(progress.message or "")
    if isinstance(share, (int, float)) and 0 <= share <= 1:
        return f"{100 * share:.0f} % {words}".rstrip()
    return words


def _counted(states: List[NodeState]) -> str:
    counts: Dict[str, int] = {}
    for state in states:
        counts[state.status] = counts.get(state.status, 0) + 1
    return "and " + ", ".join(f"{count} {status}" for status, count in counts.items())


class LiveView:
    """Draws a `Picture` on the terminal that stderr is, until it is left.

    The cursor is never hidden, and is beneath the picture after each drawing: so it is where it
    belongs however the process ends, even if it is killed.

    Args:
        execution_id: The execution.
        is_coloured: Whether statuses have colours.
        clock: Returns seconds, never going back.
    """

    def __init__(
        self,
        execution_id: str,
        is_coloured: bool,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._clock = clock
        self._picture = Picture(execution_id, clock(), is_coloured)
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._ticker = threading.Thread(target=self._tick, daemon=True)
        self._drawn = 0  # lines above the cursor that are ours
        self._size: Optional[Tuple[int, int]] = None
        self._notes = _Notes(self)

    def __enter__(self) -> "LiveView":
        logging.getLogger(LOGGER_NAME).addHandler(self._notes)
        self._draw()
        self._ticker.start()
        return self

    def __exit__(self, *_: Any) -> None:
        logging.getLogger(LOGGER_NAME).removeHandler(self._notes)
        self._over.set()
        self._ticker.join()
        self._draw()

    def show_flow(self, flow: Optional[Flow]) -> None:
        """Take the flow to draw."""
        with self._lock:
            self._picture.show_flow(flow)
        self._draw()

    def see_execution(self, execution: Execution) -> None:
        """Note the state of the execution."""
        with self._lock:
            self._picture.see_execution(execution)
        self._draw()

    def see_node(self, node: NodeResult) -> None:
        """Note the state of a node."""
        with self._lock:
            self._picture.see_node(node, self._clock())
        self._draw()

    def see_progress(self, progress: NodeProgress) -> None:
        """Note how far a node is."""
        with self._lock:
            self._picture.see_progress(progress)
        self._draw()

    def note(self, message: str) -> None:
        """Put a line above the picture."""
        self._draw(above=harmless(message))

    def _tick(self) -> None:
        try:
            while not self._over.wait(_TICK):
                self._draw()
        except OSError:  # the terminal has gone
            pass

    def _draw(self, above: str = "") -> None:
        with self._lock:
            size = size_of(sys.stderr)
            lines = self._picture.lines(size.columns, size.lines, self._clock())
            # Where lines are after a resize, terminals differ: what is drawn already stays there.
            is_in_place = self._size in (None, (size.columns, size.lines))
            self._size = (size.columns, size.lines)
            up = f"\x1b[{self._drawn}A" if self._drawn and is_in_place else ""
            shown = ([above] if above else []) + lines
            frame = "".join(f"{line}\x1b[K\n" for line in shown)
            put(f"\r{up}{frame}\x1b[J", err=True, end="")
            self._drawn = len(lines)


class _Notes(logging.Handler):
    """Print log warnings above the picture, which they would cut otherwise."""

    def __init__(self, view: LiveView) -> None:
        super().__init__(logging.WARNING)
        self._view = view

    def emit(self, record: logging.LogRecord) -> None:
        """Show a warning."""
        self._view.note(record.getMessage())
