"""Migrations: what is generated for changes, and what it does to data."""

import pytest

from ai_spine.sdk_sync.errors import ConfigError, MigrationError
from ai_spine.sdk_sync.ir import IRModel, SchemaMigration, SchemaVersion
from ai_spine.sdk_sync.versioning import MigrationGenerator, VersionManager
from ai_spine.sdk_sync.versioning.applying import apply_changes

V1, V2, V3, V4 = (SchemaVersion(n) for n in range(1, 5))
TEXT, NUMBER, WHOLE, FLAG = (
    {"type": name} for name in ("string", "number", "integer", "boolean")
)


def an_object(properties, *required, **more):
    return {
        "type": "object",
        "properties": properties,
        "required": list(required),
        **more,
    }


def migration(old, new):
    models = [
        IRModel.from_json_schema(schema, name="M", version=version)
        for schema, version in ((old, V1), (new, V2))
    ]
    return MigrationGenerator().generate(*models)


def upgraded(old, new, data):
    return VersionManager().execute_migration(migration(old, new), data)


def downgraded(old, new, data):
    made = migration(old, new)
    return VersionManager().execute_migration(made, data, "downgrade")


def there_and_back(old, new, data):
    return downgraded(old, new, upgraded(old, new, data))


@pytest.mark.parametrize(
    "schema, expected",
    [
        (TEXT, ""),
        (WHOLE, 0),
        (NUMBER, 0.0),
        (FLAG, False),
        ({"type": "array"}, []),
        (an_object({}), {}),
        ({"type": "null"}, None),
        ({}, None),
        ({"type": ["string", "null"]}, None),
        ({"type": ["integer", "string"]}, 0),
        ({"enum": ["b", "a"]}, "b"),
        ({"const": 3}, 3),
        ({"type": "string", "default": "x"}, "x"),
        ({"anyOf": [WHOLE, TEXT]}, 0),
        ({"type": "integer", "minimum": 3}, 3),
        ({"type": "integer", "maximum": -3}, -3),
        (an_object({"a": TEXT, "b": TEXT}, "b"), {"b": ""}),
        ({"$ref": "#/$defs/Loop"}, {"x": {}}),
        ({"type": "string", "format": "email"}, ""),
    ],
)
def test_a_required_field_that_is_added_has_a_default(schema, expected):
    loop = an_object({"x": {"$ref": "#/$defs/Loop"}}, "x")
    new = an_object({"a": schema}, "a", **{"$defs": {"Loop": loop}})
    found = upgraded(an_object({}), new, {})["a"]
    assert found == expected and type(found) is type(expected)


@pytest.mark.parametrize(
    "schema, expected",
    [
        (TEXT, {"a": ""}),
        ({"type": "string", "minLength": 1}, {}),
        ({"type": "string", "format": "email"}, {}),
        ({"type": "string", "pattern": "^x"}, {}),
        ({"type": "string", "pattern": "("}, {}),
        ({"type": "string", "pattern": "^x*$"}, {"a": ""}),
        ({"type": "string", "format": "email", "default": "a@b.c"}, {"a": "a@b.c"}),
        ({"type": "string", "minLength": 1, "enum": ["x"]}, {"a": "x"}),
        ({"type": "array", "minItems": 1}, {}),
        (an_object({"b": TEXT}, "b"), {}),
        ({"type": ["string", "null"], "minLength": 1}, {"a": None}),
    ],
)
def test_an_optional_field_is_left_out_unless_its_default_fits(schema, expected):
    assert upgraded(an_object({}), an_object({"a": schema}), {}) == expected
    assert downgraded(an_object({"a": schema}), an_object({}), {}) == expected


def test_a_default_of_millions_of_fields_is_not_made():
    wide = [f"f{n}" for n in range(9)]
    nested = {
        f"N{n}": an_object(dict.fromkeys(wide, {"$ref": f"#/$defs/N{n + 1}"}), *wide)
        for n in range(9)
    }
    new = an_object({"a": {"$ref": "#/$defs/N0"}}, "a", **{"$defs": nested})
    assert len(repr(upgraded(an_object({}), new, {}))) < 5000


