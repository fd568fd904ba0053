"""What generated pydantic models are made of."""

from datetime import date
from typing import Any, Dict, List, Optional

import pytest
from pydantic import Field

from ai_spine.sdk_sync.errors import ValidationError
from ai_spine.sdk_sync.runtime.models import (
    BaseModel,
    FitsSchema,
    Nullable,
    from_json,
    to_json,
)


class Item(BaseModel):
    id: int
    note: Nullable[str] = None
    size: Optional[int] = None
    more: Dict[str, Any] = Field(default_factory=dict)


def test_types_are_strict():
    for wrong in ("1", True, 1.5, None):
        with pytest.raises(ValidationError):
            from_json(Item, {"id": wrong})
    assert from_json(Item, {"id": 2.0}).id == 2


def test_lists_of_models_are_read_and_written():
    items = from_json(List[Item], [{"id": 1.0, "note": None}, {"id": 2}])
    assert to_json(items) == [{"id": 1, "note": None}, {"id": 2}]


def test_what_was_changed_in_place_is_sent():
    item = Item(id=1)
    item.more["day"] = date(2024, 2, 29)
    assert to_json(item) == {"id": 1, "more": {"day": "2024-02-29"}}


def test_none_is_not_sent_where_json_may_have_no_null():
    item = Item(id=1, size=None)
    item.note = None
    assert to_json(item) == {"id": 1, "note": None}


def test_a_value_without_end_does_not_fit():
    nested: List[Any] = []
    for _ in range(2000):
        nested = [nested]
    rule = FitsSchema({"$ref": "#/$defs/L"}, {"L": {"items": {"$ref": "#/$defs/L"}}})
    with pytest.raises(ValueError, match="nested too deeply"):
        rule.check(nested)


@pytest.mark.parametrize(
    "keywords",
    [
        {"pattern": "^x"},
        {"enum": ["a"]},
        {"oneOf": [{"type": "integer"}, {"const": 2}]},
        {"properties": {"k": False}},
        {"items": False},
        {"unevaluatedItems": {"type": "integer"}},
        {"contains": {"type": "integer"}},
        {"maxProperties": 0},
    ],
)
def test_an_error_does_not_repeat_the_value(keywords):
    values = ["hunter2"], {"k": "hunter2"}, "hunter2"
    errors = []
    for value in values:
        try:
            FitsSchema(keywords).check(value)
        except ValueError as error:
            errors.append(str(error))
    assert errors and "hunter2" not in " ".join(errors)


def test_a_number_that_no_float_can_be_is_a_misfit():
    with pytest.raises(ValueError, match="too large to be checked"):
        FitsSchema({"multipleOf": 0.5}).check(10**400)
