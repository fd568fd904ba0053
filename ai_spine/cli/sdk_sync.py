"""`sdk-sync diff`."""

import click

from ai_spine.cli.groups import Noun
from ai_spine.cli.sdk_sync_diff import diff


@click.group("sdk-sync", cls=Noun, no_args_is_help=False)
def sdk_sync() -> None:
    """Compare schemas with versions.

    \b
    ai-spine sdk-sync diff old.json new.json
    """


sdk_sync.add_command(diff)
COMMANDS = (sdk_sync,)
