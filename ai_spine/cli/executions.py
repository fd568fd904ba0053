"""`execute`, `wait`, `cancel`, and `executions …`: runs flows, and shows what became of it."""

import difflib
from itertools import islice
from typing import (
    Any,
    Callable,
    Dict,
    Iterable,
    Mapping,
    Optional,
    Sequence,
    Tuple,
    TypeVar,
)

import click

from ai_spine.cli import interrupts
from ai_spine.cli.commands import SECONDS, command, noun
from ai_spine.cli.execution_logs import add_logs
from ai_spine.cli.flow_inputs import (
    ask_for_inputs,
    check_missing,
    find_schema,
    read_inputs,
)
from ai_spine.cli.follow import follow as follow_execution
from ai_spine.cli.output.printing import print_item, print_items, print_value, say
from ai_spine.cli.session import session
from ai_spine.cli.values import read_object, read_pairs
from ai_spine.client import AISpine
from ai_spine.constants import DEFAULT_INTERVAL, DEFAULT_WAIT_TIMEOUT
from ai_spine.models import AgentMessage, Execution, NodeResult
from ai_spine.models.statuses import KNOWN_STATUSES
from ai_spine.policy.validation import check_seconds

COLUMNS = ("execution_id", "flow_id", "status", "created_at", "error_message")
RESULT_COLUMNS = ("node_id", "agent_id", "status", "duration", "error_message")
MESSAGE_COLUMNS = ("timestamp", "from_agent", "to_agent", "message_type", "content")

_wait_timeout = click.option(
    "--wait-timeout",
    type=SECONDS,
    metavar="SECONDS",
    default=DEFAULT_WAIT_TIMEOUT,
    show_default=True,
    help="How long to wait for the end.",
)
_interval = click.option(
    "--interval",
    type=SECONDS,
    metavar="SECONDS",
    default=DEFAULT_INTERVAL,
    show_default=True,
    help="The longest interval between two polls.",
)
_follow = click.option(
    "--follow", is_flag=True, help="Show each node as it starts and ends."
)
_cancel_on_interrupt = click.option(
    "--cancel-on-interrupt", is_flag=True, help="Ctrl-C cancels the execution."
)
_STARTING = (
    click.option(
        "-i",
        "pairs",
        multiple=True,
        metavar="KEY=VALUE",
        help="One input; JSON, else text.",
    ),
    click.option(
        "--input",
        "input_json",
        metavar="JSON|@FILE|-",
        help="Inputs as an object.",
    ),
    click.option(
        "--metadata", multiple=True, metavar="KEY=VALUE", help="Attached to it."
    ),
    click.option("--no-wait", is_flag=True, help="Start it, print it, and leave."),
    _follow,
    _cancel_on_interrupt,
    _wait_timeout,
    _interval,
)
_PAGE = 100
F = TypeVar("F", bound=Callable[..., Any])


def _starting(function: F) -> F:
    """Give a command the options of those that start an execution."""
    for option in reversed(_STARTING):
        function = option(function)
    return function


class _Progress:
    """Print each new status of an execution to stderr."""

    def __init__(self) -> None:
        self._last: Optional[str] = None

    def __call__(self, execution: Execution) -> None:
        if execution.status != self._last:
            self._last = execution.status
            took = execution.duration if execution.is_done else None
            after = f" after {took.total_seconds():.2f} s" if took is not None else ""
            say(f"execution {execution.execution_id}: {execution.status}{after}")


