"""The `ai-spine` command: its entry point, and what it does before any command runs."""

import contextlib
import os
import sys
import warnings
from typing import Any, Iterator, Sequence

import click

from ai_spine.__version__ import __version__
from ai_spine.cli.commands import shared_options
from ai_spine.cli.errors import wants_json
from ai_spine.cli.exit_codes import INTERRUPTED
from ai_spine.cli.groups import NO_DOCSTRINGS, Outline
from ai_spine.cli.output.errors import (
    asks_for_json,
    closed_pipe_is_quiet,
    echo_error,
    print_error,
    write_nowhere,
)
from ai_spine.cli.output.terminal import StdoutError, harmless, help_width
from ai_spine.cli.value_completion import COMPLETION_VARIABLE, offer_values
from ai_spine.utils import one_line


class _Root(Outline):
    """The root group; it reports wrong usage in one line, where click uses four."""

    def main(self, *args: Any, standalone_mode: bool = True, **extra: Any) -> Any:
        """Run the command, and end the process with its exit code."""
        given = args[0] if args else extra.get("args")
        words = sys.argv[1:] if given is None else list(given)
        run: Any = super().main
        if COMPLETION_VARIABLE in os.environ:
            import ai_spine.cli.bash_completion  # noqa: F401  # click finds it by itself
        try:
            with closed_pipe_is_quiet(), _report_usage_errors(words):
                with warnings.catch_warnings():
                    warnings.showwarning = _say_warning
                    result = run(*args, standalone_mode=False, **extra)
        except click.exceptions.Exit as end:
            result = end.exit_code
        if standalone_mode:
            sys.exit(result)
        return result

    def make_context(self, *args: Any, **extra: Any) -> click.Context:
        """Read the options; a help page may be written to a closed pipe."""
        # Otherwise click imports `shutil`, which takes longer than all modules of the command.
        extra.setdefault("terminal_width", help_width())
        with closed_pipe_is_quiet():
            return super().make_context(*args, **extra)

    def invoke(self, context: click.Context) -> Any:
        """Run the command that was read."""
        with closed_pipe_is_quiet():
            return super().invoke(context)


@contextlib.contextmanager
def _report_usage_errors(words: Sequence[str]) -> Iterator[None]:
    """Report wrong usage in one line, or as JSON if the words ask for it."""
    try:
        with _report_full_disk():
            yield
    except click.ClickException as error:
        context = getattr(error, "ctx", None)
        hint = f" (see {context.command_path} --help)" if context is not None else ""
        as_json = wants_json(context) or asks_for_json(words)
        message = f"{one_line(error.format_message())}{hint}"
        print_error(message, error.exit_code, as_json=as_json)
        raise click.exceptions.Exit(error.exit_code) from None
    except click.Abort:
        print_error("interrupted", INTERRUPTED, as_json=asks_for_json(words))
        raise click.exceptions.Exit(INTERRUPTED) from None


@contextlib.contextmanager
def _report_full_disk() -> Iterator[None]:
    """Turn a stdout that cannot be written into an error, also while a help page is printed."""
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        write_nowhere(sys.stdout)
        raise StdoutError(error) from None
    except StdoutError:
        write_nowhere(sys.stdout)
        raise


def _say_warning(message: Any, *_: Any, **__: Any) -> None:
    echo_error(f"Warning: {harmless(str(message))}")


@click.group(
    cls=_Root,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(__version__, prog_name="ai-spine")
@click.pass_context
def cli(context: click.Context) -> None:
    """Run flows of AI agents on AI Spine.

    Results go to stdout, everything else to stderr.

    \b
    ai-spine --local flows
    ai-spine --local execute credit_analysis -i name=Ana -i amount=15000

    \b
    Exit codes:
    0    done
    1    the server refused the request, or stdout cannot be written
    2    wrong usage, or a wrong setting
    3    authentication
    4    not found
    5    the execution, or one of a batch, failed or was cancelled,
         or the flow to execute does not exist
    6    timeout
    7    rate limit
    8    network
    130  interrupted
    141  the reader of the output exited
    """
    if context.invoked_subcommand is None:
        click.echo(context.get_help())


cli.help = cli.help or NO_DOCSTRINGS
cli.params += shared_options()
offer_values(cli)


def main() -> None:
    """Run the command; the entry point of the console script."""
    cli(prog_name="ai-spine")
