"""Tests of flows from files, dicts and `Flow`s, and of invalid ones."""

import json
import os

import pytest

from ai_spine import ConfigurationError, Flow, FlowNode
from ai_spine.local import LocalServer
from tests.local import flow, is_one_sentence, node, run, single

AGENTS = {"work": lambda input, config: {"did": "work"}}
YAML = """\
flow_id: from-yaml
nodes:
  - {id: n, agent_id: work}
entry_point: n
exit_points: [n]
"""


def error_of(flows):
    """Return the message of the error raised by a server with these flows."""
    with pytest.raises(ConfigurationError) as caught:
        LocalServer(flows, AGENTS).close()
    assert is_one_sentence(caught.value)
    return str(caught.value)


def test_a_folder_of_yaml_and_json_is_served(serve, http, tmp_path):
    (tmp_path / "a.yaml").write_text(YAML, encoding="utf-8")
    (tmp_path / "b.yml").write_text(YAML.replace("from-yaml", "ñandú"), "utf-8")
    (tmp_path / "c.json").write_text(json.dumps(single(flow_id="from-json")), "utf-8")
    (tmp_path / "README.md").write_text("no flow", encoding="utf-8")
    server = serve(tmp_path, AGENTS)
    served = http.get(f"{server.url}/flows").json()["flows"]
    assert [f["flow_id"] for f in served] == ["from-json", "from-yaml", "ñandú"]
    assert run(server, "ñandú").succeeded


def test_a_folder_may_be_a_string_and_empty(serve, http, tmp_path):
    server = serve(str(tmp_path), AGENTS)
    assert http.get(f"{server.url}/flows").json() == {"flows": [], "count": 0}


def test_a_list_may_mix_paths_dicts_and_flows(serve, tmp_path):
    path = tmp_path / "a.yaml"
    path.write_text(YAML, encoding="utf-8")
    made = Flow(
        "made",
        nodes=[FlowNode("n", agent_id="work")],
        entry_point="n",
        exit_points=["n"],
    )
    server = serve([path, single(), made], AGENTS)
    for flow_id in ("from-yaml", "f", "made"):
        assert run(server, flow_id).output_data == {"n": {"did": "work"}}


def test_defaults_are_filled_in(serve, http):
    server = serve([flow({"id": "n", "agent_id": "work"})], AGENTS)
    served = http.get(f"{server.url}/flows/f").json()
    assert served["name"] == "f"
    assert served["description"] == ""
    assert served["version"] == "1.0.0"
    assert served["metadata"] == {}
    assert served["nodes"] == [
        {
            "id": "n",
            "agent_id": "work",
            "type": "processor",
            "depends_on": [],
            "config": {},
            "conditions": None,
        }
    ]


def test_descriptive_fields_of_a_flow_are_served_unchanged(serve, http):
    values = {"name": "N", "description": "D", "version": 7, "metadata": {"k": [1]}}
    server = serve([flow(node("n", "work"), **values)], AGENTS)
    served = http.get(f"{server.url}/flows/f").json()
    assert {name: served[name] for name in values} == values


def test_a_folder_that_does_not_exist_is_refused(tmp_path):
    assert "is not a folder of flows" in error_of(tmp_path / "nowhere")


@pytest.mark.parametrize("flows", [5, {"flow_id": "f"}, {1, 2}])
def test_an_invalid_flows_argument_is_refused(flows):
    assert error_of(flows).startswith("flows must be a folder, or a list of")


BROKEN_FILES = [
    ("f.yaml", "flow_id: [", "is not YAML"),
    ("f.yaml", "a: b: c", "is not YAML"),
    ("f.yaml", "!!python/object:os.system {}", "is not YAML"),
    ("f.json", "{", "is not JSON"),
    ("f.json", "", "is not JSON"),
    ("f.yaml", "", "contains no flow: a mapping is expected"),
    ("f.yaml", "- 1\n- 2", "contains no flow: a mapping is expected"),
    ("f.json", "[]", "contains no flow: a mapping is expected"),
    ("f.yaml", "name: nameless", "it has no flow_id"),
    ("f.yaml", "flow_id: 5", "it has no flow_id"),
    ("f.yaml", "flow_id: f\nversion: 2026-13-45", "is not YAML"),
    ("f.yaml", "flow_id: f\nnodes: " + 500 * "[" + 500 * "]", "is nested too deeply"),
    ("f.json", 100000 * "[", "is nested too deeply"),
    ("f.json", '{"flow_id": "f", "version": ' + 5000 * "1" + "}", "is not JSON"),
]


@pytest.mark.parametrize(
    "name, text, words",
    BROKEN_FILES,
    ids=[f"{name}: {text[:30]}" for name, text, _ in BROKEN_FILES],
)
def test_a_broken_file_is_refused_with_its_name(tmp_path, name, text, words):
    (tmp_path / name).write_text(text, encoding="utf-8")
    message = error_of(tmp_path)
    assert str(tmp_path / name) in message
    assert words in message


def test_a_file_that_is_not_utf_8_is_refused(tmp_path):
    (tmp_path / "f.yaml").write_bytes(b"\xff\xfe\xfa")
    assert error_of(tmp_path).endswith("cannot be read: it is not UTF-8 text")


def test_an_unreadable_file_is_refused_with_the_reason(tmp_path):
    (tmp_path / "f.yaml").mkdir()
    path = tmp_path / "f.yaml"
    assert error_of(tmp_path) == f"{path} cannot be read: {os.strerror(21)}"


