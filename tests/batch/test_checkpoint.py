"""Tests of runs that are gone on with: what stands in their files, and what is sent again."""

import logging
import os
import sys

import pytest

from ai_spine import AISpine
from ai_spine.batch.checkpoint import Checkpoint
from ai_spine.batch.items import BatchItem
from ai_spine.exceptions import (
    ConfigurationError,
    ExecutionError,
    NetworkError,
    ValidationError,
)
from ai_spine.models import Execution
from tests.batch.conftest import finish, journal_of, lines, numbers, until

pytestmark = pytest.mark.every_client

HAS_LIMIT = hasattr(sys, "set_int_max_str_digits")  # of the digits of a whole number


@pytest.fixture
def lose(rig):
    """Have the server lose its answers to POSTs, though it does what they ask for."""

    def add(times=1):
        post = ("POST", "/flows/execute")
        return rig.server.faults.add(*post, drop_after_commit=True, times=times)

    return add


def indexes(path):
    return sorted(line["index"] for line in lines(path))


def test_the_file_has_a_line_for_each_input_and_no_journal_is_left(client, path):
    result = client.execute_batch("work", numbers(5), checkpoint=path)
    assert indexes(path) == [0, 1, 2, 3, 4]
    assert {line["status"] for line in lines(path)} == {"completed"}
    assert os.listdir(path.parent) == [path.name]
    assert result.is_complete
    assert [item.output for item in result] == [{"out": {"n": n}} for n in range(5)]


def test_each_line_is_there_as_soon_as_it_is_known(client, path):
    items = client.iter_batch("work", numbers(5), checkpoint=path, concurrency=1)
    for count, item in enumerate(items, start=1):
        assert item.index in indexes(path)
        assert len(lines(path)) >= count


def test_a_finished_run_is_read_from_its_file(rig, client, path):
    inputs = [{"n": 0}, {"n": 1, "bad": True}, "no mapping"]
    first = client.execute_batch("work", inputs, checkpoint=path)
    posts, content = rig.posts(), path.read_bytes()
    again = client.execute_batch("work", iter(inputs), checkpoint=str(path))
    assert rig.posts() == posts
    assert path.read_bytes() == content
    assert [i.to_dict() for i in again] == [i.to_dict() for i in first]
    assert [type(i.error) for i in again] == [type(i.error) for i in first]


def test_inputs_that_are_added_later_are_executed_in_the_same_run(rig, client, path):
    client.execute_batch("work", numbers(3), checkpoint=path)
    result = client.execute_batch("work", numbers(6), checkpoint=path)
    assert (result.succeeded, len(result)) == (6, 6)
    assert rig.inputs_executed() == list(range(6))
    assert len({line["run"] for line in lines(path)}) == 1


def test_what_failed_is_executed_again_only_when_that_is_asked_for(rig, client, path):
    inputs = [{"n": 0}, {"n": 1, "bad": True}, {"n": 2}]
    first = client.execute_batch("work", inputs, checkpoint=path)
    assert isinstance(first.failed[0].error, ExecutionError)
    client.execute_batch("work", inputs, checkpoint=path)
    assert rig.inputs_executed() == [0, 1, 2]
    result = client.execute_batch("work", inputs, checkpoint=path, retry_failed=True)
    assert rig.inputs_executed() == [0, 1, 1, 2]
    assert [item.attempt for item in result] == [0, 1, 0]
    assert indexes(path) == [0, 1, 2]
    assert os.listdir(path.parent) == [path.name]


def test_a_retry_that_was_broken_off_is_gone_on_with(rig, client, path):
    inputs = [{"n": 0, "bad": True}, {"n": 1}, {"n": 2, "bad": True}]
    client.execute_batch("work", inputs, checkpoint=path)
    more = {"checkpoint": path, "concurrency": 1}
    items = client.iter_batch("work", inputs, retry_failed=True, **more)
    assert next(items).attempt == 1
    until(lambda: len(rig.begun) == 5)
    items.close()
    assert indexes(path) in ([0, 1], [0, 1, 2])  # the last may have been just in time
    again = client.with_options(retry_writes=True)
    result = again.execute_batch("work", inputs, checkpoint=path)
    assert [(item.index, item.attempt) for item in result.failed] == [(0, 1), (2, 1)]
    assert (indexes(path), result.is_complete) == ([0, 1, 2], True)
    assert rig.inputs_executed() == [0, 0, 1, 2, 2]


