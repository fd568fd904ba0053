"""Event streams: one thread writes the events of executions to all of them.

Nothing waits in memory for a slow reader: each stream knows the number that it has come to, and
what follows is read from the store when the reader has taken most of what was written before.
"""

import json
import logging
import select
import threading
import time
from typing import Any, Dict, Optional, Set

from waitress.channel import ClientDisconnected

from ai_spine.constants import LOGGER_NAME
from ai_spine.local.store.journal import Event
from ai_spine.local.store.store import Store
from ai_spine.policy.request_events import fields

KEEP_ALIVE = 15.0  # seconds of silence after which a comment is sent
# Half of the connections: the others are for ordinary requests. Windows waits for 512 at once.
MAX_STREAMS = 500 if hasattr(select, "poll") else 250
_MOST_PENDING = 64 * 1024  # bytes that may be written but not yet sent
_TURN = 8  # events that one stream is sent before it is another's turn
_COMMENT = b": keep-alive\n\n"

log = logging.getLogger(f"{LOGGER_NAME}.local")


class Stream:
    """One open stream: its execution, its position and its connection.

    Args:
        publisher: Who writes to it.
        execution_id: The execution whose events it sends.
        number: The number of the event after which it begins.
    """

    def __init__(
        self, publisher: "Publisher", execution_id: str, number: int = 0
    ) -> None:
        self.execution_id = execution_id
        self.number = number
        self.channel: Any = None
        self.written = time.monotonic()
        self._publisher = publisher

    def begin(self, channel: Any) -> None:
        """Note that the headers were sent."""
        self.channel = channel
        self._publisher.add(self)

    def go_on(self) -> None:
        """Note that the channel can take more."""
        self._publisher.wake(self)

    def end(self) -> None:
        """Note that the connection is closed."""
        self._publisher.forget(self)


class Publisher:
    """Writes to all streams, on a thread of its own that the first stream starts.

    Args:
        store: Where the events are read.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._changed = threading.Condition()
        self._streams: Dict[str, Set[Stream]] = {}
        self._due: Set[Stream] = set()
        self._closed = False
        self._thread: Optional[threading.Thread] = None
        store.listeners.append(self._notice)

    @property
    def count(self) -> int:
        """How many streams are open."""
        with self._changed:
            return sum(map(len, self._streams.values()))

    def add(self, stream: Stream) -> None:
        """Begin to write to a stream."""
        with self._changed:
            if self._closed:
                return
            self._streams.setdefault(stream.execution_id, set()).add(stream)
            if self._thread is None:
                self._thread = threading.Thread(
                    target=self._work, name="ai-spine-streams", daemon=True
                )
                self._thread.start()
        self.wake(stream)

    def wake(self, stream: Stream) -> None:
        """Have a stream looked after, if it is still open."""
        with self._changed:
            if stream in self._streams.get(stream.execution_id, ()):
                self._due.add(stream)
                self._changed.notify()

    def forget(self, stream: Stream) -> None:
        """Write no more to a stream."""
        with self._changed:
            streams = self._streams.get(stream.execution_id, set())
            streams.discard(stream)
            if not streams:
                self._streams.pop(stream.execution_id, None)

    def drop_all(self) -> None:
        """End all streams at once."""
        for stream in self._open():
            self._drop(stream)

    def close(self) -> None:
        """Stop writing; others close the connections."""
        with self._changed:
            self._closed = True
            self._streams.clear()
            self._changed.notify()
        if self._thread is not None:
            self._thread.join()

    def _notice(self, execution_id: str) -> None:
        """Note that the store has new events."""
        if execution_id not in self._streams:
            return  # one that is just being added reads what there is then
        with self._changed:
            streams = self._streams.get(execution_id)
            if streams:
                self._due |= streams
                self._changed.notify()

    def _open(self) -> Set[Stream]:
        with self._changed:
            return {stream for streams in self._streams.values() for stream in streams}

    def _work(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(
                    lambda: self._due or self._closed, self._until_silence()
                )
                if self._closed:
                    return
                due, self._due = self._due, set()
            for stream in due:
                self._attempt(self._send_events, stream)
            for stream in self._open():
                if time.monotonic() - stream.written >= KEEP_ALIVE:
                    self._attempt(self._comment, stream)

    def _until_silence(self) -> float:
        """Return the seconds until a stream has been silent for too long."""
        last = [s.written for streams in self._streams.values() for s in streams]
        left = min(last, default=time.monotonic()) + KEEP_ALIVE - time.monotonic()
        return max(left, 0.01)

    def _attempt(self, act: Any, stream: Stream) -> None:
        try:
            act(stream)
        except ClientDisconnected:
            self.forget(stream)
        except Exception:  # the thread is for the other streams as well
            known = fields(execution_id=stream.execution_id)
            log.exception(
                "a stream of execution %s broke", stream.execution_id, extra=known
            )
            self._drop(stream)

    def _send_events(self, stream: Stream) -> None:
        """Write the new events, as many as the reader keeps up with."""
        found = self._store.events_after(stream.execution_id, stream.number, _TURN)
        for event in found:
            if stream.channel.total_outbufs_len > _MOST_PENDING:
                return  # the channel says when it has come down
            self._write(stream, _as_text(event))
            stream.number = event.number
            if event.is_last:
                self.forget(stream)
                stream.channel.end_stream()
                return
        if len(found) == _TURN:
            self.wake(stream)
        elif not found and self._store.place_of(stream.execution_id) is None:
            self._drop(stream)  # the server was reset

    def _comment(self, stream: Stream) -> None:
        if stream.channel.total_outbufs_len:
            stream.written = time.monotonic()  # who does not read needs no more to read
        else:
            self._write(stream, _COMMENT)

    def _write(self, stream: Stream, data: bytes) -> None:
        stream.channel.write_piece(data)
        stream.written = time.monotonic()

    def _drop(self, stream: Stream) -> None:
        self.forget(stream)
        stream.channel.drop()


def _as_text(event: Event) -> bytes:
    data = json.dumps(event.data)  # in which all line breaks are escaped
    return f"id: {event.number}\nevent: {event.kind}\ndata: {data}\n\n".encode("ascii")
