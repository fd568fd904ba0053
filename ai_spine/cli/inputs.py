"""Reads the inputs of a batch: JSON lines or CSV, from a file or from stdin."""

import csv
import io
import json
import os
import sys
from typing import IO, Any, Dict, Iterable, Iterator, NamedTuple, Optional, Sequence

import click

from ai_spine.cli.values import read_value

FORMATS = ("jsonl", "csv")
_LONGEST_FIELD = (
    2**31 - 1
)  # the most that every system takes; by itself, csv takes 128 KiB
_FORMAT_OF_SUFFIX = {".jsonl": "jsonl", ".ndjson": "jsonl", ".csv": "csv"}


class Source(NamedTuple):
    """The source of inputs, and how to read it."""

    path: str
    """A file, or `-` for stdin."""
    format: str
    """One of `FORMATS`."""
    columns: Sequence[str] = ()
    """The fields to take; without any, all."""
    as_text: bool = False
    """Whether CSV values stay text, even where they are JSON."""

    @property
    def name(self) -> str:
        """Its name in messages."""
        return "stdin" if self.path == "-" else self.path


def source_of(
    path: str, given: Optional[str], columns: Sequence[str], as_text: bool
) -> Source:
    """Return the source; its format comes from the name of the file unless it is given.

    Raises:
        click.UsageError: The name does not show the format, or names a directory.
    """
    if os.path.isdir(path):
        raise click.UsageError(f"{path} is a directory: use a file of inputs")
    suffix = os.path.splitext(path)[1].lower()
    known = given or ("jsonl" if path == "-" else _FORMAT_OF_SUFFIX.get(suffix))
    if known is None:
        raise click.UsageError(
            f"{path}: its name ends neither in .jsonl nor in .csv; say which with --format"
        )
    return Source(path, known, columns, as_text)


def count_inputs(source: Source) -> Optional[int]:
    """Read a file to its end, so that a bad line is found before anything is sent.

    Returns:
        How many inputs there are; `None` for stdin, and for what can only be read once.

    Raises:
        click.UsageError: It cannot be read, or a line of it is wrong.
    """
    if source.path == "-" or (
        os.path.exists(source.path) and not os.path.isfile(source.path)
    ):
        return None
    return sum(1 for _ in read_inputs(source))


def read_inputs(source: Source) -> Iterator[Dict[str, Any]]:
    """Yield the inputs one by one.

    Raises:
        click.UsageError: It cannot be read, or a line of it is wrong; the message names the line.
    """
    try:
        with _open(source) as file:
            read = _read_csv if source.format == "csv" else _read_jsonl
            yield from read(source, file)
    except OSError as error:
        raise click.UsageError(
            f"{source.name} cannot be read: {error.strerror}"
        ) from None
    except UnicodeDecodeError:
        raise click.UsageError(f"{source.name} is not UTF-8 text") from None


def _open(source: Source) -> IO[str]:
    if source.path != "-":
        return open(source.path, encoding="utf-8-sig", newline="")
    if sys.stdin is None:
        raise OSError(0, "it is closed")
    try:
        descriptor = sys.stdin.fileno()
    except OSError:  # stdin is not a file here
        return io.TextIOWrapper(sys.stdin.buffer, encoding="utf-8-sig", newline="")
    # With a buffer of its own: at the end, Python aborts if a thread still reads sys.stdin's.
    return open(descriptor, encoding="utf-8-sig", newline="", closefd=False)


def _read_jsonl(source: Source, lines: Iterable[str]) -> Iterator[Dict[str, Any]]:
    for number, line in enumerate(lines, start=1):
        if line.strip():
            yield _selected(source, number, _object(source, number, line))


def _object(source: Source, number: int, line: str) -> Dict[str, Any]:
    where = f"{source.name} line {number}"
    try:
        value = json.loads(line.rstrip())
    except (ValueError, RecursionError) as error:
        # Python's own message would always name line 1.
        column = f" (column {error.colno})" if hasattr(error, "colno") else ""
        reason = f"{getattr(error, 'msg', error)}{column}"
        raise click.UsageError(f"{where} is not JSON: {reason}") from None
    if not isinstance(value, dict):
        raise click.UsageError(f'{where} is not a JSON object such as {{"key": 1}}')
    return value


def _read_csv(source: Source, lines: Iterable[str]) -> Iterator[Dict[str, Any]]:
    csv.field_size_limit(_LONGEST_FIELD)
    rows = csv.reader(lines, strict=True)
    header: Optional[Sequence[str]] = None
    try:
        for row in rows:
            if header is None:
                header = _checked_header(source, row)
            elif row:  # a blank line is none
                yield _csv_input(source, rows.line_num, header, row)
    except csv.Error as error:
        raise click.UsageError(
            f"{source.name} line {rows.line_num} is not CSV: {error}"
        ) from None


def _checked_header(source: Source, header: Sequence[str]) -> Sequence[str]:
    names = [name.strip() for name in header]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise click.UsageError(f"{source.name} has the column {twice!r} twice")
    for column in source.columns:
        if column not in names:
            raise click.UsageError(
                f"{source.name} has no column {column!r}; it has {', '.join(names)}"
            )
    return names


def _csv_input(
    source: Source, number: int, header: Sequence[str], row: Sequence[str]
) -> Dict[str, Any]:
    if len(row) != len(header):
        raise click.UsageError(
            f"{source.name} line {number} has {len(row)} values for {len(header)} columns"
        )
    values = row if source.as_text else [read_value(text) for text in row]
    return _selected(source, number, dict(zip(header, values)))


def _selected(source: Source, number: int, value: Dict[str, Any]) -> Dict[str, Any]:
    for column in source.columns:
        if column not in value:
            raise click.UsageError(
                f"{source.name} line {number} has no field {column!r}"
            )
    return {name: value[name] for name in source.columns} if source.columns else value