@command("execute")
@click.argument("flow_id")
@click.option("--interactive", is_flag=True, help="Ask for the inputs not given.")
@_starting
def execute(
    flow_id: str,
    pairs: Tuple[str, ...],
    input_json: Optional[str],
    interactive: bool,
    metadata: Tuple[str, ...],
    no_wait: bool,
    **how: Any,
) -> None:
    """Execute a flow, wait for it, and print its output.

    If the flow has an input_schema, -i reads values by their types. Ctrl-C leaves the execution to
    itself, and says how to wait for it again.

    \b
    ai-spine execute credit_analysis -i name=Ana -i amount=15000
    ai-spine execute credit_analysis --interactive
    ai-spine execute credit_analysis --input @applicant.json --output json
    ai-spine execute credit_analysis --input - --follow < applicant.json
    ai-spine execute credit_analysis -i amount=9 --query decision.reasons
    """
    given = read_object("--input", input_json)
    read_pairs(pairs)  # for what is wrong with them, before anything is sent
    attached = read_pairs(metadata) or None
    _check_waiting(no_wait, how)
    client = session().client()
    input_data = _input_of(client, flow_id, given, pairs, interactive)
    with interrupts.starting(f"flow {flow_id} was being started", flow_id):
        started = client.execute_flow(flow_id, input_data, attached)
    _print_started(client, started, no_wait, how)


def _input_of(
    client: AISpine,
    flow_id: str,
    given: Mapping[str, Any],
    pairs: Sequence[str],
    interactive: bool,
) -> Dict[str, Any]:
    """Return the input; with `--input` alone, the server alone decides whether it is right."""
    if given and not pairs and not interactive:
        return dict(given)
    schema = find_schema(client, flow_id)
    input_data = {**given, **read_inputs(pairs, schema)}
    if interactive:
        return ask_for_inputs(input_data, schema)
    check_missing(input_data, schema, flow_id)
    return input_data


@command("wait")
@click.argument("execution_id")
@_follow
@_cancel_on_interrupt
@_wait_timeout
@_interval
def wait(execution_id: str, **how: Any) -> None:
    """Wait for an execution, and print its output.

    \b
    ai-spine wait 3f2b8c1e-0d5a-4c57-9d0e-6a1f5b7c2d90
    ai-spine wait 3f2b8c1e-0d5a-4c57-9d0e-6a1f5b7c2d90 --follow --wait-timeout 60
    """
    _print_end(session().client(), execution_id, **how)


def _check_waiting(no_wait: bool, how: Any) -> None:
    """Refuse what does not go together, before anything is started."""
    for name in ("wait_timeout", "interval"):
        check_seconds(f"--{name.replace('_', '-')}", how[name])
    if not no_wait:
        return
    if session().options.get("local"):
        raise click.UsageError(
            "--no-wait leaves nothing to wait for: --local ends with it"
        )
    for name in ("follow", "cancel_on_interrupt"):
        if how[name]:
            option = name.replace("_", "-")
            raise click.UsageError(f"--no-wait and --{option} exclude each other")


def _print_started(
    client: AISpine, started: Execution, no_wait: bool, how: Any
) -> None:
    """Print an execution that was started, or wait for it and print its output."""
    if no_wait:
        print_item(started)
    else:
        _print_end(client, started.execution_id, **how)


def _print_end(
    client: AISpine,
    execution_id: str,
    *,
    follow: bool,
    cancel_on_interrupt: bool,
    wait_timeout: float,
    interval: float,
) -> None:
    """Wait for an execution in the requested way, and print its output."""
    with interrupts.waiting(client, execution_id, cancel_on_interrupt):
        if follow:
            execution = follow_execution(client, execution_id, wait_timeout, interval)
        else:
            execution = client.wait_for_execution(
                execution_id, wait_timeout, interval, on_progress=_Progress()
            )
    print_value(execution.output_data)


@command("cancel")
@click.argument("execution_id")
def cancel(execution_id: str) -> None:
    """Cancel an execution, and print its state after that.

    \b
    ai-spine cancel 3f2b8c1e-0d5a-4c57-9d0e-6a1f5b7c2d90
    """
    print_item(session().client().cancel_execution(execution_id))


executions = noun("executions", "List, show and rerun executions.")


def _read_status(
    context: click.Context, parameter: click.Parameter, value: Optional[str]
) -> Optional[str]:
    """Refuse a misspelt status; servers may have others, which are nothing like ours."""
    if value is None or value in KNOWN_STATUSES:
        return value
    near = difflib.get_close_matches(value.lower(), KNOWN_STATUSES, 1, 0.8)
    if near:
        raise click.BadParameter(f"{value!r} is not a status; is {near[0]!r} meant?")
    return value


