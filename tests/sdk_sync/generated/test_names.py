"""Names of groups, methods and classes, and references: nothing is lost, and nothing collides."""

import pytest

from tests.sdk_sync.generated.packages import generated, package_of


@pytest.fixture
def api(client_of, wire):
    wire.respond({})
    return client_of("naming")


def groups_of(client):
    """Return the methods of each group that a client has."""
    return {
        name: [each for each in dir(getattr(client, name)) if not each.startswith("_")]
        for name, value in vars(type(client)).items()
        if isinstance(value, property) and not name.startswith("_")
    }


def test_each_operation_is_a_method_of_one_group(api):
    found = groups_of(api.sync)
    methods = [name for each in found.values() for name in each]
    assert len(methods) == generated("naming").operation_count == 12


def test_an_operation_without_tags_is_in_a_group_of_its_path(api, wire):
    assert "users" in groups_of(api.sync) and "untagged" in groups_of(api.sync)
    api.untagged.untagged()
    assert wire.sent.path == "/untagged/things"


def test_tags_that_look_alike_are_one_group_and_only_the_first_tag_counts(api, wire):
    found = groups_of(api.sync)
    assert "in_alike" in found["alike"] and len(found["alike"]) == 3
    assert "first" in found and "second" not in found


def test_operations_that_look_alike_are_two_methods(api, wire):
    called = set()
    for method in groups_of(api.sync)["alike"]:
        getattr(api.alike, method)()
        called.add(wire.sent.path)
    assert called == {"/alike/one", "/alike/two", "/alike/three"}


def test_an_operation_id_that_is_there_twice_names_one_of_them(api, wire):
    for method in groups_of(api.sync)["users"]:
        getattr(api.users, method)(*(["1"] if method != "get_users" else []))
    assert "get_user" in groups_of(api.sync)["users"]
    assert len(groups_of(api.sync)["users"]) == 3


def test_keywords_of_python_are_names_with_an_underscore(api, wire):
    api.class_.import_()
    assert wire.sent.path == "/keyword"


def test_the_key_of_a_schema_names_its_class_and_not_its_title(api, wire):
    models = package_of("naming").models
    wire.respond({"b": "x"})
    result = api.models_.echo_titles(a="y")
    assert type(result) is models.ThingOutput
    assert wire.sent.json == {"a": "y"}


def test_a_class_for_an_inline_schema_leaves_the_names_of_components(api, wire):
    models = package_of("naming").models
    wire.respond({"component": "c"})
    result = api.models_.echo_collide({"schema": {"inline": "i"}})
    assert type(result) is models.EntitySchema and result.component == "c"
    assert wire.sent.json == {"schema": {"inline": "i"}}


def test_schemas_that_differ_in_case_are_two_classes(api, wire):
    wire.respond({"y": "1"})
    result = api.models_.echo_case({"x": "2"})
    assert result.y == "1" and wire.sent.json == {"x": "2"}


REFERENCES = [
    ("get_thing", ("1",), {"id": "1", "part": {"a": "x"}}),
    ("get_deep", (), {"a": "x"}),
    ("get_paths", (), {"n": 5}),
    ("get_inline", (), {"n": 5}),
    ("get_files", (), {"name": "a", "tree": {"children": [{"children": []}]}}),
    ("get_siblings", (), {"id": "1", "extra": "e"}),
    ("get_addresses", (), {"local": {"b": "x"}, "anchored": {"c": "y"}}),
    ("send_body", ({"id": "1"},), {"id": "1"}),
]


@pytest.mark.parametrize("method, given, value", REFERENCES)
def test_a_reference_of_any_kind_is_followed(client_of, wire, method, given, value):
    wire.respond(value)
    api = client_of("references")
    result = getattr(api.refs, method)(*given)
    assert api.sync.codec.to_json(result) == value
    assert type(result).__name__ != "dict"
    assert generated("references").warnings == []
