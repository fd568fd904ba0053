"""The tools of a running program are read, however it keeps and describes them."""

import sys
from dataclasses import dataclass
from types import SimpleNamespace
from typing import List

import pytest

from ai_spine.sdk_sync.errors import ConfigError
from ai_spine.sdk_sync.errors import ImportError as SchemaImportError
from ai_spine.sdk_sync.errors import SchemaRegistryError, SDKSyncWarning
from ai_spine.sdk_sync.ir import IRModel, IRTool, IRType, SchemaVersion
from ai_spine.sdk_sync.registry import SchemaImporter, SchemaRegistry

pydantic = pytest.importorskip("pydantic")

IN, OUT = {"type": "object", "properties": {"q": {"type": "string"}}}, {}
TOOL = IRTool("search", SchemaVersion(2), "Search", IRModel("In"), IRModel("Out"))
AS_DICT = {
    "name": "search",
    "description": "x",
    "input_schema": IN,
    "output_schema": OUT,
}


def imported(tools, **more):
    registry = SchemaRegistry()
    SchemaImporter(registry, **more).import_from_tool_registry(tools)
    return registry


def test_the_integration_with_a_runtime_works_as_printed():
    tool_registry, schema_registry = SimpleNamespace(tools=[TOOL]), SchemaRegistry()
    importer = SchemaImporter(schema_registry)
    importer.import_from_tool_registry(tool_registry)
    assert schema_registry.get_tool("search") == TOOL


class ByName:
    def list_tools(self):
        return ["search"]

    def get_tool(self, name):
        return {"search": TOOL}[name]


@pytest.mark.parametrize(
    "source",
    [
        {"search": TOOL},
        [TOOL],
        iter([TOOL]),
        SimpleNamespace(tools={"search": TOOL}),
        SimpleNamespace(get_all_tools=lambda: {"search": TOOL}),
        SimpleNamespace(list_tools=lambda: [TOOL]),
        ByName(),
    ],
    ids=lambda source: type(source).__name__,
)
def test_tools_are_found_wherever_a_registry_keeps_them(source):
    assert imported(source).find_tools() == [TOOL]


@dataclass
class Query:
    text: str
    limit: int = 10


class Result(pydantic.BaseModel):
    hits: List[Query]
    total: int = pydantic.Field(serialization_alias="count")


def test_a_tool_may_be_a_mapping_or_an_object_with_classes_as_schemas():
    made = SimpleNamespace(
        name="find",
        version="1.2.0",
        description="Find",
        input_schema=Query,
        output_schema=Result,
        namespace="tools",
        tags=["a"],
        timeout=None,
        run=print,
    )
    registry = imported({"search": {**AS_DICT, "handler": print}, "find": made})
    search, find = registry.get_tool("search"), registry.get_tool("find")
    assert (search.version, search.description) == (SchemaVersion(1), "x")
    assert search.input_schema.get_field("q").type is IRType.STRING
    assert search.input_schema.name == "search_input"
    assert (find.version, find.namespace) == (SchemaVersion(1, 2), "tools")
    assert find.input_schema.get_field("limit").default == 10
    assert find.output_schema.get_field("count").required
    assert list(find.output_schema.definitions) == ["Query"]


def test_a_model_and_a_type_are_schemas_too_and_a_key_is_a_name():
    tool = {"input_schema": IRModel("Mine"), "output_schema": List[int]}
    found = imported({"add": tool}).get_tool("add")
    assert found.input_schema == IRModel("Mine")
    assert found.output_schema.root.items.type is IRType.INTEGER


def test_without_a_schema_any_object_is_taken_and_that_is_said():
    with pytest.warns(SDKSyncWarning) as caught:
        found = imported([{"name": "a", "output_schema": True}]).get_tool("a")
    words = 'tool \'a\' has no input_schema: {"type": "object"} is taken'
    assert [str(each.message) for each in caught] == [words]
    assert found.input_schema.root.type is IRType.OBJECT


def _fails(*_):
    raise RuntimeError("no schema today")


class Hostile:
    __get_pydantic_core_schema__ = _fails


@pytest.mark.parametrize(
    "source, words",
    [
        (None, "it cannot be None"),
        (5, "it cannot be of type int"),
        ("search", "it cannot be of type str"),
        ([{}], "a tool needs a name; there is none in one of type dict"),
        (["search"], "a tool needs a name"),
        ({5: {}}, "a tool needs a name"),
        ([{**AS_DICT, "version": "1"}], "tool 'search': .*a version has three numbers"),
        ([{**AS_DICT, "input_schema": {"type": "x"}}], "tool 'search': 'x' is no type"),
        ([{**AS_DICT, "tags": "a"}], "tool 'search': /tags cannot be of type str"),
        (
            [{**AS_DICT, "output_schema": 5}],
            "tool 'search': its output_schema is neither a JSON Schema nor a class",
        ),
        ([{**AS_DICT, "output_schema": Hostile}], "can describe: RuntimeError"),
    ],
)
def test_what_is_no_tool_is_refused(source, words):
    with pytest.raises(SchemaImportError, match=words):
        imported(source)


def test_a_class_needs_a_library_that_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "pydantic", None)
    with pytest.raises(
        ConfigError, match="tool 'search': .* needs pydantic: pip install"
    ):
        imported([{**AS_DICT, "input_schema": Query}])


def test_two_tools_of_one_name_and_version_are_refused_unless_they_may_replace():
    other = {**AS_DICT, "description": "y"}
    with pytest.raises(SchemaRegistryError, match="tool 'search' 1.0.0 is there"):
        imported([AS_DICT, other])
    registry = imported([AS_DICT, other], replace=True)
    assert registry.get_tool("search").description == "y"
