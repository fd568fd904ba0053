"""Bodies of parts, read by the parser of `email`."""

import email.parser
import email.policy
import io
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ai_spine.exceptions import ValidationError
from ai_spine.sdk_sync.runtime.files import File
from ai_spine.sdk_sync.runtime.forms import Encoding
from ai_spine.sdk_sync.runtime.multipart import encode_multipart
from ai_spine.sdk_sync.runtime.unset import UNSET
from ai_spine.sdk_sync.runtime.values import as_is

PRINTABLE = st.text(
    st.characters(codec="ascii", exclude_categories=("Cc",)), max_size=9
)


def parts_of(value, to_json=as_is, **encoding):
    """Return what a server finds: headers, and the content as bytes."""
    body, boundary = encode_multipart(value, encoding, to_json)
    head = f"Content-Type: multipart/form-data; boundary={boundary}\r\n\r\n".encode()
    message = email.parser.BytesParser(policy=email.policy.HTTP).parsebytes(head + body)
    assert message.is_multipart() and not message.defects
    return [
        (
            part.get_param("name", header="Content-Disposition"),
            part.get_filename(),
            part["Content-Type"],
            part.get_payload(decode=True),
        )
        for part in message.iter_parts()
    ]


def refusal_of(value, **encoding):
    with pytest.raises(ValidationError) as caught:
        encode_multipart(value, encoding, as_is)
    return caught.value.message


def test_each_value_is_the_part_that_its_type_says(tmp_path):
    path = tmp_path / "table.csv"
    path.write_bytes(b"a,b\r\n")
    value = {
        "text": "caf\xe9",
        "number": 5,
        "yes": True,
        "object": {"a": [1]},
        "bytes": b"\x00\xff",
        "path": path,
        "named": File(b"%PDF", "may.pdf"),
        "metadata": File('{"a": 1}', content_type="application/json"),
    }
    octets = "application/octet-stream"
    assert parts_of(value) == [
        ("text", None, None, "caf\xe9".encode()),
        ("number", None, None, b"5"),
        ("yes", None, None, b"true"),
        ("object", None, "application/json", b'{"a": [1]}'),
        ("bytes", "bytes", octets, b"\x00\xff"),
        ("path", "table.csv", "text/csv", b"a,b\r\n"),
        ("named", "may.pdf", "application/pdf", b"%PDF"),
        ("metadata", None, "application/json", b'{"a": 1}'),
    ]


def test_each_item_of_a_list_is_a_part_of_its_own():
    value = {
        "files": [File(b"1", "a.txt"), io.BytesIO(b"2")],
        "tags[]": ["x", "y"],
        "rows": ({"a": 1}, [2]),
    }
    assert [(name, content) for name, _, _, content in parts_of(value)] == [
        ("files", b"1"),
        ("files", b"2"),
        ("tags[]", b"x"),
        ("tags[]", b"y"),
        ("rows", b'{"a": 1}'),
        ("rows", b"[2]"),
    ]


def test_absent_fields_and_nulls_are_left_out():
    assert parts_of({"a": UNSET, "b": None, "c": ""}) == [("c", None, None, b"")]
    assert encode_multipart({}, {}, as_is, "xyz")[0] == b"--xyz--\r\n"


def test_the_encoding_of_a_field_says_what_its_part_is():
    image = Encoding("image/png, image/jpeg")
    assert [
        parts_of({"a": each}, a=image)[0][2]
        for each in (File(b"", "a.jpeg"), File(b"", "a.gif"), b"", File(b"", "a.png"))
    ] == ["image/jpeg", "image/png", "image/png", "image/png"]
    any_image = Encoding("image/*")
    assert parts_of({"a": File(b"", "a.gif")}, a=any_image)[0][2] == "image/gif"
    assert parts_of({"a": b""}, a=any_image)[0][2] == "application/octet-stream"
    own = File(b"", "a.gif", "image/webp")
    assert parts_of({"a": own}, a=image)[0][2] == "image/webp"
    as_json = Encoding("application/json")
    assert parts_of({"a": [1, 2]}, a=as_json) == [("a", None, as_json[0], b"[1, 2]")]
    assert parts_of({"a": "x"}, a=as_json)[0][3] == b'"x"'
    assert parts_of({"a": "<a/>"}, a=Encoding("text/xml"))[0][2] == "text/xml"


