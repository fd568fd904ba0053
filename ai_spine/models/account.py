"""Users and their API keys."""

from datetime import datetime
from typing import Optional

from ai_spine.models.base import Model, attribute, hidden, required
from ai_spine.models.lazy_dataclass import lazy_dataclass
from ai_spine.utils import parse_timestamp


@lazy_dataclass(frozen=True, eq=False, repr=False)
class User(Model):
    """The owner of a key or of an account token."""

    id: str = required("user_id", "userId")
    """The id of the user."""
    email: Optional[str] = hidden()
    """The user's email address."""
    name: Optional[str] = attribute("full_name", "fullName")
    """The user's name."""
    organization: Optional[str] = attribute("company")
    """The organization of the user."""
    plan: Optional[str] = attribute()
    """The plan that the user has subscribed to."""
    credits: Optional[float] = attribute()
    """The credits that are left."""
    rate_limit: Optional[float] = hidden()
    """How many requests are allowed; the server says in which time."""
    created_at: Optional[datetime] = hidden(read=parse_timestamp)
    """When the user was registered, in UTC."""


@lazy_dataclass(frozen=True, eq=False, repr=False)
class ApiKeyStatus(Model):
    """Whether a user has an API key, and what it allows. No repr shows the key."""

    has_api_key: Optional[bool] = attribute()
    """Whether there is a key."""
    api_key: Optional[str] = hidden("key")
    """The key itself, if the server sends it."""
    credits: Optional[float] = attribute()
    """The credits that are left."""
    rate_limit: Optional[float] = attribute()
    """How many requests are allowed; the server says in which time."""
    created_at: Optional[datetime] = attribute(read=parse_timestamp)
    """When the key was created, in UTC."""
    last_used_at: Optional[datetime] = attribute(read=parse_timestamp)
    """When the key was last used, in UTC."""


@lazy_dataclass(frozen=True, eq=False, repr=False)
class ApiKeyChange(Model):
    """The outcome of generating or revoking an API key. No repr shows the key."""

    message: Optional[str] = attribute()
    """The server's message."""
    action: Optional[str] = attribute("status")
    """`created`, `regenerated` or `revoked`."""
    api_key: Optional[str] = hidden("key")
    """The new key; keep it, since not every server sends it again."""
