"""What the two kinds of clients do differently. By hand: `async_support.py` is its other half."""

from typing import Any, Callable, TypeVar

from ai_spine.transport.base import ByteStream

T = TypeVar("T")


def home() -> Any:
    """Return where a stream belongs: anywhere, as any thread can close it."""
    return None


def abandon(stream: ByteStream, loop: Any) -> None:
    """Close a stream that its caller has forgotten."""
    stream.close()


def in_thread(function: Callable[..., T], *args: Any) -> T:
    """Call what may block, such as a write to a file."""
    return function(*args)
