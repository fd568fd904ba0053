"""Tests of what is shown of an agent that raises: its class, place and traceback."""

import contextlib
import logging
import statistics

import pytest

from ai_spine import ConfigurationError
from ai_spine.local import LocalServer
from ai_spine.local.agents.failures import MAX_TRACEBACK
from ai_spine.local.store.store import Store
from tests.local import flow, node, run, single


def helper(amount):
    return 1 / amount


def divide(input, config):
    return {"share": helper(0)}


async def divide_later(input, config):
    return {"share": helper(0)}


def divide_soon(input, config):
    return divide_later(input, config)


def failed_node(server):
    """Return the result of the only node, and what a stream says of it."""
    done = run(server)
    with server.client() as client:
        (result,) = client.get_execution_results(done)
        events = list(client.stream_execution(done))
    streamed = [event.node for event in events if event.node is not None]
    assert [node.traceback for node in streamed] == [None, result.traceback]
    return result


@pytest.mark.parametrize("agent", [divide, divide_later, divide_soon])
def test_a_failed_node_has_a_traceback_from_the_agents_function_on(serve, agent):
    result = failed_node(serve([single()], {"work": agent}))
    first, file, *_, last = result.traceback.splitlines()
    assert first == "Traceback (most recent call last):"
    assert __file__ in file and file.endswith(("in divide", "in divide_later"))
    assert last == "ZeroDivisionError: division by zero"
    assert "in helper" in result.traceback and "ai_spine/local" not in result.traceback


def test_the_message_has_the_class_and_the_place(serve):
    result = failed_node(serve([single()], {"work": divide}))
    place = f"test_tracebacks.py:{helper.__code__.co_firstlineno + 1}"
    assert result.error_message == f"ZeroDivisionError: division by zero ({place})"


def test_the_place_is_in_the_agents_file_even_if_a_library_raises(serve):
    def middle(input, config):
        return statistics.mean([])

    result = failed_node(serve([single()], {"work": middle}))
    assert f"(test_tracebacks.py:{middle.__code__.co_firstlineno + 1})" in (
        result.error_message
    )
    assert "statistics.py" in result.traceback


def test_other_failures_of_a_node_have_no_traceback(serve):
    result = failed_node(serve([single()], {"work": lambda input, config: []}))
    assert result.error_message.startswith("agent 'work' returned a list")
    assert result.traceback is None


def test_the_causes_of_an_exception_are_in_the_traceback(serve):
    def wrap(input, config):
        try:
            helper(0)
        except ZeroDivisionError as error:
            raise ValueError("no share") from error

    result = failed_node(serve([single()], {"work": wrap}))
    assert "ZeroDivisionError" in result.traceback
    assert result.traceback.endswith("ValueError: no share\n")


class Odd(Exception):
    def __str__(self):
        raise RuntimeError("no text")


@pytest.mark.parametrize(
    "error", [ValueError("x" * 100_000), Odd(), ValueError("\ud800")]
)
def test_a_traceback_is_bounded_and_can_be_stored(serve, error):
    def fail(input, config):
        raise error

    result = failed_node(serve([single()], {"work": fail}))
    assert type(error).__name__ in result.error_message
    assert 0 < len(result.traceback.encode("utf-8")) <= MAX_TRACEBACK


def test_a_server_for_other_machines_shows_no_traceback_unless_asked(serve, tmp_path):
    db = tmp_path / "runs.db"
    options = {"host": "0.0.0.0", "db": db}
    with LocalServer([single()], {"work": divide}, **options) as one:
        hidden = failed_node(one)
    with LocalServer([], [], show_tracebacks=True, **options) as two:
        with two.client() as client:
            (shown,) = client.get_execution_results(hidden.execution_id)
    with LocalServer([], [], **options) as three, three.client() as client:
        (again,) = client.get_execution_results(hidden.execution_id)
    assert (hidden.traceback, again.traceback) == (None, None)
    assert hidden.error_message.startswith("ZeroDivisionError: division by zero (")
    assert shown.traceback.startswith("Traceback")


def test_show_tracebacks_must_be_a_boolean():
    with pytest.raises(ConfigurationError, match="show_tracebacks must be True or"):
        LocalServer([], [], show_tracebacks="no")


@pytest.mark.parametrize("shown", [True, False])
def test_the_log_has_the_failure_and_the_traceback_if_it_is_shown(serve, caplog, shown):
    caplog.set_level(logging.INFO, "ai_spine.local")
    run(serve([single()], {"work": divide}, show_tracebacks=shown))
    (record,) = [each for each in caplog.records if each.name == "ai_spine.local"]
    first, *rest = record.getMessage().splitlines()
    assert "failed: ZeroDivisionError: division by zero (test_tracebacks.py:" in first
    assert bool(rest) == shown


def test_a_failed_node_is_logged_once_and_others_are_not(serve, caplog):
    caplog.set_level(logging.INFO, "ai_spine.local")
    made = flow(node("a"), node("b", "work", ["a"]), node("c", "work", ["b"]))
    run(serve([made], {"work": divide}))
    (record,) = [each for each in caplog.records if each.name == "ai_spine.local"]
    assert record.getMessage().startswith("node 'b' of execution ")


def test_a_database_of_an_older_version_gets_the_column(tmp_path):
    path = str(tmp_path / "old.db")
    with contextlib.closing(Store(path)) as store:
        store._execute("ALTER TABLE node_results DROP COLUMN traceback")
    with contextlib.closing(Store(path)) as store:
        execution_id = store.create_execution("f", {}, {})
        store.start_node(execution_id, "n", None, {})
        assert "traceback" not in store.node_results(execution_id)[0]
