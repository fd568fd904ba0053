"""Tests of the SQLite store: what it keeps, how long, and who may open the file."""

import sqlite3
import subprocess
import sys
import threading

import pytest

from ai_spine import ConfigurationError
from ai_spine.local.store.store import (
    INTERRUPTED,
    KEY_LIFETIME,
    KeyReused,
    Reply,
    Store,
)
from ai_spine.models import ExecutionStatus
from tests.local import LIMIT, is_one_sentence

DAY = 24 * 3600


class Clock:
    """A clock that only tests move."""

    def __init__(self):
        self.time = 1_700_000_000.0

    def __call__(self):
        return self.time


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def open_store(clock):
    """Open stores that are closed at the end."""
    opened = []

    def open_one(path=":memory:"):
        opened.append(Store(str(path), now=clock))
        return opened[-1]

    yield open_one
    for store in opened:
        try:
            store.close()
        except sqlite3.ProgrammingError:
            pass  # the test has closed it


@pytest.fixture
def store(open_store):
    return open_store()


# Idempotency keys


def counting():
    """Return a function that makes replies, and the list of its calls."""
    calls = []

    def make():
        calls.append(1)
        return Reply(200, {"number": len(calls)})

    return make, calls


def test_a_reply_is_made_once_for_its_key(store):
    make, calls = counting()
    assert store.once("k", "print", make) == (Reply(200, {"number": 1}), True)
    assert store.once("k", "print", make) == (Reply(200, {"number": 1}), False)
    assert len(calls) == 1


@pytest.mark.parametrize("keys", [(None, None), ("a", "b")])
def test_without_a_key_or_with_another_a_new_reply_is_made(store, keys):
    make, calls = counting()
    assert [store.once(key, "print", make)[1] for key in keys] == [True, True]
    assert len(calls) == 2


def test_a_key_reused_for_another_request_is_refused(store):
    make, calls = counting()
    store.once("k", "print", make)
    with pytest.raises(KeyReused):
        store.once("k", "other", make)
    assert store.once("k", "print", make) == (Reply(200, {"number": 1}), False)
    assert len(calls) == 1


def test_a_key_expires_after_24_hours(store, clock):
    assert KEY_LIFETIME == DAY
    make, _ = counting()
    store.once("k", "print", make)
    clock.time += DAY - 1
    assert store.once("k", "print", make) == (Reply(200, {"number": 1}), False)
    clock.time += 1
    assert store.once("k", "other", make) == (Reply(200, {"number": 2}), True)
    clock.time += DAY - 1
    assert store.once("k", "other", make) == (Reply(200, {"number": 2}), False)


def test_a_refused_reply_is_not_stored(store):
    refused, made = Reply(404, {"detail": "no"}), Reply(200, {})
    assert store.once("k", "print", lambda: refused) == (refused, True)
    assert store.once("k", "other", lambda: made) == (made, True)


@pytest.mark.parametrize("key", [None, "k"])
def test_writes_before_an_error_are_rolled_back(store, key):
    def make():
        store.create_execution("f", {}, {})
        store.put("agent", "a", {})
        raise RuntimeError("no")

    with pytest.raises(RuntimeError):
        store.once(key, "print", make)
    assert store.executions(limit=10) == []
    assert store.ids("agent") == []
    assert store.once(key, "other", lambda: Reply(200, {}))[1] is True


def test_keys_survive_a_restart(open_store, tmp_path):
    make, _ = counting()
    first = open_store(tmp_path / "db")
    first.once("k", "print", make)
    first.close()
    again = open_store(tmp_path / "db")
    assert again.once("k", "print", make) == (Reply(200, {"number": 1}), False)


# What is made of definitions


def name_of_flow(store):
    def make():
        found = store.get("flow", "f")
        return found and found["name"]

    return store.of_definitions("name", make)


