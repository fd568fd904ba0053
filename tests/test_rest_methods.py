"""Tests of the methods of clients of any API: verbs, pages, streams and middleware."""

import gc
import json
import pickle
import sys
import warnings
from datetime import timedelta

import pytest

from ai_spine import (
    AISpine,
    APIError,
    BadRequestError,
    BusyLoopWarning,
    ConfigurationError,
    NetworkError,
    NotFoundError,
    RateLimitError,
    RequestTimeoutError,
    RestClient,
    ServerError,
    ValidationError,
)
from ai_spine.local.ron_node import RonNode
from ai_spine.policy.messages import Exchange
from tests.local import wait_until
from tests.raw_server import CLOSE, RESET, STALL, RawServer, answer

pytestmark = pytest.mark.every_transport
SHARED = pytest.mark.not_over("httpx", "both libraries that await have the same loop")
EVENTS = answer(200, b"", content_type="text/event-stream", content_length="1000000")


@pytest.fixture
def node():
    with RonNode() as node:
        yield node


@pytest.fixture
def client(node):
    with RestClient(node.url + "/app", "t-secret-1") as client:
        client._api.sleep = lambda seconds: None
        yield client


@pytest.fixture
def played():
    """Return a function that makes a client of a server with a script."""
    opened = []

    def play(*script, **options):
        server = RawServer(*script)
        opened.append(server)
        client = RestClient(server.url, **options)
        client._api.sleep = lambda seconds: None
        opened.append(client)
        return server, client

    yield play
    for each in reversed(opened):
        getattr(each, "stop", getattr(each, "close", None))()


@pytest.mark.parametrize("verb", ["post", "put", "patch"])
def test_a_verb_sends_its_body_as_json(client, verb):
    seen = getattr(client, verb)("/echo", {"a": [1, None]}, query={"x": ["1", "2"]})
    assert (seen["method"], seen["json"]) == (verb.upper(), {"a": [1, None]})
    assert seen["query"] == {"x": ["1", "2"]}


def test_booleans_of_a_query_are_those_of_json(client):
    query = {"all": True, "new": [False, "x"], "none": None}
    seen = client.get("/echo", query=query)["query"]
    assert seen == {"all": ["true"], "new": ["false", "x"]}


def test_the_other_verbs(client, node):
    assert client.get("/echo?a=b")["query"] == {"a": ["b"]}
    assert client.delete("/echo", headers={"X-Why": "old"})["headers"]["X-Why"] == "old"
    head = client.head("/hello")
    assert (head.status, head.body, head.headers["content-type"]) == (
        200,
        b"",
        "application/json",
    )
    assert client.call("options", "/hello").status == 200
    assert client.get(f"{node.url}/app/hello") == {"hello": "world"}
    assert client.get("/queue/next") is None


def test_a_raw_response_has_status_headers_and_body(client):
    raw = client.get("/hello", raw=True)
    assert raw.status == 200 and raw.json() == {"hello": "world"}
    assert json.loads(raw.text) == json.loads(raw.body)


def test_a_whole_exchange_can_be_called(client):
    exchange = Exchange(
        "greet", "GET", "/hello", read=lambda response: response.json()["hello"]
    )
    assert client.call(exchange, timeout=5, idempotency_key="k-1") == "world"
    for more in ({"json": {}}, {"path": "/x"}, {"query": {}}, {"idem": True}):
        with pytest.raises(ValidationError, match="only a key and the times"):
            client.call(exchange, **more)


def test_a_key_makes_a_post_repeatable(client, node):
    for options in ({"idem": True}, {"idempotency_key": "k-1"}):
        fault = node.faults.add("POST", "/echo", drop_after_commit=True)
        seen = client.post("/echo", {}, **options)
        assert fault.met == 1
        key = seen["headers"]["Idempotency-Key"]
        assert key == options.get("idempotency_key", key) and len(key) > 2


def test_a_post_without_a_key_of_the_caller_is_not_repeated(client, node):
    fault = node.faults.add("POST", "/echo", drop_after_commit=True, times=None)
    with pytest.raises(NetworkError) as caught:
        client.post("/echo", {})
    assert fault.met == 1 and caught.value.maybe_executed


