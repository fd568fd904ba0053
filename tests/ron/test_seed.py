"""Tests that programs as they are written for the app plane run as they are."""

import ast
import asyncio
import gc
import textwrap

import pytest

from ai_spine.ron.testing import RonNode
from tests.needs import needs

pytestmark = needs("aiohttp")
SCRIPT = """
from ai_spine.ron import RonClient, RonProblem

async def main():
    client = RonClient(base_url="https://localhost:8080", token="my-token")
    try:
        res = await client.get("/hello")
        print(res)
    except RonProblem as p:
        print("Error:", p)

import asyncio; asyncio.run(main())
"""
SYNC = """
from ai_spine.ron import RonClientSync

client = RonClientSync(base_url="https://localhost:8080", token="my-token")
print(client.get("/hello"))
"""
HELLO = """
client = RonClient(base_url="http://localhost:8080", token="x")
print(await client.get("/hello"))
"""
STREAM = """
async for event in client.subscribe("/events/logs"):
    print(event)
"""
WORKER = """
while True:
    job = await client.get("/queue/next")
    await handle(job)
"""
OPERATIONS = """
await client.get("/echo", query={"a": "b"})
await client.post("/echo", json={"a": 1})
await client.put("/echo", json={"a": 1})
await client.delete("/echo")
await client.call("PATCH", "/echo", json={"a": 1}, query={"b": "c"})
await client.post("/echo", json=data, idem=True)
client.add_middleware(x)
client.with_caveat(expiry="10m", readonly=True)
await client.close()
"""
IMPORTS = (
    "from ai_spine.ron import RonClient, RonProblem, RonNetworkError, RonAuthError\n"
)


class Done(Exception):
    """A loop of an example has gone round."""


class Middleware:
    """One that changes nothing."""

    def before_request(self, request):
        return request


@pytest.fixture
def node():
    with RonNode("my-token") as node:
        yield node


def run(code, node, **names):
    """Run a program, in which `await` may be at its top as in a notebook."""
    for url in ("https://localhost:8080", "http://localhost:8080"):
        code = code.replace(url, node.url)
    flags = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
    made = eval(compile(textwrap.dedent(code), "<example>", "exec", flags), names)
    return made


def run_async(code, node, token="my-token", **names):
    """Run a program with a client in a loop, and close the client."""
    from ai_spine.ron import RonClient

    async def main():
        names.setdefault("client", RonClient(node.url, token))
        try:
            await run(IMPORTS + code, node, **names)
        finally:
            await names["client"].close()

    asyncio.run(main())


@pytest.mark.filterwarnings("ignore:.*was not closed:ResourceWarning")
def test_the_script(node, capsys):
    run(SCRIPT, node)
    assert capsys.readouterr().out == "{'hello': 'world'}\n"
    node.faults.add(
        "GET", "/hello", status=404, body={"code": "none", "message": "no facet"}
    )
    run(SCRIPT, node)
    assert capsys.readouterr().out.startswith("Error: 404: no facet (GET /app/hello")
    gc.collect()  # it closes nothing, and here is where that is ignored


def test_the_synchronous_script(node, capsys):
    names = {}
    run(SYNC + "client.close()", node, **names)
    assert capsys.readouterr().out == "{'hello': 'world'}\n"


def test_hello_in_three_lines(capsys):
    with RonNode("x") as node:
        run_async(HELLO + "await client.close()", node)
    assert capsys.readouterr().out == "{'hello': 'world'}\n"


def test_the_stream(node, capsys):
    node.publish("logs", {"n": 1})
    run_async(STREAM + "    break\n", node)
    assert capsys.readouterr().out.startswith(
        "StreamEvent(id='1', event='message', data="
    )


def test_the_worker(node):
    node.queue.extend([{"job": 1}, {"job": 2}])
    handled = []

    async def handle(job):
        if job is None:
            raise Done
        handled.append(job)

    with pytest.raises(Done):
        run_async(WORKER, node, handle=handle)
    assert handled == [{"job": 1}, {"job": 2}]


def test_all_operations():
    from ai_spine.utils.macaroons import Macaroon

    token = Macaroon.mint(b"k", "id").to_text()
    with RonNode(key=b"k") as node:
        run_async(OPERATIONS, node, token, data={"a": 1}, x=Middleware())
        methods = [method for method, _ in node.requests]
    assert methods == ["GET", "POST", "PUT", "DELETE", "PATCH", "POST"]
