"""`Telemetry`: spans and metrics of the client and the local server. Here, none are recorded.

Both call these methods whether OpenTelemetry is installed or not; `opentelemetry` records.
"""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any, ContextManager, Dict, Mapping, Optional

from ai_spine.policy.request_events import current_call

_NO_HEADERS: Mapping[str, str] = {}


class CallScope:
    """What lasts as long as a call: what the log says of it, and its span.

    Args:
        call: The state of the call.
    """

    headers = _NO_HEADERS
    """The headers that continue the trace at the server."""

    def __init__(self, call: Any) -> None:
        self._call = call
        self._logged_as: Any = None

    def __enter__(self) -> "CallScope":
        self._logged_as = current_call.set(self._call)
        return self

    def __exit__(self, kind: Any, error: Any, traceback: Any) -> None:
        logged_as = self._logged_as
        # A call refers to its scope: only the garbage collector would free a circle of them.
        self._call = self._logged_as = None
        try:
            current_call.reset(logged_as)
        except (
            ValueError
        ):  # its loop has forgotten the task, and another context ends it
            pass

    def begin_attempt(self) -> None:
        """Note that an attempt begins."""

    def end_attempt(self, status: Optional[int]) -> None:
        """Note the status of an attempt's response, if there is one."""

    def retry(self, cause: str, delay: float) -> None:
        """Note that another attempt follows."""


class Telemetry:
    """Records nothing."""

    @property
    def is_recording(self) -> bool:
        """Whether spans are recorded."""
        return False

    def scope(self, call: Any, path: str, query: str) -> CallScope:
        """Return what lasts as long as a call; `path` names the ids in braces."""
        return CallScope(call)

    def span(self, name: str, **attributes: Any) -> ContextManager[Dict[str, Any]]:
        """Return a span around what is done meanwhile.

        Args:
            name: Its name.
            **attributes: Such as `flow_id`, `execution_id` and `tenant`; those that are `None` are
                left out.

        Returns:
            A context manager of a dict, to which what is known later is added.
        """
        return _no_span()

    def parent(self, name: str, **attributes: Any) -> "Parent":
        """Return a span that is not current, for generators and threads."""
        return Parent(self)

    def record_execution(self, execution: Any) -> None:
        """Record how long an execution took, once it is done."""

    # For the local server

    def continue_trace(
        self, headers: Mapping[str, str], name: str, **attributes: Any
    ) -> ContextManager[Dict[str, Any]]:
        """Return the span of a request that the server answers, part of the client's trace."""
        return _no_span()

    def here(self) -> Any:
        """Return the place in the trace where this thread is, for `span_at`; `None` if nowhere."""

    def span_at(
        self, place: Any, name: str, **attributes: Any
    ) -> ContextManager[Dict[str, Any]]:
        """Return a span below a place in a trace."""
        return _no_span()

    def headers(self) -> Mapping[str, str]:
        """Return the headers that continue the trace of this thread or task."""
        return _NO_HEADERS


class Parent:
    """A span around calls that need not be made by this thread or task.

    Args:
        telemetry: Records those calls.
    """

    def __init__(self, telemetry: Telemetry) -> None:
        self.telemetry = telemetry

    def end(self, error: Optional[BaseException] = None) -> None:
        """End it."""


def _no_span() -> ContextManager[Dict[str, Any]]:
    return nullcontext({})
