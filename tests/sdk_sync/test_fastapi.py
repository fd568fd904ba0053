"""Tests of the routes of `/api/_meta` in FastAPI applications, over a real server."""

import sys

import pytest
import requests

from ai_spine.models import Flow
from ai_spine.sdk_sync.errors import ConfigError
from ai_spine.sdk_sync.fastapi import metadata_router
from ai_spine.sdk_sync.flows import spec_of_flows
from ai_spine.sdk_sync.ir import IRModel, IRSpec
from ai_spine.sdk_sync.registry import SchemaRegistry
from tests.asgi import serving
from tests.local import LIMIT
from tests.needs import needs

pytestmark = [needs("fastapi"), needs("uvicorn")]


@pytest.fixture(scope="module")
def get():
    """Get a document of an application that has the flow `f`."""
    from fastapi import FastAPI

    app = FastAPI()
    app.include_router(metadata_router(spec_of_flows([Flow("f")])))
    with serving(app) as url, requests.Session() as session:
        session.trust_env = False
        yield lambda path: session.get(f"{url}/api/_meta{path}", timeout=LIMIT)


def test_the_manifest_is_served(get):
    assert get("/schemas").json() == {
        "version": "1.0.0",
        "api_version": "1.0",
        "models": {
            name: {"versions": ["1.0.0"], "latest": "1.0.0"}
            for name in ("FInput", "FOutput")
        },
        "tools": {"f": {"versions": ["1.0.0"], "latest": "1.0.0"}},
    }


def test_models_tools_and_the_spec_are_served(get):
    assert get("/schemas/models/FInput?version=1.0.0").json()["title"] == "FInput"
    assert get("/tools/f").json()["metadata"] == {"flow_id": "f"}
    spec = IRSpec.from_dict(get("/spec?version=2.0.0&api_version=3").json())
    assert (str(spec.version), spec.api_version) == ("2.0.0", "3")


@pytest.mark.parametrize(
    "path, status",
    [
        ("/schemas/models/GInput", 404),
        ("/schemas/models/a/b", 404),
        ("/tools/f?version=1.1.0", 404),
        ("/tools/f?version=1", 422),
        ("/spec?version=x", 422),
    ],
)
def test_what_cannot_be_served_has_the_status_and_the_reason(get, path, status):
    response = get(path)
    assert (response.status_code, list(response.json())) == (status, ["detail"])


def test_what_is_registered_later_is_served_as_well():
    from fastapi import FastAPI

    registry = SchemaRegistry()
    app = FastAPI()
    app.include_router(metadata_router(registry, version="5.0.0"))
    with serving(app) as url:
        registry.register_model(IRModel("Later"))
        body = requests.get(f"{url}/api/_meta/schemas", timeout=LIMIT).json()
    assert (body["version"], list(body["models"])) == ("5.0.0", ["Later"])


def test_without_fastapi_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "fastapi", None)
    with pytest.raises(ConfigError, match="needs FastAPI.*: pip install fastapi"):
        metadata_router(SchemaRegistry())
