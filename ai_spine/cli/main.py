"""The `ai-spine` command."""

import sys
import warnings
from typing import Any

import click

from ai_spine.__version__ import __version__
from ai_spine.cli.completing import offer_values
from ai_spine.cli.context import shared_options, wants_json
from ai_spine.cli.errors import asks_for_json, closed_pipe_is_quiet, tell_error
from ai_spine.cli.exit_codes import INTERRUPTED
from ai_spine.cli.groups import Outline
from ai_spine.utils import one_line


class _Root(Outline):
    """The group of everything; it tells a wrong use in one line, where click takes four."""

    def main(self, *args: Any, standalone_mode: bool = True, **extra: Any) -> Any:
        """Runs the command, and ends the process with its exit code."""
        run: Any = super().main
        given = args[0] if args else extra.get("args")
        words = sys.argv[1:] if given is None else list(given)
        try:
            with warnings.catch_warnings():
                warnings.showwarning = _say_warning
                result = run(*args, standalone_mode=False, **extra)
        except click.ClickException as error:
            context = getattr(error, "ctx", None)
            hint = (
                f" (see {context.command_path} --help)" if context is not None else ""
            )
            result = error.exit_code
            as_json = wants_json(context) or asks_for_json(words)
            told = f"{one_line(error.format_message())}{hint}"
            tell_error(told, result, as_json=as_json)
        except click.Abort:
            result = INTERRUPTED
            tell_error("interrupted", result, as_json=asks_for_json(words))
        if standalone_mode:
            sys.exit(result)
        return result

    def make_context(self, *args: Any, **extra: Any) -> click.Context:
        """Reads the options; a help page may be written to a pipe that is closed."""
        with closed_pipe_is_quiet():
            return super().make_context(*args, **extra)

    def invoke(self, context: click.Context) -> Any:
        """Runs what has been read."""
        with closed_pipe_is_quiet():
            return super().invoke(context)


def _say_warning(message: Any, *_: Any, **__: Any) -> None:
    click.echo(f"Warning: {one_line(str(message))}", err=True)


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
    Exit codes: 0 done, 1 API error, 2 usage, 3 authentication, 4 not found,
    5 the execution failed or was cancelled, 6 timeout, 7 rate limit, 8 network,
    130 interrupted, 141 closed pipe.
    """
    if context.invoked_subcommand is None:
        click.echo(context.get_help())


cli.params += shared_options()
offer_values(cli)


def main() -> None:
    """Runs the command; the console script calls it."""
    cli(prog_name="ai-spine")
