"""How data becomes text for programs: JSON, JSON lines, YAML and CSV."""

import io
import json
import re
from typing import Any, Iterable, List, Mapping, Optional, Sequence, Tuple

from ai_spine.cli.output.terminal import UNSAFE, encodes, escaped, harmless, is_terminal

# A spreadsheet takes a cell that begins so for a formula, and runs it.
_FORMULA = r"[=+\-@\t\r＝＋－＠]"
_NUMBER = r"[+-]?\d+(\.\d+)?([eE][+-]?\d+)?"
_SOLE = "value"  # the column of what has no name


def json_text(value: Any, *, lines: bool = True) -> str:
    """Return a value as JSON that says the same in any encoding, and does nothing to a terminal.

    Args:
        value: The value.
        lines: Whether it may take many lines, for people.

    Example:
        >>> json_text({"name": "José\\u202e"}, lines=False)
        '{"name": "José\\\\u202e"}'
    """
    indent = 2 if lines else None
    text = re.sub(UNSAFE, escaped, json.dumps(value, indent=indent, ensure_ascii=False))
    # The encoding of a pipe may lack a character; ASCII can hold any JSON.
    return text if encodes(text) else json.dumps(value, indent=indent)


def yaml_text(value: Any) -> str:
    """Return a value as YAML, without the line's end.

    Example:
        >>> yaml_text([{"a": 1, "b": "yes"}])
        "- a: 1\\n  b: 'yes'"
    """
    import yaml

    plain = json.loads(json.dumps(value))  # nothing in it is there twice: no aliases
    for unicode in (True, False):
        text = yaml.safe_dump(plain, allow_unicode=unicode, sort_keys=False)
        if encodes(text) and not re.search(UNSAFE, text):
            break
    ended = "\n...\n"  # the end of a document that is a bare value
    return str(text[: -len(ended)] if text.endswith(ended) else text.rstrip("\n"))


def csv_line(cells: Iterable[Any], stream: Any = None) -> str:
    """Return a line of CSV, without its end.

    Nothing is an empty cell, lists and objects are JSON. Text that a spreadsheet would run as a
    formula has an apostrophe before it.

    Args:
        cells: The values.
        stream: Where it will be written; on a terminal a cell stays on one line.

    Example:
        >>> csv_line(["a,b", None, -1, [1], "=1+1"])
        '"a,b",,-1,[1],\\'=1+1'
    """
    import csv  # only few commands print it

    file = io.StringIO()
    texts = [_cell(value) for value in cells]
    if is_terminal(stream):
        texts = [harmless(cell) for cell in texts]
    end = "\r\n"  # a cell with these characters is quoted
    csv.writer(file, lineterminator=end).writerow(texts)
    return file.getvalue()[: -len(end)]


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if re.match(_FORMULA, value) and not re.fullmatch(_NUMBER, value):
        return f"'{value}"
    return value


def table_of(value: Any) -> Tuple[Optional[List[str]], List[Sequence[Any]]]:
    """Return headings and rows for a value of any shape; lists of lists have no headings.

    Example:
        >>> table_of([{"a": 1}, {"a": 2, "b": 3}])
        (['a', 'b'], [[1, None], [2, 3]])
        >>> table_of([1, 2]), table_of([[1, 2]])
        ((['value'], [[1], [2]]), (None, [[1, 2]]))
    """
    items = value if isinstance(value, list) else [value]
    if items and all(isinstance(item, Mapping) for item in items):
        names = list(dict.fromkeys(name for item in items for name in item))
        return names, [[item.get(name) for name in names] for item in items]
    if items and all(isinstance(item, list) for item in items):
        return None, items
    return [_SOLE], [[item] for item in items]
