"""What `CompatibilityChecker` finds, and whom it says it breaks."""

import pytest

from ai_spine.sdk_sync.errors import ConfigError
from ai_spine.sdk_sync.ir import IREndpoint, IRModel, IRSpec, IRTool, SchemaVersion
from ai_spine.sdk_sync.versioning import ChangeType, CompatibilityChecker
from ai_spine.sdk_sync.versioning.specs import next_spec_version

V1, V2 = SchemaVersion(1), SchemaVersion(1, 1)
TEXT, NUMBER, WHOLE = {"type": "string"}, {"type": "number"}, {"type": "integer"}


def model(schema, version=V1, name="User"):
    return IRModel.from_json_schema(schema, name=name, version=version)


def an_object(properties, *required, **more):
    return {
        "type": "object",
        "properties": properties,
        "required": list(required),
        **more,
    }


def changes_between(old, new, direction="both"):
    return CompatibilityChecker(direction).check_compatibility(model(old), model(new))


def verdicts(old, new):
    """Return the changes of a field `a`, and what they break."""
    pair = [an_object({"a": each}) for each in (old, new)]
    _, changes = changes_between(*pair)
    return [
        (each.description, each.breaks_requests, each.breaks_responses)
        for each in changes
    ]


@pytest.mark.parametrize(
    "old, new, words, requests, responses",
    [
        (WHOLE, NUMBER, "changed its type from integer to number", False, True),
        (NUMBER, WHOLE, "changed its type from number to integer", True, False),
        (TEXT, WHOLE, "changed its type from string to integer", True, True),
        (
            TEXT,
            {"type": ["string", "null"]},
            "changed its type from string to string or null",
            False,
            True,
        ),
        (
            {"type": ["string", "integer", "null"]},
            TEXT,
            "changed its type from integer, string or null to string",
            True,
            False,
        ),
        ({}, TEXT, "changed its type from any to string", True, False),
        (
            TEXT,
            {"anyOf": [TEXT, WHOLE]},
            "changed its type from string to string or integer",
            False,
            True,
        ),
        (
            {"anyOf": [TEXT, WHOLE, {"$ref": "#/$defs/X"}, {"type": "null"}]},
            {"anyOf": [WHOLE, TEXT]},
            "changed its type from string, integer, X or null to integer or string",
            True,
            False,
        ),
        (
            {"$ref": "#/$defs/X"},
            {"$ref": "#/$defs/Y"},
            "changed its type from X to Y",
            True,
            True,
        ),
        ({}, {"anyOf": [TEXT, WHOLE]}, None, True, False),
    ],
)
def test_another_type_widens_or_narrows(old, new, words, requests, responses):
    ((said, *breaks),) = verdicts(old, new)
    assert said == f"Field 'a' {words}" or words is None
    assert breaks == [requests, responses]


