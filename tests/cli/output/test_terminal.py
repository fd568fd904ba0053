"""Tests of the command on a real terminal: width, colours, live pictures and Ctrl-C."""

import json
import os
import re
import subprocess
import sys

import pytest

from ai_spine.cli.output.tables import text_width
from tests.cli.conftest import COMMAND, LIMIT
from tests.cli.test_batch import until

if os.name == "nt":  # pragma: no cover
    pytest.skip("needs a POSIX terminal", allow_module_level=True)

pexpect = pytest.importorskip("pexpect")

ESCAPE = re.compile(r"\x1b\[[?0-9;]*[A-Za-z]")
HIDES_CURSOR = "\x1b[?25l"


@pytest.fixture
def program(warm):
    return warm


@pytest.fixture
def terminal(server, program):
    """Start the command on a terminal; kill it at the end if it still runs."""
    started = []
    known = {**os.environ, "AI_SPINE_BASE_URL": server.url}
    known["TERM"] = "xterm-256color"
    for name in ("NO_COLOR", "FORCE_COLOR", "COLUMNS", "LINES"):
        known.pop(name, None)

    def start(*words, columns=100, rows=30, command=program, **more):
        child = pexpect.spawn(
            command[0],
            [*command[1:], *map(str, words)],
            env={**known, **more},
            dimensions=(rows, columns),
            encoding="utf-8",
            timeout=LIMIT,
        )
        # The process is waited for; to sleep as well would only take time.
        child.delaybeforesend = None
        child.ptyproc.delayafterclose = child.ptyproc.delayafterterminate = 0.01
        started.append(child)
        return child

    yield start
    for child in started:
        child.close(force=True)


def read_to_end(child):
    """Return everything the terminal received until the process ended."""
    child.expect(pexpect.EOF)
    child.wait()
    return child.before.replace("\r\n", "\n")


def plain(text):
    return ESCAPE.sub("", text)


@pytest.mark.parametrize("columns", [200, 40, 5])
def test_a_list_fits_the_terminal(terminal, client, columns):
    client.execute_and_wait("broken", {}, raise_on_failure=False)
    text = plain(read_to_end(terminal("executions", "list", columns=columns)))
    assert text.startswith("EXECU")
    assert max(map(text_width, text.splitlines())) <= columns
    printed_text = text.replace("\n", "").replace(" ", "")
    is_whole = "Node'out'failed:ValueError:thescaleisbroken" in printed_text
    assert ("…" in text) != is_whole and is_whole == (columns != 40)


def test_a_long_value_is_wrapped_and_complete(terminal):
    words = ["debt"] * 30
    words_to_run = (
        "execute",
        "echo",
        "-i",
        f"why={' '.join(words)}",
        "--output",
        "table",
    )
    text = plain(read_to_end(terminal(*words_to_run, columns=20)))
    assert text.split().count("debt") == 30
    printed = [line for line in text.splitlines() if "debt" in line]
    assert max(map(text_width, printed)) <= 20


@pytest.mark.parametrize("columns", [20, 200])
def test_the_nodes_of_a_flow_fit_the_terminal_and_are_complete(terminal, columns):
    text = plain(
        read_to_end(terminal("flows", "get", "credit_analysis", columns=columns))
    )
    assert max(map(len, text.splitlines())) <= columns
    nodes = text.split("\nnodes\n")[1]
    assert "ID" in nodes and '"nodes"' not in text
    seen = "".join(nodes.split())
    for whole in ("credit_decision", '{"approve_below":40,"refer_below":60}'):
        assert whole in seen
    is_table = re.match(r"ID +AGENT_ID +TYPE", nodes) is not None
    assert is_table == (columns == 200)


def test_nothing_is_shortened_if_stdout_is_not_a_terminal(
    terminal, client, server, run_process
):
    client.execute_and_wait("broken", {}, raise_on_failure=False)
    line = f'"{sys.executable}" -m ai_spine executions list | cat'
    text = read_to_end(terminal("-c", line, command=["sh"], columns=40))
    assert "Node 'out' failed: ValueError: the scale is broken" in text
    assert "\x1b" not in text


@pytest.mark.parametrize(
    "words, environment, coloured",
    [
        ((), {}, True),
        ((), {"NO_COLOR": "1"}, False),
        ((), {"NO_COLOR": ""}, True),
        (("--no-color",), {}, False),
        ((), {"TERM": "dumb"}, False),
        (("--no-color",), {"FORCE_COLOR": "1"}, False),
        ((), {"TERM": "dumb", "FORCE_COLOR": "1"}, True),
        (("--output", "json"), {}, False),
    ],
)
def test_statuses_are_coloured_on_a_terminal(
    terminal, client, words, environment, coloured
):
    client.execute_and_wait("broken", {}, raise_on_failure=False)
    text = read_to_end(terminal("executions", *words, **environment))
    assert ("\x1b[31mfailed\x1b[0m" in text) is coloured
    assert ("\x1b" in text) is coloured
    assert "failed" in text


