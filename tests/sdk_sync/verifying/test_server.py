"""The server of a document: takes what the document says, and nothing else."""

import json
import sys

import pytest

from ai_spine.sdk_sync.errors import ConfigError
from ai_spine.sdk_sync.verifying.server import DocumentServer
from tests.needs import needs
from tests.sdk_sync.verifying.support import ask, operation, parameter, serving

pytestmark = needs("openapi_core")
TEXT, NUMBER = {"type": "string"}, {"type": "integer"}
JSON = "application/json"
THING = {
    "type": "object",
    "required": ["name"],
    "properties": {"name": TEXT, "size": NUMBER},
    "additionalProperties": False,
}
BODY = {"required": True, "content": {JSON: {"schema": THING}}}


def status_of(folder, item, method, target, body=None, /, headers=None, **more):
    """Return the status for a request, and the sentence of a refusal."""
    with serving(folder, item, **more) as server:
        status, _, content = ask(server, method, target, body, **(headers or {}))
        assert server.received[0].problem == (
            json.loads(content)["detail"] if status in (404, 422) else None
        )
        return status, server.received[0].problem


@pytest.mark.parametrize(
    "target, status",
    [
        ("/things/5", 200),
        ("/things/five", 422),
        ("/things/5?limit=3", 200),
        ("/things/5?limit=30", 422),
        ("/things/5?tags=a&tags=b", 200),
        ("/things/5?commas=1,2", 200),
        ("/things/5?commas=1,b", 422),
        ("/things/5?pipes=1%7C2", 200),
        ("/things/5?spaces=1%202", 200),
        ("/things/5?spaces=1%20b", 422),
        ("/things/5?deep[a]=1", 200),
        ("/things/5?deep[a]=b", 422),
        ("/things/5?color=red&level=2", 200),
        ("/things/5?color=red&level=b", 422),
        ("/other", 404),
    ],
)
def test_parameters_are_judged_by_their_schemas_and_styles(tmp_path, target, status):
    numbers = {"type": "array", "items": NUMBER}
    mapping = {"type": "object", "properties": {"a": NUMBER}}
    point = {"type": "object", "properties": {"color": TEXT, "level": NUMBER}}
    parameters = [
        parameter("id", NUMBER, "path"),
        parameter("limit", {"type": "integer", "maximum": 10}),
        parameter("tags", {"type": "array", "items": TEXT}),
        parameter("commas", numbers, explode=False),
        parameter("pipes", numbers, style="pipeDelimited", explode=False),
        parameter("spaces", numbers, style="spaceDelimited", explode=False),
        parameter("deep", mapping, style="deepObject", explode=True),
        parameter("point", point),
    ]
    paths = {"/things/{id}": {"get": operation(THING, parameters=parameters)}}
    assert status_of(tmp_path, paths, "GET", target)[0] == status


@pytest.mark.parametrize(
    "style, explode, sent, status",
    [
        ("simple", False, "1,2", 200),
        ("label", True, ".1.2", 200),
        ("label", False, ".1,b", 422),
        ("matrix", True, ";ids=1;ids=2", 200),
        ("matrix", False, ";ids=1,2", 200),
        ("matrix", False, ";ids=b", 422),
    ],
)
def test_lists_in_paths_are_judged_in_each_style(
    tmp_path, style, explode, sent, status
):
    ids = {"type": "array", "items": NUMBER}
    given = parameter("ids", ids, "path", style=style, explode=explode)
    paths = {"/things/{ids}": {"get": operation(parameters=[given])}}
    assert status_of(tmp_path, paths, "GET", f"/things/{sent}")[0] == status


def test_headers_and_cookies_are_judged(tmp_path):
    given = [
        parameter("X-Count", NUMBER, "header", required=True),
        parameter("sid", NUMBER, "cookie"),
    ]
    paths = {"/things": {"get": operation(parameters=given)}}
    cases = [
        ({"X_Count": "5"}, 200),
        ({"X_Count": "b"}, 422),
        ({}, 422),
        ({"X_Count": "5", "Cookie": "sid=4"}, 200),
        ({"X_Count": "5", "Cookie": "sid=b"}, 422),
    ]
    with serving(tmp_path, paths) as server:
        for headers, status in cases:
            assert ask(server, "GET", "/things", **headers)[0] == status


@pytest.mark.parametrize(
    "body, kind, status",
    [
        ({"name": "a"}, JSON, 200),
        ({"name": 5}, JSON, 422),
        ({}, JSON, 422),
        ("{", JSON, 422),
        (None, JSON, 422),
        ({"name": "a"}, "text/csv", 422),
    ],
)
def test_bodies_are_judged(tmp_path, body, kind, status):
    paths = {"/things": {"post": operation(requestBody=BODY)}}
    headers = {"Content_Type": kind}
    assert (
        status_of(tmp_path, paths, "POST", "/things", body, headers=headers)[0]
        == status
    )


