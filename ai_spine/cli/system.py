"""`health`, `metrics`, `status` and `whoami`."""

from ai_spine.cli.commands import command
from ai_spine.cli.errors import fail
from ai_spine.cli.output.printing import print_item
from ai_spine.cli.session import session


@command("health")
def health() -> None:
    """Ask whether the server is well.

    \b
    ai-spine health
    ai-spine health --base-url http://127.0.0.1:8000
    """
    found = session().client().health_check()
    print_item(found)
    if not found.is_healthy:
        fail(f"the server calls itself {found.status}")


@command("metrics")
def metrics() -> None:
    """Show what the server has counted.

    \b
    ai-spine metrics --output json
    """
    print_item(session().client().get_metrics())


@command("status")
def status() -> None:
    """Show how the server's parts are.

    \b
    ai-spine status
    """
    print_item(session().client().get_status())


@command("whoami")
def whoami() -> None:
    """Show whom the key belongs to, and the credits that are left.

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
