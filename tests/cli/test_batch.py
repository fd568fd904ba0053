"""Tests of `batch`: its options, what it prints, its exit codes, and how it is interrupted."""

import json
import os
import re
import signal
import subprocess
import time

import pytest

from ai_spine.batch.items import BatchProgress
from ai_spine.cli.output.batch_report import describe
from ai_spine.local import LocalServer
from tests.cli.conftest import BROKEN, COMMAND, LIMIT, finish
from tests.needs import needs

needs_posix = pytest.mark.skipif(os.name == "nt", reason="needs POSIX")


@pytest.fixture
def program(warm):
    return warm


@pytest.fixture
def inputs(tmp_path):
    """Write inputs as JSON lines, and return the path."""

    def make(*values, name="in.jsonl"):
        path = tmp_path / name
        path.write_text("".join(json.dumps(v) + "\n" for v in values), "utf-8")
        return str(path)

    return make


@pytest.fixture
def out(tmp_path):
    """The path of the results file."""
    return tmp_path / "out.jsonl"


def lines(text):
    return [json.loads(line) for line in text.splitlines()]


def stored(path):
    return sorted(line["index"] for line in lines(path.read_text("utf-8")))


def until(condition):
    deadline = time.monotonic() + LIMIT
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.005)


def test_results_go_to_stdout_and_a_summary_to_stderr(run, inputs):
    outcome = run("batch", "echo", inputs({"a": 1}, {"a": 2}))
    results = sorted(lines(outcome.stdout), key=lambda line: line["index"])
    assert [line["output"] for line in results] == [
        {"out": {"a": 1}},
        {"out": {"a": 2}},
    ]
    assert [line["status"] for line in results] == ["completed"] * 2
    assert (outcome.exit_code, outcome.stderr) == (0, "2 inputs: 2 completed\n")


def test_results_go_to_a_file_if_one_is_named(run, inputs, out):
    outcome = run("batch", "echo", inputs({"a": 1}, {"a": 2}), "-o", out)
    expected = f"2 inputs: 2 completed; {out} has the results\n"
    assert outcome == (0, "", expected)
    assert stored(out) == [0, 1]
    assert not os.path.exists(f"{out}.journal")


def test_inputs_come_from_csv(run, tmp_path):
    path = tmp_path / "in.csv"
    path.write_text("a,b\n1,x\n2,y\n", "utf-8")
    outcome = run("batch", "echo", path, "--input-column", "a", "--as-text")
    used = [line["input"] for line in lines(outcome.stdout)]
    assert sorted(used, key=str) == [{"a": "1"}, {"a": "2"}]


def test_inputs_come_from_stdin(run):
    outcome = run("batch", "echo", "-", input='{"a": 1}\n{"a": 2}\n')
    assert len(lines(outcome.stdout)) == 2
    assert outcome.exit_code == 0
    outcome = run("batch", "echo", "-", "--format", "csv", input="a\n7\n")
    assert lines(outcome.stdout)[0]["input"] == {"a": 7}


def test_a_failure_has_exit_code_5_after_the_other_inputs_are_done(run, inputs, out):
    outcome = run("batch", "broken", inputs({"a": 1}, {"a": 2}), "-o", out)
    assert outcome == (
        *(5, ""),
        f"2 inputs: 2 failed; {out} has the results\n"
        "input 0 and 1 more: execution of flow broken failed: "
        f"Node 'out' failed: {BROKEN}\n",
    )
    assert stored(out) == [0, 1]


def test_stop_on_error_starts_nothing_after_a_failure(run, inputs, client):
    path = inputs(*({"a": n} for n in range(9)))
    outcome = run("batch", "broken", path, "--stop-on-error", "--concurrency", 1)
    assert outcome.exit_code == 5
    summary, reason = outcome.stderr.splitlines()
    assert summary == "1 of 9 inputs done: 1 failed; 8 not started"
    assert reason.startswith("input 0: execution of flow broken failed: ")
    assert len(list(client.iter_executions())) == 1


