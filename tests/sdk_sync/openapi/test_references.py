"""References: to any place, to other files, to schemas with an address; and those that fail."""

import json

import pytest

from ai_spine.sdk_sync.ir import IRType
from tests.sdk_sync.openapi.support import (
    OK,
    TEXT,
    document,
    read,
    read_operation,
    read_schema,
    sentences,
)


def owner_of(model):
    return model.get_field("owner")


def referring(reference, **more):
    schema = {"type": "object", "properties": {"owner": {"$ref": reference}}}
    return {**schema, **more}


def test_a_reference_to_a_component_has_its_name(tmp_path):
    model, said = read_schema(tmp_path, referring("#/components/schemas/A"), A=TEXT)
    assert (owner_of(model).ref_name, said) == ("A", [])


@pytest.mark.parametrize(
    "reference, name",
    [
        ("#/components/schemas/A/properties/b", "A_b"),
        ("#/components/schemas/A/properties/c/items", "A_c_items"),
        ("#/components/schemas/A/%24defs/D", "A_D"),
        ("#/paths/~1a~1%7Bid%7D/x-schema", "a_id_x_schema"),
        ("#/components/schemas/Alias/properties/b", "A_b"),
        ("#/x-list/1", "x_list_1"),
    ],
)
def test_a_reference_to_an_odd_place_makes_a_model_named_by_it(
    tmp_path, reference, name
):
    a = {
        "type": "object",
        "properties": {"b": TEXT, "c": {"type": "array", "items": TEXT}},
        "$defs": {"D": TEXT},
    }
    schemas = {
        "Thing": referring(reference),
        "A": a,
        "Alias": {"$ref": "#/components/schemas/A"},
    }
    paths = {"/a/{id}": {"x-schema": TEXT}}
    found = read(tmp_path, document(paths, schemas=schemas, **{"x-list": [{}, TEXT]}))
    assert owner_of(found.spec.models["Thing"]).ref_name == name
    assert found.spec.models[name].root.type is IRType.STRING
    assert sentences(found) == []


def test_two_places_with_one_name_are_numbered(tmp_path):
    schemas = {
        "A": {"type": "object", "properties": {"b": TEXT}},
        "A_b": {"type": "integer"},
    }
    model, _ = read_schema(
        tmp_path, referring("#/components/schemas/A/properties/b"), **schemas
    )
    assert owner_of(model).ref_name == "A_b_2"


def test_keywords_next_to_a_reference_are_kept_in_3_1(tmp_path):
    schema = {"properties": {}, "type": "object"}
    schema["properties"]["owner"] = {
        "$ref": "#/components/schemas/A",
        "description": "Whose it is.",
        "maxLength": 5,
    }
    model, said = read_schema(tmp_path, schema, A=TEXT)
    assert owner_of(model).description == "Whose it is."
    assert (owner_of(model).constraints, said) == ({"maxLength": 5}, [])


def test_keywords_next_to_a_reference_are_ignored_in_3_0_with_a_warning(tmp_path):
    schema = {"$ref": "#/components/schemas/A", "title": "T", "maxLength": 5}
    model, said = read_schema(tmp_path, schema, version="3.0.3", A=TEXT)
    assert model.root.constraints == {"title": "T"}
    assert said == [
        "'maxLength' is ignored next to $ref in OpenAPI 3.0: it is left out"
    ]


def test_schemas_may_refer_to_each_other(tmp_path):
    schema = referring("#/components/schemas/B")
    model, said = read_schema(
        tmp_path, schema, B=referring("#/components/schemas/Thing")
    )
    assert (owner_of(model).ref_name, said) == ("B", [])


@pytest.mark.parametrize("target", ["Thing", "B"])
def test_references_in_a_circle_end(tmp_path, target):
    schemas = {
        "Thing": {"$ref": f"#/components/schemas/{target}"},
        "B": {"$ref": "#/components/schemas/Thing"},
    }
    found = read(tmp_path, document(schemas=schemas))
    assert found.spec.models["Thing"].root.type is IRType.ANY
    assert "the schema only refers to itself" in sentences(found)[0]


