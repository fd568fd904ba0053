"""Tests of agents: Python functions from any source, and HTTP services on real sockets."""

import functools
import http.server
import json
import socket
import sys
import threading
import types

import pytest

from ai_spine import ConfigurationError
from ai_spine.local import LocalServer, agent
from tests.local import LIMIT, is_one_sentence, run, single

MODULE = """\
from ai_spine.local import agent

@agent("greeter", name="Greeter", capabilities=["conversation"], agent_type="output")
def greet(input, config):
    '''Greet.'''
    return {"greeting": "Hello, " + input["name"]}

def no_agent(input, config):
    return {}
"""
GREETING = {"n": {"greeting": "Hello, Ana"}}


@pytest.fixture(autouse=True)
def import_state(monkeypatch):
    """Restore the import state that the tests change."""
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    before = set(sys.modules)
    yield
    for name in set(sys.modules) - before:
        if "spine_test" in name:
            del sys.modules[name]


def error_of(agents):
    with pytest.raises(ConfigurationError) as caught:
        LocalServer([], agents).close()
    assert is_one_sentence(caught.value)
    return str(caught.value)


# The decorator


def test_a_decorated_function_is_called_like_the_function():
    @agent("greeter")
    def greet(input, config):
        """Greet."""
        return {"greeting": input["name"] + config["mark"]}

    assert greet({"name": "Ana"}, {"mark": "!"}) == {"greeting": "Ana!"}
    assert greet.__doc__ == "Greet."
    assert repr(greet) == "AgentFunction('greeter')"


def test_the_server_describes_its_agents(serve, http):
    @agent("bare")
    def bare(input, config):
        return {}

    @agent(
        "full",
        name="Full",
        description="All of it",
        capabilities=("a", "b"),
        agent_type="conditional",
    )
    def full(input, config):
        """Not this."""
        return {}

    @agent("documented")
    def documented(input, config):
        """Say what it does."""
        return {}

    server = serve([], [bare, full, documented])
    by_id = {
        a["agent_id"]: a for a in http.get(f"{server.url}/agents").json()["agents"]
    }
    assert by_id["bare"]["name"] == "bare" and by_id["bare"]["description"] == ""
    assert by_id["bare"]["capabilities"] == []
    assert by_id["bare"]["agent_type"] == "processor"
    assert by_id["full"]["name"] == "Full"
    assert by_id["full"]["description"] == "All of it"
    assert by_id["full"]["capabilities"] == ["a", "b"]
    assert by_id["full"]["agent_type"] == "conditional"
    assert by_id["documented"]["description"] == "Say what it does."
    assert by_id["full"]["endpoint"].startswith(
        "python:tests.local.agents.test_functions."
    )
    assert by_id["full"]["endpoint"].endswith("full")


# PyPy knows the parameters of all functions.
NAMELESS = [] if sys.implementation.name == "pypy" else [max]


@pytest.mark.parametrize("agent_id", ["", " ", "..", None, 5, "a\nb"])
def test_an_invalid_id_is_refused_by_the_decorator(agent_id):
    with pytest.raises(ConfigurationError, match="agent_id"):
        agent(agent_id)


def test_an_unknown_agent_type_is_refused():
    with pytest.raises(ConfigurationError, match="'a': agent_type must be one of inp"):
        agent("a", agent_type="magic")(lambda input, config: {})


@pytest.mark.parametrize(
    "function",
    [lambda: {}, lambda a, b, c, d: {}, lambda a, *, b: {}, lambda **k: {}, *NAMELESS],
)
def test_a_function_with_other_arguments_is_refused(function):
    with pytest.raises(ConfigurationError) as caught:
        agent("a")(function)
    assert str(caught.value) == (
        "agent 'a': its function must take input, config and context, "
        "or parameters that have types"
    )


@pytest.mark.parametrize(
    "function",
    [lambda a, b: {}, lambda *args: {}, lambda a, b=1, c=2: {}, lambda *a, **k: {}],
)
def test_a_function_that_accepts_two_arguments_is_an_agent(serve, function):
    assert run(serve([single()], {"work": function})).output_data == {"n": {}}


# Sources of agents


@pytest.fixture
def module_file(tmp_path):
    path = tmp_path / "spine_test_agents.py"
    path.write_text(MODULE, encoding="utf-8")
    return path


def served(server, http):
    return [a["agent_id"] for a in http.get(f"{server.url}/agents").json()["agents"]]


