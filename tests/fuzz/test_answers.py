"""Any JSON with any status is a typed result or a typed error of any operation."""

import inspect
import itertools
import json
import pickle
import warnings
from typing import get_args

from hypothesis import strategies as st

from ai_spine import AISpine, AISpineError, BadRequestError
from ai_spine.models import Execution
from ai_spine.models.base import Model, UnexpectedResponse
from ai_spine.operations import OPERATIONS
from tests.fuzz.canned import Canned, Time, canned_client, check_error
from tests.fuzz.shares import fuzz
from tests.fuzz.strategies import JSON, ODD, STATUSES, nearly, objects_of

ARGUMENTS = {
    "flow_id": "f",
    "agent_id": "a",
    "execution_id": "e",
    "user_id": "u",
    "input_data": {},
    "definition": {"flow_id": "f"},
    "agent_config": {"agent_id": "a"},
    "tool_id": "t",
    "tool_config": {"tool_id": "t"},
    "changes": {"name": "T"},
    "is_active": True,
}
# What makes a method send another operation than its own, or is needed by it.
OPTIONS = {
    "list_active_agents": {"active": True},
    "list_my_agents": {"mine": True},
    "list_my_flows": {"mine": True},
    "list_active_tools": {"active": True},
    "list_my_tools": {"mine": True},
    "get_detailed_health": {"detailed": True},
    "create_tool_schemas": {"input_schema": {}},
}
MODELS = Model.__subclasses__()


def model_of(operation):
    """Return the model in the return annotation of an operation's method, or None."""
    method = getattr(AISpine, operation.of or operation.name)
    annotation = inspect.signature(method).return_annotation
    inner = get_args(annotation)[0] if get_args(annotation) else annotation
    is_model = isinstance(inner, type) and issubclass(inner, Model)
    return inner if is_model else None


RESPONSES = {
    operation: (
        JSON if model_of(operation) is None else nearly(model_of(operation)) | JSON
    )
    for operation in OPERATIONS
}
HEADERS = st.fixed_dictionaries(
    {},
    optional={
        "Retry-After": st.text(
            st.characters(codec="ascii", categories=["L", "N", "P"])
        ),
        "X-Request-Id": st.text(
            st.characters(codec="latin-1", exclude_categories=["C"])
        ),
        "Location": st.sampled_from(
            ["/", "http://[", "//elsewhere", "http://h:x", "?"]
        ),
    },
)

CANNED = Canned()
CLIENT = canned_client(CANNED, Time(), access_token="token")


def encoded(value):
    return json.dumps(value).encode()


def call(operation):
    if operation.name == "list_executions":
        return list(itertools.islice(CLIENT.iter_executions(), 100))
    if operation.streams:
        events = itertools.islice(CLIENT.stream_execution("e", timeout=9), 100)
        return [event.execution or event.node for event in events]
    method = getattr(CLIENT, operation.of or operation.name)
    required = [
        name
        for name, parameter in inspect.signature(method).parameters.items()
        if parameter.default is inspect.Parameter.empty
    ]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        options = OPTIONS.get(operation.name, {})
        return method(*(ARGUMENTS[name] for name in required), **options)


def check_model(model):
    assert len(repr(model)) < 1000 and len(repr(model).splitlines()) == 1
    json.dumps(model.to_dict())
    assert pickle.loads(pickle.dumps(model)).to_dict().keys() == model.to_dict().keys()
    for name, value in inspect.getmembers(type(model)):
        if isinstance(value, property):
            getattr(model, name)


@fuzz(
    data=st.data(),
    operation=st.sampled_from(OPERATIONS),
    status=st.sampled_from([200, 200, 200, 201, 204]) | st.integers(200, 599),
    headers=HEADERS,
)
def test_any_response_is_a_typed_result_or_a_typed_error(
    data, operation, status, headers
):
    expected_body = RESPONSES[operation].map(encoded)
    body = data.draw(
        expected_body | expected_body | st.binary(max_size=40), label="body"
    )
    CANNED.respond_with(body, status=status, headers=headers)
    try:
        result = call(operation)
    except AISpineError as error:
        check_error(error)
        if status in (400, 422):
            assert isinstance(error, BadRequestError)
    else:
        assert 200 <= status < 300 or (result is False and status == 404)
        if model_of(operation) is not None:
            for model in result if isinstance(result, list) else [result]:
                check_model(model)


EXECUTIONS = st.fixed_dictionaries(
    {"status": STATUSES | ODD},
    optional=dict.fromkeys(["execution_id", "flow_id", "error_message", "error"], ODD),
)


@fuzz(
    responses=st.lists(
        (EXECUTIONS | objects_of(Execution) | JSON).map(encoded), min_size=1, max_size=4
    ),
    timeout=st.floats(1e-3, 1e9),
    interval=st.floats(1e-3, 1e9),
)
def test_a_wait_returns_an_execution_or_raises_a_typed_error(
    responses, timeout, interval
):
    canned, time = Canned(), Time()
    canned.respond_with(*responses)
    client = canned_client(canned, time)
    try:
        done = client.wait_for_execution("e", timeout, interval)
    except AISpineError as error:
        check_error(error)
    else:
        assert done.succeeded
        check_model(done)
    rounding = 1e-3
    assert all(0 <= seconds <= timeout + rounding for seconds in time.slept)


@fuzz(data=st.data(), model=st.sampled_from(MODELS))
def test_a_model_of_any_json_has_a_repr(data, model):
    value = data.draw(objects_of(model) | JSON, label="value")
    try:
        made = model.from_wire(value)
    except UnexpectedResponse:
        assert not isinstance(value, dict)
    else:
        assert dict(made) == value or value != value or "nan" in repr(value)
        check_model(made)
