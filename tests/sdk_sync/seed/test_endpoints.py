"""The documents of `/api/_meta` have each key that the specification prints."""

import json

import pytest
import requests

from ai_spine.local import LocalServer
from tests.local import LIMIT
from tests.sdk_sync.seed.page import BLOCKS

NAME = "search"
FLOW = {
    "flow_id": NAME,
    "nodes": [{"id": "results", "type": "input"}],
    "entry_point": "results",
    "exit_points": ["results"],
    "input_schema": {"type": "object", "properties": {"query": {"type": "string"}}},
}
DIALECTS = "$schema"  # printed as draft-07; ours is 2020-12


@pytest.fixture(scope="module")
def local():
    """The URL of a local server with a flow `search`."""
    with LocalServer([FLOW], {}) as server:
        yield server.url


def printed(document, **renamed):
    """Return a printed document, whose names may be others here."""
    text = BLOCKS[document].replace("{ ... }", "{}")
    for before, after in renamed.items():
        text = text.replace(f'"{before}"', f'"{after}"')
    return json.loads(text)


def get(url, path):
    response = requests.get(f"{url}/api/_meta/{path}", timeout=LIMIT)
    assert response.status_code == 200, response.text
    return response.json()


def missing(expected, found, at="", same=lambda a, b: type(a) is type(b)):
    """Return the places of a printed document that another has not, or not so."""
    if isinstance(expected, dict) and isinstance(found, dict):
        places = []
        for name, each in expected.items():
            if name not in found:
                places.append(f"{at}/{name}")
            elif name != DIALECTS:
                places += missing(each, found[name], f"{at}/{name}", same)
        return places
    return [] if same(expected, found) else [at]


def equal(first, second):
    return first == second


def test_a_fastapi_backend_serves_the_manifest_as_printed(backend):
    expected, found = printed("GET /api/_meta/schemas"), get(backend.url, "schemas")
    assert missing(expected, found, same=equal) == [] and set(found) == set(expected)


def test_a_fastapi_backend_serves_a_model_as_printed(backend):
    expected = printed("GET /api/_meta/schemas/models/{name}")
    found = get(backend.url, "schemas/models/Users?version=1.0.0")
    assert missing(expected, found, same=equal) == []
    assert found["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert set(found) - set(expected) == {"x-version"}


def test_a_fastapi_backend_serves_a_tool_as_printed(backend):
    expected = printed("GET /api/_meta/tools/{name}")
    found = get(backend.url, "tools/search?version=1.0.0")
    assert missing({**expected, "input_schema": {}}, found, same=equal) == []
    assert found["input_schema"]["title"] == "SearchInput"
    assert found["output_schema"]["title"] == "SearchOutput"


def test_a_fastapi_backend_serves_the_spec_as_printed(backend):
    expected = printed("GET /api/_meta/spec", namel3ss="ai-spine")
    del expected["metadata"]["namespace"]  # tools have namespaces, a registry has none
    found = get(backend.url, "spec?version=1.0.0&api_version=1.0")
    assert missing(expected, found, same=equal) == []


DOCUMENTS = [
    ("GET /api/_meta/schemas", "schemas"),
    ("GET /api/_meta/tools/{name}", "tools/search?version=1.0.0"),
    ("GET /api/_meta/spec", "spec?version=1.0.0&api_version=1.0"),
]


@pytest.mark.parametrize("document, path", DOCUMENTS)
def test_a_local_server_serves_documents_with_the_printed_keys(local, document, path):
    names = {"Users": "SearchInput", "Products": "SearchOutput", "create_user": NAME}
    expected = printed(document, **names)
    assert missing(expected, get(local, path)) == []


def test_a_local_server_serves_a_model_with_the_printed_keys(local):
    expected = printed("GET /api/_meta/schemas/models/{name}")
    expected["properties"], expected["required"] = {"query": {"type": "string"}}, []
    found = get(local, "schemas/models/SearchInput?version=1.0.0")
    assert missing(expected, {"required": [], **found}) == []


def test_both_backends_have_the_same_keys_in_their_documents(backend, local):
    for path in ("schemas", "tools/search", "spec"):
        assert set(get(backend.url, path)) == set(get(local, path))
