"""A client for the commands of a program that is made with Click."""

import functools
from inspect import Parameter, signature
from typing import Any, Callable

import click

from ai_spine.exceptions import AISpineError

Command = Callable[..., Any]


def pass_client(
    make: Callable[..., Any], *, prefix: str = "API"
) -> Callable[[Command], Command]:
    """Return a decorator that gives a command a client, and options for it.

    The options are `--url`, `--token` and `--timeout`. Without them, the environment counts, such
    as `API_TOKEN`; a token is better there, since others see the options of a process. An error of
    the client ends the command with its message.

    Args:
        make: Makes the client of `base_url`, `token` (or `api_key`, if it takes that) and
            `timeout`, of which those that are not given are left out.
        prefix: What the variables of the environment begin with.

    Example:
        >>> from click.testing import CliRunner
        >>> from ai_spine import RestClient
        >>> @click.command()
        ... @pass_client(RestClient)
        ... def show(client):
        ...     print(client.base_url, client.timeout)
        >>> result = CliRunner().invoke(show, ["--url", "https://h", "--timeout", "5"])
        >>> print(result.output, end="")
        https://h 5.0
    """
    taken = signature(make).parameters
    needs_url = "base_url" in taken and taken["base_url"].default is Parameter.empty
    key = "api_key" if "api_key" in taken else "token"

    def decorate(command: Command) -> Command:
        @click.option(
            "--url",
            "base_url",
            envvar=f"{prefix}_URL",
            required=needs_url,
            help="The server.",
        )
        @click.option("--token", envvar=f"{prefix}_TOKEN", help="The token to send.")
        @click.option(
            "--timeout",
            type=click.FloatRange(0, min_open=True),
            envvar=f"{prefix}_TIMEOUT",
            help="Seconds that one attempt may take.",
        )
        @functools.wraps(command)
        def run(
            *arguments: Any, base_url: Any, token: Any, timeout: Any, **more: Any
        ) -> Any:
            given = {"base_url": base_url, key: token, "timeout": timeout}
            del token
            known = {name: each for name, each in given.items() if each is not None}
            try:
                with make(**known) as client:
                    return command(client, *arguments, **more)
            except AISpineError as error:
                raise click.ClickException(str(error)) from None

        return run

    return decorate