def test_what_is_there_already_stays():
    assert upgraded(an_object({}), an_object({"a": TEXT}), {"a": "b"}) == {"a": "b"}


@pytest.mark.parametrize(
    "old, new, before, after",
    [
        (TEXT, WHOLE, "5", 5),
        (TEXT, NUMBER, "5.5", 5.5),
        (NUMBER, WHOLE, 5.0, 5),
        (FLAG, TEXT, True, "true"),
        (TEXT, FLAG, "false", False),
        (NUMBER, TEXT, 2.5, "2.5"),
        (TEXT, {"type": "array", "items": TEXT}, "a", ["a"]),
        (TEXT, {"type": "array", "items": WHOLE}, "5", [5]),
        ({"type": "array", "items": WHOLE}, TEXT, [5], "5"),
        ({"type": "object"}, {"type": "array"}, {"x": 1}, [{"x": 1}]),
        (TEXT, {"type": ["integer", "string"]}, "5", "5"),
        (
            {"type": "array", "items": TEXT},
            {"type": "array", "items": WHOLE},
            ["5"],
            [5],
        ),
        (
            {"type": "object", "additionalProperties": TEXT},
            {"type": "object", "additionalProperties": WHOLE},
            {"x": "5"},
            {"x": 5},
        ),
    ],
)
def test_values_are_converted_and_back(old, new, before, after):
    pair = an_object({"a": old}), an_object({"a": new})
    found = upgraded(*pair, {"a": before})["a"]
    assert found == after and type(found) is type(after)
    assert there_and_back(*pair, {"a": before}) == {"a": before}
    assert upgraded(old, new, before) == after


@pytest.mark.parametrize(
    "old, new, value, words",
    [
        (TEXT, WHOLE, "abc", "the value at /a cannot be converted to integer: 'abc'"),
        (TEXT, WHOLE, "05", "integer: '05'"),
        (TEXT, NUMBER, "1e999", "number: '1e999'"),
        (TEXT, WHOLE, "9" * 5000, "integer: '999"),
        (TEXT, FLAG, "yes", "boolean: 'yes'"),
        (FLAG, WHOLE, True, "integer: True"),
        (NUMBER, WHOLE, 1.5, "integer: 1.5"),
        ({"type": "array"}, TEXT, ["a", "b"], "string: "),
        ({"type": "object"}, TEXT, {"a": 1}, "string: "),
        (TEXT, {"type": "null"}, "a", "null: 'a'"),
    ],
)
def test_a_value_that_cannot_be_converted_is_named(old, new, value, words):
    with pytest.raises(MigrationError) as caught:
        upgraded(an_object({"a": old}), an_object({"a": new}), {"a": value})
    assert words in str(caught.value)
    assert str(caught.value).startswith("cannot migrate 'M' from 1.0.0 to 2.0.0: ")
    assert len(str(caught.value)) < 300
    assert caught.value.schema_name == "M"


def test_null_gets_the_default_where_it_may_be_no_longer():
    nullable = {"type": ["integer", "null"]}
    old, new = an_object({"a": nullable}), an_object({"a": {**WHOLE, "default": 7}})
    assert upgraded(old, new, {"a": None}) == {"a": 7}
    assert upgraded(old, new, {"a": 1}) == {"a": 1}
    assert upgraded(new, old, {"a": None}) == {"a": None}
    assert downgraded(new, old, {"a": None}) == {"a": 7}


def test_a_field_that_becomes_required_gets_its_default():
    old, new = an_object({"a": TEXT}), an_object({"a": TEXT}, "a")
    assert upgraded(old, new, {}) == {"a": ""}
    assert downgraded(old, new, {}) == {}
    assert downgraded(new, old, {}) == {"a": ""}


def test_a_field_is_renamed_and_converted_and_required_and_back():
    old = an_object({"mail": TEXT})
    new = an_object({"email": {**WHOLE, "x-renamed-from": "mail"}}, "email")
    assert upgraded(old, new, {"mail": "5"}) == {"email": 5}
    assert upgraded(old, new, {}) == {"email": 0}
    assert there_and_back(old, new, {"mail": "5"}) == {"mail": "5"}


