"""Tests of the engine: order, data, conditions, failures and cancellation."""

import functools
import threading

import pytest

from ai_spine.local import LocalServer
from tests.local import LIMIT, flow, node, run, single, wait_until


def echo(input, config):
    return dict(input)


def returning(**output):
    """Return an agent that always returns the same output."""
    return lambda input, config: dict(output)


def results_of(http, server, execution):
    """Return an execution's node results by node."""
    response = http.get(f"{server.url}/executions/{execution.execution_id}/results")
    return {result["node_id"]: result for result in response.json()["node_results"]}


def statuses_of(http, server, execution):
    results = results_of(http, server, execution)
    return {node_id: result["status"] for node_id, result in results.items()}


# Data


def test_a_diamond_merges_the_data_of_its_branches(serve, http):
    diamond = flow(
        node("start"),
        node("left", "left", ["start"]),
        node("right", "right", ["start"]),
        node("end", "echo", ["left", "right"]),
    )
    agents = {
        "left": returning(l=1, side="l"),
        "right": returning(r=2, side="r"),
        "echo": echo,
    }
    server = serve([diamond], agents)
    execution = run(server, input_data={"side": "none", "x": [1, {"y": None}]})
    merged = {"x": [1, {"y": None}], "l": 1, "r": 2, "side": "r"}
    assert execution.succeeded
    assert execution.input_data == {"side": "none", "x": [1, {"y": None}]}
    assert execution.output_data == {"end": merged}
    results = results_of(http, server, execution)
    assert results["end"]["input_data"] == merged
    assert results["left"]["input_data"] == execution.input_data
    assert {r["status"] for r in results.values()} == {"completed"}
    assert list(results)[0] == "start" and list(results)[-1] == "end"
    assert all(r["execution_time_ms"] >= 0 for r in results.values())


def test_a_node_gets_only_the_data_of_its_dependencies(serve, http):
    chain = flow(
        node("a", "a"), node("b", "b", ["a"]), node("c", "echo", ["b"]), exits=["c"]
    )
    server = serve([chain], {"a": returning(a=1), "b": returning(b=2), "echo": echo})
    execution = run(server, input_data={"in": 0})
    assert execution.output_data == {"c": {"in": 0, "b": 2}}


def test_each_exit_point_has_an_output(serve):
    made = flow(node("a", "a"), node("b", "b"), node("c", "c"), exits=["a", "c"])
    server = serve(
        [made], {"a": returning(a=1), "b": returning(b=2), "c": returning(c=3)}
    )
    assert run(server).output_data == {"a": {"a": 1}, "c": {"c": 3}}


def test_input_and_output_nodes_without_agents_pass_their_data_on(serve):
    made = flow(
        node("in"),
        node("work", "work", ["in"]),
        node("out", None, ["work"], type="output"),
    )
    server = serve([made], {"work": returning(done=True)})
    execution = run(server, input_data={"x": 1})
    assert execution.output_data == {"out": {"x": 1, "done": True}}


def test_an_agent_gets_the_config_of_its_node(serve):
    server = serve([single(rate=0.5)], {"work": lambda input, config: config})
    assert run(server).output_data == {"n": {"rate": 0.5}}


def test_metadata_of_an_execution_is_kept(serve):
    server = serve([single()], {"work": echo})
    with server.client() as client:
        done = client.execute_and_wait("f", {}, {"team": "risk"}, timeout=LIMIT)
    assert done.metadata == {"team": "risk"}


def test_an_agent_that_changes_its_input_does_not_affect_other_nodes(serve, http):
    def spoil(input, config):
        input["list"].append("spoilt")
        input.clear()
        config["rate"] = "spoilt"
        return {}

    made = flow(
        node("first", "spoil", config={"rate": 1}),
        node("second", "echo", ["first"]),
        node("third", "spoil", ["first"]),
        node("last", "echo", ["second", "third"]),
        exits=["second", "last"],
    )
    server = serve([made], {"spoil": spoil, "echo": echo})
    for _ in range(2):
        execution = run(server, input_data={"list": [1]})
        expected = {"list": [1]}
        assert execution.output_data == {"second": expected, "last": expected}
        assert execution.input_data == expected
        results = results_of(http, server, execution)
        assert results["third"]["input_data"] == expected
    assert http.get(f"{server.url}/flows/f").json()["nodes"][0]["config"] == {"rate": 1}


