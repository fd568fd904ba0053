"""Compiles types into functions that read JSON; each type is compiled once, when it is first read.

A reader takes a value and returns it as its type, or raises `Misfit`. The place of what does not
fit is put together while the exception passes, so that what fits pays nothing for it.
"""

import datetime
import functools
import sys
import threading
from types import UnionType
from typing import (
    Annotated,
    Any,
    Callable,
    Dict,
    List,
    Literal,
    NamedTuple,
    Optional,
    Tuple,
    Union,
    get_args,
    get_origin,
)
from uuid import UUID

from ai_spine.sdk_sync.runtime.enums import OpenEnum
from ai_spine.sdk_sync.runtime.formats import read_date, read_datetime, read_uuid
from ai_spine.sdk_sync.runtime.lazy import StandIn, load
from ai_spine.sdk_sync.runtime.tagged import TaggedBy
from ai_spine.sdk_sync.unset import Unset

Read = Callable[[Any], Any]
_COMPILING = threading.RLock()
_from_iso = datetime.datetime.fromisoformat
# Where the zone begins in times as most servers write them, by their length; before 3.11 Python
# reads no Z.
_ZONES = {20: 19, 25: 19, 27: 26, 32: 26} if sys.version_info >= (3, 11) else {}


class Misfit(ValueError):
    """A value does not fit.

    Args:
        wanted: What it should be.
        value: The value.
        is_of_kind: Whether it is of the right type, and something in it is wrong.

    Attributes:
        steps: Where it is, the innermost step first.
    """

    def __init__(self, wanted: str, value: Any, *, is_of_kind: bool = False) -> None:
        super().__init__(f"it must be {wanted}")
        self.wanted, self.value, self.is_of_kind = wanted, value, is_of_kind
        self.steps: List[Union[str, int]] = []


class Reader(NamedTuple):
    """How values of a type are read.

    Attributes:
        read: Reads a value.
        exact: The type whose values need no reading.
        takes: The types of JSON values that may fit; `None` for all.
        rank: Which reader of a union comes first, for values that several may take.
    """

    read: Read
    exact: Any = None
    takes: Optional[Tuple[type, ...]] = None
    rank: int = 2


class Readable:
    """A class that compiles a reader for itself."""

    _unknown: Dict[str, Any]

    @classmethod
    def _compile_reader(cls) -> Read:
        raise NotImplementedError


@functools.lru_cache(maxsize=None)
def reader_of(kind: Any) -> Reader:
    """Return the reader of a type: a class, or what `typing` makes of classes."""
    if kind in _SCALARS:
        return _SCALARS[kind]
    if isinstance(kind, type) and get_origin(kind) is None:
        return _class_reader(kind)
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is list:
        return _list_reader(reader_of(arguments[0]))
    if origin is dict:
        return _dict_reader(reader_of(arguments[1]))
    if origin is Literal:
        return _literal_reader(arguments)
    if origin is Annotated:
        tags = [each for each in arguments[1:] if isinstance(each, TaggedBy)]
        inner = arguments[0]
        if tags and is_union(inner):
            return _union_reader(get_args(inner), tags[0])
        return reader_of(inner)
    if is_union(kind):
        return _union_reader(arguments, None)
    return _SCALARS[Any]


def is_union(kind: Any) -> bool:
    """Return whether a type is a union, in either way of writing it."""
    return get_origin(kind) in (Union, UnionType)


def _class_reader(kind: Any) -> Reader:
    if issubclass(kind, StandIn):
        return Reader(Deferred(lambda: reader_of(load(kind)).read))
    if issubclass(kind, Readable):
        return Reader(Deferred(kind._compile_reader), takes=(dict, kind))
    if issubclass(kind, OpenEnum):
        return _enum_reader(kind)
    return _SCALARS[Any]  # such as a file, which is never received


