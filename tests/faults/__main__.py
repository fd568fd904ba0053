"""`python -m tests.faults [TEXT] [--over LIBRARY]`: plays all cells over each library.

With TEXT, it plays only the faults with that text in their names.
"""

import argparse
import collections
import logging
import sys
import time
import warnings
from typing import Dict, Iterator, List, Optional, Sequence, Tuple, Type

from tests.clients import LIBRARIES
from tests.faults.case import Case
from tests.faults.cases import CASES
from tests.faults.general import CASES as GENERAL_CASES
from tests.faults.general import GeneralRun
from tests.faults.matrix import (
    COUNTED,
    Result,
    Run,
    Violation,
    everything,
    play_all,
)

_LEGEND = """
Each pair of letters: the fault befalls the first request only, and all requests.
. a right answer       n NetworkError   t RequestTimeoutError or TimeoutError   a APIError
e another answer, read X a violation    - the fault needs a large body"""


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.faults")
    parser.add_argument("text", nargs="?", help="a part of the names of faults")
    parser.add_argument(
        "--over", choices=LIBRARIES, help="the only library to send with"
    )
    given = parser.parse_args()
    warnings.simplefilter("ignore", DeprecationWarning)  # of the deprecated methods
    logging.getLogger("ai_spine").setLevel(logging.CRITICAL)  # of polls that fail
    libraries = [given.over] if given.over else LIBRARIES
    broken = [
        _play(library, given.text, *each)
        for each in _clients()
        for library in libraries
    ]
    return 1 if any(broken) else 0


def _clients() -> Iterator[Tuple[str, Sequence[Case], Type[Run]]]:
    """Yield each kind of client, its cases, and how they are played."""
    yield "A client of AI Spine", CASES, Run
    yield "A client of any API", GENERAL_CASES, GeneralRun
    if sys.version_info >= (3, 10):
        from tests.faults.generated import CASES as GENERATED_CASES
        from tests.faults.generated import GeneratedRun

        yield "A generated client", GENERATED_CASES, GeneratedRun


def _play(
    library: str, text: Optional[str], name: str, cases: Sequence[Case], kind: Type[Run]
) -> bool:
    """Play the cells over a library, and return whether a guarantee was broken."""
    started = time.monotonic()
    print(f"\n{name}:")
    chosen = everything(text, cases)
    results, found = play_all(chosen, done=_show, library=library, kind=kind)
    print_table(results, cases)
    found += print_violations(results)
    counts = collections.Counter(violation.what for violation in found)
    counted = ", ".join(f"{what} {counts[what]}" for what in COUNTED)
    print(f"{time.monotonic() - started:.0f} seconds over {library}")
    print(f"cells {len(results)}, {counted}", flush=True)
    return bool(found)


def _show(result: Result) -> None:
    """Show the progress, and the violations so far."""
    mark = "X" if result.violations else "."
    sys.stderr.write(mark)
    sys.stderr.flush()


def columns_of(cases: Sequence[Case]) -> List[Tuple[str, bool]]:
    """Return the columns: an operation, and whether writes are repeated."""
    plain = [(case.name, False) for case in cases]
    return plain + [(case.name, True) for case in cases if case.posts]


def print_table(results: List[Result], cases: Sequence[Case]) -> None:
    """Print a row for each fault and a column for each operation."""
    columns = columns_of(cases)
    letters: Dict[Tuple[str, str, bool], str] = collections.defaultdict(str)
    for result in results:
        cell = result.cell
        letters[cell.fault.name, cell.case.name, cell.retry_writes] += result.letter
    print(" " * 26 + " ".join(f"{n:2}" for n in range(1, len(columns) + 1)))
    for name in dict.fromkeys(result.cell.fault.name for result in results):
        row = (letters.get((name, *column), "--") for column in columns)
        print(f"{name:26}" + " ".join(row))
    print()
    for number, (name, retry_writes) in enumerate(columns, 1):
        print(f"{number:2} {name}{', retry_writes=True' if retry_writes else ''}")
    print(_LEGEND)


def print_violations(results: List[Result]) -> List[Violation]:
    """Print each violation in words, and return them."""
    found = []
    for cell, _, violations in results:
        for violation in violations:
            found.append(violation)
            when = "all requests" if cell.lasting else "the first request"
            writes = ", retry_writes=True" if cell.retry_writes else ""
            print(
                f"{violation.what}: {cell.case.name}{writes}, {cell.fault.name!r} befalls"
                f" {when}: {violation.words}"
            )
    return found


if __name__ == "__main__":
    sys.exit(main())
