"""Ends a command that fails: one line on stderr, and the exit code for it."""

import functools
from typing import Any, Callable, Dict, NoReturn, Optional, TypeVar, cast

import click

from ai_spine.cli.exit_codes import (
    API_ERROR,
    INTERRUPTED,
    NOT_FOUND,
    USAGE,
    exit_code_of,
)
from ai_spine.cli.output.errors import JSON_FORMATS, print_error
from ai_spine.cli.session import Session, session
from ai_spine.utils.did_you_mean import hint

F = TypeVar("F", bound=Callable[..., Any])
_IDS = ("flow_id", "agent_id", "tool_id")


def errors_in_one_line(function: F) -> F:
    """End a command that fails with one line on stderr and the exit code for it."""

    @functools.wraps(function)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        try:
            return function(*args, **kwargs)
        except KeyboardInterrupt as interrupt:
            fail(str(interrupt) or "interrupted", INTERRUPTED)
        except (
            click.ClickException,
            click.exceptions.Exit,
            click.Abort,
            BrokenPipeError,
        ):
            raise
        except Exception as error:
            _fail_for(error)

    return cast(F, guarded)


def _fail_for(error: Exception) -> NoReturn:
    from ai_spine.exceptions import (
        AISpineError,
        InsecureTransportWarning,
        ProfileWarning,
    )

    if isinstance(error, AISpineError):
        code = exit_code_of(error)
        # A tool's failure has no execution of a flow.
        execution = getattr(error, "execution", None)
        is_unknown = getattr(execution, "was_started", True) is False
        known = getattr(type(error), "code", None)  # only errors of SDK-Sync have one
        mark = f" [{known}]" if known else ""
        more = meant() if is_unknown else _how_to_give_a_key(error)
        fail(f"{error}{more}{mark}", code, error=error)
    if isinstance(error, (InsecureTransportWarning, ProfileWarning)):
        fail(str(error), USAGE, error=error)  # the user has turned warnings into errors
    # A bug of this program.
    if session().options.get("debug"):
        raise error
    kind = type(error).__name__
    fail(f"unexpected {kind}: {error}; --debug shows where it comes from")


def _how_to_give_a_key(error: Exception) -> str:
    """Return the end of a sentence about a request that was refused since it had no key."""
    if getattr(error, "status_code", None) != 401 or not session().sends_no_key:
        return ""
    return "; no key was sent: set AI_SPINE_API_KEY, or use --api-key-file"


def fail(
    message: str,
    exit_code: int = API_ERROR,
    *,
    error: Optional[BaseException] = None,
    more: Optional[Dict[str, Any]] = None,
) -> NoReturn:
    """Print one line to stderr, and end the command.

    Args:
        message: What was wrong.
        exit_code: The exit code.
        error: The exception, if there was one.
        more: Further fields, if the error is printed as JSON.
    """
    if exit_code == NOT_FOUND:
        message += meant()
    as_json = wants_json(click.get_current_context())
    print_error(message, exit_code, as_json=as_json, error=error, more=more)
    raise click.exceptions.Exit(exit_code)


def wants_json(context: Optional[click.Context]) -> bool:
    """Return whether errors must be printed as JSON, as far as the options have been read."""
    known = context.find_object(Session) if context is not None else None
    try:
        return known is not None and known.output in JSON_FORMATS
    except ValueError:  # the profile cannot be read
        return False


def meant() -> str:
    """Return the end of a sentence that suggests an existing flow or agent."""
    from ai_spine.cli.known_ids import known_ids

    given = click.get_current_context().params
    for kind in _IDS:
        if isinstance(given.get(kind), str):
            return hint(given[kind], known_ids(kind, session()))
    return ""
