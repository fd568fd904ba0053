"""Tests of the embedded server: start, close, reset, restart and kill."""

import os
import socket
import sqlite3
import subprocess
import sys
import threading

import pytest
import requests
from waitress.trigger import trigger

from ai_spine import (
    AuthenticationError,
    ConfigurationError,
    NetworkError,
    NotFoundError,
)
from ai_spine.local import LocalServer, agent
from ai_spine.local.store.store import INTERRUPTED
from tests.local import LIMIT, flow, is_one_sentence, node, run, single, wait_until


def work(input, config):
    return {"did": "work"}


AGENTS = {"work": work}


def our_threads():
    """Return the threads started by servers; those of other tests' servers are among them."""
    return {
        thread
        for thread in threading.enumerate()
        if thread.name.startswith(("ai-spine", "waitress"))
    }


# Starting


def test_a_server_listens_on_a_free_port_of_this_machine(serve):
    server = serve([single()], AGENTS)
    assert server.url.startswith("http://127.0.0.1:")
    assert int(server.url.rpartition(":")[2]) > 0
    assert repr(server) == f"LocalServer(url={server.url!r})"


def serve_on_the_port_of(serve, close):
    """Start a server on the port that `close` frees; retry if another process takes it first."""
    for _ in range(20):
        port = close()
        try:
            return serve([single()], AGENTS, port=port)
        except ConfigurationError as error:
            refusal = error
    raise refusal


def test_a_server_listens_on_the_given_port(serve, http):
    found = []

    def find():
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            found.append(probe.getsockname()[1])
        return found[-1]

    server = serve_on_the_port_of(serve, find)
    assert server.url == f"http://127.0.0.1:{found[-1]}"
    assert http.get(f"{server.url}/health").ok


@pytest.mark.parametrize("host", ["0.0.0.0", "localhost"])
def test_the_url_is_reachable_for_any_host(serve, http, host):
    server = serve([single()], AGENTS, host=host)
    assert http.get(f"{server.url}/health").ok
    assert run(server).succeeded


def test_a_host_with_two_addresses_is_served(serve, http, monkeypatch):
    def two_addresses(host, port, *args, **kwargs):
        found = lookup(host, port, *args, **kwargs)
        if host != "two.example":
            return found
        return [
            (family, kind, proto, name, (address, int(port)))
            for address in ("127.0.0.1", "127.0.0.2")
            for family, kind, proto, name, _ in found[:1]
        ]

    def lookup(host, *args, **kwargs):
        known = "127.0.0.1" if host == "two.example" else host
        return real(known, *args, **kwargs)

    real = socket.getaddrinfo
    monkeypatch.setattr(socket, "getaddrinfo", two_addresses)
    server = serve([single()], AGENTS, host="two.example")
    assert http.get(f"{server.url}/health").ok
    server.faults.add("GET", "/flows", drop=True)
    with pytest.raises(requests.ConnectionError):
        http.get(f"{server.url}/flows")


def test_ipv6_is_served_if_available(serve, http):
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError:
        pytest.skip("no IPv6 here")
    server = serve([single()], AGENTS, host="::1")
    assert server.url.startswith("http://[::1]:")
    assert http.get(f"{server.url}/health").ok


def test_a_port_that_is_in_use_is_refused_in_one_sentence(serve):
    port = int(serve([], {}).url.rpartition(":")[2])
    before = our_threads()
    with pytest.raises(ConfigurationError) as caught:
        LocalServer([], {}, port=port)
    expected = f"cannot listen on 127.0.0.1 port {port}: Address already in use"
    assert str(caught.value) == expected
    assert our_threads() <= before


def test_a_failed_start_releases_the_database(serve, tmp_path):
    port = int(serve([], {}).url.rpartition(":")[2])
    with pytest.raises(ConfigurationError):
        LocalServer([], {}, port=port, db=tmp_path / "db")
    with pytest.raises(ConfigurationError):
        LocalServer([single("ghost")], {}, db=tmp_path / "db")
    assert run(serve([single()], AGENTS, db=tmp_path / "db")).succeeded


