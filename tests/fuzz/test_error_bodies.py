"""Any body of an error: the typed error of its status, in one line, without the key."""

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

# As the guide to errors has it.
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
    """Return bodies that say a value where servers say what is wrong."""
    one = st.dictionaries(st.sampled_from(PLACES), value, min_size=1, max_size=4)
    entries = st.lists(
        st.fixed_dictionaries({"msg": value, "loc": st.lists(value, max_size=3)}),
        min_size=1,
        max_size=3,
    )
    return (
        one
        | one.map(lambda told: {"error": told})
        | one.map(lambda told: {"detail": told})
        | entries.map(lambda told: {"detail": told})
    )


LONG = st.sampled_from(["x" * 100_000, "\x00\x1b[2J\r\n" * 5000, "\u2028" * 700])
SAID = (fields(TEXT | LONG | JSON) | JSON).map(json.dumps)
BODIES = (
    SAID.map(str.encode)
    | st.builds(lambda said, end: said[:end].encode(), SAID, st.integers(0, 60))
    | SAID.map(lambda said: f"<html><p>{said}</html>".encode("utf-16"))
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
def test_any_error_body_gives_the_error_of_its_status(body, status, call):
    CANNED.say(b"" if status == 304 else body, status=status)  # 304 never has one
    with pytest.raises(APIError) as caught:
        call(CLIENT)
    error = caught.value
    kinds = {expected_class(status)}
    if status == 403:
        kinds.add(InsufficientCreditsError)  # where the body speaks of credits
    assert type(error) in kinds and error.status_code == status
    check_error(error)
    assert str(error).startswith(f"{status}: ") and len(error.code or "") <= 500
    for twin in (copy.copy(error), copy.deepcopy(error)):
        assert type(twin) is type(error) and str(twin) == str(error)


def escapes(key):
    """Return the ways in which JSON may write a key."""
    written = json.dumps(key)[1:-1]
    every = "".join(f"\\u{ord(character):04X}" for character in key)
    first = f"\\u{ord(key[0]):04x}" + json.dumps(key[1:])[1:-1]
    return [key, written, written.replace("/", "\\/"), every, first]


@st.composite
def echoes(draw):
    """Return a key, and a body that holds it somehow."""
    key = draw(KEYS)
    said = draw(
        fields(st.sampled_from(["@", "key @ is bad", {"@": "@"}, ["@"]])).map(
            json.dumps
        )
    )
    form = draw(st.sampled_from(["{}", "{}", "<html>{}</html>", "{}{}", '"{}"']))
    body = form.replace("{}", said).replace("@", draw(st.sampled_from(escapes(key))))
    return key, body.encode()


@st.composite
def header_echoes(draw, key):
    """Return headers that hold the key."""
    told = draw(st.sampled_from(["{}", "id {}", "{}{}", "https://{}/", "//{}/x"]))
    names = st.sampled_from(
        ["X-Request-Id", "Content-Type", "Location", "Retry-After", "Content-Length"]
    )
    return {name: told.replace("{}", key) for name in draw(st.lists(names, max_size=3))}


def assert_hidden(key, error):
    """Fail if a key stands anywhere in an error, in capitals or not, whole or in its state."""
    told = [str(error), repr(error), pickle.dumps(error).decode("latin-1")]
    assert not any(key.lower() in text.lower() for text in told), error


@fuzz(
    data=st.data(),
    echo=echoes(),
    status=st.sampled_from([200, 302]) | STATUSES,
    call=st.sampled_from(CALLS),
    credential=st.sampled_from(["api_key", "access_token"]),
)
def test_an_echoed_key_stands_in_no_error(data, echo, status, call, credential):
    key, body = echo
    canned = Canned()
    headers = data.draw(header_echoes(key), label="headers")
    canned.say(body, status=status, headers=headers)
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
def test_a_key_echoed_in_an_execution_stands_in_no_error(key, form, status, place):
    canned = Canned()
    told = {"execution_id": "e", "status": status, place: "no @ here"}
    canned.say(json.dumps(told).replace("@", escapes(key)[form]).encode())
    client = canned_client(canned, api_key=key)
    times = iter(range(10**6))
    client._api.clock, client._api.sleep = lambda: next(times), lambda _: None
    with pytest.raises(AISpineError) as caught:
        client.wait_for_execution("e", timeout=9)
    if not isinstance(caught.value, ExecutionError):
        assert re.search("was not done|not JSON", str(caught.value))
    assert key not in str(caught.value) and key not in repr(caught.value)