def test_what_a_broken_off_retry_did_not_reach_stays_as_it_was(rig, client, path):
    inputs = [{"n": n, "bad": True} for n in range(4)]
    client.execute_batch("work", inputs, checkpoint=path)

    def broken():
        yield inputs[0]
        until(lambda: rig.posts() == 5)
        raise OSError("row 2")

    with pytest.raises(OSError, match="row 2"):
        client.execute_batch("work", broken(), checkpoint=path, retry_failed=True)
    kept = sorted((line["index"], line["attempt"]) for line in lines(path))
    assert kept == [(0, 1), (1, 0), (2, 0), (3, 0)]
    assert client.execute_batch("work", inputs, checkpoint=path).is_complete
    assert rig.posts() == 5


def test_a_retry_with_other_inputs_is_refused_and_loses_nothing(rig, client, path):
    inputs = [{"n": 0}, {"n": 1, "bad": True}, {"n": 2, "bad": True}]
    client.execute_batch("work", inputs, checkpoint=path)
    content = path.read_bytes()
    other = [{"n": 0}, {"n": 1}, {"n": 2}]
    with pytest.raises(
        ConfigurationError, match="its input 1 differs from the one given"
    ):
        client.execute_batch("work", other, checkpoint=path, retry_failed=True)
    assert (path.read_bytes(), rig.posts()) == (content, 3)


def test_an_old_line_that_a_killed_retry_has_left_is_removed(rig, client, path):
    inputs = [{"n": 0, "bad": True}]
    client.execute_batch("work", inputs, checkpoint=path)
    old = path.read_bytes()
    client.execute_batch("work", inputs, checkpoint=path, retry_failed=True)
    path.write_bytes(old + path.read_bytes())
    result = client.execute_batch("work", inputs, checkpoint=path)
    assert ([item.attempt for item in result], rig.posts()) == ([1], 2)
    assert [line["attempt"] for line in lines(path)] == [1]


def test_the_result_of_a_retry_reads_its_items_after_old_lines_are_gone(client, path):
    inputs = [{"n": n, "bad": n in (0, 3)} for n in range(5)]
    client.execute_batch("work", inputs, checkpoint=path)
    result = client.execute_batch("work", inputs, checkpoint=path, retry_failed=True)
    assert [item.index for item in result] == [0, 1, 2, 3, 4]
    assert [item.attempt for item in result] == [1, 0, 0, 1, 0]


@pytest.mark.parametrize("bad", [0, 1, 2])
def test_the_result_of_an_older_run_says_that_its_file_was_changed(client, path, bad):
    inputs = [{"n": n, "bad": n == bad} for n in range(3)]
    first = client.execute_batch("work", inputs, checkpoint=path, concurrency=1)
    client.execute_batch("work", inputs, checkpoint=path, retry_failed=True)
    with pytest.raises(ConfigurationError) as caught:
        list(first)
    told = f"{path} was changed by a later run: use the result of that run"
    assert str(caught.value) == told


def test_a_loop_that_was_left_can_be_gone_on_with_at_once(rig, client, path):
    items = client.iter_batch("work", numbers(20), checkpoint=path, concurrency=2)
    for item in items:
        if item.index == 3:
            break
    items.close()  # as to leave the loop does where references are counted
    again = client.with_options(retry_writes=True)
    result = again.execute_batch("work", numbers(20), checkpoint=path)
    assert (result.succeeded, result.is_complete) == (20, True)
    assert rig.inputs_executed() == list(range(20))


