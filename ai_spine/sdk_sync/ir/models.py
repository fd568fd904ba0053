"""`IRModel`: a schema with a name and a version."""

import hashlib
import json
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Dict, List, Mapping, Optional

from dateutil import parser

from ai_spine.sdk_sync.errors import ConfigError, ImportError
from ai_spine.sdk_sync.ir.fields import (
    METADATA,
    IRField,
    IRType,
    JSONSchema,
    add_required,
    in_order,
)
from ai_spine.sdk_sync.ir.reading import (
    check_depth,
    check_object,
    field_from_schema,
    take_metadata,
    take_properties,
    take_text,
)
from ai_spine.sdk_sync.ir.references import escaped
from ai_spine.sdk_sync.ir.versions import SchemaVersion
from ai_spine.utils import one_line

FIRST_VERSION = SchemaVersion(1, 0, 0)
_HASH_LENGTH = 16
_NAME, _VERSION = "x-name", "x-version"
_NAMESPACE, _TAGS = "x-namespace", "x-tags"
_TIMES = ("created_at", "updated_at")


@dataclass(frozen=True)
class IRModel:
    """A model: an object with fields, or, as `root`, an enum, a union or another name for a type.

    Do not change the lists and mappings in it.

    Attributes:
        name: Its name, by which others refer to it.
        version: Its version.
        fields: The fields of an object, in their order.
        description: What it is.
        namespace: What it belongs to.
        tags: Words to find it by.
        metadata: What programs of yours want to know of it.
        constraints: All other keywords of its JSON Schema.
        root: What it is if it is no object with fields.
        definitions: Schemas that only this model refers to, by their names.
        created_at: When it was made; not part of its hash.
        updated_at: When it was last changed; not part of its hash.

    Raises:
        ConfigError: The parts do not fit together.

    Example:
        >>> user = IRModel("User", SchemaVersion(1), [IRField("id", IRType.STRING, required=True)])
        >>> user.to_json_schema()["required"]
        ['id']
    """

    name: str
    version: SchemaVersion = FIRST_VERSION
    fields: List[IRField] = field(default_factory=list)
    description: Optional[str] = None
    namespace: Optional[str] = None
    tags: List[str] = field(default_factory=list)
    metadata: Mapping[str, Any] = field(default_factory=dict)
    constraints: Mapping[str, Any] = field(default_factory=dict)
    root: Optional[IRField] = None
    definitions: Mapping[str, IRField] = field(default_factory=dict)
    created_at: Optional[datetime] = None
    updated_at: Optional[datetime] = None

    def __post_init__(self) -> None:
        check_name("model", self.name)
        if self.root is not None:
            self._set("root", replace(self.root, name=self.name, required=False))
        named = {
            n: replace(d, name=n, required=False) for n, d in self.definitions.items()
        }
        self._set("definitions", named)
        self._check()

    @classmethod
    def from_json_schema(
        cls,
        schema: Any,
        *,
        name: Optional[str] = None,
        version: Optional[SchemaVersion] = None,
        place: str = "",
    ) -> "IRModel":
        """Return a JSON Schema as a model.

        Args:
            schema: The schema.
            name: The model's name; by default, what the schema says.
            version: The model's version; by default, what the schema says, or 1.0.0.
            place: The JSON Pointer of the schema, for errors.

        Raises:
            ImportError: It is no schema, or has no name.

        Example:
            >>> model = IRModel.from_json_schema({"title": "Size", "enum": ["S", "M"]})
            >>> model.name, model.root.constraints
            ('Size', {'enum': ['S', 'M']})
        """
        if isinstance(schema, bool):
            schema = {} if schema else {"not": {}}
        check_object(schema, place)
        if not place:
            check_depth(schema)
        rest: Dict[str, Any] = dict(schema)
        name = _take_name(rest, name, place)
        own: Dict[str, Any] = {
            "version": _take_version(rest, version, place),
            "namespace": take_text(rest, _NAMESPACE),
            "tags": _take_tags(rest),
            "metadata": take_metadata(rest),
            "definitions": _take_definitions(rest, place),
        }
        own.update((each, take_time(rest, f"x-{_dashed(each)}")) for each in _TIMES)
        if rest.get("type") == "object" and isinstance(rest.get("properties"), dict):
            own["description"] = take_text(rest, "description")
            del rest["type"]
            properties = take_properties(rest, place) or {}
            fields = list(properties.values())
            return cls(name, fields=fields, constraints=rest, **own)
        root = field_from_schema(name, rest, place=place)
        own["description"] = root.description
        return cls(name, root=replace(root, description=None), **own)

    def to_json_schema(self) -> JSONSchema:
        """Return the model as a JSON Schema of the dialect 2020-12."""
        schema: JSONSchema = {"title": self.name}
        if self.root is not None:
            schema.update(self.root.to_json_schema())
        else:
            more = dict(self.constraints)
            properties = {each.name: each.to_json_schema() for each in self.fields}
            schema.update({"type": "object", "properties": properties})
            add_required(schema, self.fields, more)
            schema.update(more)
        if schema["title"] != self.name:
            schema[_NAME] = self.name
        if self.definitions:
            defined = {n: d.to_json_schema() for n, d in self.definitions.items()}
            schema["$defs"] = defined
        schema.update(self._own_keywords())
        return schema

    def get_field(self, name: str) -> Optional[IRField]:
        """Return the field of this name, or `None`."""
        return next((each for each in self.fields if each.name == name), None)

    def sorted(self) -> "IRModel":
        """Return the model with its fields, and all within it, in the order of their names."""
        return replace(
            self,
            fields=sorted((f.sorted() for f in self.fields), key=lambda f: f.name),
            root=self.root and self.root.sorted(),
            constraints=in_order(self.constraints),
            metadata=in_order(self.metadata),
            definitions={
                n: self.definitions[n].sorted() for n in sorted(self.definitions)
            },
        )

    def compute_hash(self) -> str:
        """Return a hash of what the model says; order and times do not change it."""
        model = replace(self, created_at=None, updated_at=None).sorted()
        return hash_of(model.to_json_schema())[:_HASH_LENGTH]

    def _own_keywords(self) -> JSONSchema:
        own: JSONSchema = {
            "description": self.description,
            _VERSION: str(self.version),
            _NAMESPACE: self.namespace,
            _TAGS: list(self.tags) or None,
            METADATA: dict(self.metadata) or None,
        }
        own.update(
            (f"x-{_dashed(each)}", time_text(getattr(self, each))) for each in _TIMES
        )
        return {name: value for name, value in own.items() if value is not None}

    def _set(self, name: str, value: Any) -> None:
        object.__setattr__(self, name, value)

    def _check(self) -> None:
        root = self.root
        if root is not None:
            if self.fields or self.constraints:
                raise self._error("it has a root, so that it has no fields of its own")
            if root.description is not None or root.metadata:
                raise self._error(
                    "its description and metadata do not belong in the root"
                )
            if root.type is IRType.OBJECT and root.properties is not None:
                if not root.nullable:
                    raise self._error("an object with properties is said by its fields")
        seen = set()
        for each in self.fields:
            if each.name in seen:
                raise self._error(f"it has two fields {one_line(repr(each.name), 100)}")
            seen.add(each.name)
        for keyword in ("type", "properties", "description", "$defs", METADATA):
            if keyword in self.constraints:
                raise self._error(f"{keyword} does not belong in the constraints")

    def _error(self, words: str) -> ConfigError:
        return ConfigError(f"model {one_line(self.name, 100)}: {words}")


