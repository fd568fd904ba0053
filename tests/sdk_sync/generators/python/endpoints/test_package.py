"""Tests of whole packages for endpoints: their files, their names, and what users change."""

import ast
import copy
import json
import random
import re
import sys
from inspect import signature

import pytest

from ai_spine import RestClient
from ai_spine.sdk_sync.errors import CodegenError, ConfigError
from ai_spine.sdk_sync.generators.python.endpoints.config import Config, config_of
from ai_spine.sdk_sync.generators.python.endpoints.package import EndpointsGenerator
from ai_spine.sdk_sync.ir import IRModel, IRTool, SchemaVersion
from tests.sdk_sync.generators.python.endpoints.shop import PATHS, SHOP
from tests.sdk_sync.generators.python.endpoints.support import (
    TEXT,
    body,
    document,
    forget,
    generate,
    imported,
    parameter,
    read,
)
from tests.sdk_sync.generators.python.support import check_types
from tests.sdk_sync.strategies import CANARY

FILES = [
    "README.md",
    "pyproject.toml",
    "shop/__init__.py",
    "shop/api/__init__.py",
    "shop/api/chat.py",
    "shop/api/files.py",
    "shop/api/runs.py",
    "shop/client.py",
    "shop/errors.py",
    "shop/py.typed",
    "spec.lock",
]


@pytest.fixture
def text_of(tmp_path):
    """Return the text of a file that was generated."""
    return lambda path: (tmp_path / "out" / path).read_text("utf-8")


def shuffled(value, seed):
    if isinstance(value, dict):
        keys = list(value)
        random.Random(seed).shuffle(keys)
        return {key: shuffled(value[key], seed) for key in keys}
    return [shuffled(e, seed) for e in value] if isinstance(value, list) else value


def test_a_package_has_a_module_for_each_tag_and_each_schema(tmp_path):
    made = generate(tmp_path, SHOP)
    out = tmp_path / "out"
    found = [
        each.relative_to(out).as_posix() for each in out.rglob("*") if each.is_file()
    ]
    assert sorted(each for each in found if "/models/" not in each) == FILES
    assert {"shop/models/run.py", "shop/models/start_run.py"} <= set(found)
    assert made.summary == f"12 of 12 operations, {made.model_count} models"
    assert made.warnings == []


@pytest.mark.parametrize("kind", ["AuthenticatedClient", "AsyncAuthenticatedClient"])
def test_clients_have_all_settings_of_a_client_of_any_api(tmp_path, monkeypatch, kind):
    generate(tmp_path, SHOP, "settings_shop")
    package = imported(monkeypatch, tmp_path, "settings_shop")
    own = set(signature(getattr(package, kind)).parameters)
    # The document says what they are.
    others = {"credentials", "tenant", "tenant_header", "workspace", "workspace_header"}
    assert set(signature(RestClient).parameters) - own == others
    settings = {"retry_budget": 0.2, "connect_timeout": 1, "read_timeout": 2}
    client = getattr(package, kind)(None, "t-1", **settings)
    assert client._api.settings.retry_budget == 0.2
    assert client._api.settings.phases[:2] == (1, 2)
    forget("settings_shop")


def test_a_package_passes_mypy_in_strict_mode(tmp_path):
    generate(tmp_path, SHOP)
    check_types(tmp_path / "out" / "shop")


def test_importing_a_package_imports_neither_models_nor_operations(
    tmp_path, monkeypatch
):
    generate(tmp_path, SHOP, "lazy_shop")
    package = imported(monkeypatch, tmp_path, "lazy_shop")
    assert package.Client.__name__ == "Client"
    loaded = {name for name in sys.modules if name.startswith("lazy_shop.")}
    assert loaded == {"lazy_shop.client", "lazy_shop.errors"}
    assert set(package.__all__) <= set(dir(package))
    assert package.models.Run is package.Run
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        package.nothing
    forget("lazy_shop")


def test_a_second_run_and_any_order_of_keys_give_the_same_bytes(tmp_path):
    first = generate(tmp_path, SHOP).render()
    # With the lock file, and without.
    for seed, out in enumerate(["out", "nowhere"]):
        found = read(tmp_path, shuffled(SHOP, seed))
        again = EndpointsGenerator(found.spec, "shop", tmp_path / out, format=False)
        files = again.render()
        same = [path for path in files if path != "README.md" and "spec" not in path]
        assert [p for p in same if files[p] != first[p]] == []
        assert json.loads(files["spec.lock"])["spec"] == (
            json.loads(first["spec.lock"])["spec"]
        )


