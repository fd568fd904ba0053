"""Tests of `local start`: what it serves, and invalid options."""

import contextlib
import importlib
import json
import os
import signal
import socket
import sys
import urllib.request

import pytest
import requests

from ai_spine import AISpine, AuthenticationError, NetworkError
from tests.cli.conftest import LIMIT, finish
from tests.needs import needs

needs_signals = pytest.mark.skipif(os.name == "nt", reason="needs POSIX signals")

FLOW = """
flow_id: greeting
nodes:
  - {id: who, type: input}
  - {id: hello, type: output, agent_id: greeter, depends_on: [who]}
entry_point: who
exit_points: [hello]
"""
OTHER = FLOW.replace("greeting", "other")
AGENTS = '''
from ai_spine.local import agent


@agent("greeter")
def greet(input, config):
    """Greet."""
    return {"greeting": f"Hello, {input['name']}!"}
'''

AGENTS_OF_ENVIRONMENT = """
import os

from ai_spine.local import agent


@agent("greeter")
def greet(input, config):
    return {"greeting": os.environ["SPINE_WORD"]}
"""


@pytest.fixture
def program(warm):
    return warm


@pytest.fixture
def project(tmp_path):
    """A folder with a flow in `flows/` and its agent in `my_agents.py`."""
    (tmp_path / "flows").mkdir()
    (tmp_path / "flows" / "greeting.yaml").write_text(FLOW, encoding="utf-8")
    (tmp_path / "my_agents.py").write_text(AGENTS, encoding="utf-8")
    return tmp_path


@pytest.fixture
def refuse(invoke, monkeypatch):
    """Start a server in this process and expect it to fail before it serves."""

    def handle(*_):
        raise AssertionError("it would be served")

    def call(*options):
        with monkeypatch.context() as patch:
            patch.setattr(signal, "signal", handle)
            outcome = invoke("local", "start", "--port", "0", *options)
        assert outcome.exit_code == 2, outcome.stderr
        assert outcome.stderr.count("\n") == 1
        return outcome.error

    return call


def test_help_shows_the_defaults(invoke):
    outcome = invoke("local", "start", "--help")
    assert outcome.exit_code == 0
    printed = " ".join(outcome.stdout.split())
    assert "[default: 8000]" in printed
    assert "[default: 127.0.0.1]" in printed
    for option in (
        "--flows DIR",
        "--agents MODULE",
        "--db FILE",
        "--api-key KEY",
        "--allowed-host NAME",
        "--tenants",
        "--show-tracebacks",
        "--reload",
        "--env-file FILE",
    ):
        assert option in printed


def test_the_samples_are_served_by_default(serve, invoke):
    process, url = serve()
    assert url.startswith("http://127.0.0.1:")
    outcome = invoke("flows", "--base-url", url)
    assert [row[0] for row in outcome.rows[1:]] == [
        "credit_analysis",
        "sentiment-analysis",
    ]


@pytest.mark.parametrize("agents", ["my_agents", "my_agents.py"])
def test_flows_from_a_folder_run_with_agents_from_a_module(
    serve, invoke, project, agents
):
    process, url = serve("--flows", "flows", "--agents", agents, cwd=project)
    words = ("execute", "greeting", "-i", "name=Ana", "--base-url", url)
    assert invoke(*words).fields == {"greeting": "Hello, Ana!"}


@needs_signals
def test_the_local_server_stops_while_an_execution_is_running(serve, tmp_path):
    module = tmp_path / "slow.py"
    module.write_text(
        "import time\nfrom ai_spine.local import agent\n\n\n"
        "@agent('slow')\ndef slow(input, config):\n"
        "    time.sleep(600)\n",
        encoding="utf-8",
    )
    flow = {
        "flow_id": "slow",
        "nodes": [{"id": "in", "type": "input", "agent_id": "slow"}],
        "entry_point": "in",
        "exit_points": ["in"],
    }
    (tmp_path / "slow.json").write_text(json.dumps(flow), encoding="utf-8")
    process, url = serve("--flows", tmp_path, "--agents", module)
    body = json.dumps({"flow_id": "slow", "input_data": {}}).encode("utf-8")
    with urllib.request.urlopen(f"{url}/flows/execute", body) as response:
        assert json.load(response)["execution_id"]
    process.send_signal(signal.SIGTERM)
    assert finish(process) == (0, "", "it has 1 flow and 1 agent\nstopped\n")


