"""Properties of idempotency keys: which are sent, with which requests, and what is repeated."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ai_spine import AISpineError, RestClient, ValidationError
from ai_spine.policy.call_state import CallState
from ai_spine.policy.exchanges import start
from ai_spine.policy.rest_requests import Target, exchange_of
from ai_spine.utils import is_header_value
from tests.raw_server import CLOSE, RESET, RawServer, answer

pytestmark = pytest.mark.every_transport
# What befalls an attempt, and whether the request may have run then.
FATES = {
    "reset": (RESET, True),
    "closed": (CLOSE, True),
    "500": (answer(500, {}), True),
    "504": (answer(504, {}), True),
    "429": (answer(429, {}, retry_after="0"), False),
    "503": (answer(503, {}), False),
}
NAMES = st.sampled_from(["Idempotency-Key", "idempotency-key", "IDEMPOTENCY-KEY"])


def started(method="POST", key=None, headers=None, idem=False):
    """Return the state and the request of a call."""
    call = CallState(method, "/x", {}, None)
    exchange = exchange_of(method, Target("/x", ""), headers=headers, idempotent=idem)
    return call, start(exchange, call, key, {}, {})


def keys_of(headers):
    return [text for name, text in headers.items() if name.lower() == "idempotency-key"]


@pytest.mark.only_sync("nothing is sent")
@settings(max_examples=80, deadline=None)
@given(st.text(max_size=50), st.sampled_from(["POST", "PATCH", "PUT", "GET"]))
def test_any_key_is_sent_as_it_is_or_refused_without_being_shown(key, method):
    if is_header_value(key):
        call, request = started(method, key)
        assert keys_of(request.headers) == [key] == [call.idempotency_key]
    else:
        with pytest.raises(ValidationError) as caught:
            started(method, key)
        assert "\n" not in str(caught.value)
        assert len(key) < 5 or key not in str(caught.value)


@pytest.mark.only_sync("nothing is sent")
@settings(max_examples=40, deadline=None)
@given(NAMES, st.text("abc-123", min_size=1), st.none() | st.just("k-other"))
def test_a_key_among_the_headers_is_the_only_one(name, key, other):
    call, request = started(key=other, headers={name: key})
    assert keys_of(request.headers) == [key] == [call.idempotency_key]


@settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    st.lists(st.sampled_from(sorted(FATES)), max_size=4),
    st.sampled_from(["POST", "PATCH"]),
    st.sampled_from([{}, {"idem": True}, {"idempotency_key": "k-1"}]),
)
def test_what_may_have_run_is_repeated_only_with_a_key_that_is_honoured(
    library, names, method, options
):
    script = [FATES[name][0] for name in names]
    uncertain = [number for number, name in enumerate(names) if FATES[name][1]]
    fails = bool(uncertain) and not options
    with RawServer(*script, answer(200, {"ok": True})) as server:
        with RestClient(server.url, max_retries=len(names)) as client:
            client._api.sleep = lambda seconds: None
            try:
                assert client.call(method, "/x", **options) == {"ok": True}
                assert not fails
            except AISpineError as error:
                assert fails and error.maybe_executed and error.idempotency_key
        keys = [key for each in server.requests for key in keys_of(each.headers)]
    expected = uncertain[0] + 1 if fails else len(names) + 1
    assert len(server.requests) == len(keys) == expected
    assert len(set(keys)) == 1 and keys[0] == options.get("idempotency_key", keys[0])
