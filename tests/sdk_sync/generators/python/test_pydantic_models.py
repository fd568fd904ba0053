"""Generated pydantic models: what users of other generators report as faults is right here."""

import ast
import random
import sys
from functools import partial

import pytest
from hypothesis import HealthCheck, given, settings

from ai_spine.sdk_sync.errors import CodegenError
from ai_spine.sdk_sync.generators.python import PythonModelGenerator
from ai_spine.sdk_sync.generators.python.plan import plan_models
from ai_spine.sdk_sync.generators.python.pydantic_models import emit
from ai_spine.sdk_sync.generators.python.syntax import source_of
from ai_spine.sdk_sync.ir import IRField, IRModel, IRSpec, IRType, SchemaVersion
from ai_spine.sdk_sync.runtime.models import from_json, to_json
from tests.sdk_sync.generators.python.support import imported, spec_of
from tests.sdk_sync.strategies import CANARY, NASTY, specs

TEXT = {"type": "string"}


def object_of(*required, **properties):
    return {"type": "object", "properties": properties, "required": list(required)}


@pytest.fixture
def models(tmp_path):
    """Makes a module of schemas by name."""

    def make(*outputs, **schemas):
        return imported(plan_models(spec_of(schemas, outputs)), tmp_path)

    return make


def refuses(kind, value):
    try:
        from_json(kind, value)
    except ValueError:
        return True
    return False


def test_the_code_of_a_model_is_as_the_documentation_prints_it():
    user = IRModel(
        name="User",
        version=SchemaVersion(1, 0, 0),
        fields=[
            IRField("id", IRType.STRING, required=True, description="User ID"),
            IRField("email", IRType.STRING, required=True),
            IRField("age", IRType.INTEGER, constraints={"minimum": 0, "maximum": 120}),
            IRField("count", IRType.INTEGER),
            IRField("tags", IRType.ARRAY, items=IRField("tag", IRType.STRING)),
            IRField("more", IRType.OBJECT, constraints={"minProperties": 1}),
        ],
        description="User entity model",
        namespace="core",
        tags=["entity", "user"],
    )
    code = PythonModelGenerator().generate_model(user)
    assert code == '''class User(BaseModel):
    """
    User entity model

    Generated from schema version 1.0.0
    Namespace: core
    """

    id: str = Field(..., description="User ID")
    email: str
    age: Optional[int] = Field(default=None, ge=0, le=120)
    count: Optional[int] = None
    tags: Optional[List[str]] = None
    more: Optional[Dict[str, Any]] = Field(default=None, min_length=1)

    model_config = {
        "extra": "forbid",
        "validate_assignment": True,
        "json_schema_extra": {
            "x-version": "1.0.0",
            "x-namespace": "core",
            "x-tags": ["entity", "user"],
        },
    }
'''


def test_code_is_the_same_whatever_the_order_of_keys():
    schemas = {
        name: object_of("a", b=TEXT, a={"enum": ["x"]}, c={"$ref": "#/$defs/B"})
        for name in ("A", "B", "C")
    }

    def shuffled(value):
        if isinstance(value, dict):
            return {
                k: shuffled(value[k]) for k in random.sample(list(value), len(value))
            }
        return value

    codes = {
        source_of(emit(plan_models(spec_of(shuffled(schemas), ["B"]))))
        for _ in range(5)
    }
    assert len(codes) == 1


NODES = """Module ImportFrom alias Expr Assign AnnAssign ClassDef Name Store Load Constant Dict
List Tuple Subscript Call keyword Lambda arguments UnaryOp USub""".split()
CALLS = {"Field", "FitsSchema"}


@given(specs())
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_no_text_of_a_specification_becomes_code(spec):
    for node in ast.walk(ast.parse(source_of(emit(plan_models(spec))))):
        assert type(node).__name__ in NODES
        if isinstance(node, ast.Call):
            assert node.func.id in CALLS
        if isinstance(node, ast.Lambda):
            ast.literal_eval(node.body)
        if isinstance(node, ast.ClassDef):
            assert [base.id for base in node.bases] == ["BaseModel"]


