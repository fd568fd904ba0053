"""Any text as an id is refused before anything is sent, or becomes one segment of the path."""

import inspect
import json
import unicodedata
import warnings
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from hypothesis import strategies as st

from ai_spine import AISpine, ValidationError
from ai_spine.operations import OPERATIONS
from tests.fuzz.canned import Canned, Time, canned_client, check_error
from tests.fuzz.replayer import Replayer
from tests.fuzz.shares import fuzz
from tests.fuzz.strategies import ANY_CHARACTER, TEXT

KINDS = ("flow_id", "agent_id", "execution_id", "tool_id", "user_id")
PATHS = {operation.name: operation.path for operation in OPERATIONS}
PATHS["execute_and_wait"] = PATHS["execute_flow"]
PATHS["execute_batch"] = PATHS["iter_batch"] = PATHS["execute_flow"]
PATHS["rerun_execution"] = PATHS["get_execution"]
PATHS["wait_for_execution"] = PATHS["get_execution"]
PATHS["iter_executions"] = PATHS["list_executions"]
# The paths of the second requests of methods that send two.
FOLLOWED_BY = {
    "stream_execution": PATHS["get_execution"],  # since the response is not a stream
    "cancel_execution": PATHS["get_execution"],
    "execute_and_wait": PATHS["get_execution"],
    "rerun_execution": PATHS["execute_flow"],
}

TRAPS = st.sampled_from(
    [".", "..", "...", "/", "//", "a/b", "../x", "%2e%2e", "%2E", "%", "%%", "%2F"]
    + ["{}", "{flow_id}", "{0}", "\\", "a\\..\\b", "?", "a?b=c", "#", "a#b", ";x", "~"]
    + ["\u202e\u200fid", "\ufeff", "\x00", "a\r\nHost: h", "\ud800", "\U0010ffff"]
    + ["", " ", " a ", "\u3000", "\x85", "\u2028", "+", "&", "a&flow_id=b", "*", "@:"]
    + ["x" * 10_000, "é" * 3000, "e\u0301", "http://h/x", "localhost:80", "[::1]"]
)
IDS = (
    TEXT
    | TRAPS
    | st.builds("{}{}".format, TRAPS, TRAPS)
    | st.text("./\\%2eE", max_size=8)
)
# A response that can be parsed as a completed execution, a flow and an agent.
RESPONSE = json.dumps(
    {
        "execution_id": "e",
        "status": "completed",
        "id": "x",
        "success": True,
        "tool_id": "t",
        "flow_id": "f",
        "input_data": {},
    }
    | {name: [] for name in ("executions", "messages", "results", "tools", "logs")}
).encode()


def methods_with_ids():
    """Yield the name of each method that takes an id, with the name of the parameter."""
    for name, method in inspect.getmembers(AISpine, inspect.isfunction):
        for parameter in inspect.signature(method).parameters:
            if parameter in KINDS and not name.startswith("_"):
                yield name, parameter


METHODS = sorted(methods_with_ids())


def call(client, name, chosen_id):
    """Call a method with an id, and minimal other arguments."""
    others = {
        "input_data": {},
        "inputs": [{}],
        "definition": {"flow_id": chosen_id[1], "nodes": []},
        "changes": {},
        "is_active": True,
        "input_schema": {},
    }
    method = getattr(client, name)
    wanted = inspect.signature(method).parameters
    arguments = {key: value for key, value in others.items() if key in wanted}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        result = method(**{chosen_id[0]: chosen_id[1]}, **arguments)
        if name.startswith(("iter_", "stream_")):
            list(result)


def is_allowed(text):
    """Return whether an id is valid according to the docstring of `check_id`."""
    odd = ("Cc", "Cs", "Zl", "Zp")
    whole = not any(unicodedata.category(character) in odd for character in text)
    return whole and bool(text.strip()) and text not in (".", "..")


def assert_named(target, body, template, chosen_id):
    """Check that a request has the id as one path segment, or as one field."""
    kind, text = chosen_id
    arguments = urlsplit(target)
    segments, wanted = arguments.path.split("/"), template.split("/")
    assert len(segments) == len(wanted)
    for segment, expected in zip(segments, wanted):
        if not expected.startswith("{"):
            assert segment == expected
        elif kind in expected:
            assert unquote(segment, errors="strict") == text
    if kind not in template:
        fields = json.loads(body) if body else {}
        query = parse_qs(
            arguments.query, strict_parsing=bool(arguments.query), errors="strict"
        )
        assert query.get(kind, [fields.get(kind)]) == [text]
    assert not arguments.fragment


CANNED = Canned()
CLIENT = canned_client(CANNED, Time(), access_token="token")


@fuzz(method=st.sampled_from(METHODS), text=IDS | st.text(ANY_CHARACTER, max_size=300))
def test_any_id_is_refused_or_one_path_segment(method, text):
    name, kind = method
    CANNED.respond_with(RESPONSE)
    try:
        call(CLIENT, name, (kind, text))
    except ValidationError as error:
        assert not is_allowed(text) and CANNED.requests == []
        check_error(error) if len(text) < 300 else None
        return
    assert is_allowed(text)
    first, *more = CANNED.requests
    assert_named(first.path_url, first.body, PATHS[name], (kind, text))
    assert bool(more) == (name in FOLLOWED_BY)
    if more and kind == "execution_id" and name != "rerun_execution":
        assert_named(more[0].path_url, None, FOLLOWED_BY[name], (kind, text))


@pytest.fixture(scope="module")
def server():
    with Replayer() as made:
        yield made


@fuzz(
    method=st.sampled_from(["get_flow", "get_agent", "get_execution", "delete_flow"]),
    text=IDS.filter(is_allowed),
)
def test_any_id_is_one_path_segment_on_the_wire(server, method, text):
    head = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(RESPONSE)
    server.respond_with(head + RESPONSE)
    with AISpine(base_url=server.url, max_retries=0) as client:
        getattr(client, method)(text)
    (target,) = server.targets
    kind = next(kind for kind in KINDS if kind in PATHS[method])
    assert_named(target, None, PATHS[method], (kind, text))
