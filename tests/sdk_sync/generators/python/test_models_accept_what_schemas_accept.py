"""Generated models accept the values that their JSON Schemas accept."""

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from ai_spine.sdk_sync.generators.python.plan import plan_models
from ai_spine.sdk_sync.runtime.models import from_json, to_json
from tests.sdk_sync.generators.python.support import (
    Expected,
    guess,
    imported,
    seeded,
    specs_with_aliases,
)
from tests.sdk_sync.strategies import specs


@given(specs() | specs_with_aliases(), st.integers(0, 10**6))
# The same examples each time, and none made smaller: that would take minutes.
@settings(
    max_examples=30,
    deadline=None,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_a_model_accepts_what_its_schema_accepts(tmp_path, spec, seed):
    plan = plan_models(spec)
    module = imported(plan, tmp_path)
    expected = Expected(plan)
    for unit in plan.units.all:
        kind = getattr(module, unit.name)
        validator = expected.validator(unit)
        rnd = seeded(seed)
        for _ in range(12):
            value = guess(unit.part, spec, rnd)
            try:
                problems = list(validator.iter_errors(value))
            except RecursionError:  # a reference to itself has no meaning
                break
            try:
                model = from_json(kind, value)
            except ValueError as error:
                assert problems, (value, error)
            else:
                assert not problems, (value, problems)
                assert _same(to_json(model), value), (value, to_json(model))


def _same(written, value):
    """Return whether what is written is what was read, but for null that is left out."""
    if isinstance(written, dict) and isinstance(value, dict):
        gone = [name for name in value if name not in written]
        return all(value[name] is None for name in gone) and all(
            name in value and _same(written[name], value[name]) for name in written
        )
    if isinstance(written, list) and isinstance(value, list):
        return len(written) == len(value) and all(map(_same, written, value))
    return written == value and isinstance(written, bool) == isinstance(value, bool)