def test_texts_that_look_like_code_are_texts(models):
    part = {
        "type": "string",
        "description": CANARY,
        "default": CANARY,
        "enum": [CANARY],
    }
    module = models(
        **{
            CANARY: {**object_of(**{CANARY: part}), "description": f'"""\n{CANARY}\\'},
            "os": {"enum": [CANARY, 1]},
        }
    )
    kind = getattr(module, plan_models(spec_of({CANARY: {}})).classes[0].name)
    assert to_json(from_json(kind, {CANARY: CANARY})) == {CANARY: CANARY}
    assert CANARY in kind.__doc__


def test_every_unkind_name_is_a_field_and_keeps_its_name_in_json(models):
    module = models(Thing=object_of(**{name: TEXT for name in NASTY}))
    value = {name: f"<{name}>" for name in NASTY}
    thing = module.Thing.model_validate(value)
    assert to_json(thing) == value
    assert (thing.class_, thing.a_b, thing.copy_) == ("<class>", "<a_b>", "<copy>")


def test_every_unkind_name_is_a_class_of_its_own(models):
    plan = plan_models(spec_of({name: object_of() for name in NASTY}))
    names = [each.name for each in plan.classes]
    assert len(set(names)) == len(NASTY)
    models(**{name: object_of() for name in NASTY})
    assert any("because another schema has the name" in each for each in plan.warnings)


def test_a_field_named_as_its_class_does_not_hide_it(models):
    module = models(User=object_of(User={"$ref": "#/$defs/User"}))
    assert module.User.model_validate({"User": {}}).User2 == module.User()


def test_fields_are_given_by_their_names_in_python(models):
    module = models(Query=object_of("from", **{"from": TEXT}))
    assert to_json(module.Query(from_="a")) == {"from": "a"}


def test_what_is_not_set_is_not_sent_and_null_is_sent_where_it_may_be(models):
    module = models(
        Patch=object_of(
            name={"type": ["string", "null"]},
            age={"type": "integer"},
            limit={"type": "integer", "default": 10},
        )
    )
    assert module.Patch().limit == 10
    assert to_json(module.Patch()) == {}
    assert to_json(module.Patch(name=None, age=None)) == {"name": None}


