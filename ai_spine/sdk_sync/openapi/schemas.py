"""Reads the schemas of a document as fields, and those that are referred to as models."""

import re
from pathlib import PurePath
from typing import Any, Dict, List, Mapping, Optional, Set, Tuple

from ai_spine.sdk_sync.errors import SDKSyncError
from ai_spine.sdk_sync.ir import IRField, IRModel, IRType, SchemaVersion
from ai_spine.sdk_sync.ir.reading import field_from_schema
from ai_spine.sdk_sync.ir.references import escaped, reference_to
from ai_spine.sdk_sync.openapi.context import Context
from ai_spine.sdk_sync.openapi.dialects import lifted
from ai_spine.sdk_sync.openapi.loading import pointer_parts
from ai_spine.sdk_sync.openapi.references import Node, ReferenceProblem
from ai_spine.utils import one_line

_BY_NAME = ("properties", "patternProperties", "dependentSchemas")
_DEFINITIONS = ("$defs", "definitions")
_LISTS = ("allOf", "anyOf", "oneOf", "prefixItems")
_SINGLE = {
    *("additionalProperties", "items", "not", "if", "then", "else", "contains"),
    *("propertyNames", "unevaluatedItems", "unevaluatedProperties", "contentSchema"),
}
# Needless once references are followed.
_ADDRESSES = ("$id", "$anchor", "$dynamicAnchor", "$recursiveAnchor", "$schema")
_REFERENCES = {"$dynamicRef": "$ref", "$recursiveRef": "$ref"}
_UNTOLD = {
    *("components", "schemas", "properties", "patternProperties", "$defs", "paths"),
    *("definitions", "content", "responses", "schema", "parameters", "allOf"),
    *("anyOf", "oneOf"),
}
_HALF_PAIR = re.compile("[\ud800-\udfff]")  # which UTF-8 has not
_NAME, _VERSION = "x-name", "x-version"
Key = Tuple[str, str]


