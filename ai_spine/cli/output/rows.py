"""Rows that are printed one by one, as they come, in any of the formats."""

import json
import sys
from datetime import datetime, timedelta
from typing import Any, List, Mapping, Optional, Sequence

from ai_spine.cli.output.formats import csv_line, json_text, table_of, yaml_text
from ai_spine.cli.output.tables import pair_lines, table_lines
from ai_spine.cli.output.terminal import (
    encodes,
    harmless,
    painted,
    put,
    takes_colour,
    width_of,
)
from ai_spine.models.base import Model
from ai_spine.utils import format_timestamp


class Rows:
    """The base of the row printers; it prints JSON lines, which need nothing around them."""

    def put(self, row: Any) -> None:
        """Take a row: a model, or JSON."""
        put(json_text(plain(row), lines=False))

    def end(self) -> None:
        """Print what follows the last row."""


class JsonRows(Rows):
    """Prints one JSON array."""

    _is_empty = True

    def put(self, row: Any) -> None:
        """Take a row, which is printed at once."""
        text = json_text(plain(row)).replace("\n", "\n  ")
        put(("[\n  " if self._is_empty else ",\n  ") + text, end="")
        self._is_empty = False

    def end(self) -> None:
        """Close the array."""
        put("[]" if self._is_empty else "\n]")


class YamlRows(Rows):
    """Prints one YAML list."""

    _is_empty = True

    def put(self, row: Any) -> None:
        """Take a row, which is printed at once."""
        put(yaml_text([plain(row)]))
        self._is_empty = False

    def end(self) -> None:
        """Report a list of nothing."""
        if self._is_empty:
            put("[]")


class CsvRows(Rows):
    """Prints CSV.

    Args:
        fields: The columns; `None` takes those of the first row.
    """

    def __init__(self, fields: Optional[Sequence[str]]) -> None:
        self._fields = fields
        self._has_begun = False

    def put(self, row: Any) -> None:
        """Take a row, which is printed at once."""
        names, rows = table_of(plain(row))
        if not self._has_begun:
            self._begin(self._fields or names or [])
        for cells in rows:
            known = dict(zip(names or (), cells))
            self._print([known.get(name) for name in self._names] if names else cells)

    def end(self) -> None:
        """Print the headings, if there was no row."""
        if not self._has_begun:
            self._begin(self._fields or [])

    def _begin(self, names: Sequence[str]) -> None:
        self._has_begun = True
        self._names = list(names)
        if names:
            self._print(self._names)

    def _print(self, cells: Sequence[Any]) -> None:
        put(csv_line(cells, sys.stdout))


class TableRows(Rows):
    """Prints a table at the end: how wide its columns are, the last row may decide.

    Args:
        columns: What to show of each row.
        no_color: Whether nothing may be coloured.
    """

    def __init__(self, columns: Sequence[str], no_color: bool = False) -> None:
        self._columns = columns
        self._rows: List[List[str]] = []
        self._no_color = no_color

    def put(self, row: Any) -> None:
        """Take a row."""
        self._rows.append([text_of(_look_up(row, name)) for name in self._columns])

    def end(self) -> None:
        """Print all."""
        print_table(self._columns, self._rows, self._no_color)


def plain(value: Any) -> Any:
    """Return a model as JSON; JSON stays what it is."""
    return value.to_dict() if isinstance(value, Model) else value


def _look_up(row: Any, name: str) -> Any:
    if isinstance(row, Model):
        return getattr(row, name)
    return row.get(name) if isinstance(row, Mapping) else None


def print_table(
    columns: Optional[Sequence[str]],
    rows: List[List[str]],
    no_color: bool = False,
    whole: bool = False,
) -> None:
    """Print texts under their headings, as wide as the terminal lets them be.

    Args:
        columns: The headings, if there are any.
        rows: The texts.
        no_color: Whether nothing may be coloured.
        whole: Whether nothing may be shortened.
    """
    headings = [harmless(column).upper() for column in columns or ()]
    is_coloured = takes_colour(sys.stdout, no_color)

    def paint(column: int, text: str) -> str:
        is_status = bool(headings) and headings[column] == "STATUS"
        return painted(text, text) if is_coloured and is_status else text

    lines = table_lines(
        [headings, *rows] if headings else rows,
        width_of(sys.stdout),
        ellipsis=ellipsis(),
        whole=whole,
        paint=paint,
    )
    for line in lines:
        put(line)


def print_pairs(pairs: Sequence[Any], no_color: bool = False) -> None:
    """Print names beside their values; values that are not known are left out."""
    pairs = [
        (harmless(name), text_of(value)) for name, value in pairs if value is not None
    ]
    is_coloured = takes_colour(sys.stdout, no_color)

    def paint(number: int, text: str) -> str:
        is_status = is_coloured and pairs[number][0] == "status"
        return painted(text, text) if is_status else text

    for line in pair_lines(pairs, width_of(sys.stdout), paint=paint):
        put(line)


def ellipsis() -> str:
    """Return the ellipsis for text that is cut off, in the encoding of stdout."""
    return "…" if encodes("…") else "."


def text_of(value: Any) -> str:
    """Return a value as people read it, on one line."""
    if value is None:
        return "-"
    if isinstance(value, datetime):
        return format_timestamp(value)
    if isinstance(value, timedelta):
        return f"{value.total_seconds():.3f} s"
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return harmless("; ".join(value))
    if isinstance(value, (bool, Mapping, list)):
        return harmless(json.dumps(value, ensure_ascii=False))
    return harmless(str(value))
