"""The base of generated pydantic models: they accept what their JSON Schema accepts.

They are more lenient in two ways: an optional field may be `None`, which is not sent, and classes
of responses keep unknown fields and unknown values of enums.
"""

import functools
from datetime import datetime
from typing import (
    TYPE_CHECKING,
    Annotated,
    Any,
    ClassVar,
    Dict,
    List,
    Mapping,
    Optional,
    Tuple,
    Type,
    TypeVar,
    cast,
    get_args,
)
from uuid import UUID

from ai_spine.policy.misfits import first_misfit, validator_class
from ai_spine.sdk_sync.runtime.files import is_file
from ai_spine.sdk_sync.runtime.formats import datetime_text
from ai_spine.utils import one_line

try:
    import pydantic
    import pydantic_core
    from pydantic_core import core_schema
except ModuleNotFoundError as error:
    raise ModuleNotFoundError(
        "Generated models need pydantic: pip install 'ai-spine-sdk[sdk-sync]'",
        name=error.name,
    ) from None

if TYPE_CHECKING:
    from pydantic import GetCoreSchemaHandler

T = TypeVar("T")


class _AcceptsNull:
    """Marks fields that may be null in JSON; `None` in any other field is not sent."""


Nullable = Annotated[Optional[T], _AcceptsNull()]
"""A type whose values may be null: `None` is sent as null."""

_CONFIG = pydantic.ConfigDict(
    strict=True,
    extra="forbid",
    populate_by_name=True,
    validate_assignment=True,
    defer_build=True,
    allow_inf_nan=False,
    regex_engine="python-re",
    protected_namespaces=(),
)


class FitsSchema:
    """What a value must fulfil that only JSON Schema can say; for `Annotated`.

    Args:
        keywords: The keywords.
        schemas: What references in them lead to, by name.

    Example:
        >>> FitsSchema({"uniqueItems": True}).check([1, 1])
        Traceback (most recent call last):
        ValueError: has non-unique elements
    """

    def __init__(
        self, keywords: Mapping[str, Any], schemas: Optional[Mapping[str, Any]] = None
    ) -> None:
        self._keywords = keywords
        self._schemas = schemas

    def check(self, value: T) -> T:
        """Return a value that fits.

        Raises:
            ValueError: It does not; the error does not repeat it.
        """
        try:
            found = first_misfit(self._validator, to_json(value))
        except RecursionError:
            raise ValueError("it is nested too deeply to be checked") from None
        if found is not None:
            words = str(found) if found.path else found.message
            raise ValueError(one_line(words, 300))
        return value

    @functools.cached_property
    def _validator(self) -> Any:
        from referencing import Registry

        schema: Dict[str, Any] = dict(self._keywords)
        if self._schemas is not None:
            schema["$defs"] = self._schemas
        return validator_class()(schema, registry=Registry())

    def __get_pydantic_core_schema__(
        self, source: Any, handler: "GetCoreSchemaHandler"
    ) -> core_schema.CoreSchema:
        """Return the schema of the type, with the check before it."""
        return core_schema.no_info_before_validator_function(
            self.check, handler(source)
        )


class BaseModel(pydantic.BaseModel):
    """A generated model.

    Types are checked strictly: `"5"` and `True` are no integers. Fields are given by their names in
    Python, or by those in JSON.
    """

    model_config = _CONFIG
    _rules: ClassVar[Optional[FitsSchema]] = None
    """What the object must fulfil besides its fields."""

    @classmethod
    def __get_pydantic_core_schema__(
        cls, source: Any, handler: "GetCoreSchemaHandler"
    ) -> core_schema.CoreSchema:
        """Return the schema of the class, with the check of its rules after it."""
        schema = handler(source)
        if cls._rules is None:
            return schema
        return core_schema.no_info_after_validator_function(cls._rules.check, schema)