def test_a_refusal_says_where_and_why(tmp_path):
    paths = {"/things": {"post": operation(requestBody=BODY)}}
    headers = {"Content_Type": JSON}
    body = {"name": "a", "size": "b"}
    _, said = status_of(tmp_path, paths, "POST", "/things", body, headers=headers)
    assert said == "Request body validation error: size: 'b' is not of type 'integer'"


@pytest.mark.parametrize("scheme", ["oauth2", "openIdConnect", "http"])
def test_a_request_needs_the_credentials_of_its_operation(tmp_path, scheme):
    known = {"key": {"type": scheme, "scheme": "Bearer"}}
    paths = {"/things": {"get": operation(security=[{"key": []}])}}
    with serving(tmp_path, paths, components={"securitySchemes": known}) as server:
        assert ask(server, "GET", "/things")[0] == 422
        assert ask(server, "GET", "/things", Authorization="Basic x")[0] == 422
        assert ask(server, "GET", "/things", Authorization="Bearer x")[0] == 200


def test_the_response_is_chosen_by_what_is_accepted_and_by_the_test(tmp_path):
    content = {"text/csv": {"schema": TEXT}, JSON: {"schema": THING}}
    missing = {"content": {"application/problem+json": {"schema": THING}}}
    responses = {
        "404": {"description": "No.", **missing},
        "200": {"description": "Fine.", "content": content},
        "4XX": {"description": "No."},
        "default": {"description": "Oh.", **missing},
    }
    paths = {"/things": {"get": {"operationId": "list", "responses": responses}}}
    with serving(tmp_path, paths) as server:
        status, headers, body = ask(server, "GET", "/things")
        assert (status, headers["Content-Type"]) == (200, JSON)
        assert json.loads(body) == {"name": "text", "size": 1}
        assert ask(server, "GET", "/things", Accept="text/csv")[2] == b"text"
        for chosen, sent in [("404", 404), ("4XX", 400), ("default", 500)]:
            server.choose("list", chosen)
            assert ask(server, "GET", "/things")[0] == sent
        server.choose("list", "200", "text/csv")
        assert ask(server, "GET", "/things")[1]["Content-Type"] == "text/csv"
        assert not any(each.problem for each in server.received)


@pytest.mark.parametrize(
    "kind, schema, body",
    [
        ("text/plain", TEXT, b"text"),
        ("application/octet-stream", {**TEXT, "format": "binary"}, None),
        ("text/event-stream", THING, b'data: {"name": "text", "size": 1}\n\n' * 2),
        ("application/x-ndjson", THING, b'{"name": "text", "size": 1}\n' * 2),
        ("application/problem+json", THING, b'{"name": "text", "size": 1}'),
        ("*/*", THING, b'{"name": "text", "size": 1}'),
        ("*/*", TEXT, b"text"),
        ("*/*", {**TEXT, "format": "binary"}, None),
        ("image/*", TEXT, None),
        ("application/xml", THING, b"<value/>"),
    ],
)
def test_each_media_type_has_its_own_form(tmp_path, kind, schema, body):
    with serving(tmp_path, {"/things": {"get": operation(schema, kind)}}) as server:
        status, headers, content = ask(server, "GET", "/things")
        assert status == 200
        assert content == body or (body is None and b"\xff" in content)
        assert "*" not in headers["Content-Type"]
        assert server.received[0].problem is None


def test_an_empty_response_has_no_body(tmp_path):
    paths = {"/a": {"get": operation(status="204"), "head": operation(THING)}}
    with serving(tmp_path, paths) as server:
        assert ask(server, "GET", "/a")[::2] == (204, b"")
        assert ask(server, "HEAD", "/a")[::2] == (200, b"")


def test_declared_headers_are_sent(tmp_path):
    headers = {
        "X-Rate": {"schema": NUMBER, "required": True},
        "X-List": {"schema": {"type": "array", "items": NUMBER, "minItems": 2}},
        "X-Json": {"content": {JSON: {"schema": {"type": "boolean"}}}},
        "X-Bad": {"schema": {"not": {}}},
        "X-Map": {"schema": {"type": "object", "required": ["a"]}},
    }
    paths = {
        "/a": {"get": {"responses": {"200": {"description": "", "headers": headers}}}}
    }
    with serving(tmp_path, paths) as server:
        _, found, _ = ask(server, "GET", "/a")
        named = {name: value for name, value in found.items() if name[:2] == "X-"}
        assert named == {
            "X-Rate": "1",
            "X-List": "1,1",
            "X-Json": "true",
            "X-Map": "a,text",
        }
        assert server.received[0].problem is None


def test_the_response_itself_is_judged(tmp_path, monkeypatch):
    from ai_spine.sdk_sync.verifying import answers

    monkeypatch.setattr(answers, "_dumped", lambda value: b'{"name": 5}')
    with serving(tmp_path, {"/a": {"get": operation(THING)}}) as server:
        ask(server, "GET", "/a")
        assert "name: 5 is not of type 'string'" in server.received[0].problem


