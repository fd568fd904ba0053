"""`ApiClient` sends an operation, repeats it where that is right, and maps every failure."""

import json
import logging
import math
import time
import uuid
from typing import Any, Callable, Dict, Mapping, Optional, TypeVar, Union, cast

import requests

from ai_spine.constants import REQUEST_ID_HEADER
from ai_spine.exceptions import (
    AISpineError,
    APIError,
    CallInfo,
    ConfigurationError,
    InsufficientCreditsError,
    NetworkError,
    RequestTimeoutError,
)
from ai_spine.models.base import UnexpectedResponse
from ai_spine.operations import Credential, Operation
from ai_spine.policy.call_state import CallState
from ai_spine.policy.error_bodies import error_from_response
from ai_spine.policy.event_streams import announces_stream
from ai_spine.policy.events import RequestEvent, call_safely, log, log_line
from ai_spine.policy.retry import (
    REPEATABLE_METHODS,
    Failure,
    Kind,
    RetryPolicy,
    kind_of_status,
)
from ai_spine.policy.settings import Settings
from ai_spine.transport.requests.event_source import EventSource, open_events
from ai_spine.transport.requests.request_builder import Preparer
from ai_spine.transport.requests.sending import Response, exchange
from ai_spine.transport.requests.session_pool import SessionPool
from ai_spine.utils import one_line

T = TypeVar("T")


