"""Any body of an error response raises the error of its status, in one line and without the key."""

import copy
import json
import pickle
import re

import pytest
from hypothesis import strategies as st

from ai_spine import (
    AISpineError,
    APIError,
    AuthenticationError,
    BadRequestError,
    ConflictError,
    ExecutionError,
    InsufficientCreditsError,
    NotFoundError,
    PermissionDeniedError,
    RateLimitError,
    ServerError,
)
from tests.fuzz.canned import Canned, canned_client, check_error
from tests.fuzz.shares import fuzz
from tests.fuzz.strategies import JSON, KEYS, TEXT

# The same as in the guide to errors.
CLASSES = {
    400: BadRequestError,
    401: AuthenticationError,
    402: InsufficientCreditsError,
    403: PermissionDeniedError,
    404: NotFoundError,
    409: ConflictError,
    422: BadRequestError,
    429: RateLimitError,
}
CALLS = [
    lambda client: client.get_flow("f"),
    lambda client: client.list_agents(),
    lambda client: client.execute_flow("f", {}),
    lambda client: client.create_agent({"agent_id": "a"}),
    lambda client: client.update_flow("f", {"flow_id": "f"}),
    lambda client: client.request("PATCH", "/x"),
]
STATUSES = st.sampled_from(sorted(CLASSES)) | st.integers(300, 599)
PLACES = ["detail", "message", "error", "title", "code", "type", "details", "other"]


def nested(depth, opening, closing):
    return (opening * depth + closing * depth).encode()


def fields(value):
    """Return bodies with a value in the fields that servers use for error messages."""
    one = st.dictionaries(st.sampled_from(PLACES), value, min_size=1, max_size=4)
    entries = st.lists(
        st.fixed_dictionaries({"msg": value, "loc": st.lists(value, max_size=3)}),
        min_size=1,
        max_size=3,
    )
    return (
        one
        | one.map(lambda content: {"error": content})
        | one.map(lambda content: {"detail": content})
        | entries.map(lambda content: {"detail": content})
    )


LONG = st.sampled_from(["x" * 100_000, "\x00\x1b[2J\r\n" * 5000, "\u2028" * 700])
TEXTS = (fields(TEXT | LONG | JSON) | JSON).map(json.dumps)
BODIES = (
    TEXTS.map(str.encode)
    | st.builds(lambda text, end: text[:end].encode(), TEXTS, st.integers(0, 60))
    | TEXTS.map(lambda text: f"<html><p>{text}</html>".encode("utf-16"))
    | st.binary(max_size=200)
    | st.builds(
        nested,
        st.sampled_from([1, 50, 100, 300, 900, 100_000]),
        st.just('{"details":['),
        st.just("]}"),
    )
    | st.sampled_from([b'{"detail": ' + b"9" * 5000 + b"}", b'{"detail": 1e999}'])
)

CANNED = Canned()
CLIENT = canned_client(CANNED, api_key="sk-never-told")


def expected_class(status):
    return CLASSES.get(status, ServerError if status >= 500 else APIError)


@fuzz(body=BODIES, status=STATUSES, call=st.sampled_from(CALLS))
def test_any_error_body_raises_the_error_of_its_status(body, status, call):
    CANNED.respond_with(
        b"" if status == 304 else body, status=status
    )  # 304 never has a body
    with pytest.raises(APIError) as caught:
        call(CLIENT)
    error = caught.value
    kinds = {expected_class(status)}
    if status == 403:
        kinds.add(InsufficientCreditsError)  # if the body mentions credits
    assert type(error) in kinds and error.status_code == status
    check_error(error)
    assert str(error).startswith(f"{status}: ") and len(error.code or "") <= 500
    for copied in (copy.copy(error), copy.deepcopy(error)):
        assert type(copied) is type(error) and str(copied) == str(error)


def escapes(key):
    """Return the ways to write a key in JSON."""
    written = json.dumps(key)[1:-1]
    every = "".join(f"\\u{ord(character):04X}" for character in key)
    first = f"\\u{ord(key[0]):04x}" + json.dumps(key[1:])[1:-1]
    return [key, written, written.replace("/", "\\/"), every, first]


@st.composite
def echoes(draw):
    """Return a key, and a body that contains it."""
    key = draw(KEYS)
    text = draw(
        fields(st.sampled_from(["@", "key @ is bad", {"@": "@"}, ["@"]])).map(
            json.dumps
        )
    )
    form = draw(st.sampled_from(["{}", "{}", "<html>{}</html>", "{}{}", '"{}"']))
    body = form.replace("{}", text).replace("@", draw(st.sampled_from(escapes(key))))
    return key, body.encode()


@st.composite
def header_echoes(draw, key):
    """Return headers that contain the key."""
    content = draw(st.sampled_from(["{}", "id {}", "{}{}", "https://{}/", "//{}/x"]))
    names = st.sampled_from(
        ["X-Request-Id", "Content-Type", "Location", "Retry-After", "Content-Length"]
    )
    return {
        name: content.replace("{}", key) for name in draw(st.lists(names, max_size=3))
    }


def assert_hidden(key, error):
    """Check that an error does not contain a key, in any case, in its text or pickled state."""
    content = [str(error), repr(error), pickle.dumps(error).decode("latin-1")]
    assert not any(key.lower() in text.lower() for text in content), error


@fuzz(
    data=st.data(),
    echo=echoes(),
    status=st.sampled_from([200, 302]) | STATUSES,
    call=st.sampled_from(CALLS),
    credential=st.sampled_from(["api_key", "access_token"]),
)
def test_an_echoed_key_is_redacted_in_errors(data, echo, status, call, credential):
    key, body = echo
    canned = Canned()
    headers = data.draw(header_echoes(key), label="headers")
    canned.respond_with(body, status=status, headers=headers)
    try:
        call(canned_client(canned, **{credential: key}))
    except AISpineError as error:
        check_error(error)
        assert_hidden(key, error)
    else:
        assert status == 200


@fuzz(
    key=KEYS,
    form=st.integers(0, 4),
    status=st.sampled_from(["failed", "cancelled", "@", "running"]),
    place=st.sampled_from(["error_message", "error", "flow_id", "execution_id"]),
)
def test_a_key_echoed_in_an_execution_is_redacted_in_errors(key, form, status, place):
    canned = Canned()
    content = {"execution_id": "e", "status": status, place: "no @ here"}
    canned.respond_with(json.dumps(content).replace("@", escapes(key)[form]).encode())
    client = canned_client(canned, api_key=key)
    times = iter(range(10**6))
    client._api.clock, client._api.sleep = lambda: next(times), lambda _: None
    with pytest.raises(AISpineError) as caught:
        client.wait_for_execution("e", timeout=9)
    if not isinstance(caught.value, ExecutionError):
        assert re.search("was not done|not JSON", str(caught.value))
    assert key not in str(caught.value) and key not in repr(caught.value)
