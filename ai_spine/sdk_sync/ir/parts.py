"""What a specification has besides models and endpoints: tools, chains, agents, migrations."""

from dataclasses import MISSING, Field, dataclass, field, fields
from datetime import datetime
from typing import Any, Dict, List, Mapping, Optional, Type, TypeVar

from ai_spine.policy.json_encoding import kind_of
from ai_spine.sdk_sync.errors import ConfigError, ImportError
from ai_spine.sdk_sync.ir.fields import IRField
from ai_spine.sdk_sync.ir.models import IRModel, check_name, take_time, time_text
from ai_spine.sdk_sync.ir.reading import check_object
from ai_spine.sdk_sync.ir.versions import SchemaVersion
from ai_spine.utils import one_line

P = TypeVar("P", bound="IRPart")
BRIEF = {"brief": True}  # marks an attribute that is only written if it is set
_MODELS = ("input_schema", "output_schema", "request_schema", "response_schema")
_VERSIONS = ("version", "from_version", "to_version")
_KINDS: Mapping[str, Any] = {
    **dict.fromkeys(
        ("name", "description", "namespace", "system_prompt", "path", "method"), str
    ),
    **dict.fromkeys(("schema_name", "upgrade_code", "downgrade_code"), str),
    **dict.fromkeys(("location", "style", "content_type", "status"), str),
    **dict.fromkeys(("operation_id", "summary"), str),
    **dict.fromkeys(("tags", "tools", "steps", "changes"), list),
    **dict.fromkeys(("security", "servers"), list),
    **dict.fromkeys(("metadata", "retry_config", "encoding"), Mapping),
    **dict.fromkeys(("auth_required", "streaming", "breaking"), bool),
    **dict.fromkeys(("required", "explode", "allow_reserved", "deprecated"), bool),
    "timeout": (int, float),
}


class IRPart:
    """What a specification names, and how it is written as JSON."""

    def to_dict(self) -> Dict[str, Any]:
        """Return the part as JSON; a time is there only if it is known."""
        written: Dict[str, Any] = {}
        for each in fields(self):  # type: ignore[arg-type]
            value = getattr(self, each.name)
            if each.name == "created_at" and value is None:
                continue
            if each.metadata.get("brief") and value == _default_of(each):
                continue
            written[each.name] = _as_json(value)
        return written

    @classmethod
    def from_dict(cls: Type[P], data: Any, *, place: str = "") -> P:
        """Return the part that JSON describes.

        Args:
            data: The JSON, as `to_dict` returns it.
            place: Its JSON Pointer, for errors.

        Raises:
            ImportError: It describes none.
        """
        check_object(data, place)
        at = f" at {place}" if place else ""
        known = {each.name: each for each in fields(cls)}  # type: ignore[arg-type]
        for name in data:
            if name not in known:
                raise ImportError(f"{cls.__name__}{at} has no {one_line(name, 60)!r}")
        read: Dict[str, Any] = {}
        for name, each in known.items():
            if name in data:
                read[name] = cls._read_value(name, data, f"{place}/{name}")
            elif each.default is MISSING and each.default_factory is MISSING:
                raise ImportError(f"{cls.__name__}{at} has no {name}, which it needs")
        try:
            return cls(**read)
        except ConfigError as error:
            raise ImportError(f"{cls.__name__}{at}: {error}") from None

    @classmethod
    def _read_value(cls, name: str, data: Mapping[str, Any], place: str) -> Any:
        """Return the value of an attribute that JSON has."""
        return _read(name, data, place)


@dataclass(frozen=True)
class IRTool(IRPart):
    """Something that can be executed, with a typed input and a typed output.

    Attributes:
        name: Its name.
        version: Its version.
        description: What it does.
        input_schema: What goes in.
        output_schema: What comes out.
        namespace: What it belongs to.
        tags: Words to find it by.
        timeout: Seconds that it may take.
        retry_config: How the backend would have it retried.
        auth_required: Whether it needs a key.
        streaming: Whether it reports what it does while it runs.
        metadata: What programs of yours want to know of it.
        created_at: When it was made.

    Raises:
        ConfigError: It has no name.
    """

    name: str
    version: SchemaVersion
    description: str
    input_schema: IRModel
    output_schema: IRModel
    namespace: Optional[str] = None
    tags: List[str] = field(default_factory=list)
    timeout: Optional[float] = None
    retry_config: Mapping[str, Any] = field(default_factory=dict)
    auth_required: bool = False
    streaming: bool = False
    metadata: Mapping[str, Any] = field(default_factory=dict)
    created_at: Optional[datetime] = None

    def __post_init__(self) -> None:
        check_name("tool", self.name)
        if self.timeout is not None and not self.timeout > 0:
            raise ConfigError(f"tool {self.name}: its timeout must be more than 0 s")

    def get_full_name(self) -> str:
        """Return the name with the namespace before it, as in `tools.search`."""
        return f"{self.namespace}.{self.name}" if self.namespace else self.name


