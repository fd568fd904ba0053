"""`SchemaVersion`: the version of a schema, a tool or a whole specification."""

import re
from dataclasses import dataclass

from ai_spine.sdk_sync.errors import ConfigError
from ai_spine.utils import one_line

_MOST = 999_999_999
_VERSION = re.compile(r"(0|[1-9][0-9]{0,8})\.(0|[1-9][0-9]{0,8})\.(0|[1-9][0-9]{0,8})")


@dataclass(frozen=True, order=True)
class SchemaVersion:
    """A semantic version: major for breaking changes, minor for additions, patch for the rest.

    Attributes:
        major: Raised when data of the version before may not fit any longer.
        minor: Raised when something is added that needs no change of the data.
        patch: Raised for anything else.

    Raises:
        ConfigError: A part is no whole number from 0 to 999,999,999.

    Example:
        >>> SchemaVersion(1, 2, 0) < SchemaVersion.parse("1.10.0")
        True
    """

    major: int
    minor: int = 0
    patch: int = 0

    def __post_init__(self) -> None:
        for name in ("major", "minor", "patch"):
            part = getattr(self, name)
            if (
                isinstance(part, bool)
                or not isinstance(part, int)
                or not 0 <= part <= _MOST
            ):
                shown = one_line(repr(part), 60)
                raise ConfigError(
                    f"the {name} part of a version must be a whole number from 0 to {_MOST}, "
                    f"not {shown}"
                )

    @classmethod
    def parse(cls, text: str) -> "SchemaVersion":
        """Return the version that a text such as `1.2.3` names.

        Raises:
            ConfigError: It is no such text.

        Example:
            >>> SchemaVersion.parse("1.2.3")
            SchemaVersion(major=1, minor=2, patch=3)
        """
        found = _VERSION.fullmatch(text) if isinstance(text, str) else None
        if found is None:
            shown = one_line(repr(text), 60)
            raise ConfigError(
                f"a version has three numbers, such as 1.2.3; {shown} has not"
            )
        return cls(*map(int, found.groups()))

    def is_compatible_with(self, other: "SchemaVersion") -> bool:
        """Return whether both have the same major part; before 1.0.0, the same minor as well.

        Example:
            >>> SchemaVersion(1).is_compatible_with(SchemaVersion(1, 2))
            True
            >>> SchemaVersion(0, 1).is_compatible_with(SchemaVersion(0, 2))
            False
        """
        if self.major == other.major == 0:
            return self.minor == other.minor
        return self.major == other.major

    def __str__(self) -> str:
        return f"{self.major}.{self.minor}.{self.patch}"
