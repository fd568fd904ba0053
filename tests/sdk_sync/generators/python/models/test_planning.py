"""The plan of models: which classes there are, and how they are named."""

import ast
import random

import pytest

from ai_spine.sdk_sync.errors import CodegenError
from ai_spine.sdk_sync.generators.python.models import (
    REQUEST,
    RESPONSE,
    annotation,
    kind_of,
    models_in,
    plan_models,
)
from ai_spine.sdk_sync.generators.python.plan_parts import TypePlan
from ai_spine.sdk_sync.ir import IRSpec
from tests.sdk_sync.generators.python.models.support import (
    obj,
    plan_of,
    ref,
    root,
    spec_of,
    written,
)

TEXT = {"type": "string"}
ID = {**TEXT, "readOnly": True}


def fields_of(plan, name):
    return {each.wire: each.type for each in plan.classes[name].fields}


def text_of(plan, name, wire):
    return ast.unparse(annotation(fields_of(plan, name)[wire]))


def test_schemas_with_names_have_them_before_those_without():
    schema = obj(run=obj(id=TEXT))
    schemas = {"Run": obj(), "ListResponse": schema, "ListResponseRun": obj()}
    plan = plan_of(schemas)
    assert fields_of(plan, "ListResponse")["run"].name == "ListResponseRun2"


def test_names_stay_when_schemas_are_added():
    first = plan_of({"run": obj(id=TEXT)})
    assert first.names["/models/run"] == "Run"
    second = plan_of({"Run": obj(), "run": obj(id=TEXT)}, given=first.names)
    assert second.names["/models/run"] == "Run" and second.modules["Run"] == "run"
    assert second.names["/models/Run"] == "Run2"


def test_modules_stay_when_schemas_are_added_that_differ_in_case():
    first = plan_of({"User": obj()})
    second = plan_of({"User": obj(), "USER": obj()}, given=first.names)
    assert second.modules == {"USER": "user2", "User": "user"}
    third = plan_of({"User": obj(), "USER": obj()}, given=second.names)
    assert third.modules == second.modules


def test_a_name_may_be_chosen():
    plan = plan_of({"UserRole": obj()}, given={"/models/UserRole": "WorkspaceUserRole"})
    assert list(plan.classes) == ["WorkspaceUserRole"]


def test_modules_differ_in_more_than_case():
    plan = plan_of({"HTTPError": obj(), "HttpError": obj()})
    assert len({each.lower() for each in plan.modules.values()}) == 2


def test_a_name_that_others_import_is_not_taken():
    root_ = root("/r", ref("Endpoint"), RESPONSE)
    plan = plan_models(
        spec_of({"Endpoint": obj()}), roots=[root_], reserved=["Endpoint"]
    )
    assert plan.type_at("/r").name == "Endpoint2"
    assert plan.warnings == [
        "/models/Endpoint: its class is Endpoint2, because another has the name Endpoint."
    ]


def test_a_name_that_a_user_wants_is_no_warning():
    spec = spec_of({"Endpoint": obj(), "Run": obj()})
    wanted = {"/models/Endpoint": "Place", "/models/Run": "Job"}
    plan = plan_models(
        spec, {"/models/Run": "Run"}, configured=wanted, reserved=["Endpoint"]
    )
    assert (sorted(plan.classes), plan.warnings) == (["Job", "Place"], [])


def test_a_name_that_a_user_wants_and_that_is_taken_is_a_warning():
    plan = plan_models(
        spec_of({"Run": obj()}),
        configured={"/models/Run": "Endpoint"},
        reserved=["Endpoint"],
    )
    assert plan.warnings == [
        "/models/Run: its class is Endpoint2, because another has the name Endpoint."
    ]


def test_a_schema_has_two_shapes_only_where_it_is_sent_and_received():
    schemas = {"A": obj(["id"], id=ID), "B": obj(a=ref("A")), "C": obj(["id"], id=TEXT)}
    both = plan_of(schemas, sent=["B", "C"], received=["B", "C"])
    assert set(both.classes) == {"A", "AInput", "B", "BInput", "C"}
    assert both.type_at("/sent/B").name == "BInput"
    assert both.type_at("/received/B").name == "B"
    assert "id" not in fields_of(both, "AInput")
    sent = plan_of(schemas, sent=["B", "C"])
    assert set(sent.classes) == {"A", "B", "C"} and not fields_of(sent, "A")


