"""`OpenEnum`: an enum of texts that keeps those that a later version of an API has added."""

from enum import Enum
from typing import TYPE_CHECKING, Any, Optional, Type, TypeVar

if TYPE_CHECKING:
    from pydantic import GetCoreSchemaHandler
    from pydantic_core import CoreSchema

E = TypeVar("E", bound="OpenEnum")


class OpenEnum(str, Enum):
    """An enum of texts; each member is equal to its text.

    A text that is none of its values is kept, as a member that is not known.

    Example:
        >>> class Tier(OpenEnum):
        ...     AUTO = "Auto"
        >>> Tier("Auto") is Tier.AUTO, Tier("Later").is_known, Tier("Later") == "Later"
        (True, False, True)
    """

    @property
    def is_known(self) -> bool:
        """Whether it is one of the values that the enum was generated with."""
        return self.value in type(self)._value2member_map_

    @classmethod
    def _missing_(cls: Type[E], value: object) -> Optional[E]:
        if not isinstance(value, str):
            return None
        made = str.__new__(cls, value)
        made._name_ = made._value_ = str(value)
        return made

    @classmethod
    def __get_pydantic_core_schema__(
        cls, source: Any, handler: "GetCoreSchemaHandler"
    ) -> "CoreSchema":
        """Return the schema for pydantic: any text fits."""
        from pydantic_core import core_schema

        return core_schema.no_info_after_validator_function(
            cls, core_schema.str_schema(strict=True)
        )

    def __str__(self) -> str:
        return str(self.value)

    def __format__(self, spec: str) -> str:
        return format(str(self.value), spec)

    def __hash__(self) -> int:
        return hash(self.value)

    def __repr__(self) -> str:
        known = f".{self.name}" if self.is_known else ""
        return f"<{type(self).__name__}{known}: {self.value!r}>"

    def __deepcopy__(self: E, memo: Any) -> E:
        return self

    def __copy__(self: E) -> E:
        return self
