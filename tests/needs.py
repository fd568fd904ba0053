"""Marks for tests that need optional modules, and are skipped without them."""

import importlib.util
import sys

import pytest

# The words that show which module an example, a command or another module needs.
_WORDS = {
    "vaderSentiment": "sentiment-analysis",
    "jmespath": "--query",
    "pandas": "to_dataframe",
    "tqdm": "progress=True",
    "aiohttp": "async def",
    "httpx": "transport.httpx",
    "attrs": "generated_client",
    "structlog": "import structlog",
    "opentelemetry": "opentelemetry.sdk",
}
# The words for what older Pythons cannot import.
_NEW = ("ai_spine.ron", "ai_spine.sdk_sync", "generated_client")

is_old = sys.version_info < (3, 10)
from_310 = pytest.mark.skipif(is_old, reason="needs Python 3.10")
"""A mark that skips a test on Pythons that have neither SDK-Sync, RON-CORE nor async clients."""


def needs(module):
    """Return a mark that skips a test, or one of its parameters, without a module."""
    missing = importlib.util.find_spec(module) is None
    return pytest.mark.skipif(missing, reason=f"needs {module}, which is not installed")


def missing_for(example):
    """Return what an example needs and that is not installed, or `None`."""
    if is_old and any(word in example for word in _NEW):
        return "Python 3.10"
    for module, word in _WORDS.items():
        if word in example and importlib.util.find_spec(module) is None:
            return module
    return None


def skip_without(example):
    """Skip a test if its example needs what is not installed."""
    missing = missing_for(example)
    if missing is not None:
        pytest.skip(f"the example needs {missing}, which is not installed")