def test_what_is_made_of_definitions_follows_each_change(store):
    assert name_of_flow(store) is None
    store.put("flow", "f", {"name": "first"})
    assert name_of_flow(store) == "first"
    store.put("flow", "f", {"name": "second"})
    assert name_of_flow(store) == "second"
    store.swap_given("flow", {}, {"f": {"name": "third"}})
    assert name_of_flow(store) == "third"
    store.replace_given("flow", {"f": {"name": "fourth"}})
    assert name_of_flow(store) == "fourth"
    store.replace_given("flow", {})
    assert name_of_flow(store) is None
    store.put("flow", "f", {"name": "fifth"})
    assert name_of_flow(store) == "fifth"
    assert store.delete("flow", "f") and name_of_flow(store) is None
    store.put("flow", "f", {"name": "sixth"})
    assert name_of_flow(store) == "sixth"
    store.clear_definitions()
    assert name_of_flow(store) is None


def test_it_is_made_once_until_then(store):
    store.put("flow", "f", {"name": "first"})
    makes = []
    for _ in range(2):
        store.of_definitions("a list", lambda: makes.append(1) or "made")
    assert makes == [1]


def test_nothing_is_kept_of_a_transaction_that_was_taken_back(store):
    store.put("flow", "f", {"name": "kept"})
    with pytest.raises(ZeroDivisionError), store.transaction():
        store.put("flow", "f", {"name": "taken back"})
        assert name_of_flow(store) == "taken back"
        raise ZeroDivisionError
    assert name_of_flow(store) == "kept"


# Executions


def test_an_execution_goes_from_pending_to_running_to_completed(store, clock):
    execution_id = store.create_execution("f", {"x": 1}, {"m": 2})
    pending = store.execution(execution_id)
    assert pending["status"] == "pending" and pending["completed_at"] is None
    assert pending["created_at"] == "2023-11-14T22:13:20.000000"
    clock.time += 1
    store.start_node(execution_id, "n", "a", {})
    assert store.execution(execution_id)["status"] == "running"
    clock.time += 2
    output = {"n": {"y": 3}}
    assert store.finish_execution(
        execution_id, ExecutionStatus.COMPLETED, output_data=output
    )
    done = store.execution(execution_id)
    assert done["status"] == "completed" and done["output_data"] == output
    assert done["completed_at"] == done["updated_at"] == "2023-11-14T22:13:23.000000"
    metrics = store.metrics()
    assert metrics["total_execution_time"] == pytest.approx(3, abs=0.001)
    assert metrics["average_execution_time"] == pytest.approx(3, abs=0.001)
    assert metrics["last_execution"] == done["created_at"]


@pytest.mark.parametrize("end", ["completed", "failed", "cancelled"])
def test_a_finished_execution_is_not_overwritten(store, end):
    execution_id = store.create_execution("f", {}, {})
    store.finish_execution(execution_id, ExecutionStatus(end), error_message="first")
    found = store.execution(execution_id)
    for other in (ExecutionStatus.COMPLETED, ExecutionStatus.CANCELLED):
        assert not store.finish_execution(
            execution_id, other, output_data={"late": True}
        )
    store.start_node(execution_id, "n", "a", {})
    assert store.execution(execution_id) == found


def test_missing_records_are_none(store):
    assert store.execution("nope") is None
    assert store.get("flow", "nope") is None
    assert store.node_results("nope") == []
    assert not store.delete("flow", "nope")
    assert not store.finish_execution("nope", ExecutionStatus.FAILED)


def test_a_node_still_running_when_its_execution_ends_is_cancelled(store):
    execution_id = store.create_execution("f", {}, {})
    done = store.start_node(execution_id, "done", "a", {})
    store.finish_node(
        execution_id, done, ExecutionStatus.COMPLETED, 5, output_data={"x": 1}
    )
    store.start_node(execution_id, "runs", "a", {"y": 1})
    store.skip_node(execution_id, "skipped", None)
    store.finish_execution(execution_id, ExecutionStatus.CANCELLED)
    by_id = {r["node_id"]: r for r in store.node_results(execution_id)}
    assert list(by_id) == ["done", "runs", "skipped"]
    assert [r["status"] for r in by_id.values()] == [
        "completed",
        "cancelled",
        "skipped",
    ]
    assert by_id["done"]["execution_time_ms"] == 5
    assert by_id["done"]["output_data"] == {"x": 1}
    assert by_id["runs"]["completed_at"] is not None