def test_names_stay_when_operations_are_added(tmp_path, text_of):
    generate(tmp_path, document({"GET /b": {"operationId": "get-it", "tags": ["a"]}}))
    paths = {
        "GET /a": {"operationId": "getIt", "tags": ["a"]},
        "GET /b": {"operationId": "get-it", "tags": ["a"]},
    }
    generate(tmp_path, document(paths), force=True)
    names = json.loads(text_of("spec.lock"))["names"]
    assert names["/paths/~1b/get/name"] == "get_it"
    assert names["/paths/~1a/get/name"] == "get_a"
    generate(tmp_path, document({"GET /a": paths["GET /a"]}), force=True)
    names = json.loads(text_of("spec.lock"))["names"]
    assert names == {"/paths/~1a/get/name": "get_a"}


def test_folders_named_extras_are_left_alone(tmp_path):
    made = generate(tmp_path, SHOP)
    for place in ("extras", "shop/extras"):
        (tmp_path / "out" / place).mkdir()
        (tmp_path / "out" / place / "own.py").write_text("mine = 1\n")
    assert made.check() == []
    generate(tmp_path, document({"GET /a": {}}))
    assert (tmp_path / "out/shop/extras/own.py").read_text() == "mine = 1\n"
    assert not (tmp_path / "out/shop/api/runs.py").exists()


def test_what_was_changed_is_found(tmp_path):
    made = generate(tmp_path, SHOP)
    (tmp_path / "out/shop/client.py").write_text("")
    (tmp_path / "out/shop/errors.py").unlink()
    assert [(each.kind, each.path) for each in made.check()] == [
        ("changed", "shop/client.py"),
        ("missing", "shop/errors.py"),
    ]


@pytest.mark.parametrize(
    "text, version",
    [
        ("1.2.0", "1.2.0"),
        ("v2-beta.1", "2b1"),
        ("2024-05-01", "2024.5.1"),
        ("x", "0.0.0"),
    ],
)
def test_the_version_is_that_of_the_api(tmp_path, text_of, text, version):
    generate(tmp_path, document({"GET /a": {}}, info={"version": text}))
    assert f'version = "{version}"' in text_of("pyproject.toml")


def test_the_metadata_name_what_is_needed(tmp_path, text_of):
    generate(tmp_path, SHOP, "shop_client", version="3.0.0")
    text = text_of("pyproject.toml")
    assert 'name = "shop-client"' in text
    assert 'version = "3.0.0"' in text
    assert 'requires-python = ">=3.10"' in text
    for each in ("ai-spine-sdk[async]", "httpx", "python-dateutil", "attrs"):
        assert f'"{each}>=' in text
    assert 'dev = ["mypy' in text


def test_a_server_that_is_named_goes_before_those_of_the_document(
    tmp_path, monkeypatch
):
    generate(tmp_path, SHOP, "staging_shop", base_url="https://staging.example/v2")
    package = imported(monkeypatch, tmp_path, "staging_shop")
    with package.AuthenticatedClient(None, "t", "w") as client:
        assert client.base_url == "https://staging.example/v2"


def test_the_readme_can_be_followed_in_any_folder(tmp_path):
    found = read(tmp_path, SHOP)
    out = tmp_path / "my $(shop)"
    made = EndpointsGenerator(found.spec, "shop", out, format=False).render()
    assert b"pip install './my $(shop)'\n" in made["README.md"]


def test_the_readme_has_code_of_real_operations(tmp_path, text_of):
    generate(tmp_path, SHOP)
    text = text_of("README.md")
    blocks = re.findall("```python\n(.*?)```", text, re.DOTALL)
    assert len(blocks) == 4
    for each in blocks:
        ast.parse(each)
    assert "client.runs.iter_runs()" in text
    assert re.search(r"^- `delete_run`: .* Deprecated\.$", text, re.MULTILINE)
    assert 'os.environ["SHOP_TOKEN"]' in text
    assert 'workspace_id="..."' in text
    assert (
        "Other credentials of the API are the arguments `bearer_auth=`, `key=`" in text
    )


def test_the_readme_of_an_api_with_passwords_shows_one(tmp_path, text_of):
    schemes = {"login": {"type": "http", "scheme": "basic"}}
    components = {"securitySchemes": schemes}
    data = document({"GET /a": {"security": [{"login": []}]}}, components=components)
    generate(tmp_path, data)
    assert (
        'Client("https://api.example.com", login=("user", os.environ["SHOP_TOKEN"]))'
        in text_of("README.md")
    )


