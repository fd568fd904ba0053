"""`RonNode`: a small app plane in this process, on a real socket, to test against."""

import contextlib
import json
import threading
from collections import deque
from datetime import datetime, timezone
from typing import Any, Deque, Dict, List, Optional, Tuple

from flask import Flask, Response, jsonify, request
from waitress.channel import ClientDisconnected

from ai_spine.constants import EVENT_STREAM, LAST_EVENT_ID_HEADER
from ai_spine.local.faults import CHANNEL, FaultScript, FaultyApp
from ai_spine.local.http.wsgi_server import HttpServer
from ai_spine.utils import parse_timestamp
from ai_spine.utils.macaroons import Macaroon

_PROBLEMS: Dict[str, Dict[str, Any]] = {
    "canonical": {"code": "not_found", "message": "no such thing", "kind": "client"},
    "gateway": {
        "code": "busy",
        "message": "try later",
        "retryable": True,
        "retry_after_ms": 1,
    },
    "rfc9457": {
        "type": "about:blank",
        "title": "Gone",
        "detail": "it is gone",
        "status": 410,
    },
    "code": {"code": "forbidden"},
}


_END = "expiry = "
_UNKNOWN = ({"code": "unauthorized", "message": "who are you?"}, 401)
_READS = ("GET", "HEAD", "OPTIONS")


class _Stream:
    """One open stream: it takes over a connection after the headers."""

    def __init__(self, node: "RonNode", topic: str, number: int) -> None:
        self.node, self.topic, self.number = node, topic, number
        self.channel: Any = None

    def begin(self, channel: Any) -> None:
        self.channel = channel
        self.node._write_to(self)

    def go_on(self) -> None:
        """Do nothing: all is written already."""

    def end(self) -> None:
        with self.node._lock:
            self.node._streams.discard(self)


