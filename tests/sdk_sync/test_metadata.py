"""Tests of the documents of `/api/_meta`."""

import jsonschema
import pytest

from ai_spine.models import Flow
from ai_spine.sdk_sync.errors import ConfigError
from ai_spine.sdk_sync.flows import AgentInfo, spec_of_flows
from ai_spine.sdk_sync.ir import IRField, IRModel, IRSpec, IRTool, IRType, SchemaVersion
from ai_spine.sdk_sync.metadata import SchemaMetadata
from ai_spine.sdk_sync.registry import SchemaRegistry


def model(name, *fields, version="1.0.0"):
    return IRModel(name, SchemaVersion.parse(version), list(fields))


@pytest.fixture
def registry():
    made = SchemaRegistry()
    owner = IRField("owner", IRType.REF, ref_name="User", required=True)
    made.register_model(model("User", IRField("id", IRType.STRING, required=True)))
    made.register_model(model("User", IRField("id", IRType.INTEGER), version="1.10.0"))
    made.register_model(model("User", version="1.2.0"))
    made.register_model(model("Pet", owner))
    search = IRTool(
        "search", SchemaVersion(1), "Searches.", model("In", owner), model("Out")
    )
    made.register_tool(search)
    return made


@pytest.fixture
def served(registry):
    return SchemaMetadata(registry, version="3.0.0", api_version="7")


def test_the_manifest_lists_versions_as_numbers_the_oldest_first(served):
    status, body = served.manifest()
    assert status == 200
    assert (body["version"], body["api_version"]) == ("3.0.0", "7")
    versions = {"versions": ["1.0.0", "1.2.0", "1.10.0"], "latest": "1.10.0"}
    assert body["models"]["User"] == versions
    assert body["tools"] == {"search": {"versions": ["1.0.0"], "latest": "1.0.0"}}


def test_a_model_is_the_newest_unless_a_version_is_named(served):
    assert served.model("User").body["properties"]["id"]["type"] == "integer"
    body = served.model("User", "1.0.0").body
    assert body == {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "User",
        "type": "object",
        "properties": {"id": {"type": "string"}},
        "required": ["id"],
        "x-version": "1.0.0",
    }


def test_a_model_that_refers_to_another_needs_no_other_document(served):
    schema = served.model("Pet").body
    jsonschema.validate({"owner": {"id": 1}}, schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"owner": {"id": "x"}}, schema)


def test_a_tool_has_schemas_that_need_no_other_document(served):
    tool = served.tool("search").body
    assert (tool["name"], tool["description"]) == ("search", "Searches.")
    jsonschema.validate({"owner": {"id": 1}}, tool["input_schema"])
    assert IRTool.from_dict(tool).input_schema.name == "In"


def test_a_registry_is_served_as_it_is_at_that_moment(served, registry):
    registry.register_model(model("Later"))
    assert served.model("Later").status == 200


def test_the_spec_may_be_called_another_version(served):
    spec = IRSpec.from_dict(served.spec("4.0.0", "8").body)
    assert (str(spec.version), spec.api_version) == ("4.0.0", "8")
    assert served.spec().body["version"] == "3.0.0"


def test_a_specification_is_served_with_all_that_it_has():
    spec = spec_of_flows([Flow("f")], version="2.0.0", agents=[AgentInfo("a")])
    served = SchemaMetadata(spec)
    assert IRSpec.from_dict(served.spec().body) == spec
    assert served.manifest().body["version"] == "2.0.0"


@pytest.mark.parametrize(
    "reply, words",
    [
        (lambda s: s.model("user"), "there is no model 'user'; is 'User' meant?"),
        (lambda s: s.tool("find"), "there is no tool 'find'"),
        (
            lambda s: s.model("User", "2.0.0"),
            "model 'User' has no version 2.0.0; there is 1.0.0, 1.2.0, 1.10.0",
        ),
        (lambda s: s.model("a\nb"), "there is no model 'a\\nb'"),
    ],
)
def test_what_is_not_there_is_404(served, reply, words):
    assert reply(served) == (404, {"detail": words})


@pytest.mark.parametrize("call", ["model", "tool", "spec"])
def test_a_version_that_is_none_is_422(served, call):
    arguments = ("newest",) if call == "spec" else ("User", "newest")
    status, body = getattr(served, call)(*arguments)
    assert (status, body["detail"][0]["input"]) == (422, "newest")


def test_the_version_of_a_registry_must_be_one(registry):
    with pytest.raises(ConfigError, match="three numbers"):
        SchemaMetadata(registry, version="1")
