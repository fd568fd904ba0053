"""Parameters of every place, style and type: what a call of a generated client sends."""

import datetime
import uuid

import pytest

from ai_spine.exceptions import ValidationError
from tests.sdk_sync.generated.packages import generated, package_of


@pytest.fixture
def api(client_of, wire):
    wire.respond({})
    return client_of("parameters")


@pytest.mark.parametrize("value", ["a/b", "a?b=c", "a b", "ä%", "a#b", "a;b"])
def test_a_value_in_a_path_is_quoted_whole(api, wire, value):
    from urllib.parse import quote

    api.path.get_thing(value)
    assert wire.sent.path == f"/things/{quote(value, safe='')}"


@pytest.mark.parametrize("value", [".", "..", ""])
def test_a_value_that_would_change_the_path_is_refused(api, wire, value):
    with pytest.raises(ValidationError):
        api.path.get_thing(value)
    assert wire.requests == []


def test_a_list_in_a_path_is_written_in_its_style(api, wire):
    api.path.get_labels(["a", "b"])
    assert wire.sent.path == "/labels/.a.b"
    api.path.get_simple([1, 2])
    assert wire.sent.path == "/simple/1,2"


def test_an_object_in_a_path_is_written_in_its_style(api, wire):
    api.path.get_matrix({"x": 1, "y": 2})
    assert wire.sent.path == "/matrix/;x=1;y=2"


def test_names_that_python_reserves_are_arguments_with_an_underscore(api, wire):
    api.path.get_keyword("a", from_="b", self_="c", timeout_=5, timeout=3)
    assert wire.sent.path == "/keywords/a"
    assert sorted(wire.sent.query) == [("from", "b"), ("self", "c"), ("timeout", "5")]


def test_a_variable_that_is_no_parameter_is_a_required_argument(api, wire):
    api.path.get_undeclared("x")
    assert wire.sent.path == "/undeclared/x/parts"
    with pytest.raises(TypeError):
        api.path.get_undeclared()
    assert any("'name'" in each for each in generated("parameters").warnings)


def test_a_query_in_the_path_is_always_sent(api, wire):
    api.path.get_fixed()
    assert wire.sent.target == "/fixed?beta=true"
    api.path.get_fixed(limit=5)
    assert wire.sent.target == "/fixed?beta=true&limit=5"


def test_a_path_outside_ascii_is_encoded(api, wire):
    api.path.get_berry("ø")
    assert wire.sent.path == "/bl%C3%A5b%C3%A6r/%C3%B8"


def test_parameters_of_one_name_in_two_places_are_two_arguments(api, wire):
    import inspect

    names = list(inspect.signature(api.sync.path.get_same).parameters)
    api.path.get_same(**{names[0]: "a", names[1]: "b"})
    assert wire.sent.target == "/same/a?id=b"


def test_values_are_written_as_their_types_say(api, wire):
    tier = package_of("parameters").models.Tier
    key = uuid.UUID(int=7)
    at = datetime.datetime(2026, 1, 2, 3, 4, 5, tzinfo=datetime.timezone.utc)
    api.path.get_typed(
        datetime.date(2026, 1, 2),
        at=at,
        key=key,
        tier=tier("Pro-Plus"),
        active=False,
        ratio=0.5,
    )
    assert wire.sent.path == "/typed/2026-01-02"
    sent = dict(wire.sent.query)
    assert datetime.datetime.fromisoformat(sent.pop("at").replace("Z", "+00:00")) == at
    assert sent == {
        "key": str(key),
        "tier": "Pro-Plus",
        "active": "false",
        "ratio": "0.5",
    }


def test_lists_in_a_query_are_written_in_each_style(api, wire):
    two = ["a b", "c,d"]
    api.query.get_lists(exploded=two, commas=two, spaces=["a", "b"], pipes=["a", "b"])
    assert wire.sent.query[:2] == [("exploded", "a b"), ("exploded", "c,d")]
    assert "commas=a%20b,c%2Cd" in wire.sent.raw_query
    assert "spaces=a%20b" in wire.sent.raw_query
    assert dict(wire.sent.query)["pipes"] == "a|b"


def test_nested_objects_in_a_query_are_deep_objects(api, wire):
    api.query.get_objects(filter={"name": "a", "ids": [1, 2], "created": {"gt": 5}})
    query = wire.sent.query
    assert ("filter[name]", "a") in query
    assert ("filter[created][gt]", "5") in query
    assert [value for name, value in query if name.startswith("filter[ids]")] == [
        "1",
        "2",
    ]


def test_a_parameter_with_a_content_is_json(api, wire):
    import json

    api.query.get_objects(where={"a": 1})
    ((name, value),) = wire.sent.query
    assert (name, json.loads(value)) == ("where", {"a": 1})


def test_an_exploded_object_is_a_parameter_for_each_property(api, wire):
    api.query.get_exploded(filter={"color": "red", "size": 5})
    assert sorted(wire.sent.query) == [("color", "red"), ("size", "5")]


def test_reserved_characters_stay_only_where_the_document_says_so(api, wire):
    api.query.get_reserved(where="a/b:c", plain="a/b:c")
    assert "where=a/b:c" in wire.sent.raw_query
    assert "plain=a%2Fb%3Ac" in wire.sent.raw_query


def test_a_default_is_never_sent(api, wire):
    api.query.get_defaults()
    assert wire.sent.target == "/defaults"


def test_headers_are_written_in_the_style_simple(api, wire):
    api.others.get_headers(
        x_trace="t", x_flag=True, x_count=5, x_ids=["a", "b"], x_point={"x": 1, "y": 2}
    )
    named = {k: v for k, v in wire.sent.headers.items() if k.startswith("X-")}
    assert named["X-Trace"] == "t"
    assert (named["X-Flag"], named["X-Count"]) == ("true", "5")
    assert (named["X-Ids"], named["X-Point"]) == ("a,b", "x=1,y=2")


def test_a_header_cannot_bring_another_one(api, wire):
    with pytest.raises(ValidationError):
        api.others.get_headers(x_trace="a\r\nX-Other: b")
    assert wire.requests == []


def test_cookies_are_sent_together(api, wire):
    api.others.get_cookies(session="a", ids=[1, 2])
    assert wire.sent.headers["Cookie"] == "session=a; ids=1,2"