def test_what_is_missing_is_listed(tmp_path, text_of):
    made = generate(
        tmp_path, document({"GET /a": {}, "GET /b": {"requestBody": {"$ref": "#/x"}}})
    )
    assert made.summary == "1 of 2 operations, 0 models"
    assert "## What is missing\n\n- GET /b\n" in text_of("README.md")
    assert len(made.warnings) == 2


def test_warnings_are_errors_if_it_is_strict(tmp_path):
    config = Config(operations={"gone": "x"})
    with pytest.raises(CodegenError, match="names the operation 'gone'"):
        generate(tmp_path, SHOP, config=config, strict=True)
    assert not (tmp_path / "out").exists()


def test_a_class_that_a_user_has_named_is_no_warning(tmp_path):
    config = Config(schemas={"Run": "Job"})
    assert generate(tmp_path, SHOP, "named_shop", config=config).warnings == []


def test_a_configuration_changes_names_pages_and_defaults(tmp_path, monkeypatch):
    config = config_of(
        {
            "models": "pydantic",
            "names": {
                "operations": {"getRun": "fetch"},
                "schemas": {"Run": "Job"},
                "parameters": {"getRun runId": "job"},
            },
            "tags": {"Runs": "Jobs"},
            "pagination": {"listRuns": False, "search": {"kind": "link"}},
            "client_defaults": {"q": "query"},
            "leave_out": {"operations": ["putNote"]},
        }
    )
    made = generate(tmp_path, SHOP, "configured_shop", config=config)
    assert made.operation_count == 11
    package = imported(monkeypatch, tmp_path, "configured_shop")
    with package.Client("http://localhost:1", query="x") as client:
        assert client.jobs.fetch.__name__ == "fetch"
        assert not hasattr(client.jobs, "iter_runs")
        assert client.chat.iter_search.__name__ == "iter_search"
        assert not hasattr(client.files, "put_note")
    assert hasattr(package.Job, "model_fields")
    forget("configured_shop")


@pytest.mark.parametrize(
    "given, words",
    [
        ({"kind": "none"}, "needs a kind: cursor, offset, page, link, url"),
        ({"kind": "page", "frist": 1}, "has no setting 'frist'"),
        ({"kind": "page", "first": "1"}, "first of pagination of listRuns"),
        ({"kind": "page", "items": 5}, "is a text of keys with dots between them"),
        ({"kind": "page", "number": 1}, "number of pagination of listRuns"),
    ],
)
def test_a_wrong_pagination_is_refused(tmp_path, given, words):
    config = Config(pagination={"listRuns": given})
    with pytest.raises(ConfigError) as caught:
        generate(tmp_path, SHOP, config=config)
    assert words in caught.value.message


def test_a_document_says_itself_how_it_is_paged(tmp_path, text_of):
    pages = {"kind": "cursor", "items": ["rows"], "parameter": "at", "next": "then"}
    rows = {"type": "object", "properties": {"rows": {"type": "array", "items": TEXT}}}
    operation = {
        "operationId": "find",
        "tags": ["a"],
        "x-pagination": pages,
        "parameters": [parameter("at")],
        "responses": {"200": body(rows)},
    }
    generate(tmp_path, document({"GET /a": operation}))
    text = text_of("shop/api/a.py")
    assert "def iter_find(" in text
    assert "-> Iterator[str]" in text


def test_a_wrong_extension_spoils_no_more_than_itself(tmp_path):
    paths = copy.deepcopy(PATHS)
    paths["GET /v1/runs"]["x-pagination"] = {"kind": 5}
    made = generate(tmp_path, {**SHOP, "paths": document(paths)["paths"]})
    (said,) = made.warnings
    assert said.startswith("/paths/~1v1~1runs/get: x-pagination needs a kind: cursor")
    assert "def iter_runs" in (tmp_path / "out/shop/api/runs.py").read_text()


def test_a_client_default_is_no_argument_that_all_clients_have(tmp_path):
    config = Config(client_defaults={"q": "timeout"})
    with pytest.raises(ConfigError, match="all clients have timeout"):
        generate(tmp_path, SHOP, config=config)