@pytest.mark.parametrize(
    "options, words",
    [
        ({"path": "/a/../b"}, ". or .."),
        ({"path": "https://evil.example.com/x"}, "not below"),
        ({"path": "/a?b=1", "query": {"c": 1}}, "where query is given too"),
        ({"path": "/x", "idem": "yes"}, "idem must be True or False"),
        ({"path": "/x", "raw": 1}, "raw must be True or False"),
        ({"path": "/x", "timeout": -1}, "timeout must be"),
        ({"path": "/x", "headers": {"Authorization": "b"}}, "use a credential"),
        (
            {"path": "/x", "idempotency_key": "a\nb"},
            "printable ASCII|Idempotency-Key|idempotency_key",
        ),
    ],
)
def test_what_is_wrong_is_refused_before_anything_is_sent(client, node, options, words):
    with pytest.raises(ValidationError, match=words):
        client.get(**options)
    assert node.requests == []


def test_a_body_says_whether_its_request_is_repeated(client, node):
    final = {"code": "broken", "message": "no use", "retryable": False}
    fault = node.faults.add("GET", "/hello", status=503, body=final, times=None)
    with pytest.raises(ServerError, match="no use"):
        client.get("/hello")
    assert fault.met == 1
    node.faults.clear()
    passing = {"code": "busy", "retryable": True, "retry_after_ms": 1}
    fault = node.faults.add("POST", "/echo", status=409, body=passing, times=2)
    assert client.post("/echo", {})["method"] == "POST"
    assert fault.met == 2


def test_all_pages_are_walked(client):
    pages = list(client.pages("/things"))
    assert [len(page["items"]) for page in pages] == [2, 2, 1]
    numbers = [item["id"] for item in client.items("/rows", query={"limit": 3})]
    assert numbers == ["0", "1", "2", "3", "4"]
    assert len(list(client.pages("/things", max_pages=2))) == 2


def test_the_query_of_a_list_may_be_in_its_path(client, node):
    pages = list(client.pages("/things?limit=3"))
    assert [len(page["items"]) for page in pages] == [3, 2]
    whole = f"{node.url}/app/things?limit=3"
    assert len(list(client.items(whole, raw=False))) == 5
    with pytest.raises(ValidationError, match="where query is given too"):
        list(client.items("/things?limit=3", query={"limit": 2}))
    with pytest.raises(ValidationError, match="max_pages"):
        list(client.items("/things", max_pages=0))


@pytest.mark.parametrize(
    "option", [{"raw": True}, {"idem": True}, {"idempotency_key": "k"}], ids=str
)
def test_what_is_of_one_request_is_refused_for_a_walk(client, option):
    for walk in (client.pages, client.items):
        with pytest.raises(ValidationError, match=f"{next(iter(option))} is for one"):
            next(walk("/things", **option))


def test_a_page_that_leads_to_another_server_ends_the_walk(played):
    body = {"items": [1], "next": "https://evil.example.com/x"}
    _, client = played(answer(200, body))
    with pytest.raises(APIError, match="not below") as caught:
        list(client.items("/x"))
    error = caught.value
    assert (error.status_code, error.method, error.path) == (200, "GET", "/x")
    assert error.request_id and len(error.attempts) == 1 and not error.transient


def test_events_come_once_and_go_on_after_a_break(client, node):
    for number in range(3):
        node.publish("logs", {"n": number})
    events = client.subscribe("/events/logs", query={"from": "x"})
    first = [next(events) for _ in range(3)]
    assert [event.json() for event in first] == [{"n": 0}, {"n": 1}, {"n": 2}]
    node.drop_streams()
    node.publish("logs", {"n": 3})
    event = next(events)
    assert (event.id, event.json(), event.event) == ("4", {"n": 3}, "message")
    assert getattr(events, "_items", events).last_event_id == "4"
    events.close()
    wait_until(lambda: not node._streams)


def test_a_callback_gets_each_event_and_its_error_ends_the_stream(client, node):
    node.publish("logs", 1)
    node.publish("logs", 2)
    seen = []

    def note(event):
        seen.append(event.json())
        if len(seen) == 2:
            raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        client.subscribe("/events/logs", note)
    assert seen == [1, 2]
    wait_until(lambda: not node._streams)