def test_what_was_started_is_asked_about_and_not_sent_again(rig, client, path):
    inputs = numbers(3, hold=True)
    short = client.execute_batch("work", inputs, checkpoint=path, timeout=0.2)
    assert {item.status for item in short} == {"unknown"}
    assert (indexes(path), short.is_complete) == ([], False)
    rig.gate.set()
    result = client.execute_batch("work", inputs, checkpoint=path)
    assert (result.succeeded, rig.posts()) == (3, 3)
    assert not journal_of(path).exists()


def test_an_uncertain_input_is_reported_with_its_key_and_not_sent(
    rig, client, lose, path
):
    lose()
    first = client.execute_batch("work", numbers(1), checkpoint=path)
    again = client.execute_batch("work", numbers(1), checkpoint=path)
    for result in (first, again):
        (item,) = result
        assert isinstance(item.error, NetworkError)
        assert item.error.maybe_executed and item.maybe_executed
        assert item.error.idempotency_key == item.idempotency_key
        assert f"(idempotency key {item.idempotency_key})" in str(item.error)
        assert not result.is_complete
    assert first[0].idempotency_key == again[0].idempotency_key
    assert (rig.posts(), indexes(path)) == (1, [])
    assert journal_of(path).exists()


@pytest.mark.parametrize("how", ["retry_uncertain", "retry_writes"])
def test_an_uncertain_input_is_sent_again_with_the_key_it_had(
    rig, client, lose, path, how
):
    lose()
    client.execute_batch("work", numbers(1), checkpoint=path)
    if how == "retry_writes":
        again = client.with_options(retry_writes=True)
        result = again.execute_batch("work", numbers(1), checkpoint=path)
    else:
        more = {"checkpoint": path, "retry_uncertain": True}
        result = client.execute_batch("work", numbers(1), **more)
    assert (result.succeeded, result.is_complete) == (1, True)
    assert (rig.posts(), rig.inputs_executed()) == (2, [0])
    assert not journal_of(path).exists()


def test_what_was_refused_for_a_while_is_sent_in_the_next_run(rig, client, path):
    rig.server.faults.add("POST", "/flows/execute", status=418, times=2)
    first = client.execute_batch("work", numbers(2), checkpoint=path)
    assert [item.error.status_code for item in first] == [418, 418]
    assert (first.is_complete, path.exists()) == (False, False)
    result = client.execute_batch("work", numbers(2), checkpoint=path)
    assert (result.succeeded, rig.inputs_executed()) == (2, [0, 1])


def test_a_checkpoint_of_another_flow_is_refused(rig, client, path):
    client.execute_batch("work", numbers(2), checkpoint=path)
    content, posts = path.read_bytes(), rig.posts()
    with pytest.raises(ConfigurationError) as caught:
        client.execute_batch("other", numbers(2), checkpoint=path)
    told = f"{path} line 1 is of flow 'work', not of 'other': use another file"
    assert str(caught.value) == told
    assert (path.read_bytes(), rig.posts()) == (content, posts)


@pytest.mark.parametrize(
    "first, second, reason",
    [
        ({"tenant": "a"}, {"tenant": "b"}, "tenant 'a', not of tenant 'b'"),
        ({}, {"tenant": "b"}, "no tenant, not of tenant 'b'"),
        ({"workspace": "w"}, {"tenant": "b"}, "no tenant, not of tenant 'b'"),
        ({"workspace": "w"}, {}, "workspace 'w', not of no workspace"),
    ],
)
def test_a_checkpoint_of_another_tenant_is_refused(
    rig, client, lose, path, first, second, reason
):
    first, second = client.with_options(**first), client.with_options(**second)
    lose()
    first.execute_batch("work", numbers(2), checkpoint=path)
    content, posts = path.read_bytes(), rig.posts()
    with pytest.raises(ConfigurationError) as caught:
        second.execute_batch("work", numbers(2), checkpoint=path)
    journal = f"{journal_of(path)} line 1 is of {reason}: use another file"
    assert str(caught.value) == journal
    assert (path.read_bytes(), rig.posts()) == (content, posts)
    assert first.execute_batch("work", numbers(2), checkpoint=path).succeeded == 1


