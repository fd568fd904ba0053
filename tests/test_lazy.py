"""The package imports what is public when it is asked for, and looks as if it were there."""

import subprocess
import sys
from pathlib import Path

import pytest

import ai_spine

ROOT = Path(ai_spine.__file__).parent.parent
LIMIT = 60  # seconds
# The oldest urllib3 has an importer of modules that new Pythons warn of.
STRICT = ("-W", "error", "-W", "ignore::ImportWarning")


def told_by(script):
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
    assert told_by(script) == ["True", "False", "True", "True"]


@pytest.mark.parametrize("room", ["client", "exceptions", "models"])
def test_a_room_can_be_reached_without_importing_it(room):
    script = f"import ai_spine; print(ai_spine.{room}.__name__)"
    assert told_by(script) == [f"ai_spine.{room}"]


@pytest.mark.parametrize("name", ai_spine.__all__)
def test_every_public_name_is_there(name):
    assert getattr(ai_spine, name) is vars(ai_spine)[name]


def test_a_name_that_is_not_public_is_refused_in_the_usual_words():
    with pytest.raises(AttributeError) as caught:
        ai_spine.Spine
    assert str(caught.value) == "module 'ai_spine' has no attribute 'Spine'"
    with pytest.raises(ImportError):
        from ai_spine import Credential  # noqa: F401  # a room has it, but not for all
