"""Marks for tests that need optional modules, and are skipped without them."""

import importlib.util

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


def needs(module):
    """Return a mark that skips a test, or one of its parameters, without a module."""
    missing = importlib.util.find_spec(module) is None
    return pytest.mark.skipif(missing, reason=f"needs {module}, which is not installed")


def missing_for(example):
    """Return a module that an example needs and that is not installed, or `None`."""
    for module, word in _WORDS.items():
        if word in example and importlib.util.find_spec(module) is None:
            return module
    return None


def skip_without(example):
    """Skip a test if its example needs a module that is not installed."""
    module = missing_for(example)
    if module is not None:
        pytest.skip(f"the example needs {module}, which is not installed")