class ApiClient:
    """Sends operations over one pooled session.

    Args:
        settings: Checked settings.
        pool: Where its session comes from; `None` makes one.
        owns_pool: Whether to close it.
        clock: Gives seconds, never going back.
        sleep: Sleeps for seconds.
    """

    def __init__(
        self,
        settings: Settings,
        pool: Optional[SessionPool] = None,
        *,
        owns_pool: bool = True,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.settings = settings
        self.clock = clock
        self.sleep = sleep
        self._policy = RetryPolicy(
            settings.max_retries,
            retry_writes=settings.retry_writes,
            retry_after_limit=settings.retry_after_limit,
        )
        self._pool = pool or SessionPool(settings)
        self._redactor = self._pool.redactor
        self._preparer = Preparer(settings, self._pool)
        self._owns_pool = owns_pool

    def with_settings(self, settings: Settings) -> "ApiClient":
        """Gives a client with other settings and the same connections."""
        return ApiClient(
            settings, self._pool, owns_pool=False, clock=self.clock, sleep=self.sleep
        )

    def __reduce__(self) -> Any:
        return ApiClient, (self.settings, self._pool)

    @property
    def session(self) -> requests.Session:
        """The session that it sends with."""
        return self._pool.session

    def close(self) -> None:
        """Closes its connections, unless they are the caller's or another client's."""
        if self._owns_pool:
            self._pool.close()

    def redact(self, text: str) -> str:
        """Takes the client's secrets out of a server's words, before they become an error's."""
        return self._redactor.redact(text)

    @property
    def streams_executions(self) -> bool:
        """Whether the server has told that it streams executions, and has done so when asked."""
        return self._pool.streams_told and not self._pool.streams_refused

    def note_no_streams(self) -> None:
        """Notes that the server, whatever it has told, streams no executions."""
        self._pool.streams_refused = True

    def take_stream(self) -> Optional[Callable[[], None]]:
        """Takes a connection for a stream, and gives what gives it back; `None` if none is free."""
        return self._pool.take_stream()

    def backoff(self, losses: int) -> float:
        """Gives the seconds to sleep after so many losses in a row."""
        return self._policy.delay(losses) or 0.0

    def note_credits(self, left: Any) -> None:
        """Tells the hook for it when few credits are left."""
        hook = self.settings.on_credits_low
        known = isinstance(left, (int, float)) and not isinstance(left, bool)
        if hook is not None and known and left <= self.settings.credits_low_at:
            call_safely("on_credits_low", hook, left)

    def call(
        self,
        operation: Operation[T],
        *,
        ids: Optional[Dict[str, str]] = None,
        body: Optional[Mapping[str, Any]] = None,
        params: Optional[Mapping[str, Any]] = None,
        idempotency_key: Optional[str] = None,
        last_event_id: Optional[str] = None,
        deadline: Optional[float] = None,
    ) -> T:
        """Sends an operation until there is an answer, a refusal, or no time left.

        Args:
            operation: What to send.
            ids: The ids of its path.
            body: What goes as JSON.
            params: What goes as query; `None` values are left out.
            idempotency_key: The key of a POST; `None` makes one.
            last_event_id: Behind which event a stream is to begin.
            deadline: Seconds for the whole call; the client's own holds as well.

        Returns:
            What the operation reads from the answer; where it streams, an open `EventSource`.

        Raises:
            ValidationError: `body` is not JSON. Nothing was sent.
            ConfigurationError: The operation needs an account token, and there is none.
            APIError: The server refused, or its answer cannot be read.
            NetworkError: No answer came.
        """
        ids = ids or {}
        path = self._preparer.path(operation, ids)
        deadlines = [d for d in (deadline, self.settings.deadline) if d is not None]
        ends = self.clock() + min(deadlines) if deadlines else None
        self._check_credential(operation)
        call = CallState(operation.method, path, ends, streams=operation.streams)
        if call.method not in REPEATABLE_METHODS:
            call.idempotency_key = idempotency_key or str(uuid.uuid4())
        call.last_event_id = last_event_id
        prepared = self._preparer.prepare(
            operation, ids, call.own_headers(), body, params
        )
        while True:
            result = self._hold_back(call) or self._send(prepared, call)
            outcome = self._read(operation, result)
            if not isinstance(outcome, Failure):
                return outcome
            delay = self._delay_before_next(outcome, call)
            call.note(outcome, delay)
            if delay is None:
                raise self._error_of(result, outcome, call)
            self._emit(
                "retry", call, len(call.attempts), cause=outcome.message, delay=delay
            )
            self.sleep(delay)

    def _hold_back(self, call: CallState) -> Optional[Failure]:
        """Sleeps while the server has asked this client, in whichever call, to wait."""
        brake, held_until = self._pool.brake, -math.inf
        if not self.settings.max_retries:  # the caller decides alone
            return None
        # Whoever asks meanwhile may make it longer.
        while brake.until > held_until and brake.left(self.clock()) > 0:
            held_until, left = brake.until, brake.left(self.clock())
            too_late = call.ends is not None and self.clock() + left >= call.ends
            if too_late or left > self._policy.retry_after_limit:
                words = (
                    f"the server has asked to wait for {left:.3g} s, which is too long"
                )
                return Failure(Kind.NOT_SENT, words, too_late, retry_after=left)
            log.debug("%s %s: held back for %.2f s", call.method, call.path, left)
            self.sleep(left)
        return None

    def _check_credential(self, operation: Operation[Any]) -> None:
        needs_token = operation.credential is Credential.ACCESS_TOKEN
        if needs_token and self.settings.access_token is None:
            raise ConfigurationError(
                f"{operation.name} needs an account token: AISpine(access_token=...)"
            )

    def _send(
        self, prepared: requests.PreparedRequest, call: CallState
    ) -> Union[Response, EventSource, Failure]:
        """Makes one attempt, following redirects that stay at home."""
        started = self.clock()
        timeout = self.settings.timeout
        if call.ends is not None:
            timeout = min(timeout, call.ends - started)
        if timeout <= 0:
            return Failure(Kind.NOT_SENT, "the deadline ran out", timed_out=True)
        number = len(call.attempts) + 1
        self._emit("request", call, number)
        self.log_body("request", call, prepared.body)
        send = open_events if call.streams else exchange
        result: Union[Response, EventSource, Failure] = send(
            self._pool, prepared, ends=started + timeout, clock=self.clock
        )
        if isinstance(result, Failure):
            took = f" ({timeout:g} s)" if result.timed_out else ""
            result = result._replace(message=result.message + took)
        elif isinstance(result, EventSource):
            result.call = call.info(transient=True)
        else:
            self._pool.streams_told |= announces_stream(result.headers)
            self.log_body("response", call, result.body)
        self._emit(
            "response",
            call,
            number,
            status_code=None if isinstance(result, Failure) else result.status,
            elapsed=self.clock() - started,
            cause=result.message if isinstance(result, Failure) else None,
        )
        return result

    def _delay_before_next(self, failure: Failure, call: CallState) -> Optional[float]:
        """Gives the seconds to sleep before another attempt; `None` if there is to be none."""
        made = len(call.attempts) + 1
        if not self._policy.may_repeat(call.method, failure, made):
            return None
        delay = self._policy.delay(made, failure.retry_after)
        if delay is None or (
            call.ends is not None and self.clock() + delay >= call.ends
        ):
            return None
        return delay

    def _read(
        self, operation: Operation[T], answer: Union[Response, EventSource, Failure]
    ) -> Union[T, Failure]:
        """Reads an answer; nothing is raised, so that no traceback shows what is in it."""
        if isinstance(answer, Failure):
            return answer
        if isinstance(answer, EventSource):
            return cast(T, answer)
        if not 200 <= answer.status < 300:
            return self._refusal_in(answer)
        if operation.streams:
            return Failure(Kind.UNREADABLE, "the answer is no stream of events")
        try:
            payload = (
                json.loads(answer.body.decode("utf-8")) if answer.body.strip() else None
            )
        except (ValueError, RecursionError):
            told = self.redact(answer.headers.get("Content-Type", "unknown type"))
            kind = one_line(told, 60)
            words = f"the answer is not JSON ({kind}, {len(answer.body)} bytes)"
            return Failure(Kind.UNREADABLE, words)
        try:
            return operation.read(payload)
        except UnexpectedResponse as error:
            words = self.redact(f"the server answered with {error}")
            return Failure(Kind.UNREADABLE, words)

    def _refusal_in(self, answer: Response) -> Failure:
        """Reads a status that is an error; when it asks to wait, all calls are to wait."""
        kind = kind_of_status(answer.status)
        asked = self._policy.read_retry_after(answer.headers)
        passing = kind in (Kind.NOT_DONE, Kind.UNCERTAIN)
        if passing and asked is not None and asked <= self._policy.retry_after_limit:
            self._pool.brake.hold(self.clock() + asked)
        return Failure(kind, f"status {answer.status}", retry_after=asked)

    def _error_of(
        self,
        result: Union[Response, EventSource, Failure],
        failure: Failure,
        call: CallState,
    ) -> AISpineError:
        """Gives the error to raise for a call that has failed for good."""
        info = call.info(transient=failure.kind not in (Kind.REFUSED, Kind.UNREADABLE))
        if not isinstance(result, Response):
            kind = RequestTimeoutError if failure.timed_out else NetworkError
            error = kind(f"{self.settings.base_url}: {failure.message}", call=info)
            error.retry_after = failure.retry_after
            return error
        told = result.headers.get(REQUEST_ID_HEADER)
        if told:
            info = info._replace(request_id=one_line(self.redact(told), 200))
        if failure.kind is Kind.UNREADABLE and result.status < 300:
            return APIError(failure.message, status_code=result.status, call=info)
        refusal = error_from_response(
            result.status,
            self.redact(result.body.decode("utf-8", "replace")).encode("utf-8"),
            retry_after=failure.retry_after,
            call=info,
        )
        if isinstance(refusal, InsufficientCreditsError):
            self.note_credits(refusal.credits_available or 0)
        return refusal

    def log_body(
        self, which: str, call: Union[CallState, CallInfo], content: Any
    ) -> None:
        """Logs what was sent or has come, without its secrets, where that is asked for."""
        if self.settings.log_bodies and log.isEnabledFor(logging.DEBUG):
            told = self._redactor.body(content or b"")
            log.debug("%s %s %s body: %s", call.method, call.path, which, told)

    def _emit(self, name: str, call: CallState, attempt: int, **known: Any) -> None:
        hooks = self.settings.event_hooks.get(name, ())
        if not hooks and not log.isEnabledFor(logging.DEBUG):
            return
        event = RequestEvent(
            name, call.method, call.path, attempt, call.request_id, **known
        )
        if name != "request":
            log.debug(log_line(event))
        for hook in hooks:
            call_safely(name, hook, event)
