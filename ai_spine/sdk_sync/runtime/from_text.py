"""How pydantic reads times, dates and UUIDs, as all models of endpoints do."""

from typing import Any

from pydantic import GetCoreSchemaHandler
from pydantic_core import core_schema

from ai_spine.sdk_sync.runtime.readers import reader_of


class FromText:
    """Reads a time, a date or a UUID from text, and keeps text that is none; for `Annotated`."""

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> core_schema.CoreSchema:
        """Return the schema for pydantic."""
        return core_schema.no_info_plain_validator_function(reader_of(source).read)
