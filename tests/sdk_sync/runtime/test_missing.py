"""Tests of generated models where the library that they are made with is missing."""

import importlib
import sys

import pytest


@pytest.mark.parametrize(
    "module, library", [("models", "pydantic"), ("attrs_models", "attrs")]
)
def test_a_missing_library_is_named_with_the_extra(monkeypatch, module, library):
    monkeypatch.setitem(sys.modules, library, None)
    monkeypatch.delitem(sys.modules, f"ai_spine.sdk_sync.runtime.{module}", False)
    words = f"Generated models need {library}: pip install 'ai-spine-sdk\\[sdk-sync\\]'"
    with pytest.raises(ModuleNotFoundError, match=words):
        importlib.import_module(f"ai_spine.sdk_sync.runtime.{module}")
