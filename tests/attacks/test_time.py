"""Tests that one timeout, and one deadline, hold for all phases of a connection together.

Servers put the clock forward instead of being slow; a client that counts anew would wait for longer
than they do, and see its connection closed.
"""

import socket

import pytest

from ai_spine import RequestTimeoutError
from tests.attacks.servers import LONGEST_WAIT, Handler, InnerTLS, read_head

pytestmark = pytest.mark.every_transport

ALLOWED = 60.0  # seconds, of which a server leaves a client next to none
LEFT = 0.15
LIMITS = [{"timeout": ALLOWED}, {"timeout": 600.0, "deadline": ALLOWED}]
BODY = {"x": "a" * 2**24}  # more than any buffer on the way holds
DRIPS = 60
PAUSE = 0.05  # between drips, so that the client may leave
CONNECTED = b"HTTP/1.1 200 OK\r\n\r\n"

limits = pytest.mark.parametrize("limit", LIMITS, ids=["timeout", "deadline"])


def wait_for_the_end(server):
    """Read nothing until the call is over; then, or when it lasts too long, it hangs up."""
    server.over.wait(LONGEST_WAIT)


@limits
def test_tls_that_begins_late_leaves_no_more_time_for_sending(
    limit, clock, tls, bundle, make_client, failure
):
    def begin_late(server, connection):
        connection.recv(1, socket.MSG_PEEK)  # the client has begun
        clock.skip(ALLOWED - LEFT)
        with tls.wrap_socket(connection, server_side=True):
            wait_for_the_end(server)

    with Handler(begin_late, "https") as server:
        client = make_client(server.url, verify=bundle, max_retries=0, **limit)
        assert type(failure(client.execute_flow, "f", BODY)) is RequestTimeoutError


@limits
def test_a_tunnel_that_comes_late_leaves_no_more_time_for_tls(
    limit, clock, bundle, make_client, failure
):
    def connect_late(server, connection):
        read_head(connection)
        clock.skip(ALLOWED - LEFT)
        connection.sendall(CONNECTED)
        wait_for_the_end(server)

    with Handler(connect_late) as proxy:
        error = failure(
            through(proxy, make_client, bundle, limit).execute_flow, "f", {}
        )
    assert type(error) is RequestTimeoutError and not error.maybe_executed


@limits
def test_a_late_tunnel_and_late_tls_are_added_up(
    limit, clock, tls, bundle, make_client, failure
):
    def do_all_late(server, connection):
        read_head(connection)
        clock.skip(ALLOWED / 2)
        connection.sendall(CONNECTED)
        connection.recv(1, socket.MSG_PEEK)
        clock.skip(ALLOWED / 2 - LEFT)
        with tls.wrap_socket(connection, server_side=True):
            wait_for_the_end(server)

    with Handler(do_all_late) as proxy:
        client = through(proxy, make_client, bundle, limit)
        assert type(failure(client.execute_flow, "f", BODY)) is RequestTimeoutError


@limits
@pytest.mark.parametrize("inside", [False, True], ids=["the tunnel's", "the answer's"])
def test_headers_that_drip_through_a_proxy_with_tls_are_given_up(
    inside, limit, clock, tls, bundle, make_client, failure
):
    dripped_out = []

    def drip(server, connection):
        with tls.wrap_socket(connection, server_side=True) as spoken:
            read_head(spoken)
            if inside:
                spoken.sendall(CONNECTED)
                spoken = InnerTLS(spoken, tls)
                read_head(spoken)
            spoken.sendall(b"HTTP/1.1 200 OK\r\nX-Slow: ")
            for _ in range(DRIPS):
                clock.skip(ALLOWED / 10)
                spoken.sendall(b"a")
                if server.over.wait(PAUSE):
                    return
            dripped_out.append(True)

    with Handler(drip, "https") as proxy:
        error = failure(through(proxy, make_client, bundle, limit).list_flows)
    assert type(error) is RequestTimeoutError
    assert dripped_out == []


@limits
def test_a_proxy_with_tls_that_reads_nothing_inside_is_given_up(
    limit, clock, tls, bundle, make_client, failure
):
    def read_no_more(server, connection):
        with tls.wrap_socket(connection, server_side=True) as outer:
            read_head(outer)
            clock.skip(ALLOWED / 2)
            outer.sendall(CONNECTED)
            InnerTLS(outer, tls)
            clock.skip(ALLOWED / 2 - LEFT)
            wait_for_the_end(server)

    with Handler(read_no_more, "https") as proxy:
        client = through(proxy, make_client, bundle, limit)
        assert type(failure(client.execute_flow, "f", BODY)) is RequestTimeoutError


def through(proxy, make_client, bundle, limit):
    return make_client(
        "https://127.0.0.1:1",
        proxies={"https": proxy.url},
        verify=bundle,
        max_retries=0,
        **limit,
    )
