"""What is frozen stays so: a benchmark unfreezes what `pytest_collection` has frozen."""

import gc

import pytest


@pytest.fixture(autouse=True)
def frozen(monkeypatch):
    """Keep each garbage collection of all later tests from looking at all that was collected."""
    monkeypatch.setattr(gc, "unfreeze", lambda: None, raising=False)
