"""Generated models read what servers send, and write it again."""

import copy
import datetime
import json
import pickle
import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import Dict, List

import pytest

from ai_spine.sdk_sync.generators.python.models import REQUEST, RESPONSE
from tests.sdk_sync.generators.python.models.support import obj, ref

TEXT = {"type": "string"}
TIER = {"type": "string", "enum": ["Auto", "HumanApprove"]}


def test_an_unknown_field_and_an_unknown_value_of_an_enum_are_kept(make):
    package = make({"Run": obj(["id"], id=TEXT, tier=ref("Tier")), "Tier": TIER})
    data = {"id": "a", "tier": "Later", "extra": {"deep": [1]}}
    run = package.read("Run", data)
    assert run.tier == "Later" and not run.tier.is_known
    assert isinstance(run.tier, package.models.Tier)
    assert package.codec.to_json(run) == data


def test_a_known_value_of_an_enum_is_its_member(make):
    package = make({"Run": obj(["tier"], tier=ref("Tier")), "Tier": TIER})
    run = package.read("Run", {"tier": "Auto"})
    assert run.tier is package.models.Tier.AUTO
    with pytest.raises(ValueError):
        package.read("Run", {"tier": 5})


def test_members_of_an_enum_that_are_not_known_can_be_copied_and_pickled(make):
    package = make({"Tier": TIER})
    later = package.models.Tier("Later")
    assert pickle.loads(pickle.dumps(later)) == later == copy.deepcopy(later)
    assert json.dumps([later]) == '["Later"]' and f"{later}" == "Later"


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-29T05:00:00Z",
        "2026-11-29T05:00:00.123Z",
        "2026-11-29T05:00:00.123456789Z",
        "2026-11-29 05:00:00+02:00",
        "2026-11-29t05:00:00z",
        "2026-11-29T05:00:00",
    ],
)
def test_a_time_is_read_and_written_as_it_was(make, text):
    package = make({"Run": obj(["at"], at={"type": "string", "format": "date-time"})})
    run = package.read("Run", {"at": text})
    assert run.at.year == 2026 and run.at.hour == 5
    assert package.codec.to_json(run) == {"at": text}


@pytest.mark.parametrize("text", ["2026-11-29T05:00:00", "2026-11-29T05:00:00.123456"])
@pytest.mark.parametrize("zone", ["+00:00", "-03:30", "Z"])
def test_a_time_as_most_servers_write_it_is_a_plain_one(make, text, zone):
    package = make({"Run": obj(["at"], at={"type": "string", "format": "date-time"})})
    run = package.read("Run", {"at": text + zone})
    assert type(run.at) is datetime.datetime
    written = package.codec.to_json(run)["at"]
    assert written == text + ("Z" if zone == "+00:00" else zone)


def test_text_with_the_marks_of_a_time_stays_text(make):
    package = make({"Run": obj(["at"], at={"type": "string", "format": "date-time"})})
    assert (
        package.read("Run", {"at": "2026-13-29T05:00:00Z"}).at == "2026-13-29T05:00:00Z"
    )


@pytest.mark.parametrize("kind", ["date-time", "date", "uuid"])
def test_text_that_is_not_what_its_format_says_stays_text(make, kind):
    package = make({"Run": obj(["at"], at={"type": "string", "format": kind})})
    assert package.read("Run", {"at": "tomorrow"}).at == "tomorrow"
    assert package.again("Run", {"at": "tomorrow"}) == {"at": "tomorrow"}
    with pytest.raises(ValueError):
        package.read("Run", {"at": 5})


def test_dates_and_uuids_are_read(make):
    formats = {n: {"type": "string", "format": n} for n in ("date", "uuid")}
    package = make({"Run": obj(["date"], **formats)})
    data = {"date": "2026-11-29", "uuid": "A" * 8 + "-aaaa-aaaa-aaaa-" + "a" * 12}
    run = package.read("Run", data)
    assert run.date == datetime.date(2026, 11, 29)
    assert run.uuid == uuid.UUID(data["uuid"])
    assert package.codec.to_json(run) == data


