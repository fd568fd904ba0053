"""How results are printed: data on stdout, as a table for people or as JSON for programs."""

import json
import sys
from datetime import datetime, timedelta
from typing import Any, Iterable, List, Mapping, Sequence, Tuple

import click

from ai_spine.cli.context import session
from ai_spine.utils import format_timestamp, one_line
from ai_spine.wire import Model

_GAP = "  "


def print_items(items: Sequence[Model], columns: Sequence[str]) -> None:
    """Prints models: the columns of each, or all of each as JSON."""
    if session().output == "json":
        _print_json([item.to_dict() for item in items])
        return
    rows = [[_text(getattr(item, column)) for column in columns] for item in items]
    _print_table([[column.upper() for column in columns], *rows])


def print_item(item: Model) -> None:
    """Prints one model: a line for each attribute that is known, or JSON."""
    if session().output == "json":
        _print_json(item.to_dict())
    else:
        _print_pairs(item.to_dict().items())


def print_value(value: Any) -> None:
    """Prints what a flow gave; of a single exit point, its fields stand alone."""
    if session().output == "json":
        _print_json(value)
        return
    if isinstance(value, Mapping) and len(value) == 1:
        (value,) = value.values()
    if isinstance(value, Mapping):
        _print_pairs(_flatten(value))
    else:
        click.echo(_encodable(_text(value)))


def say(message: str) -> None:
    """Tells people something in one line, on stderr, whatever a server has put into it."""
    click.echo(one_line(message), err=True)


def _print_json(value: Any) -> None:
    text = json.dumps(value, indent=2, ensure_ascii=False)
    # A pipe may have an encoding that lacks a character; JSON can always be told in ASCII.
    encodable = _encodable(text) == text
    click.echo(text if encodable else json.dumps(value, indent=2))


def _print_pairs(pairs: Iterable[Tuple[str, Any]]) -> None:
    _print_table(
        [[one_line(name), _text(value)] for name, value in pairs if value is not None]
    )


def _print_table(rows: List[List[str]]) -> None:
    widths = [max(map(len, column)) for column in zip(*rows)]
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, widths))
        click.echo(_encodable(_GAP.join(cells).rstrip()))


def _flatten(value: Mapping[str, Any], path: str = "") -> Iterable[Tuple[str, Any]]:
    for name, child in value.items():
        if isinstance(child, Mapping) and child:
            yield from _flatten(child, f"{path}{name}.")
        else:
            yield f"{path}{name}", child


def _text(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, datetime):
        return format_timestamp(value)
    if isinstance(value, timedelta):
        return f"{value.total_seconds():.3f} s"
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return one_line("; ".join(value))
    if isinstance(value, (bool, dict, list)):
        return one_line(json.dumps(value, ensure_ascii=False))
    return one_line(str(value))


def _encodable(text: str) -> str:
    """Gives the text with escapes for what stdout cannot encode."""
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    return text.encode(encoding, "backslashreplace").decode(encoding)
