"""`TaggedBy`: the property that says which member of a union an object is."""

from typing import TYPE_CHECKING, Any, Mapping

if TYPE_CHECKING:
    from pydantic import GetCoreSchemaHandler
    from pydantic_core import CoreSchema


class TaggedBy:
    """Says how the objects of a union are distinguished; for `Annotated`.

    Args:
        name: The property, by its name in JSON.
        kinds: The members of the union, by the values of the property.
    """

    def __init__(self, name: str, kinds: Mapping[str, Any]) -> None:
        self.name = name
        self.kinds = kinds

    def __get_pydantic_core_schema__(
        self, source: Any, handler: "GetCoreSchemaHandler"
    ) -> "CoreSchema":
        """Return the schema for pydantic."""
        from ai_spine.sdk_sync.runtime.pydantic_types import tagged_schema

        return tagged_schema(self.name, self.kinds, source, handler)