def test_a_journal_of_another_flow_is_refused(client, lose, path):
    lose()
    client.execute_batch("work", numbers(1), checkpoint=path)
    with pytest.raises(ConfigurationError) as caught:
        client.execute_batch("other", numbers(1), checkpoint=path)
    assert f"{journal_of(path)} line 1 is of flow 'work'" in str(caught.value)


def test_a_checkpoint_of_other_inputs_is_refused(rig, client, path):
    client.execute_batch("work", numbers(3), checkpoint=path)
    content = path.read_bytes()
    with pytest.raises(ConfigurationError) as caught:
        other = [{"n": 0}, {"n": "changed"}, {"n": 2}]
        client.execute_batch("work", other, checkpoint=path)
    told = f"{path} is of another run: its input 1 differs from the one given now"
    assert str(caught.value).startswith(told)
    assert (path.read_bytes(), rig.posts()) == (content, 3)


def test_an_execution_is_not_taken_for_that_of_a_changed_input(rig, client, path):
    held = numbers(1, hold=True)
    client.execute_batch("work", held, checkpoint=path, timeout=0.1)
    rig.gate.set()
    with pytest.raises(
        ConfigurationError, match="its input 0 differs from the one given"
    ):
        client.execute_batch("work", [{"n": "changed"}], checkpoint=path)


def test_what_is_in_flight_is_recorded_before_a_wrong_input_is_reported(
    rig, client, path
):
    inputs = [{"n": 0, "hold": True}, {"n": 1}]

    def is_one_recorded():
        client.execute_batch("work", inputs, checkpoint=path, timeout=0.2)
        return indexes(path) == [1]

    until(is_one_recorded)
    rig.gate.set()
    with pytest.raises(
        ConfigurationError, match="its input 1 differs from the one given"
    ):
        other = [inputs[0], {"n": "changed"}]
        client.execute_batch("work", other, checkpoint=path)
    assert indexes(path) == [0, 1]


def test_an_uncertain_key_is_not_given_to_a_changed_input(rig, client, lose, path):
    lose()
    client.execute_batch("work", numbers(1), checkpoint=path)
    with pytest.raises(
        ConfigurationError, match="its input 0 differs from the one given"
    ):
        other = {"checkpoint": path, "retry_uncertain": True}
        client.execute_batch("work", [{"n": "changed"}], **other)
    assert rig.posts() == 1


def test_files_of_two_runs_do_not_go_together(client, lose, path, tmp_path):
    lose()
    client.execute_batch("work", numbers(1), checkpoint=path)
    client.execute_batch("work", numbers(1), checkpoint=tmp_path / "other.jsonl")
    os.replace(tmp_path / "other.jsonl", path)
    with pytest.raises(ConfigurationError) as caught:
        client.execute_batch("work", numbers(1), checkpoint=path)
    told = f"{path} line 1 is of another run: use another file"
    assert str(caught.value) == told


@pytest.mark.parametrize("bad", ['{"a": 1}', '{"run": "r", "flow_id": "work"}'])
def test_a_file_that_is_not_of_a_batch_is_refused(rig, client, path, bad):
    path.write_text(bad + "\n", encoding="utf-8")
    with pytest.raises(ConfigurationError) as caught:
        client.execute_batch("work", numbers(1), checkpoint=path)
    told = f"{path} line 1 is not of a batch: use another file"
    assert str(caught.value) == told
    assert (path.read_text(encoding="utf-8"), rig.posts()) == (bad + "\n", 0)


def test_a_line_that_somebody_has_spoilt_is_named(client, path):
    client.execute_batch("work", numbers(4), checkpoint=path)
    kept = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([kept[0], kept[1], b"oops\n", kept[3]]))
    with pytest.raises(ConfigurationError) as caught:
        client.execute_batch("work", numbers(4), checkpoint=path)
    assert str(caught.value) == f"{path} line 3 is not a JSON object"


