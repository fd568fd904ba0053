"""`execute`, `wait`, `cancel`, and `executions list|get|results|messages`."""

from typing import Any, Optional, Tuple

import click

from ai_spine.cli.context import SECONDS, command, noun, session
from ai_spine.cli.output import print_item, print_items, print_value, say
from ai_spine.cli.values import read_object, read_pairs
from ai_spine.constants import DEFAULT_INTERVAL, DEFAULT_WAIT_TIMEOUT
from ai_spine.models import Execution

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
    help="The longest distance between two looks.",
)


class _Progress:
    """Tells on stderr what becomes of an execution; each status once."""

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
@click.option(
    "-i",
    "pairs",
    multiple=True,
    metavar="KEY=VALUE",
    help="One input; JSON, else text.",
)
@click.option(
    "--input", "input_json", metavar="JSON|@FILE|-", help="All inputs as an object."
)
@click.option("--metadata", multiple=True, metavar="KEY=VALUE", help="Attached to it.")
@click.option("--no-wait", is_flag=True, help="Start it, print it, and leave.")
@_wait_timeout
@_interval
def execute(
    flow_id: str,
    pairs: Tuple[str, ...],
    input_json: Optional[str],
    metadata: Tuple[str, ...],
    no_wait: bool,
    wait_timeout: float,
    interval: float,
) -> None:
    """Execute a flow, wait for its end, and print its output.

    \b
    ai-spine execute credit_analysis -i name=Ana -i amount=15000
    ai-spine execute credit_analysis --input @applicant.json --output json
    """
    input_data = {**read_object("--input", input_json), **read_pairs(pairs)}
    attached = read_pairs(metadata) or None
    if no_wait and session().options.get("local"):
        raise click.UsageError(
            "--no-wait leaves nothing to wait for: --local ends with it"
        )
    client = session().client()
    if no_wait:
        print_item(client.execute_flow(flow_id, input_data, attached))
        return
    execution = client.execute_and_wait(
        flow_id,
        input_data,
        attached,
        timeout=wait_timeout,
        interval=interval,
        on_progress=_Progress(),
    )
    print_value(execution.output_data)


@command("wait")
@click.argument("execution_id")
@_wait_timeout
@_interval
def wait(execution_id: str, wait_timeout: float, interval: float) -> None:
    """Wait for an execution's end, and print its output."""
    execution = (
        session()
        .client()
        .wait_for_execution(
            execution_id, wait_timeout, interval, on_progress=_Progress()
        )
    )
    print_value(execution.output_data)


@command("cancel")
@click.argument("execution_id")
def cancel(execution_id: str) -> None:
    """Cancel an execution, and print it as it stands then."""
    print_item(session().client().cancel_execution(execution_id))


executions = noun("executions", "List and show executions.")


@command("list", executions)
@click.option("--flow", "flow_id", metavar="FLOW_ID", help="Only those of this flow.")
@click.option("--status", help="Only those that stand so.")
@click.option(
    "--limit", type=click.IntRange(min=1), metavar="N", help="How many at most."
)
@click.option("--offset", type=int, metavar="N", help="How many to leave out first.")
def list_(**filters: Any) -> None:
    """List executions, the newest first."""
    print_items(session().client().list_executions(**filters), COLUMNS)


@command("get", executions)
@click.argument("execution_id")
def get(execution_id: str) -> None:
    """Show an execution."""
    print_item(session().client().get_execution(execution_id))


@command("results", executions)
@click.argument("execution_id")
def results(execution_id: str) -> None:
    """Show what each node of an execution gave."""
    print_items(session().client().get_execution_results(execution_id), RESULT_COLUMNS)


@command("messages", executions)
@click.argument("execution_id")
def messages(execution_id: str) -> None:
    """Show what agents told each other while an execution ran."""
    print_items(
        session().client().get_execution_messages(execution_id), MESSAGE_COLUMNS
    )


COMMANDS = (
    execute,
    wait,
    cancel,
    executions,
)
