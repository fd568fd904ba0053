"""`init`: begins a project with a flow, agents and a test. `project.py` writes it."""

import shlex
from importlib.util import find_spec
from pathlib import Path
from typing import List

import click

from ai_spine.cli.commands import command
from ai_spine.cli.output.printing import say
from ai_spine.cli.output.terminal import harmless, put
from ai_spine.cli.project import TEMPLATES, Template, read_template, write_project
from ai_spine.utils import one_line

_URL = "http://127.0.0.1:8000"  # where `local start` serves by default
_START = "ai-spine local start --flows flows --agents agents.py"
_RELOADING = "ai-spine local start --reload"


@command("init", prints=False)
@click.argument("folder", metavar="[DIR]", default=".")
@click.option(
    "--template",
    type=click.Choice(list(TEMPLATES)),
    default="minimal",
    show_default=True,
    help="What to start from.",
)
def init(folder: str, template: str) -> None:
    """Start a project: agents, a flow, and tests.

    DIR is a new or an empty folder; by default, the current one. The commands to continue with are
    printed. `minimal` has one agent and one flow, `credit` a flow with a condition, and `llm` an
    agent that calls a language model.

    \b
    ai-spine init demo
    ai-spine init demo --template credit
    """
    chosen = TEMPLATES[template]
    execute = _execute_line(chosen)
    values = {
        "title": _title_of(folder),
        "url": _URL,
        "start": _RELOADING,
        "execute": execute,
    }
    write_project(folder, read_template(template, values))
    needs = f"; its flow needs {chosen.needs}" if chosen.needs else ""
    say(f"the project is in {harmless(folder)}{needs}. To continue:")
    for line in (*_way_to(folder), _start_line(), execute):
        put(line)


def _start_line() -> str:
    """Return the command that starts a server, which reloads if that is possible here."""
    return _RELOADING if find_spec("watchfiles") else _START


def _execute_line(template: Template) -> str:
    inputs = [f"-i {shlex.quote(each)}" for each in template.inputs]
    return " ".join(
        ["ai-spine execute", template.flow_id, *inputs, f"--base-url {_URL}"]
    )


def _title_of(folder: str) -> str:
    """Return the name of a folder as text that any file can have."""
    name = Path(folder).resolve().name or "project"
    return one_line(name.encode("utf-8", "replace").decode("utf-8"))


def _way_to(folder: str) -> List[str]:
    """Return the command that leads to a folder, if one is needed."""
    path = Path(folder)
    if path == Path():
        return []
    dashes = "-- " if folder.startswith("-") else ""
    shown = folder if folder.isprintable() else harmless(folder)
    return [f"cd {dashes}{shlex.quote(shown)}"]


COMMANDS = (init,)
