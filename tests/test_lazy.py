"""Tests that the package imports public names lazily."""

import subprocess
import importlib
import sys
from pathlib import Path

import pytest

import ai_spine

ROOT = Path(ai_spine.__file__).parent.parent
LIMIT = 60  # seconds
# The oldest urllib3 has a module importer that causes a warning on new Pythons.
STRICT = ("-W", "error", "-W", "ignore::ImportWarning")


def output_of(script):
    done = subprocess.run(
        [sys.executable, *STRICT, "-c", script],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        encoding="utf-8",
        timeout=LIMIT,
        check=True,
    )
    return done.stdout.split()


def test_importing_the_package_alone_imports_nothing_heavy():
    script = (
        "import sys, ai_spine\n"
        "print('AISpine' in dir(ai_spine), 'requests' in sys.modules)\n"
        "ai_spine.AISpine\n"
        "print('AISpine' in vars(ai_spine), 'requests' in sys.modules)\n"
    )
    assert output_of(script) == ["True", "False", "True", "True"]


@pytest.mark.parametrize("module", ["client", "exceptions", "models"])
def test_a_submodule_can_be_used_without_importing_it(module):
    script = f"import ai_spine; print(ai_spine.{module}.__name__)"
    assert output_of(script) == [f"ai_spine.{module}"]


@pytest.mark.parametrize("name", ai_spine.__all__)
def test_every_public_name_exists(name):
    assert getattr(ai_spine, name) is vars(ai_spine)[name]


def test_a_name_that_is_not_public_raises_the_usual_error():
    with pytest.raises(AttributeError) as caught:
        ai_spine.Spine
    assert str(caught.value) == "module 'ai_spine' has no attribute 'Spine'"
    with pytest.raises(ImportError):
        from ai_spine import Credential  # noqa: F401  # in a submodule, but not public


@pytest.mark.skipif(sys.version_info >= (3, 10), reason="the async client is there")
def test_the_async_clients_say_which_python_they_need():
    for name in ("AsyncAISpine", "AsyncRestClient"):
        with pytest.raises(ImportError, match=f"{name} .*need Python 3.10 or later"):
            getattr(ai_spine, name)
        assert name not in ai_spine.__all__


@pytest.mark.skipif(sys.version_info >= (3, 10), reason="RON-CORE's app plane is there")
@pytest.mark.parametrize("module", ["ron", "ron.testing"])
def test_ron_core_says_which_python_it_needs(module):
    with pytest.raises(ImportError, match="^ai_spine.ron needs Python 3.10 or later$"):
        importlib.import_module(f"ai_spine.{module}")