def test_agents_of_a_python_file_are_served(serve, http, module_file):
    server = serve([single("greeter")], str(module_file))
    assert served(server, http) == ["greeter"]
    assert run(server, input_data={"name": "Ana"}).output_data == GREETING


def test_agents_of_a_module_are_served(serve, http, module_file):
    module = types.ModuleType("made")
    exec(MODULE, vars(module))
    server = serve([single("greeter")], module)
    assert served(server, http) == ["greeter"]
    assert run(server, input_data={"name": "Ana"}).output_data == GREETING


def test_agents_of_a_module_given_by_name_are_served(
    serve, http, module_file, monkeypatch
):
    monkeypatch.syspath_prepend(str(module_file.parent))
    server = serve([single("greeter")], "spine_test_agents")
    assert run(server, input_data={"name": "Ana"}).output_data == GREETING


def test_a_module_in_the_working_folder_is_found(serve, module_file, monkeypatch):
    monkeypatch.chdir(module_file.parent)
    monkeypatch.setattr(sys, "path", [p for p in sys.path if p not in ("", ".")])
    server = serve([single("greeter")], "spine_test_agents")
    assert run(server, input_data={"name": "Ana"}).output_data == GREETING


def test_a_python_file_may_contain_dataclasses_with_postponed_annotations(
    serve, tmp_path
):
    path = tmp_path / "spine_test_typed.py"
    text = (
        "from __future__ import annotations\n"
        "from dataclasses import dataclass\n"
        "@dataclass\nclass Loan:\n    amount: int\n"
    )
    path.write_text(text + MODULE.replace("from ai", "\nfrom ai", 1), encoding="utf-8")
    server = serve([single("greeter")], str(path))
    assert run(server, input_data={"name": "Ana"}).output_data == GREETING


def test_an_alias_in_a_module_is_the_same_agent(serve, http, module_file):
    text = MODULE + "\nalias = greet\n"
    module_file.write_text(text, encoding="utf-8")
    assert served(serve([], str(module_file)), http) == ["greeter"]


def test_a_list_or_tuple_of_agents_is_served(serve, http):
    one = agent("one")(lambda input, config: {"one": 1})
    two = agent("two")(lambda input, config: {"two": 2})
    assert served(serve([], [two, one]), http) == ["one", "two"]
    assert served(serve([], (one,)), http) == ["one"]


def test_a_mapping_of_ids_to_functions_agents_and_urls_is_served(serve, http):
    agents = {
        "f": lambda input, config: {"f": 1},
        "a": agent("a")(lambda input, config: {"a": 1}),
        "u": "http://127.0.0.1:1/",
    }
    server = serve([single("f", "f"), single("a", "a")], agents)
    assert run(server, "f").output_data == {"n": {"f": 1}}
    assert run(server, "a").output_data == {"n": {"a": 1}}
    described = http.get(f"{server.url}/agents/u").json()
    assert described["endpoint"].rstrip("/") == "http://127.0.0.1:1"
    assert described["name"] == "u" and described["is_active"] is True


class Callable:
    """An object that is called like a function."""

    def __call__(self, input, config):
        return {"called": True}

    def method(self, input, config):
        return {"called": True}


def three(extra, input, config):
    return {"called": extra}


@pytest.mark.parametrize(
    "function",
    [Callable(), Callable().method, functools.partial(three, True)],
    ids=["object", "method", "partial"],
)
def test_any_callable_is_an_agent(serve, function):
    server = serve([single()], {"work": function})
    assert run(server).output_data == {"n": {"called": True}}


def test_a_server_may_have_no_agents(serve, http):
    assert served(serve([], None), http) == []
    assert served(serve(None, []), http) == []


# Invalid agents


