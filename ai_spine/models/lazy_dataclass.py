"""Dataclasses whose methods are generated when they are first needed.

`dataclass` writes the source of methods and compiles it. For all models that was a quarter of the
time that the package took to import, and most programs use two or three of them. Many need none of
these methods, so that `dataclasses`, which imports `inspect`, is imported only with the first.
"""

import sys
import threading
from types import FunctionType
from typing import TYPE_CHECKING, Any, Callable, Dict, Mapping, Type, TypeVar

__all__ = ["Declared", "lazy_dataclass", "metadata_of"]
T = TypeVar("T")
_OPTIONS = {"frozen": True, "eq": False, "repr": False}
# What `dataclass` puts on a class with these options, and the models do not share.
_GENERATED = (
    "__init__",
    *(("__match_args__",) if sys.version_info >= (3, 10) else ()),
    *(("__replace__",) if sys.version_info >= (3, 13) else ()),
    "__dataclass_params__",
    "__dataclass_fields__",
)
_lock = threading.RLock()


class Declared:
    """A field, as the arguments of `dataclasses.field`."""

    def __init__(self, **options: Any) -> None:
        self.options = options


class _Generated:
    """An attribute of a dataclass, until it is first asked for."""

    def __init__(self, cls: Type[Any], name: str) -> None:
        self._class, self._name = cls, name

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        with _lock:
            if self._class.__dict__[self._name] is self:
                _generate(self._class)
        value = self._class.__dict__[self._name]
        if isinstance(value, FunctionType):
            return value.__get__(instance, owner)
        return value


def _generate(cls: Type[Any]) -> None:
    from dataclasses import dataclass, field

    kinds: Dict[str, Any] = {}
    for base in reversed(cls.__mro__):
        kinds.update(getattr(base, "__annotations__", {}))
    made_fields = {name: field(**it.options) for name, it in cls._declared.items()}
    space = {
        "__annotations__": {name: kinds[name] for name in kinds if name in made_fields},
        "__doc__": "",  # or `dataclass` would write one
        "__module__": cls.__module__,
        "__qualname__": cls.__qualname__,
        **made_fields,
    }
    # A class of its own, since other threads may be using this one.
    made: Any = dataclass(**_OPTIONS)(type(cls.__name__, (), space))
    for name in _GENERATED:
        if isinstance(
            cls.__dict__.get(name), _Generated
        ):  # nobody has replaced it meanwhile
            setattr(cls, name, made.__dict__[name])


def _is_frozen(instance: Any, name: str) -> bool:
    cls = type(instance)
    return "_declared" in cls.__dict__ or name in cls._declared


def _set(self: Any, name: str, value: Any) -> None:
    if _is_frozen(self, name):
        from dataclasses import FrozenInstanceError

        raise FrozenInstanceError(f"cannot assign to field {name!r}")
    object.__setattr__(self, name, value)


def _delete(self: Any, name: str) -> None:
    if _is_frozen(self, name):
        from dataclasses import FrozenInstanceError

        raise FrozenInstanceError(f"cannot delete field {name!r}")
    object.__delattr__(self, name)


if TYPE_CHECKING:
    from dataclasses import dataclass as lazy_dataclass
else:

    def lazy_dataclass(**options: bool) -> Callable[[Type[T]], Type[T]]:
        """Return a decorator like that of `dataclass`, for the options that all models have.

        Raises:
            TypeError: The options are others.
        """
        if options != _OPTIONS:
            raise TypeError(f"a lazy dataclass must have the options {_OPTIONS}")
        return _promise


def metadata_of(cls: Type[Any]) -> Dict[str, Mapping[str, Any]]:
    """Return the metadata of each field of a model; this generates nothing."""
    if isinstance(cls.__dict__.get("__dataclass_fields__"), _Generated):
        return {name: it.options["metadata"] for name, it in cls._declared.items()}
    from dataclasses import fields

    return {field.name: field.metadata for field in fields(cls)}


def _promise(cls: Type[T]) -> Type[T]:
    own = {name: it for name, it in vars(cls).items() if isinstance(it, Declared)}
    for name, it in own.items():
        if "default" in it.options:
            setattr(cls, name, it.options["default"])
        else:
            delattr(cls, name)
    promised: Dict[str, Any] = {name: _Generated(cls, name) for name in _GENERATED}
    promised["_declared"] = {**getattr(cls, "_declared", {}), **own}
    promised.update(__setattr__=_set, __delattr__=_delete)
    for name, value in promised.items():
        setattr(cls, name, value)
    return cls
