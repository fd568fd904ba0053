"""`flows list|get`."""

import click

from ai_spine.cli.context import command, noun, session
from ai_spine.cli.output import print_item, print_items

COLUMNS = ("flow_id", "name", "version", "description")


def add_to(group: click.Group) -> None:
    """Adds the commands to the `ai-spine` group."""

    flows = noun(group, "flows", "List and show flows.")

    @command(flows, "list")
    def list_() -> None:
        """List all flows."""
        print_items(session().client().list_flows(), COLUMNS)

    @command(flows, "get")
    @click.argument("flow_id")
    def get(flow_id: str) -> None:
        """Show a flow with its nodes."""
        print_item(session().client().get_flow(flow_id))
