"""Tests of whole packages: what is in them, that they run, and that they are the same each time."""

import ast
import asyncio
import hashlib
import importlib
import json
import os
import random
import subprocess
import sys

import pytest
from hypothesis import given, settings

from ai_spine.local import LocalServer
from ai_spine.sdk_sync import (
    IRField,
    IRModel,
    IRSpec,
    IRTool,
    IRType,
    PythonClientGenerator,
    PythonSDKGenerator,
    SchemaExporter,
    SchemaVersion,
)
from ai_spine.sdk_sync.errors import CodegenError, ConfigError
from ai_spine.sdk_sync.generators.python import formatting
from tests.sdk_sync.generators.python.support import check_types
from tests.sdk_sync.strategies import CANARY, specs

V1 = SchemaVersion(1, 0, 0)
QUERY = IRField("query", IRType.STRING, required=True)
SEARCH_INPUT = IRModel(
    "SearchInput", V1, [QUERY, IRField("limit", IRType.INTEGER, default=10)]
)
SEARCH_OUTPUT = IRModel(
    "SearchOutput",
    V1,
    [
        IRField(
            "results",
            IRType.ARRAY,
            required=True,
            items=IRField("", IRType.REF, ref_name="User"),
        ),
        IRField("total", IRType.INTEGER, required=True),
    ],
)
USER = IRModel("User", V1, [IRField("id", IRType.STRING, required=True)])
SEARCH = IRTool(
    "search",
    V1,
    "Search for users",
    SEARCH_INPUT,
    SEARCH_OUTPUT,
    namespace="tools",
    timeout=30,
)
SPEC = IRSpec(V1, "1.0", models={"User": USER}, tools={"search": SEARCH})
FILES = [
    "README.md",
    "my_n3_sdk/__init__.py",
    "my_n3_sdk/clients.py",
    "my_n3_sdk/exceptions.py",
    "my_n3_sdk/models.py",
    "my_n3_sdk/py.typed",
    "my_n3_sdk/validation.py",
    "pyproject.toml",
    "spec.lock",
]


def files_in(folder):
    return sorted(
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.is_file()
    )


@pytest.fixture
def imported(monkeypatch):
    """Import a package from a folder, and forget it afterwards."""
    names = []

    def call(folder, name):
        monkeypatch.syspath_prepend(str(folder))
        names.append(name)
        return importlib.import_module(name)

    yield call
    for module in list(sys.modules):
        if module.split(".")[0] in names:
            del sys.modules[module]


@pytest.fixture(scope="module")
def flows(tmp_path_factory):
    """A server, and the folder of a package that is generated from it."""
    folder = tmp_path_factory.mktemp("package")
    with LocalServer() as server:
        spec = SchemaExporter(server.url).export_from_backend_sync()
        generator = PythonSDKGenerator(spec, "flows_sdk", folder / "out", server.url)
        generator.generate_sync()
        yield server, folder / "out"


def test_a_package_has_the_documented_files(tmp_path):
    generator = PythonSDKGenerator(
        spec=SPEC,
        package_name="my_n3_sdk",
        output_dir=tmp_path / "sdk",
        base_url="http://api.example.com",
    )
    assert asyncio.run(generator.generate()) == tmp_path / "sdk"
    assert files_in(tmp_path / "sdk") == FILES
    assert generator.warnings == [] and generator.check() == []


def test_the_metadata_name_what_the_package_needs(tmp_path):
    tomllib = pytest.importorskip("tomllib")
    PythonSDKGenerator(SPEC, "my_n3_sdk", tmp_path, version="1.2.3").generate_sync()
    project = tomllib.loads((tmp_path / "pyproject.toml").read_text())["project"]
    assert (project["name"], project["version"]) == ("my-n3-sdk", "1.2.3")
    assert project["requires-python"] == ">=3.10"
    names = [each.split(">")[0] for each in project["dependencies"]]
    assert names == ["ai-spine-sdk[async]", "httpx", "pydantic"]


