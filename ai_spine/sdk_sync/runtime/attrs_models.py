"""The base of generated attrs models: it reads JSON by their annotations, and writes it again.

Types are checked exactly: `"5"` and `True` are no integers. Bounds such as `minLength` are not
checked; the server does that.
"""

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
    Deferred,
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
        values, kind = self.__dict__, type(self)
        wires = _WIRES.get(kind) or _wires_of(kind)
        written: Dict[str, Any] = {}
        for name, wire in wires:
            value = values[name]
            if type(value) in _PLAIN:
                written[wire] = value
            elif value is not UNSET:
                written[wire] = to_json(value)
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
    kind = type(value)
    if kind in _PLAIN:
        return value
    if kind is list:
        return [e if type(e) in _PLAIN else to_json(e) for e in value]
    if isinstance(value, Model):
        return value.to_dict()
    if isinstance(value, (list, tuple)):
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
    found = "" if misfit.is_of_kind else f", not {kind_of(misfit.value)}"
    words = one_line(f"{place or '/'} must be {misfit.wanted}{found}", 300)
    return ValidationError(words, field_path=place)


_WIRES: Dict[Type[Model], List[Tuple[str, str]]] = {}


def _wires_of(kind: Type[Model]) -> List[Tuple[str, str]]:
    """Return the names of the fields of a class, in Python and in JSON."""
    if kind not in _WIRES:
        names = [name for name in fields_dict(kind) if name != "_unknown"]
        _WIRES[kind] = [(name, kind._wire_names.get(name, name)) for name in names]
    return _WIRES[kind]


def _fields_of(kind: Type[Model]) -> Dict[str, _Field]:
    package, missing = missing_names(kind)
    local = {name: stand_in(sys.modules[package], name) for name in missing}
    hints = get_type_hints(
        kind, vars(sys.modules[kind.__module__]), local, include_extras=True
    )
    attributes = fields_dict(kind)
    return {
        name: _field(name, hints[name], attributes[name].default is not UNSET)
        for name, _ in _wires_of(kind)
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


def _reader(
    kind: Type[M], fields: Mapping[str, _Field], absent: Dict[str, Any]
) -> Read:
    """Return what reads a model; it runs for each, so that nothing is looked up twice."""
    names = {wire: each.name for wire, each in fields.items()}
    is_renamed = any(wire != name for wire, name in names.items())
    count, make = len(fields), kind.__new__
    entries = [[*each[:4], wire] for wire, each in fields.items()]
    for entry in entries:
        if isinstance(entry[2], Deferred):
            entry[2].replace_in(entry)

    def read(value: Any) -> Any:
        if type(value) is not dict and not isinstance(value, dict):
            if isinstance(value, kind):
                return value
            raise Misfit("an object", value)
        try:
            made = {names[w]: v for w, v in value.items()} if is_renamed else {**value}
            if len(made) != count:
                made = {**absent, **made}
            for name, exact, inner, null, wire in entries:
                given = made[name]
                if type(given) is not exact and given is not UNSET:
                    if given is None and null is not _REFUSED:
                        made[name] = null
                    else:
                        made[name] = inner(given)
        except KeyError:
            return _read_others(kind, fields, absent, value)
        except Misfit as misfit:
            misfit.steps.append(wire)
            raise
        if len(made) != count:
            return _read_others(kind, fields, absent, value)
        made["_unknown"] = {}
        model = make(kind)
        model.__dict__ = made
        return model

    return read


def _read_others(
    kind: Type[M],
    fields: Mapping[str, _Field],
    absent: Mapping[str, Any],
    value: Mapping[str, Any],
) -> M:
    """Return an object that lacks a field, or has others than its class."""
    unknown = {wire: each for wire, each in value.items() if wire not in fields}
    known = {fields[w].name: each for w, each in value.items() if w in fields}
    made: Dict[str, Any] = {**absent, **known}
    if len(made) != len(fields) or (unknown and not kind._keeps_unknown):
        raise _misfit(fields, value)
    for wire, (name, exact, inner, null, _) in fields.items():
        given = made[name]
        if given is None and null is not _REFUSED:
            made[name] = null
        elif type(given) is not exact and given is not UNSET:
            try:
                made[name] = inner(given)
            except Misfit as misfit:
                misfit.steps.append(wire)
                raise
    model = kind.__new__(kind)
    model.__dict__ = {**made, "_unknown": unknown}
    return model


def _misfit(table: Mapping[str, _Field], value: Mapping[str, Any]) -> Misfit:
    """Return what is wrong with an object: a field that it lacks, or those that it has too many."""
    for wire, each in table.items():
        if each.required and wire not in value:
            return Misfit(f"an object with {wire!r}", value, is_of_kind=True)
    unknown = sorted(wire for wire in value if wire not in table)
    words = f"an object with no {', '.join(map(repr, unknown))}"
    return Misfit(words, value, is_of_kind=True)
