"""Tests of `init`: its projects work as printed, and it writes all of one or nothing."""

import configparser
import glob
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from ai_spine.__version__ import __version__
from ai_spine.cli import project
from tests.cli.conftest import finish
from tests.needs import needs
from tests.pytest_plugin import run_here

ROOT = Path(__file__).parent.parent.parent
TEMPLATES = [
    "minimal",
    "credit",
    pytest.param("llm", marks=needs("openai")),
]
OUTPUTS = {
    "minimal": {"greet": {"greeting": "Hello, Ana!"}},
    "credit": {"approve": {"decision": "approved", "monthly_payment": 706.1}},
    "llm": {"summarize": {"summary": "A summary."}},
}


@pytest.fixture
def init(invoke, tmp_path, monkeypatch):
    """Run `init` in an empty folder."""
    monkeypatch.chdir(tmp_path)

    def call(*args):
        return invoke("init", *args)

    return call


def files_in(folder):
    """Return the paths of all that is in a folder."""
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))


def words_of(line):
    """Return the words of a printed line that follow `ai-spine`."""
    first, *words = shlex.split(line)
    assert first == "ai-spine"
    return words


# The projects


@pytest.fixture
def model(launch):
    """Return what starts the stub of a project's model: the environment that leads to it."""

    def start(folder):
        stub = folder / "tests" / "chat_stub.py"
        if not stub.exists():
            return {}
        process = launch(stub, command=[sys.executable])
        lines = [process.stdout.readline() for _ in range(2)]
        return dict(
            re.fullmatch(r"export (\w+)=(\S+)\n", line).groups() for line in lines
        )

    return start


@pytest.mark.parametrize("template", TEMPLATES)
def test_the_printed_commands_work(
    init, invoke, serve, model, tmp_path, monkeypatch, template
):
    made = init("demo", "--template", template)
    assert made.exit_code == 0, made.stderr
    way, start, execute = made.stdout.splitlines()
    assert way == "cd demo"
    folder = tmp_path / "demo"

    command, noun, *options = words_of(start)
    assert (command, noun) == ("local", "start")
    process, url = serve(*options, cwd=folder, **model(folder))
    words = [
        url if word == "http://127.0.0.1:8000" else word for word in words_of(execute)
    ]
    assert url in words
    monkeypatch.chdir(folder)
    done = invoke(*words, "--output", "json")
    assert (done.exit_code, done.json) == (0, OUTPUTS[template]), done.stderr


@pytest.mark.parametrize("template", TEMPLATES)
def test_the_tests_of_a_project_pass(init, tmp_path, template):
    assert init("demo", "--template", template).exit_code == 0
    code, printed = run_here(tmp_path / "demo", "-q")
    assert code == 0, printed
    assert re.search(r"[3-9] passed", printed)


@pytest.mark.parametrize("template", list(OUTPUTS))
def test_the_flows_of_a_project_are_valid(init, invoke, template):
    init("demo", "--template", template)
    (flow,) = Path("demo/flows").iterdir()
    outcome = invoke("flows", "validate", flow)
    assert (outcome.exit_code, outcome.stderr) == (0, "")


@needs("black")
@needs("flake8")
def test_the_python_of_all_projects_is_formatted(init, tmp_path):
    for template in OUTPUTS:
        init(template, "--template", template)
    files = sorted(map(str, tmp_path.rglob("*.py")))
    flake8 = ["flake8", "--isolated", "--max-line-length=100", "--extend-ignore=D"]
    for tool in (["black", "--check", "-q"], flake8):
        command = [sys.executable, "-m", *tool, *files]
        assert subprocess.run(command).returncode == 0


@pytest.mark.parametrize("template", list(OUTPUTS))
def test_the_readme_names_the_project_and_the_printed_commands(
    init, template, monkeypatch
):
    monkeypatch.setattr("ai_spine.cli.init.find_spec", lambda name: "watchfiles")
    printed = init("demo", "--template", template).stdout.splitlines()
    readme = Path("demo/README.md").read_text(encoding="utf-8")
    assert readme.startswith("# demo\n")
    assert set(printed[1:]) <= set(readme.splitlines())


