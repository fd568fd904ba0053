"""Tests of problems: the three shapes, any other body, and each error's place in both trees."""

import json
import pickle

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ai_spine import exceptions as core
from ai_spine.exceptions import CallInfo
from ai_spine.policy.error_bodies import error_from_response
from ai_spine.policy.messages import Response
from ai_spine.policy.problems import judge
from ai_spine.policy.retry import Failure, kind_of_status
from ai_spine.ron import RonClientSync
from ai_spine.ron.errors import (
    RonAuthError,
    RonConfigError,
    RonError,
    RonNetworkError,
    RonProblem,
    RonTimeoutError,
    RonValidationError,
    as_ron,
    refine,
)
from tests.raw_server import RawServer, answer


def problem(status, body, **headers):
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    call = CallInfo("GET", "/app/x", "r-1")
    error = error_from_response(status, content, call=call)
    return refine(error, Response(status, headers, content))


def test_the_canonical_shape():
    found = problem(
        409,
        {
            "code": "taken",
            "message": "it exists",
            "kind": "client",
            "correlation_id": "c-1",
            "details": {"a": 1},
            "more": [7],
        },
    )
    assert (found.code, found.detail, found.kind) == ("taken", "it exists", "client")
    assert (found.correlation_id, found.details) == ("c-1", {"a": 1})
    assert found.fields["more"] == [7]
    assert str(found) == "409: it exists (GET /app/x, request id r-1)"
    assert isinstance(found, core.ConflictError)


def test_the_shape_of_the_gateway():
    body = {
        "code": "busy",
        "message": "later",
        "retryable": True,
        "retry_after_ms": 1500,
        "reason": "quota",
    }
    found = problem(429, body)
    assert (found.retryable, found.retry_after, found.reason) == (True, 1.5, "quota")
    assert isinstance(found, core.RateLimitError)


def test_the_shape_of_rfc_9457():
    body = {
        "type": "https://e/gone",
        "title": "Gone",
        "status": 410,
        "detail": "it left",
        "instance": "/x/1",
        "left": 3,
    }
    found = problem(410, body)
    assert (found.type, found.title, found.status) == ("https://e/gone", "Gone", 410)
    assert (found.detail, found.instance, found.fields["left"]) == (
        "it left",
        "/x/1",
        3,
    )
    assert found.code == "https://e/gone"


@pytest.mark.parametrize(
    "body, words",
    [
        ({"code": "no_facet"}, "404: no_facet (GET"),
        ({"reason": "no such facet"}, "404: no such facet (GET"),
        ({"title": "Missing"}, "404: Missing (GET"),
        ({"error": {"code": "c", "message": "inner"}}, "404: inner (GET"),
        ({}, "404: Not Found (GET"),
        (b"<html>", "404: Not Found (GET"),
        ({"message": 7, "detail": "a\nb"}, "404: a b (GET"),
    ],
)
def test_what_a_short_body_says(body, words):
    assert str(problem(404, body)).startswith(words)


def test_a_header_says_the_correlation_id_where_the_body_does_not():
    assert problem(500, {}, **{"X-Correlation-Id": "c-2"}).correlation_id == "c-2"


def test_a_problem_can_be_made_as_the_other_sdks_make_it():
    made = RonProblem("no such thing", 404, "Not found", "about:blank")
    assert (made.detail, made.status, made.title, made.type) == (
        "no such thing",
        404,
        "Not found",
        "about:blank",
    )


@pytest.mark.parametrize(
    "status, kind",
    [
        (400, core.BadRequestError),
        (401, core.AuthenticationError),
        (403, core.PermissionDeniedError),
        (404, core.NotFoundError),
        (409, core.ConflictError),
        (422, core.BadRequestError),
        (429, core.RateLimitError),
        (502, core.ServerError),
        (418, core.APIError),
        (402, core.APIError),
    ],
)
def test_each_status_is_in_both_trees_and_travels(status, kind):
    found = problem(status, {"code": "c", "message": "m"})
    assert isinstance(found, kind) and isinstance(found, RonProblem)
    assert isinstance(found, RonAuthError) is (status in (401, 403))
    again = pickle.loads(pickle.dumps(found))
    assert (type(again), str(again), again.code) == (type(found), str(found), "c")


@pytest.mark.parametrize(
    "error, kind",
    [
        (core.NetworkError("x"), RonNetworkError),
        (core.RequestTimeoutError("x"), RonTimeoutError),
        (core.ConfigurationError("x"), RonConfigError),
        (core.ValidationError("x"), RonValidationError),
        (core.AISpineError("x"), RonError),
    ],
)
def test_each_error_of_the_core_has_its_own(error, kind):
    made = as_ron(error)
    assert type(made) is kind and isinstance(made, type(error)) and str(made) == "x"
    assert as_ron(made) is made
    assert type(pickle.loads(pickle.dumps(made))) is kind


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4)
    | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
NAMES = (
    "code message kind details retryable retry_after_ms reason "
    "type title status detail instance error"
).split()
PROBLEMS = st.dictionaries(st.sampled_from(NAMES), JSON, max_size=8)
BODIES = (JSON | PROBLEMS).map(lambda body: json.dumps(body).encode()) | st.binary(
    max_size=60
)
TYPES = st.sampled_from(
    [
        "",
        "application/json",
        "application/problem+json; charset=utf-16",
        "text/html",
        "x" * 300,
        'a/b; charset="nope"',
    ]
)


@settings(max_examples=100, deadline=None)
@given(st.integers(300, 599), BODIES, TYPES)
def test_any_refusal_is_a_problem_of_one_line(status, body, kind):
    found = problem(status, body, **{"Content-Type": kind})
    assert isinstance(found, RonProblem) and found.status == status
    text = str(found)
    assert text == " ".join(text.split()) and len(text) < 700
    assert found.retry_after is None or 0 <= found.retry_after <= 1e12
    assert found.retryable in (True, False, None)
    pickle.loads(pickle.dumps(found))
    failure = Failure(kind_of_status(status), "status")
    judged = judge(failure, Response(status, {"Content-Type": kind}, body))
    assert judged.retry_after is None or judged.retry_after >= 0


def test_a_token_that_a_node_repeats_in_a_header_is_not_shown():
    response = answer(404, {"code": "none"}, x_correlation_id="c-t-very-secret")
    with RawServer(response) as server:
        with RonClientSync(server.url, "t-very-secret") as client:
            with pytest.raises(RonProblem) as caught:
                client.get("/x")
    assert caught.value.correlation_id == "c-***"
