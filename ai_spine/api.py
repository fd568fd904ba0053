"""`ApiClient` sends an operation, repeats it where that is right, and maps every failure.

The only room of the core that touches the network.
"""

import http.cookiejar
import json
import logging
import os
import time
import uuid
from typing import (
    Any,
    Callable,
    Dict,
    List,
    Mapping,
    NamedTuple,
    Optional,
    TypeVar,
    Union,
)
from urllib.parse import urljoin

import requests
import urllib3
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase

from ai_spine.__version__ import __version__
from ai_spine.config import Settings
from ai_spine.constants import (
    IDEMPOTENCY_KEY_HEADER,
    LOGGER_NAME,
    MAX_ANSWER_BYTES,
    MAX_REDIRECTS,
    REQUEST_ID_HEADER,
)
from ai_spine.exceptions import (
    AISpineError,
    APIError,
    Attempt,
    CallInfo,
    NetworkError,
    RequestTimeoutError,
    error_from_response,
)
from ai_spine.operations import Operation
from ai_spine.retry import (
    REPEATABLE_METHODS,
    Failure,
    Kind,
    RetryPolicy,
    failure_of,
    kind_of_status,
)
from ai_spine.utils import Secret, one_line, origin
from ai_spine.validation import encode_json
from ai_spine.wire import UnexpectedAnswer

T = TypeVar("T")
log = logging.getLogger(LOGGER_NAME)

_USER_AGENT = f"ai-spine-sdk-python/{__version__}"
_CHUNK_BYTES = 64 * 1024
_REDIRECTS = (301, 302, 303, 307, 308)
_METHOD_KEEPING_REDIRECTS = (307, 308)


class RequestEvent(NamedTuple):
    """What an event hook is given; what is not known at that point is `None`."""

    name: str
    """`request`, `response` or `retry`."""
    method: str
    """The HTTP method."""
    path: str
    """The path, without host and query."""
    attempt: int
    """Counted from 1."""
    request_id: str
    """The id that was sent along."""
    status_code: Optional[int] = None
    """The HTTP status of the answer."""
    elapsed: Optional[float] = None
    """Seconds that the attempt took."""
    cause: Optional[str] = None
    """Why the attempt failed."""
    delay: Optional[float] = None
    """Seconds until the next attempt."""


class BearerAuth(AuthBase):
    """Puts the key on requests to one origin, and nothing on others.

    It stands on keyless clients too: with it, `requests` does not look into `~/.netrc`.
    """

    def __init__(self, api_key: Optional[Secret], base_url: str) -> None:
        self._api_key = api_key
        self._origin = origin(base_url)

    def __call__(self, prepared: requests.PreparedRequest) -> requests.PreparedRequest:
        if self._api_key is not None and origin(prepared.url or "") == self._origin:
            prepared.headers["Authorization"] = f"Bearer {self._api_key.reveal()}"
        return prepared


