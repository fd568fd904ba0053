"""Tests that the synchronous client is exactly the translated async client."""

import runpy
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@pytest.fixture
def twins(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "scripts"))
    yield runpy.run_path(str(ROOT / "scripts" / "twins.py"))
    sys.modules.pop("twin_differences", None)


def test_every_twin_is_up_to_date(twins, capsys):
    assert twins["main"](["--check"]) == 0, capsys.readouterr().out


def test_a_twin_edited_by_hand_is_reported(twins, tmp_path, capsys):
    source, twin = tmp_path / "_async" / "a.py", tmp_path / "_sync" / "a.py"
    source.parent.mkdir()
    source.write_text('"""Waits."""\n\n\nasync def wait() -> None:\n    await rest()\n')
    twins["main"].__globals__.update(ROOT=tmp_path, SINGLE_FILES={})
    assert twins["main"](["--check"]) == 1 and not twin.exists()
    assert twins["main"]([]) == 0
    assert "def wait() -> None:\n    rest()\n" in twin.read_text()
    assert "async" not in twin.read_text().replace("_async/a.py", "")
    twin.write_text(twin.read_text() + "# by hand\n")
    assert twins["main"](["--check"]) == 1
    assert "_sync/a.py: differs from its source" in capsys.readouterr().out


def test_a_difference_missing_from_the_source_is_an_error(twins, tmp_path):
    source = tmp_path / "_async" / "a.py"
    source.parent.mkdir()
    source.write_text('"""Waits."""\n')
    twins["main"].__globals__.update(
        ROOT=tmp_path, DIFFERENCES={"_async/a.py": [("was here", "is there")]}
    )
    with pytest.raises(ValueError, match="must have this text once: 'was here'"):
        twins["translate"](source)