def test_a_port_that_is_in_use_is_reported_in_one_line(run_process):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen(1)
        port = other.getsockname()[1]
        outcome = run_process("local", "start", "--port", port)
    assert outcome.exit_code == 2
    assert f"cannot listen on 127.0.0.1 port {port}: " in outcome.error
    assert outcome.stderr.count("\n") == 1


@pytest.mark.parametrize(
    "content, reason",
    [
        ("raise RuntimeError('two\\nlines')", "RuntimeError: two lines"),
        ("import no_such_thing", "No module named 'no_such_thing'"),
        ("def (:", "SyntaxError"),
        ("raise SystemExit('that was all')", "that was all"),
        ("def f():\n  return\n return", "IndentationError"),
        ("x = '\0'", "null bytes"),
    ],
    ids=["raises", "imports", "syntax", "exits", "indentation", "null"],
)
@pytest.mark.parametrize("name", ["broken_agents", "broken_agents.py"])
def test_an_agent_module_that_cannot_be_imported_is_reported_in_one_line(
    invoke, monkeypatch, tmp_path, content, reason, name
):
    (tmp_path / "broken_agents.py").write_text(content, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    importlib.invalidate_caches()
    outcome = invoke("local", "start", "--port", "0", "--agents", name)
    assert outcome.exit_code == 2
    assert f"the agents {name!r} cannot be imported: " in outcome.error
    assert reason in outcome.error
    assert outcome.stderr.count("\n") == 1


def test_an_agent_module_that_exits_is_an_error_of_the_process(run_process, tmp_path):
    (tmp_path / "broken_agents.py").write_text("raise SystemExit(0)", encoding="utf-8")
    words = ("local", "start", "--port", "0", "--agents", "broken_agents")
    outcome = run_process(*words, cwd=tmp_path)
    assert outcome.exit_code == 2
    assert "the agents 'broken_agents' cannot be imported: " in outcome.error


@pytest.fixture
def fail_once(serve, project):
    """Start a server with an agent that fails once, and return what is on its stderr."""

    def call(*options):
        process, url = serve(
            "--flows", "flows", "--agents", "my_agents", *options, cwd=project
        )
        with AISpine(base_url=url.replace("0.0.0.0", "127.0.0.1")) as client:
            done = client.execute_and_wait("greeting", {}, raise_on_failure=False)
            _, result = client.get_execution_results(done)
        process.send_signal(signal.SIGTERM)
        lines = finish(process).stderr.splitlines()
        # What the server serves may be said before or after the node has failed.
        lines = [line for line in lines if not line.startswith("it has ")]
        first = (
            f"node 'hello' of execution {done.execution_id} failed: KeyError: 'name'"
        )
        number = lines.index(f"{first} (my_agents.py:8)")
        return lines[number + 1 :], result

    return call


def test_why_a_node_failed_is_on_stderr_with_its_traceback(fail_once):
    lines, result = fail_once()
    assert lines[:-1] == result.traceback.rstrip().splitlines()
    assert lines[-1] == "stopped" and "  File " in lines[1]


def test_a_server_for_other_machines_shows_no_traceback(fail_once):
    lines, result = fail_once("--host", "0.0.0.0")
    assert (lines, result.traceback) == (["stopped"], None)


def test_a_server_for_other_machines_shows_tracebacks_if_asked(fail_once):
    lines, result = fail_once("--host", "0.0.0.0", "--show-tracebacks")
    assert "KeyError: 'name'" in lines and result.traceback


CRASHING = """
import os
import threading

from ai_spine.local import agent


@agent("greeter")
def greet(input, config):
    print("greeting", input["name"])
    if input["name"] == "Hold":
        threading.Event().wait()
    if input["name"] == "Crash":
        os._exit(7)
    return {}
"""


def test_a_crash_of_the_interpreter_loses_no_record_of_other_executions(serve, project):
    (project / "my_agents.py").write_text(CRASHING, encoding="utf-8")
    words = ("--flows", "flows", "--agents", "my_agents", "--db", project / "runs.db")
    process, url = serve(*words, cwd=project)
    with AISpine(base_url=url, max_retries=0) as client:
        done = [client.execute_and_wait("greeting", {"name": n}) for n in ("A", "B")]
        held = client.execute_flow("greeting", {"name": "Hold"})
        for event in client.stream_execution(held):
            if event.log is not None:
                break
        with contextlib.suppress(NetworkError):
            client.execute_flow("greeting", {"name": "Crash"})
    assert process.wait(LIMIT) == 7
    process, url = serve(*words, cwd=project)
    with AISpine(base_url=url) as client:
        for execution, name in zip(done, "AB"):
            assert client.get_execution(execution) == execution
            (line,) = client.get_execution_logs(execution)
            assert line.text == f"greeting {name}"
        assert client.get_execution(held).error.startswith("Interrupted: ")
        (line,) = client.get_execution_logs(held)
        assert line.text == "greeting Hold"
        assert all(each.is_done for each in client.list_executions())


@needs("vaderSentiment")
def test_executions_in_a_database_file_survive_a_restart(serve, project):
    options = ("--db", project / "runs.db")
    process, url = serve(*options)
    with AISpine(base_url=url) as client:
        done = client.execute_and_wait("sentiment-analysis", {"text": "Fine."})
    process.send_signal(signal.SIGTERM)
    assert finish(process).exit_code == 0
    process, url = serve(*options)
    with AISpine(base_url=url) as client:
        assert client.get_execution(done.execution_id) == done


@pytest.mark.parametrize(
    "before, after",
    [
        ((), ("--api-key", "sk-1")),
        (("--api-key", "sk-1"), ()),
        ((), ("--api-key-file", "key")),
    ],
    ids=["its own option", "the shared option", "a file"],
)
def test_clients_need_the_key(launch, before, after, tmp_path):
    (tmp_path / "key").write_text("sk-1\n")
    words = (*before, "local", "start", "--port", "0", *after)
    process = launch(*words, cwd=tmp_path)
    url = process.stdout.readline().split()[-4].rstrip(";")
    with AISpine(base_url=url, api_key="sk-1") as client:
        assert client.list_flows()
    with AISpine(base_url=url) as client:
        with pytest.raises(AuthenticationError):
            client.list_flows()


def test_an_empty_key_is_refused(refuse):
    assert "must" in refuse("--api-key", "")


def test_tenants_are_kept_apart(serve, invoke, monkeypatch):
    process, url = serve("--tenants")
    words = ("flows", "--base-url", url)
    refused = invoke(*words)
    assert refused.exit_code == 1 and "name its tenant in X-Tenant-Id" in refused.error
    flow = ("flows", "delete", "credit_analysis", *words[1:])
    assert invoke("--tenant", "acme", *flow).exit_code == 0
    assert len(invoke(*words, "--tenant", "acme").rows) == 2
    monkeypatch.setenv("AI_SPINE_TENANT", "beta")
    assert len(invoke(*words).rows) == 3
    assert invoke(*words, "--workspace", " x").exit_code == 2
    process.send_signal(signal.SIGTERM)
    assert "requests must name their tenant" in finish(process).stderr


@needs("watchfiles")
def test_edits_are_served_with_reload(serve, invoke, project):
    words = ("--flows", "flows", "--agents", "my_agents", "--reload")
    process, url = serve(*words, "--db", "runs.db", cwd=project)
    assert process.stderr.readline() == "it has 1 flow and 1 agent\n"
    execute = ("execute", "greeting", "-i", "name=Ana", "--base-url", url)

    def edit(name, text):
        """Edit a file in one step, as editors do, and return the line on stderr."""
        (project / "next").write_text(text, encoding="utf-8")
        (project / "next").replace(project / name)
        return process.stderr.readline()

    assert invoke(*execute).fields == {"greeting": "Hello, Ana!"}
    line = edit("my_agents.py", AGENTS + "def (")
    assert line.startswith("not reloaded, the last good version is still served: ")
    assert "SyntaxError" in line and "my_agents.py" in line
    assert invoke(*execute).fields == {"greeting": "Hello, Ana!"}
    assert edit("my_agents.py", AGENTS_OF_ENVIRONMENT) == "reloaded my_agents.py\n"
    assert edit(".env", "SPINE_WORD=Hi\n") == "reloaded .env\n"
    assert invoke(*execute).fields == {"greeting": "Hi"}
    assert edit("flows/other.yaml", OTHER) == "reloaded other.yaml\n"
    flows = invoke("flows", "--base-url", url).rows[1:]
    assert [row[0] for row in flows] == ["greeting", "other"]
    process.send_signal(signal.SIGTERM)
    assert finish(process).exit_code == 0


def test_settings_of_an_env_file_are_in_the_environment_of_agents(
    serve, invoke, project
):
    (project / "my_agents.py").write_text(AGENTS_OF_ENVIRONMENT, encoding="utf-8")
    (project / "settings").write_text("SPINE_WORD='Good day'\n", encoding="utf-8")
    words = ("--flows", "flows", "--agents", "my_agents.py")
    process, url = serve(*words, "--env-file", "settings", cwd=project)
    execute = ("execute", "greeting", "--base-url", url)
    assert invoke(*execute).fields == {"greeting": "Good day"}


def test_an_env_file_is_read_only_if_an_option_asks(serve, invoke, project):
    (project / ".env").write_text("this is no setting", encoding="utf-8")
    process, url = serve("--flows", "flows", "--agents", "my_agents.py", cwd=project)
    assert invoke("flows", "--base-url", url).exit_code == 0


def test_reload_without_watchfiles_is_refused_in_one_line(refuse, monkeypatch):
    monkeypatch.setitem(sys.modules, "watchfiles", None)
    words = "--reload needs watchfiles: pip install 'ai-spine-sdk[reload]'"
    assert words in refuse("--reload", "--agents", "agents.py")


def test_reload_needs_something_to_reload(refuse, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    assert "--reload needs --flows or --agents, or a folder flows" in refuse("--reload")


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "0.0.0.0"])
def test_the_printed_url_can_be_reached(serve, host):
    process, url = serve("--host", host)
    with urllib.request.urlopen(f"{url}/health") as response:
        assert json.load(response)["status"] == "healthy"


