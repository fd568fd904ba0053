"""`UNSET`: what is absent, unlike `None`, which is null."""

from enum import Enum
from typing import Literal


class Unset(Enum):
    """The type of `UNSET`."""

    UNSET = "UNSET"

    # So that type checkers know what is left after `if run.owner:`.
    def __bool__(self) -> Literal[False]:
        return False

    def __repr__(self) -> str:
        return "UNSET"


UNSET = Unset.UNSET
"""Says that a value is absent: a field that is not sent, or a default that there is none of."""