@pytest.mark.parametrize(
    "way, expected", [("sent", False), ("received", True), ("neither", True)]
)
def test_only_what_is_sent_alone_is_strict(way, expected):
    ways = {} if way == "neither" else {way: ["Run"]}
    assert (
        plan_of({"Run": obj(id=TEXT)}, **ways).classes["Run"].keeps_unknown is expected
    )


def test_an_inline_enum_is_open_where_it_is_received_and_closed_where_it_is_sent():
    schema = obj(["mode"], mode={"enum": ["a", "b"]}, one={"const": "x"})
    assert (
        text_of(plan_of({"R": schema}, sent=["R"]), "R", "mode") == "Literal['a', 'b']"
    )
    received = plan_of({"R": schema}, received=["R"])
    assert text_of(received, "R", "mode") == "Literal['a', 'b'] | str"
    assert text_of(received, "R", "one") == "Literal['x']"


def test_an_enum_of_a_request_is_named_by_the_thing_that_it_is_of():
    enum = {"type": "string", "enum": ["Approved", "Denied"]}
    schemas = {
        "DecideApprovalRequest": obj(["decision"], decision=enum),
        "UpdateApprovalRequest": obj(["decision"], decision=enum),
        "CreateApprovalRequest": obj(decision={**enum, "enum": ["Maybe", "Never"]}),
    }
    plan = plan_of(schemas, sent=["DecideApprovalRequest", "UpdateApprovalRequest"])
    assert plan.classes["ApprovalDecision"].members == (
        ("MAYBE", "Maybe"),
        ("NEVER", "Never"),
    )
    plan = plan_of(
        {n: s for n, s in schemas.items() if n[0] != "C"}, sent=list(schemas)
    )
    assert text_of(plan, "DecideApprovalRequest", "decision") == "ApprovalDecisionLike"
    assert text_of(plan, "UpdateApprovalRequest", "decision") == "ApprovalDecisionLike"


def test_an_enum_that_a_request_repeats_is_that_with_a_name():
    enum = {"type": "string", "enum": ["On", "Off"]}
    schemas = {"RunMode": enum, "StartRunRequest": obj(["mode"], mode=enum)}
    plan = plan_of(schemas, received=["RunMode", "StartRunRequest"])
    assert text_of(plan, "StartRunRequest", "mode") == "RunMode"
    other = {**enum, "enum": ["On", "Later"]}
    plan = plan_of({**schemas, "StartRunRequest": obj(["mode"], mode=other)})
    assert text_of(plan, "StartRunRequest", "mode") == "Literal['On', 'Later'] | str"


def test_each_value_of_an_enum_has_a_name_of_its_own():
    values = ["+1", "-1", "a:b", "a-b", "€", "", "1", "mro", "name", "class", "A_B"]
    plan = plan_of({"E": {"type": "string", "enum": [*values, "+1"]}})
    members = plan.classes["E"].members
    assert [value for _, value in members] == values
    assert [name for name, _ in members] == [
        *("PLUS_1", "MINUS_1", "A_B", "A_B2", "EURO_SIGN", "EMPTY", "VALUE_1"),
        *("MRO", "NAME", "CLASS", "A_B3"),
    ]
    again = plan_of({"E": {"type": "string", "enum": values[3:4]}}, given=plan.names)
    assert again.classes["E"].members == (("A_B2", "a-b"),)


@pytest.mark.parametrize(
    "enum, expected",
    [
        ({"type": "integer", "enum": [1, -2]}, "int"),
        ({"enum": ["a", 1]}, "Any"),
        ({"enum": ["a", None]}, "Literal['a'] | None"),
        ({"enum": [None]}, "None"),
        ({"const": True}, "Literal[True]"),
        ({"const": [1]}, "Any"),
        ({"type": "string", "enum": ["a", 1, "b"]}, "Literal['a', 'b'] | str"),
    ],
)
def test_enums_of_other_values_are_literals_or_their_type(enum, expected):
    plan = plan_of({"R": obj(["of"], of=enum)}, received=["R"])
    assert text_of(plan, "R", "of") == expected


