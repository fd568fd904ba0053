"""Tests of the exception tree, and of how a response becomes an exception."""

import builtins
import copy
import json
import pickle
import subprocess
import sys

import pytest
import requests

from ai_spine import exceptions
from ai_spine.exceptions import (
    AISpineError,
    APIError,
    Attempt,
    AuthenticationError,
    BadRequestError,
    BatchError,
    CallInfo,
    ConfigurationError,
    ConflictError,
    ExecutionCancelledError,
    ExecutionError,
    InsufficientCreditsError,
    NetworkError,
    NotFoundError,
    PermissionDeniedError,
    RateLimitError,
    RequestTimeoutError,
    ServerError,
    TimeoutError,
    ValidationError,
)
from ai_spine.models import Execution
from ai_spine.policy.error_bodies import error_from_response

ATTEMPTS = (Attempt(1, "status 503", 0.25), Attempt(2, "no response in time", None))
CALL = CallInfo(
    method="POST",
    path="/flows/execute",
    request_id="r-1",
    attempts=ATTEMPTS,
    maybe_executed=True,
    idempotency_key="k-1",
    transient=True,
)
EXECUTION = Execution.from_wire({"id": "e", "status": "error", "extra": [1]})
API_CLASSES = [
    APIError,
    BadRequestError,
    AuthenticationError,
    PermissionDeniedError,
    InsufficientCreditsError,
    NotFoundError,
    ConflictError,
    RateLimitError,
    ServerError,
]
INSTANCES = [
    AISpineError("wrong"),
    ConfigurationError("wrong"),
    ValidationError("wrong"),
    NetworkError("lost", call=CALL),
    RequestTimeoutError("late", call=CALL),
    TimeoutError("late", execution_id="e", last_status="running"),
    ExecutionError("failed", execution=EXECUTION),
    ExecutionCancelledError("cancelled", execution=EXECUTION),
    BatchError("2 of 9 failed", failed=[EXECUTION]),
] + [
    kind(
        "no", status_code=499, code="C", details=[{"a": 1}], retry_after=2.5, call=CALL
    )
    for kind in API_CLASSES
]


def _class_name(value):
    return type(value).__name__


@pytest.mark.parametrize(
    "child, parents",
    [
        (AISpineError, [Exception]),
        (ConfigurationError, [AISpineError, ValueError]),
        (ValidationError, [AISpineError, ValueError]),
        (NetworkError, [AISpineError, requests.RequestException]),
        (TimeoutError, [AISpineError, builtins.TimeoutError]),
        (RequestTimeoutError, [NetworkError, TimeoutError, builtins.TimeoutError]),
        (ExecutionError, [AISpineError]),
        (ExecutionCancelledError, [ExecutionError]),
        (BatchError, [ExecutionError]),
        (APIError, [AISpineError]),
        (BadRequestError, [APIError, ValidationError, ValueError]),
        (AuthenticationError, [APIError]),
        (PermissionDeniedError, [APIError]),
        (InsufficientCreditsError, [PermissionDeniedError]),
        (NotFoundError, [APIError]),
        (ConflictError, [APIError]),
        (RateLimitError, [APIError]),
        (ServerError, [APIError]),
    ],
)
def test_each_class_can_be_caught_as_its_parents(child, parents):
    for parent in parents:
        assert issubclass(child, parent)


def test_unrelated_errors_are_not_subclasses_of_each_other():
    assert not issubclass(
        APIError, (NetworkError, TimeoutError, requests.RequestException)
    )
    assert not issubclass(ConfigurationError, ValidationError)
    assert not issubclass(NetworkError, builtins.TimeoutError)
    assert not issubclass(TimeoutError, NetworkError)


def test_every_public_class_has_an_instance_in_these_tests():
    public = {
        value
        for name, value in vars(exceptions).items()
        if isinstance(value, type)
        and issubclass(value, AISpineError)
        and name[0] != "_"
    }
    assert public == {type(instance) for instance in INSTANCES}


@pytest.mark.parametrize("clone", [copy.copy, copy.deepcopy], ids=["copy", "deepcopy"])
@pytest.mark.parametrize("error", INSTANCES, ids=_class_name)
def test_a_copy_keeps_every_attribute(error, clone):
    _assert_same(clone(error), error)


