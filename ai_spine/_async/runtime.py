"""What the two clients do differently. By hand: `_sync/runtime.py` is its other half."""

import asyncio
from contextlib import asynccontextmanager, contextmanager
from inspect import isawaitable
from typing import Any, AsyncIterator, Awaitable, Callable, Iterator

from ai_spine.exceptions import ValidationError
from ai_spine.policy.request_events import fields, log, log_hook_error
from ai_spine.policy.settings import Settings
from ai_spine.policy.tokens import Token
from ai_spine.policy.validation import ErrorClass

Sleep = Callable[[float], Awaitable[None]]
sleep: Sleep = asyncio.sleep


@asynccontextmanager
async def turn_of(token: Token) -> AsyncIterator[None]:
    """Let one task of an event loop at a time ask for a token."""
    loop = asyncio.get_running_loop()
    if token.lock_of_loop is None or token.lock_of_loop[0] is not loop:
        token.lock_of_loop = loop, asyncio.Lock()
    async with token.lock_of_loop[1]:
        yield


def who_asks() -> Any:
    """Return the task that runs."""
    return asyncio.current_task()


async def result_of(source: Any) -> Any:
    """Return what a caller's function returns, plain or async."""
    return await returned_by(source)


async def run_hook(name: str, hook: Callable[[Any], Any], argument: Any) -> None:
    """Call a hook, plain or async; an error in it must not break the call that it observes."""
    try:
        await call_back(hook, argument)
    except Exception:
        log_hook_error(name, hook)


async def returned_by(function: Callable[..., Any], *arguments: Any) -> Any:
    """Return what a caller's function returns for these arguments, plain or async."""
    result = function(*arguments)
    return await result if isawaitable(result) else result


async def call_back(callback: Callable[[Any], Any], argument: Any) -> None:
    """Call a caller's function, plain or async; what it raises ends the call."""
    result = callback(argument)
    if isawaitable(result):
        await result


def check_callback(
    name: str,
    value: Any,
    error: ErrorClass = ValidationError,
    client: str = "AISpine",
) -> None:
    """Accept any function: this client awaits those that are async."""


def check_hooks(settings: Settings) -> None:
    """Accept any hooks: this client awaits those that are async."""


@contextmanager
def naming_execution(doing: str, execution_id: str) -> Iterator[None]:
    """Log which execution goes on when the task that follows it is cancelled."""
    try:
        yield
    except asyncio.CancelledError:
        log.debug(
            "stopped %s execution %s, which continues",
            doing,
            execution_id,
            extra=fields(execution_id=execution_id),
        )
        raise
