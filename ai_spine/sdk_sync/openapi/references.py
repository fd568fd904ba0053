"""Follows references: to any place of a document, of another file, or of a schema with an `$id`."""

from pathlib import Path
from typing import (
    Any,
    Callable,
    Dict,
    Iterator,
    List,
    Mapping,
    NamedTuple,
    Optional,
    Set,
    Tuple,
)
from urllib.parse import unquote, urldefrag, urljoin, urlsplit
from urllib.request import url2pathname

from ai_spine.sdk_sync.errors import SDKSyncError
from ai_spine.sdk_sync.ir.references import escaped
from ai_spine.sdk_sync.openapi.loading import Document, load_document, pointer_parts
from ai_spine.utils import one_line

_DATA = ("const", "enum", "default", "example", "examples")
_ANCHORS = ("$anchor", "$dynamicAnchor")
_LONGEST_CHAIN = 100  # references that lead to references
_MOST_FETCHED = 100  # documents from the network
Fetch = Callable[[str], Document]
"""Returns the document at a URL, or raises `ImportError`."""


class ReferenceProblem(Exception):
    """A reference that cannot be followed, and why."""


class Node(NamedTuple):
    """A value in a document, and its place."""

    value: Any
    document: Document
    pointer: str
    base: str
    """The URI that references in it are relative to."""

    def child(self, key: Any) -> "Node":
        """Return an entry of a mapping or a list."""
        value = self.value[key]
        base, own = self.base, value.get("$id") if isinstance(value, Mapping) else None
        if isinstance(own, str):
            base = _joined(base, own) or base
        return Node(value, self.document, f"{self.pointer}/{escaped(str(key))}", base)

    def get(self, key: str) -> "Optional[Node]":
        """Return an entry of a mapping, or `None` if it has none of this name."""
        is_there = isinstance(self.value, Mapping) and key in self.value
        return self.child(key) if is_there else None

    def children(self) -> "Iterator[Tuple[Any, Node]]":
        """Yield the entries of a mapping or a list; nothing else has any."""
        if isinstance(self.value, Mapping):
            yield from ((key, self.child(key)) for key in self.value)
        elif isinstance(self.value, list):
            yield from ((index, self.child(index)) for index in range(len(self.value)))


