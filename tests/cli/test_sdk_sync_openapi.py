"""`sdk-sync inspect` and `sdk-sync openapi`, and OpenAPI documents as a source of others."""

import json
import sys

import pytest
from click.testing import CliRunner

from ai_spine.cli.main import cli
from ai_spine.sdk_sync import IRModel, IRSpec, SchemaVersion, load_spec
from ai_spine.sdk_sync.errors import ImportError
from ai_spine.sdk_sync.openapi import remote
from tests.needs import needs

TEXT = {"type": "string"}
OK = {"200": {"description": "Fine."}}
BODY = {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/A"}}}}


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Run a command of `sdk-sync` in an empty folder."""
    monkeypatch.chdir(tmp_path)
    return lambda *words: CliRunner().invoke(cli, ["sdk-sync", *words])


@pytest.fixture
def write(tmp_path):
    """Write an OpenAPI document."""

    def call(paths, schema=TEXT, **more):
        info = {"title": "Shop", "version": "1.2.0"}
        components = {"schemas": {"A": schema}}
        data = {"openapi": "3.1.0", "info": info, "paths": paths, **more}
        data["components"] = components
        (tmp_path / "openapi.json").write_text(json.dumps(data, indent=1))

    return call


PATHS = {
    "/things": {
        "get": {"operationId": "list", "tags": ["Things"], "responses": OK},
        "post": {"requestBody": BODY, "responses": {**OK, "default": {}}},
    }
}


def test_a_document_is_shown_with_its_operations(run, write):
    write(PATHS, servers=[{"url": "https://example.com"}])
    done = run("inspect", "openapi.json")
    assert done.stdout.splitlines() == [
        "title             Shop",
        "version           1.2.0",
        "openapi           3.1.0",
        "operations        2",
        "left_out          0",
        "schemas           1",
        "groups            2",
        "security_schemes",
        "servers           https://example.com",
        "",
        "METHOD  PATH     OPERATION    GROUP   CALL                ALSO  BODY"
        "              RESPONSES",
        "GET     /things  list         Things  things.list         -     -   "
        "              200",
        "POST    /things  post_things  things  things.post_things  -     application/json"
        "  200; default",
    ]
    assert done.stderr == "2 of 2 operations; 0 problems\n"
    assert done.exit_code == 0


def test_each_problem_is_shown_with_its_place(run, write):
    write({}, {"type": "thing"})
    done = run("inspect", "openapi.json")
    assert done.stdout.splitlines()[-2:] == [
        "SEVERITY  PLACE            SENTENCE                                POINTER",
        "warning   openapi.json:11  type cannot be 'thing': it is left out"
        "  /components/schemas/A/type",
    ]
    assert done.stderr == "0 of 0 operations; 1 problem\n"


@pytest.mark.parametrize(
    "paths, schema, words, code",
    [
        (PATHS, TEXT, [], 0),
        (PATHS, TEXT, ["--strict"], 0),
        (PATHS, {"type": 5}, [], 0),
        (PATHS, {"type": 5}, ["--strict"], 1),
        ({"/a": {"get": 5}}, TEXT, [], 3),
        ({"/a": {"get": 5}}, TEXT, ["--strict"], 1),
    ],
)
def test_the_exit_code_says_whether_anything_is_missing(
    run, write, paths, schema, words, code
):
    write(paths, schema)
    assert run("inspect", "openapi.json", *words).exit_code == code


def test_programs_read_all_that_is_known(run, write):
    write({"/a": {"get": 5}}, {"type": 5})
    done = run("inspect", "openapi.json", "--output", "json")
    found = json.loads(done.stdout)
    assert (found["title"], found["operations"], found["schemas"]) == ("Shop", 1, 1)
    assert found["left_out"] == ["GET /a"]
    assert [each["line"] for each in found["problems"]] == [9, 15]
    picked = run("inspect", "openapi.json", "--output", "jsonl")
    assert picked.stdout == ""


def test_the_methods_for_pages_and_for_streams_are_shown(run, write):
    items = {"type": "array", "items": {"type": "string"}}
    page = {"type": "object", "properties": {"items": items, "nextCursor": TEXT}}
    cursor = {"name": "cursor", "in": "query", "schema": TEXT}
    json_or_events = {"application/json": {}, "text/event-stream": {}}
    paths = {
        "/a": {"get": {"operationId": "listNames", "parameters": [cursor]}},
        "/b": {"get": {"operationId": "watch"}},
    }
    for path, content in (
        ("/a", {"application/json": {"schema": page}}),
        ("/b", json_or_events),
    ):
        fine = {"description": "Fine.", "content": content}
        paths[path]["get"].update(tags=["Names"], responses={"200": fine})
    write(paths)
    done = run("inspect", "openapi.json", "--output", "json")
    rows = json.loads(done.stdout)["endpoints"]
    assert [(row["call"], row["also"]) for row in rows] == [
        ("names.list_names", ["names.iter_names"]),
        ("names.watch", ["names.watch_stream"]),
    ]


@needs("jmespath")
def test_a_query_picks_what_is_printed(run, write):
    write(PATHS)
    done = run("inspect", "openapi.json", "--query", "endpoints[].operation")
    assert done.stdout.splitlines() == ["list", "post_things"]


def test_rows_are_operations(run, write):
    write(PATHS)
    done = run("inspect", "openapi.json", "--output", "jsonl")
    assert json.loads(done.stdout.splitlines()[1])["operation"] == "post_things"


@needs("openapi_spec_validator")
def test_a_validator_adds_what_it_finds(run, write):
    write({"/a": {"get": {"responses": {"200": {}}}}})
    done = run("inspect", "openapi.json", "--validate", "--strict")
    assert done.exit_code == 1
    assert "openapi-spec-validator says" in done.stdout


def test_a_file_that_is_no_document_is_an_error_in_one_line(run, tmp_path):
    (tmp_path / "a.json").write_text('{"swagger": "2.0"}')
    done = run("inspect", "a.json")
    assert (done.exit_code, done.stdout) == (1, "")
    assert "a.json is Swagger 2.0: convert it to OpenAPI 3" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_an_old_document_is_written_as_3_1(run, write, tmp_path):
    write(PATHS, {"type": "string", "nullable": True}, openapi="3.0.3")
    done = run("openapi", "--spec-file", "openapi.json")
    made = json.loads(done.stdout)
    assert made["openapi"] == "3.1.0"
    assert made["components"]["schemas"]["A"]["type"] == ["string", "null"]
    done = run("openapi", "--spec-file", "openapi.json", "--out", "new.json")
    assert done.stderr == "the document is in new.json\n"
    assert json.loads((tmp_path / "new.json").read_text()) == made
    assert run("inspect", "new.json", "--strict").exit_code == 0


def test_a_specification_is_written_in_the_format_that_is_asked_for(run, tmp_path):
    spec = IRSpec(SchemaVersion(1), models={"A": IRModel("A")})
    (tmp_path / "spec.json").write_text(spec.to_json())
    done = run("openapi", "--spec-file", "spec.json", "--output", "yaml")
    assert done.stdout.startswith("openapi: 3.1.0\n")


@pytest.fixture
def generate(run):
    """Generate the package `shop` of the document."""
    words = ("python", "--spec-file", "openapi.json", "--out", "shop", "--no-format")
    return lambda *more: run(*words, *more)


def files_in(folder):
    return sorted(str(each.relative_to(folder)) for each in folder.rglob("*.*"))


def test_a_client_is_generated_from_a_document(generate, write, tmp_path):
    write(PATHS, {"type": "object", "properties": {"id": TEXT}})
    done = generate()
    assert done.exit_code == 0, done.stderr
    assert "shop has 2 of 2 operations, 1 model\n" in done.stderr
    assert done.stdout == "pip install ./shop\n"
    assert (tmp_path / "shop/shop/api/things.py").exists()
    assert 'version = "1.2.0"' in (tmp_path / "shop/pyproject.toml").read_text()
    assert "shop is up to date" in generate("--check").stderr


@pytest.mark.parametrize(
    "words, version",
    [
        (("--version", "1.0.0"), "1.0.0"),
        (("--version", "3.0", "--package-version", "4.0"), "4.0"),
    ],
)
def test_the_version_of_the_package_can_be_given(
    generate, write, tmp_path, words, version
):
    write(PATHS)
    generate(*words)
    text = (tmp_path / "shop/pyproject.toml").read_text()
    assert f'version = "{version}"' in text


def test_a_package_without_all_operations_exits_with_3(generate, write):
    write({**PATHS, "/bad": {"get": {"requestBody": {"$ref": "#/nowhere"}}}})
    done = generate()
    assert done.exit_code == 3
    assert "shop has 2 of 3 operations, 1 model" in done.stderr
    assert "GET /bad is left out" in done.stderr
    assert generate("--strict").exit_code == 1


@pytest.mark.parametrize("library", ["attrs", "pydantic"])
def test_models_are_made_with_what_the_option_says(generate, write, tmp_path, library):
    write(PATHS, {"type": "object", "properties": {"b": TEXT}})
    assert generate("--models", library).exit_code == 0
    text = (tmp_path / "shop/pyproject.toml").read_text()
    assert [each for each in ("attrs", "pydantic") if each in text] == [library]


def test_the_check_of_a_package_without_all_operations_exits_with_3(generate, write):
    write({**PATHS, "/bad": {"get": {"requestBody": {"$ref": "#/nowhere"}}}})
    generate()
    done = generate("--check")
    assert done.exit_code == 3
    assert done.stderr.splitlines()[-1] == (
        "Error: shop is up to date, but lacks 1 operation of the document: see the warnings"
    )
    write(PATHS)
    assert generate("--check").exit_code == 1
    generate()
    assert generate("--check").exit_code == 0


def test_a_package_without_any_of_its_operations_is_no_other_kind_of_package(
    generate, write, tmp_path
):
    write({"/bad": {"get": {"requestBody": {"$ref": "#/nowhere"}}}})
    done = generate()
    assert done.exit_code == 3
    assert "shop has 0 of 1 operation, 1 model" in done.stderr
    assert (tmp_path / "shop/shop/client.py").exists()


def test_models_alone_are_generated_of_a_document_without_operations(
    generate, write, tmp_path
):
    write({}, {"type": "object", "properties": {"id": 5}})
    done = generate()
    assert done.exit_code == 0, done.stderr
    assert "shop has 0 clients and 1 model" in done.stderr
    assert "openapi.json:" in done.stderr
    assert "class A(" in (tmp_path / "shop/shop/models.py").read_text()


def test_a_configuration_names_the_package_and_more(generate, write, tmp_path):
    write(PATHS)
    table = (
        "[tool.ai-spine.sdk-sync]\npackage_name = 'store'\ntags = {Things = 'goods'}\n"
    )
    (tmp_path / "own.toml").write_text(table)
    assert generate("--config", "own.toml").exit_code == 0
    assert (tmp_path / "shop/store/api/goods.py").exists()
    (tmp_path / "own.toml").write_text("[tool.ai-spine.sdk-sync]\ntag = 5\n")
    done = generate("--config", "own.toml")
    assert done.exit_code == 2
    assert "own.toml: [tool.ai-spine.sdk-sync] has no setting 'tag'" in done.stderr


def test_an_old_python_is_told_in_a_sentence(run, monkeypatch):
    monkeypatch.setattr(sys, "version_info", (3, 9))
    outcome = run("inspect", "openapi.json")
    words = "Error: sdk-sync needs Python 3.10 or later\n"
    assert (outcome.exit_code, outcome.stderr) == (2, words)


def test_a_file_that_cannot_be_written_is_told_in_a_sentence(run, write, tmp_path):
    write(PATHS)
    out = tmp_path / "none" / "x.json"
    outcome = run("openapi", "--spec-file", "openapi.json", "--out", str(out))
    assert (outcome.exit_code, outcome.stderr) == (
        1,
        f"Error: the document cannot be written to {out}: No such file or directory\n",
    )


def test_references_to_the_network_are_refused_unless_they_are_allowed(
    generate, write, monkeypatch
):
    asked = []

    def fetch(url):
        asked.append(url)
        raise ImportError("it cannot be reached")

    monkeypatch.setattr(remote, "fetch_document", fetch)
    write(PATHS, {"$ref": "https://example.com/a.json"})
    done = generate()
    assert done.exit_code == 0
    assert "(see --allow-remote-refs)" in done.stderr
    done = generate("--allow-remote-refs")
    assert "cannot be followed: it cannot be reached" in done.stderr
    assert asked == ["https://example.com/a.json"]


def test_two_documents_are_compared(run, write, tmp_path):
    write(PATHS, {"type": "object", "properties": {"id": TEXT}})
    (tmp_path / "openapi.json").rename(tmp_path / "old.json")
    write(PATHS, {"type": "object", "properties": {}})
    done = run("diff", "old.json", "openapi.json", "--fail-on", "breaking")
    assert "Field 'id' removed" in done.stdout


@needs("yaml")
def test_a_specification_knows_the_problems_of_its_document(tmp_path):
    path = tmp_path / "a.yaml"
    path.write_text(
        "openapi: 3.1.0\npaths: {}\ncomponents: {schemas: {A: {type: 5}}}\n"
    )
    spec = load_spec(path)
    assert list(spec.models) == ["A"]
    assert spec.metadata["warnings"] == [
        "a.yaml:3: type cannot be 5: it is left out (at /components/schemas/A/type)"
    ]


@pytest.mark.parametrize(
    "name, text, words",
    [
        ("a.json", '{"openapi": ', "a.json cannot be read: it is not JSON"),
        ("a.json", '{"x-openapi": 1}', "is no specification: a specification has no"),
        ("a.json", '{"swagger": "2.0"}', "is Swagger 2.0"),
        ("a.json", "{", "is no specification: the specification is not JSON"),
        ("a.yaml", "a: 1", "is neither an OpenAPI document, .*, nor an IR spec"),
        ("a.yml", "", "a.yml is neither an OpenAPI document, since it has no key"),
    ],
)
def test_a_file_that_is_no_specification_is_refused(tmp_path, name, text, words):
    (tmp_path / name).write_text(text)
    with pytest.raises(ImportError, match=words):
        load_spec(tmp_path / name)
