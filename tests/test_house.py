"""Tests of the house: the packages stand as documented, and no file is too long to read."""

import ast
import configparser
import re
from pathlib import Path

ROOT = Path(__file__).parent.parent
SOURCES = sorted(path for path in (ROOT / "ai_spine").rglob("*.py"))
MOST_LINES, MOST_LINES_OF_A_FUNCTION = 400, 40
# What is no package: its version, and what starts the command.
NOT_IN_THE_TABLE = {"__init__", "__main__", "__version__", "py", "__pycache__"}


def floors_of_the_contract():
    config = configparser.ConfigParser()
    config.read(ROOT / "setup.cfg")
    layers = config["importlinter:contract:floors"]["layers"].split("\n")
    floors = [set(re.findall(r"\w+", layer)) for layer in layers if layer]
    return [floor - NOT_IN_THE_TABLE for floor in floors]


def floors_of_the_guide():
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    table = text.split("## The floors")[1].split("\n## ")[0]
    floors = []
    for row in re.findall(r"^\| *(\d*) *\|([^|]*)\|", table, re.M):
        if row[0]:
            floors.append(set())
        if floors:
            floors[-1] |= set(re.findall(r"`(\w+)(?:/|\.py)`", row[1]))
    return floors


def test_the_guide_to_the_architecture_has_the_floors_of_the_contract():
    assert floors_of_the_guide() == floors_of_the_contract()


def test_each_package_stands_on_a_floor():
    there = {path.name.partition(".")[0] for path in (ROOT / "ai_spine").iterdir()}
    assert there - NOT_IN_THE_TABLE == set().union(*floors_of_the_contract())


def problems_of(path):
    """Yield what makes a module hard to read."""
    text = path.read_text(encoding="utf-8")
    tree = ast.parse(text)
    if text.count("\n") > MOST_LINES:
        yield "is too long"
    if text and len((ast.get_docstring(tree) or "").split()) < 2:
        yield "does not say what it is for"
    for function in ast.walk(tree):
        if isinstance(function, (ast.FunctionDef, ast.AsyncFunctionDef)):
            lines = function.end_lineno - function.lineno + 1
            if ast.get_docstring(function) is not None:
                said = function.body[0]
                lines -= said.end_lineno - said.lineno + 1
            if lines > MOST_LINES_OF_A_FUNCTION:
                yield f"has a long function, {function.name}"


def test_modules_and_functions_are_short_and_say_first_what_they_are_for():
    found = [f"{path.name} {each}" for path in SOURCES for each in problems_of(path)]
    assert found == []
