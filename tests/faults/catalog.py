"""The faults: what each does to a request, and what the client may do then.

A fate is a `FailureKind`, or `ANSWER`: the right response must come all the same. It is declared
here from what is done to the request, not asked of the SDK.
"""

import json
from dataclasses import dataclass
from typing import Any, Callable, Dict, FrozenSet, List, Optional, Tuple, Union

from ai_spine.policy.retry import FailureKind
from tests.faults import plays
from tests.faults.plays import message, part, right_with, say

ANSWER = "answer"
UNDERSTOOD = "understood"  # another answer, but one that the operation can read
Fate = Union[FailureKind, str]
NETWORK, TIMEOUT, API = "n", "t", "a"  # what an error is told as

# How operations read an answer, and so which odd ones they can do with.
_NO_MATTER = frozenset({"nothing", "anything"})
_TOLD = _NO_MATTER | {"told"}


@dataclass(frozen=True)
class Fault:
    """One thing that goes wrong."""

    name: str
    play: Callable[..., Any]
    fate: Fate
    told: str = NETWORK
    """What its error is: of the network, a timeout, or one of the server's."""
    status: Optional[int] = None
    """The status that its error tells."""
    lasting: Optional[Fate] = None
    """The fate where it befalls all requests, if that is another."""
    writes: Optional[Fate] = None
    """The fate of what is no GET, if that is another."""
    understood_by: FrozenSet[str] = frozenset()
    """The readers that can read this answer."""
    at_accept: bool = False
    early: bool = False
    """Whether a client may find out before it sends, and so may try again."""
    down: bool = False
    """Whether it closes the port."""
    asks_again: bool = False
    """Whether the client's keys come from functions, which it asks again."""
    returns: bool = False
    """Whether it is over after a while, whatever befalls."""
    stalls: bool = False
    """Whether clients must give up by the clock."""
    large: bool = False
    """Whether it takes a large body."""
    tls: bool = False
    heavy: bool = False
    """Whether it moves so much that only one may be played at a time."""
    lasts: int = 1
    """How many requests it befalls where it passes."""
    max_retries: int = 2
    deadline: Optional[float] = None
    wish: Optional[float] = None
    """Seconds that the server asks to wait, where that is to be obeyed."""
    hopeless: bool = False
    """Whether it asks to wait for longer than is worth it."""

    def fate_of(self, method: str, reader: str, *, lasting: bool) -> Fate:
        """Return the fate of a request."""
        if reader in self.understood_by:
            return UNDERSTOOD
        if self.writes is not None and method != "GET":
            return self.writes
        if lasting and self.lasting is not None:
            return self.lasting
        return self.fate


def _connections() -> List[Fault]:
    """Faults of the connection itself."""
    made = [
        Fault("connection refused", plays.reset, FailureKind.NOT_SENT, down=True),
        Fault(
            "reset after accept",
            plays.reset,
            FailureKind.UNCERTAIN,
            at_accept=True,
            early=True,
        ),
        Fault("close after accept", plays.close, FailureKind.UNCERTAIN, at_accept=True),
    ]
    points: Tuple[Tuple[str, Any, bool], ...] = (
        ("in half a head", plays.in_half_a_head, False),
        ("in a large body", plays.in_mid_request, True),
        ("after the request", plays.after_the_request, False),
        ("after the deed", plays.after_the_deed, False),
    )
    for words, point, large in points:
        for ending in (plays.reset, plays.close):
            name = f"{ending.__name__} {words}"
            made.append(Fault(name, point(ending), FailureKind.UNCERTAIN, large=large))
    back = {"max_retries": 99, "deadline": 4.0}
    return made + [
        Fault(
            "down for a while",
            plays.reset,
            FailureKind.NOT_SENT,
            lasting=ANSWER,
            down=True,
            returns=True,
            **back,
        ),
        Fault(
            "dies, and comes back",
            plays.die_for_a_while,
            FailureKind.UNCERTAIN,
            **back,
        ),
    ]


def _stall(name: str, play: Any, **more: Any) -> Fault:
    return Fault(name, play, FailureKind.UNCERTAIN, TIMEOUT, stalls=True, **more)


def _stalls() -> List[Fault]:
    """Faults that only a timeout ends."""
    return [
        _stall("never reads", plays.never_read),
        _stall("never reads a large body", plays.never_read, large=True),
        _stall("stall before headers", plays.after_the_deed(plays.hold)),
        _stall("stall in headers", part(plays.hold, head=0.5, body=0)),
        _stall("stall before the body", part(plays.hold, head=1, body=0)),
        _stall("stall in the body", part(plays.hold, head=1, body=0.5)),
        _stall("drip headers", plays.drip_head),
        _stall("drip the body", plays.drip_body),
    ]


def _uncertain(name: str, play: Any, **more: Any) -> Fault:
    return Fault(name, play, FailureKind.UNCERTAIN, **more)


def _unreadable(name: str, play: Any, told: str = API, **more: Any) -> Fault:
    status = 200 if told is API else None
    return Fault(name, play, FailureKind.UNREADABLE, told, status, **more)