def test_a_style_says_how_lists_and_objects_are_written():
    deep = Encoding(style="deepObject")
    value = {"a": {"b": [1]}}
    assert parts_of(value, a=deep) == [("a[b][0]", None, None, b"1")]
    joined = Encoding(explode=False)
    assert parts_of({"a": ["x y", "z"]}, a=joined) == [("a", None, None, b"x y,z")]
    assert parts_of({"a": b"x"}, a=deep)[0][1] == "a"


def test_parts_have_the_headers_of_their_encoding_and_of_their_file():
    encoding = {"a": Encoding(headers={"X-Rate": "5", "X-Kind": "a"})}
    value = {"a": File(b"", headers={"X-Kind": "b", "content-type": "a/b"})}
    body, _ = encode_multipart(value, encoding, as_is, "xyz")
    assert body.decode().splitlines()[1:5] == [
        'Content-Disposition: form-data; name="a"; filename="a"',
        "X-Rate: 5",
        "X-Kind: b",
        "content-type: a/b",
    ]


def test_a_header_of_a_file_replaces_ours_in_any_case():
    for name in ("content-type", "Content-Type", "CONTENT-TYPE"):
        value = {"a": File(b"", headers={name: "a/b"})}
        body, _ = encode_multipart(value, {}, as_is, "xyz")
        assert body.decode().lower().count("content-type: ") == 1


def test_a_list_is_parts_without_names():
    value = [{"a": 1}, "text", File(b"x", "a.bin", "a/b"), b"y"]
    body, _ = encode_multipart(value, {}, as_is, "xyz")
    assert body.split(b"--xyz\r\n")[1:4] == [
        b'Content-Type: application/json\r\n\r\n{"a": 1}\r\n',
        b"\r\ntext\r\n",
        b'Content-Disposition: attachment; filename="a.bin"\r\n'
        b"Content-Type: a/b\r\n\r\nx\r\n",
    ]
    assert [part[1:] for part in parts_of(value)][3] == (
        *(None, "application/octet-stream"),
        b"y",
    )


def test_a_model_is_its_fields():
    file = File(b"x", "a.bin", "a/b")
    found = parts_of(object(), lambda value: value if value is file else {"f": file})
    assert found == [("f", "a.bin", "a/b", b"x")]


def test_names_cannot_end_their_header():
    value = {'a"\r\nX: 1\x00': File(b"", 'b"\n.txt')}
    body, _ = encode_multipart(value, {}, as_is, "xyz")
    assert body.decode().splitlines()[1] == (
        'Content-Disposition: form-data; name="a%22%0D%0AX: 1%00"; filename="b%22%0A.txt"'
    )


def test_what_no_part_can_hold_is_refused_by_the_name_of_the_field(tmp_path):
    assert refusal_of({"a": io.StringIO("x")}) == (
        "the field 'a': the file returned text instead of bytes: open files with mode 'rb'"
    )
    assert refusal_of({"a": tmp_path / "no.txt"}) == (
        "the field 'a': 'no.txt' cannot be read: No such file or directory"
    )
    assert refusal_of({"a": {1}}) == "the field 'a': is of type set, which has no text"
    assert refusal_of({"a": "\ud800"}) == "the field 'a': contains half of a character"
    assert refusal_of({"a": File(b"", content_type="a/b\r\nX: 1")}).startswith(
        "the field 'a': contains a control character"
    )
    assert refusal_of({"a": File(b"", headers={"X Y": "1"})}) == (
        "the field 'a': 'X Y' is no name of a header"
    )
    for each in (("a.txt", b"x"), ("a.txt", b"x", "text/plain")):
        assert refusal_of({"a": each}).startswith(
            "the field 'a': a file with a name is no tuple but File(content, filename"
        )
    assert refusal_of(5).startswith("the body is a form")


def test_a_boundary_that_a_part_has_is_not_used():
    body, boundary = encode_multipart({"a": b"x--xyz--y"}, {}, as_is, "xyz")
    assert boundary != "xyz" and body.startswith(f"--{boundary}\r\n".encode())
    assert encode_multipart({}, {}, as_is)[1] != encode_multipart({}, {}, as_is)[1]


@given(
    st.dictionaries(
        PRINTABLE.filter(lambda name: name == name.strip() and "\\" not in name).filter(
            bool
        ),
        st.binary(max_size=20) | st.builds(json.dumps, st.integers()),
        max_size=4,
    )
)
@settings(deadline=None, max_examples=50)
def test_parts_are_read_as_they_were_written(value):
    found = parts_of(value) if value else []
    assert [(name.replace("%22", '"'), content) for name, _, _, content in found] == [
        (name, each if isinstance(each, bytes) else each.encode())
        for name, each in value.items()
    ]
