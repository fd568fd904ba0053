"""Tests of exporting the schemas of applications."""

import json
import os
import runpy
import stat

import pytest
import requests

from ai_spine.local import LocalServer, agent
from ai_spine.models import Flow
from ai_spine.sdk_sync.errors import (
    ConfigError,
    ExportError,
    ImportError,
    SchemaRegistryError,
)
from ai_spine.sdk_sync.exporter import (
    SchemaExporter,
    export_schemas_from_app,
    generate_metadata_router,
    save_spec_to_file,
)
from ai_spine.sdk_sync.ir.bundling import bundled
from ai_spine.sdk_sync.registry import load_spec
from ai_spine.sdk_sync.ir import IRModel, IRSpec, IRTool, IRType, SchemaVersion
from ai_spine.sdk_sync.registry import SchemaRegistry
from tests.asgi import serving
from tests.local import LIMIT, single
from tests.needs import needs

SCHEMA = {"type": "object", "properties": {"query": {"type": "string"}}}


# What can be exported


@agent("work")
def work(query: str) -> dict:
    return {"found": query}


def test_a_local_server_exports_its_flows_with_the_types_of_its_agents():
    with LocalServer([single()], [work]) as server:
        spec = export_schemas_from_app(server, "2.0.0")
    assert str(spec.version) == "2.0.0"
    assert spec.models["FInput"].get_field("query").type is IRType.STRING
    assert list(spec.agents) == ["work"]


def test_flows_may_be_given_as_flows_or_as_dicts():
    spec = export_schemas_from_app(
        [Flow("a"), {**single(flow_id="b"), "input_schema": SCHEMA}]
    )
    assert list(spec.tools) == ["a", "b"]
    assert spec.models["BInput"].get_field("query")


class Tool:
    """A tool as other programs have it."""

    name = "find"
    description = "Finds."
    input_schema = SCHEMA


def test_tools_may_be_models_dicts_or_objects():
    given = IRTool("own", SchemaVersion(3), "Its own.", IRModel("In"), IRModel("Out"))
    made = {"name": "ask", "input_schema": SCHEMA, "output_schema": IRModel("Reply")}
    spec = export_schemas_from_app([given, made, Tool()], "1.2.0")
    assert list(spec.tools) == ["own", "ask", "find"]
    assert spec.tools["own"] is given
    assert spec.tools["find"].description == "Finds."
    assert spec.tools["ask"].description == "ask"
    assert {"AskInput", "Reply", "FindInput", "FindOutput", "In"} < set(spec.models)
    assert str(spec.models["FindInput"].version) == "1.2.0"


@needs("pydantic")
def test_the_schemas_of_a_tool_may_be_pydantic_classes():
    from pydantic import BaseModel

    class Question(BaseModel):
        text: str

    spec = export_schemas_from_app({"ask": {"input_schema": Question}})
    assert spec.models["AskInput"].get_field("text").required


def test_tools_may_be_given_by_their_names():
    spec = export_schemas_from_app({"search": {"input_schema": SCHEMA}})
    assert spec.tools["search"].input_schema.name == "SearchInput"


def test_a_registry_or_a_specification_is_exported_as_it_is():
    registry = SchemaRegistry()
    registry.register_model(IRModel("User"))
    spec = export_schemas_from_app(registry, "3.0.0")
    assert (str(spec.version), list(spec.models)) == ("3.0.0", ["User"])
    assert export_schemas_from_app(spec) is spec


@pytest.mark.parametrize(
    "app, words",
    [
        ("app", "exported from a LocalServer.*not from one of type str"),
        (7, "not from one of type int"),
        ([{"name": "x"}], "'x' is neither a flow nor a tool"),
        ([object()], "an item of type object is neither a flow nor a tool"),
        ([{"nodes": []}], "no flow_id"),
    ],
)
def test_what_has_no_schemas_is_refused(app, words):
    with pytest.raises(ConfigError, match=words):
        export_schemas_from_app(app)


def test_a_schema_of_a_tool_that_is_none_is_refused():
    with pytest.raises(ImportError, match="is no type"):
        export_schemas_from_app({"t": {"input_schema": {"type": "text"}}})


def test_an_exporter_keeps_all_that_it_has_exported_in_its_registry(tmp_path):
    exporter = SchemaExporter("1.0.0")
    spec = exporter.export_from_app([Flow("a")])
    exporter.export_from_app([Flow("b")])
    assert sorted(exporter.registry.tools) == ["a", "b"]
    exporter.save_spec_to_file(spec, tmp_path / "spec.json")
    assert load_spec(tmp_path / "spec.json") == spec
    with pytest.raises(SchemaRegistryError, match="other content already"):
        exporter.export_from_app([Flow("a", description="Another.")])


# FastAPI


