"""How lists and objects are written in a query, a form or a cookie, as OpenAPI names it. Pure."""

import re
from collections.abc import Mapping
from typing import Any, Callable, Iterator, List, Tuple
from urllib.parse import quote

from ai_spine.sdk_sync.runtime.values import text_of

Quote = Callable[[str], str]
Pair = Tuple[str, str]
_DELIMITERS = {"spaceDelimited": " ", "pipeDelimited": "|"}
# `#`, `&` and `+` are reserved too, but would end the value, or become a space.
_RESERVED = ":/?[]@!$'()*,;="
_ENCODED = "(%[0-9A-Fa-f]{2})"


def pairs_of(
    name: str, value: Any, style: str, explode: bool, quoted: Quote
) -> Iterator[Pair]:
    """Yield the names and values that a value is written as.

    `None` is left out, and so are empty lists and objects. Lists and objects within others are
    JSON, except in the style `deepObject`, which writes all levels as `name[key][0]`.

    Args:
        name: The name of the parameter or the field.
        value: The value, which is plain.
        style: `form`, `spaceDelimited`, `pipeDelimited` or `deepObject`.
        explode: Whether each item is written on its own.
        quoted: Quotes names and values.

    Example:
        >>> list(pairs_of("a", [1, 2], "form", False, quote))
        [('a', '1,2')]
        >>> list(pairs_of("a", {"b": {"c": [5]}}, "deepObject", True, str))
        [('a[b][c][0]', '5')]
    """
    if style == "deepObject":
        yield from _deep_pairs(name, value, quoted)
    elif isinstance(value, Mapping) and explode:
        for key, each in items_of(value):
            yield quoted(key), quoted(each)
    elif isinstance(value, list) and explode:
        for each in parts_of(value):
            yield quoted(name), quoted(each)
    elif isinstance(value, (Mapping, list)):
        parts = [quoted(each) for each in parts_of(value)]
        delimiter = _DELIMITERS.get(style)
        if parts:
            between = "," if delimiter is None else quoted(delimiter)
            yield quoted(name), between.join(parts)
    elif value is not None:
        yield quoted(name), quoted(text_of(value))


def parts_of(value: Any) -> List[str]:
    """Return the items of a list, or the keys and values of an object, as texts.

    Example:
        >>> parts_of([1, None, True]), parts_of({"a": 1})
        (['1', 'true'], ['a', '1'])
    """
    if isinstance(value, Mapping):
        return [text for pair in items_of(value) for text in pair]
    return [text_of(each) for each in value if each is not None]


def items_of(value: "Mapping[str, Any]") -> List[Pair]:
    """Return the keys and values of an object as texts; `None` is left out."""
    return [(key, text_of(each)) for key, each in value.items() if each is not None]


def quote_reserved(text: str) -> str:
    """Quote a value, except for reserved characters and what is quoted already.

    Example:
        >>> quote_reserved("a/b?c=d%20e&f")
        'a/b?c=d%20e%26f'
    """
    parts = re.split(_ENCODED, text)
    quoted = [quote(each, safe=_RESERVED) for each in parts[::2]]
    return "".join(each for pair in zip(quoted, [*parts[1::2], ""]) for each in pair)


def _deep_pairs(name: str, value: Any, quoted: Quote) -> Iterator[Pair]:
    if isinstance(value, Mapping):
        children = list(value.items())
    elif isinstance(value, list):
        children = list(enumerate(value))
    else:
        if value is not None:
            yield quoted(name), quoted(text_of(value))
        return
    for key, each in children:
        yield from _deep_pairs(f"{name}[{key}]", each, quoted)
