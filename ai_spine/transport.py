"""One exchange over a session: sent to one origin, read whole, and bounded.

This room and `sockets` below it are the only ones of the core that touch the network.
"""

import http.client
import http.cookiejar
import os
import re
import sys
import threading
import traceback
import weakref
from typing import Any, Callable, Dict, Mapping, NamedTuple, Optional, TypeVar, Union
from urllib.parse import urljoin
from urllib.request import getproxies

import requests
import urllib3
from requests.adapters import HTTPAdapter

from ai_spine.config import Settings
from ai_spine.constants import MAX_ANSWER_BYTES, MAX_REDIRECTS, MAX_REFUSAL_BYTES
from ai_spine.events import log
from ai_spine.redaction import Redactor, passwords_of
from ai_spine.retry import Brake, Failure, Kind, failure_of
from ai_spine.sockets import BoundedAdapter
from ai_spine.utils import Secret, one_line, origin

T = TypeVar("T")

CHUNK_BYTES = 16 * 1024
# What is unpacked in bounded steps. Others pack so well that one chunk could fill the memory.
ACCEPTED_ENCODINGS = "gzip, deflate"
_ENCODINGS = ("", "identity", "gzip", "x-gzip", "deflate")
_LENGTH = re.compile("[0-9]{1,18}")
_REDIRECTS = (301, 302, 303, 307, 308)
_METHOD_KEEPING_REDIRECTS = (307, 308)
_OF_NETWORK = (
    requests.RequestException,
    urllib3.exceptions.HTTPError,
    http.client.HTTPException,
    OSError,
)


class Answer(NamedTuple):
    """An HTTP answer, read to its end."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def __repr__(self) -> str:  # a server may repeat the key in either of the others
        return f"Answer({self.status}, {len(self.body)} bytes)"


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


def exchange(
    pool: SessionPool,
    prepared: requests.PreparedRequest,
    *,
    ends: float,
    clock: Callable[[], float],
) -> Union[Answer, Failure]:
    """Sends a request once, following redirects that stay at home, and reads the answer.

    Args:
        pool: What to send with.
        prepared: The request.
        ends: When to give up, by the clock.
        clock: Gives seconds, never going back.
    """
    if not pool.take(ends - clock()):
        return Failure(Kind.NOT_SENT, "no connection was free in time", timed_out=True)
    try:
        return guarded(_converse, pool, prepared, ends, clock)
    finally:
        pool.give_back()


def guarded(work: Callable[..., T], *arguments: Any) -> Union[T, Failure]:
    """Does something with a connection; what goes wrong with that is given, not raised."""
    handled = sys.exc_info()[1]
    try:
        return work(*arguments)
    except _OF_NETWORK as error:
        return failure_of(error, handled)
    except ValueError:  # of a library that stumbles over what a server sent
        return Failure(Kind.UNREADABLE, "the answer is not HTTP")
    except BaseException as interrupt:
        # Ctrl-C, say: the frames below have the key in their locals, which some tracebacks show.
        log.debug("an attempt was broken off: %s", traceback.format_exc())
        interrupt.__context__ = handled
        raise interrupt.with_traceback(None)


def _converse(
    pool: SessionPool,
    prepared: requests.PreparedRequest,
    ends: float,
    clock: Callable[[], float],
) -> Union[Answer, Failure]:
    response = follow(pool, prepared, ends, clock)
    if isinstance(response, Failure):
        return response
    with response:
        return read_answer(response, ends, clock, pool.redactor.conceal)


def follow(
    pool: SessionPool,
    prepared: requests.PreparedRequest,
    ends: float,
    clock: Callable[[], float],
) -> Union[requests.Response, Failure]:
    """Sends a request, and gives the answer of where redirects lead; its body is to be read."""
    settings = pool.send_settings(prepared.url)
    for _ in range(MAX_REDIRECTS + 1):
        # urllib3's own class bounds connecting and reading together.
        timeout: Any = urllib3.Timeout(total=max(ends - clock(), 0.001))
        response = pool.session.send(
            prepared, timeout=timeout, allow_redirects=False, **settings
        )
        if response.status_code not in _REDIRECTS or "Location" not in response.headers:
            return response
        response.close()
        target = _redirect_target(prepared, response, pool.redactor.conceal)
        if isinstance(target, Failure):
            return target
        prepared = prepared.copy()
        prepared.url = target
    return Failure(Kind.REFUSED, f"redirected more than {MAX_REDIRECTS} times")


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


def _redirect_target(
    prepared: requests.PreparedRequest,
    response: requests.Response,
    conceal: Callable[[str], str],
) -> Union[str, Failure]:
    """Gives the URL that a redirect leads to, if it may be followed."""
    here = prepared.url or ""
    try:
        target = urljoin(here, response.headers["Location"])
        # As `urllib3` reads it, who connects: the standard library finds other hosts in some URLs.
        target = requests.Request("GET", target).prepare().url or ""
        elsewhere = origin(target)
    except (ValueError, requests.RequestException):
        return Failure(Kind.REFUSED, "redirected to what is no URL")
    keeps = (
        prepared.method == "GET" or response.status_code in _METHOD_KEEPING_REDIRECTS
    )
    if elsewhere != origin(here):
        return Failure(
            Kind.REFUSED if keeps else Kind.UNREADABLE,
            f"redirected to another origin, {one_line(conceal(elsewhere), 200)}, "
            "which is not followed: "
            "if it is right, set base_url to it",
        )
    if (
        prepared.method != "GET"
        and response.status_code not in _METHOD_KEEPING_REDIRECTS
    ):
        # 303 says that it was done, and where to see what came of it.
        kind = Kind.UNREADABLE if response.status_code == 303 else Kind.REFUSED
        words = f"a {prepared.method} was redirected ({response.status_code})"
        return Failure(kind, words)
    return target


def read_answer(
    response: requests.Response,
    ends: float,
    clock: Callable[[], float],
    conceal: Callable[[str], str],
) -> Union[Answer, Failure]:
    """Reads a body up to the limit, and checks that it is whole."""
    encoding = encoding_of(response)
    if encoding not in _ENCODINGS:
        return packed(encoding, conceal)
    if response.status_code < 200:
        return Failure(Kind.UNCERTAIN, "the server changed to another protocol")
    body = bytearray()
    length = response.headers.get("Content-Length", "")
    promised = int(length) if _LENGTH.fullmatch(length) and not encoding else None
    is_refusal = not 200 <= response.status_code < 300
    for chunk in response.iter_content(CHUNK_BYTES):
        body += chunk
        if is_refusal and len(body) > MAX_REFUSAL_BYTES:
            promised = None  # its first words are enough
            break
        if len(body) > MAX_ANSWER_BYTES:
            limit = MAX_ANSWER_BYTES // 2**20
            return Failure(Kind.UNREADABLE, f"the answer is larger than {limit} MiB")
        if clock() > ends and len(body) != promised:
            return Failure(
                Kind.UNCERTAIN, "the answer was not complete in time", timed_out=True
            )
    if promised is not None and len(body) < promised:
        return Failure(Kind.UNCERTAIN, "the answer was cut short")
    return Answer(response.status_code, response.headers, bytes(body))


def encoding_of(response: requests.Response) -> str:
    """Gives how a body is packed; empty if it is not."""
    return response.headers.get("Content-Encoding", "").strip().lower()


def packed(encoding: str, conceal: Callable[[str], str]) -> Failure:
    """Gives the failure of an answer that cannot be unpacked."""
    told = one_line(conceal(encoding), 60)
    return Failure(Kind.UNREADABLE, f"the answer is packed as {told!r}")