def test_null_is_not_what_is_absent(make):
    maybe = {"type": ["string", "null"]}
    package = make({"Run": obj(["must"], must=maybe, may=maybe)})
    assert package.again("Run", {"must": None}) == {"must": None}
    assert package.again("Run", {"must": "a", "may": None}) == {
        "must": "a",
        "may": None,
    }


def test_a_field_that_can_only_be_null_is_sent_as_null(make):
    package = make({"Run": obj(nothing={"const": None}, any={})})
    for data in ({}, {"nothing": None}, {"any": None}):
        assert package.again("Run", data) == data


def test_null_in_a_field_that_has_none_is_absent_unless_it_is_required(make):
    package = make({"Run": obj(["id"], id=TEXT, note=TEXT)})
    assert package.again("Run", {"id": "a", "note": None}) == {"id": "a"}
    with pytest.raises(ValueError):
        package.read("Run", {"id": None})
    with pytest.raises(ValueError):
        package.read("Run", {})


PETS = {
    "Cat": obj(["kind"], kind={"const": "cat"}, lives={"type": "integer"}),
    "Dog": obj(["kind"], kind={"enum": ["dog", "puppy"]}, tail=TEXT),
    "Pet": {"oneOf": [ref("Cat"), ref("Dog")]},
    "Owner": obj(
        ["pet"], pet=ref("Pet"), others={"type": "array", "items": ref("Pet")}
    ),
}


def test_a_property_says_which_member_of_a_union_an_object_is(make):
    package = make(PETS)
    owner = package.read(
        "Owner", {"pet": {"kind": "puppy"}, "others": [{"kind": "cat"}]}
    )
    assert type(owner.pet).__name__ == "Dog"
    assert type(owner.others[0]).__name__ == "Cat"


def test_an_object_of_a_kind_that_came_later_is_kept_as_json(make):
    package = make(PETS)
    data = {"pet": {"kind": "bird", "wings": 2}}
    assert package.read("Owner", data).pet == {"kind": "bird", "wings": 2}
    assert package.again("Owner", data) == data


def test_a_discriminator_with_a_mapping_is_followed(make):
    pets = {
        "Cat": obj(["type"], type=TEXT),
        "Dog": obj(["type"], type=TEXT, tail=TEXT),
        "Pet": {
            "oneOf": [ref("Cat"), ref("Dog")],
            "discriminator": {
                "propertyName": "type",
                "mapping": {"c": "#/$defs/Cat", "d": "#/$defs/Dog", "p": "#/$defs/Dog"},
            },
        },
    }
    package = make(pets)
    found = package.read(List[package.models.Pet], [{"type": "c"}, {"type": "p"}])
    assert [type(each).__name__ for each in found] == ["Cat", "Dog"]


def test_a_discriminator_without_a_mapping_has_the_names_of_schemas(make):
    pets = {n: obj(["type"], type=TEXT) for n in ("Cat", "Dog")}
    pets["Pet"] = {
        "oneOf": [ref("Cat"), ref("Dog")],
        "discriminator": {"propertyName": "type"},
    }
    package = make(pets)
    assert type(package.read("Pet", {"type": "Dog"})).__name__ == "Dog"


def test_a_discriminator_is_inherited_by_all_of(make):
    base = {**obj(["type"], type=TEXT), "discriminator": {"propertyName": "type"}}
    schemas = {
        "Pet": base,
        "Dog": {"allOf": [ref("Pet"), obj(["tail"], tail=TEXT)]},
        "Puppy": {"allOf": [ref("Dog"), obj(age={"type": "integer"})]},
        "Owner": obj(["pet"], pet=ref("Pet")),
    }
    package = make(schemas, received=["Owner"])
    read = package.read("Owner", {"pet": {"type": "Puppy", "tail": "x", "age": 1}})
    assert type(read.pet).__name__ == "Puppy" and read.pet.tail == "x"
    assert type(package.read("Owner", {"pet": {"type": "Pet"}}).pet).__name__ == "Pet"


