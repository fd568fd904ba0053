"""The session of a client: made when it is needed, counted out, and left behind by a fork."""

from __future__ import annotations

import http.client
import http.cookiejar
import os
import threading
import weakref
from functools import partial
from operator import is_not
from queue import Empty, SimpleQueue
from types import FunctionType
from typing import Any, Callable, Dict, Mapping, Optional, Tuple

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from ai_spine.policy.settings import Settings
from ai_spine.transport.requests.adapter import BoundedAdapter
from ai_spine.utils import Secret

Send = Callable[..., requests.Response]

_LIBRARIES = ("requests", "urllib3", "http")


class _Session(requests.Session):
    """A session that leaves redirects alone: the transport follows those that it may."""

    __attrs__ = [*requests.Session.__attrs__, "_hidden_proxies"]  # what pickles

    def __init__(self, proxies: Mapping[str, Secret]) -> None:
        super().__init__()
        # Not in `proxies`, where `vars()` would show the passwords in their URLs.
        self._hidden_proxies = proxies

    @property
    def is_plain(self) -> bool:
        """Whether nothing has been set on it that changes how requests are prepared or sent."""
        return not (
            self.headers
            or self.params
            or self.auth
            or self.hooks["response"]
            or self.proxies
        )

    def get_redirect_target(self, resp: requests.Response) -> None:
        """Return no target, so that `requests` neither reads nor prepares anything for one."""

    def merge_environment_settings(
        self, url: Any, proxies: Any, stream: Any, verify: Any, cert: Any
    ) -> Any:
        """Add the client's proxies, which win over those of the environment."""
        known = {name: proxy.reveal() for name, proxy in self._hidden_proxies.items()}
        merged: Any = super().merge_environment_settings(
            url, {**known, **(proxies or {})}, stream, verify, cert
        )
        merged["proxies"].pop("no_proxy", None)  # it was applied, and is no proxy
        return merged


class SessionPool:
    """The session of a client, and of the clients that were made from it.

    Args:
        settings: Checked settings.
        given: A session of the caller's; without one, the pool makes its own, and a new one after a
            fork.
    """

    def __init__(
        self, settings: Settings, given: Optional[requests.Session] = None
    ) -> None:
        self._settings = settings
        self._given = given
        self._session = given
        self._merged_once: Optional[Callable[[], Dict[str, Any]]] = None
        self._making = threading.Lock()
        self._free = _tokens(settings.pool_size)
        _ALL_POOLS.add(self)

    @property
    def session(self) -> requests.Session:
        """The session to send with."""
        session = self._session
        if session is None:
            with self._making:
                session = self._session = self._session or make_session(self._settings)
        return session

    @property
    def is_plain(self) -> bool:
        """Whether the session is the pool's own, and nothing was set on it."""
        session = self.session
        return isinstance(session, _Session) and session.is_plain

    @property
    def max_streams(self) -> Optional[int]:
        """How many streams may be open at once; `None` for any number.

        There are as many connections for streams as for requests, which need not wait for them. A
        session of the caller's whose connections are limited gets no stream at all: it could keep
        the requests from ever being sent.
        """
        if self._given is None:
            return self._settings.pool_size
        limits = (
            getattr(a, "_pool_block", False) for a in self._given.adapters.values()
        )
        return 0 if any(limits) else None

    def acquire(self, timeout: float) -> bool:
        """Wait for a free connection, and return whether there was one in time."""
        if self._given is None:
            try:
                self._free.get(timeout=max(timeout, 0))
            except Empty:
                return False
        return True

    def release(self) -> None:
        """Free a connection that was acquired."""
        if self._given is None:
            self._free.put(None)

    def sender(self, url: Optional[str]) -> Tuple[Send, Dict[str, Any]]:
        """Return the function that sends a request to a URL, and its options.

        For a plain session that is the adapter's own: what `requests.Session.send` does besides
        takes long, and nobody asked for it. Where somebody has replaced a method, as libraries
        for tests and for tracing do, requests go through theirs.
        """
        session = self.session
        if self.is_plain and not _is_patched():
            return session.get_adapter(url or "").send, self._options()
        return partial(session.send, allow_redirects=False), self._merge(url)

    def exchange(
        self, request: requests.PreparedRequest, deadline: float
    ) -> Optional[requests.Response]:
        """Send a request the short way; return `None`, with nothing sent, if there is none."""
        if not self.is_plain or _is_patched():
            return None
        adapter = self.session.get_adapter(request.url or "")
        if not isinstance(adapter, BoundedAdapter):
            return None
        return adapter.exchange(request, deadline, **self._options())

    def _options(self) -> Dict[str, Any]:
        """Return the proxies and TLS settings of a plain session, looked up once.

        To look into the environment takes longer than to send.
        """
        if self._merged_once is None:
            merged = self._merge(self._settings.base_url)
            # In a function, where `vars()` shows no password of a proxy.
            self._merged_once = lambda: merged
        return self._merged_once()

    def _merge(self, url: Optional[str]) -> Dict[str, Any]:
        verify = self._settings.verify if self._given is None else None
        return dict(
            self.session.merge_environment_settings(url, {}, True, verify, None)
        )

    def close(self) -> None:
        """Close the connections, unless the session is the caller's."""
        session = self._session
        if self._given is None and session is not None:
            self._session = self._merged_once = None
            session.close()

    def after_fork(self) -> None:
        """Leave the parent's connections to the parent, with the threads that held them."""
        self._making = threading.Lock()
        self._free = _tokens(self._settings.pool_size)
        if self._given is None:
            self._session = None
            return
        for given in self._given.adapters.values():
            adapter: Any = given
            if isinstance(given, HTTPAdapter):
                # As unpickling does: it makes new pools, and takes no lock of the old ones.
                adapter.__setstate__(adapter.__getstate__())