BAD_FORMS = {
    "a number": (5, "agents must be a module, a list of agents, or a mapping of ids"),
    "a set": ({1}, "agents must be a module, a list of agents, or a mapping of ids"),
    "a function": (
        three,
        "agents must be a module, a list of agents, or a mapping of ids",
    ),
    "a bare function": ([len], "is not an agent: decorate it with @agent(...)"),
    "text in a list": (["http://h"], "is not an agent: decorate it with @agent(...)"),
    "twice the same id": (
        [agent("a")(lambda i, c: {}), agent("a")(lambda i, c: {})],
        "two agents have the id 'a'",
    ),
    "another id": (
        {"b": agent("a")(lambda i, c: {})},
        "agent 'a' is given under the id 'b'",
    ),
    "an empty id": ({"": "http://h"}, "agent_id must not be empty"),
    "an id of another kind": ({5: "http://h"}, "agent_id must be text"),
    "no function": ({"a": 5}, "agent 'a' must be a function or a URL"),
    "None": ({"a": None}, "agent 'a' must be a function or a URL"),
    "other arguments": ({"a": lambda: {}}, "agent 'a': its function must take input"),
    "a builtin without a signature": ({"a": dict}, "agent 'a'"),
    "no URL": ({"a": "nowhere"}, "agent 'a': its endpoint must be an http or https"),
    "another scheme": ({"a": "ftp://h"}, "its endpoint must be an http or https URL"),
    "a broken URL": ({"a": "http://[::1"}, "its endpoint must be an http or https"),
    "an unknown module": (
        "spine_test_nowhere",
        "the agents 'spine_test_nowhere' cannot be imported: ModuleNotFoundError",
    ),
    "an unknown file": ("nowhere.py", "cannot be imported: FileNotFoundError"),
    "an empty name": ("", "cannot be imported: ValueError"),
}


@pytest.mark.parametrize("agents, words", BAD_FORMS.values(), ids=BAD_FORMS)
def test_an_invalid_agent_is_refused(agents, words):
    assert words in error_of(agents)


@pytest.mark.parametrize(
    "text, words",
    [
        ("def f(:", "SyntaxError"),
        ("import spine_test_absent", "ModuleNotFoundError"),
        ("raise ValueError('two\\nlines')", "ValueError: two lines"),
        ("1 / 0", "ZeroDivisionError"),
        ("import sys\nsys.exit(2)", "SystemExit"),
        ("\x00", ""),
    ],
)
def test_a_python_file_that_raises_is_refused_with_the_reason(tmp_path, text, words):
    path = tmp_path / "spine_test_broken.py"
    path.write_text(text, encoding="utf-8")
    message = error_of(str(path))
    assert message.startswith(f"the agents {str(path)!r} cannot be imported: {words}")


def test_two_agents_with_the_same_id_in_a_module_are_refused(module_file):
    again = MODULE + '\n@agent("greeter")\ndef again(input, config):\n    return {}\n'
    module_file.write_text(again, encoding="utf-8")
    assert error_of(str(module_file)) == "two agents have the id 'greeter'"


# HTTP agents


class Service:
    """An agent as an HTTP service with a configurable response."""

    def __init__(self):
        self.status, self.body, self.headers = 200, b"{}", {}
        self.hold, self.calls = None, []
        service = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                length = int(self.headers["Content-Length"])
                body = json.loads(self.rfile.read(length).decode("utf-8"))
                service.calls.append((self.path, dict(self.headers), body))
                if service.hold is not None:
                    service.hold.wait(LIMIT)
                self.send_response(service.status)
                for name, value in service.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(service.body)))
                self.end_headers()
                self.wfile.write(service.body)

            def log_message(self, *args):
                pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = False  # so that closing waits for them

            def handle_error(self, *args):
                pass  # some tests make the caller disconnect

        self._server = Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()

    def respond_with(self, body, status=200, **headers):
        self.body = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.status = status
        self.headers = {k.replace("_", "-"): v for k, v in headers.items()}

    def close(self):
        if self.hold is not None:
            self.hold.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(LIMIT)


@pytest.fixture
def service():
    made = Service()
    yield made
    made.close()


def test_an_http_agent_is_called_according_to_the_agent_contract(serve, service):
    service.respond_with({"status": "success", "output": {"score": 7}})
    server = serve([single(rate=0.5)], {"work": service.url})
    execution = run(server, input_data={"x": [1, "ñ"]})
    assert execution.output_data == {"n": {"score": 7}}
    ((path, headers, body),) = service.calls
    assert path == "/execute"
    assert headers["Content-Type"] == "application/json"
    assert body == {
        "execution_id": execution.execution_id,
        "node_id": "n",
        "input": {"x": [1, "ñ"]},
        "config": {"rate": 0.5},
    }


@pytest.mark.parametrize("base", ["", "/", "/agents/risk", "/agents/risk/"])
def test_an_endpoint_may_have_a_path_and_a_trailing_slash(serve, service, base):
    service.respond_with({"status": "success", "output": {}})
    assert run(serve([single()], {"work": service.url + base})).succeeded
    assert service.calls[0][0] == base.rstrip("/") + "/execute"


def test_an_http_agent_can_be_registered_over_http(serve, http, service):
    service.respond_with({"status": "success", "output": {"x": 1}})
    server = serve([], {})
    body = {"agent_id": "work", "endpoint": service.url}
    assert http.post(f"{server.url}/agents", json=body).ok
    assert http.post(f"{server.url}/flows", json=single()).ok
    assert run(server).output_data == {"n": {"x": 1}}


