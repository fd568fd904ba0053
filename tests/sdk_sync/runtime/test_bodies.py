"""Bodies of requests: what a value is sent as, and what is refused."""

import io
import uuid

import pytest

from ai_spine.exceptions import ValidationError
from ai_spine.sdk_sync.runtime.bodies import Body, encode_body
from ai_spine.sdk_sync.runtime.files import File
from ai_spine.sdk_sync.runtime.forms import Encoding
from ai_spine.sdk_sync.runtime.unset import UNSET

JSON, FORM, PARTS = (
    "application/json",
    "application/x-www-form-urlencoded",
    "multipart/form-data",
)
LINES, OCTETS = "application/x-ndjson", "application/octet-stream"


class Model:
    def __init__(self, **fields):
        self.fields = fields


class Other(Model):
    pass


def to_json(value):
    return value.fields if isinstance(value, Model) else value


def sent(value, *media_types, **options):
    bodies = [each if isinstance(each, Body) else Body(each) for each in media_types]
    found = encode_body(bodies, value, to_json=to_json, boundary="xyz", **options)
    return found.content_type, found.content


def refusal_of(value, *media_types, **options):
    with pytest.raises(ValidationError) as caught:
        sent(value, *media_types, **options)
    return caught.value.message


def test_no_value_is_no_body():
    assert sent(UNSET, JSON) == (None, None)


def test_json_is_sent_under_its_own_name():
    assert sent({"a": uuid.UUID(int=0)}, JSON)[1] == (
        b'{"a": "00000000-0000-0000-0000-000000000000"}'
    )
    assert sent(Model(a=1), "application/merge-patch+json") == (
        "application/merge-patch+json",
        b'{"a": 1}',
    )
    assert sent(None, JSON) == (JSON, b"null")
    assert sent([1], "application/json; v=2") == ("application/json; v=2", b"[1]")


def test_what_is_absent_in_a_mapping_is_not_sent():
    assert sent({"a": UNSET, "b": [{"c": UNSET}], "d": None}, JSON) == (
        JSON,
        b'{"b": [{}], "d": null}',
    )
    assert sent({"a": "UNSET"}, JSON)[1] == b'{"a": "UNSET"}'


def test_a_form_and_parts_know_the_encoding_of_their_fields():
    encoding = {"a": Encoding(style="deepObject")}
    form, parts = Body(FORM, None, encoding), Body(PARTS, None, encoding)
    assert sent({"a": {"b": 1}}, form) == (FORM, b"a%5Bb%5D=1")
    kind, content = sent({"a": {"b": 1}}, parts)
    assert kind == "multipart/form-data; boundary=xyz"
    assert content.startswith(b'--xyz\r\nContent-Disposition: form-data; name="a[b]"')
    assert sent([b"x"], "multipart/mixed; boundary=own")[0] == (
        "multipart/mixed; boundary=xyz"
    )


def test_lines_are_one_json_value_each():
    assert sent([{"a": 1}, Model(b=2)], LINES) == (LINES, b'{"a": 1}\n{"b": 2}\n')
    assert sent((each for each in (1, 2)), LINES)[1] == b"1\n2\n"
    assert sent(b"1\n", LINES)[1] == sent(iter([b"1", b"\n"]), LINES)[1] == b"1\n"
    assert sent([], LINES)[1] == b""
    assert sent("1\n", LINES)[1] == b"1\n"
    assert refusal_of({"a": 1}, LINES) == (
        "the body is application/x-ndjson: pass a list, bytes, a path or an open file, "
        "not of type dict"
    )


def test_text_is_sent_in_its_charset():
    assert sent("abc", "text/plain") == ("text/plain", b"abc")
    assert sent("caf\xe9", "text/plain") == (
        "text/plain; charset=utf-8",
        "caf\xe9".encode(),
    )
    latin = "text/plain; charset=iso-8859-1"
    assert sent("caf\xe9", latin) == (latin, b"caf\xe9")
    assert sent("é", "application/xml") == ("application/xml", "é".encode())
    assert sent(5, "text/plain")[1] == b"5"
    assert sent(True, "text/plain")[1] == b"true"


def test_bytes_paths_files_and_pieces_are_sent_as_they_are(tmp_path):
    path = tmp_path / "a.bin"
    path.write_bytes(b"\xff")
    for value in (b"\xff", path, io.BytesIO(b"\xff"), File(path), iter([b"", b"\xff"])):
        assert sent(value, "image/png") == ("image/png", b"\xff")
    assert sent([b"a", b"b"], OCTETS) == (OCTETS, b"ab")
    assert sent(b"a,b", "text/csv") == ("text/csv", b"a,b")