@pytest.fixture
def app():
    """An application with a tool, a typed route, and one without models."""
    from typing import List

    from fastapi import Depends, FastAPI
    from fastapi.security import HTTPBearer
    from pydantic import BaseModel

    class Tag(BaseModel):
        text: str

    class Query(BaseModel):
        query: str
        tags: List[Tag] = []

    class Found(BaseModel):
        total: int

    made = FastAPI(title="Search", version="7")

    @made.post("/api/tools/search/execute", tags=["tools"])
    def search(query: Query) -> Found:
        """Search for things."""
        return Found(total=1)

    @made.get("/items/{item_id}", dependencies=[Depends(HTTPBearer())])
    def read_item(item_id: int, page: int = 1) -> List[Found]:
        return []

    @made.get("/ping")
    def ping():
        return None

    @made.get("/api/_meta/schemas")
    def manifest():
        return None

    return made


@needs("fastapi")
def test_the_routes_of_a_fastapi_application_are_endpoints(app):
    spec = export_schemas_from_app(app, "1.5.0")
    assert spec.api_version == "7"
    search, item, ping = spec.endpoints.values()
    assert (search.method, search.path) == ("POST", "/api/tools/search/execute")
    assert search.description == "Search for things."
    assert (search.request_schema.name, search.response_schema.name) == (
        "Query",
        "Found",
    )
    assert (item.auth_required, search.auth_required) == (True, False)
    assert [each["name"] for each in item.metadata["parameters"]] == ["item_id", "page"]
    assert item.response_schema.root.items.ref_name == "Found"
    assert ping.response_schema is None
    assert set(spec.models) == {"Query", "Tag", "Found", item.response_schema.name}
    assert not any(bundled(each, spec.models)[1] for _, each in spec.all_models())
    assert IRSpec.from_json(spec.to_json()) == spec


@needs("fastapi")
def test_a_route_that_generated_clients_can_call_is_a_tool(app):
    spec = export_schemas_from_app(app, "1.5.0")
    (tool,) = spec.tools.values()
    assert (tool.name, str(tool.version), tool.tags) == ("search", "1.5.0", ["tools"])
    assert tool.input_schema.get_field("query").required


@needs("fastapi")
def test_a_model_without_a_name_gets_one_that_no_other_has():
    from typing import List

    from fastapi import FastAPI
    from pydantic import create_model

    taken = create_model("ReadAllGetResponse", total=(int, ...))
    app = FastAPI(generate_unique_id_function=lambda route: f"{route.name} get")

    @app.get("/all")
    def read_all() -> List[taken]:
        return []

    (endpoint,) = export_schemas_from_app(app).endpoints.values()
    assert endpoint.response_schema.name == "ReadAllGetResponse_"
    assert endpoint.response_schema.root.items.ref_name == "ReadAllGetResponse"


@needs("fastapi")
def test_exporting_an_application_does_not_freeze_its_document(app):
    export_schemas_from_app(app)

    @app.get("/later")
    def later():
        return None

    assert "/later" in app.openapi()["paths"]


# Files


def test_a_specification_is_written_whole_and_others_may_read_it(tmp_path):
    path = tmp_path / "new" / "spec.json"
    spec = export_schemas_from_app([Flow("f")], output_path=path)
    assert json.loads(path.read_text())["tools"]["f"]["name"] == "f"
    assert load_spec(path) == spec
    assert [each.name for each in path.parent.iterdir()] == ["spec.json"]
    if os.name == "posix":
        assert stat.S_IMODE(path.stat().st_mode) == 0o644


def test_a_file_that_cannot_be_replaced_leaves_nothing_behind(tmp_path):
    (tmp_path / "spec.json").mkdir()
    with pytest.raises(ExportError, match="cannot be written to .*spec.json: "):
        save_spec_to_file(export_schemas_from_app([]), tmp_path / "spec.json")
    assert [each.name for each in tmp_path.iterdir()] == ["spec.json"]


@needs("fastapi")
@needs("uvicorn")
def test_the_generated_router_serves_the_specification_beside_it(tmp_path):
    from fastapi import FastAPI

    spec = export_schemas_from_app(
        {"search": {"input_schema": SCHEMA}},
        "2.0.0",
        tmp_path / "generated" / "schemas" / "spec.json",
    )
    module = tmp_path / "generated" / "routers" / "metadata.py"
    module.parent.mkdir()
    module.write_text(generate_metadata_router())
    app = FastAPI()
    app.include_router(runpy.run_path(str(module))["router"])
    with serving(app) as url:
        body = requests.get(f"{url}/api/_meta/spec", timeout=LIMIT).json()
        model = requests.get(
            f"{url}/api/_meta/schemas/models/SearchInput", timeout=LIMIT
        ).json()
    assert IRSpec.from_dict(body) == spec
    assert model["properties"] == SCHEMA["properties"]


def _tool(name, field):
    taken = {"type": "object", "properties": {field: {"type": "string"}}}
    return {"name": name, "input_schema": taken, "output_schema": {}}


def test_tools_whose_names_become_one_class_keep_their_own_models():
    spec = export_schemas_from_app([_tool("a-b", "x"), _tool("a_b", "y")])
    models = {tool.input_schema.name for tool in spec.tools.values()}
    assert len(models) == 2 and models <= set(spec.models)


@pytest.mark.parametrize("first", [_tool("a", "x"), {"flow_id": "a", "nodes": []}])
def test_two_tools_of_one_name_are_refused(first):
    with pytest.raises(ConfigError, match="two tools have the name 'a': rename one"):
        export_schemas_from_app([first, _tool("a", "y")])