def test_an_agent_that_changes_its_config_does_not_affect_later_executions(serve):
    def count(input, config):
        config["seen"].append(1)
        return {"seen": len(config["seen"])}

    server = serve([single(seen=[])], {"work": count})
    assert [run(server).output_data["n"]["seen"] for _ in range(2)] == [1, 1]


def test_later_changes_to_an_output_have_no_effect(serve):
    kept = {}

    def keep(input, config):
        kept["list"] = [1]
        return {"list": kept["list"]}

    def disturb(input, config):
        kept["list"].append(2)
        return dict(input)

    made = flow(node("a", "keep"), node("b", "disturb", ["a"]), exits=["a", "b"])
    server = serve([made], {"keep": keep, "disturb": disturb})
    assert run(server).output_data == {"a": {"list": [1]}, "b": {"list": [1]}}


@pytest.mark.parametrize(
    "output",
    [{}, {"x": None, "y": [1.5, True, "ñ"], "z": {"deep": {}}}, {"half": "\ud800"}],
    ids=["nothing", "much", "half a surrogate pair"],
)
def test_any_json_object_is_an_output(serve, output):
    server = serve([single()], {"work": returning(**output)})
    assert run(server).output_data == {"n": output}


# Order


def test_independent_nodes_run_at_the_same_time(serve):
    barrier = threading.Barrier(3)

    def meet(input, config):
        return {"place": barrier.wait(LIMIT)}

    made = flow(
        node("start"),
        *(node(name, "meet", ["start"]) for name in "abc"),
        exits="abc",
    )
    execution = run(serve([made], {"meet": meet}))
    assert execution.succeeded
    assert {output["place"] for output in execution.output_data.values()} == {0, 1, 2}


def test_executions_run_at_the_same_time(serve):
    barrier = threading.Barrier(4)

    def meet(input, config):
        barrier.wait(LIMIT)
        return {}

    server = serve([single()], {"work": meet})
    with server.client() as client:
        started = [client.execute_flow("f", {}) for _ in range(4)]
        done = [client.wait_for_execution(each, LIMIT, 0.05) for each in started]
    assert all(execution.succeeded for execution in done)


def test_a_node_starts_as_soon_as_its_dependencies_are_done(serve, gate):
    order, reached = [], threading.Event()

    def note(name, input, config):
        order.append(name)
        return {}

    def hold(input, config):
        reached.set()
        gate.wait(LIMIT)
        order.append("slow")
        return {}

    def after_fast(input, config):
        order.append("after fast")
        gate.set()
        return {}

    made = flow(
        node("slow", "hold"),
        node("fast", "fast"),
        node("after_fast", "after_fast", ["fast"]),
        node("join", "join", ["slow", "fast"]),
    )
    agents = {
        "hold": hold,
        "fast": functools.partial(note, "fast"),
        "after_fast": after_fast,
        "join": functools.partial(note, "join"),
    }
    agents = {name: (lambda f: lambda i, c: f(i, c))(f) for name, f in agents.items()}
    assert run(serve([made], agents)).succeeded
    assert order == ["fast", "after fast", "slow", "join"]


def test_no_more_nodes_run_at_once_than_max_workers(serve, gate):
    lock, now, most = threading.Lock(), [], []

    def work(input, config):
        with lock:
            now.append(1)
            most.append(len(now))
        gate.wait(LIMIT)
        with lock:
            now.pop()
        return {}

    made = flow(*(node(f"n{i}", "work") for i in range(6)))
    server = serve([made], {"work": work}, max_workers=2)
    with server.client() as client:
        started = [client.execute_flow("f", {}) for _ in range(2)]
        wait_until(lambda: len(now) == 2)
        gate.set()
        for execution in started:
            client.wait_for_execution(execution.execution_id, LIMIT, 0.05)
    assert max(most) == 2
    assert len(most) == 12


def test_one_worker_is_enough_for_any_graph(serve):
    made = flow(
        node("start"),
        *(node(f"n{i}", "echo", ["start"]) for i in range(5)),
        node("end", "echo", [f"n{i}" for i in range(5)]),
    )
    assert run(serve([made], {"echo": echo}, max_workers=1)).succeeded


