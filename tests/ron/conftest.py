"""What tests of the app plane share: an environment without its settings, and a node."""

import os

import pytest

from ai_spine.ron.testing import RonNode


@pytest.fixture(autouse=True)
def no_settings(monkeypatch):
    """Take away the settings of a developer's own node."""
    for name in list(os.environ):
        if name.startswith("RON_"):
            monkeypatch.delenv(name)


@pytest.fixture
def node():
    """A node that needs no token."""
    with RonNode() as node:
        yield node
