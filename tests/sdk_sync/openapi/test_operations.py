"""Operations: their parameters, bodies, responses and security."""

import pytest

from ai_spine.sdk_sync.ir import IRType
from tests.sdk_sync.openapi.support import (
    OK,
    TEXT,
    document,
    read,
    read_operation,
    sentences,
)

ID = {"name": "id", "in": "path", "required": True, "schema": TEXT}


def query(name, **more):
    return {"name": name, "in": "query", "schema": TEXT, **more}


def parameters_of(folder, *parameters, path="/things"):
    endpoint, said = read_operation(folder, {"parameters": list(parameters)}, path)
    return endpoint.parameters, said


def test_an_operation_says_what_it_does(tmp_path):
    endpoint, said = read_operation(
        tmp_path,
        {
            "summary": "S",
            "description": "D",
            "tags": ["a", 5, {}],
            "deprecated": True,
            "x-more": {"a": 1},
            "servers": [{"url": "/v2"}],
        },
    )
    assert (endpoint.summary, endpoint.description) == ("S", "D")
    assert (endpoint.tags, endpoint.deprecated) == (["a", "5"], True)
    assert endpoint.metadata == {"x-more": {"a": 1}}
    assert (endpoint.servers, said) == ([{"url": "/v2"}], [])


def test_parameters_of_the_path_hold_for_all_operations_unless_replaced(tmp_path):
    item = {
        "parameters": [ID, query("q"), query("r")],
        "servers": [{"url": "/v3"}],
        "get": {"parameters": [query("q", required=True)], "responses": OK},
    }
    found = read(tmp_path, document({"/things/{id}": item}))
    (endpoint,) = found.spec.endpoints.values()
    shown = [(each.name, each.required) for each in endpoint.parameters]
    assert shown == [("id", True), ("q", True), ("r", False)]
    assert endpoint.servers == [{"url": "/v3"}]
    assert found.problems == []


def test_one_name_may_be_in_two_places(tmp_path):
    found, _ = parameters_of(tmp_path, query("a"), {"name": "a", "in": "header"})
    assert [each.location for each in found] == ["query", "header"]


@pytest.mark.parametrize("name", ["id", "æøå", "from", "a-b"])
def test_a_name_in_the_path_that_no_parameter_has_is_a_required_text(tmp_path, name):
    (found,), said = parameters_of(tmp_path, path=f"/things/{{{name}}}")
    assert (found.name, found.location, found.required) == (name, "path", True)
    assert found.schema.type is IRType.STRING
    assert said == [
        f"the path has '{name}', which is no parameter: a required text is taken"
    ]


@pytest.mark.parametrize(
    "parameter, words",
    [
        (ID, "the path has no 'id': the parameter is left out"),
        ({"in": "query"}, "a parameter needs a name, and is in path, query, header"),
        ({"name": "", "in": "query"}, "a parameter needs a name: it is left out"),
        ({"name": "a", "in": "body"}, "a parameter needs a name, and is in path"),
        (5, "this must be an object: it is left out"),
        ({"$ref": "#/none"}, "'#/none' leads to nothing: it is left out"),
    ],
)
def test_a_broken_parameter_is_left_out(tmp_path, parameter, words):
    found, said = parameters_of(tmp_path, query("q"), parameter)
    assert [each.name for each in found] == ["q"]
    assert len(said) == 1 and words in said[0]


def test_a_list_of_parameters_that_is_none_is_left_out(tmp_path):
    endpoint, said = read_operation(tmp_path, {"parameters": {"a": 1}})
    assert endpoint.parameters == []
    assert said == ["parameters must be a list: they are left out"]
    assert read_operation(tmp_path, {"parameters": None})[1] == []


def test_a_parameter_that_is_there_twice_is_the_last_one(tmp_path):
    (found,), said = parameters_of(tmp_path, query("q"), query("q", required=True))
    assert (found.required, said) == (True, ["the parameter is there twice"])


def test_a_parameter_in_the_path_is_required(tmp_path):
    (found,), said = parameters_of(
        tmp_path, {"name": "id", "in": "path", "schema": TEXT}, path="/a/{id}"
    )
    assert found.required
    assert said == ["a parameter in a path is required: it is so"]


def test_a_parameter_says_how_it_is_written(tmp_path):
    given = query(
        "q",
        style="deepObject",
        explode=True,
        allowReserved=True,
        description="D",
        deprecated=True,
        example=5,
    )
    (found,), said = parameters_of(tmp_path, given)
    assert (found.style, found.explode, found.allow_reserved) == (
        "deepObject",
        True,
        True,
    )
    assert (found.description, found.deprecated) == ("D", True)
    assert (found.metadata, said) == ({"example": 5}, [])


@pytest.mark.parametrize(
    "more, words",
    [
        ({"style": "matrix"}, "'matrix' is no style of a query parameter"),
        ({"explode": "yes"}, "explode is true or false: it is left out"),
        ({"deprecated": 1}, "deprecated is true or false: it is left out"),
    ],
)
def test_what_a_parameter_cannot_be_is_left_out(tmp_path, more, words):
    (found,), said = parameters_of(tmp_path, query("q", **more))
    assert (found.style, found.explode, found.deprecated) == (None, None, False)
    assert len(said) == 1 and words in said[0]


@pytest.mark.parametrize(
    "content, kind, type_",
    [
        ({"application/json": {"schema": TEXT}}, "application/json", IRType.STRING),
        ({"application/json": {}}, "application/json", IRType.ANY),
        ({"application/json": None}, "application/json", IRType.ANY),
        ({}, None, IRType.ANY),
    ],
)
def test_a_parameter_may_have_a_media_type(tmp_path, content, kind, type_):
    given = {"name": "q", "in": "query", "content": content}
    (found,), _ = parameters_of(tmp_path, given)
    assert (found.content_type, found.schema.type) == (kind, type_)


