"""The clients of the package."""

from __future__ import annotations

from typing import TYPE_CHECKING, Mapping

from ai_spine.sdk_sync.runtime import attrs_models
from ai_spine.sdk_sync.runtime.async_base_client import AsyncBaseClient
from ai_spine.sdk_sync.runtime.base_client import BaseClient
from ai_spine.sdk_sync.runtime.endpoints import Server
from ai_spine.sdk_sync.runtime.security import Scheme

from .errors import ERRORS

if TYPE_CHECKING:
    from .api.orders import AsyncOrders, Orders

_SCHEMES: Mapping[str, Scheme] = {
    "bearerAuth": Scheme("bearer", "bearer_auth"),
    "apiKey": Scheme("header", "api_key", "X-Api-Key"),
    "queryKey": Scheme("query", "query_key", "key"),
    "cookieKey": Scheme("cookie", "cookie_key", "session"),
    "login": Scheme("basic", "login"),
    "certificate": Scheme("none", "cert"),
}
_SERVERS = (Server("https://{region}.orders.example/v1", {"region": "eu"}),)


class Client(BaseClient):
    """A client of the API."""

    codec = attrs_models
    error_classes = ERRORS
    schemes = _SCHEMES
    servers = _SERVERS

    @property
    def orders(self) -> Orders:
        """Orders."""
        from .api.orders import Orders

        return Orders(self)


class AsyncClient(AsyncBaseClient):
    """An asynchronous client of the API."""

    codec = attrs_models
    error_classes = ERRORS
    schemes = _SCHEMES
    servers = _SERVERS

    @property
    def orders(self) -> AsyncOrders:
        """Orders."""
        from .api.orders import AsyncOrders

        return AsyncOrders(self)
