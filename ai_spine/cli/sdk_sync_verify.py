"""`sdk-sync verify`: calls each operation of a generated package on a server of its document."""

from pathlib import Path
from typing import TYPE_CHECKING, Any, Dict, List, Optional

import click

from ai_spine.cli.commands import command
from ai_spine.cli.exit_codes import API_ERROR
from ai_spine.cli.output.printing import print_data, refuses_colour, say
from ai_spine.cli.output.rows import print_table
from ai_spine.cli.session import session
from ai_spine.utils import one_line

if TYPE_CHECKING:
    from ai_spine.sdk_sync.verifying.verification import Verification

_COLUMNS = ("result", "operation", "what")
_DOCUMENTS = ("json", "yaml")
_FAILED, _UNCHECKED = "failed", "not checked"


@command("verify")
@click.argument("out", metavar="DIR")
@click.option(
    "--spec-file",
    metavar="FILE",
    required=True,
    help="OpenAPI document of the package.",
)
@click.option(
    "--config", metavar="FILE", help="pyproject.toml that the package was made with."
)
@click.option("--no-types", is_flag=True, help="Do not check the types by mypy.")
@click.option("--verbose", is_flag=True, help="Show what could not be checked, too.")
def verify(
    out: str, spec_file: str, config: Optional[str], no_types: bool, verbose: bool
) -> None:
    """Call each operation of a generated package.

    The package in DIR is compiled, type-checked where mypy is installed, and imported; then each of
    its operations is called by both of its methods. The server is made of the document itself: it
    refuses what the document does not allow, and responds with examples. It exits with 1 if
    anything is wrong.

    \b
    ai-spine sdk-sync verify ./portarium_client --spec-file openapi.yaml
    """
    from ai_spine.sdk_sync.generators.python.endpoints.config import read_config
    from ai_spine.sdk_sync.verifying.verification import verify_package

    found = verify_package(
        Path(out),
        Path(spec_file),
        config=read_config(Path(config) if config else None),
        types=not no_types,
        progress=say if verbose else lambda words: None,
    )
    _print(found, verbose)
    say(_summary(found, asked=not no_types))
    if not found.is_good:
        raise click.exceptions.Exit(API_ERROR)


def _print(found: "Verification", verbose: bool) -> None:
    rows = _rows(found, verbose)
    if session().output in _DOCUMENTS:
        print_data(_as_json(found, rows))
    elif session().output == "table":
        if rows:
            cells = [[str(cell) for cell in row.values()] for row in rows]
            print_table(_COLUMNS, cells, refuses_colour(), True)
    else:
        print_data(rows)


def _rows(found: "Verification", verbose: bool) -> List[Dict[str, Any]]:
    rows = [(_FAILED, *each) for each in found.failures]
    rows += [(_FAILED, "mypy", one_line(e, 300)) for e in found.type_errors or ()]
    if verbose:
        rows += [(_UNCHECKED, *each) for each in found.unchecked]
    return [dict(zip(_COLUMNS, row)) for row in rows]


def _as_json(found: "Verification", rows: List[Dict[str, Any]]) -> Dict[str, Any]:
    return {
        "operations": found.operations,
        "passed": found.passed,
        "calls": found.calls,
        "type_errors": None if found.type_errors is None else len(found.type_errors),
        "import_ms": round(found.import_ms, 2),
        "first_call_ms": round(found.first_call_ms, 2),
        "unchecked": len(found.unchecked),
        "results": rows,
    }


def _summary(found: "Verification", *, asked: bool) -> str:
    words = f"{found.passed} of {found.operations} operations passed"
    partly = len({each.operation for each in found.unchecked})
    if partly:
        words += f", {partly} of them not checked in all parts"
    if found.type_errors is None:
        return f"{words}; mypy is not installed" if asked else words
    count = len(found.type_errors)
    return f"{words}; {count} type error{'' if count == 1 else 's'}"
