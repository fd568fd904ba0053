"""Tests of the application of the API: what it answers itself, and what it passes on."""

import http.client
import socket
from urllib.parse import urlsplit

import pytest

from ai_spine.local import LocalServer


@pytest.fixture
def ask():
    """Send requests to a server without flows over one connection."""
    with LocalServer([], []) as server:
        place = urlsplit(server.url)
        connection = http.client.HTTPConnection(place.hostname, place.port, timeout=10)

        def send(method, path):
            connection.request(method, path)
            response = connection.getresponse()
            return response, response.read()

        yield send
        connection.close()


@pytest.mark.parametrize("path", ["/flows", "/flows/missing"])
def test_head_has_the_headers_of_get_and_no_body(path):
    with LocalServer([], []) as server:
        place = urlsplit(server.url)
        host = f"Host: {place.netloc}\r\n"
        head = f"HEAD {path} HTTP/1.1\r\n{host}\r\n"
        get = f"GET {path} HTTP/1.1\r\n{host}Connection: close\r\n\r\n"
        with socket.create_connection((place.hostname, place.port), 10) as sock:
            sock.sendall(f"{head}{get}".encode())
            received = b"".join(iter(lambda: sock.recv(65536), b""))
    first, second, body = received.split(b"\r\n\r\n")
    assert first.split()[1] == second.split()[1]  # what follows the first is the second
    for each in (first, second):
        assert f"\r\nContent-Length: {len(body)}\r\n".encode() in each


def test_a_method_that_a_path_does_not_have_is_refused_with_those_it_has(ask):
    response, body = ask("PATCH", "/flows")
    assert response.status == 405 and b"detail" in body
    assert {"GET", "POST"} <= set(response.headers["Allow"].split(", "))


def test_a_path_without_a_route_is_answered_in_the_same_way(ask):
    response, body = ask("GET", "/nowhere")
    assert response.status == 404 and b"detail" in body


def test_servers_share_the_map_of_their_routes_and_nothing_else():
    with LocalServer() as first, LocalServer([], []) as second:
        with first.client() as full, second.client() as empty:
            assert full.list_flows()
            assert empty.list_flows() == []
            assert full.list_flows()