@pytest.mark.parametrize(
    "value, media_types, chosen",
    [
        ({"a": 1}, [PARTS, FORM, JSON], JSON),
        (Model(a=1), [PARTS, FORM, JSON], JSON),
        ({"a": 1}, [PARTS, FORM], FORM),
        ({"a": b"x"}, [JSON, FORM, PARTS], PARTS),
        ({"a": [b"x"]}, [JSON, FORM, PARTS], PARTS),
        (b"x", [JSON, OCTETS], OCTETS),
        (b"x", [JSON, "text/csv"], "text/csv"),
        (File(b"x", "a.png"), ["image/jpeg", "image/png"], "image/png"),
        (File(b"x", "a.gif"), ["image/jpeg", "image/png"], "image/jpeg"),
        (File(b"x", None, "image/png"), ["image/jpeg", "image/png"], "image/png"),
        ("text", [JSON, "text/plain"], "text/plain"),
        ("text", [OCTETS, JSON], JSON),
        ([1], [LINES, JSON], JSON),
        ([1], [PARTS, LINES], LINES),
        (5, ["text/plain", JSON], JSON),
    ],
)
def test_the_value_decides_among_several_media_types(value, media_types, chosen):
    assert sent(value, *media_types)[0].partition(";")[0] == chosen


def test_the_class_of_a_model_decides_first():
    bodies = [Body(JSON, lambda: Model), Body(FORM, lambda: Other)]
    assert sent(Other(a=1), *bodies) == (JSON, b'{"a": 1}')  # it is a Model, too
    bodies = [Body(JSON, lambda: Other), Body(FORM, lambda: Model)]
    assert sent(Model(a=1), *bodies) == (FORM, b"a=1")
    bodies = [Body(FORM, lambda: list[int]), Body(JSON)]
    assert sent([1], *bodies) == (JSON, b"[1]")


def test_the_caller_may_say_which_media_type():
    assert sent({"a": 1}, JSON, FORM, content_type=FORM) == (FORM, b"a=1")
    with_charset = "Text/CSV; charset=utf-16-le"
    assert sent("a", JSON, "text/csv", content_type=with_charset) == (
        with_charset,
        b"a\x00",
    )
    assert sent(b"x", "image/*", content_type="image/webp")[0] == "image/webp"


def test_of_a_range_what_the_value_is_is_sent(tmp_path):
    path = tmp_path / "a.gif"
    path.write_bytes(b"GIF")
    assert sent(path, "image/*") == ("image/gif", b"GIF")
    assert sent(b"x", "*/*") == (OCTETS, b"x")
    assert sent("x", "*/*") == ("text/plain", b"x")
    assert sent({"a": 1}, "*/*") == (JSON, b'{"a": 1}')
    assert sent(b"x", "application/*", content_type="application/*")[0] == OCTETS
    assert refusal_of(b"x", "image/*") == (
        "the body is image/*: pass content_type= with one of them"
    )


def test_what_no_body_can_be_is_refused_with_what_there_is():
    assert refusal_of(b"x", JSON, FORM) == (
        "the body cannot be of type bytes: it is application/json or "
        "application/x-www-form-urlencoded"
    )
    assert refusal_of({}, JSON, FORM, content_type="text/csv") == (
        "the body cannot be text/csv: it is application/json or "
        "application/x-www-form-urlencoded"
    )
    assert refusal_of(File(b"", None, "a/b"), OCTETS) == (
        "the body cannot be a/b: it is application/octet-stream"
    )
    assert refusal_of({"a": 1}, OCTETS) == (
        "the body is application/octet-stream: pass text, bytes, a path or an open file, "
        "not of type dict"
    )
    assert refusal_of(None, "text/plain").endswith("not None")
    assert refusal_of({"a": 1}, "text/plain").endswith("not of type dict")
    assert refusal_of({"a": b"x"}, JSON) == "a is of type bytes, which JSON cannot hold"


def test_text_that_the_charset_cannot_hold_is_refused():
    words = "the body contains a character that {} cannot hold"
    latin = "text/plain; charset=iso-8859-1"
    assert refusal_of("日", latin) == words.format(latin)
    assert refusal_of("\ud800", "text/plain") == words.format("text/plain")
    odd = "text/plain; charset=no-such"
    assert refusal_of("a", odd) == words.format(odd)


def test_a_media_type_that_ends_its_header_is_refused():
    assert "control character" in refusal_of(b"", "a/*", content_type="a/b\r\nX: 1")