def test_reloading_is_offered_where_it_is_possible(init, monkeypatch):
    monkeypatch.setattr("ai_spine.cli.init.find_spec", lambda name: None)
    lines = init("demo").stdout.splitlines()
    assert lines[1] == "ai-spine local start --flows flows --agents agents.py"


def test_a_project_has_these_files(init):
    init("demo")
    assert files_in(Path("demo")) == [
        ".env.example",
        ".gitignore",
        "README.md",
        "agents.py",
        "flows",
        "flows/hello.yaml",
        "pytest.ini",
        "requirements.txt",
        "tests",
        "tests/conftest.py",
        "tests/test_hello.py",
    ]
    assert ".env\n" in Path("demo/.gitignore").read_text()


def test_only_the_template_of_a_model_requires_openai(init):
    for template in OUTPUTS:
        init(template, "--template", template)
        lines = Path(template, "requirements.txt").read_text().splitlines()
        assert f"ai-spine-sdk[local,reload]>={__version__}" in lines
        assert any(line.startswith("openai") for line in lines) == (template == "llm")


def test_settings_of_a_template_follow_those_of_all_projects(init):
    init("demo", "--template", "llm")
    names = re.findall(r"^(\w+)=", Path("demo/.env.example").read_text(), re.M)
    assert names[0] == "AI_SPINE_BASE_URL"
    assert {"OPENAI_API_KEY", "OPENAI_BASE_URL", "OPENAI_MODEL"} <= set(names)


def test_without_the_openai_package_the_server_says_what_to_install(
    init, launch, tmp_path
):
    told = init("demo", "--template", "llm")
    assert "its flow needs the package openai" in told.stderr
    hidden = tmp_path / "hidden"
    hidden.mkdir()
    (hidden / "openai.py").write_text("raise ImportError('hidden')\n")
    path = os.pathsep.join(filter(None, [str(hidden), os.environ.get("PYTHONPATH")]))
    words = words_of(told.stdout.splitlines()[1])
    process = launch(*words, "--port", "0", cwd="demo", PYTHONPATH=path)
    outcome = finish(process)
    assert outcome.exit_code == 2
    assert outcome.error.endswith(
        "ImportError: the package openai is not installed: "
        "pip install -r requirements.txt"
    )


def test_a_folder_with_an_odd_name_is_quoted_in_the_printed_commands(init, tmp_path):
    for name in ("two  words", "-x; rm", "é"):
        way, *_ = init("--", name).stdout.splitlines()
        assert shlex.split(way) in (["cd", name], ["cd", "--", name])
        assert (tmp_path / name / "agents.py").exists()


# Where it writes


def test_without_a_folder_the_current_one_is_taken(init, tmp_path):
    (tmp_path / "here").mkdir()
    os.chdir("here")
    outcome = init()
    assert outcome.exit_code == 0
    assert [line.split()[1] for line in outcome.stdout.splitlines()] == [
        "local",
        "execute",
    ]
    assert Path("README.md").read_text(encoding="utf-8").startswith("# here\n")


def test_an_empty_folder_is_filled_and_stays_the_same(init, tmp_path):
    folder = tmp_path / "demo"
    folder.mkdir(mode=0o700)
    before = folder.stat()
    assert init("demo").exit_code == 0
    assert (folder.stat().st_ino, folder.stat().st_mode) == (
        before.st_ino,
        before.st_mode,
    )
    assert "agents.py" in files_in(folder)


@pytest.mark.skipif(os.name == "nt", reason="needs POSIX modes")
def test_a_new_folder_has_the_mode_of_others(init, tmp_path):
    (tmp_path / "other").mkdir()
    init("demo")
    assert (tmp_path / "demo").stat().st_mode == (tmp_path / "other").stat().st_mode
    assert files_in(tmp_path)[0] == "demo"  # and nothing hidden is left


@pytest.mark.parametrize("name", ["notes.txt", ".git"])
def test_a_folder_that_is_not_empty_is_refused_and_untouched(init, tmp_path, name):
    (tmp_path / "demo").mkdir()
    (tmp_path / "demo" / name).write_text("mine")
    outcome = init("demo")
    assert outcome.exit_code == 2
    assert "the folder demo is not empty: name a new or an empty one" in outcome.error
    assert files_in(tmp_path) == ["demo", f"demo/{name}"]