def tree(**leaves):
    below = {"type": "array", "items": {"$ref": "#/$defs/Node"}}
    node = an_object({**leaves, "below": below})
    return an_object({"top": {"$ref": "#/$defs/Node"}}, **{"$defs": {"Node": node}})


def test_a_tree_is_migrated_to_its_leaves():
    pair = tree(size=TEXT), tree(size=WHOLE, color=TEXT)
    data = {"top": {"size": "1", "below": [{"size": "2"}, {"below": [{"size": "3"}]}]}}
    assert upgraded(*pair, data) == {
        "top": {
            "size": 1,
            "color": "",
            "below": [
                {"size": 2, "color": ""},
                {"color": "", "below": [{"size": 3, "color": ""}]},
            ],
        }
    }
    assert there_and_back(*pair, data) == data


def test_a_model_that_refers_to_itself_is_compared_once_and_migrated_throughout():
    def node(**leaves):
        below = {"type": "array", "items": {"$ref": "#/$defs/M"}}
        return an_object({**leaves, "below": below})

    made = migration(node(), node(color=TEXT))
    assert made.description == "Field 'color' added"
    assert "# As in the whole: below[]" in made.upgrade_code
    assert VersionManager().execute_migration(made, {"below": [{"below": [{}]}]}) == {
        "color": "",
        "below": [{"color": "", "below": [{"color": ""}]}],
    }


def test_a_field_deep_in_lists_and_renamed_parents_is_reached():
    def schema(name, leaf, **more):
        items = {"type": "array", "items": an_object({"price": leaf})}
        return an_object({name: {**items, **more}})

    pair = schema("items", TEXT), schema("lines", WHOLE, **{"x-renamed-from": "items"})
    data = {"items": [{"price": "1"}, {}]}
    assert upgraded(*pair, data) == {"lines": [{"price": 1}, {}]}
    assert there_and_back(*pair, data) == data


def test_known_fields_are_not_taken_for_others():
    old = an_object({"known": TEXT}, additionalProperties=TEXT)
    new = an_object({"known": TEXT}, additionalProperties=WHOLE)
    assert upgraded(old, new, {"known": "1", "x": "1"}) == {"known": "1", "x": 1}


def test_what_no_rule_can_convert_stays_and_is_said():
    leaf = [{"anyOf": [an_object({"a": each}), TEXT]} for each in (TEXT, WHOLE)]
    made = migration(*leaf)
    assert made.changes == [
        {
            "op": "keep",
            "path": [],
            "description": "Field 'a' changed its type from string to integer",
        }
    ]
    assert "# Data stays as it is: Field 'a'" in made.upgrade_code
    assert VersionManager().execute_migration(made, {"a": "1"}) == {"a": "1"}


def test_other_words_change_no_data():
    made = migration(TEXT, {**TEXT, "description": "A text."})
    assert (made.changes, made.upgrade_code, made.downgrade_code) == ([], None, None)
    assert VersionManager().execute_migration(made, "a") == "a"


def test_two_schemas_or_two_equal_versions_have_no_migration():
    first = IRModel("A", V1)
    with pytest.raises(ConfigError, match="of one schema, not of two: 'A' and 'B'"):
        MigrationGenerator().generate(first, IRModel("B", V2))
    with pytest.raises(ConfigError, match="both versions of 'A' are 1.0.0"):
        MigrationGenerator().generate(first, first)


