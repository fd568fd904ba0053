"""`RequestsTransport`: single attempts over a pooled `requests` session."""

from __future__ import annotations

import sys
import time
from typing import Any, Mapping, Optional, Union

import requests
import urllib3

from ai_spine.constants import MAX_REDIRECTS
from ai_spine.exceptions import ConfigurationError
from ai_spine.policy.messages import Request, Response
from ai_spine.policy.retry import Failure, FailureKind
from ai_spine.policy.settings import Settings
from ai_spine.transport.base import ByteStream, Transport
from ai_spine.transport.requests.bodies import read_response
from ai_spine.transport.requests.failures import translate_errors
from ai_spine.transport.requests.redirects import is_redirect, redirect_target
from ai_spine.transport.requests.request_builder import RequestBuilder
from ai_spine.transport.requests.session_pool import SessionPool

Session = requests.Session

_NO_CONNECTION = Failure(
    FailureKind.NOT_SENT, "no connection was free in time", timed_out=True
)


class RequestsTransport(Transport):
    """Sends requests over one session, which is made when it is first needed.

    Args:
        settings: Checked settings.
        session: A session of the caller's to send with.
    """

    def __init__(
        self, settings: Settings, session: Optional[requests.Session] = None
    ) -> None:
        super().__init__(settings)
        self.pool = SessionPool(settings, session)
        """The session, and the count of its free connections."""
        self.max_streams = self.pool.max_streams
        self._settings = settings
        self._given = session
        self._builder = RequestBuilder(
            settings,
            self.tokens,
            lambda: self.pool.session,
            lambda: self.pool.is_plain,
        )

    def __reduce__(self) -> Any:
        return type(self), (self._settings, self._given)

    @property
    def session(self) -> requests.Session:
        """The session that it sends with."""
        return self.pool.session

    def send(self, request: Request, timeout: float) -> Union[Response, Failure]:
        """Send a request once, follow redirects within its origin, and read the response."""
        handled, deadline = sys.exc_info()[1], time.monotonic() + timeout
        pool = self.pool
        if not pool.acquire(timeout):
            return _NO_CONNECTION
        try:
            prepared = self._builder.build(request)
            reply = pool.exchange(prepared, deadline)
            if reply is None:
                send, options = pool.sender(prepared.url)
                reply = send(prepared, timeout=_within(deadline), **options)
            last = self._follow(request, prepared, reply, deadline)
            if isinstance(last, Failure):
                return last
            with last:
                return read_response(last, deadline, self.redactor.redact)
        except BaseException as error:
            return translate_errors(error, handled)
        finally:
            pool.release()

    def open_stream(
        self, request: Request, timeout: float, any_type: bool = False
    ) -> Union[ByteStream, Response, Failure]:
        """Send a request for a stream and read its headers; of an error, the whole response."""
        from ai_spine.transport.requests.streams import (
            stream_of,
        )  # not all clients need it

        handled, deadline = sys.exc_info()[1], time.monotonic() + timeout
        try:
            prepared = self._builder.build(request)
            send, options = self.pool.sender(prepared.url)
            reply = send(prepared, timeout=_within(deadline), **options)
            last = self._follow(request, prepared, reply, deadline)
            if isinstance(last, Failure):
                return last
            return stream_of(last, deadline, self.redactor.redact, any_type)
        except BaseException as error:
            return translate_errors(error, handled)

    def close(self) -> None:
        """Close the connections, unless the session is the caller's."""
        self.pool.close()

    def _follow(
        self,
        request: Request,
        prepared: requests.PreparedRequest,
        reply: requests.Response,
        deadline: float,
    ) -> Union[requests.Response, Failure]:
        """Follow redirects within the origin, and return the first reply that is none."""
        for _ in range(MAX_REDIRECTS):
            if not is_redirect(reply.status_code, reply.headers):
                return reply
            reply.close()
            target = redirect_target(
                prepared,
                reply.status_code,
                reply.headers,
                self.redactor.redact,
                self._builder.auth_of(request),
            )
            if isinstance(target, Failure):
                return target
            prepared = prepared.copy()
            prepared.url = target
            send, options = self.pool.sender(target)
            reply = send(prepared, timeout=_within(deadline), **options)
        if not is_redirect(reply.status_code, reply.headers):
            return reply
        reply.close()
        return Failure(
            FailureKind.REFUSED, f"redirected more than {MAX_REDIRECTS} times"
        )


class _Total(urllib3.Timeout):
    """A timeout that is copied without being checked again: `urllib3` copies it twice."""

    def clone(self) -> "_Total":
        """Return one that has not begun."""
        copied = _Total.__new__(_Total)
        copied.__dict__ = {**self.__dict__, "_start_connect": None}
        return copied


def _within(deadline: float) -> Any:
    """Return the timeout that bounds connecting and reading together."""
    return _Total(total=max(deadline - time.monotonic(), 0.001))


def check_session(session: Optional[Session], given: Mapping[str, Any]) -> None:
    """Refuse a session of another kind, and settings that it would silently override.

    Args:
        session: A session of the caller's.
        given: The caller's settings, of which `proxies`, `verify` and `cert` count.

    Raises:
        ConfigurationError: The session cannot be used, or not with these settings.
    """
    if session is None:
        return
    if not isinstance(session, requests.Session):
        raise ConfigurationError("session must be a requests.Session")
    own = [given[name] for name in ("proxies", "verify", "cert")]
    if own != [None, True, None]:
        raise ConfigurationError(
            "set proxies, verify and cert on the session that you pass"
        )
