"""What the commands of one invocation share: the options, the client, and how errors end."""

import functools
from typing import Any, Callable, Dict, List, NoReturn, Optional, TypeVar, cast

import click

from ai_spine.client import AISpine
from ai_spine.cli.errors import JSON_FORMATS, tell_error
from ai_spine.cli.exit_codes import API_ERROR, INTERRUPTED, exit_code_of
from ai_spine.cli.output_options import check_output, output_options
from ai_spine.exceptions import AISpineError, ConfigurationError

SECONDS = click.FloatRange(min=0, min_open=True)
F = TypeVar("F", bound=Callable[..., Any])


class Session:
    """The shared options, as they have been seen so far, and what is made from them."""

    def __init__(self) -> None:
        self.options: Dict[str, Any] = {}

    @property
    def output(self) -> str:
        """How results are printed: one of `output_options.FORMATS`."""
        return str(self.options.get("output") or "table")

    def client(self, **more: Any) -> AISpine:
        """Gives the client that the options describe; it is closed when the command ends.

        Args:
            **more: Further arguments of `AISpine`.
        """
        context = click.get_current_context().find_root()
        known = ("api_key", "base_url", "timeout", "debug")
        given = {name: self.options[name] for name in known if name in self.options}
        if self.options.get("local"):
            if "base_url" in given:
                raise ConfigurationError("--local and --base-url exclude each other")
            given["base_url"] = context.with_resource(import_local().LocalServer()).url
        return context.with_resource(AISpine(**given, **more))


def import_local() -> Any:
    """Gives the module of the local server.

    Raises:
        ConfigurationError: The extra that it needs is not installed.
    """
    try:
        import ai_spine.local
    except ImportError as error:
        raise ConfigurationError(str(error)) from None
    return ai_spine.local


def session() -> Session:
    """Gives the session of the command that runs."""
    return click.get_current_context().ensure_object(Session)


def _remember(context: click.Context, parameter: click.Parameter, value: Any) -> None:
    """Notes a shared option wherever it stands; the one nearest to the command wins."""
    if value is not None and value is not False:
        context.ensure_object(Session).options[str(parameter.name)] = value


def shared_options() -> List[click.Parameter]:
    """Gives the options that the group, the nouns and the commands take alike."""
    option = functools.partial(click.Option, expose_value=False, callback=_remember)
    return [
        option(["--api-key"], metavar="KEY", help="The key; better: AI_SPINE_API_KEY."),
        option(["--base-url"], metavar="URL", help="The server; or AI_SPINE_BASE_URL."),
        option(
            ["--timeout"], type=float, metavar="SECONDS", help="For each HTTP request."
        ),
        option(
            ["--local"],
            is_flag=True,
            help="Start a server with sample flows, and use it.",
        ),
        *output_options(_remember),
        option(["--debug"], is_flag=True, help="Log each HTTP request to stderr."),
    ]


def command(
    name: str, group: Optional[click.Group] = None
) -> Callable[[Callable[..., Any]], click.Command]:
    """Makes a function a command, of a group or of its own, with the shared options."""

    def decorate(function: Callable[..., Any]) -> click.Command:
        made = click.command(name)(errors_in_one_line(function))
        made.params += shared_options()
        if group is not None:
            group.add_command(made)
        return made

    return decorate


def noun(name: str, summary: str) -> click.Group:
    """Makes the group of a noun's commands; without a command, it lists."""

    @click.group(name, help=summary, invoke_without_command=True)
    @click.pass_context
    def made(context: click.Context) -> None:
        if context.invoked_subcommand is None:
            context.invoke(made.commands["list"])

    made.params += shared_options()
    return made


def errors_in_one_line(function: F) -> F:
    """Ends a command that fails with one line on stderr and the exit code for it."""

    @functools.wraps(function)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        try:
            check_output(session().output)  # before anything is sent
            return function(*args, **kwargs)
        except AISpineError as error:
            fail(str(error), exit_code_of(error), error=error)
        except KeyboardInterrupt as interrupt:
            fail(str(interrupt) or "interrupted", INTERRUPTED)
        except (
            click.ClickException,
            click.exceptions.Exit,
            click.Abort,
            BrokenPipeError,
        ):
            raise
        except Exception as error:  # a fault of this program's own
            if session().options.get("debug"):
                raise
            kind = type(error).__name__
            fail(f"unexpected {kind}: {error}; --debug shows where it comes from")

    return cast(F, guarded)


def fail(
    message: str,
    exit_code: int = API_ERROR,
    *,
    error: Optional[BaseException] = None,
    more: Optional[Dict[str, Any]] = None,
) -> NoReturn:
    """Prints one line to stderr and ends the command.

    Args:
        message: What was wrong.
        exit_code: What the command ends with.
        error: What was raised, if anything was.
        more: Further fields, where the error is told as JSON.
    """
    told_as_json = wants_json(click.get_current_context())
    tell_error(message, exit_code, as_json=told_as_json, error=error, more=more)
    raise click.exceptions.Exit(exit_code)


def wants_json(context: Optional[click.Context]) -> bool:
    """Tells whether errors are to be told as JSON, as far as the options have been read."""
    known = context.find_object(Session) if context is not None else None
    try:
        return known is not None and known.output in JSON_FORMATS
    except AISpineError:  # what the options come from cannot be read
        return False
