"""Writes a folder of generated files in the place of an earlier one: wholly, or not at all."""

import contextlib
import difflib
import hashlib
import json
import os
import signal
import tempfile
import threading
from pathlib import Path
from typing import Any, Dict, Iterator, List, Mapping, NamedTuple, Tuple

from ai_spine.sdk_sync.errors import CodegenError, ConfigError
from ai_spine.utils import one_line
from ai_spine.utils.locks import locked

Files = Mapping[str, bytes]
FILES = "files"  # in a manifest: the digests of all other files by their paths
_COMPILED = "__pycache__"
# What tools leave in a folder: not generated, but no reason to refuse it.
_LEFT_BY_TOOLS = {".git", ".venv", "build", "dist", ".mypy_cache", ".pytest_cache"}
_LEFT_BY_TOOLS |= {".ruff_cache", ".DS_Store", ".idea", ".vscode"}
EXTRAS = "extras"
"""The name of folders that users add to a generated package; they are never touched."""
_MOST_NAMED = 3


class Difference(NamedTuple):
    """A file that is not as it would be generated."""

    path: str
    """Its path in the folder."""
    kind: str
    """`changed`, `missing`, or `unknown` for a file that would not be generated."""
    diff: str = ""
    """What would change, as a unified diff."""


def with_manifest(
    files: Files, manifest: str, facts: Mapping[str, Any] = {}
) -> Dict[str, bytes]:
    """Return files with the one that says which they are.

    Args:
        files: The contents of the files by their paths.
        manifest: The path of the file that says so.
        facts: What else it says.

    Example:
        >>> print(with_manifest({"a": b""}, "lock.json", {"format": 1})["lock.json"].decode())
        {
          "format": 1,
          "files": {
            "a": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
          }
        }
        <BLANKLINE>
    """
    digests = {path: _digest(files[path]) for path in sorted(files)}
    text = json.dumps({**facts, FILES: digests}, indent=2)
    return {**files, manifest: f"{text}\n".encode("ascii")}


def read_manifest(folder: Path, manifest: str) -> Dict[str, Any]:
    """Return what the manifest of an earlier time says; nothing if it is missing or damaged."""
    try:
        found = json.loads((folder / manifest).read_bytes())
    except (OSError, ValueError, RecursionError):
        return {}
    is_one = isinstance(found, dict) and isinstance(found.get(FILES), dict)
    return found if is_one else {}


def check_folder(folder: Path, manifest: str, *, force: bool = False) -> None:
    """Refuse a folder that is a file, or has what was not generated.

    Args:
        folder: The folder; it need not exist.
        manifest: The path of the file in it that says what was generated.
        force: Whether it may have other files, and generated ones that were changed.

    Raises:
        ConfigError: It is refused.
    """
    target = Path(os.path.realpath(folder))
    if os.path.lexists(target) and not target.is_dir():
        raise ConfigError(f"{_shown(folder)} is a file: name a folder")
    others = [each for each in _others(target, manifest) if not _is_left_by_tools(each)]
    if manifest in others and not force and not read_manifest(target, manifest):
        raise ConfigError(
            f"{_shown(target / manifest)} is damaged, so that nothing says what was generated: "
            "restore it, or use --force"
        )
    if others and not force:
        raise ConfigError(
            f"{_shown(folder)} has what was not generated: {_named(others)}; name another "
            "folder, or use --force, which keeps added files and replaces changed ones"
        )


def write_generated(
    folder: Path, files: Files, manifest: str, *, force: bool = False
) -> None:
    """Write generated files, and remove those of an earlier time.

    Args:
        folder: The folder.
        files: The contents of all files by their paths, the manifest among them.
        manifest: The path of the manifest.
        force: Whether to replace generated files that were changed, and to keep added ones.

    Raises:
        ConfigError: The folder is a file, or has files that were changed or added.
        CodegenError: It cannot be written; it is as it was before.
    """
    target = Path(os.path.realpath(folder))
    lock = _lock_of(target)
    try:
        with locked(lock, mode=0o600, own=True):
            check_folder(folder, manifest, force=force)
            _write(target, files, _others(target, manifest))
    except OSError as error:
        words = f"{_shown(folder)} cannot be written: {error.strerror}"
        if error.filename == lock:
            words = (
                f"{_shown(folder)} cannot be written, since {lock} cannot be locked "
                f"({error.strerror}): remove that, or set TMPDIR to a folder of your own"
            )
        raise CodegenError(words) from None


