"""The settings of a client, checked and complete."""

from typing import (
    Any,
    Awaitable,
    Callable,
    Dict,
    Mapping,
    NamedTuple,
    Optional,
    Sequence,
    Tuple,
    Union,
)

from ai_spine.constants import TENANT_HEADER, WORKSPACE_HEADER
from ai_spine.policy.credentials import ApiCredential
from ai_spine.utils import Secret

Hook = Callable[[Any], None]
Hooks = Mapping[str, Union[Hook, Sequence[Hook]]]
AsyncHook = Callable[[Any], Union[None, Awaitable[None]]]
AsyncHooks = Mapping[str, Union[AsyncHook, Sequence[AsyncHook]]]


Key = Union[str, Callable[[], str]]
"""A key or a token, or a function that returns it."""
AsyncKey = Union[str, Callable[[], Union[str, Awaitable[str]]]]
"""The same for a client that can await the function."""


class Phases(NamedTuple):
    """How long the parts of an attempt may take, in seconds; `None` for as long as the attempt."""

    connect: Optional[float]
    """Until a connection stands."""
    read: Optional[float]
    """Without a byte of the response."""
    write: Optional[float]
    """Until the request has been sent."""

    def least(self, name: str, seconds: float) -> float:
        """Return the limit of a part, within so many seconds."""
        limit: Optional[float] = getattr(self, name)
        return seconds if limit is None else min(limit, seconds)


class Settings(NamedTuple):
    """The settings of a client, checked and complete."""

    api_key: Optional[Secret]
    base_url: str
    timeout: float
    max_retries: int
    debug: bool
    api_prefix: str
    deadline: Optional[float]
    retry_writes: bool
    retry_after_limit: float
    headers: Mapping[str, str]
    proxies: Mapping[str, Secret]
    verify: Union[bool, str]
    cert: Union[None, str, Tuple[str, str]]
    pool_size: int
    event_hooks: Mapping[str, Tuple[Hook, ...]]
    access_token: Optional[Secret]
    on_credits_low: Optional[Callable[[float], Any]]
    credits_low_at: float
    log_bodies: bool
    json_default: Optional[Callable[[Any], Any]] = None
    tenant: Optional[str] = None
    workspace: Optional[str] = None
    tenant_header: str = TENANT_HEADER
    workspace_header: str = WORKSPACE_HEADER
    tracing: bool = True
    credentials: Mapping[str, ApiCredential] = {}
    """What authorises exchanges, by name."""
    client: str = "AsyncAISpine"
    """The name of the client's class, for messages."""
    key_argument: str = "api_key"
    """The name of the argument for what authorises requests, for messages."""
    retry_budget: Optional[float] = None
    """Retries for each call, on average; `None` for any number."""
    phases: Optional[Phases] = None
    """How long the parts of an attempt may take; `None` for no limits beyond the attempt's."""

    def tenancy_headers(self) -> Dict[str, str]:
        """Return the headers that say for whom a request is."""
        named = {
            self.tenant_header: self.tenant,
            self.workspace_header: self.workspace,
        }
        return {name: value for name, value in named.items() if value is not None}

    def __repr__(self) -> str:  # headers may hold secrets
        return f"Settings(base_url={self.base_url!r})"
