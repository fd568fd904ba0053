"""Keeps a registry in a folder: one JSON file for each version of a model, a tool or a migration.

models/+user/1.0.0.json
tools/search/1.0.0.json
migrations/+user/1.0.0_1.1.0.json

Names become lower-case ASCII, so that all file systems keep them apart: `User` is `+user`.
"""

import hashlib
import json
import os
import re
from pathlib import Path
from typing import (
    AbstractSet,
    Any,
    Dict,
    Iterator,
    List,
    Mapping,
    NamedTuple,
    Tuple,
    Union,
)

from ai_spine.flows.json_reading import parse_json
from ai_spine.sdk_sync.errors import SDKSyncError, SchemaRegistryError
from ai_spine.sdk_sync.ir import IRModel, IRSpec, IRTool, SchemaMigration, SchemaVersion
from ai_spine.utils import one_line
from ai_spine.utils.files import write_whole
from ai_spine.utils.locks import locked

Part = Union[IRModel, IRTool, SchemaMigration]
KINDS: Mapping[str, Any] = {
    "models": IRModel,
    "tools": IRTool,
    "migrations": SchemaMigration,
}
"""The folders, and what they hold."""
LOCK, DAMAGED = ".lock", ".damaged"
_LONGEST = 120  # characters of a name; file systems allow 255 bytes, and paths have a limit too
_RESERVED = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])")  # as Windows has it
_VERSION_FILE = re.compile(r"[0-9]+\.[0-9]+\.[0-9]+\.json")


class Problem(NamedTuple):
    """A file that could not be read as what it should be."""

    path: Path
    """The file."""
    sentence: str
    """What is wrong with it."""

    def __str__(self) -> str:
        return f"{self.path}: {self.sentence}"


class Key(NamedTuple):
    """What a part goes by."""

    kind: str
    """Its folder."""
    name: str
    """Its name; of a migration, that of the schema."""
    version: str
    """Its version; of a migration, both, as in `1.0.0_1.1.0`."""

    @property
    def path(self) -> Path:
        """Its file in a store."""
        return Path(self.kind, safe_name(self.name), f"{self.version}.json")

    def __str__(self) -> str:
        name = one_line(repr(self.name), 100)
        return f"{self.kind[:-1]} {name} {self.version.replace('_', ' to ')}"


def key_of(part: Part) -> Key:
    """Return what a part goes by.

    Example:
        >>> str(key_of(IRModel("User", SchemaVersion(1, 2))))
        "model 'User' 1.2.0"
    """
    if isinstance(part, SchemaMigration):
        versions = f"{part.from_version}_{part.to_version}"
        return Key("migrations", part.schema_name, versions)
    kind = "models" if isinstance(part, IRModel) else "tools"
    return Key(kind, part.name, str(part.version))


def is_same(part: Part, other: Part) -> bool:
    """Return whether two parts say the same; order and times do not matter."""
    try:
        return part == other or _hash_of(part) == _hash_of(other)
    except (TypeError, ValueError):  # there is something in them that is no JSON
        return False


def safe_name(name: str) -> str:
    """Return the name of a folder that no other name has.

    Example:
        >>> safe_name("UserInput"), safe_name("a/b"), safe_name("nul")
        ('+user+input', 'a%2fb', '%6eul')
    """
    safe = "".join(map(_safe, name))
    if len(safe) > _LONGEST:
        digest = hashlib.sha256(name.encode("utf-8")).hexdigest()
        return f"{safe[:_LONGEST // 2]}%%{digest}"
    if _RESERVED.fullmatch(safe):
        return f"%{ord(safe[0]):02x}{safe[1:]}"
    return safe


def is_store(folder: Path) -> bool:
    """Return whether a registry has been saved in a folder."""
    return any(
        _VERSION_FILE.fullmatch(path.name)
        for kind in ("models", "tools")
        for path in folder.glob(f"{kind}/*/*.json")
    )


def read_store(folder: Path) -> Tuple[Dict[Key, Part], List[Problem]]:
    """Return all parts in a store, and what is damaged.

    Raises:
        SchemaRegistryError: There is no such folder.
    """
    if not folder.is_dir():
        raise SchemaRegistryError(
            f"there is no folder {folder} to load a registry from"
        )
    parts: Dict[Key, Part] = {}
    problems: List[Problem] = []
    for kind, path in _files_in(folder):
        try:
            part = _read(kind, path)
        except SchemaRegistryError as error:
            problems.append(Problem(path, error.message))
            continue
        place = key_of(part).path
        if path == folder / place:
            parts[key_of(part)] = part
        else:
            words = f"is {key_of(part)}, which belongs in {place.as_posix()}"
            problems.append(Problem(path, words))
    return parts, problems