@pytest.mark.parametrize(
    ("schema", "fits", "others"),
    [
        ({"type": "integer"}, [1, -5, 2.0], ["1", True, 1.5, None]),
        ({"type": "number"}, [1, 1.5], ["1", True, float("nan")]),
        ({"type": "string", "enum": ["a", None]}, ["a"], ["b", None, 1]),
        ({"type": ["string", "null"], "enum": ["a", None]}, ["a", None], ["b"]),
        ({"enum": [1, "a", None, True]}, [1, "a", None, True], [2, False, "b"]),
        ({"enum": [1, 2]}, [1], [True, 3]),
        ({"enum": [1.5, {"a": 1}, []]}, [1.5, {"a": 1}, []], [1, {}, [1]]),
        ({"enum": ["a:b", "€", "", "1", "a b"]}, ["€", "", "1"], ["a"]),
        ({"const": {"a": [1]}}, [{"a": [1]}], [{"a": [2]}, {}]),
        ({"const": None}, [None], [0]),
        ({"type": ["string", "integer"], "minLength": 2}, ["ab", 1], ["a", 1.5]),
        ({"anyOf": [{"type": "integer"}, {"type": "number"}]}, [1, 2.5], [True, "a"]),
        ({"oneOf": [{"type": "integer"}, {"type": "number"}]}, [2.5], [1, "a"]),
        ({"not": {"type": "string"}}, [1, None], ["a"]),
        ({"type": "array", "uniqueItems": True}, [[1, 2]], [[1, 1]]),
        ({"type": "array", "contains": {"const": 1}}, [[1, 2]], [[2]]),
        (
            {"type": "array", "prefixItems": [TEXT], "items": False},
            [["a"]],
            [[1], ["a", "b"]],
        ),
        ({"type": "object", "minProperties": 1}, [{"a": 1}], [{}]),
        (
            {"type": "object", "propertyNames": {"pattern": "^a"}},
            [{"a": 1}],
            [{"b": 1}],
        ),
        (
            {"type": "object", "additionalProperties": {"type": "integer"}},
            [{"a": 1}],
            [{"a": "1"}],
        ),
        (
            {"type": "object", "patternProperties": {"^a": TEXT}},
            [{"a": "1", "b": 1}],
            [{"a": 1}],
        ),
        ({"type": "string", "pattern": "b(?=c)"}, ["abc"], ["ab"]),
        ({"type": "number", "multipleOf": 0.5}, [1.5, 2], [1.2]),
        ({"type": "integer", "minimum": 0.5, "exclusiveMaximum": 2.5}, [1, 2], [0, 3]),
        (
            {"if": TEXT, "then": {"minLength": 2}, "else": {"const": 1}},
            ["ab", 1],
            ["a", 2],
        ),
        ({"type": "object", "dependentRequired": {"a": ["b"]}}, [{"b": 1}], [{"a": 1}]),
        ({"properties": {"a": TEXT}}, [1, {"a": "b"}], [{"a": 1}]),
        ({"type": "null"}, [None], [0, ""]),
        (False, [], [1, None]),
        (True, [1, None], []),
    ],
    ids=str,
)
def test_values_fit_as_json_schema_says(models, schema, fits, others):
    schema = {"not": {}} if schema is False else {} if schema is True else schema
    module = models(Alias=schema, Owner=object_of("x", x=schema))
    for value in fits:
        assert to_json(from_json(module.Alias, value)) == value
        assert to_json(from_json(module.Owner, {"x": value})) == {"x": value}
    for value in others:
        assert refuses(module.Alias, value)
        assert refuses(module.Owner, {"x": value})


def test_an_enum_without_values_is_a_warning():
    plan = plan_models(spec_of({"E": {"enum": []}}))
    assert plan.warnings == ["/models/E: no value fits its enum, so that it is Any."]


def test_what_is_wrong_in_a_schema_spoils_one_place():
    plan = plan_models(
        spec_of(
            {
                "A": object_of(
                    a={"type": "string", "minLength": "x"},
                    b={"type": "string", "pattern": "\\p{L}"},
                    c={"$ref": "#/$defs/Missing"},
                    d={"type": "integer", "default": "", "nullable": True},
                    e={"not": {"$ref": "other.json"}},
                    f={"type": "object", "additionalProperties": {"type": "wrong"}},
                    g={"not": {"$ref": "#/$defs/Loop"}},
                ),
                "Loop": {"not": {"$ref": "#/$defs/Loop"}},
            }
        )
    )
    for place, words in {
        "a": "minLength is not enforced: 'x' is not of type 'integer'",
        "b": "pattern is not enforced: Python has no such pattern",
        "c": "it is Any in Python, because there is no model 'Missing'",
        "d": "its default '' does not fit it",
        "e": "not is not enforced: 'other.json' leads nowhere",
        "g": "not is not enforced: it refers to itself without end by '#/$defs/Loop'",
        "f/additionalProperties": "it is Any in Python: 'wrong' is no type",
    }.items():
        start = f"/models/A/properties/{place}: {words}"
        assert any(each.startswith(start) for each in plan.warnings), plan.warnings
    assert "/models/A/properties/d: 'nullable' is not enforced." in plan.warnings


