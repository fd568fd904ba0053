"""Tests of the problems found in flows."""

import pytest

from ai_spine.models import Flow, FlowNode
from ai_spine.models.graph import find_problems


def flow(*nodes, entry_point="a", exit_points=("a",), flow_id="f"):
    """Return a flow as parsed from a response."""
    wire = {"flow_id": flow_id, "nodes": list(nodes), "entry_point": entry_point}
    return Flow.from_wire({**wire, "exit_points": list(exit_points)})


def node(node_id, *depends_on, **rest):
    return {"id": node_id, "agent_id": "echo", "depends_on": list(depends_on), **rest}


def test_a_valid_flow_has_no_problems():
    diamond = [
        node("a", type="input"),
        node("b", "a"),
        node("c", "a"),
        node("d", "b", "c"),
    ]
    assert find_problems(flow(*diamond, exit_points=["d"]), agent_ids={"echo"}) == []


def test_a_conditional_node_may_have_conditions_and_no_agent():
    branch = {
        "id": "b",
        "type": "conditional",
        "conditions": {"c": {"field": "x", "op": "exists"}},
        "depends_on": ["a"],
    }
    after = {"id": "c", "type": "output", "depends_on": ["b"]}
    assert find_problems(flow(node("a"), branch, after)) == []


def test_conditions_timeouts_and_misspelt_fields_are_problems_too():
    branch = {**node("b"), "type": "conditional", "conditions": {"x": 1}}
    assert len(find_problems(flow(node("a"), branch))) == 2
    slow = {**node("a"), "config": {"timeout": "soon"}}
    assert find_problems(flow(slow)) == [
        "node 'a': config.timeout must be a number of seconds above zero"
    ]
    misspelt = {**node("b"), "dependson": ["a"]}
    assert find_problems(flow(node("a"), misspelt)) == [
        "node 'b' has a field 'dependson'; 'depends_on' is meant"
    ]
    assert find_problems(flow({**node("a"), "position": {"x": 1}})) == []


@pytest.mark.parametrize("kind", ["input", "output", "conditional"])
def test_only_processors_need_an_agent(kind):
    assert find_problems(flow({"id": "a", "type": kind})) == []


def test_a_flow_built_in_python_is_checked_too():
    built = Flow("f", nodes=[FlowNode("a")], entry_point="a", exit_points=["a"])
    assert find_problems(built) == ["node 'a' names no agent"]


@pytest.mark.parametrize(
    "broken, problem",
    [
        (flow(node("a"), node("a")), "2 nodes have the id 'a'"),
        (flow(node("a", "x")), "node 'a' depends on 'x', an unknown node"),
        (
            flow(node("a", type="magic")),
            "node 'a' has the type 'magic', not one of input, processor, output, conditional",
        ),
        (
            flow(node("a", conditions={})),
            "node 'a' has conditions, but is not of type conditional",
        ),
        (flow({"id": "a"}), "node 'a' names no agent"),
        (
            flow(node("a", agent_id="who")),
            "node 'a' names the agent 'who', which does not exist",
        ),
        (flow(node("a"), entry_point=None), "it has no entry point"),
        (flow(node("a"), entry_point="z"), "its entry point 'z' is no node"),
        (flow(node("a"), exit_points=[]), "it has no exit points"),
        (flow(node("a"), exit_points=["z"]), "its exit point 'z' is no node"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_each_problem_is_reported(broken, problem):
    assert find_problems(broken, agent_ids=["echo"]) == [problem]


@pytest.mark.parametrize(
    "nodes, circle",
    [
        ([node("a", "a")], ["a -> a"]),
        ([node("a", "b"), node("b", "a")], ["a -> b -> a", "b -> a -> b"]),
        (
            [
                node("a"),
                node("b", "a", "d"),
                node("c", "b"),
                node("d", "c"),
                node("e", "d"),
            ],
            ["b -> d -> c -> b", "d -> c -> b -> d", "c -> b -> d -> c"],
        ),
    ],
    ids=["self", "pair", "inner"],
)
def test_a_circle_is_reported_node_by_node(nodes, circle):
    words = "its nodes depend on each other in a circle: "
    (problem,) = find_problems(flow(*nodes))
    assert problem in [words + way for way in circle]


def test_a_circle_is_found_despite_a_missing_dependency():
    problems = find_problems(flow(node("a", "b", "ghost"), node("b", "a")))
    assert problems[0] == "node 'a' depends on 'ghost', an unknown node"
    assert problems[1].endswith("circle: a -> b -> a")


def test_a_long_chain_is_checked_without_recursion():
    chain = [node("0")] + [node(str(n), str(n - 1)) for n in range(1, 3000)]
    assert (
        find_problems(flow(*reversed(chain), entry_point="0", exit_points=["2999"]))
        == []
    )


@pytest.mark.parametrize(
    "wire, problem",
    [
        ({}, ["it has no flow_id", "it has no nodes"]),
        ({"flow_id": "f", "nodes": {}}, ["it has no nodes"]),
        ({"flow_id": 5, "nodes": [node("a")]}, ["it has no flow_id"]),
        (
            {"flow_id": "f", "nodes": ["x", {"id": 5}, {}]},
            [f"nodes[{n}] has no id" for n in "012"],
        ),
        (
            {"flow_id": "f", "nodes": [node("a")], "exit_points": "a"},
            ["exit_points must be a list of node ids"],
        ),
        (
            {"flow_id": "f", "nodes": [{"id": "a", "depends_on": [1], "agent_id": 5}]},
            [
                "node 'a': depends_on must be a list of node ids",
                "node 'a': agent_id must be text",
            ],
        ),
        (
            {"flow_id": "f", "nodes": [{"id": "a", "config": [], "conditions": "x"}]},
            [
                "node 'a': config must be a mapping",
                "node 'a': conditions must be a mapping",
            ],
        ),
    ],
)
def test_a_malformed_flow_is_reported_without_further_checks(wire, problem):
    assert find_problems(Flow.from_wire(wire)) == problem


@pytest.mark.parametrize("odd", [["a"], {"a": 1}, 5, True], ids=repr)
@pytest.mark.parametrize("name", ["entry_point", "exit_points", "nodes", "flow_id"])
def test_a_field_of_the_wrong_type_is_a_problem_and_not_a_crash(name, odd):
    wire = {
        "flow_id": "f",
        "nodes": [node("b")],
        "entry_point": "b",
        "exit_points": ["b"],
    }
    assert find_problems(Flow.from_wire({**wire, name: odd}))


@pytest.mark.parametrize("odd", [["x"], {"a": 1}, 5, True], ids=repr)
@pytest.mark.parametrize("name", ["id", "agent_id", "type", "depends_on"])
def test_a_node_with_a_field_of_the_wrong_type_is_a_problem_and_not_a_crash(name, odd):
    assert find_problems(flow({**node("a"), name: odd}))
