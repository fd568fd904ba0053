"""Tests that no words of a server have a POST sent twice, and that a brake holds for everyone."""

import pickle
import ssl
import threading
import time

import pytest

from ai_spine import NetworkError, RateLimitError, RequestTimeoutError
from ai_spine.policy.retry import Cooldown
from tests.attacks.servers import Handler, read_head
from tests.raw_server import RawServer, answer

pytestmark = pytest.mark.every_transport

TUNNEL = b"Tunnel connection failed"
VERSIONS = [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3]
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


@pytest.mark.parametrize(
    "words",
    [
        TUNNEL + b"\r\n",
        TUNNEL + b": 403 no\r\n\r\n",
        b"HTTP/1.1 " + TUNNEL + b"\r\n\r\n",
        CHUNKED + TUNNEL + b"\r\n",
    ],
    ids=["bare", "with a status", "as a status", "as a chunk"],
)
def test_a_server_that_speaks_as_a_proxy_would_gets_one_post(
    words, make_client, failure
):
    with RawServer(words, answer(200, {"execution_id": "e"})) as server:
        error = failure(make_client(server.url).execute_flow, "f", {})
        assert [request.method for request in server.requests] == ["POST"]
    assert isinstance(error, NetworkError) and error.maybe_executed
    assert "proxy" not in str(error)


@pytest.mark.parametrize("version", VERSIONS, ids=["TLS 1.2", "TLS 1.3"])
def test_plain_text_amid_tls_does_not_pass_for_tls_that_never_began(
    version, tls, bundle, make_client, failure
):
    tls.minimum_version = tls.maximum_version = version
    heads = []

    def fall_out_of_tls(server, connection):
        with connection.dup() as plain, tls.wrap_socket(
            connection, server_side=True
        ) as secure:
            heads.append(read_head(secure))
            plain.sendall(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n")
            server.over.wait(5)

    with Handler(fall_out_of_tls, "https") as server:
        client = make_client(server.url, verify=bundle, timeout=4)
        error = failure(client.execute_flow, "f", {})
    assert [head.split()[0] for head in heads] == [b"POST"]
    assert isinstance(error, NetworkError) and error.maybe_executed
    assert "it may have run" in str(error) and len(error.attempts) == 1


# The brake


@pytest.fixture
def braked(make_client):
    """A client that was told to wait for 30 s, and its server, which has answered twice."""
    with RawServer(answer(429, retry_after="30"), answer(200, b"[]")) as server:
        client = make_client(server.url, max_retries=1)
        assert client.list_flows() == []
        yield client, server


def test_a_copy_that_would_not_wait_so_long_fails_at_once(braked, failure):
    client, server = braked
    error = failure(client.with_options(retry_after_limit=0.1).list_flows)
    assert type(error) is NetworkError
    assert 25 < error.retry_after <= 30
    assert "the server asked to wait " in str(error)
    assert error.transient and not error.maybe_executed
    assert len(server.requests) == 2


def test_the_error_of_a_deadline_that_the_brake_would_pass_says_how_long_to_wait(
    braked, failure
):
    client, server = braked
    error = failure(client.with_options(deadline=5).execute_flow, "f", {})
    assert type(error) is RequestTimeoutError
    assert 25 < error.retry_after <= 30
    assert pickle.loads(pickle.dumps(error)).retry_after == error.retry_after
    assert len(server.requests) == 2


def test_a_clone_that_asks_for_patience_of_its_own_waits(braked):
    client, server = braked
    slept = []
    clone = client.with_options(retry_after_limit=40)
    clone._api.sleep = slept.append
    assert clone.list_flows() == [] and len(server.requests) == 3
    assert len(slept) == 1 and 25 < slept[0] <= 30


def test_the_refusal_itself_still_carries_its_words(make_client, failure):
    with RawServer(answer(429, {"detail": "slowly"}, retry_after="30")) as server:
        error = failure(make_client(server.url, deadline=5).list_flows)
    assert type(error) is RateLimitError and error.retry_after == 30


class Dawdling(float):
    """A moment whose comparison lets other threads go first."""

    def __gt__(self, other):
        greater = super().__gt__(other)
        for _ in range(10):
            time.sleep(0)
        return greater


def test_a_brake_that_many_threads_pull_is_never_let_go_too_early():
    brake, ready = Cooldown(), threading.Barrier(16)
    shortened = []

    def pull(number):
        ready.wait()
        for step in range(50):
            until = Dawdling(16 * step + number)
            brake.extend(until)
            if brake.until < until:
                shortened.append(until)

    threads = [threading.Thread(target=pull, args=(n,)) for n in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert shortened == [] and brake.until == 16 * 49 + 15
