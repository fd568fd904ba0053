"""Tests of forms that are made from schemas."""

import pytest

from ai_spine.local.pages.forms import fields_of, read_fields

SCHEMA = {
    "type": "object",
    "properties": {
        "name": {"type": "string", "description": "Who asks"},
        "income": {"type": "number"},
        "months": {"type": "integer", "default": 12, "minimum": 1},
        "fast": {"type": ["boolean", "null"]},
        "kind": {"enum": ["new", 1, "2"]},
        "tags": {"type": "array", "items": {"type": "integer"}},
        "home": {"$ref": "#/$defs/Home"},
        "odd": True,
    },
    "required": ["name", "income"],
    "$defs": {"Home": {"type": "object", "required": ["zip"]}},
}


def sent(**values):
    return {f"value:{name}": text for name, text in values.items()}


def test_each_input_has_a_field_of_its_kind():
    fields = {field.name: field for field in fields_of(SCHEMA, {})}
    assert list(fields) == list(SCHEMA["properties"])
    kinds = [field.kind for field in fields.values()]
    assert kinds == ["text", "number", "number", "choice", "choice", *["json"] * 3]
    assert fields["fast"].choices == ("true", "false")
    assert fields["kind"].choices == ("new", "1", "2")
    assert (fields["income"].step, fields["months"].step) == ("any", "1")
    assert [name for name, field in fields.items() if field.required] == [
        "name",
        "income",
    ]
    assert fields["name"].hint == "Who asks."
    assert fields["months"].hint == "By default 12."
    assert fields["tags"].hint == "May be left empty. JSON."
    assert fields["name"].key == "value:name"


def test_fields_are_filled_in():
    given = {"name": "Ana", "income": 5.5, "fast": True, "tags": [1], "months": None}
    texts = {field.name: field.text for field in fields_of(SCHEMA, given)}
    assert texts["name"] == "Ana" and texts["income"] == "5.5"
    assert (texts["fast"], texts["tags"], texts["months"]) == ("true", "[1]", "")


@pytest.mark.parametrize("schema", [None, {}, {"type": "object"}, {"properties": 3}])
def test_a_schema_without_properties_has_no_form(schema):
    assert fields_of(schema, {}) == []


def test_what_was_entered_is_read_by_the_types():
    entered = sent(
        name="01234", income="5", months="", fast="false", kind="1", tags="[1]",
        home='{"zip": "1"}', odd="null",
    )  # fmt: skip
    given, fields = read_fields(SCHEMA, entered)
    assert [field.error for field in fields] == [""] * 8
    assert given == {
        "name": "01234",
        "income": 5,
        "fast": False,
        "kind": 1,
        "tags": [1],
        "home": {"zip": "1"},
        "odd": None,
    }
    assert read_fields(SCHEMA, sent(kind="2", name="x", income="1"))[0]["kind"] == "2"


@pytest.mark.parametrize(
    "entered, field, error",
    [
        (sent(name="x"), "income", "is required"),
        (sent(name="x", income="much"), "income", "must be a number"),
        (sent(name="x", income="1", months="1.5"), "months", "must be a whole number"),
        (
            sent(name="x", income="1", months="0"),
            "months",
            "is less than the minimum of 1",
        ),
        (sent(name="x", income="1", kind="odd"), "kind", "must be one of"),
        (sent(name="x", income="1", tags="[1"), "tags", "must be JSON"),
        (sent(name="x", income="1", tags="[1, true]"), "tags", "[1]: must be a whole"),
        (sent(name="x", income="1", home="{}"), "home", "zip: is required"),
    ],
)
def test_an_error_stands_at_its_field_and_the_text_is_kept(entered, field, error):
    _, fields = read_fields(SCHEMA, entered)
    wrong = {each.name: each.error for each in fields if each.error}
    assert list(wrong) == [field] and error in wrong[field]
    texts = {each.key: each.text for each in fields if each.text}
    assert texts == {key: text for key, text in entered.items() if text}


def test_an_input_that_may_be_one_of_several_is_written_as_json():
    home = {"anyOf": [{"$ref": "#/$defs/Home"}, {"type": "null"}]}
    odd = {"anyOf": [{"enum": [1, "x"]}, {"type": "string"}]}
    schema = {**SCHEMA, "properties": {"home": home, "odd": odd}}
    assert [field.kind for field in fields_of(schema, {})] == ["json", "json"]


def test_a_required_text_may_be_empty():
    given, fields = read_fields(SCHEMA, sent(income="1"))
    assert given == {"name": "", "income": 1}
    assert not any(field.error for field in fields)
