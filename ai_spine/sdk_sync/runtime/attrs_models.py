"""The base of generated attrs models: it reads JSON by their annotations, and writes it again.

Types are checked exactly: `"5"` and `True` are no integers. Bounds such as `minLength` are not
checked; the server does that.
"""

import functools
import sys
from typing import (
    Any,
    ClassVar,
    Dict,
    List,
    Literal,
    Mapping,
    Type,
    TypeVar,
    Union,
    cast,
    get_args,
    get_origin,
    get_type_hints,
)

from ai_spine.policy.json_encoding import kind_of
from ai_spine.sdk_sync.errors import ValidationError
from ai_spine.sdk_sync.ir.references import escaped
from ai_spine.sdk_sync.unset import UNSET, Unset
from ai_spine.utils import one_line

try:
    from attrs import define, field, fields_dict
except ModuleNotFoundError as error:
    raise ModuleNotFoundError(
        "Generated models need attrs: pip install 'ai-spine-sdk[sdk-sync]'",
        name=error.name,
    ) from None

__all__ = ["Model", "UNSET", "Unset", "from_json", "to_json", "unknown_fields"]

M = TypeVar("M", bound="Model")
T = TypeVar("T")
_SCALARS = {str: (str,), int: (int,), float: (int, float), bool: (bool,)}


@define(kw_only=True, slots=False, eq=False)
class Model:
    """A generated model."""

    _wire_names: ClassVar[Mapping[str, str]] = {}
    """The names in JSON of the fields that have another one in Python."""
    _keeps_unknown: ClassVar[bool] = False
    """Whether fields that the class does not have are kept."""
    _unknown: Dict[str, Any] = field(factory=dict, init=False, repr=False)

    @classmethod
    def from_dict(cls: Type[M], value: Any) -> M:
        """Return JSON as a model.

        Raises:
            ValidationError: It does not fit.
        """
        if not isinstance(value, dict):  # not even a model of this class
            _checked(False, value, "an object", "")
        return from_json(cls, value)

    def to_dict(self) -> Dict[str, Any]:
        """Return the model as JSON: fields that are `UNSET` are absent, `None` is null."""
        written = {
            self._wire_names.get(name, name): to_json(value)
            for name in _fields_of(cast(Any, type(self)))
            for value in [getattr(self, name)]
            if value is not UNSET
        }
        return {**written, **self._unknown}


def unknown_fields(model: Model) -> Dict[str, Any]:
    """Return the fields of a response that its class does not have."""
    return model._unknown


def to_json(value: Any) -> Any:
    """Return a model, and all within it, as JSON."""
    if isinstance(value, Model):
        return value.to_dict()
    if isinstance(value, dict):
        return {name: to_json(each) for name, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [to_json(each) for each in value]
    return value


def from_json(kind: Type[T], value: Any) -> T:
    """Return JSON as a model, or as any other type that generated code names.

    Args:
        kind: The class or the alias.
        value: The JSON.

    Raises:
        ValidationError: It does not fit.
    """
    try:
        return cast(T, _read(kind, value, ""))
    except RecursionError:
        raise ValidationError("the data is nested too deeply", field_path="") from None


@functools.lru_cache(maxsize=None)
def _fields_of(kind: Any) -> Dict[str, Any]:
    """Return the types of the fields of a class."""
    hints = get_type_hints(kind, vars(sys.modules[kind.__module__]))
    return {name: hints[name] for name in fields_dict(kind) if name != "_unknown"}


def _read(kind: Any, value: Any, place: str) -> Any:
    if kind is Any:
        return value
    if kind is None or kind is type(None):
        return _checked(value is None, value, "null", place)
    if kind is int and isinstance(value, float) and value.is_integer():
        return int(value)  # as JSON Schema has it
    if kind in _SCALARS:
        is_right = isinstance(value, _SCALARS[kind])
        if kind is not bool and isinstance(value, bool):
            is_right = False
        return _checked(is_right, value, kind.__name__, place)
    if isinstance(kind, type) and issubclass(kind, Model):
        return value if isinstance(value, kind) else _read_model(kind, value, place)
    return _read_generic(kind, value, place)


def _read_generic(kind: Any, value: Any, place: str) -> Any:
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is list:
        _checked(isinstance(value, list), value, "a list", place)
        return [
            _read(arguments[0], each, f"{place}/{n}") for n, each in enumerate(value)
        ]
    if origin is dict:
        _checked(isinstance(value, dict), value, "an object", place)
        return {
            name: _read(arguments[1], each, f"{place}/{escaped(name)}")
            for name, each in value.items()
        }
    if origin is Literal:
        # True is 1 for Python, not for JSON.
        same = [v for v in arguments if v == value and _is_bool(v) == _is_bool(value)]
        words = "one of " + ", ".join(map(repr, arguments))
        return _checked(bool(same), value, words, place)
    return _read_union(arguments, value, place)


def _read_union(members: Any, value: Any, place: str) -> Any:
    """Return what the members make of a value: of several models, the one that knows it best."""
    problems: List[ValidationError] = []
    found: List[Any] = []
    for member in members:
        if member is Unset:
            continue
        try:
            found.append(_read(member, value, place))
        except ValidationError as error:
            problems.append(error)
        else:
            if not isinstance(found[-1], Model):
                break
    if not found:
        raise max(problems, key=lambda error: len(error.field_path or ""))
    models = [each for each in found if isinstance(each, Model)]
    return min(models, key=lambda each: len(each._unknown)) if models else found[0]


def _read_model(kind: Type[Model], value: Any, place: str) -> Model:
    _checked(isinstance(value, dict), value, "an object", place)
    rest = dict(value)
    read: Dict[str, Any] = {}
    attributes = fields_dict(kind)
    for name, hint in _fields_of(cast(Any, kind)).items():
        wire = kind._wire_names.get(name, name)
        is_required = attributes[name].default is not UNSET
        if wire not in rest:
            _checked(not is_required, value, f"an object with {wire!r}", place)
            continue
        given = rest.pop(wire)
        # Null stands for an absent field where it cannot be a value.
        if given is not None or is_required or _may_be_null(hint):
            read[name] = _read(hint, given, f"{place}/{escaped(wire)}")
    if rest and not kind._keeps_unknown:
        known = f"no {', '.join(map(repr, sorted(rest)))}"
        _checked(False, value, f"an object with {known}", place)
    model = kind(**read)
    model._unknown.update(rest)
    return model


def _may_be_null(hint: Any) -> bool:
    if get_origin(hint) is Union:
        return any(map(_may_be_null, get_args(hint)))
    if get_origin(hint) is Literal:
        return None in get_args(hint)
    return hint in (Any, None, type(None))


def _is_bool(value: Any) -> bool:
    return isinstance(value, bool)


def _checked(is_right: bool, value: Any, wanted: str, place: str) -> Any:
    """Return a value that is right.

    Raises:
        ValidationError: It is not.
    """
    if is_right:
        return value
    words = one_line(f"{place or '/'} must be {wanted}, not {kind_of(value)}", 300)
    raise ValidationError(words, field_path=place)
