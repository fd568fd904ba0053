"""`AsyncApiClient` sends operations of AI Spine, and exchanges with any HTTP API."""

from __future__ import annotations

import time
from contextlib import contextmanager
from functools import partial
from typing import (
    Any,
    Callable,
    ContextManager,
    Dict,
    Iterator,
    Mapping,
    Optional,
    Tuple,
    TypeVar,
    Union,
)
from urllib.parse import urlsplit

from ai_spine._async.asking import ask_if_needed
from ai_spine._async.attempts import AsyncAttempts
from ai_spine._async.reports import Result
from ai_spine._async.runtime import Sleep, sleep
from ai_spine.exceptions import ConfigurationError
from ai_spine.operations import Operation
from ai_spine.policy.call_state import CallState
from ai_spine.policy.exchanges import in_order, start
from ai_spine.policy.json_encoding import encode_json
from ai_spine.policy.messages import JSON, Credential, Exchange, Request, encode_query
from ai_spine.policy.retry import REPEATABLE_METHODS, Failure, RetryPolicy
from ai_spine.policy.server_state import ServerState
from ai_spine.policy.settings import Settings
from ai_spine.policy.telemetry import Telemetry
from ai_spine.policy.tokens import Sources
from ai_spine.policy.tracing import make_telemetry
from ai_spine.policy.validation import Duration, check_seconds
from ai_spine.transport.async_base import AsyncByteStream, AsyncTransport
from ai_spine.utils import random_id

T = TypeVar("T")
Attempt = Callable[[Request, float], Any]


