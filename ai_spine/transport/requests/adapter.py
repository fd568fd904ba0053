"""An adapter of `requests` over bounded connections, and the responses that it builds.

It does what `requests` does for each request, and leaves out what takes long and nobody asks for.
"""

import datetime
import threading
from typing import Any, Optional, Tuple

import requests
from requests.adapters import HTTPAdapter
from urllib3.exceptions import LocationValueError
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from ai_spine.transport.requests.direct import Whole, exchange
from ai_spine.transport.requests.sockets import (
    BoundedHTTPConnection,
    BoundedHTTPSConnection,
)
from ai_spine.utils import Secret


class _HTTPPool(HTTPConnectionPool):
    @property
    def ConnectionCls(self) -> Any:  # type: ignore[override]
        """The class of its connections."""
        return _unless_patched(HTTPConnectionPool.ConnectionCls, BoundedHTTPConnection)


class _HTTPSPool(HTTPSConnectionPool):
    @property
    def ConnectionCls(self) -> Any:  # type: ignore[override]
        """The class of its connections."""
        return _unless_patched(
            HTTPSConnectionPool.ConnectionCls, BoundedHTTPSConnection
        )


def _unless_patched(library_class: Any, own_class: Any) -> Any:
    """Return our class, unless a library for tests has replaced urllib3's, as vcrpy does."""
    is_patched = not library_class.__module__.startswith("urllib3.")
    return library_class if is_patched else own_class


class _Reply(requests.Response):
    """A response; its cookies and encoding take time to find and are read when asked for."""

    def __init__(
        self, raw: Any, request: requests.PreparedRequest, adapter: HTTPAdapter
    ) -> None:
        is_whole = isinstance(raw, Whole)
        self._content: Any = raw.body if is_whole else False
        self._content_consumed = is_whole
        self._next = None
        self.status_code = raw.status
        self.headers = raw.headers  # it finds names in any case as well
        self.raw = raw
        self.reason = raw.reason
        self.url = request.url or ""
        self.request = request
        self.connection = adapter
        self.history: Any = []
        self.elapsed = datetime.timedelta(0)

    def __getattr__(self, name: str) -> Any:
        if name == "cookies":
            self.cookies = requests.cookies.RequestsCookieJar()
        elif name == "encoding":
            self.encoding = requests.utils.get_encoding_from_headers(self.headers)
        else:
            raise AttributeError(name)
        return self.__dict__[name]


class BoundedAdapter(HTTPAdapter):
    """An adapter over bounded connections, to a server or to a proxy.

    It remembers the pool of the last server, which `requests` would look up for each request.
    """

    def init_poolmanager(self, *arguments: Any, **options: Any) -> None:
        """Make the pools for servers."""
        self._making = threading.Lock()
        self._last: Tuple[Any, Any] = (None, None)
        super().init_poolmanager(*arguments, **options)
        self.poolmanager.pool_classes_by_scheme = _POOLS

    def get_connection_with_tls_context(
        self,
        request: requests.PreparedRequest,
        verify: Any,
        proxies: Any = None,
        cert: Any = None,
    ) -> Any:
        """Return the pool for a request."""
        wanted = (_root_of(request.url or ""), verify, cert)
        known, pool = self._last
        if proxies or known != wanted or pool.pool is None:
            pool = super().get_connection_with_tls_context(
                request, verify, proxies=proxies, cert=cert
            )
            if not proxies:
                self.cert_verify(pool, request.url, verify, cert)  # type: ignore[no-untyped-call]
                self._last = wanted, pool
        return pool

    def exchange(
        self,
        request: requests.PreparedRequest,
        deadline: float,
        *,
        verify: Any,
        cert: Any,
        proxies: Any,
        **_: Any,
    ) -> Optional[requests.Response]:
        """Send a request the short way; return `None`, with nothing sent, if it is not plain.

        Args:
            request: The request.
            deadline: When all of it must be over.
            verify: As for `send`.
            cert: As for `send`.
            proxies: As for `send`.
        """
        if proxies or not hasattr(HTTPAdapter, "get_connection_with_tls_context"):
            return None
        try:
            pool = self.get_connection_with_tls_context(request, verify, cert=cert)
        except LocationValueError:
            return None
        target = self.request_url(request, proxies)
        raw = exchange(pool, request, target, deadline)
        return None if raw is None else _Reply(raw, request, self)

    def request_url(self, request: requests.PreparedRequest, proxies: Any) -> str:
        """Return the request target: the path, or the whole URL for a proxy."""
        if proxies:
            return super().request_url(request, proxies)
        url = request.url or ""
        return url[len(_root_of(url)) :].partition("#")[0]

    def build_response(
        self, req: requests.PreparedRequest, resp: Any
    ) -> requests.Response:
        """Build the response."""
        return _Reply(resp, req, self)

    def close(self) -> None:
        """Close the connections now; urllib3 would leave that to the garbage collector."""
        self._last = (None, None)
        for manager in (self.poolmanager, *self.proxy_manager.values()):
            for key in manager.pools.keys():
                pool: Any = manager.pools.get(key)
                if pool is not None:
                    pool.close()
        super().close()

    def proxy_manager_for(self, proxy: str, **options: Any) -> Any:
        """Return the pools for a proxy, and make them the first time."""
        managers: Any = self.proxy_manager
        # As a `Secret`, since the URL may hold a password, and `vars()` shows this dict.
        name = Secret(proxy)
        with self._making:
            if name not in managers:
                manager: Any = super().proxy_manager_for(proxy, **options)
                if not proxy.lower().startswith(
                    "socks"
                ):  # they connect in their own way
                    manager.pool_classes_by_scheme = _POOLS
                managers[name] = managers.pop(proxy)
            return managers[name]


def _root_of(url: str) -> str:
    """Return a prepared URL without its path, which begins with the slash after the host."""
    return url[: url.find("/", url.find("//") + 2)]


_POOLS = {"http": _HTTPPool, "https": _HTTPSPool}
