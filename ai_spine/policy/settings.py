"""The settings of a client, checked and complete."""

from typing import (
    Any,
    Awaitable,
    Callable,
    Mapping,
    NamedTuple,
    Optional,
    Sequence,
    Tuple,
    Union,
)

from ai_spine.utils import Secret

Hook = Callable[[Any], None]
Hooks = Mapping[str, Union[Hook, Sequence[Hook]]]
AsyncHook = Callable[[Any], Union[None, Awaitable[None]]]
AsyncHooks = Mapping[str, Union[AsyncHook, Sequence[AsyncHook]]]


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

    def __repr__(self) -> str:  # headers may hold secrets
        return f"Settings(base_url={self.base_url!r})"