def to_json(value: Any) -> Any:
    """Return a model, and all within it, as JSON.

    Fields have their names in JSON. A field that was not set is absent, and so is an optional field
    that is `None` where JSON may have no null.

    Args:
        value: A model, or a list, a dictionary or anything else that JSON can hold.

    Raises:
        ValueError: JSON cannot hold it.
    """
    if isinstance(value, pydantic.BaseModel):
        return _written(value)
    if isinstance(value, dict):
        return {str(name): to_json(each) for name, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [to_json(each) for each in value]
    if value is None or type(value) in (str, int, float, bool) or is_file(value):
        return value
    if isinstance(value, datetime):
        return datetime_text(value)
    if isinstance(value, UUID):
        return str(value)
    return pydantic_core.to_jsonable_python(value)


def from_json(kind: Type[T], value: Any) -> T:
    """Return JSON as a model, or as any other type that generated code names.

    Args:
        kind: The class or the alias.
        value: The JSON.

    Raises:
        ValidationError: It does not fit.
    """
    try:
        return _read(kind, value)
    except RecursionError:
        from ai_spine.sdk_sync.errors import ValidationError

        raise ValidationError("the data is nested too deeply", field_path="") from None


def _read(kind: Type[T], value: Any) -> T:
    try:
        return cast(T, _validated(kind, value))
    except pydantic.ValidationError as error:
        # 1.0 is an integer for JSON Schema; few servers write it, so only failures pay for it.
        if not _has_whole_floats(value):
            raise _misfits(kind, error) from None
    try:
        return cast(T, _validated(kind, _without_whole_floats(value)))
    except pydantic.ValidationError as error:
        raise _misfits(kind, error) from None


def _validated(kind: Any, value: Any) -> Any:
    if isinstance(kind, type) and issubclass(kind, pydantic.BaseModel):
        return kind.model_validate(value)
    return _adapter(kind).validate_python(value)


def _misfits(kind: Any, error: pydantic.ValidationError) -> Exception:
    # Here, since most data fits, and it takes a while to import.
    from ai_spine.sdk_sync.validation.context import pydantic_misfits

    name = getattr(kind, "__name__", "the type")
    return pydantic_misfits(error, f"the data does not fit {name}")


def _has_whole_floats(value: Any) -> bool:
    if isinstance(value, dict):
        return any(map(_has_whole_floats, value.values()))
    if isinstance(value, list):
        return any(map(_has_whole_floats, value))
    return isinstance(value, float) and value.is_integer()


def _without_whole_floats(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_whole_floats(each) for name, each in value.items()}
    if isinstance(value, list):
        return list(map(_without_whole_floats, value))
    return int(value) if _has_whole_floats(value) else value


@functools.lru_cache(maxsize=None)
def _adapter(kind: Any) -> "pydantic.TypeAdapter[Any]":
    for each in models_in(kind):
        each.model_rebuild()
    return pydantic.TypeAdapter(kind, config=_CONFIG)


def models_in(kind: Any) -> List[Type[pydantic.BaseModel]]:
    """Return the models that a type names: a class, or what `typing` makes of classes."""
    if isinstance(kind, type) and issubclass(kind, pydantic.BaseModel):
        return [kind]
    return [found for each in get_args(kind) for found in models_in(each)]


def _written(model: pydantic.BaseModel) -> Dict[str, Any]:
    written: Dict[str, Any] = {}
    set_by_user = model.model_fields_set
    for name, (wire, drops_null, factory) in _wire_names(type(model)).items():
        value = getattr(model, name)
        if name not in set_by_user and (factory is None or value == factory()):
            continue
        if value is not None or not drops_null:
            written[wire] = to_json(value)
    for name, value in (model.model_extra or {}).items():
        written[name] = to_json(value)
    return written


@functools.lru_cache(maxsize=None)
def _wire_names(kind: Type[pydantic.BaseModel]) -> Dict[str, Tuple[str, bool, Any]]:
    """Return the names in JSON, whether `None` is left out, and what makes the default."""
    found = {}
    for name, info in kind.model_fields.items():
        wire = info.serialization_alias or name
        may_be_null = info.is_required() or info.annotation is Any
        marked = any(isinstance(each, _AcceptsNull) for each in info.metadata)
        found[name] = wire, not (may_be_null or marked), info.default_factory
    return found
