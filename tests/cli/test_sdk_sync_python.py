"""Tests of `sdk-sync python`: its sources and options, and what it says when something is wrong."""

import json
import os
import sys
import threading

import pytest

from ai_spine.cli import sdk_sync as command
from ai_spine.local import LocalServer
from ai_spine.sdk_sync import IRField, IRModel, IRSpec, IRType, SchemaVersion

V1 = SchemaVersion(1, 0, 0)
USER = IRModel("User", V1, [IRField("id", IRType.STRING, required=True)])
PET = IRModel("Pet", V1, [IRField("owner", IRType.REF, ref_name="Nobody")])
AGENTS = """
from ai_spine.local import agent


@agent("greeter")
def greet(name: str, times: int = 1) -> dict:
    return {"greeting": f"Hello, {name}!" * times}
"""
FLOW = {
    "flow_id": "greeting",
    "nodes": [{"id": "hello", "type": "processor", "agent_id": "greeter"}],
    "entry_point": "hello",
    "exit_points": ["hello"],
}


@pytest.fixture
def here(tmp_path, monkeypatch):
    """An empty folder, which is the current one, with a specification in it."""
    monkeypatch.chdir(tmp_path)
    write_spec(tmp_path / "spec.json", USER)
    return tmp_path


@pytest.fixture
def generate(invoke, here):
    """Run `sdk-sync python` there."""

    def call(*args):
        return invoke("sdk-sync", "python", *args)

    return call


def write_spec(path, *models):
    spec = IRSpec(V1, models={each.name: each for each in models})
    path.write_text(spec.to_json())


def files_in(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.suffix != ".pyc"
    }


def test_a_package_is_generated_from_a_running_backend(generate, here):
    with LocalServer() as server:
        outcome = generate("--backend", server.url, "--out", "./my_flows")
        text = (here / "my_flows" / "my_flows" / "clients.py").read_text()
        assert f'base_url: str = "{server.url}"' in text
    assert outcome.exit_code == 0
    assert outcome.stdout == "pip install ./my_flows\n"
    assert "my_flows has 2 clients and " in outcome.stderr
    assert "class CreditAnalysisClient:" in text


def test_a_key_that_is_given_is_sent_to_the_backend_and_shown_nowhere(generate, here):
    with LocalServer(api_key="sk-secret") as server:
        outcome = generate("--backend", server.url, "--api-key", "sk-secret")
        assert outcome.exit_code == 0
        refused = generate(
            "--backend", server.url, "--api-key", "sk-wrong", "--out", "b"
        )
    assert refused.exit_code != 0 and "401" in refused.stderr
    everything = outcome.stderr + refused.stderr
    assert "sk-" not in everything and not any(
        b"sk-secret" in data for data in files_in(here / "sdk").values()
    )


def test_a_package_is_generated_from_flows_without_a_server(generate, here):
    (here / "flows").mkdir()
    (here / "flows" / "greeting.json").write_text(json.dumps(FLOW))
    (here / "my_agents.py").write_text(AGENTS)
    words = ("--flows", "flows", "--agents", "my_agents.py", "--out", "greetings")
    assert generate(*words).exit_code == 0
    text = (here / "greetings" / "greetings" / "models.py").read_text()
    assert "class GreetingInput(BaseModel):" in text
    assert "name: str" in text and "times: int = 1" in text


def test_a_package_is_generated_from_a_file_and_from_a_folder(generate, here):
    assert generate("--spec-file", "spec.json").exit_code == 0
    (here / "schemas").mkdir()
    (here / "schemas" / "User.json").write_text(json.dumps(USER.to_json_schema()))
    (here / "schemas" / "bad.json").write_text("{")
    outcome = generate(
        "--schema-dir", "schemas", "--out", "other", "--package-name", "n3_sdk"
    )
    assert outcome.exit_code == 0 and "warning: " in outcome.stderr
    assert "bad.json" in outcome.stderr
    for folder in ("sdk", "other"):
        assert b"class User(BaseModel)" in files_in(here / folder)["n3_sdk/models.py"]


def test_all_options_of_the_package_are_used(generate, here):
    outcome = generate(
        *(
            "--spec-file",
            "spec.json",
            "--out",
            "./my_sdk",
            "--package-name",
            "my_n3_sdk",
        ),
        *("--base-url", "http://api.example.com", "--version", "1.2.3", "--strict"),
        *("--save-spec", "saved.json", "--no-format", "--verbose"),
    )
    assert outcome.exit_code == 0
    files = files_in(here / "my_sdk")
    assert b"__version__ = '1.2.3'" in files["my_n3_sdk/__init__.py"]
    assert b'version = "1.2.3"' in files["pyproject.toml"]
    assert IRSpec.from_json((here / "saved.json").read_text()).models == {"User": USER}
    assert "generating" in outcome.stderr and "formatting" not in outcome.stderr


def test_a_package_is_named_after_its_folder_as_python_can(generate, here):
    outcome = generate("--spec-file", "spec.json", "--out", "My-SDK 2")
    assert outcome.stdout == "pip install './My-SDK 2'\n"
    assert (here / "My-SDK 2" / "my_sdk_2" / "models.py").exists()


def test_the_timeout_of_the_options_holds_for_a_backend(generate, httpserver):
    gate = threading.Event()
    httpserver.expect_request("/api/_meta/spec").respond_with_handler(
        lambda request: gate.wait(30)
    )
    try:
        outcome = generate("--backend", httpserver.url_for(""), "--timeout", "0.1")
    finally:
        gate.set()
    assert outcome.exit_code == 8 and "[SDK010]" in outcome.error


