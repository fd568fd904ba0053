"""Tests of the types of parameters: what they take, what they refuse, and their schemas."""

import datetime
import decimal
import enum
import json
import pathlib
import subprocess
import sys
import typing
import uuid
from dataclasses import dataclass, field
from typing import (
    Any,
    Dict,
    FrozenSet,
    Iterable,
    List,
    Literal,
    NewType,
    Optional,
    Sequence,
    Set,
    Tuple,
    TypedDict,
    Union,
)

import pytest
from jsonschema import Draft202012Validator

from ai_spine.local.agents.annotations import AnnotationReader, UnknownType
from ai_spine.local.agents.functions import AgentFunction
from ai_spine.policy.json_encoding import encode_json

pydantic = pytest.importorskip("pydantic")
UTC = datetime.timezone.utc


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


class Level(enum.IntEnum):
    LOW = 1
    HIGH = 2


@dataclass
class Address:
    city: str


@dataclass
class Applicant:
    """Who applies.

    Not this.
    """

    name: str
    incomes: List[float] = field(default_factory=list)
    address: Optional[Address] = None
    kept: int = field(default=7, init=False)


@dataclass
class Tree:
    value: int
    children: List["Tree"] = field(default_factory=list)


@dataclass
class Checked:
    low: int
    high: int = field(default=9, metadata={"description": "The end."})

    def __post_init__(self) -> None:
        if self.low > self.high:
            raise ValueError("low must not be above\nhigh")


class Loan(TypedDict, total=False):
    amount: "typing.Required[float]" if sys.version_info >= (3, 11) else float
    months: int


class Model(pydantic.BaseModel):
    amount: float
    address: Optional[Address] = None


class Node(pydantic.BaseModel):
    value: int
    children: List["Node"] = []


UserId = NewType("UserId", str)


def convert(kind, value):
    problems = []
    converted = AnnotationReader().read(kind).convert(value, "x", problems)
    return problems or converted


MOMENT = datetime.datetime(2026, 11, 27, 10, 30, tzinfo=UTC)
TAKEN = [
    (Any, {"a": [1]}, {"a": [1]}),
    (str, "a", "a"),
    (float, 1, 1.0),
    (int, 2, 2),
    (int, 2.0, 2),
    (bool, True, True),
    (None, None, None),
    (UserId, "u", "u"),
    (datetime.datetime, "2026-11-27T10:30:00Z", MOMENT),
    (datetime.datetime, "2026-11-27T10:30:00+00:00", MOMENT),
    (datetime.date, "2026-11-27", datetime.date(2026, 11, 27)),
    (datetime.time, "10:30:00", datetime.time(10, 30)),
    (datetime.timedelta, 1.5, datetime.timedelta(seconds=1.5)),
    (uuid.UUID, str(uuid.UUID(int=7)), uuid.UUID(int=7)),
    (decimal.Decimal, "1.10", decimal.Decimal("1.10")),
    (decimal.Decimal, 0.1, decimal.Decimal("0.1")),
    (pathlib.Path, "a/b", pathlib.Path("a/b")),
    (Colour, "red", Colour.RED),
    (Level, 2, Level.HIGH),
    (Literal["a", 1, None], 1, 1),
    (Optional[int], None, None),
    (Optional[int], 3, 3),
    (Union[int, str], "3", "3"),
    (list, [1, "a"], [1, "a"]),
    (List[float], [1, 2], [1.0, 2.0]),
    (Sequence[Colour], ["red"], [Colour.RED]),
    (Iterable[int], [1], [1]),
    (Set[int], [1, 1], {1}),
    (FrozenSet[str], ["a"], frozenset({"a"})),
    (Tuple[int, ...], [1, 2], (1, 2)),
    (Tuple[int, str], [1, "a"], (1, "a")),
    (Dict[str, Level], {"a": 1}, {"a": Level.LOW}),
    (dict, {"a": 1}, {"a": 1}),
    (Applicant, {"name": "Ana", "more": 1}, Applicant("Ana")),
    (
        Applicant,
        {"name": "Ana", "incomes": [1], "address": {"city": "Rom"}},
        Applicant("Ana", [1.0], Address("Rom")),
    ),
    (Tree, {"value": 1, "children": [{"value": 2}]}, Tree(1, [Tree(2)])),
    (Loan, {"amount": 1, "more": 2}, {"amount": 1.0}),
    (Union[Applicant, Checked], {"low": 1}, Checked(1)),
    (List[Model], [{"amount": "1"}], [Model(amount=1)]),
]