@pytest.mark.parametrize("where", ["results", "journal"])
def test_a_half_written_last_line_is_repaired_and_the_log_says_so(
    rig, client, path, caplog, where
):
    client.execute_batch("work", numbers(2), checkpoint=path)
    file = path if where == "results" else journal_of(path)
    before = file.read_bytes() if file.exists() else b""
    file.write_bytes(before + b'{"index": 2, "stat')
    with caplog.at_level(logging.WARNING, "ai_spine"):
        result = client.execute_batch("work", numbers(4), checkpoint=path)
    number = 3 if where == "results" else 1
    told = f"{file} line {number} was cut by a crash and is removed"
    assert told in caplog.messages
    assert (result.succeeded, rig.inputs_executed()) == (4, [0, 1, 2, 3])
    assert indexes(path) == [0, 1, 2, 3]


@pytest.mark.skipif(os.name == "nt", reason="needs POSIX files")
def test_a_file_that_another_run_uses_is_refused(rig, client, program, path):
    other = program(checkpoint=path, count=2, hold=True)
    until(lambda: len(rig.begun) == 2)
    with pytest.raises(ConfigurationError) as caught:
        client.execute_batch("work", numbers(2, hold=True), checkpoint=path)
    assert str(caught.value) == f"{path} is in use by another run"
    rig.gate.set()
    assert finish(other)[0] == 0
    assert rig.posts() == 2


@pytest.mark.skipif(sys.platform != "linux", reason="needs limits of files")
@pytest.mark.only_sync("the program that it starts has the synchronous client")
@pytest.mark.parametrize("most", [1000, 6000])
def test_a_full_disk_is_reported_in_one_sentence_and_what_was_done_stays_done(
    rig, program, path, most
):
    options = {"checkpoint": path, "count": 40, "retry_writes": True}
    code, stdout, stderr = finish(program(**options, most_bytes=most))
    assert (code, stdout) == (1, "")
    (told,) = stderr.splitlines()
    assert told.startswith(str(path)) and " line " in told
    assert " cannot be written: File too large; free some space" in told
    done = lines(path)
    assert len(done) < 40
    assert finish(program(**options)) == (0, _all_done(40), "")
    assert lines(path)[: len(done)] == done
    assert indexes(path) == rig.inputs_executed() == list(range(40))
    assert not journal_of(path).exists()


def _all_done(count):
    return f"BatchResult(succeeded={count}, failed=0) True\n"


@pytest.mark.skipif(os.name == "nt", reason="needs links")
def test_a_checkpoint_has_one_journal_whichever_link_leads_to_it(
    rig, client, lose, path
):
    link = path.with_name("latest.jsonl")
    link.symlink_to(path)
    lose()
    client.execute_batch("work", numbers(2), checkpoint=link)
    assert journal_of(path).exists() and not journal_of(link).exists()
    result = client.execute_batch("work", numbers(2), checkpoint=path)
    assert [item.maybe_executed for item in result.failed] == [True]
    assert rig.inputs_executed() == [0, 1]
    failed = [{"n": 0, "bad": True}]
    other = path.with_name("other.jsonl")
    link.unlink()
    link.symlink_to(other)
    for more in ({}, {"retry_failed": True}):
        client.execute_batch("work", failed, checkpoint=link, **more)
    assert link.is_symlink() and indexes(other) == [0]