@pytest.mark.parametrize(
    "reference, words",
    [
        ("#/components/schemas/None", "leads to nothing"),
        ("#/components/schemas/A/properties", "leads to nothing"),
        ("#/info/title", "$ref leads to no schema"),
        ("#nowhere", "leads to nothing"),
        ("none.yaml#/A", "cannot be followed: there is no such file"),
        ("../other.json", "cannot be followed: it leads out of the folder"),
        ("https://example.com/a.json", "cannot be followed: nothing is read but files"),
        ("broken.json", "cannot be followed: broken.json cannot be read"),
        ("http://[x", "the reference 'http://[x' is no URI"),
        ("\ud800", "is no URI"),
        (5, "$ref must be a text"),
    ],
)
def test_a_reference_that_cannot_be_followed_allows_any_value(
    tmp_path, monkeypatch, reference, words
):
    (tmp_path / "broken.json").write_text("{")
    model, said = read_schema(tmp_path, referring(reference), A=TEXT)
    assert owner_of(model).type is IRType.ANY
    (sentence,) = said
    assert words in sentence.replace(f"{tmp_path}/", "")
    assert sentence.endswith("any value is allowed")


def test_a_reference_into_itself_ends(tmp_path):
    _, said = read_schema(tmp_path, {"$ref": "#/components/schemas/Thing/a/b"})
    assert "leads to nothing" in said[0]


def test_schemas_of_other_files_are_models(tmp_path):
    (tmp_path / "parts").mkdir()
    user = {"type": "object", "properties": {"name": {"$ref": "../names.json"}}}
    schemas = {"components": {"schemas": {"User": user}}}
    (tmp_path / "parts" / "users.json").write_text(json.dumps(schemas))
    (tmp_path / "names.json").write_text(json.dumps(TEXT))
    reference = "parts/users.json#/components/schemas/User"
    schema = {"properties": {"owner": {"$ref": reference}}, "type": "object"}
    found = read(tmp_path, document(schemas={"Thing": schema}))
    assert list(found.spec.models) == ["Thing", "User", "names"]
    assert found.spec.models["User"].get_field("name").ref_name == "names"
    assert found.problems == []


def test_a_problem_in_another_file_names_that_file(tmp_path):
    (tmp_path / "b.json").write_text('{\n"type": 5}')
    found = read(tmp_path, document(schemas={"Thing": {"$ref": "b.json"}}))
    assert str(found.problems[0]).startswith("b.json:2: type cannot be 5")


def test_a_link_that_leads_out_of_the_folder_is_not_followed(tmp_path):
    (tmp_path / "api").mkdir()
    (tmp_path / "secret.json").write_text(json.dumps(TEXT))
    (tmp_path / "api" / "link.json").symlink_to(tmp_path / "secret.json")
    _, said = read_schema(tmp_path / "api", referring("link.json"))
    assert "leads out of the folder" in said[0]


def test_schemas_are_found_by_their_own_addresses(tmp_path):
    schemas = {
        "A": {"$id": "https://example.com/a.json", "$defs": {"D": TEXT}},
        "B": {"$anchor": "named", "type": "integer"},
        "C": {
            "$id": "https://example.com/c/",
            "type": "object",
            "properties": {
                "owner": {"$ref": "#/$defs/D"},
                "sibling": {"$ref": "../a.json"},
            },
            "$defs": {"D": {"$anchor": "deep", "type": "boolean"}},
        },
        "D": {"$ref": "https://example.com/a.json"},
        "E": {"$ref": "https://example.com/a.json#/$defs/D"},
        "F": {"$ref": "#named"},
        "G": {"$ref": "https://example.com/c/#deep"},
    }
    found = read(tmp_path, document(schemas=schemas))
    models = found.spec.models
    names = {each: models[each].root.ref_name for each in "DEFG"}
    assert names == {"D": "A", "E": "A_D", "F": "B", "G": "C_D"}
    assert owner_of(models["C"]).ref_name == "C_D"
    assert models["C"].get_field("sibling").ref_name == "A"
    assert found.problems == []


def test_definitions_of_a_schema_that_was_copied_are_found(tmp_path):
    schema = referring("#/$defs/D", **{"$defs": {"D": TEXT}})
    model, said = read_schema(tmp_path, schema)
    assert (owner_of(model).ref_name, said) == ("Thing_D", [])
    assert model.definitions == {}


