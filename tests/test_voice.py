"""Tests of the check for old-fashioned words, which `make lint` runs."""

import importlib.util
import pathlib

import pytest

SCRIPT = pathlib.Path(__file__).parents[1] / "scripts" / "voice.py"


@pytest.fixture(scope="module")
def voice():
    spec = importlib.util.spec_from_file_location("voice", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    "line, better",
    [
        ('"""Gives a flow."""', "Return"),
        ("# It tells how many there are.", "says"),
        ('message = "no answer came"', "no response"),
    ],
)
def test_an_old_fashioned_word_is_reported_with_a_plainer_one(
    voice, tmp_path, line, better
):
    path = tmp_path / "module.py"
    path.write_text(f"pass\n{line}\n", encoding="utf-8")
    (problem,) = voice.problems_of(path)
    assert problem.startswith(f"{path}:2: ") and better in problem


def test_names_in_code_are_not_checked(voice, tmp_path):
    path = tmp_path / "module.py"
    path.write_text("tells = amid\n", encoding="utf-8")
    assert voice.problems_of(path) == []


def test_a_guide_is_checked_line_by_line(voice, tmp_path):
    path = tmp_path / "guide.md"
    path.write_text("# Title\n\nWait until it is done.\nIt tells why.\n", "utf-8")
    (problem,) = voice.problems_of(path)
    assert problem.startswith(f"{path}:4: 'tells'")


def test_the_exit_code_says_whether_there_are_problems(voice, tmp_path, capsys):
    for name in voice.FILES:
        (tmp_path / name).write_text("Plain words.\n", encoding="utf-8")
    assert voice.main(tmp_path) == 0
    (tmp_path / "README.md").write_text("Nobody knows, amid all.\n", encoding="utf-8")
    assert voice.main(tmp_path) == 1
    assert "README.md:1" in capsys.readouterr().out
