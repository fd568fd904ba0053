"""Checks data against the models that it should fit, with all errors at once."""

from ai_spine.sdk_sync.errors import ValidationError
from ai_spine.sdk_sync.validation.context import ValidationContext
from ai_spine.sdk_sync.validation.validators import (
    RequestValidator,
    ResponseValidator,
    TypeValidator,
)

__all__ = [
    "RequestValidator",
    "ResponseValidator",
    "TypeValidator",
    "ValidationContext",
    "ValidationError",
]