def test_a_long_chain_and_a_wide_flow_run_to_the_end(serve):
    chain = [node("n0", "echo")]
    chain += [node(f"n{i}", "echo", [f"n{i - 1}"]) for i in range(1, 200)]
    wide = [node("start"), *(node(f"w{i}", "echo", ["start"]) for i in range(200))]
    server = serve(
        [flow(*chain, flow_id="chain"), flow(*wide, flow_id="wide")], {"echo": echo}
    )
    assert run(server, "chain", {"x": 1}).output_data == {"n199": {"x": 1}}
    assert run(server, "wide").succeeded


def test_a_long_chain_of_skipped_nodes_is_skipped_to_the_end(serve, http):
    chain = [node("n0", type="conditional", conditions={"n1": NEVER})]
    chain += [node(f"n{i}", "echo", [f"n{i - 1}"]) for i in range(1, 100)]
    server = serve([flow(*chain)], {"echo": echo})
    execution = run(server)
    assert execution.succeeded and execution.output_data == {}
    statuses = statuses_of(http, server, execution)
    assert statuses.pop("n0") == "completed"
    assert len(statuses) == 99 and set(statuses.values()) == {"skipped"}


# Failures


def boom(input, config):
    raise ValueError("the oven\nis cold")


def raise_without_message(input, config):
    raise KeyError()


def exit_process(input, config):
    raise SystemExit(3)


class Unprintable(Exception):
    """An error whose `__str__` raises."""

    def __str__(self):
        raise RuntimeError("no words")


def raise_unprintable(input, config):
    raise Unprintable()


def raise_surrogate(input, config):
    raise ValueError("half of a pair: \ud800")


FAILURES = {
    "raises": (boom, "the oven is cold"),
    "raises without a message": (raise_without_message, "KeyError"),
    "exits": (exit_process, ""),
    "raises with invalid Unicode": (raise_surrogate, "half of a pair"),
    "returns None": (lambda i, c: None, "agent 'work' returned a NoneType"),
    "returns text": (lambda i, c: "yes", "agent 'work' returned a str"),
    "returns a list": (lambda i, c: [1], "agent 'work' returned a list"),
    "returns NaN": (
        returning(x=float("nan")),
        "agent 'work' returned what is not JSON",
    ),
    "returns infinity": (returning(x=float("inf")), "what is not JSON"),
    "returns a set": (returning(x={1}), "agent 'work' returned what is not JSON"),
    "returns bytes": (returning(x=b"1"), "what is not JSON"),
    "returns invalid keys": (lambda i, c: {(1, 2): 3}, "what is not JSON"),
    "returns a huge number": (returning(x=10**5000), "what is not JSON"),
    "is registered, but unreachable": (
        "http://127.0.0.1:1",
        "agent 'work' at http://127.0.0.1:1: could not connect",
    ),
}


@pytest.mark.parametrize("agent, words", FAILURES.values(), ids=FAILURES)
def test_a_failing_agent_fails_the_execution_with_its_message(
    serve, http, caplog, agent, words
):
    server = serve([single()], {"work": agent})
    execution = run(server)
    assert execution.status == "failed"
    assert execution.output_data == {}
    assert execution.error_message.startswith("Node 'n' failed: ")
    assert words in execution.error_message
    assert "\n" not in execution.error_message
    result = results_of(http, server, execution)["n"]
    assert result["status"] == "failed"
    assert words in result["error_message"]
    assert result["output_data"] is None


def test_an_error_that_cannot_be_printed_fails_the_execution_too(serve, caplog):
    assert run(serve([single()], {"work": raise_unprintable})).status == "failed"


def test_an_output_that_contains_itself_fails_the_execution(serve):
    def loop(input, config):
        input["self"] = input
        return input

    execution = run(serve([single()], {"work": loop}))
    assert "returned what is not JSON" in execution.error_message


def test_the_server_keeps_working_after_every_kind_of_failure(serve, caplog):
    agents = {
        f"bad{i}": agent
        for i, (agent, _) in enumerate(FAILURES.values())
        if callable(agent)
    }
    flows = [single(name, flow_id=name) for name in agents]
    server = serve([*flows, single()], {**agents, "work": echo}, max_workers=1)
    for name in agents:
        assert run(server, name).status == "failed"
    assert run(server).succeeded