def test_all_of_is_one_class_with_the_fields_of_all_members(models):
    module = models(
        Base=object_of("id", id=TEXT),
        Dog={
            "allOf": [
                {"$ref": "#/$defs/Base"},
                object_of(id={"type": "string", "minLength": 2}, bark=TEXT),
                {"required": ["bark"]},
            ]
        },
        Owner=object_of(dog={"allOf": [{"$ref": "#/$defs/Dog"}], "description": "his"}),
    )
    owner = module.Owner.model_validate({"dog": {"id": "ab", "bark": "wuff"}})
    assert isinstance(owner.dog, module.Dog)
    for wrong in (
        {"id": "ab"},
        {"id": "a", "bark": ""},
        {"id": "ab", "bark": "", "x": 1},
    ):
        assert refuses(module.Dog, wrong)


def test_all_of_that_is_no_object_is_checked(models):
    module = models(
        Short={"allOf": [{"$ref": "#/$defs/Text"}, {"maxLength": 2}]}, Text=TEXT
    )
    assert from_json(module.Short, "ab") == "ab"
    assert refuses(module.Short, "abc") and refuses(module.Short, 1)


PETS = {
    "Cat": object_of("kind", kind={"const": "cat"}, lives={"type": "integer"}),
    "Dog": object_of("kind", kind={"enum": ["dog"]}, name=TEXT),
    "Pet": {"oneOf": [{"$ref": "#/$defs/Cat"}, {"$ref": "#/$defs/Dog"}]},
}


def test_objects_are_told_apart_by_a_property(models):
    module = models(**PETS)
    assert isinstance(from_json(module.Pet, {"kind": "dog"}), module.Dog)
    assert refuses(module.Pet, {"kind": "bird"})


def test_a_response_keeps_kinds_fields_and_values_that_are_unknown(models):
    module = models(
        "Answer",
        **PETS,
        Answer=object_of(pet={"$ref": "#/$defs/Pet"}, state={"enum": ["on", "off"]}),
    )
    value = {"pet": {"kind": "bird", "x": 1}, "state": "asleep", "more": [1]}
    answer = module.Answer.model_validate(value)
    assert to_json(answer) == value
    assert answer.pet == {"kind": "bird", "x": 1}
    assert refuses(module.Answer, {"pet": {"kind": "cat", "lives": "nine"}})
    assert isinstance(from_json(module.Pet, {"kind": "cat", "z": 1}), module.Cat)


def test_schemas_may_refer_to_themselves_and_to_each_other(models):
    module = models(
        Node=object_of(next={"$ref": "#/$defs/Node"}, peer={"$ref": "#/$defs/Other"}),
        Other=object_of(nodes={"type": "array", "items": {"$ref": "#/$defs/Node"}}),
        Json={"type": ["string", "array"], "items": {"$ref": "#/$defs/Json"}},
        Loop={"$ref": "#/$defs/Loop"},
    )
    value = {"next": {"next": {}}, "peer": {"nodes": [{}, {"next": {}}]}}
    assert to_json(module.Node.model_validate(value)) == value
    assert from_json(module.Json, ["a", [["b"]]]) == ["a", [["b"]]]
    assert refuses(module.Json, ["a", [[1]]])
    assert from_json(module.Loop, 1) == 1


def test_unknown_fields_are_refused_unless_the_schema_takes_them(models):
    more = {"additionalProperties": {"type": "integer"}}
    module = models(
        Closed=object_of(a=TEXT),
        Open={**object_of(a=TEXT), **more},
        Any={**object_of(a=TEXT), "additionalProperties": True},
    )
    assert refuses(module.Closed, {"b": 1})
    assert to_json(module.Open.model_validate({"a": "b", "c": 1})) == {"a": "b", "c": 1}
    assert refuses(module.Open, {"c": "x"})
    assert to_json(module.Any_.model_validate({"c": "x"})) == {"c": "x"}


