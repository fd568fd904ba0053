"""Values that fit a schema come through its models unchanged."""

import math

import hypothesis
import pytest
from hypothesis import strategies as st

from tests.sdk_sync.generators.python.models.support import (
    STYLES,
    Package,
    obj,
    plan_of,
    ref,
)

TEXT = {"type": "string"}
FORMATS = ("date-time", "date", "uuid", "byte", "duration", "unknown")
SCHEMAS = {
    "Leaf": obj(["kind"], kind={"const": "leaf"}, size={"type": "integer"}),
    "Branch": obj(["kind", "left"], kind={"const": "branch"}, left=ref("Node")),
    "Node": {"oneOf": [ref("Leaf"), ref("Branch")]},
    "Tier": {"type": "string", "enum": ["Auto", "", "+1"]},
    "All": obj(
        ["nodes", "tier", "mixed"],
        nodes={"type": "array", "items": ref("Node"), "maxItems": 3},
        tier=ref("Tier"),
        mixed={"type": ["string", "integer", "boolean", "null"]},
        union={"anyOf": [TEXT, ref("Leaf"), {"type": "array", "items": TEXT}]},
        maybe={"anyOf": [ref("Tier"), {"type": "null"}]},
        byName={"type": "object", "additionalProperties": {"type": "number"}},
        **{each: {"type": "string", "format": each} for each in FORMATS},
    ),
}
TEXTS = st.text(max_size=5) | st.sampled_from(
    [
        *("2026-11-29T05:00:00Z", "2026-11-29T05:00:00.000Z", "0001-01-01T00:00+23:59"),
        *("2026-11-29", "2026-W48-1T00:00:00Z", "9999-12-31T23:59:59.999999999-00:01"),
        *("aaaaaaaa-AAAA-aaaa-aaaa-aaaaaaaaaaaa", "Auto", "+1", "leaf", "PT5S"),
    ]
)
LEAVES = st.fixed_dictionaries(
    {"kind": st.just("leaf")}, optional={"size": st.integers(), "": TEXTS}
)
NODES = st.recursive(
    LEAVES | st.fixed_dictionaries({"kind": st.just("later"), "x": TEXTS}),
    lambda inner: st.fixed_dictionaries({"kind": st.just("branch"), "left": inner}),
    max_leaves=4,
)
VALUES = st.fixed_dictionaries(
    {
        "nodes": st.lists(NODES, max_size=3),
        "tier": TEXTS,
        "mixed": TEXTS | st.integers() | st.booleans() | st.none(),
    },
    optional={
        "union": TEXTS | LEAVES | st.lists(TEXTS, max_size=2),
        "maybe": TEXTS | st.none(),
        "byName": st.dictionaries(
            TEXTS, st.floats(allow_nan=False, allow_infinity=False)
        ),
        "more": st.integers(),
        **{each: TEXTS for each in FORMATS},
    },
)


@pytest.mark.parametrize("style", STYLES)
def test_what_fits_a_schema_is_written_as_it_was_read(style, tmp_path_factory):
    plan = plan_of(SCHEMAS, received=["All"])
    package = Package(plan, style, tmp_path_factory.mktemp("models"))

    @hypothesis.given(VALUES)
    @hypothesis.settings(
        max_examples=40,
        deadline=None,
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    def check(value):
        assert same(package.again("All", value), value)

    check()


def same(first, second):
    """Return whether two values are the same JSON; 1.0 is 1 there."""
    if isinstance(first, dict) and isinstance(second, dict):
        return first.keys() == second.keys() and all(
            same(first[each], second[each]) for each in first
        )
    if isinstance(first, list) and isinstance(second, list):
        pairs = zip(first, second)
        return len(first) == len(second) and all(same(a, b) for a, b in pairs)
    if isinstance(first, float) and isinstance(second, float):
        return math.isclose(first, second)
    is_bool = isinstance(first, bool) == isinstance(second, bool)
    return first == second and is_bool
