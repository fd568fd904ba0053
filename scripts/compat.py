"""Runs the tests where the SDK promises to work: `python scripts/compat.py [NAME ...]`.

`oldest`: this Python with the oldest dependencies that `requirements.txt` admits.
`pypy`: PyPy, where there is one.
`here`: this Python with the newest dependencies.

Each has an environment of its own in `build/compat/`. Without a name: `oldest` and `pypy`.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Callable, Dict, List, Sequence

ROOT = Path(__file__).resolve().parent.parent
TOOLS = ["pytest>=7.0", "pytest-xdist>=2.5", "responses>=0.22", "trustme>=0.9"]
TOOLS += ["hypothesis>=6.70"]
SERVER = ["Flask>=2.2", "PyYAML>=6.0", "jsonschema>=4.18", "waitress>=2.1"]
# What is not built for every Python, as the sentiment of the sample flow is not; the tests that
# need it are skipped without it.
WANTED = ["vaderSentiment>=3.3", "jmespath>=1.0", "tqdm>=4.60"]
# What needs newer Pythons or extras, or takes too long to be repeated everywhere.
LEFT_OUT = ["fuzz", "faults", "typed", "asynchronous", "test_audit.py"]
LEFT_OUT += ["batch/test_executors.py"]
# What imports libraries that only the newest Pythons have in all their versions.
LEFT_OUT += ["policy/test_json_encoding.py", "test_third_party.py", "test_typed.py"]
# What needs the extra `sdk-sync`, which is for Python 3.10 and newer: pydantic, attrs and ruff.
LEFT_OUT += ["sdk_sync", "cli/test_sdk_sync_*.py", "test_openapi_guide.py"]
# What needs Python 3.10, as RON-CORE does; Debian's PyPy is 3.9.
NEW = ["adapters", "ron", "test_reference.py"]
# What compares the sources themselves, with tools that are not installed there.
LEFT_OUT += ["test_twins.py"]
# Warnings of libraries that are years old tell nothing of this one.
PYTEST = ["-q", "-c", os.devnull, "--rootdir", ".", "-p", "no:cacheprovider", "-n", "2"]


def main(names: Sequence[str]) -> int:
    """Return 0 if the tests pass everywhere, 1 if not, and 2 for an unknown name."""
    known: Dict[str, Callable[[], bool]] = {
        "oldest": lambda: passes("oldest", sys.executable, needs("==")),
        "pypy": on_pypy,
        "here": lambda: passes("here", sys.executable, needs(">=")),
    }
    unknown = [name for name in names if name not in known]
    if unknown:
        print(f"{unknown[0]} is none of {', '.join(known)}")
        return 2
    results = [known[name]() for name in names or ("oldest", "pypy")]
    return 0 if all(results) else 1


def needs(relation: str) -> List[str]:
    """Return the dependencies, at the lowest version that is admitted (`==`) or above it (`>=`)."""
    text = (ROOT / "requirements.txt").read_text(encoding="utf-8")
    return re.sub(r">=([\w.]+)\S*", rf"{relation}\1", text).split()


def on_pypy() -> bool:
    """Run the tests on PyPy, if it is installed."""
    pypy = shutil.which("pypy3")
    if pypy is None:
        print("pypy: skipped, no pypy3 here (Debian has it: pypy3 and pypy3-venv)")
        return True
    return passes("pypy", pypy, needs(">="))


def passes(name: str, python: str, needed: List[str]) -> bool:
    """Set up an environment, and return whether the tests pass in it."""
    folder = ROOT / "build" / "compat" / name
    inside = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    if not inside.exists():
        subprocess.run([python, "-m", "venv", str(folder)], check=True)
    install = [str(inside), "-m", "pip", "install", "--quiet", "--prefer-binary"]
    install.append("--disable-pip-version-check")
    subprocess.run([*install, *needed, *SERVER, *TOOLS], check=True)
    subprocess.run([*install, "--no-deps", "--editable", str(ROOT)], check=True)
    for wanted in WANTED:
        subprocess.run([*install, "--only-binary", ":all:", wanted], check=False)
    print(f"{name}:", flush=True)
    paths = [*LEFT_OUT, *(NEW if name == "pypy" else ())]
    left_out = [f"--ignore-glob=tests/{path}" for path in paths]
    ran = subprocess.run(
        [str(inside), "-m", "pytest", *PYTEST, *left_out, "tests"], cwd=ROOT
    )
    return ran.returncode == 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
