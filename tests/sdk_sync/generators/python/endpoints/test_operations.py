"""Tests of the plan of operations."""

import random

import pytest

from ai_spine.sdk_sync.generators.python.endpoints.config import Config
from ai_spine.sdk_sync.generators.python.endpoints.operations import plan_operations
from tests.sdk_sync.generators.python.endpoints.support import (
    TEXT,
    body,
    document,
    parameter,
    read,
)


@pytest.fixture
def plan(tmp_path):
    """Plan the operations of a document."""

    def make(paths, config=Config(), given={}, **more):
        return plan_operations(
            read(tmp_path, document(paths, **more)).spec, config, given
        )

    return make


def one(plan):
    (found,) = plan.operations
    return found


def arguments(operation):
    return [(each.name, each.parameter.location) for each in operation.arguments]


def test_operations_are_in_the_group_of_their_first_tag(plan):
    made = plan(
        {
            "GET /users": {"operationId": "listUsers", "tags": ["Users", "Admin"]},
            "GET /v1/pets": {"operationId": "listPets"},
            "GET /": {"operationId": "root"},
        },
        tags=[{"name": "Users", "description": "People who buy.\nMore."}],
    )
    assert [
        (g.names.attribute, [o.name for o in g.operations]) for g in made.groups
    ] == [
        ("default", ["root"]),
        ("pets", ["list_pets"]),
        ("users", ["list_users"]),
    ]
    assert [each.summary for each in made.groups] == [
        "Default.",
        "Pets.",
        "People who buy.",
    ]


def test_tags_are_renamed_and_merged(plan):
    paths = {"GET /a": {"tags": ["A"]}, "GET /b": {"tags": ["B b"]}}
    made = plan(paths, Config(tags={"A": "b-b"}))
    (group,) = made.groups
    assert group.names.module == "b_b"


def test_a_group_of_one_word_is_described_by_it(plan):
    (group,) = plan({"GET /a": {"tags": ["mapLayers"]}}).groups
    assert group.summary == "Map layers."


def test_what_is_configured_to_be_left_out_is_not_there(plan):
    paths = {"GET /a": {"operationId": "a"}, "GET /b": {"operationId": "b"}}
    made = plan(paths, Config(left_out_operations=("a",)))
    assert [each.name for each in made.operations] == ["b"]


def test_configured_names_that_are_nowhere_are_a_warning(plan):
    made = plan({"GET /a": {"operationId": "a"}}, Config(operations={"z": "y"}))
    assert made.warnings == [
        "[tool.ai-spine.sdk-sync] names the operation 'z', which is not there"
    ]


def test_a_configured_name_that_another_has_is_a_warning(plan):
    paths = {"GET /a": {"operationId": "a"}, "POST /a": {"operationId": "b"}}
    pointer = "/paths/~1a/post/name"
    made = plan(paths, Config(operations={"a": "c", "b": "c"}))
    assert made.names[pointer] == "c2"
    assert made.warnings == [f"{pointer}: its method is c2, because c is taken."]


def test_a_configured_name_is_taken_from_another_of_an_earlier_run(plan):
    paths = {"GET /a": {"operationId": "b"}, "POST /a": {"operationId": "a"}}
    made = plan(paths, Config(operations={"b": "a"}), {"/paths/~1a/post/name": "a"})
    assert made.names["/paths/~1a/get/name"] == "a"
    assert not made.warnings


def test_headers_that_the_client_writes_are_no_arguments(plan):
    names = ("Accept", "content-type", "AUTHORIZATION", "Idempotency-Key", "X-Trace")
    headers = [parameter(each, "header") for each in names]
    operation = one(plan({"GET /a": {"parameters": headers}}))
    assert arguments(operation) == [("x_trace", "header")]
    assert operation.takes_key