def test_a_failure_cancels_running_nodes_and_starts_no_others(serve, http, gate):
    started, ran = threading.Event(), []

    def hold(input, config):
        started.set()
        gate.wait(LIMIT)
        ran.append("held")
        return {"late": True}

    def fail(input, config):
        started.wait(LIMIT)
        raise ValueError("no luck")

    made = flow(
        node("held", "hold"),
        node("failing", "fail"),
        node("after", "after", ["held"]),
        node("after_failing", "after", ["failing"]),
    )
    after = lambda input, config: ran.append("after") or {}  # noqa: E731
    agents = {"hold": hold, "fail": fail, "after": after, "work": echo}
    server = serve([made, single(flow_id="g")], agents)
    execution = run(server)
    assert execution.error_message.startswith("Node 'failing' failed: ValueError: no")
    statuses = {"held": "cancelled", "failing": "failed"}
    assert statuses_of(http, server, execution) == statuses
    gate.set()
    wait_until(lambda: ran == ["held"])
    assert run(server, "g").succeeded  # it uses the same threads
    assert statuses_of(http, server, execution) == statuses
    assert ran == ["held"]


def test_an_agent_that_was_removed_fails_the_execution(serve, http):
    server = serve([single()], {"work": echo})
    assert http.delete(f"{server.url}/agents/work").ok
    execution = run(server)
    assert execution.error_message == "Node 'n' failed: agent 'work' is not there"


# Timeouts


def test_a_node_slower_than_its_timeout_fails(serve, http, gate):
    def hold(input, config):
        gate.wait(LIMIT)
        return {"late": True}

    server = serve([single(timeout=0.05)], {"work": hold})
    execution = run(server)
    assert execution.status == "failed"
    assert execution.error_message == "Node 'n' failed: timed out after 0.05 s"
    gate.set()
    result = results_of(http, server, execution)["n"]
    assert result["status"] == "failed"
    assert result["output_data"] is None


def test_an_output_after_the_timeout_is_discarded(serve, gate):
    returned = threading.Event()

    def hold(input, config):
        gate.wait(LIMIT)
        returned.set()
        return {"late": True}

    server = serve([single(timeout=0.05), single(flow_id="g")], {"work": hold})
    execution = run(server)
    gate.set()
    assert returned.wait(LIMIT)
    assert run(server, "g").succeeded
    with server.client() as client:
        again = client.get_execution(execution.execution_id)
    assert dict(again) == dict(execution)


@pytest.mark.parametrize("timeout", [1000, 1e9])
def test_a_node_that_is_done_within_its_timeout_completes(serve, timeout):
    assert run(serve([single(timeout=timeout)], {"work": echo})).succeeded


@pytest.mark.parametrize("end", ["cancelled", "failed", "closed", "reset"])
def test_no_timer_outlives_its_execution(serve, gate, end):
    before, started = timers(), threading.Event()

    def hold(input, config):
        started.set()
        gate.wait(LIMIT)
        return {}

    def fail(input, config):
        started.wait(LIMIT)
        wait_until(lambda: timers() - before)
        raise ValueError("no luck")

    nodes = [node("n", "hold", config={"timeout": 3600})]
    nodes += [node("m", "fail")] if end == "failed" else []
    server = serve([flow(*nodes)], {"hold": hold, "fail": fail})
    with server.client() as client:
        execution_id = client.execute_flow("f", {}).execution_id
        assert started.wait(LIMIT)
        if end == "cancelled":
            client.cancel_execution(execution_id)
        elif end == "closed":
            server.close()
        elif end == "reset":
            server.reset()
        wait_until(lambda: timers() <= before)


def timers():
    return {t for t in threading.enumerate() if isinstance(t, threading.Timer)}


# Conditions

NEVER = {"field": "x", "op": "==", "value": "never"}


def branching(conditions, **more):
    return flow(
        node("choose", type="conditional", conditions=conditions, **more),
        node("yes", "yes", ["choose"]),
        node("no", "no", ["choose"]),
        node("always", "always", ["choose"]),
        exits=["yes", "no", "always"],
    )


BRANCHES = {
    "yes": returning(yes=1),
    "no": returning(no=1),
    "always": returning(always=1),
}


def cond(field, op, value=None):
    return {"field": field, "op": op, "value": value}


