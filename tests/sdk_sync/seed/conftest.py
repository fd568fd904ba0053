"""What tests of the specification share: a backend, and packages that can be imported."""

import json
import sys

import pytest

from ai_spine.sdk_sync.ir import IRModel, IRTool
from ai_spine.sdk_sync.registry import SchemaRegistry
from tests.asgi import serving
from tests.cli.conftest import invoke  # noqa: F401, a fixture
from tests.sdk_sync.seed.page import (
    PRINTED_URL,
    SEARCH_INPUT,
    SEARCH_OUTPUT,
    V1,
    commands,
    field,
)

KEY = "your-api-key"
QUERY = {"type": "object", "properties": {"query": {"type": "string"}}}
SEARCH_USERS = {
    "flow_id": "search_users",
    "nodes": [{"id": "results", "type": "input"}],
    "entry_point": "results",
    "exit_points": ["results"],
    "input_schema": {**QUERY, "required": ["query"]},
    "output_schema": {
        "type": "object",
        "properties": {"results": {"type": "object"}},
        "required": ["results"],
    },
}


@pytest.fixture
def importing(monkeypatch):
    """Make the package in a folder importable, and forget afterwards what was imported."""
    before = set(sys.modules)

    def call(folder):
        monkeypatch.syspath_prepend(str(folder))

    yield call
    for name in set(sys.modules) - before:
        if name.partition(".")[0] in ("my_n3_sdk", "my_sdk"):
            del sys.modules[name]


class SearchBackend:
    """A backend in FastAPI with the tool `search`, and with the schemas of a registry."""

    def __init__(self):
        from fastapi import Body, FastAPI, Header, HTTPException

        from ai_spine.sdk_sync.fastapi import metadata_router

        self.registry = _registry()
        self.received = []
        self.app = FastAPI()
        self.app.include_router(metadata_router(self.registry))

        @self.app.post("/api/tools/search/execute")
        def search(data: dict = Body(...), authorization: str = Header("")):
            if authorization != f"Bearer {KEY}":
                raise HTTPException(401, "Invalid or missing API key")
            self.received.append(data)
            found = ["test one", "test two"][: data["limit"]]
            return {"results": found, "total": len(found)}


def _registry():
    """Return the schemas of which the specification shows the documents."""
    made = SchemaRegistry()
    fields = [
        field("id", required=True, description="User ID"),
        field("email", required=True, description="Email address"),
    ]
    users = IRModel("Users", V1, fields)
    made.register_model(users)
    made.register_model(IRModel("Products", V1, [field("id", required=True)]))
    for name, models, tags in (
        ("search", (SEARCH_INPUT, SEARCH_OUTPUT), ["search"]),
        ("create_user", (users, users), []),
    ):
        words = "Search for users" if tags else "Create a user"
        made.register_tool(IRTool(name, V1, words, *models, namespace="app", tags=tags))
    return made


@pytest.fixture(scope="session")
def backend():
    """The backend, at its `url`; the key must be sent to execute the tool."""
    pytest.importorskip("fastapi")
    pytest.importorskip("uvicorn")
    made = SearchBackend()
    with serving(made.app) as url:
        made.url = url
        yield made


@pytest.fixture
def here(tmp_path, monkeypatch):
    """An empty folder, which is the current one."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def flows(here):
    """The folder `flows`, with one flow that needs no agents."""
    (here / "flows").mkdir()
    (here / "flows" / "search_users.json").write_text(json.dumps(SEARCH_USERS))
    return here / "flows"


@pytest.fixture
def run(invoke, here):  # noqa: F811
    """Run the commands of a block, which must succeed; return their outcomes."""

    def call(block, url=PRINTED_URL):
        outcomes = [invoke(*words) for words in commands(block, url)]
        assert [each.exit_code for each in outcomes] == [0] * len(outcomes), outcomes
        return outcomes

    return call
