"""Tests of flows and agents that are added to a running server, and of its executions."""

import threading
from unittest import mock

import pytest

from ai_spine import ConfigurationError, ExecutionError, Flow, ValidationError
from ai_spine.local import LocalServer, agent
from tests.local import LIMIT, flow, is_one_sentence, node, run, single, wait_until
from tests.needs import needs


def work(input, config):
    return {"did": "work"}


def count(input, config):
    return {"count": input.get("count", 0) + 1}


@agent("counter", name="Counts")
def counting(input, config):
    return count(input, config)


@pytest.fixture
def server(serve):
    return serve([], {})


def ids(server, kind):
    with server.client() as client:
        flows, agents = client.list_flows(), client.list_agents()
    return (
        [f.flow_id for f in flows] if kind == "flow" else [a.agent_id for a in agents]
    )


# Flows from a sequence of agents


def test_a_flow_of_one_function_returns_its_output(server):
    made = server.add_flow("f", work)
    assert isinstance(made, Flow) and made.flow_id == "f"
    assert run(server).output == {"work": {"did": "work"}}


def test_each_agent_in_a_sequence_gets_the_output_of_the_one_before(server):
    server.add_flow("f", count, work, count)
    done = run(server, input_data={"count": 5})
    assert done.output == {"count-2": {"count": 6}}  # `work` does not return a count
    with server.client() as client:
        results = client.get_execution_results(done.execution_id)
    assert [result.node_id for result in results] == ["count", "work", "count-2"]
    assert results[1].input_data == {"count": 6}


def test_a_sequence_may_contain_ids_of_agents(server):
    server.add_agent(count)
    server.add_flow("f", "count", counting)
    assert ids(server, "agent") == ["count", "counter"]
    assert run(server).output == {"counter": {"count": 2}}


def test_an_unnamed_function_is_named_after_its_flow(server):
    stand_in = mock.Mock(return_value={"a": 1})
    server.add_flow("f", lambda input, config: {"b": 2}, stand_in)
    assert run(server, input_data={"x": 0}).output == {"f-2": {"a": 1}}
    stand_in.assert_called_once_with({"x": 0, "b": 2}, {})


def test_functions_with_the_same_name_in_two_flows_are_separate_agents(server):
    def same(number):
        def name(input, config):
            return {"n": number}

        return name

    server.add_flow("f", same(1))
    server.add_flow("g", same(2))
    assert run(server, "f").output == {"name": {"n": 1}}
    assert run(server, "g").output == {"name": {"n": 2}}


def test_add_flow_replaces_a_flow_with_the_same_id(serve):
    server = serve([single()], {"work": work})
    server.add_flow("f", count)
    assert run(server).output == {"count": {"count": 1}}
    assert ids(server, "flow") == ["f"]


# Definitions


def test_a_definition_may_be_a_dict_a_flow_or_a_file(server, tmp_path):
    server.add_agent(work)
    path = tmp_path / "f.yaml"
    text = "{flow_id: y, entry_point: n, exit_points: [n], nodes: [{id: n, agent_id: work}]}"
    path.write_text(text, encoding="utf-8")
    server.add_flow(single())
    server.add_flow(Flow.from_wire(single(flow_id="g")))
    server.add_flow(path)
    for flow_id in ("f", "g", "y"):
        assert run(server, flow_id).output == {"n": {"did": "work"}}
    assert server.add_flow(str(path)).flow_id == "y"


def test_add_agent_replaces_an_agent_with_the_same_id(serve):
    server = serve([single()], {"work": work})
    server.add_agent(lambda input, config: {"did": "nothing"}, "work")
    assert run(server).output == {"n": {"did": "nothing"}}


def test_an_agent_may_be_the_url_of_a_service(server):
    server.add_agent("http://127.0.0.1:9", "far")
    with server.client() as client:
        assert client.get_agent("far").endpoint == "http://127.0.0.1:9"
    server.add_agent(work, "far")
    server.add_flow(single("far"))
    assert run(server).succeeded


@needs("vaderSentiment")
def test_add_samples_adds_the_samples(server):
    server.add_samples()
    assert ids(server, "flow") == ["credit_analysis", "sentiment-analysis"]
    assert run(server, "sentiment-analysis", {"text": "Wonderful!"}).succeeded
    server.reset()
    assert ids(server, "flow") == ids(server, "agent") == []


# Invalid flows and agents


@pytest.mark.parametrize(
    "arguments, words",
    [
        (["f"], "flow 'f' has no agents: pass them after it"),
        (["f.yaml"], "f.yaml cannot be read: No such file or directory"),
        (["f", "ghost"], "names the agent 'ghost', which does not exist"),
        (["f", 5], "agent 'f.f' must be a function or a URL"),
        (["f", lambda: {}], "must take input, config and context"),
        ([single(), work], "agents in a row need the id of their flow"),
        ([5], "a flow given as int contains no flow: a mapping is expected"),
        ([work], "a flow given as function contains no flow: a mapping is expected"),
        ([flow(node("a", "x"), node("a", "x"))], "2 nodes have the id 'a'"),
        (["..", work], "flow_id must not be '..'"),
        (["", work], "flow_id must not be empty"),
        ([single(flow_id=".")], "flow_id must not be '.'"),
        ([{**single(), "flow_id": None}], "it has no flow_id"),
    ],
)
def test_an_invalid_flow_is_refused_and_nothing_is_added(server, arguments, words):
    with pytest.raises((ConfigurationError, ValidationError)) as caught:
        server.add_flow(*arguments)
    assert words in str(caught.value) and is_one_sentence(caught.value)
    assert ids(server, "flow") == ids(server, "agent") == []