@pytest.mark.parametrize(
    "yes, input_data, taken",
    [
        (cond("score", "==", 5), {"score": 5}, True),
        (cond("score", "==", 5), {"score": 6}, False),
        (cond("score", "!=", 5), {"score": 6}, True),
        (cond("score", "<", 5), {"score": 4}, True),
        (cond("score", "<=", 5), {"score": 6}, False),
        (cond("score", ">", 5), {"score": 6}, True),
        (cond("score", ">=", 5), {"score": 4}, False),
        (cond("kind", "in", ["a", "b"]), {"kind": "a"}, True),
        (cond("kinds", "contains", "a"), {"kinds": ["b"]}, False),
        (cond("score", "exists", True), {}, False),
        (cond("a.b.c", "==", 1), {"a": {"b": {"c": 1}}}, True),
        (cond("a.b.c", "==", 1), {"a": {"b": 5}}, False),
        ({"all": [cond("x", ">", 1), cond("x", "<", 3)]}, {"x": 2}, True),
        ({"any": [cond("x", "<", 1), cond("x", ">", 3)]}, {"x": 2}, False),
        ({"not": cond("x", "==", 1)}, {"x": 2}, True),
    ],
)
def test_a_condition_decides_which_dependents_run(serve, http, yes, input_data, taken):
    server = serve([branching({"yes": yes, "no": "otherwise"})], BRANCHES)
    execution = run(server, input_data=input_data)
    assert execution.succeeded
    ran, skipped = ("yes", "no") if taken else ("no", "yes")
    assert execution.output_data == {ran: {ran: 1}, "always": {"always": 1}}
    result = results_of(http, server, execution)[skipped]
    assert result["status"] == "skipped"
    assert result["agent_id"] == skipped
    assert result["output_data"] is None
    assert result["completed_at"] is not None


def test_a_condition_is_evaluated_on_the_output_of_its_agent(serve):
    made = branching(
        {"yes": cond("score", ">", 5), "no": "otherwise"}, agent_id="score"
    )
    server = serve([made], {**BRANCHES, "score": returning(score=9)})
    assert "yes" in run(server, input_data={"score": 1}).output_data


def test_values_that_cannot_be_compared_fail_the_node(serve, http):
    server = serve([branching({"yes": cond("score", "<", 5)})], BRANCHES)
    execution = run(server, input_data={"score": "low"})
    assert execution.status == "failed"
    assert execution.error_message.startswith("Node 'choose' failed: score is 'low'")
    assert statuses_of(http, server, execution) == {"choose": "failed"}


def test_a_join_runs_if_one_of_its_branches_did(serve, http):
    made = flow(
        node("choose", type="conditional", conditions={"a": NEVER, "b": "otherwise"}),
        node("a", "a", ["choose"]),
        node("after_a", "a", ["a"]),
        node("b", "b", ["choose"]),
        node("join", "echo", ["after_a", "b"]),
    )
    server = serve([made], {"a": returning(a=1), "b": returning(b=2), "echo": echo})
    execution = run(server, input_data={"x": 0})
    assert execution.output_data == {"join": {"x": 0, "b": 2}}
    assert statuses_of(http, server, execution) == {
        "choose": "completed",
        "a": "skipped",
        "after_a": "skipped",
        "b": "completed",
        "join": "completed",
    }


def test_a_node_excluded_by_one_of_its_conditionals_is_skipped(serve, http):
    made = flow(
        node("start"),
        node("one", None, ["start"], type="conditional", conditions={"n": NEVER}),
        node("two", None, ["start"], type="conditional", conditions={"n": "otherwise"}),
        node("n", "echo", ["one", "two"]),
    )
    server = serve([made], {"echo": echo})
    execution = run(server)
    assert execution.output_data == {}
    assert statuses_of(http, server, execution)["n"] == "skipped"


def test_a_skipped_conditional_node_excludes_no_nodes(serve, http):
    made = flow(
        node("first", type="conditional", conditions={"second": NEVER}),
        node("second", None, ["first"], type="conditional", conditions={"n": NEVER}),
        node("n", "echo", ["first", "second"]),
    )
    server = serve([made], {"echo": echo})
    assert statuses_of(http, server, run(server)) == {
        "first": "completed",
        "second": "skipped",
        "n": "completed",
    }


# Cancellation


@pytest.fixture
def held(serve, gate):
    """A server that blocks each execution of `f` in the first of its two nodes."""
    arrived, ran, returned = threading.Event(), [], threading.Event()

    def hold(input, config):
        arrived.set()
        gate.wait(LIMIT)
        returned.set()
        return {"late": True}

    def after(input, config):
        ran.append("after")
        return {}

    made = flow(node("held", "hold"), node("after", "after", ["held"]))
    server = serve([made, single("after", "g")], {"hold": hold, "after": after})
    server.arrived, server.ran, server.returned = arrived, ran, returned
    return server


