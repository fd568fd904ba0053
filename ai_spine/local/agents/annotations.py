"""Reads annotations: what a function's parameters are, as types that convert JSON."""

import collections.abc
import dataclasses
import datetime
import decimal
import inspect
import math
import pathlib
import sys
import types
import typing
import uuid
from enum import Enum
from typing import Any, Callable, Dict, Mapping, Optional, Tuple, Union

from ai_spine.local.agents.input_types import (
    AnyOf,
    Choice,
    InputType,
    ListOf,
    MapOf,
    Row,
    Scalar,
    members_of,
)
from ai_spine.local.agents.object_types import Field, ObjectOf, PydanticModel


class UnknownType(Exception):
    """An annotation is no type that JSON can be converted to; the text is the annotation."""


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError(value)
    return value


def _number(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise ValueError(value)
    return value


def _whole_number(value: Any) -> int:
    if int(_number(value)) != value:
        raise ValueError(value)
    return int(value)


def _boolean(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError(value)
    return value


def _nothing(value: Any) -> None:
    if value is not None:
        raise ValueError(value)


def _moment(value: Any) -> datetime.datetime:
    text = _text(value)
    text = f"{text[:-1]}+00:00" if text.endswith(("Z", "z")) else text
    return datetime.datetime.fromisoformat(text)


def _decimal(value: Any) -> decimal.Decimal:
    number = decimal.Decimal(value if isinstance(value, str) else str(_number(value)))
    if not math.isfinite(number):
        raise ValueError(value)
    return number


_STRING = {"type": "string"}
_NUMBER = {"type": "number"}
_SCALARS: Dict[Any, Scalar] = {
    str: Scalar("text", _STRING, _text),
    float: Scalar("a number", _NUMBER, lambda value: float(_number(value))),
    int: Scalar("a whole number", {"type": "integer"}, _whole_number),
    bool: Scalar("true or false", {"type": "boolean"}, _boolean),
    type(None): Scalar("null", {"type": "null"}, _nothing),
    datetime.datetime: Scalar(
        "a time such as 2026-11-27T10:30:00Z",
        {**_STRING, "format": "date-time"},
        _moment,
    ),
    datetime.date: Scalar(
        "a date such as 2026-11-27",
        {**_STRING, "format": "date"},
        lambda value: datetime.date.fromisoformat(_text(value)),
    ),
    datetime.time: Scalar(
        "a time of day such as 10:30:00",
        {**_STRING, "format": "time"},
        lambda value: datetime.time.fromisoformat(_text(value)),
    ),
    datetime.timedelta: Scalar(
        "a number of seconds",
        _NUMBER,
        lambda value: datetime.timedelta(seconds=_number(value)),
    ),
    uuid.UUID: Scalar(
        "a UUID", {**_STRING, "format": "uuid"}, lambda value: uuid.UUID(_text(value))
    ),
    decimal.Decimal: Scalar(
        "a decimal number", {"anyOf": [_NUMBER, _STRING]}, _decimal
    ),
    pathlib.Path: Scalar("a path", _STRING, lambda value: pathlib.Path(_text(value))),
}
_abc = collections.abc
_LISTS: Dict[Any, Callable[[Any], Any]] = {
    **dict.fromkeys((list, _abc.Sequence, _abc.MutableSequence), list),
    **dict.fromkeys((_abc.Iterable, _abc.Collection), list),
    **dict.fromkeys((set, _abc.Set, _abc.MutableSet), set),
    **{tuple: tuple, frozenset: frozenset},
}
_MAPPINGS = (dict, _abc.Mapping, _abc.MutableMapping)
_UNIONS = (Union, getattr(types, "UnionType", Union))
_WRAPPERS = ("Required", "NotRequired", "ReadOnly", "Final")


class AnnotationReader:
    """Reads annotations, each class once: a class may contain itself."""

    def __init__(self) -> None:
        self._known: Dict[Any, InputType] = {}

    def read(self, annotation: Any) -> InputType:
        """Return the type of an annotation without forward references.

        Raises:
            UnknownType: JSON cannot be converted to it.
        """
        if annotation in (Any, object) or isinstance(annotation, typing.TypeVar):
            return InputType()
        if annotation is None:
            annotation = type(None)
        if hasattr(annotation, "__supertype__"):  # a NewType
            return self.read(annotation.__supertype__)
        origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
        if origin is None:
            return self._read_class(annotation)
        if is_annotated(annotation) or _mark_of(annotation) in _WRAPPERS:
            return self.read(arguments[0])
        if origin in _UNIONS:
            return AnyOf([self.read(each) for each in arguments])
        if origin is typing.Literal:
            return Choice([(each, each) for each in _plain(annotation, arguments)])
        return self._read_generic(annotation, origin, arguments)

    def _read_generic(
        self, annotation: Any, origin: Any, arguments: Tuple[Any, ...]
    ) -> InputType:
        if origin is tuple and arguments[-1:] != (...,) and arguments:
            return Row([self.read(each) for each in arguments])
        if origin in _LISTS:
            return ListOf(self.read((*arguments, Any)[0]), _LISTS[origin])
        if origin in _MAPPINGS:
            key, item = arguments or (str, Any)
            if key in (str, Any) or isinstance(key, typing.TypeVar):
                return MapOf(self.read(item))
        raise UnknownType(name_of(annotation))

    def _read_class(self, annotation: Any) -> InputType:
        try:
            known = _SCALARS.get(annotation) or self._known.get(annotation)
        except TypeError:  # it cannot be a key, so it is no class
            raise UnknownType(name_of(annotation)) from None
        if known is not None:
            return known
        if annotation in _LISTS:
            return ListOf(InputType(), _LISTS[annotation])
        if annotation in _MAPPINGS:
            return MapOf(InputType())
        found = (
            self._read_own_class(annotation) if inspect.isclass(annotation) else None
        )
        if found is None:
            raise UnknownType(name_of(annotation))
        return found

    def _read_own_class(self, kind: Any) -> Optional[InputType]:
        """Read a class of the agent's module, or of pydantic's where that is in use."""
        if issubclass(kind, Enum):
            return members_of(kind)
        pydantic = sys.modules.get("pydantic")
        if pydantic is not None and issubclass(kind, pydantic.BaseModel):
            return PydanticModel(kind) if hasattr(kind, "model_validate") else None
        if dataclasses.is_dataclass(kind):
            return self._read_fields(kind, kind)
        if issubclass(kind, dict) and hasattr(kind, "__total__"):
            return self._read_fields(kind, dict)
        return None

    def _read_fields(self, kind: Any, make: Any) -> ObjectOf:
        """Read a dataclass or a `TypedDict`."""
        name, text = kind.__name__, first_line(kind.__doc__ or "")
        # A dataclass without a docstring has its signature as one.
        text = "" if text.startswith(f"{name}(") else text
        made = self._known[kind] = ObjectOf(name, make, text)
        try:
            hints = hints_of(kind)
        except NameError as error:
            raise UnknownType(f"{kind.__name__}, in which {error}") from None
        read = self._dataclass_fields if make is kind else self._keys
        made.fields.update(read(kind, hints))
        return made

    def _dataclass_fields(
        self, kind: Any, hints: Mapping[str, Any]
    ) -> Dict[str, Field]:
        fields, missing = {}, dataclasses.MISSING
        for each in dataclasses.fields(kind):
            if each.init:
                default = each.default if each.default is not missing else ...
                fields[each.name] = Field(
                    self.read(hints[each.name]),
                    default is ... and each.default_factory is missing,
                    default,
                    each.metadata.get("description", "")
                    or description_in(hints[each.name]),
                )
        return fields

    def _keys(self, kind: Any, hints: Mapping[str, Any]) -> Dict[str, Field]:
        required = getattr(kind, "__required_keys__", hints)
        return {
            name: Field(
                self.read(hint),
                _is_required(hint, name in required),
                ...,
                description_in(hint),
            )
            for name, hint in hints.items()
        }


def hints_of(owner: Any, scope: Optional[Mapping[str, Any]] = None) -> Dict[str, Any]:
    """Return annotations without forward references, which are names in a scope.

    Raises:
        NameError: A name is not defined there.
    """
    names = None if scope is None else dict(scope)
    if sys.version_info >= (3, 9):
        return typing.get_type_hints(owner, names, include_extras=True)
    return typing.get_type_hints(owner, names)


def is_annotated(annotation: Any) -> bool:
    """Return whether it is `Annotated[...]`."""
    return hasattr(annotation, "__metadata__")


def description_in(annotation: Any) -> str:
    """Return the text in `Annotated[T, "text"]`; empty if there is none."""
    notes = getattr(annotation, "__metadata__", ())
    return next((note for note in notes if isinstance(note, str)), "")


def first_line(text: str) -> str:
    """Return the first paragraph of a docstring, as one line."""
    return " ".join(inspect.cleandoc(text).split("\n\n")[0].split())


def name_of(annotation: Any) -> str:
    """Return what an annotation is called, for messages."""
    if inspect.isclass(annotation) and typing.get_origin(annotation) is None:
        return annotation.__qualname__
    return str(annotation).replace("typing.", "")


def _plain(annotation: Any, values: Tuple[Any, ...]) -> Tuple[Any, ...]:
    if all(isinstance(value, (str, int, type(None))) for value in values):
        return values
    raise UnknownType(name_of(annotation))


def _is_required(hint: Any, otherwise: bool) -> bool:
    """Return whether a key of a `TypedDict` must be there; its own mark decides."""
    return {"Required": True, "NotRequired": False}.get(_mark_of(hint), otherwise)


def _mark_of(hint: Any) -> str:
    """Return the name of what is around a type, such as `NotRequired`."""
    return str(typing.get_origin(hint)).rpartition(".")[2]
