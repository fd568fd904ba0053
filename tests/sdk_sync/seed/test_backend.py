"""A generated client is used against a real backend, as the specification shows it."""

import asyncio
import importlib
import sys
from contextlib import contextmanager
from typing import Optional

import requests

from tests.local import LIMIT
from tests.needs import needs
from tests.sdk_sync.seed.conftest import KEY
from tests.sdk_sync.seed.page import BLOCKS, Page, files_in, files_of

pytestmark = [needs("pydantic"), needs("aiohttp")]


@contextmanager
def mounted(backend, folder):
    """Serve the backend in a folder, and yield its URL."""
    before, path = set(sys.modules), list(sys.path)
    sys.path.insert(0, str(folder))
    importlib.invalidate_caches()
    try:
        main = importlib.import_module("main")
        backend.app.mount("/built", main.app)
        yield f"{backend.url}/built"
        backend.app.routes.pop()
        main.runner.close()
    finally:
        sys.path[:] = path
        for name in set(sys.modules) - before:
            if name.partition(".")[0] in ("main", "generated"):
                del sys.modules[name]


def test_the_quick_start_finds_results(backend, run, importing, here, capsys):
    run("quick start: generate", backend.url)
    importing("my_n3_sdk")
    page = Page()
    page.run("quick start: use", url=backend.url)
    assert capsys.readouterr().out == "Found 2 results\n"
    assert page["result"].results == ["test one", "test two"]
    assert page["result"].total == 2
    assert backend.received[-1] == {"query": "test", "limit": 10}
    # Nothing is left of the first event loop that another could trip over.
    again = asyncio.run(page["client"].execute(page["input_data"]))
    assert again == page["result"] == page["client"].execute_sync(page["input_data"])
    asyncio.run(page["client"].aclose())


@needs("httpx")
def test_the_printed_client_and_the_generated_one_send_and_return_the_same(
    backend, run, importing
):
    run("quick start: generate", backend.url)
    importing("my_n3_sdk")
    sdk = importlib.import_module("my_n3_sdk")
    names = {name: getattr(sdk, name) for name in ("SearchInput", "SearchOutput")}
    printed = {"Optional": Optional, **names}
    exec(BLOCKS["the code of a client"], printed)
    input_data = sdk.SearchInput(query="test", limit=1)
    results, sent = [], len(backend.received)
    for kind in (printed["SearchClient"], sdk.SearchClient):
        client = kind(base_url=backend.url, api_key=KEY)
        results.append(client.execute_sync(input_data))
    client.close()
    first, second = backend.received[sent:]
    assert first == second == {"query": "test", "limit": 1}
    assert results[0] == results[1] and results[0].results == ["test one"]


def test_the_workflow_leads_from_flows_to_a_client(
    backend, run, flows, importing, here, capsys
):
    # What it writes.
    run("workflow: build")
    own_to_another_product = {
        "database.py",
        "generated/routers/insights.py",
        "generated/routers/models.py",
        "generated/runtime.py",
    }
    drawn = files_of(BLOCKS["workflow: generated files"])
    assert drawn - own_to_another_product - {"custom/"} <= files_in("backend")

    with mounted(backend, here / "backend") as url:
        # Its endpoints.
        manifest = requests.get(f"{url}/api/_meta/schemas", timeout=LIMIT).json()
        assert set(manifest["tools"]) == {"search_users"}
        # The package, whose modules are one folder further down than they are drawn.
        run("workflow: generate", url)
        drawn = files_of(BLOCKS["workflow: generated package"])
        written = files_in("my_sdk")
        assert {path.rpartition("/")[2] for path in written} == drawn | {"spec.lock"}
        # The client.
        importing("my_sdk")
        capsys.readouterr()
        page = Page()
        page.run("workflow: use", url=url)
        assert capsys.readouterr().out == "Found 1 users\n"
        assert page["result"].results == {"query": "john"}
        asyncio.run(page["client"].aclose())