def test_many_threads_can_write_concurrently(store):
    barrier, errors = threading.Barrier(8), []

    def work():
        try:
            barrier.wait(LIMIT)
            for number in range(20):
                execution_id = store.create_execution("f", {"n": number}, {})
                store.start_node(execution_id, "n", "a", {})
                store.finish_execution(execution_id, ExecutionStatus.COMPLETED)
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(LIMIT)
    assert errors == []
    assert store.metrics()["successful_executions"] == 160
    assert len({e["execution_id"] for e in store.executions(limit=1000)}) == 160


# Definitions


def test_replace_given_replaces_only_the_given_definitions(store):
    store.replace_given("agent", {"a": {"v": 1}, "b": {"v": 1}})
    store.put("agent", "c", {"v": 1})
    store.put("flow", "b", {"v": 1})
    store.replace_given("agent", {"a": {"v": 2}})
    assert store.ids("agent") == ["a", "c"]
    assert [body["v"] for body in store.all("agent")] == [2, 1]
    assert store.ids("flow") == ["b"]


def test_an_updated_definition_keeps_its_creation_time(store, clock):
    created = store.put("flow", "f", {"name": "old"})
    clock.time += 60
    changed = store.put("flow", "f", {"name": "new"})
    assert changed["name"] == "new"
    assert changed["created_at"] == created["created_at"]
    assert changed["updated_at"] > created["updated_at"]


def test_runs_and_definitions_are_cleared_separately(store):
    execution_id = store.create_execution("f", {}, {})
    store.skip_node(execution_id, "n", None)
    store.once("k", "print", lambda: Reply(200, {}))
    store.put("flow", "f", {})
    store.clear_runs()
    assert store.executions(limit=5) == [] and store.node_results(execution_id) == []
    assert store.once("k", "other", lambda: Reply(200, {}))[1]
    assert store.ids("flow") == ["f"]
    store.create_execution("f", {}, {})
    store.clear_definitions()
    assert store.ids("flow") == [] and len(store.executions(limit=5)) == 1


# The file


def test_a_file_is_kept_in_wal_mode(open_store, tmp_path):
    open_store(tmp_path / "db")
    reader = sqlite3.connect(str(tmp_path / "db"))
    try:
        assert reader.execute("PRAGMA journal_mode").fetchone()[0] == "wal"
    finally:
        reader.close()


def test_everything_survives_a_restart(open_store, tmp_path):
    first = open_store(tmp_path / "db")
    execution_id = first.create_execution("f", {"x": "ñ"}, {"m": 1})
    result_id = first.start_node(execution_id, "n", "a", {"x": 1})
    first.finish_node(
        execution_id, result_id, ExecutionStatus.COMPLETED, 1, output_data={"y": 1}
    )
    first.finish_execution(
        execution_id, ExecutionStatus.COMPLETED, output_data={"n": {"y": 1}}
    )
    first.put("flow", "f", {"name": "F"})
    found = (first.execution(execution_id), first.node_results(execution_id))
    first.close()
    again = open_store(tmp_path / "db")
    assert (again.execution(execution_id), again.node_results(execution_id)) == found
    assert again.get("flow", "f")["name"] == "F"