def test_a_bad_line_is_reported_before_anything_is_sent(run, inputs, out, client):
    path = inputs(*({"a": n} for n in range(6)), ["no object"], {"a": 7})
    outcome = run("batch", "echo", path, "-o", out)
    assert outcome.exit_code == 2
    assert outcome.error.startswith(f"Error: {path} line 7 is not a JSON object")
    assert not out.exists()
    assert list(client.iter_executions()) == []


def test_a_bad_line_of_stdin_is_reported_and_earlier_results_are_kept(run, out, client):
    content = '{"a": 1}\n' * 6 + "nonsense\n" + '{"a": 8}\n'
    outcome = run("batch", "echo", "-", "-o", out, input=content)
    assert (outcome.exit_code, outcome.stdout) == (2, "")
    *_, last = outcome.stderr.splitlines()
    expected = "Error: stdin line 7 is not JSON: "
    assert last.startswith(expected)
    done = stored(out) if out.exists() else []
    assert len(done) == len(list(client.iter_executions()))


@pytest.mark.parametrize("words", [(), ("--stop-on-error",)])
def test_an_existing_results_file_is_refused(run, inputs, out, words):
    out.write_text("mine", "utf-8")
    outcome = run("batch", "echo", inputs({"a": 1}), "-o", out, *words)
    assert outcome.exit_code == 2
    expected = f"{out} exists: continue it with --resume, or use another file"
    assert expected in outcome.error
    assert out.read_text("utf-8") == "mine"


def test_a_journal_without_its_file_is_continued_only_with_resume(
    run, inputs, out, client
):
    journal = out.with_name(f"{out.name}.journal")
    journal.write_text('{"run": "r", "flow_id": "echo"}\n', "utf-8")
    outcome = run("batch", "echo", inputs({"a": 1}), "-o", out)
    assert outcome.exit_code == 2
    expected = (
        f"{journal} belongs to a run that is not finished: continue it with --resume"
    )
    assert expected in outcome.error
    assert (out.exists(), list(client.iter_executions())) == (False, [])
    assert run("batch", "echo", inputs({"a": 1}), "-o", out, "--resume").exit_code == 0
    assert not journal.exists()


@pytest.mark.parametrize("word", ["--resume", "--retry-failed", "--retry-uncertain"])
def test_resume_needs_a_results_file(run, inputs, word):
    outcome = run("batch", "echo", inputs({"a": 1}), word)
    assert outcome.exit_code == 2
    assert "to resume, set the file of results with -o" in outcome.error


def test_resume_creates_a_file_and_continues_it(run, inputs, out, client):
    words = ("-o", out, "--resume")
    assert run("batch", "echo", inputs({"a": 1}), *words).exit_code == 0
    outcome = run("batch", "echo", inputs({"a": 1}, {"a": 2}), *words)
    assert outcome.stderr == f"2 inputs: 2 completed; {out} has the results\n"
    assert stored(out) == [0, 1]
    assert len(list(client.iter_executions())) == 2


def test_resume_refuses_a_file_without_results(run, inputs, client):
    path = inputs({"a": 1})
    outcome = run("batch", "echo", path, "-o", path, "--resume")
    assert outcome.exit_code == 2
    *_, last = outcome.stderr.splitlines()
    assert last == f"Error: {path} line 1 is not of a batch: use another file"
    assert list(client.iter_executions()) == []


def test_retry_failed_executes_failed_inputs_again(run, inputs, out, client):
    path = inputs({"a": 1})
    run("batch", "broken", path, "-o", out)
    assert run("batch", "broken", path, "-o", out, "--resume").exit_code == 5
    assert len(list(client.iter_executions())) == 1
    assert run("batch", "broken", path, "-o", out, "--retry-failed").exit_code == 5
    assert len(list(client.iter_executions())) == 2
    assert stored(out) == [0]


