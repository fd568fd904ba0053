"""Attempts whose parts have limits of their own: connecting, sending and reading."""

import time
from contextlib import contextmanager
from typing import Iterator, TypeVar, Union

from ai_spine.policy.messages import Request, Response
from ai_spine.policy.retry import Failure, FailureKind
from ai_spine.policy.settings import Phases
from ai_spine.transport.base import ByteStream
from ai_spine.transport.requests.sockets import PHASES
from ai_spine.transport.requests.transport import RequestsTransport

T = TypeVar("T")
_NONE = Phases(None, None, None)


class PhasedTransport(RequestsTransport):
    """A transport whose connections know the limits; those of a caller's session do not."""

    def send(self, request: Request, timeout: float) -> Union[Response, Failure]:
        """Send a request once, follow redirects within its origin, and read the response."""
        began = time.monotonic()
        with self._limited():
            result = super().send(request, timeout)
        return self._explained(result, time.monotonic() - began >= timeout)

    def open_stream(
        self, request: Request, timeout: float, any_type: bool = False
    ) -> Union[ByteStream, Response, Failure]:
        """Send a request for a stream and read its headers; of an error, the whole response."""
        began = time.monotonic()
        with self._limited():
            result = super().open_stream(request, timeout, any_type)
        return self._explained(result, time.monotonic() - began >= timeout)

    @contextmanager
    def _limited(self) -> Iterator[None]:
        token = PHASES.set(self._settings.phases)
        try:
            yield
        finally:
            PHASES.reset(token)

    def _explained(self, result: T, is_whole: bool) -> Union[T, Failure]:
        """Return a result; a failure with the limit that was exceeded."""
        if not isinstance(result, Failure) or not result.timed_out or is_whole:
            return result
        connect, read, write = self._settings.phases or _NONE
        is_early = result.kind is FailureKind.NOT_SENT
        return result._replace(seconds=connect if is_early else read or write)