def check_name(kind: str, name: Any) -> None:
    """Refuse what cannot be the name of a model or a tool.

    Raises:
        ConfigError: It is empty, no text, or cannot be written as UTF-8.
    """
    if isinstance(name, str) and name:
        try:
            name.encode("utf-8")
            return
        except UnicodeEncodeError:
            pass
    shown = one_line(repr(name), 100)
    raise ConfigError(f"the name of a {kind} must be a text that is not empty: {shown}")


def hash_of(value: Any) -> str:
    """Return the SHA-256 of a value as JSON, whatever the order of its keys."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def time_text(value: Optional[datetime]) -> Optional[str]:
    """Return a time as the text that stands for it in JSON."""
    return None if value is None else value.isoformat()


def take_time(rest: Dict[str, Any], name: str) -> Optional[datetime]:
    """Remove and return a time if it is one."""
    try:
        found = parser.isoparse(rest[name]) if isinstance(rest.get(name), str) else None
    except (ValueError, OverflowError):
        return None
    if found is not None:
        del rest[name]
    return found


def _dashed(name: str) -> str:
    return name.replace("_", "-")


def _take_name(rest: Dict[str, Any], name: Optional[str], place: str) -> str:
    given = rest.pop(_NAME, None)
    name = name or given or rest.get("title")
    if not isinstance(name, str) or not name:
        at = f" at {place}" if place else ""
        raise ImportError(f"the schema{at} has no name: it needs a title")
    if rest.get("title") == name:
        del rest["title"]
    return name


def _take_version(
    rest: Dict[str, Any], version: Optional[SchemaVersion], place: str
) -> SchemaVersion:
    said = rest.pop(_VERSION, None)
    if version is not None or said is None:
        return version or FIRST_VERSION
    try:
        return SchemaVersion.parse(said)
    except ConfigError as error:
        raise ImportError(f"{place}/{_VERSION}: {error}") from None


def _take_tags(rest: Dict[str, Any]) -> List[str]:
    tags = rest.get(_TAGS)
    if isinstance(tags, list) and tags and all(isinstance(each, str) for each in tags):
        return list(rest.pop(_TAGS))
    return []


def _take_definitions(rest: Dict[str, Any], place: str) -> Dict[str, IRField]:
    found: Dict[str, IRField] = {}
    for keyword in ("definitions", "$defs"):
        if isinstance(rest.get(keyword), dict):
            for name, schema in rest.pop(keyword).items():
                at = f"{place}/{keyword}/{escaped(name)}"
                found[name] = field_from_schema(name, schema, place=at)
    return found
