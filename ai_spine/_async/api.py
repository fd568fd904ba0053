"""`AsyncApiClient` sends an operation, repeats it where that is right, and maps every failure."""

import logging
import math
import time
from contextlib import contextmanager
from typing import (
    Any,
    Callable,
    ContextManager,
    Dict,
    Iterator,
    Mapping,
    Optional,
    TypeVar,
    Union,
    cast,
)
from urllib.parse import urlsplit

from ai_spine._async.asking import ask_if_needed, may_ask_again
from ai_spine._async.runtime import Sleep, run_hook, sleep
from ai_spine.exceptions import (
    AISpineError,
    CallInfo,
    ConfigurationError,
    InsufficientCreditsError,
)
from ai_spine.operations import Operation
from ai_spine.policy.call_state import CallState
from ai_spine.policy.json_encoding import encode_json
from ai_spine.policy.messages import Credential, Request, Response, encode_query
from ai_spine.policy.outcomes import error_of_failure, error_of_response, read_value
from ai_spine.policy.request_events import RequestEvent, fields, log, log_line
from ai_spine.policy.retry import REPEATABLE_METHODS, Failure, FailureKind, RetryPolicy
from ai_spine.policy.server_state import ServerState
from ai_spine.policy.settings import Settings
from ai_spine.policy.telemetry import Telemetry
from ai_spine.policy.tracing import make_telemetry
from ai_spine.transport.async_base import AsyncEventStream, AsyncTransport
from ai_spine.utils import random_id

T = TypeVar("T")
Result = Union[Response, AsyncEventStream, Failure]