class Answer(NamedTuple):
    """An HTTP answer, read to its end."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class _Call:
    """What one call knows of itself while it goes through its attempts."""

    def __init__(self, method: str, path: str, ends: Optional[float]) -> None:
        self.method = method
        self.path = path
        self.ends = ends
        self.request_id = str(uuid.uuid4())
        self.idempotency_key: Optional[str] = None
        self.attempts: List[Attempt] = []
        self.maybe_executed = False

    def note(self, failure: Failure, delay: Optional[float]) -> None:
        """Notes an attempt that failed, and the sleep that follows it."""
        self.attempts.append(Attempt(len(self.attempts) + 1, failure.words, delay))
        if self.method not in REPEATABLE_METHODS and failure.kind.maybe_executed:
            self.maybe_executed = True

    def info(self, *, transient: bool) -> CallInfo:
        """Gives what the errors of this call tell."""
        return CallInfo(
            self.method,
            self.path,
            self.request_id,
            tuple(self.attempts),
            self.maybe_executed,
            self.idempotency_key,
            transient,
        )


class ApiClient:
    """Sends operations over one pooled session.

    Args:
        settings: Checked settings.
        session: A session to send with; `None` makes one.
        clock: Gives seconds, never going back.
        sleep: Sleeps for seconds.
    """

    def __init__(
        self,
        settings: Settings,
        session: Optional[requests.Session] = None,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.settings = settings
        self.clock = clock
        self.sleep = sleep
        self._policy = RetryPolicy(
            settings.max_retries, retry_writes=settings.retry_writes
        )
        self._auth = BearerAuth(settings.api_key, settings.base_url)
        self._given_session = session
        self._session: Optional[requests.Session] = session or _make_session(settings)
        self._pid = os.getpid()

    def __reduce__(self) -> Any:
        return ApiClient, (self.settings, self._given_session)

    @property
    def session(self) -> requests.Session:
        """The session: the caller's, or one of our own, anew after a fork or `close`."""
        if self._given_session is not None:
            return self._given_session
        if self._session is None or self._pid != os.getpid():
            self._session = _make_session(self.settings)
            self._pid = os.getpid()
        return self._session

    def close(self) -> None:
        """Closes the connections of the session, unless it is the caller's."""
        if self._given_session is None and self._session is not None:
            self._session.close()
            self._session = None

    def call(
        self,
        operation: Operation[T],
        *,
        ids: Optional[Dict[str, str]] = None,
        body: Optional[Mapping[str, Any]] = None,
        params: Optional[Mapping[str, Any]] = None,
        idempotency_key: Optional[str] = None,
        deadline: Optional[float] = None,
    ) -> T:
        """Sends an operation until there is an answer, a refusal, or no time left.

        Args:
            operation: What to send.
            ids: The ids of its path.
            body: What goes as JSON.
            params: What goes as query; `None` values are left out.
            idempotency_key: The key of a POST; `None` makes one.
            deadline: Seconds for the whole call; the client's own holds as well.

        Returns:
            What the operation reads from the answer.

        Raises:
            ValidationError: `body` is not JSON. Nothing was sent.
            APIError: The server refused, or its answer cannot be read.
            NetworkError: No answer came.
        """
        path = operation.path_for(self.settings.api_prefix, ids or {})
        deadlines = [d for d in (deadline, self.settings.deadline) if d is not None]
        ends = self.clock() + min(deadlines) if deadlines else None
        call = _Call(operation.method, path, ends)
        if call.method not in REPEATABLE_METHODS:
            call.idempotency_key = idempotency_key or str(uuid.uuid4())
        prepared = self._prepare(call, body, params)
        while True:
            result = self._send(prepared, call)
            failure = (
                result if isinstance(result, Failure) else self._failure_in(result)
            )
            if failure is None:
                return self._read(operation, result, call)
            delay = self._delay_before_next(failure, call)
            call.note(failure, delay)
            if delay is None:
                raise self._error_of(result, failure, call)
            self._emit(
                "retry", call, len(call.attempts), cause=failure.words, delay=delay
            )
            self.sleep(delay)

    def _prepare(
        self,
        call: _Call,
        body: Optional[Mapping[str, Any]],
        params: Optional[Mapping[str, Any]],
    ) -> requests.PreparedRequest:
        headers = {
            "Accept": "application/json",
            "User-Agent": _USER_AGENT,
            **self.settings.headers,
            REQUEST_ID_HEADER: call.request_id,
        }
        if call.idempotency_key is not None:
            headers[IDEMPOTENCY_KEY_HEADER] = call.idempotency_key
        if body is not None:
            headers["Content-Type"] = "application/json"
        return self.session.prepare_request(
            requests.Request(
                call.method,
                self.settings.base_url + call.path,
                headers=headers,
                data=None if body is None else encode_json(body),
                params=params,
                auth=self._auth,
            )
        )

    def _send(
        self, prepared: requests.PreparedRequest, call: _Call
    ) -> Union[Answer, Failure]:
        """Makes one attempt, following redirects that stay at home."""
        started = self.clock()
        timeout = self.settings.timeout
        if call.ends is not None:
            timeout = min(timeout, call.ends - started)
        if timeout <= 0:
            return Failure(Kind.NOT_SENT, "the deadline ran out", timed_out=True)
        number = len(call.attempts) + 1
        self._emit("request", call, number)
        try:
            result = self._exchange(prepared, started + timeout)
        except (
            requests.RequestException,
            urllib3.exceptions.HTTPError,
            OSError,
        ) as error:
            result = failure_of(error)
        if isinstance(result, Failure) and result.timed_out:
            result = result._replace(words=f"{result.words} ({timeout:g} s)")
        self._emit(
            "response",
            call,
            number,
            status_code=result.status if isinstance(result, Answer) else None,
            elapsed=self.clock() - started,
            cause=result.words if isinstance(result, Failure) else None,
        )
        return result

    def _exchange(
        self, prepared: requests.PreparedRequest, ends: float
    ) -> Union[Answer, Failure]:
        ours = self._given_session is None
        settings = self.session.merge_environment_settings(
            prepared.url, {}, True, self.settings.verify if ours else None, None
        )
        for _ in range(MAX_REDIRECTS + 1):
            # urllib3's own class bounds connecting and reading together.
            timeout: Any = urllib3.Timeout(total=max(ends - self.clock(), 0.001))
            response = self.session.send(
                prepared,
                timeout=timeout,
                allow_redirects=False,
                **settings,
            )
            with response:
                if (
                    response.status_code not in _REDIRECTS
                    or "Location" not in response.headers
                ):
                    return _read_answer(response, ends, self.clock)
            target = _redirect_target(prepared, response)
            if isinstance(target, Failure):
                return target
            prepared = prepared.copy()
            prepared.url = target
        return Failure(Kind.REFUSED, f"redirected more than {MAX_REDIRECTS} times")

    def _failure_in(self, answer: Answer) -> Optional[Failure]:
        if 200 <= answer.status < 300:
            return None
        return Failure(
            kind_of_status(answer.status),
            f"status {answer.status}",
            retry_after=self._policy.read_retry_after(answer.headers),
        )

    def _delay_before_next(self, failure: Failure, call: _Call) -> Optional[float]:
        """Gives the seconds to sleep before another attempt; `None` if there is to be none."""
        made = len(call.attempts) + 1
        if made > self.settings.max_retries or not self._policy.may_repeat(
            call.method, failure
        ):
            return None
        delay = self._policy.delay(made, failure.retry_after)
        if delay is None or (
            call.ends is not None and self.clock() + delay >= call.ends
        ):
            return None
        return delay

    def _read(self, operation: Operation[T], answer: Any, call: _Call) -> T:
        try:
            payload = (
                json.loads(answer.body.decode("utf-8")) if answer.body.strip() else None
            )
        except (ValueError, RecursionError):
            kind = one_line(answer.headers.get("Content-Type", "unknown type"), 60)
            words = f"the answer is not JSON ({kind}, {len(answer.body)} bytes)"
        else:
            try:
                return operation.read(payload)
            except UnexpectedAnswer as error:
                words = f"the server answered with {error}"
        failure = Failure(Kind.UNREADABLE, words)
        call.note(failure, None)
        raise self._error_of(answer, failure, call)

    def _error_of(
        self, result: Union[Answer, Failure], failure: Failure, call: _Call
    ) -> AISpineError:
        """Gives the error to raise for a call that has failed for good."""
        info = call.info(transient=failure.kind not in (Kind.REFUSED, Kind.UNREADABLE))
        if isinstance(result, Failure):
            error = RequestTimeoutError if failure.timed_out else NetworkError
            return error(f"{self.settings.base_url}: {failure.words}", call=info)
        told = result.headers.get(REQUEST_ID_HEADER)
        if told:
            info = info._replace(request_id=one_line(told, 200))
        if failure.kind is Kind.UNREADABLE:
            return APIError(failure.words, status_code=result.status, call=info)
        return error_from_response(
            result.status, result.body, retry_after=failure.retry_after, call=info
        )

    def _emit(self, name: str, call: _Call, attempt: int, **known: Any) -> None:
        event = RequestEvent(
            name, call.method, call.path, attempt, call.request_id, **known
        )
        if name != "request":
            log.debug(_log_line(event))
        for hook in self.settings.event_hooks.get(name, ()):
            try:
                hook(event)
            except (
                Exception
            ):  # somebody else's code must not break the call that it watches
                log.warning("the %s hook %r failed", name, hook, exc_info=True)