def _lock_of(target: Path) -> str:
    """Return the file that who writes a folder locks: outside of it, and of what is committed."""
    user = os.getuid() if hasattr(os, "getuid") else ""
    name = hashlib.sha256(os.fsencode(target)).hexdigest()[:32]
    return os.path.join(tempfile.gettempdir(), f"ai-spine-{user}-{name}.lock")


def differences(folder: Path, files: Files) -> List[Difference]:
    """Return how a folder differs from what would be generated.

    Raises:
        ConfigError: A file cannot be read.
    """
    found: List[Difference] = []
    for path, data in sorted(files.items()):
        try:
            there = (folder / path).read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            found.append(Difference(path, "missing"))
            continue
        except OSError as error:
            words = f"{_shown(folder / path)} cannot be read: {error.strerror}"
            raise ConfigError(words) from None
        if _digest(there) != _digest(data):
            found.append(Difference(path, "changed", _diff(path, there, data)))
    known = {path: _digest(data) for path, data in files.items()}
    for path in _others_in(folder, known):
        if path not in known and not _is_left_by_tools(path):
            found.append(Difference(path, "unknown"))
    return found


def _digest(content: bytes) -> str:
    """Return the digest of a file, whatever ends its lines: git may change that."""
    return hashlib.sha256(content.replace(b"\r\n", b"\n")).hexdigest()


def _others(folder: Path, manifest: str) -> List[str]:
    """Return the paths that were added or changed since the folder was generated."""
    known = read_manifest(folder, manifest).get(FILES, {})
    return [
        path
        for path in _others_in(folder, known)
        if path != manifest
        or not known  # a folder with its manifest alone is no other's
    ]


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
        elif known.get(path) != _digest(each.read_bytes()):
            yield path


def _is_left_by_tools(path: str) -> bool:
    name = path.rpartition("/")[2]
    return path in _LEFT_BY_TOOLS or path.endswith(".egg-info") or name == EXTRAS


def _named(paths: List[str]) -> str:
    names = ", ".join(one_line(path, 100) for path in paths[:_MOST_NAMED])
    more = len(paths) - _MOST_NAMED
    return f"{names} and {more} more" if more > 0 else names


def _shown(path: Path) -> str:
    return one_line(str(path), 200)


def _diff(path: str, there: bytes, data: bytes) -> str:
    old, new = (each.decode("utf-8", "replace").splitlines() for each in (there, data))
    lines = difflib.unified_diff(old, new, f"{path} (is)", f"{path} (would be)")
    return "\n".join(line.rstrip("\n") for line in lines)


def _write(target: Path, files: Files, others: List[str]) -> None:
    """Write all files beside the folder first, since a disk may be full."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(
        prefix=".ai-spine-generated-", dir=target.parent
    ) as temporary:
        new, old = Path(temporary) / "new", Path(temporary) / "old"
        for path, content in files.items():
            file = new / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
        with _uninterrupted():
            if target.is_dir():
                _exchange(target, new, old, others)
            else:
                new.rename(target)


def _exchange(target: Path, new: Path, old: Path, others: List[str]) -> None:
    """Put what is in a folder in the place of what another has, but for its own files.

    The other stays the same folder, since a shell may be in it. Either all is moved, or nothing.
    """
    moved: List[Tuple[Path, Path]] = []

    def move(source: Path, to: Path) -> None:
        to.parent.mkdir(parents=True, exist_ok=True)
        source.rename(to)
        moved.append((source, to))

    try:
        for path in others:
            if not os.path.lexists(new / path):
                move(target / path, new / path)
        for each in sorted(target.iterdir()):
            move(each, old / each.name)
        for each in sorted(new.iterdir()):
            move(each, target / each.name)
    except BaseException:
        for source, to in reversed(moved):
            to.rename(source)
        raise


@contextlib.contextmanager
def _uninterrupted() -> Iterator[None]:
    """Let a Ctrl-C wait, for the few milliseconds that it takes to move folders."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    came: List[Any] = []
    before = signal.signal(signal.SIGINT, lambda *given: came.append(given))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
    if came:
        raise KeyboardInterrupt
