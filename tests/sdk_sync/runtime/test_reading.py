"""Tests of how bodies are read in the shapes that an operation declares."""

from typing import Annotated, Any, Dict, List, Literal, Optional, Union

import pytest

from ai_spine.models.base import UnexpectedResponse
from ai_spine.policy.messages import Response
from ai_spine.sdk_sync.runtime import attrs_models
from ai_spine.sdk_sync.runtime.reading import BodyReader, name_of
from ai_spine.sdk_sync.runtime.responses import Headers, RawResponse

JSON = "application/json"


def read(responses, body, content_type=JSON, status=200):
    reader = BodyReader(responses, attrs_models)
    headers = {"Content-Type": content_type} if content_type else {}
    first = reader.read(Response(status, headers, body))
    assert reader.read(Response(status, headers, body)) == first  # as it is remembered
    return first


@pytest.mark.parametrize(
    "content, body, content_type, value",
    [
        ({JSON: lambda: int}, b"7", JSON, 7),
        ({JSON: lambda: int}, b"7", "application/json; charset=utf-8", 7),
        ({JSON: lambda: int}, b"7", "", 7),
        ({JSON: lambda: int}, b"7", "text/html", 7),
        ({JSON: lambda: int}, b"7", "application/vnd.api+json", 7),
        ({JSON: None}, b'{"a": 1}', JSON, {"a": 1}),
        ({"*/*": lambda: int}, b"7", JSON, 7),
        ({"application/xml": lambda: int}, b"7", "application/xml", 7),
        ({"text/*": lambda: str}, b"a,b", "text/csv", "a,b"),
        ({"text/plain": lambda: str}, b"", "text/plain", ""),
        ({"image/*": lambda: bytes}, b"\x89", "image/png", b"\x89"),
        ({"image/*": lambda: bytes}, b"", "image/png", b""),
        ({JSON: lambda: bytes}, b"{}", JSON, b"{}"),
        ({JSON: lambda: str}, b"a,b", "text/csv", "a,b"),
        ({JSON: lambda: str}, b'"a"', JSON, "a"),
        ({JSON: lambda: str}, b'"a"', "text/html", "a"),
        ({}, b"ignored", "text/plain", "ignored"),
    ],
)
def test_a_body_is_read_as_it_is_declared(content, body, content_type, value):
    assert read({"200": content}, body, content_type) == value


@pytest.mark.parametrize(
    "status, value",
    [(200, "exact"), (201, "range"), (404, "default"), (299, "range")],
)
def test_an_exact_status_goes_before_a_range_and_the_default(status, value):
    responses = {
        "200": {"text/plain": lambda: str},
        "2XX": {JSON: lambda: str},
        "default": {JSON: lambda: List[str]},
    }
    bodies = {"exact": b"exact", "range": b'"range"', "default": b'["default"]'}
    content_type = "text/plain" if value == "exact" else JSON
    found = read(responses, bodies[value], content_type, status)
    assert found == ([value] if value == "default" else value)


def test_an_undeclared_success_is_read_as_the_first_one():
    assert read({"201": {JSON: lambda: int}}, b"7", status=202) == 7
    assert read({"404": {JSON: lambda: str}}, b"7", status=202) == 7
    assert read({"201": {JSON: lambda: int}}, b"", status=204) is None


def test_servers_that_send_any_content_type_do_not_fill_memory():
    reader = BodyReader({"200": {JSON: lambda: int}}, attrs_models)
    for number in range(200):
        headers = {"Content-Type": f"application/json; v={number}"}
        assert reader.read(Response(200, headers, b"7")) == 7
    assert len(reader._known) <= 64


@pytest.mark.parametrize(
    "content, body, content_type, words",
    [
        (
            {JSON: lambda: int},
            b"<p>",
            "text/html",
            r"text/html \(3 bytes\), which is not",
        ),
        (
            {JSON: lambda: int},
            b"{",
            "",
            r"a body of unknown type \(1 bytes\), which is not",
        ),
        ({JSON: lambda: int}, b'"a"', JSON, "application/json that is no int: / must"),
        (
            {JSON: lambda: Dict[str, int]},
            b"[]",
            JSON,
            r"is no Dict\[str, int\]: / must be",
        ),
        ({JSON: lambda: int}, b"", JSON, "an empty body that is no int"),
    ],
)
def test_what_does_not_fit_is_one_sentence(content, body, content_type, words):
    with pytest.raises(UnexpectedResponse, match=words):
        read({"200": content}, body, content_type)


def test_events_may_be_text():
    reader = BodyReader({"200": {"text/event-stream": lambda: str}}, attrs_models)
    decoder = reader.decoder(200, "text/event-stream; charset=utf-8")
    assert list(decoder.feed(b"data: a\ndata: b\n\n")) == ["a\nb"]


def test_lines_need_no_type():
    reader = BodyReader({"200": {"application/x-ndjson": None}}, attrs_models)
    decoder = reader.decoder(200, "application/x-ndjson")
    assert list(decoder.feed(b"[1]\n[2]\n")) == [[1], [2]]


def test_types_are_named_as_they_are_written():
    assert [name_of(each) for each in (int, List[int], list[int], Any)] == [
        "int",
        "List[int]",
        "list[int]",
        "Any",
    ]


def test_headers_show_their_names_alone():
    headers = Headers({"X-Secret": "s3cr3t", "Age": "1"})
    assert repr(headers) == "Headers(X-Secret, Age)" and len(headers) == 2
    assert repr(RawResponse(200, headers, b"ab", len)) == "RawResponse(200, 2 bytes)"


def test_a_message_names_a_type_as_its_readers_do():
    tagged = Annotated[Union[BodyReader, Dict[str, Any]], "how it is read"]
    assert name_of(tagged) == "BodyReader | Dict[str, Any]"
    assert name_of(Optional[List[tagged]]) == "List[BodyReader | Dict[str, Any]] | None"
    assert name_of(Literal["a", 1]) == "Literal['a', 1]"
