"""Reads an OpenAPI document as a specification; a flaw spoils no more than its own place."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Dict, Iterator, List, Mapping, NamedTuple, Optional, Set, Union

from ai_spine.sdk_sync.errors import ImportError, SDKSyncError
from ai_spine.sdk_sync.ir import IREndpoint, IRSpec, SchemaVersion
from ai_spine.sdk_sync.ir.endpoints import METHODS
from ai_spine.sdk_sync.openapi.context import Context
from ai_spine.sdk_sync.openapi.diagnostics import ERROR, Problem, validator_findings
from ai_spine.sdk_sync.openapi.loading import Document, load_document
from ai_spine.sdk_sync.openapi.operations import (
    OperationReader,
    Unreadable,
    read_security,
    read_servers,
)
from ai_spine.sdk_sync.openapi.parameters import text_of
from ai_spine.sdk_sync.openapi.references import (
    Fetch,
    Node,
    ReferenceProblem,
    References,
)
from ai_spine.sdk_sync.openapi.remote import fetch_document
from ai_spine.sdk_sync.openapi.schemas import SchemaReader
from ai_spine.utils import one_line

_SHARED = ("$ref", "summary", "description", "servers", "parameters")  # of a path
_OWN = ("info", "servers", "paths", "components", "security", "webhooks")
_WARNED = 20  # problems that a specification carries along


class Operation(NamedTuple):
    """An operation in a document, before it is read."""

    path: str
    method: str
    item: Node
    node: Node


@dataclass(frozen=True)
class ReadDocument:
    """What was read of a document.

    Attributes:
        spec: The specification.
        problems: What is wrong in the document, in its order.
        operations: How many operations the document has.
        left_out: The operations that the specification lacks, such as `GET /users`; for each,
            the problems have an error.
    """

    spec: IRSpec
    problems: List[Problem]
    operations: int
    left_out: List[str]


def is_openapi(data: Any) -> bool:
    """Return whether JSON is an OpenAPI document, of this or another version.

    Example:
        >>> is_openapi({"openapi": "3.1.0"}), is_openapi({"type": "object"})
        (True, False)
    """
    return isinstance(data, Mapping) and ("openapi" in data or "swagger" in data)


def read_openapi(
    path: Union[str, Path], *, validate: bool = False, allow_remote_refs: bool = False
) -> ReadDocument:
    """Return what an OpenAPI document of version 3.0 or 3.1 describes.

    Args:
        path: The document, in JSON or YAML; the files that it refers to are in its folder.
        validate: Whether to add what openapi-spec-validator finds, which takes seconds.
        allow_remote_refs: Whether references to `https` URLs are followed.

    Raises:
        ImportError: It cannot be read, or is no such document.
        ConfigError: openapi-spec-validator is not installed.
    """
    fetch = fetch_document if allow_remote_refs else None
    return read_document(load_document(Path(path)), validate=validate, fetch=fetch)


def read_document(
    document: Document, *, validate: bool = False, fetch: Optional[Fetch] = None
) -> ReadDocument:
    """Return what a document that is already loaded describes; see `read_openapi`."""
    version = _version_of(document)
    references = References(document, fetch)
    context = Context(references, version.startswith("3.0"))
    if not re.match(r"3\.[01](\.|$)", version):
        shown = one_line(version, 30)
        words = f"OpenAPI {shown} is read as 3.1: what is new in it is not"
        context.warn(references.root, words, "openapi")
    reader = _Reader(context)
    spec = reader.spec()
    problems = [p for each in references.documents for p in each.problems]
    problems += context.problems
    if validate:
        problems += _validated(document, problems)
    problems.sort(key=lambda each: (each.file != document.path.name, each.line or 0))
    return ReadDocument(spec, problems, reader.count, reader.left_out)


def _version_of(document: Document) -> str:
    """Return the version of OpenAPI, and refuse what has none."""
    data, shown = document.data, one_line(str(document.path), 300)
    if isinstance(data, Mapping) and "openapi" in data:
        version = str(data["openapi"])
        if re.match("3(\\.|$)", version):
            return version
        words = f"is OpenAPI {one_line(version, 30)}; 3.0 and 3.1 can be read"
    elif isinstance(data, Mapping) and "swagger" in data:
        words = (
            "is Swagger 2.0: convert it to OpenAPI 3 first, such as with swagger2openapi"
            " (npx swagger2openapi FILE)"
        )
    else:
        words = "is no OpenAPI document: it has no key `openapi`"
    raise ImportError(f"{shown} {words}", source_path=str(document.path))


def _validated(document: Document, known: List[Problem]) -> List[Problem]:
    places = {(each.pointer, each.file) for each in known}
    found = (
        document.problem(each.pointer, each.sentence)
        for each in validator_findings(document.data)
    )
    return [each for each in found if (each.pointer, each.file) not in places]


class _Reader:
    """Reads all parts of a document."""

    def __init__(self, context: Context) -> None:
        self.count = 0
        self.left_out: List[str] = []
        self._context = context
        self._root = context.references.root
        self._schemas = SchemaReader(context)
        self._schemes = self._read_schemes()
        self._security = read_security(context, self._root, list(self._schemes)) or []
        self._operations = OperationReader(
            context, self._schemas, self._security, list(self._schemes)
        )

    def spec(self) -> IRSpec:
        schemas = self._context.mapping(self._component("schemas"))
        if schemas is not None:
            self._schemas.add_components(schemas)
        endpoints = self._endpoints()
        self._schemas.finish()
        if self.count != len(endpoints) + len(self.left_out):
            raise ImportError("an operation was lost, which is a fault of SDK-Sync")
        info: Mapping[str, Any] = self._root.value.get("info")
        info = info if isinstance(info, Mapping) else {}
        api_version = text_of(info, "version") or "1.0"
        return IRSpec(
            _schema_version(api_version),
            api_version,
            models=self._schemas.models,
            endpoints=endpoints,
            metadata=self._metadata(info),
            title=text_of(info, "title") or None,
            servers=read_servers(self._context, self._root),
            security_schemes=self._schemes,
            security=self._security,
        )

    def _metadata(self, info: Mapping[str, Any]) -> Dict[str, Any]:
        own = {k: v for k, v in self._root.value.items() if k not in _OWN}
        more = {k: v for k, v in info.items() if k not in ("title", "version")}
        if self._root.value.get("webhooks"):
            self._context.warn(self._root, "webhooks are not read", "webhooks")
        return {"source": "openapi", **own, **({"info": more} if more else {})}

    def _component(self, kind: str) -> Optional[Node]:
        components = self._context.mapping(self._root.get("components"))
        return None if components is None else components.get(kind)

    def _read_schemes(self) -> Dict[str, Mapping[str, Any]]:
        schemes = self._context.mapping(self._component("securitySchemes"))
        found: Dict[str, Mapping[str, Any]] = {}
        for name, each in schemes.children() if schemes else ():
            scheme = self._context.mapping(each)
            if scheme is not None:
                found[name] = dict(scheme.value)
        return found

    def _endpoints(self) -> Dict[str, IREndpoint]:
        operations = self._without_doubles(list(self._found()))
        self.count += len(operations)
        ids = self._ids(operations)
        names = _names(operations, ids)
        endpoints: Dict[str, IREndpoint] = {}
        for each, given, name in zip(operations, ids, names):
            try:
                endpoints[name] = self._operations.read(
                    each.path, each.method, each.item, each.node, given
                )
            except Unreadable as error:
                self._lose(each.node, f"{each.method} {each.path}", str(error))
        return endpoints

    def _without_doubles(self, operations: List[Operation]) -> List[Operation]:
        """Leave out what is the same request as another, such as `GET` beside `get`."""
        # Of keys that differ so, the one that is written as it should be comes last.
        found = sorted(operations, key=lambda each: each.node.pointer)
        kept = {each[:2]: each.node for each in found}
        for each in operations:
            if kept[each[:2]] is not each.node:
                self.count += 1
                name = f"{each.method} {each.path}"
                self._lose(each.node, name, "the document has this operation twice")
        return [each for each in operations if kept[each[:2]] is each.node]

    def _lose(self, node: Node, name: str, why: str) -> None:
        self.left_out.append(name)
        shown = one_line(name, 200)
        self._context.lose(node, f"{shown} is left out: {why}")

    def _ids(self, operations: List[Operation]) -> List[Optional[str]]:
        """Return the name of each operation, or `None` if it has none of its own."""
        ids: List[Optional[str]] = [None] * len(operations)
        for number in _in_order(operations):
            each = operations[number]
            value = each.node.value
            given = value.get("operationId") if isinstance(value, Mapping) else None
            name = given if isinstance(given, str) and given.strip() else None
            if name is not None and name in ids:
                shown = one_line(repr(name), 100)
                words = f"the operationId {shown} is there twice: this one has none"
                self._context.warn(each.node, words, "operationId")
                name = None
            ids[number] = name
        return ids

    def _found(self) -> Iterator[Operation]:
        """Yield all operations; each path that cannot be read counts as one that is left out."""
        paths = self._context.mapping(self._root.get("paths"))
        for path, node in paths.children() if paths else ():
            if path.startswith("x-"):
                continue
            item = self._item(path, node)
            if item is not None:
                if not path.startswith("/"):
                    self._context.warn(node, "a path begins with /: it is added")
                    path = f"/{path}"
                yield from self._in_item(path, item)

    def _item(self, path: str, node: Node) -> Optional[Node]:
        if node.value is None:
            self._context.warn(node, "the path has no operations")
            return None
        try:
            item = self._context.references.follow(node)
        except ReferenceProblem as problem:
            why = str(problem)
        else:
            if isinstance(item.value, Mapping):
                return item
            why = "a path must be an object"
        self.count += 1
        self._lose(node, path, why)
        return None

    def _in_item(self, path: str, item: Node) -> Iterator[Operation]:
        for key, node in item.children():
            method = key.upper()
            if method in METHODS:
                if key != key.lower():
                    self._context.warn(node, "a method is written in lower case")
                yield Operation(path, method, item, node)
            elif key not in _SHARED and not key.startswith("x-"):
                shown = one_line(repr(key), 60)
                self._context.warn(node, f"{shown} is no method: it is left out")


def _schema_version(text: str) -> SchemaVersion:
    """Return the version of a document, as far as it has three numbers, or 1.0.0."""
    try:
        return SchemaVersion.parse(text)
    except SDKSyncError:
        return SchemaVersion(1, 0, 0)


def _in_order(operations: List[Operation]) -> List[int]:
    """Return the places of operations in an order that is the same for any order of keys."""
    places = range(len(operations))
    return sorted(places, key=lambda place: operations[place][:2])


def _names(operations: List[Operation], ids: List[Optional[str]]) -> List[str]:
    """Return a name for each operation: its own, or one made of its method and its path."""
    taken = {each for each in ids if each is not None}
    names = [each or "" for each in ids]
    for number in _in_order(operations):
        if ids[number] is None:
            operation = operations[number]
            names[number] = _free_name(operation.method, operation.path, taken)
            taken.add(names[number])
    return names


def _free_name(method: str, path: str, taken: Set[str]) -> str:
    """Return a name for an operation without an id: its method and its path."""
    words = re.sub(r"\W+", "_", path).strip("_")
    wanted = f"{method.lower()}_{words}" if words else method.lower()
    name, number = wanted, 1
    while name in taken:
        number += 1
        name = f"{wanted}_{number}"
    return name


def warnings_of(read: ReadDocument) -> List[str]:
    """Return the problems as sentences, the worst first, and no more than can be read."""
    worst = sorted(read.problems, key=lambda each: each.severity != ERROR)
    shown = [str(each) for each in worst[:_WARNED]]
    if len(worst) > len(shown):
        more = len(worst) - len(shown)
        shown.append(f"{more} more problems: `ai-spine sdk-sync inspect` lists them")
    return shown