def _make_session(settings: Settings) -> requests.Session:
    session = requests.Session()
    session.headers.clear()  # each request brings its own
    session.headers["Accept-Encoding"] = requests.utils.default_headers()[
        "Accept-Encoding"
    ]
    session.proxies.update(settings.proxies)
    session.verify = settings.verify
    session.cert = settings.cert
    session.cookies.set_policy(http.cookiejar.DefaultCookiePolicy(allowed_domains=[]))
    adapter = HTTPAdapter(
        pool_connections=1,
        pool_maxsize=settings.pool_size,
        max_retries=0,
        pool_block=True,
    )
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    return session


def _redirect_target(
    prepared: requests.PreparedRequest, response: requests.Response
) -> Union[str, Failure]:
    """Gives the URL that a redirect leads to, if it may be followed."""
    here = prepared.url or ""
    try:
        target = urljoin(here, response.headers["Location"])
        elsewhere = origin(target)
    except ValueError:
        return Failure(Kind.REFUSED, "redirected to what is no URL")
    if elsewhere != origin(here):
        return Failure(
            Kind.REFUSED,
            f"redirected to another origin, {one_line(elsewhere, 200)}, which is not followed: "
            "if it is right, set base_url to it",
        )
    if (
        prepared.method != "GET"
        and response.status_code not in _METHOD_KEEPING_REDIRECTS
    ):
        return Failure(
            Kind.REFUSED, f"a {prepared.method} was redirected ({response.status_code})"
        )
    return target