@pytest.mark.parametrize(
    "options, words",
    [
        ({"host": ""}, "host must be"),
        ({"host": None}, "host must be"),
        ({"host": "no such host"}, "cannot listen on no such host port 0"),
        ({"host": "192.0.2.1"}, "cannot listen on 192.0.2.1 port 0"),
        ({"port": -1}, "port must be at least 0"),
        ({"port": 65536}, "port must be from 0 to 65535, not 65536"),
        ({"port": "8000"}, "port must be a whole number"),
        ({"port": True}, "port must be a whole number"),
        ({"max_workers": 0}, "max_workers must be at least 1"),
        ({"max_workers": 1.5}, "max_workers must be a whole number"),
        ({"api_key": ""}, "api_key must be printable ASCII text"),
        ({"api_key": "a\nb"}, "api_key must be printable ASCII text"),
        ({"api_key": "clé"}, "api_key must be printable ASCII text"),
        ({"api_key": 5}, "api_key must be printable ASCII text"),
    ],
)
def test_an_invalid_setting_is_refused_in_one_sentence(options, words):
    with pytest.raises(ConfigurationError) as caught:
        LocalServer([], {}, **options)
    assert words in str(caught.value)
    assert is_one_sentence(caught.value)


def test_flows_or_agents_replace_the_samples(serve, http):
    alone = serve(agents=AGENTS)
    assert http.get(f"{alone.url}/flows").json()["count"] == 0
    passing = flow(node("in"), node("out", None, ["in"], type="output"))
    alone = serve([passing])
    assert http.get(f"{alone.url}/agents").json()["count"] == 0
    assert run(alone, input_data={"x": 1}).output_data == {"out": {"x": 1}}


def test_a_missing_extra_is_reported_with_what_to_install():
    script = (
        "import sys; sys.modules['flask'] = None\n"
        "try:\n    import ai_spine.local\n"
        "except ImportError as error:\n    print(error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, timeout=60, check=True
    )
    words = done.stdout.decode().strip()
    assert "flask" in words
    assert words.endswith("pip install 'ai-spine-sdk[local]'")
    assert "\n" not in words


# Clients


def test_a_client_of_the_server_needs_no_settings(serve):
    server = serve([single()], AGENTS)
    with server.client() as client:
        assert client.base_url == server.url
        assert client.health_check().is_healthy


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_a_client_of_the_server_ignores_proxies_in_the_environment(
    serve, monkeypatch, host
):
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    with serve(host=host).client(max_retries=0) as client:
        assert client.health_check().is_healthy
        same = client.with_options(timeout=5)
        first, *_ = same.list_flows()
        assert first.flow_id


def test_a_client_of_the_server_may_use_a_given_proxy(serve):
    gone = {"http": "http://127.0.0.1:9"}
    with serve().client(max_retries=0, proxies=gone) as client:
        with pytest.raises(NetworkError):
            client.list_flows()


def test_client_passes_options_on(serve):
    server = serve([single()], AGENTS)
    with server.client(timeout=7, max_retries=1, api_prefix="/api/v1") as client:
        assert client.timeout == 7 and client.max_retries == 1
        assert client.get_flow("f").flow_id == "f"


def test_a_client_uses_the_key_of_the_server_by_default(serve, monkeypatch):
    server = serve([single()], AGENTS, api_key="sk-local")
    assert run(server).succeeded
    with server.client(api_key="sk-wrong") as client:
        with pytest.raises(AuthenticationError):
            client.list_flows()
    assert "sk-local" not in repr(server) + repr(vars(server))


def test_a_client_of_a_server_without_a_key_ignores_the_key_in_the_environment(
    serve, monkeypatch
):
    monkeypatch.setenv("AI_SPINE_API_KEY", "sk-production")
    seen = []
    server = serve([single()], AGENTS)
    with server.client() as client:
        client.session.hooks["response"].append(
            lambda response, **_: seen.append(response.request.headers)
        )
        client.list_flows()
    assert len(seen) == 1 and "Authorization" not in seen[0]


def test_two_servers_are_separate(serve, http):
    one = serve([single()], {"work": lambda i, c: {"server": 1}})
    other = serve([single()], {"work": lambda i, c: {"server": 2}})
    one.faults.add("GET", "/flows", status=500, times=None)
    assert run(one).output_data == {"n": {"server": 1}}
    assert run(other).output_data == {"n": {"server": 2}}
    assert http.get(f"{other.url}/flows").ok
    assert http.get(f"{one.url}/executions").json()["count"] == 1
    body = {"agent_id": "new", "endpoint": "http://127.0.0.1:1"}
    key = {"Idempotency-Key": "k"}
    for server in (one, other):
        assert http.post(f"{server.url}/agents", json=body, headers=key).ok
        assert http.get(f"{server.url}/agents").json()["count"] == 2
    one.close()
    assert run(other).succeeded


