"""What changes between two versions of an endpoint, and whom it breaks."""

import pytest

from ai_spine.sdk_sync.ir import (
    IRBody,
    IREndpoint,
    IRField,
    IRModel,
    IRParameter,
    IRResponse,
    IRSpec,
    IRType,
    SchemaVersion,
)
from ai_spine.sdk_sync.versioning import CompatibilityChecker

V1 = SchemaVersion(1)
TEXT, WHOLE = IRField("", IRType.STRING), IRField("", IRType.INTEGER)
USER = IRField("", IRType.REF, ref_name="User")
LIMIT = IRParameter("limit", "query", WHOLE)


def changes_of(old, new):
    specs = [
        IRSpec(V1, models={"User": IRModel("User")}, endpoints={"e": endpoint(**each)})
        for each in (old, new)
    ]
    _, parts = CompatibilityChecker().check_specs(*specs)
    return [change for part in parts for change in part.changes]


def endpoint(**more):
    return IREndpoint("/users", "POST", "", **more)


@pytest.mark.parametrize(
    "old, new, requests, responses, words",
    [
        (
            {},
            {"parameters": [IRParameter("id", "query", TEXT, True)]},
            True,
            False,
            "Required field 'query id' added",
        ),
        ({}, {"parameters": [LIMIT]}, False, False, "Field 'query limit' added"),
        ({"parameters": [LIMIT]}, {}, True, False, "Field 'query limit' removed"),
        (
            {"parameters": [LIMIT]},
            {"parameters": [IRParameter("limit", "query", TEXT)]},
            True,
            False,
            "Field 'query limit' changed its type from integer to string",
        ),
        (
            {"bodies": [IRBody("text/plain", TEXT)]},
            {"bodies": [IRBody("text/plain", TEXT, required=True)]},
            True,
            False,
            "Field 'body text/plain' became required",
        ),
        (
            {"responses": [IRResponse("200", content={"a/b": WHOLE})]},
            {"responses": [IRResponse("200", content={"a/b": None})]},
            False,
            True,
            "Field '200 a/b' changed its type from integer to any",
        ),
        (
            {"responses": [IRResponse("200", content={"a/b": USER})]},
            {"responses": [IRResponse("200")]},
            False,
            True,
            "Required field '200 a/b' removed",
        ),
    ],
)
def test_a_change_of_an_endpoint_says_whom_it_breaks(
    old, new, requests, responses, words
):
    (change,) = changes_of(old, new)
    assert words in change.description
    assert (change.breaks_requests, change.breaks_responses) == (requests, responses)


def test_equal_endpoints_have_no_changes():
    same = {"parameters": [LIMIT], "bodies": [IRBody("a/b", USER), IRBody("c/d", TEXT)]}
    assert changes_of(same, same) == []
