"""Responses of every status and media type: what a call of a generated client returns."""

import datetime

import pytest

from ai_spine.exceptions import APIError, NetworkError, NotFoundError
from ai_spine.sdk_sync.unset import UNSET
from tests.sdk_sync.generated.packages import package_of

THING = {"name": "a", "tier": "pro"}


@pytest.fixture
def api(client_of, models):
    return client_of("answers", models)


@pytest.fixture
def own(models):
    return package_of("answers", models)


def test_each_status_that_is_good_has_its_own_type(api, wire, own):
    wire.respond(THING)
    assert api.answers.get_several() == own.models.Thing(name="a", tier="pro")
    wire.respond({"job": "j"}, 202)
    assert api.answers.get_several() == own.models.Job(job="j")


@pytest.mark.parametrize(
    "status, body, kind",
    [
        (404, {"what": "it"}, "Missing"),
        (409, {"title": "No"}, "Problem"),
        (500, {"fault": "f"}, "Fault"),
    ],
)
def test_an_error_has_the_body_of_the_most_exact_status(
    api, wire, own, status, body, kind
):
    media = "application/problem+json" if status < 500 else "application/json"
    wire.respond(body, status, media)
    with pytest.raises(own.errors.APIError) as caught:
        api.answers.get_several()
    assert caught.value.status_code == status
    assert type(caught.value.body).__name__ == kind
    assert (status == 404) == isinstance(caught.value, NotFoundError)


def test_an_error_names_the_problem(api, wire, own):
    problem = {"title": "Gone", "detail": "It is gone.", "status": 404}
    wire.respond(problem, 404, "application/problem+json")
    with pytest.raises(own.errors.APIError, match="It is gone."):
        api.answers.get_thing()


def test_an_error_without_json_is_still_an_error_of_its_status(api, wire, own):
    wire.respond(b"<h1>Bad gateway</h1>", 502, "text/html")
    with pytest.raises(own.errors.APIError) as caught:
        api.answers.get_several()
    assert caught.value.status_code == 502


def test_html_where_json_is_promised_is_an_error_that_says_so(api, wire):
    wire.respond(b"<h1>Hello</h1>", 200, "text/html")
    with pytest.raises((APIError, NetworkError)) as caught:
        api.answers.get_thing()
    assert "html" in str(caught.value).lower() or "JSON" in str(caught.value)


def test_a_range_and_the_default_are_read(api, wire, own):
    wire.respond(THING, 206)
    assert api.answers.get_range().name == "a"
    wire.respond(THING, 201)
    assert api.answers.get_default().name == "a"


def test_nothing_is_none(api, wire):
    assert api.answers.delete_nothing() is None
    wire.respond(b"", 200)
    assert api.answers.get_empty() is None


def test_json_without_a_schema_is_json(api, wire):
    wire.respond({"a": [1, None]})
    assert api.answers.get_schemaless() == {"a": [1, None]}


def test_raw_has_the_status_the_headers_and_the_body(api, wire):
    wire.respond(THING, X_Rate="5")
    raw = api.sync.answers.get_headers.raw()
    assert (raw.status, raw.headers["x-rate"]) == (200, "5")
    assert raw.parsed().name == "a"
    raw = api.run(api.asynchronous.answers.get_headers.raw())
    assert raw.headers["X-Rate"] == "5" and raw.parsed().name == "a"


def test_text_is_text(api, wire):
    wire.respond("ä".encode("latin-1"), 200, "text/plain; charset=latin-1")
    assert api.answers.get_text() == "ä"
    wire.respond(b"a,b\n1,2", 200, "text/csv")
    assert api.answers.get_csv() == "a,b\n1,2"


def test_any_media_type_is_read_by_what_was_sent(api, wire):
    wire.respond(THING)
    assert api.answers.get_any().name == "a"


