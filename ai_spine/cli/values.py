"""Reads data from the command line: `key=value` pairs, and JSON from text, file or stdin."""

import json
import sys
from typing import Any, Dict, Optional, Sequence

import click


def read_pairs(pairs: Sequence[str]) -> Dict[str, Any]:
    """Read `key=value` pairs; a value that is JSON is read as JSON, else it is text.

    Raises:
        click.UsageError: A pair has no `=` or no key, or a key comes twice.

    Example:
        >>> read_pairs(["amount=50000", "name=Ana", "tags=[1]"])
        {'amount': 50000, 'name': 'Ana', 'tags': [1]}
    """
    values: Dict[str, Any] = {}
    for pair in pairs:
        key, equals, text = pair.partition("=")
        if not equals or not key:
            raise click.UsageError(f"{pair!r} is not of the form key=value")
        if key in values:
            raise click.UsageError(f"the key {key!r} is given twice")
        values[key] = read_value(text)
    return values


def read_object(option: str, text: Optional[str]) -> Dict[str, Any]:
    """Read a JSON object from a text, from a file (`@FILE`) or from stdin (`-`).

    Raises:
        click.UsageError: It cannot be read, or is not a JSON object.
    """
    if text is None:
        return {}
    source = {"-": "stdin"}.get(text, text[1:] if text.startswith("@") else "its text")
    try:
        value = json.loads(_content(text))
    except OSError as error:
        raise click.UsageError(
            f"{option}: {source} cannot be read: {error.strerror}"
        ) from None
    except UnicodeDecodeError:
        raise click.UsageError(f"{option}: {source} is not UTF-8 text") from None
    except (ValueError, RecursionError) as error:
        raise click.UsageError(f"{option}: {source} is not JSON: {error}") from None
    if not isinstance(value, dict):
        raise click.UsageError(
            f'{option}: {source} is not a JSON object such as {{"key": 1}}'
        )
    return value


def _content(text: str) -> str:
    if text == "-":
        if sys.stdin is None:
            raise OSError(0, "it is closed")
        return sys.stdin.buffer.read().decode("utf-8-sig")
    if text.startswith("@"):
        with open(text[1:], encoding="utf-8-sig") as file:
            return file.read()
    return text


def read_value(text: str) -> Any:
    """Return a text parsed as JSON, or the text itself if it is not JSON."""
    try:
        return json.loads(text, parse_constant=_refuse)
    except (ValueError, RecursionError):
        return text


def _refuse(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")
