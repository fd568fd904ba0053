"""`sdk-sync diff`: what it prints of two schemas, and how it exits."""

import json

import pytest
from click.testing import CliRunner

from ai_spine.cli.main import cli
from ai_spine.sdk_sync.ir import IRModel, IRSpec, IRTool, SchemaVersion

TEXT, WHOLE, NUMBER = ({"type": name} for name in ("string", "integer", "number"))
V1 = SchemaVersion(1)


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Run the command in a folder of files."""
    monkeypatch.chdir(tmp_path)
    return lambda *words: CliRunner().invoke(cli, ["sdk-sync", "diff", *words])


def schema(**properties):
    return {"title": "User", "type": "object", "properties": properties}


@pytest.fixture
def files(tmp_path):
    """Write files, and return nothing; each is JSON, or a text."""

    def write(**contents):
        for name, content in contents.items():
            text = content if isinstance(content, str) else json.dumps(content)
            (tmp_path / f"{name}.json").write_text(text, "utf-8")

    return write


def test_a_row_says_what_changed_where_and_whom_it_breaks(run, files):
    files(old=schema(age=NUMBER), new=schema(age=WHOLE, x=TEXT))
    done = run("old.json", "new.json")
    assert done.stdout.splitlines() == [
        "CHANGE                                               WHERE            REQUESTS"
        "  RESPONSES",
        "Field 'age' changed its type from number to integer  /properties/age  break   "
        "  ok",
        "Field 'x' added                                      /properties/x    ok      "
        "  ok",
    ]
    assert done.stderr == "2 changes, 1 breaking; suggested version: 2.0.0\n"
    assert done.exit_code == 0


def test_nothing_is_printed_if_nothing_changed(run, files):
    files(old=schema(age=NUMBER))
    done = run("old.json", "old.json", "--fail-on", "any")
    assert (done.stdout, done.exit_code) == ("", 0)
    assert done.stderr == "0 changes, 0 breaking; suggested version: 1.0.0\n"


@pytest.mark.parametrize(
    "words, code",
    [
        (["--fail-on", "breaking"], 1),
        (["--fail-on", "breaking", "--direction", "request"], 1),
        (["--fail-on", "breaking", "--direction", "response"], 0),
        (["--fail-on", "any", "--direction", "response"], 1),
        ([], 0),
    ],
)
def test_the_exit_code_says_whether_a_change_is_allowed(run, files, words, code):
    files(old=schema(age=NUMBER), new=schema(age=WHOLE))
    assert run("old.json", "new.json", *words).exit_code == code


def test_programs_read_all_that_is_known(run, files):
    files(old=schema(user_name=TEXT), new=schema(username=TEXT))
    done = run("old.json", "new.json", "--output", "json")
    found = json.loads(done.stdout)
    assert (found["compatible"], found["suggested_version"]) == (False, "2.0.0")
    assert [each["type"] for each in found["changes"]] == [
        "field_removed",
        "field_added",
    ]
    assert found["proposed_renames"] == [["user_name", "username"]]
    assert "was user_name renamed to username?" in done.stderr
    lines = run("old.json", "new.json", "--output", "jsonl").stdout.splitlines()
    assert json.loads(lines[1])["change"] == "Field 'username' added"


def test_a_query_picks_of_the_document(run, files):
    pytest.importorskip("jmespath")
    files(old=schema(), new=schema(a=TEXT))
    done = run("old.json", "new.json", "--query", "changes[].field_name")
    assert done.stdout == "a\n"


def test_a_schema_in_yaml_is_named_after_its_file(run, files, tmp_path):
    pytest.importorskip("yaml")
    (tmp_path / "User.yaml").write_text("enum: [S, M]\n", "utf-8")
    (tmp_path / "new.yml").write_text("title: User\nenum: [S]\n", "utf-8")
    done = run("User.yaml", "new.yml")
    assert "Constraint 'enum' of the model changed: 'M' removed" in done.stdout


def spec(leaf, *tools):
    model = IRModel.from_json_schema(schema(age=leaf))
    empty = IRModel.from_json_schema({"title": "In"})
    made = {name: IRTool(name, V1, "", model, empty) for name in tools}
    return IRSpec(V1, models={"User": model}, tools=made).to_json()


def test_specifications_are_compared(run, files):
    files(old=spec(WHOLE, "search", "gone"), new=spec(NUMBER, "search", "new"))
    done = run("old.json", "new.json", "--fail-on", "breaking")
    rows = [line.split("  ") for line in done.stdout.splitlines()[1:]]
    assert [[cell.strip() for cell in row if cell] for row in rows] == [
        [
            "Field 'age' changed its type from integer to number",
            "model User: /models/User/properties/age",
            "ok",
            "break",
        ],
        [
            "Field 'age' changed its type from integer to number",
            "tool search: /tools/search/input_schema/properties/age",
            "ok",
            "ok",
        ],
        ["Tool 'gone' removed", "tool gone", "break", "break"],
        ["Tool 'new' added", "tool new", "ok", "ok"],
    ]
    assert done.stderr == "4 changes, 2 breaking; suggested version: 2.0.0\n"
    assert done.exit_code == 1
    found = json.loads(run("old.json", "new.json", "--output", "json").stdout)
    assert found["changes"][0]["path"] == "/models/User"


def test_a_model_of_a_specification_is_picked(run, files):
    files(old=spec(WHOLE), new=spec(NUMBER), user=schema(age=WHOLE))
    for words in (
        ["old.json#User", "new.json#User@1.0.0"],
        ["user.json", "new.json"],
        ["old.json", "user.json"],
    ):
        done = run(*words)
        assert done.exit_code == 0, done.stderr
        assert ("1 change, " in done.stderr) is (words[1] != "user.json")


@pytest.mark.parametrize(
    "words, code, message",
    [
        (["gone.json", "user.json"], 2, "gone.json cannot be read: No such file"),
        (["bad.json", "user.json"], 2, "bad.json is not JSON"),
        (
            ["list.json", "user.json"],
            1,
            "list.json: a schema must be an object, not of",
        ),
        (["user.json", "type.json"], 1, "type.json: 'text' is no type of JSON Schema"),
        (["user.json#X", "user.json"], 2, "there is no model user.json#X"),
        (
            ["user.json#User@2.0.0", "user.json"],
            2,
            "there is no model user.json#User@2",
        ),
        (["user.json#User@2", "user.json"], 2, "a version has three numbers"),
        (["spec.json", "other.json"], 2, "a specification can only be compared with"),
        ([".", "user.json"], 2, ". is a folder: name a model of its registry, such as"),
        (["user.json"], 2, "Missing argument 'NEW'"),
    ],
)
def test_an_error_is_one_line(run, files, words, code, message):
    files(user=schema(), bad="{", list=[], type={"type": "text"}, spec=spec(WHOLE))
    files(other={"title": "Other"})
    done = run(*words)
    assert (done.stdout, done.exit_code) == ("", code)
    assert len(done.stderr.splitlines()) == 1
    assert done.stderr.startswith(f"Error: {message}")


def test_versions_in_a_registry_are_compared(run, tmp_path):
    from ai_spine.sdk_sync.registry import SchemaRegistry

    registry = SchemaRegistry(tmp_path / "schemas")
    for number, properties in ((1, {"age": NUMBER}), (2, {"age": WHOLE})):
        model = IRModel.from_json_schema(
            schema(**properties), version=SchemaVersion(number)
        )
        registry.register_model(model)
    registry.save()
    done = run("schemas#User@1.0.0", "schemas#User", "--fail-on", "breaking")
    assert done.exit_code == 1 and "from number to integer" in done.stdout
    missing = run("schemas#User@3.0.0", "schemas#User")
    assert (
        missing.exit_code,
        "there is no model schemas#User@3.0.0" in missing.stderr,
    ) == (
        2,
        True,
    )


def test_a_running_backend_is_compared(run, files):
    from ai_spine.local import LocalServer

    with LocalServer() as server:
        spec = server.export_schemas()
        files(spec=spec.to_dict())
        same = run("spec.json", server.url, "--fail-on", "any")
        one = run(f"{server.url}#CreditAnalysisInput", "spec.json#CreditAnalysisInput")
    assert (same.exit_code, same.stdout, one.exit_code, one.stdout) == (0, "", 0, "")


def test_a_backend_that_is_down_is_said_with_its_exit_code(run):
    done = run("http://127.0.0.1:9", "http://127.0.0.1:9")
    assert done.exit_code == 8 and "[SDK010]" in done.stderr
