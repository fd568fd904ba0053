"""What the attacks share: certificates, a clock to put forward, and a count of what is taken."""

import socket
import ssl
import time

import pytest
import trustme
import urllib3.util.timeout

from ai_spine import AISpine, AISpineError
from tests.attacks.servers import Clock, Taking


@pytest.fixture(scope="session")
def authority():
    return trustme.CA()


@pytest.fixture(scope="session")
def bundle(authority, tmp_path_factory):
    """The path of the authority's certificate."""
    path = tmp_path_factory.mktemp("authority") / "ca.pem"
    authority.cert_pem.write_to_path(str(path))
    return str(path)


@pytest.fixture
def tls(authority):
    """What a server speaks TLS with."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    return context


@pytest.fixture
def clock(monkeypatch):
    """Stand for the system's clock wherever a request looks at it."""
    clock = Clock(time.monotonic)
    monkeypatch.setattr(time, "monotonic", clock)
    # urllib3 1.26 has a name of its own for it.
    monkeypatch.setattr(urllib3.util.timeout, "current_time", clock, raising=False)
    return clock


@pytest.fixture
def taking(monkeypatch):
    """Count the bytes that clients take in from here on."""
    monkeypatch.setattr(Taking, "taken", 0)
    monkeypatch.setattr(socket, "socket", Taking)
    return Taking


@pytest.fixture
def make_client():
    """Make clients that do not sleep."""
    made = []

    def make(url, api_key=None, **settings):
        made.append(AISpine(api_key, url, **settings))
        made[-1]._api.sleep = lambda seconds: None
        made[-1]._api.clock = lambda: time.monotonic()
        return made[-1]

    yield make
    for client in made:
        client.close()


@pytest.fixture
def failure():
    """Return what a call raises."""

    def failure(call, *arguments):
        with pytest.raises(AISpineError) as caught:
            call(*arguments)
        return caught.value

    return failure