@pytest.mark.parametrize("kind, value, expected", TAKEN, ids=lambda each: str(each))
def test_a_value_that_fits_is_converted(kind, value, expected):
    converted = convert(kind, value)
    assert converted == expected and type(converted) is type(expected)


REFUSED = [
    (str, 1, "x: must be text, not a number"),
    (float, "1", "x: must be a number, not text"),
    (float, True, "x: must be a number, not true or false"),
    (float, None, "x: must be a number, not null"),
    (float, 10**400, "x: must be a number, not 1000000000"),
    (int, 1.5, "x: must be a whole number, not 1.5"),
    (int, float("inf"), "x: must be a whole number, not inf"),
    (bool, 0, "x: must be true or false, not a number"),
    (datetime.date, "soon", "x: must be a date such as 2026-11-27, not 'soon'"),
    (
        datetime.datetime,
        5,
        "x: must be a time such as 2026-11-27T10:30:00Z, not a numb",
    ),
    (uuid.UUID, "u", "x: must be a UUID, not 'u'"),
    (decimal.Decimal, "NaN", "x: must be a decimal number, not text"),
    (Colour, "green", 'x: must be one of "red", "blue", not "green"'),
    (Level, True, "x: must be one of 1, 2, not true"),
    (Optional[int], "a", "x: must be a whole number or null, not text"),
    (List[int], {"a": 1}, "x: must be a list, not an object"),
    (List[int], [1, "a"], "x[1]: must be a whole number, not text"),
    (Set[Any], [[1]], "x: unhashable type: 'list'"),
    (Tuple[int, str], [1], "x: must be a list of 2, not [1]"),
    (Tuple[int, str], [1, 2], "x[1]: must be text, not a number"),
    (Dict[str, int], {"a": "b"}, "x.a: must be a whole number, not text"),
    (Dict[str, int], [], "x: must be an object, not a list"),
    (Applicant, "Ana", "x: must be an object, not text"),
    (Applicant, {}, "x.name: is required"),
    (Applicant, {"name": "", "incomes": [1, 2, "3"]}, "x.incomes[2]: must be a number"),
    (Optional[Applicant], {"name": 5}, "x.name: must be text, not a number"),
    (Applicant, {"name": "", "address": {}}, "x.address.city: is required"),
    (Tree, {"value": 1, "children": [{}]}, "x.children[0].value: is required"),
    (Checked, {"low": 10}, "x: low must not be above high"),
    (Loan, {"amount": "a"}, "x.amount: must be a number, not text"),
    (Model, {"amount": "a"}, "x.amount: Input should be a valid number"),
    (List[Model], [{}], "x[0].amount: Field required"),
]


@pytest.mark.parametrize("kind, value, words", REFUSED, ids=lambda each: str(each)[:40])
def test_a_value_that_does_not_fit_is_refused_with_its_path(kind, value, words):
    assert convert(kind, value)[0].startswith(words)


def test_a_key_of_a_typed_dict_may_be_missing():
    assert convert(Loan, {"months": 3, "amount": 1.0}) == {"amount": 1.0, "months": 3}
    if sys.version_info >= (3, 11):
        assert convert(Loan, {}) == ["x.amount: is required"]


class Odd(enum.Enum):
    ONE = (1, 2)