def test_a_parameter_that_the_client_knows_is_not_required(plan):
    paths = {"GET /w/{workspaceId}": {"parameters": [parameter("workspaceId", "path")]}}
    (argument,) = one(plan(paths)).arguments
    assert argument.client_default == "workspace_id"
    assert not argument.is_required
    (argument,) = one(
        plan(paths, Config(client_defaults={"workspaceId": ""}))
    ).arguments
    assert argument.is_required


def test_a_variable_of_the_path_that_is_not_declared_is_a_required_text(plan):
    operation = one(plan({"GET /a/{id}": {}}))
    assert arguments(operation) == [("id", "path")]
    assert operation.arguments[0].is_required


def test_names_are_in_the_lock_file_by_the_place_in_the_document(plan):
    paths = {"GET /a": {"operationId": "a", "parameters": [parameter("q")]}}
    made = plan(paths)
    assert made.names == {
        "/paths/~1a/get/name": "a",
        "/paths/~1a/get/parameters/query/q": "q",
    }
    given = {
        "/paths/~1a/get/name": "first",
        "/paths/~1a/get/parameters/query/q": "query",
    }
    again = plan(paths, given=given)
    assert again.names == given
    assert (again.operations[0].name, arguments(again.operations[0])) == (
        "first",
        [("query", "query")],
    )


def test_the_order_of_keys_does_not_matter(plan):
    paths = {
        f"{method} /{name}": {
            "operationId": "same" if name in "ab" else None,
            "tags": [name],
        }
        for name in "abcd"
        for method in ("GET", "POST")
    }
    wanted = plan(paths)
    for seed in range(3):
        keys = list(paths)
        random.Random(seed).shuffle(keys)
        made = plan({key: paths[key] for key in keys})
        assert (made.names, made.groups) == (wanted.names, wanted.groups)


def statuses(replies):
    return [each.status for each in replies]


def test_responses_of_errors_are_apart_from_those_that_are_returned(plan):
    responses = {
        "200": body(TEXT),
        "204": {"description": "", "content": {"application/json": {}}},
        "302": {"description": ""},
        "4XX": body(TEXT),
        "default": body(TEXT),
    }
    operation = one(plan({"GET /a": {"responses": responses}}))
    assert statuses(operation.successes) == ["200", "204"]
    assert operation.successes[1].contents == ()
    assert statuses(operation.errors) == ["4XX", "default"]


def test_default_is_a_success_where_no_other_is_declared(plan):
    operation = one(plan({"GET /a": {"responses": {"default": body(TEXT)}}}))
    assert statuses(operation.successes) == ["default"]
    assert statuses(operation.errors) == ["default"]


def test_head_requests_return_nothing(plan):
    operation = one(plan({"HEAD /a": {"responses": {"200": body(TEXT)}}}))
    assert operation.kinds == []


def test_json_is_preferred_unless_something_else_is_configured(plan):
    content = {
        each: {"schema": TEXT} for each in ("text/csv", "a/b", "application/json")
    }
    paths = {"POST /a": {"requestBody": {"content": content}}}
    found = [each.content_type for each in one(plan(paths)).bodies]
    assert found == ["application/json", "text/csv", "a/b"]
    config = Config(content_types=("a/*", "text/*"))
    found = [each.content_type for each in one(plan(paths, config)).bodies]
    assert found == ["a/b", "text/csv", "application/json"]


def test_xml_is_left_out_where_there_is_json(plan):
    content = {each: {"schema": TEXT} for each in ("application/json", "text/xml")}
    paths = {"GET /a": {"responses": {"200": {"description": "", "content": content}}}}
    assert one(plan(paths)).kinds == ["json"]


def test_json_and_a_stream_are_two_methods(plan):
    content = {each: {} for each in ("application/json", "text/event-stream")}
    responses = {"200": {"description": "", "content": content}}
    made = plan(
        {
            "GET /a": {"operationId": "chat", "responses": responses, "tags": ["a"]},
            "GET /b": {"operationId": "chatStream", "tags": ["a"]},
        }
    )
    assert [(each.name, each.stream_name) for each in made.operations] == [
        ("chat", "chat_stream2"),
        ("chat_stream", None),
    ]
