"""`health`, `metrics`, `status` and `whoami`: how the server and the account are."""

import click

from ai_spine.cli.commands import command
from ai_spine.cli.errors import fail
from ai_spine.cli.output.printing import print_item
from ai_spine.cli.session import session


@command("health")
@click.option("--detailed", is_flag=True, help="Check the database as well.")
def health(detailed: bool) -> None:
    """Check the server's health.

    \b
    ai-spine health
    ai-spine health --base-url http://127.0.0.1:8000
    """
    found = session().client().get_health(detailed=detailed)
    print_item(found)
    if not found.is_healthy:
        fail(f"the server reports the status {found.status}")


@command("metrics")
def metrics() -> None:
    """Show the server's counts of executions.

    \b
    ai-spine metrics --output json
    """
    print_item(session().client().get_metrics())


@command("status")
def status() -> None:
    """Show the status of each component.

    \b
    ai-spine status
    """
    print_item(session().client().get_status())


@command("whoami")
def whoami() -> None:
    """Show the user of the key, and the remaining credits.

    \b
    ai-spine whoami
    ai-spine whoami --profile work
    """
    print_item(session().client().get_current_user())


COMMANDS = (
    health,
    metrics,
    status,
    whoami,
)