class AsyncApiClient(AsyncAttempts):
    """Sends operations, and exchanges with any HTTP API, over a transport.

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
        self.middleware: Tuple[Any, ...] = ()
        """What sees each attempt, in the order in which it was added."""
        self.transport = transport
        self.state = state or ServerState(
            transport.max_streams, transport.tokens.values()
        )
        self.clock = clock
        self.sleep = sleep
        self.telemetry = telemetry or make_telemetry(
            settings.tracing, base_url=settings.base_url, redact=self.redact
        )
        self._sources = Sources(transport.tokens)
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
        changed = AsyncApiClient(
            settings,
            self.transport,
            state=self.state,
            owns_transport=False,
            clock=self.clock,
            sleep=self.sleep,
            telemetry=telemetry or self.telemetry,
        )
        changed.middleware = self.middleware
        return changed

    def __reduce__(self) -> Any:
        known = {"middleware": self.middleware}
        return AsyncApiClient, (self.settings, self.transport), known

    async def aclose(self) -> None:
        """Close the connections, unless they are the caller's or another client's."""
        if self._owns_transport:
            await self.transport.aclose()

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

    async def call(
        self,
        operation: Union[Operation[T], Exchange],
        *,
        ids: Optional[Dict[str, str]] = None,
        body: Optional[Mapping[str, Any]] = None,
        params: Optional[Mapping[str, Any]] = None,
        idempotency_key: Optional[str] = None,
        last_event_id: Optional[str] = None,
        timeout: Optional[float] = None,
        deadline: Optional[float] = None,
        opens: bool = False,
    ) -> T:
        """Send an operation until there is a response, a refusal, or no time left.

        Args:
            operation: What to send; `send` and `open` have the arguments for an exchange.
            ids: The ids of its path.
            body: The body, sent as JSON.
            params: The query; `None` values are left out.
            idempotency_key: The key of a POST; `None` makes one.
            last_event_id: The id of the event after which a stream is to begin.
            timeout: Seconds for each attempt, instead of the client's own.
            deadline: Seconds for the whole call; the client's own `deadline` applies as well.
            opens: Whether to return the response of an exchange still open.

        Returns:
            What the operation reads from the response; for a stream, an open `AsyncByteStream`.

        Raises:
            ValidationError: `body` is not JSON, or `params` do not fit into a URL. Nothing was
                sent.
            ConfigurationError: The operation needs a credential, and there is none.
            AuthenticationError: The function for the key raised an exception, or returned no key.
            APIError: The server refused, or its response cannot be read.
            NetworkError: No response came.
        """
        key = idempotency_key
        if isinstance(operation, Exchange):
            call, request = self._start_exchange(operation, key, deadline)
        else:
            call, request = self._start(
                operation, ids or {}, body, params, key, last_event_id, deadline
            )
        call.timeout = timeout
        tokens = self._sources[request.credentials]
        attempt = self._attempt_of(call, opens)
        with self.telemetry.scope(call, request.template, request.query) as call.scope:
            request = request.with_headers(call.scope.headers)
            while True:
                for token in tokens:
                    await ask_if_needed(self.transport, token, call)
                result: Optional[Result] = await self._wait_for_turn(call)
                if result is None:
                    seconds = self._begin_attempt(call, tokens)
                    if call.is_observed:
                        await self.report_request(call, request)
                    result = self._end_attempt(call, await attempt(request, seconds))
                    if call.is_observed:
                        await self.report_result(call, result)
                outcome = self._read(call, result)
                if not isinstance(outcome, Failure):
                    return outcome  # type: ignore[no-any-return]
                await self._wait_after(outcome, call, result, tokens)

    def _attempt_of(self, call: CallState, opens: bool) -> Attempt:
        """Return what makes an attempt of a call."""
        transport = self.transport
        attempt: Attempt = transport.open_stream if call.streams else transport.send
        if opens:
            from ai_spine._async.byte_streams import open_bytes  # few programs need it

            attempt = partial(open_bytes, transport, self.state, self.sleep)
        if self.middleware:
            from ai_spine._async.middleware import through  # few clients have any

            attempt = partial(through, self.middleware, transport.tokens, attempt)
        return attempt

    async def send(
        self,
        exchange: Exchange,
        *,
        idempotency_key: Optional[str] = None,
        timeout: Optional[Duration] = None,
        deadline: Optional[Duration] = None,
    ) -> Any:
        """Send an exchange until there is a response, a refusal, or no time left.

        Args:
            exchange: What to send.
            idempotency_key: The key of a request that is not harmless to repeat; `None` makes one.
            timeout: Seconds, or a `timedelta`, for each attempt; by default the client's own.
            deadline: The same for the whole call; the client's own `deadline` applies as well.

        Returns:
            What the exchange reads from the response.

        Raises:
            ValidationError: A header or an argument is wrong; nothing was sent.
            ConfigurationError: The exchange needs a credential that the client does not have.
            AuthenticationError: The function for a credential raised an exception, or returned no
                text.
            APIError: The server refused, or its response cannot be read.
            NetworkError: No response came.
        """
        return await self.call(
            exchange,
            idempotency_key=idempotency_key,
            timeout=_seconds("timeout", timeout),
            deadline=_seconds("deadline", deadline),
        )

    async def open(
        self,
        exchange: Exchange,
        *,
        idempotency_key: Optional[str] = None,
        timeout: Optional[Duration] = None,
        deadline: Optional[Duration] = None,
    ) -> AsyncByteStream:
        """Send an exchange, and return the response once its headers have come, still open.

        Args:
            exchange: What to send; its `read` is not called.
            idempotency_key: As for `send`.
            timeout: Seconds, or a `timedelta`, for each attempt until the headers have come.
            deadline: The same for all attempts together.

        Returns:
            The body of a response of status 2xx, decompressed. Close it: connections are few.

        Raises:
            AISpineError: As for `send`.
        """
        return await self.call(
            exchange,
            idempotency_key=idempotency_key,
            timeout=_seconds("timeout", timeout),
            deadline=_seconds("deadline", deadline),
            opens=True,
        )

    def _start(
        self,
        operation: Operation[Any],
        ids: Mapping[str, str],
        body: Optional[Mapping[str, Any]],
        params: Optional[Mapping[str, Any]],
        idempotency_key: Optional[str],
        last_event_id: Optional[str],
        seconds: Optional[float],
    ) -> Tuple[CallState, Request]:
        """Return the state of a new call, and the request that each of its attempts sends."""
        needs_token = operation.credential is Credential.ACCESS_TOKEN
        if needs_token and self.settings.access_token is None:
            raise ConfigurationError(
                f"{operation.name} needs an account token: AsyncAISpine(access_token=...)"
            )
        call = CallState(
            operation.method,
            self._base_path + operation.template(self.settings.api_prefix),
            ids,
            self._deadline_after(seconds),
            reads=operation.reads,
            streams=operation.streams,
            flow_id=ids.get("flow_id") or (body or {}).get("flow_id"),
            tenant=self.settings.tenant,
        )
        call.read = operation.read
        call.last_event_id = last_event_id
        if call.repeat_as not in REPEATABLE_METHODS:
            call.idempotency_key = idempotency_key or random_id()
        return call, self._request(operation, call, body, params)

    def _start_exchange(
        self,
        exchange: Exchange,
        idempotency_key: Optional[str],
        seconds: Optional[float],
    ) -> Tuple[CallState, Request]:
        """Return the state of a new call, and the request that each of its attempts sends."""
        path = exchange.template.partition("?")[0]
        call = CallState(
            exchange.method,
            self._base_path + path,
            in_order(exchange.ids, path),
            self._deadline_after(seconds),
            reads=exchange.reads,
            tenant=self.settings.tenant,
        )
        tokens = self.transport.tokens
        return call, start(exchange, call, idempotency_key, self._headers, tokens)

    def _deadline_after(self, seconds: Optional[float]) -> Optional[float]:
        """Return when a call must be over, by the clock; `None` if it may take any time."""
        least = self.settings.deadline
        if seconds is not None and (least is None or seconds < least):
            least = seconds
        return None if least is None else self.clock() + least

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
            None if body is None else JSON,
            (operation.credential,),
        )


def _seconds(name: str, value: Optional[Duration]) -> Optional[float]:
    return None if value is None else check_seconds(name, value)
