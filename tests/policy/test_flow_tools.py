"""Tests of the names and definitions of flows as tools."""

import re

import pytest

from ai_spine import Flow
from ai_spine.policy import flow_tools
from ai_spine.policy.flow_tools import define_tools, is_derived, tool_names

ANY_OBJECT = {"type": "object", "properties": {}, "additionalProperties": True}
ODD_IDS = ["a b", "a!b", "x" * 65, "x" * 66, "ü", "☂", "a\nb", "plain\n", "-" * 70]


def defined(form="openai", **fields):
    (tool,) = define_tools([Flow("f", **fields)], form)
    return tool


def test_an_id_that_can_be_a_name_is_one():
    ids = ["f", "credit_analysis", "sentiment-analysis", "x" * 64, "report_deadbeef"]
    assert tool_names(ids) == {each: each for each in ids}


def test_other_ids_get_names_that_are_plain_distinct_and_lead_back():
    names = tool_names(ODD_IDS)
    assert sorted(names.values()) == sorted(ODD_IDS)
    for name in names:
        assert re.fullmatch("[a-zA-Z0-9_-]{1,64}", name) and is_derived(name)


def test_a_name_depends_neither_on_other_flows_nor_on_their_order():
    names = tool_names([*ODD_IDS, "f"])
    assert tool_names(["f", *reversed(ODD_IDS)]) == names
    for name, flow_id in names.items():
        assert tool_names([flow_id]) == {name: flow_id}


def test_an_id_that_looks_like_a_derived_name_keeps_it():
    (derived,) = tool_names(["a b"])
    names = tool_names(["a b", derived])
    assert names[derived] == derived and sorted(names.values()) == ["a b", derived]


def test_a_flow_without_a_usable_schema_takes_any_object():
    for schema in (None, {}, 3, {"type": "string"}, {"properties": []}):
        tool = defined(input_schema=schema)
        assert tool["function"]["parameters"] == ANY_OBJECT


def test_a_schema_says_that_it_is_of_an_object_and_has_properties():
    for kind in ({}, {"type": ["object", "null"]}):
        found = defined("anthropic", input_schema={"required": ["a"], **kind})
        expected = {"type": "object", "properties": {}, "required": ["a"]}
        assert found["input_schema"] == expected


def test_what_the_apis_of_models_refuse_is_left_out_for_them_and_not_for_mcp():
    schema = {"type": "object", "properties": {}, "anyOf": [{"required": ["a"]}]}
    assert (
        "anyOf" not in defined("openai", input_schema=schema)["function"]["parameters"]
    )
    assert "anyOf" not in defined("anthropic", input_schema=schema)["input_schema"]
    assert defined("mcp", input_schema=schema)["inputSchema"] == schema


def test_a_tool_for_mcp_has_a_title_and_an_output_schema_if_the_flow_has_them():
    assert set(defined("mcp")) == {"name", "description", "inputSchema"}
    schema = {"properties": {"n": {"type": "object"}}}
    tool = defined("mcp", name="F", output_schema=schema)
    assert tool["title"] == "F"
    assert tool["outputSchema"] == {"type": "object", **schema}
    assert "outputSchema" not in defined("mcp", output_schema={"type": "array"})


@pytest.mark.parametrize(
    "fields, expected",
    [
        ({"description": " Adds. ", "name": "F"}, "Adds."),
        ({"description": "", "name": "F"}, "F"),
        ({"description": 3}, "Executes the flow f."),
        ({"description": "x" * 2000}, "x" * 1024),
    ],
    ids=str,
)
def test_a_tool_has_a_description_whatever_the_flow_has(fields, expected):
    for form in flow_tools.FORMATS:
        tool = defined(form, **fields)
        assert tool.get("function", tool)["description"] == expected


def test_a_flow_that_comes_twice_is_one_tool():
    assert len(define_tools([Flow("f"), Flow("f")], "mcp")) == 1