class SchemaReader:
    """Reads schemas; each that is referred to becomes a model.

    Args:
        context: What the readers share.

    Attributes:
        models: The models, once `finish` has been called.
    """

    def __init__(self, context: Context) -> None:
        self.models: Dict[str, IRModel] = {}
        self._context = context
        self._names: Dict[Key, str] = {}
        self._taken: Set[str] = set()
        self._waiting: List[Tuple[str, Node]] = []
        self._nodes: Dict[str, Node] = {}

    def add_components(self, schemas: Node) -> None:
        """Reserve the names of the schemas of a document, which come before all others."""
        for key, node in schemas.children():
            if not key or _HALF_PAIR.search(key):
                self._context.warn(node, "a schema needs a name: it is left out")
                continue
            own = node.value.get(_NAME) if isinstance(node.value, Mapping) else None
            is_name = isinstance(own, str) and not _HALF_PAIR.search(own)
            is_free = is_name and own not in {"", *schemas.value, *self._taken}
            self._add(str(own) if is_free else key, node)

    def field(self, node: Node, name: str = "") -> IRField:
        """Return a schema as a field; one that cannot be read allows any value."""
        try:
            return field_from_schema(name, self._lifted(node), place=node.pointer)
        except SDKSyncError as error:
            self._broken(node, error)
            return IRField(name, IRType.ANY)

    def finish(self) -> None:
        """Make the models, and those that they refer to in turn."""
        for name, node in self._waiting:  # which grows meanwhile
            self.models[name] = self._model(name, node)
        for name in list(self.models):
            if self._is_circle(name):
                words = "the schema only refers to itself: any value is allowed"
                self._context.warn(self._nodes[name], words)
                self.models[name] = IRModel(name, root=IRField(name, IRType.ANY))

    def _add(self, name: str, node: Node) -> str:
        self._names[node.document.uri, node.pointer] = name
        self._taken.add(name)
        self._waiting.append((name, node))
        self._nodes[name] = node
        return name

    def _model(self, name: str, node: Node) -> IRModel:
        schema = self._lifted(node)
        version = self._version(schema, node)
        try:
            return IRModel.from_json_schema(
                schema, name=name, version=version, place=node.pointer
            )
        except SDKSyncError as error:
            self._broken(node, error)
            return IRModel(name, root=IRField(name, IRType.ANY))

    def _version(self, schema: Any, node: Node) -> Optional[SchemaVersion]:
        """Return a version for a schema that has one of another form."""
        said = schema.get(_VERSION) if isinstance(schema, dict) else None
        try:
            return None if said is None else SchemaVersion.parse(said)
        except SDKSyncError as error:
            self._context.warn(node, f"{error.message}: 1.0.0 is taken", _VERSION)
            return SchemaVersion(1, 0, 0)

    def _is_circle(self, name: str) -> bool:
        """Return whether a model is only a reference that leads back to it."""
        seen: List[str] = []
        while name not in seen:
            seen.append(name)
            root = self.models[name].root
            if root is None or root.type is not IRType.REF:
                return False
            name = str(root.ref_name)
        return True

    def _broken(self, node: Node, error: SDKSyncError) -> None:
        words = one_line(error.message, 300)
        self._context.warn(node, f"{words}: any value is allowed")

    def _lifted(self, node: Node) -> Any:
        """Return a schema in the dialect 2020-12, with references to models."""
        if isinstance(node.value, bool):
            return node.value
        if not isinstance(node.value, Mapping):
            self._context.warn(node, "a schema must be an object: any value is allowed")
            return {}
        made: Dict[str, Any] = {}
        for key, part in node.children():
            read = _READERS.get(key)
            if read is not None:
                value = read(self, part)
                if value is not None:
                    made[_REFERENCES.get(key, key)] = value
            elif key not in _ADDRESSES:
                made[key] = part.value
        return lifted(
            made,
            self._context.is_old,
            lambda keyword, words: self._context.warn(node, words, keyword),
        )

    def _named(self, node: Node) -> Optional[Dict[str, Any]]:
        if not isinstance(node.value, Mapping):
            self._context.warn(node, "this must be an object: it is left out")
            return None
        return {key: self._lifted(part) for key, part in node.children()}

    def _list(self, node: Node) -> Any:
        if not isinstance(node.value, list):
            return node.value  # which is refused later
        return [self._lifted(part) for _, part in node.children()]

    def _one_or_list(self, node: Node) -> Any:
        if isinstance(node.value, list):
            return self._list(node)
        return self._lifted(node)

    def _definitions(self, node: Node) -> None:
        """Make models of the definitions in a schema."""
        for _, part in node.children() if isinstance(node.value, Mapping) else ():
            self._name_of(part)

    def _reference(self, node: Node) -> Optional[str]:
        if not isinstance(node.value, str):
            self._context.warn(node, "$ref must be a text: any value is allowed")
            return None
        parent = node._replace(pointer=node.pointer.rpartition("/")[0])
        references = self._context.references
        try:
            if node.pointer.endswith("/$recursiveRef"):
                target = references.recursive(parent)
            else:
                target = references.resolve(node.value, parent)
        except ReferenceProblem as problem:
            self._context.warn(node, f"{problem}: any value is allowed")
            return None
        if not isinstance(target.value, (Mapping, bool)):
            self._context.warn(node, "$ref leads to no schema: any value is allowed")
            return None
        return reference_to(self._name_of(target))

    def _discriminator(self, node: Node) -> Optional[Dict[str, Any]]:
        if not isinstance(node.value, Mapping):
            self._context.warn(node, "this must be an object: it is left out")
            return None
        made = dict(node.value)
        mapping = node.get("mapping")
        if mapping is not None:
            found = ((key, self._mapped(each)) for key, each in mapping.children())
            made["mapping"] = {key: each for key, each in found if each is not None}
        return made

    def _mapped(self, node: Node) -> Optional[str]:
        """Return the reference to a model that is mapped by its name or by a reference."""
        root = self._context.references.root
        reference = str(node.value)
        key = (root.document.uri, f"/components/schemas/{escaped(reference)}")
        if key in self._names:
            return reference_to(self._names[key])
        return self._reference(node)

    def _name_of(self, node: Node) -> str:
        """Return the name of the model of a schema that is referred to."""
        known = self._names.get((node.document.uri, node.pointer))
        return known or self._add(self._free_name(node), node)

    def _free_name(self, node: Node) -> str:
        parts = [part for part in pointer_parts(node.pointer) if part]
        is_root = node.document is self._context.references.root.document
        if len(parts) > 1 and (not is_root and parts[-2] in ("schemas", *_DEFINITIONS)):
            parts = parts[-1:]
        telling = [part for part in parts if part not in _UNTOLD]
        words = [re.sub(r"\W+", "_", part).strip("_") for part in telling]
        wanted = "_".join(word for word in words if word)
        wanted = wanted or PurePath(node.document.path).stem or "Schema"
        name, number = wanted, 1
        while name in self._taken:
            number += 1
            name = f"{wanted}_{number}"
        return name


_READERS: Mapping[str, Any] = {
    **dict.fromkeys(_BY_NAME, SchemaReader._named),
    **dict.fromkeys(_DEFINITIONS, SchemaReader._definitions),
    **dict.fromkeys(_LISTS, SchemaReader._list),
    **dict.fromkeys(_SINGLE, SchemaReader._one_or_list),
    **dict.fromkeys(("$ref", *_REFERENCES), SchemaReader._reference),
    "discriminator": SchemaReader._discriminator,
}
