"""Each block of Python in the specification runs as it is printed, and prints what it says."""

import ast
import asyncio
import inspect
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any, Dict, Optional

import pytest

from ai_spine.sdk_sync import generate_metadata_router
from ai_spine.sdk_sync.errors import ValidationError
from ai_spine.sdk_sync.ir import IRModel, IRSpec, IRType, SchemaVersion
from ai_spine.sdk_sync.registry import SchemaExporter, SchemaRegistry
from tests.needs import needs
from tests.sdk_sync.registry.backends import serving
from tests.sdk_sync.seed.page import (
    BLOCKS,
    PRODUCT,
    SEARCH_INPUT,
    SEARCH_OUTPUT,
    V1,
    Page,
    files_in,
    files_of,
)

pydantic = pytest.importorskip("pydantic")


@pytest.fixture
def page(tmp_path, monkeypatch):
    """A page without a block, whose files go into an empty folder."""
    monkeypatch.chdir(tmp_path)
    return Page()


def tree_of(source):
    """Return code without its layout, and with the docstrings as readers see them."""
    tree = ast.parse(source)
    for each in ast.walk(tree):
        if isinstance(each, (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
            if ast.get_docstring(each) is not None:
                each.body[0].value.value = ast.get_docstring(each)
    return ast.dump(tree)


# The representation


def test_a_model_is_written_as_a_json_schema(page):
    page.run("model")
    assert page["json_schema"] == {
        "title": "User",
        "type": "object",
        "properties": {
            "id": {"type": "string", "description": "User ID"},
            "email": {"type": "string", "format": "email"},
            "age": {"type": "integer", "minimum": 0, "maximum": 120},
        },
        "required": ["id", "email"],
        "description": "User entity model",
        "x-version": "1.0.0",
        "x-namespace": "core",
        "x-tags": ["entity", "user"],
    }
    first = page["hash_val"]
    page.run("model")
    assert page["hash_val"] == first and len(first) == 16


def test_a_tool_has_what_it_is_given(page):
    page.run("model", "tool")
    tool = page["search_tool"]
    assert (tool.name, tool.timeout, tool.auth_required) == ("search", 30, True)
    assert tool.input_schema is SEARCH_INPUT and tool.output_schema is SEARCH_OUTPUT
    assert tool.get_full_name() == "tools.search" and tool.tags == ["search"]


def test_a_specification_is_written_as_json(page):
    spec = page.with_tool()["spec"]
    assert IRSpec.from_json(page["json_str"]) == spec
    assert page["spec_hash"] == IRSpec.from_json(page["json_str"]).compute_hash()
    assert spec.metadata == {"generator": "sdk-sync", "source": "backend"}


# The registry


def test_the_registry_finds_what_is_registered_and_saves_it(page):
    page.with_tool().run("registry")
    user = page["user_model"]
    assert page["user"] == page["user_v1"] == user
    assert page["entity_models"] == page["core_models"] == [user]
    assert page["spec"].models == {"User": user, "Product": PRODUCT}
    assert page["spec"].tools == {"search": page["search_tool"]}
    assert SchemaRegistry("schema_registry").export_spec(V1) == page["spec"]


@needs("aiohttp")
def test_schemas_of_a_backend_are_imported(page):
    spec = page.with_tool()["spec"]
    page.run("registry")
    with serving({"/api/_meta/spec": spec.to_dict()}) as backend:
        page.run("export from backend", url=backend.url)
    assert page["spec"] == spec
    assert page["registry"].get_model("User") == page["user_model"]


# Generation


def test_the_code_of_a_model_is_as_printed_but_for_one_name(page, capsys):
    page.run("model")
    described = page["model"].to_json_schema()
    described["properties"]["email"]["description"] = "Email address"
    del described["properties"]["email"]["format"]  # which the printed code leaves out
    page["user_model"] = IRModel.from_json_schema(described)
    page.run("generate a model")
    printed = BLOCKS["the code of a model"].replace("from N3 schema", "from schema")
    assert tree_of(capsys.readouterr().out) == tree_of(printed)


def test_the_code_of_a_client_has_the_printed_interface(page):
    page.with_tool().run("generate a client")
    parts = {"SearchInput": str, "SearchOutput": int}
    ours, printed = (
        _class_in(source, **parts)
        for source in (page["code"], BLOCKS["the code of a client"])
    )
    assert ours.__doc__ and inspect.getdoc(ours) == inspect.getdoc(printed)
    for name in ("__init__", "execute", "execute_sync"):
        expected = inspect.signature(getattr(printed, name)).parameters
        given = inspect.signature(getattr(ours, name)).parameters
        assert list(given)[: len(expected)] == list(expected)
        for each in expected:
            assert given[each].default == expected[each].default
        more = list(given.values())[len(expected) :]
        assert all(each.kind is each.KEYWORD_ONLY for each in more)
    assert inspect.iscoroutinefunction(ours.execute)
    for name in ("execute", "execute_sync"):
        annotations = getattr(ours, name).__annotations__
        assert annotations == getattr(printed, name).__annotations__
    made, other = ours("https://x/", "k", 5), printed("https://x/", "k", 5)
    for name in ("base_url", "timeout", "tool_name"):
        assert getattr(made, name) == getattr(other, name)
    assert not hasattr(made, "api_key")  # secrets are not in attributes


def _class_in(source, **names):
    from ai_spine import AISpine, AsyncAISpine
    from ai_spine.sdk_sync.runtime.models import from_json, to_json
    from ai_spine.sdk_sync.runtime.tools import ToolCaller

    known = {
        "AISpine": AISpine,
        "AsyncAISpine": AsyncAISpine,
        "Optional": Optional,
        "ToolCaller": ToolCaller,
        "from_json": from_json,
        "to_json": to_json,
        **names,
    }
    exec(source, known)
    return known["SearchClient"]


def test_a_package_has_the_printed_files(page, tmp_path):
    page.with_tool().run("generate a package")
    printed = files_of(BLOCKS["the files of a package"])
    assert len(printed) == 8
    assert files_in(tmp_path / "sdk") == printed | {"spec.lock"}


# Versions


def test_compatibility_prints_what_it_says(page, capsys):
    page.run("model", "compatibility")
    assert capsys.readouterr().out == BLOCKS["what compatibility prints"]


def test_the_code_of_a_migration_is_as_printed_and_does_what_its_changes_do(
    page, capsys
):
    page.run("model", "compatibility")
    capsys.readouterr()
    page.run("migration")
    assert (
        capsys.readouterr().out.rstrip("\n") + "\n" == BLOCKS["the code of a migration"]
    )
    known = {"Any": Any, "Dict": Dict}
    exec(page["migration"].upgrade_code, known)
    assert known["upgrade"]({"id": "u"}) == {"id": "u", "email": ""}


def test_a_migration_is_executed(page, capsys):
    page.run("model", "compatibility", "migration")
    capsys.readouterr()
    page.run("execute a migration")
    comment = BLOCKS["execute a migration"].rpartition("# ")[2]
    assert ast.literal_eval(capsys.readouterr().out) == ast.literal_eval(comment)
    assert page["path"] == [page["migration"]]
    assert page["old_data"] == {"id": "user123"}


# Validation


def test_a_request_is_validated(capsys):
    page = Page(ValidationError=ValidationError)
    page.run("validate a request")
    assert page["validated"] == page["valid_data"]
    first, second = capsys.readouterr().out.splitlines()
    assert first == (
        "Validation failed: the request does not fit SearchInput 1.0.0: query is required"
    )
    assert ast.literal_eval(second[len("  - ") :]) == {
        "path": "/query",
        "field": "query",
        "error": "missing",
        "message": "is required",
    }


def test_a_response_is_validated(page):
    page.run("validate a response")
    assert page["validated"] == {"results": [...], "total": 10}


def test_a_request_is_validated_as_a_generated_model(page, importing, capsys):
    page.with_tool().run("generate a package")
    importing("sdk")
    page.run("validate with pydantic")
    assert capsys.readouterr().out == "test\n10\n"
    assert type(page["validated_model"]) is page["SearchInput"]


# Other programs


def test_the_tools_of_a_runtime_are_imported(page, monkeypatch):
    tool = page.with_tool()["search_tool"]
    for name in ("namel3ss", "namel3ss.tools"):  # an application, not this package
        monkeypatch.setitem(sys.modules, name, ModuleType(name))
    tools = SimpleNamespace(tools={"search": tool})
    sys.modules["namel3ss.tools"].get_registry = lambda: tools
    page["schema_registry"] = SchemaRegistry()
    page.run("with a runtime")
    assert page["schema_registry"].get_tool("search") == tool


@needs("fastapi")
def test_a_manifest_of_a_hand_written_backend_is_read(page):
    page.with_tool().run("with fastapi")
    paths = [route.path for route in page["app"].routes]
    assert paths[-3:] == [
        "/api/_meta/schemas",
        "/api/_meta/schemas/models/{name}",
        "/api/_meta/tools/{name}",
    ]
    search = page["search_tool"].to_dict()
    prefix = "/api/_meta"
    pages = {
        f"{prefix}/schemas": asyncio.run(page["get_schema_manifest"]()),
        f"{prefix}/schemas/models/User": page["user_model"].to_json_schema(),
        f"{prefix}/schemas/models/Product": PRODUCT.to_json_schema(),
        f"{prefix}/tools/search": search,
        f"{prefix}/tools/create_user": {**search, "name": "create_user"},
    }
    with serving(pages) as backend:
        spec = SchemaExporter(backend_url=backend.url).export_from_backend_sync()
    assert spec.models == {"User": page["user_model"], "Product": PRODUCT}
    assert spec.tools["search"] == page["search_tool"] and len(spec.tools) == 2


def test_a_model_can_be_registered_by_hand(page):
    page.run("register by hand")
    model = page["registry"].get_model("MyModel")
    assert model == page["model"] and model.get_field("id").type is IRType.STRING
    assert model.version == SchemaVersion(1, 0, 0)


def test_schemas_are_exported_while_a_backend_is_generated(page, tmp_path):
    spec_file = tmp_path / "schemas" / "spec.json"
    page.update(App=object, version="1.0.0", output_path=spec_file)
    page.update(routers_dir=tmp_path, generate_metadata_router=generate_metadata_router)
    page.with_tool().run("generate_backend")
    page["generate_backend"](page["spec"], tmp_path)
    assert IRSpec.from_json(spec_file.read_text()) == page["spec"]
    assert "router = metadata_router" in (tmp_path / "metadata.py").read_text()


def test_every_block_is_used_by_a_test():
    tests = "".join(p.read_text("utf-8") for p in Path(__file__).parent.glob("test_*"))
    assert [name for name in BLOCKS if f'"{name}"' not in tests] == []
    text = (Path(__file__).parent / "blocks.md").read_text("utf-8")
    assert len(BLOCKS) == text.count("\n## ")  # each of another name
