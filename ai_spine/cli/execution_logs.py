"""`executions logs`: what agents printed and logged, kept or as it comes."""

from typing import Iterator, Optional

import click

from ai_spine.cli.commands import command
from ai_spine.cli.output.printing import print_items
from ai_spine.cli.output.terminal import harmless_line, put
from ai_spine.cli.session import session
from ai_spine.client import AISpine
from ai_spine.models import LogLine

COLUMNS = ("time", "node_id", "level", "text")


def add_logs(executions: click.Group) -> None:
    """Add the command to its group."""

    @command("logs", executions)
    @click.argument("execution_id")
    @click.option("--follow", is_flag=True, help="Go on until the execution is done.")
    @click.option("--node", metavar="NODE", help="Only lines of this node.")
    def logs(execution_id: str, follow: bool, node: Optional[str]) -> None:
        """Show what agents printed and logged, on the local server.

        \b
        ai-spine executions logs 3f2b8c1e-0d5a-4c57-9d0e-6a1f5b7c2d90
        ai-spine executions logs 3f2b8c1e-0d5a-4c57-9d0e-6a1f5b7c2d90 --follow
        """
        client = session().client()
        lines = _followed if follow else AISpine.get_execution_logs
        chosen = (
            line
            for line in lines(client, execution_id)
            if node is None or line.node_id == node
        )
        if session().output != "table" or session().options.get("query") is not None:
            print_items(chosen, COLUMNS, LogLine)
            return
        for line in chosen:
            put(harmless_line(f"{line.node_id} {line.level}: {line.text}"))


def _followed(client: AISpine, execution_id: str) -> Iterator[LogLine]:
    """Yield the lines so far, and those that come until the execution is done."""
    seen = set()
    for line in _lines(client, execution_id):
        key = tuple(line.to_dict().items())
        if key not in seen:
            seen.add(key)
            yield line


def _lines(client: AISpine, execution_id: str) -> Iterator[LogLine]:
    yield from client.get_execution_logs(execution_id)
    for event in client.stream_execution(execution_id, timeout=None):
        if event.log is not None:
            yield event.log
    yield from client.get_execution_logs(execution_id)  # where there is no stream
