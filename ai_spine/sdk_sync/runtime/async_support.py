"""What the two kinds of clients do differently. By hand: `support.py` is its other half."""

import asyncio
from typing import Any, Callable, Optional, Set, TypeVar

from ai_spine.transport.async_base import AsyncByteStream

T = TypeVar("T")
_CLOSING: Set["asyncio.Task[None]"] = set()  # an event loop keeps none alive by itself


def home() -> Optional[asyncio.AbstractEventLoop]:
    """Return where a stream belongs: the event loop that runs, if one does."""
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None  # the stream is in memory


def abandon(stream: AsyncByteStream, loop: Any) -> None:
    """Close a stream that its caller has forgotten, in its event loop if that still runs."""
    if loop is None:
        return
    try:
        loop.call_soon_threadsafe(_close, stream)
    except RuntimeError:
        pass  # the loop is closed, and its connections with it


def _close(stream: AsyncByteStream) -> None:
    task = asyncio.ensure_future(stream.aclose())
    _CLOSING.add(task)
    task.add_done_callback(_CLOSING.discard)


async def in_thread(function: Callable[..., T], *args: Any) -> T:
    """Call what may block, such as a write to a file, in a thread."""
    return await asyncio.to_thread(function, *args)
