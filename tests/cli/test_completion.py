"""Tests of shell completion: what is offered, without waiting for a server and without errors."""

import gc
import json
import os
import stat
import sys
import time

import pytest

from ai_spine.cli import known_ids
from ai_spine.local import LocalServer
from tests.cli.conftest import LIMIT
from tests.local import flow, node

SHELLS = ("bash", "zsh", "fish")


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    """A folder for the cache; a slow server is waited for, unless a test changes the timeout."""
    monkeypatch.setenv("AI_SPINE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(known_ids, "_TIMEOUT", LIMIT)
    return tmp_path / "cache"


def completion_request(shell, line):
    """Return the environment that a shell sets to request completions."""
    words = line.split(" ")
    environ = {"COMP_WORDS": line, "COMP_CWORD": str(len(words) - 1)}
    if shell == "fish":
        environ = {"COMP_WORDS": " ".join(words[:-1]), "COMP_CWORD": words[-1]}
    return {**environ, "_AI_SPINE_COMPLETE": f"{shell}_complete"}


@pytest.fixture
def offered(run, monkeypatch):
    """Request completions as a shell does, and return the words."""

    def request(line, shell="bash", **environment):
        with monkeypatch.context() as patch:
            for name, value in {
                **completion_request(shell, line),
                **environment,
            }.items():
                patch.setenv(name, value)
            # Click 8.0 would end the process itself.
            patch.setattr("click.core._fast_exit", sys.exit, raising=False)
            outcome = run()
        assert outcome.stderr == ""
        return [word for word in words_of(outcome.stdout, shell) if word]

    return request


def words_of(text, shell):
    lines = text.splitlines()
    if shell == "zsh":  # a type, a value and a help text, on a line each
        return lines[1::3]
    if shell == "fish" and text and "," not in text:  # since click 8.2, as zsh
        return lines[1::3]
    return [line.partition(",")[2].partition("\t")[0] for line in lines]


@pytest.mark.parametrize("shell", SHELLS)
def test_commands_and_options_are_offered(offered, shell):
    assert {"execute", "flows", "config"} <= set(offered("ai-spine ", shell))
    assert offered("ai-spine flows l", shell) == ["list"]
    assert "--profile" in offered("ai-spine flows get --", shell)


@pytest.mark.parametrize("shell", SHELLS)
def test_ids_are_offered(offered, client, shell):
    done = client.execute_and_wait("echo", {}).execution_id
    assert offered("ai-spine flows get cre", shell) == ["credit_analysis"]
    assert offered("ai-spine execute ech", shell) == ["echo"]
    assert offered("ai-spine executions list --flow ech", shell) == ["echo"]
    assert "credit_risk" in offered("ai-spine agents get ", shell)
    assert offered("ai-spine wait ", shell) == [done]


def test_names_of_inputs_are_offered(offered, client):
    schema = {"properties": {"zip": {}, "amount": {}, "age": {}}}
    client.create_flow({**flow(node("n"), flow_id="typed"), "input_schema": schema})
    assert offered("ai-spine execute typed -i ") == ["zip=", "amount=", "age="]
    assert offered("ai-spine execute typed -i zip=1 -i a") == ["amount=", "age="]
    assert offered("ai-spine execute typed -i age=3 -i a") == ["amount="]
    assert offered("ai-spine execute echo -i ") == []
    assert offered("ai-spine tools execute echo -i ") == []


def test_values_of_options_are_offered(offered, monkeypatch, tmp_path):
    path = tmp_path / "config.ini"
    path.write_text("[default]\n[work]\n[ai-spine]\n")
    environ = {"AI_SPINE_CONFIG": str(path)}
    assert offered("ai-spine flows --profile ", **environ) == ["default", "work"]
    assert offered("ai-spine flows --output t") == ["table"]
    assert offered("ai-spine config set ti") == ["timeout"]
    assert offered("ai-spine completion z") == ["zsh"]
    assert offered("ai-spine init --template ") == ["minimal", "credit", "llm"]


@pytest.mark.parametrize(
    "line, kind",
    [
        ("ai-spine flows create x", "file"),
        ("ai-spine batch echo x", "file"),
        ("ai-spine local start --flows x", "dir"),
        ("ai-spine local start --db x", "file"),
        ("ai-spine init x", "dir"),
    ],
)
def test_paths_are_left_to_the_shell(invoke, monkeypatch, line, kind):
    for name, value in completion_request("bash", line).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("click.core._fast_exit", sys.exit, raising=False)
    assert invoke().stdout == f"{kind},x\n"


def test_the_server_is_taken_from_the_options_or_the_profile(
    offered, server, monkeypatch, tmp_path
):
    with LocalServer([flow(node("in"), flow_id="elsewhere")], []) as other:
        line = f"ai-spine flows get --base-url {other.url} "
        assert offered(line) == ["elsewhere"]
        path = tmp_path / "config.ini"
        path.write_text(f"[work]\nbase_url = {other.url}\n")
        monkeypatch.delenv("AI_SPINE_BASE_URL")
        environ = {"AI_SPINE_CONFIG": str(path)}
        assert offered("ai-spine --profile work execute ", **environ) == ["elsewhere"]


def test_the_ids_of_each_tenant_are_cached_by_themselves(offered):
    with LocalServer([flow(node("in"), flow_id="of-all")], [], tenants=True) as other:
        with other.client(tenant="acme") as client:
            client.create_flow(flow(node("in"), flow_id="of-acme"))
        line = f"ai-spine flows get --base-url {other.url} --tenant"
        assert offered(f"{line} beta ") == ["of-all"]
        assert offered(f"{line} acme ") == ["of-acme", "of-all"]


def test_ids_are_cached_for_a_minute_in_a_private_file(
    offered, client, cache, server, monkeypatch
):
    assert offered("ai-spine execute ech") == ["echo"]
    (path,) = cache.iterdir()
    if os.name != "nt":
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert stat.S_IMODE(cache.stat().st_mode) == 0o700
    client.delete_flow("echo")
    assert offered("ai-spine execute ech") == ["echo"]
    cached = json.loads(path.read_text())
    for when in (cached["at"] - known_ids.MAX_AGE, cached["at"] + 3600):
        path.write_text(json.dumps({**cached, "at": when}))
        assert offered("ai-spine execute ech") == []


def test_the_cached_ids_are_offered_if_the_server_fails(
    offered, cache, server, monkeypatch
):
    assert offered("ai-spine execute ech") == ["echo"]
    (path,) = cache.iterdir()
    path.write_text(json.dumps({**json.loads(path.read_text()), "at": 0}))
    server.faults.add("GET", "/flows", status=500)
    assert offered("ai-spine execute ech") == ["echo"]
    # The failure is cached too: the next completion sends no request.
    assert json.loads(path.read_text())["at"] > time.time() - known_ids.MAX_AGE


def test_a_slow_server_is_not_waited_for(offered, server, monkeypatch):
    monkeypatch.setattr(known_ids, "_TIMEOUT", 0.05)
    server.faults.add("GET", "/flows", delay=LIMIT)
    assert offered("ai-spine execute ") == []


@pytest.mark.parametrize(
    "environment",
    [
        {"AI_SPINE_BASE_URL": "http://127.0.0.1:1"},
        {"AI_SPINE_BASE_URL": "no url"},
        {"AI_SPINE_CONFIG": __file__},
        {"AI_SPINE_PROFILE": "nowhere"},
        {"AI_SPINE_TIMEOUT": "soon"},
        {"AI_SPINE_API_KEY": "sk\x7f"},
    ],
    ids=str,
)
def test_no_error_is_printed_during_completion(offered, environment):
    assert offered("ai-spine execute ", **environment) == []


@pytest.mark.parametrize(
    "content", [b"", b"[]", b"{", b'{"ids": 1}', b"\xff", b"[" * 9999]
)
def test_a_damaged_cache_is_written_again(offered, cache, content):
    assert offered("ai-spine execute ech") == ["echo"]
    (path,) = cache.iterdir()
    path.write_bytes(content)
    gc.collect()  # finalizers of what other tests left would fail where the stack is full
    assert offered("ai-spine execute ech") == ["echo"]


def test_ids_are_offered_if_the_cache_cannot_be_written(offered):
    environ = {"AI_SPINE_CACHE": os.devnull}
    assert offered("ai-spine execute ech", **environ) == ["echo"]


def test_an_id_with_shell_syntax_is_not_offered(offered, cache, run_process):
    offered("ai-spine execute ")
    (path,) = cache.iterdir()
    odd = ["$(touch x)", "a b", "a;b", "`x`", "*", "-x", "a\nb", "a\x1b[2J", "~", "é"]
    path.write_text(json.dumps({"at": time.time(), "ids": [*odd, 7, "fine"]}))
    assert offered("ai-spine execute ") == ["é", "fine"]
    environ = {
        **completion_request("bash", "ai-spine execute "),
        "PYTHONIOENCODING": "ascii",
    }
    assert run_process(**environ) == (0, "plain,fine\n", "")


@pytest.mark.parametrize(
    "pieces, words",
    [
        ("executions list --flow = ns", ["ns:one", "ns:two"]),
        ("executions list --flow = ns :", ["one", "two"]),
        ("executions list --flow = ns : t", ["two"]),
        ("flows get ns : t", ["two"]),
        ("flows --output = y", ["yaml"]),
        ("flows --output =", ["table", "json", "jsonl", "yaml", "csv"]),
    ],
)
def test_words_that_bash_splits_are_joined(offered, client, pieces, words):
    for name in ("ns:one", "ns:two"):
        client.create_flow(flow(node("in"), flow_id=name))
    assert offered(f"ai-spine {pieces}") == words


def test_completion_starts_no_local_server(offered):
    assert offered("ai-spine --local execute ") == []


@pytest.mark.parametrize("shell", SHELLS)
def test_the_script_is_printed(invoke, shell):
    outcome = invoke("completion", shell)
    assert (outcome.exit_code, outcome.stderr) == (0, "")
    assert f"_AI_SPINE_COMPLETE={shell}_complete" in outcome.stdout


@pytest.mark.skipif(os.name == "nt", reason="needs a POSIX terminal")
def test_a_real_bash_completes_commands_and_ids(offered, tmp_path):
    import shutil

    pexpect = pytest.importorskip("pexpect")

    if shutil.which("bash") is None:
        pytest.skip("there is no bash")
    assert offered("ai-spine execute ")  # cached now, however slow bash is
    url = os.environ["AI_SPINE_BASE_URL"]  # bash splits words at its colons
    command = tmp_path / "ai-spine"
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m ai_spine "$@"\n')
    command.chmod(0o755)
    path = os.pathsep.join([str(tmp_path), os.environ["PATH"]])
    environment = {**os.environ, "PATH": path}
    environment.update(PS1="READY>", TERM="dumb", INPUTRC=os.devnull)
    bash = pexpect.spawn(
        "bash",
        ["--norc", "--noprofile"],
        env=environment,
        timeout=LIMIT,
        dimensions=(24, 200),
    )
    try:
        bash.sendline("PS1='DO''NE>'; bind 'set enable-bracketed-paste off'")
        bash.expect("DONE>")
        bash.sendline('eval "$(ai-spine completion bash)"')
        bash.expect("DONE>")
        bash.send("ai-spine flows val\t")
        bash.expect("ai-spine flows validate ")
        bash.sendcontrol("u")
        bash.send("ai-spine execute credit_an\t")
        bash.expect("ai-spine execute credit_analysis ")
        for words in (
            f"execute --base-url={url} ",
            f"--base-url {url} executions list --flow=",
        ):
            bash.sendcontrol("u")
            bash.send(f"ai-spine {words}credit_an\t")
            bash.expect_exact(f"ai-spine {words}credit_analysis ")
    finally:
        bash.close(force=True)
