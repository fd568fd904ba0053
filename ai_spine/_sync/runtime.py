"""What the two clients do differently. By hand: `_async/runtime.py` is its other half."""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from types import CoroutineType
from typing import Any, Callable, Iterator

from ai_spine.exceptions import ConfigurationError, ValidationError
from ai_spine.policy.request_events import log_hook_error
from ai_spine.policy.settings import Settings
from ai_spine.policy.tokens import Token
from ai_spine.policy.validation import ErrorClass, is_async

Sleep = Callable[[float], None]
sleep: Sleep = time.sleep


@contextmanager
def turn_of(token: Token) -> Iterator[None]:
    """Let one thread at a time ask for a token."""
    with token.lock:
        yield


def who_asks() -> Any:
    """Return the thread that runs."""
    return threading.get_ident()


def result_of(source: Any) -> Any:
    """Return what a caller's function returns; a coroutine is closed, since nobody awaits it."""
    return returned_by(source)


def run_hook(name: str, hook: Callable[[Any], Any], argument: Any) -> None:
    """Call a hook; an error in it must not break the call that it observes."""
    try:
        hook(argument)
    except Exception:
        log_hook_error(name, hook)


def returned_by(function: Callable[..., Any], *arguments: Any) -> Any:
    """Return what a caller's function returns; a coroutine is closed, since nobody awaits it."""
    result = function(*arguments)
    if isinstance(result, CoroutineType):
        result.close()
    return result


def call_back(callback: Callable[[Any], Any], argument: Any) -> None:
    """Call a caller's function; what it raises ends the call."""
    callback(argument)


def check_callback(
    name: str,
    value: Any,
    error: ErrorClass = ValidationError,
    client: str = "AISpine",
) -> None:
    """Refuse an async function, which this client cannot await.

    Raises:
        ValidationError: It is one (or `error`, if given).
    """
    if is_async(value):
        raise error(f"{name} must be a plain function: Async{client} takes async ones")


def check_hooks(settings: Settings) -> None:
    """Refuse async hooks, and async functions for keys.

    Raises:
        ConfigurationError: One is async.
    """
    for name in ("api_key", "access_token"):
        secret = getattr(settings, name)
        check_callback(name, secret and secret.reveal(), ConfigurationError)
    for name, credential in settings.credentials.items():
        source = credential.secret.reveal()
        check_callback(name, source, ConfigurationError, settings.client)
    for name, hooks in settings.event_hooks.items():
        for hook in hooks:
            check_callback(f"event_hooks[{name!r}]", hook, ConfigurationError)
    check_callback("on_credits_low", settings.on_credits_low, ConfigurationError)


@contextmanager
def naming_execution(doing: str, execution_id: str) -> Iterator[None]:
    """Name the execution that goes on in the text of a Ctrl-C."""
    try:
        yield
    except KeyboardInterrupt:
        raise KeyboardInterrupt(
            f"stopped {doing} execution {execution_id}, which continues"
        ) from None