@pytest.mark.parametrize("value", ["a", 1, 1.5, True, None, [1], {"id": "a"}])
def test_members_of_a_union_are_told_apart_by_the_type_of_json(make, value):
    kinds = ["string", "integer", "number", "boolean", "null"]
    union = [{"type": each} for each in kinds]
    union += [{"type": "array", "items": {"type": "integer"}}, ref("Run")]
    package = make(
        {"Run": obj(["id"], id=TEXT), "Box": obj(["of"], of={"anyOf": union})}
    )
    again = package.again("Box", {"of": value})["of"]
    assert again == value and type(again) is type(value)


def test_the_object_that_knows_most_is_taken_of_a_union_without_a_property(make):
    union = {"anyOf": [obj(["a"], a=TEXT), obj(["a", "b"], a=TEXT, b=TEXT)]}
    package = make({"Box": obj(["of"], of=union)})
    assert package.read("Box", {"of": {"a": "1", "b": "2"}}).of.b == "2"


def test_unions_within_unions_are_told_apart(make):
    schemas = {
        **{n: obj(["kind"], kind={"const": n}) for n in "abc"},
        "Inner": {"oneOf": [ref("a"), ref("b")]},
        "Outer": {"oneOf": [ref("Inner"), ref("c"), TEXT]},
        "Box": obj(["of"], of=ref("Outer")),
    }
    package = make(schemas)
    for kind in "abc":
        read = package.read("Box", {"of": {"kind": kind}})
        assert type(read.of).__name__ == kind.upper()
        made = package.models.Box(of=read.of)
        assert package.codec.to_json(made) == {"of": {"kind": kind}}
    assert package.again("Box", {"of": "text"}) == {"of": "text"}


def test_threads_may_read_first_at_once(make):
    package = make(PETS)
    data = {"pet": {"kind": "cat"}, "others": [{"kind": "dog"}]}
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: package.again("Owner", data), range(40)))
    assert found == [data] * 40


def test_models_may_refer_to_each_other(make):
    tree = obj(["name"], name=TEXT, children={"type": "array", "items": ref("Tree")})
    schemas = {"Tree": tree, "A": obj(b=ref("B")), "B": obj(a=ref("A"))}
    package = make(schemas)
    data = {"name": "a", "children": [{"name": "b", "children": []}]}
    assert package.again("Tree", data) == data
    assert package.again("A", {"b": {"a": {"b": {}}}}) == {"b": {"a": {"b": {}}}}


def test_an_alias_that_refers_to_itself_is_any_there(make):
    json_value = {"anyOf": [TEXT, {"type": "array", "items": ref("Json")}]}
    package = make({"Json": json_value, "Box": obj(["of"], of=ref("Json"))})
    assert package.again("Box", {"of": ["a", ["b"]]}) == {"of": ["a", ["b"]]}


def test_what_does_not_fit_is_refused_with_its_place(make):
    schemas = {
        "Run": obj(["steps"], steps={"type": "array", "items": ref("Step")}),
        "Step": obj(["stepName"], stepName=TEXT),
    }
    package = make(schemas)
    with pytest.raises(ValueError) as caught:
        package.read("Run", {"steps": [{"stepName": "a"}, {"stepName": 5}]})
    assert "stepName" in str(caught.value)
    if package.style == "attrs":
        assert caught.value.field_path == "/steps/1/stepName"


def test_a_wrong_field_is_found_beside_fields_that_are_unknown(make):
    schemas = {
        "Run": obj(["id"], id=TEXT, step=ref("Step"), no=TEXT),
        "Step": obj(a=TEXT),
    }
    package = make(schemas)
    assert package.again("Run", {"id": "a", "x": 1, "no": None}) == {"id": "a", "x": 1}
    assert package.again("Run", {"id": "a", "x": 1, "step": {}})["step"] == {}
    with pytest.raises(ValueError) as caught:
        package.read("Run", {"id": "a", "x": 1, "step": {"a": 5}})
    assert "step" in str(caught.value)


