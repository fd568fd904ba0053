"""What all tests share: an environment without settings of ours, proxies or CA bundles."""

import os

import pytest

from tests.browser import browser  # noqa: F401, a fixture

# Its fixtures, where the package was installed before it brought them.
pytest_plugins = ("ai_spine.pytest_plugin",)
# Before anything is made: neither a developer's own profiles nor what completion has noted count.
os.environ["AI_SPINE_CONFIG"] = os.environ["AI_SPINE_CACHE"] = os.devnull

_PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")
_OURS = (
    "AI_SPINE_API_KEY",
    "AI_SPINE_BASE_URL",
    "AI_SPINE_TIMEOUT",
    "AI_SPINE_MAX_RETRIES",
    "AI_SPINE_LOG_BODIES",
    "AI_SPINE_PROFILE",
)


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch):
    """Take away what would change a client's settings or its way to the server."""
    lower = tuple(name.lower() for name in _PROXIES)
    bundles = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
    for name in _OURS + _PROXIES + lower + bundles:
        monkeypatch.delenv(name, raising=False)