@pytest.mark.parametrize(
    "old, new, requests, responses",
    [
        ({"minimum": 0}, {"minimum": 1}, True, False),
        ({"minimum": 1}, {"minimum": 0}, False, True),
        ({"minimum": 1}, {}, False, True),
        ({}, {"exclusiveMaximum": 1}, True, False),
        ({"maximum": 9}, {"maximum": 10}, False, True),
        ({"minLength": 1}, {"minLength": 2}, True, False),
        ({}, {"minItems": 0}, False, False),
        ({"maxItems": 3}, {"maxItems": 2}, True, False),
        ({"minimum": 1}, {"minimum": "x"}, True, True),
        ({"multipleOf": 2}, {"multipleOf": 4}, True, False),
        ({"multipleOf": 4}, {"multipleOf": 2}, False, True),
        ({"multipleOf": 4}, {"multipleOf": 6}, True, True),
        ({"multipleOf": 4}, {}, False, True),
        ({"multipleOf": 4}, {"multipleOf": True}, True, True),
        ({"multipleOf": 0.1}, {"multipleOf": 0.2}, True, False),
        ({"enum": ["a"]}, {"enum": ["a", "b"]}, False, True),
        ({"enum": ["a", "b"]}, {"enum": ["b"]}, True, False),
        ({"enum": ["a", "b"]}, {"enum": ["b", "a"]}, False, False),
        ({}, {"enum": ["a"]}, True, False),
        ({"const": "a"}, {"const": "b"}, True, True),
        ({"pattern": "a"}, {"pattern": "b"}, True, True),
        ({"format": "email"}, {}, False, True),
        ({}, {"format": "email"}, True, False),
        ({"uniqueItems": True}, {}, False, True),
        ({"uniqueItems": False}, {"uniqueItems": True}, True, False),
        ({}, {"not": {"const": 3}}, True, False),
        ({}, {"if": {}}, True, True),
        ({"required": ["x"]}, {"required": ["x", "y"]}, True, False),
        ({"required": ["x"]}, {"required": "x"}, True, True),
        ({"title": "a"}, {"title": "b"}, False, False),
        ({"default": 1}, {"default": 2}, False, False),
        ({"x-unit": 1}, {}, False, False),
        ({}, {"additionalProperties": False}, True, False),
        ({"additionalProperties": TEXT}, {}, False, True),
        ({}, {"additionalProperties": True}, False, False),
        ({"allOf": [{}]}, {"allOf": [{}, {}]}, True, True),
        ({"prefixItems": [TEXT]}, {"prefixItems": [WHOLE, TEXT]}, True, True),
        ({}, {"patternProperties": {"^a": TEXT}}, True, False),
        ({"allOf": [3]}, {"allOf": [4]}, True, True),
    ],
)
def test_another_constraint_widens_or_narrows(old, new, requests, responses):
    assert [each[1:] for each in verdicts(old, new)] == [(requests, responses)]


def test_a_bound_that_becomes_exclusive_narrows_only():
    found = verdicts({"minimum": 0}, {"exclusiveMinimum": 0})
    assert [each[1:] for each in found] == [(True, False), (True, False)]


def test_a_constraint_says_what_changed():
    old = {"type": "string", "enum": ["S", "M"], "maxLength": 1, "pattern": "."}
    new = {"type": "string", "enum": ["M", "XL"], "maxLength": 2, "format": "x"}
    assert [each[0] for each in verdicts(old, new)] == [
        "Constraint 'enum' of field 'a' changed: 'XL' added, 'S' removed",
        "Constraint 'maxLength' of field 'a' changed from 1 to 2",
        "Constraint 'pattern' of field 'a' removed: '.'",
        "Constraint 'format' of field 'a' added: 'x'",
    ]
    assert verdicts({"enum": [1, 2]}, {"enum": [2, 1]})[0][0].endswith("another order")


@pytest.mark.parametrize(
    "old, new, requests, responses",
    [
        (an_object({}), an_object({"a": TEXT}), False, False),
        (an_object({}), an_object({"a": TEXT}, "a"), True, False),
        (an_object({"a": TEXT}), an_object({}), True, False),
        (an_object({"a": TEXT}, "a"), an_object({}), True, True),
        (an_object({"a": TEXT}), an_object({"a": TEXT}, "a"), True, False),
        (an_object({"a": TEXT}, "a"), an_object({"a": TEXT}), False, True),
    ],
)
def test_a_field_comes_goes_or_becomes_required(old, new, requests, responses):
    is_compatible, (change,) = changes_between(old, new)
    assert (change.breaks_requests, change.breaks_responses) == (requests, responses)
    assert is_compatible is not (requests or responses)
    assert changes_between(old, new, "request")[0] is not requests
    assert changes_between(old, new, "response")[0] is not responses


@pytest.mark.parametrize(
    "others, added, removed",
    [
        (False, (False, True), (True, False)),
        (True, (False, False), (False, False)),
        (NUMBER, (True, False), (False, True)),
        ({"type": "null"}, (True, True), (True, True)),
    ],
)
def test_what_other_fields_there_may_be_decides_on_new_ones(others, added, removed):
    without = an_object({}, additionalProperties=others)
    with_field = an_object({"a": WHOLE}, additionalProperties=others)
    for old, new, expected in (
        (without, with_field, added),
        (with_field, without, removed),
    ):
        _, (change,) = changes_between(old, new)
        assert (change.breaks_requests, change.breaks_responses) == expected


