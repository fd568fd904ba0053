"""Prints errors: one sentence for people, or JSON where the output is JSON."""

import contextlib
import os
import sys
from typing import Any, Dict, Iterator, Optional, Sequence

import click

from ai_spine.cli import exit_codes
from ai_spine.cli.output.terminal import harmless, put

JSON_FORMATS = ("json", "jsonl")
_FIELDS = (
    "status_code",
    "code",
    "request_id",
    "retry_after",
    "details",
    "execution_id",
)
_TYPES = {
    exit_codes.NOT_FOUND: "NotFoundError",
    exit_codes.USAGE: "UsageError",
    exit_codes.INTERRUPTED: "Interrupted",
    exit_codes.EXECUTION_FAILED: "ExecutionError",
}


def print_error(
    message: str,
    exit_code: int,
    *,
    as_json: bool,
    error: Optional[BaseException] = None,
    more: Optional[Dict[str, Any]] = None,
) -> None:
    """Print an error to stderr, on one line.

    Args:
        message: What was wrong.
        exit_code: What the command will end with.
        as_json: Whether a program reads it.
        error: What was raised, if anything was.
        more: Further fields of the JSON.
    """
    sentence = harmless(message)
    if not as_json:
        echo_error(f"Error: {sentence}")
        return
    fields: Dict[str, Any] = {
        "type": _TYPES.get(exit_code, "Error"),
        "message": sentence,
    }
    if error is not None:
        fields["type"] = type(error).__name__
    fields.update(_known(error))
    fields.update(more or {})
    fields["exit_code"] = exit_code
    echo_error(_line({"error": fields}))


def echo_error(line: str) -> None:
    """Write a line to stderr; a disk that is full stops neither the work nor its exit code."""
    try:
        put(line, err=True)
    except BrokenPipeError:
        raise
    except OSError:
        write_nowhere(sys.stderr)


def _known(error: Optional[BaseException]) -> Dict[str, Any]:
    """Return the fields that an SDK error has besides its sentence."""
    fields = {name: getattr(error, name, None) for name in _FIELDS}
    execution = getattr(error, "execution", None)
    if execution is not None and getattr(execution, "was_started", True):
        fields["execution_id"] = execution.execution_id
    if getattr(error, "maybe_executed", False):
        fields["maybe_executed"] = True
        fields["idempotency_key"] = getattr(error, "idempotency_key", None)
    return {name: value for name, value in fields.items() if value is not None}


def _line(value: Dict[str, Any]) -> str:
    from ai_spine.cli.output.formats import json_text  # a help page waits for no JSON

    try:
        return json_text(value, lines=False)
    except (TypeError, ValueError, RecursionError):  # of what a server has sent along
        value["error"].pop("details", None)
        return json_text(value, lines=False)


def asks_for_json(words: Sequence[str]) -> bool:
    """Return whether a command line that could not be parsed asks for JSON.

    Example:
        >>> asks_for_json(["flows", "--nope", "--output", "json"])
        True
    """
    asked = [
        word[len("--output=") :] if word.startswith("--output=") else following
        for word, following in zip(words, [*words[1:], ""])
        if word == "--output" or word.startswith("--output=")
    ]
    return bool(asked) and asked[-1] in JSON_FORMATS


@contextlib.contextmanager
def closed_pipe_is_quiet() -> Iterator[None]:
    """End a command silently whose reader has gone, as `head` does."""
    try:
        yield
    except BrokenPipeError:
        for stream in (sys.stdout, sys.stderr):
            write_nowhere(stream)
        raise click.exceptions.Exit(exit_codes.CLOSED_PIPE) from None


def write_nowhere(stream: Any) -> None:
    """Lead a stream to nowhere: at exit, Python writes what is left, and would complain."""
    try:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
    except (OSError, ValueError, AttributeError):  # it is not a file
        pass
