"""`health`, `metrics`, `status` and `whoami`."""

import click

from ai_spine.cli.context import command, fail, session
from ai_spine.cli.output import print_item


def add_to(group: click.Group) -> None:
    """Adds the commands to the `ai-spine` group."""

    @command(group, "health")
    def health() -> None:
        """Ask whether the server is well."""
        found = session().client().health_check()
        print_item(found)
        if not found.is_healthy:
            fail(f"the server calls itself {found.status}")

    @command(group, "metrics")
    def metrics() -> None:
        """Show what the server has counted."""
        print_item(session().client().get_metrics())

    @command(group, "status")
    def status() -> None:
        """Show how the server's parts are."""
        print_item(session().client().get_status())

    @command(group, "whoami")
    def whoami() -> None:
        """Show whom the key belongs to, and the credits that are left."""
        print_item(session().client().get_current_user())
