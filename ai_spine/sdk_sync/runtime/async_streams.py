"""`AsyncEvents` and `AsyncDownload`: responses that are still open."""

import os
from collections import deque
from typing import (
    Any,
    AsyncIterator,
    Callable,
    Deque,
    Generic,
    Mapping,
    Optional,
    TypeVar,
    Union,
)

from ai_spine.constants import MAX_RESPONSE_BYTES
from ai_spine.exceptions import AISpineError
from ai_spine.models.base import UnexpectedResponse
from ai_spine.policy.event_streams import StreamTooLarge
from ai_spine.policy.retry import Failure
from ai_spine.sdk_sync.runtime.async_support import abandon, home, in_thread
from ai_spine.sdk_sync.runtime.event_decoders import Decoder
from ai_spine.sdk_sync.runtime.new_files import NewFile
from ai_spine.sdk_sync.runtime.responses import Headers
from ai_spine.transport.async_base import AsyncByteStream

T = TypeVar("T")
Fail = Callable[[Union[Failure, str]], AISpineError]
"""Makes the error of a stream of what went wrong."""


class _AsyncOpen:
    """A response that is still open.

    Args:
        stream: The response.
        timeout: Seconds for which it may be silent.
        fail: Makes the error of what went wrong.
    """

    def __init__(self, stream: AsyncByteStream, timeout: float, fail: Fail) -> None:
        self.status = stream.status
        """The HTTP status."""
        self.headers: Mapping[str, str] = Headers(stream.headers)
        """The headers; names are found in any case."""
        self._timeout = timeout
        self._fail = fail
        self._home = home()
        self._open: Optional[AsyncByteStream] = stream

    async def _next(self) -> bytes:
        """Return the next bytes; none at the end, where the connection is given back.

        Raises:
            NetworkError: The stream was cut off, or silent for too long.
        """
        if self._open is None:
            return b""
        try:
            data = await self._open.read(self._timeout)
        except BaseException:
            await self.aclose()
            raise
        if isinstance(data, Failure) or not data:
            await self.aclose()
        if isinstance(data, Failure):
            raise self._fail(data)
        return data

    async def aclose(self) -> None:
        """Give the connection back; a second call changes nothing."""
        stream, self._open = self._open, None
        if stream is not None:
            await stream.aclose()

    def __del__(self) -> None:
        stream = self.__dict__.get("_open")
        if stream is not None:
            abandon(stream, self._home)

    def __repr__(self) -> str:  # a server may repeat the key in its headers
        state = "closed" if self._open is None else "open"
        return f"{type(self).__name__}({self.status}, {state})"


class AsyncEvents(_AsyncOpen, Generic[T]):
    """A stream of typed values: server-sent events, or lines of JSON.

    Iterate over it once. It gives its connection back at its end, when it fails, and when it is
    closed; as a context manager, it is closed for certain.

    Args:
        stream: The response.
        timeout: Seconds for which it may be silent.
        fail: Makes the error of what went wrong.
        decoder: Reads the values.
    """

    def __init__(
        self, stream: AsyncByteStream, timeout: float, fail: Fail, decoder: Decoder[T]
    ) -> None:
        super().__init__(stream, timeout, fail)
        self._decoder = decoder
        self._values: Deque[T] = deque()
        self._problem: Optional[str] = None  # which comes after the values before it

    def __aiter__(self) -> AsyncIterator[T]:
        return self

    async def __anext__(self) -> T:
        """Return the next value.

        Raises:
            NetworkError: The stream was cut off, or silent for too long.
            APIError: A value is not what the operation promises.
        """
        while not self._values:
            if self._problem is not None:
                problem, self._problem = self._problem, None
                raise self._fail(problem)
            if self._open is None:
                raise StopAsyncIteration
            await self._decode(await self._next())
        return self._values.popleft()

    async def _decode(self, data: bytes) -> None:
        """Keep the values that bytes complete, and close the stream after the last."""
        try:
            self._values.extend(self._decoder.feed(data))
        except (UnexpectedResponse, StreamTooLarge) as error:
            self._problem = f"the stream contains {error}"
        if self._problem is not None or self._decoder.is_done:
            await self.aclose()

    async def __aenter__(self) -> "AsyncEvents[T]":
        return self

    async def __aexit__(self, *_: Any) -> None:
        await self.aclose()


class AsyncDownload(_AsyncOpen):
    """Content that is read piece by piece, read whole, or saved as a file.

    Read it once. It gives its connection back at its end, when it fails, and when it is closed; as
    a context manager, it is closed for certain.
    """

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        """Return the next bytes.

        Raises:
            NetworkError: The content was cut off, or the server silent for too long.
        """
        piece = await self._next()
        if not piece:
            raise StopAsyncIteration
        return piece

    async def read(self, limit: int = MAX_RESPONSE_BYTES) -> bytes:
        """Return the whole content.

        Args:
            limit: How many bytes it may have.

        Raises:
            APIError: It has more.
            NetworkError: The content was cut off, or the server silent for too long.
        """
        content = bytearray()
        async for piece in self:
            content += piece
            if len(content) > limit:
                await self.aclose()
                raise self._fail(f"the content is larger than {limit} bytes")
        return bytes(content)

    async def save(self, path: "Union[str, os.PathLike[str]]") -> int:
        """Write the content to a file, which is not there, or as it was, until all has come.

        Args:
            path: The file; an existing one is replaced.

        Returns:
            How many bytes it has.

        Raises:
            OSError: It cannot be written.
            NetworkError: The content was cut off, or the server silent for too long.
        """
        async with self:
            file = NewFile(path)  # not in a thread, which cancelling would not stop
            try:
                async for piece in self:
                    await in_thread(file.write, piece)
                return await in_thread(file.commit)
            finally:
                file.discard()

    async def __aenter__(self) -> "AsyncDownload":
        return self

    async def __aexit__(self, *_: Any) -> None:
        await self.aclose()


class AsyncMemoryStream(AsyncByteStream):
    """A stream over a body that has been read.

    Args:
        status: The HTTP status.
        headers: The headers.
        body: The body.
    """

    def __init__(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        self.status, self.headers = status, headers
        self._body = body

    async def read(self, timeout: float) -> Union[bytes, Failure]:
        """Return the body, and then nothing."""
        body, self._body = self._body, b""
        return body

    async def aclose(self) -> None:
        """Forget the body."""
        self._body = b""