def _tokens(count: int) -> "SimpleQueue[None]":
    """Return so many tokens: a semaphore that is taken and released without Python code."""
    tokens: "SimpleQueue[None]" = SimpleQueue()
    for _ in range(count):
        tokens.put(None)
    return tokens


def _methods() -> Tuple[Any, ...]:
    """Return the methods that send, which libraries for tests and for tracing replace."""
    session, connection = requests.Session, http.client.HTTPConnection
    return (
        session.send,
        session.get_adapter,
        HTTPAdapter.send,
        HTTPConnectionPool.urlopen,
        HTTPSConnectionPool.urlopen,
        HTTPConnectionPool._make_request,
        HTTPConnection.request,
        connection.putrequest,
        connection.endheaders,
        connection.getresponse,
    )


def _is_own(method: Any) -> bool:
    """Return whether a method is the library's; a wrapper looks as if it were, by its name."""
    if type(method) is not FunctionType:
        return False
    return method.__globals__["__name__"].partition(".")[0] in _LIBRARIES


_OWN = [method if _is_own(method) else None for method in _methods()]


def _is_patched() -> bool:
    """Return whether somebody has replaced how requests are sent."""
    return any(map(is_not, _methods(), _OWN))


_ALL_POOLS: "weakref.WeakSet[SessionPool]" = weakref.WeakSet()


def _after_fork() -> None:
    for pool in list(_ALL_POOLS):
        pool.after_fork()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


def make_session(settings: Settings) -> requests.Session:
    """Make a session with a pool for one server, which keeps no cookies and reads no netrc."""
    session = _Session(settings.proxies)
    session.headers.clear()  # each request brings its own
    session.verify = settings.verify
    session.cert = settings.cert
    session.cookies.set_policy(http.cookiejar.DefaultCookiePolicy(allowed_domains=[]))
    adapter = BoundedAdapter(
        pool_connections=1,
        pool_maxsize=2 * settings.pool_size,  # for requests, and for streams
        max_retries=0,
        pool_block=True,
    )
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    return session
