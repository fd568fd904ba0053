"""Tests of the evaluation of conditions, and of invalid conditions."""

import pytest

from ai_spine.models import Flow
from ai_spine.models.conditions import (
    CannotCompare,
    excluded_nodes,
    find_condition_problems,
    holds,
)
from tests.local import flow, node

OUTPUT = {
    "score": 50,
    "name": "Ana",
    "tags": ["new", "vip"],
    "nothing": None,
    "applicant": {"age": 30, "address": {"city": "Lima"}},
}


def rule(field, op, *value):
    return {"field": field, "op": op, **({"value": value[0]} if value else {})}


@pytest.mark.parametrize(
    "field, op, value, expected",
    [
        ("score", "==", 50, True),
        ("score", "==", 51, False),
        ("score", "==", "50", False),
        ("score", "!=", 51, True),
        ("score", "!=", 50, False),
        ("score", "<", 51, True),
        ("score", "<", 50, False),
        ("score", "<=", 50, True),
        ("score", "<=", 49, False),
        ("score", ">", 49, True),
        ("score", ">", 50, False),
        ("score", ">=", 50, True),
        ("score", ">=", 51, False),
        ("name", "<", "Bea", True),
        ("name", "in", ["Ana", "Bea"], True),
        ("name", "in", ["Bea"], False),
        ("name", "in", "Anabel", True),
        ("tags", "contains", "vip", True),
        ("tags", "contains", "old", False),
        ("name", "contains", "n", True),
        ("applicant", "contains", "age", True),
        ("score", "exists", True, True),
        ("score", "exists", False, False),
        ("nothing", "exists", True, True),
        ("absent", "exists", True, False),
        ("absent", "exists", False, True),
        ("nothing", "==", None, True),
    ],
)
def test_a_comparison_is_evaluated(field, op, value, expected):
    assert holds(rule(field, op, value), OUTPUT) is expected


def test_exists_needs_no_value():
    assert holds(rule("score", "exists"), OUTPUT)
    assert not holds(rule("absent", "exists"), OUTPUT)


@pytest.mark.parametrize(
    "field, expected",
    [
        ("applicant.age", 30),
        ("applicant.address.city", "Lima"),
    ],
)
def test_a_field_may_be_a_path(field, expected):
    assert holds(rule(field, "==", expected), OUTPUT)


@pytest.mark.parametrize(
    "field", ["absent", "applicant.name", "applicant.age.years", "tags.0", "name.first"]
)
@pytest.mark.parametrize("op", ["==", "<", "<=", ">", ">=", "in", "contains"])
def test_only_inequality_is_true_of_a_missing_field(field, op):
    assert not holds(rule(field, op, 1), OUTPUT)
    assert holds(rule(field, "!=", 1), OUTPUT)


@pytest.mark.parametrize(
    "combination, expected",
    [
        ({"all": [rule("score", ">", 1), rule("name", "==", "Ana")]}, True),
        ({"all": [rule("score", ">", 1), rule("name", "==", "Bea")]}, False),
        ({"any": [rule("score", "<", 1), rule("name", "==", "Ana")]}, True),
        ({"any": [rule("score", "<", 1), rule("name", "==", "Bea")]}, False),
        ({"not": rule("score", ">", 1)}, False),
        ({"not": rule("absent", "exists")}, True),
        (
            {"all": [{"any": [rule("score", "<", 1), rule("score", ">", 1)]}]},
            True,
        ),
        ({"not": {"not": rule("score", "==", 50)}}, True),
    ],
)
def test_comparisons_combine(combination, expected):
    assert holds(combination, OUTPUT) is expected


@pytest.mark.parametrize(
    "field, op, value",
    [
        ("name", "<", 5),
        ("nothing", ">=", 5),
        ("score", "in", 5),
        ("score", "contains", 5),
        ("name", "contains", 5),
        ("applicant", ">", {"age": 1}),
    ],
)
def test_values_that_cannot_be_compared_are_reported_with_field_and_op(
    field, op, value
):
    with pytest.raises(CannotCompare) as caught:
        holds(rule(field, op, value), OUTPUT)
    assert field in str(caught.value) and op in str(caught.value)


@pytest.mark.parametrize(
    "conditions, excluded",
    [
        ({}, set()),
        ({"a": rule("score", ">", 1)}, set()),
        ({"a": rule("score", "<", 1)}, {"a"}),
        ({"a": rule("score", ">", 1), "b": "otherwise"}, {"b"}),
        ({"a": rule("score", "<", 1), "b": "otherwise"}, {"a"}),
        (
            {
                "a": rule("score", "<", 1),
                "b": rule("score", "<", 2),
                "c": "otherwise",
                "d": "otherwise",
            },
            {"a", "b"},
        ),
        ({"a": rule("score", ">", 1), "b": rule("score", ">", 2)}, set()),
        ({"a": "otherwise"}, set()),
    ],
)
def test_otherwise_applies_if_no_other_condition_is_true(conditions, excluded):
    assert excluded_nodes(conditions, OUTPUT) == excluded


def problems_of(conditions):
    made = flow(
        node("start", type="conditional", conditions=conditions),
        node("next", "work", ["start"]),
    )
    return find_condition_problems(Flow.from_wire(made))


GOOD = rule("x", "==", 1)


def test_a_valid_condition_has_no_problems():
    assert problems_of({"next": {"all": [GOOD, {"not": GOOD}]}}) == []
    assert problems_of({"next": "otherwise"}) == []
    assert problems_of(None) == []


@pytest.mark.parametrize(
    "bad, words",
    [
        ("sometimes", "must be a mapping or the word otherwise"),
        (None, "must be a mapping or the word otherwise"),
        ([GOOD], "must be a mapping or the word otherwise"),
        ({"op": "=="}, "has no field"),
        ({"field": "", "op": "=="}, "has no field"),
        ({"field": 5, "op": "=="}, "has no field"),
        ({"field": "x"}, "as its op"),
        ({"field": "x", "op": "=~"}, "as its op"),
        ({"field": "x", "op": ["=="]}, "as its op"),
        ({**GOOD, "unit": "cm"}, "has unknown parts: unit"),
        ({"all": []}, "must have a list of conditions under 'all'"),
        ({"any": GOOD}, "must have a list of conditions under 'any'"),
        ({"not": "x"}, "must be a mapping or the word otherwise"),
        ({"not": GOOD, "all": [GOOD]}, "must hold nothing beside 'all'"),
        ({"any": [GOOD, {"field": "x"}]}, "as its op"),
    ],
)
def test_an_invalid_condition_is_reported_with_its_node_and_target(bad, words):
    (problem,) = problems_of({"next": bad})
    assert problem.startswith("node 'start': the condition for 'next'")
    assert words in problem


def test_every_problem_of_a_condition_is_reported():
    problems = problems_of({"next": {"all": [{"op": "=="}, {"field": "x"}]}})
    assert len(problems) == 2


def test_a_condition_for_a_node_that_does_not_depend_on_it_is_refused():
    (problem,) = problems_of({"elsewhere": GOOD})
    assert (
        problem
        == "node 'start': its conditions name 'elsewhere', which does not depend on it"
    )
