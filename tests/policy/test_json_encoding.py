"""Tests of the one JSON encoder: what it converts, and what it refuses by path."""

import array
import collections
import dataclasses
import enum
import json
import pathlib
import subprocess
import sys
import types
import uuid
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from fractions import Fraction
from typing import List, NamedTuple

import attrs
import numpy
import pandas
import pydantic
import pydantic.v1
import pytest

import ai_spine
from ai_spine import AISpine
from ai_spine.exceptions import ConfigurationError, ValidationError
from ai_spine.models import Execution, ExecutionStatus, Flow, FlowNode
from ai_spine.policy.json_encoding import encode_json, json_default
from tests.raw_server import RawServer, answer

ID = uuid.UUID(int=7)
NOON = datetime(2026, 11, 27, 12, 0)
MADRID = timezone(timedelta(hours=1))


class Color(enum.Enum):
    RED = "red"
    SINCE = date(2026, 1, 2)


class Level(enum.IntEnum):
    HIGH = 3


class Shade(str, enum.Enum):
    DARK = "dark"


class Point(NamedTuple):
    x: int
    y: int


@dataclasses.dataclass
class Order:
    order_id: uuid.UUID
    placed: datetime
    items: List[object] = dataclasses.field(default_factory=list)


@attrs.define
class Customer:
    name: str
    orders: list


class Invoice(pydantic.BaseModel):
    due: date
    total: Decimal


class OldInvoice(pydantic.v1.BaseModel):
    due: date


class Letters(collections.abc.Sequence):
    def __len__(self):
        return 2

    def __getitem__(self, index):
        return "ab"[index]


class OnlyGet(collections.abc.Mapping):
    def __len__(self):
        return 1

    def __iter__(self):
        return iter(["key"])

    def __getitem__(self, key):
        return NOON


def encoded(value, default=None):
    """Return a value as a server parses it."""
    return json.loads(encode_json({"input_data": value}, default))["input_data"]


def complaint(body, default=None):
    """Return the message of the error that a body causes."""
    with pytest.raises(ValidationError) as caught:
        encode_json(body, default)
    assert caught.value.__cause__ is None and caught.value.__suppress_context__
    return str(caught.value)


CONVERTED = [
    (NOON, "2026-11-27T12:00:00"),
    (NOON.replace(tzinfo=timezone.utc), "2026-11-27T12:00:00+00:00"),
    (NOON.replace(tzinfo=MADRID), "2026-11-27T12:00:00+01:00"),
    (NOON.date(), "2026-11-27"),
    (time(9, 30), "09:30:00"),
    (timedelta(minutes=1.5), 90.0),
    (ID, "00000000-0000-0000-0000-000000000007"),
    (Color.RED, "red"),
    (Color.SINCE, "2026-01-02"),
    (Level.HIGH, 3),
    (Shade.DARK, "dark"),
    (ExecutionStatus.FAILED, "failed"),
    (Decimal("10.50"), "10.50"),
    (pathlib.PurePosixPath("/tmp/a b"), "/tmp/a b"),
    (pathlib.Path("report.csv"), "report.csv"),
    (Order(ID, NOON), {"order_id": str(ID), "placed": NOON.isoformat(), "items": []}),
    (Customer("Ana", [Point(1, 2)]), {"name": "Ana", "orders": [[1, 2]]}),
    (
        Invoice(due=NOON.date(), total=Decimal("1.5")),
        {"due": "2026-11-27", "total": "1.5"},
    ),
    (OldInvoice(due=NOON.date()), {"due": "2026-11-27"}),
    (Point(1, 2), [1, 2]),
    (Letters(), ["a", "b"]),
    (collections.deque([1, NOON]), [1, "2026-11-27T12:00:00"]),
    (range(3), [0, 1, 2]),
    (collections.UserString("text"), "text"),
    (OnlyGet(), {"key": "2026-11-27T12:00:00"}),
    (types.MappingProxyType({"a": (1, None, True)}), {"a": [1, None, True]}),
    (collections.ChainMap({"a": 1}, {"b": 2}), {"a": 1, "b": 2}),
    (numpy.int64(5), 5),
    (numpy.float32(0.5), 0.5),
    (numpy.longdouble(0.5), 0.5),
    (numpy.bool_(True), True),
    (numpy.str_("s"), "s"),
    (numpy.datetime64("2026-11-27T12:00", "s"), "2026-11-27T12:00:00"),
    (numpy.datetime64(NOON, "ns"), "2026-11-27T12:00:00.000000000"),
    (numpy.timedelta64(1500, "ms"), 1.5),
    (numpy.array([[1, 2], [3, 4]]), [[1, 2], [3, 4]]),
    (numpy.array([0.5, 1.5], dtype="longdouble"), [0.5, 1.5]),
    (numpy.array(7), 7),
    (numpy.array([Decimal(1), NOON]), ["1", "2026-11-27T12:00:00"]),
    (numpy.array(["2026-11-27"], dtype="datetime64[D]"), ["2026-11-27"]),
    (numpy.array(90, dtype="timedelta64[s]"), 90.0),
    (pandas.Timestamp("2026-11-27 12:00"), "2026-11-27T12:00:00"),
    (pandas.Timestamp("2026-11-27 12:00", tz=MADRID), "2026-11-27T12:00:00+01:00"),
    (pandas.Timedelta("1 min"), 60.0),
    (Flow.from_wire({"id": "f", "own": 1}), {"id": "f", "own": 1}),
]