RESPONSES = {
    "an error with a message": (
        {"status": "error", "error_message": "no\ncredit", "output": {}},
        200,
        "no credit",
    ),
    "an error without a message": (
        {"status": "error"},
        200,
        "responded with status 200",
    ),
    "500 with a message": (
        {"status": "error", "error_message": "broken"},
        500,
        "broken",
    ),
    "500 that claims success": (
        {"status": "success", "output": {}},
        500,
        "responded with status 500",
    ),
    "500 without JSON": (b"<html>", 500, "responded with status 500"),
    "404": ({"detail": "?"}, 404, "responded with status 404"),
    "no JSON": (b"fine!", 200, "the response has neither the status success nor error"),
    "nothing": (b"", 200, "the response has neither the status success nor error"),
    "a list": ([1], 200, "the response has neither the status success nor error"),
    "no status": (
        {"output": {}},
        200,
        "the response has neither the status success nor error",
    ),
    "a strange status": (
        {"status": "maybe"},
        200,
        "the response has neither the status",
    ),
    "an invalid status": (
        {"status": []},
        200,
        "the response has neither the status",
    ),
    "no Unicode": (b"\xff", 200, "the response has neither the status"),
    "JSON nested too deeply": (
        100000 * b"[",
        200,
        "the response has neither the status",
    ),
    "success without output": ({"status": "success"}, 200, "returned a NoneType"),
    "output that is a list": (
        {"status": "success", "output": [1]},
        200,
        "returned a list, where a mapping is expected",
    ),
    "output with NaN": (
        b'{"status": "success", "output": {"x": NaN}}',
        200,
        "returned what is not JSON",
    ),
}


@pytest.mark.parametrize("body, status, words", RESPONSES.values(), ids=RESPONSES)
def test_an_http_agent_that_does_not_succeed_fails_its_node(
    serve, service, caplog, body, status, words
):
    service.respond_with(body, status)
    execution = run(serve([single()], {"work": service.url}))
    assert execution.status == "failed"
    assert execution.error_message.startswith("Node 'n' failed: agent 'work'")
    assert words in execution.error_message
    assert "\n" not in execution.error_message


def test_redirects_of_an_http_agent_are_not_followed(serve, service):
    service.respond_with(b"", 307, Location=service.url + "/elsewhere")
    execution = run(serve([single()], {"work": service.url}))
    assert execution.status == "failed"
    assert len(service.calls) == 1


def test_an_unreachable_http_agent_fails_its_node(serve):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}"
        execution = run(serve([single()], {"work": url}))
    assert execution.status == "failed"
    assert f"agent 'work' at {url}: could not connect" in execution.error_message


def test_the_password_of_an_http_agent_is_redacted_in_executions(serve):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        place = f"127.0.0.1:{unused.getsockname()[1]}"
        url = f"http://ana:pa%40sswo@{place}"
        execution = run(serve([single()], {"work": url}))
    expected = f"agent 'work' at http://ana:***@{place}: could not connect"
    assert expected in execution.error_message
    assert "sswo" not in str(dict(execution))


def test_an_http_agent_slower_than_the_timeout_of_its_node_fails(serve, service):
    service.hold = threading.Event()
    execution = run(serve([single(timeout=0.1)], {"work": service.url}))
    assert execution.status == "failed"
    message = execution.error_message
    assert "timed out after 0.1 s" in message or "no response in time" in message


def test_a_truncated_response_of_an_http_agent_fails_its_node(serve, service):
    service.respond_with(b"half", Content_Encoding="gzip")
    execution = run(serve([single()], {"work": service.url}))
    assert execution.status == "failed"
    assert f"agent 'work' at {service.url}: " in execution.error_message


def test_an_http_agent_may_have_a_very_long_timeout(serve, service):
    service.respond_with({"status": "success", "output": {}})
    server = serve([single(timeout=1e9)], {"work": service.url})
    assert run(server).error_message is None


def test_netrc_passwords_are_not_sent_to_http_agents(
    serve, service, tmp_path, monkeypatch
):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login user password hush", encoding="utf-8")
    monkeypatch.setenv("NETRC", str(netrc))
    service.respond_with({"status": "success", "output": {}})
    assert run(serve([single()], {"work": service.url})).succeeded
    assert "Authorization" not in service.calls[0][1]
