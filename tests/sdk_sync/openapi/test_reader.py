"""Documents: which operations and schemas they have, and what of a flawed one is lost."""

import pytest

from ai_spine.sdk_sync.errors import ConfigError, ImportError
from ai_spine.sdk_sync.ir import IRSpec, IRType, SchemaVersion
from ai_spine.sdk_sync.openapi import reader
from tests.needs import needs
from tests.sdk_sync.openapi.support import OK, TEXT, document, read, sentences

GET = {"responses": OK}


def names(found):
    return list(found.spec.endpoints)


def test_a_document_says_what_its_api_is(tmp_path):
    info = {"title": "Shop", "version": "2.1.0", "license": {"name": "MIT"}}
    found = read(
        tmp_path,
        document(
            info=info,
            servers=[{"url": "/v1"}, {"url": 5}, "x"],
            tags=[{"name": "a"}],
            security=[{"key": []}],
            components={"securitySchemes": {"key": {"type": "http"}, "bad": 5}},
        ),
    )
    spec = found.spec
    assert (spec.title, spec.api_version) == ("Shop", "2.1.0")
    assert spec.version == SchemaVersion(2, 1, 0)
    assert spec.servers == [{"url": "/v1"}]
    assert spec.security_schemes == {"key": {"type": "http"}}
    assert spec.security == [{"key": []}]
    assert spec.metadata["info"] == {"license": {"name": "MIT"}}
    assert spec.metadata["tags"] == [{"name": "a"}]
    assert sentences(found) == [
        "this must be an object: it is left out",
        "a server needs a url: it is left out",
        "a server needs a url: it is left out",
    ]


def test_a_document_without_paths_has_its_schemas(tmp_path):
    found = read(tmp_path, {"openapi": "3.1.0", "components": {"schemas": {"A": TEXT}}})
    assert list(found.spec.models) == ["A"]
    assert (found.spec.title, found.spec.api_version) == (None, "1.0")
    assert found.problems == []


def test_a_version_that_is_no_semantic_one_is_that_of_the_api(tmp_path):
    spec = read(tmp_path, document(info={"title": "A", "version": "2024-01-02"})).spec
    assert (spec.api_version, str(spec.version)) == ("2024-01-02", "1.0.0")


@pytest.mark.parametrize(
    "data, words",
    [
        ({"swagger": "2.0"}, "is Swagger 2.0: convert it to OpenAPI 3 first"),
        ({"type": "object"}, "is no OpenAPI document: it has no key `openapi`"),
        ([], "is no OpenAPI document"),
        ({"openapi": "4.0.0"}, "is OpenAPI 4.0.0; 3.0 and 3.1 can be read"),
    ],
)
def test_what_is_no_document_of_3_0_or_3_1_is_refused(tmp_path, data, words):
    with pytest.raises(ImportError, match=words):
        read(tmp_path, data)


def test_a_later_version_is_read_as_3_1_with_a_warning(tmp_path):
    found = read(tmp_path, document({"/a": {"get": GET}}, version="3.2.0"))
    assert names(found) == ["get_a"]
    assert sentences(found) == [
        "OpenAPI 3.2.0 is read as 3.1: what is new in it is not"
    ]


def test_operations_are_named_by_their_ids_or_else_by_method_and_path(tmp_path):
    paths = {
        "/": {"get": GET},
        "/a/{b}": {
            "parameters": [{"name": "b", "in": "path", "required": True}],
            "get": GET,
            "put": {"operationId": "put", **GET},
        },
        "/a-{b}": {"get": {"operationId": "get_a_b", **GET}},
        "/x": {"get": {"operationId": "put", **GET}, "post": {"operationId": 5, **GET}},
    }
    found = read(tmp_path, document(paths))
    assert names(found) == ["get", "get_a_b_2", "put", "get_a_b", "get_x", "post_x"]
    assert found.spec.endpoints["get_x"].operation_id is None
    assert "the operationId 'put' is there twice" in sentences(found)[1]


def test_a_broken_operation_is_left_out_and_the_rest_is_there(tmp_path):
    paths = {
        "/a": {
            "get": GET,
            "post": 5,
            "put": {"requestBody": {"$ref": "#/none"}, **GET},
        },
        "/b": 5,
        "/c": {"$ref": "#/none"},
        "x-more": 5,
    }
    found = read(tmp_path, document(paths))
    assert names(found) == ["get_a"]
    assert found.operations == 5
    assert found.left_out == ["/b", "/c", "POST /a", "PUT /a"]
    errors = [each for each in found.problems if each.severity == "error"]
    assert {each.pointer for each in errors} == {
        "/paths/~1a/post",
        "/paths/~1a/put",
        "/paths/~1b",
        "/paths/~1c",
    }
    assert "POST /a is left out: an operation must be an object" in sentences(found)
    assert "PUT /a is left out: its body cannot be read" in sentences(found)


def test_of_an_operation_that_is_there_twice_one_is_left_out(tmp_path):
    paths = {
        "": {"get": GET},
        "/": {"get": GET},
        "/a": {"get": {"operationId": "a", **GET}, "GET": GET},
    }
    for given in (paths, dict(reversed(paths.items()))):
        found = read(tmp_path, document(given))
        assert sorted(names(found)) == ["a", "get"]
        assert found.operations == 4
        assert sorted(found.left_out) == ["GET /", "GET /a"]
        errors = [each for each in found.problems if each.severity == "error"]
        assert {each.pointer for each in errors} == {"/paths/~1a/GET", "/paths//get"}