def _cuts() -> List[Fault]:
    """Responses that are cut short or are not HTTP."""
    return [
        _uncertain("cut in the status line", say(b"HTTP/1.1 20")),
        _uncertain("cut in headers", part(plays.close, head=0.5, body=0)),
        _uncertain("cut after headers", part(plays.close, head=1, body=0)),
        _uncertain("cut in the body", part(plays.close, head=1, body=0.5)),
        _uncertain("reset in the body", part(plays.reset, head=1, body=0.5)),
        _uncertain(
            "chunked without end",
            right_with(plays.chunked(lambda b: b"%x\r\n%s\r\n" % (len(b), b))),
        ),
        _uncertain(
            "broken chunk size",
            right_with(plays.chunked(lambda b: b"zz\r\n%s\r\n0\r\n\r\n" % b)),
        ),
        _uncertain("garbage status line", say(b"garbage\r\n\r\n")),
        _uncertain("HTTP/0.9", say(b"<html>hello</html>")),
        _uncertain("status 99", say(message(99))),
        _uncertain("status 1000", say(message(1000))),
        _unreadable(
            "length too small", right_with(plays.with_length(_half), keep=True)
        ),
        _uncertain(
            "length too large", right_with(plays.with_length(lambda n: b"%d" % (n + 9)))
        ),
    ]