def test_a_scheme_may_have_the_name_of_a_setting(tmp_path, monkeypatch):
    schemes = {
        "session": {"type": "apiKey", "in": "cookie", "name": "s"},
        "own": {"type": "http", "scheme": "Token"},
        "cert": {"type": "mutualTLS"},
        "login": {"type": "oauth2", "flows": {}},
        "odd": {"type": "apiKey", "in": "header", "name": "Authorization"},
    }
    needs = [{"cert": [], "session": []}, {}]
    data = document(
        {"GET /a": {"security": needs}, "GET /b": {"security": []}},
        components={"securitySchemes": schemes},
    )
    generate(tmp_path, data, "secured_shop")
    package = imported(monkeypatch, tmp_path, "secured_shop")
    found = package.Client.schemes
    assert found["session"] == ("cookie", "session_auth", "s", None)
    assert found["own"] == ("header", "own", "Authorization", "Token ")
    assert found["cert"].kind == "none"
    assert found["login"].kind == "bearer"
    assert found["odd"].prefix == ""
    from secured_shop.api import a, b

    assert a._GET_A.security == (("cert", "session"), ())
    assert b._GET_B.security == ()
    forget("secured_shop")


def test_tools_of_the_same_specification_have_their_clients_in_a_folder(
    tmp_path, monkeypatch
):
    spec = read(tmp_path, SHOP).spec
    version = SchemaVersion(1)
    tool = IRTool("add", version, "Add.", IRModel("AddInput"), IRModel("AddOutput"))
    spec.tools["add"] = tool
    made = EndpointsGenerator(spec, "both_shops", tmp_path / "out", format=False)
    made.generate_sync()
    assert made.summary.endswith(", 1 tool")
    package = imported(monkeypatch, tmp_path, "both_shops")
    from both_shops.tools import AddClient

    assert AddClient.__name__ == "AddClient"
    assert package.Client.__name__ == "Client"
    forget("both_shops")


def test_groups_of_all_names_are_there(tmp_path, monkeypatch):
    tags = ["close", "Api", "Runs", "async runs", "run", "Session", "Import"]
    paths = {
        f"GET /{n}": {"operationId": f"list{n}", "tags": [tag]}
        for n, tag in enumerate(tags)
    }
    run = {"Run": {"type": "object", "properties": {"a": TEXT}}}
    generate(tmp_path, document(paths, run), "many_groups")
    package = imported(monkeypatch, tmp_path, "many_groups")
    with package.Client("http://localhost:1") as client:
        for name in (
            "close_",
            "api",
            "runs",
            "async_runs",
            "run",
            "session_",
            "import_",
        ):
            (method,) = [e for e in dir(getattr(client, name)) if e[0] != "_"]
            assert method.startswith("list")
    forget("many_groups")


def poisoned(value):
    """Return a document with a text that must never run wherever a text may be."""
    if isinstance(value, dict):
        return {
            key: f"\"\"\"{CANARY}\\\n'''{CANARY}" if key in _FREE else poisoned(each)
            for key, each in value.items()
        }
    return [poisoned(each) for each in value] if isinstance(value, list) else value


_FREE = ("description", "summary", "title", "operationId", "version")


def test_no_text_of_a_document_becomes_code(tmp_path, monkeypatch):
    data = poisoned(copy.deepcopy(SHOP))
    data["info"]["version"] = "1"
    data["paths"][f"/{CANARY}"] = {
        "get": {
            "operationId": CANARY,
            "tags": [CANARY],
            "parameters": [parameter(CANARY), parameter(f"{CANARY} x", "header")],
            "responses": {"200": body({"enum": [CANARY], "default": CANARY})},
        }
    }
    data["components"]["schemas"][CANARY] = {
        "type": "object",
        "properties": {CANARY: {**TEXT, "default": CANARY}},
    }
    data["servers"] = [{"url": f"https://{{x}}.example/{CANARY}"}]
    data["components"]["securitySchemes"][CANARY] = {"type": "http", "scheme": CANARY}
    generate(tmp_path, data, "poisoned_shop")
    for path in (tmp_path / "out").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call):
                assert "abort" not in ast.unparse(node.func)
    package = imported(monkeypatch, tmp_path, "poisoned_shop")
    for name in package.__all__:
        getattr(package, name)
    forget("poisoned_shop")


def test_all_operations_have_both_kinds_of_methods(tmp_path, text_of):
    generate(tmp_path, SHOP)
    for group in ("runs", "files", "chat"):
        tree = ast.parse(text_of(f"shop/api/{group}.py"))
        plain, other = (each for each in tree.body if isinstance(each, ast.ClassDef))
        names = [
            [each.name for each in kind.body if hasattr(each, "name")]
            for kind in (plain, other)
        ]
        assert names[0] == names[1]
    assert len(PATHS) == 12