class Deferred:
    """A reader that is compiled when it first reads.

    Args:
        compile: Returns the reader, or another that is deferred.
    """

    def __init__(self, compile: Callable[[], Read]) -> None:
        self._compile = compile
        self._found: Optional[Read] = None
        self._entries: List[List[Any]] = []

    def __call__(self, value: Any) -> Any:
        return self.resolve()(value)

    def resolve(self) -> Read:
        """Return the reader; the entries that have this one have it from now on."""
        if self._found is None:
            with _COMPILING:
                found = self._compile()
                found = found.resolve() if isinstance(found, Deferred) else found
                for entry in self._entries:
                    entry[entry.index(self)] = found
                self._entries.clear()
                self._found = found
        return self._found

    def replace_in(self, entry: List[Any]) -> None:
        """Put the reader into an entry when it is compiled."""
        self._entries.append(entry)


def _scalar(kind: type, *others: type) -> Reader:
    def read(value: Any) -> Any:
        if isinstance(value, (kind, *others)) and not isinstance(value, bool):
            return value
        if kind is int and isinstance(value, float) and value.is_integer():
            return int(value)  # as JSON Schema has it
        raise Misfit(kind.__name__, value)

    takes = (int, float) if kind in (int, float) else (kind,)
    return Reader(read, kind, takes)


def _read_bool(value: Any) -> Any:
    if isinstance(value, bool):
        return value
    raise Misfit("bool", value)


def _read_none(value: Any) -> None:
    if value is not None:
        raise Misfit("null", value)


def _read_any(value: Any) -> Any:
    return value


def _text(parse: Callable[[str], Any], kind: type, words: str) -> Reader:
    def read(value: Any) -> Any:
        if type(value) is str:
            return parse(value)
        if isinstance(value, kind):
            return value
        raise Misfit(words, value)

    return Reader(read, None, (str, kind), rank=0)


def _read_time(value: Any) -> Any:
    if type(value) is str:
        zone_at = _ZONES.get(len(value))
        if zone_at and value[4:17:3] == "--T::" and value[zone_at] in "Z+-":
            try:
                return _from_iso(value)
            except ValueError:
                return value
        return read_datetime(value)
    if isinstance(value, datetime.datetime):
        return value
    raise Misfit("a time", value)


_SCALARS: Dict[Any, Reader] = {
    str: _scalar(str),
    int: _scalar(int),
    float: _scalar(float, int),
    bool: Reader(_read_bool, bool, (bool,)),
    None: Reader(_read_none, type(None), (type(None),)),
    type(None): Reader(_read_none, type(None), (type(None),)),
    Any: Reader(_read_any, rank=3),
    datetime.datetime: Reader(_read_time, None, (str, datetime.datetime), rank=0),
    datetime.date: _text(read_date, datetime.date, "a date"),
    UUID: _text(read_uuid, UUID, "a UUID"),
}


def _list_reader(item: Reader) -> Reader:
    inner, exact = item.read, item.exact

    def read(value: Any) -> Any:
        nonlocal inner
        if not isinstance(value, list):
            raise Misfit("a list", value)
        if isinstance(inner, Deferred):
            inner = inner.resolve()
        try:
            if exact is None:
                return [inner(each) for each in value]
            return [e if type(e) is exact else inner(e) for e in value]
        except Misfit as misfit:
            misfit.steps.append(_index_of(value, item))
            raise

    return Reader(read, takes=(list,))


def _index_of(values: List[Any], item: Reader) -> int:
    """Return the number of the first item that does not fit."""
    for number, each in enumerate(values):
        try:
            if type(each) is not item.exact:
                item.read(each)
        except Misfit:
            break
    return number


def _dict_reader(item: Reader) -> Reader:
    inner, exact = item.read, item.exact

    def read(value: Any) -> Any:
        if not isinstance(value, dict):
            raise Misfit("an object", value)
        if inner is _read_any:
            return {**value}
        made: Dict[str, Any] = {}
        for name, each in value.items():
            try:
                made[name] = each if type(each) is exact else inner(each)
            except Misfit as misfit:
                misfit.steps.append(name)
                raise
        return made

    return Reader(read, takes=(dict,))


