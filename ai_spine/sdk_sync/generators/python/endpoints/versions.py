"""Versions of APIs as versions of packages."""

import re

_STAGES = {"alpha": "a", "a": "a", "beta": "b", "b": "b", "preview": "rc", "pre": "rc"}
_STAGES.update({"rc": "rc", "c": "rc"})
_NUMBERS = re.compile(r"v?([0-9]+(?:[._-][0-9]+)*)", re.IGNORECASE)
_STAGE = re.compile(r"[._-]?([a-z]+)[._-]?([0-9]*)", re.IGNORECASE)
FIRST = "0.0.0"


def package_version(text: str) -> str:
    """Return the version of an API as PEP 440 has versions; `0.0.0` if it has no number.

    Example:
        >>> package_version("v1.2.0-beta.3+build7"), package_version("2024-05-01")
        ('1.2.0b3', '2024.5.1')
        >>> package_version("1.0.0-SNAPSHOT"), package_version("latest")
        ('1.0.0.dev0', '0.0.0')
    """
    text = text.strip().partition("+")[0]
    found = _NUMBERS.match(text)
    if found is None:
        return FIRST
    numbers = [str(int(each)) for each in re.split("[._-]", found[1])]
    version = ".".join(numbers[:6])
    stage = _STAGE.match(text[found.end() :])
    if stage is None:
        return version
    letter = _STAGES.get(stage[1].lower())
    number = int(stage[2] or 0)
    return f"{version}.dev{number}" if letter is None else f"{version}{letter}{number}"
