"""Tests that the docs list exactly the public names, methods, settings and errors."""

import builtins
import configparser
import inspect
import re
from pathlib import Path

import click
import pytest

import ai_spine
from ai_spine import (
    AISpine,
    constants,
    drawing,
    local,
    notebook,
    pytest_plugin,
    ron,
    sdk_sync,
)
from ai_spine.cli import exit_codes
from ai_spine.cli.main import cli
from ai_spine.ron import testing as ron_testing
from ai_spine.sdk_sync import errors as sdk_sync_errors
from ai_spine.sdk_sync import openapi
from ai_spine.exceptions import APIError, NetworkError, TimeoutError
from benchmarks.__main__ import NAMES

ROOT = Path(__file__).parent.parent
# What users of generated packages meet, whose modules have no `__all__`.
OF_GENERATED_PACKAGES = {
    f"ai_spine.sdk_sync.runtime.{name}"
    for name in (
        "async_base_client.AsyncBaseClient",
        "async_streams.AsyncDownload",
        "async_streams.AsyncEvents",
        "attrs_models.Model",
        "attrs_models.unknown_fields",
        "base_client.BaseClient",
        "enums.OpenEnum",
        "files.File",
        "problems.ApiProblem",
        "problems.Problem",
        "responses.RawResponse",
        "streams.Download",
        "streams.Events",
    )
}
DOCS = ROOT / "docs"
ADAPTERS = (
    "click.pass_client",
    "fastapi.ClientDependency",
    "flask.current_client",
    "flask.init_app",
    "structlog.add_error_fields",
)
GUIDES = sorted(DOCS.glob("*.md"))
PAGES = [ROOT / "README.md", *GUIDES, *sorted(DOCS.glob("reference/*.md"))]
ERRORS = [n for n in ai_spine.__all__ if n.endswith(("Error", "Warning"))]
# Options of other programs that the docs show.
OPTIONS_OF_OTHER_PROGRAMS = {"--dest", "--find-links", "--no-index", "--token", "--url"}
NAMES_OF_BENCHMARKS = set(
    re.findall(
        r'"(--[a-z]+|AI_SPINE_BENCH_[A-Z]+)"',
        "".join(path.read_text() for path in ROOT.glob("benchmarks/*.py")),
    )
)


def text_of(path):
    return path.read_text(encoding="utf-8")


def section(name, title):
    """Return the text below a heading of a guide, up to the next one."""
    return re.split(r"^#+ ", text_of(DOCS / name).split(f"# {title}\n")[1], flags=re.M)[
        0
    ]


def first_cells(text):
    return [row.split("|")[1] for row in text.splitlines() if row.startswith("| `")]


def named_in(cells):
    return re.findall(r"`\.?(\w+)", " ".join(cells))


def public_names():
    everywhere = {*ai_spine.__all__, "AsyncAISpine"}  # which needs Python 3.10
    names = {f"ai_spine.{name}" for name in everywhere}
    for module in (drawing, local, ron, ron_testing, sdk_sync, openapi):
        names |= {f"{module.__name__}.{name}" for name in module.__all__}
    for name, value in vars(notebook).items():
        if inspect.isfunction(value) and value.__module__ == notebook.__name__:
            names.add(f"{notebook.__name__}.{name}")
    fixtures = [name for name in vars(pytest_plugin) if name.startswith("ai_spine_")]
    names.add("ai_spine.sdk_sync.fastapi.metadata_router")
    names |= OF_GENERATED_PACKAGES
    names |= {f"ai_spine.adapters.{name}" for name in ADAPTERS}
    return names | {f"{pytest_plugin.__name__}.{name}" for name in fixtures}


def test_the_reference_has_exactly_the_public_names():
    text = "".join(map(text_of, DOCS.glob("reference/*.rst")))
    documented = re.findall(
        r"^\.\. (?:autoclass|autodata|autoexception|autofunction|data):: (\S+)",
        text,
        re.M,
    )
    assert sorted(documented) == sorted(public_names())


def test_the_table_of_methods_has_exactly_the_methods():
    documented = named_in(first_cells(section("executing.md", "What a client can do")))
    methods = {
        name
        for name, value in inspect.getmembers(AISpine)
        if callable(value) and name[0] != "_"
    }
    assert methods <= set(documented)
    assert {name for name in documented if not hasattr(AISpine, name)} == set()