@pytest.mark.parametrize("value, expected", CONVERTED)
def test_a_common_type_is_encoded_at_any_depth(value, expected):
    assert encoded(value) == expected
    assert encoded({"deep": [{"er": value}]}) == {"deep": [{"er": expected}]}


@pytest.mark.parametrize("value, expected", CONVERTED)
def test_json_dumps_converts_the_same_with_json_default(value, expected):
    assert json.loads(json.dumps(value, default=ai_spine.json_default)) == expected


def test_converted_values_may_be_nested():
    inner = Customer("Ana", [Order(ID, NOON, [Invoice(due=NOON.date(), total=1)])])
    order = encoded(inner)["orders"][0]
    assert order["items"] == [{"due": "2026-11-27", "total": "1"}]


def test_a_flow_built_by_the_caller_is_sent_with_its_nodes():
    made = encoded(Flow("f", nodes=[FlowNode("n", agent_id="a")]))
    assert made["flow_id"] == "f" and made["nodes"][0]["agent_id"] == "a"


def test_an_execution_is_written_as_the_server_sent_it():
    wire = {"executionId": "e", "status": "success"}
    execution = Execution.from_wire(wire)
    assert json.loads(json.dumps([execution], default=json_default)) == [wire]


def test_the_body_is_ascii_and_keeps_its_order():
    assert encode_json({"b": "ñ", "a": [1, 2.5, None]}) == (
        b'{"b": "\\u00f1", "a": [1, 2.5, null]}'
    )


def test_no_library_is_imported_for_the_encoder():
    code = (
        "import sys; before = set(sys.modules)  # measuring coverage imports some\n"
        "import ai_spine, json\n"
        "class Thing: pass\n"
        "try: json.dumps(Thing(), default=ai_spine.json_default)\n"
        "except TypeError: pass\n"
        "kept_out = {'numpy', 'pandas', 'pydantic', 'attr', 'decimal'} - before\n"
        "print(sorted(kept_out & set(sys.modules)))"
    )
    out = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert out.stdout.strip() == "[]"


@pytest.mark.parametrize(
    "value, expected",
    [
        ({"x": {1}}, "input_data.x is of type set, which JSON cannot hold"),
        (
            {"x": [0, {"y": b""}]},
            "input_data.x[1].y is of type bytes, which JSON cannot hold",
        ),
        ({"x": bytearray()}, "input_data.x is of type bytearray, which JSON cannot"),
        ({"x": (i for i in ())}, "input_data.x is of type generator, which JSON"),
        ({"x": {}.values()}, "input_data.x is of type dict_values, which JSON"),
        ({"x": Fraction(1, 2)}, "input_data.x is of type Fraction, which JSON"),
        ({"x": Order}, "input_data.x is of type type, which JSON cannot hold"),
        ({"x": float("nan")}, "input_data.x is nan, which JSON cannot hold"),
        (
            {"x": (1.0, -float("inf"))},
            "input_data.x[1] is -inf, which JSON cannot hold",
        ),
        ({float("nan"): 1}, "input_data has the key nan, which JSON cannot hold"),
        (
            {"x": {(1, 2): 3}},
            "input_data.x has a key that is of type tuple; JSON's keys are text",
        ),
        ({"x": {ID: 3}}, "input_data.x has a key that is of type UUID; JSON's keys"),
    ],
)
def test_a_value_that_json_cannot_hold_is_refused_with_its_path(value, expected):
    assert complaint({"flow_id": "f", "input_data": value}).startswith(expected)


