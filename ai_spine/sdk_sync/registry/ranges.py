"""`VersionRange`: which versions of a schema are wanted, as in `>=1.0,<2`."""

import re
from typing import Callable, List, Mapping, Optional, Tuple

from ai_spine.sdk_sync.errors import ConfigError
from ai_spine.sdk_sync.ir import SchemaVersion
from ai_spine.utils import one_line

Version = Tuple[int, ...]
Test = Callable[[Version], bool]
_NUMBER = r"(?:0|[1-9][0-9]{0,8})"
_CONDITION = re.compile(
    rf"(>=|<=|>|<|==|=|!=|\^|~)?\s*({_NUMBER}(?:\.{_NUMBER}){{0,2}}|)"
    r"((?:[xX*]|\.[xX*])?(?:\.[xX*]){0,2})"
)
_SEPARATOR = re.compile(r"\s*,\s*|(?<=[0-9xX*])\s+")
_TESTS: Mapping[str, Callable[[Version, Version], Test]] = {
    ">=": lambda first, after: lambda version: version >= first,
    ">": lambda first, after: lambda version: version >= after,
    "<": lambda first, after: lambda version: version < first,
    "<=": lambda first, after: lambda version: version < after,
    "=": lambda first, after: lambda version: first <= version < after,
    "!=": lambda first, after: lambda version: not first <= version < after,
}
_PARTS = 3
_FORMS = "1.2.3, 1.x, >=1.0,<2, ^1.2 and ~1.2.3"


class VersionRange:
    """A set of versions, written as conditions that must all hold.

    A version with fewer than three numbers stands for all versions that begin with it: `1.2` is
    `1.2.x`, `>1.2` begins at 1.3.0. `^1.2` is what is compatible with it from 1.2.0 on, `~1.2.3`
    what differs in the patch only.

    Args:
        text: The conditions, with commas or spaces between them.

    Raises:
        ConfigError: It is no range.

    Example:
        >>> [SchemaVersion(1, 9) in VersionRange(text) for text in (">=1.0,<2", "^1.2", "~1.2")]
        [True, True, False]
    """

    def __init__(self, text: str) -> None:
        if not isinstance(text, str) or not text.strip():
            raise _no_range(text)
        self._tests: List[Test] = [
            _test_of(condition, text) for condition in _SEPARATOR.split(text.strip())
        ]

    def __contains__(self, version: SchemaVersion) -> bool:
        numbers = (version.major, version.minor, version.patch)
        return all(test(numbers) for test in self._tests)


def _test_of(condition: str, text: str) -> Test:
    found = _CONDITION.fullmatch(condition)
    if found is None:
        raise _no_range(text)
    sign, number, wild = found.groups()
    given = tuple(int(part) for part in number.split(".") if part)
    count = len(given) + len(wild.replace(".", ""))
    if not 1 <= count <= _PARTS or (wild and bool(given) != wild.startswith(".")):
        raise _no_range(text)
    if not given:  # `*`
        if sign is not None:
            raise _no_range(text)
        return lambda version: True
    return _test(sign, given)


def _test(sign: Optional[str], given: Version) -> Test:
    kept = len(given)
    if sign == "^":
        kept = next((n for n, part in enumerate(given, 1) if part), kept)
    elif sign == "~":
        kept = min(kept, _PARTS - 1)
    first = given + (0,) * (_PARTS - len(given))
    after = given[: kept - 1] + (given[kept - 1] + 1,)
    after += (0,) * (_PARTS - kept)
    return _TESTS["=" if sign in (None, "==", "^", "~") else sign](first, after)


def _no_range(text: object) -> ConfigError:
    shown = one_line(repr(text), 100)
    return ConfigError(f"{shown} is no range of versions; ranges look like {_FORMS}")
