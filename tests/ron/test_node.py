"""Tests of a real node, where one is named, and of chaos between a client and a node."""

import os
import threading

import pytest

from ai_spine.ron import RonClientSync, RonError, RonProblem
from ai_spine.ron.testing import RonNode

REAL = os.environ.get("RON_TEST_NODE_URL")


@pytest.mark.skipif(REAL is None, reason="RON_TEST_NODE_URL names no real node")
def test_a_real_node_is_healthy_and_speaks_in_problems():
    token = os.environ.get("RON_TEST_NODE_TOKEN")
    with RonClientSync(REAL, token, allow_insecure_http=True) as client:
        assert client.call("GET", "/healthz", raw=True).status == 200
        with pytest.raises(RonProblem):
            client.get("/no-such-facet-of-the-tests")


def test_under_any_fault_a_client_returns_or_raises_its_own_errors(node):
    faults = [
        {"drop": True},
        {"status": 503},
        {"status": 502},
        {"status": 429},
        {"delay": 0.2},
    ]
    with RonClientSync(node.url, timeout=0.1) as client:
        client._api.sleep = lambda seconds: None
        for number in range(60):
            node.faults.add("*", "*", **faults[number % 5], times=1 + number % 5)
            try:
                assert client.post("/echo", {"n": number}, idem=True)["json"] == {
                    "n": number
                }
            except RonError:
                pass
        node.faults.clear()
        client._api.state.cooldown.until = 0
        assert client.get("/hello") == {"hello": "world"}


def test_events_come_in_order_and_once_through_a_stream_that_breaks(node):
    def publish():
        for number in range(50):
            node.publish("logs", number)
            if number % 7 == 0:
                node.drop_streams()

    with RonClientSync(node.url) as client:
        client._api.sleep = lambda seconds: None
        events = client.subscribe("/events/logs", idle_limit=5)
        node.publish("logs", "first")
        assert next(events).json() == "first"
        thread = threading.Thread(target=publish)
        thread.start()
        assert [next(events).json() for _ in range(50)] == list(range(50))
        thread.join()
        events.close()


def test_a_node_with_a_key_refuses_what_is_no_macaroon():
    with RonNode(key=b"k") as node, RonClientSync(node.url, "plain-token") as client:
        with pytest.raises(RonProblem, match="who are you"):
            client.get("/hello")