class References:
    """Finds what references lead to.

    Args:
        root: The document; other files must be in its folder, or below.
        fetch: Reads documents from `https` URLs; without it, they are refused.
    """

    def __init__(self, root: Document, fetch: Optional[Fetch] = None) -> None:
        self._fetch = fetch
        self._fetched = 0
        self._folder = root.path.resolve().parent
        self._resources: Dict[str, Node] = {}
        self._anchors: Dict[Tuple[str, str], Node] = {}
        self._unreadable: Dict[str, str] = {}
        self._open: Set[Tuple[str, str]] = set()  # places that are being followed
        self.documents: List[Document] = []
        self.root = self._add(root)

    def resolve(self, reference: str, node: Node) -> Node:
        """Return what a reference leads to.

        Args:
            reference: The reference, such as `#/components/schemas/User` or `users.yaml`.
            node: Where it is.

        Raises:
            ReferenceProblem: It leads to nothing, or to what may not be read.
        """
        joined = _joined(node.base, reference)
        if joined is None:
            raise ReferenceProblem(f"the reference {_shown(reference)} is no URI")
        uri, fragment = urldefrag(joined)
        if uri not in self._resources and not urlsplit(reference).scheme:
            # An `$id` says where a schema is published, not where its neighbours are.
            uri = urldefrag(urljoin(node.document.uri, reference))[0]
        resource = self._resource(uri, reference, node.document)
        if fragment and not fragment.startswith("/"):
            found = self._anchors.get((resource.base, unquote(fragment)))
        else:
            found = self._walk(resource, unquote(fragment))
            if found is None and reference.startswith("#"):
                found = self._near(node, fragment)
        if found is None:
            raise ReferenceProblem(
                f"the reference {_shown(reference)} leads to nothing"
            )
        return found

    def follow(self, node: Node) -> Node:
        """Return what a value leads to if it is a reference, or else the value.

        A keyword next to a reference, such as a description, takes precedence.

        Raises:
            ReferenceProblem: A reference leads to nothing, or in a circle.
        """
        beside: Dict[str, Any] = {}
        for _ in range(_LONGEST_CHAIN):
            value = node.value
            reference = value.get("$ref") if isinstance(value, Mapping) else None
            if not isinstance(reference, str):
                if beside and isinstance(value, Mapping):
                    node = node._replace(value={**value, **beside})
                return node
            beside = {**{k: v for k, v in value.items() if k != "$ref"}, **beside}
            node = self.resolve(reference, node)
        raise ReferenceProblem("the reference leads back to itself")

    def recursive(self, node: Node) -> Node:
        """Return the nearest schema around a place that says that it is recursive.

        Raises:
            ReferenceProblem: There is none.
        """
        found = [
            each
            for each in self._around(node)
            if isinstance(each.value, Mapping)
            and each.value.get("$recursiveAnchor") is True
        ]
        if not found:
            raise ReferenceProblem("no schema around it has $recursiveAnchor")
        return found[-1]

    def _add(self, document: Document) -> Node:
        own = document.data.get("$id") if isinstance(document.data, Mapping) else None
        base = _joined(document.uri, own) if isinstance(own, str) else None
        node = Node(document.data, document, "", base or document.uri)
        self.documents.append(document)
        self._resources[document.uri] = node
        if document.has_identifiers:
            self._index(node)
        return node

    def _index(self, node: Node) -> None:
        """Remember each schema that has a URI or an anchor of its own."""
        waiting = [node]
        while waiting:
            node = waiting.pop()
            if isinstance(node.value, Mapping):
                if isinstance(node.value.get("$id"), str):
                    self._resources.setdefault(urldefrag(node.base)[0], node)
                for keyword in _ANCHORS:
                    anchor = node.value.get(keyword)
                    if isinstance(anchor, str):
                        self._anchors.setdefault((node.base, anchor), node)
            waiting += [part for key, part in node.children() if key not in _DATA]

    def _resource(self, uri: str, reference: str, document: Document) -> Node:
        if uri.startswith("file:") and not document.uri.startswith("file:"):
            words = (
                f"the reference {_shown(reference)} leads from the network to a file"
            )
            raise ReferenceProblem(words)
        if uri not in self._resources:
            if uri not in self._unreadable:
                try:
                    self._resources[uri] = self._loaded(uri)
                    return self._resources[uri]
                except SDKSyncError as error:
                    self._unreadable[uri] = error.message
                except ReferenceProblem as error:
                    self._unreadable[uri] = str(error)
            why = self._unreadable[uri]
            shown = _shown(reference)
            raise ReferenceProblem(f"the reference {shown} cannot be followed: {why}")
        return self._resources[uri]

    def _loaded(self, uri: str) -> Node:
        """Return the document at a URI, if it may be read."""
        if self._fetch is None or not uri.startswith("https:"):
            return self._read(self._file(uri))
        self._fetched += 1
        if self._fetched > _MOST_FETCHED:
            raise ReferenceProblem(f"more than {_MOST_FETCHED} documents are needed")
        return self._add(self._fetch(uri))

    def _read(self, path: Path) -> Node:
        known = self._resources.get(path.resolve().as_uri())  # by another spelling
        return self._add(load_document(path)) if known is None else known

    def _file(self, uri: str) -> Path:
        """Return the file of a URI, if it may be read."""
        parts = urlsplit(uri)
        if parts.scheme != "file":
            words = "nothing is read but files beside the document"
            more = "" if parts.scheme != "https" else " (see --allow-remote-refs)"
            raise ReferenceProblem(words + more)
        path = Path(url2pathname(parts.path))
        if self._folder not in path.resolve().parents:
            raise ReferenceProblem("it leads out of the folder of the document")
        if not path.is_file():
            raise ReferenceProblem("there is no such file")
        return path

    def _walk(self, node: Node, pointer: str) -> Optional[Node]:
        """Return what a JSON Pointer leads to; references on its way are followed."""
        for part in pointer_parts(pointer):
            step = _step(node, part)
            if step is None and isinstance(node.value, Mapping):
                step = self._step_over(node, part)
            if step is None:
                return None
            node = step
        return node

    def _step_over(self, node: Node, part: str) -> Optional[Node]:
        place = (node.document.uri, node.pointer)
        if not isinstance(node.value.get("$ref"), str) or place in self._open:
            return None
        self._open.add(place)
        try:
            return _step(self.follow(node), part)
        except ReferenceProblem:
            return None
        finally:
            self._open.remove(place)

    def _near(self, node: Node, fragment: str) -> Optional[Node]:
        """Return what a schema means that was copied with its own definitions."""
        parts = pointer_parts(unquote(fragment))
        if not parts or parts[0] not in ("$defs", "definitions"):
            return None
        around = reversed(self._around(node))
        found = (self._walk(each, unquote(fragment)) for each in around)
        return next((each for each in found if each is not None), None)

    def _around(self, node: Node) -> List[Node]:
        """Return the values that a place is in, the outermost first, and the place."""
        around = [self._resources[node.document.uri]]
        for part in pointer_parts(node.pointer):
            step = _step(around[-1], part)
            if step is None:
                break
            around.append(step)
        return around


def _joined(base: str, reference: str) -> Optional[str]:
    """Return a reference as a whole URI, or `None` if it is none."""
    try:
        reference.encode("utf-8")  # half a surrogate pair is in no URI
        return urljoin(base, reference)
    except ValueError:
        return None


def _step(node: Node, part: str) -> Optional[Node]:
    value = node.value
    if isinstance(value, Mapping):
        return node.child(part) if part in value else None
    if isinstance(value, list) and part.isdecimal() and int(part) < len(value):
        return node.child(int(part))
    return None


def _shown(reference: str) -> str:
    return one_line(repr(reference), 200)
