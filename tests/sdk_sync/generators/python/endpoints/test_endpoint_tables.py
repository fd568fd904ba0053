"""Tests of operations as data."""

import pytest

from tests.sdk_sync.generators.python.endpoints.support import (
    TEXT,
    document,
    forget,
    generate,
    imported,
    parameter,
)

FORM = {
    "type": "object",
    "properties": {"a": {"type": "array", "items": TEXT}, "b": TEXT, "c": TEXT},
}
ENCODING = {
    "a": {"style": "pipeDelimited", "explode": False, "allowReserved": True},
    "b": {
        "contentType": "text/csv",
        "headers": {
            "X-Const": {"schema": {"const": "yes"}},
            "X-One": {"schema": {"enum": ["one"]}},
            "X-Any": {"schema": TEXT},
            "X-Odd": 5,
        },
    },
    "c": 5,
}


@pytest.fixture
def endpoint(tmp_path, monkeypatch):
    """Generate one operation, and return its data."""

    def make(operation, path="/a"):
        operation = {"operationId": "run", "tags": ["a"], **operation}
        generate(tmp_path, document({f"POST {path}": operation}), "table_shop")
        imported(monkeypatch, tmp_path, "table_shop")
        from table_shop.api import a

        return a._RUN

    yield make
    forget("table_shop")


def test_parameters_have_what_is_not_the_default(endpoint):
    parameters = [
        parameter("id", "path", style="matrix", explode=True),
        parameter("a", style="form", explode=True),
        parameter("b", style="deepObject", allowReserved=True, required=True),
        parameter("c", explode=False),
        {"name": "d", "in": "query", "content": {"application/json": {"schema": TEXT}}},
        parameter("e", "cookie"),
    ]
    made = endpoint({"parameters": parameters}, "/a/{id}").parameters
    assert [tuple(each) for each in made] == [
        ("id", "path", "matrix", True, False, None, None, False),
        ("a", "query", None, None, False, None, None, False),
        ("b", "query", "deepObject", None, True, None, None, True),
        ("c", "query", None, False, False, None, None, False),
        ("d", "query", None, None, False, "application/json", None, False),
        ("e", "cookie", None, None, False, None, None, False),
    ]


def test_forms_have_their_encoding(endpoint):
    content = {"multipart/form-data": {"schema": FORM, "encoding": ENCODING}}
    (body,) = endpoint({"requestBody": {"content": content}}).bodies
    assert set(body.encoding) == {"a", "b"}
    a, b = body.encoding["a"], body.encoding["b"]
    assert (a.style, a.explode, a.allow_reserved) == ("pipeDelimited", False, True)
    assert (b.content_type, b.headers) == (
        "text/csv",
        {"X-Const": "yes", "X-One": "one"},
    )


def test_a_body_of_lines_or_of_unknown_json_is_taken(endpoint):
    content = {"application/json": {}, "application/x-ndjson": {"schema": TEXT}}
    made = endpoint({"requestBody": {"content": content, "required": True}})
    assert [each.content_type for each in made.bodies] == list(content)
    assert made.body_required
    assert made.bodies[0].kind is None


def test_an_operation_has_servers_of_its_own(endpoint):
    server = {"url": "https://{a}.example.com", "variables": {"a": {"default": "x"}}}
    made = endpoint({"servers": [server, {"url": "/b"}, {"url": ""}]})
    assert [tuple(each) for each in made.servers] == [
        ("https://{a}.example.com", {"a": "x"}, {}),
        ("/b", {}, {}),
        ("", {}, {}),
    ]


def test_schemes_that_are_not_there_leave_it_to_the_token(endpoint):
    assert endpoint({"security": [{"gone": []}]}).security is None
