"""The files of the backend that `build` writes."""

import json
import os
import string
from pathlib import Path
from typing import Any, Dict, List, Mapping, NamedTuple, Optional

import click

from ai_spine.__version__ import __version__
from ai_spine.cli.output.terminal import harmless
from ai_spine.utils import one_line

_TEMPLATES = Path(__file__).parent / "templates" / "backend"
_BACKEND = "BACKEND"


class Agents(NamedTuple):
    """The modules of agents, and how the backend names them."""

    files: Dict[str, bytes]
    """Their contents by their paths in the backend."""
    expression: str
    """The Python that stands for them."""


class Built(NamedTuple):
    """A backend that is not yet written."""

    files: Dict[str, bytes]
    """The contents of its files by their paths."""
    tools: List[str]
    """The names of its tools."""
    warnings: List[str]
    """What is not known of them."""


def build_backend(
    flows: str,
    agents: Optional[str],
    *,
    title: str,
    version: str,
    export_schemas: bool,
) -> Built:
    """Return the files of a backend.

    Args:
        flows: A folder of flows, or the file of one.
        agents: The module of the agents, or its Python file.
        title: What the backend is called.
        version: The version of the schemas of flows that have none.
        export_schemas: Whether the backend serves its schemas.

    Raises:
        click.UsageError: There are no flows, or the agents' files would replace the backend's own.
        ConfigurationError: A flow or an agent is wrong.
    """
    from ai_spine.local.site import Definitions

    paths = _flow_files(flows)
    definitions = Definitions([str(path) for path in paths], agents)
    definitions.check(definitions.agents)
    spec = definitions.export_schemas(version)
    copied = _agents(agents)
    values = {
        "agents": copied.expression,
        "title": _literal(title),
        "version": _literal(version),
        "heading": title,
        "copied": ", ".join(f"`{path}`" for path in sorted(copied.files)) or "none",
        "tools": "\n".join(
            f"- `{name}`: {one_line(tool.description, 300)}"
            for name, tool in spec.tools.items()
        ),
        "schemas": _template("schemas.md", {}) if export_schemas else "",
    }
    files = _own_files(values, spec if export_schemas else None)
    files.update({f"flows/{path.name}": path.read_bytes() for path in paths})
    for path in copied.files:
        if path in files or path.startswith(("generated/", "flows/")):
            raise click.UsageError(
                f"{harmless(path)} of the agents would replace a file of the backend: rename it"
            )
    files.update(copied.files)
    return Built(files, list(spec.tools), list(spec.metadata["warnings"]))


def _flow_files(flows: str) -> List[Path]:
    from ai_spine.flows.definitions import FILE_SUFFIXES

    source = Path(flows)
    if source.is_file():
        return [source]
    found = sorted(source.iterdir()) if source.is_dir() else []
    paths = [path for path in found if path.suffix in FILE_SUFFIXES]
    if not paths:
        words = (
            f"there are no flows in {harmless(flows)}: name a folder or a file of flows"
        )
        raise click.UsageError(words)
    return paths


def _agents(agents: Optional[str]) -> Agents:
    """Return the modules that the agents import from their own project."""
    from ai_spine.local.agents.functions import collect_agents
    from ai_spine.local.agents.modules import fresh_imports, modules_in, project_of

    if agents is None:
        return Agents({}, "None")
    project = project_of(agents)
    if project is None:  # an installed package
        return Agents({}, _literal(agents))
    with fresh_imports(project):
        collect_agents(agents)
        modules = list(modules_in(project).values())
    sources = [os.path.realpath(m.__file__) for m in modules if m.__file__ is not None]
    files = {
        Path(source).relative_to(project).as_posix(): Path(source).read_bytes()
        for source in sources
    }
    if not agents.endswith(".py"):
        return Agents(files, _literal(agents))
    path = Path(os.path.realpath(agents)).relative_to(project).as_posix()
    return Agents(files, f"str({_BACKEND} / {_literal(path)})")


def _own_files(values: Mapping[str, str], spec: Any) -> Dict[str, bytes]:
    """Return the files that every backend has, and those of schemas if there is a specification."""
    texts = {
        "main.py": _template("main.py", values),
        "requirements.txt": _template("requirements.txt", values),
        "README.md": _template("README.md", values),
        "generated/__init__.py": '"""What `ai-spine build` has generated."""\n',
        "generated/routers/__init__.py": _routers(["tools"]),
        "generated/routers/tools.py": _template("tools.py", values),
    }
    if spec is not None:
        from ai_spine.sdk_sync.exporter import generate_metadata_router

        texts["generated/routers/__init__.py"] = _routers(["metadata", "tools"])
        texts["generated/routers/metadata.py"] = generate_metadata_router()
        texts["generated/schemas/__init__.py"] = '"""The schemas of the tools."""\n'
        texts["generated/schemas/spec.json"] = f"{spec.to_json()}\n"
    return {path: text.encode("utf-8") for path, text in texts.items()}


def _routers(names: List[str]) -> str:
    """Return the module that has all routers."""
    routers = "".join(f"{name}_router = {name}.router\n" for name in names)
    listed = ", ".join(f"{name}_router" for name in names)
    listed += "," if len(names) == 1 else ""
    return (
        '"""The routers of the backend. Generated by `ai-spine build`."""\n\n'
        f"from generated.routers import {', '.join(names)}\n\n"
        f"{routers}GENERATED_ROUTERS = ({listed})\n"
    )


def _literal(text: str) -> str:
    """Return a text as Python has it, in double quotes if all of it can be printed."""
    return json.dumps(text, ensure_ascii=False) if text.isprintable() else repr(text)


def _template(name: str, values: Mapping[str, str]) -> str:
    text = (_TEMPLATES / f"{name}-tpl").read_text(encoding="utf-8")
    return string.Template(text).substitute(values, sdk_version=__version__)