def test_a_second_project_in_the_same_folder_is_refused(init):
    assert init("demo").exit_code == 0
    assert "is not empty" in init("demo", "--template", "credit").error


def test_a_file_is_refused(init, tmp_path):
    (tmp_path / "demo").write_text("mine")
    outcome = init("demo")
    assert outcome.exit_code == 2
    assert "demo is a file: name a new or an empty folder" in outcome.error
    assert (tmp_path / "demo").read_text() == "mine"


@pytest.mark.parametrize("name", ["no/such/place", "file/demo", "x" * 3000])
def test_a_place_that_cannot_be_written_is_reported_in_one_line(init, tmp_path, name):
    (tmp_path / "file").write_text("mine")
    outcome = init(name)
    assert outcome.exit_code == 2
    assert "the project cannot be written to" in outcome.error
    assert files_in(tmp_path) == ["file"]


@pytest.mark.skipif(
    os.name == "nt" or os.geteuid() == 0, reason="root may write anywhere"
)
def test_a_folder_of_others_is_reported_in_one_line(init, tmp_path):
    (tmp_path / "theirs").mkdir(mode=0o500)
    assert "Permission denied" in init("theirs/demo").error
    assert "Permission denied" in init("theirs").error


@pytest.mark.parametrize("exists", [False, True], ids=["new", "empty"])
@pytest.mark.parametrize("method, place", [("write_bytes", 3), ("rename", 1)])
def test_a_failure_on_the_way_leaves_nothing_behind(
    init, tmp_path, monkeypatch, exists, method, place
):
    if exists:
        (tmp_path / "demo").mkdir()
        place += 1
    calls = []

    def fail(self, *args):
        calls.append(self)
        if len(calls) == place:
            raise OSError(28, "No space left on device")
        return real(self, *args)

    real = getattr(Path, method)
    with monkeypatch.context() as patch:
        patch.setattr(Path, method, fail)
        outcome = init("demo")
    assert outcome.exit_code == 2
    assert "cannot be written to demo: No space left on device" in outcome.error
    assert files_in(tmp_path) == (["demo"] if exists else [])
    assert init("demo").exit_code == 0


def test_a_folder_without_a_name_is_refused(init, tmp_path):
    assert "the name of the folder must not be empty" in init("").error
    assert files_in(tmp_path) == []


def test_a_name_that_moves_the_cursor_is_printed_without_that(init):
    outcome = init("a\x1b[2Jb\nc")
    assert len(outcome.stdout.splitlines()) == 3
    assert "\x1b" not in outcome.stdout + outcome.stderr


def test_an_unknown_template_is_refused_with_those_there_are(init, tmp_path):
    outcome = init("demo", "--template", "agents")
    assert outcome.exit_code == 2
    for name in OUTPUTS:
        assert name in outcome.error
    assert files_in(tmp_path) == []


def test_an_error_is_json_where_that_is_asked_for(init, tmp_path):
    (tmp_path / "demo").write_text("mine")
    outcome = init("demo", "--output", "json")
    assert outcome.json_error["exit_code"] == 2


# The templates


def test_the_templates_are_packaged():
    settings = configparser.ConfigParser()
    settings.read(ROOT / "setup.cfg", encoding="utf-8")
    patterns = settings["options.package_data"]["ai_spine.cli"].split(",")
    folder = ROOT / "ai_spine" / "cli"
    # As setuptools does, `glob` finds hidden files only for a pattern with a dot.
    packaged = [
        name for each in patterns for name in glob.glob(str(folder / each.strip()))
    ]
    files = [str(path) for path in (folder / "templates").rglob("*") if path.is_file()]
    assert sorted(packaged) == sorted(files)


def test_the_documented_templates_are_all_there_are():
    text = (ROOT / "docs" / "quickstart.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\w+)` \|", text, re.M)
    assert rows == list(project.TEMPLATES) == list(OUTPUTS)
