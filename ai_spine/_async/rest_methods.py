"""The methods of a client of any HTTP API that are more than one request: pages and streams."""

from __future__ import annotations

from functools import partial
from typing import (
    TYPE_CHECKING,
    Any,
    AsyncIterator,
    Awaitable,
    Callable,
    Mapping,
    Optional,
    Tuple,
    overload,
)

from ai_spine._async.runtime import check_callback
from ai_spine._async.verbs import AsyncVerbs, Query
from ai_spine.constants import EVENT_STREAM
from ai_spine.exceptions import ValidationError
from ai_spine.policy.rest_requests import split_query
from ai_spine.policy.validation import (
    Duration,
    check_callable,
    check_count,
    check_header_value,
    check_mapping,
    check_seconds,
)

# A client that walks no lists and follows no streams does not pay for their import.
if TYPE_CHECKING:
    from ai_spine._async.subscriptions import AsyncSubscription
    from ai_spine.policy.pages import Pages
    from ai_spine.policy.subscriptions import StreamEvent

_NOT_OF_PAGES = ("raw", "idem", "idempotency_key")
_STREAM_HEADERS = {"Accept": EVENT_STREAM, "Cache-Control": "no-store"}


class AsyncRestMethods(AsyncVerbs):
    """Walks lists, follows streams, and lets callers see each attempt."""

    async def pages(
        self,
        path: str,
        *,
        query: Optional[Query] = None,
        pages: Optional["Pages"] = None,
        max_pages: Optional[int] = None,
        **options: Any,
    ) -> AsyncIterator[Any]:
        """Yield the pages of a list, each as the server sent it.

        How the list is paged is found out: by `next_page_token`, `next_cursor`, a URL as `next`, a
        header `Link`, or `offset`, `skip` or `page` in the query.

        Args:
            path: The path of the list.
            query: The query of the first page.
            pages: How it is paged, where that cannot be found out.
            max_pages: How many pages to request at most; `None` for all.
            **options: What else `call` takes for a GET: `headers`, `json`, `timeout`, `deadline`.

        Raises:
            AISpineError: As for `call`.
        """
        async for page, _ in self._walk(path, query, pages, max_pages, options):
            yield page

    async def items(
        self,
        path: str,
        *,
        query: Optional[Query] = None,
        pages: Optional["Pages"] = None,
        max_pages: Optional[int] = None,
        **options: Any,
    ) -> AsyncIterator[Any]:
        """Yield the items of a list, page by page.

        Args:
            path: The path of the list.
            query: The query of the first page.
            pages: How it is paged, where that cannot be found out.
            max_pages: How many pages to request at most; `None` for all.
            **options: What else `call` takes for a GET: `headers`, `json`, `timeout`, `deadline`.

        Raises:
            AISpineError: As for `call`.
        """
        async for _, items in self._walk(path, query, pages, max_pages, options):
            for item in items:
                yield item

    async def _walk(
        self,
        path: str,
        query: Optional[Query],
        pages: Optional["Pages"],
        max_pages: Optional[int],
        options: Mapping[str, Any],
    ) -> AsyncIterator[Tuple[Any, Any]]:
        """Yield each page with its items."""
        from ai_spine.policy.any_pages import AnyPages

        with self._translated():
            if max_pages is not None:
                check_count("max_pages", max_pages, least=1)
            given = [name for name in _NOT_OF_PAGES if options.get(name)]
            if given:
                raise ValidationError(
                    f"{given[0]} is for one request, not for a walk over pages"
                )
            bare, known = split_query(path, query)
        walk = AnyPages(known, self._api.settings.base_url, pages, max_pages)
        sent = {name: options[name] for name in ("headers", "json") if name in options}
        others = (*_NOT_OF_PAGES, *sent)
        times = {name: each for name, each in options.items() if name not in others}
        while not walk.is_done:
            with self._translated():
                target = self._target_of(bare, walk.query)
                exchange = self._exchange("GET", target, raw=True, **sent)
            read = partial(walk.read_with, exchange.read)
            yield await self.call(exchange._replace(read=read), **times)

    @overload
    def subscribe(
        self,
        path: str,
        callback: None = None,
        *,
        query: Optional[Query] = None,
        headers: Optional[Mapping[str, str]] = None,
        reconnect: bool = True,
        idle_limit: Optional[Duration] = None,
        last_event_id: Optional[str] = None,
    ) -> "AsyncSubscription": ...

    @overload
    def subscribe(
        self,
        path: str,
        callback: Callable[["StreamEvent"], Any],
        *,
        query: Optional[Query] = None,
        headers: Optional[Mapping[str, str]] = None,
        reconnect: bool = True,
        idle_limit: Optional[Duration] = None,
        last_event_id: Optional[str] = None,
    ) -> Awaitable[None]: ...

    def subscribe(
        self,
        path: str,
        callback: Optional[Callable[["StreamEvent"], Any]] = None,
        *,
        query: Optional[Query] = None,
        headers: Optional[Mapping[str, str]] = None,
        reconnect: bool = True,
        idle_limit: Optional[Duration] = None,
        last_event_id: Optional[str] = None,
    ) -> Any:
        """Subscribe to a stream of server-sent events.

        A connection that is lost, or silent for too long, is made again after the last event that
        came, and no event with an id comes twice. The first connection is made with the first event
        asked for; if it fails, or the server refuses, that is raised.

        Args:
            path: The path of the stream.
            callback: Called with each event; what it raises ends the subscription.
            query: The query.
            headers: More headers.
            reconnect: Whether to connect again when the stream ends or is lost; else it is over
                when it ends, and an error when it is lost.
            idle_limit: Seconds, or a `timedelta`, of silence after which the connection counts as
                lost; by default the client's `timeout`.
            last_event_id: The id of the event after which to begin.

        Returns:
            The events, to iterate over: a context manager, too. With a callback, what to await
            until the stream is over.

        Raises:
            AISpineError: As for `call`.
        """
        with self._translated():
            limit = (
                None if idle_limit is None else check_seconds("idle_limit", idle_limit)
            )
            if last_event_id is not None:
                check_header_value("last_event_id", last_event_id)
            check_callable("callback", callback)
            name = self._api.settings.client
            check_callback("callback", callback, ValidationError, name)
            more = check_mapping("headers", headers or {})
            exchange = self._exchange(
                "GET",
                self._target_of(path, query),
                headers={**_STREAM_HEADERS, **more},
                raw=True,
            )
        from ai_spine._async.subscriptions import AsyncSubscription

        subscription = AsyncSubscription(
            self._api,
            exchange,
            reconnect=reconnect,
            idle_limit=limit,
            last_event_id=last_event_id,
            translate=self._translate,
        )
        return subscription if callback is None else subscription.deliver(callback)

    def add_middleware(self, middleware: Any) -> None:
        """Put something between this client and its transport.

        It has `before_request(request)`, `after_response(request, response)`, or both. Each sees
        every attempt and returns what it was given, as it is or changed by `_replace`; what it
        raises ends the call. Headers, queries and bodies may be changed; what says whether a
        request is repeated stays: its method, its path, its idempotency key, and the status of its
        response. Requests hold no credential: the transport adds them later. A middleware that has
        to know them, to sign a request, say, has the attribute `needs_secrets = True`, and gets
        them as well, wrapped and by name: `before_request(request, secrets)`. Clients that
        `with_options` makes from now on have it as well; a stream has only its request seen.

        Args:
            middleware: It sees requests after, and responses before, those added earlier.

        Raises:
            ConfigurationError: It has neither of the methods.
        """
        with self._translated():
            from ai_spine.policy.middleware import with_member  # few programs need it

            self._api.middleware = with_member(self._api.middleware, middleware)
