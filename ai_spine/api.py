"""The HTTP client below `AISpine`, under the name that it is known by."""

from ai_spine._sync.api import ApiClient

__all__ = ["ApiClient"]
