"""Tests of running a batch: order, failures, pace, and what the caller gets."""

import threading

import pytest

from ai_spine.exceptions import (
    ConfigurationError,
    ExecutionError,
    TimeoutError,
    ValidationError,
)
from tests.batch.conftest import journal_of, lines, numbers, until

pytestmark = pytest.mark.every_client


class Broken(Exception):
    """A fault of the caller's own."""


def test_results_are_in_the_order_of_the_inputs(client):
    inputs = [{"n": n, "seconds": 0.05 * (n % 3 == 0)} for n in range(12)]
    result = client.execute_batch("work", inputs)
    assert [item.index for item in result] == list(range(12))
    assert [item.input for item in result] == inputs
    assert [item.output for item in result] == [{"out": {"n": n}} for n in range(12)]
    assert result.is_complete


def test_each_result_has_its_execution(rig, client):
    result = client.execute_batch("work", numbers(3))
    theirs = {e.execution_id: e.input_data["n"] for e in rig.executions()}
    assert {i.execution.execution_id: i.index for i in result} == theirs


def test_iter_batch_yields_items_in_the_order_of_the_inputs(rig, client):
    first = {"n": 0, "hold": True}
    items = client.iter_batch("work", [first, *numbers(20)[1:]], concurrency=4)
    opener = threading.Thread(
        target=lambda: (until(lambda: len(rig.begun) >= 8), rig.gate.set())
    )
    opener.start()
    assert [item.index for item in items] == list(range(20))
    opener.join()


def test_iter_batch_yields_items_as_they_finish_if_unordered(rig, client):
    inputs = [{"n": 0, "hold": True}, *numbers(5)[1:]]
    got = []
    for item in client.iter_batch("work", inputs, ordered=False):
        got.append(item.index)
        if len(got) == 4:
            rig.gate.set()
    assert sorted(got[:4]) == [1, 2, 3, 4]
    assert got[4] == 0


def test_iter_batch_starts_at_its_first_item(rig, client, path):
    client.iter_batch("work", numbers(3), checkpoint=path)
    assert (rig.requests, path.exists()) == ([], False)


def test_an_empty_batch_has_no_results(rig, client, path):
    result = client.execute_batch("work", iter(()), checkpoint=path)
    assert (list(result), result.is_complete, rig.requests) == ([], True, [])
    assert (lines(path), journal_of(path).exists()) == ([], False)


def test_inputs_are_read_only_so_far_ahead_of_the_items_taken(rig, client, monkeypatch):
    monkeypatch.setattr("ai_spine.batch.scheduler._WINDOW", 20)
    monkeypatch.setattr("ai_spine.batch.run._WAKE_EVERY", 5)
    fetched = []

    def inputs():
        for n in range(80):
            fetched.append(n)
            yield {"n": n}

    for item in client.iter_batch("work", inputs(), concurrency=4):
        if item.index == 0:  # nobody takes more until the room is used up, and a while
            until(lambda: len(rig.begun) >= 20)
            assert client.execute_batch("other", numbers(20)).succeeded == 20
        # The item in hand is taken; a room of 20 and 4 in flight are ahead of it.
        assert len(fetched) <= item.index + 1 + 20 + 4
    assert len(fetched) == 80


@pytest.mark.parametrize("bad", [None, "text", 3, ["a"], {"a": {1}}, {"a": object()}])
def test_an_input_that_cannot_be_sent_fails_alone(rig, client, bad):
    result = client.execute_batch("work", [{"n": 0}, bad, {"n": 2}])
    assert [item.succeeded for item in result] == [True, False, True]
    assert isinstance(result[1].error, ValidationError)
    assert (result[1].status, result[1].execution) == ("refused", None)
    assert (rig.posts(), result.is_complete) == (2, True)


def test_an_execution_that_fails_stops_no_other(client):
    inputs = [{"n": n, "bad": n in (3, 5)} for n in range(10)]
    result = client.execute_batch("work", inputs)
    assert [item.index for item in result.failed] == [3, 5]
    error = result[3].error
    assert isinstance(error, ExecutionError) and "no good" in str(error)
    assert error.execution.execution_id == result[3].execution.execution_id
    assert result[3].status == "failed"


def test_a_batch_of_an_unknown_flow_fails_for_each_input(client):
    result = client.execute_batch("nowhere", numbers(3))
    assert [type(item.error) for item in result] == [ExecutionError] * 3
    assert {item.status for item in result} == {"refused"}


def test_stop_on_error_starts_nothing_more_and_finishes_what_is_in_flight(rig, client):
    inputs = [{"n": 0, "hold": True}, {"n": 1, "bad": True}, *numbers(50)[2:]]

    def seen(item):
        if item.index == 1:
            rig.gate.set()

    result = client.execute_batch(
        "work", inputs, concurrency=2, stop_on_error=True, on_result=seen
    )
    assert [item.index for item in result] == [0, 1]
    assert [item.status for item in result] == ["completed", "failed"]
    assert not result.is_complete
    assert rig.inputs_executed() == [0, 1]


