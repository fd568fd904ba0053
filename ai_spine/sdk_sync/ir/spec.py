"""`IRSpec`: everything that a client is generated from."""

import json
from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from typing import Any, Dict, Iterator, List, Mapping, Optional, Tuple

from ai_spine.flows.json_reading import parse_json
from ai_spine.policy.json_encoding import kind_of
from ai_spine.sdk_sync.errors import ConfigError, ImportError
from ai_spine.sdk_sync.ir.bundling import bundled
from ai_spine.sdk_sync.ir.endpoints import IREndpoint
from ai_spine.sdk_sync.ir.fields import IRField, IRType, JSONSchema, in_order
from ai_spine.sdk_sync.ir.models import IRModel, hash_of, time_text
from ai_spine.sdk_sync.ir.parts import (
    IRAgent,
    IRChain,
    IRPart,
    IRTool,
    SchemaMigration,
    read_time,
    read_version,
)
from ai_spine.sdk_sync.ir.reading import check_depth, check_object
from ai_spine.sdk_sync.ir.references import escaped
from ai_spine.sdk_sync.ir.versions import SchemaVersion
from ai_spine.utils import one_line

_PARTS: Mapping[str, Any] = {
    "tools": IRTool,
    "chains": IRChain,
    "agents": IRAgent,
    "endpoints": IREndpoint,
}
# Lists of endpoints that are mappings in a document, and what they go by there.
_UNORDERED = {"bodies": "content_type", "responses": "status"}
_OF_APIS = (
    "title",
    "servers",
    "security_schemes",
    "security",
)  # written if they are set


