"""Tests of streams of events and lines."""

import gc

import pytest

from ai_spine.exceptions import NetworkError
from ai_spine.sdk_sync.runtime.streams import Events
from tests.clients import shared_loop
from tests.sdk_sync.runtime.orders import errors
from tests.sdk_sync.runtime.orders.models import Question
from tests.sdk_sync.runtime.server import ConnectionCut, Reply, reply
from tests.local import wait_until

EVENTS = {"content-type": "text/event-stream"}


def events(*pieces):
    return lambda request: Reply(200, iter(pieces), EVENTS)


def test_events_are_typed_up_to_the_terminator(connect):
    client, server = connect(
        events(b'data: {"text": "Hel', b'lo"}\n\n: ping\n\n', b"data: [DONE]\n\n")
    )
    with client.orders.ask_stream(Question(text="Hi")) as stream:
        assert stream.status == 200
        assert [token.text for token in stream] == ["Hello"]
        assert list(stream) == []
    request = server.requests[0]
    assert request.json == {"text": "Hi", "stream": True}
    assert request.headers["accept"] == "text/event-stream"


def test_a_terminator_gives_the_connection_back_though_the_server_goes_on(
    connect, gate
):
    def pieces():
        yield b'data: {"text": "a"}\n\ndata: [DONE]\n\ndata: never\n\n'
        while not gate.wait(0.01):
            yield b": ping\n\n"

    client, server = connect(lambda request: Reply(200, pieces(), EVENTS))
    stream = client.orders.ask_stream(text="Hi")
    assert [token.text for token in stream] == ["a"]
    assert repr(stream).endswith("Events(200, closed)")
    wait_until(lambda: server.open == 0)


def test_an_event_may_be_declared_with_its_name(connect):
    client, _ = connect(
        events(b'event: moved\nid: 4\ndata: {"x": 1}\n\n', b'data: {"x": 2}\n\n')
    )
    first, second = client.orders.watch()
    assert (first.event, first.id, first.data) == ("moved", "4", {"x": 1})
    assert (second.event, second.data) == ("message", {"x": 2})


def test_events_without_a_type_are_as_they_came(connect):
    client, _ = connect(events(b"event: e\ndata: a\ndata: b\n\n"))
    (event,) = client.orders.follow()
    assert (event.type, event.data) == ("e", "a\nb")


def test_lines_are_typed(connect):
    line = b'{"orderId": "%d", "count": 1}'
    client, _ = connect(
        lambda request: Reply(
            200,
            iter([line % 1 + b"\n" + (line % 2)[:9], (line % 2)[9:]]),
            {"content-type": "application/x-ndjson"},
        )
    )
    assert [order.order_id for order in client.orders.export()] == ["1", "2"]


@pytest.mark.parametrize(
    "piece, words",
    [
        (b'data: {"text": 7}\n\n', "200: .* an event that is no Token: /text must be"),
        (b"data: oops\n\n", "200: the stream contains an event whose data is not JSON"),
    ],
)
def test_what_does_not_fit_is_an_error_after_what_fits(connect, piece, words):
    client, server = connect(events(b'data: {"text": "a"}\n\n' + piece))
    stream = client.orders.ask_stream(text="Hi")
    assert next(stream).text == "a"
    with pytest.raises(errors.OrdersError, match=words) as caught:
        next(stream)
    assert caught.value.path == "/ask" and not caught.value.transient
    assert list(stream) == []
    wait_until(lambda: server.open == 0)


def test_lines_that_are_not_json_are_an_error(connect):
    client, _ = connect(
        lambda request: reply(value="{oops\n", content_type="application/jsonl")
    )
    with pytest.raises(errors.OrdersError, match="the stream contains a line"):
        list(client.orders.export())


def test_a_response_that_is_no_stream_is_an_error(connect):
    client, server = connect(lambda request: reply(value={"a": 1}))
    words = "200: the server responded with application/json, which is no stream of"
    with pytest.raises(errors.OrdersError, match=words):
        client.orders.ask_stream(text="Hi")
    for _ in range(30):  # each gives its connection back
        with pytest.raises(errors.OrdersError):
            client.orders.follow(timeout=5)


def test_a_refusal_is_the_typed_error(connect):
    client, _ = connect(
        lambda request: reply(
            404,
            '{"title": "x", "balance": 2}',
            content_type="application/problem+json",
        )
    )
    with pytest.raises(errors.NotFoundError) as caught:
        client.orders.ask_stream(text="Hi")
    assert caught.value.body.balance == 2


def test_a_stream_that_is_cut_off_is_a_network_error(connect, gate):
    def pieces():
        yield b'data: {"text": "a"}\n\n'
        gate.wait(30)
        raise ConnectionCut

    client, _ = connect(lambda request: Reply(200, pieces(), EVENTS))
    stream = client.orders.ask_stream(text="Hi")
    assert next(stream).text == "a"
    gate.set()
    with pytest.raises(NetworkError) as caught:
        next(stream)
    assert caught.value.path == "/ask"


def test_a_stream_that_is_silent_for_too_long_is_a_timeout(connect, gate):
    def pieces():
        yield b'data: {"text": "a"}\n\n'
        gate.wait(30)

    client, _ = connect(lambda request: Reply(200, pieces(), EVENTS))
    stream = client.orders.ask_stream(text="Hi", timeout=0.3)
    assert next(stream).text == "a"
    with pytest.raises(TimeoutError):
        next(stream)


def test_closing_gives_the_connection_back(connect, gate):
    def pieces():
        while not gate.wait(0.01):
            yield b'data: {"text": "a"}\n\n'

    client, server = connect(lambda request: Reply(200, pieces(), EVENTS))
    for _ in range(12):
        stream = client.orders.ask_stream(text="Hi")
        next(stream)
        stream.close()
        stream.close()
        assert repr(stream).endswith("Events(200, closed)")
    wait_until(lambda: server.open == 0)


def test_a_forgotten_stream_does_not_leak(connect, gate, no_garbage):
    def pieces():
        while not gate.wait(0.01):
            yield b'data: {"text": "a"}\n\n'

    client, server = connect(lambda request: Reply(200, pieces(), EVENTS), pool_size=2)
    for _ in range(5):
        next(client.orders.ask_stream(text="Hi", timeout=10))
        gc.collect()
    wait_until(lambda: server.open == 0)


def test_a_stream_can_be_read_raw(connect):
    client, _ = connect(events(b'data: {"text": "a"}\n\n'))
    raw = client.orders.ask_stream.raw(text="Hi")
    assert raw.body == b'data: {"text": "a"}\n\n'
    parsed = raw.parsed()
    if isinstance(parsed, Events):
        assert [token.text for token in parsed] == ["a"]
        return

    async def read():
        return [token.text async for token in parsed]

    assert shared_loop().run(read) == ["a"]
