"""What the signatures of generated clients name: types of settings, and their defaults."""

from typing import TYPE_CHECKING

from ai_spine.constants import (
    DEFAULT_MAX_RETRIES,
    DEFAULT_POOL_SIZE,
    DEFAULT_RETRY_AFTER_LIMIT,
    DEFAULT_TIMEOUT,
)

if TYPE_CHECKING:
    from ai_spine.policy.settings import AsyncHooks, AsyncKey, Hooks, Key
    from ai_spine.policy.validation import Duration
    from ai_spine.transport.requests import Session
    from ai_spine.transport.sessions import AsyncSession

__all__ = [
    "DEFAULT_MAX_RETRIES",
    "DEFAULT_POOL_SIZE",
    "DEFAULT_RETRY_AFTER_LIMIT",
    "DEFAULT_TIMEOUT",
    "AsyncHooks",
    "AsyncKey",
    "AsyncSession",
    "Duration",
    "Hooks",
    "Key",
    "Session",
]