# Closing


def test_no_thread_is_left_after_close(gate):
    before = our_threads()
    meeting = threading.Barrier(3)

    def meet(input, config):
        meeting.wait(LIMIT)
        return {}

    made = flow(*(node(name, "meet", config={"timeout": 60}) for name in "abc"))
    with LocalServer([made], {"meet": meet}) as server:
        assert run(server).succeeded
        assert len(our_threads()) > len(before)
    wait_until(lambda: our_threads() <= before)


def test_close_does_not_wait_for_agents_and_fails_their_executions(
    serve, gate, tmp_path
):
    before = our_threads()
    started, returned = threading.Event(), threading.Event()

    def hold(input, config):
        started.set()
        gate.wait(LIMIT)
        returned.set()
        return {"late": True}

    server = LocalServer([single()], {"work": hold}, db=tmp_path / "db")
    with server, server.client() as client:
        execution_id = client.execute_flow("f", {}).execution_id
        assert started.wait(LIMIT)
    assert not returned.is_set()
    gate.set()
    assert returned.wait(LIMIT)
    wait_until(lambda: our_threads() <= before)
    again = serve([single()], AGENTS, db=tmp_path / "db")
    with again.client() as client:
        execution = client.get_execution(execution_id)
    assert execution.status == "failed"
    assert execution.error_message == INTERRUPTED


def test_close_can_be_called_twice(serve):
    server = LocalServer([single()], AGENTS)
    server.close()
    server.close()
    with server:
        pass
    with pytest.raises(ConfigurationError, match="the server is closed"):
        server.reset()


