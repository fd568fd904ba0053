"""Files that are sent."""

import gzip
import io
import os
import pathlib

import pytest

from ai_spine.exceptions import ValidationError
from ai_spine.sdk_sync.runtime.files import File, file_name, file_type, read_file


def refusal_of(value):
    with pytest.raises(ValidationError) as caught:
        read_file(value)
    return caught.value.message


@pytest.fixture
def path(tmp_path):
    found = tmp_path / "table.csv"
    found.write_bytes(b"a,b\n")
    return found


def test_bytes_paths_open_files_and_pieces_are_read(path):
    with path.open("rb") as opened:
        assert read_file(opened) == b"a,b\n"
    for value in (
        b"a,b\n",
        bytearray(b"a,b\n"),
        memoryview(b"a,b\n"),
        path,
        io.BytesIO(b"a,b\n"),
        [b"a,", b"b\n"],
        (each for each in (b"a,", b"b\n")),
        File(path),
        File("a,b\n"),
        File(File(b"a,b\n")),
    ):
        assert read_file(value) == b"a,b\n"


def test_an_open_file_is_read_from_where_it_is(path):
    with path.open("rb") as opened:
        opened.seek(2)
        assert read_file(opened) == b"b\n"


def test_a_name_and_a_type_are_those_of_the_file(path):
    with path.open("rb") as opened:
        assert (file_name(opened), file_type(opened)) == ("table.csv", "text/csv")
    assert file_type(File(path, content_type="text/plain")) == "text/plain"
    assert file_type(File(path, "table.json")) == "application/json"
    assert file_name(File(path)) == "table.csv"
    assert file_type(File(b"", "table.csv.gz")) == "application/octet-stream"
    assert file_type(File(b"", "no-such.ending-at-all")) is None


def test_a_file_without_a_path_has_no_name(tmp_path):
    descriptor = os.open(str(tmp_path / "a"), os.O_CREAT | os.O_RDWR)
    with os.fdopen(descriptor, "rb") as opened:
        assert file_name(opened) is None
    assert file_name(io.BytesIO()) is None
    with gzip.open(tmp_path / "b.gz", "wb") as opened:
        assert file_name(opened) == "b.gz"


def test_a_file_that_is_open_for_text_is_refused(path):
    words = "the file returned text instead of bytes: open files with mode 'rb'"
    with path.open() as opened:
        assert refusal_of(opened) == words
    assert refusal_of(io.StringIO("a")) == words


def test_a_file_that_cannot_be_read_is_refused(path, tmp_path):
    missing = refusal_of(tmp_path / "missing.csv")
    assert missing == "'missing.csv' cannot be read: No such file or directory"
    with path.open("ab") as opened:
        assert (
            refusal_of(opened)
            == "'table.csv' cannot be read: it is not open for reading"
        )
    with path.open("rb") as opened:
        pass
    assert refusal_of(opened) == "'table.csv' cannot be read: read of closed file"
    assert "cannot be read" in refusal_of(pathlib.Path(tmp_path))


def test_a_file_of_an_asynchronous_library_is_refused():
    class AsyncFile:
        async def read(self):
            return b""

    assert refusal_of(AsyncFile()) == (
        "the file returned no bytes but a value of type coroutine, which must be awaited first"
    )


def test_what_is_no_file_is_refused():
    assert refusal_of({"a": 1}) == (
        "a file is bytes, a path or an open file, not of type dict"
    )
    assert refusal_of("table.csv").endswith("not of type str")
    assert refusal_of(5).endswith("not of type int")
    assert refusal_of([b"a", "b"]).startswith("an item is text instead of bytes")
    assert refusal_of([b"a", 5]) == "an item is no bytes but a value of type int"
