"""Writes a generated package, wholly or not at all, and says how what is there differs from it."""

import contextlib
import difflib
import json
import os
import signal
import tempfile
import threading
from pathlib import Path, PurePosixPath
from typing import Any, Dict, Iterator, List, Mapping, NamedTuple, Set

from ai_spine.sdk_sync.errors import CodegenError, ConfigError
from ai_spine.utils import one_line

LOCK = "spec.lock"
Files = Mapping[str, bytes]
# What tools leave in a folder: neither generated nor somebody's work.
_LEFT_BY_TOOLS = {".git", ".venv", "__pycache__", "build", "dist"}
_LEFT_BY_TOOLS |= {f".{tool}_cache" for tool in ("mypy", "pytest", "ruff")}


class Difference(NamedTuple):
    """A file that is not as it would be generated."""

    path: str
    """Its path in the output folder."""
    kind: str
    """`changed`, `missing`, or `unknown` for a file that is not generated."""
    diff: str = ""
    """What would change, as a unified diff."""


def read_lock(out: Path) -> Dict[str, Any]:
    """Return what the lock file of an earlier run says; nothing if there was none.

    Raises:
        ConfigError: The lock file cannot be read.
    """
    path = out / LOCK
    try:
        found = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except NotADirectoryError:
        raise ConfigError(f"{_shown(out)} is a file: name a folder") from None
    except OSError as error:
        raise ConfigError(f"{_shown(path)} cannot be read: {error.strerror}") from None
    except ValueError:
        found = None
    names = found.get("names", {}) if isinstance(found, dict) else None
    files = found.get("files", []) if isinstance(found, dict) else None
    if not isinstance(names, dict) or not isinstance(files, list):
        words = (
            "is no lock file of this program: restore it, or remove it and use --force"
        )
        raise ConfigError(f"{_shown(path)} {words}")
    return {"names": names, "files": files}


def check_folder(out: Path, *, force: bool = False) -> None:
    """Refuse a folder that has something in it that was not generated.

    Args:
        out: The folder; it need not exist.
        force: Whether other files may be there; they are kept, or overwritten if they are in the
            way.

    Raises:
        ConfigError: It has, or it is a file.
    """
    if out.exists() and not out.is_dir():
        raise ConfigError(f"{_shown(out)} is a file: name a folder")
    known = set(read_lock(out).get("files", ()))
    others = sorted(set(_files_in(out)) - known - {LOCK})
    if others and not force:
        listed = ", ".join(one_line(each, 100) for each in others[:3])
        more = f" and {len(others) - 3} more" if len(others) > 3 else ""
        raise ConfigError(
            f"{_shown(out)} has files that were not generated ({listed}{more}): "
            "name another folder, or use --force to keep them beside the package"
        )


def differences(files: Files, out: Path) -> List[Difference]:
    """Return how a folder differs from what would be generated."""
    found: List[Difference] = []
    for path, data in sorted(files.items()):
        try:
            there = (out / path).read_bytes()
        except FileNotFoundError:
            found.append(Difference(path, "missing"))
            continue
        except OSError as error:
            words = f"{_shown(out / path)} cannot be read: {error.strerror}"
            raise ConfigError(words) from None
        if there != data:
            found.append(Difference(path, "changed", _diff(path, there, data)))
    for path in sorted(set(_files_in(out)) - set(files)):
        found.append(Difference(path, "unknown"))
    return found


def write(files: Files, out: Path) -> None:
    """Write files into a folder, and remove what an earlier run wrote and this one does not.

    All are written beside their places first, and moved there when each of them is complete; until
    then, the folder stays as it was.

    Args:
        files: The contents of the files by their paths.
        out: The folder; it is made if need be.

    Raises:
        CodegenError: The folder cannot be written.
    """
    stale = set(read_lock(out).get("files", ())) - set(files)
    try:
        out.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".sdk-sync-", dir=out) as temporary:
            staged = Path(temporary)
            for path, data in files.items():
                (staged / path).parent.mkdir(parents=True, exist_ok=True)
                (staged / path).write_bytes(data)
            with _uninterrupted():
                for path in files:
                    (out / path).parent.mkdir(parents=True, exist_ok=True)
                    os.replace(staged / path, out / path)
                _remove(stale, out)
    except OSError as error:
        raise CodegenError(
            f"the package cannot be written to {_shown(out)}: {error.strerror}"
        ) from None


def _remove(paths: Set[str], out: Path) -> None:
    """Remove files that an earlier run wrote, and folders that are empty then."""
    root = out.resolve()
    for path in sorted(paths):
        file = out / path
        # The lock file may have been edited.
        if PurePosixPath(path).is_absolute() or root not in file.resolve().parents:
            continue
        with contextlib.suppress(FileNotFoundError):
            file.unlink()
        with contextlib.suppress(OSError):
            file.parent.rmdir()


@contextlib.contextmanager
def _uninterrupted() -> Iterator[None]:
    """Let a Ctrl-C wait, for the few milliseconds that it takes to move files."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    came: List[Any] = []
    before = signal.signal(signal.SIGINT, lambda *signal_: came.append(signal_))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
    if came:
        raise KeyboardInterrupt


def _files_in(out: Path) -> Iterator[str]:
    """Yield the paths of all files in a folder, without what tools leave."""
    if not out.is_dir():
        return
    for folder, folders, names in os.walk(out):
        folders[:] = sorted(each for each in folders if not _is_left_by_tools(each))
        for name in names:
            if not name.endswith(".pyc"):
                yield (Path(folder) / name).relative_to(out).as_posix()


def _is_left_by_tools(name: str) -> bool:
    return (
        name in _LEFT_BY_TOOLS
        or name.endswith(".egg-info")
        or name.startswith(".sdk-sync-")
    )


def _diff(path: str, there: bytes, data: bytes) -> str:
    old, new = (each.decode("utf-8", "replace").splitlines() for each in (there, data))
    lines = difflib.unified_diff(old, new, f"{path} (is)", f"{path} (would be)")
    return "\n".join(line.rstrip("\n") for line in lines)


def _shown(path: Path) -> str:
    return one_line(str(path), 200)
