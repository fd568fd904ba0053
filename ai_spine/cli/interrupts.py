"""What Ctrl-C does during a wait: it shows how to continue, or cancels the execution."""

import contextlib
import shlex
from typing import Iterator, NoReturn, Optional

from ai_spine.cli.errors import fail
from ai_spine.cli.exit_codes import INTERRUPTED
from ai_spine.cli.output.errors import JSON_FORMATS
from ai_spine.cli.output.printing import say
from ai_spine.cli.session import session
from ai_spine.client import AISpine
from ai_spine.exceptions import AISpineError

# The options that lead to the same server and account; a key is never shown.
_LEADING = ("profile", "base_url")


@contextlib.contextmanager
def starting(what: str, flow_id: Optional[str] = None) -> Iterator[None]:
    """Report a Ctrl-C while an execution is being started, which may or may not run.

    Args:
        what: What was going on, such as `flow f was being started`.
        flow_id: The flow, if it is known.
    """
    try:
        yield
    except KeyboardInterrupt:
        message = f"interrupted while {what}"
        if not session().options.get("local"):
            arguments = [] if flow_id is None else [f"--flow={flow_id}"]
            look = _command("executions list", *arguments)
            message += f"; it may run: check with {look}"
        fail(message, INTERRUPTED)


@contextlib.contextmanager
def waiting(client: AISpine, execution_id: str, cancel: bool) -> Iterator[None]:
    """On Ctrl-C during a wait, show how to continue, or cancel the execution.

    Args:
        client: The client to cancel with.
        execution_id: The execution.
        cancel: Whether to cancel it.
    """
    try:
        yield
    except KeyboardInterrupt:
        if cancel:
            _cancel(client, execution_id)
        if session().options.get("local"):
            message = (
                f"interrupted; execution {execution_id} ends with the local server"
            )
            fail(message, INTERRUPTED, more={"execution_id": execution_id})
        _leave(
            f"stopped waiting for execution {execution_id}, which continues",
            execution_id,
        )


def _cancel(client: AISpine, execution_id: str) -> NoReturn:
    try:
        say(f"cancelling execution {execution_id}; press Ctrl-C again to leave now")
        execution = client.cancel_execution(execution_id)
    except KeyboardInterrupt:
        message = f"interrupted before it was known whether execution {execution_id} is cancelled"
        _leave(message, execution_id)
    except AISpineError as error:
        _leave(
            f"execution {execution_id} could not be cancelled: {error}", execution_id
        )
    message = f"interrupted; execution {execution_id} is {execution.status}"
    more = {"execution_id": execution_id, "status": str(execution.status)}
    fail(message, INTERRUPTED, more=more)


def _leave(message: str, execution_id: str) -> NoReturn:
    """End with the commands to continue with, on their own lines or as fields of the JSON."""
    commands = {
        "resume": _command("wait", execution_id),
        "cancel": _command("cancel", execution_id),
    }
    if session().options.get("local"):  # the server ends with this command
        commands = {}
    try:
        fail(message, INTERRUPTED, more={"execution_id": execution_id, **commands})
    finally:
        if commands and session().output not in JSON_FORMATS:
            say(f"To wait for it: {commands['resume']}")
            say(f"To cancel it: {commands['cancel']}")


def _command(words: str, *arguments: str) -> str:
    """Return a command to type that leads to the same server."""
    options = session().options
    leading = [
        f"--{name.replace('_', '-')} {shlex.quote(str(options[name]))}"
        for name in _LEADING
        if options.get(name)
    ]
    quoted = list(map(shlex.quote, arguments))
    if words != "executions list" and any(each.startswith("-") for each in arguments):
        quoted.insert(0, "--")  # the id looks like an option
    return " ".join(["ai-spine", words, *leading, *quoted])
