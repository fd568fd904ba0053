"""A model and all that it refers to make one JSON Schema that stands for itself."""

from ai_spine.sdk_sync.ir import IRField, IRModel, IRSpec, IRType, SchemaVersion
from ai_spine.sdk_sync.ir.bundling import bundled, with_references


def ref(name, to):
    return IRField(name, IRType.REF, ref_name=to)


def test_references_in_any_keyword_are_followed():
    user = IRModel("User", fields=[IRField("id", IRType.STRING)])
    group = IRModel.from_json_schema(
        {
            "title": "Group",
            "type": "object",
            "additionalProperties": {"$ref": "#/definitions/User"},
        }
    )
    schema, missing = bundled(group, {"User": user})
    assert schema["additionalProperties"] == {"$ref": "#/$defs/User"}
    assert list(schema["$defs"]) == ["User"]
    assert missing == []


def test_definitions_of_the_same_name_do_not_hide_each_other():
    def model(name, kind, **more):
        size = {"Size": IRField("Size", kind)}
        return IRModel(name, fields=[ref("size", "Size")], definitions=size, **more)

    owner = model("Owner", IRType.INTEGER)
    pet = IRModel(
        "Pet",
        fields=[ref("size", "Size"), ref("owner", "Owner")],
        definitions={"Size": IRField("Size", IRType.STRING)},
    )
    schema = IRSpec(SchemaVersion(1), models={"Owner": owner}).json_schema_of(pet)
    found = schema["$defs"]
    assert found["Size"] == {"type": "string"}
    assert found["Owner"]["properties"]["size"] == {"$ref": "#/$defs/Size%20%282%29"}
    assert found["Size (2)"] == {"type": "integer"}


def test_a_model_that_refers_to_itself_is_there_once():
    node = IRModel("Node", fields=[ref("next", "Node")])
    schema, missing = bundled(node, {"Node": node})
    assert list(schema["$defs"]) == ["Node"] and missing == []


def test_pointers_lead_to_the_same_place_after_a_model_has_moved():
    tree = IRModel.from_json_schema(
        {"title": "Tree", "$id": "http://x.test/", "items": {"$ref": "#"}}
    )
    forest = IRModel("Forest", fields=[ref("tree", "Tree"), ref("more", "Tree")])
    schema, _ = bundled(forest, {"Tree": tree})
    assert schema["$defs"]["Tree"]["items"] == {"$ref": "#/$defs/Tree"}
    assert "$id" not in schema["$defs"]["Tree"]
    assert bundled(tree, {})[0]["items"] == {"$ref": "#"}


def test_what_is_not_there_is_named_once():
    model = IRModel.from_json_schema(
        {
            "title": "M",
            "allOf": [{"$ref": "#/$defs/A"}, {"$ref": "#/$defs/A"}],
            "not": {"$ref": "other.json"},
            "if": {"$ref": "#anchor"},
        }
    )
    assert bundled(model, {})[1] == ["A", "other.json"]


def test_what_only_looks_like_a_reference_is_left_alone():
    schema = {
        "enum": [{"$ref": "#/a"}],
        "x-more": {"$ref": "#/a"},
        "properties": {"default": {"$ref": "#/a"}, "$ref": {"type": "string"}},
    }
    changed = with_references(schema, lambda _: "#/b")
    properties = {"default": {"$ref": "#/b"}, "$ref": {"type": "string"}}
    assert changed == {**schema, "properties": properties}
