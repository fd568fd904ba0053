"""Users and their API keys."""

from dataclasses import dataclass
from datetime import datetime
from typing import Optional

from ai_spine.models.base import Model, attribute, hidden, required
from ai_spine.utils import parse_timestamp


@dataclass(frozen=True, eq=False, repr=False)
class User(Model):
    """Whom a key or an account token belongs to."""

    id: str = required("user_id", "userId")
    """The id of the user."""
    email: Optional[str] = hidden()
    """The user's address."""
    name: Optional[str] = attribute("full_name", "fullName")
    """The user's name."""
    organization: Optional[str] = attribute("company")
    """Whom the user belongs to."""
    plan: Optional[str] = attribute()
    """What the user has subscribed to."""
    credits: Optional[float] = attribute()
    """What is left to spend on executions."""
    rate_limit: Optional[float] = hidden()
    """How many requests may be made; the server says in which time."""
    created_at: Optional[datetime] = hidden(read=parse_timestamp)
    """When the user was registered, in UTC."""


@dataclass(frozen=True, eq=False, repr=False)
class ApiKeyStatus(Model):
    """Whether a user has an API key, and what it may do. No repr shows the key."""

    has_api_key: Optional[bool] = attribute()
    """Whether there is one."""
    api_key: Optional[str] = hidden("key")
    """The key itself, where the server tells it."""
    credits: Optional[float] = attribute()
    """What is left to spend on executions."""
    rate_limit: Optional[float] = attribute()
    """How many requests may be made; the server says in which time."""
    created_at: Optional[datetime] = attribute(read=parse_timestamp)
    """When the key was made, in UTC."""
    last_used_at: Optional[datetime] = attribute(read=parse_timestamp)
    """When the key was last used, in UTC."""


@dataclass(frozen=True, eq=False, repr=False)
class ApiKeyChange(Model):
    """What became of a user's API key. No repr shows the key."""

    message: Optional[str] = attribute()
    """The server's own words."""
    action: Optional[str] = attribute("status")
    """`created`, `regenerated` or `revoked`."""
    api_key: Optional[str] = hidden("key")
    """The new key; keep it, since not every server tells it again."""