@pytest.mark.parametrize(
    "schema, expected",
    [
        ({"allOf": [ref("A"), {"description": "An A."}]}, "A"),
        ({"allOf": [ref("A")], "readOnly": True}, "A"),
        ({"allOf": [TEXT, {"minLength": 1, "type": "string"}]}, "str"),
        ({"allOf": [ref("E"), {"type": "string", "minLength": 1}]}, "E"),
        ({"allOf": [TEXT, {"type": "integer"}]}, "Any"),
        ({"allOf": "broken"}, "Any"),
        ({"allOf": [{"description": "Nothing."}]}, "Any"),
        ({"allOf": [{"$ref": "#/$defs/A"}, {"minLength": "broken"}]}, "A"),
        ({"allOf": [{"properties": 5}]}, "Any"),
        ({"allOf": [ref("Alias"), obj(b=TEXT)]}, "ROf"),
        ({"allOf": [ref("Union"), obj(b=TEXT)]}, "ROfOption1 | ROfOption2"),
        ({"type": "object", "oneOf": [ref("A"), TEXT]}, "A | str"),
        ({"type": "object", "oneOf": "broken"}, "Dict[str, Any]"),
        ({"properties": {"a": TEXT}, "anyOf": [{"required": ["a"]}]}, "ROf"),
        ({"type": ["string", "integer", "null"]}, "str | int | None"),
        ({"type": "object"}, "Dict[str, Any]"),
        ({"type": "object", "additionalProperties": False}, "Dict[str, Any]"),
        ({"type": "object", "additionalProperties": TEXT}, "Dict[str, str]"),
        ({"type": "object", "patternProperties": {"^x": TEXT}}, "Dict[str, Any]"),
        (
            {
                "type": "object",
                "patternProperties": {"^x": TEXT},
                "additionalProperties": False,
            },
            "Dict[str, str]",
        ),
        ({"type": "array"}, "List[Any]"),
        ({"items": TEXT}, "List[str]"),
        (
            {
                "type": "array",
                "prefixItems": [TEXT, {"type": "integer"}],
                "items": False,
            },
            "List[str | int]",
        ),
        ({"anyOf": [ref("A"), {"type": "null"}]}, "A | None"),
        ({"oneOf": [TEXT]}, "str"),
        (ref("nothing"), "Any"),
        (ref("Maybe"), "Maybe | None"),
        ({"type": "string", "format": "uuid"}, "UUID"),
        ({"type": "string", "format": "duration"}, "str"),
        ({"type": "number", "format": "decimal"}, "float"),
        (True, "Any"),
    ],
)
def test_a_schema_has_the_type_that_says_most(schema, expected):
    schemas = {
        "A": obj(id=TEXT),
        "E": {"type": "string", "enum": ["a", "b"]},
        "Maybe": {"type": ["string", "null"]},
        "Alias": ref("A"),
        "Union": {"anyOf": [ref("A"), obj(c=TEXT), {"type": "null"}]},
        "R": obj(["of"], of=schema),
    }
    assert text_of(plan_of(schemas, received=["R"]), "R", "of") == expected


def test_all_of_joins_the_properties_and_what_is_required():
    schemas = {
        "Base": obj(["id"], id=TEXT, kind={"enum": ["a", "b"]}),
        "Run": {
            "allOf": [
                ref("Base"),
                {"properties": {"kind": {"const": "a"}, "of": ref("Base")}},
                {"required": ["of"]},
            ]
        },
    }
    plan = plan_of(schemas, received=["Run"])
    assert text_of(plan, "Run", "kind") == "Literal['a']"
    required = {each.wire for each in plan.classes["Run"].fields if each.required}
    assert required == {"id", "of"}


