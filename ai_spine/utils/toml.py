"""Small TOML files: read with what Python has, and written. Pure."""

import importlib
import json
import re
from typing import Any, Dict, List, Mapping

_encode = json.JSONEncoder(ensure_ascii=False).encode
_BARE = re.compile(r"[A-Za-z0-9_-]+")


def read_toml(text: str) -> Dict[str, Any]:
    """Return what a TOML text says.

    Raises:
        ValueError: It is not TOML.
        ImportError: This Python is older than 3.11, and tomli is not installed.
    """
    try:
        toml: Any = importlib.import_module("tomllib")
    except ImportError:
        toml = importlib.import_module("tomli")
    try:
        found: Dict[str, Any] = toml.loads(text)
    except (ValueError, TypeError, RecursionError):
        raise ValueError("it is not TOML") from None
    return found


def table_lines(title: str, fields: Mapping[str, Any]) -> List[str]:
    """Return the lines of a table; texts are written as JSON has them, which TOML reads.

    Args:
        title: Its title, brackets included.
        fields: Texts, numbers and booleans by name.

    Example:
        >>> table_lines("[facet]", {"id": "docs", "public": True})
        ['[facet]', 'id = "docs"', 'public = true']
    """
    lines = [title]
    for name, value in fields.items():
        key = name if _BARE.fullmatch(name) else _encode(name)
        lines.append(f"{key} = {_encode(value)}".replace("\x7f", "\\u007f"))
    return lines