def test_stop_on_error_does_not_stop_at_a_failure_of_an_earlier_run(rig, client, path):
    inputs = [{"n": n, "bad": n in (1, 4)} for n in range(6)]
    more = {"checkpoint": path, "stop_on_error": True, "concurrency": 1}
    assert len(client.execute_batch("work", inputs, **more)) == 2
    assert len(client.execute_batch("work", inputs, **more)) == 5
    assert client.execute_batch("work", inputs, **more).is_complete
    assert rig.inputs_executed() == list(range(6))


def test_an_execution_that_takes_too_long_fails_and_goes_on(rig, client):
    (item,) = client.execute_batch("work", numbers(1, hold=True), timeout=0.2)
    assert isinstance(item.error, TimeoutError)
    assert "was not done within 0.2 s" in str(item.error)
    assert item.execution.execution_id == rig.executions()[0].execution_id
    assert item.status == "unknown"


def test_no_more_than_the_concurrency_are_in_flight(rig, client):
    inputs = numbers(9, hold=True)
    read = []
    lazily = (read.append(value) or value for value in inputs)
    done = []
    runner = threading.Thread(
        target=lambda: done.append(
            client.execute_batch("work", lazily, concurrency=3, timeout=30)
        )
    )
    runner.start()
    until(lambda: len(rig.begun) == 3)
    assert (len(rig.begun), len(read)) == (3, 3)
    rig.gate.set()
    runner.join()
    assert done[0].succeeded == 9


def test_progress_and_results_are_reported_as_they_come(client):
    told, items = [], []
    inputs = [{"n": 0}, "no mapping", {"n": 2}]
    client.execute_batch("work", inputs, progress=told.append, on_result=items.append)
    assert sorted(item.index for item in items) == [0, 1, 2]
    assert [progress.done for progress in told] == [1, 2, 3]
    assert (told[-1].failed, told[-1].total, told[-1].left) == (1, 3, 0)
    assert told[-1].elapsed > 0


def test_the_total_of_a_generator_is_unknown(client):
    told = []
    client.execute_batch("work", iter(numbers(2)), progress=told.append)
    assert [(progress.total, progress.left) for progress in told] == [(None, None)] * 2


def test_an_iterable_that_raises_leaves_what_was_done(rig, client, path):
    def inputs():
        yield from numbers(5)
        until(lambda: len(rig.begun) == 5)
        raise Broken("row 6")

    with pytest.raises(Broken, match="row 6"):
        client.execute_batch("work", inputs(), checkpoint=path)
    assert sorted(line["index"] for line in lines(path)) == [0, 1, 2, 3, 4]
    assert client.execute_batch("work", numbers(7), checkpoint=path).succeeded == 7
    assert rig.inputs_executed() == list(range(7))


def test_iter_batch_yields_what_was_done_before_its_iterable_raised(rig, client):
    def inputs():
        yield from numbers(5)
        until(lambda: len(rig.begun) == 5)
        raise Broken("row 6")

    got = []
    with pytest.raises(Broken, match="row 6"):
        for item in client.iter_batch("work", inputs()):
            got.append(item.index)
    assert got == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("name", ["on_result", "progress"])
def test_a_callback_that_raises_leaves_what_was_done(rig, client, path, name):
    def callback(_):
        raise Broken("of mine")

    more = {name: callback, "checkpoint": path, "concurrency": 2}
    with pytest.raises(Broken, match="of mine"):
        client.execute_batch("work", numbers(50), **more)
    executed = rig.inputs_executed()
    # Each that was begun has been noted before the error was raised.
    assert sorted(line["index"] for line in lines(path)) == executed
    assert len(executed) < 50
    assert client.execute_batch("work", numbers(50), checkpoint=path).succeeded == 50
    assert rig.inputs_executed() == list(range(50))


@pytest.mark.only_sync("in a task, SystemExit ends the loop")
def test_a_hook_that_ends_its_thread_ends_the_batch_and_hangs_nothing(rig):
    def hook(event):
        raise SystemExit("of mine")

    with rig.server.client(event_hooks={"request": hook}) as client:
        with pytest.raises(SystemExit, match="of mine"):
            client.execute_batch("work", numbers(3))


class Odd(dict):
    """A mapping that cannot be read."""

    def items(self):
        raise Broken("of mine")


def test_a_mapping_that_raises_ends_the_batch_once_all_in_flight_is_done(rig, client):
    with pytest.raises(Broken, match="of mine"):
        client.execute_batch("work", [{"n": 0}, Odd(a=1)], concurrency=2)
    assert rig.inputs_executed() in ([], [0])


def test_a_hundred_short_executions_cost_few_requests(rig, client):
    inputs = numbers(100, seconds=0.05)
    assert client.execute_batch("work", inputs, concurrency=32).succeeded == 100
    assert rig.posts() == 100
    assert len(rig.requests) <= 4 * 100


def test_a_server_that_pushes_back_gets_every_input_once(rig, client):
    refusal = {"status": 429, "headers": {"Retry-After": "0"}}
    refused = rig.server.faults.add("*", "*", **refusal, times=3)
    result = client.execute_batch("work", numbers(40), concurrency=8)
    assert (refused.met, result.succeeded) == (3, 40)
    assert rig.inputs_executed() == list(range(40))


