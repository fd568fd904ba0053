"""Reads the files of a document, in JSON or YAML, with the lines of all that is in them."""

import json
import math
import re
from pathlib import Path
from typing import Any, Callable, Dict, List, Optional, Tuple

from ai_spine.flows.definitions import MAX_DEPTH, is_too_deep
from ai_spine.sdk_sync.errors import ImportError
from ai_spine.sdk_sync.openapi.diagnostics import Problem
from ai_spine.sdk_sync.openapi.json_places import places_in
from ai_spine.sdk_sync.openapi.yaml_reading import read_yaml
from ai_spine.utils import one_line

MAX_BYTES = 50_000_000
_IDENTIFIERS = ('"$id"', '"$anchor"', "$id:", "$anchor:", '"$dynamicAnchor"')
Lines = Callable[[str], Optional[int]]


class Document:
    """A file, as JSON.

    Args:
        path: The file.
        text: Its text.
        uri: The URI that references in it are relative to, if it is no file.

    Attributes:
        path: The file; of a document from the network, the last part of its URL.
        data: What it holds.
        uri: The URI that references in it are relative to.
        problems: Keys that are there twice; the last of them is kept.
        has_identifiers: Whether a schema in it may have a URI or an anchor of its own.
    """

    def __init__(self, path: Path, text: str, uri: str = "") -> None:
        self.path = path
        self.uri = uri or path.resolve().as_uri()
        self.has_identifiers = any(each in text for each in _IDENTIFIERS)
        self._lines: Lines
        self.data, self._lines, duplicates = _parsed(path, text)
        self.problems = [
            self.problem(pointer, "the key is there twice: the last one is used", line)
            for pointer, line in duplicates
        ]

    def line_of(self, pointer: str) -> Optional[int]:
        """Return the line of a place, or of the nearest place around it that has one."""
        return self._lines(pointer)

    def problem(
        self, pointer: str, sentence: str, line: Optional[int] = None
    ) -> Problem:
        """Return a warning about a place in the file."""
        found = self.line_of(pointer) if line is None else line
        return Problem(pointer, sentence, line=found, file=self.path.name)


def load_document(path: Path) -> Document:
    """Return the content of a file.

    Args:
        path: A file in JSON or YAML, of at most 50 MB.

    Raises:
        ImportError: It cannot be read, or is neither JSON nor YAML.
    """
    shown = shown_path(path)
    try:
        if path.stat().st_size > MAX_BYTES:
            words = f"is too large: more than {MAX_BYTES // 10**6} MB"
        else:
            return Document(path, path.read_bytes().decode("utf-8-sig"))
    except OSError as error:
        words = words_of(path, error)
    except UnicodeDecodeError:
        words = "cannot be read: it is not UTF-8 text"
    except ModuleNotFoundError:
        words = "is YAML, which needs PyYAML: pip install 'ai-spine-sdk[sdk-sync]'"
    except ValueError as error:
        words = f"cannot be read: {error}"
    raise ImportError(f"{shown} {words}", source_path=str(path))


def shown_path(path: Path) -> str:
    """Return a path as it was given: of two slashes, as in a URL, `Path` takes one away.

    Example:
        >>> shown_path(Path("https://example.com/openapi.json"))
        'https://example.com/openapi.json'
    """
    return one_line(re.sub("^(https?:/)(?!/)", r"\1/", str(path)), 300)


def words_of(path: Path, error: OSError) -> str:
    """Return why a file cannot be read.

    Example:
        >>> words_of(Path("https://example.com/openapi.json"), FileNotFoundError())
        'is a URL: save what is there as a file, and name that'
    """
    if path.parts[:1] in (("http:",), ("https:",)):
        return "is a URL: save what is there as a file, and name that"
    return f"cannot be read: {error.strerror}"


def pointer_parts(pointer: str) -> List[str]:
    """Return the names in a JSON Pointer.

    Example:
        >>> pointer_parts("/paths/~1users~1{id}/get")
        ['paths', '/users/{id}', 'get']
    """
    parts = pointer.split("/")[1:]
    return [part.replace("~1", "/").replace("~0", "~") for part in parts]


def _parsed(path: Path, text: str) -> Tuple[Any, Lines, List[Tuple[str, int]]]:
    """Return what a text holds, what finds lines in it, and the keys that are there twice."""
    looks_like_json = text.lstrip()[:1] in ("{", "[")
    if path.suffix == ".json" or looks_like_json:
        try:
            return _parsed_json(text)
        except ValueError:
            if path.suffix == ".json":
                raise
    found = read_yaml(text)
    if is_too_deep(found.data):
        raise _too_deep()
    return found.data, _lines_of_yaml(found.data, found.lines), found.duplicates


def _parsed_json(text: str) -> Tuple[Any, Lines, List[Tuple[str, int]]]:
    has_duplicates: List[bool] = []

    def unique(pairs: List[Tuple[str, Any]]) -> Dict[str, Any]:
        made = dict(pairs)
        if len(made) != len(pairs):
            has_duplicates.append(True)
        return made

    try:
        data = json.loads(
            text,
            object_pairs_hook=unique,
            parse_float=_finite,
            parse_constant=str,  # NaN, which is no JSON
        )
    except ValueError as error:
        raise ValueError(f"it is not JSON: {one_line(str(error), 200)}") from None
    except RecursionError:
        raise _too_deep() from None
    if is_too_deep(data):
        raise _too_deep()
    lines = _LinesOfJSON(text)
    duplicates = lines.duplicates() if has_duplicates else []
    return data, lines, duplicates


class _LinesOfJSON:
    """Finds lines in a JSON text, which is only searched once a line is asked for."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._places: Optional[Tuple[Dict[str, int], List[str]]] = None

    def __call__(self, pointer: str) -> Optional[int]:
        lines, _ = self._found()
        while pointer and pointer not in lines:
            pointer = pointer.rpartition("/")[0]
        return lines[pointer]

    def duplicates(self) -> List[Tuple[str, int]]:
        lines, found = self._found()
        return [(pointer, lines[pointer]) for pointer in found]

    def _found(self) -> Tuple[Dict[str, int], List[str]]:
        if self._places is None:
            self._places = places_in(self._text)
        return self._places


def _lines_of_yaml(data: Any, lines: Dict[int, Dict[Any, int]]) -> Lines:
    def line_of(pointer: str) -> Optional[int]:
        value, line = data, 1
        for part in pointer_parts(pointer):
            key: Any = part
            if isinstance(value, list) and part.isdecimal():
                key = int(part)
            here = lines.get(id(value), {})
            if key not in here:
                break
            value, line = value[key], here[key]
        return line

    return line_of


def _finite(text: str) -> Any:
    value = float(text)
    return value if math.isfinite(value) else text


def _too_deep() -> ValueError:
    return ValueError(f"it is nested too deeply: more than {MAX_DEPTH} levels")