class RonNode:
    """A node with `/app/hello`, `echo`, `headers`, `problems/…`, `things`, `queue` and `storage`.

    `GET /app/problems/{shape}?status=…` sends a problem: `canonical`, `gateway`, `rfc9457` or
    `code`. `/app/things` has pages by `page_token`, `/app/rows` by `cursor`. What `publish` sends
    comes over `/app/events/{topic}`; `drop_streams` cuts the streams. `faults` is as a
    `LocalServer` has it.

    Args:
        token: The token that requests need; `None` if they need none.
        key: The key of the macaroons that it accepts; their `readonly` and `expiry` count.
        amnesia: Whether it says that it keeps everything in memory.

    Example:
        >>> from ai_spine.ron import RonClientSync
        >>> with RonNode() as node, RonClientSync(node.url) as client:
        ...     client.get("/hello")
        {'hello': 'world'}
    """

    def __init__(
        self,
        token: Optional[str] = None,
        *,
        key: Optional[bytes] = None,
        amnesia: bool = True,
    ) -> None:
        self.faults = FaultScript()
        """What the node is to do wrong."""
        self.queue: Deque[Any] = deque()
        """The jobs of `/app/queue/next`."""
        self.storage: Dict[str, Any] = {}
        """What was put below `/app/storage/`."""
        self.requests: List[Tuple[str, str]] = []
        """The method and the path of each request."""
        self._token, self._key, self._amnesia = token, key, amnesia
        self._events: Dict[str, List[str]] = {}
        self._streams: "set[_Stream]" = set()
        self._lock = threading.RLock()  # a write that fails ends its stream
        faulty = FaultyApp(self._app(), self.faults, "/app")
        self._http = HttpServer(faulty, "127.0.0.1", 0)
        self.url = self._http.url
        """The URL of the node, such as `http://127.0.0.1:43210`."""

    def publish(self, topic: str, data: Any) -> None:
        """Send an event, whose id is its number, to all who are subscribed."""
        with self._lock:
            self._events.setdefault(topic, []).append(json.dumps(data))
            streams = [each for each in self._streams if each.topic == topic]
        for stream in streams:
            self._write_to(stream)

    def drop_streams(self) -> None:
        """Close the connections of all streams."""
        with self._lock:
            streams = [self._streams.pop() for _ in range(len(self._streams))]
        for stream in streams:
            stream.channel.drop()

    def close(self) -> None:
        """Stop serving."""
        self.faults.end()
        self._http.close()

    def __enter__(self) -> "RonNode":
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()

    def _write_to(self, stream: _Stream) -> None:
        with self._lock:
            if stream.channel is None:
                return
            self._streams.add(stream)
            for data in self._events.get(stream.topic, [])[stream.number :]:
                stream.number += 1
                text = f"id: {stream.number}\ndata: {data}\n\n"
                with contextlib.suppress(ClientDisconnected):
                    stream.channel.write_piece(text.encode())
            stream.channel.server.pull_trigger()

    def _app(self) -> Any:
        app = Flask("ron")
        app.before_request(self._admit)
        add = app.add_url_rule
        anything = ["GET", "POST", "PUT", "PATCH", "DELETE"]
        add("/app/hello", "hello", lambda: {"hello": "world"})
        add("/healthz", "healthz", lambda: {"ok": True})
        add("/app/echo", "echo", self._echo, methods=anything)
        add("/app/problems/<shape>", "problems", self._problem, methods=anything)
        add(
            "/app/things", "things", lambda: self._page("page_token", "next_page_token")
        )
        add("/app/rows", "rows", lambda: self._page("cursor", "next_cursor"))
        add("/app/events/<topic>", "events", self._subscribe)
        add("/app/queue/next", "queue", self._next)
        add("/app/storage/<path:name>", "storage", self._store, methods=["GET", "PUT"])
        add("/api/v1/status", "status", self._status)
        return app

    def _admit(self) -> Any:
        self.requests.append((request.method, request.path))
        given = request.headers.get("Authorization", "").partition("Bearer ")[2]
        if self._key is not None:
            return _refusal_of(given, self._key, request.method)
        is_known = self._token is None or given == self._token
        return None if is_known else _UNKNOWN

    def _echo(self) -> Any:
        body = request.get_json(silent=True)
        headers = {
            name: text for name, text in request.headers if name != "Authorization"
        }
        query = request.args.to_dict(flat=False)
        return {
            "method": request.method,
            "query": query,
            "json": body,
            "headers": headers,
        }

    def _problem(self, shape: str) -> Any:
        if shape not in _PROBLEMS:
            return Response(f"no such problem: it is {', '.join(_PROBLEMS)}\n", 404)
        kind = "application/problem+json" if shape == "rfc9457" else "application/json"
        status = int(request.args.get("status", 404))
        body = {**_PROBLEMS[shape], **request.args.to_dict()}
        return Response(json.dumps(body), status, mimetype=kind)

    def _page(self, parameter: str, name: str) -> Any:
        first, limit = int(request.args.get(parameter, 0)), int(
            request.args.get("limit", 2)
        )
        rest = first + limit
        items = [{"id": str(number)} for number in range(first, min(rest, 5))]
        return {"items": items, name: str(rest) if rest < 5 else None}

    def _subscribe(self, topic: str) -> Any:
        number = int(request.headers.get(LAST_EVENT_ID_HEADER, 0))
        request.environ[CHANNEL].stream = _Stream(self, topic, number)
        return Response(iter(()), mimetype=EVENT_STREAM)

    def _next(self) -> Any:
        return jsonify(self.queue.popleft()) if self.queue else ("", 204)

    def _store(self, name: str) -> Any:
        if request.method == "PUT":
            self.storage[name] = request.get_json()
            return "", 204
        if name not in self.storage:
            return {"code": "not_found", "message": "nothing is stored there"}, 404
        return jsonify(self.storage[name])

    def _status(self) -> Any:
        features = ["storage_mem_amnesia"] if self._amnesia else []
        return {"features": features, "engine": "mem" if self._amnesia else "disk"}


def _refusal_of(given: str, key: bytes, method: str) -> Any:
    """Return the response to a request whose macaroon does not allow it, or `None`."""
    try:
        macaroon = Macaroon.read(given)
    except ValueError:
        return _UNKNOWN
    now = datetime.now(timezone.utc)
    ends = [parse_timestamp(each[9:]) for each in macaroon.caveats if each[:9] == _END]
    are_over = [not isinstance(end, datetime) or end <= now for end in ends]
    if not macaroon.is_genuine(key) or any(are_over):
        return _UNKNOWN
    if "readonly = true" in macaroon.caveats and method not in _READS:
        return {"code": "readonly", "message": "the token only reads"}, 403
    return None
