"""`sdk-sync diff`: says what breaks between two versions of schemas."""

from typing import TYPE_CHECKING, Any, Dict, List, NamedTuple, Optional

import click

from ai_spine.cli.commands import command
from ai_spine.cli.exit_codes import API_ERROR
from ai_spine.cli.output.printing import (
    print_data,
    print_picked,
    refuses_colour,
    say,
)
from ai_spine.cli.output.rows import print_table, text_of
from ai_spine.cli.sdk_sync_sources import Source, read_source
from ai_spine.cli.session import session

if TYPE_CHECKING:
    from ai_spine.sdk_sync.ir import IRModel, IRSpec, SchemaVersion
    from ai_spine.sdk_sync.versioning import SchemaChange

_COLUMNS = ("change", "where", "requests", "responses")
_DOCUMENTS = ("json", "yaml")


class Difference(NamedTuple):
    """What changed, and the version that the new one should have."""

    rows: List[Dict[str, Any]]
    """A row for each change: what, where, and whom it breaks."""
    changes: List[Dict[str, Any]]
    """The changes as JSON."""
    breaking: int
    """How many of the rows break somebody."""
    suggested_version: str
    renames: List[Any]
    """The fields that look like renamed ones, before and after."""

    def to_dict(self) -> Dict[str, Any]:
        """Return the difference as JSON."""
        return {
            "compatible": not self.breaking,
            "suggested_version": self.suggested_version,
            "changes": self.changes,
            "proposed_renames": [list(pair) for pair in self.renames],
        }


@command("diff")
@click.argument("old")
@click.argument("new")
@click.option(
    "--fail-on",
    type=click.Choice(["breaking", "any"]),
    help="Exit with 1 if there is such a change.",
)
@click.option(
    "--direction",
    type=click.Choice(["both", "request", "response"]),
    default="both",
    show_default=True,
    help="Whom changes may break: clients that send, that read, or both.",
)
def diff(old: str, new: str, fail_on: Optional[str], direction: str) -> None:
    """Show what changed between two schemas, and whom it breaks.

    OLD and NEW are files of a specification or a JSON Schema, the URL of a backend, or the folder
    of a registry. FILE#User picks a model, and FOLDER#User@1.0.0 a version of it.

    \b
    ai-spine sdk-sync diff old.json new.json --fail-on breaking
    ai-spine sdk-sync diff ./schema_registry#User@1.0.0 http://localhost:8000#User
    """
    found = _difference(read_source(old), read_source(new), direction)
    _print(found)
    for before, after in found.renames:
        say(
            f"was {before} renamed to {after}? If so, add x-renamed-from to the new field"
        )
    count = len(found.rows)
    counted = f"{count} change{'' if count == 1 else 's'}, {found.breaking} breaking"
    say(f"{counted}; suggested version: {found.suggested_version}")
    is_hit = found.breaking if fail_on == "breaking" else fail_on and count
    if is_hit:
        raise click.exceptions.Exit(API_ERROR)


def _difference(old: Source, new: Source, direction: str) -> Difference:
    from ai_spine.sdk_sync.ir import IRSpec

    if isinstance(old, IRSpec) and isinstance(new, IRSpec):
        return _specs_difference(old, new, direction)
    first, second = _model_of(old, new), _model_of(new, old)
    return _models_difference(first, second, direction)


def _model_of(source: Source, other: Source) -> "IRModel":
    """Return a model; out of a specification, the one of the same name as the other."""
    from ai_spine.sdk_sync.ir import IRSpec

    if not isinstance(source, IRSpec):
        return source
    model = source.models.get(other.name) if not isinstance(other, IRSpec) else None
    if model is None:
        raise click.UsageError(
            "a specification can only be compared with another, or with one of its models"
        )
    return model


def _models_difference(old: "IRModel", new: "IRModel", direction: str) -> Difference:
    from ai_spine.sdk_sync.versioning import CompatibilityChecker

    checker = CompatibilityChecker(direction)
    _, changes = checker.check_compatibility(old, new)
    return Difference(
        [_row(each) for each in changes],
        [each.to_dict() for each in changes],
        sum(each.breaking for each in changes),
        str(checker.suggest_version(old, new)),
        checker.proposed_renames(old, new),
    )


def _specs_difference(old: "IRSpec", new: "IRSpec", direction: str) -> Difference:
    from ai_spine.sdk_sync.versioning import CompatibilityChecker
    from ai_spine.sdk_sync.versioning.specs import next_spec_version

    checker = CompatibilityChecker(direction, old, new)
    _, parts = checker.check_specs(old, new)
    rows: List[Dict[str, Any]] = []
    breaking = 0
    for part in parts:
        where = f"{part.kind} {part.name}"
        rows += [_row(each, f"{where}: ") for each in part.changes]
        breaking += sum(each.breaking for each in part.changes)
        if not part.changes:
            verdict = _verdict(part.breaking)
            rows.append(_cells(part.description, where, verdict, verdict))
            breaking += part.breaking
    renames = [
        (f"{name}.{before}", f"{name}.{after}")
        for name, model in old.models.items()
        if name in new.models
        for before, after in checker.proposed_renames(model, new.models[name])
    ]
    suggested: "SchemaVersion" = next_spec_version(old, new, parts)
    changes = [each.to_dict() for each in parts]
    return Difference(rows, changes, breaking, str(suggested), renames)


def _row(change: "SchemaChange", before: str = "") -> Dict[str, Any]:
    return _cells(
        change.description,
        f"{before}{change.path or '/'}",
        _verdict(change.breaks_requests),
        _verdict(change.breaks_responses),
    )


def _cells(*cells: str) -> Dict[str, Any]:
    return dict(zip(_COLUMNS, cells))


def _verdict(breaks: bool) -> str:
    return "break" if breaks else "ok"


def _print(found: Difference) -> None:
    query, form = session().options.get("query"), session().output
    if query is not None:
        print_picked(query(found.to_dict()))
    elif form in _DOCUMENTS:
        print_data(found.to_dict())
    elif form != "table":
        print_data(found.rows)
    elif found.rows:
        cells = [[text_of(cell) for cell in row.values()] for row in found.rows]
        print_table(_COLUMNS, cells, refuses_colour(), True)