@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize("error", INSTANCES, ids=_class_name)
def test_pickling_keeps_every_attribute(error, protocol):
    _assert_same(pickle.loads(pickle.dumps(error, protocol)), error)


def _assert_same(clone, error):
    assert type(clone) is type(error)
    assert str(clone) == str(error)
    assert clone.args == error.args
    assert vars(clone) == vars(error)


def test_a_pickled_error_can_be_loaded_in_another_process():
    code = (
        "import pickle, sys; print(repr(pickle.load(sys.stdin.buffer).credits_needed))"
    )
    error = error_from_response(402, b'{"credits_needed": 7}', call=CALL)
    done = subprocess.run(
        [sys.executable, "-c", code],
        input=pickle.dumps(error),
        stdout=subprocess.PIPE,
        check=True,
    )
    assert done.stdout.strip() == b"7"


@pytest.mark.parametrize("error", INSTANCES, ids=_class_name)
def test_each_error_can_be_built_with_a_message_only(error):
    bare = type(error)("only this")
    assert str(bare) == bare.message == "only this"
    assert type(error)().message == ""


@pytest.mark.parametrize("error", INSTANCES, ids=_class_name)
def test_each_error_is_printed_as_one_line(error):
    assert error.message in str(error)
    assert len(str(error).splitlines()) == 1


def test_an_error_contains_status_request_attempts_and_request_id():
    error = error_from_response(
        503, b'{"detail": "busy"}', call=CALL._replace(maybe_executed=False)
    )
    assert str(error) == "503: busy (POST /flows/execute, 2 attempts, request id r-1)"
    assert error.message == "busy"


def test_an_error_of_a_request_that_may_have_run_has_its_idempotency_key():
    assert str(NetworkError("lost", call=CALL)) == (
        "lost (POST /flows/execute, 2 attempts, request id r-1); it may have run: "
        "check before sending it again (idempotency key k-1)"
    )
    keyless = str(NetworkError("lost", call=CallInfo(maybe_executed=True)))
    assert keyless == "lost; it may have run: check before sending it again"


@pytest.mark.parametrize(
    "error", [NetworkError("x", call=CALL), APIError("x", call=CALL)]
)
def test_an_error_of_a_request_has_the_fields_of_its_call_info(error):
    assert {name: getattr(error, name) for name in CALL._fields} == CALL._asdict()


def test_a_request_timeout_has_the_attributes_of_both_its_parents():
    error = RequestTimeoutError("late", call=CALL)
    assert error.execution_id is None and error.last_status is None
    assert error.attempts == ATTEMPTS
    assert error.response is None and error.request is None


@pytest.mark.parametrize(
    "status, expected",
    [
        (400, BadRequestError),
        (401, AuthenticationError),
        (402, InsufficientCreditsError),
        (403, PermissionDeniedError),
        (404, NotFoundError),
        (405, APIError),
        (408, APIError),
        (409, ConflictError),
        (418, APIError),
        (422, BadRequestError),
        (429, RateLimitError),
        (304, APIError),
        (500, ServerError),
        (501, ServerError),
        (503, ServerError),
        (599, ServerError),
    ],
)
def test_the_status_decides_the_class(status, expected):
    error = error_from_response(status, b"")
    assert type(error) is expected
    assert error.status_code == status


@pytest.mark.parametrize(
    "body",
    [
        {"error_code": "INSUFFICIENT_CREDITS", "message": "no"},
        {"error": {"code": "INSUFFICIENT_CREDITS", "message": "no"}},
        {"detail": "Not enough Credits"},
        {"message": "your credit is used up"},
    ],
)
def test_a_403_that_mentions_credits_is_an_insufficient_credits_error(body):
    error = error_from_response(403, json.dumps(body).encode())
    assert type(error) is InsufficientCreditsError


