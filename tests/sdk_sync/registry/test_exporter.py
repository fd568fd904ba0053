"""A backend's schemas are read as they are; what is wrong with them is said."""

import asyncio
import json
import threading

import pytest

from ai_spine.sdk_sync.errors import ConfigError, ExportError, NetworkError
from ai_spine.sdk_sync.ir import IRField, IRModel, IRSpec, IRTool, IRType, SchemaVersion
from ai_spine.sdk_sync.registry import SchemaExporter, SchemaRegistry
from tests.needs import needs
from tests.raw_server import CLOSE, STALL, RawServer, answer
from tests.sdk_sync.registry.backends import MANIFEST, SPEC, serving

KEY = "sk-live-0815-never-print"
V1, V2 = SchemaVersion(1), SchemaVersion(2)
USER = IRModel("User", V1, [IRField("id", IRType.STRING, required=True)])
SEARCH = IRTool("search", V1, "Search", IRModel("In"), IRModel("Out"), tags=["search"])
USER_PATH, SEARCH_PATH = f"{MANIFEST}/models/User", "/api/_meta/tools/search"
LISTS = {
    "version": "1.0.0",
    "models": [{"name": "User"}],
    "tools": [{"name": "search"}],
}


def manifest(version="1.0.0", **more):
    latest = {"versions": [version], "latest": version}
    return {"models": {"User": latest}, "tools": {"search": latest}, **more}


PAGES = {
    MANIFEST: manifest(version="1.0.0", api_version="2.1"),
    USER_PATH: USER.to_json_schema(),
    SEARCH_PATH: SEARCH.to_dict(),
}


@pytest.fixture(params=["sync", pytest.param("async", marks=needs("aiohttp"))])
def export(request, monkeypatch):
    """Exports from a backend, without asyncio or with it, and does not retry."""
    monkeypatch.setenv("AI_SPINE_MAX_RETRIES", "0")

    def run(url, **more):
        exporter = SchemaExporter(backend_url=url, **more)
        if request.param == "sync":
            return exporter.export_from_backend_sync()
        return asyncio.run(exporter.export_from_backend())

    return run


@needs("aiohttp")
def test_the_readme_of_the_exporter_works_as_printed():
    spec = IRSpec(V1, models={"User": USER}, tools={"search": SEARCH})

    async def main(url):
        exporter = SchemaExporter(backend_url=url)
        spec = await exporter.export_from_backend()
        registry = SchemaRegistry()
        registry.import_spec(spec)
        return registry

    with serving({SPEC: spec.to_dict()}) as backend:
        registry = asyncio.run(main(backend.url))
    assert registry.get_model("User") == USER
    assert registry.get_tool("search") == SEARCH


def test_a_whole_specification_is_read_with_one_request(export):
    spec = IRSpec(V2, "7", {"User": USER}, {"search": SEARCH}, metadata={"a": 1})
    with serving({**PAGES, SPEC: spec.to_dict()}) as backend:
        assert export(backend.url) == spec
    assert backend.asked == [SPEC]


@pytest.mark.parametrize("shape", [LISTS, manifest(), {**LISTS, "models": ["User"]}])
def test_a_manifest_is_read_in_each_of_its_shapes(export, shape):
    with serving({**PAGES, MANIFEST: shape}) as backend:
        spec = export(backend.url)
    assert spec.models == {"User": USER} and spec.tools == {"search": SEARCH}
    assert spec.version == V1 and spec.metadata == {"source": "backend"}
    assert backend.asked[:2] == [SPEC, MANIFEST]


def test_versions_of_the_manifest_are_asked_for(export):
    with serving({**PAGES, MANIFEST: manifest(api_version="2.1")}) as backend:
        assert export(backend.url).api_version == "2.1"
    assert set(backend.asked[2:]) == {
        f"{USER_PATH}?version=1.0.0",
        f"{SEARCH_PATH}?version=1.0.0",
    }


def test_a_plain_json_schema_has_the_name_and_version_of_the_manifest(export):
    draft = "http://json-schema.org/draft-07/schema#"
    pages = {
        **PAGES,
        MANIFEST: manifest("2.0.0"),
        USER_PATH: {"$schema": draft, "type": "object", "properties": {}},
        SEARCH_PATH: {"input_schema": {}, "output_schema": {}},
    }
    with serving(pages) as backend:
        spec = export(backend.url)
    assert spec.models["User"].version == spec.tools["search"].version == V2
    assert spec.models["User"].constraints == {"$schema": draft}