FORKING = """
import os, sys
from ai_spine.local import LocalServer, agent

@agent("work")
def work(input):
    return {"answer": sys.stdin.readline()}

nodes = [{"id": "n", "agent_id": "work", "type": "processor", "depends_on": []}]
flow = {"flow_id": "f", "nodes": nodes, "entry_point": "n", "exit_points": ["n"]}
with LocalServer([flow], [work], db=sys.argv[1]) as server, server.client() as client:
    execution = client.execute_flow("f", {})
    child = os.fork()
    if child == 0:
        sys.exit(0)
    os.waitpid(child, 0)
    print("forked", flush=True)
    print(client.wait_for_execution(execution.execution_id).output)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_a_forked_process_that_leaves_the_server_ends_nothing(tmp_path):
    command = [sys.executable, "-Wignore", "-c", FORKING, str(tmp_path / "db")]
    with subprocess.Popen(command, stdin=-1, stdout=-1, text=True) as process:
        assert process.stdout.readline() == "forked\n"
        assert process.communicate("42")[0] == "{'n': {'answer': '42'}}\n"


def test_a_closed_server_refuses_connections_and_frees_its_port(serve, http):
    server = LocalServer([single()], AGENTS)
    assert http.get(f"{server.url}/health").ok
    server.close()
    with pytest.raises(requests.ConnectionError):
        http.get(f"{server.url}/health")

    def use_and_close():
        with LocalServer([], {}) as used:
            assert http.get(f"{used.url}/health").ok
            return int(used.url.rpartition(":")[2])

    again = serve_on_the_port_of(serve, use_and_close)
    assert http.get(f"{again.url}/health").ok


def test_a_request_that_wakes_the_server_during_close_is_harmless(http, monkeypatch):
    server = LocalServer([single()], AGENTS)
    wait_until(lambda: server._http._dispatcher._leader)
    pull = trigger._physical_pull

    def pull_late(self):
        pull(self)  # as a request that was just served does
        pull(self)

    monkeypatch.setattr(trigger, "_physical_pull", pull_late)
    server.close()
    assert not server._http._dispatcher.threads


def test_a_server_can_close_right_after_a_response():
    for _ in range(30):
        with LocalServer([], {}) as server, requests.Session() as session:
            assert session.get(f"{server.url}/health").ok


# Resetting


def test_reset_restores_the_initial_state(serve, http, gate):
    arrived, late = threading.Event(), []

    def hold(input, config):
        arrived.set()
        gate.wait(LIMIT)
        late.append(1)
        return {}

    agents = {"work": work, "hold": hold}
    server = serve([single(), single("hold", "held")], agents)
    start = {
        path: http.get(f"{server.url}{path}").json()["count"]
        for path in ("/flows", "/agents", "/executions")
    }
    with server.client(max_retries=0) as client:
        done = run(server)
        held = client.execute_flow("held", {})
        assert arrived.wait(LIMIT)
        keyed = client.execute_flow("f", {}, idempotency_key="k").execution_id
        assert http.post(f"{server.url}/flows", json=single(flow_id="new")).ok
        renamed = {**single(), "name": "Renamed"}
        assert http.put(f"{server.url}/flows/f", json=renamed).ok
        assert http.delete(f"{server.url}/agents/work").ok
        client.create_agent({"agent_id": "a", "endpoint": "http://127.0.0.1:1"})
        server.faults.add("*", "*", status=500, times=None)

        server.reset()

        for path, count in start.items():
            assert http.get(f"{server.url}{path}").json()["count"] == count
        assert client.get_flow("f").name == "f"
        for execution in (done, held):
            with pytest.raises(NotFoundError):
                client.get_execution(execution.execution_id)
        with pytest.raises(NotFoundError):
            client.cancel_execution(held.execution_id)
        again = client.execute_flow("f", {}, idempotency_key="k").execution_id
        assert again != keyed
        gate.set()
        wait_until(lambda: late)
        assert client.wait_for_execution(again, LIMIT, 0.05).succeeded
        assert len(client.list_executions()) == 1


def test_reset_can_be_repeated(serve):
    server = serve([single()], AGENTS)
    for _ in range(3):
        server.reset()
        assert run(server).succeeded


# Files


def test_a_restart_keeps_executions_and_definitions_created_over_http(serve, tmp_path):
    path = str(tmp_path / "db")
    with LocalServer([single()], AGENTS, db=path) as server:
        done = run(server, input_data={"x": 1})
        with server.client() as client, requests.Session() as http:
            client.create_agent({"agent_id": "a", "endpoint": "http://127.0.0.1:1"})
            assert http.post(f"{server.url}/flows", json=single(flow_id="new")).ok
            flows = [dict(made) for made in client.list_flows()]
            key = {"Idempotency-Key": "k"}
            body = {"flow_id": "f", "input_data": {}}
            keyed = http.post(
                f"{server.url}/flows/execute", json=body, headers=key
            ).json()
    again = serve([single()], AGENTS, db=path)
    with again.client() as client:
        assert dict(client.get_execution(done.execution_id)) == dict(done)
        assert client.get_agent("a").endpoint == "http://127.0.0.1:1"
        assert [made.flow_id for made in client.list_flows()] == ["f", "new"]
        assert dict(client.get_flow("new")) == flows[1]
        repeated = client.execute_flow("f", {}, idempotency_key="k")
        assert repeated.execution_id == keyed["execution_id"]
    assert run(again, "new").succeeded


def test_definitions_that_are_no_longer_given_are_removed_at_a_restart(
    serve, http, tmp_path
):
    path = tmp_path / "db"
    with LocalServer([single(), single(flow_id="old")], AGENTS, db=path):
        pass
    again = serve([single()], AGENTS, db=path)
    assert http.get(f"{again.url}/flows").json()["count"] == 1


def test_a_second_server_on_the_same_file_is_refused(serve, tmp_path):
    path = tmp_path / "db"
    server = serve([single()], AGENTS, db=path)
    before = our_threads()
    with pytest.raises(ConfigurationError) as caught:
        LocalServer([single()], AGENTS, db=path)
    assert str(caught.value) == f"another server uses the database {path}"
    assert our_threads() <= before
    assert run(server).succeeded


@pytest.mark.parametrize(
    "name, words",
    [
        ("notes.txt", "not a database"),
        ("nowhere/db", "cannot be used: "),
        ("folder", "cannot be used: "),
    ],
)
def test_a_file_that_cannot_be_a_database_is_refused(tmp_path, name, words):
    (tmp_path / "notes.txt").write_text("no database " * 100, encoding="utf-8")
    (tmp_path / "folder").mkdir()
    with pytest.raises(ConfigurationError) as caught:
        LocalServer([single()], AGENTS, db=tmp_path / name)
    assert is_one_sentence(caught.value)
    assert str(tmp_path / name) in str(caught.value)
    assert words in str(caught.value)


def test_the_database_can_be_read_while_the_server_runs(serve, tmp_path):
    server = serve([single()], AGENTS, db=tmp_path / "db")
    run(server)
    reader = sqlite3.connect(str(tmp_path / "db"))
    try:
        assert reader.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert reader.execute("SELECT COUNT(*) FROM executions").fetchone() == (1,)
    finally:
        reader.close()


# Killed processes


SLEEPER = """\
import time
from ai_spine.local import agent

