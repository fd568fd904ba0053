"""Fixture of the property-based tests: no log records are kept."""

import logging

import pytest

from ai_spine.constants import LOGGER_NAME


@pytest.fixture(autouse=True)
def no_log_records(monkeypatch):
    """Keep log records from pytest, which would store those of thousands of examples."""
    for name in (LOGGER_NAME, "urllib3"):
        monkeypatch.setattr(logging.getLogger(name), "propagate", False)
