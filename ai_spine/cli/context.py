"""What the commands of one invocation share: the options, the client, and how errors end."""

import functools
from typing import (
    TYPE_CHECKING,
    Any,
    Callable,
    Dict,
    List,
    NoReturn,
    Optional,
    TypeVar,
    cast,
)

import click

from ai_spine.cli.completing import offer_values
from ai_spine.cli.errors import JSON_FORMATS, tell_error
from ai_spine.cli.exit_codes import (
    API_ERROR,
    INTERRUPTED,
    NOT_FOUND,
    USAGE,
    exit_code_of,
)
from ai_spine.cli.groups import Noun
from ai_spine.cli.output.options import FORMATS, check_output, output_options
from ai_spine.config.profiles import OUTPUT_KEY, Profile, load_profile
from ai_spine.utils import Secret
from ai_spine.utils.did_you_mean import hint

# The client takes time to import, for which neither a help page nor completion need wait.
if TYPE_CHECKING:
    from ai_spine.client import AISpine

SECONDS = click.FloatRange(min=0, min_open=True)
F = TypeVar("F", bound=Callable[..., Any])
_IDS = ("flow_id", "agent_id")


class Session:
    """The shared options, as they have been seen so far, and what is made from them."""

    def __init__(self) -> None:
        self.options: Dict[str, Any] = {}
        self._profile: Optional[Profile] = None
        self._client: "Optional[AISpine]" = None

    @property
    def output(self) -> str:
        """How results are printed: one of `output_options.FORMATS`.

        Raises:
            ConfigurationError: The profile cannot be read, or names no such format.
        """
        given = self.options.get(OUTPUT_KEY)
        own = None if given else self.profile.own(OUTPUT_KEY)
        if own is not None:
            return read_output(own.name, own.text)
        return str(given or FORMATS[0])

    @property
    def profile(self) -> Profile:
        """The profile that gives what neither an option nor the environment does.

        Raises:
            ConfigurationError: It cannot be read.
        """
        if self._profile is None:
            self._profile = load_profile(self.options.get("profile"))
        return self._profile

    def client(self, **more: Any) -> "AISpine":
        """Gives the client that the options describe; it is closed when the command ends.

        Args:
            **more: Further arguments of `AISpine`.
        """
        from ai_spine.client import AISpine
        from ai_spine.exceptions import ConfigurationError

        context = click.get_current_context().find_root()
        given, make = self._arguments(), AISpine
        if self.options.get("local"):
            if "base_url" in given:
                raise ConfigurationError("--local and --base-url exclude each other")
            make = context.with_resource(import_local().LocalServer()).client
            given["profile"] = ""  # what it says is for another server
        self._client = context.with_resource(make(**given, **more))
        return self._client

    @property
    def has_client(self) -> bool:
        """Whether the command has made its client."""
        return self._client is not None

    def quick_client(self, timeout: float) -> "AISpine":
        """Gives a client for what nobody waits for: it sends once, and gives up soon.

        Args:
            timeout: Seconds that a call may take.

        Returns:
            The command's own client, if it has one, but for this; else a new one.
        """
        from ai_spine.client import AISpine

        made = self._client or AISpine(**self._arguments())
        return made.with_options(timeout=timeout, deadline=timeout, max_retries=0)

    def _arguments(self) -> Dict[str, Any]:
        known = ("api_key", "base_url", "timeout", "debug", "profile")
        return {name: self.options[name] for name in known if name in self.options}


def read_output(name: str, text: Secret) -> str:
    """Reads the name of a format of results.

    Args:
        name: What an error calls the setting.
        text: What was written.

    Raises:
        ConfigurationError: There is no such format.
    """
    if text.reveal() in FORMATS:
        return text.reveal()
    from ai_spine.exceptions import ConfigurationError

    meant = hint(text.reveal(), FORMATS)
    raise ConfigurationError(f"{name} must be one of {', '.join(FORMATS)}{meant}")


def import_local() -> Any:
    """Gives the module of the local server.

    Raises:
        ConfigurationError: The extra that it needs is not installed.
    """
    try:
        import ai_spine.local
    except ImportError as error:
        from ai_spine.exceptions import ConfigurationError

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
        option(
            ["--profile"],
            metavar="NAME",
            help="Whose settings hold (see config); or AI_SPINE_PROFILE.",
        ),
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
    name: str, group: Optional[click.Group] = None, *, prints: bool = True
) -> Callable[[Callable[..., Any]], click.Command]:
    """Makes a function a command, of a group or of its own, with the shared options.

    Args:
        name: Its name.
        group: Its group.
        prints: Whether it prints results: whether they can be, is then seen before it runs.
    """

    def decorate(function: Callable[..., Any]) -> click.Command:
        body = _knowing_how_to_print(function) if prints else function
        made = click.command(name)(errors_in_one_line(body))
        made.params += shared_options()
        if group is not None:
            group.add_command(made)
        return offer_values(made)

    return decorate


def noun(name: str, summary: str) -> click.Group:
    """Makes the group of a noun's commands; without a command, it lists."""
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


def errors_in_one_line(function: F) -> F:
    """Ends a command that fails with one line on stderr and the exit code for it."""

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
        execution = getattr(error, "execution", None)
        is_unknown = execution is not None and not execution.was_started
        fail(f"{error}{meant() if is_unknown else ''}", code, error=error)
    if isinstance(error, (InsecureTransportWarning, ProfileWarning)):
        fail(
            str(error), USAGE, error=error
        )  # where the user has said that warnings are errors
    # A fault of this program's own.
    if session().options.get("debug"):
        raise error
    kind = type(error).__name__
    fail(f"unexpected {kind}: {error}; --debug shows where it comes from")


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
    if exit_code == NOT_FOUND:
        message += meant()
    told_as_json = wants_json(click.get_current_context())
    tell_error(message, exit_code, as_json=told_as_json, error=error, more=more)
    raise click.exceptions.Exit(exit_code)


def wants_json(context: Optional[click.Context]) -> bool:
    """Tells whether errors are to be told as JSON, as far as the options have been read."""
    known = context.find_object(Session) if context is not None else None
    try:
        return known is not None and known.output in JSON_FORMATS
    except ValueError:  # the profile cannot be read
        return False


def meant() -> str:
    """Asks whether another flow or agent is meant than the one that was not found."""
    from ai_spine.cli.known_ids import known_ids

    given = click.get_current_context().params
    for kind in _IDS:
        if isinstance(given.get(kind), str):
            return hint(given[kind], known_ids(kind, session()))
    return ""
