"""Makes functions commands: with the shared options, completion, and errors in one line."""

import functools
from typing import Any, Callable, List, Optional, TypeVar, cast

import click

from ai_spine.cli.errors import errors_in_one_line
from ai_spine.cli.groups import Noun, help_without_docstrings
from ai_spine.cli.output.options import check_output, output_options
from ai_spine.cli.session import Session, session
from ai_spine.cli.value_completion import offer_values

SECONDS = click.FloatRange(min=0, min_open=True)
F = TypeVar("F", bound=Callable[..., Any])


def _remember(context: click.Context, parameter: click.Parameter, value: Any) -> None:
    """Store a shared option, wherever it is given; the one nearest to the command wins."""
    if value is not None and value is not False:
        context.ensure_object(Session).options[str(parameter.name)] = value


def shared_options() -> List[click.Parameter]:
    """Return the options that the group, the nouns and the commands share."""
    option = functools.partial(click.Option, expose_value=False, callback=_remember)
    return [
        option(
            ["--profile"],
            metavar="NAME",
            help="Profile to use (see `ai-spine config`); or AI_SPINE_PROFILE.",
        ),
        option(["--api-key"], metavar="KEY", help="API key; prefer AI_SPINE_API_KEY."),
        option(
            ["--api-key-file"], metavar="FILE", help="File that contains the API key."
        ),
        option(["--base-url"], metavar="URL", help="Server URL; or AI_SPINE_BASE_URL."),
        option(
            ["--timeout"],
            type=float,
            metavar="SECONDS",
            help="Timeout of each HTTP request.",
        ),
        option(["--tenant"], metavar="ID", help="Tenant; or AI_SPINE_TENANT."),
        option(["--workspace"], metavar="ID", help="Workspace; or AI_SPINE_WORKSPACE."),
        option(
            ["--local"],
            is_flag=True,
            help="Start a server with sample flows, and use it.",
        ),
        *output_options(_remember),
        option(["--debug"], is_flag=True, help="Log each HTTP request to stderr."),
    ]


def command(
    name: str, group: Optional[click.Group] = None, *, prints: bool = True
) -> Callable[[Callable[..., Any]], click.Command]:
    """Return a decorator that makes a function a command with the shared options.

    Args:
        name: Its name.
        group: Its group.
        prints: Whether it prints results; if so, the output format is checked before it runs.
    """

    def decorate(function: Callable[..., Any]) -> click.Command:
        body = _knowing_how_to_print(function) if prints else function
        path = name if group is None else f"{group.name} {name}"
        help_text = None if function.__doc__ else help_without_docstrings(path)
        made = click.command(name, help=help_text)(errors_in_one_line(body))
        made.params += shared_options()
        if group is not None:
            group.add_command(made)
        return offer_values(made)

    return decorate


def noun(name: str, summary: str) -> click.Group:
    """Return the group of a noun's commands; without a command, it lists."""
    examples = f"ai-spine {name}\nai-spine {name} list --output json"
    text = f"{summary}\n\n\b\n{examples}"

    @click.group(name, cls=Noun, help=text, invoke_without_command=True)
    @click.pass_context
    def made(context: click.Context) -> None:
        if context.invoked_subcommand is None:
            context.invoke(made.commands["list"])

    made.params += shared_options()
    return made


def _knowing_how_to_print(function: F) -> F:
    @functools.wraps(function)
    def checked(*args: Any, **kwargs: Any) -> Any:
        check_output(session().output)  # before anything is sent
        return function(*args, **kwargs)

    return cast(F, checked)