def test_executions_interrupted_by_close_have_failed_with_the_reason(
    open_store, tmp_path
):
    first = open_store(tmp_path / "db")
    pending = first.create_execution("f", {}, {})
    running = first.create_execution("f", {}, {})
    first.start_node(running, "n", "a", {})
    first.close()
    again = open_store(tmp_path / "db")
    for execution_id in (pending, running):
        execution = again.execution(execution_id)
        assert execution["status"] == "failed"
        assert execution["error_message"] == INTERRUPTED
        assert execution["completed_at"] is not None
    assert "server stopped" in INTERRUPTED
    assert again.node_results(running)[0]["status"] == "cancelled"


def test_a_second_store_on_the_same_file_is_refused(open_store, tmp_path):
    first = open_store(tmp_path / "db")
    running = first.create_execution("f", {}, {})
    with pytest.raises(ConfigurationError) as caught:
        open_store(tmp_path / "db")
    assert str(caught.value) == f"another server uses the database {tmp_path / 'db'}"
    assert first.execution(running)["status"] == "pending"
    first.close()
    assert open_store(tmp_path / "db").execution(running)["status"] == "failed"


def test_a_second_process_on_the_same_file_is_refused(open_store, tmp_path):
    open_store(tmp_path / "db")
    script = (
        "import sys; from ai_spine.local.store.store import Store; Store(sys.argv[1])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path / "db")],
        stderr=subprocess.PIPE,
        timeout=60,
    )
    assert done.returncode == 1
    assert b"another server uses the database" in done.stderr


def test_a_file_that_is_not_a_database_is_refused_and_not_changed(open_store, tmp_path):
    path = tmp_path / "notes.txt"
    content = b"these are notes, and no database at all\n" * 100
    path.write_bytes(content)
    for _ in range(2):  # the first attempt must not leave a lock
        with pytest.raises(ConfigurationError) as caught:
            open_store(path)
        assert is_one_sentence(caught.value)
        assert str(path) in str(caught.value)
        assert "not a database" in str(caught.value)
    assert path.read_bytes() == content


@pytest.mark.parametrize("name", ["nowhere/db", "folder"])
def test_a_path_that_cannot_be_a_file_is_refused(open_store, tmp_path, name):
    (tmp_path / "folder").mkdir()
    with pytest.raises(ConfigurationError) as caught:
        open_store(tmp_path / name)
    assert is_one_sentence(caught.value)
    assert str(caught.value).startswith(f"the database {tmp_path / name} cannot be")


def test_stores_in_memory_are_separate(open_store):
    one, other = open_store(), open_store()
    one.put("flow", "f", {})
    assert other.ids("flow") == []


def test_pages_have_no_gaps_after_a_rollback_and_after_a_reset(store):
    for name in "abc":
        store.create_execution(name, {}, {})

    def fail():
        store.create_execution("undone", {}, {})
        raise ValueError

    with pytest.raises(ValueError):
        store.once("key", "print", fail)
    store.create_execution("d", {}, {})
    pages = [store.executions(limit=2, offset=offset) for offset in (0, 2, 4)]
    assert [[e["flow_id"] for e in page] for page in pages] == [
        ["d", "c"],
        ["b", "a"],
        [],
    ]
    store.clear_runs()
    store.create_execution("e", {}, {})
    store.create_execution("f", {}, {})
    assert [e["flow_id"] for e in store.executions(limit=5, offset=1)] == ["e"]


def test_a_rolled_back_definition_is_not_cached(store):
    store.put("flow", "f", {"name": "first"})
    assert store.get("flow", "f")["name"] == "first"

    def fail():
        store.put("flow", "f", {"name": "undone"})
        raise ValueError

    with pytest.raises(ValueError):
        store.once("key", "print", fail)
    assert store.get("flow", "f")["name"] == "first"
    store.put("flow", "f", {"name": "second"})
    assert store.get("flow", "f")["name"] == "second"
    assert store.delete("flow", "f") and store.get("flow", "f") is None


def test_get_returns_a_copy_of_a_definition(store):
    store.put("flow", "f", {"nodes": []})
    store.get("flow", "f")["nodes"].append("mine")
    assert store.get("flow", "f")["nodes"] == []