def test_maps_of_maps_end():
    node = {"type": "object", "additionalProperties": {"$ref": "#/$defs/N"}}
    tree = an_object({"a": {"$ref": "#/$defs/T"}})
    old = an_object({}, additionalProperties={"$ref": "#/$defs/N"})
    new = an_object({"x": {"$ref": "#/$defs/T"}}, additionalProperties=False)
    definitions = {"$defs": {"N": node, "T": tree}}
    found, _ = changes_between({**old, **definitions}, {**new, **definitions})
    assert not found


def test_changes_are_found_wherever_they_are():
    def schema(leaf):
        return an_object(
            {
                "list": {"type": "array", "items": leaf},
                "inner": an_object({"leaf": leaf}),
                "union": {"anyOf": [an_object({"leaf": leaf}), TEXT]},
                "map": {"type": "object", "additionalProperties": leaf},
                "tuple": {"type": "array", "prefixItems": [leaf]},
                "all": {"allOf": [leaf]},
                "named": {"$ref": "#/$defs/Leaf"},
                "maybe": {"anyOf": [{"$ref": "#/$defs/Again"}, {"type": "null"}]},
            },
            **{"$defs": {"Leaf": leaf, "Again": an_object({"b": leaf}), "Un": leaf}},
        )

    _, changes = changes_between(schema(TEXT), schema(WHOLE))
    assert [(each.field_name, each.path) for each in changes] == [
        ("list[]", "/properties/list/items"),
        ("inner.leaf", "/properties/inner/properties/leaf"),
        ("union.leaf", "/properties/union/anyOf/0/properties/leaf"),
        ("map.*", "/properties/map/additionalProperties"),
        ("tuple[0]", "/properties/tuple/prefixItems/0"),
        ("all", "/properties/all/allOf/0"),
        ("named", "/$defs/Leaf"),
        ("maybe.b", "/$defs/Again/properties/b"),
        ("$defs.Un", "/$defs/Un"),
    ]
    assert {each.type for each in changes} == {ChangeType.FIELD_TYPE_CHANGED}


def test_items_that_were_anything_have_a_type_now():
    (found,) = verdicts({"type": "array"}, {"type": "array", "items": TEXT})
    assert found == ("Field 'a[]' changed its type from any to string", True, False)


def test_references_to_themselves_end():
    def tree(*leaves):
        below = {"type": "array", "items": {"$ref": "#/$defs/Node"}}
        fields = {**dict.fromkeys(leaves, TEXT), "below": below}
        alias = {"$ref": "#/$defs/Alias"}
        nodes = {"Node": an_object(fields), "Alias": alias}
        return {"$ref": "#/$defs/Node", "$defs": nodes}

    _, changes = changes_between(tree(), tree("color"))
    assert [each.field_name for each in changes] == ["color"]
    alias = {"$ref": "#/$defs/A", "$defs": {"A": {"$ref": "#/$defs/A"}}}
    assert changes_between(alias, alias) == (True, [])


def test_a_long_chain_of_references_is_followed():
    def chain(leaf):
        links = {
            f"N{n}": an_object({"x": {"$ref": f"#/$defs/N{n + 1}"}}) for n in range(500)
        }
        return {"$ref": "#/$defs/N0", "$defs": {**links, "N500": leaf}}

    _, (change,) = changes_between(chain(TEXT), chain(WHOLE))
    assert change.field_name.count("x") == 500


@pytest.mark.parametrize(
    "old, new, words",
    [
        (
            {"enum": ["S"]},
            {"enum": ["S", "M"]},
            "Constraint 'enum' of the model changed",
        ),
        (TEXT, WHOLE, "The model changed its type from string to integer"),
        (
            {"oneOf": [TEXT, WHOLE]},
            {"anyOf": [TEXT, WHOLE]},
            "Constraint 'oneOf' of the model removed",
        ),
    ],
)
def test_models_that_are_no_objects_are_compared(old, new, words):
    _, (change,) = changes_between(old, new)
    assert change.description.startswith(words)
    assert change.field_name == ""


