"""Reports each attempt: to event hooks, and to the log."""

import logging
from contextvars import ContextVar
from typing import Any, Callable, Dict, NamedTuple, Optional

from ai_spine.constants import LOGGER_NAME

LOG_FIELDS = ("request_id", "attempt", "flow_id", "execution_id", "tenant")
"""The attributes of each record, which are `None` where they are not known."""

_FIELDS = "_ai_spine_fields"

current_call: "ContextVar[Any]" = ContextVar("ai_spine.current_call", default=None)
"""The call that this thread or task is in."""


class AddFields(logging.Filter):
    """Adds `LOG_FIELDS` to records: what was logged with them, or what is known of the call.

    The application may have fields of the same names, which `logging` forbids `extra` to replace.

    Args:
        **known: What is known of all records, in fields that may have other names.
    """

    def __init__(self, **known: Any) -> None:
        super().__init__()
        self._known = known

    def filter(self, record: logging.LogRecord) -> bool:
        call = current_call.get()
        known = {**self._known, **record.__dict__.pop(_FIELDS, {})}
        for name in (*LOG_FIELDS, *known):
            setattr(record, name, known.get(name, getattr(call, name, None)))
        return True


def fields(**known: Any) -> Dict[str, Any]:
    """Return `extra` for a record, with what it says beside what is known of the call."""
    return {_FIELDS: known}


log = logging.getLogger(LOGGER_NAME)
log.addFilter(AddFields())
logging.getLogger(f"{LOGGER_NAME}.local").addFilter(AddFields())  # the local server's


class RequestEvent(NamedTuple):
    """What an event hook receives; fields that are not known at that point are `None`."""

    name: str
    """`request`, `response` or `retry`."""
    method: str
    """The HTTP method."""
    path: str
    """The path, without host and query."""
    attempt: int
    """Counted from 1."""
    request_id: str
    """The id that was sent with the request."""
    status_code: Optional[int] = None
    """The HTTP status of the response."""
    elapsed: Optional[float] = None
    """Seconds that the attempt took."""
    cause: Optional[str] = None
    """Why the attempt failed."""
    delay: Optional[float] = None
    """Seconds until the next attempt."""


def log_line(event: RequestEvent) -> str:
    """Return the line that is logged for a response or a retry."""
    what = f"{event.method} {event.path}"
    where = f"(attempt {event.attempt}, request id {event.request_id})"
    if event.name == "retry":
        return (
            f"{what}: retrying in {event.delay:.2f} s because of {event.cause} {where}"
        )
    outcome = event.status_code if event.cause is None else event.cause
    return f"{what} -> {outcome} in {1000 * (event.elapsed or 0):.0f} ms {where}"


def log_to_stderr() -> None:
    """Show the SDK's log, and no other, on stderr; a second call changes nothing."""
    log.setLevel(logging.DEBUG)
    if not log.handlers:
        handler = logging.StreamHandler()
        handler.setFormatter(
            logging.Formatter("%(asctime)s %(name)s %(levelname)s %(message)s")
        )
        log.addHandler(handler)


def log_hook_error(name: str, hook: Callable[[Any], Any]) -> None:
    """Log the exception that a hook has raised: it must not break the call that it observes."""
    log.warning("the %s hook %r raised an exception", name, hook, exc_info=True)
