"""Any headers, over a real socket: the right response, or a typed error."""

import gzip
import json
import pickle

import pytest
from hypothesis import strategies as st

from ai_spine import AISpine, AISpineError
from tests.fuzz.canned import check_error
from tests.fuzz.replayer import Replayer
from tests.fuzz.shares import fuzz

KEY = "sk-never-told"
HEALTHY = {"status": "healthy", "message": "a message of some length"}
PLAIN = json.dumps(HEALTHY).encode()
PACKED = gzip.compress(PLAIN, mtime=0)
CHUNKED = b"%x\r\n%b\r\n0\r\n\r\n" % (len(PLAIN), PLAIN)

# Headers that determine how the body is read; without them, it ends with the connection.
FRAMING = ["Content-Length", "Content-Encoding", "Transfer-Encoding"]
OTHERS = [
    "X-Request-Id",
    "Location",
    "Retry-After",
    "Content-Type",
    "Set-Cookie",
    "Connection",
    "Date",
    "Content-Range",
    "WWW-Authenticate",
    "Trailer",
    "Upgrade",
    "Refresh",
    "Link",
]
TOKENS = st.text("!#$%&'*+-.^_`|~09azAZ", min_size=1, max_size=20).map(str.encode)
NAMES = st.sampled_from(OTHERS).map(str.encode)
COOKIES = st.lists(
    st.sampled_from(
        ["a=b", ";", "=", "expires=", "Max-Age=9e99", "max-age=-1", "domain=.h"]
        + ["expires=Thu, 99 Foo 0000 25:61:61 XYZ", "path=\xff", "port=", "version=x"]
    ),
    max_size=6,
).map(lambda parts: "; ".join(parts).encode("latin-1"))
VISIBLE = (
    st.text(st.characters(min_codepoint=0x20, max_codepoint=0xFF), max_size=40)
    .map(lambda text: "".join(c for c in text if not 0x7F <= ord(c) < 0xA0))
    .map(lambda text: text.encode("latin-1"))
)
ODD = st.sampled_from(
    [b"", b"0", b"5", b"+5", b"-1", b"5, 5", b"5, 6", b"\xb2", b"9" * 5000, b"1e3"]
    + [b"0x10", b"%d" % len(PLAIN), b"%d" % (2**64), b"chunked", b"gzip, chunked"]
    + [b"identity", b"gzip", b"deflate", b"br", b"gzip, gzip", b"xyzzy", b"\xff\xfe"]
    + [b"http://[", b"//" + KEY.encode(), b"http://h:x/", b"?", b"\x00", b"x" * 70_000]
    + [
        b"y" + b"\r\nX: y" * 200,
        b"text/html; charset=\xff",
        b"application/json; charset=utf-7",
        KEY.encode(),
    ]
)

HARMLESS = st.lists(
    st.tuples(TOKENS | NAMES, VISIBLE | COOKIES)
    .filter(lambda pair: pair[0].lower() not in [f.lower().encode() for f in FRAMING])
    .map(b": ".join),
    max_size=12,
)
ANY_NAME = st.sampled_from(FRAMING * 3 + OTHERS).map(str.encode) | TOKENS
ANY_LINE = st.builds(
    lambda name, mark, text: name + mark + text,
    ANY_NAME | st.binary(max_size=8),
    st.sampled_from([b": ", b": ", b": ", b":", b" : ", b" ", b":\t"]),
    ODD | VISIBLE | COOKIES | st.binary(max_size=40),
)
FRAMING_LINE = st.builds("{}: ".format, st.sampled_from(FRAMING)).flatmap(
    lambda name: ODD.map(lambda text: name.encode() + text)
)
BODIES = st.sampled_from([PLAIN, PLAIN, PACKED, CHUNKED, PACKED[:-9], b"", b"{"])


@pytest.fixture(scope="module")
def server():
    with Replayer() as made:
        yield made


def send(server, method="GET"):
    """Send a request with a new client, so that broken connections are not reused."""
    with AISpine(KEY, server.url, max_retries=0, timeout=30) as client:
        return client.request(method, "/health")


@fuzz(headers=HARMLESS, status=st.sampled_from([200, 201, 203, 299]))
def test_harmless_headers_do_not_change_the_response(server, headers, status):
    headers = [*headers, b"Content-Length: %d" % len(PLAIN)]
    head = b"\r\n".join([b"HTTP/1.1 %d OK" % status, *headers])
    server.respond_with(head + b"\r\n\r\n" + PLAIN)
    assert send(server) == HEALTHY


@fuzz(
    lines=st.lists(FRAMING_LINE, min_size=1, max_size=2)
    | st.lists(ANY_LINE | FRAMING_LINE, max_size=4),
    method=st.sampled_from(["GET", "POST"]),
    status=st.sampled_from([200, 200, 200, 204, 302, 304, 429, 500]),
    end=st.sampled_from([b"\r\n", b"\r\n", b"\n"]),
    body=BODIES,
)
def test_any_headers_lead_to_the_response_or_a_typed_error(
    server, lines, method, status, end, body
):
    head = end.join([b"HTTP/1.1 %d OK" % status, *lines])
    server.respond_with(head + end + end + body)
    try:
        response = send(server, method)
    except AISpineError as error:
        check_error(error)
        assert KEY not in str(error) and KEY.encode() not in pickle.dumps(error)
        assert status == 302 or "redirect" not in str(error)
        assert "cannot be sent" not in str(error)  # since it was sent
        assert status > 204 or error.maybe_executed is (method == "POST")
    else:
        assert response in (HEALTHY, None) and status in (200, 204)
