"""Tests of the installed command in a process of its own."""

import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
import urllib.request

import pytest

from tests.cli.conftest import finish

needs_signals = pytest.mark.skipif(os.name == "nt", reason="needs POSIX signals")

DEMO = (
    *("--local", "execute", "credit_analysis", "-i", "name=Ana", "-i", "income=50000"),
    *("-i", "amount=15000", "-i", "term_months=36"),
)
SCRIPT = shutil.which("ai-spine", path=os.path.dirname(sys.executable))


def test_the_demo_prints_the_decision_with_its_numbers(run_process):
    outcome = run_process(*DEMO)
    assert outcome.exit_code == 0
    assert outcome.fields["decision"] == "approved"
    assert outcome.fields["monthly_payment"] == "498.21"
    assert outcome.fields["risk_score"] == "24"
    assert "Traceback" not in outcome.stderr
    assert all(line.startswith("execution ") for line in outcome.stderr.splitlines())


def test_the_demo_prints_json(invoke):
    outcome = invoke(*DEMO, "--output", "json")
    assert outcome.json["decision"]["debt_to_income"] == 0.1196


@pytest.mark.skipif(SCRIPT is None, reason="the package is not installed")
def test_the_console_script_is_the_same_command(run_process):
    outcome = run_process("--version", command=[SCRIPT])
    assert outcome == run_process("--version")


@pytest.mark.skipif(SCRIPT is None, reason="the package is not installed")
def test_the_console_script_finds_agents_in_the_working_folder(launch, tmp_path):
    content = "from ai_spine.local import agent\n\n\n@agent('one')\n"
    content += "def one(input, config):\n    return {}\n"
    (tmp_path / "nearby.py").write_text(content, encoding="utf-8")
    words = ("local", "start", "--port", "0", "--agents", "nearby")
    process = launch(*words, command=[SCRIPT], cwd=tmp_path)
    assert "http://127.0.0.1:" in process.stdout.readline()


def test_input_is_read_from_stdin(run_process, server):
    words = ("execute", "echo", "--input", "-", "--output", "json")
    content = json.dumps({"name": "José ☂", "n": [1]}, ensure_ascii=False)
    outcome = run_process(*words, input=content, AI_SPINE_BASE_URL=server.url)
    assert outcome.json == {"out": {"name": "José ☂", "n": [1]}}


def test_one_command_reads_the_output_of_another(invoke, server):
    words = ("executions", "--output", "json", "--base-url", server.url)
    invoke("execute", "echo", "-i", "a=1", "--base-url", server.url)
    (listed,) = invoke(*words).json
    words = ("execute", "echo", "--input", "-", "--base-url", server.url)
    outcome = invoke(*words, input=json.dumps(listed["output_data"]["out"]))
    assert outcome.fields == {"a": "1"}


@needs_signals
@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_the_local_server_runs_until_a_signal_stops_it(serve, name):
    process, url = serve()
    with urllib.request.urlopen(f"{url}/health") as response:
        assert json.load(response)["status"] == "healthy"
    process.send_signal(getattr(signal, name))
    assert finish(process) == (0, "", "it has 2 flows and 4 agents\nstopped\n")


@pytest.fixture
def without_flask(tmp_path):
    """An environment in which Flask is not installed."""
    stub = "raise ModuleNotFoundError(\"No module named 'flask'\", name='flask')\n"
    (tmp_path / "flask.py").write_text(stub, encoding="utf-8")
    path = os.environ.get("PYTHONPATH")
    return {"PYTHONPATH": os.pathsep.join(filter(None, [str(tmp_path), path]))}


@pytest.mark.parametrize("words", [("local", "start"), ("flows", "--local")])
def test_a_missing_extra_is_reported_with_how_to_install_it(
    run_process, without_flask, words
):
    outcome = run_process(*words, **without_flask)
    assert outcome.exit_code == 2
    assert "the local server needs flask" in outcome.error
    assert "pip install 'ai-spine-sdk[local]'" in outcome.error
    assert outcome.stderr.count("\n") == 1


def test_without_the_extra_the_other_commands_work(run_process, without_flask, server):
    outcome = run_process("flows", "--base-url", server.url, **without_flask)
    assert (outcome.exit_code, outcome.stderr) == (0, "")
    assert "credit_analysis" in outcome.stdout


def test_a_closed_stdout_causes_no_traceback(launch, server):
    process = launch("execute", "echo", "--input", "-", AI_SPINE_BASE_URL=server.url)
    process.stdout.close()  # before there is anything to print
    process.stdin.write('{"a": 1}')
    process.stdin.close()
    lines = process.stderr.read().splitlines()
    process.wait()
    assert process.returncode == 141
    assert [line for line in lines if not line.startswith("execution ")] == []


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
def test_a_full_disk_is_reported_in_one_line(run_process, server, warm):
    for words in ("flows", "--help", "flows --help", "completion bash"):
        line = f"{shlex.join(warm)} {words} > /dev/full"
        outcome = run_process(command=["sh", "-c", line], AI_SPINE_BASE_URL=server.url)
        assert outcome.exit_code == 1
        expected = "Error: stdout cannot be written: No space left on device"
        assert outcome.error == expected
        assert outcome.stderr.count("\n") == 1


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
def test_a_full_disk_for_stderr_changes_neither_output_nor_exit_code(
    run_process, server, warm
):
    for words, code, printed in (
        ("execute echo -i a=1 --follow", 0, "a  1\n"),
        ("flows get nowhere", 4, ""),
        ("flows --nope", 2, ""),
    ):
        line = f"{shlex.join(warm)} {words} 2> /dev/full"
        outcome = run_process(command=["sh", "-c", line], AI_SPINE_BASE_URL=server.url)
        assert (outcome.exit_code, outcome.stdout) == (code, printed)


