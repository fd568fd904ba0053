"""Fixtures of the local server's tests: servers and sessions that are closed at the end."""

import contextlib
import threading

import pytest
import requests

from ai_spine.local import LocalServer


@pytest.fixture
def serve():
    """Start servers that are closed after the test."""
    with contextlib.ExitStack() as stack:
        yield lambda *args, **options: stack.enter_context(
            LocalServer(*args, **options)
        )


@pytest.fixture
def http():
    """A plain `requests` session."""
    with requests.Session() as session:
        session.trust_env = False
        yield session


@pytest.fixture
def gate():
    """An event for agents to wait for; it is set at the end, so that every agent returns."""
    event = threading.Event()
    yield event
    event.set()