def test_a_cancelled_execution_is_cancelled_at_once(held, http):
    with held.client() as client:
        started = client.execute_flow("f", {})
        assert held.arrived.wait(LIMIT)
        assert client.get_execution(started.execution_id).status == "running"
        execution = client.cancel_execution(started.execution_id)
    assert execution.status == "cancelled"
    assert execution.error_message == "Execution cancelled by user"
    assert execution.completed_at is not None
    assert statuses_of(http, held, execution) == {"held": "cancelled"}


def test_a_late_result_does_not_overwrite_cancelled(held, http, gate):
    with held.client() as client:
        started = client.execute_flow("f", {})
        assert held.arrived.wait(LIMIT)
        cancelled = client.cancel_execution(started.execution_id)
        gate.set()
        assert held.returned.wait(LIMIT)
        assert run(held, "g").succeeded
        assert dict(client.get_execution(started.execution_id)) == dict(cancelled)
    assert statuses_of(http, held, cancelled) == {"held": "cancelled"}
    assert held.ran == ["after"]  # only the one of g


def test_a_queued_node_does_not_start_after_a_cancel(serve, gate):
    ran = []

    def work(input, config):
        ran.append(input["name"])
        gate.wait(LIMIT)
        return {}

    server = serve([single()], {"work": work}, max_workers=1)
    with server.client() as client:
        first = client.execute_flow("f", {"name": "first"})
        wait_until(lambda: ran == ["first"])
        second = client.execute_flow("f", {"name": "second"})
        assert second.status == "pending"
        cancelled = client.cancel_execution(second.execution_id)
        assert cancelled.status == "cancelled"
        gate.set()
        client.wait_for_execution(first.execution_id, LIMIT, 0.05)
        assert run(server, input_data={"name": "third"}).succeeded
    assert ran == ["first", "third"]


@pytest.mark.parametrize("end", ["cancelled", "completed", "failed"])
def test_a_finished_execution_cannot_be_cancelled(serve, http, gate, end):
    agents = {
        "cancelled": lambda i, c: gate.wait(LIMIT) and {},
        "completed": echo,
        "failed": boom,
    }
    server = serve([single()], {"work": agents[end]})
    with server.client() as client:
        execution_id = client.execute_flow("f", {}).execution_id
        if end == "cancelled":
            client.cancel_execution(execution_id)
        client.wait_for_execution(execution_id, LIMIT, 0.05, raise_on_failure=False)
        response = http.post(f"{server.url}/executions/{execution_id}/cancel")
        assert response.status_code == 404
        words = f"Execution {execution_id!r} not found or not running"
        assert response.json() == {"detail": words}
        assert client.get_execution(execution_id).status == end


def test_only_one_of_many_concurrent_cancels_succeeds(held):
    with held.client() as client:
        execution_id = client.execute_flow("f", {}).execution_id
    assert held.arrived.wait(LIMIT)
    barrier, responses = threading.Barrier(6), []

    def cancel():
        barrier.wait(LIMIT)
        with held.client(max_retries=0) as mine:
            try:
                responses.append(mine.cancel_execution(execution_id).status)
            except Exception as error:
                responses.append(error.status_code)

    threads = [threading.Thread(target=cancel) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(LIMIT)
    assert sorted(responses, key=str) == [404] * 5 + ["cancelled"]


class Uncommon(BaseException):
    """A BaseException, as `pytest.fail` and cancelled tasks raise."""


@pytest.mark.parametrize(
    "error, words",
    [(Uncommon("odd"), ": odd"), (KeyboardInterrupt(), ""), (GeneratorExit(), "")],
)
def test_any_exception_of_an_agent_ends_its_execution(error, words):
    def bad(input, config):
        raise error

    with LocalServer([single("bad")], {"bad": bad}, max_workers=1) as server:
        for _ in range(3):  # more than the number of threads
            done = run_once(server)
            assert done.status == "failed"
            kind = type(error).__name__
            assert done.error.startswith(f"Node 'n' failed: {kind}{words} (test_")


def run_once(server):
    with server.client() as client:
        return client.execute_and_wait("f", {}, timeout=LIMIT, raise_on_failure=False)
