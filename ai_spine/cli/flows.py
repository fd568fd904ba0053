"""`flows list|get|create|update|delete|validate`."""

from typing import Tuple

import click

from ai_spine.cli.context import command, fail, noun, session
from ai_spine.cli.exit_codes import NOT_FOUND
from ai_spine.cli.output import print_item, print_items, say
from ai_spine.definitions import read_definition
from ai_spine.exceptions import ValidationError
from ai_spine.models import Flow

COLUMNS = ("flow_id", "name", "version", "description")


flows = noun("flows", "List, show, add, change and remove flows.")


@command("list", flows)
def list_() -> None:
    """List all flows."""
    print_items(session().client().list_flows(), COLUMNS)


@command("get", flows)
@click.argument("flow_id")
def get(flow_id: str) -> None:
    """Show a flow with its nodes."""
    print_item(session().client().get_flow(flow_id))


@command("create", flows)
@click.argument("file")
def create(file: str) -> None:
    """Add the flow that a YAML or JSON FILE defines.

    \b
    ai-spine flows create credit.yaml
    """
    print_item(session().client().create_flow(file))


@command("update", flows)
@click.argument("flow_id")
@click.argument("file")
def update(flow_id: str, file: str) -> None:
    """Put the definition in FILE in a flow's place."""
    print_item(session().client().update_flow(flow_id, file))


@command("delete", flows)
@click.argument("flow_id")
def delete(flow_id: str) -> None:
    """Remove a flow."""
    if not session().client().delete_flow(flow_id):
        fail(f"there is no flow {flow_id!r}", NOT_FOUND)
    say(f"flow {flow_id} is removed")


@command("validate", flows)
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
def validate(files: Tuple[str, ...]) -> None:
    """Check the graphs of flows in YAML or JSON files; no server is asked."""
    for file in files:
        try:
            flow = Flow.from_wire(read_definition(file))
            flow.validate()
        except ValidationError as error:
            raise ValidationError(f"{file}: {error}") from None
        say(f"{file}: flow {flow.flow_id} is sound")


COMMANDS = (flows,)