def test_defaults_are_made_anew_and_wrong_ones_are_left_out(models):
    module = models(
        A=object_of(
            tags={"type": "array", "items": TEXT, "default": ["a"]},
            size={"type": "integer", "default": 2.0},
            wrong={"type": "integer", "default": "x"},
        )
    )
    first = module.A()
    first.tags.append("b")
    assert to_json(first) == {"tags": ["a", "b"]}
    assert (module.A().tags, module.A().size, module.A().wrong) == (["a"], 2, None)


def test_equal_models_of_tools_are_one_class_and_others_are_named_after_the_tool():
    from ai_spine.sdk_sync.ir import IRTool

    version = SchemaVersion(1)
    user = IRModel("User", fields=[IRField("id", IRType.STRING)])
    other = IRModel("User", fields=[IRField("name", IRType.STRING)])
    tools = {
        "find": IRTool("find", version, "", user, other),
        "get": IRTool("get", version, "", user, user),
    }
    plan = plan_models(IRSpec(version, models={"User": user}, tools=tools))
    assert [each.name for each in plan.classes] == ["User", "FindOutput"]
    assert plan.class_of(other) == "FindOutput"


def test_names_stay_when_schemas_are_added():
    old = plan_models(spec_of({"a-b": object_of(**{"x-y": TEXT}), "a_b": object_of()}))
    new = plan_models(
        spec_of(
            {
                "a b": object_of(),
                "a-b": object_of(**{"x-y": TEXT, "x y": TEXT}),
                "a_b": object_of(),
            }
        ),
        old.names,
    )
    assert {**new.names, **old.names} == new.names
    assert old.names["/models/a-b"] == "AB"
    assert old.names["/models/a-b/properties/x-y/name"] == "x_y"
    assert new.names["/models/a b"] == "AB3"


def test_a_definition_that_repeats_a_model_is_the_model():
    user = object_of(id=TEXT)
    pet = {**object_of(owner={"$ref": "#/$defs/User"}), "$defs": {"User": user}}
    other = {**object_of(owner={"$ref": "#/$defs/User"}), "$defs": {"User": TEXT}}
    plan = plan_models(spec_of({"Pet": pet, "User": user, "Zoo": other}))
    assert [each.name for each in plan.classes] == ["Pet", "User", "Zoo", "ZooUser"]


def test_a_plan_knows_its_classes_and_no_others():
    plan = plan_models(spec_of({"A": object_of()}))
    assert plan.class_plan("A").pointer == "/models/A"
    with pytest.raises(KeyError):
        plan.class_plan("B")
    with pytest.raises(CodegenError, match="the plan has no model 'B'"):
        plan.class_of(IRModel("B"))


def test_a_chain_of_schemas_that_is_too_long_is_an_error(request):
    # Other libraries, such as mypy, raise the limit for their own sake.
    request.addfinalizer(partial(sys.setrecursionlimit, sys.getrecursionlimit()))
    sys.setrecursionlimit(1000)
    chain = {f"A{n}": {"$ref": f"#/$defs/A{n + 1}"} for n in range(1000)}
    with pytest.raises(CodegenError, match="too many times"):
        plan_models(spec_of(chain))


@pytest.mark.parametrize(
    ("members", "words"),
    [
        ([{"$ref": "#/$defs/Missing"}, object_of()], "leads nowhere"),
        ([{"$ref": "#/$defs/Whole"}, object_of()], "it has no single type"),
        ([object_of(), {"type": "wrong"}], "is not valid"),
        ([object_of(), {"maxProperties": 1}], "it has no single type"),
        ([object_of(), TEXT], "it has no single type"),
        ([{"properties": {"a": TEXT}}, {"required": ["a"]}], "it has no single type"),
    ],
    ids=str,
)
def test_all_of_that_cannot_be_one_class_is_any_with_a_warning(members, words):
    plan = plan_models(spec_of({"Whole": {"allOf": members}}))
    assert plan.class_plan("Whole").alias.kind == "Any"
    assert any(words in each for each in plan.warnings), plan.warnings


