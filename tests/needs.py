"""What not every Python can have: tests that need it are skipped without it, and say so."""

import importlib.util

import pytest

# Which words of an example, a command or a module's name show that it needs what.
_WORDS = {
    "vaderSentiment": "sentiment-analysis",
    "jmespath": "--query",
    "pandas": "to_dataframe",
    "tqdm": "progress=True",
    "httpx": "transport.httpx",
}


def needs(module):
    """Return the mark of a test, or of its parameters, that needs a module."""
    missing = importlib.util.find_spec(module) is None
    return pytest.mark.skipif(missing, reason=f"needs {module}, which is not here")


def missing_for(example):
    """Return the module that an example needs and that is not here; `None` if it has all."""
    for module, word in _WORDS.items():
        if word in example and importlib.util.find_spec(module) is None:
            return module
    return None


def skip_without(example):
    """Skip a test of an example that needs what is not here."""
    module = missing_for(example)
    if module is not None:
        pytest.skip(f"the example needs {module}, which is not here")