def test_a_result_is_read_wherever_the_process_has_gone(
    client, path, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    result = client.execute_batch("work", numbers(1), checkpoint=path.name)
    items = client.iter_batch("other", numbers(1), checkpoint="lazy.jsonl")
    monkeypatch.chdir("/")
    assert result[0].output == {"out": {"n": 0}}
    assert next(items).succeeded
    items.close()
    assert (tmp_path / "lazy.jsonl").exists()


@pytest.mark.parametrize("bad", [3, object(), "a\0b"])
def test_a_checkpoint_that_is_no_path_is_refused_in_one_sentence(rig, client, bad):
    with pytest.raises(ValidationError) as caught:
        client.execute_batch("work", numbers(1), checkpoint=bad)
    assert str(caught.value) == "checkpoint must be the path of a file"
    assert rig.requests == []


class Unlike:
    """A value that looks different each time, or like nothing at all."""

    def __init__(self, breaks=False):
        self.breaks = breaks

    def __repr__(self):
        if self.breaks:
            raise RuntimeError("it cannot be told")
        return object.__repr__(self)


@pytest.mark.parametrize(
    "make",
    [Unlike, lambda: Unlike(breaks=True), lambda: 10**5000 if HAS_LIMIT else {1}],
)
def test_an_input_that_is_no_json_is_known_again(rig, client, path, make):
    for _ in range(2):
        inputs = [{"n": 0, "a": make()}, {"n": 1}]
        result = client.execute_batch("work", inputs, checkpoint=path)
        assert [item.status for item in result] == ["refused", "completed"]
    assert (rig.posts(), result.is_complete) == (1, True)


class Level:
    """A value of a type that only the caller's `json_default` knows."""

    def __init__(self, number):
        self.number = number


def test_an_input_of_the_callers_own_types_is_compared_by_its_json(rig, path):
    def run(number):
        inputs = [{"n": 0, "level": Level(number)}]
        return client.execute_batch("work", inputs, checkpoint=path)

    with AISpine(
        base_url=rig.server.url, json_default=lambda level: level.number
    ) as client:
        run(1)
        assert lines(path)[0]["input"] == {"n": 0, "level": 1}
        assert run(1).succeeded == 1
        with pytest.raises(ConfigurationError, match="its input 0 differs"):
            run(2)
    assert rig.posts() == 1


def test_fewer_inputs_than_the_file_has_are_a_batch_of_their_own(rig, client, path):
    client.execute_batch("work", numbers(3), checkpoint=path)
    result = client.execute_batch("work", numbers(2), checkpoint=path)
    assert (len(result), result.is_complete, rig.posts()) == (2, True, 3)
    assert indexes(path) == [0, 1, 2]


def test_a_journal_that_is_gone_is_no_reason_for_a_traceback(client, path, caplog):
    def inputs():
        yield {"n": 0}
        until(lambda: journal_of(path).exists())
        journal_of(path).unlink()
        yield {"n": 1}

    result = client.execute_batch("work", inputs(), checkpoint=path)
    assert (result.succeeded, result.is_complete) == (2, True)
    assert f"{journal_of(path)} was removed by somebody else" in caplog.messages


@pytest.mark.only_sync("it sends nothing")
def test_what_is_finished_takes_no_memory_of_a_run(path):
    tracemalloc = pytest.importorskip("tracemalloc")  # PyPy counts no bytes
    run = Checkpoint(
        str(path), "work", server="http://h", retry_failed=False, resend=False
    )
    execution = Execution.from_wire({"execution_id": "e", "status": "completed"})

    def note(count):
        for index in range(count):
            plan = run.plan(index, {"n": index})
            run.note_sending(index, plan)
            run.note_started(index, plan, "e")
            item = BatchItem(index, {"n": index}, execution, None, plan.key)
            run.note_ended(item)

    note(500)
    tracemalloc.start()
    note(1000)
    grown, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    run.close(is_complete=False)
    assert grown < 40_000  # a number for each would take 100 bytes and more


def test_a_file_that_somebody_has_not_ended_with_a_newline_is_left_as_it_is(
    client, path
):
    path.write_text('{"index": 5, "text": "precious"}', encoding="utf-8")
    with pytest.raises(ConfigurationError, match="line 1 is not of a batch"):
        client.execute_batch("work", numbers(1), checkpoint=path)
    assert path.read_text(encoding="utf-8") == '{"index": 5, "text": "precious"}'
