"""Tests of the proxy: it plays the faults, and leaves nothing behind."""

import threading

import pytest

from ai_spine import NetworkError, RequestTimeoutError
from tests.faults import plays
from tests.faults.catalog import FAULTS, Fault
from tests.faults.proxy import FaultProxy
from tests.faults.world import TENANT

BY_NAME = {fault.name: fault for fault in FAULTS}


@pytest.fixture
def server(world):
    return world.server


@pytest.fixture
def proxy(server):
    with FaultProxy(server.url, away=0.05) as made:
        yield made


def client_of(server, proxy, **options):
    options = {"max_retries": 0, "timeout": 20, "tenant": TENANT, **options}
    return server.client(base_url=proxy.url, **options)


def test_requests_are_handed_on_and_answers_relayed(server, proxy):
    with client_of(server, proxy) as client:
        assert client.health_check().is_healthy and client.list_flows() == []
    assert (proxy.requests, proxy.forwarded, proxy.connections) == (2, 2, 1)


def test_open_connections_are_counted_until_the_client_closes_them(server, proxy):
    with client_of(server, proxy) as client:
        client.health_check()
        assert (proxy.open_connections, proxy.most_open) == (1, 1)
    assert proxy.wait_until_idle()
    assert (proxy.open_connections, proxy.most_open) == (0, 1)


def test_a_fault_meets_as_many_requests_as_were_asked_for(server, proxy):
    proxy.fault(BY_NAME["status 500"], times=2)
    with client_of(server, proxy, max_retries=2) as client:
        client._api.sleep = lambda seconds: None
        assert client.health_check().is_healthy
    assert [fault.status for fault in proxy.played] == [500, 500]
    assert proxy.requests == 3


def test_a_fault_without_an_end_is_lifted(server, proxy):
    proxy.fault(BY_NAME["garbage status line"], times=None)
    with client_of(server, proxy) as client:
        for _ in range(3):
            with pytest.raises(NetworkError):
                client.health_check()
        proxy.clear()
        assert client.health_check().is_healthy


@pytest.mark.parametrize(
    "name, arrives",
    [("reset after the request", 0), ("reset after the deed", 1)],
)
def test_a_reset_before_forwarding_and_one_after_it_are_two_things(
    world, server, proxy, name, arrives
):
    proxy.fault(BY_NAME[name])
    state = world.state(large=False)
    with client_of(server, proxy, headers={"X-Cell": state.cell}) as client:
        with pytest.raises(NetworkError):
            client.execute_flow(state.cell, state.input)
    assert len(world.executions(state)) == arrives == proxy.forwarded
    assert len(world.arrivals.of(state.cell)) == arrives
    world.forget(state)


def test_a_large_body_is_cut_off_before_the_server_has_it(world, server, proxy):
    proxy.fault(BY_NAME["reset in a large body"])
    state = world.state(large=True)
    with client_of(server, proxy) as client:
        with pytest.raises(NetworkError):
            client.execute_flow(state.cell, state.input)
    assert (proxy.requests, proxy.forwarded) == (0, 0)
    world.forget(state)


def test_a_closed_port_refuses_and_the_same_port_accepts_again(server, proxy):
    proxy.refuse()
    with client_of(server, proxy) as client:
        with pytest.raises(NetworkError) as caught:
            client.health_check()
        assert "could not connect" in str(caught.value)
        proxy.listen()
        assert client.health_check().is_healthy


def test_a_proxy_that_dies_comes_back(server, proxy):
    proxy.fault(BY_NAME["dies, and comes back"])
    with client_of(server, proxy, max_retries=100) as client:
        client._api.sleep = proxy.closing.wait
        assert client.health_check().is_healthy
    assert proxy.connections >= 2


def test_it_serves_tls(world, server):
    with FaultProxy(server.url, world.tls) as proxy:
        with client_of(server, proxy, verify=world.bundle) as client:
            assert proxy.url.startswith("https:")
            assert client.health_check().is_healthy


def test_it_closes_while_a_fault_stalls(server):
    reached = threading.Event()

    def stall(exchange):
        exchange.read()
        reached.set()
        exchange.hold_unread()

    proxy = FaultProxy(server.url)
    proxy.deaf_for = 60.0
    proxy.fault(Fault("stall", stall, "answer"))
    with client_of(server, proxy) as client:
        errors = []
        asking = threading.Thread(target=_ask, args=(client, errors))
        asking.start()
        assert reached.wait(20)
        proxy.close()
        asking.join(20)
    assert type(errors[0]) is NetworkError
    assert (proxy.open_connections, proxy.threads_left) == (0, 0)


def _ask(client, errors):
    try:
        client.health_check()
    except NetworkError as error:
        errors.append(error)


def test_a_drip_ends_when_the_client_gives_up(server, proxy):
    proxy.fault(BY_NAME["drip the body"])
    with client_of(server, proxy, timeout=0.2) as client:
        with pytest.raises(RequestTimeoutError):
            client.health_check()
    assert proxy.wait_until_idle()


def test_messages_are_built_as_they_are_described():
    built = plays.message(429, b"{}", retry_after="1")
    assert built == (
        b"HTTP/1.1 429 Reason\r\ncontent-type: application/json\r\n"
        b"content-length: 2\r\nretry-after: 1\r\n\r\n{}"
    )