def test_force_color_colours_a_pipe(run_process, server, client):
    client.execute_and_wait("broken", {}, raise_on_failure=False)
    where = {"AI_SPINE_BASE_URL": server.url}
    forced = run_process("executions", **where, FORCE_COLOR="1", NO_COLOR="")
    assert "\x1b[31mfailed\x1b[0m" in forced.stdout


@pytest.mark.parametrize("form", ["table", "json", "yaml", "csv"])
def test_escapes_from_a_server_do_not_reach_the_terminal(terminal, server, form):
    evil = "\x1b]0;title\x07\x1b[2J\x9b2J\u202e\u2028"
    body = [{"flow_id": f"a{evil}", "name": evil, "description": f"x\n{evil}"}]
    server.faults.add("GET", "/flows", status=200, body=body)
    text = read_to_end(terminal("flows", "--output", form))
    for character in "\x1b\x07\x9b\u202e\u2028":
        assert character not in text


def test_a_picture_is_redrawn_in_place_while_nodes_run(terminal, client):
    child = terminal("execute", "stuck", "--follow")
    child.expect("execution [0-9a-f-]{36}: running, ")
    child.expect("running")
    child.expect(r"\x1b\[\d+A")  # up to its first line
    (execution,) = client.list_executions()
    client.cancel_execution(execution.execution_id)
    child.expect(f"execution {execution.execution_id}: cancelled, ")
    rest = read_to_end(child)
    assert child.exitstatus == 5
    assert "was cancelled" in rest.splitlines()[-1]
    assert HIDES_CURSOR not in rest


def test_the_last_picture_stays_above_the_output(terminal):
    text = read_to_end(terminal("execute", "echo", "-i", "a=7", "--follow"))
    assert plain(text).splitlines()[-1] == "a  7"
    last = text[text.rindex("\x1b[J") - 2000 :]
    assert "completed" in last and "╭" in last


def test_a_failed_node_shows_its_error(terminal):
    text = plain(read_to_end(terminal("execute", "broken", "--follow")))
    assert "out: ValueError: the scale is broken" in text


@pytest.mark.parametrize("rows, columns", [(1, 5), (6, 40)])
def test_a_tiny_terminal_gets_a_picture_that_fits(terminal, client, rows, columns):
    child = terminal("execute", "stuck", "--follow", rows=rows, columns=columns)
    child.expect("runni" if columns > 6 else "runn?")
    child.expect(r"\x1b\[\d+A|\r\x1b\[\d+A")
    (execution,) = client.list_executions()
    client.cancel_execution(execution.execution_id)
    text = read_to_end(child)
    assert child.exitstatus == 5
    for frame in re.split(r"\x1b\[\d+A", text)[:-1]:
        lines = plain(frame.partition("\x1b[J")[0]).splitlines()
        assert len(lines) <= max(rows - 1, 1)
        assert all(text_width(line) < columns for line in lines)


def test_after_a_resize_the_picture_is_redrawn_below(terminal, client):
    child = terminal("execute", "stuck", "--follow", "--no-color")
    child.expect("running, ")
    child.expect(r"\x1b\[\d+A")
    child.setwinsize(10, 30)
    # The cursor does not move up before it, and there is no room for the id.
    child.expect(r"\x1b\[J\rrunning, [^\x1b]*\x1b\[K")
    (execution,) = client.list_executions()
    client.cancel_execution(execution.execution_id)
    read_to_end(child)
    assert child.exitstatus == 5


def test_a_warning_is_printed_above_the_picture(terminal, server, client):
    execution_id = client.execute_flow("stuck", {}).execution_id
    server.faults.add("GET", "/executions/*/stream", status=404)
    fault = server.faults.add("GET", "/executions/*", status=503, times=3)
    child = terminal("wait", execution_id, "--follow", AI_SPINE_MAX_RETRIES="0")
    child.expect(f"still following execution {execution_id}: ")
    child.expect(r"\x1b\[J")
    client.cancel_execution(execution_id)
    read_to_end(child)
    assert fault.met == 3 and child.exitstatus == 5


def test_on_a_dumb_terminal_events_are_lines(terminal):
    text = read_to_end(
        terminal("execute", "echo", "-i", "a=1", "--follow", TERM="dumb")
    )
    assert "node out: completed" in text
    assert "\x1b" not in text


@pytest.mark.parametrize("presses", [1, 2])
def test_ctrl_c_leaves_the_cursor_below_the_picture(terminal, server, client, presses):
    server.faults.add("POST", "/executions/*/cancel", delay=300)
    more = ("--cancel-on-interrupt",) if presses == 2 else ()
    child = terminal("execute", "stuck", "--follow", *more)
    child.expect("running, ")
    child.expect(r"\x1b\[\d+A")
    child.sendintr()
    if presses == 2:
        child.expect("Ctrl-C again to leave now")
        child.sendintr()
    rest = read_to_end(child)
    assert child.exitstatus == 130
    assert HIDES_CURSOR not in rest
    (execution,) = client.list_executions()
    assert plain(rest).splitlines()[-2:] == [
        f"To wait for it: ai-spine wait {execution.execution_id}",
        f"To cancel it: ai-spine cancel {execution.execution_id}",
    ]
    assert not execution.is_done


