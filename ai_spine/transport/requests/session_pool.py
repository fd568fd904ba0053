"""The session of a client: made when it is needed, counted out, and left behind by a fork."""

import http.cookiejar
import os
import threading
import weakref
from typing import Any, Callable, Dict, Mapping, Optional
from urllib.request import getproxies

import requests
from requests.adapters import HTTPAdapter

from ai_spine.policy.redaction import Redactor, passwords_of
from ai_spine.policy.retry import Brake
from ai_spine.policy.settings import Settings
from ai_spine.transport.requests.adapter import BoundedAdapter
from ai_spine.utils import Secret


class _Session(requests.Session):
    """A session that leaves redirects alone: `exchange` follows those that it may."""

    __attrs__ = [*requests.Session.__attrs__, "_hidden_proxies"]  # what pickles

    def __init__(self, proxies: Mapping[str, Secret]) -> None:
        super().__init__()
        # Not in `proxies`, where `vars()` would show the passwords in their URLs.
        self._hidden_proxies = proxies

    @property
    def is_plain(self) -> bool:
        """Whether nobody has set on it what requests are to be prepared or sent with."""
        return not (
            self.headers
            or self.params
            or self.auth
            or self.hooks["response"]
            or self.proxies
        )

    def send(
        self, request: requests.PreparedRequest, **settings: Any
    ) -> requests.Response:
        """Sends a request; of a plain session, all that is left to do is the adapter's."""
        if settings.get("allow_redirects", True) or not self.is_plain:
            return super().send(request, **settings)
        del settings["allow_redirects"]
        return self.get_adapter(request.url or "").send(request, **settings)

    def get_redirect_target(self, resp: requests.Response) -> None:
        """Gives no target, so that `requests` neither reads nor prepares anything for one."""

    def merge_environment_settings(
        self, url: Any, proxies: Any, stream: Any, verify: Any, cert: Any
    ) -> Any:
        """Adds the client's proxies, which win over those of the environment."""
        known = {name: proxy.reveal() for name, proxy in self._hidden_proxies.items()}
        merged: Any = super().merge_environment_settings(
            url, {**known, **(proxies or {})}, stream, verify, cert
        )
        merged["proxies"].pop("no_proxy", None)  # which has been heeded, and is none
        return merged


class SessionPool:
    """The session of a client, and of those that were made from it.

    Args:
        settings: Checked settings.
        given: A session of the caller's; without it, one is made, and made anew after a fork.
    """

    def __init__(
        self, settings: Settings, given: Optional[requests.Session] = None
    ) -> None:
        self._settings = settings
        self._given = given
        self._session = given
        self._known: Optional[Callable[[], Dict[str, Any]]] = None
        self._making = threading.Lock()
        self._free = threading.BoundedSemaphore(settings.pool_size)
        self._free_streams = threading.BoundedSemaphore(settings.pool_size)
        self.streams_told = False
        """Whether the server has told that it streams executions."""
        self.streams_refused = False
        """Whether it did not do so when it was asked to."""
        self.brake = Brake()
        """What holds all calls back when the server asks to wait."""
        proxies = [proxy.reveal() for proxy in settings.proxies.values()]
        self.redactor = Redactor(
            (
                settings.api_key,
                settings.access_token,
                *passwords_of([*proxies, *getproxies().values()]),
            )
        )
        """What takes the secrets out of a server's words."""
        _ALL_POOLS.add(self)

    def __reduce__(self) -> Any:
        return SessionPool, (self._settings, self._given)

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
        """Whether all that goes into a request is this client's, and known beforehand."""
        session = self.session
        return isinstance(session, _Session) and session.is_plain

    def take(self, seconds: float) -> bool:
        """Waits for a free connection, and tells whether there was one in time."""
        return self._given is not None or self._free.acquire(timeout=max(seconds, 0))

    def give_back(self) -> None:
        """Frees the connection that was taken."""
        if self._given is None:
            self._free.release()

    def take_stream(self) -> Optional[Callable[[], None]]:
        """Takes a connection for a stream; there are as many as for all else, who need not wait.

        Returns:
            What gives it back; `None` if none is free.
        """
        free = self._free_streams
        if self._given is not None:
            # Where connections are limited, a stream could keep the others from ever being sent.
            limits = (
                getattr(a, "_pool_block", False) for a in self._given.adapters.values()
            )
            return None if any(limits) else _nothing
        return free.release if free.acquire(blocking=False) else None

    def send_settings(self, url: Optional[str]) -> Dict[str, Any]:
        """Gives the proxies and TLS settings for a URL, those of the environment included.

        To look there takes longer than to send, so a client does it once.
        """
        if self._given is not None or not self.is_plain:
            return self._merged(url)
        if self._known is None:
            merged = self._merged(url)
            # In a function, where `vars()` shows no password of a proxy.
            self._known = lambda: merged
        return self._known()

    def _merged(self, url: Optional[str]) -> Dict[str, Any]:
        verify = self._settings.verify if self._given is None else None
        return dict(
            self.session.merge_environment_settings(url, {}, True, verify, None)
        )

    def close(self) -> None:
        """Closes the connections, unless the session is the caller's."""
        session = self._session
        if self._given is None and session is not None:
            self._session = self._known = None
            session.close()

    def after_fork(self) -> None:
        """Leaves the parent's connections to the parent, with the threads that held them."""
        self._making = threading.Lock()
        self._free = threading.BoundedSemaphore(self._settings.pool_size)
        self._free_streams = threading.BoundedSemaphore(self._settings.pool_size)
        self.brake = Brake(self.brake.until)
        if self._given is None:
            self._session = None
            return
        for given in self._given.adapters.values():
            adapter: Any = given
            if isinstance(given, HTTPAdapter):
                # As unpickling does: it makes new pools, and asks the old ones for no lock.
                adapter.__setstate__(adapter.__getstate__())


_ALL_POOLS: "weakref.WeakSet[SessionPool]" = weakref.WeakSet()


def _renew_pools() -> None:
    for pool in list(_ALL_POOLS):
        pool.after_fork()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew_pools)


def _nothing() -> None:
    pass


def make_session(settings: Settings) -> requests.Session:
    """Makes a session with a pool for one server, which keeps no cookies and reads no netrc."""
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
