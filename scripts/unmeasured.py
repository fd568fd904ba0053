"""Write down the tests that need no tracer: each reaches nothing that no other test reaches.

Empty `tests/unmeasured.txt`, and measure by which test each line is reached, and how long it takes:

    python -m pytest -n auto --cov --cov-context=test --junitxml=build/tests.xml
    python scripts/unmeasured.py
"""

import collections
import contextlib
import sqlite3
from pathlib import Path
from typing import Any, Dict, Iterable, List, Set
from xml.etree import ElementTree

ROOT = Path(__file__).parent.parent
LISTED = ROOT / "tests" / "unmeasured.txt"
MOST = 400  # the slowest: to leave the others out would bring little
_STEPS = "SELECT context, file_id, fromno, tono FROM arc JOIN context ON context_id = context.id"


def function_of(context: str) -> str:
    """Return the function of a test that coverage names with its parameters and phase.

    Examples:
        >>> function_of("tests/cli/test_help.py::test_words[a]|run")
        'cli/test_help.py::test_words'
    """
    return context.partition("[")[0].partition("|")[0].partition("tests/")[2]


def reached(database: Path) -> Dict[str, Set[Any]]:
    """Return the steps from line to line that each function of tests has reached."""
    found: Dict[str, Set[Any]] = collections.defaultdict(set)
    with contextlib.closing(sqlite3.connect(database)) as data:
        for context, *step in data.execute(_STEPS):
            found[function_of(context)].add(tuple(step))
    return found


def seconds(report: Path) -> Dict[str, float]:
    """Return how long all tests of each function took, from a report in the format of JUnit."""
    took: Dict[str, float] = collections.defaultdict(float)
    for case in ElementTree.parse(report).iter("testcase"):  # nosec B314, our own
        name = f"{case.get('classname')}.{case.get('name')}".partition("[")[0]
        took[name] += float(case.get("time") or 0)
    return took


def unneeded(steps: Dict[str, Set[Any]], functions: Iterable[str]) -> List[str]:
    """Return the functions without which others still reach every step, taken in their order."""
    reaching = collections.Counter(step for each in steps.values() for step in each)
    found = []
    for function in functions:
        if all(reaching[step] > 1 for step in steps[function]):
            reaching.subtract(steps[function])
            found.append(function)
    return found


def main() -> None:
    """Write the list."""
    steps = reached(ROOT / ".coverage")
    imported = steps.pop("", set())
    took = seconds(ROOT / "build" / "tests.xml")

    def cost(function: str) -> float:
        name = function.replace(".py::", ".").replace("::", ".").replace("/", ".")
        return -took[f"tests.{name}"]

    own = {name: each - imported for name, each in steps.items()}
    found = unneeded(own, sorted(own, key=cost))[:MOST]
    LISTED.write_text("".join(f"{name}\n" for name in sorted(found)), encoding="utf-8")


if __name__ == "__main__":
    main()
