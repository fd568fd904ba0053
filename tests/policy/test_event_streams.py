"""Tests of parsing bytes as events, however they are split."""

import pytest

from ai_spine.policy.event_streams import (
    EventParser,
    ServerEvent,
    StreamTooLarge,
    is_event_stream,
)

TEXT = "\ufeff: hello\nid: 1\nevent: node\ndata: ä\ndata:  two\n\nretry: 1500\ndata\n\nid:2\n\n"
EVENTS = [ServerEvent("1", "node", "ä\n two"), ServerEvent(None, "message", "")]


def parsed(data, *cuts):
    parser, events, start = EventParser(), [], 0
    for end in [*sorted(cuts), len(data)]:
        events += parser.feed(data[start:end])
        start = end
    return parser, events


@pytest.mark.parametrize("end", ["\n", "\r", "\r\n"], ids=repr)
def test_each_kind_of_line_ending_yields_the_same_events(end):
    data = TEXT.replace("\n", end).encode("utf-8")
    for size in range(len(data)):
        parser, events = parsed(data, size)
        assert events == EVENTS
        assert (parser.last_id, parser.retry) == ("2", 1.5)


def test_an_incomplete_event_is_dropped():
    assert parsed(b"data: x\n")[1] == []


def test_an_empty_event_id_resets_it_and_one_with_a_nul_is_ignored():
    parser = EventParser()
    parser.feed(b"id: 5\ndata: x\n\nid: 6\0\ndata: x\n\n")
    assert parser.last_id == "5"
    parser.feed(b"id\ndata: x\n\n")
    assert parser.last_id is None


@pytest.mark.parametrize("text", ["-1", "1.5", "x", "9" * 30, ""])
def test_a_retry_field_that_is_not_a_number_is_ignored(text):
    parser = EventParser()
    parser.feed(f"retry: {text}\n\n".encode())
    assert parser.retry is None


@pytest.mark.parametrize(
    "piece", [b"data: " + b"x" * 30, b": " + b"x" * 30, b"data: xxxxxxx\n", b"data:\n"]
)
def test_an_endless_line_or_event_is_refused(piece):
    parser = EventParser(limit=99)
    with pytest.raises(StreamTooLarge, match="more than 99 bytes"):
        for _ in range(200):
            parser.feed(piece)


def test_the_limit_applies_to_each_event_alone():
    parser = EventParser(limit=20)
    assert sum(len(parser.feed(b"data: x\n\n")) for _ in range(100)) == 100


@pytest.mark.parametrize(
    "kind, expected",
    [("TEXT/Event-Stream", True), ("text/html", False), ("text/event-streams", False)],
)
def test_a_stream_is_recognised_by_its_content_type(kind, expected):
    assert is_event_stream({"Content-Type": kind}) is expected
    assert not is_event_stream({})