@pytest.mark.parametrize(
    "schema, name",
    [
        (
            {"$recursiveAnchor": True, "items": {"$recursiveRef": "#"}},
            "Thing",
        ),
        (
            {"$dynamicAnchor": "node", "items": {"$dynamicRef": "#node"}},
            "Thing",
        ),
    ],
)
def test_a_recursive_reference_leads_to_the_schema_around_it(tmp_path, schema, name):
    model, said = read_schema(tmp_path, {"type": "array", **schema})
    assert (model.root.items.ref_name, said) == (name, [])


def test_a_recursive_reference_without_an_anchor_allows_any_value(tmp_path):
    _, said = read_schema(tmp_path, {"items": {"$recursiveRef": "#"}})
    assert said == ["no schema around it has $recursiveAnchor: any value is allowed"]


def test_all_kinds_of_objects_may_be_referred_to(tmp_path):
    components = {
        "parameters": {"P": {"name": "p", "in": "query", "schema": TEXT}},
        "requestBodies": {"B": {"content": {"text/plain": {"schema": TEXT}}}},
        "responses": {
            "R": {"description": "R", "headers": {"X": {"$ref": "#/components/x/H"}}}
        },
        "x": {"H": {"schema": {"type": "integer"}}},
        "pathItems": {
            "I": {
                "post": {
                    "parameters": [{"$ref": "#/components/parameters/P"}],
                    "requestBody": {"$ref": "#/components/requestBodies/B"},
                    "responses": {
                        "200": {"$ref": "#/components/responses/R", "description": "S"}
                    },
                }
            }
        },
    }
    paths = {"/a": {"$ref": "#/components/pathItems/I"}}
    found = read(tmp_path, document(paths, components=components))
    (endpoint,) = found.spec.endpoints.values()
    assert endpoint.parameters[0].name == "p"
    assert endpoint.bodies[0].content_type == "text/plain"
    assert endpoint.responses[0].description == "S"
    assert endpoint.responses[0].headers["X"].schema.type is IRType.INTEGER
    assert found.problems == []


def test_an_object_that_refers_to_itself_is_left_out(tmp_path):
    components = {"responses": {"R": {"$ref": "#/components/responses/R"}}}
    responses = {**OK, "400": {"$ref": "#/components/responses/R"}}
    endpoint, said = read_operation(
        tmp_path, {"responses": responses}, components=components
    )
    assert [each.status for each in endpoint.responses] == ["200"]
    assert said == ["the reference leads back to itself: it is left out"]


def test_examples_and_links_are_followed(tmp_path):
    media = {"examples": {"a": {"$ref": "#/components/examples/E"}, "b": {"value": 2}}}
    response = {"description": "", "content": {"text/plain": media}}
    endpoint, _ = read_operation(
        tmp_path,
        {"responses": {"200": response}},
        components={"examples": {"E": {"value": 1}}},
    )
    found = endpoint.responses[0].metadata["content"]["text/plain"]["examples"]
    assert found == {"a": {"value": 1}, "b": {"value": 2}}


def test_a_file_is_read_once_however_its_name_is_spelled(tmp_path):
    (tmp_path / "my file.json").write_text('{"a": {"type": 5}, "b": {"type": 5}}')
    schemas = {
        "A": {"$ref": "my file.json#/a"},
        "B": {"$ref": "./my%20file.json#/a"},
        "C": {"$ref": "my file.json#/b"},
    }
    found = read(tmp_path, document(schemas=schemas))
    assert list(found.spec.models) == ["A", "B", "C", "a", "b"]
    assert len(found.problems) == 2


def test_the_neighbour_of_a_schema_that_is_published_is_its_file(tmp_path):
    schema = {"$id": "https://example.com/a.json", "items": {"$ref": "b.json"}}
    (tmp_path / "a.json").write_text(json.dumps(schema))
    (tmp_path / "b.json").write_text(json.dumps(TEXT))
    found = read(tmp_path, document(schemas={"A": {"$ref": "a.json"}}))
    assert (list(found.spec.models), found.problems) == (["A", "a", "b"], [])