@dataclass(frozen=True)
class IRChain(IRPart):
    """Steps that are executed one after the other.

    Attributes:
        name: Its name.
        version: Its version.
        description: What it does.
        input_schema: What goes in.
        output_schema: What comes out.
        steps: Its steps, as JSON.
        namespace: What it belongs to.
        tags: Words to find it by.
        metadata: What programs of yours want to know of it.
    """

    name: str
    version: SchemaVersion
    description: str
    input_schema: IRModel
    output_schema: IRModel
    steps: List[Mapping[str, Any]] = field(default_factory=list)
    namespace: Optional[str] = None
    tags: List[str] = field(default_factory=list)
    metadata: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        check_name("chain", self.name)


@dataclass(frozen=True)
class IRAgent(IRPart):
    """An agent, and the tools that it uses.

    Attributes:
        name: Its name.
        version: Its version.
        description: What it does.
        input_schema: What goes in.
        output_schema: What comes out.
        tools: The names of its tools.
        system_prompt: What its model reads first.
        namespace: What it belongs to.
        tags: Words to find it by.
        metadata: What programs of yours want to know of it.
    """

    name: str
    version: SchemaVersion
    description: str
    input_schema: IRModel
    output_schema: IRModel
    tools: List[str] = field(default_factory=list)
    system_prompt: Optional[str] = None
    namespace: Optional[str] = None
    tags: List[str] = field(default_factory=list)
    metadata: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        check_name("agent", self.name)


@dataclass(frozen=True)
class SchemaMigration(IRPart):
    """How data of one version of a schema becomes data of another.

    Attributes:
        schema_name: The schema.
        from_version: The version before.
        to_version: The version after.
        description: What changes, in words.
        changes: What changes, for programs: this is what is executed.
        breaking: Whether data of the version before may not fit.
        upgrade_code: The changes as Python, to read; never executed here.
        downgrade_code: The way back as Python, to read; never executed here.
        metadata: What programs of yours want to know of it.
        created_at: When it was made.
    """

    schema_name: str
    from_version: SchemaVersion
    to_version: SchemaVersion
    description: str
    changes: List[Mapping[str, Any]] = field(default_factory=list)
    breaking: bool = False
    upgrade_code: Optional[str] = None
    downgrade_code: Optional[str] = None
    metadata: Mapping[str, Any] = field(default_factory=dict)
    created_at: Optional[datetime] = None

    def __post_init__(self) -> None:
        check_name("schema", self.schema_name)


def read_version(value: Any, place: str) -> SchemaVersion:
    """Return a version that JSON has.

    Raises:
        ImportError: It is none.
    """
    try:
        return SchemaVersion.parse(value)
    except ConfigError as error:
        raise ImportError(f"{place}: {error}") from None


def read_time(data: Mapping[str, Any], name: str, place: str) -> Optional[datetime]:
    """Return a time that JSON has, or `None`.

    Raises:
        ImportError: It is none.
    """
    found = take_time(dict(data), name)
    if found is None and data.get(name) is not None:
        raise ImportError(f"{place} is no time: {one_line(repr(data[name]), 60)}")
    return found


def _default_of(each: "Field[Any]") -> Any:
    return each.default if each.default_factory is MISSING else each.default_factory()


def _as_json(value: Any) -> Any:
    """Return what an attribute holds as JSON, on all levels."""
    if isinstance(value, (IRModel, IRField)):
        return value.to_json_schema()
    if isinstance(value, IRPart):
        return value.to_dict()
    if isinstance(value, SchemaVersion):
        return str(value)
    if isinstance(value, datetime):
        return time_text(value)
    if isinstance(value, Mapping):
        return {name: _as_json(each) for name, each in value.items()}
    return [_as_json(each) for each in value] if isinstance(value, list) else value


def _read(name: str, data: Mapping[str, Any], place: str) -> Any:
    value = data[name]
    if name in _VERSIONS:
        return read_version(value, place)
    if name == "created_at":
        return read_time(data, name, place)
    if name in _MODELS:
        if value is None:
            return None
        owner = str(data.get("name") or data.get("path") or "")
        return _read_model(name, value, owner, place)
    kind = _KINDS[name]
    if value is not None and not isinstance(value, kind):
        raise ImportError(f"{place} cannot be {kind_of(value)}")
    return value


def _read_model(name: str, value: Any, owner: str, place: str) -> IRModel:
    """Return a schema as a model; without a title, it is named after what it belongs to."""
    has_name = isinstance(value, Mapping) and (
        value.get("title") or value.get("x-name")
    )
    made = f"{owner}_{name.replace('_schema', '')}"
    return IRModel.from_json_schema(value, name=None if has_name else made, place=place)