def test_maps_and_additional_properties_are_read(make):
    schemas = {
        "Run": {**obj(id=TEXT), "additionalProperties": {"type": "integer"}},
        "Map": {"type": "object", "additionalProperties": ref("Run")},
        "Box": obj(["map"], map=ref("Map"), any={"type": "object"}),
    }
    package = make(schemas)
    data = {"map": {"a": {"id": "x", "more": 5}}, "any": {"deep": [None]}}
    assert package.again("Box", data) == data
    kinds = Dict[str, package.models.Run]
    assert package.read(kinds, {"a": {"id": "x"}})["a"].id == "x"


def test_fields_have_names_of_python_and_keep_those_of_json(make):
    wires = {
        "workspaceId": TEXT,
        "class": TEXT,
        "+1": TEXT,
        "-1": TEXT,
        "datetime": TEXT,
    }
    package = make({"Run": obj(list(wires), **wires)})
    data = {each: each for each in wires}
    run = package.read("Run", data)
    assert run.workspace_id == "workspaceId" and run.class_ == "class"
    assert {run.field_1, run.field_1_2, run.datetime_} == {"+1", "-1", "datetime"}
    assert package.codec.to_json(run) == data


def test_a_sent_model_refuses_fields_that_it_has_not(make):
    package = make({"Start": obj(["id"], id=TEXT)}, sent=["Start"])
    assert package.codec.to_json(package.models.Start(id="a")) == {"id": "a"}
    with pytest.raises(ValueError):
        package.read("Start", {"id": "a", "more": 1})


def test_what_is_required_but_not_described_can_be_sent(make):
    body = {"allOf": [obj(["x", "y"], x=TEXT), {"required": ["class"]}]}
    package = make({"B": obj(["zz"], a=TEXT)}, sent=["B"], C=(body, REQUEST))
    for kind, value in (("B", {"a": "1", "zz": [5]}), ("C", {"class": 1, "x": "1"})):
        assert package.codec.to_json(package.read(kind, value)) == value
    assert package.codec.to_json(package.models.C(x="1", y=2)) == {"x": "1", "y": 2}


def test_texts_may_stand_for_members_of_an_enum_in_what_is_sent(make):
    schemas = {"Start": obj(["tier"], tier=ref("Tier")), "Tier": TIER}
    package = make(schemas, sent=["Start"])
    for tier in ("Auto", package.models.Tier.AUTO):
        started = package.models.Start(tier=tier)
        assert package.codec.to_json(started) == {"tier": "Auto"}


def test_what_the_server_sets_is_not_sent(make):
    schemas = {
        "User": obj(
            ["id", "password"],
            id={**TEXT, "readOnly": True},
            password={**TEXT, "writeOnly": True},
        ),
        "Team": obj(["users"], users={"type": "array", "items": ref("User")}),
    }
    package = make(schemas, sent=["Team"], received=["Team"])
    made = package.models.TeamInput(users=[package.models.UserInput(password="x")])
    assert package.codec.to_json(made) == {"users": [{"password": "x"}]}
    assert package.again("Team", {"users": [{"id": "a"}]}) == {"users": [{"id": "a"}]}


def test_the_body_of_a_form_takes_files(make, tmp_path):
    upload = obj(["file"], file={"type": "string", "format": "binary"})
    package = make({"Upload": upload}, sent=["Upload"])
    assert package.read("Upload", {"file": "text"}).file == "text"


def test_a_response_without_a_name_gets_a_class(make):
    schema = obj(["items"], items={"type": "array", "items": obj(id=TEXT)})
    package = make({}, **{"list runs response": (schema, RESPONSE)})
    read = package.read("ListRunsResponse", {"items": [{"id": "a"}]})
    assert type(read.items[0]).__name__ == "ListRunsResponseItemsItem"