def test_what_cannot_be_checked_is_said_and_no_fault(tmp_path):
    paths = {
        "/xml": {"get": operation(THING, "application/xml")},
        "/dangling": {"get": operation({"$ref": "#/components/schemas/None"})},
        "/none": {"get": operation({"not": {}})},
        "/pattern": {
            "get": operation(parameters=[parameter("q", {**TEXT, "pattern": "("})])
        },
    }
    with serving(tmp_path, paths) as server:
        for path in paths:
            assert ask(server, "GET", f"{path}?q=a")[0] == 200
        found = [each.unchecked for each in server.received]
        assert not any(each.problem for each in server.received)
    assert found[0] == "openapi-core does not read application/xml"
    assert found[1].startswith("openapi-core fails: ")
    assert found[2] == "no example fits the schema of the response"
    assert found[3].startswith("openapi-core fails: ")


def test_the_operation_with_the_most_names_is_called(tmp_path):
    paths = {
        "/a/{id}": {"get": operation(operationId="by_id")},
        "/a/b": {"get": operation(operationId="by_name")},
        "/a/b?beta=true": {"get": operation(operationId="beta")},
        "/ø/{id}.txt": {"get": operation(operationId="text")},
    }
    with serving(tmp_path, paths) as server:
        for target in ("/a/c%2Fd", "/a/b", "/a/b?beta=true", "/%C3%B8/x.txt"):
            assert ask(server, "GET", target)[0] == 200
        names = [each.operation for each in server.received]
    assert names == ["by_id", "by_name", "beta", "text"]


def test_schemas_are_told_apart_by_a_discriminator_without_a_mapping(tmp_path):
    kind = {"kind": {"const": "c"}}
    cat = {"type": "object", "required": ["kind"], "properties": kind}
    dog = {
        "allOf": [{"properties": {"kind": {"enum": ["d", "e"]}}, "required": ["kind"]}]
    }
    members = [
        {"$ref": "#/components/schemas/Cat"},
        {"$ref": "#/components/schemas/Dog"},
    ]
    schema = {"oneOf": members, "discriminator": {"propertyName": "kind"}}
    body = {"content": {JSON: {"schema": schema}}}
    paths = {"/pets": {"post": operation(schema, requestBody=body)}}
    with serving(
        tmp_path, paths, components={"schemas": {"Cat": cat, "Dog": dog}}
    ) as server:
        for name, status in [("c", 200), ("e", 200), ("f", 422)]:
            sent = {"kind": name}
            assert ask(server, "POST", "/pets", sent, Content_Type=JSON)[0] == status


def test_a_document_without_paths_has_no_operations(tmp_path):
    path = tmp_path / "openapi.json"
    path.write_text('{"openapi": "3.1.0", "info": {"title": "a", "version": "1"}}')
    with DocumentServer(path) as server:
        assert ask(server, "GET", "/")[0] == 404


def test_a_body_in_chunks_is_read(tmp_path):
    paths = {"/things": {"post": operation(requestBody=BODY)}}
    with serving(tmp_path, paths) as server:
        pieces = iter([b'{"name":', b' "a"}'])
        assert ask(server, "POST", "/things", pieces, Content_Type=JSON)[0] == 200


def test_a_server_that_is_not_started_has_no_url(tmp_path):
    with serving(tmp_path, {}) as server:
        pass
    with pytest.raises(RuntimeError, match="use it in a `with`"):
        _ = server.url


def test_a_missing_library_is_named(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "openapi_core", None)
    with pytest.raises(ConfigError) as caught:
        with serving(tmp_path, {}):
            pass
    assert caught.value.message == (
        "sdk-sync verify needs openapi-core: pip install 'ai-spine-sdk[sdk-sync,verify]'"
    )


@pytest.mark.parametrize("version", ["3.0.3", "3.1.0"])
def test_what_only_responses_have_is_not_required_in_requests(tmp_path, version):
    fields = {
        "id": {"type": "string", "readOnly": True},
        "key": {"$ref": "#/components/schemas/Key"},
    }
    thing = {"type": "object", "required": ["id", "key"], "properties": fields}
    key = {"type": "string", "writeOnly": True}
    item = {
        "/things": {
            "post": {
                "requestBody": {"required": True, "content": {JSON: {"schema": thing}}},
                "responses": operation(thing)["responses"],
            }
        }
    }
    more = {"version": version, "components": {"schemas": {"Key": key}}}
    asked = (tmp_path, item, "POST", "/things")
    headers = {"headers": {"Content_Type": JSON}}
    assert status_of(*asked, {"key": "k"}, **headers, **more) == (200, None)
    status, problem = status_of(*asked, {}, **headers, **more)
    assert status == 422 and "'key' is a required property" in problem
