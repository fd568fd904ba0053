"""Writes a folder of generated files in the place of an earlier one: wholly, or not at all."""

import hashlib
import json
import os
import tempfile
from pathlib import Path
from typing import Any, Dict, Iterator, List, Mapping

import click

from ai_spine.cli.output.terminal import harmless

MANIFEST = "generated/files.json"
"""The file with the digests of all generated files, by their paths."""
_COMPILED = "__pycache__"
_MOST_NAMED = 3


def write_generated(folder: str, files: Mapping[str, bytes], *, force: bool) -> None:
    """Write generated files, and remove those of an earlier time.

    Args:
        folder: The folder.
        files: The contents of all files by their paths.
        force: Whether to replace generated files that were changed, and to keep added ones.

    Raises:
        click.UsageError: The folder has files that were changed or added, is a file, or cannot be
            written; it is as it was before.
    """
    if not folder:
        raise click.UsageError("the name of the folder must not be empty")
    shown = harmless(folder)
    target = Path(os.path.realpath(folder))
    if os.path.lexists(target) and not target.is_dir():
        raise click.UsageError(f"{shown} is a file: name a folder")
    try:
        others = list(_others_in(target, _generated_in(target)))
        if others and not force:
            raise click.UsageError(
                f"{shown} has what was not generated: {_named(others)}; name another folder, or "
                "use --force, which keeps added files and replaces changed ones"
            )
        _write(target, _with_manifest(files), others)
    except OSError as error:
        words = f"{shown} cannot be written: {error.strerror}"
        raise click.UsageError(words) from None


def _with_manifest(files: Mapping[str, bytes]) -> Dict[str, bytes]:
    digests = {path: _digest(files[path]) for path in sorted(files)}
    return {**files, MANIFEST: f"{json.dumps(digests, indent=2)}\n".encode("utf-8")}


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _generated_in(folder: Path) -> Mapping[str, Any]:
    """Return the digests of generated files by their paths; none if that is not known."""
    try:
        found = json.loads((folder / MANIFEST).read_bytes())
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _others_in(
    folder: Path, known: Mapping[str, Any], inside: str = ""
) -> Iterator[str]:
    """Yield the paths that were added or changed; of an added folder, only its own."""
    if not folder.is_dir():
        return
    for each in sorted(folder.iterdir()):
        path = f"{inside}{each.name}"
        if each.is_symlink():
            yield path
        elif each.is_dir():
            if any(other.startswith(f"{path}/") for other in known):
                yield from _others_in(each, known, f"{path}/")
            elif each.name != _COMPILED:
                yield path
        elif path == MANIFEST and known:
            continue
        elif known.get(path) != _digest(each.read_bytes()):
            yield path


def _named(paths: List[str]) -> str:
    names = ", ".join(harmless(path) for path in paths[:_MOST_NAMED])
    more = len(paths) - _MOST_NAMED
    return f"{names} and {more} more" if more > 0 else names


def _write(target: Path, files: Mapping[str, bytes], others: List[str]) -> None:
    """Write all files beside the folder first, since a disk may be full."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(
        prefix=".ai-spine-build-", dir=target.parent
    ) as temporary:
        new, old = Path(temporary) / "new", Path(temporary) / "old"
        for path, content in files.items():
            file = new / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
        if target.is_dir():
            _exchange(target, new, old, others)
        else:
            new.rename(target)


def _exchange(target: Path, new: Path, old: Path, others: List[str]) -> None:
    """Put a folder in the place of another, with the other's own files; or change nothing."""
    moved: List[str] = []
    target.rename(old)
    try:
        for path in others:
            if not os.path.lexists(new / path):
                (new / path).parent.mkdir(parents=True, exist_ok=True)
                (old / path).rename(new / path)
                moved.append(path)
        new.rename(target)
    except BaseException:
        for path in moved:
            (new / path).rename(old / path)
        old.rename(target)
        raise
