"""What the properties share: a log that nobody keeps."""

import logging

import pytest

from ai_spine.constants import LOGGER_NAME


@pytest.fixture(autouse=True)
def unheard(monkeypatch):
    """Keep the log from pytest, which would remember each line of thousands of examples."""
    for name in (LOGGER_NAME, "urllib3"):
        monkeypatch.setattr(logging.getLogger(name), "propagate", False)
