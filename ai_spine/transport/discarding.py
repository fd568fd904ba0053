"""Closes what belongs to an event loop, or a process, that is gone."""

import os
import warnings
from typing import Any, Callable, List

# A forked process shares the sockets, and what watches them, with its parent.
_OF_PARENTS: List[Any] = []


def abort(transport: Any) -> None:
    """Close a connection of asyncio at once, also when its event loop is closed."""
    try:
        if transport is not None:
            transport.abort()
    except RuntimeError:  # the loop is closed, so what it would do is done here
        below = getattr(transport, "_ssl_protocol", None)
        below = transport if below is None else below._transport
        below._call_connection_lost(None)


def discard(close: Callable[[Any], None], session: Any, process: int) -> None:
    """Close a session whose loop is gone; one of the parent process is not touched."""
    if process == os.getpid():
        close(session)
    else:
        _OF_PARENTS.append(session)


def warn_unclosed(
    close: Callable[[Any], None], session: Any, process: int, client: str
) -> None:
    """Close a session that nobody has closed, and say so."""
    if process == os.getpid():
        warnings.warn(
            f"an {client} was not closed: use `async with`, or await its aclose()",
            ResourceWarning,
            stacklevel=2,
        )
    discard(close, session, process)
