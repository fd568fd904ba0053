"""Tests that modules are imported only when they are needed."""

import ast
import copy
import json
import os
import pickle
import subprocess
import sys
from pathlib import Path

import pytest

import ai_spine

HEAVY = {"requests", "urllib3", "dateutil"}
PRINT_MODULES = """
import atexit, json, sys
atexit.register(lambda: print("\\n" + json.dumps(sorted(sys.modules)), file=sys.stderr))
"""
PRINT_DEPTH = """
import sys

class Finder:
    def find_spec(name, *_):
        frame, depth = sys._getframe(), 0
        while frame is not None:
            depth += frame.f_code.co_name == "<module>"
            frame = frame.f_back
        if name == "requests":
            print(depth)

sys.meta_path.insert(0, Finder)
"""
# Click 8.0 ends a process after completion without running `atexit`.
RUN = """
import click.core
from ai_spine.cli.main import main

click.core._fast_exit = sys.exit
main()
"""


def modules_after(code, *words, **environment):
    """Return the modules imported by a new Python that runs some code, and its output."""
    done = subprocess.run(
        [sys.executable, "-c", PRINT_MODULES + code, *words],
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, **environment},
    )
    *messages, modules = done.stderr.splitlines()
    assert [line for line in messages if line] == []
    return set(json.loads(modules)), done.stdout


def test_the_package_alone_imports_nothing_heavy():
    modules, _ = modules_after("import ai_spine; dir(ai_spine); ai_spine.__version__")
    assert not modules & (HEAVY | {"click", "ai_spine.client", "ai_spine.exceptions"})


def test_the_client_imports_neither_batches_nor_click_nor_dateutil():
    modules, _ = modules_after("from ai_spine import AISpine")
    assert "requests" in modules
    assert not modules & {
        "click",
        "dateutil",
        "ai_spine.batch.run",
        "ai_spine.batch.items",
    }


def test_the_client_imports_only_what_most_programs_need():
    modules, _ = modules_after("from ai_spine import AISpine")
    ours = {name for name in modules if name.startswith("ai_spine.")}
    # Walks over lists, streams, errors, and the changing of flows and profiles.
    assert not ours & {
        "ai_spine._sync.middleware",
        "ai_spine._sync.streaming",
        "ai_spine._sync.subscriptions",
        "ai_spine.flows.definitions",
        "ai_spine.models.graph",
        "ai_spine.policy.any_pages",
        "ai_spine.policy.error_bodies",
        "ai_spine.policy.execution_events",
        "ai_spine.policy.pages",
        "ai_spine.utils.locks",
    }


def test_a_client_needs_no_large_module_that_requests_does_not_need():
    without = "import sys; sys.modules['chardet'] = None; "  # which imports nearly all
    needed, _ = modules_after(f"{without}import requests")
    client = "from ai_spine import AISpine; AISpine('sk-1', tracing=False)"
    modules, _ = modules_after(without + client)
    assert not (modules - needed) & {"asyncio", "ast", "dataclasses", "inspect"}


@pytest.mark.parametrize(
    "name", [name for name in ("AISpine", "AsyncAISpine") if name in ai_spine.__all__]
)
def test_requests_is_imported_before_modules_are_nested_deeply(name):
    _, printed = modules_after(f"{PRINT_DEPTH}\nfrom ai_spine import {name}")
    # This program, the client's module, and that of the exceptions.
    assert int(printed) <= 3


@pytest.mark.parametrize("word", ["--help", "--version"])
def test_help_and_version_import_neither_the_client_nor_a_command(word):
    modules, printed = modules_after(RUN, word)
    assert "ai-spine" in printed
    assert not modules & (HEAVY | {"ai_spine.client", "ai_spine.cli.flows"})


@pytest.mark.parametrize("word", ["--help", "--version"])
def test_help_and_version_import_little_beside_click(word):
    # Some versions of click import shutil for the formatter of a page, whatever its width is.
    needed, _ = modules_after("import click; click.HelpFormatter(width=80)")
    modules, _ = modules_after(RUN, word)
    more = modules - needed
    assert not more & {"click.shell_completion", "inspect", "json", "shutil", "socket"}
    assert len([name for name in more if name.startswith("ai_spine.")]) < 25


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
@pytest.mark.parametrize(
    "words, offered",
    [
        ("ai-spine ", "execute"),
        ("ai-spine flows ", "get"),
        ("ai-spine --lo", "--local"),
    ],
)
def test_completion_of_commands_imports_nothing_heavy(shell, words, offered):
    environ = {
        "COMP_WORDS": words,
        "COMP_CWORD": str(words.count(" ")),
        "_AI_SPINE_COMPLETE": f"{shell}_complete",
    }
    if shell == "fish":
        environ["COMP_CWORD"] = words.split(" ")[-1]
    modules, printed = modules_after(RUN, **environ)
    assert offered in printed
    assert not modules & HEAVY


def test_the_names_for_type_checkers_are_those_at_runtime():
    tree = ast.parse(Path(ai_spine.__file__).read_text("utf-8"))
    (checked,) = [node for node in tree.body if isinstance(node, ast.If)][:1]
    seen = {(node.module, name.name) for node in checked.body for name in node.names}
    names_in = ai_spine._NAMES_IN
    loaded = {(f"ai_spine.{m}", name) for m in names_in for name in names_in[m]}
    assert seen == loaded
    new = {"AsyncAISpine", "AsyncRestClient"}  # which need Python 3.10
    assert {name for _, name in seen} | {"__version__"} == new.union(ai_spine.__all__)


def test_every_public_name_can_be_imported_and_is_listed():
    assert set(ai_spine.__all__) <= set(dir(ai_spine))
    names = {}
    exec("from ai_spine import *", names)
    for name in ai_spine.__all__:
        assert names[name] is getattr(ai_spine, name)


def test_a_submodule_is_an_attribute_of_the_package():
    modules_after("import ai_spine; ai_spine.exceptions.NotFoundError")
    assert ai_spine.exceptions.NotFoundError is ai_spine.NotFoundError


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="'ai_spine' has no attribute 'nothing'"):
        ai_spine.nothing
    with pytest.raises(ImportError, match="nothing"):
        exec("from ai_spine import nothing")


def test_lazily_imported_classes_can_be_pickled_and_copied():
    error = pickle.loads(pickle.dumps(ai_spine.NotFoundError("gone")))
    assert isinstance(error, ai_spine.NotFoundError)
    assert copy.copy(ai_spine.AISpine) is pickle.loads(pickle.dumps(ai_spine.AISpine))


@pytest.mark.parametrize("words", [("openapi",), ("mcp", "--help")])
def test_no_other_command_and_no_help_page_imports_the_mcp_sdk(words):
    modules, printed = modules_after(RUN, *words)
    assert printed and not modules & {"mcp", "mcp_types", "ai_spine.cli.mcp_server"}
    assert not modules & {"asyncio", "anyio", "uvicorn"}