def test_names_are_percent_encoded(export):
    name = "a/b c?#é%"
    path = f"{MANIFEST}/models/a%2Fb%20c%3F%23%C3%A9%25"
    pages = {MANIFEST: {"models": [name, name]}, path: {"title": name}}
    with serving(pages) as backend:
        assert list(export(backend.url).models) == [name]
    assert backend.asked[2:] == [path]


def test_a_backend_without_models_is_an_empty_specification(export):
    with serving({MANIFEST: {}}) as backend:
        assert export(backend.url) == IRSpec(V1, metadata={"source": "backend"})


def test_a_specification_of_thousands_of_models_is_read(export):
    names = [f"Model{number}" for number in range(2_000)]
    models = {name: IRModel(name).to_json_schema() for name in names}
    spec = {"version": "1.0.0", "models": models}
    with serving({SPEC: spec}) as backend:
        assert list(export(backend.url).models) == names


def test_parts_are_asked_for_eight_at_once_and_never_more(export):
    eight = threading.Barrier(8)  # lets nobody pass before eight are there
    names = [f"Model{number}" for number in range(40)]

    def page(name):
        return lambda: eight.wait(20) is not None and {"title": name}

    pages = {f"{MANIFEST}/models/{name}": page(name) for name in names}
    with serving({MANIFEST: {"models": names}, **pages}) as backend:
        assert list(export(backend.url).models) == names
    assert backend.most_at_once == 8


def test_a_backend_that_is_down_is_a_network_error(export):
    with RawServer(listening=False) as server:
        with pytest.raises(NetworkError) as caught:
            export(server.url)
        error = caught.value
        assert (error.code, error.backend_url) == ("SDK010", server.url)
    assert "connection refused" in str(error).lower()
    assert f"GET {SPEC}" in str(error) and server.url in str(error)


def test_a_backend_that_hangs_is_a_network_error(export):
    with RawServer(STALL) as server:
        with pytest.raises(NetworkError, match="timed out|0.2 s"):
            export(server.url, timeout=0.2)


def test_a_backend_without_metadata_says_what_to_do(export):
    with serving({}) as backend:
        with pytest.raises(ExportError) as caught:
            export(backend.url)
    assert (caught.value.code, caught.value.backend_url) == ("SDK007", backend.url)
    assert str(caught.value) == (
        f"{backend.url}: there is nothing at /api/_meta/spec and /api/_meta/schemas (404): "
        "build the backend with --export-schemas, or read its schemas from a file or a folder"
    )


HTML = b"<!doctype html><title>Hello</title>"
LIES = {
    "html": ({SPEC: HTML}, f"{SPEC} cannot be read: .*not JSON .text/html, 35 bytes"),
    "half": ({MANIFEST: b'{"models'}, f"{MANIFEST} cannot be read: .*not JSON"),
    "refused": ({SPEC: (401, {"detail": "no"})}, f"{SPEC} cannot be read: 401: "),
    "broken": ({MANIFEST: (500, {})}, f"{MANIFEST} cannot be read: 500: "),
    "no spec": (
        {SPEC: {"a": 1}},
        f"{SPEC} is no specification: a specification has no",
    ),
    "a list": ({MANIFEST: []}, f"{MANIFEST} is wrong: it must be an object"),
    "text": ({MANIFEST: {"models": "a"}}, "is wrong: its models cannot be of type str"),
    "no entry": (
        {MANIFEST: {"tools": {"a": 1}}},
        "is wrong: what is at /tools in it must be an object, not of type int",
    ),
    "no name": ({MANIFEST: {"models": [{}]}}, "None cannot be the name of a model"),
    "dots": ({MANIFEST: {"models": [".."]}}, "'..' cannot be the name of a model"),
    "half a pair": ({MANIFEST: {"tools": ["\ud800"]}}, "cannot be the name of a tool"),
    "no version": (
        {MANIFEST: {"models": {"a": {"latest": "new"}}}},
        f"{MANIFEST} is wrong: a version has three numbers, such as 1.2.3; 'new' has not",
    ),
    "its version": (
        {MANIFEST: {"version": 1}},
        f"{MANIFEST} is wrong: a version has three numbers",
    ),
    "missing": (
        {USER_PATH: (404, {})},
        f"{MANIFEST} is wrong: it names model 'User', but {USER_PATH} is not found",
    ),
    "part html": ({SEARCH_PATH: HTML}, f"{SEARCH_PATH} cannot be read: .*not JSON"),
    "part a list": ({USER_PATH: []}, f"{USER_PATH} is wrong: it must be an object"),
    "no schema": (
        {USER_PATH: {"type": "odd"}},
        "model 'User' cannot be read: 'odd' is",
    ),
    "no tool": ({SEARCH_PATH: {}}, "tool 'search' cannot be read: IRTool has no input"),
    "other name": (
        {USER_PATH: {"title": "Pet"}},
        f"{USER_PATH} is wrong: model 'User' has the name 'Pet' in its own schema",
    ),
    "other version": (
        {USER_PATH: {**USER.to_json_schema(), "x-version": "1.0.1"}},
        f"{USER_PATH} is wrong: model 'User' has version 1.0.1; {MANIFEST} says 1.0.0",
    ),
}


