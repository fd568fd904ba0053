"""Generated attrs models read JSON exactly, and write what they read."""

import ast

import pytest
from attrs import asdict
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ai_spine.sdk_sync.errors import ValidationError
from ai_spine.sdk_sync.generators.python.attrs_models import emit
from ai_spine.sdk_sync.generators.python.plan import plan_models
from ai_spine.sdk_sync.generators.python.syntax import source_of
from ai_spine.sdk_sync.runtime.attrs_models import (
    UNSET,
    from_json,
    to_json,
    unknown_fields,
)
from tests.sdk_sync.generators.python.sample import sample
from tests.sdk_sync.generators.python.support import (
    Expected,
    guess,
    imported,
    seeded,
    spec_of,
)
from tests.sdk_sync.strategies import NASTY, specs

TEXT = {"type": "string"}


@pytest.fixture
def models(tmp_path):
    """The models of the sample."""
    return imported(plan_models(sample()), tmp_path, emit)


@given(specs(), st.integers(0, 10**6))
@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
def test_what_fits_a_schema_is_read_and_written_again(tmp_path, spec, seed):
    plan = plan_models(spec)
    module = imported(plan, tmp_path, emit)
    expected = Expected(plan)
    rnd = seeded(seed)
    for unit in plan.units.all:
        for _ in range(10):
            value = guess(unit.part, spec, rnd)
            if next(expected.validator(unit).iter_errors(value), None) is None:
                read = from_json(getattr(module, unit.name), value)
                assert without_null(to_json(read)) == without_null(value)


def without_null(value):
    if isinstance(value, dict):
        return {n: without_null(v) for n, v in value.items() if v is not None}
    return list(map(without_null, value)) if isinstance(value, list) else value


def test_an_order_is_read_with_all_within_it(models):
    value = {
        "id": "1",
        "note": None,
        "class": None,
        "pets": [{"kind": "dog", "size": 2}, {"kind": "bird"}],
        "parent": {"id": "2", "note": "n"},
        "place": {"street": "s"},
        "new": [1],
    }
    order = models.Order.from_dict(value)
    assert order.to_dict() == value
    assert isinstance(order.pets[0], models.Dog) and order.pets[1] == {"kind": "bird"}
    assert isinstance(order.place, models.OrderPlace)
    assert order.class_ is None and order.limit is UNSET
    assert unknown_fields(order) == {"new": [1]}


def test_models_are_made_by_keywords_and_compared_by_value(models):
    order = models.Order(id="1", note=None, class_="x")
    assert to_json([order]) == [{"id": "1", "note": None, "class": "x"}]
    assert order == models.Order.from_dict(order.to_dict())
    assert asdict(order)["class_"] == "x"


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ([], "/ must be an object, not of type list"),
        ({"note": None}, "/ must be an object with 'id'"),
        ({"id": 1, "note": None}, "/id must be str, not of type int"),
        (
            {"id": "", "note": "", "limit": True},
            "/limit must be int, not of type bool",
        ),
        ({"id": "", "note": "", "pets": [{}]}, "/pets/0 must be"),
        (
            {"id": "", "note": "", "tags": ["a", 1]},
            "/tags/1 must be str, not of type int",
        ),
        ({"id": "", "note": "", "more": []}, "/more must be an object"),
        ({"id": "", "note": "", "tags": {}}, "/tags must be a list"),
        ({"id": "", "note": "", "none": 1}, "/none must be null"),
    ],
)
def test_what_does_not_fit_is_named_with_its_place(models, value, words):
    if words.startswith("/pets"):  # an object of an unknown kind is kept
        assert models.Order.from_dict(value).pets == [{}]
        return
    with pytest.raises(ValidationError) as raised:
        models.Order.from_dict(value)
    assert str(raised.value).startswith(words)


def test_an_object_that_lacks_a_field_is_not_said_to_be_of_a_wrong_type(models):
    with pytest.raises(ValidationError) as raised:
        models.Order.from_dict({"note": None})
    assert "type" not in str(raised.value)


def test_requests_refuse_unknown_fields_and_unknown_values(tmp_path):
    schema = {"type": "object", "properties": {"a": {"enum": ["x", 1]}}}
    module = imported(plan_models(spec_of({"Query": schema})), tmp_path, emit)
    assert module.Query.from_dict({"a": 1}).to_dict() == {"a": 1}
    for wrong in ({"a": "y"}, {"a": True}, {"b": 1}):
        with pytest.raises(ValidationError):
            module.Query.from_dict(wrong)


def test_unkind_names_are_fields(tmp_path):
    schema = {"type": "object", "properties": dict.fromkeys(NASTY, TEXT)}
    module = imported(plan_models(spec_of({"Thing": schema})), tmp_path, emit)
    value = {name: f"<{name}>" for name in NASTY}
    assert module.Thing.from_dict(value).to_dict() == value


def test_the_code_has_no_names_but_its_own():
    code = ast.parse(source_of(emit(plan_models(sample()))))
    called = {n.func.id for n in ast.walk(code) if isinstance(n, ast.Call)}
    assert called == {"define"}


def test_data_that_is_nested_too_deeply_is_an_error_of_sdk_sync(tmp_path):
    node = {"type": "object", "properties": {"n": {"$ref": "#/$defs/Node"}}}
    found = imported(plan_models(spec_of({"Node": node})), tmp_path, emit)
    nested = {}
    for _ in range(5000):
        nested = {"n": nested}
    for read in (found.Node.from_dict, lambda value: from_json(found.Node, value)):
        with pytest.raises(ValidationError, match="nested too deeply"):
            read(nested)
