"""`marketplace list|get|categories|stats`: agents that others offer."""

from typing import Any

import click

from ai_spine.cli.commands import command, noun
from ai_spine.cli.output.printing import print_value
from ai_spine.cli.session import session

marketplace = noun("marketplace", "Show the agents that others offer.")


@command("list", marketplace)
@click.option("--search", metavar="TEXT", help="Only agents that this text finds.")
@click.option("--category", help="Only agents of this category.")
@click.option("--min-rating", type=click.FloatRange(0), help="The lowest rating.")
@click.option("--max-price", type=click.FloatRange(0), help="The highest price.")
@click.option("--sort-by", metavar="FIELD", help="What to sort by, such as rating.")
@click.option("--limit", type=click.IntRange(1), help="How many at most.")
@click.option("--offset", type=click.IntRange(0), help="How many to skip.")
def list_(**filters: Any) -> None:
    """List the agents on offer.

    \b
    ai-spine marketplace list --search credit --min-rating 4
    """
    print_value(session().client().list_marketplace_agents(**filters))


@command("get", marketplace)
@click.argument("offered_agent_id")
def get(offered_agent_id: str) -> None:
    """Show an agent on offer.

    \b
    ai-spine marketplace get credit-scorer
    """
    print_value(session().client().get_marketplace_agent(offered_agent_id))


@command("categories", marketplace)
def categories() -> None:
    """Show the categories of agents on offer.

    \b
    ai-spine marketplace categories
    """
    print_value(session().client().get_marketplace_categories())


@command("stats", marketplace)
def stats() -> None:
    """Show the statistics of the marketplace.

    \b
    ai-spine marketplace stats
    """
    print_value(session().client().get_marketplace_stats())


COMMANDS = (marketplace,)
