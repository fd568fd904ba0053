"""Tests of which imported modules belong to a project."""

import importlib
import os
import sys

import pytest

from ai_spine.local.agents.modules import modules_in


@pytest.mark.skipif(os.name == "nt", reason="links need rights on Windows")
@pytest.mark.parametrize("linked", ["the file", "its folder", "a bare folder"])
def test_a_module_belongs_to_where_its_file_really_is(tmp_path, monkeypatch, linked):
    name = f"spine_test_{linked.replace(' ', '_')}"
    real, path = tmp_path / "real", tmp_path / "path"
    real.mkdir()
    if linked == "a bare folder":
        target, link = real / name, path / name
        target.mkdir()
    else:
        target, link = real / f"{name}.py", path / f"{name}.py"
        target.write_text("")
    if linked == "its folder":
        path.symlink_to(real)
    else:
        path.mkdir()
        link.symlink_to(target)
    monkeypatch.syspath_prepend(str(path))
    try:
        module = importlib.import_module(name)
        assert modules_in(real.resolve()) == {name: module}
        assert modules_in(path.absolute()) == {}
    finally:
        sys.modules.pop(name, None)
