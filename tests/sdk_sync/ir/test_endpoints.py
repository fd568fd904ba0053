"""What an endpoint says of its path, its parameters and its responses."""

import pytest

from ai_spine.sdk_sync.errors import ConfigError, ImportError
from ai_spine.sdk_sync.ir import (
    IRBody,
    IREndpoint,
    IRField,
    IRParameter,
    IRResponse,
    IRSpec,
    IRType,
    SchemaVersion,
)

TEXT = IRField("", IRType.STRING)


@pytest.mark.parametrize(
    "path, tags, group",
    [
        ("/v1/users/{id}", [], "users"),
        ("/v1/users/{id}", ["People", "Other"], "People"),
        ("/api/v2beta1/teams", [], "teams"),
        ("/{id}", [], "default"),
        ("/v1", [], "v1"),
        ("/", [], "default"),
    ],
)
def test_an_endpoint_without_tags_is_grouped_by_its_path(path, tags, group):
    assert IREndpoint(path, "GET", "", tags=tags).get_group() == group


def test_a_fixed_query_is_no_part_of_the_url_path():
    endpoint = IREndpoint("/a?beta=true&x#part", "GET", "")
    assert endpoint.get_url_path() == "/a"
    assert endpoint.get_fixed_query() == [("beta", "true"), ("x", "")]


@pytest.mark.parametrize(
    "location, style, explode",
    [
        ("path", "simple", False),
        ("query", "form", True),
        ("header", "simple", False),
        ("cookie", "form", True),
    ],
)
def test_the_style_of_a_parameter_depends_on_its_location(location, style, explode):
    parameter = IRParameter("p", location, TEXT)
    assert (parameter.get_style(), parameter.get_explode()) == (style, explode)


def test_a_schema_has_the_name_of_its_parameter():
    parameter = IRParameter("limit", "query", TEXT, required=True)
    assert (parameter.schema.name, parameter.schema.required) == ("limit", True)


@pytest.mark.parametrize(
    "make, words",
    [
        (lambda: IRParameter("", "query", TEXT), "a parameter needs a name"),
        (lambda: IRParameter("p", "body", TEXT), "cookie, not 'body'"),
        (lambda: IRResponse("ok"), "a status is 200, 2XX or default, not 'ok'"),
        (lambda: IREndpoint("users", "GET", ""), "a path begins with /"),
        (lambda: IREndpoint("/users", "get", ""), "a method is one of GET, POST"),
    ],
)
def test_parts_that_no_api_has_are_refused(make, words):
    with pytest.raises(ConfigError, match=words):
        make()


def test_security_that_is_empty_is_not_the_security_of_the_specification():
    written = IREndpoint("/a", "GET", "", security=[]).to_dict()
    assert IREndpoint.from_dict(written).security == []
    assert "security" not in IREndpoint("/a", "GET", "").to_dict()


@pytest.mark.parametrize(
    "data, words",
    [
        ({"parameters": {}}, "/e/parameters cannot be of type dict"),
        ({"parameters": [{"name": "p"}]}, "IRParameter at /e/parameters/0 has no loc"),
        ({"bodies": [{"content_type": "a", "schema": 5}]}, "/e/bodies/0/schema must"),
        ({"responses": [{"status": "200", "content": []}]}, "/e/responses/0/content"),
        ({"responses": [{"status": "x"}]}, "IRResponse at /e/responses/0: a status"),
    ],
)
def test_an_endpoint_that_cannot_be_read_is_refused_with_its_place(data, words):
    with pytest.raises(ImportError, match=words):
        IREndpoint.from_dict(
            {"path": "/a", "method": "GET", "description": "", **data}, place="/e"
        )


def test_a_body_without_a_schema_comes_out_as_it_went_in():
    endpoint = IREndpoint("/a", "GET", "", bodies=[IRBody("text/plain")])
    assert IREndpoint.from_dict(endpoint.to_dict()) == endpoint


def test_a_title_that_is_no_text_is_refused():
    with pytest.raises(ImportError, match="/title cannot be of type int"):
        IRSpec.from_dict({"version": "1.0.0", "title": 5})


def test_what_an_api_has_is_only_written_if_it_is_set():
    assert "servers" not in IRSpec(SchemaVersion(1)).to_dict()
