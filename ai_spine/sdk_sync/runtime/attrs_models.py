"""The base of generated attrs models: it reads JSON by their annotations, and writes it again.

Types are checked exactly: `"5"` and `True` are no integers. Bounds such as `minLength` are not
checked; the server does that.
"""

import functools
import sys
from enum import Enum
from typing import (
    Annotated,
    Any,
    ClassVar,
    Dict,
    List,
    Mapping,
    NamedTuple,
    Tuple,
    Type,
    TypeVar,
    Union,
    cast,
    get_args,
    get_origin,
    get_type_hints,
)
from datetime import date, datetime
from uuid import UUID

from ai_spine.policy.json_encoding import kind_of
from ai_spine.sdk_sync.errors import ValidationError
from ai_spine.sdk_sync.runtime.formats import datetime_text
from ai_spine.sdk_sync.runtime.lazy import missing_names, stand_in
from ai_spine.sdk_sync.runtime.readers import (
    Misfit,
    Read,
    Readable,
    is_union,
    reader_of,
)
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
_PLAIN = frozenset({str, int, float, bool, type(None)})
_REFUSED = object()  # what null is read as where it does not fit


class _Field(NamedTuple):
    """How a field is read: values of the type `exact` as they are, null as `null`."""

    name: str
    exact: Any
    read: Read
    null: Any
    required: bool


@define(kw_only=True, slots=False, eq=False)
class Model(Readable):
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
            raise _error(Misfit("an object", value))
        return from_json(cls, value)

    def to_dict(self) -> Dict[str, Any]:
        """Return the model as JSON: fields that are `UNSET` are absent, `None` is null."""
        values = self.__dict__
        written = {
            wire: value if value.__class__ in _PLAIN else to_json(value)
            for name, wire in _wires_of(cast(Any, self.__class__))
            for value in [values[name]]
            if value is not UNSET
        }
        if self._unknown:
            written.update(self._unknown)
        return written

    @classmethod
    def _compile_reader(cls) -> Read:
        """Return what reads the class; its annotations are looked at here, and once."""
        fields = _fields_of(cls)
        wires = cls._wire_names
        table = {wires.get(name, name): each for name, each in fields.items()}
        absent = {name: UNSET for name, each in fields.items() if not each.required}
        return _reader(cls, table, absent)


def unknown_fields(model: Model) -> Dict[str, Any]:
    """Return the fields of a response that its class does not have."""
    return model._unknown


def to_json(value: Any) -> Any:
    """Return a model, and all within it, as JSON."""
    kind = value.__class__
    if kind in _PLAIN:
        return value
    if isinstance(value, Model):
        return value.to_dict()
    if kind is list or isinstance(value, (list, tuple)):
        return [to_json(each) for each in value]
    if isinstance(value, dict):
        return {name: to_json(each) for name, each in value.items()}
    if isinstance(value, datetime):
        return datetime_text(value)
    if isinstance(value, (date, UUID)):
        return str(value)
    return value.value if isinstance(value, Enum) else value


def from_json(kind: Type[T], value: Any) -> T:
    """Return JSON as a model, or as any other type that generated code names.

    Args:
        kind: The class or the alias.
        value: The JSON.

    Raises:
        ValidationError: It does not fit.
    """
    try:
        return cast(T, reader_of(cast(Any, kind)).read(value))
    except Misfit as misfit:
        raise _error(misfit) from None
    except RecursionError:
        raise ValidationError("the data is nested too deeply", field_path="") from None


def _error(misfit: Misfit) -> ValidationError:
    from ai_spine.sdk_sync.ir.references import escaped

    steps = [f"/{escaped(str(each))}" for each in reversed(misfit.steps)]
    place = "".join(steps)
    found = kind_of(misfit.value)
    words = one_line(f"{place or '/'} must be {misfit.wanted}, not {found}", 300)
    return ValidationError(words, field_path=place)


@functools.lru_cache(maxsize=None)
def _wires_of(kind: Any) -> List[Tuple[str, str]]:
    """Return the names of the fields of a class, in Python and in JSON."""
    names = [name for name in fields_dict(kind) if name != "_unknown"]
    return [(name, kind._wire_names.get(name, name)) for name in names]


def _fields_of(kind: Type[Model]) -> Dict[str, _Field]:
    package, missing = missing_names(kind)
    local = {name: stand_in(package, name) for name in missing}
    hints = get_type_hints(
        kind, vars(sys.modules[kind.__module__]), local, include_extras=True
    )
    attributes = fields_dict(kind)
    return {
        name: _field(name, hints[name], attributes[name].default is not UNSET)
        for name, _ in _wires_of(cast(Any, kind))
    }


def _field(name: str, hint: Any, required: bool) -> _Field:
    """Return how a field is read; null is absent where it cannot be a value."""
    members = get_args(hint) if is_union(hint) else (hint,)
    members = tuple(each for each in members if each is not Unset)
    nothing = type(None)
    null = _REFUSED if required else UNSET
    others = tuple(each for each in members if each is not nothing)
    if len(others) < len(members) or any(map(_may_be_null, members)):
        null, members = None, others or members
    reader = reader_of(Union[members])  # which is the member itself, if it is one
    return _Field(name, reader.exact, reader.read, null, required)


def _may_be_null(hint: Any) -> bool:
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is Annotated:
        return _may_be_null(arguments[0])
    if is_union(hint):
        return any(map(_may_be_null, arguments))
    return hint in (Any, None, type(None)) or None in arguments


def _reader(kind: Type[M], table: Mapping[str, _Field], absent: Dict[str, Any]) -> Read:
    """Return what reads a model; it runs for each, so that nothing is looked up twice."""
    count = len(table)
    keeps = kind._keeps_unknown
    entries = {wire: tuple(each[:4]) for wire, each in table.items()}
    find, make = entries.get, kind.__new__

    def read(value: Any) -> Any:
        if value.__class__ is not dict and not isinstance(value, dict):
            if isinstance(value, kind):
                return value
            raise Misfit("an object", value)
        made = dict(absent)
        unknown: Dict[str, Any] = {}
        for wire, given in value.items():
            entry = find(wire)
            if entry is None:
                unknown[wire] = given
                continue
            name, exact, inner, null = entry
            if given.__class__ is exact:
                made[name] = given
            elif given is None and null is not _REFUSED:
                made[name] = null
            else:
                try:
                    made[name] = inner(given)
                except Misfit as misfit:
                    misfit.steps.append(wire)
                    raise
        if len(made) != count or (unknown and not keeps):
            raise _misfit(table, value)
        made["_unknown"] = unknown
        model = make(kind)
        model.__dict__ = made
        return model

    return read


def _misfit(table: Mapping[str, _Field], value: Mapping[str, Any]) -> Misfit:
    """Return what is wrong with an object: a field that it lacks, or those that it has too many."""
    for wire, each in table.items():
        if each.required and wire not in value:
            return Misfit(f"an object with {wire!r}", value)
    unknown = sorted(wire for wire in value if wire not in table)
    return Misfit(f"an object with no {', '.join(map(repr, unknown))}", value)