@pytest.mark.parametrize(
    "arguments, words",
    [
        ([lambda input, config: {}], "an agent without a name needs an agent_id"),
        (["http://127.0.0.1:9"], "an agent without a name needs an agent_id"),
        ([work, "."], "agent_id must not be '.'"),
        ([work, ""], "an agent without a name needs an agent_id"),
        ([counting, "other"], "agent 'counter' is given under the id 'other'"),
        (["ftp://x", "far"], "far"),
        ([5, "five"], "agent 'five' must be a function or a URL"),
    ],
)
def test_an_invalid_agent_is_refused(server, arguments, words):
    with pytest.raises(ConfigurationError) as caught:
        server.add_agent(*arguments)
    assert words in str(caught.value) and is_one_sentence(caught.value)
    assert ids(server, "agent") == []


def test_a_closed_server_raises():
    server = LocalServer([], {})
    server.close()
    for act in (
        lambda: server.add_agent(work),
        lambda: server.add_flow("f", work),
        server.add_samples,
        server.executions,
        server.reset,
    ):
        with pytest.raises(ConfigurationError, match="^the server is closed$"):
            act()


# How long they last


def test_a_reset_restores_the_initial_flows_and_agents(serve):
    server = serve([single()], {"work": work})
    server.add_agent(lambda input, config: {"did": "other"}, "work")
    server.add_flow("g", count)
    server.add_flow("f", count)
    server.reset()
    assert (ids(server, "flow"), ids(server, "agent")) == (["f"], ["work"])
    assert run(server).output == {"n": {"did": "work"}}


def test_added_flows_are_not_stored_in_the_database(tmp_path):
    path = tmp_path / "db"
    with LocalServer([single()], {"work": work}, db=path) as server:
        server.add_flow("g", count)
        assert run(server, "g").succeeded
    with LocalServer([single()], {"work": work}, db=path) as again:
        assert (ids(again, "flow"), ids(again, "agent")) == (["f"], ["work"])
        assert [execution.flow_id for execution in again.executions()] == ["g"]


# Executions


def test_executions_are_sorted_by_their_start(server):
    server.add_flow("f", count)
    server.add_flow("g", count)
    for flow_id in ("f", "g", "f"):
        run(server, flow_id)
    assert [e.flow_id for e in server.executions()] == ["f", "g", "f"]
    assert len(server.executions("f")) == 2 and server.executions("h") == []


def test_executions_returns_all_pages(server):
    server.add_flow("f", count)
    with server.client() as client:
        for number in range(120):
            client.execute_flow("f", {"number": number})
    numbers = [e.input_data["number"] for e in server.executions("f")]
    assert numbers == list(range(120))


def test_executions_can_be_filtered_by_input_and_status(server):
    def picky(input, config):
        return {"half": 1 / input["n"]}

    server.add_flow("f", picky)
    for number in (0, 1, 1):
        run(server, input_data={"n": number, "list": [1, 2]})
    assert len(server.executions("f", input={"n": 1, "list": (1, 2)})) == 2
    assert server.executions(input={"n": 1}) == []
    [failed] = server.executions(status="failed")
    assert failed.error.startswith("Node 'picky' failed: ZeroDivisionError: ")
    assert server.executions("f", input={"n": 1, "list": [1, 2]}, status="failed") == []
    assert len(server.executions(status="success")) == 2  # the name in other dialects


def test_executions_returns_the_current_status(server, gate):
    arrived = threading.Event()

    def hold(input, config):
        arrived.set()
        assert gate.wait(LIMIT)
        return {}

    server.add_flow("f", hold)
    with server.client() as client:
        client.execute_flow("f", {})
    assert arrived.wait(LIMIT)
    assert len(server.executions(status="running")) == 1
    gate.set()
    wait_until(lambda: server.executions(status="completed"))


def test_an_unknown_flow_leaves_no_execution(server):
    with server.client() as client, pytest.raises(ExecutionError):
        client.execute_flow("ghost", {})
    assert server.executions() == []


@pytest.mark.parametrize(
    "arguments, words",
    [
        ({"flow_id": ""}, "flow_id must not be empty"),
        ({"input": 5}, "input must be a mapping"),
        ({"input": {"x": object()}}, "JSON"),
        ({"status": "done"}, "status must be one of pending, running, completed"),
        ({"status": 5}, "status must be one of"),
    ],
)
def test_an_invalid_filter_is_refused(server, arguments, words):
    with pytest.raises(ValidationError) as caught:
        server.executions(**arguments)
    assert words in str(caught.value) and is_one_sentence(caught.value)
