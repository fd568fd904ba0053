"""Writes the project of `init`: from templates, and wholly or not at all."""

import os
import string
import tempfile
from pathlib import Path
from typing import Dict, Mapping, NamedTuple, Sequence

import click

from ai_spine.__version__ import __version__
from ai_spine.cli.output.terminal import harmless

_FOLDER = Path(__file__).parent / "templates"
_COMMON = "common"
# It keeps tools from taking these files for ours: compilers, linters, and git a .gitignore.
_SUFFIX = "-tpl"


class Template(NamedTuple):
    """A project to start from, and an execution that shows what it does."""

    flow_id: str
    """Its flow."""
    inputs: Sequence[str]
    """Inputs of the flow, as `-i` takes them."""
    needs: str = ""
    """What its flow needs besides the SDK."""


TEMPLATES = {
    "minimal": Template("hello", ["name=Ana"]),
    "credit": Template("credit", ["income=52000", "amount=15000", "term_months=24"]),
    "llm": Template(
        "summary",
        ["text=A flow is a graph of nodes, and each node calls an agent."],
        "the package openai, and a model (see README.md)",
    ),
}


def read_template(name: str, values: Mapping[str, str]) -> Dict[str, str]:
    """Return the files of a new project by their paths.

    A template's file continues the file of the same path that all projects have.

    Args:
        name: The template.
        values: What replaces `$title` and the like.

    Example:
        >>> values = dict.fromkeys(["title", "url", "start", "execute"], "x")
        >>> sorted(read_template("minimal", values))[:4]
        ['.env.example', '.gitignore', 'README.md', 'agents.py']
    """
    texts: Dict[str, str] = {}
    for folder in (_FOLDER / _COMMON, _FOLDER / name):
        for file in sorted(folder.rglob(f"*{_SUFFIX}")):
            path = file.relative_to(folder).as_posix()[: -len(_SUFFIX)]
            texts[path] = texts.get(path, "") + file.read_text(encoding="utf-8")
    return {
        path: string.Template(text).substitute(values, sdk_version=__version__)
        for path, text in texts.items()
    }


def write_project(folder: str, files: Mapping[str, str]) -> None:
    """Write the files of a project into a new or an empty folder; if that fails, none of them.

    Args:
        folder: The folder.
        files: The texts of the files by their paths.

    Raises:
        click.UsageError: The folder has no name, is not empty, is a file, or cannot be written.
    """
    if not folder:
        raise click.UsageError("the name of the folder must not be empty")
    target, shown = Path(folder), harmless(folder)
    try:
        exists = target.is_dir()
        if exists and any(target.iterdir()):
            raise click.UsageError(
                f"the folder {shown} is not empty: name a new or an empty one"
            )
        if not exists and os.path.lexists(folder):
            raise click.UsageError(f"{shown} is a file: name a new or an empty folder")
        _write(target, files, exists)
    except OSError as error:
        raise click.UsageError(
            f"the project cannot be written to {shown}: {error.strerror}"
        ) from None


def _write(target: Path, files: Mapping[str, str], exists: bool) -> None:
    """Write all files beside their places first, since a disk may be full."""
    # A folder that exists stays the same one: it may be a mount, or where a shell is.
    place = target if exists else target.parent
    with tempfile.TemporaryDirectory(prefix=".ai-spine-init-", dir=place) as temporary:
        staged = Path(temporary) / "project"
        for path, text in files.items():
            file = staged / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(text.encode("utf-8"))
        if exists:
            _move_all(staged, target)
        else:
            staged.rename(target)


def _move_all(source: Path, target: Path) -> None:
    """Move all that is in a folder to another one; if that fails, move it back."""
    names = [each.name for each in source.iterdir()]
    try:
        for name in names:
            (source / name).rename(target / name)
    except BaseException:
        for name in names:
            if not (source / name).exists():
                (target / name).rename(source / name)
        raise