@dataclass(frozen=True)
class IRSpec:
    """A whole specification: models, and what uses them.

    Attributes:
        version: The version of the specification.
        api_version: The version of the API that it describes.
        models: The models, by their names.
        tools: The tools, by their names.
        chains: The chains, by their names.
        agents: The agents, by their names.
        endpoints: The endpoints, by names of yours.
        migrations: How data of one version becomes data of another.
        metadata: What programs of yours want to know of it.
        generated_at: When it was made; not part of its hash.
        title: The name of the API.
        servers: Where the API is, as OpenAPI says it.
        security_schemes: How requests are authenticated, by names, as OpenAPI says it.
        security: The schemes that endpoints need unless they say otherwise: all of one of these
            mappings of names to scopes; empty if they need none.

    Raises:
        ConfigError: A model or a tool has another name than its key.

    Example:
        >>> spec = IRSpec(SchemaVersion(1), "1.0", models={"User": IRModel("User")})
        >>> IRSpec.from_json(spec.to_json()) == spec
        True
    """

    version: SchemaVersion
    api_version: str = "1.0"
    models: Dict[str, IRModel] = field(default_factory=dict)
    tools: Dict[str, IRTool] = field(default_factory=dict)
    chains: Dict[str, IRChain] = field(default_factory=dict)
    agents: Dict[str, IRAgent] = field(default_factory=dict)
    endpoints: Dict[str, IREndpoint] = field(default_factory=dict)
    migrations: List[SchemaMigration] = field(default_factory=list)
    metadata: Mapping[str, Any] = field(default_factory=dict)
    generated_at: Optional[datetime] = None
    title: Optional[str] = None
    servers: List[Mapping[str, Any]] = field(default_factory=list)
    security_schemes: Dict[str, Mapping[str, Any]] = field(default_factory=dict)
    security: List[Mapping[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        for kind in ("models", "tools", "chains", "agents"):
            for key, part in getattr(self, kind).items():
                if part.name != key:
                    shown = one_line(f"{part.name!r} under the key {key!r}", 200)
                    raise ConfigError(f"{kind} go by their names: there is {shown}")

    def to_dict(self) -> Dict[str, Any]:
        """Return the specification as JSON."""
        written: Dict[str, Any] = {
            "version": str(self.version),
            "api_version": self.api_version,
            "models": {n: model.to_json_schema() for n, model in self.models.items()},
        }
        for kind in _PARTS:
            parts = getattr(self, kind)
            written[kind] = {name: part.to_dict() for name, part in parts.items()}
        written["migrations"] = [each.to_dict() for each in self.migrations]
        written["metadata"] = dict(self.metadata)
        if self.generated_at is not None:
            written["generated_at"] = time_text(self.generated_at)
        for name in _OF_APIS:
            if getattr(self, name) not in (None, [], {}):
                written[name] = getattr(self, name)
        return written

    def to_json(self, indent: Optional[int] = 2) -> str:
        """Return the specification as a JSON text.

        Raises:
            ConfigError: A default, a constraint or the metadata have a value that JSON has not.
        """
        try:
            return json.dumps(self.to_dict(), indent=indent, allow_nan=False)
        except (TypeError, ValueError) as error:
            words = one_line(str(error), 200)
            raise ConfigError(f"the specification is no JSON: {words}") from None

    @classmethod
    def from_dict(cls, data: Any) -> "IRSpec":
        """Return the specification that JSON describes.

        Raises:
            ImportError: It describes none.
        """
        check_object(data, "")
        check_depth(data)
        known = {each.name for each in fields(cls)}
        for name in data:
            if name not in known:
                shown = one_line(repr(name), 60)
                raise ImportError(f"a specification has no {shown}")
        if "version" not in data:
            raise ImportError("a specification needs a version, such as 1.0.0")
        read: Dict[str, Any] = {
            kind: {
                name: part.from_dict(each, place=f"/{kind}/{escaped(name)}")
                for name, each in _mapping(data, kind).items()
            }
            for kind, part in _PARTS.items()
        }
        return cls(
            version=read_version(data["version"], "/version"),
            api_version=str(data.get("api_version", "1.0")),
            models={
                name: IRModel.from_json_schema(
                    each, name=name, place=f"/models/{escaped(name)}"
                )
                for name, each in _mapping(data, "models").items()
            },
            migrations=[
                SchemaMigration.from_dict(each, place=f"/migrations/{number}")
                for number, each in enumerate(_list(data, "migrations"))
            ],
            metadata=dict(_mapping(data, "metadata")),
            generated_at=read_time(data, "generated_at", "/generated_at"),
            title=_title(data),
            servers=_list(data, "servers"),
            security_schemes=dict(_mapping(data, "security_schemes")),
            security=_list(data, "security"),
            **read,
        )

    @classmethod
    def from_json(cls, text: str) -> "IRSpec":
        """Return the specification that a JSON text describes.

        Raises:
            ImportError: It is not JSON, or describes none.
        """
        try:
            data = parse_json(text)
        except ValueError as error:
            words = one_line(str(error), 200)
            raise ImportError(f"the specification is not JSON: {words}") from None
        return cls.from_dict(data)

    def compute_hash(self) -> str:
        """Return the SHA-256 of what it says; order and times do not change it."""
        return hash_of(replace(self.sorted(), generated_at=None)._timeless().to_dict())

    def _timeless(self) -> "IRSpec":
        """Return the specification without the times of its parts."""
        changed: Dict[str, Any] = {
            kind: {name: _timeless(part) for name, part in getattr(self, kind).items()}
            for kind in ("models", *_PARTS)
        }
        migrations = [_timeless(each) for each in self.migrations]
        return replace(self, migrations=migrations, **changed)

    def sorted(self) -> "IRSpec":
        """Return the specification with all within it in the order of names."""
        models = {n: self.models[n].sorted() for n in sorted(self.models)}
        parts: Dict[str, Any] = {
            kind: {name: _sorted_part(by_name[name]) for name in sorted(by_name)}
            for kind in _PARTS
            for by_name in [getattr(self, kind)]
        }
        own = ("metadata", "servers", "security_schemes", "security")
        ordered = {name: in_order(getattr(self, name)) for name in own}
        return replace(self, models=models, **ordered, **parts)

    def resolve(self, name: str, within: Optional[IRModel] = None) -> Optional[IRField]:
        """Return what a reference leads to, as a field; `None` if there is no such model.

        Args:
            name: The name that is referred to.
            within: The model that has the reference; its own definitions come first.
        """
        if within is not None and name in within.definitions:
            return within.definitions[name]
        model = self.models.get(name)
        return None if model is None else field_of(model)

    def json_schema_of(self, model: IRModel) -> JSONSchema:
        """Return a model as a JSON Schema that has in `$defs` all that it refers to.

        Example:
            >>> pet = IRModel("Pet", fields=[IRField("owner", IRType.REF, ref_name="User")])
            >>> spec = IRSpec(SchemaVersion(1), models={"Pet": pet, "User": IRModel("User")})
            >>> list(spec.json_schema_of(pet)["$defs"])
            ['User']
        """
        return bundled(model, self.models)[0]

    def all_models(self) -> Iterator[Tuple[str, IRModel]]:
        """Yield each model, those of tools and endpoints as well, with its JSON Pointer."""
        for name, model in self.models.items():
            yield f"/models/{escaped(name)}", model
        for kind in _PARTS:
            for name, part in getattr(self, kind).items():
                for each in fields(part):
                    value = getattr(part, each.name)
                    if isinstance(value, IRModel):
                        yield f"/{kind}/{escaped(name)}/{each.name}", value


def field_of(model: IRModel) -> IRField:
    """Return what a model says as a field, for those who treat both alike."""
    if model.root is not None:
        return replace(model.root, description=model.description)
    return IRField(
        model.name,
        IRType.OBJECT,
        description=model.description,
        properties={each.name: each for each in model.fields},
        constraints=model.constraints,
    )


def _timeless(part: Any) -> Any:
    changed: Dict[str, Any] = {}
    for each in fields(part):
        value = getattr(part, each.name)
        if isinstance(value, IRModel):
            changed[each.name] = _timeless(value)
        elif isinstance(value, datetime):
            changed[each.name] = None
    return replace(part, **changed) if changed else part


def _sorted_part(part: Any) -> Any:
    """Return a part, or what is in one, with all that has names in their order."""
    if isinstance(part, (IRModel, IRField)):
        return part.sorted()
    if isinstance(part, IRPart):
        changed: Any = {name: _sorted_part(each) for name, each in vars(part).items()}
        for name, key in _UNORDERED.items():
            if name in changed:
                changed[name].sort(key=lambda each: str(getattr(each, key)))
        return type(part)(**changed)
    if isinstance(part, Mapping):
        return {name: _sorted_part(part[name]) for name in sorted(part)}
    return [_sorted_part(each) for each in part] if isinstance(part, list) else part


def _title(data: Mapping[str, Any]) -> Optional[str]:
    title = data.get("title")
    if title is not None and not isinstance(title, str):
        raise ImportError(f"/title cannot be {kind_of(title)}")
    return title


def _mapping(data: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    check_object(data.get(name, {}), f"/{name}")
    found: Mapping[str, Any] = data.get(name, {})
    return found


def _list(data: Mapping[str, Any], name: str) -> List[Any]:
    found = data.get(name, [])
    if not isinstance(found, list):
        raise ImportError(f"/{name} must be a list")
    return found