def test_a_path_that_no_request_can_have_is_left_out(tmp_path):
    found = read(tmp_path, document({"/\ud800": {"get": GET}, "/a": {"get": GET}}))
    assert names(found) == ["get_a"] and found.left_out == ["GET /\ud800"]
    assert "GET /? is left out: its path is no Unicode text" in sentences(found)


def test_a_broken_schema_allows_any_value_and_the_rest_is_there(tmp_path):
    schemas = {"A": 5, "B": {"type": "string"}}
    found = read(tmp_path, document({"/a": {"get": GET}}, schemas=schemas))
    assert found.spec.models["A"].root.type is IRType.ANY
    assert found.spec.models["B"].root.type is IRType.STRING
    (problem,) = found.problems
    assert (problem.pointer, problem.severity) == ("/components/schemas/A", "warning")
    assert names(found) == ["get_a"]


def test_no_operation_is_lost_without_being_listed(tmp_path, monkeypatch):
    monkeypatch.setattr(reader, "_free_name", lambda *_: "same")
    with pytest.raises(ImportError, match="an operation was lost"):
        read(tmp_path, document({"/a": {"get": GET, "post": GET}}))


def test_oddities_of_paths_are_put_right_with_a_warning(tmp_path):
    paths = {"a": {"GET": GET, "fetch": {}, "summary": "S", "x-a": 1}}
    found = read(tmp_path, document(paths))
    (endpoint,) = found.spec.endpoints.values()
    assert (endpoint.path, endpoint.method, endpoint.summary) == ("/a", "GET", "S")
    assert sentences(found) == [
        "a path begins with /: it is added",
        "a method is written in lower case",
        "'fetch' is no method: it is left out",
    ]


def test_an_empty_path_has_no_operations(tmp_path):
    found = read(tmp_path, document({"/a": None, "/b": {}}))
    assert (found.operations, found.left_out) == (0, [])
    assert sentences(found) == ["the path has no operations"]


def test_a_fixed_query_makes_another_operation(tmp_path):
    found = read(tmp_path, document({"/a": {"get": GET}, "/a?v=2": {"get": GET}}))
    assert names(found) == ["get_a", "get_a_v_2"]
    assert found.spec.endpoints["get_a_v_2"].get_fixed_query() == [("v", "2")]


def test_webhooks_and_callbacks_are_not_read_which_is_said(tmp_path):
    post = {"callbacks": {"done": {}}, **GET}
    webhooks = {"new": {"post": {}}}
    found = read(tmp_path, document({"/a": {"post": post}}, webhooks=webhooks))
    assert sorted(sentences(found)) == [
        "callbacks are not read",
        "webhooks are not read",
    ]
    assert names(found) == ["post_a"]


@needs("yaml")
def test_problems_have_lines_and_are_in_the_order_of_the_document(tmp_path):
    text = """
openapi: 3.1.0
info: {title: A, version: 1.0.0}
paths:
  /a:
    get:
      responses:
        200: {description: Fine}
        ok: {description: Fine}
components:
  schemas:
    A: {type: thing}
    A: {type: thing}
"""
    found = read(tmp_path, text)
    assert [str(each) for each in found.problems] == [
        "openapi.yaml:9: 'ok' is no status: the response is left out"
        " (at /paths/~1a/get/responses/ok)",
        "openapi.yaml:13: the key is there twice: the last one is used"
        " (at /components/schemas/A)",
        "openapi.yaml:13: type cannot be 'thing': it is left out"
        " (at /components/schemas/A/type)",
    ]
    (endpoint,) = found.spec.endpoints.values()
    assert [each.status for each in endpoint.responses] == ["200"]


@needs("openapi_spec_validator")
@pytest.mark.parametrize("version", ["3.0.3", "3.1.0"])
def test_a_validator_adds_its_findings(tmp_path, version):
    bad = document({"/a": {"get": {"responses": {"200": {}}}}}, version=version)
    assert read(tmp_path, bad).problems == []
    found = read(tmp_path, bad, validate=True)
    assert "openapi-spec-validator says: " in sentences(found)[0]
    assert names(found) == ["get_a"]


@needs("openapi_spec_validator")
def test_a_validator_that_fails_is_a_warning(tmp_path):
    bad = document({"/a": {"$ref": "none.json"}})
    found = read(tmp_path, bad, validate=True)
    assert any("openapi-spec-validator failed" in each for each in sentences(found))


def test_a_validator_that_is_not_installed_is_an_error(tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "openapi_spec_validator", None)
    with pytest.raises(ConfigError, match="pip install openapi-spec-validator"):
        read(tmp_path, document(), validate=True)


def test_what_was_read_is_its_own_json(tmp_path):
    paths = {"/a": {"get": {**GET, "x-a": [1], "parameters": []}}}
    spec = read(tmp_path, document(paths, schemas={"A": TEXT})).spec
    assert IRSpec.from_json(spec.to_json()) == spec


def test_problems_are_warnings_of_which_the_worst_come_first(tmp_path):
    schemas = {f"A{n}": {"type": n} for n in range(30)}
    found = read(tmp_path, document({"/a": {"get": 5}}, schemas=schemas))
    said = reader.warnings_of(found)
    assert "GET /a is left out" in said[0]
    assert said[-1] == "11 more problems: `ai-spine sdk-sync inspect` lists them"
    assert len(said) == 21