def test_importing_a_package_imports_no_model(tmp_path, imported):
    PythonSDKGenerator(SPEC, "lazy_sdk", tmp_path).generate_sync()
    package = imported(tmp_path, "lazy_sdk")
    assert "lazy_sdk.models" not in sys.modules
    assert package.User(id="u").id == "u"
    assert "lazy_sdk.models" in sys.modules and "lazy_sdk.clients" not in sys.modules
    assert {"SearchClient", "SearchInput", "User"} <= set(dir(package))
    assert (package.__version__, package.SCHEMA_VERSION) == ("1.0.0", "1.0.0")
    with pytest.raises(AttributeError, match="has no attribute 'Nope'"):
        package.Nope


def test_a_typed_client_executes_a_flow(flows, imported):
    server, folder = flows
    sdk = imported(folder, "flows_sdk")
    applicant = sdk.CreditAnalysisInput(
        name="Ana", income=52000, amount=15000, term_months=24
    )

    async def awaited():
        async with sdk.CreditAnalysisClient() as client:
            inside = client.execute_sync(applicant)
            return inside, await client.execute(applicant)

    with sdk.CreditAnalysisClient() as client:
        result = client.execute_sync(applicant)
        events = [event.type for event in client.stream_sync(applicant)]
    assert result.decision.decision == "approved" and events
    assert {each.decision.monthly_payment for each in asyncio.run(awaited())} == {706.1}


def test_a_wrong_input_is_an_error_before_anything_is_sent(flows, imported):
    sdk = imported(flows[1], "flows_sdk")
    with pytest.raises(ValueError, match="monthly_debt"):
        sdk.CreditAnalysisInput(name="Ana", monthly_debt=3)


def test_the_readme_of_a_package_works_as_printed(flows, imported, capsys):
    imported(flows[1], "flows_sdk")
    text = (flows[1] / "README.md").read_text()
    (block,) = [part.split("```")[0] for part in text.split("```python\n")[1:]]
    exec(compile(block, "README", "exec"), {})
    assert "approved" in capsys.readouterr().out


def test_functions_validate_what_tools_take_and_return(tmp_path, imported):
    PythonSDKGenerator(SPEC, "checked_sdk", tmp_path).generate_sync()
    imported(tmp_path, "checked_sdk")
    validation = importlib.import_module("checked_sdk.validation")
    exceptions = importlib.import_module("checked_sdk.exceptions")
    assert validation.validate_search_input({"query": "test"}).limit == 10
    found = {"results": [{"id": "u", "new": 1}], "total": 1, "more": True}
    assert validation.validate_search_output(found).results[0].id == "u"
    with pytest.raises(exceptions.ValidationError) as caught:
        validation.validate_search_input({"limit": "many"})
    paths = [each["path"] for each in caught.value.validation_errors]
    assert sorted(paths) == ["/limit", "/query"]