@pytest.mark.only_sync("the other client awaits it")
def test_a_callback_that_must_be_awaited_is_refused_at_once(client):
    async def note(event):
        pass

    with pytest.raises(
        ValidationError,
        match="callback must be a plain function: AsyncRestClient takes",
    ):
        client.subscribe("/events/logs", note)


def stream(*events, **headers):
    """Return a whole stream of events."""
    body = b"".join(b"id: %d\ndata: %d\n\n" % (number, number) for number in events)
    return answer(200, body, content_type="text/event-stream", **headers)


def test_events_that_a_server_repeats_are_passed_over(played):
    server, client = played(
        stream(1, 2, content_length="900"), stream(1, 2, 3), stream(4), answer(204)
    )
    assert [event.data for event in client.subscribe("/e")] == ["1", "2", "3", "4"]
    sent = [{k.lower(): v for k, v in each.headers.items()} for each in server.requests]
    ids = [headers.get("last-event-id") for headers in sent]
    assert ids == [None, "2", "3", "4"]


def test_without_reconnection_a_stream_ends_or_fails(played):
    _, client = played(stream(1, 2))
    assert [each.id for each in client.subscribe("/e", reconnect=False)] == ["1", "2"]
    _, client = played(stream(1, content_length="900"))
    events = client.subscribe("/e", reconnect=False, last_event_id="0")
    assert next(events).id == "1"
    with pytest.raises(NetworkError):
        next(events)


def test_silence_counts_as_a_lost_connection(played):
    server, client = played((EVENTS, STALL), stream(7), answer(204))
    events = client.subscribe("/e", idle_limit=timedelta(seconds=0.1))
    assert [event.id for event in events] == ["7"]
    _, client = played((EVENTS, STALL))
    events = client.subscribe("/e", idle_limit=0.1, reconnect=False)
    with pytest.raises(RequestTimeoutError, match="no event for 0.1 s"):
        next(events)


@pytest.mark.parametrize(
    "response, kind, words",
    [
        (answer(404, {"detail": "no topic"}), NotFoundError, "no topic"),
        (answer(400, {}), BadRequestError, "Bad Request"),
        (answer(200, {"a": 1}), APIError, "not a stream of events"),
        (RESET, NetworkError, "connection"),
        (CLOSE, NetworkError, "connection"),
    ],
)
def test_a_stream_that_cannot_begin_says_why(played, response, kind, words):
    _, client = played(response, max_retries=0)
    with pytest.raises(kind, match=words):
        next(client.subscribe("/e"))


def test_a_refusal_after_the_stream_began_ends_it(played):
    _, client = played(
        stream(1), answer(503, {}), stream(2), answer(403, {"detail": "gone"})
    )
    client._api._policy.max_retries = 0
    events = client.subscribe("/e")
    assert [next(events).id, next(events).id] == ["1", "2"]
    with pytest.raises(APIError, match="gone"):
        next(events)


def test_an_event_that_is_too_large_ends_the_stream(played, monkeypatch):
    monkeypatch.setattr(
        "ai_spine.policy.event_streams.EventParser.__init__.__defaults__", (10,)
    )
    _, client = played(
        answer(200, b"data: " + b"x" * 99, content_type="text/event-stream")
    )
    with pytest.raises(APIError, match="a line of more than 10 bytes"):
        next(client.subscribe("/e"))


def test_the_server_says_how_long_to_wait_before_the_next_connection(played):
    slept = []
    body = b"retry: 2000\nid: 1\ndata: x\n\n"
    _, client = played(answer(200, body, content_type="text/event-stream"), answer(204))
    client._api.sleep = slept.append
    (event,) = list(client.subscribe("/e"))
    assert event.retry == 2.0 and 2.0 <= slept[0] <= 2.5


def test_a_pause_that_the_stream_asks_for_holds_for_all_its_connections(played):
    slept = []
    first = answer(200, b"retry: 2000\n\n", content_type="text/event-stream")
    _, client = played(first, stream(1), answer(204))
    client._api.sleep = slept.append
    assert [event.id for event in client.subscribe("/e")] == ["1"]
    assert [2.0 <= seconds <= 2.5 for seconds in slept] == [True, True]


def test_a_server_that_asks_for_too_long_a_wait_ends_the_stream(played):
    slept = []
    _, client = played(stream(1), answer(503, {}, retry_after="99999999"), stream(2))
    client._api.sleep = slept.append
    events = client.subscribe("/e")
    assert next(events).id == "1"
    with pytest.raises(ServerError) as caught:
        next(events)
    assert caught.value.retry_after == 99999999 and max(slept) < 60