@agent("work")
def work(input, config):
    if input["sleeps"]:
        time.sleep(600)
    return {"n": input["number"]}
"""


class Process:
    """A server in a separate process that tests can kill."""

    def __init__(self, folder):
        arguments = ["--port", "0", "--db", str(folder / "runs.db")]
        arguments += ["--flows", str(folder / "flows")]
        arguments += ["--agents", str(folder / "agents.py")]
        self._process = subprocess.Popen(
            [sys.executable, "-m", "ai_spine", "local", "start", *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )
        first_line = self._process.stdout.readline().decode()
        assert "http://" in first_line, first_line
        self.url = "http://" + first_line.split("http://")[1].split(";")[0]

    def kill(self):
        self._process.kill()
        self._process.wait(LIMIT)
        self._process.stdout.close()


@pytest.fixture
def start_process(tmp_path):
    """Start servers in one folder, and kill them at the end."""
    (tmp_path / "flows").mkdir()
    text = "{flow_id: f, entry_point: n, exit_points: [n], nodes: [{id: n, agent_id: work}]}"
    (tmp_path / "flows" / "f.yaml").write_text(text, encoding="utf-8")
    (tmp_path / "agents.py").write_text(SLEEPER, encoding="utf-8")
    started = []

    def start():
        started.append(Process(tmp_path))
        return started[-1]

    yield start
    for process in started:
        process.kill()


def start_execution(http, url, number, *, sleeps):
    data = {"number": number, "sleeps": sleeps}
    body = {"flow_id": "f", "input_data": data}
    response = http.post(f"{url}/flows/execute", json=body, timeout=LIMIT)
    return response.json()["execution_id"]


def metric(http, url, name):
    return http.get(f"{url}/metrics").json()[f"{name}_executions"]


def test_all_50_executions_survive_a_kill_and_a_restart(start_process, http):
    server = start_process()
    finished = [start_execution(http, server.url, n, sleeps=False) for n in range(10)]
    wait_until(lambda: metric(http, server.url, "successful") == 10)
    asleep = [start_execution(http, server.url, n, sleeps=True) for n in range(40)]

    def running():
        page = f"{server.url}/executions?status=running"
        return http.get(page).json()["count"]

    wait_until(lambda: running() == 32)  # the other 8 are queued
    assert metric(http, server.url, "running") == 40
    server.kill()

    again = start_process()
    executions = http.get(f"{again.url}/executions?limit=1000").json()["executions"]
    by_id = {execution["execution_id"]: execution for execution in executions}
    assert len(executions) == 50
    assert set(by_id) == {*finished, *asleep}
    for number, execution_id in enumerate(finished):
        assert by_id[execution_id]["status"] == "completed"
        assert by_id[execution_id]["output_data"] == {"n": {"n": number}}
    for execution_id in asleep:
        assert by_id[execution_id]["status"] == "failed"
        assert by_id[execution_id]["error_message"] == INTERRUPTED
        assert by_id[execution_id]["completed_at"] is not None
    assert metric(http, again.url, "running") == 0
    start_execution(http, again.url, 0, sleeps=False)
    wait_until(lambda: metric(http, again.url, "successful") == 11)


def test_every_acknowledged_execution_survives_a_kill(start_process, http):
    server, acknowledged, enough = start_process(), [], threading.Event()

    def send_until_killed():
        with requests.Session() as session:
            try:
                while True:
                    number = len(acknowledged)
                    acknowledged.append(
                        start_execution(session, server.url, number, sleeps=False)
                    )
                    if number >= 20:
                        enough.set()
            except requests.RequestException:
                pass  # the server was killed

    senders = [threading.Thread(target=send_until_killed) for _ in range(3)]
    for sender in senders:
        sender.start()
    assert enough.wait(LIMIT)
    server.kill()
    for sender in senders:
        sender.join(LIMIT)
    again = start_process()
    executions = http.get(f"{again.url}/executions?limit=1000").json()["executions"]
    assert set(acknowledged) <= {execution["execution_id"] for execution in executions}
    assert {execution["status"] for execution in executions} <= {"completed", "failed"}


def test_the_database_of_a_running_process_is_refused(start_process, tmp_path):
    start_process()
    with pytest.raises(ConfigurationError, match="another server uses the database"):
        LocalServer([], {}, db=tmp_path / "runs.db")


def test_the_decorator_is_exported():
    assert agent("a")(work)({}, {}) == {"did": "work"}
