"""Lock the development requirements, with hashes: `python scripts/lock.py [--check]`.

`requirements-lock.txt` has a version of each requirement of `setup.cfg`, and of each that those
bring along, for Python 3.11 and newer. `--check` writes nothing, and fails if the two disagree.
"""

import configparser
import re
import subprocess
import sys
from importlib import metadata
from pathlib import Path
from typing import Dict, Iterator, List, NamedTuple, Sequence

from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
LOCK = ROOT / "requirements-lock.txt"
EXTRAS = ("local", "dev", "docs")
HEADER = "# Made by `make lock`, for Python 3.11 and newer. Do not edit.\n"
_COMPILE = ("pip", "compile", "setup.py", "--universal", "--python-version", "3.11")
_QUIETLY = ("--generate-hashes", "--no-emit-index-url", "--no-header", "--no-annotate")
_PIN = re.compile(r"^([\w.-]+)==([^\s;]+)(?: ; ([^\\\n]+?))?(?: \\)?$", re.MULTILINE)
_HASH = re.compile(r"--hash=sha256:[0-9a-f]{64}\b")


class Pin(NamedTuple):
    """A version of a requirement."""

    version: str
    hashes: int
    """How many files it may be installed from."""


def main(arguments: Sequence[str]) -> int:
    """Write the lock, or check it; return 1 if it is stale."""
    if list(arguments) not in ([], ["--check"]):
        print(f"usage: {Path(sys.argv[0]).name} [--check]")
        return 2
    if not arguments:
        LOCK.write_text(HEADER + resolved(), encoding="utf-8")
        return 0
    found = problems(LOCK.read_text(encoding="utf-8"), requirements())
    for problem in found:
        print(f"{LOCK.name}: {problem}: run `make lock`")
    return 1 if found else 0


def resolved() -> str:
    """Return the newest versions that fit together, with the hashes of their files."""
    extras = [word for extra in EXTRAS for word in ("--extra", extra)]
    command = [sys.executable, "-m", "uv", *_COMPILE, *extras, *_QUIETLY]
    run = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, check=True)
    return run.stdout.decode("utf-8")


def requirements() -> List[Requirement]:
    """Return what the package and its extras require for development."""
    config = configparser.ConfigParser(interpolation=None)
    config.read(ROOT / "setup.cfg", encoding="utf-8")
    lines = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    for extra in EXTRAS:
        lines += config["options.extras_require"][extra].splitlines()
    plain = (line.partition("#")[0].strip() for line in lines)
    return [Requirement(line) for line in plain if line]


def problems(lock: str, wanted: Sequence[Requirement]) -> List[str]:
    """Return a sentence for each thing that is wrong with a lock, on this Python."""
    pins = pinned(lock)
    return [*_unhashed(pins), *_unmet(pins, wanted), *_incomplete(pins)]


def pinned(lock: str) -> Dict[str, Pin]:
    """Return the pins that count for this Python, by name."""
    pins = {}
    for block in re.split(r"\n(?=\w)", lock):
        for name, version, marker in _PIN.findall(block):
            if not marker or Marker(marker).evaluate():
                hashes = len(_HASH.findall(block))
                pins[canonicalize_name(name)] = Pin(version, hashes)
    return pins


def _unhashed(pins: Dict[str, Pin]) -> Iterator[str]:
    for name, pin in pins.items():
        if not pin.hashes:
            yield f"{name} has no hash"


def _unmet(pins: Dict[str, Pin], wanted: Sequence[Requirement]) -> Iterator[str]:
    for requirement in wanted:
        if requirement.marker is not None and not requirement.marker.evaluate():
            continue
        pin = pins.get(canonicalize_name(requirement.name))
        if pin is None:
            yield f"{requirement.name} is missing"
        elif not requirement.specifier.contains(pin.version, prereleases=True):
            yield f"{requirement.name} is {pin.version}, but {requirement} is required"


def _incomplete(pins: Dict[str, Pin]) -> Iterator[str]:
    """Yield what is missing of what the pinned packages require, as far as they are installed."""
    for name in pins:
        try:
            lines = metadata.requires(name) or []
        except metadata.PackageNotFoundError:
            continue
        for requirement in map(Requirement, lines):
            marker = requirement.marker
            applies = marker is None or marker.evaluate({"extra": ""})
            if applies and canonicalize_name(requirement.name) not in pins:
                yield f"{requirement.name} is missing, which {name} requires"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