def test_a_file_is_read_in_pieces(api, wire, tmp_path):
    wire.respond(b"\x00\xff" * 100_000, 200, "application/octet-stream")
    with api.sync.answers.get_file() as download:
        assert b"".join(download) == b"\x00\xff" * 100_000
    with api.sync.answers.get_file() as download:
        download.save(tmp_path / "a.bin")
    assert (tmp_path / "a.bin").read_bytes() == b"\x00\xff" * 100_000

    async def read():
        async with await api.asynchronous.answers.get_file() as download:
            return await download.read()

    assert api.run(read()) == b"\x00\xff" * 100_000


def test_a_range_of_media_types_is_a_file(api, wire):
    wire.respond(b"\x89PNG", 200, "image/png")
    with api.sync.answers.get_image() as download:
        assert download.read() == b"\x89PNG"
        assert download.headers["Content-Type"] == "image/png"


EVENTS = b'event: a\ndata: {"name":\ndata: "a"}\n\n: comment\n\ndata: {"name": "b"}\n\n'


def test_events_are_typed(api, wire, own):
    wire.respond(EVENTS, 200, "text/event-stream")
    with api.sync.answers.get_events() as events:
        assert [each.name for each in events] == ["a", "b"]

    async def names():
        async with await api.asynchronous.answers.get_events() as events:
            return [each.name async for each in events]

    assert api.run(names()) == ["a", "b"]


def test_lines_of_json_are_typed(api, wire):
    wire.respond(b'{"name": "a"}\n\n{"name": "b"}', 200, "application/x-ndjson")
    assert [each.name for each in api.sync.answers.get_lines()] == ["a", "b"]


def test_a_stream_beside_json_is_a_method_of_its_own(api, wire, own):
    wire.respond(THING)
    assert api.answers.create_chat(text="hi").name == "a"
    assert wire.sent.json == {"text": "hi"}
    assert "event-stream" not in wire.sent.headers["Accept"]
    wire.respond(b'data: {"job": "j"}\n\n', 200, "text/event-stream")
    events = list(api.sync.answers.create_chat_stream(text="hi"))
    assert [each.job for each in events] == ["j"]
    assert wire.sent.json == {"text": "hi", "stream": True}
    assert "text/event-stream" in wire.sent.headers["Accept"]


def test_unknown_values_do_not_lose_a_response(api, wire, own):
    wire.respond({"name": "a", "tier": "new", "kind": "z", "more": {"x": 1}})
    thing = api.answers.get_thing()
    assert (thing.tier, thing.kind) == ("new", "z")
    assert thing.tier == own.models.Tier("new")
    codec = api.sync.codec
    assert codec.to_json(thing)["more"] == {"x": 1}


def test_an_unknown_member_of_a_union_keeps_its_json(api, wire):
    wire.respond({"name": "a", "owner": {"is": "Robot", "volts": 5}})
    thing = api.answers.get_thing()
    assert api.sync.codec.to_json(thing)["owner"] == {"is": "Robot", "volts": 5}


def test_a_known_member_of_a_union_is_its_class(api, wire, own):
    wire.respond({"name": "a", "owner": {"is": "Firm", "size": 5}})
    assert isinstance(api.answers.get_thing().owner, own.models.Firm)


@pytest.mark.parametrize("text", ["yesterday", "2026-13-01T00:00:00Z", ""])
def test_a_time_that_is_none_stays_text(api, wire, text):
    wire.respond({"name": "a", "at": text})
    assert api.answers.get_thing().at == text


def test_a_time_is_a_datetime_and_what_is_absent_stays_so(api, wire, models):
    wire.respond({"name": "a", "at": "2026-01-02T03:04:05Z"})
    thing = api.answers.get_thing()
    assert thing.at == datetime.datetime(
        2026, 1, 2, 3, 4, 5, tzinfo=datetime.timezone.utc
    )
    # A class of pydantic knows by itself which fields were there.
    assert thing.tier is (UNSET if models == "attrs" else None)
    assert "tier" not in api.sync.codec.to_json(thing)