@pytest.mark.parametrize("word", ["--retry-uncertain", "--retry-writes"])
def test_uncertain_inputs_are_sent_again_only_on_request(
    run, server, inputs, out, client, word
):
    path = inputs({"a": 1})
    server.faults.add("POST", "/flows/execute", drop_after_commit=True)
    outcome = run("batch", "echo", path, "-o", out)
    assert outcome.exit_code == 5
    assert outcome.stderr == (
        f"1 input: 1 unknown\ninput 0: {server.url}: the connection was closed without a response\n"
        "1 execution may or may not have run. Run again with --resume to check.\n"
    )
    assert run("batch", "echo", path, "-o", out, "--resume").exit_code == 5
    assert run("batch", "echo", path, "-o", out, "--resume", word).exit_code == 0
    assert len(list(client.iter_executions())) == 1
    assert stored(out) == [0]


def test_an_execution_that_takes_too_long_is_unknown(run, inputs):
    outcome = run("batch", "stuck", inputs({"a": 1}), "--wait-timeout", "0.2")
    assert outcome.exit_code == 5
    summary, reason = outcome.stderr.splitlines()
    assert summary == "1 input: 1 unknown"
    assert reason.startswith("input 0: execution was not done within 0.2 s; ")
    assert lines(outcome.stdout)[0]["error"]["type"] == "TimeoutError"


@pytest.mark.parametrize("words", [(), ("--stop-on-error",)], ids=str)
def test_an_unreachable_server_is_reported_once_and_leaves_no_files(
    run, inputs, out, unused_url, words
):
    path = inputs(*({"a": n} for n in range(200)))
    words = ("-o", out, "--base-url", unused_url, *words)
    outcome = run("batch", "echo", path, *words)
    assert outcome.exit_code == 8
    assert outcome.error.startswith(f"Error: {unused_url}: could not connect: ")
    assert outcome.error.endswith("; nothing was started")
    assert outcome.stderr.count("\n") == 1
    assert list(out.parent.glob("out*")) == []


def test_a_wrong_key_is_reported_once_after_at_most_the_requests_in_flight(
    invoke, inputs, out
):
    path = inputs(*({"a": n} for n in range(200)))
    with LocalServer(api_key="sk-right") as server:
        fault = server.faults.add("POST", "/flows/execute", status=401, times=None)
        words = ("-o", out, "--base-url", server.url, "--api-key", "sk-wrong")
        outcome = invoke("batch", "sentiment-analysis", path, *words)
        met = fault.met
    assert outcome.exit_code == 3
    assert outcome.error.startswith("Error: 401: ")
    assert outcome.error.endswith("; nothing was started")
    assert outcome.stderr.count("\n") == 1
    assert 1 <= met <= 16
    assert list(out.parent.glob("out*")) == []


@pytest.fixture
def unused_url(server):
    """The URL of a server that was closed."""
    url = server.url
    server.close()
    return url


@needs("vaderSentiment")
def test_a_batch_runs_on_a_local_server_of_its_own(invoke, tmp_path):
    path = tmp_path / "in.csv"
    path.write_text("text\nWonderful!\nAwful.\n", "utf-8")
    outcome = invoke("--local", "batch", "sentiment-analysis", path)
    results = sorted(lines(outcome.stdout), key=lambda line: line["index"])
    labels = [line["output"]["sentiment"]["label"] for line in results]
    assert (outcome.exit_code, labels) == (0, ["positive", "negative"])


def test_no_progress_is_drawn_if_stderr_is_not_a_terminal(run_process, server, inputs):
    path = inputs(*({"a": n} for n in range(30)))
    outcome = run_process("batch", "echo", path, AI_SPINE_BASE_URL=server.url)
    assert outcome.stderr == "30 inputs: 30 completed\n"
    assert len(lines(outcome.stdout)) == 30


@needs_posix
def test_progress_is_drawn_on_a_terminal_and_cleared_at_the_end(server, inputs, out):
    import pty

    path = inputs(*({"a": n} for n in range(200)))
    terminal, theirs = pty.openpty()
    environment = {**os.environ, "AI_SPINE_BASE_URL": server.url}
    words = [*COMMAND, "batch", "echo", path, "-o", str(out), "--concurrency", "4"]
    with subprocess.Popen(words, stderr=theirs, env=environment) as process:
        os.close(theirs)
        drawn = _read_all(terminal)
    os.close(terminal)
    assert process.returncode == 0
    assert " of 200 (" in drawn and " per second" in drawn and " s left" in drawn
    *_, cleared, last, end = drawn.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    assert cleared.strip() == ""
    assert last == f"200 inputs: 200 completed; {out} has the results"
    assert end == ""


