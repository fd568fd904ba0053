"""The base of all models: reads JSON into dataclasses, in either dialect."""

import functools
import importlib
import json
from collections import abc
from datetime import datetime
from enum import Enum
from typing import (
    Any,
    Callable,
    ClassVar,
    Dict,
    Iterable,
    Iterator,
    List,
    Mapping,
    Optional,
    Tuple,
    Type,
    TypeVar,
)

from ai_spine.models.lazy_dataclass import Declared, lazy_dataclass, metadata_of
from ai_spine.utils import format_timestamp, one_line, parse_timestamp

M = TypeVar("M", bound="Model")
_REPR_LIMIT = 60
# Nearly all are dicts, which Python finds out far faster than whether `Mapping` takes them.
_OBJECTS = (dict, abc.Mapping)


class UnexpectedResponse(ValueError):
    """A response is JSON, but not of the expected shape."""


_WireField = Tuple[str, str, Tuple[str, ...], Optional[Callable[[Any], Any]]]
"""An attribute: its name, its key with nearly all servers, its other keys, and how to read it.

It is a plain tuple, which Python takes apart faster than any other: lists may be long.
"""


def required(*others: str) -> Any:
    """Declare a field without a default, with its other names in the JSON."""
    return Declared(metadata={"others": others})


def attribute(
    *others: str, read: Optional[Callable[[Any], Any]] = None, show: bool = True
) -> Any:
    """Declare a field: its other names, how to read its value, and whether the repr shows it."""
    metadata = {"others": others, "read": read}
    return Declared(default=None, repr=show, metadata=metadata)


hidden = functools.partial(attribute, show=False)


def _camel(name: str) -> str:
    head, *rest = name.split("_")
    return head + "".join(word.capitalize() for word in rest)


def _wire_field(name: str, metadata: Mapping[str, Any]) -> _WireField:
    keys = dict.fromkeys((name, _camel(name), *metadata.get("others", ())))
    first, *others = keys
    return name, first, tuple(others), metadata.get("read")


class _Late:
    """An attribute that is read when it is first asked for."""

    def __init__(self, field: _WireField) -> None:
        self._field = field

    def __get__(self, model: Optional["Model"], owner: Any) -> Any:
        if model is None:
            return None  # a class has the default, as that of any dataclass
        values = model.__dict__
        if "_wire" in values:
            _read((self._field,), values["_wire"], values)
        return values.get(self._field[0])


def _read(
    fields: Tuple[_WireField, ...], data: Mapping[str, Any], values: Dict[str, Any]
) -> None:
    find = data.get
    for name, first, others, read in fields:
        value = find(first)
        if value is None:
            for key in others:
                value = find(key)
                if value is not None:
                    break
        values[name] = value if read is None or value is None else read(value)


@lazy_dataclass(frozen=True, eq=False, repr=False)
class Model(Mapping[str, Any]):
    """The base of all models: typed attributes over the JSON that they were read from.

    A time is read from the JSON when it is first asked for; `vars()` does not ask.
    """

    _fields: ClassVar[Optional[Tuple[_WireField, ...]]] = None
    _early: ClassVar[Tuple[_WireField, ...]] = ()
    _late: ClassVar[Tuple[_WireField, ...]] = ()

    @classmethod
    def from_wire(cls: Type[M], data: Any) -> M:
        """Read the model from parsed JSON, in either dialect.

        Raises:
            UnexpectedResponse: `data` is not a JSON object.
        """
        if not isinstance(data, _OBJECTS):
            kind = "nothing" if data is None else f"a JSON {_json_kind(data)}"
            raise UnexpectedResponse(f"{kind} where a JSON object was expected")
        model = cls.__new__(cls)
        # Not by its constructor, which takes as long as everything else: lists may be long.
        values = model.__dict__
        _read(cls.__dict__.get("_early") or cls._prepare(), data, values)
        values["_wire"] = data
        return model

    @classmethod
    def _wire_fields(cls) -> Tuple[_WireField, ...]:
        known = cls.__dict__.get("_fields")
        if known is None:
            known = tuple(_wire_field(*each) for each in metadata_of(cls).items())
            cls._fields = known
        return known

    @classmethod
    def _prepare(cls) -> Tuple[_WireField, ...]:
        """Return the fields that are read at once: all but times, which take long to read."""
        early, late = [], []
        for field in cls._wire_fields():
            name, read = field[0], field[3]
            # Where the class has something else than the default, that comes first.
            if read is parse_timestamp and getattr(cls, name, read) is None:
                late.append(field)
                setattr(cls, name, _Late(field))
            else:
                early.append(field)
        cls._late = tuple(late)
        cls._early = tuple(early)
        return cls._early

    def __reduce_ex__(self, protocol: Any) -> Any:
        for name, *_ in self._late:  # another process may know nothing of late ones
            getattr(self, name)
        return super().__reduce_ex__(protocol)

    def filled(self: M, **values: Any) -> M:
        """Return the model, with attributes that the server left out filled in."""
        missing = {k: v for k, v in values.items() if getattr(self, k) is None}
        if not missing:
            return self
        copy = self.__new__(type(self))
        copy.__dict__.update(self.__dict__, _wire=self._json, **missing)
        return copy

    @classmethod
    def field_names(cls) -> List[str]:
        """Return all names of the model's fields in the JSON."""
        return [
            key
            for _, first, others, _ in cls._wire_fields()
            for key in (first, *others)
        ]

    def to_dict(self) -> Dict[str, Any]:
        """Return the attributes as JSON-ready values under their snake_case names.

        Fields that the server sent and the SDK does not know stand after them, as they came.
        """
        names = [name for name, *_ in self._wire_fields()]
        plain = {name: _jsonable(getattr(self, name)) for name in names}
        wire = self.__dict__.get("_wire")
        if wire is not None:
            known = set(self.field_names())
            plain.update(
                {key: value for key, value in wire.items() if key not in known}
            )
        return plain

    def to_json(self, indent: Optional[int] = None) -> str:
        """Return `to_dict()` as JSON text.

        Args:
            indent: How many spaces to indent each level by; `None` for one line.
        """
        return json.dumps(self.to_dict(), indent=indent)

    @property
    def _json(self) -> Mapping[str, Any]:
        wire = self.__dict__.get("_wire")
        return self.to_dict() if wire is None else wire

    def __getitem__(self, key: str) -> Any:
        return self._json[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._json)

    def __len__(self) -> int:
        return len(self._json)

    def __repr__(self) -> str:
        from dataclasses import fields  # it takes longer to import than all models

        values = ((f.name, getattr(self, f.name)) for f in fields(self) if f.repr)
        shown = ", ".join(
            f"{name}={_brief(value)}" for name, value in values if value is not None
        )
        return f"{type(self).__name__}({shown})"

    def _repr_html_(self) -> str:
        """Return what a notebook shows."""
        return notebook_html("model_as_html", self)


