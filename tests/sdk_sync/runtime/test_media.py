"""How a response is read: by its status, then by its media type."""

import pytest

from ai_spine.sdk_sync.runtime.media import Choice, choose_response, find_response

JSON, HTML, EVENTS = "application/json", "text/html", "text/event-stream"


def chosen(contents, content_type, body=b"{}", status=200):
    found = choose_response({"200": contents}, status, content_type, body)
    return found.kind, found.type


def test_the_exact_status_goes_before_the_range_and_the_range_before_the_default():
    responses = {"default": {"a/c": 3}, "2XX": {"a/b": 2}, "200": {"a/a": 1}}
    assert find_response(responses, 200) == {"a/a": 1}
    assert find_response(responses, 201) == {"a/b": 2}
    assert find_response(responses, 404) == {"a/c": 3}
    assert find_response({"4xx": {"a/d": 4}}, 404) == {"a/d": 4}
    assert find_response({"4XX": {}}, 500) == {}


@pytest.mark.parametrize("status", [204, 205, 304])
def test_a_status_without_content_is_nothing(status):
    assert choose_response({}, status, JSON, b"x") == Choice("nothing", None, JSON)


def test_an_empty_body_is_nothing():
    assert chosen({JSON: "T"}, JSON, b"") == ("nothing", None)
    assert Choice("nothing").read(b"") is None


@pytest.mark.parametrize(
    "content_type, expected",
    [
        (JSON, ("json", "T")),
        ("Application/JSON;charset=utf-8", ("json", "T")),
        ("application/hal+json", ("json", "T")),
        ("text/csv; header=present", ("text", "with header")),
        ("text/csv", ("text", "with header")),
        ("text/csv; header=absent", ("text", "any text")),
        ("image/png", ("bytes", "image")),
        ("video/mp4", ("bytes", "anything")),
        ("application/x-ndjson", ("lines", "anything")),
        (EVENTS, ("events", "any text")),
    ],
)
def test_the_media_type_that_fits_best_is_chosen(content_type, expected):
    contents = {
        "*/*": "anything",
        "text/*": "any text",
        "text/csv; header=present": "with header",
        "image/*": "image",
        JSON: "T",
    }
    assert chosen(contents, content_type) == expected


def test_json_of_another_name_is_not_chosen_before_a_range():
    contents = {JSON: 1, "application/*": 2, "*/*": 3}
    assert chosen(contents, "application/hal+json") == ("json", 2)
    assert chosen({"*/*": 3, JSON: 1}, "text/json") == ("json", 1)


def test_without_a_media_type_the_body_is_json_if_it_parses():
    assert chosen({HTML: 1, JSON: 2}, "", b"[1]") == ("json", 2)
    assert chosen({HTML: 1, JSON: 2}, "", b"<p>") == ("text", 1)
    assert chosen({"*/*": 1}, "", b"[1]") == ("json", 1)
    assert chosen({"*/*": 1}, "", b"\xff") == ("bytes", None)
    assert chosen({HTML: 1}, "", b"[1]") == ("json", None)
    assert chosen({}, "", b"[1]") == ("json", None)
    assert chosen({}, "", b"<p>") == ("bytes", None)


def test_without_a_media_type_an_open_response_is_what_is_declared():
    assert chosen({EVENTS: 1}, "", None) == ("events", 1)
    assert chosen({"application/pdf": 1}, "", None) == ("bytes", 1)
    assert chosen({}, "", None) == ("bytes", None)


def test_a_media_type_that_is_not_declared_is_read_as_the_one_that_is():
    assert chosen({JSON: 1}, "text/plain") == ("json", 1)
    assert chosen({EVENTS: 1, JSON: 2}, HTML) == ("json", 2)
    assert chosen({"text/csv": 1}, "application/octet-stream") == ("text", 1)


def test_a_stream_is_never_guessed():
    assert chosen({EVENTS: 1}, JSON) == ("json", None)
    assert chosen({EVENTS: 1}, HTML, None) == ("text", None)
    assert chosen({}, EVENTS) == ("events", None)
    assert chosen({"image/*": 1}, JSON) == ("json", None)


def test_a_choice_reads_a_body():
    assert Choice("json", None, JSON).read(b'{"a": 1}') == {"a": 1}
    latin = "text/plain; charset=iso-8859-1"
    assert Choice("text", None, latin).read(b"caf\xe9") == "caf\xe9"
    assert Choice("bytes").read(b"\xff") == b"\xff"


@pytest.mark.parametrize(
    "content_type, body, message",
    [
        (HTML, b"<p>Busy</p>", "the body is text/html and no JSON"),
        ("", b"<p>", "the body is of no media type and no JSON"),
        (JSON, b"[" * 100_000, "the body is application/json and no JSON"),
        ("a/b\r\nc", b"\xff", "the body is a/b c and no JSON"),
    ],
)
def test_what_is_no_json_is_refused_in_one_sentence(content_type, body, message):
    with pytest.raises(ValueError) as caught:
        Choice("json", None, content_type).read(body)
    assert str(caught.value) == message
