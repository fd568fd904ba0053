"""Tests of the encoder: what becomes JSON, and what is refused with its path."""

import collections
import dataclasses
import enum
import json
import subprocess
import sys
import types
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from fractions import Fraction
from pathlib import PurePosixPath
from uuid import UUID

import attrs
import numpy
import pandas
import pydantic
import pytest

import ai_spine
from ai_spine import AISpine, Execution, ValidationError
from ai_spine.models import ExecutionStatus, Flow
from ai_spine.policy.json_encoding import encode_json
from tests.raw_server import RawServer, answer


@dataclasses.dataclass
class Plain:
    values: list


@attrs.define
class Point:
    x: int
    when: date


class Person(pydantic.BaseModel):
    name: str
    born: date


class Colour(enum.Enum):
    RED = UUID(int=1)


Named = collections.namedtuple("Named", ["left", "right"])
ID = "00000000-0000-0000-0000-000000000001"


@pytest.mark.parametrize(
    "value, expected",
    [
        (datetime(2026, 11, 27, 8, 30), "2026-11-27T08:30:00"),
        (datetime(2026, 11, 27, tzinfo=timezone.utc), "2026-11-27T00:00:00+00:00"),
        (date(2026, 11, 27), "2026-11-27"),
        (time(8, 30), "08:30:00"),
        (timedelta(minutes=1, milliseconds=500), 60.5),
        (UUID(int=1), ID),
        (Colour.RED, ID),
        (ExecutionStatus.FAILED, "failed"),
        (Decimal("1.50"), "1.50"),
        (PurePosixPath("a/b"), "a/b"),
        (
            Plain([date(2026, 1, 2), Plain([])]),
            {"values": ["2026-01-02", {"values": []}]},
        ),
        (Point(1, date(2026, 1, 2)), {"x": 1, "when": "2026-01-02"}),
        (Person(name="Ana", born="2000-02-29"), {"name": "Ana", "born": "2000-02-29"}),
        (Named(1, date(2026, 1, 2)), [1, "2026-01-02"]),
        (types.MappingProxyType({"a": UUID(int=1)}), {"a": ID}),
        (collections.UserList([1, 2]), [1, 2]),
        (range(3), [0, 1, 2]),
        (numpy.int64(7), 7),
        (numpy.float64(0.5), 0.5),
        (numpy.bool_(True), True),
        (numpy.array([[1, 2], [3, 4]]), [[1, 2], [3, 4]]),
        (numpy.datetime64("2026-11-27"), "2026-11-27"),
        (pandas.Timestamp("2026-11-27 08:30", tz="UTC"), "2026-11-27T08:30:00+00:00"),
        (pandas.Timedelta(seconds=90), 90.0),
        (Execution.from_wire({"executionId": "e"}), {"executionId": "e"}),
        (
            {2: "a", None: "b", True: "c", 0.5: "d"},
            {"2": "a", "null": "b", "true": "c", "0.5": "d"},
        ),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_value_becomes_json_wherever_it_is(value, expected):
    body = json.loads(encode_json({"input_data": {"deep": [{"x": value}]}}))
    assert body == {"input_data": {"deep": [{"x": expected}]}}


@pytest.mark.parametrize(
    "value, path",
    [
        ({1: "a", "1": "b"}, "input_data has two keys that become '1' in JSON"),
        (
            {"x": [{True: 1, "true": 2}]},
            "input_data.x[0] has two keys that become 'true'",
        ),
        (
            {"x": types.MappingProxyType({None: 1, "null": 2})},
            "input_data.x has two keys",
        ),
        ({"x": Plain([{0.5: 1, "0.5": 2}])}, "input_data.x.values[0] has two keys"),
    ],
)
def test_two_keys_that_become_one_are_refused(value, path):
    with pytest.raises(ValidationError) as caught:
        encode_json({"input_data": value})
    assert str(caught.value).startswith(path)


def test_two_keys_of_the_body_itself_that_become_one_are_refused():
    with pytest.raises(ValidationError, match="^the body has two keys that become '1'"):
        encode_json({1: "a", "1": "b"})


def test_a_function_of_the_callers_encodes_the_rest():
    def encode(value):
        if isinstance(value, Fraction):
            return [value.numerator, value.denominator]
        raise TypeError

    with RawServer(answer(200, {"execution_id": "e"})) as server:
        with AISpine(base_url=server.url, json_default=encode) as client:
            client.execute_flow("f", {"x": Fraction(1, 2), "day": date(2026, 1, 2)})
            with pytest.raises(ValidationError, match="^input_data.x is of type set"):
                client.with_options(timeout=9).execute_flow("f", {"x": {1}})
    assert server.requests[0].json["input_data"] == {"x": [1, 2], "day": "2026-01-02"}


def test_a_json_default_that_cannot_be_called_is_refused():
    with pytest.raises(ai_spine.ConfigurationError, match="json_default must be a"):
        AISpine(json_default="str")


def test_the_json_module_encodes_models_with_the_public_function():
    execution = Execution.from_wire({"execution_id": "e", "created_at": 1795171842})
    text = json.dumps([execution, UUID(int=1)], default=ai_spine.json_default)
    assert json.loads(text) == [dict(execution), ID]
    with pytest.raises(TypeError, match="is of type set, which JSON cannot hold"):
        json.dumps({1}, default=ai_spine.json_default)


def test_a_model_writes_itself_as_json():
    execution = Execution.from_wire({"id": "e", "createdAt": 1795171842000})
    fields = json.loads(execution.to_json())
    assert fields == execution.to_dict()
    assert fields["created_at"] == "2026-11-20T10:50:42Z"
    assert execution.to_json(indent=2).startswith('{\n  "execution_id": "e"')


def test_no_library_is_imported_for_it():
    script = (
        "import sys; from ai_spine.policy.json_encoding import encode_json\n"
        "class Odd: pass\n"
        "try: encode_json({'x': Odd()})\n"
        "except ValueError as error: print(error)\n"
        "print([n for n in ('numpy', 'pandas', 'pydantic', 'attr') if n in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True
    )
    assert done.stdout == "x is of type Odd, which JSON cannot hold\n[]\n"


def test_the_body_is_json_in_utf8():
    proxied = types.MappingProxyType({"a": (1, None, True)})
    body = {"input_data": proxied, "status": ExecutionStatus.FAILED}
    assert (
        encode_json(body)
        == b'{"input_data": {"a": [1, null, true]}, "status": "failed"}'
    )


def test_a_model_may_stand_in_a_body():
    assert (
        encode_json({"flow": Flow.from_wire({"id": "f"})}) == b'{"flow": {"id": "f"}}'
    )


def _cycle():
    ring = {"a": []}
    ring["a"].append(ring)
    return ring


@pytest.mark.parametrize(
    "value, complaint",
    [
        ({"x": {1}}, "input_data.x is of type set, which JSON cannot hold"),
        (
            {"x": [0, {"y": b""}]},
            "input_data.x[1].y is of type bytes, which JSON cannot hold",
        ),
        ({"x": float("nan")}, "input_data.x is nan, which JSON cannot hold"),
        (
            {"x": (1.0, -float("inf"))},
            "input_data.x[1] is -inf, which JSON cannot hold",
        ),
        (
            {"x": (n for n in [1])},
            "input_data.x is of type generator, which JSON cannot hold",
        ),
        ({"x": Plain}, "input_data.x is of type type, which JSON cannot hold"),
        (
            {"x": Plain([1, {2}])},
            "input_data.x.values[1] is of type set, which JSON cannot hold",
        ),
        (
            {"x": numpy.array([1.0, numpy.nan])},
            "input_data.x[1] is nan, which JSON cannot hold",
        ),
        ({"x": pandas.NaT}, "input_data.x is NaT, which JSON cannot hold"),
        (
            {"x": Fraction(1, 2)},
            "input_data.x is of type Fraction, which JSON cannot hold",
        ),
        (
            {"x": {(1, 2): 3}},
            "input_data.x has a key that is of type tuple; JSON's keys are text",
        ),
        (_cycle(), "input_data.a[0] contains itself, which JSON cannot hold"),
    ],
)
def test_what_json_cannot_hold_is_named_with_its_path(value, complaint):
    with pytest.raises(ValidationError) as caught:
        encode_json({"flow_id": "f", "input_data": value})
    assert str(caught.value) == complaint
    assert caught.value.__cause__ is None and caught.value.__suppress_context__


def test_what_only_the_encoder_refuses_is_told_in_its_words():
    with pytest.raises(ValidationError, match="^input_data: not JSON: Out of range"):
        encode_json({"input_data": {float("nan"): 1}})


def test_the_same_value_twice_is_no_cycle():
    shared = {"a": 1}
    with pytest.raises(ValidationError, match=r"^x\[2\] is of type set"):
        encode_json({"x": [shared, shared, {1}]})


def test_nesting_beyond_all_measure_is_refused():
    deep = []
    for _ in range(200000):
        deep = [deep]
    with pytest.raises(ValidationError, match="input_data: nested too deeply"):
        encode_json({"input_data": deep})


@pytest.mark.parametrize("body", [{(1, 2): "x"}, {5: {"x": {1}}}])
def test_a_body_whose_own_keys_are_no_text_is_refused(body):
    with pytest.raises(ValidationError):
        encode_json(body)


def test_a_complaint_stays_on_one_line():
    with pytest.raises(ValidationError) as caught:
        encode_json({"input_data": {"two\nlines": {1}}})
    assert "\n" not in str(caught.value)
