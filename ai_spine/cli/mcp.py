"""`mcp`: offers flows to language models as tools. `mcp_server.py` serves them."""

import sys
from typing import Any, Optional, Tuple

import click
from click.core import ParameterSource

from ai_spine.cli.commands import command
from ai_spine.cli.session import session

_HTTP_ONLY = ("host", "port", "allowed_hosts")


@command("mcp", prints=False)
@click.option("--http", is_flag=True, help="Serve streamable HTTP, not stdio.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Where to listen.")
@click.option(
    "--port", type=int, default=8765, show_default=True, help="0 takes a free one."
)
@click.option(
    "--allowed-host",
    "allowed_hosts",
    metavar="NAME",
    multiple=True,
    help="A host name that clients may use, beside HOST and localhost; repeatable.",
)
@click.pass_context
def mcp(
    context: click.Context,
    http: bool,
    host: str,
    port: int,
    allowed_hosts: Tuple[str, ...],
) -> None:
    """Serve all flows as tools of the Model Context Protocol (MCP).

    An MCP client starts this command and talks to it over stdin and stdout, or connects to its URL
    if it serves HTTP. The flows are those of the server that --base-url or --local chooses.

    \b
    ai-spine mcp --local
    ai-spine mcp --base-url https://spine.example.com
    ai-spine mcp --http --port 8765
    """
    _check_options(context, http)
    serving = _import_server()
    client = session().async_client(**_transport())
    if http:
        serving.run(serving.serve_http(client, host, port, allowed_hosts))
    else:
        serving.run(serving.serve_stdio(client))


def _check_options(context: click.Context, http: bool) -> None:
    """Refuse options that nothing would come of."""
    for name in _HTTP_ONLY:
        is_given = context.get_parameter_source(name) is ParameterSource.COMMANDLINE
        if is_given and not http:
            option = "--allowed-host" if name == "allowed_hosts" else f"--{name}"
            raise click.UsageError(f"{option} is only for --http")


def _import_server() -> Any:
    """Return the module of the MCP server.

    Raises:
        ConfigurationError: What it needs is not installed.
    """
    from ai_spine.exceptions import ConfigurationError

    if sys.version_info < (3, 10):
        raise ConfigurationError("ai-spine mcp needs Python 3.10 or later")
    try:
        from ai_spine.cli import mcp_server
    except ImportError as error:
        if (error.name or "").startswith("ai_spine"):
            raise
        raise ConfigurationError(
            "ai-spine mcp needs the MCP SDK, version 2.0 or later, which is not installed: "
            "pip install 'ai-spine-sdk[mcp]'"
        ) from None
    return mcp_server


def _transport() -> Any:
    """Return the option that names the library to send with: the one that is installed."""
    import importlib.util

    found: Optional[Any] = importlib.util.find_spec("aiohttp")
    return {} if found else {"transport": "httpx"}


COMMANDS = (mcp,)