def test_members_of_unions_are_found_again_in_another_order():
    first = an_object({"kind": {"const": "a"}}, title="A")
    second = an_object({"kind": {"const": "b"}}, title="B")
    more = an_object({"kind": {"const": "b"}, "x": TEXT}, title="B")
    _, (change,) = changes_between({"oneOf": [first, second]}, {"oneOf": [more, first]})
    assert (change.field_name, change.path) == ("x", "/oneOf/0/properties/x")


def test_a_rename_is_one_change_if_the_new_schema_says_so():
    old = an_object({"mail": TEXT, "id": TEXT}, "mail")
    new = an_object({"id": TEXT, "email": {**TEXT, "x-renamed-from": "mail"}}, "email")
    _, (change,) = changes_between(old, new)
    assert change.type is ChangeType.FIELD_RENAMED
    assert change.description == "Field 'email' renamed from 'mail'"
    assert (change.old_value, change.new_value) == ("mail", "email")
    assert change.breaks_requests and change.breaks_responses
    assert change.to_dict()["type"] == "field_renamed"


def test_a_renamed_field_may_change_as_well():
    old = an_object({"mail": TEXT})
    new = an_object({"email": {**WHOLE, "x-renamed-from": "mail"}}, "email")
    _, changes = changes_between(old, new)
    assert [each.type.value for each in changes] == [
        "field_renamed",
        "field_required_changed",
        "field_type_changed",
    ]


@pytest.mark.parametrize("said", ["gone", "id", 3])
def test_a_rename_of_nothing_is_an_addition(said):
    old = an_object({"id": TEXT})
    new = an_object({"id": TEXT, "email": {**TEXT, "x-renamed-from": said}})
    _, (change,) = changes_between(old, new)
    assert change.type is ChangeType.FIELD_ADDED


def test_similar_fields_are_proposed_as_renames():
    old = an_object(
        {"user_name": TEXT, "total": WHOLE, "at": an_object({"e_mail": TEXT})}
    )
    new = an_object({"username": TEXT, "sum": WHOLE, "at": an_object({"email": TEXT})})
    proposed = CompatibilityChecker().proposed_renames(model(old), model(new))
    assert proposed == [("at.e_mail", "at.email"), ("user_name", "username")]
    many = [an_object({f"{c}{n}": TEXT for n in range(101)}) for c in "ab"]
    assert CompatibilityChecker().proposed_renames(*map(model, many)) == []


@pytest.mark.parametrize(
    "version, new, expected",
    [
        ("1.2.3", an_object({}), "2.0.0"),
        ("1.2.3", an_object({"a": TEXT, "b": TEXT}), "1.3.0"),
        ("1.2.3", an_object({"a": {**TEXT, "default": "x"}}), "1.3.0"),
        ("1.2.3", an_object({"a": {**TEXT, "title": "A"}}), "1.2.4"),
        ("1.2.3", an_object({"a": {**TEXT, "description": "A"}}), "1.2.4"),
        ("1.2.3", an_object({"a": TEXT}), "1.2.3"),
        ("0.2.3", an_object({}), "0.3.0"),
        ("0.2.3", an_object({"a": TEXT, "b": TEXT}), "0.2.4"),
    ],
)
def test_a_version_is_suggested(version, new, expected):
    old = model(an_object({"a": TEXT}), SchemaVersion.parse(version))
    suggested = CompatibilityChecker().suggest_version(old, model(new))
    assert str(suggested) == expected


def test_a_direction_that_does_not_exist_is_refused():
    with pytest.raises(ConfigError, match="one of both, request, response, not 'up'"):
        CompatibilityChecker("up")


def spec(leaf, **more):
    refers = an_object({"user": {"$ref": "#/$defs/User"}})
    models = {"User": model(an_object({"a": leaf})), "Team": model(refers, name="Team")}
    tools = {
        name: IRTool(name, V1, "", model(refers), model(an_object({})), **flags)
        for name, flags in more.items()
    }
    return IRSpec(V1, models=models, tools=tools)


