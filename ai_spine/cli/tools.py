"""`tools …`: external tools, their schemas, and executions of them."""

from typing import Any, Dict, Optional, Tuple

import click

from ai_spine.cli.commands import command, noun
from ai_spine.cli.errors import fail
from ai_spine.cli.exit_codes import NOT_FOUND
from ai_spine.cli.output.printing import print_item, print_items, print_value, say
from ai_spine.cli.session import session
from ai_spine.cli.values import read_object, read_pairs
from ai_spine.models import Tool

COLUMNS = ("tool_id", "name", "tool_type", "is_active")

_fields = (
    click.option("--endpoint", metavar="URL", help="Where the tool is served."),
    click.option("--name", help="Its name for people."),
    click.option("--description", help="What it does."),
    click.option(
        "--type", "tool_type", multiple=True, help="Such as OCR; may be repeated."
    ),
    click.option(
        "--config", metavar="JSON|@FILE|-", help="Other fields, as an object."
    ),
)


def _with_fields(function: Any) -> Any:
    for option in reversed(_fields):
        function = option(function)
    return function


def _given(config: Optional[str], tool_type: Tuple[str, ...], **options: Any) -> Any:
    """Return the fields that the options and the object of `--config` give."""
    known = {**options, "tool_type": list(tool_type) or None}
    given = {name: value for name, value in known.items() if value is not None}
    return {**read_object("--config", config), **given}


tools = noun("tools", "List, show, register, change, remove and execute tools.")


@command("list", tools)
@click.option("--active", is_flag=True, help="Only tools that can be executed.")
@click.option("--mine", is_flag=True, help="Only tools of the key's user.")
def list_(active: bool, mine: bool) -> None:
    """List all tools.

    \b
    ai-spine tools list --active
    ai-spine tools --output csv
    """
    found = session().client().list_tools(active=active, mine=mine)
    print_items(found, COLUMNS, Tool)


@command("search", tools)
@click.argument("text", required=False)
@click.option("--type", "types", multiple=True, help="Such as OCR; may be repeated.")
@click.option("--created-by", metavar="USER", help="Only tools of this user.")
@click.option("--inactive", is_flag=True, help="Also tools that cannot be executed.")
@click.option(
    "--limit",
    type=click.IntRange(1, 100),
    default=50,
    show_default=True,
    help="How many at most.",
)
@click.option("--offset", type=click.IntRange(0), default=0, help="How many to skip.")
def search(
    text: Optional[str],
    types: Tuple[str, ...],
    created_by: Optional[str],
    inactive: bool,
    limit: int,
    offset: int,
) -> None:
    """Search tools.

    \b
    ai-spine tools search invoice --type OCR
    """
    found = (
        session()
        .client()
        .search_tools(
            text,
            tool_types=list(types) or None,
            is_active=None if inactive else True,
            created_by=created_by,
            limit=limit,
            offset=offset,
        )
    )
    print_items(found.tools or [], COLUMNS, Tool)
    if found.has_more:
        say(f"there are more: use --offset {offset + limit}")


@command("get", tools)
@click.argument("tool_id")
def get(tool_id: str) -> None:
    """Show a tool.

    \b
    ai-spine tools get translate
    """
    print_item(session().client().get_tool(tool_id))


@command("create", tools)
@click.argument("tool_id")
@_with_fields
def create(tool_id: str, **fields: Any) -> None:
    """Register a tool.

    \b
    ai-spine tools create translate --name Translate --endpoint http://tools.test
    ai-spine tools create translate --config @translate.json --type TRANSLATION
    """
    body = {"tool_id": tool_id, **_given(**fields)}
    if body["tool_id"] != tool_id:
        raise click.UsageError(f"--config: its tool_id is not {tool_id!r}")
    print_item(session().client().create_tool(body))


@command("update", tools)
@click.argument("tool_id")
@_with_fields
def update(tool_id: str, **fields: Any) -> None:
    """Change some fields of a tool.

    \b
    ai-spine tools update translate --endpoint http://127.0.0.1:9001
    """
    changes = _given(**fields)
    if not changes:
        raise click.UsageError("nothing to change is given")
    print_item(session().client().update_tool(tool_id, changes))


@command("delete", tools)
@click.argument("tool_id")
def delete(tool_id: str) -> None:
    """Remove a tool.

    \b
    ai-spine tools delete translate
    """
    if not session().client().delete_tool(tool_id):
        fail(f"there is no tool {tool_id!r}", NOT_FOUND)
    say(f"tool {tool_id} is removed")


@command("status", tools)
@click.argument("tool_id")
@click.argument("new_status", type=click.Choice(["active", "inactive"]))
def status(tool_id: str, new_status: str) -> None:
    """Say whether a tool can be executed.

    \b
    ai-spine tools status translate inactive
    """
    client = session().client()
    print_item(client.set_tool_status(tool_id, new_status == "active"))


@command("schemas", tools)
@click.argument("tool_id")
def schemas(tool_id: str) -> None:
    """Show the schemas of a tool.

    \b
    ai-spine tools schemas translate --output json
    """
    print_item(session().client().get_tool_schemas(tool_id))


@command("set-schemas", tools)
@click.argument("tool_id")
@click.option("--input-schema", metavar="JSON|@FILE|-", help="Of its input.")
@click.option("--output-schema", metavar="JSON|@FILE|-", help="Of its output.")
@click.option("--config-schema", metavar="JSON|@FILE|-", help="Of its configuration.")
def set_schemas(tool_id: str, **texts: Optional[str]) -> None:
    """Set schemas of a tool.

    \b
    ai-spine tools set-schemas translate --input-schema @input.json
    """
    given: Dict[str, Any] = {
        name: read_object(f"--{name.replace('_', '-')}", text)
        for name, text in texts.items()
        if text is not None
    }
    if not given:
        raise click.UsageError(
            "no schema is given: use --input-schema, --output-schema or --config-schema"
        )
    print_item(session().client().create_tool_schemas(tool_id, **given))


@command("execute", tools)
@click.argument("tool_id")
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
@click.option("--config", metavar="JSON|@FILE|-", help="Its configuration.")
def execute(
    tool_id: str,
    pairs: Tuple[str, ...],
    input_json: Optional[str],
    config: Optional[str],
) -> None:
    """Execute a tool, and print its output.

    \b
    ai-spine tools execute translate -i text=Hello -i to=de
    """
    input_data = {**read_object("--input", input_json), **read_pairs(pairs)}
    config_data = None if config is None else read_object("--config", config)
    result = session().client().execute_tool(tool_id, input_data, config_data)
    if result.execution_id is not None:
        say(f"tool execution {result.execution_id}")
    print_value(result.data or {})


@command("execution", tools)
@click.argument("tool_execution_id")
def execution(tool_execution_id: str) -> None:
    """Show an execution of a tool.

    \b
    ai-spine tools execution 3f2b8c1e-0d5a-4c57-9d0e-6a1f5b7c2d90
    """
    print_item(session().client().get_tool_execution(tool_execution_id))


COMMANDS = (tools,)
