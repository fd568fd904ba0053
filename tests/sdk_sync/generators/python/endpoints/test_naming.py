"""Tests of the names of groups, methods and arguments."""

import keyword
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ai_spine.sdk_sync.generators.python.endpoints.naming import (
    CLIENT_ATTRIBUTES,
    argument_names,
    group_names,
    method_names,
    snake_name,
)
from ai_spine.sdk_sync.ir import IREndpoint, IRParameter
from ai_spine.sdk_sync.runtime.async_base_client import AsyncBaseClient
from ai_spine.sdk_sync.runtime.base_client import BaseClient


def named(*endpoints, given={}, configured={}):
    """Return the names of methods for `(operationId, method, path)`."""
    made = {
        str(number): IREndpoint(path, method, "", operation_id=name)
        for number, (name, method, path) in enumerate(endpoints)
    }
    return list(method_names(made, given, configured).values())


def arguments(*parameters, given={}, configured={}):
    made = [IRParameter(name, location) for name, location in parameters]
    return argument_names(made, given, configured)


@settings(max_examples=200, deadline=None)
@given(st.text())
def test_any_text_becomes_an_identifier_that_python_reads_as_it_is(text):
    name = snake_name(text)
    assert name.isidentifier()
    assert unicodedata.normalize("NFKC", name) == name


def test_operation_ids_become_snake_case():
    assert named(
        ("startRun", "POST", "/runs"),
        ("list-runs", "GET", "/runs"),
        ("getHTTPLog", "GET", "/log"),
    ) == ["start_run", "list_runs", "get_http_log"]


def test_what_fastapi_adds_to_a_name_is_dropped():
    name = "get_flow_api_v1_flows__flow_id__get"
    assert named((name, "GET", "/api/v1/flows/{flow_id}")) == ["get_flow"]


def test_the_added_part_stays_where_names_would_be_alike():
    assert named(
        ("read_a_get", "GET", "/a"),
        ("read_b_get", "GET", "/b"),
    ) == ["read_a_get", "read_b_get"]


def test_a_missing_id_is_made_of_the_method_and_the_path():
    assert named(
        (None, "GET", "/api/v1/users/{userId}"),
        (None, "DELETE", "/api/v1/users/{userId}"),
        ("  ", "GET", "/"),
    ) == ["get_users_by_user_id", "delete_users_by_user_id", "get"]


def test_versions_tell_paths_apart_that_are_else_alike():
    assert named((None, "GET", "/v1/users"), (None, "GET", "/v2/users")) == [
        "get_v1_users",
        "get_v2_users",
    ]


def test_ids_that_are_alike_fall_back_to_method_and_path():
    assert named(("list-users", "GET", "/users"), ("listUsers", "GET", "/people")) == [
        "get_users",
        "get_people",
    ]


def test_what_is_still_alike_is_numbered():
    assert named((None, "GET", "/a-b"), (None, "GET", "/a_b")) == [
        "get_a_b",
        "get_a_b2",
    ]


@pytest.mark.parametrize("word", ["import", "str", "models", "method", "date"])
def test_keywords_and_names_in_annotations_are_no_methods(word):
    assert named((word, "GET", "/a")) == [f"{word}_"]


def test_names_of_an_earlier_run_stay():
    assert named(
        ("listUsers", "GET", "/users"),
        ("makeUser", "POST", "/users"),
        given={"1": "list_users"},
    ) == ["get_users", "list_users"]


def test_names_that_are_configured_win():
    assert named(
        ("a", "GET", "/a"),
        ("b", "GET", "/b"),
        given={"0": "kept"},
        configured={"0": "b"},
    ) == ["b", "get_b"]


def test_tags_that_are_alike_share_a_group():
    assert (
        group_names("Work Items")
        == group_names("workItems")
        == group_names("work-items")
    )


@pytest.mark.parametrize("client", [BaseClient, AsyncBaseClient])
def test_groups_hide_nothing_of_the_client(client):
    own = {each for each in dir(client) if not each.startswith("_")}
    assert own <= CLIENT_ATTRIBUTES
    assert group_names("with options").attribute == "with_options_"


@pytest.mark.parametrize(
    "tag, kind",
    [("Api", "ApiApi"), ("endpoint", "EndpointApi"), ("Session", "SessionApi")],
)
def test_classes_of_groups_hide_nothing_that_modules_import(tag, kind):
    assert group_names(tag).kind == kind


def test_arguments_are_no_keywords_and_none_of_those_of_all_methods():
    found = arguments(("from", "query"), ("self", "query"), ("body", "query"))
    assert found == ["from_", "self_", "body_"]
    assert not any(map(keyword.iskeyword, found))


def test_parameters_of_one_name_are_named_by_their_place():
    assert arguments(("id", "path"), ("id", "query"), ("ID", "header")) == [
        "id",
        "id_query",
        "id_header",
    ]


def test_parameters_that_are_alike_are_numbered():
    assert arguments(("user-id", "query"), ("userId", "query")) == [
        "user_id_query",
        "user_id_query2",
    ]


def test_names_of_arguments_stay():
    assert arguments(("q", "query"), given={"query/q": "query"}) == ["query"]
    assert arguments(("q", "query"), configured={"query/q": "search"}) == ["search"]
