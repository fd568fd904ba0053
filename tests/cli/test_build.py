"""Tests of `build`: its backends serve, and it writes all of one or nothing."""

import importlib
import json
import os
import sys
from pathlib import Path

import pytest
import requests

from ai_spine.__version__ import __version__
from ai_spine.sdk_sync import generated_folder
from ai_spine.sdk_sync.ir import IRSpec
from tests.asgi import serving
from tests.local import LIMIT, single
from tests.needs import from_310, needs

AGENTS = '''"""Agents."""

from factors import FACTOR

from ai_spine.local import agent


@agent("work")
def work(amount: float) -> dict:
    """Multiply."""
    return {"amount": FACTOR * amount}
'''
FILES = [
    "README.md",
    "agents.py",
    "factors.py",
    "flows/f.json",
    "generated/__init__.py",
    "generated/files.json",
    "generated/routers/__init__.py",
    "generated/routers/tools.py",
    "main.py",
    "requirements.txt",
]
SCHEMA_FILES = [
    "generated/routers/metadata.py",
    "generated/schemas/__init__.py",
    "generated/schemas/spec.json",
]


@pytest.fixture
def build(invoke, tmp_path, monkeypatch):
    """Run `build` in a folder with a project."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    before = dict(sys.modules)
    Path("flows").mkdir()
    Path("flows/f.json").write_text(json.dumps(single()))
    Path("flows/notes.txt").write_text("no flow")
    Path("agents.py").write_text(AGENTS)
    Path("factors.py").write_text("FACTOR = 2\n")
    Path("unused.py").write_text("raise SystemExit\n")

    def call(*args, flows="flows", agents="agents.py"):
        given = () if agents is None else ("--agents", agents)
        return invoke("build", flows, *given, *args)

    yield call
    for name in set(sys.modules) - set(before):
        module = sys.modules[name]
        if str(getattr(module, "__file__", "") or "").startswith(str(tmp_path)):
            del sys.modules[name]


def files_in(folder):
    """Return the paths of all files in a folder."""
    found = (p for p in Path(folder).rglob("*") if p.is_file() or p.is_symlink())
    return sorted(
        p.relative_to(folder).as_posix() for p in found if "__pycache__" not in p.parts
    )


# What is built


@pytest.mark.parametrize("agents", ["agents.py", "agents"])
@needs("fastapi")
@needs("uvicorn")
def test_a_backend_serves_the_flows_and_their_schemas(build, monkeypatch, agents):
    outcome = build("--export-schemas", "--schema-version", "2.0.0", agents=agents)
    assert outcome.exit_code == 0, outcome.stderr
    assert outcome.stdout.splitlines() == [
        "cd backend",
        "pip install -r requirements.txt",
        "uvicorn main:app",
    ]
    assert "the backend is in backend, with 1 tool." in outcome.stderr
    assert files_in("backend") == sorted(FILES + SCHEMA_FILES)
    needed = Path("backend", "requirements.txt").read_text().splitlines()
    assert needed[0] == f"ai-spine-sdk[local,sdk-sync]>={__version__}"

    monkeypatch.chdir("backend")
    monkeypatch.setenv("BACKEND_API_KEY", "secret")
    for name in ("agents", "factors", "generated", "main"):
        sys.modules.pop(name, None)
    sys.path.insert(0, os.getcwd())
    importlib.invalidate_caches()
    app = importlib.import_module("main").app
    with serving(app) as url, requests.Session() as http:
        http.trust_env = False
        tool = f"{url}/api/tools/f/execute"
        assert http.get(f"{url}/health", timeout=LIMIT).ok
        assert http.post(tool, json={"amount": 2}, timeout=LIMIT).status_code == 401
        http.headers["Authorization"] = "Bearer secret"
        done = http.post(tool, json={"amount": 2}, timeout=LIMIT)
        manifest = http.get(f"{url}/api/_meta/schemas", timeout=LIMIT).json()
        spec = http.get(f"{url}/api/_meta/spec", timeout=LIMIT).json()
    assert (done.status_code, done.json()) == (200, {"n": {"amount": 4}})
    assert manifest["tools"] == {"f": {"versions": ["2.0.0"], "latest": "2.0.0"}}
    assert IRSpec.from_dict(spec).models["FInput"].get_field("amount").required


def test_without_export_schemas_there_are_none(build):
    outcome = build("--build-backend", "--backend-out", "served")
    assert outcome.exit_code == 0
    assert files_in("served") == FILES
    assert "_meta" not in Path("served/README.md").read_text()
    assert "metadata" not in Path("served/generated/routers/__init__.py").read_text()


def test_schemas_need_a_newer_python(build, monkeypatch):
    monkeypatch.setattr(sys, "version_info", (3, 9))
    outcome = build("--export-schemas")
    assert outcome.exit_code == 2
    assert "--export-schemas needs Python 3.10 or later" in outcome.stderr
    assert not Path("backend").exists()


@from_310
def test_what_is_not_known_of_a_tool_is_said(build):
    outcome = build("--export-schemas")
    assert "warning: tool 'f': its output is not known" in outcome.stderr


def test_one_file_of_a_flow_is_enough(build):
    assert build(flows="flows/f.json").exit_code == 0
    assert "flows/f.json" in files_in("backend")


def test_a_flow_may_need_no_agents(build):
    node = {"id": "in", "type": "input"}
    flow = {
        "flow_id": "echo",
        "nodes": [node],
        "entry_point": "in",
        "exit_points": ["in"],
    }
    Path("flows/f.json").write_text(json.dumps(flow))
    assert build(agents=None).exit_code == 0
    assert 'flows", None, db' in Path("backend/generated/routers/tools.py").read_text()


def test_agents_in_a_package_are_copied_with_what_they_import_from_it(build):
    Path("crew").mkdir()
    Path("crew/__init__.py").write_text("")
    Path("crew/other.py").write_text("")
    Path("factors.py").rename("crew/factors.py")
    Path("crew/agents.py").write_text(AGENTS.replace("from factors", "from .factors"))
    assert build(agents="crew.agents").exit_code == 0
    found = [path for path in files_in("backend") if path.startswith("crew")]
    assert found == ["crew/__init__.py", "crew/agents.py", "crew/factors.py"]
    assert '"crew.agents"' in Path("backend/generated/routers/tools.py").read_text()


def test_agents_of_an_installed_package_are_named_and_not_copied(build):
    Path("flows/f.json").write_text(json.dumps(single("sentiment_scorer")))
    assert build(agents="ai_spine.local.samples.agents").exit_code == 0
    text = Path("backend/generated/routers/tools.py").read_text()
    assert '"ai_spine.local.samples.agents"' in text
    assert "agents.py" not in files_in("backend")


@pytest.mark.parametrize("out", ["b'\"$x", "b\n{y}", "日本"])
@needs("black")
def test_the_python_of_a_backend_is_python_whatever_the_folder_is_called(build, out):
    assert build("--out", out, "--export-schemas").exit_code == 0
    for file in Path(out).rglob("*.py"):
        compile(file.read_text(encoding="utf-8"), str(file), "exec")


# What is refused


@pytest.mark.parametrize(
    "options, words",
    [
        ({"flows": "nowhere"}, "there are no flows in nowhere"),
        ({"flows": "."}, "there are no flows in ."),
        ({"agents": "nobody.py"}, "cannot be imported"),
        ({"agents": None}, "agent 'work'"),
    ],
)
def test_what_cannot_run_is_not_built(build, options, words):
    outcome = build(**options)
    assert outcome.exit_code == 2
    assert words in outcome.error
    assert not Path("backend").exists()


@pytest.mark.parametrize("version", ["1", "latest", "1.0.0-rc1", ""])
def test_a_version_must_be_semantic(build, version):
    outcome = build("--schema-version", version)
    assert outcome.exit_code == 2
    assert (
        "'--schema-version': a version has three numbers, such as 1.2.3"
        in outcome.error
    )


def test_a_module_of_the_agents_must_not_replace_one_of_the_backend(build):
    Path("main.py").write_text("FACTOR = 3\n")
    Path("agents.py").write_text(AGENTS.replace("from factors", "from main"))
    outcome = build()
    assert "main.py of the agents would replace a file of the backend" in outcome.error


def test_a_file_in_the_place_of_the_folder_is_refused(build):
    Path("backend").write_text("mine")
    assert "backend is a file: name a folder" in build().error
    assert Path("backend").read_text() == "mine"
    assert "must not be empty" in build("--out", "").error


# Again


@from_310
def test_a_backend_is_built_again_without_what_is_gone(build):
    build("--export-schemas")
    Path("flows/f.json").rename("flows/g.json")
    os.makedirs("backend/generated/__pycache__")
    Path("backend/generated/__pycache__/x.pyc").write_bytes(b"x")
    assert build().exit_code == 0
    assert files_in("backend") == sorted({*FILES, "flows/g.json"} - {"flows/f.json"})


@pytest.mark.parametrize(
    "path", [".env", "generated/routers/mine.py", "main.py", "venv/bin/x"]
)
def test_what_was_added_or_changed_is_not_overwritten(build, path):
    build()
    Path("backend", path).parent.mkdir(parents=True, exist_ok=True)
    Path("backend", path).write_text("mine")
    shown = "venv" if path.startswith("venv") else path
    assert f"backend has what was not generated: {shown};" in build().error
    assert Path("backend", path).read_text() == "mine"


def test_a_folder_of_something_else_is_refused(build):
    Path("backend/src").mkdir(parents=True)
    for name in "abcd":
        Path("backend", name).write_text(name)
    assert "not generated: a, b, c and 2 more;" in build().error
    assert files_in("backend") == ["a", "b", "c", "d"]


def test_an_empty_folder_is_filled(build):
    Path("backend").mkdir()
    assert build().exit_code == 0
    assert files_in("backend") == FILES


@pytest.mark.parametrize("manifest", ["[]", "{", "[" * 100_000])
def test_a_damaged_list_of_files_means_that_nothing_is_known(build, manifest):
    build()
    Path("backend/generated/files.json").write_text(manifest)
    assert "backend has what was not generated" in build().error


def test_force_keeps_what_was_added_and_replaces_what_was_changed(build):
    build()
    main = Path("backend/main.py").read_text()
    for path in ("main.py", ".env", "generated/routers/mine.py", "venv/bin/x"):
        Path("backend", path).parent.mkdir(parents=True, exist_ok=True)
        Path("backend", path).write_text("mine")
    if hasattr(os, "symlink"):
        os.symlink("nowhere", "backend/link")
    assert build("--force").exit_code == 0
    assert Path("backend/main.py").read_text() == main
    for path in (".env", "generated/routers/mine.py", "venv/bin/x"):
        assert Path("backend", path).read_text() == "mine"
    assert os.path.islink("backend/link")
    assert [each for each in os.listdir(".") if each.startswith(".ai-spine")] == []


def test_a_build_that_fails_leaves_the_old_backend_whole(build, monkeypatch):
    build()
    Path("backend/.env").write_text("mine")
    before = {path: Path("backend", path).read_bytes() for path in files_in("backend")}
    real = Path.rename

    def rename(self, target):
        if (self.parent.name, self.name) == ("new", "requirements.txt"):
            raise OSError(28, "No space left on device")
        return real(self, target)

    monkeypatch.setattr(generated_folder.Path, "rename", rename)
    Path("flows/f.json").write_text(json.dumps(single(flow_id="other")))
    assert (
        "backend cannot be written: No space left on device" in build("--force").error
    )
    assert {p: Path("backend", p).read_bytes() for p in files_in("backend")} == before
    assert [each for each in os.listdir(".") if each.startswith(".ai-spine")] == []
