"""Tests that the types are shipped, complete and silent at import."""

import re
import subprocess
import sys
from importlib import resources
from pathlib import Path

import pytest

import ai_spine
from ai_spine import AsyncAISpine

TYPED = Path(__file__).parent / "typed"
PUBLIC = (TYPED / "public_names.py").read_text("utf-8")
AWAITED = (TYPED / "async_names.py").read_text("utf-8")


@pytest.mark.parametrize("name", ai_spine.__all__)
def test_every_public_name_is_used_in_a_type_checked_file(name):
    assert len(re.findall(rf"\b{name}\b", PUBLIC + AWAITED)) >= 2


@pytest.mark.parametrize("name", [n for n in dir(AsyncAISpine) if n[0] != "_"])
def test_every_method_is_used_in_a_type_checked_file(name):
    assert re.search(rf"\.{name}\b", AWAITED)
    assert re.search(rf"\.{'close' if name == 'aclose' else name}\b", PUBLIC)


def test_the_package_has_a_py_typed_marker():
    assert resources.files("ai_spine").joinpath("py.typed").is_file()


def test_importing_everything_is_silent():
    command = [sys.executable, "-W", "error", "-W", "ignore::ImportWarning"]
    command += ["-c", "from ai_spine import *"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
