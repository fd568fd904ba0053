"""Opens streams of bytes, so many at once that connections are left for requests."""

from typing import Callable, Optional, Union

from ai_spine._async.runtime import Sleep
from ai_spine.policy.messages import Request, Response
from ai_spine.policy.retry import Failure, FailureKind
from ai_spine.policy.server_state import ServerState
from ai_spine.transport.async_base import AsyncByteStream, AsyncTransport

_PAUSE = 0.02  # seconds between two looks for a free connection
_NOT_FREE = Failure(FailureKind.NOT_SENT, "no connection was free in time", True)
_NO_STREAMS = Failure(
    FailureKind.REFUSED,
    "there are no connections for streams: raise pool_size, or pass a session that has more",
)


class _Reserved(AsyncByteStream):
    """A stream that gives its reserved connection back when it is closed."""

    def __init__(self, stream: AsyncByteStream, release: Callable[[], None]) -> None:
        self.status, self.headers = stream.status, stream.headers
        self._stream = stream
        self._release: Optional[Callable[[], None]] = release

    async def read(self, timeout: float) -> Union[bytes, Failure]:
        """Return the next bytes as soon as there are any; none at the end of the stream."""
        return await self._stream.read(timeout)

    async def aclose(self) -> None:
        """Give the connection back; a second call changes nothing."""
        release, self._release = self._release, None
        if release is not None:
            try:
                await self._stream.aclose()
            finally:
                release()


async def open_bytes(
    transport: AsyncTransport,
    state: ServerState,
    sleep: Sleep,
    request: Request,
    timeout: float,
) -> Union[AsyncByteStream, Response, Failure]:
    """Make one attempt to open a stream of bytes, which may wait for a free connection.

    Args:
        transport: Makes the attempt.
        state: Counts the streams.
        sleep: Sleeps for seconds.
        request: The request.
        timeout: Seconds until the headers must have come.
    """
    if transport.max_streams == 0:
        return _NO_STREAMS
    release, left = state.reserve_stream(), timeout
    while release is None and left > _PAUSE:
        await sleep(_PAUSE)
        left -= _PAUSE
        release = state.reserve_stream()
    if release is None:
        return _NOT_FREE
    stream: Optional[AsyncByteStream] = None
    try:
        result = await transport.open_stream(request, left, any_type=True)
        if isinstance(result, AsyncByteStream):
            stream = _Reserved(result, release)
            return stream
        return result
    finally:
        if stream is None:
            release()
