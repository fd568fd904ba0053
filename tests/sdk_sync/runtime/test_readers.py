"""Tests of how values of each type are read from responses."""

import datetime
from typing import Annotated, Any, Dict, List, Literal, Optional, Union
from uuid import UUID

import pytest

from ai_spine.sdk_sync.errors import ValidationError
from ai_spine.sdk_sync.runtime.attrs_models import from_json, to_json
from ai_spine.sdk_sync.runtime.enums import OpenEnum
from ai_spine.sdk_sync.runtime.tagged import TaggedBy

TIME = datetime.datetime(2026, 11, 29, tzinfo=datetime.timezone.utc)


class Tier(OpenEnum):
    AUTO = "Auto"


@pytest.mark.parametrize(
    "kind, value, expected",
    [
        (int, 1.0, 1),
        (float, 1, 1),
        (bool, True, True),
        (None, None, None),
        (Any, {"a": 1}, {"a": 1}),
        (bytes, b"a", b"a"),
        (Optional[int], None, None),
        (Union[int, str], "a", "a"),
        (int | str, 1, 1),
        (Union[float, int], 2, 2),
        (Literal[1], 1.0, 1.0),
        (Union[Literal["a"], str], "b", "b"),
        (Dict[str, List[int]], {"a": [1, 2.0]}, {"a": [1, 2]}),
        (Annotated[int, "anything"], 1, 1),
        (datetime.datetime, TIME, TIME),
        (datetime.date, TIME.date(), TIME.date()),
        (UUID, UUID(int=1), UUID(int=1)),
        (Tier, Tier.AUTO, Tier.AUTO),
        (Union[Tier, None], "Auto", Tier.AUTO),
        (List[Union[int, List[int]]], [1, [2]], [1, [2]]),
        (Union[List[int], List[str]], ["a"], ["a"]),
    ],
)
def test_what_fits_a_type_is_read(kind, value, expected):
    assert from_json(kind, value) == expected


@pytest.mark.parametrize(
    "kind, value, place",
    [
        (int, True, ""),
        (int, 1.5, ""),
        (bool, 1, ""),
        (None, 0, ""),
        (List[int], {}, ""),
        (List[List[int]], [[], [1, "a"]], "/1/1"),
        (Dict[str, int], [], ""),
        (Dict[str, int], {"a/b": "x"}, "/a~1b"),
        (Literal[1], True, ""),
        (Literal["a"], ["a"], ""),
        (Union[int, List[int]], ["a"], "/0"),
        (Union[List[int], List[List[int]]], [[1, "a"]], "/0/1"),
        (datetime.datetime, 5, ""),
        (Tier, 5, ""),
        (Annotated[Union[int, str], TaggedBy("kind", {"a": Tier})], {"kind": "a"}, ""),
        (Annotated[Union[int, str], TaggedBy("kind", {"a": Tier})], {"kind": 5}, ""),
    ],
)
def test_what_does_not_fit_is_refused_with_its_place(kind, value, place):
    with pytest.raises(ValidationError) as caught:
        from_json(kind, value)
    assert caught.value.field_path == place


@pytest.mark.parametrize(
    "kind, value, words",
    [
        (Literal["a", "b"], "c", "/ must be one of 'a', 'b'"),
        (Literal["a", "b"], 1, "/ must be one of 'a', 'b', not of type int"),
        (
            Annotated[Union[Dict[str, int], int], TaggedBy("kind", {"x": int})],
            {"kind": "y"},
            "/ must be an object whose 'kind' is one of x",
        ),
    ],
)
def test_the_type_of_a_value_is_named_where_it_is_what_is_wrong(kind, value, words):
    with pytest.raises(ValidationError) as caught:
        from_json(kind, value)
    assert str(caught.value) == words


def test_values_of_python_are_written_as_json():
    value = {"a": (TIME, TIME.date()), "b": [UUID(int=1), Tier.AUTO, Tier("x")]}
    assert to_json(value) == {
        "a": ["2026-11-29T00:00:00Z", "2026-11-29"],
        "b": [str(UUID(int=1)), "Auto", "x"],
    }
    assert type(to_json(Tier.AUTO)) is str


def test_an_enum_shows_what_it_knows():
    assert repr(Tier.AUTO) == "<Tier.AUTO: 'Auto'>" and repr(Tier("x")) == "<Tier: 'x'>"
    assert str(Tier("x")) == "x" and {Tier("x"): 1}["x"] == 1
    with pytest.raises(ValueError):
        Tier(5)