@pytest.mark.only_sync("it counts on all inputs being sent at once")
def test_concurrency_goes_down_when_the_server_pushes_back(rig, client):
    refusal = {"status": 429, "headers": {"Retry-After": "0"}}
    rig.server.faults.add("POST", "/flows/execute", **refusal)
    read = []

    def inputs():
        for n in range(24):
            read.append(n)
            yield {"n": n, "hold": "first" if n < 8 else "then"}

    done = []

    def run():
        done.append(client.execute_batch("work", inputs(), concurrency=8, timeout=30))

    runner = threading.Thread(target=run)
    runner.start()
    until(lambda: len(rig.begun) == 8)  # the one that was refused as well
    rig.first_gate.set()
    # Halved to four, and grown to five by the eight that went well.
    until(lambda: sum(n >= 8 for n in rig.begun) == 5)
    assert len(read) == 13
    rig.gate.set()
    runner.join()
    assert done[0].succeeded == 24
    assert rig.inputs_executed() == list(range(24))


def test_a_retry_after_holds_back_the_whole_batch_once(rig, client):
    refusal = {"status": 429, "headers": {"Retry-After": "0.5"}}
    rig.server.faults.add("GET", "/executions/*", **refusal)
    result = client.execute_batch("work", numbers(60, seconds=0.05), concurrency=8)
    assert result.succeeded == 60
    assert len(rig.requests) <= 4 * 60


@pytest.mark.parametrize(
    "change",
    [
        {"flow_id": ""},
        {"inputs": "text"},
        {"inputs": {"a": 1}},
        {"inputs": 3},
        {"concurrency": 0},
        {"concurrency": 1.5},
        {"timeout": 0},
        {"timeout": float("nan")},
        {"retry_failed": True},
        {"retry_uncertain": True},
    ],
    ids=str,
)
@pytest.mark.parametrize("name", ["execute_batch", "iter_batch"])
def test_a_wrong_argument_is_refused_at_once(rig, client, name, change):
    given = {"flow_id": "work", "inputs": numbers(2), **change}
    with pytest.raises(ValidationError):
        getattr(client, name)(**given)
    assert rig.requests == []


@pytest.mark.only_sync("only it has executors")
@pytest.mark.parametrize("name", ["execute_batch", "iter_batch"])
def test_a_wrong_executor_is_refused_at_once(rig, client, name):
    with pytest.raises(ValidationError):
        getattr(client, name)("work", numbers(2), executor="pool")
    assert rig.requests == []


def test_a_checkpoint_that_cannot_be_opened_is_reported_in_one_sentence(
    client, tmp_path
):
    missing = tmp_path / "missing" / "run.jsonl"
    with pytest.raises(ConfigurationError) as caught:
        client.execute_batch("work", numbers(2), checkpoint=missing)
    assert str(caught.value).startswith(f"{missing} cannot be opened: ")


@pytest.mark.only_sync("it counts threads")
def test_leaving_a_loop_sends_nothing_that_waited_and_records_it_as_unsent(
    rig, client, path
):
    is_first_done = threading.Event()

    def inputs():
        yield {"n": 0}
        is_first_done.wait()
        asked = len(rig.requests)
        yield {"n": 1, "hold": True}
        until(lambda: len(rig.requests) >= asked + 2)  # the only thread asks about it
        yield {"n": 2}

    def noted():
        return [line for line in lines(journal_of(path)) if line.get("index") == 2]

    with rig.server.client(pool_size=1) as narrow:
        items = narrow.iter_batch("work", inputs(), checkpoint=path)
        assert next(items).succeeded
        rig.looks.clear()
        is_first_done.set()
        until(noted)
        items.close()
        rig.looks.set()
        until(lambda: not _threads())
    assert rig.posts() == 2
    assert [line["is_uncertain"] for line in noted()] == [True, False]
    rig.gate.set()
    given = [{"n": 0}, {"n": 1, "hold": True}, {"n": 2}]
    assert client.execute_batch("work", given, checkpoint=path).succeeded == 3
    assert rig.inputs_executed() == [0, 1, 2]


def _threads():
    return sum(t.name.startswith("ai-spine-batch-send") for t in threading.enumerate())


@pytest.mark.only_sync("tasks need no threads")
@pytest.mark.parametrize("which", ["fetch", "work", "schedule"])
def test_a_thread_that_cannot_be_started_is_reported_and_frees_the_checkpoint(
    rig, client, path, monkeypatch, which
):
    start = threading.Thread.start

    def refuse(self):
        if self.name == f"ai-spine-batch-{which}":
            raise RuntimeError("can't start new thread")
        start(self)

    monkeypatch.setattr(threading.Thread, "start", refuse)
    with pytest.raises(ConfigurationError) as caught:
        client.execute_batch("work", numbers(2), checkpoint=path)
    told = "a thread of the batch cannot be started: can't start new thread"
    assert (str(caught.value), rig.requests) == (told, [])
    monkeypatch.undo()
    assert client.execute_batch("work", numbers(2), checkpoint=path).succeeded == 2
    until(lambda: not _threads())