def _enum_reader(kind: Any) -> Reader:
    known = kind._value2member_map_

    def read(value: Any) -> Any:
        if type(value) is str:
            return known.get(value) or kind(value)
        if isinstance(value, kind):
            return value
        raise Misfit("a text", value)

    return Reader(read, kind, (str, kind), rank=1)


def _literal_reader(values: Tuple[Any, ...]) -> Reader:
    known = {(value.__class__, value): value for value in values}
    words = "one of " + ", ".join(map(repr, values))
    takes = {value.__class__ for value in values}

    def read(value: Any) -> Any:
        try:
            if (value.__class__, value) in known:  # True is 1 for Python, not for JSON
                return value
        except TypeError:  # what is not hashable
            pass
        for each in values:
            if each == value and isinstance(each, bool) == isinstance(value, bool):
                return value
        raise Misfit(words, value, is_of_kind=value.__class__ in takes)

    numbers = {int, float} if int in takes else set()
    return Reader(read, takes=tuple(takes | numbers), rank=0)


def _union_reader(members: Tuple[Any, ...], tag: Optional[TaggedBy]) -> Reader:
    """Return the reader of a union: what may take a value is found by the type of the value."""
    members = tuple(each for each in members if each is not Unset)
    readers = _Members(members, tag)
    return Reader(readers.read)


class _Members:
    """The members of a union."""

    def __init__(self, members: Tuple[Any, ...], tag: Optional[TaggedBy]) -> None:
        self._members, self._tag = members, tag
        self._found: Dict[type, List[Reader]] = {}

    def read(self, value: Any) -> Any:
        """Return what a member makes of a value; of several models, the one that knows it best."""
        kind = type(value)
        if self._tag is not None and kind is dict:
            return self._read_tagged(self._tag, value)
        found = self._found.get(kind)
        if found is None:
            found = self._found[kind] = self._for(kind)
        if len(found) == 1:
            return value if found[0].exact is kind else found[0].read(value)
        return _best_of(found, value)

    def _for(self, kind: type) -> List[Reader]:
        """Return the readers that may take a type, those that know it best first."""
        readers = [reader_of(each) for each in self._resolved()]
        fitting = [
            each
            for each in readers
            if each.takes is None or any(issubclass(kind, t) for t in each.takes)
        ]
        fitting.sort(key=lambda each: (each.rank, each.exact is not kind))
        return fitting or readers

    def _resolved(self) -> List[Any]:
        """Return the members as they are, without those that a property distinguishes."""
        tagged = [] if self._tag is None else list(self._tag.kinds.values())
        others = [each for each in self._members if each not in tagged]
        return [load(e) if _is_stand_in(e) else e for e in others] or tagged

    def _read_tagged(self, tag: TaggedBy, value: Dict[str, Any]) -> Any:
        found = value.get(tag.name)
        member = tag.kinds.get(found) if isinstance(found, str) else None
        if member is not None:
            return reader_of(member).read(value)
        if Dict[str, Any] in self._members:
            return value
        words = f"an object whose {tag.name!r} is one of {', '.join(tag.kinds)}"
        raise Misfit(words, value, is_of_kind=True)


def _best_of(readers: List[Reader], value: Any) -> Any:
    problems: List[Misfit] = []
    models: List[Readable] = []
    for each in readers:
        if each.exact is value.__class__:
            return value
        try:
            found = each.read(value)
        except Misfit as misfit:
            problems.append(misfit)
            continue
        if not isinstance(found, Readable):
            return min(models, key=_unknown_in) if models else found
        models.append(found)
    if models:
        return min(models, key=_unknown_in)
    raise max(problems, key=lambda each: len("".join(map(str, each.steps))))


def _unknown_in(model: Readable) -> int:
    return len(model._unknown)


def _is_stand_in(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, StandIn)
