"""Any JSON with any status, as the answer to any operation: a typed result or a typed error."""

import inspect
import io
import itertools
import json
import os
import pickle
import warnings
from typing import get_args

import requests
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from requests.adapters import BaseAdapter
from urllib3 import HTTPResponse

from ai_spine import AISpine, AISpineError, BadRequestError
from ai_spine.operations import OPERATIONS
from ai_spine.wire import Model

EXAMPLES = int(os.environ.get("AI_SPINE_FUZZ_EXAMPLES", "500"))

ARGUMENTS = {
    "flow_id": "f",
    "agent_id": "a",
    "execution_id": "e",
    "user_id": "u",
    "input_data": {},
    "definition": {"flow_id": "f"},
    "agent_config": {"agent_id": "a"},
}

# Names that the SDK looks for, so that odd values meet the code that reads them.
NAMES = sorted(
    {
        "detail",
        "message",
        "error",
        "details",
        "code",
        "data",
        "next_cursor",
        "loc",
        "msg",
    }
    | {
        "flows",
        "agents",
        "executions",
        "messages",
        "node_results",
        "results",
        "flow",
        "user",
    }
    | {
        key
        for model in Model.__subclasses__()
        for f in model._wire_fields()
        for key in f.keys
    }
)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from(
        ["running", "success", "2026-11-20T11:50:42", "9999-12-31T23:59:59-14:00"]
    )
)
ODD = SCALARS | st.sampled_from([[], {}, [None], [{}], ["a"], {"a": []}])
JSON = st.recursive(
    SCALARS,
    lambda children: st.lists(children, max_size=4)
    | st.dictionaries(
        st.sampled_from(NAMES) | st.text(max_size=8), children, max_size=6
    ),
    max_leaves=20,
)
WRAPPERS = ["data", "flows", "agents", "executions", "messages", "node_results", "flow"]


def model_of(operation):
    """Gives the model that an operation's method promises, if it promises one."""
    promised = inspect.signature(getattr(AISpine, operation.name)).return_annotation
    inner = get_args(promised)[0] if get_args(promised) else promised
    return inner if issubclass(inner, Model) else None


def nearly(model):
    """Gives objects that have the fields of a model, with anything in them."""
    keys = [key for field in model._wire_fields() for key in field.keys]
    known = st.dictionaries(st.sampled_from(keys), ODD, min_size=1, max_size=12)
    lists = st.lists(known, max_size=3)
    return (
        known | lists | st.builds(lambda w, i: {w: i}, st.sampled_from(WRAPPERS), lists)
    )


ANSWERS = {
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


class Canned(BaseAdapter):
    """Answers each request with one answer."""

    def __init__(self):
        super().__init__()
        self.status, self.body, self.headers = 200, b"", {}

    def send(self, request, **_):
        response = requests.Response()
        response.status_code, response.request, response.url = (
            self.status,
            request,
            request.url,
        )
        response.headers.update(self.headers)
        response.raw = HTTPResponse(
            io.BytesIO(self.body),
            status=self.status,
            headers=self.headers,
            preload_content=False,
        )
        return response

    def close(self):
        pass


CANNED = Canned()
SESSION = requests.Session()
SESSION.mount("http://", CANNED)
CLIENT = AISpine(
    base_url="http://h.test", session=SESSION, max_retries=0, access_token="token"
)


def call(operation):
    if operation.name == "list_executions":
        return list(itertools.islice(CLIENT.iter_executions(), 100))
    method = getattr(CLIENT, operation.name)
    required = [
        name
        for name, parameter in inspect.signature(method).parameters.items()
        if parameter.default is inspect.Parameter.empty
    ]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        return method(*(ARGUMENTS[name] for name in required))


def check_model(model):
    assert len(repr(model)) < 1000 and "\n" not in repr(model)
    json.dumps(model.to_dict())
    assert pickle.loads(pickle.dumps(model)).to_dict().keys() == model.to_dict().keys()
    for name, value in inspect.getmembers(type(model)):
        if isinstance(value, property):
            getattr(model, name)


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    print_blob=True,
)
@given(
    data=st.data(),
    operation=st.sampled_from(OPERATIONS),
    status=st.sampled_from([200, 200, 200, 201, 204]) | st.integers(200, 599),
    headers=HEADERS,
)
def test_any_answer_gives_a_typed_result_or_a_typed_error(
    data, operation, status, headers
):
    said = ANSWERS[operation].map(lambda value: json.dumps(value).encode())
    body = data.draw(said | said | st.binary(max_size=40), label="body")
    CANNED.status, CANNED.body, CANNED.headers = status, body, headers
    try:
        result = call(operation)
    except AISpineError as error:
        assert "\n" not in str(error) and len(str(error)) < 2000
        assert str(pickle.loads(pickle.dumps(error))) == str(error)
        if status in (400, 422):
            assert isinstance(error, BadRequestError)
    else:
        assert 200 <= status < 300 or (result is False and status == 404)
        for model in result if isinstance(result, list) else [result]:
            if not isinstance(model, bool):
                check_model(model)