@dataclass
class Lost:
    other: "NotThere"  # noqa: F821


@pytest.mark.parametrize(
    "kind", [bytes, Odd, Lost, Dict[int, str], List[bytes], type, complex, 5, [int]]
)
def test_a_type_without_a_form_in_json_is_unknown(kind):
    with pytest.raises(UnknownType):
        AnnotationReader().read(kind)


def schema_of(kind):
    def work(x) -> dict:
        return {}

    work.__annotations__["x"] = kind
    return AgentFunction(work, "a").input_schema


@pytest.mark.parametrize(
    "kind, value", [pair[:2] for pair in TAKEN if pair[0] is not dict], ids=str
)
def test_a_schema_accepts_what_is_taken(kind, value):
    if kind is Any or value == [{"amount": "1"}]:  # pydantic converts text to numbers
        return
    schema = schema_of(kind)
    Draft202012Validator.check_schema(schema)
    Draft202012Validator(schema).validate({"x": value})


@pytest.mark.parametrize("kind, value, words", REFUSED, ids=lambda each: str(each)[:40])
def test_a_schema_refuses_what_is_refused(kind, value, words):
    if kind in (Checked, datetime.date, uuid.UUID, decimal.Decimal, Set[Any]):
        return  # such texts and checks are beyond a schema
    if value in (10**400, float("inf")):
        return
    assert not Draft202012Validator(schema_of(kind)).is_valid({"x": value})


def test_classes_with_one_name_have_definitions_of_their_own():
    other = dataclass(type("Address", (), {"__annotations__": {"street": str}}))

    def work(home: Address, work: other, again: Address) -> dict:
        return {}

    schema = AgentFunction(work, "a").input_schema
    assert schema["properties"] == {
        "home": {"$ref": "#/$defs/Address"},
        "work": {"$ref": "#/$defs/Address2"},
        "again": {"$ref": "#/$defs/Address"},
    }
    assert list(schema["$defs"]["Address2"]["properties"]) == ["street"]


def test_a_pydantic_model_describes_itself():
    def work(first: Address, model: Model, node: Node) -> Model:
        return Model(amount=1)

    made = AgentFunction(work, "a")
    schema = made.input_schema
    Draft202012Validator.check_schema(schema)
    value = {"amount": 1, "address": {"city": "Rom"}}
    tree = {"value": 1, "children": [{"value": 2}]}
    given = {"first": {"city": "Rom"}, "model": value, "node": tree}
    Draft202012Validator(schema).validate(given)
    tree["children"][0]["value"] = "a"
    assert not Draft202012Validator(schema).is_valid(given)
    assert made.output_schema["title"] == "Model"


def test_a_default_is_in_the_schema_as_json():
    def work(colour: Colour = Colour.RED, odd: Any = b"", on: Any = ()) -> dict:
        return {}

    properties = AgentFunction(work, "a").input_schema["properties"]
    assert properties["colour"]["default"] == "red"
    assert "default" not in properties["odd"]
    assert json.loads(encode_json(properties["on"]))["default"] == []


def test_descriptions_come_from_annotations_and_fields():
    annotated = typing.Annotated[float, "In euros."]

    def work(amount: annotated, checked: Checked) -> dict:
        return {}

    schema = AgentFunction(work, "a").input_schema
    assert schema["properties"]["amount"]["description"] == "In euros."
    checked = schema["$defs"]["Checked"]["properties"]
    assert checked["high"]["description"] == "The end."


def test_pydantic_is_not_imported():
    code = """if True:
        import sys
        from dataclasses import dataclass
        from ai_spine.local import agent

        @dataclass
        class Loan:
            amount: float

        @agent("a")
        def work(loan: Loan) -> Loan:
            return loan

        assert work.input_schema and "pydantic" not in sys.modules
    """
    subprocess.run([sys.executable, "-c", code], check=True)
