"""Any bytes of a server: both ways of a request make the same of them."""

import select
import socket
from itertools import chain, cycle, repeat

import pytest
from hypothesis import strategies as st

from ai_spine import AISpine
from ai_spine.policy.messages import Request
from ai_spine.transport.requests.session_pool import SessionPool
from ai_spine.transport.requests.sockets import BoundedHTTPConnection
from tests.fuzz.shares import fuzz

STATUS_LINES = st.sampled_from(
    [b"HTTP/1.1 200 OK"] * 6
    + [b"HTTP/1.1 200", b"HTTP/1.1 200 ", b"HTTP/1.1 2000 OK", b"HTTP/1.1 200OK"]
    + [
        b"HTTP/1.1 20 OK",
        b"HTTP/1.1 +200 OK",
        b"HTTP/1.1  200 OK",
        b"HTTP/1.1\t200\tOK",
    ]
    + [
        b"HTTP/1.1 200 O\rK",
        b"HTTP/1.1 200\xa0OK",
        b"HTTP/1.1 200 \x00\xe9",
        b"HTTP/1.1",
    ]
    + [b"HTTP/1.0 200 OK", b"HTTP/2 200", b"http/1.1 200 OK", b"HTTP/1.12 200 OK", b""]
    + [b"HTTP/1.1 %d X" % status for status in (100, 101, 103, 199, 201, 204, 206)]
    + [b"HTTP/1.1 %d X" % status for status in (300, 304, 400, 404, 429, 500, 599, 600)]
)
LENGTHS = (
    [b"5"] * 6
    + [
        b"0",
        b"05",
        b"+5",
        b"-1",
        b" 5",
        b"5 ",
        b"\t5",
        b"5, 5",
        b"5,6",
        b"4",
        b"6",
        b"5_0",
    ]
    + [
        b"",
        b"x",
        b"0x5",
        b"\xb2",
        b"5.0",
        b"99999",
        b"16384",
        b"9" * 30,
        b"5\x00",
        b"5;",
    ]
)
NAMED = {
    b"Content-Length": LENGTHS,
    b"Connection": [
        b"keep-alive",
        b"close",
        b"Keep-Alive, Close",
        b"x",
        b"",
        b"closed",
    ],
    b"Transfer-Encoding": [b"chunked", b"identity", b"", b"gzip, chunked", b"Chunked "],
    b"Content-Encoding": [b"", b"identity", b"gzip", b"br"],
    b"Keep-Alive": [b"timeout=5", b"timeout=0"],
    b"Set-Cookie": [b"a=b", b"expires=x"],
    b"Location": [b"/y", b"", b"http://["],
    b"X-A": [
        b"",
        b" ",
        b"b",
        b"\xe9\xff",
        b"\x00",
        b"\x0b\x0c",
        b"\x85",
        b"b\rc",
        b"\tb \t",
    ],
}
HEADERS = st.sampled_from([(name, value) for name in NAMED for value in NAMED[name]])
LINES = st.builds(
    lambda pair, mark, case: case(pair[0]) + mark + pair[1],
    HEADERS,
    st.sampled_from(
        [b": "] * 8 + [b":", b" : ", b":\t", b" ", b"", b"\x00: ", b"\xe9:"]
    ),
    st.sampled_from([bytes, bytes, bytes.lower, bytes.upper]),
) | st.sampled_from(
    [b" folded", b"\tfolded", b":", b": b", b"\x00", b"A b: c", b"x" * 9_000]
)
ENDS = st.sampled_from([b"\r\n"] * 9 + [b"\n", b"\r", b"\r\r\n", b"\n\r\n"])
HEADS = st.builds(
    lambda status, lines, length: b"".join(chain([status], *lines, length)) + b"\r\n",
    st.builds(bytes.__add__, STATUS_LINES, ENDS),
    st.lists(st.tuples(LINES, ENDS), max_size=5),
    st.sampled_from([(b"Content-Length: 5\r\n",)] * 3 + [()]),
)
BODIES = st.sampled_from(
    [b"[1,2]"] * 6
    + [b"", b"[1,2", b"[1,2]\r\n", b"[1,2]x", b"[1,2]HTTP/1.1 200 OK\r\n\r\n"]
    + [
        b"5\r\n[1,2]\r\n0\r\n\r\n",
        b"5\r\n[1,2]\r\n0\r\n\r\nx",
        b"5\r\n[1,2",
        b"x" * 20_000,
    ]
)
INTERIM = [b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 103 X\r\nA: b\r\n\r\n"]


class Canned(socket.socket):
    """A socket whose other end sends the same bytes after each request, and perhaps closes."""

    def __init__(self, response, ends, sizes):
        ours, self.peer = socket.socketpair()
        super().__init__(fileno=ours.detach())
        self.response, self.ends, self.sizes = response, ends, sizes

    def sendall(self, data):
        if b"\r\n\r\n" in data:
            self.peer.sendall(self.response)
        if self.ends:
            self.peer.shutdown(socket.SHUT_WR)

    def recv(self, size):
        self.check()
        return super().recv(min(size, next(self.sizes)))

    def recv_into(self, buffer):
        self.check()
        return super().recv_into(buffer, min(len(buffer), next(self.sizes)))

    def check(self):
        """Raise at once what would be raised after the time has passed."""
        if not select.select([self], [], [], 0)[0]:
            raise socket.timeout("timed out")

    def close(self):
        self.peer.close()
        super().close()


@pytest.fixture
def outcome_of(monkeypatch):
    """Return a function that sends two requests, and returns what became of them."""
    short = SessionPool.exchange

    def outcome_of(method, response, ends, sizes, is_short):
        opened = []

        def connect(_):
            opened.append(
                Canned(response, ends, cycle(sizes) if sizes else repeat(2**20))
            )
            return opened[-1]

        exchange = short if is_short else lambda *_: None
        monkeypatch.setattr(SessionPool, "exchange", exchange)
        monkeypatch.setattr(BoundedHTTPConnection, "_new_conn", connect)
        with AISpine("sk-1", "http://127.0.0.1") as client:
            found = [sent(client, method), sent(client, method)]
        for sock in opened:
            sock.close()
        return found, len(opened)

    return outcome_of


def sent(client, method):
    request = Request(method, "/x", {}, "", {}, None, None, ())
    found = client._api.transport.send(request, 10)
    if hasattr(found, "body"):
        return found.status, list(found.headers.items()), found.body
    return found


@fuzz(
    method=st.sampled_from(["GET", "GET", "POST", "HEAD"]),
    interim=st.lists(st.sampled_from(INTERIM), max_size=1),
    head=HEADS,
    body=BODIES,
    cut=st.none() | st.integers(0, 200),
    ends=st.booleans(),
    sizes=st.lists(st.sampled_from([1, 2, 7, 30, 100, 2**20]), max_size=4),
)
def test_both_ways_make_the_same_of_any_response(
    outcome_of, method, interim, head, body, cut, ends, sizes
):
    response = b"".join([*interim, head, body])[:cut]
    given = method, response, ends, sizes
    assert outcome_of(*given, is_short=True) == outcome_of(*given, is_short=False)