def test_a_generated_package_passes_mypy_and_ruff(flows):
    folder = str(flows[1] / "flows_sdk")
    check_types(folder)
    done = subprocess.run(
        [formatting.ruff_path(), "check", "--no-cache", folder],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout


@given(specs())
@settings(max_examples=15, deadline=None)
def test_any_specification_makes_code_that_compiles_and_is_the_same_each_time(spec):
    rendered = render(spec)
    assert render(IRSpec.from_dict(_shuffled(json.loads(spec.to_json())))) == rendered
    for path, data in rendered.items():
        if path.endswith(".py"):
            _check_canary(ast.parse(data))


def render(spec):
    generator = PythonSDKGenerator(spec, "any_sdk", "/nowhere", format=False)
    return {**generator.render(), "warnings": generator.warnings}


def _shuffled(value):
    if isinstance(value, dict):
        keys = list(value)
        random.shuffle(keys)
        return {key: _shuffled(value[key]) for key in keys}
    return [_shuffled(each) for each in value] if isinstance(value, list) else value


def _check_canary(tree):
    """Check that what a specification says is text, and never code."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            called = ast.unparse(node.func)
            assert "abort" not in called and "__import__" not in called
    assert CANARY  # which the strategies put into names, texts and values


def test_formatting_changes_no_meaning(tmp_path):
    plain = PythonSDKGenerator(SPEC, "a_sdk", tmp_path, format=False).render()
    for path, data in PythonSDKGenerator(SPEC, "a_sdk", tmp_path).render().items():
        if path.endswith(".py"):
            assert _without_imports(data) == _without_imports(plain[path])


def _without_imports(source):
    """Return what code says, but for the order of its imports."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(getattr(node, "body", None), list):
            node.body = [
                each for each in node.body if not isinstance(each, ast.ImportFrom)
            ]
    return ast.dump(tree)


def test_names_stay_when_schemas_are_added(tmp_path):
    def spec(*names):
        return IRSpec(V1, models={name: IRModel(name, V1) for name in names})

    PythonSDKGenerator(spec("user b"), "p", tmp_path).generate_sync()
    PythonSDKGenerator(spec("User_B", "user b"), "p", tmp_path).generate_sync()
    names = json.loads((tmp_path / "spec.lock").read_text())["names"]
    assert names["/models/user b"] == "UserB"
    assert names["/models/User_B"] == "UserB2"


def test_names_of_what_is_gone_are_free_again(tmp_path):
    for name in ("one", "two"):
        user = IRField("user", IRType.OBJECT, properties={"id": QUERY})
        spec = IRSpec(V1, models={name: IRModel(name, V1, definitions={"User": user})})
        generator = PythonSDKGenerator(spec, "p", tmp_path)
        generator.generate_sync()
        assert generator.warnings == []


def test_what_only_json_schema_can_check_requires_jsonschema(tmp_path):
    numbers = IRField("numbers", IRType.ARRAY, constraints={"uniqueItems": True})
    spec = IRSpec(V1, models={"A": IRModel("A", V1, [numbers])})
    rendered = PythonSDKGenerator(spec, "p", tmp_path).render()
    assert b"jsonschema>=4.18" in rendered["pyproject.toml"]
    plain = PythonSDKGenerator(SPEC, "p", tmp_path).render()["pyproject.toml"]
    assert b"jsonschema" not in plain


def test_names_in_a_lock_file_that_are_no_names_are_not_used(tmp_path):
    (tmp_path / "spec.lock").write_text(
        json.dumps({"files": {}, "names": {"/models/User": "x = 1 #", "/models/B": 5}})
    )
    rendered = PythonSDKGenerator(SPEC, "p", tmp_path).render()
    assert b"class User(" in rendered["p/models.py"]


def test_strict_refuses_what_cannot_be_typed(tmp_path):
    part = IRField("owner", IRType.REF, ref_name="Nobody")
    spec = IRSpec(V1, models={"Pet": IRModel("Pet", V1, [part])})
    generator = PythonSDKGenerator(spec, "p", tmp_path / "out")
    generator.generate_sync()
    (warning,) = generator.warnings
    assert "/models/Pet/properties/owner" in warning and "Nobody" in warning
    with pytest.raises(
        CodegenError, match="1 part of the specification cannot be typed"
    ):
        PythonSDKGenerator(spec, "p", tmp_path / "strict", strict=True).generate_sync()
    assert not (tmp_path / "strict").exists()


def test_a_folder_of_somebody_else_is_refused_before_anything_is_generated(tmp_path):
    (tmp_path / "main.py").write_text("mine")
    with pytest.raises(ConfigError, match="what was not generated: main.py"):
        PythonSDKGenerator(SPEC, "p", tmp_path).generate_sync()
    PythonSDKGenerator(SPEC, "p", tmp_path, force=True).generate_sync()
    assert (tmp_path / "main.py").read_text() == "mine"


def test_a_specification_without_tools_makes_a_package_of_models(tmp_path, imported):
    spec = IRSpec(V1, models={"User": USER})
    PythonSDKGenerator(spec, "models_sdk", tmp_path).generate_sync()
    assert imported(tmp_path, "models_sdk").User(id="u").id == "u"


def test_an_empty_specification_makes_a_package(tmp_path, imported):
    PythonSDKGenerator(IRSpec(V1), "empty_sdk", tmp_path).generate_sync()
    assert imported(tmp_path, "empty_sdk").__all__ == ["API_VERSION", "SCHEMA_VERSION"]


def test_without_ruff_formatting_is_an_error_that_says_what_to_do(
    tmp_path, monkeypatch
):
    monkeypatch.setattr(formatting, "ruff_path", lambda: None)
    with pytest.raises(ConfigError, match="or use --no-format"):
        PythonSDKGenerator(SPEC, "p", tmp_path).generate_sync()
    PythonSDKGenerator(SPEC, "p", tmp_path, format=False).generate_sync()


@pytest.mark.parametrize(
    "given, words",
    [
        ({"package_name": "My-SDK"}, "'My-SDK' is none"),
        ({"package_name": "class"}, "'class' is the name of something else"),
        ({"package_name": "json"}, "'json' is the name of something else"),
        ({"package_name": "ai_spine"}, "is the name of something else"),
        ({"package_name": "../x"}, "'../x' is none"),
        ({"version": "d6a1b2"}, "is such as 1.2.3 or 1.2.3rc1, not 'd6a1b2'"),
        ({"models": "dataclasses"}, "not 'dataclasses'"),
        ({"package_name": "nul"}, "'nul' is the name of something else"),
        ({"package_name": "com1"}, "'com1' is the name of something else"),
        ({"base_url": "localhost:8000"}, "must be an http:// or https:// URL"),
        ({"base_url": "http://me:hunter2@x"}, "^base_url must not have a user name"),
        ({"base_url": "http://x?key=hunter2"}, "^base_url must not have a query"),
        ({"base_url": None}, "must be an http:// or https:// URL"),
    ],
)
def test_wrong_arguments_are_refused(given, words):
    with pytest.raises(ConfigError, match=words):
        PythonSDKGenerator(SPEC, **given)


def test_steps_are_reported(tmp_path):
    steps = []
    PythonSDKGenerator(SPEC, "p", tmp_path, progress=steps.append).generate_sync()
    assert steps == ["planning", "generating", "formatting", "writing"]


def test_the_client_of_a_tool_has_the_documented_form():
    code = PythonClientGenerator("http://api.example.com").generate_tool_client(SEARCH)
    for line in (
        "class SearchClient:",
        "    Client for search tool.",
        "    Search for users",
        "    Version: 1.0.0",
        "    Namespace: tools",
        '        base_url: str = "http://api.example.com",',
        "        api_key: Optional[str] = None,",
        "        timeout: float = 30,",
        '        """Initialize client.',
        "    async def execute(self, input_data: SearchInput) -> SearchOutput:",
        "    def execute_sync(self, input_data: SearchInput) -> SearchOutput:",
    ):
        assert line in code.splitlines()
    assert "def stream" not in code


def test_the_bytes_depend_on_no_hash_seed(tmp_path):
    (tmp_path / "spec.json").write_text(SPEC.to_json())
    script = (
        "import hashlib, sys; from ai_spine.sdk_sync import *; "
        "spec = load_spec(sys.argv[1]); "
        "files = PythonSDKGenerator(spec, 'p', '/nowhere', format=False).render(); "
        "print(hashlib.sha256(repr(sorted(files.items())).encode()).hexdigest())"
    )
    command = [sys.executable, "-c", script, str(tmp_path / "spec.json")]
    environ = {**os.environ, "PYTHONHASHSEED": "1"}
    there = subprocess.check_output(command, env=environ, text=True)
    files = PythonSDKGenerator(SPEC, "p", "/nowhere", format=False).render()
    here = hashlib.sha256(repr(sorted(files.items())).encode()).hexdigest()
    assert there.strip() == here


def test_a_lock_cannot_give_names_that_break_classes(tmp_path, imported):
    generator = PythonSDKGenerator(SPEC, "broken_lock", tmp_path, format=False)
    generator.generate_sync()
    lock = json.loads((tmp_path / "spec.lock").read_text())
    lock["names"]["/models/User"] = "str"
    lock["names"]["/tools/search/client"] = "print"
    lock["names"]["/models/User/properties/id"] = "model_config"
    (tmp_path / "spec.lock").write_text(json.dumps(lock))
    generator.generate_sync()
    package = imported(tmp_path, "broken_lock")
    assert {"User", "SearchClient"} <= set(package.__all__)
    assert "id" in package.User.model_fields


@pytest.mark.skipif(formatting.ruff_path() is None, reason="ruff formats and checks")
def test_names_with_numbers_and_in_capitals_are_in_the_order_of_linters(tmp_path):
    names = ["User2", "User10", "ID", "url", "API", "eTag", "Ab"]
    models = {name: IRModel(name, V1, [IRField("a", IRType.ANY)]) for name in names}
    PythonSDKGenerator(IRSpec(V1, models=models), "ordered", tmp_path).generate_sync()
    done = subprocess.run(
        [formatting.ruff_path(), "check", "--no-cache", tmp_path],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stdout
