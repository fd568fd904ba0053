"""A loopback server whose executions run until `/finish`: `python -m benchmarks.streams`.

It streams their events, counts its connections at `/count`, and ends all of them at `/finish`.
"""

import asyncio
import json
import sys
from typing import Any, Dict, List, Set

from benchmarks.processes import allow_many_files
from benchmarks.raw import EXECUTION

_STREAM = (
    b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n"
)


class Server:
    """Serves executions that go on until all are ended at once."""

    def __init__(self) -> None:
        self._streams: List[asyncio.StreamWriter] = []
        self._open: Set[asyncio.StreamWriter] = set()
        self._most = 0
        self._is_done = False

    async def serve(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        """Serve one connection to its end."""
        self._open.add(writer)
        self._most = max(self._most, len(self._open))
        try:
            while await self._answer(reader, writer):
                pass
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            self._open.discard(writer)
            writer.close()

    async def _answer(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> bool:
        head = await reader.readuntil(b"\r\n\r\n")
        lower = head.lower()
        if b"content-length:" in lower:
            after = lower.split(b"content-length:", 1)[1]
            await reader.readexactly(int(after.split(b"\r\n", 1)[0]))
        path = head.split(b" ", 2)[1]
        if path.endswith(b"/stream"):
            self._streams.append(writer)
            writer.write(_STREAM + _event(self._execution()))
            await reader.read()  # until the client has gone
            return False
        body: Dict[str, Any] = self._execution()
        if path == b"/count":
            body = {"streams": len(self._streams), "most": self._most}
        elif path == b"/finish":
            self._is_done = True
            for stream in self._streams:
                stream.write(_event(self._execution()))
                stream.close()
            body = {}
        writer.write(_response(body))
        await writer.drain()
        return True

    def _execution(self) -> Dict[str, Any]:
        return {**EXECUTION, "status": "completed" if self._is_done else "running"}


def _event(execution: Dict[str, Any]) -> bytes:
    return b"event: execution\r\ndata: %s\r\n\r\n" % json.dumps(execution).encode()


def _response(body: Dict[str, Any]) -> bytes:
    data = json.dumps(body).encode()
    return (
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n"
        b'Link: </stream>; rel="monitor"; type="text/event-stream"\r\n\r\n' % len(data)
    ) + data


async def main() -> None:
    allow_many_files()
    server = await asyncio.start_server(Server().serve, "127.0.0.1", 0, backlog=2048)
    print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
    loop = asyncio.get_running_loop()
    await loop.run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(main())