def _read_answer(
    response: requests.Response, ends: float, clock: Callable[[], float]
) -> Union[Answer, Failure]:
    """Reads a body up to the limit, and checks that it is whole."""
    body = bytearray()
    length = response.headers.get("Content-Length", "")
    plain = "Content-Encoding" not in response.headers
    promised = int(length) if length.isdigit() and plain else None
    for chunk in response.iter_content(_CHUNK_BYTES):
        body += chunk
        if len(body) > MAX_ANSWER_BYTES:
            limit = MAX_ANSWER_BYTES // 2**20
            return Failure(Kind.UNREADABLE, f"the answer is larger than {limit} MiB")
        if clock() > ends and len(body) != promised:
            return Failure(
                Kind.UNCERTAIN, "the answer was not complete in time", timed_out=True
            )
    if promised is not None and len(body) < promised:
        return Failure(Kind.UNCERTAIN, "the answer was cut short")
    return Answer(response.status_code, response.headers, bytes(body))


def _log_line(event: RequestEvent) -> str:
    what = f"{event.method} {event.path}"
    where = f"(attempt {event.attempt}, request id {event.request_id})"
    if event.name == "retry":
        return f"{what}: again in {event.delay:.2f} s, because of {event.cause} {where}"
    outcome = event.status_code if event.cause is None else event.cause
    return f"{what} -> {outcome} in {1000 * (event.elapsed or 0):.0f} ms {where}"


def log_to_stderr() -> None:
    """Shows the log of the SDK, and of nothing else, on stderr; a second call changes nothing."""
    log.setLevel(logging.DEBUG)
    if not log.handlers:
        handler = logging.StreamHandler()
        handler.setFormatter(
            logging.Formatter("%(asctime)s %(name)s %(levelname)s %(message)s")
        )
        log.addHandler(handler)