def write_store(
    folder: Path, parts: Mapping[Key, Part], replaceable: AbstractSet[Key]
) -> None:
    """Add parts to a store; either all of them are added, or none if one is refused.

    What is damaged is set aside with `.damaged` at the end of its name.

    Args:
        folder: The store, which is made if necessary.
        parts: The parts.
        replaceable: Which of them may replace other content of the same version.

    Raises:
        SchemaRegistryError: A version is there with other content, a file cannot be written, or
            a link leads out of the store.
    """
    texts = {key: _bytes_of(key, part) for key, part in parts.items()}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with locked(str(folder / LOCK)):
            for key in parts:
                _check_inside(folder, (folder / key.path).parent)
            changes = [
                key
                for key, part in parts.items()
                if _is_change(folder / key.path, part, texts[key], key in replaceable)
            ]
            for key in changes:
                _write(folder / key.path, texts[key])
    except OSError as error:
        words = error.strerror or one_line(str(error), 200)
        raise SchemaRegistryError(
            f"the registry cannot be saved in {folder}: {words}"
        ) from None


def _check_inside(folder: Path, place: Path) -> None:
    """Refuse a folder of a store that is a link: what is behind it would not be loaded again."""
    inside = os.path.join(os.path.realpath(folder), place.relative_to(folder))
    if os.path.realpath(place) != inside:
        shown = one_line(str(place), 300)
        raise SchemaRegistryError(
            f"{shown} is a link, which leads out of the registry: remove it"
        )


def _safe(character: str) -> str:
    if re.fullmatch("[a-z0-9_-]", character):
        return character
    if re.fullmatch("[A-Z]", character):
        return f"+{character.lower()}"
    return "".join(f"%{byte:02x}" for byte in character.encode("utf-8"))


def _hash_of(part: Part) -> str:
    version = SchemaVersion(1)
    if isinstance(part, IRModel):
        return IRSpec(version, models={part.name: part}).compute_hash()
    if isinstance(part, IRTool):
        return IRSpec(version, tools={part.name: part}).compute_hash()
    return IRSpec(version, migrations=[part]).compute_hash()


def _files_in(folder: Path) -> Iterator[Tuple[str, Path]]:
    for kind in KINDS:
        for path in sorted((folder / kind).rglob("*.json")):
            if not path.name.startswith("."):
                yield kind, path


def _read(kind: str, path: Path) -> Part:
    try:
        if not path.is_file():
            raise SchemaRegistryError("is not a regular file")
        data = parse_json(path.read_bytes().decode("utf-8-sig"))
        if kind == "models":
            return IRModel.from_json_schema(data)
        part: Part = KINDS[kind].from_dict(data)
        return part
    except OSError as error:
        words = f"cannot be read: {error.strerror}"
    except UnicodeDecodeError:
        words = "is not UTF-8 text"
    except SchemaRegistryError:
        raise
    except SDKSyncError as error:
        words = f"is no {kind[:-1]}: {error.message}"
    except ValueError as error:
        words = f"is not JSON: {one_line(str(error), 200)}"
    raise SchemaRegistryError(words)


def _bytes_of(key: Key, part: Part) -> bytes:
    data = part.to_json_schema() if isinstance(part, IRModel) else part.to_dict()
    try:
        text = json.dumps(data, indent=2, allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise SchemaRegistryError(
            f"{key} cannot be written as JSON: {one_line(str(error), 200)}",
            schema_name=key.name,
            version=key.version,
        ) from None
    return f"{text}\n".encode("ascii")


def _is_change(path: Path, part: Part, text: bytes, replace: bool) -> bool:
    if not path.exists() or (path.is_file() and path.read_bytes() == text):
        return not path.exists()
    key = key_of(part)
    try:
        there = _read(key.kind, path)
    except SchemaRegistryError:
        return True
    if key_of(there) != key or replace:
        return True
    if is_same(there, part):
        return False
    raise SchemaRegistryError(
        f"{key} is saved with other content already, in {path}: raise the version, or register "
        "it with replace=True",
        schema_name=key.name,
        version=key.version,
    )


def _write(path: Path, text: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.exists() and not _is_readable(path):
        path.rename(_free_name(path))
    write_whole(str(path), text)


def _free_name(path: Path) -> Path:
    number, aside = 1, path.with_name(path.name + DAMAGED)
    while aside.exists():
        number += 1
        aside = path.with_name(f"{path.name}{DAMAGED}{number}")
    return aside


def _is_readable(path: Path) -> bool:
    try:
        part = _read(path.parts[-3], path)
    except SchemaRegistryError:
        return False
    return path.parts[-3:] == key_of(part).path.parts
