"""`/executions/{id}/stream`, and the header that announces it."""

from typing import Any, Iterator

from werkzeug.wrappers import Response

from ai_spine.constants import (
    API_PREFIX,
    EVENT_STREAM,
    LAST_EVENT_ID_HEADER,
    STREAM_RELATION,
)
from ai_spine.local.faults import CHANNEL
from ai_spine.local.http.requests import Answer, Routes, current_request, request
from ai_spine.local.http.responses import (
    HTTPError,
    check_uuid,
    under_prefix,
)
from ai_spine.local.http.streams import MAX_STREAMS, Publisher, Stream
from ai_spine.local.store.store import Store


class StreamRoutes:
    """The stream of an execution's events."""

    def __init__(self, store: Store, publisher: Publisher) -> None:
        self._store, self._publisher = store, publisher

    def add_to(self, routes: Routes) -> None:
        """Add the route."""
        routes.add("GET", "/executions/<execution_id>/stream", self.stream)

    def stream(self, execution_id: str) -> Answer:
        """Stream the events of an execution, from its start or after `Last-Event-ID`."""
        known = check_uuid(execution_id)
        place = self._store.place_of(known)
        if place is None:
            raise HTTPError(404, f"Execution {execution_id!r} not found")
        number = _last_event_id()
        if place.is_done and number >= place.number:
            return Response(status=204)  # by which a browser knows not to come again
        if self._publisher.count >= MAX_STREAMS:
            raise HTTPError(503, f"There are {MAX_STREAMS} streams open already")
        stream = Stream(self._publisher, known, min(number, place.number))
        if request.method == "HEAD":
            return Response(mimetype=EVENT_STREAM)
        channel = request.environ[CHANNEL]
        return Response(_handing_over(channel, stream), mimetype=EVENT_STREAM)


def announce_stream(execution_id: str) -> None:
    """Add a link to the execution's stream to the response."""
    prefix = API_PREFIX if under_prefix() else ""
    url = f"{prefix}/executions/{execution_id}/stream"
    link = f'<{url}>; rel="{STREAM_RELATION}"; type="{EVENT_STREAM}"'
    current_request.get().reply_headers["Link"] = link


def _handing_over(channel: Any, stream: Stream) -> Iterator[bytes]:
    """Return no content: after the headers, the stream takes over the connection."""
    channel.stream = stream
    yield from ()


def _last_event_id() -> int:
    text = request.headers.get(LAST_EVENT_ID_HEADER, "").strip()
    if not text:
        return 0
    if text.isascii() and text.isdigit() and len(text) < 19:
        return int(text)
    problem = {
        "type": "int_parsing",
        "loc": ["header", LAST_EVENT_ID_HEADER],
        "msg": "Input should be the id of an event, a whole number",
        "input": text,
    }
    raise HTTPError(422, [problem])
