"""Generate a package of each OpenAPI document in a folder, and verify it; print a row for each.

`python scripts/codegen_check.py FOLDER [TEXT] [--models pydantic] [--no-types] [--verbose]`; with
TEXT, only of documents with that text in their paths. It exits with 1 if an operation is lost, a
type is wrong, or a call fails.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Dict, Iterator, List, NamedTuple

ROOT = Path(__file__).resolve().parents[1]
_KINDS = (".json", ".yaml", ".yml")
_LONGEST = 1800  # seconds for one document
_SHOWN = 10  # findings of a document
_PACKAGE = "checked_client"


class Column(NamedTuple):
    """A figure of a document."""

    title: str
    key: str
    width: int


COLUMNS = (
    Column("operations", "operations", 10),
    Column("made", "made", 5),
    Column("schemas", "schemas", 7),
    Column("types", "types", 6),
    Column("import ms", "import_ms", 9),
    Column("call ms", "first_call_ms", 8),
    Column("seconds", "seconds", 8),
    Column("MB", "megabytes", 5),
    Column("passed", "passed", 6),
    Column("partly", "unchecked", 6),
    Column("warnings", "warnings", 8),
)


def main() -> int:
    """Check all documents, each in a process of its own."""
    given = _parsed()
    if given.one:
        print(json.dumps(check(given.folder, given)))
        return 0
    print(f"{'document':40}" + " ".join(f"{c.title:>{c.width}}" for c in COLUMNS))
    broken = skipped = 0
    with tempfile.TemporaryDirectory() as cache:
        for path in _documents(given.folder, given.text):
            row = _row(path, given, cache)
            if "refused" in row:
                skipped += 1
                print(f"{_short(path, given.folder):40}refused: {row['refused']}")
                continue
            broken += _print(_short(path, given.folder), row, given.verbose)
    print(f"{broken} documents have faults; {skipped} are no OpenAPI 3 documents")
    return 1 if broken else 0


def _parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("folder", type=Path, help="a folder with documents, or one")
    parser.add_argument("text", nargs="?", default="", help="a part of their paths")
    parser.add_argument("--models", choices=["attrs", "pydantic"], default="attrs")
    parser.add_argument("--no-types", action="store_true", help="leave mypy out")
    parser.add_argument("--format", action="store_true", help="format by ruff")
    parser.add_argument("--verbose", action="store_true", help="print all findings")
    parser.add_argument("--one", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--cache", type=Path, help=argparse.SUPPRESS)
    return parser.parse_args()


def _documents(folder: Path, text: str) -> Iterator[Path]:
    if folder.is_file():
        yield folder
        return
    for path in sorted(folder.rglob("*")):
        if path.suffix in _KINDS and text in str(path):
            yield path


def _short(path: Path, folder: Path) -> str:
    name = path.name if folder.is_file() else str(path.relative_to(folder))
    return name if len(name) < 40 else f"…{name[-38:]}"


def _row(path: Path, given: argparse.Namespace, cache: str) -> Dict[str, Any]:
    """Return the figures of a document, from a process of its own."""
    words = [str(path), "--one", "--models", given.models, "--cache", cache]
    words += ["--no-types"] if given.no_types else []
    words += ["--format"] if given.format else []
    try:
        done = subprocess.run(
            [sys.executable, __file__, *words],
            cwd=ROOT,
            capture_output=True,
            encoding="utf-8",
            timeout=_LONGEST,
        )
    except subprocess.TimeoutExpired:
        return {"failures": [f"it took more than {_LONGEST} seconds"]}
    try:
        row: Dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
        return row
    except (IndexError, ValueError):
        last = done.stderr.strip().splitlines()[-1:] or ["nothing was printed"]
        return {"failures": [f"the generator failed: {last[0]}"]}


def check(path: Path, given: argparse.Namespace) -> Dict[str, Any]:
    """Return the figures of a document: generate its package, and verify it."""
    sys.path.insert(0, str(ROOT))
    from ai_spine.sdk_sync.errors import SDKSyncError
    from ai_spine.sdk_sync.generators.python.endpoints.package import (
        EndpointsGenerator,
    )
    from ai_spine.sdk_sync.openapi import read_openapi
    from ai_spine.sdk_sync.verifying.verification import verify_package

    with tempfile.TemporaryDirectory() as folder:
        started = time.perf_counter()
        try:
            read = read_openapi(path)
        except SDKSyncError as error:
            return {"refused": str(error)[:200]}
        generator = EndpointsGenerator(
            read.spec,
            _PACKAGE,
            folder,
            models=given.models,
            format=given.format,
            problems=[str(each) for each in read.problems],
            left_out=read.left_out,
        )
        generator.generate_sync()
        seconds = time.perf_counter() - started
        megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        found = verify_package(
            Path(folder), path, types=not given.no_types, cache=given.cache
        )
    row = _figures(found)
    row.update(operations=read.operations, left_out=read.left_out)
    row.update(schemas=len(read.spec.models), seconds=round(seconds, 2))
    row.update(made=generator.operation_count, warnings=len(generator.warnings))
    row.update(megabytes=round(megabytes))
    return row


def _figures(found: Any) -> Dict[str, Any]:
    """Return what the verification of a package has found."""
    return {
        "types": None if found.type_errors is None else len(found.type_errors),
        "import_ms": round(found.import_ms, 1),
        "first_call_ms": round(found.first_call_ms, 1),
        "passed": found.passed,
        "unchecked": len({each.operation for each in found.unchecked}),
        "failures": [str(each) for each in found.failures],
        "type_errors": found.type_errors or [],
        "notes": [str(each) for each in found.unchecked],
    }


def _print(name: str, row: Dict[str, Any], verbose: bool) -> bool:
    """Print the row of a document, and return whether anything is wrong."""
    cells = (f"{_cell(row.get(c.key)):>{c.width}}" for c in COLUMNS)
    print(f"{name:40}" + " ".join(cells), flush=True)
    wrong: List[str] = row["failures"] + row.get("type_errors", [])
    if row.get("operations") != row.get("made", 0) + len(row.get("left_out", [])):
        wrong.append("an operation was lost")
    for sentence in wrong if verbose else wrong[:_SHOWN]:
        print(f"    {sentence}")
    for sentence in row.get("notes", []) if verbose else ():
        print(f"    ({sentence})")
    return bool(wrong)


def _cell(value: Any) -> str:
    return "-" if value is None else str(value)


if __name__ == "__main__":
    sys.exit(main())
