"""Tests of the lock of the development requirements."""

import importlib.util
import re
import sys
from pathlib import Path

import pytest

Requirement = pytest.importorskip("packaging.requirements").Requirement
ROOT = Path(__file__).parent.parent
HASH = "--hash=sha256:" + "0" * 64
LOCK = f"""# Made by a test.
alpha==2.1 \\
    {HASH} \\
    {HASH}
beta-gamma==1.0 ; sys_platform == 'nowhere' \\
    {HASH}
beta-gamma==1.1 ; python_full_version >= '3.7' \\
    {HASH}
"""


@pytest.fixture(scope="module")
def lock():
    spec = importlib.util.spec_from_file_location("lock", ROOT / "scripts/lock.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.skipif(sys.version_info < (3, 11), reason="the lock is for Python 3.11")
def test_the_lock_has_what_the_package_requires(lock):
    text = lock.LOCK.read_text(encoding="utf-8")
    assert lock.problems(text, lock.requirements()) == []
    assert len(lock.requirements()) > 40 and len(lock.pinned(text)) > 100
    assert "://" not in text  # it names no place to install from


@pytest.mark.parametrize(
    "requirement", ["alpha>=2", "Beta_Gamma==1.1", "delta; sys_platform == 'nowhere'"]
)
def test_what_the_lock_has_is_met(lock, requirement):
    assert lock.problems(LOCK, [Requirement(requirement)]) == []


@pytest.mark.parametrize(
    "requirement, problem",
    [
        ("alpha>=3", "alpha is 2.1, but alpha>=3 is required"),
        ("beta-gamma<1.1", "beta-gamma is 1.1, but beta-gamma<1.1 is required"),
        ("delta", "delta is missing"),
    ],
)
def test_what_the_lock_lacks_is_named(lock, requirement, problem):
    assert lock.problems(LOCK, [Requirement(requirement)]) == [problem]


def test_what_a_pinned_package_requires_must_be_pinned_too(lock):
    text = lock.LOCK.read_text(encoding="utf-8")
    without = re.sub(r"(?m)^certifi==.*\n(    --hash.*\n)+", "", text)
    assert "certifi is missing, which requests requires" in lock.problems(without, [])


def test_words_that_it_does_not_know_change_nothing(lock, capsys):
    before = lock.LOCK.read_bytes()
    assert lock.main(["--help"]) == 2
    assert lock.LOCK.read_bytes() == before and "usage: " in capsys.readouterr().out


def test_a_pin_without_a_hash_is_named(lock):
    assert lock.problems("alpha==2.1\n", []) == ["alpha has no hash"]


def test_a_stale_lock_fails_the_check(lock, tmp_path, monkeypatch, capsys):
    stale = tmp_path / "requirements-lock.txt"
    stale.write_text(LOCK, encoding="utf-8")
    monkeypatch.setattr(lock, "LOCK", stale)
    assert lock.main(["--check"]) == 1
    assert "requirements-lock.txt: requests is missing: run `make lock`" in (
        capsys.readouterr().out
    )
