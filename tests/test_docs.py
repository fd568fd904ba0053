"""The examples in docstrings, in the README and in shells run, and do what they say."""

import contextlib
import doctest
import importlib
import io
import os
import pkgutil
import re
import runpy
import shlex
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

import ai_spine
from ai_spine.local import LocalServer
from tests.needs import missing_for, skip_without

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"
REPOSITORY = "https://github.com/Dataframe-Consulting/ai-spine-sdk-python"
COMMAND_LINE = ROOT / "docs" / "command-line.md"
MODULES = sorted(
    module.name
    for module in pkgutil.walk_packages(ai_spine.__path__, "ai_spine.")
    if not module.name.endswith("__main__")
)


# What the README's blocks of Python print, in their order.
PRINTED = ["approved 706.1\n"]


def blocks(language, path=README):
    text = path.read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)


def commands():
    shown = [*blocks("console"), *blocks("console", COMMAND_LINE)]
    lines = [line for block in shown for line in block.splitlines()]
    return sorted({line[2:] for line in lines if line.startswith("$ ai-spine ")})


@pytest.mark.parametrize("name", MODULES)
def test_examples_in_docstrings_run(name):
    module = importlib.import_module(name)
    with LocalServer() as server, server.client() as client:
        known = {**vars(module), "server": server, "client": client}
        known.update(AISpine=ai_spine.AISpine, LocalServer=LocalServer)
        runner, left_out = doctest.DocTestRunner(), []
        for example in doctest.DocTestFinder().find(module, extraglobs=known):
            missing = missing_for(example.docstring or "")
            if missing is None:
                runner.run(example)
            elif example.examples:
                left_out.append(f"{example.name} needs {missing}")
    assert runner.failures == 0
    if left_out:
        pytest.skip(f"all others ran: {', '.join(left_out)}, which is not here")


@pytest.mark.parametrize(
    "block, prints",
    list(zip(blocks("python"), PRINTED)),
)
def test_python_in_the_readme_prints_what_it_says(block, prints):
    skip_without(block)
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(block, str(README), "exec"), {})
    assert printed.getvalue() == prints


def test_on_a_package_index_what_the_readme_links_to_is_found(monkeypatch):
    given = {}
    setuptools = SimpleNamespace(setup=given.update)
    monkeypatch.setitem(sys.modules, "setuptools", setuptools)
    runpy.run_path(str(ROOT / "setup.py"))
    text = given["long_description"]
    assert "](https://" in text and not re.search(r"\]\((?!https://)", text)
    for picture, kind, path in re.findall(
        rf"(!?)\[[^]]*\]\({REPOSITORY}/(\w+)/main/([^)]+)\)", text
    ):
        assert kind == ("raw" if picture else "blob")
        assert (ROOT / path).exists()


def test_the_readme_has_python_and_shell_to_run():
    assert len(blocks("python")) == len(PRINTED)
    assert len(commands()) >= 5


@pytest.mark.parametrize("command", commands())
def test_commands_that_are_shown_succeed(command):
    skip_without(command)
    words = shlex.split(command)[1:]
    environ = {**os.environ, "PYTHONWARNINGS": "error,ignore::ImportWarning"}
    done = subprocess.run(
        [sys.executable, "-m", "ai_spine", *words],
        env=environ,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout or done.stderr
