"""The methods of a client of any HTTP API: one for each verb."""

from __future__ import annotations

import warnings
from contextlib import contextmanager
from typing import (
    Any,
    Iterator,
    Mapping,
    Optional,
    Tuple,
    Union,
)

from ai_spine._async.api import AsyncApiClient
from ai_spine.exceptions import AISpineError, BusyLoopWarning, ValidationError
from ai_spine.policy.messages import Exchange, Response
from ai_spine.policy.polling import PollWatch
from ai_spine.policy.rest_requests import Target, exchange_of, target_of
from ai_spine.policy.validation import Duration, check_bool
from ai_spine.utils import random_id

Query = Mapping[str, Any]


class AsyncVerbs:
    """Sends requests that are named by their method and their path."""

    _api: AsyncApiClient
    _polls: PollWatch

    async def get(
        self, path: str, *, query: Optional[Query] = None, **options: Any
    ) -> Any:
        """Send a GET; the options are those of `call`.

        Args:
            path: The path below the base URL.
            query: The query.
            **options: What `call` takes.

        Raises:
            AISpineError: As for `call`.

        Example:
            >>> health = await client.get("/health")
            >>> health["status"]
            'healthy'
        """
        return await self.call("GET", path, query=query, **options)

    async def head(
        self, path: str, *, query: Optional[Query] = None, **options: Any
    ) -> Response:
        """Send a HEAD, and return the response, which has a status and headers.

        Args:
            path: The path below the base URL.
            query: The query.
            **options: What `call` takes.

        Raises:
            AISpineError: As for `call`.
        """
        response: Response = await self.call("HEAD", path, query=query, **options)
        return response

    async def post(self, path: str, json: Any = None, **options: Any) -> Any:
        """Send a POST; the options are those of `call`.

        Args:
            path: The path below the base URL.
            json: The body, sent as JSON; `None` if there is none.
            **options: What `call` takes.

        Raises:
            AISpineError: As for `call`.
        """
        return await self.call("POST", path, json=json, **options)

    async def put(self, path: str, json: Any = None, **options: Any) -> Any:
        """Send a PUT; the options are those of `call`.

        Args:
            path: The path below the base URL.
            json: The body, sent as JSON; `None` if there is none.
            **options: What `call` takes.

        Raises:
            AISpineError: As for `call`.
        """
        return await self.call("PUT", path, json=json, **options)

    async def patch(self, path: str, json: Any = None, **options: Any) -> Any:
        """Send a PATCH; the options are those of `call`.

        Args:
            path: The path below the base URL.
            json: The body, sent as JSON; `None` if there is none.
            **options: What `call` takes.

        Raises:
            AISpineError: As for `call`.
        """
        return await self.call("PATCH", path, json=json, **options)

    async def delete(self, path: str, **options: Any) -> Any:
        """Send a DELETE; the options are those of `call`.

        Args:
            path: The path below the base URL.
            **options: What `call` takes.

        Raises:
            AISpineError: As for `call`.
        """
        return await self.call("DELETE", path, **options)

    async def call(
        self,
        method: Union[str, Exchange],
        path: str = "",
        *,
        json: Any = None,
        query: Optional[Query] = None,
        headers: Optional[Mapping[str, str]] = None,
        idem: bool = False,
        idempotency_key: Optional[str] = None,
        raw: bool = False,
        timeout: Optional[Duration] = None,
        deadline: Optional[Duration] = None,
    ) -> Any:
        """Send any request with the client's policy, and return the JSON of the response.

        Args:
            method: `GET`, `POST`, `PUT`, `PATCH`, `DELETE`, `HEAD` or `OPTIONS`; or a whole
                `Exchange`, of which all but the times is known.
            path: The path below the base URL, or a URL below it. Percent-encode ids in it.
            json: The body, sent as JSON; `None` if there is none.
            query: The query; `None` values are left out, and a list repeats its name.
            headers: More headers.
            idem: Whether the server honours idempotency keys: then a POST or a PATCH that may
                have run is sent again, with the key that it had. A server that has echoed a key
                for this method and path says so itself.
            idempotency_key: The same with a key of yours.
            raw: Whether to return the whole response: `status`, `headers` and `body`.
            timeout: Seconds, or a `timedelta`, for each attempt, instead of the client's own.
            deadline: The same for the whole call.

        Returns:
            The JSON of the response; `None` if it has no body. A `Response` if `raw` is set, or
            the method is `HEAD` or `OPTIONS`.

        Raises:
            ValidationError: An argument is wrong; nothing was sent.
            APIError: The server refused, or its response is not JSON.
            NetworkError: No response came.

        Warns:
            BusyLoopWarning: The path was requested more than 50 times within 5 s without a pause,
                with the same query.
        """
        with self._translated():
            if isinstance(method, Exchange):
                if path or idem or raw or (json, query, headers) != (None, None, None):
                    raise ValidationError(
                        "call takes only a key and the times beside an Exchange: the rest is in it"
                    )
                exchange = method
            else:
                given = check_bool("idem", idem) or idempotency_key is not None
                exchange = self._exchange(
                    method,
                    self._target_of(path, query),
                    json=json,
                    headers=headers,
                    raw=check_bool("raw", raw),
                    idempotent=given,
                )
            key = random_id() if idem and idempotency_key is None else idempotency_key
            return await self._watched(exchange, key, timeout, deadline)

    async def _watched(
        self,
        exchange: Exchange,
        key: Optional[str],
        timeout: Optional[Duration],
        deadline: Optional[Duration],
    ) -> Any:
        """Send an exchange, and warn where its caller polls without a pause."""
        polled = f"{exchange.template}?{exchange.query}"
        if exchange.method == "GET" and self._polls.is_busy(polled, self._api.clock()):
            warnings.warn(
                f"GET {exchange.template} is requested again and again without a pause: sleep "
                "between two requests, or subscribe",
                BusyLoopWarning,
                stacklevel=4,
            )
        try:
            return await self._api.send(
                exchange, idempotency_key=key, timeout=timeout, deadline=deadline
            )
        finally:
            if exchange.method == "GET":
                self._polls.note_end(polled, self._api.clock())

    def _target_of(self, path: Any, query: Any) -> Target:
        """Return where a request goes."""
        return target_of(path, query, self._api.settings.base_url)

    def _exchange(self, method: Any, target: Target, **given: Any) -> Exchange:
        """Return what is sent."""
        default = self._api.settings.json_default
        return exchange_of(
            method, target, credentials=self._credentials(), default=default, **given
        )

    def _credentials(self) -> Tuple[Any, ...]:
        """Return the names of what requests carry: all that the client has."""
        return tuple(self._api.settings.credentials)

    def _translate(self, error: AISpineError) -> AISpineError:
        """Return the error to raise for one of the SDK; other clients have errors of their own."""
        return error

    @contextmanager
    def _translated(self) -> Iterator[None]:
        """Raise the errors of this client in the place of the SDK's."""
        try:
            yield
        except AISpineError as error:
            translated = self._translate(error)
            if translated is error:
                raise
            raise translated from error.__cause__
