"""`AgentContext`: what an agent can know of its execution, and how it reports its progress."""

import logging
import time
from typing import Any, Callable, Optional

from ai_spine.constants import LOGGER_NAME
from ai_spine.exceptions import ValidationError
from ai_spine.policy.request_events import AddFields
from ai_spine.utils import one_line

Report = Callable[[float, Optional[str]], None]
_AGENTS = logging.getLogger(f"{LOGGER_NAME}.local.agents")
_MAX_MESSAGE = 1000  # characters


def _report_nothing(progress: float, message: Optional[str]) -> None:
    pass


class AgentContext:
    """What an agent's parameter `context` is; one is made for each run of a node.

    Args:
        execution_id: The execution.
        node_id: The node that runs.
        tenant: Whose execution it is; `None` without tenants.
        ends: When the node times out, by `time.monotonic`; `None` if it does not.
        report: Is called with each progress and message.

    Example:
        >>> def summarize(text: str, context: AgentContext) -> dict:
        ...     context.report(0.5, "reading")
        ...     return {"summary": text[:20]}
        >>> summarize("A long story.", AgentContext())
        {'summary': 'A long story.'}
    """

    attempt = 1
    """Which attempt of the node this is; the local server makes one."""

    def __init__(
        self,
        execution_id: str = "",
        node_id: str = "",
        *,
        tenant: Optional[str] = None,
        ends: Optional[float] = None,
        report: Report = _report_nothing,
    ) -> None:
        self.execution_id = execution_id
        self.node_id = node_id
        self.tenant = tenant
        self._ends = ends
        self._report = report
        self._logger: Optional[logging.Logger] = None

    @property
    def deadline(self) -> Optional[float]:
        """The seconds left until the node times out; `None` if it has no timeout."""
        return None if self._ends is None else max(self._ends - time.monotonic(), 0.0)

    @property
    def logger(self) -> logging.Logger:
        """A logger below `ai_spine.local.agents`, named like the node.

        Its records have the attributes `execution_id`, `node_id`, `attempt` and `tenant`.
        """
        if self._logger is None:
            # Unknown to `logging`, which would keep it for ever.
            self._logger = logging.Logger(f"{_AGENTS.name}.{self.node_id}")
            self._logger.parent = _AGENTS
            known = {"execution_id": self.execution_id, "node_id": self.node_id}
            self._logger.addFilter(
                AddFields(**known, attempt=self.attempt, tenant=self.tenant)
            )
        return self._logger

    def report(self, progress: float, message: Optional[str] = None) -> None:
        """Report progress, which streams of the execution send as an event.

        Args:
            progress: How much is done, from 0 to 1.
            message: What is being done, in at most 1000 characters.

        Raises:
            ValidationError: The progress is not from 0 to 1, or the message is not text.
        """
        if not _is_share(progress):
            raise ValidationError(f"progress must be from 0 to 1, not {progress!r}")
        if message is not None and not isinstance(message, str):
            raise ValidationError(f"message must be text, not {message!r}")
        words = None if message is None else one_line(message, _MAX_MESSAGE)
        self._report(float(progress), words)

    def __repr__(self) -> str:
        return f"AgentContext({self.execution_id!r}, {self.node_id!r})"


def _is_share(value: Any) -> bool:
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return is_number and 0 <= value <= 1
