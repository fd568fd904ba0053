"""What to ask a backend for, and what its responses say. Sends nothing itself."""

from typing import Any, Dict, Generator, List, Mapping, NamedTuple, Optional

from ai_spine.exceptions import NotFoundError
from ai_spine.policy.json_encoding import kind_of
from ai_spine.sdk_sync.errors import ExportError, SDKSyncError
from ai_spine.sdk_sync.ir import IRModel, IRSpec, IRTool, SchemaVersion
from ai_spine.utils import is_unicode, one_line, quote_segment

SPEC = "/api/_meta/spec"
MANIFEST = "/api/_meta/schemas"
MODELS, TOOLS = "/api/_meta/schemas/models", "/api/_meta/tools"
SOURCE = {"source": "backend"}
"""The metadata of a specification that is put together here."""


class Question(NamedTuple):
    """A request for a part of the metadata."""

    path: str
    """The path from the server's root."""
    params: Dict[str, str] = {}
    """The query."""


Steps = Generator[List[Question], Any, IRSpec]


class _Listed(NamedTuple):
    """A model or a tool that the manifest names."""

    kind: str
    name: str
    version: Optional[str]

    @property
    def question(self) -> Question:
        folder = MODELS if self.kind == "model" else TOOLS
        params = {} if self.version is None else {"version": self.version}
        return Question(f"{folder}/{quote_segment(self.name)}", params)

    def __str__(self) -> str:
        return f"{self.kind} {one_line(repr(self.name), 100)}"


def read_backend() -> Steps:
    """Return the specification of a backend, in steps.

    Yields:
        What to ask for at once. Send the JSON of each response, or the error of the server.

    Raises:
        ExportError: The backend has no metadata, or they do not fit together.
    """
    question = Question(SPEC)
    (whole,) = yield [question]
    if not isinstance(whole, NotFoundError):
        return _spec(_json_of(question, whole))
    question = Question(MANIFEST)
    (manifest,) = yield [question]
    if isinstance(manifest, NotFoundError):
        raise ExportError(
            f"there is nothing at {SPEC} and {MANIFEST} (404): build the backend with "
            "--export-schemas, or read its schemas from a file or a folder"
        )
    data = _object(_json_of(question, manifest), "")
    listed = _listed(data, "models") + _listed(data, "tools")
    parts = yield [each.question for each in listed]
    return _put_together(data, [_part(*each) for each in zip(listed, parts)])


def _json_of(question: Question, result: Any) -> Any:
    if isinstance(result, Exception):
        raise ExportError(f"{question.path} cannot be read: {result}")
    return result


def _spec(data: Any) -> IRSpec:
    try:
        return IRSpec.from_dict(data)
    except SDKSyncError as error:
        raise ExportError(f"{SPEC} is no specification: {error.message}") from None


def _listed(manifest: Mapping[str, Any], plural: str) -> List[_Listed]:
    """Return the models or the tools of a manifest, which is written in two ways."""
    found = manifest.get(plural, [])
    kind = plural[:-1]
    if isinstance(found, Mapping):
        entries = [
            (name, _object(each, f"/{plural}").get("latest"))
            for name, each in found.items()
        ]
    elif isinstance(found, list):
        entries = [(_name_of(each), None) for each in found]
    else:
        raise _lie(MANIFEST, f"its {plural} cannot be {kind_of(found)}")
    named: Dict[str, _Listed] = {}
    for name, version in entries:
        if not isinstance(name, str) or name in ("", ".", "..") or not is_unicode(name):
            shown = one_line(repr(name), 100)
            raise _lie(MANIFEST, f"{shown} cannot be the name of a {kind}")
        said = None if version is None else str(_version(version, MANIFEST))
        named[name] = _Listed(kind, name, said)
    return list(named.values())


def _name_of(entry: Any) -> Any:
    return entry.get("name") if isinstance(entry, Mapping) else entry


def _part(listed: _Listed, result: Any) -> Any:
    path = listed.question.path
    if isinstance(result, NotFoundError):
        raise _lie(MANIFEST, f"it names {listed}, but {path} is not found (404)")
    data = _object(_json_of(listed.question, result), "", path)
    part: Any
    try:
        if listed.kind == "model":
            version = None if "x-version" in data else _parsed(listed.version)
            name = data.get("x-name") or data.get("title") or listed.name
            part = IRModel.from_json_schema(data, name=name, version=version)
        else:
            filled = {"version": listed.version or "1.0.0", "name": listed.name}
            part = IRTool.from_dict({"description": "", **filled, **data})
    except SDKSyncError as error:
        raise _lie(path, f"{listed} cannot be read: {error.message}") from None
    if part.name != listed.name:
        shown = one_line(repr(part.name), 100)
        raise _lie(path, f"{listed} has the name {shown} in its own schema")
    if listed.version is not None and str(part.version) != listed.version:
        words = f"{listed} has version {part.version}; {MANIFEST} says {listed.version}"
        raise _lie(path, words)
    return part


def _put_together(manifest: Mapping[str, Any], parts: List[Any]) -> IRSpec:
    return IRSpec(
        _version(manifest.get("version", "1.0.0"), MANIFEST),
        str(manifest.get("api_version", "1.0")),
        models={each.name: each for each in parts if isinstance(each, IRModel)},
        tools={each.name: each for each in parts if isinstance(each, IRTool)},
        metadata=dict(SOURCE),
    )


def _object(data: Any, place: str, path: str = MANIFEST) -> Mapping[str, Any]:
    if not isinstance(data, Mapping):
        at = f"what is at {place} in it" if place else "it"
        raise _lie(path, f"{at} must be an object, not {kind_of(data)}")
    return data


def _version(value: Any, path: str) -> SchemaVersion:
    try:
        return SchemaVersion.parse(value)
    except SDKSyncError as error:
        raise _lie(path, error.message) from None


def _parsed(version: Optional[str]) -> Optional[SchemaVersion]:
    return None if version is None else SchemaVersion.parse(version)


def _lie(path: str, words: str) -> ExportError:
    return ExportError(f"{path} is wrong: {words}")
