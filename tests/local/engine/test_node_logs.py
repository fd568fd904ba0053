"""Tests of what agents print and log: it is kept for each node, and streamed."""

import asyncio
import io
import logging
import sys
import threading

import pytest

from ai_spine import NotFoundError
from ai_spine.local import LocalServer
from ai_spine.local.engine.node_logs import MAX_BYTES, MAX_LINES
from tests.local import LIMIT, flow, node, run, single, wait_until


def logs_of(server, flow_id="f"):
    """Execute a flow and return the levels and texts of its lines."""
    done = run(server, flow_id)
    with server.client() as client:
        lines = client.get_execution_logs(done)
        events = list(client.stream_execution(done))
    streamed = [event.log for event in events if event.log is not None]
    assert streamed == [line for line in lines if line.level != "note"]
    return [(line.level, line.text) for line in lines]


def speak(input, config):
    print("one\ntwo", end="")
    print("oh", file=sys.stderr)
    logging.getLogger("mine").info("noted %s", 1)
    logging.getLogger("mine").debug("not this")
    return {}


async def speak_later(input, config):
    await asyncio.sleep(0)
    return speak(input, config)


@pytest.mark.parametrize("agent", [speak, speak_later, lambda i, c: speak_later(i, c)])
def test_prints_and_records_of_a_node_are_kept(serve, agent, capsys):
    server = serve([single()], {"work": agent})
    assert sorted(logs_of(server)) == [
        ("INFO", "noted 1"),
        ("stderr", "oh"),
        ("stdout", "one"),
        ("stdout", "two"),
    ]
    printed = capsys.readouterr()
    assert (printed.out, printed.err) == ("one\ntwo", "oh\n")


def test_each_node_has_its_own_lines_while_others_run_beside_it(serve):
    met = threading.Barrier(2)

    def say_name(input, config):
        met.wait(LIMIT)
        print(config["name"])
        met.wait(LIMIT)
        return {}

    nodes = [node(name, "work", config={"name": name}) for name in ("a", "b")]
    server = serve([flow(*nodes, exits=["a", "b"])], {"work": say_name})
    done = run(server)
    with server.client() as client:
        lines = client.get_execution_logs(done)
    assert {(line.node_id, line.text) for line in lines} == {("a", "a"), ("b", "b")}


def test_the_last_lines_are_kept_with_a_note_of_those_dropped(serve):
    def chat(input, config):
        for number in range(MAX_LINES + 5):
            print(number)
        return {}

    lines = logs_of(serve([single()], {"work": chat}))
    assert lines[0] == ("note", "5 earlier lines were dropped")
    assert [text for _, text in lines[1:]] == [
        str(number) for number in range(5, MAX_LINES + 5)
    ]


def test_the_size_of_all_lines_is_bounded(serve):
    lines = logs_of(
        serve([single()], {"work": lambda i, c: print("é" * MAX_BYTES) or {}})
    )
    assert lines[0][0] == "note"
    kept = sum(len(text.encode("utf-8")) for _, text in lines[1:])
    assert MAX_BYTES / 2 < kept <= MAX_BYTES


def test_lines_come_over_the_stream_while_the_node_runs(serve, gate):
    def work(input, config):
        print("begun")
        assert gate.wait(LIMIT)
        return {}

    server = serve([single()], {"work": work})
    with server.client() as client:
        execution = client.execute_flow("f", {})
        for event in client.stream_execution(execution, timeout=LIMIT):
            if event.log is not None:
                assert (event.type, event.log.text) == ("log", "begun")
                gate.set()
    assert gate.is_set() and event.execution.succeeded


@pytest.mark.parametrize("end", ["cancelled", "timed out"])
def test_lines_after_the_end_of_a_node_are_dropped(serve, gate, end):
    left = threading.Event()

    def work(input, config):
        print("before")
        assert gate.wait(LIMIT)
        print("after")
        left.set()
        return {}

    config = {"timeout": 0.05} if end == "timed out" else {}
    server = serve([single(**config)], {"work": work})
    with server.client() as client:
        execution = client.execute_flow("f", {})
        if end == "cancelled":
            wait_until(lambda: client.get_execution_logs(execution))
            client.cancel_execution(execution)
        client.wait_for_execution(execution, LIMIT, raise_on_failure=False)
        gate.set()
        assert left.wait(LIMIT)
        (line,) = client.get_execution_logs(execution)
        assert line.text == "before"
        assert list(client.stream_execution(execution))[-1].is_final


def test_a_handler_on_stderr_does_not_add_a_record_twice(serve, capsys):
    logger = logging.Logger("own")

    def work(input, config):
        logger.addHandler(logging.StreamHandler())
        logger.warning("once")
        return {}

    assert logs_of(serve([single()], {"work": work})) == [("WARNING", "once")]
    assert capsys.readouterr().err == "once\n"


def test_records_that_levels_leave_out_reach_no_other_handler(serve, caplog):
    assert ("INFO", "noted 1") in logs_of(serve([single()], {"work": speak}))
    assert "noted 1" not in caplog.text


def test_a_record_with_wrong_arguments_fails_no_agent(serve):
    def work(input, config):
        logging.getLogger("own").info("%d %d", "x")
        return {}

    assert logs_of(serve([single()], {"work": work})) == [("INFO", "%d %d")]


def test_an_async_agent_that_exits_fails_its_node_and_keeps_its_lines(serve):
    async def leave(input, config):
        print("bye")
        sys.exit(3)

    server = serve([single()], {"work": leave})
    assert logs_of(server) == [("stdout", "bye")]
    (failed,) = server.executions()
    assert failed.error.startswith("Node 'n' failed: SystemExit: 3 (")


def test_the_last_server_puts_streams_and_loggers_back(monkeypatch):
    own = io.StringIO()
    methods = logging.Logger.isEnabledFor, logging.Logger.callHandlers
    monkeypatch.setattr(sys, "stdout", own)
    with LocalServer([single()], {"work": speak}) as one:
        with LocalServer([single()], {"work": speak}) as two:
            run(one), run(two)
        assert sys.stdout is not own
    assert sys.stdout is own and own.getvalue() == "one\ntwo" * 2
    assert (logging.Logger.isEnabledFor, logging.Logger.callHandlers) == methods


def test_lines_are_there_after_a_restart(tmp_path):
    db = tmp_path / "runs.db"
    with LocalServer([single()], {"work": speak}, db=db) as server:
        done = run(server)
        with server.client() as client:
            before = client.get_execution_logs(done)
    with LocalServer([], [], db=db) as server, server.client() as client:
        assert len(before) == 4 and client.get_execution_logs(done) == before


def test_a_server_without_logs_is_named_in_the_error(serve):
    server = serve([single()], {"work": speak})
    done = run(server)
    server.faults.add("GET", "/executions/*/logs", status=404)
    with server.client() as client:
        with pytest.raises(NotFoundError, match="this server keeps no logs"):
            client.get_execution_logs(done)
        with pytest.raises(NotFoundError, match="not found"):
            client.get_execution_logs("00000000-0000-4000-8000-000000000000")
