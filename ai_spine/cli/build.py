"""`build`: writes a FastAPI backend of flows. `backend.py` has what is in its files."""

import shlex
import sys
from pathlib import Path
from typing import Any, Optional

import click

from ai_spine.cli.backend import build_backend
from ai_spine.cli.commands import command
from ai_spine.cli.output.printing import say
from ai_spine.cli.output.terminal import harmless, harmless_line, put
from ai_spine.cli.session import import_local
from ai_spine.utils import one_line

MANIFEST = "generated/files.json"


def _check_version(
    context: click.Context, parameter: click.Parameter, value: str
) -> str:
    from ai_spine.sdk_sync.errors import ConfigError
    from ai_spine.sdk_sync.ir import SchemaVersion

    try:
        return str(SchemaVersion.parse(value))
    except ConfigError as error:
        raise click.BadParameter(str(error)) from None


@command("build", prints=False)
@click.argument("flows", metavar="FLOWS")
@click.option(
    "--agents", metavar="MODULE", help="A module, or a Python file, of agents."
)
@click.option(
    "--out",
    "--backend-out",
    "out",
    metavar="DIR",
    default="backend",
    show_default=True,
    help="The folder to write.",
)
@click.option(
    "--export-schemas", is_flag=True, help="Serve schemas, for `ai-spine sdk-sync`."
)
@click.option(
    "--schema-version",
    metavar="VERSION",
    default="1.0.0",
    show_default=True,
    callback=_check_version,
    help="The version of the schemas, and of flows that have none.",
)
@click.option(
    "--force", is_flag=True, help="Replace changed files of DIR, and keep added ones."
)
@click.option(
    "--build-backend", is_flag=True, help="Does nothing: a backend is what is built."
)
def build(
    flows: str,
    agents: Optional[str],
    out: str,
    export_schemas: bool,
    schema_version: str,
    force: bool,
    **_: Any,
) -> None:
    """Write a FastAPI backend that serves flows.

    FLOWS is a folder of flows in YAML or JSON, or one such file. They are copied, with the Python
    files that the agents import from their project. The backend runs them in its own process, as
    tools: POST /api/tools/NAME/execute takes the input of a flow, and returns its output.

    \b
    ai-spine build flows/ --agents agents.py --out backend
    ai-spine build flows/ --agents agents.py --export-schemas
    """
    from ai_spine.sdk_sync.generated_folder import with_manifest, write_generated

    import_local()
    if not out:
        raise click.UsageError("the name of the folder must not be empty")
    if export_schemas and sys.version_info < (3, 10):
        raise click.UsageError("--export-schemas needs Python 3.10 or later")
    title = one_line(
        Path(out).resolve().name.encode("utf-8", "replace").decode("utf-8")
    )
    built = build_backend(
        flows,
        agents,
        title=title,
        version=schema_version,
        export_schemas=export_schemas,
    )
    files = with_manifest(built.files, MANIFEST)
    write_generated(Path(out), files, MANIFEST, force=force)
    for warning in built.warnings if export_schemas else ():
        say(f"warning: {harmless_line(warning)}")
    count = len(built.tools)
    say(
        f"the backend is in {harmless(out)}, with {count} tool{'' if count == 1 else 's'}."
        " To continue:"
    )
    dashes = "-- " if out.startswith("-") else ""
    put(f"cd {dashes}{shlex.quote(out if out.isprintable() else harmless(out))}")
    put("pip install -r requirements.txt")
    put("uvicorn main:app")


COMMANDS = (build,)
