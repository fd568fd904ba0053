"""Tests of flows as tools of a specification."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ai_spine.models import Flow
from ai_spine.sdk_sync.errors import ConfigError
from ai_spine.sdk_sync.flows import AgentInfo, class_names, spec_of_flows
from ai_spine.sdk_sync.ir import IRSpec, IRType

SCHEMA = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "properties": {"amount": {"type": "number"}, "who": {"$ref": "#/$defs/Person"}},
    "required": ["amount"],
    "$defs": {"Person": {"type": "object", "properties": {"name": {"type": "string"}}}},
}


def test_a_flow_is_a_tool_with_a_typed_input_and_output():
    flow = Flow(
        "credit_analysis",
        name="Credit",
        description="Decides.",
        version="2.1.0",
        input_schema=SCHEMA,
        output_schema={"type": "object"},
    )
    spec = spec_of_flows([flow], auth_required=True)
    tool = spec.tools["credit_analysis"]
    assert (tool.description, str(tool.version), tool.namespace) == (
        "Decides.",
        "2.1.0",
        "flows",
    )
    assert (tool.streaming, tool.auth_required) == (True, True)
    assert tool.metadata == {"flow_id": "credit_analysis", "title": "Credit"}
    assert [each.name for each in tool.input_schema.fields] == ["amount", "who"]
    assert tool.input_schema.get_field("amount").required
    assert tool.input_schema.constraints == {}  # of one dialect, which needs no mention
    assert list(spec.models) == ["CreditAnalysisInput", "CreditAnalysisOutput"]
    assert spec.models["CreditAnalysisInput"] is tool.input_schema
    assert spec.metadata == {
        "generator": "ai-spine",
        "namespace": "flows",
        "warnings": [],
    }
    assert IRSpec.from_json(spec.to_json()) == spec


@pytest.mark.parametrize("version", [None, "", "1.0", "v1.2.3", 3, "1.2.3-rc1"])
def test_a_flow_whose_version_is_not_semantic_has_the_given_one(version):
    spec = spec_of_flows([Flow("f", version=version)], version="4.5.6")
    tool = spec.tools["f"]
    assert {
        str(v) for v in (spec.version, tool.version, tool.input_schema.version)
    } == {"4.5.6"}


def test_a_version_that_is_none_is_refused():
    with pytest.raises(ConfigError, match="three numbers"):
        spec_of_flows([], version="2")


def test_an_id_that_can_be_no_name_gets_the_name_of_its_tool():
    spec = spec_of_flows([Flow("Año nuevo")])
    (tool,) = spec.tools.values()
    assert tool.name == "A_o_nuevo_239258c6"
    assert tool.metadata["flow_id"] == "Año nuevo"
    assert tool.input_schema.name == "AONuevo239258c6Input"


def test_an_unknown_schema_is_any_object_and_a_warning():
    spec = spec_of_flows([Flow("f", input_schema={"type": "object"})])
    assert spec.tools["f"].output_schema.root.type is IRType.OBJECT
    assert spec.metadata["warnings"] == [
        "tool 'f': its output is not known, so that it is an object of any kind"
    ]


def test_a_schema_that_cannot_be_read_spoils_only_its_own_place():
    broken = {"type": "object", "properties": {"a": {"type": "text"}}}
    spec = spec_of_flows([Flow("f", input_schema=broken, output_schema=SCHEMA)])
    assert spec.tools["f"].input_schema.root.type is IRType.OBJECT
    assert spec.tools["f"].output_schema.fields
    (warning,) = spec.metadata["warnings"]
    assert warning.startswith("tool 'f': its input cannot be read ('text' is no type")


def test_a_schema_of_no_object_is_kept_as_it_is():
    spec = spec_of_flows([Flow("f", input_schema={"enum": ["S", "M"]})])
    assert spec.models["FInput"].root.constraints == {"enum": ["S", "M"]}


def test_schemas_may_come_from_somewhere_else():
    spec = spec_of_flows([Flow("f")], lambda flow: (SCHEMA, None))
    assert spec.models["FInput"].get_field("amount").type is IRType.NUMBER


def test_of_two_flows_with_one_id_the_first_counts():
    spec = spec_of_flows(
        [Flow("f", description="first"), Flow("f", description="second")]
    )
    assert spec.tools["f"].description == "first"


def test_a_flow_without_a_description_is_described_by_its_name_or_its_id():
    spec = spec_of_flows([Flow("a", name="Analysis", description=" "), Flow("b")])
    assert [t.description for t in spec.tools.values()] == [
        "Analysis",
        "Executes the flow b.",
    ]


def test_agents_have_the_schemas_that_their_types_say():
    agents = [AgentInfo("risk", "Rates.", SCHEMA), AgentInfo("plain")]
    spec = spec_of_flows([Flow("risk-agent", input_schema=SCHEMA)], agents=agents)
    risk, plain = spec.agents.values()
    assert (risk.description, len(risk.input_schema.fields)) == ("Rates.", 2)
    assert plain.input_schema.root.type is IRType.OBJECT
    assert risk.input_schema.name != spec.tools["risk-agent"].input_schema.name
    assert len(spec.metadata["warnings"]) == 1  # the output of the flow


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text(max_size=6) | st.sampled_from(["a-b", "a_b", "AB", "2", "é"])))
def test_class_names_are_identifiers_and_no_two_are_the_same(names):
    found = class_names(names)
    assert set(found) == set(names)
    assert len(set(found.values())) == len(found)
    assert all(name.isidentifier() and name.isascii() for name in found.values())