def test_an_id_without_an_event_is_where_the_stream_goes_on(played):
    body = b"id: 1\ndata: x\n\nid: 5\n\n"
    events = answer(200, body, content_type="text/event-stream")
    server, client = played(events, answer(204))
    assert [event.id for event in client.subscribe("/e")] == ["1"]
    ids = [each.headers.get("last-event-id") for each in server.requests]
    assert ids == [None, "5"]


def test_ids_that_no_header_can_hold_do_not_repeat_their_events(played):
    body = "id: é1\ndata: 1\n\n".encode()
    events = answer(200, body, content_type="text/event-stream")
    server, client = played(stream(7), events, events, answer(204))
    assert [event.id for event in client.subscribe("/e")] == ["7", "é1"]
    ids = [each.headers.get("last-event-id") for each in server.requests]
    assert ids == [None, "7", "7", "7"]


@pytest.mark.skipif(sys.implementation.name == "pypy", reason="PyPy closes it later")
@pytest.mark.only_sync("an event loop closes it later")
def test_a_stream_that_nobody_holds_any_more_is_closed_at_once(client, node):
    node.publish("logs", 1)
    gc.disable()
    try:
        for event in client.subscribe("/events/logs"):
            break
        wait_until(lambda: not node._streams)
    finally:
        gc.enable()


@pytest.mark.parametrize(
    "odd",
    [
        {"idle_limit": 0},
        {"headers": 7},
        {"query": 7},
        {"callback": 7},
        {"last_event_id": 7},
        {"last_event_id": "a\nb"},
    ],
)
def test_a_wrong_argument_of_subscribe_is_refused_at_once(client, odd):
    with pytest.raises(ValidationError):
        client.subscribe("/e", **odd)


class Stamp:
    def __init__(self, name):
        self.name, self.seen = name, []

    def before_request(self, request):
        self.seen.append((request.method, request.path, dict(request.headers)))
        old = request.headers.get("X-Stamp", "")
        return request._replace(headers={**request.headers, "X-Stamp": old + self.name})

    def after_response(self, request, response):
        self.seen.append(response.status)
        return response


def test_middleware_sees_each_attempt_in_order_and_no_secret(client, node):
    first, second = Stamp("a"), Stamp("b")
    client.add_middleware(first)
    client.add_middleware(second)
    node.faults.add("GET", "/echo", status=503)
    assert client.get("/echo")["headers"]["X-Stamp"] == "ab"
    assert [each for each in first.seen if isinstance(each, int)] == [503, 200]
    assert first.seen[0][:2] == ("GET", "/app/echo")
    assert "t-secret-1" not in repr(first.seen)
    assert client.with_options(timeout=3).get("/echo")["headers"]["X-Stamp"] == "ab"


class Adds:
    """One that changes the request that it is given in place."""

    def before_request(self, request):
        request.headers["X-Seen"] = request.headers.get("X-Seen", "") + "a"
        return request


class Signer(Stamp):
    needs_secrets = True

    def before_request(self, request, secrets):
        self.secrets = secrets
        return super().before_request(request)


def test_middleware_that_asks_gets_the_credentials_that_are_sent(client, node):
    signer, plain = Signer("a"), Stamp("b")
    client.add_middleware(plain)
    client.add_middleware(signer)
    client.get("/hello")
    (name,) = signer.secrets
    assert name == "token" and "t-secret-1" not in repr(signer.secrets)
    assert signer.secrets[name].reveal() == "t-secret-1"
    assert "t-secret-1" not in str(plain.seen) + str(signer.seen)


def test_middleware_changes_copies_so_that_each_attempt_begins_anew(client, node):
    client.add_middleware(Adds())
    node.faults.add("GET", "/echo", status=503)
    assert client.get("/echo")["headers"]["X-Seen"] == "a"


def test_middleware_travels_with_a_client_that_is_pickled(client):
    client.add_middleware(Adds())
    with pickle.loads(pickle.dumps(client)) as again:
        assert again.get("/echo")["headers"]["X-Seen"] == "a"