@pytest.mark.parametrize(
    "value, expected",
    [
        (Order(ID, NOON, [{1}]), "x.items[0] is of type set, which JSON cannot hold"),
        (Customer("Ana", [b""]), "x.orders[0] is of type bytes, which JSON cannot"),
        (numpy.array([[1, 2], [3, numpy.nan]]), "x[1][1] is nan, which JSON cannot"),
        (numpy.float32("inf"), "x is inf, which JSON cannot hold"),
        (numpy.array([1j]), "x[0] is of type complex, which JSON cannot hold"),
        (numpy.array([b"a"]), "x[0] is of type bytes, which JSON cannot hold"),
        (numpy.datetime64("NaT"), "x cannot be encoded as JSON: NaT has no JSON form"),
        (pandas.NaT, "x cannot be encoded as JSON: NaT has no JSON form"),
        (
            numpy.array(["2026-01-01", "NaT"], dtype="datetime64[s]"),
            "x[1] cannot be encoded as JSON: NaT has no JSON form",
        ),
        (Decimal("NaN"), "x cannot be encoded as JSON: NaN has no JSON form"),
        (Decimal("Infinity"), "x cannot be encoded as JSON: Infinity has no JSON form"),
        (pandas.NA, "x is of type NAType, which JSON cannot hold"),
        (OnlyGet, "x is of type ABCMeta, which JSON cannot hold"),
    ],
)
def test_a_bad_value_inside_a_converted_one_is_refused_with_its_path(value, expected):
    assert complaint({"x": value}).startswith(expected)


def test_bytes_from_a_path_are_refused():
    class BytesPath:
        def __fspath__(self):
            return b"/tmp"

    assert complaint({"x": BytesPath()}) == "x is of type bytes, which JSON cannot hold"


@pytest.mark.parametrize(
    "mapping, key",
    [
        ({1: "a", "1": "b"}, "1"),
        ({"1": "a", 1: "b"}, "1"),
        ({True: 1, "true": 2}, "true"),
        ({None: 1, "null": 2}, "null"),
        ({1.5: 1, "1.5": 2}, "1.5"),
        ({False: 1, "false": 2}, "false"),
        ({1e300: 1, "1e+300": 2}, "1e+300"),
        ({-1: 1, "-1": 2}, "-1"),
    ],
)
def test_two_keys_that_become_one_are_refused_with_their_path(mapping, key):
    problem = f'has two keys that both become "{key}" in JSON'
    assert complaint({"x": [mapping]}) == f"x[0] {problem}"
    assert complaint({"x": Order(ID, NOON, [mapping])}) == f"x.items[0] {problem}"
    assert complaint({"x": types.MappingProxyType(mapping)}) == f"x {problem}"
    assert complaint(mapping) == f"the body {problem}"


def test_keys_that_are_not_text_become_text():
    mapping = {7: "a", 2.5: "b", True: "c", None: "d", Level.HIGH: "e", Shade.DARK: "f"}
    assert encoded(mapping) == json.loads(json.dumps(mapping))


def _cycle(make):
    ring = []
    ring.append(make(ring))
    return ring


@pytest.mark.parametrize(
    "make, path",
    [
        (lambda ring: ring, "x[0]"),
        (lambda ring: {"a": ring}, "x[0].a"),
        (lambda ring: Order(ID, NOON, ring), "x[0].items"),
        (lambda ring: collections.deque([ring]), "x[0][0]"),
    ],
)
def test_a_value_that_contains_itself_is_refused_with_its_path(make, path):
    expected = f"{path} contains itself, which JSON cannot hold"
    assert complaint({"x": _cycle(make)}) == expected


