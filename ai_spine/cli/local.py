"""`local start`: serves flows and agents on this machine, by `ai_spine.local`."""

import logging
import signal
import threading
from contextlib import nullcontext
from pathlib import Path
from typing import Any, ContextManager, Optional, Tuple

import click

from ai_spine.cli.errors import errors_in_one_line
from ai_spine.cli.groups import Noun
from ai_spine.cli.output.errors import echo_error
from ai_spine.cli.output.printing import say
from ai_spine.cli.output.terminal import harmless_line, put
from ai_spine.cli.session import import_local, session
from ai_spine.cli.value_completion import offer_values
from ai_spine.constants import LOGGER_NAME
from ai_spine.policy.request_events import log_to_stderr


@click.group("local", cls=Noun, no_args_is_help=False)
def local() -> None:
    """Run an AI Spine server on this machine.

    \b
    ai-spine local start
    """


@local.command("start")
@click.option(
    "--port", type=int, default=8000, show_default=True, help="0 takes a free one."
)
@click.option("--host", default="127.0.0.1", show_default=True, help="Where to listen.")
@click.option(
    "--allowed-host",
    "allowed_hosts",
    metavar="NAME",
    multiple=True,
    help="A host name that clients may use, beside HOST and localhost; repeatable.",
)
@click.option("--flows", metavar="DIR", help="A folder of flows in YAML or JSON.")
@click.option(
    "--agents", metavar="MODULE", help="A module, or a Python file, of agents."
)
@click.option(
    "--db", metavar="FILE", default=":memory:", help="File to keep everything in."
)
@click.option("--api-key", metavar="KEY", help="The key that clients must send.")
@click.option("--api-key-file", metavar="FILE", help="File that contains that key.")
@click.option(
    "--tenants",
    is_flag=True,
    help="Keep tenants apart, and refuse requests that name none.",
)
@click.option(
    "--show-tracebacks",
    is_flag=True,
    help="Show tracebacks of agents even if HOST is not this machine alone.",
)
@click.option(
    "--reload",
    "reloads",
    is_flag=True,
    help="Serve edited agents and flows at once (needs the extra `reload`).",
)
@click.option(
    "--env-file",
    metavar="FILE",
    help="File of KEY=VALUE lines for agents; with --reload, .env if there is one.",
)
@click.option("--debug", is_flag=True, help="Log all that the server does to stderr.")
@errors_in_one_line
def start(
    port: int,
    host: str,
    allowed_hosts: Tuple[str, ...],
    flows: Optional[str],
    agents: Optional[str],
    db: str,
    api_key: Optional[str],
    api_key_file: Optional[str],
    tenants: bool,
    show_tracebacks: bool,
    reloads: bool,
    env_file: Optional[str],
    debug: bool,
) -> None:
    """Serve flows until Ctrl-C or SIGTERM.

    Without --flows and --agents, they are the samples; with --reload, those in the folder flows and
    the file agents.py.

    Open its address in a browser to see flows, run them, and follow executions.

    \b
    ai-spine local start --flows flows/ --agents agents.py --db runs.db
    ai-spine local start --reload
    """
    key = _key_of(api_key, api_key_file)
    if debug or session().options.get("debug"):
        log_to_stderr()
    make_server = import_local().LocalServer
    if reloads and flows is None and agents is None:
        flows, agents = _project_here()
    env = _load_env(env_file, reloads)
    server = make_server(
        flows,
        agents,
        host=host,
        port=port,
        db=db,
        api_key=key,
        allowed_hosts=allowed_hosts,
        tenants=tenants,
        show_tracebacks=show_tracebacks or None,
    )
    with server, _reloader(server, flows, agents, env) if reloads else nullcontext():
        _serve(server, tenants)
    say("stopped")


def _project_here() -> Tuple[Optional[str], Optional[str]]:
    """Return the flows and agents of the project in this folder, as `init` writes it.

    Raises:
        click.UsageError: There are none: samples are not to be edited.
    """
    flows = "flows" if Path("flows").is_dir() else None
    agents = "agents.py" if Path("agents.py").is_file() else None
    if flows is None and agents is None:
        raise click.UsageError(
            "--reload needs --flows or --agents, or a folder flows or a file agents.py here"
        )
    return flows, agents


def _key_of(api_key: Optional[str], api_key_file: Optional[str]) -> Optional[str]:
    for name, value in (("api_key", api_key), ("api_key_file", api_key_file)):
        if value is not None:
            session().options[name] = value
    key = session().key
    return key() if callable(key) else key


def _load_env(path: Optional[str], reloads: bool) -> Any:
    """Put the lines of the file with settings into the environment; return it, if there is one."""
    from ai_spine.local.env_file import EnvFile

    if reloads:
        from ai_spine.local.reload import find_watch

        find_watch()  # before anything is served
    if path is None and not reloads:
        return None
    env = EnvFile(Path(path or ".env"), required=path is not None)
    env.load()
    return env


def _reloader(
    server: Any, flows: Optional[str], agents: Optional[str], env: Any
) -> ContextManager[Any]:
    from ai_spine.local.reload import Reloader, sources_of

    return Reloader(server, sources_of(flows, agents, env), say, env)


def _serve(server: Any, has_tenants: bool) -> None:
    """Serve until a signal comes."""
    if not logging.getLogger(LOGGER_NAME).handlers:
        _show_log()
    stop = threading.Event()
    for name in ("SIGINT", "SIGTERM"):
        signal.signal(getattr(signal, name), lambda *_: stop.set())
    put(f"AI Spine is served at {server.url}; Ctrl-C stops it.")
    say(_NAME_THEM if has_tenants else _stock_of(server))
    _wait(stop)


_NAME_THEM = (
    "requests must name their tenant in X-Tenant-Id; in a browser, open /?tenant=NAME"
)
offer_values(start)
COMMANDS = (local,)


class _LogLines(logging.Handler):
    """Prints records of the local server on stderr, without what would move the cursor."""

    def emit(self, record: logging.LogRecord) -> None:
        try:
            for line in self.format(record).splitlines():
                echo_error(harmless_line(line))
        except Exception:
            self.handleError(record)


def _show_log() -> None:
    """Show why nodes failed, and what agents log."""
    log = logging.getLogger(f"{LOGGER_NAME}.local")
    log.setLevel(logging.INFO)
    if not any(isinstance(each, _LogLines) for each in log.handlers):
        log.addHandler(_LogLines())


def _stock_of(server: Any) -> str:
    """Return how many flows and agents there are: none at all is usually a mistake."""
    with server.client() as client:
        status = client.get_status()
    counts = [(status.flows, "flow"), (status.agents, "agent")]
    parts = [
        f"{n['total']} {noun}{'' if n['total'] == 1 else 's'}"
        for n, noun in counts
        if n
    ]
    return f"it has {' and '.join(parts)}"


def _wait(stop: Any) -> None:
    """Sleep in short steps, since some systems deliver signals only between them."""
    while not stop.wait(0.5):
        pass