def test_a_property_that_two_members_of_all_of_have_fits_both():
    first = obj(
        a=TEXT,
        b={"type": "array"},
        c=obj(x=TEXT),
        d=obj(x=TEXT),
        e={},
        f=ref("P"),
        g=TEXT,
    )
    second = obj(
        a={"type": "string", "description": "An a."},
        b={"type": "array", "items": TEXT},
        c={},
        d=obj(y=TEXT),
        e=TEXT,
        f=ref("Q"),
        g={"description": "A g."},
    )
    both = {"allOf": [first, second], "additionalProperties": TEXT}
    schemas = {"P": obj(), "Q": obj(z=TEXT), "Run": both}
    plan = plan_of(schemas, sent=["Run"])
    expected = ["str", "List[str]", "RunC", "RunD", "str", "Q", "str"]
    assert [text_of(plan, "Run", each) for each in "abcdefg"] == expected
    assert set(fields_of(plan, "RunD")) == {"x", "y"}


def test_properties_beside_a_union_are_in_each_of_its_members():
    schemas = {
        "A": obj(["a"], a=TEXT),
        "B": obj(["b"], b=TEXT),
        "Run": {**obj(["id"], id=TEXT), "oneOf": [ref("A"), ref("B")]},
        "Plain": {**obj(["id"], id=TEXT), "anyOf": [{"required": ["id"]}]},
    }
    plan = plan_of(schemas, received=["Run", "Plain"])
    assert [each.name for each in plan.classes["Run"].alias.args] == [
        "RunOption1",
        "RunOption2",
    ]
    assert set(fields_of(plan, "RunOption2")) == {"b", "id"}
    assert set(fields_of(plan, "Plain")) == {"id"}


def test_a_schema_that_is_made_of_itself_comes_to_an_end():
    schemas = {
        "A": {"allOf": [ref("A"), obj(id=TEXT)]},
        "B": {"allOf": [obj(next=ref("B")), obj(next=ref("C"))]},
        "C": obj(next=ref("B")),
    }
    plan = plan_of(schemas, received=list(schemas))
    assert text_of(plan, "B", "next") == "C | Unset".split(" |")[0]
    assert (
        "/models/A: it has no single type, so that it is Any in Python."
        in plan.warnings
    )


def test_members_of_a_union_are_made_of_the_object_beside_it():
    schemas = {
        "Pet": {**obj(["id"], id=TEXT), "oneOf": [ref("Cat"), ref("Dog")]},
        "Cat": {"allOf": [ref("Pet"), obj(meow=TEXT)]},
        "Dog": {"allOf": [ref("Base"), obj(bark=TEXT)]},
        "Base": ref("Pet"),
        "Bird": {"allOf": [ref("Animal"), obj(song=TEXT)]},
        "Animal": {"anyOf": [ref("Bird"), ref("Fish")]},
        "Fish": obj(fins=TEXT),
    }
    plan = plan_of(schemas, received=list(schemas))
    found = {n: set(fields_of(plan, n)) for n in ("Cat", "Dog", "Bird")}
    assert found == {"Cat": {"id", "meow"}, "Dog": {"id", "bark"}, "Bird": {"song"}}
    animal = plan.classes["Animal"].alias
    assert [each.name for each in animal.args] == ["Bird", "Fish"]
    assert plan.warnings == []


def test_a_property_that_adds_to_its_own_object_refers_to_the_class_around_it():
    schemas = {"Node": obj(next={"allOf": [ref("Node"), obj(note=TEXT)]})}
    plan = plan_of(schemas, received=["Node"])
    assert text_of(plan, "Node", "next") == "NodeNext"
    assert set(fields_of(plan, "NodeNext")) == {"next", "note"}
    assert text_of(plan, "NodeNext", "next") == "NodeNext"


def test_a_union_within_itself_has_no_property_that_tells_its_members_apart():
    schemas = {"U": {"anyOf": [*6 * [ref("U")], obj(id=TEXT)]}}
    plan = plan_of(schemas, received=["U"])
    assert plan.classes["U"].alias is not None


