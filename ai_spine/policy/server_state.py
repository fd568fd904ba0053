"""What the clients of one server have learnt about it: `with_options` shares it."""

from __future__ import annotations

import os
import re
import threading
import weakref
from typing import Callable, Iterable, Mapping, Optional, Set, Tuple

from ai_spine.constants import EVENT_STREAM, IDEMPOTENCY_KEY_HEADER, STREAM_RELATION
from ai_spine.policy.retry import Cooldown, RetryBudget
from ai_spine.policy.tokens import Token
from ai_spine.policy.waiting import FlowDurations

_MOST_PLACES = 1000
_PARAMETER = r';\s*(\w+)\s*=\s*"?([^";,]*)"?'  # of a link


class ServerState:
    """What is known of a server, beyond any single call.

    Args:
        max_streams: How many streams may be open at once; `None` for any number.
        tokens: What authorises requests to it.
    """

    def __init__(
        self, max_streams: Optional[int] = None, tokens: Iterable[Token] = ()
    ) -> None:
        self.cooldown = Cooldown()
        """Delays all calls while the server asks to wait."""
        self.retry_budget = RetryBudget()
        """What limits retries, for clients with a budget."""
        self.announces_streams = False
        """Whether a response has announced that executions can be streamed."""
        self.streams_unsupported = False
        """Whether the server refused to stream an execution."""
        self.echoes_idempotency_keys = False
        """Whether a response has repeated the key of its request: the server honours keys."""
        self.echoing: Set[Tuple[str, str]] = set()
        """The methods and paths whose responses have done so: other paths may not honour them."""
        self.durations = FlowDurations()
        """How long executions take, for waits without a stream."""
        self._max_streams = max_streams
        self._tokens = tuple(tokens)
        self._free_streams = threading.BoundedSemaphore(max_streams or 1)
        _ALL_STATES.add(self)

    @property
    def streams_executions(self) -> bool:
        """Whether executions can be followed over a stream, as far as is known."""
        return self.announces_streams and not self.streams_unsupported

    def learn_from(
        self, headers: Mapping[str, str], key: Optional[str], place: Tuple[str, str]
    ) -> None:
        """Note what a response's headers say about the server.

        Args:
            headers: The headers of the response.
            key: The idempotency key of the request; `None` if it had none.
            place: The method and the path of the request.
        """
        if not self.announces_streams:
            self.announces_streams = announces_stream(headers)
        if key is not None and headers.get(IDEMPOTENCY_KEY_HEADER) == key:
            self.echoes_idempotency_keys = True
            if len(self.echoing) < _MOST_PLACES:
                self.echoing.add(place)

    def reserve_stream(self) -> Optional[Callable[[], None]]:
        """Reserve a connection for a stream without waiting.

        Returns:
            A function that releases it; `None` if no connection is free.
        """
        if self._max_streams is None:
            return _release_nothing
        is_free = self._max_streams > 0 and self._free_streams.acquire(blocking=False)
        return self._free_streams.release if is_free else None

    def after_fork(self) -> None:
        """Replace the locks, which threads of the parent process may have held."""
        self.cooldown = Cooldown(self.cooldown.until)
        self.retry_budget = RetryBudget()
        self._free_streams = threading.BoundedSemaphore(self._max_streams or 1)
        for token in self._tokens:
            token.lock = threading.Lock()


_ALL_STATES: "weakref.WeakSet[ServerState]" = weakref.WeakSet()


def _after_fork() -> None:
    for state in list(_ALL_STATES):
        state.after_fork()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


def _release_nothing() -> None:
    pass


def announces_stream(headers: Mapping[str, str]) -> bool:
    """Return whether a response's `Link` says that its execution can be streamed.

    Example:
        >>> announces_stream({"Link": '</x>; rel="monitor"; type="text/event-stream"'})
        True
    """
    if "Link" not in headers:  # faster than `get`, which raises and catches an error
        return False
    links = headers["Link"]
    found = (dict(re.findall(_PARAMETER, link)) for link in links.split("<"))
    return any(
        STREAM_RELATION in link.get("rel", "").split()
        and link.get("type") == EVENT_STREAM
        for link in found
    )