def test_the_same_value_twice_is_not_a_cycle():
    shared = {"a": 1}
    assert encoded([shared, shared]) == [shared, shared]
    assert complaint({"x": [shared, shared, {1}]}).startswith("x[2] is of type set")


def test_nesting_that_python_cannot_follow_is_refused():
    deep = []
    for _ in range(200000):
        deep = [deep]
    assert complaint({"input_data": deep}) == "input_data: nested too deeply for JSON"


def test_a_key_that_python_cannot_write_does_not_break_the_path():
    expected = "x.a number of too many digits is of type set"
    assert complaint({"x": {10**5000: {1}}}).startswith(expected)


def test_a_number_that_python_cannot_write_is_refused():
    assert complaint({"input_data": 10**5000}).startswith("input_data: not JSON: ")


@pytest.mark.parametrize("body", [{(1, 2): "x"}, {5: {"x": {1}}}])
def test_a_body_whose_own_keys_are_not_text_is_refused(body):
    assert complaint(body)


def test_an_error_message_stays_on_one_line():
    assert "\n" not in complaint({"input_data": {"two\nlines": {1}}})


def test_a_custom_default_encodes_the_rest():
    assert encoded({"x": {1}, "y": [b"a"]}, list) == {"x": [1], "y": [[97]]}


def test_a_custom_default_is_not_called_for_known_types():
    asked = []
    encoded([NOON, ID, Fraction(1, 2)], lambda value: asked.append(value) or "1/2")
    assert asked == [Fraction(1, 2)]


def test_the_result_of_a_custom_default_is_converted_and_checked():
    assert encoded({1}, lambda value: [NOON]) == ["2026-11-27T12:00:00"]
    merging = {1: 1, "1": 2}
    assert complaint({"x": {1}}, lambda value: merging).startswith("x has two keys")
    assert complaint({"x": {1}}, lambda value: value) == (
        "x contains itself, which JSON cannot hold"
    )


def test_what_a_custom_default_refuses_is_reported_with_its_path():
    def refuse(value):
        raise TypeError("no fractions, please")

    assert complaint({"x": [Fraction(1, 2)]}, refuse) == (
        "x[0] cannot be encoded as JSON: no fractions, please"
    )


def test_an_error_in_a_custom_default_is_raised_unchanged():
    with pytest.raises(ZeroDivisionError):
        encode_json({"x": {1}}, lambda value: 1 / 0)


@pytest.mark.parametrize("value", [{1}, b"", iter([]), object(), Order, 1j])
def test_json_default_refuses_as_json_does(value):
    with pytest.raises(TypeError, match="is not JSON serializable"):
        json_default(value)


def test_a_client_encodes_the_rest_with_its_json_default():
    def encode(value):
        if isinstance(value, Fraction):
            return [value.numerator, value.denominator]
        raise TypeError("not a fraction")

    with RawServer(answer(200, {"execution_id": "e"})) as server:
        with AISpine(base_url=server.url, json_default=encode) as client:
            client.execute_flow("f", {"x": Fraction(1, 2), "day": NOON.date()})
            with pytest.raises(ValidationError, match="^input_data.x cannot be encode"):
                client.with_options(timeout=9).execute_flow("f", {"x": {1}})
    assert server.requests[0].json["input_data"] == {"x": [1, 2], "day": "2026-11-27"}


def test_a_json_default_that_cannot_be_called_is_refused():
    with pytest.raises(ConfigurationError, match="json_default must be a callable"):
        AISpine(json_default="str")


def test_a_model_writes_itself_as_json():
    execution = Execution.from_wire({"id": "e", "createdAt": 1795171842000})
    fields = json.loads(execution.to_json())
    assert fields == execution.to_dict()
    assert fields["created_at"] == "2026-11-20T10:50:42Z"
    assert execution.to_json(indent=2).startswith('{\n  "execution_id": "e"')


def test_an_array_of_numbers_is_a_list_where_python_calls_it_a_sequence():
    numbers = array.array("d", [0.5])
    if isinstance(numbers, collections.abc.Sequence):
        assert encoded(numbers) == [0.5]