@pytest.mark.parametrize("lie", LIES)
def test_what_is_wrong_is_named_with_its_path(export, lie):
    pages, words = LIES[lie]
    with serving({**PAGES, **pages}) as backend:
        with pytest.raises(ExportError, match=words.replace("(", "[(]")) as caught:
            export(backend.url)
    assert str(caught.value).startswith(backend.url)
    assert "\n" not in str(caught.value)


def test_a_response_without_end_is_refused(export):
    head = answer(200, b"", content_length=str(100 * 2**20), content_type="text/json")
    with RawServer((head + b" " * (65 * 2**20), "")) as server:
        with pytest.raises(
            ExportError, match="larger than 64 MiB .GET /api/_meta/spec"
        ):
            export(server.url, timeout=20)


@pytest.mark.parametrize(
    "page",
    [
        {MANIFEST: {"models": [KEY]}},
        {USER_PATH: {"title": KEY}},
        {SPEC: {KEY: 1}},
        {SPEC: (400, {"detail": f"no such key: {KEY}"})},
        {SPEC: {"version": KEY}},
    ],
)
def test_no_error_shows_the_key(export, page):
    with serving({**PAGES, **page}) as backend:
        with pytest.raises(ExportError) as caught:
            export(backend.url, api_key=KEY)
    assert backend.keys == {f"Bearer {KEY}"}
    assert KEY not in json.dumps(caught.value.to_dict())
    assert caught.value.__suppress_context__
    assert KEY not in repr(vars(SchemaExporter(backend.url, api_key=KEY)))


def test_a_wrong_setting_is_a_config_error(export):
    with pytest.raises(ConfigError, match="the exporter has no backend_url"):
        export(None)
    with pytest.raises(ConfigError, match="base_url"):
        export("localhost:8000/ä b")
    with pytest.raises(ConfigError, match="timeout"):
        export("http://127.0.0.1", timeout=-1)


def test_a_folder_is_read_as_its_specification_says(tmp_path):
    spec = IRSpec(V2, models={"User": USER}, metadata={"a": 1})
    (tmp_path / "spec.json").write_text(spec.to_json())
    assert SchemaExporter().export_from_directory(tmp_path) == spec


def test_a_folder_without_one_is_its_newest_schemas_and_its_problems(tmp_path):
    registry = SchemaRegistry(tmp_path)
    registry.register_model(USER)
    registry.register_model(IRModel("User", V2))
    registry.save()
    damaged = tmp_path / "models" / "+user" / "3.0.0.json"
    damaged.write_text("{")
    exporter = SchemaExporter()
    spec = exporter.export_from_directory(str(tmp_path))
    assert spec.models == {"User": IRModel("User", V2)}
    assert spec.metadata == {"source": "directory"} and spec.version == V1
    assert [each.path for each in exporter.problems] == [damaged]


def test_a_backend_that_goes_down_is_asked_for_nothing_more(export):
    listed = answer(200, {"models": [f"Model{number}" for number in range(200)]})
    with RawServer(answer(404, {}), listed, CLOSE) as server:
        with pytest.raises(NetworkError, match=f"GET {MANIFEST}/models/Model"):
            export(server.url)
        assert len(server.requests) < 100


@needs("aiohttp")
def test_after_a_network_error_no_other_request_is_waited_for(monkeypatch):
    monkeypatch.setenv("AI_SPINE_MAX_RETRIES", "0")
    done, waited = threading.Event(), []
    eight = threading.Barrier(8)

    def fail():
        eight.wait(20)
        raise ConnectionError

    def hang():
        eight.wait(20)
        waited.append(done.wait(5))
        return {}

    names = [f"Model{number}" for number in range(8)]
    pages = {f"{MANIFEST}/models/{name}": hang for name in names[1:]}
    pages[f"{MANIFEST}/models/Model0"] = fail
    with serving({MANIFEST: {"models": names}, **pages}) as backend:
        with pytest.raises(NetworkError, match="Model0"):
            asyncio.run(SchemaExporter(backend.url).export_from_backend())
        assert waited == []
        done.set()