def test_a_body_may_have_several_media_types(tmp_path):
    body = {
        "required": True,
        "description": "D",
        "x-a": 1,
        "content": {
            "application/json": {"schema": TEXT, "example": "e"},
            "multipart/form-data": {
                "schema": {"type": "object"},
                "encoding": {"file": {"contentType": "image/png"}},
            },
            "text/plain": {},
            "*/*": None,
        },
    }
    endpoint, said = read_operation(tmp_path, {"requestBody": body}, method="post")
    json, form, text, other = endpoint.bodies
    assert (json.content_type, json.required, json.description) == (
        "application/json",
        True,
        "D",
    )
    assert json.metadata == {"x-a": 1, "example": "e"}
    assert form.encoding == {"file": {"contentType": "image/png"}}
    assert (text.schema, other.schema) == (None, None)
    assert said == ["this must be an object: it is left out"]


@pytest.mark.parametrize(
    "body, words",
    [
        ({"content": {}}, "a body needs a content: it is left out"),
        ({"content": 5}, "this must be an object: it is left out"),
        ({}, "a body needs a content: it is left out"),
    ],
)
def test_a_body_without_a_content_is_left_out(tmp_path, body, words):
    endpoint, said = read_operation(tmp_path, {"requestBody": body}, method="post")
    assert endpoint.bodies == []
    assert words in said


def test_an_encoding_that_is_none_is_left_out(tmp_path):
    body = {"content": {"multipart/form-data": {"encoding": 5}}}
    endpoint, said = read_operation(tmp_path, {"requestBody": body}, method="post")
    assert endpoint.bodies[0].encoding == {}
    assert said == ["encoding must be an object: it is left out"]


@pytest.mark.parametrize(
    "method, words",
    [("get", ["a GET request has a body, which is unusual"]), ("delete", [])],
)
def test_a_get_with_a_body_is_read_with_a_warning(tmp_path, method, words):
    body = {"content": {"application/json": {"schema": TEXT}}}
    endpoint, said = read_operation(tmp_path, {"requestBody": body}, method=method)
    assert (len(endpoint.bodies), said) == (1, words)


def test_responses_have_statuses_ranges_and_a_default(tmp_path):
    content = {"*/*": {"schema": TEXT}, "text/csv": {}, "image/png": None}
    headers = {"X-Rate": {"schema": {"type": "integer"}}, "X-Bad": 5}
    responses = {
        "200": {"description": "D", "content": content, "headers": headers},
        "204": {},
        "4xx": {"description": "E", "links": {"a": {"operationId": "b"}}},
        "default": {"description": "F"},
        "x-more": 5,
        "600": {},
        "500": 5,
    }
    endpoint, said = read_operation(tmp_path, {"responses": responses})
    fine, empty, wrong, default = endpoint.responses
    assert fine.content["*/*"].type is IRType.STRING
    assert (fine.content["text/csv"], fine.content["image/png"]) == (None, None)
    assert fine.headers["X-Rate"].schema.type is IRType.INTEGER
    assert list(fine.headers) == ["X-Rate"]
    assert (empty.status, empty.description, empty.content) == ("204", "", {})
    assert (wrong.status, default.status) == ("4XX", "default")
    assert wrong.metadata == {"links": {"a": {"operationId": "b"}}}
    assert said == [
        "this must be an object: it is left out",
        "this must be an object: it is left out",
        "'600' is no status: the response is left out",
        "this must be an object: it is left out",
    ]


@pytest.mark.parametrize(
    "version, words",
    [("3.0.3", ["the operation has no responses: any is taken"]), ("3.1.0", [])],
)
def test_responses_are_needed_in_3_0_only(tmp_path, version, words):
    found = read(tmp_path, document({"/a": {"get": {}}}, version=version))
    assert sentences(found) == words


SCHEMES = {"securitySchemes": {"key": {"type": "http"}, "other": {"type": "apiKey"}}}


@pytest.mark.parametrize(
    "of_document, of_operation, read_as, is_required",
    [
        (None, None, None, False),
        ([{"key": []}], None, None, True),
        ([{"key": []}], [], [], False),
        ([{"key": []}], [{}], [{}], False),
        ([], [{"key": []}, {"other": []}], [{"key": []}, {"other": []}], True),
        ([], [{"key": ["a"], "other": []}], [{"key": ["a"], "other": []}], True),
        ([], [{}, {"key": []}], [{}, {"key": []}], False),
    ],
)
def test_security_is_that_of_the_operation_or_else_of_the_document(
    tmp_path, of_document, of_operation, read_as, is_required
):
    operation = {} if of_operation is None else {"security": of_operation}
    more = {} if of_document is None else {"security": of_document}
    endpoint, said = read_operation(tmp_path, operation, components=SCHEMES, **more)
    assert (endpoint.security, endpoint.auth_required) == (read_as, is_required)
    assert said == []


@pytest.mark.parametrize(
    "security, words",
    [
        ({"key": []}, "security must be a list: it is left out"),
        (["key"], "security must be a list: it is left out"),
        ([{"none": []}], "there is no security scheme 'none'"),
    ],
)
def test_security_that_is_wrong_is_reported(tmp_path, security, words):
    _, said = read_operation(tmp_path, {"security": security}, components=SCHEMES)
    assert said == [words]


@pytest.mark.parametrize(
    "key, value, words",
    [
        ("tags", "a", "tags must be a list: they are left out"),
        ("servers", {}, "servers must be a list: they are left out"),
    ],
)
def test_lists_that_are_none_are_left_out(tmp_path, key, value, words):
    endpoint, said = read_operation(tmp_path, {key: value})
    assert (getattr(endpoint, key), said) == ([], [words])
