"""Chaos by Toxiproxy between a client and a node, where `TOXIPROXY_URL` names one."""

import os
import time
from urllib.parse import urlsplit

import pytest

from ai_spine import RestClient
from ai_spine.ron import RonClientSync, RonError, RonNetworkError
from ai_spine.utils import random_id

URL = os.environ.get("TOXIPROXY_URL")
pytestmark = pytest.mark.skipif(URL is None, reason="TOXIPROXY_URL names no Toxiproxy")
# What each does to the bytes of the responses.
TOXICS = {
    "latency": {"latency": 5_000, "jitter": 100},
    "timeout": {"timeout": 0},
    "reset_peer": {"timeout": 0},
    "slow_close": {"delay": 5_000},
    "slicer": {"average_size": 4, "size_variation": 2, "delay": 10},
    "limit_data": {"bytes": 60},
}
HARMLESS = ("slow_close", "slicer")


@pytest.fixture
def control():
    with RestClient(URL) as client:
        yield client


@pytest.fixture
def place(control, node):
    """Return the path of a proxy before the node, and its URL."""
    name = f"ai-spine-{random_id()}"
    upstream = urlsplit(node.url).netloc
    given = {"name": name, "listen": "127.0.0.1:0", "upstream": upstream}
    made = control.post("/proxies", given)
    yield f"/proxies/{name}", f"http://{made['listen']}"
    control.delete(f"/proxies/{name}")


@pytest.mark.parametrize("kind", sorted(TOXICS))
def test_whatever_befalls_a_connection_a_call_ends_in_time(control, place, node, kind):
    path, url = place
    toxic = {"name": "t", "type": kind, "stream": "downstream"}
    with RonClientSync(url, timeout=0.5, deadline=2, max_retries=2) as client:
        assert client.get("/hello") == {"hello": "world"}
        control.post(f"{path}/toxics", {**toxic, "attributes": TOXICS[kind]})
        began = time.monotonic()
        try:
            assert client.get("/hello") == {"hello": "world"}
            assert kind in HARMLESS
        except RonNetworkError:
            assert kind not in HARMLESS
        assert time.monotonic() - began < 5
        before = len(node.requests)
        try:
            client.post("/echo", {"a": 1})
        except RonError as error:
            assert error.idempotency_key and error.maybe_executed
        assert len(node.requests) <= before + 1
        control.delete(f"{path}/toxics/t")
        with client.with_options(timeout=10, deadline=20) as patient:
            assert patient.get("/hello") == {"hello": "world"}


def test_a_stream_goes_on_once_the_proxy_is_there_again(control, place, node):
    path, url = place
    with RonClientSync(url, timeout=5) as client:
        events = client.subscribe("/events/logs", idle_limit=1)
        node.publish("logs", 0)
        assert next(events).json() == 0
        control.post(path, {"enabled": False})
        node.publish("logs", 1)
        control.post(path, {"enabled": True})
        assert next(events).json() == 1
        events.close()
