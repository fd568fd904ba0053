"""Files are written whole or not at all."""

import os
import stat
import sys

import pytest

from ai_spine.utils.files import write_whole


def test_a_file_gets_its_new_content_and_nothing_else_is_left(tmp_path):
    path = tmp_path / "a.json"
    path.write_bytes(b"old, and longer")
    write_whole(str(path), b"new\n")
    assert path.read_bytes() == b"new\n"
    assert os.listdir(str(tmp_path)) == ["a.json"]


def test_a_file_that_cannot_be_replaced_leaves_nothing_behind(tmp_path):
    (tmp_path / "a.json").mkdir()
    with pytest.raises(OSError):
        write_whole(str(tmp_path / "a.json"), b"new")
    assert os.listdir(str(tmp_path)) == ["a.json"]


@pytest.mark.skipif(sys.platform == "win32", reason="there are no modes")
def test_a_new_file_has_the_mode_that_is_asked_for(tmp_path):
    write_whole(str(tmp_path / "a"), b"", 0o600)
    assert stat.S_IMODE(os.stat(str(tmp_path / "a")).st_mode) == 0o600