def test_a_file_that_does_not_exist_is_refused(tmp_path):
    assert "cannot be read: No such file" in error_of([tmp_path / "absent.yaml"])


def test_two_flows_with_the_same_id_are_refused_with_both_files(tmp_path):
    (tmp_path / "a.yaml").write_text(YAML, encoding="utf-8")
    (tmp_path / "b.yaml").write_text(YAML, encoding="utf-8")
    message = error_of(tmp_path)
    assert str(tmp_path / "a.yaml") in message and str(tmp_path / "b.yaml") in message
    assert message.endswith("both define the flow 'from-yaml'")


def test_a_flow_with_values_that_are_not_json_is_refused():
    bad = single()
    bad["nodes"][0]["config"] = {"since": {1, 2}}
    assert "config.since" in error_of([bad])


BAD_FLOWS = {
    "unknown dependency": (
        flow(node("n", "work", ["ghost"])),
        "node 'n' depends on 'ghost', an unknown node",
    ),
    "circle": (
        flow(node("a", "work", ["b"]), node("b", "work", ["a"])),
        "its nodes depend on each other in a circle: ",
    ),
    "node that depends on itself": (flow(node("a", "work", ["a"])), "circle: a -> a"),
    "no entry point": (
        {**single(), "entry_point": None},
        "it has no entry point",
    ),
    "unknown entry point": (
        {**single(), "entry_point": "x"},
        "its entry point 'x' is no node",
    ),
    "entry point that is a list": ({**single(), "entry_point": ["n"]}, "entry_point"),
    "no exit points": ({**single(), "exit_points": []}, "it has no exit points"),
    "unknown exit point": (
        {**single(), "exit_points": ["n", "x"]},
        "its exit point 'x' is no node",
    ),
    "duplicate node": (
        flow(node("n", "work"), node("n", "work")),
        "2 nodes have the id 'n'",
    ),
    "unknown agent": (
        single("ghost"),
        "node 'n' names the agent 'ghost', which does not exist",
    ),
    "no agent": (
        flow({"id": "n", "type": "processor"}),
        "node 'n' names no agent",
    ),
    "unknown type": (flow(node("n", "work", type="magic")), "has the type 'magic'"),
    "no nodes": ({**single(), "nodes": []}, "it has no nodes"),
    "invalid nodes": ({**single(), "nodes": ["n"]}, "nodes[0] has no id"),
    "config that is not a mapping": (
        flow(node("n", "work", config=[1])),
        "node 'n': config must be a mapping",
    ),
    "conditions on a node that is not conditional": (
        flow(node("n", "work", conditions={})),
        "node 'n' has conditions, but is not of type conditional",
    ),
    "bad condition": (
        flow(
            node("n", type="conditional", conditions={"m": {"field": "x"}}),
            node("m", "work", ["n"]),
        ),
        "node 'n': the condition for 'm' must have one of ==",
    ),
    "condition for no dependent": (
        flow(
            node("n", type="conditional", conditions={"x": "otherwise"}),
            node("m", "work", ["n"]),
        ),
        "node 'n': its conditions name 'x', which does not depend on it",
    ),
    **{
        f"timeout of {timeout!r}": (
            single(timeout=timeout),
            "node 'n': config.timeout must be a number of seconds above zero",
        )
        for timeout in (0, -1, "5", True, [1], 1e300)
    },
}


@pytest.mark.parametrize("flow_, words", BAD_FLOWS.values(), ids=BAD_FLOWS)
def test_an_invalid_flow_is_refused_at_the_start(flow_, words):
    assert words in error_of([flow_])


@pytest.mark.parametrize("flow_, words", BAD_FLOWS.values(), ids=BAD_FLOWS)
def test_an_invalid_flow_is_refused_over_http(serve, http, flow_, words):
    server = serve([single(flow_id="there")], AGENTS)
    responses = [
        http.post(f"{server.url}/flows", json=flow_),
        http.put(f"{server.url}/flows/there", json={**flow_, "flow_id": "there"}),
    ]
    for response in responses:
        assert response.status_code == 400
        assert words in response.json()["detail"]
    assert http.get(f"{server.url}/flows").json()["count"] == 1


def test_all_problems_of_a_flow_are_reported_in_one_message():
    bad = flow(
        node("a", "work", ["b", "ghost"]),
        node("b", "nobody", ["a"]),
        node("c", "work", type="magic"),
        node("c", "work"),
    )
    message = error_of([{**bad, "entry_point": "x", "exit_points": ["y"]}])
    for words in (
        "flow 'f'",
        "depends on 'ghost'",
        "names the agent 'nobody'",
        "has the type 'magic'",
        "2 nodes have the id 'c'",
        "in a circle",
        "entry point 'x'",
        "exit point 'y'",
    ):
        assert words in message


def test_invalid_conditions_and_timeouts_are_reported_together():
    bad = flow(
        node("a", type="conditional", conditions={"b": "maybe", "x": "otherwise"}),
        node("b", "work", ["a"], config={"timeout": -1}),
        node("c", "work", config={"timeout": "soon"}),
    )
    message = error_of([bad])
    for words in ("for 'b'", "name 'x'", "node 'b': config.timeout", "node 'c': conf"):
        assert words in message


def test_a_flow_that_is_nested_too_deeply_is_refused():
    config = {}
    for _ in range(200):
        config = {"in": config}
    message = error_of([single(config=config)])
    assert "a flow given as a dict" in message
    assert message.endswith("nested deeper than 100 levels")