def test_middleware_cannot_make_a_post_run_twice(client, node):
    class Forgetful:
        def before_request(self, request):
            return request._replace(headers={})

    client.add_middleware(Forgetful())
    with pytest.raises(ConfigurationError, match="has changed the Idempotency-Key"):
        client.post("/echo", {}, idem=True)
    assert node.requests == []


def test_middleware_may_replace_a_body_or_raise(client):
    class Changes:
        def after_response(self, request, response):
            return response._replace(body=b'{"changed": true}')

    client.add_middleware(Changes())
    assert client.get("/hello") == {"changed": True}

    class Refuses:
        def before_request(self, request):
            raise PermissionError("not now")

    client.add_middleware(Refuses())
    with pytest.raises(PermissionError, match="not now"):
        client.get("/hello")


def test_middleware_that_forgets_to_return_is_named(client):
    class Forgets:
        def before_request(self, request):
            pass

    client.add_middleware(Forgets())
    with pytest.raises(
        ConfigurationError, match="middleware Forgets returned NoneType"
    ):
        client.get("/hello")
    with pytest.raises(ConfigurationError, match="must have before_request"):
        client.add_middleware(7)


def test_a_request_for_a_stream_is_seen_too(client, node):
    stamp = Stamp("a")
    client.add_middleware(stamp)
    node.publish("logs", 1)
    events = client.subscribe("/events/logs")
    assert next(events).json() == 1
    events.close()
    assert stamp.seen[0][1] == "/app/events/logs"


@SHARED
def test_retries_are_a_share_of_the_calls(node):
    node.faults.add("POST", "/echo", status=503, times=None)
    with RestClient(node.url + "/app", retry_budget=0.2) as client:
        client._api.sleep = lambda seconds: None
        for _ in range(40):
            with pytest.raises(ServerError):
                client.post("/echo")
        # 20 in reserve, and one for each five calls that came after those were gone.
        assert 40 + 20 + 6 <= node.faults._faults[0].met <= 40 + 20 + 8
        node.faults.clear()
        assert client.get("/hello") == {"hello": "world"}


@pytest.mark.parametrize("odd", [-1, "1", True, float("nan")])
def test_a_budget_must_be_a_number(odd):
    with pytest.raises(ConfigurationError, match="retry_budget must be a number"):
        RestClient("http://127.0.0.1:9", retry_budget=odd)


@SHARED
def test_a_loop_that_never_sleeps_is_warned_of_once(client):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        polls = client._polls
        busy, end = polls.is_busy, polls.note_end
        polls.is_busy = lambda path, now: busy(path, 0.0)
        polls.note_end = lambda path, now: end(path, 0.0)
        for _ in range(53):
            client.get("/hello")
    (warning,) = [each for each in caught if each.category is BusyLoopWarning]
    assert "sleep between two requests, or subscribe" in str(warning.message)


@SHARED
def test_who_walks_many_pages_is_not_warned(played):
    pages = [{"items": [n], "next_cursor": str(n)} for n in range(60)]
    _, client = played(*[answer(200, page) for page in pages])
    client._polls.is_busy = lambda path, now, old=client._polls.is_busy: old(path, 0.0)
    client._polls.note_end = lambda path, now, old=client._polls.note_end: old(path, 0)
    assert len(list(client.items("/x", max_pages=60))) == 60


def test_a_client_of_ai_spine_has_them_too_with_its_key(node):
    with AISpine("sk-test-12345678", node.url) as client:
        assert client.get("/app/hello") == {"hello": "world"}
    with RonNode("sk-test-12345678") as strict, AISpine(
        "sk-test-12345678", strict.url
    ) as client:
        assert client.get("/app/hello") == {"hello": "world"}
        assert [each["id"] for each in client.items("/app/things")][-1] == "4"


def test_a_server_that_limits_calls_is_obeyed_by_its_milliseconds(client, node):
    slept = []
    client._api.sleep = slept.append
    node.faults.add(
        "GET",
        "/hello",
        status=429,
        body={"retry_after_ms": 120},
        headers={"Retry-After": "9"},
    )
    client.get("/hello")
    assert 0.1 < max(slept) <= 0.12
    node.faults.add("GET", "/hello", status=429, body={"retry_after_ms": 99_000_000})
    with pytest.raises(RateLimitError):
        client.get("/hello")
