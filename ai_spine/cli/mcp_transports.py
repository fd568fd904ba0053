"""How MCP messages come and go: over stdin and stdout, or over HTTP. Needs Python 3.10."""

import asyncio
import contextlib
import io
import logging
import os
import signal
import socket
import sys
import threading
from typing import Any, AsyncIterator, Coroutine, Iterator, Optional, Sequence

import anyio
from mcp.server.lowlevel.server import Server
from mcp.server.stdio import stdio_server
from mcp.server.transport_security import TransportSecuritySettings

from ai_spine.cli.output.printing import say
from ai_spine.exceptions import ConfigurationError

_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_STDIN, _STDOUT, _STDERR = 0, 1, 2
_CHUNK = 65_536


def run(serving: Coroutine[Any, Any, None]) -> None:
    """Serve until the end of the connection, Ctrl-C or SIGTERM."""
    is_stopped = False
    try:
        is_stopped = asyncio.run(_until_signal(serving))
    except Exception as error:
        if not _is_closed_pipe(error):
            raise
    if is_stopped:
        say("stopped")


def _is_closed_pipe(error: Exception) -> bool:
    """Return whether a client that reads no more is all that went wrong."""
    within = getattr(error, "exceptions", None)  # of a group of exceptions
    if within is None:
        return isinstance(error, BrokenPipeError)
    return all(_is_closed_pipe(each) for each in within)


async def _until_signal(serving: Coroutine[Any, Any, None]) -> bool:
    """Run a coroutine, and return whether a signal has ended it."""
    loop = asyncio.get_running_loop()
    task = asyncio.ensure_future(serving)

    def stop(*_: Any) -> None:
        loop.call_soon_threadsafe(task.cancel)

    before = [signal.signal(each, stop) for each in _SIGNALS]
    try:
        await task
    except asyncio.CancelledError:
        return True
    finally:
        for each, handler in zip(_SIGNALS, before):
            signal.signal(each, handler)
    return False


@contextlib.asynccontextmanager
async def stdio_streams() -> AsyncIterator[Any]:
    """Yield the streams of messages over stdin and stdout.

    Meanwhile, nothing else reads stdin, and what anybody prints goes to stderr.
    """
    with _moved(_STDIN) as source, _moved(_STDOUT) as target:
        lines: Any = _Lines(source)
        written = io.TextIOWrapper(
            os.fdopen(os.dup(target), "wb"), encoding="utf-8", newline="\n"
        )
        async with stdio_server(lines, anyio.wrap_file(written)) as streams:
            yield streams


@contextlib.contextmanager
def _moved(descriptor: int) -> Iterator[int]:
    """Yield a copy of stdin or stdout, whose own place is taken by something harmless."""
    sys.stdout.flush()
    copy = os.dup(descriptor)
    harmless = (
        os.open(os.devnull, os.O_RDONLY) if descriptor == _STDIN else os.dup(_STDERR)
    )
    os.dup2(harmless, descriptor)
    os.close(harmless)
    try:
        yield copy
    finally:
        os.dup2(copy, descriptor)
        # The copy stays open: a thread may be reading it until the process ends.


class _Lines:
    """The lines of a file, read by a thread that nobody needs to wait for at the end.

    Args:
        descriptor: The open file.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._loop = asyncio.get_running_loop()
        self._lines: "asyncio.Queue[Optional[str]]" = asyncio.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def __aiter__(self) -> "_Lines":
        return self

    async def __anext__(self) -> str:
        line = await self._lines.get()
        if line is None:
            raise StopAsyncIteration
        return line

    def _read(self) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is closed
            rest = b""
            while True:
                try:
                    chunk = os.read(self._descriptor, _CHUNK)
                except OSError:
                    chunk = b""
                *lines, rest = (rest + chunk).split(b"\n")
                for line in lines if chunk else [*lines, rest]:
                    if line.strip():
                        self._put(line.decode("utf-8", "replace"))
                if not chunk:
                    self._put(None)
                    return

    def _put(self, line: Optional[str]) -> None:
        self._loop.call_soon_threadsafe(self._lines.put_nowait, line)


async def serve_http_app(
    server: Server[Any], host: str, port: int, allowed_hosts: Sequence[str]
) -> None:
    """Serve an MCP server over streamable HTTP, until the task is cancelled.

    Args:
        server: The MCP server.
        host: The address to listen on.
        port: The port to listen on; 0 takes a free one.
        allowed_hosts: Further names of hosts that clients may use.

    Raises:
        ConfigurationError: It cannot listen there.
    """
    app = server.streamable_http_app(
        host=host, transport_security=_security(host, allowed_hosts)
    )
    with _listen(host, port) as listener:
        address = f"[{host}]" if ":" in host else host
        say(f"MCP is served at http://{address}:{listener.getsockname()[1]}/mcp")
        if host not in _LOOPBACK:
            say("warning: whoever reaches this address can execute flows with your key")
        await _serve(app, listener)


def _security(host: str, allowed_hosts: Sequence[str]) -> TransportSecuritySettings:
    """Return what protects from web pages that send requests to this machine."""
    names = [f"[{each}]" if ":" in each else each for each in (*_LOOPBACK, host)]
    known = [f"{name}{port}" for name in names for port in ("", ":*")]
    known += [f"{name}{port}" for name in allowed_hosts for port in ("", ":*")]
    return TransportSecuritySettings(
        enable_dns_rebinding_protection=True,
        allowed_hosts=known,
        allowed_origins=[f"http://{name}" for name in known],
    )


def _listen(host: str, port: int) -> socket.socket:
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        return socket.create_server((host, port), family=family)
    except (OSError, OverflowError) as error:
        # Python adds the address in brackets, which the sentence has already.
        reason = str(getattr(error, "strerror", None) or error).partition(" (while")[0]
        raise ConfigurationError(
            f"cannot listen on {host}, port {port}: {reason}"
        ) from None


async def _serve(app: Any, listener: socket.socket) -> None:
    import uvicorn

    class Web(uvicorn.Server):
        """A web server that leaves signals to the command."""

        @contextlib.contextmanager
        def capture_signals(self) -> Iterator[None]:
            yield

    # What is still being executed when it ends is cancelled, so there is nothing to wait for.
    config = uvicorn.Config(
        app, log_config=None, access_log=False, timeout_graceful_shutdown=0
    )
    web = Web(config)
    serving = asyncio.ensure_future(web.serve(sockets=[listener]))
    try:
        await asyncio.shield(serving)
    except asyncio.CancelledError:
        logging.getLogger("uvicorn.error").disabled = True
        web.should_exit = True
        await serving
        raise