class AsyncApiClient:
    """Sends operations over a transport.

    Args:
        settings: Checked settings.
        transport: Makes the attempts.
        state: What is known of the server; clients of one server share it.
        owns_transport: Whether `close` closes the transport.
        clock: Returns seconds, never going back.
        sleep: Sleeps for seconds.
        telemetry: Records the calls; by default, for OpenTelemetry if `tracing` is set.
    """

    def __init__(
        self,
        settings: Settings,
        transport: AsyncTransport,
        *,
        state: Optional[ServerState] = None,
        owns_transport: bool = True,
        clock: Callable[[], float] = time.monotonic,
        sleep: Sleep = sleep,
        telemetry: Optional[Telemetry] = None,
    ) -> None:
        self.settings = settings
        self.transport = transport
        self.state = state or ServerState(
            transport.max_streams, transport.tokens.values()
        )
        self.clock = clock
        self.sleep = sleep
        self.telemetry = telemetry or make_telemetry(
            settings.tracing, base_url=settings.base_url, redact=self.redact
        )
        self._base_path = urlsplit(settings.base_url).path
        self._headers = {**settings.headers, **settings.tenancy_headers()}
        self._policy = RetryPolicy(
            settings.max_retries,
            retry_writes=settings.retry_writes,
            retry_after_limit=settings.retry_after_limit,
        )
        self._owns_transport = owns_transport

    def with_settings(
        self, settings: Settings, telemetry: Optional[Telemetry] = None
    ) -> "AsyncApiClient":
        """Return a client with other settings, or other telemetry, and the same connections."""
        return AsyncApiClient(
            settings,
            self.transport,
            state=self.state,
            owns_transport=False,
            clock=self.clock,
            sleep=self.sleep,
            telemetry=telemetry or self.telemetry,
        )

    def __reduce__(self) -> Any:
        return AsyncApiClient, (self.settings, self.transport)

    async def aclose(self) -> None:
        """Close the connections, unless they are the caller's or another client's."""
        if self._owns_transport:
            await self.transport.aclose()

    def redact(self, text: str) -> str:
        """Remove the client's secrets from a server's text, before it becomes an error's."""
        return self.transport.redactor.redact(text)

    @property
    def honours_idempotency_keys(self) -> bool:
        """Whether a POST that may have run can be sent again with the same key.

        Either the caller says so (`retry_writes=True`), or the server has echoed a key.
        """
        return self.settings.retry_writes or self.state.echoes_idempotency_keys

    def backoff(self, failures: int) -> float:
        """Return the seconds to sleep after so many failures in a row."""
        return self._policy.delay(failures) or 0.0

    def span(self, name: str, **attributes: Any) -> ContextManager[Dict[str, Any]]:
        """Return a span around what this thread or task does meanwhile."""
        return self.telemetry.span(name, tenant=self.settings.tenant, **attributes)

    @contextmanager
    def below(self, name: str, **attributes: Any) -> Iterator["AsyncApiClient"]:
        """Make a span, and yield a client whose calls are part of it in any thread or task."""
        parent = self.telemetry.parent(name, tenant=self.settings.tenant, **attributes)
        try:
            yield self.with_settings(self.settings, parent.telemetry)
        except BaseException as error:
            parent.end(error)
            raise
        parent.end()

    async def report_credits(self, credits: Any) -> None:
        """Call `on_credits_low` when few credits are left."""
        callback = self.settings.on_credits_low
        is_number = isinstance(credits, (int, float)) and not isinstance(credits, bool)
        if callback and is_number and credits <= self.settings.credits_low_at:
            await run_hook("on_credits_low", callback, credits)

    async def call(
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
        """Send an operation until there is a response, a refusal, or no time left.

        Args:
            operation: What to send.
            ids: The ids of its path.
            body: The body, sent as JSON.
            params: The query; `None` values are left out.
            idempotency_key: The key of a POST; `None` makes one.
            last_event_id: The id of the event after which a stream is to begin.
            deadline: Seconds for the whole call; the client's own `deadline` applies as well.

        Returns:
            What the operation reads from the response; for a stream, an open `AsyncEventStream`.

        Raises:
            ValidationError: `body` is not JSON, or `params` do not fit into a URL. Nothing was
                sent.
            ConfigurationError: The operation needs an account token, and there is none.
            AuthenticationError: The function for the key raised an exception, or returned no key.
            APIError: The server refused, or its response cannot be read.
            NetworkError: No response came.
        """
        call = self._start(operation, ids or {}, body, deadline)
        call.last_event_id = last_event_id
        if call.repeat_as not in REPEATABLE_METHODS:
            call.idempotency_key = idempotency_key or random_id()
        request = self._request(operation, call, body, params)
        transport, token = self.transport, self.transport.tokens[operation.credential]
        attempt = transport.open_stream if operation.streams else transport.send
        with self.telemetry.scope(call, request.template, request.query) as call.scope:
            request = request.with_headers(call.scope.headers)
            while True:
                if token.must_be_asked_for:
                    await ask_if_needed(transport, operation.credential, call)
                result: Optional[Result] = await self._wait_for_turn(call)
                if result is None:
                    timeout = await self._begin_attempt(call, request)
                    call.token_version = token.version
                    result = await attempt(request, timeout)
                    result = await self._end_attempt(call, result)
                outcome = self._read(operation, result)
                if not isinstance(outcome, Failure):
                    return outcome
                delay = self._delay_before_next(outcome, call)
                if may_ask_again(token, call, result):
                    delay = 0.0
                call.note(outcome, delay)
                if delay is None:
                    raise await self._error_of(result, outcome, call)
                await self._emit_retry(call, outcome, delay)
                await self.sleep(delay)

    def _start(
        self,
        operation: Operation[Any],
        ids: Mapping[str, str],
        body: Optional[Mapping[str, Any]],
        seconds: Optional[float],
    ) -> CallState:
        """Return the state of a new call, with its deadline."""
        needs_token = operation.credential is Credential.ACCESS_TOKEN
        if needs_token and self.settings.access_token is None:
            raise ConfigurationError(
                f"{operation.name} needs an account token: AsyncAISpine(access_token=...)"
            )
        template = self._base_path + operation.template(self.settings.api_prefix)
        limits = [d for d in (seconds, self.settings.deadline) if d is not None]
        deadline = self.clock() + min(limits) if limits else None
        return CallState(
            operation.method,
            template,
            ids,
            deadline,
            reads=operation.reads,
            streams=operation.streams,
            flow_id=ids.get("flow_id") or (body or {}).get("flow_id"),
            tenant=self.settings.tenant,
        )

    def _request(
        self,
        operation: Operation[Any],
        call: CallState,
        body: Optional[Mapping[str, Any]],
        params: Optional[Mapping[str, Any]],
    ) -> Request:
        """Return the request that every attempt of a call sends."""
        return Request(
            operation.method,
            call.template,
            call.ids,
            encode_query(params),
            {**self._headers, **call.own_headers()},
            None if body is None else encode_json(body, self.settings.json_default),
            operation.credential,
        )

    async def _wait_for_turn(self, call: CallState) -> Optional[Failure]:
        """Sleep while the server has asked this client, in whichever call, to wait.

        Returns:
            Why no attempt may be made; `None` if one may.
        """
        cooldown, held_until = self.state.cooldown, -math.inf
        # Without retries the caller alone decides. Another call may make the wait longer.
        while self.settings.max_retries and cooldown.until > held_until:
            held_until, left = cooldown.until, cooldown.remaining(self.clock())
            if left <= 0:
                break
            too_late = (
                call.deadline is not None and self.clock() + left >= call.deadline
            )
            if too_late or left > self._policy.retry_after_limit:
                message = f"the server asked to wait {left:.3g} s, which is too long"
                return Failure(
                    FailureKind.NOT_SENT, message, too_late, retry_after=left
                )
            log.debug("%s %s: waiting %.2f s", call.method, call.path, left)
            await self.sleep(left)
        if call.deadline is not None and self.clock() >= call.deadline:
            return Failure(
                FailureKind.NOT_SENT, "the deadline has passed", timed_out=True
            )
        return None

    async def _begin_attempt(self, call: CallState, request: Request) -> float:
        """Report an attempt to hooks and log, and return the seconds that it may take."""
        call.attempt_began = now = self.clock()
        timeout = self.settings.timeout
        if call.deadline is not None:
            timeout = min(timeout, call.deadline - now)
        call.attempt_timeout = timeout
        call.scope.begin_attempt()
        if self._is_observed("request"):
            await self._emit("request", call, call.attempt)
        self.log_body("request", call, request.content)
        return timeout

    async def _end_attempt(self, call: CallState, result: Result) -> Result:
        """Report what became of an attempt, and return it."""
        status = cause = None
        if isinstance(result, Failure):
            if result.timed_out:
                message = f"{result.message} ({call.attempt_timeout:g} s)"
                result = result._replace(message=message)
            cause = result.message
        else:
            status = result.status
            if isinstance(result, Response):
                self.state.learn_from(result.headers, call.idempotency_key)
                self.log_body("response", call, result.body)
            else:
                result.call = call.info(transient=True)
        call.scope.end_attempt(status, cause)
        try:
            if self._is_observed("response"):
                elapsed = self.clock() - call.attempt_began
                known = {"status_code": status, "cause": cause, "elapsed": elapsed}
                await self._emit("response", call, call.attempt, **known)
        except BaseException:
            if isinstance(result, AsyncEventStream):
                await result.aclose()
            raise
        return result

    def _read(self, operation: Operation[T], result: Result) -> Union[T, Failure]:
        """Return what the operation reads from a result, or why it reads nothing."""
        if isinstance(result, (Failure, AsyncEventStream)):
            return cast(Union[T, Failure], result)
        if operation.streams and 200 <= result.status < 300:
            return Failure(
                FailureKind.UNREADABLE, "the response is not a stream of events"
            )
        return read_value(result, operation.read, self._policy, self.redact)

    def _delay_before_next(self, failure: Failure, call: CallState) -> Optional[float]:
        """Return the seconds to sleep before another attempt; `None` if there is to be none."""
        asked, made = failure.retry_after, call.attempts_that_count + 1
        may_pass = failure.kind in (FailureKind.NOT_DONE, FailureKind.UNCERTAIN)
        if may_pass and asked is not None and asked <= self._policy.retry_after_limit:
            self.state.cooldown.extend(self.clock() + asked)
        if not self._policy.may_repeat(call.repeat_as, failure, made):
            return None
        delay = self._policy.delay(made, asked)
        if delay is None or call.deadline is None:
            return delay
        return delay if self.clock() + delay < call.deadline else None

    async def _error_of(
        self, result: Result, failure: Failure, call: CallState
    ) -> AISpineError:
        """Return the error to raise for a call that has failed for good."""
        info = call.info(
            transient=failure.kind not in (FailureKind.REFUSED, FailureKind.UNREADABLE)
        )
        if not isinstance(result, Response):
            return error_of_failure(self.settings.base_url, failure, info)
        error = error_of_response(result, failure, info, self.redact)
        if isinstance(error, InsufficientCreditsError):
            await self.report_credits(error.credits_available or 0)
        return error

    def warn(self, message: str, execution_id: str, *values: Any) -> None:
        """Log a failure after which an execution is still followed."""
        extra = fields(execution_id=execution_id, tenant=self.settings.tenant)
        log.warning(message, execution_id, *values, extra=extra)

    def log_body(
        self, which: str, call: Union[CallState, CallInfo], content: Optional[bytes]
    ) -> None:
        """Log a body without its secrets, where `AI_SPINE_LOG_BODIES` is set."""
        if self.settings.log_bodies and log.isEnabledFor(logging.DEBUG):
            text = self.transport.redactor.body(content or b"")
            log.debug("%s %s %s body: %s", call.method, call.path, which, text)

    async def _emit_retry(
        self, call: CallState, failure: Failure, delay: float
    ) -> None:
        call.scope.retry(failure.message, delay)
        if self._is_observed("retry"):
            known = {"cause": failure.message, "delay": delay}
            await self._emit("retry", call, len(call.attempts), **known)

    def _is_observed(self, name: str) -> bool:
        """Return whether anybody is to hear of such an event."""
        return name in self.settings.event_hooks or log.isEnabledFor(logging.DEBUG)

    async def _emit(
        self, name: str, call: CallState, attempt: int, **known: Any
    ) -> None:
        """Report an attempt to the log and the event hooks."""
        event = RequestEvent(
            name, call.method, call.path, attempt, call.request_id, **known
        )
        if name != "request":
            log.debug(log_line(event), extra=fields(attempt=attempt))
        for hook in self.settings.event_hooks.get(name, ()):
            await run_hook(name, hook, event)
