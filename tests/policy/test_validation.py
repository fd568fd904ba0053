"""Tests of the checks that come before the wire."""

import types
from collections import OrderedDict
from datetime import datetime
from decimal import Decimal
from fractions import Fraction

import pytest

from ai_spine.exceptions import ConfigurationError, ValidationError
from ai_spine.models import ExecutionStatus, Flow
from ai_spine.policy.validation import (
    check_count,
    check_header_value,
    check_id,
    check_mapping,
    check_seconds,
    encode_json,
)

HUGE = pytest.param(10**400, id="more-than-a-float-holds")


@pytest.mark.parametrize("good", ["f", "a b", "a/b", "...", "ñ", "%2e", " padded "])
def test_a_possible_id_is_given_back(good):
    assert check_id("flow_id", good) == good


@pytest.mark.parametrize(
    "bad, complaint",
    [
        ("", "flow_id must not be empty"),
        ("  ", "flow_id must not be empty"),
        (None, "flow_id must be text, not None"),
        (5, "flow_id must be text, not of type int"),
        (b"f", "flow_id must be text, not of type bytes"),
        ([], "flow_id must be text, not of type list"),
        (".", "flow_id must not be '.': it would name another path"),
        ("..", "flow_id must not be '..': it would name another path"),
        ("a\nb", r"flow_id holds characters that no id can have: 'a\nb'"),
        ("a\x00", r"flow_id holds characters that no id can have: 'a\x00'"),
        ("\ud800", r"flow_id holds characters that no id can have: '\ud800'"),
    ],
)
def test_an_impossible_id_is_refused_by_name(bad, complaint):
    with pytest.raises(ValidationError) as caught:
        check_id("flow_id", bad)
    assert str(caught.value) == complaint


@pytest.mark.parametrize("good", [{}, OrderedDict(a=1), types.MappingProxyType({})])
def test_any_mapping_is_a_mapping(good):
    assert check_mapping("input_data", good) is good


@pytest.mark.parametrize("bad", [None, [], "text", 5, [("a", 1)]])
def test_what_is_no_mapping_is_refused(bad):
    with pytest.raises(ValidationError, match="input_data must be a mapping"):
        check_mapping("input_data", bad)


@pytest.mark.parametrize("good", [1, 0.5, 10**6])
def test_seconds_become_a_float(good):
    seconds = check_seconds("timeout", good)
    assert seconds == good
    assert type(seconds) is float


@pytest.mark.parametrize("error", [ValidationError, ConfigurationError])
@pytest.mark.parametrize(
    "bad",
    [0, -1, float("nan"), float("inf"), True, "5", None, Decimal(5), 1j, HUGE],
)
def test_impossible_seconds_are_refused(bad, error):
    with pytest.raises(error, match="^timeout must be a number of seconds"):
        check_seconds("timeout", bad, error)


@pytest.mark.parametrize("bad", [-1, 0.5, True, "5", None])
def test_an_impossible_count_is_refused(bad):
    with pytest.raises(ValidationError, match="^limit must be"):
        check_count("limit", bad)


def test_a_count_below_the_least_is_refused():
    assert check_count("limit", 1, least=1) == 1
    with pytest.raises(ConfigurationError, match="limit must be at least 1, not 0"):
        check_count("limit", 0, least=1, error=ConfigurationError)


@pytest.mark.parametrize(
    "bad", ["", " x", "x ", "a\nb", "a\r\nX: y", "ñ", "\x7f", b"x", None]
)
def test_a_text_that_no_header_can_carry_is_refused_unquoted(bad):
    with pytest.raises(ValidationError) as caught:
        check_header_value("idempotency_key", bad)
    assert str(caught.value).startswith("idempotency_key must be ")
    assert "\n" not in str(caught.value)


def test_a_text_that_a_header_can_carry_is_given_back():
    assert check_header_value("idempotency_key", "order 4711") == "order 4711"


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
            {"x": datetime(2026, 1, 1)},
            "input_data.x is of type datetime, which JSON cannot hold",
        ),
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