def test_a_diff_keeps_the_indentation_of_code(generate, here):
    generate("--spec-file", "spec.json")
    email = IRField("email", IRType.STRING, required=True)
    write_spec(here / "spec.json", IRModel("User", V1, [*USER.fields, email]))
    lines = generate("--spec-file", "spec.json", "--check").stdout.splitlines()
    assert "+    email: str" in lines


def test_what_is_up_to_date_passes_the_check(generate, here):
    generate("--spec-file", "spec.json")
    outcome = generate("--spec-file", "spec.json", "--check")
    assert (outcome.exit_code, outcome.stdout) == (0, "")
    assert "sdk is up to date" in outcome.stderr


def test_the_check_shows_what_changed_is_missing_or_unknown_and_changes_nothing(
    generate, here
):
    generate("--spec-file", "spec.json")
    write_spec(here / "spec.json", USER, IRModel("Pet", V1))
    (here / "sdk" / "README.md").unlink()
    (here / "sdk" / "n3_sdk" / "mine.py").write_text("mine")
    before = files_in(here / "sdk")
    outcome = generate("--spec-file", "spec.json", "--check")
    assert outcome.exit_code == 1
    lines = outcome.stdout.splitlines()
    assert "missing: README.md" in lines and "unknown: n3_sdk/mine.py" in lines
    assert "changed: n3_sdk/models.py" in lines and "+class Pet(BaseModel):" in lines
    assert "sdk is not up to date" in outcome.stderr.splitlines()[-1]
    assert files_in(here / "sdk") == before


def test_strict_fails_and_writes_nothing(generate, here):
    write_spec(here / "spec.json", PET)
    outcome = generate("--spec-file", "spec.json", "--strict")
    assert outcome.exit_code == 1 and "[SDK003]" in outcome.error
    assert not (here / "sdk").exists()
    lenient = generate("--spec-file", "spec.json")
    assert lenient.exit_code == 0 and "warning: /models/Pet" in lenient.stderr


def test_the_first_warnings_are_shown_and_all_if_asked(generate, here):
    parts = [IRField(f"f{n}", IRType.REF, ref_name="Nobody") for n in range(5)]
    write_spec(here / "spec.json", IRModel("Pet", V1, parts))
    assert "2 more warnings" in generate("--spec-file", "spec.json").stderr
    verbose = generate("--spec-file", "spec.json", "--verbose").stderr
    assert verbose.count("warning: ") == 5


@pytest.mark.parametrize(
    "words, exit_code, sentence",
    [
        ([], 2, "name what to read: --backend, --schema-dir, --spec-file or --flows"),
        (
            ["--backend", "http://x", "--flows", "f"],
            2,
            "--backend and --flows exclude each other",
        ),
        (["--agents", "a", "--spec-file", "spec.json"], 2, "--agents needs --flows"),
        (
            ["--spec-file", "spec.json", "--check", "--save-spec", "x"],
            2,
            "--check writes nothing: leave out --save-spec",
        ),
        (["--spec-file", "none.json"], 1, "none.json cannot be read: No such file"),
        (
            ["--spec-file", "https://a.test/api.json"],
            1,
            "https://a.test/api.json is a URL: save what is there",
        ),
        (["--spec-file", "bad.json"], 1, "bad.json is no specification"),
        (["--schema-dir", "none"], 1, "none"),
        (
            ["--spec-file", "spec.json", "--out", "spec.json", "--package-name", "p"],
            2,
            "spec.json is a file",
        ),
        (["--spec-file", "spec.json", "--out", "mine"], 2, "main.py"),
        (["--spec-file", "spec.json", "--version", "d6a1b2c"], 2, "is such as 1.2.3"),
        (
            ["--spec-file", "spec.json", "--package-name", "my-sdk"],
            2,
            "'my-sdk' is none",
        ),
        (
            ["--spec-file", "spec.json", "--out", "2"],
            2,
            "(--package-name gives another)",
        ),
        (
            ["--spec-file", "spec.json", "--base-url", "x"],
            2,
            "base_url must be an http",
        ),
        (["--backend", "http://127.0.0.1:9"], 8, "127.0.0.1:9"),
        (["--backend", "nowhere"], 2, "base_url"),
        (["--flows", "none"], 2, "none"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(generate, here, words, exit_code, sentence):
    (here / "bad.json").write_text("{")
    (here / "mine").mkdir()
    (here / "mine" / "main.py").write_text("mine")
    before = files_in(here)
    outcome = generate(*words)
    assert (outcome.exit_code, sentence in outcome.error) == (exit_code, True), outcome
    assert files_in(here) == before


def test_errors_have_their_codes_in_json_as_well(invoke, here):
    outcome = invoke(
        "--output", "json", "sdk-sync", "python", "--spec-file", "none.json"
    )
    assert outcome.json_error["code"] == "SDK008"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_cannot_be_written_is_said_in_one_line(generate, here):
    here.chmod(0o500)
    try:
        assert "cannot be written" in generate("--spec-file", "spec.json").error
    finally:
        here.chmod(0o700)


def test_without_aiohttp_the_extra_of_sdk_sync_is_named(generate, monkeypatch):
    monkeypatch.setitem(sys.modules, "aiohttp", None)
    outcome = generate("--backend", "http://127.0.0.1:1")
    words = "reading a backend needs aiohttp: pip install 'ai-spine-sdk[sdk-sync]'"
    assert outcome.error == f"Error: {words} [SDK009]"


def test_a_missing_library_is_named_with_the_extra(generate, monkeypatch):
    monkeypatch.setitem(sys.modules, "pydantic", None)
    monkeypatch.setattr(command, "_read_source", lambda _: __import__("pydantic"))
    outcome = generate("--spec-file", "spec.json")
    assert outcome.error == (
        "Error: sdk-sync needs pydantic: pip install 'ai-spine-sdk[sdk-sync]'"
    )
