"""Bodies of every media type: what a call of a generated client sends."""

import io
import json
from email import message_from_bytes
from email.policy import HTTP

import pytest

from ai_spine.exceptions import ValidationError
from tests.sdk_sync.generated.packages import package_of


@pytest.fixture
def api(client_of):
    return client_of("bodies")


@pytest.fixture
def thing():
    return package_of("bodies").models.Thing


def parts_of(request):
    """Return the parts of a multipart body: name, file name, media type, content."""
    head = f"Content-Type: {request.content_type}\r\n\r\n".encode()
    found = []
    for part in message_from_bytes(head + request.body, policy=HTTP).iter_parts():
        name = part.get_param("name", header="content-disposition")
        file = part.get_filename()
        found.append(
            (name, file, part.get_content_type(), part.get_payload(decode=True))
        )
    return found


def test_a_body_is_a_model_a_mapping_or_its_fields(api, wire, thing):
    for given in (
        {"body": thing(name="a", size=1)},
        {"body": {"name": "a", "size": 1}},
        {"name": "a", "size": 1},
    ):
        api.bodies.send_required(**given)
        assert wire.sent.json == {"name": "a", "size": 1}
        assert wire.sent.content_type == "application/json"


def test_a_body_that_is_needed_must_be_there(api, wire):
    with pytest.raises((TypeError, ValidationError)):
        api.bodies.send_required()
    assert wire.requests == []


def test_a_body_that_may_be_absent_is_not_sent(api, wire):
    api.bodies.send_optional()
    assert (wire.sent.body, wire.sent.content_type) == (b"", None)
    api.bodies.send_optional({"name": "a"})
    assert wire.sent.json == {"name": "a"}


def test_what_is_absent_is_not_sent_and_none_is_null(api, wire, thing):
    api.bodies.send_required(thing(name="a"))
    assert wire.sent.json == {"name": "a"}
    api.bodies.send_required(thing(name="a", size=None))
    assert wire.sent.json == {"name": "a", "size": None}
    api.bodies.send_required(name="a", size=None)
    assert wire.sent.json == {"name": "a", "size": None}


@pytest.mark.parametrize(
    "kind, body, sent",
    [
        ("application/json", {"name": "a"}, b'{"name": "a"}'),
        ("application/x-www-form-urlencoded", {"name": "a b"}, b"name=a+b"),
        ("text/plain", "hello", b"hello"),
    ],
)
def test_one_of_several_media_types_is_chosen(api, wire, kind, body, sent):
    api.bodies.send_several(body, content_type=kind)
    assert wire.sent.content_type.partition(";")[0] == kind
    assert wire.sent.body.replace(b"%20", b"+") == sent


def test_a_media_type_of_json_is_sent_as_the_document_names_it(api, wire):
    api.bodies.send_merge({"name": "a", "size": None})
    assert wire.sent.content_type == "application/merge-patch+json"
    assert wire.sent.json == {"name": "a", "size": None}


def test_a_form_is_encoded_as_the_document_says(api, wire):
    from urllib.parse import parse_qsl

    api.bodies.send_form(
        {"name": "a&b", "tags": ["x", "y"], "deep": {"a": 1}, "flag": True}
    )
    assert parse_qsl(wire.sent.body.decode()) == [
        ("name", "a&b"),
        ("tags", "x"),
        ("tags", "y"),
        ("deep[a]", "1"),
        ("flag", "true"),
    ]


def test_files_lists_of_files_and_json_are_parts(api, wire, tmp_path):
    path = tmp_path / "b.txt"
    path.write_bytes(b"from a path")
    api.bodies.upload_files(
        {
            "file": b"\x00\xff",
            "others": [path, b"second"],
            "about": {"name": "a"},
            "count": 5,
            "tags": ["x", "y"],
        }
    )
    found = parts_of(wire.sent)
    assert [each[0] for each in found] == [
        *("file", "others", "others", "about", "count", "tags", "tags")
    ]
    assert found[0][2:] == ("image/png", b"\x00\xff")
    assert found[1][1] == "b.txt" and found[1][3] == b"from a path"
    assert found[2][3] == b"second"
    assert found[3][2] == "application/json" and json.loads(found[3][3]) == {
        "name": "a"
    }
    assert [each[3] for each in found[4:]] == [b"5", b"x", b"y"]
    assert found[4][1] is None


@pytest.mark.parametrize("form", ["bytes", "path", "file"])
def test_bytes_paths_and_files_are_bodies(client_of, wire, tmp_path, form):
    path = tmp_path / "a.bin"
    path.write_bytes(b"\x00\x01\xff")
    given = {
        "bytes": lambda: b"\x00\x01\xff",
        "path": lambda: path,
        "file": lambda: io.BytesIO(b"\x00\x01\xff"),
    }[form]
    client = client_of("bodies")
    client.sync.bodies.send_binary(given())
    assert wire.sent.body == b"\x00\x01\xff"
    assert wire.sent.content_type == "application/octet-stream"
    client.run(client.asynchronous.bodies.send_binary(given()))
    assert wire.sent.body == b"\x00\x01\xff"


def test_a_media_type_without_a_schema_takes_bytes(api, wire):
    api.bodies.send_zip(b"PK")
    assert (wire.sent.content_type, wire.sent.body) == ("application/zip", b"PK")


def test_text_is_sent_as_text(api, wire):
    api.bodies.send_text("ä")
    assert wire.sent.body == "ä".encode()
    assert wire.sent.content_type.startswith("text/plain")


def test_a_body_of_get_and_delete_is_sent(api, wire):
    api.bodies.search_with_body({"name": "a"})
    assert (wire.sent.method, wire.sent.json) == ("GET", {"name": "a"})
    api.bodies.delete_with_body({"name": "a"})
    assert (wire.sent.method, wire.sent.json) == ("DELETE", {"name": "a"})


def test_a_post_has_an_idempotency_key_that_can_be_chosen(api, wire):
    wire.respond({"name": "a"}, 201)
    api.bodies.create_order({"name": "a"})
    assert wire.sent.headers["Idempotency-Key"]
    api.bodies.create_order({"name": "a"}, idempotency_key="mine")
    assert wire.sent.headers["Idempotency-Key"] == "mine"
