"""How results are printed: data on stdout, as a table for people or in a form for programs."""

import dataclasses
import sys
from typing import Any, Iterable, List, Mapping, Optional, Sequence, Tuple, Type

from ai_spine.cli.output.errors import echo_error
from ai_spine.cli.output.formats import csv_line, json_text, table_of, yaml_text
from ai_spine.cli.output.rows import (
    CsvRows,
    JsonRows,
    Rows,
    TableRows,
    YamlRows,
    plain,
    print_pairs,
    print_table,
    text_of,
)
from ai_spine.cli.output.terminal import harmless, put
from ai_spine.cli.session import session
from ai_spine.models.base import Model

STREAMS = ("jsonl", "csv")  # the formats in which half a list is of use
_EMPTY: Tuple[Any, ...] = (None, "", [], {})


def print_items(
    items: Iterable[Model],
    columns: Sequence[str],
    model: Optional[Type[Model]] = None,
) -> None:
    """Print models: the columns of each as a table, or all of each in another format.

    Args:
        items: The models; JSON lines and CSV are printed as they come.
        columns: The attributes that a table shows.
        model: The class of the models; its fields are the columns of CSV.
    """
    query, form = session().options.get("query"), session().output
    if query is not None:
        print_picked(query([item.to_dict() for item in items]))
        return
    rows = open_rows(form, columns, columns if model is None else _fields_of(model))
    for item in items if form in STREAMS else list(items):
        rows.put(item)
    rows.end()


def _fields_of(model: Type[Model]) -> List[str]:
    return [field.name for field in dataclasses.fields(model)]


def open_rows(
    form: str, columns: Sequence[str], fields: Optional[Sequence[str]]
) -> Rows:
    """Return what prints rows one by one.

    Args:
        form: The format.
        columns: What a table shows.
        fields: The columns of CSV; `None` takes those of the first row.
    """
    if form == "json":
        return JsonRows()
    if form == "yaml":
        return YamlRows()
    if form == "csv":
        return CsvRows(fields)
    if form == "table":
        return TableRows(columns, refuses_colour())
    return Rows()


def print_item(item: Model) -> None:
    """Print one model: a line for each attribute that is known, or all in another format."""
    query = session().options.get("query")
    if query is not None:
        print_picked(query(plain(item)))
    elif session().output == "table":
        _print_fields(plain(item))
    else:
        print_data(plain(item))


def _print_fields(fields: Mapping[str, Any]) -> None:
    """Print a model's fields; its lists of objects, as nodes are, are tables beneath them."""
    lists = {
        name: value
        for name, value in fields.items()
        if isinstance(value, list) and _is_table(value)
    }
    pairs = [pair for pair in fields.items() if pair[0] not in lists]
    print_pairs(pairs, refuses_colour())
    for name, objects in lists.items():
        put(f"\n{harmless(name)}")
        _print_objects(objects)


def _print_objects(objects: List[Mapping[str, Any]]) -> None:
    """Print objects as a table, or as paragraphs: nothing is shortened, nor empty throughout."""
    names, rows = table_of(objects)
    shown = [
        (name, cells)
        for name, cells in zip(names or (), zip(*rows))
        if not all(cell in _EMPTY for cell in cells)
    ]
    texts = [[_text_or_dash(cell) for cell in cells] for _, cells in shown]
    columns = [name for name, _ in shown]
    print_table(columns, [list(row) for row in zip(*texts)], refuses_colour(), True)


def _text_or_dash(value: Any) -> str:
    return text_of(None if value in _EMPTY else value)


def print_value(value: Any) -> None:
    """Print the output of a flow; in a table, a single exit point shows its fields alone."""
    query = session().options.get("query")
    if query is not None:
        print_picked(query(value))
        return
    if session().output in ("table", "csv"):
        if isinstance(value, Mapping) and len(value) == 1:
            (value,) = value.values()
    print_data(value)


def print_data(value: Any) -> None:
    """Print JSON of any shape in the requested format."""
    form = session().output
    if form == "table":
        _print_for_people(value)
    elif form == "csv":
        names, rows = table_of(value)
        if isinstance(value, list) and not value:
            return
        for cells in [names, *rows] if names else rows:
            put(csv_line(cells or (), sys.stdout))
    elif form == "jsonl":
        for item in value if isinstance(value, list) else [value]:
            put(json_text(item, lines=False))
    else:
        put(yaml_text(value) if form == "yaml" else json_text(value))


def print_picked(value: Any) -> None:
    """Print what `--query` has picked; in a table, each item of a list has its line."""
    if session().output == "table" and isinstance(value, list) and not _is_table(value):
        for item in value:
            put(text_of(item))
    else:
        print_data(value)


def say(message: str) -> None:
    """Report people something in one line, on stderr, whatever a server has put into it."""
    echo_error(harmless(message))


def refuses_colour() -> bool:
    """Return whether the user has passed `--no-color`."""
    return bool(session().options.get("no_color"))


def _print_for_people(value: Any) -> None:
    if isinstance(value, Mapping):
        print_pairs(list(_flatten(value)), refuses_colour())
    elif isinstance(value, list) and _is_table(value):
        names, rows = table_of(value)
        texts = [[text_of(cell) for cell in row] for row in rows]
        print_table(names, texts, refuses_colour())
    else:
        put(text_of(value))


def _is_table(value: List[Any]) -> bool:
    """Return whether a list contains objects; other lists are printed on one line."""
    return bool(value) and all(isinstance(item, Mapping) and item for item in value)


def _flatten(value: Mapping[str, Any], path: str = "") -> Iterable[Tuple[str, Any]]:
    for name, child in value.items():
        if isinstance(child, Mapping) and child:
            yield from _flatten(child, f"{path}{name}.")
        else:
            yield f"{path}{name}", child