@pytest.fixture
def inputs(tmp_path):
    """A file of inputs."""

    def make(count):
        path = tmp_path / "in.jsonl"
        path.write_text("".join(f'{{"a": {n}}}\n' for n in range(count)), "utf-8")
        return path

    return make


def test_the_progress_of_a_batch_never_wraps(terminal, inputs, tmp_path):
    out = tmp_path / "out.jsonl"
    words = ("batch", "echo", inputs(30), "-o", out, "--concurrency", "2")
    text = read_to_end(terminal(*words, columns=20))
    drawn = [part for part in re.split(r"[\r\n]", text) if " of 30 (" in part]
    assert drawn
    assert all(text_width(part) < 20 for part in drawn)
    assert text.endswith(f"30 inputs: 30 completed; {out} has the results\n")


def test_ctrl_c_stops_a_batch_on_a_terminal(terminal, client, inputs, tmp_path):
    out = tmp_path / "out.jsonl"
    words = ("batch", "stuck", inputs(9), "-o", out, "--concurrency", "2")
    child = terminal(*words)
    until(lambda: len(client.list_executions()) == 2)
    child.sendintr()
    child.expect("finishing what is in flight")
    child.sendintr()
    text = read_to_end(child)
    assert child.exitstatus == 130
    assert "with --resume to continue" in text


@pytest.mark.parametrize("form", ["table", "jsonl"])
def test_a_closed_pipe_prints_no_error(run_process, server, client, form):
    for _ in range(40):
        client.execute_flow("echo", {"text": "x" * 4000})
    words = f'"{sys.executable}" -m ai_spine executions list --all --output {form}'
    line = f'{{ {words}; echo "code $?" >&2; }} | head -1'
    outcome = run_process(command=["sh", "-c", line], AI_SPINE_BASE_URL=server.url)
    assert outcome.stderr in ("code 141\n", "code 0\n")  # 0: all was written before
    assert outcome.stdout.count("\n") == 1


@pytest.mark.parametrize("words", ["--help", "flows list", "flows --nope"])
def test_a_pipe_without_a_reader_has_exit_code_141(server, words):
    reader, writer = os.pipe()
    os.close(reader)
    environment = {**os.environ, "AI_SPINE_BASE_URL": server.url}
    done = subprocess.run(
        [*COMMAND, *words.split()], stdout=writer, stderr=writer, env=environment
    )
    os.close(writer)
    assert done.returncode == 141


def test_each_event_is_a_line_if_stderr_is_not_a_terminal(run, client):
    outcome = run("execute", "broken", "--follow")
    lines = outcome.stderr.splitlines()
    (execution,) = client.list_executions()
    assert "node out: failed after " in outcome.stderr
    (failed,) = [line for line in lines if line.startswith("node out: failed")]
    assert re.fullmatch(
        r".* after \d+\.\d\d s: ValueError: the scale is broken \(conftest\.py:\d+\)",
        failed,
    )
    assert lines[-1].startswith(f"Error: execution {execution.execution_id} of flow")
    assert len(set(lines)) == len(lines)
    assert outcome.exit_code == 5


@pytest.mark.parametrize("has_stream", [True, False])
def test_following_prints_the_same_output(run, server, client, has_stream):
    if not has_stream:
        server.faults.add("GET", "/executions/*/stream", status=404, times=9)
    execution_id = client.execute_flow("pair", {"a": 1}).execution_id
    outcome = run("wait", execution_id, "--follow", "--output", "json")
    assert json.loads(outcome.stdout) == {"left": {"a": 1}, "right": {"a": 1}}
    for node in ("in", "left", "right"):
        assert f"node {node}: completed" in outcome.stderr


def test_bidi_marks_in_node_results_are_escaped(run, server, client):
    node = {"node_id": "n\u202e\x1b[2J", "status": "failed", "error_message": "\u2066x"}
    execution_id = client.execute_flow("echo", {"a": 1}).execution_id
    server.faults.add("GET", "/executions/*/stream", status=404)
    body = {"node_results": [node]}
    server.faults.add("GET", "/executions/*/results", status=200, body=body)
    printed_text = run("wait", execution_id, "--follow").stderr
    assert "node n\\u202e [2J: failed: \\u2066x" in printed_text
    assert not set("\u202e\u2066\x1b") & set(printed_text)


def test_following_ends_at_the_wait_timeout(run, client):
    execution_id = client.execute_flow("stuck", {}).execution_id
    outcome = run("wait", execution_id, "--follow", "--wait-timeout", "0.3")
    assert outcome.exit_code == 6
    assert "was not done within 0.3 s" in outcome.stderr.splitlines()[-1]
