"""Tests of the checks of arguments, before anything is sent."""

import types
from collections import OrderedDict
from datetime import timedelta
from decimal import Decimal
from uuid import UUID

import pytest

from ai_spine.exceptions import ConfigurationError, ValidationError
from ai_spine.models import Agent, Execution, Flow
from ai_spine.policy.validation import (
    check_count,
    check_header_value,
    check_id,
    check_mapping,
    check_seconds,
    check_wait_timeout,
)

HUGE = pytest.param(10**400, id="more-than-a-float-holds")


@pytest.mark.parametrize("good", ["f", "a b", "a/b", "...", "ñ", "%2e", " padded "])
def test_a_valid_id_is_returned(good):
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
        ("a\nb", r"flow_id has characters that no id can have: 'a\nb'"),
        ("a\x00", r"flow_id has characters that no id can have: 'a\x00'"),
        ("\ud800", r"flow_id has characters that no id can have: '\ud800'"),
    ],
)
def test_an_invalid_id_is_refused_with_the_name_of_the_parameter(bad, complaint):
    with pytest.raises(ValidationError) as caught:
        check_id("flow_id", bad)
    assert str(caught.value) == complaint


@pytest.mark.parametrize("good", [{}, OrderedDict(a=1), types.MappingProxyType({})])
def test_any_mapping_is_accepted(good):
    assert check_mapping("input_data", good) is good


@pytest.mark.parametrize("bad", [None, [], "text", 5, [("a", 1)]])
def test_a_value_that_is_not_a_mapping_is_refused(bad):
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
def test_invalid_seconds_are_refused(bad, error):
    with pytest.raises(error, match="^timeout must be a number of seconds"):
        check_seconds("timeout", bad, error)


@pytest.mark.parametrize("bad", [-1, 0.5, True, "5", None])
def test_an_invalid_count_is_refused(bad):
    with pytest.raises(ValidationError, match="^limit must be"):
        check_count("limit", bad)


def test_a_count_below_the_least_is_refused():
    assert check_count("limit", 1, least=1) == 1
    with pytest.raises(ConfigurationError, match="limit must be at least 1, not 0"):
        check_count("limit", 0, least=1, error=ConfigurationError)


@pytest.mark.parametrize(
    "bad", ["", " x", "x ", "a\nb", "a\r\nX: y", "ñ", "\x7f", b"x", None]
)
def test_an_invalid_header_value_is_refused_without_being_repeated(bad):
    with pytest.raises(ValidationError) as caught:
        check_header_value("idempotency_key", bad)
    assert str(caught.value).startswith("idempotency_key must be ")
    assert "\n" not in str(caught.value)


def test_a_valid_header_value_is_returned():
    assert check_header_value("idempotency_key", "order 4711") == "order 4711"


@pytest.mark.parametrize(
    "name, value, expected",
    [
        ("execution_id", Execution("e-1"), "e-1"),
        ("flow_id", Flow("f-1"), "f-1"),
        ("agent_id", Agent("a-1"), "a-1"),
        ("execution_id", UUID(int=7), "00000000-0000-0000-0000-000000000007"),
    ],
)
def test_an_object_with_an_id_is_accepted_as_the_id(name, value, expected):
    assert check_id(name, value) == expected


@pytest.mark.parametrize(
    "name, value, allowed",
    [
        ("flow_id", Execution("e", flow_id="f"), "text or of type Flow"),
        ("execution_id", Flow("f"), "text or of type Execution"),
        ("user_id", Flow("f"), "text"),
    ],
)
def test_a_model_of_another_class_is_not_an_id(name, value, allowed):
    with pytest.raises(ValidationError) as caught:
        check_id(name, value)
    kind = type(value).__name__
    assert str(caught.value) == f"{name} must be {allowed}, not of type {kind}"


def test_the_id_of_a_model_is_checked_too():
    with pytest.raises(ValidationError, match="flow_id is missing: the Flow has none"):
        check_id("flow_id", Flow(None))
    with pytest.raises(ValidationError, match="flow_id must not be empty"):
        check_id("flow_id", Flow(" "))


def test_a_timedelta_is_a_duration():
    assert check_seconds("timeout", timedelta(minutes=1, milliseconds=500)) == 60.5
    with pytest.raises(ValidationError, match="above zero"):
        check_seconds("timeout", timedelta(0))


def test_a_wait_without_a_timeout_has_no_limit():
    assert check_wait_timeout(None) is None
    assert check_wait_timeout(timedelta(seconds=3)) == 3
    with pytest.raises(ValidationError, match="timeout must be a number of seconds"):
        check_wait_timeout("3")