def test_requests_with_an_allowed_host_are_accepted(serve):
    process, url = serve("--allowed-host", "spine.example", "--allowed-host", "other")
    statuses = {}
    for name in ("spine.example", "other:80", "rebound.example"):
        with requests.get(f"{url}/health", headers={"Host": name}) as response:
            statuses[name] = response.status_code
    assert statuses == {"spine.example": 200, "other:80": 200, "rebound.example": 403}


@pytest.mark.parametrize(
    "options, complaint",
    [
        (("--allowed-host", "http://h"), "without scheme and port, not 'http://h'"),
        (("--port", "65536"), "port must be from 0 to 65535"),
        (("--port", "-1"), "port must be at least 0"),
        (("--port", "http"), "'http' is not a valid integer"),
        (("--host", ""), "host must be"),
        (("--host", "1.2.3.4.5"), "cannot listen on 1.2.3.4.5 port 0"),
        (("--host", "192.0.2.1"), "cannot listen on 192.0.2.1 port 0"),
        (("--flows", "nowhere"), "nowhere is not a folder of flows"),
        (("--agents", "no_such_module"), "'no_such_module' cannot be imported"),
        (("--agents", "none.py"), "'none.py' cannot be imported"),
        (("--agents", ""), "cannot be imported"),
        (("--db", "nowhere/runs.db"), "the database nowhere/runs.db cannot be used"),
        (("--db", "."), "the database . cannot be used"),
        (("--env-file", "no.env"), "no.env cannot be read: No such file"),
        (("--api-key", "ké"), "api_key must be printable ASCII"),
        (("extra",), "unexpected extra argument"),
    ],
)
def test_an_invalid_option_is_reported_in_one_line(
    refuse, tmp_path, monkeypatch, options, complaint
):
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend("")  # --agents would add it permanently
    assert complaint in refuse(*options)


