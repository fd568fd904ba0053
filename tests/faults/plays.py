"""What faults do to a request at the proxy: small functions, and functions that make them.

A play that gives `True` leaves the connection open for the next request.
"""

import email.utils
import functools
import gzip
import itertools
import json
import time
from typing import Any, Callable, Dict, Iterator

from tests.faults.messages import Message
from tests.faults.proxy import Exchange

Play = Callable[[Exchange], Any]
_MEBIBYTE = 2**20
_BOMB = 80 * _MEBIBYTE  # more than the SDK takes


# Ends of connections


def reset(exchange: Exchange) -> None:
    exchange.reset()


def close(exchange: Exchange) -> None:
    exchange.end()


def in_half_a_head(ending: Play) -> Play:
    def play(exchange: Exchange) -> Any:
        exchange.read_some(20)
        return ending(exchange)

    return play


def in_mid_request(ending: Play) -> Play:
    def play(exchange: Exchange) -> Any:
        exchange.read_some(exchange.read_head() + 100_000)
        return ending(exchange)

    return play


def after_the_request(ending: Play) -> Play:
    def play(exchange: Exchange) -> Any:
        exchange.read()
        return ending(exchange)

    return play


def after_the_deed(ending: Play) -> Play:
    def play(exchange: Exchange) -> Any:
        exchange.forward()
        return ending(exchange)

    return play


def never_read(exchange: Exchange) -> None:
    exchange.hold_unread()


def die_for_a_while(exchange: Exchange) -> None:
    exchange.read()
    exchange.proxy.die()


# Parts of the right answer


def part(ending: Play, *, head: float, body: float) -> Play:
    """Send these shares of the right response's head and body."""

    def play(exchange: Exchange) -> Any:
        right = exchange.forward()
        sent = right.head[: int(len(right.head) * head)]
        exchange.send(sent + right.body[: int(len(right.body) * body)])
        return ending(exchange)

    return play


def hold(exchange: Exchange) -> None:
    exchange.hold()


def drip_head(exchange: Exchange) -> None:
    exchange.drip(exchange.forward().raw)


def drip_body(exchange: Exchange) -> None:
    right = exchange.forward()
    exchange.send(right.head)
    exchange.drip(right.body)


# Answers of one's own making


def message(status: int, body: bytes = b"", **headers: str) -> bytes:
    """Return a response's bytes; `content_length="9"` stands for the header `content-length`."""
    fields: Dict[str, str] = {
        "content_type": "application/json",
        "content_length": str(len(body)),
        **headers,
    }
    lines = [f"HTTP/1.1 {status} Reason"]
    lines += [f"{name.replace('_', '-')}: {text}" for name, text in fields.items()]
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body


def say(data: bytes, *, keep: bool = False) -> Play:
    """Execute the request, and respond with these bytes instead."""

    def play(exchange: Exchange) -> bool:
        exchange.forward()
        exchange.send(data)
        return keep

    return play


def refuse(data: bytes) -> Play:
    """Do not execute the request, and respond with these bytes."""

    def play(exchange: Exchange) -> bool:
        exchange.read()
        exchange.send(data)
        return True

    return play


def right_with(change: Callable[[Message], bytes], *, keep: bool = False) -> Play:
    """Execute the request, and respond with the right response, changed."""

    def play(exchange: Exchange) -> bool:
        exchange.send(change(exchange.forward()))
        return keep

    return play


def with_length(length: Callable[[int], bytes]) -> Callable[[Message], bytes]:
    """Return another `Content-Length`, computed from the right one."""

    def change(right: Message) -> bytes:
        return head_of(right, b"Content-Length: " + length(len(right.body)))

    return change


def head_of(right: Message, *lines: bytes) -> bytes:
    """Return the right response with other headers for its length and its encoding."""
    kept = [
        line
        for line in right.head[:-4].split(b"\r\n")
        if not line.lower().startswith(b"content-length:")
    ]
    return b"\r\n".join([*kept, *lines]) + b"\r\n\r\n" + right.body


def chunked(body: Callable[[bytes], bytes]) -> Callable[[Message], bytes]:
    def change(right: Message) -> bytes:
        head = head_of(Message(right.head, b""), b"Transfer-Encoding: chunked")
        return head + body(right.body)

    return change


def encoded(
    encoding: str, body: Callable[[bytes], bytes]
) -> Callable[[Message], bytes]:
    def change(right: Message) -> bytes:
        changed = body(right.body)
        return head_of(
            Message(right.head, changed),
            b"Content-Length: %d" % len(changed),
            b"Content-Encoding: " + encoding.encode("ascii"),
        )

    return change


@functools.lru_cache(maxsize=2)
def bomb(layers: int) -> bytes:
    """Return a few bytes that decompress to too many."""
    data = b" " * _BOMB
    for _ in range(layers):
        data = gzip.compress(data, 6)
    return data


def stream(start: bytes, pieces: Callable[[], Iterator[bytes]]) -> Play:
    """Respond with an endless body."""

    def play(exchange: Exchange) -> None:
        exchange.forward()
        exchange.send(start)
        for piece in pieces():
            exchange.send(piece)

    return play


def numbered(template: bytes) -> Callable[[], Iterator[bytes]]:
    return lambda: (template % number for number in itertools.count())


def shape(value: Any) -> Play:
    """Execute the request, and respond with other JSON."""
    return say(message(200, json.dumps(value).encode("ascii")), keep=True)


def early(status: int) -> Callable[[Message], bytes]:
    """Send an interim response before the right one."""
    interim = b"HTTP/1.1 %d Early\r\nLink: </style.css>\r\n\r\n" % status
    return lambda right: interim + right.raw


# Redirects


def redirect(status: int, location: Callable[[Exchange], str]) -> Play:
    def play(exchange: Exchange) -> bool:
        where = location(exchange)
        exchange.send(message(status, b"", location=where))
        return True

    return play


def redirect_after_the_deed(status: int) -> Play:
    def play(exchange: Exchange) -> bool:
        exchange.forward()
        exchange.send(message(status, b"", location=exchange.read().target))
        return True

    return play


def same_place(exchange: Exchange) -> str:
    return exchange.read().target


def plain_http(exchange: Exchange) -> str:
    return exchange.proxy.url.replace("https:", "http:") + exchange.read().target


def other_place(exchange: Exchange) -> str:
    return f"{exchange.proxy.elsewhere}{exchange.read().target}"


def nowhere(exchange: Exchange) -> str:
    exchange.read()
    return "http://["


def date_after(seconds: float) -> str:
    """Return a time in the format of HTTP."""
    return email.utils.formatdate(time.time() + seconds, usegmt=True)


def refuse_until(status: int, after: Callable[[], str]) -> Play:
    """Do not execute the request, and ask the client to retry later."""

    def play(exchange: Exchange) -> bool:
        exchange.read()
        exchange.send(message(status, b"{}", retry_after=after()))
        return True

    return play