def test_specifications_are_compared_part_by_part():
    old = spec(WHOLE, search={}, gone={}, same={})
    new = spec(
        NUMBER, search={"auth_required": True, "streaming": True}, new={}, same={}
    )
    is_compatible, found = CompatibilityChecker().check_specs(old, new)
    assert not is_compatible
    assert [(each.description, each.breaking) for each in found] == [
        ("Model 'User' changed", True),
        ("Tool 'search' changed", True),
        ("Tool 'gone' removed", True),
        ("Tool 'same' changed", False),  # what it takes is widened
        ("Tool 'new' added", False),
    ]
    assert [each.path for each in found[1].changes] == [
        "/tools/search/input_schema/$defs/User/properties/a",
        "/tools/search/auth_required",
        "/tools/search/streaming",
    ]
    assert found[1].changes[0].field_name == "input.user.a"
    assert found[0].to_dict()["changes"][0]["path"] == "/models/User/properties/a"


def test_a_part_of_a_specification_breaks_whom_it_concerns():
    old, new = spec(WHOLE, search={}), spec(NUMBER, search={})
    for direction, expected in {"request": True, "response": False}.items():
        assert CompatibilityChecker(direction).check_specs(old, new)[0] is expected
    old, new = spec(NUMBER, search={}), spec(WHOLE, search={})
    _, found = CompatibilityChecker("response").check_specs(old, new)
    assert not found[1].breaking


def endpoint(**schemas):
    return IREndpoint("/users", "POST", "", **schemas)


@pytest.mark.parametrize(
    "old, new, requests, responses, words",
    [
        ({}, {"request_schema": TEXT}, True, False, "Schema of the request added"),
        ({"response_schema": TEXT}, {}, False, True, "Schema of the response removed"),
    ],
)
def test_a_schema_of_an_endpoint_comes_or_goes(old, new, requests, responses, words):
    specs = [
        IRSpec(V1, endpoints={"e": endpoint(**{n: model(s) for n, s in each.items()})})
        for each in (old, new)
    ]
    _, (part,) = CompatibilityChecker().check_specs(*specs)
    (change,) = part.changes
    assert change.description == words
    assert (change.breaks_requests, change.breaks_responses) == (requests, responses)


@pytest.mark.parametrize(
    "new, expected",
    [
        (spec(WHOLE), "1.0.0"),
        (spec({**WHOLE, "description": "An age."}), "1.0.1"),
        (spec({**WHOLE, "title": "Age"}), "1.0.1"),
        (spec(WHOLE, new={}), "1.1.0"),
        (spec({**WHOLE, "default": 1}), "1.1.0"),
        (spec(NUMBER), "2.0.0"),
    ],
)
def test_a_version_is_suggested_for_a_specification(new, expected):
    old = spec(WHOLE)
    _, parts = CompatibilityChecker().check_specs(old, new)
    assert str(next_spec_version(old, new, parts)) == expected


def test_equal_fields_need_not_be_as_similar_to_be_proposed():
    old, new = an_object({"mailbox": TEXT}), an_object({"email": TEXT})
    checker = CompatibilityChecker()
    assert checker.proposed_renames(model(old), model(new)) == [("mailbox", "email")]
    other = an_object({"email": {**TEXT, "maxLength": 3}})
    assert checker.proposed_renames(model(old), model(other)) == []


@pytest.mark.parametrize(
    "other", [{"type": "string"}, {"type": "string", "default": ""}]
)
def test_a_union_that_is_a_member_of_itself_is_compared_once(other):
    within_itself = {"anyOf": [{"$ref": "#/$defs/M"}, {"type": "string"}]}
    models = [
        IRModel.from_json_schema(
            {
                "properties": {"f": each},
                "type": "object",
                "$defs": {"M": within_itself},
            },
            name="A",
            version=SchemaVersion(number),
        )
        for number, each in enumerate([{"$ref": "#/$defs/M"}, other], 1)
    ]
    for old, new in (models, models[::-1]):
        _, changes = CompatibilityChecker().check_compatibility(old, new)
        assert 1 <= len(changes) < 4