def _read_all(terminal):
    content = b""
    while True:
        try:
            piece = os.read(terminal, 4096)
        except OSError:  # on Linux: the other side is closed
            piece = b""
        if not piece:
            return content.decode("utf-8")
        content += piece


def test_progress_without_a_total_shows_what_is_known():
    assert describe(BatchProgress(3, 0, None, 1.5)) == "3, 2.0 per second"
    assert describe(BatchProgress(0, 0, 10, 0.0)) == "0 of 10 (0 %), 0.0 per second"


@needs_posix
@pytest.mark.parametrize("presses", [1, 2])
def test_ctrl_c_exits_with_130_and_says_how_to_continue(
    launch, server, inputs, out, client, presses
):
    path = inputs(*({"a": n} for n in range(5)))
    words = ("batch", "stuck", path, "-o", out, "--concurrency", "2")
    process = launch(*words, AI_SPINE_BASE_URL=server.url)
    journal = out.with_name(f"{out.name}.journal")
    accepted = b'"execution_id": "'
    until(lambda: journal.exists() and journal.read_bytes().count(accepted) == 2)
    process.send_signal(signal.SIGINT)
    expected = "finishing what is in flight; press Ctrl-C again to end now\n"
    assert process.stderr.readline() == expected
    if presses == 1:
        for execution in client.list_executions():
            client.cancel_execution(execution.execution_id)
    else:
        process.send_signal(signal.SIGINT)
    outcome = finish(process)
    left = "0 of 5 inputs done; 2 still running, 3 not started\n"
    cancelled = (
        f"2 of 5 inputs done: 2 cancelled; 3 not started; {out} has the results\n"
        "input 0 and 1 more: execution of flow stuck was cancelled: "
        "Execution cancelled by user\n"
    )
    assert outcome.stderr == (
        f"{cancelled if presses == 1 else left}"
        "Error: the batch was stopped; run the same command with --resume to continue\n"
    )
    assert (outcome.exit_code, outcome.stdout) == (130, "")
    assert stored(out) == ([0, 1] if presses == 1 else [])
    assert len(list(client.iter_executions())) == 2


@needs_posix
def test_ctrl_c_while_reading_stdin_exits_at_once(launch, server):
    process = launch("batch", "echo", "-", AI_SPINE_BASE_URL=server.url)
    process.stdin.write('{"a": 1}\n')
    process.stdin.flush()
    assert json.loads(process.stdout.readline())["output"] == {"out": {"a": 1}}
    process.send_signal(signal.SIGINT)
    assert process.wait(LIMIT) == 130
    printed = process.stderr.read().replace("1 input done: 1 completed\n", "")
    # The result that was just printed may not be counted yet.
    assert printed == (
        "finishing what is in flight; press Ctrl-C again to end now\n"
        "Error: the batch was stopped\n"
    )


def test_a_closed_stdout_causes_no_traceback(launch, server, inputs):
    path = inputs(*({"a": n} for n in range(200)))
    process = launch("batch", "echo", path, AI_SPINE_BASE_URL=server.url)
    process.stdout.readline()
    process.stdout.close()
    process.wait(LIMIT)
    assert "Traceback" not in process.stderr.read()


def test_the_first_distinct_reasons_are_reported_with_their_counts(run, server, inputs):
    post = ("POST", "/flows/execute")
    server.faults.add(*post, status=418, body={"detail": "one"}, times=2)
    for words in ("two", "three\x1b[2J", "four"):
        server.faults.add(*post, status=418, body={"detail": words})
    path = inputs(*({"a": n} for n in range(6)))
    outcome = run("batch", "echo", path, "--concurrency", 1)
    assert outcome.exit_code == 5
    assert outcome.stderr == (
        "6 inputs: 1 completed, 5 unknown\n"
        "input 0 and 1 more: 418: one\ninput 2: 418: two\ninput 3: 418: three [2J\n"
        "1 more for other reasons\n"
    )


