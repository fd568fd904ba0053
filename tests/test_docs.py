"""Tests that the examples in docstrings, the README and the guides run as documented."""

import ast
import asyncio
import contextlib
import doctest
import importlib
import inspect
import io
import pkgutil
import re
import runpy
import shlex
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from click.testing import CliRunner

import ai_spine
from ai_spine.cli.main import cli
from ai_spine.local import LocalServer
from tests.needs import missing_for, needs, skip_without

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"
REPOSITORY = "https://github.com/Dataframe-Consulting/ai-spine-sdk-python"
COMMAND_LINE = ROOT / "docs" / "command-line.md"


def _pass(package):
    """Leave it to the tests to import a package that needs a newer Python."""


MODULES = sorted(
    module.name
    for module in pkgutil.walk_packages(ai_spine.__path__, "ai_spine.", _pass)
    if not module.name.endswith("__main__")
)
# The modules with asynchronous examples.
AWAITS = re.compile(r"\b(_async|async_\w+|aiohttp|httpx|sessions|tasks|timeouts)\b")

# The output of the README's blocks of Python, in order.
PRINTED = ["approved 706.1\n", "positive\n"]


def blocks(language, path=README):
    text = path.read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)


def commands():
    shown = [*blocks("console"), *blocks("console", COMMAND_LINE)]
    lines = [line for block in shown for line in block.splitlines()]
    return sorted({line[2:] for line in lines if line.startswith("$ ai-spine ")})


def test_the_commands_need_no_clone():
    assert not [each for each in commands() if "ai_spine/" in each]


@pytest.fixture(scope="module")
def kept():
    """A server for all examples, since to start one takes longer than most of them."""
    with LocalServer() as made:
        yield made


@pytest.fixture
def server(kept):
    """A server as it was at its start."""
    kept.reset()
    return kept


@pytest.mark.parametrize("name", [name for name in MODULES if not AWAITS.search(name)])
def test_examples_in_docstrings_run(name, server):
    skip_without(name)
    if name.endswith(".opentelemetry"):
        pytest.importorskip("opentelemetry")
    if name.endswith((".mcp_server", ".mcp_transports")):
        pytest.importorskip("mcp")
    if name.startswith("ai_spine.sdk_sync."):
        pytest.importorskip("pydantic")
    module = importlib.import_module(name)
    if not has_examples(module):
        return
    with server.client() as client:
        check_examples(module, doctest.DocTestRunner().run, server, client)


@needs("aiohttp")
@pytest.mark.parametrize("name", [name for name in MODULES if AWAITS.search(name)])
def test_asynchronous_examples_run(name, server, monkeypatch):
    skip_without(name)
    module = importlib.import_module(name)
    if not has_examples(module):
        return
    with contextlib.ExitStack() as stack:
        loop = asyncio.new_event_loop()
        stack.callback(loop.close)
        client = ai_spine.AsyncAISpine(base_url=server.url)
        stack.callback(lambda: loop.run_until_complete(client.aclose()))

        def execute(code, known):
            result = eval(code, known)
            if code.co_flags & inspect.CO_COROUTINE:
                loop.run_until_complete(result)

        def run(example):
            return runner.run(example, compileflags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)

        monkeypatch.setattr(doctest, "exec", execute, raising=False)
        runner = doctest.DocTestRunner()
        check_examples(module, run, server, client)


def has_examples(module):
    """Return whether a module has examples, without a server for those that have none."""
    return any(each.examples for each in doctest.DocTestFinder().find(module))


def check_examples(module, run, server, client):
    known = {**vars(module), "server": server, "client": client}
    known.update(AISpine=ai_spine.AISpine, LocalServer=LocalServer)
    left_out, failed = [], 0
    for example in doctest.DocTestFinder().find(module, extraglobs=known):
        missing = missing_for(example.docstring or "")
        if missing is None:
            failed += run(example).failed
        elif example.examples:
            left_out.append(f"{example.name} needs {missing}")
    assert failed == 0
    if left_out:
        pytest.skip(f"all others ran: {', '.join(left_out)}, which is not installed")


@pytest.mark.parametrize(
    "block, prints",
    list(zip(blocks("python"), PRINTED)),
)
def test_python_in_the_readme_prints_the_documented_output(block, prints):
    skip_without(block)
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(block, str(README), "exec"), {})
    assert printed.getvalue() == prints


def test_links_of_the_readme_work_on_a_package_index(monkeypatch):
    arguments = {}
    setuptools = SimpleNamespace(setup=arguments.update)
    monkeypatch.setitem(sys.modules, "setuptools", setuptools)
    runpy.run_path(str(ROOT / "setup.py"))
    text = arguments["long_description"]
    assert "](https://" in text and not re.search(r"\]\((?!https://)", text)
    for picture, kind, path in re.findall(
        rf"(!?)\[[^]]*\]\({REPOSITORY}/(\w+)/main/([^)]+)\)", text
    ):
        assert kind == ("raw" if picture else "blob")
        assert (ROOT / path).exists()


def test_the_readme_fits_on_one_screen():
    lines = [line for line in README.read_text(encoding="utf-8").splitlines() if line]
    assert len(lines) <= 45


def test_the_readme_leads_each_kind_of_reader_to_one_page():
    text = README.read_text(encoding="utf-8")
    rows = re.findall(r"^\| .+ \| (.*\]\(.*) \|$", text, re.MULTILINE)
    pages = [re.findall(r"\]\(([^)]+)\)", row) for row in rows]
    assert pages == [
        ["docs/quickstart.md"],
        ["docs/agents-and-flows.md"],
        ["docs/openapi-clients.md"],
        ["docs/any-json-api.md"],
    ]


def test_the_readme_has_python_and_shell_to_run():
    assert len(blocks("python")) == len(PRINTED)
    assert len(commands()) >= 5


@pytest.mark.parametrize("command", commands())
def test_documented_commands_succeed(command):
    skip_without(command)
    words = shlex.split(command)[1:]
    done = CliRunner().invoke(cli, words, prog_name="ai-spine")
    assert done.exit_code == 0, done.output
    assert done.output
