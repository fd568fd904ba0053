"""Operations on orders."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, AsyncIterator, Iterator, List, Mapping, Union

from ai_spine.sdk_sync.runtime.api import Api
from ai_spine.sdk_sync.runtime.async_api import AsyncApi
from ai_spine.sdk_sync.runtime.bodies import Body
from ai_spine.sdk_sync.runtime.endpoints import Endpoint, Server
from ai_spine.sdk_sync.runtime.methods import method
from ai_spine.sdk_sync.runtime.pages import Pages
from ai_spine.sdk_sync.runtime.parameters import Parameter
from ai_spine.sdk_sync.runtime.unset import UNSET, Unset

from .. import models

if TYPE_CHECKING:
    from ai_spine.policy.event_streams import ServerEvent
    from ai_spine.sdk_sync.runtime.async_streams import AsyncDownload, AsyncEvents
    from ai_spine.sdk_sync.runtime.streams import Download, Events

    from ..models import NamedEvent, NewOrder, Order, Question, Token

_JSON, _PROBLEM = "application/json", "application/problem+json"
_REFUSALS = {"4XX": {_PROBLEM: lambda: models.Refusal}}

_GET_ORDER: Endpoint[Order] = Endpoint(
    "get_order",
    "GET",
    "/orders/{orderId}",
    parameters=(Parameter("orderId", "path"),),
    responses={"200": {_JSON: lambda: models.Order}},
    errors=_REFUSALS,
)
_START_ORDER: Endpoint[Order] = Endpoint(
    "start_order",
    "POST",
    "/workspaces/{workspaceId}/orders",
    parameters=(
        Parameter("workspaceId", "path", client_default="workspace_id"),
        Parameter("X-Trace", "header"),
        Parameter("seen", "cookie"),
    ),
    bodies=(Body(_JSON, lambda: models.NewOrder),),
    body_required=True,
    responses={"201": {_JSON: lambda: models.Order}},
    errors=_REFUSALS,
)
_CHANGE_ORDER: Endpoint[Union[Order, None]] = Endpoint(
    "change_order",
    "PATCH",
    "/orders/{orderId}",
    query="mode=fast",
    parameters=(Parameter("orderId", "path"),),
    bodies=(Body(_JSON, lambda: models.NewOrder),),
    responses={"200": {_JSON: lambda: models.Order}, "204": {}},
)
_DELETE_ORDER: Endpoint[None] = Endpoint(
    "delete_order",
    "DELETE",
    "/orders/{orderId}",
    parameters=(Parameter("orderId", "path"),),
    responses={"204": {}},
)
_GET_NOTE: Endpoint[str] = Endpoint(
    "get_note", "GET", "/note", responses={"200": {"text/plain": lambda: str}}
)
_LIST_ORDERS: Endpoint[Mapping[str, Any]] = Endpoint(
    "list_orders",
    "GET",
    "/orders",
    parameters=(Parameter("cursor", "query"), Parameter("limit", "query")),
    responses={"200": {_JSON: None}},
    pages=Pages(
        "cursor", ("orders",), "cursor", next=("next",), item=lambda: models.Order
    ),
)
_FIND_ORDERS: Endpoint[Mapping[str, Any]] = Endpoint(
    "find_orders",
    "POST",
    "/orders/search",
    bodies=(Body(_JSON),),
    responses={"200": {_JSON: None}},
    reads=True,
    pages=Pages("cursor", ("orders",), "after", next=("next",), in_body=True),
)
_LINKED_ORDERS: Endpoint[List[int]] = Endpoint(
    "linked_orders",
    "GET",
    "/linked",
    parameters=(Parameter("owner", "query", required=True), Parameter("page", "query")),
    responses={"200": {_JSON: None}},
    pages=Pages("link"),
)
_ASK: Endpoint[Token] = Endpoint(
    "ask_stream",
    "POST",
    "/ask",
    bodies=(Body(_JSON, lambda: models.Question),),
    body_fields={"stream": True},
    responses={"200": {"text/event-stream": lambda: models.Token}},
    errors=_REFUSALS,
)
_WATCH: Endpoint[NamedEvent] = Endpoint(
    "watch",
    "GET",
    "/watch",
    responses={"200": {"text/event-stream": lambda: models.NamedEvent}},
)
_FOLLOW: Endpoint[ServerEvent] = Endpoint(
    "follow", "GET", "/follow", responses={"200": {"text/event-stream": None}}
)
_EXPORT: Endpoint[Order] = Endpoint(
    "export",
    "GET",
    "/export",
    responses={"200": {"application/x-ndjson": lambda: models.Order}},
)
_GET_INVOICE: Endpoint[bytes] = Endpoint(
    "get_invoice",
    "GET",
    "/invoice",
    responses={"200": {"application/pdf": lambda: bytes}},
    errors=_REFUSALS,
)
_SEND_INVOICE: Endpoint[None] = Endpoint(
    "send_invoice",
    "PUT",
    "/invoice",
    bodies=(Body("multipart/form-data"), Body("application/octet-stream")),
    body_required=True,
    responses={"204": {}},
)
_TAG: Endpoint[None] = Endpoint(
    "tag",
    "POST",
    "/tags",
    bodies=(
        Body("application/x-www-form-urlencoded", lambda: models.NewOrder),
        Body("multipart/form-data"),
    ),
    body_fields={"stream": True},
    responses={"204": {}},
)
_CHECK_ORDER: Endpoint[None] = Endpoint(
    "check_order",
    "HEAD",
    "/orders",
    responses={"200": {_JSON: lambda: models.Order}},
)
_BY_KEY_OR_TOKEN: Endpoint[None] = Endpoint(
    "by_key_or_token",
    "GET",
    "/secured",
    responses={"204": {}},
    security=(("apiKey", "queryKey"), ("bearerAuth",)),
)
_BY_LOGIN: Endpoint[None] = Endpoint(
    "by_login", "GET", "/secured", responses={"204": {}}, security=(("login",),)
)
_BY_COOKIE: Endpoint[None] = Endpoint(
    "by_cookie",
    "GET",
    "/secured",
    parameters=(Parameter("seen", "cookie"),),
    responses={"204": {}},
    security=((), ("cookieKey",)),
)
_BY_CERTIFICATE: Endpoint[None] = Endpoint(
    "by_certificate",
    "GET",
    "/secured",
    responses={"204": {}},
    security=(("certificate",),),
)
_PUBLIC: Endpoint[None] = Endpoint(
    "public", "GET", "/secured", responses={"204": {}}, security=()
)
_UPLOAD: Endpoint[None] = Endpoint(
    "upload",
    "POST",
    "/upload",
    responses={"204": {}},
    servers=(Server("https://uploads.orders.example"),),
)
_NEXT_VERSION: Endpoint[None] = Endpoint(
    "next_version", "GET", "/orders", responses={"204": {}}, servers=(Server("/v2"),)
)


class Orders(Api):
    """Orders."""

    @method
    def get_order(
        self,
        order_id: str,
        *,
        timeout: float | None = None,
        idempotency_key: str | None = None,
    ) -> Order:
        """Return an order."""
        return self._call(
            _GET_ORDER, (order_id,), timeout=timeout, idempotency_key=idempotency_key
        )

    @method
    def start_order(
        self,
        body: NewOrder | Mapping[str, Any] | Unset = UNSET,
        *,
        workspace_id: str | Unset = UNSET,
        x_trace: int | Unset = UNSET,
        seen: str | Unset = UNSET,
        item_id: str | Unset = UNSET,
        count: int | Unset = UNSET,
        timeout: float | None = None,
        idempotency_key: str | None = None,
    ) -> Order:
        """Start an order."""
        return self._call(
            _START_ORDER,
            (workspace_id, x_trace, seen),
            body=body,
            fields={"itemId": item_id, "count": count},
            timeout=timeout,
            idempotency_key=idempotency_key,
        )

    @method
    def change_order(
        self,
        order_id: str,
        body: NewOrder | Mapping[str, Any] | Unset = UNSET,
        *,
        timeout: float | None = None,
        idempotency_key: str | None = None,
    ) -> Order | None:
        """Change an order."""
        return self._call(
            _CHANGE_ORDER,
            (order_id,),
            body=body,
            timeout=timeout,
            idempotency_key=idempotency_key,
        )

    @method
    def delete_order(
        self,
        order_id: str,
        *,
        timeout: float | None = None,
        idempotency_key: str | None = None,
    ) -> None:
        """Delete an order."""
        return self._call(
            _DELETE_ORDER, (order_id,), timeout=timeout, idempotency_key=idempotency_key
        )

    @method
    def get_note(
        self, *, timeout: float | None = None, idempotency_key: str | None = None
    ) -> str:
        """Return the note."""
        return self._call(
            _GET_NOTE, (), timeout=timeout, idempotency_key=idempotency_key
        )

    @method
    def list_orders(
        self,
        cursor: str | Unset = UNSET,
        limit: int | Unset = UNSET,
        *,
        timeout: float | None = None,
        idempotency_key: str | None = None,
    ) -> Mapping[str, Any]:
        """Return a page of orders."""
        return self._call(
            _LIST_ORDERS,
            (cursor, limit),
            timeout=timeout,
            idempotency_key=idempotency_key,
        )

    @method
    def ask_stream(
        self,
        body: Question | Mapping[str, Any] | Unset = UNSET,
        *,
        text: str | Unset = UNSET,
        timeout: float | None = None,
        idempotency_key: str | None = None,
    ) -> Events[Token]:
        """Ask an agent."""
        return self._open_events(
            _ASK,
            body=body,
            fields={"text": text},
            timeout=timeout,
            idempotency_key=idempotency_key,
        )

    @method
    def watch(
        self, *, timeout: float | None = None, idempotency_key: str | None = None
    ) -> Events[NamedEvent]:
        """Watch orders."""
        return self._open_events(
            _WATCH, (), timeout=timeout, idempotency_key=idempotency_key
        )

    @method
    def follow(
        self, *, timeout: float | None = None, idempotency_key: str | None = None
    ) -> Events[ServerEvent]:
        """Follow orders."""
        return self._open_events(
            _FOLLOW, (), timeout=timeout, idempotency_key=idempotency_key
        )

    @method
    def export(
        self, *, timeout: float | None = None, idempotency_key: str | None = None
    ) -> Events[Order]:
        """Export orders."""
        return self._open_events(
            _EXPORT, (), timeout=timeout, idempotency_key=idempotency_key
        )

    @method
    def get_invoice(
        self, *, timeout: float | None = None, idempotency_key: str | None = None
    ) -> Download:
        """Return an invoice."""
        return self._download(
            _GET_INVOICE, (), timeout=timeout, idempotency_key=idempotency_key
        )

    @method
    def send_invoice(
        self,
        body: Any = UNSET,
        *,
        content_type: str | None = None,
        timeout: float | None = None,
        idempotency_key: str | None = None,
    ) -> None:
        """Send an invoice."""
        return self._call(
            _SEND_INVOICE,
            body=body,
            content_type=content_type,
            timeout=timeout,
            idempotency_key=idempotency_key,
        )

    @method
    def tag(self, body: Any = UNSET, *, item_id: str | Unset = UNSET) -> None:
        """Tag an order."""
        return self._call(_TAG, body=body, fields={"itemId": item_id})

    @method
    def check_order(self) -> None:
        """Check whether there are orders."""
        return self._call(_CHECK_ORDER)

    @method
    def by_key_or_token(
        self, *, timeout: float | None = None, idempotency_key: str | None = None
    ) -> None:
        """Need both keys or a token."""
        return self._call(
            _BY_KEY_OR_TOKEN, (), timeout=timeout, idempotency_key=idempotency_key
        )

    @method
    def by_login(
        self, *, timeout: float | None = None, idempotency_key: str | None = None
    ) -> None:
        """Need a login."""
        return self._call(
            _BY_LOGIN, (), timeout=timeout, idempotency_key=idempotency_key
        )

    @method
    def by_cookie(
        self,
        seen: str | Unset = UNSET,
        *,
        timeout: float | None = None,
        idempotency_key: str | None = None,
    ) -> None:
        """Take a cookie."""
        return self._call(
            _BY_COOKIE, (seen,), timeout=timeout, idempotency_key=idempotency_key
        )

    @method
    def by_certificate(
        self, *, timeout: float | None = None, idempotency_key: str | None = None
    ) -> None:
        """Need a certificate."""
        return self._call(
            _BY_CERTIFICATE, (), timeout=timeout, idempotency_key=idempotency_key
        )

    @method
    def public(
        self, *, timeout: float | None = None, idempotency_key: str | None = None
    ) -> None:
        """Need nothing."""
        return self._call(_PUBLIC, (), timeout=timeout, idempotency_key=idempotency_key)

    @method
    def upload(
        self, *, timeout: float | None = None, idempotency_key: str | None = None
    ) -> None:
        """Upload to another server."""
        return self._call(_UPLOAD, (), timeout=timeout, idempotency_key=idempotency_key)

    @method
    def next_version(
        self, *, timeout: float | None = None, idempotency_key: str | None = None
    ) -> None:
        """Call another path of the server."""
        return self._call(
            _NEXT_VERSION, (), timeout=timeout, idempotency_key=idempotency_key
        )

    def iter_orders(self, limit: int | Unset = UNSET) -> Iterator[Order]:
        """Iterate over all pages."""
        return self._pages(_LIST_ORDERS, (UNSET, limit))

    def iter_found(self, body: Mapping[str, Any] | Unset = UNSET) -> Iterator[Any]:
        """Iterate over all pages."""
        return self._pages(_FIND_ORDERS, body=body)

    def iter_linked(self, owner: str) -> Iterator[Any]:
        """Iterate over all pages."""
        return self._pages(_LINKED_ORDERS, (owner, UNSET))


class AsyncOrders(AsyncApi):
    """Orders."""

    @method
    async def get_order(
        self,
        order_id: str,
        *,
        timeout: float | None = None,
        idempotency_key: str | None = None,
    ) -> Order:
        """Return an order."""
        return await self._call(
            _GET_ORDER, (order_id,), timeout=timeout, idempotency_key=idempotency_key
        )

    @method
    async def start_order(
        self,
        body: NewOrder | Mapping[str, Any] | Unset = UNSET,
        *,
        workspace_id: str | Unset = UNSET,
        x_trace: int | Unset = UNSET,
        seen: str | Unset = UNSET,
        item_id: str | Unset = UNSET,
        count: int | Unset = UNSET,
        timeout: float | None = None,
        idempotency_key: str | None = None,
    ) -> Order:
        """Start an order."""
        return await self._call(
            _START_ORDER,
            (workspace_id, x_trace, seen),
            body=body,
            fields={"itemId": item_id, "count": count},
            timeout=timeout,
            idempotency_key=idempotency_key,
        )

    @method
    async def change_order(
        self,
        order_id: str,
        body: NewOrder | Mapping[str, Any] | Unset = UNSET,
        *,
        timeout: float | None = None,
        idempotency_key: str | None = None,
    ) -> Order | None:
        """Change an order."""
        return await self._call(
            _CHANGE_ORDER,
            (order_id,),
            body=body,
            timeout=timeout,
            idempotency_key=idempotency_key,
        )

    @method
    async def delete_order(
        self,
        order_id: str,
        *,
        timeout: float | None = None,
        idempotency_key: str | None = None,
    ) -> None:
        """Delete an order."""
        return await self._call(
            _DELETE_ORDER, (order_id,), timeout=timeout, idempotency_key=idempotency_key
        )

    @method
    async def get_note(
        self, *, timeout: float | None = None, idempotency_key: str | None = None
    ) -> str:
        """Return the note."""
        return await self._call(
            _GET_NOTE, (), timeout=timeout, idempotency_key=idempotency_key
        )

    @method
    async def list_orders(
        self,
        cursor: str | Unset = UNSET,
        limit: int | Unset = UNSET,
        *,
        timeout: float | None = None,
        idempotency_key: str | None = None,
    ) -> Mapping[str, Any]:
        """Return a page of orders."""
        return await self._call(
            _LIST_ORDERS,
            (cursor, limit),
            timeout=timeout,
            idempotency_key=idempotency_key,
        )

    @method
    async def ask_stream(
        self,
        body: Question | Mapping[str, Any] | Unset = UNSET,
        *,
        text: str | Unset = UNSET,
        timeout: float | None = None,
        idempotency_key: str | None = None,
    ) -> AsyncEvents[Token]:
        """Ask an agent."""
        return await self._open_events(
            _ASK,
            body=body,
            fields={"text": text},
            timeout=timeout,
            idempotency_key=idempotency_key,
        )

    @method
    async def watch(
        self, *, timeout: float | None = None, idempotency_key: str | None = None
    ) -> AsyncEvents[NamedEvent]:
        """Watch orders."""
        return await self._open_events(
            _WATCH, (), timeout=timeout, idempotency_key=idempotency_key
        )

    @method
    async def follow(
        self, *, timeout: float | None = None, idempotency_key: str | None = None
    ) -> AsyncEvents[ServerEvent]:
        """Follow orders."""
        return await self._open_events(
            _FOLLOW, (), timeout=timeout, idempotency_key=idempotency_key
        )

    @method
    async def export(
        self, *, timeout: float | None = None, idempotency_key: str | None = None
    ) -> AsyncEvents[Order]:
        """Export orders."""
        return await self._open_events(
            _EXPORT, (), timeout=timeout, idempotency_key=idempotency_key
        )

    @method
    async def get_invoice(
        self, *, timeout: float | None = None, idempotency_key: str | None = None
    ) -> AsyncDownload:
        """Return an invoice."""
        return await self._download(
            _GET_INVOICE, (), timeout=timeout, idempotency_key=idempotency_key
        )

    @method
    async def send_invoice(
        self,
        body: Any = UNSET,
        *,
        content_type: str | None = None,
        timeout: float | None = None,
        idempotency_key: str | None = None,
    ) -> None:
        """Send an invoice."""
        return await self._call(
            _SEND_INVOICE,
            body=body,
            content_type=content_type,
            timeout=timeout,
            idempotency_key=idempotency_key,
        )

    @method
    async def tag(self, body: Any = UNSET, *, item_id: str | Unset = UNSET) -> None:
        """Tag an order."""
        return await self._call(_TAG, body=body, fields={"itemId": item_id})

    @method
    async def check_order(self) -> None:
        """Check whether there are orders."""
        return await self._call(_CHECK_ORDER)

    @method
    async def by_key_or_token(
        self, *, timeout: float | None = None, idempotency_key: str | None = None
    ) -> None:
        """Need both keys or a token."""
        return await self._call(
            _BY_KEY_OR_TOKEN, (), timeout=timeout, idempotency_key=idempotency_key
        )

    @method
    async def by_login(
        self, *, timeout: float | None = None, idempotency_key: str | None = None
    ) -> None:
        """Need a login."""
        return await self._call(
            _BY_LOGIN, (), timeout=timeout, idempotency_key=idempotency_key
        )

    @method
    async def by_cookie(
        self,
        seen: str | Unset = UNSET,
        *,
        timeout: float | None = None,
        idempotency_key: str | None = None,
    ) -> None:
        """Take a cookie."""
        return await self._call(
            _BY_COOKIE, (seen,), timeout=timeout, idempotency_key=idempotency_key
        )

    @method
    async def by_certificate(
        self, *, timeout: float | None = None, idempotency_key: str | None = None
    ) -> None:
        """Need a certificate."""
        return await self._call(
            _BY_CERTIFICATE, (), timeout=timeout, idempotency_key=idempotency_key
        )

    @method
    async def public(
        self, *, timeout: float | None = None, idempotency_key: str | None = None
    ) -> None:
        """Need nothing."""
        return await self._call(
            _PUBLIC, (), timeout=timeout, idempotency_key=idempotency_key
        )

    @method
    async def upload(
        self, *, timeout: float | None = None, idempotency_key: str | None = None
    ) -> None:
        """Upload to another server."""
        return await self._call(
            _UPLOAD, (), timeout=timeout, idempotency_key=idempotency_key
        )

    @method
    async def next_version(
        self, *, timeout: float | None = None, idempotency_key: str | None = None
    ) -> None:
        """Call another path of the server."""
        return await self._call(
            _NEXT_VERSION, (), timeout=timeout, idempotency_key=idempotency_key
        )

    def iter_orders(self, limit: int | Unset = UNSET) -> AsyncIterator[Order]:
        """Iterate over all pages."""
        return self._pages(_LIST_ORDERS, (UNSET, limit))

    def iter_found(self, body: Mapping[str, Any] | Unset = UNSET) -> AsyncIterator[Any]:
        """Iterate over all pages."""
        return self._pages(_FIND_ORDERS, body=body)

    def iter_linked(self, owner: str) -> AsyncIterator[Any]:
        """Iterate over all pages."""
        return self._pages(_LINKED_ORDERS, (owner, UNSET))
