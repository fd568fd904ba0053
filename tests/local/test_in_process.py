"""Tests of running flows in the process of another web application."""

import json
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from ai_spine.exceptions import ConfigurationError
from ai_spine.local import agent
from ai_spine.local.fastapi import tools_router
from ai_spine.local.http.wsgi_server import MAX_BODY_BYTES
from ai_spine.local.in_process import FlowRunner
from tests.asgi import serving
from tests.local import LIMIT, single
from tests.needs import needs


@agent("work")
def double(amount: float) -> dict:
    return {"amount": 2 * amount}


@pytest.fixture
def runner():
    with FlowRunner([single()], [double]) as made:
        yield made


def test_the_input_goes_in_and_the_output_comes_out(runner):
    reply = runner.execute("f", b'{"amount": 2}')
    assert (reply.status, json.loads(reply.content)) == (200, {"n": {"amount": 4}})
    assert {"X-Execution-Id", "X-Request-Id"} < set(dict(reply.headers))


@pytest.mark.parametrize(
    "name, content, status",
    [
        ("f", b"{}", 422),
        ("f", b"[]", 422),
        ("g", b"{}", 404),
        ("../../health", b"{}", 404),
        ("f/execute?", b'{"amount": 2}', 404),
    ],
)
def test_a_wrong_call_is_refused_as_by_a_server(runner, name, content, status):
    reply = runner.execute(name, content)
    assert (reply.status, list(json.loads(reply.content))) == (status, ["detail"])


def test_a_repetition_runs_nothing(runner):
    headers = {"idempotency-key": "k", "x-request-id": "r"}
    first, second = (
        dict(runner.execute("f", b'{"amount": 2}', headers).headers) for _ in "ab"
    )
    assert first["X-Execution-Id"] == second["X-Execution-Id"]
    assert (first["Idempotency-Key"], first["X-Request-Id"]) == ("k", "r")


def test_async_agents_run_as_well():
    async def work(input, config):
        return {"done": True}

    with FlowRunner([single()], {"work": work}) as runner:
        assert json.loads(runner.execute("f", b"{}").content) == {"n": {"done": True}}


def test_flows_without_a_version_have_that_of_the_schemas(runner):
    spec = runner.export_schemas("2.0.0", auth_required=True)
    assert str(spec.tools["f"].version) == "2.0.0"
    assert spec.tools["f"].auth_required
    assert spec.models["FInput"].get_field("amount")
    assert list(spec.agents) == ["work"]


def test_closing_ends_what_waits(gate):
    def work(input, config):
        started.set()
        gate.wait(LIMIT)
        return {}

    started = type(gate)()
    runner = FlowRunner([single()], {"work": work})
    with ThreadPoolExecutor() as pool:
        waiting = pool.submit(runner.execute, "f", b"{}")
        assert started.wait(LIMIT)
        runner.close()
        assert waiting.result(LIMIT).status == 503
        gate.set()


def test_a_wrong_database_is_refused():
    with pytest.raises(ConfigurationError, match="db must be"):
        FlowRunner([], [], db="")


# As routes of FastAPI


@pytest.fixture
def call(runner):
    """Execute the flow over a FastAPI application."""
    from fastapi import FastAPI

    app = FastAPI()
    app.include_router(tools_router(runner))
    with serving(app) as url, requests.Session() as session:
        session.trust_env = False
        path = f"{url}/api/tools/f/execute"
        yield lambda **options: session.post(path, timeout=LIMIT, **options)


@needs("fastapi")
@needs("uvicorn")
def test_a_fastapi_application_executes_flows(call):
    response = call(json={"amount": 2}, headers={"Idempotency-Key": "k"})
    assert (response.status_code, response.json()) == (200, {"n": {"amount": 4}})
    assert response.headers["Idempotency-Key"] == "k"
    assert response.headers["Content-Type"] == "application/json"
    assert call(json={"amount": "a lot"}).status_code == 422


@needs("fastapi")
@needs("uvicorn")
def test_a_body_of_another_type_is_refused_since_any_page_could_send_it(call):
    response = call(data=b'{"amount": 2}', headers={"Content-Type": "text/plain"})
    assert response.status_code == 415


@needs("fastapi")
@needs("uvicorn")
def test_a_body_that_is_too_large_is_refused(call):
    headers = {"Content-Type": "application/json; charset=utf-8"}
    response = call(data=b" " * (MAX_BODY_BYTES + 1), headers=headers)
    assert response.status_code == 413
    assert response.json()["detail"] == "The body must be smaller than 16777216 bytes"


def test_without_fastapi_it_says_what_to_install(runner, monkeypatch):
    monkeypatch.setitem(sys.modules, "fastapi", None)
    with pytest.raises(
        ConfigurationError, match="needs FastAPI.*: pip install fastapi"
    ):
        tools_router(runner)