def _half(length: int) -> bytes:
    return b"%d" % (length // 2)


def _odd_lengths() -> List[Fault]:
    """Invalid lengths of a whole response: to accept it is right, and to refuse it too."""
    lengths = {
        "negative": lambda n: b"-%d" % n,
        "text": lambda n: b"many",
        "superscript": lambda n: b"\xb2",
        "doubled": lambda n: b"%d\r\nContent-Length: %d" % (n, n // 2),
    }
    return [
        Fault(f"length {name}", right_with(plays.with_length(length)), ODD)
        for name, length in lengths.items()
    ]


ODD = "the right answer, or an error that says it may have run"


def _floods() -> List[Fault]:
    """Endless responses, and responses that become large."""
    ok = b"HTTP/1.1 200 OK\r\n"
    long_line = b"X-Long: " + b"x" * 65536
    heavy = {"heavy": True, "deadline": 40.0}
    return [
        _uncertain(
            "endless headers",
            plays.stream(ok, plays.numbered(b"X-%d: x\r\n")),
        ),
        _uncertain("endless header", plays.stream(ok, lambda: iter([long_line] * 64))),
        Fault(
            "endless 1xx",
            plays.stream(
                b"", plays.numbered(b"HTTP/1.1 100 Continue\r\nX: %d\r\n\r\n")
            ),
            FailureKind.UNCERTAIN,
            EITHER,
            stalls=True,
        ),
        _unreadable(
            "endless body",
            plays.stream(ok + b"\r\n", lambda: iter([b" " * 2**20] * 512)),
            NETWORK,
            **heavy,
        ),
        _unreadable("gzip bomb", _bomb(1, "gzip"), NETWORK, **heavy),
        _unreadable("doubled gzip bomb", _bomb(2, "gzip, gzip"), NETWORK, **heavy),
    ]


EITHER = "nt"


def _bomb(layers: int, encoding: str) -> Any:
    return right_with(plays.encoded(encoding, lambda _: plays.bomb(layers)))


def _contents() -> List[Fault]:
    """Whole responses with unexpected content."""
    html = b"<html><body>Welcome to the hotel</body></html>"
    nested = b"[" * 100_000 + b"]" * 100_000
    none = b'{"status": 20'
    return [
        _unreadable(
            "broken gzip",
            right_with(plays.encoded("gzip", lambda b: b"\x1f\x8b" + b)),
            NETWORK,
        ),
        _unreadable(
            "unknown encoding",
            right_with(plays.encoded("rot13", lambda b: b[::-1])),
            NETWORK,
        ),
        _unreadable("invalid UTF-8", say(message(200, b'{"status": "\xff"}'))),
        _unreadable("HTML with 200", say(message(200, html, content_type="text/html"))),
        _unreadable("half of JSON", say(message(200, none), keep=True)),
        _unreadable("nested JSON", say(message(200, nested), keep=True)),
        _unreadable("empty 200", say(message(200), keep=True), understood_by=_TOLD),
        Fault(
            "empty 204",
            say(b"HTTP/1.1 204 No Content\r\n\r\n", keep=True),
            FailureKind.UNREADABLE,
            API,
            204,
            understood_by=_TOLD,
        ),
        _unreadable("null", plays.shape(None), understood_by=_TOLD),
        _unreadable("a text", plays.shape("text"), understood_by=_NO_MATTER),
        _unreadable("a list", plays.shape([]), understood_by=_NO_MATTER | {"list"}),
        _unreadable("an object", plays.shape({}), understood_by=_TOLD | {"model"}),
    ]


def _right_ones() -> List[Fault]:
    """Oddities without effect: the response must be right, and so must the next."""
    extra = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
    return [
        Fault(f"{status} before", right_with(plays.early(status), keep=True), ANSWER)
        for status in (100, 102, 103)
    ] + [
        Fault("none", lambda e: e.send(e.forward().raw) or True, ANSWER),
        Fault("extra bytes", right_with(lambda r: r.raw + b"{}", keep=True), ANSWER),
        Fault("extra answer", right_with(lambda r: r.raw + extra, keep=True), ANSWER),
        Fault("closed after", right_with(lambda r: r.raw), ANSWER),
    ]


def _redirects() -> List[Fault]:
    """Redirects; those that change the method are followed only for a GET."""
    again = plays.same_place
    made = [
        Fault(
            f"{s} to itself",
            plays.redirect(s, again),
            ANSWER,
            lasting=FailureKind.REFUSED,
        )
        for s in (307, 308)
    ]
    made += [
        Fault(
            f"{s} to itself",
            plays.redirect(s, again),
            ANSWER,
            lasting=FailureKind.REFUSED,
            writes=FailureKind.REFUSED,
        )
        for s in (301, 302)
    ]
    return made


def _refused_redirects() -> List[Fault]:
    """Redirects that must be refused, or whose request has been executed."""
    again, other = plays.same_place, plays.other_place
    return [
        Fault(
            "303 after the deed",
            plays.redirect_after_the_deed(303),
            ANSWER,
            lasting=FailureKind.REFUSED,
            writes=FailureKind.UNREADABLE,
        ),
        Fault("307 elsewhere", plays.redirect(307, other), FailureKind.REFUSED),
        Fault(
            "303 elsewhere",
            plays.redirect(303, other),
            FailureKind.REFUSED,
            writes=FailureKind.UNREADABLE,
        ),
        Fault(
            "https to http",
            plays.redirect(307, plays.plain_http),
            FailureKind.REFUSED,
            tls=True,
        ),
        Fault(
            "redirect loop", plays.redirect(307, again), FailureKind.REFUSED, lasts=6
        ),
        Fault("no location", plays.refuse(message(307)), FailureKind.REFUSED, API, 307),
        Fault(
            "location no URL", plays.redirect(307, plays.nowhere), FailureKind.REFUSED
        ),
    ]


_REFUSING = (300, 304, 400, 401, 402, 403, 404, 405, 409, 410, 413, 418, 422, 425, 451)
_REFUSING += (501, 505, 511)
_NOT_DONE = (429, 503)
_LOST = (408, 500, 502, 504, 520)


def _statuses() -> List[Fault]:
    """Statuses; the server has executed the request before those that leave it open."""
    made = []
    body = json.dumps({"detail": "a fault"}).encode("ascii")
    for status in _REFUSING:
        said = message(status, b"" if status == 304 else body)
        made.append(_answered(status, plays.refuse(said), FailureKind.REFUSED))
    for status in _NOT_DONE:
        made.append(
            _answered(status, plays.refuse(message(status)), FailureKind.NOT_DONE)
        )
    for status in _LOST:
        made.append(
            _answered(
                status, say(message(status, body), keep=True), FailureKind.UNCERTAIN
            )
        )
    made.append(
        _answered(599, say(message(599, body), keep=True), FailureKind.UNREADABLE)
    )
    return made


def _answered(status: int, play: Any, fate: FailureKind, **more: Any) -> Fault:
    words = more.pop("name", f"status {status}")
    return Fault(words, play, fate, API, status, **more)


def _pauses() -> List[Fault]:
    """429 and 503 with `Retry-After`: obeyed, ignored, or too long."""
    texts: Tuple[Tuple[str, Any, Any, bool], ...] = (
        ("0", lambda: "0", 0.0, False),
        ("1", lambda: "1", 1.0, False),
        ("0.2", lambda: "0.2", 0.2, False),
        ("a date", lambda: plays.date_after(1.5), None, False),
        ("a past date", lambda: plays.date_after(-60), 0.0, False),
        ("negative", lambda: "-5", None, False),
        ("text", lambda: "soon", None, False),
        ("1e9", lambda: "1000000000", None, True),
    )
    return [
        _answered(
            status,
            plays.refuse_until(status, after),
            FailureKind.NOT_DONE,
            name=f"{status} after {words}",
            wish=wish,
            hopeless=hopeless,
            deadline=5.0,
            max_retries=1,
        )
        for status in _NOT_DONE
        for words, after, wish, hopeless in texts
    ]


_KEYS: Dict[str, Any] = {"name": "an expired key", "asks_again": True}
GROUPS: Dict[str, List[Fault]] = {
    "none": _right_ones(),
    "connections": _connections(),
    "stalls": _stalls(),
    "cuts": _cuts(),
    "lengths": _odd_lengths(),
    "floods": _floods(),
    "contents": _contents(),
    "redirects": _redirects(),
    "refused redirects": _refused_redirects(),
    "statuses": _statuses(),
    "pauses": _pauses(),
    "keys": [_answered(401, plays.refuse(message(401)), FailureKind.REFUSED, **_KEYS)],
}
FAULTS: List[Fault] = [fault for group in GROUPS.values() for fault in group]