def test_a_union_of_a_response_has_a_name_if_a_property_tells_its_members_apart():
    schemas = {n: obj(["kind"], kind={"const": n}) for n in ("A", "B")}
    union = {"oneOf": [ref("A"), ref("B")]}
    plan = plan_of(schemas, received=["A"], **{"get thing": (union, RESPONSE)})
    kind = plan.type_at("/get thing")
    assert ast.unparse(kind_of(kind)) == "models.GetThing"
    assert models_in(kind) == {"GetThing"}


def test_what_is_sent_takes_the_text_of_a_uuid_and_files_in_a_form():
    part = {"type": "string", "format": "binary"}
    schema = obj(["id"], id={"type": "string", "format": "uuid"}, file=part, note=part)
    roots = [root("/form", ref("Up"), REQUEST, is_form=True)]
    plan = plan_models(spec_of({"Up": schema}), roots=roots)
    assert text_of(plan, "Up", "id") == "UUID | str"
    assert text_of(plan, "Up", "file") == "FileInput"


def test_the_order_of_keys_changes_nothing():
    schemas = {
        f"S{n}": obj(["a"], a=TEXT, b={"enum": ["x", "y"]}, c=obj(d=ref(f"S{9 - n}")))
        for n in range(10)
    }
    first = written(plan_of(schemas, received=["S3"], sent=["S4"]))
    names = list(schemas)
    random.Random(5).shuffle(names)
    mixed = {n: dict(reversed(list(schemas[n].items()))) for n in names}
    for each in mixed.values():
        each["properties"] = dict(reversed(list(each["properties"].items())))
    assert written(plan_of(mixed, sent=["S4"], received=["S3"])) == first


def test_an_object_that_may_be_null_is_an_alias_of_a_class():
    maybe = {**obj(id=TEXT), "type": ["object", "null"]}
    plan = plan_of({"Maybe": maybe, "R": obj(["of"], of=ref("Maybe"))}, received=["R"])
    assert ast.unparse(annotation(plan.classes["Maybe"].alias)) == "MaybeObject | None"
    assert text_of(plan, "R", "of") == "Maybe | None"


def test_a_property_whose_name_is_no_text_is_left_out():
    plan = plan_of({"R": obj(["a"], a=TEXT, **{"\ud800": TEXT})})
    assert set(fields_of(plan, "R")) == {"a"}
    assert "is no Unicode text" in plan.warnings[0]


def test_a_chain_of_references_that_is_too_long_is_refused():
    chain = {f"S{n:04}": ref(f"S{n + 1:04}") for n in range(1500)}
    with pytest.raises(CodegenError, match="shorten the chain"):
        plan_of({**chain, "S1500": TEXT}, received=["S0000"])


def test_broken_schemas_within_a_schema_are_any():
    broken = {"type": "object", "additionalProperties": {"type": "nonsense"}}
    plan = plan_of({"R": obj(["of"], of=broken)}, received=["R"])
    assert text_of(plan, "R", "of") == "Dict[str, Any]"
    assert plan.warnings[0].startswith("/models/R/properties/of/additionalProperties: ")


def test_names_of_enums_and_of_fields_are_remembered():
    enum = {"type": "string", "enum": ["a"]}
    schemas = {
        "E": enum,
        "ELike": obj(),
        "R": obj(["e"], e=ref("E"), a_b=TEXT, aB=TEXT),
    }
    plan = plan_of(schemas, sent=["R"])
    assert text_of(plan, "R", "e") == "ELike2"
    assert plan.names["/likes/E"] == "ELike2"
    assert plan.names["/models/R/properties/aB/name"] == "a_b2"
    again = plan_of({n: schemas[n] for n in "ER"}, sent=["R"], given=plan.names)
    assert again.names["/likes/E"] == "ELike2"


def test_nothing_is_planned_of_nothing():
    plan = plan_models(IRSpec(spec_of({}).version))
    assert plan.classes == {} and list(written(plan)) == ["__init__"]
    with pytest.raises(KeyError):
        plan.type_at("/nowhere")


def test_annotations_have_null_last():
    kind = TypePlan("union", (TypePlan("datetime"), TypePlan("str")), nullable=True)
    assert ast.unparse(annotation(kind)) == "datetime.datetime | str | None"
