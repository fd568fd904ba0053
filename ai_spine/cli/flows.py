"""`flows list|get|show|create|update|delete|validate`: flows on the server and in files."""

import sys
from typing import Any, Mapping, Optional, Sequence, Tuple

import click

from ai_spine.cli.commands import command, noun
from ai_spine.cli.errors import fail
from ai_spine.cli.exit_codes import NOT_FOUND
from ai_spine.cli.output.printing import print_item, print_items, print_value, say
from ai_spine.cli.output.terminal import encodes, harmless, put, width_of
from ai_spine.cli.session import import_local, session
from ai_spine.cli.values import read_object
from ai_spine.exceptions import ValidationError
from ai_spine.flows.definitions import read_definition
from ai_spine.flows.drawing import (
    flow_as_dot,
    flow_as_mermaid,
    flow_as_svg,
    flow_as_text,
)
from ai_spine.models import Flow

COLUMNS = ("flow_id", "name", "version", "description")
PICTURES = ("text", "mermaid", "dot", "svg")
_PAGE_WIDTH = 120  # columns of a picture that goes to no terminal


flows = noun("flows", "List, show, add, change and remove flows.")


@command("list", flows)
@click.option("--mine", is_flag=True, help="Only flows of the key's user.")
def list_(mine: bool) -> None:
    """List all flows.

    \b
    ai-spine flows list
    ai-spine flows list --output csv
    """
    print_items(session().client().list_flows(mine=mine), COLUMNS, Flow)


@command("get", flows)
@click.argument("flow_id")
def get(flow_id: str) -> None:
    """Show a flow with its nodes.

    \b
    ai-spine flows get credit_analysis
    ai-spine flows get credit_analysis --query "nodes[].agent_id" --output json
    """
    print_item(session().client().get_flow(flow_id))


@command("show", flows)
@click.argument("flow_id", required=False)
@click.option("--file", metavar="FILE", help="Draw what a YAML or JSON file defines.")
@click.option(
    "--format", "format_", type=click.Choice(PICTURES), help="The picture [text]."
)
def show(flow_id: Optional[str], file: Optional[str], format_: Optional[str]) -> None:
    """Draw a flow's graph.

    With --output, its definition is printed instead, as `flows get` does.

    \b
    ai-spine flows show credit_analysis
    ai-spine flows show credit_analysis --format svg > credit.svg
    ai-spine flows show --file credit.yaml --format mermaid
    """
    draws = _draws(format_)
    if (flow_id is None) == (file is None):
        raise click.UsageError("name either a FLOW_ID or a --file")
    if file is not None:
        flow = Flow.from_wire(read_definition(file))
    else:
        flow = session().client().get_flow(str(flow_id))
    if draws:
        put(_picture(flow, format_ or "text"), end="")
    else:
        print_item(flow)


def _draws(format_: Optional[str]) -> bool:
    """Return whether a picture is requested, or the definition as data."""
    options = session().options
    asks_for_data = "query" in options or options.get("output") not in (None, "table")
    if format_ is not None and asks_for_data:
        raise click.UsageError(
            "--format draws a picture; --output and --query print data: take one of them"
        )
    return format_ is not None or not (
        "query" in options or session().output != "table"
    )


def _picture(flow: Flow, format_: str) -> str:
    """Return the picture as text that stdout can take, ended by a newline."""
    if format_ == "svg":  # which has its own way to name a character
        encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
        svg = flow_as_svg(flow).encode(encoding, "xmlcharrefreplace").decode(encoding)
        return _ended(svg)
    if format_ == "text":
        width = width_of(sys.stdout) or _PAGE_WIDTH
        return _ended(flow_as_text(flow, width=width, ascii_only=not encodes("╭─▼═╗")))
    return _ended(flow_as_dot(flow) if format_ == "dot" else flow_as_mermaid(flow))


def _ended(text: str) -> str:
    return text if text.endswith("\n") else f"{text}\n"


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
    """Replace the definition of a flow by the one in FILE.

    \b
    ai-spine flows update credit_analysis credit.yaml
    """
    print_item(session().client().update_flow(flow_id, file))


@command("delete", flows)
@click.argument("flow_id")
def delete(flow_id: str) -> None:
    """Remove a flow.

    \b
    ai-spine flows delete credit_analysis
    """
    if not session().client().delete_flow(flow_id):
        fail(f"there is no flow {flow_id!r}", NOT_FOUND)
    say(f"flow {flow_id} is removed")


@command("validate", flows)
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option(
    "--input",
    "inputs_json",
    multiple=True,
    metavar="JSON|@FILE|-",
    help="A sample input that must fit; may be repeated.",
)
def validate(files: Tuple[str, ...], inputs_json: Tuple[str, ...]) -> None:
    """Check flows in YAML or JSON files, without a server.

    Graphs, schemas, examples and sample inputs are checked.

    \b
    ai-spine flows validate flows/*.yaml
    ai-spine flows validate flows/credit.yaml --input @applicant.json
    """
    samples = [read_object("--input", text) for text in inputs_json]
    found = [{"file": file, "flow_id": _sound(file, samples).flow_id} for file in files]
    if session().output != "table" or "query" in session().options:
        print_value(found)
        return
    for each in found:
        put(harmless(f"{each['file']}: flow {each['flow_id']} is valid"))


def _sound(file: str, samples: Sequence[Mapping[str, Any]]) -> Flow:
    """Return the flow of a file, which must be valid, and fit the samples."""
    try:
        flow = Flow.from_wire(read_definition(file))
        flow.validate()
    except ValidationError as error:
        raise ValidationError(f"{file}: {error}") from None
    if flow.input_schema is None and flow.output_schema is None:
        if samples:
            raise ValidationError(f"{file}: it has no input_schema to check --input by")
        return flow
    import_local()
    from ai_spine.local.schemas import check_schemas, misfits

    check_schemas(flow, file)
    for sample in samples:
        found = misfits(flow.input_schema or {}, sample)
        if found:
            words = "; ".join(map(str, found))
            raise ValidationError(f"{file}: --input does not fit: {words}")
    return flow


COMMANDS = (flows,)