FIELD_ERRORS = [
    {
        "type": "missing",
        "loc": ["body", "flow_id"],
        "msg": "Field required",
        "input": {},
    },
    {"type": "int", "loc": ["query", "nodes", 0, "limit"], "msg": "two\nlines"},
    {"loc": ["body"], "msg": "Not\tan object"},
    {"loc": None, "msg": 5},
    {"no": "msg"},
    "text",
]


def test_the_field_errors_of_a_422_are_listed():
    error = error_from_response(422, json.dumps({"detail": FIELD_ERRORS}).encode())
    assert error.details == [
        {"field": "flow_id", "message": "Field required", "type": "missing"},
        {"field": "nodes.0.limit", "message": "two lines", "type": "int"},
        {"field": "body", "message": "Not an object", "type": None},
        {"field": "", "message": "5", "type": None},
    ]
    assert error.message.startswith(
        "flow_id: Field required; nodes.0.limit: two lines; "
    )


@pytest.mark.parametrize(
    "body, message, code, details",
    [
        ({"detail": "no flow"}, "no flow", None, None),
        ({"detail": ["a", "b"]}, "Bad Request", None, ["a", "b"]),
        ({"detail": {"message": "m", "code": "c", "details": 5}}, "m", "c", 5),
        ({"detail": {"detail": "inner"}}, "inner", None, {"detail": "inner"}),
        ({"message": "m", "details": {"a": 1}, "error_code": "E"}, "m", "E", {"a": 1}),
        ({"error": {"code": "c", "message": "m", "details": [1]}}, "m", "c", [1]),
        ({"error": "plain"}, "plain", None, None),
        (
            {"message": "m", "details": [{"loc": ["x"], "msg": "bad"}]},
            "m",
            None,
            [{"field": "x", "message": "bad", "type": None}],
        ),
        (
            {"type": "https://e/x", "title": "Title", "status": 400, "detail": "d"},
            "d",
            "https://e/x",
            None,
        ),
        ({"type": "about:blank", "title": "Title"}, "Title", "about:blank", None),
        ({"detail": "  ", "message": None, "title": 5}, "Bad Request", None, None),
        ({"detail": "a\r\nb\tc"}, "a b c", None, None),
        ({"message": "m", "code": 5}, "m", None, None),
        ({}, "Bad Request", None, None),
        ("just text\n", "just text", None, None),
        ([1, 2], "Bad Request", None, [1, 2]),
        (5, "Bad Request", None, 5),
        (None, "Bad Request", None, None),
        (False, "Bad Request", None, False),
    ],
)
def test_every_form_of_an_error_body_is_parsed(body, message, code, details):
    error = error_from_response(400, json.dumps(body).encode())
    assert (error.message, error.code, error.details) == (message, code, details)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>Bad\nGateway</html>",
        b"\xff\xfe",
        b"{",
        b"[" * 100000,
        b"\xef\xbb\xbf{}",
    ],
    ids=["empty", "html", "not-utf8", "cut", "too-deep", "bom"],
)
def test_a_body_that_is_not_json_falls_back_to_the_reason_of_the_status(body):
    error = error_from_response(502, body, call=CallInfo("GET", "/flows"))
    assert str(error) == "502: Bad Gateway (GET /flows)"


def test_deeply_nested_details_do_not_break_parsing():
    depth = 900
    for _ in range(8):
        body = b'{"detail": ' * depth + b"null" + b"}" * depth
        assert type(error_from_response(500, body)) is ServerError
        depth *= 2


def test_an_unknown_http_status_still_has_a_message():
    assert str(error_from_response(599, b"")) == "599: the server gave no reason"


def test_a_long_message_is_truncated():
    error = error_from_response(500, json.dumps({"detail": "x" * 10000}).encode())
    assert len(error.message) == 500


@pytest.mark.parametrize(
    "needed, available, expected",
    [(10, 2.5, (10, 2.5)), ("10", None, (None, None)), (True, [], (None, None))],
)
def test_credits_are_numbers_or_none(needed, available, expected):
    body = {"message": "m", "credits_needed": needed, "credits_available": available}
    error = error_from_response(402, json.dumps(body).encode())
    assert (error.credits_needed, error.credits_available) == expected


def test_retry_after_is_kept():
    assert error_from_response(429, b"", retry_after=7.0).retry_after == 7.0