CHANGES = [
    (3, "changes/0: a change is an object, unlike 3"),
    ({}, "changes/0: op is one of add, remove, rename, .*, not None"),
    ({"op": "exec"}, "not 'exec'"),
    ({"op": ["add"]}, r"not \['add'\]"),
    ({"op": "add"}, "the change add needs name"),
    ({"op": "add", "name": "a", "code": "x"}, "the change add has no 'code'"),
    ({"op": "add", "name": 3}, "changes/0/name: it cannot be 3"),
    ({"op": "rename", "from": 3, "to": "a"}, "changes/0/from: it cannot be 3"),
    ({"op": "retype", "from": ["text"], "to": []}, "changes/0/from: it cannot be"),
    ({"op": "retype", "from": [], "to": "string"}, "changes/0/to: it cannot be"),
    (
        {"op": "fill_null", "default": 1, "direction": "up"},
        "changes/0/direction: it cannot be 'up'",
    ),
    ({"op": "add", "name": "a", "path": "/a"}, "changes/0/path: it cannot be '/a'"),
    ({"op": "add", "name": "a", "path": [3]}, "changes/0/path"),
    ({"op": "add", "name": "a", "path": [{"each": "x"}]}, "changes/0/path"),
    ({"op": "add", "name": "a", "path": [{"each": "item", "a": 1}]}, "changes/0/path"),
    ({"op": "add", "name": "a", "path": [{"each": "value", "except": 1}]}, "path"),
    ({"op": "enter", "shape": "X"}, "changes/0: no change is in the shape 'X'"),
]


@pytest.mark.parametrize("change, words", CHANGES)
def test_a_malformed_change_is_refused(change, words):
    made = SchemaMigration("M", V1, V2, "", [change])
    with pytest.raises(MigrationError, match=words):
        VersionManager().execute_migration(made, {})


def test_code_alone_is_not_executed():
    made = SchemaMigration("M", V1, V2, "", upgrade_code="raise SystemExit")
    with pytest.raises(MigrationError, match="its code is not executed; it needs"):
        VersionManager().execute_migration(made, {})


def test_shapes_within_themselves_end():
    enter = {"op": "enter", "path": [], "shape": "X", "in": "X"}
    add = {"op": "add", "path": [], "name": "a", "default": 1, "in": "X"}
    made = SchemaMigration("M", V1, V2, "", [{**enter, "in": ""}, enter, add])
    assert VersionManager().execute_migration(made, {}) == {"a": 1}


def test_data_that_is_nested_too_deeply_is_refused():
    data = []
    for _ in range(500):
        data = [data]
    with pytest.raises(MigrationError, match="nested too deeply: more than 100 levels"):
        VersionManager().execute_migration(migration(TEXT, WHOLE), data)


def step(before, after, name):
    change = {"op": "add", "path": [], "name": name, "default": 1}
    return SchemaMigration("M", before, after, "", [change])


def test_the_shortest_way_over_several_versions_is_taken():
    manager = VersionManager()
    steps = [step(V1, V2, "a"), step(V2, V3, "b"), step(V3, V4, "c"), step(V2, V4, "d")]
    for each in [*steps, steps[0]]:
        manager.register_migration(each)
    assert manager.find_migration_path("M", V1, V4) == [steps[0], steps[3]]
    assert manager.find_migration_path("M", V4, V1) == [steps[3], steps[0]]
    assert manager.find_migration_path("M", V1, V1) == []
    data = {"x": 0}
    there = manager.migrate("M", data, V1, V4)
    assert there == {"x": 0, "a": 1, "d": 1}
    assert manager.migrate("M", there, V4, V1) == data == {"x": 0}


def test_where_no_migration_leads_is_an_error():
    with pytest.raises(MigrationError, match="from 1.0.0 to 2.0.0: no migrations lead"):
        VersionManager().find_migration_path("M", V1, V2)


def test_migrations_that_contradict_each_other_are_refused():
    manager = VersionManager()
    manager.register_migration(step(V1, V2, "a"))
    with pytest.raises(ConfigError, match="another migration of 'M' between"):
        manager.register_migration(step(V1, V2, "b"))
    with pytest.raises(ConfigError, match="leads from 1.0.0 to itself"):
        manager.register_migration(step(V1, V1, "b"))


def test_a_direction_that_does_not_exist_is_refused():
    with pytest.raises(ConfigError, match="upgrade or downgrade, not 'sideways'"):
        VersionManager().execute_migration(step(V1, V2, "a"), {}, "sideways")


@pytest.mark.parametrize("changes", [5, "abc", {"op": "keep"}])
def test_changes_that_are_no_list_are_refused(changes):
    with pytest.raises(MigrationError, match="changes are a list, unlike"):
        apply_changes(changes, {}, "upgrade")