def test_members_of_all_of_may_have_all_of_and_agree_on_properties(models):
    module = models(
        A=object_of(
            n={"type": "integer", "minimum": 1}, x=TEXT, y={}, z={"maxLength": 1}
        ),
        B={
            "allOf": [
                {"$ref": "#/$defs/A"},
                object_of(n={"type": "integer", "maximum": 5}),
            ]
        },
        C={
            "type": "object",
            "properties": {"own": TEXT},
            "allOf": [
                {"$ref": "#/$defs/B"},
                object_of(
                    "y", "other", x={"type": "string"}, y={"type": "boolean"}, z=TEXT
                ),
            ],
        },
    )
    good = {"n": 3, "x": "a", "y": True, "z": "a", "own": "b"}
    assert refuses(module.C, good)  # without `other`, which no member describes
    assert refuses(module.C, {**good, "other": 1})
    module = models(
        C={
            "allOf": [
                object_of(x=TEXT, y={}),
                object_of("y", x={"maxLength": 2}, y=TEXT),
            ]
        }
    )
    assert to_json(from_json(module.C, {"x": "ab", "y": "c"})) == {"x": "ab", "y": "c"}
    for wrong in ({}, {"y": 1}, {"x": "abc", "y": "c"}, {"x": 1, "y": "c"}):
        assert refuses(module.C, wrong)


def test_other_fields_may_be_bound_by_patterns_and_by_what_was_evaluated(models):
    module = models(
        P={
            **object_of(a=TEXT),
            "patternProperties": {"^x": TEXT},
            "additionalProperties": False,
        },
        U={**object_of(a=TEXT), "unevaluatedProperties": False},
        L={"type": "array", "items": TEXT, "unevaluatedItems": False},
    )
    assert to_json(from_json(module.P, {"a": "b", "x1": "c"})) == {"a": "b", "x1": "c"}
    assert refuses(module.P, {"x1": 1}) and refuses(module.P, {"y": "c"})
    assert to_json(from_json(module.U, {"a": "b"})) == {"a": "b"}
    assert refuses(module.U, {"b": 1})
    assert from_json(module.L, ["a"]) == ["a"] and refuses(module.L, [1])


def test_a_response_with_closed_objects_keeps_unknown_fields(models):
    closed = {"type": "object", "additionalProperties": False}
    module = models("A", A={**object_of(b=closed), "additionalProperties": False})
    value = {"b": {"x": 1}, "y": 2}
    assert to_json(from_json(module.A, value)) == value


def test_control_characters_of_a_description_are_shown_escaped(models):
    module = models(A={**object_of(), "description": "\x1b[31m\rred\x00"})
    assert "\\x1b[31m" in module.A.__doc__ and "red\\x00" in module.A.__doc__


def test_texts_that_are_no_unicode_break_no_class(models):
    strange = "\ud800"
    schema = object_of(kind={"enum": [strange, "b"]}, **{strange: TEXT})
    found = models(M=schema)
    assert list(found.M.model_fields) == ["kind"]
    assert from_json(found.M, {"kind": "b"}).kind == "b"
    assert from_json(found.M, {"kind": strange}).kind == strange


def test_unions_that_branch_at_each_step_are_planned_soon():
    schemas = {"M60": TEXT}
    for n in range(60):
        following = {"$ref": f"#/$defs/M{n + 1}"}
        schemas[f"M{n}"] = {"anyOf": [following, {**following, "title": "again"}]}
    plan = plan_models(spec_of(schemas))
    assert not any(each.alias.nullable for each in plan.classes)


def test_unions_that_lead_back_to_themselves_accept_what_a_member_accepts(models):
    back = {"anyOf": [{"$ref": "#/$defs/A"}, TEXT]}
    first = {"anyOf": [{"$ref": "#/$defs/B"}, {"type": "null"}]}
    plan = plan_models(spec_of({"A": first, "B": back}))
    assert all(each.alias.nullable for each in plan.classes)
