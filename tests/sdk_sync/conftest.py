"""What tests of packages share: their verification without a process for each."""

import pytest

from tests.sdk_sync.verifying.in_process import PackageHere


@pytest.fixture
def in_this_process(monkeypatch):
    """Call the packages that are verified in the process of the tests."""
    place = "ai_spine.sdk_sync.verifying.verification.PackageProcess"
    monkeypatch.setattr(place, PackageHere)