def test_the_arguments_in_the_table_of_methods_exist():
    cells = " ".join(first_cells(section("executing.md", "What a client can do")))
    for name, arguments in re.findall(r"`(\w+)\(([^)]*)\)", cells):
        known = inspect.signature(getattr(AISpine, name)).parameters
        documented = [each.partition("=")[0].strip() for each in arguments.split(",")]
        assert {each for each in documented if each} <= set(known)


def test_the_properties_of_a_client_are_documented():
    text = section("executing.md", "What a client can do")
    (line,) = [each for each in text.splitlines() if "are its properties" in each]
    properties = inspect.getmembers(AISpine, lambda each: isinstance(each, property))
    documented = re.findall(r"`(\w+)`", line.partition("are its properties")[0])
    assert sorted(documented) == sorted(name for name, _ in properties)


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_documented_attributes_of_a_client_exist(path):
    # Not in the names of metrics, such as `http.client.active_requests`.
    shown = set(re.findall(r"(?<!http\.)\bclient\.([a-z]\w*)", text_of(path)))
    files = {"py", "rst", "sh"}  # `client.py`, the page of the reference, and a script
    generated = {"execute", "execute_sync"}
    groups = {"books", "orders"}
    others = {
        "async.md": {"aclose"},
        "migrating.md": {"api_key", "debug"},
        "sdk-sync.md": generated | groups,
        "openapi-clients.md": groups,
        "ron-core.md": {"init_app", "with_caveat"},
    }
    assert {
        n
        for n in shown - files - others.get(path.name, set())
        if not hasattr(AISpine, n)
    } == set()


def settings():
    return {v for n, v in vars(constants).items() if n.startswith("ENV_")}


def test_every_environment_variable_is_documented():
    documented = first_cells(text_of(DOCS / "reference" / "settings.md"))
    assert sorted(named_in(documented)) == sorted(settings())


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_documented_settings_exist(path):
    documented = set(re.findall(r"\bAI_SPINE_[A-Z_]+", text_of(path)))
    assert documented - NAMES_OF_BENCHMARKS <= settings()


def test_documented_defaults_match_the_code():
    text = text_of(DOCS / "reference" / "settings.md")
    rows = [row.split("|") for row in text.splitlines() if row.startswith("| `")]
    documented = {row[1].strip(" `"): row[3].strip(" `") for row in rows}
    assert documented[constants.ENV_BASE_URL] == constants.DEFAULT_BASE_URL
    assert float(documented[constants.ENV_TIMEOUT]) == constants.DEFAULT_TIMEOUT
    assert int(documented[constants.ENV_MAX_RETRIES]) == constants.DEFAULT_MAX_RETRIES


def test_exactly_the_exit_codes_are_documented():
    documented = re.findall(
        r"^\| (\d+) \|", section("command-line.md", "Exit codes"), re.M
    )
    codes = [v for n, v in vars(exit_codes).items() if n.isupper() and n[0] != "_"]
    assert list(map(int, documented)) == sorted(codes)


def test_every_error_is_documented_with_what_to_do():
    text = section("errors.md", "Each one, and what to do")
    rows = [row.split("|") for row in text.splitlines() if row.startswith("| `")]
    assert all(len(row) == 5 and all(map(str.strip, row[1:4])) for row in rows)
    warned = re.findall(r"`(\w+Warning)`", text)
    assert sorted([*named_in(first_cells(text)), *warned]) == sorted(ERRORS)


def test_the_documented_tree_of_errors_matches_the_code():
    tree = re.search(
        r"^```text\n(AISpineError.*?)```",
        text_of(DOCS / "errors.md"),
        re.DOTALL | re.MULTILINE,
    )
    above = []
    for line in tree.group(1).splitlines():
        name = re.search(r"\w+Error", line)
        depth = name.start() // 4
        above[depth:] = [getattr(ai_spine, name.group())]
        assert depth == 0 or above[depth - 1] in above[depth].__mro__
    assert tree.group(1).count("\n") == len([n for n in ERRORS if n.endswith("Error")])