@command("list", executions)
@click.option(
    "--flow", "flow_id", metavar="FLOW_ID", help="Only executions of this flow."
)
@click.option("--status", callback=_read_status, help="Only with this status.")
@click.option(
    "--limit",
    type=click.IntRange(min=1),
    metavar="N",
    help="How many at most [what the server deems a page].",
)
@click.option(
    "--offset",
    type=click.IntRange(min=0),
    metavar="N",
    help="How many to leave out first.",
)
@click.option("--all", "is_all", is_flag=True, help="All there are, page by page.")
def list_(
    flow_id: Optional[str],
    status: Optional[str],
    limit: Optional[int],
    offset: Optional[int],
    is_all: bool,
) -> None:
    """List executions, the newest first.

    \b
    ai-spine executions list --status failed --flow credit_analysis --limit 500
    ai-spine executions list --all --output jsonl
    ai-spine executions list --query "[?status=='failed'].execution_id"
    """
    if is_all and limit is not None:
        raise click.UsageError("--all and --limit exclude each other")
    client = session().client()
    if limit is None and not is_all:
        found: Iterable[Execution] = client.list_executions(
            flow_id, status, offset=offset
        )
    else:
        first = offset or 0
        end = None if limit is None else first + limit
        size = _PAGE if end is None else min(end, _PAGE)
        walk = client.iter_executions(flow_id, status, page_size=size)
        found = islice(walk, first, end)
    print_items(found, COLUMNS, Execution)
    if status is not None and status not in KNOWN_STATUSES:
        say(
            f"note: {status!r} is an unknown status; known are {', '.join(KNOWN_STATUSES)}"
        )


@command("get", executions)
@click.argument("execution_id")
def get(execution_id: str) -> None:
    """Show an execution.

    \b
    ai-spine executions get 3f2b8c1e-0d5a-4c57-9d0e-6a1f5b7c2d90 --output yaml
    """
    print_item(session().client().get_execution(execution_id))


@command("results", executions)
@click.argument("execution_id")
def results(execution_id: str) -> None:
    """Show the results of an execution's nodes.

    \b
    ai-spine executions results 3f2b8c1e-0d5a-4c57-9d0e-6a1f5b7c2d90 --output csv
    """
    found = session().client().get_execution_results(execution_id)
    print_items(found, RESULT_COLUMNS, NodeResult)


@command("messages", executions)
@click.argument("execution_id")
def messages(execution_id: str) -> None:
    """Show the messages that agents sent each other.

    \b
    ai-spine executions messages 3f2b8c1e-0d5a-4c57-9d0e-6a1f5b7c2d90
    """
    found = session().client().get_execution_messages(execution_id)
    print_items(found, MESSAGE_COLUMNS, AgentMessage)


@command("rerun", executions)
@click.argument("execution_id")
@_starting
def rerun(
    execution_id: str,
    pairs: Tuple[str, ...],
    input_json: Optional[str],
    metadata: Tuple[str, ...],
    no_wait: bool,
    **how: Any,
) -> None:
    """Run an execution again, and print the output.

    It is a new execution of the same flow with the same input; -i and --input replace or add
    fields of it, and key=null sets null. The original's metadata is attached again, unless
    --metadata is given.

    \b
    ai-spine executions rerun 3f2b8c1e-0d5a-4c57-9d0e-6a1f5b7c2d90
    ai-spine executions rerun 3f2b8c1e-0d5a-4c57-9d0e-6a1f5b7c2d90 -i amount=9000
    """
    changes = read_object("--input", input_json)
    read_pairs(pairs)  # for what is wrong with them, before anything is sent
    attached = read_pairs(metadata) or None
    _check_waiting(no_wait, how)
    client = session().client()
    if pairs:
        flow_id = client.get_execution(execution_id).flow_id
        schema = {} if flow_id is None else find_schema(client, flow_id)
        changes.update(read_inputs(pairs, schema))
    with interrupts.starting(f"execution {execution_id} was being started again"):
        started = client.rerun_execution(execution_id, changes, metadata=attached)
    _print_started(client, started, no_wait, how)


add_logs(executions)
COMMANDS = (
    execute,
    wait,
    cancel,
    executions,
)