def test_a_warning_turned_into_an_error_is_reported_as_an_error(run_process):
    words = ("flows", "--base-url", "http://spine.invalid", "--api-key", "sk-1")
    outcome = run_process(*words, PYTHONWARNINGS="error::UserWarning")
    assert outcome.exit_code == 2
    expected = "Error: the key is sent to spine.invalid over plain http, readable"
    assert outcome.error.startswith(expected)
    assert outcome.stderr.count("\n") == 1


def test_a_local_server_is_reached_despite_proxies_in_the_environment(
    invoke, monkeypatch
):
    monkeypatch.setenv("AI_SPINE_MAX_RETRIES", "0")
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    outcome = invoke("--local", "flows")
    assert (outcome.exit_code, outcome.stderr) == (0, "")


@needs_signals
def test_a_closed_stdin_is_reported_in_one_line(run_process, server):
    line = f'"{sys.executable}" -m ai_spine execute echo --input - <&-'
    outcome = run_process(command=["sh", "-c", line], AI_SPINE_BASE_URL=server.url)
    assert outcome.exit_code == 2
    assert "--input: stdin cannot be read" in outcome.error


@pytest.fixture
def echo(run_process, server):
    """Print a value to a stdout with an encoding: pipes on Windows mostly use cp1252."""

    def call(value, encoding, *options):
        env = {"AI_SPINE_BASE_URL": server.url, "PYTHONIOENCODING": encoding}
        words = ("execute", "echo", "--input", "-", *options)
        data = json.dumps({"a": value, "b": 2})
        outcome = run_process(*words, input=data, encoding=encoding, **env)
        assert "Error" not in outcome.stderr
        assert outcome.exit_code == 0
        return outcome

    return call


# Half of a surrogate pair is valid JSON, but no encoding can represent it.
@pytest.mark.parametrize("encoding", ["utf-8", "cp1252"])
@pytest.mark.parametrize("text", ["José", "日本 ☂ 😀", "\ud800"], ids=ascii)
def test_json_is_not_lossy_in_any_encoding_of_stdout(echo, text, encoding):
    outcome = echo(text, encoding, "--output", "json")
    assert outcome.json == {"out": {"a": text, "b": 2}}


@pytest.mark.parametrize(
    "text, encoding",
    [("José", "utf-8"), ("José", "cp1252"), ("日本 ☂ 😀", "utf-8")],
    ids=ascii,
)
def test_a_table_is_written_in_the_encoding_of_stdout(echo, text, encoding):
    assert echo(text, encoding).stdout == f"a  {text}\nb  2\n"


@pytest.mark.parametrize(
    "text, encoding",
    [("日本 ☂ 😀", "cp1252"), ("\ud800", "cp1252"), ("\ud800", "utf-8")],
    ids=ascii,
)
def test_a_table_is_printed_despite_characters_that_stdout_cannot_encode(
    echo, text, encoding
):
    assert echo(text, encoding).fields["b"] == "2"


def test_help_without_docstrings_still_lists_the_options():
    command = [sys.executable, "-OO", "-m", "ai_spine", "execute", "--help"]
    shown = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert shown.returncode == 0, shown.stderr
    assert "--input" in shown.stdout
    assert "run Python without -OO" in " ".join(shown.stdout.split())


SENTIMENT = [
    *(sys.executable, "-m", "ai_spine", "--local", "execute", "sentiment-analysis"),
    *("-i", "text=I love this", "--output", "json"),
]


def test_the_sentiment_sample_needs_no_home_folder_and_no_locale(tmp_path):
    keep = ("PATH", "PYTHONPATH", "VIRTUAL_ENV", "SYSTEMROOT")
    env = {name: os.environ[name] for name in keep if name in os.environ}
    shown = subprocess.run(
        SENTIMENT,
        env={**env, "LC_ALL": "C"},
        cwd=str(tmp_path),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert shown.returncode == 0, shown.stderr
    assert "positive" in shown.stdout


# Separate namespaces: nothing can be written, nothing but this machine can be reached, and the
# user has no name and no home folder. Everything can be read: Python may be installed anywhere.
LOCKED_DOWN = """
set -e
for mount in $(awk '{print $2}' /proc/self/mounts); do
    case $mount in /proc*|/sys*|/dev*) ;; *) mount -o remount,bind,ro "$mount" ;; esac
done
ip link set lo up
if touch "$PWD/written" 2>/dev/null; then exit 1; fi
exec setpriv --reuid=54321 --regid=54321 --clear-groups \\
    --inh-caps=+dac_read_search --ambient-caps=+dac_read_search \\
    env -i PATH="$PATH" LC_ALL=C "$@"
"""


def can_lock_down():
    """Return whether namespaces can be created here, and users changed."""
    if not all(map(shutil.which, ("unshare", "setpriv", "ip", "awk"))):
        return False
    command = ["unshare", "--mount", "--net", "sh", "-c", LOCKED_DOWN, "sh", "true"]
    return subprocess.run(command, capture_output=True, timeout=60).returncode == 0


def test_the_sentiment_sample_needs_no_user_no_disk_and_no_network():
    if not can_lock_down():
        pytest.skip("namespaces can be made by root on Linux only")
    shown = subprocess.run(
        ["unshare", "--mount", "--net", "sh", "-c", LOCKED_DOWN, "sh", *SENTIMENT],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert shown.returncode == 0, shown.stderr
    assert "positive" in shown.stdout
