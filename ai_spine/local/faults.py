"""Faults of the local server on purpose: what it must do wrong, and how often."""

import fnmatch
import threading
from dataclasses import dataclass, field
from http.client import responses as REASONS
from typing import Any, Callable, Dict, Iterable, List, Mapping, Optional

from ai_spine.constants import API_PREFIX
from ai_spine.exceptions import ValidationError
from ai_spine.policy.json_encoding import encode_json
from ai_spine.policy.validation import (
    check_count,
    check_header_value,
    check_mapping,
    check_seconds,
)

# The key of a request's channel in its WSGI environment; `server` sets it.
CHANNEL = "ai_spine.channel"

Wsgi = Callable[[Dict[str, Any], Callable[..., Any]], Iterable[bytes]]


@dataclass
class Fault:
    """One rule: the requests that it applies to, and what happens to them."""

    method: str
    path: str
    status: Optional[int]
    headers: Mapping[str, str]
    body: Any
    delay: float
    drop: bool
    drop_after_commit: bool
    times: Optional[int]
    met: int = field(default=0)
    """How many requests it has met so far."""

    def matches(self, method: str, path: str) -> bool:
        """Return whether it is this request's turn."""
        if self.times is not None and self.met >= self.times:
            return False
        return self.method in ("*", method) and fnmatch.fnmatchcase(path, self.path)


class FaultScript:
    """The faults of a server, in the order in which they were added.

    Example:
        >>> fault = server.faults.add("GET", "/flows", status=503, times=2)
        >>> len(client.list_flows()), fault.met
        (2, 2)
    """

    def __init__(self) -> None:
        self._faults: List[Fault] = []
        self._lock = threading.Lock()
        self._ended = threading.Event()

    def add(
        self,
        method: str,
        path: str,
        *,
        status: Optional[int] = None,
        headers: Optional[Mapping[str, str]] = None,
        body: Any = None,
        delay: float = 0,
        drop: bool = False,
        drop_after_commit: bool = False,
        times: Optional[int] = 1,
    ) -> Fault:
        """Add a fault.

        Args:
            method: The method that it meets; `*` is any.
            path: The path of the requests, without `/api/v1`; `*` stands for any characters.
            status: Answer with this status, and do nothing.
            headers: Headers of that response, such as `Retry-After`.
            body: JSON of that response.
            delay: Seconds to wait before anything else.
            drop: Close the connection without doing anything.
            drop_after_commit: Execute the request, then close the connection without a response.
            times: How many requests it meets; `None` is all.

        Returns:
            The fault; its `met` counts the requests.

        Raises:
            ValidationError: It would do nothing, or meet nothing, or do two things at once.
        """
        _check_place(method, path)
        _check_effect(status, drop, drop_after_commit, delay)
        _check_answer(status, headers, body)
        if times is not None:
            check_count("times", times, least=1)
        fault = Fault(
            method.upper(),
            path,
            status,
            dict(headers or {}),
            body,
            delay,
            drop,
            drop_after_commit,
            times,
        )
        with self._lock:
            self._faults.append(fault)
        return fault

    def clear(self) -> None:
        """Remove all faults."""
        with self._lock:
            self._faults.clear()

    def end(self) -> None:
        """Cut short the delays that are under way: the server is closing."""
        self._ended.set()

    def pause(self, seconds: float) -> None:
        """Sleep for the delay of a fault."""
        self._ended.wait(seconds)

    def take(self, method: str, path: str) -> Optional[Fault]:
        """Count and return the fault that a request meets; `None` if it meets none."""
        with self._lock:
            for fault in self._faults:
                if fault.matches(method, path):
                    fault.met += 1
                    return fault
        return None


def _check_place(method: Any, path: Any) -> None:
    for name, text in (("method", method), ("path", path)):
        if not isinstance(text, str):
            raise ValidationError(
                f"{name} must be text, not of type {type(text).__name__}"
            )
    if not path.startswith(("/", "*", "?", "[")):  # the last two match characters
        raise ValidationError(
            "path must begin with a slash or a star, as /flows/* does"
        )
    if path.startswith(f"{API_PREFIX}/"):
        raise ValidationError(
            f"path must not begin with {API_PREFIX}, which is implied"
        )


def _check_effect(status: Any, drop: bool, drop_after_commit: bool, delay: Any) -> None:
    if sum((status is not None, bool(drop), bool(drop_after_commit))) > 1:
        raise ValidationError("a fault has one of status, drop and drop_after_commit")
    if status is None and not (drop or drop_after_commit or delay):
        raise ValidationError(
            "a fault needs a status, drop, drop_after_commit or delay"
        )
    if status is not None and not 200 <= check_count("status", status) <= 599:
        raise ValidationError(f"status must be from 200 to 599, not {status}")
    if delay:
        check_seconds("delay", delay)


def _check_answer(
    status: Optional[int], headers: Optional[Mapping[str, str]], body: Any
) -> None:
    if status is None and (headers is not None or body is not None):
        raise ValidationError("headers and body need the status of the response")
    for name, text in check_mapping("headers", headers or {}).items():
        check_header_value("a name in headers", name)
        check_header_value(f"headers[{name!r}]", text)
    encode_json({"body": body})


class FaultyApp:
    """A WSGI application to which its script's faults happen."""

    def __init__(self, app: Wsgi, script: FaultScript, prefix: str) -> None:
        self._app = app
        self._script = script
        self._prefix = prefix

    def __call__(
        self, environ: Dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        # WSGI decodes the bytes of the path as Latin-1.
        path = environ.get("PATH_INFO", "").encode("latin-1").decode("utf-8", "replace")
        if path.startswith(self._prefix + "/"):
            path = path[len(self._prefix) :]
        fault = self._script.take(environ["REQUEST_METHOD"], path)
        if fault is None:
            return self._app(environ, start_response)
        if fault.delay:
            self._script.pause(fault.delay)
        if fault.status is not None:
            return _answer(fault, start_response)
        if fault.drop_after_commit:
            _consume(self._app(environ, lambda *_: None))
        if fault.drop or fault.drop_after_commit:
            environ[CHANNEL].drop()
            start_response(
                "500 Dropped", []
            )  # never sent, since the connection is closed
            return []
        return self._app(environ, start_response)


def _answer(fault: Fault, start_response: Callable[..., Any]) -> Iterable[bytes]:
    reason = REASONS.get(fault.status or 0, "Unknown")
    body = (
        {"detail": f"{reason} (an injected fault)"}
        if fault.body is None
        else fault.body
    )
    content = encode_json(body)
    headers = {"Content-Type": "application/json", "Content-Length": str(len(content))}
    if fault.status in (204, 304):  # which have no body, as the server would grumble
        content, headers = b"", {}
    start_response(
        f"{fault.status} {reason}", list({**headers, **fault.headers}.items())
    )
    return [content]


def _consume(answer: Iterable[bytes]) -> None:
    """Read a response to its end, so that the work behind it is done."""
    for _ in answer:
        pass
    close = getattr(answer, "close", None)
    if close is not None:
        close()
