"""Each change of a random model is found, and nothing is found where nothing changed."""

from dataclasses import replace

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from ai_spine.sdk_sync.ir import UNSET, IRModel, IRType
from ai_spine.sdk_sync.versioning import CompatibilityChecker
from tests.sdk_sync.strategies import fields, models


@given(models(others=["User", "a/b~c"]))
@settings(max_examples=25, deadline=None)
def test_a_model_has_no_changes_from_itself(model):
    checker = CompatibilityChecker()
    assert checker.check_compatibility(model, model) == (True, [])
    again = IRModel.from_json_schema(model.to_json_schema())
    assert checker.check_compatibility(model, again) == (True, [])


@given(models(others=["User"]), st.data())
@settings(max_examples=50, deadline=None)
def test_each_change_of_a_random_model_is_found(model, data):
    assume(model.fields)
    number = data.draw(st.integers(0, len(model.fields) - 1))
    mutated = data.draw(mutations(model.fields[number]))
    new = replace(model, fields=list(model.fields))
    new.fields[number : number + 1] = mutated
    _, changes = CompatibilityChecker().check_compatibility(model, new)
    assert changes
    for each in changes:
        assert len(each.description.splitlines()) == 1
        assert each.breaking is (each.breaks_requests or each.breaks_responses)


@st.composite
def mutations(draw, field):
    """What a field may become; each is another schema of other values or words."""
    options = [
        [],
        [replace(field, required=not field.required)],
        [replace(field, default="a" if field.default is UNSET else UNSET)],
        [replace(field, constraints={**field.constraints, "x-changed": 1})],
        [replace(field, constraints={**field.constraints, "maxLength": 77})],
    ]
    if field.type not in (IRType.ANY, IRType.NULL, IRType.UNION):
        options.append([replace(field, nullable=not field.nullable)])
    if field.type is IRType.STRING:
        options.append([replace(field, type=IRType.INTEGER)])
    if field.items is not None:
        options.append(
            [replace(field, items=each) for each in draw(mutations(field.items))][:1]
        )
        inner = field.items
        if options[-1] and options[-1][0].items.required != inner.required:
            options.pop()  # items are never required
        elif not options[-1] or options[-1][0] == field:
            options.pop()
    if field.properties:
        name = draw(st.sampled_from(sorted(field.properties)))
        inner = draw(mutations(field.properties[name]))
        others = {n: f for n, f in field.properties.items() if n != name}
        changed = {name: inner[0]} if inner else {}
        options.append([replace(field, properties={**others, **changed})])
    return draw(st.sampled_from(options))


@given(models(), fields())
@settings(max_examples=25, deadline=None)
def test_a_field_that_is_added_is_found(model, field):
    assume(all(each.name != field.name for each in model.fields))
    new = replace(model, fields=[*model.fields, field])
    _, (change,) = CompatibilityChecker().check_compatibility(model, new)
    assert change.type.value == "field_added"
    assert change.breaking is field.required
    _, (change,) = CompatibilityChecker().check_compatibility(new, model)
    assert change.type.value == "field_removed"