def test_documented_attributes_of_errors_exist():
    made = {"APIError": APIError(), "NetworkError": NetworkError()}
    made["TimeoutError"] = TimeoutError()
    for row in section("errors.md", "Attributes").splitlines():
        names, owners = (
            re.findall(r"`\.?(\w+)`", c) for c in (row + "||").split("|")[1:3]
        )
        for owner in owners:
            assert all(hasattr(made[owner], name) for name in names)


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_documented_errors_exist(path):
    documented = set(re.findall(r"\b[A-Z]\w+(?:Error|Warning)\b", text_of(path)))
    known = {*ERRORS, *dir(builtins), *dir(sdk_sync_errors), *dir(ron)}
    if path.name == "migrating.md":
        known |= {"AgentError", "AuthorizationError", "FlowError"}  # of JavaScript
    assert documented - known == set()


def options_of(command):
    """Return all options of a command and its subcommands."""
    own = {name for each in command.params for name in each.opts}
    below = getattr(command, "commands", {}).values()
    return own.union(*map(options_of, below))


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_documented_options_exist(path):
    documented = set(re.findall(r"(?<![\w|-])--[a-z][a-z-]+", text_of(path)))
    known = options_of(cli).union({"--help"}, OPTIONS_OF_OTHER_PROGRAMS)
    assert documented <= (
        known | NAMES_OF_BENCHMARKS if path.stem == "performance" else known
    )


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_documented_commands_exist(path):
    for words in re.findall(
        r"(?:`|^\$? ?)ai-spine ((?:[a-z][a-z-]* ?)+)", text_of(path), re.M
    ):
        command = cli
        for word in words.split():
            if isinstance(command, click.Group):
                assert word in command.commands
                command = command.commands[word]


def test_limits_in_the_guide_to_retries_match_the_code():
    text = text_of(DOCS / "retries.md")
    pauses = f"{constants.BACKOFF_BASE:g} s to {constants.BACKOFF_MAX:g} s"
    assert pauses in text
    limit = (
        f"the longest `Retry-After` to obey; {constants.DEFAULT_RETRY_AFTER_LIMIT:g} s"
    )
    assert limit in text
    assert f"; {constants.DEFAULT_TIMEOUT:g} s" in text
    assert f"`max_retries` is {constants.DEFAULT_MAX_RETRIES} by default" in text


@pytest.mark.parametrize(
    "path", [*PAGES, *sorted(ROOT.glob("[CS]*.md"))], ids=lambda path: path.name
)
def test_links_to_files_are_not_broken(path):
    links = re.findall(r"\]\(([^)#\s]+)", text_of(path))
    files = [link for link in links if "://" not in link]
    assert [link for link in files if not (path.parent / link).exists()] == []


def test_the_modules_in_the_guide_to_the_architecture_exist():
    named = re.findall(r"`([a-z_/]+(?:\.py|/))`", text_of(DOCS / "architecture.md"))
    assert len(named) > 20
    assert [n for n in named if not (ROOT / "ai_spine" / n).exists()] == []


def test_the_guide_to_performance_describes_each_benchmark():
    described = named_in(first_cells(section("performance.md", "How it is measured")))
    assert sorted(described) == sorted(NAMES)


def test_pictures_are_small():
    sizes = [path.stat().st_size for path in (DOCS / "images").iterdir()]
    assert sizes and max(sizes) <= 150_000


def test_every_make_target_is_documented_in_contributing():
    documented = set(re.findall(r"`make ([a-z-]+)", text_of(ROOT / "CONTRIBUTING.md")))
    made = re.findall(r"^([a-z-]+):.*  ## ", text_of(ROOT / "Makefile"), re.M)
    assert set(made) - {"clean"} == documented - {"clean"}


def test_the_guides_name_each_extra_that_users_install():
    config = configparser.ConfigParser()
    config.read(ROOT / "setup.cfg")
    extras = set(config["options.extras_require"]) - {"dev", "docs"}
    named = re.findall(r"ai-spine-sdk\[([a-z,-]+)\]", "".join(map(text_of, PAGES)))
    assert extras <= set(",".join(named).split(","))
