"""Reads YAML as the JSON that its author meant, and remembers lines.

Keys are texts as they are written, so that the status `200` is "200"; dates, `on` and `yes` are
texts as well, as in YAML 1.2.
"""

import math
import re
from typing import Any, Dict, List, NamedTuple, Optional, Tuple

from ai_spine.flows.definitions import MAX_DEPTH, yaml_fault
from ai_spine.sdk_sync.ir.references import escaped
from ai_spine.utils import one_line

MAX_VALUES = 5_000_000  # in a file, with each alias written out
_WORDS = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_INTEGER = re.compile(r"[-+]?[0-9]{1,400}")
_BASED = re.compile(r"0o[0-7]{1,400}|0x[0-9a-fA-F]{1,400}")
_NUMBER = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_NUMERIC = frozenset("-+.0123456789")
_RESOLVED_TAGS = {f"tag:yaml.org,2002:{kind}" for kind in ("int", "float", "bool")}
_MERGE = "<<"
_TEXTS = ("/openapi", "/swagger", "/info/version")  # of which 1.10 is not 1.1


class Yaml(NamedTuple):
    """The content of a YAML file."""

    data: Any
    lines: Dict[int, Dict[Any, int]]
    """The lines of the entries of each mapping and list, by the `id` of that."""
    duplicates: List[Tuple[str, int]]
    """The JSON Pointer and the line of each key that is there twice."""


def read_yaml(text: str) -> Yaml:
    """Return the content of a YAML text.

    Raises:
        ValueError: It is not YAML, too deep or too large, or has a key that is no text.
        ModuleNotFoundError: PyYAML is not installed.

    Example:
        >>> read_yaml("200: {on: yes, day: 2024-01-02, size: 3}").data
        {'200': {'on': 'yes', 'day': '2024-01-02', 'size': 3}}
    """
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)(text)
    try:
        return _Builder(yaml, loader).document()
    except yaml.YAMLError as error:
        raise ValueError(f"it is not YAML: {yaml_fault(error)}") from None
    finally:
        loader.dispose()


def scalar_of(text: str) -> Any:
    """Return what a plain scalar is in YAML 1.2.

    Example:
        >>> [scalar_of(each) for each in ("no", "0x1F", "1e3", "~", "1.2.3")]
        ['no', 31, 1000.0, None, '1.2.3']
    """
    if text in _WORDS:
        return _WORDS[text]
    if text[0] not in _NUMERIC:
        return text
    if _INTEGER.fullmatch(text):
        return int(text)
    if _BASED.fullmatch(text):
        return int(text, 0)
    if _NUMBER.fullmatch(text) and math.isfinite(float(text)):
        return float(text)
    return text


class _Builder:
    """Builds values from the events of a parser; those of aliases are shared."""

    def __init__(self, yaml: Any, loader: Any) -> None:
        self._yaml, self._loader = yaml, loader
        self._anchors: Dict[str, Tuple[Any, int]] = {}  # values, and their sizes
        self._size = 0
        self._lines: Dict[int, Dict[Any, int]] = {}
        self._duplicates: List[Tuple[str, int]] = []

    def document(self) -> Yaml:
        next_event, yaml = self._loader.get_event, self._yaml
        next_event()  # the start of the stream
        if self._loader.check_event(yaml.StreamEndEvent):
            return Yaml(None, {}, [])
        next_event()
        data = self._value(next_event(), "", 0)
        next_event()
        if not self._loader.check_event(yaml.StreamEndEvent):
            raise ValueError("it holds more than one document")
        return Yaml(data, self._lines, self._duplicates)

    def _value(self, event: Any, pointer: str, depth: int) -> Any:
        yaml = self._yaml
        if isinstance(event, yaml.AliasEvent):
            return self._aliased(event)
        before = self._size
        self._count(1)
        if isinstance(event, yaml.ScalarEvent):
            value = event.value if pointer in _TEXTS else _scalar(event)
        elif depth == MAX_DEPTH:
            raise ValueError(f"it is nested too deeply: more than {MAX_DEPTH} levels")
        elif isinstance(event, yaml.SequenceStartEvent):
            value = self._list(pointer, depth)
        else:
            value = self._mapping(pointer, depth)
        if event.anchor is not None:
            self._anchors[event.anchor] = value, self._size - before
        return value

    def _aliased(self, event: Any) -> Any:
        if event.anchor not in self._anchors:
            shown = one_line(event.anchor, 60)
            line = event.start_mark.line + 1
            raise ValueError(f"the alias *{shown} in line {line} leads to nothing")
        value, size = self._anchors[event.anchor]
        self._count(size)
        return value

    def _count(self, values: int) -> None:
        self._size += values
        if self._size > MAX_VALUES:
            raise ValueError(f"it holds more than {MAX_VALUES} values")

    def _list(self, pointer: str, depth: int) -> List[Any]:
        made: List[Any] = []
        lines = self._lines[id(made)] = {}
        for event in iter(self._loader.get_event, None):
            if isinstance(event, self._yaml.SequenceEndEvent):
                break
            lines[len(made)] = event.start_mark.line + 1
            made.append(self._value(event, f"{pointer}/{len(made)}", depth + 1))
        return made

    def _mapping(self, pointer: str, depth: int) -> Dict[str, Any]:
        made: Dict[str, Any] = {}
        lines = self._lines[id(made)] = {}
        merged: List[Any] = []
        for event in iter(self._loader.get_event, None):
            if isinstance(event, self._yaml.MappingEndEvent):
                break
            key, line = self._key(event), event.start_mark.line + 1
            at = f"{pointer}/{escaped(key)}"
            value = self._value(self._loader.get_event(), at, depth + 1)
            if key == _MERGE and event.implicit[0]:
                merged += value if isinstance(value, list) else [value]
                continue
            if key in made:
                self._duplicates.append((at, line))
            made[key], lines[key] = value, line
        for other in merged:
            self._merge(other, made, lines)
        return made

    def _merge(self, other: Any, made: Dict[str, Any], lines: Dict[Any, int]) -> None:
        if not isinstance(other, dict):
            raise ValueError("a merge key << has a value that is no mapping")
        for key, value in other.items():
            if key not in made:
                made[key] = value
                lines[key] = self._lines[id(other)][key]

    def _key(self, event: Any) -> str:
        if isinstance(event, self._yaml.AliasEvent):
            value = self._aliased(event)
            if isinstance(value, str):
                return value
        elif isinstance(event, self._yaml.ScalarEvent):
            if event.anchor is not None:
                self._anchors[event.anchor] = event.value, 1
            text: str = event.value
            return text
        raise ValueError(f"line {event.start_mark.line + 1} has a key that is no text")


def _scalar(event: Any) -> Any:
    tag: Optional[str] = event.tag
    is_plain = tag is None and event.implicit[0]
    if is_plain or tag in _RESOLVED_TAGS:
        return scalar_of(event.value)
    return None if tag == "tag:yaml.org,2002:null" else event.value
