"""What all readers of one document share."""

from typing import Any, Dict, List, Optional, Set, Tuple

from ai_spine.sdk_sync.ir.fields import METADATA
from ai_spine.sdk_sync.openapi.diagnostics import ERROR, WARNING, Problem
from ai_spine.sdk_sync.openapi.references import Node, ReferenceProblem, References

_INLINED = ("examples", "links")  # objects whose entries may be references


class Context:
    """Follows references, and collects what is wrong.

    Args:
        references: What follows references.
        is_old: Whether the document is OpenAPI 3.0.
    """

    def __init__(self, references: References, is_old: bool) -> None:
        self.references = references
        self.is_old = is_old
        self.problems: List[Problem] = []
        self._seen: Set[Tuple[str, str, str]] = set()

    def warn(self, node: Node, sentence: str, key: str = "") -> None:
        """Report something that is wrong, once for each place."""
        self._report(node, sentence, WARNING, key)

    def lose(self, node: Node, sentence: str) -> None:
        """Report something because of which an operation is missing."""
        self._report(node, sentence, ERROR, "")

    def follow(self, node: Node) -> Optional[Node]:
        """Return what a value leads to; `None`, with a warning, if that is nothing."""
        try:
            return self.references.follow(node)
        except ReferenceProblem as problem:
            self.warn(node, f"{problem}: it is left out")
            return None

    def mapping(self, node: Optional[Node]) -> Optional[Node]:
        """Return an object that a value is or leads to; `None`, with a warning, if it is none."""
        found = None if node is None else self.follow(node)
        if found is not None and not isinstance(found.value, dict):
            self.warn(found, "this must be an object: it is left out")
            return None
        return found

    def others(self, node: Node, known: Tuple[str, ...]) -> Dict[str, Any]:
        """Return what an object has besides known keys; references to examples are followed."""
        found = {}
        for key, value in node.value.items():
            if key not in known:
                inline = key in _INLINED and isinstance(value, dict)
                found[key] = self._inlined(node.child(key)) if inline else value
        own = found.get(METADATA)
        if isinstance(own, dict):  # what `write_openapi` has no other place for
            del found[METADATA]
            found.update(own)
        return found

    def _inlined(self, node: Node) -> Dict[str, Any]:
        entries = ((key, self.follow(entry)) for key, entry in node.children())
        return {key: found.value for key, found in entries if found is not None}

    def _report(self, node: Node, sentence: str, severity: str, key: str) -> None:
        document = node.document
        pointer = f"{node.pointer}/{key}" if key else node.pointer
        if (document.uri, pointer, sentence) in self._seen:
            return
        self._seen.add((document.uri, pointer, sentence))
        problem = document.problem(pointer, sentence)
        self.problems.append(problem._replace(severity=severity))