def notebook_html(function: str, value: Any) -> str:
    """Return what a notebook shows of a value.

    Display stands above the models, and is found by name when a notebook asks for it: so nothing
    down here imports it.
    """
    display = importlib.import_module("ai_spine.notebook.display")
    html: str = getattr(display, function)(value)
    return html


def _json_kind(value: Any) -> str:
    return {list: "array", str: "string", bool: "boolean"}.get(type(value), "number")


def _brief(value: Any) -> str:
    if isinstance(value, datetime):
        return format_timestamp(value)
    if isinstance(value, (list, tuple)) and value and isinstance(value[0], Model):
        return f"<{len(value)}>"
    return one_line(repr(value), _REPR_LIMIT)


def _jsonable(value: Any) -> Any:
    if isinstance(value, Model):
        return value.to_dict()
    if isinstance(value, datetime):
        return format_timestamp(value)
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, (list, tuple)):
        return [_jsonable(item) for item in value]
    return value


class Page(List[M]):
    """A list of models, and where the next page begins.

    Attributes:
        next_cursor: What to ask the next page with; `None` where the server pages by offset, or
            where this is the last page.
        is_dialect_b: Whether the list stood under `data`.
        model: What the items are, where that is known without any.
    """

    next_cursor: Optional[str] = None
    is_dialect_b: bool = False
    model: Optional[Type[M]] = None

    def _repr_html_(self) -> str:
        """Return the table that a notebook shows."""
        return notebook_html("page_as_html", self)

    def holding(self, items: Iterable[M]) -> "Page[M]":
        """Return other items of the same kind as a list that is displayed alike."""
        held: Page[M] = Page(items)
        held.model = self.model
        return held


def read_items(model: Type[M], *wrappers: str) -> Callable[[Any], Page[M]]:
    """Return a reader of a list of models: bare, or in an object under a wrapper or `data`."""

    def read(data: Any) -> Page[M]:
        items, cursor = data, None
        if isinstance(data, _OBJECTS):
            items = next(
                (data[key] or [] for key in (*wrappers, "data") if key in data), None
            )
            cursor = data.get("next_cursor") or data.get("nextCursor")
        if not isinstance(items, list):
            raise UnexpectedResponse(f"no list of {wrappers[0]}")
        page = Page(map(model.from_wire, items))
        page.model = model
        page.is_dialect_b = isinstance(data, _OBJECTS) and "data" in data
        page.next_cursor = cursor if isinstance(cursor, str) else None
        return page

    return read


def read_wrapped(model: Type[M], wrapper: str) -> Callable[[Any], M]:
    """Return a reader of a model that may be in an object under a wrapper."""

    def read(data: Any) -> M:
        inner = data.get(wrapper) if isinstance(data, _OBJECTS) else None
        return model.from_wire(inner if isinstance(inner, _OBJECTS) else data)

    return read


def read_sent(model: Type[M], wrapper: str) -> Callable[[Any], M]:
    """Return a reader of a model that was sent; a server may respond with nothing at all."""
    read = read_wrapped(model, wrapper)
    return lambda data: read({} if data is None else data)