def test_a_file_that_is_not_a_database_is_reported_in_one_line(refuse, tmp_path):
    path = tmp_path / "notes.txt"
    path.write_text("This is no database. " * 100, encoding="utf-8")
    assert f"the database {path} cannot be used" in refuse("--db", path)


@pytest.mark.parametrize(
    "name, content, complaint",
    [
        ("bad.yaml", "nodes: [", "is not YAML"),
        ("bad.yml", "a: b: c", "is not YAML"),
        ("bad.json", '{"nodes": [', "is not JSON"),
        ("bad.yaml", "- a list", "contains no flow"),
        ("bad.yaml", "", "contains no flow"),
        ("bad.yaml", "nodes: []", "it has no flow_id"),
        ("bad.yaml", "name: \xff", "cannot be read: it is not UTF-8 text"),
        ("bad.yaml", OTHER.replace("greeter", "nobody"), "nobody"),
        ("bad.yaml", OTHER.replace("[who]", "[missing]"), "missing"),
        ("bad.yaml", FLOW, "both define the flow 'greeting'"),
    ],
    ids=lambda value: None if "\n" in value or value.endswith("l") else value,
)
def test_an_invalid_flow_file_is_reported_in_one_line(
    refuse, project, name, content, complaint
):
    path = project / "flows" / name
    path.write_bytes(content.encode("latin-1"))
    message = refuse("--flows", project / "flows", "--agents", project / "my_agents.py")
    assert str(path) in message
    assert complaint in message
