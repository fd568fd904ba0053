"""One exchange over a session: sent to one origin, read whole, and bounded.

With the rooms of connections below it and `event_source` above, nothing else of the core touches
the network.
"""

import http.client
import re
import sys
import traceback
from typing import (
    Any,
    Callable,
    Iterable,
    Mapping,
    NamedTuple,
    Optional,
    TypeVar,
    Union,
)
from urllib.parse import urljoin

import requests
import urllib3

from ai_spine.constants import MAX_RESPONSE_BYTES, MAX_REDIRECTS, MAX_ERROR_BYTES
from ai_spine.policy.events import log
from ai_spine.policy.retry import Failure, Kind
from ai_spine.transport.requests.failures import failure_of
from ai_spine.transport.requests.session_pool import SessionPool
from ai_spine.utils import one_line, origin

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


class Response(NamedTuple):
    """An HTTP answer, read to its end."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def __repr__(self) -> str:  # a server may repeat the key in either of the others
        return f"Response({self.status}, {len(self.body)} bytes)"


def exchange(
    pool: SessionPool,
    prepared: requests.PreparedRequest,
    *,
    ends: float,
    clock: Callable[[], float],
) -> Union[Response, Failure]:
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
) -> Union[Response, Failure]:
    response = follow(pool, prepared, ends, clock)
    if isinstance(response, Failure):
        return response
    with response:
        return read_answer(response, ends, clock, pool.redactor.redact)


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
        target = _redirect_target(prepared, response, pool.redactor.redact)
        if isinstance(target, Failure):
            return target
        prepared = prepared.copy()
        prepared.url = target
    return Failure(Kind.REFUSED, f"redirected more than {MAX_REDIRECTS} times")


def _redirect_target(
    prepared: requests.PreparedRequest,
    response: requests.Response,
    redact: Callable[[str], str],
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
            f"redirected to another origin, {one_line(redact(elsewhere), 200)}, "
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
    redact: Callable[[str], str],
) -> Union[Response, Failure]:
    """Reads a body up to the limit, and checks that it is whole."""
    encoding = encoding_of(response)
    if encoding not in _ENCODINGS:
        return packed(encoding, redact)
    if response.status_code < 200:
        return Failure(Kind.UNCERTAIN, "the server changed to another protocol")
    body = bytearray()
    promised = None if encoding else _promised(response.headers)
    is_refusal = not 200 <= response.status_code < 300
    for chunk in _chunks_of(response, promised):
        body += chunk
        if is_refusal and len(body) > MAX_ERROR_BYTES:
            promised = None  # its first words are enough
            break
        if len(body) > MAX_RESPONSE_BYTES:
            limit = MAX_RESPONSE_BYTES // 2**20
            return Failure(Kind.UNREADABLE, f"the answer is larger than {limit} MiB")
        if clock() > ends and len(body) != promised:
            return Failure(
                Kind.UNCERTAIN, "the answer was not complete in time", timed_out=True
            )
    if promised is not None and len(body) < promised:
        return Failure(Kind.UNCERTAIN, "the answer was cut short")
    return Response(response.status_code, response.headers, bytes(body))


def _promised(headers: Mapping[str, str]) -> Optional[int]:
    """Gives how many bytes a body is to have; of one in chunks, it is they that tell."""
    length = headers.get("Content-Length", "")
    if "chunked" in headers.get("Transfer-Encoding", "").lower():
        return None
    return int(length) if _LENGTH.fullmatch(length) else None


def _chunks_of(response: requests.Response, promised: Optional[int]) -> Iterable[bytes]:
    """Gives a body piece by piece; a short one, as nearly all are, at once."""
    raw = response.raw
    is_short = promised is not None and 0 < promised <= CHUNK_BYTES
    if is_short and isinstance(raw, urllib3.HTTPResponse):
        return (raw.read(promised, decode_content=False),)
    return response.iter_content(CHUNK_BYTES)


def encoding_of(response: requests.Response) -> str:
    """Gives how a body is packed; empty if it is not."""
    return response.headers.get("Content-Encoding", "").strip().lower()


def packed(encoding: str, redact: Callable[[str], str]) -> Failure:
    """Gives the failure of an answer that cannot be unpacked."""
    told = one_line(redact(encoding), 60)
    return Failure(Kind.UNREADABLE, f"the answer is packed as {told!r}")