def test_an_unknown_flow_is_reported_without_an_execution_id(run, inputs):
    outcome = run("batch", "nowhere", inputs({"a": 1}))
    (result,) = lines(outcome.stdout)
    assert (result["status"], result["execution_id"]) == ("refused", None)
    assert result["error"]["type"] == "ExecutionError"
    summary, reason = outcome.stderr.splitlines()
    assert (outcome.exit_code, summary) == (5, "1 input: 1 refused")
    assert reason == f"input 0: {result['error']['message']}"
    assert "nowhere" in reason


def test_a_misspelt_flow_is_reported_with_a_suggestion(run, inputs):
    outcome = run("batch", "credit_analisys", inputs({"a": 1}))
    last = outcome.stderr.splitlines()[-1]
    assert last == "there is no flow 'credit_analisys'; is 'credit_analysis' meant?"
    assert outcome.exit_code == 5


@pytest.mark.parametrize("form", ["json", "jsonl"])
def test_failures_are_reported_as_json_in_the_last_line(run, inputs, out, form):
    data = inputs({"a": 1}, {"a": 2})
    outcome = run("batch", "broken", data, "--output", form)
    assert (outcome.json_error["type"], outcome.exit_code) == ("ExecutionError", 5)
    assert outcome.json_error["message"] == "2 of 2 inputs failed"
    misspelt = run("batch", "brokn", data, "--output", form).json_error
    assert misspelt["message"] == "2 of 2 inputs failed; is 'broken' meant?"


def test_an_error_in_the_settings_is_printed_without_a_summary(run, inputs, tmp_path):
    outcome = run("batch", "echo", inputs({"a": 1}), "-o", tmp_path / "none" / "out")
    assert outcome.exit_code == 2
    assert "cannot be opened: " in outcome.error
    assert outcome.stderr.count("\n") == 1


def test_a_bad_first_line_of_stdin_leaves_no_files(run, out):
    outcome = run("batch", "echo", "-", "-o", out, input="nonsense\n")
    assert outcome.exit_code == 2
    assert outcome.stderr.count("\n") == 1
    assert outcome.error.startswith("Error: stdin line 1 is not JSON")
    assert list(out.parent.glob("out*")) == []


@pytest.mark.parametrize("more", [(), ("--resume",)], ids=str)
def test_a_directory_for_results_is_refused(run, inputs, tmp_path, more):
    outcome = run("batch", "echo", inputs({"a": 1}), "-o", tmp_path, *more)
    assert outcome.exit_code == 2
    assert f"Error: -o {tmp_path} is a directory: use a file" in outcome.error


@pytest.mark.parametrize("name", ["in.jsonl", "in.csv"])
def test_a_file_without_inputs_is_not_an_error(run, inputs, name):
    outcome = run("batch", "echo", inputs(name=name))
    assert outcome == (0, "", "0 inputs: there is nothing to execute\n")


@needs_posix
def test_a_closed_stdout_reports_how_many_results_were_printed(launch, server, inputs):
    path = inputs(*({"a": n} for n in range(200)))
    process = launch("batch", "echo", path, AI_SPINE_BASE_URL=server.url)
    process.stdout.readline()
    process.stdout.close()
    assert process.wait(LIMIT) == 141
    (line,) = process.stderr.read().splitlines()
    assert re.match(r"\d+ of 200 inputs were printed: \d+ completed; then stdout", line)


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
def test_a_full_disk_reports_how_many_results_were_printed(server, inputs):
    environment = {**os.environ, "AI_SPINE_BASE_URL": server.url}
    words = [*COMMAND, "batch", "echo", inputs({"a": 1}, {"a": 2})]
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            words, stdout=full, stderr=subprocess.PIPE, env=environment, timeout=LIMIT
        )
    line, error = done.stderr.decode("utf-8").splitlines()
    assert line.startswith(
        "0 of 2 inputs were printed; then stdout could not be written"
    )
    assert error == "Error: stdout cannot be written: No space left on device"
    assert done.returncode == 1
