"""Tests of the errors that calls raise: typed, with what the response says, without secrets."""

import json
import logging
import pickle
import traceback

import pytest

from ai_spine import exceptions as core
from ai_spine.sdk_sync.runtime.problems import ApiProblem
from tests.raw_server import RESET, RawServer
from tests.sdk_sync.runtime.orders import errors
from tests.sdk_sync.runtime.orders.models import Refusal
from tests.sdk_sync.runtime.server import reply

PROBLEM = {"title": "Too little", "status": 403, "detail": "Pay first", "balance": 30}
PROBLEM_TYPE = "application/problem+json"


def problem(status, value=None):
    return lambda request: reply(
        status, **{"content_type": PROBLEM_TYPE, "value": value or json.dumps(PROBLEM)}
    )


def test_a_problem_is_a_typed_error(connect):
    client, server = connect(problem(403))
    with pytest.raises(errors.PermissionDeniedError, match="403: Pay first") as caught:
        client.orders.get_order("o")
    error = caught.value
    assert isinstance(error, core.PermissionDeniedError)
    assert isinstance(error, errors.OrdersError)
    assert type(error.body) is Refusal and error.body.balance == 30
    assert error.problem.title == "Too little" and error.problem.status == 403
    assert error.problem.type == "about:blank"
    assert error.problem.extensions == {"balance": 30}
    assert error.headers["content-TYPE"] == PROBLEM_TYPE
    assert error.method == "GET" and error.path == "/orders/o"


@pytest.mark.parametrize(
    "status, kind",
    [
        (400, errors.BadRequestError),
        (401, errors.AuthenticationError),
        (404, errors.NotFoundError),
        (409, errors.OrdersError),
        (418, errors.OrdersError),
        (422, errors.BadRequestError),
        (500, errors.ServerError),
    ],
)
def test_each_status_has_its_class(connect, status, kind):
    client, server = connect(lambda request: reply(status, {"detail": "no"}))
    with pytest.raises(errors.OrdersError) as caught:
        client.orders.get_order("o")
    assert type(caught.value) is kind
    assert caught.value.body == {"detail": "no"} and caught.value.problem is None


def test_an_error_that_does_not_fit_keeps_its_json(connect):
    client, server = connect(problem(404, '{"title": "x", "balance": "much"}'))
    with pytest.raises(errors.NotFoundError) as caught:
        client.orders.get_order("o")
    assert caught.value.body == {"title": "x", "balance": "much"}
    assert caught.value.problem.title == "x"


def test_an_error_that_is_html_is_still_the_right_one(connect):
    client, server = connect(
        lambda request: reply(502, "<h1>Bad</h1>", content_type="text/html")
    )
    with pytest.raises(errors.ServerError, match="502: Bad Gateway") as caught:
        client.orders.get_order("o")
    assert caught.value.body == "<h1>Bad</h1>" and caught.value.problem is None


def test_a_plain_problem_is_recognised(connect):
    client, server = connect(
        lambda request: reply(404, {"type": "urn:x", "title": "Gone", "status": "no"})
    )
    with pytest.raises(errors.NotFoundError) as caught:
        client.orders.get_order("o")
    assert caught.value.problem.type == "urn:x"
    assert caught.value.problem.status is None


@pytest.mark.parametrize(
    "given, words",
    [
        (
            reply(200, "<p>Hi</p>", content_type="text/html"),
            r"200: the server responded with text/html \(9 bytes\), which is not JSON",
        ),
        (
            reply(200, {"orderId": 1, "count": 1}),
            "200: .* application/json that is no Order: /orderId must be str",
        ),
        (reply(200, "", content_type="application/json"), "200: .* an empty body that"),
    ],
)
def test_a_success_that_does_not_fit_says_what_is_wrong(connect, given, words):
    client, server = connect(lambda request: given)
    with pytest.raises(errors.OrdersError, match=words) as caught:
        client.orders.get_order("o")
    assert not caught.value.transient and caught.value.status_code == 200
    raw = client.orders.get_order.raw("o")
    with pytest.raises(errors.OrdersError, match=words):
        raw.parsed()


def test_errors_can_be_pickled(connect):
    client, server = connect(problem(403))
    with pytest.raises(errors.OrdersError) as caught:
        client.orders.get_order("o")
    again = pickle.loads(pickle.dumps(caught.value))
    assert type(again) is type(caught.value) and str(again) == str(caught.value)
    assert again.body == caught.value.body and again.problem == caught.value.problem
    assert dict(again.headers) == dict(caught.value.headers)


def test_a_package_without_errors_has_those_of_the_core(connect, monkeypatch):
    client, server = connect(problem(404))
    target = getattr(client, "_target", client)
    monkeypatch.setattr(type(target), "error_classes", {})
    with pytest.raises(core.NotFoundError) as caught:
        client.orders.get_order("o")
    assert not isinstance(caught.value, ApiProblem)


def test_nothing_shows_a_secret(connect, caplog):
    secret = "s3cr3t-t0ken"
    echo = {"title": secret, "balance": 1, "detail": f"no {secret}"}
    client, server = connect(
        lambda request: reply(
            403, json.dumps(echo), content_type=PROBLEM_TYPE, x_echo=f"Bearer {secret}"
        ),
        token=lambda: secret,
        credentials={"login": ("ada", "passw0rd!"), "queryKey": "qu3ry"},
    )
    with caplog.at_level(logging.DEBUG, "ai_spine"), pytest.raises(
        errors.OrdersError
    ) as caught:
        client.orders.by_key_or_token()
    error = caught.value
    shown = [str(error), repr(error), repr(vars(error)), caplog.text, repr(client)]
    shown += [repr(dict(error.headers)), repr(error.body), repr(error.problem)]
    shown += traceback.format_exception(error)
    shown += [
        line
        for summary in traceback.StackSummary.extract(
            traceback.walk_tb(error.__traceback__), capture_locals=True
        )
        for line in (summary.locals or {}).values()
        if "ai_spine" in summary.filename
    ]
    for each in ("s3cr3t", "passw0rd", "qu3ry"):
        assert not any(each in text for text in shown)


def test_a_lost_connection_is_a_network_error(connect):
    with RawServer(RESET) as server:
        client, _ = connect(lambda request: reply(), base_url=server.url)
        with pytest.raises(core.NetworkError):
            client.orders.get_order("o")
