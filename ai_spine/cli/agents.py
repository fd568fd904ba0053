"""`agents list|get|create|delete`: the agents of the account."""

from typing import Optional, Tuple

import click

from ai_spine.cli.commands import command, noun
from ai_spine.cli.errors import fail
from ai_spine.cli.exit_codes import NOT_FOUND
from ai_spine.cli.output.printing import print_item, print_items, say
from ai_spine.cli.session import session
from ai_spine.cli.values import read_object
from ai_spine.models import Agent

COLUMNS = ("agent_id", "name", "agent_type", "is_active", "capabilities")


agents = noun("agents", "List, show, register and remove agents.")


@command("list", agents)
@click.option("--active", is_flag=True, help="Only agents that accept work.")
@click.option("--mine", is_flag=True, help="Only agents of the key's user.")
def list_(active: bool, mine: bool) -> None:
    """List all agents.

    \b
    ai-spine agents list --active
    ai-spine agents --output csv
    """
    found = session().client().list_agents(active=active, mine=mine)
    print_items(found, COLUMNS, Agent)


@command("get", agents)
@click.argument("agent_id")
def get(agent_id: str) -> None:
    """Show an agent.

    \b
    ai-spine agents get credit_risk
    """
    print_item(session().client().get_agent(agent_id))


@command("create", agents)
@click.argument("agent_id")
@click.option("--endpoint", metavar="URL", help="Where the agent is served.")
@click.option("--name", help="Its name for people.")
@click.option("--description", help="What it does.")
@click.option("--capability", multiple=True, help="What it can do; may be repeated.")
@click.option("--type", "agent_type", help="input, processor, output or conditional.")
@click.option(
    "--config", metavar="JSON|@FILE|-", help="Other fields that the server requires."
)
def create(
    agent_id: str,
    endpoint: Optional[str],
    name: Optional[str],
    description: Optional[str],
    capability: Tuple[str, ...],
    agent_type: Optional[str],
    config: Optional[str],
) -> None:
    """Register an agent.

    \b
    ai-spine agents create eddie --endpoint http://127.0.0.1:9000
    ai-spine agents create eddie --config @eddie.json --capability risk
    """
    given = {
        "endpoint": endpoint,
        "name": name,
        "description": description,
        "capabilities": list(capability) or None,
        "agent_type": agent_type,
    }
    options = {key: value for key, value in given.items() if value is not None}
    agent_config = {**read_object("--config", config), **options, "agent_id": agent_id}
    print_item(session().client().create_agent(agent_config))


@command("delete", agents)
@click.argument("agent_id")
def delete(agent_id: str) -> None:
    """Remove an agent.

    \b
    ai-spine agents delete eddie
    """
    if not session().client().delete_agent(agent_id):
        fail(f"there is no agent {agent_id!r}", NOT_FOUND)
    say(f"agent {agent_id} is removed")


COMMANDS = (agents,)
